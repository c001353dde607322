//! Members of a channel among themselves: join, leave, close, control, and whether the other is still there.

use super::envelope::{Body, Bye, Envelope};
use super::room::{Doubt, Party, Peer, Role, Room};
use super::value::{Event, Signal, Source, Text};
use super::{Station, limits};

impl Station {
    /// Join, bye or control: acknowledged, and taken once and in the order in which it was said.
    pub(super) fn on_talk(&mut self, from: &Party, envelope: Envelope) {
        let id = envelope.channel.clone();
        let now = self.now;
        if !self.acknowledge(from, &envelope)
            && self.rooms.get_mut(&id).is_none_or(|it| it.peer(from).is_none())
        {
            return self.say_gone(from, &envelope);
        }
        let Some(peer) = self.rooms.get_mut(&id).and_then(|it| it.peer(from)) else { return };
        if !peer.is_of_this_life(&envelope.instance) {
            return;
        }
        let (number, next) = (envelope.number, peer.taken + 1);
        let is_bye = matches!(envelope.body, Body::Bye { .. });
        if number == 0 {
            if peer.recent.insert(&envelope.id) {
                self.take(from, &id, envelope);
            }
        } else if number > next && !is_bye {
            if peer.held.is_empty() {
                peer.held_until = now + limits::HELD_MS;
            }
            if peer.held.len() < limits::HELD {
                peer.held.push((number, envelope));
            }
        } else if number >= next {
            peer.held.push((number, envelope));
            self.take_held(from, &id, if is_bye { u32::MAX } else { number });
        }
    }

    /// Takes what is held, in order: all up to `until`, and what follows without a gap.
    fn take_held(&mut self, from: &Party, id: &Text, until: u32) {
        loop {
            let Some(peer) = self.rooms.get_mut(id).and_then(|it| it.peer(from)) else { return };
            let Some(at) = (0..peer.held.len()).min_by_key(|at| peer.held[*at].0) else { return };
            let number = peer.held[at].0;
            if number > until && number > peer.taken + 1 {
                return;
            }
            let (_, envelope) = peer.held.swap_remove(at);
            if number > peer.taken {
                peer.taken = number;
                self.take(from, id, envelope);
            }
        }
    }

