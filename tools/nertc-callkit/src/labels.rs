//! Labels of inputs and outputs, short enough for an arrow.

use std::fmt::Debug;

use nertc_callkit::engine::input::{Command, Input, Media, RtcEvent, SwitchStep};
use nertc_callkit::engine::output::{Event, MediaEvent, Output, RtcOp};
use nertc_callkit::engine::wire::{self, Reason};
use nertc_callkit_signaling::{
    self as signaling, CallType, Code, Connection, EventKind, Notification, Origin, Outcome,
};

/// The other end of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    App,
    Signaling,
    Media,
}

/// How an arrow looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A request or report.
    Plain,
    /// The result of a request.
    Answer,
    /// It did not work.
    Bad,
    /// A call ends.
    End,
}

/// A message between the client and its surroundings.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) lane: Lane,
    pub(crate) to_kit: bool,
    pub(crate) text: String,
    pub(crate) style: Style,
}

fn label(lane: Lane, to_kit: bool, text: impl Into<String>) -> Label {
    Label { lane, to_kit, text: text.into(), style: Style::Plain }
}

fn answer(lane: Lane, to_kit: bool, what: &str, code: Code) -> Label {
    let style = if code.is_success() { Style::Answer } else { Style::Bad };
    Label { style, ..label(lane, to_kit, format!("{what}: {}", outcome(code))) }
}

/// `ok`, or the number with its meaning.
pub(crate) fn outcome(code: Code) -> String {
    if code == Code::OK { "ok".into() } else { format!("{code}, {}", code.text().to_string_lossy()) }
}

/// `PEER_HUNG_UP` of `PeerHungUp`, also of a longer text that begins with it.
pub(crate) fn screaming_case(value: impl Debug) -> String {
    let text = format!("{value:?}");
    let mut screaming = String::new();
    for letter in text.chars().take_while(|letter| letter.is_alphanumeric()) {
        if letter.is_uppercase() && !screaming.is_empty() {
            screaming.push('_');
        }
        screaming.extend(letter.to_uppercase());
    }
    screaming
}

pub(crate) fn kind(call_type: CallType) -> &'static str {
    match call_type {
        CallType::Audio => "audio",
        CallType::Video => "video",
        CallType::Other => "other",
    }
}

fn step(step: SwitchStep) -> &'static str {
    match step {
        SwitchStep::Invite => "ask for",
        SwitchStep::Agree => "agree to",
        SwitchStep::Reject => "refuse",
    }
}

