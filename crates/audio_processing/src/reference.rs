//! What the speaker plays, in the microphone's clock.

use crate::format::FRAME;

/// Most that waits: half a second. While the microphone stops for longer, the oldest is dropped.
const CAPACITY: usize = 50 * FRAME;
/// What has to wait before the first sample is taken, so that a late piece is not missed at once.
const START: usize = 2 * FRAME;
/// With less the speaker's clock is the slower one: what waits is stretched until there is `START`.
const LOW: usize = START - FRAME / 2;
/// With more the speaker's clock is the faster one: what waits is compressed until there is `ENOUGH`.
const HIGH: usize = START + FRAME;
const ENOUGH: usize = START + FRAME / 2;
/// How much is stretched: twice what the clocks of two devices differ by.
const STRETCH: f64 = 0.0002;
/// Frames between two decisions, so that single pieces that are late do not count.
const WINDOW: u32 = 100;

/// A queue between two clocks.
#[derive(Debug)]
pub struct Reference {
    /// A ring; the oldest sample is at `first`.
    samples: Box<[i16; CAPACITY]>,
    first: usize,
    length: usize,
    /// The last four samples taken: interpolation is between the middle two.
    taken: [f32; 4],
    /// Position between those two.
    fraction: f64,
    /// Samples taken for one: 1, or `STRETCH` less or more.
    speed: f64,
    /// False until `START` samples wait, and again once they were too few.
    is_running: bool,
    /// Least that waited in this window, and its frames so far.
    least: usize,
    frames: u32,
}

impl Default for Reference {
    fn default() -> Reference {
        Reference {
            samples: Box::new([0; CAPACITY]),
            first: 0,
            length: 0,
            taken: [0.0; 4],
            fraction: 0.0,
            speed: 1.0,
            is_running: false,
            least: CAPACITY,
            frames: 0,
        }
    }
}

impl Reference {
    /// Samples that wait.
    pub fn waiting(&self) -> usize {
        self.length
    }

    /// Sound goes in.
    pub fn push(&mut self, sound: &[i16]) {
        for sample in sound {
            if self.length == CAPACITY {
                self.take();
            }
            self.samples[(self.first + self.length) % CAPACITY] = *sample;
            self.length += 1;
        }
    }

    /// 10 ms of the microphone's clock. Silence where nothing waits: then the speaker plays none.
    pub fn pop(&mut self, frame: &mut [i16; FRAME]) {
        self.is_running |= self.length >= START;
        if !self.is_running {
            frame.fill(0);
            return;
        }
        self.follow();
        for sample in frame {
            self.fraction += self.speed;
            while self.fraction >= 1.0 {
                self.fraction -= 1.0;
                let next = self.take().unwrap_or_else(|| {
                    self.is_running = false;
                    0
                });
                self.taken = [self.taken[1], self.taken[2], self.taken[3], f32::from(next)];
            }
            *sample = interpolate(self.taken, self.fraction as f32).round() as i16;
        }
    }

    fn take(&mut self) -> Option<i16> {
        let sample = (self.length > 0).then(|| self.samples[self.first])?;
        self.first = (self.first + 1) % CAPACITY;
        self.length -= 1;
        Some(sample)
    }

    /// Once a window: faster or slower, by the least that waited.
    fn follow(&mut self) {
        self.least = self.least.min(self.length);
        self.frames += 1;
        if self.frames < WINDOW {
            return;
        }
        if self.least < LOW {
            self.speed = 1.0 - STRETCH;
        } else if self.least > HIGH {
            self.speed = 1.0 + STRETCH;
        } else if self.speed < 1.0 && self.least >= START || self.speed > 1.0 && self.least <= ENOUGH {
            self.speed = 1.0;
        }
        (self.least, self.frames) = (CAPACITY, 0);
    }
}

/// Between the middle two of four samples, by Catmull and Rom's cubic.
fn interpolate([a, b, c, d]: [f32; 4], at: f32) -> f32 {
    b + 0.5 * at * (c - a + at * (2.0 * a - 5.0 * b + 4.0 * c - d + at * (3.0 * (b - c) + d - a)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nertc_callkit_testkit::Random;

    /// Microphone frames of five minutes; the speaker's pieces have `period` samples of its clock, which is
    /// faster by `ppm`, and are up to `late` samples late. Returns most and least that waited, and silent
    /// frames after the first second.
    fn run(ppm: f64, period: usize, late: u64) -> (usize, usize, u32) {
        let mut reference = Reference::default();
        let mut random = Random::new(period as u64);
        let (mut written, mut delay) = (0, 0.0);
        let (mut most, mut least, mut silent) = (0, usize::MAX, 0);
        let mut frame = [0; FRAME];
        for at in 0..30_000u32 {
            let now = f64::from(at) * FRAME as f64;
            // The piece is written when the one before has been played.
            while (written * period) as f64 / (1.0 + ppm / 1e6) + delay <= now {
                reference.push(&[1000; 4800][..period]);
                written += 1;
                delay = random.below(late + 1) as f64;
            }
            if at > 100 {
                (most, least) = (most.max(reference.waiting()), least.min(reference.waiting()));
            }
            reference.pop(&mut frame);
            silent += u32::from(at > 100 && frame.contains(&0));
        }
        (most, least, silent)
    }

    #[test]
    fn drift_neither_starves_nor_overflows() {
        for ppm in [-100.0, 0.0, 100.0] {
            for (period, late) in [(480, 0), (480, 200), (441, 100), (128, 300), (960, 0)] {
                let (most, least, silent) = run(ppm, period, late);
                assert!(silent <= 3, "{ppm} {period} {late}: {silent} silent frames");
                assert!(most <= 5 * FRAME, "{ppm} {period} {late}: {least} to {most} waited");
            }
        }
    }

    #[test]
    fn a_speaker_that_stops_is_silent_until_enough_waits_again() {
        let mut reference = Reference::default();
        let mut frame = [1; FRAME];
        reference.push(&[1000; FRAME]);
        reference.pop(&mut frame);
        assert_eq!(frame, [0; FRAME], "one frame is not enough to start");
        reference.push(&[1000; FRAME]);
        reference.pop(&mut frame);
        assert_eq!(frame[FRAME - 1], 1000);
        reference.pop(&mut frame);
        reference.pop(&mut frame);
        reference.pop(&mut frame);
        assert_eq!(frame, [0; FRAME]);
        reference.push(&[1000; FRAME]);
        reference.pop(&mut frame);
        assert_eq!(frame, [0; FRAME], "starts again with two");
    }

    #[test]
    fn what_nobody_takes_is_dropped() {
        let mut reference = Reference::default();
        for at in 0..1000 {
            reference.push(&[at; FRAME]);
        }
        assert_eq!(reference.waiting(), CAPACITY);
        let mut frame = [0; FRAME];
        reference.pop(&mut frame);
        assert_eq!(frame[FRAME / 2], 950, "the oldest went first");
    }

    #[test]
    fn at_one_speed_sound_passes_unchanged() {
        let mut reference = Reference::default();
        let sound: Vec<i16> = (0..4 * FRAME as i16).map(|at| at * 7 % 5000).collect();
        reference.push(&sound);
        let mut frame = [0; FRAME];
        reference.pop(&mut frame);
        assert_eq!(frame[2..], sound[..FRAME - 2], "two samples later");
    }
}
