//! One call: a [`Peer`] with its sockets, sound and clock, on the media thread.
//!
//! Whoever wants something of a call leaves a [`Command`] and wakes the thread; so nothing but that thread
//! waits for cryptography. The one exception are the peer's texts if the app has keys of its own: these are
//! read on the client's worker, because the app's functions are called for them, and must not delay the
//! sound of others. (Texts that came before the relay of a RELAY_ONLY call are read later, on the media
//! thread.) A call ends with the completion of its leave; its sockets say good-bye for another second, and
//! report nothing.
//!
//! [`Peer`]: crate::peer::Peer

mod state;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};

use nertc_callkit_backend::{Frame, MediaSink, SendError};
use nertc_callkit_media::MediaEvent;
use nertc_callkit_reactor::{Handler, Kind, Readiness, Registration, now_us};
use nertc_callkit_signaling::{Outcome, Req, Text};
use parking_lot::Mutex;

use crate::audio::{CaptureError, PullError, TICK_US};
use crate::audio_port::{AudioPort, DeviceError, DeviceKind, Encoded};
use crate::command::{CallState, Command};
use crate::options::Options;
use crate::peer::SIGNATURE_LIMIT;
use crate::stats::{CallStats, StreamStats};
use state::{State, Todo};

pub(crate) use state::unjoined;

/// Commands that wait; sound beyond that is lost. What the core sends is limited by the core.
const COMMANDS: usize = 256;

/// Which join a call is of.
pub(crate) struct Joined {
    pub(crate) join: Req,
    pub(crate) call_no: u64,
    pub(crate) peer_account: String,
}

/// One call, from its preparation or its join on.
pub(crate) struct Call {
    joined: OnceLock<Joined>,
    sink: Arc<MediaSink>,
    options: Arc<Options>,
    audio: Arc<dyn AudioPort>,
    registration: Registration,
    /// Locked after `state`, where both are. `None` = the call is over.
    inbox: Mutex<Option<VecDeque<Command>>>,
    state: Mutex<State>,
    /// Held while texts go to the core, which keeps them in order.
    delivery: Mutex<()>,
    /// Keeps a call that has left until its sockets may close.
    me: Mutex<Option<Arc<Call>>>,
}

impl Call {
    /// A call that waits for its preparation or its join.
    ///
    /// # Errors
    /// The system has no thread or descriptor left.
    pub(crate) fn new(
        sink: Arc<MediaSink>,
        options: Arc<Options>,
        audio: Arc<dyn AudioPort>,
    ) -> io::Result<Arc<Call>> {
        let registration = Registration::of(Kind::Media)?;
        let state = Mutex::new(State::new(sink.clone(), registration.clone()));
        let call = Arc::new(Call {
            joined: OnceLock::new(),
            sink,
            options,
            audio,
            registration,
            inbox: Mutex::new(Some(VecDeque::new())),
            state,
            delivery: Mutex::default(),
            me: Mutex::default(),
        });
        let handler: Weak<Call> = Arc::downgrade(&call);
        call.registration.set_handler(handler);
        *call.me.lock() = Some(call.clone());
        Ok(call)
    }

    /// The join that it is of, from now on. `false` = it was prepared too long ago, and is over.
    pub(crate) fn claim(&self, joined: Joined) -> bool {
        self.state.lock().claim() && self.joined.set(joined).is_ok()
    }

