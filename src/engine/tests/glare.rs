//! Both sides call each other: one call results, with both in it.

use super::super::input::*;
use super::super::output::*;
use super::super::state::Phase;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{Channel, ChannelState, Code, EventKind, Origin};

/// Scenario (glare): Both call each other: the greater request id survives, and both sides compare alike.
#[test]
fn the_greater_request_id_survives() {
    assert_eq!(Harness::glare_loser().engine.phase(), Phase::GlareAccepting);
    assert_eq!(Harness::glare_winner().engine.phase(), Phase::Calling);
}

/// Scenario (glare): Both call each other with equal request ids: the greater account's call survives.
#[test]
fn of_equal_request_ids_the_greater_account_survives() {
    for (peer, phase) in [("bob", Phase::GlareAccepting), ("aa", Phase::Calling)] {
        let mut harness = Harness::new();
        harness.call(peer);
        harness.ok("create");
        harness.ok("join");
        harness.ok("invite");
        let own = harness.snapshot().request_id;
        harness.invite(peer, "p1", &own);
        assert_eq!(harness.engine.phase(), phase, "{peer}");
    }
}

/// Scenario (glare): The loser of a glare accepts the other call while its own is pending, and cancels its
/// own only when that is granted.
#[test]
fn the_loser_accepts_theirs_and_then_cancels_its_own() {
    let mut harness = Harness::calling();
    harness.invite("bob", "p1", "zz");
    harness.asked("accept bob p1 zz");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    harness.asked("join p1 · cancel bob ch1 r1 glare");
    harness.ok("cancel");
    harness.asked("close ch1");
    harness.ok("join");
    harness.ok("rtc join");
    harness.rtc(RtcEvent::PeerJoin { uid: 7 });
    harness.emits("on_user_enter bob · on_call_connected bob");
    let snapshot = harness.snapshot();
    assert_eq!((&*snapshot.channel_id, &*snapshot.request_id, snapshot.call_no), ("p1", "zz", 1));
}

/// Scenario (glare): The loser's call() completes with the ids of the surviving call.
#[test]
fn the_losers_call_completes_with_the_surviving_ids() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.ok("join");
    harness.invite("bob", "p1", "zz");
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
    let result = harness.results.last().expect("call() was completed");
    assert_eq!((&*result.channel_id, &*result.request_id, &*result.call_id), ("p1", "zz", "k1"));
    assert_eq!(result.uid, 0, "the uid of the channel that was lost is not ours in this one");
}

/// Scenario (glare): The loser has not invited yet: it sends no invite, and its channel is closed.
#[test]
fn a_loser_that_is_still_creating_sends_no_invite() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.invite("bob", "p1", "zz");
    harness.asked("create · accept bob p1 zz");
    harness.ok("create");
    harness.ok("join");
    harness.asked("join ch1");
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
    harness.asked("join p1 · close ch1");
}

/// Scenario (glare): The loser's accept fails: its own call continues.
#[test]
fn a_loser_whose_accept_fails_goes_on_where_it_was() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.invite("bob", "p1", "zz");
    harness.ok("create");
    harness.ok("join");
    harness.forget();
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    harness.asked("invite bob ch1 r1");
    harness.ok("invite");
    harness.emits("done call 0");
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
}

/// Scenario (glare): Both invites of a glare are accepted: one call results, the surviving one.
#[test]
fn a_loser_whose_own_was_accepted_meanwhile_still_takes_theirs() {
    let mut harness = Harness::glare_loser();
    harness.peer_accepts();
    harness.emits("");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    harness.asked("join p1 · cancel bob ch1 r1 glare");
}

/// Scenario (glare): The loser's accept fails and its own was accepted meanwhile: it is in its own call.
#[test]
fn a_loser_keeps_its_accepted_call_if_its_accept_fails() {
    let mut harness = Harness::glare_loser();
    harness.peer_accepts();
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    harness.emits("on_user_accept bob");
    harness.asked("rtc join ch1|0|11 as 11");
}

/// Scenario (glare): The loser's accept fails and its own was rejected meanwhile: the call ends as
/// rejected.
#[test]
fn a_loser_ends_as_rejected_if_its_accept_fails() {
    let mut harness = Harness::glare_loser();
    harness.peer_rejects("601");
    harness.emits("");
    harness.answer("accept", 500);
    harness.emits("on_user_busy bob · on_message_sent 5 · on_call_end 3");
}

