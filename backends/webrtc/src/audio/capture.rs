//! Sound of the app, of any rate and size, to frames for the peer.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use parking_lot::Mutex;

use super::encoder::Encoder;
use super::format::{FRAME, RATE, RATES};
use super::level::LevelMeter;
use super::resampler::{Resampler, to_i16};

/// Longest sound of one push.
const LONGEST_MS: u32 = 200;
/// As much more than time has passed may be pushed: an app that was late.
const AHEAD_US: u64 = 500_000;
/// A microphone's clock may be that much faster than ours: 1 %.
const FASTER: u64 = 100;
/// Nothing for longer than it should have been: the app paused, and time went on.
const GAP_US: u64 = 200_000;

/// Why sound was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaptureError {
    /// The sample rate is not 8 to 192 kHz.
    Rate,
    /// Neither 1 nor 2 channels.
    Channels,
    /// Nothing, more than 200 ms, or no whole frames.
    Size,
    /// Another thread pushes.
    Busy,
    /// Half a second more than time has passed.
    TooFast,
}

/// Sound of the app.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// Of all channels by turns.
    pub samples: &'a [i16],
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u32,
}

/// A frame for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodedFrame<'a> {
    /// Time of its first sample, in samples of 48 kHz since the first push.
    pub time: u64,
    /// First frame after a pause.
    pub starts_talk: bool,
    /// An Opus frame.
    pub payload: &'a [u8],
}

/// Makes frames of 20 ms from what the app pushes, on the app's thread.
#[derive(Debug)]
pub struct Capture {
    inner: Mutex<Inner>,
    is_muted: AtomicBool,
    loss: AtomicU8,
    level: AtomicU32,
}

#[derive(Debug)]
struct Inner {
    encoder: Encoder,
    /// For the rate of the last push; `None`: it is ours.
    resampler: Option<(u32, Resampler)>,
    /// Samples at 48 kHz that are no whole frame yet.
    rest: Vec<i16>,
    /// Time of the first of them.
    time: u64,
    starts_talk: bool,
    /// Of the last push.
    pushed_at: Option<u64>,
    ahead_us: u64,
    meter: LevelMeter,
}

impl Capture {
    /// `None`: no memory.
    pub fn new(bits_per_second: u32) -> Option<Capture> {
        let inner = Inner {
            encoder: Encoder::new(bits_per_second)?,
            resampler: None,
            rest: Vec::new(),
            time: 0,
            starts_talk: true,
            pushed_at: None,
            ahead_us: 0,
            meter: LevelMeter::default(),
        };
        Some(Capture {
            inner: Mutex::new(inner),
            is_muted: AtomicBool::new(false),
            loss: AtomicU8::new(0),
            level: AtomicU32::new(0),
        })
    }

    /// Muted sound is silence to the peer.
    pub fn set_muted(&self, muted: bool) {
        self.is_muted.store(muted, Ordering::Release);
    }

    /// The part of our packets that the peer misses, in percent.
    pub fn set_loss(&self, percent: u8) {
        self.loss.store(percent, Ordering::Release);
    }

    /// Loudness of the last 100 ms that were sent, 0 to 32767.
    pub fn level(&self) -> u32 {
        self.level.load(Ordering::Acquire)
    }

