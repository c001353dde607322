//! The state of a call: what its peer, its sockets and the core want of each other. Decides; the call does.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use nertc_callkit_backend::{MediaMessage, MediaSink, RETRY_MS};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation, MediaReport};
use nertc_callkit_reactor::Registration;
use nertc_callkit_signaling::{Code, Outcome, Req, Text};

use crate::audio_port::DeviceWish;
use crate::command::{CallState, Command, Joining, Preparing};
use crate::crypto::Generator;
use crate::network::{Change, Network, Relays};
use crate::peer::{AudioPacket, Input, MediaState, Output, Peer, Prepared, Stats, with};
use crate::quality::{Changes, Monitor};
use crate::reports::Reports;
use crate::stats::{AudioStats, CallStats, History, StreamStats};

/// How long a preparation waits for its join: a call rings for 120 s at most.
const PREPARED_US: u64 = 130_000_000;
/// How long a join waits for its relay, where there is no other way.
const RELAY_US: u64 = 12_000_000;
/// Texts that wait, in each direction.
const TEXTS: usize = 256;

/// What is to be done without the lock.
pub(super) enum Todo {
    Sign(Vec<u8>),
    Verify(Vec<u8>, Vec<u8>),
    Audio(AudioPacket),
    Begin,
    Local(MediaState),
    Loss(u8),
    /// The room is joined.
    Open,
    Wish(DeviceWish),
}

/// The state of a call.
pub(super) struct State {
    sink: Arc<MediaSink>,
    registration: Registration,
    /// The certificate of a call that is prepared, until its join takes it.
    prepared: Option<Prepared>,
    /// Until when it waits for its join.
    prepared_by: Option<u64>,
    peer: Option<Peer>,
    network: Option<Network>,
    pub(super) reports: Reports,
    quality: Monitor,
    history: History,
    pub(super) shown: CallState,
    /// Number of the join, once there is one.
    join: Option<Req>,
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
    pub(super) has_left: bool,
    pub(super) is_over: bool,
}

impl State {
    /// A call that waits for its preparation or its join.
    pub(super) fn new(sink: Arc<MediaSink>, registration: Registration) -> State {
        State {
            sink,
            registration,
            prepared: None,
            prepared_by: None,
            peer: None,
            network: None,
            reports: Reports::default(),
            quality: Monitor::default(),
            history: History::default(),
            shown: CallState::default(),
            join: None,
            joining: None,
            early: Vec::new(),
            joined_at: 0,
            local: MediaState::default(),
            subscribed: Media::AUDIO | Media::VIDEO,
            texts: VecDeque::new(),
            retry_at: None,
            todo: Vec::new(),
            has_left: false,
            is_over: false,
        }
    }

    /// When [`State::on_time`] has something to do.
    pub(super) fn poll_timeout(&self) -> Option<u64> {
        let peer = self.peer.as_ref().and_then(Peer::poll_timeout);
        let network = self.network.as_ref().and_then(Network::poll_timeout);
        let joining = self.joining.map(|(_, by)| by);
        [peer, network, joining, self.prepared_by, self.retry_at].into_iter().flatten().min()
    }

    /// A prepared call is joined from now on: it does not expire. `false` = it already has.
    pub(super) fn claim(&mut self) -> bool {
        self.prepared_by = None;
        !self.is_over
    }

    pub(super) fn input(&mut self, now: u64, input: Input<'_>) {
        if let Some(peer) = &mut self.peer {
            peer.handle(now, input);
        }
    }

    pub(super) fn notify(&self, event: MediaEvent) {
        if !self.has_left {
            self.sink.messages().push(MediaMessage::Event(MediaReport { join: self.join, event }));
        }
    }

    pub(super) fn complete(&self, req: Req, outcome: Outcome) {
        self.sink.messages().push(MediaMessage::Completed(req, outcome));
    }

    pub(super) fn complete_join(&mut self, outcome: Outcome) {
        if let Some((req, _)) = self.joining.take() {
            self.complete(req, outcome);
        }
    }

    /// Nothing is joined then, and nobody will leave.
    fn fail_join(&mut self, why: &'static str) {
        self.is_over |= self.joining.is_some();
        self.complete_join(Outcome::failed(Code::BACKEND_FAILED, why));
    }

