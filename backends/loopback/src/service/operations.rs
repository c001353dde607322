//! Signaling operations: what NIM's signaling service does, with NIM's codes.

use std::sync::Arc;

use nertc_callkit_signaling::{
    self as signaling, CallType, Code, Event, EventKind, InviteState, Message, Notification, Operation,
    OperationResult, Record, RecordStatus, Req, Text, json,
};

use super::channel::{Channel, Decision, Invite, Member};
use super::faults::{self, Effect};
use super::ids::{DeviceId, Port};
use super::outbound::Due;
use super::registry::SentRecord;
use super::state::{Actor, Service};
use crate::limits;

/// Whether the text of a reject states that only its device is busy.
fn is_local(custom_info: &str) -> bool {
    let mut is_local = false;
    let is_json = json::read(custom_info, usize::MAX, |key, value| {
        if key == "local" {
            is_local = value == "true";
        }
    });
    is_json && is_local
}

impl Service {
    /// Runs an operation of this port; a login has a function of its own.
    pub fn run(&mut self, now: u64, port: Port, req: Req, operation: &Operation) {
        self.now = now;
        if *operation == Operation::Logout {
            self.cancel_login(port);
        }
        let Some(session) = self.sessions.get(port).filter(|_| self.outbound.is_enabled(port)) else {
            return self.settle();
        };
        let device = session.device.and_then(|id| Some((id, self.registry.addr(id)?)));
        let actor = device.map(|(id, addr)| Actor { id, addr: addr.clone() });
        let is_cut_off = session.needs_token && *operation != Operation::Logout;
        let on = faults::on_operation(operation);
        let effect = actor.as_ref().and_then(|actor| self.outbound.script.fire(on, Some(&actor.addr)));
        let result = match (&actor, effect) {
            (None, _) => Code::NOT_LOGGED_IN.into(),
            (Some(_), _) if is_cut_off => Code::TIMEOUT.into(),
            (Some(_), Some(Effect::Refuse(code))) => code.into(),
            (Some(actor), Some(fault @ (Effect::Crash | Effect::Kick))) => {
                self.outbound.trigger(actor.id, fault);
                Code::NOT_LOGGED_IN.into()
            }
            (Some(actor), _) => self.perform(port, actor, operation),
        };
        self.complete(port, req, result, effect.filter(|it| *it != Effect::Kick));
        self.settle();
    }

    fn perform(&mut self, port: Port, actor: &Actor, operation: &Operation) -> OperationResult {
        match operation {
            Operation::Login { .. } => Code::INVALID_ARGUMENT.into(),
            Operation::Logout => {
                self.log_out(actor.id);
                self.sessions.insert(port, Box::default());
                Code::OK.into()
            }
            Operation::Create { call_type } => self.create(port, actor, *call_type),
            Operation::Join { channel_id, no_offline } => self.join(actor, channel_id, !no_offline),
            Operation::Invite { message, .. } => self.invite(actor, message).into(),
            Operation::Cancel(message) => self.cancel(actor, message).into(),
            Operation::Accept(message) => self.answer(actor, message, true).into(),
            Operation::Reject(message) => self.reject(actor, message).into(),
            Operation::Leave { channel_id, custom_info, no_offline } => {
                self.leave(actor, channel_id, custom_info, !no_offline).into()
            }
            Operation::Close { channel_id, custom_info, no_offline } => {
                self.close(actor, channel_id, custom_info, !no_offline).into()
            }
            Operation::Control(message) => self.control(actor, message).into(),
            Operation::Record(record) => {
                let sent = SentRecord { from: actor.addr.account.clone(), record: Arc::new(record.clone()) };
                self.registry.notify_record(actor.id, &sent, &mut self.outbound);
                self.keep_record(sent);
                Code::OK.into()
            }
        }
    }

    /// Takes note of something about this port; nothing answers it.
    pub fn notify(&mut self, now: u64, port: Port, notification: &Notification) {
        self.now = now;
        match notification {
            Notification::InviteState { channel_id, account, request_id, state } => {
                let device = self.session(port).and_then(|session| session.device);
                let addr = device.and_then(|device| self.registry.addr(device)).cloned();
                if let (Some(id), Some(addr)) = (device.filter(|_| self.outbound.is_enabled(port)), addr) {
                    self.invite_state(&Actor { id, addr }, channel_id, account, request_id, *state);
                }
            }
            Notification::AbortLogin(req) => self.abort_login(port, *req),
            Notification::SetToken(token) => self.set_token(port, token),
            // The engine applies it; the service lets every invite through.
            Notification::CallPolicy(_) => {}
        }
        self.settle();
    }

