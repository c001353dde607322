//! One connection to a broker, for ever: look the name up, connect, secure, log in, subscribe, keep it alive,
//! and begin again when it is lost.
//!
//! A link is a value with a socket: whoever drives it hands in the time, readiness and looked-up names, and
//! takes events out. Between calls it needs nobody. The pattern, under the driver's own lock:
//!
//! ```text
//! link.on_ready(now, readiness);           // or handle_timeout, resolved, connect, publish, ...
//! loop {
//!     while let Some(event) = link.poll_event() { ... }   // the station hears it
//!     // the station's outputs: link.publish, watch, lively, disconnect ...; end when neither has more
//! }
//! link.flush(now);                         // all of it in one write, on this thread
//! seat.set_deadline(min(link.poll_timeout(), ...));
//! ```
//!
//! A write that fails on a caller's thread is reported later, by [`Link::handle_timeout`]; so nothing happens
//! inside of [`Link::flush`]. What is written and not flushed makes [`Link::poll_timeout`] answer 0.
//!
//! Tokens, client ids and payloads are never logged.

mod backoff;
mod framing;
mod open;
mod packets;
mod port;
mod session;
mod settings;
mod stream;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one of many")]
pub(crate) mod tests;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mqtt_protocol_core::mqtt::Version;

pub use port::{Port, Readiness, Socket, connect};
pub use settings::{Endpoint, LinkEvent, Roots, Settings, Timers};
pub use tls::Tls;

use crate::names::Incoming;
use crate::station::Text;
use backoff::Backoff;
use open::{End, Open, Stage};
use session::{Heard, Session};
use stream::Stream;

/// The `code` of [`LinkEvent::Refused`].
pub mod code {
    /// The token is not taken.
    pub const BAD_TOKEN: i32 = 302;
    /// The broker's rules forbid it, or ours do: plaintext to another machine.
    pub const NOT_PERMITTED: i32 = 403;
    /// Something about the settings: the broker will never take them.
    pub const INVALID: i32 = 414;
    /// The client id is in use elsewhere.
    pub const TAKEN: i32 = 417;
}

/// Presences watched at once, at most.
const WATCHES: usize = 16;

/// What a broker is believed to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaks {
    Five,
    /// It said so.
    Three,
    /// It ended a connection after our CONNECT of MQTT 5. Only the next connection tries 3.1.1: a broker that
    /// was about to stop looks the same.
    PerhapsThree,
}

enum Phase {
    /// Nobody wants a connection, or it was refused.
    Idle,
    /// Refused for want of a token.
    AwaitToken,
    /// A pause.
    Waiting { until: u64 },
    /// A name is being looked up.
    Resolving { ticket: u64, until: u64 },
    /// A connection.
    Open(Box<Open>),
    /// DISCONNECT is said; the broker's end is awaited, so that nothing sent before is lost.
    Closing { open: Box<Open>, shut: bool, until: u64 },
}

/// One connection to a broker, for ever.
pub struct Link {
    settings: Settings,
    port: Arc<dyn Port>,
    token: String,
    phase: Phase,
    events: VecDeque<LinkEvent>,
    backoff: Backoff,
    /// Index of the endpoint in use.
    endpoint: usize,
    speaks: Vec<Speaks>,
    addresses: Vec<SocketAddr>,
    address: usize,
    /// Endpoints that failed since the last pause.
    failed: usize,
    /// Endpoints in a row whose certificates lead to no root.
    untrusted: usize,
    been_up: bool,
    asked: bool,
    ticket: u64,
    lively: bool,
    watches: Vec<(Text, Text)>,
    /// Connect was the last word.
    is_wanted: bool,
    /// The next connection begins with a new session.
    forgets: bool,
}

impl Link {
    /// A link that does nothing yet. `seed` makes its pauses random.
    pub fn new(settings: Settings, seed: u64, port: Arc<dyn Port>) -> Link {
        Link {
            speaks: vec![Speaks::Five; settings.endpoints.len()],
            settings,
            port,
            token: String::new(),
            phase: Phase::Idle,
            events: VecDeque::new(),
            backoff: Backoff::new(seed),
            endpoint: 0,
            addresses: Vec::new(),
            address: 0,
            failed: 0,
            untrusted: 0,
            been_up: false,
            asked: false,
            ticket: 0,
            lively: false,
            watches: Vec::new(),
            is_wanted: false,
            forgets: false,
        }
    }

