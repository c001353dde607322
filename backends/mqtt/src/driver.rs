//! A device of an account: its protocol and its connection, and the exchange between the two.
//!
//! Every entry point of a driver has one shape ([`Driver::act`]): run it; execute the outputs of protocol and
//! connection until neither has more. What is to be written to the socket is then taken by
//! [`Driver::next_output`], so that the caller notifies the core first and writes without a lock. A panic
//! on the way ends neither the process nor the device:
//! - In the connection: the connection is lost, and a new one follows. The protocol, which is intact, is
//!   notified.
//! - In the protocol, whose state may be corrupt: a new one replaces it. Pending operations of the core
//!   fail, the core gets LOST, the new protocol logs in by itself, and the core gets RESTORED. Earlier
//!   channels are unknown to it, and peers that ask about them get that answer.
//!
//! A message that was not acknowledged arrives again with the next connection. Three panics within a minute:
//! the session at the broker is dropped, and what is queued there with it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_ids::Seed;
use nertc_callkit_signaling::{
    CallPolicy, Code, Notification, Operation, OperationResult, Outcome, Req, Text,
};

use crate::client_id;
use crate::connection::{Connection, ConnectionEvent, Outgoing, Port, Settings, Written, code};
use crate::convert;
use crate::protocol::{Config, ConnectionChange, Input, Output, Peer, PublishResult};

/// What operations are answered after a panic.
const FAILURE: &str = "a failure inside: the log says where";

/// So many panics ...
const PANICS: usize = 3;
/// ... within so many milliseconds: what waits at the broker causes them.
const PANICS_WITHIN_MS: u64 = 60_000;

/// How much earlier than the core we end a login: the core would not know the reason.
const BEFORE_CORE_MS: u64 = 250;

/// Where messages to the core go.
pub type Notify<'a> = &'a mut dyn FnMut(SignalingMessage);

/// What is at work, to know it if it panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Protocol,
    Connection,
}

/// A device of an account and its connection.
pub struct Driver {
    config: Config,
    protocol: Peer,
    connection: Connection,
    at_work: Part,
    /// When the last panics were, oldest first.
    panics: [Option<u64>; PANICS],
    /// How many there were.
    panic_count: u64,
    /// One while recovering from another.
    is_broken: bool,
    /// The core's last call policy.
    policy: CallPolicy,
    /// Operations that wait for their answer.
    running: BTreeSet<u64>,
    /// The protocol was notified of the connection.
    is_up: bool,
    /// The last login requested.
    login: Option<u64>,
    /// Its deadline.
    login_until: Option<u64>,
    /// It was granted.
    is_in: bool,
    /// The core was notified of the lost connection.
    is_lost: bool,
    /// A new protocol logs in by itself: that is no operation of the core's.
    rejoins: bool,
    /// The broker's number of the last refusal.
    raw_code: i32,
    /// The last logout requested.
    logout: Option<u64>,
    /// Its result: reported when the broker has processed it, so that senders then learn that
    /// nobody is there.
    logged_out: Option<SignalingMessage>,
}

impl Driver {
    /// A device that is logged out. None: the system has no random bytes.
    pub fn new(config: Config, settings: Settings, port: Arc<dyn Port>) -> Option<Driver> {
        Some(Driver::seeded(config, settings, port, client_id::seed()?, client_id::number()?))
    }

    /// As [`Driver::new`], with the ids of its messages and its pauses from these seeds.
    pub fn seeded(config: Config, settings: Settings, port: Arc<dyn Port>, ids: Seed, pauses: u64) -> Driver {
        Driver {
            protocol: Peer::new(config.clone(), ids),
            connection: Connection::new(settings, pauses, port),
            config,
            at_work: Part::Protocol,
            panics: [None; PANICS],
            panic_count: 0,
            is_broken: false,
            policy: CallPolicy::default(),
            running: BTreeSet::new(),
            is_up: false,
            login: None,
            login_until: None,
            is_in: false,
            is_lost: false,
            rejoins: false,
            raw_code: 0,
            logout: None,
            logged_out: None,
        }
    }

    /// Its owner.
    pub fn is_of(&self, account: &str, device: &str) -> bool {
        *self.config.account == *account && *self.config.device == *device
    }

    /// The account.
    pub fn account(&self) -> &Text {
        &self.config.account
    }

    /// Logged in, maybe with a lost connection.
    pub fn is_in(&self) -> bool {
        self.is_in
    }

