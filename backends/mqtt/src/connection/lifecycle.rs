//! The lifecycle of a connection, from CONNECT to its end.

use std::mem;

use super::cause::Cause;
use super::mqtt_session::BrokerEvent;
use super::open::{self, End, Open};
use super::stage::Stage;
use super::{BrokerVersion, Connection, ConnectionEvent, Phase, Settings, code};
use crate::topics::Incoming;

impl Connection {
    /// Drives the connection and processes its events.
    pub(super) fn drive(
        &mut self,
        now: u64,
        work: impl FnOnce(&mut Open, &Settings, &mut Vec<BrokerEvent>) -> Result<(), End>,
    ) {
        let Phase::Open(open) = &mut self.phase else { return };
        let mut received = Vec::new();
        let mut outcome = work(open, &self.settings, &mut received);
        // Messages before the end count; an end with a reason is the better explanation.
        for event in received {
            if let Err(end) = self.on_broker_event(now, event) {
                outcome = Err(end);
                break;
            }
        }
        match outcome {
            Ok(()) => {}
            Err(end) => self.end(now, end),
        }
    }

    fn on_broker_event(&mut self, now: u64, event: BrokerEvent) -> Result<(), End> {
        let Phase::Open(open) = &mut self.phase else { return Ok(()) };
        match event {
            BrokerEvent::Welcome { resumed, keep_alive_s } => {
                open.stage = Stage::Subscribing;
                open.until = now + self.settings.timers.connack;
                open.resumed = resumed;
                open.welcome(now, keep_alive_s, self.call_active, &self.settings.timers);
                open.session.subscribe(&self.settings.topics.filters())?;
                let topics = &self.settings.topics;
                let watched = self.watches.iter().filter_map(|(whose, which)| topics.presence(whose, which));
                let watched: Vec<String> = watched.collect();
                if !watched.is_empty() {
                    open.session.subscribe_more(&watched)?;
                }
                self.asked = false;
            }
            BrokerEvent::Refused(reason) => return Err(open::refusal(reason)),
            BrokerEvent::OldBroker => return Err(End::OldBroker),
            BrokerEvent::Subscribed { granted: true } => {
                open.stage = Stage::Up;
                open.since = now;
                let resumed = open.resumed;
                let mailbox = open.mailbox.take();
                self.failed = 0;
                self.causes.fill(None);
                self.been_up = true;
                self.forgets = false;
                self.takeovers.back(now, resumed);
                self.events.push_back(ConnectionEvent::Up { resumed });
                self.events.extend(mailbox);
                log::info!("{}: up, MQTT {}", self.place(), self.version());
            }
            BrokerEvent::Subscribed { granted: false } => {
                let message = "the broker does not let this account subscribe to its own topics";
                return Err(End::stop(code::NOT_PERMITTED, 0, message));
            }
            BrokerEvent::Published { token, result, after_ms } => {
                open.answered(now, after_ms);
                if !mem::replace(&mut open.proven, true) {
                    self.backoff.reset();
                }
                self.events.push_back(ConnectionEvent::Published { token, result });
            }
            BrokerEvent::Message { topic, payload, expires_s } => {
                #[cfg(test)]
                crate::planted::panic("connection", &payload);
                self.message(&topic, payload, expires_s.map(|it| now + u64::from(it) * 1000));
            }
            BrokerEvent::Pong => open.pong(now),
            BrokerEvent::Bye(reason) => return Err(open::farewell(reason)),
            BrokerEvent::NotMqtt(first) => {
                let tls = self.settings.endpoints[self.endpoint].tls;
                return Err(End::Lost(Cause::not_mqtt(first, tls)));
            }
            BrokerEvent::Broken(how) => {
                let what = format!("the broker broke the protocol ({how})");
                return Err(End::Lost(Cause::new(what, "see the broker's log", 0)));
            }
        }
        Ok(())
    }

