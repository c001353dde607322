//! Whole clients in virtual time: engine, MQTT peer and WebRTC peer, between them a broker and a link. Media
//! decides whether a call goes on while signaling is away.

mod world;

use nertc_callkit::engine::output::{EndReason, Event};
use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::Code;

use world::{ALICE, BOB, SECOND, World};

/// Longer than an MQTT peer waits for its peer (60 s), asks it, and waits for an answer (3 s).
const OUTAGE: u64 = 75 * SECOND;

/// Neither call ends, and each hears the other in every second of it.
fn talk_for(world: &mut World, time: u64) {
    for _ in 0..time / SECOND {
        let before = world.heard();
        world.run(SECOND);
        for side in [ALICE, BOB] {
            assert_eq!(world.phase(side), Phase::InCall, "{:?}", world.events(side));
            let heard = world.heard()[side] - before[side];
            assert!(heard >= 45, "{heard} of 50 frames, at {} s", world.now / SECOND);
        }
    }
}

/// Signaling is back: the hang-up reaches the other side.
fn hang_up(world: &mut World) {
    world.reconnect();
    talk_for(world, 3 * SECOND);
    world.hang_up(ALICE);
    world.run(2 * SECOND);
    for (side, reason) in [(ALICE, EndReason::HungUp), (BOB, EndReason::PeerHungUp)] {
        assert_eq!(world.phase(side), Phase::Idle);
        assert_eq!(world.ends(side), [reason]);
    }
}

#[test]
fn sound_goes_on_while_the_broker_is_away() {
    let mut world = World::in_call();
    world.cut(&[ALICE, BOB]);
    talk_for(&mut world, OUTAGE);
    hang_up(&mut world);
}

/// The other one hears nothing more of its device over signaling, and says so to its engine.
#[test]
fn sound_goes_on_while_one_side_has_no_signaling() {
    for away in [ALICE, BOB] {
        let mut world = World::in_call();
        world.cut(&[away]);
        talk_for(&mut world, OUTAGE);
        assert_eq!(world.lost_peers(1 - away), 1, "signaling gives the peer up");
        hang_up(&mut world);
    }
}

#[test]
fn without_sound_a_peer_lost_to_signaling_is_gone_after_4_s() {
    let mut world = World::in_call();
    world.cut(&[ALICE]);
    talk_for(&mut world, OUTAGE);
    world.breaks_link = true;
    let silent = world.now;
    // With signaling, the engine waits for 20 s.
    world.run_until(silent + 10 * SECOND, |world| world.phase(BOB) == Phase::Idle);
    let waited = world.now - silent;
    assert!((3 * SECOND..6 * SECOND).contains(&waited), "{} ms", waited / 1000);
    assert_eq!(world.ends(BOB), [EndReason::PeerDisconnected]);
}

/// Its process was killed: no media, and nobody says good-bye.
#[test]
fn a_peer_that_vanishes_is_lost() {
    let mut world = World::in_call();
    world.cut(&[BOB]);
    world.breaks_link = true;
    let vanished = world.now;
    world.run_until(vanished + 60 * SECOND, |world| world.phase(ALICE) == Phase::Idle);
    let waited = (world.now - vanished) / SECOND;
    assert!((18..=22).contains(&waited), "{waited} s");
    let [.., last_but_one, last] = world.events(ALICE) else { panic!("{:?}", world.events(ALICE)) };
    assert!(matches!(last_but_one, Event::UserDisconnect(_)), "{last_but_one:?}");
    assert!(matches!(last, Event::CallEnd(it) if it.reason == EndReason::PeerDisconnected), "{last:?}");
}

#[test]
fn a_call_that_finds_no_network_ends_with_its_code() {
    for has_interface in [[false, true], [true, false], [false, false]] {
        let mut world = World::accepted(has_interface);
        let accepted = world.now;
        let is_over = |world: &World| [ALICE, BOB].iter().all(|side| world.phase(*side) == Phase::Idle);
        world.run_until(accepted + 60 * SECOND, is_over);
        let waited = (world.now - accepted) / SECOND;
        assert!((15..17).contains(&waited), "{waited} s");
        // Whose deadline is first closes the call for the other.
        let ends = [world.ends(ALICE), world.ends(BOB)].concat();
        assert_eq!(ends.len(), 2);
        let is_proper = |end: &EndReason| [EndReason::RtcJoinFailed, EndReason::PeerHungUp].contains(end);
        assert!(ends.iter().all(is_proper) && ends.contains(&EndReason::RtcJoinFailed), "{ends:?}");
        let has_code = |event: &Event| matches!(event, Event::Error(it) if it.code == Code::RTC_TIMEOUT);
        let errors = [ALICE, BOB].map(|side| world.events(side).iter().filter(|it| has_code(it)).count());
        assert!(errors.contains(&1), "{errors:?}");
    }
}
