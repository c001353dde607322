//! The call policy: one test for each of its rows.

use super::super::input::*;
use super::super::output::Event;
use super::super::wire;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{CallPolicy, EventKind, Origin, PolicyRule, Text};

fn policy(rule: PolicyRule, accounts: &[&str]) -> CallPolicy {
    CallPolicy {
        rule,
        accounts: accounts.iter().map(|name| Text::from(*name)).collect(),
        ..CallPolicy::default()
    }
}

fn set(harness: &mut Harness, policy: CallPolicy) {
    harness.command(Command::SetCallPolicy(policy));
    harness.emits_last("done none 0");
    harness.forget();
    harness.states.clear();
}

fn with(policy: CallPolicy) -> Harness {
    let mut harness = Harness::new();
    set(&mut harness, policy);
    harness
}

/// Nobody's, answered busy.
fn busy() -> CallPolicy {
    CallPolicy { answers_busy: true, ..policy(PolicyRule::Nobody, &[]) }
}

fn rings(harness: &mut Harness, from: &str) -> bool {
    let channel = format!("p{}", harness.events.len());
    harness.invite(from, &channel, "q1");
    harness.state() == 2
}

/// Scenario (policy): The rule decides whose invites ring.
#[test]
fn the_policy_decides_who_rings() {
    let listed = &["bob", "carol"];
    for (rule, bob, eve) in [
        (PolicyRule::Everybody, true, true),
        (PolicyRule::OnlyListed, true, false),
        (PolicyRule::AllButListed, false, true),
        (PolicyRule::Nobody, false, false),
    ] {
        for (from, expected) in [("bob", bob), ("eve", eve)] {
            let mut harness = with(policy(rule, listed));
            assert_eq!(rings(&mut harness, from), expected, "{rule:?} {from}");
        }
    }
}

/// Scenario (policy): Silent: nothing is sent, as if this device were offline; the app gets a missed call.
#[test]
fn silent_sends_nothing_and_reports_a_missed_call() {
    let mut harness = with(policy(PolicyRule::Nobody, &[]));
    harness.invite("eve", "p1", "q1");
    harness.emits("on_missed_call eve blocked");
    harness.asked("");
    assert_eq!(harness.states, ["eve p1 Dropped"]);
    let Some(Event::MissedCall(missed)) = harness.events.last() else { panic!("no missed call") };
    assert_eq!((&*missed.channel_id, &*missed.request_id, missed.count), ("p1", "q1", 1));
    harness.invite("eve", "p1", "q1");
    harness.emits("");
    set(&mut harness, CallPolicy::default());
    harness.invite("eve", "p1", "q1");
    harness.emits("");
}

/// Scenario (policy): Busy: for this device only, so that other devices of the account keep ringing.
#[test]
fn busy_is_a_local_reject() {
    let mut harness = with(busy());
    harness.invite("eve", "p1", "q1");
    harness.emits("on_missed_call eve blocked");
    harness.asked("reject eve p1 q1 reason 3");
    let custom_info = harness.text_of("reject");
    let value: serde_json::Value = serde_json::from_str(&custom_info).expect("JSON");
    assert_eq!(
        (&value["local"], &value["reason"], &value["callId"]),
        (&true.into(), &3.into(), &"k1".into())
    );
    assert_eq!(wire::reason(&custom_info, &wire::read(&custom_info)), wire::Reason::Busy);
    assert!(harness.states.is_empty(), "an answer says it");
    harness.invite_old("old", "p2", "q2");
    assert_eq!(&*harness.text_of("reject"), "601");
    let long = format!(
        "{{\"version\":\"1.8.1\",\"channelName\":\"r\",\"callId\":\"k\",\"_attachment\":\"{}\"}}",
        "x".repeat(4_000)
    );
    harness.signal(EventKind::Invite, "eve", "p3", "q3", &long);
    assert!(harness.text_of("reject").ends_with(",\"local\":true}"));
}

/// Scenario (policy): The app disables missed calls.
#[test]
fn no_missed_calls_if_the_app_wants_none() {
    for answers_busy in [false, true] {
        let mut harness =
            with(CallPolicy { no_missed: true, answers_busy, ..policy(PolicyRule::Nobody, &[]) });
        harness.invite("eve", "p1", "q1");
        harness.emits("");
    }
}

