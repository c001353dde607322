//! A whole connection: a device, that is protocol and connection, between an app that asks anything and a
//! broker that says anything: what a broker would say, that with a mistake, and bytes. Most runs begin with a
//! login that works, so that what follows meets a device that is connected.

mod net;

use std::collections::BTreeSet;
use std::sync::Arc;

use nertc_callkit_mqtt::connection::{Endpoint, Readiness, Roots, Settings, Timers};
use nertc_callkit_mqtt::driver::{Driver, SignalingMessage};
use nertc_callkit_mqtt::protocol::Config;
use nertc_callkit_mqtt::topics::Topics;
use nertc_callkit_signaling::{CallType, InviteState, Message, Notification, Operation, Req};

use super::bytes::Bytes;
use super::values::record;
use net::{Net, Packet};

/// More steps than this add nothing new and cost time.
const STEPS: usize = 300;

const ACCOUNTS: [&str; 4] = ["alice", "bob", "carol", "mallory"];
const DEVICES: [&str; 3] = ["phone", "pad", "web"];
const KINDS: [&str; 16] = [
    "invite", "alert", "accept", "reject", "settled", "join", "bye", "ctl", "ack", "sync", "state", "gone",
    "hello", "mark", "rec", "wave",
];

/// Topics that no broker should deliver here.
const TOPICS: [&str; 10] = [
    "nck1/u/alice/in/bob/pad",
    "nck1/u/alice/in/=2/pad",
    "nck1/u/alice/in/=FF/pad",
    "nck1/u/alice/in/b\u{e9}/pad",
    "nck1/u/alice/in//",
    "nck1/u/bob/in/alice/pad",
    "nck1/u/alice/d/pad/bob/pad",
    "nck1/p/=/=",
    "",
    "#",
];

/// One input.
pub fn run(data: &[u8]) {
    reaches_up(data);
}

/// One input: whether the device was connected and subscribed at some moment.
pub fn reaches_up(data: &[u8]) -> bool {
    let mut bytes = Bytes::new(data);
    let mut world = World::new(&mut bytes);
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        world.step(&mut bytes);
    }
    world.close()
}

struct World {
    line: Driver,
    net: Arc<Net>,
    now: u64,
    last_req: u64,
    running: BTreeSet<u64>,
    five: bool,
    reached_up: bool,
    /// Packet ids of the broker.
    last_id: u16,
    /// Messages so far, for their ids.
    count: usize,
    /// The broker answers everything, at once.
    answers: bool,
}

impl World {
    fn new(bytes: &mut Bytes<'_>) -> World {
        let mode = bytes.byte();
        let net = Arc::new(Net::default());
        let config = Config {
            single_device: mode & 1 != 0,
            peer_lost_ms: 6_000,
            watch_presence: mode & 2 != 0,
            ..Config::new("alice".into(), "phone".into(), "I".into())
        };
        let settings = Settings {
            endpoints: vec![Endpoint { host: "127.0.0.1".into(), port: 1883, tls: false }],
            roots: Roots::Platform,
            client_cert: None,
            allow_plaintext: false,
            client_id: "client".into(),
            session_expiry_s: 600,
            keep_alive_s: 60,
            presence: mode & 2 != 0,
            topics: Topics::new("nck1", "alice", "phone").expect("names"),
            timers: Timers::default(),
        };
        let mut seed = [0; 32];
        seed[0] = mode;
        let mut world = World {
            line: Driver::seeded(config, settings, net.clone(), seed, 1),
            net,
            now: 1_000_000,
            last_req: 0,
            running: BTreeSet::new(),
            five: mode & 4 != 0,
            reached_up: false,
            last_id: 0,
            count: 0,
            answers: true,
        };
        world.login("token");
        // The rest begins with a broker that sends anything from the first byte on.
        if mode < 224 {
            world.settle();
        } else {
            world.answers = false;
        }
        world
    }

    /// An action on the device, as its driver performs it.
    fn act(&mut self, body: impl FnOnce(&mut Driver, u64)) {
        let (now, running) = (self.now, &mut self.running);
        let mut emit = |message: SignalingMessage| {
            if let SignalingMessage::Completed(req, _) = message {
                assert!(running.remove(&req.0), "{req:?} is answered twice, or was never asked");
            }
        };
        self.line.act(now, &mut emit, |line| body(line, now));
        self.line.write();
        assert_eq!(self.line.panic_count(), 0, "a panic");
        self.reached_up |= self.line.connection().is_up();
    }

    fn login(&mut self, token: &str) {
        self.last_req += 1;
        let req = self.last_req;
        self.running.insert(req);
        self.act(|line, now| line.login(now, req, token, 10_000));
    }

