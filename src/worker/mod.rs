//! The worker: one thread, one loop, no decisions.
//!
//! The path of a message: a `Client` queues it in its worker's `inbox`, if its `quota` has a slot left; the
//! `event_loop` takes it out, and the `slot` of the client passes it to its engine and executes the
//! outputs: operations go to the backends, completions and events to the app, either at once or, if
//! the app dispatches them itself, through the `callback_queue`. In between the loop sleeps (`clock`) until
//! the next message or the next deadline of any engine. A completion that a backend gives while its operation
//! is `starting` stays in the step. `thread` manages the loops: one for the whole process, unless a client
//! asks for its own.
//!
//! No lock is held while the app or a backend is called, and nothing here has call logic.

use nertc_callkit_engine as engine;

mod by_ticket;
mod callback_queue;
mod client;
mod clock;
mod event_loop;
mod failed;
mod guard;
mod inbox;
mod message;
pub mod ports;
mod quota;
mod shared;
mod slot;
mod starting;
#[cfg(test)]
mod tests;
mod thread;
mod trace;

pub use by_ticket::ByTicket;
pub use client::{Client, Options};
pub use guard::{CallbackGuard, in_callback};
pub use quota::Refused;
pub use thread::after_fork_in_child;
