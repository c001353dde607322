//! What a peer is fed and what it asks for, as plain values.

pub use super::admission::Admission;

pub use nertc_callkit_signaling::Text;

/// Who a peer is and how it behaves.
#[derive(Clone, Debug, Hash)]
pub struct Config {
    /// Own account, not encoded.
    pub account: Text,
    /// Own device, not encoded.
    pub device: Text,
    /// Random, of this process: tells two lives of a device apart.
    pub instance: Text,
    /// The instances of this device's last lives, eight at most, the newest last: what is addressed to one of
    /// them is answered even if its channel is not known here.
    pub instances: Vec<Text>,
    /// A login ends the logins of the account's other devices.
    pub single_device: bool,
    /// A busy device does not end the ringing of its siblings.
    pub busy_is_local: bool,
    /// Silence of a peer in a call until it counts as gone, in ms; 0 = never, media decides.
    pub peer_lost_ms: u32,
    /// Wills of peers are watched while it rings and in a call.
    pub watch_presence: bool,
}

impl Config {
    /// Whether somebody who says this means a life of this device.
    pub(super) fn is_ours(&self, instance: &str) -> bool {
        !instance.is_empty()
            && (*self.instance == *instance || self.instances.iter().any(|it| **it == *instance))
    }

    /// How many instances a device remembers.
    pub const INSTANCES: usize = 8;

    /// Puts the instance at the end of the ones that are remembered.
    pub fn remember_instance(&mut self) {
        self.instances.retain(|it| *it != self.instance);
        self.instances.push(self.instance.clone());
        let over = self.instances.len().saturating_sub(Config::INSTANCES);
        self.instances.drain(..over);
    }
}

/// What a peer is fed.
#[derive(Clone, Debug, Hash)]
pub enum Input {
    /// The core asks; `req` is answered by one `Output::Done`.
    Op {
        /// Names the answer.
        req: u64,
        /// What.
        op: Op,
    },
    /// The core does not want a login any more: it is answered, and nothing of it connects or speaks from now
    /// on. What the broker keeps for this device stays.
    AbortLogin {
        /// Which.
        req: u64,
    },
    /// What became of an invite that the core was told of.
    InviteState {
        /// Its channel.
        channel: Text,
        /// Its request id.
        request: Text,
        /// What.
        state: InviteState,
    },
    /// Whose invites may ring, from now on until the next login begins.
    Policy(Admission),
    /// Connected and subscribed; `resumed`: the broker kept our session.
    Up {
        /// The broker may have messages for us that came meanwhile.
        resumed: bool,
    },
    /// The connection is lost; the connection reconnects by itself.
    Down,
    /// The connection has given up.
    Refused {
        /// A nertc_callkit_code.
        code: i32,
        /// The broker's number.
        raw_code: i32,
        /// What to do about it.
        message: Text,
    },
    /// A message; who sent it is what the topic says.
    Message {
        /// Which of our topics.
        kind: TopicKind,
        /// Sender.
        from: Text,
        /// With which device.
        device: Text,
        /// The message as JSON.
        payload: Vec<u8>,
        /// When the broker would have discarded it, on the clock of `handle`; None: never, or not known.
        expires_at: Option<u64>,
    },
    /// How a publish ended.
    Published {
        /// Which.
        token: u64,
        /// How.
        result: PublishResult,
    },
    /// The broker published the will of this device.
    Gone {
        /// Account.
        account: Text,
        /// Device.
        device: Text,
    },
}

/// What the core made of an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteState {
    /// The user is told.
    Ringing,
    /// Kept aside: registered for the outcome, but nobody is told.
    Held,
    /// Ignored: forgotten, and nothing is said about it.
    Dropped,
}

/// How the broker answered a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublishResult {
    /// It has it. Whether anybody else gets it is another matter.
    Delivered,
    /// It has it, and nobody has subscribed.
    NobodyThere,
    /// The access rules forbid it.
    Denied,
    /// It does not take it, by this reason code.
    Refused {
        /// MQTT 5 reason code, or 0.
        raw_code: i32,
    },
}

/// Which of a device's topics a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// For all devices of the account.
    Inbox,
    /// For this device.
    Direct,
    /// From the account's own devices.
    Own,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// All devices of an account.
    Inbox(Text),
    /// One device: account and device.
    Direct(Text, Text),
    /// The own account's devices.
    Own,
}

/// An operation of the core.
#[derive(Clone, Debug, Hash)]
pub enum Op {
    /// Log in; the connection connects.
    Login,
    /// Log out.
    Logout,
    /// Make a channel.
    Create {
        /// A nertc_callkit_call_type.
        call_type: i32,
    },
    /// Join a channel.
    Join {
        /// Which.
        channel: Text,
    },
    /// Ring all devices of an account.
    Invite(OpArgs, InviteExtra),
    /// Take an invite back.
    Cancel(OpArgs),
    /// Accept an invite.
    Accept(OpArgs),
    /// Reject an invite.
    Reject(OpArgs),
    /// Leave a channel.
    Leave(OpArgs),
    /// Close a channel.
    Close(OpArgs),
    /// Text for members of a channel; an empty account means all.
    Control(OpArgs),
    /// A call record.
    Record(RecordOp),
}

