//! The rung side of an invite: it rings, answers, and believes the host.

use super::envelope::{Body, Envelope, How, Settled};
use super::post::{Kind, Letter};
use super::room::{Doubt, Hint, Party, Peer, Ring, RingState, Role, Room, channel};
use super::value::{Event, InviteState, Message, Signal, Source, Text, Topic};
use super::{Station, codes, direct, limits};

impl Ring {
    pub(super) fn is_ringing(&self) -> bool {
        self.state == RingState::Ringing
    }

    pub(super) fn is_won(&self) -> bool {
        self.state == RingState::Won
    }

    /// The accept that waits.
    pub(super) fn accepting(&self) -> Option<u64> {
        match self.state {
            RingState::Accepting { req, .. } => Some(req),
            RingState::Ringing | RingState::Won => None,
        }
    }

    pub(super) fn timeout(&self) -> Option<u64> {
        let accept = match self.state {
            RingState::Accepting { until, .. } => Some(until),
            RingState::Ringing | RingState::Won => None,
        };
        let alert = self.alert_at.filter(|_| self.is_ringing());
        let ask = self.is_ringing().then_some(self.ask_at);
        let (hint, doubt) = (self.hint.as_ref().map(|it| it.at), self.doubt.as_ref().map(|it| it.next));
        [accept, alert, ask, hint, doubt].into_iter().flatten().min()
    }
}

impl Station {
    pub(super) fn on_invite(&mut self, from: &Party, envelope: &Envelope, is_new: bool) {
        let Body::Invite { request, call_type, custom, uid, keep } = &envelope.body else { return };
        let id = &envelope.channel;
        let greets = self.session.greets();
        if let Some(room) = self.rooms.get_mut(id) {
            let is_host = room.host == *from;
            // It was said before, and got lost: now at once.
            if let Some(ring) = room.ring().filter(|it| is_host && !greets && it.request == *request) {
                ring.alert_at = Some(ring.alert_at.unwrap_or(0));
                self.say_alert(id);
            }
            return;
        }
        if !is_new || id.is_empty() || self.over.has(id, request) || (greets && !keep) {
            return;
        }
        let of_one = self.rooms.values().filter(|it| it.host.account == from.account).count();
        if self.rooms.len() >= limits::ROOMS || of_one >= limits::ROOMS_OF_ONE {
            self.seen.undo(&envelope.id);
            return self.log("too many calls at a time: an invite was dropped");
        }
        if !self.rates.invite(self.now, &from.account) {
            self.seen.undo(&envelope.id);
            return self.log("a sender calls too often: an invite was dropped");
        }
        let ring = Ring {
            request: request.clone(),
            state: RingState::Ringing,
            // What waited rings only when its caller has said that it stands.
            alert_at: (!greets).then_some(self.now + limits::ALERT_MS),
            hint: None,
            doubt: None,
            ask_at: self.now + limits::RING_ASK_MS,
        };
        let room = Room {
            call_type: *call_type,
            host: from.clone(),
            is_in: false,
            uid: 0,
            peers: vec![Peer::new(from.clone(), *uid, self.now)],
            role: Role::Guest(ring),
        };
        let event = self.event(Signal::Invite, room.channel(id), from, custom);
        self.rooms.insert(id.clone(), room);
        self.tell(Source::Online, Event { request: request.clone(), ..event });
    }

    /// What the core made of an invite.
    pub(super) fn on_invite_state(&mut self, id: &Text, request: &Text, state: InviteState) {
        let ring = self.rooms.get_mut(id).and_then(|it| it.ring());
        if ring.is_none_or(|it| it.request != *request || !it.is_ringing()) {
            return;
        }
        if state == InviteState::Dropped {
            self.end_ring(id, codes::INVITE_NOT_EXISTS, None);
        }
    }

    /// The ringing invite that an operation names.
    fn ringing(&mut self, message: &Message) -> Result<&mut Room, i32> {
        let (id, request, by) = (&message.channel, &message.request, &message.account);
        let over = self.over.code(id, request);
        let Some(room) = self.rooms.get_mut(id) else {
            return Err(over.unwrap_or(codes::CHANNEL_NOT_EXISTS));
        };
        let is_by = by.is_empty() || room.host.account == *by;
        match room.ring().filter(|it| it.request == *request && is_by).map(|it| &it.state) {
            None => Err(codes::INVITE_NOT_EXISTS),
            Some(RingState::Won | RingState::Accepting { .. }) => Err(codes::INVITE_ACCEPTED),
            Some(RingState::Ringing) => Ok(room),
        }
    }

