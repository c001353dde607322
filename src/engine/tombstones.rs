//! Ended invites, remembered so that nothing rings after its end was seen, in whatever order messages arrive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::limits;
use super::time::Time;
use nertc_callkit_signaling::Text;

/// Remembered ends, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tombstones(pub(super) Vec<Tombstone>);

/// One ended invite, or a whole channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tombstone {
    pub(super) channel_id: Text,
    /// None: the channel was closed, no invite of it is worth anything.
    pub(super) request_id: Option<Text>,
    /// The sender: it counts if that is the inviter or our own account.
    pub(super) writer: Text,
    /// The account whose share it uses: the inviter, as far as known.
    pub(super) owner: Text,
    /// A call that the app was shown. Others' invites, however many, never push it out.
    pub(super) is_own: bool,
    pub(super) until: Time,
}

impl Tombstones {
    /// Remembers an ended invite, or (without `request_id`) a closed channel.
    pub(super) fn add(&mut self, now: Time, stone: Tombstone) {
        self.0.retain(|stone| stone.until > now);
        // What ends twice mostly does so at once.
        let known = self.0.iter_mut().rev().find(|known| {
            known.request_id == stone.request_id
                && known.channel_id == stone.channel_id
                && known.writer == stone.writer
        });
        if let Some(known) = known {
            known.is_own |= stone.is_own;
            return;
        }
        let (limit, of_class) = match stone.is_own {
            true => (limits::OWN_TOMBSTONES, self.0.iter().filter(|other| other.is_own).count()),
            false => (limits::TOMBSTONES, self.0.iter().filter(|other| !other.is_own).count()),
        };
        if self.share(&stone.owner, stone.is_own) >= limits::TOMBSTONES_PER_SENDER {
            self.remove_oldest(|other| other.owner == stone.owner && other.is_own == stone.is_own);
        } else if of_class >= limit {
            self.remove_of_greediest(stone.is_own);
        }
        self.0.push(stone);
    }

    fn share(&self, owner: &Text, is_own: bool) -> usize {
        self.0.iter().filter(|other| other.is_own == is_own && other.owner == *owner).count()
    }

    /// Evicts the oldest of the owner with the most.
    fn remove_of_greediest(&mut self, is_own: bool) {
        let mut shares: BTreeMap<&Text, usize> = BTreeMap::new();
        for stone in self.0.iter().filter(|stone| stone.is_own == is_own) {
            *shares.entry(&stone.owner).or_default() += 1;
        }
        let Some(most) = shares.values().copied().max() else { return };
        let is_greediest = |stone: &Tombstone| stone.is_own == is_own && shares[&stone.owner] == most;
        if let Some(index) = self.0.iter().position(is_greediest) {
            self.0.remove(index);
        }
    }

    fn remove_oldest(&mut self, which: impl Fn(&Tombstone) -> bool) {
        if let Some(index) = self.0.iter().position(which) {
            self.0.remove(index);
        }
    }

    /// This invite has ended, according to its inviter or to our own `account`: nobody else can end it.
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
                && (stone.writer == *inviter || stone.writer == *account)
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

    fn stone(channel: usize, request: Option<usize>, writer: usize, is_own: bool) -> Tombstone {
        Tombstone {
            channel_id: id(channel),
            request_id: request.map(id),
            writer: id(writer),
            owner: id(writer),
            is_own,
            until: Time(100),
        }
    }

    #[test]
    fn an_ended_invite_is_remembered_for_its_time_and_no_longer() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, Some(2), 9, false));
        assert!(stones.covers(Time(99), "1", "2", &id(9), &id(0)));
        assert!(!stones.covers(Time(99), "1", "3", &id(9), &id(0)));
        assert!(!stones.covers(Time(99), "1", "2", &id(8), &id(0)), "only its inviter or we can end it");
        assert!(stones.covers(Time(99), "1", "2", &id(8), &id(9)));
        assert!(!stones.covers(Time(100), "1", "2", &id(9), &id(0)));
    }

    #[test]
    fn a_closed_channel_covers_every_invite_of_it() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, None, 9, false));
        assert!(stones.covers(Time(1), "1", "whatever", &id(9), &id(0)));
    }

    #[test]
    fn one_sender_cannot_push_out_the_others() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, Some(1), 1, false));
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 10, Some(1), 2, false));
        }
        assert!(stones.covers(Time(1), "1", "1", &id(1), &id(0)));
        assert_eq!(stones.0.len(), 1 + limits::TOMBSTONES_PER_SENDER);
    }

    #[test]
    fn eight_senders_cannot_push_out_the_others() {
        let mut stones = Tombstones::default();
        for n in 0..3 {
            stones.add(Time(0), stone(n, Some(1), 1, false));
        }
        for n in 0..20 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 10, Some(1), 2 + n % 8, false));
        }
        for n in 0..3 {
            assert!(stones.covers(Time(1), &id(n), "1", &id(1), &id(0)), "{n}");
        }
        assert_eq!(stones.0.len(), limits::TOMBSTONES);
    }

    #[test]
    fn calls_that_were_shown_stay_whoever_else_calls() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, Some(1), 1, false));
        stones.add(Time(0), stone(1, Some(1), 1, true));
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 10, Some(1), n + 10, false));
        }
        assert!(stones.covers(Time(1), "1", "1", &id(1), &id(0)));
        assert_eq!(stones.0.len(), 1 + limits::TOMBSTONES);
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 9_000, Some(1), n + 9_000, true));
        }
        assert_eq!(stones.0.len(), limits::OWN_TOMBSTONES + limits::TOMBSTONES);
    }
}