    /// It is finished and can be dropped: logged out.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// How many panics were contained so far.
    pub fn panic_count(&self) -> u64 {
        self.panic_count
    }

    /// When [`Driver::on_time`] is to be called.
    pub fn poll_timeout(&self) -> Option<u64> {
        let until = self.login_until.filter(|_| self.login.is_some());
        [self.connection.poll_timeout(), self.protocol.poll_timeout(), until].into_iter().flatten().min()
    }

    /// Does something, and everything that follows from it.
    pub fn act(&mut self, now: u64, notify: Notify<'_>, body: impl FnOnce(&mut Driver)) {
        if self.is_contained(now, notify, body) {
            return;
        }
        self.recover(now, notify);
        if !self.is_broken && !self.is_contained(now, notify, |_| ()) {
            self.give_up(notify);
        }
    }

    /// Does something and what follows. False: it panicked.
    fn is_contained(&mut self, now: u64, notify: Notify<'_>, body: impl FnOnce(&mut Driver)) -> bool {
        let work = AssertUnwindSafe(|| {
            body(self);
            self.settle(now, notify);
        });
        catch_unwind(work).is_ok()
    }

    /// The connection, to do something with it.
    pub fn connection(&mut self) -> &mut Connection {
        self.at_work = Part::Connection;
        &mut self.connection
    }

    fn protocol(&mut self) -> &mut Peer {
        self.at_work = Part::Protocol;
        &mut self.protocol
    }

    /// An operation of the core; a login connects.
    pub fn operate(&mut self, now: u64, req: u64, op: Operation) {
        self.running.insert(req);
        if let Operation::Login { .. } = op {
            self.login = Some(req);
            self.policy = CallPolicy::default();
        } else if op == Operation::Logout {
            self.logout = Some(req);
        }
        self.protocol().handle(now, Input::Op { req, op });
    }

    /// A login. While the connection of an earlier one is lost it is another attempt, with this token, and
    /// ends when the connection is restored.
    /// The core waits `timeout_ms` for the result; 0 = unknown.
    pub fn login(&mut self, now: u64, req: u64, token: &str, timeout_ms: u32) {
        let timeout_ms = u64::from(timeout_ms);
        let own_ms = timeout_ms - (timeout_ms / 4).min(BEFORE_CORE_MS);
        self.login_until = (timeout_ms > 0).then_some(now + own_ms);
        self.operate(now, req, self.login_operation());
        self.connection().connect(now, token);
    }

    /// The protocol's login; the token is for the broker alone.
    fn login_operation(&self) -> Operation {
        Operation::Login { account: self.config.account.clone(), token: Text::EMPTY }
    }

    /// The core is about to stop waiting for the login: it ends now, with a reason.
    fn end_login(&mut self, now: u64) {
        self.login_until = None;
        let Some(req) = self.login else { return };
        if self.connection.awaits_token() {
            self.connection().set_token(now, "");
        } else {
            self.notify(now, Notification::AbortLogin(Req(req)));
        }
    }

    /// The core notifies its backend; nothing answers it. A token concerns the connection, all else the
    /// protocol.
    pub fn notify(&mut self, now: u64, notification: Notification) {
        match &notification {
            Notification::SetToken(token) => self.connection().set_token(now, token),
            // A new protocol gets it, too.
            Notification::CallPolicy(policy) => self.policy = policy.clone(),
            Notification::InviteState { .. } | Notification::AbortLogin(_) => {}
        }
        if let Some(input) = Input::of(notification) {
            self.protocol().handle(now, input);
        }
    }

    /// A deadline of the connection or the protocol may have passed.
    pub fn on_time(&mut self, now: u64) {
        if self.login_until.is_some_and(|at| at <= now) {
            self.end_login(now);
        }
        if self.connection.poll_timeout().is_some_and(|at| at <= now) {
            self.connection().handle_timeout(now);
        }
        if self.protocol.poll_timeout().is_some_and(|at| at <= now) {
            self.protocol().handle_timeout(now);
        }
    }

    /// Another device replaces it: it logs out, without waiting for the broker.
    pub(crate) fn retire(mut self, now: u64, notify: Notify<'_>) {
        self.act(now, notify, |driver| driver.operate(now, 0, Operation::Logout));
        self.write();
        self.release_logout(notify);
    }

    /// The answer to a logout does not wait any longer.
    pub(crate) fn release_logout(&mut self, notify: Notify<'_>) {
        self.logged_out.take().into_iter().for_each(notify);
    }

