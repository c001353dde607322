//! libnertc_callkit: 1-to-1 audio and video calls behind a C ABI. A five-minute tour.
//!
//! Users see `include/nertc_callkit.h`, which is generated from `crates/abi` and [`ffi`]. Inside there are
//! three layers, and imports point down only:
//!
//! - [`ffi`] converts. A C call becomes a `Command` with a ticket for its completion; an `Event` becomes a
//!   C struct and a callback. Handles are ids in a table, panics stop here, backends are C vtables.
//! - [`worker`] delivers. One thread for all clients takes commands and the backends' reports from its
//!   inbox, passes them to the engine and executes its outputs. It decides nothing, and holds no
//!   lock while it calls out.
//! - [`engine`] decides. A value with four verbs: `handle(now, input)`, `poll_output`, `poll_timeout`,
//!   `handle_timeout(now)`. Time and ids are arguments, so every run can be repeated, searched and tested
//!   in isolation.
//!
//! Beside them, [`trace`] records an engine's inputs and outputs, and replays them.
//!
//! A call, from the top: `ffi/api/call.rs` queues `Command::Call` → `worker/event_loop.rs` passes it to
//! `engine/command.rs`, which checks login, state and reference → `engine/outgoing.rs` issues *create*,
//! *join*, *invite* → `ffi/backend/signaling.rs` calls the backend's vtable → its results return through
//! `ffi/backend/sink.rs` and the inbox → `engine/routing.rs` matches the peer's ACCEPT to a call →
//! `engine/in_call.rs` joins the media room and reports who is present → after any end
//! `engine/teardown.rs` releases channel and invite.
//!
//! Read next: `engine/state.rs`, all states. `docs/ARCHITECTURE.md` has the reasons.

pub use nertc_callkit_engine as engine;
pub use nertc_callkit_trace as trace;
pub use nertc_callkit_worker as worker;

pub mod ffi;
