//! Invariants of one device, checked from its inputs and outputs alone. Messages name
//! the invariant by its number in the list of docs/PROOF.md.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use nertc_callkit::engine::input::{Command, Input, Ticket};
use nertc_callkit::engine::output::{EndReason, Event, Invited, OpResult, Operation, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::{Engine, wire};
use nertc_callkit_signaling::{
    self as signaling, Code, Connection, EventKind, Message, OperationResult, Origin, RecordStatus, Req, Text,
};

use crate::feedback::Feedback;
use crate::peer_texts::PeerTexts;
use crate::preparations::Preparations;

/// Events of one call.
#[derive(Clone, Debug, Default, Hash)]
struct CallEvents {
    once: BTreeSet<&'static str>,
    /// The app has its number: by done(call) or on_invited.
    is_known: bool,
    record: Option<RecordStatus>,
    ended: bool,
    /// The app's cancel, reject, hangup or leave completed, or it logged out.
    refused: bool,
    is_outgoing: bool,
    invite_issued: bool,
    /// Of the own invite.
    own_channel: Option<Text>,
    /// Channel of the call, once it is on.
    channel: Option<Text>,
    no_record: bool,
    /// Whether a record is due depends on what the monitor does not see: a cancel without one, an
    /// answer that crossed a cancel.
    is_record_open: bool,
}

/// What was live before the input that is being handled.
#[derive(Clone, Debug, Default)]
struct Live {
    call_no: u64,
    phase: Option<Phase>,
    channel: Text,
    peer: Text,
}

/// Watches one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitor {
    account: Text,
    open: BTreeMap<Ticket, Operation>,
    calls: BTreeMap<u64, CallEvents>,
    /// Invites whose end this device has seen.
    over: BTreeSet<(Text, Option<Text>)>,
    /// Own operations that will make this device a member or owner of a channel.
    entering: BTreeMap<Req, Option<Text>>,
    /// Channels to be left or closed.
    inside: BTreeSet<Text>,
    /// Own invites that are not known to have ended: channel, request, whether a legacy client got it.
    invites: BTreeMap<Text, (Text, u64)>,
    /// Accounts whose invites carried no call id.
    old_peers: BTreeSet<Text>,
    login_epoch: u32,
    /// Own accept that is not answered, and its call.
    accept: Option<(Req, u64)>,
    /// The call that lived when an operation was issued.
    issued_in: BTreeMap<Req, u64>,
    live: Live,
    /// The input is about another call than this live one.
    foreign: Option<u64>,
    feedback: Feedback,
    /// Not in the digest: it follows from the engine's state.
    preparations: Preparations,
    pub(crate) peer_texts: PeerTexts,
    /// Answers that wait for their calls: inviter, channel, request.
    waiting: BTreeMap<Ticket, (Text, Text, Text)>,
    /// Own answers of the input that is being handled: operations are emitted before events.
    answered_now: BTreeSet<(Text, Option<Text>)>,
    /// Records of others that were reported: sender and message.
    records: BTreeSet<(Text, Text)>,
}

type CheckResult = Result<(), String>;

impl Monitor {
    /// For a device of `account`.
    pub(crate) fn new(account: Text) -> Monitor {
        Monitor { account, ..Monitor::default() }
    }

    /// Before the engine gets `input`.
    pub(crate) fn before(&mut self, input: &Input) {
        self.feedback.before(input);
        self.answered_now.clear();
        self.foreign = (self.live.call_no != 0 && self.is_foreign(input)).then_some(self.live.call_no);
        match input {
            Input::Command { ticket, command } => {
                self.open.insert(*ticket, command.operation());
                self.waits(*ticket, command);
                self.asked(command);
            }
            Input::Signals { events, origin: source } => {
                for event in events {
                    self.saw(*source, event);
                }
            }
            Input::SignalDone { req, result } => self.answered(*req, result),
            Input::RtcDone { req, .. } => {
                self.issued_in.remove(req);
            }
            Input::Connection(Connection::Kicked(_)) => self.forget_channels(),
            Input::Connection(_) | Input::Close | Input::Backlog(_) => {}
            Input::ChannelStates(_) | Input::Rtc(_) | Input::RtcSend { .. } | Input::Record { .. } => {}
        }
    }

