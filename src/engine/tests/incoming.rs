//! Incoming calls: the callee's column of the event-order table, and the signaling operations behind it.

use super::super::input::*;
use super::super::output::*;
use super::super::{Config, Timers};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{Code, EventKind, OperationResult, Origin};

/// Scenario (ordinary): An invite rings with the caller, the type, the caller's attachment and the remaining
/// ring time.
#[test]
fn an_invite_rings_with_the_callers_options() {
    let mut harness = Harness::new();
    let custom_info =
        "{\"version\":\"1.8.1\",\"channelName\":\"p1|0|7\",\"callId\":\"k1\",\"_attachment\":{\"a\":1}}";
    harness.signal(EventKind::Invite, "bob", "p1", "q1", custom_info);
    harness.emits("on_invited bob");
    let Some(Event::Invited(invited)) = harness.events.last() else { panic!("it rings") };
    assert_eq!((&*invited.channel_id, &*invited.request_id, &*invited.call_id), ("p1", "q1", "k1"));
    assert_eq!((&*invited.attachment, invited.ring_left_ms), ("{\"a\":1}", 30_000));
    assert!(!invited.offline);
}

/// Scenario (ordinary): We accept: the channel is joined, then the media room that the invite named, and
/// both sides are notified in the same order.
#[test]
fn an_accepted_calls_events_have_the_tables_order() {
    let mut harness = Harness::called();
    harness.accept();
    harness.emits("");
    harness.asked("accept bob p1 q1");
    harness.ok("accept");
    harness.emits("done accept 0");
    harness.asked("join p1");
    harness.ok("join");
    harness.asked("rtc join p1|0|7 as 11");
    harness.ok("rtc join");
    harness.rtc(RtcEvent::PeerJoin { uid: 7 });
    harness.emits("on_user_enter bob · on_call_connected bob");
}

/// Scenario (wrong): accept() is called twice: one accept, and both completions are the same.
#[test]
fn a_second_accept_shares_the_completion_of_the_first() {
    let mut harness = Harness::accepting();
    harness.accept();
    harness.asked("");
    harness.ok("accept");
    harness.emits("done accept 0 · done accept 0");
}

#[test]
fn soft_successes_of_accept_are_successes() {
    for code in [Code::PEER_OFFLINE, Code::PEER_PUSH_OFFLINE] {
        let mut harness = Harness::accepting();
        harness.answer("accept", code);
        harness.emits("done accept 0");
        assert_eq!(harness.state(), 3);
    }
}

/// Scenario (ordinary): We reject: the call ends at once, regardless of the operation's result.
#[test]
fn a_reject_is_final_at_once() {
    let mut harness = Harness::called();
    harness.reject();
    harness.emits("done reject 0 · on_call_end 13");
    harness.asked("reject bob p1 q1");
    harness.answer("reject", 500);
    harness.emits("on_error reject 500");
}

/// Scenario (ordinary): Hanging up while it rings is a rejection.
#[test]
fn hangup_while_called_is_reject() {
    let mut harness = Harness::called();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 13");
    harness.asked("reject bob p1 q1");
}

/// Scenario (old): A rejection has the format of the caller's client.
#[test]
fn a_reject_without_call_id_is_empty_else_an_echo() {
    let mut harness = Harness::new();
    harness.invite_old("bob", "p1", "q1");
    harness.reject();
    assert_eq!(&*harness.text_of("reject"), "");
    harness.invite("bob", "p2", "q2");
    harness.reject();
    let text = harness.text_of("reject");
    let text = super::super::wire::read(&text);
    assert_eq!((&*text.call_id, text.reason), ("k1", 0));
}

/// Scenario (cancel): The caller cancels while it rings here: the ringing stops.
#[test]
fn the_callers_cancel_ends_it() {
    let mut harness = Harness::called();
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12");
    harness.asked("");
}