    /// Whether [`Driver::next_output`] has something.
    pub fn has_output(&self) -> bool {
        self.connection.has_output()
    }

    /// Takes note of what was written, and answers what is to be written next, holding no lock.
    pub fn next_output(&mut self, written: Option<Written>) -> Option<Outgoing> {
        written.into_iter().for_each(|it| self.connection.written(it));
        self.connection.take_output()
    }

    /// Writes all of it, for a caller without locks.
    pub fn write(&mut self) {
        let mut written = None;
        while let Some(outgoing) = self.next_output(written.take()) {
            written = Some(outgoing.write());
        }
    }

    /// Lets protocol and connection do what they have to, until neither has more; what is to be written is
    /// ready then.
    fn settle(&mut self, now: u64, notify: Notify<'_>) {
        loop {
            while let Some(output) = self.protocol().poll_output() {
                self.carry_out(now, output, notify);
            }
            let Some(event) = self.connection().poll_event() else { break };
            self.on_event(now, event, notify);
        }
        self.connection().queue_output(now);
        if !self.connection.is_call_active() {
            self.connection.release_room();
            self.protocol.release_room();
        }
        if self.connection.poll_timeout().is_none() {
            self.release_logout(notify);
        }
    }

    fn on_event(&mut self, now: u64, event: ConnectionEvent, notify: Notify<'_>) {
        self.at_work = Part::Protocol;
        let input = match event {
            ConnectionEvent::Up { resumed } => {
                self.is_up = true;
                Input::Up { resumed }
            }
            ConnectionEvent::Down => {
                self.is_up = false;
                Input::Down
            }
            ConnectionEvent::NeedToken { refused } => return notify(convert::token_needed(refused)),
            ConnectionEvent::Refused { code, raw_code, message } => {
                let code = match code {
                    code::BAD_TOKEN => Code::BAD_TOKEN,
                    code::TAKEN => Code::OTHER_DEVICE,
                    _ => Code::BACKEND_FAILED,
                };
                (self.is_in, self.is_up, self.raw_code) = (false, false, raw_code);
                Input::Refused { code, raw_code, message }
            }
            ConnectionEvent::Message { kind, from, device, payload, expires_at } => {
                #[cfg(test)]
                crate::planted::panic("protocol", &payload);
                Input::Message { kind, from, device, payload, expires_at }
            }
            ConnectionEvent::Published { token, result } => Input::Published { token, result },
            ConnectionEvent::Gone { account, device } => Input::Gone { account, device },
        };
        self.protocol().handle(now, input);
    }

    fn carry_out(&mut self, now: u64, output: Output, notify: Notify<'_>) {
        match output {
            Output::Publish { token, qos, topic, payload, expires_ms } => {
                match self.connection.topics().write(&topic) {
                    Some(topic) => self.connection().publish(now, token, qos, topic, payload, expires_ms),
                    // No account can have that name.
                    None => self
                        .protocol()
                        .handle(now, Input::Published { token, result: PublishResult::NobodyThere }),
                }
            }
            Output::Watch { account, device, on } => self.connection().watch(&account, &device, on),
            Output::CallActive(on) => self.connection().set_call_active(now, on),
            Output::Disconnect { forget } => {
                (self.is_in, self.is_up, self.is_lost) = (false, false, false);
                self.connection().disconnect(now, forget);
            }
            Output::Reconnect => self.connection().reconnect(now),
            Output::Done { req: 0, answer } => self.rejoined(answer.outcome, notify),
            Output::Done { req, answer } => self.done(req, answer, notify),
            Output::Events { origin, events } => convert::events(origin, events, notify),
            Output::Record { from, device: _, id, text } => {
                convert::record(&from, &self.config.account, &id, &text).into_iter().for_each(notify);
            }
            Output::Connection { change, code, message } => {
                self.notify_connection(change, Outcome { code, raw_code: 0, message }, notify);
            }
            Output::Log { text } => notify(convert::warning(&text)),
        }
    }

    /// A result with the reason why there is no connection.
    fn explain(&self, code: Code) -> Outcome {
        let (raw_code, why) = self.connection.why();
        Outcome { code, raw_code, message: why.into() }
    }

