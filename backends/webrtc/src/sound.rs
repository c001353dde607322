//! The port of a call whose sound is Opus: the app's frames to packets, packets to the app's frames or to
//! what it pulls.

use std::sync::Arc;

use nertc_callkit_backend::{Frame, MediaSink};
use nertc_callkit_media::Media;
use nertc_callkit_reactor::now_us;
use parking_lot::Mutex;

use crate::audio::{
    Capture, CaptureError, FrameClock, Limits, Playout, PullError, Puller, RATE, Receiver, Sound, playout,
};
use crate::audio_port::{AudioPort, DeviceError, Encoded, MakeAudio};
use crate::options::Options;
use crate::peer::{AudioPacket, MediaState};
use crate::stats::AudioStats;

/// Samples of a frame for the app: 10 ms.
const FRAME: usize = RATE as usize / 100;

struct Opus {
    capture: Capture,
    puller: Puller,
    speaker: Mutex<Speaker>,
    sink: Arc<MediaSink>,
}

struct Speaker {
    receiver: Receiver,
    playout: Playout,
    clock: FrameClock,
}

/// Ports that carry Opus.
pub fn with_opus() -> MakeAudio {
    Arc::new(|options, sink| open(options, sink).map(|port| Arc::new(port) as Arc<dyn AudioPort>))
}

/// What makes packets of sound.
pub(crate) fn capture(options: &Options) -> Option<Capture> {
    Capture::new(options.audio_bitrate_bps)
}

/// What makes sound of packets.
pub(crate) fn receiver(options: &Options) -> Option<Receiver> {
    Receiver::new(Limits { min_ms: *options.jitter_ms.start(), max_ms: *options.jitter_ms.end() })
}

/// What has become of the sound so far.
pub(crate) fn stats(capture: &Capture, receiver: &Receiver) -> AudioStats {
    AudioStats {
        sent_level: capture.level(),
        received_level: receiver.level(),
        samples: receiver.samples(),
        concealed_samples: receiver.counters().concealed_samples,
        jitter_buffer_ms: u32::try_from(receiver.target_us() / 1000).unwrap_or(u32::MAX),
    }
}

fn open(options: &Options, sink: &Arc<MediaSink>) -> Option<Opus> {
    let (playout, puller) = playout();
    let receiver = receiver(options)?;
    Some(Opus {
        capture: capture(options)?,
        puller,
        speaker: Mutex::new(Speaker { receiver, playout, clock: FrameClock::default() }),
        sink: sink.clone(),
    })
}

impl AudioPort for Opus {
    fn push(&self, frame: &Frame<'_>, send: &mut dyn FnMut(Encoded<'_>)) -> Result<(), CaptureError> {
        let (samples, sample_rate, channels) = frame.sound().ok_or(CaptureError::Size)?;
        let sound = Sound { samples, sample_rate, channels };
        self.capture.push(now_us(), sound, |it| {
            send(Encoded { time: it.time, starts_talk: it.starts_talk, frame: it.payload });
        })
    }

    fn stats(&self) -> AudioStats {
        stats(&self.capture, &self.speaker.lock().receiver)
    }

    fn pull(&self, out: &mut [i16], sample_rate: u32, channels: u32) -> Result<usize, PullError> {
        self.puller.pull(out, sample_rate, channels)
    }

    fn set_local(&self, state: MediaState) {
        self.capture.set_muted(state.muted.overlaps(Media::AUDIO));
    }

    fn set_loss(&self, percent: u8) {
        self.capture.set_loss(percent);
    }

    fn receive(&self, packet: AudioPacket) {
        self.speaker.lock().receiver.insert(packet);
    }

    fn reset(&self) {
        self.speaker.lock().receiver.restart();
    }

    fn poll_timeout(&self, has_peer: bool) -> Option<u64> {
        has_peer.then(|| self.speaker.lock().clock.poll_timeout().unwrap_or_default())
    }

    fn handle_timeout(
        &self,
        now: u64,
        peer: Option<u64>,
        _: &mut dyn FnMut(Encoded<'_>),
    ) -> Vec<DeviceError> {
        let Some(uid) = peer else { return Vec::new() };
        loop {
            let mut samples = [0; FRAME];
            let time_us = {
                let mut speaker = self.speaker.lock();
                let Speaker { receiver, playout, clock } = &mut *speaker;
                let Some(time_us) = clock.due(now) else { return Vec::new() };
                if playout.is_used() {
                    playout.tick(now, receiver);
                    continue;
                }
                receiver.fill(now, &mut samples);
                time_us
            };
            if let Some(delivery) = self.sink.begin_frame() {
                delivery.deliver(&Frame::of_sound(&samples, RATE, 1, time_us).with_uid(uid));
            }
        }
    }
}
