//! A relay: an address at a TURN server that stands for ours. Without I/O; bytes are those of the socket to
//! the server, for TLS after it.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

use turn_client_proto::api::{Transmit, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::prelude::{DelayedTransmitBuild, TurnClientApi};
use turn_client_proto::stun::types::attribute::ErrorCode;
use turn_client_proto::stun::types::message::{Message, TransactionId};
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::{AddressFamily, Instant, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

/// An allocation that is not there by then is given up.
const ALLOCATE_US: u64 = 10_000_000;
/// Destinations of one relay, which the client renews for as long as that is there: more than a peer may
/// have candidates. Where a peer moves for ever, the next restart of ICE has another relay.
const DESTINATIONS: usize = 64;
/// Datagrams that wait for the server's permission.
const WAITING: usize = 64;
/// Reads of a stream without an allocation: in TLS, nobody sees that the server refuses again and again.
const READS: u32 = 64;
/// Steps of the client in one call; what is left comes with the next, which is due at once.
const STEPS: usize = 64;
/// Pause of the client between two requests.
const PAUSE_US: u64 = 50_000;
/// A request without an answer is sent again after this long, then after twice as long, and so on.
const FIRST_RETRY: Duration = Duration::from_millis(250);
/// At most this long.
const LAST_RETRY: Duration = Duration::from_secs(2);
/// How often, and how long the last one is waited for.
const RETRIES: u32 = 6;

#[cfg(feature = "tls")]
turn_client_proto::impl_client!(
    Client,
    (Udp, TurnClientUdp),
    (Tcp, TurnClientTcp),
    (Tls, turn_client_rustls::TurnClientRustls)
);
#[cfg(not(feature = "tls"))]
turn_client_proto::impl_client!(Client, (Udp, TurnClientUdp), (Tcp, TurnClientTcp));

/// How a TURN server is spoken to.
#[derive(Clone, Debug)]
pub enum RelayTransport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream inside of TLS.
    #[cfg(feature = "tls")]
    Tls {
        /// Whose certificate it must be.
        name: rustls::pki_types::ServerName<'static>,
        /// Which certificates are believed.
        config: Arc<rustls::ClientConfig>,
    },
}

/// How a relay is made.
#[derive(Clone)]
pub struct RelayConfig {
    /// Of the socket to the server.
    pub local: SocketAddr,
    /// The server.
    pub server: SocketAddr,
    /// How it is spoken to.
    pub transport: RelayTransport,
    /// Name.
    pub username: String,
    /// Secret.
    pub credential: String,
}

/// Without the credential.
impl std::fmt::Debug for RelayConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelayConfig").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What a relay wants or reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayOutput {
    /// Send this to the server: a datagram, or bytes of a stream.
    Transmit(Vec<u8>),
    /// The address is ours.
    Allocated(SocketAddr),
    /// A datagram of a peer has arrived at it.
    Data {
        /// From whom.
        remote: SocketAddr,
        /// What.
        bytes: Vec<u8>,
    },
    /// Refused, expired, or without an answer. Nothing comes afterwards.
    Lost,
}

/// One address at one TURN server.
pub struct Relay {
    client: Client,
    local: SocketAddr,
    server: SocketAddr,
    transport: TransportType,
    relayed: Option<SocketAddr>,
    allocate_by: Option<u64>,
    /// The request that was answered "unauthorized". If the next one is, too, the credential is wrong.
    unauthorized: Option<TransactionId>,
    /// Reads of a stream that may come before the allocation.
    reads_left: u32,
    next: Option<u64>,
    /// Whom the server was ever asked to let through, whom it has not answered about, and whom it does not.
    destinations: BTreeSet<IpAddr>,
    asked: BTreeSet<IpAddr>,
    refused: BTreeSet<IpAddr>,
    channels: BTreeSet<SocketAddr>,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    is_over: bool,
    outputs: VecDeque<RelayOutput>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("server", &self.server)
            .field("relayed", &self.relayed)
            .finish_non_exhaustive()
    }
}

fn instant(now: u64) -> Instant {
    Instant::from_nanos(i64::try_from(now.saturating_mul(1000)).unwrap_or(i64::MAX))
}

/// Rounded up, so that the client has something to do then.
fn micros(at: Instant) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or_default().div_ceil(1000)
}

/// The request that an answer refuses for want of a right credential.
fn unauthorized(bytes: &[u8]) -> Option<TransactionId> {
    let message = Message::from_bytes(bytes).ok()?;
    let error = message.attribute::<ErrorCode>().ok()?;
    (error.code() == ErrorCode::UNAUTHORIZED).then(|| message.transaction_id())
}

