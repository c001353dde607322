//! How long things last, and what the core makes of an invite.

use super::rig::{Rig, message, ring, ring_for};
use crate::station::{Input, InviteState, Lane, Op};

fn three() -> Rig {
    Rig::new(&["alice/phone", "bob/pad", "bob/phone"])
}

/// What a core makes of the invite of alice.
fn state(rig: &mut Rig, name: &'static str, channel: &str, state: InviteState) {
    let (channel, request) = (channel.into(), "r1".into());
    rig.feed(name, Input::InviteState { channel, request, state });
}

fn count(rig: &Rig, what: &str, topic: &str) -> usize {
    rig.wire.iter().filter(|it| it.1.contains(what) && it.0.contains(topic)).count()
}

#[test]
fn nobody_learns_of_a_device_before_its_core_has_taken_the_invite() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    rig.state = None;
    rig.wire.clear();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(30);
    let ctl = format!(r#""k":"ctl","id":"x","cid":"{channel}","inst":"i","b":{{"custom":"c"}}"#);
    rig.forge("bob/pad", ("alice", "phone"), Lane::Inbox, &ctl);
    rig.forge(
        "bob/pad",
        ("alice", "phone"),
        Lane::Direct,
        &format!(r#""k":"sync","id":"y","cid":"{channel}""#),
    );
    assert_eq!(count(&rig, "", "u/alice/d/phone/bob"), 0);
    state(&mut rig, "bob/pad", &channel, InviteState::Ringing);
    assert_eq!(count(&rig, "\"k\":\"alert\"", "u/alice/d/phone/bob"), 1);
    assert_eq!(rig.take("alice/phone").last().map(String::as_str), Some("Online Ringing by bob"));
}

#[test]
fn an_ignored_invite_is_forgotten_without_a_word_and_others_ring_on() {
    let mut rig = three();
    rig.state = None;
    rig.wire.clear();
    let channel = ring(&mut rig, "alice/phone", "bob");
    state(&mut rig, "bob/pad", &channel, InviteState::Dropped);
    state(&mut rig, "bob/phone", &channel, InviteState::Ringing);
    assert!(rig.phones["bob/pad"].station.is_at_rest());
    rig.take("bob/pad");
    rig.pass(20);
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    rig.pass(20_000);
    assert_eq!(count(&rig, "", "u/alice/d/phone/bob/pad"), 0, "not even an ack");
    assert!(rig.take("bob/pad").is_empty());
    assert_eq!(rig.take("bob/phone"), ["Online Invite by alice", "Online Cancel by alice"]);
    assert_eq!(rig.take("alice/phone").last().map(String::as_str), Some("done 0"));
}

#[test]
fn an_invite_that_is_kept_aside_is_known_to_the_caller_but_does_not_ring() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    rig.state = Some(InviteState::Held);
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(20_000);
    assert_eq!(count(&rig, "\"k\":\"invite\"", ""), 1, "it is not repeated");
    assert_eq!(count(&rig, "\"rings\":false", ""), 1);
    assert_eq!(rig.take("alice/phone"), ["done 0", "done 0", "done 0"]);
    rig.loses = Some("u/bob/in/");
    rig.op("alice/phone", Op::Cancel(message(&channel, "bob", "")));
    rig.pass(2_000);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice", "Online Cancel by alice"]);
}

#[test]
fn an_account_rings_once_for_the_callers_core() {
    let mut rig = three();
    ring(&mut rig, "alice/phone", "bob");
    rig.pass(100);
    let heard = rig.take("alice/phone");
    assert_eq!(heard.iter().filter(|it| it.contains("Ringing")).count(), 1, "{heard:?}");
}

