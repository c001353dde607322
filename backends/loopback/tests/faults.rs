//! The fault script: what each line does, where, and how often.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{ALL, Device, Media, fault};
use nertc_callkit_abi::nertc_callkit_fault_action::*;
use nertc_callkit_abi::nertc_callkit_fault_on::*;
use nertc_callkit_loopback::{Fault, Hub, Refused};

fn none() -> Fault {
    Fault::default()
}

fn pair(hub: &Arc<Hub>) -> (Device, Device, String) {
    let (alice, bob) = (Device::online(hub, "alice", "phone"), Device::online(hub, "bob", "phone"));
    let room = alice.channel();
    bob.join(&room);
    alice.take();
    (alice, bob, room)
}

/// Bob sends 1, 2, 3; what alice receives.
fn exchange_controls(alice: &Device, bob: &Device, room: &str) -> String {
    for n in ["1", "2", "3"] {
        bob.control(room, "", n);
    }
    alice.take().iter().map(|line| line.chars().last().unwrap()).collect()
}

#[test]
fn messages_are_dropped_doubled_swapped_and_counted() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let on = NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL;
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, none());
    assert_eq!(exchange_controls(&alice, &bob, &room), "23");
    assert_eq!(exchange_controls(&alice, &bob, &room), "123", "the line has done its work");
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, Fault { skip_count: 1, ..none() });
    assert_eq!(exchange_controls(&alice, &bob, &room), "13");
    fault(&hub, NERTC_CALLKIT_FAULT_DUPLICATE, on, Fault { hit_count: 2, ..none() });
    assert_eq!(exchange_controls(&alice, &bob, &room), "11223");
    fault(&hub, NERTC_CALLKIT_FAULT_REORDER, on, none());
    assert_eq!(exchange_controls(&alice, &bob, &room), "213");
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, Fault { hit_count: ALL, ..none() });
    assert_eq!(exchange_controls(&alice, &bob, &room), "");
    assert_eq!(exchange_controls(&alice, &bob, &room), "");
}

#[test]
fn lines_of_the_same_place_act_one_after_the_other() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL, none());
    fault(
        &hub,
        NERTC_CALLKIT_FAULT_DUPLICATE,
        NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL,
        Fault { skip_count: 1, ..none() },
    );
    assert_eq!(exchange_controls(&alice, &bob, &room), "233");
}

#[test]
fn a_delayed_message_comes_later_and_is_overtaken() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    // Long, so that the order is the same on a busy machine.
    let late = Fault { delay_ms: 1_000, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL, late);
    for n in ["1", "2"] {
        bob.control(&room, "", n);
    }
    let lines = alice.log.wait(2);
    assert!(lines[0].ends_with('2') && lines[1].ends_with('1'), "{lines:?}");
}

#[test]
fn a_delayed_message_to_a_closed_backend_is_lost() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let late = Fault { delay_ms: 1, hit_count: ALL, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL, late);
    for _ in 0..50 {
        bob.control(&room, "", "x");
    }
    drop(alice); // Device::drop checks that nothing comes after close_backend.
}

#[test]
fn only_the_named_account_and_device_are_meant() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let on = NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL;
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, Fault { account: Some("bob".into()), ..none() });
    assert_eq!(exchange_controls(&alice, &bob, &room), "123", "bob is the sender, not the receiver");
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, Fault { device: Some("tablet".into()), ..none() });
    assert_eq!(exchange_controls(&alice, &bob, &room), "123");
    let alices = Fault { account: Some("alice".into()), device: Some("phone".into()), ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, on, alices);
    assert_eq!(exchange_controls(&alice, &bob, &room), "23");
}

#[test]
fn an_operation_is_refused_without_effect() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let refuse = Fault { code: 408, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_REFUSE, NERTC_CALLKIT_FAULT_ON_CLOSE, refuse);
    assert_eq!(alice.close(&room), 408);
    assert_eq!(bob.take(), [""; 0]);
    assert_eq!(alice.close(&room), 0);
    fault(&hub, NERTC_CALLKIT_FAULT_REFUSE, NERTC_CALLKIT_FAULT_ON_LOGIN, Fault { code: 302, ..none() });
    let carol = Device::new(&hub, "carol", "phone");
    assert_eq!(carol.login(), ["done 1 302"]);
    assert_eq!(carol.create_raw(), ["done 2 20001"]);
}

