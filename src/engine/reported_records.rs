//! Call records of others, reported once per sender and message.

use serde::{Deserialize, Serialize};

use super::limits;
use nertc_callkit_signaling::Text;

/// The records already reported, oldest first: sender and message id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ReportedRecords(Vec<ReportedRecord>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct ReportedRecord {
    from: Text,
    msg_id: Text,
}

impl ReportedRecords {
    /// True if this one is new. Each sender has a share; its own oldest goes first.
    pub(super) fn take(&mut self, from: &Text, msg_id: &Text) -> bool {
        if self.0.iter().any(|known| known.msg_id == *msg_id && known.from == *from) {
            return false;
        }
        let count = |of: &Text| self.0.iter().filter(|known| known.from == *of).count();
        let crowded = if count(from) >= limits::REPORTED_RECORDS_PER_SENDER {
            Some(from.clone())
        } else if self.0.len() >= limits::REPORTED_RECORDS {
            let greediest = self.0.iter().rev().max_by_key(|known| count(&known.from));
            greediest.map(|known| known.from.clone())
        } else {
            None
        };
        if let Some(index) = crowded.and_then(|of| self.0.iter().position(|known| known.from == of)) {
            self.0.remove(index);
        }
        self.0.push(ReportedRecord { from: from.clone(), msg_id: msg_id.clone() });
        true
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
        let mut reported_records = ReportedRecords::default();
        assert!(reported_records.take(&id(1), &id(7)));
        assert!(!reported_records.take(&id(1), &id(7)));
        assert!(reported_records.take(&id(2), &id(7)), "ids are the sender's own");
        assert!(reported_records.take(&id(1), &id(8)));
    }

    #[test]
    fn claims_of_others_are_not_evicted() {
        let mut reported_records = ReportedRecords::default();
        reported_records.take(&id(1), &id(7));
        for n in 0..10 * limits::REPORTED_RECORDS {
            assert!(reported_records.take(&id(2), &id(n)));
        }
        assert!(!reported_records.take(&id(1), &id(7)));
        assert_eq!(reported_records.0.len(), 1 + limits::REPORTED_RECORDS_PER_SENDER);
        // Many senders: the one with the most entries is evicted first.
        for n in 0..limits::REPORTED_RECORDS - 1 - limits::REPORTED_RECORDS_PER_SENDER {
            reported_records.take(&id(100 + n), &id(1));
        }
        assert_eq!(reported_records.0.len(), limits::REPORTED_RECORDS);
        for n in 0..limits::REPORTED_RECORDS_PER_SENDER - 1 {
            reported_records.take(&id(9_000 + n), &id(1));
        }
        assert!(!reported_records.take(&id(1), &id(7)));
        assert_eq!(reported_records.0.len(), limits::REPORTED_RECORDS);
    }
}
