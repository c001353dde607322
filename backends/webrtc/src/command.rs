//! What is wanted of a call, and what it shows of itself.

use nertc_callkit_ids::Seed;
use nertc_callkit_media::MediaOperation;
use nertc_callkit_signaling::{Req, Text};

use crate::audio_port::{DeviceWish, Encoded};
use crate::ice_server::IceServer;
use crate::network::{Settings, Trust};
use crate::peer::{Config, DtlsVersions, Security, Stats};

/// What is wanted of a call.
pub(crate) enum Command {
    Prepare(Box<Preparing>),
    Join(Box<Joining>),
    Run(Req, MediaOperation),
    Text(Text),
    Audio { time: u64, starts_talk: bool, frame: Vec<u8> },
    NetworkChanged,
    Wish(DeviceWish),
    SetServers(Vec<IceServer>, Trust),
    Verdict { code: String, right: bool },
    Signature { transcript: Vec<u8>, signature: Vec<u8> },
    PeerSignature { transcript: Vec<u8>, right: bool },
}

impl Command {
    /// Sound for the peer.
    pub(crate) fn audio(encoded: Encoded<'_>) -> Command {
        let Encoded { time, starts_talk, frame } = encoded;
        Command::Audio { time, starts_talk, frame: frame.to_vec() }
    }
}

/// What a call can have before it is accepted.
pub(crate) struct Preparing {
    pub(crate) seed: Seed,
    pub(crate) dtls: DtlsVersions,
    pub(crate) settings: Settings,
}

/// What a call is made of.
pub(crate) struct Joining {
    pub(crate) join: Req,
    pub(crate) config: Config,
    pub(crate) settings: Settings,
}

/// What the app may ask about a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallState {
    /// How far the connection is proven to go to the right peer.
    pub security: Option<Security>,
    /// What both users compare.
    pub code: Option<String>,
    /// `sha-256 AB:CD:…`.
    pub local_fingerprint: String,
    /// Likewise.
    pub remote_fingerprint: String,
    /// Join to connected.
    pub setup_us: Option<u64>,
    /// 12 or 13; 0 = not connected.
    pub dtls: u32,
    /// How often the connection was stuck.
    pub restarts: u32,
    /// The transport, as it was at most a second ago.
    pub stats: Stats,
    /// Sockets that are open.
    pub sockets: usize,
}
