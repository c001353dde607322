//! What waited for a device, and for whom it waits then.

use super::rig::{Rig, message, ring};
use crate::station::{Admission, Input, Op};

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

/// Whether an invite still stands is asked of those alone whose invites may ring: the question says that this
/// device is on.
#[test]
fn who_is_refused_is_not_asked_about_an_invite_that_waited() {
    let invite = |id: &str| {
        let body = r#""rid":"r","type":1,"custom":"","uid":1,"keep":true"#;
        format!(r#"{{"v":1,"k":"invite","id":"i{id}","inst":"m","cid":"c{id}","b":{{{body}}}}}"#)
    };
    let mut rig = Rig::new(&["bob/pad"]);
    rig.feed("bob/pad", Input::Policy(Admission::AllBut(["mallory".into()].into())));
    rig.down("bob/pad");
    rig.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".to_owned(), invite("1"));
    rig.enqueue("bob/pad", "nck1/u/bob/in/carol/x".to_owned(), invite("2"));
    rig.said();
    rig.up("bob/pad");
    let said = rig.said();
    assert!(said.iter().any(|it| it.starts_with("alert nck1/u/carol/")), "{said:?}");
    assert!(!said.iter().any(|it| it.contains("mallory")), "{said:?}");
    rig.pass(2_000);
    let heard = rig.take("bob/pad");
    assert!(heard.iter().any(|it| it.contains("mallory")), "the core decides: {heard:?}");
}
