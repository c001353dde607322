//! The way to a connection: versions, endpoints, pauses, names.

use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, SubackReasonCode};

use super::*;

/// CONNACK of 3.1.1: unacceptable protocol version.
const OLD_ONLY: [u8; 4] = [0x20, 2, 0, 1];

#[test]
fn a_broker_of_3_1_1_only_gets_3_1_1_from_then_on() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    assert_eq!(broker.version(), 5);
    broker.raw(&OLD_ONLY);
    broker.hang_up();
    client.until(&mut broker, |broker| broker.connections == 2);
    client.come_up(&mut broker);
    assert_eq!((broker.version(), client.connection.version()), (3, 3));
    broker.hang_up();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    assert!(client.next_deadline() <= 200);
    client.come_up(&mut broker);
    assert_eq!((broker.version(), broker.connections), (3, 3));
}

#[test]
fn reason_code_0x84_means_the_same() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    broker.refuse(ConnectReasonCode::UnsupportedProtocolVersion);
    client.until(&mut broker, |broker| broker.connections == 2);
    client.come_up(&mut broker);
    assert_eq!(broker.version(), 3);
}

#[test]
fn a_silent_end_is_tried_with_3_1_1_but_not_believed_for_ever() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    let mut versions = Vec::new();
    for count in 1..=4 {
        client.until(&mut broker, |broker| broker.connections == count && broker.has_connect());
        versions.push(broker.version());
        if count == 2 {
            client.come_up(&mut broker);
            broker.hang_up();
            assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
        } else {
            broker.hang_up();
            while !matches!(client.connection.phase, Phase::Waiting { .. }) {
                client.drive();
            }
        }
        client.next_deadline();
    }
    assert_eq!(versions, [5, 3, 5, 3]);
}

#[test]
fn endpoints_are_tried_in_turn_before_a_pause() {
    let (mut first, mut second) = (Broker::new(), Broker::new());
    let mut client = Client::to(&[&first, &second]);
    let start = client.now;
    client.meet(&mut first);
    first.refuse(ConnectReasonCode::ServerBusy);
    let patience = broker::Patience::new();
    while second.connections == 0 {
        client.drive();
        second.drive();
        patience.check("the second endpoint is not tried");
    }
    assert_eq!(client.now, start, "at once");
    client.meet(&mut second);
    second.refuse(ConnectReasonCode::ServerBusy);
    while !matches!(client.connection.phase, Phase::Waiting { .. }) {
        client.drive();
        patience.check("no pause");
    }
    assert!(client.next_deadline() <= 200);
    client.come_up(&mut first);
    // The one that worked is the first to be tried again.
    first.hang_up();
    assert_eq!(client.event(&mut first), ConnectionEvent::Down);
    client.next_deadline();
    client.come_up(&mut first);
    assert_eq!((first.connections, second.connections), (3, 1));
}

#[test]
fn pauses_grow_while_nobody_listens() {
    let port = Broker::new().port();
    let mut settings = settings(&[]);
    settings.endpoints = vec![Endpoint { host: "127.0.0.1".into(), port, tls: false }];
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    let patience = broker::Patience::new();
    let mut pauses = Vec::new();
    while pauses.len() < 30 {
        match client.connection.phase {
            Phase::Waiting { .. } => pauses.push(client.next_deadline()),
            _ => client.drive(),
        }
        patience.check("no pause");
    }
    assert!(pauses[0] <= 200 && pauses[1] <= 400 && pauses[2] <= 800);
    assert!(pauses.iter().all(|pause| *pause <= 30_000));
    assert!(pauses.iter().skip(8).sum::<u64>() > 22 * 10_000, "{pauses:?}");
    // The host knows better.
    client.connection.network_changed(client.now);
    while !matches!(client.connection.phase, Phase::Waiting { .. }) {
        client.drive();
        patience.check("no pause");
    }
    assert!(client.next_deadline() <= 200);
}

#[test]
fn a_silent_endpoint_is_abandoned_after_8_s() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    assert_eq!(client.next_deadline(), 8_000);
    assert!(client.next_deadline() <= 200);
    client.until(&mut broker, |broker| broker.connections == 2);
    client.meet(&mut broker);
    broker.welcome(&[]);
    client.until(&mut broker, Broker::has_filters);
    assert_eq!(client.next_deadline(), 8_000, "SUBACK, too");
    assert!(matches!(client.connection.phase, Phase::Waiting { .. }));
    assert_eq!(client.connection.poll_event(), None);
}

#[test]
fn a_refused_subscription_is_final() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    broker.welcome(&[]);
    client.until(&mut broker, Broker::has_filters);
    broker.answer_filters(SubackReasonCode::NotAuthorized);
    assert_eq!(client.refused(&mut broker), (code::NOT_PERMITTED, 0));
    assert_eq!(client.connection.poll_timeout(), None);
}

#[test]
fn each_reason_to_refuse_has_its_consequence() {
    use ConnectReasonCode as Reason;
    let cases = [
        (Reason::Banned, Some(code::NOT_PERMITTED)),
        (Reason::ClientIdentifierNotValid, Some(code::INVALID)),
        (Reason::BadAuthenticationMethod, Some(code::INVALID)),
        (Reason::PacketTooLarge, Some(code::INVALID)),
        (Reason::ServerUnavailable, None),
        (Reason::ServerBusy, None),
        (Reason::QuotaExceeded, None),
        (Reason::ConnectionRateExceeded, None),
        (Reason::UseAnotherServer, None),
        (Reason::UnspecifiedError, None),
    ];
    for (reason, consequence) in cases {
        let mut broker = Broker::new();
        let mut client = Client::to(&[&broker]);
        client.meet(&mut broker);
        broker.refuse(reason);
        match consequence {
            Some(code) => assert_eq!(client.refused(&mut broker), (code, reason as i32), "{reason:?}"),
            None => {
                client.until(&mut broker, |broker| broker.ended);
                assert!(matches!(client.connection.phase, Phase::Waiting { .. }), "{reason:?}");
                assert_eq!(client.connection.poll_event(), None);
            }
        }
    }
}

