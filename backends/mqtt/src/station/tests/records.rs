//! Call records of others: what they claim.

use super::rig::Rig;
use crate::station::{Input, Lane, Op, RecordOp};

fn record(to: &str, id: &str) -> Op {
    Op::Record(RecordOp { to: to.into(), id: id.into(), text: r#"{"status":1}"#.into() })
}

#[test]
fn a_record_reaches_the_peer_and_the_own_other_devices_once() {
    let mut rig = Rig::new(&["alice/phone", "alice/pad", "bob/pad"]);
    rig.op("alice/phone", record("bob", "m1"));
    assert_eq!(rig.take("alice/phone"), ["done 0"]);
    assert_eq!(rig.take("alice/pad"), ["record m1 by alice"]);
    assert_eq!(rig.take("bob/pad"), ["record m1 by alice"]);
    rig.op("alice/phone", record("bob", "m1"));
    assert!(rig.take("alice/pad").is_empty() && rig.take("bob/pad").is_empty());
    // Another account's record of the same id is another record.
    let text = r#""k":"rec","id":"m1","inst":"i","b":{"text":"{}"}"#;
    rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, text);
    assert_eq!(rig.take("bob/pad"), ["record m1 by mallory"]);
}

#[test]
fn records_of_one_account_are_limited_and_take_nothing_from_others() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    for n in 0..2_000 {
        let text = format!(r#""k":"rec","id":"{n}","inst":"i","b":{{"text":"{{}}"}}"#);
        rig.forge("bob/pad", ("mallory", "x"), Lane::Inbox, &text);
        rig.now += 20;
    }
    let told = rig.take("bob/pad").len();
    assert!((64..=64 + 21).contains(&told), "{told}");
    rig.op("alice/phone", record("bob", "m1"));
    assert_eq!(rig.take("bob/pad"), ["record m1 by alice"]);
}

#[test]
fn records_that_waited_come_after_the_login() {
    let mut rig = Rig::new(&["alice/phone"]);
    rig.add("bob/pad", super::rig::config("bob/pad"));
    rig.op("alice/phone", record("bob", "m1"));
    rig.op("bob/pad", Op::Login);
    rig.up("bob/pad");
    assert_eq!(rig.take("bob/pad"), ["done 0", "record m1 by alice"]);
    rig.feed("bob/pad", Input::Down);
}
