//! Messages on their way to a sink: in order, one thread at a time, no lock held, closed by a barrier.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::{Condvar, Mutex, MutexGuard};

/// Messages that may wait for a sink that answers QUEUE_FULL. Beyond that the sender with the most waiting
/// messages loses its newest one, unless the core must be notified of it: such a message is never lost.
pub const LIMIT: usize = 1024;
/// Milliseconds until a sink that returned QUEUE_FULL is called again.
pub const RETRY_MS: u64 = 10;

/// A message to a sink.
pub trait SinkMessage: Send + 'static {
    /// Completes an operation: the sink has a reserved slot for it.
    fn is_completion(&self) -> bool;
    /// The account at whose expense it may be dropped when too much is queued. None: it must be delivered.
    fn may_be_lost(&self) -> Option<&str>;
}

/// Hands a message to the sink. It comes back if the sink is full: offer it again.
type Deliver<M> = Box<dyn FnMut(M) -> Result<(), M> + Send>;

/// The queue in front of one sink. A backend pushes messages while it holds its own lock and flushes the
/// queue after releasing it, so that the backend's order is the sink's order, whichever threads are involved.
pub struct SinkQueue<M: SinkMessage> {
    state: Mutex<QueueState<M>>,
    /// Signalled when a thread stopped sending.
    quiet: Condvar,
}

struct QueueState<M> {
    /// From open to close. The sending thread takes it along.
    deliver: Option<Deliver<M>>,
    is_open: bool,
    queue: VecDeque<M>,
    /// A thread is emptying the queue.
    sending: bool,
    /// A caller of `flush` was asked to retry.
    retrying: bool,
    /// What was being sent at the last `clear` is lost if the sink refuses it.
    cleared: bool,
    /// How many messages were lost since the queue was empty.
    lost: u64,
}

impl<M: SinkMessage> Default for SinkQueue<M> {
    fn default() -> SinkQueue<M> {
        let state = QueueState {
            deliver: None,
            is_open: false,
            queue: VecDeque::new(),
            sending: false,
            retrying: false,
            cleared: false,
            lost: 0,
        };
        SinkQueue { state: Mutex::new(state), quiet: Condvar::new() }
    }
}

impl<M: SinkMessage> SinkQueue<M> {
    /// Connects the sink; what was pushed before is lost. `deliver` gives a message back if the sink is full.
    pub fn open(&self, deliver: impl FnMut(M) -> Result<(), M> + Send + 'static) {
        let mut state = self.state.lock();
        state.deliver = Some(Box::new(deliver));
        state.is_open = true;
    }

    /// The barrier: when it returns, no call into the sink runs or will run. Waits for a thread that is
    /// inside the sink, which is short: sinks only copy and enqueue.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.is_open = false;
        state.queue.clear();
        while state.sending {
            self.quiet.wait(&mut state);
        }
        state.deliver = None;
    }

    /// Queues a message; `flush` sends it.
    pub fn push(&self, message: M) {
        let mut state = self.state.lock();
        if !state.is_open {
            return;
        }
        state.queue.push_back(message);
        if state.queue.len() > LIMIT {
            state.lose_one();
        }
    }

    /// Loses what is queued, for backends that inject faults.
    pub fn clear(&self) {
        let mut state = self.state.lock();
        state.queue.clear();
        state.cleared = true;
    }

    /// Loses what is queued but completions. A sink that was full takes those first: what waits of a room
    /// that is left would come after the completion of the leave, and be taken for news of the next one.
    pub fn forget(&self) {
        let mut state = self.state.lock();
        state.queue.retain(SinkMessage::is_completion);
        state.cleared = true;
    }

    /// Sends what is queued, unless another thread (or this one, further up its stack) is sending: that one
    /// does not stop before the queue is empty. True, to one caller until `retry`: the sink is full, and the
    /// caller has to call `retry` and `flush` [`RETRY_MS`] later.
    pub fn flush(&self) -> bool {
        let mut state = self.state.lock();
        // The sending thread has taken it.
        let Some(mut deliver) = state.deliver.take() else { return false };
        state.sending = true;
        let mut stuck = false;
        while let Some(message) = state.next(stuck) {
            state.cleared = false;
            let refused = MutexGuard::unlocked(&mut state, || deliver(message)).err();
            if let Some(message) = refused.filter(|_| state.is_open && !state.cleared) {
                state.queue.push_front(message);
                stuck = true;
            }
        }
        state.sending = false;
        state.deliver = Some(deliver);
        self.quiet.notify_all();
        let lost = if state.queue.is_empty() { std::mem::take(&mut state.lost) } else { 0 };
        if lost > 0 {
            log::warn!("the core accepted nothing for a while: {lost} messages of a backend were lost");
        }
        stuck && !std::mem::replace(&mut state.retrying, true)
    }

    /// The time to flush again has come.
    pub fn retry(&self) {
        self.state.lock().retrying = false;
    }
}

impl<M: SinkMessage> QueueState<M> {
    /// The next message to send. Completions do not wait for a message that the sink refused.
    fn next(&mut self, stuck: bool) -> Option<M> {
        if !self.is_open {
            return None;
        }
        if !stuck {
            return self.queue.pop_front();
        }
        let at = self.queue.iter().position(SinkMessage::is_completion)?;
        self.queue.remove(at)
    }

