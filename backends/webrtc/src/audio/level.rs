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
    pub fn push(&mut self, samples: &[i16]) {
        for sample in samples {
            self.peak = self.peak.max(sample.unsigned_abs().min(i16::MAX as u16));
            self.samples += 1;
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
