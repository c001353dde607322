//! The engine between an app that does anything, and backends and peers that send anything.

use std::sync::OnceLock;

use nertc_callkit::engine::input::{CallOptions, CallRef, Command, Input, Media, SwitchStep, Ticket, View};
use nertc_callkit::engine::output::Output;
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Caps, Config, Engine, IdGenerator, Timers, limits};
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, CallType, Channel, ChannelState, Connection, Member, OperationResult,
    Outcome, PolicyRule, PushText, Record, RecordStatus, Req, Text,
};

use nertc_callkit::trace::{Redaction, TraceWriter};

use super::app::Watch;
use super::bytes::Bytes;
use super::peer::{ACCOUNTS, EPOCH, Known, any_outcome};

/// The kit's number in a trace.
const KIT: u64 = 1;

/// More steps than this add nothing new and cost time.
const STEPS: usize = 400;

/// One input.
pub fn run(data: &[u8]) {
    live(&mut Bytes::new(data), None, STEPS);
}

/// The same, recorded from some step on.
pub(crate) fn record(bytes: &mut Bytes<'_>, redaction: Redaction, from: usize, steps: usize) -> Vec<u8> {
    let trace = live(bytes, Some((TraceWriter::new(redaction), from)), steps);
    trace.map_or_else(Vec::new, |trace| trace.lines().to_vec())
}

fn live(bytes: &mut Bytes<'_>, mut trace: Option<(TraceWriter, usize)>, steps: usize) -> Option<TraceWriter> {
    let mut kit = Kit::new(bytes);
    for step in 0.. {
        let is_over = step == steps || bytes.is_empty() || kit.watch.is_closed;
        if let Some((mut trace, _)) = trace.take_if(|(_, from)| is_over || *from <= step) {
            trace.begin(KIT, kit.now, 0, &kit.engine);
            kit.trace = Some(trace);
        }
        if is_over {
            break;
        }
        kit.step(bytes);
    }
    kit.close();
    kit.trace
}

/// FUZZ_TRACE=1 shows what happens in a run.
fn note(now: Time, what: &dyn std::fmt::Debug) {
    static WANTED: OnceLock<bool> = OnceLock::new();
    if *WANTED.get_or_init(|| std::env::var_os("FUZZ_TRACE").is_some()) {
        eprintln!("{}: {what:?}", now.0);
    }
}

/// An operation that the engine waits for.
#[derive(Clone, Debug)]
struct Running {
    req: Req,
    /// None: of the media backend.
    op: Option<signaling::Operation>,
}

/// One engine and what its surroundings know.
struct Kit {
    engine: Engine,
    watch: Watch,
    now: Time,
    last_ticket: u64,
    running: Vec<Running>,
    ended: Vec<Req>,
    known: Known,
    early: usize,
    trace: Option<TraceWriter>,
}

