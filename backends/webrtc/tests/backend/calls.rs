//! Calls over loopback.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nertc_callkit_backend::{Frame, MediaBackend, MediaMessage, PushError};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation};
use nertc_callkit_signaling::{Code, Req, Text};
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::scratch_dir::port;
use nertc_callkit_webrtc::peer::{Body, CandidateKind, Security, read_message};
use nertc_callkit_webrtc::{CallStats, StreamStats};

use crate::harness::{
    JOIN, Side, alone, call, carry, is_connected, join, loopback, reported, sound_crosses, threads,
    time_step, wait_for_the_end,
};

#[test]
fn sound_crosses_between_two_backends() {
    let _alone = alone();
    let sides = call(&loopback());
    let [alice, bob] = &sides;
    assert_eq!(alice.expect_completed(JOIN).code, Code::OK);
    alice.expect_event(&MediaEvent::PeerJoin { uid: 22 });
    bob.expect_event(&MediaEvent::PeerJoin { uid: 11 });
    sound_crosses(alice, bob);
    sound_crosses(bob, alice);
    for (side, uid) in [(alice, 22), (bob, 11)] {
        let on = reported(MediaEvent::PeerMedia { uid, media: Media::AUDIO, on: true });
        carry([alice, bob], "an open microphone", || side.messages.try_iter().any(|it| it == on));
    }
    carry([alice, bob], "a code on both sides", || {
        sides
            .iter()
            .all(|it| it.backend.call_state().and_then(|it| it.security) == Some(Security::Unverified))
    });
    let [ours, theirs] = [alice, bob].map(|side| side.backend.call_state().expect("a call"));
    assert!(ours.code.is_some() && ours.code == theirs.code);
    assert_eq!(
        (&ours.local_fingerprint, &ours.remote_fingerprint),
        (&theirs.remote_fingerprint, &theirs.local_fingerprint)
    );
    println!(
        "join to connected {:?} and {:?} us, {} and {} sockets, {} media thread",
        ours.setup_us,
        theirs.setup_us,
        ours.sockets,
        theirs.sockets,
        threads("nertc_media")
    );
    alice.close();
    bob.close();
}

#[test]
fn a_leave_is_heard_and_the_thread_ends_after_it() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    assert_eq!(threads("nertc_media"), 1);
    let left = Instant::now();
    alice.leave();
    assert_eq!(alice.expect_completed(Req(9)).code, Code::OK);
    assert!(alice.backend.call_state().is_none());
    bob.expect_event(&MediaEvent::PeerLeave { uid: 11, code: Code::OK });
    println!("leave to heard {:?}", left.elapsed());
    bob.leave();
    assert_eq!(bob.expect_completed(Req(9)).code, Code::OK);
    wait_for_the_end();
    assert!(left.elapsed() >= Duration::from_secs(1), "sockets stay open for a second");
    // What was left tells nothing more.
    assert!(alice.messages.try_iter().all(|it| !matches!(it, MediaMessage::Event(_))));
    // And another call works.
    for side in [&alice, &bob] {
        side.texts.try_iter().for_each(drop);
    }
    join([&alice, &bob]);
    sound_crosses(&alice, &bob);
    alice.close();
    bob.close();
    wait_for_the_end();
}

#[test]
fn backends_without_a_call_cost_no_thread() {
    let _alone = alone();
    let count = std::fs::read_dir("/proc/self/fd").expect("Linux").count();
    let sides: Vec<Side> = (0..500).map(|uid| Side::new(uid, &loopback())).collect();
    assert_eq!(threads("nertc_media"), 0);
    assert_eq!(std::fs::read_dir("/proc/self/fd").expect("Linux").count(), count);
    for side in &sides {
        side.backend.network_changed();
        side.backend.receive(JOIN, &Text::from("{}"));
        assert!(!side.backend.send_encoded(nertc_callkit_webrtc::Encoded {
            time: 0,
            starts_talk: true,
            frame: &[]
        }));
        side.leave();
        assert_eq!(side.expect_completed(Req(9)).code, Code::OK);
        side.close();
    }
    assert_eq!(threads("nertc_media"), 0);
}

