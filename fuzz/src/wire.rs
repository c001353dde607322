//! Attachments: raw text, and texts near the protocol. A peer's text must do no harm, our own must
//! be read back, and reading must agree with a plain JSON parser.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nertc_callkit::engine::input::SwitchStep;
use nertc_callkit::engine::limits;
use nertc_callkit::engine::wire::{self, Attachment, Capabilities, Outgoing};
use nertc_callkit_signaling::{CallType, Text};
use serde_json::value::RawValue;

use super::bytes::{Bytes, cut};

/// The members of a JSON object, as their JSON text.
type Members = BTreeMap<String, Box<RawValue>>;

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    match bytes.below(4) {
        0 => check_read(&String::from_utf8_lossy(bytes.rest())),
        1 => check_read(&attachment(&mut bytes)),
        2 => check_outgoing(&mut bytes),
        _ => check_controls(&mut bytes),
    }
}

/// Keys that mean something to us or to another client, also written in other ways, and some that do not.
const KEYS: [&str; 20] = [
    "version",
    "channelName",
    "callId",
    "_attachment",
    "extraInfo",
    "global_extra",
    "callType",
    "reason",
    "glare",
    "cid",
    "type",
    "state",
    "\\u0063allId",
    "version ",
    "",
    "\\ud800",
    "\\\"",
    "x\u{e9}\u{1f600}",
    "callid",
    "accid",
];

/// An attachment near the protocol: its keys, right and wrong types, nesting, repetition, whitespace, damage.
pub(crate) fn attachment(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(16) {
        0 => return String::new(),
        1 => return wire::BUSY.to_owned(),
        2 => return " i_am_busy\n".to_owned(),
        3 => return String::from_utf8_lossy(bytes.take(255)).into_owned(),
        _ => {}
    }
    let mut text = blank(bytes).to_owned() + "{";
    for n in 0..bytes.below(14) {
        if n > 0 {
            text += ",";
        }
        let key = KEYS[bytes.below(KEYS.len())];
        text += &format!("{}\"{key}\"{}:", blank(bytes), blank(bytes));
        value(bytes, &mut text, key, 0);
        text += blank(bytes);
    }
    text += "}";
    damage(bytes, text)
}

