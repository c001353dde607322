//! HOST delivery: callbacks wait here until the app runs them.

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::clock::Flag;
use super::event_loop::guarded;
use super::inbox::Message;
use super::ports::Listener;
use super::{CallbackGuard, Client, Refused, in_callback};
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
struct Next {
    callback: Callback,
    listener: Option<Arc<dyn Listener>>,
    /// The app is no longer behind, which the engine has to hear.
    caught_up: bool,
}

/// The undelivered callbacks of one client, and its end. WORKER delivery uses only the end.
#[derive(Default)]
pub(super) struct CallbackQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// Length of the queue, to look at without the lock.
    waiting: AtomicUsize,
    /// The app is behind; set at the limit, taken back at half of it.
    backlogged: AtomicBool,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Callback>,
    listener: Option<Arc<dyn Listener>>,
    flag: Option<Flag>,
    /// Some thread is inside `dispatch` or `destroy`.
    running: bool,
    /// `on_wakeup` is running; `released` waits for it, since nothing may come after it.
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

    /// Whether there is room for what would cause more callbacks. A call stops at the limit already; an event
    /// of a backend and the rest of the commands at twice, what ends something at three times the limit.
    pub(super) fn has_room_for(&self, command: Option<&Command>) -> bool {
        let times = match command {
            Some(Command::Call(_)) => 1,
            Some(command) if super::inbox::ends_something(command) => 3,
            Some(_) | None => 2,
        };
        self.waiting.load(Relaxed) < times * UNDELIVERED
    }

    /// Nobody waits in `dispatch` any longer.
    pub(super) fn close(&self) {
        self.state.lock().closing = true;
        self.changed.notify_all();
    }

    /// The worker is done with the client. WORKER delivery: `released` has run. HOST delivery: it comes last.
    pub(super) fn release(&self, manual_dispatch: bool) {
        if manual_dispatch {
            return self.put(Callback::Released);
        }
        self.state.lock().released = true;
        self.changed.notify_all();
    }

    /// WORKER delivery: until `released` has run on the worker.
    fn wait_for_release(&self) {
        self.changed.wait_while(&mut self.state.lock(), |state| !state.released);
    }

    /// Takes the oldest callback out.
    fn take(&self) -> Option<Next> {
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

    fn released_has_run(&self) {
        let mut state = self.state.lock();
        state.released = true;
        let listener = state.listener.take();
        self.changed.notify_all();
        drop(state);
        drop(listener);
    }
}

impl State {
    /// Of availability, mute and quality only the newest word about somebody waits.
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

/// While a thread runs callbacks; no other does.
struct Running<'a>(&'a CallbackQueue);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state.lock().running = false;
        self.0.changed.notify_all();
    }
}

impl Client {
    /// HOST delivery: runs what is undelivered, at most what is there at entry; −1 waits for something, 0
    /// does not. Returns how many ran. Accepted after `release` too, until `released` has run.
    pub fn dispatch(&self, timeout_ms: i32) -> Result<u32, Refused> {
        self.check_dispatch()?;
        let callbacks = &self.callbacks;
        let mut state = callbacks.state.lock();
        if state.released {
            return Err(Refused::Closed);
        }
        if state.running {
            return Err(Refused::Reentrant);
        }
        state.running = true;
        let running = Running(callbacks);
        let was_closing = state.closing;
        let idle = |state: &mut State| state.queue.is_empty() && state.closing == was_closing;
        if let Ok(timeout_ms) = u64::try_from(timeout_ms) {
            callbacks.changed.wait_while_for(&mut state, idle, Duration::from_millis(timeout_ms));
        } else {
            callbacks.changed.wait_while(&mut state, idle);
        }
        let due = state.queue.len();
        drop(state);
        let mut ran = 0;
        while ran < due as u32 && self.run_next() {
            ran += 1;
            if !self.worker.is_ours() {
                std::mem::forget(running); // Forked inside the callback; the lock may be the parent's.
                return Err(Refused::Closed);
            }
        }
        Ok(ran)
    }

    /// HOST delivery: a descriptor of the client that is readable exactly while something is undelivered.
    pub fn event_fd(&self) -> Result<i32, Refused> {
        self.check_ours()?;
        if !self.manual_dispatch {
            return Err(Refused::Unsupported);
        }
        let mut state = self.callbacks.state.lock();
        if state.released {
            return Err(Refused::Closed);
        }
        if state.flag.is_none() {
            let flag = Flag::new().map_err(|error| {
                log::error!("no descriptor for event_fd: {error}");
                Refused::Exhausted
            })?;
            if !state.queue.is_empty() {
                flag.raise();
            }
            state.flag = Some(flag);
        }
        state.flag.as_ref().map(Flag::fd).ok_or(Refused::Exhausted)
    }

    /// Closes the client and waits until `released` has run; HOST delivery: runs what is pending here.
    pub fn destroy(&self) -> Result<(), Refused> {
        if in_callback() {
            return Err(Refused::Reentrant);
        }
        self.release()?;
        if self.manual_dispatch {
            self.run_until_released();
        } else {
            self.callbacks.wait_for_release();
        }
        self.worker.join_if_ending();
        Ok(())
    }

    fn check_dispatch(&self) -> Result<(), Refused> {
        self.check_ours()?;
        if in_callback() {
            return Err(Refused::Reentrant);
        }
        match (self.manual_dispatch, self.quota.is_open()) {
            (true, _) => Ok(()),
            (false, true) => Err(Refused::Unsupported),
            (false, false) => Err(Refused::Closed),
        }
    }

    fn run_until_released(&self) {
        let callbacks = &self.callbacks;
        let mut state = callbacks.state.lock();
        callbacks.changed.wait_while(&mut state, |state| state.running);
        state.running = true;
        let _running = Running(callbacks);
        while !state.released {
            callbacks.changed.wait_while(&mut state, |state| state.queue.is_empty());
            MutexGuard::unlocked(&mut state, || self.run_next());
        }
        drop(state);
    }

    /// Runs the oldest callback, if there is one, on this thread.
    fn run_next(&self) -> bool {
        let Some(Next { callback, listener, caught_up }) = self.callbacks.take() else { return false };
        if caught_up {
            let _ = self.worker.inbox.push(self.id, &self.quota, Message::Backlog);
        }
        let last = matches!(callback, Callback::Released);
        if let Some(listener) = listener {
            let _inside = CallbackGuard::enter();
            guarded("a callback", || match callback {
                Callback::Done(ticket, result) => listener.done(ticket, result),
                Callback::Event(event) => listener.event(event),
                Callback::Released => listener.released(),
            });
        }
        if last && self.worker.is_ours() {
            self.callbacks.released_has_run();
        }
        true
    }
}
