//! Signaling over any MQTT broker.
//!
//! Where to look:
//! - [`station`]: what is said and decided, as a value without clock, lock, thread or I/O: channels,
//!   invites and their first answer, the backlog, acknowledgements, kicks.
//! - [`names`]: accounts and devices as topics of the broker. Who sent a message is read from its topic
//!   alone.
//!
//! The wire is described in `docs/WIRE-MQTT.md`.

pub mod names;
pub mod station;
