//! In a call: joining the media room, presence, and every end.

use super::super::input::*;
use super::super::{Caps, Config};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{CallType, Code, EventKind, Outcome};

fn with_caps(caps: Caps) -> Harness {
    Harness::with(Config { caps, ..Config::default() })
}

/// Scenario (ordinary): The caller hangs up a connected call: the channel is closed before the media room
/// is left.
#[test]
fn the_inviter_hangs_up() {
    let mut harness = Harness::in_call();
    harness.hangup();
    harness.emits("done hangup 0 · on_message_sent 1 · on_call_end 15");
    harness.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (ordinary): The callee hangs up a connected call, and leaves the record to the caller.
#[test]
fn the_callee_hangs_up_and_writes_no_record() {
    let mut harness = Harness::in_call_as_callee();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
    harness.asked("close p1 · rtc leave");
}

/// Scenario (record): The service writes the record of a completed call: we write none.
#[test]
fn the_service_may_write_the_record_of_a_completed_call() {
    let mut harness = with_caps(Caps { server_record: true, ..caps() });
    harness.place_call();
    harness.become_connected();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
}

/// Scenario (record): A call that was accepted and never connected has no record.
#[test]
fn a_call_that_was_accepted_and_never_connected_has_no_record() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
    assert!(harness.last_end().durations.is_empty());
}

/// Scenario (record): The end of a call reports ring time and talk time.
#[test]
fn the_end_carries_ring_and_call_time_and_durations() {
    let mut harness = Harness::calling();
    harness.pass(3_000);
    harness.become_connected();
    harness.pass(62_500);
    harness.hangup();
    let end = harness.last_end();
    assert_eq!((end.ring_ms, end.talk_ms), (3_000, 62_500));
    assert_eq!(end.durations, vec![("al".into(), 62), ("bob".into(), 62)]);
}

/// Scenario (cancel): Both hang up at once: one end on each side, and no error.
#[test]
fn both_hang_up_at_once() {
    let mut harness = Harness::in_call();
    harness.hangup();
    harness.forget();
    harness.peer_closes("ch1");
    harness.answer("close", Code::CHANNEL_NOT_EXISTS);
    harness.emits("");
}

/// Scenario (cancel): We hang up while joining the media room fails, in either order: one end.
#[test]
fn a_hangup_and_a_failing_media_join_end_the_call_once() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
    harness.answer("rtc join", 500);
    harness.emits("");
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.answer("rtc join", 500);
    harness.forget();
    harness.hangup_of(CallRef { call_no: 1, ..CallRef::default() });
    harness.emits("done hangup 0");
    harness.asked("");
}

/// Scenario (reconnect): We hang up while a connection is interrupted: the call ends as usual.
#[test]
fn a_hangup_while_a_connection_is_interrupted_ends_as_usual() {
    for event in [RtcEvent::PeerSilent { uid: 22 }, RtcEvent::Reconnecting] {
        let mut harness = Harness::in_call();
        harness.rtc(event);
        harness.pass(3_000);
        harness.forget();
        harness.hangup();
        harness.emits("done hangup 0 · on_message_sent 1 · on_call_end 15");
        harness.asked("close ch1 · rtc leave · record 1 to bob");
        harness.settle();
        harness.pass(60_000);
        harness.emits("");
    }
}

/// Scenario (failure): We hang up, and the service does not close the channel: the call has ended here, and
/// an error names it.
#[test]
fn a_failed_close_is_an_error_of_the_ended_call() {
    let mut harness = Harness::in_call();
    harness.hangup();
    harness.forget();
    harness.answer("close", 500);
    harness.emits("on_error close 500");
    assert_eq!(harness.state(), 0);
}

/// Scenario (timeout): The ring limit has no effect once the call was accepted.
#[test]
fn the_ring_limit_means_nothing_in_a_call() {
    for mut harness in [Harness::in_call(), Harness::in_call_as_callee()] {
        harness.pass(600_000);
        harness.emits("");
        harness.asked("");
        assert_eq!(harness.state(), 3);
    }
}

