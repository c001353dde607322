//! Channels and their members.

use crate::number::numbered;
use crate::text::Text;

numbered! {
    /// Audio or video.
    pub enum CallType {
        /// Audio only.
        Audio = 1,
        /// Audio and video.
        Video = 2,
        /// Any other type a peer or a service reports; never requested.
        Other = 3,
    }
}

impl CallType {
    /// The call type of any number.
    pub const fn of(number: i32) -> CallType {
        match CallType::from_number(number) {
            Some(call_type) => call_type,
            None => CallType::Other,
        }
    }
}

/// A device of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeviceAddr {
    /// Account.
    pub account: Text,
    /// Device id.
    pub device: Text,
}

impl DeviceAddr {
    /// This device of this account.
    pub fn new(account: &Text, device: &Text) -> DeviceAddr {
        DeviceAddr { account: account.clone(), device: device.clone() }
    }
}

/// A signaling channel. Services make one for each call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Channel {
    /// Id.
    pub id: Text,
    /// 1 audio, 2 video, else other: see [`CallType::of`].
    pub call_type: i32,
    /// No longer valid.
    pub invalid: bool,
    /// Account that made it.
    pub creator: Text,
    /// Service clock, ms since 1970, 0 = not known.
    pub create_ms: u64,
    /// When it expires; service clock, ms since 1970, 0 = not known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
    pub expire_ms: u64,
}

#[cfg(feature = "serde")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A device in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Member {
    /// Account.
    pub account: Text,
    /// Device id, maybe empty.
    pub device: Text,
    /// Media uid.
    pub uid: u64,
}

/// A channel and its members, as they were at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelState {
    /// The channel.
    pub channel: Channel,
    /// Its members.
    pub members: Vec<Member>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_meaning_is_another_call_type() {
        let known = CallType::ALL.iter().map(|it| CallType::of(it.number()));
        assert!(known.eq(CallType::ALL.iter().copied()));
        assert_eq!([0, 4, -1].map(CallType::of), [CallType::Other; 3]);
    }
}
