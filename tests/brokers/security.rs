//! The shipped broker configuration: who may publish and receive what. No client of ours takes part.

use std::process::Command;

use nertc_callkit_testkit::mosquitto::{self, Mosquitto, listen, publish, received};
use nertc_callkit_testkit::process::{Process, answer};

/// PUBACK reasons of MQTT 5.
const DELIVERED: u32 = 0;
const NOBODY_THERE: u32 = 16;
const NOT_ALLOWED: u32 = 135;

#[test]
fn an_account_publishes_under_its_own_name_only() {
    let mut broker = Mosquitto::start("forged", &["alice", "bob"]);
    broker.add_name("+", "secret");
    let allowed = [
        "nck1/u/bob/in/alice/phone",
        "nck1/u/bob/d/tablet/alice/phone",
        "nck1/u/alice/own/phone",
        "nck1/u/alice/in/alice/phone",
        "nck1/p/alice/phone",
    ];
    for topic in allowed {
        assert_eq!(publish(&broker, "alice", topic, "x"), NOBODY_THERE, "{topic}");
    }
    let forged = [
        "nck1/u/bob/in/carol/phone",
        "nck1/u/bob/in/bob/phone",
        "nck1/u/bob/d/tablet/carol/phone",
        "nck1/u/bob/own/phone",
        "nck1/p/bob/phone",
        "nck1/u/bob/in/alice",
        "nck1/u/bob/in/alice/phone/more",
        "nck1/u/bob/in//phone",
        "nck2/u/bob/in/alice/phone",
        "alice",
        "$SYS/broker/uptime",
    ];
    for topic in forged {
        assert_eq!(publish(&broker, "alice", topic, "x"), NOT_ALLOWED, "{topic}");
    }
    // A name that would be a wildcard is invalid.
    assert_eq!(publish(&broker, "+", "nck1/u/bob/in/alice/phone", "x"), NOT_ALLOWED);
    assert_eq!(publish(&broker, "+", "nck1/u/bob/in/carol/phone", "x"), NOT_ALLOWED);
}

#[test]
fn an_account_receives_only_its_own_messages() {
    let broker = Mosquitto::start("alien", &["alice", "bob", "eve"]);
    let filters = ["#", "+/#", "nck1/u/bob/#", "nck1/u/+/in/+/+", "nck1/u/bob/d/tablet/+/+", "$SYS/#"];
    let eve = listen(broker.client("mosquitto_sub", "eve"), &filters);
    let bob = listen(broker.client("mosquitto_sub", "bob"), &["#"]);
    let said = ["nck1/u/bob/in/alice/phone", "nck1/u/bob/d/tablet/alice/phone", "nck1/u/alice/own/phone"];
    for topic in said {
        assert_eq!(publish(&broker, "alice", topic, "private"), DELIVERED, "{topic}");
    }
    // The broker delivers in the same order to all: what arrives now came after the rest.
    publish(&broker, "alice", "nck1/u/eve/in/alice/phone", "last");
    publish(&broker, "alice", "nck1/u/bob/in/alice/phone", "last");
    eve.wait_text("last");
    bob.wait("last", |lines| lines.iter().any(|line| line.ends_with("phone last")).then_some(()));
    let eve = received(&eve);
    assert!(eve.iter().all(|line| line == "nck1/u/eve/in/alice/phone last"), "eve heard {eve:?}");
    let bob = received(&bob);
    let to_bob = ["nck1/u/bob/in/alice/phone private", "nck1/u/bob/d/tablet/alice/phone private"];
    assert_eq!(bob, [to_bob[0], to_bob[1], "nck1/u/bob/in/alice/phone last"]);
}

