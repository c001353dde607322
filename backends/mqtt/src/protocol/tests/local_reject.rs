//! A device that rejects for itself alone, and siblings' rejects.

use nertc_callkit_signaling::Operation;

use super::harness::{Harness, op_args, ring};

const LOCAL: &str = r#"{"reason":3,"local":true}"#;

fn three() -> Harness {
    let mut harness = Harness::new(&["alice/phone", "bob/pad", "bob/phone"]);
    harness.wire.clear();
    harness
}

fn taken(harness: &mut Harness) {
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        harness.take(name);
    }
}

#[test]
fn a_local_reject_does_not_count_while_another_device_rings() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(20);
    taken(&mut harness);
    harness.wire.clear();
    harness.op("bob/pad", Operation::Reject(op_args(&channel, "alice", LOCAL)));
    assert!(harness.wire.iter().any(|it| it.1.contains("\"local\":true")));
    assert!(!harness.wire.iter().any(|it| it.0.contains("/own/")), "it is nobody else's business");
    harness.pass(10_000);
    assert!(harness.take("bob/phone").is_empty() && harness.take("alice/phone").is_empty());
    harness.op("bob/phone", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/phone"), ["done 0"]);
}

#[test]
fn a_local_reject_counts_after_2_s_if_no_device_rings() {
    for others in [0, 1] {
        let mut harness = three();
        if others == 0 {
            harness.down("bob/phone");
        }
        let channel = ring(&mut harness, "alice/phone", "bob");
        harness.pass(20);
        harness.op("bob/pad", Operation::Reject(op_args(&channel, "alice", LOCAL)));
        taken(&mut harness);
        if others == 1 {
            // The other one does not want it either.
            harness.op("bob/phone", Operation::Reject(op_args(&channel, "alice", LOCAL)));
            harness.take("bob/phone");
        }
        harness.pass(1_999);
        assert!(harness.take("alice/phone").is_empty());
        harness.pass(1);
        assert_eq!(harness.take("alice/phone"), ["Online Reject by bob"]);
    }
}

#[test]
fn a_users_busy_counts_at_once_and_is_copied() {
    let mut harness = three();
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(20);
    taken(&mut harness);
    harness.wire.clear();
    harness.loses = Some("u/alice/d/");
    harness.op("bob/pad", Operation::Reject(op_args(&channel, "alice", r#"{"reason":3}"#)));
    assert!(harness.wire.iter().any(|it| it.0.contains("/own/")));
    harness.kill("alice/phone");
    harness.pass(1_000);
    assert_eq!(harness.take("bob/phone"), ["OtherDevice Reject by bob"]);
}

#[test]
fn a_copied_reject_that_the_caller_ignores_ends_nothing() {
    let mut harness = Harness::new(&["bob/pad", "bob/phone"]);
    harness.add(
        "alice/phone",
        crate::protocol::Config { busy_is_local: true, ..super::harness::config("alice/phone") },
    );
    harness.log_in("alice/phone");
    let channel = ring(&mut harness, "alice/phone", "bob");
    harness.pass(20);
    taken(&mut harness);
    harness.op("bob/pad", Operation::Reject(op_args(&channel, "alice", "601")));
    harness.pass(10_000);
    assert!(harness.take("bob/phone").is_empty(), "it was asked, and says that it calls");
    harness.op("bob/phone", Operation::Accept(op_args(&channel, "alice", "")));
    assert_eq!(harness.take("bob/phone"), ["done 0"]);
}
