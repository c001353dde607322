//! Invariants of the app and the backends whatever a hostile backend and hostile peers do. Unlike the
//! monitor of tests/sim it trusts no message, so it does not judge whose invites may ring.

use std::collections::{BTreeMap, BTreeSet};

use nertc_callkit::engine::input::{Input, Ticket};
use nertc_callkit::engine::output::{Event, OpResult, Operation, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::{Caps, Engine, limits};
use nertc_callkit_signaling::{self as signaling, Code, Connection, Message, Req, Text};

use super::feedback::Feedback;
use super::preparations::Preparations;

/// Events of one call.
#[derive(Debug, Default)]
struct CallEvents {
    once: BTreeSet<&'static str>,
    /// The app's cancel, reject, hangup or leave completed.
    is_refused: bool,
    is_ended: bool,
}

/// Watches the outputs of one engine.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    caps: Caps,
    open: BTreeMap<Ticket, Operation>,
    calls: BTreeMap<u64, CallEvents>,
    records: BTreeSet<Text>,
    last_req: u64,
    /// Between a login's start and the logout or kick: only then the signaling backend is used.
    is_online: bool,
    /// The app does not take its events.
    is_deaf: bool,
    is_closing: bool,
    pub(crate) is_closed: bool,
    feedback: Feedback,
    preparations: Preparations,
}

impl Watch {
    pub(crate) fn new(caps: Caps) -> Watch {
        Watch { caps, ..Watch::default() }
    }

    pub(crate) fn asked(&mut self, ticket: Ticket, operation: Operation) {
        assert!(self.open.insert(ticket, operation).is_none(), "the target used a ticket twice");
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// Before the engine gets an input that is no command.
    pub(crate) fn before(&mut self, input: &Input) {
        self.feedback.before(input);
        match input {
            // A refused token does not end a call with media, nor the session until then: on_kicked follows.
            Input::Connection(Connection::Kicked(outcome)) => {
                self.is_online &= outcome.code == Code::BAD_TOKEN
            }
            Input::Backlog(is_backlogged) => self.is_deaf = *is_backlogged,
            Input::Close => self.is_closing = true,
            Input::Connection(_)
            | Input::Command { .. }
            | Input::Signals { .. }
            | Input::ChannelStates(_) => {}
            Input::SignalDone { .. } | Input::RtcDone { .. } | Input::Rtc(_) | Input::Record { .. } => {}
            Input::RtcSend { .. } => {}
        }
    }

    /// call() was taken: this is its number.
    pub(crate) fn placed(&mut self, call_no: u64) {
        let call = self.calls.insert(call_no, CallEvents::default());
        assert!(call.is_none(), "call number {call_no} twice");
    }

    /// After an input was handled and its outputs were seen.
    pub(crate) fn settled(&mut self, engine: &Engine) {
        self.preparations.settled(engine).unwrap_or_else(|why| panic!("{why}"));
        self.feedback.settled().unwrap_or_else(|why| panic!("{why}"));
    }

    /// One output, in order; the state is that after the input.
    pub(crate) fn output(&mut self, output: &Output, engine: &Engine) {
        assert!(!self.is_closed || self.is_late(output), "after Closed: {output:?}");
        self.feedback.output(output).unwrap_or_else(|why| panic!("{why}"));
        self.preparations.output(output, engine).unwrap_or_else(|why| panic!("{why}"));
        match output {
            Output::Done { ticket, result } => self.done(*ticket, result),
            Output::Event(event) => self.event(event),
            Output::Signal { req, op } => {
                self.numbered(*req);
                self.signal(op);
            }
            Output::Rtc { req, op } => {
                self.numbered(*req);
                self.rtc(op, engine);
            }
            Output::RtcReceive { json, .. } => {
                assert!(self.is_online && engine.phase() == Phase::InCall, "outside of a call: {json}");
            }
            Output::Ignored(_) | Output::Notify(_) | Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {}
            Output::Closed => self.is_closed = true,
        }
    }

    fn is_late(&self, output: &Output) -> bool {
        match output {
            Output::Done { result, .. } => result.code == Code::SHUTTING_DOWN,
            Output::Ignored(_) => true,
            Output::Signal { .. } | Output::Rtc { .. } | Output::Notify(_) => false,
            Output::Event(_) | Output::Closed | Output::RtcReceive { .. } => false,
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } => false,
        }
    }

    fn numbered(&mut self, req: Req) {
        assert!(req.0 > self.last_req, "{req:?} after {}", self.last_req);
        self.last_req = req.0;
    }

    fn signal(&mut self, op: &signaling::Operation) {
        assert!(
            self.is_online || matches!(op, signaling::Operation::Login { .. }),
            "an operation while logged out: {op:?}"
        );
        if let signaling::Operation::Login { .. } | signaling::Operation::Logout = op {
            self.is_online = *op != signaling::Operation::Logout;
        }
        if let signaling::Operation::Record(record) = op {
            assert!(self.caps.send_record, "a record, which the backend cannot send");
            assert!(self.records.insert(record.client_msg_id.clone()), "two records: {record:?}");
        } else if let Some(message) = op.message() {
            let is_control = matches!(op, signaling::Operation::Control(_));
            assert!(self.caps.control || !is_control, "a control message, which the backend cannot send");
            addressed(message, !is_control);
        } else if let Some(id) = op.channel_id() {
            assert!(!id.is_empty() && id.len() <= limits::ID, "{op:?}");
        }
    }

