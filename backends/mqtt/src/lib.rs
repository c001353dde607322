//! Signaling over any MQTT broker.
//!
//! Where to look:
//! - [`station`]: what is said and decided, as a value without clock, lock, thread or I/O: channels,
//!   invites and their first answer, the backlog, acknowledgements, kicks.
//! - [`names`]: accounts and devices as topics of the broker. Who sent a message is read from its topic
//!   alone.
//! - [`link`]: one connection to a broker: name look-up, TCP, TLS, MQTT 5 or 3.1.1, keep-alive, reconnecting.
//! - [`reactor`]: the one thread of the process that waits for all connections and deadlines.
//! - [`options`]: what the host may ask for, checked.
//! - [`asks`]: questions for a token, which the host may answer later.
//!
//! The wire is described in `docs/WIRE-MQTT.md`.

pub mod asks;
pub mod link;
pub mod names;
pub mod options;
pub mod reactor;
pub mod station;

pub use asks::set_token;

use std::ffi::c_void;

use nertc_callkit_abi::nertc_callkit_signaling;

/// A new signaling plug. Whoever gets the ctx calls the vtable's release once. None: this build has none.
pub fn signaling(_options: options::Options) -> Option<(&'static nertc_callkit_signaling, *mut c_void)> {
    None
}

/// For the child after a fork. Safe in a fork handler.
pub fn after_fork_in_child() {
    asks::after_fork_in_child();
    reactor::after_fork_in_child();
}
