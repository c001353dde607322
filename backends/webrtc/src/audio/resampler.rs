//! From one sample rate to another, and a little faster or slower where two clocks differ.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Adjustable as _, Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use super::format::RATES;

/// Length of the filter where the rate does not fall.
const TAPS: usize = 64;
/// Most that the speed differs from 1.
pub(super) const MOST: f64 = 0.005;

/// Resamples mono sound.
pub struct Resampler {
    inner: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("waiting", &self.input.len()).finish_non_exhaustive()
    }
}

impl Resampler {
    /// `None`: a rate below 8 or above 192 kHz.
    pub fn new(from: u32, to: u32) -> Option<Resampler> {
        if !RATES.contains(&from) || !RATES.contains(&to) {
            return None;
        }
        // What the lower rate cannot carry is cut off: the more, the longer the filter.
        let taps = TAPS * (from as usize).div_ceil(to as usize);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::Blackman2)
            .interpolation(SincInterpolationType::Linear);
        let ratio = f64::from(to) / f64::from(from);
        let block = to as usize / 100;
        let inner =
            Async::new_sinc(ratio, 1.0 + 2.0 * MOST, &parameters, block, 1, FixedAsync::Output).ok()?;
        Some(Resampler { inner, input: Vec::new(), output: vec![0.0; block] })
    }

    /// How fast sound is consumed, within ±0.5 % of 1.
    pub fn set_speed(&mut self, speed: f64) {
        let ratio = 1.0 / speed.clamp(1.0 - MOST, 1.0 + MOST);
        // Within what it was made for.
        let _ = self.inner.set_resample_ratio_relative(ratio, true);
    }

    /// Sound goes in.
    pub fn push(&mut self, samples: impl IntoIterator<Item = f32>) {
        self.input.extend(samples);
    }

    /// 10 ms of sound; `None`: more has to go in before.
    pub fn pop(&mut self) -> Option<&[f32]> {
        let (input, output) = (self.input.len(), self.output.len());
        if input < self.inner.input_frames_next() {
            return None;
        }
        let source = SequentialSlice::new(&self.input, 1, input).ok()?;
        let mut target = SequentialSlice::new_mut(&mut self.output, 1, output).ok()?;
        let (used, made) = self.inner.process_into_buffer(&source, &mut target, None).ok()?;
        self.input.drain(..used);
        self.output.get(..made)
    }
}

/// A sample as 16 bit.
pub(super) fn to_i16(sample: f32) -> i16 {
    // Saturates. `f32::round` would be a call of a function for each sample.
    (sample + 0.5_f32.copysign(sample)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tone::{Tone, amplitude, snr_db};

    /// A second of a tone of 1 kHz from one rate to another.
    fn converted(from: u32, to: u32, hertz: f64) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to).expect("usable rates");
        let (mut tone, mut out, mut chunk) = (Tone::new(hertz, 10_000.0, from), Vec::new(), [0; 77]);
        for _ in 0..from / 77 {
            tone.fill(&mut chunk);
            resampler.push(chunk.iter().map(|sample| f32::from(*sample)));
            while let Some(block) = resampler.pop() {
                out.extend(block.iter().copied().map(to_i16));
            }
        }
        out
    }

    #[test]
    fn a_tone_survives_any_pair_of_rates() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
            for (from, to) in [(rate, 48_000), (48_000, rate)] {
                let out = converted(from, to, 1_000.0);
                let whole = (0.95..1.01).contains(&(out.len() as f64 / f64::from(to)));
                assert!(whole, "{from} to {to}: {}", out.len());
                let steady = &out[to as usize / 5..];
                let snr = snr_db(steady, 1_000.0, to);
                assert!(snr >= 60.0, "{from} to {to}: {snr}");
                let level = amplitude(&steady[..to as usize / 2], 1_000.0, to);
                assert!((9_900.0..10_100.0).contains(&level), "{from} to {to}: {level}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_cut_off() {
        for (from, to, hertz) in [(192_000, 48_000, 30_000.0), (48_000, 8_000, 6_000.0)] {
            let out = converted(from, to, hertz);
            let peak = out[to as usize / 5..].iter().map(|sample| sample.unsigned_abs()).max();
            assert!(peak < Some(20), "{from} to {to}: {peak:?}");
        }
    }

    #[test]
    fn samples_are_rounded_and_saturate() {
        let samples = [0.4, 0.5, -0.4, -0.5, 1.49, -1.6, 32_766.6, 40_000.0, -40_000.0];
        assert_eq!(samples.map(to_i16), [0, 1, 0, -1, 1, -2, 32_767, 32_767, -32_768]);
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        for (from, to) in [(0, 48_000), (7_999, 48_000), (48_000, 192_001), (u32::MAX, 48_000)] {
            assert!(Resampler::new(from, to).is_none());
        }
    }

    #[test]
    fn the_speed_is_how_much_is_consumed() {
        for speed in [0.9, 0.995, 1.0, 1.003, 1.2] {
            let mut resampler = Resampler::new(48_000, 48_000).expect("usable rates");
            resampler.set_speed(speed);
            let (mut pushed, mut popped) = (0, 0);
            while popped < 480_000 {
                match resampler.pop() {
                    Some(block) => popped += block.len(),
                    None => {
                        resampler.push([0.0; 100]);
                        pushed += 100;
                    }
                }
            }
            let expected = speed.clamp(0.995, 1.005);
            let actual = f64::from(pushed) / popped as f64;
            assert!((actual - expected).abs() < 0.000_5, "{speed}: {actual}");
        }
    }
}
