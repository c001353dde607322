//! Sound like speech: syllables of a voice with harmonics, consonants of noise, and pauses that are not
//! silent, so that no codec may leave anything out.

use std::f64::consts::TAU;

const RATE: f64 = 48_000.0;
/// Samples until it repeats: 4 s.
const LENGTH: usize = 4 * 48_000;
/// Samples of a syllable: a quarter of a second.
const SYLLABLE: usize = 12_000;

pub(super) struct Speech(Vec<i16>);

impl Speech {
    pub(super) fn new() -> Speech {
        let mut noise = nertc_callkit_testkit::Random::new(1);
        let (mut phase, mut samples) = (0.0, Vec::with_capacity(2 * LENGTH));
        for at in 0..LENGTH {
            let (syllable, place) = (at / SYLLABLE, (at % SYLLABLE) as f64 / SYLLABLE as f64);
            // The pitch moves, the vowel is another one in each syllable, and each fifth is a pause.
            let pitch = 120.0 + 30.0 * (TAU * at as f64 / RATE * 0.7).sin();
            phase += TAU * pitch / RATE;
            let vowel = 400.0 + 130.0 * (syllable % 7) as f64;
            let voice: f64 = (1..=20)
                .map(|harmonic| {
                    let distance = (f64::from(harmonic) * pitch - vowel) / 300.0;
                    (f64::from(harmonic) * phase).sin() / (1.0 + distance * distance)
                })
                .sum();
            let hiss = noise.below(2_001) as f64 / 1_000.0 - 1.0;
            let (loud, rough) = match syllable % 5 {
                4 => (0.0, 60.0),
                _ if place < 0.2 => (0.0, 1_500.0),
                _ => (4_000.0 * (std::f64::consts::PI * (place - 0.2) / 0.8).sin(), 60.0),
            };
            samples.push((voice * loud + hiss * rough).clamp(-30_000.0, 30_000.0) as i16);
        }
        samples.extend_from_within(..);
        Speech(samples)
    }

    /// A tone without pauses.
    pub(super) fn tone() -> Speech {
        let wave = |at: usize| (8_000.0 * (TAU * 440.0 * at as f64 / RATE).sin()) as i16;
        Speech((0..2 * LENGTH).map(wave).collect())
    }

    /// So many samples from a place on; at most 4 s.
    pub(super) fn part(&self, from: usize, count: usize) -> &[i16] {
        &self.0[from % LENGTH..][..count]
    }
}