/// Scenario (timeout): The caller's ring limit expires first: the callee gets the events of its own limit.
#[test]
fn a_cancel_with_reason_2_shows_what_the_own_timer_shows() {
    let mut by_cancel = Harness::called();
    by_cancel.signal(EventKind::Cancel, "bob", "p1", "q1", "{\"reason\":2}");
    by_cancel.emits("on_user_busy al · on_call_end 2");
    by_cancel.asked("");
    let mut by_timer = Harness::called();
    by_timer.pass(30_500);
    by_timer.emits("on_user_busy al · on_call_end 2");
    by_timer.asked("reject bob p1 q1 reason 2");
}

/// Scenario (timeout): We do not answer: the ringing ends half a second after the limit, so that the
/// caller's own limit comes first.
#[test]
fn the_callees_ring_limit_is_half_a_second_longer() {
    let mut harness = Harness::new();
    harness.command(Command::SetCallTimeout { timeout_ms: 4_000 });
    harness.invite("bob", "p1", "q1");
    harness.forget();
    harness.pass(4_499);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_user_busy al · on_call_end 2");
}

/// Scenario (old): A timeout of the callee has the format of the caller's client.
#[test]
fn a_callees_timeout_is_601_without_call_id() {
    let mut harness = Harness::new();
    harness.invite_old("bob", "p1", "q1");
    harness.forget();
    harness.pass(30_500);
    harness.asked("reject bob p1 q1 601");
}

/// Scenario (timeout): The ring limit expires while our accept is pending: the service decides.
#[test]
fn a_call_that_is_being_accepted_does_not_ring_out() {
    let mut harness = Harness::called();
    harness.pass(30_400);
    harness.accept();
    harness.forget();
    harness.pass(5_000);
    harness.emits("");
    harness.ok("accept");
    harness.emits("done accept 0");
}

/// Scenario (devices): We accept too late: the app learns whether another device accepted, rejected, or
/// the caller cancelled.
#[test]
fn an_accept_too_late_shows_who_was_first() {
    let cases = [
        (Code::INVITE_ACCEPTED, "done accept 10410 · on_other_client_accept bob · on_call_end 18"),
        (Code::INVITE_REJECTED, "done accept 10409 · on_other_client_reject bob · on_call_end 17"),
        (Code::INVITE_NOT_EXISTS, "done accept 10408 · on_user_cancel bob · on_call_end 12"),
        (Code::CHANNEL_NOT_EXISTS, "done accept 10404 · on_user_cancel bob · on_call_end 12"),
    ];
    for (code, emitted) in cases {
        let mut harness = Harness::accepting();
        harness.answer("accept", code);
        harness.emits(emitted);
        harness.asked("");
    }
}

/// Scenario (failure): Our accept fails for another reason: the call ends as failed, and the invite is
/// rejected.
#[test]
fn an_accept_that_fails_otherwise_ends_with_21() {
    let mut harness = Harness::accepting();
    harness.answer("accept", 500);
    harness.emits("done accept 500 · on_call_end 21");
    harness.asked("leave p1 · reject bob p1 q1");
}