#[test]
fn an_operation_takes_effect_and_never_completes() {
    let hub = Hub::new();
    let (alice, _bob, _room) = pair(&hub);
    let carol = Device::online(&hub, "carol", "phone");
    let room = alice.create();
    alice.join(&room);
    fault(&hub, NERTC_CALLKIT_FAULT_NO_ANSWER, NERTC_CALLKIT_FAULT_ON_INVITE, none());
    assert_eq!(alice.invite_raw(&room, "carol"), [""; 0]);
    assert_eq!(carol.take().len(), 1);
    carol.logout();
    alice.cancel(&room, "carol");
    fault(&hub, NERTC_CALLKIT_FAULT_NO_ANSWER, NERTC_CALLKIT_FAULT_ON_LOGIN, none());
    assert_eq!(carol.login(), [""; 0]);
    carol.logout();
    assert!(carol.login()[1].contains("CANCEL"), "nobody heard the backlog, so it is still there");
}

#[test]
fn an_operation_completes_twice_or_late() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    fault(&hub, NERTC_CALLKIT_FAULT_DUPLICATE, NERTC_CALLKIT_FAULT_ON_CREATE, none());
    let lines = alice.create_raw();
    assert_eq!((lines.len(), &lines[0]), (2, &lines[1]));
    let late = Fault { delay_ms: 1, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_ON_ACCEPT, late);
    alice.leave(&room);
    bob.take();
    bob.invite(&room, "alice");
    alice.take();
    assert!(alice.accept_raw(&room, "bob").len() <= 1);
    assert!(bob.take()[0].contains("ACCEPT"), "the effect is at once");
}

#[test]
fn a_delayed_login_completes_before_its_backlog() {
    let hub = Hub::new();
    let (alice, _bob, room) = pair(&hub);
    alice.invite(&room, "carol");
    let late = Fault { delay_ms: 1, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DELAY, NERTC_CALLKIT_FAULT_ON_LOGIN, late);
    let carol = Device::new(&hub, "carol", "phone");
    let mut lines = carol.login();
    while lines.len() < 2 {
        lines.extend(carol.log.wait(1));
    }
    assert!(lines[0].starts_with("done") && lines[1].starts_with("offline"), "{lines:?}");
}

#[test]
fn a_dead_device_is_silent_and_deaf_until_its_next_login() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let (here, there) = (Media::new(&hub), Media::new(&hub));
    here.join("room", 1);
    there.join("room", 2);
    here.take();
    there.take();
    let bobs = Fault { account: Some("bob".into()), ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_CRASH, NERTC_CALLKIT_FAULT_ON_NOW, bobs);
    assert_eq!(alice.take(), [""; 0], "signaling does not notice");
    assert_eq!(here.take(), ["LEAVE 2 1"], "media does: lost");
    assert_eq!(bob.create_raw(), [""; 0]);
    assert_eq!(there.leave(), [""; 0]);
    assert_eq!(there.join("room", 2), [""; 0]);
    alice.invite(&room, "bob");
    alice.close(&room);
    assert_eq!(bob.take(), [""; 0]);
    let lines = bob.login();
    assert!(lines[0].starts_with("done") && lines[1].contains("CLOSE"), "{lines:?}");
    assert_eq!(bob.create_raw().len(), 1);
    assert_eq!(there.join("room", 2), ["done 4 0", "JOIN 1"]);
}

#[test]
fn a_device_dies_at_an_operation_or_a_message() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    fault(&hub, NERTC_CALLKIT_FAULT_CRASH, NERTC_CALLKIT_FAULT_ON_LEAVE, none());
    bob.login();
    fault(&hub, NERTC_CALLKIT_FAULT_CRASH, NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL, none());
    assert_eq!(bob.control(&room, "", "x"), 0);
    assert_eq!(alice.take(), [""; 0], "alice died of it");
    assert_eq!(alice.create_raw(), [""; 0]);
    fault(&hub, NERTC_CALLKIT_FAULT_CRASH, NERTC_CALLKIT_FAULT_ON_LOGIN, none());
    assert_eq!(alice.login(), [""; 0]);
    assert_eq!(alice.login().len(), 2, "rooms: it never left");
}