    /// Connects and stays connected. A link that already tries, or is connected, only keeps the token for the
    /// next time.
    pub fn connect(&mut self, now: u64, token: &str) {
        token.clone_into(&mut self.token);
        self.is_wanted = true;
        match self.phase {
            Phase::Idle | Phase::AwaitToken | Phase::Closing { .. } => self.start(now),
            Phase::Waiting { .. } | Phase::Resolving { .. } | Phase::Open(_) => {}
        }
    }

    /// Publishes with QoS 1: one [`LinkEvent::Published`] or one [`LinkEvent::Down`] follows. While the link
    /// is not up it does nothing at all. `expires_ms` 0: the broker keeps it as long as the session.
    pub fn publish(&mut self, now: u64, token: u64, topic: String, payload: String, expires_ms: u32) {
        let Phase::Open(open) = &mut self.phase else { return };
        if open.stage < Stage::Up {
            return;
        }
        if let Some(fate) = open.session.publish(now, token, topic, payload, expires_ms) {
            self.events.push_back(LinkEvent::Published { token, fate });
        }
    }

    /// Watches the will of a device, or no longer; stays over reconnects. Whether that is permitted nobody
    /// hears.
    pub fn watch(&mut self, account: &Text, device: &Text, on: bool) {
        let Some(topic) = self.settings.names.presence(account, device) else { return };
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
                true => open.session.subscribe_more(&[topic]).map(drop),
                false => open.session.unsubscribe(&topic),
            };
            if let Err(error) = sent {
                log::debug!("a presence cannot be watched: {error}");
            }
        }
    }

    /// It rings or a call runs: pings now and often, and a dead connection is noticed within seconds.
    pub fn lively(&mut self, now: u64, on: bool) {
        if mem::replace(&mut self.lively, on) != on
            && let Phase::Open(open) = &mut self.phase
        {
            open.set_lively(now, on, &self.settings.timers);
        }
    }

    /// Says goodbye and does not come back. `forget`: MQTT 5 brokers drop the session at once; a broker of
    /// 3.1.1 keeps it until its own limit.
    pub fn disconnect(&mut self, now: u64, forget: bool) {
        self.watches.clear();
        self.lively = false;
        self.is_wanted = false;
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
            phase @ (Phase::Idle | Phase::AwaitToken | Phase::Closing { .. }) => self.phase = phase,
            Phase::Open(open) => {
                if open.stage == Stage::Up {
                    self.events.push_back(LinkEvent::Down);
                }
                self.start(now);
            }
            Phase::Waiting { .. } | Phase::Resolving { .. } => self.start(now),
        }
    }

    /// This connection does not work, whatever it looks like: another one, after the first pause.
    pub fn reconnect(&mut self, now: u64) {
        if matches!(self.phase, Phase::Open(_)) {
            self.end(now, End::Lost("it does not work".into()));
        }
    }

    /// After a panic: whatever it was in the middle of is dropped, without an event, and if it was to be
    /// connected it connects anew after the first pause. `forgets`: the broker drops the session first.
    pub fn restart(&mut self, now: u64, seed: u64, forgets: bool) {
        let fresh = Link::new(self.settings.clone(), seed, self.port.clone());
        let before = mem::replace(self, fresh);
        self.token = before.token;
        self.speaks = before.speaks;
        self.endpoint = before.endpoint;
        self.been_up = before.been_up;
        self.lively = before.lively;
        self.watches = before.watches;
        self.ticket = before.ticket;
        self.is_wanted = before.is_wanted;
        self.forgets = forgets;
        if self.is_wanted {
            self.phase = Phase::Waiting { until: now + self.settings.timers.backoff };
        }
    }

    /// The socket is ready.
    pub fn on_ready(&mut self, now: u64, readiness: Readiness) {
        self.turn(now, |open, settings, heard| open.on_ready(now, readiness, settings, heard));
        if let Phase::Closing { .. } = self.phase
            && let Phase::Closing { open, shut, until } = mem::replace(&mut self.phase, Phase::Idle)
        {
            self.closing(now, open, shut, until, readiness.readable);
        }
    }

    /// What was looked up.
    pub fn resolved(&mut self, now: u64, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        if !matches!(self.phase, Phase::Resolving { ticket: awaited, .. } if awaited == ticket) {
            return;
        }
        let mut found = found.unwrap_or_else(|error| {
            log::debug!("{}: {error}", self.place());
            Vec::new()
        });
        if !self.may_leave_machine() {
            found.retain(|address| address.ip().is_loopback());
        }
        self.addresses = found;
        self.address = 0;
        match self.addresses.is_empty() {
            true => self.next_endpoint(now),
            false => self.open(now),
        }
    }

    /// What happened, in order. To be asked until there is nothing more.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        self.events.pop_front()
    }

    /// When [`Link::handle_timeout`] is to be called; 0 = at once, but not from within the same lock.
    pub fn poll_timeout(&self) -> Option<u64> {
        let at = match &self.phase {
            Phase::Idle | Phase::AwaitToken => return None,
            Phase::Waiting { until } | Phase::Resolving { until, .. } | Phase::Closing { until, .. } => {
                *until
            }
            Phase::Open(open) => open.deadline(),
        };
        (at != u64::MAX).then_some(at)
    }

    /// A deadline has come.
    pub fn handle_timeout(&mut self, now: u64) {
        match self.phase {
            Phase::Idle | Phase::AwaitToken => {}
            Phase::Waiting { until } if until <= now => self.try_endpoint(now),
            Phase::Resolving { until, .. } if until <= now => self.next_endpoint(now),
            Phase::Closing { until, .. } if until <= now => self.phase = Phase::Idle,
            Phase::Waiting { .. } | Phase::Resolving { .. } | Phase::Closing { .. } => {}
            Phase::Open(_) => self.turn(now, |open, settings, heard| open.on_time(now, settings, heard)),
        }
    }

    /// Writes what waits, as far as the socket takes it; the rest follows when it takes more.
    pub fn flush(&mut self, now: u64) {
        if let Phase::Open(open) = &mut self.phase {
            open.flush(now);
        }
    }

    /// The version of MQTT that is spoken, 3 or 5; 0 = not up.
    pub fn version(&self) -> u8 {
        match &self.phase {
            Phase::Open(open) if open.stage == Stage::Up => match open.session.version() {
                Version::V3_1_1 => 3,
                Version::V5_0 | Version::Undetermined => 5,
            },
            Phase::Idle
            | Phase::AwaitToken
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Open(_)
            | Phase::Closing { .. } => 0,
        }
    }
}

