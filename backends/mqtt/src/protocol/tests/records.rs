//! Call records of others: what they claim.

use nertc_callkit_signaling::{CallType, Operation, Record, RecordStatus};

use super::harness::{Harness, login};
use crate::protocol::{Input, TopicKind};

fn record(to: &str, id: &str) -> Operation {
    Operation::Record(Record {
        client_msg_id: id.into(),
        to: to.into(),
        channel_id: "".into(),
        call_type: CallType::Audio,
        status: RecordStatus::Complete,
        text: r#"{"status":1}"#.into(),
        durations: Vec::new(),
    })
}

#[test]
fn a_record_reaches_the_peer_and_the_own_other_devices_once() {
    let mut harness = Harness::new(&["alice/phone", "alice/pad", "bob/pad"]);
    harness.op("alice/phone", record("bob", "m1"));
    assert_eq!(harness.take("alice/phone"), ["done 0"]);
    assert_eq!(harness.take("alice/pad"), ["record m1 by alice"]);
    assert_eq!(harness.take("bob/pad"), ["record m1 by alice"]);
    harness.op("alice/phone", record("bob", "m1"));
    assert!(harness.take("alice/pad").is_empty() && harness.take("bob/pad").is_empty());
    // Another account's record of the same id is another record.
    let text = r#""k":"rec","id":"m1","inst":"i","b":{"text":"{}"}"#;
    harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, text);
    assert_eq!(harness.take("bob/pad"), ["record m1 by mallory"]);
}

#[test]
fn records_are_limited_per_account() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    for n in 0..2_000 {
        let text = format!(r#""k":"rec","id":"{n}","inst":"i","b":{{"text":"{{}}"}}"#);
        harness.forge("bob/pad", ("mallory", "x"), TopicKind::Inbox, &text);
        harness.now += 20;
    }
    let core_state = harness.take("bob/pad").len();
    assert!((64..=64 + 21).contains(&core_state), "{core_state}");
    harness.op("alice/phone", record("bob", "m1"));
    assert_eq!(harness.take("bob/pad"), ["record m1 by alice"]);
}

#[test]
fn records_that_waited_come_after_the_login() {
    let mut harness = Harness::new(&["alice/phone"]);
    harness.add("bob/pad", super::harness::config("bob/pad"));
    harness.op("alice/phone", record("bob", "m1"));
    harness.op("bob/pad", login());
    harness.up("bob/pad");
    assert_eq!(harness.take("bob/pad"), ["done 0", "record m1 by alice"]);
    harness.feed("bob/pad", Input::Down);
}
