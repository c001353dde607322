//! The way to a connection: endpoints in turn, each looked up and dialed, with pauses between the rounds.

use std::fmt::Write;
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};

use mqtt_protocol_core::mqtt::Version;
use nertc_callkit_backend::escape;

use super::cause::Cause;
use super::dial::{Dial, DialContext, Dialed};
use super::mqtt_session::MqttSession;
use super::open::{End, Open};
use super::stage::Stage;
use super::stream::Stream;
use super::{BrokerVersion, Connection, ConnectionEvent, Endpoint, Phase, Settings, code};

/// Bytes of a message about all endpoints, at most.
const MESSAGE_BYTES: usize = 700;

impl Connection {
    pub(super) fn start(&mut self, now: u64) {
        self.failed = 0;
        self.standby = None;
        self.causes.fill(None);
        self.backoff.reset();
        self.phase = Phase::Idle;
        if let Some(end) = self.refuse_settings() {
            return self.end(now, end);
        }
        if self.token.is_empty() && self.settings.client_cert.is_none() {
            return self.ask_for_token(now, 0);
        }
        self.try_endpoint(now);
    }

    pub(super) fn ask_for_token(&mut self, now: u64, reason: u8) {
        self.asked = true;
        self.phase = Phase::AwaitToken { until: now + self.settings.timers.token, reason };
        self.events.push_back(ConnectionEvent::NeedToken { refused: reason != 0 });
    }

    /// Errors that need no broker to be detected.
    fn refuse_settings(&self) -> Option<End> {
        let Settings { endpoints, allow_plaintext, .. } = &self.settings;
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
        let tls = endpoints.iter().any(|endpoint| endpoint.tls).then(|| self.port.tls(&self.settings));
        tls.and_then(Result::err).map(|message| End::stop(code::INVALID, 0, &message))
    }

    fn may_leave_machine(&self) -> bool {
        self.settings.allow_plaintext || self.settings.endpoints[self.endpoint].tls
    }

    /// For the log.
    pub(super) fn place(&self) -> String {
        self.settings.endpoints.get(self.endpoint).map_or_else(|| "mqtt".into(), place)
    }

    pub(super) fn try_endpoint(&mut self, now: u64) {
        let Endpoint { host, port, .. } = &self.settings.endpoints[self.endpoint];
        if let Ok(ip) = host.parse::<IpAddr>() {
            self.addresses = vec![SocketAddr::new(ip, *port)];
            return self.dial_all(now);
        }
        self.ticket += 1;
        self.phase = Phase::Resolving { ticket: self.ticket, until: now + self.settings.timers.resolve };
        self.port.resolve(self.ticket, host, *port);
    }

    /// What was looked up.
    pub fn resolved(&mut self, now: u64, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        if !matches!(self.phase, Phase::Resolving { ticket: awaited, .. } if awaited == ticket) {
            return;
        }
        let mut found = match found {
            Ok(found) => found,
            Err(error) => return self.next_endpoint(now, Cause::name(&error)),
        };
        if !self.may_leave_machine() {
            found.retain(|address| address.ip().is_loopback());
        }
        if found.is_empty() {
            return self.next_endpoint(now, Cause::elsewhere());
        }
        self.addresses = found;
        self.dial_all(now);
    }

    fn dial_all(&mut self, now: u64) {
        self.phase = Phase::Dialing(Box::new(Dial::new(now, &self.addresses, &self.settings.timers)));
        self.dial(now);
    }

    /// Continues with the connections being made.
    pub(super) fn dial(&mut self, now: u64) {
        let Phase::Dialing(mut dial) = mem::replace(&mut self.phase, Phase::Idle) else { return };
        match self.advance(now, &mut dial) {
            Ok(Dialed::Pending) => self.phase = Phase::Dialing(dial),
            Ok(Dialed::Done { stream, others }) => {
                self.others = others.into();
                self.open(now, stream);
            }
            Ok(Dialed::Failed(cause)) => self.next_endpoint(now, cause),
            Err(message) => self.end(now, End::stop(code::INVALID, 0, &message)),
        }
    }

    fn advance(&self, now: u64, dial: &mut Dial) -> Result<Dialed, String> {
        let Endpoint { host, tls, .. } = &self.settings.endpoints[self.endpoint];
        let tls = tls.then(|| self.port.tls(&self.settings)).transpose()?;
        let timers = &self.settings.timers;
        Ok(dial.advance(now, &DialContext { port: &*self.port, host, tls: tls.as_ref(), timers }))
    }

