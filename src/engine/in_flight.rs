//! What is under way at the backends: operations, and the teardowns of ended calls.

use super::input::Ticket;
use super::output::Operation;
use super::time::Time;
use super::wire;
use nertc_callkit_signaling::{self as signaling, Message, Req, Text};
use serde::{Deserialize, Serialize};

/// One operation of a backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Op {
    pub(super) req: Req,
    /// None: overdue already, kept only to undo a late success.
    pub(super) deadline: Option<Time>,
    pub(super) owner: Owner,
}

/// Who gets the result. Call numbers ensure that one of an ended call affects no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Owner {
    Login,
    Logout,
    /// An aborted login, by its own completion or by that of a logout.
    Abort {
        is_logout: bool,
    },
    /// Create, join or invite of our own invite.
    Create(u64),
    Join(u64, Text),
    Invite(u64),
    /// The cancel at the ring limit.
    RingCancel(u64),
    /// The cancel of a glare's winner.
    Yield(u64),
    /// Accept of the invite that rings.
    Accept(u64, Text),
    /// Accept of the peer's invite in a glare.
    GlareAccept(u64, Text),
    /// Join of the channel of an accepted invite.
    Enter(u64, Text),
    /// A teardown's step.
    #[serde(rename = "Teardown")]
    Teardown(u64),
    /// An operation outside the call; its failure is reported unless `quiet`.
    Side {
        operation: Operation,
        call_no: u64,
        quiet: bool,
    },
    /// A text of the media backend to its peer.
    Negotiation(u64),
    /// A text of the app to its peer.
    Data {
        call: u64,
        ticket: Ticket,
    },
    RtcJoin(u64),
    RtcLeave,
    /// Microphone, camera, views.
    Media {
        operation: Operation,
        call_no: u64,
        ticket: Option<Ticket>,
    },
    /// Overdue.
    Late(Undo),
}

/// What a success that comes too late must undo.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Undo {
    /// A channel: close it.
    Create,
    /// A membership: leave.
    Join(Text),
    /// An accepted invite: join and close, so that the caller is notified.
    Accept(Text),
}

impl Owner {
    /// An operation of the media backend: the other backend cannot complete it.
    pub(super) fn is_media(&self) -> bool {
        match self {
            Owner::RtcJoin(_) | Owner::RtcLeave | Owner::Media { .. } => true,
            Owner::Login
            | Owner::Logout
            | Owner::Abort { .. }
            | Owner::Create(_)
            | Owner::Join(..)
            | Owner::Invite(_)
            | Owner::RingCancel(_)
            | Owner::Yield(_)
            | Owner::Accept(..)
            | Owner::GlareAccept(..)
            | Owner::Enter(..)
            | Owner::Teardown(_)
            | Owner::Side { .. }
            | Owner::Negotiation(_)
            | Owner::Data { .. }
            | Owner::Late(_) => false,
        }
    }

    pub(super) fn is_side(&self) -> bool {
        matches!(self, Owner::Side { .. })
    }

    /// An answer that the network caused and no user.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Owner::Side { operation: Operation::Reject, call_no: 0, quiet: true })
    }

    /// What must be undone if this succeeds after it was abandoned.
    pub(super) fn undo(&self) -> Option<Undo> {
        match self {
            Owner::Create(_) => Some(Undo::Create),
            Owner::Join(_, channel) | Owner::Enter(_, channel) => Some(Undo::Join(channel.clone())),
            Owner::Accept(_, channel) | Owner::GlareAccept(_, channel) => Some(Undo::Accept(channel.clone())),
            Owner::Late(undo) => Some(undo.clone()),
            Owner::Login
            | Owner::Logout
            | Owner::Abort { .. }
            | Owner::Invite(_)
            | Owner::RingCancel(_)
            | Owner::Yield(_)
            | Owner::Teardown(_)
            | Owner::Side { .. }
            | Owner::Negotiation(_)
            | Owner::Data { .. }
            | Owner::RtcJoin(_)
            | Owner::RtcLeave
            | Owner::Media { .. } => None,
        }
    }
}

