//! Signaling operations and their results.

use crate::channel::{CallType, ChannelState};
use crate::code::Code;
use crate::number::numbered;
use crate::policy::CallPolicy;
use crate::text::Text;

/// Identifies one operation of a backend; made by the engine, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Req(pub u64);

/// A signaling operation. Each ends with one [`OperationResult`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Operation {
    /// Log in.
    Login {
        /// Account.
        account: Text,
        /// Token, maybe empty.
        token: Text,
    },
    /// Log out.
    Logout,
    /// Create a channel.
    Create {
        /// Audio or video.
        call_type: CallType,
    },
    /// Join a channel.
    Join {
        /// Which.
        channel_id: Text,
        /// Keep nothing for offline devices.
        no_offline: bool,
    },
    /// Invite all devices of an account.
    Invite {
        /// The account.
        message: Message,
        /// What is left of the ring time.
        expires_ms: u32,
        /// Push text.
        push: Option<Box<PushText>>,
    },
    /// Cancel an invite.
    #[cfg_attr(feature = "serde", serde(rename = "CancelInvite"))]
    Cancel(Message),
    /// Accept an invite.
    Accept(Message),
    /// Reject an invite.
    Reject(Message),
    /// Leave a channel.
    Leave {
        /// Which.
        channel_id: Text,
        /// Text for the others.
        #[cfg_attr(feature = "serde", serde(rename = "custom"))]
        custom_info: Text,
        /// Keep nothing for offline devices.
        no_offline: bool,
    },
    /// Close a channel for all members.
    Close {
        /// Which.
        channel_id: Text,
        /// Text for the others.
        #[cfg_attr(feature = "serde", serde(rename = "custom"))]
        custom_info: Text,
        /// Keep nothing for offline devices.
        no_offline: bool,
    },
    /// A text to members of the channel; an empty account means all. `request_id` is empty.
    Control(Message),
    /// A call record.
    #[cfg_attr(feature = "serde", serde(rename = "SendRecord"))]
    Record(Record),
}

impl Operation {
    /// The name of its function in the vtable.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Login { .. } => "login",
            Operation::Logout => "logout",
            Operation::Create { .. } => "create",
            Operation::Join { .. } => "join",
            Operation::Invite { .. } => "invite",
            Operation::Cancel(_) => "cancel_invite",
            Operation::Accept(_) => "accept",
            Operation::Reject(_) => "reject",
            Operation::Leave { .. } => "leave",
            Operation::Close { .. } => "close",
            Operation::Control(_) => "control",
            Operation::Record(_) => "send_record",
        }
    }

    /// Address and text, where it has both.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Operation::Invite { message, .. }
            | Operation::Cancel(message)
            | Operation::Accept(message)
            | Operation::Reject(message)
            | Operation::Control(message) => Some(message),
            Operation::Login { .. }
            | Operation::Logout
            | Operation::Create { .. }
            | Operation::Join { .. }
            | Operation::Leave { .. }
            | Operation::Close { .. }
            | Operation::Record(_) => None,
        }
    }

    /// The channel that it names.
    pub fn channel_id(&self) -> Option<&Text> {
        match self {
            Operation::Join { channel_id, .. }
            | Operation::Leave { channel_id, .. }
            | Operation::Close { channel_id, .. } => Some(channel_id),
            Operation::Record(record) => Some(&record.channel_id),
            Operation::Login { .. } | Operation::Logout | Operation::Create { .. } => None,
            Operation::Invite { .. }
            | Operation::Cancel(_)
            | Operation::Accept(_)
            | Operation::Reject(_)
            | Operation::Control(_) => self.message().map(|message| &message.channel_id),
        }
    }
}

/// Address and text of invite, cancel, accept, reject and control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// Channel.
    pub channel_id: Text,
    /// Invite and cancel: the invited account. Accept and reject: the inviter. Control: the receiver.
    pub account: Text,
    /// Request id, or empty.
    pub request_id: Text,
    /// Attachment, or empty.
    #[cfg_attr(feature = "serde", serde(rename = "custom"))]
    pub custom_info: Text,
    /// Keep nothing for offline devices.
    pub no_offline: bool,
}