    fn rtc(&self, op: &RtcOp, engine: &Engine) {
        let is_in_call = engine.phase() == Phase::InCall;
        let caps = &self.caps;
        let is_fine = match op {
            RtcOp::Join(join) => is_in_call && !join.channel_name.is_empty(),
            RtcOp::Leave => true,
            RtcOp::EnableLocal { on, .. } => caps.enable_local && (is_in_call || !on),
            RtcOp::MuteLocal { .. } => caps.mute_local,
            RtcOp::Subscribe { .. } => caps.subscribe,
            RtcOp::SetView { .. } => caps.set_view,
        };
        assert!(is_fine, "{op:?} while {:?}, backend {caps:?}", engine.phase());
    }

    fn done(&mut self, ticket: Ticket, result: &OpResult) {
        let operation = self.open.remove(&ticket);
        assert_eq!(operation, Some(result.operation), "completed twice, or as something else: {result:?}");
        if result.call_no == 0 {
            return;
        }
        let call = self.calls.get_mut(&result.call_no);
        let call = call.unwrap_or_else(|| panic!("names an unknown call: {result:?}"));
        assert!(!call.is_ended, "completes after its call's end: {result:?}");
        let ends = [Operation::Cancel, Operation::Reject, Operation::Hangup, Operation::Leave];
        call.is_refused |= result.code == Code::OK && ends.contains(&result.operation);
    }

    fn event(&mut self, event: &Event) {
        let call_no = event.call_no();
        self.is_online &= !matches!(event, Event::Kicked(_));
        let once = ONCE.iter().find(|(name, _)| *name == event.name()).map(|(_, once)| *once);
        if let Event::Invited(invited) = event {
            let is_newest = self.calls.last_key_value().is_none_or(|(last, _)| *last < invited.call_no);
            assert!(is_newest, "the number of an older call: {event:?}");
            assert!(
                self.calls.values().all(|call| call.is_ended),
                "rings while another call lives: {event:?}"
            );
            let may_ring = self.is_online && !self.is_deaf && !self.is_closing && invited.ring_left_ms > 0;
            assert!(may_ring, "rings for nobody or for no time: {event:?}, {self:?}");
            self.calls.insert(invited.call_no, CallEvents::default());
        }
        // A teardown may fail after the end, with an error; a record may be lost without a call.
        if call_no == 0 || matches!(event, Event::Error(_)) {
            return;
        }
        let call = self.calls.get_mut(&call_no).unwrap_or_else(|| panic!("of an unknown call: {event:?}"));
        assert!(!call.is_ended, "after on_call_end: {event:?}");
        if let Some(name) = once {
            assert!(call.once.insert(name), "twice in a call: {event:?}");
            let opens = ["accept", "enter", "connected"].contains(&name);
            assert!(!(opens && call.is_refused), "after the app ended the call: {event:?}");
        }
        call.is_ended = matches!(event, Event::CallEnd(_));
    }

    /// After Closed.
    pub(crate) fn at_end(&self, engine: &Engine) {
        assert!(self.is_closed, "Close does not end: {:?}", engine.poll_timeout());
        assert!(self.open.is_empty(), "never completed: {:?}", self.open);
        let live = self.calls.iter().find(|(_, call)| !call.is_ended);
        assert!(live.is_none(), "a call without end: {live:?}");
        assert_eq!(engine.phase(), Phase::Idle);
        assert_eq!(engine.poll_timeout(), None, "a closed engine wants to be woken");
    }
}

fn addressed(message: &Message, has_request: bool) {
    let is_fine = !message.channel_id.is_empty()
        && message.channel_id.len() <= limits::ID
        && !message.account.is_empty()
        && message.request_id.is_empty() != has_request
        && message.custom_info.len() <= limits::CUSTOM;
    assert!(is_fine, "{message:?}");
}

/// Events that may come once in a call, and the name of what then has happened.
const ONCE: [(&str, &str); 15] = [
    ("on_invited", "invited"),
    ("on_user_busy", "busy"),
    ("on_user_cancel", "cancel"),
    ("on_user_accept", "accept"),
    ("on_user_enter", "enter"),
    ("on_user_reject", "reject"),
    ("on_user_leave", "leave"),
    ("on_user_disconnect", "leave"),
    ("on_calling_timeout", "timeout"),
    ("on_call_connected", "connected"),
    ("on_other_client_accept", "other client"),
    ("on_other_client_reject", "other client"),
    ("on_call_end", "end"),
    ("on_message_sent", "record"),
    ("on_user_ringing", "ringing"),
];
