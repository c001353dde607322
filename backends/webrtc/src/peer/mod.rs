//! One media connection to one peer, without I/O: time is handed in as microseconds, randomness as a seed.
//!
//! [`Peer::handle`] takes what happens, [`Peer::poll_output`] gives what is to be done, and
//! [`Peer::poll_timeout`] when [`Input::Timeout`] is due. [`Binding`] and [`Relay`] find further addresses of
//! ours, likewise.

mod candidates;
mod connection;
mod counters;
mod datagram;
mod goodbye;
mod liveness;
mod message;
mod messages;
mod negotiation;
mod sdp;
mod security_code;
mod stand_in;
mod stun;
mod turn;
mod values;

use std::collections::VecDeque;

use nertc_callkit_ids::Seed;
use nertc_callkit_media::Media;
pub use nertc_callkit_media::Security;

use connection::{Arrived, Connection, Happened};
use counters::Traffic;
use goodbye::Goodbye;
use liveness::{Change, Liveness};
use negotiation::Negotiation;
use security_code::SecurityCode;

use crate::crypto::Generator;

pub(crate) use candidates::is_reachable;
pub use candidates::{
    CandidateKind, LocalCandidate, LocalKind, RemoteCandidate, Unusable, read as read_candidate,
};
pub use connection::{AudioPacket, DtlsVersions};
pub use counters::Stats;
pub use message::{
    Body, Description, MediaState, Message, Party, SIGNATURE_LIMIT, Sid, TEXT_LIMIT, Unreadable,
    read as read_message, write as write_message,
};
pub use negotiation::Ignored;
pub use sdp::{Refused, Remote, read as read_sdp};
pub use security_code::{Context, Fingerprint, Role};
pub(crate) use stun::is_stun;
pub use stun::{Binding, Seen};
pub use turn::{Relay, RelayConfig, RelayOutput, RelayTransport};
pub(crate) use values::with;
pub use values::{Config, End, Input, Output, Reason};

/// Candidates that are found within this time travel in one text.
const BATCH_US: u64 = 20_000;
/// A reveal that has not come by then counts as none.
const REVEAL_US: u64 = 5_000_000;

/// One connection to one peer.
pub struct Peer {
    config: Config,
    generator: Generator,
    negotiation: Negotiation,
    /// `None` after it is over.
    connection: Option<Connection>,
    /// The connection has been described to the peer, or by it: another negotiation needs another one.
    is_used: bool,
    security: Option<SecurityCode>,
    reported_security: Option<(Security, Option<String>)>,
    has_signed: bool,
    /// The app is, or was, asked about the peer's signature: once.
    has_verified: bool,
    reveal_by: Option<u64>,
    liveness: Liveness,
    traffic: Traffic,
    local: Vec<LocalCandidate>,
    /// Candidates that wait for the batch's end.
    batch: Vec<String>,
    batch_at: Option<u64>,
    own_ufrag: String,
    peer_ufrag: String,
    /// Candidates of the peer's description that may still be added.
    peer_room: usize,
    media: MediaState,
    sent_media: MediaState,
    peer_uid: u64,
    peer_media: MediaState,
    reported_peer_media: MediaState,
    is_joined: bool,
    is_connected: bool,
    goodbye: Goodbye,
    outputs: VecDeque<Output>,
}

/// What a connection needs before anybody knows of it: its certificate, which takes time to make.
#[derive(Debug)]
pub struct Prepared(Connection);

