//! Every number that crosses the border by name.

/// Version of this header: 0xMMmmpp. nertc_callkit_version has that of the library that runs.
pub const NERTC_CALLKIT_VERSION_NUMBER: u32 = 0x00_01_00;

/// Version of the vtables and sinks, for their `abi` fields.
pub const NERTC_CALLKIT_ABI: u32 = 1;

/// A call component. The pointer's value is a never-reused id, not an address: a stale handle is
/// refused with CLOSED and touches no memory. Any thread.
pub struct nertc_callkit {
    _opaque: [u8; 0],
}

/// Local number of a call: never reused by a component, 0 = no call.
pub type nertc_callkit_call_no = u64;

/// What a function answers at once: 0 = accepted, negative = refused and nothing follows.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_status {
    /// Accepted.
    NERTC_CALLKIT_STATUS_OK = 0,
    /// A NULL, a bad UTF-8 text, an over-long text, an unknown value: fix the call.
    NERTC_CALLKIT_STATUS_INVALID_ARGUMENT = -1,
    /// The handle was released, destroyed, never existed, or belongs to the process before a fork.
    NERTC_CALLKIT_STATUS_CLOSED = -2,
    /// Too much is waiting: dispatch, or try again later.
    NERTC_CALLKIT_STATUS_QUEUE_FULL = -3,
    /// Not from inside a callback: return first, or use release.
    NERTC_CALLKIT_STATUS_REENTRANT = -4,
    /// This library or plug cannot do it.
    NERTC_CALLKIT_STATUS_UNSUPPORTED = -5,
    /// The system is out of something, or a bug in this library; the log has it.
    NERTC_CALLKIT_STATUS_INTERNAL = -6,
}

/// What a completion, an event or a plug reports: 0 = success. Signaling codes keep NIM's V1
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
    /// call: somebody is ringing us.
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
    /// accept: nobody is calling.
    NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE = 20017,
    /// accept: we are the calling side.
    NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING = 20018,
    /// accept: already in the call.
    NERTC_CALLKIT_CODE_ACCEPT_IN_CALL = 20020,
    /// reject: nobody is calling.
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
    /// The component was released or destroyed, or logged out, before this was done.
    NERTC_CALLKIT_CODE_SHUTTING_DOWN = 90003,
    /// A later request of the app made this one void.
    NERTC_CALLKIT_CODE_SUPERSEDED = 90004,
    /// Something exceeds a documented limit.
    NERTC_CALLKIT_CODE_LIMIT = 90005,
    /// Media was not up in time after the call was accepted.
    NERTC_CALLKIT_CODE_RTC_TIMEOUT = 90006,
    /// The plug does not offer this operation.
    NERTC_CALLKIT_CODE_UNSUPPORTED = 90007,
    /// The plug could not be opened or answered against its contract.
    NERTC_CALLKIT_CODE_PLUG_FAILED = 90008,
    /// The request makes no sense, for example calling oneself.
    NERTC_CALLKIT_CODE_INVALID_ARGUMENT = 90009,
}

/// Audio or video.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_call_type {
    /// Audio only.
    NERTC_CALLKIT_CALL_TYPE_AUDIO = 1,
    /// Audio and video.
    NERTC_CALLKIT_CALL_TYPE_VIDEO = 2,
    /// Something else; only ever reported, never asked for.
    NERTC_CALLKIT_CALL_TYPE_OTHER = 3,
}

/// Where the component stands.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_state {
    /// Free to call or to be called.
    NERTC_CALLKIT_STATE_IDLE = 0,
    /// We invited somebody who has not answered.
    NERTC_CALLKIT_STATE_CALLING = 1,
    /// Somebody invited us and we have not answered.
    NERTC_CALLKIT_STATE_CALLED = 2,
    /// Both sides agreed.
    NERTC_CALLKIT_STATE_IN_CALL = 3,
}

/// Why a call ended: NetEase's terminal codes.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_end_reason {
    /// Ended by leave, logout or release.
    NERTC_CALLKIT_END_NORMAL = 0,
    /// Nobody answered.
    NERTC_CALLKIT_END_TIMEOUT = 2,
    /// The called side was busy.
    NERTC_CALLKIT_END_BUSY = 3,
    /// Media was not up in time, or joining the media room failed.
    NERTC_CALLKIT_END_RTC_JOIN_FAILED = 5,
    /// The call could not be placed.
    NERTC_CALLKIT_END_CALL_FAILED = 7,
    /// This device was kicked.
    NERTC_CALLKIT_END_KICKED = 8,
    /// The own media connection was lost for good.
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
}

