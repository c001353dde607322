//! Sound for the app: pulled by the thread of its playout device, or handed out every 10 ms.
//!
//! [`Puller::pull`] only copies: the media thread keeps a ring filled, so that nobody waits for a decoder.
//! What the app pulls makes room in the ring, and so its clock drives the jitter buffer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use rtrb::{Consumer, Producer, RingBuffer};

use super::format::{RATE, RATES};
use super::receiver::Receiver;

/// 200 ms at the highest rate.
const CAPACITY: usize = 38_400;
/// Longest pull.
const LONGEST_MS: u32 = 100;
/// The media thread fills the ring that often, and may be late by as much.
pub const TICK_US: u64 = 10_000;
/// For how long the longest pull counts.
const WINDOW_US: u64 = 2_500_000;
/// A media thread that was stopped for longer does not make up for it.
const BEHIND_US: u64 = 200_000;

/// Why nothing was pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PullError {
    /// The sample rate is not 8 to 192 kHz.
    Rate,
    /// Neither 1 nor 2 channels.
    Channels,
    /// More than 100 ms, or `out` is shorter than its channels make necessary.
    Size,
    /// Another thread pulls.
    Busy,
}

#[derive(Debug)]
struct Shared {
    /// Rate of the last pull.
    wanted: AtomicU32,
    /// Rate of the ring's samples. Changed while the ring is empty.
    made: AtomicU32,
    /// Longest pull since the media thread looked, in samples.
    longest: AtomicU32,
}

/// The media thread's end.
#[derive(Debug)]
pub struct Playout {
    ring: Producer<i16>,
    shared: Arc<Shared>,
    scratch: Vec<i16>,
    /// Longest pulls of this window and of the one before.
    longest: [u32; 2],
    window_ends: u64,
}

/// The app's end, for one thread at a time.
#[derive(Debug)]
pub struct Puller {
    ring: Mutex<Consumer<i16>>,
    shared: Arc<Shared>,
}

/// A ring from the media thread to the app's.
pub fn playout() -> (Playout, Puller) {
    let (producer, consumer) = RingBuffer::new(CAPACITY);
    let shared = Arc::new(Shared {
        wanted: AtomicU32::new(0),
        made: AtomicU32::new(RATE),
        longest: AtomicU32::new(0),
    });
    let playout = Playout {
        ring: producer,
        shared: shared.clone(),
        scratch: Vec::new(),
        longest: [0; 2],
        window_ends: 0,
    };
    (playout, Puller { ring: Mutex::new(consumer), shared })
}

impl Playout {
    /// Somebody has pulled.
    pub fn is_used(&self) -> bool {
        self.shared.wanted.load(Ordering::Acquire) != 0
    }

    /// Fills what was pulled since. Every 10 ms.
    pub fn tick(&mut self, now: u64, receiver: &mut Receiver) {
        let wanted = self.shared.wanted.load(Ordering::Acquire);
        if wanted == 0 {
            return;
        }
        if wanted != self.shared.made.load(Ordering::Relaxed) {
            // The puller throws away what the ring has at the old rate.
            if self.ring.slots() < CAPACITY {
                return;
            }
            self.longest = [0; 2];
            self.shared.made.store(wanted, Ordering::Release);
        }
        receiver.set_rate(wanted);
        if now >= self.window_ends {
            self.longest = [0, self.longest[0]];
            self.window_ends = now + WINDOW_US;
        }
        self.longest[0] = self.longest[0].max(self.shared.longest.swap(0, Ordering::AcqRel));
        let longest = self.longest[0].max(self.longest[1]);
        // Enough for a pull right before the next tick, also if that is late.
        let target = longest + wanted / 100 * (2 * TICK_US / 10_000) as u32;
        let filled = CAPACITY - self.ring.slots();
        let missing = (target as usize).min(CAPACITY).saturating_sub(filled);
        self.scratch.resize(missing, 0);
        receiver.fill(now, &mut self.scratch);
        // There was room, and only this end fills it.
        let _ = self.ring.push_partial_slice(&self.scratch);
    }
}