#[test]
fn a_kick_logs_the_device_out_and_the_others_see_it_leave() {
    let hub = Hub::new();
    let (alice, bob, room) = pair(&hub);
    let (here, there) = (Media::new(&hub), Media::new(&hub));
    here.join("room", 1);
    there.join("room", 2);
    here.take();
    let bobs = Fault { account: Some("bob".into()), ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_KICK, NERTC_CALLKIT_FAULT_ON_NOW, bobs);
    assert_eq!(bob.take(), ["connection 3 0"]);
    assert_eq!(alice.take(), [format!("online LEAVE {room} bob/phone>alice - -")]);
    assert_eq!(here.take(), ["LEAVE 2 0"]);
    assert_eq!(there.leave(), ["done 2 0"]);
    assert_eq!(bob.create_raw(), ["done 3 20001"]);
    bob.login();
    bob.join(&room);
    alice.take();
    fault(&hub, NERTC_CALLKIT_FAULT_KICK, NERTC_CALLKIT_FAULT_ON_CONTROL, none());
    assert_eq!(bob.control_raw(&room), ["done 6 20001", "connection 3 0"]);
}

#[test]
fn media_operations_and_events_have_faults_too() {
    let hub = Hub::new();
    let (_alice, bob, _room) = pair(&hub);
    let (here, there) = (Media::new(&hub), Media::new(&hub));
    let refuse = Fault { code: 500, ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_REFUSE, NERTC_CALLKIT_FAULT_ON_RTC_JOIN, refuse);
    assert_eq!(here.join("room", 1), ["done 1 500"]);
    assert_eq!(here.join("room", 1), ["done 2 0"]);
    let bobs = Fault { account: Some("bob".into()), ..none() };
    fault(&hub, NERTC_CALLKIT_FAULT_DROP, NERTC_CALLKIT_FAULT_ON_EVENT_RTC, bobs);
    assert_eq!(there.join("room", 2), ["done 1 0"], "PEER_JOIN is lost");
    assert_eq!(here.take(), ["JOIN 2"]);
    fault(&hub, NERTC_CALLKIT_FAULT_NO_ANSWER, NERTC_CALLKIT_FAULT_ON_RTC_LEAVE, none());
    assert_eq!(there.leave(), [""; 0]);
    assert_eq!(here.take(), ["LEAVE 2 0"]);
    fault(&hub, NERTC_CALLKIT_FAULT_KICK, NERTC_CALLKIT_FAULT_ON_RTC_JOIN, none());
    assert_eq!(there.join("room", 2), ["done 3 20001"]);
    assert_eq!(bob.take(), ["connection 3 0"]);
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    let hub = Hub::new();
    let refused = |action, on, more: Fault| {
        hub.add_fault(Fault { action, on, ..more }).unwrap_err() == Refused::Invalid
    };
    for action in [0, 9, 10, -1, i32::MAX] {
        assert!(refused(action, 103, none()));
    }
    for on in [-1, 15, 100, 111, i32::MIN] {
        assert!(refused(NERTC_CALLKIT_FAULT_DROP as i32, on, none()));
    }
    let (now, create, login, event) = (0, 3, 1, 103);
    assert!(refused(NERTC_CALLKIT_FAULT_DROP as i32, create, none()));
    assert!(refused(NERTC_CALLKIT_FAULT_REORDER as i32, create, none()));
    assert!(refused(NERTC_CALLKIT_FAULT_REFUSE as i32, event, Fault { code: 1, ..none() }));
    assert!(refused(NERTC_CALLKIT_FAULT_REFUSE as i32, create, none()), "no code");
    assert!(refused(NERTC_CALLKIT_FAULT_NO_ANSWER as i32, event, none()));
    assert!(refused(NERTC_CALLKIT_FAULT_DELAY as i32, event, none()), "no delay");
    assert!(refused(NERTC_CALLKIT_FAULT_DROP as i32, now, none()));
    assert!(refused(NERTC_CALLKIT_FAULT_KICK as i32, now, Fault { skip_count: 1, ..none() }));
    assert!(refused(NERTC_CALLKIT_FAULT_KICK as i32, login, none()));
    let drop = NERTC_CALLKIT_FAULT_DROP as i32;
    for _ in 0..1024 {
        assert_eq!(hub.add_fault(Fault { action: drop, on: event, ..none() }), Ok(()));
    }
    assert_eq!(hub.add_fault(Fault { action: drop, on: event, ..none() }), Err(Refused::Full));
}
