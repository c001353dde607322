//! Commands of the app: checks the login first, then the state, then the call reference.

use super::answer::{Words, reply_to};
use super::core::Engine;
use super::in_flight::{Awaited, Finish, TakeBack};
use super::input::{CallRef, Command, Ticket};
use super::output::{EndReason, Operation};
use super::state::{CallMatch, Closing, Glare, State};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, Code, Outcome, RecordStatus, Text};

/// Answers of a function in the states idle, calling, called, in call; 0 = legal. NetEase's table.
pub(super) type Allowed = [Code; 4];

const HANGUP: Allowed = [Code::HANGUP_IN_IDLE, Code::OK, Code::OK, Code::OK];
const LEAVE: Allowed = [Code::LEAVE_IN_IDLE, Code::LEAVE_IN_CALLING, Code::LEAVE_IN_CALLED, Code::OK];
const CANCEL: Allowed = [Code::CANCEL_IN_IDLE, Code::OK, Code::CANCEL_IN_CALLED, Code::CANCEL_IN_CALL];
const ACCEPT: Allowed = [Code::ACCEPT_IN_IDLE, Code::ACCEPT_IN_CALLING, Code::OK, Code::ACCEPT_IN_CALL];
const REJECT: Allowed = [Code::REJECT_IN_IDLE, Code::REJECT_IN_CALLING, Code::OK, Code::REJECT_IN_CALL];
const SWITCH: Allowed = [Code::SWITCH_IN_IDLE, Code::SWITCH_IN_CALLING, Code::SWITCH_IN_CALLED, Code::OK];

impl Engine {
    pub(super) fn on_command(&mut self, now: Time, ticket: Ticket, command: Command) {
        let operation = command.operation();
        if self.closing != Closing::No {
            return self.done(ticket, operation, 0, Code::SHUTTING_DOWN);
        }
        if self.wait_for_call(now, ticket, &command) {
            return;
        }
        let works_at_any_time = matches!(operation, Operation::Login | Operation::Logout | Operation::None);
        if !works_at_any_time && !self.session.is_logged_in() {
            return self.done(ticket, operation, 0, Code::NOT_LOGGED_IN);
        }
        match command {
            Command::Login { account, token } => self.cmd_login(now, ticket, account, token),
            Command::Logout => self.cmd_logout(now, ticket),
            Command::SetCallTimeout { timeout_ms } => {
                self.ring_ms = timeout_ms;
                self.done(ticket, operation, 0, Code::OK);
            }
            Command::Call(options) => self.cmd_call(now, ticket, options),
            Command::Cancel { call, attach_ext, no_offline, no_record } => {
                if self.check(ticket, operation, &call, CANCEL, true) {
                    let how = TakeBack { attach_ext, no_offline, ..TakeBack::plain() };
                    self.cancel_calling(now, (ticket, operation), &how, !no_record);
                }
            }
            Command::Accept { call } => {
                if self.check(ticket, operation, &call, ACCEPT, false) {
                    self.cmd_accept(now, ticket);
                }
            }
            Command::Reject { call, busy, text } => {
                if self.check(ticket, operation, &call, REJECT, true) {
                    let words = Words { busy, text };
                    self.reject_called(now, (ticket, operation), Finish::leave(), &words);
                }
            }
            Command::Hangup { call, no_offline, no_record, text } => {
                if self.check(ticket, operation, &call, HANGUP, true) {
                    self.hang_up(now, ticket, no_offline, no_record, text);
                }
            }
            Command::Leave { call, no_offline, text } => {
                if self.check(ticket, operation, &call, LEAVE, false) {
                    self.done(ticket, operation, self.state.call_no(), Code::OK);
                    let finish = Finish::leave().unkept(no_offline).with_text(text);
                    self.end_in_call(now, EndReason::Normal, Some(finish));
                }
            }
            Command::SwitchCallType { call_type, step } => {
                if self.check(ticket, operation, &CallRef::default(), SWITCH, false) {
                    self.cmd_switch(now, ticket, call_type, step);
                }
            }
            Command::SendData { call, json } => self.cmd_send_data(now, ticket, &call, &json),
            Command::EnableLocal { media, on } => self.cmd_enable_local(now, ticket, media, on),
            Command::MuteLocal { media, muted } => self.cmd_mute_local(now, ticket, media, muted),
            Command::MuteRemote { media, muted } => self.cmd_mute_remote(now, ticket, media, muted),
            Command::SetLocalView(view) => self.cmd_local_view(now, ticket, view),
            Command::SetRemoteView(view) => self.cmd_remote_view(now, ticket, view),
            Command::SetCallPolicy(policy) => {
                self.set_policy(policy);
                self.done(ticket, operation, 0, Code::OK);
            }
            Command::SetToken { token } => self.cmd_set_token(now, ticket, token),
        }
    }

