//! What is not let in: repeats of what was seen, and senders who say too much. Each sender has a memory of
//! its own, so that nobody can make another's message look like a repeat, or flush what is known of another.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use super::limits;
use super::value::Text;

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

/// Call records that were heard, by account.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Claims(BTreeMap<Text, (u64, Recent)>);

impl Claims {
    /// True: for the first time.
    pub(super) fn insert(&mut self, now: u64, from: &Text, id: &Text) -> bool {
        if !self.0.contains_key(from) && self.0.len() >= limits::CLAIMANTS {
            let quiet = self.0.iter().min_by_key(|it| it.1.0).map(|it| it.0.clone());
            quiet.and_then(|it| self.0.remove(&it));
        }
        let (heard, recent) = self.0.entry(from.clone()).or_default();
        *heard = now;
        recent.insert(id)
    }
}

/// The newest login of each own device in each of its lives: one that the broker delivers again is no news.
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

/// How much each sender has said of late.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Rates(BTreeMap<Text, Rate>);

#[derive(Clone, Debug, Hash)]
struct Rate {
    heard: u64,
    /// What may still come without waiting, in thousandths of a message.
    messages: u32,
    /// The same, in milliseconds of waiting.
    invites: u32,
    records: u32,
}

impl Rates {
    /// Counts a message. False: too many.
    pub(super) fn message(&mut self, now: u64, from: &Text) -> bool {
        take(&mut self.of(now, from).messages, 1000)
    }

    /// Counts an invite. False: too many.
    pub(super) fn invite(&mut self, now: u64, from: &Text) -> bool {
        take(&mut self.of(now, from).invites, limits::INVITE_EVERY_MS)
    }

    /// Counts a call record. False: too many.
    pub(super) fn record(&mut self, now: u64, from: &Text) -> bool {
        take(&mut self.of(now, from).records, limits::RECORD_EVERY_MS)
    }

    /// The sender's account, with what has accrued since.
    fn of(&mut self, now: u64, from: &Text) -> &mut Rate {
        if !self.0.contains_key(from) && self.0.len() >= limits::SENDERS {
            let quiet = self.0.iter().min_by_key(|it| it.1.heard).map(|it| it.0.clone());
            quiet.and_then(|it| self.0.remove(&it));
        }
        let (messages, invites, records) = (
            limits::MESSAGES_BURST * 1000,
            limits::INVITES_BURST * limits::INVITE_EVERY_MS,
            limits::RECORDS_BURST * limits::RECORD_EVERY_MS,
        );
        let fresh = Rate { heard: now, messages, invites, records };
        let rate = self.0.entry(from.clone()).or_insert(fresh);
        let passed = u32::try_from(now.saturating_sub(rate.heard)).unwrap_or(u32::MAX).min(1 << 20);
        rate.messages =
            rate.messages.saturating_add(passed.saturating_mul(limits::MESSAGES_PER_S)).min(messages);
        rate.invites = rate.invites.saturating_add(passed).min(invites);
        rate.records = rate.records.saturating_add(passed).min(records);
        rate.heard = now;
        rate
    }
}

fn take(left: &mut u32, price: u32) -> bool {
    let enough = *left >= price;
    *left -= if enough { price } else { 0 };
    enough
}

/// Lines of the log: each at once, and then once a minute with how often it was held back.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<&'static str, (u64, u32)>);

/// What was logged changes nothing.
impl Hash for Lines {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Lines {
    /// How often it has happened since the line before; None: not to be said now.
    pub(super) fn count(&mut self, now: u64, line: &'static str) -> Option<u32> {
        let Some((said, held)) = self.0.get_mut(line) else {
            self.0.insert(line, (now, 0));
            return Some(1);
        };
        *held = held.saturating_add(1);
        if *said + limits::LOG_EVERY_MS > now {
            return None;
        }
        *said = now;
        Some(std::mem::take(held))
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
    fn a_sender_has_a_burst_and_then_a_rate() {
        let mut rates = Rates::default();
        let from = "mallory".into();
        let burst = (0..1000).filter(|_| rates.message(5, &from)).count();
        assert_eq!(burst, limits::MESSAGES_BURST as usize);
        let second = (0..1000).filter(|ms| rates.message(5 + ms, &from)).count();
        assert_eq!(second, limits::MESSAGES_PER_S as usize - 1);
        let invites = (0..=20_000).step_by(100).filter(|ms| rates.invite(*ms, &from)).count();
        assert!((19..=20).contains(&invites), "{invites}");
        assert!(rates.message(5, &"alice".into()), "another's rate is another matter");
    }

    #[test]
    fn the_quietest_sender_is_forgotten() {
        let mut rates = Rates::default();
        for n in 0..limits::SENDERS + 10 {
            assert!(rates.message(n as u64, &n.to_string().into()));
        }
        assert_eq!(rates.0.len(), limits::SENDERS);
        assert!(!rates.0.contains_key("0"));
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

    #[test]
    fn a_line_is_repeated_once_a_minute_with_its_count() {
        let mut lines = Lines::default();
        assert_eq!(lines.count(0, "a"), Some(1));
        assert!((1..60_000).all(|now| lines.count(now, "a").is_none()));
        assert_eq!(lines.count(10, "b"), Some(1), "another line");
        assert_eq!(lines.count(60_000, "a"), Some(60_000));
        assert_eq!(lines.count(60_001, "a"), None);
    }
}
