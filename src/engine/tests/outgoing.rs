//! Outgoing calls: the caller's column of the event-order table, and the signaling operations behind it.

use super::super::in_flight::Finish;
use super::super::input::*;
use super::super::output::*;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{
    ChannelState, Code, Connection, EventKind, OperationResult, Origin, Outcome, Req,
};

/// Scenario (ordinary): A call creates a channel, joins it and invites; call() completes when the service
/// has accepted the invite.
#[test]
fn a_call_creates_joins_invites_and_then_completes() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.asked("create");
    harness.ok("create");
    harness.asked("join ch1");
    harness.ok("join");
    harness.asked("invite bob ch1 r1");
    harness.emits("");
    harness.ok("invite");
    harness.emits("done call 0");
    let result = harness.results.last().expect("call() was completed");
    assert_eq!((result.call_no, result.uid, &*result.channel_id), (1, 11, "ch1"));
    assert_eq!(result.request_id, harness.snapshot().request_id);
    assert_eq!(result.call_id, harness.snapshot().call_id);
}

/// Scenario (ordinary): The callee accepts: the caller gets the accept, then the entry into the
/// media room, then connected.
#[test]
fn an_accepted_calls_events_have_the_tables_order() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
    harness.asked("rtc join ch1|0|11 as 11");
    harness.ok("rtc join");
    harness.emits("");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("on_user_enter bob · on_call_connected bob");
    assert!(harness.snapshot().connected);
}

/// Scenario (ordinary): The peer is in the media room before we are: the call is connected when both are
/// there, in either order.
#[test]
fn the_peer_may_be_in_the_room_first() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.emits("on_user_accept bob · on_user_enter bob");
    harness.ok("rtc join");
    harness.emits("on_call_connected bob");
}

/// Scenario (order): The accept arrives before the service has confirmed our invite: call() completes
/// first, then the accept is reported.
#[test]
fn an_answer_proves_the_invite_before_its_completion_does() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.ok("join");
    harness.peer_accepts();
    harness.emits("done call 0 · on_user_accept bob");
    harness.answer("invite", Code::TIMEOUT);
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

/// Scenario (ordinary): The callee rejects: on_user_reject, a record, and the channel is closed.
#[test]
fn a_reject_is_reported_and_closes_the_channel() {
    let mut harness = Harness::calling();
    harness.peer_rejects(&new_style("ch1", "k1"));
    harness.emits("on_user_reject bob · on_message_sent 3 · on_call_end 14");
    harness.asked("close ch1 · record 3 to bob");
}

/// Scenario (order): The rejection arrives before the service has confirmed our invite: call() completes
/// first, then the rejection is reported.
#[test]
fn a_reject_before_the_invites_completion_proves_the_invite() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.ok("join");
    harness.peer_rejects("");
    harness.emits("done call 0 · on_user_reject bob · on_message_sent 3 · on_call_end 14");
    harness.ok("invite");
    harness.emits("");
}

/// Scenario (busy): The callee is busy, in the format of any client: on_user_busy, and the record has
/// status busy.
#[test]
fn busy_is_understood_in_every_spelling() {
    for custom_info in ["601", "i_am_busy", "{\"reason\":3}"] {
        let mut harness = Harness::calling();
        harness.peer_rejects(custom_info);
        harness.emits("on_user_busy bob · on_message_sent 5 · on_call_end 3");
    }
}

/// Scenario (timeout): The callee's ring limit expires first: the caller gets the events of its own limit.
#[test]
fn a_reject_for_no_answer_equals_the_own_timeout() {
    let mut harness = Harness::calling();
    harness.peer_rejects("{\"reason\":2}");
    harness.emits("on_calling_timeout · on_message_sent 4 · on_call_end 2");
}

/// Scenario (cancel): We cancel while it rings: the call ends at once; the invite is cancelled, and then
/// the channel closed.
#[test]
fn a_cancel_is_final_and_its_operations_follow_in_order() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.emits("done cancel 0 · on_message_sent 2 · on_call_end 11");
    assert_eq!(harness.state(), 0);
    harness.asked("cancel bob ch1 r1 · record 2 to bob");
    harness.ok("cancel");
    harness.asked("close ch1");
    harness.ok("close");
    harness.asked("");
    harness.emits("");
}

