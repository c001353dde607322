//! A trace as text: what happened in each call and why it ended.

use std::collections::BTreeMap;
use std::fmt::Write;

use nertc_callkit::engine::Snapshot;
use nertc_callkit::engine::input::{Command, Input, Security};
use nertc_callkit::engine::output::{CallEnd, EndReason, Event, Missed, Output};
use nertc_callkit_signaling::{self as signaling, Code, Connection, EventKind};

use crate::labels::{self, clock, kind, outcome, screaming_case, seconds, signal};
use crate::timeline::{Moment, Timeline};

/// Prints it.
pub(crate) fn describe(timeline: &Timeline) -> String {
    let mut text = String::new();
    for (at, kit) in timeline.kits.iter().enumerate() {
        let steps = timeline.moments.iter().filter(|moment| moment.kit == at);
        let last = steps.clone().next_back().map_or(kit.began, |moment| moment.t);
        let _ = writeln!(
            text,
            "{}: {} steps in {}, library {}{}",
            timeline.name(at),
            steps.clone().count(),
            seconds(last - kit.began),
            kit.library,
            if kit.redacted { ", redacted" } else { "" }
        );
        if timeline.earlier > 0 {
            let _ = writeln!(text, "  ({} earlier steps of the file are omitted)", timeline.earlier);
        }
        let mut narrative = Narrative { began: kit.began, ..Narrative::default() };
        if kit.start.call_no != 0 {
            narrative.mid_call(&kit.start);
        }
        steps.for_each(|moment| narrative.moment(moment));
        text += &narrative.finish();
    }
    if let Some(it) = &timeline.difference {
        let _ = writeln!(
            text,
            "\nFrom line {} of {} on this engine's outputs differ: see replay.",
            it.line, timeline.file
        );
    }
    text
}

/// The history of one client.
#[derive(Default)]
struct Narrative {
    began: u64,
    /// Beside the calls.
    lines: Vec<String>,
    calls: BTreeMap<u64, Call>,
    call: u64,
}

#[derive(Default)]
struct Call {
    title: String,
    began: u64,
    lines: Vec<String>,
    is_incoming: bool,
    is_accepted: bool,
    is_connected: bool,
    /// The timer that ran out last.
    timer: Option<String>,
    end_cause: Option<String>,
}

impl Narrative {
    fn mid_call(&mut self, start: &Snapshot) {
        let doing = match start.state {
            1 => "calling",
            2 => "being called by",
            _ => "in a call with",
        };
        let title = format!("the trace begins while it is {doing} {}", start.peer);
        let (is_incoming, is_accepted) = (start.state == 2, start.state == 3);
        let call = Call { title, began: self.began, is_incoming, is_accepted, ..Call::default() };
        self.call = start.call_no;
        self.calls.insert(start.call_no, call);
    }

    fn moment(&mut self, moment: &Moment) {
        let cause = cause(moment);
        // A call that this step begins has its own chapter.
        let rings = moment.out.iter().find_map(|output| {
            let Output::Event(Event::Invited(it)) = output else { return None };
            Some((it.call_no, format!("{} call of {}", kind(it.call_type), it.invitor), true))
        });
        let begins = rings.or_else(|| self.own_call(moment));
        if let Some((number, title, is_incoming)) = begins {
            self.calls.insert(number, Call { title, began: moment.t, is_incoming, ..Call::default() });
            self.call = number;
        }
        if let (Some(why), Some(call)) = (&moment.due, self.calls.get_mut(&self.call)) {
            call.timer = Some(why.clone());
        }
        if let Some(asked) = asked(moment) {
            self.note(self.call, moment.t, asked);
        }
        for output in &moment.out {
            self.output(moment, output, &cause);
        }
        if moment.after.call_no == 0 {
            self.call = 0;
        }
    }

