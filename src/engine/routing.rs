//! Messages of the signaling service: which call they are about, and what they mean in its state.

use super::core::Engine;
use super::in_flight::{Finish, TakeBack};
use super::output::{EndReason, Event};
use super::state::{Glare, InviteFailure, State};
use super::time::Time;
use super::tombstones::Tombstone;
use super::wire;
use nertc_callkit_signaling::{self as signaling, EventKind, Origin, Text};

impl Engine {
    pub(super) fn on_signals(&mut self, now: Time, origin: Origin, mut events: Vec<signaling::Event>) {
        if self.keep_early(&mut events) {
            return;
        }
        let events = self.limit_batch(events);
        if !self.session.is_logged_in() {
            // Ends outlive the session: an answer counts for the account that gave it.
            for event in &events {
                self.record_end_tombstones(now, std::slice::from_ref(event), &event.from);
            }
            self.drop_invites(&events);
            return self.ignore("messages while not logged in");
        }
        if origin == Origin::Offline {
            return self.on_offline(now, events);
        }
        for event in events {
            self.on_signal(now, origin, &event);
        }
    }

    pub(super) fn on_signal(&mut self, now: Time, origin: Origin, event: &signaling::Event) {
        if origin == Origin::OtherDevice {
            return match event.kind {
                EventKind::Accept => self.on_sibling(now, event, true),
                EventKind::Reject => self.on_sibling(now, event, false),
                EventKind::Invite => {
                    self.drop_invites(std::slice::from_ref(event));
                    self.ignore("an invite in the name of another own device");
                }
                EventKind::Close
                | EventKind::Join
                | EventKind::Cancel
                | EventKind::Leave
                | EventKind::Control
                | EventKind::Ringing
                | EventKind::PeerLost => self.ignore("message of another own device"),
            };
        }
        match event.kind {
            EventKind::Invite => {
                if let Some(invite) = self.read_invite(now, event, false) {
                    self.on_invite(now, invite);
                }
            }
            EventKind::Cancel => self.on_cancel(now, event),
            EventKind::Accept => self.on_accept(now, event),
            EventKind::Reject => self.on_reject(now, event),
            EventKind::Close => self.on_close_signal(now, event),
            EventKind::Leave => self.on_leave(now, event),
            EventKind::Control => self.on_control(now, event),
            EventKind::Join => self.ignore("join of the channel; the media backend reports presence"),
            EventKind::Ringing => self.on_ringing(event),
            EventKind::PeerLost => self.on_peer_lost(now, event),
        }
    }

    /// Remembers the end of an invite that we may not have seen yet.
    pub(super) fn record_event_tombstone(
        &mut self,
        now: Time,
        event: &signaling::Event,
        whole_channel: bool,
    ) {
        if event.channel.id.is_empty() {
            return self.ignore("message without a channel");
        }
        self.sibling_answered(event);
        // Messages of our own account are about an invite of the channel's creator.
        let is_sibling = event.from == self.session.account() && !event.channel.creator.is_empty();
        let owner = if is_sibling { &event.channel.creator } else { &event.from };
        let stone = Tombstone {
            channel_id: event.channel.id.clone(),
            request_id: (!whole_channel).then(|| event.request_id.clone()),
            writer: event.from.clone(),
            owner: owner.clone(),
            is_own: false,
            until: now.after(self.config.timers.tombstone_ms),
        };
        self.tombstones.add(now, stone);
    }

    fn on_cancel(&mut self, now: Time, event: &signaling::Event) {
        let (channel, request) = (&event.channel.id, &event.request_id);
        match &mut self.state {
            State::Called(called) if called.invite.has_ids(channel, request) => {
                if called.invite.from != event.from {
                    return self.ignore("cancel from another account");
                }
                if called.accepting.is_some() {
                    return self.ignore("cancel while our accept is pending: the service decides");
                }
                self.on_caller_cancelled(now, &event.custom_info);
            }
            State::Called(called) => {
                called.parked.take_if(|parked| parked.has_ids(channel, request) && parked.from == event.from);
                self.record_event_tombstone(now, event, false);
            }
            State::Calling(calling) => match &calling.glare {
                Glare::Accepting { invite, .. } if invite.has_ids(channel, request) => {
                    self.ignore("cancel while our accept is pending: the service decides");
                }
                Glare::Parked { invite, .. }
                    if invite.has_ids(channel, request) && invite.from == event.from =>
                {
                    calling.glare = Glare::None;
                    self.record_event_tombstone(now, event, false);
                }
                Glare::None | Glare::Parked { .. } | Glare::Accepting { .. } => {
                    self.record_event_tombstone(now, event, false);
                }
            },
            State::InCall(call) if call.channel_id == *channel && call.request_id == *request => {
                self.ignore("cancel of the current call");
            }
            State::Idle | State::InCall(_) => self.record_event_tombstone(now, event, false),
        }
    }

