//! Signaling over any MQTT broker.
//!
//! Where to look:
//! - [`station`]: what is said and decided, as a value without clock, lock, thread or I/O: channels,
//!   invites and their first answer, the backlog, acknowledgements, kicks.
//! - [`names`]: accounts and devices as topics of the broker. Who sent a message is read from its topic
//!   alone.
//! - [`link`]: one connection to a broker: name look-up, TCP, TLS, MQTT 5 or 3.1.1, keep-alive,
//!   reconnecting.
//! - [`reactor`]: the one thread of the process that waits for all connections and deadlines.
//! - [`mod@line`]: a station with its link: a device of an account. A panic stops here.
//! - `signaling`: the vtable. `device`: a backend, that is a line behind a lock, and the sink queue to the
//!   core. `convert`: what the station says, as message.
//! - [`options`]: what the host may ask for, checked. `identity`: random names, and the client id that is
//!   kept.
//!
//! The wire is described in `docs/WIRE-MQTT.md`.

mod convert;
mod device;
mod identity;
pub mod line;
pub mod link;
pub mod names;
pub mod options;
pub mod reactor;
mod signaling;
pub mod station;

pub use signaling::new as signaling;

/// For the child after a fork. Safe in a fork handler.
pub fn after_fork_in_child() {
    identity::after_fork_in_child();
    reactor::after_fork_in_child();
}