fn blank(bytes: &mut Bytes<'_>) -> &'static str {
    const BLANKS: [&str; 4] = [" ", "\n\t", "\r", "\u{a0}"];
    if bytes.chance(16) { BLANKS[bytes.below(4)] } else { "" }
}

fn damage(bytes: &mut Bytes<'_>, mut text: String) -> String {
    if bytes.chance(240) {
        return text;
    }
    match bytes.below(5) {
        0 => {
            let limit = bytes.below(256) * text.len() / 256;
            cut(&mut text, limit);
        }
        1 => text += "}",
        2 => text = format!("[{text}]"),
        3 => text += &" ".repeat(16 * bytes.below(256)),
        _ => text = text.replacen(':', ",", 1),
    }
    text
}

/// A value that goes with the key, or any.
fn value(bytes: &mut Bytes<'_>, text: &mut String, key: &str, depth: usize) {
    let plausible: &[&str] = match key {
        "version" => {
            &["\"1.8.1\"", "\"1.0.0\"", "\"1.1\"", "\"4.0.0\"", "\"0.9.9.9\"", "\"99999999999.1.1\""]
        }
        "callType" | "reason" | "cid" | "type" | "state" => &["0", "1", "2", "3", "4", "-1", "\"1\""],
        "glare" => &["true", "false", "1", "null", "\"true\"", "0"],
        "channelName" => &["\"room|0|7\"", "\"\"", "null", "\"r\\u0000\"", "7", "\"\\u00e9\""],
        _ => &["\"id\"", "\"\"", "null", "\"a\\\"b\"", "{}", "0"],
    };
    if bytes.chance(160) {
        return *text += plausible[bytes.below(plausible.len())];
    }
    match bytes.below(10) {
        0 => *text += "null",
        1 => *text += "true",
        2 => *text += &(bytes.number() as i64).to_string(),
        3 => *text += ["-0", "1e999", "0.5", "01", "-", "1e-7", "9223372036854775808", "+1"][bytes.below(8)],
        4 => *text += &"9".repeat(1 + 16 * bytes.below(256)),
        5 => string(bytes, text),
        6 => *text += &format!("\"{}\"", "x".repeat(20 * bytes.below(256))),
        7 => *text += &format!("\"{}\"", "\\ud83d".repeat(1 + bytes.below(3))),
        8 => nested(bytes, text, depth),
        _ => {
            let deep = 1 + bytes.below(24);
            *text += &format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        }
    }
}

fn string(bytes: &mut Bytes<'_>, text: &mut String) {
    let inside = String::from_utf8_lossy(bytes.take(80)).into_owned();
    // Mostly a string; sometimes what is inside decides.
    if bytes.chance(200) {
        *text += &serde_json::Value::from(inside).to_string();
    } else {
        *text += &format!("\"{inside}\"");
    }
}

fn nested(bytes: &mut Bytes<'_>, text: &mut String, depth: usize) {
    let is_object = bytes.flag();
    *text += if is_object { "{" } else { "[" };
    for n in 0..bytes.below(4) {
        if n > 0 {
            *text += ",";
        }
        let key = KEYS[bytes.below(KEYS.len())];
        if is_object {
            *text += &format!("\"{key}\":");
        }
        if depth < 12 {
            value(bytes, text, key, depth + 1);
        } else {
            *text += "0";
        }
    }
    *text += if is_object { "}" } else { "]" };
}

/// How deep the brackets of valid JSON are nested.
fn depth(json: &str) -> usize {
    let (mut deepest, mut now, mut in_string, mut is_escaped) = (0usize, 0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => now += 1,
            b'}' | b']' => now -= 1,
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

/// The result of a plain parser: Err = undecidable (a key that is not text), None = no attachment.
fn parse(text: &str) -> Result<Option<Members>, ()> {
    if text.len() > limits::CUSTOM || serde_json::from_str::<&RawValue>(text).is_err() {
        return Ok(None);
    }
    if !text.trim_start_matches([' ', '\n', '\t', '\r']).starts_with('{')
        || depth(text) > limits::JSON_DEPTH + 1
    {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|_| ())
}

/// The same as `wire::read`, implemented differently.
fn expected(members: &Members) -> Attachment<'static> {
    let raw = |key: &str| members.get(key).map(|json| json.get());
    let until_nul = |text: String| text.split('\0').next().map(str::to_owned);
    let text =
        |key: &str| raw(key).and_then(|json| serde_json::from_str::<String>(json).ok()).and_then(until_nul);
    let number = |key: &str| raw(key).and_then(|json| json.parse::<i64>().ok());
    let within =
        |key: &str, limit: usize| Cow::from(text(key).filter(|text| text.len() <= limit).unwrap_or_default());
    let app =
        ["_attachment", "extraInfo"].into_iter().find_map(|key| raw(key).filter(|json| *json != "null"));
    let app = app.map(|json| serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()));
    let app = app.and_then(until_nul);
    Attachment {
        version: text("version").filter(|version| version.len() <= limits::ID).map(Cow::from),
        channel_name: within("channelName", limits::RTC_CHANNEL),
        call_id: within("callId", limits::ID),
        attachment: app.unwrap_or_default().into(),
        group: number("callType") == Some(1),
        reason: number("reason").unwrap_or(0),
        glare: raw("glare") == Some("true"),
        cid: number("cid").unwrap_or(0),
        call_type: number("type"),
        state: number("state"),
        data: number("data") == Some(1),
        rtc: text("rtc").filter(|rtc| rtc.len() <= limits::MEDIA_PROTOCOL).map(Cow::from),
    }
}

fn check_read(text: &str) {
    let read = wire::read(text);
    let members = parse(text);
    match &members {
        Ok(Some(members)) => assert_eq!(read, expected(members), "reads another thing: {text}"),
        Ok(None) => assert_eq!(read, Attachment::default(), "reads what is no attachment: {text}"),
        Err(()) => {}
    }
    assert!(read.version.as_ref().is_none_or(|version| version.len() <= limits::ID));
    assert!(read.channel_name.len() <= limits::RTC_CHANNEL && read.call_id.len() <= limits::ID);
    assert!(read.attachment.len() <= limits::CUSTOM);
    let _ = (wire::reason(text, &read), read.is_old_invite(), read.wanted_type(), read.step());
    for reason in [0, 2, 3] {
        check_reply(text, &read, members.as_ref().ok().and_then(Option::as_ref), reason);
    }
}

/// The answer echoes what we know of the invite, or is the bare minimum.
fn check_reply(invite: &str, read: &Attachment, members: Option<&Members>, reason: i64) {
    let reply = wire::reply(invite, reason);
    assert!(reply.len() <= limits::CUSTOM, "an answer of {} bytes", reply.len());
    let back = wire::read(&reply);
    assert_eq!(back.version.as_deref(), Some(wire::VERSION), "{reply}");
    assert_eq!(back.reason, reason, "{reply}");
    let is_minimum = parse(&reply).is_ok_and(|reply| reply.is_none_or(|keys| keys.len() < 3));
    if members.is_some() && !is_minimum {
        assert_eq!(back.call_id, read.call_id, "{reply}");
        assert_eq!(back.channel_name, read.channel_name, "{reply}");
        assert_eq!(back.attachment, read.attachment, "{reply}");
        assert_eq!(back.group, read.group, "{reply}");
    }
}

/// A text of the app: words, JSON, JSON that is too deep, long.
fn app_text(bytes: &mut Bytes<'_>) -> Option<String> {
    Some(match bytes.below(6) {
        0 => return None,
        1 => String::from_utf8_lossy(bytes.take(255)).into_owned(),
        2 => attachment(bytes),
        3 => {
            let deep = 1 + bytes.below(12);
            format!("{}{}", "[".repeat(deep), "]".repeat(deep))
        }
        4 => String::from_utf8_lossy(bytes.take(8)).repeat(2 * bytes.below(256)),
        _ => {
            let mut text = String::new();
            value(bytes, &mut text, "", 0);
            text
        }
    })
}

/// How an app's text arrives: JSON without the blanks around it, anything else as it is.
fn arrives(text: &str) -> &str {
    let trimmed = text.trim();
    let is_json = serde_json::from_str::<&RawValue>(trimmed).is_ok();
    // One level is the attachment's own.
    if trimmed.starts_with(['{', '[']) && is_json && depth(trimmed) < limits::JSON_DEPTH {
        trimmed
    } else {
        text
    }
}

/// Texts of C have no NUL inside.
fn no_nul(text: String) -> String {
    text.replace('\0', "?")
}

fn check_outgoing(bytes: &mut Bytes<'_>) {
    let mut name = no_nul(String::from_utf8_lossy(bytes.take(127)).into_owned());
    cut(&mut name, limits::RTC_CHANNEL);
    let mut id = no_nul(String::from_utf8_lossy(bytes.take(64)).into_owned());
    cut(&mut id, limits::ID);
    let (own, extra) = (app_text(bytes).map(no_nul), app_text(bytes).map(no_nul));
    let message = Outgoing {
        channel_name: &name,
        call_id: &id,
        attachment: own.as_deref(),
        extra: extra.as_deref(),
        reason: [0, 2][bytes.below(2)],
        glare: bytes.flag(),
        capabilities: Capabilities { data: true, rtc: "webrtc/1" },
    };
    let text = wire::outgoing(&message);
    assert!(text.len() <= limits::CUSTOM, "an attachment of {} bytes", text.len());
    let back = wire::read(&text);
    assert_eq!((&*back.channel_name, &*back.call_id), (&*name, &*id), "{text}");
    assert_eq!((back.version.as_deref(), back.reason), (Some(wire::VERSION), message.reason), "{text}");
    assert_eq!((back.glare, back.group), (message.glare, false), "{text}");
    // Ids are printable; one that has to be escaped may take the place of the attachment.
    let is_plain = |id: &str| !id.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'));
    if wire::invite_fits(message.attachment, message.extra) && is_plain(&name) && is_plain(&id) {
        let sent = own.as_deref().map_or("", arrives);
        assert_eq!(&*back.attachment, sent, "{text}");
        let members = parse(&text).ok().flatten().expect("an object");
        assert_eq!(members.contains_key("global_extra"), extra.is_some(), "{text}");
    }
    check_reply(&text, &back, parse(&text).ok().flatten().as_ref(), 0);
}

fn check_controls(bytes: &mut Bytes<'_>) {
    let target = if bytes.flag() { CallType::Audio } else { CallType::Video };
    let step = *bytes.pick(&[SwitchStep::Invite, SwitchStep::Agree, SwitchStep::Reject]);
    let mut id = no_nul(String::from_utf8_lossy(bytes.take(64)).into_owned());
    cut(&mut id, limits::ID);
    let text = wire::control_switch(target, step, &id);
    let back = wire::read(&text);
    assert_eq!((back.cid, back.wanted_type(), back.step()), (3, Some(target), Some(step)), "{text}");
    assert_eq!(&*back.call_id, &*id, "{text}");
    let text = wire::control_switched(target);
    let back = wire::read(&text);
    assert_eq!((back.cid, back.wanted_type()), (2, Some(target)));
    assert_eq!(wire::read(&wire::control_joined()).cid, 1);
    let durations: Vec<(Text, u32)> = (0..bytes.below(3))
        .map(|_| (Text::from(String::from_utf8_lossy(bytes.take(64))), bytes.number() as u32))
        .collect();
    let channel = String::from_utf8_lossy(bytes.take(64)).into_owned();
    let text = wire::record(target, &channel, bytes.number() as i32, &durations);
    let record: serde_json::Value = serde_json::from_str(&text).expect("a record is JSON");
    assert_eq!(record["channelId"], channel.as_str());
    for (index, (account, seconds)) in durations.iter().enumerate() {
        assert_eq!(record["durations"][index]["accid"], &**account);
        assert_eq!(record["durations"][index]["duration"], *seconds);
    }
}
