//! The broker stops, is killed or frozen, while ringing, while accepting and in a call.

use nertc_callkit_testkit::mosquitto::Mosquitto;

use crate::pair::{Pair, accept};

/// How a broker goes away.
type Outage = fn(&mut Mosquitto);

const OUTAGES: [(&str, Outage); 2] = [("stopped", Mosquitto::stop), ("killed", Mosquitto::kill)];

/// Both notice that the broker is gone.
#[track_caller]
fn lose(pair: &mut Pair, outage: Outage) {
    outage(&mut pair.broker);
    pair.alice.expect("on_reconnecting");
    pair.bob.expect("on_reconnecting");
}

/// It is there again, and both are back.
#[track_caller]
fn back(pair: &mut Pair) {
    pair.broker.up();
    pair.alice.expect("on_reconnected");
    pair.bob.expect("on_reconnected");
}

#[test]
fn while_ringing() {
    for (name, outage) in OUTAGES {
        let mut pair = Pair::new(&format!("{name}_ringing"), &[]);
        pair.ring();
        lose(&mut pair, outage);
        back(&mut pair);
        accept(&mut pair.alice, &mut pair.bob);
        pair.hang_up();
        pair.end();
    }
}

#[test]
fn while_ringing_and_cancelled_meanwhile() {
    for (name, outage) in OUTAGES {
        let mut pair = Pair::new(&format!("{name}_cancelled"), &[]);
        pair.ring();
        lose(&mut pair, outage);
        pair.alice.send_line("cancel");
        pair.alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
        back(&mut pair);
        pair.bob.expect("on_user_cancel on_call_end(12)");
        pair.connect();
        pair.hang_up();
        pair.end();
    }
}

#[test]
fn while_accepting() {
    for (name, outage) in OUTAGES {
        let mut pair = Pair::new(&format!("{name}_accepting"), &[]);
        pair.ring();
        lose(&mut pair, outage);
        pair.bob.send_line("accept");
        pair.bob.sync();
        back(&mut pair);
        pair.bob.expect("done(accept,0) on_user_enter on_call_connected");
        pair.alice.expect("on_user_accept on_user_enter on_call_connected");
        pair.hang_up();
        pair.end();
    }
}

#[test]
fn in_a_call() {
    for (name, outage) in OUTAGES {
        let mut pair = Pair::new(&format!("{name}_in_call"), &[]);
        pair.connect();
        lose(&mut pair, outage);
        back(&mut pair);
        pair.hang_up();
        pair.connect();
        lose(&mut pair, outage);
        pair.bob.send_line("hangup");
        pair.bob.expect("done(hangup,0) on_call_end(15)");
        back(&mut pair);
        pair.alice.expect("on_message_sent(1) on_call_end(16)");
        pair.end();
    }
}

#[test]
fn calling_while_the_broker_is_away() {
    let mut pair = Pair::new("away_calling", &[]);
    lose(&mut pair, Mosquitto::stop);
    pair.alice.send_line("call bob");
    pair.alice.sync();
    pair.broker.up();
    // Which of both is reported first depends on threads.
    pair.alice.expect_both("done(call,0)", "on_reconnected");
    pair.bob.until("on_invited");
    accept(&mut pair.alice, &mut pair.bob);
    pair.hang_up();
    pair.end();
}

#[test]
#[ignore = "make test-brokers: it takes the time of two pings"]
fn a_broker_that_stands_still_is_noticed_in_a_call() {
    let mut pair = Pair::new("frozen", &[]);
    pair.connect();
    pair.broker.freeze();
    pair.alice.expect("on_reconnecting");
    pair.bob.expect("on_reconnecting");
    pair.broker.thaw();
    pair.alice.expect("on_reconnected");
    pair.bob.expect("on_reconnected");
    pair.hang_up();
    pair.end();
}

#[test]
fn a_broker_that_restarts_again_and_again_kicks_nobody() {
    let mut pair = Pair::new("restarts", &[]);
    for _ in 0..4 {
        lose(&mut pair, Mosquitto::stop);
        back(&mut pair);
    }
    pair.connect();
    pair.hang_up();
    pair.end();
}