    /// An answer that may wait for its call.
    fn waits(&mut self, ticket: Ticket, command: &Command) {
        let (Command::Accept { call } | Command::Reject { call, .. }) = command else { return };
        let ids = (call.account.clone(), call.channel_id.clone(), call.request_id.clone());
        if let ((Some(from), Some(channel), Some(request)), true) = (ids, call.wait) {
            self.waiting.insert(ticket, (from, channel, request));
        }
    }

    /// An account that answered an invite before it arrived gets no ring for it, and nobody else is reported
    /// to have answered.
    fn invited(&self, invited: &Invited) -> CheckResult {
        let ids = (&invited.invitor, &invited.channel_id, &invited.request_id);
        let waits = self.waiting.values().any(|(from, channel, request)| (from, channel, request) == ids);
        match (waits, invited.answered) {
            (true, false) => Err(format!("invariant 1: an answer waits for {ids:?}, and it rings")),
            (false, true) => Err(format!("invariant 1: {ids:?} is answered, and nobody did")),
            (true, true) | (false, false) => Ok(()),
        }
    }

    fn asked(&mut self, command: &Command) {
        let is_recordless = matches!(
            command,
            Command::Cancel { no_record: true, .. } | Command::Hangup { no_record: true, .. }
        );
        for call_events in self.calls.values_mut().filter(|call_events| !call_events.ended) {
            call_events.is_record_open |= is_recordless;
            call_events.refused |= *command == Command::Logout;
        }
    }

    /// Nothing in it concerns the live call.
    fn is_foreign(&self, input: &Input) -> bool {
        let about_other = |event: &signaling::Event| match event.kind == EventKind::Invite {
            true => event.from != self.live.peer,
            false => event.channel.id != self.live.channel,
        };
        match input {
            Input::Signals { events, .. } => events.iter().all(about_other),
            Input::SignalDone { req, .. } | Input::RtcDone { req, .. } => {
                self.issued_in.get(req).is_some_and(|call| *call != self.live.call_no)
            }
            Input::Command { .. } | Input::Close | Input::Backlog(_) | Input::ChannelStates(_) => false,
            Input::Rtc(report) => self.peer_texts.is_of_other_room(report),
            Input::Connection(_) | Input::Record { .. } | Input::RtcSend { .. } => false,
        }
    }

    fn answered(&mut self, req: Req, result: &OperationResult) {
        self.issued_in.remove(&req);
        let entered = self.entering.remove(&req);
        let code = result.outcome.code;
        if let (Some(channel), true) = (entered, code.is_success()) {
            let created = result.channel.as_ref().map(|room| room.channel.id.clone());
            let open = channel.or(created).filter(|id| !self.over.contains(&(id.clone(), None)));
            self.inside.extend(open);
        }
        self.accept.take_if(|(accept, _)| *accept == req);
        if code == Code::INVITE_ACCEPTED {
            self.calls
                .values_mut()
                .filter(|call_events| !call_events.ended)
                .for_each(|call_events| call_events.is_record_open = true);
        }
        let never = [Code::CHANNEL_NOT_EXISTS, Code::NOT_MEMBER, Code::ALREADY_MEMBER, Code::MEMBER_LIMIT];
        if never.contains(&code) {
            self.invites.retain(|_, (_, invite)| *invite != req.0);
        }
    }

    fn forget_channels(&mut self) {
        self.inside.clear();
        self.entering.clear();
        self.invites.clear();
        self.accept = None;
        self.login_epoch += 1;
    }

