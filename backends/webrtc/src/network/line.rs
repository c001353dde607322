//! A socket to a TURN server, and the relay behind it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use nertc_callkit_reactor::{Datagrams, Registration, Socket, Stream};

use crate::ice_server::{IceServer, ServerKind};
use crate::peer::{Relay, RelayConfig, RelayOutput, RelayTransport};

/// Bytes that may wait for a stream; while there are more, datagrams are lost.
const UNWRITTEN: usize = 64 * 1024;
/// Reads of one socket in one go.
const READS: usize = 64;

/// Which servers over TLS are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    #[cfg(feature = "tls")]
    pub(crate) config: Option<std::sync::Arc<rustls::ClientConfig>>,
}

impl Trust {
    fn transport(&self, server: &IceServer) -> Result<RelayTransport, String> {
        match server.kind {
            ServerKind::Stun | ServerKind::Turn => Ok(RelayTransport::Udp),
            ServerKind::TurnTcp => Ok(RelayTransport::Tcp),
            #[cfg(feature = "tls")]
            ServerKind::Turns => {
                let config = self.config.as_ref().ok_or("there is no root to check certificates against")?;
                crate::tls::transport(&server.host, config)
            }
            #[cfg(not(feature = "tls"))]
            ServerKind::Turns => Err("this library was built without TLS".to_owned()),
        }
    }
}

enum Way {
    Datagrams(Datagrams),
    Stream { socket: Stream, is_connected: bool, unwritten: Vec<u8> },
}

/// A socket to a TURN server, and the relay behind it.
pub(super) struct Line {
    pub(super) relay: Relay,
    /// Its number among the servers.
    pub(super) server: usize,
    /// Family of the address that is asked for.
    pub(super) is_ipv6: bool,
    /// The address that was reported.
    pub(super) allocated: Option<SocketAddr>,
    pub(super) is_lost: bool,
    transport: i32,
    way: Way,
}

/// What has become of a relay.
#[derive(Default)]
pub(super) struct Report {
    pub(super) allocated: Option<SocketAddr>,
    pub(super) is_lost: bool,
}

impl Line {
    /// Begins to ask `server`, at `address`, for a relay of a family; `bind` makes a UDP socket.
    pub(super) fn open(
        now: u64,
        registration: &Registration,
        (index, server, address, is_ipv6): (usize, &IceServer, SocketAddr, bool),
        trust: &Trust,
        bind: impl FnOnce(&Registration) -> io::Result<Datagrams>,
    ) -> Result<Line, String> {
        let transport = trust.transport(server)?;
        let failed = |error: io::Error| error.to_string();
        let (way, local) = if matches!(transport, RelayTransport::Udp) {
            let socket = bind(registration).map_err(failed)?;
            // So that an answer that nobody listens there arrives as an error, and nothing from others.
            socket.connect(address).map_err(failed)?;
            let local = socket.local_addr().map_err(failed)?;
            (Way::Datagrams(socket), local)
        } else {
            let socket = registration.connect(address).map_err(failed)?;
            let local = socket.local_addr().map_err(failed)?;
            (Way::Stream { socket, is_connected: false, unwritten: Vec::new() }, local)
        };
        let (username, credential) = (server.username.clone(), server.credential.clone());
        let config = RelayConfig { local, server: address, transport, username, credential };
        let relay = Relay::of_family(now, config, is_ipv6);
        let number = match server.kind {
            ServerKind::Stun | ServerKind::Turn => 1,
            ServerKind::TurnTcp => 2,
            ServerKind::Turns => 3,
        };
        let mut line =
            Line { relay, server: index, is_ipv6, allocated: None, is_lost: false, transport: number, way };
        line.write();
        Ok(line)
    }

    /// How the server is spoken to: 1 UDP, 2 TCP, 3 TLS.
    pub(super) fn transport(&self) -> i32 {
        self.transport
    }

    /// Sends a datagram to a peer.
    pub(super) fn send(&mut self, now: u64, to: SocketAddr, bytes: &[u8]) {
        let is_full = match &self.way {
            Way::Datagrams(_) => false,
            Way::Stream { unwritten, .. } => unwritten.len() > UNWRITTEN,
        };
        if !is_full {
            self.relay.send(now, to, bytes);
        }
    }

    /// Reads what has arrived, and writes what waits. `true` = there is more.
    pub(super) fn read(&mut self, now: u64, buffer: &mut [u8]) -> bool {
        if let Way::Stream { socket, is_connected: is_connected @ false, .. } = &mut self.way {
            match socket.is_connected() {
                Ok(connected) => *is_connected = connected,
                Err(_) => self.relay.on_closed(),
            }
        }
        self.write();
        for _ in 0..READS {
            let read = match &self.way {
                Way::Datagrams(socket) => socket.recv(buffer),
                Way::Stream { is_connected: false, .. } => return false,
                Way::Stream { socket, .. } => match Socket::read(socket, buffer) {
                    Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                    read => read,
                },
            };
            match read {
                Ok(length) => self.relay.receive(now, &buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.relay.on_closed();
                    return false;
                }
            }
        }
        true
    }

    /// Takes what the relay reports, and sends what it wants to send.
    pub(super) fn settle(&mut self, arrived: &mut VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>) -> Report {
        let mut report = Report::default();
        while let Some(output) = self.relay.poll_output() {
            match output {
                RelayOutput::Transmit(bytes) => self.transmit(&bytes),
                RelayOutput::Allocated(address) => {
                    self.allocated = Some(address);
                    report.allocated = Some(address);
                }
                RelayOutput::Data { remote, bytes } => {
                    arrived.extend(self.allocated.map(|local| (local, remote, bytes)));
                }
                RelayOutput::Lost => (self.is_lost, report.is_lost) = (true, true),
            }
        }
        report
    }

    fn transmit(&mut self, bytes: &[u8]) {
        match &mut self.way {
            // An error is about an earlier datagram, and is read as well.
            Way::Datagrams(socket) => drop(socket.send(bytes)),
            Way::Stream { unwritten, .. } => {
                unwritten.extend_from_slice(bytes);
                self.write();
            }
        }
    }

    fn write(&mut self) {
        let Way::Stream { socket, is_connected: true, unwritten } = &mut self.way else { return };
        while !unwritten.is_empty() {
            match Socket::write(socket, unwritten) {
                Ok(written) => drop(unwritten.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.relay.on_closed(),
            }
        }
    }

    /// Gives the relay back.
    pub(super) fn close(&mut self, now: u64) {
        self.relay.close(now);
        self.settle(&mut VecDeque::new());
    }
}
