//! What a connection needs of whoever drives it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::TcpStream;

use super::{Settings, Tls};

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

impl Readiness {
    /// Everything that can be ready is, or nobody knows.
    pub const ALL: Readiness = Readiness { readable: true, writable: true, closed: true };
}

/// A connection without TLS. Nothing here blocks.
pub trait Socket: Read + Write + Send {
    /// Whether the connection is made.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    fn is_connected(&self) -> io::Result<bool>;

    /// Says that nothing follows.
    ///
    /// # Errors
    ///
    /// The system's.
    fn shut(&self) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn is_connected(&self) -> io::Result<bool> {
        if let Some(error) = self.take_error()? {
            return Err(error);
        }
        match self.peer_addr() {
            Ok(_) => {
                #[cfg(not(unix))]
                self.set_nodelay(true)?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn shut(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// Begins to connect, as every connection's socket is to be.
///
/// # Errors
///
/// The system's.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    // Before the first byte: a delayed acknowledgement costs 40 ms. Windows wants a connected socket.
    #[cfg(unix)]
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// What a connection needs of the thread that drives it. The reactor's registrations give one; tests have
/// their own.
pub trait Port: Send + Sync {
    /// Begins to connect. Readiness of the socket is reported from now on, each time it changes, until the
    /// socket is dropped.
    ///
    /// # Errors
    ///
    /// The system's.
    fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Socket>>;

    /// Looks `host` up on another thread; the answer goes to `Connection::resolved` with this ticket.
    fn resolve(&self, ticket: u64, host: &str, port: u16);

    /// The TLS configuration for these settings; one for all connections that use the same.
    ///
    /// # Errors
    ///
    /// A sentence: no root can be read, or built without TLS.
    fn tls(&self, settings: &Settings) -> Result<Tls, String>;
}
