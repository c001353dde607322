//! The worker's message queue: one per thread, with a quota per client, so that no client starves the others.

use parking_lot::{Mutex, MutexGuard};

use super::clock::Sleeper;
use super::quota::{Class, Quota, Refused};
use crate::engine::time::Time;

/// Messages for which the queue keeps capacity when it is empty.
const KEPT: usize = 256;

/// A message that uses slots of a quota.
pub(super) trait Classified {
    /// Which slots.
    fn class(&self) -> Class;
}

/// Messages in order. Each is moved in once and taken out where it lies, because it is large; what the queue
/// has to know of it lies beside it.
pub(super) struct Batch<M> {
    pub(super) heads: Vec<Head>,
    pub(super) messages: Vec<Option<M>>,
}

/// Whom a message is for, and the slots that it uses.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) client: u64,
    pub(super) class: Class,
}

impl<M> Batch<M> {
    pub(super) const fn new() -> Batch<M> {
        Batch { heads: Vec::new(), messages: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Forgets the messages, which were taken out.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.messages.clear();
    }
}

/// The queue of one worker, and what it sleeps on.
pub(super) struct Inbox<M> {
    state: Mutex<State<M>>,
    sleeper: Sleeper,
}

struct State<M> {
    queue: Batch<M>,
    /// Set by the worker before it sleeps, taken by the thread that wakes it: a wake-up costs a system call.
    asleep: bool,
    stopped: bool,
}

impl<M: Classified> Inbox<M> {
    pub(super) fn new(sleeper: Sleeper) -> Inbox<M> {
        let state = State { queue: Batch::new(), asleep: false, stopped: false };
        Inbox { state: Mutex::new(state), sleeper }
    }

    /// Queues `message`, if `quota` of `client` has a slot for it.
    #[inline]
    pub(super) fn push(&self, client: u64, quota: &Quota, message: M) -> Result<(), Refused> {
        self.push_with(client, quota, message.class(), || message)
    }

    /// The same with a message of `class` that is only made if there is a slot: short, without another lock.
    #[inline]
    pub(super) fn push_with(
        &self,
        client: u64,
        quota: &Quota,
        class: Class,
        message: impl FnOnce() -> M,
    ) -> Result<(), Refused> {
        let asleep = {
            let mut state = self.state.lock();
            quota.admit(class)?;
            state.queue.heads.push(Head { client, class });
            state.queue.messages.push(Some(message()));
            std::mem::take(&mut state.asleep)
        };
        if asleep {
            self.sleeper.wake();
        }
        Ok(())
    }

    /// Takes everything out, in order, into an empty `batch`; if there is nothing, sleeps first, until
    /// `deadline` at the latest. False: stopped.
    pub(super) fn take(&self, batch: &mut Batch<M>, deadline: Option<Time>) -> bool {
        if batch.messages.capacity() > KEPT {
            batch.heads.shrink_to(KEPT);
            batch.messages.shrink_to(KEPT);
        }
        let mut state = self.state.lock();
        if state.queue.is_empty() && !state.stopped {
            state.asleep = true;
            MutexGuard::unlocked(&mut state, || self.sleeper.sleep(deadline));
            state.asleep = false;
        }
        std::mem::swap(&mut state.queue, batch);
        !state.stopped
    }

    /// The worker would have to sleep.
    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().queue.is_empty()
    }

    /// Ends the thread; no client is left.
    pub(super) fn stop(&self) {
        let asleep = {
            let mut state = self.state.lock();
            state.stopped = true;
            std::mem::take(&mut state.asleep)
        };
        if asleep {
            self.sleeper.wake();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }
}
