//! What a core and its user do with an MQTT peer, the minimum that a call needs: the caller rings and cancels
//! at its ring limit; the called device accepts, rejects, or rejects at its own limit; whoever is in a call
//! joins and hangs up in the end.

use std::collections::BTreeMap;
use std::hash::Hash;

use nertc_callkit_mqtt::protocol::{
    Config, ConnectionChange, Input, Output, Peer, PublishResult, Qos, Topic,
};
use nertc_callkit_signaling::{
    CallType, Code, Event, EventKind, InviteState, Message, Operation, OperationResult, Origin, Text,
};

use super::message::{InFlightMessage, digest};

/// A third party that calls, from a device that is named like a called one.
pub(crate) const THIRD_PARTY: &str = "m";
/// Ring limits of the caller and of the called.
const CALL_MS: u64 = 30_000;
const RING_MS: u64 = 35_000;
/// When the invite expires, and how much longer an MQTT peer remembers it.
const EXPIRES_MS: u64 = 30_000;
const GRACE_MS: u64 = 2_000;
const ECHO_MS: u64 = 5_000;

/// What an operation without an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    Login,
    Create,
    Join,
    Invite,
    Cancel,
    Accept,
    Reject,
    End,
}

/// Where the call is, for this core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Idle,
    Calling,
    Cancelling,
    Ringing,
    Accepting,
    InCall,
    Over,
}

/// What a core has learned about the invite, for the invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Observation {
    /// The caller's core was notified that this device accepts, or rejects.
    CallerNotified(EventKind, Text),
    /// The caller's cancel was done.
    Cancelled,
    /// This device's accept was granted.
    Granted(Text),
    /// This device rejects.
    Rejects(Text),
    /// This device alone is busy.
    IsBusy(Text),
    /// Another login ended its session.
    Kicked,
    /// A called device was notified that another accepted or rejected, or that the caller cancelled.
    CalleeNotified(EventKind, Text),
    /// An operation was answered twice.
    Twice,
    /// An invite comes to a core that has seen its end.
    RingsAgain,
    /// The MQTT peer gave its accept up.
    GivenUp,
    /// The call is over without a verdict: a CLOSE, or the other side has left.
    Closed,
}

/// A device.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Client {
    pub(crate) protocol: Peer,
    pub(crate) config: Config,
    pub(crate) phase: Phase,
    /// When the core loses patience.
    pub(crate) until: Option<u64>,
    open: BTreeMap<u64, Asked>,
    last_req: u64,
    channel: Text,
    is_up: bool,
    /// How much longer than its invite it may ring.
    grace_ms: u64,
}

/// What a step of a device led to.
#[derive(Default)]
pub(crate) struct StepOutput {
    pub(crate) messages: Vec<(Topic, String)>,
    pub(crate) observations: Vec<Observation>,
}

fn text(text: &str) -> Text {
    text.into()
}

impl Client {
    pub(crate) fn new(account: &str, device: &str, life: u32, single_device: bool) -> Client {
        let config = Config {
            single_device,
            peer_lost_ms: 0,
            ..Config::new(text(account), text(device), format!("{device}-{life}").into())
        };
        let protocol = Peer::new(config.clone(), [0; 32]);
        let (phase, until, open, last_req) = (Phase::Idle, None, BTreeMap::new(), 0);
        Client {
            protocol,
            config,
            phase,
            until,
            open,
            last_req,
            channel: text(""),
            is_up: false,
            grace_ms: GRACE_MS,
        }
    }

    /// The call's channel, once it is known.
    pub(crate) fn channel(&self) -> &Text {
        &self.channel
    }

    /// When something happens here by itself.
    pub(crate) fn due(&self) -> Option<u64> {
        [self.protocol.poll_timeout(), self.until].into_iter().flatten().min()
    }

    /// It rings although the invite has expired.
    pub(crate) fn rings_too_long(&self, now: u64) -> bool {
        let rang_at = self.until.filter(|_| self.phase == Phase::Ringing).map(|until| until - RING_MS);
        rang_at.is_some_and(|at| at + EXPIRES_MS + self.grace_ms < now)
    }

    /// Every operation was answered, and the MQTT peer remembers no channel.
    pub(crate) fn is_done(&self) -> Result<(), String> {
        if !self.open.is_empty() {
            return Err(format!("invariant 1: never answered: {:?}", self.open));
        }
        if !self.protocol.is_at_rest() {
            return Err("invariant 11: a channel is left".into());
        }
        if !matches!(self.phase, Phase::Idle | Phase::Over) {
            return Err(format!("invariant 3: stays {:?}", self.phase));
        }
        Ok(())
    }

    /// The next ids follow from the device and its next input: states that differ only in the order of what
    /// came before are one, and yet no two devices make the same ids.
    fn reseed(&mut self, input: impl Hash) {
        let seed = digest(&(&self.config.account, &self.config.instance, input));
        self.protocol.reseed(seed);
    }

