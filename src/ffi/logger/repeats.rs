//! Repeated lines are counted instead of repeated: a flood of a device
//! must not flood its log.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use log::Level;

/// For so long a line is counted once it came too often.
const WINDOW: Duration = Duration::from_secs(10);
/// So many lines of one wording are shown in a window.
const OF_WORDING: u32 = 20;
/// So many lines of one place in the source are shown in a window, whatever others make of its
/// wording.
const OF_PLACE: u32 = 200;
/// Wordings that are counted at a time; there are not more places than the source has.
const WORDINGS: usize = 256;

/// What was shown lately, and what was not.
pub(super) struct Repeats {
    places: Vec<Counter>,
    wordings: Vec<Counter>,
}

/// In a list, counters are in the order in which their windows end.
struct Counter {
    key: u64,
    until: Instant,
    shown: u32,
    hidden: u32,
    /// The newest of those that were hidden.
    level: Level,
    newest: String,
}

/// A line that represents many.
pub(super) struct Summary {
    pub(super) level: Level,
    pub(super) text: String,
}

impl Repeats {
    pub(super) const fn new() -> Repeats {
        Repeats { places: Vec::new(), wordings: Vec::new() }
    }

    /// Nothing was shown yet.
    pub(super) fn reset(&mut self) {
        *self = Repeats::new();
    }

    /// Whether to show a line from `place`, and what to show before it.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        place: (&str, u32),
        level: Level,
        text: &str,
    ) -> (Vec<Summary>, bool) {
        let mut before = take_over(&mut self.places, now);
        before.extend(take_over(&mut self.wordings, now));
        let of_place = counter(&mut self.places, key(&place), now);
        if of_place.shown >= OF_PLACE {
            of_place.hide(level, text);
            return (before, false);
        }
        if self.wordings.len() >= WORDINGS {
            before.extend(self.wordings.remove(0).summary());
        }
        let wording = key(&(place, level as usize, Wording(text)));
        let of_wording = counter(&mut self.wordings, wording, now);
        if of_wording.shown >= OF_WORDING {
            of_wording.hide(level, text);
            return (before, false);
        }
        of_wording.shown += 1;
        of_place.shown += 1;
        (before, true)
    }
}

/// Removes the counters whose window is over; the suppressed count is reported.
fn take_over(counters: &mut Vec<Counter>, now: Instant) -> Vec<Summary> {
    let over = counters.iter().take_while(|counter| counter.until <= now).count();
    counters.drain(..over).filter_map(|counter| counter.summary()).collect()
}

/// The counter of `key`, which may be new.
fn counter(counters: &mut Vec<Counter>, key: u64, now: Instant) -> &mut Counter {
    let at = counters.iter().position(|counter| counter.key == key).unwrap_or_else(|| {
        let (until, newest) = (now + WINDOW, String::new());
        counters.push(Counter { key, until, shown: 0, hidden: 0, level: Level::Debug, newest });
        counters.len() - 1
    });
    &mut counters[at]
}

impl Counter {
    fn hide(&mut self, level: Level, text: &str) {
        self.hidden += 1;
        self.level = level;
        self.newest.clear();
        self.newest.push_str(text);
    }

    fn summary(&self) -> Option<Summary> {
        let text = format!("\u{2026} repeated {} times: {}", self.hidden, self.newest);
        (self.hidden > 0).then_some(Summary { level: self.level, text })
    }
}

/// A line without its names and numbers: only its alphabetic words.
struct Wording<'a>(&'a str);

impl Hash for Wording<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let is_word = |word: &&str| {
            word.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b':' | b',' | b';'))
        };
        self.0.split_ascii_whitespace().filter(is_word).for_each(|word| word.hash(state));
    }
}

fn key(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (&str, u32) = ("here.rs", 1);

    /// How many of `texts` are shown, and the summaries.
    fn show(
        repeats: &mut Repeats,
        now: Instant,
        texts: impl Iterator<Item = String>,
    ) -> (usize, Vec<String>) {
        let (mut shown, mut summaries) = (0, Vec::new());
        for text in texts {
            let (before, is_shown) = repeats.admit(now, HERE, Level::Warn, &text);
            summaries.extend(before.into_iter().map(|summary| summary.text));
            shown += usize::from(is_shown);
        }
        (shown, summaries)
    }

    #[test]
    fn a_flood_is_counted_and_summarized_afterwards() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let flood = (0..62_000).map(|n| format!("message {n} of a{n}: ignored"));
        assert_eq!(show(&mut repeats, now, flood), (OF_WORDING as usize, vec![]));
        let later = now + WINDOW;
        let (shown, summaries) = show(&mut repeats, later, std::iter::once("another line".to_owned()));
        let hidden = 62_000 - OF_WORDING;
        assert_eq!(
            summaries,
            [format!("\u{2026} repeated {hidden} times: message 61999 of a61999: ignored")]
        );
        assert_eq!(shown, 1);
    }

    #[test]
    fn lines_are_distinguished_by_text_and_place() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let words = ["a call rings", "a call ends", "call 7: ends"].map(str::to_owned);
        assert_eq!(show(&mut repeats, now, words.iter().cycle().take(60).cloned()).0, 60);
        assert_eq!(show(&mut repeats, now, words.into_iter()).0, 0);
        assert!(repeats.admit(now, ("there.rs", 1), Level::Warn, "a call rings").1);
        assert!(repeats.admit(now, HERE, Level::Info, "a call rings").1);
    }

    #[test]
    fn changing_texts_do_not_evade_the_limit() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        let letters = |n: u32| (0..5).map(|at| char::from(b'a' + (n >> (4 * at) & 15) as u8)).collect();
        let flood = (0..100_000).map(|n| {
            let word: String = letters(n);
            format!("refused: {word}")
        });
        assert_eq!(show(&mut repeats, now, flood).0, OF_PLACE as usize);
        assert!(repeats.wordings.len() <= WORDINGS && repeats.places.len() == 1);
    }

    #[test]
    fn a_new_window_shows_again() {
        let (mut repeats, now) = (Repeats::new(), Instant::now());
        for window in 0..3 {
            let same = std::iter::repeat_n("the same".to_owned(), 100);
            assert_eq!(show(&mut repeats, now + WINDOW * window, same).0, OF_WORDING as usize);
        }
    }
}
