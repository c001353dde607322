//! Every limit, in milliseconds where it is a time.

/// Between two lists while a device is open: hot-plug is noticed this late.
pub const POLL: u64 = 2000;
/// At most, while lists fail: doubled for each one after the first. Libraries of a system without sound write
/// to the standard error stream each time.
pub const MAX_POLL: u64 = 30_000;
/// A list that takes longer counts as failed.
pub const LIST_LIMIT: u64 = 5000;
/// Opening is given up: drivers may wait for ever.
pub const OPEN_LIMIT: u64 = 5000;
/// Closing is not waited for any longer.
pub const CLOSE_LIMIT: u64 = 2000;
/// Until a device calls steadily: headsets switch their mode first, and servers fill their buffer and pause.
pub const START_LIMIT: u64 = 3000;
/// A device that does not call for this long is opened anew.
pub const CALLBACK_LIMIT: u64 = 1000;
/// Before the second attempt; doubled for each one after it.
pub const BACKOFF: u64 = 250;
/// At most.
pub const MAX_BACKOFF: u64 = 8000;
/// A device that has called for this long has recovered: the next attempt is soon again.
pub const STEADY: u64 = 5000;
/// Streams of one kind that the system neither opens nor closes, each with a thread. With as many none is
/// opened.
pub const MAX_ABANDONED: usize = 4;
/// Commands of one sort that wait; more are refused.
pub const MAX_COMMANDS: usize = 16;
/// Samples between a device's callback and the thread of media: 200 ms.
pub const RING: usize = 9600;
/// The thread of media comes every 10 ms: what the speaker has beyond its longest callback, so that one that
/// comes late by as much is not heard.
pub const AHEAD: usize = 960;
/// For how long a long callback counts.
pub const LONGEST_WINDOW: u64 = 2500;