/// The way to a connection.
impl Link {
    fn start(&mut self, now: u64) {
        self.failed = 0;
        self.untrusted = 0;
        self.backoff.reset();
        if let Some(end) = self.refuse_settings() {
            return self.end(now, end);
        }
        self.try_endpoint(now);
    }

    /// What no broker need be asked for.
    fn refuse_settings(&self) -> Option<End> {
        let Settings { endpoints, allow_plaintext, roots, .. } = &self.settings;
        if endpoints.is_empty() {
            return Some(End::stop(code::INVALID, 0, "there is no endpoint"));
        }
        if !allow_plaintext
            && let Some(open) = endpoints.iter().find(|it| !it.tls && !is_this_machine(&it.host))
        {
            let message = format!(
                "{}:{} is another machine and has no TLS: the token would be readable on the way",
                open.host, open.port
            );
            return Some(End::stop(code::NOT_PERMITTED, 0, &message));
        }
        let tls = endpoints.iter().any(|endpoint| endpoint.tls).then(|| self.port.tls(roots));
        tls.and_then(Result::err).map(|message| End::stop(code::INVALID, 0, &message))
    }

    fn may_leave_machine(&self) -> bool {
        self.settings.allow_plaintext || self.settings.endpoints[self.endpoint].tls
    }

    /// For the log.
    fn place(&self) -> String {
        let Endpoint { host, port, .. } = &self.settings.endpoints[self.endpoint];
        format!("{host}:{port}")
    }

    fn try_endpoint(&mut self, now: u64) {
        let Endpoint { host, port, .. } = &self.settings.endpoints[self.endpoint];
        self.address = 0;
        if let Ok(ip) = host.parse::<IpAddr>() {
            self.addresses = vec![SocketAddr::new(ip, *port)];
            return self.open(now);
        }
        self.ticket += 1;
        self.phase = Phase::Resolving { ticket: self.ticket, until: now + self.settings.timers.resolve };
        self.port.resolve(self.ticket, host, *port);
    }

