//! Media of libnertc_callkit over WebRTC.
//!
//! [`peer`] is one connection to one peer as a value: what happens goes in with its time, what is to be done
//! comes out. It has no socket, clock, thread or randomness of its own, so that whole calls run in virtual
//! time. [`crypto`] is what it encrypts with. [`audio`] makes packets from sound and sound from packets, and
//! [`quality`] says how good the connection is. [`WebRtcMedia`] is the media backend of a client: one thread
//! for all calls of the process, from the first join to the last leave, drives their peers and sockets.

#![forbid(unsafe_code)]

pub mod audio;
mod audio_port;
mod backend;
mod command;
mod create;
pub mod crypto;
#[cfg(feature = "devices")]
mod device_sound;
mod driver;
pub mod ice_server;
pub mod interfaces;
mod network;
pub mod options;
pub mod peer;
pub mod quality;
mod reports;
mod sound;
mod stats;
#[cfg(feature = "tls")]
mod tls;

pub use audio_port::{AudioPort, DeviceError, DeviceKind, DeviceWish, Encoded, MakeAudio};
pub use backend::{VTABLE, WebRtcMedia};
pub use command::CallState;
#[cfg(feature = "devices")]
pub use create::list_devices;
pub use create::{after_fork_in_child, media};
#[cfg(feature = "devices")]
pub use device_sound::with_devices;
pub use options::Options;
pub use sound::with_opus;
pub use stats::{AudioStats, CallStats, StreamStats};
