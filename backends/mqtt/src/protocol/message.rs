//! the message: what travels as JSON, read with care and written plainly.

use nertc_callkit_signaling::json::object::ObjectWriter;
use nertc_callkit_signaling::{PushText, Text};
use serde_json::Value;

use super::limits;
use super::reader::{self, Field, Fields};
use super::types::Qos;

/// A decoded message. Its sender is in the topic, not in the message.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) struct Message {
    /// Names this message; repeats have the same.
    pub(super) id: Text,
    /// Channel, or empty.
    pub(super) channel: Text,
    /// Incarnation of the sender.
    pub(super) instance: Text,
    /// Incarnation of the receiver that the sender addresses, or empty.
    pub(super) to: Text,
    /// Sequence number of this sender's messages to this device in this channel; 0 = unordered.
    pub(super) number: u32,
    pub(super) body: Body,
}

/// The contents.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(super) enum Body {
    Invite {
        request: Text,
        call_type: i32,
        custom: Text,
        uid: u64,
        keep: bool,
        /// How long it rings, in ms.
        ring_ms: u32,
    },
    Alert {
        request: Text,
        /// Whether the invite still stands.
        asks: bool,
        /// The user is alerted.
        rings: bool,
    },
    Accept {
        request: Text,
        custom: Text,
    },
    Reject {
        request: Text,
        custom: Text,
        /// Of this device alone.
        local: bool,
    },
    Settled(Settled),
    Join {
        uid: u64,
    },
    Bye {
        how: ByeKind,
        custom: Text,
    },
    Control {
        custom: Text,
    },
    Ack {
        to: Text,
    },
    Sync,
    State,
    Gone,
    Hello {
        epoch: u64,
    },
    Mark,
    Record {
        text: Text,
    },
    /// A join or control that cannot be taken, and yet has its place in the order.
    Void,
    /// A kind of a newer version.
    Unknown,
}

impl Body {
    /// How its first copy is published; retransmissions have QoS 1. QoS 0 is for what is retransmitted
    /// anyway, or requested again, until the receiver has answered; and for no alert, which ends the invite's
    /// retransmissions.
    pub(super) fn qos(&self) -> Qos {
        match self {
            Body::Ack { .. } | Body::Join { .. } | Body::Sync | Body::State | Body::Gone => Qos::AtMostOnce,
            Body::Invite { .. }
            | Body::Alert { .. }
            | Body::Accept { .. }
            | Body::Reject { .. }
            | Body::Settled(_)
            | Body::Bye { .. }
            | Body::Control { .. }
            | Body::Hello { .. }
            | Body::Mark
            | Body::Record { .. }
            | Body::Void
            | Body::Unknown => Qos::AtLeastOnce,
        }
    }
}

/// The decision on an invite.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settled {
    pub(super) request: Text,
    pub(super) how: DecisionKind,
    /// Which device of the called account it was; empty: none.
    pub(super) by: Text,
    pub(super) custom: Text,
    /// Accepted: the media uid of that device.
    pub(super) uid: u64,
    pub(super) call_type: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum DecisionKind {
    Accept,
    Reject,
    Cancel,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ByeKind {
    Leave,
    Close,
}

impl DecisionKind {
    const NAMES: [(DecisionKind, &str); 4] = [
        (DecisionKind::Accept, "accept"),
        (DecisionKind::Reject, "reject"),
        (DecisionKind::Cancel, "cancel"),
        (DecisionKind::Close, "close"),
    ];

    fn name(self) -> &'static str {
        DecisionKind::NAMES.iter().find(|it| it.0 == self).map_or("", |it| it.1)
    }

    fn read(name: &str) -> Option<DecisionKind> {
        DecisionKind::NAMES.iter().find(|it| it.1 == name).map(|it| it.0)
    }
}

/// Reads a message. None: not one of ours, or not sound. A key that is absent or null has its default; one of
/// a wrong type or out of its range makes the message unsound.
pub(super) fn read(payload: &[u8]) -> Option<Message> {
    if payload.len() > limits::PAYLOAD_BYTES {
        return None;
    }
    let all = reader::read(std::str::from_utf8(payload).ok()?)?;
    if !matches!(all.version, Field::Number(1)) {
        return None;
    }
    let Field::Text(kind) = &all.kind else { return None };
    let kind = &**kind;
    let head = Message {
        id: name(&all.id).filter(|it| !it.is_empty())?,
        channel: name(&all.channel)?,
        instance: name(&all.instance)?,
        to: name(&all.to)?,
        number: number(&all.number, 0, limits::NUMBER)?.try_into().ok()?,
        body: Body::Unknown,
    };
    if head.channel.is_empty() && !matches!(kind, "ack" | "hello" | "mark" | "rec") {
        return None;
    }
    let body = match all.body.as_ref().and_then(|body| read_body(kind, &all.acked, body)) {
        // It is acknowledged, or what follows it would wait for it.
        None if matches!(kind, "join" | "ctl") => Body::Void,
        body => body?,
    };
    Some(Message { body, ..head })
}

