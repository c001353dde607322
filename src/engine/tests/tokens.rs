//! Tokens: requested, set, refused, and too late.

use super::super::input::*;
use super::super::output::Event;
use super::super::{Caps, Config};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{self as signaling, Code, Connection, Outcome, Text};

fn asks(harness: &mut Harness) {
    let why = Outcome { code: Code::BAD_TOKEN, ..Outcome::default() };
    harness.handle(Input::Connection(Connection::TokenNeeded(why)));
}

fn loses(harness: &mut Harness) {
    harness.handle(Input::Connection(Connection::Lost(Outcome::default())));
}

fn gives(harness: &mut Harness, token: &str) {
    harness.command(Command::SetToken { token: token.into() });
}

fn logging_in() -> Harness {
    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    harness.login("al");
    harness.forget();
    harness
}

/// Lost, and a token requested.
fn asked(mut harness: Harness) -> Harness {
    loses(&mut harness);
    asks(&mut harness);
    harness.forget();
    harness
}

/// Scenario (session): The token has expired when the connection returns: the app is asked, answers, and
/// the session continues.
#[test]
fn a_token_that_is_asked_for_and_given_keeps_the_session() {
    let mut harness = Harness::new();
    loses(&mut harness);
    asks(&mut harness);
    asks(&mut harness);
    harness.emits("on_reconnecting 1 · on_token_needed 302");
    harness.pass(59_999);
    gives(&mut harness, "fresh");
    harness.asked("set token 'fresh'");
    harness.emits("done none 0");
    harness.handle(Input::Connection(Connection::Restored));
    harness.emits("on_reconnected 1");
    harness.pass(600_000);
    harness.emits("");
    // A restored connection needs none any more.
    loses(&mut harness);
    asks(&mut harness);
    harness.handle(Input::Connection(Connection::Restored));
    harness.forget();
    harness.pass(600_000);
    harness.emits("");
    // Requested again, reported again.
    asks(&mut harness);
    harness.emits("on_token_needed 302");
}

/// Scenario (session): The app does not answer within a minute, or has no token: the session ends
/// with BAD_TOKEN, and the backend is asked to stop.
#[test]
fn a_session_without_a_token_ends() {
    let mut late = asked(Harness::new());
    late.pass(59_999);
    late.emits("");
    late.pass(1);
    let mut none = asked(Harness::new());
    gives(&mut none, "");
    let mut lost = Harness::new();
    loses(&mut lost);
    lost.forget();
    gives(&mut lost, "");
    for (mut harness, emitted) in
        [(late, "on_kicked"), (none, "done none 0 · on_kicked"), (lost, "done none 0 · on_kicked")]
    {
        harness.emits(emitted);
        harness.asked("logout");
        harness.call("bob");
        assert_eq!(harness.last_code(), Code::NOT_LOGGED_IN);
        harness.login("al");
        harness.forget();
        harness.ok("logout");
        harness.emits("");
        harness.asked("login al");
    }
    let mut harness = asked(Harness::new());
    harness.pass(60_000);
    let code = |event: &Event| if let Event::Kicked(event) = event { Some(event.code) } else { None };
    let kicked = harness.events.iter().find_map(code);
    assert_eq!(kicked, Some(Code::BAD_TOKEN));
}

/// Scenario (session): A refused token does not end a call with media: BAD_TOKEN follows the call.
#[test]
fn a_call_with_media_outlives_its_token() {
    let mut harness = asked(Harness::in_call());
    harness.pass(3_600_000);
    harness.emits("");
    harness.hangup();
    harness.emits("done hangup 0 · on_message_sent 1 · on_call_end 15 · on_kicked");
    harness.asked("close ch1 · rtc leave · record 1 to bob · logout");

    let mut harness = asked(Harness::in_call());
    gives(&mut harness, "");
    harness.emits("done none 0");
    // A token after all.
    gives(&mut harness, "found");
    harness.asked("set token 'found'");
    harness.hangup();
    harness.emits("done none 0 · done hangup 0 · on_message_sent 1 · on_call_end 15");
}

#[test]
fn a_call_without_media_ends_with_its_token() {
    let mut harness = Harness::with(Config { caps: Caps { no_media: true, ..caps() }, ..Config::default() });
    harness.place_call();
    harness.peer_accepts();
    harness.ok("rtc join");
    let mut harness = asked(harness);
    harness.pass(60_000);
    harness.emits_last("on_call_end 8");
    // Ringing needs signaling, too.
    let mut harness = asked(Harness::called());
    gives(&mut harness, "");
    harness.emits("done none 0 · on_kicked · on_call_end 8");
}

/// Scenario (session): The machine slept past the limits of the ringing call and of a requested token: the
/// session is over, so the caller's second invite does not ring.
#[test]
fn nothing_rings_when_a_token_is_overdue_too() {
    for mut harness in [asked(Harness::called()), asked(Harness::accepting())] {
        harness.invite("bob", "p2", "q2");
        harness.forget();
        harness.pass_at_once(60_000);
        let (app, _) = harness.logs();
        assert!(app.ends_with("on_kicked · on_call_end 8"), "{app}");
        assert!(!app.contains("on_invited"), "{app}");
    }
}

