//! A relay against a TURN server without I/O, in virtual time.

use std::net::SocketAddr;
use std::time::Duration;

use nertc_callkit_webrtc::peer::{Relay, RelayConfig, RelayOutput, RelayTransport};
use turn_server_proto::api::{TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::agent::Transmit;
use turn_server_proto::types::prelude::DelayedTransmitBuild;
use turn_server_proto::types::{Instant, TransportType};

const MS: u64 = 1000;
const SECOND: u64 = 1000 * MS;
const START: u64 = 5_000 * SECOND;
/// One way between us and the server.
const DELAY: u64 = 25 * MS;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn client() -> SocketAddr {
    address("10.0.0.1:5000")
}

fn server() -> SocketAddr {
    address("192.0.2.1:3478")
}

fn relayed() -> SocketAddr {
    address("192.0.2.1:49152")
}

fn peer() -> SocketAddr {
    address("203.0.113.7:6000")
}

fn instant(now: u64) -> Instant {
    Instant::from_nanos(i64::try_from(now * 1000).expect("in range"))
}

/// A relay, its server, and what is between them.
struct World {
    now: u64,
    relay: Relay,
    server: TurnServer,
    transport: TransportType,
    is_up: bool,
    /// To the server, to us: when and what.
    flying: [Vec<(u64, Vec<u8>)>; 2],
    /// What the relay reported but what it sends.
    reported: Vec<(u64, RelayOutput)>,
    /// What left the relayed address for peers.
    left: Vec<(SocketAddr, Vec<u8>)>,
    /// Bytes to the server.
    sent: usize,
    /// The server has closed the socket of the relayed address.
    is_freed: bool,
}

impl World {
    fn new(credential: &str, transport: RelayTransport) -> World {
        let is_udp = matches!(transport, RelayTransport::Udp);
        let kind = if is_udp { TransportType::Udp } else { TransportType::Tcp };
        let mut turn = TurnServer::new(kind, server(), "realm".to_owned());
        turn.add_user("alice".to_owned(), "secret".to_owned());
        let (username, credential) = ("alice".to_owned(), credential.to_owned());
        let config = RelayConfig { local: client(), server: server(), transport, username, credential };
        World {
            now: START,
            relay: Relay::new(START, config),
            server: turn,
            transport: kind,
            is_up: true,
            flying: [Vec::new(), Vec::new()],
            reported: Vec::new(),
            left: Vec::new(),
            sent: 0,
            is_freed: false,
        }
    }

    fn allocated() -> World {
        let mut world = World::new("secret", RelayTransport::Udp);
        world.run(SECOND);
        assert_eq!(world.relay.relayed(), Some(relayed()), "{:?}", world.reported);
        world.reported.clear();
        world
    }

    fn fly(&mut self, to_us: usize, bytes: Vec<u8>) {
        if self.is_up {
            self.flying[to_us].push((self.now + DELAY, bytes));
        }
    }

    fn settle(&mut self) {
        while let Some(output) = self.relay.poll_output() {
            match output {
                RelayOutput::Transmit(bytes) => {
                    self.sent += bytes.len();
                    self.fly(0, bytes);
                }
                output @ (RelayOutput::Allocated(_) | RelayOutput::Data { .. } | RelayOutput::Lost) => {
                    self.reported.push((self.now, output))
                }
            }
        }
    }

    /// What the server sends.
    fn route(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        if to == client() { self.fly(1, bytes) } else { self.left.push((to, bytes)) }
    }

    fn serve(&mut self, from: SocketAddr, to: SocketAddr, transport: TransportType, bytes: &[u8]) {
        let at = instant(self.now);
        let reply = self.server.recv(Transmit::new(bytes, transport, from, to), at);
        let reply = reply.map(|it| (it.to, it.data.build()));
        reply.into_iter().for_each(|(to, bytes)| self.route(to, bytes));
        self.poll_server();
    }

    fn poll_server(&mut self) {
        let at = instant(self.now);
        for _ in 0..20 {
            match self.server.poll(at) {
                TurnServerPollRet::AllocateSocket { transport, listen_addr, client_addr, family, .. } => {
                    let socket = Ok(relayed());
                    let udp = TransportType::Udp;
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        udp,
                        family,
                        socket,
                        at,
                    );
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } => {
                    self.is_freed |= listen_addr == relayed();
                }
                TurnServerPollRet::WaitUntil(_)
                | TurnServerPollRet::TcpConnect { .. }
                | TurnServerPollRet::TcpClose { .. } => {}
            }
            while let Some(transmit) = self.server.poll_transmit(at) {
                self.route(transmit.to, transmit.data);
            }
        }
    }

    /// Lets time pass, from event to event.
    fn run(&mut self, time: u64) {
        let end = self.now + time;
        self.settle();
        loop {
            let flying = self.flying.iter().flatten().map(|(at, _)| *at);
            let next = flying.chain(self.relay.poll_timeout()).min().unwrap_or(end);
            if next >= end {
                break;
            }
            self.now = self.now.max(next);
            for to_us in 0..2 {
                let (due, later): (Vec<_>, Vec<_>) =
                    self.flying[to_us].drain(..).partition(|(at, _)| *at <= self.now);
                self.flying[to_us] = later;
                for (_, bytes) in due {
                    match to_us {
                        0 => self.serve(client(), server(), self.transport, &bytes),
                        _ => self.relay.receive(self.now, &bytes),
                    }
                    self.settle();
                }
            }
            if self.relay.poll_timeout().is_some_and(|at| at <= self.now) {
                self.relay.handle_timeout(self.now);
                self.settle();
            }
        }
        self.now = end;
    }

    fn when(&self, wanted: &RelayOutput) -> Option<u64> {
        self.reported.iter().find(|(_, output)| output == wanted).map(|(at, _)| *at)
    }
}

