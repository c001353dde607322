//! Result codes that the engine gives or looks at; the numbers are those of the header (a test in the facade
//! compares them), the texts say what to do.

/// Success.
pub const OK: i32 = 0;
/// Wrong token or password.
pub const BAD_TOKEN: i32 = 302;
/// No answer in time.
pub const TIMEOUT: i32 = 408;
/// The peer is offline, a push can reach it (counts as success).
pub const PEER_OFFLINE: i32 = 10201;
/// The peer is offline and no push reaches it (counts as success).
pub const PEER_PUSH_OFFLINE: i32 = 10202;
/// The channel does not exist any more.
pub const CHANNEL_NOT_EXISTS: i32 = 10404;
/// A channel of this name exists.
pub const CHANNEL_EXISTS: i32 = 10405;
/// Not a member of the channel.
pub const NOT_MEMBER: i32 = 10406;
/// Already a member of the channel.
pub const ALREADY_MEMBER: i32 = 10407;
/// The invite does not exist, was cancelled or has expired.
pub const INVITE_NOT_EXISTS: i32 = 10408;
/// The invite was rejected.
pub const INVITE_REJECTED: i32 = 10409;
/// The invite was accepted.
pub const INVITE_ACCEPTED: i32 = 10410;
/// The media uid is taken.
pub const UID_CONFLICT: i32 = 10417;
/// The channel is full.
pub const MEMBER_LIMIT: i32 = 10419;
/// This account is in the channel with another device.
pub const OTHER_DEVICE: i32 = 10420;
/// Log in first.
pub const NOT_LOGGED_IN: i32 = 20001;
/// call: already calling.
pub const CALL_IN_CALLING: i32 = 20002;
/// call: somebody is ringing us.
pub const CALL_IN_CALLED: i32 = 20003;
/// call: already in a call.
pub const CALL_IN_CALL: i32 = 20004;
/// hangup: no call.
pub const HANGUP_IN_IDLE: i32 = 20005;
/// leave: no call.
pub const LEAVE_IN_IDLE: i32 = 20009;
/// leave: still calling; use cancel.
pub const LEAVE_IN_CALLING: i32 = 20010;
/// leave: still ringing; use reject.
pub const LEAVE_IN_CALLED: i32 = 20011;
/// cancel: no call.
pub const CANCEL_IN_IDLE: i32 = 20013;
/// cancel: we are the called side; use reject.
pub const CANCEL_IN_CALLED: i32 = 20015;
/// cancel: already in the call; use hangup.
pub const CANCEL_IN_CALL: i32 = 20016;
/// accept: nobody is calling.
pub const ACCEPT_IN_IDLE: i32 = 20017;
/// accept: we are the calling side.
pub const ACCEPT_IN_CALLING: i32 = 20018;
/// accept: already in the call.
pub const ACCEPT_IN_CALL: i32 = 20020;
/// reject: nobody is calling.
pub const REJECT_IN_IDLE: i32 = 20021;
/// reject: we are the calling side; use cancel.
pub const REJECT_IN_CALLING: i32 = 20022;
/// reject: already in the call; use hangup.
pub const REJECT_IN_CALL: i32 = 20024;
/// switch_call_type: no call.
pub const SWITCH_IN_IDLE: i32 = 20025;
/// switch_call_type: nobody has answered yet.
pub const SWITCH_IN_CALLING: i32 = 20026;
/// switch_call_type: not answered yet.
pub const SWITCH_IN_CALLED: i32 = 20027;
/// The reference names another call than the running one.
pub const CALL_MISMATCH: i32 = 90001;
/// Logged in with another account: log out first.
pub const ALREADY_LOGGED_IN: i32 = 90002;
/// The component was released or destroyed, or logged out, before this was done.
pub const SHUTTING_DOWN: i32 = 90003;
/// A later request of the app made this one void.
pub const SUPERSEDED: i32 = 90004;
/// Something exceeds a documented limit.
pub const LIMIT: i32 = 90005;
/// Media was not up in time after the call was accepted.
pub const RTC_TIMEOUT: i32 = 90006;
/// The backend does not offer this operation.
pub const UNSUPPORTED: i32 = 90007;
/// The backend could not be opened or answered against its contract.
pub const BACKEND_FAILED: i32 = 90008;
/// The request makes no sense, for example calling oneself.
pub const INVALID_ARGUMENT: i32 = 90009;

