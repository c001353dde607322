//! Exact moments, third parties, duplicates, partially correct results, and timers of other calls.

use super::super::input::*;
use super::super::output::*;
use super::super::{Config, wire};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{
    CallType, Channel, ChannelState, Code, EventKind, Member, OperationResult, Origin, Outcome,
};

/// Our own accept or join succeeded, but the service does not report that we are in the channel.
fn without_us() -> OperationResult {
    OperationResult { channel: Some(ChannelState::default()), ..OperationResult::default() }
}

#[test]
fn a_join_that_does_not_name_us_is_the_backends_failure() {
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.forget();
    harness.answer_with("join", without_us());
    harness.emits("on_error rtc 90008 · on_call_end 5");
    harness.asked("close p1");

    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    harness.answer_with("join", without_us());
    harness.emits("done call 90008 · on_call_end 7");
    harness.asked("close ch1");
}

#[test]
fn a_legacy_caller_is_not_awaited_beyond_its_limit() {
    let mut harness = Harness::new();
    harness.invite_old("bob", "p1", "q1");
    harness.accept();
    harness.ok("accept");
    harness.pass(3_000);
    harness.forget();
    harness.ok("join");
    harness.asked("rtc join p1 as 11");
}

#[test]
fn only_the_peer_enters_leaves_and_falls_silent() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    harness.rtc(RtcEvent::PeerJoin { uid: 11 });
    harness.emits("");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("on_user_enter bob · on_call_connected bob");
    for uid in [11, 33] {
        harness.rtc(RtcEvent::PeerJoin { uid });
        harness.rtc(RtcEvent::PeerLeave { uid, code: Code::OK });
        harness.rtc(RtcEvent::PeerLeave { uid, code: Code::new(1) });
        harness.rtc(RtcEvent::PeerSilent { uid });
        harness.rtc(RtcEvent::PeerActive { uid });
        harness.rtc(RtcEvent::Quality { uid, quality: 2 });
        harness.rtc(RtcEvent::PeerMedia { uid, media: Media::AUDIO | Media::VIDEO, on: true });
        harness.rtc(RtcEvent::PeerMute { uid, media: Media::AUDIO, muted: true });
        harness.pass(60_000);
        harness.emits("");
    }
    assert_eq!(harness.state(), 3);
}

#[test]
fn the_timer_of_a_type_switch_does_not_hurry_a_silent_peer() {
    let config = Config { caps: caps(), confirm_audio_to_video: true, ..Config::default() };
    let mut harness = Harness::with(config);
    harness.place_call();
    harness.become_connected();
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.pass(9_000);
    harness.forget();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.emits("on_network_quality bob 4");
    harness.pass(1_999);
    let at_10_seconds = std::mem::take(&mut harness.events).len();
    harness.pass(1);
    assert!(at_10_seconds > 0, "the question was answered by nobody");
    harness.emits_last("on_reconnecting 2");
    // Once is enough, whatever timer fires next.
    harness.switch(CallType::Video, SwitchStep::Invite);
    harness.forget();
    harness.pass(10_000);
    let emitted_again = harness.events.iter().filter(|event| matches!(event, Event::Reconnecting(_))).count();
    assert_eq!(emitted_again, 1);
}

#[test]
fn an_invites_age_counts_from_the_services_clock() {
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    harness.answer_with("login", OperationResult { server_ms: 1_000_000, ..OperationResult::default() });
    harness.pass(100_000);
    let mut event = harness.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    event.time_ms = 1_000_000;
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    let Some(Event::Invited(invited)) = harness.events.last() else { panic!("it rings") };
    assert_eq!((invited.ring_left_ms, invited.invited_at_ms), (20_000, 1_000_000));
    harness.forget();
    harness.pass(19_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_user_busy al · on_call_end 2");
}

#[test]
fn a_copy_of_an_invite_does_not_ring_after_its_end() {
    let mut harness = Harness::called();
    harness.invite("bob", "p1", "q1");
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12");
    // And neither does a copy of the redial that waits.
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.invite("bob", "p2", "q2");
    harness.forget();
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
    harness.signal(EventKind::Cancel, "bob", "p2", "q2", "");
    harness.emits("on_user_cancel bob · on_call_end 12");
}

#[test]
fn of_redials_of_the_same_moment_the_last_one_counts() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.invite("bob", "p3", "q3");
    harness.peer_cancels();
    assert_eq!(&*harness.snapshot().channel_id, "p3");
}

