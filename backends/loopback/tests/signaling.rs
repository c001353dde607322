//! Channels, invites, presence: the result of each operation, and its notifications.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use common::{Device, To};
use nertc_callkit_abi::nertc_callkit_call_flag::NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE;
use nertc_callkit_abi::nertc_callkit_hub_flag::{
    NERTC_CALLKIT_HUB_SERVER_RECORD, NERTC_CALLKIT_HUB_SINGLE_DEVICE,
};
use nertc_callkit_loopback::service::SentRecord;
use nertc_callkit_loopback::{Hub, default_hub, running_default_hub};
use nertc_callkit_signaling::RecordStatus;

fn pair(hub: &Arc<Hub>) -> (Device, Device) {
    (Device::online(hub, "alice", "phone"), Device::online(hub, "bob", "phone"))
}

#[test]
fn each_side_of_a_call_learns_what_the_other_did() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.create();
    assert_eq!(alice.join_raw(&room), [format!("done 3 0 {room}: alice/phone=1")]);
    assert_eq!(alice.invite(&room, "bob"), 0);
    assert_eq!(bob.take(), [format!("online INVITE {room} alice/phone>bob r1 hello")]);
    assert_eq!(bob.accept(&room, "alice"), 0);
    assert_eq!(alice.take(), [format!("online ACCEPT {room} bob/phone>alice r1 -")]);
    assert_eq!(bob.join_raw(&room), [format!("done 3 0 {room}: alice/phone=1 bob/phone=2")]);
    assert_eq!(alice.take(), [format!("online JOIN {room} bob/phone>alice - -")]);
    assert_eq!(bob.control(&room, "", "{\"cid\":2}"), 0);
    assert_eq!(alice.take(), [format!("online CONTROL {room} bob/phone>alice - {{\"cid\":2}}")]);
    assert_eq!(bob.close(&room), 0);
    assert_eq!(alice.take(), [format!("online CLOSE {room} bob/phone>alice - -")]);
    assert_eq!(bob.take(), [""; 0]);
    assert_eq!(alice.close(&room), 10404);
}

#[test]
fn operations_on_a_channel_that_is_not_there_are_answered_10404() {
    let hub = Hub::new();
    let (alice, _bob) = pair(&hub);
    assert_eq!(alice.join("nowhere"), 10404);
    assert_eq!(alice.invite("nowhere", "bob"), 10404);
    assert_eq!(alice.cancel("nowhere", "bob"), 10404);
    assert_eq!(alice.accept("nowhere", "bob"), 10404);
    assert_eq!(alice.reject("nowhere", "bob"), 10404);
    assert_eq!(alice.leave("nowhere"), 10404);
    assert_eq!(alice.close("nowhere"), 10404);
    assert_eq!(alice.control("nowhere", "bob", ""), 10404);
}

#[test]
fn operations_of_a_non_member_are_answered_10406() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    assert_eq!(bob.invite(&room, "carol"), 10406);
    assert_eq!(bob.leave(&room), 10406);
    assert_eq!(bob.close(&room), 10406);
    assert_eq!(bob.control(&room, "alice", ""), 10406);
    assert_eq!(alice.control(&room, "bob", ""), 10406, "bob is neither in it nor invited");
    assert_eq!(alice.take(), [""; 0]);
}

#[test]
fn a_channel_that_nobody_joined_is_closed_by_its_creator_alone() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.create();
    assert_eq!(bob.close(&room), 10406);
    assert_eq!(alice.close(&room), 0);
    assert_eq!(alice.join(&room), 10404);
}

#[test]
fn an_account_is_in_a_channel_once() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let tablet = Device::online(&hub, "bob", "tablet");
    let room = alice.channel();
    assert_eq!(bob.join(&room), 0);
    assert_eq!(bob.join(&room), 10407);
    assert_eq!(tablet.join(&room), 10420);
    assert_eq!(alice.invite(&room, "bob"), 10407);
}

#[test]
fn the_hundred_and_first_member_is_answered_10419() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    let guests: Vec<_> = (1..100).map(|n| Device::online(&hub, &format!("guest{n}"), "d")).collect();
    assert!(guests.iter().all(|it| it.join(&room) == 0));
    assert_eq!(Device::online(&hub, "late", "d").join(&room), 10419);
}

