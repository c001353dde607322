//! Answers for calls that are not here yet: a push woke the app, and its user was faster than the INVITE.

use super::super::input::*;
use super::super::output::Event;
use super::super::{Config, wire};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{self as signaling, Code, Connection, EventKind, Origin, Outcome, Text};

fn logged_out() -> Rig {
    Rig::logged_out(Config { caps: caps(), ..Config::default() })
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

fn accept(rig: &mut Rig) {
    rig.command(Command::Accept { call: to("bob", "p1", "q1") });
}

fn reject(rig: &mut Rig) {
    let (busy, text) = (true, Some("driving".into()));
    rig.command(Command::Reject { call: to("bob", "p1", "q1"), busy, text });
}

fn log_in(rig: &mut Rig) {
    rig.login("al");
    rig.ok("login");
}

fn lost(rig: &mut Rig) {
    rig.handle(Input::Connection(Connection::Lost(Outcome::default())));
}

fn restored(rig: &mut Rig) {
    rig.handle(Input::Connection(Connection::Restored));
}

fn backlog(rig: &mut Rig, events: Vec<signaling::Event>) {
    rig.handle(Input::Signals { origin: Origin::Offline, events });
}

fn ring(rig: &Rig, from: &str, channel: &str, request: &str) -> signaling::Event {
    rig.event(EventKind::Invite, from, channel, request, &new_style(channel, "k1"))
}

/// Whether each on_invited said that the app has answered.
fn answered(rig: &Rig) -> Vec<bool> {
    let flag =
        |event: &Event| if let Event::Invited(invited) = event { Some(invited.answered) } else { None };
    rig.events.iter().filter_map(flag).collect()
}

/// Scenario (early): A push woke the app and its user accepts before the login: the call is taken when
/// it arrives, from the backlog or online, without ringing first.
#[test]
fn an_accept_before_the_login_takes_the_call_when_it_comes() {
    for is_backlog in [true, false] {
        let mut rig = logged_out();
        accept(&mut rig);
        rig.pass(5_000);
        rig.told("");
        log_in(&mut rig);
        rig.told("done login 0");
        rig.forget();
        let event = ring(&rig, "bob", "p1", "q1");
        let origin = if is_backlog { Origin::Offline } else { Origin::Online };
        rig.handle(Input::Signals { origin, events: vec![event] });
        rig.told("on_invited bob");
        rig.asked("accept bob p1 q1");
        assert_eq!(answered(&rig), [true]);
        rig.ok("accept");
        rig.told("done accept 0");
        assert_eq!(rig.state(), 3);
    }
}

/// Scenario (early): The same with a reject: its words reach the caller.
#[test]
fn a_reject_before_the_login_refuses_the_call_when_it_comes() {
    let mut rig = logged_out();
    rig.login("al");
    reject(&mut rig);
    rig.invite("bob", "p1", "q1");
    rig.forget();
    rig.ok("login");
    rig.told("done login 0 · on_invited bob · done reject 0 · on_call_end 13");
    rig.asked("reject bob p1 q1 reason 3");
    assert_eq!(&*wire::read(&rig.text_of("reject")).attachment, "driving");
    assert_eq!(answered(&rig), [true]);
}

#[test]
fn another_call_does_not_take_the_answer() {
    for (from, channel, request) in [("eve", "p1", "q1"), ("bob", "p2", "q1"), ("bob", "p1", "q2")] {
        let mut rig = Rig::new();
        accept(&mut rig);
        rig.invite(from, channel, request);
        rig.told(&format!("on_invited {from}"));
        rig.asked("");
        assert_eq!(answered(&rig), [false]);
    }
}

/// Scenario (early): The call never arrives: eight seconds once this device is online, two minutes in all.
#[test]
fn an_answer_that_waits_in_vain_completes_alone() {
    for ask in [accept, reject] {
        let mut rig = Rig::new();
        ask(&mut rig);
        rig.pass(7_999);
        rig.told("");
        rig.pass(1);
        let (told, _) = rig.logs();
        assert!(told == "done accept 10408" || told == "done reject 10408", "{told}");
        // It rings as any call if it comes all the same.
        rig.invite("bob", "p1", "q1");
        rig.told("on_invited bob");
        assert_eq!(answered(&rig), [false]);
    }
    // Nobody logs in.
    let mut rig = logged_out();
    accept(&mut rig);
    rig.pass(119_999);
    rig.told("");
    rig.pass(1);
    rig.told("done accept 10408");
    // Somebody does, late.
    let mut rig = logged_out();
    accept(&mut rig);
    rig.pass(110_000);
    log_in(&mut rig);
    rig.forget();
    rig.pass(7_999);
    rig.told("");
    rig.pass(1);
    rig.told("done accept 10408");
    // Very late: the two minutes count.
    let mut rig = logged_out();
    accept(&mut rig);
    rig.pass(119_000);
    log_in(&mut rig);
    rig.forget();
    rig.pass(1_000);
    rig.told("done accept 10408");
}

/// Scenario (early): The connection is lost when the user answers: the eight seconds count from its return.
#[test]
fn a_lost_connection_delivers_nothing_so_the_answer_waits_longer() {
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.pass(5_000);
    lost(&mut rig);
    rig.pass(60_000);
    restored(&mut rig);
    rig.forget();
    rig.pass(7_999);
    rig.told("");
    rig.invite("bob", "p1", "q1");
    rig.told("on_invited bob");
    rig.asked("accept bob p1 q1");

    let mut rig = Rig::new();
    lost(&mut rig);
    accept(&mut rig);
    rig.forget();
    rig.pass(119_999);
    rig.told("");
    rig.pass(1);
    rig.told("done accept 10408");
}

/// Scenario (early): The user changes their mind: the newer answer counts.
#[test]
fn a_newer_answer_to_the_same_call_replaces_the_older() {
    let mut rig = Rig::new();
    accept(&mut rig);
    reject(&mut rig);
    rig.told("done accept 90004");
    accept(&mut rig);
    rig.told("done reject 90004");
    rig.invite("bob", "p1", "q1");
    rig.asked("accept bob p1 q1");
    // From here on it is an accept like any other.
    accept(&mut rig);
    rig.forget();
    rig.ok("accept");
    rig.told("done accept 0 · done accept 0");
    accept(&mut rig);
    rig.told("done accept 20020");
}

#[test]
fn four_answers_wait_and_no_more() {
    let mut rig = logged_out();
    for n in 0..5 {
        let call = to("bob", &format!("p{n}"), "q1");
        rig.command(Command::Accept { call });
    }
    rig.told("done accept 90005");
    // Replacing one is no fifth.
    rig.command(Command::Accept { call: to("bob", "p3", "q1") });
    rig.told("done accept 90004");
}

#[test]
fn an_answer_that_may_wait_names_account_channel_and_request() {
    let whole = to("bob", "p1", "q1");
    for call in [
        CallRef { account: None, ..whole.clone() },
        CallRef { channel_id: Some(Text::default()), ..whole.clone() },
        CallRef { request_id: None, ..whole },
    ] {
        let mut rig = logged_out();
        rig.command(Command::Accept { call });
        assert_eq!(rig.last_code(), Code::INVALID_ARGUMENT);
    }
}

/// Scenario (early): The app logs out, is closed or kicked while an answer waits.
#[test]
fn the_end_of_the_session_completes_what_waits() {
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.logout();
    rig.told("done accept 90003");
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.close();
    rig.told("done accept 90003");
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.kick();
    rig.told("done accept 90003 · on_kicked");
    let mut rig = logged_out();
    accept(&mut rig);
    rig.logout();
    rig.told("done accept 90003 · done logout 20001");
    let mut rig = logged_out();
    accept(&mut rig);
    rig.close();
    rig.told("done accept 90003 · closed");
}

/// Scenario (early): A login fails and is tried again: the answer still waits. Another account's login
/// ends it.
#[test]
fn an_answer_outlives_a_login_that_fails_but_not_another_accounts() {
    let begin = || {
        let mut rig = logged_out();
        rig.login("al");
        accept(&mut rig);
        rig.answer("login", Code::BAD_TOKEN);
        rig.told("done login 302");
        rig
    };
    let mut rig = begin();
    log_in(&mut rig);
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.asked("accept bob p1 q1");
    let mut rig = begin();
    rig.login("carol");
    rig.ok("login");
    rig.told("done login 0 · done accept 10408");
}

/// Scenario (early): The call was over before the answer, or ends before it arrives: 10408, and a missed
/// call as always.
#[test]
fn a_call_that_is_over_is_not_waited_for() {
    let mut rig = Rig::new();
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    accept(&mut rig);
    rig.told("done accept 10408");
    reject(&mut rig);
    rig.told("done reject 10408");

    for (signal, request) in [(EventKind::Cancel, "q1"), (EventKind::Close, "")] {
        let mut rig = Rig::new();
        accept(&mut rig);
        rig.signal(signal, "eve", "p1", request, "");
        rig.told("");
        rig.signal(signal, "bob", "p1", request, "");
        rig.told("done accept 10408");

        let mut rig = logged_out();
        accept(&mut rig);
        log_in(&mut rig);
        rig.forget();
        let events = vec![ring(&rig, "bob", "p1", "q1"), rig.event(signal, "bob", "p1", request, "")];
        backlog(&mut rig, events);
        rig.told("on_missed_call bob cancelled · done accept 10408");
        rig.asked("");
    }
    // Too old, and of a group.
    let mut rig = Rig::new();
    accept(&mut rig);
    let mut old = ring(&rig, "bob", "p1", "q1");
    old.channel.invalid = true;
    backlog(&mut rig, vec![old]);
    rig.told("on_missed_call bob expired · done accept 10408");
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.signal(EventKind::Invite, "bob", "p1", "q1", "{\"callType\":1,\"callId\":\"c\"}");
    rig.told("on_missed_call bob group · done accept 10408");
}

/// Scenario (early): The call that ended last: to refuse it is fulfilled, to accept it comes too late.
#[test]
fn the_call_that_ended_last_is_known() {
    let mut rig = Rig::called();
    rig.peer_cancels();
    rig.forget();
    reject(&mut rig);
    accept(&mut rig);
    rig.told("done reject 0 · done accept 10408");
}

/// Scenario (devices): Another device of the account answered first.
#[test]
fn another_devices_answer_counts_before_the_call_arrives_and_after() {
    for (signal, code) in [(EventKind::Accept, 10410), (EventKind::Reject, 10409)] {
        let mut rig = Rig::new();
        accept(&mut rig);
        rig.signal_from(Origin::OtherDevice, signal, "al", "p1", "q1", "");
        rig.told(&format!("done accept {code}"));
        rig.invite("bob", "p1", "q1");
        rig.told("");

        let mut rig = logged_out();
        accept(&mut rig);
        log_in(&mut rig);
        rig.forget();
        let events = vec![ring(&rig, "bob", "p1", "q1"), rig.event(signal, "al", "p1", "q1", "")];
        backlog(&mut rig, events);
        rig.told(&format!("on_missed_call bob answeredelsewhere · done accept {code}"));
    }
    // Once it is here the service decides, as always.
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.invite("bob", "p1", "q1");
    rig.signal_from(Origin::OtherDevice, EventKind::Accept, "al", "p1", "q1", "");
    rig.told("on_invited bob");
    rig.answer("accept", 10410);
    rig.told("done accept 10410 · on_other_client_accept bob · on_call_end 18");
}

/// Scenario (busy): The answered call arrives while another is on: an accept cannot be, a reject is said in
/// the app's words.
#[test]
fn an_answered_call_that_meets_another_call() {
    for (mut rig, code) in [(Rig::in_call(), 20020), (Rig::calling(), 20018), (Rig::called(), 90001)] {
        let call = to("carol", "c1", "s1");
        rig.command(Command::Accept { call: call.clone() });
        rig.told("");
        rig.invite("carol", "c1", "s1");
        rig.told(&format!("done accept {code} · on_missed_call carol busy"));
        rig.asked("reject carol c1 s1 reason 3");

        let call = to("carol", "c2", "s2");
        rig.command(Command::Reject { call, busy: false, text: Some("no".into()) });
        rig.invite("carol", "c2", "s2");
        rig.told("done reject 0");
        rig.asked("reject carol c2 s2");
        assert_eq!(&*wire::read(&rig.text_of("reject")).attachment, "no");
    }
}

/// Scenario (glare): We call the very person whose call the app has answered: one call results.
#[test]
fn an_answered_call_of_the_user_whom_we_call() {
    let mut rig = Rig::calling();
    rig.command(Command::Accept { call: to("bob", "p1", "zz") });
    rig.invite("bob", "p1", "zz");
    rig.told("done accept 20018");
    rig.asked("accept bob p1 zz");
    rig.ok("accept");
    rig.told("on_user_accept bob");
    let mut rig = Rig::calling();
    rig.command(Command::Reject { call: to("bob", "p1", "zz"), busy: false, text: None });
    rig.invite("bob", "p1", "zz");
    rig.told("done reject 0");
    rig.asked("reject bob p1 zz");
    assert_eq!(rig.state(), 1);
}

/// Scenario (early): The answered call is a redial of the one that rings: it is taken when that ends, however
/// long it takes.
#[test]
fn an_answered_redial_is_taken_when_the_first_call_ends() {
    let mut rig = Rig::called();
    let call = to("bob", "p2", "q2");
    rig.command(Command::Accept { call: call.clone() });
    rig.invite("bob", "p2", "q2");
    rig.pass(20_000);
    rig.told("");
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12 · on_invited bob");
    rig.asked("accept bob p2 q2");

    let mut rig = Rig::called();
    rig.command(Command::Reject { call, busy: false, text: None });
    rig.invite("bob", "p2", "q2");
    rig.told("done reject 0");
    rig.asked("reject bob p2 q2");
    assert_eq!(rig.state(), 2);
}

/// Scenario (early): The backlog has several calls: the one that was answered comes first.
#[test]
fn of_several_calls_in_the_backlog_the_answered_one_comes_first() {
    let several = |rig: &Rig| {
        let mut events =
            vec![ring(rig, "bob", "p1", "q1"), ring(rig, "carol", "c1", "s1"), ring(rig, "bob", "p2", "q2")];
        for (event, create_ms) in events.iter_mut().zip(1..) {
            event.channel.create_ms = create_ms;
        }
        events
    };
    let mut rig = Rig::new();
    accept(&mut rig);
    let events = several(&rig);
    backlog(&mut rig, events);
    rig.told("on_invited bob · on_missed_call carol busy");
    rig.asked("accept bob p1 q1 · reject carol c1 s1 reason 3");
    // The newer call of the same person waits: the answered one may be over.
    rig.answer("accept", 10408);
    rig.told("done accept 10408 · on_user_cancel bob · on_call_end 12 · on_invited bob");

    let mut rig = Rig::new();
    reject(&mut rig);
    let events = several(&rig);
    backlog(&mut rig, events);
    rig.told("on_invited bob · done reject 0 · on_call_end 13 · on_invited bob · on_missed_call carol busy");
    assert_eq!(answered(&rig), [true, false]);
}

#[test]
fn an_app_that_takes_no_events_cannot_take_the_call() {
    let mut rig = Rig::new();
    accept(&mut rig);
    rig.handle(Input::Backlog(true));
    rig.invite("bob", "p1", "q1");
    rig.told("done accept 90005");
    rig.asked("reject bob p1 q1 reason 3");
}

/// Scenario (early): The call is here already: an answer that would wait is one like any other.
#[test]
fn an_answer_to_a_call_that_rings_does_not_wait() {
    let mut rig = Rig::called();
    accept(&mut rig);
    rig.asked("accept bob p1 q1");
    let mut rig = Rig::called();
    reject(&mut rig);
    rig.told("done reject 0 · on_call_end 13");
}
