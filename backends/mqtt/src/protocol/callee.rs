//! Callee side of an invite. The caller's device is authoritative.

use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{Code, DeviceAddr, Event, EventKind, InviteState, Origin, Text};

use super::channel::{Channel, Hint, LivenessProbe, Participant, Ring, RingState, Role, channel_info};
use super::ended_invites::EndedInvite;
use super::message::{Body, ByeKind, DecisionKind, Message, Settled};
use super::outbox::{Kind, OutgoingMessage};
use super::types::Topic;
use super::{Peer, direct, limits};

impl Ring {
    pub(super) fn is_ringing(&self) -> bool {
        self.state == RingState::Ringing
    }

    pub(super) fn is_won(&self) -> bool {
        matches!(self.state, RingState::Won { .. })
    }

    /// The accept that waits.
    pub(super) fn accepting(&self) -> Option<u64> {
        match self.state {
            RingState::Accepting { req, .. } => Some(req),
            RingState::Ringing | RingState::Won { .. } => None,
        }
    }

    pub(super) fn timeout(&self, is_in: bool) -> Option<u64> {
        let limit = match self.state {
            RingState::Accepting { until, .. } => Some(until),
            RingState::Won { until } => (!is_in).then_some(until),
            RingState::Ringing => Some(self.until),
        };
        let alert = self.alert_at.filter(|_| self.is_ringing());
        let ask = self.is_ringing().then_some(self.ask_at);
        let hint = self.hint.as_ref().map(|it| it.ask_at.unwrap_or(it.at).min(it.at));
        let probe = self.probe.as_ref().map(|it| it.next);
        [limit, alert, ask, hint, probe].into_iter().flatten().min()
    }
}

impl Peer {
    pub(super) fn on_invite(&mut self, from: &DeviceAddr, message: &Message, expires_at: Option<u64>) {
        let Body::Invite { request, call_type, custom, uid, keep, ring_ms } = &message.body else { return };
        let id = &message.channel;
        let greets = self.session.greets();
        if let Some(channel) = self.channels.get_mut(id) {
            let is_owner = channel.owner == *from;
            let ring = channel.ring().filter(|it| is_owner && !greets && it.request == *request);
            // It was sent before and got lost: now at once.
            if let Some(ring) = ring.filter(|it| it.core_state.is_some()) {
                ring.alert_at = Some(ring.alert_at.unwrap_or(0));
                self.send_alert(id);
            }
            return;
        }
        if self.ended.has(self.now, from, id, request) || (greets && !keep) || !self.may_ring(from) {
            return;
        }
        let ring_until = self.now + u64::from(*ring_ms);
        let ring = Ring {
            request: request.clone(),
            state: RingState::Ringing,
            core_state: None,
            since: self.now,
            until: expires_at.map_or(ring_until, |at| at.clamp(self.now, ring_until)) + limits::RING_GRACE_MS,
            alert_at: None,
            hint: None,
            probe: None,
            ask_at: self.now + limits::RING_ASK_MS,
        };
        let channel = Channel {
            call_type: *call_type,
            owner: from.clone(),
            is_in: false,
            uid: 0,
            participants: vec![Participant::new(from.clone(), &message.instance, *uid, self.now)],
            role: Role::Callee(ring),
        };
        let event = self.event(EventKind::Invite, channel.info(id), from, custom);
        self.channels.insert(id.clone(), channel);
        self.notify(Origin::Online, Event { request_id: request.clone(), ..event });
    }

    /// Whether one more invite of this account is accepted. If not, a retransmission may be.
    fn may_ring(&mut self, from: &DeviceAddr) -> bool {
        let is_theirs = |it: &&Channel| it.owner.account == from.account;
        let ringing = self.channels.values().filter(|it| it.rings().is_some());
        let (all, of_one) = (ringing.clone().count(), ringing.filter(is_theirs).count());
        if of_one >= limits::RINGS_OF_ONE {
            self.log("an account has eight calls ringing here: its next invite waits");
            return false;
        }
        if !self.rates.invite(self.now, &from.account) {
            self.log("an account calls too often: its invite waits for a retransmission");
            return false;
        }
        all < limits::RINGS || self.evict_ring(of_one)
    }

