//! One device an account: a second login ends the first one's.

use nertc_callkit_testkit::mosquitto::Exchange;

use crate::pair::{Pair, accept};
use crate::phone::Phone;

const SINGLE: &[&str] = &["--single"];

/// bob's other phone logs in.
#[track_caller]
fn second(exchange: &Exchange) -> Phone {
    Phone::ready(exchange, "bob/new", SINGLE)
}

#[test]
fn while_idle() {
    let mut pair = Pair::new("kicked_idle", SINGLE);
    let mut new = second(&pair.exchange);
    pair.bob.expect("on_kicked");
    pair.bob.send_line("call alice");
    pair.bob.expect("done(call,20001)");
    // It does not fight its way back, and a login by hand kicks the other.
    pair.bob.send_line("login");
    pair.bob.expect("done(login,0)");
    new.expect("on_kicked");
    pair.connect();
    pair.hang_up();
    new.quit();
    pair.end();
}

#[test]
fn while_ringing() {
    let mut pair = Pair::new("kicked_ringing", SINGLE);
    pair.ring();
    let new = second(&pair.exchange);
    pair.bob.expect("on_kicked on_call_end(8)");
    pair.alice.send_line("cancel");
    pair.alice.until("on_call_end(11)");
    pair.bob.quit();
    drop(new);
    pair.alice.quit();
}

#[test]
fn while_calling() {
    let mut pair = Pair::new("kicked_calling", SINGLE);
    pair.bob.send_line("call alice");
    pair.bob.expect("done(call,0)");
    pair.alice.expect("on_invited");
    let new = second(&pair.exchange);
    pair.bob.expect("on_kicked on_call_end(8)");
    pair.alice.expect("on_user_cancel on_call_end(12)");
    new.quit();
    pair.end();
}

#[test]
fn in_a_call() {
    let mut pair = Pair::new("kicked_in_call", SINGLE);
    pair.connect();
    let new = second(&pair.exchange);
    pair.bob.expect("on_kicked on_disconnect on_call_end(8)");
    pair.alice.until("on_user_leave");
    pair.alice.until("on_call_end(20)");
    new.quit();
    pair.end();
}

#[test]
fn a_second_process_with_the_same_device_name_kicks_the_first() {
    let mut pair = Pair::new("kicked_same_name", &[]);
    let mut elsewhere = pair.exchange.clone();
    elsewhere.data = pair.exchange.data.with_file_name("elsewhere");
    let mut twin = Phone::ready(&elsewhere, "bob/phone", &[]);
    pair.bob.expect("on_kicked");
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    twin.expect("on_invited");
    accept(&mut pair.alice, &mut twin);
    pair.alice.send_line("hangup");
    pair.alice.until("on_call_end(15)");
    twin.expect("on_call_end(16)");
    twin.quit();
    pair.end();
}

#[test]
fn two_devices_live_together_without_the_policy() {
    let mut pair = Pair::new("not_kicked", &[]);
    let tablet = Phone::ready(&pair.exchange, "bob/tablet", &[]);
    pair.bob.sync();
    assert_eq!(pair.bob.rest(), [""; 0]);
    tablet.quit();
    pair.end();
}
