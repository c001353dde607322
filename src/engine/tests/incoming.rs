//! We are called: the callee's column of the event-order table, and the wire behind it.

use super::super::input::*;
use super::super::output::*;
use super::super::{Config, Timers};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{Code, EventKind, OperationResult, Origin};

/// Scenario (ordinary): An invite rings with the caller, the type, what the caller attached and how long it
/// will ring.
#[test]
fn an_invite_rings_with_what_the_caller_said() {
    let mut rig = Rig::new();
    let custom_info =
        "{\"version\":\"1.8.1\",\"channelName\":\"p1|0|7\",\"callId\":\"k1\",\"_attachment\":{\"a\":1}}";
    rig.signal(EventKind::Invite, "bob", "p1", "q1", custom_info);
    rig.told("on_invited bob");
    let Some(Event::Invited(invited)) = rig.events.last() else { panic!("it rings") };
    assert_eq!((&*invited.channel_id, &*invited.request_id, &*invited.call_id), ("p1", "q1", "k1"));
    assert_eq!((&*invited.attachment, invited.ring_left_ms), ("{\"a\":1}", 30_000));
    assert!(!invited.offline);
}

/// Scenario (ordinary): We accept: the channel is joined, then the media room that the invite named, and
/// both sides are told in the same order.
#[test]
fn an_accepted_call_is_told_in_the_tables_order() {
    let mut rig = Rig::called();
    rig.accept();
    rig.told("");
    rig.asked("accept bob p1 q1");
    rig.ok("accept");
    rig.told("done accept 0");
    rig.asked("join p1");
    rig.ok("join");
    rig.asked("rtc join p1|0|7 as 11");
    rig.ok("rtc join");
    rig.rtc(RtcEvent::PeerJoin { uid: 7 });
    rig.told("on_user_enter bob · on_call_connected bob");
}

/// Scenario (wrong): accept() is tapped twice: one accept, and both completions say the same.
#[test]
fn a_second_accept_shares_the_completion_of_the_first() {
    let mut rig = Rig::accepting();
    rig.accept();
    rig.asked("");
    rig.ok("accept");
    rig.told("done accept 0 · done accept 0");
}

#[test]
fn soft_successes_of_accept_are_successes() {
    for code in [Code::PEER_OFFLINE, Code::PEER_PUSH_OFFLINE] {
        let mut rig = Rig::accepting();
        rig.answer("accept", code);
        rig.told("done accept 0");
        assert_eq!(rig.state(), 3);
    }
}

/// Scenario (ordinary): We reject: the call ends at once, whatever becomes of the message.
#[test]
fn a_reject_is_final_at_once() {
    let mut rig = Rig::called();
    rig.reject();
    rig.told("done reject 0 · on_call_end 13");
    rig.asked("reject bob p1 q1");
    rig.answer("reject", 500);
    rig.told("on_error reject 500");
}

/// Scenario (ordinary): Hanging up while it rings is a rejection.
#[test]
fn hangup_while_called_is_reject() {
    let mut rig = Rig::called();
    rig.hangup();
    rig.told("done hangup 0 · on_call_end 13");
    rig.asked("reject bob p1 q1");
}

/// Scenario (old): A rejection is said in the words of the caller's client.
#[test]
fn a_reject_to_a_caller_without_call_id_says_nothing_and_to_others_echoes() {
    let mut rig = Rig::new();
    rig.invite_old("bob", "p1", "q1");
    rig.reject();
    assert_eq!(&*rig.text_of("reject"), "");
    rig.invite("bob", "p2", "q2");
    rig.reject();
    let text = super::super::wire::read(&rig.text_of("reject"));
    assert_eq!((&*text.call_id, text.reason), ("k1", 0));
}

/// Scenario (cancel): The caller cancels while it rings here: the ringing stops.
#[test]
fn the_callers_cancel_ends_it() {
    let mut rig = Rig::called();
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12");
    rig.asked("");
}

