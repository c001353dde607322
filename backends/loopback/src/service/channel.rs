//! Channels, their members, and their invites.

use std::hash::{Hash, Hasher};

use nertc_callkit_signaling::{
    self as signaling, ChannelState, Code, DeviceAddr, Event, EventKind, Message, Text,
};

use super::ids::DeviceId;
use super::outbound::Outbound;
use super::registry::DeviceRegistry;

/// A channel. It goes when it is closed, when its last member leaves, or after two hours.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) info: signaling::Channel,
    pub(super) members: Vec<Member>,
    pub(super) invites: Vec<Invite>,
    /// Two were in it at the same time.
    pub(super) talked: bool,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Member {
    pub(super) device: DeviceId,
    pub(super) account: Text,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Invite {
    pub(super) request_id: Text,
    pub(super) from: DeviceId,
    pub(super) from_account: Text,
    pub(super) to: Text,
    pub(super) decision: Decision,
    /// Devices that ring, or will when their own call with this peer is settled.
    pub(super) ringing: Vec<DeviceId>,
    /// Devices that ignore it: they have forgotten the channel, too.
    pub(super) dropped: Vec<DeviceId>,
    /// Devices that alone are busy.
    pub(super) busy: Vec<DeviceId>,
}

/// What became of an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Decision {
    /// None yet: the first answer decides.
    Pending,
    Accepted,
    Rejected,
    Cancelled,
}

/// An undecided invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingInvite<'a> {
    /// Its channel.
    pub channel_id: &'a Text,
    /// The inviter.
    pub from: &'a Text,
    /// The invited account.
    pub to: &'a Text,
    /// Its request id.
    pub request_id: &'a Text,
}

impl Decision {
    /// What cancel, accept and reject are answered.
    pub(super) fn code(self) -> Code {
        match self {
            Decision::Pending => Code::OK,
            Decision::Accepted => Code::INVITE_ACCEPTED,
            Decision::Rejected => Code::INVITE_REJECTED,
            Decision::Cancelled => Code::INVITE_NOT_EXISTS,
        }
    }
}

impl Channel {
    /// The channel as it is now.
    pub(super) fn state(&self, registry: &DeviceRegistry) -> ChannelState {
        let member = |it: &Member| signaling::Member {
            account: it.account.clone(),
            device: registry.addr(it.device).map(|addr| addr.device.clone()).unwrap_or_default(),
            uid: it.device.0,
        };
        ChannelState { channel: self.info.clone(), members: self.members.iter().map(member).collect() }
    }

    pub(super) fn has(&self, device: DeviceId) -> bool {
        self.members.iter().any(|it| it.device == device)
    }

    pub(super) fn has_account(&self, account: &str) -> bool {
        self.members.iter().any(|it| it.account == *account)
    }

    /// The newest invite of this id and receiver.
    pub(super) fn invite(&mut self, request: &str, to: &str) -> Option<&mut Invite> {
        self.invites.iter_mut().rev().find(|it| it.request_id == *request && it.to == *to)
    }

    /// The invite that an account answers; an empty inviter means any.
    pub(super) fn answerable(&mut self, to: &str, message: &Message) -> Option<&mut Invite> {
        let is_from = |it: &&mut Invite| message.account.is_empty() || it.from_account == message.account;
        self.invite(&message.request_id, to).filter(is_from)
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = &Invite> {
        self.invites.iter().filter(|it| it.decision == Decision::Pending)
    }

    /// An event of this channel.
    pub(super) fn event(&self, now: u64, kind: EventKind, from: &DeviceAddr, to: &Text) -> Event {
        Event {
            kind,
            channel: self.info.clone(),
            from: from.account.clone(),
            from_device: from.device.clone(),
            to: to.clone(),
            request_id: Text::EMPTY,
            custom_info: Text::EMPTY,
            time_ms: now,
            uid: 0,
        }
    }

    /// Notifies all members but `actor` of this event, each as its receiver.
    pub(super) fn notify_others(
        &self,
        actor: DeviceId,
        event: &Event,
        keep: bool,
        registry: &mut DeviceRegistry,
        outbound: &mut Outbound,
    ) {
        for member in self.members.iter().filter(|it| it.device != actor) {
            let event = Event { to: member.account.clone(), ..event.clone() };
            registry.notify_device(member.device, event, keep, outbound);
        }
    }
}

/// Without clock times, see `Service`.
impl Hash for Channel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Channel { info, members, invites, talked } = self;
        let signaling::Channel { id, call_type, invalid: _, creator, create_ms: _, expire_ms: _ } = info;
        (id, call_type, creator, members, invites, talked).hash(state);
    }
}
