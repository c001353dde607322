//! Operations in flight: who gets the result, when it is overdue, and what a late success must undo.

use std::mem::take;

use super::core::Engine;
use super::in_flight::{Finish, Op, Owner, Undo};
use super::limits;
use super::messages;
use super::output::{Operation, Output, RtcOp};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, Code, OperationResult, Outcome, Req};

impl Engine {
    fn next_req(&mut self) -> Req {
        self.last_req += 1;
        Req(self.last_req)
    }

    /// Issues a signaling operation with a limit of `ms`.
    pub(super) fn signal(&mut self, now: Time, ms: u32, owner: Owner, op: signaling::Operation) -> Req {
        let req = self.next_req();
        self.ops.push(Op { req, deadline: Some(now.after(ms)), owner });
        self.wire.push_back(Output::Signal { req, op });
        req
    }

    /// Issues a signaling operation beside the call, unless too many are under way: those that answer others'
    /// invites do not count with those of our own calls. False: not issued.
    pub(super) fn side(
        &mut self,
        now: Time,
        operation: Operation,
        call_no: u64,
        quiet: bool,
        op: signaling::Operation,
    ) -> bool {
        let owner = Owner::Side { operation, call_no, quiet };
        let is_like = |op: &&Op| op.owner.is_side() && op.owner.is_answer() == owner.is_answer();
        if self.ops.iter().filter(is_like).count() >= limits::SIDE_OPERATIONS {
            self.ignore("too many operations outside the call");
            return false;
        }
        let ms = self.config.timers.operation_ms;
        self.signal(now, ms, owner, op);
        true
    }

    /// Issues a media operation.
    pub(super) fn rtc(&mut self, now: Time, ms: u32, owner: Owner, op: RtcOp) -> Req {
        let req = self.next_req();
        self.ops.push(Op { req, deadline: Some(now.after(ms)), owner });
        self.wire.push_back(Output::Rtc { req, op });
        req
    }

    /// Hands a running operation to a teardown; false if it is not running any more, or overdue.
    pub(super) fn adopt(&mut self, req: Req, teardown: u64) -> bool {
        match self.ops.iter_mut().find(|op| op.req == req && op.deadline.is_some()) {
            Some(op) => {
                op.owner = Owner::Teardown(teardown);
                true
            }
            None => false,
        }
    }

    /// The operation is abandoned: only a success that must be undone is still of interest.
    fn abandon(&mut self, req: Req, undo: Option<Undo>) {
        let Some(undo) = undo else { return };
        if self.ops.iter().filter(|op| op.deadline.is_none()).count() >= limits::LATE
            && let Some(oldest) = self.ops.iter().position(|op| op.deadline.is_none())
        {
            self.ops.remove(oldest);
        }
        self.ops.push(Op { req, deadline: None, owner: Owner::Late(undo) });
    }

    /// A teardown abandons its running operation.
    pub(super) fn abandon_teardown(&mut self, teardown: u64, undo: Option<Undo>) {
        let Some(index) = self.ops.iter().position(|op| op.owner == Owner::Teardown(teardown)) else {
            return;
        };
        let op = self.ops.remove(index);
        self.abandon(op.req, undo);
    }

    pub(super) fn on_signal_done(&mut self, now: Time, req: Req, result: &mut OperationResult) {
        let Some(index) = self.ops.iter().position(|op| op.req == req && !op.owner.is_media()) else {
            return self.ignore("completion of an unknown or ended operation");
        };
        let op = self.ops.remove(index);
        self.finish_signal(now, op, result);
    }

    pub(super) fn on_rtc_done(&mut self, now: Time, req: Req, outcome: Outcome) {
        let Some(index) = self.ops.iter().position(|op| op.req == req && op.owner.is_media()) else {
            return self.ignore("completion of an unknown or ended media operation");
        };
        let op = self.ops.remove(index);
        self.finish_signal(now, op, &mut outcome.into());
    }

