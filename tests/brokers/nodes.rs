//! Calls through a cluster of two ejabberd nodes, one of which is lost.

use std::time::Duration;

use nertc_callkit_testkit::patience;

use crate::ejabberd::Ejabberd;
use crate::pair::{PEOPLE, connect, ring};
use crate::phone::Phone;

/// How long it may take until all have found their way to the node that is left.
fn detour() -> Duration {
    patience() * 3
}

/// alice and bob on two nodes.
fn two_nodes(name: &str, options: &[&str]) -> (Ejabberd, Phone, Phone) {
    let cluster = Ejabberd::start(name, 2, &PEOPLE);
    let alice = Phone::ready(&cluster.exchange(0), "alice/phone", options);
    let bob = Phone::ready(&cluster.exchange(1), "bob/phone", options);
    (cluster, alice, bob)
}

/// `phone` loses its node and reconnects through the other one.
#[track_caller]
fn lose(cluster: &mut Ejabberd, at: usize, phone: &mut Phone) {
    cluster.kill(at);
    phone.expect("on_reconnecting");
    phone.until_for(detour(), "on_reconnected");
}

// From here on nothing is exact: when a node leaves or joins, ejabberd may also close a connection at another
// node ("Internal server error"), so that any device can reconnect at any point, and is late by as much.

/// The current call continues: it still switches, and ends as it should.
#[track_caller]
fn goes_on(alice: &mut Phone, bob: &mut Phone) {
    alice.send_line("switch video");
    alice.until_for(detour(), "done(switch_call_type,0)");
    bob.until_for(detour(), "on_call_type_change");
    hang_up_again(alice, bob);
}

#[track_caller]
fn ring_again(alice: &mut Phone, devices: &mut [&mut Phone]) {
    alice.send_line("call bob");
    alice.until_for(detour(), "done(call,0)");
    for device in devices {
        device.until_for(detour(), "on_invited");
    }
}

#[track_caller]
fn accept_again(alice: &mut Phone, bob: &mut Phone) {
    bob.send_line("accept");
    bob.until_for(detour(), "done(accept,0)");
    bob.until_for(detour(), "on_call_connected");
    alice.until_for(detour(), "on_call_connected");
}

#[track_caller]
fn hang_up_again(alice: &mut Phone, bob: &mut Phone) {
    alice.send_line("hangup");
    alice.until_for(detour(), "on_call_end(15)");
    bob.until_for(detour(), "on_call_end(16)");
}

#[test]
fn a_call_goes_on_when_a_node_dies_and_again_when_it_comes_back() {
    let (mut cluster, mut alice, mut bob) = two_nodes("ejabberd_in_call", &[]);
    connect(&mut alice, &mut bob);
    lose(&mut cluster, 1, &mut bob);
    goes_on(&mut alice, &mut bob);
    // The next call, and one with a device at the restarted node.
    ring_again(&mut alice, &mut [&mut bob]);
    accept_again(&mut alice, &mut bob);
    hang_up_again(&mut alice, &mut bob);
    cluster.again(1);
    let mut tablet = Phone::new(&cluster.exchange(1), "bob/tablet", &[]);
    tablet.until_for(detour(), "done(login,0)");
    ring_again(&mut alice, &mut [&mut bob, &mut tablet]);
    accept_again(&mut alice, &mut tablet);
    bob.until_for(detour(), "on_other_client_accept");
    bob.until_for(detour(), "on_call_end(18)");
    hang_up_again(&mut alice, &mut tablet);
    tablet.quit_now();
    bob.quit_now();
    alice.quit_now();
}

#[test]
#[ignore = "make test-brokers: a cluster more"]
fn the_callers_node_dies_in_a_call() {
    let (mut cluster, mut alice, mut bob) = two_nodes("ejabberd_caller", &[]);
    connect(&mut alice, &mut bob);
    lose(&mut cluster, 0, &mut alice);
    goes_on(&mut alice, &mut bob);
}

#[test]
#[ignore = "make test-brokers: a cluster more"]
fn a_node_dies_while_ringing() {
    let (mut cluster, mut alice, mut bob) = two_nodes("ejabberd_ringing", &["--ring", "120000"]);
    ring(&mut alice, &mut [&mut bob]);
    lose(&mut cluster, 1, &mut bob);
    accept_again(&mut alice, &mut bob);
    goes_on(&mut alice, &mut bob);
}

/// A session is in the memory of its node: what waited there is gone with it, and the caller repeats it.
#[test]
#[ignore = "make test-brokers: a cluster more"]
fn a_node_dies_while_the_callee_is_away() {
    let (mut cluster, mut alice, mut bob) = two_nodes("ejabberd_away", &["--ring", "120000"]);
    bob.kill();
    alice.send_line("call bob");
    alice.expect("done(call,0)");
    cluster.kill(1);
    let mut bob = Phone::new(&cluster.exchange(0), "bob/phone", &[]);
    bob.until_for(detour(), "on_invited");
    accept_again(&mut alice, &mut bob);
    goes_on(&mut alice, &mut bob);
}

/// The others block until they declare it dead: brokers/ejabberd.yml has the limit.
#[test]
#[ignore = "make test-brokers: it takes the time of some pings"]
fn a_node_stands_still_in_a_call() {
    let (cluster, mut alice, mut bob) = two_nodes("ejabberd_frozen", &[]);
    connect(&mut alice, &mut bob);
    cluster.freeze(1);
    bob.until_for(detour(), "on_reconnecting");
    bob.until_for(detour(), "on_reconnected");
    goes_on(&mut alice, &mut bob);
}
