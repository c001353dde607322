//! Operations and events as the short lines that the harness's logs are made of.

use super::super::output::*;
use nertc_callkit_signaling as signaling;

/// An operation's name, shorter than that of its function.
pub(super) fn kind_of(op: &signaling::Operation) -> &'static str {
    match op.name() {
        "cancel_invite" => "cancel",
        "send_record" => "record",
        name => name,
    }
}

pub(super) fn rtc_kind(op: &RtcOp) -> &'static str {
    match op {
        RtcOp::Join(_) => "rtc join",
        RtcOp::Leave => "rtc leave",
        RtcOp::EnableLocal { .. } => "enable",
        RtcOp::MuteLocal { .. } => "mute",
        RtcOp::Subscribe { .. } => "subscribe",
        RtcOp::SetView { .. } => "view",
    }
}

pub(super) fn rtc_line(kind: &str, op: &RtcOp) -> String {
    let on = |on: bool| if on { "on" } else { "off" };
    match op {
        RtcOp::Join(join) => format!("{kind} {} as {}", join.channel_name, join.uid),
        RtcOp::Leave => kind.to_owned(),
        RtcOp::EnableLocal { media, on: is_on } => format!("{kind} {media} {}", on(*is_on)),
        RtcOp::MuteLocal { media, muted } => format!("{kind} {media} {}", on(*muted)),
        RtcOp::Subscribe { uid, media, on: is_on } => format!("{kind} {uid} {media} {}", on(*is_on)),
        RtcOp::SetView { uid, view } => format!("{kind} {uid} {}", on(view.is_some())),
    }
}

/// Own call ids are random: only the peer's is in the line.
pub(super) fn prepare_line(of: &Preparation) -> String {
    let kind = format!("{:?}", of.call_type).to_lowercase();
    match of.is_inviter {
        true => format!("rtc prepare {} inviter {kind} {}", of.call_no, of.peer),
        false => format!("rtc prepare {} callee {kind} {} {}", of.call_no, of.peer, of.call_id),
    }
}

/// The listener function's name and the fields that distinguish one such event from another.
pub(super) fn event_line(event: &Event) -> String {
    let on = |name: &str, event: &MediaEvent| format!("{name} {} {}", event.user, event.on);
    let transport = |name: &str, event: &ConnectionEvent| format!("{name} {}", event.transport as i32);
    let call = |name: &str, event: &CallEvent| format!("{name} {}", event.user);
    let typed = |name: &str, e: &CallEvent| format!("{name} {:?} {}", e.call_type, e.state).to_lowercase();
    match event {
        Event::Invited(invited) => format!("on_invited {}", invited.invitor),
        Event::UserBusy(event) => format!("on_user_busy {}", event.user),
        Event::UserCancel(event) => format!("on_user_cancel {}", event.user),
        Event::UserAccept(event) => format!("on_user_accept {}", event.user),
        Event::UserEnter(event) => format!("on_user_enter {}", event.user),
        Event::UserReject(event) => format!("on_user_reject {}", event.user),
        Event::UserLeave(event) => format!("on_user_leave {}", event.user),
        Event::UserDisconnect(event) => format!("on_user_disconnect {}", event.user),
        Event::Disconnect(_) => "on_disconnect".to_owned(),
        Event::AudioAvailable(event) => on("on_audio_available", event),
        Event::CameraAvailable(event) => on("on_camera_available", event),
        Event::CallEnd(end) => format!("on_call_end {}", end.reason as i32),
        Event::CallingTimeout(_) => "on_calling_timeout".to_owned(),
        Event::CallTypeChange(event) => typed("on_call_type_change", event),
        Event::OtherClientAccept(event) => call("on_other_client_accept", event),
        Event::OtherClientReject(event) => call("on_other_client_reject", event),
        Event::VideoMuted(event) => on("on_video_muted", event),
        Event::AudioMuted(event) => on("on_audio_muted", event),
        Event::MessageSent(record) => format!("on_message_sent {}", record.status as i32),
        Event::Error(error) => {
            format!("on_error {} {}", format!("{:?}", error.operation).to_lowercase(), error.code)
        }
        Event::CallConnected(event) => call("on_call_connected", event),
        Event::Kicked(_) => "on_kicked".to_owned(),
        Event::Reconnecting(event) => transport("on_reconnecting", event),
        Event::Reconnected(event) => transport("on_reconnected", event),
        Event::NetworkQuality(event) => format!("on_network_quality {} {}", event.user, event.quality),
        Event::CallTypeRequest(event) => typed("on_call_type_request", event),
        Event::UserRinging(event) => format!("on_user_ringing {}", event.user),
        Event::TokenNeeded(event) => format!("on_token_needed {}", event.code),
        Event::RecordReceived(record) => format!("on_record_received {}", record.status as i32),
        Event::Data(data) => format!("on_data {} {}", data.user, data.json),
        Event::MediaSecured(event) => {
            format!("on_media_secured {:?} {}", event.security, event.code).trim_end().to_lowercase()
        }
        Event::MissedCall(missed) => {
            format!("on_missed_call {} {:?}", missed.user, missed.reason).to_lowercase()
        }
    }
}
