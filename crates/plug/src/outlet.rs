//! The line to a sink: in order, one thread at a time, no lock held, closed by a barrier.

use std::collections::VecDeque;
use std::ptr;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// Messages that wait for a sink that answers QUEUE_FULL; more are lost. Completions are never lost.
pub const LIMIT: usize = 1024;
/// Milliseconds until a sink that answered QUEUE_FULL is asked again.
pub const RETRY_MS: u64 = 10;

/// A message to a sink.
pub trait Mail: Clone + Send + 'static {
    /// The C struct of function pointers.
    type Sink: 'static;
    /// Hands it over. False: the sink is full, offer it again.
    fn send(&self, sink: &Self::Sink) -> bool;
    /// Completes an operation: the sink has a reserved slot for it.
    fn is_done(&self) -> bool;
}

/// The line to one sink: a plug puts messages in while it holds its own lock and empties the outlet when the
/// lock is gone, so that the order of the plug is the order of the sink, whichever threads did it.
pub struct Outlet<M: Mail> {
    line: Mutex<Line<M>>,
    /// Signalled when a thread stopped sending.
    quiet: Condvar,
}

struct Line<M: Mail> {
    /// Lent by the core from open to close; NULL before and after.
    sink: *const M::Sink,
    queue: VecDeque<M>,
    /// Held back until the next message.
    held: Option<Box<M>>,
    /// A thread is emptying the queue.
    sending: bool,
    /// Somebody was told to offer again what the sink refused.
    retrying: bool,
    /// Nothing comes in.
    dead: bool,
}

// SAFETY: the sink's functions may be called on any thread; that is the core's side of the contract.
unsafe impl<M: Mail> Send for Line<M> {}

impl<M: Mail> Default for Outlet<M> {
    fn default() -> Outlet<M> {
        Outlet::new()
    }
}

impl<M: Mail> Outlet<M> {
    /// An outlet without a sink: what is put into it is lost.
    pub fn new() -> Outlet<M> {
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
    pub fn open(&self, sink: &M::Sink) {
        self.line.lock().sink = sink;
    }

    /// The sink, while it is open; NULL before and after.
    pub fn sink(&self) -> *const M::Sink {
        self.line.lock().sink
    }

    /// The barrier: when it returns, no call into the sink runs or will run. Waits for a thread that is
    /// inside the sink, which is short: sinks only copy and enqueue.
    pub fn close(&self) {
        let mut line = self.line.lock();
        line.sink = ptr::null();
        line.forget();
        while line.sending {
            self.quiet.wait(&mut line);
        }
    }

    /// Puts a message in; `flush` sends it.
    pub fn push(&self, mail: M) {
        let mut line = self.line.lock();
        let full = line.queue.len() >= LIMIT && !mail.is_done();
        if line.sink.is_null() || line.dead || full {
            return;
        }
        let next = !mail.is_done();
        line.queue.push_back(mail);
        if let Some(held) = line.held.take_if(|_| next) {
            line.queue.push_back(*held);
        }
    }

    /// Holds a message back until the next one was put in, for plugs that play faults.
    pub fn hold(&self, mail: M) {
        let mut line = self.line.lock();
        if let Some(before) = line.held.replace(Box::new(mail)) {
            line.queue.push_back(*before);
        }
    }

    /// Nothing comes in any more, and what was on its way is lost, for plugs that play faults.
    pub fn die(&self) {
        let mut line = self.line.lock();
        line.dead = true;
        line.forget();
    }

    /// Undoes `die`.
    pub fn revive(&self) {
        self.line.lock().dead = false;
    }

    /// `die` hit it.
    pub fn is_dead(&self) -> bool {
        self.line.lock().dead
    }

    /// Sends what was put in, unless another thread (or this one, further up its stack) is doing it: that one
    /// will not stop before the queue is empty. True, to one caller until `retry`: the sink is full, and the
    /// caller has to flush again `RETRY_MS` later.
    pub fn flush(&self) -> bool {
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

    /// The time to flush again has come.
    pub fn retry(&self) {
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
