//! The worker: one thread, one loop, no decisions.
//!
//! The way of a message: a `Kit` (this file) puts it into its worker's `inbox`; the loop (`run`) takes it
//! out, feeds the kit's engine and carries out what the engine asks for: operations go to the plugs,
//! completions and events to the app, either at once or by way of `dispatch` when the host wants to run them
//! itself. In between the loop sleeps (`clock`) until the next message or the next deadline of any engine.
//! `thread` says how many loops there are: one for the whole process, unless a kit asks for its own.
//!
//! No lock is held while the app or a plug is called, and nothing here knows what a call is.

mod clock;
mod dispatch;
mod failed;
mod inbox;
pub mod ports;
mod run;
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

use crate::engine::input::{Command, Input, RtcEvent, Ticket};
use crate::engine::{Engine, Snapshot};
use crate::trace::Redaction;
use dispatch::Outbox;
use inbox::{Gate, Message};
use nertc_callkit_signaling::{
    self as signaling, ChannelState, Connection, OperationResult, Origin, Outcome, Record, Req, Text,
};
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

/// How a kit runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Callbacks run inside `dispatch`, not on the worker's thread.
    pub host_delivery: bool,
    /// A thread of its own instead of the process's.
    pub own_worker: bool,
}

/// What a kit talks to.
pub struct Ports {
    /// The signaling plug.
    pub signaling: Box<dyn Signaling>,
    /// The media plug.
    pub rtc: Box<dyn Rtc>,
    /// The app.
    pub listener: Arc<dyn Listener>,
}

/// What the plugs say.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the engine's input of the same name")]
pub enum Report {
    SignalDone { req: Req, result: OperationResult },
    RtcDone { req: Req, outcome: Outcome },
    Signals { origin: Origin, events: Vec<signaling::Event> },
    Rooms(Vec<ChannelState>),
    Connection(Connection),
    Rtc(RtcEvent),
    Record { from: Text, record: Record },
}

/// One component, as the facade sees it. Every function may be called on every thread.
pub struct Kit {
    id: u64,
    host_delivery: bool,
    worker: Arc<Worker>,
    gate: Gate,
    /// The worker's thread has it or had it; else nobody but the owner knows this kit.
    started: AtomicBool,
    snapshot: Mutex<Snapshot>,
    outbox: Outbox,
}

impl Kit {
    /// A kit on its worker, whose thread is started if need be. Nothing is called before `start`.
    pub fn new(options: Options) -> io::Result<Arc<Kit>> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        Ok(Arc::new(Kit {
            id: LAST_ID.fetch_add(1, Relaxed) + 1,
            host_delivery: options.host_delivery,
            worker: Worker::enter(options.own_worker)?,
            gate: Gate::default(),
            started: AtomicBool::new(false),
            snapshot: Mutex::default(),
            outbox: Outbox::default(),
        }))
    }

    /// Hands engine and ports to the worker. Once, before the kit is given to anybody.
    pub fn start(self: &Arc<Kit>, engine: Engine, ports: Ports) {
        if self.host_delivery {
            self.outbox.set_listener(ports.listener.clone());
        }
        self.started.store(true, Relaxed);
        let seat = Box::new(run::Seat::new(self.clone(), engine, ports));
        let _ = self.push(Message::Start(seat));
    }

    /// Queues what the app asks for. Cancel, Reject, Hangup, Leave and Logout have reserved slots.
    pub fn command(&self, ticket: Ticket, command: Command) -> Result<(), Refused> {
        if !self.outbox.has_room_for(Some(&command)) {
            return Err(self.gate.full());
        }
        self.push(Message::Input(Input::Command { ticket, command }))
    }

    /// Queues what a plug says. A completion finds a slot as long as the plug completes only what it was
    /// asked; `QueueFull` for the rest means: keep it and offer it again.
    pub fn report(&self, report: Report) -> Result<(), Refused> {
        let input = match report {
            Report::SignalDone { req, result } => return self.complete(Input::SignalDone { req, result }),
            Report::RtcDone { req, outcome } => return self.complete(Input::RtcDone { req, outcome }),
            Report::Signals { origin, events } => Input::Signals { origin, events },
            Report::Rooms(rooms) => Input::Rooms(rooms),
            Report::Connection(connection) => Input::Connection(connection),
            Report::Rtc(event) => Input::Rtc(event),
            Report::Record { from, record } => Input::Record { from, record },
        };
        if self.outbox.has_room_for(None) {
            self.push(Message::Input(input))
        } else {
            Err(Refused::QueueFull)
        }
    }

    fn complete(&self, input: Input) -> Result<(), Refused> {
        let taken = self.push(Message::Input(input));
        if taken == Err(Refused::QueueFull) && self.gate.warn_once() {
            log::warn!("a plug completes operations that nobody started; what exceeds the limit is dropped");
        }
        taken
    }

    /// Tells the plugs that the device's network changed.
    pub fn network_changed(&self) -> Result<(), Refused> {
        self.push(Message::NetworkChanged)
    }

    /// Records this kit from its next step on, into a new file; `Err` of the inner kind: there is none.
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

    /// Closes the kit without waiting: later calls are `Closed`, a live call is ended, every open command
    /// completes, and the listener's `released` is the last callback. `Closed`: somebody else did it already.
    pub fn release(&self) -> Result<(), Refused> {
        self.push(Message::Input(Input::Close))?;
        self.outbox.close();
        if !self.started.load(Relaxed) {
            self.gate.shut();
            self.outbox.release(self.host_delivery);
        }
        Ok(())
    }

    fn push(&self, message: Message) -> Result<(), Refused> {
        self.check_ours()?;
        self.worker.inbox.push(self.id, &self.gate, message)
    }

    /// In a forked child the kits of the parent are closed, and their locks are not to be touched.
    fn check_ours(&self) -> Result<(), Refused> {
        if self.worker.is_ours() { Ok(()) } else { Err(Refused::Closed) }
    }
}

impl Drop for Kit {
    /// A kit that was started left when it was released.
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

/// Whether this thread is inside a callback of any kit; on a worker's thread: always.
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
