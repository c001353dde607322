//! The call state machine: a value without thread, lock, clock, I/O or randomness of its own.
//!
//! Contract: feed one input, drain `poll_output` to `None`, feed the next. Backend operations are emitted
//! before application events; `handle_timeout` fires expired deadlines.
//!
//! `core.rs` is the engine, `state.rs` has the states; `in_flight.rs` has operations and teardowns in
//! progress, `answer.rs` the answers to invites. Transitions: `session.rs`, `login.rs` and `tokens.rs` (login
//! to logout), `outgoing.rs` (we call), `incoming.rs` (we are called), `early_answers.rs` (answers before the
//! call), `glare.rs` (both at once), `in_call.rs`, `switch.rs` and `media.rs` (in a call), `teardown.rs`
//! (releases an ended call's channel and invite), `offline_backlog.rs` (the backlog), `routing.rs` (which
//! call a message is for). `negotiation.rs` and `text_queue.rs` have the texts between peers. Filters:
//! `policy.rs` (who may ring), `fair_share.rs`, `coalesce.rs` and `reported_records.rs` (rate limits for
//! others); `record.rs` has the call records, `feedback.rs` reports to the backend what was decided about
//! each invite.
#![forbid(unsafe_code)]

mod answer;
mod canonicalize;
mod coalesce;
mod command;
mod core;
mod early_answers;
mod fair_share;
mod feedback;
mod glare;
mod ids;
mod in_call;
mod in_flight;
mod incoming;
pub mod input;
pub mod limits;
mod login;
mod media;
pub mod messages;
mod negotiation;
mod notify;
mod offline_backlog;
mod ops;
mod outgoing;
pub mod output;
mod policy;
mod preparation;
mod record;
mod reported_records;
mod routing;
mod session;
mod snapshot;
pub mod state;
mod switch;
mod teardown;
#[cfg(test)]
mod tests;
mod text_queue;
pub mod time;
mod tokens;
mod tombstones;
pub mod wire;

pub use self::canonicalize::Renamer;
pub use self::core::{Caps, Config, Engine, Timers};
pub use self::snapshot::Snapshot;
pub use nertc_callkit_ids::{IdGenerator, Seed};