#[test]
fn presence_is_open_or_for_the_own_devices_alone() {
    for (strict, heard_by_eve) in [("", 1), ("strict", 0)] {
        let broker = Mosquitto::with(&format!("presence{strict}"), &["alice", "eve"], strict, "");
        let eve = listen(broker.client("mosquitto_sub", "eve"), &["nck1/p/alice/phone", "nck1/u/eve/in/+/+"]);
        let alice = listen(broker.client("mosquitto_sub", "alice"), &["nck1/p/alice/+"]);
        assert_eq!(publish(&broker, "alice", "nck1/p/alice/phone", "gone"), DELIVERED);
        assert_eq!(publish(&broker, "eve", "nck1/p/alice/phone", "forged"), NOT_ALLOWED);
        publish(&broker, "alice", "nck1/u/eve/in/alice/phone", "last");
        eve.wait_text("last");
        assert_eq!(received(&eve).len(), 1 + heard_by_eve, "presence{strict}: {:?}", received(&eve));
        alice.wait_text("gone");
        assert!(!alice.lines().iter().any(|line| line.contains("forged")));
    }
}

/// Runs mosquitto_pub; the broker's CONNACK.
fn connack(broker: &Mosquitto, version: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &broker.plain.to_string(), "-V", version, "-d", "-q", "1"]);
    command.args(arguments).args(["-t", "nck1/p/alice/x", "-m", "x"]);
    let mut client = Process::start("mosquitto_pub", command);
    let line = client.wait_text("CONNACK");
    client.end();
    line.rsplit_once("CONNACK ").map(|(_, code)| code.to_owned()).expect("a code")
}

#[test]
fn nobody_comes_in_without_the_right_token() {
    let mut broker = Mosquitto::start("refused", &["alice"]);
    assert_eq!(connack(&broker, "5", &["-u", "alice", "-P", "secret"]), "(0)");
    // The same result for a wrong token and an unknown account: it does not reveal which accounts exist.
    let wrong: [&[&str]; 4] =
        [&["-u", "alice", "-P", "wrong"], &["-u", "nobody", "-P", "secret"], &["-u", "alice"], &[]];
    for arguments in wrong {
        assert_eq!(connack(&broker, "5", arguments), "(135)", "{arguments:?}");
        assert_eq!(connack(&broker, "311", arguments), "(5)", "{arguments:?}");
    }
    broker.remove("alice");
    assert_eq!(connack(&broker, "5", &["-u", "alice", "-P", "secret"]), "(135)");
    broker.add("alice", "another");
    assert_eq!(connack(&broker, "5", &["-u", "alice", "-P", "another"]), "(0)");
}

#[test]
fn names_are_encoded_as_clients_encode_them() {
    let mut broker = Mosquitto::start("names", &[]);
    broker.add("bob é.x/+#=", "secret");
    let name = "bob=20=C3=A9=2Ex=2F=2B=23=3D";
    assert_eq!(connack(&broker, "5", &["-u", name, "-P", "secret"]), "(0)");
    assert_eq!(publish(&broker, name, &format!("nck1/u/alice/in/{name}/phone"), "x"), NOBODY_THERE);
    let too_long = "é".repeat(11);
    let file = broker.folder().join("callkit.passwd");
    let mut user = Command::new(nertc_callkit_testkit::scratch_dir::repository("mosquitto/user"));
    user.args([file.as_os_str(), too_long.as_ref(), "secret".as_ref()]);
    assert_eq!(answer(user).0.code(), Some(2), "{too_long} takes 66 characters");
}

#[test]
fn tls_is_checked_and_websockets_are_there() {
    let broker = Mosquitto::start("tls", &["alice"]);
    let stranger = Mosquitto::start("tls_stranger", &[]);
    let tls = |host: &str, port: u16, ca: &std::path::Path| {
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", host, "-p", &port.to_string(), "-V", "5", "-q", "1", "-d"]);
        command.args(["-u", "alice", "-P", "secret", "-t", "nck1/p/alice/x", "-m", "x", "--cafile"]).arg(ca);
        answer(command).0.success()
    };
    assert!(tls("localhost", broker.tls, &broker.ca()));
    assert!(!tls("localhost", broker.tls, &stranger.ca()), "an authority that nobody trusts");
    assert!(!tls("127.0.0.2", broker.tls, &broker.ca()), "a name that the certificate does not have");
    // The handshake of WebSockets needs more than the tools here have: the TLS below it answers.
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &format!("127.0.0.1:{}", broker.websockets), "-CAfile"]);
    let mut wss = Process::start("openssl", {
        openssl.arg(broker.ca()).arg("-verify_return_error");
        openssl
    });
    wss.wait_text("Verify return code: 0 (ok)");
    wss.send_line(&format!(
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Version: 13\r\n\r",
        "dGhlIHNhbXBsZSBub25jZQ=="
    ));
    wss.wait_text("101 Switching Protocols");
}

