//! The code that two users compare, so that whoever runs the broker cannot listen in.
//!
//! DTLS proves that media comes from the owner of a fingerprint, but fingerprints travel over signaling, and
//! a hostile broker can replace them. So both sides compute a short code from both fingerprints. The broker
//! cannot search for fingerprints that give the same code twice, because of the order of things: the inviter
//! commits to its nonce before it sees the callee's, and reveals it only after the first answer, which is
//! final from then on. An attacker has one try in 2^20 for each call.

use nertc_callkit_media::Security;
use sha2::{Digest, Sha256};

use super::message::{Party, Sid};

/// Letters and digits that are hard to mistake for each other: 32, so 5 bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code.
const CODE_LENGTH: usize = 4;

/// SHA-256 of a certificate.
pub type Fingerprint = [u8; 32];
/// A random number that nobody has seen before.
pub(super) type Nonce = [u8; 16];

/// What a side knows of the call before media starts. Of the peer that is its account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Who invited.
    pub inviter: Party,
    /// Who was invited.
    pub callee: Party,
    /// Channel of the call.
    pub channel: String,
    /// Call id of the invite that lives.
    pub call_id: String,
}

impl Context {
    /// One of the two.
    pub(super) fn party(&self, role: Role) -> &Party {
        match role {
            Role::Inviter => &self.inviter,
            Role::Callee => &self.callee,
        }
    }
}

/// Which of the two a side is. The inviter offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It invited, and offers.
    Inviter,
    /// It was invited, and answers.
    Callee,
}

impl Role {
    /// The other one.
    pub(super) fn other(self) -> Role {
        match self {
            Role::Inviter => Role::Callee,
            Role::Callee => Role::Inviter,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Role::Inviter => "inviter",
            Role::Callee => "callee",
        }
    }
}

/// Something was replaced on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mismatch;

/// What a description says for the code.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stated<'a> {
    /// Who describes itself, and whom it believes to talk to.
    pub(super) from: &'a Party,
    pub(super) to: &'a str,
    pub(super) fingerprint: Fingerprint,
}

/// What a side knows of the other's half.
#[derive(Clone, PartialEq, Eq)]
struct PeerHalf {
    from: Party,
    to: String,
    fingerprint: Fingerprint,
    /// The callee knows the inviter's commitment before its nonce.
    commitment: Option<[u8; 32]>,
    nonce: Option<Nonce>,
}

/// The code of one negotiation, on one side.
#[derive(Clone)]
pub(super) struct SecurityCode {
    role: Role,
    context: Context,
    sid: Sid,
    fingerprint: Fingerprint,
    nonce: Nonce,
    peer: Option<PeerHalf>,
    /// Made where a half becomes known: it is asked for with every packet.
    code: Option<String>,
    connected: bool,
    late: bool,
    verified: bool,
    mismatch: bool,
}

/// Without nonces.
impl std::fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityCode").field("role", &self.role).field("state", &self.state()).finish()
    }
}

