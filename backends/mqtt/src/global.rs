//! What a process has one of, so that a forked child starts with a new one.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Made on first use and never freed: what the parent's threads were in the middle of when a child was forked
/// is never touched there.
pub(crate) struct Global<T: 'static>(AtomicPtr<T>);

impl<T: Default> Global<T> {
    pub(crate) const fn new() -> Global<T> {
        Global(AtomicPtr::new(ptr::null_mut()))
    }

    pub(crate) fn get(&self) -> &'static T {
        let mut value = self.0.load(Ordering::Acquire);
        if value.is_null() {
            let fresh = Box::into_raw(Box::default());
            value = match self.0.compare_exchange(value, fresh, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => fresh,
                Err(winner) => {
                    // SAFETY: made above and never published.
                    drop(unsafe { Box::from_raw(fresh) });
                    winner
                }
            };
        }
        // SAFETY: what was published is never freed.
        unsafe { &*value }
    }

    /// For the child after a fork. Safe in a fork handler.
    pub(crate) fn start_afresh(&self) {
        self.0.store(ptr::null_mut(), Ordering::Release);
    }
}
