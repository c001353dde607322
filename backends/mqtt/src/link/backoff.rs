//! Pauses between attempts.

use super::settings::Timers;

/// Pauses that double, of which a random part is waited, and the guard against two devices with one client id
/// that throw each other out for ever.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    random: u64,
    failures: u32,
    /// Ends of young connections, oldest first.
    fights: [Option<u64>; 3],
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Backoff {
        Backoff { random: seed, failures: 0, fights: [None; 3] }
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

    /// A connection that was up since `since` is lost. The answer is how long to stay away, if that looks
    /// like a fight.
    pub(super) fn lost(&mut self, now: u64, since: u64, timers: &Timers) -> Option<u64> {
        if now.saturating_sub(since) >= timers.fight_age {
            self.fights = [None; 3];
            return None;
        }
        self.fights = [self.fights[1], self.fights[2], Some(now)];
        let first = self.fights[0]?;
        (now - first <= timers.fight_window).then(|| {
            self.fights = [None; 3];
            timers.fight_hold
        })
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
    fn three_young_losses_within_the_window_are_a_fight_and_old_ones_are_not() {
        let timers = Timers::default();
        let mut backoff = Backoff::new(1);
        assert_eq!(backoff.lost(1000, 500, &timers), None);
        assert_eq!(backoff.lost(2000, 1500, &timers), None);
        assert_eq!(backoff.lost(3000, 2500, &timers), Some(30_000));
        assert_eq!(backoff.lost(40_000, 39_000, &timers), None);
        assert_eq!(backoff.lost(50_000, 44_000, &timers), None, "lived 6 s: no fight");
        assert_eq!(backoff.lost(51_000, 50_500, &timers), None);
        assert_eq!(backoff.lost(52_000, 51_500, &timers), None);
        assert_eq!(backoff.lost(82_000, 81_000, &timers), None, "the first was 31 s ago");
        assert_eq!(backoff.lost(82_001, 82_000, &timers), None, "the second was 30 s ago");
    }
}
