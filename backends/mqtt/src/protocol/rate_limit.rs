//! Per-sender rate limits, and a limit on repeated log lines.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use nertc_callkit_signaling::Text;

use super::limits;

/// How much each sender has sent recently.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Rates(BTreeMap<Text, Rate>);

#[derive(Clone, Debug, Hash)]
struct Rate {
    received_at: u64,
    /// The remaining budget, in thousandths of a message.
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
            let quiet = self.0.iter().min_by_key(|it| it.1.received_at).map(|it| it.0.clone());
            quiet.and_then(|it| self.0.remove(&it));
        }
        let (messages, invites, records) = (
            limits::MESSAGES_BURST * 1000,
            limits::INVITES_BURST * limits::INVITE_EVERY_MS,
            limits::RECORDS_BURST * limits::RECORD_EVERY_MS,
        );
        let fresh = Rate { received_at: now, messages, invites, records };
        let rate = self.0.entry(from.clone()).or_insert(fresh);
        let passed = u32::try_from(now.saturating_sub(rate.received_at)).unwrap_or(u32::MAX).min(1 << 20);
        rate.messages =
            rate.messages.saturating_add(passed.saturating_mul(limits::MESSAGES_PER_S)).min(messages);
        rate.invites = rate.invites.saturating_add(passed).min(invites);
        rate.records = rate.records.saturating_add(passed).min(records);
        rate.received_at = now;
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
pub(super) struct LogLimit(BTreeMap<&'static str, (u64, u32)>);

/// What was logged changes nothing.
impl Hash for LogLimit {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl LogLimit {
    /// The count since the last log line; None: not to be logged now.
    pub(super) fn count(&mut self, now: u64, line: &'static str) -> Option<u32> {
        let Some((logged_at, held)) = self.0.get_mut(line) else {
            self.0.insert(line, (now, 0));
            return Some(1);
        };
        *held = held.saturating_add(1);
        if *logged_at + limits::LOG_EVERY_MS > now {
            return None;
        }
        *logged_at = now;
        Some(std::mem::take(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_line_is_repeated_once_a_minute_with_its_count() {
        let mut lines = LogLimit::default();
        assert_eq!(lines.count(0, "a"), Some(1));
        assert!((1..60_000).all(|now| lines.count(now, "a").is_none()));
        assert_eq!(lines.count(10, "b"), Some(1), "another line");
        assert_eq!(lines.count(60_000, "a"), Some(60_000));
        assert_eq!(lines.count(60_001, "a"), None);
    }
}