#[test]
fn operations_end_with_their_code() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    let both = Media::AUDIO | Media::VIDEO;
    let rows = [
        (MediaOperation::MuteLocal { media: Media::AUDIO, muted: true }, Code::OK),
        (MediaOperation::EnableLocal { media: both, on: true }, Code::UNSUPPORTED),
        (MediaOperation::EnableLocal { media: both, on: false }, Code::OK),
        (MediaOperation::SetView { uid: 0, view: None }, Code::OK),
        (MediaOperation::Subscribe { uid: 22, media: Media::AUDIO, on: false }, Code::OK),
    ];
    for (at, (operation, code)) in rows.into_iter().enumerate() {
        let req = Req(100 + at as u64);
        alice.backend.run(req, operation.clone()).expect("taken");
        assert_eq!(alice.expect_completed(req).code, code, "{operation:?}");
    }
    let muted = MediaEvent::PeerMute { uid: 11, media: Media::AUDIO, muted: true };
    carry([&alice, &bob], "muted", || bob.messages.try_iter().any(|it| it == reported(muted.clone())));
    // Nothing is heard any more, but what is sent is.
    assert_eq!(
        alice.backend.run(Req(200), alice.join_operation(true)),
        Err(Code::BACKEND_FAILED),
        "one call at a time"
    );
    alice.close();
    bob.close();
    bob.backend.run(Req(201), MediaOperation::MuteLocal { media: both, muted: true }).expect("taken");
}

#[test]
fn a_tone_crosses_from_frame_to_frame() {
    let _alone = alone();
    let sides = [Side::with_opus(11, &loopback()), Side::with_opus(22, &loopback())];
    join([&sides[0], &sides[1]]);
    let began = Instant::now();
    let (mut loud, mut pulled) = (0, 0);
    for number in 0.. {
        assert!(began.elapsed() < patience(), "{loud} loud frames, {pulled} pulled");
        // 10 ms of 440 Hz.
        let wave = |at: u64| (at as f32 * 440.0 * std::f32::consts::TAU / 16_000.0).sin() * 12_000.0;
        let samples: Vec<i16> = (0..160).map(|at| wave(number * 160 + at) as i16).collect();
        let pushed = sides[0].backend.push_frame(Frame::of_sound(&samples, 16_000, 1, 0));
        assert_eq!(pushed, Ok(()));
        std::thread::sleep(Duration::from_millis(10));
        loud += sides[1].frames.try_iter().filter(|peak| *peak > 6_000).count();
        // Whoever pulls gets no frames.
        if loud > 20 {
            let mut out = [0; 320];
            let filled = sides[1].backend.pull_audio(&mut out, 16_000, 2).expect("good arguments");
            pulled += usize::from(filled > 0 && out.iter().any(|sample| *sample > 6_000));
        }
        if pulled > 10 {
            break;
        }
    }
    sides.iter().for_each(Side::close);
    assert_eq!(sides[1].backend.pull_audio(&mut [1; 320], 16_000, 2), Ok(0), "silence outside of a call");
}