/// Scenario (policy): It survives logout, another account and a kick, also when set while logged out.
#[test]
fn it_is_kept_until_another_is_set() {
    let mut harness = with(policy(PolicyRule::Nobody, &[]));
    harness.logout();
    harness.ok("logout");
    harness.login("anna");
    harness.ok("login");
    assert!(!rings(&mut harness, "bob"));
    harness.kick();
    set(&mut harness, policy(PolicyRule::OnlyListed, &["bob"]));
    harness.login("al");
    harness.ok("login");
    assert!(!rings(&mut harness, "eve"));
    assert!(rings(&mut harness, "bob"));
}

/// Scenario (policy): A ringing call is not ended, and its caller may call again.
#[test]
fn a_call_that_rings_is_not_ended_and_its_redial_is_let_in() {
    let mut harness = Harness::called();
    set(&mut harness, busy());
    assert_eq!(harness.state(), 2);
    harness.invite("bob", "p2", "q2");
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
}

/// Scenario (policy): The account we call may call us: a glare is admitted.
#[test]
fn a_glare_is_let_in() {
    let mut harness = Harness::calling();
    set(&mut harness, busy());
    harness.invite("bob", "p1", "~");
    harness.asked("accept bob p1 ~");
    harness.invite("eve", "p2", "q2");
    harness.asked("reject eve p2 q2 reason 3");
}

/// Scenario (policy): The peer of our call restarted and calls again.
#[test]
fn a_restarted_peer_is_let_in() {
    let mut harness = Harness::in_call();
    set(&mut harness, busy());
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(4_000);
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.emits_last("on_invited bob");
}

/// Scenario (policy): The app answered this call already: it is admitted.
#[test]
fn a_call_that_was_answered_before_it_came_is_let_in() {
    let mut harness = with(busy());
    let call = CallRef {
        account: Some("eve".into()),
        channel_id: Some("p1".into()),
        request_id: Some("q1".into()),
        wait: true,
        ..CallRef::default()
    };
    harness.command(Command::Accept { call });
    harness.invite("eve", "p1", "q1");
    harness.asked("accept eve p1 q1");
    harness.emits("on_invited eve");
}

/// Scenario (policy): In a call a refused caller is refused, not busy: it learns nothing.
#[test]
fn in_a_call_the_policy_applies_to_others() {
    let mut harness = Harness::in_call();
    set(&mut harness, policy(PolicyRule::AllButListed, &["eve"]));
    harness.invite("eve", "p1", "q1");
    harness.asked("");
    harness.emits("on_missed_call eve blocked");
    harness.invite("carol", "p2", "q2");
    harness.asked("reject carol p2 q2 reason 3");
    harness.emits("on_missed_call carol busy");
}

/// Scenario (policy): It also applies to groups and to the backlog.
#[test]
fn groups_and_the_backlog_are_asked_about_too() {
    let mut harness = with(policy(PolicyRule::AllButListed, &["eve"]));
    harness.signal(EventKind::Invite, "eve", "p1", "q1", "{\"callType\":1}");
    harness.asked("");
    let events = vec![
        harness.event(EventKind::Invite, "bob", "p2", "q2", &new_style("p2", "k2")),
        harness.event(EventKind::Invite, "eve", "p3", "q3", &new_style("p3", "k3")),
    ];
    harness.states.clear();
    harness.handle(Input::Signals { origin: Origin::Offline, events });
    assert_eq!(harness.states, ["eve p3 Dropped", "bob p2 Ringing"]);
    assert_eq!(harness.state(), 2);
}

/// Scenario (policy): An invite that has ended anyway gets no answer.
#[test]
fn an_invite_that_is_over_is_not_answered() {
    let mut harness = with(busy());
    let mut event = harness.event(EventKind::Invite, "eve", "p1", "q1", &new_style("p1", "k1"));
    event.channel.invalid = true;
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    harness.asked("");
    harness.emits("on_missed_call eve blocked");
}

/// A backend must not reveal to a refused caller that this device is online, so it must know the policy.
#[test]
fn the_backend_learns_whose_invites_ring() {
    let nobody = policy(PolicyRule::Nobody, &[]);
    let mut harness = Harness::new();
    assert!(harness.policies.is_empty());
    set(&mut harness, nobody.clone());
    assert_eq!(harness.policies.last(), Some(&nobody));
    harness.command(Command::Logout);
    harness.ok("logout");
    set(&mut harness, policy(PolicyRule::AllButListed, &["eve"]));
    assert_eq!(harness.policies, [nobody], "nobody is logged in");
    harness.login("al");
    harness.ok("login");
    assert_eq!(harness.policies.last(), Some(&policy(PolicyRule::AllButListed, &["eve"])));
}
