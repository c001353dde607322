//! Ended invites, remembered so that nothing rings after its end was seen, in whatever order messages arrive.

use serde::{Deserialize, Serialize};

use super::input::Text;
use super::limits;
use super::time::Time;

/// Remembered ends, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tombstones(pub(super) Vec<Tombstone>);

/// One ended invite, or a whole channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tombstone {
    pub(super) channel_id: Text,
    /// None: the channel was closed, no invite of it is worth anything.
    pub(super) request_id: Option<Text>,
    pub(super) sender: Text,
    pub(super) until: Time,
}

impl Tombstones {
    /// Remembers an ended invite, or (with `request_id` None) a closed channel.
    pub(super) fn add(
        &mut self,
        now: Time,
        ms: u32,
        channel_id: &Text,
        request_id: Option<&Text>,
        sender: &Text,
    ) {
        self.0.retain(|stone| stone.until > now);
        // What ends twice mostly does so at once.
        if self.0.iter().rev().any(|stone| {
            stone.request_id.as_ref() == request_id
                && stone.channel_id == *channel_id
                && stone.sender == *sender
        }) {
            return;
        }
        if self.0.iter().filter(|stone| stone.sender == *sender).count() >= limits::TOMBSTONES_PER_SENDER {
            self.remove_oldest(|stone| stone.sender == *sender);
        } else if self.0.len() >= limits::TOMBSTONES {
            self.remove_oldest(|_| true);
        }
        self.0.push(Tombstone {
            channel_id: channel_id.clone(),
            request_id: request_id.cloned(),
            sender: sender.clone(),
            until: now.after(ms),
        });
    }

    fn remove_oldest(&mut self, which: impl Fn(&Tombstone) -> bool) {
        if let Some(index) = self.0.iter().position(which) {
            self.0.remove(index);
        }
    }

    /// This invite is over, in the words of its inviter or of our own `account`: nobody else can end it.
    pub(super) fn covers(
        &self,
        now: Time,
        channel_id: &str,
        request_id: &str,
        inviter: &Text,
        account: &Text,
    ) -> bool {
        self.0.iter().any(|stone| {
            stone.until > now
                && &*stone.channel_id == channel_id
                && (stone.sender == *inviter || stone.sender == *account)
                && stone.request_id.as_deref().is_none_or(|request| request == request_id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Text {
        n.to_string().into()
    }

    #[test]
    fn an_ended_invite_is_remembered_for_its_time_and_no_longer() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), 100, &id(1), Some(&id(2)), &id(9));
        assert!(stones.covers(Time(99), "1", "2", &id(9), &id(0)));
        assert!(!stones.covers(Time(99), "1", "3", &id(9), &id(0)));
        assert!(!stones.covers(Time(99), "1", "2", &id(8), &id(0)), "only its inviter or we can end it");
        assert!(stones.covers(Time(99), "1", "2", &id(8), &id(9)));
        assert!(!stones.covers(Time(100), "1", "2", &id(9), &id(0)));
    }

    #[test]
    fn a_closed_channel_covers_every_invite_of_it() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), 100, &id(1), None, &id(9));
        assert!(stones.covers(Time(1), "1", "whatever", &id(9), &id(0)));
    }

    #[test]
    fn one_sender_cannot_push_out_the_others() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), 100, &id(1), Some(&id(1)), &id(1));
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), 100, &id(n + 10), Some(&id(1)), &id(2));
        }
        assert!(stones.covers(Time(1), "1", "1", &id(1), &id(0)));
        assert_eq!(stones.0.len(), 1 + limits::TOMBSTONES_PER_SENDER);
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), 100, &id(n + 10), Some(&id(7)), &id(n + 10));
        }
        assert_eq!(stones.0.len(), limits::TOMBSTONES);
    }
}
