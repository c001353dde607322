//! Pauses between attempts.

use super::settings::Timers;

/// Pauses that double, of which a random part is waited.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    random: u64,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Backoff {
        Backoff { random: seed, failures: 0 }
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
}
