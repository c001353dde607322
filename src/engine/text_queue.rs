//! Texts in order of sending, each once: duplicates
//! are dropped, early ones wait, and a missing text is waited for up to a limit.

use super::limits;
use super::time::Time;
use super::wire::TextKind;
use nertc_callkit_signaling::Text;
use serde::{Deserialize, Serialize};

/// The texts of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct PeerTexts {
    pub(super) media: TextQueue,
    pub(super) app: TextQueue,
}

impl PeerTexts {
    pub(super) fn of(&mut self, kind: TextKind) -> &mut TextQueue {
        match kind {
            TextKind::Media => &mut self.media,
            TextKind::App => &mut self.app,
        }
    }

    /// When a text that is missing has been waited for long enough.
    pub(super) fn due(&self) -> Option<Time> {
        match (self.media.due(), self.app.due()) {
            (Some(media), Some(app)) => Some(media.min(app)),
            (media, app) => media.or(app),
        }
    }

    /// Every deadline.
    pub(super) fn deadlines(&mut self) -> impl Iterator<Item = &mut Time> {
        [self.media.due_mut(), self.app.due_mut()].into_iter().flatten()
    }
}

/// Both directions of one kind of text within one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct TextQueue {
    /// Number of the last text that we sent.
    sent: u64,
    /// Number of the last text that was delivered.
    taken: u64,
    /// Texts that cannot be delivered yet, in order.
    waiting: Vec<(u64, Held)>,
    /// A text is missing: when those after it are delivered without it.
    gap_until: Option<Time>,
}

/// A queued text. A type of its own, so that a trace redacts it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Held {
    json: Text,
}

impl TextQueue {
    /// The number of the next text that we send.
    pub(super) fn next_number(&mut self) -> u64 {
        self.sent += 1;
        self.sent
    }

    /// Queues a text; 0 = the sender does not number its texts, then it follows all earlier ones.
    /// `Err` is the reason why it is dropped.
    pub(super) fn put(&mut self, number: u64, json: Text) -> Result<(), &'static str> {
        let last = self.waiting.last().map_or(self.taken, |(last, _)| *last);
        let number = if number == 0 { last.saturating_add(1) } else { number };
        let place = self.waiting.partition_point(|(other, _)| *other < number);
        let is_known = self.waiting.get(place).is_some_and(|(other, _)| *other == number);
        if number <= self.taken || is_known {
            return Err("duplicate text of the peer");
        }
        let is_next = number == self.taken.saturating_add(1);
        if self.waiting.len() >= limits::TEXTS_WAITING && !is_next {
            return Err("too many queued texts of the peer");
        }
        self.waiting.insert(place, (number, Held { json }));
        Ok(())
    }

    /// Texts that can be delivered now: all without a gap, and all after a gap that has lasted too long.
    pub(super) fn take(&mut self, now: Time) -> Vec<Text> {
        let mut skips = self.gap_until.is_some_and(|until| until <= now);
        let mut texts = Vec::new();
        while let Some((number, _)) = self.waiting.first() {
            if *number != self.taken.saturating_add(1) && !std::mem::take(&mut skips) {
                break;
            }
            let (number, held) = self.waiting.remove(0);
            self.taken = number;
            texts.push(held.json);
        }
        self.gap_until = match (self.waiting.is_empty(), self.gap_until) {
            (true, _) => None,
            (false, Some(until)) if texts.is_empty() => Some(until),
            (false, _) => Some(now.after(limits::TEXT_GAP_MS)),
        };
        texts
    }

    /// When a gap has lasted too long.
    pub(super) fn due(&self) -> Option<Time> {
        self.gap_until
    }

    /// For the canonical form of a state.
    pub(super) fn due_mut(&mut self) -> Option<&mut Time> {
        self.gap_until.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(queue: &mut TextQueue, number: u64) -> Result<(), &'static str> {
        queue.put(number, number.to_string().into())
    }

    fn take(queue: &mut TextQueue, now: u64) -> String {
        queue.take(Time(now)).join(" ")
    }

    #[test]
    fn texts_come_out_in_order_and_once() {
        let mut queue = TextQueue::default();
        assert_eq!(put(&mut queue, 1), Ok(()));
        assert_eq!(take(&mut queue, 0), "1");
        for number in [4, 3, 4, 1] {
            let is_new = number != 1 && !(number == 4 && queue.waiting.len() == 2);
            assert_eq!(put(&mut queue, number).is_ok(), is_new, "{number}");
            assert_eq!(take(&mut queue, 0), "");
        }
        assert_eq!(put(&mut queue, 2), Ok(()));
        assert_eq!(take(&mut queue, 0), "2 3 4");
        assert_eq!(queue.due(), None);
        assert!(put(&mut queue, 2).is_err());
    }

    #[test]
    fn a_missing_text_is_waited_for_only_so_long() {
        let mut queue = TextQueue::default();
        for number in [2, 3, 5] {
            put(&mut queue, number).unwrap();
        }
        assert_eq!(take(&mut queue, 10), "");
        let until = Time(10).after(limits::TEXT_GAP_MS);
        assert_eq!(queue.due(), Some(until));
        put(&mut queue, 6).unwrap();
        assert_eq!(take(&mut queue, until.0 - 1), "", "what comes meanwhile does not move the end");
        assert_eq!(queue.due(), Some(until));
        assert_eq!(take(&mut queue, until.0), "2 3", "one gap at a time");
        let until = until.after(limits::TEXT_GAP_MS);
        assert_eq!((queue.due(), take(&mut queue, until.0)), (Some(until), "5 6".to_owned()));
        assert_eq!(queue.due(), None);
    }

    #[test]
    fn too_many_early_texts_are_dropped_but_never_the_next_one() {
        let mut queue = TextQueue::default();
        for number in 2..2 + limits::TEXTS_WAITING as u64 {
            put(&mut queue, number).unwrap();
        }
        assert!(put(&mut queue, 1_000).is_err() && put(&mut queue, u64::MAX).is_err());
        assert_eq!(put(&mut queue, 1), Ok(()));
        assert_eq!(queue.take(Time(0)).len(), limits::TEXTS_WAITING + 1);
    }

    #[test]
    fn texts_without_numbers_keep_the_order_in_which_they_came() {
        let mut queue = TextQueue::default();
        for text in ["a", "b"] {
            queue.put(0, text.into()).unwrap();
        }
        assert_eq!(take(&mut queue, 0), "a b");
        put(&mut queue, u64::MAX).unwrap();
        assert_eq!(take(&mut queue, 0), "", "a gap");
        assert!(queue.put(0, "c".into()).is_err(), "there is no number left");
        assert_eq!(take(&mut queue, u64::from(limits::TEXT_GAP_MS)), u64::MAX.to_string());
        assert!(queue.put(0, "c".into()).is_err());
    }
}