    fn own_call(&self, moment: &Moment) -> Option<(u64, String, bool)> {
        let Some(Input::Command { command, .. }) = &moment.input else { return None };
        let Command::Call(options) = &**command else { return None };
        let number = moment.after.call_no;
        let is_new = moment.after.state == 1 && !self.calls.contains_key(&number);
        is_new.then(|| (number, format!("{} call to {}", kind(options.call_type), options.user), false))
    }

    fn output(&mut self, moment: &Moment, output: &Output, cause: &str) {
        let t = moment.t;
        match output {
            Output::Event(Event::CallEnd(end)) => self.end(moment, end, cause),
            Output::Event(event) => {
                if let Some(what) = happened(event) {
                    let number = event.call_no();
                    self.note(number, t, format!("{what} ({})", event.name()));
                    if let (Some(call), Event::CallConnected(_)) = (self.calls.get_mut(&number), event) {
                        call.is_connected = true;
                    }
                }
            }
            Output::Done { result, .. } if result.code != Code::OK => {
                let what = screaming_case(result.operation).to_lowercase();
                self.note(result.call_no, t, format!("{what} completes with {}", outcome(result.code)));
            }
            Output::Signal { op, .. } => {
                if let signaling::Operation::Invite { message, expires_ms, .. } = op {
                    let ring = seconds((*expires_ms).into());
                    let sent = format!("invites {}, for {ring}", message.account);
                    self.note(self.call, t, sent);
                } else if let signaling::Operation::Login { .. } = op {
                    self.note(0, t, "the service is asked to log in".into());
                } else if let signaling::Operation::Cancel(_)
                | signaling::Operation::Accept(_)
                | signaling::Operation::Reject(_) = op
                {
                    self.note(self.call, t, format!("requests from the service: {}", labels::signal_op(op)));
                }
            }
            Output::Ignored(why) => self.note(self.call, t, format!("ignored: {why}")),
            Output::Done { .. } | Output::Rtc { .. } | Output::Notify(_) | Output::RtcReceive { .. } => {}
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {}
            Output::Closed => self.note(0, t, "released".into()),
        }
    }

    fn end(&mut self, moment: &Moment, end: &CallEnd, cause: &str) {
        let Some(call) = self.calls.get_mut(&end.call_no) else { return };
        let mut why = format!(
            "It ended with {} ({}): {}.",
            screaming_case(end.reason),
            end.reason as i32,
            meaning(end, call.is_incoming)
        );
        let _ = match (&moment.input, &call.timer) {
            (Some(Input::SignalDone { .. }), Some(timer)) => {
                write!(why, "\n    Cause: a timer of this side expired: {timer}; then {cause}.")
            }
            _ => write!(why, "\n    Cause: {cause}."),
        };
        if call.is_connected || end.talk_ms > 0 {
            let _ = write!(
                why,
                "\n    It rang for {} and lasted {}.",
                seconds(end.ring_ms),
                seconds(end.talk_ms)
            );
        } else if call.is_incoming && !call.is_accepted {
            let _ = write!(why, "\n    So it stopped ringing here, after {}.", seconds(end.ring_ms));
        } else {
            let _ = write!(why, "\n    It was never connected, after {}.", seconds(moment.t - call.began));
        }
        call.end_cause = Some(why);
    }

    /// Adds a line to a call, or beside all.
    fn note(&mut self, number: u64, t: u64, what: String) {
        match self.calls.get_mut(&number) {
            Some(call) => {
                call.is_accepted |= what.starts_with("requests from the service: accept");
                call.lines.push(format!("    +{:<9} {what}", clock(t - call.began.min(t))));
            }
            None => self.lines.push(format!("  {:<10} {what}", clock(t - self.began))),
        }
    }

    fn finish(self) -> String {
        let mut text = String::new();
        self.lines.iter().for_each(|line| _ = writeln!(text, "{line}"));
        for (number, call) in &self.calls {
            let at = clock(call.began - self.began);
            let _ = writeln!(text, "\n  Call {number}, at {at}: {}", call.title);
            call.lines.iter().for_each(|line| _ = writeln!(text, "{line}"));
            let open = "It is still live where the trace ends: no on_call_end was emitted.";
            let _ = writeln!(text, "  → {}", call.end_cause.as_deref().unwrap_or(open));
        }
        text + "\n"
    }
}

