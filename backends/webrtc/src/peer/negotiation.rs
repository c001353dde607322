//! Who offers, which texts belong together, and what is repeated until it is answered: a value without SDP,
//! ICE or a clock. Times are microseconds.

use std::collections::VecDeque;

use super::message::{Body, Description, MediaState, Message, Sid};
use super::security_code::{Nonce, Role};

/// An unanswered offer or request for one, and an answer without reveal, are repeated after this. Signaling
/// may lose texts, and the inviter takes no request right after an offer.
const REPEAT_US: u64 = 2_000_000;
/// Repetitions of an offer, and of a request for one: longer than a call is given to connect.
const OFFER_REPEATS: u32 = 10;
/// Repetitions of an answer whose reveal is missing.
const ANSWER_REPEATS: u32 = 2;
/// Offers of one peer in a row; then one in `RESTART_US`.
const OFFERS: u32 = 8;
/// Least time between restarts that a peer may cause.
const RESTART_US: u64 = 2_000_000;
/// Negotiations of one join: a peer that restarts its app for ever gets no further.
const SIDS: usize = 16;
/// Texts that came before the description that they belong to.
const EARLY: usize = 8;

/// A text that changes nothing, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// We have not joined, or not offered.
    NotStarted,
    /// Only the inviter offers, only the callee answers and asks for restarts.
    WrongRole,
    /// Of another negotiation, or of one that is over.
    OtherSid,
    /// Older than what is known.
    Stale,
    /// Known; what it asks for was sent again.
    Repeated,
    /// Has the number of a known text and says something else.
    Altered,
    /// More often than the limit.
    TooOften,
    /// Came before what it belongs to, and waits.
    Early,
}

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Answer this offer with [`Negotiation::answer`]. Each sid has a connection of its own.
    Offer {
        /// The inviter's description.
        description: Description,
        /// Its commitment.
        commitment: Option<[u8; 32]>,
    },
    /// The answer to our offer.
    Answer {
        /// The callee's description.
        description: Description,
        /// Its nonce.
        nonce: Option<Nonce>,
    },
    /// Another answer to an answered offer. It changes nothing, but may be an attack.
    SecondAnswer {
        /// What it would be.
        description: Description,
        /// What it would be.
        nonce: Option<Nonce>,
    },
    /// The answer again: the callee misses our reveal.
    AnswerAgain,
    /// Candidates of the peer.
    Candidates {
        /// Of the description with this name fragment; empty = the latest.
        ufrag: String,
        /// As in SDP.
        candidates: Vec<String>,
    },
    /// The callee wants an ICE restart: make an offer.
    Restart,
    /// What the peer sends has changed.
    Media(MediaState),
    /// The peer's nonce, its app's signature.
    Reveal {
        /// Nonce.
        nonce: Option<Nonce>,
        /// Signature.
        signature: Option<Vec<u8>>,
    },
    /// The peer has left.
    Bye,
}

/// An offer of ours.
#[derive(Clone, Debug)]
struct OwnOffer {
    message: Message,
    answer: Option<Message>,
    repeats: u32,
    first_at: u64,
    /// When it is repeated.
    at: u64,
}

/// An offer of the peer's.
#[derive(Clone, Debug)]
struct PeerOffer {
    message: Message,
    answer: Option<Message>,
    repeats: u32,
    /// When the answer is repeated; `None` = no more.
    at: Option<u64>,
}

/// A restart that we ask for: the callee, until an offer comes.
#[derive(Clone, Debug)]
struct Request {
    message: Message,
    repeats: u32,
    /// When it is repeated.
    at: u64,
}

/// The texts of one join.
#[derive(Clone, Debug)]
pub(super) struct Negotiation {
    role: Role,
    sid: Option<Sid>,
    /// Negotiations that are over.
    past: Vec<Sid>,
    /// Number of our last text.
    seq: u32,
    own_offer: Option<OwnOffer>,
    peer_offer: Option<PeerOffer>,
    request: Option<Request>,
    /// Number of the last restart that the peer was given.
    granted_seq: u32,
    /// Restarts that the peer may still cause, and when one is added.
    budget: u32,
    refill_at: u64,
    /// Number of the last text about media.
    media_seq: u32,
    early: Vec<Message>,
    outbox: VecDeque<Message>,
    is_over: bool,
}

impl Negotiation {
    /// A join. The inviter's negotiation is named `sid`; the callee learns it from the first offer.
    pub(super) fn new(role: Role, sid: Sid) -> Negotiation {
        Negotiation {
            role,
            sid: (role == Role::Inviter).then_some(sid),
            past: Vec::new(),
            seq: 0,
            own_offer: None,
            peer_offer: None,
            request: None,
            granted_seq: 0,
            budget: OFFERS,
            refill_at: 0,
            media_seq: 0,
            early: Vec::new(),
            outbox: VecDeque::new(),
            is_over: false,
        }
    }

    /// The negotiation that lives.
    pub(super) fn sid(&self) -> Option<Sid> {
        self.sid
    }

    /// The next text to send.
    pub(super) fn poll_message(&mut self) -> Option<Message> {
        self.outbox.pop_front()
    }

