//! What a signaling backend reports.

use crate::channel::Channel;
use crate::number::numbered;
use crate::operation::Outcome;
use crate::text::Text;

numbered! {
    /// Kinds of signaling events. The service's own numbers, and ours from 101.
    pub enum EventKind {
        /// The channel was closed for all members.
        Close = 1,
        /// A member joined the channel.
        Join = 2,
        /// An invite to this account.
        Invite = 3,
        /// The inviter cancelled the invite.
        Cancel = 4,
        /// The invited account rejected.
        Reject = 5,
        /// The invited account accepted.
        Accept = 6,
        /// A member left the channel.
        Leave = 7,
        /// A text between members.
        Control = 8,
        /// A device of the invited account rings.
        Ringing = 101,
        /// The backend has received nothing from the peer's device within its limit.
        PeerLost = 102,
    }
}

numbered! {
    /// The origin of a batch of events.
    pub enum Origin {
        /// Just now.
        Online = 0,
        /// What another device of this account answered.
        OtherDevice = 1,
        /// What waited while this device was offline: the whole backlog is one batch.
        Offline = 2,
    }
}

/// A signaling event. Texts that an event does not have are empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// What happened.
    #[cfg_attr(feature = "serde", serde(rename = "signal"))]
    pub kind: EventKind,
    /// Its channel.
    pub channel: Channel,
    /// The actor.
    pub from: Text,
    /// With which device.
    pub from_device: Text,
    /// ACCEPT and REJECT: the inviter. Else the receiver.
    pub to: Text,
    /// Request id of the invite.
    pub request_id: Text,
    /// Attachment.
    #[cfg_attr(feature = "serde", serde(rename = "custom"))]
    pub custom_info: Text,
    /// Service clock, ms since 1970, 0 = not known.
    pub time_ms: u64,
    /// JOIN: media uid, 0 = not known.
    pub uid: u64,
}

/// What happened to the signaling connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Connection {
    /// Lost; the backend reconnects by itself.
    Lost(Outcome),
    /// Back, with the same login.
    Restored,
    /// Logged out by the service.
    Kicked(Outcome),
    /// A token is wanted for the next connection. OK: the login gave none. BAD_TOKEN: refused or expired.
    TokenNeeded(Outcome),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_header_are_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_number(kind.number()), Some(*kind));
        }
        for origin in Origin::ALL {
            assert_eq!(Origin::from_number(origin.number()), Some(*origin));
        }
        assert_eq!((EventKind::from_number(0), EventKind::from_number(9)), (None, None));
        assert_eq!((Origin::from_number(-1), Origin::from_number(3)), (None, None));
    }
}