/// Scenario (ordinary): Leaving ends the call here and leaves it to the peer to close the channel.
#[test]
fn leaving_leaves_without_closing() {
    let mut harness = Harness::in_call();
    harness.leave();
    harness.emits("done leave 0 · on_message_sent 1 · on_call_end 0");
    harness.asked("leave ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): The peer leaves the media room: if it hung up, its close arrives within half a
/// second and decides.
#[test]
fn after_peer_leave_signaling_has_half_a_second() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    harness.pass(499);
    harness.emits("");
    harness.peer_closes("ch1");
    harness.emits("on_message_sent 1 · on_call_end 16");
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    harness.pass(500);
    harness.emits("on_user_leave bob · on_message_sent 1 · on_call_end 20");
    harness.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): The peer leaves the media room and returns at once: the call continues.
#[test]
fn a_peer_that_returns_within_the_grace_period_stays() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.pass(1_000);
    harness.emits("");
}

/// Scenario (reconnect): The peer is lost from the media room: the call ends as disconnected.
#[test]
fn a_peer_that_vanishes_is_disconnected() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::new(1) });
    harness.emits("on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
    harness.asked("close ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): Nothing arrives from the peer any more: poor quality after 2 seconds, reconnecting
/// after 4, the end after 20.
#[test]
fn a_silent_peer_is_reported_at_2_4_and_20_seconds() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.emits("on_network_quality bob 4");
    harness.pass(1_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_reconnecting 2");
    harness.pass(15_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
}

/// Scenario (reconnect): The peer is active again: the call continues.
#[test]
fn a_peer_that_is_active_again_stays() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(2_000);
    harness.forget();
    harness.rtc(RtcEvent::PeerActive { uid: 22 });
    harness.emits("on_reconnected 2");
    harness.pass(60_000);
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

/// Scenario (recall): The peer's app restarted in a call and calls again: the old call ends as lost and the
/// new one rings; while the peer is still active, it is busy.
#[test]
fn a_new_invite_of_a_silent_peer_means_that_it_restarted() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(1_000);
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.asked("reject bob p1 q1 reason 3");
    harness.pass(1_000);
    harness.forget();
    harness.invite("bob", "p2", "q2");
    harness.emits("on_user_disconnect bob · on_message_sent 1 · on_call_end 19 · on_invited bob");
}

/// Scenario (reconnect): Our own media fails permanently: the call ends, and the peer is notified by
/// signaling.
#[test]
fn own_media_lost_for_good_ends_with_10_and_leaves_the_channel() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::Disconnected(Outcome::failed(9.into(), "gone")));
    harness.emits("on_disconnect · on_message_sent 1 · on_call_end 10");
    harness.asked("leave ch1 · rtc leave · record 1 to bob");
}

/// Scenario (reconnect): Our own media is interrupted and restored: the app is notified, and an error of the
/// media backend does not end the call.
#[test]
fn media_interruptions_and_quality_are_passed_on() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::Reconnecting);
    harness.rtc(RtcEvent::Reconnected);
    harness.rtc(RtcEvent::Quality { uid: 0, quality: 2 });
    harness.rtc(RtcEvent::Quality { uid: 22, quality: 3 });
    harness.rtc(RtcEvent::Error(Outcome::failed(77.into(), "")));
    harness.emits(
        "on_reconnecting 2 · on_reconnected 2 · on_network_quality al 2 · on_network_quality bob 3 · \
         on_error backend 77",
    );
}

/// Scenario (timeout): Media is not connected 15 seconds after the accept: the call ends on both sides.
#[test]
fn media_must_be_up_15_seconds_after_the_accept() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    harness.pass(14_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_error rtc 90006 · on_call_end 5");
    harness.asked("close ch1 · rtc leave");
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.ok("join");
    harness.forget();
    harness.pass(15_000);
    harness.emits("on_error rtc 90006 · on_call_end 5");
    harness.asked("close p1 · rtc leave");
}

