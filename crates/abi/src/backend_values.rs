//! Numbers that backends and the loopback's fault script use.

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
    /// The inviter cancelled.
    NERTC_CALLKIT_SIGNAL_CANCEL = 4,
    /// The invited side rejected.
    NERTC_CALLKIT_SIGNAL_REJECT = 5,
    /// The invited side accepted.
    NERTC_CALLKIT_SIGNAL_ACCEPT = 6,
    /// Somebody left the channel.
    NERTC_CALLKIT_SIGNAL_LEAVE = 7,
    /// A text between members.
    NERTC_CALLKIT_SIGNAL_CONTROL = 8,
    /// A device of the invited account rings: `from` is that account, `request_id` the invite.
    NERTC_CALLKIT_SIGNAL_RINGING = 101,
    /// The backend receives nothing from the peer's device; the core decides.
    NERTC_CALLKIT_SIGNAL_PEER_LOST = 102,
}

/// Where a batch of signaling events comes from.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_message_origin {
    /// Live.
    NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE = 0,
    /// What another device of this account answered.
    NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE = 1,
    /// Messages stored while this device was offline: the whole backlog as one batch.
    NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE = 2,
}

/// What happened to the signaling connection.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_connection {
    /// Lost; the backend reconnects by itself.
    NERTC_CALLKIT_CONNECTION_LOST = 1,
    /// Back, with the same login.
    NERTC_CALLKIT_CONNECTION_RESTORED = 2,
    /// This device was logged out by the service (another device, the server).
    NERTC_CALLKIT_CONNECTION_KICKED = 3,
    /// A token is needed for the next connection: answered by the vtable's set_token. `code` 0 = the
    /// login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = it was refused or has expired.
    NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED = 4,
}

/// The core's decision about an INVITE that the backend delivered.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_invite_state {
    /// It rings: on_invited was delivered.
    NERTC_CALLKIT_INVITE_RINGING = 1,
    /// Parked (glare, redial): register for the outcome, do not report ringing.
    NERTC_CALLKIT_INVITE_HELD = 2,
    /// Ignored: forget channel and invite, notify nobody.
    NERTC_CALLKIT_INVITE_DROPPED = 3,
}

/// Media backend event types.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_rtc_event_type {
    /// `uid` is in the room.
    NERTC_CALLKIT_RTC_PEER_JOIN = 1,
    /// `uid` left the room; `code` 0 = intentional, anything else = lost.
    NERTC_CALLKIT_RTC_PEER_LEAVE = 2,
    /// `uid` started (`flags` 1) or stopped (`flags` 0) sending `media`.
    NERTC_CALLKIT_RTC_PEER_MEDIA = 3,
    /// `uid` muted (`flags` 1) or unmuted (`flags` 0) `media`.
    NERTC_CALLKIT_RTC_PEER_MUTE = 4,
    /// Nothing has arrived from `uid` for about 2 s.
    NERTC_CALLKIT_RTC_PEER_SILENT = 5,
    /// Something arrives from `uid` again.
    NERTC_CALLKIT_RTC_PEER_ACTIVE = 6,
    /// The own connection is interrupted; the backend reconnects.
    NERTC_CALLKIT_RTC_RECONNECTING = 7,
    /// The own connection is back.
    NERTC_CALLKIT_RTC_RECONNECTED = 8,
    /// The own connection is lost permanently.
    NERTC_CALLKIT_RTC_DISCONNECTED = 9,
    /// `code` is the nertc_callkit_quality of `uid` (0 = own uplink).
    NERTC_CALLKIT_RTC_QUALITY = 10,
    /// An error that does not end the call: `code`, `text`.
    NERTC_CALLKIT_RTC_ERROR = 11,
    /// How far media provably reaches the peer, at each change: `code` is a nertc_callkit_security,
    /// `text` what both users compare, or NULL; `local_fingerprint` and `remote_fingerprint`. MISMATCH
    /// ends the call; DISCONNECTED with NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE does, too.
    NERTC_CALLKIT_RTC_SECURED = 12,
}

