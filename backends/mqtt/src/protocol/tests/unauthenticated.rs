//! An account that is not part of a call, and what it can find out: it changes nothing and learns nothing.

use nertc_callkit_signaling::{Operation, Text};

use super::harness::{Harness, close, config, create, invite, join, op_args, ring};
use crate::protocol::{Input, Output, Peer, TopicKind};

const MALLORY: (&str, &str) = ("mallory", "x");
const KINDS: [&str; 16] = [
    "invite", "alert", "accept", "reject", "settled", "join", "bye", "ctl", "ack", "sync", "state", "gone",
    "hello", "mark", "wave", "void",
];

fn two() -> Harness {
    Harness::new(&["alice/phone", "bob/pad"])
}

fn in_call(harness: &mut Harness) -> Text {
    let channel = ring(harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("alice/phone");
    harness.take("bob/pad");
    harness.wire.clear();
    channel
}

/// Everything that can be said about a call by somebody who has all its ids.
fn send_everything(harness: &mut Harness, channel: &Text) {
    let ids: Vec<String> = harness
        .wire
        .iter()
        .filter_map(|it| it.1.split("\"id\":\"").nth(1)?.split('"').next().map(str::to_owned))
        .chain(["new".to_owned()])
        .collect();
    for name in ["alice/phone", "bob/pad"] {
        for topic in [TopicKind::Inbox, TopicKind::Direct] {
            for kind in KINDS {
                for how in ["accept", "reject", "cancel", "close", "leave"] {
                    for id in &ids {
                        let body = format!(
                            r#""rid":"r1","custom":"","how":"{how}","by":"pad","uid":5,"type":1,"asks":true"#
                        );
                        let head = format!(r#""k":"{kind}","id":"{id}","cid":"{channel}","inst":"m""#);
                        let text = format!(r#"{head},"n":1,"re":"{id}","b":{{{body}}}"#);
                        harness.forge(name, MALLORY, topic, &text);
                        // Not over the limit of messages: all of them are looked at.
                        harness.now += 20;
                    }
                }
            }
        }
    }
}

#[test]
fn knowing_all_ids_of_a_ringing_call_is_not_enough() {
    let mut harness = two();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("alice/phone");
    harness.take("bob/pad");
    harness.pass(20);
    send_everything(&mut harness, &channel);
    let to_mallory = harness.wire.iter().filter(|it| it.0.contains("mallory")).count();
    assert_eq!(
        (harness.take("alice/phone"), harness.take("bob/pad"), to_mallory),
        (vec!["Online Ringing by bob".into()], vec![], 0)
    );
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    assert_eq!(harness.take("alice/phone"), ["Online Accept by bob"]);
}

#[test]
fn knowing_all_ids_of_a_call_neither_ends_nor_keeps_it() {
    let mut harness = two();
    let channel = in_call(&mut harness);
    send_everything(&mut harness, &channel);
    let to_mallory = harness.wire.iter().filter(|it| it.0.contains("mallory")).count();
    assert_eq!((harness.take("alice/phone"), harness.take("bob/pad"), to_mallory), (vec![], vec![], 0));
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn an_accept_waits_for_the_callers_device_alone() {
    let mut harness = two();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.take("bob/pad");
    harness.loses = Some("\"k\":\"accept\"");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    for kind in ["gone", "settled", "state", "ack"] {
        let body = r#""rid":"r1","how":"reject","by":"","custom":"""#;
        let text = format!(r#""k":"{kind}","id":"{kind}","cid":"{channel}","inst":"m","b":{{{body}}}"#);
        harness.forge("bob/pad", MALLORY, TopicKind::Direct, &text);
        // Another device of the caller's account does not decide either.
        harness.forge("bob/pad", ("alice", "other"), TopicKind::Direct, &text);
    }
    assert!(harness.take("bob/pad").is_empty());
    harness.loses = None;
    harness.pass(500);
    assert_eq!(harness.take("bob/pad"), ["done 0"], "it is repeated");
}

/// What ids a peer's next messages will have: somebody who can tell them says them first.
fn next_ids(protocol: &Peer, op: Operation) -> Vec<String> {
    let mut oracle = protocol.clone();
    oracle.handle(0, Input::Op { req: 99, op });
    let mut ids = Vec::new();
    while let Some(output) = oracle.poll_output() {
        if let Output::Publish { payload, .. } = output {
            ids.extend(
                payload.split("\"id\":\"").nth(1).and_then(|it| it.split('"').next()).map(str::to_owned),
            );
        }
    }
    ids
}

fn send_first(harness: &mut Harness, name: &'static str, ids: &[String]) {
    assert!(!ids.is_empty());
    for id in ids {
        for kind in ["wave", "bye", "ctl", "invite", "rec"] {
            let body = r#""rid":"r9","custom":"","how":"leave","text":"{}""#;
            let text = format!(r#""k":"{kind}","id":"{id}","cid":"c","inst":"m","b":{{{body}}}"#);
            harness.forge(name, MALLORY, TopicKind::Inbox, &text);
        }
    }
}

#[test]
fn using_others_ids_first_blocks_nobody() {
    let mut harness = two();
    // With one `sync` a stranger got an id once, and with it all that came after.
    harness.wire.clear();
    harness.forge(
        "alice/phone",
        MALLORY,
        TopicKind::Inbox,
        r#""k":"sync","id":"1","cid":"nochannel","inst":"m""#,
    );
    assert_eq!(harness.sent_kinds(), Vec::<String>::new());
    // Even if it had them: an invite, and a hang-up.
    harness.op("alice/phone", create());
    let made = harness.clients["alice/phone"].received.iter().find_map(|it| {
        let Output::Done { answer, .. } = it else { return None };
        answer.channel.as_ref().map(|channel| channel.channel.id.clone())
    });
    let channel = made.expect("a channel");
    harness.op("alice/phone", join(&channel));
    let invite = invite(op_args(&channel, "bob", "hi"), 30_000);
    let ids = next_ids(&harness.clients["alice/phone"].protocol, invite.clone());
    send_first(&mut harness, "bob/pad", &ids);
    harness.take("bob/pad");
    harness.op("alice/phone", invite);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("bob/pad");
    let close = close(op_args(&channel, "", ""));
    let ids = next_ids(&harness.clients["alice/phone"].protocol, close.clone());
    send_first(&mut harness, "bob/pad", &ids);
    harness.take("bob/pad");
    harness.op("alice/phone", close);
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn a_tombstone_belongs_to_the_device_that_made_the_channel() {
    let mut harness = two();
    harness.loses = Some("\"k\":\"invite\"");
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.loses = None;
    for from in [MALLORY, ("alice", "other")] {
        let body = r#""rid":"r1","how":"cancel","by":"","custom":"","uid":0,"type":1"#;
        let text = format!(r#""k":"settled","id":"s","cid":"{channel}","inst":"m","b":{{{body}}}"#);
        harness.forge("bob/pad", from, TopicKind::Inbox, &text);
    }
    harness.pass(2_000);
    assert_eq!(harness.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn only_parties_and_addressed_incarnations_get_answers() {
    let mut harness = two();
    let channel = in_call(&mut harness);
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    harness.pass(10_000);
    harness.wire.clear();
    let sync = |id: u32, to: &str| format!(r#""k":"sync","id":"{id}","cid":"{channel}","inst":"m"{to}"#);
    harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &sync(1, ""));
    assert_eq!(
        harness.sent_kinds(),
        ["gone nck1/u/alice/d/phone/bob/pad"],
        "a member of a call that has ended"
    );
    harness.forge("bob/pad", MALLORY, TopicKind::Direct, &sync(2, ""));
    harness.forge("bob/pad", MALLORY, TopicKind::Direct, &sync(3, r#","to":"somebody else""#));
    assert_eq!(harness.sent_kinds(), Vec::<String>::new());
    harness.pass(600_000);
    harness.wire.clear();
    harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &sync(4, ""));
    assert_eq!(harness.sent_kinds(), Vec::<String>::new(), "ten minutes later it is a stranger");
    // A device that has begun a new life is told apart from one that is silent.
    let mut again = config("bob/pad");
    again.instances.push("life 2".into());
    again.instance = "life 2".into();
    harness.add("bob/pad", again);
    harness.log_in("bob/pad");
    harness.wire.clear();
    harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &sync(5, r#","to":"bob-pad-1""#));
    assert_eq!(harness.sent_kinds(), ["gone nck1/u/alice/d/phone/bob/pad"]);
}

#[test]
fn a_restart_of_the_callee_is_reported_at_once() {
    let mut harness = two();
    let channel = in_call(&mut harness);
    let mut again = config("bob/pad");
    again.instances.push("life 2".into());
    again.instance = "life 2".into();
    harness.add("bob/pad", again);
    harness.log_in("bob/pad");
    let text = r#"{"cid":2}"#;
    harness.op("alice/phone", Operation::Control(op_args(&channel, "", text)));
    assert_eq!(harness.take("alice/phone"), ["done 0", "Online Leave by bob"]);
}
