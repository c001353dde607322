//! Hostile accounts. They may publish whatever an account may, from any device name, as often as
//! they like, about every id that they have received, computed, or (when informed) that anybody has used.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit_signaling::Text;
use nertc_callkit_testkit::Random;
use serde_json::{Value, json};

use super::id_prediction;
use super::plan::{FRIENDS, Plan, Style, hostile_name};

/// Every kind of message there is, and one that there is not.
pub(super) const KINDS: [&str; 16] = [
    "invite", "alert", "accept", "reject", "settled", "join", "bye", "ctl", "ack", "sync", "state", "gone",
    "hello", "mark", "rec", "later",
];

/// Where a message goes.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// All devices of this account.
    Inbox(Text),
    /// One device.
    Direct(Text, Text),
}

/// A message of a hostile account.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    /// Which of the accounts.
    pub(super) by: usize,
    pub(super) device: Text,
    pub(super) aim: Aim,
    pub(super) kind: &'static str,
    pub(super) payload: String,
    pub(super) expires_ms: u64,
}

/// Received messages: the newest last.
#[derive(Clone, Debug, Default)]
struct Known {
    channels: VecDeque<String>,
    requests: VecDeque<String>,
    ids: VecDeque<String>,
    instances: VecDeque<String>,
    devices: VecDeque<(Text, Text)>,
    payloads: VecDeque<String>,
    predicted: VecDeque<String>,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Hostile {
    random: Random,
    style: Style,
    accounts: usize,
    known: Known,
    pub(super) now: u64,
    /// Channels that were overheard and whose invites may still be in flight, and until when. Whoever
    /// knows such an id and is faster than the invite owns the channel: ids are secret for that reason, see
    /// SECURITY.md.
    on_their_way: BTreeMap<String, u64>,
    /// How long an invite may be on its way.
    invite_lasts_ms: u64,
    /// An own channel that was pushed to the end of its numbers, and by whom.
    pushed: Option<(usize, String)>,
    /// Channel and request of own invites.
    own: VecDeque<(String, String)>,
    last_id: u64,
    /// Generators of others that were found out.
    pub(super) predicted_streams: u64,
    /// Messages by kind that an MQTT peer has accepted.
    pub(super) accepted: BTreeMap<&'static str, u64>,
    /// What to send at the next opportunity.
    pub(super) pending: Vec<Shot>,
    /// Accounts that have called a hostile account: channel and request, by device.
    pub(super) calls: BTreeMap<usize, (String, String)>,
}

fn keep<T: PartialEq>(list: &mut VecDeque<T>, item: T, limit: usize) {
    if list.contains(&item) {
        return;
    }
    list.push_back(item);
    if list.len() > limit {
        list.pop_front();
    }
}

/// A text between apps that is nested 1,000 deep.
fn nested_text() -> String {
    format!("{{\"cid\":1001,\"n\":1,\"d\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000))
}

const CUSTOMS: [&str; 18] = [
    "",
    "{}",
    "601",
    "i_am_busy",
    r#"{"reason":3}"#,
    r#"{"reason":2}"#,
    r#"{"reason":0,"glare":true}"#,
    r#"{"callType":0,"version":"1.8.1","channelName":"x|0|1","callId":"c","_attachment":"","reason":0}"#,
    r#"{"callType":1,"version":"1.8.1","channelName":"x|0|1","callId":"c"}"#,
    r#"{"cid":1}"#,
    r#"{"cid":2,"type":2}"#,
    r#"{"cid":3,"type":2,"state":1}"#,
    r#"{"cid":3,"type":1,"state":2}"#,
    r#"{"cid":1000,"n":1,"d":{"sdp":"evil"}}"#,
    r#"{"cid":1001,"n":1,"d":"evil"}"#,
    r#"{"cid":1001,"n":4294967295,"d":[[[[[[[[[[]]]]]]]]]]}"#,
    r#"{"cid":1001,"d":}"#,
    "[[[[[[[[[[[[",
];

impl Hostile {
    pub(super) fn new(plan: &Plan) -> Hostile {
        Hostile {
            random: Random::new(plan.seed ^ 0x0bad),
            style: plan.style,
            accounts: plan.hostile_accounts,
            known: Known::default(),
            now: 0,
            on_their_way: BTreeMap::new(),
            invite_lasts_ms: if plan.is_healthy() { 3 * plan.max_delay_ms } else { u64::MAX / 2 },
            pushed: None,
            own: VecDeque::new(),
            last_id: 0,
            predicted_streams: 0,
            accepted: BTreeMap::new(),
            pending: Vec::new(),
            calls: BTreeMap::new(),
        }
    }

    /// Milliseconds to the next message.
    pub(super) fn pause(&mut self) -> u64 {
        let most = match self.style {
            Style::Mixed | Style::Answers | Style::Repeats | Style::Predictions => 90,
            Style::Invites => 60,
            Style::Wills => 160,
            // Bursts far beyond the rate limit.
            Style::Extremes if self.random.chance(990) => 40,
            Style::Extremes => 6_000,
        };
        if self.style == Style::Extremes && self.random.chance(700) { 0 } else { 1 + self.random.below(most) }
    }

    /// It knows an incarnation of a device.
    pub(super) fn has_received(&self) -> bool {
        !self.known.instances.is_empty()
    }

    /// A message that was sent to a hostile account, or that an informed one has seen.
    pub(super) fn on_received(&mut self, account: &Text, device: &Text, payload: &str) {
        let Ok(value) = serde_json::from_str::<Value>(payload) else { return };
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        keep(&mut self.known.devices, (account.clone(), device.clone()), 8);
        keep(&mut self.known.payloads, payload.to_owned(), 24);
        text(&value, "cid").into_iter().for_each(|it| keep(&mut self.known.channels, it, 12));
        text(&value, "id").into_iter().for_each(|it| keep(&mut self.known.ids, it, 24));
        text(&value, "inst").into_iter().for_each(|it| keep(&mut self.known.instances, it, 8));
        let request = value.get("b").and_then(|body| text(body, "rid"));
        request.into_iter().for_each(|it| keep(&mut self.known.requests, it, 12));
    }

    /// A message to a hostile account: a query about an own invite is answered.
    pub(super) fn receives(&mut self, by: usize, from: usize, account: &Text, device: &Text, payload: &str) {
        self.on_received(account, device, payload);
        let Ok(value) = serde_json::from_str::<Value>(payload) else { return };
        let channel = value["cid"].as_str().unwrap_or_default().to_owned();
        if value["k"] == "invite" {
            let request = value["b"]["rid"].as_str().unwrap_or_default().to_owned();
            self.calls.entry(from).or_insert((channel.clone(), request));
        }
        if value["k"] == "alert" && value["b"]["asks"] == true && self.random.chance(800) {
            let id = self.fresh("id");
            let payload = json!({"v": 1, "k": "state", "id": id, "inst": "m", "cid": channel}).to_string();
            let aim = Aim::Direct(account.clone(), device.clone());
            self.push(by, "phone".into(), aim, "state", payload);
        }
        if self.style == Style::Predictions {
            let id = value["id"].as_str().unwrap_or_default();
            let after = id_prediction::ids_after(id, 240);
            self.predicted_streams += u64::from(!after.is_empty());
            if !after.is_empty() {
                self.known.predicted = after.into();
            }
        }
    }

    /// An informed account has seen a message between the two: it acts on it before it arrives.
    pub(super) fn overhears(&mut self, account: &Text, device: &Text, payload: &str) {
        self.on_received(account, device, payload);
        let value = serde_json::from_str::<Value>(payload).unwrap_or_default();
        if value["k"] == "invite" {
            let channel = value["cid"].as_str().unwrap_or_default().to_owned();
            self.on_their_way.insert(channel, self.now + self.invite_lasts_ms);
        }
        let eager = matches!(self.style, Style::Answers | Style::Repeats | Style::Mixed);
        if !eager || !self.random.chance(350) {
            return;
        }
        if self.style == Style::Repeats || self.random.chance(200) {
            self.repeat();
        } else {
            let kind = *self.random.pick(&KINDS);
            self.send_message(kind);
        }
    }

    /// What it sends now.
    pub(super) fn acts(&mut self) -> Vec<Shot> {
        let kind = *self.random.pick(&KINDS);
        match self.style {
            Style::Extremes if self.random.chance(60) => self.push_numbers(),
            Style::Extremes if self.random.chance(20) => self.flood_texts(),
            Style::Mixed | Style::Extremes => self.send_message(kind),
            Style::Invites if self.random.chance(300) => self.send_message(kind),
            Style::Invites => self.invite_for_ever(),
            Style::Predictions => self.predict(kind),
            Style::Wills if self.random.chance(400) => self.send_message("invite"),
            Style::Wills => self.send_message(kind),
            Style::Answers => {
                let answers = ["settled", "bye", "gone", "ack", "accept", "reject", "state", "join", "ctl"];
                let kind = if self.random.chance(700) { *self.random.pick(&answers) } else { kind };
                self.send_message(kind);
            }
            Style::Repeats if self.random.chance(600) => self.repeat(),
            Style::Repeats => self.send_message(kind),
        }
        std::mem::take(&mut self.pending)
    }

    fn push(&mut self, by: usize, device: Text, aim: Aim, kind: &'static str, payload: String) {
        let expires_ms = *self.random.pick(&[1_000, 30_000, 180_000]);
        self.pending.push(Shot { by, device, aim, kind, payload, expires_ms });
    }

    fn fresh(&mut self, what: &str) -> String {
        self.last_id += 1;
        format!("m-{what}-{}", self.last_id)
    }

    fn one_of(&mut self, list: &VecDeque<String>) -> Option<String> {
        // The newest are the ones that matter.
        let length = list.len() as u64;
        let depth = if self.random.chance(500) { length.min(2) } else { length };
        (depth > 0).then(|| list[list.len() - 1 - self.random.below(depth) as usize].clone())
    }

    fn aim(&mut self) -> Aim {
        let devices = self.known.devices.clone();
        let is_direct = !devices.is_empty() && self.random.chance(500);
        match is_direct {
            true => {
                let (account, device) = self.random.pick(devices.as_slices().0).clone();
                Aim::Direct(account, device)
            }
            false => Aim::Inbox((*self.random.pick(&FRIENDS)).into()),
        }
    }

    /// The device level of a topic is free text of the sender.
    fn device(&mut self) -> Text {
        let names: Vec<Text> = self.known.devices.iter().map(|it| it.1.clone()).collect();
        match self.random.below(10) {
            0..4 => "phone".into(),
            4..7 if !names.is_empty() => self.random.pick(&names).clone(),
            7 => "m".repeat(64).into(),
            8 => format!("m{}", self.random.below(100_000)).into(),
            _ => "tablet".into(),
        }
    }

    fn invite_for_ever(&mut self) {
        let by = self.random.below(self.accounts as u64) as usize;
        let is_repeat = self.random.chance(300) && !self.own.is_empty();
        let (channel, request) = match is_repeat {
            true => self.random.pick(self.own.make_contiguous()).clone(),
            false => (self.fresh("cid"), self.fresh("rid")),
        };
        keep(&mut self.own, (channel.clone(), request.clone()), 64);
        let aim = Aim::Inbox((*self.random.pick(&FRIENDS)).into());
        let ids = json!({"id": self.fresh("id"), "cid": channel});
        if self.random.chance(500) {
            // Ended before it was sent, so that a core ignores it.
            let body = json!({"rid": request, "how": "cancel", "by": "", "custom": "", "uid": 1, "type": 1});
            let word = json!({"v": 1, "k": "settled", "id": self.fresh("id"), "inst": "m", "cid": channel,
                "b": body});
            self.push(by, "phone".into(), aim.clone(), "settled", word.to_string());
        }
        let custom = *self.random.pick(&CUSTOMS);
        let body = json!({"rid": request, "type": 1, "custom": custom, "uid": 7, "keep": true,
            "ring": 120_000});
        let invite =
            json!({"v": 1, "k": "invite", "id": ids["id"], "inst": "m", "cid": ids["cid"], "b": body});
        self.push(by, "phone".into(), aim, "invite", invite.to_string());
    }

    /// The highest numbers there are, in a channel of its own, and then one message more. The channel may
    /// be gone a moment later, so all of it is sent at once: a bye releases what waits before it, and is
    /// itself a repeat. What that does not release waits for its gap: one message more, later.
    fn push_numbers(&mut self) {
        let pushed = self.pushed.take().filter(|_| self.random.chance(500));
        let is_pushed = pushed.is_some();
        let (by, channel) = pushed.unwrap_or_else(|| (0, self.fresh("cid")));
        let aim = Aim::Inbox((*self.random.pick(&FRIENDS)).into());
        let body = json!({"rid": self.fresh("rid"), "type": 1, "custom": "{}", "uid": 7, "keep": true,
            "ring": 120_000});
        let highest = *self.random.pick(&[u32::MAX, i32::MAX as u32]);
        let burst: &[(&'static str, u32)] =
            &[("invite", 0), ("ctl", highest), ("bye", highest), ("ctl", 1), ("ctl", highest)];
        for (kind, number) in if is_pushed { &burst[3..4] } else { burst } {
            let payload = json!({"v": 1, "k": kind, "id": self.fresh("id"), "inst": "m", "cid": channel,
                "n": number, "b": body});
            self.push(by, "phone".into(), aim.clone(), kind, payload.to_string());
        }
        self.pushed = Some((by, channel));
    }

    /// Texts for media backends and apps, far more than a call may have at once.
    fn flood_texts(&mut self) {
        let (channel, _) = self.call();
        let aim = self.aim();
        for number in 0..100 {
            let text = json!({"cid": 1000 + number % 2, "n": number / 2, "d": {"flood": number}}).to_string();
            let custom = if number == 50 { nested_text() } else { text };
            let payload = json!({"v": 1, "k": "ctl", "id": self.fresh("id"), "inst": "m", "cid": channel,
                "b": {"custom": custom}});
            self.push(0, "phone".into(), aim.clone(), "ctl", payload.to_string());
        }
    }

    /// Obtains an id, and sends all that follow from it.
    fn predict(&mut self, kind: &'static str) {
        let Some(id) = self.known.predicted.pop_front() else {
            let kind = if self.random.chance(500) { "sync" } else { kind };
            return self.send_message(kind);
        };
        for friend in FRIENDS {
            let payload = json!({"v": 1, "k": "later", "id": id, "inst": "m"}).to_string();
            self.push(0, "phone".into(), Aim::Inbox(friend.into()), "later", payload);
        }
    }

    /// Received messages, in its own name.
    fn repeat(&mut self) {
        let payloads = self.known.payloads.clone();
        let Some(payload) = self.one_of(&payloads) else { return self.send_message("invite") };
        let kind = serde_json::from_str::<Value>(&payload).unwrap_or_default();
        if kind["k"] == "invite" && !self.may_claim(kind["cid"].as_str().unwrap_or_default()) {
            return self.send_message("invite");
        }
        let kind = KINDS.iter().find(|it| kind["k"] == **it).copied().unwrap_or("later");
        let (by, aim) = (self.random.below(self.accounts as u64) as usize, self.aim());
        let device = self.device();
        self.push(by, device, aim, kind, payload);
    }

    /// A message of this kind.
    fn send_message(&mut self, kind: &'static str) {
        let by = self.random.below(self.accounts as u64) as usize;
        let (mut channel, request) = self.call();
        if kind == "invite" {
            if !self.may_claim(&channel) {
                channel = self.fresh("cid");
            }
            keep(&mut self.own, (channel.clone(), request.clone()), 64);
        }
        let (ids, predicted) = (self.known.ids.clone(), self.known.predicted.clone());
        let id = match self.random.below(10) {
            0..2 => self.one_of(&ids),
            2..4 => self.one_of(&predicted),
            _ => None,
        };
        let id = id.unwrap_or_else(|| self.fresh("id"));
        let instances = self.known.instances.clone();
        let is_named = self.random.chance(300);
        let instance = self.one_of(&instances).filter(|_| is_named).unwrap_or_else(|| "m".to_owned());
        let mut all = json!({"v": 1, "k": kind, "id": id, "inst": instance, "cid": channel});
        let extreme = self.style == Style::Extremes;
        if self.random.chance(if extreme { 800 } else { 400 }) {
            let numbers = [
                json!(0),
                json!(1),
                json!(2),
                json!(3),
                json!(u32::MAX),
                json!(u32::MAX - 1),
                json!(1_u64 << 32),
                json!(u64::MAX),
                json!(-1),
                json!("x"),
            ];
            let most = if extreme { numbers.len() } else { 6 };
            all["n"] = self.random.pick(&numbers[..most]).clone();
        }
        if self.random.chance(200) {
            all["to"] = json!(self.one_of(&instances).unwrap_or_default());
        }
        if kind == "ack" {
            all["re"] = json!(self.one_of(&ids).unwrap_or_else(|| "m".to_owned()));
        }
        if kind == "hello" {
            all["epoch"] = self.random.pick(&[json!(0), json!(1), json!(u64::MAX)]).clone();
        }
        all["b"] = self.body(kind, &request);
        let (device, aim) = (self.device(), self.aim());
        let mut payload = all.to_string();
        if extreme && self.random.chance(50) {
            payload = self.spoil(payload);
        }
        self.push(by, device, aim, kind, payload);
    }

    /// No invite of this channel can still be on its way.
    fn may_claim(&self, channel: &str) -> bool {
        self.on_their_way.get(channel).is_none_or(|until| *until < self.now)
    }

    /// A channel and a request: of others, own ones, new ones.
    fn call(&mut self) -> (String, String) {
        let (channels, requests) = (self.known.channels.clone(), self.known.requests.clone());
        match self.random.below(10) {
            0..5 => {
                let channel = self.one_of(&channels).unwrap_or_else(|| self.fresh("cid"));
                let request = self.one_of(&requests).unwrap_or_else(|| self.fresh("rid"));
                (channel, request)
            }
            5..8 if !self.own.is_empty() => self.random.pick(self.own.make_contiguous()).clone(),
            8 => (String::new(), self.fresh("rid")),
            _ => (self.fresh("cid"), self.fresh("rid")),
        }
    }

    fn body(&mut self, kind: &str, request: &str) -> Value {
        let custom = match self.random.below(40) {
            0 if self.style == Style::Extremes => "x".repeat(5_000),
            1 => format!("{{\"x\":\"{}\"}}", "\u{202e}\n".repeat(200)),
            2 if self.style == Style::Extremes => nested_text(),
            _ => (*self.random.pick(&CUSTOMS)).to_owned(),
        };
        let number =
            self.random.pick(&[json!(0), json!(1), json!(2), json!(i64::MAX), json!(u64::MAX)]).clone();
        let names: Vec<Text> = self.known.devices.iter().map(|it| it.1.clone()).collect();
        let by = if names.is_empty() { "".into() } else { self.random.pick(&names).clone() };
        let yes = self.random.chance(500);
        match kind {
            "invite" => json!({"rid": request, "type": number, "custom": custom, "uid": number, "keep": yes,
                "ring": self.random.pick(&[json!(0), json!(1), json!(60_000), json!(u64::MAX)])}),
            "alert" => json!({"rid": request, "asks": yes, "rings": self.random.chance(500)}),
            "accept" => json!({"rid": request, "custom": custom}),
            "reject" => json!({"rid": request, "custom": custom, "local": yes}),
            "settled" => {
                let how = *self.random.pick(&["accept", "reject", "cancel", "close"]);
                json!({"rid": request, "how": how, "by": &*by, "custom": custom, "uid": number,
                    "type": number})
            }
            "join" => json!({"uid": number}),
            "bye" => json!({"how": if yes { "leave" } else { "close" }, "custom": custom}),
            "ctl" => json!({"custom": custom}),
            "rec" => json!({"text": r#"{"type":1,"channelId":"x","status":1,"durations":[]}"#}),
            _ => json!({}),
        }
    }

    fn spoil(&mut self, payload: String) -> String {
        let at = self.random.below(payload.len() as u64) as usize;
        match self.random.below(3) {
            0 => payload.chars().take(at).collect(),
            1 => "[".repeat(2_000),
            _ => payload + &" ".repeat(20_000),
        }
    }

    pub(super) fn name(by: usize) -> Text {
        hostile_name(by)
    }
}
