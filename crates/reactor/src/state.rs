//! What all threads of the process share: the running reactor.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use mio::{Registry, Token, Waker};
use nertc_callkit_backend::ProcessValue;
use parking_lot::{Condvar, Mutex};

use super::resolver::Resolver;
use super::table::Table;

/// What all threads share with the reactor's.
pub(super) struct Reactor {
    pub(super) registry: Registry,
    pub(super) waker: Arc<Waker>,
    pub(super) table: Mutex<Table>,
    /// A call of a handler has returned.
    pub(super) returned: Condvar,
    pub(super) resolver: Arc<Resolver>,
    pub(super) shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    pub(super) thread: Mutex<Option<JoinHandle<()>>>,
    pub(super) kind: Kind,
    /// The kind's value when this was made.
    pub(super) home: &'static Running,
}

/// The waker's token; registrations count from 1.
pub(super) const WAKER: Token = Token(0);

pub(super) type Running = Mutex<Option<(Arc<Reactor>, usize)>>;

/// What a reactor's thread is for. Each kind has its own: many TLS handshakes at once must not delay sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Connections to servers.
    Signaling,
    /// Packets of sound and pictures.
    Media,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Signaling, Kind::Media];

    /// The running reactor of this kind and the number of its registrations.
    pub(super) fn running(self) -> &'static ProcessValue<Running> {
        static SIGNALING: ProcessValue<Running> = ProcessValue::new();
        static MEDIA: ProcessValue<Running> = ProcessValue::new();
        match self {
            Kind::Signaling => &SIGNALING,
            Kind::Media => &MEDIA,
        }
    }

    /// The thread's.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Signaling => "nertc_io",
            Kind::Media => "nertc_media",
        }
    }
}

impl Reactor {
    pub(super) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!("the I/O thread cannot be woken: {error}");
        }
    }

    pub(super) fn is_this_thread(&self) -> bool {
        self.table.lock().thread == Some(thread::current().id())
    }

    pub(super) fn wait_for_return(&self, id: usize) {
        if self.is_this_thread() {
            return;
        }
        let mut table = self.table.lock();
        while table.calling == Some(id) {
            self.returned.wait(&mut table);
        }
    }

    /// Ends the thread and waits for it, unless it is this one.
    pub(super) fn stop(&self) {
        self.table.lock().stop = true;
        self.wake();
        let thread = self.thread.lock().take();
        if !self.is_this_thread() && thread.is_some_and(|thread| thread.join().is_err()) {
            log::error!("the I/O thread panicked");
        }
    }
}
