//! A connection and its MQTT session, between the first SYN and the end.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::mem;

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::result_code::MqttError;

use super::cause::Cause;
use super::code;
use super::mailbox::Mailbox;
use super::mqtt_session::{BrokerEvent, MqttSession};
use super::settings::{Settings, Timers};
use super::stage::Stage;
use super::stream::{Outgoing, Stream, Written};
use nertc_callkit_reactor::Readiness;

/// How a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// Try again, here or elsewhere.
    Lost(Cause),
    /// Ended without a reason after CONNECT: perhaps a broker without MQTT 5.
    Silent(Cause),
    /// A broker that does not know MQTT 5.
    OldBroker,
    /// The token is not taken, by this code.
    Token(u8),
    /// Another connection with our client id has the session now.
    Taken,
    /// No use in trying again.
    Stop { code: i32, raw_code: i32, message: String },
}

impl End {
    pub(super) fn stop(code: i32, raw_code: u8, message: &str) -> End {
        End::Stop { code, raw_code: i32::from(raw_code), message: message.into() }
    }

    fn lost(what: &str) -> End {
        End::Lost(Cause::new(what, "", 0))
    }
}

impl From<MqttError> for End {
    fn from(error: MqttError) -> End {
        End::Lost(Cause::new(format!("a packet cannot be sent ({error})"), "", 0))
    }
}

/// Bytes of one read.
const READ_BYTES: usize = 8 * 1024;

thread_local! {
    /// The read buffer of all connections that this thread serves: an idle one needs none.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends this thread's read buffer; a new one if the thread is about to end.
fn with_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.resize(READ_BYTES, 0);
    let outcome = read(&mut buffer);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    outcome
}

/// Bytes that one call reads at most, so that one busy broker does not delay other devices.
const TURN_BYTES: usize = 256 * 1024;

/// Bytes that may be queued for a broker that sends but does not read.
const ANSWER_BYTES: usize = 256 * 1024;

/// Bytes of answers to publishes that wait for something else to be sent: eight answers.
const WAITING_BYTES: usize = 32;

/// How long answers take.
#[derive(Clone, Copy, Default)]
struct RoundTrip(Option<u64>);

impl RoundTrip {
    fn note(&mut self, ms: u64) {
        self.0 = Some(self.0.map_or(ms, |smoothed| (smoothed * 7 + ms) / 8));
    }

    /// The silence after which an answer is overdue.
    fn limit(self, timers: &Timers) -> u64 {
        (self.0.unwrap_or(0) * 4).clamp(timers.silence_least, timers.silence_most)
    }
}

/// A connection and its MQTT session.
pub(super) struct Open {
    pub(super) stream: Stream,
    pub(super) session: MqttSession,
    pub(super) stage: Stage,
    /// The deadline of the stage; Up has none.
    pub(super) until: u64,
    /// Since when it is up.
    pub(super) since: u64,
    /// The broker has taken a message: it works.
    pub(super) proven: bool,
    /// The broker had kept the session.
    pub(super) resumed: bool,
    pub(super) mailbox: Mailbox,
    keep_alive: u64,
    call_active: bool,
    /// A call is active, and nothing that is answered was sent since.
    owes_first_ping: bool,
    ping_at: u64,
    pong_by: u64,
    /// When the ping was sent that waits for its answer.
    pinged_at: Option<u64>,
    round_trip: RoundTrip,
    /// Since when a response is awaited and nothing was received; NEVER: none is awaited.
    silent_since: u64,
    /// Until when the answers to the broker's publishes wait for something else to be sent.
    answer_by: u64,
    /// There is more to read than one turn does.
    more: bool,
    /// A write failed; reported at the next turn of the thread that drives the connection.
    broken: Option<io::Error>,
}

const NEVER: u64 = u64::MAX;

