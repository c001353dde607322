//! Candidates: what we tell, and which of the peer's we use.

use std::net::{IpAddr, SocketAddr};

use str0m::Candidate;

/// Addresses of ours that are sent to a peer: those of interfaces, and what servers see of them; and those
/// of relays, which come last and are all there is where the others are of no use. Twice as many relays as
/// there are at a time: new ones come before the old ones are gone.
const DIRECT: usize = 24;
const RELAYED: usize = 16;

/// How an address of ours was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocalKind {
    /// Of an interface; it has a socket.
    Host,
    /// What a STUN server saw.
    ServerReflexive {
        /// Of the socket behind it.
        base: SocketAddr,
    },
    /// Of a TURN server.
    Relayed {
        /// Of the socket that speaks with the server.
        local: SocketAddr,
    },
}

/// An address of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalCandidate {
    /// Where the peer sends to.
    pub address: SocketAddr,
    /// How it was found.
    pub kind: LocalKind,
}

impl LocalCandidate {
    fn is_relayed(&self) -> bool {
        matches!(self.kind, LocalKind::Relayed { .. })
    }

    /// The socket behind it.
    pub fn socket(&self) -> SocketAddr {
        match self.kind {
            LocalKind::Host => self.address,
            LocalKind::ServerReflexive { base } => base,
            LocalKind::Relayed { local } => local,
        }
    }

    /// For str0m; `None` = no address that a peer could use.
    pub(super) fn to_str0m(self) -> Option<Candidate> {
        let made = match self.kind {
            LocalKind::Host => Candidate::host(self.address, "udp"),
            LocalKind::ServerReflexive { base } => Candidate::server_reflexive(self.address, base, "udp"),
            LocalKind::Relayed { local } => Candidate::relayed(self.address, local, "udp"),
        };
        made.ok()
    }
}

/// Whether an address of ours may join those that are known. Each is known once.
pub(super) fn has_room(known: &[LocalCandidate], new: &LocalCandidate) -> bool {
    let limit = if new.is_relayed() { RELAYED } else { DIRECT };
    !known.contains(new) && known.iter().filter(|it| it.is_relayed() == new.is_relayed()).count() < limit
}

/// What an address of a pair is: values of `nertc_callkit_candidate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum CandidateKind {
    /// There is no pair yet.
    #[default]
    Unknown = 0,
    /// Of an interface.
    Host = 1,
    /// What a STUN server saw.
    ServerReflexive = 2,
    /// What the other side saw, and no server before it.
    PeerReflexive = 3,
    /// Of a TURN server.
    Relay = 4,
}

impl CandidateKind {
    pub(super) fn of(kind: str0m::CandidateKind) -> CandidateKind {
        match kind {
            str0m::CandidateKind::Host => CandidateKind::Host,
            str0m::CandidateKind::ServerReflexive => CandidateKind::ServerReflexive,
            str0m::CandidateKind::PeerReflexive => CandidateKind::PeerReflexive,
            str0m::CandidateKind::Relayed => CandidateKind::Relay,
        }
    }
}

/// Why a candidate of the peer's is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// Not in the form of a candidate.
    Malformed,
    /// Over TCP.
    Protocol,
    /// A name (`.local`), which only its own network can look up.
    Name,
    /// An address that nobody can be reached at, or that means our own device.
    Address,
    /// Of RTCP alone, which travels with RTP here.
    Component,
}

/// A candidate of the peer's.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteCandidate {
    /// For str0m.
    pub candidate: Candidate,
    /// Name fragment of the description that it belongs to, if it says so.
    pub ufrag: Option<String>,
}

/// Reads a candidate as it stands in SDP, with or without `a=`.
///
/// # Errors
/// It cannot be used.
pub fn read(text: &str, allows_loopback: bool) -> Result<RemoteCandidate, Unusable> {
    let text = text.trim_end().strip_prefix("a=").unwrap_or(text.trim_end());
    let text = text.strip_prefix("candidate:").ok_or(Unusable::Malformed)?;
    let words: Vec<&str> = text.split(' ').collect();
    let [foundation, component, protocol, priority, ip, port, "typ", kind, ref rest @ ..] = words[..] else {
        return Err(Unusable::Malformed);
    };
    let is_ice_char = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    if foundation.is_empty() || foundation.len() > 32 || !foundation.bytes().all(is_ice_char) {
        return Err(Unusable::Malformed);
    }
    if component != "1" {
        return Err(if component == "2" { Unusable::Component } else { Unusable::Malformed });
    }
    if !protocol.eq_ignore_ascii_case("udp") {
        return Err(Unusable::Protocol);
    }
    let priority: u32 = priority.parse().map_err(|_| Unusable::Malformed)?;
    if ip.to_ascii_lowercase().ends_with(".local") {
        return Err(Unusable::Name);
    }
    let ip: IpAddr = ip.parse().map_err(|_| Unusable::Malformed)?;
    let port: u16 = port.parse().map_err(|_| Unusable::Malformed)?;
    if port == 0 || !is_reachable(ip, allows_loopback) {
        return Err(Unusable::Address);
    }
    let origin = match kind {
        "host" => "",
        "srflx" | "prflx" | "relay" if ip.is_ipv4() => " raddr 0.0.0.0 rport 0",
        "srflx" | "prflx" | "relay" => " raddr :: rport 0",
        _ => return Err(Unusable::Malformed),
    };
    let ufrag = rest.iter().position(|word| *word == "ufrag").and_then(|at| rest.get(at + 1));
    // Written anew, so that str0m reads nothing that is not checked here.
    let checked = format!("candidate:{foundation} 1 udp {priority} {ip} {port} typ {kind}{origin}");
    let candidate = Candidate::from_sdp_string(&checked).map_err(|_| Unusable::Malformed)?;
    Ok(RemoteCandidate { candidate, ufrag: ufrag.map(|it| (*it).to_owned()) })
}