/// Scenario (failure): The media room cannot be joined: the call ends on both sides, because the channel is
/// closed.
#[test]
fn a_failed_join_of_the_media_room_ends_with_5() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.answer("rtc join", 500);
    harness.emits("on_error rtc 500 · on_call_end 5");
    harness.asked("close ch1");
}

/// Scenario (failure): The accepted call's channel cannot be joined: the call ends and the channel is
/// closed.
#[test]
fn a_failed_join_of_the_channel_ends_with_5() {
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.forget();
    harness.answer("join", 500);
    harness.emits("on_error rtc 500 · on_call_end 5");
    harness.asked("close p1");
}

/// Scenario (cancel): We hang up while media is being set up: nothing opens afterwards.
#[test]
fn nothing_opens_after_a_hangup_that_overtakes_the_join() {
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.forget();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
    harness.asked("");
    harness.ok("join");
    harness.asked("close p1");
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.hangup();
    harness.asked("close ch1 · rtc leave");
    harness.ok("rtc join");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("done hangup 0 · on_call_end 15");
    harness.asked("");
}

/// Scenario (recall): We call again at once: the media room is joined when the last one was left, after
/// three seconds at the latest.
#[test]
fn the_next_join_waits_3_s_for_the_last_leave() {
    for in_time in [true, false] {
        let mut harness = Harness::in_call();
        harness.hangup();
        harness.invite("bob", "p1", "q1");
        harness.accept();
        harness.ok("accept");
        harness.ok("join");
        harness.forget();
        match in_time {
            true => harness.ok("rtc leave"),
            false => {
                harness.pass(2_999);
                harness.asked("");
                harness.pass(1);
            }
        }
        harness.asked("rtc join p1|0|7 as 11");
    }
}

/// Scenario (media): What the peer sends and mutes before it has entered is reported after its entry.
#[test]
fn media_of_the_peer_waits_for_its_entry() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO | Media::VIDEO, on: true });
    harness.rtc(RtcEvent::PeerMute { uid: 22, media: Media::VIDEO, muted: true });
    harness.emits("");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits(
        "on_user_enter bob · on_call_connected bob · on_audio_available bob true · \
         on_camera_available bob true · on_video_muted bob true",
    );
    harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO, on: false });
    harness.rtc(RtcEvent::PeerMute { uid: 22, media: Media::AUDIO, muted: true });
    harness.emits("on_audio_available bob false · on_audio_muted bob true");
}

/// Scenario (media): Changes of the peer's media are reported; a repeated status is not, and
/// two at once are two events.
#[test]
fn changes_of_the_peers_media_are_reported() {
    let mut harness = Harness::in_call();
    for _ in 0..2 {
        harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO | Media::VIDEO, on: true });
        harness.rtc(RtcEvent::PeerMute { uid: 22, media: Media::VIDEO, muted: true });
    }
    harness.emits("on_audio_available bob true · on_camera_available bob true · on_video_muted bob true");
    harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO, on: true });
    harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO | Media::VIDEO, on: false });
    harness.rtc(RtcEvent::PeerMute { uid: 22, media: Media::AUDIO | Media::VIDEO, muted: false });
    harness.emits("on_audio_available bob false · on_camera_available bob false · on_video_muted bob false");
}