#[test]
fn frames_that_cannot_be_sent_are_refused() {
    let _alone = alone();
    let sides = [Side::with_opus(11, &loopback()), Side::with_opus(22, &loopback())];
    let backend = &sides[0].backend;
    let push = |samples: usize, rate, channels| {
        backend.push_frame(Frame::of_sound(&vec![0; samples], rate, channels, 0))
    };
    // Outside of a call nobody looks at it.
    assert_eq!(push(7, 1, 9), Ok(()));
    join([&sides[0], &sides[1]]);
    for (samples, rate, channels) in
        [(480, 0, 1), (480, 7_999, 1), (0, 48_000, 1), (480, 48_000, 3), (20_000, 48_000, 1)]
    {
        assert_eq!(push(samples, rate, channels), Err(PushError::Invalid), "{samples} {rate} {channels}");
    }
    assert_eq!(push(480, 48_000, 1), Ok(()));
    // Faster than time passes.
    assert!((0..200).any(|_| push(4_800, 48_000, 1) == Err(PushError::Full)));
    // From two threads: each has an answer.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..200).for_each(|_| assert_ne!(push(48, 48_000, 1), Err(PushError::Invalid))));
        }
    });
    sides[0].leave();
    assert_eq!(sides[0].expect_completed(Req(9)).code, Code::OK);
    assert_eq!(push(7, 1, 9), Ok(()), "it is over");
    sides.iter().for_each(Side::close);
    assert_eq!(push(480, 48_000, 1), Ok(()));
}

#[test]
fn texts_of_another_join_are_dropped() {
    let _alone = alone();
    let [alice, bob] = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    [&alice, &bob].into_iter().for_each(|side| side.join(std::ptr::eq(side, &alice)));
    let offer = alice.texts.recv_timeout(patience()).expect("an offer");
    for other in [Req(0), Req(JOIN.0 - 1), Req(JOIN.0 + 1)] {
        bob.backend.receive(other, &offer);
    }
    // What it answers comes behind the completion of what it is asked afterwards.
    assert_eq!(bob.expect_completed(Req(8)).code, Code::OK);
    bob.backend.run(Req(20), MediaOperation::SetView { uid: 0, view: None }).expect("taken");
    assert_eq!(bob.expect_completed(Req(20)).code, Code::OK);
    assert!(bob.texts.try_recv().is_err(), "no answer");
    bob.backend.receive(JOIN, &offer);
    assert!(bob.texts.recv_timeout(patience()).is_ok(), "an answer");
    [&alice, &bob].into_iter().for_each(Side::close);
}

#[test]
fn a_full_core_is_asked_again() {
    let _alone = alone();
    let sides = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    sides.iter().for_each(|side| side.refusals.store(7, Ordering::SeqCst));
    join([&sides[0], &sides[1]]);
    for (side, uid) in [(&sides[0], 22), (&sides[1], 11)] {
        side.expect_event(&MediaEvent::PeerJoin { uid });
        assert!(side.refusals.load(Ordering::SeqCst) <= 0);
        side.close();
    }
}

#[test]
fn a_call_that_is_closed_tells_nothing_more() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    alice.leave();
    alice.close();
    assert_eq!(threads("nertc_media"), 1, "bob's");
    alice.messages.try_iter().for_each(drop);
    bob.expect_event(&MediaEvent::PeerLeave { uid: 11, code: Code::OK });
    assert!(alice.messages.try_recv().is_err() && alice.backend.call_state().is_none());
    bob.close();
    assert_eq!(threads("nertc_media"), 0);
}

#[test]
fn counters_of_a_call_are_shown() {
    let _alone = alone();
    let idle = Side::new(1, &loopback());
    assert_eq!(idle.backend.call_stats(), CallStats::default());
    assert_eq!(idle.backend.stream_stats(Media::AUDIO, true), StreamStats::default());
    let sides = call(&loopback());
    let [alice, bob] = &sides;
    let (sent, until) = (Cell::new(0), Instant::now() + patience());
    let seen = |side: &Side, is_sending| side.backend.stream_stats(Media::AUDIO, is_sending).packets > 0;
    carry([alice, bob], "counters", || {
        sent.set(sent.get() + 960);
        sides.iter().for_each(|side| time_step(side, sent.get()));
        std::thread::sleep(Duration::from_millis(10));
        sides.iter().all(|it| seen(it, true) && seen(it, false) && it.backend.call_stats().rtt_us > 0)
    });
    assert!(Instant::now() < until);
    for side in &sides {
        let stats = side.backend.call_stats();
        assert_eq!(
            (stats.local_candidate, stats.remote_candidate),
            (CandidateKind::Host, CandidateKind::Host)
        );
        assert_eq!((stats.relay_transport, stats.dtls_version, stats.restarts), (0, 13, 0), "{stats:?}");
        assert!(stats.setup_ms > 0 && stats.time_us > 0, "{stats:?}");
        let [sent, received] = [true, false].map(|it| side.backend.stream_stats(Media::AUDIO, it));
        // A header, the sound and the tag of SRTP at least.
        assert!(sent.bytes >= sent.packets * (12 + 3 + 10), "{sent:?}");
        assert!(received.bytes >= received.packets * (12 + 3 + 10), "{received:?}");
        assert!(stats.bytes_sent > sent.bytes && stats.bytes_received > received.bytes, "{stats:?}");
        assert_eq!(side.backend.stream_stats(Media::VIDEO, true), StreamStats::default());
    }
    alice.leave();
    assert_eq!(alice.backend.call_stats(), CallStats::default(), "it has left");
    sides.iter().chain([&idle]).for_each(Side::close);
}

