//! Calls over a network that loses, and among devices that go away.

use nertc_callkit_signaling::Operation;

use super::harness::{Harness, close, config, join, login, op_args, ring};
use crate::protocol::{Input, PublishResult, TopicKind};

fn three() -> Harness {
    Harness::new(&["alice/phone", "bob/pad", "bob/phone"])
}

/// Alice and bob's pad in a call.
fn in_call() -> (Harness, crate::protocol::Text) {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        harness.take(name);
    }
    (harness, channel)
}

#[test]
fn a_lost_invite_is_repeated_and_rings_once() {
    let mut harness = three();
    harness.loses = Some("\"k\":\"invite\"");
    ring(&mut harness, "alice/phone", "bob");
    harness.pass(1_000);
    assert!(harness.take("bob/pad").is_empty());
    harness.loses = None;
    harness.pass(20_000);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
    harness.loses = Some("\"k\":\"alert\"");
    let again = harness.wire.iter().filter(|it| it.1.contains("\"k\":\"invite\"")).count();
    assert_eq!(again, 2, "once it rings it is not repeated");
}

/// What is published with QoS 0 may all be lost: what it acknowledges is repeated, and so is a join, then
/// with QoS 1. It only takes longer.
#[test]
fn a_call_needs_no_message_of_qos_0() {
    let mut harness = three();
    harness.loses_qos_0 = true;
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    assert_eq!(harness.take("bob/pad").last().map(String::as_str), Some("done 0"));
    assert!(!harness.take("alice/phone").contains(&"Online Join by bob".to_owned()));
    harness.pass(999);
    assert_eq!(harness.take("alice/phone"), Vec::<String>::new());
    harness.pass(1);
    assert_eq!(harness.take("alice/phone"), ["Online Join by bob"]);
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    harness.pass(20_000);
    assert!(harness.take("bob/pad").is_empty(), "told once, however often it comes");
    assert!(harness.clients.values().all(|client| client.protocol.is_at_rest()));
}

#[test]
fn an_undecided_accept_fails_and_releases_a_late_grant() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    harness.loses = Some("\"k\":\"settled\"");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.pass(4_999);
    assert!(harness.take("bob/pad").is_empty());
    harness.pass(1);
    assert_eq!(harness.take("bob/pad"), ["done 408"]);
    harness.loses = None;
    harness.take("alice/phone");
    // Bob's other device still rings: the word reaches it, and the pad, at the next repeat.
    harness.pass(10_000);
    assert_eq!(harness.take("alice/phone"), Vec::<String>::new(), "all repeats were lost");
    harness.pass(60_000);
    assert_eq!(
        harness.take("alice/phone"),
        ["Online Leave by bob"],
        "it never came: a silent member is gone"
    );
}

#[test]
fn a_decision_is_repeated_to_each_device_that_rang() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/phone");
    harness.loses = Some("u/bob/in/");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert!(harness.take("bob/phone").is_empty());
    harness.pass(1_000);
    assert_eq!(harness.take("bob/phone"), ["OtherDevice Accept by bob"]);
    harness.pass(20_000);
    assert!(harness.take("bob/phone").is_empty());
}

#[test]
fn operations_while_disconnected_are_sent_on_reconnect() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.down("bob/pad");
    harness.take("bob/pad");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert!(harness.take("bob/pad").is_empty());
    harness.pass(2_000);
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored", "done 0"]);
}

#[test]
fn a_killed_member_is_noticed_by_its_silence() {
    let (mut harness, _) = in_call();
    harness.kill("bob/pad");
    harness.pass(59_000);
    assert!(harness.take("alice/phone").is_empty());
    harness.pass(2_000);
    assert_eq!(harness.take("alice/phone"), ["Online PeerLost by bob"]);
    harness.pass(58_000);
    assert!(harness.take("alice/phone").is_empty());
    harness.pass(2_000);
    assert_eq!(harness.take("alice/phone"), ["Online PeerLost by bob"], "it is silent still");
}

#[test]
fn where_media_decides_silence_ends_nothing() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.add("alice/phone", crate::protocol::Config { peer_lost_ms: 0, ..config("alice/phone") });
    harness.log_in("alice/phone");
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("alice/phone");
    harness.kill("bob/pad");
    harness.pass(600_000);
    assert!(harness.take("alice/phone").is_empty());
}