/// What a signaling backend can do (`caps`). The core acts on SERVER_RECORD only; the others
/// describe the backend to apps and to tests/conformance.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_signaling_cap {
    /// Stores messages for offline devices.
    NERTC_CALLKIT_SIGNALING_CAP_OFFLINE = 1,
    /// Notifies the other devices of the account who answered.
    NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE = 2,
    /// The service writes the record of a completed call by itself.
    NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD = 4,
    /// At most one instance per process.
    NERTC_CALLKIT_SIGNALING_CAP_SINGLETON = 8,
    /// Takes over a login that the app made with the vendor's SDK.
    NERTC_CALLKIT_SIGNALING_CAP_ADOPTS_LOGIN = 16,
}

/// What a media backend can do (`caps`). The core acts on NO_MEDIA and SIGNALS only.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_rtc_cap {
    /// Has no media of its own: the peer counts as present once both sides agreed.
    NERTC_CALLKIT_RTC_CAP_NO_MEDIA = 1,
    /// At most one instance per process.
    NERTC_CALLKIT_RTC_CAP_SINGLETON = 2,
    /// Negotiates with its peer: has `protocol` and `receive`; signaling must have `control`.
    NERTC_CALLKIT_RTC_CAP_SIGNALS = 4,
}

/// Flags of nertc_callkit_rtc_join and nertc_callkit_rtc_prepare.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_rtc_join_flag {
    /// Our invite is the call's. Exactly one side has this flag, and that side offers.
    NERTC_CALLKIT_RTC_JOIN_INVITER = 1,
}

/// What a loopback fault does.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_fault_action {
    /// The message is lost.
    NERTC_CALLKIT_FAULT_DROP = 1,
    /// The message arrives twice.
    NERTC_CALLKIT_FAULT_DUPLICATE = 2,
    /// The message or the completion comes `delay_ms` later; ON_LOGIN: until then the device is not
    /// logged in.
    NERTC_CALLKIT_FAULT_DELAY = 3,
    /// The message arrives after the next one to the same device.
    NERTC_CALLKIT_FAULT_REORDER = 4,
    /// The operation completes with `code` and has no effect.
    NERTC_CALLKIT_FAULT_REFUSE = 5,
    /// The operation takes effect and never completes.
    NERTC_CALLKIT_FAULT_NO_ANSWER = 6,
    /// The device disconnects: it neither sends nor receives until it logs in again.
    NERTC_CALLKIT_FAULT_CRASH = 7,
    /// The device is kicked.
    NERTC_CALLKIT_FAULT_KICK = 8,
    /// The device's token has expired (ON_NOW, ON_LOGIN): on_token_needed, and there is no connection
    /// until nertc_callkit_set_token.
    NERTC_CALLKIT_FAULT_EXPIRE_TOKEN = 9,
}

/// What a loopback fault applies to: an operation of the device, or a message on its way to the
/// device.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nertc_callkit_fault_on {
    /// At once, when the fault is added (CRASH, KICK, EXPIRE_TOKEN).
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
    /// Message RINGING.
    NERTC_CALLKIT_FAULT_ON_EVENT_RINGING = 110,
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
    /// Allows mqtt:// to other machines: anybody on the path can read tokens and calls.
    NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT = 1,
    /// One device an account: a second login kicks the first.
    NERTC_CALLKIT_MQTT_SINGLE_DEVICE = 2,
    /// A device that is busy does not end the ringing of the account's other devices.
    NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL = 4,
    /// The broker reports who was lost, so that a call with a lost device ends sooner. Its access
    /// rules must allow it: docs/BACKENDS.md.
    NERTC_CALLKIT_MQTT_PRESENCE = 8,
    /// A call does not end because signaling receives nothing from the peer: media decides.
    NERTC_CALLKIT_MQTT_MEDIA_DECIDES = 16,
}
