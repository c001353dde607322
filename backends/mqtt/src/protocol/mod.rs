//! Sans-I/O peer-to-peer signaling protocol; one instance per logged-in device. Time, the seed of its ids and
//! messages are arguments, and publishes are outputs, so that it can be searched and simulated.
//!
//! The broker only carries messages. Every decision that a signaling service would take is taken by one
//! device: a channel lives at the device that created it, its *owner*. The owner alone accepts answers to its
//! invites, the first one counts, and the owner announces it to all devices of the called account
//! (`settled`). A message is retransmitted with the same id until its receiver acknowledges it; receivers
//! process each id once.
//!
//! Where to look: `ops` operations of the core · `caller` owner side of an invite · `callee` called side ·
//! `membership` join, leave, control, liveness · `session` and `login` login, backlog, takeover · `outbox`
//! retransmission · `dedup` and `rate_limit` inbound filters · `message` and `reader` the JSON · `channel`
//! state of a channel · `ended_invites` tombstones.

mod callee;
mod caller;
mod channel;
mod dedup;
mod ended_invites;
mod limits;
mod login;
mod membership;
mod message;
mod ops;
mod outbox;
mod rate_limit;
mod reader;
mod session;
mod types;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use nertc_callkit_ids::Seed;
use types::direct;
pub use types::*;

use nertc_callkit_ids::IdGenerator;
use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{
    CallPolicy, Code, DeviceAddr, Event, EventKind, OperationResult, Origin, Outcome, Text,
};

use channel::{Channel, Role};
use dedup::{Claims, Logins};
use ended_invites::EndedInvites;
use message::{Body, Message};
use outbox::{Kind, Outbox, OutgoingMessage};
use rate_limit::{LogLimit, Rates};
use session::{Incoming, Session};

/// A device of an account.
#[derive(Clone, Debug, Hash)]
pub struct Peer {
    config: Config,
    me: DeviceAddr,
    ids: IdGenerator,
    now: u64,
    session: Session,
    channels: BTreeMap<Text, Channel>,
    ended: EndedInvites,
    outbox: Outbox,
    rates: Rates,
    claims: Claims,
    /// Logins of own devices, and the number of our own.
    logins: Logins,
    epoch: u64,
    log_limit: LogLimit,
    policy: CallPolicy,
    /// Devices whose wills are watched.
    watched: BTreeSet<DeviceAddr>,
    is_call_active: bool,
    outputs: VecDeque<Output>,
}

impl Peer {
    /// A device that is logged out.
    pub fn new(config: Config, seed: Seed) -> Peer {
        Peer {
            me: DeviceAddr::new(&config.account, &config.device),
            config,
            ids: IdGenerator::new(seed),
            now: 0,
            session: Session::default(),
            channels: BTreeMap::new(),
            ended: EndedInvites::default(),
            outbox: Outbox::default(),
            rates: Rates::default(),
            claims: Claims::default(),
            logins: Logins::default(),
            epoch: 0,
            log_limit: LogLimit::default(),
            policy: CallPolicy::default(),
            watched: BTreeSet::new(),
            is_call_active: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input; `now` in ms, from any origin, never backwards.
    pub fn handle(&mut self, now: u64, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Op { req, op } => self.on_op(req, op),
            Input::AbortLogin { req } => self.on_abort_login(req),
            Input::Policy(policy) => self.policy = policy,
            Input::InviteState { channel, request, state } => {
                self.on_invite_state(&channel, &request, state);
            }
            Input::Up { resumed: _ } => self.on_up(),
            Input::Down => self.on_down(),
            Input::Refused { code, raw_code, message } => self.on_refused(code, raw_code, message),
            Input::Message { kind, from, device, payload, expires_at } => {
                let from = DeviceAddr { account: from, device };
                self.on_message(Incoming { kind, from, payload, expires_at });
            }
            Input::Published { token, result } => {
                if let Some(req) = self.outbox.published(token, result) {
                    self.done(req, answer_of(result));
                }
            }
            Input::Gone { account, device } => self.on_gone(&DeviceAddr { account, device }),
        }
        self.after();
    }

    /// The next output; None: nothing until the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Idle: an empty queue of outputs keeps no room.
    pub fn release_room(&mut self) {
        if self.outputs.is_empty() {
            self.outputs = VecDeque::new();
        }
    }

    /// For how many outputs there is room.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.outputs.capacity()
    }

