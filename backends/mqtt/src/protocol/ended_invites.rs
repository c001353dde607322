//! Ended invites, which must not ring again, and the devices concerned.
//!
//! Each entry belongs to the device that created the channel: only that one, or our own account, writes it.
//! Others evict neither own calls nor more than their share of the rest.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit_signaling::{Code, DeviceAddr, Text};

use super::limits;
use super::message::{DecisionKind, Settled};

/// All ended invites.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct EndedInvites {
    /// Own calls: made or taken part in here.
    own: VecDeque<EndedInvite>,
    /// All others.
    others: VecDeque<EndedInvite>,
}

/// An ended invite.
#[derive(Clone, Debug, Hash)]
pub(super) struct EndedInvite {
    /// The channel's creator.
    pub(super) owner: DeviceAddr,
    pub(super) channel: Text,
    pub(super) request: Text,
    pub(super) at: u64,
    /// What an operation on it is answered.
    pub(super) code: Code,
    /// Of an invite of ours.
    pub(super) decision: Option<Decision>,
    /// We made the channel or took part.
    pub(super) is_own: bool,
    /// Its owner has this device in its channel, and gets answers.
    pub(super) is_known: bool,
}

/// The decision on an invite of ours: repeated to whoever asks.
#[derive(Clone, Debug, Hash)]
pub(super) struct Decision {
    pub(super) to: Text,
    pub(super) id: Text,
    pub(super) settled: Settled,
}

impl EndedInvites {
    pub(super) fn record(&mut self, ended: EndedInvite) {
        let now = ended.at;
        self.own.retain(|it| it.lasts(now));
        self.others.retain(|it| it.lasts(now));
        if ended.is_own {
            self.own.push_back(ended);
            if self.own.len() > limits::ENDED_OWN {
                self.own.pop_front();
            }
            return;
        }
        let mut counts: BTreeMap<&Text, usize> = BTreeMap::new();
        self.others.iter().for_each(|it| *counts.entry(&it.owner.account).or_default() += 1);
        let of_one = counts.get(&ended.owner.account).copied().unwrap_or_default();
        let goes = if of_one >= limits::ENDED_OF_ONE {
            Some(ended.owner.account.clone())
        } else if self.others.len() >= limits::ENDED_OTHERS {
            let most = counts.values().max().copied();
            let is_one = |it: &&EndedInvite| counts.get(&it.owner.account).copied() == most;
            self.others.iter().find(is_one).map(|it| it.owner.account.clone())
        } else {
            None
        };
        let at = goes.and_then(|account| self.others.iter().position(|it| it.owner.account == account));
        at.and_then(|at| self.others.remove(at));
        self.others.push_back(ended);
    }

    /// The newest first.
    fn of<'a>(&'a self, now: u64, channel: &'a Text) -> impl Iterator<Item = &'a EndedInvite> {
        let all = self.own.iter().rev().chain(self.others.iter().rev());
        all.filter(move |it| it.channel == *channel && it.lasts(now))
    }

    /// An invite of this device has ended.
    pub(super) fn has(&self, now: u64, owner: &DeviceAddr, channel: &Text, request: &Text) -> bool {
        self.of(now, channel).any(|it| it.owner == *owner && it.request == *request)
    }

    /// What an operation on it is answered; an empty account is any. None: not known.
    pub(super) fn code(&self, now: u64, channel: &Text, request: &Text, by: &Text) -> Option<Code> {
        let is_it = |it: &&EndedInvite| it.request == *request && (by.is_empty() || it.owner.account == *by);
        self.of(now, channel).find(is_it).map(|it| it.code)
    }

    /// The last decision on our invite to `to`.
    pub(super) fn decision<'a>(
        &'a self,
        now: u64,
        channel: &'a Text,
        request: &Text,
        to: &Text,
    ) -> Option<&'a Decision> {
        let decisions = self.of(now, channel).filter(|it| it.request == *request);
        decisions.filter_map(|it| it.decision.as_ref()).find(|it| it.to == *to)
    }

    /// Whether a device has to do with this one by an ended channel: its owner, or a device we had invited.
    pub(super) fn concerns(&self, now: u64, channel: &Text, addr: &DeviceAddr) -> bool {
        self.of(now, channel).any(|it| match &it.decision {
            Some(decision) => decision.to == addr.account,
            None => it.is_known && it.owner == *addr,
        })
    }
}

impl EndedInvite {
    fn lasts(&self, now: u64) -> bool {
        self.at + limits::ENDED_MS > now
    }
}

impl DecisionKind {
    /// What an operation on a settled invite is answered.
    pub(super) fn code(self) -> Code {
        match self {
            DecisionKind::Accept => Code::INVITE_ACCEPTED,
            DecisionKind::Reject => Code::INVITE_REJECTED,
            DecisionKind::Cancel => Code::INVITE_NOT_EXISTS,
            DecisionKind::Close => Code::CHANNEL_NOT_EXISTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended_by(account: &str, request: usize, is_own: bool) -> EndedInvite {
        let owner = DeviceAddr::new(&account.into(), &"phone".into());
        let request = request.to_string().into();
        EndedInvite {
            owner,
            channel: "c".into(),
            request,
            at: 0,
            code: Code::OK,
            decision: None,
            is_own,
            is_known: true,
        }
    }

    fn has(ended: &EndedInvites, account: &str, request: usize) -> bool {
        let owner = DeviceAddr::new(&account.into(), &"phone".into());
        ended.has(0, &owner, &"c".into(), &request.to_string().into())
    }

    #[test]
    fn nobody_flushes_what_is_remembered_of_others() {
        let mut ended = EndedInvites::default();
        ended.record(ended_by("carol", 0, true));
        ended.record(ended_by("alice", 0, false));
        for request in 0..10_000 {
            ended.record(ended_by("mallory", request, false));
        }
        assert!(has(&ended, "alice", 0) && has(&ended, "carol", 0));
        assert!(has(&ended, "mallory", 9_999) && !has(&ended, "mallory", 9_999 - limits::ENDED_OF_ONE));
        // The account with the most entries is evicted first.
        for account in 0..limits::ENDED_OTHERS - 2 {
            ended.record(ended_by(&account.to_string(), 0, false));
        }
        assert!(has(&ended, "alice", 0) && has(&ended, "0", 0));
        assert_eq!(ended.others.len(), limits::ENDED_OTHERS);
        for account in 0..10_000 {
            ended.record(ended_by(&format!("m{account}"), 0, false));
        }
        assert!(has(&ended, "carol", 0), "own calls do not give way");
    }

    #[test]
    fn another_devices_channel_of_the_same_name_is_another_matter() {
        let mut ended = EndedInvites::default();
        ended.record(ended_by("mallory", 1, false));
        assert!(!has(&ended, "alice", 1));
        assert!(ended.code(0, &"c".into(), &"1".into(), &"alice".into()).is_none());
        assert!(ended.code(0, &"c".into(), &"1".into(), &"".into()).is_some());
        assert!(ended.code(limits::ENDED_MS, &"c".into(), &"1".into(), &"".into()).is_none(), "forgotten");
    }
}
