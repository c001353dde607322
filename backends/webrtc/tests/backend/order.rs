//! In which order things are reported, with real negotiation: what the engine makes its events of.

use std::sync::atomic::Ordering;

use nertc_callkit_backend::{MediaBackend, MediaMessage};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation, MediaReport, Preparation, Security};
use nertc_callkit_signaling::{CallType, Code, Outcome, Req, Text};

use crate::harness::{
    CALL_NO, JOIN, Side, alone, carry, is_connected, join, loopback, reported, sound_crosses, wait_for,
    wait_for_the_end,
};

const ENABLE: Req = Req(8);
const LEAVE: Req = Req(9);

fn done(req: Req) -> MediaMessage {
    MediaMessage::Completed(req, Outcome::default())
}

fn is_secured(message: &MediaMessage) -> bool {
    let MediaMessage::Event(report) = message else { return false };
    matches!(report.event, MediaEvent::Secured { security: Security::Unverified, .. })
}

/// What a call begins with. The code and the peer's microphone come in one order or the other.
fn assert_beginning(messages: &[MediaMessage], uid: u64) {
    let on = reported(MediaEvent::PeerMedia { uid, media: Media::AUDIO, on: true });
    let [first, second, third, rest @ ..] = messages else { panic!("{messages:?}") };
    let joined = reported(MediaEvent::PeerJoin { uid });
    assert_eq!([first, second, third], [&done(JOIN), &done(ENABLE), &joined], "{messages:?}");
    assert_eq!(rest.len(), 2, "{messages:?}");
    assert!(rest.contains(&on) && rest.iter().any(is_secured), "{messages:?}");
}

fn is_begun(side: &Side, uid: u64) {
    let count = std::cell::Cell::new(0);
    let messages = side.collect("a call", |message| {
        let is_media = |report: &MediaReport| matches!(report.event, MediaEvent::PeerMedia { .. });
        let is_one =
            is_secured(message) || matches!(message, MediaMessage::Event(report) if is_media(report));
        count.set(count.get() + u32::from(is_one));
        count.get() == 2
    });
    assert_beginning(&messages, uid);
}

/// Both sides from the join until all of its beginning is there.
fn begin(sides: [&Side; 2]) {
    join(sides);
    carry(sides, "codes", || {
        sides.iter().all(|side| side.backend.call_stats().security == Security::Unverified)
    });
    is_begun(sides[0], 22);
    is_begun(sides[1], 11);
}

fn has_left(uid: u64) -> MediaMessage {
    reported(MediaEvent::PeerLeave { uid, code: Code::OK })
}

#[test]
fn a_call_and_its_end_are_reported_in_order() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    begin([&alice, &bob]);
    alice.leave();
    let left = has_left(11);
    assert_eq!(bob.collect("the end", |it| *it == left), std::slice::from_ref(&left));
    assert_eq!(alice.collect("left", |it| *it == done(LEAVE)), [done(LEAVE)]);
    // What is asked of a call that the peer has left is still answered.
    let mute = MediaOperation::MuteLocal { media: Media::AUDIO, muted: true };
    bob.backend.run(Req(30), mute).expect("taken");
    assert_eq!(bob.collect("muted", |it| *it == done(Req(30))), [done(Req(30))]);
    bob.leave();
    assert_eq!(bob.collect("left", |it| *it == done(LEAVE)), [done(LEAVE)]);
    [&alice, &bob].into_iter().for_each(Side::close);
}

#[test]
fn nothing_follows_when_both_leave_at_once() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    begin([&alice, &bob]);
    alice.leave();
    bob.leave();
    for (side, uid) in [(&alice, 22), (&bob, 11)] {
        let seen = side.collect("left", |it| *it == done(LEAVE));
        // The other was faster, or not.
        assert!(seen == [done(LEAVE)] || seen == [has_left(uid), done(LEAVE)], "{seen:?}");
    }
    wait_for_the_end();
    for side in [&alice, &bob] {
        assert!(side.messages.try_recv().is_err(), "after the leave");
        side.close();
    }
}

/// Both call each other: both are prepared to offer, and one of them has to answer.
#[test]
fn a_glare_is_one_call() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    let preparation = |is_inviter| Preparation {
        call_no: CALL_NO,
        is_inviter,
        call_type: CallType::Audio,
        peer: Text::EMPTY,
        call_id: Text::EMPTY,
    };
    [&alice, &bob].into_iter().for_each(|side| side.backend.prepare(&preparation(true)));
    bob.backend.prepare(&preparation(false));
    begin([&alice, &bob]);
    sound_crosses(&alice, &bob);
    [&alice, &bob].into_iter().for_each(Side::close);
}

/// The next call begins while the one before says good-bye.
#[test]
fn a_redial_has_nothing_of_the_call_before() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    for _ in 0..3 {
        begin([&alice, &bob]);
        assert!(is_connected([&alice, &bob]));
        alice.leave();
        bob.leave();
        for side in [&alice, &bob] {
            side.collect("left", |it| *it == done(LEAVE));
            side.texts.try_iter().for_each(drop);
        }
    }
    [&alice, &bob].into_iter().for_each(Side::close);
}

/// While the core has no room, the completion of the leave overtakes events: they are not for the next call.
#[test]
fn what_the_core_had_no_room_for_ends_with_the_call() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    begin([&alice, &bob]);
    alice.refusals.store(i32::MAX, Ordering::SeqCst);
    bob.leave();
    bob.collect("left", |it| *it == done(LEAVE));
    wait_for("an event waits", || alice.refusals.load(Ordering::SeqCst) < i32::MAX - 4);
    alice.leave();
    assert_eq!(alice.collect("left", |it| *it == done(LEAVE)), [done(LEAVE)]);
    alice.refusals.store(0, Ordering::SeqCst);
    [&alice, &bob].iter().for_each(|side| side.texts.try_iter().for_each(drop));
    begin([&alice, &bob]);
    [&alice, &bob].into_iter().for_each(Side::close);
}
