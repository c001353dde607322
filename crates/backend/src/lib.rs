//! Backends of libnertc_callkit in Rust. It knows the C types and the vocabularies of signaling and media,
//! nothing of the core, and no backend.
//!
//! - [`SignalingBackend`], [`MediaBackend`]: what a backend implements, and the messages that it reports.
//! - [`adapter`]: creates the C vtable from an implementation. The `unsafe` of backends is here.
//! - [`SinkQueue`]: the queue of a sink: in order, one thread at a time, no lock held, closed by a
//!   barrier.
//! - [`ProcessValue`]: a process-wide value, new in a forked child.
//! - [`random_bytes`]: the source of secret seeds and ids.
//! - [`escape()`]: remote text for a log or a message.

pub mod adapter;
mod escape;
mod media;
mod process_value;
mod queue;
mod random;
mod signaling;

pub use escape::escape;
pub use media::{Frame, FrameDelivery, MediaBackend, MediaMessage, MediaSink, PushError, SendError};
pub use nertc_callkit_abi::nertc_callkit_log_level as LogLevel;
pub use process_value::ProcessValue;
pub use queue::{LIMIT, RETRY_MS, SinkMessage, SinkQueue};
pub use random::random_bytes;
pub use signaling::{Login, SignalingBackend, SignalingMessage, SignalingSink};
