//! The wire behind an ended call.

use super::super::input::*;
use super::rig::Rig;
use nertc_callkit_signaling::{Code, Outcome};

/// Scenario (order): The next call begins while the last one is still cleaned up: late messages of the last
/// do not touch it.
#[test]
fn the_next_call_can_begin_while_the_last_is_cleaned_up_and_is_not_touched_by_it() {
    let mut rig = Rig::calling();
    rig.cancel();
    rig.call("bob");
    rig.forget();
    rig.answer("cancel", Code::INVITE_ACCEPTED);
    rig.asked("close ch1");
    rig.peer_accepts();
    rig.peer_closes("ch1");
    rig.answer("close", Code::CHANNEL_NOT_EXISTS);
    rig.ok("create");
    rig.ok("join");
    rig.ok("invite");
    rig.told("done call 0");
    assert_eq!((rig.state(), &*rig.snapshot().channel_id), (1, "ch2"));
}

/// Scenario (failure): An operation of an ended call is never answered: it is given up, and the channel
/// closed.
#[test]
fn an_operation_of_an_ended_call_that_never_ends_is_given_up_and_the_channel_closed() {
    let mut rig = Rig::calling();
    rig.cancel();
    rig.forget();
    rig.pass(4_999);
    rig.asked("");
    rig.pass(1);
    rig.asked("close ch1");
    rig.pass(5_000);
    assert_eq!(rig.engine.poll_timeout(), None);
}

/// Scenario (failure): A channel is created after everybody gave up: it is closed.
#[test]
fn a_channel_that_comes_after_everybody_gave_up_is_closed() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.cancel();
    rig.pass(60_000);
    rig.forget();
    rig.ok("create");
    rig.asked("close ch1");
}

/// Scenario (failure): An accept succeeds after everybody gave up: it is undone, and the caller learns.
#[test]
fn an_accept_that_succeeds_after_everybody_gave_up_is_undone() {
    let mut rig = Rig::accepting();
    rig.reject();
    rig.pass(60_000);
    rig.forget();
    rig.ok("accept");
    rig.asked("join p1");
    rig.ok("join");
    rig.asked("close p1");
}

#[test]
fn a_join_that_succeeds_after_a_hangup_and_everybody_gave_up_is_left() {
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.hangup();
    rig.pass(60_000);
    rig.forget();
    rig.ok("join");
    rig.asked("leave p1");
}

/// Scenario (failure): Many calls end while the service does not answer: the clean-up stays within its
/// limit.
#[test]
fn eight_ended_calls_are_cleaned_up_at_once_and_a_ninth_hurries_the_first() {
    let mut rig = Rig::new();
    for _ in 0..8 {
        rig.place_call();
        rig.cancel();
    }
    rig.forget();
    rig.place_call();
    rig.cancel();
    rig.asked("close ch1 · cancel bob ch9 r9 · record 2 to bob");
    rig.settle();
    assert!(rig.engine.poll_timeout().is_none());
}

/// Scenario (failure): A clean-up is hurried: an invite that may be out is still taken back.
#[test]
fn a_hurried_closer_still_takes_an_unanswered_invite_back() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.ok("create");
    rig.ok("join");
    rig.cancel();
    for _ in 0..7 {
        rig.call("bob");
        rig.cancel();
    }
    rig.forget();
    rig.call("bob");
    rig.cancel();
    rig.asked("create · cancel bob ch1 r1 · close ch1");
}

/// Scenario (wrong): A call is ended twice: the second time succeeds too.
#[test]
fn a_second_end_of_an_ended_call_is_fulfilled() {
    let mut rig = Rig::calling();
    let call = rig.implied();
    rig.cancel_of(call.clone());
    rig.cancel_of(call.clone());
    rig.hangup_of(call);
    rig.told("done cancel 0 · on_message_sent 2 · on_call_end 11 · done cancel 0 · done hangup 0");
}

/// Scenario (failure): When everything was answered, nothing is left running.
#[test]
fn after_everything_was_answered_no_timer_runs() {
    for mut rig in [Rig::calling(), Rig::called(), Rig::accepting(), Rig::glare_loser(), Rig::in_call()] {
        rig.hangup();
        rig.settle();
        assert_eq!(rig.engine.poll_timeout(), None);
        rig.invite("carol", "c1", "s1");
        rig.told_last("on_invited carol");
    }
}

/// Scenario (busy): A flood of invites is answered up to a limit; it cannot pile up work.
#[test]
fn rejects_of_a_flood_of_invites_are_bounded() {
    let mut rig = Rig::in_call();
    for n in 0..1_000 {
        rig.invite(&format!("user{n}"), &format!("f{n}"), &format!("g{n}"));
    }
    assert_eq!(rig.waiting().matches("reject").count(), 64);
    rig.forget();
    assert_eq!(rig.state(), 3);
    rig.hangup();
    assert_eq!(rig.last_code(), Code::OK);
}

/// Scenario (order): A late answer of the media backend to the last call does not fail the next.
#[test]
fn media_ops_of_an_ended_call_do_not_fail_the_next() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.hangup();
    rig.place_call();
    rig.forget();
    rig.answer("rtc join", 500);
    rig.rtc(RtcEvent::Disconnected(Outcome::default()));
    rig.told("");
    assert_eq!(rig.state(), 1);
}

#[test]
fn a_hurried_closers_channel_that_comes_late_is_closed() {
    let mut rig = Rig::new();
    for _ in 0..9 {
        rig.call("bob");
        rig.cancel();
    }
    rig.forget();
    rig.ok("create");
    rig.asked("close ch1");
}

#[test]
fn of_channels_that_come_too_late_the_last_sixteen_are_closed() {
    for (calls, closed) in [(3, 3), (17, 16)] {
        let mut rig = Rig::new();
        for _ in 0..calls {
            rig.call("bob");
            rig.pass(8_000);
            rig.told("done call 408 · on_call_end 7");
        }
        rig.forget();
        for _ in 0..calls {
            rig.ok("create");
        }
        assert_eq!(rig.waiting().matches("close").count(), closed);
    }
}
