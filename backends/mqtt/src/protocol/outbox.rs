//! The outbox: messages in flight, until the broker has them, the peer has acknowledged them, or they expire.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use nertc_callkit_signaling::{DeviceAddr, Text};

use super::limits;
use super::types::{self, Output, PublishResult, Qos, Topic};

/// The kind of a message, for cancelling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Retransmitted until a device rings.
    Invite,
    /// An accept or reject: retransmitted until the decision on the invite arrives.
    Answer,
    /// Repeated until it is acknowledged.
    UntilAcked,
    /// Done when the broker has it.
    Once,
}

/// Something to be sent.
#[derive(Clone, Debug, Hash)]
pub(super) struct OutgoingMessage {
    pub(super) kind: Kind,
    /// Id of the message.
    pub(super) id: Text,
    /// Channel, or empty.
    pub(super) channel: Text,
    pub(super) topic: Topic,
    /// Of the first copy on a connection: the repeats have QoS 1.
    pub(super) qos: Qos,
    pub(super) payload: String,
    /// Forgotten by then, here and at the broker.
    pub(super) expires_ms: u32,
    /// It answers or ends a call: there is always place for it.
    pub(super) is_final: bool,
    /// Not sent before so much has passed.
    pub(super) after_ms: u64,
    /// The operation that ends when the broker has it.
    pub(super) req: Option<u64>,
    /// When that ends in any case.
    pub(super) req_timeout_ms: Option<u64>,
}

#[derive(Clone, Debug, Hash)]
struct Entry {
    outgoing: OutgoingMessage,
    expires_at: u64,
    /// The newest publish with QoS 1; 0: none on this connection.
    token: u64,
    /// When it was first sent on this connection.
    began: u64,
    /// How often it was repeated since.
    repeats: usize,
    /// When to send it; None: no more.
    due: Option<u64>,
    req_by: Option<u64>,
}

/// All that is on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    is_up: bool,
    last_token: u64,
    entries: Vec<Entry>,
}

/// But for how many were sent: the next ones are named by other numbers, and that is all.
impl Hash for Outbox {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.is_up, &self.entries).hash(hasher);
    }
}

impl Kind {
    /// Delay of a repeat, counted from the first time.
    fn repeat(self, count: usize) -> Option<u64> {
        let table = match self {
            Kind::Invite => limits::INVITE_REPEATS,
            Kind::Answer => limits::ANSWER_REPEATS,
            Kind::UntilAcked => limits::REPEATS,
            Kind::Once => &[],
        };
        let more = || {
            let last = table.last().map_or(0, |it| u64::from(*it));
            let over = (count + 1 - table.len()) as u64;
            (self == Kind::Invite).then(|| last + over * limits::INVITE_REPEAT_MS)
        };
        table.get(count).map(|it| u64::from(*it)).or_else(more)
    }
}

/// Names the answer to a publish; 0: there is none.
fn next_token(last: &mut u64, qos: Qos) -> u64 {
    match qos {
        Qos::AtMostOnce => 0,
        Qos::AtLeastOnce => {
            *last += 1;
            *last
        }
    }
}

impl Entry {
    fn next(&self) -> Option<u64> {
        let due = self.due.map_or(self.expires_at, |due| due.min(self.expires_at));
        Some(self.req_by.map_or(due, |by| by.min(due)))
    }
}

impl Outbox {
    /// Sends a message, now or when it is due and there is a connection. False: too many wait.
    #[must_use]
    pub(super) fn send(&mut self, now: u64, out: &mut VecDeque<Output>, outgoing: OutgoingMessage) -> bool {
        let is_like = |it: &&Entry| {
            it.outgoing.channel == outgoing.channel && it.outgoing.is_final == outgoing.is_final
        };
        let limit = if outgoing.is_final { limits::OUTBOX_FINAL } else { limits::OUTBOX_OF_ONE };
        if self.entries.iter().filter(is_like).count() >= limit {
            return false;
        }
        let mut entry = Entry {
            expires_at: now + u64::from(outgoing.expires_ms),
            token: 0,
            began: 0,
            repeats: 0,
            due: Some(now + outgoing.after_ms),
            req_by: outgoing.req.and(outgoing.req_timeout_ms).map(|ms| now + ms),
            outgoing,
        };
        if self.is_up && entry.outgoing.after_ms == 0 {
            entry.publish(now, &mut self.last_token, out);
        }
        self.entries.push(entry);
        true
    }

    /// Sends something once; it is not retransmitted.
    pub(super) fn send_once(
        &mut self,
        out: &mut VecDeque<Output>,
        topic: Topic,
        qos: Qos,
        payload: String,
        expires_ms: u32,
    ) {
        if self.is_up {
            let token = next_token(&mut self.last_token, qos);
            out.push_back(Output::Publish { token, qos, topic, payload, expires_ms });
        }
    }

    /// The broker answered. Some: this operation is done.
    pub(super) fn published(&mut self, token: u64, result: PublishResult) -> Option<u64> {
        let at = self.entries.iter().position(|it| token != 0 && it.token == token)?;
        let req = self.entries[at].take_req();
        let is_refused = matches!(result, PublishResult::Denied | PublishResult::Refused { .. });
        self.entries[at].token = 0;
        if self.entries[at].due.is_none() || is_refused {
            self.entries.remove(at);
            self.release();
        }
        req
    }

