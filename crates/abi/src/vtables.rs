//! Vtables and sinks, for authors of signaling and media backends.
//!
//! Lifecycle of a backend: create copies the vtable and takes ownership of {vtable, ctx} if it
//! returns OK; then `open` at most once, operations, `close_backend` once if open succeeded,
//! `release` exactly once and last.

use core::ffi::{c_char, c_void};

use crate::options::{nertc_callkit_call_policy, nertc_callkit_push, nertc_callkit_view};
use crate::values::nertc_callkit_call_no;

/// Identifies one operation of the core: never reused. Passes through an SDK's user_data unboxed.
pub type nertc_callkit_req = usize;

/// A signaling channel. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_channel {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// 1 = no longer valid.
    pub flags: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// Id, up to 64 bytes.
    pub channel_id: *const c_char,
    /// Account that created it.
    pub creator: *const c_char,
    /// Service clock, ms since 1970, or 0.
    pub create_ms: u64,
    /// Service clock, ms since 1970, or 0.
    pub expire_ms: u64,
}

/// A member of a channel. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_member {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Its account.
    pub account: *const c_char,
    /// Its device, or NULL.
    pub device_id: *const c_char,
    /// Its media uid.
    pub uid: u64,
}

/// A channel and its members. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_channel_state {
    /// sizeof this struct.
    pub struct_size: u32,
    /// How many members.
    pub member_count: u32,
    /// The channel. Not NULL.
    pub channel: *const nertc_callkit_channel,
    /// The members.
    pub members: *const *const nertc_callkit_member,
}

/// Credentials of a login. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_login_args {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; 0.
    pub flags: u32,
    /// Application key, or empty.
    pub app_key: *const c_char,
    /// Account.
    pub account: *const c_char,
    /// Token, or empty.
    pub token: *const c_char,
    /// This device.
    pub device_id: *const c_char,
    /// Folder the backend may write to, or empty.
    pub data_dir: *const c_char,
    /// How long the core waits for complete(req), in ms; 0 = unknown. A backend that completes just
    /// before can report why there is no connection.
    pub timeout_ms: u32,
    /// Reserved; 0.
    pub reserved: u32,
}

/// What an operation needs; fields it does not need are 0 or empty. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling_args {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE.
    pub flags: u32,
    /// create: a nertc_callkit_call_type.
    pub call_type: i32,
    /// invite: what is left of the ring time, for the message's expiry; 0 = unknown.
    pub expires_ms: u32,
    /// All but create: the channel.
    pub channel_id: *const c_char,
    /// invite, cancel_invite: the invited account. accept, reject: the inviter. control: the
    /// receiver, empty = all.
    pub account: *const c_char,
    /// invite, cancel_invite, accept, reject.
    pub request_id: *const c_char,
    /// The attachment, up to 4096 bytes.
    pub custom_info: *const c_char,
    /// invite: push text, or NULL.
    pub push: *const nertc_callkit_push,
}

/// How an operation ended. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling_result {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_code; 0 = success.
    pub code: i32,
    /// The service's own number, or 0.
    pub raw_code: i32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// What went wrong, or NULL.
    pub message: *const c_char,
    /// create: the channel. join: the channel with all members. Else NULL.
    pub channel_state: *const nertc_callkit_channel_state,
    /// join: token for the media room, or NULL.
    pub rtc_token: *const c_char,
    /// login: the service's clock, ms since 1970, or 0.
    pub server_ms: u64,
}

/// A message of the signaling service. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling_event {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_signal.
    pub signal: i32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// The channel. Not NULL.
    pub channel: *const nertc_callkit_channel,
    /// Account that sent it.
    pub from_account: *const c_char,
    /// Its device, or NULL.
    pub from_device: *const c_char,
    /// ACCEPT and REJECT: the inviter. Else the receiver.
    pub to_account: *const c_char,
    /// INVITE, CANCEL, ACCEPT, REJECT.
    pub request_id: *const c_char,
    /// The attachment, or NULL.
    pub custom_info: *const c_char,
    /// Service clock, ms since 1970, or 0.
    pub time_ms: u64,
    /// JOIN: the member's media uid, or 0.
    pub uid: u64,
}