    /// It has ended, or its preparation has expired.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().is_over
    }

    /// Whether it is of this join.
    pub(crate) fn is_of(&self, join: Req) -> bool {
        self.joined.get().is_some_and(|joined| joined.join == join)
    }

    /// The code to compare, if it is of this call.
    pub(crate) fn code_of(&self, call_no: u64) -> Option<String> {
        self.joined.get().filter(|joined| joined.call_no == call_no)?;
        self.state.lock().code()
    }

    /// Leaves a command and wakes the thread. Any thread. `false` = the call is over, and takes none.
    pub(crate) fn post(&self, command: Command) -> bool {
        let is_taken = self.leave_command(command);
        if is_taken {
            // The thread looks and sets a later one under the lock, so that this one comes after it. Not
            // under the lock: the thread that it wakes would wait for it.
            self.registration.set_deadline(Some(0));
        }
        is_taken
    }

    /// Leaves a command, without waking the thread.
    fn leave_command(&self, command: Command) -> bool {
        let mut inbox = self.inbox.lock();
        let Some(commands) = &mut *inbox else { return false };
        if !matches!(command, Command::Audio { .. }) || commands.len() < COMMANDS {
            commands.push_back(command);
        }
        true
    }

    /// A text of the peer's, on the worker. With keys of the app, it is read at once: see above.
    pub(crate) fn receive(&self, text: Text) {
        if !self.options.hooks.signs() {
            self.post(Command::Text(text));
        } else if self.registration.is_ours() {
            self.act(|state, now| state.command(now, Command::Text(text)));
            self.deliver();
            self.rest();
        }
    }

    /// A frame of the app.
    ///
    /// # Errors
    /// It was not taken.
    pub(crate) fn push(&self, frame: &Frame<'_>) -> Result<(), CaptureError> {
        self.audio.push(frame, &mut |encoded| self.send(encoded))
    }

    /// Sound for the app's playout.
    pub(crate) fn pull(&self, out: &mut [i16], rate: u32, channels: u32) -> Result<usize, PullError> {
        self.audio.pull(out, rate, channels)
    }

    /// A frame that is encoded already.
    pub(crate) fn send(&self, encoded: Encoded<'_>) {
        self.post(Command::audio(encoded));
    }

    /// What the app may know of it.
    pub(crate) fn shown(&self) -> CallState {
        let state = self.state.lock();
        CallState { sockets: state.sockets(), ..state.shown.clone() }
    }

    /// The device that is open.
    pub(crate) fn device_in_use(&self, kind: DeviceKind) -> Option<String> {
        self.audio.in_use(kind)
    }

    /// No sound of a device passes any more, and none is opened.
    pub(crate) fn close_devices(&self) {
        self.audio.close();
    }

    /// The transport.
    pub(crate) fn stats(&self) -> CallStats {
        let call_no = self.joined.get().map_or(0, |joined| joined.call_no);
        let state = self.state.lock();
        // All 0, and nothing of a call.
        if state.is_over {
            return CallStats::default();
        }
        CallStats { call_no, time_us: now_us(), ..state.stats() }
    }

    /// Sound in one direction.
    pub(crate) fn stream(&self, is_sending: bool) -> StreamStats {
        // The port has a lock of its own.
        let audio = self.audio.stats();
        self.state.lock().stream(is_sending, &audio)
    }

    /// Ends it now: nothing of it runs when this returns.
    pub(crate) fn end(&self) {
        // In a forked child its locks may be held for ever, and its sockets are the parent's.
        if !self.registration.is_ours() {
            return;
        }
        self.registration.deregister();
        self.audio.close();
        self.state.lock().end(now_us());
        *self.inbox.lock() = None;
        let me = self.me.lock().take();
        drop(me);
    }

    /// Does what was left to be done, and `body`, and what follows from both.
    fn act(&self, body: impl FnOnce(&mut State, u64)) {
        let todo = {
            let mut state = self.state.lock();
            let now = now_us();
            loop {
                let command = self.inbox.lock().as_mut().and_then(VecDeque::pop_front);
                let Some(command) = command else { break };
                state.command(now, command);
                state.pump(now);
            }
            body(&mut state, now);
            state.pump(now);
            state.on_time(now);
            state.pump(now);
            state.take_todo()
        };
        todo.into_iter().for_each(|todo| self.on_todo(todo));
    }

    /// On the media thread.
    fn run(&self, body: impl FnOnce(&mut State, u64)) {
        self.act(body);
        if self.play() {
            self.act(|_, _| ());
        }
        self.deliver();
        self.rest();
    }

    fn on_todo(&self, todo: Todo) {
        match todo {
            Todo::Sign(transcript) => self.sign(transcript),
            Todo::Verify(transcript, signature) => {
                let account = self.joined.get().map_or("", |joined| &joined.peer_account);
                let right = self.options.hooks.verify(account, &transcript, &signature);
                self.post(Command::PeerSignature { transcript, right });
            }
            Todo::Audio(packet) => self.audio.receive(packet),
            Todo::Loss(percent) => self.audio.set_loss(percent),
            Todo::Begin => self.audio.reset(),
            Todo::Local(local) => self.audio.set_local(local),
            Todo::Open => self.audio.open(),
            Todo::Wish(wish) => self.audio.wish(wish),
        }
    }

    fn sign(&self, transcript: Vec<u8>) {
        match self.options.hooks.sign(&transcript) {
            Some(signature) if (1..=SIGNATURE_LIMIT).contains(&signature.len()) => {
                self.post(Command::Signature { transcript, signature });
            }
            Some(signature) => log::warn!(
                "webrtc: the app's signature has {} bytes and is not sent: 1 to {SIGNATURE_LIMIT}",
                signature.len()
            ),
            None => log::warn!("webrtc: the app has not signed: the peer has nothing to verify"),
        }
    }

    /// Plays and sends the sound that is due. `true` = there is something to be sent.
    fn play(&self) -> bool {
        let now = now_us();
        let peer = {
            let state = self.state.lock();
            if state.has_left {
                return false;
            }
            state.reports.uid()
        };
        if self.audio.poll_timeout(peer.is_some()).is_none_or(|at| at > now) {
            return false;
        }
        let mut has_sent = false;
        let errors = self.audio.handle_timeout(now, peer, &mut |encoded| {
            has_sent = true;
            self.leave_command(Command::audio(encoded));
        });
        for DeviceError { code, message } in errors {
            let error = Outcome { code, message: message.into(), ..Outcome::default() };
            self.state.lock().notify(MediaEvent::Error(error));
        }
        has_sent
    }

    /// Empties the queues to the core. What it does not take now is offered again.
    fn deliver(&self) {
        let _in_order = self.delivery.lock();
        let mut is_full = false;
        if let Some(Joined { join, .. }) = self.joined.get() {
            loop {
                let Some(text) = self.state.lock().next_text() else { break };
                match self.sink.send(*join, &text) {
                    Ok(()) => {}
                    Err(SendError::Full) => {
                        self.state.lock().return_text(text);
                        is_full = true;
                        break;
                    }
                    Err(error) => log::debug!("webrtc: a text was not sent: {error:?}"),
                }
            }
        }
        if self.sink.messages().flush() || is_full {
            self.state.lock().retry(now_us());
        }
    }

    /// Until when there is nothing to do.
    fn rest(&self) {
        let mut state = self.state.lock();
        if state.is_over {
            state.finish(now_us());
            self.audio.close();
            // What came meanwhile has to be answered. What comes from now on is refused.
            let late = self.inbox.lock().take();
            late.into_iter().flatten().for_each(|command| state.refuse(command));
            drop(state);
            self.deliver();
            self.registration.deregister();
            // The thread holds another one while it calls us.
            let me = self.me.lock().take();
            drop(me);
            return;
        }
        let has_peer = state.reports.uid().is_some();
        let audio = self.audio.poll_timeout(has_peer).filter(|_| !state.has_left);
        let due = due(state.poll_timeout(), audio);
        let inbox = self.inbox.lock();
        let due = if inbox.as_ref().is_none_or(VecDeque::is_empty) {
            due.map(|at| at.div_ceil(1000))
        } else {
            Some(0)
        };
        self.registration.set_deadline(due);
    }
}

