//! What waited while this device was offline.

use super::super::Config;
use super::super::input::*;
use super::super::output::Event;
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{self as signaling, EventKind, OperationResult, Origin};

/// Service clock at the login.
const CLOCK: u64 = 1_000_000;

/// Logged in at a service that reports its clock.
fn online() -> Harness {
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    harness.answer_with("login", OperationResult { server_ms: CLOCK, ..OperationResult::default() });
    harness.forget();
    harness
}

/// An invite that the service saw `age_ms` before the login.
fn invite(harness: &Harness, from: &str, channel: &str, age_ms: u64) -> signaling::Event {
    let mut event = harness.event(EventKind::Invite, from, channel, channel, &new_style(channel, "k1"));
    event.time_ms = CLOCK - age_ms;
    event.channel.create_ms = CLOCK - age_ms;
    event
}

fn batch(harness: &mut Harness, events: Vec<signaling::Event>) {
    harness.handle(Input::Signals { origin: Origin::Offline, events });
}

/// Scenario (expiry): A caller called while we were offline and still does: it rings after the login,
/// marked as from the backlog.
#[test]
fn an_invite_from_the_backlog_rings_as_offline() {
    let mut harness = online();
    let event = invite(&harness, "bob", "p1", 1_000);
    batch(&mut harness, vec![event]);
    harness.emits("on_invited bob");
    let Some(Event::Invited(invited)) = harness.events.last() else { panic!("it rings") };
    assert!(invited.offline);
    assert_eq!(invited.invited_at_ms, CLOCK - 1_000);
}

/// Scenario (expiry): An invite of the backlog is older than 120 seconds, or its channel has ended: a missed
/// call.
#[test]
fn what_is_older_than_120_seconds_or_invalid_is_missed() {
    let mut harness = online();
    let old = invite(&harness, "bob", "p1", 120_000);
    let mut invalid = invite(&harness, "carol", "p2", 0);
    invalid.channel.invalid = true;
    batch(&mut harness, vec![old, invalid]);
    let mut missed = harness.events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>();
    missed.sort();
    assert_eq!(missed.len(), 2);
    assert!(missed.iter().all(|event| event.contains("Expired")), "{missed:?}");
    harness.asked("");
    assert_eq!(harness.state(), 0);
}

/// Scenario (expiry): An invite just within its 120 seconds rings for the rest; at the limit and after
/// it, it is a missed call.
#[test]
fn an_invite_rings_for_the_rest_of_its_120_seconds() {
    for origin in [Origin::Online, Origin::Offline] {
        let mut harness = online();
        let events = vec![invite(&harness, "bob", "p1", 119_999)];
        harness.handle(Input::Signals { origin, events });
        harness.emits("on_invited bob");
        harness.pass(1);
        harness.emits("on_user_busy al · on_call_end 2");
        for age in [120_000, 120_001, 999_999] {
            let mut harness = online();
            let events = vec![invite(&harness, "bob", "p1", age)];
            harness.handle(Input::Signals { origin, events });
            harness.emits("on_missed_call bob expired");
            harness.asked("");
        }
    }
}

/// Scenario (expiry): The backlog holds an invite and its end, in any order: a missed call, and no ring.
#[test]
fn ends_in_the_batch_count_wherever_they_stand() {
    for (signal, from, emitted) in [
        (EventKind::Cancel, "bob", "on_missed_call bob cancelled"),
        (EventKind::Close, "bob", "on_missed_call bob cancelled"),
        (EventKind::Accept, "al", "on_missed_call bob answeredelsewhere"),
        (EventKind::Reject, "al", "on_missed_call bob answeredelsewhere"),
    ] {
        for is_first in [true, false] {
            let mut harness = online();
            let ring = invite(&harness, "bob", "p1", 1_000);
            let end = harness.event(signal, from, "p1", "p1", "");
            batch(&mut harness, if is_first { vec![end, ring.clone()] } else { vec![ring.clone(), end] });
            harness.emits(emitted);
            harness.asked("");
            // And for good.
            harness.handle(Input::Signals { origin: Origin::Online, events: vec![ring] });
            harness.emits("");
        }
    }
}

/// Scenario (wrong): A third party's cancel in the backlog ends nothing.
#[test]
fn a_strangers_cancel_in_a_batch_ends_nothing() {
    let mut harness = online();
    let ring = invite(&harness, "bob", "p1", 1_000);
    let cancel = harness.event(EventKind::Cancel, "eve", "p1", "p1", "");
    let close = harness.event(EventKind::Close, "eve", "p1", "", "");
    batch(&mut harness, vec![cancel, close, ring]);
    harness.emits("on_invited bob");
}

/// Scenario (expiry): Several accounts called while we were offline: the newest call rings, the others are
/// missed calls.
#[test]
fn the_newest_rings_and_the_others_report_a_reason() {
    let mut harness = online();
    let events = vec![
        invite(&harness, "bob", "p1", 9_000),
        invite(&harness, "bob", "p2", 1_000),
        invite(&harness, "carol", "p3", 5_000),
    ];
    batch(&mut harness, events);
    harness.emits("on_invited bob · on_missed_call carol busy · on_missed_call bob replaced");
    harness.asked("reject carol p3 p3 reason 3");
    assert_eq!(&*harness.snapshot().channel_id, "p2");
}

/// Scenario (expiry): A backlog arrives in a call: all its callers get busy and are missed calls.
#[test]
fn in_a_call_all_are_busy() {
    let mut harness = Harness::in_call();
    let events = vec![harness.event(EventKind::Invite, "carol", "p1", "q1", &new_style("p1", "k1"))];
    batch(&mut harness, events);
    harness.emits("on_missed_call carol busy");
    harness.asked("reject carol p1 q1 reason 3");
}