/// The message of RTC_TIMEOUT.
pub const NO_MEDIA: &str = "media was not up in time after the accept";
/// The message of INVITE_NOT_EXISTS for an answer that waited.
pub const NO_INVITE: &str = "the call did not arrive in time: it is over, or for another account";
/// The message of BAD_TOKEN that the engine gives.
pub const NO_TOKEN: &str = "the app gave no token in time";
/// The message of a TIMEOUT while the connection is lost.
pub const NO_CONNECTION: &str = "the connection was not restored in time";
/// The message of a TIMEOUT that the engine gives.
pub const NO_ANSWER: &str = "the backend did not answer in time";
/// The message of SHUTTING_DOWN after a panic.
pub const INTERNAL: &str = "an internal error has closed this component, the log has it";

/// Every message that the engine itself gives: a trace shows them as they are.
pub const OWN_MESSAGES: [&str; 5] = [NO_MEDIA, NO_INVITE, NO_TOKEN, NO_CONNECTION, NO_ANSWER];

/// The backend says that it went well: the peer being offline is no failure, a push or the backlog reaches
/// it.
pub fn is_success(code: i32) -> bool {
    matches!(code, OK | PEER_OFFLINE | PEER_PUSH_OFFLINE)
}

/// What a code means and what to do about it, for a developer.
pub fn text(code: i32) -> &'static str {
    match code {
        OK => "success",
        BAD_TOKEN => "wrong token or password",
        TIMEOUT => "no answer in time",
        PEER_OFFLINE => "the peer is offline, a push can reach it (counts as success)",
        PEER_PUSH_OFFLINE => "the peer is offline and no push reaches it (counts as success)",
        CHANNEL_NOT_EXISTS => "the channel does not exist any more",
        CHANNEL_EXISTS => "a channel of this name exists",
        NOT_MEMBER => "not a member of the channel",
        ALREADY_MEMBER => "already a member of the channel",
        INVITE_NOT_EXISTS => "the invite does not exist, was cancelled or has expired",
        INVITE_REJECTED => "the invite was rejected",
        INVITE_ACCEPTED => "the invite was accepted",
        UID_CONFLICT => "the media uid is taken",
        MEMBER_LIMIT => "the channel is full",
        OTHER_DEVICE => "this account is in the channel with another device",
        NOT_LOGGED_IN => "log in first",
        CALL_IN_CALLING => "call: already calling",
        CALL_IN_CALLED => "call: somebody is ringing us",
        CALL_IN_CALL => "call: already in a call",
        HANGUP_IN_IDLE => "hangup: no call",
        LEAVE_IN_IDLE => "leave: no call",
        LEAVE_IN_CALLING => "leave: still calling; use cancel",
        LEAVE_IN_CALLED => "leave: still ringing; use reject",
        CANCEL_IN_IDLE => "cancel: no call",
        CANCEL_IN_CALLED => "cancel: we are the called side; use reject",
        CANCEL_IN_CALL => "cancel: already in the call; use hangup",
        ACCEPT_IN_IDLE => "accept: nobody is calling",
        ACCEPT_IN_CALLING => "accept: we are the calling side",
        ACCEPT_IN_CALL => "accept: already in the call",
        REJECT_IN_IDLE => "reject: nobody is calling",
        REJECT_IN_CALLING => "reject: we are the calling side; use cancel",
        REJECT_IN_CALL => "reject: already in the call; use hangup",
        SWITCH_IN_IDLE => "switch_call_type: no call",
        SWITCH_IN_CALLING => "switch_call_type: nobody has answered yet",
        SWITCH_IN_CALLED => "switch_call_type: not answered yet",
        CALL_MISMATCH => "the reference names another call than the running one",
        ALREADY_LOGGED_IN => "logged in with another account: log out first",
        SHUTTING_DOWN => "the component was released or destroyed, or logged out, before this was done",
        SUPERSEDED => "a later request of the app made this one void",
        LIMIT => "something exceeds a documented limit",
        RTC_TIMEOUT => "media was not up in time after the call was accepted",
        UNSUPPORTED => "the backend does not offer this operation",
        BACKEND_FAILED => "the backend could not be opened or answered against its contract",
        INVALID_ARGUMENT => "the request makes no sense, for example calling oneself",
        _ => "a code of the backend; see raw_code and the backend's documentation",
    }
}
