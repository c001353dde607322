//! The engine's outputs as the JSON that vectors compare. Patterns are spelled out, so that a
//! new field cannot be forgotten.

use nertc_callkit::engine::input::View;
use nertc_callkit::engine::output::*;
use nertc_callkit_signaling::{self as signaling, CallType, Message, Notification, PushText, Record, Text};
use serde_json::{Map, Value, json};

/// JSON of an output; None for those of the debug log only.
pub(crate) fn show(output: &Output) -> Option<Value> {
    let value = match output {
        Output::Signal { req: _, op } => signal(op),
        // Between an engine and its own backend; no message on the wire.
        Output::Notify(Notification::InviteState { .. }) => return None,
        Output::Notify(notice) => self::notice(notice),
        Output::Rtc { req: _, op } => rtc(op),
        Output::RtcReceive { join: _, json } => json!({"rtc_receive": wire(json)}),
        Output::RtcPrepare(preparation) => prepare(preparation),
        Output::RtcDiscard { call_no } => json!({"rtc_discard": call_no}),
        Output::Done { ticket: _, result } => done(result),
        Output::Event(event) => self::event(event),
        Output::Ignored(_) => return None,
        Output::Closed => json!({"closed": true}),
    };
    Some(plain(value))
}

/// Drops what is as if it were not there: 0, "", false, null, [].
pub(crate) fn plain(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let is_kept = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(_) | Value::Bool(true) => true,
    };
    Value::Object(map.into_iter().filter(|(_, value)| is_kept(value)).collect())
}

/// A text on the wire; a JSON object as such, since the order of its keys means nothing.
fn wire(text: &Text) -> Value {
    let object = serde_json::from_str::<Map<String, Value>>(text);
    object.map_or_else(|_| json!(&**text), Value::Object)
}

fn type_of(call_type: CallType) -> i32 {
    match call_type {
        CallType::Audio => 1,
        CallType::Video => 2,
        CallType::Other => 3,
    }
}

/// The name and the rest in one object.
fn named(kind: &str, name: &str, rest: Value) -> Value {
    let mut map = Map::new();
    map.insert(kind.to_owned(), json!(name));
    if let Value::Object(rest) = rest {
        map.extend(rest);
    }
    Value::Object(map)
}

fn signal(op: &signaling::Operation) -> Value {
    let mut rest = op.message().map_or(json!({}), message);
    if let signaling::Operation::Login { account, token } = op {
        rest = json!({"account": &**account, "token": &**token});
    } else if let signaling::Operation::Create { call_type } = op {
        rest = json!({"call_type": type_of(*call_type)});
    } else if let signaling::Operation::Join { channel_id, no_offline } = op {
        rest = json!({"channel_id": &**channel_id, "no_offline": no_offline});
    } else if let signaling::Operation::Leave { channel_id, custom_info: custom, no_offline }
    | signaling::Operation::Close { channel_id, custom_info: custom, no_offline } = op
    {
        rest = json!({"channel_id": &**channel_id, "custom": wire(custom), "no_offline": no_offline});
    } else if let signaling::Operation::Invite { expires_ms, push, .. } = op {
        rest["expires_ms"] = json!(expires_ms);
        rest["push"] = push.as_deref().map_or(Value::Null, self::push);
    } else if let signaling::Operation::Record(record) = op {
        rest = self::record(record);
    }
    named("signal", op.name(), rest)
}

fn message(message: &Message) -> Value {
    let Message { channel_id, account, request_id, custom_info: custom, no_offline } = message;
    json!({"channel_id": &**channel_id, "account": &**account, "request_id": &**request_id,
        "custom": wire(custom), "no_offline": no_offline})
}

fn push(push: &PushText) -> Value {
    let PushText { title, content, payload } = push;
    let text = |text: &Option<Text>| text.as_deref().map(str::to_owned);
    json!({"title": text(title), "content": text(content), "payload": text(payload)})
}

fn record(record: &Record) -> Value {
    let Record { client_msg_id, to, channel_id, call_type, status, text, durations } = record;
    json!({"client_msg_id": &**client_msg_id, "to": &**to, "channel_id": &**channel_id,
        "call_type": type_of(*call_type), "status": *status as i32, "text": wire(text),
        "durations": self::durations(durations)})
}

