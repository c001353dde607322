//! The engine as a value: what it holds, what it is fed, and when.

use std::collections::VecDeque;

use super::answer::Waiting;
use super::coalesce::Coalescer;
use super::ids::Ids;
use super::in_flight::{Op, Teardown};
use super::input::{Input, Media};
use super::output::{Output, Preparation};
use super::reported_records::ReportedRecords;
use super::state::{Closing, Ended, Local, MOVES, MediaRoom, Phase, Session, State, Tokens};
use super::time::{Soonest, Time};
use super::tombstones::Tombstones;
use super::wire::Capabilities;
use nertc_callkit_ids::{IdGenerator, Seed};
use nertc_callkit_signaling::{CallPolicy, Text};
use serde::{Deserialize, Serialize};

/// Every timer, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "nertc_callkit_timers explains each")]
pub struct Timers {
    pub ring_ms: u32,
    pub ring_grace_ms: u32,
    pub login_ms: u32,
    pub request_ms: u32,
    pub operation_ms: u32,
    pub rtc_leave_ms: u32,
    pub rtc_connect_ms: u32,
    pub handshake_ms: u32,
    pub switch_ms: u32,
    pub glare_ms: u32,
    pub peer_leave_ms: u32,
    pub peer_reconnecting_ms: u32,
    pub peer_lost_ms: u32,
    pub closer_ms: u32,
    pub destroy_wait_ms: u32,
    pub tombstone_ms: u32,
    pub invite_age_ms: u32,
    #[serde(default = "token_ms")]
    pub token_ms: u32,
}

fn token_ms() -> u32 {
    60_000
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            ring_ms: 30_000,
            ring_grace_ms: 500,
            login_ms: 10_000,
            request_ms: 8_000,
            operation_ms: 5_000,
            rtc_leave_ms: 3_000,
            rtc_connect_ms: 15_000,
            handshake_ms: 3_000,
            switch_ms: 10_000,
            glare_ms: 3_000,
            peer_leave_ms: 500,
            peer_reconnecting_ms: 4_000,
            peer_lost_ms: 20_000,
            closer_ms: 10_000,
            destroy_wait_ms: 500,
            tombstone_ms: 600_000,
            invite_age_ms: 120_000,
            token_ms: token_ms(),
        }
    }
}

/// What the backends can do, as far as the call logic must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Caps {
    /// The service writes the record of a completed call.
    pub server_record: bool,
    /// The signaling backend can send records.
    pub send_record: bool,
    /// The signaling backend can send control messages.
    pub control: bool,
    /// The signaling backend can abort a login; otherwise it is logged out.
    #[serde(default)]
    pub abort_login: bool,
    /// The media backend brings no media: the peer counts as present.
    pub no_media: bool,
    /// The media backend can open and close microphone and camera.
    pub enable_local: bool,
    /// The media backend can mute.
    pub mute_local: bool,
    /// The media backend can subscribe.
    pub subscribe: bool,
    /// The media backend can draw.
    pub set_view: bool,
    /// The media backend makes ready for a join before the call is accepted.
    #[serde(default)]
    pub prepare: bool,
}

/// Configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Config {
    /// Timers.
    pub timers: Timers,
    /// What the backends can do.
    pub caps: Caps,
    /// The peer's switch from audio to video needs the app's consent.
    pub confirm_audio_to_video: bool,
    /// The peer's switch from video to audio needs the app's consent.
    pub confirm_video_to_audio: bool,
    /// The app cannot be asked for a token: a requested one does not exist.
    #[serde(default)]
    pub no_token_listener: bool,
    /// The app accepts data of its peer, which our invites and accepts announce.
    #[serde(default)]
    pub takes_data: bool,
    /// Protocol between the media backends, `<name>/<version>`; empty = none.
    #[serde(default)]
    pub media_protocol: Text,
    /// This device, for the media backend.
    #[serde(default)]
    pub device: Text,
}

impl Config {
    /// What our invites and accepts announce.
    pub(super) fn capabilities(&self) -> Capabilities<'_> {
        Capabilities { data: self.takes_data, rtc: &self.media_protocol }
    }
}

/// A client costs its engine from the start: what only a call needs is in a box.
const _: () = assert!(size_of::<Engine>() <= 736);

