//! The format of sound.

/// Samples a second.
pub const RATE: u32 = 48_000;
/// Samples of 10 ms.
pub const FRAME: usize = 480;
