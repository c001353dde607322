//! Address translators in virtual time. They let in only what comes from where something went to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What a translator maps to one port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// Everything from one socket (a "cone").
    BySocket,
    /// What goes from one socket to one destination ("symmetric").
    ByDestination,
}

pub(crate) struct Nat {
    public: IpAddr,
    mapping: Mapping,
    ports: BTreeMap<(SocketAddr, Option<SocketAddr>), u16>,
    /// Where something went to, from each port.
    opened: BTreeSet<(u16, SocketAddr)>,
}

impl Nat {
    pub(crate) fn new(public: IpAddr, mapping: Mapping) -> Nat {
        Nat { public, mapping, ports: BTreeMap::new(), opened: BTreeSet::new() }
    }

    /// What the world sees of a datagram that leaves.
    pub(crate) fn leave(&mut self, local: SocketAddr, remote: SocketAddr) -> SocketAddr {
        let destination = (self.mapping == Mapping::ByDestination).then_some(remote);
        let next = 40_000 + self.ports.len() as u16;
        let port = *self.ports.entry((local, destination)).or_insert(next);
        self.opened.insert((port, remote));
        SocketAddr::new(self.public, port)
    }

    /// The socket that a datagram is for; `None` = it is not let in.
    pub(crate) fn enter(&self, from: SocketAddr, at: SocketAddr) -> Option<SocketAddr> {
        let is_open = at.ip() == self.public && self.opened.contains(&(at.port(), from));
        let mapped = self.ports.iter().find(|(_, port)| **port == at.port());
        mapped.filter(|_| is_open).map(|((local, _), _)| *local)
    }
}
