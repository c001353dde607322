//! A device that rejects for itself alone, and siblings' rejects.

use super::rig::{Rig, message, ring};
use crate::station::Op;

const LOCAL: &str = r#"{"reason":3,"local":true}"#;

fn three() -> Rig {
    let mut rig = Rig::new(&["alice/phone", "bob/pad", "bob/phone"]);
    rig.wire.clear();
    rig
}

fn taken(rig: &mut Rig) {
    for name in ["alice/phone", "bob/pad", "bob/phone"] {
        rig.take(name);
    }
}

#[test]
fn a_local_reject_does_not_count_while_another_device_rings() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(20);
    taken(&mut rig);
    rig.wire.clear();
    rig.op("bob/pad", Op::Reject(message(&channel, "alice", LOCAL)));
    assert!(rig.wire.iter().any(|it| it.1.contains("\"local\":true")));
    assert!(!rig.wire.iter().any(|it| it.0.contains("/own/")), "it is nobody else's business");
    rig.pass(10_000);
    assert!(rig.take("bob/phone").is_empty() && rig.take("alice/phone").is_empty());
    rig.op("bob/phone", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/phone"), ["done 0"]);
}

#[test]
fn a_local_reject_counts_after_two_seconds_if_no_other_device_rings() {
    for others in [0, 1] {
        let mut rig = three();
        if others == 0 {
            rig.down("bob/phone");
        }
        let channel = ring(&mut rig, "alice/phone", "bob");
        rig.pass(20);
        rig.op("bob/pad", Op::Reject(message(&channel, "alice", LOCAL)));
        taken(&mut rig);
        if others == 1 {
            // The other one does not want it either.
            rig.op("bob/phone", Op::Reject(message(&channel, "alice", LOCAL)));
            rig.take("bob/phone");
        }
        rig.pass(1_999);
        assert!(rig.take("alice/phone").is_empty());
        rig.pass(1);
        assert_eq!(rig.take("alice/phone"), ["Online Reject by bob"]);
    }
}

#[test]
fn a_users_busy_counts_at_once_and_goes_to_the_siblings() {
    let mut rig = three();
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(20);
    taken(&mut rig);
    rig.wire.clear();
    rig.loses = Some("u/alice/d/");
    rig.op("bob/pad", Op::Reject(message(&channel, "alice", r#"{"reason":3}"#)));
    assert!(rig.wire.iter().any(|it| it.0.contains("/own/")));
    rig.kill("alice/phone");
    rig.pass(1_000);
    assert_eq!(rig.take("bob/phone"), ["OtherDevice Reject by bob"]);
}

#[test]
fn a_siblings_reject_that_the_caller_does_not_count_ends_nothing() {
    let mut rig = Rig::new(&["bob/pad", "bob/phone"]);
    rig.add(
        "alice/phone",
        crate::station::Config { busy_is_local: true, ..super::rig::config("alice/phone") },
    );
    rig.log_in("alice/phone");
    let channel = ring(&mut rig, "alice/phone", "bob");
    rig.pass(20);
    taken(&mut rig);
    rig.op("bob/pad", Op::Reject(message(&channel, "alice", "601")));
    rig.pass(10_000);
    assert!(rig.take("bob/phone").is_empty(), "it was asked, and says that it calls");
    rig.op("bob/phone", Op::Accept(message(&channel, "alice", "")));
    assert_eq!(rig.take("bob/phone"), ["done 0"]);
}
