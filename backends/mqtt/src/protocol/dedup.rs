//! Duplicate suppression, per sender, so that nobody can make another's message look
//! like a duplicate, or evict another's entries.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit_signaling::Text;

use super::limits;

/// Ids of one sender's newest messages.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Recent(VecDeque<Text>);

impl Recent {
    /// True: for the first time.
    pub(super) fn insert(&mut self, id: &Text) -> bool {
        if self.0.contains(id) {
            return false;
        }
        self.0.push_back(id.clone());
        if self.0.len() > limits::RECENT {
            self.0.pop_front();
        }
        true
    }
}

/// Call records already reported, by account.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Claims(BTreeMap<Text, (u64, Recent)>);

impl Claims {
    /// True: for the first time.
    pub(super) fn insert(&mut self, now: u64, from: &Text, id: &Text) -> bool {
        if !self.0.contains_key(from) && self.0.len() >= limits::CLAIMANTS {
            let quiet = self.0.iter().min_by_key(|it| it.1.0).map(|it| it.0.clone());
            quiet.and_then(|it| self.0.remove(&it));
        }
        let (last_at, recent) = self.0.entry(from.clone()).or_default();
        *last_at = now;
        recent.insert(id)
    }
}

/// The newest login of each own device and incarnation: a redelivered one is no login.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Logins(VecDeque<(Text, Text, u64)>);

impl Logins {
    /// True: a newer one than any before.
    pub(super) fn insert(&mut self, device: &Text, instance: &Text, epoch: u64) -> bool {
        let known = self.0.iter_mut().find(|it| it.0 == *device && it.1 == *instance);
        if let Some((_, _, highest)) = known {
            let is_newer = epoch > *highest;
            *highest = epoch.max(*highest);
            return is_newer;
        }
        self.0.push_back((device.clone(), instance.clone(), epoch));
        if self.0.len() > limits::LOGINS {
            self.0.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_until_it_is_forgotten() {
        let mut recent = Recent::default();
        assert!(recent.insert(&"a".into()));
        assert!(!recent.insert(&"a".into()));
        for n in 0..limits::RECENT {
            assert!(recent.insert(&n.to_string().into()));
        }
        assert_eq!(recent.0.len(), limits::RECENT);
        assert!(recent.insert(&"a".into()), "the oldest was forgotten");
    }

    #[test]
    fn a_login_is_news_once() {
        let mut logins = Logins::default();
        let (device, one, two) = ("pad".into(), "1".into(), "2".into());
        assert!(logins.insert(&device, &one, 1));
        assert!(!logins.insert(&device, &one, 1), "delivered again");
        assert!(logins.insert(&device, &two, 1), "another life");
        assert!(logins.insert(&device, &one, 2) && !logins.insert(&device, &one, 1));
    }
}
