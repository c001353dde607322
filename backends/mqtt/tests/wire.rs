//! The wire vectors of `vectors/`: the inputs of a device, and its exact outputs.
//! `docs/WIRE-MQTT.md` has their format, so that peers in other languages can run them.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use nertc_callkit_mqtt::protocol::{Config, Input, Output, Peer, PublishResult, Qos};
use nertc_callkit_mqtt::topics::{Incoming, Topics};
use nertc_callkit_signaling::{CallType, EventKind, InviteState, Message, Operation, Record, RecordStatus};
use serde_json::{Value, json};

struct Device {
    protocol: Peer,
    topics: Topics,
    now: u64,
    last_req: u64,
    published: Vec<Value>,
    reported: Vec<Value>,
    /// Values of `$names`.
    known: BTreeMap<String, Value>,
}

impl Device {
    fn new(me: &Value) -> Device {
        let text = |key: &str| me[key].as_str().unwrap_or_default();
        let config = Config {
            single_device: me["single_device"] == true,
            busy_is_local: me["busy_is_local"] == true,
            peer_lost_ms: me["peer_lost_ms"].as_u64().unwrap_or(60_000) as u32,
            ..Config::new(text("account").into(), text("device").into(), "I".repeat(22).into())
        };
        let topics = Topics::new("nck1", &config.account, &config.device).expect("names that can be encoded");
        let protocol = Peer::new(config, [1; 32]);
        let (published, reported, known) = (Vec::new(), Vec::new(), BTreeMap::new());
        Device { protocol, topics, now: 1_000, last_req: 0, published, reported, known }
    }

