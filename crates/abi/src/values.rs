//! Every named number of the C interface.

/// Major version of this header.
pub const NERTC_CALLKIT_VERSION_MAJOR: u32 = 0;
/// Minor version of this header.
pub const NERTC_CALLKIT_VERSION_MINOR: u32 = 1;
/// Patch level of this header.
pub const NERTC_CALLKIT_VERSION_PATCH: u32 = 0;

/// NERTC_CALLKIT_VERSION_MAJOR, NERTC_CALLKIT_VERSION_MINOR and NERTC_CALLKIT_VERSION_PATCH in
/// one number: 0xMMmmpp. nertc_callkit_version returns that of the loaded library.
pub const NERTC_CALLKIT_VERSION_NUMBER: u32 = 0x00_01_00;

/// Version of the vtables and sinks, for their `abi` fields.
pub const NERTC_CALLKIT_ABI: u32 = 1;

/// Longest text of nertc_callkit_push_encode, with its NUL.
pub const NERTC_CALLKIT_PUSH_SIZE: u32 = 768;

/// A client. The pointer's value is a never-reused id, not an address: a stale handle is
/// refused with CLOSED and touches no memory. Any thread.
pub struct nertc_callkit {
    _opaque: [u8; 0],
}

/// Local number of a call: never reused by a client, 0 = no call.
pub type nertc_callkit_call_no = u64;

/// What a function returns: 0 = accepted, negative = refused and nothing follows.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_status {
    /// Accepted.
    NERTC_CALLKIT_STATUS_OK = 0,
    /// A NULL, invalid UTF-8, a text that is too long, an unknown value: fix the call.
    NERTC_CALLKIT_STATUS_INVALID_ARGUMENT = -1,
    /// The handle was released, destroyed, never existed, or belongs to the process before a fork.
    NERTC_CALLKIT_STATUS_CLOSED = -2,
    /// Too much is queued: dispatch, or try again later.
    NERTC_CALLKIT_STATUS_QUEUE_FULL = -3,
    /// Not from inside a callback: return first, or use release.
    NERTC_CALLKIT_STATUS_REENTRANT = -4,
    /// This library or backend cannot do it.
    NERTC_CALLKIT_STATUS_UNSUPPORTED = -5,
    /// A system resource is exhausted or an internal error occurred; see the log.
    NERTC_CALLKIT_STATUS_INTERNAL = -6,
}

