//! What the engine emits: operations of the backends, completions and events for the app.

use std::borrow::Cow;
use std::ffi::CStr;

use super::input::{Command, Security, Ticket};
pub use nertc_callkit_media::{Join, MediaOperation as RtcOp, Preparation};
use nertc_callkit_signaling::{self as signaling, CallType, Code, Notification, RecordStatus, Req, Text};
use serde::{Deserialize, Serialize};

/// The enum and its texts from one table.
macro_rules! operations {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// What a completion or an error belongs to; the numbers are those of the header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u32)]
        #[expect(missing_docs, reason = "each is the function of the same name")]
        pub enum Operation {
            $($name = $number,)*
        }

        impl Operation {
            /// All of them, in the order of the header.
            pub const ALL: &[Operation] = &[$(Operation::$name),*];

            /// The function's name without its prefix, or what the library did by itself.
            pub const fn text(self) -> &'static CStr {
                match self {
                    $(Operation::$name => $text,)*
                }
            }
        }
    };
}

operations! {
    None = 0, c"nothing in particular";
    Login = 1, c"login";
    Logout = 2, c"logout";
    Call = 3, c"call";
    Cancel = 4, c"cancel";
    Accept = 5, c"accept";
    Reject = 6, c"reject";
    Hangup = 7, c"hangup";
    Leave = 8, c"leave";
    Switch = 9, c"switch_call_type";
    EnableLocal = 10, c"enable_local";
    MuteLocal = 11, c"mute_local";
    MuteRemote = 12, c"mute_remote";
    LocalView = 13, c"set_local_view";
    RemoteView = 14, c"set_remote_view";
    Rtc = 15, c"joining the media room";
    Record = 16, c"sending the call record";
    Close = 17, c"closing the channel of an ended call";
    Backend = 18, c"reported by a backend";
    SendData = 19, c"send_data";
    Negotiation = 20, c"a text of the media backend to its peer";
}

/// How a request of the app ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OpResult {
    /// Which function.
    pub operation: Operation,
    /// 0 = success.
    pub code: Code,
    /// The backend's own number.
    pub raw_code: i32,
    /// What to do about it; maybe empty (the facade then uses `Code::text`).
    pub message: Text,
    /// The call; 0 = none.
    pub call_no: u64,
    /// Own media uid, or 0.
    pub uid: u64,
    /// Channel, or empty.
    pub channel_id: Text,
    /// Request id, or empty.
    pub request_id: Text,
    /// Call id, or empty.
    pub call_id: Text,
}

/// Payload of on_invited.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Invited {
    /// The call.
    pub call_no: u64,
    /// Caller.
    pub invitor: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// What the caller attached, or empty.
    pub attachment: Text,
    /// Channel.
    pub channel_id: Text,
    /// Request id.
    pub request_id: Text,
    /// The caller's call id, or empty.
    pub call_id: Text,
    /// Service clock, 0 = not known.
    pub invited_at_ms: u64,
    /// How long it rings.
    pub ring_left_ms: u32,
    /// From the backlog.
    pub offline: bool,
    /// The app has answered already.
    #[serde(default)]
    pub answered: bool,
}

/// Payload of the events about the other party.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserEvent {
    /// The call.
    pub call_no: u64,
    /// The peer.
    pub user: Text,
    /// Media uid, or 0.
    pub uid: u64,
    /// Code, raw code, message.
    pub code: Code,
    /// The backend's own number.
    pub raw_code: i32,
    /// Maybe empty.
    pub message: Text,
}

/// Payload of availability and mute events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaEvent {
    /// The call.
    pub call_no: u64,
    /// The peer.
    pub user: Text,
    /// Media uid.
    pub uid: u64,
    /// Sending, or muted.
    pub on: bool,
}

/// Payload of events about the call itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallEvent {
    /// The call.
    pub call_no: u64,
    /// The other party.
    pub user: Text,
    /// Device that answered, or empty.
    pub device: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// Step of a type switch, else 0.
    pub state: i32,
}

/// Why a call ended; the numbers are those of the header (NetEase's terminal codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(i32)]
#[expect(missing_docs, reason = "the header explains each")]
pub enum EndReason {
    Normal = 0,
    Timeout = 2,
    Busy = 3,
    RtcJoinFailed = 5,
    CallFailed = 7,
    Kicked = 8,
    RtcDisconnected = 10,
    Cancelled = 11,
    PeerCancelled = 12,
    Rejected = 13,
    PeerRejected = 14,
    HungUp = 15,
    PeerHungUp = 16,
    OtherRejected = 17,
    OtherAccepted = 18,
    PeerDisconnected = 19,
    PeerLeft = 20,
    AcceptFailed = 21,
    MediaMismatch = 101,
    MediaNotSecure = 102,
}

