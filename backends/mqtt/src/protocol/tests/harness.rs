//! Devices and a broker that delivers at once, in order, and keeps for those who are away.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit_ids::IdGenerator;

use nertc_callkit_signaling::{CallType, Event, EventKind, InviteState, Message, Operation, Text};

use crate::protocol::*;
use crate::topics::{Incoming, Topics};

/// One device and what its core has heard.
pub(super) struct Client {
    pub(super) protocol: Peer,
    topics: Topics,
    is_up: bool,
    /// What the broker keeps for it: topic and payload.
    queue: VecDeque<(String, String)>,
    /// Done and events, in order, since they were taken last.
    pub(super) received: Vec<Output>,
    last_req: u64,
}

/// All devices of a test.
pub(super) struct Harness {
    pub(super) now: u64,
    pub(super) clients: BTreeMap<&'static str, Client>,
    /// What is lost: messages with this in their topics or texts.
    pub(super) loses: Option<&'static str>,
    /// Every message with QoS 0 is lost.
    pub(super) loses_qos_0: bool,
    /// What cores make of invites; None: they do not say.
    pub(super) state: Option<InviteState>,
    /// How the broker answers a publish to another account.
    pub(super) result: PublishResult,
    /// All that was published: topic, payload.
    pub(super) wire: Vec<(String, String)>,
}

/// `alice/phone` is a device of alice.
pub(super) fn config(name: &str) -> Config {
    let (account, device) = name.split_once('/').expect("account/device");
    Config::new(account.into(), device.into(), format!("{account}-{device}-1").into())
}