/// Address and text of an operation; what it does not need is empty.
#[derive(Clone, Debug, Hash)]
pub struct OpArgs {
    /// Channel.
    pub channel: Text,
    /// Invited account, inviter or receiver.
    pub account: Text,
    /// Request id.
    pub request: Text,
    /// Attachment.
    pub custom: Text,
    /// Keep it for devices that are offline.
    pub keep: bool,
}

/// What only an invite has.
#[derive(Clone, Debug, Hash)]
pub struct InviteExtra {
    /// What is left of the ring time; 0 = not known.
    pub expires_ms: u32,
    /// Text of the push notification.
    pub push: Option<Push>,
}

/// Text of a push notification, for whoever wakes the peer up.
#[derive(Clone, Debug, Hash)]
pub struct Push {
    /// Title, or empty.
    pub title: Text,
    /// Content, or empty.
    pub content: Text,
    /// Payload, or empty.
    pub payload: Text,
}

/// A call record.
#[derive(Clone, Debug, Hash)]
pub struct RecordOp {
    /// Receiver.
    pub to: Text,
    /// Message id that the client chose.
    pub id: Text,
    /// The record as JSON.
    pub text: Text,
}

/// What a peer asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Publish, QoS 1. Each is answered by one `Input::Published`, or by `Input::Down`.
    Publish {
        /// Names the answer.
        token: u64,
        /// Where.
        topic: Topic,
        /// the message.
        payload: String,
        /// When the broker may forget it.
        expires_ms: u32,
    },
    /// Watch the will of a device, or no longer.
    Watch {
        /// Account.
        account: Text,
        /// Device.
        device: Text,
        /// Watch.
        on: bool,
    },
    /// It rings or a call runs: notice a dead connection soon.
    CallActive(bool),
    /// Disconnect for good; `forget`: the broker drops the session.
    Disconnect {
        /// Drop the session.
        forget: bool,
    },
    /// This connection does not work: connect again.
    Reconnect,
    /// An operation ended.
    Done {
        /// Which.
        req: u64,
        /// How.
        answer: Answer,
    },
    /// Messages for the core.
    Events {
        /// Where they come from.
        source: Source,
        /// In order.
        events: Vec<Event>,
    },
    /// A call record of the peer or of another device of this account: what it claims.
    Record {
        /// Whose.
        from: Text,
        /// Which device says so.
        device: Text,
        /// Message id that its client chose.
        id: Text,
        /// The record as JSON.
        text: Text,
    },
    /// The connection changed.
    Connection {
        /// How.
        change: ConnectionChange,
        /// A nertc_callkit_code, or 0.
        code: i32,
        /// For a developer.
        message: Text,
    },
    /// A line for the log.
    Log {
        /// What was dropped or not sent, why, and how often since the line before; always a warning.
        text: Text,
    },
}

/// How an operation ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// A nertc_callkit_code.
    pub code: i32,
    /// The broker's number, or 0.
    pub raw_code: i32,
    /// For a developer, or empty.
    pub message: Text,
    /// create and join.
    pub channel: Option<ChannelState>,
}

impl From<i32> for Answer {
    fn from(code: i32) -> Answer {
        Answer { code, ..Answer::default() }
    }
}

/// A channel and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelState {
    /// The channel.
    pub channel: ChannelInfo,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelInfo {
    /// Id.
    pub id: Text,
    /// Account that made it.
    pub creator: Text,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// False: over.
    pub valid: bool,
}

/// Somebody in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Account.
    pub account: Text,
    /// Device.
    pub device: Text,
    /// Media uid.
    pub uid: u64,
}

/// Where messages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Just now.
    Online,
    /// Another device of this account answered.
    OtherDevice,
    /// The backlog.
    Offline,
}

/// Kinds of messages for the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the nertc_callkit_signal of the same name")]
pub enum Signal {
    Close,
    Join,
    Invite,
    Cancel,
    Reject,
    Accept,
    Leave,
    Control,
    Ringing,
    PeerLost,
}

/// A message for the core.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Kind.
    pub signal: Signal,
    /// Channel.
    pub channel: ChannelInfo,
    /// Who did it.
    pub from: Text,
    /// With which device.
    pub from_device: Text,
    /// ACCEPT and REJECT: the inviter. Else the receiver.
    pub to: Text,
    /// Request id, or empty.
    pub request: Text,
    /// Attachment, or empty.
    pub custom: Text,
    /// JOIN: media uid.
    pub uid: u64,
}

/// How the connection changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionChange {
    /// Interrupted; the connection restores it.
    Lost,
    /// Back.
    Restored,
    /// Logged out by somebody else.
    Kicked,
}