    /// Creates a channel without members. Its id contains the creating port, and its ordinal there.
    pub(super) fn create(&mut self, port: Port, actor: &Actor, call_type: CallType) -> OperationResult {
        self.sweep();
        let ordinal = self.created.get(port).copied().unwrap_or(0) + 1;
        self.created.insert(port, ordinal);
        let (mut first, mut second) = (itoa::Buffer::new(), itoa::Buffer::new());
        let numbers = [first.format(port.0), "-", second.format(ordinal)];
        let id = Text::concat(&[&self.options.channel_prefix, numbers[0], numbers[1], numbers[2]]);
        let info = signaling::Channel {
            id: id.clone(),
            call_type: call_type.number(),
            invalid: false,
            creator: actor.addr.account.clone(),
            create_ms: self.now,
            expire_ms: self.now + limits::CHANNEL_LIFE_MS,
        };
        let channel = Channel { info, members: Vec::new(), invites: Vec::new(), talked: false };
        let state = channel.state(&self.registry);
        self.channels.insert(id, channel);
        state.into()
    }

    /// Makes `actor` a member; the result lists all members.
    pub(super) fn join(&mut self, actor: &Actor, id: &Text, keep: bool) -> OperationResult {
        let Some(channel) = self.channels.get_mut(id) else { return Code::CHANNEL_NOT_EXISTS.into() };
        if channel.has(actor.id) {
            return Code::ALREADY_MEMBER.into();
        }
        if channel.has_account(&actor.addr.account) {
            return Code::OTHER_DEVICE.into();
        }
        if channel.members.len() >= limits::MEMBERS {
            return Code::MEMBER_LIMIT.into();
        }
        channel.members.push(Member { device: actor.id, account: actor.addr.account.clone() });
        channel.talked |= channel.members.len() > 1;
        if let Some(device) = self.registry.device_mut(actor.id) {
            device.channels.push(channel.info.id.clone());
        }
        let event = channel.event(self.now, EventKind::Join, &actor.addr, &Text::EMPTY);
        let event = Event { uid: actor.id.0, ..event };
        channel.notify_others(actor.id, &event, keep, &mut self.registry, &mut self.outbound);
        channel.state(&self.registry).into()
    }

    /// Rings all devices of an account.
    pub(super) fn invite(&mut self, actor: &Actor, message: &Message) -> Code {
        let Some(channel) = self.channels.get_mut(&message.channel_id) else {
            return Code::CHANNEL_NOT_EXISTS;
        };
        if !channel.has(actor.id) {
            return Code::NOT_MEMBER;
        }
        if channel.has_account(&message.account) {
            return Code::ALREADY_MEMBER;
        }
        if channel.invites.len() >= limits::INVITES {
            let decided = channel.invites.iter().position(|it| it.decision != Decision::Pending);
            let Some(decided) = decided else { return Code::MEMBER_LIMIT };
            channel.invites.remove(decided);
        }
        channel.invites.push(Invite {
            request_id: message.request_id.clone(),
            from: actor.id,
            from_account: actor.addr.account.clone(),
            to: message.account.clone(),
            decision: Decision::Pending,
            ringing: Vec::new(),
            dropped: Vec::new(),
            busy: Vec::new(),
        });
        let event = channel.event(self.now, EventKind::Invite, &actor.addr, &message.account);
        self.notify_account(event, message, &[]);
        self.reached(&message.account)
    }

    /// Cancels an undecided invite.
    pub(super) fn cancel(&mut self, actor: &Actor, message: &Message) -> Code {
        let Some(channel) = self.channels.get_mut(&message.channel_id) else {
            return Code::CHANNEL_NOT_EXISTS;
        };
        let invite = channel.invite(&message.request_id, &message.account);
        let Some(invite) = invite.filter(|it| it.from_account == actor.addr.account) else {
            return Code::INVITE_NOT_EXISTS;
        };
        if invite.decision != Decision::Pending {
            return invite.decision.code();
        }
        invite.decision = Decision::Cancelled;
        let without = invite.dropped.clone();
        let event = channel.event(self.now, EventKind::Cancel, &actor.addr, &message.account);
        self.notify_account(event, message, &without);
        Code::OK
    }

