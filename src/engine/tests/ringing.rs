//! A device of the called account rings, and the caller is told so.

use super::super::state::Phase;
use super::rig::Rig;
use nertc_callkit_signaling::{EventKind, Origin};

fn rings(rig: &mut Rig) {
    rig.signal(EventKind::Ringing, "bob", "ch1", "r1", "");
}

/// Scenario (ordinary): Several devices of the called account ring: the caller is told once.
#[test]
fn ringing_is_told_once_however_many_devices_ring() {
    let mut rig = Rig::calling();
    rings(&mut rig);
    rig.told("on_user_ringing bob");
    rings(&mut rig);
    rig.told("");
    rig.peer_accepts();
    rig.told("on_user_accept bob");
    // The next call is told anew.
    rig.hangup();
    rig.settle();
    rig.start_over();
    rig.place_call();
    rings(&mut rig);
    rig.told("on_user_ringing bob");
}

/// Scenario (ordinary): It rings before the service confirms the invite: done(call) comes first, and what the
/// service says later changes nothing.
#[test]
fn ringing_proves_the_invite() {
    for code in [0, 408] {
        let mut rig = Rig::new();
        rig.call("bob");
        rig.ok("create");
        rig.ok("join");
        rig.forget();
        rings(&mut rig);
        rig.told("done call 0 · on_user_ringing bob");
        rig.answer("invite", code);
        rig.told("");
        assert_eq!(rig.engine.phase(), Phase::Calling);
        rig.pass(30_000);
        rig.asked("cancel bob ch1 r1 reason 2");
    }
}

/// Scenario (ordinary): Nothing rings for the app after the answer, after the end, or while its user takes
/// the invite back.
#[test]
fn ringing_that_comes_too_late_is_nothing() {
    let mut timing_out = Rig::calling();
    timing_out.pass(30_000);
    let mut ended = Rig::calling();
    ended.cancel();
    for mut rig in [Rig::in_call(), timing_out, ended, Rig::glare_loser(), Rig::new(), Rig::called()] {
        rig.forget();
        rings(&mut rig);
        rig.told("");
        rig.asked("");
    }
    let mut rig = Rig::glare_winner();
    rings(&mut rig);
    rig.told("on_user_ringing bob");
}

/// Scenario (wrong): Only the called account's own word about this very invite counts.
#[test]
fn ringing_of_somebody_else_or_of_another_call_is_nothing() {
    let mut rig = Rig::calling();
    for (from, channel, request) in [
        ("eve", "ch1", "r1"),
        ("al", "ch1", "r1"),
        ("bob", "ch2", "r1"),
        ("bob", "ch1", "x"),
        ("bob", "", ""),
    ] {
        rig.signal(EventKind::Ringing, from, channel, request, "");
        rig.told("");
    }
    rig.signal_from(Origin::OtherDevice, EventKind::Ringing, "bob", "ch1", "r1", "");
    rig.told("");
    // Before the invite is out nobody can know of it.
    let mut rig = Rig::new();
    rig.call("bob");
    rig.ok("create");
    rig.forget();
    rings(&mut rig);
    rig.told("");
}
