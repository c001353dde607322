//! What is over and must not begin again, and whom it concerned.
//!
//! Each entry belongs to the device that made the channel: only that one, or our own account, writes it. What
//! others make happen flushes neither own calls nor more than its share of the rest.

use std::collections::{BTreeMap, VecDeque};

use super::envelope::{How, Settled};
use super::limits;
use super::room::Party;
use super::value::Text;

/// All that is over.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Over {
    /// Own calls: made or taken part in here.
    own: VecDeque<Ended>,
    /// All others.
    others: VecDeque<Ended>,
}

/// An invite that is over.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ended {
    /// Who made the channel.
    pub(super) owner: Party,
    pub(super) channel: Text,
    pub(super) request: Text,
    pub(super) at: u64,
    /// What an operation on it is answered.
    pub(super) code: i32,
    /// Of an invite of ours.
    pub(super) word: Option<Word>,
    /// We made the channel or took part.
    pub(super) is_own: bool,
    /// Its owner knows of this device, and is answered.
    pub(super) is_known: bool,
}

/// The last word on an invite of ours: said again to whoever asks.
#[derive(Clone, Debug, Hash)]
pub(super) struct Word {
    pub(super) to: Text,
    pub(super) id: Text,
    pub(super) settled: Settled,
}

impl Over {
    pub(super) fn bury(&mut self, ended: Ended) {
        let now = ended.at;
        self.own.retain(|it| it.lasts(now));
        self.others.retain(|it| it.lasts(now));
        if ended.is_own {
            self.own.push_back(ended);
            if self.own.len() > limits::OVER_OWN {
                self.own.pop_front();
            }
            return;
        }
        let mut counts: BTreeMap<&Text, usize> = BTreeMap::new();
        self.others.iter().for_each(|it| *counts.entry(&it.owner.account).or_default() += 1);
        let of_one = counts.get(&ended.owner.account).copied().unwrap_or_default();
        let goes = if of_one >= limits::OVER_OF_ONE {
            Some(ended.owner.account.clone())
        } else if self.others.len() >= limits::OVER_OTHERS {
            let most = counts.values().max().copied();
            let is_one = |it: &&Ended| counts.get(&it.owner.account).copied() == most;
            self.others.iter().find(is_one).map(|it| it.owner.account.clone())
        } else {
            None
        };
        let at = goes.and_then(|account| self.others.iter().position(|it| it.owner.account == account));
        at.and_then(|at| self.others.remove(at));
        self.others.push_back(ended);
    }

    /// The newest first.
    fn of<'a>(&'a self, now: u64, channel: &'a Text) -> impl Iterator<Item = &'a Ended> {
        let all = self.own.iter().rev().chain(self.others.iter().rev());
        all.filter(move |it| it.channel == *channel && it.lasts(now))
    }

    /// An invite of this device is over.
    pub(super) fn has(&self, now: u64, owner: &Party, channel: &Text, request: &Text) -> bool {
        self.of(now, channel).any(|it| it.owner == *owner && it.request == *request)
    }

    /// What an operation on it is answered; an empty account is any. None: not known.
    pub(super) fn code(&self, now: u64, channel: &Text, request: &Text, by: &Text) -> Option<i32> {
        let is_it = |it: &&Ended| it.request == *request && (by.is_empty() || it.owner.account == *by);
        self.of(now, channel).find(is_it).map(|it| it.code)
    }

    /// What was said last about our invite to `to`.
    pub(super) fn word<'a>(
        &'a self,
        now: u64,
        channel: &'a Text,
        request: &Text,
        to: &Text,
    ) -> Option<&'a Word> {
        let words = self.of(now, channel).filter(|it| it.request == *request);
        words.filter_map(|it| it.word.as_ref()).find(|it| it.to == *to)
    }

    /// Whether somebody knows of this device by a channel that is over: its owner, or whom we had invited.
    pub(super) fn concerns(&self, now: u64, channel: &Text, party: &Party) -> bool {
        self.of(now, channel).any(|it| match &it.word {
            Some(word) => word.to == party.account,
            None => it.is_known && it.owner == *party,
        })
    }
}

impl Ended {
    fn lasts(&self, now: u64) -> bool {
        self.at + limits::OVER_MS > now
    }
}

impl How {
    /// What an operation on a settled invite is answered.
    pub(super) fn code(self) -> i32 {
        match self {
            How::Accept => super::codes::INVITE_ACCEPTED,
            How::Reject => super::codes::INVITE_REJECTED,
            How::Cancel => super::codes::INVITE_NOT_EXISTS,
            How::Close => super::codes::CHANNEL_NOT_EXISTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(account: &str, request: usize, is_own: bool) -> Ended {
        let owner = Party::new(&account.into(), &"phone".into());
        let request = request.to_string().into();
        Ended { owner, channel: "c".into(), request, at: 0, code: 0, word: None, is_own, is_known: true }
    }

    fn has(over: &Over, account: &str, request: usize) -> bool {
        let owner = Party::new(&account.into(), &"phone".into());
        over.has(0, &owner, &"c".into(), &request.to_string().into())
    }

    #[test]
    fn nobody_flushes_what_is_remembered_of_others() {
        let mut over = Over::default();
        over.bury(ended("carol", 0, true));
        over.bury(ended("alice", 0, false));
        for request in 0..10_000 {
            over.bury(ended("mallory", request, false));
        }
        assert!(has(&over, "alice", 0) && has(&over, "carol", 0));
        assert!(has(&over, "mallory", 9_999) && !has(&over, "mallory", 9_999 - limits::OVER_OF_ONE));
        // Who has many gives way to who has few.
        for account in 0..limits::OVER_OTHERS - 2 {
            over.bury(ended(&account.to_string(), 0, false));
        }
        assert!(has(&over, "alice", 0) && has(&over, "0", 0));
        assert_eq!(over.others.len(), limits::OVER_OTHERS);
        for account in 0..10_000 {
            over.bury(ended(&format!("m{account}"), 0, false));
        }
        assert!(has(&over, "carol", 0), "own calls do not give way");
    }

    #[test]
    fn another_devices_channel_of_the_same_name_is_another_matter() {
        let mut over = Over::default();
        over.bury(ended("mallory", 1, false));
        assert!(!has(&over, "alice", 1));
        assert!(over.code(0, &"c".into(), &"1".into(), &"alice".into()).is_none());
        assert!(over.code(0, &"c".into(), &"1".into(), &"".into()).is_some());
        assert!(over.code(limits::OVER_MS, &"c".into(), &"1".into(), &"".into()).is_none(), "forgotten");
    }
}
