//! Threads: one for all kits of the process, from the first kit to the last, or one for a single kit.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use super::clock::{self, Clock, Sleeper};
use super::inbox::Inbox;
use super::{in_callback, run};

/// What the process shares. A forked child gets a new one: a lock of the old one may be held by a thread that
/// the child does not have. So eras form a list, one more per fork, and nothing but the number is written
/// then.
struct Era {
    shared: Mutex<Option<Arc<Worker>>>,
    next: OnceBox<Era>,
}

impl Era {
    const fn new() -> Era {
        Era { shared: Mutex::new(None), next: OnceBox::new() }
    }
}

static FIRST: Era = Era::new();
static GENERATION: AtomicU32 = AtomicU32::new(0);

fn era() -> &'static Era {
    (0..generation()).fold(&FIRST, |era, _| era.next.get_or_init(|| Box::new(Era::new())))
}

fn generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// For the child's side of `pthread_atfork`: the child starts without kits and without workers. Kits of the
/// parent answer `Closed` there. Async-signal-safe.
pub fn after_fork_in_child() {
    GENERATION.fetch_add(1, Relaxed);
}

/// A thread and its inbox.
pub(super) struct Worker {
    pub(super) inbox: Inbox,
    pub(super) clock: Clock,
    generation: u32,
    /// Kits that live here; changed under the era's lock.
    kits: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// A place for one more kit.
    pub(super) fn enter(own: bool) -> io::Result<Arc<Worker>> {
        if own {
            return Worker::spawn();
        }
        let mut shared = era().shared.lock();
        if let Some(worker) = &*shared {
            worker.kits.fetch_add(1, Relaxed);
            return Ok(worker.clone());
        }
        let worker = Worker::spawn()?;
        *shared = Some(worker.clone());
        Ok(worker)
    }

    fn spawn() -> io::Result<Arc<Worker>> {
        let clock = Clock::new();
        let worker = Arc::new(Worker {
            inbox: Inbox::new(Sleeper::new(clock)?),
            clock,
            generation: generation(),
            kits: AtomicUsize::new(1),
            thread: Mutex::new(None),
        });
        let run = run::Runner::new(worker.clone());
        *worker.thread.lock() = Some(clock::spawn(move || run.run())?);
        Ok(worker)
    }

    /// One kit less; the last one ends the thread.
    pub(super) fn leave(self: &Arc<Worker>) {
        let mut shared = era().shared.lock();
        if self.kits.fetch_sub(1, Relaxed) == 1 {
            if shared.as_ref().is_some_and(|worker| Arc::ptr_eq(worker, self)) {
                *shared = None;
            }
            drop(shared);
            self.inbox.stop();
        }
    }

    /// Waits for a thread that is ending, unless it could be this one.
    pub(super) fn join_if_ending(&self) {
        if self.inbox.is_stopped() && !in_callback() {
            let thread = self.thread.lock().take();
            if thread.is_some_and(|thread| thread.join().is_err()) {
                log::error!("the worker's thread panicked");
            }
        }
    }

    /// False in a forked child: the thread, its locks and its descriptors are the parent's.
    pub(super) fn is_ours(&self) -> bool {
        self.generation == generation()
    }
}