impl Open {
    /// A connected stream, and a session whose CONNECT is not sent yet.
    pub(super) fn new(now: u64, stream: Stream, session: MqttSession, settings: &Settings) -> Open {
        Open {
            stream,
            session,
            stage: Stage::Greeting,
            until: now + settings.timers.connack,
            since: 0,
            proven: false,
            resumed: false,
            mailbox: Mailbox::default(),
            keep_alive: u64::from(settings.keep_alive_s) * 1000,
            call_active: false,
            owes_first_ping: false,
            ping_at: NEVER,
            pong_by: NEVER,
            pinged_at: None,
            round_trip: RoundTrip::default(),
            silent_since: NEVER,
            answer_by: NEVER,
            // The readiness that reported the connection may have included more.
            more: true,
            broken: None,
        }
    }

    /// When [`Open::on_time`] is due; 0 = at once.
    pub(super) fn deadline(&self, timers: &Timers) -> u64 {
        let silent_at = if self.stage == Stage::Up { self.silent_at(timers) } else { NEVER };
        self.deadline_but_silence().min(silent_at)
    }

    /// As [`Open::deadline`], while something is done about the silence.
    pub(super) fn deadline_but_silence(&self) -> u64 {
        if self.broken.is_some() || self.more {
            return 0;
        }
        let stage = if self.stage == Stage::Up { NEVER } else { self.until };
        stage.min(self.ping_at).min(self.pong_by).min(self.write_at())
    }

    /// When the connection counts as silent.
    fn silent_at(&self, timers: &Timers) -> u64 {
        self.silent_since.saturating_add(self.round_trip.limit(timers))
    }

    /// An answer is overdue.
    pub(super) fn is_silent(&self, now: u64, timers: &Timers) -> bool {
        self.stage == Stage::Up && self.silent_at(timers) <= now
    }

    /// When the broker's TCP last acknowledged bytes of ours of which more are in flight; 0 = all are
    /// acknowledged, or unknown. A slow uplink is not dead.
    fn acknowledged_at(&self, now: u64) -> u64 {
        self.stream.since_last_ack().map_or(0, |ms| now.saturating_sub(ms))
    }

    /// Bytes of ours are still leaving: the silence begins with the last that were acknowledged.
    pub(super) fn note_progress(&mut self, now: u64, timers: &Timers) {
        if self.is_silent(now, timers) {
            self.silent_since = self.silent_since.max(self.acknowledged_at(now));
        }
    }

    /// Begins to count the silence anew.
    pub(super) fn reset_silence(&mut self, now: u64) {
        self.silent_since = now;
    }

    /// A publish was sent that is acknowledged: that proves as much as the first ping of a call.
    pub(super) fn expect_answer(&mut self, now: u64, timers: &Timers) {
        self.expect(now);
        if mem::take(&mut self.owes_first_ping) {
            self.ping_at = now + timers.active_ping;
            self.pong_by = self.pong_by.min(now + timers.active_pong);
        }
    }

    /// Something was sent that is answered.
    fn expect(&mut self, now: u64) {
        self.silent_since = self.silent_since.min(now);
    }

    /// Something was received: the silence begins now, if more is awaited.
    fn count_silence(&mut self, now: u64) {
        let awaits = self.session.is_publishing() || self.pinged_at.is_some();
        self.silent_since = if awaits { now } else { NEVER };
    }

    /// When there is something to be written; 0 = now.
    fn write_at(&self) -> u64 {
        let answers = self.session.answers.len();
        if self.stream.has_output() {
            return 0;
        }
        if self.stream.is_blocked() {
            return NEVER;
        }
        if !self.session.out.is_empty() || answers > WAITING_BYTES || self.stream.wants_write() {
            return 0;
        }
        match answers {
            0 => NEVER,
            _ if self.stage < Stage::Up => 0,
            _ => self.answer_by,
        }
    }

    /// The socket is ready; messages are added to `received`.
    pub(super) fn on_ready(
        &mut self,
        now: u64,
        readiness: Readiness,
        received: &mut Vec<BrokerEvent>,
    ) -> Result<(), End> {
        if readiness.writable {
            self.stream.on_writable();
        }
        if readiness.readable || self.more { self.read(now, readiness.closed, received) } else { Ok(()) }
    }

