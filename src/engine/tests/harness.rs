//! One engine with hand-made completions and events, and two logs in the notation of the
//! specification's tables: events for the app (`emits`) and operations (`asked`).

use super::super::input::*;
use super::super::output::*;
use super::super::time::Time;
use super::super::{Caps, Config, Engine, IdGenerator, Snapshot, wire};
use super::format::{event_line, kind_of, prepare_line, rtc_kind, rtc_line};
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, CallType, Channel, ChannelState, Code, Connection, EventKind, Member,
    Notification, OperationResult, Origin, Outcome, Req, Text,
};

/// An operation that waits for its answer.
struct Pending {
    req: Req,
    kind: String,
    is_rtc: bool,
}

/// The engine of account "al" and everything around it.
pub(super) struct Harness {
    pub(super) engine: Engine,
    pub(super) now: Time,
    pending: Vec<Pending>,
    /// Own request ids, by first appearance: r1, r2 ...
    requests: Vec<Text>,
    emitted: Vec<String>,
    asked: Vec<String>,
    /// Every event, as a value, for fields that the log leaves out.
    pub(super) events: Vec<Event>,
    /// Every completion, as a value.
    pub(super) results: Vec<OpResult>,
    /// Every signaling operation, as a value.
    pub(super) ops: Vec<signaling::Operation>,
    pub(super) states: Vec<String>,
    /// Call policies passed to the backend.
    pub(super) policies: Vec<CallPolicy>,
    pub(super) is_closed: bool,
    tickets: u64,
    shown: u64,
    issued: Option<Ticket>,
    channels: u64,
}

/// Caps of a complete pair of backends; the camera and microphone stay out of the log.
pub(super) fn caps() -> Caps {
    Caps {
        server_record: false,
        send_record: true,
        control: true,
        abort_login: true,
        no_media: false,
        enable_local: false,
        mute_local: true,
        subscribe: true,
        set_view: true,
        prepare: false,
    }
}

/// The attachment of a current client's invite.
pub(super) fn new_style(channel: &str, call_id: &str) -> String {
    format!(
        "{{\"version\":\"1.8.1\",\"channelName\":\"{channel}|0|7\",\"callId\":\"{call_id}\",\"callType\":0}}"
    )
}

impl Harness {
    /// Logged in as "al", idle, nothing logged.
    pub(super) fn new() -> Harness {
        Harness::with(Config { caps: caps(), ..Config::default() })
    }

    pub(super) fn with(config: Config) -> Harness {
        let mut harness = Harness::logged_out(config);
        harness.login("al");
        harness.ok("login");
        harness.forget();
        harness
    }

    pub(super) fn logged_out(config: Config) -> Harness {
        Harness {
            engine: Engine::new(config, IdGenerator::test_seed(7)),
            now: Time(0),
            pending: Vec::new(),
            requests: Vec::new(),
            emitted: Vec::new(),
            asked: Vec::new(),
            events: Vec::new(),
            results: Vec::new(),
            ops: Vec::new(),
            states: Vec::new(),
            policies: Vec::new(),
            is_closed: false,
            tickets: 0,
            shown: 0,
            issued: None,
            channels: 0,
        }
    }

    /// Bob rings, according to the service: channel ch1, request r1.
    pub(super) fn calling() -> Harness {
        let mut harness = Harness::new();
        harness.place_call();
        harness
    }

    /// Calls bob up to the invite's confirmation.
    pub(super) fn place_call(&mut self) {
        self.call("bob");
        self.ok("create");
        self.ok("join");
        self.ok("invite");
        self.forget();
    }

    /// Bob calls us: channel p1, request q1.
    pub(super) fn called() -> Harness {
        let mut harness = Harness::new();
        harness.invite("bob", "p1", "q1");
        harness.forget();
        harness
    }

    /// The same, and our accept is under way.
    pub(super) fn accepting() -> Harness {
        let mut harness = Harness::called();
        harness.accept();
        harness.forget();
        harness
    }

