//! Media rooms: presence, availability, mutes and frames.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::Media;
use nertc_callkit_abi::nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_NO_MEDIA;
use nertc_callkit_loopback::Hub;

const AUDIO: u32 = 1;
const VIDEO: u32 = 2;
const INVALID_ARGUMENT: i32 = -1;

fn in_media_room(hub: &Arc<Hub>) -> (Media, Media) {
    let (alice, bob) = (Media::new(hub), Media::new(hub));
    alice.enable(AUDIO | VIDEO, true);
    alice.join("room", 1);
    bob.join("room", 2);
    alice.take();
    bob.take();
    (alice, bob)
}

#[test]
fn after_the_join_both_see_each_other_and_what_they_send() {
    let hub = Hub::new();
    let (alice, bob) = (Media::new(&hub), Media::new(&hub));
    assert_eq!(alice.enable(AUDIO, true), ["done 1 0"]);
    assert_eq!(alice.join("room", 1), ["done 2 0"]);
    assert_eq!(alice.mute(AUDIO, true), ["done 3 0"]);
    assert_eq!(bob.enable(VIDEO, true), ["done 1 0"]);
    assert_eq!(bob.join("room", 2), ["done 2 0", "JOIN 1", "MEDIA 1 +1", "MUTE 1 +1"]);
    assert_eq!(alice.take(), ["JOIN 2", "MEDIA 2 +2"]);
    alice.mute(AUDIO, false);
    alice.enable(AUDIO | VIDEO, true);
    alice.enable(VIDEO, true);
    assert_eq!(bob.take(), ["MUTE 1 -1", "MEDIA 1 +2"], "only what changed");
    alice.enable(AUDIO, false);
    assert_eq!(bob.take(), ["MEDIA 1 -1"]);
}

#[test]
fn leaving_and_vanishing_are_distinguished() {
    let hub = Hub::new();
    let (alice, bob) = in_media_room(&hub);
    alice.mute(AUDIO, true);
    bob.take();
    assert_eq!(alice.leave(), ["done 4 0"]);
    assert_eq!(bob.take(), ["LEAVE 1 0"]);
    assert_eq!(alice.leave(), ["done 5 0"], "leaving twice is fine");
    alice.join("room", 1);
    assert_eq!(bob.take(), ["JOIN 1"], "a join starts with everything off");
    drop(alice);
    assert_eq!(bob.take(), ["LEAVE 1 1"]);
}

/// The completion of the leave overtakes what a full sink refused: that is of no room any more.
#[test]
fn what_a_full_sink_refused_ends_with_the_room() {
    let hub = Hub::new();
    let (alice, bob) = in_media_room(&hub);
    bob.log.full.store(true, Ordering::SeqCst);
    alice.leave();
    assert_eq!(bob.leave(), ["done 2 0"]);
    bob.log.full.store(false, Ordering::SeqCst);
    assert_eq!(bob.join("next", 2), ["done 3 0"]);
}

#[test]
fn a_uid_is_in_a_room_once_and_a_backend_in_one_room() {
    let hub = Hub::new();
    let (alice, bob) = (Media::new(&hub), Media::new(&hub));
    alice.join("room", 1);
    assert_eq!(bob.join("room", 1), ["done 1 10417"]);
    assert_eq!(bob.join("other", 1), ["done 2 0"]);
    assert_eq!(bob.join("room", 2), ["done 3 10407"]);
    assert_eq!(alice.take(), [""; 0]);
}

