//! A room with a speaker, a microphone and two voices, in virtual time.

#![allow(dead_code, reason = "each test program uses a part")]

use std::f64::consts::{PI, TAU};

use nertc_callkit_audio_processing::{FRAME, Processor, RATE, Settings};
use nertc_callkit_testkit::Random;

/// Samples of `seconds`.
pub(crate) fn samples(seconds: f64) -> usize {
    (seconds * f64::from(RATE)) as usize
}

/// Nearly Gaussian, with a variance of 1.
pub(crate) fn noise(random: &mut Random) -> f32 {
    let sum: f32 = (0..4).map(|_| random.below(1 << 24) as f32 / (1 << 24) as f32).sum();
    (sum - 2.0) * 3.0_f32.sqrt()
}

/// Like speech: syllables with pitch and formants, some without pitch, pauses between them.
pub(crate) fn voice(seed: u64, seconds: f64, peak: f32) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut sound: Vec<f32> = Vec::with_capacity(samples(seconds));
    while sound.len() < samples(seconds) {
        syllable(&mut random, &mut sound);
        let most = if random.chance(200) { 300 } else { 60 };
        let pause = samples(random.below(most) as f64 / 1000.0);
        sound.extend(std::iter::repeat_n(0.0, pause));
    }
    sound.truncate(samples(seconds));
    let loudest = sound.iter().fold(0.0, |loudest: f32, it| loudest.max(it.abs()));
    sound.iter_mut().for_each(|it| *it *= peak / loudest);
    sound
}

fn syllable(random: &mut Random, sound: &mut Vec<f32>) {
    let length = samples(0.12 + random.below(180) as f64 / 1000.0);
    let pitch = 90.0 + random.below(120) as f64;
    let is_voiced = random.chance(700);
    let formants = [(300, 500), (900, 1200), (2300, 900)];
    let formants = formants.map(|(from, range)| TAU * (from + random.below(range)) as f64 / f64::from(RATE));
    let (mut phase, radius, mut states) = (0.0, 0.985, [(0.0, 0.0); 3]);
    for at in 0..length {
        let envelope = (PI * at as f64 / length as f64).sin().powf(0.7);
        phase += pitch / f64::from(RATE);
        let pulse = if phase >= 1.0 { 8.0 } else { 0.0 };
        phase %= 1.0;
        let hiss = f64::from(noise(random));
        let source = if is_voiced { pulse + 0.08 * hiss } else { 0.5 * hiss };
        let mut sum = 0.1 * source;
        for ((last, before), angle) in states.iter_mut().zip(formants) {
            let next = source + 2.0 * radius * angle.cos() * *last - radius * radius * *before;
            (*before, *last) = (*last, next);
            sum += next * (1.0 - radius);
        }
        sound.push((envelope * sum) as f32);
    }
}

/// One way from the speaker to the microphone, devices included.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) seed: u64,
    pub(crate) delay_ms: f64,
    /// Until reflections have fallen by 60 dB.
    pub(crate) reverberation_ms: f64,
    /// Of all ways together.
    pub(crate) gain_db: f32,
}

impl Room {
    /// Delay in samples and gain of each way: the direct one, and generated reflections.
    fn response(&self) -> Vec<(usize, f32)> {
        let mut random = Random::new(self.seed);
        let first = samples(self.delay_ms / 1000.0);
        let reverberation = samples(self.reverberation_ms / 1000.0);
        let mut ways = vec![(first, 1.0)];
        for _ in 0..250 {
            let later = 24 + random.below(reverberation as u64) as usize;
            let decay = 10_f64.powf(-3.0 * later as f64 / reverberation as f64);
            ways.push((first + later, 0.4 * decay as f32 * noise(&mut random)));
        }
        let energy: f32 = ways.iter().map(|(_, gain)| gain * gain).sum();
        let scale = 10_f32.powf(self.gain_db / 20.0) / energy.sqrt();
        ways.iter().map(|(delay, gain)| (*delay, gain * scale)).collect()
    }

    /// What of `sound` arrives at the microphone.
    pub(crate) fn echo(&self, sound: &[f32]) -> Vec<f32> {
        let mut echo = vec![0.0; sound.len()];
        for (delay, gain) in self.response() {
            for (echo, sound) in echo[delay..].iter_mut().zip(sound) {
                *echo += gain * sound;
            }
        }
        echo
    }
}

/// As a clock that is faster by `ppm` sees it.
pub(crate) fn drifted(sound: &[f32], ppm: f64) -> Vec<f32> {
    let at = |at: usize| sound.get(at).copied().unwrap_or(0.0);
    let position = |n: usize| n as f64 * (1.0 - ppm / 1e6);
    let interpolated = |n: usize| {
        let whole = position(n) as usize;
        let part = position(n).fract() as f32;
        let [a, b, c, d] = [at(whole.saturating_sub(1)), at(whole), at(whole + 1), at(whole + 2)];
        b + 0.5 * part * (c - a + part * (2.0 * a - 5.0 * b + 4.0 * c - d + part * (3.0 * (b - c) + d - a)))
    };
    (0..sound.len()).map(interpolated).collect()
}

/// Later by `ms` from `seconds` on.
pub(crate) fn delayed_from(sound: &mut [f32], seconds: f64, ms: f64) {
    let (from, by) = (samples(seconds), samples(ms / 1000.0));
    sound.copy_within(from - by..sound.len() - by, from);
}

/// Sum of both.
pub(crate) fn mix(sound: &mut [f32], other: &[f32]) {
    sound.iter_mut().zip(other).for_each(|(sound, other)| *sound += other);
}

/// Mean energy in dB below full scale.
pub(crate) fn level(sound: &[f32]) -> f64 {
    let energy: f64 = sound.iter().map(|it| f64::from(*it).powi(2)).sum();
    10.0 * (energy / sound.len() as f64 + 1e-12).log10()
}

fn to_i16(sound: &[f32]) -> Vec<i16> {
    sound.iter().map(|it| (it * 32768.0).round() as i16).collect()
}

/// What comes out if `far` is written to a speaker whose clock is faster by `ppm`, and `near` is the
/// microphone. Both devices work in pieces of 10 ms of their own clocks.
pub(crate) fn process(settings: Settings, far: &[f32], near: &[f32], ppm: f64) -> Vec<f32> {
    let mut processor = Processor::new(settings);
    let (far, near) = (to_i16(far), to_i16(near));
    let mut far = far.chunks_exact(FRAME);
    let (mut written, mut output) = (0.0, Vec::with_capacity(near.len()));
    for (at, frame) in near.as_chunks::<FRAME>().0.iter().enumerate() {
        // Half a frame apart, so that neither is the first by chance.
        while written / (1.0 + ppm / 1e6) <= at as f64 + 0.5 {
            processor.far(far.next().unwrap_or(&[0; FRAME]));
            written += 1.0;
        }
        let mut processed = [0; FRAME];
        processor.near(frame, &mut processed);
        output.extend(processed.map(|it| f32::from(it) / 32768.0));
    }
    output
}
