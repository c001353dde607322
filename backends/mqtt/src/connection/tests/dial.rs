//! Endpoints with several addresses.

use super::*;

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// One that has looked up a name, with these addresses.
fn looked_up(addresses: &[SocketAddr], test_port: impl FnOnce(&TestPort)) -> Phone {
    let mut settings = settings(&[]);
    settings.endpoints = vec![Endpoint { host: "localhost".into(), port: 1, tls: false }];
    let mut phone = Phone::with(settings);
    test_port(&phone.test_port);
    phone.connection.connect(phone.now, "secret");
    phone.connection.resolved(phone.now, 1, Ok(addresses.to_vec()));
    phone
}

#[test]
fn the_first_address_to_connect_wins_however_late() {
    let (a, b, c) = (at("[::1]:1"), at("127.0.0.1:1"), at("127.0.0.2:1"));
    let mut flags = Vec::new();
    let mut phone =
        looked_up(&[a, b, c], |test_port| flags = [a, b, c].map(|it| test_port.mute(it)).to_vec());
    assert_eq!(*phone.test_port.connects.lock(), [a]);
    assert_eq!((phone.next_deadline(), phone.next_deadline()), (250, 250));
    assert_eq!(*phone.test_port.connects.lock(), [a, b, c]);
    // A slow line: the first one was never given up.
    phone.now += 6_000;
    phone.drive();
    flags[0].store(true, Ordering::SeqCst);
    phone.drive();
    assert!(matches!(phone.connection.phase, Phase::Open(_)));
    assert_eq!(phone.test_port.connects.lock().len(), 3);
    // It does not answer to CONNECT: the others are left, and they may.
    flags[2].store(true, Ordering::SeqCst);
    phone.drive();
    assert_eq!(phone.next_deadline(), 8_000);
    assert_eq!(*phone.test_port.connects.lock(), [a, b, c, b]);
    assert_eq!(phone.next_deadline(), 250);
    assert!(matches!(phone.connection.phase, Phase::Open(_)));
}

#[test]
fn an_address_that_refuses_is_followed_by_the_next_at_once() {
    let mut broker = Broker::new();
    let dead = Broker::new().port();
    let (refuses, works) = (SocketAddr::from(([127, 0, 0, 1], dead)), at("127.0.0.1:1"));
    let mut phone = looked_up(&[refuses, works], |test_port| {
        test_port.mute(works);
    });
    let patience = broker::Patience::new();
    while phone.test_port.connects.lock().len() < 2 {
        phone.drive();
        patience.check("the next address is not tried");
    }
    broker.drive();
    assert_eq!(phone.connection.poll_event(), None);
}

#[test]
fn an_endpoint_has_so_much_time_for_all_its_addresses() {
    let all = [at("[::1]:1"), at("127.0.0.1:1")];
    let mut phone = looked_up(&all, |test_port| drop(all.map(|it| test_port.mute(it))));
    assert_eq!((phone.next_deadline(), phone.next_deadline()), (250, 7_750));
    assert!(matches!(phone.connection.phase, Phase::Waiting { .. }));
    let (raw_code, why) = phone.connection.why();
    assert_eq!(raw_code, 0);
    assert!(why.starts_with("mqtt://localhost:1: no answer from the host within 8.0 s"), "{why}");
}
