//! Handles are never-reused numbers in a process table: a stale, foreign or inherited one finds
//! nothing.
//!
//! The locks here are std's and not parking_lot's: those keep their waiters in process-wide
//! state, which a forked child would inherit locked.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use crate::worker;

const SHARDS: usize = 16;

/// How many forks lie between this process and the one that loaded the library.
static FORKS: AtomicU64 = AtomicU64::new(0);
static WATCHING_FORKS: AtomicBool = AtomicBool::new(false);
static LAST_ID: AtomicUsize = AtomicUsize::new(0);

/// Locks; a panic elsewhere while it was held leaves the value usable, because nothing is
/// changed half-way.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for `condvar`; a poisoned lock counts as a good one.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// A number that no handle ever had, of any kind and in no process since the library was
/// loaded.
pub(crate) fn new_id() -> Option<usize> {
    watch_forks();
    LAST_ID
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| last.checked_add(1))
        .ok()
        .map(|last| last + 1)
}

fn watch_forks() {
    if !WATCHING_FORKS.swap(true, Ordering::Relaxed) {
        // SAFETY: the handler lives as long as the library, which is linked -z nodelete.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    }
}

/// Only what may be done between fork and exec: no lock, no allocation.
unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    worker::after_fork_in_child();
    nertc_callkit_loopback::after_fork_in_child();
    #[cfg(feature = "mqtt")]
    nertc_callkit_mqtt::after_fork_in_child();
    #[cfg(feature = "webrtc")]
    nertc_callkit_webrtc::after_fork_in_child();
}

struct Shards<T> {
    forks: u64,
    shards: [RwLock<BTreeMap<usize, Arc<T>>>; SHARDS],
    /// What the process before the fork had: never touched, kept so that it does not look lost.
    _inherited: *const Shards<T>,
}

/// Handle numbers and their values.
pub(crate) struct HandleTable<T: 'static> {
    current: AtomicPtr<Shards<T>>,
}

impl<T> HandleTable<T> {
    pub(crate) const fn new() -> HandleTable<T> {
        HandleTable { current: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The value of `id` in this process.
    pub(crate) fn get(&self, id: usize) -> Option<Arc<T>> {
        self.shard(id)?.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Makes `id` known.
    pub(crate) fn insert(&self, id: usize, value: Arc<T>) {
        if self.shard(id).is_none() {
            self.start_afresh();
        }
        if let Some(shard) = self.shard(id) {
            shard.write().unwrap_or_else(PoisonError::into_inner).insert(id, value);
        }
    }

    /// Removes `id`; existing references stay valid.
    pub(crate) fn remove(&self, id: usize) -> Option<Arc<T>> {
        self.shard(id)?.write().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }

    fn shard(&self, id: usize) -> Option<&RwLock<BTreeMap<usize, Arc<T>>>> {
        // SAFETY: what was once stored there is never freed.
        let shards = unsafe { self.current.load(Ordering::Acquire).as_ref() }?;
        (shards.forks == FORKS.load(Ordering::Relaxed)).then(|| &shards.shards[id % SHARDS])
    }

    /// The first shards of this process. A second caller keeps those of the first.
    fn start_afresh(&self) {
        let old = self.current.load(Ordering::Acquire);
        let new = Box::into_raw(Box::new(Shards {
            forks: FORKS.load(Ordering::Relaxed),
            shards: Default::default(),
            _inherited: old,
        }));
        if self.current.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: no other reference exists.
            drop(unsafe { Box::from_raw(new) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_or_foreign_number_finds_nothing() {
        static TABLE: HandleTable<&str> = HandleTable::new();
        let (first, second) = (new_id().unwrap(), new_id().unwrap());
        assert!(TABLE.get(first).is_none());
        TABLE.insert(first, Arc::new("first"));
        TABLE.insert(second, Arc::new("second"));
        assert_eq!(*TABLE.get(first).unwrap(), "first");
        assert_eq!(*TABLE.remove(first).unwrap(), "first");
        assert!(TABLE.get(first).is_none());
        assert!(TABLE.remove(first).is_none());
        assert!(TABLE.get(usize::MAX).is_none());
        assert!(TABLE.get(0).is_none());
        assert_eq!(*TABLE.get(second).unwrap(), "second");
    }

    #[test]
    fn a_number_is_never_given_twice() {
        let mut ids: Vec<_> = (0..100).map(|_| new_id().unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 100);
    }

    #[test]
    fn what_was_entered_before_a_fork_is_unknown_after_it() {
        static TABLE: HandleTable<u32> = HandleTable::new();
        let id = new_id().unwrap();
        TABLE.insert(id, Arc::new(1));
        // As if this were the child: the table's own generation is older than the process's.
        // SAFETY: never freed.
        let shards = unsafe { &mut *TABLE.current.load(Ordering::Acquire) };
        shards.forks = shards.forks.wrapping_sub(1);
        assert!(TABLE.get(id).is_none());
        assert!(TABLE.remove(id).is_none());
        let fresh = new_id().unwrap();
        TABLE.insert(fresh, Arc::new(2));
        assert_eq!(TABLE.get(fresh).as_deref(), Some(&2));
        assert!(TABLE.get(id).is_none());
    }
}
