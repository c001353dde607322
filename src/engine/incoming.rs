//! We are called: ring, answer, and every way in which that can end.

use super::answer::{Answer, Words, accept_of, reply_to};
use super::coalesce::Kind;
use super::core::Engine;
use super::feedback::Known;
use super::in_flight::{Awaited, Finish, Owner};
use super::input::Ticket;
use super::notify::{foreign, user_event};
use super::output::{
    CallEnd, CallEvent, EndReason, Event, Invited, Missed, MissedCall, Operation, UserEvent,
};
use super::state::{Accepting, Called, Ended, Ending, Invite, Session, State};
use super::teardown::is_decided;
use super::text_queue::PeerTexts;
use super::time::Time;
use super::tombstones::Tombstone;
use super::wire::{self, Reason};
use nertc_callkit_signaling::{self as signaling, CallType, Code, InviteState, Message, Outcome, Req, Text};

impl State {
    /// The app's accept was issued.
    fn begin_accept(&mut self, accepting: Accepting) {
        match self {
            State::Called(called) => called.accepting = Some(accepting),
            State::Idle | State::Calling(_) | State::InCall(_) => {}
        }
    }
}

/// What the caller's CANCEL of the ringing invite means.
pub(super) enum CallerCancel {
    /// In a glare the caller took our other invite.
    AnsweredElsewhere(CallEvent),
    /// The caller's ring limit.
    TimedOut,
    /// The caller's user did, with this text.
    Cancelled { user: UserEvent, extra: Text },
}

impl Called {
    /// Payload of an event about another device of ours.
    pub(super) fn call_event(&self, device: Text) -> CallEvent {
        CallEvent {
            call_no: self.no,
            user: self.invite.from.clone(),
            device,
            call_type: self.invite.call_type,
            state: 0,
        }
    }

    pub(super) fn read_cancel(&self, custom_info: &str) -> CallerCancel {
        let text = wire::read(custom_info);
        if text.glare {
            return CallerCancel::AnsweredElsewhere(self.call_event(Text::default()));
        }
        if wire::reason(custom_info, &text) == Reason::Timeout {
            return CallerCancel::TimedOut;
        }
        let extra = foreign(&text.attachment, &self.invite.attachment);
        CallerCancel::Cancelled { user: user_event(self.no, &self.invite.from, 0), extra }
    }

    /// The reject of an invite whose ring limit has passed. While an accept is pending the service decides.
    pub(super) fn reject_by(&self, now: Time) -> Option<Message> {
        (self.accepting.is_none() && self.ring_until <= now).then(|| reply_to(&self.invite, 2))
    }
}

impl Engine {
    /// An INVITE that is worth looking at: ids in order, not from ourselves, not known, no group.
    pub(super) fn read_invite(
        &mut self,
        now: Time,
        event: &signaling::Event,
        offline: bool,
    ) -> Option<Invite> {
        let has_ids = !event.channel.id.is_empty() && !event.request_id.is_empty() && !event.from.is_empty();
        if !has_ids || event.from == self.session.account() {
            self.notify_event_state(event, InviteState::Dropped);
            self.ignore("invite without ids, or from ourselves");
            return None;
        }
        match self.known_as(event) {
            Known::No => {}
            Known::Answered => {
                self.ignore("invite that we have answered already");
                return None;
            }
            Known::As(state) => {
                self.notify_event_state(event, state);
                self.ignore("duplicate of a live invite");
                return None;
            }
            Known::Foreign => {
                self.notify_event_state(event, InviteState::Dropped);
                self.ignore("invite with the ids of another's");
                return None;
            }
        }
        let account = self.session.account();
        if self.tombstones.covers(now, &event.channel.id, &event.request_id, &event.from, &account) {
            self.notify_event_state(event, InviteState::Dropped);
            self.ignore("invite that has ended already");
            return None;
        }
        let text = wire::read(&event.custom_info);
        let age = self.age_of(now, event.time_ms);
        let invite = Invite {
            from: event.from.clone(),
            channel_id: event.channel.id.clone(),
            request_id: event.request_id.clone(),
            call_type: CallType::of(event.channel.call_type),
            custom_info: event.custom_info.clone(),
            old: text.is_old_invite(),
            is_versionless: text.version.is_none(),
            takes_data: text.data,
            switched: None,
            texts: PeerTexts::default(),
            call_id: text.call_id.into(),
            channel_name: text.channel_name.into(),
            attachment: text.attachment.into(),
            offline,
            create_ms: event.channel.create_ms,
            time_ms: event.time_ms,
            expires: now.after(self.config.timers.invite_age_ms.saturating_sub(age)),
        };
        if self.refuses(now, event, &invite, (text.group, text.rtc.as_deref())) {
            return None;
        }
        // Other messages of the backlog about an offline invite take precedence over its age.
        if offline { Some(invite) } else { self.unless_expired(now, event, invite) }
    }

