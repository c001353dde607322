//! What the worker needs from the outside. The facade implements these over the C vtables and callbacks.

use std::sync::Arc;

use crate::engine::input::Ticket;
use crate::engine::output::{Event, OpResult, Preparation, RtcOp};
use nertc_callkit_signaling::{self as signaling, Notification, Outcome, Req, Text};

/// The signaling backend of one client. Called on the worker thread only.
pub trait Signaling: Send {
    /// Starts an operation (opens the backends before the first login). `Err` = refused, nothing follows.
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome>;
    /// Runs an operation without a completion.
    fn notify(&mut self, notice: Notification);
    /// The device's network changed.
    fn network_changed(&mut self);
    /// Closes and releases the backend: no report follows its return. Last call.
    fn close(&mut self);
}

/// The media backend of one client. Called on the worker thread only.
pub trait Rtc: Send {
    /// Starts an operation. `Err` = refused, nothing follows.
    fn start(&mut self, req: Req, op: RtcOp) -> Result<(), Outcome>;
    /// Delivers a text of the peer's media backend, for the join of this number.
    fn receive(&mut self, join: Req, json: &Text);
    /// A call is being made or rings: its join may follow.
    fn prepare(&mut self, preparation: &Preparation);
    /// The join of the call that was prepared does not follow.
    fn discard(&mut self, call_no: u64);
    /// The device's network changed.
    fn network_changed(&mut self);
    /// Closes and releases the backend. Last call.
    fn close(&mut self);
}

/// The app's side. Called on the worker thread (WORKER delivery) or inside dispatch (APP delivery).
pub trait Listener: Send + Sync {
    /// Completes a request.
    fn done(&self, ticket: Ticket, result: &OpResult);
    /// Emits an event.
    fn event(&self, event: &Event);
    /// The client is gone; last callback of all.
    fn released(&self);
    /// APP delivery: the queue of undelivered callbacks became non-empty. Any thread, no lock held.
    fn wakeup(&self);
}

/// The ports of a client.
pub struct Ports {
    /// The signaling backend.
    pub signaling: Box<dyn Signaling>,
    /// The media backend.
    pub rtc: Box<dyn Rtc>,
    /// The app.
    pub listener: Arc<dyn Listener>,
}