/// A change of the signaling connection. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling_connection {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_connection.
    pub r#type: i32,
    /// A nertc_callkit_code, or 0.
    pub code: i32,
    /// The service's own number, or 0.
    pub raw_code: i32,
    /// Or NULL.
    pub message: *const c_char,
}

/// A call record. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_record {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// A nertc_callkit_record_status.
    pub record_status: i32,
    /// How many accounts.
    pub account_count: u32,
    /// Message id the client chose: the call id.
    pub client_msg_id: *const c_char,
    /// Receiver.
    pub to_account: *const c_char,
    /// Signaling channel.
    pub channel_id: *const c_char,
    /// The record as JSON text (NIM message type 12).
    pub text: *const c_char,
    /// Accounts that took part.
    pub accounts: *const *const c_char,
    /// Seconds per account.
    pub durations_s: *const u32,
}

/// How a signaling backend reports. Lent from open until close_backend returns; every function
/// only copies and enqueues, may be called on any thread, also from inside an operation, and not
/// after close_backend returned.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling_sink {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_ABI of the core.
    pub abi: u32,
    /// First argument of every function here.
    pub ctx: *mut c_void,
    /// Ends the operation `req`: exactly once for each that was accepted. Its queue slot is
    /// reserved, so it never fails.
    pub complete: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            result: *const nertc_callkit_signaling_result,
        ),
    >,
    /// Messages; `origin` is a nertc_callkit_message_origin. 0, or QUEUE_FULL = keep them and try
    /// again.
    pub events: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            origin: i32,
            events: *const *const nertc_callkit_signaling_event,
            count: u32,
        ) -> i32,
    >,
    /// Channels that this device is still in after a login. 0, or QUEUE_FULL.
    pub channel_states: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            channel_states: *const *const nertc_callkit_channel_state,
            count: u32,
        ) -> i32,
    >,
    /// The connection changed. 0, or QUEUE_FULL.
    pub connection: Option<
        unsafe extern "C" fn(ctx: *mut c_void, event: *const nertc_callkit_signaling_connection) -> i32,
    >,
    /// A line for the log; `level` is a nertc_callkit_log_level. Must not contain
    /// accounts, tokens or attachments: the library does not redact it.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, level: i32, text: *const c_char)>,
    /// A call record that `from` sent: what it claims. 0, or QUEUE_FULL.
    pub record: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            from_account: *const c_char,
            record: *const nertc_callkit_record,
        ) -> i32,
    >,
}

/// One signaling operation. Returns 0 = accepted, exactly one complete(req) follows; else a
/// refusal, nothing follows. Called on the worker, never from inside a sink call; must not block.
pub type nertc_callkit_signaling_operation_cb = Option<
    unsafe extern "C" fn(
        ctx: *mut c_void,
        req: nertc_callkit_req,
        args: *const nertc_callkit_signaling_args,
    ) -> i32,
>;