/// What a completion, an event or a backend reports: 0 = success. Signaling codes keep NIM's V1
/// numbers.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_code {
    /// Success.
    NERTC_CALLKIT_CODE_OK = 0,
    /// Wrong token or password.
    NERTC_CALLKIT_CODE_BAD_TOKEN = 302,
    /// No answer in time.
    NERTC_CALLKIT_CODE_TIMEOUT = 408,
    /// The peer is offline, a push can reach it (counts as success).
    NERTC_CALLKIT_CODE_PEER_OFFLINE = 10201,
    /// The peer is offline and no push reaches it (counts as success).
    NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE = 10202,
    /// The channel does not exist any more.
    NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS = 10404,
    /// A channel of this name exists.
    NERTC_CALLKIT_CODE_CHANNEL_EXISTS = 10405,
    /// Not a member of the channel.
    NERTC_CALLKIT_CODE_NOT_MEMBER = 10406,
    /// Already a member of the channel.
    NERTC_CALLKIT_CODE_ALREADY_MEMBER = 10407,
    /// The invite does not exist, was cancelled or has expired.
    NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS = 10408,
    /// The invite was rejected.
    NERTC_CALLKIT_CODE_INVITE_REJECTED = 10409,
    /// The invite was accepted.
    NERTC_CALLKIT_CODE_INVITE_ACCEPTED = 10410,
    /// The media uid is taken.
    NERTC_CALLKIT_CODE_UID_CONFLICT = 10417,
    /// The channel is full.
    NERTC_CALLKIT_CODE_MEMBER_LIMIT = 10419,
    /// This account is in the channel with another device.
    NERTC_CALLKIT_CODE_OTHER_DEVICE = 10420,
    /// Log in first.
    NERTC_CALLKIT_CODE_NOT_LOGGED_IN = 20001,
    /// call: already calling.
    NERTC_CALLKIT_CODE_CALL_IN_CALLING = 20002,
    /// call: an incoming call is ringing.
    NERTC_CALLKIT_CODE_CALL_IN_CALLED = 20003,
    /// call: already in a call.
    NERTC_CALLKIT_CODE_CALL_IN_CALL = 20004,
    /// hangup: no call.
    NERTC_CALLKIT_CODE_HANGUP_IN_IDLE = 20005,
    /// leave: no call.
    NERTC_CALLKIT_CODE_LEAVE_IN_IDLE = 20009,
    /// leave: still calling; use cancel.
    NERTC_CALLKIT_CODE_LEAVE_IN_CALLING = 20010,
    /// leave: still ringing; use reject.
    NERTC_CALLKIT_CODE_LEAVE_IN_CALLED = 20011,
    /// cancel: no call.
    NERTC_CALLKIT_CODE_CANCEL_IN_IDLE = 20013,
    /// cancel: we are the called side; use reject.
    NERTC_CALLKIT_CODE_CANCEL_IN_CALLED = 20015,
    /// cancel: already in the call; use hangup.
    NERTC_CALLKIT_CODE_CANCEL_IN_CALL = 20016,
    /// accept: no incoming call.
    NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE = 20017,
    /// accept: we are the calling side.
    NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING = 20018,
    /// accept: already in the call.
    NERTC_CALLKIT_CODE_ACCEPT_IN_CALL = 20020,
    /// reject: no incoming call.
    NERTC_CALLKIT_CODE_REJECT_IN_IDLE = 20021,
    /// reject: we are the calling side; use cancel.
    NERTC_CALLKIT_CODE_REJECT_IN_CALLING = 20022,
    /// reject: already in the call; use hangup.
    NERTC_CALLKIT_CODE_REJECT_IN_CALL = 20024,
    /// switch_call_type: no call.
    NERTC_CALLKIT_CODE_SWITCH_IN_IDLE = 20025,
    /// switch_call_type: nobody has answered yet.
    NERTC_CALLKIT_CODE_SWITCH_IN_CALLING = 20026,
    /// switch_call_type: not answered yet.
    NERTC_CALLKIT_CODE_SWITCH_IN_CALLED = 20027,
    /// The reference names another call than the running one.
    NERTC_CALLKIT_CODE_CALL_MISMATCH = 90001,
    /// Logged in with another account: log out first.
    NERTC_CALLKIT_CODE_ALREADY_LOGGED_IN = 90002,
    /// The client was released or destroyed, or logged out, before this was done.
    NERTC_CALLKIT_CODE_SHUTTING_DOWN = 90003,
    /// A later request of the app superseded this one.
    NERTC_CALLKIT_CODE_SUPERSEDED = 90004,
    /// Something exceeds a documented limit.
    NERTC_CALLKIT_CODE_LIMIT = 90005,
    /// Media did not connect in time after the call was accepted.
    NERTC_CALLKIT_CODE_RTC_TIMEOUT = 90006,
    /// The backend does not offer this operation.
    NERTC_CALLKIT_CODE_UNSUPPORTED = 90007,
    /// The backend could not be opened or violated its contract.
    NERTC_CALLKIT_CODE_BACKEND_FAILED = 90008,
    /// The request is invalid, for example calling oneself.
    NERTC_CALLKIT_CODE_INVALID_ARGUMENT = 90009,
    /// send_data: not in a call.
    NERTC_CALLKIT_CODE_NOT_IN_CALL = 90010,
    /// The media backends of the two sides are incompatible.
    NERTC_CALLKIT_CODE_MEDIA_MISMATCH = 90011,
    /// Media does not provably reach the right peer: somebody on the way may listen, or the security
    /// code that is required is missing.
    NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE = 90012,
    /// on_error: no such microphone or speaker, or none at all. The call goes on without; the system's
    /// default is used where there is one.
    NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND = 90013,
    /// on_error: the system does not let this program use the microphone or the speaker.
    NERTC_CALLKIT_CODE_DEVICE_DENIED = 90014,
    /// on_error: another program has the microphone or the speaker, or it does not answer. It is tried
    /// again.
    NERTC_CALLKIT_CODE_DEVICE_BUSY = 90015,
}

