//! An account that is not part of a call, and what it knows of it: it changes nothing and learns nothing.

use super::rig::{Rig, config, message, ring};
use crate::station::{Input, Lane, Op, Output, Station, Text};

const MALLORY: (&str, &str) = ("mallory", "x");
const KINDS: [&str; 16] = [
    "invite", "alert", "accept", "reject", "settled", "join", "bye", "ctl", "ack", "sync", "state", "gone",
    "hello", "mark", "wave", "void",
];

fn two() -> Rig {
    Rig::new(&["alice/phone", "bob/pad"])
}

fn in_call(rig: &mut Rig) -> Text {
    let channel = ring(rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.take("alice/phone");
    rig.take("bob/pad");
    rig.wire.clear();
    channel
}

/// Everything that can be said about a call by somebody who knows all its ids.
fn say_everything(rig: &mut Rig, channel: &Text) {
    let ids: Vec<String> = rig
        .wire
        .iter()
        .filter_map(|it| it.1.split("\"id\":\"").nth(1)?.split('"').next().map(str::to_owned))
        .chain(["new".to_owned()])
        .collect();
    for name in ["alice/phone", "bob/pad"] {
        for lane in [Lane::Inbox, Lane::Direct] {
            for kind in KINDS {
                for how in ["accept", "reject", "cancel", "close", "leave"] {
                    for id in &ids {
                        let body = format!(
                            r#""rid":"r1","custom":"","how":"{how}","by":"pad","uid":5,"type":1,"asks":true"#
                        );
                        let head = format!(r#""k":"{kind}","id":"{id}","cid":"{channel}","inst":"m""#);
                        let text = format!(r#"{head},"n":1,"re":"{id}","b":{{{body}}}"#);
                        rig.forge(name, MALLORY, lane, &text);
                        // Not over the limit of messages: all of them are looked at.
                        rig.now += 20;
                    }
                }
            }
        }
    }
}

#[test]
fn who_knows_all_ids_of_a_ringing_call_cannot_end_or_answer_it() {
    let mut rig = two();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("alice/phone");
    rig.take("bob/pad");
    rig.pass(20);
    say_everything(&mut rig, &channel);
    let to_mallory = rig.wire.iter().filter(|it| it.0.contains("mallory")).count();
    assert_eq!(
        (rig.take("alice/phone"), rig.take("bob/pad"), to_mallory),
        (vec!["Online Ringing by bob".into()], vec![], 0)
    );
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    assert_eq!(rig.take("alice/phone"), ["Online Accept by bob"]);
}

#[test]
fn who_knows_all_ids_of_a_call_cannot_end_it_or_keep_its_end_from_being_heard() {
    let mut rig = two();
    let channel = in_call(&mut rig);
    say_everything(&mut rig, &channel);
    let to_mallory = rig.wire.iter().filter(|it| it.0.contains("mallory")).count();
    assert_eq!((rig.take("alice/phone"), rig.take("bob/pad"), to_mallory), (vec![], vec![], 0));
    rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn an_accept_waits_for_the_callers_device_whatever_others_say() {
    let mut rig = two();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.take("bob/pad");
    rig.loses = Some("\"k\":\"accept\"");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    for kind in ["gone", "settled", "state", "ack"] {
        let body = r#""rid":"r1","how":"reject","by":"","custom":"""#;
        let text = format!(r#""k":"{kind}","id":"{kind}","cid":"{channel}","inst":"m","b":{{{body}}}"#);
        rig.forge("bob/pad", MALLORY, Lane::Direct, &text);
        // Another device of the caller's account does not decide either.
        rig.forge("bob/pad", ("alice", "other"), Lane::Direct, &text);
    }
    assert!(rig.take("bob/pad").is_empty());
    rig.loses = None;
    rig.pass(500);
    assert_eq!(rig.take("bob/pad"), ["done 0"], "it is repeated");
}

/// What ids a station's next messages will have: somebody who can tell them says them first.
fn next_ids(station: &Station, op: Op) -> Vec<String> {
    let mut oracle = station.clone();
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

fn say_first(rig: &mut Rig, name: &'static str, ids: &[String]) {
    assert!(!ids.is_empty());
    for id in ids {
        for kind in ["wave", "bye", "ctl", "invite", "rec"] {
            let body = r#""rid":"r9","custom":"","how":"leave","text":"{}""#;
            let text = format!(r#""k":"{kind}","id":"{id}","cid":"c","inst":"m","b":{{{body}}}"#);
            rig.forge(name, MALLORY, Lane::Inbox, &text);
        }
    }
}

#[test]
fn who_says_the_ids_of_others_first_silences_nobody() {
    let mut rig = two();
    // With one `sync` a stranger got an id once, and with it all that came after.
    rig.wire.clear();
    rig.forge("alice/phone", MALLORY, Lane::Inbox, r#""k":"sync","id":"1","cid":"nochannel","inst":"m""#);
    assert_eq!(rig.said(), Vec::<String>::new());
    // Even if it had them: an invite, and a hang-up.
    rig.op("alice/phone", Op::Create { call_type: 1 });
    let made = rig.phones["alice/phone"].heard.iter().find_map(|it| {
        let Output::Done { answer, .. } = it else { return None };
        answer.room.as_ref().map(|room| room.channel.id.clone())
    });
    let channel = made.expect("a channel");
    rig.op("alice/phone", Op::Join { channel: channel.clone() });
    let extra = crate::station::InviteExtra { expires_ms: 30_000, push: None };
    let invite = Op::Invite(message(&channel, "bob", "hi"), extra);
    let ids = next_ids(&rig.phones["alice/phone"].station, invite.clone());
    say_first(&mut rig, "bob/pad", &ids);
    rig.take("bob/pad");
    rig.op("alice/phone", invite);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.take("bob/pad");
    let close = Op::Close(message(&channel, "", ""));
    let ids = next_ids(&rig.phones["alice/phone"].station, close.clone());
    say_first(&mut rig, "bob/pad", &ids);
    rig.take("bob/pad");
    rig.op("alice/phone", close);
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
}

#[test]
fn a_tombstone_belongs_to_the_device_that_made_the_channel() {
    let mut rig = two();
    rig.loses = Some("\"k\":\"invite\"");
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.loses = None;
    for from in [MALLORY, ("alice", "other")] {
        let body = r#""rid":"r1","how":"cancel","by":"","custom":"","uid":0,"type":1"#;
        let text = format!(r#""k":"settled","id":"s","cid":"{channel}","inst":"m","b":{{{body}}}"#);
        rig.forge("bob/pad", from, Lane::Inbox, &text);
    }
    rig.pass(2_000);
    assert_eq!(rig.take("bob/pad"), ["Online Invite by alice"]);
}

#[test]
fn only_parties_are_answered_and_whoever_means_a_life_of_this_device() {
    let mut rig = two();
    let channel = in_call(&mut rig);
    rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    rig.pass(10_000);
    rig.wire.clear();
    let sync = |id: u32, to: &str| format!(r#""k":"sync","id":"{id}","cid":"{channel}","inst":"m"{to}"#);
    rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &sync(1, ""));
    assert_eq!(rig.said(), ["gone nck1/u/alice/d/phone/bob/pad"], "a party of a call that has ended");
    rig.forge("bob/pad", MALLORY, Lane::Direct, &sync(2, ""));
    rig.forge("bob/pad", MALLORY, Lane::Direct, &sync(3, r#","to":"somebody else""#));
    assert_eq!(rig.said(), Vec::<String>::new());
    rig.pass(600_000);
    rig.wire.clear();
    rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &sync(4, ""));
    assert_eq!(rig.said(), Vec::<String>::new(), "ten minutes later it is a stranger");
    // A device that has begun a new life is told apart from one that is silent.
    let mut again = config("bob/pad");
    again.instances.push("life 2".into());
    again.instance = "life 2".into();
    rig.add("bob/pad", again);
    rig.log_in("bob/pad");
    rig.wire.clear();
    rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &sync(5, r#","to":"bob-pad-1""#));
    assert_eq!(rig.said(), ["gone nck1/u/alice/d/phone/bob/pad"]);
}

#[test]
fn a_caller_is_told_at_once_that_the_called_has_begun_a_new_life() {
    let mut rig = two();
    let channel = in_call(&mut rig);
    let mut again = config("bob/pad");
    again.instances.push("life 2".into());
    again.instance = "life 2".into();
    rig.add("bob/pad", again);
    rig.log_in("bob/pad");
    let text = r#"{"cid":2}"#;
    rig.op("alice/phone", Op::Control(message(&channel, "", text)));
    assert_eq!(rig.take("alice/phone"), ["done 0", "Online Leave by bob"]);
}
