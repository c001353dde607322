//! The deciding side of an invite. The first accept or reject that arrives at the channel's device counts; a
//! cancel counts if it comes before. The word is spoken once, to all devices of the called account, and
//! repeated to each device that rang until that has said so.

use super::envelope::{Body, Envelope, How, Settled};
use super::over::{Ended, Word};
use super::post::{Kind, Letter};
use super::room::{Alerted, Invite, Party, Peer, Role};
use super::value::{InviteExtra, Message, Signal, Source, Text, Topic};
use super::{Event, Station, codes, direct, envelope, limits};

impl Station {
    pub(super) fn invite(&mut self, req: u64, message: &Message, extra: &InviteExtra) {
        let (id, to) = (&message.channel, &message.account);
        let refusal = match self.rooms.get(id) {
            None => codes::CHANNEL_NOT_EXISTS,
            Some(room) if !room.is_in => codes::NOT_MEMBER,
            Some(room) if room.peers.iter().any(|it| it.party.account == *to) => codes::ALREADY_MEMBER,
            Some(room) => match &room.role {
                Role::Guest(_) => codes::UNSUPPORTED,
                Role::Host(invites) if invites.len() >= limits::INVITES => codes::MEMBER_LIMIT,
                Role::Host(_) => codes::OK,
            },
        };
        if refusal != codes::OK {
            return self.done(req, refusal.into());
        }
        let (call_type, uid) = self.rooms.get(id).map_or((0, 0), |it| (it.call_type, it.uid));
        let (request, custom) = (message.request.clone(), message.custom.clone());
        let expires_ms = if extra.expires_ms == 0 { limits::INVITE_EXPIRES_MS } else { extra.expires_ms };
        let (keep, ring_ms) = (message.keep, expires_ms.min(limits::RING_MS));
        let body = Body::Invite { request: request.clone(), call_type, custom, uid, keep, ring_ms };
        let envelope = self.envelope(id, body);
        let mut letter = self.letter(Kind::Invite, Topic::Inbox(to.clone()), &envelope, expires_ms);
        if let Some(push) = &extra.push {
            letter.payload = envelope::with_push(&letter.payload, push);
        }
        if let Some(Role::Host(invites)) = self.rooms.get_mut(id).map(|it| &mut it.role) {
            invites.push(Invite {
                to: to.clone(),
                request,
                id: envelope.id,
                alerted: Vec::new(),
                is_ringing: false,
                busy: Vec::new(),
                busy_at: None,
                verdict: None,
            });
        }
        self.send(Letter { req: Some(req), ..letter });
    }

    pub(super) fn cancel(&mut self, req: u64, message: &Message) {
        let (id, to, request) = (&message.channel, &message.account, &message.request);
        let ours = self.over.word(self.now, id, request, to).map(|it| it.settled.how.code());
        let Some(room) = self.rooms.get_mut(id) else {
            return self.done(req, ours.unwrap_or(codes::CHANNEL_NOT_EXISTS).into());
        };
        let code = match room.invite(request, to).map(|it| &it.verdict) {
            None => codes::INVITE_NOT_EXISTS,
            Some(Some((_, settled))) => settled.how.code(),
            Some(None) => codes::OK,
        };
        if code == codes::OK {
            self.settle(id, request, (to, &"".into()), How::Cancel, &"".into(), &message.custom);
        }
        self.done(req, code.into());
    }