fn durations(durations: &[(Text, u32)]) -> Value {
    durations.iter().map(|(account, seconds)| json!([&**account, seconds])).collect()
}

/// The vtable's name of an operation.
pub(crate) fn rtc_name(op: &RtcOp) -> &'static str {
    match op {
        RtcOp::Join(_) => "join",
        RtcOp::Leave => "leave",
        RtcOp::EnableLocal { .. } => "enable_local",
        RtcOp::MuteLocal { .. } => "mute_local",
        RtcOp::Subscribe { .. } => "subscribe",
        RtcOp::SetView { .. } => "set_view",
    }
}

fn rtc(op: &RtcOp) -> Value {
    let rest = match op {
        // Who the two are and who offers is not on the wire.
        RtcOp::Join(join) => {
            json!({"channel_name": &*join.channel_name, "uid": join.uid, "token": &*join.token,
                "call_type": type_of(join.call_type)})
        }
        RtcOp::Leave => json!({}),
        RtcOp::EnableLocal { media, on } => json!({"media": media, "on": on}),
        RtcOp::MuteLocal { media, muted } => json!({"media": media, "on": muted}),
        RtcOp::Subscribe { uid, media, on } => json!({"uid": uid, "media": media, "on": on}),
        RtcOp::SetView { uid, view } => json!({"uid": uid, "view": view.as_ref().map(self::view)}),
    };
    named("rtc", rtc_name(op), rest)
}

fn prepare(preparation: &Preparation) -> Value {
    let Preparation { call_no, is_inviter, call_type, peer, call_id } = preparation;
    json!({"rtc_prepare": call_no, "is_inviter": is_inviter, "call_type": type_of(*call_type),
        "peer": &**peer, "call_id": &**call_id})
}

fn view(view: &View) -> Value {
    let View { scaling, mirror, window } = view;
    json!({"scaling": scaling, "mirror": mirror, "window": window})
}

/// The function's name.
pub(crate) fn operation_name(operation: Operation) -> &'static str {
    match operation.text().to_str() {
        // Its completion is no operation of the header.
        _ if operation == Operation::None => "set_call_timeout",
        Ok(text) => text,
        Err(e) => panic!("{operation:?}: {e}"),
    }
}

fn done(result: &OpResult) -> Value {
    // Messages for developers are not part of the protocol.
    let OpResult { operation, code, raw_code, message: _, call_no, uid, channel_id, request_id, call_id } =
        result;
    let rest = json!({"code": code.number(), "raw_code": raw_code, "call_no": call_no, "uid": uid,
        "channel_id": &**channel_id, "request_id": &**request_id, "call_id": &**call_id});
    named("done", operation_name(*operation), rest)
}

fn event(event: &Event) -> Value {
    let rest = match event {
        Event::Invited(of) => invited(of),
        Event::UserBusy(of)
        | Event::UserCancel(of)
        | Event::UserAccept(of)
        | Event::UserEnter(of)
        | Event::UserReject(of)
        | Event::UserLeave(of)
        | Event::UserDisconnect(of)
        | Event::UserRinging(of) => user(of),
        Event::Disconnect(of)
        | Event::Kicked(of)
        | Event::Reconnecting(of)
        | Event::Reconnected(of)
        | Event::NetworkQuality(of)
        | Event::TokenNeeded(of) => connection(of),
        Event::AudioAvailable(of)
        | Event::CameraAvailable(of)
        | Event::VideoMuted(of)
        | Event::AudioMuted(of) => media(of),
        Event::CallEnd(of) => end(of),
        Event::CallingTimeout(of)
        | Event::CallTypeChange(of)
        | Event::OtherClientAccept(of)
        | Event::OtherClientReject(of)
        | Event::CallConnected(of)
        | Event::CallTypeRequest(of) => call(of),
        Event::MessageSent(of) | Event::RecordReceived(of) => sent(of),
        Event::Error(of) => error(of),
        Event::MissedCall(of) => missed(of),
        Event::Data(of) => data(of),
        Event::MediaSecured(of) => secured(of),
    };
    named("event", event.name(), rest)
}

