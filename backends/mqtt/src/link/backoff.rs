//! Pauses between attempts, and who is thrown out again and again.

use super::settings::Timers;

/// How often a session is taken over until we leave it to the other.
pub(super) const TAKEN: usize = 3;

/// Pauses that double, of which a random part is waited, and the guard against two devices with one client id
/// that throw each other out for ever.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    random: u64,
    failures: u32,
    /// When our session was taken over, oldest first.
    taken: [Option<u64>; TAKEN],
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Backoff {
        Backoff { random: seed, failures: 0, taken: [None; TAKEN] }
    }

    /// A connection works: the next pause is the first.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause.
    pub(super) fn pause(&mut self, timers: &Timers) -> u64 {
        let longest = timers.backoff.saturating_mul(1 << self.failures.min(20)).min(timers.backoff_most);
        self.failures += 1;
        self.next_random() % (longest + 1)
    }

    /// Another connection has our session. True: once too often.
    pub(super) fn taken(&mut self, now: u64, timers: &Timers) -> bool {
        self.taken.rotate_left(1);
        self.taken[TAKEN - 1] = Some(now);
        let is_over = self.taken[0].is_some_and(|first| now - first <= timers.fight_window);
        if is_over {
            self.taken = [None; TAKEN];
        }
        is_over
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_random_below() {
        let timers = Timers::default();
        let longest = |failures: usize| {
            let pauses = (0..200).map(|seed| {
                let mut backoff = Backoff::new(seed);
                (0..=failures).map(|_| backoff.pause(&timers)).last().unwrap_or_default()
            });
            let pauses: Vec<u64> = pauses.collect();
            (
                pauses.iter().copied().min().unwrap_or_default(),
                pauses.iter().copied().max().unwrap_or_default(),
            )
        };
        for (failures, most) in [(0, 200), (1, 400), (4, 3200), (8, 30_000), (40, 30_000)] {
            let (least, longest) = longest(failures);
            assert!(longest <= most && longest > most * 9 / 10, "{failures}: {longest}");
            assert!(least < most / 10, "{failures}: {least}");
        }
    }

    #[test]
    fn three_times_within_a_minute_is_once_too_often() {
        let timers = Timers::default();
        let mut backoff = Backoff::new(1);
        let mut taken = |now| backoff.taken(now, &timers);
        assert_eq!([taken(1000), taken(2000), taken(61_000)], [false, false, true]);
        assert_eq!([taken(62_000), taken(63_000), taken(122_001)], [false, false, false]);
        assert_eq!([taken(122_002), taken(123_000)], [true, false]);
    }
}