/// Scenario (timeout): The caller's ring limit passes first: the callee sees what its own limit would have
/// shown.
#[test]
fn a_cancel_with_reason_2_shows_what_the_own_timer_shows() {
    let mut by_cancel = Rig::called();
    by_cancel.signal(EventKind::Cancel, "bob", "p1", "q1", "{\"reason\":2}");
    by_cancel.told("on_user_busy al · on_call_end 2");
    by_cancel.asked("");
    let mut by_timer = Rig::called();
    by_timer.pass(30_500);
    by_timer.told("on_user_busy al · on_call_end 2");
    by_timer.asked("reject bob p1 q1 reason 2");
}

/// Scenario (timeout): We do not answer: the ringing ends half a second after the limit, so that the
/// caller's own limit comes first.
#[test]
fn the_own_ring_limit_is_the_set_time_and_half_a_second_of_grace() {
    let mut rig = Rig::new();
    rig.command(Command::SetCallTimeout { timeout_ms: 4_000 });
    rig.invite("bob", "p1", "q1");
    rig.forget();
    rig.pass(4_499);
    rig.told("");
    rig.pass(1);
    rig.told("on_user_busy al · on_call_end 2");
}

/// Scenario (old): An unanswered call is said in the words of the caller's client.
#[test]
fn ringing_out_says_601_to_a_caller_without_call_id() {
    let mut rig = Rig::new();
    rig.invite_old("bob", "p1", "q1");
    rig.forget();
    rig.pass(30_500);
    rig.asked("reject bob p1 q1 601");
}

/// Scenario (timeout): The ring limit passes while our accept is on its way: the service decides.
#[test]
fn a_call_that_is_being_accepted_does_not_ring_out() {
    let mut rig = Rig::called();
    rig.pass(30_400);
    rig.accept();
    rig.forget();
    rig.pass(5_000);
    rig.told("");
    rig.ok("accept");
    rig.told("done accept 0");
}

/// Scenario (devices): We accept too late: the app is told whether another device accepted, rejected, or
/// the caller cancelled.
#[test]
fn an_accept_too_late_shows_who_was_first() {
    let cases = [
        (Code::INVITE_ACCEPTED, "done accept 10410 · on_other_client_accept bob · on_call_end 18"),
        (Code::INVITE_REJECTED, "done accept 10409 · on_other_client_reject bob · on_call_end 17"),
        (Code::INVITE_NOT_EXISTS, "done accept 10408 · on_user_cancel bob · on_call_end 12"),
        (Code::CHANNEL_NOT_EXISTS, "done accept 10404 · on_user_cancel bob · on_call_end 12"),
    ];
    for (code, told) in cases {
        let mut rig = Rig::accepting();
        rig.answer("accept", code);
        rig.told(told);
        rig.asked("");
    }
}

/// Scenario (failure): Our accept fails for another reason: the call ends as failed, and the caller is told
/// no.
#[test]
fn an_accept_that_fails_otherwise_ends_with_21_and_is_taken_back() {
    let mut rig = Rig::accepting();
    rig.answer("accept", 500);
    rig.told("done accept 500 · on_call_end 21");
    rig.asked("leave p1 · reject bob p1 q1");
}

/// Scenario (failure): Our accept is never answered: the call ends after eight seconds, and a grant that
/// comes later is undone.
#[test]
fn an_accept_has_eight_seconds_and_a_late_success_is_undone() {
    let mut rig = Rig::accepting();
    rig.pass(7_999);
    rig.told("");
    rig.pass(1);
    rig.told("done accept 408 · on_call_end 21");
    rig.asked("leave p1 · reject bob p1 q1");
    rig.ok("accept");
    rig.asked("join p1");
    rig.ok("join");
    rig.asked("close p1");
}

/// Scenario (cancel): We accept, and a cancel or another device's answer comes before the service has
/// decided: its decision counts.
#[test]
fn while_an_accept_runs_cancel_and_siblings_are_held_and_the_completion_decides() {
    let mut rig = Rig::accepting();
    rig.peer_cancels();
    rig.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    rig.told("");
    rig.ok("accept");
    rig.told("done accept 0");
    assert_eq!(rig.state(), 3);
}

