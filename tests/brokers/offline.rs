//! The callee is offline during a call.

use crate::pair::{Pair, accept, hang_up};
use crate::phone::Phone;

/// alice and bob; bob was there once and is away now.
fn bob_is_away(name: &str, options: &[&str]) -> Pair {
    let mut pair = Pair::new(name, options);
    pair.bob.kill();
    pair
}

#[test]
fn back_while_it_rings() {
    let mut pair = bob_is_away("back_within", &[]);
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    pair.bob = Phone::new(&pair.exchange, "bob/phone", &[]);
    pair.bob.expect("done(login,0) on_invited");
    accept(&mut pair.alice, &mut pair.bob);
    pair.hang_up();
    pair.end();
}

#[test]
fn back_after_it_rang() {
    let mut pair = bob_is_away("back_after", &["--ring", "2000"]);
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0) on_calling_timeout on_message_sent(4) on_call_end(2)");
    // The next call rings as long as it takes.
    pair.alice.quit_now();
    pair.alice = pair.third("alice/phone", &[]);
    pair.bob = Phone::new(&pair.exchange, "bob/phone", &[]);
    pair.bob.expect("done(login,0)");
    // Whether the broker still has the invite or only its end: it does not ring.
    pair.connect_after_missed();
    pair.end();
}

#[test]
fn back_after_it_was_cancelled() {
    let mut pair = bob_is_away("back_cancelled", &[]);
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    pair.alice.send_line("cancel");
    pair.alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
    pair.bob = Phone::new(&pair.exchange, "bob/phone", &[]);
    pair.bob.expect("done(login,0) on_missed_call(1)");
    assert!(pair.bob.line("on_missed_call").contains("user=alice"));
    pair.connect();
    pair.hang_up();
    pair.end();
}

#[test]
fn back_after_the_caller_died() {
    let mut pair = bob_is_away("back_caller_dead", &[]);
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    pair.alice.kill();
    pair.bob = Phone::new(&pair.exchange, "bob/phone", &[]);
    pair.bob.expect("done(login,0)");
    let word = pair.bob.until("on_missed_call(1) on_missed_call(2)");
    assert!(!word.is_empty());
    pair.bob.quit();
}

#[test]
fn somebody_who_was_never_there() {
    let mut pair = Pair::new("never_there", &["--ring", "2000"]);
    pair.alice.send_line("call carol");
    let code = pair.alice.until("done(call,0) done(call,10201) done(call,10202)");
    assert!(!code.is_empty());
    pair.alice.expect("on_calling_timeout on_message_sent(4) on_call_end(2)");
    pair.end();
}

#[test]
fn another_device_answers_while_one_is_away() {
    let mut pair = Pair::new("away_answered", &[]);
    let mut tablet = pair.third("bob/tablet", &[]);
    tablet.kill();
    pair.connect();
    pair.hang_up();
    let mut tablet = Phone::new(&pair.exchange, "bob/tablet", &[]);
    tablet.expect("done(login,0) on_missed_call(4)");
    tablet.quit();
    pair.end();
}

impl Pair {
    /// The next call rings and connects, whether or not the last one was reported as missed.
    #[track_caller]
    fn connect_after_missed(&mut self) {
        self.alice.send_line("call bob");
        self.alice.expect("done(call,0)");
        let first = self.bob.until("on_missed_call(1) on_missed_call(2) on_invited");
        if first != "on_invited" {
            self.bob.expect("on_invited");
        }
        accept(&mut self.alice, &mut self.bob);
        hang_up(&mut self.alice, &mut self.bob);
    }
}