fn client(config: RelayConfig, is_ipv6: bool) -> Client {
    let mut turn = TurnConfig::new(TurnCredentials::new(&config.username, &config.credential));
    if is_ipv6 {
        turn.set_address_family(AddressFamily::IPV6);
    }
    turn.set_request_retransmits(FIRST_RETRY, LAST_RETRY, RETRIES, LAST_RETRY);
    match config.transport {
        RelayTransport::Udp => TurnClientUdp::allocate(config.local, config.server, turn).into(),
        RelayTransport::Tcp => TurnClientTcp::allocate(config.local, config.server, turn).into(),
        #[cfg(feature = "tls")]
        RelayTransport::Tls { name, config: tls } => {
            let (local, server) = (config.local, config.server);
            turn_client_rustls::TurnClientRustls::allocate(local, server, turn, name, tls).into()
        }
    }
}

impl Relay {
    /// Begins to ask the server for an IPv4 address, which most peers can be reached from, and their relays.
    pub fn new(now: u64, config: RelayConfig) -> Relay {
        Relay::of_family(now, config, false)
    }

    /// Likewise, for an address of this family: that of the way to the server says nothing about it.
    pub fn of_family(now: u64, config: RelayConfig, is_ipv6: bool) -> Relay {
        let (local, server) = (config.local, config.server);
        let client = client(config, is_ipv6);
        let mut relay = Relay {
            transport: client.transport(),
            client,
            local,
            server,
            relayed: None,
            allocate_by: Some(now + ALLOCATE_US),
            unauthorized: None,
            reads_left: READS,
            next: None,
            destinations: BTreeSet::new(),
            asked: BTreeSet::new(),
            refused: BTreeSet::new(),
            channels: BTreeSet::new(),
            waiting: VecDeque::new(),
            is_over: false,
            outputs: VecDeque::new(),
        };
        relay.drain(now);
        relay
    }

    /// Address of the socket to the server.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The server.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Our address there, from allocated to lost.
    pub fn relayed(&self) -> Option<SocketAddr> {
        self.relayed.filter(|_| !self.is_over)
    }

    /// What is to be done next; call it until there is nothing.
    pub fn poll_output(&mut self) -> Option<RelayOutput> {
        self.outputs.pop_front()
    }

