//! Owner side of an invite. The first accept or reject that arrives at the channel's device counts; a cancel
//! counts if it comes before. The decision is published once, to all devices of the called account, and
//! repeated to each device that rang until that has acknowledged it.

use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{Code, DeviceAddr, Event, EventKind, Origin, PushText, Text};

use super::channel::{Alerted, Invite, Participant, Role};
use super::ended_invites::{Decision, EndedInvite};
use super::message::{Body, DecisionKind, Message, Settled};
use super::outbox::{Kind, OutgoingMessage};
use super::types::Topic;
use super::{Peer, direct, limits, message};

impl Peer {
    pub(super) fn invite(
        &mut self,
        req: u64,
        args: &signaling::Message,
        expires_ms: u32,
        push: Option<&PushText>,
    ) {
        let (id, to) = (&args.channel_id, &args.account);
        let refusal = match self.channels.get(id) {
            None => Code::CHANNEL_NOT_EXISTS,
            Some(channel) if !channel.is_in => Code::NOT_MEMBER,
            Some(channel) if channel.participants.iter().any(|it| it.addr.account == *to) => {
                Code::ALREADY_MEMBER
            }
            Some(channel) => match &channel.role {
                Role::Callee(_) => Code::UNSUPPORTED,
                Role::Caller(invites) if invites.len() >= limits::INVITES => Code::MEMBER_LIMIT,
                Role::Caller(_) => Code::OK,
            },
        };
        if refusal != Code::OK {
            return self.done(req, refusal.into());
        }
        let (call_type, uid) = self.channels.get(id).map_or((0, 0), |it| (it.call_type, it.uid));
        let (request, custom) = (args.request_id.clone(), args.custom_info.clone());
        let expires_ms = if expires_ms == 0 { limits::INVITE_EXPIRES_MS } else { expires_ms };
        let (keep, ring_ms) = (!args.no_offline, expires_ms.min(limits::RING_MS));
        let body = Body::Invite { request: request.clone(), call_type, custom, uid, keep, ring_ms };
        let message = self.new_message(id, body);
        let mut outgoing = self.outgoing(Kind::Invite, Topic::Inbox(to.clone()), &message, expires_ms);
        if let Some(push) = push {
            outgoing.payload = message::with_push(&outgoing.payload, push);
        }
        if let Some(Role::Caller(invites)) = self.channels.get_mut(id).map(|it| &mut it.role) {
            invites.push(Invite {
                to: to.clone(),
                request,
                id: message.id,
                alerted: Vec::new(),
                is_ringing: false,
                busy: Vec::new(),
                busy_at: None,
                decision: None,
            });
        }
        self.send(OutgoingMessage { req: Some(req), ..outgoing });
    }

    pub(super) fn cancel(&mut self, req: u64, args: &signaling::Message) {
        let (id, to, request) = (&args.channel_id, &args.account, &args.request_id);
        let ours = self.ended.decision(self.now, id, request, to).map(|it| it.settled.how.code());
        let Some(channel) = self.channels.get_mut(id) else {
            return self.done(req, ours.unwrap_or(Code::CHANNEL_NOT_EXISTS).into());
        };
        let code = match channel.invite(request, to).map(|it| &it.decision) {
            None => Code::INVITE_NOT_EXISTS,
            Some(Some((_, settled))) => settled.how.code(),
            Some(None) => Code::OK,
        };
        if code == Code::OK {
            self.settle(id, request, (to, &"".into()), DecisionKind::Cancel, &"".into(), &args.custom_info);
        }
        self.done(req, code.into());
    }

    /// A called device rings, accepts or rejects.
    pub(super) fn on_answer(&mut self, from: &DeviceAddr, message: &Message) {
        let (Body::Alert { request, .. } | Body::Accept { request, .. } | Body::Reject { request, .. }) =
            &message.body
        else {
            return;
        };
        let id = &message.channel;
        let invite = self.channels.get_mut(id).and_then(|it| it.invite(request, &from.account));
        let Some(invite) = invite.filter(|it| it.decision.is_none()) else {
            return self.send_decision(from, message, request);
        };
        let rings = matches!(message.body, Body::Alert { rings: true, .. });
        if let Some(known) = invite.alerted.iter_mut().find(|it| it.device == from.device) {
            known.instance = message.instance.clone();
            known.rings |= rings;
        } else if invite.alerted.len() < limits::ALERTED {
            let (device, instance) = (from.device.clone(), message.instance.clone());
            invite.alerted.push(Alerted { device, instance, rings });
        }
        let is_first = rings && !std::mem::replace(&mut invite.is_ringing, true);
        let invited = invite.id.clone();
        for req in self.outbox.cancel_message(&invited, Kind::Invite) {
            self.done(req, Code::OK.into());
        }
        if is_first {
            self.notify_answer(EventKind::Ringing, from, id, request, &"".into());
        }
        if let Body::Accept { custom, .. } = &message.body {
            self.on_accept(from, message, request, custom);
        } else if let Body::Reject { custom, local, .. } = &message.body {
            self.on_reject(from, id, request, (custom, *local));
        } else if let Body::Alert { asks: true, .. } = &message.body {
            self.send_once_in(from, id, Body::State);
        }
    }

