//! What a signaling backend is, and how it reports.

use std::sync::Arc;

use nertc_callkit_signaling::{
    ChannelState, Code, Connection, Event, EventKind, Notification, Operation, OperationResult, Record, Req,
    Text,
};

use crate::LogLevel;
use crate::queue::{SinkMessage, SinkQueue};

/// A signaling backend of one client. [`crate::adapter`] makes the C vtable from it.
///
/// Called on the client's worker, one call at a time; must not block. It reports through the
/// [`SignalingSink`] that it was created with: on any thread, also from inside a call, but never while it
/// holds a lock that a call needs.
pub trait SignalingBackend: Send + Sync + 'static {
    /// Called before the first login, at most once.
    ///
    /// # Errors
    /// It cannot work; the login fails with this code.
    fn open(&self) -> Result<(), Code> {
        Ok(())
    }

    /// Called once, after a successful `open`; nothing is reported afterwards. Must not wait for a thread
    /// that waits for the core.
    fn close(&self);

    /// Logs in. The unread backlog follows the completion as one batch.
    ///
    /// # Errors
    /// Refused, and not completed.
    fn login(&self, req: Req, login: Login) -> Result<(), Code>;

    /// Starts any other operation, which is completed exactly once.
    ///
    /// # Errors
    /// Refused, and not completed.
    fn run(&self, req: Req, operation: Operation) -> Result<(), Code>;

    /// Takes note of something; nothing answers it.
    fn notify(&self, notification: Notification);

    /// The device's network changed: reconnect now.
    fn network_changed(&self) {}
}

/// Account and device of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// Account.
    pub account: Text,
    /// Token, or empty.
    pub token: Text,
    /// This device.
    pub device: Text,
    /// Folder that the backend may write to, or empty.
    pub data_dir: Text,
    /// How long the core waits for the completion, in ms; 0 = unknown.
    pub timeout_ms: u32,
}

/// What a signaling backend reports. Small and cheap to clone: a queue of them is what an idle device costs,
/// and an event is shared by all its receivers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SignalingMessage {
    /// An operation ended.
    Completed(Req, Box<OperationResult>),
    /// An event, just now.
    Online(Arc<Event>),
    /// What another device of the account answered.
    OtherDevice(Arc<Event>),
    /// What waited while the device was offline.
    Offline(Arc<[Event]>),
    /// Channels that the device is still in after a login.
    Channels(Arc<[ChannelState]>),
    /// The connection changed.
    Connection(Box<Connection>),
    /// A call record that `from` sent: what it claims.
    Record {
        /// Its sender.
        from: Text,
        /// What it claims.
        record: Arc<Record>,
    },
    /// A line for the log.
    Log(LogLevel, Text),
}

/// How a signaling backend reports; clones of the Arc share the queue.
pub type SignalingSink = Arc<SinkQueue<SignalingMessage>>;

impl SinkQueue<SignalingMessage> {
    /// Queues the completion of an operation.
    pub fn complete(&self, req: Req, result: impl Into<OperationResult>) {
        self.push(SignalingMessage::completed(req, result));
    }
}

impl SignalingMessage {
    /// The completion of an operation.
    pub fn completed(req: Req, result: impl Into<OperationResult>) -> SignalingMessage {
        SignalingMessage::Completed(req, Box::new(result.into()))
    }
}

impl SinkMessage for SignalingMessage {
    fn is_completion(&self) -> bool {
        matches!(self, SignalingMessage::Completed(..))
    }

    /// What ends or answers something, and what changes the session, must be delivered. What begins
    /// something, or happens within it, is repeated or missed.
    fn may_be_lost(&self) -> Option<&str> {
        match self {
            SignalingMessage::Online(event) => match event.kind {
                EventKind::Invite | EventKind::Join | EventKind::Control | EventKind::Ringing => {
                    Some(&event.from)
                }
                EventKind::Close
                | EventKind::Cancel
                | EventKind::Reject
                | EventKind::Accept
                | EventKind::Leave
                | EventKind::PeerLost => None,
            },
            SignalingMessage::Record { from, .. } => Some(from),
            SignalingMessage::Log(..) => Some(""),
            SignalingMessage::Completed(..)
            | SignalingMessage::OtherDevice(_)
            | SignalingMessage::Offline(_)
            | SignalingMessage::Channels(_)
            | SignalingMessage::Connection(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_small() {
        assert!(size_of::<SignalingMessage>() <= 4 * size_of::<usize>(), "{}", size_of::<SignalingMessage>());
    }
}
