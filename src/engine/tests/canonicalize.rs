//! Engines in the same state with different histories have one representative; others have another.

use super::super::input::*;
use super::super::{Caps, Config};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{CallType, Code, EventKind};

/// Has had this many calls, long ago.
fn lived(calls: usize) -> Harness {
    let confirm_audio_to_video = true;
    let caps = Caps { enable_local: true, ..caps() };
    let mut harness = Harness::with(Config { caps, confirm_audio_to_video, ..Config::default() });
    for _ in 0..calls {
        harness.place_call();
        harness.cancel();
        harness.settle();
        harness.pass(700_000);
        harness.start_over();
    }
    harness
}

fn connect(harness: &mut Harness) {
    harness.place_call();
    harness.become_connected();
    harness.settle();
}

fn accept(harness: &mut Harness) {
    harness.invite("bob", "p1", "q1");
    harness.accept();
}

fn glare(harness: &mut Harness, request: &str) {
    harness.place_call();
    harness.invite("bob", "p1", request);
}

/// Its name, and the way to it.
type Point = (&'static str, fn(&mut Harness));

/// Every kind of state that the search can meet, with what may run in it.
const POINTS: &[Point] = &[
    ("idle", |_| {}),
    ("creating", |harness| harness.call("bob")),
    ("joining", |harness| {
        harness.call("bob");
        harness.ok("create");
    }),
    ("calling", Harness::place_call),
    ("calling, and its ring limit has come", |harness| {
        harness.place_call();
        harness.pass(30_000);
    }),
    ("ringing", |harness| harness.invite("bob", "p1", "q1")),
    ("accepting", accept),
    ("accepting, and the caller calls again", |harness| {
        accept(harness);
        harness.invite("bob", "p2", "q2");
    }),
    ("a glare's winner", |harness| glare(harness, "!")),
    ("a glare's winner that gives way", |harness| {
        glare(harness, "!");
        harness.pass(3_000);
    }),
    ("a glare's loser", |harness| glare(harness, "zz")),
    ("a glare's loser whose own was accepted", |harness| {
        glare(harness, "zz");
        harness.peer_accepts();
    }),
    ("in a legacy client's call, the own invite is out", |harness| {
        harness.place_call();
        harness.invite_old("bob", "p1", "zz");
        harness.ok("accept");
    }),
    ("entering", |harness| {
        accept(harness);
        harness.ok("accept");
    }),
    ("entering the media room", |harness| {
        harness.place_call();
        harness.peer_accepts();
    }),
    ("in the call", connect),
    ("in the call, the peer is silent", |harness| {
        connect(harness);
        harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    }),
    ("in the call, the peer has left", |harness| {
        connect(harness);
        harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    }),
    ("in the call, a question is open", |harness| {
        connect(harness);
        harness.switch(CallType::Video, SwitchStep::Invite);
    }),
    ("in the call, the camera starts", |harness| {
        connect(harness);
        harness.command(Command::EnableLocal { media: Media::VIDEO, on: true });
    }),
    ("cleaning up", |harness| {
        harness.place_call();
        harness.cancel();
    }),
    ("cleaning up after an accept", |harness| {
        accept(harness);
        harness.reject();
    }),
    ("leaving the media room, the next call is accepted", |harness| {
        connect(harness);
        harness.hangup();
        harness.place_call();
        harness.signal(EventKind::Accept, "bob", "ch2", "r2", "{}");
    }),
    ("a channel that was never answered", |harness| {
        harness.call("bob");
        harness.cancel();
        harness.pass(60_000);
    }),
    ("an accept that was never answered", |harness| {
        accept(harness);
        harness.reject();
        harness.pass(60_000);
    }),
    ("logging out, and in again", |harness| {
        harness.logout();
        harness.login("al");
    }),
    ("logging out of a call", |harness| {
        connect(harness);
        harness.logout();
    }),
    ("logging in", |harness| {
        harness.kick();
        harness.login("al");
    }),
    ("closing", |harness| {
        connect(harness);
        harness.close();
    }),
];

#[test]
fn equal_states_of_two_runs_have_one_representative() {
    for (name, reach) in POINTS {
        let (mut young, mut old) = (lived(1), lived(3));
        reach(&mut young);
        reach(&mut old);
        assert_ne!(young.engine, old.engine, "{name}");
        let (young, old) = (young.engine.canonical(young.now), old.engine.canonical(old.now));
        assert_eq!(young, old, "{name}");
    }
}

#[test]
fn different_points_have_different_representatives() {
    let points = POINTS.iter().map(|(name, reach)| {
        let mut harness = lived(1);
        reach(&mut harness);
        (name, harness.engine.canonical(harness.now))
    });
    let points: Vec<_> = points.collect();
    for (at, (name, engine)) in points.iter().enumerate() {
        let same = points[..at].iter().find(|(_, other)| other == engine);
        assert!(same.is_none(), "{name} = {:?}", same.map(|(name, _)| name));
    }
}
