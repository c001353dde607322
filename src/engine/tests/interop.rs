//! What NetEase's own components do that no document says: found by running them against this library.

use super::super::input::*;
use super::super::output::*;
use super::super::{Caps, Config, wire};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{self as signaling, CallType, Channel, ChannelState, EventKind, Text};

const BYE: &str = "{\"version\":\"2.0.1\",\"reason\":0,\"_attachment\":\"bye\"}";
const AUDIO: &str = "{\"cid\":2,\"type\":1}";
const VIDEO: &str = "{\"cid\":2,\"type\":2}";

#[track_caller]
fn ended_with(rig: &Rig, reason: EndReason, extra: &str) {
    let end = rig.last_end();
    assert_eq!((end.reason, &*end.extra), (reason, extra));
}

/// Scenario (old): The text of CLOSE and LEAVE reaches the app, whatever it stops.
#[test]
fn the_text_of_a_close_or_leave_reaches_the_app_in_every_state() {
    for (signal, reason) in
        [(EventKind::Close, EndReason::PeerHungUp), (EventKind::Leave, EndReason::PeerLeft)]
    {
        let mut rig = Rig::in_call();
        rig.signal(signal, "bob", "ch1", "", BYE);
        ended_with(&rig, reason, "bye");
    }
    let mut rig = Rig::calling();
    rig.signal(EventKind::Close, "bob", "ch1", "", BYE);
    ended_with(&rig, EndReason::PeerHungUp, "bye");
    let mut rig = Rig::called();
    rig.signal(EventKind::Close, "bob", "p1", "", BYE);
    ended_with(&rig, EndReason::PeerCancelled, "bye");
    let mut rig = Rig::accepting();
    rig.signal(EventKind::Close, "bob", "p1", "", BYE);
    rig.ok("accept");
    ended_with(&rig, EndReason::PeerHungUp, "bye");
    let mut rig = Rig::glare_loser();
    rig.signal(EventKind::Close, "bob", "p1", "", BYE);
    rig.ok("accept");
    ended_with(&rig, EndReason::PeerHungUp, "bye");
}

/// Scenario (old): A text that only repeats the invite's is no text.
#[test]
fn a_close_that_repeats_the_invite_says_nothing() {
    let invite = "{\"version\":\"2.0.1\",\"channelName\":\"r\",\"callId\":\"k\",\"_attachment\":\"bye\"}";
    for accepts in [false, true] {
        let mut rig = Rig::new();
        rig.signal(EventKind::Invite, "bob", "p1", "q1", invite);
        if accepts {
            rig.accept();
            rig.ok("accept");
        }
        rig.signal(EventKind::Close, "bob", "p1", "", BYE);
        assert_eq!(&*rig.last_end().extra, "");
    }
}

/// Scenario (old): What ends a channel is JSON, whoever ends it and when.
#[test]
fn every_close_and_leave_is_json() {
    let ways: [fn() -> Rig; 5] = [
        || {
            let mut rig = Rig::in_call();
            rig.leave();
            rig
        },
        || {
            let mut rig = Rig::in_call();
            rig.logout();
            rig
        },
        || {
            let mut rig = Rig::accepting();
            rig.hangup();
            rig.ok("accept");
            rig
        },
        || {
            let mut rig = Rig::calling();
            rig.peer_rejects("");
            rig
        },
        || {
            let mut rig = Rig::new();
            let channel = Channel { id: "old".into(), creator: "al".into(), ..Channel::default() };
            rig.handle(Input::Rooms(vec![ChannelState { channel, members: Vec::new() }]));
            rig
        },
    ];
    for way in ways {
        let mut rig = way();
        rig.settle();
        let mut seen = 0;
        for op in &rig.ops {
            if let signaling::Operation::Close { custom_info, .. }
            | signaling::Operation::Leave { custom_info, .. } = op
            {
                seen += 1;
                assert_eq!(&**custom_info, "{\"version\":\"1.8.1\",\"reason\":0}");
            }
        }
        assert!(seen > 0, "{:?}", rig.ops);
    }
}

/// Scenario (switch): A control message that overtakes the accept counts, and starts no camera.
#[test]
fn a_switch_before_the_accept_counts_from_the_peer_alone() {
    let mut rig = Rig::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() });
    rig.place_call();
    rig.signal(EventKind::Control, "eve", "ch1", "", VIDEO);
    rig.signal(EventKind::Control, "bob", "other", "", VIDEO);
    rig.signal(EventKind::Control, "bob", "ch1", "", "{\"cid\":2,\"type\":9}");
    rig.control("ch1", VIDEO);
    rig.told("");
    rig.peer_accepts();
    rig.told("on_call_type_change video 0 · on_user_accept bob");
    rig.forget();
    rig.ok("rtc join");
    rig.asked("enable 1 on");
}

/// Scenario (switch): The caller hears of our accept before we do, and switches.
#[test]
fn a_switch_while_our_accept_runs_counts() {
    let mut rig = Rig::accepting();
    rig.control("p1", VIDEO);
    rig.ok("accept");
    rig.told("done accept 0 · on_call_type_change video 0");
    let mut rig = Rig::glare_loser();
    rig.control("p1", VIDEO);
    rig.control("p1", AUDIO);
    rig.control("p1", VIDEO);
    rig.ok("accept");
    rig.told("on_call_type_change video 0 · on_user_accept bob");
}

/// Scenario (switch): A client that says no version knows no way to video.
#[test]
fn a_peer_without_a_version_cannot_switch_to_video() {
    let mut rig = Rig::calling();
    rig.signal(EventKind::Accept, "bob", "ch1", "r1", "");
    rig.forget();
    rig.switch(CallType::Video, SwitchStep::Invite);
    rig.told("done switch 90007");
    rig.asked("");
    rig.switch(CallType::Audio, SwitchStep::Invite);
    rig.told("done switch 0");
}

/// Scenario (old): The text of our hang-up is in CLOSE or LEAVE once the call is on.
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
    let text = |rig: &Rig| wire::read(&rig.ops.iter().rev().find_map(end).expect("an end")).attachment;
    let mut rig = Rig::in_call();
    let (call, no_offline, no_record, said) = (rig.implied(), false, false, Some(Text::from("bye")));
    rig.command(Command::Hangup { call: call.clone(), no_offline, no_record, text: said.clone() });
    assert_eq!(&*text(&rig), "bye");
    let mut rig = Rig::in_call();
    rig.command(Command::Leave { call, no_offline, text: said.clone() });
    assert_eq!(&*text(&rig), "bye");
    let mut rig = Rig::accepting();
    let call = rig.implied();
    rig.command(Command::Reject { call, busy: false, text: said });
    rig.ok("accept");
    rig.ok("join");
    assert_eq!(&*text(&rig), "bye");
}
