//! Tables that all share: who fills them takes nothing from others, and what must be told is told.

use nertc_callkit_signaling::{InviteState, Operation, Text};

use super::harness::{Harness, close, create, join, op_args, ring};
use crate::protocol::{Input, Output, TopicKind};

fn an_invite(id: &str) -> String {
    format!(r#""k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{{"rid":"r","custom":""}}"#)
}

fn in_call(harness: &mut Harness) -> Text {
    let channel = ring(harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.take("alice/phone");
    harness.take("bob/pad");
    channel
}

#[test]
fn ringing_strangers_block_no_call() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    // Their invites are neither taken nor ignored: a core that says nothing.
    harness.state = None;
    for account in 0..60 {
        for n in 0..10 {
            let account = format!("m{account}");
            harness.forge(
                "bob/pad",
                (&account, "x"),
                TopicKind::Inbox,
                &an_invite(&format!("{account}-{n}")),
            );
        }
    }
    let core_state = harness.take("bob/pad");
    let rings = core_state.iter().filter(|it| it.contains("Invite")).count();
    let ends = core_state.iter().filter(|it| it.contains("Close")).count();
    assert_eq!(rings - ends, 48);
    let accounts: std::collections::BTreeSet<_> =
        core_state.iter().filter(|it| it.contains("Invite")).collect();
    assert!(accounts.len() >= 48, "each account has its share");
    harness.state = Some(InviteState::Ringing);
    let channel = ring(&mut harness, "alice/phone", "bob");
    assert!(harness.take("bob/pad").contains(&"Online Invite by alice".to_owned()));
    // Whom the user is told of is not evicted, however long it has rung.
    harness.pass(100);
    harness.state = None;
    for account in 60..600 {
        let account = format!("m{account}");
        harness.forge("bob/pad", (&account, "x"), TopicKind::Inbox, &an_invite(&account));
    }
    harness.take("bob/pad");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/pad"), ["done 0"]);
    harness.op("bob/pad", close(op_args(&channel, "", "")));
    harness.take("bob/pad");
    // And bob calls.
    harness.state = Some(InviteState::Ringing);
    harness.take("alice/phone");
    ring(&mut harness, "bob/pad", "alice");
    assert_eq!(harness.take("bob/pad")[..3], ["done 0", "done 0", "done 0"]);
    assert!(harness.take("alice/phone").contains(&"Online Invite by bob".to_owned()));
}

#[test]
fn own_channels_are_limited_for_themselves() {
    let mut harness = Harness::new(&["alice/phone"]);
    for n in 0..20 {
        harness.op("alice/phone", create());
        let expected = if n < 16 { "done 0" } else { "done 90005" };
        assert_eq!(harness.take("alice/phone"), [expected], "{n}");
    }
}

#[test]
fn the_end_of_a_call_is_reported_despite_a_full_queue() {
    for before_subscription in [false, true] {
        let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
        let channel = in_call(&mut harness);
        harness.down("bob/pad");
        harness.take("bob/pad");
        let flood = |harness: &mut Harness| {
            // Her own share is used up, too.
            for n in 0..70 {
                let text = format!(r#""k":"ctl","id":"a{n}","cid":"{channel}","b":{{"custom":"x"}}"#);
                harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &text);
            }
            for account in 0..40 {
                for n in 0..60 {
                    let (account, id) = (format!("m{account}"), format!("{account}-{n}"));
                    let text = match n % 3 {
                        0 => an_invite(&id),
                        1 => format!(r#""k":"rec","id":"{id}","inst":"i","b":{{"text":"{{}}"}}"#),
                        _ => {
                            let body = r#""rid":"r","how":"accept","by":"p""#;
                            format!(r#""k":"settled","id":"{id}","cid":"{id}","b":{{{body}}}"#)
                        }
                    };
                    harness.forge("bob/pad", (&account, "x"), TopicKind::Inbox, &text);
                }
            }
        };
        if before_subscription {
            flood(&mut harness);
            let bye = format!(
                r#""k":"bye","id":"b","cid":"{channel}","inst":"alice-phone-1","n":9,"b":{{"how":"close"}}"#
            );
            harness.forge("bob/pad", ("alice", "phone"), TopicKind::Direct, &bye);
            harness.up("bob/pad");
        } else {
            harness.feed("bob/pad", Input::Up { resumed: true });
            flood(&mut harness);
            harness.op("alice/phone", close(op_args(&channel, "", "")));
            harness.up("bob/pad");
        }
        harness.pass(5_000);
        let core_state = harness.take("bob/pad");
        assert!(core_state.contains(&"Offline Close by alice".to_owned()), "{before_subscription}");
        let size = format!("{:?}", harness.clients["bob/pad"].protocol).len();
        assert!(size < 2_000_000, "{size}");
    }
}

#[test]
fn what_came_before_the_subscription_is_limited_in_bytes() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.down("bob/pad");
    let custom = "x".repeat(4_000);
    for account in 0..100 {
        for n in 0..100 {
            let id = format!("{account}-{n}");
            let body = format!(r#""rid":"r","custom":"{custom}""#);
            let text = format!(r#""k":"invite","id":"{id}","cid":"{id}","b":{{{body}}}"#);
            harness.forge("bob/pad", (&format!("m{account}"), "x"), TopicKind::Inbox, &text);
        }
    }
    let size = format!("{:?}", harness.clients["bob/pad"].protocol).len();
    // Bytes as numbers: five characters each.
    assert!(size < 6 * 1024 * 1024, "{size}");
    assert!(size > 4 * 1024 * 1024, "{size}: it is full");
}

#[test]
fn nobody_uses_up_the_place_of_others_before_the_subscription() {
    let mut harness = Harness::new(&["bob/pad"]);
    harness.down("bob/pad");
    let custom = "x".repeat(4_000);
    for n in 0..400 {
        let text = format!(r#""k":"invite","id":"{n}","cid":"{n}","b":{{"rid":"r","custom":"{custom}"}}"#);
        harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, &text);
    }
    harness.forge("bob/pad", ("carol", "pad"), TopicKind::Inbox, &an_invite("carols"));
    harness.up("bob/pad");
    harness.pass(3_000);
    assert!(harness.take("bob/pad").contains(&"Offline Invite by carol over".to_owned()));
}

#[test]
fn own_messages_about_a_call_do_not_share_a_limit_with_others() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    let channel = in_call(&mut harness);
    harness.down("alice/phone");
    harness.take("alice/phone");
    for _ in 0..100 {
        harness.op("alice/phone", Operation::Control(op_args(&channel, "", "c")));
    }
    let refused = harness.take("alice/phone").iter().filter(|it| *it == "done 90005").count();
    assert_eq!(refused, 36, "64 wait");
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    harness.up("alice/phone");
    harness.pass(5_000);
    assert!(harness.take("bob/pad").contains(&"Online Close by alice".to_owned()));
}

#[test]
fn lines_of_the_log_are_counted() {
    let mut harness = Harness::new(&["bob/pad"]);
    for n in 0..1_000 {
        harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, &an_invite(&n.to_string()));
    }
    let lines = |harness: &mut Harness| {
        let received = std::mem::take(&mut harness.clients.get_mut("bob/pad").expect("a phone").received);
        received.into_iter().filter(|it| matches!(it, Output::Log { .. })).collect::<Vec<_>>()
    };
    let first = lines(&mut harness);
    assert!(first.len() <= 3, "{first:?}");
    harness.pass(60_000);
    for n in 0..200 {
        harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, &an_invite(&format!("again {n}")));
    }
    let Some(Output::Log { text }) = lines(&mut harness).pop() else { unreachable!("a line") };
    assert!(text.contains(" times in the last minutes)"), "{text}");
}

#[test]
fn watched_wills_prefer_peers_over_strangers() {
    let mut harness = Harness::new(&["alice/phone"]);
    harness.add(
        "bob/pad",
        crate::protocol::Config { watch_presence: true, ..super::harness::config("bob/pad") },
    );
    harness.log_in("bob/pad");
    for account in 0..40 {
        let account = format!("a{account}");
        harness.forge("bob/pad", (&account, "x"), TopicKind::Inbox, &an_invite(&account));
    }
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    let received = std::mem::take(&mut harness.clients.get_mut("bob/pad").expect("a phone").received);
    let mut watched = std::collections::BTreeSet::new();
    for output in received {
        let Output::Watch { account, on, .. } = output else { continue };
        if on {
            watched.insert(account)
        } else {
            watched.remove(&account)
        };
        assert!(watched.len() <= 16);
    }
    assert!(watched.contains("alice") && watched.len() == 16, "{watched:?}");
}
