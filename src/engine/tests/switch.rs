//! Audio to video and back.

use super::super::input::*;
use super::super::{Caps, Config};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{CallType, Code, EventKind};

const VIDEO_ASKED: &str = "{\"cid\":3,\"type\":2,\"state\":1}";
const VIDEO_AGREED: &str = "{\"cid\":3,\"type\":2,\"state\":2}";
const VIDEO_REFUSED: &str = "{\"cid\":3,\"type\":2,\"state\":3}";

/// In an audio call in which switches to video are confirmed.
fn confirming() -> Harness {
    let mut harness = Harness::with(Config {
        caps: Caps { enable_local: true, ..caps() },
        confirm_audio_to_video: true,
        ..Config::default()
    });
    harness.place_call();
    harness.become_connected();
    harness.settle();
    harness.forget();
    harness
}

fn is_video(harness: &Harness) -> bool {
    harness.snapshot().call_type == Some(CallType::Video)
}

/// Scenario (switch): We switch without consent: it applies at once, in the formats of old and new clients.
#[test]
fn without_confirmation_both_messages_are_sent_at_once() {
    let mut harness = Harness::in_call();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.emits("done switch 0");
    harness.asked("control bob ch1 cid 2 type 2 · control bob ch1 cid 3 type 2 state 1");
    assert!(is_video(&harness));
}

/// Scenario (switch): We request: the peer's answer decides.
#[test]
fn with_confirmation_the_answer_decides() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.emits("done switch 0");
    harness.asked("control bob ch1 cid 3 type 2 state 1");
    assert!(!is_video(&harness));
    harness.control("ch1", VIDEO_AGREED);
    harness.emits("on_call_type_change video 2");
    harness.asked("enable 2 on");
    assert!(is_video(&harness));
}

/// Scenario (timeout): A type request is not answered for ten seconds: it counts as rejected.
#[test]
fn a_refusal_and_ten_seconds_of_silence_are_both_a_no() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.forget();
    harness.control("ch1", VIDEO_REFUSED);
    harness.emits("on_call_type_request video 3");
    harness.control("ch1", VIDEO_AGREED);
    harness.emits("");
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.settle();
    harness.forget();
    harness.pass(9_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_call_type_request video 3");
    assert!(!is_video(&harness));
}

/// Scenario (switch): A peer whose client cannot answer is not asked.
#[test]
fn a_peer_without_call_id_is_not_asked() {
    let mut harness =
        Harness::with(Config { caps: caps(), confirm_audio_to_video: true, ..Config::default() });
    harness.place_call();
    harness.signal(EventKind::Accept, "bob", "ch1", "r1", "{\"version\":\"1.5.0\"}");
    harness.forget();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.asked("control bob ch1 cid 2 type 2 · control bob ch1 cid 3 type 2 state 1");
    assert!(is_video(&harness));
}

/// Scenario (switch): The peer switches to video: it is reported once, and our camera stays off.
#[test]
fn the_peers_switch_never_starts_the_camera() {
    let mut harness =
        Harness::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() });
    harness.place_call();
    harness.become_connected();
    harness.settle();
    harness.control("ch1", "{\"cid\":2,\"type\":2}");
    harness.control("ch1", VIDEO_ASKED);
    harness.emits("on_call_type_change video 0");
    assert!(is_video(&harness));
    assert!(!harness.waiting().contains("enable"));
}

/// Scenario (switch): The peer requests: it is reported once, and our accept applies it.
#[test]
fn a_type_request_is_reported_once_and_our_accept_applies() {
    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.control("ch1", VIDEO_ASKED);
    harness.emits("on_call_type_request video 1");
    harness.switch(CallType::Video, SwitchStep::Agree);
    harness.emits("done switch 0");
    harness.asked("control bob ch1 cid 3 type 2 state 2 · enable 2 on");
    assert!(is_video(&harness));
}

/// Scenario (switch): The peer requests and we reject: nothing changes.
#[test]
fn our_refusal_changes_nothing() {
    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.forget();
    harness.switch(CallType::Video, SwitchStep::Reject);
    harness.emits("done switch 0");
    harness.asked("control bob ch1 cid 3 type 2 state 3");
    assert!(!is_video(&harness));
}