    /// Whether the function may go on; completes the request otherwise. A request to end a call that has
    /// ended is fulfilled.
    pub(super) fn check(
        &mut self,
        ticket: Ticket,
        operation: Operation,
        call: &CallRef,
        allowed: Allowed,
        ends_call: bool,
    ) -> bool {
        let which = self.locate(call);
        let state = usize::try_from(self.state.number()).unwrap_or(0);
        let code = match (which, allowed[state]) {
            (CallMatch::Ended, _) if ends_call => Code::OK,
            (_, code) if code != Code::OK => code,
            (CallMatch::Live | CallMatch::Unnamed, _) => return true,
            (CallMatch::Ended | CallMatch::Other, _) => Code::CALL_MISMATCH,
        };
        self.done(ticket, operation, 0, code);
        false
    }

    fn hang_up(&mut self, now: Time, ticket: Ticket, no_offline: bool, no_record: bool, text: Option<Text>) {
        let done = (ticket, Operation::Hangup);
        match &self.state {
            State::Idle => {}
            State::Calling(_) => {
                let how = TakeBack { attach_ext: text, no_offline, ..TakeBack::plain() };
                self.cancel_calling(now, done, &how, !no_record);
            }
            State::Called(_) => {
                self.reject_called(now, done, Finish::close(), &Words { busy: false, text });
            }
            State::InCall(call) => {
                let no = call.no;
                self.done(ticket, Operation::Hangup, no, Code::OK);
                let finish = Finish::close().unkept(no_offline).with_text(text);
                self.end_in_call(now, EndReason::HungUp, Some(finish));
            }
        }
    }

    /// Completes the pending requests of the live call: call() and accept().
    pub(super) fn notify_pending(&mut self, code: Code) {
        let mut state = std::mem::replace(&mut self.state, State::Idle);
        match &mut state {
            State::Idle | State::InCall(_) => {}
            State::Calling(calling) => {
                let outcome = Outcome { code, ..Default::default() };
                self.done_call(&mut calling.own, outcome);
            }
            State::Called(called) => {
                let tickets = called.accepting.as_mut().map(|a| std::mem::take(&mut a.tickets));
                for ticket in tickets.unwrap_or_default() {
                    self.done(ticket, Operation::Accept, called.no, code);
                }
            }
        }
        self.state = state;
    }

    /// Ends the live call because its user logs out or its client is destroyed; the peer is notified.
    pub(super) fn end_live(&mut self, now: Time, reason: EndReason) {
        self.notify_pending(Code::SHUTTING_DOWN);
        match &mut self.state {
            State::Idle => {}
            State::Calling(_) => {
                let how = TakeBack::plain();
                self.end_calling(now, reason, &how, |engine, own| {
                    engine.record_missed(now, own, RecordStatus::Cancelled);
                });
            }
            State::Called(called) => {
                let parked = called.parked.take();
                let (no, invite) = (called.no, called.invite.clone());
                let reject = reply_to(&invite, 0);
                let running = called.accepting.as_ref().map(|a| a.req);
                match running {
                    Some(req) => {
                        let running = Some((req, Awaited::Accept(reject)));
                        self.close_channel(now, no, &invite.channel_id, Finish::leave(), running);
                    }
                    None => {
                        let reject = signaling::Operation::Reject(reject);
                        self.side(now, Operation::Reject, no, true, reject);
                    }
                }
                if let Some(parked) = parked {
                    self.reject_held(now, &parked, 0);
                }
                self.end_called(now, reason.into());
            }
            State::InCall(_) => self.end_in_call(now, reason, Some(Finish::close())),
        }
    }

    /// Ends the live call without signaling operations: there is no session any more.
    pub(super) fn drop_live(&mut self, now: Time, reason: EndReason, account: &Text) {
        match &mut self.state {
            State::Idle => {}
            State::Calling(calling) => {
                let waiting = calling.parked().cloned();
                calling.glare = Glare::None;
                let own = calling.own.clone();
                self.state = State::Idle;
                waiting.inspect(|invite| self.record_tombstone(now, invite));
                self.notify_calling_end(now, &own, reason.into());
            }
            State::Called(called) => {
                let waiting = called.parked.take();
                waiting.inspect(|invite| self.record_tombstone(now, invite));
                self.end_called(now, reason.into());
            }
            State::InCall(call) => {
                call.legacy_invite = None;
                self.end_in_call_of(now, reason.into(), None, account);
            }
        }
    }
}
