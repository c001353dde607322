//! libnertc_callkit: 1-to-1 audio and video calls behind a C ABI. A tour of five minutes.
//!
//! Users see `include/nertc_callkit.h`, which is generated from `crates/abi` and [`ffi`]. Inside there are
//! three layers, and imports point down only:
//!
//! - [`ffi`] converts. A C call becomes a `Command` with a ticket for its completion; an `Event` becomes a
//!   C struct and a callback. Handles are ids in a table, panics stop here, backends are C vtables.
//! - [`worker`] carries. One thread for all components takes commands and the backends' reports out of its
//!   inbox, feeds the engine and carries out what the engine asks for. It decides nothing, and holds no
//!   lock while it calls out.
//! - [`engine`] decides. A value with four verbs: `handle(now, input)`, `poll_output`, `poll_timeout`,
//!   `handle_timeout(now)`. Time and ids are handed in, so every run can be repeated, searched and tested
//!   by itself.
//!
//! Beside them, [`trace`] writes down what an engine is fed and answers, and feeds it again.
//!
//! A call, from the top: `ffi/api/call.rs` queues `Command::Call` → `worker/event_loop.rs` hands it to
//! `engine/command.rs`, which checks login, state and reference → `engine/outgoing.rs` asks for *create*,
//! *join*, *invite* → `ffi/backend/signaling.rs` calls the backend's vtable → its answers come back through
//! `ffi/backend/sink.rs` and the inbox → `engine/routing.rs` matches the peer's ACCEPT to a call →
//! `engine/in_call.rs` goes into the media room and says who is there → any end leaves the wire to
//! `engine/teardown.rs`.
//!
//! Read next: `engine/state.rs`, the picture of all states. `docs/ARCHITECTURE.md` has the reasons.

pub use nertc_callkit_engine as engine;
pub use nertc_callkit_trace as trace;

pub mod ffi;
pub mod worker;
