//! Glare: both sides called each other. One call results, by make before break: nobody cancels its own invite
//! before the other's is granted, so no third device can intervene and nobody ends up alone.

use super::answer::accept_of;
use super::core::Engine;
use super::in_flight::{Finish, Owner, TakeBack};
use super::notify::{foreign, user_event};
use super::output::{CallEvent, EndReason, Event, Operation};
use super::state::{Calling, Ending, Glare, Invite, InviteFailure, InviteStage, OwnOutcome, State};
use super::teardown::is_decided;
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, CallType, Code, InviteState, Outcome, Req, Text};

impl Calling {
    /// The peer's invite, waiting or being accepted.
    pub(super) fn parked(&self) -> Option<&Invite> {
        match &self.glare {
            Glare::None => None,
            Glare::Parked { invite, .. } | Glare::Accepting { invite, .. } => Some(invite),
        }
    }

    pub(super) fn is_accepting_old_client(&self) -> bool {
        matches!(&self.glare, Glare::Accepting { invite, .. } if invite.call_id.is_empty())
    }

    pub(super) fn has_parked_channel(&self, channel: &str) -> bool {
        self.parked().is_some_and(|invite| &*invite.channel_id == channel)
    }
}

impl State {
    fn set_glare(&mut self, glare: Glare) {
        match self {
            State::Calling(calling) => calling.glare = glare,
            State::Idle | State::Called(_) | State::InCall(_) => {}
        }
    }
}

impl Engine {
    /// An INVITE of the user we are calling.
    pub(super) fn on_glare(&mut self, now: Time, invite: Invite) {
        let account = self.session.account();
        let until = now.after(self.config.timers.glare_ms);
        let State::Calling(calling) = &mut self.state else { return };
        let ours = (calling.own.request_id.as_bytes(), account.as_bytes());
        let theirs = (invite.request_id.as_bytes(), invite.from.as_bytes());
        // A legacy client does not compare: it rejects ours by itself, so only theirs can succeed.
        let is_theirs = invite.call_id.is_empty() || ours <= theirs;
        match &mut calling.glare {
            Glare::None if is_theirs => self.accept_in_glare(now, invite, OwnOutcome::Open),
            Glare::None => {
                calling.glare = Glare::Parked { invite: invite.clone(), until: Some(until) };
                self.notify_invite_state(&invite, InviteState::Held);
            }
            Glare::Parked { invite: waiting, .. } if waiting.create_ms > invite.create_ms => {
                self.drop_invite(now, &invite);
            }
            // Another device of theirs called, too. We lose against it, or both would wait and yield.
            Glare::Parked { invite: waiting, until: Some(_) } if is_theirs => {
                let older = waiting.clone();
                self.record_tombstone(now, &older);
                self.accept_in_glare(now, invite, OwnOutcome::Open);
            }
            Glare::Parked { invite: waiting, .. } => {
                let older = std::mem::replace(waiting, invite.clone());
                self.notify_invite_state(&invite, InviteState::Held);
                self.record_tombstone(now, &older);
            }
            Glare::Accepting { .. } => self.reject_busy(now, &invite),
        }
    }

    /// Accepts the peer's invite while our own is kept (or has ended, with an `own_outcome`).
    pub(super) fn accept_in_glare(&mut self, now: Time, invite: Invite, own_outcome: OwnOutcome) {
        let accept = signaling::Operation::Accept(accept_of(&invite, &self.config.capabilities()));
        let owner = Owner::GlareAccept(self.state.call_no(), invite.channel_id.clone());
        let ms = self.config.timers.request_ms;
        let req = self.signal(now, ms, owner, accept);
        self.state.set_glare(Glare::Accepting { invite, req, closed: None, control: false, own_outcome });
    }

    /// The service has decided about our accept of the peer's invite.
    pub(super) fn on_glare_accept_done(
        &mut self,
        now: Time,
        call: u64,
        req: Req,
        channel: &Text,
        outcome: &Outcome,
    ) {
        let State::Calling(mut calling) = std::mem::replace(&mut self.state, State::Idle) else {
            return self.ignore("accept completed for an ended call");
        };
        let is_ours = calling.own.no == call
            && matches!(&calling.glare, Glare::Accepting { req: running, .. } if *running == req);
        if !is_ours {
            self.state = State::Calling(calling);
            return self.ignore("accept completed for an ended call");
        }
        let Glare::Accepting { invite, closed, control, own_outcome, .. } =
            std::mem::replace(&mut calling.glare, Glare::None)
        else {
            return;
        };
        self.record_own_tombstone(now, &invite);
        match outcome.code {
            code if code.is_success() => match closed {
                Some(text) => {
                    self.close_channel(now, call, channel, Finish::leave(), None);
                    self.state = State::Calling(calling);
                    let ending =
                        Ending { reason: EndReason::PeerHungUp, extra: foreign(&text, &invite.attachment) };
                    self.end_calling(now, ending, &TakeBack::for_glare(), |engine, own| {
                        engine.done_call(own, Outcome::default());
                    });
                }
                None => self.take_theirs(now, *calling, &invite, control, &own_outcome),
            },
            Code::INVITE_ACCEPTED => self.sibling_has_it(now, *calling, &invite),
            code => {
                if !is_decided(code) {
                    let leave = Finish::leave().op(channel.clone());
                    self.side(now, Operation::Leave, call, true, leave);
                    self.reject_held(now, &invite, 0);
                }
                self.back_to_own(now, *calling, own_outcome);
            }
        }
    }