/// What the step was about, if it is worth a line of its own.
fn asked(moment: &Moment) -> Option<String> {
    Some(match (&moment.input, &moment.due) {
        (Some(Input::Command { command, .. }), _) => format!("the app: {}", labels::command(command)),
        (Some(Input::Close), _) => "the app releases the client".into(),
        (Some(Input::Signals { origin, events }), _) => {
            let events: Vec<String> = events.iter().map(|event| signal(*origin, event)).collect();
            format!("the service reports: {}", events.join("; "))
        }
        (Some(Input::SignalDone { result, .. }), _) if !result.outcome.code.is_success() => {
            format!("the service completes {}", text_of(moment))
        }
        (Some(Input::RtcDone { outcome, .. }), _) if outcome.code != Code::OK => {
            format!("the media backend completes {}", text_of(moment))
        }
        (Some(Input::Connection(Connection::Kicked(_))), _) => {
            "the service logs this device out (kicked)".into()
        }
        (None, Some(why)) => format!("a timer of this side expires: {why}"),
        _ => return None,
    })
}

fn text_of(moment: &Moment) -> String {
    moment.labels.iter().map(|label| label.text.clone()).collect::<Vec<_>>().join("; ")
}

/// Why this step ended what it ended.
fn cause(moment: &Moment) -> String {
    match (&moment.input, &moment.due) {
        (Some(Input::Command { command, .. }), _) => {
            format!("this app requested it: {}", labels::command(command))
        }
        (Some(Input::Close), _) => "this app released the client".into(),
        (Some(Input::Signals { events, .. }), _) => {
            let whose =
                if events.iter().any(is_answer_elsewhere) { "our own account" } else { "the other side" };
            format!("a message of {whose}: {}", text_of(moment))
        }
        (Some(Input::SignalDone { .. }), _) => format!("the service's result: {}", text_of(moment)),
        (Some(Input::Connection(_)), _) => format!("the service: {}", text_of(moment)),
        (Some(Input::RtcDone { .. } | Input::Rtc(_) | Input::RtcSend { .. }), _) => {
            format!("the media backend: {}", text_of(moment))
        }
        (Some(Input::ChannelStates(_) | Input::Backlog(_) | Input::Record { .. }), _) => text_of(moment),
        (None, Some(why)) => format!("a timer of this side expired: {why}"),
        (None, None) => "unknown from this trace".into(),
    }
}

fn is_answer_elsewhere(event: &signaling::Event) -> bool {
    matches!(event.kind, EventKind::Accept | EventKind::Reject) && event.from == event.to
}

/// The reason as text.
fn meaning(end: &CallEnd, is_incoming: bool) -> String {
    let peer = &end.user;
    match end.reason {
        EndReason::Normal => "this side left, logged out or was released".into(),
        EndReason::Timeout if is_incoming => "no answer here in time".into(),
        EndReason::Timeout => format!("{peer} did not answer in time"),
        EndReason::Busy => format!("{peer} is busy, or its own ring limit expired"),
        EndReason::RtcJoinFailed => {
            "media did not connect in time, or the media room could not be joined".into()
        }
        EndReason::CallFailed => "the call could not be placed".into(),
        EndReason::Kicked => "this device was logged out by the service".into(),
        EndReason::RtcDisconnected => "our own media connection failed permanently".into(),
        EndReason::Cancelled => "we cancelled".into(),
        EndReason::PeerCancelled => format!("{peer} cancelled before we answered"),
        EndReason::Rejected => "we rejected".into(),
        EndReason::PeerRejected => format!("{peer} rejected"),
        EndReason::HungUp => "we hung up".into(),
        EndReason::PeerHungUp => format!("{peer} hung up"),
        EndReason::OtherRejected => "another device of this account rejected".into(),
        EndReason::OtherAccepted => "another device of this account answered".into(),
        EndReason::PeerDisconnected => format!("the connection of {peer} was lost"),
        EndReason::PeerLeft => format!("{peer} left the call"),
        EndReason::AcceptFailed => "our accept failed".into(),
        EndReason::MediaMismatch => format!("the media backend of {peer} is incompatible with ours"),
        EndReason::MediaNotSecure => format!("it is not proven that media reaches {peer} alone"),
    }
}

