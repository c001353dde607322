//! Call records: who writes which, and at most one a call.

use super::coalesce::Kind;
use super::core::Engine;
use super::limits;
use super::output::{Event, Operation, RecordSent};
use super::state::{InCall, OutgoingInvite, Session};
use super::time::Time;
use super::wire;
use nertc_callkit_signaling::{self as signaling, CallType, Record, RecordStatus, Text};

/// What a record is about.
struct RecordContext<'a> {
    call_no: u64,
    peer: &'a Text,
    channel_id: &'a Text,
    call_id: &'a Text,
    call_type: CallType,
}

impl Engine {
    /// The record of an own invite that was issued and came to nothing.
    pub(super) fn record_missed(&mut self, now: Time, own: &OutgoingInvite, status: RecordStatus) {
        if !own.issued || own.options.no_record {
            return;
        }
        let about = RecordContext {
            call_no: own.no,
            peer: &own.options.user,
            channel_id: &own.channel_id,
            call_id: &own.call_id,
            call_type: own.options.call_type,
        };
        self.send_record(now, &about, status, Vec::new());
    }

    /// The record of a call that took place: the inviter's, unless the service writes it.
    pub(super) fn record_complete(&mut self, now: Time, call: &InCall, durations: &[(Text, u32)]) {
        let is_ours = call.is_inviter && !call.no_record && !self.config.caps.server_record;
        if !is_ours || call.connected_at.is_none() {
            return;
        }
        let about = RecordContext {
            call_no: call.no,
            peer: &call.peer,
            channel_id: &call.channel_id,
            call_id: &call.call_id,
            call_type: call.call_type,
        };
        self.send_record(now, &about, RecordStatus::Complete, durations.to_vec());
    }

    fn send_record(
        &mut self,
        now: Time,
        about: &RecordContext<'_>,
        status: RecordStatus,
        durations: Vec<(Text, u32)>,
    ) {
        if !self.config.caps.send_record {
            return;
        }
        let record = Record {
            client_msg_id: about.call_id.clone(),
            to: about.peer.clone(),
            channel_id: about.channel_id.clone(),
            call_type: about.call_type,
            status,
            text: wire::record(about.call_type, about.channel_id, status as i32, &durations),
            durations,
        };
        self.side(now, Operation::Record, about.call_no, false, signaling::Operation::Record(record));
        self.emit(Event::MessageSent(RecordSent {
            call_no: about.call_no,
            user: self.session.account(),
            peer: about.peer.clone(),
            msg_id: about.call_id.clone(),
            status,
            call_type: about.call_type,
        }));
    }

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
        if !self.reported_records.take(&from, &record.client_msg_id) {
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
