//! Signaling over any MQTT broker.
//!
//! Where to look:
//! - [`protocol`]: sans-I/O peer-to-peer signaling protocol; one instance per logged-in device: channels,
//!   invites and their first answer, the backlog, acknowledgements, takeovers.
//! - [`topics`]: accounts and devices as topics of the broker. The sender of a message is read from its topic
//!   alone.
//!
//! These two are built alone, without I/O, where the feature `connection` is off. The rest:
//! - `connection`: one connection to a broker: name resolution, TCP, TLS, MQTT 5 or 3.1.1, keep-alive,
//!   reconnecting.
//! - `driver`: drives the protocol and the connection of one device. Panics are contained here.
//! - `signaling`: the backend trait. `device`: one backend instance, that is a driver behind a lock, and the
//!   queue to the core. `convert`: protocol outputs as messages to the core.
//! - `options`: the app's options, validated. `client_id`: random names, and the client id that is kept.
//!
//! The wire is described in `docs/WIRE-MQTT.md`.

#[cfg(feature = "connection")]
mod client_id;
#[cfg(feature = "connection")]
pub mod connection;
#[cfg(feature = "connection")]
mod convert;
#[cfg(feature = "connection")]
mod device;
#[cfg(feature = "connection")]
pub mod driver;
#[cfg(feature = "connection")]
pub mod options;
#[cfg(all(test, feature = "connection"))]
mod planted;
pub mod protocol;
#[cfg(feature = "connection")]
mod signaling;
pub mod topics;

#[cfg(feature = "connection")]
pub use signaling::{VTABLE, new as signaling};

/// For the child after a fork. Safe in a fork handler.
#[cfg(feature = "connection")]
pub fn after_fork_in_child() {
    client_id::after_fork_in_child();
    nertc_callkit_reactor::after_fork_in_child();
}