impl Kit {
    fn new(bytes: &mut Bytes<'_>) -> Kit {
        let config = config(bytes);
        let mut kit = Kit {
            watch: Watch::new(config.caps),
            engine: Engine::new(config, IdGenerator::test_seed(u64::from(bytes.byte()))),
            now: Time(0),
            last_ticket: 0,
            running: Vec::new(),
            ended: Vec::new(),
            known: Known::default(),
            early: 0,
            trace: None,
        };
        if !bytes.chance(16) {
            kit.command(Command::Login { account: ACCOUNTS[0].into(), token: Text::default() });
            let server_ms = if bytes.chance(32) { bytes.number() } else { EPOCH };
            kit.succeed(0, server_ms);
        }
        kit
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(32) {
            0..4 => self.act(bytes),
            4 | 5 => {
                let command = any_command(bytes, &self.known, self.last_ticket);
                self.command(command);
            }
            6..11 => {
                let server_ms = if bytes.chance(32) { bytes.number() } else { EPOCH + self.now.0 };
                let which = bytes.seldom(4);
                self.succeed(which, server_ms);
            }
            11 | 12 => self.answer(bytes),
            13 => {
                let req = if self.ended.is_empty() { Req(bytes.number()) } else { *bytes.pick(&self.ended) };
                let result = any_result(bytes, &self.known);
                self.feed(if bytes.flag() {
                    Input::SignalDone { req, result: result.into() }
                } else {
                    Input::RtcDone { req, outcome: result.outcome }
                });
            }
            14..17 => {
                let input = self.known.invites(bytes);
                self.feed(input);
            }
            17..20 => {
                let live = self.engine.snapshot();
                let input = match bytes.flag() && live.call_no != 0 {
                    true => self.known.goes_on(&live, bytes),
                    false => self.known.answers(bytes),
                };
                self.feed(input);
            }
            20..23 => {
                let input = self.known.any_message(bytes);
                self.feed(input);
            }
            23..26 => {
                let uid = self.known.peer_uid(bytes);
                self.feed(Input::Rtc(super::peer::rtc_event(bytes, uid).into()));
            }
            26 | 27 => self.wait(bytes),
            28 if bytes.chance(64) => {
                let (from, record) = (self.known.account(bytes), any_record(bytes, &self.known));
                self.feed(Input::Record { from, record });
            }
            28 => self.feed_connection(bytes),
            29 => {
                let states = (0..bytes.below(4)).map(|_| any_room(bytes, &self.known)).collect();
                self.feed(Input::ChannelStates(states));
            }
            30 => self.feed(Input::Backlog(bytes.flag())),
            _ => self.flood(bytes),
        }
    }

    fn handle(&mut self, input: Input) {
        note(self.now, &input);
        self.trace.iter_mut().for_each(|trace| trace.input(KIT, self.now, &input));
        self.engine.handle(self.now, input);
    }

    fn feed(&mut self, input: Input) {
        self.watch.before(&input);
        let messages = if let Input::Signals { events, .. } = &input { events.len() } else { 0 };
        // Messages before a login's completion wait until that login ends, successfully or not.
        self.early = (self.early + messages).min(4 * limits::OFFLINE_INVITES);
        let open = self.watch.open();
        self.handle(input);
        self.drain(64 + 16 * messages + 4 * open);
    }

    fn drain(&mut self, limit: usize) {
        let mut count = 0;
        while let Some(output) = self.engine.poll_output() {
            note(self.now, &output);
            self.trace.iter_mut().for_each(|trace| trace.output(&output));
            self.watch.output(&output, &self.engine);
            match output {
                Output::Signal { req, op } => {
                    self.known.observe(&op);
                    self.running.push(Running { req, op: Some(op) });
                }
                Output::Rtc { req, .. } => self.running.push(Running { req, op: None }),
                Output::Notify(_) | Output::Done { .. } | Output::Event(_) => {}
                Output::Ignored(_) | Output::Closed | Output::RtcReceive { .. } => {}
                Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {}
            }
            count += 1;
        }
        self.trace.iter_mut().for_each(TraceWriter::end_step);
        self.watch.settled(&self.engine);
        assert!(count <= limit + 16 * self.early, "{count} outputs of one input");
        assert!(!self.engine.update(&mut self.engine.snapshot()));
    }

    fn command(&mut self, command: Command) {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.watch.asked(ticket, command.operation());
        let was_idle = self.engine.phase() == Phase::Idle && matches!(command, Command::Call(_));
        let open = self.watch.open();
        self.handle(Input::Command { ticket, command: command.into() });
        if was_idle && self.engine.phase() == Phase::Calling {
            self.watch.placed(self.engine.snapshot().call_no);
        }
        self.drain(64 + 4 * open);
    }

