//! We call: create, join, invite, and every way in which that can end.

use super::answer::reply_to;
use super::core::Engine;
use super::in_flight::{Awaited, Finish, Owner, TakeBack};
use super::input::{CallOptions, Ticket};
use super::limits;
use super::notify::{other_media, user_event};
use super::output::{CallEnd, CallEvent, EndReason, Event, Operation};
use super::state::{
    Calling, Ended, Ending, Glare, InCall, InviteFailure, InviteStage, JoinStage, OutgoingInvite, OwnOutcome,
    State,
};
use super::teardown::{cancel_message, is_never_delivered};
use super::text_queue::PeerTexts;
use super::time::Time;
use super::wire::{self, Outgoing, Reason};
use nertc_callkit_signaling::{
    self as signaling, Code, Message, OperationResult, Outcome, RecordStatus, Req, Text,
};

impl State {
    /// The own invite of the live outgoing call, if it is this one and at `step`.
    fn own_at(&mut self, call: u64, step: &InviteStage) -> Option<&mut OutgoingInvite> {
        match self {
            State::Calling(calling) if calling.own.no == call && calling.own.step == *step => {
                Some(&mut calling.own)
            }
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => None,
        }
    }

    /// An operation of the own invite was issued.
    fn set_stage(&mut self, stage: InviteStage) {
        match self {
            State::Calling(calling) => calling.own.step = stage,
            State::Idle | State::Called(_) | State::InCall(_) => {}
        }
    }
}

/// What is due of an outgoing call.
pub(super) enum CallingDue {
    /// The ring limit, with the cancel.
    RingLimit(Message),
    /// We won a glare and got no answer: our invite yields, with its cancel.
    Yield(Message),
    /// The same, before our invite left.
    GiveUp,
}

impl Calling {
    /// What is due by now.
    pub(super) fn due_by(&self, now: Time) -> Option<CallingDue> {
        self.due().filter(|(at, _)| *at <= now)?;
        let is_yield_due = matches!(&self.glare, Glare::Parked { until: Some(until), .. } if *until <= now);
        match self.own.step {
            InviteStage::Invited if self.own.ring_until <= now => {
                let how = TakeBack { reason: 2, ..TakeBack::plain() };
                Some(CallingDue::RingLimit(cancel_message(&self.own, &how)))
            }
            InviteStage::Invited if is_yield_due => {
                Some(CallingDue::Yield(cancel_message(&self.own, &TakeBack::for_glare())))
            }
            InviteStage::Creating(_) | InviteStage::Joining(_) if is_yield_due => Some(CallingDue::GiveUp),
            InviteStage::Creating(_)
            | InviteStage::Joining(_)
            | InviteStage::Held
            | InviteStage::Inviting(_)
            | InviteStage::Invited
            | InviteStage::TimingOut(_)
            | InviteStage::Yielding(_)
            | InviteStage::Over => None,
        }
    }

    /// When something of the outgoing call is due. While an operation decides, its own limit counts.
    pub(super) fn due(&self) -> Option<(Time, &'static str)> {
        let yield_at = match &self.glare {
            Glare::None => None,
            Glare::Parked { until, .. } => *until,
            Glare::Accepting { .. } => return None,
        };
        let yield_at = yield_at.map(|at| (at, "glare: the peer does not answer ours"));
        match self.own.step {
            InviteStage::Invited => {
                let ring = (self.own.ring_until, "ring limit");
                Some(yield_at.map_or(ring, |at| at.min(ring)))
            }
            InviteStage::Creating(_) | InviteStage::Joining(_) => yield_at,
            InviteStage::Held
            | InviteStage::Inviting(_)
            | InviteStage::TimingOut(_)
            | InviteStage::Yielding(_)
            | InviteStage::Over => None,
        }
    }
}

