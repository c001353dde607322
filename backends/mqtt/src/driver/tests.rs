//! A line, a clock in the test's hand, and a scripted broker.

use std::fmt::Write;

use mqtt_protocol_core::mqtt::packet::Packet;
use nertc_callkit_signaling::{CallType, Connection as Change, InviteState, Message};

use super::*;
use crate::connection::tests::broker::{Broker, Patience};
use crate::connection::tests::{ALL, TestPort, settings};
use crate::connection::{Readiness, Timers};

/// A device with its broker.
struct Client {
    line: Driver,
    broker: Broker,
    test_port: Arc<TestPort>,
    now: u64,
    /// What the core was told.
    notified: Vec<SignalingMessage>,
}

impl Client {
    fn new() -> Client {
        let broker = Broker::new();
        let mut settings = settings(&[&broker]);
        settings.client_id = "client".into();
        let config = Config::new("alice".into(), "pad".into(), "I".into());
        settings.timers = Timers { answer: 0, ..Timers::default() };
        let test_port = Arc::new(TestPort::default());
        let line = Driver::new(config, settings, test_port.clone()).expect("random bytes");
        Client { line, broker, test_port, now: 1_000_000, notified: Vec::new() }
    }

    /// One that is logged in.
    fn in_session() -> Client {
        let mut client = Client::new();
        client.login(1, "secret");
        client.come_in(&[]);
        assert_eq!(client.notified(), "done 1 0\n");
        client
    }

    fn act(&mut self, body: impl FnOnce(&mut Driver, u64)) {
        let (now, notified) = (self.now, &mut self.notified);
        self.line.act(now, &mut |message| notified.push(message), |line| body(line, now));
        self.line.write();
    }

    fn login(&mut self, req: u64, token: &str) {
        self.act(|line, now| line.login(now, req, token, 0));
    }

    fn abort_login(&mut self, req: u64) {
        self.act(|line, now| line.notify(now, Notification::AbortLogin(Req(req))));
    }

    /// One look at the sockets.
    fn drive(&mut self) {
        self.ready(ALL);
        self.broker.drive();
    }

    fn ready(&mut self, readiness: Readiness) {
        self.act(|line, now| line.connection().on_ready(now, readiness));
    }

    #[track_caller]
    fn until(&mut self, what: &str, done: impl Fn(&Client) -> bool) {
        let patience = Patience::new();
        while !done(self) {
            self.drive();
            patience.check(what);
        }
    }

    /// The broker takes it, and echoes what it says to itself.
    #[track_caller]
    fn come_in(&mut self, kept: &[&str]) {
        self.until("no CONNECT", |client| client.broker.has_connect());
        self.broker.welcome(&[]);
        self.until("no SUBSCRIBE", |client| client.broker.has_filters());
        self.broker.grant();
        for text in kept {
            self.broker.publish("nck1/u/alice/in/bob/pad", text, false);
        }
        // After a panic nothing more comes on this connection.
        if kept.is_empty() {
            self.echo();
        }
    }

    /// Its mark comes back, and then its hello if it logs in: that is written at once, with the
    /// acknowledgement.
    #[track_caller]
    fn echo(&mut self) {
        let hellos =
            |client: &Client| client.broker.texts().iter().filter(|it| it.1.contains("\"hello\"")).count();
        let before = hellos(self);
        self.echo_one("mark");
        if hellos(self) > before {
            self.echo_one("hello");
        }
    }

    #[track_caller]
    fn echo_one(&mut self, kind: &str) {
        let kind = format!("\"{kind}\"");
        let is_it = |it: &&(String, String)| it.1.contains(&kind);
        self.until(&kind, |client| client.broker.texts().iter().any(|it| is_it(&it)));
        let texts = self.broker.texts();
        let Some((topic, payload)) = texts.iter().rfind(is_it) else { unreachable!("awaited above") };
        let pubacks = self.broker.pubacks() + 1;
        self.broker.publish(topic, payload, false);
        // It is heard when it is acknowledged.
        self.until("no answer", |client| client.broker.pubacks() >= pubacks);
    }