#[test]
fn a_will_makes_the_other_ask_at_once() {
    let (mut harness, _) = in_call();
    harness.will("bob/pad");
    harness.pass(5_000);
    assert!(harness.take("alice/phone").is_empty(), "it is there: it answers");
    harness.kill("bob/pad");
    harness.will("bob/pad");
    harness.pass(3_000);
    assert_eq!(harness.take("alice/phone"), ["Online PeerLost by bob"]);
}

#[test]
fn the_will_of_a_killed_caller_ends_the_ringing() {
    let mut harness = three();
    ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    harness.will("alice/phone");
    harness.pass(5_000);
    assert!(harness.take("bob/pad").is_empty());
    harness.kill("alice/phone");
    harness.will("alice/phone");
    harness.pass(3_000);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn a_restarted_caller_does_not_know_the_call() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    let mut again = config("alice/phone");
    again.instance = "another life".into();
    harness.add("alice/phone", again);
    harness.log_in("alice/phone");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/pad"), ["done 10404", "Online Close by alice"]);
}

#[test]
fn a_reject_reaches_own_devices_when_the_caller_is_gone() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/phone");
    harness.kill("alice/phone");
    harness.op("bob/pad", Operation::Reject(op_args(&channel, "alice", "")));
    harness.pass(999);
    assert!(harness.take("bob/phone").is_empty());
    harness.pass(1);
    assert_eq!(harness.take("bob/phone"), ["OtherDevice Reject by bob"]);
}

#[test]
fn an_ended_invite_in_the_backlog_is_missed() {
    let mut harness = three();
    harness.down("bob/pad");
    harness.take("bob/pad");
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored", "Offline Invite by alice", "Offline Cancel by alice"]);
    // The caller's device is gone altogether.
    harness.down("bob/pad");
    harness.take("bob/pad");
    ring(&mut harness, "alice/phone", "bob");
    harness.kill("alice/phone");
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored"]);
    harness.pass(2_000);
    assert_eq!(harness.take("bob/pad"), ["Offline Invite by alice over"]);
}

#[test]
fn the_brokers_answers_are_reported() {
    for (result, code) in [
        (PublishResult::NobodyThere, 10202),
        (PublishResult::Denied, 90008),
        (PublishResult::Refused { raw_code: 0x97 }, 90008),
        (PublishResult::Delivered, 0),
    ] {
        let mut harness = three();
        harness.result = result;
        harness.loses = Some("u/bob/");
        ring(&mut harness, "alice/phone", "bob");
        assert_eq!(harness.take("alice/phone").last(), Some(&format!("done {code}")), "{result:?}");
    }
}

#[test]
fn a_flood_of_one_account_does_not_silence_another() {
    let mut harness = three();
    let mallory = |n: u32| {
        let body = format!("{{\"rid\":\"r{n}\",\"custom\":\"\"}}");
        let payload = format!("{{\"v\":1,\"k\":\"invite\",\"id\":\"m{n}\",\"cid\":\"c{n}\",\"b\":{body}}}");
        let (from, device) = ("mallory".into(), "x".into());
        Input::Message {
            kind: TopicKind::Inbox,
            from,
            device,
            payload: payload.into_bytes(),
            expires_at: None,
        }
    };
    for n in 0..5_000 {
        harness.feed("bob/pad", mallory(n));
    }
    assert_eq!(harness.take("bob/pad").len(), 8, "eight at a time");
    ring(&mut harness, "alice/phone", "bob");
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn a_login_without_its_own_messages_reports_why() {
    let mut harness = Harness::new(&[]);
    harness.add("bob/pad", config("bob/pad"));
    harness.loses = Some("u/bob/");
    harness.op("bob/pad", login());
    harness.up("bob/pad");
    harness.pass(5_000);
    assert_eq!(harness.take("bob/pad"), ["done 90008", "disconnect false"]);
}

#[test]
fn one_device_per_account_means_the_later_login() {
    let mut harness = Harness::new(&[]);
    for name in ["bob/pad", "bob/phone"] {
        harness.add(name, crate::protocol::Config { single_device: true, ..config(name) });
        harness.log_in(name);
    }
    assert_eq!(harness.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(harness.take("bob/phone").is_empty());
}

#[test]
fn a_sync_for_a_call_just_hung_up_gets_its_bye() {
    let (mut harness, channel) = in_call();
    harness.loses = Some("\"k\":\"bye\"");
    harness.op("bob/pad", close(op_args(&channel, "", "")));
    harness.loses = None;
    harness.down("alice/phone");
    harness.up("alice/phone");
    assert_eq!(harness.take("alice/phone"), ["Lost", "Restored", "Online Close by bob"]);
}