    fn feed(&mut self, input: Input) {
        self.protocol.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.protocol.poll_output() {
            match output {
                Output::Publish { token, qos, topic, payload, expires_ms } => {
                    let topic = self.topics.write(&topic).expect("a topic");
                    let message: Value = serde_json::from_str(&payload).expect("JSON");
                    let mut published = json!({"topic": topic, "message": message, "expires_ms": expires_ms});
                    match qos {
                        Qos::AtMostOnce => published["qos"] = 0.into(),
                        Qos::AtLeastOnce => {
                            let result = PublishResult::Delivered;
                            self.protocol.handle(self.now, Input::Published { token, result });
                        }
                    }
                    self.published.push(published);
                }
                Output::Done { answer, .. } => {
                    let channel = answer.channel.map(|it| it.channel.id.to_string());
                    self.reported.push(match channel {
                        Some(channel) => json!({"done": answer.outcome.code.number(), "channel": channel}),
                        None => json!({"done": answer.outcome.code.number()}),
                    });
                }
                Output::Events { origin, events } => self.reported.extend(events.iter().map(|it| {
                    json!({
                        "signal": if it.kind == EventKind::PeerLost {
                            "PEER_LOST".to_owned()
                        } else {
                            format!("{:?}", it.kind).to_uppercase()
                        },
                        "source": format!("{origin:?}"),
                        "from": *it.from,
                        "device": *it.from_device,
                        "valid": !it.channel.invalid,
                    })
                })),
                Output::Record { from, id, text, .. } => {
                    self.reported.push(json!({"record": *id, "from": *from, "text": *text}));
                }
                Output::Connection { change, .. } => {
                    self.reported.push(json!({"connection": format!("{change:?}")}))
                }
                Output::Disconnect { .. } => self.reported.push(json!({"disconnect": true})),
                Output::Reconnect | Output::Watch { .. } | Output::CallActive(_) | Output::Log { .. } => {}
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.protocol.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.protocol.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn receive(&mut self, topic: &str, payload: Vec<u8>, expires_at: Option<u64>) {
        let Some(Incoming::Message { kind, from, device }) = self.topics.read(topic) else { return };
        self.feed(Input::Message { kind, from, device, payload, expires_at });
    }

    /// `expected`, with what its `$names` stand for; a name not heard of before takes what is there.
    fn is_like(&mut self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(name), actual) if name.starts_with('$') => {
                *self.known.entry(name.clone()).or_insert_with(|| actual.clone()) == *actual
            }
            (Value::Object(expected), Value::Object(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().all(|(key, it)| actual.get(key).is_some_and(|at| self.is_like(it, at)))
            }
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().zip(actual).all(|(it, at)| self.is_like(it, at))
            }
            (expected, actual) => expected == actual,
        }
    }

    /// The content of the vector, with the values of its variables.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(name) => self.known.get(name).unwrap_or(value).clone(),
            Value::Object(map) => map.iter().map(|(key, it)| (key.clone(), self.filled(it))).collect(),
            Value::Array(list) => list.iter().map(|it| self.filled(it)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn op(&mut self, asked: &Value) {
        let text = |key: &str| asked[key].as_str().unwrap_or_default();
        let message = || Message {
            channel_id: text("channel").into(),
            account: text("account").into(),
            request_id: text("request").into(),
            custom_info: text("custom").into(),
            no_offline: asked["keep"] == false,
        };
        let state = match text("op") {
            "ringing" => Some(InviteState::Ringing),
            "held" => Some(InviteState::Held),
            "dropped" => Some(InviteState::Dropped),
            _ => None,
        };
        if let Some(state) = state {
            let (channel, request) = (text("channel").into(), text("request").into());
            return self.feed(Input::InviteState { channel, request, state });
        }
        if text("op") == "abort_login" {
            return self.feed(Input::AbortLogin { req: self.last_req });
        }
        let op = match text("op") {
            "login" => Operation::Login { account: "".into(), token: "".into() },
            "logout" => Operation::Logout,
            "create" => Operation::Create { call_type: CallType::Audio },
            "join" => Operation::Join { channel_id: text("channel").into(), no_offline: false },
            "invite" => Operation::Invite { message: message(), expires_ms: 30_000, push: None },
            "cancel" => Operation::Cancel(message()),
            "accept" => Operation::Accept(message()),
            "reject" => Operation::Reject(message()),
            "leave" => message().leave(),
            "close" => message().close(),
            "control" => Operation::Control(message()),
            "record" => Operation::Record(Record {
                client_msg_id: text("id").into(),
                to: text("account").into(),
                channel_id: "".into(),
                call_type: CallType::Audio,
                status: RecordStatus::Complete,
                text: text("text").into(),
                durations: Vec::new(),
            }),
            other => panic!("what is the operation {other:?}?"),
        };
        self.last_req += 1;
        self.feed(Input::Op { req: self.last_req, op });
    }

    /// One line of a vector.
    fn step(&mut self, step: &Value) -> Result<(), String> {
        let (verb, what) = step.as_object().and_then(|it| it.iter().next()).ok_or("an empty step")?;
        let filled = self.filled(what);
        match verb.as_str() {
            "connect" => self.feed(Input::Up { resumed: false }),
            "disconnect" => self.feed(Input::Down),
            "pass_ms" => self.pass(what.as_u64().ok_or("not a number")?),
            "do" => self.op(&filled),
            "receive" => {
                let topic = filled["topic"].as_str().ok_or("no topic")?;
                let text = filled["text"].as_str().map(str::to_owned);
                let payload = text.unwrap_or_else(|| filled["message"].to_string());
                let expires_at = filled["expires_ms"].as_u64().map(|ms| self.now + ms);
                self.receive(topic, payload.into_bytes(), expires_at);
            }
            "publishes" => {
                let mut published = std::mem::take(&mut self.published);
                // When the broker may forget it is compared where the vector names it.
                for (at, published) in published.iter_mut().enumerate() {
                    if let (true, Some(published)) =
                        (what[at]["expires_ms"].is_null(), published.as_object_mut())
                    {
                        published.remove("expires_ms");
                    }
                }
                let published = Value::Array(published);
                if !self.is_like(what, &published) {
                    return Err(format!("publishes {published}\nshould publish {filled}"));
                }
            }
            "reports" => {
                let reported = Value::Array(std::mem::take(&mut self.reported));
                if !self.is_like(what, &reported) {
                    return Err(format!("reports {reported}\nshould report {filled}"));
                }
            }
            other => return Err(format!("what is the step {other:?}?")),
        }
        Ok(())
    }
}

#[test]
fn every_vector_is_obeyed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let (mut files, mut vectors, mut failed) = (0, 0, Vec::new());
    for entry in fs::read_dir(folder).expect("vectors") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("readable");
        let file: Value =
            serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        files += 1;
        for vector in file["vectors"].as_array().expect("vectors") {
            vectors += 1;
            let mut device = Device::new(&vector["me"]);
            let steps = file["before"].as_array().into_iter().flatten();
            let steps = steps.chain(vector["steps"].as_array().expect("steps"));
            for (at, step) in steps.enumerate() {
                if let Err(why) = device.step(step) {
                    failed.push(format!("{}: {}: step {at}: {why}", path.display(), vector["description"]));
                    break;
                }
            }
            let left = (device.published.len(), device.reported.len());
            if failed.is_empty() && left != (0, 0) {
                failed.push(format!(
                    "{}: {}: publishes or reports more at the end",
                    path.display(),
                    vector["description"]
                ));
            }
        }
    }
    println!("wire vectors: files {files}, vectors {vectors}, failed {}", failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(files >= 5 && vectors >= 20, "vectors are missing");
}
