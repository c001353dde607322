//! What the backend learns of each INVITE, so that no device says that it rings while it does not.

use super::super::input::*;
use super::super::limits;
use super::rig::{Rig, new_style};
use nertc_callkit_signaling::{EventKind, Origin};

/// Does something to a device.
type Act = fn(&mut Rig);

/// What the backend was told since the last look.
#[track_caller]
fn backend(rig: &mut Rig, expected: &str) {
    assert_eq!(std::mem::take(&mut rig.states).join(" · "), expected);
}

/// Scenario (strangers): An invite rings: the backend may say so, once the app knows.
#[test]
fn what_rings_is_said_after_the_app_was_told() {
    let mut rig = Rig::new();
    rig.invite("bob", "p1", "q1");
    backend(&mut rig, "bob p1 Ringing");
    rig.invite("bob", "p1", "q1");
    backend(&mut rig, "bob p1 Ringing");
    rig.accept();
    rig.invite("bob", "p1", "q1");
    backend(&mut rig, "");
    rig.ok("accept");
    rig.invite("bob", "p1", "q1");
    backend(&mut rig, "");
}

/// Scenario (strangers): A second call waits: registered, and nobody says that it rings.
#[test]
fn what_waits_is_held() {
    let mut rig = Rig::called();
    rig.states.clear();
    rig.invite("bob", "p2", "q2");
    backend(&mut rig, "bob p2 Held");
    rig.invite("bob", "p2", "q2");
    backend(&mut rig, "bob p2 Held");
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.told_last("on_invited bob");
    backend(&mut rig, "");
    let mut rig = Rig::calling();
    rig.invite("bob", "p1", "!");
    backend(&mut rig, "bob p1 Held");
    let mut rig = Rig::calling();
    rig.invite("bob", "p1", "~");
    rig.asked("accept bob p1 ~");
    backend(&mut rig, "");
}

/// Scenario (strangers): Whatever is ignored is dropped: the backend forgets it and answers nobody.
#[test]
fn what_is_ignored_is_dropped() {
    let cases: [(&str, Act); 8] = [
        ("al p1", |rig| rig.invite("al", "p1", "q1")),
        ("bob ", |rig| rig.invite("bob", "", "q1")),
        ("bob p1", |rig| rig.invite("bob", "p1", "")),
        ("bob p1", |rig| {
            rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
            rig.invite("bob", "p1", "q1");
        }),
        ("bob p1", |rig| {
            rig.signal_from(
                Origin::OtherDevice,
                EventKind::Invite,
                "bob",
                "p1",
                "q1",
                &new_style("p1", "k1"),
            );
        }),
        ("bob p1", |rig| {
            let mut event = rig.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
            event.channel.invalid = true;
            rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
        }),
        ("bob p1", |rig| {
            rig.logout();
            rig.ok("logout");
            rig.invite("bob", "p1", "q1");
        }),
        ("eve p1", |rig| {
            rig.invite("bob", "p1", "q1");
            rig.states.clear();
            rig.invite("eve", "p1", "q1");
        }),
    ];
    for (invite, make) in cases {
        let mut rig = Rig::new();
        make(&mut rig);
        backend(&mut rig, &format!("{invite} Dropped"));
    }
}

/// Scenario (expiry): Each invite of a backlog has its fate.
#[test]
fn each_invite_of_a_backlog_has_its_fate() {
    let mut rig = Rig::new();
    let invite = |rig: &Rig, from: &str, channel: &str, at: u64| {
        let mut event = rig.event(EventKind::Invite, from, channel, "q", &new_style(channel, "k1"));
        event.channel.create_ms = at;
        event
    };
    let events = vec![
        invite(&rig, "bob", "p1", 1),
        invite(&rig, "bob", "p2", 2),
        invite(&rig, "bob", "p2", 2),
        invite(&rig, "carol", "p3", 1),
        invite(&rig, "dan", "p4", 3),
        rig.event(EventKind::Cancel, "dan", "p4", "q", ""),
    ];
    rig.handle(Input::Signals { origin: Origin::Offline, events });
    backend(&mut rig, "dan p4 Dropped · bob p2 Ringing · bob p1 Dropped");
    rig.asked("reject carol p3 q reason 3");
}

/// Scenario (session): Invites that wait for a login learn of their fate when it ends, however it does.
#[test]
fn an_invite_that_waits_for_a_login_is_dropped_with_it() {
    let ends: [(Act, &str); 5] = [
        (|rig| rig.ok("login"), "Ringing"),
        (|rig| rig.answer("login", 302), "Dropped"),
        (|rig| rig.logout(), "Dropped"),
        (|rig| rig.kick(), "Dropped"),
        (|rig| rig.pass(10_000), "Dropped"),
    ];
    for (end, state) in ends {
        let mut rig = Rig::new();
        rig.logout();
        rig.ok("logout");
        rig.login("al");
        rig.invite("bob", "p1", "q1");
        backend(&mut rig, "");
        end(&mut rig);
        backend(&mut rig, &format!("bob p1 {state}"));
    }
}

/// Scenario (strangers): More invites than can be answered: what is not answered is dropped, and an own
/// reject is still possible.
#[test]
fn strangers_do_not_use_up_the_answers_of_our_own_calls() {
    let mut rig = Rig::called();
    rig.states.clear();
    for n in 0..limits::SIDE_OPERATIONS + 2 {
        rig.invite("eve", &format!("e{n}"), "q");
    }
    let last = limits::SIDE_OPERATIONS;
    backend(&mut rig, &format!("eve e{last} Dropped · eve e{} Dropped", last + 1));
    rig.forget();
    rig.reject();
    rig.asked("reject bob p1 q1");
}
