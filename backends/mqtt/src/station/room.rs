//! Channels as a device knows them. A channel lives at the device that made it, its host, which alone decides
//! what becomes of its invites; the others know what they were told.

use std::collections::{BTreeMap, VecDeque};

use super::envelope::{Envelope, How, Settled};
use super::limits;
use super::value::{Channel, Member, Room as RoomView, Text};

/// A device of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Party {
    pub(super) account: Text,
    pub(super) device: Text,
}

/// A channel that is alive.
#[derive(Clone, Debug, Hash)]
pub(super) struct Room {
    pub(super) call_type: i32,
    pub(super) host: Party,
    /// This device is a member.
    pub(super) is_in: bool,
    /// Own media uid; 0 = none yet.
    pub(super) uid: u64,
    /// The other members.
    pub(super) peers: Vec<Peer>,
    pub(super) role: Role,
}

/// What this device is to a channel.
#[derive(Clone, Debug, Hash)]
pub(super) enum Role {
    /// It made the channel.
    Host(Vec<Invite>),
    /// It was invited.
    Guest(Ring),
}

/// An invite of a channel that lives here.
#[derive(Clone, Debug, Hash)]
pub(super) struct Invite {
    pub(super) to: Text,
    pub(super) request: Text,
    /// Id of its message.
    pub(super) id: Text,
    /// Devices that ring or answered.
    pub(super) alerted: Vec<Text>,
    /// Devices that are busy, with what they said. Only with `busy_is_local`.
    pub(super) busy: Vec<(Text, Text)>,
    /// When busy counts if nobody else rings.
    pub(super) busy_at: Option<u64>,
    /// The last word, once it is spoken, and the id of its message.
    pub(super) verdict: Option<(Text, Settled)>,
}

/// An invite that somebody sent here.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ring {
    pub(super) request: Text,
    pub(super) state: RingState,
    /// When to say that it rings; None: said, or not to be said.
    pub(super) alert_at: Option<u64>,
    /// A sibling says that it rejected: true unless the host says otherwise by then.
    pub(super) hint: Option<Hint>,
    /// The host was asked whether the invite still stands.
    pub(super) doubt: Option<Doubt>,
    /// When it is asked although nothing has happened.
    pub(super) ask_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RingState {
    Ringing,
    /// Our accept waits for the host's word.
    Accepting {
        req: u64,
        until: u64,
    },
    Won,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Hint {
    pub(super) at: u64,
    pub(super) by: Text,
    pub(super) custom: Text,
}

/// Whether a device is still there: it is asked a few times.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Doubt {
    /// When to ask again, or to give up.
    pub(super) next: u64,
    /// How often it is asked yet.
    pub(super) left: u32,
}

/// Another member.
#[derive(Clone, Debug, Hash)]
pub(super) struct Peer {
    pub(super) party: Party,
    pub(super) uid: u64,
    /// When something was heard of it, or the connection came back.
    pub(super) heard: u64,
    /// When it was asked last.
    pub(super) asked: u64,
    pub(super) doubt: Option<Doubt>,
    /// Number of the last message to it.
    pub(super) sent: u32,
    /// Number of the last message from it that was looked at.
    pub(super) taken: u32,
    /// What came too early, and until when it waits.
    pub(super) held: Vec<(u32, Envelope)>,
    pub(super) held_until: u64,
}

impl Party {
    pub(super) fn new(account: &Text, device: &Text) -> Party {
        Party { account: account.clone(), device: device.clone() }
    }
}

impl Peer {
    pub(super) fn new(party: Party, uid: u64, now: u64) -> Peer {
        Peer {
            party,
            uid,
            heard: now,
            asked: now,
            doubt: None,
            sent: 0,
            taken: 0,
            held: Vec::new(),
            held_until: 0,
        }
    }
}

impl Room {
    /// The channel as the core is told.
    pub(super) fn channel(&self, id: &Text) -> Channel {
        channel(id, &self.host.account, self.call_type, true)
    }

