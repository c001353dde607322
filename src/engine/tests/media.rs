//! Microphone, camera, mutes and pictures: what is kept, what is sent to the backend, and when.

use super::super::input::*;
use super::super::{Caps, Config};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{CallType, Code, EventKind, Outcome};

/// All that a media backend can offer.
fn full() -> Harness {
    Harness::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() })
}

fn enable(harness: &mut Harness, media: Media, on: bool) {
    harness.command(Command::EnableLocal { media, on });
}

fn mute(harness: &mut Harness, media: Media, muted: bool) {
    harness.command(Command::MuteLocal { media, muted });
}

fn mute_remote(harness: &mut Harness, media: Media, muted: bool) {
    harness.command(Command::MuteRemote { media, muted });
}

fn view() -> Option<View> {
    Some(View { scaling: 0, mirror: false, window: 1 })
}

/// Joins the media room of our own audio call; the peer is not in it yet.
fn alone_in_the_room(harness: &mut Harness) {
    harness.place_call();
    harness.peer_accepts();
    harness.forget();
    harness.ok("rtc join");
}

/// Bob accepts the second call of this harness.
fn second_is_accepted(harness: &mut Harness) {
    harness.signal(EventKind::Accept, "bob", "ch2", "r2", &new_style("ch2", "k2"));
    assert_eq!(harness.state(), 3);
    harness.forget();
}

#[test]
fn microphone_and_camera_are_set_one_by_one_before_the_call() {
    for (set, expected) in [
        (vec![], "enable 1 on"),
        (vec![(Media::AUDIO, false)], ""),
        (vec![(Media::VIDEO, true)], "enable 3 on"),
        (vec![(Media::AUDIO, false), (Media::VIDEO, true)], "enable 2 on"),
        (vec![(Media::AUDIO | Media::VIDEO, false)], ""),
        (vec![(Media::AUDIO | Media::VIDEO, false), (Media::AUDIO, true)], "enable 1 on"),
        (vec![(Media::AUDIO | Media::VIDEO, true), (Media::VIDEO, false)], "enable 1 on"),
    ] {
        let mut harness = full();
        for (media, on) in &set {
            enable(&mut harness, *media, *on);
            assert_eq!(harness.last_code(), Code::OK);
        }
        alone_in_the_room(&mut harness);
        harness.asked(expected);
    }
}

#[test]
fn a_completion_names_no_call_before_done_call() {
    let mut harness = full();
    let named = |harness: &mut Harness| {
        let commands = [
            Command::EnableLocal { media: Media::AUDIO, on: true },
            Command::MuteLocal { media: Media::AUDIO, muted: true },
            Command::MuteRemote { media: Media::AUDIO, muted: true },
            Command::SetLocalView(view()),
            Command::SetRemoteView(view()),
        ];
        commands.map(|command| {
            harness.command(command);
            harness.last_result().call_no
        })
    };
    assert_eq!(named(&mut harness), [0; 5], "idle");
    harness.call("bob");
    assert_eq!(named(&mut harness), [0; 5], "the app does not have its number yet");
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    assert_eq!(named(&mut harness), [1; 5]);
}

#[test]
fn mutes_add_up_and_are_taken_away_bit_by_bit() {
    for (set, expected) in [
        (vec![(Media::AUDIO, true)], "mute 1 on"),
        (vec![(Media::AUDIO, true), (Media::AUDIO, true)], "mute 1 on"),
        (vec![(Media::AUDIO, true), (Media::VIDEO, true)], "mute 3 on"),
        (vec![(Media::AUDIO | Media::VIDEO, true), (Media::AUDIO, false)], "mute 2 on"),
        (vec![(Media::VIDEO, true), (Media::AUDIO, false)], "mute 2 on"),
        (vec![(Media::AUDIO, true), (Media::AUDIO, false)], ""),
    ] {
        let mut harness = Harness::calling();
        for (media, muted) in &set {
            mute(&mut harness, *media, *muted);
        }
        harness.peer_accepts();
        harness.forget();
        harness.ok("rtc join");
        harness.asked(expected);
    }
}

