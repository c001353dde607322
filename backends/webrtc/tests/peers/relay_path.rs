//! A relay of one side with its TURN server, in virtual time. Servers are next to each other.

use std::collections::VecDeque;
use std::net::SocketAddr;

use nertc_callkit_webrtc::peer::{
    LocalCandidate, LocalKind, Relay, RelayConfig, RelayOutput, RelayTransport,
};
use turn_server_proto::api::{TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::agent::Transmit;
use turn_server_proto::types::prelude::DelayedTransmitBuild;
use turn_server_proto::types::{Instant, TransportType};

/// What comes out of a relay.
pub(crate) enum Relayed {
    /// It has an address for us.
    Allocated(LocalCandidate),
    /// For us.
    Arrived { local: SocketAddr, remote: SocketAddr, bytes: Vec<u8> },
    /// From the relayed address to somebody.
    Left { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
}

pub(crate) struct RelayPath {
    relay: Relay,
    server: TurnServer,
    client: SocketAddr,
    server_at: SocketAddr,
    relayed: SocketAddr,
    /// One way between us and the server.
    delay: u64,
    to_server: VecDeque<(u64, Vec<u8>)>,
    to_client: VecDeque<(u64, Vec<u8>)>,
    out: VecDeque<Relayed>,
}

fn instant(now: u64) -> Instant {
    Instant::from_nanos(i64::try_from(now * 1000).expect("in range"))
}

/// The first datagram, if it has arrived.
fn due(flying: &mut VecDeque<(u64, Vec<u8>)>, now: u64) -> Option<Vec<u8>> {
    let is_due = flying.front().is_some_and(|(at, _)| *at <= now);
    if is_due { flying.pop_front().map(|(_, bytes)| bytes) } else { None }
}

impl RelayPath {
    /// Begins to ask the server of this side for a relay.
    pub(crate) fn new(now: u64, side: usize, delay: u64) -> RelayPath {
        let address = |text: String| text.parse().expect("an address");
        let (client, ip) = (address(format!("10.{side}.0.1:7000")), format!("192.0.2.{}", side + 1));
        let (server_at, relayed) = (address(format!("{ip}:3478")), address(format!("{ip}:49152")));
        let mut server = TurnServer::new(TransportType::Udp, server_at, "realm".to_owned());
        server.add_user("alice".to_owned(), "secret".to_owned());
        let (username, credential) = ("alice".to_owned(), "secret".to_owned());
        let transport = RelayTransport::Udp;
        let config = RelayConfig { local: client, server: server_at, transport, username, credential };
        let mut path = RelayPath {
            relay: Relay::new(now, config),
            server,
            client,
            server_at,
            relayed,
            delay,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            out: VecDeque::new(),
        };
        path.settle(now);
        path
    }

    pub(crate) fn is_allocated(&self) -> bool {
        self.relay.relayed().is_some()
    }

    pub(crate) fn is_at(&self, address: SocketAddr) -> bool {
        self.relayed == address
    }

    pub(crate) fn poll(&mut self) -> Option<Relayed> {
        self.out.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<u64> {
        let flying = [&self.to_server, &self.to_client].into_iter().filter_map(|it| it.front());
        flying.map(|(at, _)| *at).chain(self.relay.poll_timeout()).min()
    }

    pub(crate) fn send(&mut self, now: u64, to: SocketAddr, bytes: &[u8]) {
        self.relay.send(now, to, bytes);
        self.settle(now);
    }

    /// A datagram of somebody at the relayed address.
    pub(crate) fn serve_peer(&mut self, now: u64, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.serve(now, from, to, bytes);
    }

    pub(crate) fn handle_timeout(&mut self, now: u64) {
        while let Some(bytes) = due(&mut self.to_server, now) {
            self.serve(now, self.client, self.server_at, &bytes);
        }
        while let Some(bytes) = due(&mut self.to_client, now) {
            self.relay.receive(now, &bytes);
        }
        if self.relay.poll_timeout().is_some_and(|at| at <= now) {
            self.relay.handle_timeout(now);
        }
        self.settle(now);
    }

    fn settle(&mut self, now: u64) {
        while let Some(output) = self.relay.poll_output() {
            match output {
                RelayOutput::Transmit(bytes) => self.to_server.push_back((now + self.delay, bytes)),
                RelayOutput::Allocated(address) => {
                    let kind = LocalKind::Relayed { local: self.client };
                    self.out.push_back(Relayed::Allocated(LocalCandidate { address, kind }));
                }
                RelayOutput::Data { remote, bytes } => {
                    self.out.push_back(Relayed::Arrived { local: self.relayed, remote, bytes });
                }
                RelayOutput::Lost => panic!("the relay is lost"),
            }
        }
    }

    fn serve(&mut self, now: u64, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let reply = self.server.recv(Transmit::new(bytes, TransportType::Udp, from, to), instant(now));
        let reply = reply.map(|it| (it.to, it.data.build()));
        reply.into_iter().for_each(|(to, bytes)| self.route(now, to, bytes));
        for _ in 0..20 {
            if let TurnServerPollRet::AllocateSocket { transport, listen_addr, client_addr, family, .. } =
                self.server.poll(instant(now))
            {
                let (socket, udp) = (Ok(self.relayed), TransportType::Udp);
                let at = instant(now);
                self.server.allocated_socket(transport, listen_addr, client_addr, udp, family, socket, at);
            }
            while let Some(transmit) = self.server.poll_transmit(instant(now)) {
                self.route(now, transmit.to, transmit.data);
            }
        }
    }

    /// What the server sends.
    fn route(&mut self, now: u64, to: SocketAddr, bytes: Vec<u8>) {
        if to == self.client {
            self.to_client.push_back((now + self.delay, bytes));
        } else {
            self.out.push_back(Relayed::Left { from: self.relayed, to, bytes });
        }
    }
}
