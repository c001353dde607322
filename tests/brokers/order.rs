//! The rows of docs/EVENTS.md between processes. Simultaneous actions are made with a broker that
//! is frozen meanwhile. Failing media needs a media backend: tests/c has those rows.

use crate::pair::{Pair, accept, hang_up, ring};
use crate::phone::Phone;

#[test]
fn accepted_and_hung_up_by_either_side() {
    let mut pair = Pair::new("accepted", &[]);
    pair.connect();
    pair.hang_up();
    pair.connect();
    pair.bob.send_line("hangup");
    pair.bob.expect("done(hangup,0) on_call_end(15)");
    pair.alice.expect("on_message_sent(1) on_call_end(16)");
    pair.end();
}

#[test]
fn accepted_by_itself_and_switched_to_video_and_back() {
    let mut pair = Pair::new("switched", &[]);
    let mut carol = pair.third("carol/phone", &["--auto-answer"]);
    pair.alice.send_line("call carol audio");
    pair.alice.expect("done(call,0) on_user_accept on_user_enter on_call_connected");
    carol.expect("on_invited done(accept,0) on_user_enter on_call_connected");
    assert!(carol.line("on_invited").contains("invitor=alice type=1"));
    pair.alice.send_line("switch video");
    pair.alice.until("done(switch_call_type,0)");
    carol.expect("on_call_type_change");
    assert!(carol.line("on_call_type_change").contains("type=2"));
    carol.send_line("switch audio");
    carol.until("done(switch_call_type,0)");
    pair.alice.until("on_call_type_change");
    assert!(pair.alice.line("on_call_type_change").contains("type=1"));
    pair.alice.send_line("hangup");
    pair.alice.until("on_call_end(15)");
    carol.until("on_call_end(16)");
    carol.quit();
    pair.end();
}

#[test]
fn rejected() {
    let mut pair = Pair::new("rejected", &[]);
    for verb in ["reject", "hangup"] {
        pair.ring();
        pair.bob.send_line(verb);
        pair.bob.expect(&format!("done({verb},0) on_call_end(13)"));
        pair.alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    }
    pair.end();
}

#[test]
fn cancelled() {
    let mut pair = Pair::new("cancelled", &[]);
    for verb in ["cancel", "hangup"] {
        pair.ring();
        pair.alice.send_line(verb);
        pair.alice.expect(&format!("done({verb},0) on_message_sent(2) on_call_end(11)"));
        pair.bob.expect("on_user_cancel on_call_end(12)");
    }
    pair.end();
}

#[test]
fn cancelled_at_once() {
    let mut pair = Pair::new("cancelled_at_once", &[]);
    // Until the broker answers, the call is not placed.
    pair.broker.freeze();
    pair.alice.send_line("call bob\ncancel");
    pair.alice.until("done(cancel,0)");
    pair.broker.thaw();
    pair.alice.until("on_call_end(11)");
    // The next call rings, whether or not bob received the first.
    pair.alice.send_line("call bob video");
    pair.alice.until("done(call,0)");
    pair.bob.until_line("on_invited", "type=2");
    accept(&mut pair.alice, &mut pair.bob);
    pair.hang_up();
    pair.end();
}

#[test]
fn nobody_answers() {
    let mut pair = Pair::new("unanswered", &["--ring", "2000"]);
    pair.ring();
    pair.alice.expect("on_calling_timeout on_message_sent(4) on_call_end(2)");
    pair.bob.expect("on_user_busy on_call_end(2)");
    assert!(pair.bob.line("on_user_busy").contains("user=bob"));
    pair.end();
}

#[test]
fn busy() {
    let mut pair = Pair::new("busy", &[]);
    let mut carol = pair.third("carol/phone", &[]);
    pair.connect();
    carol.send_line("call bob");
    carol.expect("done(call,0) on_user_busy on_message_sent(5) on_call_end(3)");
    pair.bob.expect("on_missed_call(3)");
    pair.hang_up();
    carol.quit();
    pair.end();
}

#[test]
fn the_cancel_crosses_the_accept() {
    let mut pair = Pair::new("crossed", &[]);
    for _ in 0..3 {
        pair.ring();
        pair.broker.freeze();
        pair.bob.send_line("accept");
        pair.bob.sync();
        pair.alice.send_line("cancel");
        pair.alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
        pair.broker.thaw();
        let end = pair.bob.until("on_call_end(12) on_call_end(16)");
        let _ = end;
    }
    pair.end();
}

#[test]
fn two_devices_accept_at_the_same_moment_and_one_has_the_call() {
    let mut pair = Pair::new("both_accept", &[]);
    let mut tablet = pair.third("bob/tablet", &[]);
    for _ in 0..3 {
        ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
        pair.broker.freeze();
        pair.bob.send_line("accept");
        tablet.send_line("accept");
        pair.bob.sync();
        tablet.sync();
        pair.broker.thaw();
        pair.alice.expect("on_user_accept on_user_enter on_call_connected");
        let won = pair.bob.until("done(accept,0) done(accept,10410)") == "done(accept,0)";
        let (winner, loser) = if won { (&mut pair.bob, &mut tablet) } else { (&mut tablet, &mut pair.bob) };
        if won {
            loser.expect("done(accept,10410)");
        } else {
            winner.expect("done(accept,0)");
        }
        loser.expect("on_other_client_accept on_call_end(18)");
        winner.expect("on_user_enter on_call_connected");
        hang_up(&mut pair.alice, winner);
    }
    tablet.quit();
    pair.end();
}

