//! Traces: an engine's inputs and outputs as JSON lines, so that they can be replayed.
//!
//! A file holds one or more kits (clients). The first line of each is its header with the state of its
//! engine, so a trace may begin in the middle of a call; every further line is one step: an input or a
//! deadline with its reason, the time, and the outputs in order. `docs/TRACE.md` shows both.
//!
//! Writing (`writer`, `json`, `redact`, `pseudonyms`) is part of the library. Reading (`read`, `replay`) is
//! for tools and tests: nothing that the library exports reaches it, so the linker leaves it out.
#![forbid(unsafe_code)]

mod json;
mod pseudonyms;
mod quote;
mod read;
mod redact;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

pub use read::{Error, Header, Line, Reader, Step};
pub use redact::Redaction;
pub use replay::{Difference, Replay, ReplayEvent, Report, outputs_line, replay, replay_with};
pub use writer::{TraceWriter, VERSION};