/// Scenario (devices): We lose a glare, and another device of ours has answered the other call: ours ends
/// as answered on another device.
#[test]
fn a_loser_whose_other_device_was_first_ends_with_18() {
    let mut harness = Harness::glare_loser();
    harness.answer("accept", Code::INVITE_ACCEPTED);
    harness.emits("on_other_client_accept bob · on_call_end 18");
    harness.asked("cancel bob ch1 r1 glare");
    harness.ok("cancel");
    harness.asked("close ch1");
}

/// Scenario (glare): The loser's user cancels: that is final for both invites.
#[test]
fn the_losers_users_cancel_is_final_on_both_channels() {
    let mut harness = Harness::glare_loser();
    harness.cancel();
    harness.emits("done cancel 0 · on_message_sent 2 · on_call_end 11");
    harness.asked("cancel bob ch1 r1 · record 2 to bob");
    harness.ok("accept");
    harness.asked("join p1");
    harness.ok("join");
    harness.asked("close p1");
    harness.ok("cancel");
    harness.asked("close ch1");
    harness.settle();
    harness.emits("");
    assert_eq!(harness.state(), 0);
}

/// Scenario (glare): The winner hangs up while the loser accepts: the call ends.
#[test]
fn theirs_that_was_closed_while_it_is_accepted_ends_the_call() {
    let mut harness = Harness::glare_loser();
    harness.peer_closes("p1");
    harness.emits("");
    harness.ok("accept");
    assert_eq!(harness.last_end().reason, EndReason::PeerHungUp);
    assert_eq!(harness.state(), 0);
}

/// Scenario (wrong): A third party closes a channel of a glare: nothing changes.
#[test]
fn a_close_by_somebody_else_does_not_count_in_a_glare() {
    let mut harness = Harness::glare_loser();
    harness.signal(EventKind::Close, "eve", "p1", "", "");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    let mut harness = Harness::glare_winner();
    harness.signal(EventKind::Close, "eve", "p1", "", "");
    harness.peer_rejects("");
    harness.asked("close ch1 · accept bob p1 !");
}

/// Scenario (glare): The winner of a glare parks the other invite until its own is accepted, and then rejects
/// it as busy.
#[test]
fn the_winner_parks_theirs_and_rejects_it_as_busy() {
    let mut harness = Harness::glare_winner();
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
    harness.asked("reject bob p1 ! reason 3 · rtc join ch1|0|11 as 11");
}

/// Scenario (glare): The winner has not invited yet when the other invite arrives: it continues calling.
#[test]
fn a_winner_that_is_still_creating_parks_theirs() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.invite("bob", "p1", "!");
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.asked("create · join ch1 · invite bob ch1 r1");
    harness.emits("done call 0");
    harness.peer_accepts();
    harness.asked("reject bob p1 ! reason 3 · rtc join ch1|0|11 as 11");
}

/// Scenario (glare): The winner's own call is rejected or closed: it accepts the other one.
#[test]
fn the_winner_takes_theirs_when_its_own_is_refused_in_any_way() {
    for custom_info in ["", "601", "{\"reason\":2}"] {
        let mut harness = Harness::glare_winner();
        harness.peer_rejects(custom_info);
        harness.emits("");
        harness.asked("close ch1 · accept bob p1 !");
        harness.ok("accept");
        harness.emits("on_user_accept bob");
        harness.asked("join p1");
    }
}

/// Scenario (glare): The winner's own call fails: it accepts the other one.
#[test]
fn the_winner_takes_theirs_when_its_own_operation_fails() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.invite("bob", "p1", "!");
    harness.forget();
    harness.answer("create", 500);
    harness.emits("");
    harness.asked("accept bob p1 !");
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
}

/// Scenario (glare): Both calls of a glare fail: the call ends with the first cause.
#[test]
fn the_winner_ends_with_the_first_cause_if_both_fail() {
    let mut harness = Harness::glare_winner();
    harness.peer_rejects("601");
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    harness.emits("on_user_busy bob · on_message_sent 5 · on_call_end 3");
}