    pub(super) fn command(&mut self, now: u64, command: Command) {
        match command {
            Command::Prepare(preparing) => self.prepare(now, *preparing),
            Command::Join(joining) => self.join(now, *joining),
            Command::Run(req, operation) => self.operate(now, req, &operation),
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
            Command::Wish(wish) => self.todo.push(Todo::Wish(wish)),
            Command::SetServers(servers, trust) => {
                if let Some(network) = &mut self.network {
                    network.set_servers(servers, trust);
                }
            }
            Command::Verdict { code, right } => self.input(now, Input::Verdict { code: &code, right }),
            Command::Signature { transcript, signature } => {
                self.input(now, Input::Signature { transcript: &transcript, signature: &signature });
            }
            Command::PeerSignature { transcript, right } => {
                self.input(now, Input::PeerSignature { transcript: &transcript, right });
            }
        }
    }

    /// Certificate, sockets and addresses, before anybody has accepted. Nobody but servers is sent anything.
    fn prepare(&mut self, now: u64, preparing: Preparing) {
        let Preparing { seed, dtls, settings } = preparing;
        let mut generator = Generator::new(seed);
        self.prepared = Some(Prepared::new(now, generator.bytes(), dtls));
        self.network = Some(Network::open(now, self.registration.clone(), settings, generator));
        self.prepared_by = Some(now + PREPARED_US);
    }

    fn join(&mut self, now: u64, joining: Joining) {
        let Joining { join, mut config, settings } = joining;
        let mut generator = Generator::new(config.seed);
        config.seed = generator.bytes();
        let relay_only = settings.relay_only;
        self.prepared_by = None;
        self.peer = Some(match self.prepared.take() {
            Some(prepared) => Peer::of_prepared(now, config, prepared),
            None => Peer::new(now, config),
        });
        match &mut self.network {
            // The token may name others than it was prepared with.
            Some(network) => network.use_servers(now, settings.servers, settings.trust),
            none => *none = Some(Network::open(now, self.registration.clone(), settings, generator.split())),
        }
        self.joined_at = now;
        self.join = Some(join);
        self.joining = Some((join, now + RELAY_US));
        self.settle_changes(now);
        if !relay_only {
            self.enter(now);
        }
    }

    /// The room is joined.
    pub(super) fn enter(&mut self, now: u64) {
        if self.joining.is_some() {
            self.complete_join(Outcome::default());
            self.todo.push(Todo::Open);
            self.input(now, Input::Join);
            for text in std::mem::take(&mut self.early) {
                self.input(now, Input::Text(&text));
            }
        }
    }

    /// A command that came when everything was over.
    pub(super) fn refuse(&self, command: Command) {
        match command {
            Command::Run(req, operation) => self.complete(req, unjoined(&operation)),
            Command::Prepare(_)
            | Command::Join(_)
            | Command::Text(_)
            | Command::Audio { .. }
            | Command::NetworkChanged
            | Command::Wish(_)
            | Command::SetServers(..)
            | Command::Verdict { .. }
            | Command::Signature { .. }
            | Command::PeerSignature { .. } => {}
        }
    }

    pub(super) fn operate(&mut self, now: u64, req: Req, operation: &MediaOperation) {
        let outcome = match operation {
            MediaOperation::Leave => return self.leave(now, req),
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
        self.complete(req, outcome);
    }

    pub(super) fn leave(&mut self, now: u64, req: Req) {
        self.complete_join(Code::SUPERSEDED.into());
        self.input(now, Input::Leave);
        // The good-bye is on its way, and nothing is reported after the completion.
        self.pump(now);
        // Nothing is sent after a leave; DTLS says it.
        self.texts.clear();
        self.sink.messages().forget();
        self.has_left = true;
        self.is_over |= self.peer.is_none();
        if !self.sink.complete_after_frames(req, Outcome::default()) {
            self.complete(req, Outcome::default());
        }
    }

    pub(super) fn read(&mut self, now: u64) {
        let (Some(network), peer) = (&mut self.network, &mut self.peer) else { return };
        network.read(now, |local, remote, bytes| {
            if let Some(peer) = peer {
                peer.handle(now, Input::Datagram { local, remote, bytes });
            }
        });
        // Before the join only servers are heard: they have nothing of a peer to bring.
        while self.peer.is_none() && network.poll_arrived().is_some() {}
    }

    pub(super) fn on_time(&mut self, now: u64) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.sink.messages().retry();
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
        // Nobody has joined, and nobody says that nobody will.
        self.is_over |= self.prepared_by.is_some_and(|by| by <= now);
        let Some((_, by)) = self.joining else { return };
        match self.network.as_ref().map(Network::relays) {
            Some(Relays::Up) => self.enter(now),
            Some(Relays::Asked) if by > now => {}
            Some(Relays::Asked | Relays::Nowhere) | None => {
                let why =
                    "no relay: RELAY_ONLY needs a TURN server that can be reached and takes the credential";
                self.fail_join(why);
            }
        }
    }