#[test]
fn answered_on_another_device() {
    let mut pair = Pair::new("other_device", &[]);
    let mut tablet = pair.third("bob/tablet", &[]);
    ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
    accept(&mut pair.alice, &mut tablet);
    pair.bob.expect("on_other_client_accept on_call_end(18)");
    assert!(pair.bob.line("on_other_client_accept").contains("device=\"tablet\""));
    hang_up(&mut pair.alice, &mut tablet);
    ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
    pair.bob.send_line("reject");
    pair.bob.expect("done(reject,0) on_call_end(13)");
    pair.alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    tablet.expect("on_other_client_reject on_call_end(17)");
    ring(&mut pair.alice, &mut [&mut pair.bob, &mut tablet]);
    pair.alice.send_line("cancel");
    pair.alice.expect("done(cancel,0) on_message_sent(2) on_call_end(11)");
    pair.bob.expect("on_user_cancel on_call_end(12)");
    tablet.expect("on_user_cancel on_call_end(12)");
    tablet.quit();
    pair.end();
}

#[test]
fn both_hang_up_at_once() {
    let mut pair = Pair::new("both_hang_up", &[]);
    pair.connect();
    pair.broker.freeze();
    pair.alice.send_line("hangup");
    pair.bob.send_line("hangup");
    pair.alice.until("done(hangup,0)");
    pair.bob.until("done(hangup,0)");
    pair.broker.thaw();
    pair.alice.until("on_call_end(15)");
    pair.bob.until("on_call_end(15)");
    pair.end();
}

#[test]
fn left() {
    let mut pair = Pair::new("left", &[]);
    pair.connect();
    pair.alice.send_line("leave");
    pair.alice.until("done(leave,0)");
    pair.alice.until("on_call_end(0)");
    pair.bob.expect("on_user_leave on_call_end(20)");
    pair.connect();
    pair.bob.send_line("leave");
    pair.bob.expect("done(leave,0) on_call_end(0)");
    pair.alice.until("on_user_leave");
    pair.alice.until("on_call_end(20)");
    pair.end();
}

#[test]
fn glare() {
    let mut pair = Pair::new("glare", &[]);
    for _ in 0..3 {
        pair.broker.freeze();
        pair.alice.send_line("call bob");
        pair.bob.send_line("call alice");
        pair.alice.sync();
        pair.bob.sync();
        pair.broker.thaw();
        pair.alice.expect("done(call,0) on_user_accept on_user_enter on_call_connected");
        pair.bob.expect("done(call,0) on_user_accept on_user_enter on_call_connected");
        pair.alice.send_line("hangup");
        pair.alice.until("on_call_end(15)");
        pair.bob.until("on_call_end(16)");
    }
    pair.end();
}

#[test]
fn logged_out_in_each_state() {
    let mut pair = Pair::new("logged_out", &[]);
    pair.connect();
    pair.alice.send_line("logout");
    pair.alice.until("on_call_end(0)");
    pair.alice.expect("done(logout,0)");
    pair.bob.expect("on_call_end(16)");
    again(&mut pair.alice);
    pair.ring();
    pair.alice.send_line("logout");
    pair.alice.expect("on_message_sent(2) on_call_end(0) done(logout,0)");
    pair.bob.expect("on_user_cancel on_call_end(12)");
    again(&mut pair.alice);
    pair.ring();
    pair.bob.send_line("logout");
    pair.bob.expect("on_call_end(0) done(logout,0)");
    pair.alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    again(&mut pair.bob);
    pair.connect();
    pair.hang_up();
    pair.end();
}

fn again(phone: &mut Phone) {
    phone.send_line("login");
    phone.expect("done(login,0)");
}

#[test]
fn quit_in_each_state() {
    let mut pair = Pair::new("quit", &[]);
    pair.connect();
    pair.alice.quit_now();
    pair.alice.until("on_call_end(0)");
    pair.bob.expect("on_call_end(16)");
    pair.alice = pair.third("alice/phone", &[]);
    pair.ring();
    pair.alice.quit_now();
    pair.alice.until("on_call_end(0)");
    pair.bob.expect("on_user_cancel on_call_end(12)");
    pair.alice = pair.third("alice/phone", &[]);
    pair.ring();
    pair.bob.quit_now();
    pair.bob.until("on_call_end(0)");
    pair.alice.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    pair.alice.quit();
}

#[test]
fn impossible_requests_are_refused() {
    let mut pair = Pair::new("impossible", &[]);
    pair.alice.send_line("accept");
    pair.alice.expect("done(accept,20017)");
    pair.alice.send_line("call alice");
    pair.alice.expect("done(call,90009)");
    pair.ring();
    pair.alice.send_line("call carol");
    pair.alice.expect("done(call,20002)");
    pair.bob.send_line("call carol");
    pair.bob.expect("done(call,20003)");
    accept(&mut pair.alice, &mut pair.bob);
    pair.alice.send_line("cancel");
    pair.alice.expect("done(cancel,20016)");
    pair.hang_up();
    pair.alice.send_line("sing");
    pair.alice.prints("phone: what is 'sing'?");
    pair.end();
}

#[test]
fn a_second_call_of_a_user_rings_once_the_first_has_ended() {
    let mut pair = Pair::new("redial", &[]);
    pair.bob.quit_now();
    pair.bob = pair.third("bob/phone", &["--ring", "3000"]);
    pair.ring();
    pair.alice.kill();
    let mut again = pair.third("alice/phone", &[]);
    again.send_line("call bob");
    again.expect("done(call,0)");
    // The first ends with bob's limit, or as soon as alice's new incarnation is asked about it.
    pair.bob.until("on_call_end(2) on_call_end(12)");
    pair.bob.until("on_invited");
    accept(&mut again, &mut pair.bob);
    hang_up(&mut again, &mut pair.bob);
    again.quit();
    pair.bob.quit();
}
