//! Every limit and every time of the protocol. Over a limit something is refused or forgotten, nothing grows.

/// A message, in bytes.
pub(super) const PAYLOAD_BYTES: usize = 16 * 1024;
/// Nesting of a message.
pub(super) const DEPTH: usize = 8;
/// An id or a device, in bytes.
pub(super) const NAME_BYTES: usize = 64;
/// An attachment, in bytes.
pub(super) const CUSTOM_BYTES: usize = 4096;
/// Channels at a time, of ourselves and of others; the next one is refused or not rung.
pub(super) const ROOMS: usize = 64;
/// Of these, how many may belong to one other account.
pub(super) const ROOMS_OF_ONE: usize = 8;
/// Invites of a channel.
pub(super) const INVITES: usize = 16;
/// Devices of the called account that are told the outcome one by one.
pub(super) const ALERTED: usize = 16;
/// Ended invites whose last word is remembered, and for how long.
pub(super) const OVER: usize = 256;
pub(super) const OVER_MS: u64 = 600_000;
/// Ids of messages that were seen: the oldest is forgotten.
pub(super) const SEEN: usize = 1024;
/// Messages that wait for the broker or for a peer; the next one is refused.
pub(super) const POST: usize = 512;
/// Messages that came too early and wait for those before them, for one peer, and how long they wait.
pub(super) const HELD: usize = 16;
pub(super) const HELD_MS: u64 = 1_500;
/// Messages of a backlog; more are dropped.
pub(super) const BACKLOG: usize = 512;
/// Messages that come before the subscription is confirmed; more are dropped.
pub(super) const EARLY: usize = 128;
/// Senders whose rate is watched; the one that was silent longest is forgotten.
pub(super) const SENDERS: usize = 256;
/// Messages of one sender: a burst, then so many a second.
pub(super) const MESSAGES_BURST: u32 = 100;
pub(super) const MESSAGES_PER_S: u32 = 50;
/// Invites of one sender: a burst, then one in so many ms.
pub(super) const INVITES_BURST: u32 = 5;
pub(super) const INVITE_EVERY_MS: u32 = 2_000;

/// How long an own hello may take to come back: else this connection hears nothing.
pub(super) const ECHO_MS: u64 = 5_000;
/// How long the caller's device may take to say that an invite of the backlog still stands.
pub(super) const PROBE_MS: u64 = 2_000;
/// A device that answers within this need not say that it rings.
pub(super) const ALERT_MS: u64 = 20;
/// Repeats of an answer, and when it is given up.
pub(super) const ANSWER_REPEATS: &[u32] = &[500, 1_500, 3_000];
pub(super) const ANSWER_MS: u64 = 5_000;
/// Repeats of what must be acknowledged.
pub(super) const REPEATS: &[u32] = &[1_000, 2_000, 4_000];
/// Repeats of an invite: then each five seconds.
pub(super) const INVITE_REPEATS: &[u32] = &[2_000, 5_000, 10_000];
pub(super) const INVITE_REPEAT_MS: u64 = 5_000;
/// When reject, leave and close are done although nobody has said so.
pub(super) const FAREWELL_MS: u64 = 2_000;
/// A sibling's reject ends the ringing when the caller's device has not said so by then.
pub(super) const HINT_MS: u64 = 1_000;
/// With `busy_is_local`: how long other devices may still begin to ring.
pub(super) const BUSY_MS: u64 = 2_000;
/// After how much ringing the caller's device is asked whether it still calls: it may be gone without a word.
pub(super) const RING_ASK_MS: u64 = 60_000;
/// Questions to a device that may be gone, and how many.
pub(super) const DOUBT_EVERY_MS: u64 = 1_000;
pub(super) const DOUBTS: u32 = 3;

/// When the broker may forget: answers, farewells, hellos and records.
pub(super) const ANSWER_EXPIRES_MS: u32 = 30_000;
pub(super) const SETTLED_EXPIRES_MS: u32 = 180_000;
pub(super) const BYE_EXPIRES_MS: u32 = 300_000;
pub(super) const HELLO_EXPIRES_MS: u32 = 86_400_000;
pub(super) const RECORD_EXPIRES_MS: u32 = 604_800_000;
/// An invite whose ring time is not known.
pub(super) const INVITE_EXPIRES_MS: u32 = 60_000;