fn read_body(kind: &str, acked: &Field<'_>, body: &Fields<'_>) -> Option<Body> {
    let request = || name(&body.request).filter(|it| !it.is_empty());
    let custom = || text(&body.custom, limits::CUSTOM_BYTES);
    // What decides or ends something does so whatever the attachment is like.
    let any_custom = || custom().unwrap_or_default();
    let call_type = || number(&body.call_type, 1, 3)?.try_into().ok();
    let uid = || number(&body.uid, 0, limits::UID);
    Some(match kind {
        "invite" => Body::Invite {
            request: request()?,
            call_type: call_type()?,
            custom: custom()?,
            uid: uid()?,
            keep: flag(&body.keep, true)?,
            ring_ms: read_ring(&body.ring)?,
        },
        "alert" => Body::Alert {
            request: request()?,
            asks: flag(&body.asks, false)?,
            rings: flag(&body.rings, true)?,
        },
        "accept" => Body::Accept { request: request()?, custom: any_custom() },
        "reject" => Body::Reject {
            request: request()?,
            custom: any_custom(),
            local: flag(&body.local, false).unwrap_or_default(),
        },
        "settled" => Body::Settled(Settled {
            request: request()?,
            how: match &body.how {
                Field::Text(how) => DecisionKind::read(how)?,
                Field::Absent | Field::Number(_) | Field::Flag(_) | Field::Other => return None,
            },
            by: name(&body.by)?,
            custom: any_custom(),
            uid: uid()?,
            call_type: call_type()?,
        }),
        "join" => Body::Join { uid: uid()? },
        "bye" => Body::Bye {
            // Whatever its sender means by it, it leaves.
            how: match &body.how {
                Field::Text(how) if how == "close" => ByeKind::Close,
                Field::Text(_) | Field::Absent | Field::Number(_) | Field::Flag(_) | Field::Other => {
                    ByeKind::Leave
                }
            },
            custom: any_custom(),
        },
        "ctl" => Body::Control { custom: custom()? },
        "ack" => Body::Ack { to: name(acked)? },
        "sync" => Body::Sync,
        "state" => Body::State,
        "gone" => Body::Gone,
        "hello" => Body::Hello { epoch: number(&body.epoch, 1, limits::UID)? },
        "mark" => Body::Mark,
        "rec" => {
            Body::Record { text: text(&body.text, limits::RECORD_BYTES).filter(|text| !text.is_empty())? }
        }
        _ => Body::Unknown,
    })
}

/// Longer than the longest is the longest.
fn read_ring(ring: &Field<'_>) -> Option<u32> {
    let ring = number(ring, limits::RING_MS.into(), limits::UID)?;
    Some(u32::try_from(ring).unwrap_or(u32::MAX).min(limits::RING_MS))
}

/// A short text, empty if there is none. None: too long, not a text, or with a NUL.
fn name(field: &Field<'_>) -> Option<Text> {
    text(field, limits::NAME_BYTES)
}

fn text(field: &Field<'_>, limit: usize) -> Option<Text> {
    match field {
        Field::Absent => Some(Text::EMPTY),
        Field::Text(text) if text.len() <= limit && !text.as_bytes().contains(&0) => {
            Some(Text::from(&**text))
        }
        Field::Text(_) | Field::Number(_) | Field::Flag(_) | Field::Other => None,
    }
}

/// A whole number from 0 to `max`.
fn number(field: &Field<'_>, default: u64, max: u64) -> Option<u64> {
    match field {
        Field::Absent => Some(default),
        Field::Number(number) if *number <= max => Some(*number),
        Field::Text(_) | Field::Number(_) | Field::Flag(_) | Field::Other => None,
    }
}

fn flag(field: &Field<'_>, default: bool) -> Option<bool> {
    match field {
        Field::Absent => Some(default),
        Field::Flag(flag) => Some(*flag),
        Field::Text(_) | Field::Number(_) | Field::Other => None,
    }
}

