//! After a panic inside a client: its open completions and calls are reported, the peer is notified if
//! possible, and the other clients of this worker continue. The engine is not used any more: it stopped
//! midway.

use super::by_ticket::ByTicket;
use super::guard::guarded;
use super::message::Message;
use super::ports::Ports;
use crate::engine::input::{Input, Ticket};
use crate::engine::output::{CallEnd, EndReason, ErrorEvent, Event, OpResult, Operation, Output};
use crate::engine::{Snapshot, messages, wire};
use nertc_callkit_signaling::{self as signaling, Code, Outcome, Req, Text};

/// Requests and calls of the app whose end was not reported.
#[derive(Debug, Default)]
pub(super) struct Owed {
    tickets: ByTicket<Operation>,
    calls: Vec<(u64, Text)>,
}

impl Owed {
    /// The engine is about to take this.
    #[inline(always)]
    pub(super) fn input(&mut self, input: &Input) {
        if let Input::Command { ticket, command } = input {
            self.tickets.insert(*ticket, command.operation());
        }
    }

    /// The engine's state, before its own report of it is delivered.
    pub(super) fn shown(&mut self, now: &Snapshot) {
        const CALLING: i32 = 1;
        if now.state == CALLING {
            self.call(now.call_no, &now.peer);
        }
    }

    fn call(&mut self, no: u64, peer: &Text) {
        if !self.calls.iter().any(|(known, _)| *known == no) {
            self.calls.push((no, peer.clone()));
        }
    }

    /// The completion of this request is about to be delivered.
    pub(super) fn done(&mut self, ticket: Ticket) {
        self.tickets.remove(ticket);
    }

    /// This is about to be delivered.
    #[inline]
    pub(super) fn event(&mut self, event: &Event) {
        if let Event::Invited(invited) = event {
            self.call(invited.call_no, &invited.invitor);
        } else if let Event::CallEnd(end) = event {
            self.calls.retain(|(no, _)| *no != end.call_no);
        }
    }

    /// All of it, in the documented order, and nothing after that.
    pub(super) fn settle(&mut self) -> Vec<Output> {
        let error = ErrorEvent {
            operation: Operation::None,
            code: Code::SHUTTING_DOWN,
            raw_code: 0,
            call_no: self.calls.last().map_or(0, |(no, _)| *no),
            message: messages::INTERNAL.into(),
        };
        let mut outputs = vec![Output::Event(Event::Error(error))];
        for (ticket, operation) in self.tickets.take_all() {
            outputs.push(refusal(ticket, operation));
        }
        for (call_no, user) in std::mem::take(&mut self.calls) {
            outputs.push(Output::Event(Event::CallEnd(CallEnd {
                call_no,
                user,
                reason: EndReason::CallFailed,
                extra: Text::default(),
                ring_ms: 0,
                talk_ms: 0,
                durations: Vec::new(),
            })));
        }
        outputs
    }
}

/// A request that the client can no longer carry out.
fn refusal(ticket: Ticket, operation: Operation) -> Output {
    let outcome = Outcome::failed(Code::SHUTTING_DOWN, messages::INTERNAL);
    let none = Text::default;
    let result = OpResult {
        operation,
        code: outcome.code,
        raw_code: 0,
        message: outcome.message,
        call_no: 0,
        uid: 0,
        channel_id: none(),
        request_id: none(),
        call_id: none(),
    };
    Output::Done { ticket, result }
}

/// The answer to what was queued before the client failed.
pub(super) fn answer(message: &Message) -> Option<Output> {
    if let Message::Input(Input::Command { ticket, command }) = message {
        Some(refusal(*ticket, command.operation()))
    } else {
        None
    }
}

/// Notifies the peer of the live call, with the fitting operation, without waiting for results.
pub(super) fn notify_peer(ports: &mut Ports, last: &Snapshot) {
    if last.call_no == 0 || last.channel_id.is_empty() {
        return;
    }
    let message = || signaling::Message {
        channel_id: last.channel_id.clone(),
        account: last.peer.clone(),
        request_id: last.request_id.clone(),
        custom_info: wire::ending(None, None),
        no_offline: false,
    };
    let close = signaling::Operation::Close {
        channel_id: last.channel_id.clone(),
        custom_info: wire::ending(None, None),
        no_offline: false,
    };
    let ops = match last.state {
        1 => vec![signaling::Operation::Cancel(message()), close],
        2 => vec![signaling::Operation::Reject(message())],
        _ => vec![close],
    };
    // Request numbers that an engine never reaches: nobody waits for these.
    for (number, op) in (1 << 53..).zip(ops) {
        guarded("telling the peer that a client failed", || {
            let _ = ports.signaling.start(Req(number), op);
        });
    }
}
