//! The queue of undelivered callbacks, for apps that dispatch them themselves (APP delivery).

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::clock::Flag;
use super::guard::{CallbackGuard, guarded};
use super::ports::Listener;
use super::quota::{Refused, ends_something};
use crate::engine::input::{Command, Ticket};
use crate::engine::limits::UNDELIVERED;
use crate::engine::output::{Event, OpResult};

/// A callback that has not run.
enum Callback {
    Done(Ticket, OpResult),
    Event(Event),
    Released,
}

/// A callback about to run.
pub(super) struct Next {
    callback: Callback,
    listener: Option<Arc<dyn Listener>>,
    /// The app caught up with its backlog; the engine must be notified.
    pub(super) caught_up: bool,
}

/// The undelivered callbacks of one client, and its end. WORKER delivery uses only the end.
#[derive(Default)]
pub(super) struct CallbackQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// Length of the queue, to look at without the lock.
    waiting: AtomicUsize,
    /// The app is too slow; set at the limit, cleared at half of it.
    backlogged: AtomicBool,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Callback>,
    listener: Option<Arc<dyn Listener>>,
    flag: Option<Flag>,
    /// Some thread is inside `dispatch` or `destroy`.
    running: bool,
    /// `on_wakeup` is running; `released` waits for it, since nothing may follow that.
    waking: bool,
    /// `release` or `destroy` was called.
    closing: bool,
    /// `released` has run: the end.
    released: bool,
}

impl CallbackQueue {
    pub(super) fn set_listener(&self, listener: Arc<dyn Listener>) {
        self.state.lock().listener = Some(listener);
    }

    pub(super) fn done(&self, ticket: Ticket, result: OpResult) {
        self.put(Callback::Done(ticket, result));
    }

    pub(super) fn event(&self, event: Event) {
        self.put(Callback::Event(event));
    }

    fn put(&self, callback: Callback) {
        let mut state = self.state.lock();
        let first = state.queue.is_empty();
        if let Callback::Event(event) = &callback {
            state.forget_older(event);
        }
        state.queue.push_back(callback);
        self.count(&state);
        if first {
            state.flag.iter().for_each(Flag::raise);
            state.waking = true;
            let listener = state.listener.clone();
            MutexGuard::unlocked(&mut state, || {
                self.changed.notify_all();
                let _inside = CallbackGuard::enter();
                guarded("on_wakeup", || listener.iter().for_each(|listener| listener.wakeup()));
                drop(listener);
            });
            state.waking = false;
        }
        self.changed.notify_all();
    }

    fn count(&self, state: &State) {
        self.waiting.store(state.queue.len(), Relaxed);
        if state.queue.len() >= UNDELIVERED {
            self.backlogged.store(true, Relaxed);
        }
    }

    pub(super) fn is_backlogged(&self) -> bool {
        self.backlogged.load(Relaxed)
    }

    /// Whether there is room for more callbacks. A call is refused at the limit already, an event
    /// of a backend and other commands at twice, those that end something at three times the limit.
    pub(super) fn has_room_for(&self, command: Option<&Command>) -> bool {
        let times = match command {
            Some(Command::Call(_)) => 1,
            Some(command) if ends_something(command) => 3,
            Some(_) | None => 2,
        };
        self.waiting.load(Relaxed) < times * UNDELIVERED
    }