#[test]
fn a_late_timer_ends_its_own_ring_only() {
    let mut harness = Harness::called();
    harness.pass_at_once(45_000);
    harness.emits("on_user_busy al · on_call_end 2");

    let mut harness = Harness::calling();
    harness.cancel();
    harness.invite("carol", "c1", "s1");
    harness.forget();
    harness.pass(5_000);
    harness.asked("close ch1");
    assert_eq!(harness.state(), 2);
    harness.accept();
    harness.forget();
    harness.pass_at_once(7_000);
    assert_eq!(harness.state(), 2, "an accept that runs is decided by its own limit");
}

#[test]
fn the_text_of_a_cancel_is_in_on_call_end() {
    for (custom_info, extra) in [("sorry", "sorry"), ("hello", "")] {
        let text = |attachment: &str| {
            wire::outgoing(&wire::Outgoing {
                channel_name: "p1|0|7",
                call_id: "k1",
                attachment: Some(attachment),
                ..wire::Outgoing::default()
            })
        };
        let mut harness = Harness::new();
        harness.signal(EventKind::Invite, "bob", "p1", "q1", &text("hello"));
        harness.signal(EventKind::Cancel, "bob", "p1", "q1", &text(custom_info));
        assert_eq!(&*harness.last_end().extra, extra);
    }
}

#[test]
fn a_reject_with_an_unknown_code_is_no_call_error() {
    let mut harness = Harness::in_call();
    harness.invite("carol", "c1", "s1");
    harness.forget();
    harness.answer("reject", Code::TIMEOUT);
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

#[test]
fn a_refused_operation_ignores_its_completion() {
    let outcome = Outcome::failed(500.into(), "no");
    let channel = Channel { id: "ch1".into(), ..Channel::default() };
    let me = Member { account: "al".into(), uid: 11, ..Member::default() };
    let room = Some(ChannelState { channel, members: vec![me] });
    let refusal = OperationResult { outcome, channel: room, rtc_token: Some("t".into()), server_ms: 5 };
    let mut harness = Harness::new();
    harness.call("bob");
    harness.forget();
    harness.answer_with("create", refusal.clone());
    harness.emits("done call 500 · on_call_end 7");
    harness.asked("");

    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    harness.answer_with("join", refusal.clone());
    harness.emits("done call 500 · on_call_end 7");
    harness.asked("close ch1");

    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.forget();
    harness.answer_with("join", refusal.clone());
    harness.emits("on_error rtc 500 · on_call_end 5");

    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    harness.answer_with("login", refusal);
    harness.emits("done login 500");
    harness.call("bob");
    harness.emits("done call 20001");
}

#[test]
fn failures_after_the_end_are_silent_except_a_record() {
    let gone = [
        Code::CHANNEL_NOT_EXISTS,
        Code::NOT_MEMBER,
        Code::INVITE_NOT_EXISTS,
        Code::INVITE_REJECTED,
        Code::INVITE_ACCEPTED,
    ];
    for code in gone {
        let mut harness = Harness::in_call();
        harness.switch(CallType::Video, SwitchStep::Invite);
        harness.forget();
        harness.answer("control", code);
        harness.emits("");
        harness.answer("control", Code::TIMEOUT);
        harness.emits("on_error switch 408");
        harness.hangup();
        harness.forget();
        harness.answer("record", code);
        harness.emits(&format!("on_error record {code}"));
    }
}

#[test]
fn only_a_late_success_is_undone_and_only_while_logged_in() {
    let late = || {
        let mut harness = Harness::accepting();
        harness.ok("accept");
        harness.pass(8_000);
        harness.forget();
        harness
    };
    let mut harness = late();
    harness.answer("join", 500);
    harness.asked("");
    let mut harness = late();
    harness.logout();
    harness.pass(20_000);
    harness.forget();
    harness.ok("join");
    harness.asked("");
    let mut harness = late();
    harness.ok("join");
    harness.asked("leave p1");
}

#[test]
fn timers_of_an_ended_call_leave_the_next_one_alone() {
    for is_out in [false, true] {
        let mut harness = Harness::calling();
        harness.cancel();
        harness.call("bob");
        if is_out {
            harness.ok("create");
            harness.ok("join");
            harness.ok("invite");
        }
        harness.forget();
        harness.pass(5_000);
        harness.emits("on_error record 408");
        harness.asked("close ch1");
        assert_eq!(harness.state(), 1);
    }
}

#[test]
fn a_late_error_names_its_own_call() {
    for is_confirmed in [false, true] {
        let mut harness = Harness::in_call();
        harness.hangup();
        match is_confirmed {
            true => harness.place_call(),
            false => harness.call("bob"),
        }
        harness.answer("record", 500);
        let Some(Event::Error(error)) = harness.events.last() else { panic!("the record was lost") };
        assert_eq!((error.call_no, error.code.number()), (1, 500));
    }
}

#[test]
fn a_channel_needs_an_id_of_a_sensible_length() {
    for (id, code) in [("", 90008), (&*"x".repeat(65), 90008), (&*"x".repeat(64), 0)] {
        let mut harness = Harness::new();
        harness.call("bob");
        let channel = Channel { id: id.into(), ..Channel::default() };
        let room = Some(ChannelState { channel, members: Vec::new() });
        harness.forget();
        harness.answer_with("create", OperationResult { channel: room, ..OperationResult::default() });
        match code {
            0 => harness.asked(&format!("join {id}")),
            _ => harness.emits(&format!("done call {code} · on_call_end 7")),
        }
    }
}

#[test]
fn a_ring_limit_whose_cancel_fails_is_retried() {
    let mut harness = Harness::calling();
    harness.pass(30_000);
    harness.asked("cancel bob ch1 r1 reason 2");
    harness.answer("cancel", 500);
    harness.emits("on_calling_timeout · on_message_sent 4 · on_call_end 2");
    harness.asked("cancel bob ch1 r1 reason 2 · record 4 to bob");
}

#[test]
fn a_winner_that_is_still_creating_yields_as_well() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.invite("bob", "p1", "!");
    harness.forget();
    harness.pass(3_000);
    harness.asked("accept bob p1 !");
    harness.ok("create");
    harness.asked("close ch1");
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
}

