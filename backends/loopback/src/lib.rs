//! The embedded backends of libnertc_callkit: an in-process service for signaling and media, and media for
//! apps that bring their own. It depends on the vocabulary of backends, not on the core, and is meant to be
//! read and copied by authors of backends.
//!
//! Where to look:
//! - [`signaling`] and [`media`]: the two backends. Each passes its operations to the hub. [`null`] is the
//!   smallest backend that fulfils the contract: start there.
//! - [`service`]: the service as a value: sans I/O, with time as an argument. Simulation and model
//!   check run this very service.
//! - `hub`: makes the value shareable: the lock, the clock, the sinks of its ports. `timer`: a thread
//!   that exists while something is delayed.
//! - `default_hub`: the hub of clients that do not specify one. `by_number`: a small map.
//!
//! An operation: lock the hub, run the service, move its outputs for the ports into the queues of
//! their sinks, unlock, flush those queues. A device that is offline gets its messages when it logs in again.

mod by_number;
mod default_hub;
mod hub;
mod limits;
pub mod media;
pub mod null;
pub mod service;
pub mod signaling;
mod timer;

pub use default_hub::{after_fork_in_child, default_hub, running_default_hub};
pub use hub::Hub;
pub use service::{Fault, Refused};