    fn ready(&mut self) {
        self.act(|line, now| line.connection().on_ready(now, Readiness::ALL));
    }

    /// Both sides exchange packets until none is left.
    fn settle(&mut self) {
        for _ in 0..200 {
            self.ready();
            self.on_time();
            if !self.answer() {
                return;
            }
        }
        panic!("they never stop talking");
    }

    /// Deadlines of this moment pass, and do not come back.
    fn on_time(&mut self) {
        for _ in 0..1_000 {
            match self.line.poll_timeout() {
                Some(at) if at <= self.now => self.act(Driver::on_time),
                _ => return,
            }
        }
        panic!("a deadline that does not pass");
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        for _ in 0..10_000 {
            self.on_time();
            match self.line.poll_timeout().filter(|at| *at <= end) {
                Some(at) => self.now = at,
                None => {
                    self.now = end;
                    return self.on_time();
                }
            }
            if self.answers {
                self.ready();
                self.answer();
            }
        }
        panic!("it never rests");
    }

    /// The broker answers the device's packets, as brokers do. False: there were none.
    fn answer(&mut self) -> bool {
        let packets = self.net.take_packets();
        let mut is_new = false;
        for packet in packets {
            is_new = true;
            match packet {
                Packet::Connect => {
                    self.net.send(if self.five { &[0x20, 3, 0, 0, 0] } else { &[0x20, 2, 0, 0] })
                }
                Packet::Subscribe(id, count) => {
                    let mut body = id.to_be_bytes().to_vec();
                    body.extend(self.five.then_some(0));
                    body.extend(vec![1; count]);
                    self.net.send(&net::packet(0x90, &body));
                }
                Packet::Unsubscribe(id) => {
                    let mut body = id.to_be_bytes().to_vec();
                    body.extend(self.five.then_some([0, 0]).into_iter().flatten());
                    self.net.send(&net::packet(0xB0, &body));
                }
                Packet::Publish { id, topic, payload } => {
                    self.net.send(&net::packet(0x40, &id.to_be_bytes()));
                    if topic.contains("/own/") || topic.contains("/d/phone/alice/phone") {
                        let packet = self.publish(1, &topic, &payload);
                        self.net.send(&packet);
                    }
                }
                Packet::Ping => self.net.send(&[0xD0, 0]),
                Packet::Other => {}
            }
        }
        is_new
    }

    fn publish(&mut self, qos: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
        self.last_id = self.last_id % 60 + 1;
        self.publish_as(self.last_id, qos, topic, payload)
    }

    fn publish_as(&self, id: u16, qos: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        if qos > 0 {
            body.extend(id.to_be_bytes());
        }
        body.extend(self.five.then_some(0));
        body.extend(payload);
        net::packet(0x30 | qos << 1, &body)
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(16) {
            0..=4 => {
                let packet = self.message(bytes);
                self.send(bytes, packet);
            }
            5..=7 => self.mistake(bytes),
            8 => {
                let raw = bytes.take(64).to_vec();
                self.send(bytes, raw);
            }
            9 | 10 => self.ask(bytes),
            11 => self.pass([1, 300, 2_000, 70_000][bytes.below(4)]),
            12 => match bytes.below(6) {
                0 => self.net.end(),
                1 => self.net.refuses(bytes.flag()),
                2 => self.net.blocks(bytes.flag()),
                3 => self.answers = bytes.flag(),
                4 => self.five = !self.five,
                _ => self.act(|line, now| line.connection().network_changed(now)),
            },
            13 => {
                let token = *bytes.pick(&["", "token", "other"]);
                self.act(|line, now| line.connection().set_token(now, token));
            }
            14 => {
                let state = [InviteState::Ringing, InviteState::Held, InviteState::Dropped][bytes.below(3)];
                let (channel_id, account, request_id) = ("C1".into(), "bob".into(), "R1".into());
                let notice = Notification::InviteState { channel_id, account, request_id, state };
                self.act(|line, now| line.notify(now, notice));
            }
            _ => {
                let req = self.last_req;
                if bytes.flag() {
                    self.act(|line, now| line.notify(now, Notification::AbortLogin(Req(req))))
                } else {
                    self.login("token")
                }
            }
        }
        self.ready();
        self.on_time();
        if self.answers {
            self.settle();
        }
    }

    /// Gives the device bytes, in pieces.
    fn send(&mut self, bytes: &mut Bytes<'_>, packet: Vec<u8>) {
        let at = if bytes.chance(64) { bytes.below(packet.len() + 1) } else { 0 };
        self.net.send(&packet[..at]);
        if at > 0 {
            self.ready();
        }
        self.net.send(&packet[at..]);
    }

