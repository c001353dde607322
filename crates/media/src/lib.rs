//! The media vocabulary: operations of a media backend and its reports, as plain values.
//!
//! The engine issues a [`MediaOperation`], which ends with an `Outcome`; a backend reports [`MediaEvent`]s.
//! Numbers are those of the C header. Nothing here has threads, clocks or I/O.
#![forbid(unsafe_code)]

use std::fmt;

use nertc_callkit_signaling::{CallType, Code, Outcome, Text};

/// A media operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MediaOperation {
    /// Join a media room; completes once in it. Microphone and camera are off then.
    Join {
        /// Name of the room.
        channel_name: Text,
        /// Own uid.
        uid: u64,
        /// Token, or empty.
        token: Text,
        /// Audio or video.
        call_type: CallType,
        /// Our invite is the call's: this side offers.
        #[cfg_attr(feature = "serde", serde(default))]
        is_inviter: bool,
        /// Account of the other party; empty if the core is older than this.
        #[cfg_attr(feature = "serde", serde(default))]
        peer: Text,
        /// Call id of the call's invite, or empty: the same on both sides.
        #[cfg_attr(feature = "serde", serde(default))]
        call_id: Text,
    },
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
    PeerHeard {
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
}
