//! A timer. There is a thread only while something is pending: a hub without delays causes no wake-up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// What is done later. Runs on the timer's thread with no lock held.
type Task = Box<dyn FnOnce() + Send>;

/// One timer; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Timer(Arc<Shared>);

#[derive(Default)]
struct Shared {
    plan: Mutex<Plan>,
    changed: Condvar,
}

#[derive(Default)]
struct Plan {
    /// By time, then by order of arrival.
    due: BTreeMap<(Instant, u64), Task>,
    arrivals: u64,
    /// A thread serves this plan.
    served: bool,
    /// The last thread that did; it may have ended.
    thread: Option<JoinHandle<()>>,
}

impl Timer {
    /// Runs `task` after `delay`; tasks of the same delay run in the order in which they were handed in.
    pub(crate) fn after(&self, delay: Duration, task: impl FnOnce() + Send + 'static) {
        let mut plan = self.0.plan.lock();
        plan.arrivals += 1;
        let key = (Instant::now() + delay, plan.arrivals);
        plan.due.insert(key, Box::new(task));
        if plan.served {
            self.0.changed.notify_one();
            return;
        }
        // The thread inherits the signal mask of the caller: the core's worker, which blocks every signal. If
        // the system has no thread left, the next task tries again.
        let shared = self.0.clone();
        plan.thread =
            thread::Builder::new().name("callkit-loopback".into()).spawn(move || shared.serve()).ok();
        plan.served = plan.thread.is_some();
    }

    /// Forgets what is waiting and ends the thread.
    pub(crate) fn stop(&self) {
        let (forgotten, thread) = {
            let mut plan = self.0.plan.lock();
            self.0.changed.notify_one();
            (std::mem::take(&mut plan.due), plan.thread.take())
        };
        drop(forgotten);
        // A task may hold the last backend of a hub, so that the hub ends on the timer's own thread.
        if let Some(thread) = thread.filter(|it| it.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self) {
        let mut plan = self.plan.lock();
        while let Some((&key, _)) = plan.due.first_key_value() {
            if key.0 > Instant::now() {
                self.changed.wait_until(&mut plan, key.0);
            } else if let Some(task) = plan.due.remove(&key) {
                parking_lot::MutexGuard::unlocked(&mut plan, task);
            }
        }
        plan.served = false;
    }
}
