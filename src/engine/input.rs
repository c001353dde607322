//! What the engine is fed: commands of the app and reports of the backends, as plain values.

pub use nertc_callkit_media::{Media, MediaEvent as RtcEvent, MediaReport as RtcReport, Security, View};
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, CallType, ChannelState, Connection, OperationResult, Origin, Outcome,
    PushText, Record, Req, Text,
};
use serde::{Deserialize, Serialize};

/// Identifies one completion of the app; made by the facade, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// Which call the app means. All empty = "the one that was shown last", see `shown` and `issued`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallRef {
    /// The app gave no reference: `shown` and `issued` tell which calls it can have meant.
    pub implied: bool,
    /// Implied: the call delivered last whose end is not delivered; 0 = none.
    pub shown: u64,
    /// Implied: the own call()s whose completions are not delivered.
    pub issued: Vec<Ticket>,
    /// Given: local number, 0 = not compared.
    pub call_no: u64,
    /// Given: channel.
    pub channel_id: Option<Text>,
    /// Given: the peer.
    pub account: Option<Text>,
    /// Given: request id of the invite.
    pub request_id: Option<Text>,
    /// Given: if the call has not arrived yet, wait for it (accept and reject).
    #[serde(default)]
    pub wait: bool,
}

/// Arguments of `call`. Within the limits; the facade checked them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallOptions {
    /// The account to call.
    pub user: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// What the callee's app sees.
    pub attachment: Option<Text>,
    /// The service's own text (global_extra).
    pub extra: Option<Text>,
    /// Push text.
    pub push: Option<Box<PushText>>,
    /// Keep nothing for offline devices.
    pub no_offline: bool,
    /// Never write a record of this call.
    pub no_record: bool,
}

impl CallOptions {
    /// A call without anything optional.
    pub fn to(user: Text, call_type: CallType) -> CallOptions {
        let (no_offline, no_record) = (false, false);
        CallOptions { user, call_type, attachment: None, extra: None, push: None, no_offline, no_record }
    }
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
        /// The app is busy; otherwise it declines.
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
    /// Request, accept or reject another call type.
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
    /// A text for the peer's app.
    SendData {
        /// Which call.
        call: CallRef,
        /// A JSON value; the facade checked it.
        json: Text,
    },
    /// Whose invites ring from now on.
    SetCallPolicy(CallPolicy),
    /// The token for the next connection; empty = there is none.
    SetToken {
        /// Secret.
        token: Text,
    },
}

/// Steps of a type switch; the numbers are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SwitchStep {
    /// 1: request.
    Invite,
    /// 2: agree.
    Agree,
    /// 3: refuse.
    Reject,
}

/// An input is moved from place to place: nothing that is rare makes all of them large.
const _: () = assert!(size_of::<Input>() <= 112);

/// Everything that the engine can be fed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Input {
    /// A command of the app; `ticket` completes exactly once.
    Command {
        /// Completion.
        ticket: Ticket,
        /// What.
        command: Box<Command>,
    },
    /// The client is destroyed: end the live call, complete everything, then emit `Output::Closed`.
    Close,
    /// The app does not take its events (true) or does again (false).
    Backlog(bool),
    /// A signaling operation ended.
    SignalDone {
        /// Which.
        req: Req,
        /// How.
        result: Box<OperationResult>,
    },
    /// Signaling messages.
    Signals {
        /// From where.
        #[serde(rename = "source")]
        origin: Origin,
        /// Which.
        events: Vec<signaling::Event>,
    },
    /// Channels that this device is still in after the login.
    ChannelStates(Vec<ChannelState>),
    /// The signaling connection changed.
    Connection(Connection),
    /// A media operation ended.
    RtcDone {
        /// Which.
        req: Req,
        /// How.
        outcome: Outcome,
    },
    /// An event of the media room.
    Rtc(RtcReport),
    /// A text of the media backend for its peer.
    RtcSend {
        /// The join that it belongs to.
        join: Req,
        /// A JSON object; the facade checked it.
        json: Text,
    },
    /// A call record of the peer or of another own device.
    Record {
        /// The sender.
        from: Text,
        /// What it claims.
        record: Record,
    },
}
