//! What the app passes in.

use core::ffi::{c_char, c_void};

use crate::values::nertc_callkit_call_no;

/// Text of the push notification that goes with an invite. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_push {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Up to 512 bytes, or NULL.
    pub title: *const c_char,
    /// Up to 512 bytes, or NULL.
    pub content: *const c_char,
    /// Up to 2048 bytes, or NULL.
    pub payload: *const c_char,
}

/// How to call. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_options {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE, NERTC_CALLKIT_CALL_FLAG_NO_RECORD.
    pub flags: u32,
    /// A nertc_callkit_call_type; 0 = audio.
    pub call_type: i32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// Account to call. Not NULL, 1 to 64 bytes, not the client's own.
    pub user_id: *const c_char,
    /// Delivered to the callee in on_invited. A JSON object or array travels as JSON, anything else
    /// as a string. With `extra` at most 4096 bytes as JSON, our own members included:
    /// nertc_callkit_call says how that is counted. NULL = none.
    pub attachment: *const c_char,
    /// Text for the service's own use (NetEase's global_extra). NULL = none.
    pub extra: *const c_char,
    /// Push text, or NULL.
    pub push: *const nertc_callkit_push,
}

/// Names a call. Fields left 0 or NULL are not compared. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_ref {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_call_ref_flag bits.
    pub flags: u32,
    /// Local number: all that an app must keep.
    pub call_no: nertc_callkit_call_no,
    /// Signaling channel, or NULL.
    pub channel_id: *const c_char,
    /// The peer, or NULL.
    pub account: *const c_char,
    /// Request id of the invite, or NULL.
    pub request_id: *const c_char,
}

/// Where to draw. The window is passed to the media backend unchanged. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_view {
    /// sizeof this struct.
    pub struct_size: u32,
    /// The backend's scaling mode; 0 = its default.
    pub scaling: i32,
    /// 1 = mirrored.
    pub mirror: i32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Native window or view handle; must stay valid until it is replaced or the client has ended.
    pub window: *mut c_void,
}

/// Every timer, in milliseconds; 0 = the default given here. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_timers {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Ring limit of both roles until set_call_timeout changes it (30000, at most 120000).
    pub ring_ms: u32,
    /// Added to the ring limit by the callee (500).
    pub ring_grace_ms: u32,
    /// Limit of login (10000).
    pub login_ms: u32,
    /// Limit of create, join, invite and accept (8000).
    pub request_ms: u32,
    /// Limit of every other signaling operation (5000).
    pub operation_ms: u32,
    /// Limit of leaving the media room (3000).
    pub rtc_leave_ms: u32,
    /// From accept to connected media (15000).
    pub rtc_connect_ms: u32,
    /// How long a callee waits for a legacy caller's go-ahead (3000).
    pub handshake_ms: u32,
    /// How long a call-type request stays open (10000).
    pub switch_ms: u32,
    /// How long the winner of a glare waits for the peer's answer (3000).
    pub glare_ms: u32,
    /// How long a peer's leave may still turn out to be a hang-up (500).
    pub peer_leave_ms: u32,
    /// Silence of the peer until on_reconnecting (4000).
    pub peer_reconnecting_ms: u32,
    /// Silence of the peer until on_user_disconnect (20000).
    pub peer_lost_ms: u32,
    /// How long the pending operations of an ended call may take (10000).
    pub teardown_ms: u32,
    /// How long destroy, release and logout wait for a live call's ending operation (500).
    pub destroy_wait_ms: u32,
    /// How long ended calls are remembered (600000).
    pub tombstone_ms: u32,
    /// Age beyond which an invite does not ring (120000).
    pub invite_age_ms: u32,
    /// How long the app may take to answer on_token_needed (60000; at a login login_ms).
    pub token_ms: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
}

/// Who may ring. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_policy {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_policy_flag bits.
    pub flags: u32,
    /// A nertc_callkit_policy_rule.
    pub rule: i32,
    /// A nertc_callkit_policy_answer.
    pub answer: i32,
    /// 1 to 64 bytes each; copied, duplicates count once. NULL if the rule needs none.
    pub accounts: *const *const c_char,
    /// 0 to 4096.
    pub account_count: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
}

/// How to end a call: for cancel, reject, hangup and leave. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_end_options {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_call_flag bits. cancel, hangup: both. leave: NO_OFFLINE. reject: none.
    pub flags: u32,
    /// reject: 0 = declined, NERTC_CALLKIT_END_BUSY = busy. Else 0.
    pub reason: i32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// Reported as `extra` of the peer's on_call_end, if its client understands call ids. NULL =
    /// none.
    pub text: *const c_char,
}