/// Scenario (cancel): Hanging up while calling is cancelling.
#[test]
fn hangup_while_calling_is_cancel() {
    let mut harness = Harness::calling();
    harness.hangup();
    harness.emits("done hangup 0 · on_message_sent 2 · on_call_end 11");
    harness.asked("cancel bob ch1 r1 · record 2 to bob");
}

/// Scenario (cancel): We cancel before the channel exists: no message, no record, and the
/// channel is closed once created.
#[test]
fn cancel_before_the_channel_exists_writes_no_record() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.emits("done call 90004 · done cancel 0 · on_call_end 11");
    harness.asked("create");
    harness.ok("create");
    harness.asked("close ch1");
}

/// Scenario (cancel): We cancel while the channel is being joined: it is closed after the join.
#[test]
fn cancel_during_the_join_closes_after_it() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    harness.cancel();
    harness.emits("done call 90004 · done cancel 0 · on_call_end 11");
    harness.asked("");
    harness.ok("join");
    harness.asked("close ch1");
}

/// Scenario (cancel): We cancel while the invite is pending: the cancel does not overtake it.
#[test]
fn cancel_during_the_invite_waits_for_its_result() {
    for code in [Code::OK, Code::PEER_OFFLINE, Code::TIMEOUT, 500.into()] {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.forget();
        harness.cancel();
        harness.emits("done call 90004 · done cancel 0 · on_message_sent 2 · on_call_end 11");
        harness.asked("record 2 to bob");
        harness.answer("invite", code);
        harness.asked("cancel bob ch1 r1");
        harness.ok("cancel");
        harness.asked("close ch1");
    }
}

/// Scenario (failure): The service refuses the invite: call() fails, and no cancel is sent.
#[test]
fn an_invite_that_reached_nobody_is_not_cancelled() {
    for code in [Code::CHANNEL_NOT_EXISTS, Code::NOT_MEMBER, Code::ALREADY_MEMBER, Code::MEMBER_LIMIT] {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.forget();
        harness.answer("invite", code);
        harness.emits(&format!("done call {code} · on_call_end 7"));
        harness.asked("close ch1");
    }
}

/// Scenario (failure): The invite's outcome is unknown: call() fails, and the invite is cancelled.
#[test]
fn an_invite_of_unknown_outcome_is_cancelled() {
    for code in [Code::TIMEOUT, 500.into()] {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.forget();
        harness.answer("invite", code);
        harness.emits(&format!("done call {code} · on_call_end 7"));
        harness.asked("cancel bob ch1 r1");
        harness.ok("cancel");
        harness.asked("close ch1");
    }
}

/// Scenario (failure): The callee is offline: no failure; a push or the backlog reaches it.
#[test]
fn a_peer_that_is_offline_counts_as_invited() {
    for code in [Code::PEER_OFFLINE, Code::PEER_PUSH_OFFLINE] {
        let mut harness = Harness::new();
        harness.call("bob");
        harness.ok("create");
        harness.ok("join");
        harness.answer("invite", code);
        harness.emits("done call 0");
    }
}

/// Scenario (failure): The service refuses the channel: call() fails, and nothing remains.
#[test]
fn a_refused_channel_fails_the_call_and_leaves_nothing_behind() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.answer("create", 500);
    harness.emits("done call 500 · on_call_end 7");
    harness.asked("create");
    assert_eq!(harness.waiting(), "");
}

/// Scenario (failure): The channel cannot be joined: call() fails, and the channel is closed.
#[test]
fn a_join_that_fails_closes_the_channel_that_was_created() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    harness.answer("join", Code::MEMBER_LIMIT);
    harness.emits("done call 10419 · on_call_end 7");
    harness.asked("close ch1");
}

/// Scenario (timeout): No answer: the call ends when the ring limit has passed since the invite was sent.
#[test]
fn the_ring_limit_runs_from_the_issue_of_the_invite() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.pass(1_000);
    harness.ok("create");
    harness.ok("join");
    harness.pass(2_000);
    harness.ok("invite");
    harness.forget();
    harness.pass(27_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("cancel bob ch1 r1 reason 2");
    harness.emits("");
    harness.ok("cancel");
    harness.emits("on_calling_timeout · on_message_sent 4 · on_call_end 2");
    harness.asked("close ch1 · record 4 to bob");
}

