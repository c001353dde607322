//! Attachments: text to values and back. Pure, total, never panics.
//!
//! We send what every generation of NetEase's clients understands and read what any of them sends: unknown
//! keys are ignored, text that is not a JSON object counts as `{}`, a value of the wrong type as that key's
//! default.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::input::SwitchStep;
use super::limits;
use nertc_callkit_signaling::json::{self, object::ObjectWriter};
use nertc_callkit_signaling::{CallType, Text};

macro_rules! version {
    () => {
        "1.8.1"
    };
}

/// Our version: three numbers, the first two at least 1, because older peers compare component by
/// component and take 2.0.0 for older than 1.1.0.
pub const VERSION: &str = version!();

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
pub struct Attachment<'a> {
    /// The version text, if there is one.
    pub version: Option<Cow<'a, str>>,
    /// Name of the media room, or empty.
    pub channel_name: Cow<'a, str>,
    /// The sender's call id, or empty.
    pub call_id: Cow<'a, str>,
    /// What the app attached: its text, or JSON text.
    pub attachment: Cow<'a, str>,
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
    pub rtc: Option<Cow<'a, str>>,
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

    fn from_cid(cid: i64) -> Option<TextKind> {
        [TextKind::Media, TextKind::App].into_iter().find(|kind| kind.cid() == cid)
    }
}

impl Attachment<'_> {
    /// A client from before 1.1.0, by its version alone: it waits for, or sends, control 1.
    pub fn is_old_version(&self) -> bool {
        let Some(version) = &self.version else { return true };
        if version == VERSION {
            return false;
        }
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
pub fn reason(custom_info: &str, attachment: &Attachment<'_>) -> Reason {
    match custom_info.trim() {
        BUSY | "i_am_busy" => Reason::Busy,
        _ => match attachment.reason {
            2 => Reason::Timeout,
            3 => Reason::Busy,
            _ => Reason::Plain,
        },
    }
}

/// Reads an attachment. Of a key that is repeated the last one counts.
pub fn read(custom_info: &str) -> Attachment<'_> {
    let mut attachment = Attachment::default();
    let mut app = [None, None];
    let is_object = object(custom_info, |key, json| match &*key {
        "version" => attachment.version = text(json).filter(|text| text.len() <= limits::ID),
        "channelName" => attachment.channel_name = text_within(json, limits::RTC_CHANNEL),
        "callId" => attachment.call_id = text_within(json, limits::ID),
        "_attachment" => app[0] = Some(json),
        "extraInfo" => app[1] = Some(json),
        "callType" => attachment.group = number(json) == Some(1),
        "reason" => attachment.reason = number(json).unwrap_or(0),
        "glare" => attachment.glare = json == "true",
        "cid" => attachment.cid = number(json).unwrap_or(0),
        "type" => attachment.call_type = number(json),
        "state" => attachment.state = number(json),
        "data" => attachment.data = number(json) == Some(1),
        "rtc" => attachment.rtc = text(json).filter(|text| text.len() <= limits::MEDIA_PROTOCOL),
        _ => {}
    });
    if !is_object {
        return Attachment::default();
    }
    // The app's attachment: a string as it is, anything else as its JSON text.
    let app = app.into_iter().flatten().find(|json| *json != "null");
    attachment.attachment = app.map(|json| text(json).unwrap_or(Cow::Borrowed(json))).unwrap_or_default();
    attachment
}

/// A text between peers: its endpoints, its sequence number (0 = none), and the text.
pub fn read_peer_text(custom: &str) -> Option<(TextKind, (u64, &str))> {
    let (mut kind, mut sequence_number, mut text) = (None, 0, "");
    let is_object = object(custom, |key, json| match &*key {
        "cid" => kind = number(json).and_then(TextKind::from_cid),
        "n" => sequence_number = json.parse::<u32>().unwrap_or(0),
        "d" => text = json,
        _ => {}
    });
    kind.filter(|_| is_object).map(|kind| (kind, (sequence_number.into(), text)))
}

/// A text from peer to peer.
pub fn peer_text(kind: TextKind, number: u64, json: &str) -> Text {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    Object::new().number("cid", kind.cid()).number("n", number).raw("d", json.trim()).end()
}

/// A JSON value that can travel as one: not nested too deep.
pub fn is_value(text: &str) -> bool {
    json::is_value(text, limits::JSON_DEPTH)
}

/// Passes on the members of an attachment; false if it is not an object or nested too deep.
fn object<'a>(custom_info: &'a str, member: impl FnMut(Cow<'a, str>, &'a str)) -> bool {
    let is_object = custom_info.len() <= limits::CUSTOM && custom_info.trim_start().starts_with('{');
    // One level is the protocol's own.
    is_object && json::read(custom_info, limits::JSON_DEPTH + 1, member)
}

/// The members of an attachment; None if it is not an object or nested too deep.
pub fn members(custom_info: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut found = Vec::new();
    object(custom_info, |key, json| found.push((key, json))).then_some(found)
}

