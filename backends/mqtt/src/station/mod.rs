//! What a device says to other devices, and what it makes of what they say. A value: time, ids' seed and
//! messages are handed in, what shall be sent comes out, so that it can be searched and simulated.
//!
//! The broker only carries. Whatever a signaling service would decide is decided by one device: a channel
//! lives at the device that made it, its *host*. The host alone accepts answers to its invites, the first one
//! counts, and it says so to all devices of the called account (`settled`). A message is repeated with the
//! same id until its receiver has said so; receivers do everything once.
//!
//! Where to look: `ops` what the core asks · `host` the deciding side of an invite · `guest` the rung side ·
//! `talk` members of a channel among themselves · `login` connection, backlog, kick · `post` the outbox ·
//! `guard` repeats and floods · `envelope` the JSON · `room` channels · `over` what is remembered of them.

mod admission;
mod envelope;
mod guard;
mod guest;
mod host;
mod limits;
mod login;
mod ops;
mod over;
mod post;
mod room;
mod talk;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use nertc_callkit_ids::Seed;
pub use value::*;

use nertc_callkit_ids::IdGenerator;

use envelope::{Body, Envelope};
use guard::{Claims, Lines, Logins, Rates};
use login::Session;
use over::Over;
use post::{Kind, Letter, Post};
use room::{Party, Role, Room as Line};

/// The codes that a station answers with; the numbers are those of nertc_callkit_code.
mod codes {
    pub(super) const OK: i32 = 0;
    pub(super) const TIMEOUT: i32 = 408;
    pub(super) const PEER_PUSH_OFFLINE: i32 = 10202;
    pub(super) const CHANNEL_NOT_EXISTS: i32 = 10404;
    pub(super) const NOT_MEMBER: i32 = 10406;
    pub(super) const ALREADY_MEMBER: i32 = 10407;
    pub(super) const INVITE_NOT_EXISTS: i32 = 10408;
    pub(super) const INVITE_REJECTED: i32 = 10409;
    pub(super) const INVITE_ACCEPTED: i32 = 10410;
    pub(super) const MEMBER_LIMIT: i32 = 10419;
    pub(super) const NOT_LOGGED_IN: i32 = 20001;
    pub(super) const LIMIT: i32 = 90005;
    pub(super) const UNSUPPORTED: i32 = 90007;
    pub(super) const BACKEND_FAILED: i32 = 90008;
}

/// A device of an account.
#[derive(Clone, Debug, Hash)]
pub struct Station {
    config: Config,
    me: Party,
    ids: IdGenerator,
    now: u64,
    session: Session,
    rooms: BTreeMap<Text, Line>,
    over: Over,
    post: Post,
    rates: Rates,
    claims: Claims,
    /// Own devices' logins that were heard of, and the number of our own.
    logins: Logins,
    epoch: u64,
    lines: Lines,
    admission: Admission,
    /// Devices whose wills are watched.
    watched: BTreeSet<Party>,
    is_lively: bool,
    outputs: VecDeque<Output>,
}

