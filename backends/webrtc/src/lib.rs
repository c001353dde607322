//! Media of libnertc_callkit over WebRTC.
//!
//! [`peer`] is one connection to one peer as a value: what happens goes in with its time, what is to be done
//! comes out. It has no socket, clock, thread or randomness of its own, so that whole calls run in virtual
//! time. [`crypto`] is what it encrypts with. [`audio`] makes packets from sound and sound from packets, and
//! [`quality`] says how good the connection is.

#![forbid(unsafe_code)]

pub mod audio;
pub mod crypto;
pub mod peer;
pub mod quality;
