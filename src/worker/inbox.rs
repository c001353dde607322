//! The worker's message queue: one per thread, with a quota per client, so that no client starves the others.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use parking_lot::{Mutex, MutexGuard};

use super::Refused;
use super::clock::Sleeper;
use super::event_loop::Slot;
use super::trace::Recorder;
use crate::engine::input::{Command, Input};
use crate::engine::limits;
use crate::engine::time::Time;

/// Slots beyond `limits::INBOX` for the commands that end something: a full inbox never keeps a call alive.
const RESERVED: u32 = 64;
/// Waiting completions of one client. The engine never has that many operations open, so only a backend that
/// completes what nobody asked for gets here; the rest of its lies is dropped.
const COMPLETIONS: u32 = 1024;
/// Messages that the queue keeps room for when it is empty.
const KEPT: usize = 256;

/// Something for one client.
pub(super) enum Message {
    /// The client moves in.
    Start(Box<Slot>),
    /// For the engine.
    Input(Input),
    /// For the backends.
    NetworkChanged,
    /// A trace begins, or ends.
    Trace(Option<Box<Recorder>>),
    /// The number of undelivered callbacks crossed a threshold.
    Backlog,
    /// Behind everything that was queued for a client that failed.
    End,
}

/// Which slots a message uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Command {
        reserved: bool,
    },
    Report,
    Completion,
    /// At most one of each waits; `Close` ends the others.
    Control,
    Close,
}

impl Message {
    fn class(&self) -> Class {
        match self {
            Message::Start(_) | Message::Backlog | Message::End => Class::Control,
            Message::NetworkChanged | Message::Trace(_) => Class::Command { reserved: false },
            Message::Input(input) => match input {
                Input::Command { command, .. } => Class::Command { reserved: ends_something(command) },
                Input::SignalDone { .. } | Input::RtcDone { .. } => Class::Completion,
                Input::Signals { .. }
                | Input::Rooms(_)
                | Input::Connection(_)
                | Input::Rtc(_)
                | Input::Record { .. } => Class::Report,
                Input::Backlog(_) => Class::Control,
                Input::Close => Class::Close,
            },
        }
    }
}

pub(super) fn ends_something(command: &Command) -> bool {
    use Command::*;
    matches!(command, Cancel { .. } | Reject { .. } | Hangup { .. } | Leave { .. } | Logout)
}

/// Who may still put something in. The numbers are the order in which a client passes through them.
mod phase {
    pub(super) const OPEN: u8 = 0;
    /// Released: no more commands, but the backends finish.
    pub(super) const CLOSING: u8 = 1;
    /// The backends are closed.
    pub(super) const GONE: u8 = 2;
}

/// One client's entrance to the inbox. Counts are raised under the inbox's lock and lowered by the worker.
#[derive(Debug, Default)]
pub(super) struct Quota {
    phase: AtomicU8,
    commands: AtomicU32,
    reports: AtomicU32,
    completions: AtomicU32,
    /// A lying backend is told off once.
    warned: AtomicBool,
}

impl Quota {
    fn admit(&self, class: Class) -> Result<(), Refused> {
        let (count, limit, last_phase) = match class {
            Class::Command { reserved: false } => (&self.commands, limits::INBOX as u32, phase::OPEN),
            Class::Command { reserved: true } => {
                (&self.commands, limits::INBOX as u32 + RESERVED, phase::OPEN)
            }
            Class::Report => (&self.reports, limits::INBOX as u32, phase::CLOSING),
            Class::Completion => (&self.completions, COMPLETIONS, phase::CLOSING),
            Class::Close => return self.advance(phase::CLOSING),
            Class::Control => return Ok(()),
        };
        if self.phase.load(Relaxed) > last_phase {
            return Err(Refused::Closed);
        }
        if count.load(Relaxed) >= limit {
            return Err(Refused::QueueFull);
        }
        count.fetch_add(1, Relaxed);
        Ok(())
    }

    fn advance(&self, phase: u8) -> Result<(), Refused> {
        if self.phase.fetch_max(phase, Relaxed) < phase { Ok(()) } else { Err(Refused::Closed) }
    }

    /// Why there is no room.
    pub(super) fn full(&self) -> Refused {
        if self.is_open() { Refused::QueueFull } else { Refused::Closed }
    }

    /// Neither released nor destroyed.
    pub(super) fn is_open(&self) -> bool {
        self.phase.load(Relaxed) == phase::OPEN
    }

    /// The worker took `message` out.
    pub(super) fn took(&self, message: &Message) {
        match message.class() {
            Class::Command { .. } => &self.commands,
            Class::Report => &self.reports,
            Class::Completion => &self.completions,
            Class::Control | Class::Close => return,
        }
        .fetch_sub(1, Relaxed);
    }

    /// Nothing more gets in.
    pub(super) fn shut(&self) {
        let _ = self.advance(phase::GONE);
    }

    /// True the first time.
    pub(super) fn warn_once(&self) -> bool {
        !self.warned.swap(true, Relaxed)
    }
}

/// The queue of one worker, and its bed.
pub(super) struct Inbox {
    state: Mutex<State>,
    sleeper: Sleeper,
}

#[derive(Default)]
struct State {
    queue: Vec<(u64, Message)>,
    /// Set by the worker before it sleeps, taken by the one who wakes it: a wake-up costs a system call.
    asleep: bool,
    stopped: bool,
}

impl Inbox {
    pub(super) fn new(sleeper: Sleeper) -> Inbox {
        Inbox { state: Mutex::default(), sleeper }
    }

    /// Puts `message` in, if `quota` of `client` has a slot for it.
    pub(super) fn push(&self, client: u64, quota: &Quota, message: Message) -> Result<(), Refused> {
        let asleep = {
            let mut state = self.state.lock();
            quota.admit(message.class())?;
            state.queue.push((client, message));
            std::mem::take(&mut state.asleep)
        };
        if asleep {
            self.sleeper.wake();
        }
        Ok(())
    }

    /// Takes everything out, in order; if there is nothing, sleeps first, until `deadline` at the latest.
    /// False: stopped.
    pub(super) fn take(&self, batch: &mut Vec<(u64, Message)>, deadline: Option<Time>) -> bool {
        if batch.capacity() > KEPT {
            batch.shrink_to(KEPT);
        }
        let mut state = self.state.lock();
        if state.queue.is_empty() && !state.stopped {
            state.asleep = true;
            MutexGuard::unlocked(&mut state, || self.sleeper.sleep(deadline));
            state.asleep = false;
        }
        std::mem::swap(&mut state.queue, batch);
        !state.stopped
    }

    /// The worker would have to sleep.
    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().queue.is_empty()
    }

    /// Ends the thread; no client is left.
    pub(super) fn stop(&self) {
        let asleep = {
            let mut state = self.state.lock();
            state.stopped = true;
            std::mem::take(&mut state.asleep)
        };
        if asleep {
            self.sleeper.wake();
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }
}
