//! Backends as a core uses them. Texts go from one to the other as signaling carries them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use nertc_callkit_backend::{Frame, MediaBackend, MediaMessage, MediaSink, SendError};
use nertc_callkit_media::{Join, Media, MediaEvent, MediaOperation, MediaReport};
use nertc_callkit_signaling::{CallType, Outcome, Req, Text};
use nertc_callkit_testkit::patience;
use nertc_callkit_webrtc::audio::{CaptureError, PullError};
use nertc_callkit_webrtc::options::{APP_AUDIO, Given, LOOPBACK};
use nertc_callkit_webrtc::peer::{AudioPacket, MediaState};
use nertc_callkit_webrtc::{AudioPort, DeviceError, Encoded, MakeAudio, Options, WebRtcMedia};
use parking_lot::{Mutex, MutexGuard};

pub(crate) const JOIN: Req = Req(7);
pub(crate) const CALL_NO: u64 = 3;
/// Silence in Opus.
pub(crate) const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// Tests that count the threads of the process run alone.
static ALONE: Mutex<()> = Mutex::new(());

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock()
}

/// A port that hands on what arrives.
struct Notes(Mutex<Sender<AudioPacket>>);

impl AudioPort for Notes {
    fn push(&self, _: &Frame<'_>, _: &mut dyn FnMut(Encoded<'_>)) -> Result<(), CaptureError> {
        Ok(())
    }

    fn set_local(&self, _: MediaState) {}

    fn pull(&self, _: &mut [i16], _: u32, _: u32) -> Result<usize, PullError> {
        Ok(0)
    }

    fn set_loss(&self, _: u8) {}

    fn receive(&self, packet: AudioPacket) {
        let _ = self.0.lock().send(packet);
    }

    fn reset(&self) {}

    fn poll_timeout(&self, _: bool) -> Option<u64> {
        None
    }

    fn handle_timeout(&self, _: u64, _: Option<u64>, _: &mut dyn FnMut(Encoded<'_>)) -> Vec<DeviceError> {
        Vec::new()
    }
}

/// A backend, and what it reports.
pub(crate) struct Side {
    pub(crate) backend: WebRtcMedia,
    sink: Arc<MediaSink>,
    pub(crate) messages: Receiver<MediaMessage>,
    pub(crate) packets: Receiver<AudioPacket>,
    pub(crate) texts: Receiver<Text>,
    /// The loudest sample of each frame for the app.
    pub(crate) frames: Receiver<i16>,
    pub(crate) uid: u64,
    /// Texts and messages that the core has no room for.
    pub(crate) refusals: Arc<AtomicI32>,
}

/// An event as the backend reports it, of its join.
pub(crate) fn reported(event: MediaEvent) -> MediaMessage {
    MediaMessage::Event(MediaReport { join: Some(JOIN), event })
}

pub(crate) fn loopback() -> Given<'static> {
    Given { flags: LOOPBACK | APP_AUDIO, ..Given::default() }
}

impl Side {
    pub(crate) fn new(uid: u64, given: &Given<'_>) -> Side {
        let (heard, packets) = mpsc::channel();
        let make: MakeAudio = Arc::new(move |_, _| Some(Arc::new(Notes(Mutex::new(heard.clone())))));
        Side::with(uid, given, make, packets)
    }

    /// One whose sound is Opus, instead of packets.
    pub(crate) fn with_opus(uid: u64, given: &Given<'_>) -> Side {
        Side::with(uid, given, nertc_callkit_webrtc::with_opus(), mpsc::channel().1)
    }

    fn with(uid: u64, given: &Given<'_>, make: MakeAudio, packets: Receiver<AudioPacket>) -> Side {
        let (messages, texts, frames) = (mpsc::channel(), mpsc::channel(), mpsc::channel());
        let sink = Arc::<MediaSink>::default();
        let (told, sent, played) = (messages.0, texts.0, Mutex::new(frames.0));
        let refusals = Arc::<AtomicI32>::default();
        let is_full = {
            let refusals = refusals.clone();
            move || refusals.fetch_sub(1, Ordering::SeqCst) > 0
        };
        let is_full_for_texts = is_full.clone();
        sink.open(
            move |message| {
                if !matches!(message, MediaMessage::Completed(..)) && is_full() {
                    return Err(message);
                }
                let _ = told.send(message);
                Ok(())
            },
            move |frame| {
                let peak = frame.sound().and_then(|(samples, ..)| samples.iter().max().copied());
                let _ = played.lock().send(peak.unwrap_or_default());
            },
            move |join, text| {
                assert_eq!(join, JOIN);
                if is_full_for_texts() {
                    return Err(SendError::Full);
                }
                sent.send(text.clone()).map_err(|_| SendError::Closed)
            },
        );
        let options = Options::read(given).expect("good options");
        let backend = WebRtcMedia::new(options, sink.clone(), make);
        backend.open().expect("it works");
        let (messages, texts, frames) = (messages.1, texts.1, frames.1);
        Side { backend, sink, messages, packets, texts, frames, uid, refusals }
    }

    pub(crate) fn join(&self, is_inviter: bool) {
        self.backend.run(JOIN, self.join_operation(is_inviter)).expect("taken");
        self.enable();
    }