    /// Rejects an invite that never rings here: by the policy, a group call, incompatible media.
    fn refuses(
        &mut self,
        now: Time,
        event: &signaling::Event,
        invite: &Invite,
        (is_group, rtc): (bool, Option<&str>),
    ) -> bool {
        if self.is_blocked(invite) {
            self.refuse_blocked(now, event, invite);
            return true;
        }
        if is_group {
            self.reject_busy(now, invite);
            self.notify_missed(now, invite, Missed::Group);
            return true;
        }
        self.refuses_media(now, invite, rtc)
    }

    /// The invite, unless it is too old to ring: then it is a missed call.
    pub(super) fn unless_expired(
        &mut self,
        now: Time,
        event: &signaling::Event,
        invite: Invite,
    ) -> Option<Invite> {
        if event.channel.invalid || invite.expires <= now {
            self.drop_invite(now, &invite);
            self.notify_missed(now, &invite, Missed::Expired);
            return None;
        }
        Some(invite)
    }

    /// Milliseconds since the service saw this, if it reported the time.
    fn age_of(&self, now: Time, time_ms: u64) -> u32 {
        let Session::LoggedIn { clock: Some(clock), .. } = &self.session else { return 0 };
        if time_ms == 0 {
            return 0;
        }
        let age = clock.saturating_add(now.0).saturating_sub(time_ms);
        u32::try_from(age).unwrap_or(u32::MAX)
    }

    /// A valid, new INVITE.
    pub(super) fn on_invite(&mut self, now: Time, invite: Invite) {
        if self.is_backlogged {
            self.turn_away(now, &invite);
            return;
        }
        let is_of_peer = self.state.peer() == invite.from;
        if is_of_peer && let Some((ticket, words)) = self.take_reject(&invite) {
            return self.reject_unheard(now, &invite, ticket, &words);
        }
        match &mut self.state {
            State::Idle => self.ring_new(now, invite),
            State::Calling(_) if is_of_peer => {
                if let Some((ticket, _)) = self.take_answer(&invite) {
                    self.done(ticket, Operation::Accept, 0, Code::ACCEPT_IN_CALLING);
                }
                self.on_glare(now, invite);
            }
            State::Called(called) if is_of_peer => {
                let is_older =
                    called.parked.as_ref().is_some_and(|parked| parked.create_ms > invite.create_ms);
                if is_older {
                    return self.drop_invite(now, &invite);
                }
                let older = called.parked.replace(invite.clone());
                self.notify_invite_state(&invite, InviteState::Held);
                if let Some(older) = older {
                    self.record_tombstone(now, &older);
                }
            }
            State::InCall(call) if is_of_peer && call.is_silent(now) => {
                let lost = call.user_event();
                self.end_lost_peer(now, lost);
                if self.tokens.refused.is_some() {
                    // The session continued for that call only: it ends with this input.
                    return self.drop_invite(now, &invite);
                }
                self.ring_new(now, invite);
            }
            State::Calling(_) | State::Called(_) | State::InCall(_) => {
                // The peer of the call is not missed: that was the other invite of a glare.
                if self.turn_away(now, &invite) && !is_of_peer {
                    self.notify_missed(now, &invite, Missed::Busy);
                }
            }
        }
    }

