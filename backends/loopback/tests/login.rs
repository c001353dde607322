//! Logins that are late, aborted or without a token, and the delivery of invites and records.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Device, fault};
use nertc_callkit_abi::nertc_callkit_fault_action::{
    NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_EXPIRE_TOKEN, NERTC_CALLKIT_FAULT_NO_ANSWER,
};
use nertc_callkit_abi::nertc_callkit_fault_on::{NERTC_CALLKIT_FAULT_ON_LOGIN, NERTC_CALLKIT_FAULT_ON_NOW};
use nertc_callkit_abi::nertc_callkit_hub_flag::NERTC_CALLKIT_HUB_SINGLE_DEVICE;
use nertc_callkit_abi::nertc_callkit_invite_state::{
    NERTC_CALLKIT_INVITE_DROPPED, NERTC_CALLKIT_INVITE_HELD, NERTC_CALLKIT_INVITE_RINGING,
};
use nertc_callkit_loopback::{Fault, Hub};

const LOCAL: &str = "{\"reason\":3,\"local\":true}";

fn delayed(hub: &Arc<Hub>, delay_ms: u32) {
    let late = Fault { delay_ms, ..Fault::default() };
    fault(hub, NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_ON_LOGIN, late);
}

/// alice and two devices of bob, and a channel that rings bob.
fn ringing(hub: &Arc<Hub>) -> (Device, Device, Device, String) {
    let alice = Device::online(hub, "alice", "phone");
    let (phone, tablet) = (Device::online(hub, "bob", "phone"), Device::online(hub, "bob", "tablet"));
    let room = alice.channel();
    assert_eq!(alice.invite(&room, "bob"), 0);
    assert_eq!((phone.take().len(), tablet.take().len()), (1, 1));
    (alice, phone, tablet, room)
}

#[test]
fn a_late_login_is_not_there_before_it_is_answered() {
    let hub = Hub::with_flags(NERTC_CALLKIT_HUB_SINGLE_DEVICE as u32).unwrap();
    let tablet = Device::online(&hub, "bob", "tablet");
    delayed(&hub, 50);
    let phone = Device::new(&hub, "bob", "phone");
    assert_eq!(phone.login(), [""; 0]);
    assert_eq!((phone.create_raw(), tablet.take()), (vec!["done 2 20001".into()], vec![]));
    assert_eq!(phone.log.wait(1), ["done 1 0"]);
    assert_eq!(tablet.take(), ["connection 3 0"]);
}

#[test]
fn a_login_that_is_aborted_never_comes() {
    let hub = Hub::with_flags(NERTC_CALLKIT_HUB_SINGLE_DEVICE as u32).unwrap();
    let tablet = Device::online(&hub, "bob", "tablet");
    delayed(&hub, 30);
    let phone = Device::new(&hub, "bob", "phone");
    assert_eq!(phone.login(), [""; 0]);
    assert_eq!(phone.abort_login(phone.last()), ["done 1 408"]);
    // Later than that login would have been, by the same timer.
    delayed(&hub, 40);
    let other = Device::new(&hub, "carol", "phone");
    other.login();
    assert_eq!(other.log.wait(1), ["done 1 0"]);
    assert_eq!((tablet.take(), phone.take()), (vec![], vec![]));
    assert_eq!(phone.create_raw(), ["done 2 20001"]);
}

#[test]
fn an_aborted_login_is_undone_and_keeps_what_waits() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    fault(&hub, NERTC_CALLKIT_FAULT_NO_ANSWER, NERTC_CALLKIT_FAULT_ON_LOGIN, Fault::default());
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(bob.login(), [""; 0]);
    assert_eq!(alice.invite(&room, "bob"), 0);
    assert_eq!(bob.take().len(), 1);
    assert_eq!(bob.abort_login(bob.last()), ["done 1 408"]);
    assert_eq!(
        alice.invite_to(common::To { channel: &room, account: "bob", request: "r2", ..Default::default() }),
        10201
    );
    assert_eq!(bob.take(), [""; 0]);
    let lines = bob.login();
    assert!(lines[1].starts_with("offline INVITE") && lines[1].contains("r2"), "{lines:?}");
}

#[test]
fn a_logout_and_a_second_login_answer_the_one_that_is_under_way() {
    let hub = Hub::new();
    delayed(&hub, 60_000);
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(bob.login(), [""; 0]);
    assert_eq!(bob.logout(), ["done 1 408", "done 2 20001"]);
    delayed(&hub, 60_000);
    assert_eq!(bob.login(), [""; 0]);
    assert_eq!(bob.login(), ["done 3 408", "done 4 0"]);
}

#[test]
fn an_abort_of_another_login_changes_nothing() {
    let hub = Hub::new();
    let bob = Device::online(&hub, "bob", "phone");
    assert_eq!(bob.abort_login(77), [""; 0]);
    assert_eq!(bob.create_raw().len(), 1);
}

#[test]
fn a_login_without_a_valid_token_waits_for_one() {
    let hub = Hub::new();
    fault(&hub, NERTC_CALLKIT_FAULT_EXPIRE_TOKEN, NERTC_CALLKIT_FAULT_ON_LOGIN, Fault::default());
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(bob.login(), ["connection 4 302"]);
    assert_eq!(bob.create_raw(), ["done 2 20001"]);
    assert_eq!(bob.set_token(""), [""; 0]);
    assert_eq!(bob.set_token("fresh"), ["done 1 0"]);
    assert_eq!(bob.set_token("another"), [""; 0]);
}