/// Scenario (session): A call with media outlives its token, the peer restarts and calls again: the call and
/// the session end, and nothing rings.
#[test]
fn a_session_without_a_token_does_not_ring() {
    let mut harness = asked(Harness::in_call());
    gives(&mut harness, "");
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(4_000);
    harness.forget();
    harness.invite("bob", "p2", "q2");
    harness.emits("on_user_disconnect bob · on_message_sent 1 · on_call_end 19 · on_kicked");
    assert_eq!(harness.state(), 0);
}

/// Scenario (session): A login without a token: the app is asked and answers.
#[test]
fn a_login_asks_for_a_token_within_its_own_limit() {
    let mut harness = logging_in();
    asks(&mut harness);
    harness.emits("on_token_needed 302");
    harness.pass(5_000);
    gives(&mut harness, "fresh");
    harness.asked("set token 'fresh'");
    harness.ok("login");
    harness.emits("done none 0 · done login 0");

    // Answered, and no connection all the same: a timeout.
    let mut harness = logging_in();
    asks(&mut harness);
    gives(&mut harness, "fresh");
    harness.forget();
    harness.pass(10_000);
    harness.emits("done login 408");

    // Not answered.
    let mut harness = logging_in();
    asks(&mut harness);
    harness.forget();
    harness.pass(9_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done login 302");
    harness.asked("abort login");

    // There is none, requested or not.
    for is_asked in [false, true] {
        let mut harness = logging_in();
        if is_asked {
            asks(&mut harness);
        }
        harness.forget();
        gives(&mut harness, "");
        harness.emits("done none 0 · done login 302");
        harness.asked("abort login");
    }
}

#[test]
fn a_token_is_stored_while_connected_only() {
    let mut harness = Harness::new();
    gives(&mut harness, "next");
    harness.asked("set token 'next'");
    gives(&mut harness, "");
    harness.asked("set token ''");
    harness.pass(120_000);
    harness.emits("done none 0 · done none 0");

    let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
    gives(&mut harness, "early");
    harness.emits("done none 0");
    harness.asked("");
}

#[test]
fn a_login_that_waits_takes_a_newer_token() {
    let mut harness = Harness::new();
    harness.logout();
    harness.login("al");
    gives(&mut harness, "newer");
    harness.ok("logout");
    let token = |op: &signaling::Operation| {
        if let signaling::Operation::Login { token, .. } = op { Some(token.clone()) } else { None }
    };
    let token = harness.ops.iter().rev().find_map(token);
    assert_eq!(token.as_deref(), Some("newer"));
}

/// Scenario (session): The connection is lost and the app logs in again with a fresh token: it is used, and
/// the login completes when the connection is restored, or with 408.
#[test]
fn a_login_on_a_lost_connection_hands_its_token_on_and_waits() {
    let mut harness = asked(Harness::new());
    harness.login("al");
    harness.asked("set token 'token'");
    harness.emits("");
    harness.command(Command::Login { account: "al".into(), token: Text::default() });
    harness.asked("");
    harness.pass(9_999);
    harness.emits("");
    harness.handle(Input::Connection(Connection::Restored));
    harness.emits("done login 0 · done login 0 · on_reconnected 1");
    harness.pass(120_000);
    harness.emits("");

    let mut harness = asked(Harness::new());
    harness.login("al");
    harness.forget();
    harness.pass(10_000);
    harness.emits("done login 408");
    harness.handle(Input::Connection(Connection::Restored));
    harness.emits("on_reconnected 1");
}

#[test]
fn a_login_that_waits_for_the_connection_ends_with_the_session() {
    let waiting = || {
        let mut harness = asked(Harness::new());
        harness.login("al");
        harness.forget();
        harness
    };
    let mut harness = waiting();
    harness.logout();
    harness.emits("done login 90004");
    let mut harness = waiting();
    harness.close();
    harness.emits("done login 90003");
    let mut harness = waiting();
    harness.kick();
    harness.emits("done login 1 · on_kicked");
    let mut harness = waiting();
    gives(&mut harness, "");
    harness.emits("done none 0 · done login 302 · on_kicked");
}

#[test]
fn a_login_while_connected_passes_its_token_on() {
    let mut harness = Harness::new();
    harness.login("al");
    harness.emits("done login 0");
    harness.asked("set token 'token'");
}

/// Scenario (session): An app without on_token_needed gets BAD_TOKEN at once.
#[test]
fn an_app_without_on_token_needed_gets_bad_token() {
    let config = Config { caps: caps(), no_token_listener: true, ..Config::default() };
    let mut harness = Harness::logged_out(config.clone());
    harness.login("al");
    harness.forget();
    asks(&mut harness);
    harness.emits("done login 302");
    let mut harness = Harness::with(config);
    loses(&mut harness);
    asks(&mut harness);
    harness.emits("on_reconnecting 1 · on_kicked");
}
