//! The rung side of an invite: it rings, answers, and believes the host.

use super::envelope::{Body, Bye, Envelope, How, Settled};
use super::over::Ended;
use super::post::{Kind, Letter};
use super::room::{Doubt, Hint, Party, Peer, Ring, RingState, Role, Room, channel};
use super::value::{Event, InviteState, Message, Signal, Source, Text, Topic};
use super::{Station, codes, direct, limits};

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
        let doubt = self.doubt.as_ref().map(|it| it.next);
        [limit, alert, ask, hint, doubt].into_iter().flatten().min()
    }
}

impl Station {
    pub(super) fn on_invite(&mut self, from: &Party, envelope: &Envelope) {
        let Body::Invite { request, call_type, custom, uid, keep, ring_ms } = &envelope.body else { return };
        let id = &envelope.channel;
        let greets = self.session.greets();
        if let Some(room) = self.rooms.get_mut(id) {
            let is_host = room.host == *from;
            let ring = room.ring().filter(|it| is_host && !greets && it.request == *request);
            // It was said before, and got lost: now at once.
            if let Some(ring) = ring.filter(|it| it.told.is_some()) {
                ring.alert_at = Some(ring.alert_at.unwrap_or(0));
                self.say_alert(id);
            }
            return;
        }
        if self.over.has(self.now, from, id, request) || (greets && !keep) || !self.may_ring(from) {
            return;
        }
        let ring = Ring {
            request: request.clone(),
            state: RingState::Ringing,
            told: None,
            since: self.now,
            until: self.now + u64::from(*ring_ms) + limits::RING_GRACE_MS,
            alert_at: None,
            hint: None,
            doubt: None,
            ask_at: self.now + limits::RING_ASK_MS,
        };
        let room = Room {
            call_type: *call_type,
            host: from.clone(),
            is_in: false,
            uid: 0,
            peers: vec![Peer::new(from.clone(), &envelope.instance, *uid, self.now)],
            role: Role::Guest(ring),
        };
        let event = self.event(Signal::Invite, room.channel(id), from, custom);
        self.rooms.insert(id.clone(), room);
        self.tell(Source::Online, Event { request: request.clone(), ..event });
    }

    /// Whether one more invite of this account is let in. If not, it comes again, and may be then.
    fn may_ring(&mut self, from: &Party) -> bool {
        let is_theirs = |it: &&Room| it.host.account == from.account;
        let ringing = self.rooms.values().filter(|it| it.rings().is_some());
        let (all, of_one) = (ringing.clone().count(), ringing.filter(is_theirs).count());
        if of_one >= limits::RINGS_OF_ONE {
            self.log("an account has eight calls ringing here: its next invite waits");
            return false;
        }
        if !self.rates.invite(self.now, &from.account) {
            self.log("an account calls too often: its invite waits for a repeat");
            return false;
        }
        all < limits::RINGS || self.evict_ring(of_one)
    }

    /// Makes place for an invite of an account that has so many: of the account that has the most, the oldest
    /// that nobody is told of. False: there is none.
    fn evict_ring(&mut self, of_one: usize) -> bool {
        self.log("too many calls ring at a time: the oldest of whoever has the most was dropped");
        let waits = |it: &Room| it.rings().is_some_and(|ring| ring.told != Some(InviteState::Ringing));
        let count = |account: &Text| {
            self.rooms.values().filter(|it| waits(it) && it.host.account == *account).count()
        };
        let waiting = self.rooms.iter().filter(|it| waits(it.1)).map(|(id, room)| {
            let since = room.rings().map_or(0, |it| it.since);
            (count(&room.host.account), std::cmp::Reverse(since), id.clone())
        });
        let Some((most, _, id)) = waiting.max() else { return false };
        if most <= of_one {
            return false;
        }
        self.end_lost(&id);
        true
    }

