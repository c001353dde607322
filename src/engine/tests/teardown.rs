//! Teardowns: the operations after the end of a call.

use super::super::input::*;
use super::harness::Harness;
use nertc_callkit_signaling::{Code, Outcome};

/// Scenario (order): The next call begins during the last one's teardown: late messages of the last do not
/// affect it.
#[test]
fn a_teardown_does_not_affect_the_next_call() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.call("bob");
    harness.forget();
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.asked("close ch1");
    harness.peer_accepts();
    harness.peer_closes("ch1");
    harness.answer("close", Code::CHANNEL_NOT_EXISTS);
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.emits("done call 0");
    assert_eq!((harness.state(), &*harness.snapshot().channel_id), (1, "ch2"));
}

/// Scenario (failure): An operation of an ended call never completes: it is abandoned, and the channel
/// closed.
#[test]
fn a_teardown_abandons_an_operation_that_never_completes() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.forget();
    harness.pass(4_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("close ch1");
    harness.pass(5_000);
    assert_eq!(harness.engine.poll_timeout(), None);
}

/// Scenario (failure): A channel is created after its teardown was abandoned: it is closed.
#[test]
fn a_channel_that_comes_after_everybody_gave_up_is_closed() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.pass(60_000);
    harness.forget();
    harness.ok("create");
    harness.asked("close ch1");
}

/// Scenario (failure): An accept succeeds after it was abandoned: it is undone, and the caller notified.
#[test]
fn an_accept_that_succeeds_after_everybody_gave_up_is_undone() {
    let mut harness = Harness::accepting();
    harness.reject();
    harness.pass(60_000);
    harness.forget();
    harness.ok("accept");
    harness.asked("join p1");
    harness.ok("join");
    harness.asked("close p1");
}

#[test]
fn a_join_that_succeeds_after_the_teardown_is_left() {
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.hangup();
    harness.pass(60_000);
    harness.forget();
    harness.ok("join");
    harness.asked("leave p1");
}

/// Scenario (failure): Many calls end while the service does not respond: the teardowns stay within their
/// limit.
#[test]
fn eight_teardowns_run_at_once_and_a_ninth_ends_the_first() {
    let mut harness = Harness::new();
    for _ in 0..8 {
        harness.place_call();
        harness.cancel();
    }
    harness.forget();
    harness.place_call();
    harness.cancel();
    harness.asked("close ch1 · cancel bob ch9 r9 · record 2 to bob");
    harness.settle();
    assert!(harness.engine.poll_timeout().is_none());
}

/// Scenario (failure): A teardown is cut short: an invite that may have been sent is still cancelled.
#[test]
fn a_hurried_closer_still_takes_an_unanswered_invite_back() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.ok("join");
    harness.cancel();
    for _ in 0..7 {
        harness.call("bob");
        harness.cancel();
    }
    harness.forget();
    harness.call("bob");
    harness.cancel();
    harness.asked("create · cancel bob ch1 r1 · close ch1");
}

/// Scenario (wrong): A call is ended twice: the second time succeeds too.
#[test]
fn a_second_end_of_an_ended_call_is_fulfilled() {
    let mut harness = Harness::calling();
    let call = harness.implied();
    harness.cancel_of(call.clone());
    harness.cancel_of(call.clone());
    harness.hangup_of(call);
    harness.emits("done cancel 0 · on_message_sent 2 · on_call_end 11 · done cancel 0 · done hangup 0");
}

/// Scenario (failure): When everything completed, nothing is left running.
#[test]
fn after_everything_was_answered_no_timer_runs() {
    for mut harness in [
        Harness::calling(),
        Harness::called(),
        Harness::accepting(),
        Harness::glare_loser(),
        Harness::in_call(),
    ] {
        harness.hangup();
        harness.settle();
        assert_eq!(harness.engine.poll_timeout(), None);
        harness.invite("carol", "c1", "s1");
        harness.emits_last("on_invited carol");
    }
}

/// Scenario (busy): A flood of invites is answered up to a limit; operations do not accumulate.
#[test]
fn rejects_of_a_flood_of_invites_are_bounded() {
    let mut harness = Harness::in_call();
    for n in 0..1_000 {
        harness.invite(&format!("user{n}"), &format!("f{n}"), &format!("g{n}"));
    }
    assert_eq!(harness.waiting().matches("reject").count(), 64);
    harness.forget();
    assert_eq!(harness.state(), 3);
    harness.hangup();
    assert_eq!(harness.last_code(), Code::OK);
}

/// Scenario (order): A late completion of the media backend for the last call does not fail the next.
#[test]
fn media_ops_of_an_ended_call_do_not_fail_the_next() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.hangup();
    harness.place_call();
    harness.forget();
    harness.answer("rtc join", 500);
    harness.rtc(RtcEvent::Disconnected(Outcome::default()));
    harness.emits("");
    assert_eq!(harness.state(), 1);
}

#[test]
fn a_hurried_closers_channel_that_comes_late_is_closed() {
    let mut harness = Harness::new();
    for _ in 0..9 {
        harness.call("bob");
        harness.cancel();
    }
    harness.forget();
    harness.ok("create");
    harness.asked("close ch1");
}

#[test]
fn of_channels_that_come_too_late_the_last_sixteen_are_closed() {
    for (calls, closed) in [(3, 3), (17, 16)] {
        let mut harness = Harness::new();
        for _ in 0..calls {
            harness.call("bob");
            harness.pass(8_000);
            harness.emits("done call 408 · on_call_end 7");
        }
        harness.forget();
        for _ in 0..calls {
            harness.ok("create");
        }
        assert_eq!(harness.waiting().matches("close").count(), closed);
    }
}

/// Traces that exist keep replaying: what a state is called in files does not follow the code.
#[test]
fn fields_keep_their_names_in_files() {
    let mut harness = Harness::calling();
    harness.cancel();
    let state = serde_json::to_value(&harness.engine).expect("a state is JSON");
    assert!(state["teardowns"].as_array().is_some_and(|teardowns| teardowns.len() == 1), "{state}");
    assert!(state["last_teardown"] == 1, "{state}");
    assert!(state["ops"][0]["owner"]["Teardown"] == 1, "{state}");
    let state = serde_json::to_value(&Harness::glare_loser().engine).expect("a state is JSON");
    assert!(state["state"]["Calling"]["glare"].is_object(), "{state}");
}
