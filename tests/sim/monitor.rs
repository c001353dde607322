//! What must hold of one device, whatever happens: watched from its inputs and outputs alone.

use std::collections::{BTreeMap, BTreeSet};

use nertc_callkit::engine::codes;
use nertc_callkit::engine::input::{Input, Req, Signal, SignalEvent, Source, Text, Ticket};
use nertc_callkit::engine::output::{EndReason, Event, OpResult, Operation, Output, RtcOp, SignalOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::{Engine, Names};

/// What the app was told of one call.
#[derive(Clone, Debug, Default, Hash)]
struct Told {
    once: BTreeSet<&'static str>,
    records: u32,
    ended: bool,
    /// The app's cancel, reject, hangup or leave completed.
    refused: bool,
    is_outgoing: bool,
    invite_issued: bool,
    no_record: bool,
}

/// Watches one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitor {
    account: Text,
    open: BTreeMap<Ticket, Operation>,
    calls: BTreeMap<u64, Told>,
    /// Invites whose end this device has seen.
    over: BTreeSet<(Text, Option<Text>)>,
    /// Own operations that will make this device a member or owner of a channel.
    entering: BTreeMap<Req, Option<Text>>,
    /// Channels to be left or closed.
    inside: BTreeSet<Text>,
    login_epoch: u32,
}

type Verdict = Result<(), String>;

impl Monitor {
    /// For a device of `account`.
    pub(crate) fn new(account: Text) -> Monitor {
        Monitor { account, ..Monitor::default() }
    }

    /// Before the engine gets `input`.
    pub(crate) fn before(&mut self, input: &Input) {
        match input {
            Input::Command { ticket, command } => {
                self.open.insert(*ticket, command.operation());
            }
            Input::Signals { events, source } => {
                for event in events {
                    self.saw(*source, event);
                }
            }
            Input::SignalDone { req, result } => {
                let entered = self.entering.remove(req);
                let ok = codes::is_success(result.outcome.code);
                if let (Some(channel), true) = (entered, ok) {
                    let created = result.room.as_ref().map(|room| room.channel.id.clone());
                    let open = channel.or(created).filter(|id| !self.over.contains(&(id.clone(), None)));
                    self.inside.extend(open);
                }
            }
            Input::Connection(nertc_callkit::engine::input::Connection::Kicked(_)) => self.forget_channels(),
            Input::Connection(_) | Input::Close | Input::Backlog(_) | Input::Rooms(_) => {}
            Input::RtcDone { .. } | Input::Rtc(_) => {}
        }
    }

    fn forget_channels(&mut self) {
        self.inside.clear();
        self.entering.clear();
        self.login_epoch += 1;
    }

    fn saw(&mut self, source: Source, event: &SignalEvent) {
        let id = event.channel.id.clone();
        let is_own = event.from == self.account;
        match event.signal {
            Signal::Cancel => {
                self.over.insert((id, Some(event.request_id.clone())));
            }
            Signal::Close => {
                self.inside.remove(&id);
                self.over.insert((id, None));
            }
            Signal::Accept | Signal::Reject if source == Source::OtherDevice || is_own => {
                self.over.insert((id, Some(event.request_id.clone())));
            }
            Signal::Accept | Signal::Reject => {}
            Signal::Invite | Signal::Join | Signal::Leave | Signal::Control => {}
        }
    }

    /// One output of the engine, in order.
    pub(crate) fn output(&mut self, output: &Output, engine: &Engine) -> Verdict {
        match output {
            Output::Done { ticket, result } => self.done(*ticket, result),
            Output::Event(event) => self.event(event),
            Output::Signal { req, op } => {
                self.operation(*req, op, engine);
                Ok(())
            }
            Output::Rtc { op, .. } => match op {
                RtcOp::Join { .. } | RtcOp::EnableLocal { on: true, .. }
                    if engine.phase() != Phase::InCall =>
                {
                    Err(format!("media opens outside of a call: {op:?}"))
                }
                RtcOp::Join { .. } | RtcOp::EnableLocal { .. } | RtcOp::Leave => Ok(()),
                RtcOp::MuteLocal { .. } | RtcOp::Subscribe { .. } | RtcOp::SetView { .. } => Ok(()),
            },
            Output::Ignored(_) | Output::Closed => Ok(()),
        }
    }

