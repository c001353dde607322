//! The engine by behaviour, against the specification and not against the code.

mod rig;

mod incoming;
mod outgoing;
mod tables;
