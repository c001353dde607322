//! Peers and brokers that send too much, too often, or out of order.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver};

use nertc_callkit_webrtc::peer::{
    Body, Ignored, Input, LocalCandidate, LocalKind, Message, Output, Reason, Role, Security, read_message,
    write_message,
};

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, Side, World, address, config, host};

const GOOD: Conditions = Conditions::delay(50 * MS);

fn is_over(side: &Side) -> bool {
    side.when(|output| matches!(output, Output::Disconnected(_))).is_some()
}

fn is_secured(world: &World) {
    for side in &world.sides {
        assert_eq!(side.security().map(|it| it.0), Some(Security::Unverified), "{:?}", side.reports());
    }
    assert_eq!(world.sides[INVITER].security(), world.sides[CALLEE].security());
}

/// A call whose answers are counted from now on.
fn counting_answers() -> (World, Rc<Cell<u32>>) {
    let mut world = World::connected(1, GOOD);
    let answers = Rc::new(Cell::new(0));
    let counted = answers.clone();
    world.broker = Box::new(move |from, text| {
        let is_answer = matches!(read_message(&text).map(|it| it.body), Ok(Body::Answer { .. }));
        counted.set(counted.get() + u32::from(is_answer));
        vec![(1 - from, text)]
    });
    (world, answers)
}

/// Both networks change, one after the other: the callee's request comes right after an offer.
#[test]
fn a_restart_that_is_asked_for_too_early_comes_later() {
    let (mut world, answers) = counting_answers();
    world.move_to(INVITER, 2);
    world.run(500 * MS);
    world.move_to(CALLEE, 2);
    world.run(1_000 * MS);
    assert_eq!(answers.get(), 1, "the request was not granted");
    world.run(1_500 * MS);
    assert_eq!(answers.get(), 2, "it was made again");
    world.run(10 * SECOND);
    assert_eq!(answers.get(), 2, "once");
}

#[test]
fn endless_restarts_do_not_interrupt_sound() {
    for restless in [INVITER, CALLEE] {
        let (mut world, answers) = counting_answers();
        let from = world.now;
        for _ in 0..200 {
            world.input(restless, Input::Restart);
            world.run(100 * MS);
        }
        // Eight at once, then one in two seconds.
        println!("{} answers in 20 s", answers.get());
        assert!((2..=8 + 11).contains(&answers.get()), "{}", answers.get());
        for side in &world.sides {
            let count = side.received_between(from, world.now);
            assert!(count >= 950 && !is_over(side), "{count} packets in 20 s: {:?}", side.reports());
        }
    }
}

/// Nothing is kept for later or sent again: what is too much costs the peer's own quality.
#[test]
fn ten_times_the_sound_is_taken_and_no_more() {
    let mut world = World::connected(1, GOOD);
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    let before = world.sides.each_ref().map(|side| side.received.len());
    world.frames = 10;
    world.run(5 * SECOND);
    for (at, side) in world.sides.iter().enumerate() {
        let count = side.received.len() - before[at];
        assert!((2_400..=2_510).contains(&count), "{count} packets in 5 s");
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
    }
}

/// All that has arrived in a call arrives again: checks, handshake, sound and reports.
#[test]
fn a_replay_of_the_whole_call_changes_nothing() {
    let mut world = World::connected(1, GOOD);
    let recorded = std::mem::take(&mut world.arrived);
    assert!(recorded.iter().all(|it| it.len() > 150));
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    let before = world.sides.each_ref().map(|side| side.received.len());
    for (to, datagrams) in recorded.iter().enumerate() {
        datagrams.iter().for_each(|(from, bytes)| world.inject(to, *from, bytes));
    }
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.received.len(), before[at], "no packet twice");
    }
    let from = world.now;
    world.run(3 * SECOND);
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
        let count = side.received_between(from, world.now);
        assert!((145..=151).contains(&count), "{count} packets in 3 s");
    }
}

