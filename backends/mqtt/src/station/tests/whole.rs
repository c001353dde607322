//! Whole calls over a broker that works.

use super::rig::{Rig, config, message, ring};
use crate::station::{Input, Op};

fn three() -> Rig {
    Rig::new(&["alice/phone", "bob/pad", "bob/phone"])
}

#[test]
fn a_call_is_set_up_and_ended() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    assert_eq!(rig.take("alice/phone"), ["done 0", "done 0", "done 0"]);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
    assert_eq!(rig.take("bob/phone"), ["Online Invite by alice"]);
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "yes")));
    assert_eq!(rig.take("alice/phone"), ["Online Accept by bob"]);
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    assert_eq!(rig.take("bob/phone"), ["OtherDevice Accept by bob"]);
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    assert_eq!(rig.take("alice/phone"), ["Online Join by bob"]);
    rig.op("alice/phone", Op::Control(message(&channel, "bob", "{\"cid\":2}")));
    assert_eq!(rig.take("bob/pad"), ["Online Control by alice"]);
    rig.pass(300_000);
    assert_eq!(rig.take("alice/phone"), ["done 0"], "they hear each other");
    rig.op("bob/pad", Op::Close(message(&channel, "", "")));
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    assert_eq!(rig.take("alice/phone"), ["Online Close by bob"]);
    rig.pass(300_000);
    assert!(rig.phones.values().all(|it| it.station.is_at_rest() && it.station.poll_timeout().is_none()));
}

#[test]
fn a_cancel_is_heard_everywhere_and_decides() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    assert_eq!(rig.take("bob/pad"), ["Online Cancel by alice"]);
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/pad"), ["done 10408"]);
    rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    rig.take("alice/phone");
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    assert_eq!(rig.take("alice/phone"), ["done 10408"]);
}

#[test]
fn the_first_reject_ends_the_ringing_of_all() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        rig.take(name);
    }
    rig.op("bob/phone", Op::Reject(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/phone"), ["done 0"]);
    assert_eq!(rig.take("bob/pad"), ["OtherDevice Reject by bob"]);
    assert_eq!(rig.take("alice/phone"), ["Online Reject by bob"]);
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    assert_eq!(rig.take("alice/phone"), ["done 10409"]);
}

#[test]
fn an_invite_of_the_backlog_rings_if_its_caller_says_so() {
    let mut rig = three();
    rig.down("bob/pad");
    rig.take("bob/pad");
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(3_000);
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Restored", "Offline Invite by alice"]);
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
}

#[test]
fn a_second_login_of_the_same_device_kicks_the_first() {
    let mut rig = Rig::new(&["bob/pad", "bob/phone"]);
    let mut config = super::rig::config("bob/pad");
    config.instance = "another life".into();
    rig.add("bob/pad again", config);
    rig.op("bob/pad again", Op::Login);
    rig.up("bob/pad again");
    assert_eq!(rig.take("bob/pad again"), ["done 0"]);
    assert_eq!(rig.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(rig.take("bob/phone").is_empty());
}

#[test]
fn a_kicked_device_takes_leave_of_whom_it_talks_to_or_calls() {
    for is_accepted in [true, false] {
        let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
        let channel = ring(&mut rig, "bob/pad", "alice");
        if is_accepted {
            rig.op("alice/phone", Op::Accept(message(&channel, "bob", "")));
            rig.op("alice/phone", Op::Join { channel: channel.clone() });
        }
        rig.take("alice/phone");
        rig.take("bob/pad");
        let mut config = super::rig::config("bob/pad");
        config.instance = "another life".into();
        rig.add("bob/pad again", config);
        rig.op("bob/pad again", Op::Login);
        rig.up("bob/pad again");
        assert_eq!(rig.take("bob/pad"), ["Kicked", "disconnect true"]);
        let heard = if is_accepted { "Online Leave by bob" } else { "Online Close by bob" };
        assert_eq!(rig.take("alice/phone"), [heard]);
    }
}

#[test]
fn a_device_that_is_kicked_while_it_rings_does_not_answer_for_the_others() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad", "bob/phone"]);
    ring(&mut rig, "alice/phone", "bob");
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        rig.take(name);
    }
    let mut config = super::rig::config("bob/pad");
    config.instance = "another life".into();
    rig.add("bob/pad again", config);
    rig.op("bob/pad again", Op::Login);
    rig.up("bob/pad again");
    assert_eq!(rig.take("bob/pad"), ["Kicked", "disconnect true"]);
    assert!(rig.take("alice/phone").is_empty() && rig.take("bob/phone").is_empty());
}

#[test]
fn who_calls_too_often_rings_with_a_repeat() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    for _ in 0..10 {
        let channel = ring(&mut rig, "alice/phone", "bob");
        rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    }
    rig.take("bob/pad");
    ring(&mut rig, "alice/phone", "bob");
    assert!(rig.take("bob/pad").is_empty(), "neither rung nor answered");
    rig.pass(2_500);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn a_login_that_is_given_up_neither_connects_nor_speaks() {
    let mut rig = Rig::new(&["bob/pad"]);
    rig.add("bob/phone", config("bob/phone"));
    let req = rig.op("bob/phone", Op::Login);
    rig.feed("bob/phone", Input::AbortLogin { req });
    assert_eq!(rig.take("bob/phone"), ["done 408", "disconnect false"]);
    rig.wire.clear();
    rig.up("bob/phone");
    rig.pass(10_000);
    assert_eq!((rig.take("bob/phone"), rig.wire.len()), (vec![], 0));
    // What another login waits for is its own.
    let later = rig.op("bob/phone", Op::Login);
    rig.feed("bob/phone", Input::AbortLogin { req });
    rig.up("bob/phone");
    assert_eq!(rig.take("bob/phone"), ["done 0"]);
    // It had been granted when the core gave it up.
    rig.wire.clear();
    rig.feed("bob/phone", Input::AbortLogin { req: later });
    assert_eq!((rig.take("bob/phone"), rig.wire.len()), (vec!["disconnect false".into()], 0));
}
