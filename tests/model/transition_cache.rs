//! Moves that were made before. What a device does depends on its past and on what it is fed, not on the rest
//! of the world, and most moves of a search repeat one that was made in another order of the others: they are
//! looked up. So states also share their devices and their service with each other.

use std::hash::Hash;
use std::rc::Rc;

use nertc_callkit::engine::input::{Command, Input, RtcEvent};
use nertc_callkit::engine::output::{Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Config, Engine, Seed};
use nertc_callkit_signaling::{self as signaling, Channel, ChannelState, Code, Req};

use crate::counterexample::Fed;
use crate::exchange::{Exchange, Report};
use crate::fingerprint::{ByFingerprint, Fingerprint, channel_bit, mixed};
use crate::in_flight::{InFlight, What};
use crate::monitor::Monitor;

pub(crate) type CheckResult = Result<(), String>;

/// Service time when everything starts.
pub(crate) const EPOCH: u64 = 1_800_000_000_000;

/// More moves than this are not remembered at a time.
const MOST_MOVES: usize = 40_000;

/// A device with its past.
#[derive(Clone)]
pub(crate) struct Body {
    /// The same for the same past, also if it was evicted and recurs.
    id: u64,
    pub(crate) engine: Engine,
    pub(crate) monitor: Monitor,
    pub(crate) tickets: u64,
    /// Its user has logged out, or not logged in.
    pub(crate) is_out: bool,
    pub(crate) phase: Phase,
    pub(crate) due: Option<u64>,
}

/// What a device did.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) body: Rc<Body>,
    pub(crate) outputs: Rc<Vec<Output>>,
    pub(crate) check_result: CheckResult,
}

/// A service with its past.
#[derive(Clone)]
pub(crate) struct Hub {
    id: u64,
    pub(crate) exchange: Rc<Exchange>,
    /// Fingerprint, and channels that are open.
    pub(crate) fingerprint: (u64, u64),
    /// Events wait at it: their age matters.
    has_times: bool,
}

/// An output of the service or a media room.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) hub: Hub,
    pub(crate) code: Code,
    /// What sets out then.
    pub(crate) in_flight: Rc<Vec<Rc<InFlight>>>,
    /// An event of the media room.
    pub(crate) received: Rc<Vec<(usize, RtcEvent)>>,
    /// What a login finds: channels and unread events.
    pub(crate) found: Rc<(Vec<ChannelState>, Vec<signaling::Event>)>,
}

#[derive(Default)]
pub(crate) struct TransitionCache {
    steps: ByFingerprint<Step>,
    fingerprints: ByFingerprint<Rc<Fingerprint>>,
    served: ByFingerprint<Served>,
}

impl Body {
    pub(crate) fn new(index: usize, config: Config, seed: Seed, monitor: Monitor) -> Body {
        Body {
            id: index as u64,
            engine: Engine::new(config, seed),
            monitor,
            tickets: 0,
            is_out: true,
            phase: Phase::Idle,
            due: None,
        }
    }

    fn take(&mut self, now: Time, fed: &Fed) {
        match fed {
            Fed::Timeout(_) => self.engine.handle_timeout(now),
            Fed::Input(input) => {
                let command =
                    if let Input::Command { command, .. } = input { Some(&**command) } else { None };
                let is_call = matches!(command, Some(Command::Call(_)));
                self.tickets += u64::from(command.is_some());
                self.is_out |= matches!(command, Some(Command::Logout));
                self.is_out &= !matches!(command, Some(Command::Login { .. }));
                self.monitor.before(input);
                self.engine.handle(now, input.clone());
                if is_call && self.phase == Phase::Idle && self.engine.phase() == Phase::Calling {
                    self.monitor.placed(self.engine.snapshot().call_no, false);
                }
            }
        }
    }
}

impl Hub {
    pub(crate) fn new(exchange: Exchange) -> Hub {
        Hub::after(0, exchange)
    }

    fn after(id: u64, exchange: Exchange) -> Hub {
        let service = exchange.service();
        assert_eq!(service.poll_timeout(), None, "no deadline of the service is played here");
        let channels = service.channel_ids().fold(0, |all, id| all | channel_bit(id));
        let (digest, has_times) = (mixed(service), service.times().next().is_some());
        Hub { id, exchange: Rc::new(exchange), fingerprint: (digest, channels), has_times }
    }

    /// How long the events have waited that wait at the service.
    pub(crate) fn ages(&self, now: u64) -> impl Iterator<Item = u64> {
        let times = self.has_times.then(|| self.exchange.service().times());
        times.into_iter().flatten().map(move |time| EPOCH + now - time)
    }
}

/// Forgets when it is full: what states share stays shared.
fn keep<T: Clone>(all: &mut ByFingerprint<T>, key: u64, value: T) -> T {
    if all.len() >= MOST_MOVES {
        all.clear();
    }
    all.insert(key, value.clone());
    value
}