    /// What a user does in this state.
    fn act(&mut self, bytes: &mut Bytes<'_>) {
        let call = CallRef::default();
        let (no_offline, no_record) = (false, false);
        let command = match (self.engine.phase(), bytes.below(8)) {
            (Phase::Idle, 0) if !self.watch.is_closed => {
                Command::Login { account: ACCOUNTS[0].into(), token: Text::default() }
            }
            (Phase::Idle, _) => Command::Call(call_options(bytes)),
            (Phase::Calling | Phase::GlareAccepting, _) => {
                Command::Cancel { call, attach_ext: None, no_offline, no_record }
            }
            (Phase::Called | Phase::Accepting, 7) => Command::Reject { call, busy: false, text: None },
            (Phase::Called | Phase::Accepting, _) => Command::Accept { call },
            (Phase::InCall, 0) => Command::Hangup { call, no_offline, no_record, text: None },
            (Phase::InCall, 1) => Command::Leave { call, no_offline, text: None },
            (Phase::InCall, _) => any_command(bytes, &self.known, self.last_ticket),
        };
        self.command(command);
    }

    /// The oldest but `which` of the running operations succeeds as it should.
    fn succeed(&mut self, which: usize, server_ms: u64) {
        let Some(running) = self.take(which) else { return };
        let outcome = Outcome::default();
        let Some(op) = running.op else {
            return self.feed(Input::RtcDone { req: running.req, outcome });
        };
        let result = OperationResult { outcome, server_ms, ..self.known.granted(&op) };
        self.feed(Input::SignalDone { req: running.req, result: result.into() });
    }

    /// A running operation ends somehow.
    fn answer(&mut self, bytes: &mut Bytes<'_>) {
        let Some(running) = self.take(bytes.seldom(8)) else { return };
        let (req, mut result) = (running.req, any_result(bytes, &self.known));
        if let (Some(op), true) = (&running.op, bytes.flag()) {
            let granted = self.known.granted(op);
            result = OperationResult { outcome: result.outcome, ..granted };
        }
        // Now and then the wrong backend answers.
        self.feed(match running.op.is_some() != bytes.chance(16) {
            true => Input::SignalDone { req, result: result.into() },
            false => Input::RtcDone { req, outcome: result.outcome },
        });
    }

    fn take(&mut self, which: usize) -> Option<Running> {
        let running = (which < self.running.len()).then(|| self.running.remove(which))?;
        self.ended.push(running.req);
        Some(running)
    }

    fn feed_connection(&mut self, bytes: &mut Bytes<'_>) {
        let outcome = any_outcome(bytes);
        self.feed(Input::Connection(match bytes.below(5) {
            0 => Connection::Kicked(outcome),
            1 | 2 => Connection::Lost(outcome),
            3 => Connection::TokenNeeded(outcome),
            _ => Connection::Restored,
        }));
    }

    /// Time passes: a moment, to the next deadline, or an age.
    fn wait(&mut self, bytes: &mut Bytes<'_>) {
        let next = self.engine.poll_timeout().map(|(due, _)| due);
        let then = match bytes.below(8) {
            0 => self.now.after(u32::from(bytes.byte())),
            1 => self.now.after(100 * u32::from(bytes.byte())),
            2 => self.now.after(bytes.u32()),
            // Early, or for nothing.
            3 if self.trace.is_none() => return self.fire(),
            _ => next.unwrap_or(self.now),
        };
        self.now = self.now.max(then);
        if next.is_some_and(|due| due <= self.now) {
            self.fire();
        }
    }

    fn fire(&mut self) {
        // One pass may cause something that is due at once; it must become idle all the same.
        for _ in 0..8 {
            let open = self.watch.open();
            let due = self.engine.poll_timeout().filter(|(at, _)| *at <= self.now);
            note(self.now, &due);
            // The worker wakes the engine only for what is due; a trace has no other steps.
            if let Some((_, why)) = due {
                self.trace.iter_mut().for_each(|trace| trace.timeout(KIT, self.now, why));
            }
            self.engine.handle_timeout(self.now);
            self.drain(256 + 4 * open);
            if self.engine.poll_timeout().is_none_or(|(due, _)| due > self.now) {
                return;
            }
        }
        panic!("stays due at {:?}: {:?}", self.now, self.engine.poll_timeout());
    }

