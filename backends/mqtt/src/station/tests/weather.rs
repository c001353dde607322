//! Calls over a network that loses, and among devices that go away.

use super::rig::{Rig, config, message, ring};
use crate::station::{Fate, Input, Lane, Op};

fn three() -> Rig {
    Rig::new(&["alice/phone", "bob/pad", "bob/phone"])
}

/// Alice and bob's pad in a call.
fn in_call() -> (Rig, crate::station::Text) {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        rig.take(name);
    }
    (rig, channel)
}

#[test]
fn a_lost_invite_is_repeated_and_rings_once() {
    let mut rig = three();
    rig.loses = Some("\"k\":\"invite\"");
    ring(&mut rig, "alice/phone", "bob");
    rig.pass(1_000);
    assert!(rig.take("bob/pad").is_empty());
    rig.loses = None;
    rig.pass(20_000);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
    rig.loses = Some("\"k\":\"alert\"");
    let again = rig.wire.iter().filter(|it| it.1.contains("\"k\":\"invite\"")).count();
    assert_eq!(again, 2, "once it rings it is not repeated");
}

#[test]
fn an_accept_that_nobody_decides_ends_after_five_seconds_and_a_late_grant_is_given_back() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    rig.loses = Some("\"k\":\"settled\"");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.pass(4_999);
    assert!(rig.take("bob/pad").is_empty());
    rig.pass(1);
    assert_eq!(rig.take("bob/pad"), ["done 408"]);
    rig.loses = None;
    rig.take("alice/phone");
    // Bob's other device still rings: the word reaches it, and the pad, at the next repeat.
    rig.pass(10_000);
    assert_eq!(rig.take("alice/phone"), Vec::<String>::new(), "all repeats were lost");
    rig.pass(60_000);
    assert_eq!(rig.take("alice/phone"), ["Online Leave by bob"], "it never came: a silent member is gone");
}

#[test]
fn the_last_word_is_repeated_to_each_device_that_rang() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/phone");
    rig.loses = Some("u/bob/in/");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert!(rig.take("bob/phone").is_empty());
    rig.pass(1_000);
    assert_eq!(rig.take("bob/phone"), ["OtherDevice Accept by bob"]);
    rig.pass(20_000);
    assert!(rig.take("bob/phone").is_empty());
}

#[test]
fn what_is_asked_while_the_connection_is_down_goes_out_when_it_is_back() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.down("bob/pad");
    rig.take("bob/pad");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert!(rig.take("bob/pad").is_empty());
    rig.pass(2_000);
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored", "done 0"]);
}

#[test]
fn a_killed_member_is_noticed_by_its_silence() {
    let (mut rig, _) = in_call();
    rig.kill("bob/pad");
    rig.pass(59_000);
    assert!(rig.take("alice/phone").is_empty());
    rig.pass(2_000);
    assert_eq!(rig.take("alice/phone"), ["Online PeerLost by bob"]);
    rig.pass(58_000);
    assert!(rig.take("alice/phone").is_empty());
    rig.pass(2_000);
    assert_eq!(rig.take("alice/phone"), ["Online PeerLost by bob"], "it is silent still");
}

#[test]
fn where_media_decides_silence_ends_nothing() {
    let mut rig = Rig::new(&["bob/pad"]);
    rig.add("alice/phone", crate::station::Config { peer_lost_ms: 0, ..config("alice/phone") });
    rig.log_in("alice/phone");
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel });
    rig.take("alice/phone");
    rig.kill("bob/pad");
    rig.pass(600_000);
    assert!(rig.take("alice/phone").is_empty());
}

#[test]
fn a_will_makes_the_other_ask_at_once() {
    let (mut rig, _) = in_call();
    rig.will("bob/pad");
    rig.pass(5_000);
    assert!(rig.take("alice/phone").is_empty(), "it is there: it answers");
    rig.kill("bob/pad");
    rig.will("bob/pad");
    rig.pass(3_000);
    assert_eq!(rig.take("alice/phone"), ["Online PeerLost by bob"]);
}