/// Steps of a call-type switch.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_switch {
    /// Ask for the other type.
    NERTC_CALLKIT_SWITCH_INVITE = 1,
    /// Agree to what the peer asked.
    NERTC_CALLKIT_SWITCH_AGREE = 2,
    /// Refuse what the peer asked.
    NERTC_CALLKIT_SWITCH_REJECT = 3,
}

/// Who runs the callbacks.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_delivery {
    /// The library's worker thread.
    NERTC_CALLKIT_DELIVERY_WORKER = 0,
    /// The host, inside nertc_callkit_dispatch.
    NERTC_CALLKIT_DELIVERY_HOST = 1,
}

/// Which worker thread serves the component.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_worker {
    /// The one that all components of the process share.
    NERTC_CALLKIT_WORKER_SHARED = 0,
    /// One of its own: a callback that blocks stalls nobody else.
    NERTC_CALLKIT_WORKER_OWN = 1,
}

/// Media bits.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_media {
    /// Microphone or sound.
    NERTC_CALLKIT_MEDIA_AUDIO = 1,
    /// Camera or picture.
    NERTC_CALLKIT_MEDIA_VIDEO = 2,
}

/// Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and nertc_callkit_leave.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_flag {
    /// Do not keep the message for devices that are offline (offlineEnabled = false).
    NERTC_CALLKIT_FLAG_NO_OFFLINE = 1,
    /// Send no call record (sendMsg = false). cancel and hangup while calling.
    NERTC_CALLKIT_FLAG_NO_RECORD = 2,
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
    /// Something that a plug reported by itself.
    NERTC_CALLKIT_OPERATION_PLUG = 18,
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
    /// Nobody answered.
    NERTC_CALLKIT_RECORD_TIMEOUT = 4,
    /// The called side was busy.
    NERTC_CALLKIT_RECORD_BUSY = 5,
}

/// Which connection an event speaks of.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_layer {
    /// Signaling.
    NERTC_CALLKIT_LAYER_SIGNALING = 1,
    /// Media.
    NERTC_CALLKIT_LAYER_MEDIA = 2,
}

/// Media quality.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_quality {
    /// Not known.
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
pub enum nertc_callkit_missed {
    /// The caller cancelled first.
    NERTC_CALLKIT_MISSED_CANCELLED = 1,
    /// It was too old.
    NERTC_CALLKIT_MISSED_EXPIRED = 2,
    /// We were busy when we came back online.
    NERTC_CALLKIT_MISSED_BUSY = 3,
    /// Another device answered it.
    NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE = 4,
    /// A newer invite of the same person took its place.
    NERTC_CALLKIT_MISSED_REPLACED = 5,
    /// A group call, which this component does not do.
    NERTC_CALLKIT_MISSED_GROUP = 6,
    /// The call policy refused it.
    NERTC_CALLKIT_MISSED_BLOCKED = 7,
    /// The caller called too often.
    NERTC_CALLKIT_MISSED_RATE_LIMITED = 8,
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

/// What a caller who may not ring is answered.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_log_level {
    /// Nothing.
    NERTC_CALLKIT_LOG_OFF = 0,
    /// A bug in this library.
    NERTC_CALLKIT_LOG_ERROR = 1,
    /// Unusual but handled.
    NERTC_CALLKIT_LOG_WARN = 2,
    /// State changes.
    NERTC_CALLKIT_LOG_INFO = 3,
    /// What was ignored or tried again, and why.
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

/// Signaling event types; NIM's numbers, own ones from 101.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_signal {
    /// The channel was closed for everybody.
    NERTC_CALLKIT_SIGNAL_CLOSE = 1,
    /// Somebody joined the channel.
    NERTC_CALLKIT_SIGNAL_JOIN = 2,
    /// Somebody invites this account.
    NERTC_CALLKIT_SIGNAL_INVITE = 3,
    /// The inviter took the invite back.
    NERTC_CALLKIT_SIGNAL_CANCEL = 4,
    /// The invited side said no.
    NERTC_CALLKIT_SIGNAL_REJECT = 5,
    /// The invited side said yes.
    NERTC_CALLKIT_SIGNAL_ACCEPT = 6,
    /// Somebody left the channel.
    NERTC_CALLKIT_SIGNAL_LEAVE = 7,
    /// A text between members.
    NERTC_CALLKIT_SIGNAL_CONTROL = 8,
    /// A device of the invited account rings: `from` is that account, `request_id` the invite.
    NERTC_CALLKIT_SIGNAL_RINGING = 101,
    /// The backend heard nothing of the peer's device; the core decides, because media may live.
    NERTC_CALLKIT_SIGNAL_PEER_LOST = 102,
}