impl Puller {
    /// Fills `out` with frames of 1 or 2 equal channels, and returns how many of them are sound; the rest is
    /// silence. Takes no lock that anybody waits for, and no memory.
    ///
    /// # Errors
    /// It cannot be used so; `out` is silence.
    pub fn pull(&self, out: &mut [i16], sample_rate: u32, channels: u32) -> Result<usize, PullError> {
        out.fill(0);
        if !RATES.contains(&sample_rate) {
            return Err(PullError::Rate);
        }
        if !(1..=2).contains(&channels) {
            return Err(PullError::Channels);
        }
        let channels = channels as usize;
        let frames = out.len() / channels;
        if !out.len().is_multiple_of(channels) || frames > (sample_rate * LONGEST_MS / 1_000) as usize {
            return Err(PullError::Size);
        }
        let mut ring = self.ring.try_lock().ok_or(PullError::Busy)?;
        self.shared.wanted.store(sample_rate, Ordering::Release);
        self.shared.longest.fetch_max(frames as u32, Ordering::AcqRel);
        let is_other_rate = self.shared.made.load(Ordering::Acquire) != sample_rate;
        let ready = ring.slots();
        let wanted = if is_other_rate { ready } else { ready.min(frames) };
        let Ok(chunk) = ring.read_chunk(wanted) else { return Ok(0) };
        if is_other_rate {
            chunk.commit_all();
            return Ok(0);
        }
        let (first, second) = chunk.as_slices();
        for (frame, sample) in out.chunks_exact_mut(channels).zip(first.iter().chain(second)) {
            frame.fill(*sample);
        }
        chunk.commit_all();
        Ok(wanted)
    }
}

/// When a frame of 10 ms is handed out, on the media thread's clock: at its multiples of 10 ms, so that one
/// wake-up serves all calls of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameClock {
    next_us: Option<u64>,
}