impl Harness {
    /// These devices, logged in.
    pub(super) fn new(topics: &[&'static str]) -> Harness {
        let mut harness = Harness {
            now: 1_000,
            clients: BTreeMap::new(),
            loses: None,
            loses_qos_0: false,
            state: Some(InviteState::Ringing),
            result: PublishResult::Delivered,
            wire: Vec::new(),
        };
        for name in topics {
            harness.add(name, config(name));
            harness.log_in(name);
        }
        harness
    }

    pub(super) fn add(&mut self, name: &'static str, config: Config) {
        let topics = Topics::new("nck1", &config.account, &config.device).expect("valid names");
        let seed = name.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte));
        let queue = self.clients.remove(name).map(|it| it.queue).unwrap_or_default();
        let (protocol, received) = (Peer::new(config, IdGenerator::test_seed(seed)), Vec::new());
        self.clients.insert(name, Client { protocol, topics, is_up: false, queue, received, last_req: 0 });
    }

    pub(super) fn log_in(&mut self, name: &'static str) {
        self.op(name, login());
        self.up(name);
        let received = self.take(name);
        assert!(received.contains(&"done 0".to_owned()), "{name}: {received:?}");
    }

    /// The connection connects.
    pub(super) fn up(&mut self, name: &'static str) {
        let client = self.clients.get_mut(name).expect("a phone");
        client.is_up = true;
        client.protocol.handle(self.now, Input::Up { resumed: !client.queue.is_empty() });
        // What waited comes before what is published from now on.
        for (topic, payload) in std::mem::take(&mut client.queue) {
            deliver(self.now, client, &topic, &payload);
        }
        self.run();
    }

    /// The connection is down.
    pub(super) fn down(&mut self, name: &'static str) {
        let client = self.clients.get_mut(name).expect("a phone");
        client.is_up = false;
        client.protocol.handle(self.now, Input::Down);
        self.run();
    }

    /// The broker keeps something for a device.
    pub(super) fn enqueue(&mut self, name: &'static str, topic: String, payload: String) {
        self.clients.get_mut(name).expect("a phone").queue.push_back((topic, payload));
    }

    /// What the broker keeps for a device, taken away.
    pub(super) fn queue(&mut self, name: &'static str) -> VecDeque<(String, String)> {
        std::mem::take(&mut self.clients.get_mut(name).expect("a phone").queue)
    }

    /// The process is gone.
    pub(super) fn kill(&mut self, name: &'static str) {
        self.add(name, config(name));
    }

    /// The broker publishes the will of a device.
    pub(super) fn will(&mut self, name: &'static str) {
        let (account, device) = name.split_once('/').expect("account/device");
        for client in self.clients.values_mut() {
            let (account, device) = (account.into(), device.into());
            client.protocol.handle(self.now, Input::Gone { account, device });
        }
        self.run();
    }

    /// Somebody who is not in the harness says something to a device: kind, the rest of the head, and the
    /// body.
    pub(super) fn forge(&mut self, name: &'static str, from: (&str, &str), kind: TopicKind, text: &str) {
        let payload = format!("{{\"v\":1,{text}}}").into_bytes();
        let (from, device) = (from.0.into(), from.1.into());
        self.feed(name, Input::Message { kind, from, device, payload, expires_at: None });
    }

    /// An invite of alice that rings for `ring` ms and whose message expires after `expires_ms`.
    pub(super) fn forge_invite(&mut self, name: &'static str, id: &str, ring: u64, expires_ms: Option<u64>) {
        let body = format!(r#""rid":"r1","custom":"","ring":{ring}"#);
        let text = format!(r#"{{"v":1,"k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{{{body}}}}}"#);
        let (from, device, payload) = ("alice".into(), "phone".into(), text.into_bytes());
        let expires_at = expires_ms.map(|ms| self.now + ms);
        self.feed(name, Input::Message { kind: TopicKind::Inbox, from, device, payload, expires_at });
    }

    /// Kinds that were said since this was asked last, with the topics' ends.
    pub(super) fn sent_kinds(&mut self) -> Vec<String> {
        let kind = |text: &str| Some(text.split("\"k\":\"").nth(1)?.split('"').next()?.to_owned());
        let wire = std::mem::take(&mut self.wire);
        wire.iter().map(|(topic, text)| format!("{} {topic}", kind(text).unwrap_or_default())).collect()
    }

    pub(super) fn feed(&mut self, name: &'static str, input: Input) {
        self.clients.get_mut(name).expect("a phone").protocol.handle(self.now, input);
        self.run();
    }

    pub(super) fn op(&mut self, name: &'static str, op: Operation) -> u64 {
        let client = self.clients.get_mut(name).expect("a phone");
        client.last_req += 1;
        let req = client.last_req;
        client.protocol.handle(self.now, Input::Op { req, op });
        self.run();
        req
    }

    /// Carries out what the peer ask for until nothing is left to do.
    fn run(&mut self) {
        loop {
            let mut published = Vec::new();
            for client in self.clients.values_mut() {
                while let Some(output) = client.protocol.poll_output() {
                    let Output::Publish { token, qos, topic, payload, .. } = output else {
                        let made = self.state.into_iter().flat_map(|state| invites(&output, state));
                        made.for_each(|input| client.protocol.handle(self.now, input));
                        client.received.push(output);
                        continue;
                    };
                    if client.is_up {
                        let topic = client.topics.write(&topic).expect("a topic");
                        let is_own = topic.contains(&format!("/u/{}/", client.topics.user()));
                        let result = if is_own { PublishResult::Delivered } else { self.result };
                        if qos == Qos::AtLeastOnce {
                            client.protocol.handle(self.now, Input::Published { token, result });
                        }
                        published.push((qos, topic, payload));
                    }
                }
            }
            if published.is_empty() {
                return;
            }
            for (qos, topic, payload) in published {
                let is_hit = self.loses.is_some_and(|part| topic.contains(part) || payload.contains(part));
                let is_lost = is_hit || self.loses_qos_0 && qos == Qos::AtMostOnce;
                self.wire.push((topic.clone(), payload.clone()));
                for client in self.clients.values_mut().filter(|_| !is_lost) {
                    if client.is_up {
                        deliver(self.now, client, &topic, &payload);
                    } else if client.topics.read(&topic).is_some() {
                        client.queue.push_back((topic.clone(), payload.clone()));
                    }
                }
            }
        }
    }

    /// Time passes; whoever has something to do does it.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let due = self.clients.values().filter_map(|it| it.protocol.poll_timeout()).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            for client in self.clients.values_mut() {
                if client.protocol.poll_timeout().is_some_and(|at| at <= self.now) {
                    client.protocol.handle_timeout(self.now);
                    let next = client.protocol.poll_timeout();
                    assert!(next.is_none_or(|at| at > self.now), "a timeout that does not pass");
                }
            }
            self.run();
        }
        self.now = end;
    }

    /// What a device's core has heard, in short words.
    pub(super) fn take(&mut self, name: &'static str) -> Vec<String> {
        let client = self.clients.get_mut(name).expect("a phone");
        std::mem::take(&mut client.received).iter().flat_map(decisions).collect()
    }
}

