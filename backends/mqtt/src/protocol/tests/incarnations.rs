//! How long things last, and what the core makes of an invite.

use nertc_callkit_signaling::{InviteState, Operation};

use super::harness::{Harness, login, op_args, ring, ring_for};
use crate::protocol::{Input, TopicKind};

fn three() -> Harness {
    Harness::new(&["alice/phone", "bob/pad", "bob/phone"])
}

/// What a core makes of the invite of alice.
fn state(harness: &mut Harness, name: &'static str, channel: &str, state: InviteState) {
    let (channel, request) = (channel.into(), "r1".into());
    harness.feed(name, Input::InviteState { channel, request, state });
}

fn count(harness: &Harness, what: &str, topic: &str) -> usize {
    harness.wire.iter().filter(|it| it.1.contains(what) && it.0.contains(topic)).count()
}

#[test]
fn nothing_is_sent_before_the_core_accepted_the_invite() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    harness.state = None;
    harness.wire.clear();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(30);
    let ctl = format!(r#""k":"ctl","id":"x","cid":"{channel}","inst":"i","b":{{"custom":"c"}}"#);
    harness.forge("bob/pad", ("alice", "phone"), TopicKind::Inbox, &ctl);
    harness.forge(
        "bob/pad",
        ("alice", "phone"),
        TopicKind::Direct,
        &format!(r#""k":"sync","id":"y","cid":"{channel}""#),
    );
    assert_eq!(count(&harness, "", "u/alice/d/phone/bob"), 0);
    state(&mut harness, "bob/pad", &channel, InviteState::Ringing);
    assert_eq!(count(&harness, "\"k\":\"alert\"", "u/alice/d/phone/bob"), 1);
    assert_eq!(harness.take("alice/phone").last().map(String::as_str), Some("Online Ringing by bob"));
}

#[test]
fn an_ignored_invite_is_dropped_silently() {
    let mut harness = three();
    harness.state = None;
    harness.wire.clear();
    let channel = ring(&mut harness, "alice/phone", "bob");
    state(&mut harness, "bob/pad", &channel, InviteState::Dropped);
    state(&mut harness, "bob/phone", &channel, InviteState::Ringing);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest());
    harness.take("bob/pad");
    harness.pass(20);
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    harness.pass(20_000);
    assert_eq!(count(&harness, "", "u/alice/d/phone/bob/pad"), 0, "not even an ack");
    assert!(harness.take("bob/pad").is_empty());
    assert_eq!(harness.take("bob/phone"), ["Online Invite by alice", "Online Cancel by alice"]);
    assert_eq!(harness.take("alice/phone").last().map(String::as_str), Some("done 0"));
}

#[test]
fn a_held_invite_is_alerted_without_ringing() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    harness.state = Some(InviteState::Held);
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(20_000);
    assert_eq!(count(&harness, "\"k\":\"invite\"", ""), 1, "it is not repeated");
    assert_eq!(count(&harness, "\"rings\":false", ""), 1);
    assert_eq!(harness.take("alice/phone"), ["done 0", "done 0", "done 0"]);
    harness.loses = Some("u/bob/in/");
    harness.op("alice/phone", Operation::Cancel(op_args(&channel, "bob", "")));
    harness.pass(2_000);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice", "Online Cancel by alice"]);
}

#[test]
fn an_account_rings_once_for_the_callers_core() {
    let mut harness = three();
    ring(&mut harness, "alice/phone", "bob");
    harness.pass(100);
    let received = harness.take("alice/phone");
    assert_eq!(received.iter().filter(|it| it.contains("Ringing")).count(), 1, "{received:?}");
}

#[test]
fn retransmissions_do_not_extend_the_ring_time() {
    let mut harness = Harness::new(&["bob/pad"]);
    let invite = r#""k":"invite","id":"i","cid":"c","inst":"i","b":{"rid":"r1","custom":"","ring":10000}"#;
    for _ in 0..6 {
        harness.forge("bob/pad", ("alice", "phone"), TopicKind::Inbox, invite);
        harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, r#""k":"state","id":"s","cid":"c""#);
        harness.pass(1_999);
    }
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
    harness.pass(6);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest());
    // The longest, and what says nothing of it.
    for (id, ring) in [("c2", r#","ring":9007199254740991"#), ("c3", "")] {
        let body = format!(r#""rid":"r1","custom":""{ring}"#);
        let text = format!(r#""k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{{{body}}}"#);
        harness.forge("bob/pad", ("alice", "phone"), TopicKind::Inbox, &text);
    }
    for _ in 0..12 {
        for id in ["c2", "c3"] {
            let text = format!(r#""k":"state","id":"s","cid":"{id}""#);
            harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &text);
        }
        harness.pass(10_160);
    }
    assert_eq!(harness.take("bob/pad").len(), 2);
    harness.pass(100);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest(), "122 seconds");
}

/// An invite that waited in the mailbox has rung elsewhere meanwhile: what is left of its message counts.
#[test]
fn a_ring_ends_with_the_expiry_of_its_message() {
    let mut harness = Harness::new(&["bob/pad"]);
    let state = r#""k":"state","id":"s","cid":"c""#;
    let cases = [
        (60_000, Some(9_000), 11_000),
        (9_000, Some(60_000), 11_000),
        (9_000, None, 11_000),
        (60_000, Some(0), 2_000),
        (u64::from(u32::MAX), Some(1 << 50), 122_000),
    ];
    for (ring, expires_ms, lasts) in cases {
        let id = format!("c{ring}{expires_ms:?}{lasts}");
        harness.forge_invite("bob/pad", &id, ring, expires_ms);
        // A copy with a longer life does not extend it.
        harness.forge_invite("bob/pad", &id, ring, None);
        let mut left = lasts - 1;
        while left > 0 {
            harness.forge(
                "bob/pad",
                ("alice", "phone"),
                TopicKind::Direct,
                &state.replace("\"c\"", &format!("{id:?}")),
            );
            let step = left.min(30_000);
            harness.pass(step);
            left -= step;
        }
        assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"], "{ring} {expires_ms:?}");
        harness.pass(1);
        assert_eq!(harness.take("bob/pad"), ["Online Close by alice"], "{ring} {expires_ms:?}");
    }
}

#[test]
fn the_expiry_counts_from_receipt_also_before_subscribing() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.down("bob/pad");
    harness.forge_invite("bob/pad", "c", 60_000, Some(9_000));
    harness.pass(8_000);
    harness.up("bob/pad");
    harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, r#""k":"state","id":"s","cid":"c""#);
    harness.take("bob/pad");
    harness.pass(2_999);
    assert!(harness.take("bob/pad").is_empty());
    harness.pass(1);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn a_grant_that_is_not_joined_is_released_after_8_s() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.take("bob/pad");
    harness.take("alice/phone");
    harness.pass(7_999);
    assert!(harness.take("bob/pad").is_empty());
    harness.pass(1);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    assert_eq!(harness.take("alice/phone"), ["Online Leave by bob"]);
    assert!(harness.clients["bob/pad"].protocol.is_at_rest());
}