    /// We call bob, bob calls us, and his invite is the greater one: our accept is under way.
    pub(super) fn glare_loser() -> Harness {
        let mut harness = Harness::calling();
        harness.invite("bob", "p1", "zz");
        harness.forget();
        harness
    }

    /// The same, and ours is the greater one: his is parked.
    pub(super) fn glare_winner() -> Harness {
        let mut harness = Harness::calling();
        harness.invite("bob", "p1", "!");
        harness.forget();
        harness
    }

    /// Bob accepted our call; both are in the media room.
    pub(super) fn in_call() -> Harness {
        let mut harness = Harness::calling();
        harness.become_connected();
        harness
    }

    pub(super) fn become_connected(&mut self) {
        self.peer_accepts();
        self.ok("rtc join");
        self.rtc(RtcEvent::PeerJoin { uid: 22 });
        self.forget();
    }

    /// We accepted bob's call; both are in the media room.
    pub(super) fn in_call_as_callee() -> Harness {
        let mut harness = Harness::accepting();
        harness.ok("accept");
        harness.ok("join");
        harness.ok("rtc join");
        harness.rtc(RtcEvent::PeerJoin { uid: 22 });
        harness.forget();
        harness
    }

    /// Own channels and request ids count from one again, and nothing is logged.
    pub(super) fn start_over(&mut self) {
        self.channels = 0;
        self.requests.clear();
        self.forget();
    }

    // A command of the app.

    pub(super) fn command(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if matches!(command, Command::Call(_)) {
            self.issued = Some(ticket);
        }
        self.handle(Input::Command { ticket, command: command.into() });
        ticket
    }

    /// What a NULL reference means to the facade.
    pub(super) fn implied(&self) -> CallRef {
        CallRef {
            implied: true,
            shown: self.shown,
            issued: self.issued.into_iter().collect(),
            ..CallRef::default()
        }
    }

    pub(super) fn login(&mut self, account: &str) {
        self.command(Command::Login { account: account.into(), token: "token".into() });
    }

    pub(super) fn logout(&mut self) {
        self.command(Command::Logout);
    }

    pub(super) fn options(user: &str) -> CallOptions {
        CallOptions::to(user.into(), CallType::Audio)
    }

    pub(super) fn call(&mut self, user: &str) {
        self.command(Command::Call(Harness::options(user)));
    }

    pub(super) fn cancel(&mut self) {
        self.cancel_of(self.implied());
    }

