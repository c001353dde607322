//! Tables that all share: who fills them takes nothing from others, and what must be told is told.

use super::rig::{Rig, message, ring};
use crate::station::{Input, Lane, Op, Output, Text};

fn an_invite(id: &str) -> String {
    format!(r#""k":"invite","id":"{id}","cid":"{id}","inst":"i","b":{{"rid":"r","custom":""}}"#)
}

fn in_call(rig: &mut Rig) -> Text {
    let channel = ring(rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.take("alice/phone");
    rig.take("bob/pad");
    channel
}

#[test]
fn strangers_who_ring_everywhere_keep_nobody_from_calling_or_being_called() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    // Their invites are neither taken nor ignored: a core that says nothing.
    rig.state = None;
    for account in 0..60 {
        for n in 0..10 {
            let account = format!("m{account}");
            rig.forge("bob/pad", (&account, "x"), Lane::Inbox, &an_invite(&format!("{account}-{n}")));
        }
    }
    let told = rig.take("bob/pad");
    let rings = told.iter().filter(|it| it.contains("Invite")).count();
    let ends = told.iter().filter(|it| it.contains("Close")).count();
    assert_eq!(rings - ends, 48);
    let accounts: std::collections::BTreeSet<_> = told.iter().filter(|it| it.contains("Invite")).collect();
    assert!(accounts.len() >= 48, "each account has its share");
    rig.state = Some(crate::station::InviteState::Ringing);
    let channel = ring(&mut rig, "alice/phone", "bob");
    assert!(rig.take("bob/pad").contains(&"Online Invite by alice".to_owned()));
    // Whom the user is told of is not evicted, however long it has rung.
    rig.pass(100);
    rig.state = None;
    for account in 60..600 {
        let account = format!("m{account}");
        rig.forge("bob/pad", (&account, "x"), Lane::Inbox, &an_invite(&account));
    }
    rig.take("bob/pad");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/pad"), ["done 0"]);
    rig.op("bob/pad", Op::Close(message(&channel, "", "")));
    rig.take("bob/pad");
    // And bob calls.
    rig.state = Some(crate::station::InviteState::Ringing);
    rig.take("alice/phone");
    ring(&mut rig, "bob/pad", "alice");
    assert_eq!(rig.take("bob/pad")[..3], ["done 0", "done 0", "done 0"]);
    assert!(rig.take("alice/phone").contains(&"Online Invite by bob".to_owned()));
}

#[test]
fn own_channels_are_limited_for_themselves() {
    let mut rig = Rig::new(&["alice/phone"]);
    for n in 0..20 {
        rig.op("alice/phone", Op::Create { call_type: 1 });
        let expected = if n < 16 { "done 0" } else { "done 90005" };
        assert_eq!(rig.take("alice/phone"), [expected], "{n}");
    }
}

#[test]
fn the_end_of_a_call_is_told_however_much_else_waited() {
    for before_subscription in [false, true] {
        let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
        let channel = in_call(&mut rig);
        rig.down("bob/pad");
        rig.take("bob/pad");
        let flood = |rig: &mut Rig| {
            // Her own share is used up, too.
            for n in 0..70 {
                let text = format!(r#""k":"ctl","id":"a{n}","cid":"{channel}","b":{{"custom":"x"}}"#);
                rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &text);
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
                    rig.forge("bob/pad", (&account, "x"), Lane::Inbox, &text);
                }
            }
        };
        if before_subscription {
            flood(&mut rig);
            let bye = format!(
                r#""k":"bye","id":"b","cid":"{channel}","inst":"alice-phone-1","n":9,"b":{{"how":"close"}}"#
            );
            rig.forge("bob/pad", ("alice", "phone"), Lane::Direct, &bye);
            rig.up("bob/pad");
        } else {
            rig.feed("bob/pad", Input::Up { resumed: true });
            flood(&mut rig);
            rig.op("alice/phone", Op::Close(message(&channel, "", "")));
            rig.up("bob/pad");
        }
        rig.pass(5_000);
        let told = rig.take("bob/pad");
        assert!(told.contains(&"Offline Close by alice".to_owned()), "{before_subscription}");
        let size = format!("{:?}", rig.phones["bob/pad"].station).len();
        assert!(size < 2_000_000, "{size}");
    }
}