/// Scenario (cancel): We accept, and the channel is closed meanwhile: the call ends as hung up, and the
/// channel is left.
#[test]
fn a_close_while_an_accept_runs_ends_the_call_when_the_accept_succeeds() {
    let mut rig = Rig::accepting();
    rig.peer_closes("p1");
    rig.told("");
    rig.ok("accept");
    rig.told("done accept 0 · on_call_end 16");
    rig.asked("leave p1");
}

/// Scenario (cancel): Our accept is granted, and the channel is gone when we join it: the caller hung up.
#[test]
fn a_channel_that_is_gone_when_the_accepted_call_joins_it_means_that_the_caller_hung_up() {
    let mut rig = Rig::accepting();
    rig.ok("accept");
    rig.forget();
    rig.answer("join", Code::CHANNEL_NOT_EXISTS);
    rig.told("on_call_end 16");
    rig.asked("");
}

/// Scenario (cancel): We accept and then reject before the service has decided: the no counts, and a
/// granted call is left.
#[test]
fn a_reject_while_an_accept_runs_is_a_latch() {
    let mut rig = Rig::accepting();
    rig.reject();
    rig.told("done accept 90004 · done reject 0 · on_call_end 13");
    rig.asked("");
    rig.ok("accept");
    rig.asked("join p1");
    rig.ok("join");
    rig.asked("leave p1");
    rig.told("");
}

/// Scenario (cancel): We accept and then hang up before the service has decided: a granted call is closed.
#[test]
fn a_hangup_while_an_accept_runs_closes_when_the_accept_succeeds() {
    let mut rig = Rig::accepting();
    rig.hangup();
    rig.told("done accept 90004 · done hangup 0 · on_call_end 13");
    rig.ok("accept");
    rig.ok("join");
    rig.asked("join p1 · close p1");
}

/// Scenario (cancel): We accept and then reject, and the accept fails for no clear reason: the caller is
/// still told no.
#[test]
fn a_latched_reject_goes_out_when_the_accept_fails_undecided() {
    let mut rig = Rig::accepting();
    rig.reject();
    rig.answer("accept", 500);
    rig.asked("reject bob p1 q1");
    let mut rig = Rig::accepting();
    rig.reject();
    rig.answer("accept", Code::INVITE_ACCEPTED);
    rig.asked("");
}

/// Scenario (devices): Another device of ours accepts or rejects: the ringing stops and says which.
#[test]
fn another_device_that_answered_ends_the_ringing() {
    let mut rig = Rig::called();
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    rig.told("on_other_client_accept bob · on_call_end 18");
    let mut rig = Rig::called();
    rig.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    rig.told("on_other_client_reject bob · on_call_end 17");
    rig.asked("");
}

/// Scenario (devices): Another device of ours resolved a glare: the ringing stops as answered elsewhere.
#[test]
fn a_cancel_that_ends_a_glare_means_that_another_device_has_the_call() {
    let mut rig = Rig::called();
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "{\"version\":\"1.8.1\",\"reason\":0,\"glare\":true}");
    rig.told("on_other_client_accept bob · on_call_end 18");
}

/// Scenario (cancel): The caller closes the channel while it rings here: the ringing stops, as by a cancel.
#[test]
fn a_closed_channel_ends_the_ringing() {
    let mut rig = Rig::called();
    rig.peer_closes("p1");
    assert_eq!(rig.last_end().reason, EndReason::PeerCancelled);
    rig.asked("");
}

/// Scenario (wrong): A cancel, close or answer comes from the wrong person, or with another call's ids,
/// while it rings: nothing changes.
#[test]
fn words_from_the_wrong_person_or_with_wrong_ids_change_nothing() {
    let mut rig = Rig::called();
    rig.signal(EventKind::Cancel, "eve", "p1", "q1", "");
    rig.signal(EventKind::Cancel, "bob", "p1", "q2", "");
    rig.signal(EventKind::Cancel, "bob", "p2", "q1", "");
    rig.signal(EventKind::Close, "eve", "p1", "", "");
    rig.signal(EventKind::Leave, "bob", "p1", "", "");
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "eve", "p1", "q1", "");
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q2", "");
    rig.told("");
    rig.asked("");
    assert_eq!(rig.state(), 2);
}

