//! The sockets of one call: one for each interface, one for each relay, and what they find out about our
//! addresses.

mod line;

pub(crate) use line::Trust;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use nertc_callkit_reactor::{Datagrams, Registration};

use crate::crypto::Generator;
use crate::ice_server::{IceServer, ServerKind};
use crate::interfaces::{self, Wanted};
use crate::peer::{Binding, LocalCandidate, LocalKind, Seen, is_stun};
use line::Line;

/// Datagrams of one socket that are read in one go; what is left comes after the others'.
const DATAGRAMS: usize = 64;
/// Bytes of a datagram: more than any path carries unfragmented.
const DATAGRAM_BYTES: usize = 2048;
/// Questions to STUN servers at a time.
const BINDINGS: usize = 32;
/// Relays at a time.
const LINES: usize = 8;
/// Relays that are asked for again, in a call.
const AGAIN: usize = 16;
/// How long after a relay was lost.
const AGAIN_US: u64 = 500_000;
/// Least time between two looks at the interfaces because of datagrams that cannot be sent.
const LOOK_US: u64 = 2_000_000;
/// Local ports that are tried in the app's range.
const PORTS: u16 = 64;

/// What the app wants of the network.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) wanted: Wanted,
    pub(crate) relay_only: bool,
    pub(crate) ports: Option<RangeInclusive<u16>>,
    pub(crate) servers: Vec<IceServer>,
    pub(crate) trust: Trust,
}

/// What has changed about our addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added(LocalCandidate),
    Gone(SocketAddr),
    /// A relay stands in for one that was lost: the pair over it must be found.
    Replaced,
}

/// Whether there is a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relays {
    Asked,
    Up,
    Nowhere,
}

struct Host {
    socket: Datagrams,
    address: SocketAddr,
}

/// The sockets of one call.
pub(crate) struct Network {
    registration: Registration,
    settings: Settings,
    /// Servers for the next questions. Until then, what is on its way is about those of the settings.
    next_servers: Option<(Vec<IceServer>, Trust)>,
    generator: Generator,
    hosts: Vec<Host>,
    bindings: Vec<Binding>,
    lines: Vec<Line>,
    /// Relays of before a change, until one of the new ones is up.
    retiring: Vec<Line>,
    /// Relays to ask for again, by server, address and family.
    again: Vec<(u64, usize, SocketAddr, bool)>,
    room_again: usize,
    was_lost: bool,
    /// Names are looked up for this round of questions; answers of earlier ones are late.
    round: u64,
    names: usize,
    changes: VecDeque<Change>,
    /// Datagrams that came through relays: own address, peer's, content.
    arrived: VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>,
    has_more: bool,
    /// When the interfaces may be looked at again, and that they are to be.
    look_at: u64,
    must_look: bool,
    /// The addresses of this device's interfaces, and which of them were usable last.
    found: fn() -> Vec<IpAddr>,
    known: Vec<IpAddr>,
}

