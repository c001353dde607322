//! The embedded backends of libnertc_callkit: an in-process service for signaling and media, and media for
//! apps that bring their own. It knows the vocabulary of backends and nothing of the core, and is meant to be
//! read and copied by authors of backends.
//!
//! Where to look:
//! - [`signaling`] and [`media`]: the two backends. Each hands its operations to the hub. [`null`] is the
//!   smallest backend that keeps the contract: start there.
//! - [`service`]: what the service does, as a value: sans I/O, with time handed in. Simulation and model
//!   check run this very service.
//! - `hub`: what the value needs to be shared: the lock, the clock, the sinks of its ports. `timer`: a thread
//!   that exists while something is delayed.
//! - `default_hub`: the hub of clients that ask for none.
//!
//! Life of an operation: lock the hub, run the service, move what it has for its ports into the queues of
//! their sinks, unlock, flush those queues. A device that is offline gets its messages when it logs in again.

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