/// The call engine of one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Engine {
    pub(super) config: Config,
    pub(super) ring_ms: u32,
    pub(super) ids: Ids,
    pub(super) last_req: u64,
    pub(super) last_call: u64,
    #[serde(rename = "last_teardown")]
    pub(super) last_teardown: u64,
    pub(super) session: Session,
    pub(super) closing: Closing,
    pub(super) is_connection_lost: bool,
    /// The app does not take its events: nothing may ring.
    pub(super) is_backlogged: bool,
    pub(super) state: State,
    pub(super) media_room: MediaRoom,
    pub(super) local: Local,
    pub(super) ended: Option<Box<Ended>>,
    pub(super) ops: Vec<Op>,
    #[serde(rename = "teardowns")]
    pub(super) teardowns: Vec<Teardown>,
    pub(super) tombstones: Tombstones,
    /// Whose invites ring; kept until the app sets another.
    pub(super) policy: CallPolicy,
    /// Rate limits for events caused by others.
    #[serde(default)]
    pub(super) coalescer: Coalescer,
    /// Records of others already reported.
    #[serde(default)]
    pub(super) reported_records: ReportedRecords,
    #[serde(default)]
    pub(super) tokens: Tokens,
    /// Answers for calls that are not here yet.
    #[serde(default)]
    pub(super) waiting: Vec<Waiting>,
    /// What the media backend has prepared and no join has taken over.
    #[serde(default)]
    pub(super) prepared: Option<Box<Preparation>>,
    /// Operations of the backends, to be started.
    #[serde(skip)]
    pub(super) wire: VecDeque<Output>,
    /// Events for the app.
    #[serde(skip)]
    pub(super) app: VecDeque<Output>,
}