fn data(bytes: &[u8]) -> RelayOutput {
    RelayOutput::Data { remote: peer(), bytes: bytes.to_vec() }
}

#[test]
fn an_address_is_allocated_in_two_round_trips() {
    let mut world = World::new("secret", RelayTransport::Udp);
    world.run(SECOND);
    let at = world.when(&RelayOutput::Allocated(relayed())).expect("allocated");
    println!("allocated after {} ms at 50 ms round trip", (at - START) / MS);
    assert!(at - START <= 4 * DELAY + 60 * MS, "{}", (at - START) / MS);
}

#[test]
fn a_stream_serves_as_well() {
    let mut world = World::new("secret", RelayTransport::Tcp);
    world.run(SECOND);
    assert!(world.when(&RelayOutput::Allocated(relayed())).is_some(), "{:?}", world.reported);
    // Of all lengths: what a server reads from a stream must come in fours.
    for length in 0..20 {
        world.relay.send(world.now, peer(), &vec![7; length]);
        world.run(SECOND);
        assert_eq!(world.left.pop(), Some((peer(), vec![7; length])));
    }
    assert_eq!(world.sent % 4, 0);
    world.serve(peer(), relayed(), TransportType::Udp, b"and back");
    world.run(SECOND);
    assert!(world.when(&data(b"and back")).is_some(), "{:?}", world.reported);
}

#[test]
fn datagrams_wait_for_their_permission_and_cross() {
    let mut world = World::allocated();
    for number in 0..3 {
        world.relay.send(world.now, peer(), &[number; 40]);
    }
    let asked = world.now;
    world.run(500 * MS);
    let arrived: Vec<Vec<u8>> = (0..3).map(|number| vec![number; 40]).collect();
    assert_eq!(world.left, arrived.iter().map(|it| (peer(), it.clone())).collect::<Vec<_>>());
    world.serve(peer(), relayed(), TransportType::Udp, b"hello");
    world.run(500 * MS);
    let heard = world.when(&data(b"hello")).expect("heard");
    assert!(heard - asked <= 500 * MS + DELAY, "{}", heard - asked);
    // By now over a channel, which adds 4 bytes.
    let before = world.sent;
    world.relay.send(world.now, peer(), &[9; 40]);
    world.settle();
    assert_eq!(world.sent - before, 44);
}

#[test]
fn strangers_are_not_let_in() {
    let mut world = World::allocated();
    world.relay.send(world.now, peer(), b"x");
    world.run(SECOND);
    world.serve(address("203.0.113.99:6000"), relayed(), TransportType::Udp, b"hello");
    world.run(SECOND);
    assert!(world.reported.is_empty(), "{:?}", world.reported);
}

