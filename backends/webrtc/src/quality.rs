//! How good the connection is, in each direction, from what the transport reports: a value.

use crate::peer::Stats;

/// A verdict each 2 s.
const EVERY_US: u64 = 2_000_000;
/// A better verdict counts when it was reached twice.
const TO_IMPROVE: u32 = 2;

/// Up to what each grade is good. What is worse than the last has its grade, too.
const LOSS: [f32; 5] = [0.01, 0.03, 0.08, 0.15, 0.30];
const RTT_US: [u64; 5] = [100_000, 200_000, 350_000, 600_000, 1_000_000];
const JITTER_US: [u64; 5] = [20_000, 40_000, 70_000, 120_000, 200_000];

/// As nertc_callkit_quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Quality {
    /// Nothing is known yet.
    #[default]
    Unknown = 0,
    /// Good: grades 1 and 2.
    Good = 1,
    /// Usable: grade 3.
    Poor = 2,
    /// Hardly usable: grades 4 and 5.
    Bad = 3,
    /// Nothing arrives.
    Down = 4,
}

/// What a direction was like for 2 s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Part of the packets that did not arrive, 0 to 1; `None`: none was sent.
    pub loss: Option<f32>,
    /// Jitter of those that did.
    pub jitter_us: u64,
    /// Round trip of the pair; `None`: not known.
    pub rtt_us: Option<u64>,
}

impl Sample {
    /// The worst of the three.
    pub fn quality(&self) -> Quality {
        let loss = self.loss.map(|loss| grade(&LOSS, loss.clamp(0.0, 1.0)));
        let jitter = self.loss.map(|_| grade(&JITTER_US, self.jitter_us));
        let rtt = self.rtt_us.map(|rtt| grade(&RTT_US, rtt));
        match loss.into_iter().chain(jitter).chain(rtt).max() {
            None => Quality::Unknown,
            Some(0 | 1) => Quality::Good,
            Some(2) => Quality::Poor,
            Some(_) => Quality::Bad,
        }
    }
}

/// The first limit that a value is below.
fn grade<T: PartialOrd>(limits: &[T; 5], value: T) -> usize {
    limits.iter().position(|limit| value < *limit).unwrap_or(limits.len() - 1)
}

/// One direction: worse at once, better after two samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direction {
    quality: Quality,
    better: u32,
    /// The worst of the better ones.
    candidate: Quality,
}

impl Direction {
    /// The new quality, if this changes it.
    pub fn update(&mut self, sample: Quality) -> Option<Quality> {
        if sample == Quality::Unknown || sample == self.quality {
            self.better = 0;
            return None;
        }
        if sample < self.quality {
            self.candidate = if self.better == 0 { sample } else { self.candidate.max(sample) };
            self.better += 1;
            if self.better < TO_IMPROVE {
                return None;
            }
            return Some(self.set(self.candidate));
        }
        Some(self.set(sample))
    }

    fn set(&mut self, quality: Quality) -> Quality {
        *self = Direction { quality, ..Direction::default() };
        quality
    }

    /// The last verdict.
    pub fn quality(&self) -> Quality {
        self.quality
    }
}

/// What has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What we send: uid 0.
    pub sent: Option<Quality>,
    /// What the peer sends.
    pub received: Option<Quality>,
}

/// Both directions of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monitor {
    sent: Direction,
    received: Direction,
    /// The report that the current 2 s began with, and when.
    before: Option<(u64, Stats)>,
    /// Loss and number of the reports since.
    loss: (f32, u16),
    is_silent: bool,
}

impl Monitor {
    /// The peer is silent, or heard again: silence counts at once.
    pub fn set_silent(&mut self, is_silent: bool) -> Changes {
        self.is_silent = is_silent;
        if !is_silent {
            return Changes::default();
        }
        Changes { sent: self.sent.update(Quality::Down), received: self.received.update(Quality::Down) }
    }

    /// The transport's report has come: once a second.
    pub fn on_stats(&mut self, now: u64, stats: &Stats) -> Changes {
        let Some((since, before)) = self.before else {
            self.before = Some((now, *stats));
            return Changes::default();
        };
        self.loss = (self.loss.0 + stats.audio_loss.clamp(0.0, 1.0), self.loss.1.saturating_add(1));
        if now < since.saturating_add(EVERY_US) {
            return Changes::default();
        }
        let (sum, reports) = std::mem::take(&mut self.loss);
        self.before = Some((now, *stats));
        if self.is_silent {
            return Changes::default();
        }
        // A connection that was made anew counts from zero. Losses alone may fall: copies are subtracted.
        let is_anew = stats.audio_packets_sent < before.audio_packets_sent
            || stats.audio_packets_received < before.audio_packets_received;
        let before = if is_anew { Stats::default() } else { before };
        let sent = stats.audio_packets_sent.saturating_sub(before.audio_packets_sent);
        let lost = stats.audio_lost_remote.saturating_sub(before.audio_lost_remote);
        let arrived = stats.audio_packets_received.saturating_sub(before.audio_packets_received);
        let sample = |is_used: bool, loss: f32, jitter_us| Sample {
            loss: is_used.then_some(loss),
            jitter_us,
            rtt_us: stats.rtt_us,
        };
        let outgoing = sample(sent > 0, lost as f32 / sent.max(1) as f32, stats.audio_jitter_remote_us);
        let incoming = sample(arrived > 0, sum / f32::from(reports), stats.audio_jitter_us);
        Changes {
            sent: self.sent.update(outgoing.quality()),
            received: self.received.update(incoming.quality()),
        }
    }

    /// The last verdict about what we send.
    pub fn sent(&self) -> Quality {
        self.sent.quality()
    }

