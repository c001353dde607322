//! Which call the app means.

use super::super::input::*;
use super::harness::Harness;
use nertc_callkit_signaling::{Code, EventKind, Text};

fn named(no: u64) -> CallRef {
    CallRef { call_no: no, ..CallRef::default() }
}

fn account(name: &str) -> CallRef {
    CallRef { account: Some(name.into()), ..CallRef::default() }
}

#[test]
fn every_given_field_is_compared_and_empty_ones_are_not() {
    let fits = [
        CallRef::default(),
        named(1),
        account("bob"),
        CallRef { channel_id: Some("p1".into()), ..CallRef::default() },
        CallRef { request_id: Some("q1".into()), ..account("bob") },
    ];
    for call in fits {
        let mut harness = Harness::called();
        harness.reject_of(call.clone());
        assert_eq!((harness.last_code(), harness.state()), (Code::OK, 0), "{call:?}");
    }
    let strangers = [
        named(2),
        account("eve"),
        CallRef { channel_id: Some("p2".into()), ..named(1) },
        CallRef { request_id: Some("q2".into()), ..account("bob") },
    ];
    for call in strangers {
        let mut harness = Harness::called();
        harness.reject_of(call.clone());
        assert_eq!((harness.last_code(), harness.state()), (Code::CALL_MISMATCH, 2), "{call:?}");
    }
}

#[test]
fn the_state_is_checked_before_the_ids() {
    let mut harness = Harness::called();
    harness.cancel_of(account("eve"));
    assert_eq!(harness.last_code(), Code::CANCEL_IN_CALLED);
}

/// Scenario (wrong): The user taps "accept" as one call ends and another rings: only the
/// call that was shown is accepted.
#[test]
fn a_tap_meant_for_one_caller_never_answers_another() {
    let mut harness = Harness::called();
    let meant = harness.implied();
    harness.peer_cancels();
    harness.invite("carol", "c1", "s1");
    harness.forget();
    harness.accept_of(meant);
    harness.emits("done accept 90001");
    harness.asked("");
    // The end of the first was shown, the ring of the second was not yet.
    harness.accept_of(CallRef { implied: true, ..CallRef::default() });
    harness.emits("done accept 90001");
    assert_eq!(harness.state(), 2);
}

/// Scenario (wrong): The user hangs up a call that has just ended: that succeeds, and the next call is
/// not affected.
#[test]
fn ending_an_ended_call_succeeds_and_spares_the_next() {
    let mut harness = Harness::called();
    let meant = harness.implied();
    harness.peer_cancels();
    harness.invite("carol", "c1", "s1");
    harness.forget();
    harness.reject_of(meant.clone());
    harness.hangup_of(meant);
    harness.reject_of(named(1));
    harness.reject_of(account("bob"));
    harness.emits("done reject 0 · done hangup 0 · done reject 0 · done reject 0");
    harness.asked("");
    assert_eq!(harness.state(), 2);
}

/// Scenario (wrong): A function names a call that never existed: a mismatch.
#[test]
fn a_call_that_never_was_is_a_mismatch() {
    let mut harness = Harness::called();
    harness.reject_of(named(99));
    assert_eq!(harness.last_code(), Code::CALL_MISMATCH);
}

/// Scenario (wrong): cancel() right after call() means that call.
#[test]
fn a_cancel_right_after_call_means_that_call() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.emits("done call 90004 · done cancel 0 · on_call_end 11");
}

#[test]
fn a_cancel_of_a_call_whose_failure_is_on_its_way_is_fulfilled() {
    let mut harness = Harness::new();
    harness.call("bob");
    let meant = harness.implied();
    harness.answer("create", 500);
    harness.forget();
    harness.cancel_of(meant);
    harness.emits("done cancel 0");
}

#[test]
fn when_idle_a_null_reference_gets_the_states_code() {
    let mut harness = Harness::new();
    harness.hangup();
    assert_eq!(harness.last_code(), Code::HANGUP_IN_IDLE);
    harness.accept();
    assert_eq!(harness.last_code(), Code::ACCEPT_IN_IDLE);
}

#[test]
fn completions_and_events_carry_the_number_of_their_call() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.settle();
    harness.place_call();
    assert_eq!(harness.snapshot().call_no, 2);
    harness.cancel();
    assert_eq!(harness.results.last().map(|result| result.call_no), Some(2));
    assert_eq!(harness.last_end().call_no, 2);
}

/// Scenario (wrong): A reference to an ended call must match in every field.
#[test]
fn a_reference_to_an_ended_call_must_match_entirely() {
    let full = || CallRef {
        call_no: 1,
        channel_id: Some("p1".into()),
        account: Some("bob".into()),
        request_id: Some("q1".into()),
        ..CallRef::default()
    };
    let text = || Some(Text::from("x"));
    let refs = [
        (full(), Code::OK),
        (CallRef { call_no: 0, ..full() }, Code::OK),
        (CallRef { call_no: 2, ..full() }, Code::CALL_MISMATCH),
        (CallRef { channel_id: text(), ..full() }, Code::CALL_MISMATCH),
        (CallRef { account: text(), ..full() }, Code::CALL_MISMATCH),
        (CallRef { request_id: text(), ..full() }, Code::CALL_MISMATCH),
    ];
    for (call, code) in refs {
        let mut harness = Harness::called();
        harness.peer_cancels();
        harness.invite("carol", "c1", "s1");
        harness.reject_of(call.clone());
        assert_eq!((harness.last_code(), harness.state()), (code, 2), "{call:?}");
    }
}

/// Scenario (wrong): Any earlier call can be named by its number.
#[test]
fn an_earlier_call_no_succeeds_and_a_later_one_fails() {
    let mut harness = Harness::called();
    harness.peer_cancels();
    harness.invite("carol", "c1", "s1");
    harness.signal(EventKind::Cancel, "carol", "c1", "s1", "");
    harness.invite("dave", "d1", "t1");
    harness.forget();
    for (no, code) in [(1, Code::OK), (2, Code::OK), (4, Code::CALL_MISMATCH)] {
        harness.reject_of(named(no));
        assert_eq!((harness.last_code(), harness.state()), (code, 2), "{no}");
    }
    let number_and_more = CallRef { account: Some("bob".into()), ..named(1) };
    harness.reject_of(number_and_more);
    assert_eq!(harness.last_code(), Code::CALL_MISMATCH, "only the last call's ids are remembered");
}
