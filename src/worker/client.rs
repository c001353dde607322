//! One client, as the facade sees it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::{fs, io};

use parking_lot::Mutex;

use super::callback_queue::CallbackQueue;
use super::event_loop;
use super::guard::in_callback;
use super::message::{Message, Start};
use super::ports::Ports;
use super::quota::{Class, Quota, Refused};
use super::shared::Shared;
use super::thread::Worker;
use super::trace::Recorder;
use crate::engine::input::{Command, Input, Ticket};
use crate::engine::{Engine, Snapshot};
use nertc_callkit_trace::Redaction;

/// How a client runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Callbacks run inside `dispatch`, not on the worker's thread (APP delivery).
    pub manual_dispatch: bool,
    /// A thread of its own instead of the process's.
    pub dedicated_thread: bool,
}

/// One client. Every function may be called on every thread.
pub struct Client {
    pub(super) shared: Arc<Shared>,
    worker: Arc<Worker>,
    /// The worker has or had it; until then only the owner knows this client.
    started: AtomicBool,
}

impl Client {
    /// A client on its worker, whose thread is started if necessary. Nothing is called before `start`.
    pub fn new(options: Options) -> io::Result<Arc<Client>> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        let worker = Worker::enter(options.dedicated_thread, event_loop::run)?;
        let shared = Arc::new(Shared {
            id: LAST_ID.fetch_add(1, Relaxed) + 1,
            manual_dispatch: options.manual_dispatch,
            quota: Quota::default(),
            snapshot: Mutex::default(),
            callbacks: CallbackQueue::default(),
        });
        Ok(Arc::new(Client { shared, worker, started: AtomicBool::new(false) }))
    }

    /// Passes engine and ports to the worker. Once, before the client is published.
    pub fn start(&self, engine: Engine, ports: Ports) {
        if self.shared.manual_dispatch {
            self.shared.callbacks.set_listener(ports.listener.clone());
        }
        self.started.store(true, Relaxed);
        let start = Start { shared: self.shared.clone(), engine, ports };
        let _ = self.push(Message::Start(Box::new(start)));
    }

    /// Queues a request of the app. Cancel, Reject, Hangup, Leave and Logout have reserved slots.
    pub fn command(&self, ticket: Ticket, command: Command) -> Result<(), Refused> {
        if !self.shared.callbacks.has_room_for(Some(&command)) {
            return Err(self.shared.quota.full());
        }
        self.push(Message::Input(Input::Command { ticket, command: command.into() }))
    }

    /// Queues what a backend reports. Completions of operations that were started always fit; `QueueFull` for
    /// anything else means: keep it and report it again.
    pub fn report(&self, report: Input) -> Result<(), Refused> {
        if !matches!(report, Input::SignalDone { .. } | Input::RtcDone { .. }) {
            return self.report_with(|| report);
        }
        self.check_ours()?;
        let Shared { id, quota, .. } = &*self.shared;
        if let Some(mut place) = self.worker.starting.place(*id, quota) {
            *place = Some(report);
            return Ok(());
        }
        let taken = self.worker.inbox.push(*id, quota, Message::Input(report));
        if taken == Err(Refused::QueueFull) && quota.warn_once() {
            log::warn!(
                "a backend completes operations that nobody started; what exceeds the limit is dropped"
            );
        }
        taken
    }

    /// As `report`, for what is no completion and is only made if it is taken: short, and without a lock.
    #[inline]
    pub fn report_with(&self, report: impl FnOnce() -> Input) -> Result<(), Refused> {
        if !self.shared.callbacks.has_room_for(None) {
            return Err(Refused::QueueFull);
        }
        self.check_ours()?;
        let Shared { id, quota, .. } = &*self.shared;
        self.worker.inbox.push_with(*id, quota, Class::Report, || Message::Input(report()))
    }

    /// Notifies the backends that the device's network changed.
    pub fn network_changed(&self) -> Result<(), Refused> {
        self.push(Message::NetworkChanged)
    }

    /// Records this client from its next step on, into a new file; the inner `Err`: refused, there is none.
    pub fn start_trace(&self, path: &Path, redaction: Redaction) -> io::Result<Result<(), Refused>> {
        let recorder = Recorder::create(self.shared.id, path, redaction)?;
        let taken = self.push(Message::Trace(Some(recorder)));
        if taken.is_err() {
            fs::remove_file(path)?;
        }
        Ok(taken)
    }

    /// Stops recording.
    pub fn stop_trace(&self) -> Result<(), Refused> {
        self.push(Message::Trace(None))
    }

    /// The current state; possibly ahead of the callbacks, never behind.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot.lock().clone()
    }

    /// Closes the client without waiting: later calls are `Closed`, a live call is ended, every open command
    /// completes, and the listener's `released` is the last callback. `Closed`: it was closed before.
    pub fn release(&self) -> Result<(), Refused> {
        self.push(Message::Input(Input::Close))?;
        self.shared.callbacks.close();
        if !self.started.load(Relaxed) {
            self.shared.quota.shut();
            self.shared.callbacks.release(self.shared.manual_dispatch);
        }
        Ok(())
    }

    /// Closes the client and waits until `released` has run; APP delivery: runs what is pending here.
    pub fn destroy(&self) -> Result<(), Refused> {
        if in_callback() {
            return Err(Refused::Reentrant);
        }
        self.release()?;
        if self.shared.manual_dispatch {
            let _running = self.shared.callbacks.take_over_running();
            while self.shared.callbacks.wait_for_callback() {
                self.run_next();
            }
        } else {
            self.shared.callbacks.wait_for_release();
        }
        self.worker.join_if_ending();
        Ok(())
    }

    /// APP delivery: runs the undelivered callbacks, at most those queued at entry; -1 waits for the first,
    /// 0 does not. Returns how many ran. Accepted after `release` too, until `released` has run.
    pub fn dispatch(&self, timeout_ms: i32) -> Result<u32, Refused> {
        self.check_dispatch()?;
        let running = self.shared.callbacks.start_running(timeout_ms)?;
        let mut ran = 0;
        while ran < running.due as u32 && self.run_next() {
            ran += 1;
            if !self.worker.is_ours() {
                std::mem::forget(running); // Forked inside the callback; the lock may be the parent's.
                return Err(Refused::Closed);
            }
        }
        Ok(ran)
    }

    /// APP delivery: a descriptor of the client that is readable exactly while callbacks are undelivered.
    pub fn event_fd(&self) -> Result<i32, Refused> {
        self.check_ours()?;
        if !self.shared.manual_dispatch {
            return Err(Refused::Unsupported);
        }
        self.shared.callbacks.event_fd()
    }

    /// Runs the oldest callback, if there is one, on this thread.
    fn run_next(&self) -> bool {
        let Some(next) = self.shared.callbacks.take() else { return false };
        if next.caught_up {
            let _ = self.worker.inbox.push(self.shared.id, &self.shared.quota, Message::Backlog);
        }
        if next.run() && self.worker.is_ours() {
            self.shared.callbacks.released_has_run();
        }
        true
    }

    fn check_dispatch(&self) -> Result<(), Refused> {
        self.check_ours()?;
        if in_callback() {
            return Err(Refused::Reentrant);
        }
        match (self.shared.manual_dispatch, self.shared.quota.is_open()) {
            (true, _) => Ok(()),
            (false, true) => Err(Refused::Unsupported),
            (false, false) => Err(Refused::Closed),
        }
    }

    fn push(&self, message: Message) -> Result<(), Refused> {
        self.check_ours()?;
        self.worker.inbox.push(self.shared.id, &self.shared.quota, message)
    }

    /// In a forked child the parent's clients are closed, and their locks must not be touched.
    fn check_ours(&self) -> Result<(), Refused> {
        if self.worker.is_ours() { Ok(()) } else { Err(Refused::Closed) }
    }
}

impl Drop for Client {
    /// A client that was started leaves its worker when it is released.
    fn drop(&mut self) {
        if !*self.started.get_mut() && self.worker.is_ours() {
            self.worker.leave();
            self.worker.join_if_ending();
        }
    }
}
