//! A line, a clock in the test's hand, and a scripted broker.

use std::fmt::Write;

use mqtt_protocol_core::mqtt::packet::Packet;

use super::*;
use crate::link::Readiness;
use crate::link::tests::broker::{Broker, Patience};
use crate::link::tests::{ALL, Desk, settings};

/// A fault that is planted in tests only: a message that says so makes this part panic.
pub(crate) fn spring(part: &str, payload: &[u8]) {
    assert!(payload != format!("panic in the {part}").as_bytes(), "planted");
}

/// A device with its broker.
struct Phone {
    line: Line,
    broker: Broker,
    now: u64,
    /// What the core was told.
    told: Vec<SignalMail>,
}

impl Phone {
    fn new() -> Phone {
        let broker = Broker::new();
        let mut settings = settings(&[&broker]);
        settings.client_id = "client".into();
        let config = Config {
            account: "alice".into(),
            device: "pad".into(),
            instance: "I".into(),
            instances: vec!["I".into()],
            single_device: false,
            busy_is_local: false,
            peer_lost_ms: 60_000,
            watch_presence: false,
        };
        let line = Line::new(config, settings, Arc::new(Desk::default())).expect("random bytes");
        Phone { line, broker, now: 1_000_000, told: Vec::new() }
    }

    /// One that is logged in.
    fn in_session() -> Phone {
        let mut phone = Phone::new();
        phone.act(|line, now| {
            line.operate(now, 1, Op::Login);
            line.link().connect(now, "secret");
        });
        phone.come_in(&[]);
        assert_eq!(phone.told(), "done 1 0\n");
        phone
    }

    fn act(&mut self, body: impl FnOnce(&mut Line, u64)) {
        let (now, told) = (self.now, &mut self.told);
        self.line.act(now, &mut |mail| told.push(mail), |line| body(line, now));
    }

    /// One look at the sockets.
    fn turn(&mut self) {
        self.ready(ALL);
        self.broker.turn();
    }

    fn ready(&mut self, readiness: Readiness) {
        self.act(|line, now| line.link().on_ready(now, readiness));
    }

    #[track_caller]
    fn until(&mut self, what: &str, done: impl Fn(&Phone) -> bool) {
        let patience = Patience::new();
        while !done(self) {
            self.turn();
            patience.check(what);
        }
    }

    /// The broker takes it, and echoes what it says to itself.
    #[track_caller]
    fn come_in(&mut self, kept: &[&str]) {
        self.until("no CONNECT", |phone| phone.broker.has_connect());
        self.broker.welcome(&[]);
        self.until("no SUBSCRIBE", |phone| phone.broker.has_filters());
        self.broker.grant();
        for text in kept {
            self.broker.publish("nck1/u/alice/in/bob/pad", text, false);
        }
        // After a panic nothing more comes on this connection.
        if kept.is_empty() {
            self.echo();
        }
    }

    /// Its mark comes back, and then its hello if it logs in: that is written at once, with the acknowledgement.
    #[track_caller]
    fn echo(&mut self) {
        let hellos =
            |phone: &Phone| phone.broker.texts().iter().filter(|it| it.1.contains("\"hello\"")).count();
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
        self.until(&kind, |phone| phone.broker.texts().iter().any(|it| is_it(&it)));
        let texts = self.broker.texts();
        let Some((topic, payload)) = texts.iter().rfind(is_it) else { unreachable!("awaited above") };
        let said = self.broker.pubacks() + 1;
        self.broker.publish(topic, payload, false);
        // It is heard when it is acknowledged.
        self.until("no answer", |phone| phone.broker.pubacks() >= said);
    }

    /// What the core was told since it was asked last, one line each.
    fn told(&mut self) -> String {
        let mut text = String::new();
        for mail in std::mem::take(&mut self.told) {
            match mail {
                SignalMail::Done(req, answer) => writeln!(text, "done {req} {}", answer.code),
                SignalMail::Connection(what, notice) => {
                    writeln!(text, "connection {} {}", what as i32, notice.map_or(0, |it| it.code))
                }
                SignalMail::Online(_)
                | SignalMail::Sync(_)
                | SignalMail::Backlog(_)
                | SignalMail::Record(_)
                | SignalMail::Rooms(_) => writeln!(text, "events"),
                SignalMail::Log(..) => writeln!(text, "log"),
            }
            .expect("a string");
        }
        text
    }