/// Fields with their lengths, so that no two lists of fields have the same bytes.
fn frame(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

/// Whether a name that the peer states is the one that signaling knows. Some services fold the case of
/// accounts, so that both sides may write them differently; the code is bound to what was stated.
fn is_same_account(known: &str, stated: &str) -> bool {
    known.is_empty() || stated.is_empty() || known.eq_ignore_ascii_case(stated)
}

impl PeerHalf {
    fn new(stated: &Stated<'_>, commitment: Option<[u8; 32]>, nonce: Option<Nonce>) -> PeerHalf {
        let (from, to) = (stated.from.clone(), stated.to.to_owned());
        PeerHalf { from, to, fingerprint: stated.fingerprint, commitment, nonce }
    }
}

impl SecurityCode {
    /// Our half: the certificate's fingerprint and a nonce, both of this negotiation alone.
    pub(super) fn new(
        role: Role,
        context: &Context,
        sid: Sid,
        fingerprint: Fingerprint,
        nonce: Nonce,
    ) -> SecurityCode {
        SecurityCode {
            role,
            context: context.clone(),
            sid,
            fingerprint,
            nonce,
            peer: None,
            code: None,
            connected: false,
            late: false,
            verified: false,
            mismatch: false,
        }
    }

    /// The negotiation that it is of.
    pub(super) fn sid(&self) -> Sid {
        self.sid
    }

    /// Our certificate's fingerprint.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The peer's fingerprint, from its first description.
    pub(super) fn peer_fingerprint(&self) -> Option<Fingerprint> {
        self.peer.as_ref().map(|peer| peer.fingerprint)
    }

    /// The callee's nonce, which goes with each of its answers.
    pub(super) fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// Accounts of inviter and callee, as the inviter states them, and its device.
    fn inviters_names(&self) -> [&str; 3] {
        let (inviter, called) = match (self.role, &self.peer) {
            (Role::Callee, Some(peer)) => (&peer.from, &*peer.to),
            (Role::Callee, None) | (Role::Inviter, _) => {
                (&self.context.inviter, &*self.context.callee.account)
            }
        };
        [&inviter.account, called, &inviter.device]
    }

    /// The inviter commits before anybody states the callee's device: that field is empty.
    fn commit(&self, fingerprint: &Fingerprint, nonce: &Nonce) -> [u8; 32] {
        let [inviter, callee, device] = self.inviters_names().map(str::as_bytes);
        let Context { channel, call_id, .. } = &self.context;
        let bytes = frame(&[
            b"nck-sas-1",
            Role::Inviter.name().as_bytes(),
            inviter,
            callee,
            device,
            b"",
            channel.as_bytes(),
            call_id.as_bytes(),
            &self.sid.0,
            fingerprint,
            nonce,
        ]);
        Sha256::digest(bytes).into()
    }

    /// What the inviter's offers carry.
    pub(super) fn commitment(&self) -> [u8; 32] {
        self.commit(&self.fingerprint, &self.nonce)
    }

    fn fail<T>(&mut self) -> Result<T, Mismatch> {
        self.mismatch = true;
        Err(Mismatch)
    }

    /// The first half of the peer is final; each later one must be equal.
    fn take_half(&mut self, half: PeerHalf) -> Result<(), Mismatch> {
        let is_same = |known: &PeerHalf| {
            // A callee learns the nonce later, from the reveal.
            let nonce = if self.role == Role::Callee { known.nonce } else { half.nonce };
            *known == PeerHalf { nonce, ..half.clone() }
        };
        let (own, peer) = (self.context.party(self.role), self.context.party(self.role.other()));
        let is_named =
            is_same_account(&peer.account, &half.from.account) && is_same_account(&own.account, &half.to);
        match &self.peer {
            Some(known) if is_same(known) => Ok(()),
            Some(_) => self.fail(),
            // A mirror: the same certificate on both sides.
            None if half.fingerprint == self.fingerprint => self.fail(),
            None if !is_named => self.fail(),
            None => {
                self.peer = Some(half);
                self.code = self.make_code();
                Ok(())
            }
        }
    }

    /// The callee got an offer.
    ///
    /// # Errors
    /// It differs from an earlier one of this sid, it is our own, or its names are others'.
    pub(super) fn on_offer(
        &mut self,
        stated: &Stated<'_>,
        commitment: Option<[u8; 32]>,
    ) -> Result<(), Mismatch> {
        self.take_half(PeerHalf::new(stated, commitment, None))
    }

    /// The inviter got an answer. From the first one on, `reveal` may be sent.
    ///
    /// # Errors
    /// It differs from an earlier one of this sid, it is our own, or its names are others'.
    pub(super) fn on_answer(&mut self, stated: &Stated<'_>, nonce: Option<Nonce>) -> Result<(), Mismatch> {
        self.take_half(PeerHalf::new(stated, None, nonce))
    }

    /// The callee got the inviter's nonce.
    ///
    /// # Errors
    /// It is not the one that the inviter committed to.
    pub(super) fn on_reveal(&mut self, nonce: Nonce) -> Result<(), Mismatch> {
        // A peer that committed to nothing has nothing to reveal.
        let Some(peer) = self.peer.as_ref().filter(|peer| peer.commitment.is_some()) else { return Ok(()) };
        if peer.commitment != Some(self.commit(&peer.fingerprint, &nonce)) {
            return self.fail();
        }
        self.peer.iter_mut().for_each(|peer| peer.nonce = Some(nonce));
        self.code = self.make_code();
        Ok(())
    }

    /// The inviter's nonce, once the first answer is there.
    pub(super) fn reveal(&self) -> Option<Nonce> {
        let answered =
            self.role == Role::Inviter && self.peer.as_ref().is_some_and(|peer| peer.nonce.is_some());
        answered.then_some(self.nonce)
    }

    /// The callee has committed itself to an answer, and the inviter's nonce is missing.
    pub(super) fn waits_for_reveal(&self) -> bool {
        self.role == Role::Callee
            && self.peer.as_ref().is_some_and(|peer| peer.commitment.is_some() && peer.nonce.is_none())
    }

    /// The reveal has taken too long. A later one still counts.
    pub(super) fn on_late_reveal(&mut self) {
        self.late = true;
    }

    /// DTLS is up, with a certificate that has the peer's fingerprint.
    pub(super) fn on_connected(&mut self) {
        self.connected = true;
    }

    /// The peer's certificate is not the one that was described: somebody stands between us.
    pub(super) fn on_wrong_certificate(&mut self) {
        self.mismatch = true;
    }

    /// `first`, and everything that the code is made of: names, the call, and both halves, the inviter's
    /// first. `None` = one half is missing.
    fn both_halves(&self, first: &[&[u8]]) -> Option<Vec<u8>> {
        let peer = self.peer.as_ref()?;
        let (ours, theirs) = ((self.fingerprint, self.nonce), (peer.fingerprint, peer.nonce?));
        let (inviter, callee, callee_device) = match self.role {
            Role::Inviter => (ours, theirs, &peer.from.device),
            Role::Callee => (theirs, ours, &self.context.callee.device),
        };
        let [inviter_account, callee_account, device] = self.inviters_names().map(str::as_bytes);
        let Context { channel, call_id, .. } = &self.context;
        let fields = [
            inviter_account,
            callee_account,
            device,
            callee_device.as_bytes(),
            channel.as_bytes(),
            call_id.as_bytes(),
            &self.sid.0,
            &inviter.0,
            &callee.0,
            &inviter.1,
            &callee.1,
        ];
        Some(frame(&[first, &fields].concat()))
    }

    /// The code, once both halves are known.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    fn make_code(&self) -> Option<String> {
        let digest = Sha256::digest(self.both_halves(&[b"nck-code-1"])?);
        let bits = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let letter = |at: usize| char::from(ALPHABET[(bits >> (27 - 5 * at)) as usize & 31]);
        Some((0..CODE_LENGTH).map(letter).collect())
    }

    /// What the app of `signer` signs: everything that the code is made of, and whose signature it is.
    pub(super) fn transcript(&self, signer: Role) -> Option<Vec<u8>> {
        self.both_halves(&[b"nck-sig-1", signer.name().as_bytes()])
    }

    /// What the users found, or what the app's keys say about the peer's signature.
    pub(super) fn on_verdict(&mut self, right: bool) {
        if self.code().is_some() {
            self.verified = right;
            self.mismatch |= !right;
        }
    }

    /// Where it stands.
    pub(super) fn state(&self) -> Security {
        let gives_code =
            self.peer.as_ref().is_some_and(|peer| peer.commitment.is_some() || peer.nonce.is_some());
        match self.code() {
            _ if self.mismatch => Security::Mismatch,
            _ if !self.connected => Security::None,
            Some(_) if self.verified => Security::Verified,
            Some(_) => Security::Unverified,
            None if self.late || !gives_code => Security::NoCode,
            None => Security::None,
        }
    }
}

#[cfg(test)]
mod tests;