fn deliver(now: u64, client: &mut Client, topic: &str, payload: &str) {
    let Some(Incoming::Message { kind, from, device }) = client.topics.read(topic) else { return };
    client.protocol.handle(
        now,
        Input::Message { kind, from, device, payload: payload.as_bytes().to_vec(), expires_at: None },
    );
}

/// What a core says of the invites that it is told of.
fn invites(output: &Output, state: InviteState) -> Vec<Input> {
    let Output::Events { events, .. } = output else { return Vec::new() };
    let invites = events.iter().filter(|it| it.kind == EventKind::Invite && !it.channel.invalid);
    let core_state = invites.map(|it| Input::InviteState {
        channel: it.channel.id.clone(),
        request: it.request_id.clone(),
        state,
    });
    core_state.collect()
}

fn decisions(output: &Output) -> Vec<String> {
    match output {
        Output::Done { answer, .. } => vec![format!("done {}", answer.outcome.code)],
        Output::Events { origin, events } => {
            let valid = |event: &Event| if event.channel.invalid { " over" } else { "" };
            let decision = |it: &Event| format!("{origin:?} {:?} by {}{}", it.kind, it.from, valid(it));
            events.iter().map(decision).collect()
        }
        Output::Connection { change, .. } => vec![format!("{change:?}")],
        Output::Record { from, id, .. } => vec![format!("record {id} by {from}")],
        Output::Disconnect { forget } => vec![format!("disconnect {forget}")],
        Output::Reconnect => vec!["reconnect".into()],
        Output::Publish { .. } | Output::Watch { .. } | Output::CallActive(_) | Output::Log { .. } => {
            Vec::new()
        }
    }
}

/// An operation's address.
pub(super) fn op_args(channel: &Text, account: &str, custom: &str) -> Message {
    Message {
        channel_id: channel.clone(),
        account: account.into(),
        request_id: "r1".into(),
        custom_info: custom.into(),
        no_offline: false,
    }
}

pub(super) fn login() -> Operation {
    Operation::Login { account: "".into(), token: "".into() }
}

pub(super) fn create() -> Operation {
    Operation::Create { call_type: CallType::Audio }
}

pub(super) fn join(channel: &Text) -> Operation {
    Operation::Join { channel_id: channel.clone(), no_offline: false }
}

pub(super) fn invite(message: Message, expires_ms: u32) -> Operation {
    Operation::Invite { message, expires_ms, push: None }
}

pub(super) fn leave(message: Message) -> Operation {
    message.leave()
}

pub(super) fn close(message: Message) -> Operation {
    message.close()
}

/// `caller` makes and joins a channel and invites `to`.
pub(super) fn ring(harness: &mut Harness, caller: &'static str, to: &str) -> Text {
    ring_for(harness, caller, to, 30_000)
}

/// The same, with a ring time.
pub(super) fn ring_for(harness: &mut Harness, caller: &'static str, to: &str, expires_ms: u32) -> Text {
    harness.op(caller, create());
    let client = harness.clients.get_mut(caller).expect("a phone");
    let made = client.received.iter().rev().find_map(|it| {
        let Output::Done { answer, .. } = it else { return None };
        answer.channel.as_ref().map(|it| it.channel.id.clone())
    });
    let channel = made.expect("a channel");
    harness.op(caller, join(&channel));
    harness.op(caller, invite(op_args(&channel, to, "hi"), expires_ms));
    channel
}
