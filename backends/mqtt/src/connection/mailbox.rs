//! Messages that the broker stored arrive before its SUBACK: they wait until that is received.

use std::collections::BTreeMap;

use super::settings::ConnectionEvent;
use nertc_callkit_signaling::Text;

/// Messages that wait, at most ...
const MESSAGES: usize = 1024;
/// ... and their bytes.
const BYTES: usize = 2 << 20;

/// Messages from before the SUBACK. When there are too many, the sender with the most loses its newest:
/// an account that floods the mailbox does not evict others' messages.
#[derive(Default)]
pub(super) struct Mailbox {
    events: Vec<ConnectionEvent>,
    bytes: usize,
    /// How many were dropped.
    dropped: u64,
}

/// Its sender and length.
fn about(event: &ConnectionEvent) -> (Text, usize) {
    match event {
        ConnectionEvent::Message { from, payload, .. } => (from.clone(), payload.len()),
        ConnectionEvent::Gone { account, .. } => (account.clone(), 0),
        ConnectionEvent::Up { .. }
        | ConnectionEvent::Down
        | ConnectionEvent::NeedToken { .. }
        | ConnectionEvent::Refused { .. }
        | ConnectionEvent::Published { .. } => ("".into(), 0),
    }
}

impl Mailbox {
    pub(super) fn push(&mut self, event: ConnectionEvent) {
        self.bytes += about(&event).1;
        self.events.push(event);
        while self.events.len() > MESSAGES || self.bytes > BYTES {
            self.drop_one();
        }
    }

    fn drop_one(&mut self) {
        let mut loads: BTreeMap<Text, (usize, usize)> = BTreeMap::new();
        for (from, bytes) in self.events.iter().map(about) {
            let load = loads.entry(from).or_default();
            *load = (load.0 + 1, load.1 + bytes);
        }
        // By what there is too much of.
        let weigh = |load: &(usize, usize)| if self.bytes > BYTES { load.1 } else { load.0 };
        let loudest = loads.into_iter().max_by_key(|(_, load)| weigh(load)).map(|(from, _)| from);
        let at = self.events.iter().rposition(|it| Some(about(it).0) == loudest);
        let dropped = self.events.remove(at.unwrap_or(0));
        self.bytes -= about(&dropped).1;
        self.dropped += 1;
    }

    pub(super) fn take(&mut self) -> Vec<ConnectionEvent> {
        if self.dropped > 0 {
            log::warn!("mqtt: the mailbox was full: {} messages were dropped", self.dropped);
        }
        std::mem::take(self).events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::TopicKind;

    fn message(from: &str, size: usize) -> ConnectionEvent {
        ConnectionEvent::Message {
            kind: TopicKind::Inbox,
            from: from.into(),
            device: "pad".into(),
            payload: vec![0; size],
            expires_at: None,
        }
    }

    fn count(events: &[ConnectionEvent], account: &str) -> usize {
        events.iter().filter(|it| *about(it).0 == *account).count()
    }

    #[test]
    fn a_flood_evicts_only_its_sender() {
        for size in [10, 16 * 1024] {
            let mut mailbox = Mailbox::default();
            mailbox.push(message("bob", size));
            for _ in 0..2000 {
                mailbox.push(message("mallory", size));
            }
            mailbox.push(message("carol", size));
            assert!(mailbox.bytes <= BYTES);
            let events = mailbox.take();
            assert!(events.len() <= MESSAGES && events.len() >= 100, "{}", events.len());
            assert_eq!((count(&events, "bob"), count(&events, "carol")), (1, 1));
            assert_eq!(events[0], message("bob", size), "in order");
            assert_eq!((mailbox.bytes, mailbox.take().len()), (0, 0));
        }
    }
}