    /// Takes sound, and calls `send` for each frame that it completes. `send` must not push.
    ///
    /// # Errors
    /// It was not taken.
    pub fn push(
        &self,
        now: u64,
        sound: Sound<'_>,
        send: impl FnMut(EncodedFrame<'_>),
    ) -> Result<(), CaptureError> {
        let frames = frames(sound)?;
        let mut inner = self.inner.try_lock().ok_or(CaptureError::Busy)?;
        inner.keep_pace(now, u64::from(frames) * 1_000_000 / u64::from(sound.sample_rate))?;
        let before = inner.rest.len();
        inner.convert(sound)?;
        if self.is_muted.load(Ordering::Acquire) {
            inner.rest[before..].fill(0);
        }
        inner.encoder.set_loss(self.loss.load(Ordering::Acquire));
        inner.send(before, send);
        self.level.store(inner.meter.level(), Ordering::Release);
        Ok(())
    }
}

/// Samples per channel.
fn frames(sound: Sound<'_>) -> Result<u32, CaptureError> {
    if !RATES.contains(&sound.sample_rate) {
        return Err(CaptureError::Rate);
    }
    if !(1..=2).contains(&sound.channels) {
        return Err(CaptureError::Channels);
    }
    let (samples, channels) = (sound.samples.len(), sound.channels as usize);
    let longest = sound.sample_rate * LONGEST_MS / 1_000;
    u32::try_from(samples / channels)
        .ok()
        .filter(|frames| samples % channels == 0 && (1..=longest).contains(frames))
        .ok_or(CaptureError::Size)
}

/// The mean of all channels.
fn mono(sound: Sound<'_>) -> impl Iterator<Item = i32> + '_ {
    let frames = sound.samples.chunks_exact(sound.channels as usize);
    frames
        .map(move |frame| frame.iter().map(|sample| i32::from(*sample)).sum::<i32>() / sound.channels as i32)
}

impl Inner {
    /// Sound comes as fast as time passes; where it paused, time did not.
    fn keep_pace(&mut self, now: u64, length_us: u64) -> Result<(), CaptureError> {
        if let Some(before) = self.pushed_at {
            let passed = now.saturating_sub(before);
            let ahead = self.ahead_us.saturating_sub(passed + passed / FASTER);
            if ahead + length_us > AHEAD_US {
                return Err(CaptureError::TooFast);
            }
            if passed > self.ahead_us + length_us + GAP_US {
                self.time += (passed - self.ahead_us) * 6 / 125 + self.rest.len() as u64;
                self.rest.clear();
                self.starts_talk = true;
            }
            self.ahead_us = ahead;
        }
        self.ahead_us += length_us;
        self.pushed_at = Some(now);
        Ok(())
    }

    /// Appends the sound to the rest, at 48 kHz in one channel.
    fn convert(&mut self, sound: Sound<'_>) -> Result<(), CaptureError> {
        if sound.sample_rate == RATE {
            self.resampler = None;
            match sound.channels {
                1 => self.rest.extend_from_slice(sound.samples),
                _ => self.rest.extend(mono(sound).map(|sample| sample as i16)),
            }
            return Ok(());
        }
        if self.resampler.as_ref().is_none_or(|(rate, _)| *rate != sound.sample_rate) {
            let resampler = Resampler::new(sound.sample_rate, RATE).ok_or(CaptureError::Rate)?;
            self.resampler = Some((sound.sample_rate, resampler));
        }
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.push(mono(sound).map(|sample| sample as f32));
            while let Some(block) = resampler.pop() {
                self.rest.extend(block.iter().copied().map(to_i16));
            }
        }
        Ok(())
    }

    /// Sends the whole frames. Those after `before` are new.
    fn send(&mut self, before: usize, mut send: impl FnMut(EncodedFrame<'_>)) {
        self.meter.push(self.rest.get(before..).unwrap_or_default());
        let mut whole = 0;
        let (frames, _) = self.rest.as_chunks::<FRAME>();
        for frame in frames {
            match self.encoder.encode(frame) {
                Some(payload) => {
                    send(EncodedFrame { time: self.time, starts_talk: self.starts_talk, payload });
                    self.starts_talk = false;
                }
                None => self.starts_talk = true,
            }
            self.time += FRAME as u64;
            whole += FRAME;
        }
        self.rest.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::decoder::Decoder;
    use crate::audio::tone::{Tone, snr_db};

    fn capture() -> Capture {
        Capture::new(32_000).expect("a capture")
    }

    /// Pushes a tone in pieces; what a peer without losses hears, and the times of the frames.
    fn sent(capture: &Capture, rate: u32, channels: u32, piece: usize, seconds: u32) -> (Vec<i16>, Vec<u64>) {
        let (mut tone, mut decoder) = (Tone::new(440.0, 10_000.0, rate), Decoder::new().expect("a decoder"));
        let (mut heard, mut times) = (Vec::new(), Vec::new());
        let mut mono = vec![0; piece];
        for n in 0..(rate * seconds) as usize / piece {
            tone.fill(&mut mono);
            let samples: Vec<i16> =
                mono.iter().flat_map(|s| std::iter::repeat_n(*s, channels as usize)).collect();
            let now = (n * piece) as u64 * 1_000_000 / u64::from(rate);
            let sound = Sound { samples: &samples, sample_rate: rate, channels };
            let taken = capture.push(now, sound, |frame| {
                heard.extend(decoder.decode(frame.payload).0);
                times.push(frame.time);
            });
            assert_eq!(taken, Ok(()));
        }
        (heard, times)
    }

    #[test]
    fn sound_of_any_rate_and_size_becomes_frames_of_20_ms() {
        let cases = [(48_000, 1, 480), (48_000, 2, 960), (8_000, 1, 80), (44_100, 2, 1_024), (192_000, 2, 7)];
        for (rate, channels, piece) in cases {
            let (heard, times) = sent(&capture(), rate, channels, piece, 2);
            assert!((97..=100).contains(&times.len()), "{rate}: {}", times.len());
            assert!(times.iter().enumerate().all(|(n, time)| *time == n as u64 * 960), "{times:?}");
            let snr = snr_db(&heard[9_600..], 440.0, RATE);
            assert!(snr >= 20.0, "{rate}: {snr}");
        }
    }

    #[test]
    fn unusable_sound_is_refused_with_its_reason() {
        let capture = capture();
        let push = |samples: usize, sample_rate, channels| {
            let sound = Sound { samples: &vec![0; samples], sample_rate, channels };
            capture.push(0, sound, |_| {})
        };
        for (result, error) in [
            (push(480, 0, 1), CaptureError::Rate),
            (push(480, 7_999, 1), CaptureError::Rate),
            (push(480, u32::MAX, 1), CaptureError::Rate),
            (push(480, 48_000, 0), CaptureError::Channels),
            (push(480, 48_000, 3), CaptureError::Channels),
            (push(0, 48_000, 1), CaptureError::Size),
            (push(481, 48_000, 2), CaptureError::Size),
            (push(9_601, 48_000, 1), CaptureError::Size),
        ] {
            assert_eq!(result, Err(error));
        }
        let held = capture.inner.lock();
        assert_eq!(push(480, 48_000, 1), Err(CaptureError::Busy));
        drop(held);
        assert_eq!(push(480, 48_000, 1), Ok(()));
    }

    #[test]
    fn two_threads_that_push_get_an_answer_each() {
        let capture = std::sync::Arc::new(capture());
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let capture = capture.clone();
                std::thread::spawn(move || {
                    (0..200).for_each(|n| {
                        let sound = Sound { samples: &[0; 480], sample_rate: 48_000, channels: 1 };
                        match capture.push(n * 20_000, sound, |_| {}) {
                            Ok(()) | Err(CaptureError::Busy | CaptureError::TooFast) => {}
                            Err(error) => panic!("{error:?}"),
                        }
                    });
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    }

    #[test]
    fn sound_that_comes_too_fast_is_refused() {
        let capture = capture();
        let push =
            |now| capture.push(now, Sound { samples: &[0; 4_800], sample_rate: RATE, channels: 1 }, |_| {});
        assert_eq!([push(0), push(0), push(0), push(0), push(0)], [Ok(()); 5]);
        assert_eq!(push(0), Err(CaptureError::TooFast));
        assert_eq!(push(100_000), Ok(()));
        // A clock that is faster by 1 % never is too fast.
        assert!((0..3_000).all(|n| push(200_000 + n * 99_100) == Ok(())));
    }

    #[test]
    fn muted_sound_is_silence_and_soon_nothing() {
        let capture = capture();
        capture.set_muted(true);
        let (heard, times) = sent(&capture, RATE, 1, 480, 2);
        assert!(heard.iter().all(|sample| sample.unsigned_abs() < 4), "{:?}", heard.iter().max());
        assert!(times.len() < 35, "{}", times.len());
        assert_eq!(capture.level(), 0);
        capture.set_muted(false);
        let first = std::cell::Cell::new(None);
        let mut frame = [0; FRAME];
        Tone::new(440.0, 10_000.0, RATE).fill(&mut frame);
        let sound = Sound { samples: &frame, sample_rate: RATE, channels: 1 };
        let sent = capture.push(2_000_000, sound, |frame| first.set(Some((frame.time, frame.starts_talk))));
        assert_eq!((sent, first.get()), (Ok(()), Some((96_000, true))));
    }

    #[test]
    fn time_goes_on_while_the_app_pauses() {
        let capture = capture();
        let times = std::cell::RefCell::new(Vec::new());
        let mut frame = [0; FRAME];
        Tone::new(440.0, 10_000.0, RATE).fill(&mut frame);
        for now in [0, 20_000, 40_000, 1_040_000, 1_060_000] {
            let sound = Sound { samples: &frame, sample_rate: RATE, channels: 1 };
            let note = |frame: EncodedFrame<'_>| times.borrow_mut().push((frame.time, frame.starts_talk));
            assert_eq!(capture.push(now, sound, note), Ok(()));
        }
        let expected = [(0, true), (960, false), (1_920, false), (49_920, true), (50_880, false)];
        assert_eq!(times.into_inner(), expected);
    }
}