    /// Evicts an invite for an account that has too many: the oldest of the account with the most
    /// that no user was alerted to. False: there is none.
    fn evict_ring(&mut self, of_one: usize) -> bool {
        self.log("too many calls ring at a time: the oldest of the account with the most was dropped");
        let waits =
            |it: &Channel| it.rings().is_some_and(|ring| ring.core_state != Some(InviteState::Ringing));
        let count = |account: &Text| {
            self.channels.values().filter(|it| waits(it) && it.owner.account == *account).count()
        };
        let waiting = self.channels.iter().filter(|it| waits(it.1)).map(|(id, channel)| {
            let since = channel.rings().map_or(0, |it| it.since);
            (count(&channel.owner.account), std::cmp::Reverse(since), id.clone())
        });
        let Some((most, _, id)) = waiting.max() else { return false };
        if most <= of_one {
            return false;
        }
        self.end_lost(&id);
        true
    }

    /// The core's decision about an invite: only now the caller is notified that it arrived.
    pub(super) fn on_invite_state(&mut self, id: &Text, request: &Text, state: InviteState) {
        let (now, greets) = (self.now, self.session.greets());
        let ring = self.channels.get_mut(id).and_then(|it| it.ring());
        let Some(ring) = ring.filter(|it| it.request == *request && it.is_ringing()) else { return };
        if state == InviteState::Dropped {
            ring.core_state = None;
            return self.end_ring(id, Code::INVITE_NOT_EXISTS, None);
        }
        ring.core_state = Some(state);
        if !greets {
            ring.alert_at = Some(now.max(ring.since + limits::ALERT_MS));
            self.send_alert(id);
        }
    }

    /// The ringing invite that an operation names.
    fn ringing(&mut self, args: &signaling::Message) -> Result<&mut Channel, Code> {
        let (id, request, by) = (&args.channel_id, &args.request_id, &args.account);
        let over = self.ended.code(self.now, id, request, by);
        let Some(channel) = self.channels.get_mut(id) else {
            return Err(over.unwrap_or(Code::CHANNEL_NOT_EXISTS));
        };
        let is_by = by.is_empty() || channel.owner.account == *by;
        match channel.ring().filter(|it| it.request == *request && is_by).map(|it| &it.state) {
            None => Err(Code::INVITE_NOT_EXISTS),
            Some(RingState::Won { .. } | RingState::Accepting { .. }) => Err(Code::INVITE_ACCEPTED),
            Some(RingState::Ringing) => Ok(channel),
        }
    }

    /// Asks the owner for the call. Its decision completes the operation.
    pub(super) fn accept(&mut self, req: u64, args: &signaling::Message) {
        let until = self.now + limits::ANSWER_MS;
        let channel = match self.ringing(args) {
            Ok(channel) => channel,
            Err(code) => return self.done(req, code.into()),
        };
        let owner = channel.owner.clone();
        if let Some(ring) = channel.ring() {
            ring.state = RingState::Accepting { req, until };
            (ring.hint, ring.probe) = (None, None);
        }
        let body = Body::Accept { request: args.request_id.clone(), custom: args.custom_info.clone() };
        let message = self.new_message_to(&owner, &args.channel_id, body);
        let outgoing = self.outgoing(Kind::Answer, direct(&owner), &message, limits::ANSWER_EXPIRES_MS);
        self.send(outgoing);
    }

    /// Rejects: final here, whichever answer the owner receives first.
    pub(super) fn reject(&mut self, req: u64, args: &signaling::Message) {
        let owner = match self.ringing(args) {
            Ok(channel) => channel.owner.clone(),
            Err(code) => return self.done(req, code.into()),
        };
        let (request, custom) = (args.request_id.clone(), args.custom_info.clone());
        let local = super::caller::is_local(&custom);
        let mut message =
            self.new_message_to(&owner, &args.channel_id, Body::Reject { request, custom, local });
        let outgoing = self.outgoing(Kind::Answer, direct(&owner), &message, limits::ANSWER_EXPIRES_MS);
        self.send(OutgoingMessage { req: Some(req), req_timeout_ms: Some(limits::FAREWELL_MS), ..outgoing });
        // If the caller's device has vanished nobody else notifies our other devices. A reject of this device
        // only is for the owner to evaluate.
        if !local {
            message.to = "".into();
            let copy = self.outgoing(Kind::Once, Topic::Own, &message, limits::ANSWER_EXPIRES_MS);
            self.send(copy);
        }
        let Some(mut channel) = self.channels.remove(&args.channel_id) else { return };
        channel.ring().into_iter().for_each(|it| it.core_state = Some(InviteState::Ringing));
        self.record_ended_ring(&args.channel_id, &mut channel, Code::INVITE_REJECTED);
    }