    fn done(&mut self, req: u64, mut answer: OperationResult, notify: Notify<'_>) {
        self.running.remove(&req);
        if self.login.take_if(|it| *it == req).is_some() {
            let outcome = &mut answer.outcome;
            self.is_in = outcome.code == Code::OK;
            if outcome.code == Code::TIMEOUT && outcome.message.is_empty() {
                *outcome = self.explain(Code::TIMEOUT);
            }
            if !self.is_in {
                log::warn!("mqtt: the login failed ({}): {}", outcome.code, outcome.message);
            }
        }
        let message = SignalingMessage::completed(Req(req), answer);
        if self.logout.take_if(|it| *it == req).is_some() {
            self.logged_out.replace(message).into_iter().for_each(notify);
        } else {
            notify(message);
        }
    }

    fn notify_connection(&mut self, change: ConnectionChange, mut outcome: Outcome, notify: Notify<'_>) {
        match change {
            ConnectionChange::Lost => self.is_lost = true,
            ConnectionChange::Restored => self.is_lost = false,
            ConnectionChange::Kicked => {
                log::warn!("mqtt: logged out ({}): {}", outcome.code, outcome.message);
                outcome.raw_code = self.raw_code;
                (self.is_in, self.is_lost) = (false, false);
            }
        }
        notify(convert::connection(change, outcome));
    }

    /// The login of a new protocol has ended.
    fn rejoined(&mut self, outcome: Outcome, notify: Notify<'_>) {
        if std::mem::take(&mut self.rejoins) {
            let is_in = outcome.code == Code::OK;
            let change = if is_in { ConnectionChange::Restored } else { ConnectionChange::Kicked };
            self.notify_connection(change, outcome, notify);
        }
    }

    /// Continues after a panic.
    fn recover(&mut self, now: u64, notify: Notify<'_>) {
        self.panic_count += 1;
        self.panics.rotate_left(1);
        self.panics[PANICS - 1] = Some(now);
        let is_third = self.panics[0].is_some_and(|first| now.saturating_sub(first) <= PANICS_WITHIN_MS);
        if is_third {
            self.panics = [None; PANICS];
            log::warn!(
                "mqtt: three panics within a minute: the session at the broker is dropped, with the messages \
                 that wait in it"
            );
        }
        let Some(seed) = client_id::number() else { return self.give_up(notify) };
        let part = self.at_work;
        log::error!("mqtt: a panic in the {part:?}; the connection is reopened");
        self.connection.restart(now, seed, is_third);
        if part == Part::Protocol {
            return self.replace_protocol(now, notify);
        }
        if std::mem::take(&mut self.is_up) {
            self.protocol().handle(now, Input::Down);
        }
    }

    /// A peer whose state is unknown is not used any more.
    fn replace_protocol(&mut self, now: u64, notify: Notify<'_>) {
        let (Some(name), Some(seed)) = (client_id::random_name(), client_id::seed()) else {
            return self.give_up(notify);
        };
        self.config.instance = name.into();
        self.config.remember_instance();
        self.protocol = Peer::new(self.config.clone(), seed);
        self.is_up = false;
        let was_in = self.is_in;
        self.fail_all(notify);
        if !was_in {
            return self.connection.disconnect(now, false);
        }
        if !self.is_lost {
            let why = Outcome::failed(Code::OK, "a failure inside; the connection begins anew");
            self.notify_connection(ConnectionChange::Lost, why, notify);
        }
        (self.is_in, self.rejoins) = (true, true);
        let op = self.login_operation();
        self.protocol().handle(now, Input::Op { req: 0, op });
        let policy = self.policy.clone();
        self.protocol().handle(now, Input::Policy(policy));
    }

    /// Every operation ends: a logout successfully, as the device is logged out.
    fn fail_all(&mut self, notify: Notify<'_>) {
        for req in std::mem::take(&mut self.running) {
            let is_logout = self.logout.take_if(|it| *it == req).is_some();
            let failed = Outcome::failed(Code::BACKEND_FAILED, FAILURE);
            let outcome = if is_logout { Outcome::default() } else { failed };
            notify(SignalingMessage::completed(Req(req), outcome));
        }
        self.login = None;
        self.release_logout(notify);
    }

    /// Failed: logged out, and nothing continues.
    fn give_up(&mut self, notify: Notify<'_>) {
        log::error!("mqtt: a panic while recovering from one: logged out");
        self.fail_all(notify);
        if std::mem::take(&mut self.is_in) {
            let why = Outcome::failed(Code::BACKEND_FAILED, FAILURE);
            self.notify_connection(ConnectionChange::Kicked, why, notify);
        }
        self.is_broken = true;
    }
}
