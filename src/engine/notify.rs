//! Completions and events for the app, in the documented order.

use super::coalesce::Kind;
use super::core::Engine;
use super::input::Ticket;
use super::messages;
use super::output::{
    CallEvent, ConnectionEvent, ErrorEvent, Event, MediaEvent, OpResult, Operation, Output, Transport,
    UserEvent,
};
use super::state::{InCall, OutgoingInvite, State};
use super::time::Time;
use nertc_callkit_signaling::{Code, Outcome, Text};

impl Engine {
    pub(super) fn ignore(&mut self, why: &'static str) {
        self.app.push_back(Output::Ignored(why.into()));
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.app.push_back(Output::Event(event));
    }

    /// Completes a request with a code only.
    pub(super) fn done(&mut self, ticket: Ticket, operation: Operation, call_no: u64, code: Code) {
        self.done_with(ticket, operation, call_no, Outcome { code, ..Outcome::default() });
    }

    /// Completes a request as the backend answered it.
    pub(super) fn done_with(&mut self, ticket: Ticket, operation: Operation, call_no: u64, outcome: Outcome) {
        let result = OpResult {
            operation,
            code: outcome.code,
            raw_code: outcome.raw_code,
            message: outcome.message,
            call_no,
            uid: 0,
            channel_id: Text::default(),
            request_id: Text::default(),
            call_id: Text::default(),
        };
        self.app.push_back(Output::Done { ticket, result });
    }

    /// Completes call(), unless that was done before.
    pub(super) fn done_call(&mut self, own: &mut OutgoingInvite, outcome: Outcome) {
        self.app.extend(own.confirm(outcome));
    }

    /// Completes accept() with the ids of the call.
    pub(super) fn done_accept(&mut self, tickets: &[Ticket], call: &InCall) {
        for &ticket in tickets {
            let result = OpResult {
                operation: Operation::Accept,
                code: Code::OK,
                raw_code: 0,
                message: Text::default(),
                call_no: call.no,
                uid: 0,
                channel_id: call.channel_id.clone(),
                request_id: call.request_id.clone(),
                call_id: call.call_id.clone(),
            };
            self.app.push_back(Output::Done { ticket, result });
        }
    }

    /// The number of a call in events and other completions: 0 until done(call) has reported it.
    pub(super) fn known_no(&self, no: u64) -> u64 {
        match &self.state {
            State::Calling(calling) if calling.own.no == no && !calling.own.confirmed => 0,
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => no,
        }
    }

    pub(super) fn notify_error(&mut self, operation: Operation, call_no: u64, outcome: Outcome) {
        let Outcome { code, raw_code, message } = outcome;
        let call_no = self.known_no(call_no);
        self.emit(Event::Error(ErrorEvent { operation, code, raw_code, call_no, message }));
    }

    /// Emits the event that `account` caused, now or counted.
    pub(super) fn notify_coalesced(&mut self, now: Time, account: &Text, kind: Kind, event: Event) {
        for event in self.coalescer.offer(now, account, kind, event) {
            self.emit(event);
        }
    }

    /// No event of an ended call is emitted after its end.
    pub(super) fn forget_held_of_call(&mut self) {
        self.coalescer.forget_call();
    }

    /// Emits held events that are due.
    pub(super) fn notify_due(&mut self, now: Time) {
        for event in self.coalescer.take_due(now) {
            self.emit(event);
        }
    }

    /// Emits held events: the session ends, and nothing may follow.
    pub(super) fn notify_held(&mut self) {
        for event in self.coalescer.take_all() {
            self.emit(event);
        }
    }
}

impl OutgoingInvite {
    /// The completion of call(), once: with success it carries the ids.
    pub(super) fn confirm(&mut self, outcome: Outcome) -> Option<Output> {
        if std::mem::replace(&mut self.confirmed, true) {
            return None;
        }
        let result = OpResult {
            operation: Operation::Call,
            code: if outcome.code.is_success() { Code::OK } else { outcome.code },
            raw_code: outcome.raw_code,
            message: outcome.message,
            call_no: self.no,
            uid: self.uid,
            channel_id: self.channel_id.clone(),
            request_id: self.request_id.clone(),
            call_id: self.call_id.clone(),
        };
        Some(Output::Done { ticket: self.issued_by, result })
    }
}

/// Payload of an event about the other party.
pub(super) fn user_event(call_no: u64, user: &Text, uid: u64) -> UserEvent {
    UserEvent { call_no, user: user.clone(), uid, code: Code::OK, raw_code: 0, message: Text::default() }
}

impl InCall {
    pub(super) fn user_event(&self) -> UserEvent {
        user_event(self.no, &self.peer, self.peer_uid.unwrap_or(0))
    }

    pub(super) fn call_event(&self, state: i32) -> CallEvent {
        CallEvent {
            call_no: self.no,
            user: self.peer.clone(),
            device: Text::default(),
            call_type: self.call_type,
            state,
        }
    }

    pub(super) fn media_event(&self, on: bool) -> MediaEvent {
        MediaEvent { call_no: self.no, user: self.peer.clone(), uid: self.peer_uid.unwrap_or(0), on }
    }
}

/// Payload of a connection event.
pub(super) fn connection_event(
    call_no: u64,
    transport: Transport,
    user: &Text,
    quality: i32,
    outcome: Outcome,
) -> ConnectionEvent {
    let Outcome { code, raw_code, message } = outcome;
    ConnectionEvent { call_no, transport, user: user.clone(), code, raw_code, message, quality }
}

/// A text of the peer's app, unless it only echoes the invite's.
pub(super) fn foreign(text: &str, invite: &Text) -> Text {
    if invite == text { Text::default() } else { text.into() }
}

/// The error that reports incompatible media to the app.
pub(super) fn other_media() -> Outcome {
    Outcome::failed(Code::MEDIA_MISMATCH, messages::OTHER_MEDIA)
}
