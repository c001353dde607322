//! What a side plays into its peer, and what it makes of what it gets: with Opus, or packets that nobody
//! decodes, which is much faster.

use std::sync::Arc;

use nertc_callkit_webrtc::audio::{
    Capture, Counters, FRAME, JitterBuffer, Limits, Next, RATE, Receiver, Sound, tone,
};
use nertc_callkit_webrtc::peer::AudioPacket;

pub(crate) const HERTZ: f64 = 440.0;
const AMPLITUDE: f64 = 10_000.0;

pub(crate) enum Mouth {
    Tone { capture: Box<Capture>, tone: tone::Tone },
    Packets { count: u64, payload: Arc<[u8]> },
}

pub(crate) enum Ear {
    Opus {
        receiver: Box<Receiver>,
        windows: Windows,
    },
    /// When the next sound is due, more exactly than a microsecond.
    Buffer {
        buffer: Box<JitterBuffer>,
        rest_ns: u64,
    },
}

/// Windows of 20 ms that were heard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    pub(crate) all: u64,
    pub(crate) silent: u64,
    pub(crate) weak: u64,
}

pub(crate) fn tones() -> (Mouth, Ear) {
    let capture = Box::new(Capture::new(32_000).expect("a capture"));
    let tone = tone::Tone::new(HERTZ, AMPLITUDE, RATE);
    let receiver = Box::new(Receiver::new(Limits::default()).expect("a receiver"));
    (Mouth::Tone { capture, tone }, Ear::Opus { receiver, windows: Windows::default() })
}

pub(crate) fn packets() -> (Mouth, Ear) {
    let payload: Arc<[u8]> = Arc::new([0b0111_1000; 80]);
    let buffer = Box::new(JitterBuffer::new(Limits::default()));
    (Mouth::Packets { count: 0, payload }, Ear::Buffer { buffer, rest_ns: 0 })
}

impl Mouth {
    /// The frame of the next 20 ms: its time, whether it is the first, and its bytes.
    pub(crate) fn speak(&mut self, now: u64) -> Option<(u64, bool, Arc<[u8]>)> {
        match self {
            Mouth::Packets { count, payload } => {
                *count += 1;
                Some(((*count - 1) * FRAME as u64, *count == 1, payload.clone()))
            }
            Mouth::Tone { capture, tone } => {
                let (mut samples, mut frame) = ([0; FRAME], None);
                tone.fill(&mut samples);
                let sound = Sound { samples: &samples, sample_rate: RATE, channels: 1 };
                let taken = capture.push(now, sound, |it| {
                    frame = Some((it.time, it.starts_talk, it.payload.into()));
                });
                assert_eq!(taken, Ok(()));
                frame
            }
        }
    }

    /// What the peer misses of it, in percent.
    pub(crate) fn set_loss(&self, percent: u8) {
        if let Mouth::Tone { capture, .. } = self {
            capture.set_loss(percent);
        }
    }
}

impl Ear {
    pub(crate) fn insert(&mut self, packet: AudioPacket) {
        match self {
            Ear::Opus { receiver, .. } => _ = receiver.insert(packet),
            Ear::Buffer { buffer, .. } => _ = buffer.insert(packet),
        }
    }

    /// Plays what is due; when the next is, in microseconds from now.
    pub(crate) fn play(&mut self, now: u64) -> u64 {
        match self {
            Ear::Opus { receiver, windows } => {
                let mut samples = [0; FRAME];
                receiver.fill(now, &mut samples);
                let amplitude = tone::amplitude(&samples, HERTZ, RATE);
                windows.all += 1;
                windows.silent += u64::from(amplitude < AMPLITUDE / 10.0);
                windows.weak += u64::from((AMPLITUDE / 10.0..AMPLITUDE / 2.0).contains(&amplitude));
                20_000
            }
            Ear::Buffer { buffer, rest_ns } => {
                let samples = match buffer.next(now) {
                    Next::Packet(_) => FRAME as u32,
                    Next::Recover { samples, .. }
                    | Next::Conceal { samples }
                    | Next::Comfort { samples }
                    | Next::Silence { samples } => samples,
                };
                let lasts = (f64::from(samples) / f64::from(RATE) * 1e9 / buffer.speed()) as u64 + *rest_ns;
                *rest_ns = lasts % 1_000;
                lasts / 1_000
            }
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        match self {
            Ear::Opus { receiver, .. } => receiver.counters(),
            Ear::Buffer { buffer, .. } => buffer.counters(),
        }
    }

    /// Delay and its target, in microseconds.
    pub(crate) fn delay(&self) -> (f64, u64) {
        match self {
            Ear::Opus { receiver, .. } => (receiver.delay_us().expect("it plays"), receiver.target_us()),
            Ear::Buffer { buffer, .. } => (buffer.delay_us().expect("it plays"), buffer.target_us()),
        }
    }
}
