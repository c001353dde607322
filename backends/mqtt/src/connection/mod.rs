//! One persistent connection to a broker: resolve, connect, secure, authenticate, subscribe, keep alive, and
//! reconnect when it is lost.
//!
//! A connection is a value with a socket: its driver passes in the time, readiness and resolved names, and
//! takes events out; it has no thread of its own. The pattern, under the driver's lock:
//!
//! ```text
//! connection.on_ready(now, readiness);           // or handle_timeout, resolved, connect, publish, ...
//! loop {
//!     while let Some(event) = connection.poll_event() { ... }   // the protocol handles it
//!     // the protocol's outputs: publish, watch, set_call_active, disconnect ...; end when neither has more
//! }
//! connection.queue_output(now);
//! // without the lock: report what the core is to learn, and then, all of it in one write:
//! while let Some(outgoing) = connection.take_output() { connection.written(outgoing.write()); }
//! registration.set_deadline(min(connection.poll_timeout(), ...));
//! ```
//!
//! A write that fails is reported later, by [`Connection::handle_timeout`]; so nothing happens inside of
//! [`Connection::written`]. Bytes that are not written yet make [`Connection::poll_timeout`] return 0. The
//! acknowledgements of a broker's publishes wait a moment for something else to be sent.
//!
//! Where to look: `endpoints` and `dial` connecting · `lifecycle` and `open` an established connection ·
//! `mqtt_session`, `packets`, `answers`, `publish` and `framing` MQTT · `stream`, `tls` and `port` bytes
//! · `cause` errors.
//!
//! Tokens, client ids and payloads are never logged.

mod answers;
mod backoff;
mod cause;
pub mod code;
mod dial;
mod endpoints;
mod framing;
mod lifecycle;
mod mailbox;
mod mqtt_session;
mod open;
mod packets;
mod port;
mod publish;
mod settings;
mod stage;
mod stream;
mod takeover;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one of many")]
pub(crate) mod tests;
mod tls;

use std::collections::VecDeque;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use mqtt_protocol_core::mqtt::Version;

pub use nertc_callkit_reactor::{NameError, Readiness, Socket};
pub use port::Port;
pub use settings::{ClientCert, ConnectionEvent, Endpoint, Roots, Settings, Timers};
pub use stream::{Outgoing, Written};
pub use tls::Tls;

use crate::protocol::Qos;
use crate::topics::Topics;
use backoff::Backoff;
use cause::Cause;
use dial::Dial;
use nertc_callkit_signaling::Text;
use open::{End, Open};
use stage::Stage;
use takeover::Takeovers;

/// Presences watched at once, at most.
const WATCHES: usize = 16;

/// The protocol version a broker is assumed to support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BrokerVersion {
    V5,
    /// It confirmed that.
    V3,
    /// It ended a connection after our CONNECT of MQTT 5. Only the next connection tries 3.1.1: a broker that
    /// was about to stop looks the same.
    MaybeV3,
}

enum Phase {
    /// No connection is wanted, or it was refused.
    Idle,
    /// There is no token, or it was not taken, by this code.
    AwaitToken { until: u64, reason: u8 },
    /// A pause.
    Waiting { until: u64 },
    /// A name is being looked up.
    Resolving { ticket: u64, until: u64 },
    /// Connections to the endpoint's addresses are being made.
    Dialing(Box<Dial>),
    /// A connection.
    Open(Box<Open>),
    /// DISCONNECT is sent; the broker's close is awaited, so that nothing sent before is lost.
    Closing { open: Box<Open>, shut: bool, until: u64 },
}

/// One connection to a broker, for ever.
pub struct Connection {
    settings: Settings,
    port: Arc<dyn Port>,
    token: String,
    phase: Phase,
    /// Another connection that is being made because the one in use is silent.
    standby: Option<Box<Dial>>,
    events: VecDeque<ConnectionEvent>,
    backoff: Backoff,
    takeovers: Takeovers,
    /// Index of the endpoint in use.
    endpoint: usize,
    versions: Vec<BrokerVersion>,
    /// All addresses of the endpoint in use.
    addresses: Vec<SocketAddr>,
    /// Those of them that the connection in use was faster than.
    others: Vec<SocketAddr>,
    /// Endpoints that failed since the last pause.
    failed: usize,
    /// The last error of each endpoint since a connection was requested.
    causes: Vec<Option<Cause>>,
    been_up: bool,
    asked: bool,
    ticket: u64,
    call_active: bool,
    watches: Vec<(Text, Text)>,
    /// The last request was connect.
    is_wanted: bool,
    /// The next connection begins with a new session.
    forgets: bool,
}

