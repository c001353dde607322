//! Tones to test with: made, found and measured.

use std::f64::consts::TAU;

/// A sine.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    step: f64,
    amplitude: f64,
    sample: u64,
}

impl Tone {
    /// `amplitude` up to 32767.
    pub fn new(hertz: f64, amplitude: f64, rate: u32) -> Tone {
        Tone { step: TAU * hertz / f64::from(rate), amplitude, sample: 0 }
    }

    /// The next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = (self.amplitude * (self.step * self.sample as f64).sin()).round() as i16;
            self.sample += 1;
        }
    }
}

/// Amplitude of a frequency in the samples (Goertzel).
pub fn amplitude(samples: &[i16], hertz: f64, rate: u32) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let step = TAU * hertz / f64::from(rate);
    let factor = 2.0 * step.cos();
    let (before, last) = samples
        .iter()
        .fold((0.0, 0.0), |(before, last), sample| (last, f64::from(*sample) + factor * last - before));
    let power = (before * before + last * last - factor * before * last).max(0.0);
    2.0 * power.sqrt() / samples.len() as f64
}

/// How much louder a tone is than everything else in the samples, in dB. Each 50 ms count for themselves,
/// with the phase they have and the pitch within 0.6 %: a jitter buffer that changes its speed is no noise.
pub fn snr_db(samples: &[i16], hertz: f64, rate: u32) -> f64 {
    let (mut signal, mut noise) = (0.0, 1e-9);
    for window in samples.chunks_exact(rate as usize / 20) {
        let pitches = (-6..=6).map(|permille| hertz * (1.0 + 0.001 * f64::from(permille)));
        let fits = pitches.map(|pitch| split(window, pitch, rate));
        let (tone, rest) = fits.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
        signal += tone;
        noise += rest;
    }
    10.0 * (signal / noise).max(1e-9).log10()
}

/// Energy of the sine that fits best, and of the rest.
fn split(samples: &[i16], hertz: f64, rate: u32) -> (f64, f64) {
    let step = TAU * hertz / f64::from(rate);
    let waves = |n: usize| (step * n as f64).sin_cos();
    // Least squares over sine and cosine, which are not orthogonal in a window of any length.
    let mut sums = [0.0; 5];
    for (n, sample) in samples.iter().enumerate() {
        let ((sin, cos), sample) = (waves(n), f64::from(*sample));
        for (sum, term) in sums.iter_mut().zip([sin * sin, cos * cos, sin * cos, sample * sin, sample * cos])
        {
            *sum += term;
        }
    }
    let [ss, cc, sc, ys, yc] = sums;
    let determinant = ss * cc - sc * sc;
    if determinant.abs() < 1e-9 {
        return (0.0, 0.0);
    }
    let (a, b) = ((ys * cc - yc * sc) / determinant, (yc * ss - ys * sc) / determinant);
    samples.iter().enumerate().fold((0.0, 0.0), |(signal, noise), (n, sample)| {
        let (sin, cos) = waves(n);
        let tone = a * sin + b * cos;
        (signal + tone * tone, noise + (f64::from(*sample) - tone).powi(2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_where_it_is() {
        let mut samples = [0; 4_800];
        Tone::new(441.0, 8_000.0, 48_000).fill(&mut samples);
        assert!((amplitude(&samples, 441.0, 48_000) - 8_000.0).abs() < 100.0);
        assert!(amplitude(&samples, 700.0, 48_000) < 400.0);
        assert!(snr_db(&samples, 441.0, 48_000) > 60.0);
        assert!(snr_db(&samples, 700.0, 48_000) < 0.0);
        assert_eq!(amplitude(&[], 441.0, 48_000), 0.0);
    }

    #[test]
    fn another_pitch_within_half_a_percent_is_no_noise() {
        let mut samples = [0; 48_000];
        Tone::new(440.0 * 1.0043, 10_000.0, 48_000).fill(&mut samples);
        assert!(snr_db(&samples, 440.0, 48_000) > 30.0);
        Tone::new(440.0 * 1.02, 10_000.0, 48_000).fill(&mut samples);
        assert!(snr_db(&samples, 440.0, 48_000) < 20.0);
    }

    #[test]
    fn noise_lowers_the_ratio_by_its_energy() {
        let mut samples = [0; 48_000];
        Tone::new(440.0, 10_000.0, 48_000).fill(&mut samples);
        let mut random = fastrand::Rng::with_seed(1);
        // Evenly distributed within 1732: a tenth of the tone's amplitude as its effective value.
        samples.iter_mut().for_each(|sample| *sample += random.i16(-1_732..=1_732));
        let ratio = snr_db(&samples, 440.0, 48_000);
        assert!((16.0..18.0).contains(&ratio), "{ratio}");
    }
}