#[test]
fn frames_carry_the_senders_uid_to_whoever_wants_them() {
    let hub = Hub::new();
    let (alice, bob) = in_media_room(&hub);
    assert_eq!(alice.push(AUDIO, 7), 0);
    assert_eq!(alice.push(VIDEO, 8), 0);
    assert_eq!(bob.take(), ["frame 1 1 7", "frame 1 2 8"]);
    assert_eq!(alice.take(), [""; 0], "not to oneself");

    alice.mute(AUDIO, true);
    alice.enable(VIDEO, false);
    bob.take();
    assert_eq!((alice.push(AUDIO, 7), alice.push(VIDEO, 7)), (0, 0));
    assert_eq!(bob.take(), [""; 0]);
    alice.mute(AUDIO, false);
    alice.enable(VIDEO, true);
    bob.subscribe(1, AUDIO, false);
    bob.take();
    alice.push(AUDIO, 7);
    alice.push(VIDEO, 9);
    assert_eq!(bob.take(), ["frame 1 2 9"]);
    bob.subscribe(1, AUDIO, true);
    alice.push(AUDIO, 7);
    assert_eq!(bob.take(), ["frame 1 1 7"]);
    assert_eq!(bob.push(AUDIO, 7), 0);
    assert_eq!(alice.take(), [""; 0], "off is the default");
    bob.leave();
    assert_eq!(alice.push(AUDIO, 7), 0);
    assert_eq!(bob.take(), [""; 0]);
    assert_eq!(alice.push(0, 7), INVALID_ARGUMENT);
    assert_eq!(alice.push(AUDIO | VIDEO, 7), INVALID_ARGUMENT);
    assert_eq!(alice.push(4, 7), INVALID_ARGUMENT);
}

/// For what happens at once, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Lets a frame sit inside bob's sink while `meanwhile` runs.
fn with_a_frame_inside(alice: &Media, bob: &Media, meanwhile: impl FnOnce(&mpsc::Sender<()>)) {
    let (entered, enters) = mpsc::channel();
    let (leave, leaves) = mpsc::channel();
    let leaves = parking_lot::Mutex::new(leaves);
    bob.log.hook(move |line| {
        if line.starts_with("frame") {
            entered.send(()).unwrap();
            leaves.lock().recv_timeout(LIMIT).expect("the frame may leave the sink");
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| alice.push(AUDIO, 1));
        enters.recv_timeout(LIMIT).expect("a frame is in the sink");
        meanwhile(&leave);
    });
}

#[test]
fn leave_completes_when_the_last_frame_has_left_the_sink() {
    let hub = Hub::new();
    let (alice, bob) = in_media_room(&hub);
    with_a_frame_inside(&alice, &bob, |leave| {
        assert_eq!(bob.leave(), [""; 0], "it does not wait, and does not complete yet");
        assert_eq!(alice.take(), ["LEAVE 2 0"]);
        leave.send(()).unwrap();
    });
    assert_eq!(bob.take(), ["frame 1 1 1", "done 2 0"]);
}

#[test]
fn close_backend_waits_for_a_frame() {
    let hub = Hub::new();
    let (alice, bob) = in_media_room(&hub);
    let closed = AtomicBool::new(false);
    with_a_frame_inside(&alice, &bob, |leave| {
        thread::scope(|scope| {
            scope.spawn(|| {
                bob.close_backend();
                closed.store(true, Ordering::SeqCst);
            });
            // The peer is notified while close_backend still waits.
            assert_eq!(alice.log.wait(1), ["LEAVE 2 1"]);
            assert!(!closed.load(Ordering::SeqCst));
            leave.send(()).unwrap();
        });
    });
    assert!(closed.load(Ordering::SeqCst));
}

#[test]
fn frames_join_and_leave_race_without_harm() {
    let hub = Hub::new();
    for _ in 0..50 {
        let (alice, bob) = in_media_room(&hub);
        thread::scope(|scope| {
            scope.spawn(|| (0..50).for_each(|n| assert_eq!(alice.push(AUDIO, n), 0)));
            scope.spawn(|| {
                bob.leave();
                bob.join("room", 2);
                bob.close_backend();
            });
        });
    }
}

#[test]
fn none_completes_everything_at_once_and_takes_no_frames() {
    let none = Media::none();
    assert_eq!(none.vtable().caps, NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32);
    assert_eq!(none.join("room", 1), ["done 1 0"]);
    assert_eq!(none.enable(AUDIO, true), ["done 2 0"]);
    assert_eq!(none.mute(AUDIO, true), ["done 3 0"]);
    assert_eq!(none.subscribe(2, AUDIO, false), ["done 4 0"]);
    assert_eq!(none.set_view(), ["done 5 0"]);
    assert_eq!(none.leave(), ["done 6 0"]);
    assert!(none.vtable().push_frame.is_none());
}