    /// If the connection is silent, a second one is made in parallel; if it still is when that is up, that
    /// one takes over.
    pub(super) fn dial_standby(&mut self, now: u64) {
        let Phase::Open(open) = &mut self.phase else {
            self.standby = None;
            return;
        };
        open.note_progress(now, &self.settings.timers);
        if !open.is_silent(now, &self.settings.timers) {
            self.standby = None;
            return;
        }
        let fresh = || Box::new(Dial::new(now, &self.addresses, &self.settings.timers));
        let mut dial = self.standby.take().unwrap_or_else(fresh);
        match self.advance(now, &mut dial) {
            Ok(Dialed::Pending) => self.standby = Some(dial),
            Ok(Dialed::Done { stream, others }) => {
                log::warn!(
                    "{}: nothing was received for a while: another connection takes over",
                    self.place()
                );
                self.others = others.into();
                self.events.push_back(ConnectionEvent::Down);
                self.open(now, stream);
            }
            Ok(Dialed::Failed(_)) | Err(_) => {
                if let Phase::Open(open) = &mut self.phase {
                    open.reset_silence(now);
                }
            }
        }
    }

    /// Starts MQTT over an established connection.
    fn open(&mut self, now: u64, stream: Stream) {
        let version = match self.versions[self.endpoint] {
            BrokerVersion::V5 => Version::V5_0,
            BrokerVersion::V3 | BrokerVersion::MaybeV3 => Version::V3_1_1,
        };
        match MqttSession::open(version, &self.settings, &self.token, self.forgets) {
            Ok(session) => {
                self.phase = Phase::Open(Box::new(Open::new(now, stream, session, &self.settings)));
            }
            Err(_) => {
                let message = "client id, user name or token do not fit into a CONNECT";
                self.end(now, End::stop(code::INVALID, 0, message));
            }
        }
    }

    /// A connection to this endpoint did not get far: its other addresses, or the next endpoint.
    pub(super) fn next_address(&mut self, now: u64, cause: Cause) {
        self.takeovers.turned_away();
        if self.others.is_empty() || cause.is_final {
            return self.next_endpoint(now, cause);
        }
        log::debug!("{}: {cause}", self.place());
        self.causes[self.endpoint] = Some(cause);
        let others = mem::take(&mut self.others);
        self.phase = Phase::Dialing(Box::new(Dial::new(now, &others, &self.settings.timers)));
        self.dial(now);
    }

    /// The same endpoint again, at once.
    pub(super) fn again(&mut self, now: u64) {
        self.dial_all(now);
    }

    pub(super) fn next_endpoint(&mut self, now: u64, cause: Cause) {
        self.takeovers.turned_away();
        log::debug!("{}: {cause}", self.place());
        self.causes[self.endpoint] = Some(cause);
        self.phase = Phase::Idle;
        // What worked once may work again: a hotel's portal has another certificate, too.
        let is_hopeless = self.causes.iter().all(|it| it.as_ref().is_some_and(|it| it.is_final));
        if is_hopeless && !self.been_up {
            let (raw_code, message) = self.why();
            return self.refuse(code::NOT_PERMITTED, raw_code, message);
        }
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

    /// Why there is no connection, as far as that is known: a number, and a sentence for a developer.
    pub fn why(&self) -> (i32, String) {
        let current = match &self.phase {
            Phase::Dialing(dial) => Some(dial.why()),
            Phase::Resolving { .. } => Some(Cause::late_name(None)),
            Phase::Open(open) if open.stage < Stage::Up => Some(Cause::late(open.stage, None)),
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Open(_)
            | Phase::Closing { .. } => None,
        };
        let mut text = String::new();
        let mut raw_code = 0;
        for (at, endpoint) in self.settings.endpoints.iter().enumerate() {
            let now = current.as_ref().filter(|_| at == self.endpoint);
            let Some(cause) = self.causes[at].as_ref().or(now) else { continue };
            let comma = if text.is_empty() { "" } else { "; " };
            // A String takes everything.
            let _ = write!(text, "{comma}{}: {cause}", place(endpoint));
            if raw_code == 0 {
                raw_code = cause.raw_code;
            }
        }
        (raw_code, escape(&text, MESSAGE_BYTES))
    }
}

fn place(endpoint: &Endpoint) -> String {
    let Endpoint { host, port, tls } = endpoint;
    let scheme = if *tls { "mqtts" } else { "mqtt" };
    match host.contains(':') {
        true => format!("{scheme}://[{host}]:{port}"),
        false => format!("{scheme}://{host}:{port}"),
    }
}

/// Whether a name means this machine without being looked up.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
