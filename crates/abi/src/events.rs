//! Events and completions. Everything pointed to is lent until the callback returns.

use core::ffi::{c_char, c_void};

use crate::options::nertc_callkit_call_ref;
use crate::values::{nertc_callkit, nertc_callkit_call_no};

/// How a request ended. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_result {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_code; 0 = success.
    pub code: i32,
    /// The backend's own number, or 0.
    pub raw_code: i32,
    /// A nertc_callkit_operation.
    pub operation: u32,
    /// The call; 0 = none, or one whose number done(call) or on_invited has not told yet.
    pub call_no: nertc_callkit_call_no,
    /// Own media uid (call), or 0.
    pub uid: u64,
    /// What to do about a failure, for a developer; never NULL.
    pub message: *const c_char,
    /// Signaling channel (call, accept), or empty.
    pub channel_id: *const c_char,
    /// Request id of the invite (call, accept), or empty.
    pub request_id: *const c_char,
    /// Call id (call, accept), or empty.
    pub call_id: *const c_char,
}

/// Called exactly once for an accepted request, as config.delivery specifies. Inside, every
/// function of its client but destroy and dispatch may be called.
pub type nertc_callkit_completion_cb = Option<
    unsafe extern "C" fn(
        kit: *mut nertc_callkit,
        result: *const nertc_callkit_result,
        user_data: *mut c_void,
    ),
>;

/// An incoming call. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_invited_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The call as accept and reject take it. `call` in C++ and C alike.
    pub call: *const nertc_callkit_call_ref,
    /// The caller's account.
    pub invitor: *const c_char,
    /// The other invited accounts; always empty in a 1-to-1 call.
    pub user_ids: *const *const c_char,
    /// How many user_ids.
    pub user_id_count: u32,
    /// 0: group calls do not ring.
    pub is_from_group: i32,
    /// Reserved; empty.
    pub group_id: *const c_char,
    /// The caller's attachment: its text, or JSON text if it attached JSON. Empty = none.
    pub attachment: *const c_char,
    /// Signaling channel.
    pub channel_id: *const c_char,
    /// Request id of the invite.
    pub request_id: *const c_char,
    /// The caller's call id, empty for legacy callers.
    pub call_id: *const c_char,
    /// When the caller invited, by the service's clock (ms since 1970); 0 = unknown.
    pub invited_at_ms: u64,
    /// How long it will ring.
    pub ring_left_ms: u32,
    /// nertc_callkit_invited_flag bits.
    pub flags: u32,
}

/// An action of the peer. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_user_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// Reserved; 0.
    pub flags: u32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer; in on_user_busy the account that was busy or did not answer.
    pub user_id: *const c_char,
    /// Its media uid, or 0.
    pub uid: u64,
    /// A nertc_callkit_code, 0 = none.
    pub code: i32,
    /// The backend's own number, or 0.
    pub raw_code: i32,
    /// Never NULL.
    pub message: *const c_char,
}

/// The peer's microphone or camera changed. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_media_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// on_audio_available, on_camera_available: 1 = sending. on_audio_muted, on_video_muted: 1 =
    /// muted.
    pub on: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer.
    pub user_id: *const c_char,
    /// Its media uid.
    pub uid: u64,
}

/// Something about the call itself. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_call_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer.
    pub user_id: *const c_char,
    /// on_other_client_accept, on_other_client_reject: the device that answered, or empty.
    pub device_id: *const c_char,
    /// on_call_type_request, on_call_type_change: a nertc_callkit_call_type_action, else 0.
    pub state: i32,
    /// Reserved; 0.
    pub flags: u32,
}

/// The call has ended: its last event. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_end_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_end_reason.
    pub reason: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer.
    pub user_id: *const c_char,
    /// Text that the peer gave when it ended the call, or empty.
    pub extra: *const c_char,
    /// From invite to answer or end.
    pub ring_ms: u64,
    /// From connected to end; 0 = never connected.
    pub talk_ms: u64,
    /// Accounts that took part; empty if never connected.
    pub accounts: *const *const c_char,
    /// Seconds per account.
    pub durations_s: *const u32,
    /// How many accounts.
    pub account_count: u32,
    /// Reserved; 0.
    pub flags: u32,
}

