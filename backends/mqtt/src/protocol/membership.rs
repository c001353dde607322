//! Members of a channel among themselves: join, leave, close, control, and whether the other is still there.

use nertc_callkit_signaling::{Code, DeviceAddr, Event, EventKind, Origin, Text};

use super::channel::{Channel, LivenessProbe, Participant, Role};
use super::message::{Body, ByeKind, Message};
use super::{Peer, limits};

impl Peer {
    /// Join, bye or control: acknowledged, and processed once and in order of sending.
    pub(super) fn on_membership(&mut self, from: &DeviceAddr, message: Message) {
        let id = message.channel.clone();
        let now = self.now;
        if !self.acknowledge(from, &message)
            && self.channels.get_mut(&id).is_none_or(|it| it.participant(from).is_none())
        {
            return self.send_gone(from, &message);
        }
        let Some(participant) = self.channels.get_mut(&id).and_then(|it| it.participant(from)) else {
            return;
        };
        if !participant.is_of_this_life(&message.instance) {
            return;
        }
        let (number, next) = (message.number, participant.taken + 1);
        let is_bye = matches!(message.body, Body::Bye { .. });
        if number == 0 {
            if participant.recent.insert(&message.id) {
                self.take(from, &id, message);
            }
        } else if number > next && !is_bye {
            if participant.held.is_empty() {
                participant.held_until = now + limits::HELD_MS;
            }
            if participant.held.len() < limits::HELD {
                participant.held.push((number, message));
            }
        } else if number >= next {
            participant.held.push((number, message));
            self.take_held(from, &id, if is_bye { u32::MAX } else { number });
        }
    }

    /// Takes what is held, in order: all up to `until`, and what follows without a gap.
    fn take_held(&mut self, from: &DeviceAddr, id: &Text, until: u32) {
        loop {
            let Some(participant) = self.channels.get_mut(id).and_then(|it| it.participant(from)) else {
                return;
            };
            let Some(at) = (0..participant.held.len()).min_by_key(|at| participant.held[*at].0) else {
                return;
            };
            let number = participant.held[at].0;
            if number > until && number > participant.taken + 1 {
                return;
            }
            let (_, message) = participant.held.swap_remove(at);
            if number > participant.taken {
                participant.taken = number;
                self.take(from, id, message);
            }
        }
    }