    /// The owner's final decision on an invite.
    pub(super) fn on_settled(&mut self, from: &DeviceAddr, message: &Message, decision: &Settled) {
        let id = &message.channel;
        let is_ours = decision.how == DecisionKind::Accept && decision.by == self.me.device;
        let ring = self.channels.get_mut(id).filter(|it| it.owner == *from).and_then(|it| it.ring());
        let Some(ring) = ring.filter(|it| it.request == decision.request) else {
            return self.on_late_word(from, message, decision, is_ours);
        };
        let state = ring.state.clone();
        self.acknowledge(from, message);
        for req in self.outbox.cancel(id, Kind::Answer, from) {
            self.done(req, Code::OK.into());
        }
        match state {
            RingState::Won { .. } => {}
            RingState::Accepting { req, .. } if is_ours => {
                let until = self.now + limits::WON_MS;
                if let Some(channel) = self.channels.get_mut(id) {
                    channel.uid = decision.uid;
                    channel.ring().into_iter().for_each(|ring| {
                        (ring.state, ring.probe) = (RingState::Won { until }, None);
                    });
                }
                self.done(req, Code::OK.into());
            }
            RingState::Accepting { .. } | RingState::Ringing => {
                if is_ours {
                    // An earlier incarnation of this device accepted.
                    self.send_leave(from, id, &message.instance);
                }
                let event = self.word_event(from, id, decision);
                self.end_ring(id, decision.how.code(), Some(event));
            }
        }
    }

    /// A decision on an invite that is unknown or has ended. It is remembered, so that an invite that arrives
    /// after it does not ring; the core is not notified of what it has never seen.
    fn on_late_word(&mut self, from: &DeviceAddr, message: &Message, decision: &Settled, is_ours: bool) {
        let id = &message.channel;
        if self.channels.get(id).is_some_and(|it| it.owner != *from) {
            return;
        }
        let concerns_us = self.concerns(id, from);
        if concerns_us {
            for req in self.outbox.cancel(id, Kind::Answer, from) {
                self.done(req, Code::OK.into());
            }
        }
        self.acknowledge(from, message);
        if is_ours && (concerns_us || self.config.is_ours(&message.to)) {
            return self.send_leave(from, id, &message.instance);
        }
        if !self.channels.contains_key(id) && !self.ended.has(self.now, from, id, &decision.request) {
            self.ended.record(EndedInvite {
                owner: from.clone(),
                channel: id.clone(),
                request: decision.request.clone(),
                at: self.now,
                code: decision.how.code(),
                decision: None,
                is_own: false,
                is_known: false,
            });
        }
    }

    /// The owner counts this device in, but it is not: an aborted accept, or of an earlier incarnation.
    fn send_leave(&mut self, to: &DeviceAddr, id: &Text, instance: &Text) {
        self.send_once(to, instance, id, Body::Bye { how: ByeKind::Leave, custom: "".into() });
    }

    /// The core's view of a decision.
    fn word_event(&self, owner: &DeviceAddr, id: &Text, decision: &Settled) -> (Origin, Event) {
        let (source, signal, from) = match decision.how {
            DecisionKind::Accept => {
                (Origin::OtherDevice, EventKind::Accept, DeviceAddr::new(&self.me.account, &decision.by))
            }
            DecisionKind::Reject => {
                (Origin::OtherDevice, EventKind::Reject, DeviceAddr::new(&self.me.account, &decision.by))
            }
            DecisionKind::Cancel => (Origin::Online, EventKind::Cancel, owner.clone()),
            DecisionKind::Close => (Origin::Online, EventKind::Close, owner.clone()),
        };
        let info = channel_info(id, &owner.account, decision.call_type, true);
        let mut event = self.event(signal, info, &from, &decision.custom);
        event.request_id = decision.request.clone();
        if source == Origin::OtherDevice {
            event.to = owner.account.clone();
        }
        (source, event)
    }