/// The teardown of one ended call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Teardown {
    pub(super) id: u64,
    pub(super) call_no: u64,
    pub(super) deadline: Time,
    /// Empty while the channel is still being created.
    pub(super) channel_id: Text,
    /// The invite to cancel.
    pub(super) cancel: Option<Message>,
    pub(super) finish: Finish,
    pub(super) step: Step,
}

/// Last step of a teardown: how a channel is left.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Finish {
    /// For everybody, or only by us.
    closes: bool,
    no_offline: bool,
    /// The app's text for the other side.
    extra: Option<Text>,
    /// The reason: the peer's media is incompatible with this, ours.
    #[serde(default)]
    rtc: Option<Text>,
}

impl Finish {
    /// Closes the channel for all members.
    pub(super) fn close() -> Finish {
        Finish { closes: true, no_offline: false, extra: None, rtc: None }
    }

    /// Only leaves it.
    pub(super) fn leave() -> Finish {
        Finish { closes: false, ..Finish::close() }
    }

    /// Spares offline devices the message.
    pub(super) fn unkept(self, no_offline: bool) -> Finish {
        Finish { no_offline, ..self }
    }

    /// Announces the own media protocol.
    pub(super) fn for_media(self, rtc: Text) -> Finish {
        Finish { rtc: Some(rtc), ..self }
    }

    /// Sends the app's text.
    pub(super) fn with_text(self, extra: Option<Text>) -> Finish {
        Finish { extra, ..self }
    }

    /// The operation. Clients parse its text as JSON and fail on an empty one.
    pub(super) fn op(&self, channel_id: Text) -> signaling::Operation {
        let (custom_info, no_offline) =
            (wire::ending(self.extra.as_deref(), self.rtc.as_deref()), self.no_offline);
        match self.closes {
            true => signaling::Operation::Close { channel_id, custom_info, no_offline },
            false => signaling::Operation::Leave { channel_id, custom_info, no_offline },
        }
    }
}

/// What a teardown is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Step {
    /// An operation of the call is still running.
    Await(Awaited),
    /// Taking the invite back.
    Cancelling,
    /// Joining the channel of an accepted invite, because only members can leave or close.
    Joining,
    /// Closing or leaving.
    Finishing,
}

/// The operation that was running when the call ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Awaited {
    Create,
    Join,
    Invite,
    Cancel,
    /// If it fails for another reason than that the call is gone, this reject goes out.
    Accept(Message),
    /// Join of an accepted invite.
    Enter,
}

impl Teardown {
    /// What a late success of the operation it waits for must be followed by.
    pub(super) fn undo(&self) -> Option<Undo> {
        match &self.step {
            Step::Await(awaited) => awaited.undo(&self.channel_id),
            Step::Joining => Some(Undo::Join(self.channel_id.clone())),
            Step::Cancelling | Step::Finishing => None,
        }
    }
}

impl Awaited {
    /// What its late success must be followed by.
    fn undo(&self, channel: &Text) -> Option<Undo> {
        match self {
            Awaited::Create => Some(Undo::Create),
            Awaited::Join | Awaited::Enter => Some(Undo::Join(channel.clone())),
            Awaited::Accept(_) => Some(Undo::Accept(channel.clone())),
            Awaited::Invite | Awaited::Cancel => None,
        }
    }
}

/// How an own invite is cancelled.
#[derive(Clone, Debug)]
pub(super) struct TakeBack {
    /// Send CANCEL if the peer may know of the invite. Off when the invite has ended, and towards legacy
    /// clients while a call with them is live: they treat any CANCEL as its end.
    pub(super) cancel: bool,
    /// 0 or 2.
    pub(super) reason: i64,
    /// The call continues on another device.
    pub(super) glare: bool,
    pub(super) attach_ext: Option<Text>,
    pub(super) no_offline: bool,
}

impl TakeBack {
    pub(super) fn plain() -> TakeBack {
        TakeBack { cancel: true, reason: 0, glare: false, attach_ext: None, no_offline: false }
    }

    pub(super) fn for_glare() -> TakeBack {
        TakeBack { glare: true, ..TakeBack::plain() }
    }

    /// Only the channel has to be closed.
    pub(super) fn close_only() -> TakeBack {
        TakeBack { cancel: false, ..TakeBack::plain() }
    }
}
