//! How much of the inbox one client may use.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use crate::engine::input::Command;
use crate::engine::limits;

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

/// Slots beyond `limits::INBOX` for the commands that end something: a full inbox never keeps a call alive.
const RESERVED: u32 = 64;
/// Queued completions of one client. The engine never has that many operations open, so only a backend that
/// completes what was not requested reaches it; what exceeds the limit is dropped.
const COMPLETIONS: u32 = 1024;

/// Which slots a message uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Command {
        reserved: bool,
    },
    Report,
    Completion,
    /// At most one of each waits; `Close` ends the others.
    Control,
    Close,
}

/// Commands with reserved slots.
pub(super) fn ends_something(command: &Command) -> bool {
    use Command::*;
    matches!(command, Cancel { .. } | Reject { .. } | Hangup { .. } | Leave { .. } | Logout)
}

/// Who may still queue messages. The numbers are the order in which a client passes through them.
mod phase {
    pub(super) const OPEN: u8 = 0;
    /// Released: no more commands, but the backends finish.
    pub(super) const CLOSING: u8 = 1;
    /// The backends are closed.
    pub(super) const GONE: u8 = 2;
}

/// One client's share of the inbox. Counts are raised under the inbox's lock and lowered by the worker.
#[derive(Debug, Default)]
pub(super) struct Quota {
    phase: AtomicU8,
    commands: AtomicU32,
    reports: AtomicU32,
    completions: AtomicU32,
    /// A backend that breaks its contract is logged once.
    warned: AtomicBool,
}

impl Quota {
    /// Takes a slot.
    pub(super) fn admit(&self, class: Class) -> Result<(), Refused> {
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

    /// Why there is no slot.
    pub(super) fn full(&self) -> Refused {
        if self.is_open() { Refused::QueueFull } else { Refused::Closed }
    }

    /// Neither released nor destroyed.
    pub(super) fn is_open(&self) -> bool {
        self.phase.load(Relaxed) == phase::OPEN
    }

    /// Nothing waits in the inbox, and the client was not released.
    pub(super) fn is_unused(&self) -> bool {
        let waits = |count: &AtomicU32| count.load(Relaxed) != 0;
        self.is_open() && !waits(&self.commands) && !waits(&self.reports) && !waits(&self.completions)
    }

    /// Returns a slot: the worker has taken a message of `class`.
    pub(super) fn took(&self, class: Class) {
        match class {
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
