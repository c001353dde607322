//! What the engine is fed: commands of the app and reports of the backends, as plain values.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::output::Record;

/// Text that is shared, not copied.
pub type Text = Arc<str>;

/// Names one completion of the app; made by the facade, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// Names one operation of a backend; made by the engine, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Req(pub u64);

/// Audio or video; the numbers are those of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallType {
    /// 1.
    Audio,
    /// 2.
    Video,
    /// 3 and whatever else a peer says.
    Other,
}

/// Microphone and camera bits: 1 audio, 2 video.
pub type Media = u32;
/// Microphone or sound.
pub const AUDIO: Media = 1;
/// Camera or picture.
pub const VIDEO: Media = 2;

/// Which call the app means. All empty = "the one that was shown last", see `shown` and `issued`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallRef {
    /// The app gave no reference: `shown` and `issued` say what it can have meant.
    pub implied: bool,
    /// Implied: the call delivered last whose end is not delivered; 0 = none.
    pub shown: u64,
    /// Implied: the own call()s whose completions are not delivered.
    pub issued: Vec<Ticket>,
    /// Given: local number, 0 = not compared.
    pub call_no: u64,
    /// Given: channel.
    pub channel_id: Option<Text>,
    /// Given: the other party.
    pub account: Option<Text>,
    /// Given: request id of the invite.
    pub request_id: Option<Text>,
    /// Given: if the call is not here yet, wait for it (accept and reject).
    #[serde(default)]
    pub wait: bool,
}

/// Whose invites ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PolicyRule {
    /// Everybody's.
    #[default]
    Everybody,
    /// Those of the listed accounts.
    OnlyListed,
    /// All but those of the listed accounts.
    AllButListed,
    /// Nobody's.
    Nobody,
}

/// Who may ring, and what the others get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Policy {
    /// Whose invites ring.
    pub rule: PolicyRule,
    /// The listed accounts.
    pub accounts: BTreeSet<Text>,
    /// Refused callers are answered busy by this device; else nothing.
    pub answers_busy: bool,
    /// Refused invites are not reported as missed.
    pub no_missed: bool,
}

/// Push text of an invite.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Push {
    /// Title.
    pub title: Option<Text>,
    /// Content.
    pub content: Option<Text>,
    /// Payload.
    pub payload: Option<Text>,
}

/// Arguments of `call`. Within the limits; the facade checked them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallOptions {
    /// Whom to call.
    pub user: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// What the callee's app sees.
    pub attachment: Option<Text>,
    /// The service's own text (global_extra).
    pub extra: Option<Text>,
    /// Push text.
    pub push: Option<Push>,
    /// Keep nothing for offline devices.
    pub no_offline: bool,
    /// Never write a record of this call.
    pub no_record: bool,
}

/// Where to draw; `window` is the host's pointer as a number, never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    /// The backend's scaling mode.
    pub scaling: i32,
    /// Mirrored.
    pub mirror: bool,
    /// The window.
    pub window: usize,
}

/// What the app asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Log in.
    Login {
        /// Account.
        account: Text,
        /// Token, maybe empty.
        token: Text,
    },
    /// Log out, after ending a live call.
    Logout,
    /// Ring limit of both roles, from the next call or invite on.
    SetCallTimeout {
        /// Within `limits::RING_MS`.
        timeout_ms: u32,
    },
    /// Invite somebody.
    Call(CallOptions),
    /// Take the invite back.
    Cancel {
        /// Which call.
        call: CallRef,
        /// Text for the other side.
        attach_ext: Option<Text>,
        /// Keep nothing for offline devices.
        no_offline: bool,
        /// Write no record.
        no_record: bool,
    },
    /// Answer.
    Accept {
        /// Which call.
        call: CallRef,
    },
    /// Refuse.
    Reject {
        /// Which call.
        call: CallRef,
        /// The app says that it is busy; else it declines.
        #[serde(default)]
        busy: bool,
        /// Text for the caller.
        #[serde(default, rename = "extra")]
        text: Option<Text>,
    },
    /// End the call for everybody, whatever its state.
    Hangup {
        /// Which call.
        call: CallRef,
        /// Keep nothing for offline devices.
        no_offline: bool,
        /// Write no record (while calling).
        no_record: bool,
        /// Text for the other side.
        #[serde(default, rename = "extra")]
        text: Option<Text>,
    },
    /// Leave the call without closing it.
    Leave {
        /// Which call.
        call: CallRef,
        /// Keep nothing for offline devices.
        no_offline: bool,
        /// Text for the other side.
        #[serde(default, rename = "extra")]
        text: Option<Text>,
    },
    /// Ask for, agree to or refuse another call type.
    SwitchCallType {
        /// Audio or video.
        call_type: CallType,
        /// What to do.
        step: SwitchStep,
    },
    /// Microphone or camera on or off; survives the call.
    EnableLocal {
        /// Which.
        media: Media,
        /// On.
        on: bool,
    },
    /// Send silence or nothing; ends with the call.
    MuteLocal {
        /// Which.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// Do not receive; ends with the call.
    MuteRemote {
        /// Which.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// Own picture.
    SetLocalView(Option<View>),
    /// The peer's picture.
    SetRemoteView(Option<View>),
    /// Whose invites ring from now on.
    SetCallPolicy(Policy),
    /// The token for the next connection; empty = there is none.
    SetToken {
        /// Secret.
        token: Text,
    },
}

/// Steps of a type switch; the numbers are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SwitchStep {
    /// 1: ask.
    Invite,
    /// 2: agree.
    Agree,
    /// 3: refuse.
    Reject,
}