/// A signaling backend. Functions are called on the worker, one at a time. Mandatory: open,
/// login, logout, create, join, invite, cancel_invite, accept, reject, leave, close.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_signaling {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_ABI of the backend; 0 means 1.
    pub abi: u32,
    /// nertc_callkit_signaling_cap bits.
    pub caps: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// For the log; lives as long as the backend. NULL = unnamed.
    pub name: *const c_char,
    /// Before the first login, at most once. 0 = open; a refusal completes that login with this code.
    pub open:
        Option<unsafe extern "C" fn(ctx: *mut c_void, sink: *const nertc_callkit_signaling_sink) -> i32>,
    /// Once, if open succeeded. The barrier: when it returns, no sink call runs or will run. Must not
    /// wait for a thread that waits for the core. NULL = nothing to do.
    pub close_backend: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// Exactly once, last, also when open was never called. NULL = nothing to free.
    pub release: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// Logs in. The unread backlog follows as one OFFLINE batch after the completion.
    pub login: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            args: *const nertc_callkit_login_args,
        ) -> i32,
    >,
    /// Logs out.
    pub logout: Option<unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req) -> i32>,
    /// Makes a channel; the result's channel has its id.
    pub create: nertc_callkit_signaling_operation_cb,
    /// Joins a channel; the result lists the members with their uids, this device among them.
    pub join: nertc_callkit_signaling_operation_cb,
    /// Invites an account.
    pub invite: nertc_callkit_signaling_operation_cb,
    /// Cancels an invite.
    pub cancel_invite: nertc_callkit_signaling_operation_cb,
    /// Accepts an invite: the service decides, the first accept wins. Does not join.
    pub accept: nertc_callkit_signaling_operation_cb,
    /// Rejects an invite.
    pub reject: nertc_callkit_signaling_operation_cb,
    /// Leaves a channel.
    pub leave: nertc_callkit_signaling_operation_cb,
    /// Closes a channel for everybody.
    pub close: nertc_callkit_signaling_operation_cb,
    /// Sends a text to members of a channel, in the order of the calls. NULL = unsupported.
    pub control: nertc_callkit_signaling_operation_cb,
    /// Sends a call record as a message. NULL = unsupported.
    pub send_record: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            record: *const nertc_callkit_record,
        ) -> i32,
    >,
    /// The device's network changed: reconnect now. NULL = nothing to do.
    pub network_changed: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// The core's decision about an INVITE: `state` is a nertc_callkit_invite_state. Exactly once for
    /// each INVITE passed to the sink, unless reject or accept comes first. `args` has channel_id,
    /// account (the inviter) and request_id. NULL = not needed.
    pub invite_state:
        Option<unsafe extern "C" fn(ctx: *mut c_void, args: *const nertc_callkit_signaling_args, state: i32)>,
    /// The login `req` is abandoned: from now on it must neither connect nor send; what the service
    /// stores for the device stays. complete(req) still follows. NULL = the core calls logout.
    pub abort_login: Option<unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req)>,
    /// The token for the next connection; tries with it now if there is no connection. Empty = there
    /// is none. 0, or a nertc_callkit_code. NULL = unsupported.
    pub set_token: Option<unsafe extern "C" fn(ctx: *mut c_void, token: *const c_char) -> i32>,
    /// Whose invites ring: after each login, unless everybody's do, and whenever it changes. The core
    /// decides; a backend that asks inviters whether a stored invite still stands must not ask
    /// those that this policy refuses. Lent for the call. NULL = not needed.
    pub call_policy: Option<unsafe extern "C" fn(ctx: *mut c_void, policy: *const nertc_callkit_call_policy)>,
}

/// Sound (s16 PCM, interleaved, one plane) or a picture (I420, three planes). Planes are lent for
/// the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_frame {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_media.
    pub media: u32,
    /// Sender; ignored by push_frame.
    pub uid: u64,
    /// Sender's clock in microseconds.
    pub time_us: u64,
    /// Sound: `planes[0]`. Picture: Y, U, V.
    pub planes: [*const c_void; 4],
    /// Bytes from row to row; sound: bytes in `planes[0]`.
    pub strides: [u32; 4],
    /// Picture.
    pub width: u32,
    /// Picture.
    pub height: u32,
    /// Picture: 0, 90, 180 or 270 degrees clockwise.
    pub rotation: u32,
    /// Sound: samples per second and channel.
    pub sample_rate: u32,
    /// Sound.
    pub channels: u32,
    /// Sound: samples per channel.
    pub samples: u32,
}

/// Which media room to join. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_rtc_join {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; 0.
    pub flags: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// Reserved; 0.
    pub reserved: u32,
    /// Own uid.
    pub uid: u64,
    /// Name of the room, up to 127 bytes.
    pub channel_name: *const c_char,
    /// Token, or empty.
    pub token: *const c_char,
    /// Account of the peer.
    pub peer: *const c_char,
    /// Call id of the invite that counts, or empty: the same on both sides.
    pub call_id: *const c_char,
    /// Number of the call, never 0; also that of the `prepare` which this join may take over.
    pub call_no: nertc_callkit_call_no,
    /// Own account.
    pub account: *const c_char,
    /// Own device.
    pub device_id: *const c_char,
}

