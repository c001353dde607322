//! Channels as a device sees them. A channel exists at the device that created it, its owner, which alone
//! decides about its invites; the others know what they were notified of.

use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{ChannelState, DeviceAddr, InviteState, Member, Text};

use super::dedup::Recent;
use super::message::{Message, Settled};

/// A channel that is alive.
#[derive(Clone, Debug, Hash)]
pub(super) struct Channel {
    pub(super) call_type: i32,
    pub(super) owner: DeviceAddr,
    /// This device is a member.
    pub(super) is_in: bool,
    /// Own media uid; 0 = none yet.
    pub(super) uid: u64,
    /// The other members.
    pub(super) participants: Vec<Participant>,
    pub(super) role: Role,
}

/// What this device is to a channel.
#[derive(Clone, Debug, Hash)]
pub(super) enum Role {
    /// It made the channel.
    Caller(Vec<Invite>),
    /// It was invited.
    Callee(Ring),
}

/// An invite of an own channel.
#[derive(Clone, Debug, Hash)]
pub(super) struct Invite {
    pub(super) to: Text,
    pub(super) request: Text,
    /// Id of its message.
    pub(super) id: Text,
    /// Devices that ring, know of it, or answered.
    pub(super) alerted: Vec<Alerted>,
    /// The core was notified that one of them rings.
    pub(super) is_ringing: bool,
    /// Devices that rejected for themselves only, with their texts.
    pub(super) busy: Vec<(Text, Text)>,
    /// When that takes effect if nothing else rings.
    pub(super) busy_at: Option<u64>,
    /// The decision, once it is spoken, and the id of its message.
    pub(super) decision: Option<(Text, Settled)>,
}

/// A device of a called account that has received the invite.
#[derive(Clone, Debug, Hash)]
pub(super) struct Alerted {
    pub(super) device: Text,
    pub(super) instance: Text,
    /// Its user is alerted.
    pub(super) rings: bool,
}

/// An invite received from a peer.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ring {
    pub(super) request: Text,
    pub(super) state: RingState,
    /// The core's decision about it; None: pending.
    pub(super) core_state: Option<InviteState>,
    /// When it came.
    pub(super) since: u64,
    /// When it ends by itself.
    pub(super) until: u64,
    /// When to report that it rings; None: reported, or not to be.
    pub(super) alert_at: Option<u64>,
    /// Another own device reported a reject: true unless the owner denies it by then.
    pub(super) hint: Option<Hint>,
    /// The owner was asked whether the invite still stands.
    pub(super) probe: Option<LivenessProbe>,
    /// When it is asked although nothing has happened.
    pub(super) ask_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RingState {
    Ringing,
    /// Our accept waits for the owner's decision.
    Accepting {
        req: u64,
        until: u64,
    },
    /// Until when it may wait for the join.
    Won {
        until: u64,
    },
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Hint {
    pub(super) at: u64,
    /// When the owner is asked.
    pub(super) ask_at: Option<u64>,
    pub(super) by: Text,
    pub(super) custom: Text,
}

/// Probes of a device: it is asked a few times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LivenessProbe {
    /// When to ask again, or to end the probe.
    pub(super) next: u64,
    /// How often it was asked.
    pub(super) left: u32,
}

/// Another member.
#[derive(Clone, Debug, Hash)]
pub(super) struct Participant {
    pub(super) addr: DeviceAddr,
    /// Its incarnation that is a member, and the one before that.
    pub(super) instance: Text,
    pub(super) past: Text,
    pub(super) uid: u64,
    /// When it was last heard from, or the connection was restored.
    pub(super) received_at: u64,
    /// When it was last asked.
    pub(super) asked: u64,
    pub(super) probe: Option<LivenessProbe>,
    /// When its silence was last reported to the core; 0: not since it was heard from.
    pub(super) lost_at: u64,
    /// Number of the last message to it.
    pub(super) sent: u32,
    /// Number of the last message from it that was looked at.
    pub(super) taken: u32,
    /// Its messages that have no number.
    pub(super) recent: Recent,
    /// What came too early, and until when it waits.
    pub(super) held: Vec<(u32, Message)>,
    pub(super) held_until: u64,
}

