//! Numbers of the wire: ranges, order, and lives of a member.

use super::rig::{Rig, message, ring};
use crate::station::{Lane, Op, Text};

const ALICE: (&str, &str) = ("alice", "phone");

fn in_call() -> (Rig, Text) {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.take("alice/phone");
    rig.take("bob/pad");
    rig.wire.clear();
    (rig, channel)
}

/// Alice's device says something in the channel, in one of its lives.
fn say(rig: &mut Rig, channel: &str, kind: &str, number: &str, life: &str, body: &str) {
    let id = rig.wire.len() + 1_000;
    let head = format!(r#""k":"{kind}","id":"x{id}-{number}-{life}","cid":"{channel}""#);
    let text = format!(r#"{head},"inst":"{life}","n":{number},"b":{{{body}}}"#);
    rig.forge("bob/pad", ALICE, Lane::Direct, &text);
}

const LIFE: &str = "alice-phone-1";

#[test]
fn the_highest_number_is_the_end_of_the_range_and_nothing_overflows() {
    let (mut rig, channel) = in_call();
    for number in ["4294967295", "2147483648", "-1", "1.5", "\"1\"", "18446744073709551616"] {
        say(&mut rig, &channel, "ctl", number, LIFE, r#""custom":"x""#);
        assert_eq!((rig.said(), rig.take("bob/pad").len()), (vec![], 0), "{number} is no number");
    }
    for _ in 0..3 {
        say(&mut rig, &channel, "ctl", "2147483647", LIFE, r#""custom":"x""#);
        rig.pass(1_500);
    }
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"], "it is taken after the gap, once");
    say(&mut rig, &channel, "ctl", "1", LIFE, r#""custom":"x""#);
    assert!(rig.take("bob/pad").is_empty());
    say(&mut rig, &channel, "bye", "2147483647", LIFE, r#""how":"close""#);
    assert!(rig.take("bob/pad").is_empty(), "this place is taken");
    say(&mut rig, &channel, "bye", "0", LIFE, r#""how":"close""#);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn what_cannot_be_taken_leaves_no_hole_and_a_bye_ends_whatever_it_says() {
    let (mut rig, channel) = in_call();
    let long = format!(r#""custom":"{}""#, "x".repeat(4_097));
    say(&mut rig, &channel, "ctl", "1", LIFE, &long);
    assert_eq!(rig.said(), ["ack nck1/u/alice/d/phone/bob/pad"]);
    say(&mut rig, &channel, "join", "2", LIFE, r#""uid":9007199254740992"#);
    say(&mut rig, &channel, "ctl", "3", LIFE, r#""custom":null"#);
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"], "at once");
    say(&mut rig, &channel, "bye", "4", LIFE, &format!(r#""how":"vanish",{long}"#));
    assert_eq!(rig.take("bob/pad"), ["Online Leave by alice"]);
}

#[test]
fn a_new_life_of_a_member_counts_anew_and_the_old_one_is_not_heard_any_more() {
    let (mut rig, channel) = in_call();
    for number in ["1", "2", "3"] {
        say(&mut rig, &channel, "ctl", number, LIFE, r#""custom":"old""#);
    }
    assert_eq!(rig.take("bob/pad").len(), 3);
    say(&mut rig, &channel, "ctl", "1", "another life", r#""custom":"new""#);
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"]);
    say(&mut rig, &channel, "bye", "4", LIFE, r#""how":"close""#);
    assert!(rig.take("bob/pad").is_empty(), "too late");
    say(&mut rig, &channel, "bye", "2", "another life", r#""how":"close""#);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn what_has_no_number_is_taken_once_for_each_sender() {
    let (mut rig, channel) = in_call();
    let text = |from: &str| {
        format!(r#""k":"ctl","id":"same","cid":"{channel}","inst":"{from}","b":{{"custom":"x"}}"#)
    };
    rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, &text("m"));
    assert!(rig.take("bob/pad").is_empty());
    for _ in 0..3 {
        rig.forge("bob/pad", ALICE, Lane::Direct, &text(LIFE));
    }
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"]);
}
