//! Packets in the order of their time, as late as the network makes necessary: a value, with time handed in.
//!
//! What is heard now was sent `delay` after the fastest packets could have brought it. The target of that
//! delay is what nearly all packets keep to; speed (±0.5 %) leads there, which also makes up for clocks that
//! differ. Where there is no sound to distort (pauses, gaps), it is reached at once.

use std::collections::VecDeque;
use std::sync::Arc;

use super::codec::duration;
use super::delay::{Delays, to_us};
use super::resampler::MOST;
use crate::peer::AudioPacket;

/// Least and greatest target that can be asked for.
const BOUNDS_MS: std::ops::RangeInclusive<u32> = 20..=200;
/// Target before anything is known.
const FIRST_US: u64 = 60_000;
/// Packets that wait at most: what comes beyond is a second of sound too much.
const CAPACITY: usize = 128;
/// Bytes of a packet at most.
const PACKET: usize = 1_500;
/// Samples of 20 ms: until the sender's frames are known.
const FRAME: u32 = 960;
/// Concealment is made in units of 2.5 ms.
const UNIT: u32 = 120;
/// A packet that far from where it should be is another stream's: the sender began anew.
const ANOTHER_US: u64 = 3_000_000;
/// That many late packets one after the other: the way has changed.
const LATE_IN_A_ROW: u32 = 5;
/// Nothing for that long: silence, and the next packet begins anew.
const PAUSE: u64 = 48_000;
/// Later than the target by this: frames are left out, one in 100 ms.
const SKIP_US: i64 = 80_000;
const SKIP_EVERY_US: u64 = 100_000;
/// Later by this: at once to the target.
const JUMP_US: i64 = 400_000;
/// An error of this many microseconds is made up for within a second, if 0.5 % suffice for it.
const GAIN_US: f64 = 4_000_000.0;
/// How fast the measured delay follows: it rises within a second. It falls faster: where frames are fetched
/// two at a time, the second one has less time, and counts.
const RISE: f64 = 1.0 / 50.0;
const FALL: f64 = 1.0 / 8.0;
/// How fast the share of lost frames follows: within 5 s.
const LOSS_FOLLOW: f32 = 1.0 / 250.0;
/// From this share of lost frames on there is time for the packet after a lost one, which has a copy of it.
const LOSS_ON: f32 = 0.01;
const LOSS_OFF: f32 = 0.003;

/// Between which targets the buffer chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// 20 to 200.
    pub min_ms: u32,
    /// `min_ms` to 200.
    pub max_ms: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { min_ms: *BOUNDS_MS.start(), max_ms: *BOUNDS_MS.end() }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inserted {
    /// It waits.
    Kept,
    /// It was there before.
    Duplicate,
    /// What it should have been was concealed.
    Late,
    /// It is no Opus packet.
    Invalid,
    /// The sender began anew, and it is the first packet.
    Restarted,
}

/// What is heard next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This packet.
    Packet(Arc<[u8]>),
    /// The copy of a lost frame in the packet after it.
    Recover {
        /// The packet after it.
        packet: Arc<[u8]>,
        /// Length of the frame.
        samples: u32,
    },
    /// What the decoder makes up for what is missing.
    Conceal {
        /// How much.
        samples: u32,
    },
    /// Comfort noise, which the decoder makes likewise: the sender pauses.
    Comfort {
        /// How much.
        samples: u32,
    },
    /// Zeros: there is nothing to hear.
    Silence {
        /// How much.
        samples: u32,
    },
}

/// Since the buffer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were heard.
    pub packets: u64,
    /// Packets that came too late, or that there was no room for.
    pub late: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Frames that were left out to get closer to the target.
    pub skipped: u64,
    /// Samples that were made up for lost or late ones.
    pub concealed_samples: u64,
    /// Samples that the packet after a lost one had a copy of.
    pub recovered_samples: u64,
    /// Times that the sender began anew: the decoder begins anew, too.
    pub restarts: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    seq: u64,
    time: u64,
    samples: u32,
    payload: Arc<[u8]>,
}

impl Waiting {
    fn end(&self) -> u64 {
        self.time.saturating_add(u64::from(self.samples))
    }
}

/// Where the stream is.
#[derive(Clone, Copy, Debug)]
struct Playing {
    /// Time of the next sample.
    at: u64,
    /// Number of the last packet that was heard, and where it ended.
    last: (u64, u64),
    /// Made up since then, without knowing whether the sender pauses.
    unexplained: u64,
    /// The same without a break.
    without_packet: u64,
    /// Delay, smoothed.
    delay_us: f64,
    skip_from_us: u64,
}