/// Scenario (failure): Our accept never completes: the call ends after eight seconds, and a grant that
/// comes later is undone.
#[test]
fn an_accept_has_eight_seconds_and_a_late_success_is_undone() {
    let mut harness = Harness::accepting();
    harness.pass(7_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done accept 408 · on_call_end 21");
    harness.asked("leave p1 · reject bob p1 q1");
    harness.ok("accept");
    harness.asked("join p1");
    harness.ok("join");
    harness.asked("close p1");
}

/// Scenario (cancel): We accept, and a cancel or another device's answer arrives before the service has
/// decided: its decision counts.
#[test]
fn while_an_accept_is_pending_its_completion_decides() {
    let mut harness = Harness::accepting();
    harness.peer_cancels();
    harness.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    harness.emits("");
    harness.ok("accept");
    harness.emits("done accept 0");
    assert_eq!(harness.state(), 3);
}

/// Scenario (cancel): We accept, and the channel is closed meanwhile: the call ends as hung up, and the
/// channel is left.
#[test]
fn a_close_during_an_accept_ends_the_granted_call() {
    let mut harness = Harness::accepting();
    harness.peer_closes("p1");
    harness.emits("");
    harness.ok("accept");
    harness.emits("done accept 0 · on_call_end 16");
    harness.asked("leave p1");
}

/// Scenario (cancel): Our accept is granted, and the channel no longer exists when we join it: the caller
/// hung up.
#[test]
fn a_channel_gone_at_the_join_means_the_caller_hung_up() {
    let mut harness = Harness::accepting();
    harness.ok("accept");
    harness.forget();
    harness.answer("join", Code::CHANNEL_NOT_EXISTS);
    harness.emits("on_call_end 16");
    harness.asked("");
}

/// Scenario (cancel): We accept and then reject before the service has decided: the reject counts, and a
/// granted call is left.
#[test]
fn a_reject_while_an_accept_runs_is_a_latch() {
    let mut harness = Harness::accepting();
    harness.reject();
    harness.emits("done accept 90004 · done reject 0 · on_call_end 13");
    harness.asked("");
    harness.ok("accept");
    harness.asked("join p1");
    harness.ok("join");
    harness.asked("leave p1");
    harness.emits("");
}

/// Scenario (cancel): We accept and then hang up before the service has decided: a granted call is closed.
#[test]
fn a_hangup_during_an_accept_closes_the_granted_call() {
    let mut harness = Harness::accepting();
    harness.hangup();
    harness.emits("done accept 90004 · done hangup 0 · on_call_end 13");
    harness.ok("accept");
    harness.ok("join");
    harness.asked("join p1 · close p1");
}

/// Scenario (cancel): We accept and then reject, and the accept fails for no clear reason: the caller still
/// gets the reject.
#[test]
fn a_latched_reject_goes_out_when_the_accept_fails_undecided() {
    let mut harness = Harness::accepting();
    harness.reject();
    harness.answer("accept", 500);
    harness.asked("reject bob p1 q1");
    let mut harness = Harness::accepting();
    harness.reject();
    harness.answer("accept", Code::INVITE_ACCEPTED);
    harness.asked("");
}

/// Scenario (devices): Another device of ours accepts or rejects: the ringing stops with the reason.
#[test]
fn another_device_that_answered_ends_the_ringing() {
    let mut harness = Harness::called();
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    harness.emits("on_other_client_accept bob · on_call_end 18");
    let mut harness = Harness::called();
    harness.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    harness.emits("on_other_client_reject bob · on_call_end 17");
    harness.asked("");
}

/// Scenario (devices): Another device of ours resolved a glare: the ringing stops as answered on another
/// device.
#[test]
fn a_glare_cancel_means_another_device_has_the_call() {
    let mut harness = Harness::called();
    harness.signal(
        EventKind::Cancel,
        "bob",
        "p1",
        "q1",
        "{\"version\":\"1.8.1\",\"reason\":0,\"glare\":true}",
    );
    harness.emits("on_other_client_accept bob · on_call_end 18");
}

/// Scenario (cancel): The caller closes the channel while it rings here: the ringing stops, as by a cancel.
#[test]
fn a_closed_channel_ends_the_ringing() {
    let mut harness = Harness::called();
    harness.peer_closes("p1");
    assert_eq!(harness.last_end().reason, EndReason::PeerCancelled);
    harness.asked("");
}

/// Scenario (wrong): A cancel, close or answer of a third party, or with another call's ids,
/// while it rings: nothing changes.
#[test]
fn messages_of_others_or_with_wrong_ids_are_ignored() {
    let mut harness = Harness::called();
    harness.signal(EventKind::Cancel, "eve", "p1", "q1", "");
    harness.signal(EventKind::Cancel, "bob", "p1", "q2", "");
    harness.signal(EventKind::Cancel, "bob", "p2", "q1", "");
    harness.signal(EventKind::Close, "eve", "p1", "", "");
    harness.signal(EventKind::Leave, "bob", "p1", "", "");
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "eve", "p1", "q1", "");
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q2", "");
    harness.emits("");
    harness.asked("");
    assert_eq!(harness.state(), 2);
}

