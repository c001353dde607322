//! What is on its way between the two is seen by others, who send it again from elsewhere.

use std::net::SocketAddr;

use nertc_callkit_webrtc::peer::Output;

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, World};

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
