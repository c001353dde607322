//! The worker: one thread, one loop, no decisions.
//!
//! The way of a message: a `Client` (this file) puts it into its worker's `inbox`; the loop (`run`) takes it
//! out, feeds the client's engine and carries out what the engine asks for: operations go to the backends,
//! completions and events to the app, either at once or by way of `dispatch` when the app wants to run them
//! itself. In between the loop sleeps (`clock`) until the next message or the next deadline of any engine.
//! `thread` says how many loops there are: one for the whole process, unless a client asks for its own.
//!
//! No lock is held while the app or a backend is called, and nothing here knows what a call is.

mod callback_queue;
mod clock;
mod event_loop;
mod failed;
mod inbox;
pub mod ports;
#[cfg(test)]
mod tests;
mod thread;
mod trace;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::{fs, io};

use parking_lot::Mutex;

use crate::engine::input::{
    Command, Connection, Input, Outcome, Req, Room, RtcEvent, SignalEvent, SignalResult, Source, Text, Ticket,
};
use crate::engine::output::Record;
use crate::engine::{Engine, Snapshot};
use crate::trace::Redaction;
use callback_queue::CallbackQueue;
use inbox::{Message, Quota};
use ports::{Listener, Rtc, Signaling};
use thread::Worker;
pub use thread::after_fork_in_child;
use trace::Recorder;

/// Why something was not taken; nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Released or destroyed.
    Closed,
    /// Too much is waiting; try again later.
    QueueFull,
    /// Not inside a callback, and not on two threads at once.
    Reentrant,
    /// Not with this kind of delivery.
    Unsupported,
    /// The system is out of something.
    Exhausted,
}

/// How a client runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Callbacks run inside `dispatch`, not on the worker's thread.
    pub manual_dispatch: bool,
    /// A thread of its own instead of the process's.
    pub dedicated_thread: bool,
}

/// What a client talks to.
pub struct Ports {
    /// The signaling backend.
    pub signaling: Box<dyn Signaling>,
    /// The media backend.
    pub rtc: Box<dyn Rtc>,
    /// The app.
    pub listener: Arc<dyn Listener>,
}

/// What the backends say.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the engine's input of the same name")]
pub enum Report {
    SignalDone { req: Req, result: SignalResult },
    RtcDone { req: Req, outcome: Outcome },
    Signals { source: Source, events: Vec<SignalEvent> },
    Rooms(Vec<Room>),
    Connection(Connection),
    Rtc(RtcEvent),
    Record { from: Text, record: Record },
}

/// One client, as the facade sees it. Every function may be called on every thread.
pub struct Client {
    id: u64,
    manual_dispatch: bool,
    worker: Arc<Worker>,
    quota: Quota,
    /// The worker's thread has it or had it; else nobody but the owner knows this client.
    started: AtomicBool,
    snapshot: Mutex<Snapshot>,
    callbacks: CallbackQueue,
}

