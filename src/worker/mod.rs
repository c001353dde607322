//! The worker: one thread, one loop, no decisions.

pub mod ports;