    /// What the core made of an invite: only now the caller learns that it has come.
    pub(super) fn on_invite_state(&mut self, id: &Text, request: &Text, state: InviteState) {
        let (now, greets) = (self.now, self.session.greets());
        let ring = self.rooms.get_mut(id).and_then(|it| it.ring());
        let Some(ring) = ring.filter(|it| it.request == *request && it.is_ringing()) else { return };
        if state == InviteState::Dropped {
            ring.told = None;
            return self.end_ring(id, codes::INVITE_NOT_EXISTS, None);
        }
        ring.told = Some(state);
        if !greets {
            ring.alert_at = Some(now.max(ring.since + limits::ALERT_MS));
            self.say_alert(id);
        }
    }

    /// The ringing invite that an operation names.
    fn ringing(&mut self, message: &Message) -> Result<&mut Room, i32> {
        let (id, request, by) = (&message.channel, &message.request, &message.account);
        let over = self.over.code(self.now, id, request, by);
        let Some(room) = self.rooms.get_mut(id) else {
            return Err(over.unwrap_or(codes::CHANNEL_NOT_EXISTS));
        };
        let is_by = by.is_empty() || room.host.account == *by;
        match room.ring().filter(|it| it.request == *request && is_by).map(|it| &it.state) {
            None => Err(codes::INVITE_NOT_EXISTS),
            Some(RingState::Won { .. } | RingState::Accepting { .. }) => Err(codes::INVITE_ACCEPTED),
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
            (ring.hint, ring.doubt) = (None, None);
        }
        let body = Body::Accept { request: message.request.clone(), custom: message.custom.clone() };
        let envelope = self.envelope_to(&host, &message.channel, body);
        let letter = self.letter(Kind::Answer, direct(&host), &envelope, limits::ANSWER_EXPIRES_MS);
        self.send(letter);
    }

    /// Rejects: final here, whoever else the host hears first.
    pub(super) fn reject(&mut self, req: u64, message: &Message) {
        let host = match self.ringing(message) {
            Ok(room) => room.host.clone(),
            Err(code) => return self.done(req, code.into()),
        };
        let (request, custom) = (message.request.clone(), message.custom.clone());
        let local = super::host::is_local(&custom);
        let mut envelope = self.envelope_to(&host, &message.channel, Body::Reject { request, custom, local });
        let letter = self.letter(Kind::Answer, direct(&host), &envelope, limits::ANSWER_EXPIRES_MS);
        self.send(Letter { req: Some(req), req_within_ms: Some(limits::FAREWELL_MS), ..letter });
        // If the caller's device is gone nobody else tells the siblings. What is true of this device alone is
        // for the host to weigh.
        if !local {
            envelope.to = "".into();
            let copy = self.letter(Kind::Posted, Topic::Own, &envelope, limits::ANSWER_EXPIRES_MS);
            self.send(copy);
        }
        let Some(mut room) = self.rooms.remove(&message.channel) else { return };
        room.ring().into_iter().for_each(|it| it.told = Some(InviteState::Ringing));
        self.bury_ring(&message.channel, &mut room, codes::INVITE_REJECTED);
    }

    /// The host's last word on an invite.
    pub(super) fn on_settled(&mut self, from: &Party, envelope: &Envelope, word: &Settled) {
        let id = &envelope.channel;
        let is_ours = word.how == How::Accept && word.by == self.me.device;
        let ring = self.rooms.get_mut(id).filter(|it| it.host == *from).and_then(|it| it.ring());
        let Some(ring) = ring.filter(|it| it.request == word.request) else {
            return self.on_late_word(from, envelope, word, is_ours);
        };
        let state = ring.state.clone();
        self.acknowledge(from, envelope);
        for req in self.post.recall(id, Kind::Answer, from) {
            self.done(req, codes::OK.into());
        }
        match state {
            RingState::Won { .. } => {}
            RingState::Accepting { req, .. } if is_ours => {
                let until = self.now + limits::WON_MS;
                if let Some(room) = self.rooms.get_mut(id) {
                    room.uid = word.uid;
                    room.ring().into_iter().for_each(|ring| {
                        (ring.state, ring.doubt) = (RingState::Won { until }, None);
                    });
                }
                self.done(req, codes::OK.into());
            }
            RingState::Accepting { .. } | RingState::Ringing => {
                if is_ours {
                    // An earlier life of this device accepted.
                    self.say_leave(from, id, &envelope.instance);
                }
                let event = self.word_event(from, id, word);
                self.end_ring(id, word.how.code(), Some(event));
            }
        }
    }

