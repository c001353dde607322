//! What the core asks for.

use super::envelope::{Body, Bye, Envelope};
use super::post::{Kind, Letter};
use super::room::{Role, Room};
use super::value::{Answer, Message, Op, RecordOp, Text, Topic};
use super::{Station, codes, direct, limits};

impl Station {
    pub(super) fn on_op(&mut self, req: u64, op: Op) {
        let is_session = matches!(op, Op::Login | Op::Logout);
        if !is_session && !self.session.is_in() {
            return self.done(req, codes::NOT_LOGGED_IN.into());
        }
        match op {
            Op::Login => self.on_login(req),
            Op::Logout => self.on_logout(req),
            Op::Create { call_type } => self.create(req, call_type),
            Op::Join { channel } => self.join(req, &channel),
            Op::Invite(message, extra) => self.invite(req, &message, &extra),
            Op::Cancel(message) => self.cancel(req, &message),
            Op::Accept(message) => self.accept(req, &message),
            Op::Reject(message) => self.reject(req, &message),
            Op::Leave(message) => self.depart(req, &message, Bye::Leave),
            Op::Close(message) => self.depart(req, &message, Bye::Close),
            Op::Control(message) => self.control(req, &message),
            Op::Record(record) => self.record(req, &record),
        }
    }

    /// A channel that lives here.
    fn create(&mut self, req: u64, call_type: i32) {
        if self.rooms.values().filter(|it| matches!(it.role, Role::Host(_))).count() >= limits::OWN_ROOMS {
            return self.done(req, codes::LIMIT.into());
        }
        let (id, uid): (Text, u64) = (self.ids.id().into(), self.ids.uid(0));
        let (host, role) = (self.me.clone(), Role::Host(Vec::new()));
        let room = Room { call_type, host, is_in: false, uid, peers: Vec::new(), role };
        let view = room.view(&id, &self.me);
        self.rooms.insert(id, room);
        self.done(req, Answer { room: Some(view), ..codes::OK.into() });
    }

    /// The own channel, or one whose host has granted us an accept. Its members are told.
    fn join(&mut self, req: u64, id: &Text) {
        let Some(room) = self.rooms.get_mut(id) else {
            return self.done(req, codes::CHANNEL_NOT_EXISTS.into());
        };
        if room.is_in {
            return self.done(req, codes::ALREADY_MEMBER.into());
        }
        if room.ring().is_some_and(|it| !it.is_won()) {
            return self.done(req, codes::NOT_MEMBER.into());
        }
        room.is_in = true;
        let (view, uid) = (room.view(id, &self.me), room.uid);
        self.done(req, Answer { room: Some(view), ..codes::OK.into() });
        self.tell_members(id, &Body::Join { uid }, None);
    }

    /// Leaves or closes: done when the broker has it, or after two seconds.
    fn depart(&mut self, req: u64, message: &Message, how: Bye) {
        let id = &message.channel;
        let Some(room) = self.rooms.get_mut(id) else {
            return self.done(req, codes::CHANNEL_NOT_EXISTS.into());
        };
        // Who made a channel may close it before anybody has joined. Whose accept was granted is counted in
        // by the host, joined or not.
        let is_own = how == Bye::Close && room.host == self.me;
        let is_granted = room.ring().is_some_and(|it| it.is_won());
        if !room.is_in && !is_own && !is_granted {
            return self.done(req, codes::NOT_MEMBER.into());
        }
        let custom = message.custom.clone();
        if !self.tell_members(id, &Body::Bye { how, custom: custom.clone() }, Some(req)) {
            self.done(req, codes::OK.into());
        }
        // Without its host a channel only ends: it is over here, and whom it still rings must know.
        self.end_room(id, &custom);
    }

    /// A text to the members of a channel, or to an account that it rings.
    fn control(&mut self, req: u64, message: &Message) {
        let Some(room) = self.rooms.get_mut(&message.channel) else {
            return self.done(req, codes::CHANNEL_NOT_EXISTS.into());
        };
        let to = &message.account;
        let is_rung = room.invites().iter().any(|it| it.to == *to);
        let is_member = to.is_empty() || room.peers.iter().any(|it| it.party.account == *to);
        if !room.is_in || !(is_member || is_rung) {
            return self.done(req, codes::NOT_MEMBER.into());
        }
        let body = Body::Control { custom: message.custom.clone() };
        if is_member {
            if !self.tell_members(&message.channel, &body, Some(req)) {
                self.done(req, codes::OK.into());
            }
            return;
        }
        let envelope = self.envelope(&message.channel, body);
        let topic = Topic::Inbox(to.clone());
        let letter = self.letter(Kind::Posted, topic, &envelope, limits::ANSWER_EXPIRES_MS);
        self.send(Letter { req: Some(req), ..letter });
    }

    /// To every other member, repeated until it is acknowledged. False: there is none. The operation ends
    /// when the broker has the first.
    pub(super) fn tell_members(&mut self, id: &Text, body: &Body, req: Option<u64>) -> bool {
        let Some(room) = self.rooms.get_mut(id) else { return false };
        let is_bye = matches!(body, Body::Bye { .. });
        let mut parties = Vec::new();
        for peer in &mut room.peers {
            peer.sent = (peer.sent + 1).min(limits::NUMBER as u32);
            parties.push((peer.party.clone(), peer.sent));
        }
        let mut req = req;
        let any = !parties.is_empty();
        for (party, number) in parties {
            let mut envelope = self.envelope_to(&party, id, body.clone());
            envelope.number = number;
            let expires_ms = if is_bye { limits::BYE_EXPIRES_MS } else { limits::ANSWER_EXPIRES_MS };
            let letter = self.letter(Kind::Told, direct(&party), &envelope, expires_ms);
            let req_within_ms = is_bye.then_some(limits::FAREWELL_MS);
            self.send(Letter { req: req.take(), req_within_ms, is_last: is_bye, ..letter });
        }
        any
    }

    /// A record, for the peer's devices and the own ones.
    fn record(&mut self, req: u64, record: &RecordOp) {
        let body = Body::Record { text: record.text.clone() };
        let envelope = Envelope { id: record.id.clone(), ..self.envelope(&"".into(), body) };
        for (topic, req) in [(Topic::Inbox(record.to.clone()), Some(req)), (Topic::Own, None)] {
            let letter = self.letter(Kind::Posted, topic, &envelope, limits::RECORD_EXPIRES_MS);
            self.send(Letter { req, ..letter });
        }
    }
}