    /// Connects to the current address.
    fn open(&mut self, now: u64) {
        let Endpoint { host, tls, .. } = &self.settings.endpoints[self.endpoint];
        let timers = &self.settings.timers;
        let last = self.address + 1 == self.addresses.len();
        let until = now + if last { timers.connect } else { timers.next_address };
        let version = match self.speaks[self.endpoint] {
            Speaks::Five => Version::V5_0,
            Speaks::Three | Speaks::PerhapsThree => Version::V3_1_1,
        };
        let tls = match tls.then(|| self.port.tls(&self.settings.roots)).transpose() {
            Ok(tls) => tls,
            Err(message) => return self.end(now, End::stop(code::INVALID, 0, &message)),
        };
        let session = match Session::open(version, &self.settings, &self.token, self.forgets) {
            Ok(session) => session,
            Err(_) => {
                let message = "client id, user name or token do not fit into a CONNECT";
                return self.end(now, End::stop(code::INVALID, 0, message));
            }
        };
        match Stream::connect(&*self.port, self.addresses[self.address], host, tls.as_ref()) {
            Ok(stream) => {
                self.phase = Phase::Open(Box::new(Open::new(stream, session, until, &self.settings)));
            }
            Err(error) => {
                log::debug!("{}: {error}", self.place());
                self.next_address(now);
            }
        }
    }

    fn next_address(&mut self, now: u64) {
        self.phase = Phase::Idle;
        self.address += 1;
        match self.address < self.addresses.len() {
            true => self.open(now),
            false => self.next_endpoint(now),
        }
    }

    fn next_endpoint(&mut self, now: u64) {
        self.failed += 1;
        let count = self.settings.endpoints.len();
        self.endpoint = (self.endpoint + 1) % count;
        if self.failed < count {
            return self.try_endpoint(now);
        }
        self.failed = 0;
        let pause = self.backoff.pause(&self.settings.timers);
        self.phase = Phase::Waiting { until: now + pause };
    }
}

/// A connection's life.
impl Link {
    /// Lets the connection work, and hears what it has to say.
    fn turn(
        &mut self,
        now: u64,
        work: impl FnOnce(&mut Open, &Settings, &mut Vec<Heard>) -> Result<(), End>,
    ) {
        let Phase::Open(open) = &mut self.phase else { return };
        let mut heard = Vec::new();
        let mut outcome = work(open, &self.settings, &mut heard);
        // What was said before the end counts; the end that it explains is the better explanation.
        for said in heard {
            if let Err(end) = self.hear(now, said) {
                outcome = Err(end);
                break;
            }
        }
        match outcome {
            Ok(()) => {}
            Err(end) => self.end(now, end),
        }
    }

    fn hear(&mut self, now: u64, said: Heard) -> Result<(), End> {
        let Phase::Open(open) = &mut self.phase else { return Ok(()) };
        match said {
            Heard::Welcome { resumed, keep_alive_s } => {
                open.stage = Stage::Subscribing;
                open.until = now + self.settings.timers.connack;
                open.resumed = resumed;
                open.welcome(now, keep_alive_s, self.lively, &self.settings.timers);
                open.session.subscribe(&self.settings.names.filters())?;
                let names = &self.settings.names;
                let watched = self.watches.iter().filter_map(|(whose, which)| names.presence(whose, which));
                let watched: Vec<String> = watched.collect();
                if !watched.is_empty() {
                    open.session.subscribe_more(&watched)?;
                }
                self.asked = false;
            }
            Heard::Refused(reason) => return Err(open::refusal(reason)),
            Heard::OldBroker => return Err(End::OldBroker),
            Heard::Subscribed { granted: true } => {
                open.stage = Stage::Up;
                open.since = now;
                let resumed = open.resumed;
                let early = mem::take(&mut open.early);
                self.failed = 0;
                self.untrusted = 0;
                self.been_up = true;
                self.forgets = false;
                self.events.push_back(LinkEvent::Up { resumed });
                self.events.extend(early);
                log::info!("{}: up, MQTT {}", self.place(), self.version());
            }
            Heard::Subscribed { granted: false } => {
                let message = "the broker does not let this account subscribe to its own topics";
                return Err(End::stop(code::NOT_PERMITTED, 0, message));
            }
            Heard::Published { token, fate } => {
                open.pong();
                if !mem::replace(&mut open.proven, true) {
                    self.backoff.reset();
                }
                self.events.push_back(LinkEvent::Published { token, fate });
            }
            Heard::Message { topic, payload } => {
                #[cfg(test)]
                crate::line::spring("link", &payload);
                self.message(&topic, payload);
            }
            Heard::Pong => open.pong(),
            Heard::Bye(reason) => return Err(open::farewell(reason, self.settings.has_token_hook)),
            Heard::NotMqtt(first) => {
                return Err(End::Lost(format!("this is no broker: it begins with {first:#04x}")));
            }
            Heard::Broken(how) => return Err(End::Lost(format!("the broker broke the protocol: {how}"))),
        }
        Ok(())
    }

