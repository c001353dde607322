//! One thread for all sockets of a [`Kind`], from the first registration to the last: it waits for sockets,
//! deadlines and resolved names, and calls the handler that each is for.
//!
//! A device gets a [`Registration`], connects and resolves names through it, and is called once it has set
//! its handler with [`Registration::set_handler`]. After each action, on any thread, it sets with
//! [`Registration::set_deadline`], under its own lock, when it is to be called next. No lock of the
//! reactor's is held while a handler is called.

mod clock;
mod handler;
mod resolver;
mod run;
mod socket;
mod spawn;
mod state;
mod table;
#[cfg(test)]
mod tests;

use std::any::TypeId;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Token};

pub use clock::{now, now_us};
pub use handler::Handler;
pub use mio::net::{TcpStream as Stream, UdpSocket as Datagrams};
pub use resolver::NameError;
pub use socket::{Readiness, Socket, connect};

pub use state::Kind;

use state::Reactor;

/// A device's place at the reactor. Clones share it.
#[derive(Clone)]
pub struct Registration(Arc<Slot>);

struct Slot {
    reactor: Arc<Reactor>,
    id: usize,
}

/// For the child after a fork: it has no reactor, and no registration of the parent's does anything there.
/// What the parent's threads were in the middle of is never touched again. Safe in a fork handler.
pub fn after_fork_in_child() {
    Kind::ALL.into_iter().for_each(|kind| kind.running().reset_in_child());
}

impl Registration {
    /// A place for one more device at the thread for signaling; the first one starts it.
    ///
    /// # Errors
    ///
    /// The system has no thread or descriptor left.
    pub fn new() -> io::Result<Registration> {
        Registration::of(Kind::Signaling)
    }

    /// Likewise, at the thread of a kind.
    ///
    /// # Errors
    ///
    /// The system has no thread or descriptor left.
    pub fn of(kind: Kind) -> io::Result<Registration> {
        let mut running = kind.running().get().lock();
        let (reactor, registration) = match &mut *running {
            Some((reactor, registration)) => (reactor.clone(), registration),
            stopped => {
                let reactor = run::start(kind)?;
                let (reactor, registration) = stopped.insert((reactor, 0));
                (reactor.clone(), registration)
            }
        };
        *registration += 1;
        let id = reactor.table.lock().add();
        Ok(Registration(Arc::new(Slot { reactor, id })))
    }

    /// The handler from now on.
    pub fn set_handler(&self, driven: Weak<dyn Handler>) {
        if self.is_ours() {
            self.0.reactor.table.lock().set_handler(self.0.id, driven);
        }
    }

    /// When the device is to be called next, on [`now`]'s clock; replaces the previous deadline. Called with
    /// the device's own lock held, so that the last deadline is the last one here, too.
    pub fn set_deadline(&self, at: Option<u64>) {
        if self.is_ours() && self.0.reactor.table.lock().set_deadline(self.0.id, at) {
            self.0.reactor.wake();
        }
    }

    /// Starts connecting. The handler is notified of the socket's readiness, each time it changes, until the
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

    /// A UDP socket at this address. The handler is notified when something has arrived, once, until it has
    /// read everything. Sending does not wait: a datagram that the system has no room for is lost.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn bind(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        if !self.is_ours() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let mut socket = UdpSocket::bind(address)?;
        // Not for writing: each datagram that leaves would wake the thread.
        self.0.reactor.registry.register(&mut socket, Token(self.0.id), Interest::READABLE)?;
        Ok(socket)
    }

    /// Resolves `host` on another thread; the result goes to [`Handler::resolved`] with this ticket.
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

    /// Ends the registration: the device is not called any more when this returns, unless this is the
    /// reactor's own thread. The last one ends the thread. To be called without the device's lock.
    pub fn deregister(&self) {
        self.0.deregister();
    }
}

impl Slot {
    fn is_ours(&self) -> bool {
        // No lock: in a child the parent's may be held for ever, and its place is another one then.
        self.reactor.kind.running().is_current(self.reactor.home)
    }

    fn deregister(&self) {
        if !self.is_ours() {
            return;
        }
        let mut running = self.reactor.kind.running().get().lock();
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
