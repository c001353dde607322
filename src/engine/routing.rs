//! Messages of the signaling service: which call they are about, and what they mean in its state.

use super::core::Engine;
use super::in_flight::{Finish, TakeBack};
use super::output::{EndReason, Event};
use super::state::{Calling, Glare, InviteFailure, OutgoingInvite, State};
use super::time::Time;
use super::tombstones::Tombstone;
use super::wire;
use nertc_callkit_signaling::{self as signaling, EventKind, Origin, Outcome, Text};

impl State {
    /// The outgoing call, if the event is the peer's answer to our own live invite.
    pub(super) fn calling_of(&mut self, event: &signaling::Event) -> Option<&mut Calling> {
        match self {
            State::Calling(calling) => {
                let own = &calling.own;
                let is_it = own.is_out()
                    && own.channel_id == event.channel.id
                    && own.request_id == event.request_id
                    && own.options.user == event.from;
                is_it.then_some(calling)
            }
            State::Idle | State::Called(_) | State::InCall(_) => None,
        }
    }

    /// The invite left over from a glare with a legacy client, if the event is the peer's answer to it.
    fn take_legacy_invite(&mut self, event: &signaling::Event) -> Option<OutgoingInvite> {
        match self {
            State::InCall(call) if call.peer == event.from => call
                .legacy_invite
                .take_if(|own| own.channel_id == event.channel.id && own.request_id == event.request_id),
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => None,
        }
    }
}

impl OutgoingInvite {
    /// A text of the peer's, unless it only echoes ours.
    fn foreign_text(&self, text: &str) -> Text {
        if self.options.attachment.as_ref().is_some_and(|own| own == text) {
            Text::default()
        } else {
            text.into()
        }
    }
}

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
                let cancel = called.read_cancel(&event.custom_info);
                self.on_caller_cancelled(now, cancel);
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

    fn on_accept(&mut self, now: Time, event: &signaling::Event) {
        if self.state.calling_of(event).is_some() {
            return self.own_accepted(now, Some(event.custom_info.clone()));
        }
        if let Some(own) = self.state.take_legacy_invite(event) {
            return self.close_own(now, &own, &TakeBack::close_only());
        }
        self.ignore("accept of an invite that was not sent");
    }

    fn on_reject(&mut self, now: Time, event: &signaling::Event) {
        if let Some(calling) = self.state.calling_of(event) {
            let text = wire::read(&event.custom_info);
            let reason = wire::reason(&event.custom_info, &text);
            let extra = calling.own.foreign_text(&text.attachment);
            self.app.extend(calling.own.confirm(Outcome::default()));
            let is_other_media = text.rtc.is_some() && self.is_other_media(text.rtc.as_deref());
            let cause = match is_other_media {
                true => InviteFailure::OtherMedia,
                false => InviteFailure::Rejected { reason, extra },
            };
            return self.own_over(now, cause, Some(&TakeBack::close_only()));
        }
        if let Some(own) = self.state.take_legacy_invite(event) {
            return self.close_own(now, &own, &TakeBack::close_only());
        }
        self.ignore("reject of an invite that was not sent");
    }

    fn on_close_signal(&mut self, now: Time, event: &signaling::Event) {
        let channel = &event.channel.id;
        match &mut self.state {
            State::Calling(calling) if calling.own.channel_id == *channel && !channel.is_empty() => {
                if calling.own.options.user != event.from {
                    return self.ignore("close from another account");
                }
                self.app.extend(calling.own.confirm(Outcome::default()));
                let extra = calling.own.foreign_text(&wire::read(&event.custom_info).attachment);
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
                    None => {
                        let cancel = called.read_cancel(&event.custom_info);
                        self.on_caller_cancelled(now, cancel);
                    }
                }
            }
            State::Called(called) => {
                called.parked.take_if(|parked| parked.channel_id == *channel && parked.from == event.from);
            }
            State::InCall(call) if call.channel_id == *channel => {
                if call.peer != event.from {
                    return self.ignore("close from another account");
                }
                let attachment = call.attachment.clone();
                self.end_by_peer(now, EndReason::PeerHungUp, (&event.custom_info, &attachment), None);
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
                let (left, attachment) = (call.user_event(), call.attachment.clone());
                self.emit(Event::UserLeave(left));
                let close = Some(Finish::close());
                self.end_by_peer(now, EndReason::PeerLeft, (&event.custom_info, &attachment), close);
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
                    1 => {
                        let next = call.stop_waiting();
                        self.on_join_now(now, next);
                    }
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
                None => {
                    let elsewhere = called.call_event(event.from_device.clone());
                    return self.answered_elsewhere(now, accepted, elsewhere);
                }
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
