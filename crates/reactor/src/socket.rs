//! TCP sockets that do not block.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::TcpStream;

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
    /// Everything may be ready, or the readiness is unknown.
    pub const ALL: Readiness = Readiness { readable: true, writable: true, closed: true };
}

/// A TCP connection. Nothing here blocks.
pub trait Socket: Send + Sync {
    /// Reads what there is, 0 bytes at the end.
    ///
    /// # Errors
    ///
    /// The system's; WouldBlock: nothing is there.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what the system takes.
    ///
    /// # Errors
    ///
    /// The system's; WouldBlock: it takes nothing now.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Whether the connection is established.
    ///
    /// # Errors
    ///
    /// Why it cannot be.
    fn is_connected(&self) -> io::Result<bool>;

    /// Shuts down the write side.
    ///
    /// # Errors
    ///
    /// The system's.
    fn shut(&self) -> io::Result<()>;

    /// While written bytes are unacknowledged: milliseconds since the peer's TCP last acknowledged any. None:
    /// nothing is outstanding, or unknown.
    fn since_last_ack(&self) -> Option<u64> {
        None
    }
}

impl Socket for TcpStream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

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

    #[cfg(target_os = "linux")]
    fn since_last_ack(&self) -> Option<u64> {
        use std::os::fd::AsRawFd;

        let mut outstanding: libc::c_int = 0;
        // SAFETY: a descriptor that is open, and a place for the number of bytes in its send queue.
        if unsafe { libc::ioctl(self.as_raw_fd(), libc::TIOCOUTQ, &mut outstanding) } != 0 || outstanding == 0
        {
            return None;
        }
        // SAFETY: plain data, of which 0 is valid.
        let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
        let mut size = size_of::<libc::tcp_info>() as libc::socklen_t;
        let place = (&raw mut info).cast();
        // SAFETY: as above; `size` is the size of the place.
        let got = unsafe {
            libc::getsockopt(self.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, place, &mut size)
        };
        (got == 0).then_some(u64::from(info.tcpi_last_ack_recv))
    }
}

/// Starts connecting.
///
/// # Errors
///
/// The system's.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    // Before the first byte: a delayed acknowledgement costs 40 ms. Windows requires a connected socket.
    #[cfg(unix)]
    socket.set_nodelay(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn outstanding_bytes_are_seen_until_they_are_acknowledged() {
        use std::net::TcpListener;
        use std::time::{Duration, Instant};

        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let socket = connect(listener.local_addr().expect("bound")).expect("a socket");
        let (mut peer, _) = listener.accept().expect("connected");
        let until = Instant::now() + Duration::from_secs(10);
        while !socket.is_connected().expect("no error") {
            assert!(Instant::now() < until);
        }
        assert_eq!(socket.since_last_ack(), None, "nothing was written");
        // More than the peer's buffers take.
        let block = [0; 1 << 16];
        while Socket::write(&socket, &block).is_ok() {}
        while socket.since_last_ack().is_none_or(|ms| ms < 10) {
            assert!(Instant::now() < until, "the peer acknowledges what it has no room for");
        }
        // The peer continues reading: acknowledgements arrive again, and finally nothing is outstanding.
        peer.set_nonblocking(true).expect("a socket");
        let mut buffer = vec![0; 1 << 20];
        while socket.since_last_ack().is_some() {
            let _ = peer.read(&mut buffer);
            assert!(Instant::now() < until);
        }
    }
}