/// Packets of one stream.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    limits: Limits,
    /// By time.
    queue: VecDeque<Waiting>,
    delays: Delays,
    /// `None`: nothing is heard, and the next packet begins.
    playing: Option<Playing>,
    late_in_a_row: u32,
    /// Length of the sender's frames.
    frame: u32,
    lost: f32,
    waits_for_copies: bool,
    counters: Counters,
}

impl JitterBuffer {
    /// An empty buffer; limits out of range are taken as the nearest within.
    pub fn new(limits: Limits) -> JitterBuffer {
        let (least, most) = (*BOUNDS_MS.start(), *BOUNDS_MS.end());
        let min_ms = limits.min_ms.clamp(least, most);
        JitterBuffer {
            limits: Limits { min_ms, max_ms: limits.max_ms.clamp(min_ms, most) },
            queue: VecDeque::new(),
            delays: Delays::new(FIRST_US),
            playing: None,
            late_in_a_row: 0,
            frame: FRAME,
            lost: 0.0,
            waits_for_copies: false,
            counters: Counters::default(),
        }
    }

    /// The sender began anew: its numbers and times have nothing to do with those before.
    pub fn restart(&mut self) {
        let counters = Counters { restarts: self.counters.restarts + 1, ..self.counters };
        *self = JitterBuffer { counters, ..JitterBuffer::new(self.limits) };
    }

    /// A packet has come.
    pub fn insert(&mut self, packet: AudioPacket) -> Inserted {
        let AudioPacket { seq, time, received_us, starts_talk: _, payload } = packet;
        let Some(samples) = duration(&payload).filter(|_| payload.len() <= PACKET) else {
            return Inserted::Invalid;
        };
        let mut inserted = Inserted::Kept;
        if self.delays.distance(received_us, time) > ANOTHER_US {
            self.restart();
            inserted = Inserted::Restarted;
        }
        let place = self.queue.partition_point(|waiting| waiting.time < time);
        let is_known = self.queue.get(place).is_some_and(|waiting| waiting.time == time);
        if is_known || self.playing.is_some_and(|playing| playing.last.0 == seq) {
            self.counters.duplicates += 1;
            return Inserted::Duplicate;
        }
        self.delays.observe(received_us, time);
        let waiting = Waiting { seq, time, samples, payload };
        if let Some(playing) = self.playing.filter(|playing| waiting.end() <= playing.at) {
            self.late_in_a_row += 1;
            if self.late_in_a_row < LATE_IN_A_ROW || waiting.time < playing.last.1 {
                self.counters.late += 1;
                return Inserted::Late;
            }
            // What was made up in its stead is not taken back: it is heard later.
            self.delays.rebase(received_us, time);
            self.playing = Some(Playing { at: time, ..playing });
        }
        self.late_in_a_row = 0;
        self.queue.insert(place, waiting);
        if self.queue.len() > CAPACITY {
            self.drop_first();
        }
        inserted
    }

    /// Too much waits: nobody listens, or the sender sends faster than it can be heard.
    fn drop_first(&mut self) {
        self.queue.pop_front();
        self.counters.late += 1;
        if let (Some(playing), Some(front)) = (&mut self.playing, self.queue.front()) {
            playing.at = playing.at.max(front.time);
        }
    }

    /// What is heard now. The more often this is called, the faster the stream is consumed: the caller's
    /// clock drives it.
    pub fn next(&mut self, now: u64) -> Next {
        let Some(playing) = self.playing.or_else(|| self.begin(now)) else {
            return Next::Silence { samples: self.frame };
        };
        let mut playing = self.skip(now, playing);
        let next = self.step(now, &mut playing);
        self.playing = Some(playing).filter(|playing| playing.without_packet < PAUSE);
        next
    }

    /// Begins with the first packet once it is as late as it should be.
    fn begin(&self, now: u64) -> Option<Playing> {
        let first = self.queue.front()?;
        let (delay, target) = (self.delays.of(now, first.time), self.target_us() as i64);
        (delay >= target).then_some(Playing {
            at: first.time,
            last: (first.seq.wrapping_sub(1), first.time),
            unexplained: 0,
            without_packet: 0,
            delay_us: target as f64,
            skip_from_us: now,
        })
    }

    /// Leaves out what makes the sound much too late.
    fn skip(&mut self, now: u64, mut playing: Playing) -> Playing {
        let excess = |playing: &Playing, buffer: &JitterBuffer| {
            buffer.delays.of(now, playing.at) - buffer.target_us() as i64
        };
        if excess(&playing, self) > JUMP_US {
            while excess(&playing, self) > 0 && self.queue.len() > 1 {
                self.leave_out(&mut playing);
            }
            playing.delay_us = self.delays.of(now, playing.at) as f64;
        } else if excess(&playing, self) > SKIP_US
            && playing.delay_us - self.target_us() as f64 > SKIP_US as f64
            && now >= playing.skip_from_us
            && self.queue.len() > 1
        {
            self.leave_out(&mut playing);
            playing.skip_from_us = now + SKIP_EVERY_US;
        }
        playing
    }