/// Signaling promises order; a broker need not keep it.
#[test]
fn texts_in_the_wrong_order_still_connect() {
    for distance in 1..4 {
        let mut world = World::new(1, GOOD, GOOD);
        let mut held: Vec<(usize, String)> = Vec::new();
        world.broker = Box::new(move |from, text| {
            held.push((1 - from, text));
            // The last first.
            if held.len() > distance || from == CALLEE { held.drain(..).rev().collect() } else { Vec::new() }
        });
        world.accept();
        world.run(9 * SECOND);
        assert!(world.is_connected(), "{distance}: {:?}", world.sides[CALLEE].seen);
        is_secured(&world);
    }
}

#[test]
fn texts_that_come_twice_count_once() {
    let mut world = World::new(1, GOOD, GOOD);
    world.broker = Box::new(|from, text| vec![(1 - from, text.clone()), (1 - from, text)]);
    world.accept();
    world.run(5 * SECOND);
    is_secured(&world);
    for side in &world.sides {
        let connected =
            side.reports().into_iter().filter(|it| matches!(it, Output::Connected { .. })).count();
        assert!(connected == 1 && !is_over(side), "{:?}", side.reports());
    }
}

/// A call, and all its texts with their receivers.
fn recorded(seed: u64) -> (World, Receiver<(usize, String)>) {
    let mut world = World::new(seed, GOOD, GOOD);
    let (texts, taken) = mpsc::channel();
    world.broker = Box::new(move |from, text| {
        let _ = texts.send((1 - from, text.clone()));
        vec![(1 - from, text)]
    });
    world.accept();
    world.run(3 * SECOND);
    (world, taken)
}

/// The user hangs up and calls again at once: what is still on its way belongs to the call before.
#[test]
fn texts_of_the_call_before_change_nothing() {
    let (mut before, taken) = recorded(7);
    before.input(INVITER, Input::Restart);
    before.run(SECOND);
    before.input(INVITER, Input::Leave);
    let late: Vec<(usize, String)> = taken.try_iter().collect();
    // All but the offers: a callee takes these for a peer whose app has begun anew.
    let is_offer = |text: &str| matches!(read_message(text).map(|it| it.body), Ok(Body::Offer { .. }));
    let late: Vec<&(usize, String)> = late.iter().filter(|(_, text)| !is_offer(text)).collect();
    assert!(late.len() >= 4, "{late:?}");
    let mut world = World::new(8, GOOD, GOOD);
    world.accept();
    for (to, text) in &late {
        world.deliver(*to, text);
        world.run(20 * MS);
    }
    world.run(2 * SECOND);
    is_secured(&world);
    late.iter().for_each(|(to, text)| world.deliver(*to, text));
    let from = world.now;
    world.run(2 * SECOND);
    for side in &world.sides {
        assert!(!is_over(side) && side.received_between(from, world.now) >= 95, "{:?}", side.reports());
    }
}

/// A peer whose first offer says nothing that we understand, as that of another version may, and which then
/// tries another one: in a call, and at the start of one.
#[test]
fn an_offer_may_follow_one_that_is_not_understood() {
    for is_in_call in [false, true] {
        let mut world = if is_in_call { World::connected(1, GOOD) } else { World::new(1, GOOD, GOOD) };
        world.broker = Box::new(|from, text| {
            let mut message = read_message(&text).expect("one of ours");
            let second = Message { seq: 2, ..message.clone() };
            let mut messages = Vec::new();
            match &mut message.body {
                Body::Offer { description, .. } if message.seq == 1 => {
                    description.sdp = description.sdp.replace("a=rtcp-mux\r\n", "");
                    messages.push(second);
                }
                Body::Answer { to, .. } => *to = 1,
                Body::Offer { .. }
                | Body::Candidates { .. }
                | Body::Restart
                | Body::Media(_)
                | Body::Reveal { .. }
                | Body::Bye => {}
            }
            messages.insert(0, message);
            messages.iter().map(|it| (1 - from, write_message(it).expect("a text"))).collect()
        });
        if is_in_call {
            // The inviter's app begins anew.
            world.sides[INVITER] = Side::new(INVITER, config(Role::Inviter, 99));
            world.input(INVITER, Input::Join);
        } else {
            world.accept();
        }
        let from = world.now;
        world.run(5 * SECOND);
        assert!(world.is_connected(), "{is_in_call}: {:?}", world.sides[CALLEE].seen);
        for side in &world.sides {
            assert!(!is_over(side) && side.received_between(from, world.now) >= 95, "{:?}", side.reports());
        }
        is_secured(&world);
    }
}

