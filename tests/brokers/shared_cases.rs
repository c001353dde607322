//! ejabberd and RabbitMQ: the same calls and the same rules through each, with the shipped configurations.

use nertc_callkit_testkit::mosquitto::{Exchange, client, listen, reason, received};
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::Process;

use crate::ejabberd::Ejabberd;
use crate::pair::{PEOPLE, accept, hang_up, ring};
use crate::phone::Phone;
use crate::rabbitmq::RabbitMq;

/// Each course of a call; bob's phone connects through `tls`.
fn calls(plain: &Exchange, tls: &Exchange) {
    let mut alice = Phone::ready(plain, "alice/phone", &[]);
    let mut bob = Phone::ready(tls, "bob/phone", &[]);
    let mut tablet = Phone::ready(plain, "bob/tablet", &[]);
    ring(&mut alice, &mut [&mut bob, &mut tablet]);
    accept(&mut alice, &mut tablet);
    bob.expect("on_other_client_accept on_call_end(18)");
    alice.send_line("switch video");
    alice.until("done(switch_call_type,0)");
    tablet.expect("on_call_type_change");
    assert!(tablet.line("on_call_type_change").contains("type=2"));
    alice.send_line("hangup");
    alice.until("on_call_end(15)");
    tablet.expect("on_call_end(16)");

    ring(&mut alice, &mut [&mut bob, &mut tablet]);
    alice.send_line("cancel");
    alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
    bob.expect("on_user_cancel on_call_end(12)");
    tablet.expect("on_user_cancel on_call_end(12)");

    ring(&mut alice, &mut [&mut bob, &mut tablet]);
    tablet.send_line("reject");
    tablet.expect("done(reject,0) on_call_end(13)");
    bob.expect("on_other_client_reject on_call_end(17)");
    alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    tablet.quit();

    bob.kill();
    alice.send_line("call bob");
    alice.expect("done(call,0)");
    let mut bob = Phone::new(tls, "bob/phone", &[]);
    bob.expect("done(login,0) on_invited");
    accept(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
    bob.kill();
    alice.send_line("call bob");
    alice.expect("done(call,0)");
    alice.send_line("cancel");
    alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
    let mut bob = Phone::new(tls, "bob/phone", &[]);
    bob.expect("done(login,0) on_missed_call(1)");
    bob.quit();
    alice.quit();
}

/// Another account's token, and an unknown account.
fn turned_away(exchange: &Exchange) {
    for (account, token) in [("alice", "wrong"), ("nobody", "secret")] {
        let mut phone = Phone::with_token(exchange, &format!("{account}/phone"), token, &[]);
        phone.expect("on_token_needed");
        phone.send_line("token");
        phone.expect("done(login,302)");
        phone.quit();
    }
}

/// Alice's permitted publishes, which a subscriber of bob's receives.
const HONEST: [&str; 3] =
    ["nck1/u/bob/in/alice/phone", "nck1/u/bob/d/tablet/alice/phone", "nck1/p/alice/phone"];

/// Alice's forbidden publishes.
const FORGED: [&str; 9] = [
    "nck1/u/bob/in/carol/phone",
    "nck1/u/bob/in/bob/phone",
    "nck1/u/bob/d/tablet/carol/phone",
    "nck1/u/bob/own/phone",
    "nck1/p/bob/phone",
    "nck1/u/bob/in/alice",
    "nck1/u/bob/in/alice/phone/more",
    "nck2/u/bob/in/alice/phone",
    "alice",
];

/// What bob may listen to.
const OWN: [&str; 4] = ["nck1/u/bob/in/+/+", "nck1/u/bob/d/tablet/+/+", "nck1/u/bob/own/+", "nck1/p/alice/+"];

/// What eve may not listen to.
const ALIEN: [&str; 7] = [
    "#",
    "nck1/#",
    "nck1/u/bob/#",
    "nck1/u/+/in/+/+",
    "nck1/u/bob/in/+/+",
    "nck1/u/bob/d/tablet/+/+",
    "nck1/u/+/own/+",
];

/// The clients of Mosquitto, at another broker.
#[derive(Clone, Copy)]
struct Door<'a> {
    port: u16,
    version: &'a str,
}

