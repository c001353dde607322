//! Calls between honest peers.

use nertc_callkit_media::Media;
use nertc_callkit_webrtc::peer::{DtlsVersions, End, Input, MediaState, Output, Reason, Role, Security};

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, START, Side, World, address, config, host};
use crate::nat::Mapping;

const GOOD: Conditions = Conditions::delay(50 * MS);

fn is_disconnected(end: End) -> impl Fn(&Output) -> bool {
    move |output| *output == Output::Disconnected(end)
}

/// Both hear each other at this moment.
fn both_receive(world: &World, from: u64, to: u64, at_least: usize) {
    for side in &world.sides {
        let count = side.received_between(from, to);
        assert!(count >= at_least, "{count} packets, at least {at_least}; {:?}", side.reports());
    }
}

#[test]
fn both_sides_report_the_same_call() {
    let world = World::connected(1, GOOD);
    let [inviter, callee] = &world.sides;
    let media = MediaState { on: Media::AUDIO, muted: Media::NONE };
    for (side, uid) in [(inviter, 22), (callee, 11)] {
        let reports = side.reports();
        assert_eq!(*reports[0], Output::Connected { uid, dtls: 13 });
        let secured =
            |output: &&&Output| matches!(output, Output::Secured { state: Security::Unverified, .. });
        assert_eq!(reports.iter().filter(secured).count(), 1, "{reports:?}");
        assert!(reports.contains(&&Output::PeerMedia(media)), "{reports:?}");
    }
    assert_eq!(inviter.security(), callee.security());
    let fingerprints = |side: &Side| {
        side.seen.iter().find_map(|(_, output)| {
            let Output::Secured { local_fingerprint, remote_fingerprint, .. } = output else { return None };
            Some([local_fingerprint.clone(), remote_fingerprint.clone()])
        })
    };
    let [ours, theirs] = fingerprints(inviter).expect("fingerprints");
    assert!(ours.starts_with("sha-256 ") && ours != theirs);
    assert_eq!(fingerprints(callee), Some([theirs, ours]));
    both_receive(&world, START, world.now, 120);
}

#[test]
fn packets_have_their_numbers_times_and_content() {
    let world = World::connected(1, GOOD);
    for (at, side) in world.sides.iter().enumerate() {
        let first = &side.received[0].1;
        assert!(first.starts_talk);
        for (number, (arrived, packet)) in side.received.iter().enumerate() {
            assert_eq!(packet.seq, first.seq + number as u64);
            assert_eq!(packet.time, first.time + number as u64 * 960);
            assert_eq!(packet.received_us, *arrived);
            assert_eq!(*packet.payload, [0x78 + (1 - at) as u8; 80]);
        }
    }
}