/// Scenario (busy): While we call, ring or talk, a third person's call is answered busy, and nothing of the
/// running call changes.
#[test]
fn somebody_else_is_busy_and_the_running_call_is_untouched() {
    for mut rig in [Rig::calling(), Rig::called(), Rig::accepting(), Rig::glare_loser(), Rig::in_call()] {
        let state = rig.state();
        rig.invite("carol", "c1", "s1");
        rig.asked("reject carol c1 s1 reason 3");
        rig.told("on_missed_call carol busy");
        rig.invite_old("dave", "d1", "s2");
        rig.asked("reject dave d1 s2 601");
        rig.told("on_missed_call dave busy");
        assert_eq!(rig.state(), state);
    }
}

/// Scenario (order): An invite arrives twice, also after its end: it rings once.
#[test]
fn an_invite_that_is_here_or_was_here_is_ignored() {
    let mut rig = Rig::called();
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.reject();
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.asked("");
    let mut rig = Rig::in_call_as_callee();
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.asked("");
}

/// Scenario (order): A cancel, a close or another device's answer arrives before its invite: the invite
/// does not ring.
#[test]
fn an_end_that_comes_before_its_invite_keeps_it_from_ringing() {
    let mut rig = Rig::new();
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.invite("bob", "p1", "q1");
    rig.peer_closes("p2");
    rig.invite("bob", "p2", "q2");
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p3", "q3", "");
    rig.invite("bob", "p3", "q3");
    rig.told("");
    rig.asked("");
}

/// Scenario (order): Several ends arrive before their invites, mixed with other calls: each keeps its own
/// invite from ringing and no other.
#[test]
fn each_end_that_comes_first_keeps_its_own_invite_from_ringing_and_no_other() {
    let mut rig = Rig::new();
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.signal(EventKind::Cancel, "bob", "p2", "q2", "");
    rig.signal(EventKind::Cancel, "carol", "p3", "q3", "");
    rig.invite("bob", "p4", "q4");
    rig.told("on_invited bob");
    rig.reject();
    rig.settle();
    rig.forget();
    rig.invite("carol", "p3", "q3");
    rig.invite("bob", "p2", "q2");
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.invite("bob", "p1", "q5");
    rig.told("on_invited bob");
}

/// Scenario (wrong): A stranger sends the end of somebody's invite in advance: it rings all the same.
#[test]
fn a_stranger_cannot_keep_an_invite_from_ringing() {
    let mut rig = Rig::new();
    rig.signal(EventKind::Cancel, "eve", "p1", "q1", "");
    rig.signal(EventKind::Close, "eve", "p1", "", "");
    rig.invite("bob", "p1", "q1");
    rig.told("on_invited bob");
}

/// Scenario (order): What has ended is remembered for ten minutes.
#[test]
fn a_tombstone_lasts_ten_minutes() {
    let mut rig = Rig::new();
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.pass(600_000);
    rig.invite("bob", "p1", "q1");
    rig.told("on_invited bob");
}

/// Scenario (busy): An invite to a group call is answered busy and told as a missed call.
#[test]
fn a_group_invite_is_busy_and_missed() {
    let mut rig = Rig::new();
    let custom_info = new_style("p1", "k1").replace("\"callType\":0", "\"callType\":1");
    rig.signal(EventKind::Invite, "bob", "p1", "q1", &custom_info);
    rig.told("on_missed_call bob group");
    rig.asked("reject bob p1 q1 reason 3");
    assert_eq!(rig.state(), 0);
}

/// Scenario (wrong): An invite without ids, or from our own account, does not ring.
#[test]
fn invites_without_ids_or_from_ourselves_are_ignored() {
    let mut rig = Rig::new();
    rig.invite("bob", "", "q1");
    rig.invite("bob", "p1", "");
    rig.invite("", "p1", "q1");
    rig.invite("al", "p1", "q1");
    rig.told("");
    rig.asked("");
}