/// It is thrown away without being closed.
#[test]
fn a_dropped_backend_says_good_bye() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    drop(alice);
    bob.expect_event(&MediaEvent::PeerLeave { uid: 11, code: Code::OK });
    bob.close();
}

#[test]
fn a_network_change_is_negotiated_and_the_call_goes_on() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    [&alice, &bob].iter().for_each(|side| side.texts.try_iter().for_each(drop));
    alice.backend.network_changed();
    // From one to the other, until one of these goes over.
    let pass = |from: &Side, to: &Side, is_wanted: fn(&Body) -> bool| loop {
        let text = from.texts.recv_timeout(patience()).expect("ICE restarts");
        to.backend.receive(JOIN, &text);
        if read_message(&text).is_ok_and(|it| is_wanted(&it.body)) {
            break;
        }
    };
    pass(&alice, &bob, |body| matches!(body, Body::Offer { .. }));
    pass(&bob, &alice, |body| matches!(body, Body::Answer { .. }));
    sound_crosses(&alice, &bob);
    sound_crosses(&bob, &alice);
    let ends = |message: MediaMessage| {
        let MediaMessage::Event(report) = message else { return false };
        matches!(report.event, MediaEvent::PeerLeave { .. } | MediaEvent::Disconnected(_))
    };
    assert!(!alice.messages.try_iter().chain(bob.messages.try_iter()).any(ends));
    alice.close();
    bob.close();
}

#[test]
fn local_ports_are_those_of_the_options() {
    let _alone = alone();
    let first = port();
    let mut given = loopback();
    (given.port_min, given.port_max) = (u32::from(first), u32::from(first) + 63);
    let sides = [Side::new(11, &given), Side::new(22, &given)];
    join([&sides[0], &sides[1]]);
    carry([&sides[0], &sides[1]], "a pair", || {
        sides.iter().all(|it| it.backend.call_state().is_some_and(|it| it.stats.pair.is_some()))
    });
    for side in &sides {
        let (local, _) = side.backend.call_state().and_then(|it| it.stats.pair).expect("a pair");
        assert!((first..first + 64).contains(&local.port()), "{local}");
        side.close();
    }
}

#[test]
#[ignore = "make test-all: many calls at once"]
fn a_call_has_its_bytes() {
    let _alone = alone();
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
        let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
        pages.expect("a number") * 4096
    };
    let call = || {
        let sides = [Side::with_opus(11, &loopback()), Side::with_opus(22, &loopback())];
        join([&sides[0], &sides[1]]);
        sides
    };
    let warm = call();
    let before = resident();
    let calls: Vec<[Side; 2]> = (0..20).map(|_| call()).collect();
    assert!(calls.iter().all(|[alice, bob]| is_connected([alice, bob])));
    let bytes = (resident() - before) / 40;
    println!("{bytes} bytes a call and side; {} media thread", threads("nertc_media"));
    assert!(bytes < 1_500_000, "{bytes}");
    calls.iter().flatten().chain(&warm).for_each(Side::close);
}
