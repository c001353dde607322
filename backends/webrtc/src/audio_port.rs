//! Where sound enters and leaves a call.

use std::sync::Arc;

use nertc_callkit_backend::{Frame, MediaSink};
use nertc_callkit_signaling::Code;

use crate::audio::{CaptureError, PullError};
use crate::options::Options;
use crate::peer::{AudioPacket, MediaState};
use crate::stats::AudioStats;

/// An encoded frame on its way to the peer.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a> {
    /// Time of its first sample, in samples of 48 kHz.
    pub time: u64,
    /// First frame after a pause.
    pub starts_talk: bool,
    /// An Opus frame.
    pub frame: &'a [u8],
}

/// Which way a device's sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// From the user.
    Microphone,
    /// To the user.
    Speaker,
}

/// What the app wants of the machine's devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceWish {
    /// This device, there or not; `None` = the system's default.
    Use(DeviceKind, Option<String>),
    /// Devices may be open, or not now.
    Allow(bool),
}

/// An error of a device, which does not end the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceError {
    /// DEVICE_NOT_FOUND, DEVICE_DENIED or DEVICE_BUSY.
    pub code: Code,
    /// Which device, and what happens without it.
    pub message: String,
}

/// The sound of one call: from the app's frames or the machine's microphone to Opus and back.
pub trait AudioPort: Send + Sync + 'static {
    /// A frame of the app, on its thread. What is to be sent goes to `send`.
    ///
    /// # Errors
    /// It was not taken.
    fn push(&self, frame: &Frame<'_>, send: &mut dyn FnMut(Encoded<'_>)) -> Result<(), CaptureError>;

    /// Fills `out` with the peer's sound, from the app's playout callback, and returns how many frames are
    /// sound; the rest is silence.
    ///
    /// # Errors
    /// It cannot be used so; `out` is silence.
    fn pull(&self, out: &mut [i16], sample_rate: u32, channels: u32) -> Result<usize, PullError>;

    /// What has become of the sound so far.
    fn stats(&self) -> AudioStats {
        AudioStats::default()
    }

    /// The part of our packets that the peer misses, in percent.
    fn set_loss(&self, percent: u8);

    /// The microphone was opened, closed, muted or unmuted. Muted, silence is sent.
    fn set_local(&self, state: MediaState);

    /// A packet of the peer has arrived. On the media thread; must not block.
    fn receive(&self, packet: AudioPacket);

    /// The peer begins anew, or is gone: numbers and times of its packets begin anew, too.
    fn reset(&self);

    /// What the app wants of devices; one without devices has no use for it.
    fn wish(&self, wish: DeviceWish) {
        let _ = wish;
    }

    /// The room is joined: devices may be opened from now on.
    fn open(&self) {}

    /// The room is left: nothing of a device passes any more, and none is opened.
    fn close(&self) {}

    /// The device that is open.
    fn in_use(&self, kind: DeviceKind) -> Option<String> {
        let _ = kind;
        None
    }

    /// When [`AudioPort::handle_timeout`] is due, with or without a peer to hear; `None` = never.
    fn poll_timeout(&self, has_peer: bool) -> Option<u64>;

    /// Plays what is due of the sound of this peer, and sends what the microphone has. On the media thread,
    /// with no lock held.
    fn handle_timeout(
        &self,
        now: u64,
        peer: Option<u64>,
        send: &mut dyn FnMut(Encoded<'_>),
    ) -> Vec<DeviceError>;
}

/// Makes the port of a call; `None` = there is no memory for it.
pub type MakeAudio = Arc<dyn Fn(&Options, &Arc<MediaSink>) -> Option<Arc<dyn AudioPort>> + Send + Sync>;