#[test]
fn a_wrong_credential_is_refused_at_once() {
    let mut world = World::new("wrong", RelayTransport::Udp);
    world.run(20 * SECOND);
    let lost = world.when(&RelayOutput::Lost).expect("lost");
    assert!(lost - START <= 8 * DELAY + 100 * MS, "{}", lost - START);
    assert_eq!((world.reported.len(), world.relay.poll_timeout()), (1, None));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let mut world = World::new("secret", RelayTransport::Udp);
    world.is_up = false;
    world.run(20 * SECOND);
    let lost = world.when(&RelayOutput::Lost).expect("lost");
    assert!(lost - START <= 10 * SECOND, "{}", lost - START);
    world.relay.send(world.now, peer(), b"x");
    world.settle();
    assert_eq!(world.reported.len(), 1);
}

/// Allocation, permission, channel and nonce are renewed for as long as it takes.
#[test]
fn an_hour_long_call_stays_relayed() {
    let mut world = World::allocated();
    world.server.set_nonce_expiry_duration(Duration::from_secs(600));
    for minute in 0..60 {
        world.left.clear();
        world.relay.send(world.now, peer(), b"there");
        world.run(SECOND);
        assert_eq!(world.left.len(), 1, "minute {minute}");
        world.serve(peer(), relayed(), TransportType::Udp, b"back");
        world.run(59 * SECOND);
        let heard = world.reported.iter().filter(|(_, it)| *it == data(b"back")).count();
        assert_eq!(heard, minute + 1, "{:?}", world.reported.last());
    }
}

#[test]
fn a_server_that_dies_is_noticed_when_it_is_to_renew() {
    let mut world = World::allocated();
    world.relay.send(world.now, peer(), b"x");
    world.run(SECOND);
    world.is_up = false;
    world.run(3600 * SECOND);
    assert!(world.when(&RelayOutput::Lost).is_some(), "{:?}", world.reported);
    assert_eq!(world.relay.relayed(), None);
}

#[test]
fn a_socket_that_fails_loses_the_relay() {
    let mut world = World::allocated();
    world.relay.on_closed();
    world.relay.on_closed();
    world.run(SECOND);
    assert_eq!(world.reported.len(), 1, "{:?}", world.reported);
    assert!(world.when(&RelayOutput::Lost).is_some());
}

#[test]
fn a_relay_is_given_back() {
    let mut world = World::allocated();
    world.relay.close(world.now);
    world.settle();
    assert!(!world.flying[0].is_empty(), "the server is told");
    assert!(!world.is_freed);
    world.run(SECOND);
    assert!(world.is_freed, "it does not keep it for the minutes that are left");
    assert_eq!((world.relay.relayed(), world.relay.poll_timeout()), (None, None));
    assert!(world.reported.is_empty(), "{:?}", world.reported);
}

/// The last request has just been sent, and others wait for their turn.
#[test]
fn a_busy_relay_is_given_back_at_once() {
    let mut world = World::allocated();
    for number in 1..=8 {
        world.relay.send(world.now, SocketAddr::from(([203, 0, 113, number], 6000)), b"x");
    }
    world.relay.close(world.now);
    world.settle();
    assert_eq!(world.relay.poll_output(), None);
    world.run(SECOND);
    assert!(world.is_freed);
}

#[test]
fn many_destinations_and_garbage_are_bounded() {
    let mut world = World::allocated();
    for number in 0..2_000u32 {
        let to = SocketAddr::from((std::net::Ipv4Addr::from(0xCB00_7100 + number), 6000));
        world.relay.send(world.now, to, &[0; 1200]);
    }
    world.relay.send(world.now, address("[2001:db8::1]:6000"), b"of another family");
    world.run(5 * SECOND);
    assert!(world.left.len() <= 64, "{}", world.left.len());
    for length in 0..200usize {
        let garbage: Vec<u8> = (0..length).map(|at| (at * 37 + length * 11) as u8).collect();
        world.relay.receive(world.now, &garbage);
        world.settle();
    }
    assert_eq!(world.relay.relayed(), Some(relayed()));
}