/// Where a socket is bound: at any port, or at one of the app's range.
fn bind(
    registration: &Registration,
    ip: IpAddr,
    ports: Option<&RangeInclusive<u16>>,
    generator: &mut Generator,
) -> io::Result<Datagrams> {
    let Some(ports) = ports else { return registration.bind(SocketAddr::new(ip, 0)) };
    let count = u64::from(ports.end() - ports.start()) + 1;
    let first = generator.number() % count;
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for step in 0..count.min(u64::from(PORTS)) {
        let offset = u16::try_from((first + step) % count).unwrap_or_default();
        match registration.bind(SocketAddr::new(ip, ports.start() + offset)) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Network {
    /// Opens a socket on each interface, and asks the servers.
    pub(crate) fn open(
        now: u64,
        registration: Registration,
        settings: Settings,
        generator: Generator,
    ) -> Network {
        let mut network = Network {
            registration,
            settings,
            next_servers: None,
            generator,
            hosts: Vec::new(),
            bindings: Vec::new(),
            lines: Vec::new(),
            retiring: Vec::new(),
            again: Vec::new(),
            room_again: AGAIN,
            was_lost: false,
            round: 0,
            names: 0,
            changes: VecDeque::new(),
            arrived: VecDeque::new(),
            has_more: false,
            look_at: now,
            must_look: false,
            found: interfaces::found,
            known: Vec::new(),
        };
        network.open_hosts();
        network.ask_servers(now);
        network
    }

    /// The device's network is another one: sockets of interfaces that are gone are closed, new ones open,
    /// and all servers are asked anew.
    pub(crate) fn refresh(&mut self, now: u64) {
        self.open_hosts();
        let (hosts, changes) = (&self.hosts, &mut self.changes);
        self.bindings.retain_mut(|binding| {
            let has_host = hosts.iter().any(|host| host.address == binding.local());
            if has_host {
                binding.ask(now);
            } else {
                changes.extend(binding.seen().map(Change::Gone));
            }
            has_host
        });
        self.retiring.append(&mut self.lines);
        self.retiring.truncate(LINES);
        self.ask_servers(now);
        if self.names == 0 && self.lines.is_empty() {
            self.retire(now);
        }
    }

    /// Other servers, from the next questions on.
    pub(crate) fn set_servers(&mut self, servers: Vec<IceServer>, trust: Trust) {
        self.next_servers = Some((servers, trust));
    }

    /// The servers of a join. Where they are not those that were asked before it, or were asked for a relay
    /// in vain, they are asked now.
    pub(crate) fn use_servers(&mut self, now: u64, servers: Vec<IceServer>, trust: Trust) {
        let is_in_vain =
            self.relays() == Relays::Nowhere && servers.iter().any(|it| it.kind != ServerKind::Stun);
        if is_in_vain || self.settings.servers != servers {
            self.set_servers(servers, trust);
            self.refresh(now);
        }
    }

    /// Addresses that should have a socket.
    fn usable(&self) -> Vec<IpAddr> {
        match self.settings.relay_only {
            true => Vec::new(),
            false => interfaces::usable((self.found)(), self.settings.wanted),
        }
    }

    /// A datagram could not be sent: perhaps the network is another one, and nobody has said so.
    fn look(&mut self, now: u64) {
        (self.must_look, self.look_at) = (false, now + LOOK_US);
        // Not those with a socket: an address that cannot be bound would lead to a refresh each time.
        if self.usable() != self.known {
            log::info!("webrtc: the addresses of this device have changed");
            self.refresh(now);
            self.changes.push_back(Change::Replaced);
        }
    }

    fn open_hosts(&mut self) {
        let found = self.usable();
        let gone: Vec<Host>;
        (self.hosts, gone) = self.hosts.drain(..).partition(|host| found.contains(&host.address.ip()));
        self.known.clone_from(&found);
        for ip in found {
            if self.hosts.iter().any(|host| host.address.ip() == ip) {
                continue;
            }
            let ports = self.settings.ports.as_ref();
            let bound = bind(&self.registration, ip, ports, &mut self.generator);
            match bound.and_then(|socket| Ok((socket.local_addr()?, socket))) {
                Ok((address, socket)) => {
                    let kind = LocalKind::Host;
                    self.changes.push_back(Change::Added(LocalCandidate { address, kind }));
                    self.hosts.push(Host { socket, address });
                }
                Err(error) => log::warn!("webrtc: no socket at {ip}: {error}"),
            }
        }
        // Last, so that the peer always has an address.
        self.changes.extend(gone.iter().map(|host| Change::Gone(host.address)));
    }

    /// Others are asked from now on: what was found out by those before is forgotten, and leaves room.
    fn change_servers(&mut self) {
        let Some((servers, trust)) = self.next_servers.take() else { return };
        let place = |it: &IceServer| (it.kind, it.host.clone(), it.port);
        // Time-limited credentials change nothing about who is asked.
        if !servers.iter().map(place).eq(self.settings.servers.iter().map(place)) {
            let seen = self.bindings.drain(..).filter_map(|it| it.seen());
            self.changes.extend(seen.map(Change::Gone));
        }
        (self.settings.servers, self.settings.trust) = (servers, trust);
    }

    fn ask_servers(&mut self, now: u64) {
        self.change_servers();
        (self.round, self.names) = (self.round + 1, 0);
        self.again.clear();
        for index in 0..self.settings.servers.len() {
            let IceServer { host, port, .. } = &self.settings.servers[index];
            match host.parse::<IpAddr>() {
                Ok(ip) => {
                    let address = SocketAddr::new(ip, *port);
                    self.ask(now, index, address);
                }
                Err(_) => {
                    self.names += 1;
                    self.registration.resolve(self.round << 8 | index as u64, host, *port);
                }
            }
        }
    }

    /// A server's name was looked up.
    pub(crate) fn resolved(&mut self, now: u64, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        let index = (ticket & 0xff) as usize;
        let Some(server) = self.settings.servers.get(index).filter(|_| ticket >> 8 == self.round) else {
            return;
        };
        self.names = self.names.saturating_sub(1);
        match found {
            Ok(found) => {
                let first = |is_ipv6: bool| found.iter().find(|it| it.is_ipv6() == is_ipv6).copied();
                let addresses = [first(false), first(true)];
                addresses.into_iter().flatten().for_each(|address| self.ask(now, index, address));
            }
            Err(error) => log::warn!("webrtc: {server:?} is not found: {error}"),
        }
        if self.lines.is_empty() && self.names == 0 {
            self.retire(now);
        }
    }

    fn ask(&mut self, now: u64, index: usize, server: SocketAddr) {
        let Some(kind) = self.settings.servers.get(index).map(|it| it.kind) else { return };
        if server.is_ipv6() && !self.settings.wanted.ipv6 {
            return;
        }
        if matches!(kind, ServerKind::Stun | ServerKind::Turn) {
            for host in &self.hosts {
                let reaches = host.address.is_ipv4() == server.is_ipv4()
                    && host.address.ip().is_loopback() == server.ip().is_loopback();
                let asks = |it: &Binding| it.local() == host.address && it.server() == server;
                if reaches && self.bindings.len() < BINDINGS && !self.bindings.iter().any(asks) {
                    let generator = self.generator.split();
                    self.bindings.push(Binding::new(now, host.address, server, generator));
                }
            }
        }
        if kind != ServerKind::Stun {
            self.open_line(now, index, server, false);
            // A peer without IPv4 may have no relay.
            if server.is_ipv6() {
                self.open_line(now, index, server, true);
            }
        }
    }

    fn open_line(&mut self, now: u64, index: usize, address: SocketAddr, is_ipv6: bool) {
        if self.lines.len() >= LINES {
            return;
        }
        let Some(server) = self.settings.servers.get(index) else { return };
        let local = interfaces::unspecified(address);
        let ports = self.settings.ports.as_ref();
        let (registration, generator) = (&self.registration, &mut self.generator);
        let socket = |registration: &Registration| bind(registration, local, ports, generator);
        match Line::open(now, registration, (index, server, address, is_ipv6), &self.settings.trust, socket) {
            Ok(line) => self.lines.push(line),
            Err(why) => log::warn!("webrtc: {server:?} cannot be asked for a relay: {why}"),
        }
    }

    /// Whether there is a relay.
    pub(crate) fn relays(&self) -> Relays {
        if self.lines.iter().any(|line| line.relay.relayed().is_some()) {
            Relays::Up
        } else if self.lines.is_empty() && self.names == 0 && self.again.is_empty() {
            Relays::Nowhere
        } else {
            Relays::Asked
        }
    }

    /// How we talk to the relay at this address of ours: 1 UDP, 2 TCP, 3 TLS; 0 = it is no relay.
    pub(crate) fn relay_transport(&self, local: SocketAddr) -> i32 {
        let mut lines = self.lines.iter().chain(&self.retiring);
        lines.find(|line| line.allocated == Some(local)).map_or(0, Line::transport)
    }

    /// How many sockets are open.
    pub(crate) fn sockets(&self) -> usize {
        self.hosts.len() + self.lines.len() + self.retiring.len()
    }

    /// What is new about our addresses; call it until there is nothing.
    pub(crate) fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// The next datagram that came through a relay: own address, peer's, content.
    pub(crate) fn poll_arrived(&mut self) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.arrived.pop_front()
    }

    /// When [`Network::handle_timeout`] has something to do; `None` = never.
    pub(crate) fn poll_timeout(&self) -> Option<u64> {
        let bindings = self.bindings.iter().filter_map(Binding::poll_timeout);
        let lines = self.lines.iter().chain(&self.retiring).filter_map(|line| line.relay.poll_timeout());
        let again = self.again.iter().map(|(at, ..)| *at);
        let look = self.must_look.then_some(self.look_at);
        bindings.chain(lines).chain(again).chain(look).chain(self.has_more.then_some(0)).min()
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: u64) {
        for binding in &mut self.bindings {
            let Some(request) = binding.handle_timeout(now) else { continue };
            let host = self.hosts.iter().find(|host| host.address == binding.local());
            // A lost request is sent again.
            let _ = host.map(|host| host.socket.send_to(&request, binding.server()));
        }
        self.bindings.retain(|binding| binding.poll_timeout().is_some() || binding.seen().is_some());
        for line in self.lines.iter_mut().chain(&mut self.retiring) {
            if line.relay.poll_timeout().is_some_and(|at| at <= now) {
                line.relay.handle_timeout(now);
            }
        }
        let due: Vec<_>;
        (due, self.again) = self.again.drain(..).partition(|(at, ..)| *at <= now);
        for (_, index, address, is_ipv6) in due {
            self.open_line(now, index, address, is_ipv6);
        }
        if self.must_look && self.look_at <= now {
            self.look(now);
        }
        self.settle_lines(now);
    }

    /// Sends a datagram from one of our addresses.
    pub(crate) fn transmit(&mut self, now: u64, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        if let Some(host) = self.hosts.iter().find(|host| host.address == local) {
            // What there is no room or no way for is lost, as it may be further on.
            if let Err(error) = host.socket.send_to(bytes, remote) {
                log::debug!("webrtc: a datagram was not sent: {error}");
                self.must_look |= is_about_the_network(&error);
            }
            return;
        }
        let mut lines = self.lines.iter_mut().chain(&mut self.retiring);
        if let Some(line) = lines.find(|line| line.relay.relayed() == Some(local)) {
            line.send(now, remote, bytes);
            self.settle_lines(now);
        }
    }

    /// Reads what has arrived; datagrams of peers go to `deliver` with own address and peer's.
    pub(crate) fn read(&mut self, now: u64, mut deliver: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        self.has_more = false;
        let mut buffer = [0; DATAGRAM_BYTES];
        for host in &self.hosts {
            let mut count = 0;
            while let Some((length, remote)) = receive(&host.socket, &mut buffer) {
                let bytes = &buffer[..length];
                let is_stun = is_stun(bytes);
                let mut bindings = self.bindings.iter_mut().filter(|_| is_stun);
                let bindings = bindings.by_ref().filter(|binding| binding.local() == host.address);
                let mut seen = bindings.map(|binding| binding.receive(now, remote, bytes));
                match seen.find(|seen| *seen != Seen::NotOurs) {
                    None => deliver(host.address, remote, bytes),
                    Some(Seen::New { candidate, gone }) => {
                        self.changes.push_back(Change::Added(candidate));
                        self.changes.extend(gone.map(Change::Gone));
                    }
                    Some(Seen::Known | Seen::NotOurs) => {}
                }
                count += 1;
                if count == DATAGRAMS {
                    self.has_more = true;
                    break;
                }
            }
        }
        for line in self.lines.iter_mut().chain(&mut self.retiring) {
            self.has_more |= line.read(now, &mut buffer);
        }
        self.settle_lines(now);
    }

    /// Takes what relays report.
    fn settle_lines(&mut self, now: u64) {
        let mut is_up = false;
        let mut lost = Vec::new();
        for line in self.lines.iter_mut().chain(&mut self.retiring) {
            let report = line.settle(&mut self.arrived);
            if let Some(address) = report.allocated {
                is_up = true;
                let kind = LocalKind::Relayed { local: line.relay.local() };
                self.changes.push_back(Change::Added(LocalCandidate { address, kind }));
            }
            if report.is_lost {
                self.changes.extend(line.allocated.map(Change::Gone));
                lost.push((line.server, line.relay.server(), line.is_ipv6, line.allocated.is_some()));
            }
        }
        if is_up && std::mem::take(&mut self.was_lost) {
            self.changes.push_back(Change::Replaced);
        }
        self.lines.retain(|line| !line.is_lost);
        self.retiring.retain(|line| !line.is_lost);
        for (index, address, is_ipv6, was_up) in lost {
            log::info!("webrtc: the relay at {address} is lost");
            // One that never was there was refused.
            if was_up && self.room_again > 0 {
                self.room_again -= 1;
                self.was_lost = true;
                self.again.push((now + AGAIN_US, index, address, is_ipv6));
            }
        }
        if is_up || (self.lines.is_empty() && self.names == 0 && !self.retiring.is_empty()) {
            self.retire(now);
        }
    }

    /// Gives up the relays of before.
    fn retire(&mut self, now: u64) {
        for mut line in self.retiring.drain(..) {
            self.changes.extend(line.allocated.map(Change::Gone));
            line.close(now);
        }
    }

    /// Gives all relays back. Datagrams may still be sent from the interfaces.
    pub(crate) fn close(&mut self, now: u64) {
        self.retire(now);
        self.lines.drain(..).for_each(|mut line| line.close(now));
        self.bindings.clear();
        self.again.clear();
        self.must_look = false;
    }
}

/// Whether the address or the way may be gone; not that the socket is full, or that nobody listened there.
fn is_about_the_network(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused
    )
}

/// The next datagram. Errors of a UDP socket are about datagrams that were sent before: they end nothing.
fn receive(socket: &Datagrams, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    for _ in 0..DATAGRAMS {
        match socket.recv_from(buffer) {
            Ok(received) => return Some(received),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
