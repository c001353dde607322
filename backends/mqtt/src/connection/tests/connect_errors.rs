//! What is said when there is no connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

/// A server that takes one connection, reads something, writes this and goes away.
fn server(greeting: &'static [u8]) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let thread = thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut buffer = [0; 1024];
        let _ = socket.read(&mut buffer);
        let _ = socket.write_all(greeting);
    });
    (port, thread)
}

fn endpoint(host: &str, port: u16, tls: bool) -> Endpoint {
    Endpoint { host: host.into(), port, tls }
}

fn to_endpoints(endpoints: Vec<Endpoint>) -> Client {
    let mut settings = settings(&[]);
    settings.endpoints = endpoints;
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    client
}

/// Drives it until it pauses or gives up: whether it gives up, and its message.
#[track_caller]
fn outcome(client: &mut Client) -> (bool, i32, String) {
    let patience = broker::Patience::new();
    loop {
        if let Some(event) = client.connection.poll_event() {
            let ConnectionEvent::Refused { raw_code, message, .. } = event else { panic!("{event:?}") };
            assert_eq!(client.connection.poll_timeout(), None);
            return (true, raw_code, message.to_string());
        }
        if matches!(client.connection.phase, Phase::Waiting { .. }) {
            let (raw_code, message) = client.connection.why();
            return (false, raw_code, message);
        }
        client.drive();
        patience.check("neither a pause nor an end");
    }
}

#[test]
fn what_is_no_broker_is_named_and_not_tried_again() {
    let cases: [(&[u8], &str); 3] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak MQTT (it begins with 0x48): correct the port"),
        (b"SSH-2.0-x\r\n", "does not speak MQTT (it begins with 0x53)"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "speaks TLS on that port: use mqtts://"),
    ];
    for (greeting, words) in cases {
        let (port, thread) = server(greeting);
        let mut client = to_endpoints(vec![endpoint("127.0.0.1", port, false)]);
        let (is_final, raw_code, why) = outcome(&mut client);
        assert!(is_final && why.starts_with(&format!("mqtt://127.0.0.1:{port}: ")), "{why}");
        assert!(why.contains(words) && raw_code == 0, "{why}");
        thread.join().expect("served");
    }
}

#[test]
#[cfg(feature = "tls")]
fn a_server_without_tls_is_named() {
    let (port, thread) = server(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let mut client = to_endpoints(vec![endpoint("127.0.0.1", port, true)]);
    let (is_final, _, why) = outcome(&mut client);
    assert!(is_final && why.starts_with(&format!("mqtts://127.0.0.1:{port}: ")), "{why}");
    assert!(why.contains("does not speak TLS: use mqtt://"), "{why}");
    thread.join().expect("served");
    // A broker's port for mqtt:// ends the connection.
    let (port, thread) = server(b"");
    let mut client = to_endpoints(vec![endpoint("127.0.0.1", port, true)]);
    let (is_final, _, why) = outcome(&mut client);
    assert!(!is_final && why.contains("while TLS began: check that the port is for mqtts://"), "{why}");
    thread.join().expect("served");
}

#[test]
fn a_refusing_endpoint_is_retried_and_named() {
    let port = Broker::new().port();
    let mut client = to_endpoints(vec![endpoint("127.0.0.1", port, false)]);
    let (is_final, raw_code, why) = outcome(&mut client);
    assert!(!is_final && raw_code == libc::ECONNREFUSED);
    assert_eq!(
        why,
        format!("mqtt://127.0.0.1:{port}: connection refused: start the broker, or correct the port")
    );
}

#[test]
fn only_what_is_wrong_everywhere_is_final() {
    let missing = || Err(io::Error::new(ErrorKind::NotFound, NameError { code: -2, text: "none".into() }));
    let refuses = endpoint("127.0.0.1", Broker::new().port(), false);
    let mut other = to_endpoints(vec![endpoint("localhost", 1, false), refuses]);
    other.connection.resolved(other.now, 1, missing());
    let (is_final, raw_code, why) = outcome(&mut other);
    assert!(!is_final && raw_code == -2);
    assert!(
        why.contains("mqtt://localhost:1: the host name does not exist: correct the endpoint; "),
        "{why}"
    );
    assert!(why.contains("connection refused"), "{why}");

    let mut only = to_endpoints(vec![endpoint("localhost", 1, false)]);
    only.connection.resolved(only.now, 1, missing());
    assert!(outcome(&mut only).0);

    // What worked once may work again.
    let mut broker = Broker::new();
    let mut client = to_endpoints(vec![endpoint("localhost", 1, false)]);
    *client.test_port.reroute.lock() = Some(SocketAddr::from(([127, 0, 0, 1], broker.port())));
    client.connection.resolved(client.now, 1, Ok(vec![SocketAddr::from(([127, 0, 0, 1], 1))]));
    client.come_up(&mut broker);
    broker.hang_up();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    client.next_deadline();
    client.connection.resolved(client.now, 2, missing());
    assert!(!outcome(&mut client).0);
}

#[test]
fn as_long_as_nothing_has_failed_what_is_awaited_is_named() {
    let client = to_endpoints(vec![endpoint("localhost", 1, false)]);
    assert!(client.connection.why().1.contains("the host name was not looked up"));
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    assert!(client.connection.why().1.contains("no answer to CONNECT"));
    broker.welcome(&[]);
    client.until(&mut broker, Broker::has_filters);
    assert!(client.connection.why().1.contains("no answer to SUBSCRIBE"));
    broker.grant();
    client.event(&mut broker);
    assert_eq!(client.connection.why(), (0, String::new()));
}