    /// A device has it. The operations that are done.
    pub(super) fn acked(&mut self, id: &Text, from: &Text, device: &Text) -> Vec<u64> {
        let is_it = |it: &Entry| {
            it.outgoing.kind == Kind::UntilAcked
                && it.outgoing.id == *id
                && match &it.outgoing.topic {
                    Topic::Inbox(to) => to == from,
                    Topic::Direct(to, at) => to == from && at == device,
                    Topic::Own => false,
                }
        };
        self.take(is_it)
    }

    /// Retransmits now what a device has not acknowledged about a channel. False: nothing.
    pub(super) fn retransmit(
        &mut self,
        now: u64,
        out: &mut VecDeque<Output>,
        channel: &Text,
        to: &DeviceAddr,
    ) -> bool {
        let direct = types::direct(to);
        let is_it = |it: &Entry| {
            let is_acked_kind = it.outgoing.kind == Kind::UntilAcked && it.outgoing.channel == *channel;
            is_acked_kind && it.outgoing.topic == direct && it.expires_at > now
        };
        if !self.is_up || !self.entries.iter().any(is_it) {
            return false;
        }
        for entry in self.entries.iter_mut().filter(|it| is_it(it)) {
            entry.publish(now, &mut self.last_token, out);
        }
        true
    }

    /// Calls back all messages of a kind about a channel to a device. The operations that are done.
    pub(super) fn cancel(&mut self, channel: &Text, kind: Kind, to: &DeviceAddr) -> Vec<u64> {
        let direct = types::direct(to);
        self.take(|it| {
            it.outgoing.kind == kind && it.outgoing.channel == *channel && it.outgoing.topic == direct
        })
    }

    /// Calls back the message with this message. The operations that are done.
    pub(super) fn cancel_message(&mut self, message: &Text, kind: Kind) -> Vec<u64> {
        self.take(|it| it.outgoing.kind == kind && it.outgoing.id == *message)
    }

    fn take(&mut self, is_it: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let done = self.entries.iter_mut().filter(|it| is_it(it)).filter_map(Entry::take_req).collect();
        self.entries.retain(|it| !is_it(it));
        self.release();
        done
    }

    /// There is a connection: what waits is sent, and what was sent on the one before is sent again.
    pub(super) fn up(&mut self, now: u64, out: &mut VecDeque<Output>) {
        self.is_up = true;
        let is_due =
            |it: &&mut Entry| it.expires_at > now && (it.began != 0 || it.due.is_none_or(|due| due <= now));
        for entry in self.entries.iter_mut().filter(is_due) {
            self.last_token += 1;
            (entry.began, entry.repeats) = (0, 0);
            entry.publish(now, &mut self.last_token, out);
        }
    }

    /// The connection is lost, and with it the broker's answers.
    pub(super) fn down(&mut self) {
        self.is_up = false;
        self.entries.iter_mut().for_each(|it| it.token = 0);
    }

    /// Forgets everything; the operations that were waiting.
    pub(super) fn clear(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.entries).iter_mut().filter_map(Entry::take_req).collect()
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<u64> {
        let of = |it: &Entry| if self.is_up { it.next() } else { it.req_by.or(Some(it.expires_at)) };
        self.entries.iter().filter_map(of).min()
    }

    /// Sends what is due and forgets what is too late. Operations that end by the clock, and whether well.
    pub(super) fn due(&mut self, now: u64, out: &mut VecDeque<Output>) -> Vec<(u64, bool)> {
        let mut done = Vec::new();
        for entry in &mut self.entries {
            if entry.req_by.is_some_and(|by| by <= now) {
                done.extend(entry.take_req().map(|req| (req, true)));
            }
            if self.is_up && entry.due.is_some_and(|due| due <= now) && entry.expires_at > now {
                entry.publish(now, &mut self.last_token, out);
            }
        }
        self.entries.retain_mut(|it| {
            let stays = it.expires_at > now && (it.due.is_some() || it.token != 0 || !self.is_up);
            done.extend(it.outgoing.req.take_if(|_| !stays).map(|req| (req, false)));
            stays
        });
        self.release();
        done
    }

    /// An idle device keeps no room for messages.
    fn release(&mut self) {
        if self.entries.is_empty() {
            self.entries = Vec::new();
        }
    }
}

impl Entry {
    fn publish(&mut self, now: u64, last_token: &mut u64, out: &mut VecDeque<Output>) {
        let mut qos = Qos::AtLeastOnce;
        if self.began == 0 {
            self.began = now.max(1);
            qos = self.outgoing.qos;
        } else {
            self.repeats += 1;
        }
        self.token = next_token(last_token, qos);
        self.due = self.outgoing.kind.repeat(self.repeats).map(|delay| self.began + delay);
        out.push_back(Output::Publish {
            token: self.token,
            qos,
            topic: self.outgoing.topic.clone(),
            payload: self.outgoing.payload.clone(),
            expires_ms: u32::try_from(self.expires_at - now).unwrap_or(u32::MAX),
        });
    }

    fn take_req(&mut self) -> Option<u64> {
        self.req_by = None;
        self.outgoing.req.take()
    }
}