    /// A message of a device, mostly about something that exists.
    fn message(&mut self, bytes: &mut Bytes<'_>) -> Vec<u8> {
        self.count += 1;
        let (kind, from, device) = (*bytes.pick(&KINDS), *bytes.pick(&ACCOUNTS), *bytes.pick(&DEVICES));
        let (channel, request) = (*bytes.pick(&["C1", "C2", "C3"]), *bytes.pick(&["R1", "R2"]));
        let how = *bytes.pick(&["accept", "reject", "cancel", "close", "leave"]);
        let number = bytes.number();
        let text = format!(
            "{{\"v\":1,\"k\":\"{kind}\",\"id\":\"m{}\",\"cid\":\"{channel}\",\"inst\":\"P\",\"n\":{},\
             \"b\":{{\"rid\":\"{request}\",\"type\":1,\"custom\":\"\",\"uid\":{number},\"how\":\"{how}\",\
             \"by\":\"{device}\",\"asks\":true}}}}",
            self.count,
            if bytes.chance(32) { number } else { number % 4 },
        );
        let topic = match bytes.seldom(4) {
            0 => format!("nck1/u/alice/d/phone/{from}/{device}"),
            1 => format!("nck1/u/alice/in/{from}/{device}"),
            2 => format!("nck1/u/alice/own/{device}"),
            _ if bytes.flag() => format!("nck1/p/{from}/{device}"),
            _ => (*bytes.pick(&TOPICS)).to_owned(),
        };
        self.publish(1, &topic, text.as_bytes())
    }

    /// A valid packet of a broker, with a mistake in it.
    fn mistake(&mut self, bytes: &mut Bytes<'_>) {
        let id = [self.last_id, 0, 1, 2, bytes.number() as u16][bytes.below(5)];
        let (number, id) = (id, id.to_be_bytes());
        let mut packet = match bytes.below(9) {
            0 => net::packet(0x20, &[0, bytes.byte(), 0]),
            1 => net::packet(0x40, &[&id[..], &[bytes.byte()]].concat()),
            2 => net::packet(0x90, &[&id[..], &[0, 1, 1, 1]].concat()),
            3 => net::packet(0xB0, &[&id[..], &[0, 0]].concat()),
            4 => net::packet(0x62, &id),
            5 => net::packet(0xE0, &[bytes.byte()]),
            6 => {
                let (qos, topic): (_, &&str) = (bytes.below(3) as u8, bytes.pick(&TOPICS));
                self.publish_as(number, qos, topic, b"{}")
            }
            7 => {
                let properties = bytes.take(32);
                let body = [&[0, 1, b'x', 0, 7, properties.len() as u8][..], properties, b"{}"].concat();
                net::packet(0x32, &body)
            }
            _ => self.message(bytes),
        };
        for _ in 0..bytes.below(4) {
            let at = bytes.below(packet.len().min(256));
            packet[at] = bytes.byte();
        }
        if bytes.chance(32) {
            packet.truncate(bytes.below(packet.len().min(256)));
        }
        self.send(bytes, packet);
    }

    fn ask(&mut self, bytes: &mut Bytes<'_>) {
        let channel = *bytes.pick(&["C1", "C2"]);
        let message = Message {
            channel_id: channel.into(),
            account: (*bytes.pick(&ACCOUNTS)).into(),
            request_id: (*bytes.pick(&["R1", "R2"])).into(),
            ..Message::default()
        };
        let op = match bytes.below(11) {
            0 => Operation::Create { call_type: CallType::Audio },
            1 => Operation::Join { channel_id: channel.into(), no_offline: false },
            2 => Operation::Invite { message, expires_ms: 30_000, push: None },
            3 => Operation::Cancel(message),
            4 | 5 => Operation::Accept(message),
            6 => Operation::Reject(message),
            7 => message.leave(),
            8 => message.close(),
            9 => Operation::Record(record(message.account)),
            _ if bytes.chance(64) => Operation::Logout,
            _ => Operation::Control(message),
        };
        self.operate(op);
    }

    fn operate(&mut self, op: Operation) {
        self.last_req += 1;
        let req = self.last_req;
        self.running.insert(req);
        self.act(|line, now| line.operate(now, req, op));
    }

    /// Whatever it was: a logout ends it.
    fn close(mut self) -> bool {
        self.operate(Operation::Logout);
        self.pass(10_000);
        assert!(self.running.is_empty(), "never answered: {:?}", self.running);
        assert_eq!(self.line.poll_timeout(), None, "it wants something, logged out");
        self.reached_up
    }
}