    /// The event is the peer's answer to our own live invite.
    pub(super) fn is_own_answer(&self, event: &signaling::Event) -> bool {
        let State::Calling(calling) = &self.state else { return false };
        let own = &calling.own;
        own.is_out()
            && own.channel_id == event.channel.id
            && own.request_id == event.request_id
            && own.options.user == event.from
    }

    /// The event is the peer's answer to the invite left over from a glare with a legacy client.
    fn is_legacy_answer(&self, event: &signaling::Event) -> bool {
        let State::InCall(call) = &self.state else { return false };
        call.legacy_invite.as_ref().is_some_and(|own| {
            own.channel_id == event.channel.id
                && own.request_id == event.request_id
                && call.peer == event.from
        })
    }

    fn on_accept(&mut self, now: Time, event: &signaling::Event) {
        if self.is_own_answer(event) {
            return self.own_accepted(now, Some(event.custom_info.clone()));
        }
        if self.is_legacy_answer(event) {
            return self.close_legacy_invite(now);
        }
        self.ignore("accept of an invite that was not sent");
    }

    fn on_reject(&mut self, now: Time, event: &signaling::Event) {
        if self.is_own_answer(event) {
            let text = wire::read(&event.custom_info);
            let reason = wire::reason(&event.custom_info, &text);
            let extra = self.foreign_text(&text.attachment);
            self.confirm_call();
            let is_other_media = text.rtc.is_some() && self.is_other_media(text.rtc.as_deref());
            let cause = match is_other_media {
                true => InviteFailure::OtherMedia,
                false => InviteFailure::Rejected { reason, extra },
            };
            return self.own_over(now, cause, Some(&TakeBack::close_only()));
        }
        if self.is_legacy_answer(event) {
            return self.close_legacy_invite(now);
        }
        self.ignore("reject of an invite that was not sent");
    }

    /// A text of the peer's, unless it only echoes ours.
    fn foreign_text(&self, text: &str) -> Text {
        match &self.state {
            State::Calling(calling)
                if calling.own.options.attachment.as_ref().is_some_and(|own| own == text) =>
            {
                Text::default()
            }
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => text.into(),
        }
    }

    fn close_legacy_invite(&mut self, now: Time) {
        let State::InCall(call) = &mut self.state else { return };
        if let Some(own) = call.legacy_invite.take() {
            self.close_own(now, &own, &TakeBack::close_only());
        }
    }

    fn on_close_signal(&mut self, now: Time, event: &signaling::Event) {
        let channel = &event.channel.id;
        match &mut self.state {
            State::Calling(calling) if calling.own.channel_id == *channel && !channel.is_empty() => {
                if calling.own.options.user != event.from {
                    return self.ignore("close from another account");
                }
                self.confirm_call();
                let extra = self.foreign_text(&wire::read(&event.custom_info).attachment);
                return self.own_over(now, InviteFailure::Closed(extra), None);
            }
            State::Calling(calling) => match &mut calling.glare {
                Glare::Accepting { invite, .. } | Glare::Parked { invite, .. }
                    if invite.channel_id == *channel && invite.from != event.from =>
                {
                    return self.ignore("close from another account");
                }
                Glare::Accepting { invite, closed, .. } if invite.channel_id == *channel => {
                    *closed = Some(wire::read(&event.custom_info).attachment.into());
                }
                Glare::Parked { invite, .. } if invite.channel_id == *channel => calling.glare = Glare::None,
                Glare::None | Glare::Parked { .. } | Glare::Accepting { .. } => {}
            },
            State::Called(called) if called.invite.channel_id == *channel => {
                if called.invite.from != event.from {
                    return self.ignore("close from another account");
                }
                match &mut called.accepting {
                    Some(accepting) => {
                        accepting.closed = Some(wire::read(&event.custom_info).attachment.into())
                    }
                    None => self.on_caller_cancelled(now, &event.custom_info),
                }
            }
            State::Called(called) => {
                called.parked.take_if(|parked| parked.channel_id == *channel && parked.from == event.from);
            }
            State::InCall(call) if call.channel_id == *channel => {
                if call.peer != event.from {
                    return self.ignore("close from another account");
                }
                self.end_by_peer(now, EndReason::PeerHungUp, &event.custom_info, None);
            }
            State::InCall(call) => {
                let is_peer = call.peer == event.from;
                call.legacy_invite.take_if(|own| own.channel_id == *channel && is_peer);
            }
            State::Idle => {}
        }
        self.record_event_tombstone(now, event, true);
    }