/// Scenario (wrong): An invite with a malformed text rings, as one from a client that says nothing.
#[test]
fn malformed_attachments_ring_as_old_ones() {
    let deep = format!("{{\"version\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    for custom_info in
        ["", "no json", "{\"version\":7,\"channelName\":[]}", "[]", &deep, "{\"callType\":\"1\"}"]
    {
        let mut rig = Rig::new();
        rig.signal(EventKind::Invite, "bob", "p1", "q1", custom_info);
        rig.told("on_invited bob");
        rig.accept();
        rig.ok("accept");
        rig.ok("join");
        rig.control("p1", "{\"cid\":1}");
        rig.asked("accept bob p1 q1 · join p1 · rtc join p1 as 11");
    }
}

/// Scenario (busy): While the app does not take its events, callers hear busy instead of ringing unheard.
#[test]
fn nobody_rings_while_the_host_does_not_take_its_events() {
    let mut rig = Rig::new();
    rig.handle(Input::Backlog(true));
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.asked("reject bob p1 q1 reason 3");
    rig.handle(Input::Backlog(false));
    rig.invite("bob", "p2", "q2");
    rig.told("on_invited bob");
}

/// Scenario (wrong): A service with a nonsensical clock does no harm.
#[test]
fn a_service_clock_at_the_end_of_time_does_no_harm() {
    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    rig.answer_with("login", OperationResult { server_ms: u64::MAX, ..OperationResult::default() });
    rig.pass(1_000);
    rig.forget();
    let mut event = rig.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    event.time_ms = u64::MAX;
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    rig.told("on_invited bob");
}

/// Scenario (recall): The caller hangs up and calls again at once, and the second invite comes first: it
/// waits and rings afterwards.
#[test]
fn a_redial_waits_and_rings_after_the_end_of_the_first() {
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.told("");
    rig.asked("");
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
    assert_eq!(&*rig.snapshot().channel_id, "p2");
}

/// Scenario (recall): A second invite of the caller was taken back while it waited: it never rings.
#[test]
fn a_redial_that_was_taken_back_does_not_ring() {
    for signal in [EventKind::Cancel, EventKind::Close] {
        let mut rig = Rig::called();
        rig.invite("bob", "p2", "q2");
        rig.signal(signal, "bob", "p2", "q2", "");
        rig.peer_cancels();
        rig.told("on_user_cancel bob · on_call_end 12");
    }
}

/// Scenario (wrong): A stranger takes a waiting invite back: it stays.
#[test]
fn somebody_else_cannot_take_a_redial_back() {
    for signal in [EventKind::Cancel, EventKind::Close] {
        let mut rig = Rig::called();
        rig.invite("bob", "p2", "q2");
        rig.signal(signal, "eve", "p2", "q2", "");
        rig.peer_cancels();
        rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
    }
}

/// Scenario (recall): We accept the first invite while a second one waits: the second is answered busy.
#[test]
fn a_redial_is_rejected_when_the_first_is_accepted() {
    let mut rig = Rig::accepting();
    rig.invite("bob", "p2", "q2");
    rig.told("");
    rig.ok("accept");
    rig.told("done accept 0");
    rig.asked("reject bob p2 q2 reason 3 · join p1");
}

/// Scenario (expiry): An invite that waited behind another became too old: a missed call, no ring.
#[test]
fn a_redial_that_waited_beyond_its_age_is_a_missed_call() {
    let timers = Timers { invite_age_ms: 5_000, ..Timers::default() };
    let mut rig = Rig::with(Config { timers, caps: caps(), ..Config::default() });
    rig.invite("bob", "p1", "q1");
    rig.accept();
    rig.invite("bob", "p2", "q2");
    rig.forget();
    rig.pass(8_000);
    rig.told("done accept 408 · on_call_end 21 · on_missed_call bob expired");
    assert_eq!(rig.state(), 0);
}

/// Scenario (recall): Several invites of the caller wait: the newest is kept.
#[test]
fn the_redial_with_the_newer_channel_time_is_kept() {
    let mut rig = Rig::called();
    for (channel, request, create_ms) in [("p2", "q2", 20), ("p3", "q3", 10)] {
        let mut event = rig.event(EventKind::Invite, "bob", channel, request, &new_style(channel, "k1"));
        event.channel.create_ms = create_ms;
        rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    }
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
    assert_eq!(&*rig.snapshot().channel_id, "p2");
}