    /// Rings, and lets the backend report it after the app was notified.
    fn ring_new(&mut self, now: Time, invite: Invite) {
        if !self.ring(now, invite.clone()) {
            self.notify_invite_state(&invite, InviteState::Ringing);
        }
    }

    /// True: the app has answered already, and so was the invite.
    fn ring(&mut self, now: Time, invite: Invite) -> bool {
        let answer = self.take_answer(&invite);
        let is_answered = answer.is_some();
        let no = self.next_call_no();
        let limit = now.after(self.ring_ms).after(self.config.timers.ring_grace_ms);
        let ring_until = limit.min(invite.expires);
        let ring_left_ms = ring_until.since(now).min(u64::from(self.ring_ms));
        self.emit(Event::Invited(Invited {
            call_no: no,
            invitor: invite.from.clone(),
            call_type: invite.call_type,
            attachment: invite.attachment.clone(),
            channel_id: invite.channel_id.clone(),
            request_id: invite.request_id.clone(),
            call_id: invite.call_id.clone(),
            invited_at_ms: invite.time_ms,
            ring_left_ms: u32::try_from(ring_left_ms).unwrap_or(u32::MAX),
            offline: invite.offline,
            answered: answer.is_some(),
        }));
        let called = Called { no, invite, since: now, ring_until, accepting: None, parked: None };
        self.state = State::Called(Box::new(called));
        match answer {
            None => {}
            Some((ticket, Answer::Accept)) => self.cmd_accept(now, ticket),
            Some((ticket, Answer::Reject(words))) => {
                self.reject_called(now, (ticket, Operation::Reject), Finish::leave(), &words);
            }
        }
        is_answered
    }

    /// An invite that cannot ring here: answered as the app already decided, else busy. True if it is a
    /// missed call.
    pub(super) fn turn_away(&mut self, now: Time, invite: &Invite) -> bool {
        match self.take_answer(invite) {
            Some((ticket, Answer::Reject(words))) => {
                self.reject_unheard(now, invite, ticket, &words);
                return false;
            }
            Some((ticket, Answer::Accept)) => {
                let code = match self.state {
                    State::Idle => Code::LIMIT,
                    State::Calling(_) => Code::ACCEPT_IN_CALLING,
                    State::Called(_) => Code::CALL_MISMATCH,
                    State::InCall(_) => Code::ACCEPT_IN_CALL,
                };
                self.done(ticket, Operation::Accept, 0, code);
            }
            None => {}
        }
        self.reject_busy(now, invite);
        true
    }

    /// The app's reject of an invite that never was shown to it.
    fn reject_unheard(&mut self, now: Time, invite: &Invite, ticket: Ticket, words: &Words) {
        self.record_tombstone(now, invite);
        let reject = signaling::Operation::Reject(words.reply_to(invite));
        if !self.side(now, Operation::Reject, 0, false, reject) {
            self.notify_invite_state(invite, InviteState::Dropped);
        }
        self.done(ticket, Operation::Reject, 0, Code::OK);
    }

    pub(super) fn cmd_accept(&mut self, now: Time, ticket: Ticket) {
        let State::Called(called) = &mut self.state else { return };
        if let Some(accepting) = &mut called.accepting {
            return accepting.tickets.push(ticket);
        }
        let (no, channel) = (called.no, called.invite.channel_id.clone());
        let accept = signaling::Operation::Accept(accept_of(&called.invite, &self.config.capabilities()));
        let ms = self.config.timers.request_ms;
        let req = self.signal(now, ms, Owner::Accept(no, channel), accept);
        self.state.begin_accept(Accepting { req, tickets: vec![ticket], closed: None, control: false });
    }

