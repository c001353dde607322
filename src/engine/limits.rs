//! Every limit, named once. Beyond a limit there is an answer, never growth.

/// Bytes of an account.
pub const ACCOUNT: usize = 64;
/// Bytes of a channel id, request id, call id or device id.
pub const ID: usize = 64;
/// Bytes of a media room's name (NERTC's limit).
pub const RTC_CHANNEL: usize = 127;
/// Bytes of an attachment on the wire (NIM's limit of custom_info).
pub const CUSTOM: usize = 4096;
/// Bytes of a login token.
pub const TOKEN: usize = 4096;
/// Bytes of the application key.
pub const APP_KEY: usize = 128;
/// Bytes of a push title or content.
pub const PUSH_TEXT: usize = 512;
/// Bytes of a push payload.
pub const PUSH_PAYLOAD: usize = 2048;
/// Bytes kept of a backend's message, cut on a UTF-8 border.
pub const MESSAGE: usize = 256;
/// Bytes of a path (data_dir).
pub const PATH: usize = 4096;
/// Bytes of a trace before it continues in another file.
pub const TRACE_FILE: u64 = 8 << 20;
/// Commands of one client waiting for the worker.
pub const INBOX: usize = 1024;
/// Callbacks of one client waiting for the app.
pub const UNDELIVERED: usize = 1024;
/// Messages of one batch that are processed.
pub const BATCH: usize = 1024;
/// Messages that wait for the completion of a login.
pub const EARLY: usize = 256;
/// Invites of one offline batch that are looked at.
pub const OFFLINE_INVITES: usize = 64;
/// Ended invites that are remembered, of those that the app was never shown.
pub const TOMBSTONES: usize = 256;
/// Ended calls that are remembered, of those that the app was shown: more than can ring one after the other
/// within an invite's age limit.
pub const OWN_TOMBSTONES: usize = 128;
/// Ended invites of either kind that are remembered of one sender: more than a person places within an
/// invite's age limit.
pub const TOMBSTONES_PER_SENDER: usize = 32;
/// Ended calls whose teardown is running.
pub const TEARDOWNS: usize = 8;
/// Operations whose deadline passed and whose late success must still be undone.
pub const LATE: usize = 16;
/// Signaling operations outside the call (rejects, records, channel clean-up).
pub const SIDE_OPERATIONS: usize = 64;
/// Nesting of JSON from a peer.
pub const JSON_DEPTH: usize = 8;
/// Accounts of a call policy.
pub const POLICY_ACCOUNTS: usize = 4_096;
/// Ring limit, in milliseconds.
pub const RING_MS: std::ops::RangeInclusive<u32> = 1..=120_000;
/// Answers that wait for calls that are not here yet.
pub const WAITING_ANSWERS: usize = 4;
/// Window in which events of one account and kind are emitted once and then counted.
pub const COALESCE_MS: u32 = 3_000;
/// Type switches by the peer that are emitted at once, and requests that reach the app.
pub const SWITCH_BURST: u32 = 4;
/// Accounts and kinds whose callbacks are counted at a time.
pub const COALESCED: usize = 64;
/// Records of others remembered as reported, in all.
pub const REPORTED_RECORDS: usize = 128;
/// Records of one sender remembered as reported.
pub const REPORTED_RECORDS_PER_SENDER: usize = 16;
/// Records that wait for the completion of a login.
pub const EARLY_RECORDS: usize = 32;
/// Records of one account emitted at once.
pub const RECORD_BURST: u32 = 8;
/// Bytes of a text that an app sends to its peer.
pub const DATA: usize = 3_800;
/// Bytes of a text that a media backend sends to its peer.
pub const NEGOTIATION: usize = 4_000;
/// Bytes of what a media backend calls its language, `<name>/<version>`.
pub const MEDIA_PROTOCOL: usize = 32;
/// Bytes of what both users compare.
pub const SECURITY_CODE: usize = 64;
/// Bytes of a certificate's fingerprint: the name of the hash, and three characters a byte.
pub const FINGERPRINT: usize = 256;
/// Texts of an app that signaling has not taken.
pub const DATA_WAITING: usize = 16;
/// The same of a media backend, which sends candidates in bursts.
pub const NEGOTIATIONS: usize = 32;
/// Texts of the peer, of each kind, that arrived before they can be delivered.
pub const TEXTS_WAITING: usize = 16;
/// How long a missing text delays those after it.
pub const TEXT_GAP_MS: u32 = 2_000;
/// Texts of the peer, of each kind, that are taken within `COALESCE_MS`.
pub const TEXT_BURST: u32 = 256;
