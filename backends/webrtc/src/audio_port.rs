//! Where sound enters and leaves a call.

use std::sync::Arc;

use nertc_callkit_backend::{Frame, MediaSink};

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

/// The sound of one call: from the app's frames to Opus and back.
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

    /// When [`AudioPort::handle_timeout`] is due; `None` = never.
    fn poll_timeout(&self) -> Option<u64>;

    /// Gives the app what is due of the sound of `uid`. On the media thread, with no lock held.
    fn handle_timeout(&self, now: u64, uid: u64);
}

/// Makes the port of a call; `None` = there is no memory for it.
pub type MakeAudio = Arc<dyn Fn(&Options, &Arc<MediaSink>) -> Option<Arc<dyn AudioPort>> + Send + Sync>;
