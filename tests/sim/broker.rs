//! A broker that only carries: sessions that wait for their devices, and what it does wrong. How long that
//! takes is the world's business.

use std::collections::{BTreeSet, VecDeque};

use nertc_callkit_mqtt::protocol::Qos;
use nertc_callkit_mqtt::topics::{Incoming, Topics};

/// A message on its way to one session.
#[derive(Clone, Debug)]
pub(crate) struct QueuedMessage {
    pub(crate) id: u64,
    pub(crate) qos: Qos,
    pub(crate) topic: String,
    pub(crate) payload: String,
    /// When the broker forgets it; never, where it does not know message expiry.
    pub(crate) expires_at: u64,
}

/// What the broker keeps of a device, connected or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// The connection, until the broker has noticed its end.
    pub(crate) connection: Option<u32>,
    queue: VecDeque<QueuedMessage>,
    /// Sent, not acknowledged: sent again on the next connection.
    sent: VecDeque<QueuedMessage>,
    /// The devices whose wills it watches.
    watches: BTreeSet<usize>,
}

/// The broker.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    /// By device.
    sessions: Vec<Option<Session>>,
    /// MQTT 5: messages expire, and a publish without subscribers is reported.
    pub(crate) is_five: bool,
    last_id: u64,
}

impl Broker {
    pub(crate) fn new(devices: usize, is_five: bool) -> Broker {
        Broker { sessions: vec![None; devices], is_five, last_id: 0 }
    }

    /// Everything is lost.
    pub(crate) fn forget_all(&mut self) {
        self.sessions.fill(None);
    }

    pub(crate) fn forget(&mut self, device: usize) {
        self.sessions[device] = None;
    }

    pub(crate) fn session(&mut self, device: usize) -> Option<&mut Session> {
        self.sessions[device].as_mut()
    }

    /// A device connects and subscribes. True: its session was there.
    pub(crate) fn connect(&mut self, device: usize, connection: u32) -> bool {
        let resumed = self.sessions[device].is_some();
        let session = self.sessions[device].get_or_insert_default();
        session.end();
        session.connection = Some(connection);
        session.watches.clear();
        resumed
    }

    /// The subscribers of a topic.
    pub(crate) fn subscribers(&self, topic: &str, names: &[Topics]) -> Vec<usize> {
        let is_theirs = |device: &usize| {
            let reads = matches!(names[*device].read(topic), Some(Incoming::Message { .. }));
            reads && self.sessions[*device].is_some()
        };
        (0..self.sessions.len()).filter(is_theirs).collect()
    }

    /// A message for a session.
    pub(crate) fn enqueue(
        &mut self,
        now: u64,
        device: usize,
        (qos, topic, payload): (Qos, &str, &str),
        expires_ms: u32,
    ) {
        self.last_id += 1;
        let lasts = if self.is_five { u64::from(expires_ms) } else { u64::from(u32::MAX) };
        let (topic, payload, expires_at) = (topic.to_owned(), payload.to_owned(), now + lasts);
        if let Some(session) = &mut self.sessions[device] {
            session.queue.push_back(QueuedMessage { id: self.last_id, qos, topic, payload, expires_at });
        }
    }

    /// The watchers of this device's will.
    pub(crate) fn watchers(&self, gone: usize) -> Vec<usize> {
        let watches =
            |device: &usize| self.sessions[*device].as_ref().is_some_and(|it| it.watches.contains(&gone));
        (0..self.sessions.len()).filter(watches).collect()
    }
}

impl Session {
    /// The connection has ended.
    pub(crate) fn end(&mut self) {
        self.connection = None;
        while let Some(queued) = self.sent.pop_back() {
            self.queue.push_front(queued);
        }
    }

    /// The next message to be sent, if there is a connection.
    pub(crate) fn next(&mut self, now: u64) -> Option<QueuedMessage> {
        self.connection?;
        self.queue.retain(|queued| queued.expires_at > now);
        let queued = self.queue.pop_front()?;
        if queued.qos == Qos::AtLeastOnce {
            self.sent.push_back(queued.clone());
        }
        Some(queued)
    }

    /// The device has a message, and the broker knows.
    pub(crate) fn acknowledged(&mut self, id: u64) {
        self.sent.retain(|queued| queued.id != id);
    }

    pub(crate) fn watch(&mut self, whom: usize, on: bool) {
        if on {
            self.watches.insert(whom)
        } else {
            self.watches.remove(&whom)
        };
    }
}