#[test]
fn repeated_wills_do_not_delay_the_backlog() {
    // With answers between the wills, first about one call and then about the other, each is in doubt again
    // before the other is not.
    for (answers, limit) in [(false, 2_000), (true, 3_000)] {
        let mut harness = Harness::new(&["bob/pad", "carol/pad"]);
        harness.down("bob/pad");
        harness.take("bob/pad");
        for id in ["c0", "c1"] {
            let body = r#"{"rid":"r1","custom":""}"#;
            let text = format!(r#"{{"v":1,"k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{body}}}"#);
            harness.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".into(), text);
        }
        harness.up("bob/pad");
        harness.take("bob/pad");
        for tick in 0.. {
            if answers && tick % 5 == 0 {
                let text = format!(r#""k":"state","id":"s","cid":"c{}""#, tick / 5 % 2);
                harness.forge("bob/pad", ("mallory", "x"), TopicKind::Direct, &text);
            }
            harness.feed("bob/pad", Input::Gone { account: "mallory".into(), device: "x".into() });
            harness.pass(100);
            if !harness.take("bob/pad").is_empty() {
                break;
            }
            assert!(tick * 100 < limit, "the backlog is not handed over in {limit} ms");
        }
        ring_for(&mut harness, "carol/pad", "bob", 30_000);
        assert!(harness.take("bob/pad").contains(&"Online Invite by carol".to_owned()));
    }
}

#[test]
fn a_login_while_the_connection_is_lost_waits_for_it() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.down("bob/pad");
    harness.take("bob/pad");
    harness.op("bob/pad", login());
    assert!(harness.take("bob/pad").is_empty());
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["done 0", "Restored"]);
    // One that is given up leaves the session that was there.
    harness.down("bob/pad");
    let req = harness.op("bob/pad", login());
    harness.feed("bob/pad", Input::AbortLogin { req });
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["Lost", "done 408", "Restored"]);
}

#[test]
fn hello_follows_the_own_mark() {
    let mut harness = Harness::new(&[]);
    harness.add("bob/pad", super::harness::config("bob/pad"));
    harness.loses = Some("\"k\":\"mark\"");
    harness.op("bob/pad", login());
    harness.up("bob/pad");
    harness.pass(4_999);
    assert_eq!(count(&harness, "\"k\":\"hello\"", ""), 0);
    harness.pass(1);
    assert_eq!(harness.take("bob/pad"), ["done 90008", "disconnect false"]);
}

#[test]
fn a_hello_that_is_delivered_again_kicks_nobody() {
    let mut harness = Harness::new(&[]);
    harness
        .add("bob/pad", crate::protocol::Config { single_device: true, ..super::harness::config("bob/pad") });
    let old = r#""k":"hello","id":"h1","inst":"old","b":{"epoch":7}"#;
    harness.op("bob/pad", login());
    harness.feed("bob/pad", Input::Up { resumed: true });
    harness.forge("bob/pad", ("bob", "phone"), TopicKind::Own, old);
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    harness.forge("bob/pad", ("bob", "phone"), TopicKind::Own, old);
    harness.forge(
        "bob/pad",
        ("bob", "phone"),
        TopicKind::Own,
        r#""k":"hello","id":"h2","inst":"old","b":{"epoch":6}"#,
    );
    assert!(harness.take("bob/pad").is_empty());
    harness.forge(
        "bob/pad",
        ("bob", "phone"),
        TopicKind::Own,
        r#""k":"hello","id":"h3","inst":"old","b":{"epoch":8}"#,
    );
    assert_eq!(harness.take("bob/pad"), ["Kicked", "disconnect true"]);
}