    /// When [`Relay::handle_timeout`] has something to do; `None` = never.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.next.into_iter().chain(self.allocate_by).min().filter(|_| !self.is_over)
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: u64) {
        if self.allocate_by.is_some_and(|at| at <= now) {
            return self.lose();
        }
        self.drain(now);
    }

    /// A datagram, or bytes of the stream, of the server.
    pub fn receive(&mut self, now: u64, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        if self.transport != TransportType::Udp && self.relayed.is_none() {
            self.reads_left = self.reads_left.saturating_sub(1);
            if self.reads_left == 0 {
                return self.lose();
            }
        }
        let refused = unauthorized(bytes).filter(|_| self.relayed.is_none());
        if let Some(request) = refused {
            // The client itself would ask again and again.
            if *self.unauthorized.get_or_insert(request) != request {
                return self.lose();
            }
        }
        let transmit = Transmit::new(bytes, self.transport, self.server, self.local);
        let data = match self.client.recv(transmit, instant(now)) {
            TurnRecvRet::PeerData(data) => Some((data.peer, data.data().to_vec())),
            TurnRecvRet::Handled | TurnRecvRet::Ignored(_) | TurnRecvRet::PeerIcmp { .. } => None,
        };
        self.outputs.extend(data.map(|(remote, bytes)| RelayOutput::Data { remote, bytes }));
        self.drain(now);
    }

    /// The socket to the server has failed.
    pub fn on_closed(&mut self) {
        self.lose();
    }

    /// Sends a datagram from the relayed address. It waits until the server lets it through.
    pub fn send(&mut self, now: u64, to: SocketAddr, bytes: &[u8]) {
        let Some(relayed) = self.relayed() else { return };
        if relayed.is_ipv4() != to.is_ipv4() || self.refused.contains(&to.ip()) {
            return;
        }
        let at = instant(now);
        if self.client.have_permission(TransportType::Udp, to.ip()) {
            let sent = self.client.send_to(TransportType::Udp, to, bytes, at);
            let sent = sent.ok().flatten().map(|it| it.data.build());
            self.outputs.extend(sent.map(RelayOutput::Transmit));
        } else if self.destinations.contains(&to.ip()) || self.destinations.len() < DESTINATIONS {
            self.destinations.insert(to.ip());
            if self.waiting.len() == WAITING {
                self.waiting.pop_front();
            }
            self.waiting.push_back((to, bytes.to_vec()));
            if self.asked.insert(to.ip()) {
                let asked = self.client.create_permission(TransportType::Udp, to.ip(), at);
                log::debug!("webrtc: relay {}: permission for a peer: {asked:?}", self.server);
            }
        }
        self.drain(now);
    }

    /// Gives the address back.
    pub fn close(&mut self, now: u64) {
        if self.relayed().is_some() && self.client.delete(instant(now)).is_ok() {
            // The client leaves a pause between two requests, and nobody calls it any more.
            let mut at = now;
            for _ in 0..STEPS {
                self.drain(at);
                let Some(next) = self.next.filter(|next| *next <= at + PAUSE_US) else { break };
                at = next;
            }
        }
        (self.is_over, self.allocate_by) = (true, None);
        self.outputs.retain(|output| matches!(output, RelayOutput::Transmit(_)));
    }

    fn lose(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.allocate_by = None;
            self.waiting.clear();
            self.outputs.push_back(RelayOutput::Lost);
        }
    }

    /// Takes everything that the client has to say.
    fn drain(&mut self, now: u64) {
        let at = instant(now);
        for _ in 0..STEPS {
            if self.is_over {
                return;
            }
            let polled = self.client.poll(at);
            let mut has_more = false;
            while let Some(transmit) = self.client.poll_transmit(at) {
                self.outputs.push_back(RelayOutput::Transmit(transmit.data.to_vec()));
                has_more = true;
            }
            while let Some(data) = self.client.poll_recv(at) {
                let bytes = data.data().to_vec();
                self.outputs.push_back(RelayOutput::Data { remote: data.peer, bytes });
            }
            while let Some(event) = self.client.poll_event() {
                self.on_event(now, event);
                has_more = true;
            }
            match polled {
                TurnPollRet::WaitUntil(until) if !has_more => {
                    // At least a millisecond: it may ask to be called at once for ever.
                    self.next = Some(micros(until).max(now + 1000));
                    return;
                }
                TurnPollRet::WaitUntil(_) => self.next = Some(now),
                TurnPollRet::Closed | TurnPollRet::TcpClose { .. } => return self.lose(),
                // Of TCP between server and peer, which is never asked for.
                TurnPollRet::AllocateTcpSocket { .. } => {}
            }
        }
    }

    fn on_event(&mut self, now: u64, event: TurnEvent) {
        match event {
            TurnEvent::AllocationCreated(_, relayed) => {
                (self.relayed, self.allocate_by) = (Some(relayed), None);
                self.outputs.push_back(RelayOutput::Allocated(relayed));
            }
            TurnEvent::AllocationCreateFailed(_) => self.lose(),
            TurnEvent::PermissionCreated(_, ip) => self.on_permission(now, ip),
            TurnEvent::PermissionCreateFailed(_, ip) => {
                self.asked.remove(&ip);
                self.waiting.retain(|(to, _)| to.ip() != ip);
                if self.refused.len() < DESTINATIONS {
                    self.refused.insert(ip);
                }
            }
            TurnEvent::ChannelCreateFailed(_, to) => {
                self.channels.remove(&to);
            }
            TurnEvent::ChannelCreated(..) | TurnEvent::TcpConnected(_) | TurnEvent::TcpConnectFailed(_) => {}
        }
    }

    /// Sends what waited for it. A channel costs 4 bytes a datagram instead of 36. Not over a stream: there,
    /// data on channels must be padded to four bytes, which the client does not do, and the server would lose
    /// its place in the stream.
    fn on_permission(&mut self, now: u64, ip: IpAddr) {
        self.asked.remove(&ip);
        let at = instant(now);
        let ready: VecDeque<(SocketAddr, Vec<u8>)>;
        (ready, self.waiting) = self.waiting.drain(..).partition(|(to, _)| to.ip() == ip);
        for (to, bytes) in ready {
            let sent = self.client.send_to(TransportType::Udp, to, bytes, at);
            let sent = sent.ok().flatten().map(|it| it.data.build());
            self.outputs.extend(sent.map(RelayOutput::Transmit));
            let is_udp = self.transport == TransportType::Udp;
            if is_udp && self.channels.len() < DESTINATIONS && self.channels.insert(to) {
                let bound = self.client.bind_channel(TransportType::Udp, to, at);
                log::debug!("webrtc: relay {}: a channel: {bound:?}", self.server);
            }
        }
    }
}