    /// The same again and again: nothing may grow for it.
    fn flood(&mut self, bytes: &mut Bytes<'_>) {
        if bytes.chance(128) {
            return self.feed(Input::Close);
        }
        let mut again = bytes.clone();
        for _ in 0..bytes.below(96) {
            let input = self.known.any_message(bytes);
            self.feed(input);
            if bytes.is_empty() {
                *bytes = again.clone();
                again.byte();
            }
        }
    }

    /// In any case: after Close everything completes, in time, though no backend responds any more.
    fn close(&mut self) {
        let size = format!("{:?}", self.engine).len();
        let limit = 4_000_000 + 1_000 * (self.watch.open() + limits::INBOX);
        assert!(size < limit, "an engine of {size} characters");
        let _ = self.engine.canonical(self.now);
        if !self.watch.is_closed {
            self.feed(Input::Close);
        }
        for _ in 0..200 {
            let Some((due, _)) = self.engine.poll_timeout() else { break };
            self.now = self.now.max(due);
            self.fire();
        }
        self.watch.at_end(&self.engine);
        self.command(Command::Logout);
        self.watch.at_end(&self.engine);
    }
}

fn config(bytes: &mut Bytes<'_>) -> Config {
    let bits = bytes.byte();
    let has = |bit: u8| bits & bit == 0;
    let caps = Caps {
        server_record: !has(1),
        no_media: !has(2),
        send_record: has(4),
        control: has(8),
        abort_login: has(8),
        enable_local: has(16),
        mute_local: has(32),
        subscribe: has(64),
        set_view: has(128),
        prepare: false,
    };
    let confirm = bytes.byte();
    let caps = Caps { prepare: confirm & 64 != 0, ..caps };
    let mut timers = Timers::default();
    if confirm & 4 != 0 {
        let of = |bytes: &mut Bytes<'_>| [1, 1_999, 50, u32::MAX, 8_000, 2_001, 700, 100_000][bytes.below(8)];
        timers.ring_ms = of(bytes).min(*limits::RING_MS.end());
        for timer in [
            &mut timers.ring_grace_ms,
            &mut timers.request_ms,
            &mut timers.operation_ms,
            &mut timers.rtc_leave_ms,
            &mut timers.rtc_connect_ms,
            &mut timers.handshake_ms,
            &mut timers.switch_ms,
            &mut timers.glare_ms,
            &mut timers.peer_leave_ms,
            &mut timers.peer_reconnecting_ms,
            &mut timers.peer_lost_ms,
            &mut timers.closer_ms,
            &mut timers.destroy_wait_ms,
            &mut timers.tombstone_ms,
            &mut timers.invite_age_ms,
        ] {
            *timer = of(bytes);
        }
    }
    Config {
        timers,
        caps,
        confirm_audio_to_video: confirm & 1 != 0,
        confirm_video_to_audio: confirm & 2 != 0,
        no_token_listener: confirm & 8 != 0,
        takes_data: confirm & 16 != 0,
        media_protocol: if confirm & 32 != 0 { "webrtc/1".into() } else { Text::default() },
        device: "device".into(),
    }
}

fn call_options(bytes: &mut Bytes<'_>) -> CallOptions {
    let bits = bytes.byte();
    let text = |bit: u8, text: &str| (bits & bit != 0).then(|| Text::from(text));
    CallOptions {
        user: ACCOUNTS[1 + usize::from(bits & 1)].into(),
        call_type: if bits & 2 != 0 { CallType::Video } else { CallType::Audio },
        attachment: text(4, "{\"order\":7}"),
        extra: text(8, "extra"),
        push: (bits & 16 != 0).then(|| PushText { title: text(4, "t"), content: None, payload: None }.into()),
        no_offline: bits & 32 != 0,
        no_record: bits & 64 != 0,
    }
}

fn any_record(bytes: &mut Bytes<'_>, known: &Known) -> Record {
    Record {
        client_msg_id: known.request(bytes),
        to: known.account(bytes),
        channel_id: known.channel(bytes),
        call_type: CallType::Audio,
        status: RecordStatus::Complete,
        text: Text::default(),
        durations: Vec::new(),
    }
}

