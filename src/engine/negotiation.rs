//! Texts between peers: between the media backends (CONTROL 1000) and between the apps (CONTROL 1001). The
//! engine does not read them. They belong to one call and, for a media backend, to one join: a late thread
//! cannot send into the next call, and queued texts are dropped with their call.
//!
//! A text may arrive before it can be delivered: it may overtake the answer it follows, and a
//! media backend takes none before its join. Until then it is queued with the invite, then with the call.

use super::answer::reply_other_media;
use super::coalesce::Kind;
use super::command::Allowed;
use super::core::Engine;
use super::in_flight::{Finish, Op, Owner};
use super::input::{CallRef, Ticket};
use super::limits;
use super::notify::other_media;
use super::output::{DataEvent, EndReason, Event, Missed, Operation, Output};
use super::state::{Glare, InCall, Invite, MediaRoom, State};
use super::text_queue::PeerTexts;
use super::time::Time;
use super::wire::{self, TextKind};
use nertc_callkit_signaling::{self as signaling, Code, Message, Outcome, Req, Text};

impl InCall {
    /// A text to the peer, and the call's number.
    fn text_to_peer(&mut self, kind: TextKind, json: &str) -> (u64, Message) {
        let number = self.texts.of(kind).next_number();
        let message = Message {
            channel_id: self.channel_id.clone(),
            account: self.peer.clone(),
            request_id: Text::default(),
            custom_info: wire::peer_text(kind, number, json),
            no_offline: true,
        };
        (self.no, message)
    }
}

impl State {
    /// Where a text of this sender and channel waits.
    fn texts_of(&mut self, event: &signaling::Event) -> Option<&mut PeerTexts> {
        let is_of = |channel: &Text, peer: &Text| *channel == event.channel.id && *peer == event.from;
        match self {
            State::InCall(call) if is_of(&call.channel_id, &call.peer) => Some(&mut call.texts),
            State::Called(called) if is_of(&called.invite.channel_id, &called.invite.from) => {
                called.accepting.is_some().then_some(&mut called.invite.texts)
            }
            State::Calling(calling) => match &mut calling.glare {
                Glare::Accepting { invite, .. } if is_of(&invite.channel_id, &invite.from) => {
                    Some(&mut invite.texts)
                }
                // Its accept is on its way, and may be overtaken.
                Glare::None | Glare::Parked { .. } | Glare::Accepting { .. } => {
                    let own = &mut calling.own;
                    (own.is_out() && is_of(&own.channel_id, &own.options.user)).then_some(&mut own.texts)
                }
            },
            State::Idle | State::Called(_) | State::InCall(_) => None,
        }
    }

    /// Signaling has brought something of the peer's device.
    fn on_peer_active(&mut self) {
        match self {
            State::InCall(call) => call.is_unheard = false,
            State::Idle | State::Calling(_) | State::Called(_) => {}
        }
    }
}

impl Engine {
    /// The peer's media backend is incompatible with ours: only one negotiates, or the protocols differ.
    pub(super) fn is_other_media(&self, peer: Option<&str>) -> bool {
        peer.unwrap_or("") != &*self.config.media_protocol
    }

    /// CONTROL 1000 or 1001 of the peer of a live call, or of one about to become it.
    pub(super) fn on_peer_text(
        &mut self,
        now: Time,
        event: &signaling::Event,
        kind: TextKind,
        (number, json): (u64, &str),
    ) {
        let (is_taken, limit, is_sound) = match kind {
            TextKind::Media => {
                (!self.config.media_protocol.is_empty(), limits::NEGOTIATION, json.starts_with('{'))
            }
            TextKind::App => (self.config.takes_data, limits::DATA, !json.is_empty()),
        };
        if !is_taken {
            return self.ignore("a text for a media backend or an app that accepts none");
        }
        if json.len() > limit || !is_sound {
            return self.ignore("a text of the peer that is missing, too long or not an object");
        }
        if self.state.texts_of(event).is_none() {
            return self.ignore("a text of another call, or before the answer");
        }
        if !self.may_text(now, &event.from, kind) {
            return self.ignore("the peer sends too many texts: one was dropped");
        }
        self.state.on_peer_active();
        let Some(texts) = self.state.texts_of(event) else { return };
        if let Err(why) = texts.of(kind).put(number, json.into()) {
            return self.ignore(why);
        }
        self.hand_over_texts(now);
    }

    /// Rejects an invite with incompatible media, for this device only. False: it is compatible.
    pub(super) fn refuses_media(&mut self, now: Time, invite: &Invite, rtc: Option<&str>) -> bool {
        if !self.is_other_media(rtc) || invite.expires <= now {
            return false;
        }
        let reject = signaling::Operation::Reject(reply_other_media(invite, &self.config.media_protocol));
        self.refuse_invite(now, invite, reject);
        self.notify_missed(now, invite, Missed::MediaMismatch);
        true
    }