impl Station {
    /// A device that is logged out.
    pub fn new(config: Config, seed: Seed) -> Station {
        Station {
            me: Party::new(&config.account, &config.device),
            config,
            ids: IdGenerator::new(seed),
            now: 0,
            session: Session::default(),
            rooms: BTreeMap::new(),
            over: Over::default(),
            post: Post::default(),
            rates: Rates::default(),
            claims: Claims::default(),
            logins: Logins::default(),
            epoch: 0,
            lines: Lines::default(),
            admission: Admission::default(),
            watched: BTreeSet::new(),
            is_lively: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input; `now` in ms, from any origin, never backwards.
    pub fn handle(&mut self, now: u64, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Op { req, op } => self.on_op(req, op),
            Input::AbortLogin { req } => self.on_abort_login(req),
            Input::Policy(admission) => self.admission = admission,
            Input::InviteState { channel, request, state } => {
                self.on_invite_state(&channel, &request, state);
            }
            Input::Up { resumed: _ } => self.on_up(),
            Input::Down => self.on_down(),
            Input::Refused { code, raw_code, message } => self.on_refused(code, raw_code, message),
            Input::Message { lane, from, device, payload } => {
                self.on_message(lane, &Party { account: from, device }, &payload);
            }
            Input::Published { token, fate } => {
                if let Some(req) = self.post.published(token, fate) {
                    self.done(req, answer_of(fate));
                }
            }
            Input::Gone { account, device } => self.on_gone(&Party { account, device }),
        }
        self.after();
    }

    /// What to do next; None: nothing until the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout`.
    pub fn poll_timeout(&self) -> Option<u64> {
        let rooms = self.rooms.values().filter_map(|room| self.room_timeout(room)).min();
        [self.post.next(), rooms, self.session.timeout()].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        self.now = self.now.max(now);
        for (req, is_well) in self.post.due(self.now, &mut self.outputs) {
            let code = if is_well { codes::OK } else { codes::TIMEOUT };
            self.done(req, code.into());
        }
        self.session_timeouts();
        let ids: Vec<Text> = self.rooms.keys().cloned().collect();
        for id in ids {
            self.host_timeouts(&id);
            self.ring_timeouts(&id);
            self.talk_timeouts(&id);
        }
        self.after();
    }

    /// A seed for tests, fuzzing and simulations.
    #[doc(hidden)]
    pub fn test_seed(number: u64) -> Seed {
        IdGenerator::test_seed(number)
    }

    /// The ids from here on, for searches: if they follow from the input alone, states that differ only in
    /// the order of what came before are one.
    #[doc(hidden)]
    pub fn reseed(&mut self, seed: u64) {
        self.ids = IdGenerator::new(IdGenerator::test_seed(seed));
    }

    /// Nothing is remembered that would not fade away by itself: for tests.
    pub fn is_at_rest(&self) -> bool {
        self.rooms.is_empty()
    }

    fn room_timeout(&self, room: &Line) -> Option<u64> {
        let role = match &room.role {
            Role::Host(invites) => {
                invites.iter().filter(|it| it.verdict.is_none()).filter_map(|it| it.busy_at).min()
            }
            Role::Guest(ring) => ring.timeout(room.is_in),
        };
        let peers = room.peers.iter().filter_map(|it| self.peer_timeout(room, it)).min();
        [role, peers].into_iter().flatten().min()
    }

    fn on_message(&mut self, lane: Lane, from: &Party, payload: &[u8]) {
        let is_own = from.account == self.me.account;
        let is_live = is_own || self.talks_to(&from.account);
        if self.session.is_early(lane, from, payload, is_live) || !self.session.is_up() {
            return;
        }
        if !is_own && !self.rates.message(self.now, &from.account) {
            return self.log("an account says too much: messages are dropped");
        }
        let Some(envelope) = envelope::read(payload) else {
            return self.log("a message that is not sound was dropped");
        };
        if lane == Lane::Own {
            return self.on_own(from, &envelope);
        }
        if is_own {
            return self.on_echo(from, &envelope);
        }
        self.heard_of(&envelope.channel, from);
        match &envelope.body {
            Body::Invite { .. } => self.on_invite(from, &envelope),
            Body::Alert { .. } | Body::Accept { .. } | Body::Reject { .. } => self.on_answer(from, &envelope),
            Body::Settled(settled) => self.on_settled(from, &envelope, settled),
            Body::Join { .. } | Body::Bye { .. } | Body::Control { .. } | Body::Void => {
                self.on_talk(from, envelope);
            }
            Body::Ack { to } => self.on_ack(from, to),
            Body::Sync => self.on_sync(from, &envelope),
            Body::State => self.on_state(from, &envelope),
            Body::Gone => self.on_no_such_channel(from, &envelope),
            Body::Record { text } => self.on_record(from, &envelope.id, text),
            Body::Hello { .. } | Body::Mark | Body::Unknown => {}
        }
    }

    /// Whether this account is in a call with this device.
    fn talks_to(&self, account: &Text) -> bool {
        self.rooms.values().any(|it| it.is_in && it.peers.iter().any(|peer| peer.party.account == *account))
    }

    /// A call record: told once for each sender and id.
    fn on_record(&mut self, from: &Party, id: &Text, text: &Text) {
        let is_own = from.account == self.me.account;
        if !is_own && !self.rates.record(self.now, &from.account) {
            return self.log("an account sends too many call records: they are dropped");
        }
        if !self.claims.insert(self.now, &from.account, id) {
            return;
        }
        let (account, device) = (from.account.clone(), from.device.clone());
        let record = Output::Record { from: account, device, id: id.clone(), text: text.clone() };
        if let Some(record) = self.session.hold_record(&from.account, record) {
            self.outputs.push_back(record);
        }
    }

    /// After every input: whom to watch, and how closely.
    fn after(&mut self) {
        self.end_probing();
        let is_lively = self.session.is_in() && self.rooms.values().any(Line::is_lively);
        if is_lively != self.is_lively {
            self.is_lively = is_lively;
            self.outputs.push_back(Output::Lively(is_lively));
        }
        if !self.config.watch_presence || !self.session.is_up() {
            return;
        }
        let wanted = self.wanted();
        let watch = |party: &Party, on| Output::Watch {
            account: party.account.clone(),
            device: party.device.clone(),
            on,
        };
        self.outputs.extend(self.watched.difference(&wanted).map(|it| watch(it, false)));
        self.outputs.extend(wanted.difference(&self.watched).map(|it| watch(it, true)));
        self.watched = wanted;
    }

    /// Whose wills are wanted: of whom we talk to or call first, and then of whoever calls.
    fn wanted(&self) -> BTreeSet<Party> {
        let (rings, calls): (Vec<&Line>, Vec<&Line>) =
            self.rooms.values().partition(|it| it.rings().is_some());
        let told = rings.iter().filter(|it| it.rings().is_some_and(|ring| ring.told.is_some()));
        let parties = calls.iter().flat_map(|it| it.peers.iter().map(|peer| &peer.party));
        let mut wanted = BTreeSet::new();
        for party in parties.chain(told.map(|it| &it.host)) {
            if wanted.len() < limits::WATCHES {
                wanted.insert(party.clone());
            }
        }
        wanted
    }

    fn done(&mut self, req: u64, answer: Answer) {
        self.outputs.push_back(Output::Done { req, answer });
    }

    fn log(&mut self, line: &'static str) {
        let text = match self.lines.count(self.now, line) {
            Some(1) => line.into(),
            Some(count) => format!("{line} ({count} times in the last minutes)").into(),
            None => return,
        };
        self.outputs.push_back(Output::Log { text });
    }

    /// Tells the core, or keeps it for the backlog's batch.
    fn tell(&mut self, source: Source, event: Event) {
        let is_live = self.rooms.get(&event.channel.id).is_some_and(|it| it.is_in);
        if let Some(event) = self.session.hold(event, is_live) {
            self.outputs.push_back(Output::Events { source, events: vec![event] });
        }
    }

    /// A message with a new id.
    fn envelope(&mut self, channel: &Text, body: Body) -> Envelope {
        let (id, instance) = (self.ids.id().into(), self.config.instance.clone());
        Envelope { id, channel: channel.clone(), instance, to: "".into(), number: 0, body }
    }

    /// A message with a new id for a device of which we know the life, if it has to do with the channel.
    fn envelope_to(&mut self, to: &Party, channel: &Text, body: Body) -> Envelope {
        let instance = self.rooms.get(channel).and_then(|it| it.instance(to)).unwrap_or_default();
        Envelope { to: instance, ..self.envelope(channel, body) }
    }

    /// A letter, not addressed to anybody's operation.
    fn letter(&self, kind: Kind, topic: Topic, envelope: &Envelope, expires_ms: u32) -> Letter {
        Letter {
            kind,
            id: envelope.id.clone(),
            channel: envelope.channel.clone(),
            topic,
            payload: envelope::write(envelope),
            expires_ms,
            is_last: kind == Kind::Answer,
            after_ms: 0,
            req: None,
            req_within_ms: None,
        }
    }

    /// Sends a letter; its operation fails if too much waits already.
    fn send(&mut self, letter: Letter) {
        let req = letter.req;
        if letter.payload.len() > limits::PAYLOAD_BYTES {
            self.log("a message over 16 KiB was not sent");
        } else if self.post.send(self.now, &mut self.outputs, letter) {
            return;
        }
        if let Some(req) = req {
            self.done(req, codes::LIMIT.into());
        }
    }

    /// Says something once to a device in one of its lives.
    fn say(&mut self, to: &Party, instance: &Text, channel: &Text, body: Body) {
        let envelope = Envelope { to: instance.clone(), ..self.envelope(channel, body) };
        let (topic, payload) = (direct(to), envelope::write(&envelope));
        self.post.say(&mut self.outputs, topic, payload, limits::ANSWER_EXPIRES_MS);
    }

    /// The same, to a device that has to do with the channel.
    fn say_in(&mut self, to: &Party, channel: &Text, body: Body) {
        let instance = self.rooms.get(channel).and_then(|it| it.instance(to)).unwrap_or_default();
        self.say(to, &instance, channel, body);
    }

    /// An event about a channel.
    fn event(&self, signal: Signal, channel: Channel, from: &Party, custom: &Text) -> Event {
        Event {
            signal,
            channel,
            from: from.account.clone(),
            from_device: from.device.clone(),
            to: self.me.account.clone(),
            request: "".into(),
            custom: custom.clone(),
            uid: 0,
        }
    }
}

fn direct(to: &Party) -> Topic {
    Topic::Direct(to.account.clone(), to.device.clone())
}

/// What an operation is answered when the broker has answered.
fn answer_of(fate: Fate) -> Answer {
    let failed = |raw_code, message: &str| Answer {
        code: codes::BACKEND_FAILED,
        raw_code,
        message: message.into(),
        room: None,
    };
    match fate {
        Fate::Delivered => codes::OK.into(),
        Fate::NobodyThere => codes::PEER_PUSH_OFFLINE.into(),
        Fate::Denied => failed(0x87, "the broker's access rules forbid to write to this account"),
        Fate::Refused { raw_code } => failed(raw_code, "the broker refused the message"),
    }
}
