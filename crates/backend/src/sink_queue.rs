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
pub trait SinkMessage: Clone + Send + 'static {
    /// The C struct of function pointers.
    type Sink: 'static;
    /// Hands it over. False: the sink is full, offer it again.
    fn send(&self, sink: &Self::Sink) -> bool;
    /// Completes an operation: the sink has a reserved slot for it.
    fn is_done(&self) -> bool;
    /// On whose account it may be lost when too much waits. None: it must be told.
    fn may_be_lost(&self) -> Option<&CStr>;
}

/// The line to one sink: a backend puts messages in while it holds its own lock and empties the sink queue
/// when the lock is gone, so that the order of the backend is the order of the sink, whichever threads did
/// it.
pub struct SinkQueue<M: SinkMessage> {
    state: Mutex<QueueState<M>>,
    /// Signalled when a thread stopped sending.
    quiet: Condvar,
}

struct QueueState<M: SinkMessage> {
    /// Lent by the core from open to close; NULL before and after.
    sink: *const M::Sink,
    queue: VecDeque<M>,
    /// Held back until the next message.
    reorder_slot: Option<Box<M>>,
    /// A thread is emptying the queue.
    sending: bool,
    /// Somebody was told to offer again what the sink refused.
    retrying: bool,
    /// Nothing comes in.
    disabled: bool,
    /// How many messages were lost since the queue was empty.
    lost: u64,
}

// SAFETY: the sink's functions may be called on any thread; that is the core's side of the contract.
unsafe impl<M: SinkMessage> Send for QueueState<M> {}

impl<M: SinkMessage> Default for SinkQueue<M> {
    fn default() -> SinkQueue<M> {
        SinkQueue::new()
    }
}

impl<M: SinkMessage> SinkQueue<M> {
    /// A queue without a sink: what is put into it is lost.
    pub fn new() -> SinkQueue<M> {
        let state = QueueState {
            sink: ptr::null(),
            queue: VecDeque::new(),
            reorder_slot: None,
            sending: false,
            retrying: false,
            disabled: false,
            lost: 0,
        };
        SinkQueue { state: Mutex::new(state), quiet: Condvar::new() }
    }

    /// Connects the sink, which stays valid until `close` has returned.
    pub fn open(&self, sink: &M::Sink) {
        self.state.lock().sink = sink;
    }

    /// The sink, while it is open; NULL before and after.
    pub fn sink(&self) -> *const M::Sink {
        self.state.lock().sink
    }

    /// The barrier: when it returns, no call into the sink runs or will run. Waits for a thread that is
    /// inside the sink, which is short: sinks only copy and enqueue.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.sink = ptr::null();
        state.forget();
        while state.sending {
            self.quiet.wait(&mut state);
        }
    }

    /// Puts a message in; `flush` sends it.
    pub fn push(&self, message: M) {
        let mut state = self.state.lock();
        if state.sink.is_null() || state.disabled {
            return;
        }
        let next = !message.is_done();
        state.queue.push_back(message);
        if let Some(held) = state.reorder_slot.take_if(|_| next) {
            state.queue.push_back(*held);
        }
        if state.queue.len() > LIMIT {
            state.lose_one();
        }
    }

    /// Holds a message back until the next one was put in, for backends that play faults.
    pub fn reorder(&self, message: M) {
        let mut state = self.state.lock();
        if let Some(before) = state.reorder_slot.replace(Box::new(message)) {
            state.queue.push_back(*before);
        }
    }

    /// Nothing comes in any more, and what was on its way is lost, for backends that play faults.
    pub fn disable(&self) {
        let mut state = self.state.lock();
        state.disabled = true;
        state.forget();
    }

    /// Undoes `disable`.
    pub fn enable(&self) {
        self.state.lock().disabled = false;
    }

    /// `disable` hit it.
    pub fn is_disabled(&self) -> bool {
        self.state.lock().disabled
    }

    /// Sends what was put in, unless another thread (or this one, further up its stack) is doing it: that one
    /// will not stop before the queue is empty. True, to one caller until `retry`: the sink is full, and the
    /// caller has to flush again `RETRY_MS` later.
    pub fn flush(&self) -> bool {
        let mut state = self.state.lock();
        if state.sending {
            return false;
        }
        state.sending = true;
        let mut stuck = false;
        while let Some(message) = state.next(stuck) {
            // SAFETY: `next` found the sink open, and `close` waits for `sending` to end.
            let sink = unsafe { &*state.sink };
            let taken = MutexGuard::unlocked(&mut state, || message.send(sink));
            if !taken && !state.sink.is_null() && !state.disabled {
                state.queue.push_front(message);
                stuck = true;
            }
        }
        state.sending = false;
        self.quiet.notify_all();
        let lost = if state.queue.is_empty() { std::mem::take(&mut state.lost) } else { 0 };
        if lost > 0 {
            log::warn!("the core took nothing for a while: {lost} messages of a backend were lost");
        }
        stuck && !std::mem::replace(&mut state.retrying, true)
    }

    /// The time to flush again has come.
    pub fn retry(&self) {
        self.state.lock().retrying = false;
    }
}

impl<M: SinkMessage> QueueState<M> {
    /// What to send next. Completions do not wait behind a message that the sink refused.
    fn next(&mut self, stuck: bool) -> Option<M> {
        if self.sink.is_null() {
            return None;
        }
        if !stuck {
            return self.queue.pop_front();
        }
        let place = self.queue.iter().position(SinkMessage::is_done)?;
        self.queue.remove(place)
    }

    /// Loses a message of whoever has most waiting, if there is one that may be lost.
    fn lose_one(&mut self) {
        let mut counts: BTreeMap<&CStr, usize> = BTreeMap::new();
        for whose in self.queue.iter().filter_map(SinkMessage::may_be_lost) {
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
        self.reorder_slot = None;
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

    impl SinkMessage for Note {
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
        let sink_queue = SinkQueue::new();
        sink_queue.open(&sink);
        let of = |account: &str| Some(CString::new(account).expect("no NUL"));
        sink_queue.push(Note(1, of("bob")));
        for _ in 0..3_000 {
            sink_queue.push(Note(2, of("mallory")));
        }
        for number in 3..503 {
            sink_queue.push(Note(number, None));
        }
        sink_queue.push(Note(600, of("bob")));
        assert!(sink_queue.flush(), "nothing is taken");
        *sink.takes.lock() = true;
        sink_queue.retry();
        assert!(!sink_queue.flush());
        let taken = sink.taken.lock();
        let must: Vec<u32> = taken.iter().copied().filter(|it| (3..503).contains(it)).collect();
        assert!(must.iter().copied().eq(3..503), "in order");
        assert_eq!((taken.len(), taken.first(), taken.last()), (LIMIT, Some(&1), Some(&600)));
    }
}
