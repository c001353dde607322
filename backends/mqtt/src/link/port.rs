//! What a link needs of whoever drives it.

use std::io;

use mio::net::TcpStream;

use super::{Roots, Tls};

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// There is something to read, or the end.
    pub readable: bool,
    /// It takes more.
    pub writable: bool,
    /// The peer has ended or the connection is broken.
    pub closed: bool,
}

/// What a link needs of the thread that drives it. The reactor's seats give one; tests have their own.
pub trait Port: Send + Sync {
    /// Reports readiness of `socket` from now on, each time it changes, until the socket is dropped.
    ///
    /// # Errors
    ///
    /// The system's.
    fn register(&self, socket: &mut TcpStream) -> io::Result<()>;

    /// Looks `host` up on another thread; the answer goes to `Link::resolved` with this ticket.
    fn resolve(&self, ticket: u64, host: &str, port: u16);

    /// The TLS configuration for these roots; one for all links that use the same.
    ///
    /// # Errors
    ///
    /// A sentence: no root can be read, or built without TLS.
    fn tls(&self, roots: &Roots) -> Result<Tls, String>;
}
