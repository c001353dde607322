//! What waited while this device was offline: one batch, in which later messages may undo earlier ones.

use super::core::Engine;
use super::fair_share::fair_share;
use super::limits;
use super::output::Missed;
use super::state::{Invite, State};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, EventKind, InviteState, Origin, Text};

/// An invite whose end is in the batch itself.
struct Over {
    /// Who can end it: the inviter, or ourselves with another device.
    by: Text,
    channel_id: Text,
    /// None: the whole channel.
    request_id: Option<Text>,
    reason: Missed,
}

impl Over {
    fn covers(&self, event: &signaling::Event, account: &Text) -> bool {
        (self.by == event.from || self.by == *account)
            && self.channel_id == event.channel.id
            && self.request_id.as_ref().is_none_or(|request| *request == event.request_id)
    }
}

impl Engine {
    pub(super) fn on_offline(&mut self, now: Time, events: Vec<signaling::Event>) {
        let account = self.session.account();
        let over: Vec<Over> = events.iter().filter_map(|event| ends_invite(event, &account)).collect();
        self.replay_current(now, &events, &account);
        let all = events.iter().filter(|event| event.kind == EventKind::Invite).cloned().collect();
        let (looked_at, dropped) = fair_share(all, limits::OFFLINE_INVITES);
        self.drop_unread(&dropped);
        let mut invites: Vec<Invite> = Vec::new();
        for event in looked_at.iter().rev() {
            let Some(invite) = self.read_invite(now, event, true) else { continue };
            if let Some(known) = invites.iter().find(|known| known.is_same(&invite)) {
                if known.from != invite.from {
                    // One report is for all copies of an invite, but this is another account's.
                    self.notify_invite_state(&invite, InviteState::Dropped);
                }
                self.ignore("the backlog has this invite twice");
                continue;
            }
            match over.iter().find(|over| over.covers(event, &account)) {
                Some(over) => {
                    self.drop_invite(now, &invite);
                    self.notify_missed(now, &invite, over.reason);
                }
                None => invites.extend(self.unless_expired(now, event, invite)),
            }
        }
        self.record_end_tombstones(now, &events, &account);
        self.ring_newest(now, invites);
    }

    /// Messages that waited for a login in vain: what they end is remembered, and nothing of them rings.
    pub(super) fn forget_early(&mut self, now: Time, events: &[signaling::Event], account: &Text) {
        self.record_end_tombstones(now, events, account);
        self.drop_invites(events);
    }

    /// Remembers which invites these messages end.
    pub(super) fn record_end_tombstones(&mut self, now: Time, events: &[signaling::Event], account: &Text) {
        for event in events.iter().filter(|event| ends_invite(event, account).is_some()) {
            self.record_event_tombstone(now, event, event.kind == EventKind::Close);
        }
    }

    /// Messages of the batch about the live call are processed as if online; first those about a parked
    /// invite, so that it does not ring only to be ended.
    fn replay_current(&mut self, now: Time, events: &[signaling::Event], account: &Text) {
        let main = self.snapshot().channel_id;
        let (of_main, of_others): (Vec<_>, Vec<_>) = events
            .iter()
            .filter(|event| event.kind != EventKind::Invite && self.is_live_channel(&event.channel.id))
            .partition(|event| event.channel.id == main);
        for event in of_others.into_iter().chain(of_main) {
            let source = if event.from == *account { Origin::OtherDevice } else { Origin::Online };
            self.on_signal(now, source, event);
        }
    }

    /// What the app has answered, then the newest. They are few: one of std's sorts would be 7 kB of code.
    fn in_order(&self, invites: Vec<Invite>) -> Vec<Invite> {
        let key = |invite: &Invite| (self.is_awaited(invite), invite.create_ms, invite.time_ms);
        let mut ordered: Vec<Invite> = Vec::with_capacity(invites.len());
        for invite in invites {
            let at = ordered.partition_point(|other| key(other) >= key(&invite));
            ordered.insert(at, invite);
        }
        ordered
    }

    /// The newest live invite rings; the others report why they do not.
    fn ring_newest(&mut self, now: Time, invites: Vec<Invite>) {
        // What the app has answered already comes first: its user waits for it.
        let invites = self.in_order(invites);
        let mut ringing: Option<Text> = None;
        let mut is_answered = false;
        for invite in invites {
            let is_free = matches!(self.state, State::Idle) && ringing.is_none();
            let is_redial = ringing.as_ref() == Some(&invite.from);
            if is_free && !self.is_backlogged {
                let from = invite.from.clone();
                is_answered = self.is_awaited(&invite);
                self.on_invite(now, invite);
                // An answer may have been a reject.
                ringing = matches!(self.state, State::Called(_)).then_some(from);
            } else if is_redial && is_answered {
                // Newer than the one that was answered, or answered too.
                self.on_invite(now, invite);
            } else if is_redial {
                self.drop_invite(now, &invite);
                self.notify_missed(now, &invite, Missed::Replaced);
            } else if ringing.is_none() && self.state.peer() == invite.from {
                // A silent peer's new call rings at once; its older ones have ended, as above.
                let from = matches!(self.state, State::InCall(_)).then(|| invite.from.clone());
                self.on_invite(now, invite);
                ringing = from.filter(|_| matches!(self.state, State::Called(_)));
            } else {
                if self.turn_away(now, &invite) {
                    self.notify_missed(now, &invite, Missed::Busy);
                }
            }
        }
    }
}

/// A message of the batch about an invite of the batch.
fn ends_invite(event: &signaling::Event, account: &Text) -> Option<Over> {
    let reason = match event.kind {
        EventKind::Cancel | EventKind::Close => Missed::Cancelled,
        EventKind::Accept | EventKind::Reject if event.from == *account => Missed::AnsweredElsewhere,
        EventKind::Accept
        | EventKind::Reject
        | EventKind::Invite
        | EventKind::Join
        | EventKind::Leave
        | EventKind::Control
        | EventKind::Ringing
        | EventKind::PeerLost => return None,
    };
    let request_id = (event.kind != EventKind::Close).then(|| event.request_id.clone());
    Some(Over { by: event.from.clone(), channel_id: event.channel.id.clone(), request_id, reason })
}
