//! Teardown: a call ends for the app at once; its channel and invite are released afterwards, in sequence.
//!
//! Wait for the pending operation, then cancel the invite if one was issued, wait for the result,
//! then close or leave the channel. A teardown owns the old ids, so it cannot affect the next call.

use super::core::Engine;
use super::in_flight::{Awaited, Finish, Owner, Step, TakeBack, Teardown, Undo};
use super::limits;
use super::output::Operation;
use super::state::{InviteStage, OutgoingInvite};
use super::time::Time;
use super::wire::{self, Outgoing};
use nertc_callkit_signaling::{self as signaling, Code, Message, OperationResult, Outcome, Req, Text};

/// The CANCEL of an own invite.
pub(super) fn cancel_message(own: &OutgoingInvite, how: &TakeBack) -> Message {
    let attachment = how.attach_ext.as_deref().or(own.options.attachment.as_deref());
    let custom_info = wire::outgoing(&Outgoing {
        channel_name: &own.rtc_channel(),
        call_id: &own.call_id,
        attachment,
        extra: own.options.extra.as_deref(),
        reason: how.reason,
        glare: how.glare,
        ..Outgoing::default()
    });
    Message {
        channel_id: own.channel_id.clone(),
        account: own.options.user.clone(),
        request_id: own.request_id.clone(),
        custom_info,
        no_offline: how.no_offline || own.options.no_offline,
    }
}

impl Engine {
    /// Tears down an own invite.
    pub(super) fn close_own(&mut self, now: Time, own: &OutgoingInvite, how: &TakeBack) {
        let cancel = (how.cancel && own.is_out()).then(|| cancel_message(own, how));
        let (running, step) = match own.step {
            InviteStage::Creating(req) => (Some(req), Step::Await(Awaited::Create)),
            InviteStage::Joining(req) => (Some(req), Step::Await(Awaited::Join)),
            InviteStage::Inviting(req) => (Some(req), Step::Await(Awaited::Invite)),
            InviteStage::TimingOut(req) | InviteStage::Yielding(req) => {
                (Some(req), Step::Await(Awaited::Cancel))
            }
            InviteStage::Held | InviteStage::Invited => (None, Step::Cancelling),
            InviteStage::Over => return,
        };
        let finish = Finish::close().unkept(how.no_offline).with_text(how.attach_ext.clone());
        self.start_teardown(now, own.no, &own.channel_id, cancel, finish, running, step);
    }

    /// Closes or leaves the channel of a call, now or once the running operation has ended.
    pub(super) fn close_channel(
        &mut self,
        now: Time,
        call_no: u64,
        channel: &Text,
        finish: Finish,
        running: Option<(Req, Awaited)>,
    ) {
        let (running, step) = match running {
            Some((req, awaited)) => (Some(req), Step::Await(awaited)),
            None => (None, Step::Cancelling),
        };
        self.start_teardown(now, call_no, channel, None, finish, running, step);
    }