    /// Both sides have described themselves.
    pub(super) fn is_described(&self) -> bool {
        let answered = self.own_offer.as_ref().is_some_and(|offer| offer.answer.is_some());
        answered || self.peer_offer.as_ref().is_some_and(|offer| offer.answer.is_some())
    }

    fn send(&mut self, body: Body) -> Option<Message> {
        let sid = self.sid.filter(|_| !self.is_over)?;
        self.seq += 1;
        let message = Message { sid, seq: self.seq, body };
        self.outbox.push_back(message.clone());
        Some(message)
    }

    /// The inviter offers.
    pub(super) fn offer(&mut self, now: u64, description: Description, commitment: Option<[u8; 32]>) {
        if let Some(message) = self.send(Body::Offer { description, commitment }) {
            self.own_offer =
                Some(OwnOffer { message, answer: None, repeats: 0, first_at: now, at: now + REPEAT_US });
        }
    }

    /// The callee answers the last offer. With `wants_reveal` the answer is repeated until [`Step::Reveal`].
    pub(super) fn answer(
        &mut self,
        now: u64,
        description: Description,
        nonce: Option<Nonce>,
        wants_reveal: bool,
    ) {
        let Some(to) = self.peer_offer.as_ref().map(|offer| offer.message.seq) else { return };
        let answer = self.send(Body::Answer { to, description, nonce });
        if let Some(offer) = &mut self.peer_offer {
            offer.answer = answer;
            offer.at = wants_reveal.then_some(now + REPEAT_US);
        }
    }

    /// The reveal has come: the answer is not repeated any more.
    pub(super) fn on_revealed(&mut self) {
        if let Some(offer) = &mut self.peer_offer {
            offer.at = None;
        }
    }

    /// Tells the peer of more candidates.
    pub(super) fn send_candidates(&mut self, ufrag: String, candidates: Vec<String>) {
        self.send(Body::Candidates { ufrag, candidates });
    }

    /// Tells the peer what we send. A description says it, too.
    pub(super) fn send_media(&mut self, media: MediaState) {
        self.send(Body::Media(media));
    }

    /// Sends the nonce, the app's signature, or both.
    pub(super) fn send_reveal(&mut self, nonce: Option<Nonce>, signature: Option<Vec<u8>>) {
        self.send(Body::Reveal { nonce, signature });
    }

    /// The described connection needs an ICE restart. `true` = offer now; else the peer is asked to.
    pub(super) fn restart(&mut self, now: u64) -> bool {
        match self.role {
            Role::Callee => {
                let message = self.send(Body::Restart);
                self.request = message.map(|message| Request { message, repeats: 0, at: now + REPEAT_US });
                false
            }
            Role::Inviter => true,
        }
    }

    /// We leave. Nothing is sent afterwards.
    pub(super) fn leave(&mut self) {
        // A peer that knows nothing of us needs no good-bye.
        if self.seq > 0 || self.peer_offer.is_some() {
            self.send(Body::Bye);
        }
        self.is_over = true;
        (self.own_offer, self.peer_offer, self.request) = (None, None, None);
        self.early.clear();
    }

    /// When [`Negotiation::handle_timeout`] has something to do.
    pub(super) fn poll_timeout(&self) -> Option<u64> {
        let offer = self.own_offer.as_ref().filter(|it| it.answer.is_none() && it.repeats < OFFER_REPEATS);
        let answer = self.peer_offer.as_ref().and_then(|offer| offer.at);
        let request = self.request.as_ref().map(|request| request.at);
        offer.map(|offer| offer.at).into_iter().chain(answer).chain(request).min()
    }

    /// Repeats what was not answered.
    pub(super) fn handle_timeout(&mut self, now: u64) {
        if let Some(offer) = self.own_offer.as_mut().filter(|it| it.answer.is_none() && it.at <= now)
            && offer.repeats < OFFER_REPEATS
        {
            offer.repeats += 1;
            offer.at = now + REPEAT_US;
            self.outbox.push_back(offer.message.clone());
        }
        if let Some(offer) = self.peer_offer.as_mut().filter(|it| it.at.is_some_and(|at| at <= now)) {
            offer.repeats += 1;
            offer.at = (offer.repeats < ANSWER_REPEATS).then_some(now + REPEAT_US);
            self.outbox.extend(offer.answer.clone());
        }
        if let Some(request) = self.request.as_mut().filter(|request| request.at <= now) {
            request.repeats += 1;
            request.at = now + REPEAT_US;
            self.outbox.push_back(request.message.clone());
        }
        self.request.take_if(|request| request.repeats >= OFFER_REPEATS);
    }

