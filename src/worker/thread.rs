//! Threads: one shared by all clients of the process while there are any, or one for a single client.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use super::clock::{self, Clock, Sleeper};
use super::guard::in_callback;
use super::inbox::Inbox;
use super::message::Message;
use super::starting::Starting;

/// Process-wide state. A forked child gets a new one, because a lock of the old one may be held by a
/// thread that the child does not have. Generations form a list, one more per fork; the fork handler writes
/// only the number.
struct ForkGeneration {
    shared: Mutex<Option<Arc<Worker>>>,
    next: OnceBox<ForkGeneration>,
}

impl ForkGeneration {
    const fn new() -> ForkGeneration {
        ForkGeneration { shared: Mutex::new(None), next: OnceBox::new() }
    }
}

static FIRST: ForkGeneration = ForkGeneration::new();
static GENERATION: AtomicU32 = AtomicU32::new(0);

fn fork_generation() -> &'static ForkGeneration {
    (0..generation())
        .fold(&FIRST, |generation, _| generation.next.get_or_init(|| Box::new(ForkGeneration::new())))
}

fn generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// For the child's side of `pthread_atfork`: the child starts without clients and workers, and the parent's
/// clients answer `Closed` there. Async-signal-safe.
pub fn after_fork_in_child() {
    GENERATION.fetch_add(1, Relaxed);
}

/// A thread and its inbox.
pub(super) struct Worker {
    pub(super) inbox: Inbox<Message>,
    pub(super) clock: Clock,
    /// What its thread is just starting.
    pub(super) starting: Starting,
    generation: u32,
    /// Clients of this thread; changed under the generation's lock.
    clients: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// A place for one more client. `run` is the loop of a new thread.
    pub(super) fn enter(dedicated: bool, run: fn(Arc<Worker>)) -> io::Result<Arc<Worker>> {
        if dedicated {
            return Worker::spawn(run);
        }
        let mut shared = fork_generation().shared.lock();
        if let Some(worker) = &*shared {
            worker.clients.fetch_add(1, Relaxed);
            return Ok(worker.clone());
        }
        let worker = Worker::spawn(run)?;
        *shared = Some(worker.clone());
        Ok(worker)
    }

    fn spawn(run: fn(Arc<Worker>)) -> io::Result<Arc<Worker>> {
        let clock = Clock::new();
        let worker = Arc::new(Worker {
            inbox: Inbox::new(Sleeper::new(clock)?),
            clock,
            starting: Starting::default(),
            generation: generation(),
            clients: AtomicUsize::new(1),
            thread: Mutex::new(None),
        });
        let its = worker.clone();
        *worker.thread.lock() = Some(clock::spawn(move || run(its))?);
        Ok(worker)
    }

    /// One client less; the last one ends the thread.
    pub(super) fn leave(self: &Arc<Worker>) {
        let mut shared = fork_generation().shared.lock();
        if self.clients.fetch_sub(1, Relaxed) == 1 {
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
