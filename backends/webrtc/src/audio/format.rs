//! What sound is like inside, and what it may be like outside.

/// Samples per second of everything between the two resamplers.
pub const RATE: u32 = 48_000;
/// Samples of a frame of ours: 20 ms.
pub const FRAME: usize = 960;
/// Sample rates of the app.
pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
