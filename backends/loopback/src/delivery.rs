//! How anything reaches a plug's sink: in order, one thread at a time, no lock held, closed by a barrier.
//!
//! Under the hub's lock messages are only put into the outlets of their receivers; the outlets are emptied
//! when the lock is gone. So the order of the hub is the order of every sink, whichever threads did it.

use std::collections::VecDeque;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::faults::{Hit, Script};
use crate::limits;
use crate::mail::Who;
use crate::timer::Timer;

/// A message to a sink.
pub(crate) trait Mail: Clone + Send + 'static {
    /// The C struct of function pointers.
    type Sink: 'static;
    /// Hands it over. False: the sink is full, offer it again.
    fn send(&self, sink: &Self::Sink) -> bool;
    /// Completes an operation: the sink has a reserved slot for it.
    fn is_done(&self) -> bool;
}

/// The line to one sink.
pub(crate) struct Outlet<M: Mail> {
    line: Mutex<Line<M>>,
    /// Signalled when a thread stopped sending.
    quiet: Condvar,
}

struct Line<M: Mail> {
    /// Lent by the core from open to close; NULL before and after.
    sink: *const M::Sink,
    queue: VecDeque<M>,
    /// Held back by a REORDER fault until the next message.
    held: Option<Box<M>>,
    /// A thread is emptying the queue.
    sending: bool,
    /// The timer will offer again what the sink refused.
    retrying: bool,
    /// A DIE fault hit the device: nothing comes in.
    dead: bool,
}

// SAFETY: the sink's functions may be called on any thread; that is the core's side of the contract.
unsafe impl<M: Mail> Send for Line<M> {}

impl<M: Mail> Outlet<M> {
    /// An outlet without a sink: what is put into it is lost.
    pub(crate) fn new() -> Outlet<M> {
        let line = Line {
            sink: ptr::null(),
            queue: VecDeque::new(),
            held: None,
            sending: false,
            retrying: false,
            dead: false,
        };
        Outlet { line: Mutex::new(line), quiet: Condvar::new() }
    }

    /// Connects the sink, which stays valid until `close` has returned.
    pub(crate) fn open(&self, sink: &M::Sink) {
        self.line.lock().sink = sink;
    }

    /// The sink, while it is open.
    pub(crate) fn sink(&self) -> *const M::Sink {
        self.line.lock().sink
    }

    /// The barrier: when it returns, no call into the sink runs or will run. Waits for a thread that is
    /// inside the sink, which is short: sinks only copy and enqueue.
    pub(crate) fn close(&self) {
        let mut line = self.line.lock();
        line.sink = ptr::null();
        line.forget();
        while line.sending {
            self.quiet.wait(&mut line);
        }
    }

    /// Puts a message in; `flush` sends it.
    pub(crate) fn push(&self, mail: M) {
        let mut line = self.line.lock();
        let full = line.queue.len() >= limits::OUTLET && !mail.is_done();
        if line.sink.is_null() || line.dead || full {
            return;
        }
        let next = !mail.is_done();
        line.queue.push_back(mail);
        if let Some(held) = line.held.take_if(|_| next) {
            line.queue.push_back(*held);
        }
    }

    /// Holds a message back until the next one was put in.
    fn hold(&self, mail: M) {
        let mut line = self.line.lock();
        if let Some(before) = line.held.replace(Box::new(mail)) {
            line.queue.push_back(*before);
        }
    }

    /// Nothing comes in any more, and what was on its way is lost.
    pub(crate) fn die(&self) {
        let mut line = self.line.lock();
        line.dead = true;
        line.forget();
    }

    /// Undoes `die`.
    pub(crate) fn revive(&self) {
        self.line.lock().dead = false;
    }

    /// A DIE fault hit it.
    pub(crate) fn is_dead(&self) -> bool {
        self.line.lock().dead
    }

    /// Sends what was put in, unless another thread (or this one, further up its stack) is doing it: that one
    /// will not stop before the queue is empty. True: the sink is full, and the caller has to flush again
    /// later.
    fn flush(&self) -> bool {
        let mut line = self.line.lock();
        if line.sending {
            return false;
        }
        line.sending = true;
        let mut stuck = false;
        while let Some(mail) = line.next(stuck) {
            // SAFETY: `next` found the sink open, and `close` waits for `sending` to end.
            let sink = unsafe { &*line.sink };
            let taken = MutexGuard::unlocked(&mut line, || mail.send(sink));
            if !taken && !line.sink.is_null() && !line.dead {
                line.queue.push_front(mail);
                stuck = true;
            }
        }
        line.sending = false;
        self.quiet.notify_all();
        stuck && !std::mem::replace(&mut line.retrying, true)
    }

