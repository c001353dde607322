//! A device on a broker, between a core that requests anything, a broker that does anything, and devices that
//! send anything: honest, faulty and hostile.

use std::collections::{BTreeMap, BTreeSet};

use nertc_callkit_mqtt::protocol::{Config, Input, Output, Peer, PublishResult, Qos, Topic, TopicKind};
use nertc_callkit_signaling::{
    CallType, Code, Event, EventKind, InviteState, Message, Operation, Origin, Text,
};
use serde_json::{Value, json};

use super::bytes::Bytes;
use super::values::record;

/// More steps than this add nothing new and cost time.
const STEPS: usize = 400;

/// Own account, peers, a third party.
const ACCOUNTS: [&str; 4] = ["alice", "bob", "carol", "mallory"];
const DEVICES: [&str; 3] = ["phone", "pad", "web"];
const CUSTOMS: [&str; 5] = ["", "601", "i_am_busy", "{\"reason\":3}", "{\"callId\":\"c\"}"];
const KINDS: [&str; 16] = [
    "invite", "alert", "accept", "reject", "settled", "join", "bye", "ctl", "ack", "sync", "state", "gone",
    "hello", "mark", "rec", "wave",
];

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut world = World::new(&mut bytes);
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        world.step(&mut bytes);
    }
    world.close();
}

/// The ids of a call, and the peer.
#[derive(Clone)]
struct Call {
    channel: Text,
    request: Text,
    peer: Text,
}

struct World {
    protocol: Peer,
    now: u64,
    last_req: u64,
    /// Operations that wait for their answer.
    running: BTreeMap<u64, Operation>,
    /// Calls that there are or were, of others and ours.
    calls: Vec<Call>,
    /// Ids of messages.
    messages: Vec<Text>,
    /// Its own messages return to it at once.
    echoes: bool,
    echo: Vec<(TopicKind, String)>,
    tokens: Vec<u64>,
    /// Invites of ours whose cancel was granted, or that were answered.
    decided: BTreeSet<(Text, Text)>,
    /// Invites of others that rang.
    rang: BTreeMap<(Text, Text, Text, Text), u64>,
    granted: BTreeSet<Text>,
    /// Invites that the core has not accepted, by channel, with their senders: nothing is sent to those.
    silent: BTreeMap<Text, Text>,
    /// Channels that were made here or rang.
    touched: BTreeSet<Text>,
    records: BTreeSet<(Text, Text)>,
    /// The channel made last.
    made: Option<Text>,
}

impl World {
    fn new(bytes: &mut Bytes<'_>) -> World {
        let config = Config {
            single_device: bytes.flag(),
            busy_is_local: bytes.flag(),
            peer_lost_ms: [60_000, 0, 1, 6_000][bytes.below(4)],
            watch_presence: bytes.flag(),
            ..Config::new("alice".into(), "phone".into(), "I".into())
        };
        let mut world = World {
            protocol: Peer::new(config, Peer::test_seed(bytes.number())),
            now: bytes.number() & 0xffff_ffff,
            last_req: 0,
            running: BTreeMap::new(),
            calls: vec![
                Call { channel: "C1".into(), request: "R1".into(), peer: "bob".into() },
                Call { channel: "C2".into(), request: "R2".into(), peer: "carol".into() },
            ],
            messages: vec!["M1".into()],
            echoes: !bytes.chance(16),
            echo: Vec::new(),
            tokens: vec![0],
            decided: BTreeSet::new(),
            rang: BTreeMap::new(),
            granted: BTreeSet::new(),
            silent: BTreeMap::new(),
            touched: BTreeSet::new(),
            records: BTreeSet::new(),
            made: None,
        };
        if !bytes.chance(16) {
            world.op(Operation::Login { account: Text::EMPTY, token: Text::EMPTY });
            world.feed(Input::Up { resumed: false });
        }
        world
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(16) {
            0 => self.feed(Input::Up { resumed: bytes.flag() }),
            1 if bytes.chance(64) => self.feed(Input::Down),
            2..=5 => self.ask(bytes),
            6..=11 => self.receive(bytes),
            12 => self.pass([1, 500, 2_000, 70_000][bytes.below(4)]),
            13 => {
                let (token, result) = (*bytes.pick(&self.tokens), bytes.below(4));
                let refused = PublishResult::Refused { raw_code: 0x97 };
                let result =
                    [PublishResult::Delivered, PublishResult::NobodyThere, PublishResult::Denied, refused]
                        [result];
                self.feed(Input::Published { token, result });
            }
            14 => {
                let (account, device) = (*bytes.pick(&ACCOUNTS), *bytes.pick(&DEVICES));
                self.feed(Input::Gone { account: account.into(), device: device.into() });
            }
            15 if bytes.flag() => self.made_of(bytes),
            15 if bytes.chance(32) => {
                let req = self.last_req.saturating_sub(bytes.below(3) as u64);
                self.feed(Input::AbortLogin { req });
            }
            15 if bytes.chance(16) => {
                self.feed(Input::Refused { code: Code::BAD_TOKEN, raw_code: 0x87, message: "no".into() });
            }
            _ => {
                let payload = bytes.take(64).to_vec();
                let (from, device) = ("mallory".into(), "web".into());
                self.feed(Input::Message { kind: TopicKind::Inbox, from, device, payload, expires_at: None });
            }
        }
    }

