//! The media vocabulary: operations of a media backend and its reports, as plain values.
//!
//! The engine issues a [`MediaOperation`], which ends with an `Outcome`; a backend reports [`MediaEvent`]s.
//! Numbers are those of the C header. Nothing here has threads, clocks or I/O.
#![forbid(unsafe_code)]

use std::fmt;

use nertc_callkit_signaling::{CallType, Code, Outcome, Req, Text};

/// A media operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MediaOperation {
    /// Join a media room; completes once in it. Microphone and camera are off then.
    Join(Box<Join>),
    /// Leave the room.
    Leave,
    /// Open or close microphone or camera.
    EnableLocal {
        /// Which.
        media: Media,
        /// Open.
        on: bool,
    },
    /// Send silence or nothing while the device stays open.
    MuteLocal {
        /// Which.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// Receive media of a peer, or not.
    Subscribe {
        /// The peer.
        uid: u64,
        /// Which.
        media: Media,
        /// Receive.
        on: bool,
    },
    /// Draw a picture in a view of the app, or no longer.
    SetView {
        /// The peer; 0 = our own.
        uid: u64,
        /// Where.
        view: Option<View>,
    },
}

/// Which media room to join, for which call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Join {
    /// Name of the room.
    pub channel_name: Text,
    /// Own uid.
    pub uid: u64,
    /// Token, or empty.
    pub token: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// Our invite is the call's: this side offers.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_inviter: bool,
    /// Account of the other party; empty if the core is older than this.
    #[cfg_attr(feature = "serde", serde(default))]
    pub peer: Text,
    /// Call id of the call's invite, or empty: the same on both sides.
    #[cfg_attr(feature = "serde", serde(default))]
    pub call_id: Text,
    /// Number of the call; 0 if the core is older than this.
    #[cfg_attr(feature = "serde", serde(default))]
    pub call_no: u64,
    /// Own account; empty if the core is older than this.
    #[cfg_attr(feature = "serde", serde(default))]
    pub account: Text,
    /// Own device; empty if the core is older than this.
    #[cfg_attr(feature = "serde", serde(default))]
    pub device: Text,
}

/// A call that may join the media room: what a backend needs to make ready for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Preparation {
    /// Number of the call.
    pub call_no: u64,
    /// Our invite is the call's, as things stand: this side will offer.
    pub is_inviter: bool,
    /// Audio or video.
    pub call_type: CallType,
    /// Account of the other party.
    pub peer: Text,
    /// Call id of the call's invite, or empty: the same on both sides.
    pub call_id: Text,
}

/// How far media provably reaches the right peer; the numbers are those of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(i32)]
pub enum Security {
    /// No media yet.
    #[default]
    None = 0,
    /// Encrypted, but the peer gives no code.
    NoCode = 1,
    /// Encrypted; the code was not compared.
    Unverified = 2,
    /// The users compared the code, or the apps' keys signed both fingerprints.
    Verified = 3,
    /// Something is wrong: media is stopped, the call ends.
    Mismatch = 4,
}

impl Security {
    /// All of them, in the order of their numbers.
    pub const ALL: [Security; 5] =
        [Security::None, Security::NoCode, Security::Unverified, Security::Verified, Security::Mismatch];

    /// The number of the header.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// None: the header does not know this number.
    pub fn from_number(number: i32) -> Option<Security> {
        Security::ALL.into_iter().find(|security| security.number() == number)
    }
}

/// Audio, video or both: nertc_callkit_media bits, and no others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "u32", into = "u32")
)]
pub struct Media(u32);

impl Media {
    /// Sound.
    pub const AUDIO: Media = Media(1);
    /// Pictures.
    pub const VIDEO: Media = Media(2);
    /// Neither.
    pub const NONE: Media = Media(0);

