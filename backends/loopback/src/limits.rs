//! Every limit of a hub. Beyond a limit something is refused or evicted, nothing grows.

/// Members of a channel; the next one is answered MEMBER_LIMIT.
pub(crate) const MEMBERS: usize = 100;
/// Invites remembered by a channel; when all are pending the next one is answered MEMBER_LIMIT.
pub(crate) const INVITES: usize = 100;
/// Messages that wait for one offline device or one unknown account; the oldest is forgotten.
pub(crate) const BACKLOG: usize = 256;
/// Offline devices remembered for one account; the oldest is forgotten.
pub(crate) const OFFLINE_DEVICES: usize = 16;
/// Accounts that never logged in and for which messages wait; more are not kept.
pub(crate) const UNKNOWN_ACCOUNTS: usize = 1024;
/// Milliseconds in which another device may ring before a local reject takes effect for the whole
/// account.
pub(crate) const LOCAL_REJECT_MS: u64 = 2_000;
/// Call records kept for tests, and those that wait for one offline device; the oldest is forgotten.
pub(crate) const RECORDS: usize = 64;
/// Lines of a fault script.
pub(crate) const FAULTS: usize = 1024;
/// Maximum lifetime of a channel in milliseconds.
pub(crate) const CHANNEL_LIFE_MS: u64 = 2 * 60 * 60 * 1000;
/// Channels from which on expired ones are looked for.
pub(crate) const SWEEP: usize = 64;