impl FrameClock {
    /// When a frame is due; `None`: at once.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.next_us
    }

    /// The presentation time of the next frame, if it is due. Again until it is not: a late thread hands out
    /// several, but does not make up for more than 200 ms.
    pub fn due(&mut self, now: u64) -> Option<u64> {
        let next = self.next_us.filter(|next| now < next.saturating_add(BEHIND_US));
        let next = next.unwrap_or(now - now % TICK_US);
        self.next_us = Some(next);
        if now < next {
            return None;
        }
        self.next_us = Some(next + TICK_US);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::encoder::Encoder;
    use crate::audio::format::FRAME;
    use crate::audio::jitter_buffer::Limits;
    use crate::audio::tone;
    use crate::peer::AudioPacket;

    /// A peer's tone, and the media thread that plays it.
    struct World {
        now: u64,
        encoder: Encoder,
        tone: tone::Tone,
        sent: u64,
        receiver: Receiver,
        playout: Playout,
    }

    fn world() -> (World, Puller) {
        let (playout, puller) = playout();
        let world = World {
            now: 0,
            encoder: Encoder::new(32_000).expect("an encoder"),
            tone: tone::Tone::new(440.0, 10_000.0, RATE),
            sent: 0,
            receiver: Receiver::new(Limits::default()).expect("a receiver"),
            playout,
        };
        (world, puller)
    }

    impl World {
        fn tick(&mut self) {
            if self.now.is_multiple_of(20_000) {
                let mut frame = [0; FRAME];
                self.tone.fill(&mut frame);
                let payload = self.encoder.encode(&frame).expect("not silent").into();
                let (seq, time) = (self.sent, self.sent * FRAME as u64);
                let packet = AudioPacket { seq, time, received_us: self.now, starts_talk: seq == 0, payload };
                self.receiver.insert(packet);
                self.sent += 1;
            }
            self.playout.tick(self.now, &mut self.receiver);
            self.now += TICK_US;
        }
    }

    #[test]
    fn the_app_pulls_a_tone_at_any_rate_and_size() {
        for (rate, channels, per_pull_ms) in
            [(48_000, 1, 10), (44_100, 2, 20), (8_000, 1, 30), (192_000, 2, 40)]
        {
            let (mut world, puller) = world();
            let frames = rate as usize * per_pull_ms / 1_000;
            let (mut out, mut heard) = (vec![0; frames * channels as usize], Vec::new());
            for n in 1..=400 {
                world.tick();
                if n % (per_pull_ms / 10) == 0 {
                    let sound = puller.pull(&mut out, rate, channels).expect("usable");
                    assert!(n < 20 || sound == frames, "{rate}: {sound} of {frames} at {n}");
                    assert!(
                        out.chunks_exact(channels as usize).all(|frame| frame[0] == frame[frame.len() - 1])
                    );
                    heard.extend(out.iter().step_by(channels as usize));
                }
            }
            let snr = tone::snr_db(&heard[rate as usize..], 440.0, rate);
            assert!(snr >= 20.0, "{rate}: {snr}");
        }
    }

    #[test]
    fn a_new_rate_takes_over_after_the_old_one() {
        let (mut world, puller) = world();
        let mut heard = Vec::new();
        for (rate, ticks) in [(48_000_u32, 100), (16_000, 200)] {
            heard.clear();
            let mut out = vec![0; rate as usize / 100];
            for _ in 0..ticks {
                world.tick();
                let sound = puller.pull(&mut out, rate, 1).expect("usable");
                heard.extend(&out[..sound]);
            }
        }
        // From its first sample on: nothing of the old rate is left.
        let begin = tone::amplitude(&heard[..320], 440.0, 16_000);
        assert!(begin > 8_000.0, "{begin}");
        let snr = tone::snr_db(&heard[16_000..], 440.0, 16_000);
        assert!(snr >= 20.0, "{snr}");
    }

    #[test]
    fn the_ring_changes_its_rate_only_when_it_is_empty() {
        let (mut world, puller) = world();
        let mut out = [0; 160];
        for _ in 0..20 {
            world.tick();
            puller.pull(&mut out, 48_000, 1).expect("usable");
        }
        // As if the media thread had filled it after the pull emptied it.
        puller.shared.wanted.store(16_000, Ordering::Release);
        world.tick();
        assert_eq!(puller.shared.made.load(Ordering::Acquire), 48_000);
        assert_eq!(puller.pull(&mut out, 16_000, 1), Ok(0));
        world.tick();
        assert_eq!(puller.pull(&mut out, 16_000, 1), Ok(160));
    }

    #[test]
    fn a_pull_that_cannot_be_is_refused_with_silence() {
        let (mut world, puller) = world();
        let mut out = [7; 480];
        assert_eq!(puller.pull(&mut out, 48_000, 1), Ok(0));
        for _ in 0..20 {
            world.tick();
        }
        assert_eq!(puller.pull(&mut out, 7_999, 1), Err(PullError::Rate));
        assert_eq!(puller.pull(&mut out, 192_001, 1), Err(PullError::Rate));
        assert_eq!(puller.pull(&mut out, 48_000, 0), Err(PullError::Channels));
        assert_eq!(puller.pull(&mut out, 48_000, 3), Err(PullError::Channels));
        assert_eq!(puller.pull(&mut [7; 4_801], 48_000, 1), Err(PullError::Size));
        assert_eq!(puller.pull(&mut [7; 481], 48_000, 2), Err(PullError::Size));
        assert_eq!(out, [0; 480]);
        let held = puller.ring.lock();
        assert_eq!(puller.pull(&mut out, 48_000, 1), Err(PullError::Busy));
        drop(held);
        assert_eq!(puller.pull(&mut [], 48_000, 1), Ok(0));
        assert_eq!(puller.pull(&mut out, 48_000, 1), Ok(480));
    }

    #[test]
    fn two_threads_share_the_ring_without_waiting() {
        let (mut world, puller) = world();
        let pulling = std::thread::spawn(move || {
            let (mut out, mut sound) = ([0; 480], 0);
            while sound < 48_000 {
                sound += puller.pull(&mut out, 48_000, 1).expect("usable");
                std::thread::yield_now();
            }
        });
        while !pulling.is_finished() {
            world.tick();
        }
        pulling.join().expect("all of it was pulled");
    }

    #[test]
    fn frames_are_due_every_10_ms() {
        let mut clock = FrameClock::default();
        assert_eq!(clock.poll_timeout(), None);
        assert_eq!(clock.due(15_000), Some(10_000));
        assert_eq!(clock.due(15_000), None);
        assert_eq!(clock.poll_timeout(), Some(20_000));
        assert_eq!(clock.due(19_999), None);
        assert_eq!(
            [clock.due(31_000), clock.due(31_000), clock.due(31_000)],
            [Some(20_000), Some(30_000), None]
        );
        // Suspended for an hour.
        assert_eq!([clock.due(3_600_003_000), clock.due(3_600_003_000)], [Some(3_600_000_000), None]);
        // Another call, at the same times.
        let mut other = FrameClock::default();
        assert!(other.due(3_600_007_000).is_some());
        assert_eq!(other.poll_timeout(), clock.poll_timeout());
    }
}