    /// An invite ends for this device: its accept fails, the core is notified, it cannot ring again.
    pub(super) fn end_ring(&mut self, id: &Text, code: Code, event: Option<(Origin, Event)>) {
        let Some(mut channel) = self.channels.remove(id) else { return };
        let owner = channel.owner.clone();
        let accepting = self.record_ended_ring(id, &mut channel, code);
        self.outbox.cancel(id, Kind::Answer, &owner);
        if let Some(req) = accepting {
            self.done(req, code.into());
        }
        if let Some((source, event)) = event {
            self.notify(source, event);
        }
    }

    /// The accept that waited.
    pub(super) fn record_ended_ring(&mut self, id: &Text, channel: &mut Channel, code: Code) -> Option<u64> {
        let (owner, is_in) = (channel.owner.clone(), channel.is_in);
        let ring = channel.ring()?;
        self.ended.record(EndedInvite {
            owner,
            channel: id.clone(),
            request: ring.request.clone(),
            at: self.now,
            code,
            decision: None,
            is_own: is_in || ring.is_won(),
            is_known: ring.core_state.is_some() || !ring.is_ringing(),
        });
        ring.accepting()
    }

    /// The channel's device has vanished or does not know the channel.
    pub(super) fn end_lost(&mut self, id: &Text) {
        let Some(channel) = self.channels.get(id) else { return };
        let (info, owner) = (channel.info(id), channel.owner.clone());
        let is_missed = self.spoil_invite(id);
        let event = self.event(EventKind::Close, info, &owner, &"".into());
        let core_state = (!is_missed).then_some((Origin::Online, event));
        self.end_ring(id, Code::CHANNEL_NOT_EXISTS, core_state);
    }

    /// A device does not know the channel: its owner, or a restarted member.
    pub(super) fn on_no_such_channel(&mut self, from: &DeviceAddr, message: &Message) {
        let id = &message.channel;
        for req in self.outbox.cancel(id, Kind::Answer, from) {
            self.done(req, Code::CHANNEL_NOT_EXISTS.into());
        }
        for req in self.outbox.cancel(id, Kind::UntilAcked, from) {
            self.done(req, Code::OK.into());
        }
        let Some(channel) = self.channels.get(id) else { return };
        if channel.owner == *from {
            self.end_lost(id);
        } else {
            self.drop_participant(id, from);
        }
    }

    /// An own device reports that it rejected. If the owner does not confirm it, the owner may have vanished.
    pub(super) fn on_sibling_reject(&mut self, from: &DeviceAddr, id: &Text, request: &Text, custom: &Text) {
        let now = self.now;
        let ring = self.channels.get_mut(id).and_then(|it| it.ring());
        if let Some(ring) = ring.filter(|it| it.is_ringing() && it.request == *request) {
            let (at, ask_at) = (now + limits::HINT_MS, Some(now + limits::HINT_ASK_MS));
            let (by, custom) = (from.device.clone(), custom.clone());
            ring.hint.get_or_insert(Hint { at, ask_at, by, custom });
        }
    }

    /// The broker published the will of a device: has it vanished, or is it back? One being probed is not
    /// probed anew, however often the will arrives.
    pub(super) fn on_gone(&mut self, addr: &DeviceAddr) {
        if !self.session.is_up() || !self.rates.message(self.now, &addr.account) {
            return;
        }
        let probe = LivenessProbe { next: self.now, left: limits::DOUBTS };
        for channel in self.channels.values_mut() {
            let is_owner = channel.owner == *addr;
            if let Some(participant) = channel.participant(addr) {
                participant.probe.get_or_insert(probe.clone());
            }
            let ring = channel.ring().filter(|it| is_owner && it.is_ringing());
            if let Some(ring) = ring {
                ring.probe.get_or_insert(probe.clone());
            }
        }
        self.handle_timeout(self.now);
    }

