//! The hub makes the service shareable by threads: a lock, a clock, and the sinks of its ports.
//!
//! Under the lock messages are only put into the queues of their sinks; the queues are flushed when the lock
//! is released. So the order of the service is the order of every sink, whichever threads were involved.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nertc_callkit_abi::nertc_callkit_hub_flag as flag;
use nertc_callkit_backend::{
    FrameDelivery, MediaMessage, MediaSink, RETRY_MS, SignalingSink, SinkMessage, SinkQueue,
};
use nertc_callkit_media::Media;
use nertc_callkit_signaling::Req;
use parking_lot::Mutex;

use crate::by_number::ByNumber;
use crate::service::{Fault, Options, Output, Port, Refused, SentRecord, Service};
use crate::timer::Timer;

const SINGLE_DEVICE: u32 = flag::NERTC_CALLKIT_HUB_SINGLE_DEVICE as u32;
const SERVER_RECORD: u32 = flag::NERTC_CALLKIT_HUB_SERVER_RECORD as u32;

/// An in-process service that clients share. It exists as long as it is referenced: by its creator, or a
/// backend on it.
pub struct Hub {
    flags: u32,
    clock: Clock,
    state: Mutex<State>,
    timer: Timer,
}

/// Everything that the hub's lock guards.
struct State {
    service: Service,
    sinks: ByNumber<Port, Sink>,
    /// When the timer wakes the service, if it will.
    wakes_at: Option<u64>,
}

/// Where messages for a port go.
#[derive(Clone)]
enum Sink {
    Signaling(SignalingSink),
    Media(Arc<MediaSink>),
}

/// Sinks that have something to send, in order. Most operations concern two.
#[must_use = "what happened must be delivered once the lock is released"]
#[derive(Default)]
struct FlushList {
    first: [Option<(Port, Sink)>; 2],
    rest: Vec<(Port, Sink)>,
}

/// The service's clock, ms since 1970. Follows the system's at creation and never goes back.
pub(crate) struct Clock {
    epoch_ms: u64,
    start: Instant,
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the hub is a service: this is the service's clock")]
    fn new() -> Clock {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { epoch_ms: epoch.as_millis() as u64, start: Instant::now() }
    }

    /// The time. To read it takes as long as a small operation: only who needs it does.
    pub(crate) fn now(&self) -> u64 {
        let elapsed = self.start.elapsed();
        self.epoch_ms + elapsed.as_secs() * 1_000 + u64::from(elapsed.subsec_millis())
    }
}

impl Hub {
    /// A new hub without flags.
    pub fn new() -> Arc<Hub> {
        Hub::with(0)
    }

    /// A new hub; None if `flags` has a bit that is no nertc_callkit_hub_flag.
    pub fn with_flags(flags: u32) -> Option<Arc<Hub>> {
        (flags & !(SINGLE_DEVICE | SERVER_RECORD) == 0).then(|| Hub::with(flags))
    }

    fn with(flags: u32) -> Arc<Hub> {
        // No two channels of this process have the same id.
        static HUBS: AtomicU64 = AtomicU64::new(0);
        let number = HUBS.fetch_add(1, Ordering::Relaxed) + 1;
        let service = Service::new(Options {
            single_device: flags & SINGLE_DEVICE != 0,
            server_records: flags & SERVER_RECORD != 0,
            channel_prefix: format!("loopback-{number}-").into(),
        });
        let state = State { service, sinks: ByNumber::default(), wakes_at: None };
        Arc::new(Hub { flags, clock: Clock::new(), state: Mutex::new(state), timer: Timer::default() })
    }

    /// Adds a line to the fault script; ON_NOW takes effect before this returns.
    ///
    /// # Errors
    /// The line makes no sense, or the script is full.
    pub fn add_fault(self: &Arc<Self>, fault: Fault) -> Result<(), Refused> {
        self.run(None, |service, clock| service.add_fault(clock.now(), fault))
    }

    /// The records that passed through this hub, oldest first; only the last few are kept.
    pub fn records(&self) -> Vec<SentRecord> {
        self.state.lock().service.records().cloned().collect()
    }

    /// It writes records of its own.
    pub(crate) fn has_server_records(&self) -> bool {
        self.flags & SERVER_RECORD != 0
    }

    /// A port for a signaling backend with this sink.
    pub(crate) fn attach(&self, sink: &SignalingSink) -> Port {
        let mut state = self.state.lock();
        let port = state.service.attach();
        state.sinks.insert(port, Sink::Signaling(sink.clone()));
        port
    }

    /// A port for a media backend with this sink.
    pub(crate) fn attach_media(&self, sink: &Arc<MediaSink>) -> Port {
        let mut state = self.state.lock();
        let port = state.service.attach_media();
        state.sinks.insert(port, Sink::Media(sink.clone()));
        port
    }

    /// Nothing is delivered to this port any more; `body` notifies the service.
    pub(crate) fn detach(self: &Arc<Self>, port: Port, body: impl FnOnce(&mut Service, &Clock)) {
        self.run(None, body);
        self.state.lock().sinks.remove(port);
    }

    /// Runs the service. Its outputs for `port`, the requester, are delivered before those that it causes for
    /// others.
    pub(crate) fn run<R>(
        self: &Arc<Self>,
        port: Option<Port>,
        body: impl FnOnce(&mut Service, &Clock) -> R,
    ) -> R {
        self.run_after_frames(port, None, body)
    }

