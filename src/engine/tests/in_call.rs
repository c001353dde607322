//! In a call: into the room, who is there, and every way out.

use super::super::input::*;
use super::super::{Caps, Config};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{CallType, Code, EventKind, Outcome};

fn with_caps(caps: Caps) -> Rig {
    Rig::with(Config { caps, ..Config::default() })
}

/// Scenario (ordinary): The caller hangs up a connected call: the channel is closed before the media room
/// is left.
#[test]
fn the_inviter_hangs_up() {
    let mut rig = Rig::in_call();
    rig.hangup();
    rig.told("done hangup 0 · on_message_sent 1 · on_call_end 15");
    rig.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (ordinary): The callee hangs up a connected call, and leaves the record to the caller.
#[test]
fn the_callee_hangs_up_and_writes_no_record() {
    let mut rig = Rig::in_call_as_callee();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 15");
    rig.asked("close p1 · rtc leave");
}

/// Scenario (record): The service writes the record of a completed call: then we write none.
#[test]
fn the_service_may_write_the_record_of_a_completed_call() {
    let mut rig = with_caps(Caps { server_record: true, ..caps() });
    rig.place_call();
    rig.become_connected();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 15");
}

/// Scenario (record): A call that was accepted and never connected has no record.
#[test]
fn a_call_that_was_accepted_and_never_connected_has_no_record() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.forget();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 15");
    assert!(rig.last_end().durations.is_empty());
}

/// Scenario (record): The end of a call says how long it rang and how long both talked.
#[test]
fn the_end_carries_ring_time_talk_time_and_durations() {
    let mut rig = Rig::calling();
    rig.pass(3_000);
    rig.become_connected();
    rig.pass(62_500);
    rig.hangup();
    let end = rig.last_end();
    assert_eq!((end.ring_ms, end.talk_ms), (3_000, 62_500));
    assert_eq!(end.durations, vec![("al".into(), 62), ("bob".into(), 62)]);
}

/// Scenario (cancel): Both hang up at once: one end on each side, and no error.
#[test]
fn both_hang_up_at_once() {
    let mut rig = Rig::in_call();
    rig.hangup();
    rig.forget();
    rig.peer_closes("ch1");
    rig.answer("close", Code::CHANNEL_NOT_EXISTS);
    rig.told("");
}

/// Scenario (cancel): We hang up while the way into the media room fails, in either order: one end.
#[test]
fn a_hangup_and_a_failing_way_into_the_media_room_end_the_call_once() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.forget();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 15");
    rig.answer("rtc join", 500);
    rig.told("");
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.answer("rtc join", 500);
    rig.forget();
    rig.hangup_of(CallRef { call_no: 1, ..CallRef::default() });
    rig.told("done hangup 0");
    rig.asked("");
}

/// Scenario (reconnect): We hang up while a connection is interrupted: the call ends as usual.
#[test]
fn a_hangup_while_a_connection_is_interrupted_ends_as_usual() {
    for event in [RtcEvent::PeerSilent { uid: 22 }, RtcEvent::Reconnecting] {
        let mut rig = Rig::in_call();
        rig.rtc(event);
        rig.pass(3_000);
        rig.forget();
        rig.hangup();
        rig.told("done hangup 0 · on_message_sent 1 · on_call_end 15");
        rig.asked("close ch1 · rtc leave · record 1 to bob");
        rig.settle();
        rig.pass(60_000);
        rig.told("");
    }
}

/// Scenario (failure): We hang up, and the service does not close the channel: the call is over here, and
/// an error names it.
#[test]
fn a_close_that_fails_after_a_hangup_is_an_error_of_the_ended_call() {
    let mut rig = Rig::in_call();
    rig.hangup();
    rig.forget();
    rig.answer("close", 500);
    rig.told("on_error close 500");
    assert_eq!(rig.state(), 0);
}