impl Message {
    /// Leaves its channel, with its text.
    pub fn leave(self) -> Operation {
        let Message { channel_id, custom_info, no_offline, .. } = self;
        Operation::Leave { channel_id, custom_info, no_offline }
    }

    /// Closes its channel, with its text.
    pub fn close(self) -> Operation {
        let Message { channel_id, custom_info, no_offline, .. } = self;
        Operation::Close { channel_id, custom_info, no_offline }
    }
}

/// Text of a push notification, for the service that sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PushText {
    /// Title.
    pub title: Option<Text>,
    /// Content.
    pub content: Option<Text>,
    /// Payload.
    pub payload: Option<Text>,
}

numbered! {
    /// How the call of a record ended; the numbers are also those of the wire.
    pub enum RecordStatus {
        /// The call took place.
        Complete = 1,
        /// Cancelled by the caller.
        Cancelled = 2,
        /// Rejected.
        Rejected = 3,
        /// Not answered.
        Timeout = 4,
        /// Busy.
        Busy = 5,
    }
}

/// A call record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Message id that its client chose: the call id.
    pub client_msg_id: Text,
    /// Receiver.
    pub to: Text,
    /// Channel of the call.
    pub channel_id: Text,
    /// Audio or video.
    pub call_type: CallType,
    /// How the call ended.
    pub status: RecordStatus,
    /// The record as JSON.
    pub text: Text,
    /// Accounts that took part, and for how many seconds.
    pub durations: Vec<(Text, u32)>,
}

/// How an operation ended, or what went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outcome {
    /// OK = success.
    pub code: Code,
    /// The service's own number, or 0.
    pub raw_code: i32,
    /// For a developer, or empty.
    pub message: Text,
}

impl Outcome {
    /// A failure with `code` and a message.
    pub fn failed(code: Code, message: &str) -> Outcome {
        Outcome { code, raw_code: 0, message: message.into() }
    }
}

impl From<Code> for Outcome {
    fn from(code: Code) -> Outcome {
        Outcome { code, ..Outcome::default() }
    }
}

/// How a signaling operation ended, and what it brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OperationResult {
    /// How it ended.
    pub outcome: Outcome,
    /// create, join: the channel with its members.
    #[cfg_attr(feature = "serde", serde(rename = "room"))]
    pub channel: Option<ChannelState>,
    /// join: token of the media room.
    pub rtc_token: Option<Text>,
    /// login: service clock, ms since 1970, 0 = not known.
    pub server_ms: u64,
}

impl From<Code> for OperationResult {
    fn from(code: Code) -> OperationResult {
        Outcome::from(code).into()
    }
}

impl From<Outcome> for OperationResult {
    fn from(outcome: Outcome) -> OperationResult {
        OperationResult { outcome, ..OperationResult::default() }
    }
}

impl From<ChannelState> for OperationResult {
    fn from(channel: ChannelState) -> OperationResult {
        OperationResult { channel: Some(channel), ..OperationResult::default() }
    }
}

numbered! {
    /// What became of an invite that a backend reported.
    pub enum InviteState {
        /// It rings.
        Ringing = 1,
        /// Parked (glare, redial): registered for the outcome, but the app is not notified.
        Held = 2,
        /// Ignored: forgotten, without an answer.
        Dropped = 3,
    }
}

/// What a signaling backend is notified of; nothing answers it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Notification {
    /// What became of an invite that it reported.
    InviteState {
        /// Channel of the invite.
        channel_id: Text,
        /// The inviter.
        account: Text,
        /// Request id of the invite.
        request_id: Text,
        /// What became of it.
        state: InviteState,
    },
    /// The login of this number is not wanted any more.
    AbortLogin(Req),
    /// The token for the next connection; empty = there is none.
    SetToken(Text),
    /// Whose invites ring.
    CallPolicy(CallPolicy),
}
