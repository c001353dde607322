//! Endpoints with several addresses.

use super::*;

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// One that has looked up a name, with these addresses.
fn looked_up(addresses: &[SocketAddr], test_port: impl FnOnce(&TestPort)) -> Client {
    let mut settings = settings(&[]);
    settings.endpoints = vec![Endpoint { host: "localhost".into(), port: 1, tls: false }];
    let mut client = Client::with(settings);
    test_port(&client.test_port);
    client.connection.connect(client.now, "secret");
    client.connection.resolved(client.now, 1, Ok(addresses.to_vec()));
    client
}

#[test]
fn the_first_address_to_connect_wins_however_late() {
    let (a, b, c) = (at("[::1]:1"), at("127.0.0.1:1"), at("127.0.0.2:1"));
    let mut flags = Vec::new();
    let mut client =
        looked_up(&[a, b, c], |test_port| flags = [a, b, c].map(|it| test_port.mute(it)).to_vec());
    assert_eq!(*client.test_port.connects.lock(), [a]);
    assert_eq!((client.next_deadline(), client.next_deadline()), (250, 250));
    assert_eq!(*client.test_port.connects.lock(), [a, b, c]);
    // A slow line: the first one was never given up.
    client.now += 6_000;
    client.drive();
    flags[0].store(true, Ordering::SeqCst);
    client.drive();
    assert!(matches!(client.connection.phase, Phase::Open(_)));
    assert_eq!(client.test_port.connects.lock().len(), 3);
    // It does not answer to CONNECT: the others are left, and they may.
    flags[2].store(true, Ordering::SeqCst);
    client.drive();
    assert_eq!(client.next_deadline(), 8_000);
    assert_eq!(*client.test_port.connects.lock(), [a, b, c, b]);
    assert_eq!(client.next_deadline(), 250);
    assert!(matches!(client.connection.phase, Phase::Open(_)));
}

#[test]
fn an_address_that_refuses_is_followed_by_the_next_at_once() {
    let mut broker = Broker::new();
    let dead = Broker::new().port();
    let (refuses, works) = (SocketAddr::from(([127, 0, 0, 1], dead)), at("127.0.0.1:1"));
    let mut client = looked_up(&[refuses, works], |test_port| {
        test_port.mute(works);
    });
    let patience = broker::Patience::new();
    while client.test_port.connects.lock().len() < 2 {
        client.drive();
        patience.check("the next address is not tried");
    }
    broker.drive();
    assert_eq!(client.connection.poll_event(), None);
}

#[test]
fn an_endpoint_has_so_much_time_for_all_its_addresses() {
    let all = [at("[::1]:1"), at("127.0.0.1:1")];
    let mut client = looked_up(&all, |test_port| drop(all.map(|it| test_port.mute(it))));
    assert_eq!((client.next_deadline(), client.next_deadline()), (250, 7_750));
    assert!(matches!(client.connection.phase, Phase::Waiting { .. }));
    let (raw_code, why) = client.connection.why();
    assert_eq!(raw_code, 0);
    assert!(why.starts_with("mqtt://localhost:1: no answer from the host within 8.0 s"), "{why}");
}