    /// Asks the host for the call. Its word ends the operation.
    pub(super) fn accept(&mut self, req: u64, message: &Message) {
        let until = self.now + limits::ANSWER_MS;
        let room = match self.ringing(message) {
            Ok(room) => room,
            Err(code) => return self.done(req, code.into()),
        };
        let host = room.host.clone();
        if let Some(ring) = room.ring() {
            ring.state = RingState::Accepting { req, until };
            ring.hint = None;
        }
        let body = Body::Accept { request: message.request.clone(), custom: message.custom.clone() };
        let envelope = self.envelope(&message.channel, body);
        let letter = self.letter(Kind::Answer, direct(&host), &envelope, limits::ANSWER_EXPIRES_MS);
        self.send(letter);
    }

    /// Rejects: final here, whoever else the host hears first.
    pub(super) fn reject(&mut self, req: u64, message: &Message) {
        let host = match self.ringing(message) {
            Ok(room) => room.host.clone(),
            Err(code) => return self.done(req, code.into()),
        };
        let body = Body::Reject { request: message.request.clone(), custom: message.custom.clone() };
        let is_busy = super::host::is_busy(&message.custom);
        let envelope = self.envelope(&message.channel, body);
        let letter = self.letter(Kind::Answer, direct(&host), &envelope, limits::ANSWER_EXPIRES_MS);
        self.send(Letter { req: Some(req), req_within_ms: Some(limits::FAREWELL_MS), ..letter });
        // If the caller's device is gone nobody else tells the siblings. Busy is for the host to weigh.
        if !is_busy {
            let copy = self.letter(Kind::Posted, Topic::Own, &envelope, limits::ANSWER_EXPIRES_MS);
            self.send(copy);
        }
        self.rooms.remove(&message.channel);
        self.over.bury(self.now, &message.channel, &message.request, codes::INVITE_REJECTED, None);
    }

    /// The host's last word on an invite.
    pub(super) fn on_settled(&mut self, from: &Party, envelope: &Envelope, word: &Settled, is_new: bool) {
        let id = &envelope.channel;
        self.say(from, id, Body::Ack { to: envelope.id.clone() });
        for req in self.post.recall(id, Kind::Answer) {
            self.done(req, codes::OK.into());
        }
        let is_ours = word.how == How::Accept && word.by == self.me.device;
        let ring = self.rooms.get_mut(id).filter(|it| it.host == *from).and_then(|it| it.ring());
        let Some(ring) = ring.filter(|it| it.request == word.request) else {
            if is_new {
                self.on_late_word(from, id, word, is_ours);
            }
            return;
        };
        match ring.state {
            RingState::Won => {}
            RingState::Accepting { req, .. } if is_ours => {
                (ring.state, ring.doubt) = (RingState::Won, None);
                if let Some(room) = self.rooms.get_mut(id) {
                    room.uid = word.uid;
                }
                self.done(req, codes::OK.into());
            }
            RingState::Accepting { .. } | RingState::Ringing => {
                if is_ours {
                    // An earlier life of this device accepted.
                    self.say_leave(from, id);
                }
                let event = self.word_event(from, id, word);
                self.end_ring(id, word.how.code(), Some(event));
            }
        }
    }

    /// A word on what we do not know or know to be over.
    fn on_late_word(&mut self, from: &Party, id: &Text, word: &Settled, is_ours: bool) {
        if is_ours {
            return self.say_leave(from, id);
        }
        if !id.is_empty() && !self.over.has(id, &word.request) && !self.rooms.contains_key(id) {
            self.over.bury(self.now, id, &word.request, word.how.code(), None);
            let (source, event) = self.word_event(from, id, word);
            self.tell(source, event);
        }
    }

    /// The host counts us in, but we are not: an accept that was given up, or of an earlier life.
    fn say_leave(&mut self, to: &Party, id: &Text) {
        let body = Body::Bye { how: super::envelope::Bye::Leave, custom: "".into() };
        self.say(to, id, body);
    }

    /// What the core is told of a last word.
    fn word_event(&self, host: &Party, id: &Text, word: &Settled) -> (Source, Event) {
        let (source, signal, from) = match word.how {
            How::Accept => (Source::OtherDevice, Signal::Accept, Party::new(&self.me.account, &word.by)),
            How::Reject => (Source::OtherDevice, Signal::Reject, Party::new(&self.me.account, &word.by)),
            How::Cancel => (Source::Online, Signal::Cancel, host.clone()),
            How::Close => (Source::Online, Signal::Close, host.clone()),
        };
        let line = channel(id, &host.account, word.call_type, true);
        let mut event = self.event(signal, line, &from, &word.custom);
        event.request = word.request.clone();
        if source == Source::OtherDevice {
            event.to = host.account.clone();
        }
        (source, event)
    }