#[test]
fn without_a_token_a_device_is_cut_off_until_there_is_one() {
    let hub = Hub::new();
    let (alice, bob, _tablet, room) = ringing(&hub);
    let now = Fault { account: Some("bob".into()), device: Some("phone".into()), ..Fault::default() };
    fault(&hub, NERTC_CALLKIT_FAULT_EXPIRE_TOKEN, NERTC_CALLKIT_FAULT_ON_NOW, now);
    assert_eq!(bob.take(), ["connection 1 302", "connection 4 302"]);
    assert_eq!(bob.accept(&room, "alice"), 408);
    assert_eq!(alice.cancel(&room, "bob"), 0);
    assert_eq!(bob.take(), [""; 0]);
    let lines = bob.set_token("fresh");
    assert_eq!(lines[0], "connection 2 0");
    assert!(lines[1].starts_with("offline CANCEL"), "{lines:?}");
    assert_eq!(bob.create_raw().len(), 1);
}

#[test]
fn a_device_without_a_token_can_log_out() {
    let hub = Hub::new();
    let bob = Device::online(&hub, "bob", "phone");
    fault(&hub, NERTC_CALLKIT_FAULT_EXPIRE_TOKEN, NERTC_CALLKIT_FAULT_ON_NOW, Fault::default());
    bob.take();
    assert_eq!(bob.logout(), ["done 2 0"]);
    assert_eq!(bob.set_token("late"), [""; 0]);
    assert_eq!(bob.create_raw(), ["done 3 20001"]);
}

#[test]
fn the_inviter_is_notified_of_each_ringing_device_once() {
    let hub = Hub::new();
    let (alice, phone, tablet, room) = ringing(&hub);
    phone.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    phone.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    tablet.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_HELD);
    phone.invite_state(&room, "alice", "r2", NERTC_CALLKIT_INVITE_RINGING);
    phone.invite_state(&room, "carol", "r1", NERTC_CALLKIT_INVITE_RINGING);
    phone.invite_state("nowhere", "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    assert_eq!(alice.take(), [format!("online RINGING {room} bob/phone>alice r1 -")]);
    assert_eq!(phone.accept(&room, "alice"), 0);
    alice.take();
    tablet.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    assert_eq!(alice.take(), [""; 0], "it was answered");
}

#[test]
fn a_device_that_dropped_an_invite_gets_no_more_of_it() {
    let hub = Hub::new();
    let (alice, phone, tablet, room) = ringing(&hub);
    phone.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_DROPPED);
    tablet.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    // A repeat that it ignores is no reason to forget the call that rings.
    tablet.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_DROPPED);
    alice.take();
    assert_eq!(alice.cancel(&room, "bob"), 0);
    assert_eq!((phone.take().len(), tablet.take().len()), (0, 1));
    assert_eq!(alice.invite_raw(&room, "bob").len(), 1);
    phone.take();
    tablet.take();
    phone.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_DROPPED);
    assert_eq!(alice.close(&room), 0);
    assert_eq!((phone.take().len(), tablet.take().len()), (0, 1));
}

#[test]
fn a_busy_device_does_not_answer_for_one_that_rings() {
    let hub = Hub::new();
    let (alice, phone, tablet, room) = ringing(&hub);
    let start = Instant::now();
    assert_eq!(phone.reject_with(&room, "alice", LOCAL), 0);
    tablet.invite_state(&room, "alice", "r1", NERTC_CALLKIT_INVITE_RINGING);
    assert_eq!(alice.log.wait(1), [format!("online RINGING {room} bob/tablet>alice r1 -")]);
    // The next thing that the timer does is later than the two seconds.
    delayed(&hub, 2_100);
    let carol = Device::new(&hub, "carol", "phone");
    carol.login();
    carol.log.wait(1);
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!((alice.take(), tablet.take()), (vec![], vec![]));
    assert_eq!(tablet.accept(&room, "alice"), 0);
}

#[test]
fn devices_that_are_all_busy_answer_after_a_while() {
    let hub = Hub::new();
    let (alice, phone, tablet, room) = ringing(&hub);
    let start = Instant::now();
    assert_eq!(phone.reject_with(&room, "alice", LOCAL), 0);
    assert_eq!(tablet.reject_with(&room, "alice", LOCAL), 0);
    assert_eq!((alice.take(), tablet.take()), (vec![], vec![]));
    assert_eq!(alice.log.wait(1), [format!("online REJECT {room} bob/phone>alice r1 {LOCAL}")]);
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!(tablet.log.wait(1).len(), 1);
    assert_eq!(tablet.accept(&room, "alice"), 10409);
}

#[test]
fn only_the_protocols_own_member_makes_a_reject_local() {
    for custom in
        ["", "601", "{\"x\":{\"local\":true}}", "{\"text\":\"\\\"local\\\":true\"}", "{\"local\":1}"]
    {
        let hub = Hub::new();
        let (alice, phone, _tablet, room) = ringing(&hub);
        assert_eq!(phone.reject_with(&room, "alice", custom), 0);
        assert_eq!(alice.take().len(), 1, "{custom}");
    }
}

#[test]
fn a_record_reaches_the_peer_and_the_own_other_devices() {
    let hub = Hub::new();
    let (alice, phone, tablet, _room) = ringing(&hub);
    let desk = Device::online(&hub, "alice", "desk");
    tablet.close_backend();
    assert_eq!(alice.send_record("bob", "{}"), 0);
    let line = ["record alice>bob call-1 4"];
    assert_eq!(
        (desk.take(), phone.take()),
        (line.map(str::to_owned).to_vec(), line.map(str::to_owned).to_vec())
    );
    assert_eq!(alice.take(), [""; 0]);
    let again = Device::new(&hub, "bob", "tablet");
    let lines = again.login();
    assert_eq!(lines.last().map(String::as_str), Some(line[0]), "{lines:?}");
    assert_eq!(again.logout().len(), 1);
    assert_eq!(again.login().len(), 1, "it was handed out");
}