/// A call record was passed to the signaling backend. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_record_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_record_status.
    pub record_status: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The sender: this account.
    pub user_id: *const c_char,
    /// The receiver.
    pub peer: *const c_char,
    /// Message id.
    pub msg_id: *const c_char,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// Reserved; 0.
    pub flags: u32,
}

/// The peer's app sent data. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_data_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// Reserved; 0.
    pub flags: u32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer.
    pub user_id: *const c_char,
    /// A JSON value, up to 3800 bytes.
    pub json: *const c_char,
}

/// How far media provably reaches the peer. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_security_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_security.
    pub security: i32,
    /// The call.
    pub call_no: nertc_callkit_call_no,
    /// The peer.
    pub user_id: *const c_char,
    /// What both users read out and compare, or empty.
    pub code: *const c_char,
    /// Own certificate: "sha-256 AB:CD:…", or empty.
    pub local_fingerprint: *const c_char,
    /// The peer's, likewise.
    pub remote_fingerprint: *const c_char,
}

/// A connection changed, or its quality. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_connection_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_code, 0 = none.
    pub code: i32,
    /// The backend's own number, or 0.
    pub raw_code: i32,
    /// A nertc_callkit_transport.
    pub transport: i32,
    /// The call, 0 = none.
    pub call_no: nertc_callkit_call_no,
    /// Whose connection: this account, or the peer (on_network_quality, on_reconnecting).
    pub user_id: *const c_char,
    /// Never NULL.
    pub message: *const c_char,
    /// on_network_quality: a nertc_callkit_quality.
    pub quality: i32,
    /// Reserved; 0.
    pub flags: u32,
}

/// Something failed that no completion reports. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_error_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_code.
    pub code: i32,
    /// The backend's own number, or 0.
    pub raw_code: i32,
    /// A nertc_callkit_operation.
    pub operation: u32,
    /// The call, 0 = none; it may have ended already.
    pub call_no: nertc_callkit_call_no,
    /// What to do about it, for a developer.
    pub message: *const c_char,
}

/// An invite that ended before it could ring. Lent until the callback returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_missed_event {
    /// How much of this struct the library filled.
    pub struct_size: u32,
    /// A nertc_callkit_missed_reason.
    pub reason: i32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// Reserved; 0.
    pub flags: u32,
    /// The caller's account.
    pub user_id: *const c_char,
    /// The caller's attachment, or empty.
    pub attachment: *const c_char,
    /// By the service's clock (ms since 1970); 0 = unknown.
    pub invited_at_ms: u64,
    /// Signaling channel, or empty.
    pub channel_id: *const c_char,
    /// Request id of the invite, or empty.
    pub request_id: *const c_char,
    /// Number of calls of this user and reason that this event reports: at least 1.
    pub count: u32,
    /// Reserved; 0.
    pub reserved: u32,
}

/// Called as config.delivery specifies.
pub type nertc_callkit_user_cb = Option<
    unsafe extern "C" fn(
        kit: *mut nertc_callkit,
        event: *const nertc_callkit_user_event,
        user_data: *mut c_void,
    ),
>;
/// Called as config.delivery specifies.
pub type nertc_callkit_media_cb = Option<
    unsafe extern "C" fn(
        kit: *mut nertc_callkit,
        event: *const nertc_callkit_media_event,
        user_data: *mut c_void,
    ),
>;
/// Called as config.delivery specifies.
pub type nertc_callkit_call_cb = Option<
    unsafe extern "C" fn(
        kit: *mut nertc_callkit,
        event: *const nertc_callkit_call_event,
        user_data: *mut c_void,
    ),
>;
/// Called as config.delivery specifies.
pub type nertc_callkit_connection_cb = Option<
    unsafe extern "C" fn(
        kit: *mut nertc_callkit,
        event: *const nertc_callkit_connection_event,
        user_data: *mut c_void,
    ),
>;