/// Scenario (timeout): The ring limit means nothing once the call was accepted.
#[test]
fn the_ring_limit_means_nothing_in_a_call() {
    for mut rig in [Rig::in_call(), Rig::in_call_as_callee()] {
        rig.pass(600_000);
        rig.told("");
        rig.asked("");
        assert_eq!(rig.state(), 3);
    }
}

/// Scenario (ordinary): Leaving ends the call here and leaves it to the peer to close the channel.
#[test]
fn leaving_leaves_without_closing() {
    let mut rig = Rig::in_call();
    rig.leave();
    rig.told("done leave 0 · on_message_sent 1 · on_call_end 0");
    rig.asked("leave ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): The peer leaves the media room: if it hung up, the close arrives within half a
/// second and says so.
#[test]
fn a_peer_that_left_the_media_room_has_half_a_second_to_say_more() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    rig.pass(499);
    rig.told("");
    rig.peer_closes("ch1");
    rig.told("on_message_sent 1 · on_call_end 16");
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    rig.pass(500);
    rig.told("on_user_leave bob · on_message_sent 1 · on_call_end 20");
    rig.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): The peer leaves the media room and comes back at once: the call goes on.
#[test]
fn a_peer_that_comes_back_within_the_grace_stays() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.pass(1_000);
    rig.told("");
}

/// Scenario (reconnect): The peer is lost from the media room: the call ends as disconnected.
#[test]
fn a_peer_that_vanishes_is_disconnected() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 1 });
    rig.told("on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
    rig.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): Nothing comes from the peer any more: poor quality after 2 seconds, reconnecting
/// after 4, the end after 20.
#[test]
fn a_silent_peer_is_told_at_2_4_and_20_seconds() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.told("on_network_quality bob 4");
    rig.pass(1_999);
    rig.told("");
    rig.pass(1);
    rig.told("on_reconnecting 2");
    rig.pass(15_999);
    rig.told("");
    rig.pass(1);
    rig.told("on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
}

/// Scenario (reconnect): The peer is heard again: the call goes on.
#[test]
fn a_peer_that_is_heard_again_stays() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.pass(2_000);
    rig.forget();
    rig.rtc(RtcEvent::PeerHeard { uid: 22 });
    rig.told("on_reconnected 2");
    rig.pass(60_000);
    rig.told("");
    assert_eq!(rig.state(), 3);
}

/// Scenario (recall): The peer's app restarted in a call and calls again: the old call ends as lost and the
/// new one rings; while the peer is still heard, it is busy.
#[test]
fn a_new_invite_of_a_silent_peer_means_that_it_restarted() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.pass(1_000);
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.asked("reject bob p1 q1 reason 3");
    rig.pass(1_000);
    rig.forget();
    rig.invite("bob", "p2", "q2");
    rig.told("on_user_disconnect bob · on_message_sent 1 · on_call_end 19 · on_invited bob");
}

/// Scenario (reconnect): Our own media is lost for good: the call ends, and the peer learns by signaling.
#[test]
fn own_media_lost_for_good_ends_with_10_and_leaves_the_channel() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::Disconnected(Outcome::failed(9.into(), "gone")));
    rig.told("on_disconnect · on_message_sent 1 · on_call_end 10");
    rig.asked("leave ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): Our own media is interrupted and comes back: the app is told, and an error of the
/// media backend does not end the call.
#[test]
fn media_interruptions_and_quality_are_passed_on() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::Reconnecting);
    rig.rtc(RtcEvent::Reconnected);
    rig.rtc(RtcEvent::Quality { uid: 0, quality: 2 });
    rig.rtc(RtcEvent::Quality { uid: 22, quality: 3 });
    rig.rtc(RtcEvent::Error(Outcome::failed(77.into(), "")));
    rig.told(
        "on_reconnecting 2 · on_reconnected 2 · on_network_quality al 2 · on_network_quality bob 3 · \
         on_error backend 77",
    );
}