    pub(crate) fn join_operation(&self, is_inviter: bool) -> MediaOperation {
        let (own, peer) = if is_inviter { ("alice", "bob") } else { ("bob", "alice") };
        MediaOperation::Join(Box::new(Join {
            channel_name: "room".into(),
            uid: self.uid,
            token: Text::EMPTY,
            call_type: CallType::Audio,
            is_inviter,
            peer: peer.into(),
            call_id: "call".into(),
            call_no: CALL_NO,
            account: own.into(),
            device: format!("{own}-device").into(),
        }))
    }

    fn enable(&self) {
        let operation = MediaOperation::EnableLocal { media: Media::AUDIO, on: true };
        self.backend.run(Req(8), operation).expect("taken");
    }

    pub(crate) fn leave(&self) {
        self.backend.run(Req(9), MediaOperation::Leave).expect("taken");
    }

    /// The first message that `wanted` picks; others are lost.
    pub(crate) fn expect<T>(&self, what: &str, wanted: impl Fn(&MediaMessage) -> Option<T>) -> T {
        let until = Instant::now() + patience();
        let mut seen = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(message) = self.messages.recv_timeout(left) else { panic!("{what}, but {seen:?}") };
            if let Some(found) = wanted(&message) {
                return found;
            }
            seen.push(message);
        }
    }

    /// Everything up to what `is_last` picks, but what is repeated and what is for the log.
    pub(crate) fn collect(&self, what: &str, is_last: impl Fn(&MediaMessage) -> bool) -> Vec<MediaMessage> {
        let until = Instant::now() + patience();
        let mut seen = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(message) = self.messages.recv_timeout(left) else { panic!("{what}, but {seen:?}") };
            let is_quality = |report: &MediaReport| matches!(report.event, MediaEvent::Quality { .. });
            let is_noise = match &message {
                MediaMessage::Event(report) => is_quality(report),
                MediaMessage::Log(..) => true,
                MediaMessage::Completed(..) => false,
            };
            if !is_noise {
                let is_last = is_last(&message);
                seen.push(message);
                if is_last {
                    return seen;
                }
            }
        }
    }

    pub(crate) fn expect_event(&self, wanted: &MediaEvent) {
        self.expect(&format!("{wanted:?}"), |message| (*message == reported(wanted.clone())).then_some(()));
    }

    pub(crate) fn expect_completed(&self, req: Req) -> Outcome {
        self.expect(&format!("{req:?}"), |message| match message {
            MediaMessage::Completed(completed, outcome) if *completed == req => Some(outcome.clone()),
            MediaMessage::Completed(..) | MediaMessage::Event(_) | MediaMessage::Log(..) => None,
        })
    }

    /// Closes as the core does.
    pub(crate) fn close(&self) {
        self.backend.close();
        self.sink.close();
    }
}

/// Carries texts in both directions until both sides have seen `is_done`.
pub(crate) fn carry(sides: [&Side; 2], what: &str, is_done: impl Fn() -> bool) {
    carry_watched(sides, what, |_| (), is_done);
}

/// Likewise; `watch` sees each text.
pub(crate) fn carry_watched(
    sides: [&Side; 2],
    what: &str,
    mut watch: impl FnMut(&str),
    is_done: impl Fn() -> bool,
) {
    let until = Instant::now() + patience();
    while !is_done() {
        assert!(Instant::now() < until, "{what}");
        let mut is_idle = true;
        for (from, to) in [(0, 1), (1, 0)] {
            while let Ok(text) = sides[from].texts.try_recv() {
                watch(&text);
                sides[to].backend.receive(JOIN, &text);
                is_idle = false;
            }
        }
        if is_idle {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

pub(crate) fn is_connected(sides: [&Side; 2]) -> bool {
    sides.iter().all(|side| side.backend.call_state().is_some_and(|state| state.setup_us.is_some()))
}

/// A call between two backends that is connected.
pub(crate) fn call(given: &Given<'_>) -> [Side; 2] {
    let sides = [Side::new(11, given), Side::new(22, given)];
    join([&sides[0], &sides[1]]);
    sides
}

pub(crate) fn join(sides: [&Side; 2]) {
    sides[0].join(true);
    sides[1].join(false);
    carry(sides, "connected", || is_connected(sides));
}

/// Sound from one side arrives at the other.
pub(crate) fn sound_crosses(from: &Side, to: &Side) {
    let until = Instant::now() + patience();
    while to.packets.try_recv().is_ok() {}
    for number in 0.. {
        assert!(Instant::now() < until, "no sound");
        let time = number * 960;
        assert!(from.backend.send_encoded(Encoded { time, starts_talk: false, frame: &SILENCE }));
        if let Ok(packet) = to.packets.recv_timeout(Duration::from_millis(20)) {
            assert_eq!(*packet.payload, SILENCE);
            return;
        }
    }
}

/// Until it is so; the media thread works on its own.
pub(crate) fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + patience();
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Until every call has closed its sockets: nothing can be reported after that.
pub(crate) fn wait_for_the_end() {
    wait_for("the media thread goes on", || threads("nertc_media") == 0);
}

/// Threads of this process with this name.
pub(crate) fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|it| it.trim() == name).count()
}

/// One frame of silence to the peer.
pub(crate) fn time_step(side: &Side, time: u64) {
    side.backend.send_encoded(Encoded { time, starts_talk: false, frame: &SILENCE });
}