    fn ask(&mut self, now: u64, what: Asked, op: Operation) {
        self.last_req += 1;
        self.open.insert(self.last_req, what);
        self.protocol.handle(now, Input::Op { req: self.last_req, op });
    }

    fn join(&self) -> Operation {
        Operation::Join { channel_id: self.channel.clone(), no_offline: false }
    }

    fn message(&self, account: &str) -> Message {
        Message {
            channel_id: self.channel.clone(),
            account: text(account),
            request_id: text("r"),
            ..Message::default()
        }
    }

    /// A new process logs in.
    pub(crate) fn log_in(&mut self, now: u64) -> StepOutput {
        self.reseed("log in");
        self.ask(now, Asked::Login, Operation::Login { account: text(""), token: text("") });
        self.is_up = true;
        self.protocol.handle(now, Input::Up { resumed: true });
        self.run(now)
    }

    /// The connection breaks and is back at once.
    pub(crate) fn reconnect(&mut self, now: u64) -> StepOutput {
        self.reseed("reconnect");
        // What the broker kept is acted on when it is complete, at the latest when its echo is overdue.
        self.grace_ms = GRACE_MS + ECHO_MS;
        self.protocol.handle(now, Input::Down);
        self.protocol.handle(now, Input::Up { resumed: true });
        self.run(now)
    }

    pub(crate) fn call(&mut self, now: u64) -> StepOutput {
        self.reseed("call");
        self.phase = Phase::Calling;
        self.until = Some(now + CALL_MS);
        self.ask(now, Asked::Create, Operation::Create { call_type: CallType::Audio });
        self.run(now)
    }

    pub(crate) fn cancel(&mut self, now: u64) -> StepOutput {
        self.reseed("cancel");
        self.give_up(now);
        self.run(now)
    }

    pub(crate) fn answer(&mut self, now: u64, accepts: bool) -> StepOutput {
        self.reseed(accepts);
        let message = self.message("a");
        if accepts {
            (self.phase, self.until) = (Phase::Accepting, None);
            self.ask(now, Asked::Accept, Operation::Accept(message));
            return self.run(now);
        }
        self.reject(now, "");
        let mut effects = self.run(now);
        effects.observations.push(Observation::Rejects(self.config.device.clone()));
        effects
    }