    fn message(&mut self, topic: &str, payload: Vec<u8>) {
        let event = match self.settings.names.read(topic) {
            Some(Incoming::Message { lane, from, device }) => {
                LinkEvent::Message { lane, from, device, payload }
            }
            Some(Incoming::Presence { account, device }) => {
                if !self.watches.iter().any(|(whose, which)| *whose == account && *which == device) {
                    return;
                }
                LinkEvent::Gone { account, device }
            }
            None => return log::debug!("a message to a topic that is none of ours"),
        };
        match &mut self.phase {
            Phase::Open(open) if open.stage < Stage::Up => open.early.push(event),
            Phase::Idle
            | Phase::AwaitToken
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Open(_)
            | Phase::Closing { .. } => self.events.push_back(event),
        }
    }

    /// The connection, if there is one, is over.
    fn end(&mut self, now: u64, end: End) {
        let up_since = match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Open(open) if open.stage == Stage::Up => Some((open.since, open.proven)),
            Phase::Idle
            | Phase::AwaitToken
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Open(_)
            | Phase::Closing { .. } => None,
        };
        match end {
            End::Stop { code, raw_code, message } => self.refuse(code, raw_code, message),
            End::Token(reason) if self.settings.has_token_hook && !mem::replace(&mut self.asked, true) => {
                log::info!("{}: the token is not taken ({reason:#04x}), asking for another", self.place());
                if up_since.is_some() {
                    self.events.push_back(LinkEvent::Down);
                }
                self.phase = Phase::AwaitToken;
                self.events.push_back(LinkEvent::NeedToken);
            }
            End::Token(reason) => {
                self.asked = false;
                self.refuse(code::BAD_TOKEN, i32::from(reason), "the broker does not take the token".into());
            }
            End::OldBroker if self.speaks[self.endpoint] == Speaks::Five => {
                log::info!("{}: speaks MQTT 3.1.1 only", self.place());
                self.speaks[self.endpoint] = Speaks::Three;
                self.open(now);
            }
            End::OldBroker => {
                self.speaks[self.endpoint] = Speaks::Five;
                self.next_address(now);
            }
            End::Untrusted(why) => self.distrust(now, &why),
            End::Silent(why) => {
                log::debug!("{}: {why} after CONNECT, perhaps for its version", self.place());
                self.speaks[self.endpoint] = Speaks::PerhapsThree;
                self.next_address(now);
            }
            End::Lost(why) => {
                log::debug!("{}: {why}", self.place());
                if self.speaks[self.endpoint] == Speaks::PerhapsThree {
                    self.speaks[self.endpoint] = Speaks::Five;
                }
                self.untrusted = 0;
                match up_since {
                    Some((since, proven)) => self.lost(now, since, proven),
                    None => self.next_address(now),
                }
            }
        }
    }

    fn refuse(&mut self, code: i32, raw_code: i32, message: String) {
        self.is_wanted = false;
        log::warn!("the connection is given up: {message}");
        self.events.push_back(LinkEvent::Refused { code, raw_code, message: message.into() });
    }

    /// A certificate that leads to no root is no reason to give up once it worked: a hotel's portal does
    /// that, too. Before, it is a wrong setting.
    fn distrust(&mut self, now: u64, why: &str) {
        log::warn!("{}: the certificate is not trusted: {why}", self.place());
        self.untrusted += 1;
        if !self.been_up && self.untrusted >= self.settings.endpoints.len() {
            let message = format!("the broker's certificate is not trusted: {why}");
            return self.refuse(code::NOT_PERMITTED, 0, message);
        }
        self.next_address(now);
    }

    /// A connection that was up is lost: back to the same broker after a pause. Two that take a session from
    /// each other get far enough to say something; a cluster without a leader does not let them.
    fn lost(&mut self, now: u64, since: u64, proven: bool) {
        self.events.push_back(LinkEvent::Down);
        let timers = &self.settings.timers;
        let hold = if proven { self.backoff.lost(now, since, timers) } else { None };
        if hold.is_some() {
            log::warn!("{}: lost thrice right after connecting, staying away for a while", self.place());
        }
        let pause = hold.unwrap_or_else(|| self.backoff.pause(timers));
        self.phase = Phase::Waiting { until: now + pause };
    }

    /// The end of a connection that we end.
    fn closing(&mut self, now: u64, mut open: Box<Open>, mut shut: bool, until: u64, readable: bool) {
        open.flush(now);
        if !shut && open.session.out.is_empty() && open.stream.is_flushed() {
            open.stream.shut();
            shut = true;
        }
        if readable && open.drain() {
            return;
        }
        self.phase = Phase::Closing { open, shut, until };
    }
}

/// Whether a name means this machine without being looked up.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
