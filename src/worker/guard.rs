//! Marks threads that run a callback, and contains panics.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback of any client; on a worker's thread: always.
pub fn in_callback() -> bool {
    CALLBACKS.get() > 0
}

/// Marks this thread as inside a callback while it lives.
#[derive(Debug)]
pub struct CallbackGuard(());

impl CallbackGuard {
    /// Enters.
    pub fn enter() -> CallbackGuard {
        CALLBACKS.set(CALLBACKS.get() + 1);
        CallbackGuard(())
    }
}

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        CALLBACKS.set(CALLBACKS.get() - 1);
    }
}

/// Runs `body`; a panic in it is logged and goes no further.
pub(super) fn guarded(what: &str, body: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(body)).is_err() {
        log::error!("panic while {what}");
    }
}