    fn message(&mut self, topic: &str, payload: Vec<u8>, expires_at: Option<u64>) {
        let event = match self.settings.topics.read(topic) {
            Some(Incoming::Message { kind, from, device }) => {
                ConnectionEvent::Message { kind, from, device, payload, expires_at }
            }
            Some(Incoming::Presence { account, device }) => {
                if !self.watches.iter().any(|(whose, which)| *whose == account && *which == device) {
                    return;
                }
                ConnectionEvent::Gone { account, device }
            }
            None => return log::debug!("a message to a foreign topic"),
        };
        match &mut self.phase {
            Phase::Open(open) if open.stage < Stage::Up => open.mailbox.push(event),
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_)
            | Phase::Closing { .. } => self.events.push_back(event),
        }
    }

    /// Ends the connection, if there is one.
    pub(super) fn end(&mut self, now: u64, end: End) {
        let up_since = match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Open(open) if open.stage == Stage::Up => Some((open.since, open.proven)),
            Phase::Idle
            | Phase::AwaitToken { .. }
            | Phase::Waiting { .. }
            | Phase::Resolving { .. }
            | Phase::Dialing(_)
            | Phase::Open(_)
            | Phase::Closing { .. } => None,
        };
        match end {
            End::Stop { code, raw_code, message } => {
                let message = format!("{}: {message}", self.place());
                self.refuse(code, raw_code, message);
            }
            End::Token(reason) if !self.asked => {
                log::info!(
                    "{}: the broker refused the token ({reason:#04x}), asking for another",
                    self.place()
                );
                if up_since.is_some() {
                    self.events.push_back(ConnectionEvent::Down);
                }
                self.ask_for_token(now, reason);
            }
            End::Token(reason) => {
                let message = format!("{}: the broker does not take the token", self.place());
                self.refuse(code::BAD_TOKEN, i32::from(reason), message);
            }
            End::Taken => {
                let is_too_often = self.takeovers.reported(now, self.settings.timers.fight_window);
                self.taken(now, is_too_often);
            }
            End::OldBroker if self.versions[self.endpoint] == BrokerVersion::V5 => {
                log::info!("{}: supports MQTT 3.1.1 only", self.place());
                self.versions[self.endpoint] = BrokerVersion::V3;
                self.again(now);
            }
            End::OldBroker => {
                self.versions[self.endpoint] = BrokerVersion::V5;
                let what = "the broker speaks neither MQTT 5 nor 3.1.1";
                self.next_address(now, Cause::new(what, "use another broker", 0).finally());
            }
            End::Silent(cause) => {
                // Perhaps for its version.
                self.versions[self.endpoint] = BrokerVersion::MaybeV3;
                self.next_address(now, cause);
            }
            End::Lost(cause) => {
                if self.versions[self.endpoint] == BrokerVersion::MaybeV3 {
                    self.versions[self.endpoint] = BrokerVersion::V5;
                }
                match up_since {
                    Some((since, proven)) => self.lost(now, since, proven, cause),
                    None => self.next_address(now, cause),
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, code: i32, raw_code: i32, message: String) {
        (self.is_wanted, self.asked) = (false, false);
        self.standby = None;
        self.events.push_back(ConnectionEvent::Refused { code, raw_code, message: message.into() });
    }

    /// An established connection is lost: reconnect to the same broker, over a parallel attempt, or after a
    /// delay. Two clients that take a session from each other get far enough to send something; a cluster
    /// without a leader does not let them.
    fn lost(&mut self, now: u64, since: u64, proven: bool, cause: Cause) {
        let is_young = now.saturating_sub(since) < self.settings.timers.fight_age;
        let is_end = is_young && proven && cause.is_end;
        if is_end && self.takeovers.suspect(now, self.settings.timers.fight_window) {
            return self.taken(now, true);
        }
        log::warn!("{}: the connection is lost: {cause}", self.place());
        self.events.push_back(ConnectionEvent::Down);
        self.causes.fill(None);
        self.causes[self.endpoint] = Some(cause);
        if let Some(standby) = self.standby.take() {
            self.phase = Phase::Dialing(standby);
            return self.dial(now);
        }
        // A broker that stops turns us away now; back within a pause, it would look like a takeover.
        let pause = if is_end { 0 } else { self.backoff.pause(&self.settings.timers) };
        self.phase = Phase::Waiting { until: now + pause };
    }

    /// Another connection with our client id has the session. That may have been this device before a
    /// restart; after repeated takeovers this one leaves it to the other.
    fn taken(&mut self, now: u64, is_too_often: bool) {
        self.standby = None;
        if is_too_often {
            let message = format!(
                "{}: another process connects with this device's client id and took its session three times: \
                 its data folder was copied, or it runs twice; give each its own folder and device id",
                self.place()
            );
            return self.refuse(code::TAKEN, 0x8E, message);
        }
        log::warn!("{}: another connection with this client id took the session", self.place());
        self.events.push_back(ConnectionEvent::Down);
        let pause = self.backoff.pause(&self.settings.timers);
        self.phase = Phase::Waiting { until: now + pause };
    }

    /// The end of a connection that we end.
    pub(super) fn closing(
        &mut self,
        now: u64,
        mut open: Box<Open>,
        mut shut: bool,
        until: u64,
        readable: bool,
    ) {
        open.queue_output(now, &self.settings.timers);
        open.shut(&mut shut);
        if readable && open.drain() {
            return;
        }
        self.phase = Phase::Closing { open, shut, until };
    }
}