fn security(security: Security) -> &'static str {
    match security {
        Security::None => "not up yet",
        Security::NoCode => "encrypted, the peer gives no code to compare",
        Security::Unverified => "encrypted, the code was not compared",
        Security::Verified => "encrypted, and proven to reach the peer",
        Security::Mismatch => "not secure, something was replaced on the way",
    }
}

/// An event as text; None: not worth a line.
fn happened(event: &Event) -> Option<String> {
    Some(match event {
        Event::Invited(it) => format!("it rings, for at most {}", seconds(it.ring_left_ms.into())),
        Event::UserBusy(it) => format!("{} is busy, or its ring limit expired", it.user),
        Event::UserCancel(it) => format!("{} cancelled", it.user),
        Event::UserAccept(it) => format!("{} accepted", it.user),
        Event::UserEnter(it) => format!("{} is in the media room", it.user),
        Event::UserReject(it) => format!("{} rejected", it.user),
        Event::UserLeave(it) => format!("{} left", it.user),
        Event::UserDisconnect(it) => format!("{} lost its connection", it.user),
        Event::CallingTimeout(it) => format!("{} did not answer in time", it.user),
        Event::CallConnected(_) => "both are in the media room: connected".into(),
        Event::CallTypeChange(it) => format!("it is now a {} call", kind(it.call_type)),
        Event::CallTypeRequest(it) => format!("{} requests {}", it.user, kind(it.call_type)),
        Event::OtherClientAccept(_) => "another device of this account accepted".into(),
        Event::OtherClientReject(_) => "another device of this account rejected".into(),
        Event::Error(it) => {
            format!("{} failed: {}", screaming_case(it.operation).to_lowercase(), outcome(it.code))
        }
        Event::UserRinging(it) => format!("a device of {} rings", it.user),
        Event::TokenNeeded(_) => "the service needs a token".into(),
        Event::RecordReceived(it) => format!("{} sent a call record", it.user),
        Event::Kicked(_) => "this device was logged out by the service".into(),
        Event::Reconnecting(it) => {
            format!("the {} connection is interrupted", screaming_case(it.transport).to_lowercase())
        }
        Event::Reconnected(it) => {
            format!("the {} connection is restored", screaming_case(it.transport).to_lowercase())
        }
        Event::Disconnect(it) => {
            format!("the {} connection failed permanently", screaming_case(it.transport).to_lowercase())
        }
        Event::MissedCall(it) => {
            let why = match it.reason {
                Missed::Cancelled => "it was cancelled first",
                Missed::Expired => "it was too old",
                Missed::Busy => "this device was busy",
                Missed::AnsweredElsewhere => "another device answered it",
                Missed::Replaced => "a newer call of the same account replaced it",
                Missed::Group => "it is a group call",
                Missed::Blocked => "the call policy refuses it",
                Missed::RateLimited => "the caller calls too often",
                Missed::MediaMismatch => "the caller's media backend is incompatible with ours",
            };
            format!("a call of {} did not ring: {why}", it.user)
        }
        Event::MediaSecured(it) => format!("media: {}", security(it.security)),
        // The end has a paragraph of its own, media and records are seen in the picture.
        Event::CallEnd(_) | Event::MessageSent(_) | Event::NetworkQuality(_) => return None,
        Event::AudioAvailable(_) | Event::CameraAvailable(_) => return None,
        Event::AudioMuted(_) | Event::VideoMuted(_) | Event::Data(_) => return None,
    })
}