    /// A word on what we do not know or know to be over. It is remembered, so that an invite that comes after
    /// it does not ring; the core is not told of what it has never heard of.
    fn on_late_word(&mut self, from: &Party, envelope: &Envelope, word: &Settled, is_ours: bool) {
        let id = &envelope.channel;
        if self.rooms.get(id).is_some_and(|it| it.host != *from) {
            return;
        }
        let knows_us = self.concerns(id, from);
        if knows_us {
            for req in self.post.recall(id, Kind::Answer, from) {
                self.done(req, codes::OK.into());
            }
        }
        self.acknowledge(from, envelope);
        if is_ours && (knows_us || self.config.is_ours(&envelope.to)) {
            return self.say_leave(from, id, &envelope.instance);
        }
        if !self.rooms.contains_key(id) && !self.over.has(self.now, from, id, &word.request) {
            self.over.bury(Ended {
                owner: from.clone(),
                channel: id.clone(),
                request: word.request.clone(),
                at: self.now,
                code: word.how.code(),
                word: None,
                is_own: false,
                is_known: false,
            });
        }
    }

    /// The host counts us in, but we are not: an accept that was given up, or of an earlier life.
    fn say_leave(&mut self, to: &Party, id: &Text, instance: &Text) {
        self.say(to, instance, id, Body::Bye { how: Bye::Leave, custom: "".into() });
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
        let host = room.host.clone();
        let accepting = self.bury_ring(id, &mut room, code);
        self.post.recall(id, Kind::Answer, &host);
        if let Some(req) = accepting {
            self.done(req, code.into());
        }
        if let Some((source, event)) = event {
            self.tell(source, event);
        }
    }

    /// The accept that waited.
    pub(super) fn bury_ring(&mut self, id: &Text, room: &mut Room, code: i32) -> Option<u64> {
        let (owner, is_in) = (room.host.clone(), room.is_in);
        let ring = room.ring()?;
        self.over.bury(Ended {
            owner,
            channel: id.clone(),
            request: ring.request.clone(),
            at: self.now,
            code,
            word: None,
            is_own: is_in || ring.is_won(),
            is_known: ring.told.is_some() || !ring.is_ringing(),
        });
        ring.accepting()
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
        for req in self.post.recall(id, Kind::Answer, from) {
            self.done(req, codes::CHANNEL_NOT_EXISTS.into());
        }
        for req in self.post.recall(id, Kind::Told, from) {
            self.done(req, codes::OK.into());
        }
        let Some(room) = self.rooms.get(id) else { return };
        if room.host == *from {
            self.end_lost(id);
        } else {
            self.drop_peer(id, from);
        }
    }

    /// An own device says that it rejected. If the host does not confirm it, it may be gone.
    pub(super) fn on_sibling_reject(&mut self, from: &Party, id: &Text, request: &Text, custom: &Text) {
        let now = self.now;
        let ring = self.rooms.get_mut(id).and_then(|it| it.ring());
        if let Some(ring) = ring.filter(|it| it.is_ringing() && it.request == *request) {
            let (at, ask_at) = (now + limits::HINT_MS, Some(now + limits::HINT_ASK_MS));
            let (by, custom) = (from.device.clone(), custom.clone());
            ring.hint.get_or_insert(Hint { at, ask_at, by, custom });
        }
    }

    /// The broker published the will of a device: is it gone, or back already? One who is being asked is not
    /// asked anew, however often the will comes.
    pub(super) fn on_gone(&mut self, party: &Party) {
        if !self.session.is_up() || !self.rates.message(self.now, &party.account) {
            return;
        }
        let doubt = Doubt { next: self.now, left: limits::DOUBTS };
        for room in self.rooms.values_mut() {
            let is_host = room.host == *party;
            if let Some(peer) = room.peer(party) {
                peer.doubt.get_or_insert(doubt.clone());
            }
            let ring = room.ring().filter(|it| is_host && it.is_ringing());
            if let Some(ring) = ring {
                ring.doubt.get_or_insert(doubt.clone());
            }
        }
        self.handle_timeout(self.now);
    }

