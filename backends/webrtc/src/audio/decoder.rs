//! Opus packets to samples.

use super::codec::{Decode, LONGEST, RawDecoder, Refused, duration};
use super::format::FRAME;

/// Decodes Opus to 48 kHz mono.
pub struct Decoder {
    raw: RawDecoder,
    out: Box<[i16; LONGEST]>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// `None`: no memory.
    pub fn new() -> Option<Decoder> {
        Some(Decoder { raw: RawDecoder::new().ok()?, out: Box::new([0; LONGEST]) })
    }

    /// Samples of a packet. Concealed if it is damaged, which the second value says.
    pub fn decode(&mut self, packet: &[u8]) -> (&[i16], bool) {
        match self.raw.decode(packet, &mut self.out[..]) {
            Ok(samples) => (&self.out[..samples.min(LONGEST)], true),
            Err(Refused) => {
                let samples = duration(packet).map_or(FRAME, |samples| samples as usize);
                (self.conceal(samples), false)
            }
        }
    }

    /// The `samples` that preceded the packet `next`, from the copy in it. Concealed if there is none.
    pub fn recover(&mut self, next: &[u8], samples: usize) -> &[i16] {
        let samples = samples.min(LONGEST);
        match self.raw.recover(next, &mut self.out[..samples]) {
            Ok(recovered) if recovered == samples => &self.out[..samples],
            Ok(_) | Err(Refused) => self.conceal(samples),
        }
    }

    /// `samples` that sound like what came before, and fade; in a pause, noise like before it.
    pub fn conceal(&mut self, samples: usize) -> &[i16] {
        let samples = samples.min(LONGEST);
        if self.raw.conceal(&mut self.out[..samples]) != Ok(samples) {
            self.out[..samples].fill(0);
        }
        &self.out[..samples]
    }
}