#[test]
fn limits_hold() {
    let broker = Mosquitto::start("limits", &["alice", "bob"]);
    // Too long: the broker ends the connection and delivers nothing.
    let bob = listen(broker.client("mosquitto_sub", "bob"), &["nck1/u/bob/in/+/+"]);
    let mut command = broker.client("mosquitto_pub", "alice");
    command.args(["-t", "nck1/u/bob/in/alice/phone", "-s"]);
    let mut alice = Process::start("mosquitto_pub", command);
    alice.send_line(&"x".repeat(70_000));
    alice.end();
    assert!(!alice.lines().iter().any(|line| line.contains("PUBACK")), "{:?}", alice.lines());
    // Retained: not offered here.
    let mut command = broker.client("mosquitto_pub", "alice");
    command.args(["-t", "nck1/u/bob/in/alice/phone", "-m", "retained", "-r"]);
    Process::start("mosquitto_pub", command).end();
    publish(&broker, "alice", "nck1/u/bob/in/alice/phone", "last");
    bob.wait_text("last");
    let later = listen(broker.client("mosquitto_sub", "bob"), &["nck1/u/bob/in/+/+"]);
    publish(&broker, "alice", "nck1/u/bob/in/alice/phone", "later");
    later.wait_text("later");
    assert_eq!(received(&later), ["nck1/u/bob/in/alice/phone later"]);
    assert!(received(&bob).iter().all(|line| !line.contains("xxx")));
}

#[test]
fn a_full_queue_drops_the_newest_silently() {
    let broker = Mosquitto::start("queue", &["alice", "bob"]);
    let away = |arguments: &[&str]| {
        let mut command = broker.client("mosquitto_sub", "bob");
        command.args(["-i", "bobs-secret", "-c", "-x", "600"]).args(arguments);
        command
    };
    listen(away(&["-E"]), &["nck1/u/bob/in/+/+"]).end();
    let mut command = broker.client("mosquitto_pub", "alice");
    command.args(["-t", "nck1/u/bob/in/alice/phone", "-m", "junk", "--repeat", "300"]);
    let mut flood = Process::start("mosquitto_pub", command);
    flood.end();
    let acknowledged = flood.lines().iter().filter(|line| line.contains("PUBACK")).count();
    assert_eq!(acknowledged, 300, "every one is acknowledged");
    assert_eq!(publish(&broker, "alice", "nck1/u/bob/in/alice/phone", "honest"), DELIVERED);
    let bob = listen(away(&[]), &["nck1/u/bob/in/+/+"]);
    publish(&broker, "alice", "nck1/u/bob/in/alice/phone", "last");
    bob.wait_text("last");
    let got = received(&bob);
    assert!(!got.iter().any(|line| line.ends_with("honest")));
    assert!(got.len() < 260, "at most what the limits allow: {}", got.len());
}

#[test]
fn version_3_1_1_has_the_same_rules_and_denies_silently() {
    let broker = Mosquitto::start("older", &["alice", "bob"]);
    let bob = listen(mosquitto::client("mosquitto_sub", broker.plain, "311", "bob"), &["nck1/u/bob/in/+/+"]);
    for (topic, text) in [("nck1/u/bob/in/carol/phone", "forged"), ("nck1/u/bob/in/alice/phone", "honest")] {
        let mut command = mosquitto::client("mosquitto_pub", broker.plain, "311", "alice");
        command.args(["-t", topic, "-m", text]);
        assert_eq!(mosquitto::reason(command, "received PUBACK"), 0, "{topic}: denied without a word");
    }
    bob.wait_text("honest");
    assert_eq!(received(&bob), ["nck1/u/bob/in/alice/phone honest"]);
}