/// A call that may join the media room. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_rtc_prepare {
    /// sizeof this struct.
    pub struct_size: u32,
    /// nertc_callkit_rtc_join_flag bits, as the join will have them.
    pub flags: u32,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// Reserved; 0.
    pub reserved: u32,
    /// Number of the call, never 0.
    pub call_no: nertc_callkit_call_no,
    /// Account of the peer.
    pub peer: *const c_char,
    /// Call id, or empty: as the join will have it.
    pub call_id: *const c_char,
}

/// An event of the media room. Lent for the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_rtc_event {
    /// sizeof this struct.
    pub struct_size: u32,
    /// A nertc_callkit_rtc_event_type.
    pub r#type: i32,
    /// Depends on `type`.
    pub code: i32,
    /// The SDK's own number, or 0.
    pub raw_code: i32,
    /// nertc_callkit_media bits.
    pub media: u32,
    /// Depends on `type`.
    pub flags: u32,
    /// The member concerned; 0 = this device.
    pub uid: u64,
    /// Or NULL.
    pub text: *const c_char,
    /// SECURED: "sha-256 AB:CD:…", or NULL.
    pub local_fingerprint: *const c_char,
    /// SECURED: the peer's, likewise.
    pub remote_fingerprint: *const c_char,
    /// The req of the join that it belongs to: an event of another join is dropped, so that a late
    /// thread cannot report into the next call. 0 = of the room that the core is in.
    // 64 bits wide: a nertc_callkit_req would lie in what is padding without it where pointers have 32.
    pub join: u64,
}

/// How a media backend reports. Same rules as nertc_callkit_signaling_sink.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_rtc_sink {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_ABI of the core.
    pub abi: u32,
    /// First argument of every function here.
    pub ctx: *mut c_void,
    /// Ends the operation `req`; `code` is a nertc_callkit_code. `raw_code` and `message` may be 0
    /// and NULL.
    pub complete: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            code: i32,
            raw_code: i32,
            message: *const c_char,
        ),
    >,
    /// Something happened. 0, or QUEUE_FULL = keep it and try again.
    pub event: Option<unsafe extern "C" fn(ctx: *mut c_void, event: *const nertc_callkit_rtc_event) -> i32>,
    /// A frame of `frame->uid`; goes to config.on_frame on this very thread.
    pub frame: Option<unsafe extern "C" fn(ctx: *mut c_void, frame: *const nertc_callkit_frame)>,
    /// A line for the log; `level` is a nertc_callkit_log_level. Must not contain
    /// accounts, tokens or attachments: the library does not redact it.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, level: i32, text: *const c_char)>,
    /// Sends a text to the peer's media backend: a JSON object of up to 4000 bytes, nested up to 8
    /// deep. Any thread. `join` is the req of the join it belongs to: from the call of join on, until
    /// leave is called; a text with another number is dropped, so that a late thread cannot send
    /// into the next call. 0: copied and queued. INVALID_ARGUMENT: no such text. QUEUE_FULL: try
    /// again later. What signaling refuses is one on_error (NERTC_CALLKIT_OPERATION_NEGOTIATION).
    pub send:
        Option<unsafe extern "C" fn(ctx: *mut c_void, join: nertc_callkit_req, json: *const c_char) -> i32>,
}