    /// In the peer's call; our own invite goes.
    fn take_theirs(
        &mut self,
        now: Time,
        calling: Calling,
        invite: &Invite,
        control: bool,
        own_outcome: &OwnOutcome,
    ) {
        let mut own = calling.own;
        let mut call = self.new_callee_call(now, own.no, invite, own.since, control);
        call.issued_by = Some(own.issued_by);
        call.alias = Some((own.channel_id.clone(), own.request_id.clone()));
        call.camera_allowed = own.options.call_type == CallType::Video;
        let is_type_changed = call.call_type != own.options.call_type;
        // call() completes with the surviving call.
        let confirmed = std::mem::replace(&mut own.confirmed, true);
        if !confirmed {
            let mut named = own.clone();
            named.confirmed = false;
            named.channel_id = call.channel_id.clone();
            named.request_id = call.request_id.clone();
            named.call_id = call.call_id.clone();
            // Ours in the lost channel; the uid in this one is reported by the join.
            named.uid = 0;
            self.done_call(&mut named, Outcome::default());
        }
        let is_legacy = invite.call_id.is_empty();
        match own_outcome {
            OwnOutcome::Open | OwnOutcome::Over(_) if is_legacy && own.is_out() => {
                call.legacy_invite = Some(own)
            }
            OwnOutcome::Over(_) => {}
            OwnOutcome::Open | OwnOutcome::Accepted(_) if is_legacy => {
                self.close_own(now, &own, &TakeBack::close_only());
            }
            OwnOutcome::Open | OwnOutcome::Accepted(_) => self.close_own(now, &own, &TakeBack::for_glare()),
        }
        if is_type_changed {
            self.emit(Event::CallTypeChange(call.call_event(0)));
        }
        self.emit(Event::UserAccept(user_event(call.no, &call.peer, 0)));
        self.state = State::InCall(Box::new(call));
        self.hand_over_texts(now);
    }

    /// Another device of ours took the peer's call.
    fn sibling_has_it(&mut self, now: Time, calling: Calling, invite: &Invite) {
        let event = CallEvent {
            call_no: calling.own.no,
            user: invite.from.clone(),
            device: Text::default(),
            call_type: invite.call_type,
            state: 0,
        };
        // A legacy client would take the CANCEL for the end of its call with our other device.
        let take_back = match invite.call_id.is_empty() {
            true => TakeBack::close_only(),
            false => TakeBack::for_glare(),
        };
        self.state = State::Calling(Box::new(calling));
        self.end_calling(now, EndReason::OtherAccepted, &take_back, |engine, own| {
            engine.done_call(own, Outcome::default());
            engine.emit(Event::OtherClientAccept(event));
        });
    }

    /// The peer's invite failed: our own counts again, in its present state.
    fn back_to_own(&mut self, now: Time, mut calling: Calling, own_outcome: OwnOutcome) {
        calling.glare = Glare::None;
        match own_outcome {
            OwnOutcome::Open => {
                self.state = State::Calling(Box::new(calling));
                self.go_on_calling(now);
            }
            OwnOutcome::Accepted(custom_info) => {
                self.enter_as_caller(now, calling.own, custom_info.as_deref())
            }
            OwnOutcome::Over(cause) => {
                // Only what a legacy client was spared is still out.
                let reason = if cause == InviteFailure::TimedOut { 2 } else { 0 };
                self.close_own(now, &calling.own, &TakeBack { reason, ..TakeBack::plain() });
                self.end_by_cause(now, calling, cause);
            }
        }
    }

    /// The service has answered the winner's giving way.
    pub(super) fn on_yield_done(&mut self, now: Time, call: u64, req: Req, outcome: &Outcome) {
        let again = now.after(self.config.timers.glare_ms);
        let State::Calling(calling) = &mut self.state else {
            return self.ignore("cancel completed for an ended call");
        };
        if calling.own.no != call || calling.own.step != InviteStage::Yielding(req) {
            return self.ignore("cancel completed for an ended call");
        }
        let is_over = outcome.code.is_success() || is_decided(outcome.code);
        if outcome.code == Code::INVITE_ACCEPTED || !is_over {
            // Accepted: the answer is in flight. Otherwise undecided: check again later.
            let next = (outcome.code != Code::INVITE_ACCEPTED).then_some(again);
            calling.own.step = InviteStage::Invited;
            if let Glare::Parked { until, .. } = &mut calling.glare {
                *until = next;
            }
            return;
        }
        self.own_over(now, InviteFailure::Closed(Text::default()), Some(&TakeBack::close_only()));
    }
}