fn secured(of: &MediaSecured) -> Value {
    let MediaSecured { call_no, user, security, code, local_fingerprint, remote_fingerprint } = of;
    json!({"call_no": call_no, "user": &**user, "security": security.number(), "code": &**code,
        "local_fingerprint": &**local_fingerprint, "remote_fingerprint": &**remote_fingerprint})
}

fn notice(notice: &Notification) -> Value {
    match notice {
        Notification::InviteState { channel_id, account, request_id, state } => {
            json!({"notify": "invite_state", "channel_id": &**channel_id, "account": &**account,
                "request_id": &**request_id, "state": *state as i32})
        }
        Notification::AbortLogin(_) => json!({"notify": "abort_login"}),
        Notification::SetToken(_) => json!({"notify": "set_token"}),
        Notification::CallPolicy(_) => json!({"notify": "call_policy"}),
    }
}

fn invited(event: &Invited) -> Value {
    let Invited {
        call_no,
        invitor,
        call_type,
        attachment,
        channel_id,
        request_id,
        call_id,
        invited_at_ms,
        ring_left_ms,
        offline,
        answered,
    } = event;
    json!({"call_no": call_no, "invitor": &**invitor, "call_type": type_of(*call_type),
        "attachment": &**attachment, "channel_id": &**channel_id, "request_id": &**request_id,
        "call_id": &**call_id, "invited_at_ms": invited_at_ms, "ring_left_ms": ring_left_ms,
        "offline": offline, "answered": answered})
}

fn user(event: &UserEvent) -> Value {
    let UserEvent { call_no, user, uid, code, raw_code, message: _ } = event;
    json!({"call_no": call_no, "user_id": &**user, "uid": uid, "code": code.number(), "raw_code": raw_code})
}

fn media(event: &MediaEvent) -> Value {
    let MediaEvent { call_no, user, uid, on } = event;
    json!({"call_no": call_no, "user_id": &**user, "uid": uid, "on": on})
}

fn call(event: &CallEvent) -> Value {
    let CallEvent { call_no, user, device, call_type, state } = event;
    json!({"call_no": call_no, "user_id": &**user, "device_id": &**device,
        "call_type": type_of(*call_type), "state": state})
}

fn end(event: &CallEnd) -> Value {
    let CallEnd { call_no, user, reason, extra, ring_ms, talk_ms, durations } = event;
    json!({"call_no": call_no, "user_id": &**user, "reason": *reason as i32, "extra": &**extra,
        "ring_ms": ring_ms, "talk_ms": talk_ms, "durations": self::durations(durations)})
}

fn sent(event: &RecordSent) -> Value {
    let RecordSent { call_no, user, peer, msg_id, status, call_type } = event;
    json!({"call_no": call_no, "user_id": &**user, "peer": &**peer, "msg_id": &**msg_id,
        "status": *status as i32, "call_type": type_of(*call_type)})
}

fn connection(event: &ConnectionEvent) -> Value {
    let ConnectionEvent { call_no, transport, user, code, raw_code, message: _, quality } = event;
    json!({"call_no": call_no, "transport": *transport as i32, "user_id": &**user, "code": code.number(),
        "raw_code": raw_code, "quality": quality})
}

fn error(event: &ErrorEvent) -> Value {
    let ErrorEvent { operation, code, raw_code, call_no, message: _ } = event;
    let operation = operation_name(*operation);
    json!({"operation": operation, "code": code.number(), "raw_code": raw_code, "call_no": call_no})
}

fn missed(event: &MissedCall) -> Value {
    // Ids that the vector knows from the invite.
    let MissedCall {
        user,
        call_type,
        attachment,
        reason,
        invited_at_ms,
        channel_id: _,
        request_id: _,
        count,
    } = event;
    let count = if *count == 1 { 0 } else { *count };
    json!({"user_id": &**user, "call_type": type_of(*call_type), "attachment": &**attachment,
        "reason": *reason as i32, "invited_at_ms": invited_at_ms, "count": count})
}

fn data(event: &DataEvent) -> Value {
    let DataEvent { call_no, user, json } = event;
    json!({"call_no": call_no, "user_id": &**user, "json": &**json})
}