/// Scenario (busy): While calling, ringing or in a call, a third party's call is answered busy, and the live
/// call is not affected.
#[test]
fn somebody_else_is_busy_and_the_running_call_is_untouched() {
    for mut harness in [
        Harness::calling(),
        Harness::called(),
        Harness::accepting(),
        Harness::glare_loser(),
        Harness::in_call(),
    ] {
        let state = harness.state();
        harness.invite("carol", "c1", "s1");
        harness.asked("reject carol c1 s1 reason 3");
        harness.emits("on_missed_call carol busy");
        harness.invite_old("dave", "d1", "s2");
        harness.asked("reject dave d1 s2 601");
        harness.emits("on_missed_call dave busy");
        assert_eq!(harness.state(), state);
    }
}

/// Scenario (order): An invite arrives twice, also after its end: it rings once.
#[test]
fn an_invite_that_is_here_or_was_here_is_ignored() {
    let mut harness = Harness::called();
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.reject();
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.asked("");
    let mut harness = Harness::in_call_as_callee();
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.asked("");
}

/// Scenario (order): A cancel, a close or another device's answer arrives before its invite: the invite
/// does not ring.
#[test]
fn an_end_that_comes_before_its_invite_keeps_it_from_ringing() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.invite("bob", "p1", "q1");
    harness.peer_closes("p2");
    harness.invite("bob", "p2", "q2");
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p3", "q3", "");
    harness.invite("bob", "p3", "q3");
    harness.emits("");
    harness.asked("");
}

/// Scenario (order): Several ends arrive before their invites, mixed with other calls: each blocks its own
/// invite and no other.
#[test]
fn an_end_before_its_invite_blocks_that_invite_only() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.signal(EventKind::Cancel, "bob", "p2", "q2", "");
    harness.signal(EventKind::Cancel, "carol", "p3", "q3", "");
    harness.invite("bob", "p4", "q4");
    harness.emits("on_invited bob");
    harness.reject();
    harness.settle();
    harness.forget();
    harness.invite("carol", "p3", "q3");
    harness.invite("bob", "p2", "q2");
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.invite("bob", "p1", "q5");
    harness.emits("on_invited bob");
}

/// Scenario (wrong): A third party sends the end of an invite in advance: it rings all the same.
#[test]
fn a_stranger_cannot_block_an_invite() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "eve", "p1", "q1", "");
    harness.signal(EventKind::Close, "eve", "p1", "", "");
    harness.invite("bob", "p1", "q1");
    harness.emits("on_invited bob");
}

/// Scenario (order): Ended invites are remembered for ten minutes.
#[test]
fn a_tombstone_lasts_ten_minutes() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.pass(600_000);
    harness.invite("bob", "p1", "q1");
    harness.emits("on_invited bob");
}

/// Scenario (busy): An invite to a group call is answered busy and reported as a missed call.
#[test]
fn a_group_invite_is_busy_and_missed() {
    let mut harness = Harness::new();
    let custom_info = new_style("p1", "k1").replace("\"callType\":0", "\"callType\":1");
    harness.signal(EventKind::Invite, "bob", "p1", "q1", &custom_info);
    harness.emits("on_missed_call bob group");
    harness.asked("reject bob p1 q1 reason 3");
    assert_eq!(harness.state(), 0);
}

/// Scenario (wrong): An invite without ids, or from our own account, does not ring.
#[test]
fn invites_without_ids_or_from_ourselves_are_ignored() {
    let mut harness = Harness::new();
    harness.invite("bob", "", "q1");
    harness.invite("bob", "p1", "");
    harness.invite("", "p1", "q1");
    harness.invite("al", "p1", "q1");
    harness.emits("");
    harness.asked("");
}

