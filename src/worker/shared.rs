//! What a client shares with its slot on the worker's thread.

use parking_lot::Mutex;

use super::callback_queue::CallbackQueue;
use super::quota::Quota;
use crate::engine::Snapshot;

/// The state of one client that other threads than the worker's use.
pub(super) struct Shared {
    pub(super) id: u64,
    /// APP delivery: callbacks run inside `dispatch`.
    pub(super) manual_dispatch: bool,
    pub(super) quota: Quota,
    pub(super) snapshot: Mutex<Snapshot>,
    pub(super) callbacks: CallbackQueue,
}
