//! How long it takes from the accept until sound arrives.

use nertc_callkit_webrtc::peer::{DtlsVersions, Role};

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, World, config};
use crate::relay_path::RelayPath;

/// 100 ms round trip, of media and of signaling.
const GOOD: Conditions = Conditions::delay(50 * MS);

fn world(dtls: DtlsVersions) -> World {
    let configs = [Role::Inviter, Role::Callee].map(|role| {
        let mut config = config(role, if role == Role::Inviter { 1 } else { 2 });
        config.dtls = dtls;
        config
    });
    World::of(1, configs, GOOD, GOOD)
}

/// Each side is reached through a relay at half the way, and not otherwise.
fn ask_for_relays(world: &mut World) {
    for side in [INVITER, CALLEE] {
        world.relays[side] = Some(RelayPath::new(world.now, side, GOOD.delay / 2));
    }
}

/// The accept, and what became of it: ms until sound arrives, of each side, and a sentence.
fn accept(world: &mut World) -> ([u64; 2], String) {
    let accepted = world.now;
    world.accept();
    world.run(3 * SECOND);
    let ms = |at: u64| (at - accepted) / MS;
    let connected = [INVITER, CALLEE].map(|at| ms(world.sides[at].connected_at().expect("connected")));
    let first = [INVITER, CALLEE].map(|at| ms(world.sides[at].received.first().expect("sound").0));
    let figures = format!("accept to connected {connected:?} ms, to first sound {first:?} ms");
    (first, figures)
}

#[test]
fn sound_crosses_within_550_ms_of_the_accept() {
    for dtls in [DtlsVersions::Both, DtlsVersions::Only13, DtlsVersions::Only12] {
        let mut world = world(dtls);
        world.run(10 * SECOND);
        let before = world.sides.iter().map(|side| side.seen.len()).sum::<usize>();
        assert_eq!((before, world.digest), (0, 0), "nothing is said before the accept");
        let (first, figures) = accept(&mut world);
        println!("{dtls:?}, 100 ms round trip: {figures}");
        if dtls == DtlsVersions::Both {
            // For make bench.
            println!("figure setup_ms {}", first[INVITER].max(first[CALLEE]));
        }
        assert!(first.iter().all(|ms| *ms <= 550), "{first:?}");
    }
}

#[test]
fn over_relays_it_takes_at_most_700_ms() {
    for is_prepared in [true, false] {
        let mut world = world(DtlsVersions::Both);
        // Without these there is only the way over the relays.
        world.sides.iter_mut().for_each(|side| side.addresses.clear());
        if is_prepared {
            ask_for_relays(&mut world);
        }
        world.run(10 * SECOND);
        assert_eq!(world.digest, 0, "only servers are spoken to before the accept");
        let is_allocated = |relay: &Option<RelayPath>| relay.as_ref().is_some_and(RelayPath::is_allocated);
        assert!(world.relays.iter().all(|relay| is_allocated(relay) == is_prepared));
        if !is_prepared {
            ask_for_relays(&mut world);
        }
        let name = if is_prepared { "relays, prepared" } else { "relays, not prepared" };
        let (first, figures) = accept(&mut world);
        println!("{name}, 100 ms round trip: {figures}");
        if is_prepared {
            println!("figure setup_relay_ms {}", first[INVITER].max(first[CALLEE]));
        }
        assert!(!is_prepared || first.iter().all(|ms| *ms <= 700), "{first:?}");
        assert!(world.sides.iter().all(|side| side.received.len() > 100));
    }
}