/// Scenario (timeout): The ring limit is changed while it rings: it applies to the next call.
#[test]
fn set_call_timeout_applies_to_the_next_call() {
    let mut harness = Harness::calling();
    harness.command(Command::SetCallTimeout { timeout_ms: 5_000 });
    harness.emits("done none 0");
    harness.pass(29_999);
    harness.asked("");
    harness.pass(1);
    harness.ok("cancel");
    harness.settle();
    harness.place_call();
    harness.pass(4_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("cancel bob ch2 r2 reason 2");
}

/// Scenario (timeout): The ring limit expires as the callee accepts, and the service reports the accept: the
/// call continues.
#[test]
fn a_timeout_cancel_that_crosses_the_accept_is_accepted() {
    let mut harness = Harness::calling();
    harness.pass(30_000);
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.emits("on_user_accept bob");
    harness.peer_accepts();
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

/// Scenario (timeout): The accept arrives while the ring limit's cancel is pending: the call continues.
#[test]
fn an_accept_during_the_timeout_cancel_wins() {
    let mut harness = Harness::calling();
    harness.pass(30_000);
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

/// Scenario (cancel): Our cancel and the callee's accept cross: the cancel counts, no microphone opens, and
/// the channel is closed.
#[test]
fn a_users_cancel_that_crosses_the_accept_is_final() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.forget();
    harness.peer_accepts();
    harness.emits("");
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.asked("close ch1");
    harness.ok("close");
    harness.emits("");
    assert_eq!(harness.state(), 0);
}

/// Scenario (cancel): We cancel while the ring limit's own cancel is pending: one cancel, one end.
#[test]
fn a_cancel_during_the_timeout_cancel_closes_after_it() {
    let mut harness = Harness::calling();
    harness.pass(30_000);
    harness.forget();
    harness.cancel();
    harness.emits("done cancel 0 · on_message_sent 2 · on_call_end 11");
    harness.asked("record 2 to bob");
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    harness.asked("close ch1");
}

#[test]
fn a_channel_closed_by_the_peer_ends_the_call() {
    let mut harness = Harness::calling();
    harness.peer_closes("ch1");
    assert_eq!(harness.last_end().reason, EndReason::PeerHungUp);
    assert_eq!(harness.state(), 0);
}

/// Scenario (record): A call that was placed without records writes none.
#[test]
fn a_call_without_records_writes_none() {
    let mut harness = Harness::new();
    harness.command(Command::Call(CallOptions { no_record: true, ..Harness::options("bob") }));
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.forget();
    harness.peer_rejects("");
    harness.emits("on_user_reject bob · on_call_end 14");
    harness.asked("close ch1");
}

/// Scenario (record): A cancel may suppress the record.
#[test]
fn a_cancel_without_record_writes_none() {
    let mut harness = Harness::calling();
    let call = harness.implied();
    harness.command(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: true });
    harness.emits("done cancel 0 · on_call_end 11");
}

/// Scenario (ordinary): The invite has the media room's name and the app's attachment.
#[test]
fn the_invite_has_the_media_room_and_the_attachment() {
    let mut harness = Harness::new();
    harness
        .command(Command::Call(CallOptions { attachment: Some("hello".into()), ..Harness::options("bob") }));
    harness.ok("create");
    harness.ok("join");
    let text = harness.text_of("invite");
    let text = super::super::wire::read(&text);
    assert_eq!((&*text.channel_name, &*text.attachment), ("ch1|0|11", "hello"));
    assert_eq!(text.call_id, harness.snapshot().call_id.as_str());
}

/// Scenario (wrong): Calling oneself is refused.
#[test]
fn calling_oneself_is_refused() {
    let mut harness = Harness::new();
    harness.call("al");
    assert_eq!(harness.last_code(), Code::INVALID_ARGUMENT);
    assert_eq!(harness.state(), 0);
    harness.asked("");
}

/// Scenario (wrong): An answer to our call of a third party, or with another call's ids: nothing
/// changes.
#[test]
fn answers_of_others_or_with_wrong_ids_are_ignored() {
    let mut harness = Harness::calling();
    for signal in [EventKind::Accept, EventKind::Reject] {
        harness.signal(signal, "eve", "ch1", "r1", "");
        harness.signal(signal, "bob", "ch9", "r1", "");
        harness.signal(signal, "bob", "ch1", "x", "");
        harness.signal(signal, "bob", "ch1", "", "");
        harness.signal_from(Origin::OtherDevice, signal, "bob", "ch1", "r1", "");
    }
    harness.signal(EventKind::Close, "eve", "ch1", "", "");
    harness.signal(EventKind::Close, "bob", "", "", "");
    harness.emits("");
    harness.asked("");
    assert_eq!(harness.state(), 1);
}

/// Scenario (failure): A backend reports success without the required values: the call fails with a clear
/// code.
#[test]
fn a_success_without_channel_or_uid_fails_the_call() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.answer_with("create", OperationResult::default());
    harness.emits("done call 90008 · on_call_end 7");
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    harness.answer_with(
        "join",
        OperationResult { channel: Some(ChannelState::default()), ..OperationResult::default() },
    );
    harness.emits("done call 90008 · on_call_end 7");
    harness.asked("close ch1");
}

