//! Events in order, and waiting for more of them.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::environment::patience;

/// Filled by any thread; read by the test.
#[derive(Debug)]
pub struct Recorder<T> {
    recorded: Mutex<Recorded<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Recorded<T> {
    all: Vec<T>,
    /// What `next` has seen.
    seen: usize,
    has_ended: bool,
}

impl<T> Default for Recorder<T> {
    fn default() -> Recorder<T> {
        let recorded = Recorded { all: Vec::new(), seen: 0, has_ended: false };
        Recorder { recorded: Mutex::new(recorded), changed: Condvar::new() }
    }
}

impl<T> Recorder<T> {
    /// Keeps one more.
    pub fn push(&self, item: T) {
        self.recorded.lock().all.push(item);
        self.changed.notify_all();
    }

    /// No more will follow: waiting threads return.
    pub fn end(&self) {
        self.recorded.lock().has_ended = true;
        self.changed.notify_all();
    }

    /// Whether no more will follow.
    pub fn has_ended(&self) -> bool {
        self.recorded.lock().has_ended
    }

    /// Waits for the end, as long as `limit`: whether it came.
    pub fn ends_within(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut recorded = self.recorded.lock();
        while !recorded.has_ended && !self.changed.wait_until(&mut recorded, deadline).timed_out() {}
        recorded.has_ended
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<T> {
        let mut recorded = self.recorded.lock();
        recorded.seen = 0;
        std::mem::take(&mut recorded.all)
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.recorded.lock().all.clone()
    }

    /// What `find` finds in everything, if it does so in time.
    pub fn within<R>(&self, limit: Duration, find: impl Fn(&[T]) -> Option<R>) -> Option<R> {
        let deadline = Instant::now() + limit;
        let mut recorded = self.recorded.lock();
        loop {
            let found = find(&recorded.all);
            if found.is_some() || recorded.has_ended {
                return found;
            }
            if self.changed.wait_until(&mut recorded, deadline).timed_out() {
                return find(&recorded.all);
            }
        }
    }
}

impl<T: Debug> Recorder<T> {
    /// Waits for the next one that `find` accepts; earlier ones are skipped.
    #[track_caller]
    pub fn next<R>(&self, what: &str, mut find: impl FnMut(&T) -> Option<R>) -> R {
        let deadline = Instant::now() + patience();
        let mut recorded = self.recorded.lock();
        loop {
            while let Some(item) = recorded.all.get(recorded.seen) {
                let found = find(item);
                recorded.seen += 1;
                if let Some(found) = found {
                    return found;
                }
            }
            let is_late = self.changed.wait_until(&mut recorded, deadline).timed_out();
            assert!(!is_late, "no {what}; heard {:?}", recorded.all);
        }
    }

    /// Waits for the first one that is wanted, and takes it out.
    #[track_caller]
    pub fn take_one(&self, what: &str, is_wanted: impl Fn(&T) -> bool) -> T {
        let deadline = Instant::now() + patience();
        let mut recorded = self.recorded.lock();
        loop {
            if let Some(at) = recorded.all.iter().position(&is_wanted) {
                return recorded.all.remove(at);
            }
            let is_late = self.changed.wait_until(&mut recorded, deadline).timed_out();
            assert!(!is_late, "no {what}; heard {:?}", recorded.all);
        }
    }

    /// What came since the last time, once there are `count` of it.
    #[track_caller]
    pub fn take_once(&self, count: usize) -> Vec<T> {
        let is_there = self.within(patience(), |all| (all.len() >= count).then_some(()));
        let taken = self.take();
        assert!(is_there.is_some(), "{count} expected; heard {taken:?}");
        taken
    }
}
