//! Operations of the core.

use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{Code, Operation, Text};

use super::channel::{Channel, Role};
use super::message::{Body, ByeKind, Message};
use super::outbox::{Kind, OutgoingMessage};
use super::types::Topic;
use super::{Peer, direct, limits};

impl Peer {
    pub(super) fn on_op(&mut self, req: u64, op: Operation) {
        let is_session = matches!(op, Operation::Login { .. } | Operation::Logout);
        if !is_session && !self.session.is_in() {
            return self.done(req, Code::NOT_LOGGED_IN.into());
        }
        match op {
            Operation::Login { .. } => self.on_login(req),
            Operation::Logout => self.on_logout(req),
            Operation::Create { call_type } => self.create(req, call_type.number()),
            Operation::Join { channel_id, .. } => self.join(req, &channel_id),
            Operation::Invite { message, expires_ms, push } => {
                self.invite(req, &message, expires_ms, push.as_deref());
            }
            Operation::Cancel(message) => self.cancel(req, &message),
            Operation::Accept(message) => self.accept(req, &message),
            Operation::Reject(message) => self.reject(req, &message),
            Operation::Leave { channel_id, custom_info, .. } => {
                self.depart(req, &channel_id, &custom_info, ByeKind::Leave);
            }
            Operation::Close { channel_id, custom_info, .. } => {
                self.depart(req, &channel_id, &custom_info, ByeKind::Close);
            }
            Operation::Control(message) => self.control(req, &message),
            Operation::Record(record) => self.record(req, &record),
        }
    }

    /// An own channel.
    fn create(&mut self, req: u64, call_type: i32) {
        if self.channels.values().filter(|it| matches!(it.role, Role::Caller(_))).count()
            >= limits::OWN_CHANNELS
        {
            return self.done(req, Code::LIMIT.into());
        }
        let (id, uid): (Text, u64) = (self.ids.id().into(), self.ids.uid(0));
        let (owner, role) = (self.me.clone(), Role::Caller(Vec::new()));
        let channel = Channel { call_type, owner, is_in: false, uid, participants: Vec::new(), role };
        let view = channel.view(&id, &self.me);
        self.channels.insert(id, channel);
        self.done(req, view.into());
    }

    /// The own channel, or one whose owner has granted our accept. Its members are notified.
    fn join(&mut self, req: u64, id: &Text) {
        let Some(channel) = self.channels.get_mut(id) else {
            return self.done(req, Code::CHANNEL_NOT_EXISTS.into());
        };
        if channel.is_in {
            return self.done(req, Code::ALREADY_MEMBER.into());
        }
        if channel.ring().is_some_and(|it| !it.is_won()) {
            return self.done(req, Code::NOT_MEMBER.into());
        }
        channel.is_in = true;
        let (view, uid) = (channel.view(id, &self.me), channel.uid);
        self.done(req, view.into());
        self.notify_members(id, &Body::Join { uid }, None);
    }

    /// Leaves or closes: done when the broker has it, or after two seconds.
    fn depart(&mut self, req: u64, id: &Text, custom: &Text, how: ByeKind) {
        let Some(channel) = self.channels.get_mut(id) else {
            return self.done(req, Code::CHANNEL_NOT_EXISTS.into());
        };
        // The creator of a channel may close it before anybody has joined. A granted accept counts as
        // membership, joined or not.
        let is_own = how == ByeKind::Close && channel.owner == self.me;
        let is_granted = channel.ring().is_some_and(|it| it.is_won());
        if !channel.is_in && !is_own && !is_granted {
            return self.done(req, Code::NOT_MEMBER.into());
        }
        if !self.notify_members(id, &Body::Bye { how, custom: custom.clone() }, Some(req)) {
            self.done(req, Code::OK.into());
        }
        // Without its owner a channel only ends: here, and at the devices it still rings.
        self.end_channel(id, custom);
    }

    /// A text to the members of a channel, or to an account that it rings.
    fn control(&mut self, req: u64, args: &signaling::Message) {
        let Some(channel) = self.channels.get_mut(&args.channel_id) else {
            return self.done(req, Code::CHANNEL_NOT_EXISTS.into());
        };
        let to = &args.account;
        let is_rung = channel.invites().iter().any(|it| it.to == *to);
        let is_member = to.is_empty() || channel.participants.iter().any(|it| it.addr.account == *to);
        if !channel.is_in || !(is_member || is_rung) {
            return self.done(req, Code::NOT_MEMBER.into());
        }
        let body = Body::Control { custom: args.custom_info.clone() };
        if is_member {
            if !self.notify_members(&args.channel_id, &body, Some(req)) {
                self.done(req, Code::OK.into());
            }
            return;
        }
        let message = self.new_message(&args.channel_id, body);
        let topic = Topic::Inbox(to.clone());
        let outgoing = self.outgoing(Kind::Once, topic, &message, limits::ANSWER_EXPIRES_MS);
        self.send(OutgoingMessage { req: Some(req), ..outgoing });
    }

    /// To every other member, repeated until it is acknowledged. False: there is none. The operation ends
    /// when the broker has the first.
    pub(super) fn notify_members(&mut self, id: &Text, body: &Body, req: Option<u64>) -> bool {
        let Some(channel) = self.channels.get_mut(id) else { return false };
        let is_bye = matches!(body, Body::Bye { .. });
        let mut addrs = Vec::new();
        for participant in &mut channel.participants {
            participant.sent = (participant.sent + 1).min(limits::NUMBER as u32);
            addrs.push((participant.addr.clone(), participant.sent));
        }
        let mut req = req;
        let any = !addrs.is_empty();
        for (addr, number) in addrs {
            let mut message = self.new_message_to(&addr, id, body.clone());
            message.number = number;
            let expires_ms = if is_bye { limits::BYE_EXPIRES_MS } else { limits::ANSWER_EXPIRES_MS };
            let outgoing = self.outgoing(Kind::UntilAcked, direct(&addr), &message, expires_ms);
            let req_timeout_ms = is_bye.then_some(limits::FAREWELL_MS);
            self.send(OutgoingMessage { req: req.take(), req_timeout_ms, is_final: is_bye, ..outgoing });
        }
        any
    }

    /// A record, for the peer's devices and the own ones.
    fn record(&mut self, req: u64, record: &signaling::Record) {
        let body = Body::Record { text: record.text.clone() };
        let message = Message { id: record.client_msg_id.clone(), ..self.new_message(&"".into(), body) };
        let topic = Topic::Inbox(record.to.clone());
        let outgoing = self.outgoing(Kind::Once, topic, &message, limits::RECORD_EXPIRES_MS);
        let own = OutgoingMessage { topic: Topic::Own, ..outgoing.clone() };
        self.send(OutgoingMessage { req: Some(req), ..outgoing });
        self.send(own);
    }
}