    fn read(&mut self, now: u64, closed: bool, received: &mut Vec<BrokerEvent>) -> Result<(), End> {
        with_buffer(|buffer| self.read_into(buffer, now, closed, received))
    }

    fn read_into(
        &mut self,
        buffer: &mut [u8],
        now: u64,
        closed: bool,
        received: &mut Vec<BrokerEvent>,
    ) -> Result<(), End> {
        let mut left = TURN_BYTES;
        self.more = false;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(self.ended(Cause::ended(self.stage, 0))),
                Ok(count) => {
                    self.session.receive(now, &buffer[..count], received);
                    self.count_silence(now);
                    let waits = self.session.out.len() + self.session.answers.len() + self.stream.queued();
                    if self.stream.is_behind() && waits > ANSWER_BYTES {
                        return Err(End::lost("the broker talks and does not listen"));
                    }
                    if count < buffer.len() && !closed && self.stream.reports_when_empty() {
                        return Ok(());
                    }
                    left = left.saturating_sub(count);
                    if left == 0 {
                        self.more = true;
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    fn ended(&self, cause: Cause) -> End {
        let greeting = self.stage == Stage::Greeting && self.session.version() == Version::V5_0;
        if greeting && !cause.is_final { End::Silent(cause) } else { End::Lost(cause) }
    }

    fn failed(&self, error: &io::Error) -> End {
        self.ended(Cause::failure(self.stage, error))
    }

    /// Passes what is due to the stream. A failure is reported at the next turn.
    pub(super) fn queue_output(&mut self, now: u64, timers: &Timers) {
        if !self.session.answers.is_empty() && self.answer_by == NEVER {
            self.answer_by = now + timers.answer;
        }
        if self.write_at() > now {
            return;
        }
        if !self.call_active && self.ping_at != NEVER {
            self.ping_at = now + self.keep_alive;
        }
        self.answer_by = NEVER;
        let MqttSession { out, answers, .. } = &mut self.session;
        if let Err(error) = self.stream.queue(out).and_then(|()| self.stream.queue(answers)) {
            self.broken = Some(error);
        }
    }

    /// Whether [`Open::take_output`] has something.
    pub(super) fn has_output(&self) -> bool {
        self.broken.is_none() && self.stream.has_output()
    }

    /// What is to be written; [`Open::written`] follows.
    pub(super) fn take_output(&mut self) -> Option<Outgoing> {
        if self.broken.is_some() { None } else { self.stream.take_output() }
    }

    /// What became of it. A failure is reported at the next turn.
    pub(super) fn written(&mut self, written: Written) {
        if let Err(error) = self.stream.written(written) {
            self.broken = Some(error);
        }
    }

    /// Nothing is left to be written.
    pub(super) fn is_flushed(&self) -> bool {
        self.session.out.is_empty() && self.session.answers.is_empty() && self.stream.is_flushed()
    }

    /// The broker has set its keep-alive.
    pub(super) fn welcome(
        &mut self,
        now: u64,
        keep_alive_s: Option<u16>,
        call_active: bool,
        timers: &Timers,
    ) {
        if let Some(seconds) = keep_alive_s {
            self.keep_alive = u64::from(seconds) * 1000;
        }
        self.ping_at = if self.keep_alive > 0 { now + self.keep_alive } else { NEVER };
        if call_active {
            self.set_call_active(now, true, timers);
        }
    }

    /// A dead connection is detected soon, or only by the keep-alive. The first ping follows soon, unless a
    /// publish is in flight by then: its acknowledgement proves the same.
    pub(super) fn set_call_active(&mut self, now: u64, call_active: bool, timers: &Timers) {
        self.call_active = call_active;
        if self.stage < Stage::Subscribing {
            return;
        }
        self.owes_first_ping = call_active;
        if call_active && self.session.is_publishing() {
            self.expect_answer(now, timers);
        } else if call_active {
            self.ping_at = now + timers.first_ping;
        } else {
            self.ping_at = if self.keep_alive > 0 { now + self.keep_alive } else { NEVER };
        }
    }

    /// After how long the next ping is due, and how long the answer to one may take.
    fn ping_times(&self, timers: &Timers) -> (u64, u64) {
        match self.call_active {
            true => (timers.active_ping, timers.active_pong),
            false => (self.keep_alive, timers.pong.min(self.keep_alive / 2)),
        }
    }

    fn ping(&mut self, now: u64, timers: &Timers) {
        let (next, answer) = self.ping_times(timers);
        if let Err(error) = self.session.ping() {
            log::debug!("no ping: {error}");
        }
        self.expect(now);
        self.owes_first_ping = false;
        self.pinged_at = self.pinged_at.or(Some(now));
        self.ping_at = now + next;
        self.pong_by = self.pong_by.min(now + answer);
    }

    /// The broker has answered a publish that was sent so long ago.
    pub(super) fn answered(&mut self, now: u64, ms: u64) {
        self.round_trip.note(ms);
        self.pong_by = NEVER;
        self.count_silence(now);
    }

    /// The broker has answered a ping.
    pub(super) fn pong(&mut self, now: u64) {
        let ms = self.pinged_at.take().map_or(0, |at| now.saturating_sub(at));
        self.answered(now, ms);
    }

    /// Signals the end of the data, once everything is written.
    pub(super) fn shut(&mut self, is_shut: &mut bool) {
        if !*is_shut && self.is_flushed() {
            self.stream.shut();
            *is_shut = true;
        }
    }

    /// Reads and discards. True: the connection has ended.
    pub(super) fn drain(&mut self) -> bool {
        with_buffer(|buffer| {
            loop {
                match self.stream.read(buffer) {
                    Ok(0) => return true,
                    Ok(_) => {}
                    Err(error) => return error.kind() != ErrorKind::WouldBlock,
                }
            }
        })
    }

    /// A deadline may have passed.
    pub(super) fn on_time(
        &mut self,
        now: u64,
        settings: &Settings,
        received: &mut Vec<BrokerEvent>,
    ) -> Result<(), End> {
        if let Some(error) = &self.broken {
            return Err(self.failed(error));
        }
        if self.more {
            self.read(now, true, received)?;
        }
        if self.stage != Stage::Up && self.until <= now {
            return Err(End::Lost(Cause::late(self.stage, Some(settings.timers.connack))));
        }
        if self.pong_by <= now {
            self.pong_by = self.acknowledged_at(now).saturating_add(self.ping_times(&settings.timers).1);
            if self.pong_by <= now {
                return Err(End::lost("no answer to a ping"));
            }
        }
        if self.ping_at <= now {
            self.ping(now, &settings.timers);
        }
        Ok(())
    }
}

/// What the reason code (5) or return code (3.1.1) of a CONNACK means.
pub(super) fn refusal(reason: u8) -> End {
    match reason {
        1 | 0x84 => End::OldBroker,
        4 | 5 | 0x86 | 0x87 => End::Token(reason),
        2 | 0x85 => End::stop(code::INVALID, reason, "the broker does not take the client id"),
        0x8A => End::stop(code::NOT_PERMITTED, reason, "the broker has banned this client or account"),
        0x8C => End::stop(code::INVALID, reason, "the broker wants another kind of authentication"),
        0x81 | 0x82 | 0x90 | 0x95 | 0x99 | 0x9A | 0x9B => {
            End::stop(code::INVALID, reason, "the broker does not take this kind of connection")
        }
        other => {
            let what = format!("the broker does not take the connection now ({other:#04x})");
            End::Lost(Cause::new(what, "see the broker's log", i32::from(other)))
        }
    }
}

/// What the reason of a broker's DISCONNECT means.
pub(super) fn farewell(reason: u8) -> End {
    match reason {
        0x87 => End::Token(reason),
        0x8E => End::Taken,
        other => {
            let what = format!("the broker disconnected ({other:#04x})");
            End::Lost(Cause::new(what, "see the broker's log", i32::from(other)))
        }
    }
}
