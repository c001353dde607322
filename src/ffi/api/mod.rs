//! The exported functions. The order of the modules is the order of the functions in the
//! header.

mod request;

// One group each, so that rustfmt keeps this order.
pub mod library;

pub mod session;

pub mod call;

pub mod push;

pub mod media;

pub mod log;

pub mod trace;

pub mod loopback;

pub mod mqtt;

pub mod webrtc;

pub mod devices;