impl Engine {
    /// A logged-out engine. `seed` makes its ids (request id, call id): random and secret in production,
    /// fixed in a test.
    pub fn new(config: Config, seed: Seed) -> Engine {
        Engine {
            ring_ms: config.timers.ring_ms,
            config,
            ids: Ids::new(seed),
            last_req: 0,
            last_call: 0,
            last_teardown: 0,
            session: Session::LoggedOut,
            closing: Closing::No,
            is_connection_lost: false,
            is_backlogged: false,
            state: State::Idle,
            media_room: MediaRoom::Out,
            local: Local::default(),
            ended: None,
            ops: Vec::new(),
            teardowns: Vec::new(),
            tombstones: Tombstones::default(),
            policy: CallPolicy::default(),
            coalescer: Coalescer::default(),
            reported_records: ReportedRecords::default(),
            tokens: Tokens::default(),
            waiting: Vec::new(),
            prepared: None,
            wire: VecDeque::new(),
            app: VecDeque::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Time, input: Input) {
        debug_assert!(self.wire.is_empty() && self.app.is_empty(), "drain poll_output before the next input");
        let before = self.state.phase();
        let call = self.state.call_no();
        match input {
            Input::Command { ticket, command } => self.on_command(now, ticket, *command),
            Input::Close => self.on_close(now),
            Input::Backlog(is_backlogged) => self.is_backlogged = is_backlogged,
            Input::SignalDone { req, mut result } => self.on_signal_done(now, req, &mut result),
            Input::Signals { origin, events } => self.on_signals(now, origin, events),
            Input::ChannelStates(channel_states) => self.on_channel_states(now, channel_states),
            Input::Connection(connection) => self.on_connection(now, connection),
            Input::RtcDone { req, outcome } => self.on_rtc_done(now, req, outcome),
            Input::Rtc(report) => self.on_rtc_report(now, report),
            Input::RtcSend { join, json } => self.on_rtc_send(now, join, &json),
            Input::Record { from, record } => self.on_record(now, from, record),
        }
        self.settle(now);
        self.check_move(before, call);
    }

    /// After each input: what waited for something that may have happened now.
    #[inline(always)]
    fn settle(&mut self, now: Time) {
        if !self.waiting.is_empty() {
            self.settle_waiting(now);
        }
        if self.tokens.refused.is_some() {
            self.settle_tokens(now);
        }
        if self.config.caps.prepare {
            self.settle_preparation();
        }
    }

    /// The next output; drain to `None` before the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(op) = self.wire.pop_front() {
            return Some(op);
        }
        if let Some(word) = self.app.pop_front() {
            return Some(word);
        }
        if matches!(self.state, State::Idle) && self.ops.is_empty() && self.teardowns.is_empty() {
            // Idle clients cost nothing; a live call keeps its buffers.
            if self.wire.capacity() + self.app.capacity() > 0 {
                (self.wire, self.app) = (VecDeque::new(), VecDeque::new());
            }
            if self.ops.capacity() + self.teardowns.capacity() > 0 {
                (self.ops, self.teardowns) = (Vec::new(), Vec::new());
            }
        }
        None
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Time, &'static str)> {
        let ops = self.ops.iter().filter_map(|op| op.deadline).min();
        let teardowns = self.teardowns.iter().map(|teardown| teardown.deadline).min();
        let state = match &self.state {
            State::Idle => None,
            State::Calling(calling) => calling.due(),
            State::Called(called) if called.accepting.is_some() => None,
            State::Called(called) => Some((called.ring_until, "ring limit of the called")),
            State::InCall(call) => Engine::in_call_due(call),
        };
        let drain = match &self.session {
            Session::LoggingOut { until, .. } => *until,
            Session::LoggedOut
            | Session::LoggingIn { .. }
            | Session::LoggedIn { .. }
            | Session::Aborting { .. } => None,
        };
        let closing = match self.closing {
            Closing::Until(at) => Some(at),
            Closing::No | Closing::Closed => None,
        };
        let mut soonest = Soonest::from(state);
        soonest.or(ops, "an operation of a backend");
        soonest.or(teardowns, "cleaning up behind a call");
        soonest.or(drain, "cleaning up before the logout");
        soonest.or(closing, "closing");
        soonest.or(self.coalescer.due(), "callbacks that were counted");
        if let Some((at, why)) = self.tokens_due() {
            soonest.or(Some(at), why);
        }
        if !self.waiting.is_empty() {
            soonest.or(self.waiting_due(), "an answer waits for its call");
        }
        soonest.get()
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        debug_assert!(self.wire.is_empty() && self.app.is_empty(), "drain poll_output before the next input");
        let before = self.state.phase();
        let call = self.state.call_no();
        // First what may end the session: after a long sleep several limits have passed, and the end of a
        // call must not let the next one ring in a session that is over.
        self.on_tokens_due(now);
        self.expire_ops(now);
        self.expire_teardowns(now);
        self.notify_due(now);
        match &self.state {
            State::Idle => {}
            State::Calling(calling) => {
                if let Some(due) = calling.due_by(now) {
                    self.on_calling_due(now, due);
                }
            }
            State::Called(called) => {
                if let Some(reject) = called.reject_by(now) {
                    self.on_called_due(now, reject);
                }
            }
            State::InCall(_) => self.on_in_call_due(now),
        }
        if matches!(self.session, Session::LoggingOut { until: Some(until), .. } if until <= now) {
            self.send_logout(now);
        }
        self.on_waiting_due(now);
        self.settle(now);
        if matches!(self.closing, Closing::Until(until) if until <= now) {
            self.become_closed();
        }
        if self.config.caps.prepare {
            self.settle_preparation();
        }
        self.check_move(before, call);
    }

    /// In debug builds: the move that was made is in the table that the picture is drawn from.
    fn check_move(&self, before: Phase, call: u64) {
        if !cfg!(debug_assertions) {
            return;
        }
        let after = self.state.phase();
        let is_same_call = call == self.state.call_no() || call == 0 || after == Phase::Idle;
        let is_listed = MOVES.iter().any(|(from, _, to)| *from == before && *to == after);
        // Within one input a call may end and the next ring; a glare may be decided where it arises.
        debug_assert!(
            before == after || is_listed || !is_same_call,
            "{before:?} to {after:?} is not in MOVES"
        );
    }

    /// What it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// State and inner state, for tools that draw and check.
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// For a state from a file: its counters can still be incremented, and its call is not ahead of them.
    pub fn is_plausible(&self) -> bool {
        const ROOM: u64 = 1 << 53;
        let counters = [self.last_req, self.last_call, self.last_teardown];
        counters.iter().all(|count| *count < ROOM) && self.state.call_no() <= self.last_call
    }

    pub(super) fn next_call_no(&mut self) -> u64 {
        self.last_call += 1;
        self.last_call
    }

    /// A call has ended; the memory of the last one is taken over.
    pub(super) fn remember_ended(&mut self, ended: Ended) {
        match &mut self.ended {
            Some(last) => **last = ended,
            None => self.ended = Some(Box::new(ended)),
        }
    }

    /// Mutes end with the call.
    pub(super) fn become_idle(&mut self) {
        self.local.muted = Media::NONE;
        self.local.remote_muted = Media::NONE;
    }

    /// A new call may ring.
    pub(super) fn may_ring(&self) -> bool {
        self.session.is_logged_in() && self.closing == Closing::No && !self.is_backlogged
    }

    /// To be called before the engine's state is written to a file that others may read: from here on ids
    /// come from a new stream, independent of any other. Call it again for each further header.
    pub fn begin_trace(&mut self) {
        let Ids { stream, secret } = &mut self.ids;
        let secret = secret.get_or_insert_with(|| Box::new(stream.clone()));
        *stream = IdGenerator::new(secret.seed());
    }

    /// The trace has ended: ids come from the secret stream again.
    pub fn end_trace(&mut self) {
        if let Some(secret) = self.ids.secret.take() {
            self.ids.stream = *secret;
        }
    }
}
