//! Whose invites ring: one test for each row of the call policy.

use super::super::input::*;
use super::super::output::Event;
use super::super::wire;
use super::rig::{Rig, new_style};
use nertc_callkit_signaling::{CallPolicy, EventKind, Origin, PolicyRule, Text};

fn policy(rule: PolicyRule, accounts: &[&str]) -> CallPolicy {
    CallPolicy {
        rule,
        accounts: accounts.iter().map(|name| Text::from(*name)).collect(),
        ..CallPolicy::default()
    }
}

fn set(rig: &mut Rig, policy: CallPolicy) {
    rig.command(Command::SetCallPolicy(policy));
    rig.told_last("done none 0");
    rig.forget();
    rig.states.clear();
}

fn with(policy: CallPolicy) -> Rig {
    let mut rig = Rig::new();
    set(&mut rig, policy);
    rig
}

/// Nobody's, answered busy.
fn busy() -> CallPolicy {
    CallPolicy { answers_busy: true, ..policy(PolicyRule::Nobody, &[]) }
}

fn rings(rig: &mut Rig, from: &str) -> bool {
    let channel = format!("p{}", rig.events.len());
    rig.invite(from, &channel, "q1");
    rig.state() == 2
}

/// Scenario (policy): The rule says whose invites ring.
#[test]
fn the_rule_says_who_rings() {
    let listed = &["bob", "carol"];
    for (rule, bob, eve) in [
        (PolicyRule::Everybody, true, true),
        (PolicyRule::OnlyListed, true, false),
        (PolicyRule::AllButListed, false, true),
        (PolicyRule::Nobody, false, false),
    ] {
        for (from, expected) in [("bob", bob), ("eve", eve)] {
            let mut rig = with(policy(rule, listed));
            assert_eq!(rings(&mut rig, from), expected, "{rule:?} {from}");
        }
    }
}

/// Scenario (policy): Silent: nothing goes out, as if this device were off; a missed call tells the app.
#[test]
fn silent_answers_nothing_and_tells_a_missed_call() {
    let mut rig = with(policy(PolicyRule::Nobody, &[]));
    rig.invite("eve", "p1", "q1");
    rig.told("on_missed_call eve blocked");
    rig.asked("");
    assert_eq!(rig.states, ["eve p1 Dropped"]);
    let Some(Event::MissedCall(missed)) = rig.events.last() else { panic!("no missed call") };
    assert_eq!((&*missed.channel_id, &*missed.request_id, missed.count), ("p1", "q1", 1));
    rig.invite("eve", "p1", "q1");
    rig.told("");
    set(&mut rig, CallPolicy::default());
    rig.invite("eve", "p1", "q1");
    rig.told("");
}

/// Scenario (policy): Busy: in the name of this device alone, so that others of the account ring on.
#[test]
fn busy_is_said_in_the_name_of_this_device_alone() {
    let mut rig = with(busy());
    rig.invite("eve", "p1", "q1");
    rig.told("on_missed_call eve blocked");
    rig.asked("reject eve p1 q1 reason 3");
    let custom_info = rig.text_of("reject");
    let value: serde_json::Value = serde_json::from_str(&custom_info).expect("JSON");
    assert_eq!(
        (&value["local"], &value["reason"], &value["callId"]),
        (&true.into(), &3.into(), &"k1".into())
    );
    assert_eq!(wire::reason(&custom_info, &wire::read(&custom_info)), wire::Reason::Busy);
    assert!(rig.states.is_empty(), "an answer says it");
    rig.invite_old("old", "p2", "q2");
    assert_eq!(&*rig.text_of("reject"), "601");
    let long = format!(
        "{{\"version\":\"1.8.1\",\"channelName\":\"r\",\"callId\":\"k\",\"_attachment\":\"{}\"}}",
        "x".repeat(4_000)
    );
    rig.signal(EventKind::Invite, "eve", "p3", "q3", &long);
    assert!(rig.text_of("reject").ends_with(",\"local\":true}"));
}

/// Scenario (policy): The app wants no missed calls.
#[test]
fn no_missed_calls_if_the_app_wants_none() {
    for answers_busy in [false, true] {
        let mut rig = with(CallPolicy { no_missed: true, answers_busy, ..policy(PolicyRule::Nobody, &[]) });
        rig.invite("eve", "p1", "q1");
        rig.told("");
    }
}