fn media(bits: Media) -> &'static str {
    match bits.bits() {
        1 => "microphone",
        2 => "camera",
        _ => "microphone, camera",
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// The label of an input. `asked` has the pending operations.
pub(crate) fn input(input: &Input, asked: impl Fn(u64) -> String) -> Vec<Label> {
    let one = match input {
        Input::Command { command, .. } => label(Lane::App, true, self::command(command)),
        Input::Close => label(Lane::App, true, "release"),
        Input::Backlog(true) => label(Lane::App, true, "does not take its events"),
        Input::Backlog(false) => label(Lane::App, true, "takes its events again"),
        Input::SignalDone { req, result } => {
            answer(Lane::Signaling, true, &asked(req.0), result.outcome.code)
        }
        Input::Signals { origin, events } => {
            return events.iter().map(|event| label(Lane::Signaling, true, signal(*origin, event))).collect();
        }
        Input::ChannelStates(states) => {
            label(Lane::Signaling, true, format!("still in {} channels", states.len()))
        }
        Input::Connection(Connection::Lost(why)) => failed(Lane::Signaling, "connection lost", why),
        Input::Connection(Connection::Restored) => label(Lane::Signaling, true, "connection restored"),
        Input::Connection(Connection::Kicked(why)) => failed(Lane::Signaling, "kicked", why),
        Input::Connection(Connection::TokenNeeded(why)) => failed(Lane::Signaling, "token needed", why),
        Input::RtcDone { req, outcome } => answer(Lane::Media, true, &asked(req.0), outcome.code),
        Input::Rtc(report) => rtc(&report.event),
        Input::RtcSend { .. } => label(Lane::Media, true, "a text for its peer"),
        Input::Record { from, .. } => label(Lane::Signaling, true, format!("call record of {from}")),
    };
    vec![one]
}

fn failed(lane: Lane, what: &str, why: &Outcome) -> Label {
    let code = if why.code == Code::OK { String::new() } else { format!(" ({})", why.code) };
    Label { style: Style::Bad, ..label(lane, true, format!("{what}{code}")) }
}

/// A request of the app.
pub(crate) fn command(command: &Command) -> String {
    match command {
        Command::Login { account, .. } => format!("login as {account}"),
        Command::Logout => "logout".into(),
        Command::SetCallTimeout { timeout_ms } => {
            format!("set_call_timeout {}", seconds((*timeout_ms).into()))
        }
        Command::Call(options) => format!("call {} ({})", options.user, kind(options.call_type)),
        Command::Cancel { .. } => "cancel".into(),
        Command::Accept { .. } => "accept".into(),
        Command::Reject { .. } => "reject".into(),
        Command::Hangup { .. } => "hangup".into(),
        Command::Leave { .. } => "leave".into(),
        Command::SwitchCallType { call_type, step: it } => {
            format!("switch_call_type: {} {}", step(*it), kind(*call_type))
        }
        Command::EnableLocal { media: bits, on } => format!("{} {}", media(*bits), on_off(*on)),
        Command::MuteLocal { media: bits, muted } => format!("mute {} {}", media(*bits), on_off(*muted)),
        Command::MuteRemote { media: bits, muted } => {
            format!("mute peer's {} {}", media(*bits), on_off(*muted))
        }
        Command::SetLocalView(_) => "set_local_view".into(),
        Command::SetRemoteView(_) => "set_remote_view".into(),
        Command::SendData { .. } => "send_data".into(),
        Command::SetCallPolicy(_) => "set_call_policy".into(),
        Command::SetToken { .. } => "set_token".into(),
    }
}

/// A message of the service, with what matters of its text.
pub(crate) fn signal(source: Origin, event: &signaling::Event) -> String {
    let text = wire::read(&event.custom_info);
    let why = match event.kind {
        EventKind::Cancel if text.glare => " (both called each other)",
        EventKind::Cancel | EventKind::Reject => match wire::reason(&event.custom_info, &text) {
            Reason::Plain => "",
            Reason::Timeout => " (nobody answered)",
            Reason::Busy => " (busy)",
        },
        EventKind::Control => match text.cid {
            1 => " (join now)",
            2 | 3 => " (call type)",
            1_000 => " (media)",
            1_001 => " (data)",
            _ => "",
        },
        EventKind::Close | EventKind::Join | EventKind::Invite | EventKind::Accept | EventKind::Leave => "",
        EventKind::Ringing | EventKind::PeerLost => "",
    };
    let whose = match source {
        Origin::Online => "",
        Origin::OtherDevice => ", another own device",
        Origin::Offline => ", from the backlog",
    };
    format!("{} from {}{why}{whose}", screaming_case(event.kind), event.from)
}

fn rtc(event: &RtcEvent) -> Label {
    let text = match event {
        RtcEvent::PeerJoin { uid } => format!("peer {uid} joined"),
        RtcEvent::PeerLeave { uid, code: Code::OK } => format!("peer {uid} left"),
        RtcEvent::PeerLeave { uid, code } => format!("peer {uid} left ({code})"),
        RtcEvent::PeerMedia { uid, media: bits, on } => {
            format!("peer {uid}: {} {}", media(*bits), on_off(*on))
        }
        RtcEvent::PeerMute { uid, media: bits, muted } => {
            format!("peer {uid}: {} {}", media(*bits), if *muted { "muted" } else { "unmuted" })
        }
        RtcEvent::PeerSilent { uid } => format!("nothing from peer {uid}"),
        RtcEvent::PeerActive { uid } => format!("peer {uid} is heard again"),
        RtcEvent::Reconnecting => "reconnecting".into(),
        RtcEvent::Reconnected => "reconnected".into(),
        RtcEvent::Disconnected(why) => return failed(Lane::Media, "disconnected", why),
        RtcEvent::Quality { uid, quality } => format!("quality of {uid}: {quality}"),
        RtcEvent::Error(why) => return failed(Lane::Media, "error", why),
        RtcEvent::Secured { security, .. } => {
            format!("security: {}", screaming_case(*security).to_lowercase())
        }
    };
    label(Lane::Media, true, text)
}

/// The label of an output; `Err` is a remark without a receiver.
pub(crate) fn output(output: &Output) -> Result<Label, String> {
    Ok(match output {
        Output::Signal { op, .. } => label(Lane::Signaling, false, signal_op(op)),
        Output::Notify(notice) => label(Lane::Signaling, false, self::notice(notice)),
        Output::Rtc { op, .. } => label(Lane::Media, false, rtc_op(op)),
        Output::RtcReceive { .. } => label(Lane::Media, false, "a text of its peer"),
        Output::RtcPrepare(it) => {
            let role = if it.is_inviter { "inviter" } else { "callee" };
            label(Lane::Media, false, format!("prepare call {} as {role}", it.call_no))
        }
        Output::RtcDiscard { call_no } => label(Lane::Media, false, format!("discard call {call_no}")),
        Output::Done { result, .. } => {
            let what = format!("done({})", screaming_case(result.operation).to_lowercase());
            answer(Lane::App, false, &what, result.code)
        }
        Output::Event(event) => self::event(event),
        Output::Ignored(why) => return Err(format!("ignored: {why}")),
        Output::Closed => label(Lane::App, false, "released"),
    })
}

/// An operation of the signaling backend.
pub(crate) fn signal_op(op: &signaling::Operation) -> String {
    let name = op.name().replace('_', " ");
    if let signaling::Operation::Login { account, .. } = op {
        return format!("{name} {account}");
    }
    if let signaling::Operation::Create { call_type } = op {
        return format!("{name} ({})", kind(*call_type));
    }
    if let signaling::Operation::Record(record) = op {
        return format!("record: {}", screaming_case(record.status).to_lowercase());
    }
    let Some(message) = op.message() else { return name };
    let text = wire::read(&message.custom_info);
    let is_busy = matches!(op, signaling::Operation::Reject(_))
        && wire::reason(&message.custom_info, &text) == Reason::Busy;
    let what = match text.cid {
        _ if is_busy => " (busy)",
        1_000 => " (media)",
        1_001 => " (data)",
        _ => "",
    };
    format!("{name} {}{what}", message.account)
}

/// What the signaling backend is notified of.
fn notice(notice: &Notification) -> String {
    match notice {
        Notification::InviteState { state, .. } => {
            format!("invite state: {}", screaming_case(state).to_lowercase())
        }
        Notification::AbortLogin(_) => "abort login".into(),
        Notification::SetToken(_) => "set token".into(),
        Notification::CallPolicy(policy) => {
            format!("call policy: {}", screaming_case(policy.rule).to_lowercase())
        }
    }
}

/// An operation of the media backend.
pub(crate) fn rtc_op(op: &RtcOp) -> String {
    match op {
        RtcOp::Join(join) => format!("join room ({})", kind(join.call_type)),
        RtcOp::Leave => "leave room".into(),
        RtcOp::EnableLocal { media: bits, on } => format!("{} {}", media(*bits), on_off(*on)),
        RtcOp::MuteLocal { media: bits, muted } => format!("mute {} {}", media(*bits), on_off(*muted)),
        RtcOp::Subscribe { uid, media: bits, on } => {
            format!("receive {uid}: {} {}", media(*bits), on_off(*on))
        }
        RtcOp::SetView { uid: 0, .. } => "own picture".into(),
        RtcOp::SetView { uid, .. } => format!("picture of {uid}"),
    }
}

fn event(event: &Event) -> Label {
    let name = event.name();
    let of_media = |it: &MediaEvent| format!("{name}: {}", on_off(it.on));
    let text = match event {
        Event::Invited(it) => format!("{name}: {} ({})", it.invitor, kind(it.call_type)),
        Event::UserBusy(it) | Event::UserCancel(it) | Event::UserAccept(it) | Event::UserEnter(it) => {
            format!("{name}: {}", it.user)
        }
        Event::UserReject(it) | Event::UserLeave(it) | Event::UserDisconnect(it) => {
            format!("{name}: {}", it.user)
        }
        Event::AudioAvailable(it) | Event::CameraAvailable(it) => of_media(it),
        Event::VideoMuted(it) | Event::AudioMuted(it) => of_media(it),
        Event::CallEnd(it) => format!("{name}: {} {}", screaming_case(it.reason), it.reason as i32),
        Event::MessageSent(it) => format!("{name}: {}", screaming_case(it.status).to_lowercase()),
        Event::Error(it) => format!("{name}: {} {}", screaming_case(it.operation).to_lowercase(), it.code),
        Event::UserRinging(it) => format!("{name}: {}", it.user),
        Event::Data(it) => format!("{name}: {} bytes", it.json.len()),
        Event::MediaSecured(it) => format!("{name}: {}", screaming_case(it.security).to_lowercase()),
        Event::TokenNeeded(it) => format!("{name}: {}", it.code),
        Event::RecordReceived(it) => format!("{name}: {}", screaming_case(it.status).to_lowercase()),
        Event::MissedCall(it) => format!("{name}: {}, {}", it.user, screaming_case(it.reason).to_lowercase()),
        Event::CallTypeChange(it) | Event::CallTypeRequest(it) => format!("{name}: {}", kind(it.call_type)),
        Event::NetworkQuality(it) => format!("{name}: {}", it.quality),
        Event::Disconnect(it) | Event::Kicked(it) | Event::Reconnecting(it) | Event::Reconnected(it) => {
            format!("{name}: {}", screaming_case(it.transport).to_lowercase())
        }
        Event::CallingTimeout(_)
        | Event::OtherClientAccept(_)
        | Event::OtherClientReject(_)
        | Event::CallConnected(_) => name.to_owned(),
    };
    let is_bad = matches!(event, Event::Error(_) | Event::Kicked(_) | Event::Disconnect(_));
    let style = match is_bad {
        _ if matches!(event, Event::CallEnd(_)) => Style::End,
        true => Style::Bad,
        false => Style::Plain,
    };
    Label { style, ..label(Lane::App, false, text) }
}

/// `1.5 s`, `250 ms`, `2 min 5 s`.
pub(crate) fn seconds(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        _ => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
    }
}

/// `+12.345`, or with minutes.
pub(crate) fn clock(ms: u64) -> String {
    match ms / 60_000 {
        0 => format!("{}.{:03}", ms / 1_000, ms % 1_000),
        minutes => format!("{minutes}:{:02}.{:03}", ms / 1_000 % 60, ms % 1_000),
    }
}
