//! Echo cancellation, noise suppression and gain for the microphone of a call: WebRTC's audio processing in
//! Rust (sonora) behind a value, [`Processor`].
//!
//! Sound is 48 kHz, mono, 16 bit. [`Processor::far`] takes what is written to the speaker, in the speaker's
//! clock and in pieces of any length; [`Processor::near`] takes 10 ms of the microphone and returns them
//! processed. There is no thread, lock or clock in it.
//!
//! The two devices have two clocks. [`Reference`] converts the far end to the microphone's: it stretches or
//! compresses by 0.02 % while too little or too much waits, and AEC3 follows. AEC3 also finds a jump of the
//! delay.
//!
//! Limits:
//! - The echo arrives at least 20 ms after its sound was given to `far`, which the buffers of devices see
//!   to. If it arrived before AEC3 has the sound, it would not be cancelled.
//! - Not in a device's callback: sonora allocates some 50 small blocks for each frame, and releases them.
//! - While both sides talk, AEC3 lowers the near voice by 6 to 14 dB where the echo is as loud:
//!   tests/echo.rs.
//! - While the far side talks into a silent room, comfort noise of about -76 dB comes out.
//! - Rust 1.91, because sonora needs it.

mod format;
mod processor;
mod reference;

pub use format::{FRAME, RATE};
pub use processor::{Processor, Settings};
pub use reference::Reference;
