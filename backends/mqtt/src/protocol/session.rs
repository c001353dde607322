//! What a session is: its phase, and the backlog that it keeps.
//!
//! After every connect a device sends a mark to itself, and at a login a hello to all devices of the account.
//! When they return the broker has delivered what was queued, and both directions are proven. Messages before
//! that are the backlog: delivered as one batch, its invites only after the callers' devices have confirmed
//! them.

use std::collections::BTreeSet;

use nertc_callkit_signaling::{DeviceAddr, Event, EventKind, Text};

use super::limits;
use super::types::{Output, TopicKind};

/// Logged in or not, connected or not.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Session {
    pub(super) phase: Phase,
    /// The login that waits.
    pub(super) login: Option<u64>,
    /// The login that this session began with.
    pub(super) began_by: Option<u64>,
    /// Logged in, also while the connection is lost.
    pub(super) is_in: bool,
    /// Our hello returned: later hellos are later logins.
    pub(super) has_greeted: bool,
    /// The core was notified that the connection is lost.
    pub(super) is_lost: bool,
    pub(super) backlog: Vec<Event>,
    /// Call records of the backlog, by account.
    pub(super) records: Vec<(Text, Output)>,
    /// What came before the subscription was confirmed: a broker with our session does not wait for that.
    pub(super) early: Vec<Incoming>,
}

/// A message as it came.
#[derive(Clone, Debug, Hash)]
pub(super) struct Incoming {
    pub(super) kind: TopicKind,
    pub(super) from: DeviceAddr,
    pub(super) payload: Vec<u8>,
    /// When it expires; None: never, or not known.
    pub(super) expires_at: Option<u64>,
}

#[derive(Clone, Debug, Default, Hash)]
pub(super) enum Phase {
    /// Logged out.
    #[default]
    Out,
    /// The connection connects.
    Connecting,
    /// What we sent to ourselves is on its way: the mark, and at a login, once that is back, the hello.
    Greeting {
        /// The message that is to return.
        awaits: Text,
        is_hello: bool,
        until: u64,
    },
    /// Callers are asked whether the backlog's invites stand. Only what concerns channels of these accounts
    /// waits for that: an account that does not answer delays nobody else.
    Probing {
        until: u64,
        accounts: BTreeSet<Text>,
    },
    In,
}

impl Session {
    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    pub(super) fn is_up(&self) -> bool {
        !matches!(self.phase, Phase::Out | Phase::Connecting)
    }

    /// Queues a message until there is a connection, or returns it. Peers of a call, and our
    /// own account, have a share of their own.
    pub(super) fn hold_early(&mut self, incoming: Incoming, is_live: bool) -> Option<Incoming> {
        if !matches!(self.phase, Phase::Connecting) {
            return Some(incoming);
        }
        let size = |it: &Incoming| it.payload.len() + limits::NAME_BYTES;
        let is_theirs = |it: &&Incoming| it.from.account == incoming.from.account;
        let theirs = self.early.iter().filter(is_theirs).map(size).sum::<usize>();
        let all = self.early.iter().map(size).sum::<usize>();
        if theirs < limits::EARLY_OF_ONE && (is_live || all < limits::EARLY) {
            self.early.push(incoming);
        }
        None
    }

    /// Messages from now on are live.
    pub(super) fn greets(&self) -> bool {
        matches!(self.phase, Phase::Greeting { .. })
    }

    /// Queues an event for the batch, or returns it. What ends or answers a call is always queued: each
    /// belongs to a call that is here or in the batch.
    pub(super) fn hold(&mut self, event: Event, is_live: bool) -> Option<Event> {
        if !self.holds(&event.channel.creator) {
            return Some(event);
        }
        let is_final = match event.kind {
            EventKind::Close
            | EventKind::Cancel
            | EventKind::Reject
            | EventKind::Accept
            | EventKind::Leave => true,
            EventKind::Join
            | EventKind::Invite
            | EventKind::Control
            | EventKind::Ringing
            | EventKind::PeerLost => false,
        };
        if is_final || self.has_place(&event.from, is_live) {
            self.backlog.push(event);
        }
        None
    }

    /// What concerns channels of this account waits for the batch.
    fn holds(&self, account: &Text) -> bool {
        match &self.phase {
            Phase::Out | Phase::Connecting | Phase::Greeting { .. } => true,
            Phase::Probing { accounts, .. } => accounts.contains(account),
            Phase::In => false,
        }
    }

    /// Whether the batch has place for something more of this account.
    pub(super) fn has_place(&self, from: &Text, is_live: bool) -> bool {
        let of_one = self.backlog.iter().filter(|it| it.from == *from).count();
        of_one < limits::BACKLOG_OF_ONE && (is_live || self.backlog.len() < limits::BACKLOG)
    }

    /// Queues a call record until the batch is delivered, or returns it.
    pub(super) fn hold_record(&mut self, from: &Text, record: Output) -> Option<Output> {
        if !self.holds(from) {
            return Some(record);
        }
        let of_one = self.records.iter().filter(|it| it.0 == *from).count();
        if of_one < limits::BACKLOG_OF_ONE && self.records.len() < limits::BACKLOG {
            self.records.push((from.clone(), record));
        }
        None
    }

    pub(super) fn timeout(&self) -> Option<u64> {
        match self.phase {
            Phase::Greeting { until, .. } | Phase::Probing { until, .. } => Some(until),
            Phase::Out | Phase::Connecting | Phase::In => None,
        }
    }

    /// The backlog has this invite.
    pub(super) fn has_invite(&self, channel: &Text) -> bool {
        self.backlog.iter().any(|it| it.kind == EventKind::Invite && it.channel.id == *channel)
    }
}