    /// The time of the retry has come.
    fn retry(&self) {
        self.line.lock().retrying = false;
    }
}

impl<M: Mail> Line<M> {
    /// What to send next. Completions do not wait behind a message that the sink refused.
    fn next(&mut self, stuck: bool) -> Option<M> {
        if self.sink.is_null() {
            return None;
        }
        if !stuck {
            return self.queue.pop_front();
        }
        let place = self.queue.iter().position(Mail::is_done)?;
        self.queue.remove(place)
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.held = None;
    }
}

/// One instance of a plug.
pub(crate) trait Plug: Send + Sync + 'static {
    /// What its sink takes.
    type Mail: Mail;
    /// The line to its sink.
    fn outlet(&self) -> &Outlet<Self::Mail>;
    /// The hub's timer.
    fn timer(&self) -> &Timer;
}

/// A plug of either kind that has something in its outlet.
pub(crate) trait Flush: Send + Sync {
    /// Empties the outlet. No lock of the hub is held.
    fn flush(self: Arc<Self>);
}

impl<P: Plug> Flush for P {
    fn flush(self: Arc<P>) {
        if self.outlet().flush() {
            let plug = Arc::downgrade(&self);
            self.timer().after(Duration::from_millis(limits::RETRY_MS), move || {
                if let Some(plug) = plug.upgrade() {
                    plug.outlet().retry();
                    plug.flush();
                }
            });
        }
    }
}

/// The way from the hub to the outlets: passes the fault script, remembers which outlets to empty.
#[derive(Default)]
pub(crate) struct Wire {
    /// What shall go wrong.
    pub(crate) script: Script,
    /// Outlets to be emptied once the hub's lock is gone, in this order.
    post: Post,
    /// Devices that a fault struck in the course of the operation that runs.
    strikes: Vec<(Arc<Who>, Hit)>,
    timer: Timer,
}

impl Wire {
    /// A wire that delays by `timer`.
    pub(crate) fn new(timer: Timer) -> Wire {
        Wire { timer, ..Wire::default() }
    }

    /// DIE or KICK hits this device; it happens when the running operation is through.
    pub(crate) fn strike(&mut self, who: &Arc<Who>, hit: Hit) {
        self.strikes.push((who.clone(), hit));
    }

    /// Whom to strike next.
    pub(crate) fn next_strike(&mut self) -> Option<(Arc<Who>, Hit)> {
        self.strikes.pop()
    }

    /// Marks an outlet as one to be emptied.
    pub(crate) fn visit<P: Plug>(&mut self, plug: &Arc<P>) {
        self.post.add(plug.clone());
    }

    /// Puts `mail` into the outlet of `plug`, with what a fault makes of it.
    pub(crate) fn send<P: Plug>(&mut self, plug: &Arc<P>, mail: P::Mail, fault: Option<Hit>) {
        match fault {
            None | Some(Hit::Refuse(_)) => plug.outlet().push(mail),
            Some(Hit::Duplicate) => {
                plug.outlet().push(mail.clone());
                plug.outlet().push(mail);
            }
            Some(Hit::Reorder) => plug.outlet().hold(mail),
            Some(Hit::Drop | Hit::Die | Hit::Kick) => return,
            Some(Hit::Delay(delay)) => {
                let plug = Arc::downgrade(plug);
                self.timer.after(delay, move || {
                    if let Some(plug) = plug.upgrade() {
                        plug.outlet().push(mail);
                        plug.flush();
                    }
                });
                return;
            }
        }
        self.visit(plug);
    }

    /// The outlets to empty after the lock.
    pub(crate) fn take_post(&mut self) -> Post {
        std::mem::take(&mut self.post)
    }
}

/// Outlets that have something to send, in order. Most operations concern two.
#[derive(Default)]
#[must_use = "what happened must be told once the lock is gone"]
pub(crate) struct Post {
    first: [Option<Arc<dyn Flush>>; 2],
    more: Vec<Arc<dyn Flush>>,
}

impl Post {
    fn add(&mut self, plug: Arc<dyn Flush>) {
        if self.first.iter().flatten().any(|it| Arc::ptr_eq(it, &plug)) {
            return;
        }
        match self.first.iter_mut().find(|it| it.is_none()) {
            Some(free) => *free = Some(plug),
            None => self.more.push(plug),
        }
    }

    /// Sends it all. Never under the hub's lock.
    pub(crate) fn send(self) {
        for plug in self.first.into_iter().flatten().chain(self.more) {
            plug.flush();
        }
    }
}
