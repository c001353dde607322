//! JSON of a vector's steps to what the engine is fed.

use super::fields::Fields;
use nertc_callkit::engine::input::*;
use nertc_callkit::engine::{Caps, Config, Timers};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, Code, Connection, EventKind, Member, OperationResult,
    Origin, Outcome, PushText, Text,
};
use serde_json::Value;

/// The client's configuration.
pub(crate) fn config(given: &mut Fields) -> Result<Config, String> {
    let mut caps = Fields::of(Value::Object(given.object("caps")?))?;
    let read = Caps {
        server_record: caps.flag("server_record", false)?,
        send_record: caps.flag("send_record", true)?,
        control: caps.flag("control", true)?,
        abort_login: caps.flag("abort_login", true)?,
        no_media: caps.flag("no_media", false)?,
        enable_local: caps.flag("enable_local", false)?,
        mute_local: caps.flag("mute_local", true)?,
        subscribe: caps.flag("subscribe", true)?,
        set_view: caps.flag("set_view", true)?,
        prepare: caps.flag("prepare", false)?,
    };
    caps.end()?;
    Ok(Config {
        timers: Timers::default(),
        caps: read,
        confirm_audio_to_video: given.flag("confirm_audio_to_video", false)?,
        confirm_video_to_audio: given.flag("confirm_video_to_audio", false)?,
        no_token_listener: false,
        takes_data: given.flag("takes_data", false)?,
        media_protocol: maybe_text(given, "media_protocol")?.unwrap_or_default(),
        device: Text::EMPTY,
    })
}

fn call_type(fields: &mut Fields) -> Result<CallType, String> {
    match fields.number("call_type")? {
        1 => Ok(CallType::Audio),
        2 => Ok(CallType::Video),
        other => Err(format!("call_type: {other} is neither 1 nor 2")),
    }
}

fn text(fields: &mut Fields, key: &str) -> Result<Text, String> {
    Ok(fields.text(key)?.into())
}

fn maybe_text(fields: &mut Fields, key: &str) -> Result<Option<Text>, String> {
    Ok(fields.maybe_text(key)?.map(Text::from))
}

/// The call that a step names; `implied` if it names none.
fn call_ref(fields: &mut Fields, implied: &CallRef) -> Result<CallRef, String> {
    let Some(call) = fields.take("call") else { return Ok(implied.clone()) };
    let mut call = Fields::of(call)?;
    let read = CallRef {
        call_no: call.number("call_no")?,
        channel_id: maybe_text(&mut call, "channel_id")?,
        account: maybe_text(&mut call, "account")?,
        request_id: maybe_text(&mut call, "request_id")?,
        ..CallRef::default()
    };
    call.end()?;
    Ok(read)
}

fn options(fields: &mut Fields) -> Result<CallOptions, String> {
    let push = match fields.take("push") {
        None => None,
        Some(push) => {
            let mut push = Fields::of(push)?;
            let title = maybe_text(&mut push, "title")?;
            let content = maybe_text(&mut push, "content")?;
            let payload = maybe_text(&mut push, "payload")?;
            push.end()?;
            Some(Box::new(PushText { title, content, payload }))
        }
    };
    Ok(CallOptions {
        user: text(fields, "user_id")?,
        call_type: call_type(fields)?,
        attachment: maybe_text(fields, "attachment")?,
        extra: maybe_text(fields, "extra")?,
        push,
        no_offline: fields.flag("no_offline", false)?,
        no_record: fields.flag("no_record", false)?,
    })
}

fn view(fields: &mut Fields) -> Result<Option<View>, String> {
    let Some(view) = fields.take("view") else { return Ok(None) };
    let mut view = Fields::of(view)?;
    let read = View {
        scaling: view.number("scaling")?,
        mirror: view.flag("mirror", false)?,
        window: view.number("window")?,
    };
    view.end()?;
    Ok(Some(read))
}

/// Requests of the app.
pub(crate) fn command(name: &str, of: &mut Fields, implied: &CallRef) -> Result<Command, String> {
    Ok(match name {
        "login" => Command::Login { account: text(of, "account")?, token: text(of, "token")? },
        "logout" => Command::Logout,
        "set_call_timeout" => Command::SetCallTimeout { timeout_ms: of.number("timeout_ms")? },
        "call" => Command::Call(options(of)?),
        "cancel" => Command::Cancel {
            call: call_ref(of, implied)?,
            attach_ext: maybe_text(of, "attach_ext")?,
            no_offline: of.flag("no_offline", false)?,
            no_record: of.flag("no_record", false)?,
        },
        "accept" => Command::Accept { call: call_ref(of, implied)? },
        "reject" => Command::Reject {
            call: call_ref(of, implied)?,
            busy: of.flag("busy", false)?,
            text: maybe_text(of, "text")?,
        },
        "hangup" => Command::Hangup {
            call: call_ref(of, implied)?,
            no_offline: of.flag("no_offline", false)?,
            no_record: of.flag("no_record", false)?,
            text: maybe_text(of, "text")?,
        },
        "leave" => Command::Leave {
            call: call_ref(of, implied)?,
            no_offline: of.flag("no_offline", false)?,
            text: maybe_text(of, "text")?,
        },
        "switch_call_type" => Command::SwitchCallType {
            call_type: call_type(of)?,
            step: match of.number("state")? {
                1 => SwitchStep::Invite,
                2 => SwitchStep::Agree,
                3 => SwitchStep::Reject,
                other => return Err(format!("state: {other} is none of 1, 2, 3")),
            },
        },
        "send_data" => Command::SendData { call: call_ref(of, implied)?, json: of.wire("json")?.into() },
        "enable_local" => {
            Command::EnableLocal { media: Media::of(of.number("media")?), on: of.flag("on", false)? }
        }
        "mute_local" => {
            Command::MuteLocal { media: Media::of(of.number("media")?), muted: of.flag("on", false)? }
        }
        "mute_remote" => {
            Command::MuteRemote { media: Media::of(of.number("media")?), muted: of.flag("on", false)? }
        }
        "set_local_view" => Command::SetLocalView(view(of)?),
        "set_remote_view" => Command::SetRemoteView(view(of)?),
        other => return Err(format!("app: there is no function {other:?}")),
    })
}