#[test]
fn a_ring_lasts_as_long_as_the_caller_says_and_repeats_do_not_extend_it() {
    let mut rig = Rig::new(&["bob/pad"]);
    let invite = r#""k":"invite","id":"i","cid":"c","inst":"i","b":{"rid":"r1","custom":"","ring":10000}"#;
    for _ in 0..6 {
        rig.forge("bob/pad", ("alice", "phone"), Lane::Inbox, invite);
        rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, r#""k":"state","id":"s","cid":"c""#);
        rig.pass(1_999);
    }
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
    rig.pass(6);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
    assert!(rig.phones["bob/pad"].station.is_at_rest());
    // The longest, and what says nothing of it.
    for (id, ring) in [("c2", r#","ring":9007199254740991"#), ("c3", "")] {
        let body = format!(r#""rid":"r1","custom":""{ring}"#);
        let text = format!(r#""k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{{{body}}}"#);
        rig.forge("bob/pad", ("alice", "phone"), Lane::Inbox, &text);
    }
    for _ in 0..12 {
        for id in ["c2", "c3"] {
            let text = format!(r#""k":"state","id":"s","cid":"{id}""#);
            rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &text);
        }
        rig.pass(10_160);
    }
    assert_eq!(rig.take("bob/pad").len(), 2);
    rig.pass(100);
    assert!(rig.phones["bob/pad"].station.is_at_rest(), "122 seconds");
}

#[test]
fn a_granted_call_that_is_not_joined_is_given_back_after_eight_seconds() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.take("bob/pad");
    rig.take("alice/phone");
    rig.pass(7_999);
    assert!(rig.take("bob/pad").is_empty());
    rig.pass(1);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
    assert_eq!(rig.take("alice/phone"), ["Online Leave by bob"]);
    assert!(rig.phones["bob/pad"].station.is_at_rest());
}

#[test]
fn a_will_that_comes_again_and_again_does_not_keep_a_backlog_waiting() {
    // With answers between the wills, first about one call and then about the other, each is in doubt again
    // before the other is not.
    for (answers, limit) in [(false, 2_000), (true, 3_000)] {
        let mut rig = Rig::new(&["bob/pad", "carol/pad"]);
        rig.down("bob/pad");
        rig.take("bob/pad");
        for id in ["c0", "c1"] {
            let body = r#"{"rid":"r1","custom":""}"#;
            let text = format!(r#"{{"v":1,"k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{body}}}"#);
            rig.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".into(), text);
        }
        rig.up("bob/pad");
        rig.take("bob/pad");
        for tick in 0.. {
            if answers && tick % 5 == 0 {
                let text = format!(r#""k":"state","id":"s","cid":"c{}""#, tick / 5 % 2);
                rig.forge("bob/pad", ("mallory", "x"), Lane::Direct, &text);
            }
            rig.feed("bob/pad", Input::Gone { account: "mallory".into(), device: "x".into() });
            rig.pass(100);
            if !rig.take("bob/pad").is_empty() {
                break;
            }
            assert!(tick * 100 < limit, "the backlog is not handed over in {limit} ms");
        }
        ring_for(&mut rig, "carol/pad", "bob", 30_000);
        assert!(rig.take("bob/pad").contains(&"Online Invite by carol".to_owned()));
    }
}

#[test]
fn a_login_while_the_connection_is_lost_waits_for_it() {
    let mut rig = Rig::new(&["bob/pad"]);
    rig.down("bob/pad");
    rig.take("bob/pad");
    rig.op("bob/pad", Op::Login);
    assert!(rig.take("bob/pad").is_empty());
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["done 0", "Restored"]);
    // One that is given up leaves the session that was there.
    rig.down("bob/pad");
    let req = rig.op("bob/pad", Op::Login);
    rig.feed("bob/pad", Input::AbortLogin { req });
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["Lost", "done 408", "Restored"]);
}

#[test]
fn hello_is_said_by_who_hears_itself() {
    let mut rig = Rig::new(&[]);
    rig.add("bob/pad", super::rig::config("bob/pad"));
    rig.loses = Some("\"k\":\"mark\"");
    rig.op("bob/pad", Op::Login);
    rig.up("bob/pad");
    rig.pass(4_999);
    assert_eq!(count(&rig, "\"k\":\"hello\"", ""), 0);
    rig.pass(1);
    assert_eq!(rig.take("bob/pad"), ["done 90008", "disconnect false"]);
}

#[test]
fn a_hello_that_is_delivered_again_kicks_nobody() {
    let mut rig = Rig::new(&[]);
    rig.add("bob/pad", crate::station::Config { single_device: true, ..super::rig::config("bob/pad") });
    let old = r#""k":"hello","id":"h1","inst":"old","b":{"epoch":7}"#;
    rig.op("bob/pad", Op::Login);
    rig.feed("bob/pad", Input::Up { resumed: true });
    rig.forge("bob/pad", ("bob", "phone"), Lane::Own, old);
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    rig.forge("bob/pad", ("bob", "phone"), Lane::Own, old);
    rig.forge(
        "bob/pad",
        ("bob", "phone"),
        Lane::Own,
        r#""k":"hello","id":"h2","inst":"old","b":{"epoch":6}"#,
    );
    assert!(rig.take("bob/pad").is_empty());
    rig.forge(
        "bob/pad",
        ("bob", "phone"),
        Lane::Own,
        r#""k":"hello","id":"h3","inst":"old","b":{"epoch":8}"#,
    );
    assert_eq!(rig.take("bob/pad"), ["Kicked", "disconnect true"]);
}