/// Scenario (expiry): We were offline for a moment in a call: messages of the backlog about it apply now.
#[test]
fn a_batch_affects_the_live_call_as_if_online() {
    let mut harness = Harness::in_call();
    let close = harness.event(EventKind::Close, "bob", "ch1", "", "");
    batch(&mut harness, vec![close]);
    harness.emits("on_message_sent 1 · on_call_end 16");
    let mut harness = Harness::calling();
    let accept = harness.event(EventKind::Accept, "bob", "ch1", "r1", "{\"version\":\"1.8.1\"}");
    batch(&mut harness, vec![accept]);
    harness.emits("on_user_accept bob");
    let mut harness = Harness::called();
    let sync = harness.event(EventKind::Accept, "al", "p1", "q1", "");
    batch(&mut harness, vec![sync]);
    harness.emits("on_other_client_accept bob · on_call_end 18");
}

#[test]
fn a_group_invite_in_the_batch_is_missed() {
    let mut harness = online();
    let mut event = invite(&harness, "bob", "p1", 1_000);
    event.custom_info = new_style("p1", "k1").replace("\"callType\":0", "\"callType\":1").into();
    batch(&mut harness, vec![event]);
    harness.emits("on_missed_call bob group");
    harness.asked("reject bob p1 p1 reason 3");
}

/// Scenario (glare): The account we call had called us while we were offline: that is a glare too.
#[test]
fn a_backlog_invite_of_the_user_we_call_is_a_glare() {
    let mut harness = Harness::calling();
    let event = harness.event(EventKind::Invite, "bob", "p1", "zz", &new_style("p1", "k1"));
    batch(&mut harness, vec![event]);
    harness.asked("accept bob p1 zz");
    harness.emits("");
}

/// Scenario (expiry): A ring from the backlog ends when the invite is 120 seconds old.
#[test]
fn a_backlog_ring_ends_when_the_invite_is_120_s_old() {
    let mut harness = online();
    let event = invite(&harness, "bob", "p1", 110_000);
    batch(&mut harness, vec![event]);
    harness.forget();
    harness.pass(9_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_user_busy al · on_call_end 2");
}

#[test]
fn an_end_in_the_backlog_counts_for_an_invite_that_comes_later() {
    for (signal, request) in [(EventKind::Cancel, "q1"), (EventKind::Close, "")] {
        let mut harness = online();
        let end = harness.event(signal, "bob", "p1", request, "");
        batch(&mut harness, vec![end]);
        harness.invite("bob", "p1", "q1");
        harness.emits("");
        harness.invite("bob", "p9", "q9");
        harness.emits("on_invited bob");
    }
}

#[test]
fn a_backlog_cancel_ends_only_the_invite_it_names() {
    let mut harness = online();
    let ring = invite(&harness, "bob", "p1", 1_000);
    let other = harness.event(EventKind::Cancel, "bob", "p1", "another", "");
    batch(&mut harness, vec![ring, other]);
    harness.emits("on_invited bob");
    let mut harness = online();
    let other = harness.event(EventKind::Cancel, "bob", "p1", "another", "");
    batch(&mut harness, vec![other]);
    harness.invite("bob", "p1", "q1");
    harness.emits("on_invited bob");
}

#[test]
fn only_our_own_answers_end_an_invite_of_the_backlog() {
    for signal in [EventKind::Accept, EventKind::Reject] {
        for from in ["bob", "eve"] {
            let mut harness = online();
            let ring = invite(&harness, "bob", "p1", 1_000);
            let answer = harness.event(signal, from, "p1", "p1", "");
            batch(&mut harness, vec![ring, answer]);
            harness.emits("on_invited bob");
        }
    }
}

#[test]
fn a_batch_that_ends_two_invites_lets_neither_ring() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.forget();
    let ends = [("p1", "q1"), ("p2", "q2")]
        .map(|(channel, request)| harness.event(EventKind::Cancel, "bob", channel, request, ""));
    batch(&mut harness, ends.to_vec());
    harness.emits("on_user_cancel bob · on_call_end 12");
}

#[test]
fn a_call_within_one_batch_never_touches_media() {
    let mut harness = Harness::calling();
    let accept = harness.event(EventKind::Accept, "bob", "ch1", "r1", "{\"version\":\"1.8.1\"}");
    let close = harness.event(EventKind::Close, "bob", "ch1", "", "");
    batch(&mut harness, vec![accept, close]);
    harness.emits("on_user_accept bob · on_call_end 16");
    harness.asked("");
    assert_eq!(harness.engine.poll_timeout(), None);
}

/// Scenario (order): The backlog has an invite twice, and the peer is being called, or
/// silent in a call: it counts once, and does not ring again when its end was reported.
#[test]
fn an_invite_that_the_backlog_has_twice_counts_once() {
    let mut harness = Harness::calling();
    let copies = |harness: &Harness| vec![invite(harness, "bob", "zz", 0), invite(harness, "bob", "zz", 0)];
    let events = copies(&harness);
    batch(&mut harness, events);
    harness.asked("accept bob zz zz");
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(5_000);
    let mut events = copies(&harness);
    events.push(invite(&harness, "bob", "p1", 1_000));
    harness.forget();
    batch(&mut harness, events);
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "zz", "zz", "");
    harness.emits_last("on_call_end 18");
    assert_eq!(harness.state(), 0);
}