    /// The decision about an invite on a device. The inviter's device is notified of the first ring of each.
    pub(super) fn invite_state(
        &mut self,
        actor: &Actor,
        channel: &str,
        inviter: &str,
        request: &str,
        state: InviteState,
    ) {
        let Some(channel) = self.channels.get_mut(channel) else { return };
        let is_meant = |it: &&mut Invite| it.from_account == *inviter && it.decision == Decision::Pending;
        let Some(invite) = channel.invite(request, &actor.addr.account).filter(is_meant) else { return };
        // A repeated report changes nothing.
        if invite.ringing.contains(&actor.id) || invite.dropped.contains(&actor.id) {
            return;
        }
        match state {
            InviteState::Dropped => invite.dropped.push(actor.id),
            InviteState::Held => invite.ringing.push(actor.id),
            InviteState::Ringing => {
                invite.ringing.push(actor.id);
                let (from, to, request_id) =
                    (invite.from, invite.from_account.clone(), invite.request_id.clone());
                let event = channel.event(self.now, EventKind::Ringing, &actor.addr, &to);
                let event = Event { request_id, ..event };
                self.registry.notify_device(from, event, false, &mut self.outbound);
            }
        }
    }

    /// Rejects an invite. A local reject takes effect for the account only if no other device rings within a
    /// while.
    pub(super) fn reject(&mut self, actor: &Actor, message: &Message) -> Code {
        if !is_local(&message.custom_info) {
            return self.answer(actor, message, false);
        }
        let Some(channel) = self.channels.get_mut(&message.channel_id) else {
            return Code::CHANNEL_NOT_EXISTS;
        };
        let Some(invite) = channel.answerable(&actor.addr.account, message) else {
            return Code::INVITE_NOT_EXISTS;
        };
        if invite.decision != Decision::Pending {
            return invite.decision.code();
        }
        let (is_first, inviter) = (invite.busy.is_empty(), invite.from_account.clone());
        invite.busy.push(actor.id);
        invite.ringing.retain(|it| *it != actor.id);
        if is_first {
            let due = Due::LocalReject(actor.id, message.clone());
            self.outbound.schedule(self.now + limits::LOCAL_REJECT_MS, due);
        }
        self.reached(&inviter)
    }

    /// The reject of a device that alone is busy counts for its account, unless another device rings.
    pub(super) fn count_local_reject(&mut self, id: DeviceId, message: &Message) {
        let Some(addr) = self.registry.addr(id).cloned() else { return };
        let channel = self.channels.get_mut(&message.channel_id);
        let invite = channel.and_then(|it| it.invite(&message.request_id, &addr.account));
        if invite.is_some_and(|invite| invite.ringing.is_empty()) {
            self.answer(&Actor { id, addr }, message, false);
        }
    }

    /// Accepts or rejects an invite: the first answer of any device of the account decides. Does not join.
    pub(super) fn answer(&mut self, actor: &Actor, message: &Message, accept: bool) -> Code {
        let Some(channel) = self.channels.get_mut(&message.channel_id) else {
            return Code::CHANNEL_NOT_EXISTS;
        };
        let Some(invite) = channel.answerable(&actor.addr.account, message) else {
            return Code::INVITE_NOT_EXISTS;
        };
        if invite.decision != Decision::Pending {
            return invite.decision.code();
        }
        let (decision, kind) = match accept {
            true => (Decision::Accepted, EventKind::Accept),
            false => (Decision::Rejected, EventKind::Reject),
        };
        invite.decision = decision;
        let inviter = invite.from_account.clone();
        let event = channel.event(self.now, kind, &actor.addr, &inviter);
        let event = self.notify_account(event, message, &[]);
        self.registry.notify_other_devices(actor.id, &event, !message.no_offline, &mut self.outbound);
        self.reached(&inviter)
    }

    /// Ends the membership of `actor`; the last one takes the channel along.
    pub(super) fn leave(&mut self, actor: &Actor, id: &Text, custom_info: &Text, keep: bool) -> Code {
        let Some(channel) = self.channels.get_mut(id) else { return Code::CHANNEL_NOT_EXISTS };
        if !channel.has(actor.id) {
            return Code::NOT_MEMBER;
        }
        channel.members.retain(|it| it.device != actor.id);
        let event = channel.event(self.now, EventKind::Leave, &actor.addr, &Text::EMPTY);
        let event = Event { custom_info: custom_info.clone(), ..event };
        channel.notify_others(actor.id, &event, keep, &mut self.registry, &mut self.outbound);
        let is_empty = channel.members.is_empty();
        self.forget_member(actor.id, id);
        if let Some(channel) = is_empty.then(|| self.channels.remove(id)).flatten() {
            self.end_ringing(&channel, actor, &Text::EMPTY, keep);
        }
        Code::OK
    }