impl Prepared {
    /// Keys are drawn from the seed. Secret, and of this connection alone.
    pub fn new(now: u64, seed: Seed, versions: DtlsVersions) -> Prepared {
        Prepared(Connection::new(now, Generator::new(seed), versions))
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("negotiation", &self.negotiation.sid()).finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer that has everything but a way to its peer.
    pub fn new(now: u64, config: Config) -> Peer {
        let mut generator = Generator::new(config.seed);
        let prepared = Prepared::new(now, generator.bytes(), config.dtls);
        Peer::of(generator, config, prepared.0)
    }

    /// Likewise, of what was made before.
    pub fn of_prepared(now: u64, config: Config, Prepared(mut connection): Prepared) -> Peer {
        // Time has passed.
        connection.handle_timeout(now);
        Peer::of(Generator::new(config.seed), config, connection)
    }

    fn of(mut generator: Generator, config: Config, connection: Connection) -> Peer {
        let negotiation = Negotiation::new(config.role, Sid(generator.bytes()));
        Peer {
            config,
            generator,
            negotiation,
            connection: Some(connection),
            is_used: false,
            security: None,
            reported_security: None,
            has_signed: false,
            has_verified: false,
            reveal_by: None,
            liveness: Liveness::default(),
            traffic: Traffic::default(),
            local: Vec::new(),
            batch: Vec::new(),
            batch_at: None,
            own_ufrag: String::new(),
            peer_ufrag: String::new(),
            peer_room: 0,
            media: MediaState::default(),
            sent_media: MediaState::default(),
            peer_uid: 0,
            peer_media: MediaState::default(),
            reported_peer_media: MediaState::default(),
            is_joined: false,
            is_connected: false,
            goodbye: Goodbye::default(),
            outputs: VecDeque::new(),
        }
    }

    /// What is to be done next; call it until there is nothing.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due; `None` = never.
    pub fn poll_timeout(&self) -> Option<u64> {
        let connection = self.connection.as_ref().map(Connection::poll_timeout).filter(|at| *at < u64::MAX);
        let goodbye = self.goodbye.poll_timeout();
        let others =
            [self.negotiation.poll_timeout(), self.liveness.poll_timeout(), self.batch_at, self.reveal_by];
        others.into_iter().flatten().chain(connection).chain(goodbye).min()
    }

    /// Something happens.
    pub fn handle(&mut self, now: u64, input: Input<'_>) {
        if self.goodbye.is_finished() {
            return;
        }
        match input {
            Input::Timeout => self.on_timeout(now),
            Input::Join => self.on_join(now),
            Input::Datagram { local, remote, bytes } => {
                if let Some(connection) = &mut self.connection {
                    let arrived = connection.receive(now, local, remote, bytes);
                    self.on_arrived(now, arrived, bytes);
                }
            }
            Input::Text(text) => self.on_text(now, text),
            Input::LocalAddress(candidate) => self.on_local_address(now, candidate),
            Input::LocalAddressGone(address) => {
                self.local.retain(|it| it.address != address && it.socket() != address);
                if let Some(connection) = &mut self.connection {
                    connection.remove_local(now, address);
                }
            }
            Input::Audio { time, starts_talk, frame } => {
                let connection = self.connection.as_mut().filter(|_| self.media.on.overlaps(Media::AUDIO));
                if connection.is_some_and(|it| it.send_audio(now, time, starts_talk, frame)) {
                    self.liveness.on_sent(now);
                }
            }
            Input::Enable { media, on } => self.media.on = with(self.media.on, media, on),
            Input::Mute { media, muted } => self.media.muted = with(self.media.muted, media, muted),
            Input::Restart => self.restart(now),
            // Whoever compares or signs takes time: meanwhile another negotiation may have begun.
            Input::Verdict { code, right } => {
                self.on_verdict(right, |it| it.code().is_some_and(|it| it == code))
            }
            Input::PeerSignature { transcript, right } => {
                let signer = self.config.role.other();
                self.on_verdict(right, |it| it.transcript(signer).is_some_and(|it| it == transcript));
            }
            Input::Signature { transcript, signature } => {
                let own = self.security.as_ref().and_then(|it| it.transcript(self.config.role));
                if own.is_some_and(|own| own == transcript) {
                    self.negotiation.send_reveal(None, Some(signature.to_vec()));
                }
            }
            Input::Leave => self.on_leave(now),
        }
        self.settle(now);
    }

    fn on_arrived(&mut self, now: u64, arrived: Arrived, bytes: &[u8]) {
        let is_peer = match arrived {
            Arrived::Elsewhere => return,
            Arrived::Unproven => false,
            // If none of ours is answered any more, somebody may be sending the last ones again.
            Arrived::Check => self.liveness.may_send(now),
            Arrived::Proven => true,
        };
        self.traffic.on_received(bytes);
        if is_peer {
            let change = self.liveness.on_heard(now);
            self.outputs.extend(change.map(|_| Output::Heard));
        }
    }

    fn on_timeout(&mut self, now: u64) {
        if let Some(connection) = self.connection.as_mut().filter(|it| it.poll_timeout() <= now) {
            connection.handle_timeout(now);
        }
        self.negotiation.handle_timeout(now);
        while let Some(change) = self.liveness.handle_timeout(now) {
            match change {
                Change::Silent => self.outputs.push_back(Output::Silent),
                Change::Heard => self.outputs.push_back(Output::Heard),
                Change::Recovered => self.outputs.push_back(Output::Reconnected),
                Change::Restart => {
                    self.outputs.push_back(Output::Reconnecting);
                    self.restart(now);
                }
            }
        }
        if self.batch_at.is_some_and(|at| at <= now) {
            self.batch_at = None;
            let candidates = std::mem::take(&mut self.batch);
            self.negotiation.send_candidates(self.own_ufrag.clone(), candidates);
        }
        if self.reveal_by.is_some_and(|at| at <= now) {
            self.reveal_by = None;
            self.security.iter_mut().for_each(SecurityCode::on_late_reveal);
        }
        self.outputs.extend(self.goodbye.handle_timeout(now));
    }

    fn on_join(&mut self, now: u64) {
        if std::mem::replace(&mut self.is_joined, true) || self.goodbye.is_said() {
            return;
        }
        if self.connection.is_none() {
            self.outputs.push_back(Output::Disconnected(End::Failed));
        } else if self.config.role == Role::Inviter {
            self.secure();
            self.offer(now);
        }
    }

    /// Begins the security code of a negotiation.
    fn secure(&mut self) {
        let Some((connection, sid)) = self.connection.as_ref().zip(self.negotiation.sid()) else { return };
        let (role, fingerprint) = (self.config.role, connection.fingerprint());
        let nonce = self.generator.bytes();
        self.security = Some(SecurityCode::new(role, &self.config.context, sid, fingerprint, nonce));
        (self.has_signed, self.has_verified, self.reveal_by) = (false, false, None);
    }

    /// Our side, as a text says it.
    fn describe(&mut self, sdp: String) -> Option<Description> {
        self.own_ufrag = sdp::own_ufrag(&sdp)?.to_owned();
        // The description has every candidate that waited.
        (self.batch_at, self.batch) = (None, Vec::new());
        self.sent_media = self.media;
        self.is_used = true;
        let Config { role, context, uid, .. } = &self.config;
        let (from, to) = (context.party(*role).clone(), context.party(role.other()).account.clone());
        Some(Description { from, to, sdp, uid: *uid, media: self.media })
    }

    fn offer(&mut self, now: u64) {
        let sdp = self.connection.as_mut().and_then(|it| it.offer(now));
        let Some(description) = sdp.and_then(|sdp| self.describe(sdp)) else { return };
        let commitment = self.security.as_ref().map(SecurityCode::commitment);
        self.negotiation.offer(now, description, commitment);
    }

    /// While an offer waits for its answer, there is nothing to restart: new addresses follow it.
    fn restart(&mut self, now: u64) {
        if self.is_joined && self.negotiation.is_described() && self.negotiation.restart(now) {
            self.traffic.on_restart();
            self.offer(now);
        }
    }

    fn on_local_address(&mut self, now: u64, candidate: LocalCandidate) {
        if !candidates::has_room(&self.local, &candidate) {
            return;
        }
        self.local.push(candidate);
        let text = self.connection.as_mut().and_then(|it| it.add_local(now, candidate));
        if let Some(text) = text.filter(|_| self.is_used) {
            self.batch.push(text);
            self.batch_at.get_or_insert(now + BATCH_US);
        }
    }

    fn on_leave(&mut self, now: u64) {
        if self.goodbye.is_said() {
            return;
        }
        self.negotiation.leave();
        self.close(now);
        self.goodbye.say(now);
    }

    /// Ends the connection; what it still has to say is sent.
    fn close(&mut self, now: u64) {
        self.liveness.on_closed();
        self.is_connected = false;
        (self.batch_at, self.reveal_by) = (None, None);
        if let Some(connection) = &mut self.connection {
            self.goodbye.begin(now);
            connection.close(now);
        }
        self.take_happened(now);
        self.goodbye.seal();
        self.connection = None;
    }

    fn end(&mut self, now: u64, end: End) {
        if self.connection.is_some() {
            self.close(now);
            self.outputs.push_back(Output::Disconnected(end));
        }
    }

    fn on_verdict(&mut self, right: bool, is_about: impl Fn(&SecurityCode) -> bool) {
        let security = self.security.as_mut().filter(|security| is_about(security));
        security.into_iter().for_each(|security| security.on_verdict(right));
    }

    fn ignore(&mut self, reason: Reason) {
        self.outputs.push_back(Output::Ignored(reason));
    }

    /// Has the app sign both halves as soon as they are known: while a text is read, not once DTLS is up.
    fn settle_signature(&mut self) {
        let role = self.config.role;
        let security = self.security.as_ref().filter(|_| self.config.signs && !self.has_signed);
        let security = security.filter(|it| it.state() != Security::Mismatch);
        let Some(transcript) = security.and_then(|it| it.transcript(role)) else { return };
        self.has_signed = true;
        self.outputs.push_back(Output::Sign { transcript });
    }

    /// What follows from every input.
    fn settle(&mut self, now: u64) {
        self.take_happened(now);
        self.settle_security(now);
        self.settle_signature();
        if self.media != self.sent_media && self.negotiation.is_described() {
            self.sent_media = self.media;
            self.negotiation.send_media(self.media);
        }
        if self.is_connected && self.peer_media != self.reported_peer_media {
            self.reported_peer_media = self.peer_media;
            self.outputs.push_back(Output::PeerMedia(self.peer_media));
        }
        while let Some(message) = self.negotiation.poll_message() {
            match message::write(&message) {
                Some(text) => self.outputs.push_back(Output::Text(text)),
                None => self.ignore(Reason::TooLong),
            }
        }
    }

    fn take_happened(&mut self, now: u64) {
        while let Some(happened) = self.connection.as_mut().and_then(Connection::poll) {
            match happened {
                Happened::Transmit { local, remote, bytes } => {
                    let is_stun = stun::is_stun(&bytes);
                    if is_stun || self.liveness.may_send(now) {
                        self.goodbye.remember(local, remote, &bytes);
                        self.traffic.on_sent(&bytes);
                        self.outputs.push_back(Output::Transmit { local, remote, bytes });
                    }
                }
                Happened::Connected => self.on_connected(now),
                Happened::Audio(packet) => {
                    if self.is_connected {
                        self.outputs.push_back(Output::Audio(packet));
                    }
                }
                Happened::Response => self.liveness.on_response(now),
                Happened::Progress => self.liveness.on_progress(now),
                Happened::IceLost => self.liveness.on_ice_lost(),
                Happened::Stats(stats) => {
                    let stats = self.traffic.complete(stats);
                    self.outputs.push_back(Output::Stats(stats));
                }
                Happened::Closed => self.end(now, End::PeerLeft),
                Happened::WrongCertificate => {
                    self.security.iter_mut().for_each(SecurityCode::on_wrong_certificate);
                    self.settle_security(now);
                }
                Happened::Failed => self.end(now, End::Failed),
            }
        }
    }

    fn on_connected(&mut self, now: u64) {
        let Some((connection, security)) = self.connection.as_mut().zip(self.security.as_mut()) else {
            return;
        };
        // str0m has compared them; a code about another certificate would be worth nothing.
        if connection.shown_fingerprint() != security.peer_fingerprint() {
            security.on_wrong_certificate();
            return self.settle_security(now);
        }
        let dtls = connection.dtls_version();
        security.on_connected();
        self.is_connected = true;
        self.liveness.on_connected(now);
        self.outputs.push_back(Output::Connected { uid: self.peer_uid, dtls });
    }

    /// Reports a change of the security state, and acts on it.
    fn settle_security(&mut self, now: u64) {
        let Some(security) = &self.security else { return };
        let state = security.state();
        let code = security.code().filter(|_| state != Security::None);
        let known = self.reported_security.as_ref().map(|(state, code)| (*state, code.as_deref()));
        if known.unwrap_or((Security::None, None)) == (state, code) {
            return;
        }
        let code = code.map(str::to_owned);
        let shown = |it: &Fingerprint| format!("sha-256 {}", sdp::format_fingerprint(it));
        let remote_fingerprint = security.peer_fingerprint().as_ref().map(shown).unwrap_or_default();
        let local_fingerprint = shown(&security.fingerprint());
        self.reported_security = Some((state, code.clone()));
        self.outputs.push_back(Output::Secured { state, code, local_fingerprint, remote_fingerprint });
        if state == Security::Mismatch || (state == Security::NoCode && self.config.requires_code) {
            self.negotiation.leave();
            self.end(now, End::NotSecure);
        }
    }
}
