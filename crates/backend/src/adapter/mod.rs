//! From a backend in Rust to the C vtables, and from the C sinks to Rust: the only `unsafe` of our own
//! backends.
//!
//! Rules that the adapter keeps, whatever the backend does:
//! - a panic does not leave a vtable function: it refuses the operation with BACKEND_FAILED;
//! - a struct that is missing or older than ours, and a text that is not UTF-8, refuse the operation;
//! - the sink is closed when `close_backend` returns, even if the backend's own `close` panicked;
//! - the backend is dropped in `release`, once, last.
//!
//! A core in the same library may pass values instead of C structs: see [`DirectSignaling`] and
//! [`DirectMedia`], which keep the same rules.

mod direct;
mod instance;
mod lend;
mod media;
mod read;
mod signaling;
#[cfg(test)]
mod tests;

pub use direct::{DirectMedia, DirectSignaling};
pub use media::{MediaVtable, backend_of, media};
pub use signaling::{SignalingVtable, signaling};
