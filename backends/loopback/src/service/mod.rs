//! An in-process signaling and media service as a value: no lock, clock, thread or I/O.
//!
//! Instances of backends are ports; time is handed in as the service's clock, ms since 1970; what the service
//! does for its ports is polled as [`Output`]s after each call. The hub runs it behind a lock, and simulation
//! and model run the very same one.
//!
//! - `state`: the [`Service`]. `login`, `operations`, `media_operations`: what it does for its ports.
//! - `registry`: who is known and online, and how an event finds its devices. `channel`, `media_room`: what
//!   they share.
//! - `faults`: what goes wrong. `outbound`: the way to the ports, past the faults.

mod channel;
mod faults;
mod ids;
mod login;
mod media_operations;
mod media_room;
mod operations;
mod outbound;
mod registry;
mod state;

pub use channel::PendingInvite;
pub use faults::{Fault, Refused};
pub use ids::Port;
pub use media_room::Ports;
pub use outbound::Output;
pub use registry::SentRecord;
pub use state::{Options, Service};