#[test]
fn what_came_before_the_subscription_is_limited_in_bytes() {
    let mut rig = Rig::new(&["bob/pad"]);
    rig.down("bob/pad");
    let custom = "x".repeat(4_000);
    for account in 0..100 {
        for n in 0..100 {
            let id = format!("{account}-{n}");
            let body = format!(r#""rid":"r","custom":"{custom}""#);
            let text = format!(r#""k":"invite","id":"{id}","cid":"{id}","b":{{{body}}}"#);
            rig.forge("bob/pad", (&format!("m{account}"), "x"), Lane::Inbox, &text);
        }
    }
    let size = format!("{:?}", rig.phones["bob/pad"].station).len();
    // Bytes as numbers: five characters each.
    assert!(size < 6 * 1024 * 1024, "{size}");
    assert!(size > 4 * 1024 * 1024, "{size}: it is full");
}

#[test]
fn nobody_uses_up_the_place_of_others_before_the_subscription() {
    let mut rig = Rig::new(&["bob/pad"]);
    rig.down("bob/pad");
    let custom = "x".repeat(4_000);
    for n in 0..400 {
        let text = format!(r#""k":"invite","id":"{n}","cid":"{n}","b":{{"rid":"r","custom":"{custom}"}}"#);
        rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, &text);
    }
    rig.forge("bob/pad", ("carol", "pad"), Lane::Inbox, &an_invite("carols"));
    rig.up("bob/pad");
    rig.pass(3_000);
    assert!(rig.take("bob/pad").contains(&"Offline Invite by carol over".to_owned()));
}

#[test]
fn own_messages_about_a_call_do_not_share_a_limit_with_others() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    let channel = in_call(&mut rig);
    rig.down("alice/phone");
    rig.take("alice/phone");
    for _ in 0..100 {
        rig.op("alice/phone", Op::Control(message(&channel, "", "c")));
    }
    let refused = rig.take("alice/phone").iter().filter(|it| *it == "done 90005").count();
    assert_eq!(refused, 36, "64 wait");
    rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    rig.up("alice/phone");
    rig.pass(5_000);
    assert!(rig.take("bob/pad").contains(&"Online Close by alice".to_owned()));
}

#[test]
fn lines_of_the_log_are_counted() {
    let mut rig = Rig::new(&["bob/pad"]);
    for n in 0..1_000 {
        rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, &an_invite(&n.to_string()));
    }
    let lines = |rig: &mut Rig| {
        let heard = std::mem::take(&mut rig.phones.get_mut("bob/pad").expect("a phone").heard);
        heard.into_iter().filter(|it| matches!(it, Output::Log { .. })).collect::<Vec<_>>()
    };
    let first = lines(&mut rig);
    assert!(first.len() <= 3, "{first:?}");
    rig.pass(60_000);
    for n in 0..200 {
        rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, &an_invite(&format!("again {n}")));
    }
    let Some(Output::Log { text }) = lines(&mut rig).pop() else { unreachable!("a line") };
    assert!(text.contains(" times in the last minutes)"), "{text}");
}

#[test]
fn wills_are_watched_of_whom_we_talk_to_first_and_of_strangers_as_far_as_there_is_place() {
    let mut rig = Rig::new(&["alice/phone"]);
    rig.add("bob/pad", crate::station::Config { watch_presence: true, ..super::rig::config("bob/pad") });
    rig.log_in("bob/pad");
    for account in 0..40 {
        let account = format!("a{account}");
        rig.forge("bob/pad", (&account, "x"), Lane::Inbox, &an_invite(&account));
    }
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel });
    let heard = std::mem::take(&mut rig.phones.get_mut("bob/pad").expect("a phone").heard);
    let mut watched = std::collections::BTreeSet::new();
    for output in heard {
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
