//! Answers for calls that are not here yet: a push woke the app, and its user was faster than the INVITE.

use super::super::input::*;
use super::super::output::Event;
use super::super::{Config, wire};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{self as signaling, Code, Connection, EventKind, Origin, Outcome, Text};

fn logged_out() -> Harness {
    Harness::logged_out(Config { caps: caps(), ..Config::default() })
}

fn to(from: &str, channel: &str, request: &str) -> CallRef {
    CallRef {
        account: Some(from.into()),
        channel_id: Some(channel.into()),
        request_id: Some(request.into()),
        wait: true,
        ..CallRef::default()
    }
}

fn accept(harness: &mut Harness) {
    harness.command(Command::Accept { call: to("bob", "p1", "q1") });
}

fn reject(harness: &mut Harness) {
    let (busy, text) = (true, Some("driving".into()));
    harness.command(Command::Reject { call: to("bob", "p1", "q1"), busy, text });
}

fn log_in(harness: &mut Harness) {
    harness.login("al");
    harness.ok("login");
}

fn lost(harness: &mut Harness) {
    harness.handle(Input::Connection(Connection::Lost(Outcome::default())));
}

fn restored(harness: &mut Harness) {
    harness.handle(Input::Connection(Connection::Restored));
}

fn backlog(harness: &mut Harness, events: Vec<signaling::Event>) {
    harness.handle(Input::Signals { origin: Origin::Offline, events });
}

fn ring(harness: &Harness, from: &str, channel: &str, request: &str) -> signaling::Event {
    harness.event(EventKind::Invite, from, channel, request, &new_style(channel, "k1"))
}

/// Whether each on_invited has the flag ANSWERED.
fn answered(harness: &Harness) -> Vec<bool> {
    let flag =
        |event: &Event| if let Event::Invited(invited) = event { Some(invited.answered) } else { None };
    harness.events.iter().filter_map(flag).collect()
}

/// Scenario (early): A push started the app and its user accepts before the login: the call is accepted when
/// it arrives, from the backlog or online, without ringing first.
#[test]
fn an_accept_before_the_login_takes_the_call_when_it_comes() {
    for is_backlog in [true, false] {
        let mut harness = logged_out();
        accept(&mut harness);
        harness.pass(5_000);
        harness.emits("");
        log_in(&mut harness);
        harness.emits("done login 0");
        harness.forget();
        let event = ring(&harness, "bob", "p1", "q1");
        let origin = if is_backlog { Origin::Offline } else { Origin::Online };
        harness.handle(Input::Signals { origin, events: vec![event] });
        harness.emits("on_invited bob");
        harness.asked("accept bob p1 q1");
        assert_eq!(answered(&harness), [true]);
        harness.ok("accept");
        harness.emits("done accept 0");
        assert_eq!(harness.state(), 3);
    }
}

/// Scenario (early): The same with a reject: its text reaches the caller.
#[test]
fn a_reject_before_the_login_refuses_the_call_when_it_comes() {
    let mut harness = logged_out();
    harness.login("al");
    reject(&mut harness);
    harness.invite("bob", "p1", "q1");
    harness.forget();
    harness.ok("login");
    harness.emits("done login 0 · on_invited bob · done reject 0 · on_call_end 13");
    harness.asked("reject bob p1 q1 reason 3");
    assert_eq!(&*wire::read(&harness.text_of("reject")).attachment, "driving");
    assert_eq!(answered(&harness), [true]);
}

#[test]
fn another_call_does_not_take_the_answer() {
    for (from, channel, request) in [("eve", "p1", "q1"), ("bob", "p2", "q1"), ("bob", "p1", "q2")] {
        let mut harness = Harness::new();
        accept(&mut harness);
        harness.invite(from, channel, request);
        harness.emits(&format!("on_invited {from}"));
        harness.asked("");
        assert_eq!(answered(&harness), [false]);
    }
}

