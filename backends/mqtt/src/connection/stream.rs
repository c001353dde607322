//! A connection to a broker, with TLS or without.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;

use nertc_callkit_reactor::Socket;

use super::port::Port;
#[cfg(feature = "tls")]
use super::tls::Secured;
use super::tls::Tls;

/// A connection to a broker, with TLS or without. Nothing here blocks.
pub(super) struct Stream {
    socket: Arc<dyn Socket>,
    #[cfg(feature = "tls")]
    secured: Option<Box<Secured>>,
    /// Bytes for the socket.
    out: Vec<u8>,
    /// A thread is writing: others leave it to that one.
    is_writing: bool,
    /// The socket accepted less than it was given; it reports when it accepts more.
    is_blocked: bool,
    /// It reported that while a thread was writing.
    became_writable: bool,
    /// The last write left something.
    is_behind: bool,
}

/// Bytes for a socket: their owner writes them, holding no lock.
pub struct Outgoing {
    socket: Arc<dyn Socket>,
    bytes: Vec<u8>,
}

/// What became of an [`Outgoing`].
pub struct Written {
    socket: Arc<dyn Socket>,
    /// What the socket did not take.
    rest: Vec<u8>,
    outcome: io::Result<()>,
}

impl Outgoing {
    /// Writes what the socket takes.
    pub fn write(self) -> Written {
        let Outgoing { socket, bytes: mut rest } = self;
        let outcome = loop {
            match socket.write(&rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(taken) if taken == rest.len() => {
                    rest.clear();
                    break Ok(());
                }
                Ok(taken) => drop(rest.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        Written { socket, rest, outcome }
    }
}

impl Stream {
    /// Begins to connect; readiness goes to the owner of `port`.
    pub(super) fn connect(
        port: &dyn Port,
        address: SocketAddr,
        host: &str,
        tls: Option<&Tls>,
    ) -> io::Result<Stream> {
        #[cfg(feature = "tls")]
        let secured = tls.map(|tls| Secured::new(host, tls).map(Box::new)).transpose()?;
        #[cfg(not(feature = "tls"))]
        if tls.is_some() {
            return Err(io::Error::new(ErrorKind::Unsupported, host));
        }
        Ok(Stream {
            socket: port.connect(address)?,
            #[cfg(feature = "tls")]
            secured,
            out: Vec::new(),
            is_writing: false,
            is_blocked: false,
            became_writable: false,
            is_behind: false,
        })
    }

    fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.secured.is_none();
        #[cfg(not(feature = "tls"))]
        true
    }

    /// Whether TCP is through.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        self.socket.is_connected()
    }

    /// While written bytes are unacknowledged: milliseconds since the last acknowledgement.
    pub(super) fn since_last_ack(&self) -> Option<u64> {
        self.socket.since_last_ack()
    }

    /// Continues the TLS handshake, if any. True: it is complete.
    pub(super) fn handshake(&mut self) -> io::Result<bool> {
        #[cfg(feature = "tls")]
        if let Some(secured) = &mut self.secured {
            return secured.handshake(&*self.socket);
        }
        Ok(true)
    }

    /// 0 is the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(secured) = &mut self.secured {
            return secured.read(&*self.socket, buffer);
        }
        loop {
            match self.socket.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Whether a read that returns less than requested means that nothing is left.
    pub(super) fn reports_when_empty(&self) -> bool {
        cfg!(unix) && self.is_plain()
    }

    /// Takes over the bytes, secured if there is TLS.
    pub(super) fn queue(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(secured) = &mut self.secured {
            return secured.seal(bytes, &mut self.out);
        }
        if self.out.is_empty() {
            std::mem::swap(&mut self.out, bytes);
        } else {
            self.out.append(bytes);
        }
        Ok(())
    }

    /// How many bytes wait for the socket.
    pub(super) fn queued(&self) -> usize {
        self.out.len()
    }

    /// The socket takes no more.
    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// The last write left something.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Everything that was queued is on its way.
    pub(super) fn is_flushed(&self) -> bool {
        self.out.is_empty() && !self.is_writing
    }

    /// The socket takes more.
    pub(super) fn on_writable(&mut self) {
        self.is_blocked = false;
        self.became_writable = self.is_writing;
    }

    /// TLS has a message of its own: a key update, an answer to one.
    pub(super) fn wants_write(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(secured) = &self.secured {
            return secured.wants_write();
        }
        false
    }

    /// There is something to be written, and no thread is writing.
    pub(super) fn has_output(&self) -> bool {
        !self.out.is_empty() && !self.is_blocked && !self.is_writing
    }

    /// The bytes to be written by the caller; [`Stream::written`] follows.
    pub(super) fn take_output(&mut self) -> Option<Outgoing> {
        if !self.has_output() {
            return None;
        }
        self.is_writing = true;
        Some(Outgoing { socket: self.socket.clone(), bytes: std::mem::take(&mut self.out) })
    }

    /// A thread has written. What another connection's socket accepted does not matter here.
    pub(super) fn written(&mut self, written: Written) -> io::Result<()> {
        let Written { socket, mut rest, outcome } = written;
        if !self.is_writing || !Arc::ptr_eq(&socket, &self.socket) {
            return Ok(());
        }
        self.is_writing = false;
        let became_writable = std::mem::take(&mut self.became_writable);
        self.is_behind = !rest.is_empty();
        if self.is_behind {
            self.is_blocked = !became_writable;
            rest.append(&mut self.out);
            self.out = rest;
        } else if self.out.is_empty() {
            // It has room for the next ones.
            self.out = rest;
        }
        outcome
    }

    /// Signals the end of the data.
    pub(super) fn shut(&mut self) {
        #[cfg(feature = "tls")]
        if let Some(secured) = &mut self.secured
            && let Err(error) = secured.close(&*self.socket)
        {
            log::debug!("the end of TLS cannot be sent: {}", error.kind());
        }
        if let Err(error) = self.socket.shut() {
            log::debug!("the end of a connection cannot be sent: {}", error.kind());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use parking_lot::Mutex;

    use super::*;

    /// A socket that takes so many bytes in each write.
    struct Narrow(Mutex<VecDeque<usize>>);

    impl Socket for Narrow {
        fn read(&self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::WouldBlock.into())
        }

        fn write(&self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.lock().pop_front() {
                Some(count) => Ok(count.min(bytes.len())),
                None => Err(ErrorKind::WouldBlock.into()),
            }
        }

        fn is_connected(&self) -> io::Result<bool> {
            Ok(true)
        }

        fn shut(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stream(writes: &[usize]) -> Stream {
        Stream {
            socket: Arc::new(Narrow(Mutex::new(writes.iter().copied().collect()))),
            #[cfg(feature = "tls")]
            secured: None,
            out: b"abcdef".to_vec(),
            is_writing: false,
            is_blocked: false,
            became_writable: false,
            is_behind: false,
        }
    }

    #[test]
    fn what_a_socket_did_not_take_comes_first_later() {
        for is_writable_meanwhile in [false, true] {
            let mut stream = stream(&[2, 1]);
            let written = stream.take_output().expect("bytes").write();
            stream.queue(&mut b"gh".to_vec()).expect("plain");
            if is_writable_meanwhile {
                // Reported once: it must not be forgotten.
                stream.on_writable();
            }
            stream.written(written).expect("no error");
            assert_eq!((&stream.out[..], stream.is_behind()), (&b"defgh"[..], true));
            assert_eq!(stream.has_output(), is_writable_meanwhile);
            stream.on_writable();
            assert!(stream.has_output());
        }
    }
}