/// Audio or video.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_type {
    /// Audio only.
    NERTC_CALLKIT_CALL_TYPE_AUDIO = 1,
    /// Audio and video.
    NERTC_CALLKIT_CALL_TYPE_VIDEO = 2,
    /// Something else; only reported, never requested.
    NERTC_CALLKIT_CALL_TYPE_OTHER = 3,
}

/// State of a client.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_state {
    /// Free to call or to be called.
    NERTC_CALLKIT_STATE_IDLE = 0,
    /// We invited an account that has not answered.
    NERTC_CALLKIT_STATE_CALLING = 1,
    /// We were invited and have not answered.
    NERTC_CALLKIT_STATE_CALLED = 2,
    /// Both sides have accepted.
    NERTC_CALLKIT_STATE_IN_CALL = 3,
}

/// Why a call ended: NetEase's terminal codes.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_end_reason {
    /// Ended by leave, logout or release.
    NERTC_CALLKIT_END_NORMAL = 0,
    /// No answer.
    NERTC_CALLKIT_END_TIMEOUT = 2,
    /// The called side was busy.
    NERTC_CALLKIT_END_BUSY = 3,
    /// Media did not connect in time, or joining the media room failed.
    NERTC_CALLKIT_END_RTC_JOIN_FAILED = 5,
    /// The call could not be placed.
    NERTC_CALLKIT_END_CALL_FAILED = 7,
    /// This device was kicked.
    NERTC_CALLKIT_END_KICKED = 8,
    /// The own media connection was lost permanently.
    NERTC_CALLKIT_END_RTC_DISCONNECTED = 10,
    /// We cancelled.
    NERTC_CALLKIT_END_CANCELLED = 11,
    /// The caller cancelled.
    NERTC_CALLKIT_END_PEER_CANCELLED = 12,
    /// We rejected.
    NERTC_CALLKIT_END_REJECTED = 13,
    /// The called side rejected.
    NERTC_CALLKIT_END_PEER_REJECTED = 14,
    /// We hung up.
    NERTC_CALLKIT_END_HUNG_UP = 15,
    /// The peer hung up.
    NERTC_CALLKIT_END_PEER_HUNG_UP = 16,
    /// Another device of this account rejected.
    NERTC_CALLKIT_END_OTHER_REJECTED = 17,
    /// Another device of this account accepted.
    NERTC_CALLKIT_END_OTHER_ACCEPTED = 18,
    /// The peer's connection was lost.
    NERTC_CALLKIT_END_PEER_DISCONNECTED = 19,
    /// The peer left.
    NERTC_CALLKIT_END_PEER_LEFT = 20,
    /// Our accept failed.
    NERTC_CALLKIT_END_ACCEPT_FAILED = 21,
    /// The media backends of the two sides are incompatible.
    NERTC_CALLKIT_END_MEDIA_MISMATCH = 101,
    /// Media does not provably reach the right peer (NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE).
    NERTC_CALLKIT_END_MEDIA_NOT_SECURE = 102,
}

/// Steps of a call-type switch.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_type_action {
    /// Request the other type.
    NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST = 1,
    /// Accept the peer's request.
    NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT = 2,
    /// Reject the peer's request.
    NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT = 3,
}

/// Who runs the callbacks.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_delivery {
    /// The library's worker thread.
    NERTC_CALLKIT_DELIVERY_WORKER = 0,
    /// The app, inside nertc_callkit_dispatch.
    NERTC_CALLKIT_DELIVERY_APP = 1,
}

/// Which worker thread serves the client.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_worker {
    /// The one that all clients of the process share.
    NERTC_CALLKIT_WORKER_SHARED = 0,
    /// One of its own: a callback that blocks delays no other client.
    NERTC_CALLKIT_WORKER_OWN = 1,
}

/// Media bits.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_media {
    /// Microphone, audio.
    NERTC_CALLKIT_MEDIA_AUDIO = 1,
    /// Camera, video.
    NERTC_CALLKIT_MEDIA_VIDEO = 2,
}

/// Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and
/// nertc_callkit_leave.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_flag {
    /// Do not keep the message for devices that are offline (offlineEnabled = false).
    NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE = 1,
    /// Send no call record (sendMsg = false). cancel and hangup while calling.
    NERTC_CALLKIT_CALL_FLAG_NO_RECORD = 2,
}