impl Door<'_> {
    /// `account` publishes this there, as mosquitto_pub.
    fn publish(self, account: &str, topic: &str, text: &str) -> Process {
        let mut command = client("mosquitto_pub", self.port, self.version, account);
        command.args(["-t", topic, "-m", text]);
        let mut process = Process::start("mosquitto_pub", command);
        process.end();
        process
    }

    /// `account` subscribes to this.
    fn subscribe(self, account: &str, filter: &str) -> Process {
        let mut command = client("mosquitto_sub", self.port, self.version, account);
        command.args(["-t", filter]);
        Process::start("mosquitto_sub", command)
    }

    /// A device whose session stays, as mosquitto_sub; one that `leaves` has ended when it has subscribed.
    fn device(self, account: &str, filter: &str, leaves: bool) -> Process {
        let mut command = client("mosquitto_sub", self.port, self.version, account);
        command.args(["-i", "bobs-secret", "-c"]).args(if leaves { &["-E"][..] } else { &[] });
        if self.version == "5" {
            command.args(["-x", "600"]);
        }
        listen(command, &[filter])
    }

    /// More messages than may be queued for bob's device, which is offline, then one from alice. What alice
    /// receives.
    fn flood(self) -> Vec<String> {
        self.device("bob", "nck1/u/bob/in/+/+", true).end();
        let mut command = client("mosquitto_pub", self.port, self.version, "eve");
        command.args(["-t", "nck1/u/bob/in/eve/x", "-m", "junk", "--repeat", "1100"]);
        let mut flood = Process::start("eve", command);
        // The slowest broker of a busy machine.
        flood.end_for(patience() * 4);
        let acknowledged = flood.lines().iter().filter(|line| line.contains("PUBACK")).count();
        assert_eq!(acknowledged, 1100, "every one is acknowledged");
        self.publish("alice", "nck1/u/bob/in/alice/phone", "honest").lines()
    }

    /// alice publishes to permitted and forbidden topics; bob receives the first. `denied` checks the second.
    fn check_denied(self, denied: impl Fn(&str, &[String])) {
        let bob = listen(client("mosquitto_sub", self.port, self.version, "bob"), &OWN);
        for topic in FORGED {
            denied(topic, &self.publish("alice", topic, "forged").lines());
        }
        for topic in HONEST {
            let lines = self.publish("alice", topic, "honest").lines();
            assert!(lines.iter().any(|line| line.contains("received PUBACK")), "{topic}: {lines:?}");
            bob.wait_text(&format!("received {topic} honest"));
        }
        let all = received(&bob);
        assert!(all.iter().all(|line| line.ends_with(" honest")), "bob heard {all:?}");
    }
}

#[test]
fn calls_through_ejabberd() {
    let broker = Ejabberd::start("ejabberd_calls", 1, &PEOPLE);
    calls(&broker.exchange(0), &broker.tls_exchange());
    turned_away(&broker.exchange(0));
}

#[test]
fn ejabberd_denies_what_is_forged_and_alien() {
    /// Reason codes: topic name invalid, topic filter invalid.
    const NOT_PUBLISHED: u32 = 0x90;
    const NOT_SUBSCRIBED: &str = ": 143";
    // A name that would be a wildcard, which an operator has to add by hand.
    let broker = Ejabberd::start("ejabberd_rules", 1, &["alice", "bob", "eve", "+"]);
    let door = Door { port: broker.port(0), version: "5" };
    door.check_denied(|topic, lines| {
        let code = lines.iter().find(|line| line.contains("received PUBACK")).expect("an answer");
        assert!(code.ends_with(&format!("RC:{NOT_PUBLISHED})")), "{topic}: {code}");
    });
    for (account, filters) in [("eve", &ALIEN[..]), ("+", &["nck1/u/+/in/+/+", "nck1/u/+/d/+/+/+"])] {
        for filter in filters {
            let answer = door.subscribe(account, filter).wait_text("Subscribed (mid");
            assert!(answer.ends_with(NOT_SUBSCRIBED), "{account} asks for {filter}: {answer}");
        }
    }
    let mut command = client("mosquitto_pub", broker.port(0), "5", "+");
    command.args(["-t", "nck1/u/bob/in/carol/phone", "-m", "x"]);
    assert_eq!(reason(command, "received PUBACK"), NOT_PUBLISHED);
}

#[test]
fn ejabberd_ends_a_full_session_and_checks_client_ids() {
    let broker = Ejabberd::start("ejabberd_queue", 1, &PEOPLE);
    let door = Door { port: broker.port(0), version: "5" };
    let bob = door.device("bob", "nck1/u/bob/in/+/+", false);
    let eve = door.device("eve", "nck1/u/eve/in/+/+", false);
    for account in ["bob", "eve"] {
        door.publish("alice", &format!("nck1/u/{account}/in/alice/phone"), "to its owner");
    }
    bob.wait_text("received nck1/u/bob/in/alice/phone to its owner");
    eve.wait_text("received nck1/u/eve/in/alice/phone to its owner");
    assert_eq!((received(&bob).len(), received(&eve).len()), (1, 1));
    drop(bob);
    let lines = door.flood();
    let nobody_there = "RC:16)";
    assert!(lines.iter().any(|line| line.ends_with(nobody_there)), "{lines:?}");
}

/// One test: a RabbitMQ takes ten seconds to start.
#[test]
fn calls_through_rabbitmq_and_its_rules() {
    let broker = RabbitMq::start("rabbitmq", &PEOPLE);
    calls(&broker.exchange(), &broker.tls_exchange());
    turned_away(&broker.exchange());
    // A forbidden publish or subscription ends the connection.
    let door = Door { port: broker.port(), version: "311" };
    door.check_denied(|topic, lines| {
        assert!(!lines.iter().any(|line| line.contains("received PUBACK")), "{topic}: {lines:?}");
    });
    // Mosquitto's client waits a second before it tries again: all at once.
    for (filter, eve) in ALIEN.map(|filter| (filter, door.subscribe("eve", filter))) {
        eve.wait("connected anew", |lines| {
            let times = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
            assert_eq!(times("received SUBACK"), 0, "eve asks for {filter}: {lines:?}");
            (times("sending SUBSCRIBE") > 1).then_some(())
        });
    }
    // What waits is limited, and the oldest goes first.
    door.flood();
    let bob = door.device("bob", "nck1/u/bob/in/+/+", false);
    bob.wait_text("received nck1/u/bob/in/alice/phone honest");
    assert_eq!(received(&bob).len(), 1000);
}
