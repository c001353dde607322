//! What is on its way between the two is seen by others, who send it again from elsewhere.

use std::net::SocketAddr;

use nertc_callkit_webrtc::peer::{DtlsVersions, Output, Role};

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, World, address, config};

const GOOD: Conditions = Conditions::delay(50 * MS);

/// A check of ICE proves who made it, not where it comes from: one that was seen, sent again from many
/// addresses, must not make us send to all of them, nor remember them all.
#[test]
fn a_check_from_many_addresses_costs_little() {
    let mut world = World::connected(1, GOOD);
    let is_request = |bytes: &[u8]| bytes.starts_with(&[0, 1]);
    for to in [INVITER, CALLEE] {
        let (_, check) =
            world.arrived[to].iter().rev().find(|(_, it)| is_request(it)).expect("a check").clone();
        for number in 0..5_000_u32 {
            let from = SocketAddr::from((std::net::Ipv4Addr::from(0xC633_6400 + number), 7_000));
            world.inject(to, from, &check);
        }
    }
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    let (from, sent) = (world.now, world.count_sent());
    world.run(10 * SECOND);
    // Sound both ways is 1000, its reports some dozens.
    let others = world.count_sent() - sent;
    println!("{others} datagrams in 10 s");
    assert!(others < 2_500, "{others}");
    for (at, side) in world.sides.iter().enumerate() {
        let count = side.received_between(from, world.now);
        assert!((495..=501).contains(&count), "{count} packets in 10 s");
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
        assert!(side.when(|it| matches!(it, Output::Disconnected(_))).is_none());
    }
}

/// Whoever sends in its address does not keep a peer alive that has vanished: nothing of that is proven.
#[test]
fn garbage_in_the_name_of_a_vanished_peer_is_silence() {
    let mut world = World::connected(1, GOOD);
    world.is_up = [false; 2];
    for step in 0..100_u8 {
        world.run(100 * MS);
        for first in [20, 22, 23, 128, 144, 191] {
            // RTP and RTCP among them, and records of DTLS.
            let mut bytes = vec![first; 60];
            bytes[1] = if step % 2 == 0 { 111 } else { 200 };
            (0..2).for_each(|to| world.inject(to, address(1 - to, 1), &bytes));
        }
    }
    for side in &world.sides {
        assert!(side.when(|it| *it == Output::Silent).is_some(), "{:?}", side.reports());
        assert!(side.when(|it| *it == Output::Heard).is_none(), "{:?}", side.reports());
    }
}

/// Alerts that no key has protected, before the handshake, in it, and after it: anybody can send them who
/// knows the address of the peer.
#[test]
fn alerts_of_others_end_nothing() {
    // Version, epoch 0, a number, the length; close_notify, or a fatal handshake_failure.
    let alert = |level, what| [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, level, what];
    for dtls in [DtlsVersions::Only12, DtlsVersions::Only13] {
        let configs = [(Role::Inviter, 1), (Role::Callee, 2)].map(|(role, seed)| {
            let mut config = config(role, seed);
            config.dtls = dtls;
            config
        });
        let mut world = World::of(1, configs, GOOD, GOOD);
        world.accept();
        for _ in 0..100 {
            for to in [INVITER, CALLEE] {
                for bytes in [alert(1, 0), alert(2, 40)] {
                    world.inject(to, address(1 - to, 1), &bytes);
                }
            }
            world.run(20 * MS);
        }
        let from = world.now;
        world.run(SECOND);
        for side in &world.sides {
            assert!(side.when(|it| matches!(it, Output::Disconnected(_))).is_none(), "{:?}", side.reports());
            let count = side.received_between(from, world.now);
            assert!(count >= 49, "{dtls:?}: {count} packets in 1 s: {:?}", side.reports());
        }
    }
}

/// The last packet of sound again, with another number, time, list of sources or extension, which no key has
/// protected: what is learned from numbers must be learned from those that are proven.
#[test]
fn packets_with_false_numbers_change_nothing() {
    let mut world = World::connected(1, GOOD);
    let from = world.now;
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    for round in 0..300_u32 {
        world.run(20 * MS);
        for to in [INVITER, CALLEE] {
            let is_sound = |bytes: &[u8]| (128..192).contains(&bytes[0]) && !(192..224).contains(&bytes[1]);
            let last = world.arrived[to].iter().rev().find(|(_, it)| is_sound(it));
            let mut bytes = last.expect("sound").1.clone();
            let noise = round.wrapping_mul(2_654_435_761).to_be_bytes();
            match round % 4 {
                0 => bytes[2..4].copy_from_slice(&noise[..2]),
                1 => bytes[4..8].copy_from_slice(&noise),
                2 => bytes[0] |= 0x0f,
                _ => {
                    bytes[0] |= 0x10;
                    bytes[12..16].copy_from_slice(&[0x10, 0, 0xff, 0xff]);
                }
            }
            world.inject(to, address(1 - to, 1), &bytes);
        }
    }
    for (at, side) in world.sides.iter().enumerate() {
        let count = side.received_between(from, world.now);
        assert!((299..=301).contains(&count), "{count} packets in 6 s");
        assert!(side.received.windows(2).all(|it| it[1].1.seq == it[0].1.seq + 1), "none is missing");
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
    }
}

/// A check that was seen, sent again in the name of a peer that has vanished: it is still the peer's, and is
/// taken for as long as checks of ours were answered.
#[test]
fn checks_sent_again_do_not_keep_a_vanished_peer_alive() {
    let mut world = World::connected(1, GOOD);
    let checks = world.arrived.each_ref().map(|arrived| {
        let check = arrived.iter().rev().find(|(_, bytes)| bytes.starts_with(&[0, 1]));
        check.expect("a check").1.clone()
    });
    world.is_up = [false; 2];
    // Without signaling, no restart makes other passwords.
    world.broker = Box::new(|_, _| Vec::new());
    let vanished = world.now;
    for _ in 0..120 {
        world.run(500 * MS);
        (0..2).for_each(|to| world.inject(to, address(1 - to, 1), &checks[to]));
    }
    for side in &world.sides {
        let silent = side.when(|it| *it == Output::Silent).expect("silent") - vanished;
        assert!(silent < 34 * SECOND, "{silent}");
        assert!(side.when(|it| *it == Output::Heard).is_none(), "{:?}", side.reports());
    }
}
