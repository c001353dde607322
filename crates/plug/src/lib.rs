//! What every plug of libnertc_callkit needs that is written in Rust. It knows the C types and nothing of the
//! core, and no plug.
//!
//! - [`input`]: what the core hands in becomes Rust values, and no panic leaves.
//! - [`mail`]: what a signaling plug tells its core, as values that become C structs when they are sent.
//! - [`outlet`]: the line to a sink: in order, one thread at a time, no lock held, closed by a barrier.
//! - [`codes`]: the numbers of the header that plugs answer with.
//! - [`escape()`]: text of others, for a log or a message.

pub mod codes;
mod escape;
pub mod input;
pub mod mail;
pub mod outlet;

pub use escape::escape;
