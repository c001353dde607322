//! One thread for all sockets of the process, from the first registration to the last: it waits for sockets,
//! deadlines and resolved names, and calls the handler that each is for.
//!
//! A device takes a [`Registration`], connects and resolves names through it, and is called once it has said
//! who it is with [`Registration::set_handler`]. After each thing it does, on whichever thread, it sets with
//! [`Registration::set_deadline`], under its own lock, when it wants to be called next. No lock of the
//! reactor's is held while a handler is called.

mod clock;
mod resolver;
mod run;
mod socket;
mod table;
#[cfg(test)]
mod tests;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token, Waker};
use nertc_callkit_backend::ProcessValue;
use parking_lot::{Condvar, Mutex};

pub use clock::now;
pub use resolver::NameError;
pub use socket::{Readiness, Socket, connect};

use resolver::Resolver;
use table::Table;

/// What the reactor drives: a device. Called on the reactor's thread, one call at a time, with no lock held.
pub trait Handler: Send + Sync {
    /// Its socket is ready.
    fn ready(&self, readiness: Readiness);
    /// The deadline that it set has come; until it sets a new one there is none.
    fn timeout(&self);
    /// The names that its connection asked for.
    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>);
    /// A call of one of the above panicked. It is called again as before; if this panics, too, no more.
    fn panicked(&self);
}

/// A device's place at the reactor. Clones share it.
#[derive(Clone)]
pub struct Registration(Arc<Slot>);

struct Slot {
    reactor: Arc<Reactor>,
    id: usize,
}

/// What all threads share with the reactor's.
struct Reactor {
    registry: Registry,
    waker: Arc<Waker>,
    table: Mutex<Table>,
    /// A call of a handler has returned.
    returned: Condvar,
    resolver: Arc<Resolver>,
    shared: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// [`RUNNING`]'s value when this was made.
    home: &'static Running,
}

/// The waker's token; registrations count from 1.
const WAKER: Token = Token(0);

type Running = Mutex<Option<(Arc<Reactor>, usize)>>;

/// The running reactor and the number of its registrations.
static RUNNING: ProcessValue<Running> = ProcessValue::new();

/// For the child after a fork: it has no reactor, and no registration of the parent's does anything there.
/// What the parent's threads were in the middle of is never touched again. Safe in a fork handler.
pub fn after_fork_in_child() {
    RUNNING.reset_in_child();
}

impl Registration {
    /// A place for one more device; the first one starts the thread.
    ///
    /// # Errors
    ///
    /// The system has no thread or descriptor left.
    pub fn new() -> io::Result<Registration> {
        let mut running = RUNNING.get().lock();
        let (reactor, registration) = match &mut *running {
            Some((reactor, registration)) => (reactor.clone(), registration),
            stopped => {
                let reactor = run::start()?;
                let (reactor, registration) = stopped.insert((reactor, 0));
                (reactor.clone(), registration)
            }
        };
        *registration += 1;
        let id = reactor.table.lock().add();
        Ok(Registration(Arc::new(Slot { reactor, id })))
    }

    /// Who is called from now on.
    pub fn set_handler(&self, driven: Weak<dyn Handler>) {
        if self.is_ours() {
            self.0.reactor.table.lock().set_handler(self.0.id, driven);
        }
    }

    /// When the device wants to be called next, on [`now`]'s clock; replaces what it said before. Called with
    /// the device's own lock held, so that the last word is the last one here, too.
    pub fn set_deadline(&self, at: Option<u64>) {
        if self.is_ours() && self.0.reactor.table.lock().set_deadline(self.0.id, at) {
            self.0.reactor.wake();
        }
    }

    /// Starts connecting. The handler is told of the socket's readiness, each time it changes, until the
    /// socket is dropped.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        if !self.is_ours() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let mut socket = socket::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.0.reactor.registry.register(&mut socket, Token(self.0.id), interest)?;
        Ok(socket)
    }

    /// Resolves `host` on another thread; the answer goes to [`Handler::resolved`] with this ticket.
    pub fn resolve(&self, ticket: u64, host: &str, port: u16) {
        if self.is_ours() {
            self.0.reactor.resolver.ask(self.0.id, ticket, host, port);
        }
    }

    /// The value of this type that all registrations share, from the first to the last.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        if !self.is_ours() {
            return Arc::default();
        }
        let mut shared = self.0.reactor.shared.lock();
        let value = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone();
        value.downcast().unwrap_or_default()
    }

    /// False in a forked child: socket, thread and locks are the parent's, nothing may touch them.
    pub fn is_ours(&self) -> bool {
        self.0.is_ours()
    }

    /// Gives the place back: the device is not called any more when this returns, unless this is the
    /// reactor's own thread. The last one to leave ends the thread. To be called without the device's lock.
    pub fn deregister(&self) {
        self.0.deregister();
    }
}

impl Slot {
    fn is_ours(&self) -> bool {
        // No lock: in a child the parent's may be held for ever, and its place is another one then.
        RUNNING.is_current(self.reactor.home)
    }

    fn deregister(&self) {
        if !self.is_ours() {
            return;
        }
        let mut running = RUNNING.get().lock();
        if !self.reactor.table.lock().remove(self.id) {
            return;
        }
        let last = match &mut *running {
            Some((_, registration)) => {
                *registration -= 1;
                *registration == 0
            }
            None => false,
        };
        if last {
            *running = None;
        }
        drop(running);
        self.reactor.wait_for_return(self.id);
        if last {
            self.reactor.stop();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.is_ours() {
            self.deregister();
        } else {
            std::mem::forget(self.reactor.clone());
        }
    }
}

impl Reactor {
    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!("the I/O thread cannot be woken: {error}");
        }
    }

    fn is_this_thread(&self) -> bool {
        self.table.lock().thread == Some(thread::current().id())
    }

    fn wait_for_return(&self, id: usize) {
        if self.is_this_thread() {
            return;
        }
        let mut table = self.table.lock();
        while table.calling == Some(id) {
            self.returned.wait(&mut table);
        }
    }

    /// Ends the thread and waits for it, unless it is this one.
    fn stop(&self) {
        self.table.lock().stop = true;
        self.wake();
        let thread = self.thread.lock().take();
        if !self.is_this_thread() && thread.is_some_and(|thread| thread.join().is_err()) {
            log::error!("the I/O thread panicked");
        }
    }
}
