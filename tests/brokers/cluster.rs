//! Calls through a cluster of NATS servers.

use std::time::{Duration, Instant};

use nertc_callkit_testkit::mosquitto::{client, listen, reason, received};

use crate::data::exchange_data;
use crate::nats::Nats;
use crate::pair::{PEOPLE, accept, connect, hang_up, ring};
use crate::phone::Phone;

/// How long a cluster may take until it has its leaders.
const ELECTION: Duration = Duration::from_secs(60);

fn the_rules_hold_where_denials_are_silent(nats: &Nats) {
    let bob = listen(client("mosquitto_sub", nats.port(0), "311", "bob"), &["nck1/u/bob/in/+/+"]);
    for (topic, text) in [("nck1/u/bob/in/carol/phone", "forged"), ("nck1/u/bob/in/alice/phone", "honest")] {
        let mut command = client("mosquitto_pub", nats.port(2), "311", "alice");
        command.args(["-t", topic, "-m", text]);
        assert_eq!(reason(command, "received PUBACK"), 0, "{topic}: denied without a word");
    }
    bob.wait_text("honest");
    assert_eq!(received(&bob), ["nck1/u/bob/in/alice/phone honest"]);
}

/// Calls and cancels until a call rings at all of bob's devices: a message sent right after a device
/// connected to a freshly started cluster can be lost, and a caller stops retransmitting when one device
/// rings.
#[track_caller]
fn until_all_ring(alice: &mut Phone, devices: &mut [&mut Phone]) {
    let deadline = Instant::now() + ELECTION;
    // Types alternate, or a late event would be taken for the next call's.
    for (call, part) in [("call bob video", "type=2"), ("call bob audio", "type=1")].iter().cycle() {
        alice.send_line(call);
        alice.until("done(call,0)");
        let limit = Duration::from_secs(5);
        let rang: Vec<bool> = devices.iter_mut().map(|device| device.rings_within(limit, part)).collect();
        alice.send_line("cancel");
        alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
        for (device, _) in devices.iter_mut().zip(&rang).filter(|(_, rang)| **rang) {
            device.expect("on_user_cancel on_call_end(12)");
        }
        if !rang.contains(&false) {
            return;
        }
        assert!(Instant::now() < deadline, "the cluster does not deliver to all: {rang:?}");
    }
}

/// The first login, which a cluster that was just started can be too slow for.
#[track_caller]
fn log_in(phone: &mut Phone) {
    let deadline = Instant::now() + ELECTION;
    while phone.until_start_for(ELECTION, "done(login,") != "done(login,0)" {
        assert!(Instant::now() < deadline, "{:?}", phone.lines());
        phone.send_line("login");
    }
}

/// Everybody on another server.
#[test]
fn calls_across_servers() {
    let nats = Nats::start("nats_calls", &PEOPLE);
    the_rules_hold_where_denials_are_silent(&nats);
    let mut alice = Phone::new(&nats.exchange(0), "alice/phone", &[]);
    let mut bob = Phone::new(&nats.exchange(1), "bob/phone", &[]);
    let mut tablet = Phone::new(&nats.exchange(2), "bob/tablet", &[]);
    for phone in [&mut alice, &mut bob, &mut tablet] {
        log_in(phone);
    }
    until_all_ring(&mut alice, &mut [&mut bob, &mut tablet]);
    ring(&mut alice, &mut [&mut bob, &mut tablet]);
    accept(&mut alice, &mut tablet);
    bob.expect("on_other_client_accept on_call_end(18)");
    exchange_data(&mut alice, &mut tablet);
    hang_up(&mut alice, &mut tablet);
    ring(&mut alice, &mut [&mut bob, &mut tablet]);
    bob.send_line("reject");
    bob.expect("done(reject,0) on_call_end(13)");
    alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    tablet.expect("on_other_client_reject on_call_end(17)");
    // Messages sent as it dies can be lost with the session that moves to another server: retried.
    let deadline = Instant::now() + ELECTION;
    loop {
        tablet.kill();
        alice.send_line("call bob");
        alice.expect("done(call,0)");
        bob.expect("on_invited");
        tablet = Phone::new(&nats.exchange(0), "bob/tablet", &[]);
        log_in(&mut tablet);
        if tablet.rings_within(Duration::from_secs(5), "invitor=alice") {
            break;
        }
        assert!(Instant::now() < deadline, "nothing that waited arrives: {:?}", tablet.lines());
        alice.send_line("cancel");
        alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
        bob.expect("on_user_cancel on_call_end(12)");
    }
    // What it had not acknowledged before it died can arrive again, and ends at once.
    tablet.send_line("accept");
    while tablet.until_start_for(ELECTION, "done(accept,") != "done(accept,0)" {
        tablet.until_for(ELECTION, "on_invited");
        tablet.send_line("accept");
    }
    tablet.expect("on_user_enter on_call_connected");
    alice.expect("on_user_accept on_user_enter on_call_connected");
    bob.expect("on_other_client_accept on_call_end(18)");
    hang_up(&mut alice, &mut tablet);
    tablet.quit();
    alice.quit();
    bob.quit();
}

