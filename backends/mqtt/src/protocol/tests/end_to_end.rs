//! Whole calls over a broker that works.

use nertc_callkit_signaling::Operation;

use super::harness::{Harness, close, config, join, login, op_args, ring};
use crate::protocol::Input;

fn three() -> Harness {
    Harness::new(&["alice/phone", "bob/pad", "bob/phone"])
}

#[test]
fn a_call_is_set_up_and_ended() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    assert_eq!(harness.take("alice/phone"), ["done 0", "done 0", "done 0"]);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
    assert_eq!(harness.take("bob/phone"), ["Online Invite by alice"]);
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "yes")));
    assert_eq!(harness.take("alice/phone"), ["Online Accept by bob"]);
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    assert_eq!(harness.take("bob/phone"), ["OtherDevice Accept by bob"]);
    harness.op("bob/pad", join(&channel));
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    assert_eq!(harness.take("alice/phone"), ["Online Join by bob"]);
    harness.op("alice/phone", Operation::Control(op_args(&channel, "bob", "{\"cid\":2}")));
    assert_eq!(harness.take("bob/pad"), ["Online Control by alice"]);
    harness.pass(300_000);
    assert_eq!(harness.take("alice/phone"), ["done 0"], "they hear each other");
    harness.op("bob/pad", close(op_args(&channel, "", "")));
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    assert_eq!(harness.take("alice/phone"), ["Online Close by bob"]);
    harness.pass(300_000);
    assert!(
        harness.clients.values().all(|it| it.protocol.is_at_rest() && it.protocol.poll_timeout().is_none())
    );
}

#[test]
fn a_cancel_reaches_all_devices_and_decides() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    assert_eq!(harness.take("bob/pad"), ["Online Cancel by alice"]);
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/pad"), ["done 10408"]);
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    harness.take("alice/phone");
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    assert_eq!(harness.take("alice/phone"), ["done 10408"]);
}

#[test]
fn the_first_reject_ends_the_ringing_of_all() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        harness.take(name);
    }
    harness.op("bob/phone", Operation::Reject(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/phone"), ["done 0"]);
    assert_eq!(harness.take("bob/pad"), ["OtherDevice Reject by bob"]);
    assert_eq!(harness.take("alice/phone"), ["Online Reject by bob"]);
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    assert_eq!(harness.take("alice/phone"), ["done 10409"]);
}

#[test]
fn a_backlog_invite_rings_if_its_caller_confirms() {
    let mut harness = three();
    harness.down("bob/pad");
    harness.take("bob/pad");
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(3_000);
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Restored", "Offline Invite by alice"]);
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
}

#[test]
fn a_second_login_of_the_same_device_kicks_the_first() {
    let mut harness = Harness::new(&["bob/pad", "bob/phone"]);
    let mut config = super::harness::config("bob/pad");
    config.instance = "another life".into();
    harness.add("bob/pad again", config);
    harness.op("bob/pad again", login());
    harness.up("bob/pad again");
    assert_eq!(harness.take("bob/pad again"), ["done 0"]);
    assert_eq!(harness.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(harness.take("bob/phone").is_empty());
}

#[test]
fn a_kicked_device_sends_bye_and_withdraws_its_invites() {
    for is_accepted in [true, false] {
        let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
        let channel = ring(&mut harness, "bob/pad", "alice");
        if is_accepted {
            harness.op("alice/phone", Operation::Accept(op_args(&channel, "bob", "")));
            harness.op("alice/phone", join(&channel));
        }
        harness.take("alice/phone");
        harness.take("bob/pad");
        let mut config = super::harness::config("bob/pad");
        config.instance = "another life".into();
        harness.add("bob/pad again", config);
        harness.op("bob/pad again", login());
        harness.up("bob/pad again");
        assert_eq!(harness.take("bob/pad"), ["Kicked", "disconnect true"]);
        let received = if is_accepted { "Online Leave by bob" } else { "Online Close by bob" };
        assert_eq!(harness.take("alice/phone"), [received]);
    }
}

#[test]
fn a_kick_while_ringing_does_not_answer_for_other_devices() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad", "bob/phone"]);
    ring(&mut harness, "alice/phone", "bob");
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        harness.take(name);
    }
    let mut config = super::harness::config("bob/pad");
    config.instance = "another life".into();
    harness.add("bob/pad again", config);
    harness.op("bob/pad again", login());
    harness.up("bob/pad again");
    assert_eq!(harness.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(harness.take("alice/phone").is_empty() && harness.take("bob/phone").is_empty());
}

#[test]
fn a_rate_limited_invite_rings_with_a_retransmission() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    for _ in 0..10 {
        let channel = ring(&mut harness, "alice/phone", "bob");
        harness.op("alice/phone", close(op_args(&channel, "", "")));
    }
    harness.take("bob/pad");
    ring(&mut harness, "alice/phone", "bob");
    assert!(harness.take("bob/pad").is_empty(), "neither rung nor answered");
    harness.pass(2_500);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn an_aborted_login_neither_connects_nor_sends() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.add("bob/phone", config("bob/phone"));
    let req = harness.op("bob/phone", login());
    harness.feed("bob/phone", Input::AbortLogin { req });
    assert_eq!(harness.take("bob/phone"), ["done 408", "disconnect false"]);
    harness.wire.clear();
    harness.up("bob/phone");
    harness.pass(10_000);
    assert_eq!((harness.take("bob/phone"), harness.wire.len()), (vec![], 0));
    // What another login waits for is its own.
    let later = harness.op("bob/phone", login());
    harness.feed("bob/phone", Input::AbortLogin { req });
    harness.up("bob/phone");
    assert_eq!(harness.take("bob/phone"), ["done 0"]);
    // It had been granted when the core gave it up.
    harness.wire.clear();
    harness.feed("bob/phone", Input::AbortLogin { req: later });
    assert_eq!((harness.take("bob/phone"), harness.wire.len()), (vec!["disconnect false".into()], 0));
}
