//! Apps with keys of their own: both sign what the code is made of, and verify the other's signature.

use nertc_callkit_webrtc::peer::{Body, End, Input, Output, Role, Security, read_message};

use crate::harness::{CALLEE, Conditions, INVITER, MS, World, config};

const GOOD: Conditions = Conditions::delay(50 * MS);

/// Two peers whose apps sign.
fn signing() -> World {
    let configs = [(Role::Inviter, 1), (Role::Callee, 2)].map(|(role, seed)| {
        let mut config = config(role, seed);
        config.signs = true;
        config
    });
    World::of(1, configs, GOOD, GOOD)
}

/// A signature for the test: who signs, and the transcript's last bytes.
fn signature(side: usize, transcript: &[u8]) -> Vec<u8> {
    [&[side as u8], &transcript[transcript.len() - 31..]].concat()
}

/// What was asked of the apps while time passes, and how often.
#[derive(Default)]
struct Asked {
    to_sign: [Vec<Vec<u8>>; 2],
    to_verify: [Vec<Vec<u8>>; 2],
}

/// Time passes; `answers` of each side's app are taken.
fn run(world: &mut World, time: u64, answers: [bool; 2], asked: &mut Asked) {
    for _ in 0..time / (20 * MS) {
        world.run(20 * MS);
        for (side, is_answered) in answers.into_iter().enumerate() {
            let seen = std::mem::take(&mut world.sides[side].seen);
            for (at, output) in seen {
                if let Output::Sign { transcript } = &output {
                    asked.to_sign[side].push(transcript.clone());
                    if is_answered {
                        let signature = signature(side, transcript);
                        world.input(side, Input::Signature { transcript, signature: &signature });
                    }
                } else if let Output::Verify { transcript, signature: given } = &output {
                    asked.to_verify[side].push(transcript.clone());
                    let right = *given == signature(1 - side, transcript);
                    world.input(side, Input::PeerSignature { transcript, right });
                } else {
                    world.sides[side].seen.push((at, output));
                }
            }
        }
    }
}

fn state(world: &World, side: usize) -> Option<Security> {
    world.sides[side].security().map(|it| it.0)
}

#[test]
fn signatures_of_the_apps_verify() {
    let (mut world, mut asked) = (signing(), Asked::default());
    world.accept();
    run(&mut world, 5000 * MS, [true; 2], &mut asked);
    for side in [INVITER, CALLEE] {
        assert_eq!((asked.to_sign[side].len(), asked.to_verify[side].len()), (1, 1), "once each");
        assert_eq!(asked.to_verify[side][0], asked.to_sign[1 - side][0]);
        assert_eq!(state(&world, side), Some(Security::Verified), "{:?}", world.sides[side].reports());
    }
}

/// The broker repeats the texts with signatures, and makes up others.
#[test]
fn repeated_signatures_are_verified_once() {
    let (mut world, mut asked) = (signing(), Asked::default());
    let (texts, taken) = std::sync::mpsc::channel();
    world.broker = Box::new(move |from, text| {
        let is_reveal = matches!(read_message(&text).map(|it| it.body), Ok(Body::Reveal { .. }));
        if is_reveal {
            let _ = texts.send((1 - from, text.clone()));
        }
        vec![(1 - from, text)]
    });
    world.accept();
    run(&mut world, 2000 * MS, [true; 2], &mut asked);
    let reveals: Vec<(usize, String)> = taken.try_iter().collect();
    assert!(reveals.len() >= 3, "{reveals:?}");
    for _ in 0..10 {
        reveals.iter().for_each(|(to, text)| world.deliver(*to, text));
    }
    run(&mut world, 1000 * MS, [true; 2], &mut asked);
    for side in [INVITER, CALLEE] {
        assert_eq!((asked.to_sign[side].len(), asked.to_verify[side].len()), (1, 1));
        assert_eq!(state(&world, side), Some(Security::Verified));
    }
}

#[test]
fn a_wrong_signature_is_a_mismatch() {
    let (mut world, mut asked) = (signing(), Asked::default());
    world.accept();
    // Nobody signs for the callee but the broker, which has another key.
    run(&mut world, 2000 * MS, [true, false], &mut asked);
    assert_eq!(state(&world, INVITER), Some(Security::Unverified));
    let transcript = asked.to_sign[CALLEE][0].clone();
    world.input(CALLEE, Input::Signature { transcript: &transcript, signature: b"mallory" });
    run(&mut world, 1000 * MS, [true; 2], &mut asked);
    assert_eq!(state(&world, INVITER), Some(Security::Mismatch));
    let ended = world.sides[INVITER].when(|it| *it == Output::Disconnected(End::NotSecure));
    assert!(ended.is_some(), "{:?}", world.sides[INVITER].reports());
}

/// The app signs slowly, and meanwhile the peer's app has begun anew.
#[test]
fn answers_about_an_earlier_negotiation_are_dropped() {
    let (mut world, mut asked) = (signing(), Asked::default());
    world.accept();
    run(&mut world, 2000 * MS, [true, false], &mut asked);
    let mut config = config(Role::Inviter, 99);
    config.signs = true;
    world.sides[INVITER] = crate::harness::Side::new(INVITER, config);
    world.input(INVITER, Input::Join);
    let earlier = asked.to_sign[CALLEE][0].clone();
    run(&mut world, 2000 * MS, [true, false], &mut asked);
    assert_eq!(asked.to_sign[CALLEE].len(), 2, "both have signed anew");
    let bytes = signature(CALLEE, &earlier);
    world.input(CALLEE, Input::Signature { transcript: &earlier, signature: &bytes });
    world.input(CALLEE, Input::PeerSignature { transcript: &earlier, right: false });
    run(&mut world, 1000 * MS, [true; 2], &mut asked);
    assert!(asked.to_verify[INVITER].is_empty(), "it was not sent");
    assert_eq!(state(&world, CALLEE), Some(Security::Verified), "{:?}", world.sides[CALLEE].reports());
}