    pub(super) fn cancel_of(&mut self, call: CallRef) {
        self.command(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: false });
    }

    pub(super) fn accept(&mut self) {
        self.accept_of(self.implied());
    }

    pub(super) fn accept_of(&mut self, call: CallRef) {
        self.command(Command::Accept { call });
    }

    pub(super) fn reject(&mut self) {
        self.reject_of(self.implied());
    }

    pub(super) fn reject_of(&mut self, call: CallRef) {
        self.command(Command::Reject { call, busy: false, text: None });
    }

    pub(super) fn hangup(&mut self) {
        self.hangup_of(self.implied());
    }

    pub(super) fn hangup_of(&mut self, call: CallRef) {
        self.command(Command::Hangup { call, no_offline: false, no_record: false, text: None });
    }

    pub(super) fn leave(&mut self) {
        self.command(Command::Leave { call: self.implied(), no_offline: false, text: None });
    }

    pub(super) fn switch(&mut self, call_type: CallType, step: SwitchStep) {
        self.command(Command::SwitchCallType { call_type, step });
    }

    pub(super) fn close(&mut self) {
        self.handle(Input::Close);
    }

    // What the backends answer.

    /// Answers the oldest operation of this kind ("create", "rtc join") with success.
    #[track_caller]
    pub(super) fn ok(&mut self, kind: &str) {
        self.answer(kind, 0);
    }

    #[track_caller]
    pub(super) fn answer(&mut self, kind: &str, code: impl Into<Code>) {
        let code = code.into();
        let result = match (kind, code) {
            ("create", Code::OK) => {
                self.channels += 1;
                let id = format!("ch{}", self.channels).into();
                let channel = Channel { id, ..Channel::default() };
                OperationResult {
                    channel: Some(ChannelState { channel, members: Vec::new() }),
                    ..OperationResult::default()
                }
            }
            ("join", Code::OK) => {
                let me = Member { account: self.engine.snapshot().account, uid: 11, ..Member::default() };
                let room = ChannelState { members: vec![me], ..ChannelState::default() };
                OperationResult { channel: Some(room), ..OperationResult::default() }
            }
            _ => OperationResult {
                outcome: Outcome { code, ..Outcome::default() },
                ..OperationResult::default()
            },
        };
        self.answer_with(kind, result);
    }

    #[track_caller]
    pub(super) fn answer_with(&mut self, kind: &str, result: OperationResult) {
        let Some(index) = self.pending.iter().position(|pending| pending.kind == kind) else {
            let kinds: Vec<&str> = self.pending.iter().map(|pending| &*pending.kind).collect();
            panic!("no {kind} waits for its answer, only {kinds:?}; emitted {:?}", self.emitted);
        };
        let pending = self.pending.remove(index);
        self.complete(pending.req, pending.is_rtc, result);
    }

    pub(super) fn complete(&mut self, req: Req, is_rtc: bool, result: OperationResult) {
        match is_rtc {
            true => self.handle(Input::RtcDone { req, outcome: result.outcome }),
            false => self.handle(Input::SignalDone { req, result: result.into() }),
        }
    }

    /// Number of the oldest operation of this kind.
    #[track_caller]
    pub(super) fn req(&self, kind: &str) -> Req {
        self.pending.iter().find(|pending| pending.kind == kind).expect("such an operation waits").req
    }

    /// Kinds of the operations that wait for an answer.
    pub(super) fn waiting(&self) -> String {
        self.pending.iter().map(|pending| &*pending.kind).collect::<Vec<_>>().join(" · ")
    }

    /// Answers everything with success until nothing waits.
    pub(super) fn settle(&mut self) {
        while let Some(kind) = self.pending.first().map(|pending| pending.kind.clone()) {
            self.ok(&kind);
        }
    }

    /// The text that the newest operation of this kind carries.
    #[track_caller]
    pub(super) fn text_of(&self, kind: &str) -> Text {
        let op = self.ops.iter().rev().find(|op| kind_of(op) == kind).expect("such an operation was asked");
        op.message().expect("it carries a text").custom_info.clone()
    }

    // Messages of others.

    pub(super) fn signal(
        &mut self,
        kind: EventKind,
        from: &str,
        channel: &str,
        request: &str,
        custom_info: &str,
    ) {
        self.signal_from(Origin::Online, kind, from, channel, request, custom_info);
    }

    pub(super) fn signal_from(
        &mut self,
        origin: Origin,
        kind: EventKind,
        from: &str,
        channel: &str,
        request: &str,
        custom_info: &str,
    ) {
        let events = vec![self.event(kind, from, channel, request, custom_info)];
        self.handle(Input::Signals { origin, events });
    }

    /// A message, as a value; "r1" stands for the first own request id.
    pub(super) fn event(
        &self,
        kind: EventKind,
        from: &str,
        channel: &str,
        request: &str,
        custom_info: &str,
    ) -> signaling::Event {
        let number = request.strip_prefix('r').and_then(|number| number.parse::<usize>().ok());
        let own = number.and_then(|number| self.requests.get(number - 1)).cloned();
        signaling::Event {
            kind,
            channel: Channel { id: channel.into(), call_type: 1, ..Channel::default() },
            from: from.into(),
            from_device: "device".into(),
            to: "al".into(),
            request_id: own.unwrap_or_else(|| request.into()),
            custom_info: custom_info.into(),
            time_ms: 0,
            uid: 0,
        }
    }

    /// A current client calls.
    pub(super) fn invite(&mut self, from: &str, channel: &str, request: &str) {
        self.signal(EventKind::Invite, from, channel, request, &new_style(channel, "k1"));
    }

    /// A client from before call ids calls.
    pub(super) fn invite_old(&mut self, from: &str, channel: &str, request: &str) {
        self.signal(EventKind::Invite, from, channel, request, "{}");
    }

    pub(super) fn peer_accepts(&mut self) {
        self.signal(EventKind::Accept, "bob", "ch1", "r1", &new_style("ch1", "k1"));
    }

    pub(super) fn peer_rejects(&mut self, custom_info: &str) {
        self.signal(EventKind::Reject, "bob", "ch1", "r1", custom_info);
    }

    pub(super) fn peer_cancels(&mut self) {
        self.signal(EventKind::Cancel, "bob", "p1", "q1", &new_style("p1", "k1"));
    }

    /// CLOSE by bob.
    pub(super) fn peer_closes(&mut self, channel: &str) {
        self.signal(EventKind::Close, "bob", channel, "", "");
    }

    pub(super) fn control(&mut self, channel: &str, custom_info: &str) {
        self.signal(EventKind::Control, "bob", channel, "", custom_info);
    }

    pub(super) fn rtc(&mut self, event: RtcEvent) {
        self.handle(Input::Rtc(event.into()));
    }

    pub(super) fn kick(&mut self) {
        self.handle(Input::Connection(Connection::Kicked(Outcome::failed(1.into(), "elsewhere"))));
    }

    /// Lets time pass and fires what is due on the way.
    pub(super) fn pass(&mut self, ms: u64) {
        let until = Time(self.now.0 + ms);
        let mut rounds = 0;
        while let Some((at, why)) = self.engine.poll_timeout().filter(|(at, _)| *at <= until) {
            rounds += 1;
            assert!(rounds < 1000, "the timer {why} does not end");
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// The clock jumps: deadlines on the way fire late.
    pub(super) fn pass_at_once(&mut self, ms: u64) {
        self.now = Time(self.now.0 + ms);
        self.engine.handle_timeout(self.now);
        self.drain();
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    // What came out.

    /// Events since the last look, as one line.
    #[track_caller]
    pub(super) fn emits(&mut self, expected: &str) {
        let emitted = std::mem::take(&mut self.emitted).join(" · ");
        assert_eq!(emitted, expected, "asked: {:?}", self.asked);
    }

    /// The last event.
    #[track_caller]
    pub(super) fn emits_last(&mut self, expected: &str) {
        assert_eq!(self.emitted.last().map(|line| &**line), Some(expected));
        self.emitted.clear();
    }

    /// Operations since the last look.
    #[track_caller]
    pub(super) fn asked(&mut self, expected: &str) {
        let asked = std::mem::take(&mut self.asked).join(" · ");
        assert_eq!(asked, expected, "emitted: {:?}", self.emitted);
    }

    /// Both logs since the last look.
    pub(super) fn logs(&mut self) -> (String, String) {
        let lines = |log: &mut Vec<String>| std::mem::take(log).join(" · ");
        (lines(&mut self.emitted), lines(&mut self.asked))
    }

    pub(super) fn forget(&mut self) {
        self.emitted.clear();
        self.asked.clear();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    pub(super) fn state(&self) -> i32 {
        self.engine.snapshot().state
    }

    /// The newest completion.
    pub(super) fn last_result(&self) -> &OpResult {
        self.results.last().expect("something was completed")
    }

    pub(super) fn last_code(&self) -> Code {
        self.last_result().code
    }

    pub(super) fn last_end(&self) -> &CallEnd {
        let ends = self.events.iter().rev();
        ends.filter_map(|event| if let Event::CallEnd(end) = event { Some(end) } else { None })
            .next()
            .expect("a call ended")
    }

    fn drain(&mut self) {
        let snapshot = self.engine.snapshot();
        if snapshot.state == 1 && !self.requests.contains(&snapshot.request_id) {
            self.requests.push(snapshot.request_id);
        }
        while let Some(output) = self.engine.poll_output() {
            assert!(!self.is_closed, "nothing comes after Closed, but {output:?}");
            match output {
                Output::Signal { req, op } => {
                    let kind = kind_of(&op).to_owned();
                    assert!(!op.channel_id().is_some_and(|id| id.is_empty()), "{kind} of no channel: {op:?}");
                    self.asked.push(self.signal_line(&kind, &op));
                    self.ops.push(op);
                    self.pending.push(Pending { req, kind, is_rtc: false });
                }
                Output::Rtc { req, op } => {
                    let kind = rtc_kind(&op).to_owned();
                    self.asked.push(rtc_line(&kind, &op));
                    self.pending.push(Pending { req, kind, is_rtc: true });
                }
                Output::RtcReceive { join, json } => {
                    self.asked.push(format!("rtc receive {} {json}", join.0))
                }
                Output::RtcPrepare(preparation) => self.asked.push(prepare_line(&preparation)),
                Output::RtcDiscard { call_no } => self.asked.push(format!("rtc discard {call_no}")),
                Output::Done { ticket, result } => self.on_done(ticket, result),
                Output::Event(event) => self.on_event(event),
                Output::Notify(Notification::AbortLogin(req)) => {
                    assert!(self.pending.iter().any(|op| op.req == req && op.kind == "login"), "{req:?}");
                    self.asked.push("abort login".to_owned());
                }
                Output::Notify(Notification::SetToken(token)) => {
                    self.asked.push(format!("set token '{token}'"))
                }
                Output::Notify(Notification::CallPolicy(policy)) => self.policies.push(policy),
                Output::Notify(Notification::InviteState { channel_id: channel, account, state, .. }) => {
                    self.states.push(format!("{account} {channel} {state:?}"));
                }
                Output::Ignored(_) => {}
                Output::Closed => {
                    self.is_closed = true;
                    self.emitted.push("closed".to_owned());
                }
            }
        }
    }

    fn on_done(&mut self, ticket: Ticket, result: OpResult) {
        if self.issued == Some(ticket) {
            self.issued = None;
            self.shown = result.call_no;
        }
        self.emitted.push(format!(
            "done {} {}",
            format!("{:?}", result.operation).to_lowercase(),
            result.code
        ));
        self.results.push(result);
    }

    fn on_event(&mut self, event: Event) {
        if let Event::Invited(invited) = &event {
            self.shown = invited.call_no;
        }
        if let Event::CallEnd(end) = &event
            && end.call_no == self.shown
        {
            self.shown = 0;
        }
        self.emitted.push(event_line(&event));
        self.events.push(event);
    }

    fn name(&self, id: &Text) -> String {
        match self.requests.iter().position(|own| own == id) {
            Some(index) => format!("r{}", index + 1),
            None => id.to_string(),
        }
    }

    fn signal_line(&self, kind: &str, op: &signaling::Operation) -> String {
        let Some(message) = op.message() else {
            return match (op, op.channel_id()) {
                (signaling::Operation::Login { account, .. }, _) => format!("login {account}"),
                (signaling::Operation::Record(it), _) => format!("record {} to {}", it.status as i32, it.to),
                (_, Some(id)) => format!("{kind} {id}"),
                (_, None) => kind.to_owned(),
            };
        };
        let text = wire::read(&message.custom_info);
        let mut line = format!("{kind} {} {}", message.account, message.channel_id);
        if !message.request_id.is_empty() {
            line += &format!(" {}", self.name(&message.request_id));
        }
        if &*message.custom_info == wire::BUSY {
            line += " 601";
        }
        for (word, number) in [("reason", text.reason), ("cid", text.cid)] {
            if number != 0 {
                line += &format!(" {word} {number}");
            }
        }
        for (word, number) in [("type", text.call_type), ("state", text.state)] {
            if let Some(number) = number {
                line += &format!(" {word} {number}");
            }
        }
        if text.glare { line + " glare" } else { line }
    }
}