#[test]
fn the_peers_mutes_add_up_and_are_taken_away_bit_by_bit() {
    for (set, expected) in [
        (vec![(Media::AUDIO, true)], "subscribe 22 1 off"),
        (vec![(Media::AUDIO, true), (Media::AUDIO, true)], "subscribe 22 1 off"),
        (vec![(Media::AUDIO, true), (Media::VIDEO, true)], "subscribe 22 3 off"),
        (vec![(Media::AUDIO | Media::VIDEO, true), (Media::AUDIO, false)], "subscribe 22 2 off"),
        (vec![(Media::VIDEO, true), (Media::AUDIO, false)], "subscribe 22 2 off"),
        (vec![(Media::AUDIO, true), (Media::AUDIO, false)], ""),
    ] {
        let mut harness = Harness::calling();
        for (media, muted) in &set {
            mute_remote(&mut harness, *media, *muted);
        }
        harness.peer_accepts();
        harness.ok("rtc join");
        harness.forget();
        harness.rtc(RtcEvent::PeerJoin { uid: 22 });
        harness.asked(expected);
    }
}

#[test]
fn outside_of_the_room_nothing_is_asked_of_the_backend() {
    let everything = |harness: &mut Harness| {
        enable(harness, Media::AUDIO, true);
        mute(harness, Media::AUDIO, true);
        mute_remote(harness, Media::AUDIO, true);
        harness.command(Command::SetLocalView(view()));
        harness.command(Command::SetRemoteView(view()));
    };
    let mut harness = full();
    harness.place_call();
    harness.peer_accepts();
    harness.forget();
    everything(&mut harness);
    harness.asked("");
    harness.emits(
        "done enablelocal 0 · done mutelocal 0 · done muteremote 0 · done localview 0 · done remoteview 0",
    );
    harness.ok("rtc join");
    harness.asked("mute 1 on · enable 1 on · view 0 on");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.asked("subscribe 22 1 off · view 22 on");
    harness.forget();
    everything(&mut harness);
    harness.asked("enable 1 on · mute 1 on · subscribe 22 1 off · view 0 on · view 22 on");
    harness.emits("");
    // The last room is being left while the next call is made.
    harness.hangup();
    harness.place_call();
    second_is_accepted(&mut harness);
    everything(&mut harness);
    harness.asked("");
}

#[test]
fn a_peer_that_joined_first_waits_for_our_join() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.forget();
    mute_remote(&mut harness, Media::AUDIO, true);
    harness.asked("");
    harness.emits("done muteremote 0");
    harness.ok("rtc join");
    harness.asked("subscribe 22 1 off");
}

#[test]
fn what_happens_in_the_last_room_is_not_about_the_next_call() {
    let mut harness = Harness::in_call();
    harness.hangup();
    harness.place_call();
    second_is_accepted(&mut harness);
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    harness.rtc(RtcEvent::Error(Outcome::failed(7.into(), "late")));
    harness.emits("");
    harness.ok("rtc leave");
    harness.asked("rtc join ch2|0|11 as 11");
    harness.ok("rtc join");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("on_user_enter bob · on_call_connected bob");
}

#[test]
fn a_switch_sets_the_camera_unless_the_app_did() {
    for (set, expected) in [(None, "enable"), (Some(false), ""), (Some(true), "")] {
        let mut harness = full();
        if let Some(on) = set {
            enable(&mut harness, Media::VIDEO, on);
        }
        harness.place_call();
        harness.become_connected();
        harness.settle();
        harness.forget();
        harness.switch(CallType::Video, SwitchStep::Invite);
        assert_eq!(harness.waiting().replace("control", "").replace(" · ", ""), expected, "camera {set:?}");
    }
}

#[test]
fn a_microphone_that_does_not_open_is_an_error_of_the_call() {
    let mut harness = full();
    alone_in_the_room(&mut harness);
    harness.forget();
    harness.answer("enable", 55);
    harness.emits("on_error enablelocal 55");
    assert_eq!(harness.state(), 3);
}

#[test]
fn a_media_answer_names_its_call() {
    let mut harness = Harness::in_call();
    mute(&mut harness, Media::AUDIO, true);
    harness.ok("mute");
    assert_eq!(harness.results.last().map(|result| (result.code, result.call_no)), Some((Code::OK, 1)));
}