    /// Takes what peer and network have to say.
    pub(super) fn pump(&mut self, now: u64) {
        loop {
            let Some(output) = self.peer.as_mut().and_then(Peer::poll_output) else {
                if self.settle_changes(now) {
                    continue;
                }
                return;
            };
            for event in self.reports.on_output(&output) {
                self.notify(event);
            }
            self.rate(now, &output);
            self.on_output(now, output);
        }
    }

    /// Says how good the connection is, where that has changed.
    pub(super) fn rate(&mut self, now: u64, output: &Output) {
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
                self.notify(MediaEvent::Quality { uid, quality: quality as i32 });
            }
        }
    }

    pub(super) fn on_output(&mut self, now: u64, output: Output) {
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
            Output::Stats(stats) => {
                self.shown.stats = stats;
                self.history.push(now, stats);
            }
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
    pub(super) fn settle_changes(&mut self, now: u64) -> bool {
        let Some(network) = &mut self.network else { return false };
        let Some(peer) = &mut self.peer else {
            while network.poll_arrived().is_some() {}
            return false;
        };
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

    /// What the app may know of the transport.
    pub(super) fn stats(&self) -> CallStats {
        let relay = self.network.as_ref().zip(self.shown.stats.pair);
        CallStats {
            relay_transport: relay.map_or(0, |(network, (local, _))| network.relay_transport(local)),
            setup_ms: self
                .shown
                .setup_us
                .map_or(0, |us| u32::try_from(us.div_ceil(1000)).unwrap_or(u32::MAX)),
            security: self.shown.security.unwrap_or_default(),
            dtls_version: i32::try_from(self.shown.dtls).unwrap_or_default(),
            ..self.history.call()
        }
    }

    /// The code to compare.
    pub(super) fn code(&self) -> Option<String> {
        self.shown.code.clone().filter(|_| !self.is_over)
    }

    /// What is to be done without the lock.
    pub(super) fn take_todo(&mut self) -> Vec<Todo> {
        std::mem::take(&mut self.todo)
    }

    /// The next text for the peer.
    pub(super) fn next_text(&mut self) -> Option<Text> {
        self.texts.pop_front()
    }

    /// The core has no room for this text.
    pub(super) fn return_text(&mut self, text: Text) {
        self.texts.push_front(text);
    }

    /// The core has no room: it is asked again.
    pub(super) fn retry(&mut self, now: u64) {
        self.retry_at = Some(now + RETRY_MS * 1000);
    }

    /// A server's name was looked up.
    pub(super) fn resolved(&mut self, now: u64, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        if let Some(network) = &mut self.network {
            network.resolved(now, ticket, found);
        }
    }

    /// Sound in one direction.
    pub(super) fn stream(&self, is_sending: bool, audio: &AudioStats) -> StreamStats {
        self.history.stream(is_sending, audio)
    }

    /// Sockets that are open.
    pub(super) fn sockets(&self) -> usize {
        self.network.as_ref().map_or(0, Network::sockets)
    }

    /// Leaves at once: says good-bye, and reports nothing more.
    pub(super) fn end(&mut self, now: u64) {
        self.has_left = true;
        // A relay whose address has arrived by now is given back, too.
        self.read(now);
        if !self.is_over {
            self.input(now, Input::Leave);
            self.pump(now);
        }
        self.finish(now);
    }

    /// It has failed, and nothing of it is trusted any more.
    pub(super) fn fail(&mut self) {
        (self.peer, self.network) = (None, None);
        self.fail_join("media has failed");
        let lost = Outcome::failed(Code::BACKEND_FAILED, "media has failed");
        self.notify(MediaEvent::Disconnected(lost));
    }

    /// Closes the sockets.
    pub(super) fn finish(&mut self, now: u64) {
        self.is_over = true;
        if let Some(mut network) = self.network.take() {
            network.close(now);
        }
        (self.peer, self.prepared) = (None, None);
    }
}

/// What becomes of an operation that no room is joined for.
pub(crate) fn unjoined(operation: &MediaOperation) -> Outcome {
    match operation {
        MediaOperation::Leave => Outcome::default(),
        MediaOperation::Join(_)
        | MediaOperation::EnableLocal { .. }
        | MediaOperation::MuteLocal { .. }
        | MediaOperation::Subscribe { .. }
        | MediaOperation::SetView { .. } => Outcome::failed(Code::NOT_MEMBER, "no media room is joined"),
    }
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

#[cfg(test)]
mod tests;