    /// The channel and its members, this device among them if it is one.
    pub(super) fn view(&self, id: &Text, me: &Party) -> RoomView {
        let own = self.is_in.then_some((me, self.uid));
        let all = own.into_iter().chain(self.peers.iter().map(|it| (&it.party, it.uid)));
        let member = |(party, uid): (&Party, u64)| Member {
            account: party.account.clone(),
            device: party.device.clone(),
            uid,
        };
        RoomView { channel: self.channel(id), members: all.map(member).collect() }
    }

    pub(super) fn peer(&mut self, party: &Party) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|it| it.party == *party)
    }

    pub(super) fn invites(&mut self) -> &mut [Invite] {
        match &mut self.role {
            Role::Host(invites) => invites,
            Role::Guest(_) => &mut [],
        }
    }

    /// The newest invite of this id to this account.
    pub(super) fn invite(&mut self, request: &Text, to: &Text) -> Option<&mut Invite> {
        self.invites().iter_mut().rev().find(|it| it.request == *request && it.to == *to)
    }

    pub(super) fn ring(&mut self) -> Option<&mut Ring> {
        match &mut self.role {
            Role::Guest(ring) => Some(ring),
            Role::Host(_) => None,
        }
    }

    /// Somebody waits for something: a dead connection must be noticed soon.
    pub(super) fn is_lively(&self) -> bool {
        let waits = match &self.role {
            Role::Host(invites) => invites.iter().any(|it| it.verdict.is_none()),
            Role::Guest(_) => true,
        };
        waits || self.is_in && !self.peers.is_empty()
    }
}

/// A channel for the core.
pub(super) fn channel(id: &Text, creator: &Text, call_type: i32, valid: bool) -> Channel {
    Channel { id: id.clone(), creator: creator.clone(), call_type, valid }
}

/// What is over and must not begin again.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Over {
    list: VecDeque<Ended>,
    /// By channel and request: how many of the list.
    known: BTreeMap<(Text, Text), u32>,
}

#[derive(Clone, Debug, Hash)]
struct Ended {
    channel: Text,
    request: Text,
    at: u64,
    /// What an operation on it is answered.
    code: i32,
    word: Option<Word>,
}

/// The last word on an invite of ours: said again to whoever asks.
#[derive(Clone, Debug, Hash)]
pub(super) struct Word {
    pub(super) to: Text,
    pub(super) id: Text,
    pub(super) settled: Settled,
}

impl Over {
    pub(super) fn bury(&mut self, now: u64, channel: &Text, request: &Text, code: i32, word: Option<Word>) {
        let is_late = |it: &Ended| it.at + limits::OVER_MS <= now;
        while self.list.len() >= limits::OVER || self.list.front().is_some_and(is_late) {
            let Some(oldest) = self.list.pop_front() else { break };
            let key = (oldest.channel, oldest.request);
            if let Some(count) = self.known.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.known.remove(&key);
                }
            }
        }
        *self.known.entry((channel.clone(), request.clone())).or_default() += 1;
        self.list.push_back(Ended {
            channel: channel.clone(),
            request: request.clone(),
            at: now,
            code,
            word,
        });
    }

    pub(super) fn has(&self, channel: &Text, request: &Text) -> bool {
        self.known.contains_key(&(channel.clone(), request.clone()))
    }

    /// What an operation on it is answered. None: not known.
    pub(super) fn code(&self, channel: &Text, request: &Text) -> Option<i32> {
        self.find(channel, request).map(|it| it.code)
    }

    /// What was said last about our invite to `to`.
    pub(super) fn word(&self, channel: &Text, request: &Text, to: &Text) -> Option<&Word> {
        self.find(channel, request)?.word.as_ref().filter(|it| it.to == *to)
    }

    fn find(&self, channel: &Text, request: &Text) -> Option<&Ended> {
        self.list.iter().rev().find(|it| it.channel == *channel && it.request == *request)
    }
}

impl How {
    /// What an operation on a settled invite is answered.
    pub(super) fn code(self) -> i32 {
        match self {
            How::Accept => super::codes::INVITE_ACCEPTED,
            How::Reject => super::codes::INVITE_REJECTED,
            How::Cancel => super::codes::INVITE_NOT_EXISTS,
            How::Close => super::codes::CHANNEL_NOT_EXISTS,
        }
    }
}
