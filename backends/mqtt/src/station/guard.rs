//! What is not let in: repeats of what was seen, and senders who say too much.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

use super::limits;
use super::value::Text;

/// Ids of the newest messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    ids: BTreeSet<Text>,
    order: VecDeque<Text>,
}

/// What is known, in whatever order it came: that decides only what is forgotten after a thousand more.
impl Hash for Seen {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.ids.hash(hasher);
    }
}

impl Seen {
    /// True: for the first time.
    pub(super) fn insert(&mut self, id: &Text) -> bool {
        if !self.ids.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id.clone());
        if self.order.len() > limits::SEEN
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    /// Undoes the insertion that was the last one: the message was not let in, a repeat of it may be.
    pub(super) fn undo(&mut self, id: &Text) {
        if self.order.back() == Some(id) {
            self.order.pop_back();
            self.ids.remove(id);
        }
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

    /// The sender's account, with what has accrued since.
    fn of(&mut self, now: u64, from: &Text) -> &mut Rate {
        if !self.0.contains_key(from) && self.0.len() >= limits::SENDERS {
            let quiet = self.0.iter().min_by_key(|it| it.1.heard).map(|it| it.0.clone());
            quiet.and_then(|it| self.0.remove(&it));
        }
        let (messages, invites) =
            (limits::MESSAGES_BURST * 1000, limits::INVITES_BURST * limits::INVITE_EVERY_MS);
        let rate = self.0.entry(from.clone()).or_insert(Rate { heard: now, messages, invites });
        let passed = u32::try_from(now.saturating_sub(rate.heard)).unwrap_or(u32::MAX).min(1 << 20);
        rate.messages =
            rate.messages.saturating_add(passed.saturating_mul(limits::MESSAGES_PER_S)).min(messages);
        rate.invites = rate.invites.saturating_add(passed).min(invites);
        rate.heard = now;
        rate
    }
}

fn take(left: &mut u32, price: u32) -> bool {
    let enough = *left >= price;
    *left -= if enough { price } else { 0 };
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_until_it_is_forgotten() {
        let mut seen = Seen::default();
        assert!(seen.insert(&"a".into()));
        assert!(!seen.insert(&"a".into()));
        for n in 0..limits::SEEN {
            assert!(seen.insert(&n.to_string().into()));
        }
        assert_eq!(seen.ids.len(), limits::SEEN);
        assert!(seen.insert(&"a".into()), "the oldest was forgotten");
        seen.undo(&"5".into());
        seen.undo(&"a".into());
        assert!(!seen.insert(&"5".into()) && seen.insert(&"a".into()));
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
        assert!((14..=15).contains(&invites), "{invites}");
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
}