    /// Loses a message of the sender with the most waiting ones, if there is one that may be lost.
    fn lose_one(&mut self) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;

    struct Note(u32, Option<&'static str>);

    impl SinkMessage for Note {
        fn is_completion(&self) -> bool {
            self.0 >= 1_000
        }

        fn may_be_lost(&self) -> Option<&str> {
            self.1
        }
    }

    /// A queue whose sink accepts nothing, or everything.
    fn queue(takes: bool) -> (Arc<SinkQueue<Note>>, Arc<AtomicBool>, mpsc::Receiver<u32>) {
        let (takes, (taken, received)) = (Arc::new(AtomicBool::new(takes)), mpsc::channel());
        let (queue, is_open) = (Arc::new(SinkQueue::default()), takes.clone());
        queue.open(move |note: Note| {
            if is_open.load(Ordering::SeqCst) || note.is_completion() {
                taken.send(note.0).expect("the test listens");
                return Ok(());
            }
            Err(note)
        });
        (queue, takes, received)
    }

    fn push_all(queue: &SinkQueue<Note>, numbers: &[u32]) {
        numbers.iter().for_each(|number| queue.push(Note(*number, None)));
    }

    #[test]
    fn what_is_forgotten_is_not_offered_again() {
        let (queue, takes, received) = queue(false);
        push_all(&queue, &[1, 2]);
        assert!(queue.flush(), "nothing is taken");
        push_all(&queue, &[1_000]);
        queue.forget();
        takes.store(true, Ordering::SeqCst);
        push_all(&queue, &[3]);
        queue.retry();
        assert!(!queue.flush());
        assert!(received.try_iter().eq([1_000, 3]));
    }

    #[test]
    fn the_loudest_sender_loses_first_and_nothing_essential() {
        let (queue, takes, received) = queue(false);
        queue.push(Note(1, Some("bob")));
        for _ in 0..3_000 {
            queue.push(Note(2, Some("mallory")));
        }
        for number in 3..503 {
            queue.push(Note(number, None));
        }
        queue.push(Note(600, Some("bob")));
        assert!(queue.flush(), "nothing is taken");
        takes.store(true, Ordering::SeqCst);
        queue.retry();
        assert!(!queue.flush());
        let taken: Vec<u32> = received.try_iter().collect();
        let essential: Vec<u32> = taken.iter().copied().filter(|it| (3..503).contains(it)).collect();
        assert!(essential.iter().copied().eq(3..503), "in order");
        assert_eq!((taken.len(), taken.first(), taken.last()), (LIMIT, Some(&1), Some(&600)));
    }

    #[test]
    fn a_completion_overtakes_what_a_full_sink_refused() {
        let (queue, takes, received) = queue(false);
        push_all(&queue, &[1, 1_000, 2, 1_001]);
        assert!(queue.flush() && !queue.flush(), "one caller alone comes again");
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [1_000, 1_001]);
        takes.store(true, Ordering::SeqCst);
        queue.retry();
        assert!(!queue.flush());
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_cleared_queue_keeps_nothing() {
        let (queue, takes, received) = queue(false);
        queue.push(Note(1, None));
        assert!(queue.flush(), "refused, and offered again");
        queue.clear();
        queue.push(Note(2, None));
        takes.store(true, Ordering::SeqCst);
        queue.retry();
        assert!(!queue.flush());
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_a_sink_refuses_after_a_clear_is_lost() {
        let queue = Arc::new(SinkQueue::default());
        let (inner, (taken, received)) = (Arc::downgrade(&queue), mpsc::channel());
        queue.open(move |note: Note| {
            inner.upgrade().expect("it is sending").clear();
            taken.send(note.0).expect("the test listens");
            Err(note)
        });
        queue.push(Note(1, None));
        queue.push(Note(2, None));
        assert!(!queue.flush(), "nothing is left");
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn nothing_is_delivered_before_open_and_after_close() {
        let closed = SinkQueue::default();
        closed.push(Note(1, None));
        assert!(!closed.flush());
        let (queue, _, received) = queue(true);
        queue.push(Note(1, None));
        queue.close();
        queue.push(Note(2, None));
        assert!(!queue.flush());
        assert!(received.recv().is_err(), "the sink is let go");
    }

    #[test]
    fn close_waits_for_the_thread_inside_the_sink() {
        let (queue, (entered, inside), (go, gate)) =
            (Arc::new(SinkQueue::default()), mpsc::channel(), mpsc::channel::<()>());
        let done = Arc::new(AtomicBool::new(false));
        let left = done.clone();
        queue.open(move |_: Note| {
            entered.send(()).expect("the test waits");
            gate.recv().expect("the test lets go");
            left.store(true, Ordering::SeqCst);
            Ok(())
        });
        queue.push(Note(1, None));
        let sender = std::thread::spawn({
            let queue = queue.clone();
            move || queue.flush()
        });
        inside.recv().expect("the sender is inside");
        let closer = std::thread::spawn({
            let (queue, done) = (queue.clone(), done.clone());
            move || {
                queue.close();
                done.load(Ordering::SeqCst)
            }
        });
        go.send(()).expect("the sender waits");
        assert!(closer.join().expect("no panic"), "closed while a message was inside");
        assert!(!sender.join().expect("no panic"));
    }
}