/// A media backend. Functions are called on the worker, one at a time; push_frame on a thread of
/// the app, concurrently. Mandatory: open, join, leave.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_rtc {
    /// sizeof this struct.
    pub struct_size: u32,
    /// NERTC_CALLKIT_ABI of the backend; 0 means 1.
    pub abi: u32,
    /// nertc_callkit_rtc_cap bits.
    pub caps: u32,
    /// Reserved; must be 0.
    pub reserved: u32,
    /// For the log; lives as long as the backend. NULL = unnamed.
    pub name: *const c_char,
    /// As in nertc_callkit_signaling.
    pub open: Option<unsafe extern "C" fn(ctx: *mut c_void, sink: *const nertc_callkit_rtc_sink) -> i32>,
    /// As in nertc_callkit_signaling.
    pub close_backend: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// As in nertc_callkit_signaling.
    pub release: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// Joins a room; completes once joined, with microphone and camera off: enable_local follows.
    pub join: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            args: *const nertc_callkit_rtc_join,
        ) -> i32,
    >,
    /// Leaves the room.
    pub leave: Option<unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req) -> i32>,
    /// Opens or closes microphone or camera; `media` is one or more nertc_callkit_media bits. NULL =
    /// unsupported.
    pub enable_local:
        Option<unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req, media: u32, on: i32) -> i32>,
    /// Sends silence or nothing while the device stays open; `media` is one or more
    /// nertc_callkit_media bits. NULL = unsupported.
    pub mute_local:
        Option<unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req, media: u32, muted: i32) -> i32>,
    /// Receives what `uid` sends, or not; `media` is one or more nertc_callkit_media bits. NULL =
    /// unsupported.
    pub subscribe: Option<
        unsafe extern "C" fn(ctx: *mut c_void, req: nertc_callkit_req, uid: u64, media: u32, on: i32) -> i32,
    >,
    /// Draws `uid` (0 = this device) in `view`; `view` NULL = no longer. NULL = unsupported.
    pub set_view: Option<
        unsafe extern "C" fn(
            ctx: *mut c_void,
            req: nertc_callkit_req,
            uid: u64,
            view: *const nertc_callkit_view,
        ) -> i32,
    >,
    /// Sends a frame that the app made. 0 or a nertc_callkit_status. NULL = unsupported.
    pub push_frame: Option<unsafe extern "C" fn(ctx: *mut c_void, frame: *const nertc_callkit_frame) -> i32>,
    /// The device's network changed: restart what needs it. NULL = nothing to do.
    pub network_changed: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// A text of the peer's media backend, in order, each once: after `join` was called with the req
    /// `join` and before leave is; what came earlier follows right after the call of join. Lent for
    /// the call; must not block. Mandatory with NERTC_CALLKIT_RTC_CAP_SIGNALS.
    pub receive: Option<unsafe extern "C" fn(ctx: *mut c_void, join: nertc_callkit_req, json: *const c_char)>,
    /// The protocol that it negotiates with its peer, `<name>/<version>`, 1 to 32 bytes. Invites and
    /// accepts carry it; a peer with another one, or none, is refused
    /// (NERTC_CALLKIT_CODE_MEDIA_MISMATCH). Mandatory with NERTC_CALLKIT_RTC_CAP_SIGNALS, else
    /// ignored. Copied by create.
    pub protocol: *const c_char,
    /// A call is being made or rings: make ready what its join needs, so that the join is fast.
    /// Nothing may reach the peer before the join. There is no completion, and no failure: the join
    /// then starts from nothing. The join of this call_no follows, or `discard` of it, or another
    /// `prepare`, which replaces this one (both sides called each other: role and call id change).
    /// NULL = does not prepare.
    pub prepare: Option<unsafe extern "C" fn(ctx: *mut c_void, args: *const nertc_callkit_rtc_prepare)>,
    /// The call that was prepared will not be joined: release what was made ready. Mandatory with
    /// `prepare`.
    pub discard: Option<unsafe extern "C" fn(ctx: *mut c_void, call_no: nertc_callkit_call_no)>,
}

/// A signaling backend and a media backend, for config.backends. One pair serves one client.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_backends {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// Copied by create. NULL = the embedded loopback.
    pub signaling: *const nertc_callkit_signaling,
    /// First argument of every function of `signaling`.
    pub signaling_ctx: *mut c_void,
    /// Copied by create. NULL = the embedded loopback.
    pub rtc: *const nertc_callkit_rtc,
    /// First argument of every function of `rtc`.
    pub rtc_ctx: *mut c_void,
}