    fn take(&mut self, from: &Party, id: &Text, envelope: Envelope) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let channel = room.channel(id);
        if let Body::Join { uid } = envelope.body {
            if let Some(peer) = room.peer(from) {
                peer.uid = uid;
            }
            let event = self.event(Signal::Join, channel, from, &"".into());
            self.tell(Source::Online, Event { uid, ..event });
        } else if let Body::Control { custom } = envelope.body {
            let event = self.event(Signal::Control, channel, from, &custom);
            self.tell(Source::Online, event);
        } else if envelope.body == Body::Void {
            self.log("a control or join that is not sound was taken as nothing");
        } else if let Body::Bye { how, custom } = envelope.body {
            let signal = if how == Bye::Leave { Signal::Leave } else { Signal::Close };
            room.peers.retain(|it| it.party != *from);
            let event = self.event(signal, channel, from, &custom);
            if how == Bye::Close {
                self.end_room(id, &custom);
            }
            self.tell(Source::Online, event);
        }
    }

    /// A channel is over here: what it rings is told, and it cannot begin again.
    pub(super) fn end_room(&mut self, id: &Text, custom: &Text) {
        match self.rooms.get(id).map(|it| &it.role) {
            Some(Role::Host(_)) => self.end_hosted(id, custom),
            Some(Role::Guest(_)) => self.end_ring(id, super::codes::CHANNEL_NOT_EXISTS, None),
            None => {}
        }
    }

    /// Another login ends this one: whom we talk to and whom we call is told once, while there is still a
    /// connection. What rings here rings on at our other devices.
    pub(super) fn say_farewell(&mut self) {
        let ids: Vec<Text> = self.rooms.iter().filter(|it| it.1.is_in).map(|it| it.0.clone()).collect();
        for id in ids {
            self.tell_members(&id, &Body::Bye { how: Bye::Leave, custom: "".into() }, None);
            self.end_room(&id, &"".into());
        }
    }

    pub(super) fn on_ack(&mut self, from: &Party, to: &Text) {
        for req in self.post.acked(to, &from.account, &from.device) {
            self.done(req, super::codes::OK.into());
        }
    }

    /// Something came from this device in this channel.
    pub(super) fn heard_of(&mut self, id: &Text, from: &Party) {
        let now = self.now;
        if let Some(peer) = self.rooms.get_mut(id).and_then(|it| it.peer(from)) {
            (peer.heard, peer.lost_at, peer.doubt) = (now, 0, None);
        }
    }

    /// A member asks whether we are still in the channel.
    pub(super) fn on_sync(&mut self, from: &Party, envelope: &Envelope) {
        let id = &envelope.channel;
        let knows = self.rooms.get_mut(id).is_some_and(|room| {
            let rings = room.ring().is_some_and(|it| it.is_ringing());
            !rings && room.peer(from).is_some()
        });
        if knows {
            return self.say_in(from, id, Body::State);
        }
        // What ended it may have been lost on its way.
        if !self.post.again(self.now, &mut self.outputs, id, from) {
            self.say_gone(from, envelope);
        }
    }

    /// It is still there.
    pub(super) fn on_state(&mut self, from: &Party, envelope: &Envelope) {
        let room = self.rooms.get_mut(&envelope.channel).filter(|it| it.host == *from);
        if let Some(ring) = room.and_then(|it| it.ring()) {
            (ring.doubt, ring.hint) = (None, None);
        }
    }

    /// Answers a party, or one that means a life of this device, that the channel is not known here. Others
    /// are not answered: they would learn of this device.
    pub(super) fn say_gone(&mut self, to: &Party, asked: &Envelope) {
        if self.concerns(&asked.channel, to) || self.config.is_ours(&asked.to) {
            self.say(to, &asked.instance, &asked.channel, Body::Gone);
        }
    }

    /// Acknowledges a message of somebody who knows of this device. False: of somebody else.
    pub(super) fn acknowledge(&mut self, from: &Party, envelope: &Envelope) -> bool {
        let knows_us = self.concerns(&envelope.channel, from);
        if knows_us {
            let ack = Body::Ack { to: envelope.id.clone() };
            self.say(from, &envelope.instance, &envelope.channel, ack);
        }
        knows_us
    }

    /// Whether somebody has to do with a channel that is here, or ended here of late.
    pub(super) fn concerns(&self, id: &Text, party: &Party) -> bool {
        let is_here = self.rooms.get(id).is_some_and(|it| it.concerns(party));
        is_here || self.over.concerns(self.now, id, party)
    }

    /// Nothing is heard of a member's device. Whether it is gone is the core's decision: its media may live.
    fn report_lost(&mut self, id: &Text, party: &Party) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(id) else { return };
        let channel = room.channel(id);
        let Some(peer) = room.peer(party) else { return };
        peer.lost_at = now;
        let event = self.event(Signal::PeerLost, channel, party, &"".into());
        self.tell(Source::Online, event);
    }

    /// A member knows nothing of the channel any more.
    pub(super) fn drop_peer(&mut self, id: &Text, party: &Party) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        if room.peer(party).is_none() {
            return;
        }
        let channel = room.channel(id);
        room.peers.retain(|it| it.party != *party);
        let event = self.event(Signal::Leave, channel, party, &"".into());
        self.tell(Source::Online, event);
    }

    /// When a silent member is asked next, and when the core is told that nothing is heard of it: the first
    /// time, and again and again, but then not more often than all ten seconds.
    fn patience(&self, peer: &Peer) -> (u64, u64) {
        let lost_ms = u64::from(self.config.peer_lost_ms);
        let since = peer.heard.max(peer.asked);
        if peer.lost_at == 0 {
            return (since + (lost_ms / 3).max(1), peer.heard + lost_ms);
        }
        let (ask_ms, again_ms) = (lost_ms / 3, lost_ms.max(limits::LOST_AGAIN_MS));
        (since + ask_ms.max(limits::DOUBT_EVERY_MS), peer.lost_at + again_ms)
    }

    pub(super) fn peer_timeout(&self, room: &Room, peer: &Peer) -> Option<u64> {
        let held = (!peer.held.is_empty()).then_some(peer.held_until);
        let doubt = peer.doubt.as_ref().map(|it| it.next);
        let watches = self.config.peer_lost_ms > 0 && room.is_in && self.session.is_up();
        let silence = watches.then(|| {
            let (ask, lost) = self.patience(peer);
            ask.min(lost)
        });
        [held, doubt, silence].into_iter().flatten().min()
    }

    pub(super) fn talk_timeouts(&mut self, id: &Text) {
        let Some(room) = self.rooms.get(id) else { return };
        let parties: Vec<Party> = room.peers.iter().map(|it| it.party.clone()).collect();
        for party in parties {
            self.release_held(id, &party);
            self.peer_timeouts(id, &party);
        }
    }

    /// What came too early has waited long enough for what should be before it.
    fn release_held(&mut self, id: &Text, party: &Party) {
        let now = self.now;
        let peer = self.rooms.get_mut(id).and_then(|it| it.peer(party));
        if peer.is_some_and(|it| !it.held.is_empty() && it.held_until <= now) {
            self.take_held(party, id, u32::MAX);
        }
    }

    fn peer_timeouts(&mut self, id: &Text, party: &Party) {
        let (now, is_up) = (self.now, self.session.is_up());
        let watches = self.config.peer_lost_ms > 0;
        let Some(room) = self.rooms.get(id) else { return };
        let Some(peer) = room.peers.iter().find(|it| it.party == *party) else { return };
        let (ask_at, lost_at) = self.patience(peer);
        let Some(room) = self.rooms.get_mut(id) else { return };
        let is_in = room.is_in;
        let Some(peer) = room.peer(party) else { return };
        let (mut asks, mut is_lost) = (false, false);
        if let Some(doubt) = peer.doubt.take_if(|it| it.next <= now) {
            asks = doubt.left > 0;
            if asks {
                peer.doubt = Some(Doubt { next: now + limits::DOUBT_EVERY_MS, left: doubt.left - 1 });
            } else {
                is_lost = is_in && watches;
            }
        }
        if is_in && is_up && watches {
            is_lost |= lost_at <= now;
            asks |= ask_at <= now;
        }
        if asks && is_in {
            peer.asked = now;
            self.say_in(party, id, Body::Sync);
        }
        if is_lost {
            self.report_lost(id, party);
        }
    }
}

impl Peer {
    /// Whether a message comes from the life of the device that is a member. A new life begins to count anew;
    /// what comes of the one before it comes too late.
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
