//! A connection to a broker, with TLS or without.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use super::{Port, Socket, Tls};

/// A connection to a broker, with TLS or without. Nothing here blocks.
pub(super) enum Stream {
    Plain(Box<dyn Socket>),
    #[cfg(feature = "tls")]
    Secured(Box<super::tls::Secured>),
}

impl Stream {
    /// Begins to connect; readiness goes to the owner of `port`.
    pub(super) fn connect(
        port: &dyn Port,
        address: SocketAddr,
        host: &str,
        tls: Option<&Tls>,
    ) -> io::Result<Stream> {
        let socket = port.connect(address)?;
        match tls {
            None => Ok(Stream::Plain(socket)),
            #[cfg(feature = "tls")]
            Some(tls) => Ok(Stream::Secured(Box::new(super::tls::Secured::new(socket, host, tls)?))),
            #[cfg(not(feature = "tls"))]
            Some(_) => Err(io::Error::new(ErrorKind::Unsupported, host)),
        }
    }

    fn socket(&self) -> &dyn Socket {
        match self {
            Stream::Plain(socket) => &**socket,
            #[cfg(feature = "tls")]
            Stream::Secured(secured) => secured.socket(),
        }
    }

    /// Whether TCP is through.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        self.socket().is_connected()
    }

    /// While written bytes are unacknowledged: milliseconds since the last acknowledgement.
    pub(super) fn since_last_ack(&self) -> Option<u64> {
        self.socket().since_last_ack()
    }

    /// Continues the TLS handshake, if any. True: it is complete.
    pub(super) fn handshake(&mut self) -> io::Result<bool> {
        match self {
            Stream::Plain(_) => Ok(true),
            #[cfg(feature = "tls")]
            Stream::Secured(secured) => secured.handshake(),
        }
    }

    /// 0 is the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => loop {
                match socket.read(buffer) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => return other,
                }
            },
            #[cfg(feature = "tls")]
            Stream::Secured(secured) => secured.read(buffer),
        }
    }

    /// Whether a read that returns less than requested means that nothing is left.
    pub(super) fn tells_when_empty(&self) -> bool {
        cfg!(unix) && matches!(self, Stream::Plain(_))
    }

    /// Writes what the socket accepts; the rest stays in `out` until it is writable again.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => {
                while !out.is_empty() {
                    match socket.write(out) {
                        Ok(0) => return Err(ErrorKind::WriteZero.into()),
                        Ok(taken) => drop(out.drain(..taken)),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }
            #[cfg(feature = "tls")]
            Stream::Secured(secured) => secured.write(out),
        }
    }

    /// Whether everything that was written is on its way.
    pub(super) fn is_flushed(&self) -> bool {
        match self {
            Stream::Plain(_) => true,
            #[cfg(feature = "tls")]
            Stream::Secured(secured) => !secured.wants_write(),
        }
    }

    /// Signals the end of the data.
    pub(super) fn shut(&mut self) {
        #[cfg(feature = "tls")]
        if let Stream::Secured(secured) = self
            && let Err(error) = secured.close()
        {
            log::debug!("the end of TLS cannot be sent: {}", error.kind());
        }
        if let Err(error) = self.socket().shut() {
            log::debug!("the end of a connection cannot be sent: {}", error.kind());
        }
    }
}