/// Payload of on_call_end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallEnd {
    /// The call.
    pub call_no: u64,
    /// The other party.
    pub user: Text,
    /// Why.
    pub reason: EndReason,
    /// Text of the other side, or empty.
    pub extra: Text,
    /// From invite to answer or end.
    pub ring_ms: u64,
    /// From connected to end.
    pub talk_ms: u64,
    /// Accounts and seconds; empty if never connected.
    pub durations: Vec<(Text, u32)>,
}

/// Payload of on_message_sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordSent {
    /// The call.
    pub call_no: u64,
    /// Sender: this account.
    pub user: Text,
    /// Receiver.
    pub peer: Text,
    /// Message id.
    pub msg_id: Text,
    /// Outcome.
    pub status: RecordStatus,
    /// Audio or video.
    pub call_type: CallType,
}

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(i32)]
pub enum Transport {
    /// Signaling.
    Signaling = 1,
    /// Media.
    Media = 2,
}

/// Payload of connection events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionEvent {
    /// The call, 0 = none.
    pub call_no: u64,
    /// Which connection.
    // Its key in traces of format 3.
    #[serde(rename = "layer")]
    pub transport: Transport,
    /// Whose.
    pub user: Text,
    /// Code.
    pub code: Code,
    /// The backend's own number.
    pub raw_code: i32,
    /// Maybe empty.
    pub message: Text,
    /// on_network_quality: header's number.
    pub quality: i32,
}

/// Why an invite never rang; the numbers are those of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(i32)]
#[expect(missing_docs, reason = "the header explains each")]
pub enum Missed {
    Cancelled = 1,
    Expired = 2,
    Busy = 3,
    AnsweredElsewhere = 4,
    Replaced = 5,
    Group = 6,
    Blocked = 7,
    RateLimited = 8,
    MediaMismatch = 9,
}

/// Payload of on_missed_call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MissedCall {
    /// The caller.
    pub user: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// What the caller attached, or empty.
    pub attachment: Text,
    /// Why it did not ring.
    // Its key in traces of format 3.
    #[serde(rename = "why")]
    pub reason: Missed,
    /// Service clock, 0 = not known.
    pub invited_at_ms: u64,
    /// Channel.
    #[serde(default)]
    pub channel_id: Text,
    /// Request id.
    #[serde(default)]
    pub request_id: Text,
    /// Number of calls of this user and reason that this reports.
    #[serde(default)]
    pub count: u32,
}

/// Payload of on_data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DataEvent {
    /// The call.
    pub call_no: u64,
    /// The peer.
    pub user: Text,
    /// A JSON value.
    pub json: Text,
}

/// Payload of on_media_secured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MediaSecured {
    /// The call.
    pub call_no: u64,
    /// The peer.
    pub user: Text,
    /// How far media provably reaches it.
    pub security: Security,
    /// What both users compare, or empty.
    pub code: Text,
    /// `sha-256 AB:CD:…`, or empty.
    pub local_fingerprint: Text,
    /// The peer's, likewise.
    pub remote_fingerprint: Text,
}

impl MediaSecured {
    /// As it is before anything was reported.
    pub(super) fn is_initial(&self) -> bool {
        let texts = [&self.code, &self.local_fingerprint, &self.remote_fingerprint];
        self.security == Security::None && texts.iter().all(|text| text.is_empty())
    }
}

/// Payload of on_error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ErrorEvent {
    /// What failed.
    pub operation: Operation,
    /// Code.
    pub code: Code,
    /// The backend's own number.
    pub raw_code: i32,
    /// The call, 0 = none; it may have ended.
    pub call_no: u64,
    /// What to do about it.
    pub message: Text,
}

/// The enum and the names of its variants from one table.
macro_rules! events {
    ($($variant:ident($of:ident) = $name:literal;)*) => {
        /// An event for the app: one variant per listener function.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is the listener function of the same name")]
        pub enum Event {
            $($variant($of),)*
        }

        impl Event {
            /// The listener function.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Event::$variant(_) => $name,)*
                }
            }

            /// The call that it is about; 0 = none.
            pub const fn call_no(&self) -> u64 {
                match self {
                    $(Event::$variant(event) => event.about_call(),)*
                }
            }
        }
    };
}

