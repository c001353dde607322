//! One account's many messages neither evict another's few, nor fill the app's queue, nor silence a call.

use super::super::input::*;
use super::super::{Config, limits};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{self as signaling, EventKind, Origin};

fn invite(harness: &Harness, from: &str, n: usize) -> signaling::Event {
    let (channel, request) = (format!("{from}{n}"), format!("{from}q{n}"));
    harness.event(EventKind::Invite, from, &channel, &request, &new_style(&channel, "k1"))
}

fn all_at_once(harness: &mut Harness, origin: Origin, events: Vec<signaling::Event>) {
    harness.handle(Input::Signals { origin, events });
}

/// Scenario (strangers): Eight accounts call repeatedly: an ended call does not ring again.
#[test]
fn eight_strangers_do_not_make_an_ended_call_ring_again() {
    let mut harness = Harness::called();
    harness.accept();
    harness.ok("accept");
    harness.settle();
    for n in 0..400 {
        let event = invite(&harness, &format!("eve{}", n % 8), n);
        all_at_once(&mut harness, Origin::Online, vec![event]);
        harness.settle();
    }
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.asked("");
    harness.hangup();
    harness.settle();
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.emits("");
}

/// Scenario (strangers): More accounts than the table has entries call: the calls of this device stay known.
#[test]
fn calls_that_were_shown_are_remembered_whoever_else_calls() {
    let mut harness = Harness::called();
    harness.reject();
    harness.settle();
    harness.invite("dan", "d1", "d2");
    for n in 0..2 * limits::TOMBSTONES {
        let event = invite(&harness, &format!("eve{n}"), n);
        all_at_once(&mut harness, Origin::Online, vec![event]);
        harness.settle();
    }
    harness.reject();
    harness.settle();
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.invite("dan", "d1", "d2");
    harness.emits("");
}

/// Scenario (strangers): The live call is known after every eviction.
#[test]
fn the_invite_of_the_live_call_is_known_from_the_call_itself() {
    let mut harness = Harness::in_call_as_callee();
    harness.pass(601_000);
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.asked("");
    harness.emits("");
}

/// Scenario (strangers): A batch of a hundred thousand messages contains one other account's call: it is
/// found.
#[test]
fn in_a_huge_batch_each_account_has_its_share() {
    for origin in [Origin::Online, Origin::Offline] {
        let mut harness = Harness::new();
        let mut events = vec![invite(&harness, "bob", 1)];
        let mut junk = invite(&harness, "eve", 1);
        events.extend((0..100_000).map(|n: usize| {
            junk.request_id = n.to_string().into();
            junk.kind = EventKind::Cancel;
            junk.clone()
        }));
        all_at_once(&mut harness, origin, events);
        harness.emits("on_invited bob");
    }
}

/// Scenario (strangers): A huge batch contains the end of our call: it counts.
#[test]
fn in_a_huge_batch_the_end_of_the_live_call_counts() {
    let mut harness = Harness::in_call();
    let close = harness.event(EventKind::Close, "bob", "ch1", "", "");
    let forged = harness.event(EventKind::Close, "eve", "ch1", "", "");
    let mut events = vec![close];
    for n in 0..100_000 {
        events.push(signaling::Event { from: format!("eve{n}").into(), ..forged.clone() });
    }
    all_at_once(&mut harness, Origin::Online, events);
    assert_eq!(harness.state(), 0);
}

/// Scenario (strangers): One account's backlog does not hide another's call.
#[test]
fn a_backlog_of_one_account_does_not_hide_anothers_call() {
    let mut harness = Harness::new();
    let mut events = vec![invite(&harness, "bob", 1)];
    events.extend((0..200).map(|n| invite(&harness, "eve", n)));
    all_at_once(&mut harness, Origin::Offline, events);
    let (emitted, _) = harness.logs();
    assert!(emitted.contains("bob"), "{emitted}");
}

/// Scenario (switch): The peer's client switches the type repeatedly: a few are reported, then the newest.
#[test]
fn reports_of_type_switches_are_rate_limited() {
    let mut harness = Harness::in_call();
    harness.forget();
    for n in 0..1_001 {
        harness.control("ch1", if n % 2 == 0 { "{\"cid\":2,\"type\":2}" } else { "{\"cid\":2,\"type\":1}" });
    }
    let change = |kind: &str| format!("on_call_type_change {kind} 0");
    harness.emits(&[change("video"), change("audio"), change("video"), change("audio")].join(" · "));
    harness.pass(u64::from(limits::COALESCE_MS));
    harness.emits(&change("video"));
    harness.control("ch1", "{\"cid\":2,\"type\":1}");
    harness.control("ch1", "{\"cid\":2,\"type\":2}");
    harness.control("ch1", "{\"cid\":2,\"type\":1}");
    harness.control("ch1", "{\"cid\":2,\"type\":2}");
    harness.control("ch1", "{\"cid\":2,\"type\":1}");
    harness.forget();
    harness.hangup();
    harness.pass(u64::from(limits::COALESCE_MS));
    let (emitted, _) = harness.logs();
    assert!(!emitted.contains("type_change"), "nothing comes after the end: {emitted}");
}

/// Scenario (switch): The peer requests repeatedly: the app is asked a few times, the rest is refused.
#[test]
fn a_storm_of_questions_about_the_type_is_refused() {
    let mut harness =
        Harness::with(Config { caps: caps(), confirm_audio_to_video: true, ..Config::default() });
    harness.place_call();
    harness.become_connected();
    harness.settle();
    harness.forget();
    for _ in 0..100 {
        harness.control("ch1", "{\"cid\":3,\"type\":2,\"state\":1}");
        harness.control("ch1", "{\"cid\":2,\"type\":2}");
        harness.control("ch1", "{\"cid\":2,\"type\":1}");
        harness.settle();
    }
    let (emitted, asked) = harness.logs();
    assert_eq!(emitted.matches("on_call_type_request").count(), limits::SWITCH_BURST as usize, "{emitted}");
    assert_eq!(asked.matches("state 3").count(), 100 - limits::SWITCH_BURST as usize, "{asked}");
}