/// Scenario (glare): The winner gets no answer for three seconds: it yields and accepts the other call.
#[test]
fn a_winner_without_an_answer_for_3_s_yields() {
    let mut harness = Harness::glare_winner();
    harness.pass(2_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("cancel bob ch1 r1 glare");
    harness.ok("cancel");
    harness.asked("close ch1 · accept bob p1 !");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
}

/// Scenario (glare): The winner yields when its call was just accepted: it waits for that accept.
#[test]
fn a_winner_that_yields_too_late_waits_for_the_accept() {
    let mut harness = Harness::glare_winner();
    harness.pass(3_000);
    harness.forget();
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.emits("");
    harness.pass(10_000);
    harness.asked("");
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
    harness.asked("reject bob p1 ! reason 3 · rtc join ch1|0|11 as 11");
}

/// Scenario (glare): The winner's user cancels: the parked invite is rejected too.
#[test]
fn a_winners_users_cancel_also_rejects_theirs() {
    let mut harness = Harness::glare_winner();
    harness.cancel();
    harness.emits("done cancel 0 · on_message_sent 2 · on_call_end 11");
    harness.asked("cancel bob ch1 r1 · reject bob p1 ! · record 2 to bob");
}

/// Scenario (glare): The winner's ring limit expires: the parked invite is rejected too.
#[test]
fn a_winners_ring_limit_also_rejects_theirs() {
    let mut harness = Harness::new();
    harness.command(Command::SetCallTimeout { timeout_ms: 1_000 });
    harness.place_call();
    harness.invite("bob", "p1", "!");
    harness.pass(1_000);
    harness.asked("cancel bob ch1 r1 reason 2");
    harness.ok("cancel");
    harness.emits("on_calling_timeout · on_message_sent 4 · on_call_end 2");
    harness.asked("close ch1 · reject bob p1 ! · record 4 to bob");
}

/// Scenario (old): A glare with a client that does not compare: its call is accepted at once, and ours is
/// not cancelled while that call is live.
#[test]
fn a_legacy_invite_is_accepted_without_cancelling_ours() {
    for request in ["!", "zz"] {
        let mut harness = Harness::calling();
        harness.invite_old("bob", "p1", request);
        harness.asked(&format!("accept bob p1 {request}"));
        harness.ok("accept");
        harness.emits("on_user_accept bob");
        harness.asked("join p1");
        // It rejects ours by itself: that is swallowed, and our channel closed.
        harness.peer_rejects("601");
        harness.emits("");
        harness.asked("close ch1");
        assert_eq!(harness.state(), 3);
    }
}

/// Scenario (old): A glare with a client that never answers ours: ours is cancelled when the call ends.
#[test]
fn an_invite_a_legacy_client_ignored_is_cancelled_at_the_end() {
    let mut harness = Harness::calling();
    harness.invite_old("bob", "p1", "zz");
    harness.ok("accept");
    harness.ok("join");
    harness.forget();
    harness.hangup();
    harness.emits("done hangup 0 · on_call_end 15");
    harness.asked("close p1 · cancel bob ch1 r1 glare");
}

/// Scenario (old): Our invite fails while a legacy client's is being accepted: it is cancelled when that
/// call ends, or at once if that fails.
#[test]
fn our_failed_invite_is_kept_while_accepting_a_legacy_one() {
    let accepting = || {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.invite_old("bob", "p1", "zz");
        harness.forget();
        harness.answer("invite", Code::BACKEND_FAILED);
        harness.asked("");
        harness
    };
    let mut harness = accepting();
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
    harness.ok("join");
    harness.forget();
    harness.hangup();
    harness.asked("close p1 · cancel bob ch1 r1 glare");
    let mut harness = accepting();
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    harness.emits("done call 90008 · on_call_end 7");
    harness.asked("cancel bob ch1 r1");
    let mut harness = accepting();
    harness.peer_rejects("601");
    harness.ok("accept");
    harness.emits("done call 0 · on_user_accept bob");
    harness.asked("close ch1 · join p1");
}

/// Scenario (old): The cancel of our ring limit is pending while a legacy client's call is being
/// accepted: no second one is sent.
#[test]
fn our_timeout_cancel_is_not_repeated_for_a_legacy_call() {
    let ringing_out = || {
        let mut harness = Harness::new();
        harness.command(Command::SetCallTimeout { timeout_ms: 1_000 });
        harness.place_call();
        harness.pass(1_000);
        harness.invite_old("bob", "p1", "zz");
        harness.forget();
        harness
    };
    let fails: [fn(&mut Harness); 2] =
        [|harness| harness.answer("cancel", Code::BACKEND_FAILED), |harness| harness.pass(5_000)];
    for fail in fails {
        let mut harness = ringing_out();
        fail(&mut harness);
        harness.asked("");
        harness.ok("accept");
        harness.emits("on_user_accept bob");
        harness.asked("join p1");
        let mut harness = ringing_out();
        fail(&mut harness);
        harness.answer("accept", Code::INVITE_NOT_EXISTS);
        harness.emits("on_calling_timeout · on_message_sent 4 · on_call_end 2");
        harness.asked("cancel bob ch1 r1 reason 2 · record 4 to bob");
    }
}

/// Scenario (glare): An audio call loses against a video call: the type is reported first, and no
/// camera starts.
#[test]
fn another_type_is_reported_first_and_starts_no_camera() {
    let mut config = super::super::Config { caps: super::harness::caps(), ..super::super::Config::default() };
    config.caps.enable_local = true;
    let mut harness = Harness::with(config);
    harness.place_call();
    let mut event = harness.event(EventKind::Invite, "bob", "p1", "zz", &new_style("p1", "k1"));
    event.channel.call_type = 2;
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    harness.ok("accept");
    harness.emits("on_call_type_change video 0 · on_user_accept bob");
    harness.ok("join");
    harness.forget();
    harness.ok("rtc join");
    harness.asked("enable 1 on");
}

/// Scenario (glare): The app may continue to use the losing ids for the call.
#[test]
fn the_lost_ids_stay_valid_until_the_end() {
    let mut harness = Harness::calling();
    let own = harness.snapshot();
    harness.invite("bob", "p1", "zz");
    harness.ok("accept");
    let lost =
        CallRef { channel_id: Some(own.channel_id), request_id: Some(own.request_id), ..CallRef::default() };
    harness.hangup_of(lost);
    assert_eq!((harness.last_code(), harness.state()), (Code::OK, 0));
}

/// Scenario (glare): The peer's rejection arrives before its invite: an ordinary busy, and then an
/// ordinary ring.
#[test]
fn a_reject_before_the_invite_is_busy_and_then_a_ring() {
    let mut harness = Harness::calling();
    harness.peer_rejects("601");
    harness.invite("bob", "p1", "zz");
    harness.emits("on_user_busy bob · on_message_sent 5 · on_call_end 3 · on_invited bob");
}

/// Scenario (glare): The peer calls again while its invite is parked: the newer one counts.
#[test]
fn a_newer_invite_replaces_the_parked_one() {
    let mut harness = Harness::glare_winner();
    harness.invite("bob", "p2", "#");
    harness.peer_rejects("");
    harness.asked("close ch1 · accept bob p2 #");
}

/// Scenario (glare): A second device of the peer calls while the first one's invite is parked: it is
/// compared anew, or both would wait and yield.
#[test]
fn a_newer_invite_that_wins_is_accepted_at_once() {
    let mut harness = Harness::glare_winner();
    harness.invite("bob", "p2", "zz");
    harness.asked("accept bob p2 zz");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
}

/// Scenario (glare): The ring limit expires while the other invite is being accepted: the service decides
/// first.
#[test]
fn the_ring_limit_waits_for_the_running_accept_of_theirs() {
    let mut harness = Harness::glare_loser();
    harness.pass(7_000);
    harness.asked("");
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    harness.pass(23_000);
    harness.asked("cancel bob ch1 r1 reason 2");
}

#[test]
fn a_copy_of_their_invite_changes_nothing() {
    let mut harness = Harness::glare_loser();
    harness.invite("bob", "p1", "zz");
    harness.asked("");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    let mut harness = Harness::glare_winner();
    harness.invite("bob", "p1", "!");
    harness.peer_rejects("");
    harness.asked("close ch1 · accept bob p1 !");
}

#[test]
fn an_older_invite_does_not_replace_the_parked_one() {
    let mut harness = Harness::calling();
    for (channel, request, create_ms) in [("p2", "#", 2_000), ("p1", "!", 1_000)] {
        let mut event = harness.event(EventKind::Invite, "bob", channel, request, &new_style(channel, "k1"));
        event.channel.create_ms = create_ms;
        harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    }
    harness.peer_rejects("");
    harness.asked("close ch1 · accept bob p2 #");
}

#[test]
fn their_channel_is_in_use_while_parked_or_accepted() {
    for mut harness in [Harness::glare_winner(), Harness::glare_loser(), Harness::called()] {
        let channel = |id: &str| Channel { id: id.into(), ..Channel::default() };
        let channel_states =
            ["p1", "p2"].map(|id| ChannelState { channel: channel(id), members: Vec::new() });
        harness.handle(Input::ChannelStates(channel_states.into()));
        harness.asked("leave p2");
    }
}

#[test]
fn a_legacy_client_that_accepted_ours_gets_no_cancel() {
    let mut harness = Harness::calling();
    harness.invite_old("bob", "p1", "zz");
    harness.peer_accepts();
    harness.forget();
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    harness.asked("join p1 · close ch1");
}