    /// Reports that it rings, or that it is received, if nobody has answered meanwhile.
    fn send_alert(&mut self, id: &Text) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(id) else { return };
        let owner = channel.owner.clone();
        let Some(ring) = channel.ring().filter(|it| it.is_ringing()) else { return };
        if ring.alert_at.take_if(|at| *at <= now).is_some() {
            let (request, rings) = (ring.request.clone(), ring.core_state == Some(InviteState::Ringing));
            self.send_once_in(&owner, id, Body::Alert { request, asks: false, rings });
        }
    }

    /// Asks the owner whether an invite still stands.
    pub(super) fn ask_owner(&mut self, id: &Text) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        let owner = channel.owner.clone();
        let Some(ring) = channel.ring().filter(|it| it.is_ringing()) else { return };
        let (request, rings) = (ring.request.clone(), ring.core_state == Some(InviteState::Ringing));
        self.send_once_in(&owner, id, Body::Alert { request, asks: true, rings });
    }

    pub(super) fn ring_timeouts(&mut self, id: &Text) {
        self.send_alert(id);
        let (now, is_up) = (self.now, self.session.is_up());
        let Some(channel) = self.channels.get_mut(id) else { return };
        let (owner, is_in) = (channel.owner.clone(), channel.is_in);
        let Some(ring) = channel.ring() else { return };
        match ring.state {
            // A later message of the owner is answered with a bye: for the core the invite has ended.
            RingState::Accepting { until, .. } if until <= now => {
                return self.end_ring(id, Code::TIMEOUT, None);
            }
            RingState::Won { until } if until <= now && !is_in => return self.give_back(id, &owner),
            RingState::Ringing if ring.until <= now => return self.end_lost(id),
            RingState::Accepting { .. } | RingState::Won { .. } | RingState::Ringing => {}
        }
        if ring.is_ringing() && ring.ask_at <= now {
            ring.ask_at = now + limits::RING_ASK_MS;
            if is_up {
                ring.probe.get_or_insert(LivenessProbe { next: now, left: limits::DOUBTS });
            }
        }
        self.hint_timeouts(id, &owner);
        self.probe_timeouts(id);
    }

    /// The granted call was not joined.
    fn give_back(&mut self, id: &Text, owner: &DeviceAddr) {
        let Some(info) = self.channels.get(id).map(|it| it.info(id)) else { return };
        self.notify_members(id, &Body::Bye { how: ByeKind::Leave, custom: "".into() }, None);
        let event = self.event(EventKind::Close, info, owner, &"".into());
        self.end_ring(id, Code::CHANNEL_NOT_EXISTS, Some((Origin::Online, event)));
    }

    /// Another own device has rejected: the owner confirms or denies it, or has vanished.
    fn hint_timeouts(&mut self, id: &Text, owner: &DeviceAddr) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(id) else { return };
        let call_type = channel.call_type;
        let Some(ring) = channel.ring() else { return };
        if let Some(hint) = ring.hint.take_if(|it| it.at <= now) {
            let request = ring.request.clone();
            let (how, by, custom) = (DecisionKind::Reject, hint.by, hint.custom);
            let decision = Settled { request, how, by, custom, uid: 0, call_type };
            let event = self.word_event(owner, id, &decision);
            return self.end_ring(id, Code::INVITE_REJECTED, Some(event));
        }
        let asks = ring.hint.as_mut().is_some_and(|it| it.ask_at.take_if(|at| *at <= now).is_some());
        if asks {
            self.ask_owner(id);
        }
    }

    fn probe_timeouts(&mut self, id: &Text) {
        let now = self.now;
        let Some(ring) = self.channels.get_mut(id).and_then(|it| it.ring()) else { return };
        match &mut ring.probe {
            Some(probe) if probe.next <= now && probe.left == 0 => self.end_lost(id),
            Some(probe) if probe.next <= now => {
                *probe = LivenessProbe { next: now + limits::PROBE_EVERY_MS, left: probe.left - 1 };
                self.ask_owner(id);
            }
            _ => {}
        }
    }
}