/// Scenario (switch): An answer without a request changes nothing.
#[test]
fn an_answer_without_a_request_is_refused() {
    let mut harness = confirming();
    for step in [SwitchStep::Agree, SwitchStep::Reject] {
        harness.switch(CallType::Video, step);
        assert_ne!(harness.last_code(), Code::OK);
    }
    harness.forget();
    harness.control("ch1", VIDEO_AGREED);
    harness.control("ch1", VIDEO_REFUSED);
    harness.emits("");
    harness.asked("");
    assert!(!is_video(&harness));
}

/// Scenario (switch): Both request the same: both agree.
#[test]
fn crossing_questions_for_the_same_type_agree() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.forget();
    harness.control("ch1", VIDEO_ASKED);
    harness.emits("on_call_type_change video 2");
    assert!(is_video(&harness));
}

/// Scenario (failure): A message about the call type cannot be sent: an error, and the call continues.
#[test]
fn a_message_that_fails_is_an_error_and_the_call_goes_on() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.forget();
    harness.answer("control", 500);
    harness.emits("on_error switch 500");
    assert_eq!(harness.state(), 3);
}

/// Scenario (old): On iOS 1.1.0 the number 0 means video: it is understood.
#[test]
fn type_0_is_video() {
    let mut harness = Harness::in_call();
    harness.control("ch1", "{\"cid\":2,\"type\":0}");
    harness.emits("on_call_type_change video 0");
}

/// Scenario (switch): An invalid message about the call type is dropped.
#[test]
fn nonsense_is_dropped() {
    let mut harness = Harness::in_call();
    for custom_info in
        ["{\"cid\":2}", "{\"cid\":3,\"type\":9}", "{\"cid\":3,\"type\":2,\"state\":9}", "{\"cid\":7}", "x"]
    {
        harness.control("ch1", custom_info);
    }
    harness.emits("");
    harness.asked("");
}

/// Scenario (switch): The call ends while a request is open: the request ends.
#[test]
fn the_end_of_the_call_drops_the_open_question() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.peer_closes("ch1");
    harness.settle();
    harness.forget();
    harness.control("ch1", VIDEO_AGREED);
    harness.pass(20_000);
    harness.emits("");
}

#[test]
fn without_control_messages_a_switch_is_unsupported() {
    let mut harness = Harness::with(Config { caps: Caps { control: false, ..caps() }, ..Config::default() });
    harness.place_call();
    harness.become_connected();
    harness.switch(CallType::Video, SwitchStep::Invite);
    assert_eq!(harness.last_code(), Code::UNSUPPORTED);
}

/// In a video call in which switches to audio are confirmed, our camera on.
fn confirming_audio() -> Harness {
    let mut harness = Harness::with(Config {
        caps: Caps { enable_local: true, ..caps() },
        confirm_video_to_audio: true,
        ..Config::default()
    });
    harness.command(Command::Call(CallOptions { call_type: CallType::Video, ..Harness::options("bob") }));
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.become_connected();
    harness.settle();
    harness.forget();
    harness
}

/// Scenario (switch): A switch to the current type completes and sends nothing.
#[test]
fn a_switch_to_the_type_that_is_asks_nobody() {
    let mut harness = confirming();
    harness.switch(CallType::Audio, SwitchStep::Invite);
    harness.emits("done switch 0");
    harness.asked("");
}

/// Scenario (switch): The peer requests the other type: our accept of a third one is refused.
#[test]
fn only_the_type_that_was_asked_for_can_be_agreed_to() {
    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.forget();
    harness.switch(CallType::Audio, SwitchStep::Agree);
    harness.emits("done switch 90009");
    // Our own question cannot be agreed to by ourselves.
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.forget();
    harness.switch(CallType::Video, SwitchStep::Agree);
    harness.emits("done switch 90009");
    assert!(!is_video(&harness));
}

/// Scenario (switch): A rejected request is closed: accepting later is refused.
#[test]
fn a_refused_question_is_closed() {
    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.switch(CallType::Video, SwitchStep::Reject);
    harness.forget();
    harness.switch(CallType::Video, SwitchStep::Agree);
    harness.emits("done switch 90009");
    harness.control("ch1", VIDEO_ASKED);
    harness.emits("on_call_type_request video 1");
}