    /// An invite is over for this device: its accept fails, the core is told, it cannot ring again.
    pub(super) fn end_ring(&mut self, id: &Text, code: i32, event: Option<(Source, Event)>) {
        let Some(mut room) = self.rooms.remove(id) else { return };
        let Some(ring) = room.ring() else { return };
        let (accepting, request) = (ring.accepting(), ring.request.clone());
        self.over.bury(self.now, id, &request, code, None);
        self.post.recall(id, Kind::Answer);
        if let Some(req) = accepting {
            self.done(req, code.into());
        }
        if let Some((source, event)) = event {
            self.tell(source, event);
        }
    }

    /// The channel's device is gone or knows nothing of the channel.
    pub(super) fn end_lost(&mut self, id: &Text) {
        let Some(room) = self.rooms.get(id) else { return };
        let (line, host) = (room.channel(id), room.host.clone());
        let is_missed = self.spoil_invite(id);
        let event = self.event(Signal::Close, line, &host, &"".into());
        let told = (!is_missed).then_some((Source::Online, event));
        self.end_ring(id, codes::CHANNEL_NOT_EXISTS, told);
    }

    /// Somebody does not know the channel: its host, or a member that has begun a new life.
    pub(super) fn on_no_such_channel(&mut self, from: &Party, envelope: &Envelope) {
        let id = &envelope.channel;
        for req in self.post.recall(id, Kind::Answer) {
            self.done(req, codes::CHANNEL_NOT_EXISTS.into());
        }
        let Some(room) = self.rooms.get(id) else { return };
        if room.host == *from {
            self.end_lost(id);
        } else {
            self.lose_peer(id, from);
        }
    }

    /// An own device says that it rejected. If the host does not confirm it, it may be gone.
    pub(super) fn on_sibling_reject(&mut self, from: &Party, id: &Text, request: &Text, custom: &Text) {
        let at = self.now + limits::HINT_MS;
        let ring = self.rooms.get_mut(id).and_then(|it| it.ring());
        if let Some(ring) = ring.filter(|it| it.is_ringing() && it.request == *request) {
            ring.hint = Some(Hint { at, by: from.device.clone(), custom: custom.clone() });
        }
    }

    /// The broker published the will of a device: is it gone, or back already?
    pub(super) fn on_gone(&mut self, party: &Party) {
        if !self.session.is_up() {
            return;
        }
        let doubt = Doubt { next: self.now, left: limits::DOUBTS };
        for room in self.rooms.values_mut() {
            let is_host = room.host == *party;
            if let Some(peer) = room.peer(party) {
                peer.doubt = Some(doubt.clone());
            }
            if let Some(ring) = room.ring().filter(|it| is_host && it.is_ringing()) {
                ring.doubt = Some(doubt.clone());
            }
        }
        self.handle_timeout(self.now);
    }

    /// Says that it rings, if nobody has answered meanwhile.
    fn say_alert(&mut self, id: &Text) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(id) else { return };
        let host = room.host.clone();
        let Some(ring) = room.ring().filter(|it| it.is_ringing()) else { return };
        if ring.alert_at.take_if(|at| *at <= now).is_some() {
            let request = ring.request.clone();
            self.say(&host, id, Body::Alert { request, asks: false });
        }
    }

    pub(super) fn ring_timeouts(&mut self, id: &Text) {
        self.say_alert(id);
        let (now, is_up) = (self.now, self.session.is_up());
        let Some(room) = self.rooms.get_mut(id) else { return };
        let host = room.host.clone();
        let Some(ring) = room.ring() else { return };
        if ring.is_ringing() && ring.ask_at <= now {
            ring.ask_at = now + limits::RING_ASK_MS;
            if is_up {
                ring.doubt.get_or_insert(Doubt { next: now, left: limits::DOUBTS });
            }
        }
        if let RingState::Accepting { until, .. } = ring.state
            && until <= now
        {
            // What the host says later is answered with a bye: for the core the invite is over.
            return self.end_ring(id, codes::TIMEOUT, None);
        }
        if let Some(hint) = ring.hint.take_if(|it| it.at <= now) {
            let request = ring.request.clone();
            let (how, by, custom) = (How::Reject, hint.by, hint.custom);
            let word = Settled { request, how, by, custom, uid: 0, call_type: room.call_type };
            let event = self.word_event(&host, id, &word);
            return self.end_ring(id, codes::INVITE_REJECTED, Some(event));
        }
        match &mut ring.doubt {
            Some(doubt) if doubt.next <= now && doubt.left == 0 => self.end_lost(id),
            Some(doubt) if doubt.next <= now => {
                *doubt = Doubt { next: now + limits::DOUBT_EVERY_MS, left: doubt.left - 1 };
                let request = ring.request.clone();
                self.say(&host, id, Body::Alert { request, asks: true });
            }
            _ => {}
        }
    }
}