    fn operation(&mut self, req: Req, op: &SignalOp, engine: &Engine) {
        match op {
            SignalOp::Create { .. } => {
                self.entering.insert(req, None);
            }
            SignalOp::Join { channel_id, .. } => {
                self.entering.insert(req, Some(channel_id.clone()));
            }
            SignalOp::Leave { channel_id, .. } | SignalOp::Close { channel_id, .. } => {
                self.inside.remove(channel_id);
            }
            SignalOp::Accept(message) | SignalOp::Reject(message) => {
                self.over.insert((message.channel_id.clone(), Some(message.request_id.clone())));
            }
            SignalOp::Invite { .. } => {
                if let Some(told) = self.calls.get_mut(&engine.snapshot().call_no) {
                    told.invite_issued = true;
                }
            }
            SignalOp::Logout => self.forget_channels(),
            SignalOp::Login { .. }
            | SignalOp::CancelInvite(_)
            | SignalOp::Control(_)
            | SignalOp::SendRecord(_) => {}
        }
    }

    /// call() was accepted: this is its number.
    pub(crate) fn placed(&mut self, call_no: u64, no_record: bool) {
        let told = self.calls.entry(call_no).or_default();
        told.is_outgoing = true;
        told.no_record = no_record;
    }

    fn done(&mut self, ticket: Ticket, result: &OpResult) -> Verdict {
        let Some(operation) = self.open.remove(&ticket) else {
            return Err(format!("completed twice, or never asked for: {result:?}"));
        };
        if operation != result.operation {
            return Err(format!("completes {operation:?} as {:?}", result.operation));
        }
        if result.call_no == 0 {
            return Ok(());
        }
        let Some(told) = self.calls.get_mut(&result.call_no) else {
            return Err(format!("names an unknown call: {result:?}"));
        };
        if told.ended {
            return Err(format!("completes after its call's end: {result:?}"));
        }
        let ends = [Operation::Cancel, Operation::Reject, Operation::Hangup, Operation::Leave];
        told.refused |= result.code == 0 && ends.contains(&operation);
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Verdict {
        let once = |name| Some((name, true));
        let (call_no, name) = match event {
            Event::Invited(invited) => {
                let channel = invited.channel_id.clone();
                let ids = (channel.clone(), Some(invited.request_id.clone()));
                if self.over.contains(&ids) || self.over.contains(&(channel, None)) {
                    return Err(format!("rings after its end was seen: {ids:?}"));
                }
                self.calls.entry(invited.call_no).or_default();
                (invited.call_no, once("on_invited"))
            }
            Event::UserBusy(e) => (e.call_no, once("on_user_busy")),
            Event::UserCancel(e) => (e.call_no, once("on_user_cancel")),
            Event::UserAccept(e) => (e.call_no, once("on_user_accept")),
            Event::UserEnter(e) => (e.call_no, once("on_user_enter")),
            Event::UserReject(e) => (e.call_no, once("on_user_reject")),
            Event::UserLeave(e) | Event::UserDisconnect(e) => (e.call_no, once("on_user_leave/disconnect")),
            Event::CallingTimeout(e) => (e.call_no, once("on_calling_timeout")),
            Event::CallConnected(e) => (e.call_no, once("on_call_connected")),
            Event::OtherClientAccept(e) | Event::OtherClientReject(e) => (e.call_no, once("on_other_client")),
            Event::CallEnd(e) => (e.call_no, None),
            Event::AudioAvailable(e) | Event::CameraAvailable(e) => (e.call_no, Some(("media", false))),
            Event::VideoMuted(e) | Event::AudioMuted(e) => (e.call_no, Some(("muted", false))),
            Event::CallTypeChange(e) | Event::CallTypeRequest(e) => (e.call_no, Some(("type", false))),
            Event::MessageSent(e) => (e.call_no, Some(("record", false))),
            Event::Disconnect(e) | Event::Kicked(e) | Event::Reconnecting(e) => {
                (e.call_no, Some(("line", false)))
            }
            Event::Reconnected(e) | Event::NetworkQuality(e) => (e.call_no, Some(("line", false))),
            // Cleaning up may fail after the end, and says so.
            Event::Error(_) | Event::MissedCall(_) => return Ok(()),
        };
        if call_no == 0 {
            return Ok(());
        }
        let Some(told) = self.calls.get_mut(&call_no) else {
            return Err(format!("event of an unknown call: {event:?}"));
        };
        if told.ended {
            return Err(format!("event after on_call_end: {event:?}"));
        }
        if let Some((name, true)) = name {
            if !told.once.insert(name) {
                return Err(format!("{name} twice in call {call_no}"));
            }
            let opens = ["on_user_accept", "on_user_enter", "on_call_connected"];
            if told.refused && opens.contains(&name) {
                return Err(format!("{name} after the app ended call {call_no}"));
            }
        }
        if let Event::MessageSent(_) = event {
            told.records += 1;
            if told.records > 1 {
                return Err(format!("two records of call {call_no}"));
            }
        }
        if let Event::CallEnd(end) = event {
            told.ended = true;
            return check_record(told, end.reason, call_no);
        }
        Ok(())
    }

    /// What of the past can still matter: live calls, open requests, ends and channels somebody still names.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn essence(&self, names: &mut Names) -> String {
        let live: Vec<&Told> = self.calls.values().filter(|told| !told.ended).collect();
        let open: Vec<&Operation> = self.open.values().collect();
        let mut over: Vec<String> = Vec::new();
        for (channel, request) in &self.over {
            if names.knows(channel) {
                let (mut channel, mut request) = (channel.clone(), request.clone());
                names.id(&mut channel);
                request.iter_mut().for_each(|request| names.id(request));
                over.push(format!("{channel} {request:?}"));
            }
        }
        over.sort();
        let mut inside: Vec<Text> = self.inside.iter().cloned().collect();
        inside.iter_mut().for_each(|channel| names.id(channel));
        inside.sort();
        format!("{live:?} {open:?} {over:?} {inside:?} {}", self.entering.len())
    }

