//! Attachments: text to values and back. Pure, total, never panics.
//!
//! We send what every generation of NetEase's clients understands and read what any of them sends: unknown
//! keys are ignored, text that is not a JSON object counts as `{}`, a value of the wrong type as that key's
//! default.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::input::SwitchStep;
use super::limits;
use nertc_callkit_signaling::{CallType, Text};

/// Our version: three numbers, the first two at least 1, because older peers compare component by
/// component and take 2.0.0 for older than 1.1.0.
pub const VERSION: &str = "1.8.1";

/// Busy, as clients up to 1.5 send it.
pub const BUSY: &str = "601";

/// Why an invite was rejected or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// 0: a person did.
    Plain,
    /// 2: it rang out.
    Timeout,
    /// 3: busy.
    Busy,
}

/// The contents of an attachment, with defaults for missing keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attachment {
    /// The version text, if there is one.
    pub version: Option<Text>,
    /// Name of the media room, or empty.
    pub channel_name: Text,
    /// The sender's call id, or empty.
    pub call_id: Text,
    /// What the app attached: its text, or JSON text.
    pub attachment: Text,
    /// A group call.
    pub group: bool,
    /// The number behind `reason`.
    pub reason: i64,
    /// A cancel that only ends a glare: the call continues with another device.
    pub glare: bool,
    /// Kind of a control message, 0 = none.
    pub cid: i64,
    /// Call type of a control message.
    pub call_type: Option<i64>,
    /// Step of a type switch.
    pub state: Option<i64>,
    /// The sender's app takes data.
    pub data: bool,
    /// The sender's media protocol; None: it has none.
    pub rtc: Option<Text>,
}

/// What our invites and accepts announce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities<'a> {
    /// Our app takes data.
    pub data: bool,
    /// Our media protocol, or empty.
    pub rtc: &'a str,
}

/// The endpoints of a text between peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// Control 1000: the media backends.
    Media,
    /// Control 1001: the apps.
    App,
}

impl TextKind {
    fn cid(self) -> i64 {
        match self {
            TextKind::Media => 1_000,
            TextKind::App => 1_001,
        }
    }
}

impl Attachment {
    /// A client from before 1.1.0, by its version alone: it waits for, or sends, control 1.
    pub fn is_old_version(&self) -> bool {
        let Some(version) = &self.version else { return true };
        let mut numbers = version.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(a)), Some(Ok(b)), Some(Ok(c)), None) => (a, b, c) < (1, 1, 0),
            _ => false,
        }
    }

    /// An inviter from before 1.1.0: by its version, or because it names no usable media room.
    pub fn is_old_invite(&self) -> bool {
        self.is_old_version() || self.channel_name.is_empty()
    }

    /// Call type requested by a control message; 0 is video (iOS 1.1.0 sends its own enum).
    pub fn wanted_type(&self) -> Option<CallType> {
        match self.call_type {
            Some(0 | 2) => Some(CallType::Video),
            Some(1) => Some(CallType::Audio),
            Some(_) | None => None,
        }
    }

    /// Step of a type switch; a missing one is an invitation.
    pub fn step(&self) -> Option<SwitchStep> {
        match self.state {
            None | Some(1) => Some(SwitchStep::Invite),
            Some(2) => Some(SwitchStep::Agree),
            Some(3) => Some(SwitchStep::Reject),
            Some(_) => None,
        }
    }
}

/// Why a REJECT or CANCEL came, from its whole attachment.
pub fn reason(custom_info: &str, attachment: &Attachment) -> Reason {
    match custom_info.trim() {
        BUSY | "i_am_busy" => Reason::Busy,
        _ => match attachment.reason {
            2 => Reason::Timeout,
            3 => Reason::Busy,
            _ => Reason::Plain,
        },
    }
}

/// Reads an attachment.
pub fn read(custom_info: &str) -> Attachment {
    let Some(members) = object(custom_info) else { return Attachment::default() };
    let text = |key: &str| members.get(key).and_then(string).map(Text::from);
    let number = |key: &str| members.get(key).and_then(|json| json.parse::<i64>().ok());
    let within = |text: Option<Text>, limit: usize| text.filter(|t| t.len() <= limit).unwrap_or_default();
    Attachment {
        version: text("version").filter(|v| v.len() <= limits::ID),
        channel_name: within(text("channelName"), limits::RTC_CHANNEL),
        call_id: within(text("callId"), limits::ID),
        attachment: app_text(&members),
        group: number("callType") == Some(1),
        reason: number("reason").unwrap_or(0),
        glare: members.get("glare") == Some("true"),
        cid: number("cid").unwrap_or(0),
        call_type: number("type"),
        state: number("state"),
        data: number("data") == Some(1),
        rtc: text("rtc").filter(|rtc| rtc.len() <= limits::MEDIA_PROTOCOL),
    }
}