    /// The core's decision about an invite.
    fn made_of(&mut self, bytes: &mut Bytes<'_>) {
        let Call { channel, request, .. } = self.call(bytes);
        let state = *bytes.pick(&[InviteState::Ringing, InviteState::Held, InviteState::Dropped]);
        if state != InviteState::Dropped {
            // Also sent for an invite that is still in the backlog.
            self.silent.remove(&channel);
            self.touched.insert(channel.clone());
        }
        self.feed(Input::InviteState { channel, request, state });
    }

    /// A call that is known, or a mixture of two.
    fn call(&mut self, bytes: &mut Bytes<'_>) -> Call {
        let mut call = bytes.pick(&self.calls).clone();
        if bytes.chance(16) {
            call.channel = bytes.pick(&self.calls).channel.clone();
        } else if bytes.chance(16) {
            call.request = bytes.pick(&self.calls).request.clone();
        } else if bytes.chance(16) {
            call.peer = (*bytes.pick(&ACCOUNTS)).into();
        }
        call
    }

    fn ask(&mut self, bytes: &mut Bytes<'_>) {
        let Call { channel, request, peer } = self.call(bytes);
        let custom = (*bytes.pick(&CUSTOMS)).into();
        let message = Message {
            channel_id: channel.clone(),
            account: peer,
            request_id: request,
            custom_info: custom,
            no_offline: bytes.flag(),
        };
        let op = match bytes.below(13) {
            0 => Operation::Login { account: Text::EMPTY, token: Text::EMPTY },
            1 if bytes.chance(32) => Operation::Logout,
            1..=3 => return self.ring(bytes),
            4 | 5 => Operation::Join { channel_id: channel, no_offline: false },
            6 => Operation::Cancel(message),
            7 | 8 => Operation::Accept(message),
            9 => Operation::Reject(message),
            10 => message.leave(),
            11 => message.close(),
            12 if bytes.chance(64) => Operation::Record(record(message.account)),
            _ => Operation::Control(message),
        };
        self.op(op);
    }

    fn op(&mut self, op: Operation) {
        self.last_req += 1;
        if let Operation::Accept(message) | Operation::Reject(message) = &op {
            self.silent.remove(&message.channel_id);
            self.touched.insert(message.channel_id.clone());
        }
        self.running.insert(self.last_req, op.clone());
        self.feed(Input::Op { req: self.last_req, op });
    }