/// alice and bob on two servers.
fn two_servers(nats: &Nats) -> (Phone, Phone) {
    let long = ["--ring", "120000"];
    let mut alice = Phone::new(&nats.exchange(0), "alice/phone", &long);
    let mut bob = Phone::new(&nats.exchange(1), "bob/phone", &long);
    log_in(&mut alice);
    log_in(&mut bob);
    (alice, bob)
}

/// `phone` loses its server and reconnects through another. The cluster may end the other connection, too,
/// when it cannot store its messages.
#[track_caller]
fn lose(nats: &mut Nats, at: usize, phone: &mut Phone) {
    nats.kill(at);
    phone.expect("on_reconnecting");
    phone.until_for(ELECTION, "on_reconnected");
}

/// Calls until it rings: while the servers elect leaders, an invite can be late or be lost with its server.
#[track_caller]
fn ring_at_last(alice: &mut Phone, bob: &mut Phone) {
    let deadline = Instant::now() + ELECTION;
    loop {
        alice.send_line("call bob");
        if alice.until_start_for(ELECTION, "done(call,") == "done(call,0)"
            && bob.rings_within(Duration::from_secs(10), "invitor=alice")
        {
            return;
        }
        assert!(Instant::now() < deadline, "the cluster does not deliver: {:?}", bob.lines());
        alice.send_line("cancel");
        alice.until_start_for(ELECTION, "on_call_end(");
    }
}

/// bob accepts the call that rings. While the servers elect leaders they store nothing, so his accept can
/// time out. Then the call has to end on both sides, and the next one is tried.
#[track_caller]
fn accept_at_last(alice: &mut Phone, bob: &mut Phone) {
    let deadline = Instant::now() + ELECTION;
    loop {
        bob.send_line("accept");
        if bob.until_start_for(ELECTION, "done(accept,") == "done(accept,0)" {
            bob.until_for(ELECTION, "on_call_connected");
            alice.until_for(ELECTION, "on_call_connected");
            return;
        }
        bob.until_start_for(ELECTION, "on_call_end(");
        alice.until_start_for(ELECTION, "on_call_end(");
        assert!(Instant::now() < deadline, "no accept comes through: {:?}", bob.lines());
        ring_at_last(alice, bob);
    }
}

#[track_caller]
fn hang_up_at_last(alice: &mut Phone, bob: &mut Phone) {
    alice.send_line("hangup");
    alice.until_for(ELECTION, "on_call_end(15)");
    bob.until_for(ELECTION, "on_call_end(16)");
}

#[test]
fn a_server_dies_while_ringing() {
    let mut nats = Nats::start("nats_ringing", &PEOPLE);
    let (mut alice, mut bob) = two_servers(&nats);
    ring(&mut alice, &mut [&mut bob]);
    lose(&mut nats, 1, &mut bob);
    accept_at_last(&mut alice, &mut bob);
    hang_up_at_last(&mut alice, &mut bob);
}

#[test]
#[ignore = "make test-brokers: a cluster takes seconds to find new leaders"]
fn the_callers_server_dies_while_ringing() {
    let mut nats = Nats::start("nats_caller", &PEOPLE);
    let (mut alice, mut bob) = two_servers(&nats);
    ring(&mut alice, &mut [&mut bob]);
    lose(&mut nats, 0, &mut alice);
    accept_at_last(&mut alice, &mut bob);
    hang_up_at_last(&mut alice, &mut bob);
}

#[test]
#[ignore = "make test-brokers: a cluster takes seconds to find new leaders"]
fn a_server_dies_in_a_call() {
    for dead in [0, 1] {
        let mut nats = Nats::start(&format!("nats_in_call_{dead}"), &PEOPLE);
        let (mut alice, mut bob) = two_servers(&nats);
        connect(&mut alice, &mut bob);
        lose(&mut nats, dead, if dead == 0 { &mut alice } else { &mut bob });
        hang_up_at_last(&mut alice, &mut bob);
    }
}

#[test]
#[ignore = "make test-brokers: a cluster takes seconds to find new leaders"]
fn a_server_dies_while_the_callee_is_away() {
    let mut nats = Nats::start("nats_away", &PEOPLE);
    let (mut alice, mut bob) = two_servers(&nats);
    bob.kill();
    alice.send_line("call bob");
    alice.expect("done(call,0)");
    nats.kill(1);
    let mut bob = Phone::new(&nats.exchange(2), "bob/phone", &[]);
    log_in(&mut bob);
    // Messages sent as the server died can be lost with it.
    if !bob.rings_within(Duration::from_secs(10), "invitor=alice") {
        alice.send_line("cancel");
        alice.until_start_for(ELECTION, "on_call_end(");
        ring_at_last(&mut alice, &mut bob);
    }
    accept_at_last(&mut alice, &mut bob);
    hang_up_at_last(&mut alice, &mut bob);
}