    fn saw(&mut self, source: Origin, event: &signaling::Event) {
        let id = event.channel.id.clone();
        let is_own = event.from == self.account;
        match event.kind {
            EventKind::Cancel => {
                self.over.insert((id, Some(event.request_id.clone())));
            }
            EventKind::Close if is_own => {}
            EventKind::Close => {
                self.inside.remove(&id);
                self.invites.remove(&id);
                self.over.insert((id, None));
            }
            EventKind::Accept | EventKind::Reject if source == Origin::OtherDevice || is_own => {
                self.over.insert((id, Some(event.request_id.clone())));
            }
            EventKind::Accept | EventKind::Reject => {
                // Also one that is being cancelled: then the answer was in flight.
                self.invites.remove(&id);
                if event.kind == EventKind::Accept {
                    let live = self
                        .calls
                        .values_mut()
                        .filter(|call_events| call_events.own_channel.as_ref() == Some(&id));
                    live.for_each(|call_events| call_events.is_record_open = true);
                }
            }
            EventKind::Invite if wire::read(&event.custom_info).call_id.is_empty() => {
                self.old_peers.insert(event.from.clone());
            }
            EventKind::Invite | EventKind::Join | EventKind::Leave | EventKind::Control => {}
            EventKind::Ringing | EventKind::PeerLost => {}
        }
    }