/// Scenario (wrong): A third account appears in the media room: it is not taken for the peer.
#[test]
fn media_of_somebody_else_is_not_the_peers() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    harness.rtc(RtcEvent::PeerMedia { uid: 11, media: Media::AUDIO, on: true });
    harness.rtc(RtcEvent::PeerMedia { uid: 99, media: Media::VIDEO, on: true });
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("on_user_enter bob · on_call_connected bob");
    harness.rtc(RtcEvent::PeerMedia { uid: 99, media: Media::AUDIO, on: true });
    harness.rtc(RtcEvent::PeerLeave { uid: 99, code: Code::OK });
    harness.rtc(RtcEvent::PeerSilent { uid: 99 });
    harness.rtc(RtcEvent::PeerJoin { uid: 99 });
    harness.rtc(RtcEvent::Quality { uid: 99, quality: 1 });
    harness.pass(1_000);
    harness.emits("");
}

/// Scenario (media): An app that brings its own media is connected by joining.
#[test]
fn without_media_of_its_own_a_backend_connects_by_joining() {
    let mut harness = with_caps(Caps { no_media: true, ..caps() });
    harness.place_call();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.emits("on_user_accept bob · on_user_enter bob · on_call_connected bob");
}

/// Scenario (media): The media room is joined: the microphone opens, and in a video call the camera.
#[test]
fn a_join_opens_the_microphone_and_for_video_the_camera() {
    for (call_type, asked) in [(CallType::Audio, "enable 1 on"), (CallType::Video, "enable 3 on")] {
        let mut harness = with_caps(Caps { enable_local: true, ..caps() });
        harness.command(Command::Call(CallOptions { call_type, ..Harness::options("bob") }));
        harness.ok("create");
        harness.ok("join");
        harness.ok("invite");
        harness.peer_accepts();
        harness.forget();
        harness.ok("rtc join");
        harness.asked(asked);
    }
}

/// Scenario (media): Switching microphone or camera off lasts beyond the call; muting ends with it.
#[test]
fn enable_survives_the_call_and_mute_ends_with_it() {
    let mut harness = with_caps(Caps { enable_local: true, ..caps() });
    harness.command(Command::EnableLocal { media: Media::VIDEO, on: true });
    harness.command(Command::MuteLocal { media: Media::AUDIO, muted: true });
    harness.emits("done enablelocal 0 · done mutelocal 0");
    harness.place_call();
    harness.peer_accepts();
    harness.forget();
    harness.ok("rtc join");
    harness.asked("mute 1 on · enable 3 on");
    harness.hangup();
    harness.settle();
    harness.place_call();
    harness.signal(EventKind::Accept, "bob", "ch2", "r2", &new_style("ch2", "k2"));
    harness.forget();
    harness.ok("rtc join");
    harness.asked("enable 3 on");
}

/// Scenario (media): What the media backend does not support completes as unsupported.
#[test]
fn what_a_backend_lacks_is_unsupported() {
    let none = Caps { enable_local: false, mute_local: false, subscribe: false, set_view: false, ..caps() };
    let commands = [
        Command::EnableLocal { media: Media::AUDIO, on: true },
        Command::MuteLocal { media: Media::AUDIO, muted: true },
        Command::MuteRemote { media: Media::AUDIO, muted: true },
        Command::SetLocalView(None),
        Command::SetRemoteView(None),
    ];
    for command in commands {
        let mut harness = with_caps(none);
        harness.command(command);
        assert_eq!(harness.last_code(), Code::UNSUPPORTED);
    }
}

/// Scenario (media): Muting the peer, and its view, may be set before it has entered.
#[test]
fn remote_settings_wait_for_the_peer() {
    let mut harness = Harness::new();
    harness.command(Command::MuteRemote { media: Media::VIDEO, muted: true });
    harness.command(Command::SetRemoteView(Some(View { scaling: 0, mirror: false, window: 5 })));
    harness.place_call();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.asked("subscribe 22 2 off · view 22 on");
}

#[test]
fn remote_settings_apply_if_the_peer_joined_first() {
    let mut harness = Harness::new();
    harness.command(Command::MuteRemote { media: Media::VIDEO, muted: true });
    harness.place_call();
    harness.peer_accepts();
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.forget();
    harness.ok("rtc join");
    harness.asked("subscribe 22 2 off");
}