fn any_call(bytes: &mut Bytes<'_>, known: &Known, last_ticket: u64) -> CallRef {
    match bytes.below(4) {
        0 => CallRef::default(),
        1 => CallRef {
            implied: true,
            shown: u64::from(bytes.byte()),
            issued: (0..bytes.below(3)).map(|back| Ticket(last_ticket.saturating_sub(back as u64))).collect(),
            ..CallRef::default()
        },
        2 => CallRef { call_no: u64::from(bytes.byte()), ..CallRef::default() },
        _ => CallRef {
            channel_id: bytes.flag().then(|| known.channel(bytes)),
            request_id: bytes.flag().then(|| known.request(bytes)),
            account: bytes.flag().then(|| known.account(bytes)),
            wait: bytes.flag(),
            ..CallRef::default()
        },
    }
}

fn any_command(bytes: &mut Bytes<'_>, known: &Known, last_ticket: u64) -> Command {
    let kind = bytes.below(18);
    let bits = bytes.byte();
    let (media, on) = (Media::of(u32::from(bits & 3).max(1)), bits & 4 != 0);
    let (no_offline, no_record) = (bits & 8 != 0, bits & 16 != 0);
    let view = on.then_some(View { scaling: 0, mirror: no_offline, window: 7 });
    let mut call = || any_call(bytes, known, last_ticket);
    match kind {
        0 => Command::Login { account: ACCOUNTS[usize::from(bits) % 3].into(), token: Text::default() },
        1 => Command::Logout,
        2 => Command::SetCallTimeout { timeout_ms: (u32::from(bits) * 500).max(1) },
        3 => Command::Call(call_options(bytes)),
        4 => {
            let attach_ext = on.then(|| "[1]".into());
            Command::Cancel { call: call(), attach_ext, no_offline, no_record }
        }
        5 => Command::Accept { call: call() },
        6 => Command::Reject { call: call(), busy: on, text: no_record.then(|| "[1]".into()) },
        7 => Command::Hangup { call: call(), no_offline, no_record, text: None },
        8 => Command::Leave { call: call(), no_offline, text: None },
        9 | 10 => Command::SwitchCallType {
            call_type: if on { CallType::Video } else { CallType::Audio },
            step: [SwitchStep::Invite, SwitchStep::Agree, SwitchStep::Reject][usize::from(bits) % 3],
        },
        11 => Command::EnableLocal { media, on },
        12 => Command::MuteLocal { media, muted: on },
        13 => Command::MuteRemote { media, muted: on },
        14 => Command::SetLocalView(view),
        15 => Command::SetCallPolicy(CallPolicy {
            rule: [
                PolicyRule::Everybody,
                PolicyRule::OnlyListed,
                PolicyRule::AllButListed,
                PolicyRule::Nobody,
            ][usize::from(bits) % 4],
            accounts: ACCOUNTS.iter().skip(usize::from(bits >> 4)).map(|name| Text::from(*name)).collect(),
            answers_busy: on,
            no_missed: no_record,
        }),
        16 => Command::SetToken { token: if on { "token".into() } else { Text::default() } },
        _ => Command::SetRemoteView(view),
    }
}

fn any_result(bytes: &mut Bytes<'_>, known: &Known) -> OperationResult {
    OperationResult {
        outcome: any_outcome(bytes),
        channel: bytes.flag().then(|| any_room(bytes, known)),
        rtc_token: bytes.flag().then(|| "token".into()),
        server_ms: if bytes.chance(64) { bytes.number() } else { 0 },
    }
}

fn any_room(bytes: &mut Bytes<'_>, known: &Known) -> ChannelState {
    let channel = Channel {
        id: known.channel(bytes),
        call_type: bytes.below(4) as i32,
        invalid: bytes.chance(16),
        creator: known.account(bytes),
        create_ms: bytes.number(),
        expire_ms: 0,
    };
    let members = (0..bytes.below(4)).map(|_| Member {
        account: known.account(bytes),
        device: Text::default(),
        uid: bytes.number(),
    });
    ChannelState { members: members.collect(), channel }
}