/// Contents of a push notification about a call. Neither secret nor authenticated: all it can do
/// is make an answer wait. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_push_call {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// By the sender's clock, ms since 1970; 0 = unknown.
    pub sent_ms: u64,
    /// Ring time left then.
    pub ring_left_ms: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Called account.
    pub to_account: [c_char; 65],
    /// Caller's account.
    pub from_account: [c_char; 65],
    /// Caller's device, or empty.
    pub from_device: [c_char; 65],
    /// Signaling channel.
    pub channel_id: [c_char; 65],
    /// Request id of the invite.
    pub request_id: [c_char; 65],
    /// Reserved; must be 0.
    pub reserved: [c_char; 3],
}

/// The current call, returned by nertc_callkit_get_call_info. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_info {
    /// In: sizeof this struct. Out: how much was written.
    pub struct_size: u32,
    /// A nertc_callkit_state.
    pub state: i32,
    /// A nertc_callkit_call_type, 0 when idle.
    pub call_type: i32,
    /// nertc_callkit_call_info_flag bits.
    pub flags: u32,
    /// The call, 0 when idle.
    pub call_no: nertc_callkit_call_no,
    /// Own media uid, 0 = unknown so far.
    pub own_uid: u64,
    /// The peer's media uid, 0 = unknown so far.
    pub peer_uid: u64,
    /// Own account, empty when logged out.
    pub account: [c_char; 65],
    /// The peer.
    pub peer: [c_char; 65],
    /// Signaling channel.
    pub channel_id: [c_char; 65],
    /// Request id of the invite.
    pub request_id: [c_char; 65],
    /// Call id, which is also the call record's message id.
    pub call_id: [c_char; 65],
    /// Media room.
    pub rtc_channel: [c_char; 128],
    /// Reserved; must be 0.
    pub reserved: [c_char; 3],
}

/// An in-process exchange that connects clients through the loopback backends. Any thread.
pub struct nertc_callkit_hub {
    _opaque: [u8; 0],
}

/// One line of a hub's fault script. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_fault {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// A nertc_callkit_fault_action.
    pub action: i32,
    /// A nertc_callkit_fault_on.
    pub on: i32,
    /// Number of matches to skip before the fault fires.
    pub skip_count: u32,
    /// Number of matches that the fault then fires on; 0 = one, UINT32_MAX = all.
    pub hit_count: u32,
    /// For DELAY.
    pub delay_ms: u32,
    /// For REFUSE: a nertc_callkit_code.
    pub code: i32,
    /// Account it applies to (for messages the receiver); NULL = any.
    pub account: *const c_char,
    /// Device it applies to; NULL = any.
    pub device_id: *const c_char,
}

/// How the MQTT backend signals. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_mqtt_options {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_mqtt_flag bits.
    pub flags: u32,
    /// The broker's addresses, tried in turn: `mqtts://host`, `mqtts://host:8883`, `mqtt://host`,
    /// `mqtt://[::1]:1883`. Not NULL. All must lead to the same broker or cluster.
    pub endpoints: *const *const c_char,
    /// How many: 1 to 8.
    pub endpoint_count: u32,
    /// How many seconds the broker keeps messages for a device that is offline (86400).
    pub session_expiry_s: u32,
    /// Keep-alive: seconds without traffic until a ping (60), up to 65535.
    pub keep_alive_s: u32,
    /// Silence of the peer's device after which it counts as lost (60000).
    pub peer_lost_ms: u32,
    /// Certificates of the authorities to trust for mqtts://, as PEM text, up to 1 MiB. NULL = those
    /// of the system.
    pub ca_pem: *const c_char,
    /// Prefix of every topic: levels of A-Z a-z 0-9 _ - with / between them, up to 32 bytes.
    /// NULL = "nck1".
    pub topic_prefix: *const c_char,
    /// Loads what save_client_id was given for this account and device: writes it into `buffer` of
    /// `size` bytes and returns 0; anything else = there is none. On the worker, at login; must not
    /// block. NULL = a file in config.data_dir that its owner alone may read; if that is not set,
    /// nothing outlives this process, and nothing is kept longer than 10 minutes. Both hooks
    /// or none.
    pub load_client_id: Option<
        unsafe extern "C" fn(
            account: *const c_char,
            device_id: *const c_char,
            buffer: *mut c_char,
            size: u32,
            user_data: *mut c_void,
        ) -> i32,
    >,
    /// Stores the client id, which is a secret: whoever has it can take over the session.
    pub save_client_id: Option<
        unsafe extern "C" fn(
            account: *const c_char,
            device_id: *const c_char,
            client_id: *const c_char,
            user_data: *mut c_void,
        ),
    >,
    /// Passed to the hooks, which count as callbacks and may be called until the client has ended.
    pub user_data: *mut c_void,
    /// For brokers that ask for a client certificate (mqtts://): the device's certificate and those
    /// between it and the authority, as PEM text, up to 1 MiB. NULL = none. With one, a login without
    /// a token connects without asking for a token.
    pub client_cert_pem: *const c_char,
    /// The private key of that certificate, as PEM text without a password: PKCS #8, PKCS #1 or SEC1.
    /// Both or none.
    pub client_key_pem: *const c_char,
}