/// Writes a message.
pub(super) fn write(message: &Message) -> String {
    let Message { id, channel, instance, to, number, body } = message;
    let mut out = ObjectWriter::default();
    out.number("v", 1);
    out.text("k", kind(body));
    out.text("id", id);
    out.text("inst", instance);
    if !to.is_empty() {
        out.text("to", to);
    }
    if !channel.is_empty() {
        out.text("cid", channel);
    }
    if *number != 0 {
        out.number("n", (*number).into());
    }
    if let Body::Ack { to } = body {
        out.text("re", to);
    }
    write_body(&mut out, body);
    out.finish()
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::Invite { .. } => "invite",
        Body::Alert { .. } => "alert",
        Body::Accept { .. } => "accept",
        Body::Reject { .. } => "reject",
        Body::Settled(_) => "settled",
        Body::Join { .. } => "join",
        Body::Bye { .. } => "bye",
        Body::Control { .. } => "ctl",
        Body::Ack { .. } => "ack",
        Body::Sync => "sync",
        Body::State => "state",
        Body::Gone => "gone",
        Body::Hello { .. } => "hello",
        Body::Mark => "mark",
        Body::Record { .. } => "rec",
        Body::Void | Body::Unknown => "",
    }
}

fn write_body(out: &mut ObjectWriter, body: &Body) {
    if matches!(
        body,
        Body::Ack { .. } | Body::Sync | Body::State | Body::Gone | Body::Mark | Body::Void | Body::Unknown
    ) {
        return;
    }
    out.begin("b");
    match body {
        Body::Invite { request, call_type, custom, uid, keep, ring_ms } => {
            out.text("rid", request);
            out.number("type", u64::try_from(*call_type).unwrap_or(0));
            out.text("custom", custom);
            out.number("uid", *uid);
            out.flag("keep", *keep);
            out.number("ring", (*ring_ms).into());
        }
        Body::Alert { request, asks, rings } => {
            out.text("rid", request);
            out.flag("asks", *asks);
            if !rings {
                out.flag("rings", false);
            }
        }
        Body::Accept { request, custom } => {
            out.text("rid", request);
            out.text("custom", custom);
        }
        Body::Reject { request, custom, local } => {
            out.text("rid", request);
            out.text("custom", custom);
            if *local {
                out.flag("local", true);
            }
        }
        Body::Settled(it) => {
            out.text("rid", &it.request);
            out.text("how", it.how.name());
            out.text("by", &it.by);
            out.text("custom", &it.custom);
            out.number("uid", it.uid);
            out.number("type", u64::try_from(it.call_type).unwrap_or(0));
        }
        Body::Join { uid } => out.number("uid", *uid),
        Body::Bye { how, custom } => {
            out.text("how", if *how == ByeKind::Leave { "leave" } else { "close" });
            out.text("custom", custom);
        }
        Body::Control { custom } => out.text("custom", custom),
        Body::Hello { epoch } => out.number("epoch", *epoch),
        Body::Record { text } => out.text("text", text),
        Body::Ack { .. }
        | Body::Sync
        | Body::State
        | Body::Gone
        | Body::Mark
        | Body::Void
        | Body::Unknown => {}
    }
    out.end();
}