/// What a completion or an error belongs to.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_operation {
    /// Nothing in particular.
    NERTC_CALLKIT_OPERATION_NONE = 0,
    /// nertc_callkit_login.
    NERTC_CALLKIT_OPERATION_LOGIN = 1,
    /// nertc_callkit_logout.
    NERTC_CALLKIT_OPERATION_LOGOUT = 2,
    /// nertc_callkit_call.
    NERTC_CALLKIT_OPERATION_CALL = 3,
    /// nertc_callkit_cancel.
    NERTC_CALLKIT_OPERATION_CANCEL = 4,
    /// nertc_callkit_accept.
    NERTC_CALLKIT_OPERATION_ACCEPT = 5,
    /// nertc_callkit_reject.
    NERTC_CALLKIT_OPERATION_REJECT = 6,
    /// nertc_callkit_hangup.
    NERTC_CALLKIT_OPERATION_HANGUP = 7,
    /// nertc_callkit_leave.
    NERTC_CALLKIT_OPERATION_LEAVE = 8,
    /// nertc_callkit_switch_call_type.
    NERTC_CALLKIT_OPERATION_SWITCH = 9,
    /// nertc_callkit_enable_local.
    NERTC_CALLKIT_OPERATION_ENABLE_LOCAL = 10,
    /// nertc_callkit_mute_local.
    NERTC_CALLKIT_OPERATION_MUTE_LOCAL = 11,
    /// nertc_callkit_mute_remote.
    NERTC_CALLKIT_OPERATION_MUTE_REMOTE = 12,
    /// nertc_callkit_set_local_view.
    NERTC_CALLKIT_OPERATION_LOCAL_VIEW = 13,
    /// nertc_callkit_set_remote_view.
    NERTC_CALLKIT_OPERATION_REMOTE_VIEW = 14,
    /// Joining the media room.
    NERTC_CALLKIT_OPERATION_RTC = 15,
    /// Sending the call record.
    NERTC_CALLKIT_OPERATION_RECORD = 16,
    /// Closing or leaving the channel of an ended call.
    NERTC_CALLKIT_OPERATION_CLOSE = 17,
    /// Something that a backend reported unasked.
    NERTC_CALLKIT_OPERATION_BACKEND = 18,
    /// nertc_callkit_send_data.
    NERTC_CALLKIT_OPERATION_SEND_DATA = 19,
    /// A text of the media backend to its peer.
    NERTC_CALLKIT_OPERATION_NEGOTIATION = 20,
}

/// Outcome written into a call record.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_record_status {
    /// The call took place.
    NERTC_CALLKIT_RECORD_COMPLETE = 1,
    /// The caller cancelled.
    NERTC_CALLKIT_RECORD_CANCELLED = 2,
    /// The called side rejected.
    NERTC_CALLKIT_RECORD_REJECTED = 3,
    /// No answer.
    NERTC_CALLKIT_RECORD_TIMEOUT = 4,
    /// The called side was busy.
    NERTC_CALLKIT_RECORD_BUSY = 5,
}

/// Which connection an event is about.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_transport {
    /// Signaling.
    NERTC_CALLKIT_TRANSPORT_SIGNALING = 1,
    /// Media.
    NERTC_CALLKIT_TRANSPORT_MEDIA = 2,
}

/// How far media provably reaches the right peer.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_security {
    /// No media yet.
    NERTC_CALLKIT_SECURITY_NONE = 0,
    /// Encrypted, but the peer gives no code: whoever runs the signaling service could listen.
    NERTC_CALLKIT_SECURITY_NO_CODE = 1,
    /// Encrypted; the code waits to be compared by the two users.
    NERTC_CALLKIT_SECURITY_UNVERIFIED = 2,
    /// The users compared the code, or the app's keys signed both fingerprints.
    NERTC_CALLKIT_SECURITY_VERIFIED = 3,
    /// Commitment, fingerprint or signature is wrong, or the users' codes differ: media is stopped and
    /// the call ends.
    NERTC_CALLKIT_SECURITY_MISMATCH = 4,
}

/// Media quality.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_quality {
    /// Unknown.
    NERTC_CALLKIT_QUALITY_UNKNOWN = 0,
    /// Good.
    NERTC_CALLKIT_QUALITY_GOOD = 1,
    /// Usable.
    NERTC_CALLKIT_QUALITY_POOR = 2,
    /// Hardly usable.
    NERTC_CALLKIT_QUALITY_BAD = 3,
    /// Nothing arrives.
    NERTC_CALLKIT_QUALITY_DOWN = 4,
}

