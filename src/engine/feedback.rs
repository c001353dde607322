//! Reports the decision about each INVITE to the backend that delivered it: ringing only after the app was
//! notified, dropped so that it forgets the invite. Once per INVITE, unless an accept or reject implies it.

use super::answer::reply_to;
use super::core::Engine;
use super::output::{Operation, Output};
use super::state::{Glare, Invite, State};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, EventKind, InviteState, Notification, Text};

/// How an INVITE is here already.
pub(super) enum Known {
    /// It is not.
    No,
    /// Our accept of it was issued.
    Answered,
    /// It rings or waits.
    As(InviteState),
    /// Another account sent one with these ids.
    Foreign,
}

impl Engine {
    /// Whether this INVITE belongs to a live one.
    pub(super) fn known_as(&self, event: &signaling::Event) -> Known {
        let is_it = |channel: &Text, request: &Text| {
            *channel == event.channel.id && *request == event.request_id && !channel.is_empty()
        };
        let here = |invite: &Invite, known: Known| match is_it(&invite.channel_id, &invite.request_id) {
            true if invite.from == event.from => Some(known),
            true => Some(Known::Foreign),
            false => None,
        };
        let held = || Known::As(InviteState::Held);
        let known = match &self.state {
            State::Idle => None,
            State::Calling(calling) => match &calling.glare {
                Glare::None => None,
                Glare::Parked { invite, .. } => here(invite, held()),
                Glare::Accepting { invite, .. } => here(invite, Known::Answered),
            },
            State::Called(called) => {
                let ringing = match called.accepting {
                    Some(_) => Known::Answered,
                    None => Known::As(InviteState::Ringing),
                };
                let parked = called.parked.as_ref();
                here(&called.invite, ringing).or_else(|| parked.and_then(|parked| here(parked, held())))
            }
            State::InCall(call) if !is_it(&call.channel_id, &call.request_id) => None,
            // Of an invite of ours, its ids come back in the peer's name.
            State::InCall(call) if call.peer == event.from && !call.is_inviter => Some(Known::Answered),
            State::InCall(_) => Some(Known::Foreign),
        };
        known.unwrap_or(Known::No)
    }

    /// After the app's events.
    pub(super) fn notify_invite_state(&mut self, invite: &Invite, state: InviteState) {
        let (channel_id, request_id) = (invite.channel_id.clone(), invite.request_id.clone());
        let account = invite.from.clone();
        let notice = Notification::InviteState { channel_id, account, request_id, state };
        self.app.push_back(Output::Notify(notice));
    }

    /// The same, of a message that was not read.
    pub(super) fn notify_event_state(&mut self, event: &signaling::Event, state: InviteState) {
        let (channel_id, request_id) = (event.channel.id.clone(), event.request_id.clone());
        let account = event.from.clone();
        let notice = Notification::InviteState { channel_id, account, request_id, state };
        self.app.push_back(Output::Notify(notice));
    }

    /// Whatever the messages are, no INVITE among them is looked at.
    pub(super) fn drop_invites(&mut self, events: &[signaling::Event]) {
        for event in events.iter().filter(|event| event.kind == EventKind::Invite) {
            self.notify_event_state(event, InviteState::Dropped);
        }
    }

    /// This INVITE is ignored: no answer is sent.
    pub(super) fn drop_invite(&mut self, now: Time, invite: &Invite) {
        self.record_tombstone(now, invite);
        self.notify_invite_state(invite, InviteState::Dropped);
    }

    /// Rejects an INVITE that was not seen before; if that is not possible now, does nothing.
    pub(super) fn refuse_invite(&mut self, now: Time, invite: &Invite, reject: signaling::Operation) {
        self.record_tombstone(now, invite);
        if !self.side(now, Operation::Reject, 0, true, reject) {
            self.notify_invite_state(invite, InviteState::Dropped);
        }
    }

    /// Rejects an INVITE that was not seen before as busy.
    pub(super) fn reject_busy(&mut self, now: Time, invite: &Invite) {
        self.refuse_invite(now, invite, signaling::Operation::Reject(reply_to(invite, 3)));
    }

    /// Answers an invite that waited: busy, or a plain no.
    pub(super) fn reject_held(&mut self, now: Time, invite: &Invite, reason: i64) {
        self.record_tombstone(now, invite);
        self.side(now, Operation::Reject, 0, true, signaling::Operation::Reject(reply_to(invite, reason)));
    }
}
