//! Media rooms: participants, and who receives from whom.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use nertc_callkit_media::{Media, MediaEvent};
use nertc_callkit_signaling::{Req, Text};
use smallvec::SmallVec;

use super::ids::{DeviceId, Port};
use crate::by_number::ByNumber;

/// The ports of a room: in a call there is one other.
pub type Ports = SmallVec<[Port; 2]>;

/// All rooms and possible participants.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct MediaRooms {
    /// By name, in the order of their ports. An empty one goes.
    pub(super) rooms: BTreeMap<Text, Ports>,
    pub(super) participants: ByNumber<Port, Box<Participant>>,
}

/// One instance of a media backend.
#[derive(Clone, Debug, Default)]
pub(super) struct Participant {
    /// The room that it is in.
    pub(super) room: Option<Text>,
    /// The join that brought it there.
    pub(super) join: Option<Req>,
    pub(super) uid: u64,
    /// Its account, as signaling knows it.
    pub(super) owner: Option<DeviceId>,
    /// Microphone and camera; off when the room is left, the core enables them anew.
    pub(super) enabled: Media,
    /// Ends with the room.
    pub(super) muted: Media,
    /// Kinds of media it does not receive, and from whom; ends with the room.
    pub(super) unwanted: BTreeMap<u64, Media>,
}

/// Without the number of its join.
impl Hash for Participant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Participant { room, join: _, uid, owner, enabled, muted, unwanted } = self;
        (room, uid, owner, enabled, muted, unwanted).hash(state);
    }
}

impl MediaRooms {
    pub(super) fn others_in(&self, room: &Text, port: Port) -> Ports {
        self.rooms.get(room).into_iter().flatten().copied().filter(|it| *it != port).collect()
    }
}

impl Participant {
    /// It sends this kind of media.
    pub(super) fn sends(&self, media: Media) -> bool {
        self.room.is_some() && (self.enabled - self.muted).overlaps(media)
    }

    /// It receives this kind of media from `uid`.
    pub(super) fn wants(&self, uid: u64, media: Media) -> bool {
        self.unwanted.get(&uid).is_none_or(|unwanted| !unwanted.overlaps(media))
    }

    pub(super) fn subscribe(&mut self, uid: u64, media: Media, on: bool) {
        let before = self.unwanted.remove(&uid).unwrap_or_default();
        let after = if on { before - media } else { before | media };
        if !after.is_empty() {
            self.unwanted.insert(uid, after);
        }
    }

    /// What a peer has to know about it: that it is there, what it sends, what is muted.
    pub(super) fn introduction(&self) -> impl Iterator<Item = MediaEvent> + Clone + use<> {
        let Participant { uid, enabled, muted, .. } = *self;
        let media = MediaEvent::PeerMedia { uid, media: enabled, on: true };
        let mute = MediaEvent::PeerMute { uid, media: muted, muted: true };
        let is_on = (!enabled.is_empty()).then_some(media);
        [MediaEvent::PeerJoin { uid }].into_iter().chain(is_on).chain((!muted.is_empty()).then_some(mute))
    }
}
