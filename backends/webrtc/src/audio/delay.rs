//! How late packets are, compared with the fastest of them.

/// The fastest way is that of the last 10 s: the clocks differ, and ways change.
const WINDOW_US: u64 = 2_000_000;
const WINDOWS: usize = 5;
/// Delays are counted in steps of 5 ms.
const STEP_US: u64 = 5_000;
const STEPS: usize = 64;
/// The part of packets that the target has time for.
const IN_TIME: f32 = 0.98;
/// What came that many packets ago counts as e⁻¹: 10 s.
const MEMORY: f32 = 500.0;
/// As if that many packets had come, each as late as the first target.
const PRIOR: f32 = 10.0;

/// Delays of the packets of one stream.
#[derive(Clone, Debug)]
pub(super) struct Delays {
    /// Least transit time of the last windows, the current one first: arrival on our clock minus time on the
    /// sender's.
    least: [Option<i64>; WINDOWS],
    window_ends: u64,
    /// How frequent each delay is; together 1.
    shares: [f32; STEPS],
    packets: f32,
}

/// Transit time of a packet.
fn transit(received_us: u64, time: u64) -> i64 {
    i64::try_from(received_us).unwrap_or(i64::MAX).saturating_sub(to_us(time))
}

/// Samples of 48 kHz as microseconds.
pub(super) fn to_us(samples: u64) -> i64 {
    i64::try_from(u128::from(samples) * 125 / 6).unwrap_or(i64::MAX)
}

impl Delays {
    pub(super) fn new(first_target_us: u64) -> Delays {
        let mut shares = [0.0; STEPS];
        shares[step(first_target_us.saturating_sub(STEP_US))] = 1.0;
        Delays { least: [None; WINDOWS], window_ends: 0, shares, packets: PRIOR }
    }

    /// A packet has come.
    pub(super) fn observe(&mut self, received_us: u64, time: u64) {
        let transit = transit(received_us, time);
        if received_us >= self.window_ends {
            // Without packets, the last window stays: something has to be known.
            self.least.rotate_right(1);
            self.least[0] = None;
            self.window_ends = received_us + WINDOW_US;
        }
        let least = self.least[0].map_or(transit, |least| least.min(transit));
        self.least[0] = Some(least);
        let delay = self.base().map_or(0, |base| transit.saturating_sub(base)).max(0).unsigned_abs();
        self.packets = (self.packets + 1.0).min(MEMORY);
        let weight = 1.0 / self.packets;
        self.shares.iter_mut().for_each(|share| *share *= 1.0 - weight);
        self.shares[step(delay)] += weight;
    }

    /// Transit time of the fastest packet.
    fn base(&self) -> Option<i64> {
        self.least.iter().flatten().min().copied()
    }

    /// How far a packet is from the fastest, in either direction.
    pub(super) fn distance(&self, received_us: u64, time: u64) -> u64 {
        self.base().map_or(0, |base| transit(received_us, time).abs_diff(base))
    }

    /// The way has changed: this packet is the fastest.
    pub(super) fn rebase(&mut self, received_us: u64, time: u64) {
        self.least = [None; WINDOWS];
        self.least[0] = Some(transit(received_us, time));
    }

    /// How much later than by the fastest way `time` would be heard now.
    pub(super) fn of(&self, now: u64, time: u64) -> i64 {
        self.base().map_or(0, |base| transit(now, time).saturating_sub(base))
    }

    /// By when nearly all packets have come.
    pub(super) fn target_us(&self) -> u64 {
        let mut sum = 0.0;
        let steps = self.shares.iter().position(|share| {
            sum += share;
            sum >= IN_TIME
        });
        (steps.unwrap_or(STEPS - 1) as u64 + 1) * STEP_US
    }
}

fn step(delay_us: u64) -> usize {
    usize::try_from(delay_us / STEP_US).map_or(STEPS - 1, |step| step.min(STEPS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: u64 = 960;

    fn after(seconds: u64, delay_us: impl Fn(u64) -> u64) -> Delays {
        let mut delays = Delays::new(60_000);
        for n in 0..seconds * 50 {
            delays.observe(70_000_000 + n * 20_000 + delay_us(n), n * SAMPLES);
        }
        delays
    }

    #[test]
    fn the_target_begins_as_given_and_follows_the_delays() {
        assert_eq!(Delays::new(60_000).target_us(), 60_000);
        assert_eq!(after(30, |_| 0).target_us(), 5_000);
        assert_eq!(after(30, |n| n % 2 * 82_000).target_us(), 85_000);
        // One in a hundred may be late.
        assert_eq!(after(30, |n| u64::from(n % 100 == 0) * 200_000).target_us(), 5_000);
        assert_eq!(after(30, |n| n % 2 * 900_000).target_us(), 320_000);
    }

    #[test]
    fn the_fastest_way_is_that_of_the_last_ten_seconds() {
        // 40 ms more from the 10th second on: later for 10 s, then the new way is the fastest.
        let slower = |n| u64::from(n >= 500) * 40_000;
        let (then, now) = (after(15, slower), after(22, slower));
        assert_eq!(then.of(70_000_000 + 15_000_000, 15 * 48_000), 0);
        assert_eq!(now.of(70_000_000 + 22_000_000, 22 * 48_000), -40_000);
    }
}