/// Scenario (early): The call never arrives: eight seconds once this device is online, two minutes in all.
#[test]
fn an_answer_that_waits_in_vain_completes_alone() {
    for ask in [accept, reject] {
        let mut harness = Harness::new();
        ask(&mut harness);
        harness.pass(7_999);
        harness.emits("");
        harness.pass(1);
        let (emitted, _) = harness.logs();
        assert!(emitted == "done accept 10408" || emitted == "done reject 10408", "{emitted}");
        // If it arrives after all, it rings as any call.
        harness.invite("bob", "p1", "q1");
        harness.emits("on_invited bob");
        assert_eq!(answered(&harness), [false]);
    }
    // No login.
    let mut harness = logged_out();
    accept(&mut harness);
    harness.pass(119_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done accept 10408");
    // A late login.
    let mut harness = logged_out();
    accept(&mut harness);
    harness.pass(110_000);
    log_in(&mut harness);
    harness.forget();
    harness.pass(7_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done accept 10408");
    // Very late: the two minutes count.
    let mut harness = logged_out();
    accept(&mut harness);
    harness.pass(119_000);
    log_in(&mut harness);
    harness.forget();
    harness.pass(1_000);
    harness.emits("done accept 10408");
}

/// Scenario (early): The connection is lost when the user answers: the eight seconds count from its return.
#[test]
fn an_answer_waits_longer_while_disconnected() {
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.pass(5_000);
    lost(&mut harness);
    harness.pass(60_000);
    restored(&mut harness);
    harness.forget();
    harness.pass(7_999);
    harness.emits("");
    harness.invite("bob", "p1", "q1");
    harness.emits("on_invited bob");
    harness.asked("accept bob p1 q1");

    let mut harness = Harness::new();
    lost(&mut harness);
    accept(&mut harness);
    harness.forget();
    harness.pass(119_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done accept 10408");
}

/// Scenario (early): The user changes the answer: the newer one counts.
#[test]
fn a_newer_answer_to_the_same_call_replaces_the_older() {
    let mut harness = Harness::new();
    accept(&mut harness);
    reject(&mut harness);
    harness.emits("done accept 90004");
    accept(&mut harness);
    harness.emits("done reject 90004");
    harness.invite("bob", "p1", "q1");
    harness.asked("accept bob p1 q1");
    // From here on it is an accept like any other.
    accept(&mut harness);
    harness.forget();
    harness.ok("accept");
    harness.emits("done accept 0 · done accept 0");
    accept(&mut harness);
    harness.emits("done accept 20020");
}

#[test]
fn four_answers_wait_and_no_more() {
    let mut harness = logged_out();
    for n in 0..5 {
        let call = to("bob", &format!("p{n}"), "q1");
        harness.command(Command::Accept { call });
    }
    harness.emits("done accept 90005");
    // Replacing one is no fifth.
    harness.command(Command::Accept { call: to("bob", "p3", "q1") });
    harness.emits("done accept 90004");
}

#[test]
fn an_answer_that_may_wait_names_account_channel_and_request() {
    let whole = to("bob", "p1", "q1");
    for call in [
        CallRef { account: None, ..whole.clone() },
        CallRef { channel_id: Some(Text::default()), ..whole.clone() },
        CallRef { request_id: None, ..whole },
    ] {
        let mut harness = logged_out();
        harness.command(Command::Accept { call });
        assert_eq!(harness.last_code(), Code::INVALID_ARGUMENT);
    }
}

/// Scenario (early): The app logs out, is closed or kicked while an answer waits.
#[test]
fn the_end_of_the_session_completes_what_waits() {
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.logout();
    harness.emits("done accept 90003");
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.close();
    harness.emits("done accept 90003");
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.kick();
    harness.emits("done accept 90003 · on_kicked");
    let mut harness = logged_out();
    accept(&mut harness);
    harness.logout();
    harness.emits("done accept 90003 · done logout 20001");
    let mut harness = logged_out();
    accept(&mut harness);
    harness.close();
    harness.emits("done accept 90003 · closed");
}

/// Scenario (early): A login fails and is retried: the answer still waits. Another account's login
/// ends it.
#[test]
fn an_answer_outlives_a_failed_login_of_its_account() {
    let begin = || {
        let mut harness = logged_out();
        harness.login("al");
        accept(&mut harness);
        harness.answer("login", Code::BAD_TOKEN);
        harness.emits("done login 302");
        harness
    };
    let mut harness = begin();
    log_in(&mut harness);
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.asked("accept bob p1 q1");
    let mut harness = begin();
    harness.login("carol");
    harness.ok("login");
    harness.emits("done login 0 · done accept 10408");
}

/// Scenario (early): The call had ended before the answer, or ends before it arrives: 10408, and a missed
/// call as always.
#[test]
fn a_call_that_is_over_is_not_waited_for() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    accept(&mut harness);
    harness.emits("done accept 10408");
    reject(&mut harness);
    harness.emits("done reject 10408");

    for (signal, request) in [(EventKind::Cancel, "q1"), (EventKind::Close, "")] {
        let mut harness = Harness::new();
        accept(&mut harness);
        harness.signal(signal, "eve", "p1", request, "");
        harness.emits("");
        harness.signal(signal, "bob", "p1", request, "");
        harness.emits("done accept 10408");

        let mut harness = logged_out();
        accept(&mut harness);
        log_in(&mut harness);
        harness.forget();
        let events = vec![ring(&harness, "bob", "p1", "q1"), harness.event(signal, "bob", "p1", request, "")];
        backlog(&mut harness, events);
        harness.emits("on_missed_call bob cancelled · done accept 10408");
        harness.asked("");
    }
    // Too old, and of a group.
    let mut harness = Harness::new();
    accept(&mut harness);
    let mut old = ring(&harness, "bob", "p1", "q1");
    old.channel.invalid = true;
    backlog(&mut harness, vec![old]);
    harness.emits("on_missed_call bob expired · done accept 10408");
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.signal(EventKind::Invite, "bob", "p1", "q1", "{\"callType\":1,\"callId\":\"c\"}");
    harness.emits("on_missed_call bob group · done accept 10408");
}

/// Scenario (early): The call that ended last: rejecting it succeeds, accepting it is too late.
#[test]
fn the_call_that_ended_last_is_known() {
    let mut harness = Harness::called();
    harness.peer_cancels();
    harness.forget();
    reject(&mut harness);
    accept(&mut harness);
    harness.emits("done reject 0 · done accept 10408");
}

/// Scenario (devices): Another device of the account answered first.
#[test]
fn another_devices_answer_counts_before_and_after() {
    for (signal, code) in [(EventKind::Accept, 10410), (EventKind::Reject, 10409)] {
        let mut harness = Harness::new();
        accept(&mut harness);
        harness.signal_from(Origin::OtherDevice, signal, "al", "p1", "q1", "");
        harness.emits(&format!("done accept {code}"));
        harness.invite("bob", "p1", "q1");
        harness.emits("");

        let mut harness = logged_out();
        accept(&mut harness);
        log_in(&mut harness);
        harness.forget();
        let events = vec![ring(&harness, "bob", "p1", "q1"), harness.event(signal, "al", "p1", "q1", "")];
        backlog(&mut harness, events);
        harness.emits(&format!("on_missed_call bob answeredelsewhere · done accept {code}"));
    }
    // Once it is here the service decides, as always.
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.invite("bob", "p1", "q1");
    harness.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    harness.emits("on_invited bob");
    harness.answer("accept", 10410);
    harness.emits("done accept 10410 · on_other_client_accept bob · on_call_end 18");
}

/// Scenario (busy): The answered call arrives during another one: an accept fails, a reject is sent with the
/// app's text.
#[test]
fn an_answered_call_that_meets_another_call() {
    for (mut harness, code) in
        [(Harness::in_call(), 20020), (Harness::calling(), 20018), (Harness::called(), 90001)]
    {
        let call = to("carol", "c1", "s1");
        harness.command(Command::Accept { call: call.clone() });
        harness.emits("");
        harness.invite("carol", "c1", "s1");
        harness.emits(&format!("done accept {code} · on_missed_call carol busy"));
        harness.asked("reject carol c1 s1 reason 3");

        let call = to("carol", "c2", "s2");
        harness.command(Command::Reject { call, busy: false, text: Some("no".into()) });
        harness.invite("carol", "c2", "s2");
        harness.emits("done reject 0");
        harness.asked("reject carol c2 s2");
        assert_eq!(&*wire::read(&harness.text_of("reject")).attachment, "no");
    }
}

/// Scenario (glare): We call the account whose call the app has answered: one call results.
#[test]
fn an_answered_call_of_the_user_whom_we_call() {
    let mut harness = Harness::calling();
    harness.command(Command::Accept { call: to("bob", "p1", "zz") });
    harness.invite("bob", "p1", "zz");
    harness.emits("done accept 20018");
    harness.asked("accept bob p1 zz");
    harness.ok("accept");
    harness.emits("on_user_accept bob");
    let mut harness = Harness::calling();
    harness.command(Command::Reject { call: to("bob", "p1", "zz"), busy: false, text: None });
    harness.invite("bob", "p1", "zz");
    harness.emits("done reject 0");
    harness.asked("reject bob p1 zz");
    assert_eq!(harness.state(), 1);
}

/// Scenario (early): The answered call is a redial of the ringing one: it is accepted when that ends, however
/// long it takes.
#[test]
fn an_answered_redial_is_taken_when_the_first_call_ends() {
    let mut harness = Harness::called();
    let call = to("bob", "p2", "q2");
    harness.command(Command::Accept { call: call.clone() });
    harness.invite("bob", "p2", "q2");
    harness.pass(20_000);
    harness.emits("");
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12 · on_invited bob");
    harness.asked("accept bob p2 q2");

    let mut harness = Harness::called();
    harness.command(Command::Reject { call, busy: false, text: None });
    harness.invite("bob", "p2", "q2");
    harness.emits("done reject 0");
    harness.asked("reject bob p2 q2");
    assert_eq!(harness.state(), 2);
}

/// Scenario (early): The backlog has several calls: the one that was answered comes first.
#[test]
fn of_several_calls_in_the_backlog_the_answered_one_comes_first() {
    let several = |harness: &Harness| {
        let mut events = vec![
            ring(harness, "bob", "p1", "q1"),
            ring(harness, "carol", "c1", "s1"),
            ring(harness, "bob", "p2", "q2"),
        ];
        for (event, create_ms) in events.iter_mut().zip(1..) {
            event.channel.create_ms = create_ms;
        }
        events
    };
    let mut harness = Harness::new();
    accept(&mut harness);
    let events = several(&harness);
    backlog(&mut harness, events);
    harness.emits("on_invited bob · on_missed_call carol busy");
    harness.asked("accept bob p1 q1 · reject carol c1 s1 reason 3");
    // The newer call of the same account is parked: the answered one may have ended.
    harness.answer("accept", 10408);
    harness.emits("done accept 10408 · on_user_cancel bob · on_call_end 12 · on_invited bob");

    let mut harness = Harness::new();
    reject(&mut harness);
    let events = several(&harness);
    backlog(&mut harness, events);
    harness.emits(
        "on_invited bob · done reject 0 · on_call_end 13 · on_invited bob · on_missed_call carol busy",
    );
    assert_eq!(answered(&harness), [true, false]);
}

#[test]
fn an_app_that_takes_no_events_cannot_take_the_call() {
    let mut harness = Harness::new();
    accept(&mut harness);
    harness.handle(Input::Backlog(true));
    harness.invite("bob", "p1", "q1");
    harness.emits("done accept 90005");
    harness.asked("reject bob p1 q1 reason 3");
}

/// Scenario (early): The call has arrived already: a waiting answer is like any other.
#[test]
fn an_answer_to_a_call_that_rings_does_not_wait() {
    let mut harness = Harness::called();
    accept(&mut harness);
    harness.asked("accept bob p1 q1");
    let mut harness = Harness::called();
    reject(&mut harness);
    harness.emits("done reject 0 · on_call_end 13");
}
