//! What goes into a [`super::Peer`] and what comes out.

use std::net::SocketAddr;

use nertc_callkit_ids::Seed;
use nertc_callkit_media::{Media, Security};

use super::candidates::{LocalCandidate, Unusable};
use super::connection::{AudioPacket, DtlsVersions};
use super::counters::Stats;
use super::message::{MediaState, Unreadable};
use super::negotiation;
use super::sdp::Refused;
use super::security_code::{Context, Role};

/// How a peer is made.
#[derive(Clone)]
pub struct Config {
    /// Who offers.
    pub role: Role,
    /// What the security code is bound to.
    pub context: Context,
    /// Own uid in the media room.
    pub uid: u64,
    /// What keys, credentials and ids are drawn from. Secret, and of this peer alone.
    pub seed: Seed,
    /// Versions of DTLS.
    pub dtls: DtlsVersions,
    /// The peer's loopback addresses are used, too: for tests on one machine.
    pub allows_loopback: bool,
    /// A peer without security code ends the call.
    pub requires_code: bool,
    /// The app signs: see [`Output::Sign`].
    pub signs: bool,
}

/// What happens to a peer.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Time has come: see `poll_timeout`.
    Timeout,
    /// The media room is joined: texts may be sent. Before it, nothing reaches the peer.
    Join,
    /// A datagram has arrived.
    Datagram {
        /// At which socket; of a relay, the relayed address.
        local: SocketAddr,
        /// From whom.
        remote: SocketAddr,
        /// What.
        bytes: &'a [u8],
    },
    /// A text of the peer has arrived over signaling.
    Text(&'a str),
    /// A further address of ours.
    LocalAddress(LocalCandidate),
    /// All candidates with this address, or on the socket with it, are gone.
    LocalAddressGone(SocketAddr),
    /// Send an Opus frame.
    Audio {
        /// Time of its first sample, in samples of 48 kHz.
        time: u64,
        /// First frame after a pause.
        starts_talk: bool,
        /// The frame.
        frame: &'a [u8],
    },
    /// Devices were opened or closed.
    Enable {
        /// Which.
        media: Media,
        /// Open.
        on: bool,
    },
    /// Devices were muted or unmuted: they stay open.
    Mute {
        /// Which.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// The network has changed: restart ICE.
    Restart,
    /// What the users found when they compared the code.
    Verdict {
        /// The code that they compared.
        code: &'a str,
        /// It is the same on both sides.
        right: bool,
    },
    /// The app's signature.
    Signature {
        /// Of [`Output::Sign`].
        transcript: &'a [u8],
        /// At most 512 bytes.
        signature: &'a [u8],
    },
    /// What the app says about the peer's signature.
    PeerSignature {
        /// Of [`Output::Verify`].
        transcript: &'a [u8],
        /// It is the peer's.
        right: bool,
    },
    /// Leave. [`Output::Finished`] comes when good-bye was said.
    Leave,
}

/// What a peer wants or reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a datagram.
    Transmit {
        /// From which socket; of a relay, the relayed address.
        local: SocketAddr,
        /// To whom.
        remote: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// Send a text over signaling.
    Text(String),
    /// ICE and DTLS are up. Again after a peer that began anew: numbers and times of sound begin anew, too.
    Connected {
        /// The peer's uid in the media room; 0 = it did not say.
        uid: u64,
        /// 12 or 13.
        dtls: u32,
    },
    /// How far the connection is proven to go to the right peer.
    Secured {
        /// How far.
        state: Security,
        /// What both users compare.
        code: Option<String>,
        /// `sha-256 AB:CD:…`.
        local_fingerprint: String,
        /// Likewise; empty if there is none yet.
        remote_fingerprint: String,
    },
    /// What the peer sends has changed.
    PeerMedia(MediaState),
    /// Nothing has arrived for 2 s.
    Silent,
    /// Something arrives again.
    Heard,
    /// The connection is stuck and restarts.
    Reconnecting,
    /// It works again.
    Reconnected,
    /// A packet of sound, as it arrived: the jitter buffer orders them.
    Audio(AudioPacket),
    /// The transport, once a second.
    Stats(Stats),
    /// Sign this with the app's key: [`Input::Signature`].
    Sign {
        /// What.
        transcript: Vec<u8>,
    },
    /// Verify this with the key of the peer's account: [`Input::PeerSignature`].
    Verify {
        /// What was signed.
        transcript: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// The connection is over. The callee's may begin anew, with a peer whose app did.
    Disconnected(End),
    /// Good-bye was said often enough: sockets may close. Nothing comes afterwards.
    Finished,
    /// Something of the peer's was ignored: for the log.
    Ignored(Reason),
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The peer has left.
    PeerLeft,
    /// Something was replaced on the way, or a code was required and there is none.
    NotSecure,
    /// The handshake failed, or our certificate could not be made.
    Failed,
}

/// Why something of the peer's was ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A text that is none of ours.
    Unreadable(Unreadable),
    /// A text that changes nothing.
    Text(negotiation::Ignored),
    /// A description that cannot be used.
    Description(Refused),
    /// A description that does not fit the one before.
    Unfitting,
    /// A candidate that cannot be used.
    Candidate(Unusable),
    /// Candidates of an earlier description, or more than are used.
    Candidates,
    /// A text of ours that is longer than signaling carries.
    TooLong,
}

/// All of `all`, and `changed` as it is now.
pub(crate) fn with(all: Media, changed: Media, on: bool) -> Media {
    if on { all | changed } else { all - changed }
}
