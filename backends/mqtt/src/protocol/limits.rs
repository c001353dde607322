//! Every limit and every time of the protocol. Beyond a limit something is refused or evicted, nothing grows.

/// A message, in bytes.
pub(super) const PAYLOAD_BYTES: usize = 16 * 1024;
/// Nesting of a message.
pub(super) const DEPTH: usize = 8;
/// An id or a device, in bytes.
pub(super) const NAME_BYTES: usize = 64;
/// An attachment, in bytes.
pub(super) const CUSTOM_BYTES: usize = 4096;
/// A call record, in bytes.
pub(super) const RECORD_BYTES: usize = 4096;
/// The highest place of a message in the order of its sender: there is always a next one.
pub(super) const NUMBER: u64 = i32::MAX as u64;
/// The highest media uid: what a double holds exactly.
pub(super) const UID: u64 = (1 << 53) - 1;
/// Own channels at a time; the next one is refused.
pub(super) const OWN_CHANNELS: usize = 16;
/// Channels of others that ring, and how many of them may be one account's.
pub(super) const RINGS: usize = 48;
pub(super) const RINGS_OF_ONE: usize = 8;
/// Invites of a channel.
pub(super) const INVITES: usize = 16;
/// Devices of the called account that get the outcome individually.
pub(super) const ALERTED: usize = 16;
/// Ended invites that are remembered, and for how long: of own calls, of one other account, of all others.
pub(super) const ENDED_OWN: usize = 256;
pub(super) const ENDED_OF_ONE: usize = 32;
pub(super) const ENDED_OTHERS: usize = 512;
pub(super) const ENDED_MS: u64 = 600_000;
/// Ids of messages without a number that were seen of one sender: the oldest is forgotten.
pub(super) const RECENT: usize = 64;
/// Accounts whose call records are remembered; the one silent longest is evicted.
pub(super) const CLAIMANTS: usize = 64;
/// Logins of own devices that are remembered.
pub(super) const LOGINS: usize = 64;
/// Messages about one channel, or about none, that wait for the broker or a peer; the next one is refused.
pub(super) const OUTBOX_OF_ONE: usize = 64;
/// The same for what ends or answers a call: beside the others.
pub(super) const OUTBOX_FINAL: usize = 64;
/// Devices whose wills are watched.
pub(super) const WATCHES: usize = 16;
/// Messages that came too early and wait for those before them, for one peer, and how long they wait.
pub(super) const HELD: usize = 16;
pub(super) const HELD_MS: u64 = 1_500;
/// Messages and records of a backlog, of one account and of all that are not in a call with us; more are
/// dropped, except what ends or answers a call.
pub(super) const BACKLOG_OF_ONE: usize = 64;
pub(super) const BACKLOG: usize = 512;
/// Bytes that arrive before the SUBACK, of one account and of all that are not in a call with
/// us; more are dropped.
pub(super) const EARLY_OF_ONE: usize = 64 * 1024;
pub(super) const EARLY: usize = 1024 * 1024;
/// Senders whose rate is limited; the one silent longest is evicted.
pub(super) const SENDERS: usize = 256;
/// Messages of one sender: a burst, then so many a second.
pub(super) const MESSAGES_BURST: u32 = 100;
pub(super) const MESSAGES_PER_S: u32 = 50;
/// Invites of one sender: a burst, then one in so many ms.
pub(super) const INVITES_BURST: u32 = 10;
pub(super) const INVITE_EVERY_MS: u32 = 2_000;
/// Call records of one sender: a burst, then one in so many ms.
pub(super) const RECORDS_BURST: u32 = 64;
pub(super) const RECORD_EVERY_MS: u32 = 2_000;
/// A line of the log is repeated after so long, with how often it was held back.
pub(super) const LOG_EVERY_MS: u64 = 60_000;

/// How long an own hello may take to return: otherwise this connection receives nothing.
pub(super) const ECHO_MS: u64 = 5_000;
/// The longest time that an invite may ring, and how much longer it is remembered.
pub(super) const RING_MS: u32 = 120_000;
pub(super) const RING_GRACE_MS: u64 = 2_000;
/// How long a granted call may wait for its join.
pub(super) const WON_MS: u64 = 8_000;
/// How long the caller's device may take to confirm an invite of the backlog.
pub(super) const PROBE_MS: u64 = 2_000;
/// How long all of them together may take.
pub(super) const PROBING_MS: u64 = 3_000;
/// A device that answers within this need not report that it rings.
pub(super) const ALERT_MS: u64 = 20;
/// Retransmissions of an answer, and when it fails.
pub(super) const ANSWER_REPEATS: &[u32] = &[500, 1_500, 3_000];
pub(super) const ANSWER_MS: u64 = 5_000;
/// Repeats of what must be acknowledged.
pub(super) const REPEATS: &[u32] = &[1_000, 2_000, 4_000];
/// Repeats of an invite: then each five seconds.
pub(super) const INVITE_REPEATS: &[u32] = &[2_000, 5_000, 10_000];
pub(super) const INVITE_REPEAT_MS: u64 = 5_000;
/// When reject, leave and close complete without an acknowledgement.
pub(super) const FAREWELL_MS: u64 = 2_000;
/// Another own device's reject ends the ringing if the caller's device has not by then.
pub(super) const HINT_MS: u64 = 1_000;
/// When that device is asked.
pub(super) const HINT_ASK_MS: u64 = 500;
/// A device that rejects for itself alone: how long others may still begin to ring.
pub(super) const BUSY_MS: u64 = 2_000;
/// After how much ringing the caller's device is asked whether it still calls: it may have vanished silently.
pub(super) const RING_ASK_MS: u64 = 60_000;
/// The minimum interval of reports to the core that a member is still silent.
pub(super) const LOST_AGAIN_MS: u64 = 10_000;
/// Questions to a device that may be gone, and how many.
pub(super) const PROBE_EVERY_MS: u64 = 1_000;
pub(super) const DOUBTS: u32 = 3;

/// When the broker may forget: answers, farewells, hellos and records.
pub(super) const ANSWER_EXPIRES_MS: u32 = 30_000;
pub(super) const SETTLED_EXPIRES_MS: u32 = 180_000;
pub(super) const BYE_EXPIRES_MS: u32 = 300_000;
pub(super) const HELLO_EXPIRES_MS: u32 = 86_400_000;
pub(super) const RECORD_EXPIRES_MS: u32 = 604_800_000;
/// An invite whose ring time is not known.
pub(super) const INVITE_EXPIRES_MS: u32 = 60_000;