/// Why an invite never rang.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_missed_reason {
    /// The caller cancelled first.
    NERTC_CALLKIT_MISSED_CANCELLED = 1,
    /// It was too old.
    NERTC_CALLKIT_MISSED_EXPIRED = 2,
    /// We were busy when we came back online.
    NERTC_CALLKIT_MISSED_BUSY = 3,
    /// Another device answered it.
    NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE = 4,
    /// A newer invite of the same account replaced it.
    NERTC_CALLKIT_MISSED_REPLACED = 5,
    /// A group call, which this library does not support.
    NERTC_CALLKIT_MISSED_GROUP = 6,
    /// The call policy refused it.
    NERTC_CALLKIT_MISSED_BLOCKED = 7,
    /// The caller called too often.
    NERTC_CALLKIT_MISSED_RATE_LIMITED = 8,
    /// The caller's media backend is incompatible with ours; other devices of the account may ring.
    NERTC_CALLKIT_MISSED_MEDIA_MISMATCH = 9,
}

/// Flags of nertc_callkit_call_info.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_info_flag {
    /// Both sides are in the media room.
    NERTC_CALLKIT_CALL_INFO_CONNECTED = 1,
    /// Our invite is the one that counts: this side offers. Never set on both sides. Final once in
    /// the call.
    NERTC_CALLKIT_CALL_INFO_INVITER = 2,
}

/// Whose invites ring.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_policy_rule {
    /// Everybody's.
    NERTC_CALLKIT_POLICY_EVERYBODY = 0,
    /// Those of `accounts`.
    NERTC_CALLKIT_POLICY_ONLY_LISTED = 1,
    /// All but those of `accounts`.
    NERTC_CALLKIT_POLICY_ALL_BUT_LISTED = 2,
    /// Nobody's: do not disturb.
    NERTC_CALLKIT_POLICY_NOBODY = 3,
}

/// How a caller who may not ring is answered.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_policy_answer {
    /// Nothing, as if this device were off: other devices of the account ring on.
    NERTC_CALLKIT_POLICY_SILENT = 0,
    /// Busy from this device: counts when no other device of the account rings within 2 s.
    NERTC_CALLKIT_POLICY_BUSY = 1,
}

/// Flags of nertc_callkit_call_policy.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_policy_flag {
    /// Refused invites are not reported as on_missed_call.
    NERTC_CALLKIT_POLICY_NO_MISSED = 1,
}

/// Flags of nertc_callkit_call_ref.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_ref_flag {
    /// accept, reject: if that call is not here yet, wait for it, also before login. account,
    /// channel_id and request_id are mandatory, call_no is 0; else INVALID_ARGUMENT.
    NERTC_CALLKIT_CALL_REF_WAIT = 1,
}

/// How important a log line is. A callback gets its level and everything more important.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum nertc_callkit_log_level {
    /// Nothing.
    NERTC_CALLKIT_LOG_OFF = 0,
    /// A bug in this library.
    NERTC_CALLKIT_LOG_ERROR = 1,
    /// Unusual but handled.
    NERTC_CALLKIT_LOG_WARN = 2,
    /// State changes.
    NERTC_CALLKIT_LOG_INFO = 3,
    /// What was ignored or retried, and why.
    NERTC_CALLKIT_LOG_DEBUG = 4,
}

/// Flags of nertc_callkit_set_log_callback.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_log_flag {
    /// Write accounts, ids and attachments as they are instead of redacted. Tokens stay redacted.
    NERTC_CALLKIT_LOG_PERSONAL = 1,
}

/// Flags of nertc_callkit_trace_start.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_trace_flag {
    /// Write accounts, texts and attachments as they are. Tokens stay hidden.
    NERTC_CALLKIT_TRACE_PERSONAL = 1,
}

/// Flags of nertc_callkit_invited_event.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_invited_flag {
    /// The invite waited while this device was offline.
    NERTC_CALLKIT_INVITED_OFFLINE = 1,
    /// The app has answered already (NERTC_CALLKIT_CALL_REF_WAIT): do not ring.
    NERTC_CALLKIT_INVITED_ANSWERED = 2,
}