impl Engine {
    pub(super) fn cmd_call(&mut self, now: Time, ticket: Ticket, options: CallOptions) {
        let refused = match &self.state {
            State::Calling(_) => Code::CALL_IN_CALLING,
            State::Called(_) => Code::CALL_IN_CALLED,
            State::InCall(_) => Code::CALL_IN_CALL,
            State::Idle if options.user == self.session.account() => Code::INVALID_ARGUMENT,
            State::Idle => Code::OK,
        };
        if refused != Code::OK {
            return self.done(ticket, Operation::Call, 0, refused);
        }
        let no = self.next_call_no();
        let ms = self.config.timers.request_ms;
        let create = signaling::Operation::Create { call_type: options.call_type };
        let req = self.signal(now, ms, Owner::Create(no), create);
        let [request_id, call_id] = self.ids.uuids();
        let own = OutgoingInvite {
            no,
            issued_by: ticket,
            confirmed: false,
            options,
            request_id,
            call_id,
            channel_id: Text::default(),
            uid: 0,
            rtc_token: Text::default(),
            step: InviteStage::Creating(req),
            issued: false,
            is_ringing: false,
            since: now,
            ring_until: now,
            switched: None,
            texts: PeerTexts::default(),
        };
        self.state = State::Calling(Box::new(Calling { own, glare: Glare::None }));
    }

    pub(super) fn on_create_done(&mut self, now: Time, call: u64, req: Req, result: &mut OperationResult) {
        let Some(own) = self.state.own_at(call, &InviteStage::Creating(req)) else {
            return self.ignore("channel created for an ended call");
        };
        let channel = result.channel.take().map(|state| state.channel.id).filter(|id| is_id(id));
        match channel {
            Some(id) if result.outcome.code.is_success() => {
                own.channel_id = id.clone();
                let no_offline = own.options.no_offline;
                let ms = self.config.timers.request_ms;
                let join = signaling::Operation::Join { channel_id: id.clone(), no_offline };
                let req = self.signal(now, ms, Owner::Join(call, id), join);
                self.state.set_stage(InviteStage::Joining(req));
            }
            Some(_) | None => self.own_failed(now, std::mem::take(&mut result.outcome)),
        }
    }

    pub(super) fn on_join_done(&mut self, now: Time, call: u64, req: Req, result: &mut OperationResult) {
        let account = self.session.account();
        let Some(own) = self.state.own_at(call, &InviteStage::Joining(req)) else {
            return self.ignore("channel joined for an ended call");
        };
        let me =
            result.channel.as_ref().and_then(|state| state.members.iter().find(|m| m.account == account));
        match me.map(|me| me.uid).filter(|uid| *uid != 0) {
            Some(uid) if result.outcome.code.is_success() => {
                own.uid = uid;
                own.rtc_token = result.rtc_token.take().unwrap_or_default();
                own.step = InviteStage::Held;
                self.go_on_calling(now);
            }
            Some(_) | None => self.own_failed(now, std::mem::take(&mut result.outcome)),
        }
    }

    /// Issues the invite, unless it was issued or the peer's own invite is being accepted.
    pub(super) fn go_on_calling(&mut self, now: Time) {
        let ring_ms = self.ring_ms;
        let State::Calling(calling) = &mut self.state else { return };
        let own = &mut calling.own;
        if own.step != InviteStage::Held || matches!(calling.glare, Glare::Accepting { .. }) {
            return;
        }
        own.issued = true;
        own.ring_until = now.after(ring_ms);
        let custom_info = wire::outgoing(&Outgoing {
            channel_name: &own.rtc_channel(),
            call_id: &own.call_id,
            attachment: own.options.attachment.as_deref(),
            extra: own.options.extra.as_deref(),
            reason: 0,
            glare: false,
            capabilities: self.config.capabilities(),
        });
        let message = Message {
            channel_id: own.channel_id.clone(),
            account: own.options.user.clone(),
            request_id: own.request_id.clone(),
            custom_info,
            no_offline: own.options.no_offline,
        };
        let (no, push) = (own.no, own.options.push.clone());
        let ms = self.config.timers.request_ms;
        let invite = signaling::Operation::Invite { message, expires_ms: ring_ms, push };
        let req = self.signal(now, ms, Owner::Invite(no), invite);
        self.state.set_stage(InviteStage::Inviting(req));
    }

    pub(super) fn on_invite_done(&mut self, now: Time, call: u64, req: Req, outcome: Outcome) {
        let Some(own) = self.state.own_at(call, &InviteStage::Inviting(req)) else {
            return self.ignore("invite completed for an ended call");
        };
        if !outcome.code.is_success() {
            return self.own_failed(now, outcome);
        }
        own.step = InviteStage::Invited;
        self.app.extend(own.confirm(Outcome::default()));
    }