/// Scenario (timeout): Media is not up 15 seconds after the accept: the call ends on both sides.
#[test]
fn media_must_be_up_15_seconds_after_the_accept() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    rig.pass(14_999);
    rig.told("");
    rig.pass(1);
    rig.told("on_error rtc 90006 · on_call_end 5");
    rig.asked("close ch1 · rtc leave");
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.ok("join");
    rig.forget();
    rig.pass(15_000);
    rig.told("on_error rtc 90006 · on_call_end 5");
    rig.asked("close p1 · rtc leave");
}

/// Scenario (failure): The media room cannot be joined: the call ends on both sides, because the channel is
/// closed.
#[test]
fn a_failed_join_of_the_media_room_ends_with_5() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.forget();
    rig.answer("rtc join", 500);
    rig.told("on_error rtc 500 · on_call_end 5");
    rig.asked("close ch1");
}

/// Scenario (failure): The accepted call's channel cannot be joined: the call ends and the channel is
/// closed.
#[test]
fn a_failed_join_of_the_channel_ends_with_5() {
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.forget();
    rig.answer("join", 500);
    rig.told("on_error rtc 500 · on_call_end 5");
    rig.asked("close p1");
}

/// Scenario (cancel): We hang up while media is coming up: nothing opens afterwards.
#[test]
fn nothing_opens_after_a_hangup_that_overtakes_the_join() {
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.forget();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 15");
    rig.asked("");
    rig.ok("join");
    rig.asked("close p1");
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.forget();
    rig.hangup();
    rig.asked("close ch1 · rtc leave");
    rig.ok("rtc join");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.told("done hangup 0 · on_call_end 15");
    rig.asked("");
}

/// Scenario (recall): We call again at once: the media room is entered when the last one was left, after
/// three seconds at the latest.
#[test]
fn the_next_room_waits_for_the_last_to_be_left_but_three_seconds_at_most() {
    for in_time in [true, false] {
        let mut rig = Rig::in_call();
        rig.hangup();
        rig.invite("bob", "p1", "q1");
        rig.accept();
        rig.ok("accept");
        rig.ok("join");
        rig.forget();
        match in_time {
            true => rig.ok("rtc leave"),
            false => {
                rig.pass(2_999);
                rig.asked("");
                rig.pass(1);
            }
        }
        rig.asked("rtc join p1|0|7 as 11");
    }
}

/// Scenario (media): What the peer sends and mutes before it has entered is told after its entry.
#[test]
fn media_of_the_peer_waits_for_its_entry() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO | VIDEO, on: true });
    rig.rtc(RtcEvent::PeerMute { uid: 22, media: VIDEO, muted: true });
    rig.told("");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.told(
        "on_user_enter bob · on_call_connected bob · on_audio_available bob true · \
         on_camera_available bob true · on_video_muted bob true",
    );
    rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO, on: false });
    rig.rtc(RtcEvent::PeerMute { uid: 22, media: AUDIO, muted: true });
    rig.told("on_audio_available bob false · on_audio_muted bob true");
}

/// Scenario (media): What the peer sends or mutes is told when it changes; a repeated status is not, and
/// two at once are two events.
#[test]
fn what_the_peer_sends_is_told_when_it_changes() {
    let mut rig = Rig::in_call();
    for _ in 0..2 {
        rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO | VIDEO, on: true });
        rig.rtc(RtcEvent::PeerMute { uid: 22, media: VIDEO, muted: true });
    }
    rig.told("on_audio_available bob true · on_camera_available bob true · on_video_muted bob true");
    rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO, on: true });
    rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO | VIDEO, on: false });
    rig.rtc(RtcEvent::PeerMute { uid: 22, media: AUDIO | VIDEO, muted: false });
    rig.told("on_audio_available bob false · on_camera_available bob false · on_video_muted bob false");
}