    fn on_leave(&mut self, now: Time, event: &signaling::Event) {
        match &self.state {
            State::InCall(call) if call.channel_id == event.channel.id && call.peer == event.from => {
                let left = call.user_event();
                self.emit(Event::UserLeave(left));
                let close = Some(Finish::close());
                self.end_by_peer(now, EndReason::PeerLeft, &event.custom_info, close);
            }
            State::Idle => self.record_event_tombstone(now, event, true),
            State::Calling(_) | State::Called(_) | State::InCall(_) => {
                self.ignore("leave of a channel that is not our call");
            }
        }
    }

    fn on_control(&mut self, now: Time, event: &signaling::Event) {
        if let Some((kind, text)) = wire::read_peer_text(&event.custom_info) {
            return self.on_peer_text(now, event, kind, text);
        }
        let text = wire::read(&event.custom_info);
        let is_of = |channel: &Text, peer: &Text| *channel == event.channel.id && *peer == event.from;
        match &mut self.state {
            State::InCall(call) if is_of(&call.channel_id, &call.peer) => {
                call.is_unheard = false;
                match text.cid {
                    1 => self.on_join_now(now),
                    2 | 3 => self.on_switch_message(now, &text),
                    _ => self.ignore("control of an unknown kind"),
                }
            }
            State::Called(called) if is_of(&called.invite.channel_id, &called.invite.from) => {
                match (text.cid, &mut called.accepting) {
                    (1, Some(accepting)) => accepting.control = true,
                    (1, None) => self.ignore("join request before our accept"),
                    (2, _) if text.wanted_type().is_some() => called.invite.switched = text.wanted_type(),
                    _ => self.ignore("control before the call"),
                }
            }
            State::Calling(calling) => match &mut calling.glare {
                Glare::Accepting { invite, control, .. } if is_of(&invite.channel_id, &invite.from) => {
                    match text.cid {
                        1 => *control = true,
                        2 if text.wanted_type().is_some() => invite.switched = text.wanted_type(),
                        _ => self.ignore("control before the call"),
                    }
                }
                Glare::None | Glare::Parked { .. } | Glare::Accepting { .. } => {
                    let own = &mut calling.own;
                    // Its accept is on its way, and may be overtaken.
                    if is_of(&own.channel_id, &own.options.user) && text.cid == 2 && own.is_out() {
                        own.switched = text.wanted_type().or(own.switched);
                    } else {
                        self.ignore("control while calling");
                    }
                }
            },
            State::Idle | State::Called(_) | State::InCall(_) => self.ignore("control of another call"),
        }
    }

    /// Another device of ours answered an invite.
    fn on_sibling(&mut self, now: Time, event: &signaling::Event, accepted: bool) {
        if event.from != self.session.account() {
            return self.ignore("answer of another device in a foreign name");
        }
        let (channel, request) = (&event.channel.id, &event.request_id);
        match &mut self.state {
            State::Called(called) if called.invite.has_ids(channel, request) => match called.accepting {
                Some(_) => return self.ignore("another device answered while our accept is pending"),
                None => return self.answered_elsewhere(now, accepted, event.from_device.clone()),
            },
            State::Called(called) => {
                called.parked.take_if(|parked| parked.has_ids(channel, request));
            }
            State::Calling(calling) => match &calling.glare {
                Glare::Accepting { invite, .. } if invite.has_ids(channel, request) => {
                    return self.ignore("another device answered while our accept is pending");
                }
                Glare::Parked { invite, .. } if invite.has_ids(channel, request) => {
                    calling.glare = Glare::None;
                }
                Glare::None | Glare::Parked { .. } | Glare::Accepting { .. } => {}
            },
            State::InCall(call) if call.channel_id == *channel && call.request_id == *request => {
                return self.ignore("another device answered the current call");
            }
            State::Idle | State::InCall(_) => {}
        }
        self.record_event_tombstone(now, event, false);
    }
}
