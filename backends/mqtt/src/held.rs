//! Which reports may wait for others before the core is told.
//!
//! The broker acknowledges an invite before the called device answers, and nothing follows from that: the
//! core would be woken for it alone while the answer is on its way, on the CPU that the answer needs. So the
//! success of an invite is told with whatever comes next, and after [`HELD_MS`] at the latest.

use std::mem;

use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_signaling::{Code, Operation, Req};

/// Longer than a round trip within a network, and too short to be noticed.
const HELD_MS: u64 = 5;

/// What of a sink queue may wait.
#[derive(Default)]
pub(crate) struct Held {
    /// Invites without a result.
    invites: Vec<Req>,
    /// Messages since the last [`Held::settle`] that may wait, and that may not.
    patient: usize,
    urgent: usize,
    /// Until when something waits.
    until: Option<u64>,
}

impl Held {
    /// An operation begins.
    pub(crate) fn begin(&mut self, req: Req, operation: &Operation) {
        if matches!(operation, Operation::Invite { .. }) {
            self.invites.push(req);
        }
    }

    /// A message is queued.
    pub(crate) fn note(&mut self, message: &SignalingMessage) {
        if self.may_wait(message) {
            self.patient += 1;
        } else {
            self.urgent += 1;
        }
    }

    fn may_wait(&mut self, message: &SignalingMessage) -> bool {
        let SignalingMessage::Completed(req, result) = message else { return false };
        let Some(at) = self.invites.iter().position(|invite| invite == req) else { return false };
        self.invites.swap_remove(at);
        result.outcome.code == Code::OK
    }

    /// True: all that was queued since the last time may wait. False: the queue is to be emptied now.
    pub(crate) fn settle(&mut self, now: u64) -> bool {
        let (patient, urgent) = (mem::take(&mut self.patient), mem::take(&mut self.urgent));
        if patient > 0 && urgent == 0 {
            self.until = Some(self.until.unwrap_or(now + HELD_MS));
        } else {
            self.until = None;
        }
        self.until.is_some_and(|until| until > now)
    }

    /// When the queue is to be emptied at the latest.
    pub(crate) fn until(&self) -> Option<u64> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use nertc_callkit_signaling::{Message, Outcome};

    use super::*;
    use crate::convert;
    use crate::protocol::ConnectionChange;

    fn invite() -> Operation {
        let message = Message { account: "bob".into(), channel_id: "c".into(), ..Message::default() };
        Operation::Invite { message, expires_ms: 30_000, push: None }
    }

    fn completed(req: u64, code: Code) -> SignalingMessage {
        SignalingMessage::completed(Req(req), Outcome { code, ..Outcome::default() })
    }

    /// What is held after these messages, queued together at 1000 ms.
    fn after(held: &mut Held, messages: &[SignalingMessage]) -> bool {
        messages.iter().for_each(|message| held.note(message));
        held.settle(1_000)
    }

    #[test]
    fn the_success_of_an_invite_waits_for_company_or_5_ms() {
        let mut held = Held::default();
        held.begin(Req(1), &invite());
        held.begin(Req(2), &invite());
        assert!(after(&mut held, &[completed(1, Code::OK)]));
        assert_eq!(held.until(), Some(1_005));
        // Another one does not put it off.
        held.note(&completed(2, Code::OK));
        assert!(held.settle(1_003));
        assert_eq!(held.until(), Some(1_005));
        // Nothing new, and the time is up.
        assert!(!held.settle(1_005));
        assert_eq!(held.until(), None);
    }

    #[test]
    fn everything_else_is_told_at_once_with_what_waits() {
        let change = || convert::connection(ConnectionChange::Lost, Outcome::default());
        let urgent: [&[SignalingMessage]; 5] = [
            &[completed(1, Code::OK), change()],
            &[change(), completed(1, Code::OK)],
            &[completed(1, Code::TIMEOUT)],
            &[completed(7, Code::OK)],
            &[],
        ];
        for messages in urgent {
            let mut held = Held::default();
            held.begin(Req(1), &invite());
            held.begin(Req(7), &Operation::Logout);
            assert!(!after(&mut held, messages), "{messages:?}");
            assert_eq!(held.until(), None);
        }
        let mut held = Held::default();
        held.begin(Req(1), &invite());
        assert!(after(&mut held, &[completed(1, Code::OK)]));
        assert!(!after(&mut held, &[change()]));
        // It has had its result.
        assert!(!after(&mut held, &[completed(1, Code::OK)]));
    }
}