    /// When to call `handle_timeout`.
    pub fn poll_timeout(&self) -> Option<u64> {
        let channels = self.channels.values().filter_map(|channel| self.channel_timeout(channel)).min();
        [self.outbox.next(), channels, self.session.timeout()].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        self.now = self.now.max(now);
        for (req, is_well) in self.outbox.due(self.now, &mut self.outputs) {
            let code = if is_well { Code::OK } else { Code::TIMEOUT };
            self.done(req, code.into());
        }
        self.session_timeouts();
        let ids: Vec<Text> = self.channels.keys().cloned().collect();
        for id in ids {
            self.caller_timeouts(&id);
            self.ring_timeouts(&id);
            self.membership_timeouts(&id);
        }
        self.after();
    }

    /// A seed for tests, fuzzing and simulations.
    #[doc(hidden)]
    pub fn test_seed(number: u64) -> Seed {
        IdGenerator::test_seed(number)
    }

    /// The ids from here on, for searches: if they follow from the input alone, states that differ only in
    /// the order of earlier inputs are one.
    #[doc(hidden)]
    pub fn reseed(&mut self, seed: u64) {
        self.ids = IdGenerator::new(IdGenerator::test_seed(seed));
    }

    /// Nothing is remembered that would not fade away by itself: for tests.
    pub fn is_at_rest(&self) -> bool {
        self.channels.is_empty()
    }

    fn channel_timeout(&self, channel: &Channel) -> Option<u64> {
        let role = match &channel.role {
            Role::Caller(invites) => {
                invites.iter().filter(|it| it.decision.is_none()).filter_map(|it| it.busy_at).min()
            }
            Role::Callee(ring) => ring.timeout(channel.is_in),
        };
        let participants =
            channel.participants.iter().filter_map(|it| self.participant_timeout(channel, it)).min();
        [role, participants].into_iter().flatten().min()
    }

    fn on_message(&mut self, incoming: Incoming) {
        let is_own = incoming.from.account == self.me.account;
        let is_live = is_own || self.is_in_call_with(&incoming.from.account);
        let Some(incoming) = self.session.hold_early(incoming, is_live) else { return };
        if !self.session.is_up() {
            return;
        }
        let Incoming { kind, from, payload, expires_at } = &incoming;
        if !is_own && !self.rates.message(self.now, &from.account) {
            return self.log("an account sends too many messages: dropped");
        }
        let Some(message) = message::read(payload) else {
            return self.log("a malformed message was dropped");
        };
        if *kind == TopicKind::Own {
            return self.on_own(from, &message);
        }
        if is_own {
            return self.on_echo(from, &message);
        }
        self.on_sign_of_life(&message.channel, from);
        match &message.body {
            Body::Invite { .. } => self.on_invite(from, &message, *expires_at),
            Body::Alert { .. } | Body::Accept { .. } | Body::Reject { .. } => self.on_answer(from, &message),
            Body::Settled(settled) => self.on_settled(from, &message, settled),
            Body::Join { .. } | Body::Bye { .. } | Body::Control { .. } | Body::Void => {
                self.on_membership(from, message);
            }
            Body::Ack { to } => self.on_ack(from, to),
            Body::Sync => self.on_sync(from, &message),
            Body::State => self.on_state(from, &message),
            Body::Gone => self.on_no_such_channel(from, &message),
            Body::Record { text } => self.on_record(from, &message.id, text),
            Body::Hello { .. } | Body::Mark | Body::Unknown => {}
        }
    }

    /// Whether this account is in a call with this device.
    fn is_in_call_with(&self, account: &Text) -> bool {
        self.channels.values().any(|it| {
            it.is_in && it.participants.iter().any(|participant| participant.addr.account == *account)
        })
    }

