//! How loud it is.

use super::format::RATE;

/// Samples of 100 ms.
const WINDOW: u32 = RATE / 10;

/// The peak of the last whole 100 ms of sound at 48 kHz.
#[derive(Clone, Copy, Debug, Default)]
pub struct LevelMeter {
    peak: u16,
    samples: u32,
    level: u16,
}

impl LevelMeter {
    /// Sound goes on.
    pub fn push(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() {
            let part;
            (part, samples) = samples.split_at(samples.len().min((WINDOW - self.samples) as usize));
            self.peak = peak(part).min(i16::MAX as u16).max(self.peak);
            self.samples += part.len() as u32;
            if self.samples == WINDOW {
                *self = LevelMeter { level: self.peak, ..LevelMeter::default() };
            }
        }
    }

    /// 0 to 32767.
    pub fn level(&self) -> u32 {
        u32::from(self.level)
    }
}

/// The loudest sample.
pub(super) fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_the_peak_of_100_ms() {
        let mut meter = LevelMeter::default();
        meter.push(&[i16::MIN]);
        assert_eq!(meter.level(), 0);
        meter.push(&[0; WINDOW as usize - 1]);
        assert_eq!(meter.level(), 32_767);
        meter.push(&[-5; WINDOW as usize]);
        assert_eq!(meter.level(), 5);
    }
}
