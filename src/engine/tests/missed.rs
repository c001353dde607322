//! Calls that did not ring, reported at once and rate-limited.

use super::super::limits;
use super::super::output::{Event, MissedCall};
use super::harness::Harness;

fn missed(harness: &Harness) -> Vec<&MissedCall> {
    let events = harness.events.iter();
    events
        .filter_map(|event| if let Event::MissedCall(missed) = event { Some(missed) } else { None })
        .collect()
}

/// Scenario (busy): A third party calls while we are in a call, calling or ringing: it is reported at once.
#[test]
fn a_busy_caller_is_a_missed_call_with_its_ids() {
    for mut harness in [
        Harness::calling(),
        Harness::called(),
        Harness::accepting(),
        Harness::glare_loser(),
        Harness::in_call(),
    ] {
        harness.invite("carol", "c1", "s1");
        harness.emits("on_missed_call carol busy");
        let missed = missed(&harness);
        let [MissedCall { channel_id, request_id, count, .. }] = &*missed else { panic!("{missed:?}") };
        assert_eq!((&**channel_id, &**request_id, *count), ("c1", "s1", 1));
    }
}

/// Both called each other, and the other invite arrives when the call is connected already.
#[test]
fn the_peer_of_a_call_is_not_missed() {
    let mut harness = Harness::in_call();
    harness.invite("bob", "c9", "s9");
    harness.asked("reject bob c9 s9 reason 3");
    harness.emits("");
    harness.pass(60_000);
    harness.emits("");
}

/// Scenario (busy): The same account calls repeatedly while we are in a call: counted, and reported once a
/// window.
#[test]
fn repeated_calls_while_busy_are_counted() {
    let mut harness = Harness::in_call();
    for n in 0..30 {
        harness.invite("carol", &format!("c{n}"), "s");
        harness.pass(10);
    }
    harness.emits("on_missed_call carol busy");
    harness.invite("dave", "d", "s");
    harness.emits("on_missed_call dave busy");
    harness.pass(u64::from(limits::COALESCE_MS) - 301);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_missed_call carol busy");
    let missed = missed(&harness);
    let last = missed.last().expect("it was emitted");
    assert_eq!((&*last.channel_id, last.count), ("c29", 29));
    harness.pass(60_000);
    harness.emits("");
}

/// Scenario (session): Counted calls are reported before a logout, and nothing after it.
#[test]
fn counted_calls_are_reported_before_the_session_ends() {
    let mut harness = Harness::in_call();
    harness.invite("carol", "c1", "s");
    harness.invite("carol", "c2", "s");
    harness.forget();
    harness.logout();
    harness.emits("on_message_sent 1 · on_call_end 0 · on_missed_call carol busy");
    harness.settle();
    harness.emits("done logout 0");
    harness.pass(60_000);
    harness.emits("");

    let mut harness = Harness::in_call();
    harness.invite("carol", "c1", "s");
    harness.invite("carol", "c2", "s");
    harness.forget();
    harness.kick();
    harness.emits("on_missed_call carol busy · on_kicked · on_disconnect · on_call_end 8");
}

/// An app that takes no events gets no missed calls either.
#[test]
fn missed_calls_wait_for_an_app_that_takes_events() {
    let mut harness = Harness::in_call();
    harness.handle(super::super::input::Input::Backlog(true));
    harness.invite("carol", "c1", "s1");
    harness.asked("reject carol c1 s1 reason 3");
    harness.emits("");
}