    /// Says that it rings, or that it is known, if nobody has answered meanwhile.
    fn say_alert(&mut self, id: &Text) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(id) else { return };
        let host = room.host.clone();
        let Some(ring) = room.ring().filter(|it| it.is_ringing()) else { return };
        if ring.alert_at.take_if(|at| *at <= now).is_some() {
            let (request, rings) = (ring.request.clone(), ring.told == Some(InviteState::Ringing));
            self.say_in(&host, id, Body::Alert { request, asks: false, rings });
        }
    }

    /// Asks the host whether an invite stands.
    pub(super) fn ask_host(&mut self, id: &Text) {
        let Some(room) = self.rooms.get_mut(id) else { return };
        let host = room.host.clone();
        let Some(ring) = room.ring().filter(|it| it.is_ringing()) else { return };
        let (request, rings) = (ring.request.clone(), ring.told == Some(InviteState::Ringing));
        self.say_in(&host, id, Body::Alert { request, asks: true, rings });
    }

    pub(super) fn ring_timeouts(&mut self, id: &Text) {
        self.say_alert(id);
        let (now, is_up) = (self.now, self.session.is_up());
        let Some(room) = self.rooms.get_mut(id) else { return };
        let (host, is_in) = (room.host.clone(), room.is_in);
        let Some(ring) = room.ring() else { return };
        match ring.state {
            // What the host says later is answered with a bye: for the core the invite is over.
            RingState::Accepting { until, .. } if until <= now => {
                return self.end_ring(id, codes::TIMEOUT, None);
            }
            RingState::Won { until } if until <= now && !is_in => return self.give_back(id, &host),
            RingState::Ringing if ring.until <= now => return self.end_lost(id),
            RingState::Accepting { .. } | RingState::Won { .. } | RingState::Ringing => {}
        }
        if ring.is_ringing() && ring.ask_at <= now {
            ring.ask_at = now + limits::RING_ASK_MS;
            if is_up {
                ring.doubt.get_or_insert(Doubt { next: now, left: limits::DOUBTS });
            }
        }
        self.hint_timeouts(id, &host);
        self.doubt_timeouts(id);
    }

    /// Nobody joined the call that was granted.
    fn give_back(&mut self, id: &Text, host: &Party) {
        let Some(line) = self.rooms.get(id).map(|it| it.channel(id)) else { return };
        self.tell_members(id, &Body::Bye { how: Bye::Leave, custom: "".into() }, None);
        let event = self.event(Signal::Close, line, host, &"".into());
        self.end_ring(id, codes::CHANNEL_NOT_EXISTS, Some((Source::Online, event)));
    }

    /// A sibling has rejected: the host says that the invite stands, or has ended it, or it is gone.
    fn hint_timeouts(&mut self, id: &Text, host: &Party) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(id) else { return };
        let call_type = room.call_type;
        let Some(ring) = room.ring() else { return };
        if let Some(hint) = ring.hint.take_if(|it| it.at <= now) {
            let request = ring.request.clone();
            let (how, by, custom) = (How::Reject, hint.by, hint.custom);
            let word = Settled { request, how, by, custom, uid: 0, call_type };
            let event = self.word_event(host, id, &word);
            return self.end_ring(id, codes::INVITE_REJECTED, Some(event));
        }
        let asks = ring.hint.as_mut().is_some_and(|it| it.ask_at.take_if(|at| *at <= now).is_some());
        if asks {
            self.ask_host(id);
        }
    }

    fn doubt_timeouts(&mut self, id: &Text) {
        let now = self.now;
        let Some(ring) = self.rooms.get_mut(id).and_then(|it| it.ring()) else { return };
        match &mut ring.doubt {
            Some(doubt) if doubt.next <= now && doubt.left == 0 => self.end_lost(id),
            Some(doubt) if doubt.next <= now => {
                *doubt = Doubt { next: now + limits::DOUBT_EVERY_MS, left: doubt.left - 1 };
                self.ask_host(id);
            }
            _ => {}
        }
    }
}
