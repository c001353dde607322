//! One call: a [`Peer`] with its sockets, sound and clock, on the media thread.
//!
//! Whoever wants something of a call leaves a [`Command`] and wakes the thread; so nothing but that thread
//! waits for cryptography, and everything that the core is told comes from one thread, in order. A call ends
//! with the completion of its leave; its sockets say good-bye for another second, and report nothing.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use nertc_callkit_backend::{MediaMessage, MediaSink, RETRY_MS, SendError};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation};
use nertc_callkit_reactor::{Handler, Kind, Readiness, Registration, now_us};
use nertc_callkit_signaling::{Code, Outcome, Req, Text};
use parking_lot::Mutex;

use crate::audio::PullError;
use crate::audio_port::{AudioPort, Encoded};
use crate::command::{CallState, Command, Joining};
use crate::network::{Change, Network, Relays};
use crate::options::Options;
use crate::peer::{AudioPacket, Input, MediaState, Output, Peer, Stats};
use crate::quality::{Changes, Monitor};
use crate::reports::Reports;

/// How long a join waits for its relay, where there is no other way.
const RELAY_US: u64 = 12_000_000;
/// Commands that wait; sound beyond that is lost. What the core sends is limited by the core.
const COMMANDS: usize = 256;
/// Texts that wait, in each direction.
const TEXTS: usize = 256;

/// What is to be done without the lock.
enum Todo {
    Sign(Vec<u8>),
    Verify(Vec<u8>, Vec<u8>),
    Audio(AudioPacket),
    Begin,
    Local(MediaState),
    Loss(u8),
}

/// One call.
pub(crate) struct Call {
    /// Number of its join.
    pub(crate) join: Req,
    peer_account: String,
    sink: Arc<MediaSink>,
    options: Arc<Options>,
    audio: Arc<dyn AudioPort>,
    registration: Registration,
    /// Locked after `state`, where both are.
    inbox: Mutex<VecDeque<Command>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    peer: Option<Peer>,
    network: Option<Network>,
    reports: Reports,
    quality: Monitor,
    shown: CallState,
    /// A join that is not completed yet, and until when.
    joining: Option<(Req, u64)>,
    /// Texts of the peer that came before it: the peer's relay may be faster.
    early: Vec<Text>,
    joined_at: u64,
    local: MediaState,
    /// Media of the peer that the app wants.
    subscribed: Media,
    texts: VecDeque<Text>,
    /// When the core is asked again whether it accepts more.
    retry_at: Option<u64>,
    todo: Vec<Todo>,
    has_left: bool,
    is_over: bool,
    /// Keeps a call that has left until its sockets may close.
    me: Option<Arc<Call>>,
}

impl Call {
    /// A call that waits for its join.
    ///
    /// # Errors
    /// The system has no thread or descriptor left.
    pub(crate) fn new(
        join: Req,
        peer_account: &str,
        sink: Arc<MediaSink>,
        options: Arc<Options>,
        audio: Arc<dyn AudioPort>,
    ) -> io::Result<Arc<Call>> {
        let registration = Registration::of(Kind::Media)?;
        let (inbox, peer_account) = (Mutex::default(), peer_account.to_owned());
        let state = Mutex::new(State { subscribed: Media::AUDIO | Media::VIDEO, ..State::default() });
        let call = Arc::new(Call { join, peer_account, sink, options, audio, registration, inbox, state });
        let handler: Weak<Call> = Arc::downgrade(&call);
        call.registration.set_handler(handler);
        call.state.lock().me = Some(call.clone());
        Ok(call)
    }

    /// Leaves a command and wakes the thread. Any thread.
    pub(crate) fn post(&self, command: Command) {
        let mut inbox = self.inbox.lock();
        if matches!(command, Command::Audio { .. }) && inbox.len() >= COMMANDS {
            return;
        }
        inbox.push_back(command);
        // Under the lock, so that the thread does not set a later one after it has looked.
        self.registration.set_deadline(Some(0));
    }

    /// A frame of the app.
    pub(crate) fn push(&self, frame: &nertc_callkit_backend::Frame<'_>) {
        self.audio.push(frame, &mut |encoded| self.send(encoded));
    }

