//! Frames of 20 ms to Opus packets.

use super::codec::{Encode, RawEncoder};
use super::format::FRAME;
use super::level::peak;

/// Bit rates that are used.
const BITS_PER_SECOND: std::ops::RangeInclusive<u32> = 6_000..=128_000;
/// Loss that FEC prepares for until the peer has reported any: the first lost packets are recovered, too.
const LEAST_LOSS: u8 = 5;
/// Beyond it, FEC takes more from the sound than it gives.
const MOST_LOSS: u8 = 25;
/// Bytes of a packet at most: one datagram.
const PACKET: usize = 1_200;
/// What is not longer need not be sent (DTX).
const NOTHING: usize = 2;
/// Without the analysis that it makes at complexity 7, Opus takes any steady sound for noise that nobody
/// misses, also a tone or a held note: DTX leaves it out, FEC has no copy of it, and its concealment fades at
/// once. So only sound below this peak, -35 dB, may be left out,
const QUIET: u16 = 583;
/// and after as many frames whose peaks are within a quarter of the first one's, it is encoded as music.
const STEADY_FRAMES: u32 = 15;

/// Encodes 48 kHz mono to Opus with in-band FEC and DTX.
pub struct Encoder {
    raw: RawEncoder,
    loss: u8,
    /// Peak of the first of the steady frames, and how many there are.
    steady: (u16, u32),
    packet: Box<[u8; PACKET]>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("loss", &self.loss).finish_non_exhaustive()
    }
}

impl Encoder {
    /// `None`: no memory.
    pub fn new(bits_per_second: u32) -> Option<Encoder> {
        let bits = bits_per_second.clamp(*BITS_PER_SECOND.start(), *BITS_PER_SECOND.end());
        let mut raw = RawEncoder::new(bits).ok()?;
        raw.set_loss(LEAST_LOSS);
        Some(Encoder { raw, loss: LEAST_LOSS, steady: (0, 0), packet: Box::new([0; PACKET]) })
    }

    /// The part of our packets that the peer misses, in percent.
    pub fn set_loss(&mut self, percent: u8) {
        let percent = percent.clamp(LEAST_LOSS, MOST_LOSS);
        if percent != self.loss {
            self.loss = percent;
            self.raw.set_loss(percent);
        }
    }

    /// The packet of a frame; `None`: the sender is silent, and nothing is sent.
    pub fn encode(&mut self, frame: &[i16; FRAME]) -> Option<&[u8]> {
        let peak = peak(frame);
        self.raw.set_dtx(peak <= QUIET);
        self.note_peak(peak);
        let bytes = self.raw.encode(frame, &mut self.packet[..]).ok()?;
        (bytes > NOTHING).then(|| &self.packet[..bytes])
    }

    fn note_peak(&mut self, peak: u16) {
        let (first, frames) = self.steady;
        let is_steady = peak > QUIET && peak.abs_diff(first) <= first / 4;
        if !is_steady && frames >= STEADY_FRAMES {
            self.raw.set_steady(false);
        }
        self.steady = if is_steady { (first, frames.saturating_add(1)) } else { (peak, 0) };
        if self.steady.1 == STEADY_FRAMES {
            self.raw.set_steady(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::format::RATE;
    use crate::audio::tone::Tone;

    /// How many of 100 frames of a tone are sent.
    fn sent(amplitude: f64) -> usize {
        let (mut encoder, mut tone) =
            (Encoder::new(32_000).expect("an encoder"), Tone::new(440.0, amplitude, RATE));
        let mut frame = [0; FRAME];
        (0..100)
            .filter(|_| {
                tone.fill(&mut frame);
                encoder.encode(&frame).is_some()
            })
            .count()
    }

    #[test]
    fn a_steady_tone_is_sent_and_silence_is_not() {
        assert_eq!(sent(10_000.0), 100);
        assert_eq!(sent(600.0), 100);
        assert!(sent(0.0) < 30);
    }

    #[test]
    fn bit_rates_out_of_range_are_the_nearest_within() {
        let mut frame = [0; FRAME];
        Tone::new(440.0, 10_000.0, RATE).fill(&mut frame);
        for (bits, bytes) in [(0, 5..40), (u32::MAX, 100..600)] {
            let mut encoder = Encoder::new(bits).expect("an encoder");
            let last = (0..20).filter_map(|_| encoder.encode(&frame).map(<[u8]>::len)).last();
            assert!(last.is_some_and(|last| bytes.contains(&last)), "{bits}: {last:?}");
        }
    }
}
