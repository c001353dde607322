//! A device of the called account rings, and the caller is notified.

use super::super::state::Phase;
use super::harness::Harness;
use nertc_callkit_signaling::{EventKind, Origin};

fn rings(harness: &mut Harness) {
    harness.signal(EventKind::Ringing, "bob", "ch1", "r1", "");
}

/// Scenario (ordinary): Several devices of the called account ring: the caller is notified once.
#[test]
fn ringing_is_reported_once() {
    let mut harness = Harness::calling();
    rings(&mut harness);
    harness.emits("on_user_ringing bob");
    rings(&mut harness);
    harness.emits("");
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
    // The next call is reported anew.
    harness.hangup();
    harness.settle();
    harness.start_over();
    harness.place_call();
    rings(&mut harness);
    harness.emits("on_user_ringing bob");
}

/// Scenario (ordinary): It rings before the service confirms the invite: done(call) comes first, and what the
/// service reports later changes nothing.
#[test]
fn ringing_proves_the_invite() {
    for code in [0, 408] {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.forget();
        rings(&mut harness);
        harness.emits("done call 0 · on_user_ringing bob");
        harness.answer("invite", code);
        harness.emits("");
        assert_eq!(harness.engine.phase(), Phase::Calling);
        harness.pass(30_000);
        harness.asked("cancel bob ch1 r1 reason 2");
    }
}

/// Scenario (ordinary): Ringing is not reported after the answer, after the end, or while its user cancels.
#[test]
fn ringing_that_comes_too_late_is_nothing() {
    let mut timing_out = Harness::calling();
    timing_out.pass(30_000);
    let mut ended = Harness::calling();
    ended.cancel();
    for mut harness in
        [Harness::in_call(), timing_out, ended, Harness::glare_loser(), Harness::new(), Harness::called()]
    {
        harness.forget();
        rings(&mut harness);
        harness.emits("");
        harness.asked("");
    }
    let mut harness = Harness::glare_winner();
    rings(&mut harness);
    harness.emits("on_user_ringing bob");
}

/// Scenario (wrong): Only the called account's own message about this very invite counts.
#[test]
fn ringing_of_somebody_else_or_of_another_call_is_nothing() {
    let mut harness = Harness::calling();
    for (from, channel, request) in [
        ("eve", "ch1", "r1"),
        ("al", "ch1", "r1"),
        ("bob", "ch2", "r1"),
        ("bob", "ch1", "x"),
        ("bob", "", ""),
    ] {
        harness.signal(EventKind::Ringing, from, channel, request, "");
        harness.emits("");
    }
    harness.signal_from(Origin::OtherDevice, EventKind::Ringing, "bob", "ch1", "r1", "");
    harness.emits("");
    // Before the invite is sent nobody can know of it.
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    rings(&mut harness);
    harness.emits("");
}