    /// Sound for the app's playout.
    pub(crate) fn pull(&self, out: &mut [i16], rate: u32, channels: u32) -> Result<usize, PullError> {
        self.audio.pull(out, rate, channels)
    }

    /// A frame that is encoded already.
    pub(crate) fn send(&self, encoded: Encoded<'_>) {
        let Encoded { time, starts_talk, frame } = encoded;
        self.post(Command::Audio { time, starts_talk, frame: frame.to_vec() });
    }

    /// What the app may know of it.
    pub(crate) fn shown(&self) -> CallState {
        let state = self.state.lock();
        let sockets = state.network.as_ref().map_or(0, Network::sockets);
        CallState { sockets, ..state.shown.clone() }
    }

    /// Ends it now: nothing of it runs when this returns.
    pub(crate) fn end(&self) {
        // In a forked child its locks may be held for ever, and its sockets are the parent's.
        if !self.registration.is_ours() {
            return;
        }
        self.registration.deregister();
        let mut state = self.state.lock();
        state.has_left = true;
        let now = now_us();
        if !state.is_over {
            state.input(now, Input::Leave);
            state.pump(self, now);
        }
        let me = state.finish(now);
        drop(state);
        drop(me);
    }

    fn act(&self, body: impl FnOnce(&mut State, u64)) {
        let todo = {
            let mut state = self.state.lock();
            let now = now_us();
            body(&mut state, now);
            state.pump(self, now);
            loop {
                let Some(command) = self.inbox.lock().pop_front() else { break };
                state.command(self, now, command);
                state.pump(self, now);
            }
            state.on_time(self, now);
            state.pump(self, now);
            std::mem::take(&mut state.todo)
        };
        todo.into_iter().for_each(|todo| self.on_todo(todo));
        self.play();
        self.deliver();
        self.rest();
    }

    fn on_todo(&self, todo: Todo) {
        match todo {
            Todo::Sign(transcript) => {
                if let Some(signature) = self.options.hooks.sign(&transcript) {
                    self.post(Command::Signature(signature));
                }
            }
            Todo::Verify(transcript, signature) => {
                let right = self.options.hooks.verify(&self.peer_account, &transcript, &signature);
                self.post(Command::PeerSignature(right));
            }
            Todo::Audio(packet) => self.audio.receive(packet),
            Todo::Loss(percent) => self.audio.set_loss(percent),
            Todo::Begin => self.audio.reset(),
            Todo::Local(local) => self.audio.set_local(local),
        }
    }

    /// Gives the app the sound that is due.
    fn play(&self) {
        let now = now_us();
        if self.audio.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        let uid = {
            let state = self.state.lock();
            state.reports.uid().filter(|_| !state.has_left)
        };
        if let Some(uid) = uid {
            self.audio.handle_timeout(now, uid);
        }
    }

    /// Empties the queues to the core. What it does not take now is offered again.
    fn deliver(&self) {
        let mut is_full = false;
        loop {
            let Some(text) = self.state.lock().texts.pop_front() else { break };
            match self.sink.send(self.join, &text) {
                Ok(()) => {}
                Err(SendError::Full) => {
                    self.state.lock().texts.push_front(text);
                    is_full = true;
                    break;
                }
                Err(error) => log::debug!("webrtc: a text was not sent: {error:?}"),
            }
        }
        if self.sink.messages().flush() || is_full {
            self.state.lock().retry_at = Some(now_us() + RETRY_MS * 1000);
        }
    }

    /// Until when there is nothing to do.
    fn rest(&self) {
        let mut state = self.state.lock();
        if state.is_over {
            let now = now_us();
            let me = state.finish(now);
            drop(state);
            self.registration.deregister();
            // The thread holds another one while it calls us.
            drop(me);
            return;
        }
        let audio = self.audio.poll_timeout().filter(|_| state.reports.uid().is_some() && !state.has_left);
        let due = state.poll_timeout().into_iter().chain(audio).min();
        let inbox = self.inbox.lock();
        let due = if inbox.is_empty() { due.map(|at| at.div_ceil(1000)) } else { Some(0) };
        self.registration.set_deadline(due);
    }
}

