//! What every backend of libnertc_callkit needs that is written in Rust. It knows the C types and nothing of
//! the core, and no backend.
//!
//! - [`input`]: what the core hands in becomes Rust values, and no panic leaves.
//! - [`messages`]: what a signaling backend tells its core, as values that become C structs when they are
//!   sent.
//! - [`sink_queue`]: the line to a sink: in order, one thread at a time, no lock held, closed by a barrier.
//! - [`codes`]: the numbers of the header that backends answer with.
//! - [`ProcessValue`]: what a process has one of, new in a forked child.
//! - [`escape()`]: text of others, for a log or a message.

pub mod codes;
mod escape;
pub mod input;
pub mod messages;
mod process_value;
pub mod sink_queue;

pub use escape::escape;
pub use process_value::ProcessValue;