#[test]
fn a_loser_whose_own_was_accepted_writes_no_record_of_a_cancel() {
    let mut harness = Harness::glare_loser();
    harness.peer_accepts();
    harness.forget();
    harness.cancel();
    harness.emits("done cancel 0 · on_call_end 11");
}

#[test]
fn ignored_inputs_are_logged() {
    let mut harness = Harness::new();
    harness.engine.handle(harness.now, Input::Rtc(RtcEvent::Reconnecting.into()));
    let why = "media event outside of the media room";
    assert_eq!(harness.engine.poll_output(), Some(Output::Ignored(why.into())));
    assert_eq!(harness.engine.poll_output(), None);
}

#[test]
fn a_late_timer_does_not_delay_the_silence_limit() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.forget();
    harness.now = super::super::time::Time(harness.now.0 + 2_000);
    harness.invite("bob", "p2", "q2");
    harness.emits("on_user_disconnect bob · on_message_sent 1 · on_call_end 19 · on_invited bob");
}

#[test]
fn activity_of_others_is_not_the_peers() {
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.rtc(RtcEvent::PeerActive { uid: 33 });
    harness.forget();
    harness.pass(18_000);
    harness.emits("on_reconnecting 2 · on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
}

#[test]
fn each_change_of_a_microphone_is_reported() {
    let mut harness = Harness::in_call();
    for on in [true, false, true, false] {
        harness.rtc(RtcEvent::PeerMedia { uid: 22, media: Media::AUDIO, on });
        harness.emits(&format!("on_audio_available bob {on}"));
        harness.rtc(RtcEvent::PeerMute { uid: 22, media: Media::VIDEO, muted: on });
        harness.emits(&format!("on_video_muted bob {on}"));
    }
}