/// What a JSON text says, if it is a string: up to its first NUL, as every text.
fn text(json: &str) -> Option<Cow<'_, str>> {
    let mut text = json::string(json)?;
    // Only an escape can bring one.
    if let Cow::Owned(text) = &mut text
        && let Some(nul) = text.find('\0')
    {
        text.truncate(nul);
    }
    Some(text)
}

/// The same; empty if it is no string, or too long.
fn text_within(json: &str, limit: usize) -> Cow<'_, str> {
    text(json).filter(|text| text.len() <= limit).unwrap_or_default()
}

fn number(json: &str) -> Option<i64> {
    json.parse().ok()
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
        let object = Object::starting(concat!("{\"callType\":0,\"version\":\"", version!(), "\""))
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
    let mut object = Object::versioned()
        .number("callType", 0)
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
        let object = Object::versioned().number("reason", 0);
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
    echo(invite, reason, None).end()
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
    let all = more(echo(invite, reason, None));
    let fitting = if all.len() <= limits::CUSTOM { all } else { more(minimum(reason)) };
    fitting.end()
}

/// The same with a text of the app instead of the invite's. If that is too long, the call's name and
/// the text, which fits if `invite_fits` returns true.
pub fn reply_with(invite: &str, reason: i64, text: Option<&str>) -> Text {
    echo(invite, reason, text).end()
}

/// An answer that says nothing of the invite.
fn minimum(reason: i64) -> Object {
    let object = Object::versioned();
    if reason == 0 { object } else { object.number("reason", reason) }
}

/// What answers echo of an invite, in their order.
const ECHOED: [&str; 6] = ["callType", "channelName", "_attachment", "extraInfo", "callId", "global_extra"];

fn echo(invite: &str, reason: i64, text: Option<&str>) -> Object {
    let mut values = [None; ECHOED.len()];
    let is_object = object(invite, |key, json| {
        if let Some(place) = ECHOED.iter().position(|known| *known == key) {
            values[place] = Some(json);
        }
    });
    if !is_object {
        return minimum(reason);
    }
    let with = |left_out: &[&str]| {
        let object = Object::versioned().number("reason", reason);
        let known = ECHOED.iter().zip(values).filter(|(key, _)| !left_out.contains(key));
        known.fold(object, |object, (key, json)| match json {
            Some(json) => object.raw(key, json),
            None => object,
        })
    };
    let fits = |object: &Object| object.len() <= limits::CUSTOM;
    let own = ["_attachment", "extraInfo", "global_extra"];
    let fitting = match text {
        None => Some(with(&[])).filter(fits),
        Some(text) => Some(with(&own[..2]).app("_attachment", text).text("extraInfo", text))
            .filter(fits)
            .or_else(|| Some(with(&own).app("_attachment", text)).filter(fits)),
    };
    fitting.unwrap_or_else(|| minimum(reason))
}

/// Control 1: "I am in the media room, join now" (clients before 1.1.0).
pub fn control_joined() -> Text {
    Object::new().number("cid", 1).end()
}

/// Control 2: "I have switched" (1.0 to 1.6).
pub fn control_switched(call_type: CallType) -> Text {
    Object::new().number("cid", 2).number("type", call_type.number().into()).end()
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
        .number("type", call_type.number().into())
        .number("state", state)
        .number("callType", 0)
        .text("version", VERSION)
        .text("callId", call_id)
        .end()
}

/// The call record (NIM message type 12).
pub fn record(call_type: CallType, channel_id: &str, status: i32, durations: &[(Text, u32)]) -> Text {
    let mut record = ObjectWriter::default();
    record.signed("type", call_type.number().into());
    record.text("channelId", channel_id);
    record.signed("status", i64::from(status));
    record.begin_list("durations");
    for (account, seconds) in durations {
        record.begin_item();
        record.text("accid", account);
        record.number("duration", u64::from(*seconds));
        record.end();
    }
    record.end_list();
    record.finish().into()
}

/// An app's text that travels as JSON: an object or an array that is not nested too deep.
pub fn embeds(text: &str) -> bool {
    let text = text.trim();
    // One level is our own; with one too many the peer could read nothing of it all.
    text.starts_with(['{', '[']) && json::is_value(text, limits::JSON_DEPTH - 1)
}

/// A JSON object, written in a chain.
struct Object(ObjectWriter);

impl Object {
    fn new() -> Object {
        Object(ObjectWriter::default())
    }

    /// As most begin.
    fn versioned() -> Object {
        Object::starting(concat!("{\"version\":\"", version!(), "\""))
    }

    fn starting(start: &str) -> Object {
        Object(ObjectWriter::starting(start))
    }

    fn raw(mut self, key: &str, json: &str) -> Object {
        self.0.raw(key, json);
        self
    }

    fn text(mut self, key: &str, text: &str) -> Object {
        self.0.text(key, text);
        self
    }

    fn number(mut self, key: &str, number: i64) -> Object {
        self.0.signed(key, number);
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
        self.0.finished_len()
    }

    fn end(self) -> Text {
        self.0.finish().into()
    }
}

#[cfg(test)]
mod tests;
