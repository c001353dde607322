//! Which addresses of this device are offered to a peer.

use std::net::{IpAddr, SocketAddr};

use crate::peer::is_reachable;

/// Interfaces that are used: each costs a socket, and a candidate in every description.
const ADDRESSES: usize = 8;

/// What is wanted of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Loopback addresses, too: for tests on one machine.
    pub loopback: bool,
    /// IPv6 addresses.
    pub ipv6: bool,
}

/// Those of `found` that a peer may reach us at, each once, in their order; IPv4 first, since fewer of them
/// lead nowhere, but not IPv4 alone: bridges of virtual machines have many, and the way out may have none.
pub fn usable(found: impl IntoIterator<Item = IpAddr>, wanted: Wanted) -> Vec<IpAddr> {
    let mut usable = Vec::new();
    for ip in found {
        let is_wanted = (ip.is_ipv4() || wanted.ipv6) && is_reachable(ip, wanted.loopback);
        if is_wanted && !usable.contains(&ip) {
            usable.push(ip);
        }
    }
    let (mut usable, six): (Vec<IpAddr>, Vec<IpAddr>) = usable.into_iter().partition(IpAddr::is_ipv4);
    usable.truncate(ADDRESSES - six.len().min(ADDRESSES / 2));
    usable.extend(six);
    usable.truncate(ADDRESSES);
    usable
}

/// The addresses of this device's interfaces that are up.
pub(crate) fn found() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => {
            interfaces.iter().filter(|it| it.is_oper_up()).map(if_addrs::Interface::ip).collect()
        }
        Err(error) => {
            log::warn!("webrtc: the interfaces of this device cannot be read: {error}");
            Vec::new()
        }
    }
}

/// What a server is asked from: any address of the same family.
pub(crate) fn unspecified(server: SocketAddr) -> IpAddr {
    match server {
        SocketAddr::V4(_) => IpAddr::from([0; 4]),
        SocketAddr::V6(_) => IpAddr::from([0; 16]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wanted = Wanted { loopback: false, ipv6: true };

    fn usable_of(found: &[&str], wanted: Wanted) -> Vec<String> {
        let found = found.iter().map(|it| it.parse().expect("an address"));
        usable(found, wanted).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn addresses_that_no_peer_can_use_are_left_out() {
        let found = [
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.3.4",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "2001:db8::7",
            "192.168.1.5",
            "192.168.1.5",
            "fd00::5",
            "10.0.0.1",
        ];
        assert_eq!(usable_of(&found, ALL), ["192.168.1.5", "10.0.0.1", "2001:db8::7", "fd00::5"]);
        assert_eq!(usable_of(&found, Wanted { ipv6: false, ..ALL }), ["192.168.1.5", "10.0.0.1"]);
        let with_loopback = usable_of(&found, Wanted { loopback: true, ipv6: false });
        assert_eq!(with_loopback, ["127.0.0.1", "192.168.1.5", "10.0.0.1"]);
        assert!(usable_of(&[], ALL).is_empty());
    }

    #[test]
    fn a_device_of_many_interfaces_uses_some() {
        let found = (1..=40).map(|at| IpAddr::from([10, 0, 0, at]));
        assert_eq!(usable(found, ALL).len(), ADDRESSES);
        // As many of IPv6 as fit, and half of them in any case.
        let six = (1..=40).map(|at| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, at]));
        for (fours, sixes, expected) in [(40, 40, [4, 4]), (40, 1, [7, 1]), (2, 40, [2, 6]), (0, 40, [0, 8])]
        {
            let four = (1..=fours).map(|at| IpAddr::from([10, 0, 0, at]));
            let used = usable(four.chain(six.clone().take(sixes)), ALL);
            let count = |is_ipv6| used.iter().filter(|it| it.is_ipv6() == is_ipv6).count();
            assert_eq!([count(false), count(true)], expected, "{fours} and {sixes}");
        }
    }

    #[test]
    fn this_machine_has_interfaces() {
        assert!(found().iter().any(IpAddr::is_loopback), "{:?}", found());
    }
}