#[test]
fn the_first_answer_of_any_device_decides_for_all() {
    let hub = Hub::new();
    let (alice, phone) = pair(&hub);
    let tablet = Device::online(&hub, "bob", "tablet");
    let room = alice.channel();
    alice.invite(&room, "bob");
    assert_eq!(phone.take(), tablet.take());
    assert_eq!(phone.accept(&room, "alice"), 0);
    assert_eq!(tablet.take(), [format!("sync ACCEPT {room} bob/phone>alice r1 -")]);
    assert_eq!(tablet.accept(&room, "alice"), 10410);
    assert_eq!(tablet.reject(&room, "alice"), 10410);
    assert_eq!(alice.cancel(&room, "bob"), 10410);
    assert_eq!(alice.take().len(), 1, "the second answer reaches nobody");
}

#[test]
fn a_reject_is_reported_like_an_accept() {
    let hub = Hub::new();
    let (alice, phone) = pair(&hub);
    let tablet = Device::online(&hub, "bob", "tablet");
    let room = alice.channel();
    alice.invite(&room, "bob");
    tablet.take();
    assert_eq!(phone.reject(&room, "alice"), 0);
    assert_eq!(tablet.take(), [format!("sync REJECT {room} bob/phone>alice r1 -")]);
    assert_eq!(alice.take(), [format!("online REJECT {room} bob/phone>alice r1 -")]);
    assert_eq!(tablet.accept(&room, "alice"), 10409);
    assert_eq!(alice.cancel(&room, "bob"), 10409);
}

#[test]
fn a_cancelled_or_foreign_invite_is_answered_10408() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    assert_eq!(alice.cancel(&room, "bob"), 10408);
    assert_eq!(bob.accept(&room, "alice"), 10408);
    alice.invite(&room, "bob");
    bob.take();
    assert_eq!(bob.accept(&room, "mallory"), 10408, "not her invite");
    assert_eq!(alice.cancel(&room, "bob"), 0);
    assert_eq!(bob.take(), [format!("online CANCEL {room} alice/phone>bob r1 -")]);
    assert_eq!(alice.cancel(&room, "bob"), 10408);
    assert_eq!(bob.accept(&room, "alice"), 10408);
    assert_eq!(bob.reject(&room, "alice"), 10408);
}

#[test]
fn leaving_is_reported_and_the_last_leave_ends_the_channel() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    bob.join(&room);
    alice.take();
    assert_eq!(bob.leave(&room), 0);
    assert_eq!(alice.take(), [format!("online LEAVE {room} bob/phone>alice - -")]);
    alice.invite(&room, "bob");
    bob.take();
    assert_eq!(alice.leave(&room), 0);
    assert_eq!(bob.take(), [format!("online CLOSE {room} alice/phone>bob - -")], "its ringing must end");
    assert_eq!(bob.accept(&room, "alice"), 10404);
}

#[test]
fn close_ends_the_ringing_of_those_who_have_not_answered() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    alice.invite(&room, "bob");
    alice.invite(&room, "carol");
    bob.take();
    alice.close(&room);
    assert_eq!(bob.take(), [format!("online CLOSE {room} alice/phone>bob - -")]);
    let carol = Device::new(&hub, "carol", "phone").login();
    let backlog = format!(
        "offline INVITE {room} alice/phone>carol r1 hello gone | CLOSE {room} alice/phone>carol - - gone"
    );
    assert_eq!(carol, ["done 1 0".to_owned(), backlog]);
}

#[test]
fn control_reaches_an_invited_account_that_is_not_in_yet() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    alice.invite(&room, "bob");
    bob.accept(&room, "alice");
    bob.take();
    assert_eq!(alice.control(&room, "bob", "{\"cid\":1}"), 0);
    assert_eq!(bob.take(), [format!("online CONTROL {room} alice/phone>bob - {{\"cid\":1}}")]);
    bob.logout();
    assert_eq!(alice.control(&room, "bob", "x"), 10201);
    assert_eq!(bob.login().len(), 1, "CONTROL is never kept");
}

#[test]
fn an_unknown_account_finds_its_backlog_at_its_first_login() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    assert_eq!(alice.invite(&room, "bob"), 10201);
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(
        bob.login(),
        ["done 1 0".to_owned(), format!("offline INVITE {room} alice/phone>bob r1 hello")]
    );
    assert_eq!(Device::new(&hub, "bob", "tablet").login(), ["done 1 0"], "handed out once");
}

