//! Media of libnertc_callkit over WebRTC.

#![forbid(unsafe_code)]

pub mod crypto;
pub mod peer;