    /// What the core was told since it was asked last, one line each.
    fn notified(&mut self) -> String {
        let mut text = String::new();
        for message in std::mem::take(&mut self.notified) {
            match message {
                SignalingMessage::Completed(req, result) => {
                    writeln!(text, "done {} {}", req.0, result.outcome.code)
                }
                SignalingMessage::Connection(change) => match *change {
                    Change::Lost(why) => writeln!(text, "lost {}", why.code),
                    Change::Restored => writeln!(text, "restored"),
                    Change::Kicked(why) => writeln!(text, "kicked {}", why.code),
                    Change::TokenNeeded(why) => writeln!(text, "token needed {}", why.code),
                },
                SignalingMessage::Online(_)
                | SignalingMessage::OtherDevice(_)
                | SignalingMessage::Offline(_)
                | SignalingMessage::Record { .. }
                | SignalingMessage::Channels(_) => writeln!(text, "events"),
                SignalingMessage::Log(..) => writeln!(text, "log"),
            }
            .expect("a string");
        }
        text
    }

    /// Lets time pass up to the next deadline.
    #[track_caller]
    fn next_deadline(&mut self) {
        self.now = self.line.poll_timeout().expect("a deadline").max(self.now);
        self.act(Driver::on_time);
    }

    fn starts_clean(&self) -> bool {
        match self.broker.packets.first() {
            Some(Packet::V5_0Connect(connect)) => connect.clean_start(),
            other => panic!("no CONNECT: {other:?}"),
        }
    }
}

/// Not to be seen in the output of tests that plant panics.
fn quietly(body: impl FnOnce()) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.payload().downcast_ref::<&str>().is_some_and(|it| it.contains("planted")) {
            hook(info);
        }
    }));
    body();
}

#[test]
fn a_panic_in_the_connection_is_followed_by_a_new_one() {
    quietly(|| {
        let mut client = Client::in_session();
        client.act(|line, now| {
            let message = Message {
                channel_id: "c".into(),
                account: "bob".into(),
                request_id: "r".into(),
                ..Message::default()
            };
            line.operate(now, 2, Operation::Reject(message));
        });
        assert!(client.notified().is_empty() || client.line.running.is_empty());
        client.broker.publish("nck1/u/alice/in/bob/pad", "panic in the connection", false);
        client.until("no panic", |client| client.line.panic_count == 1);
        assert_eq!(client.notified(), "lost 0\n", "LOST");
        client.until("the broken connection stays", |client| client.broker.ended);
        client.next_deadline();
        client.come_in(&[]);
        assert_eq!(client.notified(), "restored\n", "RESTORED");
        assert!(!client.starts_clean());
    });
}

#[test]
fn a_protocol_panic_fails_what_runs_and_a_new_one_logs_in() {
    quietly(|| {
        let mut client = Client::in_session();
        let before = client.line.config.instance.clone();
        client.line.running.insert(7);
        client.broker.publish("nck1/u/alice/in/bob/pad", "panic in the protocol", false);
        client.until("no panic", |client| client.line.panic_count == 1);
        assert_eq!(client.notified(), "done 7 90008\nlost 0\n");
        client.next_deadline();
        client.come_in(&[]);
        assert_eq!(client.notified(), "restored\n");
        assert_ne!(client.line.config.instance, before, "another life of the device");
        // It works as before.
        client.act(|line, now| line.operate(now, 9, Operation::Create { call_type: CallType::Audio }));
        assert_eq!(client.notified(), "done 9 0\n");
    });
}

#[test]
fn a_message_that_always_panics_is_discarded_with_the_session() {
    quietly(|| {
        for poison in ["panic in the connection", "panic in the protocol"] {
            let mut client = Client::in_session();
            client.broker.publish("nck1/u/alice/in/bob/pad", poison, false);
            for panics in 1..=3 {
                client.until("no panic", |client| client.line.panic_count == panics);
                client.next_deadline();
                client.until("no CONNECT", |client| client.broker.has_connect());
                assert_eq!(client.starts_clean(), panics == 3, "{poison}, {panics}");
                let kept = [poison];
                client.come_in(if panics < 3 { &kept } else { &[] });
            }
            assert_eq!(client.notified().lines().last(), Some("restored"), "{poison}");
            // A new connection takes the session up again.
            client.broker.hang_up();
            client.until("not lost", |client| !client.line.is_up);
            client.next_deadline();
            client.until("no CONNECT", |client| client.broker.has_connect());
            assert!(!client.starts_clean());
        }
    });
}

#[test]
fn a_panic_before_the_login_ends_it_and_nothing_goes_on() {
    quietly(|| {
        let mut client = Client::new();
        client.login(1, "secret");
        client.come_in(&["panic in the protocol"]);
        client.until("no panic", |client| client.line.panic_count == 1);
        assert_eq!(client.notified(), "done 1 90008\n");
        assert_eq!(client.line.poll_timeout(), None, "nothing goes on");
    });
}