    /// A device of the invited account rings: the invite has arrived, whatever its completion says later.
    pub(super) fn on_ringing(&mut self, event: &signaling::Event) {
        let Some(calling) = self.state.calling_of(event) else {
            return self.ignore("ringing of an account that we do not call");
        };
        let is_open = match calling.glare {
            Glare::None | Glare::Parked { .. } => true,
            Glare::Accepting { .. } => false,
        };
        let own = &mut calling.own;
        let is_waiting = matches!(own.step, InviteStage::Inviting(_) | InviteStage::Invited);
        if !is_open || !is_waiting || own.is_ringing {
            return self.ignore("ringing, already known or no longer relevant");
        }
        own.is_ringing = true;
        own.step = InviteStage::Invited;
        let user = user_event(own.no, &own.options.user, 0);
        self.app.extend(own.confirm(Outcome::default()));
        self.emit(Event::UserRinging(user));
    }

    fn own_failed(&mut self, now: Time, outcome: Outcome) {
        let code = if outcome.code.is_success() { Code::BACKEND_FAILED } else { outcome.code };
        let cause = InviteFailure::Failed { code, raw_code: outcome.raw_code, message: outcome.message };
        let take_back = match is_never_delivered(code) {
            true => TakeBack::close_only(),
            false => TakeBack::plain(),
        };
        self.own_over(now, cause, Some(&take_back));
    }

    /// Our own invite is final and was not accepted. `take_back` = what is left to do on the wire.
    pub(super) fn own_over(&mut self, now: Time, cause: InviteFailure, take_back: Option<&TakeBack>) {
        let State::Calling(mut calling) = std::mem::replace(&mut self.state, State::Idle) else {
            return self.ignore("own invite ended outside of a call");
        };
        // A CANCEL would end the call of a legacy client that we are accepting: ours waits for how that goes.
        let is_kept = calling.is_accepting_old_client()
            && calling.own.is_out()
            && take_back.is_some_and(|how| how.cancel);
        if is_kept {
            calling.own.step = InviteStage::Invited;
        } else {
            if let Some(how) = take_back {
                self.close_own(now, &calling.own, how);
            }
            calling.own.step = InviteStage::Over;
        }
        match std::mem::replace(&mut calling.glare, Glare::None) {
            Glare::None => self.end_by_cause(now, *calling, cause),
            Glare::Parked { invite, .. } if cause == InviteFailure::TimedOut => {
                self.reject_held(now, &invite, 0);
                self.end_by_cause(now, *calling, cause);
            }
            Glare::Parked { invite, .. } => {
                self.state = State::Calling(calling);
                self.accept_in_glare(now, invite, OwnOutcome::Over(cause));
            }
            Glare::Accepting { invite, req, closed, control, .. } => {
                let own_outcome = OwnOutcome::Over(cause);
                calling.glare = Glare::Accepting { invite, req, closed, control, own_outcome };
                self.state = State::Calling(calling);
            }
        }
    }

    /// Reports how an own invite ended, and ends the call.
    pub(super) fn end_by_cause(&mut self, now: Time, mut calling: Calling, cause: InviteFailure) {
        let own = &mut calling.own;
        let peer = own.options.user.clone();
        let user = user_event(own.no, &peer, 0);
        let (reason, extra) = match cause {
            InviteFailure::Failed { code, raw_code, message } => {
                let outcome = Outcome { code, raw_code, message };
                if own.confirmed {
                    self.notify_error(Operation::Call, own.no, outcome);
                } else {
                    self.done_call(own, outcome);
                }
                (EndReason::CallFailed, Text::default())
            }
            InviteFailure::Rejected { reason, extra } => {
                self.done_call(own, Outcome::default());
                let end = match reason {
                    Reason::Plain => {
                        self.emit(Event::UserReject(user));
                        self.record_missed(now, own, RecordStatus::Rejected);
                        EndReason::PeerRejected
                    }
                    Reason::Busy => {
                        self.emit(Event::UserBusy(user));
                        self.record_missed(now, own, RecordStatus::Busy);
                        EndReason::Busy
                    }
                    Reason::Timeout => self.notify_timeout(now, own),
                };
                (end, extra)
            }
            InviteFailure::Closed(extra) => {
                self.done_call(own, Outcome::default());
                self.record_missed(now, own, RecordStatus::Rejected);
                (EndReason::PeerHungUp, extra)
            }
            InviteFailure::OtherMedia => {
                self.done_call(own, Outcome::default());
                self.notify_error(Operation::Rtc, own.no, other_media());
                self.record_missed(now, own, RecordStatus::Rejected);
                (EndReason::MediaMismatch, Text::default())
            }
            InviteFailure::TimedOut => {
                self.done_call(own, Outcome::default());
                (self.notify_timeout(now, own), Text::default())
            }
        };
        self.notify_calling_end(now, &calling.own, Ending { reason, extra });
    }

