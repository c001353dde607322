//! The worker: one thread, one loop, no decisions.

pub mod ports;

use std::io;
use std::sync::Arc;

use crate::engine::input::{
    Command, Connection, Outcome, Req, Room, RtcEvent, SignalEvent, SignalResult, Source, Ticket,
};
use crate::engine::{Engine, Snapshot};
use ports::{Listener, Rtc, Signaling};

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
    SignalDone { req: Req, result: SignalResult },
    RtcDone { req: Req, outcome: Outcome },
    Signals { source: Source, events: Vec<SignalEvent> },
    Rooms(Vec<Room>),
    Connection(Connection),
    Rtc(RtcEvent),
}

/// One component, as the facade sees it. Every function is legal on every thread.
pub struct Kit {
    options: Options,
}

impl Kit {
    /// A kit on its worker, whose thread is started if need be. Nothing is called before `start`.
    pub fn new(options: Options) -> io::Result<Arc<Kit>> {
        Ok(Arc::new(Kit { options }))
    }

    /// Hands engine and ports to the worker. Once.
    pub fn start(self: &Arc<Kit>, engine: Engine, ports: Ports) {
        let _ = (engine, ports);
    }

    /// Queues what the app asks for; Cancel, Reject, Hangup, Leave and Logout have reserved slots.
    pub fn command(&self, ticket: Ticket, command: Command) -> Result<(), Refused> {
        let _ = (ticket, command);
        Ok(())
    }

    /// Queues what a plug says; completions have slots of their own.
    pub fn report(&self, report: Report) -> Result<(), Refused> {
        let _ = report;
        Ok(())
    }

    /// Tells the plugs that the device's network changed.
    pub fn network_changed(&self) -> Result<(), Refused> {
        Ok(())
    }

    /// What is going on; never behind the callbacks, maybe ahead.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }

    /// HOST delivery: runs what is undelivered; −1 waits for something, 0 does not.
    pub fn dispatch(&self, timeout_ms: i32) -> Result<u32, Refused> {
        let _ = timeout_ms;
        if self.options.host_delivery { Ok(0) } else { Err(Refused::Unsupported) }
    }

    /// HOST delivery: a descriptor that is readable exactly while something is undelivered.
    pub fn event_fd(&self) -> Result<i32, Refused> {
        Err(Refused::Unsupported)
    }

    /// Closes the kit without waiting; the listener's `released` is its last callback.
    pub fn release(&self) -> Result<(), Refused> {
        Ok(())
    }

    /// Closes the kit and waits until `released` has run.
    pub fn destroy(&self) -> Result<(), Refused> {
        if in_callback() { Err(Refused::Reentrant) } else { Ok(()) }
    }
}

/// Whether this thread is inside a callback of any kit.
pub fn in_callback() -> bool {
    false
}

/// Marks this thread as inside a callback while it lives.
#[derive(Debug)]
pub struct CallbackGuard(());

impl CallbackGuard {
    /// Enters.
    pub fn enter() -> CallbackGuard {
        CallbackGuard(())
    }
}

/// For the child's side of `pthread_atfork`: the child starts without kits and without workers.
pub fn after_fork_in_child() {}