/// Scenario (wrong): An invite with a malformed attachment rings, as one without attachment.
#[test]
fn malformed_attachments_ring_as_legacy_ones() {
    let deep = format!("{{\"version\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    for custom_info in
        ["", "no json", "{\"version\":7,\"channelName\":[]}", "[]", &deep, "{\"callType\":\"1\"}"]
    {
        let mut harness = Harness::new();
        harness.signal(EventKind::Invite, "bob", "p1", "q1", custom_info);
        harness.emits("on_invited bob");
        harness.accept();
        harness.ok("accept");
        harness.ok("join");
        harness.control("p1", "{\"cid\":1}");
        harness.asked("accept bob p1 q1 · join p1 · rtc join p1 as 11");
    }
}

/// Scenario (busy): While the app does not take its events, callers get busy.
#[test]
fn nobody_rings_while_the_app_takes_no_events() {
    let mut harness = Harness::new();
    harness.handle(Input::Backlog(true));
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.asked("reject bob p1 q1 reason 3");
    harness.handle(Input::Backlog(false));
    harness.invite("bob", "p2", "q2");
    harness.emits("on_invited bob");
}

/// Scenario (wrong): A service with an implausible clock does no harm.
#[test]
fn a_service_clock_at_the_end_of_time_does_no_harm() {
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    harness.answer_with("login", OperationResult { server_ms: u64::MAX, ..OperationResult::default() });
    harness.pass(1_000);
    harness.forget();
    let mut event = harness.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    event.time_ms = u64::MAX;
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    harness.emits("on_invited bob");
}

/// Scenario (recall): The caller hangs up and calls again at once, and the second invite arrives first: it
/// is parked and rings afterwards.
#[test]
fn a_redial_waits_and_rings_after_the_end_of_the_first() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.emits("");
    harness.asked("");
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
    assert_eq!(&*harness.snapshot().channel_id, "p2");
}

/// Scenario (recall): A second invite of the caller was cancelled while parked: it never rings.
#[test]
fn a_cancelled_redial_does_not_ring() {
    for signal in [EventKind::Cancel, EventKind::Close] {
        let mut harness = Harness::called();
        harness.invite("bob", "p2", "q2");
        harness.signal(signal, "bob", "p2", "q2", "");
        harness.peer_cancels();
        harness.emits("on_user_cancel bob · on_call_end 12");
    }
}

/// Scenario (wrong): A third party cancels a parked invite: it stays.
#[test]
fn somebody_else_cannot_take_a_redial_back() {
    for signal in [EventKind::Cancel, EventKind::Close] {
        let mut harness = Harness::called();
        harness.invite("bob", "p2", "q2");
        harness.signal(signal, "eve", "p2", "q2", "");
        harness.peer_cancels();
        harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
    }
}

/// Scenario (recall): We accept the first invite while a second one is parked: the second is answered busy.
#[test]
fn a_redial_is_rejected_when_the_first_is_accepted() {
    let mut harness = Harness::accepting();
    harness.invite("bob", "p2", "q2");
    harness.emits("");
    harness.ok("accept");
    harness.emits("done accept 0");
    harness.asked("reject bob p2 q2 reason 3 · join p1");
}

/// Scenario (expiry): A parked invite became too old: a missed call, no ring.
#[test]
fn a_redial_that_waited_beyond_its_age_is_a_missed_call() {
    let timers = Timers { invite_age_ms: 5_000, ..Timers::default() };
    let mut harness = Harness::with(Config { timers, caps: caps(), ..Config::default() });
    harness.invite("bob", "p1", "q1");
    harness.accept();
    harness.invite("bob", "p2", "q2");
    harness.forget();
    harness.pass(8_000);
    harness.emits("done accept 408 · on_call_end 21 · on_missed_call bob expired");
    assert_eq!(harness.state(), 0);
}

/// Scenario (recall): Several invites of the caller are parked: the newest is kept.
#[test]
fn the_redial_with_the_newer_channel_time_is_kept() {
    let mut harness = Harness::called();
    for (channel, request, create_ms) in [("p2", "q2", 20), ("p3", "q3", 10)] {
        let mut event = harness.event(EventKind::Invite, "bob", channel, request, &new_style(channel, "k1"));
        event.channel.create_ms = create_ms;
        harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    }
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
    assert_eq!(&*harness.snapshot().channel_id, "p2");
}