fn key(id: u64, now: u64, what: &impl Hash) -> u64 {
    mixed(&(id, now, mixed(what)))
}

impl TransitionCache {
    /// A device takes what it is fed.
    pub(crate) fn step(&mut self, body: &Rc<Body>, now: u64, fed: &Fed) -> Step {
        let key = match fed {
            Fed::Input(input) => key(body.id, now, input),
            Fed::Timeout(_) => key(body.id, now, &0),
        };
        if let Some(step) = self.steps.get(&key) {
            return step.clone();
        }
        let mut body = (**body).clone();
        body.id = key;
        body.take(Time(now), fed);
        let (mut outputs, mut check_result) = (Vec::new(), Ok(()));
        while let Some(output) = body.engine.poll_output() {
            let output_check = body.monitor.output(&output, &body.engine);
            check_result = check_result.and(output_check);
            outputs.push(output);
        }
        check_result = check_result.and(body.monitor.settled(&body.engine));
        body.phase = body.engine.phase();
        body.due = body.engine.poll_timeout().map(|(at, _)| at.0);
        keep(&mut self.steps, key, Step { body: Rc::new(body), outputs: Rc::new(outputs), check_result })
    }

    pub(crate) fn fingerprint(&mut self, body: &Body, now: u64) -> Rc<Fingerprint> {
        let key = key(body.id, now, &());
        if let Some(fingerprint) = self.fingerprints.get(&key) {
            return fingerprint.clone();
        }
        keep(&mut self.fingerprints, key, Rc::new(Fingerprint::new(now, &body.engine, &body.monitor)))
    }

    /// The service runs an operation.
    pub(crate) fn serve(
        &mut self,
        hub: &Hub,
        now: u64,
        item: &InFlight,
        op: &signaling::Operation,
    ) -> Served {
        let key = key(hub.id, now, &(item.device, item.req, item.digest));
        if let Some(served) = self.served.get(&key) {
            return served.clone();
        }
        let mut exchange = (*hub.exchange).clone();
        exchange.run(EPOCH + now, item.device, exchange.life(item.device), item.req, op);
        let (mut code, mut in_flight) = (Code::OK, Vec::new());
        let (mut channels, mut unread) = (Vec::new(), Vec::new());
        while let Some((to, report)) = exchange.poll() {
            match report {
                Report::Completed(req, mut result) => {
                    code = result.outcome.code;
                    result.channel.iter_mut().for_each(|it| undate(&mut it.channel));
                    in_flight.push(InFlight::new(now, to, req, What::Completion(result)));
                }
                Report::Event(origin, mut event) => {
                    undate(&mut event.channel);
                    in_flight.push(InFlight::new(now, to, Req(0), What::Message(origin, event)));
                }
                Report::Backlog(more, events) => {
                    channels.extend(more);
                    unread.extend(events);
                }
                // There are no kicks here, so nothing happens to media.
                Report::Record(..) | Report::Kicked | Report::MediaDone(..) | Report::Media(_) => {}
            }
        }
        channels.iter_mut().for_each(|it| undate(&mut it.channel));
        unread.iter_mut().for_each(|event| undate(&mut event.channel));
        let hub = Hub::after(key, exchange);
        let in_flight = Rc::new(in_flight.into_iter().map(Rc::new).collect());
        let (received, found) = (Rc::default(), Rc::new((channels, unread)));
        keep(&mut self.served, key, Served { hub, code, in_flight, received, found })
    }

    /// A media room is ideal: its operations always succeed.
    pub(crate) fn serve_media(&mut self, hub: &Hub, device: usize, op: &RtcOp) -> Served {
        let key = key(hub.id, u64::MAX, &(device, op));
        if let Some(served) = self.served.get(&key) {
            return served.clone();
        }
        let mut exchange = (*hub.exchange).clone();
        exchange.run_media(EPOCH, device, Req(0), op);
        let (mut code, mut received) = (Code::OK, Vec::new());
        while let Some((to, report)) = exchange.poll() {
            if let Report::MediaDone(_, done) = report {
                code = done;
            } else if let Report::Media(report) = report {
                // Without its join, as of a backend that does not say it: numbers would multiply the states.
                received.push((to, report.event));
            }
        }
        let hub = Hub::after(key, exchange);
        let served =
            Served { hub, code, in_flight: Rc::default(), received: Rc::new(received), found: Rc::default() };
        keep(&mut self.served, key, served)
    }
}

/// A channel's age is its number: the time of its creation matters only for which of two is older,
/// and no two states differ by the time that has passed.
fn undate(channel: &mut Channel) {
    channel.create_ms = u64::from(channel_bit(&channel.id).trailing_zeros());
    channel.expire_ms = 0;
}