    /// Creates a channel and invites an account, completely or not.
    fn ring(&mut self, bytes: &mut Bytes<'_>) {
        self.made = None;
        self.op(Operation::Create { call_type: CallType::of(bytes.below(4) as i32) });
        let Some(channel) = self.made.clone() else { return };
        self.touched.insert(channel.clone());
        // The core never uses a request id twice.
        let request: Text = format!("q{}", self.calls.len()).into();
        let peer: Text = (*bytes.pick(&ACCOUNTS[1..3])).into();
        self.calls.push(Call { channel: channel.clone(), request: request.clone(), peer: peer.clone() });
        if !bytes.chance(16) {
            self.op(Operation::Join { channel_id: channel.clone(), no_offline: false });
        }
        let expires_ms = [0, 30_000, 1][bytes.seldom(3)];
        let message =
            Message { channel_id: channel, account: peer, request_id: request, ..Message::default() };
        self.op(Operation::Invite { message, expires_ms, push: None });
    }

    /// A message of a device, mostly about something that exists.
    fn receive(&mut self, bytes: &mut Bytes<'_>) {
        let kind = *bytes.pick(&KINDS);
        let call = self.call(bytes);
        let how = *bytes.pick(&["accept", "reject", "cancel", "close", "leave"]);
        let repeats = bytes.chance(32);
        let id: Text = if repeats {
            bytes.pick(&self.messages).clone()
        } else {
            format!("m{}", self.messages.len()).into()
        };
        self.messages.push(id.clone());
        let mut body = json!({
            "rid": *call.request, "custom": *bytes.pick(&CUSTOMS), "type": bytes.below(4),
            "uid": bytes.below(9), "how": how, "by": *bytes.pick(&DEVICES), "asks": bytes.flag(),
            "rings": !bytes.chance(64), "local": bytes.chance(64), "epoch": bytes.number(), "text": "{}",
        });
        if bytes.chance(64) {
            body["ring"] = bytes.number().into();
        }
        if bytes.chance(16) {
            let key = *bytes.pick(&["rid", "custom", "uid", "how", "by"]);
            body[key] = [json!(7), Value::Null, json!("x".repeat(5000)), json!([[]])][bytes.below(4)].clone();
        }
        let number = if bytes.chance(32) { bytes.number() } else { bytes.below(4) as u64 };
        let envelope = json!({
            "v": 1, "k": kind, "id": *id, "cid": *call.channel, "inst": *bytes.pick(&["P", "P", "P", "Q"]),
            "n": number, "re": **bytes.pick(&self.messages), "b": body,
            "to": *bytes.pick(&["", "", "I", "old"]),
        });
        let topic = [TopicKind::Direct, TopicKind::Inbox, TopicKind::Own][bytes.seldom(3)];
        let from = if topic == TopicKind::Own { "alice".into() } else { call.peer };
        let device = (*bytes.pick(&DEVICES)).into();
        let payload = envelope.to_string().into_bytes();
        let expires_at = bytes.chance(32).then(|| self.now + bytes.below(200_000) as u64);
        self.feed(Input::Message { kind: topic, from, device, payload, expires_at });
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        for _ in 0..10_000 {
            let Some(due) = self.protocol.poll_timeout().filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.protocol.handle_timeout(self.now);
            let next = self.protocol.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "a timeout that does not pass");
            self.drain();
        }
        panic!("it never rests");
    }

    fn feed(&mut self, input: Input) {
        self.protocol.handle(self.now, input);
        self.drain();
        while let Some((topic, payload)) = (!self.echo.is_empty()).then(|| self.echo.remove(0)) {
            let (from, device) = ("alice".into(), "phone".into());
            let payload = payload.into_bytes();
            self.protocol
                .handle(self.now, Input::Message { kind: topic, from, device, payload, expires_at: None });
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.protocol.poll_output() {
            match output {
                Output::Publish { token, qos, topic, payload, .. } => {
                    self.published(token, qos, &topic, &payload);
                }
                Output::Done { req, answer } => {
                    self.done(req, answer.outcome.code, answer.channel.map(|it| it.channel.id))
                }
                Output::Events { origin, events } => events.iter().for_each(|it| self.on_event(origin, it)),
                Output::Record { from, id, .. } => {
                    // Of an account, the newest 64 are remembered.
                    let is_new = self.records.insert((from, id));
                    assert!(is_new || self.records.len() > 64, "a record is told twice");
                }
                Output::Watch { .. }
                | Output::CallActive(_)
                | Output::Disconnect { .. }
                | Output::Reconnect
                | Output::Connection { .. }
                | Output::Log { .. } => {}
            }
        }
    }

    fn published(&mut self, token: u64, qos: Qos, topic: &Topic, payload: &str) {
        assert!(payload.len() <= 16 * 1024, "over-long");
        let message: Value = serde_json::from_str(payload).expect("what is sent is JSON");
        assert_eq!(message["v"], 1);
        match qos {
            Qos::AtMostOnce => assert_eq!(token, 0, "nothing answers it"),
            Qos::AtLeastOnce => self.tokens.push(token),
        }
        self.messages.extend(message["id"].as_str().map(Text::from));
        if let Topic::Direct(account, _) | Topic::Inbox(account) = topic {
            let channel = message["cid"].as_str().unwrap_or_default();
            let is_question = message["k"] == "alert" && message["b"]["asks"] == true;
            // A message that addresses an incarnation of this device is answered "unknown".
            let is_notice = matches!(message["k"].as_str(), Some("gone" | "bye"));
            let is_silent = self.silent.get(channel).is_some_and(|it| it == account);
            assert!(!is_silent || is_question || is_notice, "not for {account}: {payload}");
        }
        let kind = match topic {
            Topic::Own => Some(TopicKind::Own),
            Topic::Direct(account, device) if **account == *"alice" && **device == *"phone" => {
                Some(TopicKind::Direct)
            }
            Topic::Direct(..) | Topic::Inbox(_) => None,
        };
        self.echo.extend(kind.filter(|_| self.echoes).map(|kind| (kind, payload.to_owned())));
    }

    fn done(&mut self, req: u64, code: Code, made: Option<Text>) {
        let op = self.running.remove(&req).expect("an operation is answered once");
        self.made = made.or(self.made.take());
        if let Operation::Cancel(message) = op {
            let is_first = code != Code::OK || self.decided.insert((message.channel_id, message.request_id));
            assert!(is_first, "a cancel was granted after an answer");
        } else if let Operation::Accept(message) = op {
            assert!(code != Code::OK || self.granted.insert(message.channel_id), "granted twice");
        }
    }

    fn on_event(&mut self, origin: Origin, event: &Event) {
        let key = (event.channel.id.clone(), event.request_id.clone());
        match event.kind {
            EventKind::Invite => {
                // No device has another reason to receive something about that channel.
                if self.touched.insert(event.channel.id.clone()) {
                    self.silent.insert(event.channel.id.clone(), event.from.clone());
                }
                // It is remembered for ten minutes, of the device that made the channel.
                let (from, device) = (event.from.clone(), event.from_device.clone());
                let before = self.rang.insert((key.0, key.1, from, device), self.now);
                assert!(before.is_none_or(|at| self.now >= at + 600_000), "rang twice");
            }
            EventKind::Accept | EventKind::Reject if origin == Origin::Online => {
                assert!(self.decided.insert(key), "decided twice");
            }
            EventKind::Accept
            | EventKind::Reject
            | EventKind::Close
            | EventKind::Join
            | EventKind::Cancel
            | EventKind::Leave
            | EventKind::Control
            | EventKind::Ringing
            | EventKind::PeerLost => {}
        }
    }

    fn close(mut self) {
        self.op(Operation::Logout);
        assert!(self.running.is_empty(), "never answered: {:?}", self.running);
        assert!(self.protocol.is_at_rest());
        assert_eq!(self.protocol.poll_timeout(), None);
    }
}