    /// Lets time pass up to the next deadline.
    #[track_caller]
    fn next_deadline(&mut self) {
        self.now = self.line.poll_timeout().expect("a deadline").max(self.now);
        self.act(Line::on_time);
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
fn a_panic_in_the_link_is_a_lost_connection_and_a_fresh_one_follows() {
    quietly(|| {
        let mut phone = Phone::in_session();
        phone.act(|line, now| {
            let message = crate::station::Message {
                channel: "c".into(),
                account: "bob".into(),
                request: "r".into(),
                custom: "".into(),
                keep: true,
            };
            line.operate(now, 2, Op::Reject(message));
        });
        assert!(phone.told().is_empty() || phone.line.running.is_empty());
        phone.broker.publish("nck1/u/alice/in/bob/pad", "panic in the link", false);
        phone.until("no panic", |phone| phone.line.panic_count == 1);
        assert_eq!(phone.told(), "connection 1 0\n", "LOST");
        phone.until("the broken connection stays", |phone| phone.broker.ended);
        phone.next_deadline();
        phone.come_in(&[]);
        assert_eq!(phone.told(), "connection 2 0\n", "RESTORED");
        assert!(!phone.starts_clean());
    });
}

#[test]
fn a_panic_in_the_station_fails_what_runs_and_a_new_one_logs_in() {
    quietly(|| {
        let mut phone = Phone::in_session();
        let before = phone.line.config.instance.clone();
        phone.line.running.insert(7);
        phone.broker.publish("nck1/u/alice/in/bob/pad", "panic in the station", false);
        phone.until("no panic", |phone| phone.line.panic_count == 1);
        assert_eq!(phone.told(), "done 7 90008\nconnection 1 0\n");
        phone.next_deadline();
        phone.come_in(&[]);
        assert_eq!(phone.told(), "connection 2 0\n");
        assert_ne!(phone.line.config.instance, before, "another life of the device");
        // It works as before.
        phone.act(|line, now| line.operate(now, 9, Op::Create { call_type: 1 }));
        assert_eq!(phone.told(), "done 9 0\n");
    });
}

#[test]
fn a_message_that_panics_each_time_it_comes_is_left_behind_with_its_session() {
    quietly(|| {
        for poison in ["panic in the link", "panic in the station"] {
            let mut phone = Phone::in_session();
            phone.broker.publish("nck1/u/alice/in/bob/pad", poison, false);
            for panics in 1..=3 {
                phone.until("no panic", |phone| phone.line.panic_count == panics);
                phone.next_deadline();
                phone.until("no CONNECT", |phone| phone.broker.has_connect());
                assert_eq!(phone.starts_clean(), panics == 3, "{poison}, {panics}");
                let kept = [poison];
                phone.come_in(if panics < 3 { &kept } else { &[] });
            }
            assert_eq!(phone.told().lines().last(), Some("connection 2 0"), "{poison}");
            // A new connection takes the session up again.
            phone.broker.hang_up();
            phone.until("not lost", |phone| !phone.line.is_up);
            phone.next_deadline();
            phone.until("no CONNECT", |phone| phone.broker.has_connect());
            assert!(!phone.starts_clean());
        }
    });
}

#[test]
fn a_panic_before_the_login_ends_it_and_nothing_goes_on() {
    quietly(|| {
        let mut phone = Phone::new();
        phone.act(|line, now| {
            line.operate(now, 1, Op::Login);
            line.link().connect(now, "secret");
        });
        phone.come_in(&["panic in the station"]);
        phone.until("no panic", |phone| phone.line.panic_count == 1);
        assert_eq!(phone.told(), "done 1 90008\n");
        assert_eq!(phone.line.poll_timeout(), None, "nothing goes on");
    });
}

#[test]
fn a_login_that_is_given_up_neither_connects_nor_speaks() {
    // While the broker does not answer, and when it is about to.
    for has_connack in [false, true] {
        let mut phone = Phone::new();
        phone.act(|line, now| {
            line.operate(now, 1, Op::Login);
            line.link().connect(now, "secret");
        });
        phone.until("no CONNECT", |phone| phone.broker.has_connect());
        if has_connack {
            phone.broker.welcome(&[]);
            phone.until("no SUBSCRIBE", |phone| phone.broker.has_filters());
            phone.broker.grant();
        }
        phone.act(|line, now| line.abort_login(now, 1));
        assert_eq!(phone.told(), "done 1 408\n");
        phone.until("it stays connected", |phone| phone.broker.ended);
        phone.ready(ALL);
        while phone.line.poll_timeout().is_some() {
            phone.next_deadline();
        }
        assert_eq!((phone.broker.connections, phone.broker.texts().len()), (1, 0));
        // Said as somebody who comes back.
        let forgets = |packet: &Packet| matches!(packet, Packet::V5_0Disconnect(it) if it.props().as_ref().is_some_and(|it| !it.is_empty()));
        assert_eq!(phone.broker.count(forgets), 0);
        // The next login is one like any other.
        phone.act(|line, now| {
            line.operate(now, 2, Op::Login);
            line.link().connect(now, "secret");
        });
        phone.until("no connection", |phone| phone.broker.connections == 2);
        phone.come_in(&[]);
        assert_eq!(phone.told(), "done 2 0\n");
    }
}
