//! What random worlds found (tests/sim of the repository), as small as it gets.

use super::rig::{Rig, message, ring, ring_for};
use crate::station::{Input, Lane, Op};

#[test]
fn a_ring_that_nobody_ends_is_asked_about_after_a_minute() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    ring_for(&mut rig, "alice/phone", "bob", 120_000);
    rig.take("bob/pad");
    rig.pass(59_000);
    assert!(rig.take("bob/pad").is_empty());
    rig.kill("alice/phone");
    rig.pass(5_000);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
    assert!(rig.phones["bob/pad"].station.is_at_rest());
}

#[test]
fn a_ring_is_not_given_up_while_the_own_connection_is_down() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    ring(&mut rig, "alice/phone", "bob");
    rig.down("bob/pad");
    rig.take("bob/pad");
    rig.pass(25_000);
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored"]);
    assert!(!rig.phones["bob/pad"].station.is_at_rest());
}

#[test]
fn who_was_granted_the_call_and_does_not_join_can_still_end_it() {
    for end in [Op::Close, Op::Leave] {
        let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
        let channel = ring(&mut rig, "alice/phone", "bob");
        rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
        rig.take("alice/phone");
        rig.take("bob/pad");
        rig.op("bob/pad", end(message(&channel, "", "")));
        assert_eq!(rig.take("bob/pad"), ["done 0"]);
        assert_eq!(rig.take("alice/phone").len(), 1, "it hears of it");
        assert!(rig.phones["bob/pad"].station.is_at_rest());
    }
}

#[test]
fn what_comes_before_the_subscription_is_confirmed_is_backlog() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    rig.down("bob/pad");
    rig.take("bob/pad");
    ring(&mut rig, "alice/phone", "bob");
    for (topic, payload) in rig.queue("bob/pad") {
        assert!(topic.contains("/u/bob/in/alice/phone"));
        let (from, device) = ("alice".into(), "phone".into());
        rig.feed(
            "bob/pad",
            Input::Message { lane: Lane::Inbox, from, device, payload: payload.into_bytes() },
        );
    }
    assert!(rig.take("bob/pad").is_empty());
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored", "Offline Invite by alice"]);
}

#[test]
fn who_is_kicked_while_it_calls_does_not_leave_the_called_ringing() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    let payload = br#"{"v":1,"k":"hello","id":"h","inst":"another life"}"#.to_vec();
    let (from, device) = ("alice".into(), "phone".into());
    rig.feed("alice/phone", Input::Message { lane: Lane::Own, from, device, payload });
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
    assert!(rig.phones["bob/pad"].station.is_at_rest());
}

/// Found by fuzzing: two deadlines of one peer at the same moment, and the second was left due.
#[test]
fn deadlines_of_one_moment_pass_together() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.take("bob/pad");
    let body = "\"n\":3,\"b\":{\"custom\":\"early\"}";
    let text = format!("{{\"v\":1,\"k\":\"ctl\",\"id\":\"m3\",\"cid\":\"{channel}\",{body}}}");
    let (from, device, payload) = ("alice".into(), "phone".into(), text.into_bytes());
    rig.feed("bob/pad", Input::Message { lane: Lane::Direct, from, device, payload });
    rig.pass(500);
    rig.kill("alice/phone");
    rig.will("alice/phone");
    // The rig itself objects to what is left due.
    rig.pass(1_000);
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"]);
}