#[test]
fn the_seed_determines_every_datagram() {
    let run = |seed| {
        let mut world =
            World::connected(seed, Conditions { delay: 30 * MS, jitter: 40 * MS, loss_percent: 5 });
        world.input(CALLEE, Input::Leave);
        world.run(3 * SECOND);
        world.digest
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Every packet that arrives comes out, at once, whatever is lost before it and however late it is.
#[test]
fn packets_come_out_when_they_arrive() {
    for (jitter, loss_percent) in [(0, 10), (300 * MS, 0), (300 * MS, 20)] {
        let mut world = World::connected(1, Conditions { delay: 40 * MS, jitter, loss_percent });
        let before = world.sides.each_ref().map(|side| side.received.len() as u64);
        let arrived = world.rtp_arrived;
        world.run(20 * SECOND);
        for at in [INVITER, CALLEE] {
            let (out, into) =
                (world.sides[at].received.len() as u64 - before[at], world.rtp_arrived[at] - arrived[at]);
            println!("jitter {} ms, loss {loss_percent} %: {out} of {into} packets", jitter / MS);
            assert!(out == into && into > 700, "{out} of {into}");
            assert!(world.sides[at].received.iter().all(|(now, packet)| packet.received_us == *now));
        }
    }
}

/// Worlds for each kind of link: `PEER_SEEDS=50` for more than every day's.
fn seeds() -> u64 {
    std::env::var("PEER_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

/// Loss 0-20 %, jitter 0-300 ms, which reorders.
#[test]
fn calls_work_over_bad_links() {
    for loss_percent in [0, 2, 5, 10, 20] {
        for jitter in [0, 30 * MS, 100 * MS, 300 * MS] {
            for seed in 1..=seeds() {
                let link = Conditions { delay: 40 * MS, jitter, loss_percent };
                let mut world = World::new(seed, link, Conditions::delay(50 * MS));
                world.accept();
                world.run_until(START + 15 * SECOND, World::is_connected);
                let case = format!("loss {loss_percent} %, jitter {} ms, seed {seed}", jitter / MS);
                println!("{case}: connected after {} ms", (world.now - START) / MS);
                assert!(world.is_connected(), "{case}: not connected");
                let (from, sent) = (world.now, 5 * 50);
                world.run(5 * SECOND);
                assert_eq!(world.sides[0].security(), world.sides[1].security(), "{case}");
                assert_eq!(world.sides[0].security().map(|it| it.0), Some(Security::Unverified), "{case}");
                for side in &world.sides {
                    let count = side.received_between(from, world.now) as u64;
                    // What is still on its way, and eight percent for chance.
                    let least = sent * (92 - loss_percent) / 100 - (40 * MS + jitter) / (20 * MS);
                    assert!(count >= least, "{case}: {count} of {sent} packets, at least {least}");
                    let mut numbers: Vec<u64> = side.received.iter().map(|(_, packet)| packet.seq).collect();
                    numbers.sort_unstable();
                    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{case}: a packet twice");
                    let stuck = side.reports().contains(&&Output::Reconnecting);
                    assert!(!stuck, "{case}: {:?}", side.reports());
                    let lost = side.reports().iter().any(|output| matches!(output, Output::Disconnected(_)));
                    assert!(!lost, "{case}: {:?}", side.reports());
                }
            }
        }
    }
}

#[test]
fn sound_crosses_again_after_a_network_change() {
    for mover in [INVITER, CALLEE] {
        let mut world = World::connected(1, GOOD);
        world.move_to(mover, 2);
        let moved = world.now;
        world.run(5 * SECOND);
        for side in [INVITER, CALLEE] {
            let again =
                world.sides[side].received.iter().find(|(at, _)| *at > moved + 60 * MS).map(|(at, _)| *at);
            let gap = again.expect("sound again") - moved;
            println!("side {mover} moves: side {side} hears again after {} ms", gap / MS);
            assert!(gap <= 600 * MS, "{} ms", gap / MS);
        }
        both_receive(&world, moved + 3 * SECOND, moved + 4 * SECOND, 49);
        let connected = |it: &&&Output| matches!(it, Output::Connected { .. });
        let reports = world.sides[mover].reports();
        assert_eq!(reports.iter().filter(connected).count(), 1, "the same connection: {reports:?}");
    }
}

/// The network may say that it has changed when it has not.
#[test]
fn a_needless_restart_loses_no_sound() {
    for side in [INVITER, CALLEE] {
        let mut world = World::connected(1, GOOD);
        let from = world.now;
        world.input(side, Input::Restart);
        world.run(2 * SECOND);
        for side in &world.sides {
            let count = side.received_between(from, world.now);
            assert!((99..=101).contains(&count), "{count} packets in 2 s");
        }
    }
}

#[test]
fn both_sides_may_move_at_once_and_again() {
    let mut world = World::connected(1, GOOD);
    for place in 2..6 {
        world.move_to(INVITER, place);
        world.move_to(CALLEE, place);
        world.run(3 * SECOND);
    }
    both_receive(&world, world.now - SECOND, world.now, 49);
}

/// Again before the first change is negotiated.
#[test]
fn a_network_may_change_twice_at_once() {
    for mover in [INVITER, CALLEE] {
        let mut world = World::connected(1, GOOD);
        world.move_to(mover, 2);
        world.run(20 * MS);
        world.move_to(mover, 3);
        let moved = world.now;
        world.run(2 * SECOND);
        both_receive(&world, moved + SECOND, world.now, 49);
    }
}

#[test]
fn a_leaving_peer_is_reported_at_once() {
    for leaver in [INVITER, CALLEE] {
        let mut world = World::connected(1, GOOD);
        world.input(leaver, Input::Leave);
        let left = world.now;
        world.run(5 * SECOND);
        let gone = world.sides[1 - leaver].when(is_disconnected(End::PeerLeft)).expect("reported");
        assert!(gone - left <= 50 * MS, "{}", gone - left);
        let finished = world.sides[leaver].when(|it| *it == Output::Finished).expect("finished");
        assert_eq!(finished - left, SECOND);
        assert_eq!(world.sides[leaver].peer.poll_timeout(), None, "a peer that has left does nothing");
        world.input(1 - leaver, Input::Leave);
        world.run(5 * SECOND);
        assert_eq!(world.sides[1 - leaver].peer.poll_timeout(), None);
    }
}

#[test]
fn a_goodbye_survives_loss() {
    // Every text is lost, and some datagrams are.
    let mut reported = 0;
    for seed in 1..=20 {
        let mut world = World::connected(seed, Conditions { delay: 50 * MS, jitter: 0, loss_percent: 20 });
        world.broker = Box::new(|_, _| Vec::new());
        world.input(CALLEE, Input::Leave);
        world.run(2 * SECOND);
        reported += usize::from(world.sides[INVITER].when(is_disconnected(End::PeerLeft)).is_some());
    }
    assert!(reported >= 19, "{reported} of 20");
    // Every datagram is lost.
    let mut world = World::connected(1, GOOD);
    world.is_up = [false; 2];
    world.input(INVITER, Input::Leave);
    world.run(100 * MS);
    assert!(world.sides[CALLEE].when(is_disconnected(End::PeerLeft)).is_some());
}

#[test]
fn leaving_early_is_quiet() {
    for at in [INVITER, CALLEE] {
        let mut world = World::new(1, GOOD, GOOD);
        world.input(at, Input::Leave);
        world.input(at, Input::Join);
        world.run(3 * SECOND);
        assert_eq!(world.digest, 0, "nothing was sent");
        assert_eq!(world.sides[at].reports(), [&Output::Finished]);
    }
}

#[test]
fn an_interruption_is_reported_and_healed() {
    let mut world = World::connected(1, GOOD);
    let down = world.now;
    world.is_up = [false; 2];
    world.run(10 * SECOND);
    world.is_up = [true; 2];
    let up = world.now;
    world.run(10 * SECOND);
    for side in &world.sides {
        let at = |wanted: Output| side.when(|output| *output == wanted).map(|at| at - down);
        let silent = at(Output::Silent).expect("silent");
        assert!((2 * SECOND..2200 * MS).contains(&silent), "{silent}");
        let reconnecting = at(Output::Reconnecting).expect("reconnecting");
        // The last report of progress may have come a second before.
        assert!((2800 * MS..4200 * MS).contains(&reconnecting), "{reconnecting}");
        let heard = at(Output::Heard).expect("heard") + down - up;
        println!("heard {} ms after the link is up again", heard / MS);
        assert!(heard <= 1500 * MS, "{heard}");
        assert!(at(Output::Reconnected).is_some(), "{:?}", side.reports());
    }
    both_receive(&world, world.now - SECOND, world.now, 49);
}

#[test]
fn loss_in_one_direction_is_found() {
    let mut world = World::connected(1, GOOD);
    world.is_up[INVITER] = false;
    world.run(6 * SECOND);
    world.is_up[INVITER] = true;
    world.run(10 * SECOND);
    let reports = world.sides[INVITER].reports();
    assert!(
        reports.contains(&&Output::Reconnecting) && reports.contains(&&Output::Reconnected),
        "{reports:?}"
    );
    assert!(!reports.contains(&&Output::Silent), "it hears the other all the time: {reports:?}");
    assert!(world.sides[CALLEE].reports().contains(&&Output::Silent));
    both_receive(&world, world.now - SECOND, world.now, 49);
}

#[test]
fn without_consent_nothing_is_sent() {
    let mut world = World::connected(1, GOOD);
    // The callee's checks keep the pair alive, but nothing of ours arrives, so none of ours is answered.
    world.is_up[INVITER] = false;
    world.broker = Box::new(|_, _| Vec::new());
    world.run(25 * SECOND);
    let before = world.rtp_sent[INVITER];
    world.run(2 * SECOND);
    assert!(world.rtp_sent[INVITER] - before >= 99);
    world.run(8 * SECOND);
    let (before, datagrams) = (world.rtp_sent[INVITER], world.count_sent());
    world.run(5 * SECOND);
    assert_eq!(world.rtp_sent[INVITER], before, "sound without consent");
    assert!(world.count_sent() > datagrams, "checks go on");
    world.is_up[INVITER] = true;
    world.run(3 * SECOND);
    assert!(world.rtp_sent[INVITER] > before + 50, "and bring it back");
}

#[test]
fn closed_microphones_are_not_silence() {
    let mut world = World::connected(1, GOOD);
    for side in [INVITER, CALLEE] {
        world.input(side, Input::Enable { media: Media::AUDIO, on: false });
    }
    let before = world.sides.iter().map(|side| side.received.len()).sum::<usize>();
    world.run(SECOND);
    let from = world.count_sent();
    world.run(60 * SECOND);
    let a_second = (world.count_sent() - from) as f64 / 120.0;
    println!("a peer that says nothing sends {a_second:.1} datagrams a second");
    assert!(a_second < 5.0);
    for side in &world.sides {
        let reports = side.reports();
        assert!(
            !reports.contains(&&Output::Silent) && !reports.contains(&&Output::Reconnecting),
            "{reports:?}"
        );
        assert!(reports.contains(&&Output::PeerMedia(MediaState::default())), "{reports:?}");
    }
    let after = world.sides.iter().map(|side| side.received.len()).sum::<usize>();
    assert!(after - before <= 10, "a closed microphone sends nothing");
}

/// Not even RTCP, since neither has ever sent sound.
#[test]
fn microphones_that_never_open_are_not_silence() {
    let mut world = World::new(1, GOOD, GOOD);
    (0..2).for_each(|side| world.input(side, Input::Enable { media: Media::AUDIO, on: false }));
    world.accept();
    world.run(5 * SECOND);
    let before = world.count_sent();
    world.run(60 * SECOND);
    let each_second = (world.count_sent() - before) as f64 / 120.0;
    assert!((1.5..5.0).contains(&each_second), "{each_second} datagrams of each side in a second");
    for side in &world.sides {
        let reports = side.reports();
        assert_eq!(reports.len(), 2, "connected and secured: {reports:?}");
    }
}

#[test]
fn mute_is_reported() {
    let mut world = World::connected(1, GOOD);
    world.input(CALLEE, Input::Mute { media: Media::AUDIO, muted: true });
    world.run(SECOND);
    let muted = Output::PeerMedia(MediaState { on: Media::AUDIO, muted: Media::AUDIO });
    assert_eq!(world.sides[INVITER].reports().last(), Some(&&muted));
    world.input(CALLEE, Input::Mute { media: Media::AUDIO, muted: false });
    world.run(SECOND);
    let unmuted = Output::PeerMedia(MediaState { on: Media::AUDIO, muted: Media::NONE });
    assert_eq!(world.sides[INVITER].reports().last(), Some(&&unmuted));
}

#[test]
fn lost_texts_are_repeated() {
    // Each of the first six texts in turn: offer, answer, reveal and what else there is.
    for lost in 1..=6 {
        let mut world = World::new(1, GOOD, GOOD);
        let mut count = 0;
        world.broker = Box::new(move |from, text| {
            count += 1;
            if count == lost { Vec::new() } else { vec![(1 - from, text)] }
        });
        world.accept();
        world.run(8 * SECOND);
        for side in &world.sides {
            assert!(side.connected_at().is_some(), "text {lost}");
            assert_eq!(
                side.security().map(|it| it.0),
                Some(Security::Unverified),
                "text {lost}: {:?}",
                side.reports()
            );
        }
        assert_eq!(world.sides[0].security(), world.sides[1].security());
    }
}

#[test]
fn late_candidates_are_trickled() {
    let mut world = World::new(1, GOOD, GOOD);
    // Neither can be reached at what it said first.
    for side in [INVITER, CALLEE] {
        world.sides[side].addresses.clear();
    }
    world.accept();
    world.run(SECOND);
    assert_eq!(world.sides[INVITER].connected_at(), None);
    for side in [INVITER, CALLEE] {
        let late = address(side, 9);
        world.sides[side].addresses.push(late);
        world.input(side, Input::LocalAddress(host(late)));
    }
    world.run(2 * SECOND);
    assert!(world.sides.iter().all(|side| side.connected_at().is_some()));
}

#[test]
fn a_peer_whose_app_restarts_is_connected_again() {
    let mut world = World::connected(1, GOOD);
    world.sides[INVITER] = Side::new(INVITER, config(Role::Inviter, 99));
    let restarted = world.now;
    world.input(INVITER, Input::Join);
    world.run(3 * SECOND);
    let callee = &world.sides[CALLEE];
    let connected = callee.seen.iter().filter(|(_, it)| matches!(it, Output::Connected { .. })).count();
    assert_eq!(connected, 2, "{:?}", callee.reports());
    let states = callee.seen.iter().filter_map(|(_, output)| {
        let Output::Secured { state, .. } = output else { return None };
        Some(*state)
    });
    let states: Vec<Security> = states.collect();
    let again = [Security::Unverified, Security::None, Security::Unverified];
    assert_eq!(states, again, "what was compared before counts no more");
    assert_eq!(callee.security(), world.sides[INVITER].security(), "a code of its own");
    both_receive(&world, restarted + 2 * SECOND, restarted + 3 * SECOND, 49);
}

#[test]
fn verdicts_count_on_each_side() {
    let mut world = World::connected(1, GOOD);
    let code = world.sides[INVITER].security().and_then(|it| it.1).expect("a code");
    let verdict = |right| Input::Verdict { code: &code, right };
    // One about the code of another negotiation.
    for right in [true, false] {
        world.input(INVITER, Input::Verdict { code: "0000", right });
        assert_eq!(world.sides[INVITER].security().map(|it| it.0), Some(Security::Unverified));
    }
    world.input(INVITER, verdict(true));
    assert_eq!(world.sides[INVITER].security().map(|it| it.0), Some(Security::Verified));
    world.input(CALLEE, verdict(false));
    world.run(SECOND);
    assert_eq!(world.sides[CALLEE].security().map(|it| it.0), Some(Security::Mismatch));
    assert!(world.sides[CALLEE].when(is_disconnected(End::NotSecure)).is_some());
    assert!(world.sides[INVITER].when(is_disconnected(End::PeerLeft)).is_some());
}

/// Nothing in a call counts up to an end: not the handshake's clock, not ICE, not a sequence number.
#[test]
fn a_long_call_stays_up() {
    for dtls in [DtlsVersions::Only12, DtlsVersions::Only13] {
        let configs = [(Role::Inviter, 1), (Role::Callee, 2)].map(|(role, seed)| {
            let mut config = config(role, seed);
            config.dtls = dtls;
            config
        });
        let link = Conditions { delay: 50 * MS, jitter: 10 * MS, loss_percent: 1 };
        let mut world = World::of(1, configs, link, GOOD);
        world.accept();
        world.run(5 * SECOND);
        let reports = world.sides.each_ref().map(|side| side.reports().len());
        let from = world.now;
        world.run(75 * SECOND);
        both_receive(&world, from, world.now, 75 * 50 * 97 / 100);
        let now = world.sides.each_ref().map(|side| side.reports().len());
        assert_eq!(now, reports, "{dtls:?}: {:?}", world.sides[INVITER].reports());
    }
}

#[test]
fn ipv6_takes_over_where_ipv4_is_blocked() {
    let mut world = World::new(1, GOOD, GOOD);
    for side in [INVITER, CALLEE] {
        let six = format!("[2001:db8::{}]:6000", side + 1).parse().expect("an address");
        world.input(side, Input::LocalAddress(host(six)));
        world.sides[side].addresses = vec![six];
    }
    world.accept();
    world.run(3 * SECOND);
    assert!(world.is_connected());
    both_receive(&world, world.now - SECOND, world.now, 49);
    let pair =
        |it: &Output| matches!(it, Output::Stats(stats) if stats.pair.is_some_and(|it| it.0.is_ipv6()));
    assert!(world.sides.iter().all(|side| side.when(pair).is_some()));
}

#[test]
fn translators_are_crossed_where_it_is_possible() {
    use Mapping::{ByDestination, BySocket};
    let rows = [
        (Some(BySocket), None, true),
        (None, Some(BySocket), true),
        (Some(BySocket), Some(BySocket), true),
        // The peer learns the port from our first check.
        (Some(ByDestination), None, true),
        (None, Some(ByDestination), true),
        // Only a relay helps.
        (Some(ByDestination), Some(BySocket), false),
        (Some(ByDestination), Some(ByDestination), false),
    ];
    for (number, (inviter, callee, connects)) in rows.into_iter().enumerate() {
        let mut world = World::new(1, GOOD, GOOD);
        for (side, mapping) in [(INVITER, inviter), (CALLEE, callee)] {
            mapping.into_iter().for_each(|mapping| world.hide(side, mapping));
        }
        world.accept();
        world.run(10 * SECOND);
        assert_eq!(world.is_connected(), connects, "row {number}");
        if connects {
            both_receive(&world, world.now - SECOND, world.now, 49);
        } else {
            assert!(world.sides.iter().all(|side| side.received.is_empty()), "row {number}");
        }
    }
}

#[test]
fn stats_count_what_was_sent_and_lost() {
    let mut world = World::connected(1, Conditions { delay: 50 * MS, jitter: 0, loss_percent: 10 });
    world.run(20 * SECOND);
    for side in &world.sides {
        let last = side.seen.iter().rev().find_map(|(_, output)| {
            let Output::Stats(stats) = output else { return None };
            Some(*stats)
        });
        let stats = last.expect("stats");
        assert_eq!(stats.rtt_us, Some(100 * MS));
        let lost = stats.audio_lost_remote as f64 / stats.audio_packets_sent as f64;
        assert!((0.05..0.15).contains(&lost), "{stats:?}");
        assert!(stats.audio_packets_received > 900 && stats.audio_bytes_received > 900 * 80, "{stats:?}");
        assert!(stats.bytes_sent > stats.audio_bytes_sent, "{stats:?}");
    }
}

#[test]
fn peers_may_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<nertc_callkit_webrtc::peer::Peer>();
}

#[test]
fn early_texts_are_refused_with_a_reason() {
    let mut world = World::new(1, GOOD, GOOD);
    world.deliver(CALLEE, "{}");
    assert!(matches!(world.sides[CALLEE].seen[..], [(_, Output::Ignored(Reason::Text(_)))]));
}
