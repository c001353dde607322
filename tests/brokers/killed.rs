//! A process is killed in every state: the others end by themselves.

use crate::pair::{Pair, accept, hang_up, ring};
use crate::phone::Phone;

/// It rings for a short time, but longer than a busy machine lets a process wait.
const RING: &[&str] = &["--ring", "3000"];

/// A short silence is a loss, and no presence: silence alone must do.
const SILENCE: &[&str] = &["--peer-lost", "3000"];

#[test]
fn the_caller_while_it_rings() {
    let mut pair = Pair::new("killed_caller", RING);
    let mut tablet = pair.third("bob/tablet", RING);
    ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
    pair.alice.kill();
    pair.bob.until("on_call_end(2) on_call_end(12)");
    tablet.until("on_call_end(2) on_call_end(12)");
    tablet.quit();
    pair.bob.quit();
}

#[test]
fn the_caller_while_the_callee_accepts() {
    let mut pair = Pair::new("killed_arbiter", &[]);
    pair.ring();
    pair.broker.freeze();
    pair.bob.send_line("accept");
    pair.bob.sync();
    pair.alice.kill();
    pair.broker.thaw();
    pair.bob.until("on_call_end(21) on_call_end(12)");
    pair.bob.quit();
}

#[test]
fn the_callee_while_it_rings() {
    let mut pair = Pair::new("killed_callee", RING);
    pair.ring();
    pair.bob.kill();
    pair.alice.expect("on_calling_timeout on_message_sent(4) on_call_end(2)");
    pair.alice.quit();
}

#[test]
fn one_of_two_called_devices_while_it_rings() {
    let mut pair = Pair::new("killed_device", &[]);
    let mut tablet = pair.third("bob/tablet", &[]);
    ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
    tablet.kill();
    accept(&mut pair.alice, &mut pair.bob);
    pair.hang_up();
    // It returns to a call that has ended.
    let mut tablet = Phone::ready(&pair.exchange, "bob/tablet", &[]);
    pair.connect();
    pair.hang_up();
    tablet.until("on_call_end(18)");
    tablet.quit();
    pair.end();
}

#[test]
fn the_callee_while_it_accepts() {
    let mut pair = Pair::new("killed_accepting", &[RING, SILENCE].concat());
    pair.ring();
    pair.broker.freeze();
    pair.bob.send_line("accept");
    pair.bob.sync();
    pair.bob.kill();
    pair.broker.thaw();
    // Whether its accept was on the way or not.
    let word = pair.alice.until("on_call_end(19) on_call_end(20) on_call_end(2)");
    assert!(!word.is_empty());
    pair.alice.quit();
}

#[test]
fn either_in_a_call() {
    for callee in [false, true] {
        let mut pair = Pair::new(&format!("killed_in_call_{callee}"), SILENCE);
        pair.connect();
        let (dead, other) =
            if callee { (&mut pair.bob, &mut pair.alice) } else { (&mut pair.alice, &mut pair.bob) };
        dead.kill();
        other.until("on_user_disconnect");
        other.until("on_call_end(19)");
        if callee {
            pair.alice.quit();
        } else {
            pair.bob.quit();
        }
    }
}

#[test]
fn a_process_killed_in_a_call_can_call_again_at_once() {
    let mut pair = Pair::new("killed_back", SILENCE);
    pair.connect();
    pair.alice.kill();
    pair.alice = Phone::ready(&pair.exchange, "alice/phone", SILENCE);
    pair.bob.until("on_call_end(20) on_call_end(19) on_call_end(16)");
    pair.connect();
    pair.hang_up();
    pair.end();
}

#[test]
fn one_that_idles_or_logs_in() {
    let mut pair = Pair::new("killed_idle", &[]);
    pair.bob.kill();
    drop(Phone::new(&pair.exchange, "bob/phone", &[]));
    pair.bob = Phone::ready(&pair.exchange, "bob/phone", &[]);
    pair.connect();
    hang_up(&mut pair.alice, &mut pair.bob);
    pair.end();
}

#[test]
#[ignore = "make test-brokers: the broker waits five seconds before it says who was lost"]
fn presence_ends_the_ring_of_a_lost_caller_early() {
    let options = ["--presence", "--ring", "60000"];
    let mut pair = Pair::new("killed_presence", &options);
    pair.ring();
    pair.alice.kill();
    pair.bob.expect("on_user_cancel on_call_end(12)");
    pair.alice = Phone::ready(&pair.exchange, "alice/phone", &options);
    pair.connect();
    pair.bob.kill();
    pair.alice.until("on_call_end(19)");
    pair.alice.quit();
}