    /// The app's reject or hangup while called: final. If an accept is under way, `finish` follows its
    /// success.
    pub(super) fn reject_called(
        &mut self,
        now: Time,
        done: (Ticket, Operation),
        finish: Finish,
        words: &Words,
    ) {
        let State::Called(called) = &self.state else { return };
        let (no, invite) = (called.no, called.invite.clone());
        let reply = words.reply_to(&invite);
        match &called.accepting {
            None => {
                self.side(now, Operation::Reject, no, false, signaling::Operation::Reject(reply));
            }
            Some(accepting) => {
                let running = Some((accepting.req, Awaited::Accept(reply)));
                let finish = finish.with_text(words.text.clone());
                self.close_channel(now, no, &invite.channel_id, finish, running);
            }
        }
        self.notify_pending(Code::SUPERSEDED);
        self.done(done.0, done.1, no, Code::OK);
        self.end_called(now, EndReason::Rejected.into());
    }

    /// No answer here in time.
    pub(super) fn on_called_due(&mut self, now: Time, reject: Message) {
        let no = self.state.call_no();
        self.side(now, Operation::Reject, no, true, signaling::Operation::Reject(reject));
        self.ring_timed_out(now);
    }

    /// What our own ring limit and the caller's both show.
    fn ring_timed_out(&mut self, now: Time) {
        let account = self.session.account();
        self.emit(Event::UserBusy(user_event(self.state.call_no(), &account, 0)));
        self.end_called(now, EndReason::Timeout.into());
    }

    /// The service has decided which device was first.
    pub(super) fn on_accept_done(
        &mut self,
        now: Time,
        call: u64,
        req: Req,
        channel: &Text,
        outcome: Outcome,
    ) {
        let State::Called(called) = &mut self.state else {
            return self.ignore("accept completed for an ended call");
        };
        let is_ours = called.no == call && called.accepting.as_ref().is_some_and(|a| a.req == req);
        let Some(accepting) = called.accepting.take_if(|_| is_ours) else {
            return self.ignore("accept completed for an ended call");
        };
        if outcome.code.is_success() {
            return self.accept_granted(now, accepting);
        }
        let code = outcome.code;
        let user = user_event(call, &called.invite.from, 0);
        let elsewhere = called.call_event(Text::default());
        let undecided = (!is_decided(code)).then(|| reply_to(&called.invite, 0));
        for ticket in accepting.tickets {
            self.done_with(ticket, Operation::Accept, call, outcome.clone());
        }
        match code {
            Code::INVITE_ACCEPTED => self.answered_elsewhere(now, true, elsewhere),
            Code::INVITE_REJECTED => self.answered_elsewhere(now, false, elsewhere),
            Code::INVITE_NOT_EXISTS | Code::CHANNEL_NOT_EXISTS => {
                self.emit(Event::UserCancel(user));
                self.end_called(now, EndReason::PeerCancelled.into());
            }
            _ => {
                let leave = Finish::leave().op(channel.clone());
                self.side(now, Operation::Leave, call, true, leave);
                if let Some(message) = undecided {
                    self.side(now, Operation::Reject, call, true, signaling::Operation::Reject(message));
                }
                self.end_called(now, EndReason::AcceptFailed.into());
            }
        }
    }

    fn accept_granted(&mut self, now: Time, accepting: Accepting) {
        let State::Called(called) = std::mem::replace(&mut self.state, State::Idle) else { return };
        if let Some(text) = accepting.closed {
            for ticket in accepting.tickets {
                self.done(ticket, Operation::Accept, called.no, Code::OK);
            }
            self.close_channel(now, called.no, &called.invite.channel_id, Finish::leave(), None);
            let extra = foreign(&text, &called.invite.attachment);
            self.state = State::Called(called);
            return self.end_called(now, Ending { reason: EndReason::PeerHungUp, extra });
        }
        let Called { no, invite, since, parked, .. } = *called;
        self.record_own_tombstone(now, &invite);
        if let Some(parked) = parked {
            self.reject_held(now, &parked, 3);
        }
        let call = self.new_callee_call(now, no, &invite, since, accepting.control);
        self.done_accept(&accepting.tickets, &call);
        if call.call_type != invite.call_type {
            self.emit(Event::CallTypeChange(call.call_event(0)));
        }
        self.state = State::InCall(Box::new(call));
        self.hand_over_texts(now);
    }

