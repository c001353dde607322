//! Messages of the engine's codes, where the text of the code alone is not enough.

/// The message of RTC_TIMEOUT.
pub const NO_MEDIA: &str = "media was not up in time after the accept";
/// The message of INVITE_NOT_EXISTS for an answer that waited.
pub const NO_INVITE: &str = "the call did not arrive in time: it is over, or for another account";
/// The engine's message of BAD_TOKEN.
pub const NO_TOKEN: &str = "the app gave no token in time";
/// The message of a TIMEOUT while the connection is lost.
pub const NO_CONNECTION: &str = "the connection was not restored in time";
/// The engine's message of TIMEOUT.
pub const NO_ANSWER: &str = "the backend did not answer in time";
/// The message of SHUTTING_DOWN after a panic.
pub const INTERNAL: &str = "an internal error has closed this client, the log has it";

/// The message of MEDIA_MISMATCH.
pub const OTHER_MEDIA: &str = "the peer's media backend is another one, or another version of it";

/// Every message of the engine itself: a trace shows them unchanged.
pub const OWN_MESSAGES: [&str; 6] = [NO_MEDIA, NO_INVITE, NO_TOKEN, NO_CONNECTION, NO_ANSWER, OTHER_MEDIA];