    /// At the end of the run: everything completed, every call ended, every channel left.
    pub(crate) fn at_rest(&self, engine: &Engine) -> Verdict {
        if !self.open.is_empty() {
            return Err(format!("never completed: {:?}", self.open));
        }
        if let Some((call, _)) = self.calls.iter().find(|(_, told)| !told.ended) {
            return Err(format!("call {call} never ended ({:?})", engine.phase()));
        }
        if engine.phase() != Phase::Idle {
            return Err(format!("not idle at the end: {:?}", engine.phase()));
        }
        if !self.inside.is_empty() {
            return Err(format!("channels neither closed nor left: {:?}", self.inside));
        }
        Ok(())
    }
}

/// Exactly one record for an issued, unanswered invite.
fn check_record(told: &Told, reason: EndReason, call_no: u64) -> Verdict {
    let unanswered = matches!(
        reason,
        EndReason::Timeout | EndReason::Busy | EndReason::Cancelled | EndReason::PeerRejected
    );
    let is_accepted = told.once.contains("on_user_accept");
    let must = told.is_outgoing && told.invite_issued && unanswered && !told.no_record && !is_accepted;
    if must && told.records != 1 && reason != EndReason::Cancelled {
        return Err(format!("call {call_no} ended with {reason:?} and without a record"));
    }
    Ok(())
}