/// One function per event, all optional. Called one at a time and in order, as config.delivery
/// specifies; inside, every function but destroy and dispatch may be called.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_listener {
    /// sizeof this struct; a larger one from a newer header is accepted.
    pub struct_size: u32,
    /// Reserved; 0.
    pub flags: u32,
    /// An incoming call.
    pub on_invited: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_invited_event,
            user_data: *mut c_void,
        ),
    >,
    /// Caller: the called side is busy. Callee: no answer (user_id = own account).
    pub on_user_busy: nertc_callkit_user_cb,
    /// Callee: the caller cancelled.
    pub on_user_cancel: nertc_callkit_user_cb,
    /// Caller: the called side accepted.
    pub on_user_accept: nertc_callkit_user_cb,
    /// The peer is in the media room.
    pub on_user_enter: nertc_callkit_user_cb,
    /// Caller: the called side rejected.
    pub on_user_reject: nertc_callkit_user_cb,
    /// The peer left without closing the call.
    pub on_user_leave: nertc_callkit_user_cb,
    /// The peer's connection was lost permanently.
    pub on_user_disconnect: nertc_callkit_user_cb,
    /// The own media connection was lost permanently.
    pub on_disconnect: nertc_callkit_connection_cb,
    /// The peer's microphone started or stopped.
    pub on_audio_available: nertc_callkit_media_cb,
    /// The peer's camera started or stopped.
    pub on_camera_available: nertc_callkit_media_cb,
    /// The call has ended: last event of each call, exactly once.
    pub on_call_end: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_end_event,
            user_data: *mut c_void,
        ),
    >,
    /// Caller: no answer in time.
    pub on_calling_timeout: nertc_callkit_call_cb,
    /// The call changed to audio or video.
    pub on_call_type_change: nertc_callkit_call_cb,
    /// Callee: another device of this account accepted.
    pub on_other_client_accept: nertc_callkit_call_cb,
    /// Callee: another device of this account rejected.
    pub on_other_client_reject: nertc_callkit_call_cb,
    /// The peer muted or unmuted its camera.
    pub on_video_muted: nertc_callkit_media_cb,
    /// The peer muted or unmuted its microphone.
    pub on_audio_muted: nertc_callkit_media_cb,
    /// A call record was passed to the signaling backend.
    pub on_message_sent: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_record_event,
            user_data: *mut c_void,
        ),
    >,
    /// Something failed that no completion reports.
    pub on_error: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_error_event,
            user_data: *mut c_void,
        ),
    >,
    /// Both sides are in the media room.
    pub on_call_connected: nertc_callkit_call_cb,
    /// This device was logged out by the service.
    pub on_kicked: nertc_callkit_connection_cb,
    /// A connection was interrupted and is being restored.
    pub on_reconnecting: nertc_callkit_connection_cb,
    /// The connection is back.
    pub on_reconnected: nertc_callkit_connection_cb,
    /// Media quality changed.
    pub on_network_quality: nertc_callkit_connection_cb,
    /// The peer asks to change the call type, or refused our request (state 3).
    pub on_call_type_request: nertc_callkit_call_cb,
    /// An invite ended before it could ring.
    pub on_missed_call: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_missed_event,
            user_data: *mut c_void,
        ),
    >,
    /// Caller: a device of the called account rings. At most once a call, after the completion of
    /// call, never after on_user_accept.
    pub on_user_ringing: nertc_callkit_user_cb,
    /// A token is needed: `code` 0 = login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = the one given
    /// was refused or has expired. Answer with nertc_callkit_set_token within timers.token_ms, here
    /// or later; otherwise the login or the session ends with NERTC_CALLKIT_CODE_BAD_TOKEN. NULL: at
    /// once.
    pub on_token_needed: nertc_callkit_connection_cb,
    /// A call record of the peer or of another own device arrived: its claims, once for each
    /// sender and msg_id. call_no is 0.
    pub on_record_received: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_record_event,
            user_data: *mut c_void,
        ),
    >,
    /// The peer's app sent a JSON value (nertc_callkit_send_data): in order, each once, from the
    /// completion of accept or on_user_accept on, never after on_call_end. NULL: our invites and
    /// accepts do not offer it, and the peer's send_data completes with UNSUPPORTED.
    pub on_data: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_data_event,
            user_data: *mut c_void,
        ),
    >,
    /// How far media provably reaches the peer: at each change. After MISMATCH the call ends with
    /// NERTC_CALLKIT_END_MEDIA_NOT_SECURE.
    pub on_media_secured: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            event: *const nertc_callkit_security_event,
            user_data: *mut c_void,
        ),
    >,
}