    /// One output of the engine, in order.
    pub(crate) fn output(&mut self, output: &Output, engine: &Engine) -> CheckResult {
        self.feedback.output(output)?;
        self.preparations.output(output, engine)?;
        self.peer_texts.output(output, engine)?;
        match output {
            Output::Done { ticket, result } => self.done(*ticket, result),
            Output::Event(event) => self.event(event),
            Output::Signal { req, op } => self.operation(*req, op, engine),
            Output::Rtc { req, op } => {
                self.issued_in.insert(*req, engine.snapshot().call_no);
                self.media(op, engine)
            }
            Output::Ignored(_) | Output::Notify(_) | Output::RtcReceive { .. } => Ok(()),
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } => Ok(()),
            Output::Closed => match self.calls.iter().find(|(_, call_events)| !call_events.ended) {
                Some((call, _)) => Err(format!("invariant 2: closed, and call {call} never ended")),
                None if !self.open.is_empty() => {
                    Err(format!("invariant 1: closed, and never completed: {:?}", self.open))
                }
                None => Ok(()),
            },
        }
    }

    fn media(&self, op: &RtcOp, engine: &Engine) -> CheckResult {
        match op {
            RtcOp::Join(_) | RtcOp::EnableLocal { on: true, .. } if engine.phase() != Phase::InCall => {
                Err(format!("invariant 9: media opens outside of a call: {op:?}"))
            }
            RtcOp::Join(join) if join.channel_name != engine.snapshot().rtc_channel => {
                Err(format!("invariant 9: joins the media room of another call: {op:?}"))
            }
            RtcOp::Join(_) | RtcOp::EnableLocal { .. } | RtcOp::Leave => Ok(()),
            RtcOp::MuteLocal { .. } | RtcOp::Subscribe { .. } | RtcOp::SetView { .. } => Ok(()),
        }
    }

    fn operation(&mut self, req: Req, op: &signaling::Operation, engine: &Engine) -> CheckResult {
        let live = engine.snapshot();
        let mut issued_in = live.call_no;
        match op {
            signaling::Operation::Create { .. } => {
                self.entering.insert(req, None);
            }
            signaling::Operation::Join { channel_id, .. } => {
                self.entering.insert(req, Some(channel_id.clone()));
            }
            signaling::Operation::Leave { channel_id, .. }
            | signaling::Operation::Close { channel_id, .. } => {
                self.inside.remove(channel_id);
                if !self.is_live_channel(channel_id, live.call_no, &live.channel_id) {
                    issued_in = 0;
                }
                self.left(channel_id)?;
            }
            signaling::Operation::Accept(message) => {
                self.finish(message);
                if let Some((_, call)) = self.accept.replace((req, live.call_no))
                    && call == live.call_no
                {
                    return Err(format!("invariant 4: two accepts are open in call {call}"));
                }
            }
            signaling::Operation::Reject(message) => self.finish(message),
            signaling::Operation::Invite { message, .. } => {
                self.invites.insert(message.channel_id.clone(), (message.request_id.clone(), req.0));
                if let Some(call_events) = self.calls.get_mut(&live.call_no) {
                    call_events.invite_issued = true;
                    call_events.own_channel = Some(message.channel_id.clone());
                }
            }
            signaling::Operation::Cancel(message) => {
                if !self.is_live_channel(&message.channel_id, live.call_no, &live.channel_id) {
                    issued_in = 0;
                }
                self.invites.remove(&message.channel_id);
                self.spares_old_client(message, engine)?;
            }
            signaling::Operation::Logout => self.forget_channels(),
            signaling::Operation::Login { .. }
            | signaling::Operation::Control(_)
            | signaling::Operation::Record(_) => {}
        }
        self.issued_in.insert(req, issued_in);
        Ok(())
    }

    /// The channel of the live call, or of its own invite that a glare replaced.
    fn is_live_channel(&self, channel: &Text, call_no: u64, live: &Text) -> bool {
        let own = self.calls.get(&call_no).and_then(|call_events| call_events.own_channel.as_ref());
        channel == live || own == Some(channel)
    }

    fn finish(&mut self, message: &Message) {
        let ids = (message.channel_id.clone(), Some(message.request_id.clone()));
        if self.over.insert(ids.clone()) {
            self.answered_now.insert(ids);
        }
    }

    /// A channel ends; only legacy clients may infer from that that they are no longer invited.
    fn left(&mut self, channel: &Text) -> CheckResult {
        let invite = self.invites.remove(channel);
        let is_bare = invite.is_some() && self.old_peers.is_empty();
        let what = || format!("invariant 11: channel {channel} goes before its invite was taken back");
        if is_bare { Err(what()) } else { Ok(()) }
    }

    /// A legacy client takes any CANCEL for the end of the call that it is in.
    fn spares_old_client(&self, message: &Message, engine: &Engine) -> CheckResult {
        let live = engine.snapshot();
        let own = self.calls.get(&live.call_no).and_then(|call_events| call_events.own_channel.as_ref());
        let is_harmful = matches!(engine.phase(), Phase::InCall | Phase::GlareAccepting)
            && live.peer == message.account
            && own == Some(&message.channel_id)
            && self.old_peers.contains(&message.account);
        if is_harmful {
            return Err(format!("invariant 8: CANCEL to {}, a legacy client in our call", message.account));
        }
        Ok(())
    }

    /// call() was accepted: this is its number.
    pub(crate) fn placed(&mut self, call_no: u64, no_record: bool) {
        let call_events = self.calls.entry(call_no).or_default();
        call_events.is_outgoing = true;
        call_events.no_record = no_record;
    }

    /// After an input was handled and its outputs were seen.
    pub(crate) fn settled(&mut self, engine: &Engine) -> CheckResult {
        self.feedback.settled()?;
        self.preparations.settled(engine)?;
        let now = engine.snapshot();
        let phase = engine.phase();
        let is_touched = (now.call_no, Some(phase)) != (self.live.call_no, self.live.phase);
        if let (Some(call), true) = (self.foreign.take(), is_touched) {
            return Err(format!("invariant 6: call {call} is {phase:?} by what is about another call"));
        }
        let ids = (now.channel_id.clone(), Some(now.request_id.clone()));
        let is_over = self.over.contains(&ids) || self.over.contains(&(now.channel_id.clone(), None));
        if phase == Phase::Called && is_over {
            return Err(format!("invariant 5: rings on after its end was seen: {ids:?}"));
        }
        let is_closed = self.over.contains(&(now.channel_id.clone(), None));
        if phase == Phase::Calling && is_closed {
            return Err(format!("invariant 5: calls on in channel {}, which was closed", now.channel_id));
        }
        if phase == Phase::InCall && is_closed {
            return Err(format!("invariant 10: alone in channel {}, which was closed", now.channel_id));
        }
        if phase == Phase::InCall
            && let Some(call_events) = self.calls.get_mut(&now.call_no)
        {
            call_events.channel = Some(now.channel_id.clone());
        }
        if !matches!(phase, Phase::Accepting | Phase::GlareAccepting) {
            self.accept = None;
        }
        self.live =
            Live { call_no: now.call_no, phase: Some(phase), channel: now.channel_id, peer: now.peer };
        Ok(())
    }

    fn done(&mut self, ticket: Ticket, result: &OpResult) -> CheckResult {
        self.waiting.remove(&ticket);
        let Some(operation) = self.open.remove(&ticket) else {
            return Err(format!("invariant 1: completed twice, or never asked for: {result:?}"));
        };
        if operation != result.operation {
            return Err(format!("invariant 1: completes {operation:?} as {:?}", result.operation));
        }
        if result.call_no == 0 {
            return Ok(());
        }
        if self.foreign == Some(result.call_no) {
            return Err(format!("invariant 6: what is about another call completes {result:?}"));
        }
        let Some(call_events) = self.calls.get_mut(&result.call_no) else {
            return Err(format!("invariant 2: names an unknown call: {result:?}"));
        };
        if call_events.ended {
            return Err(format!("invariant 2: completes after its call's end: {result:?}"));
        }
        call_events.is_known |= operation == Operation::Call;
        if !call_events.is_known {
            return Err(format!("invariant 2: names a call before done(call): {result:?}"));
        }
        let ends = [Operation::Cancel, Operation::Reject, Operation::Hangup, Operation::Leave];
        call_events.refused |= result.code == Code::OK && ends.contains(&operation);
        Ok(())
    }

    fn event(&mut self, event: &Event) -> CheckResult {
        if let Event::Invited(invited) = event {
            let channel = invited.channel_id.clone();
            let ids = (channel.clone(), Some(invited.request_id.clone()));
            let is_over = self.over.contains(&ids) && !self.answered_now.contains(&ids);
            if is_over || self.over.contains(&(channel, None)) {
                return Err(format!("invariant 5: rings after its end was seen: {ids:?}"));
            }
            self.invited(invited)?;
            self.calls.entry(invited.call_no).or_default().is_known = true;
        }
        if let Event::RecordReceived(record) = event
            && !self.records.insert((record.user.clone(), record.msg_id.clone()))
        {
            return Err(format!("invariant 7: a record of others is reported twice: {record:?}"));
        }
        if matches!(event, Event::TokenNeeded(_) | Event::RecordReceived(_) | Event::MissedCall(_)) {
            return Ok(());
        }
        let call_no = event.call_no();
        let once = ONCE.iter().find(|(name, _)| *name == event.name()).map(|(_, once)| *once);
        if call_no == 0 {
            return Ok(());
        }
        // A teardown may fail after the end, with an error.
        let is_cleaning = matches!(event, Event::Error(e) if e.operation == Operation::Close);
        if self.foreign == Some(call_no) && !is_cleaning {
            return Err(format!("invariant 6: what is about another call says {event:?}"));
        }
        if matches!(event, Event::Error(_)) {
            return Ok(());
        }
        let Some(call_events) = self.calls.get_mut(&call_no) else {
            return Err(format!("invariant 2: event of an unknown call: {event:?}"));
        };
        if call_events.ended {
            return Err(format!("invariant 2: event after on_call_end: {event:?}"));
        }
        if !call_events.is_known {
            return Err(format!("invariant 2: event before done(call): {event:?}"));
        }
        if let Some(name) = once {
            if !call_events.once.insert(name) {
                return Err(format!("invariant 2: {name} twice in call {call_no}"));
            }
            if name == "on_user_ringing" && call_events.once.contains("on_user_accept") {
                return Err(format!("invariant 2: {name} after the answer in call {call_no}"));
            }
            let opens = ["on_user_accept", "on_user_enter", "on_call_connected"];
            if call_events.refused && opens.contains(&name) {
                return Err(format!("invariant 9: {name} after the app ended call {call_no}"));
            }
        }
        if let Event::MessageSent(sent) = event
            && call_events.record.replace(sent.status).is_some()
        {
            return Err(format!("invariant 7: two records of call {call_no}"));
        }
        if let Event::CallEnd(end) = event {
            call_events.ended = true;
            return check_record(call_events, end.reason, call_no);
        }
        Ok(())
    }

    /// Past events that can still matter, except `ends`: live calls, open requests, channels to be left.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn digest(&self, hasher: &mut impl Hasher) {
        let live: Vec<&CallEvents> = self.calls.values().filter(|call_events| !call_events.ended).collect();
        let open: Vec<&Operation> = self.open.values().collect();
        let entering: Vec<&Option<Text>> = self.entering.values().collect();
        let invites: Vec<&Text> = self.invites.keys().collect();
        let waiting: Vec<&(Text, Text, Text)> = self.waiting.values().collect();
        (live, open, entering, &self.inside, invites, &self.old_peers, waiting).hash(hasher);
    }

    /// The operation was issued in the live call, or in none.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn is_of_live(&self, req: Req) -> bool {
        self.issued_in.get(&req).is_none_or(|call| *call == self.live.call_no)
    }

    /// An invite without call id came from this account.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn was_invited_by_old(&self, account: &Text) -> bool {
        self.old_peers.contains(account)
    }

    /// The ends that were seen: they matter as long as anybody still names the channel.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn ends(&self) -> impl Iterator<Item = &(Text, Option<Text>)> {
        self.over.iter()
    }

    /// At the end of the run: everything completed, every call ended, every channel left.
    pub(crate) fn at_rest(&self, engine: &Engine) -> CheckResult {
        if !self.open.is_empty() {
            return Err(format!("invariant 1: never completed: {:?}", self.open));
        }
        if let Some((call, _)) = self.calls.iter().find(|(_, call_events)| !call_events.ended) {
            return Err(format!("invariant 2: call {call} never ended ({:?})", engine.phase()));
        }
        if engine.phase() != Phase::Idle {
            return Err(format!("invariant 3: not idle at the end: {:?}", engine.phase()));
        }
        if !self.inside.is_empty() {
            return Err(format!("invariant 11: channels neither closed nor left: {:?}", self.inside));
        }
        if !self.invites.is_empty() {
            return Err(format!("invariant 11: invites that never ended: {:?}", self.invites));
        }
        Ok(())
    }
}