    /// A call record: reported once per sender and id.
    fn on_record(&mut self, from: &DeviceAddr, id: &Text, text: &Text) {
        let is_own = from.account == self.me.account;
        if !is_own && !self.rates.record(self.now, &from.account) {
            return self.log("an account sends too many call records: dropped");
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

    /// After every input: which wills to watch, and how closely to monitor the connection.
    fn after(&mut self) {
        self.end_probing();
        let is_call_active = self.session.is_in() && self.channels.values().any(Channel::is_call_active);
        if is_call_active != self.is_call_active {
            self.is_call_active = is_call_active;
            self.outputs.push_back(Output::CallActive(is_call_active));
        }
        if !self.config.watch_presence || !self.session.is_up() {
            return;
        }
        let wanted = self.wanted();
        let watch = |addr: &DeviceAddr, on| Output::Watch {
            account: addr.account.clone(),
            device: addr.device.clone(),
            on,
        };
        self.outputs.extend(self.watched.difference(&wanted).map(|it| watch(it, false)));
        self.outputs.extend(wanted.difference(&self.watched).map(|it| watch(it, true)));
        self.watched = wanted;
    }

    /// The wills to watch: of peers and callees first, then of callers.
    fn wanted(&self) -> BTreeSet<DeviceAddr> {
        let (rings, calls): (Vec<&Channel>, Vec<&Channel>) =
            self.channels.values().partition(|it| it.rings().is_some());
        let core_state = rings.iter().filter(|it| it.rings().is_some_and(|ring| ring.core_state.is_some()));
        let addrs = calls.iter().flat_map(|it| it.participants.iter().map(|participant| &participant.addr));
        let mut wanted = BTreeSet::new();
        for addr in addrs.chain(core_state.map(|it| &it.owner)) {
            if wanted.len() < limits::WATCHES {
                wanted.insert(addr.clone());
            }
        }
        wanted
    }

    fn done(&mut self, req: u64, answer: OperationResult) {
        self.outputs.push_back(Output::Done { req, answer });
    }

    fn log(&mut self, line: &'static str) {
        let text = match self.log_limit.count(self.now, line) {
            Some(1) => line.into(),
            Some(count) => format!("{line} ({count} times in the last minutes)").into(),
            None => return,
        };
        self.outputs.push_back(Output::Log { text });
    }

    /// Reports to the core, or queues for the backlog's batch.
    fn notify(&mut self, origin: Origin, event: Event) {
        let is_live = self.channels.get(&event.channel.id).is_some_and(|it| it.is_in);
        if let Some(event) = self.session.hold(event, is_live) {
            self.outputs.push_back(Output::Events { origin, events: vec![event] });
        }
    }

    /// A message with a new id.
    fn new_message(&mut self, channel: &Text, body: Body) -> Message {
        let (id, instance) = (self.ids.id().into(), self.config.instance.clone());
        Message { id, channel: channel.clone(), instance, to: "".into(), number: 0, body }
    }

    /// A message with a new id for a device whose incarnation is known, if it is involved in the channel.
    fn new_message_to(&mut self, to: &DeviceAddr, channel: &Text, body: Body) -> Message {
        let instance = self.channels.get(channel).and_then(|it| it.instance(to)).unwrap_or_default();
        Message { to: instance, ..self.new_message(channel, body) }
    }

    /// A message, not addressed to anybody's operation.
    fn outgoing(&self, kind: Kind, topic: Topic, message: &Message, expires_ms: u32) -> OutgoingMessage {
        OutgoingMessage {
            kind,
            id: message.id.clone(),
            channel: message.channel.clone(),
            topic,
            qos: message.body.qos(),
            payload: message::write(message),
            expires_ms,
            is_final: kind == Kind::Answer,
            after_ms: 0,
            req: None,
            req_timeout_ms: None,
        }
    }

    /// Sends a message; its operation fails if too much waits already.
    fn send(&mut self, outgoing: OutgoingMessage) {
        let req = outgoing.req;
        if outgoing.payload.len() > limits::PAYLOAD_BYTES {
            self.log("a message over 16 KiB was not sent");
        } else if self.outbox.send(self.now, &mut self.outputs, outgoing) {
            return;
        }
        if let Some(req) = req {
            self.done(req, Code::LIMIT.into());
        }
    }

    /// Sends something once to one incarnation of a device.
    fn send_once(&mut self, to: &DeviceAddr, instance: &Text, channel: &Text, body: Body) {
        let message = Message { to: instance.clone(), ..self.new_message(channel, body) };
        let (topic, qos, payload) = (direct(to), message.body.qos(), message::write(&message));
        self.outbox.send_once(&mut self.outputs, topic, qos, payload, limits::ANSWER_EXPIRES_MS);
    }

    /// The same, to a device that has to do with the channel.
    fn send_once_in(&mut self, to: &DeviceAddr, channel: &Text, body: Body) {
        let instance = self.channels.get(channel).and_then(|it| it.instance(to)).unwrap_or_default();
        self.send_once(to, &instance, channel, body);
    }

    /// An event about a channel.
    fn event(&self, kind: EventKind, channel: signaling::Channel, from: &DeviceAddr, custom: &Text) -> Event {
        Event {
            kind,
            channel,
            from: from.account.clone(),
            from_device: from.device.clone(),
            to: self.me.account.clone(),
            request_id: Text::EMPTY,
            custom_info: custom.clone(),
            time_ms: 0,
            uid: 0,
        }
    }
}

/// What an operation is answered when the broker has answered.
fn answer_of(result: PublishResult) -> OperationResult {
    let failed = |raw_code, message: &str| {
        let outcome = Outcome { code: Code::BACKEND_FAILED, raw_code, message: message.into() };
        OperationResult::from(outcome)
    };
    match result {
        PublishResult::Delivered => Code::OK.into(),
        PublishResult::NobodyThere => Code::PEER_PUSH_OFFLINE.into(),
        PublishResult::Denied => failed(0x87, "the broker's access rules forbid to write to this account"),
        PublishResult::Refused { raw_code } => failed(raw_code, "the broker refused the message"),
    }
}