    fn notify_timeout(&mut self, now: Time, own: &OutgoingInvite) -> EndReason {
        self.emit(Event::CallingTimeout(CallEvent {
            call_no: own.no,
            user: own.options.user.clone(),
            device: Text::default(),
            call_type: own.options.call_type,
            state: 0,
        }));
        self.record_missed(now, own, RecordStatus::Timeout);
        EndReason::Timeout
    }

    /// on_call_end of an outgoing call.
    pub(super) fn notify_calling_end(&mut self, now: Time, own: &OutgoingInvite, ending: Ending) {
        self.remember_ended(Ended {
            no: own.no,
            issued_by: Some(own.issued_by),
            peer: own.options.user.clone(),
            channel_id: own.channel_id.clone(),
            request_id: own.request_id.clone(),
        });
        self.become_idle();
        self.emit(Event::CallEnd(CallEnd {
            call_no: own.no,
            user: own.options.user.clone(),
            reason: ending.reason,
            extra: ending.extra,
            ring_ms: now.since(own.since),
            talk_ms: 0,
            durations: Vec::new(),
        }));
    }

    /// The app's cancel or hangup while calling: final, regardless of later messages.
    pub(super) fn cancel_calling(
        &mut self,
        now: Time,
        done: (Ticket, Operation),
        how: &TakeBack,
        record: bool,
    ) {
        self.end_calling(now, EndReason::Cancelled, how, |engine, own| {
            engine.done_call(own, Outcome { code: Code::SUPERSEDED, ..Outcome::default() });
            engine.done(done.0, done.1, own.no, Code::OK);
            if record {
                engine.record_missed(now, own, RecordStatus::Cancelled);
            }
        });
    }

    /// Ends an outgoing call from our side: signaling is left to teardowns, `notify` emits what comes before
    /// the end.
    pub(super) fn end_calling(
        &mut self,
        now: Time,
        ending: impl Into<Ending>,
        how: &TakeBack,
        send: impl FnOnce(&mut Engine, &mut OutgoingInvite),
    ) {
        let State::Calling(calling) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let Calling { mut own, glare } = *calling;
        self.close_own(now, &own, how);
        match glare {
            Glare::None => {}
            Glare::Parked { invite, .. } => self.reject_held(now, &invite, 0),
            Glare::Accepting { invite, req, own_outcome, .. } => {
                own.issued &= !matches!(own_outcome, OwnOutcome::Accepted(_));
                self.record_own_tombstone(now, &invite);
                let awaited = Awaited::Accept(reply_to(&invite, 0));
                let running = Some((req, awaited));
                self.close_channel(now, own.no, &invite.channel_id, Finish::close(), running);
            }
        }
        send(self, &mut own);
        self.notify_calling_end(now, &own, ending.into());
    }

    /// Something of the outgoing call is due.
    pub(super) fn on_calling_due(&mut self, now: Time, due: CallingDue) {
        let (no, ms) = (self.state.call_no(), self.config.timers.operation_ms);
        match due {
            CallingDue::RingLimit(cancel) => {
                let cancel = signaling::Operation::Cancel(cancel);
                let req = self.signal(now, ms, Owner::RingCancel(no), cancel);
                self.state.set_stage(InviteStage::TimingOut(req));
            }
            CallingDue::Yield(cancel) => {
                let req = self.signal(now, ms, Owner::Yield(no), signaling::Operation::Cancel(cancel));
                self.state.set_stage(InviteStage::Yielding(req));
            }
            CallingDue::GiveUp => {
                self.own_over(now, InviteFailure::Closed(Text::default()), Some(&TakeBack::plain()));
            }
        }
    }