/// Scenario (timeout): The app does not answer the peer's request for ten seconds: it is closed silently.
#[test]
fn the_apps_silence_closes_the_question_after_ten_seconds() {
    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.forget();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(2_000);
    harness.rtc(RtcEvent::PeerActive { uid: 22 });
    harness.forget();
    harness.pass(7_999);
    harness.switch(CallType::Video, SwitchStep::Reject);
    harness.emits("done switch 0");

    let mut harness = confirming();
    harness.control("ch1", VIDEO_ASKED);
    harness.forget();
    harness.pass(10_000);
    harness.emits("");
    harness.switch(CallType::Video, SwitchStep::Agree);
    harness.emits("done switch 90009");
    assert_eq!(harness.snapshot().call_type, Some(CallType::Audio));
}

/// Scenario (timeout): Another timer of the call does not shorten an open request.
#[test]
fn the_timer_of_a_silent_peer_does_not_hurry_our_question() {
    let mut harness = confirming();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.settle();
    harness.forget();
    harness.pass(2_000);
    harness.emits("on_reconnecting 2");
    harness.control("ch1", VIDEO_AGREED);
    harness.emits("on_call_type_change video 2");
}

/// Scenario (switch): From video to audio by consent: the camera goes off.
#[test]
fn audio_by_agreement_closes_the_camera() {
    let mut harness = confirming_audio();
    harness.control("ch1", "{\"cid\":3,\"type\":1,\"state\":1}");
    harness.emits("on_call_type_request audio 1");
    harness.switch(CallType::Audio, SwitchStep::Agree);
    harness.asked("control bob ch1 cid 3 type 1 state 2 · enable 2 off");
    assert!(!is_video(&harness));
}

/// Scenario (old): A client up to 1.6 switches without a request, also where we require consent.
#[test]
fn a_switch_that_asks_nothing_applies_where_we_would_ask() {
    let mut harness = confirming();
    harness.control("ch1", "{\"cid\":2,\"type\":2}");
    harness.emits("on_call_type_change video 0");
    harness.asked("");
    assert!(is_video(&harness));
}

/// Scenario (switch): Whether a join opens the camera depends on the last switch.
#[test]
fn a_switch_before_the_media_room_decides_about_the_camera() {
    for (by_us, asked) in [(true, "enable 3 on"), (false, "enable 1 on")] {
        let mut harness =
            Harness::with(Config { caps: Caps { enable_local: true, ..caps() }, ..Config::default() });
        harness.place_call();
        harness.peer_accepts();
        match by_us {
            true => harness.switch(CallType::Video, SwitchStep::Invite),
            false => harness.control("ch1", VIDEO_ASKED),
        }
        harness.forget();
        harness.ok("rtc join");
        harness.asked(asked);
    }
}

/// Scenario (switch): The callee requests too, if the caller's client can answer.
#[test]
fn the_called_side_asks_a_caller_that_can_answer() {
    let one = "control bob p1 cid 3 type 2 state 1";
    let both = "control bob p1 cid 2 type 2 · control bob p1 cid 3 type 2 state 1";
    for (is_old, asked) in [(false, one), (true, both)] {
        let mut harness =
            Harness::with(Config { caps: caps(), confirm_audio_to_video: true, ..Config::default() });
        match is_old {
            true => {
                let custom_info = "{\"callType\":0,\"version\":\"1.1.0\",\"channelName\":\"room\"}";
                harness.signal(EventKind::Invite, "bob", "p1", "q1", custom_info);
            }
            false => harness.invite("bob", "p1", "q1"),
        }
        harness.accept();
        harness.ok("accept");
        harness.forget();
        harness.switch(CallType::Video, SwitchStep::Invite);
        harness.asked(asked);
    }
}

/// Scenario (switch): The peer requests where no consent is required: it is accepted and applies at once.
#[test]
fn a_question_is_agreed_to_where_the_app_need_not_be_asked() {
    let mut harness = Harness::in_call();
    harness.control("ch1", VIDEO_ASKED);
    harness.emits("on_call_type_change video 0");
    harness.asked("control bob ch1 cid 3 type 2 state 2");
}