    /// Ends a channel for all members, and those whom it still rings. A channel without
    /// members may be closed by its creator.
    pub(super) fn close(&mut self, actor: &Actor, id: &Text, custom_info: &Text, keep: bool) -> Code {
        let Some(channel) = self.channels.get(id) else { return Code::CHANNEL_NOT_EXISTS };
        let is_own = channel.members.is_empty() && channel.info.creator == actor.addr.account;
        if !channel.has(actor.id) && !is_own {
            return Code::NOT_MEMBER;
        }
        let Some(channel) = self.channels.remove(id) else { return Code::CHANNEL_NOT_EXISTS };
        let event = channel.event(self.now, EventKind::Close, &actor.addr, &Text::EMPTY);
        let event = Event { custom_info: custom_info.clone(), ..event };
        channel.notify_others(actor.id, &event, keep, &mut self.registry, &mut self.outbound);
        for member in &channel.members {
            self.forget_member(member.device, id);
        }
        self.end_ringing(&channel, actor, custom_info, keep);
        Code::OK
    }

    /// Sends a text to a member, to an account that this channel invited, or to all other members. Never
    /// kept.
    pub(super) fn control(&mut self, actor: &Actor, message: &Message) -> Code {
        let Some(channel) = self.channels.get(&message.channel_id) else { return Code::CHANNEL_NOT_EXISTS };
        if !channel.has(actor.id) {
            return Code::NOT_MEMBER;
        }
        let event = channel.event(self.now, EventKind::Control, &actor.addr, &message.account);
        let event = Event { custom_info: message.custom_info.clone(), ..event };
        if message.account.is_empty() {
            channel.notify_others(actor.id, &event, false, &mut self.registry, &mut self.outbound);
            return Code::OK;
        }
        if let Some(member) = channel.members.iter().find(|it| it.account == message.account) {
            self.registry.notify_device(member.device, event, false, &mut self.outbound);
        } else if channel.invites.iter().any(|it| it.to == message.account) {
            let (registry, outbound) = (&mut self.registry, &mut self.outbound);
            registry.notify_account(&message.account, &Arc::new(event), false, &[], outbound);
        } else {
            return Code::NOT_MEMBER;
        }
        self.reached(&message.account)
    }

    /// Sends an event about an invite, with the ids and the text of `message`, to the account in `event.to`.
    fn notify_account(&mut self, event: Event, message: &Message, without: &[DeviceId]) -> Arc<Event> {
        let (request_id, custom_info) = (message.request_id.clone(), message.custom_info.clone());
        let event = Arc::new(Event { request_id, custom_info, ..event });
        let (registry, outbound) = (&mut self.registry, &mut self.outbound);
        registry.notify_account(&event.to, &event, !message.no_offline, without, outbound);
        event
    }

    /// OK, or NIM's soft "peer is offline".
    fn reached(&self, account: &str) -> Code {
        if self.registry.is_online(account) { Code::OK } else { Code::PEER_OFFLINE }
    }

    fn forget_member(&mut self, member: DeviceId, channel: &Text) {
        if let Some(device) = self.registry.device_mut(member) {
            device.channels.retain(|it| it != channel);
        }
    }

    /// A channel has ended: accounts that it still rings are notified that it is closed.
    fn end_ringing(&mut self, channel: &Channel, actor: &Actor, custom_info: &Text, keep: bool) {
        self.record_of(channel);
        for invite in channel.pending().filter(|it| !channel.has_account(&it.to)) {
            let event = channel.event(self.now, EventKind::Close, &actor.addr, &invite.to);
            let event = Arc::new(Event { custom_info: custom_info.clone(), ..event });
            let (registry, outbound) = (&mut self.registry, &mut self.outbound);
            registry.notify_account(&invite.to, &event, keep, &invite.dropped, outbound);
        }
    }

    /// With SERVER_RECORD: the service's own record of a call that took place.
    fn record_of(&mut self, channel: &Channel) {
        let accepted = channel.invites.iter().find(|it| it.decision == Decision::Accepted);
        let Some(invite) = accepted.filter(|_| self.options.server_records && channel.talked) else { return };
        let record = Record {
            client_msg_id: Text::EMPTY,
            to: invite.to.clone(),
            channel_id: channel.info.id.clone(),
            call_type: CallType::of(channel.info.call_type),
            status: RecordStatus::Complete,
            text: Text::EMPTY,
            durations: Vec::new(),
        };
        self.keep_record(SentRecord { from: channel.info.creator.clone(), record: Arc::new(record) });
    }

    /// Drops expired channels, now and then, so that forgotten ones do not pile up.
    fn sweep(&mut self) {
        if self.channels.len() < self.sweep_at {
            return;
        }
        let expired = self.channels.values().filter(|channel| channel.info.expire_ms <= self.now);
        for id in expired.map(|channel| channel.info.id.clone()).collect::<Vec<Text>>() {
            let members = self.channels.remove(&id).map(|it| it.members).unwrap_or_default();
            members.iter().for_each(|member| self.forget_member(member.device, &id));
        }
        self.sweep_at = limits::SWEEP.max(2 * self.channels.len());
    }
}