    /// Texts that came too early for the description that is there now.
    pub(super) fn take_early(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.early)
    }

    /// A text of the peer.
    ///
    /// # Errors
    /// It changes nothing.
    pub(super) fn receive(&mut self, now: u64, message: Message) -> Result<Step, Ignored> {
        if self.is_over {
            return Err(Ignored::NotStarted);
        }
        let is_offer = matches!(message.body, Body::Offer { .. });
        if self.role == Role::Callee && is_offer {
            return self.on_offer(now, message);
        }
        match self.sid {
            // The callee's first offer may come behind what belongs to it.
            None => self.keep_early(message),
            Some(sid) if sid != message.sid => Err(Ignored::OtherSid),
            Some(_) => self.on_message(now, message),
        }
    }

    fn keep_early(&mut self, message: Message) -> Result<Step, Ignored> {
        if self.early.len() >= EARLY {
            return Err(Ignored::TooOften);
        }
        self.early.push(message);
        Err(Ignored::Early)
    }

    fn on_message(&mut self, now: u64, message: Message) -> Result<Step, Ignored> {
        let seq = message.seq;
        match (message.body, self.role) {
            (Body::Offer { .. }, _) | (Body::Answer { .. }, Role::Callee) | (Body::Restart, Role::Callee) => {
                Err(Ignored::WrongRole)
            }
            (Body::Bye, _) => {
                self.end();
                Ok(Step::Bye)
            }
            (Body::Answer { to, description, nonce }, Role::Inviter) => {
                let message =
                    Message { sid: message.sid, seq, body: Body::Answer { to, description, nonce } };
                self.on_answer(message, to)
            }
            (body, _) if !self.is_described() => self.keep_early(Message { sid: message.sid, seq, body }),
            (Body::Candidates { ufrag, candidates }, _) => Ok(Step::Candidates { ufrag, candidates }),
            (Body::Restart, Role::Inviter) => {
                // Both sides find a stuck connection at the same time.
                if self.own_offer.as_ref().is_some_and(|offer| now < offer.first_at + RESTART_US) {
                    return Err(Ignored::Repeated);
                }
                if seq <= self.granted_seq {
                    return Err(Ignored::Repeated);
                }
                self.spend(now)?;
                self.granted_seq = seq;
                Ok(Step::Restart)
            }
            (Body::Media(media), _) => {
                if seq <= self.media_seq {
                    return Err(Ignored::Stale);
                }
                self.media_seq = seq;
                Ok(Step::Media(media))
            }
            (Body::Reveal { nonce, signature }, _) => Ok(Step::Reveal { nonce, signature }),
        }
    }

    fn end(&mut self) {
        self.past.extend(self.sid.take());
        (self.own_offer, self.peer_offer, self.request) = (None, None, None);
        self.is_over = self.role == Role::Inviter;
    }

    /// Takes one of what the peer may cause.
    fn spend(&mut self, now: u64) -> Result<(), Ignored> {
        if now >= self.refill_at && self.refill_at > 0 {
            let refill = 1 + (now - self.refill_at) / RESTART_US;
            self.budget = OFFERS.min(self.budget.saturating_add(u32::try_from(refill).unwrap_or(OFFERS)));
            self.refill_at += refill * RESTART_US;
        }
        if self.budget == 0 {
            return Err(Ignored::TooOften);
        }
        if self.budget == OFFERS {
            self.refill_at = now + RESTART_US;
        }
        self.budget -= 1;
        Ok(())
    }

    fn on_answer(&mut self, message: Message, to: u32) -> Result<Step, Ignored> {
        let Some(offer) = &mut self.own_offer else { return Err(Ignored::NotStarted) };
        if offer.message.seq != to {
            return Err(Ignored::Stale);
        }
        if offer.answer.as_ref() == Some(&message) {
            return Ok(Step::AnswerAgain);
        }
        let is_first = offer.answer.is_none();
        if is_first {
            offer.answer = Some(message.clone());
            self.media_seq = self.media_seq.max(message.seq);
        }
        let Body::Answer { description, nonce, .. } = message.body else { return Err(Ignored::WrongRole) };
        Ok(match is_first {
            true => Step::Answer { description, nonce },
            false => Step::SecondAnswer { description, nonce },
        })
    }

    fn on_offer(&mut self, now: u64, message: Message) -> Result<Step, Ignored> {
        if self.past.contains(&message.sid) {
            return Err(Ignored::OtherSid);
        }
        let is_new = self.sid != Some(message.sid);
        if let Some(known) = self.peer_offer.as_mut().filter(|_| !is_new) {
            if message.seq < known.message.seq {
                return Err(Ignored::Stale);
            }
            if message.seq == known.message.seq {
                if message != known.message {
                    return Err(Ignored::Altered);
                }
                self.outbox.extend(known.answer.clone());
                return Err(Ignored::Repeated);
            }
        }
        if is_new && self.past.len() + 1 >= SIDS {
            return Err(Ignored::TooOften);
        }
        self.spend(now)?;
        if is_new {
            self.past.extend(self.sid.replace(message.sid));
            self.media_seq = 0;
            self.outbox.clear();
        }
        self.media_seq = self.media_seq.max(message.seq);
        self.request = None;
        self.peer_offer = Some(PeerOffer { message: message.clone(), answer: None, repeats: 0, at: None });
        let Body::Offer { description, commitment } = message.body else { return Err(Ignored::WrongRole) };
        Ok(Step::Offer { description, commitment })
    }
}

#[cfg(test)]
mod tests;