/// Scenario (wrong): A third person appears in the media room: it is not taken for the peer.
#[test]
fn media_of_somebody_else_is_not_the_peers() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    rig.rtc(RtcEvent::PeerMedia { uid: 11, media: AUDIO, on: true });
    rig.rtc(RtcEvent::PeerMedia { uid: 99, media: VIDEO, on: true });
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.told("on_user_enter bob · on_call_connected bob");
    rig.rtc(RtcEvent::PeerMedia { uid: 99, media: AUDIO, on: true });
    rig.rtc(RtcEvent::PeerLeave { uid: 99, code: 0 });
    rig.rtc(RtcEvent::PeerSilent { uid: 99 });
    rig.rtc(RtcEvent::PeerJoin { uid: 99 });
    rig.rtc(RtcEvent::Quality { uid: 99, quality: 1 });
    rig.pass(1_000);
    rig.told("");
}

/// Scenario (media): A host that brings its own media is connected by joining.
#[test]
fn without_media_of_its_own_a_backend_connects_by_joining() {
    let mut rig = with_caps(Caps { no_media: true, ..caps() });
    rig.place_call();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.told("on_user_accept bob · on_user_enter bob · on_call_connected bob");
}

/// Scenario (media): The media room is joined: the microphone opens, and in a video call the camera.
#[test]
fn a_join_opens_the_microphone_and_for_video_the_camera() {
    for (call_type, asked) in [(CallType::Audio, "enable 1 on"), (CallType::Video, "enable 3 on")] {
        let mut rig = with_caps(Caps { enable_local: true, ..caps() });
        rig.command(Command::Call(CallOptions { call_type, ..Rig::options("bob") }));
        rig.ok("create");
        rig.ok("join");
        rig.ok("invite");
        rig.peer_accepts();
        rig.forget();
        rig.ok("rtc join");
        rig.asked(asked);
    }
}

/// Scenario (media): Switching microphone or camera off lasts beyond the call; muting ends with it.
#[test]
fn enable_survives_the_call_and_mute_ends_with_it() {
    let mut rig = with_caps(Caps { enable_local: true, ..caps() });
    rig.command(Command::EnableLocal { media: VIDEO, on: true });
    rig.command(Command::MuteLocal { media: AUDIO, muted: true });
    rig.told("done enablelocal 0 · done mutelocal 0");
    rig.place_call();
    rig.peer_accepts();
    rig.forget();
    rig.ok("rtc join");
    rig.asked("mute 1 on · enable 3 on");
    rig.hangup();
    rig.settle();
    rig.place_call();
    rig.signal(EventKind::Accept, "bob", "ch2", "r2", &new_style("ch2", "k2"));
    rig.forget();
    rig.ok("rtc join");
    rig.asked("enable 3 on");
}

/// Scenario (media): What the media backend cannot do is answered as unsupported.
#[test]
fn what_a_backend_lacks_is_unsupported() {
    let none = Caps { enable_local: false, mute_local: false, subscribe: false, set_view: false, ..caps() };
    let commands = [
        Command::EnableLocal { media: AUDIO, on: true },
        Command::MuteLocal { media: AUDIO, muted: true },
        Command::MuteRemote { media: AUDIO, muted: true },
        Command::SetLocalView(None),
        Command::SetRemoteView(None),
    ];
    for command in commands {
        let mut rig = with_caps(none);
        rig.command(command);
        assert_eq!(rig.last_code(), Code::UNSUPPORTED);
    }
}

/// Scenario (media): Not receiving the peer, and its view, may be set before it has entered.
#[test]
fn remote_settings_wait_for_the_peer() {
    let mut rig = Rig::new();
    rig.command(Command::MuteRemote { media: VIDEO, muted: true });
    rig.command(Command::SetRemoteView(Some(View { scaling: 0, mirror: false, window: 5 })));
    rig.place_call();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.asked("subscribe 22 2 off · view 22 on");
}

#[test]
fn remote_settings_apply_also_when_the_peer_is_in_the_room_first() {
    let mut rig = Rig::new();
    rig.command(Command::MuteRemote { media: VIDEO, muted: true });
    rig.place_call();
    rig.peer_accepts();
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.forget();
    rig.ok("rtc join");
    rig.asked("subscribe 22 2 off");
}