pub(crate) fn is_reachable(ip: IpAddr, allows_loopback: bool) -> bool {
    if ip.is_unspecified() || ip.is_multicast() || (ip.is_loopback() && !allows_loopback) {
        return false;
    }
    match ip {
        IpAddr::V4(ip) => !ip.is_broadcast() && !ip.is_link_local(),
        // Link-local needs the name of an interface; the mapped form hides the checks above.
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && ip.to_ipv4_mapped().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(ip: &str) -> String {
        format!("candidate:1 1 udp 2130706431 {ip} 5000 typ host")
    }

    #[test]
    fn candidates_of_browsers_and_of_our_own_are_read() {
        let chromium = "candidate:842163049 1 UDP 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 \
                        rport 46154 generation 0 ufrag EEtu network-id 3 network-cost 10";
        let read_it = read(chromium, false).expect("usable");
        assert_eq!(read_it.ufrag.as_deref(), Some("EEtu"));
        assert_eq!(read_it.candidate.addr(), "203.0.113.7:46154".parse().expect("an address"));
        let address = "[2001:db8::1]:5000".parse().expect("an address");
        let base = "[2001:db8::2]:6000".parse().expect("an address");
        let kinds =
            [LocalKind::Host, LocalKind::ServerReflexive { base }, LocalKind::Relayed { local: base }];
        for kind in kinds {
            let own = LocalCandidate { address, kind }.to_str0m().expect("a candidate");
            let read_it = read(&own.to_sdp_string(), false).expect("usable");
            assert_eq!((read_it.candidate.addr(), read_it.candidate.kind()), (own.addr(), own.kind()));
        }
        assert!(read(&format!("a={}\r\n", with("192.0.2.1")), false).is_ok());
    }

    #[test]
    fn what_nobody_can_be_reached_at_is_not_used() {
        let addresses = [
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "169.254.1.1",
            "127.0.0.1",
            "::",
            "::1",
            "ff02::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ];
        for ip in addresses {
            assert_eq!(read(&with(ip), false), Err(Unusable::Address), "{ip}");
        }
        assert!(read(&with("127.0.0.1"), true).is_ok());
        assert!(read(&with("::1"), true).is_ok());
        assert_eq!(read(&with("192.0.2.1").replace(" 5000 ", " 0 "), false), Err(Unusable::Address));
    }

    #[test]
    fn other_candidates_are_refused_with_a_reason() {
        let good = with("192.0.2.1");
        let rows = [
            (with("4d6e5f7a-1.local"), Unusable::Name),
            (with("4d6e5f7a-1.LOCAL"), Unusable::Name),
            (with("example.org"), Unusable::Malformed),
            (good.replace("udp", "tcp"), Unusable::Protocol),
            (good.replace("1 udp", "2 udp"), Unusable::Component),
            (good.replace("1 udp", "3 udp"), Unusable::Malformed),
            (good.replace("5000", "65536"), Unusable::Malformed),
            (good.replace("2130706431", "4294967296"), Unusable::Malformed),
            (good.replace("typ host", "typ guest"), Unusable::Malformed),
            (good.replace("candidate:1", "candidate:"), Unusable::Malformed),
            (good.replace("candidate:1", "candidate:a\r\na=b"), Unusable::Malformed),
            (good.replace("candidate:1", &format!("candidate:{}", "1".repeat(33))), Unusable::Malformed),
            (good.replace("candidate", "candidates"), Unusable::Malformed),
            (good.replace(' ', "  "), Unusable::Malformed),
        ];
        for (text, reason) in rows {
            assert_eq!(read(&text, false), Err(reason), "{text}");
        }
        for end in 0..good.len() {
            assert!(read(&good[..end], false).is_err(), "{}", &good[..end]);
        }
    }
}