    fn take(&mut self, from: &DeviceAddr, id: &Text, message: Message) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        let info = channel.info(id);
        if let Body::Join { uid } = message.body {
            if let Some(participant) = channel.participant(from) {
                participant.uid = uid;
            }
            let event = self.event(EventKind::Join, info, from, &"".into());
            self.notify(Origin::Online, Event { uid, ..event });
        } else if let Body::Control { custom } = message.body {
            let event = self.event(EventKind::Control, info, from, &custom);
            self.notify(Origin::Online, event);
        } else if message.body == Body::Void {
            self.log("a malformed control or join was ignored");
        } else if let Body::Bye { how, custom } = message.body {
            let signal = if how == ByeKind::Leave { EventKind::Leave } else { EventKind::Close };
            channel.participants.retain(|it| it.addr != *from);
            let event = self.event(signal, info, from, &custom);
            if how == ByeKind::Close {
                self.end_channel(id, &custom);
            }
            self.notify(Origin::Online, event);
        }
    }

    /// A channel ends here: its ringing devices are notified, and it cannot begin again.
    pub(super) fn end_channel(&mut self, id: &Text, custom: &Text) {
        match self.channels.get(id).map(|it| &it.role) {
            Some(Role::Caller(_)) => self.end_own_channel(id, custom),
            Some(Role::Callee(_)) => self.end_ring(id, Code::CHANNEL_NOT_EXISTS, None),
            None => {}
        }
    }

    /// Another login ends this one: peers and callees are notified once, while there is still a
    /// connection. An invite that rings here keeps ringing at our other devices.
    pub(super) fn send_farewell(&mut self) {
        let ids: Vec<Text> = self.channels.iter().filter(|it| it.1.is_in).map(|it| it.0.clone()).collect();
        for id in ids {
            self.notify_members(&id, &Body::Bye { how: ByeKind::Leave, custom: "".into() }, None);
            self.end_channel(&id, &"".into());
        }
    }

    pub(super) fn on_ack(&mut self, from: &DeviceAddr, to: &Text) {
        for req in self.outbox.acked(to, &from.account, &from.device) {
            self.done(req, Code::OK.into());
        }
    }

    /// Something came from this device in this channel.
    pub(super) fn on_sign_of_life(&mut self, id: &Text, from: &DeviceAddr) {
        let now = self.now;
        if let Some(participant) = self.channels.get_mut(id).and_then(|it| it.participant(from)) {
            (participant.received_at, participant.lost_at, participant.probe) = (now, 0, None);
        }
    }

    /// A member asks whether we are still in the channel.
    pub(super) fn on_sync(&mut self, from: &DeviceAddr, message: &Message) {
        let id = &message.channel;
        let is_member = self.channels.get_mut(id).is_some_and(|channel| {
            let rings = channel.ring().is_some_and(|it| it.is_ringing());
            !rings && channel.participant(from).is_some()
        });
        if is_member {
            return self.send_once_in(from, id, Body::State);
        }
        // What ended it may have been lost on its way.
        if !self.outbox.retransmit(self.now, &mut self.outputs, id, from) {
            self.send_gone(from, message);
        }
    }

    /// It is still there.
    pub(super) fn on_state(&mut self, from: &DeviceAddr, message: &Message) {
        let channel = self.channels.get_mut(&message.channel).filter(|it| it.owner == *from);
        if let Some(ring) = channel.and_then(|it| it.ring()) {
            (ring.probe, ring.hint) = (None, None);
        }
    }

    /// Answers a party, or a message for an incarnation of this device, that the channel is unknown here.
    /// Others get no answer: it would reveal this device.
    pub(super) fn send_gone(&mut self, to: &DeviceAddr, asked: &Message) {
        if self.concerns(&asked.channel, to) || self.config.is_ours(&asked.to) {
            self.send_once(to, &asked.instance, &asked.channel, Body::Gone);
        }
    }

    /// Acknowledges a message of a device that shares a channel with this one. False: of another one.
    pub(super) fn acknowledge(&mut self, from: &DeviceAddr, message: &Message) -> bool {
        let concerns_us = self.concerns(&message.channel, from);
        if concerns_us {
            let ack = Body::Ack { to: message.id.clone() };
            self.send_once(from, &message.instance, &message.channel, ack);
        }
        concerns_us
    }

    /// Whether an account is involved in a channel that is here, or ended here recently.
    pub(super) fn concerns(&self, id: &Text, addr: &DeviceAddr) -> bool {
        let is_here = self.channels.get(id).is_some_and(|it| it.concerns(addr));
        is_here || self.ended.concerns(self.now, id, addr)
    }

    /// Nothing is received from a member's device. Whether it has vanished is the core's decision: its media
    /// may be alive.
    fn report_lost(&mut self, id: &Text, addr: &DeviceAddr) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(id) else { return };
        let info = channel.info(id);
        let Some(participant) = channel.participant(addr) else { return };
        participant.lost_at = now;
        let event = self.event(EventKind::PeerLost, info, addr, &"".into());
        self.notify(Origin::Online, event);
    }

    /// A member does not know the channel any more.
    pub(super) fn drop_participant(&mut self, id: &Text, addr: &DeviceAddr) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        if channel.participant(addr).is_none() {
            return;
        }
        let info = channel.info(id);
        channel.participants.retain(|it| it.addr != *addr);
        let event = self.event(EventKind::Leave, info, addr, &"".into());
        self.notify(Origin::Online, event);
    }

    /// When a silent member is asked next, and when its silence is reported to the core: the first
    /// time, and repeatedly, but then not more often than every ten seconds.
    fn patience(&self, participant: &Participant) -> (u64, u64) {
        let lost_ms = u64::from(self.config.peer_lost_ms);
        let since = participant.received_at.max(participant.asked);
        if participant.lost_at == 0 {
            return (since + (lost_ms / 3).max(1), participant.received_at + lost_ms);
        }
        let (ask_ms, again_ms) = (lost_ms / 3, lost_ms.max(limits::LOST_AGAIN_MS));
        (since + ask_ms.max(limits::PROBE_EVERY_MS), participant.lost_at + again_ms)
    }

    pub(super) fn participant_timeout(&self, channel: &Channel, participant: &Participant) -> Option<u64> {
        let held = (!participant.held.is_empty()).then_some(participant.held_until);
        let probe = participant.probe.as_ref().map(|it| it.next);
        let watches = self.config.peer_lost_ms > 0 && channel.is_in && self.session.is_up();
        let silence = watches.then(|| {
            let (ask, lost) = self.patience(participant);
            ask.min(lost)
        });
        [held, probe, silence].into_iter().flatten().min()
    }

    pub(super) fn membership_timeouts(&mut self, id: &Text) {
        let Some(channel) = self.channels.get(id) else { return };
        let addrs: Vec<DeviceAddr> = channel.participants.iter().map(|it| it.addr.clone()).collect();
        for addr in addrs {
            self.release_held(id, &addr);
            self.participant_timeouts(id, &addr);
        }
    }

    /// What came too early has waited long enough for what should be before it.
    fn release_held(&mut self, id: &Text, addr: &DeviceAddr) {
        let now = self.now;
        let participant = self.channels.get_mut(id).and_then(|it| it.participant(addr));
        if participant.is_some_and(|it| !it.held.is_empty() && it.held_until <= now) {
            self.take_held(addr, id, u32::MAX);
        }
    }

    fn participant_timeouts(&mut self, id: &Text, addr: &DeviceAddr) {
        let (now, is_up) = (self.now, self.session.is_up());
        let watches = self.config.peer_lost_ms > 0;
        let Some(channel) = self.channels.get(id) else { return };
        let Some(participant) = channel.participants.iter().find(|it| it.addr == *addr) else { return };
        let (ask_at, lost_at) = self.patience(participant);
        let Some(channel) = self.channels.get_mut(id) else { return };
        let is_in = channel.is_in;
        let Some(participant) = channel.participant(addr) else { return };
        let (mut asks, mut is_lost) = (false, false);
        if let Some(probe) = participant.probe.take_if(|it| it.next <= now) {
            asks = probe.left > 0;
            if asks {
                participant.probe =
                    Some(LivenessProbe { next: now + limits::PROBE_EVERY_MS, left: probe.left - 1 });
            } else {
                is_lost = is_in && watches;
            }
        }
        if is_in && is_up && watches {
            is_lost |= lost_at <= now;
            asks |= ask_at <= now;
        }
        if asks && is_in {
            participant.asked = now;
            self.send_once_in(addr, id, Body::Sync);
        }
        if is_lost {
            self.report_lost(id, addr);
        }
    }
}

impl Participant {
    /// Whether a message comes from the member's incarnation. A new one restarts the sequence;
    /// messages of the previous one are too late.
    fn is_of_this_life(&mut self, instance: &Text) -> bool {
        if instance.is_empty() || *instance == self.instance {
            return true;
        }
        if *instance == self.past {
            return false;
        }
        if !self.instance.is_empty() {
            self.past = std::mem::replace(&mut self.instance, instance.clone());
            (self.taken, self.held) = (0, Vec::new());
        }
        self.instance = instance.clone();
        true
    }
}
