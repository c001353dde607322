//! What random worlds found (tests/sim of the repository), as small as it gets.

use nertc_callkit_signaling::Operation;

use super::harness::{Harness, close, join, leave, op_args, ring, ring_for};
use crate::protocol::{Input, TopicKind};

#[test]
fn a_ring_that_nobody_ends_is_asked_about_after_a_minute() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    ring_for(&mut harness, "alice/phone", "bob", 120_000);
    harness.take("bob/pad");
    harness.pass(59_000);
    assert!(harness.take("bob/pad").is_empty());
    harness.kill("alice/phone");
    harness.pass(5_000);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest());
}

#[test]
fn a_ring_survives_a_lost_own_connection() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    ring(&mut harness, "alice/phone", "bob");
    harness.down("bob/pad");
    harness.take("bob/pad");
    harness.pass(25_000);
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored"]);
    assert!(!harness.clients["bob/pad"].protocol.is_at_rest());
}

#[test]
fn a_winner_that_has_not_joined_can_end_the_call() {
    for end in [close, leave] {
        let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
        let channel = ring(&mut harness, "alice/phone", "bob");
        harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
        harness.take("alice/phone");
        harness.take("bob/pad");
        harness.op("bob/pad", end(op_args(&channel, "", "")));
        assert_eq!(harness.take("bob/pad"), ["done 0"]);
        assert_eq!(harness.take("alice/phone").len(), 1, "it hears of it");
        assert!(harness.clients["bob/pad"].protocol.is_at_rest());
    }
}

#[test]
fn what_comes_before_the_subscription_is_confirmed_is_backlog() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    harness.down("bob/pad");
    harness.take("bob/pad");
    ring(&mut harness, "alice/phone", "bob");
    for (topic, payload) in harness.queue("bob/pad") {
        assert!(topic.contains("/u/bob/in/alice/phone"));
        let (from, device) = ("alice".into(), "phone".into());
        harness.feed(
            "bob/pad",
            Input::Message {
                kind: TopicKind::Inbox,
                from,
                device,
                payload: payload.into_bytes(),
                expires_at: None,
            },
        );
    }
    assert!(harness.take("bob/pad").is_empty());
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored", "Offline Invite by alice"]);
}

#[test]
fn a_kick_while_calling_ends_the_ringing() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    let payload = br#"{"v":1,"k":"hello","id":"h","inst":"another life"}"#.to_vec();
    let (from, device) = ("alice".into(), "phone".into());
    harness.feed(
        "alice/phone",
        Input::Message { kind: TopicKind::Own, from, device, payload, expires_at: None },
    );
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest());
}

/// Found by fuzzing: two deadlines of one peer at the same moment, and the second was left due.
#[test]
fn deadlines_of_one_moment_pass_together() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("bob/pad");
    let body = "\"n\":3,\"b\":{\"custom\":\"early\"}";
    let text = format!("{{\"v\":1,\"k\":\"ctl\",\"id\":\"m3\",\"cid\":\"{channel}\",{body}}}");
    let (from, device, payload) = ("alice".into(), "phone".into(), text.into_bytes());
    harness
        .feed("bob/pad", Input::Message { kind: TopicKind::Direct, from, device, payload, expires_at: None });
    harness.pass(500);
    harness.kill("alice/phone");
    harness.will("alice/phone");
    // The harness itself objects to what is left due.
    harness.pass(1_000);
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"]);
}