/// Scenario (order): A backend completes an operation twice, or one that does not exist: nothing happens.
#[test]
fn completions_that_come_twice_or_for_nothing_are_ignored() {
    let mut harness = Harness::new();
    harness.call("bob");
    let req = harness.req("create");
    harness.ok("create");
    harness.forget();
    harness.complete(req, false, OperationResult::default());
    harness.complete(Req(0), false, OperationResult::default());
    harness.complete(Req(999), true, OperationResult::default());
    harness.emits("");
    harness.asked("");
    assert_eq!(harness.waiting(), "join");
}

/// Scenario (wrong): A backend completes an operation of the other backend: nothing happens.
#[test]
fn a_backend_cannot_complete_the_others_operations() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.forget();
    let req = harness.req("create");
    harness.complete(req, true, OperationResult::default());
    harness.emits("");
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.peer_accepts();
    harness.forget();
    let req = harness.req("rtc join");
    harness.complete(
        req,
        false,
        OperationResult { outcome: Outcome::failed(500.into(), ""), ..OperationResult::default() },
    );
    harness.emits("");
    harness.ok("rtc join");
    assert_eq!(harness.state(), 3);
}

/// Scenario (failure): Create, join or invite never completes: call() fails after eight seconds.
#[test]
fn create_join_and_invite_have_eight_seconds_each() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.pass(7_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done call 408 · on_call_end 7");
    harness.forget();
    // It completes after all: no channel leaks.
    harness.ok("create");
    harness.asked("close ch1");
}

/// Scenario (failure): A create succeeds too late and without an id: no operation follows.
#[test]
fn a_channel_without_id_that_comes_too_late_is_not_closed() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.pass(8_000);
    harness.forget();
    harness.answer_with(
        "create",
        OperationResult { channel: Some(ChannelState::default()), ..OperationResult::default() },
    );
    harness.asked("");
}

/// Scenario (failure): A join succeeds after it was abandoned: the channel is left.
#[test]
fn a_join_that_succeeds_too_late_is_undone() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.ok("create");
    harness.pass(8_000);
    harness.emits("done call 408 · on_call_end 7");
    harness.settle();
    let asked = harness.ops.iter().rev().take(2).cloned().collect::<Vec<_>>();
    assert!(asked.contains(&Finish::close().op("ch1".into())), "{asked:?}");
    assert!(asked.contains(&Finish::leave().op("ch1".into())), "{asked:?}");
}

/// Scenario (failure): A teardown fails: an error that names the ended call.
#[test]
fn a_late_failure_is_an_error_that_names_the_call() {
    let mut harness = Harness::calling();
    harness.cancel();
    harness.ok("cancel");
    harness.forget();
    harness.answer("close", 500);
    harness.emits("on_error close 500");
    let Some(Event::Error(error)) = harness.events.last() else { panic!("an error was emitted") };
    assert_eq!(error.call_no, 1);
}

/// Scenario (order): No event names a call before its call() completes.
#[test]
fn no_event_names_a_call_before_its_completion_does() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.handle(Input::Connection(Connection::Lost(Outcome::default())));
    let Some(Event::Reconnecting(event)) = harness.events.last() else { panic!("it is emitted") };
    assert_eq!(event.call_no, 0);
    harness.ok("create");
    harness.invite("bob", "p1", "zz");
    harness.answer("join", 500);
    harness.answer("close", 500);
    let Some(Event::Error(error)) = harness.events.last() else { panic!("it is emitted") };
    assert_eq!(error.call_no, 0);
}
