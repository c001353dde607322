//! Call records of others: claims, reported once per sender and message.

use serde::{Deserialize, Serialize};

use super::coalesce::Kind;
use super::output::{Event, RecordSent};
use super::session::Session;
use super::time::Time;
use super::{Engine, limits};
use nertc_callkit_signaling::{Record, Text};

/// The records already reported, oldest first: sender and message id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Claims(Vec<Claim>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Claim {
    from: Text,
    msg_id: Text,
}

impl Claims {
    /// True if this one is new. Each sender has a share; its own oldest goes first.
    fn take(&mut self, from: &Text, msg_id: &Text) -> bool {
        if self.0.iter().any(|known| known.msg_id == *msg_id && known.from == *from) {
            return false;
        }
        let count = |of: &Text| self.0.iter().filter(|known| known.from == *of).count();
        let crowded = if count(from) >= limits::CLAIMS_PER_SENDER {
            Some(from.clone())
        } else if self.0.len() >= limits::CLAIMS {
            let greediest = self.0.iter().rev().max_by_key(|known| count(&known.from));
            greediest.map(|known| known.from.clone())
        } else {
            None
        };
        if let Some(index) = crowded.and_then(|of| self.0.iter().position(|known| known.from == of)) {
            self.0.remove(index);
        }
        self.0.push(Claim { from: from.clone(), msg_id: msg_id.clone() });
        true
    }
}

impl Engine {
    /// A call record of the peer of some call, or of another device of this account.
    pub(super) fn on_record(&mut self, now: Time, from: Text, record: Record) {
        if let Session::LoggingIn { records, .. } = &mut self.session {
            if records.len() >= limits::EARLY_RECORDS {
                return self.ignore("too many records before the login completed");
            }
            return records.push((from, record));
        }
        if !self.session.is_logged_in() {
            return self.ignore("a record while not logged in");
        }
        let account = self.session.account();
        let is_own = from == account;
        if from.is_empty() || record.client_msg_id.is_empty() {
            return self.ignore("a record without sender or message id");
        }
        if !is_own && record.to != account {
            return self.ignore("a record for another account");
        }
        if !is_own && self.state.peer() != from && !self.policy.admits(&from) {
            return self.ignore("a record of an account that the policy refuses");
        }
        if self.is_backlogged {
            return self.ignore("a record, and the app takes no events");
        }
        if !self.claims.take(&from, &record.client_msg_id) {
            return self.ignore("duplicate of a record");
        }
        let event = Event::RecordReceived(RecordSent {
            call_no: 0,
            user: from.clone(),
            peer: record.to,
            msg_id: record.client_msg_id,
            status: record.status,
            call_type: record.call_type,
        });
        self.notify_coalesced(now, &from, Kind::Record, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Text {
        n.to_string().into()
    }

    #[test]
    fn a_record_is_new_once_for_each_sender() {
        let mut claims = Claims::default();
        assert!(claims.take(&id(1), &id(7)));
        assert!(!claims.take(&id(1), &id(7)));
        assert!(claims.take(&id(2), &id(7)), "ids are the sender's own");
        assert!(claims.take(&id(1), &id(8)));
    }

    #[test]
    fn claims_of_others_are_not_evicted() {
        let mut claims = Claims::default();
        claims.take(&id(1), &id(7));
        for n in 0..10 * limits::CLAIMS {
            assert!(claims.take(&id(2), &id(n)));
        }
        assert!(!claims.take(&id(1), &id(7)));
        assert_eq!(claims.0.len(), 1 + limits::CLAIMS_PER_SENDER);
        // Many senders: the one with the most entries is evicted first.
        for n in 0..limits::CLAIMS - 1 - limits::CLAIMS_PER_SENDER {
            claims.take(&id(100 + n), &id(1));
        }
        assert_eq!(claims.0.len(), limits::CLAIMS);
        for n in 0..limits::CLAIMS_PER_SENDER - 1 {
            claims.take(&id(9_000 + n), &id(1));
        }
        assert!(!claims.take(&id(1), &id(7)));
        assert_eq!(claims.0.len(), limits::CLAIMS);
    }
}