/// Scenario (media): A media request completes with the backend's result, or after five seconds without
/// one.
#[test]
fn a_media_request_completes_with_the_backends_answer() {
    let mut harness = Harness::in_call();
    harness.command(Command::MuteLocal { media: Media::AUDIO, muted: true });
    harness.emits("");
    harness.answer("mute", 55);
    harness.emits("done mutelocal 55");
    harness.command(Command::MuteLocal { media: Media::AUDIO, muted: false });
    harness.pass(5_000);
    harness.emits("done mutelocal 408");
}

/// Scenario (media): A late media completion of an ended call does not name the next.
#[test]
fn a_media_answer_of_an_ended_call_does_not_name_the_next_one() {
    let mut harness = Harness::in_call();
    harness.command(Command::MuteLocal { media: Media::AUDIO, muted: true });
    harness.hangup();
    harness.call("bob");
    harness.forget();
    harness.answer("mute", 55);
    harness.emits("done mutelocal 55");
    let named = harness.results.last().map(|result| result.call_no);
    assert_eq!(named, Some(0), "the end of its own call was reported; the next call is another");
}

/// Scenario (old): The callee is older than 1.1.0: we join the room named after the channel and send it
/// cid 1.
#[test]
fn a_legacy_callee_gets_the_short_room_and_cid_1() {
    let mut harness = Harness::calling();
    harness.signal(EventKind::Accept, "bob", "ch1", "r1", "{\"version\":\"1.0.4\"}");
    harness.asked("rtc join ch1 as 11");
    harness.ok("rtc join");
    harness.asked("control bob ch1 cid 1");
}

/// Scenario (old): The caller is older than 1.1.0: we wait three seconds for its cid 1, then join.
#[test]
fn a_legacy_caller_is_awaited_for_3_s() {
    let accepted = || {
        let mut harness = Harness::new();
        harness.invite_old("bob", "p1", "q1");
        harness.accept();
        harness
    };
    let mut harness = accepted();
    harness.ok("accept");
    harness.ok("join");
    harness.forget();
    harness.pass(2_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("rtc join p1 as 11");
    // Once.
    harness.control("p1", "{\"cid\":1}");
    harness.asked("");
    let mut harness = accepted();
    harness.ok("accept");
    harness.ok("join");
    harness.forget();
    harness.control("p1", "{\"cid\":1}");
    harness.asked("rtc join p1 as 11");
    // Received while the accept was pending, or while the channel is being joined.
    let mut harness = accepted();
    harness.control("p1", "{\"cid\":1}");
    harness.ok("accept");
    harness.forget();
    harness.ok("join");
    harness.asked("rtc join p1 as 11");
    let mut harness = accepted();
    harness.ok("accept");
    harness.control("p1", "{\"cid\":1}");
    harness.forget();
    harness.ok("join");
    harness.asked("rtc join p1 as 11");
}

#[test]
fn the_3_s_run_from_the_accept_also_during_the_join() {
    let mut harness = Harness::new();
    harness.invite_old("bob", "p1", "q1");
    harness.accept();
    harness.ok("accept");
    harness.forget();
    harness.pass(4_000);
    harness.ok("join");
    harness.asked("rtc join p1 as 11");
}

/// Scenario (wrong): A close, leave or control of a third party, or about another channel, in a
/// call: nothing changes.
#[test]
fn messages_of_others_or_other_channels_are_ignored() {
    let mut harness = Harness::in_call();
    for signal in
        [EventKind::Close, EventKind::Leave, EventKind::Control, EventKind::Cancel, EventKind::Accept]
    {
        harness.signal(signal, "eve", "ch1", "", "{\"cid\":2,\"type\":2}");
        harness.signal(signal, "bob", "ch9", "", "{\"cid\":2,\"type\":2}");
    }
    harness.emits("");
    harness.asked("");
    assert_eq!(harness.state(), 3);
}
