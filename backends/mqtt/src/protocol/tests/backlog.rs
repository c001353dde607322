//! What waited for a device, and for whom it waits then.

use nertc_callkit_signaling::{CallPolicy, Operation, PolicyRule};

use super::harness::{Harness, close, join, op_args, ring};
use crate::protocol::Input;

/// A stranger's invite that nobody confirms holds back what concerns the stranger, and nothing else.
#[test]
fn a_call_continues_during_a_backlog_query() {
    let mut harness = Harness::new(&["alice/phone", "bob/pad"]);
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.op("bob/pad", Operation::Accept(op_args(&channel, "alice", "")));
    harness.op("bob/pad", join(&channel));
    harness.down("bob/pad");
    let body = r#""rid":"r9","type":1,"custom":"","uid":1,"keep":true"#;
    let invite = format!(r#"{{"v":1,"k":"invite","id":"i9","inst":"m","cid":"c9","b":{{{body}}}}}"#);
    harness.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".to_owned(), invite);
    harness.take("bob/pad");
    harness.up("bob/pad");
    harness.take("bob/pad");
    harness.op("alice/phone", close(op_args(&channel, "", "")));
    assert_eq!(harness.take("bob/pad"), ["Online Close by alice"]);
    harness.pass(2_000);
    let received = harness.take("bob/pad");
    assert!(received.len() == 1 && received[0].contains("mallory"), "the invite, as over: {received:?}");
}

/// Whether an invite still stands is asked of those alone whose invites may ring: the question says that this
/// device is on.
#[test]
fn a_refused_caller_is_not_queried() {
    let invite = |id: &str| {
        let body = r#""rid":"r","type":1,"custom":"","uid":1,"keep":true"#;
        format!(r#"{{"v":1,"k":"invite","id":"i{id}","inst":"m","cid":"c{id}","b":{{{body}}}}}"#)
    };
    let mut harness = Harness::new(&["bob/pad"]);
    harness.feed(
        "bob/pad",
        Input::Policy(CallPolicy {
            rule: PolicyRule::AllButListed,
            accounts: ["mallory".into()].into(),
            ..CallPolicy::default()
        }),
    );
    harness.down("bob/pad");
    harness.enqueue("bob/pad", "nck1/u/bob/in/mallory/x".to_owned(), invite("1"));
    harness.enqueue("bob/pad", "nck1/u/bob/in/carol/x".to_owned(), invite("2"));
    harness.sent_kinds();
    harness.up("bob/pad");
    let sent_kinds = harness.sent_kinds();
    assert!(sent_kinds.iter().any(|it| it.starts_with("alert nck1/u/carol/")), "{sent_kinds:?}");
    assert!(!sent_kinds.iter().any(|it| it.contains("mallory")), "{sent_kinds:?}");
    harness.pass(2_000);
    let received = harness.take("bob/pad");
    assert!(received.iter().any(|it| it.contains("mallory")), "the core decides: {received:?}");
}
