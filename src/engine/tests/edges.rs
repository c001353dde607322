//! Exact moments, strangers, copies, answers that are half right, and timers of somebody else.

use super::super::input::*;
use super::super::output::*;
use super::super::{Config, wire};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{
    CallType, Channel, ChannelState, Code, EventKind, Member, OperationResult, Origin, Outcome,
};

/// Our own accept or join succeeded, but the service does not say that we are in the channel.
fn without_us() -> OperationResult {
    OperationResult { channel: Some(ChannelState::default()), ..OperationResult::default() }
}

#[test]
fn a_join_that_does_not_name_us_is_the_backends_failure() {
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.forget();
    rig.answer_with("join", without_us());
    rig.told("on_error rtc 90008 · on_call_end 5");
    rig.asked("close p1");

    let mut rig = Rig::new();
    rig.call("bob");
    rig.ok("create");
    rig.forget();
    rig.answer_with("join", without_us());
    rig.told("done call 90008 · on_call_end 7");
    rig.asked("close ch1");
}

#[test]
fn an_old_caller_is_not_waited_for_once_its_time_is_up() {
    let mut rig = Rig::new();
    rig.invite_old("bob", "p1", "q1");
    rig.accept();
    rig.ok("accept");
    rig.pass(3_000);
    rig.forget();
    rig.ok("join");
    rig.asked("rtc join p1 as 11");
}

#[test]
fn only_the_peer_enters_leaves_and_falls_silent() {
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    rig.rtc(RtcEvent::PeerJoin { uid: 11 });
    rig.told("");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.told("on_user_enter bob · on_call_connected bob");
    for uid in [11, 33] {
        rig.rtc(RtcEvent::PeerJoin { uid });
        rig.rtc(RtcEvent::PeerLeave { uid, code: 0 });
        rig.rtc(RtcEvent::PeerLeave { uid, code: 1 });
        rig.rtc(RtcEvent::PeerSilent { uid });
        rig.rtc(RtcEvent::PeerHeard { uid });
        rig.rtc(RtcEvent::Quality { uid, quality: 2 });
        rig.rtc(RtcEvent::PeerMedia { uid, media: AUDIO | VIDEO, on: true });
        rig.rtc(RtcEvent::PeerMute { uid, media: AUDIO, muted: true });
        rig.pass(60_000);
        rig.told("");
    }
    assert_eq!(rig.state(), 3);
}

#[test]
fn the_timer_of_a_type_switch_does_not_hurry_a_silent_peer() {
    let config = Config { caps: caps(), confirm_audio_to_video: true, ..Config::default() };
    let mut rig = Rig::with(config);
    rig.place_call();
    rig.become_connected();
    rig.switch(CallType::Video, SwitchStep::Invite);
    rig.pass(9_000);
    rig.forget();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.told("on_network_quality bob 4");
    rig.pass(1_999);
    let at_10_seconds = std::mem::take(&mut rig.events).len();
    rig.pass(1);
    assert!(at_10_seconds > 0, "the question was answered by nobody");
    rig.told_last("on_reconnecting 2");
    // Once is enough, whatever timer fires next.
    rig.switch(CallType::Video, SwitchStep::Invite);
    rig.forget();
    rig.pass(10_000);
    let told_again = rig.events.iter().filter(|event| matches!(event, Event::Reconnecting(_))).count();
    assert_eq!(told_again, 1);
}

#[test]
fn an_invites_age_counts_from_the_services_clock() {
    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    rig.answer_with("login", OperationResult { server_ms: 1_000_000, ..OperationResult::default() });
    rig.pass(100_000);
    let mut event = rig.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    event.time_ms = 1_000_000;
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    let Some(Event::Invited(invited)) = rig.events.last() else { panic!("it rings") };
    assert_eq!((invited.ring_left_ms, invited.invited_at_ms), (20_000, 1_000_000));
    rig.forget();
    rig.pass(19_999);
    rig.told("");
    rig.pass(1);
    rig.told("on_user_busy al · on_call_end 2");
}

#[test]
fn a_copy_of_an_invite_does_not_ring_after_its_end() {
    let mut rig = Rig::called();
    rig.invite("bob", "p1", "q1");
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12");
    // And neither does a copy of the redial that waits.
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.invite("bob", "p2", "q2");
    rig.forget();
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
    rig.signal(EventKind::Cancel, "bob", "p2", "q2", "");
    rig.told("on_user_cancel bob · on_call_end 12");
}