events! {
    Invited(Invited) = "on_invited";
    UserBusy(UserEvent) = "on_user_busy";
    UserCancel(UserEvent) = "on_user_cancel";
    UserAccept(UserEvent) = "on_user_accept";
    UserEnter(UserEvent) = "on_user_enter";
    UserReject(UserEvent) = "on_user_reject";
    UserLeave(UserEvent) = "on_user_leave";
    UserDisconnect(UserEvent) = "on_user_disconnect";
    Disconnect(ConnectionEvent) = "on_disconnect";
    AudioAvailable(MediaEvent) = "on_audio_available";
    CameraAvailable(MediaEvent) = "on_camera_available";
    CallEnd(CallEnd) = "on_call_end";
    CallingTimeout(CallEvent) = "on_calling_timeout";
    CallTypeChange(CallEvent) = "on_call_type_change";
    OtherClientAccept(CallEvent) = "on_other_client_accept";
    OtherClientReject(CallEvent) = "on_other_client_reject";
    VideoMuted(MediaEvent) = "on_video_muted";
    AudioMuted(MediaEvent) = "on_audio_muted";
    MessageSent(RecordSent) = "on_message_sent";
    Error(ErrorEvent) = "on_error";
    CallConnected(CallEvent) = "on_call_connected";
    Kicked(ConnectionEvent) = "on_kicked";
    Reconnecting(ConnectionEvent) = "on_reconnecting";
    Reconnected(ConnectionEvent) = "on_reconnected";
    NetworkQuality(ConnectionEvent) = "on_network_quality";
    CallTypeRequest(CallEvent) = "on_call_type_request";
    MissedCall(MissedCall) = "on_missed_call";
    UserRinging(UserEvent) = "on_user_ringing";
    TokenNeeded(ConnectionEvent) = "on_token_needed";
    RecordReceived(RecordSent) = "on_record_received";
    Data(DataEvent) = "on_data";
    MediaSecured(MediaSecured) = "on_media_secured";
}

/// Implements `about_call` for events that have the number of a call.
macro_rules! about_calls {
    ($($of:ident)*) => {
        $(
            impl $of {
                const fn about_call(&self) -> u64 {
                    self.call_no
                }
            }
        )*
    };
}

about_calls! {
    CallEnd CallEvent ConnectionEvent DataEvent ErrorEvent
    Invited MediaEvent MediaSecured RecordSent UserEvent
}

impl MissedCall {
    /// It never became a call of this client.
    const fn about_call(&self) -> u64 {
        0
    }
}

/// An output is moved from place to place: nothing that is rare makes all of them large.
const _: () = assert!(size_of::<Output>() <= 112);

/// Everything that the engine can emit, in the order in which it must happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Output {
    /// Run a signaling operation; `Input::SignalDone { req }` is its result, also a refusal.
    Signal {
        /// Identifies it.
        req: Req,
        /// What.
        op: signaling::Operation,
    },
    /// Notify the signaling backend.
    Notify(Notification),
    /// Run a media operation; `Input::RtcDone { req }` is its result, also a refusal.
    Rtc {
        /// Identifies it.
        req: Req,
        /// What.
        op: RtcOp,
    },
    /// Hand a text of the peer's media backend to ours.
    RtcReceive {
        /// The join that it belongs to.
        join: Req,
        /// A JSON object.
        json: Text,
    },
    /// A call is being made or rings: the media backend may make ready for its join.
    RtcPrepare(Preparation),
    /// The join of the call that was prepared does not follow.
    RtcDiscard {
        /// The call.
        call_no: u64,
    },
    /// Complete a request of the app.
    Done {
        /// Identifies it.
        ticket: Ticket,
        /// How it ended.
        result: OpResult,
    },
    /// Notify the app.
    Event(Event),
    /// For the debug log: what was ignored and why. Holds no personal text.
    Ignored(Cow<'static, str>),
    /// After `Input::Close`: everything is emitted; the backends may be closed.
    Closed,
}

impl Command {
    /// The operation its completion reports.
    pub fn operation(&self) -> Operation {
        match self {
            Command::Login { .. } => Operation::Login,
            Command::Logout => Operation::Logout,
            Command::SetCallTimeout { .. } | Command::SetCallPolicy(_) | Command::SetToken { .. } => {
                Operation::None
            }
            Command::Call(_) => Operation::Call,
            Command::Cancel { .. } => Operation::Cancel,
            Command::Accept { .. } => Operation::Accept,
            Command::Reject { .. } => Operation::Reject,
            Command::Hangup { .. } => Operation::Hangup,
            Command::Leave { .. } => Operation::Leave,
            Command::SwitchCallType { .. } => Operation::Switch,
            Command::SendData { .. } => Operation::SendData,
            Command::EnableLocal { .. } => Operation::EnableLocal,
            Command::MuteLocal { .. } => Operation::MuteLocal,
            Command::MuteRemote { .. } => Operation::MuteRemote,
            Command::SetLocalView(_) => Operation::LocalView,
            Command::SetRemoteView(_) => Operation::RemoteView,
        }
    }
}
