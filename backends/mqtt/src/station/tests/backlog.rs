//! What waited for a device, and for whom it waits then.

use super::rig::{Rig, message, ring};
use crate::station::Op;

/// A stranger's invite that nobody confirms holds back what concerns the stranger, and nothing else.
#[test]
fn a_call_goes_on_while_a_stranger_is_asked_about_an_invite() {
    let mut rig = Rig::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.op("bob/pad", Op::Accept(message(&channel, "alice", "")));
    rig.op("bob/pad", Op::Join { channel: channel.clone() });
    rig.down("bob/pad");
    let body = r#""rid":"r9","type":1,"custom":"","uid":1,"keep":true"#;
    let invite = format!(r#"{{"v":1,"k":"invite","id":"i9","inst":"m","cid":"c9","b":{{{body}}}}}"#);
    rig.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".to_owned(), invite);
    rig.take("bob/pad");
    rig.up("bob/pad");
    rig.take("bob/pad");
    rig.op("alice/phone", Op::Close(message(&channel, "", "")));
    assert_eq!(rig.take("bob/pad"), ["Online Close by alice"]);
    rig.pass(2_000);
    let heard = rig.take("bob/pad");
    assert!(heard.len() == 1 && heard[0].contains("mallory"), "the invite, as over: {heard:?}");
}