    /// A called device rings, accepts or rejects.
    pub(super) fn on_answer(&mut self, from: &Party, envelope: &Envelope) {
        let (Body::Alert { request, .. } | Body::Accept { request, .. } | Body::Reject { request, .. }) =
            &envelope.body
        else {
            return;
        };
        let id = &envelope.channel;
        let invite = self.rooms.get_mut(id).and_then(|it| it.invite(request, &from.account));
        let Some(invite) = invite.filter(|it| it.verdict.is_none()) else {
            return self.say_verdict(from, envelope, request);
        };
        let rings = matches!(envelope.body, Body::Alert { rings: true, .. });
        if let Some(known) = invite.alerted.iter_mut().find(|it| it.device == from.device) {
            known.instance = envelope.instance.clone();
            known.rings |= rings;
        } else if invite.alerted.len() < limits::ALERTED {
            let (device, instance) = (from.device.clone(), envelope.instance.clone());
            invite.alerted.push(Alerted { device, instance, rings });
        }
        let is_first = rings && !std::mem::replace(&mut invite.is_ringing, true);
        let message = invite.id.clone();
        for req in self.post.take_back(&message, Kind::Invite) {
            self.done(req, codes::OK.into());
        }
        if is_first {
            self.tell_answer(Signal::Ringing, from, id, request, &"".into());
        }
        if let Body::Accept { custom, .. } = &envelope.body {
            self.on_accept(from, envelope, request, custom);
        } else if let Body::Reject { custom, local, .. } = &envelope.body {
            self.on_reject(from, id, request, (custom, *local));
        } else if let Body::Alert { asks: true, .. } = &envelope.body {
            self.say_in(from, id, Body::State);
        }
    }

    fn on_accept(&mut self, from: &Party, envelope: &Envelope, request: &Text, custom: &Text) {
        let (id, instance) = (&envelope.channel, &envelope.instance);
        self.settle(id, request, (&from.account, instance), How::Accept, &from.device, custom);
        self.tell_answer(Signal::Accept, from, id, request, custom);
    }

    fn on_reject(&mut self, from: &Party, id: &Text, request: &Text, (custom, local): (&Text, bool)) {
        if local || self.config.busy_is_local && is_busy(custom) {
            let now = self.now;
            let Some(invite) = self.rooms.get_mut(id).and_then(|it| it.invite(request, &from.account)) else {
                return;
            };
            if !invite.busy.iter().any(|it| it.0 == from.device) && invite.busy.len() < limits::ALERTED {
                invite.busy.push((from.device.clone(), custom.clone()));
            }
            invite.busy_at.get_or_insert(now + limits::BUSY_MS);
            return;
        }
        self.settle(id, request, (&from.account, &"".into()), How::Reject, &from.device, custom);
        self.tell_answer(Signal::Reject, from, id, request, custom);
    }

    fn tell_answer(&mut self, signal: Signal, from: &Party, id: &Text, request: &Text, custom: &Text) {
        let Some(channel) = self.rooms.get(id).map(|it| it.channel(id)) else { return };
        let event = self.event(signal, channel, from, custom);
        self.tell(Source::Online, Event { request: request.clone(), ..event });
    }

    /// Speaks the last word on an invite to an account; its device that accepted is in this life.
    fn settle(
        &mut self,
        id: &Text,
        request: &Text,
        (to, instance): (&Text, &Text),
        how: How,
        by: &Text,
        custom: &Text,
    ) {
        let now = self.now;
        let uid = self.rooms.get(id).map_or(0, |it| it.uid);
        let uid = if how == How::Accept { self.ids.uid(uid) } else { 0 };
        let Some(room) = self.rooms.get_mut(id) else { return };
        let call_type = room.call_type;
        let (request, by, custom) = (request.clone(), by.clone(), custom.clone());
        let settled = Settled { request: request.clone(), how, by: by.clone(), custom, uid, call_type };
        if how == How::Accept {
            room.peers.push(Peer::new(Party::new(to, &by), instance, uid, now));
        }
        let mut envelope = self.envelope(id, Body::Settled(settled.clone()));
        envelope.to = instance.clone();
        let mut alerted = Vec::new();
        let mut invited = None;
        if let Some(invite) = self.rooms.get_mut(id).and_then(|it| it.invite(&request, to)) {
            invite.verdict = Some((envelope.id.clone(), settled));
            alerted.clone_from(&invite.alerted);
            invited = Some(invite.id.clone());
        }
        let waits = invited.map(|it| self.post.take_back(&it, Kind::Invite));
        waits.into_iter().flatten().for_each(|req| self.done(req, codes::OK.into()));
        // Where nobody rings yet the invite may still be on its way: what follows it is repeated as well.
        let kind = if alerted.is_empty() { Kind::Told } else { Kind::Posted };
        let all = self.letter(kind, Topic::Inbox(to.clone()), &envelope, limits::SETTLED_EXPIRES_MS);
        self.send(Letter { is_last: true, ..all });
        for Alerted { device, instance, .. } in alerted {
            let topic = Topic::Direct(to.clone(), device);
            envelope.to = instance;
            let letter = self.letter(Kind::Told, topic, &envelope, limits::SETTLED_EXPIRES_MS);
            self.send(Letter { after_ms: u64::from(limits::REPEATS[0]), is_last: true, ..letter });
        }
    }