impl Handler for Call {
    fn ready(&self, _: Readiness) {
        self.act(State::read);
    }

    fn timeout(&self) {
        self.act(|_, _| ());
    }

    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        self.act(|state, now| {
            if let Some(network) = &mut state.network {
                network.resolved(now, ticket, found);
            }
        });
    }

    /// Nothing of the call is trusted any more.
    fn panicked(&self) {
        let mut state = self.state.lock();
        (state.peer, state.network) = (None, None);
        state.complete_join(self, Outcome::failed(Code::BACKEND_FAILED, "media has failed"));
        let lost = Outcome::failed(Code::BACKEND_FAILED, "media has failed");
        state.tell(self, MediaEvent::Disconnected(lost));
        drop(state);
        self.deliver();
        self.rest();
    }
}

impl State {
    fn poll_timeout(&self) -> Option<u64> {
        let peer = self.peer.as_ref().and_then(Peer::poll_timeout);
        let network = self.network.as_ref().and_then(Network::poll_timeout);
        let joining = self.joining.map(|(_, by)| by);
        [peer, network, joining, self.retry_at].into_iter().flatten().min()
    }

    fn input(&mut self, now: u64, input: Input<'_>) {
        if let Some(peer) = &mut self.peer {
            peer.handle(now, input);
        }
    }

    fn tell(&self, call: &Call, event: MediaEvent) {
        if !self.has_left {
            call.sink.messages().push(MediaMessage::Event(event));
        }
    }

    fn complete(&self, call: &Call, req: Req, outcome: Outcome) {
        call.sink.messages().push(MediaMessage::Completed(req, outcome));
    }

    fn complete_join(&mut self, call: &Call, outcome: Outcome) {
        if let Some((req, _)) = self.joining.take() {
            self.complete(call, req, outcome);
        }
    }

    fn command(&mut self, call: &Call, now: u64, command: Command) {
        match command {
            Command::Join(joining) => self.join(call, now, *joining),
            Command::Run(req, operation) => self.operate(call, now, req, &operation),
            Command::Text(text) if self.joining.is_some() => {
                if self.early.len() < TEXTS {
                    self.early.push(text);
                }
            }
            Command::Text(text) => self.input(now, Input::Text(&text)),
            Command::Audio { time, starts_talk, frame } => {
                self.input(now, Input::Audio { time, starts_talk, frame: &frame });
            }
            Command::NetworkChanged => {
                if let Some(network) = &mut self.network {
                    network.refresh(now);
                }
                self.settle_changes(now);
                self.input(now, Input::Restart);
            }
            Command::SetServers(servers) => {
                if let Some(network) = &mut self.network {
                    network.set_servers(servers);
                }
            }
            Command::Verdict(right) => self.input(now, Input::Verdict(right)),
            Command::Signature(signature) => self.input(now, Input::Signature(&signature)),
            Command::PeerSignature(right) => self.input(now, Input::PeerSignature(right)),
        }
    }

    fn join(&mut self, call: &Call, now: u64, joining: Joining) {
        let mut generator = crate::crypto::Generator::new(joining.config.seed);
        let (mut config, settings) = (joining.config, joining.settings);
        config.seed = generator.bytes();
        let relay_only = settings.relay_only;
        self.peer = Some(Peer::new(now, config));
        self.network = Some(Network::open(now, call.registration.clone(), settings, generator.split()));
        self.joined_at = now;
        self.joining = Some((call.join, now + RELAY_US));
        self.settle_changes(now);
        if !relay_only {
            self.enter(call, now);
        }
    }

    /// The room is joined.
    fn enter(&mut self, call: &Call, now: u64) {
        if self.joining.is_some() {
            self.complete_join(call, Outcome::default());
            self.input(now, Input::Join);
            for text in std::mem::take(&mut self.early) {
                self.input(now, Input::Text(&text));
            }
        }
    }