impl Connection {
    /// A connection that does nothing yet. `seed` makes its pauses random.
    pub fn new(settings: Settings, seed: u64, port: Arc<dyn Port>) -> Connection {
        Connection {
            versions: vec![BrokerVersion::V5; settings.endpoints.len()],
            causes: vec![None; settings.endpoints.len()],
            settings,
            port,
            token: String::new(),
            phase: Phase::Idle,
            standby: None,
            events: VecDeque::new(),
            backoff: Backoff::new(seed),
            takeovers: Takeovers::default(),
            endpoint: 0,
            addresses: Vec::new(),
            others: Vec::new(),
            failed: 0,
            been_up: false,
            asked: false,
            ticket: 0,
            call_active: false,
            watches: Vec::new(),
            is_wanted: false,
            forgets: false,
        }
    }

    /// The topics of the device.
    pub(crate) fn topics(&self) -> &Topics {
        &self.settings.topics
    }

    /// Connects and stays connected. A connection that is connected only keeps the token for the next time.
    pub fn connect(&mut self, now: u64, token: &str) {
        self.is_wanted = true;
        match self.phase {
            Phase::Idle | Phase::Closing { .. } => {
                self.asked = false;
                token.clone_into(&mut self.token);
                self.start(now);
            }
            Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_)
                if token.is_empty() =>
            {
                self.retry(now);
            }
            Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_) => self.set_token(now, token),
        }
    }

    /// The token for the next connection. Without a working connection it is tried at once; if none is
    /// wanted, nothing happens. Empty: there is none, and a pending login is refused.
    pub fn set_token(&mut self, now: u64, token: &str) {
        let is_up = matches!(&self.phase, Phase::Open(open) if open.stage == Stage::Up);
        let is_same = self.token == token;
        match self.phase {
            Phase::Idle | Phase::Closing { .. } => return,
            Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_) => token.clone_into(&mut self.token),
        }
        if is_up {
            return;
        }
        if token.is_empty() {
            self.phase = Phase::Idle;
            return self.refuse(code::BAD_TOKEN, 0, "the app has no token".into());
        }
        match self.phase {
            Phase::Resolving { .. } | Phase::Dialing(_) | Phase::Open(_) if is_same => {}
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_)
            | Phase::Closing { .. } => self.start(now),
        }
    }

    /// Skips the delay: a connection is needed now.
    fn retry(&mut self, now: u64) {
        if let Phase::Waiting { .. } = self.phase {
            self.start(now);
        }
    }

    /// Publishes. With QoS 1 one [`ConnectionEvent::Published`] or one [`ConnectionEvent::Down`] follows,
    /// with QoS 0 nothing. While the connection is not up it does nothing at all. `expires_ms` 0: the broker
    /// keeps it as long as the session.
    pub fn publish(
        &mut self,
        now: u64,
        token: u64,
        qos: Qos,
        topic: String,
        payload: String,
        expires_ms: u32,
    ) {
        let Phase::Open(open) = &mut self.phase else { return };
        if open.stage < Stage::Up {
            return;
        }
        match open.session.publish(now, token, qos, topic, payload, expires_ms) {
            None if qos == Qos::AtLeastOnce => open.expect_answer(now, &self.settings.timers),
            Some(result) if qos == Qos::AtLeastOnce => {
                self.events.push_back(ConnectionEvent::Published { token, result });
            }
            None | Some(_) => {}
        }
    }

    /// Watches the will of a device, or stops; survives reconnects. Whether that is permitted is not
    /// reported.
    pub fn watch(&mut self, account: &Text, device: &Text, on: bool) {
        let Some(topic) = self.settings.topics.presence(account, device) else { return };
        let at = self.watches.iter().position(|(whose, which)| whose == account && which == device);
        match (at, on) {
            (None, true) if self.watches.len() < WATCHES => {
                self.watches.push((account.clone(), device.clone()));
            }
            (Some(at), false) => drop(self.watches.swap_remove(at)),
            (None, _) | (Some(_), true) => return,
        }
        if let Phase::Open(open) = &mut self.phase
            && open.stage >= Stage::Subscribing
        {
            let sent = match on {
                true => open.session.subscribe_more(&[topic]),
                false => open.session.unsubscribe(&topic),
            };
            if let Err(error) = sent {
                log::debug!("a presence cannot be watched: {error}");
            }
        }
    }

    /// A ring or call is active: pings now and often, and a dead connection is detected within seconds.
    pub fn set_call_active(&mut self, now: u64, on: bool) {
        if mem::replace(&mut self.call_active, on) != on
            && let Phase::Open(open) = &mut self.phase
        {
            open.set_call_active(now, on, &self.settings.timers);
        }
    }

    /// Disconnects and stays disconnected. `forget`: MQTT 5 brokers drop the session at once; a broker of
    /// 3.1.1 keeps it until its own limit.
    pub fn disconnect(&mut self, now: u64, forget: bool) {
        self.watches.clear();
        self.call_active = false;
        self.is_wanted = false;
        self.standby = None;
        let Phase::Open(mut open) = mem::replace(&mut self.phase, Phase::Idle) else { return };
        if open.stage < Stage::Subscribing || open.session.disconnect(forget).is_err() {
            return;
        }
        let until = now + self.settings.timers.closing;
        self.closing(now, open, false, until, false);
    }

    /// The device has another network: whatever was connected is dead, and no pause is worth waiting for.
    pub fn network_changed(&mut self, now: u64) {
        match mem::replace(&mut self.phase, Phase::Idle) {
            phase @ (Phase::Idle | Phase::AwaitToken { .. } | Phase::Closing { .. }) => self.phase = phase,
            Phase::Open(open) => {
                if open.stage == Stage::Up {
                    self.events.push_back(ConnectionEvent::Down);
                }
                self.start(now);
            }
            Phase::Waiting { .. } | Phase::Resolving { .. } | Phase::Dialing(_) => self.start(now),
        }
    }

    /// This connection does not work, whatever it looks like: another one, after the first pause.
    pub fn reconnect(&mut self, now: u64) {
        if matches!(self.phase, Phase::Open(_)) {
            self.end(now, End::Lost(Cause::new("it does not work", "", 0)));
        }
    }

    /// After a panic: whatever it was in the middle of is dropped, without an event, and if it was to be
    /// connected it connects anew after the first pause. `forgets`: the broker drops the session first.
    pub fn restart(&mut self, now: u64, seed: u64, forgets: bool) {
        let fresh = Connection::new(self.settings.clone(), seed, self.port.clone());
        let before = mem::replace(self, fresh);
        self.token = before.token;
        self.versions = before.versions;
        self.endpoint = before.endpoint;
        self.been_up = before.been_up;
        self.call_active = before.call_active;
        self.watches = before.watches;
        self.ticket = before.ticket;
        self.is_wanted = before.is_wanted;
        self.forgets = forgets;
        if self.is_wanted {
            self.phase = Phase::Waiting { until: now + self.settings.timers.backoff };
        }
    }

    /// A socket is ready.
    pub fn on_ready(&mut self, now: u64, readiness: Readiness) {
        match &self.phase {
            Phase::Idle | Phase::AwaitToken { .. } | Phase::Waiting { .. } | Phase::Resolving { .. } => {}
            Phase::Dialing(_) => self.dial(now),
            Phase::Open(_) => {
                // The readiness does not say which socket: both check for themselves.
                let readiness = if self.standby.is_some() { Readiness::ALL } else { readiness };
                self.drive(now, |open, _, received| open.on_ready(now, readiness, received));
                self.dial_standby(now);
            }
            Phase::Closing { .. } => {
                if let Phase::Closing { mut open, shut, until } = mem::replace(&mut self.phase, Phase::Idle) {
                    if readiness.writable {
                        open.stream.on_writable();
                    }
                    self.closing(now, open, shut, until, readiness.readable);
                }
            }
        }
    }

    /// Whether a ring or call is active.
    pub fn is_call_active(&self) -> bool {
        self.call_active
    }

    /// Idle: an empty queue of events keeps no room.
    pub fn release_room(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
    }

    /// For how many events there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.events.capacity()
    }

    /// Events, in order. Call until None.
    pub fn poll_event(&mut self) -> Option<ConnectionEvent> {
        self.events.pop_front()
    }

    /// When [`Connection::handle_timeout`] is to be called; 0 = at once, but not from within the same lock.
    pub fn poll_timeout(&self) -> Option<u64> {
        let at = match &self.phase {
            Phase::Idle => return None,
            Phase::AwaitToken { until, .. }
            | Phase::Waiting { until }
            | Phase::Resolving { until, .. }
            | Phase::Closing { until, .. } => *until,
            Phase::Dialing(dial) => dial.deadline(),
            Phase::Open(open) => match &self.standby {
                Some(standby) => open.deadline_but_silence().min(standby.deadline()),
                None => open.deadline(&self.settings.timers),
            },
        };
        (at != u64::MAX).then_some(at)
    }

    /// A deadline has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        match self.phase {
            Phase::Idle => {}
            Phase::AwaitToken { until, reason } if until <= now => {
                self.phase = Phase::Idle;
                let message = "no new token came in time".into();
                self.refuse(code::BAD_TOKEN, i32::from(reason), message);
            }
            Phase::Waiting { until } if until <= now => self.try_endpoint(now),
            Phase::Resolving { until, .. } if until <= now => {
                let cause = Cause::late_name(Some(self.settings.timers.resolve));
                self.next_endpoint(now, cause);
            }
            Phase::Closing { until, .. } if until <= now => self.phase = Phase::Idle,
            Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Closing { .. } => {}
            Phase::Dialing(_) => self.dial(now),
            Phase::Open(_) => {
                self.drive(now, |open, settings, received| open.on_time(now, settings, received));
                self.dial_standby(now);
            }
        }
    }

    /// Prepares what is due for [`Connection::take_output`].
    pub fn queue_output(&mut self, now: u64) {
        if let Phase::Open(open) | Phase::Closing { open, .. } = &mut self.phase {
            open.queue_output(now, &self.settings.timers);
        }
    }

    /// Whether [`Connection::take_output`] has something.
    pub fn has_output(&self) -> bool {
        match &self.phase {
            Phase::Open(open) | Phase::Closing { open, .. } => open.has_output(),
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_) => false,
        }
    }

    /// What is to be written, to be handed back to [`Connection::written`]. Meanwhile others find nothing
    /// here.
    pub fn take_output(&mut self) -> Option<Outgoing> {
        match &mut self.phase {
            Phase::Open(open) | Phase::Closing { open, .. } => open.take_output(),
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_) => None,
        }
    }

    /// What became of it: what the socket did not take follows when it takes more.
    pub fn written(&mut self, written: Written) {
        match &mut self.phase {
            Phase::Open(open) => open.written(written),
            Phase::Closing { open, shut, .. } => {
                open.written(written);
                open.shut(shut);
            }
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_) => {}
        }
    }

    /// All of it at once, for a caller without locks.
    pub fn flush(&mut self, now: u64) {
        self.queue_output(now);
        while let Some(outgoing) = self.take_output() {
            self.written(outgoing.write());
        }
    }

    /// Whether it waits for a token.
    pub fn awaits_token(&self) -> bool {
        matches!(self.phase, Phase::AwaitToken { .. })
    }

    /// Whether it is connected and subscribed.
    pub fn is_up(&self) -> bool {
        matches!(&self.phase, Phase::Open(open) if open.stage == Stage::Up)
    }

    /// The version of MQTT that is spoken, 3 or 5; 0 = not up.
    pub fn version(&self) -> u8 {
        match &self.phase {
            Phase::Open(open) if open.stage == Stage::Up => match open.session.version() {
                Version::V3_1_1 => 3,
                Version::V5_0 | Version::Undetermined => 5,
            },
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_)
            | Phase::Closing { .. } => 0,
        }
    }
}