    /// The service has decided between our ring limit and the peer's answer.
    pub(super) fn on_ring_cancel_done(&mut self, now: Time, call: u64, req: Req, outcome: &Outcome) {
        if self.state.own_at(call, &InviteStage::TimingOut(req)).is_none() {
            return self.ignore("cancel completed for an ended call");
        }
        match outcome.code {
            Code::INVITE_ACCEPTED => self.own_accepted(now, None),
            Code::INVITE_REJECTED => {
                let cause = InviteFailure::Rejected { reason: Reason::Plain, extra: Text::default() };
                self.own_over(now, cause, Some(&TakeBack::close_only()));
            }
            code => {
                let is_gone =
                    code.is_success() || matches!(code, Code::CHANNEL_NOT_EXISTS | Code::INVITE_NOT_EXISTS);
                let again = TakeBack { reason: 2, ..TakeBack::plain() };
                let how = if is_gone { TakeBack::close_only() } else { again };
                self.own_over(now, InviteFailure::TimedOut, Some(&how));
            }
        }
    }

    /// The peer accepted our invite; `custom` is the text of its answer, None if only the service reported
    /// it.
    pub(super) fn own_accepted(&mut self, now: Time, custom_info: Option<Text>) {
        let State::Calling(mut calling) = std::mem::replace(&mut self.state, State::Idle) else { return };
        self.done_call(&mut calling.own, Outcome::default());
        match std::mem::replace(&mut calling.glare, Glare::None) {
            Glare::None => self.enter_as_caller(now, calling.own, custom_info.as_deref()),
            Glare::Parked { invite, .. } => {
                self.reject_held(now, &invite, 3);
                self.enter_as_caller(now, calling.own, custom_info.as_deref());
            }
            Glare::Accepting { invite, req, closed, control, .. } => {
                calling.own.step = InviteStage::Invited;
                let own_outcome = OwnOutcome::Accepted(custom_info);
                calling.glare = Glare::Accepting { invite, req, closed, control, own_outcome };
                self.state = State::Calling(calling);
            }
        }
    }

    /// In the call that we placed.
    pub(super) fn enter_as_caller(&mut self, now: Time, own: OutgoingInvite, custom_info: Option<&str>) {
        // If only the service reported it, the peer's version is unknown: clients before 1.1.0 are the rare
        // case.
        let answer = custom_info.map(wire::read);
        let is_old = answer.as_ref().is_some_and(wire::Attachment::is_old_version);
        let is_other_media = answer.as_ref().is_some_and(|theirs| self.is_other_media(theirs.rtc.as_deref()));
        let call_type = own.switched.unwrap_or(own.options.call_type);
        let is_switched = call_type != own.options.call_type;
        let call = InCall {
            no: own.no,
            issued_by: Some(own.issued_by),
            peer: own.options.user.clone(),
            call_type,
            attachment: own.options.attachment.clone().unwrap_or_default(),
            rtc_channel: if is_old { own.channel_id.clone() } else { own.rtc_channel() },
            channel_id: own.channel_id,
            request_id: own.request_id,
            call_id: own.call_id,
            own_uid: own.uid,
            rtc_token: own.rtc_token,
            is_inviter: true,
            no_record: own.options.no_record,
            peer_has_call_id: answer.as_ref().is_some_and(|answer| !answer.call_id.is_empty()),
            peer_takes_data: answer.as_ref().is_some_and(|answer| answer.data),
            peer_is_versionless: answer.is_some_and(|answer| answer.version.is_none()),
            texts: own.texts,
            ring_ms: now.since(own.since),
            entry: JoinStage::Joining { notify_legacy_peer: is_old },
            connect_by: Some(now.after(self.config.timers.rtc_connect_ms)),
            camera_allowed: !is_switched,
            ..InCall::at_start()
        };
        if is_switched {
            self.emit(Event::CallTypeChange(call.call_event(0)));
        }
        self.emit(Event::UserAccept(user_event(call.no, &call.peer, 0)));
        self.state = State::InCall(Box::new(call));
        if is_other_media {
            return self.end_other_media(now);
        }
        self.enter_media(now);
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= limits::ID
}
