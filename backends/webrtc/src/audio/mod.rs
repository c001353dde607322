//! Sound of a call: from the app's samples to Opus packets, and from packets that arrive late, twice or never
//! to samples at the pace of the app's playout. Time is handed in; nothing here has a thread or a clock.
//!
//! ```text
//! push_frame ─ Capture (Resampler, Encoder) ─▶ EncodedFrame          the app's thread
//! AudioPacket ─▶ Receiver (JitterBuffer, Decoder, Resampler) ─┬─▶ on_frame every 10 ms    media thread
//!                                                             └─▶ Playout ═ ring ═▶ Puller, pull_audio
//! ```

mod capture;
mod codec;
mod decoder;
mod delay;
mod encoder;
mod format;
mod jitter_buffer;
mod level;
mod playout;
mod receiver;
mod resampler;
pub mod tone;

pub use capture::{Capture, CaptureError, EncodedFrame, Sound};
pub use codec::duration;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use format::{FRAME, RATE, RATES};
pub use jitter_buffer::{Counters, Inserted, JitterBuffer, Limits, Next};
pub use level::LevelMeter;
pub use playout::{FrameClock, Playout, PullError, Puller, TICK_US, playout};
pub use receiver::Receiver;
pub use resampler::Resampler;