#[test]
fn the_will_of_a_killed_caller_ends_the_ringing() {
    let mut rig = three();
    ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    rig.will("alice/phone");
    rig.pass(5_000);
    assert!(rig.take("bob/pad").is_empty());
    rig.kill("alice/phone");
    rig.will("alice/phone");
    rig.pass(3_000);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn a_caller_that_begins_a_new_life_knows_nothing_of_the_call() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    let mut again = config("alice/phone");
    again.instance = "another life".into();
    rig.add("alice/phone", again);
    rig.log_in("alice/phone");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/pad"), ["done 10404", "Online Close by alice"]);
}

#[test]
fn a_reject_reaches_the_siblings_of_a_callee_whose_caller_is_gone() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/phone");
    rig.kill("alice/phone");
    rig.op("bob/pad", Op::Reject(message(&channel, "alice", "")));
    rig.pass(999);
    assert!(rig.take("bob/phone").is_empty());
    rig.pass(1);
    assert_eq!(rig.take("bob/phone"), ["OtherDevice Reject by bob"]);
}

#[test]
fn an_invite_that_is_over_when_its_device_comes_back_is_missed() {
    let mut rig = three();
    rig.down("bob/pad");
    rig.take("bob/pad");
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored", "Offline Invite by alice", "Offline Cancel by alice"]);
    // The caller's device is gone altogether.
    rig.down("bob/pad");
    rig.take("bob/pad");
    ring(&mut rig, "alice/phone", "bob");
    rig.kill("alice/phone");
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored"]);
    rig.pass(2_000);
    assert_eq!(rig.take("bob/pad"), ["Offline Invite by alice over"]);
}

#[test]
fn the_brokers_answers_are_told() {
    for (fate, code) in [
        (Fate::NobodyThere, 10202),
        (Fate::Denied, 90008),
        (Fate::Refused { raw_code: 0x97 }, 90008),
        (Fate::Delivered, 0),
    ] {
        let mut rig = three();
        rig.fate = fate;
        rig.loses = Some("u/bob/");
        ring(&mut rig, "alice/phone", "bob");
        assert_eq!(rig.take("alice/phone").last(), Some(&format!("done {code}")), "{fate:?}");
    }
}

#[test]
fn a_flood_of_one_account_does_not_silence_another() {
    let mut rig = three();
    let mallory = |n: u32| {
        let body = format!("{{\"rid\":\"r{n}\",\"custom\":\"\"}}");
        let payload = format!("{{\"v\":1,\"k\":\"invite\",\"id\":\"m{n}\",\"cid\":\"c{n}\",\"b\":{body}}}");
        let (from, device) = ("mallory".into(), "x".into());
        Input::Message { lane: Lane::Inbox, from, device, payload: payload.into_bytes() }
    };
    for n in 0..5_000 {
        rig.feed("bob/pad", mallory(n));
    }
    assert_eq!(rig.take("bob/pad").len(), 8, "eight at a time");
    ring(&mut rig, "alice/phone", "bob");
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn a_login_that_hears_nothing_of_itself_says_why() {
    let mut rig = Rig::new(&[]);
    rig.add("bob/pad", config("bob/pad"));
    rig.loses = Some("u/bob/");
    rig.op("bob/pad", Op::Login);
    rig.up("bob/pad");
    rig.pass(5_000);
    assert_eq!(rig.take("bob/pad"), ["done 90008", "disconnect false"]);
}

#[test]
fn one_device_per_account_means_the_later_login() {
    let mut rig = Rig::new(&[]);
    for name in ["bob/pad", "bob/phone"] {
        rig.add(name, crate::station::Config { single_device: true, ..config(name) });
        rig.log_in(name);
    }
    assert_eq!(rig.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(rig.take("bob/phone").is_empty());
}

#[test]
fn who_asks_about_a_call_that_was_just_hung_up_hears_how_it_ended() {
    let (mut rig, channel) = in_call();
    rig.loses = Some("\"k\":\"bye\"");
    rig.op("bob/pad", Op::Close(message(&channel, "", "")));
    rig.loses = None;
    rig.down("alice/phone");
    rig.up("alice/phone");
    assert_eq!(rig.take("alice/phone"), ["Lost", "Restored", "Online Close by bob"]);
}