    fn leave_out(&mut self, playing: &mut Playing) {
        let Some(front) = self.queue.pop_front() else { return };
        playing.last = (front.seq, front.end());
        let before = playing.at;
        playing.at = before.max(front.end());
        playing.delay_us -= to_us(playing.at - before) as f64;
        self.counters.skipped += 1;
    }

    fn step(&mut self, now: u64, playing: &mut Playing) -> Next {
        let delay = self.delays.of(now, playing.at);
        let frame_us = to_us(u64::from(self.frame));
        // Slow enough, and not by the one frame that is missing right now.
        let is_early = delay + frame_us <= self.target_us() as i64;
        let Some(front) = self.queue.front() else {
            return self.without_packet(playing, is_early);
        };
        if front.time <= playing.at {
            return self.packet(delay, playing);
        }
        let gap = front.time - playing.at;
        let is_pause = front.seq == playing.last.0.wrapping_add(1) && front.time > playing.last.1;
        if is_pause || gap > PAUSE {
            // After a pause, sound begins exactly on target.
            let wait = self.target_us() as i64 - self.delays.of(now, front.time);
            if wait * 2 <= frame_us {
                let time = front.time;
                (playing.at, playing.delay_us) = (time, self.target_us() as f64);
                return self.packet(self.delays.of(now, time), playing);
            }
            playing.at = playing.at.saturating_add(u64::from(self.frame)).min(front.time);
            return Next::Comfort { samples: self.frame };
        }
        if is_early {
            // The missing packet, or the one with its copy, has time.
            return self.made_up(playing, self.frame);
        }
        if gap == u64::from(front.samples) {
            let (packet, samples) = (front.payload.clone(), front.samples);
            playing.at = front.time;
            self.counters.recovered_samples += u64::from(samples);
            self.note_frame(true);
            return Next::Recover { packet, samples };
        }
        let samples = (gap as u32).div_ceil(UNIT).saturating_mul(UNIT).min(self.frame);
        playing.at = playing.at.saturating_add(u64::from(samples)).min(front.time);
        self.note_frame(true);
        self.made_up(playing, samples)
    }

    /// The first packet is due.
    fn packet(&mut self, delay: i64, playing: &mut Playing) -> Next {
        let Some(first) = self.queue.pop_front() else { return self.without_packet(playing, false) };
        // A packet whose number follows, but not its time, comes after a pause: nothing was missing.
        let is_pause = first.seq == playing.last.0.wrapping_add(1) && first.time > playing.last.1;
        if !is_pause {
            self.counters.concealed_samples += playing.unexplained;
        }
        let change = delay as f64 - playing.delay_us;
        playing.delay_us += change * if change < 0.0 { FALL } else { RISE };
        (playing.last, playing.at) = ((first.seq, first.end()), first.end());
        (playing.unexplained, playing.without_packet) = (0, 0);
        self.frame = first.samples;
        self.counters.packets += 1;
        self.note_frame(false);
        Next::Packet(first.payload)
    }

    /// Nothing waits: lost, late, or the sender pauses.
    fn without_packet(&mut self, playing: &mut Playing, is_early: bool) -> Next {
        if !is_early {
            playing.at = playing.at.saturating_add(u64::from(self.frame));
        }
        self.made_up(playing, self.frame)
    }

    fn made_up(&self, playing: &mut Playing, samples: u32) -> Next {
        playing.unexplained += u64::from(samples);
        playing.without_packet += u64::from(samples);
        Next::Conceal { samples }
    }

    fn note_frame(&mut self, is_lost: bool) {
        self.lost += (f32::from(u8::from(is_lost)) - self.lost) * LOSS_FOLLOW;
        self.waits_for_copies = self.lost > if self.waits_for_copies { LOSS_OFF } else { LOSS_ON };
    }

    /// How late sound should be, compared with the fastest packets.
    pub fn target_us(&self) -> u64 {
        let copies = if self.waits_for_copies { to_us(u64::from(self.frame)) as u64 } else { 0 };
        let (min, max) = (u64::from(self.limits.min_ms) * 1_000, u64::from(self.limits.max_ms) * 1_000);
        (self.delays.target_us() + copies).clamp(min, max)
    }

    /// How late it is; `None`: nothing is heard.
    pub fn delay_us(&self) -> Option<f64> {
        self.playing.map(|playing| playing.delay_us)
    }

    /// How fast to consume what comes out, within ±0.5 % of 1.
    pub fn speed(&self) -> f64 {
        let error = self.delay_us().map_or(0.0, |delay| delay - self.target_us() as f64);
        1.0 + (error / GAIN_US).clamp(-MOST, MOST)
    }

    /// Packets that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// What has happened.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
mod tests;