    fn operate(&mut self, call: &Call, now: u64, req: Req, operation: &MediaOperation) {
        let outcome = match operation {
            MediaOperation::Leave => return self.leave(call, now, req),
            MediaOperation::EnableLocal { media, on } => {
                self.input(now, Input::Enable { media: *media & Media::AUDIO, on: *on });
                self.local.on = with(self.local.on, *media & Media::AUDIO, *on);
                without_pictures(*media, *on)
            }
            MediaOperation::MuteLocal { media, muted } => {
                self.input(now, Input::Mute { media: *media & Media::AUDIO, muted: *muted });
                self.local.muted = with(self.local.muted, *media & Media::AUDIO, *muted);
                Outcome::default()
            }
            MediaOperation::Subscribe { media, on, .. } => {
                self.subscribed = with(self.subscribed, *media, *on);
                Outcome::default()
            }
            MediaOperation::SetView { view, .. } => without_pictures(Media::VIDEO, view.is_some()),
            MediaOperation::Join(_) => Outcome::failed(Code::BACKEND_FAILED, "a call joins once"),
        };
        self.todo.push(Todo::Local(self.local));
        self.complete(call, req, outcome);
    }

    fn leave(&mut self, call: &Call, now: u64, req: Req) {
        self.complete_join(call, Code::SUPERSEDED.into());
        self.input(now, Input::Leave);
        // The good-bye is on its way, and nothing is told after the completion.
        self.pump(call, now);
        // Nothing is sent after a leave; DTLS says it.
        self.texts.clear();
        self.has_left = true;
        self.is_over |= self.peer.is_none();
        if !call.sink.complete_after_frames(req, Outcome::default()) {
            self.complete(call, req, Outcome::default());
        }
    }

    fn read(&mut self, now: u64) {
        let Some((network, peer)) = self.network.as_mut().zip(self.peer.as_mut()) else { return };
        network.read(now, |local, remote, bytes| {
            peer.handle(now, Input::Datagram { local, remote, bytes });
        });
    }