    /// As `run`; the completion of `leave` waits until no frame is on its way into the sink of `port`.
    pub(crate) fn run_after_frames<R>(
        self: &Arc<Self>,
        port: Option<Port>,
        leave: Option<Req>,
        body: impl FnOnce(&mut Service, &Clock) -> R,
    ) -> R {
        let mut state = self.state.lock();
        let result = body(&mut state.service, &self.clock);
        let list = state.collect(port, leave);
        if let Some(at) = state.service.poll_timeout() {
            self.wake(&mut state, at);
        }
        drop(state);
        self.flush(&list);
        result
    }

    /// Asks the timer to wake at the service's next deadline.
    fn wake(self: &Arc<Self>, state: &mut State, at: u64) {
        if state.wakes_at.is_none_or(|wakes_at| at < wakes_at) {
            state.wakes_at = Some(at);
            // The clock truncates: one millisecond more, or the deadline could be early.
            let delay = Duration::from_millis(at.saturating_sub(self.clock.now()) + 1);
            let hub = Arc::downgrade(self);
            self.timer.after(delay, move || {
                hub.upgrade().inspect(Hub::handle_timeout);
            });
        }
    }

    fn handle_timeout(self: &Arc<Self>) {
        self.state.lock().wakes_at = None;
        self.run(None, |service, clock| service.handle_timeout(clock.now()));
    }

    /// No lock is held.
    fn flush(&self, list: &FlushList) {
        for place in &list.first {
            let Some((_, sink)) = place else { return };
            self.flush_sink(sink);
        }
        list.rest.iter().for_each(|(_, sink)| self.flush_sink(sink));
    }

    fn flush_sink(&self, sink: &Sink) {
        match sink {
            Sink::Signaling(sink) => flush(&self.timer, sink, |sink| sink),
            Sink::Media(sink) => flush(&self.timer, sink, MediaSink::messages),
        }
    }

    /// Flushes the sink of a media port.
    pub(crate) fn flush_media(&self, sink: &Arc<MediaSink>) {
        flush(&self.timer, sink, MediaSink::messages);
    }

    /// The uid of `port`, and announced frames into the sinks of the ports that receive this kind of media
    /// from it.
    pub(crate) fn begin_frames(
        &self,
        port: Port,
        media: Media,
    ) -> (u64, Vec<(Arc<MediaSink>, FrameDelivery)>) {
        let state = self.state.lock();
        let (uid, receivers) = state.service.receivers(port, media);
        let begin = |port: Port| match state.sinks.get(port)? {
            Sink::Media(sink) => Some((sink.clone(), sink.begin_frame()?)),
            Sink::Signaling(_) => None,
        };
        (uid, receivers.into_iter().filter_map(begin).collect())
    }
}

/// Flushes the queue of a sink, again and again while the sink is full.
#[inline]
fn flush<S: Send + Sync + 'static, M: SinkMessage>(
    timer: &Timer,
    sink: &Arc<S>,
    queue: fn(&S) -> &SinkQueue<M>,
) {
    if queue(sink).flush() {
        flush_later(timer, sink, queue);
    }
}

#[inline(never)]
fn flush_later<S: Send + Sync + 'static, M: SinkMessage>(
    timer: &Timer,
    sink: &Arc<S>,
    queue: fn(&S) -> &SinkQueue<M>,
) {
    let (sink, again): (Weak<S>, Timer) = (Arc::downgrade(sink), timer.clone());
    timer.after(Duration::from_millis(RETRY_MS), move || {
        if let Some(sink) = sink.upgrade() {
            queue(&sink).retry();
            flush(&again, &sink, queue);
        }
    });
}

impl State {
    /// Moves what the service has for its ports into the queues of their sinks; answers which to flush.
    fn collect(&mut self, first: Option<Port>, leave: Option<Req>) -> FlushList {
        let mut list = FlushList::default();
        first.and_then(|port| list.sink(port, &self.sinks));
        while let Some(output) = self.service.poll_output() {
            let Some(sink) = list.sink(output.port(), &self.sinks) else { continue };
            match (sink, output) {
                (Sink::Signaling(sink), Output::Signaling(_, message)) => sink.push(message),
                (Sink::Media(sink), Output::Media(_, message)) => {
                    let waits = match &message {
                        MediaMessage::Completed(req, outcome) if Some(*req) == leave => {
                            sink.messages().forget();
                            sink.complete_after_frames(*req, outcome.clone())
                        }
                        MediaMessage::Completed(..) | MediaMessage::Event(_) | MediaMessage::Log(..) => false,
                    };
                    if !waits {
                        sink.messages().push(message);
                    }
                }
                (Sink::Signaling(sink), Output::Discard(_)) => sink.clear(),
                (Sink::Media(sink), Output::Discard(_)) => sink.messages().clear(),
                (Sink::Signaling(_), Output::Media(..)) | (Sink::Media(_), Output::Signaling(..)) => {}
            }
        }
        list
    }
}

impl FlushList {
    /// The sink of a port, which is in the list from then on.
    fn sink(&mut self, port: Port, sinks: &ByNumber<Port, Sink>) -> Option<&Sink> {
        for place in &mut self.first {
            if place.is_none() {
                *place = Some((port, sinks.get(port)?.clone()));
            }
            if let Some((other, sink)) = place
                && *other == port
            {
                return Some(sink);
            }
        }
        if !self.rest.iter().any(|(other, _)| *other == port) {
            self.rest.push((port, sinks.get(port)?.clone()));
        }
        self.rest.iter().find(|(other, _)| *other == port).map(|(_, sink)| sink)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.timer.stop();
    }
}
