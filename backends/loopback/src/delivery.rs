//! How anything reaches a backend's sink, past the fault script.
//!
//! Under the hub's lock messages are only put into the sink queues of their receivers; the sink queues are
//! emptied when the lock is gone. So the order of the hub is the order of every sink, whichever threads did
//! it.

use std::sync::Arc;
use std::time::Duration;

use nertc_callkit_backend::messages::DeviceAddr;
use nertc_callkit_backend::sink_queue::{self, SinkMessage, SinkQueue};

use crate::faults::{Hit, Script};
use crate::timer::Timer;

/// One instance of a backend.
pub(crate) trait Backend: Send + Sync + 'static {
    /// What its sink takes.
    type SinkMessage: SinkMessage;
    /// The line to its sink.
    fn sink_queue(&self) -> &SinkQueue<Self::SinkMessage>;
    /// The hub's timer.
    fn timer(&self) -> &Timer;
}

/// A backend of either kind that has something in its sink_queue.
pub(crate) trait Flush: Send + Sync {
    /// Empties the sink_queue. No lock of the hub is held.
    fn flush(self: Arc<Self>);
}

impl<P: Backend> Flush for P {
    fn flush(self: Arc<P>) {
        if self.sink_queue().flush() {
            let backend = Arc::downgrade(&self);
            self.timer().after(Duration::from_millis(sink_queue::RETRY_MS), move || {
                if let Some(backend) = backend.upgrade() {
                    backend.sink_queue().retry();
                    backend.flush();
                }
            });
        }
    }
}

/// The way from the hub to the sink queues: passes the fault script, remembers which sink queues to empty.
#[derive(Default)]
pub(crate) struct Wire {
    /// What shall go wrong.
    pub(crate) script: Script,
    /// Sink queues to be emptied once the hub's lock is gone, in this order.
    post: Post,
    /// Devices that a fault struck in the course of the operation that runs.
    strikes: Vec<(Arc<DeviceAddr>, Hit)>,
    timer: Timer,
}

impl Wire {
    /// A wire that delays by `timer`.
    pub(crate) fn new(timer: Timer) -> Wire {
        Wire { timer, ..Wire::default() }
    }

    /// DIE, KICK or EXPIRE_TOKEN hits this device; it happens when the running operation is through.
    pub(crate) fn strike(&mut self, who: &Arc<DeviceAddr>, hit: Hit) {
        self.strikes.push((who.clone(), hit));
    }

    /// Whom to strike next.
    pub(crate) fn next_strike(&mut self) -> Option<(Arc<DeviceAddr>, Hit)> {
        self.strikes.pop()
    }

    /// Marks a sink queue as one to be emptied.
    pub(crate) fn visit<P: Backend>(&mut self, backend: &Arc<P>) {
        self.post.add(backend.clone());
    }

    /// Puts `message` into the sink queue of `backend`, with what a fault makes of it.
    pub(crate) fn send<P: Backend>(&mut self, backend: &Arc<P>, message: P::SinkMessage, fault: Option<Hit>) {
        match fault {
            None | Some(Hit::Refuse(_)) => backend.sink_queue().push(message),
            Some(Hit::Duplicate) => {
                backend.sink_queue().push(message.clone());
                backend.sink_queue().push(message);
            }
            Some(Hit::Reorder) => backend.sink_queue().reorder(message),
            Some(Hit::Drop | Hit::Die | Hit::Kick | Hit::Expire) => return,
            Some(Hit::Delay(delay)) => {
                let backend = Arc::downgrade(backend);
                self.timer.after(delay, move || {
                    if let Some(backend) = backend.upgrade() {
                        backend.sink_queue().push(message);
                        backend.flush();
                    }
                });
                return;
            }
        }
        self.visit(backend);
    }

    /// Does something later, with no lock held.
    pub(crate) fn after(&self, delay: Duration, task: impl FnOnce() + Send + 'static) {
        self.timer.after(delay, task);
    }

    /// The sink queues to empty after the lock.
    pub(crate) fn take_post(&mut self) -> Post {
        std::mem::take(&mut self.post)
    }
}

/// Sink queues that have something to send, in order. Most operations concern two.
#[derive(Default)]
#[must_use = "what happened must be told once the lock is gone"]
pub(crate) struct Post {
    first: [Option<Arc<dyn Flush>>; 2],
    more: Vec<Arc<dyn Flush>>,
}

impl Post {
    fn add(&mut self, backend: Arc<dyn Flush>) {
        if self.first.iter().flatten().any(|it| Arc::ptr_eq(it, &backend)) {
            return;
        }
        match self.first.iter_mut().find(|it| it.is_none()) {
            Some(free) => *free = Some(backend),
            None => self.more.push(backend),
        }
    }

    /// Sends it all. Never under the hub's lock.
    pub(crate) fn send(self) {
        for backend in self.first.into_iter().flatten().chain(self.more) {
            backend.flush();
        }
    }
}