    /// Another device of ours answered.
    pub(super) fn answered_elsewhere(&mut self, now: Time, accepted: bool, event: CallEvent) {
        let reason = match accepted {
            true => {
                self.emit(Event::OtherClientAccept(event));
                EndReason::OtherAccepted
            }
            false => {
                self.emit(Event::OtherClientReject(event));
                EndReason::OtherRejected
            }
        };
        self.end_called(now, reason.into());
    }

    /// CANCEL of the ringing invite.
    pub(super) fn on_caller_cancelled(&mut self, now: Time, cancel: CallerCancel) {
        match cancel {
            CallerCancel::AnsweredElsewhere(event) => self.answered_elsewhere(now, true, event),
            CallerCancel::TimedOut => self.ring_timed_out(now),
            CallerCancel::Cancelled { user, extra } => {
                self.emit(Event::UserCancel(user));
                self.end_called(now, Ending { reason: EndReason::PeerCancelled, extra });
            }
        }
    }

    /// on_call_end of an incoming call; then the invite that waited rings.
    pub(super) fn end_called(&mut self, now: Time, ending: Ending) {
        let State::Called(called) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let Called { no, invite, since, parked, .. } = *called;
        self.record_own_tombstone(now, &invite);
        self.remember_ended(Ended {
            no,
            issued_by: None,
            peer: invite.from.clone(),
            channel_id: invite.channel_id,
            request_id: invite.request_id,
        });
        self.become_idle();
        self.emit(Event::CallEnd(CallEnd {
            call_no: no,
            user: invite.from,
            reason: ending.reason,
            extra: ending.extra,
            ring_ms: now.since(since),
            talk_ms: 0,
            durations: Vec::new(),
        }));
        match parked {
            Some(parked) if self.may_ring() && parked.expires <= now => {
                self.record_tombstone(now, &parked);
                self.notify_missed(now, &parked, Missed::Expired);
            }
            Some(parked) if self.may_ring() => _ = self.ring(now, parked),
            Some(parked) if self.session.is_logged_in() => self.reject_held(now, &parked, 0),
            Some(_) | None => {}
        }
    }

    /// Remembers that this invite, which was never shown to the app, has ended.
    pub(super) fn record_tombstone(&mut self, now: Time, invite: &Invite) {
        self.record_tombstone_as(now, invite, false);
    }

    /// Remembers that this call, which the app was shown, takes no other answer.
    pub(super) fn record_own_tombstone(&mut self, now: Time, invite: &Invite) {
        self.record_tombstone_as(now, invite, true);
    }

    fn record_tombstone_as(&mut self, now: Time, invite: &Invite, is_own: bool) {
        let stone = Tombstone {
            channel_id: invite.channel_id.clone(),
            request_id: Some(invite.request_id.clone()),
            writer: invite.from.clone(),
            owner: invite.from.clone(),
            is_own,
            until: now.after(self.config.timers.tombstone_ms),
        };
        self.tombstones.add(now, stone);
    }

    pub(super) fn notify_missed(&mut self, now: Time, invite: &Invite, reason: Missed) {
        let missed = Event::MissedCall(MissedCall {
            user: invite.from.clone(),
            call_type: invite.call_type,
            attachment: invite.attachment.clone(),
            reason,
            invited_at_ms: invite.time_ms,
            channel_id: invite.channel_id.clone(),
            request_id: invite.request_id.clone(),
            count: 1,
        });
        self.notify_coalesced(now, &invite.from, Kind::Missed(reason), missed);
    }
}
