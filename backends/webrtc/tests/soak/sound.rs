//! What a side plays into its peer, and what it makes of what it gets: with Opus, or packets that nobody
//! decodes, which is much faster.

use std::sync::Arc;

use nertc_callkit_webrtc::audio::{
    Capture, Counters, FRAME, JitterBuffer, Limits, Next, RATE, Receiver, Sound, tone,
};
use nertc_callkit_webrtc::peer::AudioPacket;
use parking_lot::Mutex;

pub(crate) const HERTZ: f64 = 440.0;
const AMPLITUDE: f64 = 10_000.0;

/// Gets the time of the first sample, and fills or takes samples.
pub(crate) type Source = Box<dyn FnMut(u64, &mut [i16])>;
pub(crate) type Listener = Box<dyn FnMut(u64, &[i16])>;

pub(crate) enum Mouth {
    Opus { capture: Box<Capture>, source: Source },
    Packets { count: u64, payload: Arc<[u8]> },
}

pub(crate) enum Ear {
    Opus {
        receiver: Box<Receiver>,
        listener: Listener,
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

impl Windows {
    fn add(&mut self, window: &[i16]) {
        let amplitude = tone::amplitude(window, HERTZ, RATE);
        self.all += 1;
        self.silent += u64::from(amplitude < AMPLITUDE / 10.0);
        self.weak += u64::from((AMPLITUDE / 10.0..AMPLITUDE / 2.0).contains(&amplitude));
    }

    /// Silent and weak ones, in percent.
    pub(crate) fn percent(&self) -> [f64; 2] {
        [self.silent, self.weak].map(|count| 100.0 * count as f64 / self.all as f64)
    }
}

/// Sound of a source, and somebody who hears the peer's.
pub(crate) fn opus(source: Source, listener: Listener) -> (Mouth, Ear) {
    let capture = Box::new(Capture::new(32_000).expect("a capture"));
    let receiver = Box::new(Receiver::new(Limits::default()).expect("a receiver"));
    (Mouth::Opus { capture, source }, Ear::Opus { receiver, listener })
}

/// A tone, and what is heard of the peer's.
pub(crate) fn tones(windows: &Arc<Mutex<Windows>>) -> (Mouth, Ear) {
    let mut tone = tone::Tone::new(HERTZ, AMPLITUDE, RATE);
    let (windows, mut heard) = (windows.clone(), Vec::new());
    let listener = move |_, samples: &[i16]| {
        heard.extend_from_slice(samples);
        if heard.len() == FRAME {
            windows.lock().add(&heard);
            heard.clear();
        }
    };
    opus(Box::new(move |_, out| tone.fill(out)), Box::new(listener))
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
            Mouth::Opus { capture, source } => {
                let (mut samples, mut frame) = ([0; FRAME], None);
                // A frame is complete when its last sample is there.
                source(now - 20_000, &mut samples);
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
        if let Mouth::Opus { capture, .. } = self {
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
            Ear::Opus { receiver, listener } => {
                let mut samples = [0; FRAME / 2];
                receiver.fill(now, &mut samples);
                listener(now, &samples);
                10_000
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