#[test]
fn a_known_device_gets_what_it_missed_at_its_login() {
    let hub = Hub::new();
    let (alice, phone) = pair(&hub);
    let tablet = Device::online(&hub, "bob", "tablet");
    tablet.logout();
    let room = alice.channel();
    assert_eq!(alice.invite(&room, "bob"), 0);
    phone.take();
    phone.accept(&room, "alice");
    let backlog =
        format!("offline INVITE {room} alice/phone>bob r1 hello | ACCEPT {room} bob/phone>alice r1 -");
    assert_eq!(tablet.login(), ["done 3 0".to_owned(), backlog]);
    tablet.logout();
    assert_eq!(tablet.login(), ["done 5 0"]);
}

#[test]
fn no_offline_keeps_nothing() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    let flags = NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE as u32;
    let to = To { channel: &room, account: "bob", request: "r1", flags, ..To::default() };
    assert_eq!(alice.invite_to(to), 10201);
    assert_eq!(Device::new(&hub, "bob", "phone").login(), ["done 1 0"]);
}

#[test]
fn the_backlog_is_bounded_and_keeps_the_newest() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    bob.logout();
    let room = alice.channel();
    for n in 0..300 {
        let request = format!("r{n}");
        let to = To { channel: &room, account: "bob", request: &request, ..To::default() };
        alice.invite_to(to);
        if n < 250 {
            let to = To { channel: &room, account: "bob", request: &request, ..To::default() };
            alice.cancel_to(to);
        }
    }
    let lines = bob.login();
    assert_eq!(lines[1].matches(" | ").count(), 255);
    assert!(lines[1].contains(" r299 ") && !lines[1].contains(" r0 "));
}

#[test]
fn a_logout_leaves_channels_and_a_lost_device_finds_them() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    bob.join(&room);
    alice.take();
    bob.logout();
    assert_eq!(alice.take(), [format!("online LEAVE {room} bob/phone>alice - -")]);
    assert_eq!(bob.invite(&room, "x"), 20001);

    bob.login();
    bob.join(&room);
    alice.take();
    drop(bob);
    assert_eq!(alice.take(), [""; 0], "a vanished device says nothing");
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(bob.login(), ["done 1 0".to_owned(), format!("rooms {room}: alice/phone=1 bob/phone=2")]);
    assert_eq!(bob.join(&room), 10407);
}

#[test]
fn single_device_kicks_the_first_and_ends_its_memberships() {
    let hub = Hub::with_flags(NERTC_CALLKIT_HUB_SINGLE_DEVICE as u32).unwrap();
    let (alice, phone) = pair(&hub);
    let room = alice.channel();
    phone.join(&room);
    alice.take();
    let tablet = Device::online(&hub, "bob", "tablet");
    assert_eq!(phone.take(), ["connection 3 0"]);
    assert_eq!(alice.take(), [format!("online LEAVE {room} bob/phone>alice - -")]);
    assert_eq!(phone.join(&room), 20001);
    assert_eq!(tablet.take(), [""; 0]);
}

#[test]
fn a_second_instance_of_a_device_takes_its_place() {
    let hub = Hub::new();
    let first = Device::online(&hub, "bob", "phone");
    let second = Device::online(&hub, "bob", "phone");
    assert_eq!(first.take(), ["connection 3 0"]);
    drop(first);
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    assert_eq!(alice.invite(&room, "bob"), 0);
    assert_eq!(second.take().len(), 1);
}

#[test]
fn a_second_login_must_be_of_the_same_account() {
    let hub = Hub::new();
    let mut bob = Device::online(&hub, "bob", "phone");
    assert_eq!(bob.login(), ["done 2 0"]);
    bob.account = "carol".into();
    assert_eq!(bob.login(), ["done 3 90002"]);
}

#[test]
fn before_login_every_operation_is_answered_20001() {
    let hub = Hub::new();
    let bob = Device::new(&hub, "bob", "phone");
    assert_eq!(bob.create_raw(), ["done 1 20001"]);
    assert_eq!(bob.logout(), ["done 2 20001"]);
    assert_eq!(bob.send_record("alice", ""), 20001);
}

