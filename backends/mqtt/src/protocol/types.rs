//! Inputs and outputs of a peer, as plain values.

use nertc_callkit_signaling::{
    CallPolicy, Code, Connection, DeviceAddr, Event, InviteState, Notification, Operation, OperationResult,
    Origin, Outcome, Text,
};

/// Identity and configuration of a peer.
#[derive(Clone, Debug, Hash)]
pub struct Config {
    /// Own account, not encoded.
    pub account: Text,
    /// Own device, not encoded.
    pub device: Text,
    /// Random, of this process: distinguishes two incarnations of a device.
    pub instance: Text,
    /// The last instances of this device, eight at most, the newest last: a message addressed to one of
    /// them is answered even if its channel is unknown here.
    pub instances: Vec<Text>,
    /// A login ends the logins of the account's other devices.
    pub single_device: bool,
    /// A busy device does not end the ringing of the account's other devices.
    pub busy_is_local: bool,
    /// Silence of a peer in a call until it counts as gone, in ms; 0 = never, media decides.
    pub peer_lost_ms: u32,
    /// Wills of peers are watched while it rings and in a call.
    pub watch_presence: bool,
}

impl Config {
    /// One of several devices, in its first incarnation.
    pub fn new(account: Text, device: Text, instance: Text) -> Config {
        Config {
            account,
            device,
            instances: vec![instance.clone()],
            instance,
            single_device: false,
            busy_is_local: false,
            peer_lost_ms: 60_000,
            watch_presence: false,
        }
    }

    /// Whether this addresses an instance of this device.
    pub(super) fn is_ours(&self, instance: &str) -> bool {
        !instance.is_empty()
            && (*self.instance == *instance || self.instances.iter().any(|it| **it == *instance))
    }

    /// How many instances a device remembers.
    pub const INSTANCES: usize = 8;

    /// Appends the instance to the remembered ones.
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
    /// An operation of the core; `req` completes with one `Output::Done`.
    Op {
        /// Names the answer.
        req: u64,
        /// What.
        op: Operation,
    },
    /// The core aborts a login: it completes, and from now on it neither connects nor sends.
    /// What the broker stores for this device stays.
    AbortLogin {
        /// Which.
        req: u64,
    },
    /// The core's decision about an invite it received.
    InviteState {
        /// Its channel.
        channel: Text,
        /// Its request id.
        request: Text,
        /// What.
        state: InviteState,
    },
    /// Whose invites may ring, from now on until the next login begins.
    Policy(CallPolicy),
    /// Connected and subscribed; `resumed`: the broker kept our session.
    Up {
        /// The broker may have messages for us that came meanwhile.
        resumed: bool,
    },
    /// The connection is lost; the connection reconnects by itself.
    Down,
    /// The connection has failed permanently.
    Refused {
        /// Why.
        code: Code,
        /// The broker's number.
        raw_code: i32,
        /// What to do about it.
        message: Text,
    },
    /// A message; its topic identifies the sender.
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

impl Input {
    /// What a notification of the core is here. None: a token, which concerns only the connection.
    pub fn of(notification: Notification) -> Option<Input> {
        match notification {
            Notification::InviteState { channel_id: channel, account: _, request_id: request, state } => {
                Some(Input::InviteState { channel, request, state })
            }
            Notification::AbortLogin(req) => Some(Input::AbortLogin { req: req.0 }),
            Notification::SetToken(_) => None,
            Notification::CallPolicy(policy) => Some(Input::Policy(policy)),
        }
    }
}

/// How the broker answered a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublishResult {
    /// It has it. Whether anybody else gets it is another matter.
    Delivered,
    /// Accepted, without a subscriber.
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

/// How a message is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qos {
    /// QoS 0: the broker neither answers nor keeps it for a device that is away.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce,
}

/// A topic of one device.
pub(super) fn direct(to: &DeviceAddr) -> Topic {
    Topic::Direct(to.account.clone(), to.device.clone())
}

/// An output of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Publish. With QoS 1 each gets one `Input::Published`, or one `Input::Down`; with QoS 0
    /// none.
    Publish {
        /// Names the answer; 0: there is none.
        token: u64,
        /// How.
        qos: Qos,
        /// Where.
        topic: Topic,
        /// The message.
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
    /// A ring or call is active: detect a dead connection soon.
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
        answer: OperationResult,
    },
    /// Messages for the core.
    Events {
        /// Their origin.
        origin: Origin,
        /// In order.
        events: Vec<Event>,
    },
    /// A call record of the peer or of another device of this account: what it claims.
    Record {
        /// The account.
        from: Text,
        /// The reporting device.
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
        /// Why.
        code: Code,
        /// For a developer.
        message: Text,
    },
    /// A line for the log.
    Log {
        /// What was dropped or not sent, why, and how often since the line before; always a warning.
        text: Text,
    },
}

/// How the connection changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionChange {
    /// Interrupted; the connection restores it.
    Lost,
    /// Back.
    Restored,
    /// Logged out by another login.
    Kicked,
}

impl ConnectionChange {
    /// The change and why, for the core.
    pub fn because(self, why: Outcome) -> Connection {
        match self {
            ConnectionChange::Lost => Connection::Lost(why),
            ConnectionChange::Restored => Connection::Restored,
            ConnectionChange::Kicked => Connection::Kicked(why),
        }
    }
}