    fn on_accept(&mut self, from: &DeviceAddr, message: &Message, request: &Text, custom: &Text) {
        let (id, instance) = (&message.channel, &message.instance);
        self.settle(id, request, (&from.account, instance), DecisionKind::Accept, &from.device, custom);
        self.notify_answer(EventKind::Accept, from, id, request, custom);
    }

    fn on_reject(&mut self, from: &DeviceAddr, id: &Text, request: &Text, (custom, local): (&Text, bool)) {
        if local || self.config.busy_is_local && is_busy(custom) {
            let now = self.now;
            let Some(invite) = self.channels.get_mut(id).and_then(|it| it.invite(request, &from.account))
            else {
                return;
            };
            if !invite.busy.iter().any(|it| it.0 == from.device) && invite.busy.len() < limits::ALERTED {
                invite.busy.push((from.device.clone(), custom.clone()));
            }
            invite.busy_at.get_or_insert(now + limits::BUSY_MS);
            return;
        }
        self.settle(id, request, (&from.account, &"".into()), DecisionKind::Reject, &from.device, custom);
        self.notify_answer(EventKind::Reject, from, id, request, custom);
    }

    fn notify_answer(
        &mut self,
        kind: EventKind,
        from: &DeviceAddr,
        id: &Text,
        request: &Text,
        custom: &Text,
    ) {
        let Some(info) = self.channels.get(id).map(|it| it.info(id)) else { return };
        let event = self.event(kind, info, from, custom);
        self.notify(Origin::Online, Event { request_id: request.clone(), ..event });
    }

    /// Publishes the decision on an invite to an account; its device that accepted is this incarnation.
    fn settle(
        &mut self,
        id: &Text,
        request: &Text,
        (to, instance): (&Text, &Text),
        how: DecisionKind,
        by: &Text,
        custom: &Text,
    ) {
        let now = self.now;
        let uid = self.channels.get(id).map_or(0, |it| it.uid);
        let uid = if how == DecisionKind::Accept { self.ids.uid(uid) } else { 0 };
        let Some(channel) = self.channels.get_mut(id) else { return };
        let call_type = channel.call_type;
        let (request, by, custom) = (request.clone(), by.clone(), custom.clone());
        let settled = Settled { request: request.clone(), how, by: by.clone(), custom, uid, call_type };
        if how == DecisionKind::Accept {
            channel.participants.push(Participant::new(DeviceAddr::new(to, &by), instance, uid, now));
        }
        let mut message = self.new_message(id, Body::Settled(settled.clone()));
        message.to = instance.clone();
        let mut alerted = Vec::new();
        let mut invited = None;
        if let Some(invite) = self.channels.get_mut(id).and_then(|it| it.invite(&request, to)) {
            invite.decision = Some((message.id.clone(), settled));
            alerted.clone_from(&invite.alerted);
            invited = Some(invite.id.clone());
        }
        let waits = invited.map(|it| self.outbox.cancel_message(&it, Kind::Invite));
        waits.into_iter().flatten().for_each(|req| self.done(req, Code::OK.into()));
        // If nothing rings yet the invite may still be in flight: what follows it is retransmitted as well.
        let kind = if alerted.is_empty() { Kind::UntilAcked } else { Kind::Once };
        let all = self.outgoing(kind, Topic::Inbox(to.clone()), &message, limits::SETTLED_EXPIRES_MS);
        let (same, meant) = (all.clone(), message.to.clone());
        self.send(OutgoingMessage { is_final: true, ..all });
        for Alerted { device, instance, .. } in alerted {
            let topic = Topic::Direct(to.clone(), device);
            let outgoing = if instance == meant {
                OutgoingMessage { kind: Kind::UntilAcked, topic, ..same.clone() }
            } else {
                message.to = instance;
                self.outgoing(Kind::UntilAcked, topic, &message, limits::SETTLED_EXPIRES_MS)
            };
            self.send(OutgoingMessage {
                after_ms: u64::from(limits::REPEATS[0]),
                is_final: true,
                ..outgoing
            });
        }
    }