/// A text between peers: its endpoints, its sequence number (0 = none), and the text.
pub fn read_peer_text(custom: &str) -> Option<(TextKind, (u64, &str))> {
    let members = object(custom)?;
    let kind = match members.get("cid")? {
        "1000" => TextKind::Media,
        "1001" => TextKind::App,
        _ => return None,
    };
    let number = members.get("n").and_then(|json| json.parse::<u32>().ok()).unwrap_or(0);
    Some((kind, (number.into(), members.get("d").unwrap_or_default())))
}

/// A text from peer to peer.
pub fn peer_text(kind: TextKind, number: u64, json: &str) -> Text {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    Object::new().number("cid", kind.cid()).number("n", number).raw("d", json.trim()).end()
}

/// A JSON value that can travel as one: not nested too deep.
pub fn is_value(text: &str) -> bool {
    members(text, limits::JSON_DEPTH).is_some() && is_json(text)
}

/// The members of an object: keys, and values as their JSON text.
pub struct Members<'a>(
    /// In the order of the text; keys may repeat.
    pub Vec<(Cow<'a, str>, &'a str)>,
);

impl<'a> Members<'a> {
    /// The value of a key; the last one counts.
    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, json)| *json)
    }
}

/// The contents of a JSON text, if it is a string.
pub fn string(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// The members of an attachment; None if it is not an object or nested too deep.
pub fn object(custom_info: &str) -> Option<Members<'_>> {
    if custom_info.len() > limits::CUSTOM || !custom_info.trim_start().starts_with('{') {
        return None;
    }
    // One level is the protocol's own.
    let members = members(custom_info, limits::JSON_DEPTH + 1)?;
    is_json(custom_info).then_some(members)
}