/// Events that come at most once a call, and the name of what then has happened.
const ONCE: [(&str, &str); 13] = [
    ("on_invited", "on_invited"),
    ("on_user_busy", "on_user_busy"),
    ("on_user_cancel", "on_user_cancel"),
    ("on_user_accept", "on_user_accept"),
    ("on_user_enter", "on_user_enter"),
    ("on_user_reject", "on_user_reject"),
    ("on_user_leave", "on_user_leave/disconnect"),
    ("on_user_disconnect", "on_user_leave/disconnect"),
    ("on_calling_timeout", "on_calling_timeout"),
    ("on_call_connected", "on_call_connected"),
    ("on_other_client_accept", "on_other_client"),
    ("on_other_client_reject", "on_other_client"),
    ("on_user_ringing", "on_user_ringing"),
];

/// The record that an ended call must have left, according to the protocol.
fn check_record(call_events: &CallEvents, reason: EndReason, call_no: u64) -> CheckResult {
    let is_accepted = call_events.once.contains("on_user_accept");
    let is_ours = call_events.is_outgoing && call_events.invite_issued && !call_events.no_record;
    let is_on_own = call_events.own_channel.is_some() && call_events.own_channel == call_events.channel;
    let is_complete = is_on_own && call_events.once.contains("on_call_connected");
    let due = match reason {
        EndReason::Kicked => None,
        _ if is_accepted => is_complete.then_some(RecordStatus::Complete),
        EndReason::Timeout => Some(RecordStatus::Timeout),
        EndReason::Busy => Some(RecordStatus::Busy),
        EndReason::PeerRejected | EndReason::MediaMismatch => Some(RecordStatus::Rejected),
        // Without an answer: the channel was closed under our own invite, or under the peer's in a glare.
        EndReason::PeerHungUp => call_events.record.and(Some(RecordStatus::Rejected)),
        EndReason::Cancelled | EndReason::Normal
            if call_events.is_record_open && call_events.record.is_none() =>
        {
            None
        }
        EndReason::Cancelled | EndReason::Normal => Some(RecordStatus::Cancelled),
        EndReason::RtcJoinFailed | EndReason::CallFailed | EndReason::RtcDisconnected => None,
        EndReason::PeerCancelled | EndReason::Rejected | EndReason::HungUp => None,
        EndReason::OtherRejected | EndReason::OtherAccepted | EndReason::PeerDisconnected => None,
        EndReason::PeerLeft | EndReason::AcceptFailed | EndReason::MediaNotSecure => None,
    };
    let due = due.filter(|_| is_ours);
    if call_events.record != due {
        let found = call_events.record;
        return Err(format!(
            "invariant 7: call {call_no} ended with {reason:?}, record {found:?}, due {due:?}"
        ));
    }
    Ok(())
}
