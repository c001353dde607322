//! Numbers of the wire: ranges, order, and lives of a member.

use nertc_callkit_signaling::{Operation, Text};

use super::harness::{Harness, join, op_args, ring};
use crate::protocol::TopicKind;

const ALICE: (&str, &str) = ("alice", "phone");

fn in_call() -> (Harness, Text) {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("alice/phone");
    harness.take("bob/pad");
    harness.wire.clear();
    (harness, channel)
}

/// Alice's device says something in the channel, in one of its lives.
fn send(harness: &mut Harness, channel: &str, kind: &str, number: &str, life: &str, body: &str) {
    let id = harness.wire.len() + 1_000;
    let head = format!(r#""k":"{kind}","id":"x{id}-{number}-{life}","cid":"{channel}""#);
    let text = format!(r#"{head},"inst":"{life}","n":{number},"b":{{{body}}}"#);
    harness.forge("bob/pad", ALICE, TopicKind::Direct, &text);
}

const LIFE: &str = "alice-phone-1";

#[test]
fn the_highest_sequence_number_does_not_overflow() {
    let (mut harness, channel) = in_call();
    for number in ["4294967295", "2147483648", "-1", "1.5", "\"1\"", "18446744073709551616"] {
        send(&mut harness, &channel, "ctl", number, LIFE, r#""custom":"x""#);
        assert_eq!(
            (harness.sent_kinds(), harness.take("bob/pad").len()),
            (vec![], 0),
            "{number} is no number"
        );
    }
    for _ in 0..3 {
        send(&mut harness, &channel, "ctl", "2147483647", LIFE, r#""custom":"x""#);
        harness.pass(1_500);
    }
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"], "it is taken after the gap, once");
    send(&mut harness, &channel, "ctl", "1", LIFE, r#""custom":"x""#);
    assert!(harness.take("bob/pad").is_empty());
    send(&mut harness, &channel, "bye", "2147483647", LIFE, r#""how":"close""#);
    assert!(harness.take("bob/pad").is_empty(), "this place is taken");
    send(&mut harness, &channel, "bye", "0", LIFE, r#""how":"close""#);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn malformed_bodies_leave_no_gap_and_any_bye_ends() {
    let (mut harness, channel) = in_call();
    let long = format!(r#""custom":"{}""#, "x".repeat(4_097));
    send(&mut harness, &channel, "ctl", "1", LIFE, &long);
    assert_eq!(harness.sent_kinds(), ["ack nck1/u/alice/d/phone/bob/pad"]);
    send(&mut harness, &channel, "join", "2", LIFE, r#""uid":9007199254740992"#);
    send(&mut harness, &channel, "ctl", "3", LIFE, r#""custom":null"#);
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"], "at once");
    send(&mut harness, &channel, "bye", "4", LIFE, &format!(r#""how":"vanish",{long}"#));
    assert_eq!(harness.take("bob/pad"), ["Online Leave by alice"]);
}

#[test]
fn a_new_incarnation_restarts_the_sequence() {
    let (mut harness, channel) = in_call();
    for number in ["1", "2", "3"] {
        send(&mut harness, &channel, "ctl", number, LIFE, r#""custom":"old""#);
    }
    assert_eq!(harness.take("bob/pad").len(), 3);
    send(&mut harness, &channel, "ctl", "1", "another life", r#""custom":"new""#);
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"]);
    send(&mut harness, &channel, "bye", "4", LIFE, r#""how":"close""#);
    assert!(harness.take("bob/pad").is_empty(), "too late");
    send(&mut harness, &channel, "bye", "2", "another life", r#""how":"close""#);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn what_has_no_number_is_taken_once_for_each_sender() {
    let (mut harness, channel) = in_call();
    let text = |from: &str| {
        format!(r#""k":"ctl","id":"same","cid":"{channel}","inst":"{from}","b":{{"custom":"x"}}"#)
    };
    harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, &text("m"));
    assert!(harness.take("bob/pad").is_empty());
    for _ in 0..3 {
        harness.forge("bob/pad", ALICE, TopicKind::Direct, &text(LIFE));
    }
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"]);
}