    /// The last verdict about what the peer sends.
    pub fn received(&self) -> Quality {
        self.received.quality()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn the_worst_of_loss_jitter_and_round_trip_decides() {
        let sample = |loss, jitter, rtt| {
            let (jitter_us, rtt_us) = (jitter * 1_000, Some(rtt * 1_000));
            Sample { loss: Some(loss), jitter_us, rtt_us }.quality()
        };
        for (quality, expected) in [
            (sample(0.0, 0, 0), Quality::Good),
            (sample(0.029, 39, 199), Quality::Good),
            (sample(0.03, 0, 0), Quality::Poor),
            (sample(0.0, 40, 0), Quality::Poor),
            (sample(0.0, 0, 200), Quality::Poor),
            (sample(0.079, 69, 349), Quality::Poor),
            (sample(0.08, 0, 0), Quality::Bad),
            (sample(0.0, 70, 0), Quality::Bad),
            (sample(0.0, 0, 350), Quality::Bad),
            (sample(f32::INFINITY, u64::MAX / 1_000, u64::MAX / 1_000), Quality::Bad),
            (Sample::default().quality(), Quality::Unknown),
            (Sample { jitter_us: 500_000, ..Sample::default() }.quality(), Quality::Unknown),
            (Sample { rtt_us: Some(300_000), ..Sample::default() }.quality(), Quality::Poor),
        ] {
            assert_eq!(quality, expected);
        }
    }

    #[test]
    fn it_gets_worse_at_once_and_better_after_two_samples() {
        use Quality::{Bad, Down, Good, Poor, Unknown};
        let mut direction = Direction::default();
        for (sample, change) in [
            (Unknown, None),
            (Good, Some(Good)),
            (Bad, Some(Bad)),
            (Good, None),
            (Bad, None),
            (Good, None),
            (Poor, Some(Poor)),
            (Good, None),
            (Good, Some(Good)),
            (Good, None),
            (Down, Some(Down)),
            (Unknown, None),
            (Good, None),
            (Good, Some(Good)),
        ] {
            assert_eq!(direction.update(sample), change, "{sample:?} {direction:?}");
        }
        assert_eq!(direction.quality(), Good);
    }

    /// Reports of a call that sends and receives 50 packets a second.
    fn stats(second: u64, lost: u64, loss: f32, rtt_us: u64) -> Stats {
        Stats {
            rtt_us: Some(rtt_us),
            audio_packets_sent: second * 50,
            audio_lost_remote: lost,
            audio_packets_received: second * 50,
            audio_loss: loss,
            ..Stats::default()
        }
    }

    #[test]
    fn each_direction_has_its_own_loss() {
        let mut monitor = Monitor::default();
        let none = Changes::default();
        assert_eq!(monitor.on_stats(0, &stats(0, 0, 0.0, 50_000)), none);
        assert_eq!(monitor.on_stats(SECOND, &stats(1, 0, 0.0, 50_000)), none);
        let good = Some(Quality::Good);
        let both = Changes { sent: good, received: good };
        assert_eq!(monitor.on_stats(2 * SECOND, &stats(2, 0, 0.0, 50_000)), both);
        assert_eq!(monitor.on_stats(3 * SECOND, &stats(3, 10, 0.0, 50_000)), none);
        let sent = Changes { sent: Some(Quality::Bad), received: None };
        assert_eq!(monitor.on_stats(4 * SECOND, &stats(4, 20, 0.0, 50_000)), sent);
        assert_eq!(monitor.on_stats(5 * SECOND, &stats(5, 20, 0.05, 50_000)), none);
        let received = Changes { sent: None, received: Some(Quality::Poor) };
        assert_eq!(monitor.on_stats(6 * SECOND, &stats(6, 20, 0.05, 50_000)), received);
        assert_eq!((monitor.sent(), monitor.received()), (Quality::Bad, Quality::Poor));
        // A connection made anew: its counters begin at zero.
        assert_eq!(monitor.on_stats(7 * SECOND, &stats(0, 0, 0.0, 50_000)), none);
        assert_eq!(
            monitor.on_stats(8 * SECOND, &stats(1, 0, 0.0, 50_000)),
            Changes { sent: good, received: None }
        );
    }

    #[test]
    fn silence_is_down_at_once_and_good_after_two_samples() {
        let mut monitor = Monitor::default();
        let down = Some(Quality::Down);
        assert_eq!(monitor.set_silent(true), Changes { sent: down, received: down });
        for second in 0..10 {
            assert_eq!(monitor.on_stats(second * SECOND, &stats(second, 0, 0.0, 0)), Changes::default());
        }
        assert_eq!(monitor.set_silent(false), Changes::default());
        let changes: Vec<u64> = (10..16)
            .filter(|second| {
                monitor.on_stats(second * SECOND, &stats(*second, 0, 0.0, 0)) != Changes::default()
            })
            .collect();
        assert_eq!(changes, [12]);
        assert_eq!(monitor.received(), Quality::Good);
    }

    #[test]
    fn any_report_has_a_verdict() {
        let (mut random, mut now) = (fastrand::Rng::with_seed(3), 0);
        let mut monitor = Monitor::default();
        for _ in 0..20_000 {
            now += random.u64(..4 * SECOND);
            let mut number = || if random.bool() { random.u64(..) } else { random.u64(..1_000) };
            let stats = Stats {
                rtt_us: Some(number()),
                audio_packets_sent: number(),
                audio_lost_remote: number(),
                audio_jitter_remote_us: number(),
                audio_packets_received: number(),
                audio_loss: f32::from_bits(number() as u32),
                audio_jitter_us: number(),
                ..Stats::default()
            };
            monitor.on_stats(now, &stats);
        }
        assert!(monitor.sent() != Quality::Unknown && monitor.received() != Quality::Unknown);
    }
}
