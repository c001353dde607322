//! Ended invites, remembered so that nothing rings after its end was seen, in whatever order messages arrive.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::limits;
use super::time::Time;
use nertc_callkit_signaling::Text;

/// Remembered ends, oldest first: all are kept equally long, so what is over stands at the front.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Tombstone>", into = "Vec<Tombstone>")]
pub(super) struct Tombstones(VecDeque<(Tail, Tombstone)>);

/// The end of a channel's id, by which nearly all others are told apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Tail(u64);

impl Tail {
    fn of(channel_id: &Text) -> Tail {
        let bytes = channel_id.as_bytes();
        Tail(match bytes.last_chunk() {
            Some(end) => u64::from_le_bytes(*end),
            None => bytes.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
        })
    }
}

impl From<Vec<Tombstone>> for Tombstones {
    fn from(stones: Vec<Tombstone>) -> Tombstones {
        Tombstones(stones.into_iter().map(|stone| (Tail::of(&stone.channel_id), stone)).collect())
    }
}

impl From<Tombstones> for Vec<Tombstone> {
    fn from(stones: Tombstones) -> Vec<Tombstone> {
        stones.0.into_iter().map(|(_, stone)| stone).collect()
    }
}

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
        while self.0.front().is_some_and(|(_, stone)| stone.until <= now) {
            self.0.pop_front();
        }
        let tail = Tail::of(&stone.channel_id);
        // What ends twice mostly does so at once.
        let known = self.0.iter_mut().rev().find(|(other, known)| {
            *other == tail
                && known.request_id == stone.request_id
                && known.channel_id == stone.channel_id
                && known.writer == stone.writer
        });
        if let Some((_, known)) = known {
            known.is_own |= stone.is_own;
            return;
        }
        if self.0.len() >= limits::TOMBSTONES_PER_SENDER {
            self.make_room(&stone);
        }
        self.0.push_back((tail, stone));
    }

    /// All of them, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Tombstone> {
        self.0.iter().map(|(_, stone)| stone)
    }

    /// For one more of its owner and kind.
    fn make_room(&mut self, stone: &Tombstone) {
        let limit = if stone.is_own { limits::OWN_TOMBSTONES } else { limits::TOMBSTONES };
        let is_of_share = |other: &Tombstone| other.is_own == stone.is_own && other.owner == stone.owner;
        if self.iter().filter(|other| is_of_share(other)).count() >= limits::TOMBSTONES_PER_SENDER {
            self.remove_oldest(is_of_share);
        } else if self.iter().filter(|other| other.is_own == stone.is_own).count() >= limit {
            self.remove_of_greediest(stone.is_own);
        }
    }

    /// Evicts the oldest of the owner with the most.
    fn remove_of_greediest(&mut self, is_own: bool) {
        let mut shares: BTreeMap<&Text, usize> = BTreeMap::new();
        for stone in self.iter().filter(|stone| stone.is_own == is_own) {
            *shares.entry(&stone.owner).or_default() += 1;
        }
        let Some(most) = shares.values().copied().max() else { return };
        let is_greediest = |stone: &Tombstone| stone.is_own == is_own && shares[&stone.owner] == most;
        let oldest = self.iter().position(is_greediest);
        if let Some(index) = oldest {
            self.0.remove(index);
        }
    }

    fn remove_oldest(&mut self, which: impl Fn(&Tombstone) -> bool) {
        let oldest = self.iter().position(which);
        if let Some(index) = oldest {
            self.0.remove(index);
        }
    }

    /// This invite has ended, according to its inviter or to our own `account`: nobody else can end it.
    pub(super) fn covers(
        &self,
        now: Time,
        channel_id: &Text,
        request_id: &Text,
        inviter: &Text,
        account: &Text,
    ) -> bool {
        let tail = Tail::of(channel_id);
        self.0.iter().filter(|(other, _)| *other == tail).any(|(_, stone)| {
            stone.request_id.as_ref().is_none_or(|request| request == request_id)
                && stone.channel_id == *channel_id
                && (stone.writer == *inviter || stone.writer == *account)
                && stone.until > now
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
        assert!(stones.covers(Time(99), &id(1), &id(2), &id(9), &id(0)));
        assert!(!stones.covers(Time(99), &id(1), &id(3), &id(9), &id(0)));
        assert!(
            !stones.covers(Time(99), &id(1), &id(2), &id(8), &id(0)),
            "only its inviter or we can end it"
        );
        assert!(stones.covers(Time(99), &id(1), &id(2), &id(8), &id(9)));
        assert!(!stones.covers(Time(100), &id(1), &id(2), &id(9), &id(0)));
    }

    #[test]
    fn a_closed_channel_covers_every_invite_of_it() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, None, 9, false));
        assert!(stones.covers(Time(1), &id(1), &id(5), &id(9), &id(0)));
    }

    #[test]
    fn one_sender_cannot_push_out_the_others() {
        let mut stones = Tombstones::default();
        stones.add(Time(0), stone(1, Some(1), 1, false));
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 10, Some(1), 2, false));
        }
        assert!(stones.covers(Time(1), &id(1), &id(1), &id(1), &id(0)));
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
            assert!(stones.covers(Time(1), &id(n), &id(1), &id(1), &id(0)), "{n}");
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
        assert!(stones.covers(Time(1), &id(1), &id(1), &id(1), &id(0)));
        assert_eq!(stones.0.len(), 1 + limits::TOMBSTONES);
        for n in 0..10 * limits::TOMBSTONES {
            stones.add(Time(0), stone(n + 9_000, Some(1), n + 9_000, true));
        }
        assert_eq!(stones.0.len(), limits::OWN_TOMBSTONES + limits::TOMBSTONES);
    }
}