    /// Wakes the threads that wait in `dispatch`.
    pub(super) fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_all();
    }

    /// The worker is done with the client. WORKER delivery: `released` has run. APP delivery: it comes last.
    pub(super) fn release(&self, manual_dispatch: bool) {
        if manual_dispatch {
            return self.put(Callback::Released);
        }
        self.state.lock().released = true;
        self.changed.notify_all();
    }

    /// WORKER delivery: until `released` has run on the worker.
    pub(super) fn wait_for_release(&self) {
        self.changed.wait_while(&mut self.state.lock(), |state| !state.released);
    }

    /// Becomes the thread that runs callbacks, once there are any: -1 waits for the first, 0 does not.
    pub(super) fn start_running(&self, timeout_ms: i32) -> Result<Running<'_>, Refused> {
        let mut state = self.state.lock();
        if state.released {
            return Err(Refused::Closed);
        }
        if state.running {
            return Err(Refused::Reentrant);
        }
        state.running = true;
        let mut running = Running { queue: self, due: 0 };
        let was_closing = state.closing;
        let idle = |state: &mut State| state.queue.is_empty() && state.closing == was_closing;
        if let Ok(timeout_ms) = u64::try_from(timeout_ms) {
            self.changed.wait_while_for(&mut state, idle, Duration::from_millis(timeout_ms));
        } else {
            self.changed.wait_while(&mut state, idle);
        }
        running.due = state.queue.len();
        drop(state);
        Ok(running)
    }

    /// As `start_running`, when no other thread does any more.
    pub(super) fn take_over_running(&self) -> Running<'_> {
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| state.running);
        state.running = true;
        Running { queue: self, due: state.queue.len() }
    }

    /// Waits for the next callback. False: `released` has run, none follows.
    pub(super) fn wait_for_callback(&self) -> bool {
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| state.queue.is_empty() && !state.released);
        !state.released
    }

    /// A descriptor that is readable while the queue is not empty.
    pub(super) fn event_fd(&self) -> Result<i32, Refused> {
        let mut state = self.state.lock();
        if state.released {
            return Err(Refused::Closed);
        }
        if state.flag.is_none() {
            let flag = Flag::new().map_err(|error| {
                log::error!("no descriptor for the event handle: {error}");
                Refused::Exhausted
            })?;
            if !state.queue.is_empty() {
                flag.raise();
            }
            state.flag = Some(flag);
        }
        state.flag.as_ref().map(Flag::fd).ok_or(Refused::Exhausted)
    }

    /// Takes the oldest callback out.
    pub(super) fn take(&self) -> Option<Next> {
        let mut state = self.state.lock();
        if matches!(state.queue.front(), Some(Callback::Released)) {
            self.changed.wait_while(&mut state, |state| state.waking);
        }
        let callback = state.queue.pop_front()?;
        if state.queue.is_empty() {
            state.flag.iter().for_each(Flag::lower);
        }
        self.count(&state);
        let caught_up = state.queue.len() <= UNDELIVERED / 2 && self.backlogged.swap(false, Relaxed);
        Some(Next { callback, listener: state.listener.clone(), caught_up })
    }

    /// `released` has run: drops the listener and wakes the threads that wait for the end.
    pub(super) fn released_has_run(&self) {
        let mut state = self.state.lock();
        state.released = true;
        let listener = state.listener.take();
        self.changed.notify_all();
        drop(state);
        drop(listener);
    }
}

impl State {
    /// Of availability, mute and quality only the newest event about a user is kept.
    fn forget_older(&mut self, event: &Event) {
        let Some(subject) = subject(event) else { return };
        let same = |callback: &Callback| match callback {
            Callback::Event(event) => self::subject(event).as_ref() == Some(&subject),
            Callback::Done(..) | Callback::Released => false,
        };
        if let Some(older) = self.queue.iter().rposition(same) {
            self.queue.remove(older);
        }
    }
}

/// Kind, call and user of an event that a newer one replaces.
fn subject(event: &Event) -> Option<(Discriminant<Event>, u64, &str)> {
    use Event::{AudioAvailable, AudioMuted, CameraAvailable, NetworkQuality, VideoMuted};
    let (call_no, user) =
        if let AudioAvailable(e) | CameraAvailable(e) | AudioMuted(e) | VideoMuted(e) = event {
            (e.call_no, &e.user)
        } else if let NetworkQuality(e) = event {
            (e.call_no, &e.user)
        } else {
            return None;
        };
    Some((discriminant(event), call_no, user))
}

impl Next {
    /// Runs it on this thread. True: it was `released`, the last one.
    pub(super) fn run(self) -> bool {
        let last = matches!(self.callback, Callback::Released);
        if let Some(listener) = self.listener {
            let _inside = CallbackGuard::enter();
            guarded("a callback", || match self.callback {
                Callback::Done(ticket, result) => listener.done(ticket, &result),
                Callback::Event(event) => listener.event(&event),
                Callback::Released => listener.released(),
            });
        }
        last
    }
}

/// Held while a thread runs callbacks; no other thread does then.
pub(super) struct Running<'a> {
    queue: &'a CallbackQueue,
    /// How many callbacks were queued when it started.
    pub(super) due: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.queue.state.lock().running = false;
        self.queue.changed.notify_all();
    }
}
