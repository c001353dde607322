//! What the peer's messages do.

use super::connection::Connection;
use super::goodbye::Goodbye;
use super::message::{self, Description, MediaState, Message};
use super::negotiation::{Ignored, Step};
use super::sdp::{self, Remote};
use super::security_code::{Mismatch, Role, SecurityCode, Stated};
use super::values::{End, Output, Reason};
use super::{Peer, REVEAL_US, candidates};

impl Peer {
    pub(super) fn on_text(&mut self, now: u64, text: &str) {
        if !self.is_joined {
            return self.ignore(Reason::Text(Ignored::NotStarted));
        }
        match message::read(text) {
            Ok(message) => self.on_message(now, message),
            Err(unreadable) => self.ignore(Reason::Unreadable(unreadable)),
        }
    }

    fn on_message(&mut self, now: u64, message: Message) {
        match self.negotiation.receive(now, message) {
            Ok(step) => self.on_step(now, step),
            Err(ignored) => self.ignore(Reason::Text(ignored)),
        }
    }

    fn on_step(&mut self, now: u64, step: Step) {
        match step {
            Step::Offer { description, commitment } => self.on_offer(now, &description, commitment),
            Step::Answer { description, nonce } => self.on_answer(now, &description, nonce),
            Step::SecondAnswer { description, nonce } => {
                if let Ok(remote) = sdp::read(&description.sdp, self.config.allows_loopback) {
                    self.check(now, |security| security.on_answer(&stated(&description, &remote), nonce));
                }
                self.ignore(Reason::Text(Ignored::Altered));
            }
            Step::AnswerAgain => self.reveal(),
            Step::Candidates { ufrag, candidates } => self.on_candidates(now, &ufrag, &candidates),
            Step::Restart => self.restart(now),
            Step::Media(media) => self.peer_media = media,
            Step::Reveal { nonce, signature } => self.on_reveal(now, nonce, signature),
            Step::Bye => self.end(now, End::PeerLeft),
        }
    }

    /// Asks the security code. `false` = something was replaced, and the connection is over.
    fn check(&mut self, now: u64, ask: impl FnOnce(&mut SecurityCode) -> Result<(), Mismatch>) -> bool {
        let right = self.security.as_mut().is_some_and(|security| ask(security).is_ok());
        if !right {
            self.settle_security(now);
        }
        right
    }

    fn on_offer(&mut self, now: u64, description: &Description, commitment: Option<[u8; 32]>) {
        let remote = match sdp::read(&description.sdp, self.config.allows_loopback) {
            Ok(remote) => remote,
            Err(refused) => return self.ignore(Reason::Description(refused)),
        };
        // Not whether this is the first offer of a negotiation: that one may not have been understood.
        if self.security.as_ref().map(SecurityCode::sid) != self.negotiation.sid() {
            self.begin_anew(now);
        } else {
            self.traffic.on_restart();
        }
        if !self.check(now, |security| security.on_offer(&stated(description, &remote), commitment)) {
            return;
        }
        let answer = self.connection.as_mut().and_then(|it| it.accept_offer(now, &remote));
        let Some(own) = answer.and_then(|sdp| self.describe(sdp)) else {
            return self.ignore(Reason::Unfitting);
        };
        let wants_reveal = self.security.as_ref().is_some_and(SecurityCode::waits_for_reveal);
        let nonce = self.security.as_ref().map(SecurityCode::nonce);
        self.negotiation.answer(now, own, nonce, wants_reveal);
        if wants_reveal {
            self.reveal_by = Some(now + REVEAL_US);
        }
        self.on_described(now, description, remote);
    }

    /// A connection for a negotiation that begins: the prepared one, or a new one.
    fn begin_anew(&mut self, now: u64) {
        if self.is_used || self.connection.is_none() {
            self.liveness.on_closed();
            self.is_connected = false;
            self.goodbye = Goodbye::default();
            self.traffic.on_new_connection();
            self.connection = Some(Connection::new(now, self.generator.split(), self.config.dtls));
            let connection = self.connection.iter_mut();
            connection.for_each(|it| self.local.iter().for_each(|local| drop(it.add_local(now, *local))));
        }
        self.reported_peer_media = MediaState::default();
        self.secure();
    }

    fn on_answer(&mut self, now: u64, description: &Description, nonce: Option<[u8; 16]>) {
        let remote = match sdp::read(&description.sdp, self.config.allows_loopback) {
            Ok(remote) => remote,
            Err(refused) => return self.ignore(Reason::Description(refused)),
        };
        if !self.check(now, |security| security.on_answer(&stated(description, &remote), nonce)) {
            return;
        }
        if !self.connection.as_mut().is_some_and(|it| it.accept_answer(now, &remote)) {
            return self.ignore(Reason::Unfitting);
        }
        self.reveal();
        self.on_described(now, description, remote);
    }

    /// Both sides are described.
    fn on_described(&mut self, now: u64, description: &Description, remote: Remote) {
        (self.peer_uid, self.peer_media) = (description.uid, description.media);
        self.peer_ufrag = remote.ufrag;
        self.peer_room = sdp::CANDIDATES.saturating_sub(remote.candidates.len());
        if let Some(connection) = &mut self.connection {
            remote.candidates.into_iter().for_each(|candidate| connection.add_remote(now, candidate));
        }
        for message in self.negotiation.take_early() {
            self.on_message(now, message);
        }
    }

    /// Sends our nonce: after the first answer, and again to a callee that misses it.
    fn reveal(&mut self) {
        if let Some(nonce) = self.security.as_ref().and_then(SecurityCode::reveal) {
            self.negotiation.send_reveal(Some(nonce), None);
        }
    }

    fn on_candidates(&mut self, now: u64, ufrag: &str, texts: &[String]) {
        if !ufrag.is_empty() && ufrag != self.peer_ufrag {
            return self.ignore(Reason::Candidates);
        }
        for text in texts {
            if self.peer_room == 0 {
                return self.ignore(Reason::Candidates);
            }
            match candidates::read(text, self.config.allows_loopback) {
                Ok(read) if read.ufrag.as_ref().is_some_and(|it| *it != self.peer_ufrag) => {
                    self.ignore(Reason::Candidates);
                }
                Ok(read) => {
                    self.peer_room -= 1;
                    self.connection.iter_mut().for_each(|it| it.add_remote(now, read.candidate.clone()));
                }
                Err(unusable) => self.ignore(Reason::Candidate(unusable)),
            }
        }
    }

    fn on_reveal(&mut self, now: u64, nonce: Option<[u8; 16]>, signature: Option<Vec<u8>>) {
        if let Some(nonce) = nonce.filter(|_| self.config.role == Role::Callee) {
            if !self.check(now, |security| security.on_reveal(nonce)) {
                return;
            }
            self.negotiation.on_revealed();
            self.reveal_by = None;
        }
        let Some(signature) = signature.filter(|_| self.config.signs && !self.has_verified) else { return };
        let transcript = self.security.as_ref().and_then(|it| it.transcript(self.config.role.other()));
        self.has_verified |= transcript.is_some();
        self.outputs.extend(transcript.map(|transcript| Output::Verify { transcript, signature }));
    }
}

/// What a description says for the security code.
fn stated<'a>(description: &'a Description, remote: &Remote) -> Stated<'a> {
    Stated { from: &description.from, to: &description.to, fingerprint: remote.fingerprint }
}
