//! One thread for all connections of the process, from the first device to the last: it waits for sockets,
//! deadlines and looked-up names, and calls the device that each is for.
//!
//! A device takes a [`Registration`], gives the registration's [`Port`] to its connection, and sits down with
//! [`Registration::set_handler`]. After each thing it does, on whichever thread, it says with
//! [`Registration::set_deadline`], under its own lock, when it wants to be called next. No lock of the
//! reactor's is held while a device is called.

mod clock;
mod resolver;
mod run;
mod table;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use mio::{Interest, Registry, Token, Waker};
use nertc_callkit_backend::ProcessValue;
use parking_lot::{Condvar, Mutex};

pub use clock::now;

use crate::connection::{self, ClientCert, Port, Readiness, Roots, Settings, Socket, Tls};
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
    /// What [`RUNNING`] was when this was made.
    home: &'static Running,
    registry: Registry,
    waker: Arc<Waker>,
    table: Mutex<Table>,
    /// A call of a device has returned.
    returned: Condvar,
    resolver: Arc<Resolver>,
    configs: Mutex<Vec<(Roots, Option<ClientCert>, Tls)>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The waker's token; devices count from 1.
const WAKER: Token = Token(0);

type Running = Mutex<Option<(Arc<Reactor>, usize)>>;

/// Where the running reactor is, and how many registrations it has.
static RUNNING: ProcessValue<Running> = ProcessValue::new();

/// For the child after a fork: it has no reactor, and no registration of the parent's does anything there.
/// Safe in a fork handler.
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

    /// What a connection needs of the reactor.
    pub fn port(&self) -> Arc<dyn Port> {
        self.0.clone()
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

impl Port for Slot {
    fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Socket>> {
        if !self.is_ours() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let mut socket = connection::connect(address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.reactor.registry.register(&mut socket, Token(self.id), interest)?;
        Ok(Box::new(socket))
    }

    fn resolve(&self, ticket: u64, host: &str, port: u16) {
        if self.is_ours() {
            self.reactor.resolver.ask(self.id, ticket, host, port);
        }
    }

    fn tls(&self, settings: &Settings) -> Result<Tls, String> {
        let key = (&settings.roots, &settings.client_cert);
        let mut configs = self.reactor.configs.lock();
        if let Some((.., tls)) = configs.iter().find(|(roots, cert, _)| (roots, cert) == key) {
            return Ok(tls.clone());
        }
        let tls = Tls::new(&settings.roots, settings.client_cert.as_ref())?;
        configs.push((settings.roots.clone(), settings.client_cert.clone(), tls.clone()));
        Ok(tls)
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