/// Of many interfaces and servers, each pair of which a translator shows under another address. Where these
/// are of no use, only the relay is: it comes last, and must be told.
#[test]
fn a_relay_is_told_whatever_else_there_is() {
    let mut world = World::new(1, GOOD, GOOD);
    let base = address(INVITER, 1);
    for place in 0..60 {
        let kind = LocalKind::ServerReflexive { base };
        let address = SocketAddr::from(([203, 0, 113, place], 7_000));
        world.input(INVITER, Input::LocalAddress(LocalCandidate { address, kind }));
    }
    let relayed = |port| {
        let kind = LocalKind::Relayed { local: base };
        LocalCandidate { address: SocketAddr::from(([198, 51, 100, 1], port)), kind }
    };
    // Eight relays, and as many that take over from them before they are gone.
    (7_001..=7_016).for_each(|port| world.input(INVITER, Input::LocalAddress(relayed(port))));
    let told = Rc::new(Cell::new((0, 0)));
    let noted = told.clone();
    world.broker = Box::new(move |from, text| {
        if let Ok(Message { body: Body::Offer { description, .. }, .. }) = read_message(&text) {
            let count = |kind: &str| description.sdp.matches(kind).count();
            noted.set((count("typ relay"), count("a=candidate")));
        }
        vec![(1 - from, text)]
    });
    world.accept();
    world.run(3 * SECOND);
    assert_eq!(told.get(), (16, 40));
    assert!(world.is_connected(), "{:?}", world.sides[CALLEE].seen);
}

/// Nobody has accepted: texts and datagrams have no answer, and the call that follows knows nothing of them.
#[test]
fn what_comes_before_the_accept_changes_nothing() {
    let (other, texts) = recorded(2);
    let texts: Vec<(usize, String)> = texts.try_iter().collect();
    let mut world = World::new(1, GOOD, GOOD);
    for to in [INVITER, CALLEE] {
        texts.iter().for_each(|(_, text)| world.deliver(to, text));
        for (from, bytes) in &other.arrived[to] {
            world.inject(to, *from, bytes);
        }
        let is_early = |it: &Output| *it == Output::Ignored(Reason::Text(Ignored::NotStarted));
        let ignored = world.sides[to].seen.iter().filter(|(_, output)| is_early(output)).count();
        assert_eq!((ignored, world.sides[to].reports().len()), (texts.len(), 0));
    }
    world.run(10 * SECOND);
    assert_eq!(world.digest, 0, "nothing is sent");
    world.accept();
    world.run_until(world.now + 15 * SECOND, World::is_connected);
    world.run(2 * SECOND);
    is_secured(&world);
}

/// In a lift, or in flight mode: it is not over, and goes on when there is a network.
#[test]
fn a_device_without_any_address_waits_for_one() {
    let mut world = World::new(1, GOOD, GOOD);
    for side in [INVITER, CALLEE] {
        for gone in std::mem::take(&mut world.sides[side].addresses) {
            world.input(side, Input::LocalAddressGone(gone));
        }
    }
    world.accept();
    world.run(10 * SECOND);
    assert!(!world.is_connected() && !world.sides.iter().any(is_over));
    assert_eq!(world.count_sent(), 0);
    for side in [INVITER, CALLEE] {
        let new = address(side, 3);
        world.sides[side].addresses.push(new);
        world.input(side, Input::LocalAddress(host(new)));
    }
    world.run(3 * SECOND);
    assert!(world.is_connected(), "{:?}", world.sides[CALLEE].reports());
}