    /// The known ones of these bits.
    pub const fn of(bits: u32) -> Media {
        Media(bits & (Media::AUDIO.0 | Media::VIDEO.0))
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Some of it is in both.
    pub const fn overlaps(self, other: Media) -> bool {
        self.0 & other.0 != 0
    }

    /// Neither.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl From<u32> for Media {
    fn from(bits: u32) -> Media {
        Media::of(bits)
    }
}

impl From<Media> for u32 {
    fn from(media: Media) -> u32 {
        media.0
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::ops::BitOr for Media {
    type Output = Media;

    fn bitor(self, other: Media) -> Media {
        Media(self.0 | other.0)
    }
}

impl std::ops::BitAnd for Media {
    type Output = Media;

    fn bitand(self, other: Media) -> Media {
        Media(self.0 & other.0)
    }
}

impl std::ops::Sub for Media {
    type Output = Media;

    fn sub(self, other: Media) -> Media {
        Media(self.0 & !other.0)
    }
}

/// A view of the app. Its window stays valid until another view, or none, takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct View {
    /// The backend's scaling mode; 0 = its default.
    pub scaling: i32,
    /// Mirrored.
    pub mirror: bool,
    /// Native window or view handle, as a number that is never looked at.
    pub window: usize,
}

/// An event of the media room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MediaEvent {
    /// Joined the room.
    PeerJoin {
        /// The peer.
        uid: u64,
    },
    /// Left the room.
    PeerLeave {
        /// The peer.
        uid: u64,
        /// OK = on purpose, anything else = lost.
        code: Code,
    },
    /// Started or stopped sending.
    PeerMedia {
        /// The peer.
        uid: u64,
        /// What.
        media: Media,
        /// Started.
        on: bool,
    },
    /// Muted or unmuted.
    PeerMute {
        /// The peer.
        uid: u64,
        /// What.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// Nothing has arrived for about 2 s.
    PeerSilent {
        /// The peer.
        uid: u64,
    },
    /// Something arrives again.
    // Its name in traces.
    #[cfg_attr(feature = "serde", serde(rename = "PeerHeard"))]
    PeerActive {
        /// The peer.
        uid: u64,
    },
    /// Our own connection is interrupted; the backend reconnects by itself.
    Reconnecting,
    /// Our own connection is back.
    Reconnected,
    /// Our own connection is lost for good.
    Disconnected(Outcome),
    /// Network quality.
    Quality {
        /// The peer; 0 = our own uplink.
        uid: u64,
        /// A nertc_callkit_quality.
        quality: i32,
    },
    /// An error that does not end the call.
    Error(Outcome),
    /// How far media provably reaches the peer: at each change.
    Secured {
        /// How far.
        security: Security,
        /// What both users compare, or empty.
        code: Text,
        /// `sha-256 AB:CD:…`, or empty.
        local_fingerprint: Text,
        /// The peer's, likewise.
        remote_fingerprint: Text,
    },
}

/// An event of the media room, and the join that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "TracedReport", into = "TracedReport")
)]
pub struct MediaReport {
    /// Number of the join. `None` = that of the room which the core is in: the backend does not say.
    pub join: Option<Req>,
    /// What happened.
    pub event: MediaEvent,
}

impl From<MediaEvent> for MediaReport {
    fn from(event: MediaEvent) -> MediaReport {
        MediaReport { join: None, event }
    }
}

/// How traces have it: an event without a join as it was before there were reports.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum TracedReport {
    OfJoin { join: Req, event: MediaEvent },
    Event(MediaEvent),
}

#[cfg(feature = "serde")]
impl From<TracedReport> for MediaReport {
    fn from(report: TracedReport) -> MediaReport {
        match report {
            TracedReport::OfJoin { join, event } => MediaReport { join: Some(join), event },
            TracedReport::Event(event) => event.into(),
        }
    }
}

#[cfg(feature = "serde")]
impl From<MediaReport> for TracedReport {
    fn from(MediaReport { join, event }: MediaReport) -> TracedReport {
        match join {
            Some(join) => TracedReport::OfJoin { join, event },
            None => TracedReport::Event(event),
        }
    }
}

impl MediaEvent {
    /// The backend reports it again and again: one may be lost.
    pub const fn is_repeated(&self) -> bool {
        matches!(self, MediaEvent::PeerMute { .. } | MediaEvent::Quality { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_media_bits_are_dropped() {
        assert_eq!(Media::of(u32::MAX), Media::AUDIO | Media::VIDEO);
        assert_eq!(Media::of(u32::MAX) - Media::AUDIO, Media::VIDEO);
        assert_eq!(Media::of(u32::MAX) & Media::AUDIO, Media::AUDIO);
        assert!(Media::of(4).is_empty() && !Media::AUDIO.overlaps(Media::VIDEO));
    }

    #[test]
    fn security_is_known_by_its_numbers_and_no_others() {
        for (number, security) in Security::ALL.into_iter().enumerate() {
            assert_eq!(Security::from_number(number as i32), Some(security));
        }
        assert_eq!((Security::from_number(-1), Security::from_number(5)), (None, None));
    }
}
