//! Call records: who writes which, and at most one a call.

use super::Engine;
use super::output::{Event, Operation, RecordSent};
use super::state::{InCall, OutgoingInvite};
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
        self.tell(Event::MessageSent(RecordSent {
            call_no: about.call_no,
            user: self.session.account(),
            peer: about.peer.clone(),
            msg_id: about.call_id.clone(),
            status,
            call_type: about.call_type,
        }));
    }
}