/// Both laptops are closed for an hour, and opened again. Clocks count that time.
#[test]
fn sound_crosses_again_after_an_hour_of_sleep() {
    let mut world = World::connected(1, GOOD);
    world.sleep(3600 * SECOND);
    world.run(10 * SECOND);
    let from = world.now;
    world.run(SECOND);
    for side in &world.sides {
        let count = side.received_between(from, world.now);
        assert!(count >= 49 && !is_over(side), "{count} packets in 1 s: {:?}", side.reports());
    }
    is_secured(&world);
}

/// An interface whose address changes again and again: nothing fills up.
#[test]
fn a_peer_may_move_forty_times() {
    let mut world = World::connected(1, GOOD);
    let mut sent = Vec::new();
    for place in 2..=41 {
        world.move_to(CALLEE, place);
        let before = world.sides[INVITER].received.len();
        let until = world.now + 15 * SECOND;
        world.run_until(until, |world| world.sides[INVITER].received.len() > before + 10);
        let after = world.sides[INVITER].received.len() - before;
        assert!(after > 10, "move {place}: {after} packets: {:?}", world.sides[INVITER].reports());
        if place == 2 || place == 41 {
            let before = world.count_sent();
            world.run(10 * SECOND);
            sent.push(world.count_sent() - before);
        }
    }
    assert!(sent[1] <= sent[0] + 20, "{sent:?} datagrams in 10 s");
}

/// A broker that tells everybody what they have said themselves.
#[test]
fn own_texts_that_come_back_change_nothing() {
    let mut world = World::new(1, GOOD, GOOD);
    world.broker = Box::new(|from, text| vec![(from, text.clone()), (1 - from, text)]);
    world.accept();
    world.run(3 * SECOND);
    world.input(CALLEE, Input::Restart);
    world.run(3 * SECOND);
    is_secured(&world);
    for side in &world.sides {
        assert!(!is_over(side), "{:?}", side.reports());
        assert!(side.received_between(world.now - SECOND, world.now) >= 49, "{:?}", side.reports());
    }
}

/// It says that its sound has the number that ours has.
#[test]
fn a_peer_with_our_number_of_the_stream_ends_nothing() {
    let mut world = World::new(1, GOOD, GOOD);
    let ours = Rc::new(Cell::new(None));
    world.broker = Box::new(move |from, text| {
        let mut message = read_message(&text).expect("one of ours");
        let ssrc = |sdp: &str| {
            let line = sdp.lines().find(|line| line.starts_with("a=ssrc:"));
            line.and_then(|line| line.get(7..)?.split(' ').next()?.parse::<u32>().ok())
        };
        match &mut message.body {
            Body::Offer { description, .. } => ours.set(ssrc(&description.sdp)),
            Body::Answer { description, .. } => {
                let (own, theirs) = (ours.get().expect("stated"), ssrc(&description.sdp).expect("stated"));
                let (own, theirs) = (format!("a=ssrc:{own} "), format!("a=ssrc:{theirs} "));
                description.sdp = description.sdp.replace(&theirs, &own);
            }
            Body::Candidates { .. } | Body::Restart | Body::Media(_) | Body::Reveal { .. } | Body::Bye => {}
        }
        vec![(1 - from, write_message(&message).expect("a text"))]
    });
    world.accept();
    world.run(5 * SECOND);
    assert!(world.is_connected());
    is_secured(&world);
    let callee = &world.sides[CALLEE];
    assert!(callee.received_between(world.now - SECOND, world.now) >= 49, "{:?}", callee.reports());
}
