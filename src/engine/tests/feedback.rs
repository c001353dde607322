//! Reports about each INVITE to the backend, so that no device reports ringing while it does not ring.

use super::super::input::*;
use super::super::limits;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{EventKind, Origin};

/// Does something to a device.
type Act = fn(&mut Harness);

/// Reports to the backend since the last look.
#[track_caller]
fn backend(harness: &mut Harness, expected: &str) {
    assert_eq!(std::mem::take(&mut harness.states).join(" · "), expected);
}

/// Scenario (strangers): An invite rings: the backend may report it, once the app was notified.
#[test]
fn ringing_is_reported_after_on_invited() {
    let mut harness = Harness::new();
    harness.invite("bob", "p1", "q1");
    backend(&mut harness, "bob p1 Ringing");
    harness.invite("bob", "p1", "q1");
    backend(&mut harness, "bob p1 Ringing");
    harness.accept();
    harness.invite("bob", "p1", "q1");
    backend(&mut harness, "");
    harness.ok("accept");
    harness.invite("bob", "p1", "q1");
    backend(&mut harness, "");
}

/// Scenario (strangers): A second call is parked: registered, and ringing is not reported.
#[test]
fn what_waits_is_held() {
    let mut harness = Harness::called();
    harness.states.clear();
    harness.invite("bob", "p2", "q2");
    backend(&mut harness, "bob p2 Held");
    harness.invite("bob", "p2", "q2");
    backend(&mut harness, "bob p2 Held");
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.emits_last("on_invited bob");
    backend(&mut harness, "");
    let mut harness = Harness::calling();
    harness.invite("bob", "p1", "!");
    backend(&mut harness, "bob p1 Held");
    let mut harness = Harness::calling();
    harness.invite("bob", "p1", "~");
    harness.asked("accept bob p1 ~");
    backend(&mut harness, "");
}

/// Scenario (strangers): An ignored invite is dropped: the backend forgets it and sends no answer.
#[test]
fn what_is_ignored_is_dropped() {
    let cases: [(&str, Act); 8] = [
        ("al p1", |harness| harness.invite("al", "p1", "q1")),
        ("bob ", |harness| harness.invite("bob", "", "q1")),
        ("bob p1", |harness| harness.invite("bob", "p1", "")),
        ("bob p1", |harness| {
            harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
            harness.invite("bob", "p1", "q1");
        }),
        ("bob p1", |harness| {
            harness.signal_from(
                Origin::OtherDevice,
                EventKind::Invite,
                "bob",
                "p1",
                "q1",
                &new_style("p1", "k1"),
            );
        }),
        ("bob p1", |harness| {
            let mut event = harness.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
            event.channel.invalid = true;
            harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
        }),
        ("bob p1", |harness| {
            harness.logout();
            harness.ok("logout");
            harness.invite("bob", "p1", "q1");
        }),
        ("eve p1", |harness| {
            harness.invite("bob", "p1", "q1");
            harness.states.clear();
            harness.invite("eve", "p1", "q1");
        }),
    ];
    for (invite, make) in cases {
        let mut harness = Harness::new();
        make(&mut harness);
        backend(&mut harness, &format!("{invite} Dropped"));
    }
}

/// Scenario (expiry): Each invite of a backlog is reported as ringing, held or dropped.
#[test]
fn each_invite_of_a_backlog_has_its_outcome() {
    let mut harness = Harness::new();
    let invite = |harness: &Harness, from: &str, channel: &str, at: u64| {
        let mut event = harness.event(EventKind::Invite, from, channel, "q", &new_style(channel, "k1"));
        event.channel.create_ms = at;
        event
    };
    let events = vec![
        invite(&harness, "bob", "p1", 1),
        invite(&harness, "bob", "p2", 2),
        invite(&harness, "bob", "p2", 2),
        invite(&harness, "carol", "p3", 1),
        invite(&harness, "dan", "p4", 3),
        harness.event(EventKind::Cancel, "dan", "p4", "q", ""),
    ];
    harness.handle(Input::Signals { origin: Origin::Offline, events });
    backend(&mut harness, "dan p4 Dropped · bob p2 Ringing · bob p1 Dropped");
    harness.asked("reject carol p3 q reason 3");
}

/// Scenario (strangers): In a call of ours, its ids come back as an invite of the peer: that one is dropped.
#[test]
fn our_own_ids_in_the_peers_name_are_dropped() {
    let mut harness = Harness::in_call();
    let call = harness.engine.snapshot();
    let events = vec![harness.event(EventKind::Invite, "bob", &call.channel_id, &call.request_id, "")];
    harness.states.clear();
    harness.handle(Input::Signals { origin: Origin::Online, events });
    backend(&mut harness, &format!("bob {} Dropped", call.channel_id));
}

/// Scenario (strangers): The backlog has an invite, and a copy of it under another account's name: both are
/// reported.
#[test]
fn a_copy_under_another_name_is_reported_too() {
    let mut harness = Harness::new();
    let copy =
        |harness: &Harness, from| harness.event(EventKind::Invite, from, "p1", "p1", &new_style("p1", "k1"));
    let events = vec![copy(&harness, "bob"), copy(&harness, "carol"), copy(&harness, "carol")];
    harness.handle(Input::Signals { origin: Origin::Offline, events });
    backend(&mut harness, "bob p1 Dropped · carol p1 Ringing");
}

/// Scenario (session): Invites that wait for a login are decided when it ends, successfully or not.
#[test]
fn an_invite_that_waits_for_a_login_is_dropped_with_it() {
    let ends: [(Act, &str); 5] = [
        (|harness| harness.ok("login"), "Ringing"),
        (|harness| harness.answer("login", 302), "Dropped"),
        (|harness| harness.logout(), "Dropped"),
        (|harness| harness.kick(), "Dropped"),
        (|harness| harness.pass(10_000), "Dropped"),
    ];
    for (end, state) in ends {
        let mut harness = Harness::new();
        harness.logout();
        harness.ok("logout");
        harness.login("al");
        harness.invite("bob", "p1", "q1");
        backend(&mut harness, "");
        end(&mut harness);
        backend(&mut harness, &format!("bob p1 {state}"));
    }
}

/// Scenario (strangers): More invites than can be answered: the rest is dropped, and an own reject is still
/// possible.
#[test]
fn strangers_do_not_exhaust_our_own_budget() {
    let mut harness = Harness::called();
    harness.states.clear();
    for n in 0..limits::SIDE_OPERATIONS + 2 {
        harness.invite("eve", &format!("e{n}"), "q");
    }
    let last = limits::SIDE_OPERATIONS;
    backend(&mut harness, &format!("eve e{last} Dropped · eve e{} Dropped", last + 1));
    harness.forget();
    harness.reject();
    harness.asked("reject bob p1 q1");
}
