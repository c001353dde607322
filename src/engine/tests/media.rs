//! Microphone, camera, mutes and pictures: what is kept, what is sent to the backend, and when.

use super::super::input::*;
use super::super::{Caps, Config};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{CallType, Code, EventKind, Outcome};

/// All that a media backend can offer.
fn full() -> Rig {
    Rig::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() })
}

fn enable(rig: &mut Rig, media: Media, on: bool) {
    rig.command(Command::EnableLocal { media, on });
}

fn mute(rig: &mut Rig, media: Media, muted: bool) {
    rig.command(Command::MuteLocal { media, muted });
}

fn mute_remote(rig: &mut Rig, media: Media, muted: bool) {
    rig.command(Command::MuteRemote { media, muted });
}

fn view() -> Option<View> {
    Some(View { scaling: 0, mirror: false, window: 1 })
}

/// Into the media room of our own audio call; the peer is not in it yet.
fn alone_in_the_room(rig: &mut Rig) {
    rig.place_call();
    rig.peer_accepts();
    rig.forget();
    rig.ok("rtc join");
}

/// Bob accepts the second call of this rig.
fn second_is_accepted(rig: &mut Rig) {
    rig.signal(EventKind::Accept, "bob", "ch2", "r2", &new_style("ch2", "k2"));
    assert_eq!(rig.state(), 3);
    rig.forget();
}

#[test]
fn microphone_and_camera_are_set_one_by_one_before_the_call() {
    for (set, expected) in [
        (vec![], "enable 1 on"),
        (vec![(AUDIO, false)], ""),
        (vec![(VIDEO, true)], "enable 3 on"),
        (vec![(AUDIO, false), (VIDEO, true)], "enable 2 on"),
        (vec![(AUDIO | VIDEO, false)], ""),
        (vec![(AUDIO | VIDEO, false), (AUDIO, true)], "enable 1 on"),
        (vec![(AUDIO | VIDEO, true), (VIDEO, false)], "enable 1 on"),
    ] {
        let mut rig = full();
        for (media, on) in &set {
            enable(&mut rig, *media, *on);
            assert_eq!(rig.last_code(), Code::OK);
        }
        alone_in_the_room(&mut rig);
        rig.asked(expected);
    }
}

#[test]
fn mutes_add_up_and_are_taken_away_bit_by_bit() {
    for (set, expected) in [
        (vec![(AUDIO, true)], "mute 1 on"),
        (vec![(AUDIO, true), (AUDIO, true)], "mute 1 on"),
        (vec![(AUDIO, true), (VIDEO, true)], "mute 3 on"),
        (vec![(AUDIO | VIDEO, true), (AUDIO, false)], "mute 2 on"),
        (vec![(VIDEO, true), (AUDIO, false)], "mute 2 on"),
        (vec![(AUDIO, true), (AUDIO, false)], ""),
    ] {
        let mut rig = Rig::calling();
        for (media, muted) in &set {
            mute(&mut rig, *media, *muted);
        }
        rig.peer_accepts();
        rig.forget();
        rig.ok("rtc join");
        rig.asked(expected);
    }
}

#[test]
fn the_peers_mutes_add_up_and_are_taken_away_bit_by_bit() {
    for (set, expected) in [
        (vec![(AUDIO, true)], "subscribe 22 1 off"),
        (vec![(AUDIO, true), (AUDIO, true)], "subscribe 22 1 off"),
        (vec![(AUDIO, true), (VIDEO, true)], "subscribe 22 3 off"),
        (vec![(AUDIO | VIDEO, true), (AUDIO, false)], "subscribe 22 2 off"),
        (vec![(VIDEO, true), (AUDIO, false)], "subscribe 22 2 off"),
        (vec![(AUDIO, true), (AUDIO, false)], ""),
    ] {
        let mut rig = Rig::calling();
        for (media, muted) in &set {
            mute_remote(&mut rig, *media, *muted);
        }
        rig.peer_accepts();
        rig.ok("rtc join");
        rig.forget();
        rig.rtc(RtcEvent::PeerJoin { uid: 22 });
        rig.asked(expected);
    }
}

#[test]
fn outside_of_the_room_nothing_is_asked_of_the_backend() {
    let everything = |rig: &mut Rig| {
        enable(rig, AUDIO, true);
        mute(rig, AUDIO, true);
        mute_remote(rig, AUDIO, true);
        rig.command(Command::SetLocalView(view()));
        rig.command(Command::SetRemoteView(view()));
    };
    let mut rig = full();
    rig.place_call();
    rig.peer_accepts();
    rig.forget();
    everything(&mut rig);
    rig.asked("");
    rig.told(
        "done enablelocal 0 · done mutelocal 0 · done muteremote 0 · done localview 0 · done remoteview 0",
    );
    rig.ok("rtc join");
    rig.asked("mute 1 on · enable 1 on · view 0 on");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.asked("subscribe 22 1 off · view 22 on");
    rig.forget();
    everything(&mut rig);
    rig.asked("enable 1 on · mute 1 on · subscribe 22 1 off · view 0 on · view 22 on");
    rig.told("");
    // The last room is being left while the next call is made.
    rig.hangup();
    rig.place_call();
    second_is_accepted(&mut rig);
    everything(&mut rig);
    rig.asked("");
}

#[test]
fn a_peer_that_is_in_the_room_first_is_asked_of_nothing_before_we_are_in_it() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.forget();
    mute_remote(&mut rig, AUDIO, true);
    rig.asked("");
    rig.told("done muteremote 0");
    rig.ok("rtc join");
    rig.asked("subscribe 22 1 off");
}

#[test]
fn what_happens_in_the_last_room_is_not_about_the_next_call() {
    let mut rig = Rig::in_call();
    rig.hangup();
    rig.place_call();
    second_is_accepted(&mut rig);
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    rig.rtc(RtcEvent::Error(Outcome::failed(7.into(), "late")));
    rig.told("");
    rig.ok("rtc leave");
    rig.asked("rtc join ch2|0|11 as 11");
    rig.ok("rtc join");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.told("on_user_enter bob · on_call_connected bob");
}

#[test]
fn a_switch_moves_the_camera_unless_the_app_decides_about_it_itself() {
    for (set, expected) in [(None, "enable"), (Some(false), ""), (Some(true), "")] {
        let mut rig = full();
        if let Some(on) = set {
            enable(&mut rig, VIDEO, on);
        }
        rig.place_call();
        rig.become_connected();
        rig.settle();
        rig.forget();
        rig.switch(CallType::Video, SwitchStep::Invite);
        assert_eq!(rig.waiting().replace("control", "").replace(" · ", ""), expected, "camera {set:?}");
    }
}

#[test]
fn a_microphone_that_does_not_open_is_an_error_of_the_call() {
    let mut rig = full();
    alone_in_the_room(&mut rig);
    rig.forget();
    rig.answer("enable", 55);
    rig.told("on_error enablelocal 55");
    assert_eq!(rig.state(), 3);
}

#[test]
fn a_media_answer_names_its_call() {
    let mut rig = Rig::in_call();
    mute(&mut rig, AUDIO, true);
    rig.ok("mute");
    assert_eq!(rig.results.last().map(|result| (result.code, result.call_no)), Some((Code::OK, 1)));
}