/// Where a batch of signaling events comes from.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_source {
    /// Just now.
    NERTC_CALLKIT_SOURCE_ONLINE = 0,
    /// What another device of this account answered.
    NERTC_CALLKIT_SOURCE_OTHER_DEVICE = 1,
    /// What waited while this device was offline: the whole backlog as one batch.
    NERTC_CALLKIT_SOURCE_OFFLINE = 2,
}

/// What happened to the signaling connection.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_connection {
    /// Lost; the plug is trying again by itself.
    NERTC_CALLKIT_CONNECTION_LOST = 1,
    /// Back, with the same login.
    NERTC_CALLKIT_CONNECTION_RESTORED = 2,
    /// This device was logged out by the service (another device, the server).
    NERTC_CALLKIT_CONNECTION_KICKED = 3,
    /// A token is wanted for the next connection: answered by the vtable's set_token. `code` 0 = the
    /// login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = it was refused or has expired.
    NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED = 4,
}

/// What became of an INVITE that the backend handed over.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_invite_state {
    /// It rings: the app was told on_invited.
    NERTC_CALLKIT_INVITE_RINGING = 1,
    /// Kept aside (glare, redial): register for the outcome, do not report ringing.
    NERTC_CALLKIT_INVITE_HELD = 2,
    /// Ignored: forget channel and invite, say nothing to anybody.
    NERTC_CALLKIT_INVITE_DROPPED = 3,
}

/// Media plug event types.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_rtc_what {
    /// `uid` is in the room.
    NERTC_CALLKIT_RTC_PEER_JOIN = 1,
    /// `uid` left the room; `code` 0 = on purpose, anything else = lost.
    NERTC_CALLKIT_RTC_PEER_LEAVE = 2,
    /// `uid` started (`flags` 1) or stopped (`flags` 0) sending `media`.
    NERTC_CALLKIT_RTC_PEER_MEDIA = 3,
    /// `uid` muted (`flags` 1) or unmuted (`flags` 0) `media`.
    NERTC_CALLKIT_RTC_PEER_MUTE = 4,
    /// Nothing has arrived from `uid` for about 2 s.
    NERTC_CALLKIT_RTC_PEER_SILENT = 5,
    /// Something arrives from `uid` again.
    NERTC_CALLKIT_RTC_PEER_HEARD = 6,
    /// The own connection is interrupted; the plug is trying again.
    NERTC_CALLKIT_RTC_RECONNECTING = 7,
    /// The own connection is back.
    NERTC_CALLKIT_RTC_RECONNECTED = 8,
    /// The own connection is lost for good.
    NERTC_CALLKIT_RTC_DISCONNECTED = 9,
    /// `code` is the nertc_callkit_quality of `uid` (0 = own uplink).
    NERTC_CALLKIT_RTC_QUALITY = 10,
    /// Something went wrong that does not end the call: `code`, `text`.
    NERTC_CALLKIT_RTC_ERROR = 11,
}

/// What a signaling plug can do (`caps`). The core itself acts on SERVER_RECORD alone; the others
/// tell whoever picks or checks the plug what to expect.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_signaling_cap {
    /// Keeps messages for devices that are offline.
    NERTC_CALLKIT_SIGNALING_CAP_OFFLINE = 1,
    /// Tells the other devices of the account who answered.
    NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE = 2,
    /// The service writes the record of a completed call by itself.
    NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD = 4,
    /// At most one instance per process.
    NERTC_CALLKIT_SIGNALING_CAP_SINGLETON = 8,
    /// Takes over a login that the host made with the vendor's SDK.
    NERTC_CALLKIT_SIGNALING_CAP_ADOPTS_LOGIN = 16,
}

/// What a media plug can do (`caps`). The core itself acts on NO_MEDIA alone.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_rtc_cap {
    /// Brings no media of its own: the peer counts as present once both sides agreed.
    NERTC_CALLKIT_RTC_CAP_NO_MEDIA = 1,
    /// At most one instance per process.
    NERTC_CALLKIT_RTC_CAP_SINGLETON = 2,
}

