//! Engines that stand at the same point of different lives have one representative; others have another.

use super::super::input::*;
use super::super::{Caps, Config};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{CallType, EventKind};

/// Has had this many calls, long ago.
fn lived(calls: usize) -> Rig {
    let confirm_audio_to_video = true;
    let caps = Caps { enable_local: true, ..caps() };
    let mut rig = Rig::with(Config { caps, confirm_audio_to_video, ..Config::default() });
    for _ in 0..calls {
        rig.place_call();
        rig.cancel();
        rig.settle();
        rig.pass(700_000);
        rig.start_over();
    }
    rig
}

fn connect(rig: &mut Rig) {
    rig.place_call();
    rig.become_connected();
    rig.settle();
}

fn accept(rig: &mut Rig) {
    rig.invite("bob", "p1", "q1");
    rig.accept();
}

fn glare(rig: &mut Rig, request: &str) {
    rig.place_call();
    rig.invite("bob", "p1", request);
}

/// Its name, and the way to it.
type Point = (&'static str, fn(&mut Rig));

/// Every kind of state that the search can meet, with what may run in it.
const POINTS: &[Point] = &[
    ("idle", |_| {}),
    ("creating", |rig| rig.call("bob")),
    ("joining", |rig| {
        rig.call("bob");
        rig.ok("create");
    }),
    ("calling", Rig::place_call),
    ("calling, and its ring limit has come", |rig| {
        rig.place_call();
        rig.pass(30_000);
    }),
    ("ringing", |rig| rig.invite("bob", "p1", "q1")),
    ("accepting", accept),
    ("accepting, and the caller calls again", |rig| {
        accept(rig);
        rig.invite("bob", "p2", "q2");
    }),
    ("a glare's winner", |rig| glare(rig, "!")),
    ("a glare's winner that gives way", |rig| {
        glare(rig, "!");
        rig.pass(3_000);
    }),
    ("a glare's loser", |rig| glare(rig, "zz")),
    ("a glare's loser whose own was accepted", |rig| {
        glare(rig, "zz");
        rig.peer_accepts();
    }),
    ("in an old client's call, the own invite is out", |rig| {
        rig.place_call();
        rig.invite_old("bob", "p1", "zz");
        rig.ok("accept");
    }),
    ("entering", |rig| {
        accept(rig);
        rig.ok("accept");
    }),
    ("entering the media room", |rig| {
        rig.place_call();
        rig.peer_accepts();
    }),
    ("in the call", connect),
    ("in the call, the peer is silent", |rig| {
        connect(rig);
        rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    }),
    ("in the call, the peer has left", |rig| {
        connect(rig);
        rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    }),
    ("in the call, a question is open", |rig| {
        connect(rig);
        rig.switch(CallType::Video, SwitchStep::Invite);
    }),
    ("in the call, the camera starts", |rig| {
        connect(rig);
        rig.command(Command::EnableLocal { media: VIDEO, on: true });
    }),
    ("cleaning up", |rig| {
        rig.place_call();
        rig.cancel();
    }),
    ("cleaning up after an accept", |rig| {
        accept(rig);
        rig.reject();
    }),
    ("leaving the media room, the next call is accepted", |rig| {
        connect(rig);
        rig.hangup();
        rig.place_call();
        rig.signal(EventKind::Accept, "bob", "ch2", "r2", "{}");
    }),
    ("a channel that was never answered", |rig| {
        rig.call("bob");
        rig.cancel();
        rig.pass(60_000);
    }),
    ("an accept that was never answered", |rig| {
        accept(rig);
        rig.reject();
        rig.pass(60_000);
    }),
    ("logging out, and in again", |rig| {
        rig.logout();
        rig.login("al");
    }),
    ("logging out of a call", |rig| {
        connect(rig);
        rig.logout();
    }),
    ("logging in", |rig| {
        rig.kick();
        rig.login("al");
    }),
    ("closing", |rig| {
        connect(rig);
        rig.close();
    }),
];

#[test]
fn the_same_point_of_another_life_has_the_same_representative() {
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
        let mut rig = lived(1);
        reach(&mut rig);
        (name, rig.engine.canonical(rig.now))
    });
    let points: Vec<_> = points.collect();
    for (at, (name, engine)) in points.iter().enumerate() {
        let same = points[..at].iter().find(|(_, other)| other == engine);
        assert!(same.is_none(), "{name} = {:?}", same.map(|(name, _)| name));
    }
}