#[test]
fn an_aborted_login_neither_connects_nor_sends() {
    // While the broker does not answer, and when it is about to.
    for has_connack in [false, true] {
        let mut client = Client::new();
        client.login(1, "secret");
        client.until("no CONNECT", |client| client.broker.has_connect());
        if has_connack {
            client.broker.welcome(&[]);
            client.until("no SUBSCRIBE", |client| client.broker.has_filters());
            client.broker.grant();
        }
        client.abort_login(1);
        assert_eq!(client.notified(), "done 1 408\n");
        client.until("it stays connected", |client| client.broker.ended);
        client.ready(ALL);
        while client.line.poll_timeout().is_some() {
            client.next_deadline();
        }
        assert_eq!((client.broker.connections, client.broker.texts().len()), (1, 0));
        // Said as somebody who comes back.
        let has_properties = |it: &mqtt_protocol_core::mqtt::packet::v5_0::Disconnect| {
            it.props().as_ref().is_some_and(|it| !it.is_empty())
        };
        let forgets = |packet: &Packet| matches!(packet, Packet::V5_0Disconnect(it) if has_properties(it));
        assert_eq!(client.broker.count(forgets), 0);
        // The next login is one like any other.
        client.login(2, "secret");
        client.until("no connection", |client| client.broker.connections == 2);
        client.come_in(&[]);
        assert_eq!(client.notified(), "done 2 0\n");
    }
}

#[test]
fn an_aborted_login_reports_the_connection_error() {
    let mut client = Client::new();
    client.login(1, "secret");
    client.until("no CONNECT", |client| client.broker.has_connect());
    client.abort_login(1);
    let Some(SignalingMessage::Completed(Req(1), result)) = client.notified.pop() else {
        panic!("no completion")
    };
    assert_eq!((result.outcome.code, result.outcome.raw_code), (Code::TIMEOUT, 0));
    let message = result.outcome.message;
    assert!(
        message.starts_with("mqtt://127.0.0.1:") && message.contains("no answer to CONNECT"),
        "{message}"
    );
}

/// The token expired while the broker was away, and the app logs in again with a new one.
#[test]
fn a_login_while_disconnected_connects_with_its_token_at_once() {
    let mut client = Client::in_session();
    client.broker.hang_up();
    client.until("not lost", |client| !client.line.is_up);
    assert_eq!(client.notified(), "lost 0\n");
    client.login(2, "fresh");
    assert_eq!(client.notified(), "", "not before it is back");
    client.until("no CONNECT", |client| client.broker.connections == 2 && client.broker.has_connect());
    assert_eq!(client.broker.password(), "fresh");
    client.come_in(&[]);
    assert_eq!(client.notified(), "done 2 0\nrestored\n");
    // Connected: it is granted at once.
    client.login(3, "fresh");
    assert_eq!(client.notified(), "done 3 0\n");
}

#[test]
fn a_login_while_disconnected_can_be_aborted_or_refused() {
    let mut client = Client::in_session();
    client.broker.hang_up();
    client.until("not lost", |client| !client.line.is_up);
    client.notified();
    client.login(2, "secret");
    client.login(3, "secret");
    assert_eq!(client.notified(), "done 2 408\n", "another one replaces it");
    client.abort_login(3);
    assert_eq!(client.notified(), "done 3 408\n");
    // The session goes on, as before that login.
    client.until("no CONNECT", |client| client.broker.connections == 2 && client.broker.has_connect());
    client.login(4, "secret");
    client.broker.refuse(mqtt_protocol_core::mqtt::result_code::ConnectReasonCode::NotAuthorized);
    client.until("no question", |client| !client.notified.is_empty());
    assert_eq!(client.notified(), "token needed 302\n", "TOKEN_NEEDED");
    client.act(|line, now| line.connection().set_token(now, ""));
    assert_eq!(client.notified(), "done 4 302\nkicked 302\n", "KICKED");
    assert_eq!(client.line.poll_timeout(), None);
}

#[test]
fn a_login_without_a_token_asks_for_one() {
    let mut client = Client::new();
    client.login(1, "");
    assert_eq!(client.notified(), "token needed 0\n");
    client.act(|line, now| line.connection().set_token(now, "late"));
    client.come_in(&[]);
    assert_eq!((client.notified().as_str(), client.broker.password().as_str()), ("done 1 0\n", "late"));
    let mut client = Client::new();
    client.login(1, "");
    client.act(|line, now| line.connection().set_token(now, ""));
    assert_eq!(client.notified(), "token needed 0\ndone 1 302\n");
}

