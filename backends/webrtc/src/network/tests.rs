use nertc_callkit_ids::IdGenerator;
use nertc_callkit_reactor::Kind;

use super::*;

const NOW: u64 = 5_000_000;

fn settings(found: fn() -> Vec<IpAddr>) -> (Network, Registration) {
    let registration = Registration::of(Kind::Media).expect("a thread");
    let settings = Settings {
        wanted: Wanted { loopback: true, ipv6: true },
        relay_only: false,
        ports: None,
        servers: Vec::new(),
        trust: Trust::default(),
    };
    let generator = Generator::new(IdGenerator::test_seed(1));
    let mut network = Network::open(NOW, registration.clone(), settings, generator);
    network.found = found;
    network.refresh(NOW);
    while network.poll_change().is_some() {}
    (network, registration)
}

fn changes(network: &mut Network) -> Vec<Change> {
    std::iter::from_fn(|| network.poll_change()).collect()
}

#[test]
fn what_cannot_be_sent_leads_to_a_look() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    let local = network.hosts[0].address;
    assert_eq!(network.poll_timeout(), None);
    // From loopback there is no way to elsewhere.
    network.transmit(NOW, local, SocketAddr::from(([192, 0, 2, 1], 9)), &[1]);
    assert_eq!(network.poll_timeout(), Some(NOW));
    network.handle_timeout(NOW);
    assert_eq!((changes(&mut network), network.poll_timeout()), (Vec::new(), None), "it is as before");
    // The address is gone, and another has come.
    network.found = || vec![IpAddr::from([127, 0, 0, 2])];
    network.transmit(NOW, local, SocketAddr::from(([192, 0, 2, 1], 9)), &[1]);
    assert_eq!(network.poll_timeout(), Some(NOW + LOOK_US), "not for each datagram");
    network.handle_timeout(NOW + LOOK_US);
    let changes = changes(&mut network);
    let [Change::Added(added), Change::Gone(gone), Change::Replaced] = changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!((added.address.ip(), gone), (IpAddr::from([127, 0, 0, 2]), local));
    registration.deregister();
}

#[test]
fn an_address_that_cannot_be_bound_is_no_change() {
    let found = || vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 7])];
    let (mut network, registration) = settings(found);
    assert_eq!(network.sockets(), 1, "the other is of nobody");
    let local = network.hosts[0].address;
    for round in 1..4 {
        network.transmit(NOW, local, SocketAddr::from(([192, 0, 2, 1], 9)), &[1]);
        network.handle_timeout(NOW + round * LOOK_US);
        assert_eq!(changes(&mut network), []);
    }
    registration.deregister();
}

fn server(url: &str) -> Vec<IceServer> {
    vec![IceServer::parse(url, "alice", "secret").expect("a server")]
}

/// Credentials of the new ones are not for the old ones.
#[test]
fn answers_about_earlier_servers_are_not_about_the_new_ones() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    // Resolved by nobody: there is no handler.
    network.use_servers(NOW, server("turn:one.invalid"), Trust::default());
    let (ticket, address) = (network.round << 8, SocketAddr::from(([127, 0, 0, 1], 9)));
    network.set_servers(server("turn:127.0.0.1:10"), Trust::default());
    network.resolved(NOW, ticket, Ok(vec![address]));
    assert_eq!(network.lines.len(), 1, "the one that was asked about");
    assert_eq!(network.settings.servers, server("turn:one.invalid"));
    network.refresh(NOW);
    let asked: Vec<u16> = network.lines.iter().map(|line| line.relay.server().port()).collect();
    assert_eq!(asked, [10]);
    network.resolved(NOW, ticket, Ok(vec![address]));
    assert_eq!(network.lines.len(), 1, "too late");
    network.close(NOW);
    registration.deregister();
}

#[test]
fn of_a_thousand_addresses_one_of_each_family_is_asked() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    network.use_servers(NOW, server("turn:many.invalid"), Trust::default());
    let address = |at: u32| SocketAddr::from((std::net::Ipv4Addr::from(0x7F00_0001 + at), 9));
    let found: Vec<SocketAddr> = (0..1000).map(address).collect();
    network.resolved(NOW, network.round << 8, Ok(found));
    assert_eq!((network.lines.len(), network.bindings.len()), (1, 1));
    // An answer that comes again.
    network.resolved(NOW, network.round << 8, Ok(vec![address(0)]));
    assert!(network.lines.len() <= LINES && network.bindings.len() == 1);
    network.close(NOW);
    registration.deregister();
}

/// Who has no IPv4 must be reached from relays of those who have nothing else.
#[test]
fn a_server_with_ipv6_is_asked_for_relays_of_both_families() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    let has_ipv6 = std::net::UdpSocket::bind("[::1]:0").is_ok();
    for (url, families) in [("turn:127.0.0.1:9", &[false][..]), ("turn:[::1]:9", &[false, true])] {
        network.use_servers(NOW, server(url), Trust::default());
        let asked: Vec<bool> = network.lines.iter().map(|line| line.is_ipv6).collect();
        assert!(asked == families || !has_ipv6, "{url}: {asked:?}");
    }
    network.close(NOW);
    registration.deregister();
}

/// While a call rang, its server was not there; now it may be.
#[test]
fn a_join_asks_again_for_a_relay_that_it_has_not_got() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    network.use_servers(NOW, server("turn:127.0.0.1:9"), Trust::default());
    network.lines.clear();
    assert_eq!(network.relays(), Relays::Nowhere);
    network.use_servers(NOW, server("turn:127.0.0.1:9"), Trust::default());
    assert_eq!((network.relays(), network.lines.len()), (Relays::Asked, 1));
    network.use_servers(NOW, server("turn:127.0.0.1:9"), Trust::default());
    assert_eq!((network.lines.len(), network.retiring.len()), (1, 0), "once");
    network.close(NOW);
    registration.deregister();
}

#[test]
fn new_servers_are_asked_however_many_there_were() {
    let (mut network, registration) = settings(|| vec![IpAddr::from([127, 0, 0, 1])]);
    for port in 1..=2 * BINDINGS as u16 {
        network.use_servers(NOW, server(&format!("stun:127.0.0.1:{port}")), Trust::default());
        let asked: Vec<u16> = network.bindings.iter().map(|it| it.server().port()).collect();
        assert_eq!(asked, [port]);
    }
    registration.deregister();
}

#[test]
fn a_device_without_interfaces_has_no_socket() {
    let (mut network, registration) = settings(Vec::new);
    assert_eq!((network.sockets(), network.relays()), (0, Relays::Nowhere));
    network.transmit(NOW, SocketAddr::from(([10, 0, 0, 1], 1)), SocketAddr::from(([10, 0, 0, 2], 1)), &[1]);
    assert_eq!(network.poll_timeout(), None);
    // One comes up, and the app says so.
    network.found = || vec![IpAddr::from([127, 0, 0, 1])];
    network.refresh(NOW);
    assert!(matches!(changes(&mut network)[..], [Change::Added(_)]));
    registration.deregister();
}