#[test]
fn of_redials_of_the_same_moment_the_last_one_counts() {
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.invite("bob", "p3", "q3");
    rig.peer_cancels();
    assert_eq!(&*rig.snapshot().channel_id, "p3");
}

#[test]
fn a_timer_that_fires_late_still_ends_the_ring_and_one_of_another_call_does_not() {
    let mut rig = Rig::called();
    rig.pass_at_once(45_000);
    rig.told("on_user_busy al · on_call_end 2");

    let mut rig = Rig::calling();
    rig.cancel();
    rig.invite("carol", "c1", "s1");
    rig.forget();
    rig.pass(5_000);
    rig.asked("close ch1");
    assert_eq!(rig.state(), 2);
    rig.accept();
    rig.forget();
    rig.pass_at_once(7_000);
    assert_eq!(rig.state(), 2, "an accept that runs is decided by its own limit");
}

#[test]
fn what_the_caller_adds_to_its_cancel_is_told_with_the_end() {
    for (custom_info, extra) in [("sorry", "sorry"), ("hello", "")] {
        let text = |attachment: &str| {
            wire::outgoing(&wire::Outgoing {
                channel_name: "p1|0|7",
                call_id: "k1",
                attachment: Some(attachment),
                ..wire::Outgoing::default()
            })
        };
        let mut rig = Rig::new();
        rig.signal(EventKind::Invite, "bob", "p1", "q1", &text("hello"));
        rig.signal(EventKind::Cancel, "bob", "p1", "q1", &text(custom_info));
        assert_eq!(&*rig.last_end().extra, extra);
    }
}

#[test]
fn a_reject_with_an_unknown_code_is_not_told_as_an_error_of_the_call() {
    let mut rig = Rig::in_call();
    rig.invite("carol", "c1", "s1");
    rig.forget();
    rig.answer("reject", Code::TIMEOUT);
    rig.told("");
    assert_eq!(rig.state(), 3);
}

#[test]
fn a_refusal_is_a_refusal_whatever_the_backend_says_besides() {
    let outcome = Outcome::failed(500.into(), "no");
    let channel = Channel { id: "ch1".into(), ..Channel::default() };
    let me = Member { account: "al".into(), uid: 11, ..Member::default() };
    let room = Some(ChannelState { channel, members: vec![me] });
    let refusal = OperationResult { outcome, channel: room, rtc_token: Some("t".into()), server_ms: 5 };
    let mut rig = Rig::new();
    rig.call("bob");
    rig.forget();
    rig.answer_with("create", refusal.clone());
    rig.told("done call 500 · on_call_end 7");
    rig.asked("");

    let mut rig = Rig::new();
    rig.call("bob");
    rig.ok("create");
    rig.forget();
    rig.answer_with("join", refusal.clone());
    rig.told("done call 500 · on_call_end 7");
    rig.asked("close ch1");

    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.forget();
    rig.answer_with("join", refusal.clone());
    rig.told("on_error rtc 500 · on_call_end 5");

    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    rig.answer_with("login", refusal);
    rig.told("done login 500");
    rig.call("bob");
    rig.told("done call 20001");
}

#[test]
fn what_fails_because_the_call_is_over_is_no_error_but_a_lost_record_is() {
    let gone = [
        Code::CHANNEL_NOT_EXISTS,
        Code::NOT_MEMBER,
        Code::INVITE_NOT_EXISTS,
        Code::INVITE_REJECTED,
        Code::INVITE_ACCEPTED,
    ];
    for code in gone {
        let mut rig = Rig::in_call();
        rig.switch(CallType::Video, SwitchStep::Invite);
        rig.forget();
        rig.answer("control", code);
        rig.told("");
        rig.answer("control", Code::TIMEOUT);
        rig.told("on_error switch 408");
        rig.hangup();
        rig.forget();
        rig.answer("record", code);
        rig.told(&format!("on_error record {code}"));
    }
}

#[test]
fn only_a_late_success_is_undone_and_only_while_logged_in() {
    let late = || {
        let mut rig = Rig::accepting();
        rig.ok("accept");
        rig.pass(8_000);
        rig.forget();
        rig
    };
    let mut rig = late();
    rig.answer("join", 500);
    rig.asked("");
    let mut rig = late();
    rig.logout();
    rig.pass(20_000);
    rig.forget();
    rig.ok("join");
    rig.asked("");
    let mut rig = late();
    rig.ok("join");
    rig.asked("leave p1");
}