/// Whether this is one JSON value and nothing else.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Takes an object apart; None if it is nested deeper than `deepest`. Malformed text is for the parser.
pub fn members(json: &str, deepest: usize) -> Option<Members<'_>> {
    let mut found = Vec::with_capacity(8);
    let (mut key, mut start) = (Cow::Borrowed(""), 0);
    let (mut at, mut depth) = (0, 0usize);
    while let Some(byte) = json.as_bytes().get(at) {
        match byte {
            b'"' => at += string_length(&json.as_bytes()[at + 1..]),
            b'{' | b'[' => {
                depth += 1;
                if depth > deepest {
                    return None;
                }
                if depth == 1 {
                    start = at + 1;
                }
            }
            b':' if depth == 1 => {
                key = string(json[start..at].trim_ascii()).unwrap_or_default();
                start = at + 1;
            }
            b',' | b'}' | b']' => {
                if depth == 1 && start < at {
                    found.push((std::mem::take(&mut key), json[start..at].trim_ascii()));
                    start = at + 1;
                }
                if *byte != b',' {
                    depth = depth.saturating_sub(1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Some(Members(found))
}

/// How many bytes a string takes after its opening quote, the closing one included.
pub fn string_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\')))
    {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The app's attachment: a string as it is, anything else as its JSON text.
fn app_text(members: &Members<'_>) -> Text {
    let json = ["_attachment", "extraInfo"]
        .into_iter()
        .find_map(|key| members.get(key).filter(|json| *json != "null"));
    json.map(|json| string(json).unwrap_or(Cow::Borrowed(json)).into()).unwrap_or_default()
}

/// The texts of an own invite, from which invite and cancel are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Outgoing<'a> {
    /// Media room.
    pub channel_name: &'a str,
    /// Call id.
    pub call_id: &'a str,
    /// The app's attachment.
    pub attachment: Option<&'a str>,
    /// global_extra.
    pub extra: Option<&'a str>,
    /// 0 or 2.
    pub reason: i64,
    /// The cancel of a glare.
    pub glare: bool,
    /// Of an invite: what we can.
    pub capabilities: Capabilities<'a>,
}

/// Invite or cancel. What does not fit is left out, the app's attachment last: `extraInfo` repeats it for
/// clients of 1.6 and later, which also read `_attachment`.
pub fn outgoing(message: &Outgoing<'_>) -> Text {
    let base = || {
        let object = Object::new()
            .number("callType", 0)
            .text("version", VERSION)
            .text("channelName", message.channel_name)
            .text("callId", message.call_id)
            .number("reason", message.reason);
        let object = object.capabilities(&message.capabilities);
        if message.glare { object.raw("glare", "true") } else { object }
    };
    let with = |object: Object, keys: &[&str], value: Option<&str>| match value {
        Some(value) => keys.iter().fold(object, |object, key| match *key {
            "_attachment" => object.app(key, value),
            _ => object.text(key, value),
        }),
        None => object,
    };
    // For clients of 1.6 and later `extraInfo` and `global_extra` are text, whatever the text holds.
    let attempts: [(&[&str], bool); 3] =
        [(&["_attachment", "extraInfo"], true), (&["_attachment"], true), (&[], false)];
    for (keys, extra) in attempts {
        let object = with(base(), keys, message.attachment);
        let object = with(object, if extra { &["global_extra"] } else { &[] }, message.extra);
        if object.len() <= limits::CUSTOM {
            return object.end();
        }
    }
    base().end()
}

/// Whether an invite or a cancel with these texts stays within the limit, whatever ids it gets.
pub fn invite_fits(attachment: Option<&str>, extra: Option<&str>) -> bool {
    // No byte takes more than six in JSON, and all that is ours takes less than 512.
    if 6 * (attachment.map_or(0, str::len) + extra.map_or(0, str::len)) + 512 <= limits::CUSTOM {
        return true;
    }
    invite_bytes(attachment, extra) <= limits::CUSTOM
}

/// How long an invite or a cancel with these texts can get on the wire, with the longest ids.
pub fn invite_bytes(attachment: Option<&str>, extra: Option<&str>) -> usize {
    let mut object = Object::new()
        .number("callType", 0)
        .text("version", VERSION)
        .text("channelName", &"x".repeat(limits::RTC_CHANNEL))
        .text("callId", &"x".repeat(limits::ID))
        .number("reason", 0)
        .raw("glare", "true")
        .capabilities(&Capabilities { data: true, rtc: &"x".repeat(limits::MEDIA_PROTOCOL) });
    if let Some(text) = attachment {
        object = object.app("_attachment", text);
    }
    if let Some(text) = extra {
        object = object.text("global_extra", text);
    }
    object.len()
}

/// The end of a call that was accepted, or of a channel: call-kit 2.0 reads it as JSON. A text that does not
/// fit twice is sent once, one that does not fit at all is left out. `rtc`: the own, incompatible media.
pub fn ending(text: Option<&str>, rtc: Option<&str>) -> Text {
    let base = || {
        let object = Object::new().text("version", VERSION).number("reason", 0);
        rtc.into_iter().fold(object, |object, rtc| object.text("rtc", rtc))
    };
    if let Some(text) = text {
        let once = || base().app("_attachment", text);
        let fits = |object: &Object| object.len() <= limits::CUSTOM;
        if let Some(object) = Some(once().text("extraInfo", text)).filter(fits).or(Some(once()).filter(fits))
        {
            return object.end();
        }
    }
    base().end()
}

/// The answer to an invite: the keys that we know of it, with our version and `reason`; the bare minimum if
/// that is too long.
pub fn reply(invite: &str, reason: i64) -> Text {
    reply_with(invite, reason, None)
}

/// The same for a device that alone is busy.
pub fn reply_local(invite: &str) -> Text {
    reply_and(invite, 3, |object| object.raw("local", "true"))
}

/// The same for a device whose media is incompatible with the inviter's.
pub fn reply_other_media(invite: &str, own: &str) -> Text {
    reply_and(invite, 3, |object| object.raw("local", "true").text("rtc", own))
}

/// Yes, and what we can.
pub fn accept(invite: &str, own: &Capabilities<'_>) -> Text {
    reply_and(invite, 0, |object| object.capabilities(own))
}

fn reply_and(invite: &str, reason: i64, more: impl Fn(Object) -> Object) -> Text {
    let open = |reply: Text| Object(reply.strip_suffix('}').unwrap_or(&reply).into());
    let all = more(open(reply(invite, reason)));
    let fitting = if all.len() <= limits::CUSTOM { all } else { more(open(reply("", reason))) };
    fitting.end()
}

/// The same with a text of the app instead of the invite's. If that is too long, the call's name and
/// the text, which fits if `invite_fits` returns true.
pub fn reply_with(invite: &str, reason: i64, text: Option<&str>) -> Text {
    let minimum = || match reason {
        0 => Object::new().text("version", VERSION),
        _ => Object::new().text("version", VERSION).number("reason", reason),
    };
    let Some(members) = object(invite) else { return minimum().end() };
    let echo = |keys: &[&str]| {
        let object = Object::new().text("version", VERSION).number("reason", reason);
        keys.iter().fold(object, |object, key| match members.get(key) {
            Some(json) => object.raw(key, json),
            None => object,
        })
    };
    let attempts = match text {
        None => {
            let all = ["callType", "channelName", "_attachment", "extraInfo", "callId", "global_extra"];
            [Some(echo(&all)), None]
        }
        Some(text) => {
            let others = echo(&["callType", "channelName", "callId", "global_extra"]);
            let names = echo(&["callType", "channelName", "callId"]);
            let both = others.app("_attachment", text).text("extraInfo", text);
            [Some(both), Some(names.app("_attachment", text))]
        }
    };
    let fitting = attempts.into_iter().flatten().find(|object| object.len() <= limits::CUSTOM);
    fitting.unwrap_or_else(minimum).end()
}

/// Control 1: "I am in the media room, join now" (clients before 1.1.0).
pub fn control_joined() -> Text {
    Object::new().number("cid", 1).end()
}

/// Control 2: "I have switched" (1.0 to 1.6).
pub fn control_switched(call_type: CallType) -> Text {
    Object::new().number("cid", 2).number("type", type_number(call_type)).end()
}

/// Control 3: a step of a type switch (1.6.1 and later).
pub fn control_switch(call_type: CallType, step: SwitchStep, call_id: &str) -> Text {
    let state = match step {
        SwitchStep::Invite => 1,
        SwitchStep::Agree => 2,
        SwitchStep::Reject => 3,
    };
    Object::new()
        .number("cid", 3)
        .number("type", type_number(call_type))
        .number("state", state)
        .number("callType", 0)
        .text("version", VERSION)
        .text("callId", call_id)
        .end()
}

/// The call record (NIM message type 12).
pub fn record(call_type: CallType, channel_id: &str, status: i32, durations: &[(Text, u32)]) -> Text {
    let mut list = Vec::from(*b"[");
    for (index, (account, seconds)) in durations.iter().enumerate() {
        if index > 0 {
            list.push(b',');
        }
        let entry = Object::new().text("accid", account).number("duration", i64::from(*seconds));
        list.extend_from_slice(&entry.bytes());
    }
    list.push(b']');
    Object::new()
        .number("type", type_number(call_type))
        .text("channelId", channel_id)
        .number("status", i64::from(status))
        .raw("durations", &list)
        .end()
}

fn type_number(call_type: CallType) -> i64 {
    match call_type {
        CallType::Audio => 1,
        CallType::Video => 2,
        CallType::Other => 3,
    }
}

/// An app's text that travels as JSON: an object or an array that is not nested too deep.
pub fn embeds(text: &str) -> bool {
    let text = text.trim();
    // One level is our own; with one too many the peer could read nothing of it all.
    let is_shallow = |json| members(json, limits::JSON_DEPTH - 1).is_some();
    text.starts_with(['{', '[']) && is_shallow(text) && is_json(text)
}

/// A JSON object in the making; `len` counts the closing brace.
struct Object(Vec<u8>);

impl Object {
    fn new() -> Object {
        Object(Vec::with_capacity(256))
    }

    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(if self.0.is_empty() { b"{\"" } else { b",\"" });
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn raw(mut self, key: &str, json: impl AsRef<[u8]>) -> Object {
        self.key(key);
        self.0.extend_from_slice(json.as_ref());
        self
    }

    fn text(mut self, key: &str, text: &str) -> Object {
        self.key(key);
        // Writing a string to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut self.0, text);
        self
    }

    fn number(mut self, key: &str, number: i64) -> Object {
        self.key(key);
        // As above.
        let _ = serde_json::to_writer(&mut self.0, &number);
        self
    }

    /// An app's text: a JSON object or array travels as JSON, anything else as a string.
    fn app(self, key: &str, text: &str) -> Object {
        if embeds(text) { self.raw(key, text.trim()) } else { self.text(key, text) }
    }

    fn capabilities(self, own: &Capabilities<'_>) -> Object {
        let object = if own.data { self.number("data", 1) } else { self };
        if own.rtc.is_empty() { object } else { object.text("rtc", own.rtc) }
    }

    fn len(&self) -> usize {
        self.0.len() + 1
    }

    fn bytes(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn end(self) -> Text {
        std::str::from_utf8(&self.bytes()).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests;
