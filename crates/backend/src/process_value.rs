//! A value of which a process has one, where a forked child starts with a new one.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Created on first use and never freed. After a fork the child abandons the parent's value: its locks may be
/// held by threads that do not exist in the child, so it is never touched again.
pub struct ProcessValue<T: Send + Sync + 'static> {
    current: AtomicPtr<T>,
    /// A shared reference goes to every thread.
    value: PhantomData<T>,
}

impl<T: Default + Send + Sync> ProcessValue<T> {
    /// For a static.
    pub const fn new() -> ProcessValue<T> {
        ProcessValue { current: AtomicPtr::new(ptr::null_mut()), value: PhantomData }
    }

    /// This process's value.
    pub fn get(&self) -> &'static T {
        let mut value = self.current.load(Ordering::Acquire);
        if value.is_null() {
            let fresh = Box::into_raw(Box::default());
            value = match self.current.compare_exchange(value, fresh, Ordering::AcqRel, Ordering::Acquire) {
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

    /// Abandons the parent's value; the next `get` makes a new one. Safe in the child's fork handler.
    pub fn reset_in_child(&self) {
        self.current.store(ptr::null_mut(), Ordering::Release);
    }

    /// Whether `value` is this process's value, and not the one that its parent had.
    pub fn is_current(&self, value: &T) -> bool {
        ptr::eq(self.current.load(Ordering::Acquire), value)
    }
}

impl<T: Default + Send + Sync> Default for ProcessValue<T> {
    fn default() -> ProcessValue<T> {
        ProcessValue::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn all_threads_get_one_value_and_a_child_another() {
        static VALUE: ProcessValue<Mutex<u32>> = ProcessValue::new();
        let threads: Vec<_> = (0..8).map(|_| thread::spawn(|| ptr::from_ref(VALUE.get()).addr())).collect();
        let first = VALUE.get();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), ptr::from_ref(first).addr());
        }
        *first.lock().expect("not poisoned") = 7;
        assert!(VALUE.is_current(first));
        let _held = first.lock();
        VALUE.reset_in_child();
        assert_eq!(*VALUE.get().try_lock().expect("a lock of its own"), 0);
        assert!(!VALUE.is_current(first) && VALUE.is_current(VALUE.get()));
    }
}