    /// It is busy itself, which says nothing about the account's other devices.
    pub(crate) fn is_busy(&mut self, now: u64) -> StepOutput {
        self.reseed("busy");
        self.reject(now, r#"{"reason":3,"local":true}"#);
        let mut effects = self.run(now);
        effects.observations.push(Observation::IsBusy(self.config.device.clone()));
        effects
    }

    fn reject(&mut self, now: u64, custom: &str) {
        let message = Message { custom_info: text(custom), ..self.message("a") };
        (self.phase, self.until) = (Phase::Over, None);
        self.ask(now, Asked::Reject, Operation::Reject(message));
    }

    fn give_up(&mut self, now: u64) {
        (self.phase, self.until) = (Phase::Cancelling, None);
        self.ask(now, Asked::Cancel, Operation::Cancel(self.message("b")));
    }

    pub(crate) fn hang_up(&mut self, now: u64) -> StepOutput {
        self.reseed("hang up");
        self.end(now);
        self.run(now)
    }

    fn end(&mut self, now: u64) {
        (self.phase, self.until) = (Phase::Over, None);
        let (channel_id, custom_info) = (self.channel.clone(), text(""));
        self.ask(now, Asked::End, Operation::Close { channel_id, custom_info, no_offline: false });
    }

    /// Time has come to `now`.
    pub(crate) fn wake(&mut self, now: u64) -> StepOutput {
        self.reseed(now);
        if self.protocol.poll_timeout().is_some_and(|at| at <= now) {
            self.protocol.handle_timeout(now);
        }
        let mut effects = StepOutput::default();
        if self.until.is_some_and(|at| at <= now) {
            if self.phase == Phase::Calling {
                self.give_up(now);
            } else {
                self.reject(now, "");
                effects.observations.push(Observation::Rejects(self.config.device.clone()));
            }
        }
        let mut more = self.run(now);
        more.observations.extend(effects.observations);
        more
    }

    pub(crate) fn receive(&mut self, now: u64, message: &InFlightMessage) -> StepOutput {
        self.reseed(message);
        let (kind, from, device) = (message.kind, message.account.clone(), message.device.clone());
        let payload = message.payload.as_bytes().to_vec();
        self.protocol.handle(now, Input::Message { kind, from, device, payload, expires_at: None });
        self.run(now)
    }

    /// Takes what the MQTT peer says until it has nothing to say.
    fn run(&mut self, now: u64) -> StepOutput {
        let mut effects = StepOutput::default();
        while let Some(output) = self.protocol.poll_output() {
            match output {
                Output::Publish { token, qos, topic, payload, .. } => {
                    let result = PublishResult::Delivered;
                    if qos == Qos::AtLeastOnce {
                        self.protocol.handle(now, Input::Published { token, result });
                    }
                    effects.messages.push((topic, payload));
                }
                Output::Done { req, answer } => self.done(now, req, &answer, &mut effects),
                Output::Events { origin, events } => {
                    events.into_iter().for_each(|it| self.on_event(now, origin, &it, &mut effects));
                }
                Output::Reconnect => {
                    self.protocol.handle(now, Input::Down);
                    self.protocol.handle(now, Input::Up { resumed: true });
                }
                Output::Watch { .. } | Output::CallActive(_) | Output::Disconnect { .. } => {}
                Output::Connection { change: ConnectionChange::Kicked, .. } => {
                    effects.observations.push(Observation::Kicked);
                    self.stop();
                }
                Output::Connection { .. } | Output::Record { .. } | Output::Log { .. } => {}
            }
        }
        // The next ids follow from the next input.
        self.protocol.reseed(0);
        effects
    }

    fn done(&mut self, now: u64, req: u64, answer: &OperationResult, effects: &mut StepOutput) {
        let Some(asked) = self.open.remove(&req) else {
            return effects.observations.push(Observation::Twice);
        };
        let is_ok = answer.outcome.code == Code::OK;
        match asked {
            Asked::Create => {
                self.channel = answer.channel.as_ref().map_or(text(""), |room| room.channel.id.clone());
                self.ask(now, Asked::Join, self.join());
            }
            Asked::Join if self.phase == Phase::Calling => {
                let (message, expires_ms) = (self.message("b"), EXPIRES_MS as u32);
                self.ask(now, Asked::Invite, Operation::Invite { message, expires_ms, push: None });
            }
            Asked::Cancel => {
                effects.observations.extend(is_ok.then_some(Observation::Cancelled));
                // Accepted meanwhile: the channel is closed, as after everything else.
                self.end(now);
            }
            Asked::Accept if self.phase == Phase::Accepting => {
                if is_ok {
                    effects.observations.push(Observation::Granted(self.config.device.clone()));
                    self.phase = Phase::InCall;
                    self.ask(now, Asked::Join, self.join());
                } else {
                    effects
                        .observations
                        .extend((answer.outcome.code == Code::TIMEOUT).then_some(Observation::GivenUp));
                    self.phase = Phase::Over;
                }
            }
            Asked::Login | Asked::Join | Asked::Invite | Asked::Accept | Asked::Reject | Asked::End => {}
        }
    }

    fn on_event(&mut self, now: u64, origin: Origin, event: &Event, effects: &mut StepOutput) {
        let by = event.from_device.clone();
        match event.kind {
            EventKind::Invite if *event.from == *THIRD_PARTY => {
                let (channel, request) = (event.channel.id.clone(), event.request_id.clone());
                let state = InviteState::Dropped;
                self.protocol.handle(now, Input::InviteState { channel, request, state });
            }
            EventKind::Invite if self.phase == Phase::Idle && !event.channel.invalid => {
                self.channel = event.channel.id.clone();
                (self.phase, self.until) = (Phase::Ringing, Some(now + RING_MS));
                let (channel, request) = (event.channel.id.clone(), event.request_id.clone());
                let state = InviteState::Ringing;
                self.protocol.handle(now, Input::InviteState { channel, request, state });
            }
            EventKind::Invite if self.phase == Phase::Over && !event.channel.invalid => {
                effects.observations.push(Observation::RingsAgain);
            }
            EventKind::Accept | EventKind::Reject
                if origin != Origin::OtherDevice && self.config.account == text("a") =>
            {
                effects.observations.push(Observation::CallerNotified(event.kind, by));
                if self.phase == Phase::Calling && event.kind == EventKind::Accept {
                    (self.phase, self.until) = (Phase::InCall, None);
                } else if self.phase == Phase::Calling {
                    self.end(now);
                }
            }
            EventKind::Accept | EventKind::Reject | EventKind::Cancel => {
                effects.observations.push(Observation::CalleeNotified(event.kind, by));
                self.stop();
            }
            EventKind::Close => {
                effects.observations.push(Observation::Closed);
                self.stop();
            }
            EventKind::Leave if self.phase == Phase::InCall => {
                effects.observations.push(Observation::Closed);
                self.end(now);
            }
            EventKind::PeerLost if self.phase == Phase::InCall => self.end(now),
            EventKind::Invite
            | EventKind::Join
            | EventKind::Leave
            | EventKind::Control
            | EventKind::Ringing
            | EventKind::PeerLost => {}
        }
    }

    /// The call is over for this core. An accept that waits is answered by its MQTT peer.
    fn stop(&mut self) {
        if !matches!(self.phase, Phase::Accepting | Phase::Cancelling) {
            (self.phase, self.until) = (Phase::Over, None);
        }
    }
}