impl Participant {
    pub(super) fn new(addr: DeviceAddr, instance: &Text, uid: u64, now: u64) -> Participant {
        Participant {
            addr,
            instance: instance.clone(),
            past: "".into(),
            uid,
            received_at: now,
            asked: now,
            probe: None,
            lost_at: 0,
            sent: 0,
            taken: 0,
            recent: Recent::default(),
            held: Vec::new(),
            held_until: 0,
        }
    }
}

impl Channel {
    /// The channel as reported to the core.
    pub(super) fn info(&self, id: &Text) -> signaling::Channel {
        channel_info(id, &self.owner.account, self.call_type, true)
    }

    /// The channel and its members, this device among them if it is one.
    pub(super) fn view(&self, id: &Text, me: &DeviceAddr) -> ChannelState {
        let own = self.is_in.then_some((me, self.uid));
        let all = own.into_iter().chain(self.participants.iter().map(|it| (&it.addr, it.uid)));
        let member = |(addr, uid): (&DeviceAddr, u64)| Member {
            account: addr.account.clone(),
            device: addr.device.clone(),
            uid,
        };
        ChannelState { channel: self.info(id), members: all.map(member).collect() }
    }

    pub(super) fn participant(&mut self, addr: &DeviceAddr) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|it| it.addr == *addr)
    }

    /// The incarnation of a device that is a member or has answered.
    pub(super) fn instance(&self, addr: &DeviceAddr) -> Option<Text> {
        let participant = self.participants.iter().find(|it| it.addr == *addr).map(|it| &it.instance);
        let is_it = |it: &&Invite| it.to == addr.account;
        let alerted = || match &self.role {
            Role::Caller(invites) => {
                let all = invites.iter().filter(is_it).flat_map(|it| &it.alerted);
                all.rev().find(|it| it.device == addr.device).map(|it| &it.instance)
            }
            Role::Callee(_) => None,
        };
        participant.or_else(alerted).cloned()
    }

    pub(super) fn invites(&mut self) -> &mut [Invite] {
        match &mut self.role {
            Role::Caller(invites) => invites,
            Role::Callee(_) => &mut [],
        }
    }

    /// The newest invite of this id to this account.
    pub(super) fn invite(&mut self, request: &Text, to: &Text) -> Option<&mut Invite> {
        self.invites().iter_mut().rev().find(|it| it.request == *request && it.to == *to)
    }

    pub(super) fn ring(&mut self) -> Option<&mut Ring> {
        match &mut self.role {
            Role::Callee(ring) => Some(ring),
            Role::Caller(_) => None,
        }
    }

    /// It only rings here: a channel of another device.
    pub(super) fn rings(&self) -> Option<&Ring> {
        match &self.role {
            Role::Callee(ring) if ring.state == RingState::Ringing => Some(ring),
            Role::Callee(_) | Role::Caller(_) => None,
        }
    }

    /// Who is notified of its end: its owner, its members and the accounts it invites. A device that the core
    /// has not registered for, or has ignored, reveals nothing.
    pub(super) fn concerns(&self, addr: &DeviceAddr) -> bool {
        let is_known = self.rings().is_none_or(|ring| ring.core_state.is_some());
        let is_invited = match &self.role {
            Role::Caller(invites) => invites.iter().any(|it| it.to == addr.account),
            Role::Callee(_) => self.owner == *addr,
        };
        is_known && (is_invited || self.participants.iter().any(|it| it.addr == *addr))
    }

    /// Something is awaited: a dead connection must be detected soon.
    pub(super) fn is_call_active(&self) -> bool {
        let waits = match &self.role {
            Role::Caller(invites) => invites.iter().any(|it| it.decision.is_none()),
            Role::Callee(_) => true,
        };
        waits || self.is_in && !self.participants.is_empty()
    }
}

/// A channel for the core.
pub(super) fn channel_info(id: &Text, creator: &Text, call_type: i32, valid: bool) -> signaling::Channel {
    let (id, creator, invalid) = (id.clone(), creator.clone(), !valid);
    signaling::Channel { id, creator, call_type, invalid, ..signaling::Channel::default() }
}