#[test]
fn records_are_kept_and_the_hub_writes_its_own_if_it_shall() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    assert_eq!(alice.caps(), 3);
    assert_eq!(alice.send_record("bob", "{}"), 0);
    let records = hub.records();
    let SentRecord { from, record } = &records[0];
    assert_eq!((from.as_str(), record.to.as_str(), record.status), ("alice", "bob", RecordStatus::Timeout));

    let hub = Hub::with_flags(NERTC_CALLKIT_HUB_SERVER_RECORD as u32).unwrap();
    let (alice, bob) = pair(&hub);
    assert_eq!(alice.caps(), 7);
    let room = alice.channel();
    alice.invite(&room, "bob");
    bob.take();
    bob.accept(&room, "alice");
    bob.join(&room);
    alice.take();
    alice.close(&room);
    let records = hub.records();
    let SentRecord { from, record } = &records[0];
    assert_eq!((records.len(), from.as_str(), record.to.as_str()), (1, "alice", "bob"));
    assert_eq!((record.status, record.channel_id.as_str()), (RecordStatus::Complete, room.as_str()));
    assert!(Hub::with_flags(4).is_none());
}

#[test]
fn a_full_sink_gets_messages_later_and_completions_at_once() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    bob.log.full.store(true, Ordering::SeqCst);
    alice.invite(&room, "bob");
    alice.cancel(&room, "bob");
    assert_eq!(bob.join(&room), 0, "a completion does not wait");
    bob.log.full.store(false, Ordering::SeqCst);
    let lines = bob.log.wait(2);
    assert!(lines[0].starts_with("online INVITE") && lines[1].starts_with("online CANCEL"), "{lines:?}");
}

#[test]
fn what_a_sink_does_in_a_message_comes_after_that_message() {
    let hub = Hub::new();
    let (alice, bob) = pair(&hub);
    let room = alice.channel();
    // The contract forbids it to the core; the hub's order holds all the same.
    let bob = Arc::new(bob);
    let (inner, inner_room) = (Arc::downgrade(&bob), room.clone());
    alice.log.hook(move |line| {
        if line.contains("JOIN") {
            inner.upgrade().unwrap().control_raw(&inner_room);
        }
    });
    bob.join_raw(&room);
    let lines = alice.take();
    assert!(lines[0].contains("JOIN") && lines[1].contains("CONTROL"), "{lines:?}");
}

#[test]
fn messages_of_one_sender_arrive_in_order_whatever_others_send() {
    let hub = Hub::new();
    let alice = Device::online(&hub, "alice", "phone");
    let room = alice.channel();
    let senders: Vec<_> = (0..4).map(|n| Device::online(&hub, &format!("s{n}"), "d")).collect();
    assert!(senders.iter().all(|it| it.join(&room) == 0));
    alice.take();
    thread::scope(|scope| {
        for sender in &senders {
            let room = &room;
            scope.spawn(move || {
                for n in 0..200 {
                    assert_eq!(sender.control(room, "alice", &n.to_string()), 0);
                }
            });
        }
    });
    let lines = alice.log.wait(800);
    for n in 0..4 {
        let own: Vec<_> = lines.iter().filter(|it| it.contains(&format!(" s{n}/d>"))).collect();
        let in_order = own.iter().enumerate().all(|(index, line)| line.ends_with(&format!(" {index}")));
        assert!(own.len() == 200 && in_order, "{own:?}");
    }
}

#[test]
fn close_waits_for_a_thread_in_the_sink_and_ends_delivery() {
    for _ in 0..200 {
        let hub = Hub::new();
        let (alice, bob) = pair(&hub);
        let room = alice.channel();
        bob.join(&room);
        thread::scope(|scope| {
            let (alice, bob, room) = (&alice, &bob, &room);
            let sender = scope.spawn(move || {
                for n in 0..20 {
                    alice.control(room, "", &n.to_string());
                }
            });
            bob.close_backend();
            sender.join().unwrap();
        });
        // Device::drop checks that nothing came late.
    }
}

#[test]
fn a_hub_exists_as_long_as_a_backend_uses_it() {
    let hub = Hub::new();
    let weak = Arc::downgrade(&hub);
    let bob = Device::online(&hub, "bob", "phone");
    drop(hub);
    assert_eq!(bob.create_raw().len(), 1);
    assert!(weak.upgrade().is_some());
    drop(bob);
    assert!(weak.upgrade().is_none());
}

#[test]
fn the_default_hub_exists_while_it_is_used() {
    assert!(running_default_hub().is_none());
    let bob = Device::online(&default_hub(), "bob", "phone");
    let alice = Device::online(&default_hub(), "alice", "phone");
    let room = alice.channel();
    assert_eq!(alice.invite(&room, "bob"), 0);
    assert!(running_default_hub().is_some());
    drop((alice, bob));
    assert!(running_default_hub().is_none());
}