    /// Repeats the decision to a device that asks or answers too late.
    fn send_decision(&mut self, to: &DeviceAddr, asked: &Message, request: &Text) {
        let id = &asked.channel;
        let here = self.channels.get_mut(id).and_then(|it| it.invite(request, &to.account));
        let here = here.and_then(|it| it.decision.clone());
        let decision = self.ended.decision(self.now, id, request, &to.account);
        let before = decision.map(|it| (it.id.clone(), it.settled.clone()));
        let Some((decision_id, settled)) = here.or(before) else {
            return self.send_gone(to, asked);
        };
        let mut message = self.new_message(id, Body::Settled(settled));
        (message.id, message.to) = (decision_id, asked.instance.clone());
        let (qos, payload) = (message.body.qos(), message::write(&message));
        self.outbox.send_once(&mut self.outputs, direct(to), qos, payload, limits::ANSWER_EXPIRES_MS);
    }

    /// The channel has ended: ringing devices are notified, and its decisions are remembered.
    pub(super) fn end_own_channel(&mut self, id: &Text, custom: &Text) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        let open: Vec<(Text, Text)> = channel
            .invites()
            .iter()
            .filter(|it| it.decision.is_none())
            .map(|it| (it.request.clone(), it.to.clone()))
            .collect();
        for (request, to) in open {
            self.settle(id, &request, (&to, &"".into()), DecisionKind::Close, &"".into(), custom);
        }
        let Some(channel) = self.channels.remove(id) else { return };
        let Role::Caller(invites) = channel.role else { return };
        for invite in invites {
            let Some((decision_id, settled)) = invite.decision else { continue };
            let code = settled.how.code();
            let decision = Decision { to: invite.to, id: decision_id, settled };
            self.ended.record(EndedInvite {
                owner: self.me.clone(),
                channel: id.clone(),
                request: invite.request,
                at: self.now,
                code,
                decision: Some(decision),
                is_own: true,
                is_known: true,
            });
        }
    }

    /// If devices rejected for themselves only: whether all ringing ones did, once others had time to ring.
    pub(super) fn caller_timeouts(&mut self, id: &Text) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(id) else { return };
        let is_busy = |it: &&mut Invite| {
            let mut ringing = it.alerted.iter().filter(|it| it.rings);
            let all = ringing.all(|rings| it.busy.iter().any(|busy| busy.0 == rings.device));
            it.decision.is_none() && it.busy_at.is_some_and(|at| at <= now) && all
        };
        let busy = channel
            .invites()
            .iter_mut()
            .find(is_busy)
            .map(|it| (it.request.clone(), it.to.clone(), it.busy.first().cloned().unwrap_or_default()));
        if let Some((request, to, (device, custom))) = busy {
            let from = DeviceAddr::new(&to, &device);
            self.settle(id, &request, (&to, &"".into()), DecisionKind::Reject, &device, &custom);
            return self.notify_answer(EventKind::Reject, &from, id, &request, &custom);
        }
        // A device may still answer: checked again when that one is busy too.
        let Some(channel) = self.channels.get_mut(id) else { return };
        channel.invites().iter_mut().filter(|it| it.busy_at.is_some_and(|at| at <= now)).for_each(|it| {
            it.busy_at = None;
        });
    }
}

/// The busy texts of all client generations.
pub(super) fn is_busy(custom: &str) -> bool {
    if matches!(custom, "601" | "i_am_busy") {
        return true;
    }
    attached(custom, "reason").and_then(|it| it.as_u64()) == Some(3)
}

/// Whether an attachment applies to this device only.
pub(super) fn is_local(custom: &str) -> bool {
    attached(custom, "local").and_then(|it| it.as_bool()) == Some(true)
}

fn attached(custom: &str, key: &str) -> Option<serde_json::Value> {
    serde_json::from_str::<serde_json::Value>(custom).ok()?.get_mut(key).map(serde_json::Value::take)
}