    fn on_time(&mut self, call: &Call, now: u64) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            call.sink.messages().retry();
        }
        if self.network.as_ref().and_then(Network::poll_timeout).is_some_and(|at| at <= now) {
            // A socket that had more has no other sign of it.
            self.read(now);
            if let Some(network) = &mut self.network {
                network.handle_timeout(now);
            }
        }
        if self.peer.as_ref().and_then(Peer::poll_timeout).is_some_and(|at| at <= now) {
            self.input(now, Input::Timeout);
        }
        let Some((_, by)) = self.joining else { return };
        match self.network.as_ref().map(Network::relays) {
            Some(Relays::Up) => self.enter(call, now),
            Some(Relays::Asked) if by > now => {}
            Some(Relays::Asked | Relays::Nowhere) | None => {
                let why =
                    "no relay: RELAY_ONLY needs a TURN server that can be reached and takes the credential";
                self.complete_join(call, Outcome::failed(Code::BACKEND_FAILED, why));
            }
        }
    }

    /// Takes what peer and network have to say.
    fn pump(&mut self, call: &Call, now: u64) {
        loop {
            let Some(output) = self.peer.as_mut().and_then(Peer::poll_output) else {
                if self.settle_changes(now) {
                    continue;
                }
                return;
            };
            for event in self.reports.on_output(&output) {
                self.tell(call, event);
            }
            self.rate(call, now, &output);
            self.on_output(now, output);
        }
    }

    /// Says how good the connection is, where that has changed.
    fn rate(&mut self, call: &Call, now: u64, output: &Output) {
        let Changes { sent, received } = match output {
            Output::Stats(stats) => {
                self.todo.extend(loss_percent(&self.shown.stats, stats).map(Todo::Loss));
                self.quality.on_stats(now, stats)
            }
            Output::Silent => self.quality.set_silent(true),
            Output::Heard => self.quality.set_silent(false),
            Output::Transmit { .. }
            | Output::Text(_)
            | Output::Connected { .. }
            | Output::Secured { .. }
            | Output::PeerMedia(_)
            | Output::Reconnecting
            | Output::Reconnected
            | Output::Audio(_)
            | Output::Sign { .. }
            | Output::Verify { .. }
            | Output::Disconnected(_)
            | Output::Finished
            | Output::Ignored(_) => return,
        };
        let Some(peer) = self.reports.uid() else { return };
        for (uid, quality) in [(0, sent), (peer, received)] {
            if let Some(quality) = quality {
                self.tell(call, MediaEvent::Quality { uid, quality: quality as i32 });
            }
        }
    }

    fn on_output(&mut self, now: u64, output: Output) {
        match output {
            Output::Transmit { local, remote, bytes } => {
                if let Some(network) = &mut self.network {
                    network.transmit(now, local, remote, &bytes);
                }
            }
            Output::Text(text) => {
                if self.texts.len() < TEXTS {
                    self.texts.push_back(text.into());
                }
            }
            Output::Connected { dtls, .. } => {
                self.shown.dtls = dtls;
                self.shown.setup_us.get_or_insert(now - self.joined_at);
                self.todo.push(Todo::Begin);
            }
            Output::Secured { state, code, local_fingerprint, remote_fingerprint } => {
                self.shown.security = Some(state);
                self.shown.code = code;
                (self.shown.local_fingerprint, self.shown.remote_fingerprint) =
                    (local_fingerprint, remote_fingerprint);
            }
            Output::Audio(packet) if self.subscribed.overlaps(Media::AUDIO) && !self.has_left => {
                self.todo.push(Todo::Audio(packet));
            }
            Output::Reconnecting => {
                self.shown.restarts += 1;
                // Perhaps only the relay is dead: another one is found meanwhile.
                if let Some(network) = &mut self.network {
                    network.refresh(now);
                }
            }
            Output::Stats(stats) => self.shown.stats = stats,
            Output::Sign { transcript } => self.todo.push(Todo::Sign(transcript)),
            Output::Verify { transcript, signature } => self.todo.push(Todo::Verify(transcript, signature)),
            Output::Disconnected(_) => self.todo.push(Todo::Begin),
            Output::Finished => self.is_over = true,
            Output::Ignored(reason) => log::debug!("webrtc: ignored: {reason:?}"),
            Output::Audio(_)
            | Output::PeerMedia(_)
            | Output::Silent
            | Output::Heard
            | Output::Reconnected => {}
        }
    }

    /// Tells the peer's connection what is new about our addresses. `true` = something was.
    fn settle_changes(&mut self, now: u64) -> bool {
        let Some((network, peer)) = self.network.as_mut().zip(self.peer.as_mut()) else { return false };
        let mut is_new = false;
        while let Some(change) = network.poll_change() {
            is_new = true;
            peer.handle(
                now,
                match change {
                    Change::Added(candidate) => Input::LocalAddress(candidate),
                    Change::Gone(address) => Input::LocalAddressGone(address),
                    Change::Replaced => Input::Restart,
                },
            );
        }
        while let Some((local, remote, bytes)) = network.poll_arrived() {
            is_new = true;
            peer.handle(now, Input::Datagram { local, remote, bytes: &bytes });
        }
        is_new
    }

    /// Closes the sockets.
    fn finish(&mut self, now: u64) -> Option<Arc<Call>> {
        self.is_over = true;
        if let Some(mut network) = self.network.take() {
            network.close(now);
        }
        self.peer = None;
        self.me.take()
    }
}

fn with(all: Media, changed: Media, on: bool) -> Media {
    if on { all | changed } else { all - changed }
}

/// The part of our packets that the peer has missed since the report before; `None` = none was sent.
fn loss_percent(before: &Stats, stats: &Stats) -> Option<u8> {
    let sent = stats.audio_packets_sent.checked_sub(before.audio_packets_sent).filter(|sent| *sent > 0)?;
    let lost = stats.audio_lost_remote.saturating_sub(before.audio_lost_remote).min(sent);
    u8::try_from(lost * 100 / sent).ok()
}

/// Pictures are not sent yet; sound that is wanted with them is.
fn without_pictures(media: Media, on: bool) -> Outcome {
    if on && media.overlaps(Media::VIDEO) {
        Outcome::failed(Code::UNSUPPORTED, "this media backend has sound alone")
    } else {
        Outcome::default()
    }
}
