//! Undocumented behaviour of NetEase's own components, found by running them against this library.

use super::super::input::*;
use super::super::output::*;
use super::super::{Caps, Config, wire};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{self as signaling, CallType, Channel, ChannelState, EventKind, Text};

const BYE: &str = "{\"version\":\"2.0.1\",\"reason\":0,\"_attachment\":\"bye\"}";
const AUDIO: &str = "{\"cid\":2,\"type\":1}";
const VIDEO: &str = "{\"cid\":2,\"type\":2}";

#[track_caller]
fn ended_with(harness: &Harness, reason: EndReason, extra: &str) {
    let end = harness.last_end();
    assert_eq!((end.reason, &*end.extra), (reason, extra));
}

/// Scenario (old): The text of CLOSE and LEAVE reaches the app, in every state.
#[test]
fn the_text_of_a_close_or_leave_reaches_the_app_in_every_state() {
    for (signal, reason) in
        [(EventKind::Close, EndReason::PeerHungUp), (EventKind::Leave, EndReason::PeerLeft)]
    {
        let mut harness = Harness::in_call();
        harness.signal(signal, "bob", "ch1", "", BYE);
        ended_with(&harness, reason, "bye");
    }
    let mut harness = Harness::calling();
    harness.signal(EventKind::Close, "bob", "ch1", "", BYE);
    ended_with(&harness, EndReason::PeerHungUp, "bye");
    let mut harness = Harness::called();
    harness.signal(EventKind::Close, "bob", "p1", "", BYE);
    ended_with(&harness, EndReason::PeerCancelled, "bye");
    let mut harness = Harness::accepting();
    harness.signal(EventKind::Close, "bob", "p1", "", BYE);
    harness.ok("accept");
    ended_with(&harness, EndReason::PeerHungUp, "bye");
    let mut harness = Harness::glare_loser();
    harness.signal(EventKind::Close, "bob", "p1", "", BYE);
    harness.ok("accept");
    ended_with(&harness, EndReason::PeerHungUp, "bye");
}

/// Scenario (old): A text that only repeats the invite's is left out.
#[test]
fn a_close_that_repeats_the_invite_has_no_text() {
    let invite = "{\"version\":\"2.0.1\",\"channelName\":\"r\",\"callId\":\"k\",\"_attachment\":\"bye\"}";
    for accepts in [false, true] {
        let mut harness = Harness::new();
        harness.signal(EventKind::Invite, "bob", "p1", "q1", invite);
        if accepts {
            harness.accept();
            harness.ok("accept");
        }
        harness.signal(EventKind::Close, "bob", "p1", "", BYE);
        assert_eq!(&*harness.last_end().extra, "");
    }
}

/// Scenario (old): Whatever ends a channel is JSON, in every role and state.
#[test]
fn every_close_and_leave_is_json() {
    let ways: [fn() -> Harness; 5] = [
        || {
            let mut harness = Harness::in_call();
            harness.leave();
            harness
        },
        || {
            let mut harness = Harness::in_call();
            harness.logout();
            harness
        },
        || {
            let mut harness = Harness::accepting();
            harness.hangup();
            harness.ok("accept");
            harness
        },
        || {
            let mut harness = Harness::calling();
            harness.peer_rejects("");
            harness
        },
        || {
            let mut harness = Harness::new();
            let channel = Channel { id: "old".into(), creator: "al".into(), ..Channel::default() };
            harness.handle(Input::ChannelStates(vec![ChannelState { channel, members: Vec::new() }]));
            harness
        },
    ];
    for way in ways {
        let mut harness = way();
        harness.settle();
        let mut seen = 0;
        for op in &harness.ops {
            if let signaling::Operation::Close { custom_info, .. }
            | signaling::Operation::Leave { custom_info, .. } = op
            {
                seen += 1;
                assert_eq!(&**custom_info, "{\"version\":\"1.8.1\",\"reason\":0}");
            }
        }
        assert!(seen > 0, "{:?}", harness.ops);
    }
}

/// Scenario (switch): A control message that overtakes the accept counts, and starts no camera.
#[test]
fn a_switch_before_the_accept_counts_from_the_peer_alone() {
    let mut harness =
        Harness::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() });
    harness.place_call();
    harness.signal(EventKind::Control, "eve", "ch1", "", VIDEO);
    harness.signal(EventKind::Control, "bob", "other", "", VIDEO);
    harness.signal(EventKind::Control, "bob", "ch1", "", "{\"cid\":2,\"type\":9}");
    harness.control("ch1", VIDEO);
    harness.emits("");
    harness.peer_accepts();
    harness.emits("on_call_type_change video 0 · on_user_accept bob");
    harness.forget();
    harness.ok("rtc join");
    harness.asked("enable 1 on");
}

/// Scenario (switch): The caller receives our accept before we do, and switches.
#[test]
fn a_switch_while_our_accept_runs_counts() {
    let mut harness = Harness::accepting();
    harness.control("p1", VIDEO);
    harness.ok("accept");
    harness.emits("done accept 0 · on_call_type_change video 0");
    let mut harness = Harness::glare_loser();
    harness.control("p1", VIDEO);
    harness.control("p1", AUDIO);
    harness.control("p1", VIDEO);
    harness.ok("accept");
    harness.emits("on_call_type_change video 0 · on_user_accept bob");
}

/// Scenario (switch): A client without a version does not support switching to video.
#[test]
fn a_peer_without_a_version_cannot_switch_to_video() {
    let mut harness = Harness::calling();
    harness.signal(EventKind::Accept, "bob", "ch1", "r1", "");
    harness.forget();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.emits("done switch 90007");
    harness.asked("");
    harness.switch(CallType::Audio, SwitchStep::Invite);
    harness.emits("done switch 0");
}

/// Scenario (old): The text of our hang-up is in CLOSE or LEAVE once the call is accepted.
#[test]
fn our_own_text_is_in_the_close_or_leave() {
    let end = |op: &signaling::Operation| {
        if let signaling::Operation::Close { custom_info, .. }
        | signaling::Operation::Leave { custom_info, .. } = op
        {
            Some(custom_info.clone())
        } else {
            None
        }
    };
    let text = |harness: &Harness| {
        let text = harness.ops.iter().rev().find_map(end).expect("an end");
        Text::from(wire::read(&text).attachment)
    };
    let mut harness = Harness::in_call();
    let (call, no_offline, no_record, extra) = (harness.implied(), false, false, Some(Text::from("bye")));
    harness.command(Command::Hangup { call: call.clone(), no_offline, no_record, text: extra.clone() });
    assert_eq!(&*text(&harness), "bye");
    let mut harness = Harness::in_call();
    harness.command(Command::Leave { call, no_offline, text: extra.clone() });
    assert_eq!(&*text(&harness), "bye");
    let mut harness = Harness::accepting();
    let call = harness.implied();
    harness.command(Command::Reject { call, busy: false, text: extra });
    harness.ok("accept");
    harness.ok("join");
    assert_eq!(&*text(&harness), "bye");
}