/// When the thread has something to do. A timer waits for the frame of sound that comes within 10 ms of it:
/// one wake-up for both.
fn due(timer: Option<u64>, frame: Option<u64>) -> Option<u64> {
    let is_close = |(timer, frame): (u64, u64)| (timer..=timer + TICK_US).contains(&frame);
    match timer.zip(frame).is_some_and(is_close) {
        true => frame,
        false => timer.into_iter().chain(frame).min(),
    }
}

impl Handler for Call {
    fn ready(&self, _: Readiness) {
        self.run(State::read);
    }

    fn timeout(&self) {
        self.run(|_, _| ());
    }

    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        self.run(|state, now| state.resolved(now, ticket, found));
    }

    /// Nothing of the call is trusted any more.
    fn panicked(&self) {
        self.state.lock().fail();
        self.audio.close();
        self.deliver();
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_waits_for_a_frame_that_is_close() {
        let frame = Some(5_020_000);
        assert_eq!(due(Some(5_010_000), frame), frame);
        assert_eq!(due(Some(5_009_999), frame), Some(5_009_999), "it is overdue before the frame");
        assert_eq!(due(Some(5_020_001), frame), frame);
        assert_eq!(due(Some(0), frame), Some(0), "what is due at once does not wait");
        assert_eq!((due(None, frame), due(Some(7), None), due(None, None)), (frame, Some(7), None));
    }
}