    /// Delivers queued texts where possible: to the app once the call is accepted, to the media backend
    /// once its join was issued.
    pub(super) fn hand_over_texts(&mut self, now: Time) {
        let join = self.current_join();
        let is_backlogged = self.is_backlogged;
        let State::InCall(call) = &mut self.state else { return };
        let media = if join.is_some() { call.texts.media.take(now) } else { Vec::new() };
        let app = call.texts.app.take(now);
        let (call_no, user) = (call.no, call.peer.clone());
        for json in media {
            self.wire.extend(join.map(|join| Output::RtcReceive { join, json }));
        }
        for json in app {
            if is_backlogged {
                self.ignore("data, and the app takes no events");
            } else {
                self.emit(Event::Data(DataEvent { call_no, user: user.clone(), json }));
            }
        }
    }

    /// The join of the live call, from its issue on.
    pub(super) fn current_join(&self) -> Option<Req> {
        match self.media_room {
            MediaRoom::Joining { call, req } | MediaRoom::In { call, req } => {
                (call == self.state.call_no() && call != 0).then_some(req)
            }
            MediaRoom::Out | MediaRoom::Leaving { .. } => None,
        }
    }

    /// Own media backend to its peer.
    pub(super) fn on_rtc_send(&mut self, now: Time, join: Req, json: &str) {
        if self.config.media_protocol.is_empty() {
            return self.ignore("a text of a media backend that does not negotiate");
        }
        if self.current_join() != Some(join) {
            return self.ignore("a text of a media room that was left");
        }
        let is_sending = |owner: &Owner| matches!(owner, Owner::Negotiation(_));
        if self.ops.iter().filter(|op| is_sending(&op.owner)).count() >= limits::NEGOTIATIONS {
            let no = self.state.call_no();
            let outcome = Outcome { code: Code::LIMIT, ..Outcome::default() };
            return self.notify_error(Operation::Negotiation, no, outcome);
        }
        let State::InCall(call) = &mut self.state else { return };
        let (no, message) = call.text_to_peer(TextKind::Media, json);
        let ms = self.config.timers.operation_ms;
        self.signal(now, ms, Owner::Negotiation(no), signaling::Operation::Control(message));
    }

    /// A text of the media backend has left, or has not.
    pub(super) fn on_negotiation_sent(&mut self, call: u64, outcome: Outcome) {
        if !outcome.code.is_success() && call == self.state.call_no() {
            self.notify_error(Operation::Negotiation, call, outcome);
        }
    }

    /// Own app to its peer.
    pub(super) fn cmd_send_data(&mut self, now: Time, ticket: Ticket, call: &CallRef, json: &str) {
        const DATA: Allowed = [Code::NOT_IN_CALL, Code::NOT_IN_CALL, Code::NOT_IN_CALL, Code::OK];
        if !self.check(ticket, Operation::SendData, call, DATA, false) {
            return;
        }
        let State::InCall(call) = &mut self.state else { return };
        let (no, peer_takes_data) = (call.no, call.peer_takes_data);
        let waiting = |op: &&Op| matches!(op.owner, Owner::Data { .. });
        let code = match self.ops.iter().filter(waiting).count() {
            _ if !peer_takes_data || !self.config.caps.control => Code::UNSUPPORTED,
            count if count >= limits::DATA_WAITING => Code::LIMIT,
            _ => Code::OK,
        };
        if code != Code::OK {
            return self.done(ticket, Operation::SendData, no, code);
        }
        let (call, message) = call.text_to_peer(TextKind::App, json);
        let ms = self.config.timers.operation_ms;
        self.signal(now, ms, Owner::Data { call, ticket }, signaling::Operation::Control(message));
    }

    /// Signaling has taken a text of the app, or has not.
    pub(super) fn on_data_sent(&mut self, call: u64, ticket: Ticket, outcome: Outcome) {
        let outcome = if outcome.code.is_success() { Outcome::default() } else { outcome };
        self.done_with(ticket, Operation::SendData, call, outcome);
    }

    /// The call ends: texts that signaling has not accepted by then are not sent.
    pub(super) fn fail_data(&mut self, call: u64) {
        let mut tickets = Vec::new();
        self.ops.retain(|op| {
            let Owner::Data { call: of, ticket } = op.owner else { return true };
            tickets.extend((of == call).then_some(ticket));
            of != call
        });
        for ticket in tickets {
            self.done(ticket, Operation::SendData, call, Code::CALL_MISMATCH);
        }
    }

    fn may_text(&mut self, now: Time, peer: &Text, kind: TextKind) -> bool {
        let kind = match kind {
            TextKind::Media => Kind::Negotiation,
            TextKind::App => Kind::Data,
        };
        self.coalescer.admit(now, peer, kind)
    }

    /// The peer answered with media incompatible with ours.
    pub(super) fn end_other_media(&mut self, now: Time) {
        let no = self.state.call_no();
        self.notify_error(Operation::Rtc, no, other_media());
        let finish = Finish::close().for_media(self.config.media_protocol.clone());
        self.end_in_call(now, EndReason::MediaMismatch, Some(finish));
    }
}