#[test]
fn timers_of_an_ended_call_leave_the_next_one_alone() {
    for is_out in [false, true] {
        let mut rig = Rig::calling();
        rig.cancel();
        rig.call("bob");
        if is_out {
            rig.ok("create");
            rig.ok("join");
            rig.ok("invite");
        }
        rig.forget();
        rig.pass(5_000);
        rig.told("on_error record 408");
        rig.asked("close ch1");
        assert_eq!(rig.state(), 1);
    }
}

#[test]
fn a_late_error_names_its_own_call() {
    for is_confirmed in [false, true] {
        let mut rig = Rig::in_call();
        rig.hangup();
        match is_confirmed {
            true => rig.place_call(),
            false => rig.call("bob"),
        }
        rig.answer("record", 500);
        let Some(Event::Error(error)) = rig.events.last() else { panic!("the record was lost") };
        assert_eq!((error.call_no, error.code.number()), (1, 500));
    }
}

#[test]
fn a_channel_needs_an_id_of_a_sensible_length() {
    for (id, code) in [("", 90008), (&*"x".repeat(65), 90008), (&*"x".repeat(64), 0)] {
        let mut rig = Rig::new();
        rig.call("bob");
        let channel = Channel { id: id.into(), ..Channel::default() };
        let room = Some(ChannelState { channel, members: Vec::new() });
        rig.forget();
        rig.answer_with("create", OperationResult { channel: room, ..OperationResult::default() });
        match code {
            0 => rig.asked(&format!("join {id}")),
            _ => rig.told(&format!("done call {code} · on_call_end 7")),
        }
    }
}

#[test]
fn a_ring_limit_whose_cancel_fails_is_said_again() {
    let mut rig = Rig::calling();
    rig.pass(30_000);
    rig.asked("cancel bob ch1 r1 reason 2");
    rig.answer("cancel", 500);
    rig.told("on_calling_timeout · on_message_sent 4 · on_call_end 2");
    rig.asked("cancel bob ch1 r1 reason 2 · record 4 to bob");
}

#[test]
fn a_winner_that_is_still_creating_gives_way_as_well() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.invite("bob", "p1", "!");
    rig.forget();
    rig.pass(3_000);
    rig.asked("accept bob p1 !");
    rig.ok("create");
    rig.asked("close ch1");
    rig.ok("accept");
    rig.told("done call 0 · on_user_accept bob");
}

#[test]
fn a_loser_whose_own_was_accepted_writes_no_record_of_a_cancel() {
    let mut rig = Rig::glare_loser();
    rig.peer_accepts();
    rig.forget();
    rig.cancel();
    rig.told("done cancel 0 · on_call_end 11");
}

#[test]
fn what_is_ignored_is_said_to_the_log() {
    let mut rig = Rig::new();
    rig.engine.handle(rig.now, Input::Rtc(RtcEvent::Reconnecting));
    let why = "media event outside of the media room";
    assert_eq!(rig.engine.poll_output(), Some(Output::Ignored(why.into())));
    assert_eq!(rig.engine.poll_output(), None);
}

#[test]
fn a_peer_is_silent_from_its_moment_on_even_if_the_timer_is_late() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.forget();
    rig.now = super::super::time::Time(rig.now.0 + 2_000);
    rig.invite("bob", "p2", "q2");
    rig.told("on_user_disconnect bob · on_message_sent 1 · on_call_end 19 · on_invited bob");
}

#[test]
fn somebody_else_who_is_heard_is_not_the_silent_peer() {
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.rtc(RtcEvent::PeerHeard { uid: 33 });
    rig.forget();
    rig.pass(18_000);
    rig.told("on_reconnecting 2 · on_user_disconnect bob · on_message_sent 1 · on_call_end 19");
}

#[test]
fn a_microphone_that_goes_on_and_off_is_told_each_time() {
    let mut rig = Rig::in_call();
    for on in [true, false, true, false] {
        rig.rtc(RtcEvent::PeerMedia { uid: 22, media: AUDIO, on });
        rig.told(&format!("on_audio_available bob {on}"));
        rig.rtc(RtcEvent::PeerMute { uid: 22, media: VIDEO, muted: on });
        rig.told(&format!("on_video_muted bob {on}"));
    }
}