/// A signaling message.
pub(crate) fn message(of: &mut Fields, account: &str) -> Result<signaling::Event, String> {
    let signal = match of.text("message")?.as_str() {
        "close" => EventKind::Close,
        "join" => EventKind::Join,
        "invite" => EventKind::Invite,
        "cancel" => EventKind::Cancel,
        "reject" => EventKind::Reject,
        "accept" => EventKind::Accept,
        "leave" => EventKind::Leave,
        "control" => EventKind::Control,
        other => return Err(format!("message: there is none of the kind {other:?}")),
    };
    let channel = Channel {
        id: text(of, "channel_id")?,
        call_type: of.number("call_type")?,
        invalid: of.flag("invalid", false)?,
        creator: text(of, "creator")?,
        create_ms: of.number("create_ms")?,
        expire_ms: 0,
    };
    Ok(signaling::Event {
        kind: signal,
        channel,
        from: text(of, "from")?,
        from_device: text(of, "from_device")?,
        to: of.maybe_text("to")?.unwrap_or_else(|| account.to_owned()).into(),
        request_id: text(of, "request_id")?,
        custom_info: of.wire("custom")?.into(),
        time_ms: of.number("time_ms")?,
        uid: of.number("uid")?,
    })
}

/// Online unless stated otherwise.
pub(crate) fn source(of: &mut Fields) -> Result<Origin, String> {
    match of.text("source")?.as_str() {
        "" => Ok(Origin::Online),
        "other_device" => Ok(Origin::OtherDevice),
        "offline" => Ok(Origin::Offline),
        other => Err(format!("source: {other:?} is neither other_device nor offline")),
    }
}

pub(crate) fn outcome(of: &mut Fields) -> Result<Outcome, String> {
    Ok(Outcome {
        code: of.number::<i32>("code")?.into(),
        raw_code: of.number("raw_code")?,
        message: Text::default(),
    })
}

/// The answer to a signaling operation.
pub(crate) fn result(of: &mut Fields, account: &str) -> Result<OperationResult, String> {
    let channel_id = text(of, "channel_id")?;
    let uid = of.number("uid")?;
    let me = Member { account: account.into(), device: Text::default(), uid };
    let members = if uid == 0 { Vec::new() } else { vec![me] };
    let has_room = !channel_id.is_empty() || uid != 0;
    let channel = Channel { id: channel_id, ..Channel::default() };
    Ok(OperationResult {
        outcome: outcome(of)?,
        channel: has_room.then_some(ChannelState { channel, members }),
        rtc_token: maybe_text(of, "rtc_token")?,
        server_ms: of.number("server_ms")?,
    })
}

/// Channels that this device is still in.
pub(crate) fn states(list: Vec<Value>) -> Result<Vec<ChannelState>, String> {
    let room = |room: Value| {
        let mut room = Fields::of(room)?;
        let (id, creator) = (text(&mut room, "channel_id")?, text(&mut room, "creator")?);
        room.end()?;
        Ok(ChannelState { channel: Channel { id, creator, ..Channel::default() }, members: Vec::new() })
    };
    list.into_iter().map(room).collect()
}

pub(crate) fn connection(of: &mut Fields) -> Result<Connection, String> {
    Ok(match of.text("connection")?.as_str() {
        "lost" => Connection::Lost(outcome(of)?),
        "restored" => Connection::Restored,
        "kicked" => Connection::Kicked(outcome(of)?),
        other => return Err(format!("connection: {other:?} is none of lost, restored, kicked")),
    })
}

/// Events of the media room.
pub(crate) fn media(of: &mut Fields) -> Result<RtcEvent, String> {
    let uid = of.number("uid")?;
    Ok(match of.text("media_event")?.as_str() {
        "peer_join" => RtcEvent::PeerJoin { uid },
        "peer_leave" => RtcEvent::PeerLeave { uid, code: Code::new(of.number("code")?) },
        "peer_media" => {
            RtcEvent::PeerMedia { uid, media: Media::of(of.number("media")?), on: of.flag("on", false)? }
        }
        "peer_mute" => {
            RtcEvent::PeerMute { uid, media: Media::of(of.number("media")?), muted: of.flag("on", false)? }
        }
        "peer_silent" => RtcEvent::PeerSilent { uid },
        "peer_active" => RtcEvent::PeerActive { uid },
        "reconnecting" => RtcEvent::Reconnecting,
        "reconnected" => RtcEvent::Reconnected,
        "disconnected" => RtcEvent::Disconnected(outcome(of)?),
        "quality" => RtcEvent::Quality { uid, quality: of.number("quality")? },
        "error" => RtcEvent::Error(outcome(of)?),
        other => return Err(format!("media_event: there is no {other:?}")),
    })
}