impl Client {
    /// A client on its worker, whose thread is started if need be. Nothing is called before `start`.
    pub fn new(options: Options) -> io::Result<Arc<Client>> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        Ok(Arc::new(Client {
            id: LAST_ID.fetch_add(1, Relaxed) + 1,
            manual_dispatch: options.manual_dispatch,
            worker: Worker::enter(options.dedicated_thread)?,
            quota: Quota::default(),
            started: AtomicBool::new(false),
            snapshot: Mutex::default(),
            callbacks: CallbackQueue::default(),
        }))
    }

    /// Hands engine and ports to the worker. Once, before the client is given to anybody.
    pub fn start(self: &Arc<Client>, engine: Engine, ports: Ports) {
        if self.manual_dispatch {
            self.callbacks.set_listener(ports.listener.clone());
        }
        self.started.store(true, Relaxed);
        let slot = Box::new(event_loop::Slot::new(self.clone(), engine, ports));
        let _ = self.push(Message::Start(slot));
    }

    /// Queues what the app asks for. Cancel, Reject, Hangup, Leave and Logout have reserved slots.
    pub fn command(&self, ticket: Ticket, command: Command) -> Result<(), Refused> {
        if !self.callbacks.has_room_for(Some(&command)) {
            return Err(self.quota.full());
        }
        self.push(Message::Input(Input::Command { ticket, command }))
    }

    /// Queues a backend's report. Completions of operations that were started always fit; `QueueFull` for
    /// anything else means: keep it and report it again.
    pub fn report(&self, report: Report) -> Result<(), Refused> {
        let input = match report {
            Report::SignalDone { req, result } => return self.complete(Input::SignalDone { req, result }),
            Report::RtcDone { req, outcome } => return self.complete(Input::RtcDone { req, outcome }),
            Report::Signals { source, events } => Input::Signals { source, events },
            Report::Rooms(rooms) => Input::Rooms(rooms),
            Report::Connection(connection) => Input::Connection(connection),
            Report::Rtc(event) => Input::Rtc(event),
            Report::Record { from, record } => Input::Record { from, record },
        };
        if self.callbacks.has_room_for(None) {
            self.push(Message::Input(input))
        } else {
            Err(Refused::QueueFull)
        }
    }

    fn complete(&self, input: Input) -> Result<(), Refused> {
        let taken = self.push(Message::Input(input));
        if taken == Err(Refused::QueueFull) && self.quota.warn_once() {
            log::warn!(
                "a backend completes operations that nobody started; what exceeds the limit is dropped"
            );
        }
        taken
    }

    /// Tells the backends that the device's network changed.
    pub fn network_changed(&self) -> Result<(), Refused> {
        self.push(Message::NetworkChanged)
    }

    /// Records this client from its next step on, into a new file; `Err` of the inner kind: there is none.
    pub fn start_trace(&self, path: &Path, redaction: Redaction) -> io::Result<Result<(), Refused>> {
        let recorder = Recorder::create(self.id, path, redaction)?;
        let taken = self.push(Message::Trace(Some(recorder)));
        if taken.is_err() {
            fs::remove_file(path)?;
        }
        Ok(taken)
    }

    /// Records it no longer.
    pub fn stop_trace(&self) -> Result<(), Refused> {
        self.push(Message::Trace(None))
    }

    /// What is going on; maybe ahead of the callbacks, never behind.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.lock().clone()
    }

    /// Closes the client without waiting: later calls are `Closed`, a live call is ended, every open command
    /// completes, and the listener's `released` is the last callback. `Closed`: somebody else did it already.
    pub fn release(&self) -> Result<(), Refused> {
        self.push(Message::Input(Input::Close))?;
        self.callbacks.close();
        if !self.started.load(Relaxed) {
            self.quota.shut();
            self.callbacks.release(self.manual_dispatch);
        }
        Ok(())
    }

    fn push(&self, message: Message) -> Result<(), Refused> {
        self.check_ours()?;
        self.worker.inbox.push(self.id, &self.quota, message)
    }

    /// In a forked child the clients of the parent are closed, and their locks are not to be touched.
    fn check_ours(&self) -> Result<(), Refused> {
        if self.worker.is_ours() { Ok(()) } else { Err(Refused::Closed) }
    }
}

impl Drop for Client {
    /// A client that was started left when it was released.
    fn drop(&mut self) {
        if !*self.started.get_mut() && self.worker.is_ours() {
            self.worker.leave();
            self.worker.join_if_ending();
        }
    }
}

thread_local! {
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback of any client; on a worker's thread: always.
pub fn in_callback() -> bool {
    CALLBACKS.get() > 0
}

/// Marks this thread as inside a callback while it lives.
#[derive(Debug)]
pub struct CallbackGuard(());

impl CallbackGuard {
    /// Enters.
    pub fn enter() -> CallbackGuard {
        CALLBACKS.set(CALLBACKS.get() + 1);
        CallbackGuard(())
    }
}

impl Drop for CallbackGuard {
    fn drop(&mut self) {
        CALLBACKS.set(CALLBACKS.get() - 1);
    }
}