/// How an operation of a backend ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Outcome {
    /// 0 = success.
    pub code: i32,
    /// The service's own number.
    pub raw_code: i32,
    /// What went wrong.
    pub message: Text,
}

impl Outcome {
    /// A failure with `code` and a message.
    pub fn failed(code: i32, message: &str) -> Outcome {
        Outcome { code, raw_code: 0, message: message.into() }
    }
}

/// A signaling channel as the backend knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Channel {
    /// Id.
    pub id: Text,
    /// 1 audio, 2 video, else other.
    pub call_type: i32,
    /// No longer valid.
    pub invalid: bool,
    /// Who made it.
    pub creator: Text,
    /// Service clock, 0 = not known.
    pub create_ms: u64,
}

/// Somebody in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// Account.
    pub account: Text,
    /// Device, maybe empty.
    pub device: Text,
    /// Media uid.
    pub uid: u64,
}

/// A channel and its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Room {
    /// The channel.
    pub channel: Channel,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// What a signaling operation brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignalResult {
    /// Code, raw code, message.
    pub outcome: Outcome,
    /// create, join.
    pub room: Option<Room>,
    /// join: token of the media room.
    pub rtc_token: Option<Text>,
    /// login: the service's clock, 0 = not known.
    pub server_ms: u64,
}

/// Kinds of signaling messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Signal {
    /// 1.
    Close,
    /// 2.
    Join,
    /// 3.
    Invite,
    /// 4.
    Cancel,
    /// 5.
    Reject,
    /// 6.
    Accept,
    /// 7.
    Leave,
    /// 8.
    Control,
    /// 101: a device of the invited account rings.
    Ringing,
    /// 102: the backend heard nothing of the peer's device.
    PeerLost,
}

/// Where a batch of messages comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Just now.
    Online,
    /// Another device of this account answered.
    OtherDevice,
    /// The backlog.
    Offline,
}

/// A signaling message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SignalEvent {
    /// Kind.
    pub signal: Signal,
    /// Channel.
    pub channel: Channel,
    /// Who did it.
    pub from: Text,
    /// With which device, maybe empty.
    pub from_device: Text,
    /// For whom.
    pub to: Text,
    /// Request id, maybe empty.
    pub request_id: Text,
    /// Attachment, maybe empty.
    pub custom: Text,
    /// Service clock, 0 = not known.
    pub time_ms: u64,
    /// JOIN: media uid, 0 = not known.
    pub uid: u64,
}

/// What happened to the signaling connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Connection {
    /// Lost; being restored.
    Lost(Outcome),
    /// Back.
    Restored,
    /// Logged out by the service.
    Kicked(Outcome),
    /// A token is wanted: code 0 = the login gave none, BAD_TOKEN = refused or expired.
    TokenNeeded(Outcome),
}

/// What happened in the media room.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RtcEvent {
    /// In the room.
    PeerJoin {
        /// Who.
        uid: u64,
    },
    /// Left the room.
    PeerLeave {
        /// Who.
        uid: u64,
        /// 0 = on purpose.
        code: i32,
    },
    /// Started or stopped sending.
    PeerMedia {
        /// Who.
        uid: u64,
        /// What.
        media: Media,
        /// Started.
        on: bool,
    },
    /// Muted or unmuted.
    PeerMute {
        /// Who.
        uid: u64,
        /// What.
        media: Media,
        /// Muted.
        muted: bool,
    },
    /// Nothing arrives from the peer any more.
    PeerSilent {
        /// Who.
        uid: u64,
    },
    /// Something arrives again.
    PeerHeard {
        /// Who.
        uid: u64,
    },
    /// Own connection interrupted.
    Reconnecting,
    /// Own connection back.
    Reconnected,
    /// Own connection lost for good.
    Disconnected(Outcome),
    /// Quality.
    Quality {
        /// Who; 0 = own uplink.
        uid: u64,
        /// Header's number.
        quality: i32,
    },
    /// Something that does not end the call.
    Error(Outcome),
}

/// Everything that the engine can be fed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Input {
    /// The app asks; `ticket` completes exactly once.
    Command {
        /// Completion.
        ticket: Ticket,
        /// What.
        command: Command,
    },
    /// The component goes away: end what lives, complete everything, then say `Output::Closed`.
    Close,
    /// The host does not take its events (true) or does again (false).
    Backlog(bool),
    /// A signaling operation ended.
    SignalDone {
        /// Which.
        req: Req,
        /// How.
        result: SignalResult,
    },
    /// Signaling messages.
    Signals {
        /// From where.
        source: Source,
        /// Which.
        events: Vec<SignalEvent>,
    },
    /// Channels that this device is still in after the login.
    Rooms(Vec<Room>),
    /// The signaling connection changed.
    Connection(Connection),
    /// A media operation ended.
    RtcDone {
        /// Which.
        req: Req,
        /// How.
        outcome: Outcome,
    },
    /// Something happened in the media room.
    Rtc(RtcEvent),
    /// A call record of the peer or of another own device.
    Record {
        /// Who sent it.
        from: Text,
        /// What it claims.
        record: Record,
    },
}