/// Adds the push text to an invite. Devices do not read it: push services do.
pub(super) fn with_push(invite: &str, push: &PushText) -> String {
    let mut all: Value = serde_json::from_str(invite).unwrap_or_default();
    let text = |text: &Option<Text>| text.clone().unwrap_or_default().to_string();
    let (title, content, payload) = (text(&push.title), text(&push.content), text(&push.payload));
    all["b"]["push"] = serde_json::json!({"title": title, "content": content, "payload": payload});
    all.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &str, body: &str) -> Option<Body> {
        let text = format!(r#"{{"v":1,"k":"{kind}","id":"m","cid":"c","b":{{{body}}}}}"#);
        read(text.as_bytes()).map(|it| it.body)
    }

    #[test]
    fn what_is_absent_or_null_has_its_default() {
        let expected = Body::Invite {
            request: "r".into(),
            call_type: 1,
            custom: "".into(),
            uid: 0,
            keep: true,
            ring_ms: 120_000,
        };
        assert_eq!(body("invite", r#""rid":"r""#), Some(expected.clone()));
        let nulls = r#""rid":"r","type":null,"custom":null,"uid":null,"keep":null,"ring":null"#;
        assert_eq!(body("invite", nulls), Some(expected));
        let alert = Body::Alert { request: "r".into(), asks: false, rings: true };
        assert_eq!(body("alert", r#""rid":"r""#), Some(alert));
        assert_eq!(read(br#"{"v":1,"k":"mark","id":"m","b":null}"#).map(|it| it.body), Some(Body::Mark));
    }

    #[test]
    fn a_wrong_type_or_range_makes_a_message_malformed() {
        for bad in [
            r#""rid":"""#,
            r#""rid":null"#,
            r#""rid":"r","type":4"#,
            r#""rid":"r","type":"1""#,
            r#""rid":"r","uid":9007199254740992"#,
            r#""rid":"r","uid":-1"#,
            r#""rid":"r","uid":1.0"#,
            r#""rid":"r","keep":1"#,
            r#""rid":"r","ring":"long""#,
            r#""rid":"r","custom":{}"#,
        ] {
            assert_eq!(body("invite", bad), None, "{bad}");
        }
        assert!(body("invite", r#""rid":"r","type":3,"uid":9007199254740991,"ring":0"#).is_some());
        for bad in ["", r#","n":-1"#, r#","n":2147483648"#, r#","to":7"#, r#","inst":[]"#] {
            let cid = if bad.is_empty() { "" } else { r#","cid":"c""# };
            let text = format!(r#"{{"v":1,"k":"sync","id":"m"{cid}{bad}}}"#);
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_answers_or_ends_does_so_whatever_is_attached() {
        let long = format!(r#""rid":"r","how":"cancel","by":"","custom":"{}""#, "x".repeat(4_097));
        let nothing: Text = "".into();
        for attached in [long.as_str(), r#""rid":"r","how":"cancel","by":"","custom":7"#] {
            assert!(
                matches!(body("accept", attached), Some(Body::Accept { custom, .. }) if custom == nothing)
            );
            assert!(
                matches!(body("reject", attached), Some(Body::Reject { custom, .. }) if custom == nothing)
            );
            assert!(matches!(body("settled", attached), Some(Body::Settled(it)) if it.custom == nothing));
            let left = Body::Bye { how: ByeKind::Leave, custom: nothing.clone() };
            assert_eq!(body("bye", attached), Some(left));
            assert_eq!(body("ctl", attached), Some(Body::Void));
        }
    }

    /// Whatever serde_json makes a tree of is read, and nothing else.
    #[test]
    fn what_is_no_json_is_no_message() {
        let good =
            r#"{"v":1,"k":"state","id":"m","cid":"c","b":{"uid":1,"x":[1,{"y":"\\u00e9"}]},"z":-1.5e3}"#;
        let is_sound = |text: &[u8]| read(text).is_some();
        assert!(is_sound(good.as_bytes()));
        let mut found = [0, 0];
        for at in 0..good.len() {
            for byte in [b'"', b'\\', b'{', b'}', b'[', b',', b':', b'0', b'e', b' ', 0x7F, 0xFF] {
                let mut text = good.as_bytes().to_vec();
                text[at] = byte;
                let tree = serde_json::from_slice::<Value>(&text).ok();
                let has_state = |tree: &Value| {
                    let text = |key: &str| tree[key].as_str().is_some_and(|it| !it.contains('\0'));
                    let is_some = text("id") && tree["id"] != "" && text("cid") && tree["cid"] != "";
                    let body = tree.get("b").is_none_or(|body| body.is_object() || body.is_null());
                    tree["v"].as_u64() == Some(1) && tree["k"].is_string() && is_some && body
                };
                let is_one = tree.as_ref().is_some_and(has_state);
                assert_eq!(is_sound(&text), is_one, "{}", String::from_utf8_lossy(&text));
                found[usize::from(is_one)] += 1;
            }
        }
        assert!(found[0] > 100 && found[1] > 100, "{found:?}");
        // The last of two counts.
        let twice = r#"{"v":2,"v":1,"k":"hello","id":"m","b":7,"b":{"epoch":3,"epoch":4}}"#;
        assert_eq!(read(twice.as_bytes()).map(|it| it.body), Some(Body::Hello { epoch: 4 }));
    }

    #[test]
    fn what_is_written_is_read_alike() {
        let (request, custom): (Text, Text) = ("r".into(), "{\"a\":\"\u{e9}\"}".into());
        for body in [
            Body::Alert { request: request.clone(), asks: true, rings: false },
            Body::Reject { request: request.clone(), custom: custom.clone(), local: true },
            Body::Hello { epoch: 7 },
            Body::Record { text: custom.clone() },
            Body::Control { custom },
        ] {
            let (id, to) = ("m".into(), "t".into());
            let message = Message { id, channel: "c".into(), instance: "i".into(), to, number: 3, body };
            assert_eq!(read(write(&message).as_bytes()), Some(message));
        }
    }
}