    /// Joins and closes the channel of an invite whose accept succeeded too late.
    pub(super) fn undo_accept(&mut self, now: Time, call_no: u64, channel: Text) {
        let id = self.add_teardown(now, call_no, &channel, None, Finish::close(), Step::Joining);
        let ms = self.config.timers.request_ms;
        let join = signaling::Operation::Join { channel_id: channel, no_offline: false };
        self.signal(now, ms, Owner::Teardown(id), join);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one teardown, given once")]
    fn start_teardown(
        &mut self,
        now: Time,
        call_no: u64,
        channel: &Text,
        cancel: Option<Message>,
        finish: Finish,
        running: Option<Req>,
        step: Step,
    ) {
        let id = self.add_teardown(now, call_no, channel, cancel, finish, step);
        let is_running = running.is_some_and(|req| self.adopt(req, id));
        if !is_running {
            self.cancel_or_finish(now, id);
        }
    }

    fn add_teardown(
        &mut self,
        now: Time,
        call_no: u64,
        channel: &Text,
        cancel: Option<Message>,
        finish: Finish,
        step: Step,
    ) -> u64 {
        if self.teardowns.len() >= limits::TEARDOWNS {
            self.drop_teardown(now, 0);
        }
        self.last_teardown += 1;
        let id = self.last_teardown;
        let deadline = now.after(self.config.timers.closer_ms);
        let channel_id = channel.clone();
        self.teardowns.push(Teardown { id, call_no, deadline, channel_id, cancel, finish, step });
        id
    }

    /// A teardown's operation has ended.
    pub(super) fn on_teardown_step(&mut self, now: Time, id: u64, result: &mut OperationResult) {
        let Some(index) = self.teardowns.iter().position(|teardown| teardown.id == id) else {
            return self.ignore("step of an ended teardown");
        };
        let ok = result.outcome.code.is_success();
        match self.teardowns[index].step.clone() {
            Step::Await(Awaited::Create) => {
                match result.channel.take() {
                    Some(room) if ok => self.teardowns[index].channel_id = room.channel.id,
                    Some(_) | None => {}
                }
                self.finish_teardown(now, id);
            }
            Step::Await(Awaited::Join | Awaited::Cancel | Awaited::Enter)
            | Step::Cancelling
            | Step::Joining => {
                self.finish_teardown(now, id);
            }
            Step::Await(Awaited::Invite) => {
                if is_never_delivered(result.outcome.code) {
                    self.teardowns[index].cancel = None;
                }
                self.cancel_or_finish(now, id);
            }
            Step::Await(Awaited::Accept(reject)) => {
                self.after_accept(now, index, ok, &result.outcome, reject)
            }
            Step::Finishing => self.end_teardown(now, index, std::mem::take(&mut result.outcome)),
        }
    }

    /// An accept that the app took back has been decided.
    fn after_accept(&mut self, now: Time, index: usize, ok: bool, outcome: &Outcome, reject: Message) {
        if ok {
            let teardown = &mut self.teardowns[index];
            teardown.step = Step::Joining;
            let (id, channel_id) = (teardown.id, teardown.channel_id.clone());
            let ms = self.config.timers.request_ms;
            self.signal(
                now,
                ms,
                Owner::Teardown(id),
                signaling::Operation::Join { channel_id, no_offline: false },
            );
            return;
        }
        let teardown = self.teardowns.remove(index);
        if !is_decided(outcome.code) {
            self.side(now, Operation::Reject, teardown.call_no, true, signaling::Operation::Reject(reject));
        }
        self.on_wire_quiet(now);
    }

    fn cancel_or_finish(&mut self, now: Time, id: u64) {
        let Some(teardown) = self.teardowns.iter_mut().find(|teardown| teardown.id == id) else { return };
        match teardown.cancel.take() {
            Some(message) => {
                teardown.step = Step::Cancelling;
                let ms = self.config.timers.operation_ms;
                self.signal(now, ms, Owner::Teardown(id), signaling::Operation::Cancel(message));
            }
            None => self.finish_teardown(now, id),
        }
    }

    fn finish_teardown(&mut self, now: Time, id: u64) {
        let Some(index) = self.teardowns.iter().position(|teardown| teardown.id == id) else { return };
        if self.teardowns[index].channel_id.is_empty() {
            self.teardowns.remove(index);
            return self.on_wire_quiet(now);
        }
        self.teardowns[index].step = Step::Finishing;
        let teardown = &self.teardowns[index];
        let op = teardown.finish.op(teardown.channel_id.clone());
        let ms = self.config.timers.operation_ms;
        self.signal(now, ms, Owner::Teardown(id), op);
    }

    fn end_teardown(&mut self, now: Time, index: usize, outcome: Outcome) {
        let teardown = self.teardowns.remove(index);
        let gone = matches!(outcome.code, Code::CHANNEL_NOT_EXISTS | Code::NOT_MEMBER);
        if !outcome.code.is_success() && !gone {
            self.notify_error(Operation::Close, teardown.call_no, outcome);
        }
        self.on_wire_quiet(now);
    }

    /// Abandons teardowns that take too long.
    pub(super) fn expire_teardowns(&mut self, now: Time) {
        while let Some(index) = self.teardowns.iter().position(|teardown| teardown.deadline <= now) {
            self.drop_teardown(now, index);
            self.on_wire_quiet(now);
        }
    }

    /// Skips what a teardown still waits for and sends what is left to send, unheard.
    fn drop_teardown(&mut self, now: Time, index: usize) {
        let mut teardown = self.teardowns.remove(index);
        self.abandon_teardown(teardown.id, teardown.undo());
        if let Some(message) = teardown.cancel.take_if(|_| teardown.step == Step::Await(Awaited::Invite)) {
            self.side(now, Operation::Cancel, teardown.call_no, true, signaling::Operation::Cancel(message));
        }
        if !teardown.channel_id.is_empty() && teardown.step != Step::Finishing {
            self.side(
                now,
                Operation::Close,
                teardown.call_no,
                true,
                teardown.finish.op(teardown.channel_id.clone()),
            );
        }
    }

    /// What a late success of a teardown's running operation must be followed by.
    pub(super) fn teardown_undo(&self, id: u64) -> Option<Undo> {
        self.teardowns.iter().find(|teardown| teardown.id == id)?.undo()
    }

    /// This channel is being cleaned up.
    pub(super) fn is_closing(&self, channel: &str) -> bool {
        self.teardowns.iter().any(|teardown| &*teardown.channel_id == channel)
    }
}

/// The service refused the invite for a reason that implies that nobody received it.
pub(super) fn is_never_delivered(code: Code) -> bool {
    matches!(code, Code::CHANNEL_NOT_EXISTS | Code::NOT_MEMBER | Code::ALREADY_MEMBER | Code::MEMBER_LIMIT)
}

/// The service reports that the invite was already decided.
pub(super) fn is_decided(code: Code) -> bool {
    matches!(
        code,
        Code::CHANNEL_NOT_EXISTS | Code::INVITE_NOT_EXISTS | Code::INVITE_REJECTED | Code::INVITE_ACCEPTED
    )
}