/// Scenario (media): A request about media completes with the backend's answer, or after five seconds without
/// one.
#[test]
fn a_media_request_completes_with_the_backends_answer() {
    let mut rig = Rig::in_call();
    rig.command(Command::MuteLocal { media: AUDIO, muted: true });
    rig.told("");
    rig.answer("mute", 55);
    rig.told("done mutelocal 55");
    rig.command(Command::MuteLocal { media: AUDIO, muted: false });
    rig.pass(5_000);
    rig.told("done mutelocal 408");
}

/// Scenario (media): A late answer about media of an ended call does not name the next.
#[test]
fn a_media_answer_of_an_ended_call_does_not_name_the_next_one() {
    let mut rig = Rig::in_call();
    rig.command(Command::MuteLocal { media: AUDIO, muted: true });
    rig.hangup();
    rig.call("bob");
    rig.forget();
    rig.answer("mute", 55);
    rig.told("done mutelocal 55");
    let named = rig.results.last().map(|result| result.call_no);
    assert_eq!(named, Some(0), "its own call's end was told, and the next call has nothing to do with it");
}

/// Scenario (old): The callee is from before 1.1.0: we enter the room with the channel's name and tell it
/// to follow.
#[test]
fn an_old_callee_gets_the_short_room_and_is_told_when_we_are_in_it() {
    let mut rig = Rig::calling();
    rig.signal(EventKind::Accept, "bob", "ch1", "r1", "{\"version\":\"1.0.4\"}");
    rig.asked("rtc join ch1 as 11");
    rig.ok("rtc join");
    rig.asked("control bob ch1 cid 1");
}

/// Scenario (old): The caller is from before 1.1.0: we wait three seconds for its word, then enter.
#[test]
fn an_old_caller_is_waited_for_three_seconds() {
    let accepted = || {
        let mut rig = Rig::new();
        rig.invite_old("bob", "p1", "q1");
        rig.accept();
        rig
    };
    let mut rig = accepted();
    rig.ok("accept");
    rig.ok("join");
    rig.forget();
    rig.pass(2_999);
    rig.asked("");
    rig.pass(1);
    rig.asked("rtc join p1 as 11");
    // Once.
    rig.control("p1", "{\"cid\":1}");
    rig.asked("");
    let mut rig = accepted();
    rig.ok("accept");
    rig.ok("join");
    rig.forget();
    rig.control("p1", "{\"cid\":1}");
    rig.asked("rtc join p1 as 11");
    // Said while the accept was under way, or while the channel is being joined.
    let mut rig = accepted();
    rig.control("p1", "{\"cid\":1}");
    rig.ok("accept");
    rig.forget();
    rig.ok("join");
    rig.asked("rtc join p1 as 11");
    let mut rig = accepted();
    rig.ok("accept");
    rig.control("p1", "{\"cid\":1}");
    rig.forget();
    rig.ok("join");
    rig.asked("rtc join p1 as 11");
}

#[test]
fn the_three_seconds_run_from_the_accept_also_while_the_channel_is_joined() {
    let mut rig = Rig::new();
    rig.invite_old("bob", "p1", "q1");
    rig.accept();
    rig.ok("accept");
    rig.forget();
    rig.pass(4_000);
    rig.ok("join");
    rig.asked("rtc join p1 as 11");
}

/// Scenario (wrong): A close, leave or control comes from the wrong person, or about another channel, in a
/// call: nothing changes.
#[test]
fn words_from_the_wrong_person_or_about_another_channel_change_nothing() {
    let mut rig = Rig::in_call();
    for signal in
        [EventKind::Close, EventKind::Leave, EventKind::Control, EventKind::Cancel, EventKind::Accept]
    {
        rig.signal(signal, "eve", "ch1", "", "{\"cid\":2,\"type\":2}");
        rig.signal(signal, "bob", "ch9", "", "{\"cid\":2,\"type\":2}");
    }
    rig.told("");
    rig.asked("");
    assert_eq!(rig.state(), 3);
}
