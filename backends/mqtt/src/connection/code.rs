//! The `code` of [`ConnectionEvent::Refused`](super::ConnectionEvent::Refused).

/// The token is not taken.
pub const BAD_TOKEN: i32 = 302;
/// The broker's rules forbid it, or ours do: plaintext to another machine.
pub const NOT_PERMITTED: i32 = 403;
/// Something about the settings: the broker will never take them.
pub const INVALID: i32 = 414;
/// The client id is in use elsewhere.
pub const TAKEN: i32 = 417;
