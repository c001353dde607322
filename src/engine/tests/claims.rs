//! Call records of the peer and of other own devices.

use super::super::Config;
use super::super::input::*;
use super::super::limits;
use super::super::output::{Event, RecordSent};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{CallPolicy, CallType, Code, PolicyRule, Record, RecordStatus};

fn record(to: &str, id: &str) -> Record {
    Record {
        client_msg_id: id.into(),
        to: to.into(),
        channel_id: "p1".into(),
        call_type: CallType::Audio,
        status: RecordStatus::Cancelled,
        text: "{}".into(),
        durations: Vec::new(),
    }
}

fn arrives(rig: &mut Rig, from: &str, to: &str, id: &str) {
    rig.handle(Input::Record { from: from.into(), record: record(to, id) });
}

fn received(rig: &Rig) -> Vec<&RecordSent> {
    let events = rig.events.iter();
    events
        .filter_map(|event| if let Event::RecordReceived(sent) = event { Some(sent) } else { None })
        .collect()
}

/// Scenario (record): The other side's record arrives, and that of another own device: each is told once.
#[test]
fn a_record_of_others_is_told_once_for_each_sender_and_id() {
    let mut rig = Rig::new();
    arrives(&mut rig, "bob", "al", "m1");
    arrives(&mut rig, "bob", "al", "m1");
    arrives(&mut rig, "carol", "al", "m1");
    arrives(&mut rig, "al", "dave", "m2");
    rig.told("on_record_received 2 · on_record_received 2 · on_record_received 2");
    let line = |sent: &&RecordSent| format!("{} {} {} {}", sent.call_no, sent.user, sent.peer, sent.msg_id);
    let lines: Vec<String> = received(&rig).iter().map(line).collect();
    assert_eq!(lines, ["0 bob al m1", "0 carol al m1", "0 al dave m2"]);
}

/// Scenario (wrong): A record about others, without an id, or while nobody is logged in is nothing.
#[test]
fn a_record_that_is_none_of_ours_is_nothing() {
    let mut rig = Rig::new();
    for (from, to, id) in [("bob", "carol", "m1"), ("bob", "al", ""), ("", "al", "m1"), ("bob", "", "m1")] {
        arrives(&mut rig, from, to, id);
    }
    rig.handle(Input::Backlog(true));
    arrives(&mut rig, "bob", "al", "m1");
    rig.handle(Input::Backlog(false));
    rig.logout();
    rig.ok("logout");
    rig.forget();
    arrives(&mut rig, "bob", "al", "m1");
    rig.told("");
}

/// Scenario (record): The policy refuses a person: so it does their records, but not those of the live
/// call's other side or of another own device.
#[test]
fn a_record_of_somebody_whom_the_policy_refuses_is_not_told() {
    let mut rig = Rig::in_call();
    rig.command(Command::SetCallPolicy(CallPolicy { rule: PolicyRule::Nobody, ..CallPolicy::default() }));
    rig.forget();
    arrives(&mut rig, "eve", "al", "m1");
    rig.told("");
    arrives(&mut rig, "bob", "al", "m1");
    arrives(&mut rig, "al", "eve", "m1");
    rig.told("on_record_received 2 · on_record_received 2");
}

/// A live call is untouched by what a record claims about it.
#[test]
fn a_record_changes_no_call() {
    let mut rig = Rig::in_call();
    let before = rig.snapshot();
    arrives(&mut rig, "bob", "al", "m1");
    rig.told("on_record_received 2");
    rig.asked("");
    assert_eq!(rig.snapshot(), before);
}

#[test]
fn a_flood_of_records_is_held_to_a_burst_and_one_a_window() {
    let mut rig = Rig::new();
    for n in 0..1_000 {
        arrives(&mut rig, "eve", "al", &format!("m{n}"));
    }
    assert_eq!(received(&rig).len(), limits::RECORD_BURST as usize);
    arrives(&mut rig, "bob", "al", "m1");
    assert_eq!(received(&rig).len(), limits::RECORD_BURST as usize + 1);
    rig.pass(600_000);
    let last = received(&rig).last().map(|sent| sent.msg_id.to_string());
    assert_eq!((received(&rig).len(), last.as_deref()), (limits::RECORD_BURST as usize + 2, Some("m999")));
}

#[test]
fn records_that_overtake_the_logins_completion_wait_for_it() {
    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    arrives(&mut rig, "bob", "al", "m1");
    for n in 0..100 {
        arrives(&mut rig, &format!("user{n}"), "al", "m1");
    }
    rig.told("");
    rig.ok("login");
    assert_eq!(received(&rig).len(), limits::EARLY_RECORDS);
    // A login that fails forgets them.
    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    arrives(&mut rig, "bob", "al", "m1");
    rig.answer("login", Code::BAD_TOKEN);
    rig.login("al");
    rig.ok("login");
    assert_eq!(received(&rig).len(), 0);
}