#[test]
fn a_token_is_requested_once_per_working_connection() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    let refused = ConnectionEvent::NeedToken { refused: true };
    client.meet(&mut broker);
    broker.refuse(ConnectReasonCode::NotAuthorized);
    assert_eq!(client.event(&mut broker), refused);
    assert_eq!(client.connection.poll_timeout(), Some(client.now + 60_000), "the app may take its time");
    client.connection.set_token(client.now, "fresh");
    client.until(&mut broker, |broker| broker.connections == 2);
    client.come_up(&mut broker);
    broker.bye(mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode::NotAuthorized);
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    assert_eq!(client.event(&mut broker), refused);
    client.connection.set_token(client.now, "stale");
    client.until(&mut broker, |broker| broker.connections == 3);
    client.meet(&mut broker);
    broker.refuse(ConnectReasonCode::BadUserNameOrPassword);
    assert_eq!(client.refused(&mut broker), (code::BAD_TOKEN, 0x86));
    client.connection.set_token(client.now, "late");
    assert_eq!(client.connection.poll_timeout(), None, "nobody wants a connection");
}

#[test]
fn a_login_without_a_token_asks_and_then_fails() {
    let needed = Some(ConnectionEvent::NeedToken { refused: false });
    let mut broker = Broker::new();
    let mut client = Client::with(settings(&[&broker]));
    // No answer, the answer that there is none, and one.
    client.connection.connect(client.now, "");
    assert_eq!(client.connection.poll_event(), needed);
    assert_eq!(client.next_deadline(), 60_000);
    assert_eq!(client.refused(&mut broker), (code::BAD_TOKEN, 0));
    client.connection.connect(client.now, "");
    assert_eq!(client.connection.poll_event(), needed);
    client.connection.set_token(client.now, "");
    assert_eq!(client.refused(&mut broker), (code::BAD_TOKEN, 0));
    client.connection.connect(client.now, "");
    assert_eq!(client.connection.poll_event(), needed);
    client.connection.set_token(client.now, "secret");
    client.come_up(&mut broker);
    assert_eq!(broker.connections, 1);
}

#[test]
fn a_token_is_tried_at_once_unless_a_connection_works() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    client.connection.set_token(client.now, "second");
    client.quiet(&mut broker);
    assert_eq!(broker.connections, 1, "it works");
    broker.hang_up();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    assert!(matches!(client.connection.phase, Phase::Waiting { .. }));
    client.connection.set_token(client.now, "third");
    client.until(&mut broker, |broker| broker.connections == 2);
    client.meet(&mut broker);
    assert_eq!(broker.password(), "third");
    // The broker does not answer: another token is another attempt, the same is none.
    client.connection.set_token(client.now, "third");
    client.quiet(&mut broker);
    client.connection.set_token(client.now, "fourth");
    client.until(&mut broker, |broker| broker.connections == 3);
    client.meet(&mut broker);
    assert_eq!(broker.password(), "fourth");
    client.come_up(&mut broker);
}

#[test]
fn names_are_asked_for_and_every_address_is_tried() {
    let mut broker = Broker::new();
    let port = broker.port();
    let mut settings = settings(&[]);
    settings.endpoints = vec![Endpoint { host: "localhost".into(), port, tls: false }];
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    assert_eq!(*client.test_port.asked.lock(), [(1, "localhost".to_owned(), port)]);
    // It takes too long; what comes then comes too late.
    assert_eq!(client.next_deadline(), 10_000);
    assert!(client.next_deadline() <= 200);
    let at = |ip: [u8; 4], port| SocketAddr::from((ip, port));
    client.connection.resolved(client.now, 1, Ok(vec![at([127, 0, 0, 1], port)]));
    assert!(matches!(client.connection.phase, Phase::Resolving { ticket: 2, .. }));
    // Nobody listens at the first, and the second is no address of this machine.
    let dead = Broker::new().port();
    let found = vec![at([127, 0, 0, 1], dead), at([192, 0, 2, 1], port), at([127, 0, 0, 1], port)];
    client.connection.resolved(client.now, 2, Ok(found));
    client.come_up(&mut broker);
    broker.hang_up();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    client.next_deadline();
    client.connection.resolved(client.now, 3, Err(io::ErrorKind::NotFound.into()));
    assert!(matches!(client.connection.phase, Phase::Waiting { .. }));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let broker = Broker::new();
    type Change = fn(&mut Settings);
    let cases: [(&str, Change); 4] = [
        ("no endpoint", |it| it.endpoints.clear()),
        ("TLS", |it| it.endpoints[0].host = "10.1.2.3".into()),
        ("root", |it| {
            it.endpoints[0].tls = true;
            it.roots = Roots::Pem(b"no certificate".to_vec());
        }),
        ("fit", |it| it.client_id = "x".repeat(70_000)),
    ];
    for (word, change) in cases {
        let mut settings = settings(&[&broker]);
        change(&mut settings);
        let mut client = Client::with(settings);
        client.connection.connect(client.now, "secret");
        match client.connection.poll_event() {
            Some(ConnectionEvent::Refused { message, .. }) => assert!(message.contains(word), "{message}"),
            other => panic!("{word}: {other:?}"),
        }
        assert_eq!(client.connection.poll_timeout(), None);
    }
}
