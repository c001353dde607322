//! Invariants of a single world. Where hostile accounts may ring, they may keep a device busy,
//! but a call of the two accounts still rings or is refused, and its end still reaches the other side; and
//! nobody's own calls are refused for lack of table entries.

use nertc_callkit::engine::output::{Event, Operation};
use nertc_callkit_signaling::{Code, Text};

/// Something that must happen soon.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// An invite rings at one of the devices, or the caller gets the reason.
    Ring { caller: usize, to: Text, channel: Text },
    /// A device gets the end of its call.
    End { device: usize, call_no: u64 },
}

#[derive(Clone, Debug, Default)]
pub(super) struct LivenessMonitor {
    pub(super) awaited: Vec<(u64, Awaited)>,
    /// The MQTT peer had a reason to refuse the last message.
    pub(super) logged: bool,
    /// Calls between the two accounts that rang, and that were connected.
    pub(super) rings: u64,
    pub(super) connected: u64,
}

impl LivenessMonitor {
    pub(super) fn next_due(&self) -> Option<u64> {
        self.awaited.iter().map(|it| it.0).min()
    }

    /// What did not happen in time.
    pub(super) fn overdue(&mut self, now: u64) -> Option<String> {
        let at = self.awaited.iter().position(|it| it.0 <= now)?;
        let (_, awaited) = self.awaited.remove(at);
        Some(match awaited {
            Awaited::Ring { caller, channel, .. } => {
                format!("invariant 13: the call of device {caller} is silenced: {channel} rings nowhere")
            }
            Awaited::End { device, call_no } => {
                format!("invariant 13: device {device} is not notified that its call {call_no} has ended")
            }
        })
    }

    /// The calls to this account need not ring: a device of it logs out, or another call may ring instead.
    pub(super) fn is_left(&mut self, account: &Text) {
        self.awaited.retain(|it| !matches!(&it.1, Awaited::Ring { to, .. } if to == account));
    }

    pub(super) fn done(&mut self, operation: Operation, code: Code) -> Option<String> {
        (code == Code::LIMIT).then(|| format!("invariant 13: {operation:?} finds no room ({code})"))
    }

    pub(super) fn event(&mut self, device: usize, event: &Event) -> Option<String> {
        if let Event::Invited(invited) = event
            && !invited.invitor.starts_with("mallory")
        {
            self.rings += 1;
            let id = &invited.channel_id;
            self.awaited.retain(|it| !matches!(&it.1, Awaited::Ring { channel, .. } if channel == id));
        }
        self.connected += u64::from(matches!(event, Event::CallConnected(_)));
        // Also on the other's invite, in a glare.
        if matches!(event, Event::UserAccept(_)) {
            self.awaited.retain(|it| !matches!(&it.1, Awaited::Ring { caller, .. } if *caller == device));
        }
        if let Event::CallEnd(end) = event {
            let number = end.call_no;
            let is_over = |it: &Awaited| match it {
                Awaited::Ring { caller, .. } => *caller == device,
                Awaited::End { device: whose, call_no } => *whose == device && *call_no == number,
            };
            self.awaited.retain(|it| !is_over(&it.1));
        }
        if let Event::Error(error) = event
            && error.code == Code::LIMIT
        {
            return Some(format!("invariant 13: {:?} finds no room ({})", error.operation, error.code));
        }
        None
    }
}