/// The network of a ringing client has gone over to another without a word.
#[test]
fn an_accept_on_a_dead_connection_is_granted_over_a_second() {
    let mut client = Client::in_session();
    let invite =
        r#"{"v":1,"k":"invite","id":"m1","cid":"c1","inst":"B","b":{"rid":"r1","type":1,"custom":""}}"#;
    client.broker.publish("nck1/u/alice/in/bob/pad", invite, false);
    client.until("no invite", |client| !client.notified.is_empty());
    assert_eq!(client.notified(), "events\n");
    let (channel_id, request_id, state) = ("c1".into(), "r1".into(), InviteState::Ringing);
    let rings = Notification::InviteState { channel_id, account: "alice".into(), request_id, state };
    client.act(|line, now| line.notify(now, rings));
    // From now on nothing comes through on the old connection, and nothing says so.
    client.broker.deaf = true;
    let _dead = std::mem::replace(&mut client.broker, Broker::new());
    *client.test_port.reroute.lock() = Some(([127, 0, 0, 1], client.broker.port()).into());
    let start = client.now;
    client.act(|line, now| {
        let accept = Message {
            channel_id: "c1".into(),
            account: "bob".into(),
            request_id: "r1".into(),
            ..Message::default()
        };
        line.operate(now, 2, Operation::Accept(accept));
    });
    let patience = Patience::new();
    while client.broker.connections == 0 {
        client.next_deadline();
        client.drive();
        patience.check("no other connection");
    }
    assert_eq!(client.notified(), "lost 0\n");
    client.come_in(&[]);
    client.until("no accept", |client| client.broker.texts().iter().any(|it| it.1.contains("\"accept\"")));
    assert!(client.now - start <= 2_000, "{} ms", client.now - start);
    let settled = r#"{"v":1,"k":"settled","id":"m2","cid":"c1","inst":"B",
        "b":{"rid":"r1","how":"accept","win":["alice","pad"],"by":"pad","uid":5}}"#;
    client.broker.publish("nck1/u/alice/d/pad/bob/pad", settled, false);
    client.until("no answer", |client| {
        client.notified.iter().any(|it| matches!(it, SignalingMessage::Completed(Req(2), _)))
    });
    assert_eq!(client.notified(), "restored\ndone 2 0\n");
}

#[test]
fn a_logout_ends_a_login_that_waits_for_the_connection() {
    let mut client = Client::in_session();
    client.broker.hang_up();
    client.until("not lost", |client| !client.line.is_up);
    client.notified();
    client.login(2, "secret");
    client.act(|line, now| line.operate(now, 3, Operation::Logout));
    client.until("no answer", |client| client.notified.len() == 2);
    assert_eq!(client.notified(), "done 2 20001\ndone 3 0\n");
}

#[test]
fn a_login_fails_with_a_reason_before_its_deadline() {
    let mut client = Client::new();
    let dead = Broker::new().port();
    *client.test_port.reroute.lock() = Some(([127, 0, 0, 1], dead).into());
    client.act(|line, now| line.login(now, 1, "secret", 3_000));
    let start = client.now;
    let patience = Patience::new();
    while client.notified.is_empty() {
        client.next_deadline();
        client.ready(ALL);
        patience.check("no completion");
    }
    assert_eq!(client.now - start, 2_750);
    let Some(SignalingMessage::Completed(Req(1), result)) = client.notified.pop() else {
        panic!("no completion")
    };
    let outcome = result.outcome;
    assert_eq!((outcome.code, outcome.raw_code), (Code::TIMEOUT, libc::ECONNREFUSED));
    assert!(outcome.message.contains("connection refused: start the broker"), "{outcome:?}");
    assert_eq!(client.line.poll_timeout(), None);
    // Nobody gave a token.
    let mut client = Client::new();
    client.act(|line, now| line.login(now, 1, "", 400));
    client.next_deadline();
    assert_eq!(client.now, 1_000_300);
    assert_eq!(client.notified(), "token needed 0\ndone 1 302\n");
}

#[test]
fn an_idle_device_has_no_room_for_messages() {
    let mut client = Client::in_session();
    let room = |client: &Client| (client.line.protocol.room(), client.line.connection.room());
    assert_eq!(room(&client), (0, 0));
    // While a call is active nothing is given back only to be taken again.
    client.act(|line, now| line.connection().set_call_active(now, true));
    client.act(|line, now| line.operate(now, 2, Operation::Create { call_type: CallType::Audio }));
    assert!(room(&client).0 > 0);
    client.act(|line, now| line.connection().set_call_active(now, false));
    assert_eq!(room(&client), (0, 0));
}