/// What a loopback fault does.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_fault_action {
    /// The message is lost.
    NERTC_CALLKIT_FAULT_DROP = 1,
    /// The message arrives twice.
    NERTC_CALLKIT_FAULT_DUPLICATE = 2,
    /// The message or the answer comes `delay_ms` later.
    NERTC_CALLKIT_FAULT_DELAY = 3,
    /// The message arrives after the next one to the same device.
    NERTC_CALLKIT_FAULT_REORDER = 4,
    /// The operation completes with `code` and has no effect.
    NERTC_CALLKIT_FAULT_REFUSE = 5,
    /// The operation takes effect and never completes.
    NERTC_CALLKIT_FAULT_NO_ANSWER = 6,
    /// The device vanishes: nothing of it goes out or comes in until it logs in again.
    NERTC_CALLKIT_FAULT_DIE = 7,
    /// The device is kicked.
    NERTC_CALLKIT_FAULT_KICK = 8,
}

/// What a loopback fault applies to: an operation of the device, or a message on its way to the
/// device.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_fault_on {
    /// At once, when the fault is added (DIE and KICK).
    NERTC_CALLKIT_FAULT_ON_NOW = 0,
    /// Operation login.
    NERTC_CALLKIT_FAULT_ON_LOGIN = 1,
    /// Operation logout.
    NERTC_CALLKIT_FAULT_ON_LOGOUT = 2,
    /// Operation create.
    NERTC_CALLKIT_FAULT_ON_CREATE = 3,
    /// Operation join.
    NERTC_CALLKIT_FAULT_ON_JOIN = 4,
    /// Operation invite.
    NERTC_CALLKIT_FAULT_ON_INVITE = 5,
    /// Operation cancel_invite.
    NERTC_CALLKIT_FAULT_ON_CANCEL = 6,
    /// Operation accept.
    NERTC_CALLKIT_FAULT_ON_ACCEPT = 7,
    /// Operation reject.
    NERTC_CALLKIT_FAULT_ON_REJECT = 8,
    /// Operation leave.
    NERTC_CALLKIT_FAULT_ON_LEAVE = 9,
    /// Operation close.
    NERTC_CALLKIT_FAULT_ON_CLOSE = 10,
    /// Operation control.
    NERTC_CALLKIT_FAULT_ON_CONTROL = 11,
    /// Operation send_record.
    NERTC_CALLKIT_FAULT_ON_RECORD = 12,
    /// Media operation join.
    NERTC_CALLKIT_FAULT_ON_RTC_JOIN = 13,
    /// Media operation leave.
    NERTC_CALLKIT_FAULT_ON_RTC_LEAVE = 14,
    /// Message CLOSE.
    NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE = 101,
    /// Message JOIN.
    NERTC_CALLKIT_FAULT_ON_EVENT_JOIN = 102,
    /// Message INVITE.
    NERTC_CALLKIT_FAULT_ON_EVENT_INVITE = 103,
    /// Message CANCEL.
    NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL = 104,
    /// Message REJECT.
    NERTC_CALLKIT_FAULT_ON_EVENT_REJECT = 105,
    /// Message ACCEPT.
    NERTC_CALLKIT_FAULT_ON_EVENT_ACCEPT = 106,
    /// Message LEAVE.
    NERTC_CALLKIT_FAULT_ON_EVENT_LEAVE = 107,
    /// Message CONTROL.
    NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL = 108,
    /// Every media event.
    NERTC_CALLKIT_FAULT_ON_EVENT_RTC = 109,
}

/// Flags of nertc_callkit_hub_create.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_hub_flag {
    /// One device an account: a second login kicks the first.
    NERTC_CALLKIT_HUB_SINGLE_DEVICE = 1,
    /// The hub writes the record of a completed call, as NetEase's server does.
    NERTC_CALLKIT_HUB_SERVER_RECORD = 2,
}

/// Flags of nertc_callkit_mqtt_options.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_mqtt_flag {
    /// Allows mqtt:// to other machines: anybody on the way can read tokens and calls.
    NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT = 1,
    /// One device an account: a second login kicks the first.
    NERTC_CALLKIT_MQTT_SINGLE_DEVICE = 2,
    /// A device that is busy does not end the ringing of the account's other devices.
    NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL = 4,
    /// The broker tells who was lost, so that a call with a lost device ends sooner. Its access
    /// rules must allow it: docs/BACKENDS.md.
    NERTC_CALLKIT_MQTT_PRESENCE = 8,
    /// A call does not end because signaling hears nothing of the peer: media decides.
    NERTC_CALLKIT_MQTT_MEDIA_DECIDES = 16,
}
