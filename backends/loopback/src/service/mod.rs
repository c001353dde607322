//! An in-process signaling and media service as a value: no lock, clock, thread or I/O.
//!
//! Instances of backends are ports; time is an argument, the service's clock, ms since 1970; the service's
//! outputs for its ports are polled as [`Output`]s after each call. The hub runs it behind a lock, and
//! simulation and model run the very same one.
//!
//! - `state`: the [`Service`]. `login`, `operations`, `media_operations`: its operations.
//! - `registry`: known and online devices, and how an event finds them. `channel`, `media_room`: what
//!   they share.
//! - `faults`: the fault script. `outbound`: the path to the ports, through the faults.

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