/// Scenario (policy): It stays over logout, another account and a kick, also when set while logged out.
#[test]
fn it_is_kept_until_another_is_set() {
    let mut rig = with(policy(PolicyRule::Nobody, &[]));
    rig.logout();
    rig.ok("logout");
    rig.login("anna");
    rig.ok("login");
    assert!(!rings(&mut rig, "bob"));
    rig.kick();
    set(&mut rig, policy(PolicyRule::OnlyListed, &["bob"]));
    rig.login("al");
    rig.ok("login");
    assert!(!rings(&mut rig, "eve"));
    assert!(rings(&mut rig, "bob"));
}

/// Scenario (policy): A call that rings is not ended, and its caller may call again.
#[test]
fn a_call_that_rings_is_not_ended_and_its_redial_is_let_in() {
    let mut rig = Rig::called();
    set(&mut rig, busy());
    assert_eq!(rig.state(), 2);
    rig.invite("bob", "p2", "q2");
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
}

/// Scenario (policy): Whom we call may call us: a glare is no intrusion.
#[test]
fn a_glare_is_let_in() {
    let mut rig = Rig::calling();
    set(&mut rig, busy());
    rig.invite("bob", "p1", "~");
    rig.asked("accept bob p1 ~");
    rig.invite("eve", "p2", "q2");
    rig.asked("reject eve p2 q2 reason 3");
}

/// Scenario (policy): The peer of our call restarted and calls again.
#[test]
fn a_restarted_peer_is_let_in() {
    let mut rig = Rig::in_call();
    set(&mut rig, busy());
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.pass(4_000);
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.told_last("on_invited bob");
}

/// Scenario (policy): The app answered this call already: it wants it.
#[test]
fn a_call_that_was_answered_before_it_came_is_let_in() {
    let mut rig = with(busy());
    let call = CallRef {
        account: Some("eve".into()),
        channel_id: Some("p1".into()),
        request_id: Some("q1".into()),
        wait: true,
        ..CallRef::default()
    };
    rig.command(Command::Accept { call });
    rig.invite("eve", "p1", "q1");
    rig.asked("accept eve p1 q1");
    rig.told("on_invited eve");
}

/// Scenario (policy): In a call a refused caller is refused, not busy: it learns nothing.
#[test]
fn in_a_call_others_are_refused_as_the_policy_says() {
    let mut rig = Rig::in_call();
    set(&mut rig, policy(PolicyRule::AllButListed, &["eve"]));
    rig.invite("eve", "p1", "q1");
    rig.asked("");
    rig.told("on_missed_call eve blocked");
    rig.invite("carol", "p2", "q2");
    rig.asked("reject carol p2 q2 reason 3");
    rig.told("on_missed_call carol busy");
}

/// Scenario (policy): Groups, and what waited while we were offline, are asked about too.
#[test]
fn groups_and_the_backlog_are_asked_about_too() {
    let mut rig = with(policy(PolicyRule::AllButListed, &["eve"]));
    rig.signal(EventKind::Invite, "eve", "p1", "q1", "{\"callType\":1}");
    rig.asked("");
    let events = vec![
        rig.event(EventKind::Invite, "bob", "p2", "q2", &new_style("p2", "k2")),
        rig.event(EventKind::Invite, "eve", "p3", "q3", &new_style("p3", "k3")),
    ];
    rig.states.clear();
    rig.handle(Input::Signals { origin: Origin::Offline, events });
    assert_eq!(rig.states, ["eve p3 Dropped", "bob p2 Ringing"]);
    assert_eq!(rig.state(), 2);
}

/// Scenario (policy): Nothing is said to an invite that is over anyway.
#[test]
fn an_invite_that_is_over_is_not_answered() {
    let mut rig = with(busy());
    let mut event = rig.event(EventKind::Invite, "eve", "p1", "q1", &new_style("p1", "k1"));
    event.channel.invalid = true;
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    rig.asked("");
    rig.told("on_missed_call eve blocked");
}

/// A backend must not tell somebody who is refused that this device is on, so it must know.
#[test]
fn the_backend_learns_whose_invites_ring() {
    let nobody = policy(PolicyRule::Nobody, &[]);
    let mut rig = Rig::new();
    assert!(rig.policies.is_empty());
    set(&mut rig, nobody.clone());
    assert_eq!(rig.policies.last(), Some(&nobody));
    rig.command(Command::Logout);
    rig.ok("logout");
    set(&mut rig, policy(PolicyRule::AllButListed, &["eve"]));
    assert_eq!(rig.policies, [nobody], "nobody is logged in");
    rig.login("al");
    rig.ok("login");
    assert_eq!(rig.policies.last(), Some(&policy(PolicyRule::AllButListed, &["eve"])));
}