/// A peer that moves for ever: each destination is renewed at the server for as long as the relay is there.
#[test]
fn destinations_that_come_one_after_the_other_are_bounded() {
    let mut world = World::allocated();
    for number in 0..200u32 {
        let to = SocketAddr::from((std::net::Ipv4Addr::from(0xCB00_7100 + number), 6000));
        world.relay.send(world.now, to, b"x");
        world.run(SECOND);
    }
    assert_eq!(world.left.len(), 64);
    // Those that were there first still are.
    world.relay.send(world.now, SocketAddr::from(([203, 0, 113, 0], 6000)), b"y");
    world.run(SECOND);
    assert_eq!(world.left.len(), 65);
}

/// A message of the server, complete, for the parts of it to be tried.
#[test]
fn truncated_datagrams_do_nothing() {
    let mut world = World::new("secret", RelayTransport::Udp);
    world.settle();
    let request = world.flying[0][0].1.clone();
    for end in 0..request.len() {
        world.relay.receive(world.now, &request[..end]);
    }
    world.run(SECOND);
    assert_eq!(world.relay.relayed(), Some(relayed()));
}

/// An answer of the server to a request, which nobody has to sign: an error.
fn refusal(request: &[u8], code: u16, nonce: &str) -> Vec<u8> {
    use turn_server_proto::stun::types::attribute::{ErrorCode, Nonce, Realm};
    use turn_server_proto::stun::types::message::{Message, MessageWriteVec};
    use turn_server_proto::stun::types::prelude::{MessageWrite, MessageWriteExt};
    let request = Message::from_bytes(request).expect("a request");
    let mut answer = Message::builder_error(&request, MessageWriteVec::new());
    answer.add_attribute(&ErrorCode::builder(code).build().expect("a code")).expect("room");
    answer.add_attribute(&Realm::new("realm").expect("short")).expect("room");
    answer.add_attribute(&Nonce::new(nonce).expect("short")).expect("room");
    answer.finish()
}

/// "Stale nonce", "try another server", "role conflict" and what there is no such thing as, again and again.
#[test]
fn a_server_that_refuses_for_ever_is_given_up() {
    for code in [300, 400, 401, 403, 437, 438, 441, 486, 487, 500, 508, 699] {
        let mut world = World::new("secret", RelayTransport::Udp);
        let mut requests = 0_u32;
        while world.now < START + 20 * SECOND && world.reported.is_empty() {
            world.settle();
            for (_, request) in std::mem::take(&mut world.flying[0]) {
                requests += 1;
                // The first answer asks for the credential.
                let code = if requests == 1 { 401 } else { code };
                let answer = refusal(&request, code, &format!("nonce {requests}"));
                world.relay.receive(world.now, &answer);
            }
            world.now += MS;
            if world.relay.poll_timeout().is_some_and(|at| at <= world.now) {
                world.relay.handle_timeout(world.now);
            }
        }
        println!("{code}: {requests} requests");
        assert!(world.when(&RelayOutput::Lost).is_some() && requests < 50, "{code}: {requests} requests");
    }
}

/// Whoever speaks with the server over IPv6 still needs an address that peers without IPv6 can be reached
/// from.
#[test]
fn the_family_of_a_relay_is_not_that_of_the_way_to_it() {
    use turn_server_proto::stun::types::message::Message;
    for is_ipv6 in [false, true] {
        let (local, server) = (address("[2001:db8::1]:5000"), address("[2001:db8::9]:3478"));
        let (username, credential) = ("alice".to_owned(), "secret".to_owned());
        let transport = RelayTransport::Udp;
        let config = RelayConfig { local, server, transport, username, credential };
        let mut relay = Relay::of_family(START, config, is_ipv6);
        let sent = |relay: &mut Relay| match relay.poll_output() {
            Some(RelayOutput::Transmit(bytes)) => bytes,
            other => panic!("{other:?}"),
        };
        let first = sent(&mut relay);
        relay.receive(START + 100 * MS, &refusal(&first, 401, "nonce"));
        let request = sent(&mut relay);
        let request = Message::from_bytes(&request).expect("a request");
        // REQUESTED-ADDRESS-FAMILY: 2 = IPv6; IPv4 if it is not there.
        let asked = request.iter_attributes().find(|(_, it)| it.header.get_type().value() == 0x17);
        let asked = asked.map_or(1, |(_, it)| it.value[0]);
        assert_eq!(asked, if is_ipv6 { 2 } else { 1 });
    }
}