    /// Says the last word again, to a device that asks or answers too late.
    fn say_verdict(&mut self, to: &Party, asked: &Envelope, request: &Text) {
        let id = &asked.channel;
        let here = self.rooms.get_mut(id).and_then(|it| it.invite(request, &to.account));
        let here = here.and_then(|it| it.verdict.clone());
        let word = self.over.word(self.now, id, request, &to.account);
        let before = word.map(|it| (it.id.clone(), it.settled.clone()));
        let Some((message, settled)) = here.or(before) else {
            return self.say_gone(to, asked);
        };
        let mut envelope = self.envelope(id, Body::Settled(settled));
        (envelope.id, envelope.to) = (message, asked.instance.clone());
        let payload = envelope::write(&envelope);
        self.post.say(&mut self.outputs, direct(to), payload, limits::ANSWER_EXPIRES_MS);
    }

    /// The channel is over: what it rings is told, and its last words are remembered.
    pub(super) fn end_hosted(&mut self, id: &Text, custom: &Text) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let open: Vec<(Text, Text)> = room
            .invites()
            .iter()
            .filter(|it| it.verdict.is_none())
            .map(|it| (it.request.clone(), it.to.clone()))
            .collect();
        for (request, to) in open {
            self.settle(id, &request, (&to, &"".into()), How::Close, &"".into(), custom);
        }
        let Some(room) = self.rooms.remove(id) else { return };
        let Role::Host(invites) = room.role else { return };
        for invite in invites {
            let Some((message, settled)) = invite.verdict else { continue };
            let code = settled.how.code();
            let word = Word { to: invite.to, id: message, settled };
            self.over.bury(Ended {
                owner: self.me.clone(),
                channel: id.clone(),
                request: invite.request,
                at: self.now,
                code,
                word: Some(word),
                is_own: true,
                is_known: true,
            });
        }
    }

    /// Where devices rejected for themselves alone: whether all who ring did, once others had time to ring.
    pub(super) fn host_timeouts(&mut self, id: &Text) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(id) else { return };
        let is_busy = |it: &&mut Invite| {
            let mut ringing = it.alerted.iter().filter(|it| it.rings);
            let all = ringing.all(|rings| it.busy.iter().any(|busy| busy.0 == rings.device));
            it.verdict.is_none() && it.busy_at.is_some_and(|at| at <= now) && all
        };
        let busy = room
            .invites()
            .iter_mut()
            .find(is_busy)
            .map(|it| (it.request.clone(), it.to.clone(), it.busy.first().cloned().unwrap_or_default()));
        if let Some((request, to, (device, custom))) = busy {
            let from = Party::new(&to, &device);
            self.settle(id, &request, (&to, &"".into()), How::Reject, &device, &custom);
            return self.tell_answer(Signal::Reject, &from, id, &request, &custom);
        }
        // Somebody may still answer: looked at again when that one is busy too.
        let Some(room) = self.rooms.get_mut(id) else { return };
        room.invites().iter_mut().filter(|it| it.busy_at.is_some_and(|at| at <= now)).for_each(|it| {
            it.busy_at = None;
        });
    }
}

/// What the generations of clients say when they are busy.
pub(super) fn is_busy(custom: &str) -> bool {
    if matches!(custom, "601" | "i_am_busy") {
        return true;
    }
    attached(custom, "reason").and_then(|it| it.as_u64()) == Some(3)
}

/// Whether an attachment says that it is meant for this device alone.
pub(super) fn is_local(custom: &str) -> bool {
    attached(custom, "local").and_then(|it| it.as_bool()) == Some(true)
}

fn attached(custom: &str, key: &str) -> Option<serde_json::Value> {
    serde_json::from_str::<serde_json::Value>(custom).ok()?.get_mut(key).map(serde_json::Value::take)
}
