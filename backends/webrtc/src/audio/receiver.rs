//! Packets in, sound out: jitter buffer, decoder and resampler.

use super::decoder::Decoder;
use super::format::{FRAME, RATE, RATES};
use super::jitter_buffer::{Counters, Inserted, JitterBuffer, Limits, Next};
use super::level::LevelMeter;
use super::resampler::{Resampler, to_i16};
use crate::peer::AudioPacket;

/// Samples of sound, made at a pace that makes up for clocks that differ.
#[derive(Debug)]
pub struct Receiver {
    buffer: JitterBuffer,
    decoder: Decoder,
    /// Of the decoder's sender.
    restarts: u64,
    resampler: Resampler,
    rate: u32,
    /// Samples that were made, but not taken yet, and where they begin.
    ready: Vec<i16>,
    taken: usize,
    meter: LevelMeter,
    samples: u64,
    damaged: u64,
}

impl Receiver {
    /// For sound at 48 kHz. `None`: no memory.
    pub fn new(limits: Limits) -> Option<Receiver> {
        Some(Receiver {
            buffer: JitterBuffer::new(limits),
            decoder: Decoder::new()?,
            restarts: 0,
            resampler: Resampler::new(RATE, RATE)?,
            rate: RATE,
            ready: Vec::new(),
            taken: 0,
            meter: LevelMeter::default(),
            samples: 0,
            damaged: 0,
        })
    }

    /// A packet has come.
    pub fn insert(&mut self, packet: AudioPacket) -> Inserted {
        self.buffer.insert(packet)
    }

    /// The sender began anew.
    pub fn restart(&mut self) {
        self.buffer.restart();
    }

    /// Sound at another rate, from 8 to 192 kHz. What was made and not taken is dropped.
    pub fn set_rate(&mut self, rate: u32) {
        if rate == self.rate || !RATES.contains(&rate) {
            return;
        }
        if let Some(resampler) = Resampler::new(RATE, rate) {
            (self.resampler, self.rate, self.taken) = (resampler, rate, 0);
            self.ready.clear();
        }
    }

    /// Samples per second of the sound.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Fills `out` with the sound that is due at `now`.
    pub fn fill(&mut self, now: u64, out: &mut [i16]) {
        let mut filled = 0;
        while filled < out.len() {
            if self.taken == self.ready.len() {
                self.make(now);
            }
            let part = (self.ready.len() - self.taken).min(out.len() - filled);
            out[filled..][..part].copy_from_slice(&self.ready[self.taken..][..part]);
            (filled, self.taken) = (filled + part, self.taken + part);
        }
    }

    /// Makes the next 10 ms.
    fn make(&mut self, now: u64) {
        self.ready.clear();
        self.taken = 0;
        loop {
            if let Some(block) = self.resampler.pop().filter(|block| !block.is_empty()) {
                self.ready.extend(block.iter().copied().map(to_i16));
                return;
            }
            self.decode(now);
        }
    }

    /// Decodes what is heard next.
    fn decode(&mut self, now: u64) {
        let next = self.buffer.next(now);
        let restarts = self.buffer.counters().restarts;
        if restarts != self.restarts
            && let Some(decoder) = Decoder::new()
        {
            (self.decoder, self.restarts) = (decoder, restarts);
        }
        let silence = [0; FRAME];
        let sound = match &next {
            Next::Packet(packet) => {
                let (sound, is_whole) = self.decoder.decode(packet);
                self.damaged += u64::from(!is_whole);
                sound
            }
            Next::Recover { packet, samples } => self.decoder.recover(packet, *samples as usize),
            Next::Conceal { samples } | Next::Comfort { samples } => self.decoder.conceal(*samples as usize),
            Next::Silence { samples } => &silence[..FRAME.min(*samples as usize)],
        };
        self.samples += sound.len() as u64;
        self.meter.push(sound);
        self.resampler.set_speed(self.buffer.speed());
        self.resampler.push(sound.iter().map(|sample| f32::from(*sample)));
    }

    /// Loudness of the last 100 ms, 0 to 32767.
    pub fn level(&self) -> u32 {
        self.meter.level()
    }

    /// Samples at 48 kHz that were heard.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Packets that could not be decoded.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Target of the delay.
    pub fn target_us(&self) -> u64 {
        self.buffer.target_us()
    }

    /// The delay; `None`: nothing is heard.
    pub fn delay_us(&self) -> Option<f64> {
        self.buffer.delay_us()
    }

    /// What has happened.
    pub fn counters(&self) -> Counters {
        self.buffer.counters()
    }
}
