//! Call records of the peer and of other own devices.

use super::super::Config;
use super::super::input::*;
use super::super::limits;
use super::super::output::{Event, RecordSent};
use super::harness::{Harness, caps};
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

fn arrives(harness: &mut Harness, from: &str, to: &str, id: &str) {
    harness.handle(Input::Record { from: from.into(), record: record(to, id) });
}

fn received(harness: &Harness) -> Vec<&RecordSent> {
    let events = harness.events.iter();
    events
        .filter_map(|event| if let Event::RecordReceived(sent) = event { Some(sent) } else { None })
        .collect()
}

/// Scenario (record): The peer's record arrives, and that of another own device: each is reported once.
#[test]
fn a_record_is_reported_once_per_sender_and_id() {
    let mut harness = Harness::new();
    arrives(&mut harness, "bob", "al", "m1");
    arrives(&mut harness, "bob", "al", "m1");
    arrives(&mut harness, "carol", "al", "m1");
    arrives(&mut harness, "al", "dave", "m2");
    harness.emits("on_record_received 2 · on_record_received 2 · on_record_received 2");
    let line = |sent: &&RecordSent| format!("{} {} {} {}", sent.call_no, sent.user, sent.peer, sent.msg_id);
    let lines: Vec<String> = received(&harness).iter().map(line).collect();
    assert_eq!(lines, ["0 bob al m1", "0 carol al m1", "0 al dave m2"]);
}

/// Scenario (wrong): A record about others, without an id, or while logged out is ignored.
#[test]
fn a_record_that_is_none_of_ours_is_nothing() {
    let mut harness = Harness::new();
    for (from, to, id) in [("bob", "carol", "m1"), ("bob", "al", ""), ("", "al", "m1"), ("bob", "", "m1")] {
        arrives(&mut harness, from, to, id);
    }
    harness.handle(Input::Backlog(true));
    arrives(&mut harness, "bob", "al", "m1");
    harness.handle(Input::Backlog(false));
    harness.logout();
    harness.ok("logout");
    harness.forget();
    arrives(&mut harness, "bob", "al", "m1");
    harness.emits("");
}

/// Scenario (record): The call policy refuses an account: its records are dropped, but not those of the live
/// call's peer or of another own device.
#[test]
fn a_record_of_a_refused_account_is_dropped() {
    let mut harness = Harness::in_call();
    harness.command(Command::SetCallPolicy(CallPolicy { rule: PolicyRule::Nobody, ..CallPolicy::default() }));
    harness.forget();
    arrives(&mut harness, "eve", "al", "m1");
    harness.emits("");
    arrives(&mut harness, "bob", "al", "m1");
    arrives(&mut harness, "al", "eve", "m1");
    harness.emits("on_record_received 2 · on_record_received 2");
}

/// A live call is not affected by the claims of a record.
#[test]
fn a_record_changes_no_call() {
    let mut harness = Harness::in_call();
    let before = harness.snapshot();
    arrives(&mut harness, "bob", "al", "m1");
    harness.emits("on_record_received 2");
    harness.asked("");
    assert_eq!(harness.snapshot(), before);
}

#[test]
fn a_flood_of_records_is_held_to_a_burst_and_one_a_window() {
    let mut harness = Harness::new();
    for n in 0..1_000 {
        arrives(&mut harness, "eve", "al", &format!("m{n}"));
    }
    assert_eq!(received(&harness).len(), limits::RECORD_BURST as usize);
    arrives(&mut harness, "bob", "al", "m1");
    assert_eq!(received(&harness).len(), limits::RECORD_BURST as usize + 1);
    harness.pass(600_000);
    let last = received(&harness).last().map(|sent| sent.msg_id.to_string());
    assert_eq!(
        (received(&harness).len(), last.as_deref()),
        (limits::RECORD_BURST as usize + 2, Some("m999"))
    );
}

#[test]
fn records_that_overtake_the_logins_completion_wait_for_it() {
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    arrives(&mut harness, "bob", "al", "m1");
    for n in 0..100 {
        arrives(&mut harness, &format!("user{n}"), "al", "m1");
    }
    harness.emits("");
    harness.ok("login");
    assert_eq!(received(&harness).len(), limits::EARLY_RECORDS);
    // A login that fails forgets them.
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    arrives(&mut harness, "bob", "al", "m1");
    harness.answer("login", Code::BAD_TOKEN);
    harness.login("al");
    harness.ok("login");
    assert_eq!(received(&harness).len(), 0);
}