    /// Fails what is overdue, in the order of issue.
    pub(super) fn expire_ops(&mut self, now: Time) {
        while let Some(index) = self.ops.iter().position(|op| op.deadline.is_some_and(|at| at <= now)) {
            let op = self.ops.remove(index);
            if op.owner == Owner::Login {
                self.on_login_overdue(now, op.req);
                continue;
            }
            let undo =
                if let Owner::Teardown(id) = &op.owner { self.teardown_undo(*id) } else { op.owner.undo() };
            self.abandon(op.req, undo);
            let outcome = Outcome::failed(Code::TIMEOUT, messages::NO_ANSWER);
            self.finish_signal(now, op, &mut outcome.into());
        }
    }

    fn finish_signal(&mut self, now: Time, op: Op, result: &mut OperationResult) {
        match op.owner {
            Owner::Login => self.on_login_done(now, result),
            Owner::Logout => self.on_logout_done(now, &result.outcome),
            Owner::Abort { is_logout } => self.on_aborted(now, is_logout, take(&mut result.outcome)),
            Owner::Create(call) => self.on_create_done(now, call, op.req, result),
            Owner::Join(call, _) => self.on_join_done(now, call, op.req, result),
            Owner::Invite(call) => self.on_invite_done(now, call, op.req, take(&mut result.outcome)),
            Owner::RingCancel(call) => self.on_ring_cancel_done(now, call, op.req, &result.outcome),
            Owner::Yield(call) => self.on_yield_done(now, call, op.req, &result.outcome),
            Owner::Accept(call, channel) => {
                self.on_accept_done(now, call, op.req, &channel, take(&mut result.outcome));
            }
            Owner::GlareAccept(call, channel) => {
                self.on_glare_accept_done(now, call, op.req, &channel, &result.outcome);
            }
            Owner::Enter(call, channel) => self.on_enter_done(now, call, op.req, &channel, result),
            Owner::Teardown(teardown) => self.on_teardown_step(now, teardown, result),
            Owner::Side { operation, call_no, quiet } => {
                self.on_side_done(now, operation, call_no, quiet, take(&mut result.outcome));
            }
            Owner::Negotiation(call) => self.on_negotiation_sent(call, take(&mut result.outcome)),
            Owner::Data { call, ticket } => self.on_data_sent(call, ticket, take(&mut result.outcome)),
            Owner::RtcJoin(call) => self.on_rtc_join_done(now, call, op.req, take(&mut result.outcome)),
            Owner::RtcLeave => self.on_rtc_leave_done(now, op.req),
            Owner::Media { operation, call_no, ticket } => {
                self.on_media_done(operation, call_no, ticket, take(&mut result.outcome));
            }
            Owner::Late(undo) => self.on_late_success(now, undo, take(result)),
        }
    }

    fn on_side_done(&mut self, now: Time, operation: Operation, call_no: u64, quiet: bool, outcome: Outcome) {
        let gone = matches!(
            outcome.code,
            Code::CHANNEL_NOT_EXISTS
                | Code::NOT_MEMBER
                | Code::INVITE_NOT_EXISTS
                | Code::INVITE_REJECTED
                | Code::INVITE_ACCEPTED
        );
        let is_harmless = outcome.code.is_success() || (operation != Operation::Record && gone);
        if !quiet && !is_harmless {
            self.notify_error(operation, call_no, outcome);
        }
        self.on_wire_quiet(now);
    }

    fn on_late_success(&mut self, now: Time, undo: Undo, result: OperationResult) {
        if !result.outcome.code.is_success() || !self.session.is_logged_in() {
            return;
        }
        let close = |channel_id| Finish::close().op(channel_id);
        match undo {
            Undo::Create => {
                if let Some(state) = result.channel.filter(|state| !state.channel.id.is_empty()) {
                    self.side(now, Operation::Close, 0, true, close(state.channel.id));
                }
            }
            Undo::Join(channel_id) => {
                let leave = Finish::leave().op(channel_id);
                self.side(now, Operation::Close, 0, true, leave);
            }
            Undo::Accept(channel_id) => self.undo_accept(now, 0, channel_id),
        }
    }
}
