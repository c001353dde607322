//! The line to a sink: in order, one thread at a time, no lock held, closed by a barrier.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CStr;
use std::ptr;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// Messages that may wait for a sink that answers QUEUE_FULL. When there are more, whoever has most waiting
/// loses his newest, unless the core must be told: that is never lost.
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
    /// On whose account it may be lost when too much waits. None: it must be told.
    fn may_be_lost(&self) -> Option<&CStr>;
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
    /// How many messages were lost since the queue was empty.
    lost: u64,
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
            lost: 0,
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
        if line.sink.is_null() || line.dead {
            return;
        }
        let next = !mail.is_done();
        line.queue.push_back(mail);
        if let Some(held) = line.held.take_if(|_| next) {
            line.queue.push_back(*held);
        }
        if line.queue.len() > LIMIT {
            line.lose_one();
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
        let lost = if line.queue.is_empty() { std::mem::take(&mut line.lost) } else { 0 };
        if lost > 0 {
            log::warn!("the core took nothing for a while: {lost} messages of a plug were lost");
        }
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

    /// Loses a message of whoever has most waiting, if there is one that may be lost.
    fn lose_one(&mut self) {
        let mut counts: BTreeMap<&CStr, usize> = BTreeMap::new();
        for whose in self.queue.iter().filter_map(Mail::may_be_lost) {
            *counts.entry(whose).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(whose, _)| whose);
        let newest = most.and_then(|most| self.queue.iter().rposition(|it| it.may_be_lost() == Some(most)));
        if let Some(at) = newest {
            self.queue.remove(at);
            self.lost += 1;
        }
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.held = None;
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::sync::Arc;

    use super::*;

    /// Takes nothing, or everything.
    #[derive(Default)]
    struct Sink {
        takes: Mutex<bool>,
        taken: Mutex<Vec<u32>>,
    }

    #[derive(Clone)]
    struct Note(u32, Option<CString>);

    impl Mail for Note {
        type Sink = Arc<Sink>;

        fn send(&self, sink: &Arc<Sink>) -> bool {
            let takes = *sink.takes.lock();
            if takes {
                sink.taken.lock().push(self.0);
            }
            takes
        }

        fn is_done(&self) -> bool {
            false
        }

        fn may_be_lost(&self) -> Option<&CStr> {
            self.1.as_deref()
        }
    }

    #[test]
    fn what_must_be_told_is_not_lost_and_who_says_most_loses_first() {
        let sink = Arc::new(Sink::default());
        let outlet = Outlet::new();
        outlet.open(&sink);
        let of = |account: &str| Some(CString::new(account).expect("no NUL"));
        outlet.push(Note(1, of("bob")));
        for _ in 0..3_000 {
            outlet.push(Note(2, of("mallory")));
        }
        for number in 3..503 {
            outlet.push(Note(number, None));
        }
        outlet.push(Note(600, of("bob")));
        assert!(outlet.flush(), "nothing is taken");
        *sink.takes.lock() = true;
        outlet.retry();
        assert!(!outlet.flush());
        let taken = sink.taken.lock();
        let must: Vec<u32> = taken.iter().copied().filter(|it| (3..503).contains(it)).collect();
        assert!(must.iter().copied().eq(3..503), "in order");
        assert_eq!((taken.len(), taken.first(), taken.last()), (LIMIT, Some(&1), Some(&600)));
    }
}
