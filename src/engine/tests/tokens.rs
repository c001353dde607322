//! Tokens: asked for, given, refused, and too late.

use super::super::input::*;
use super::super::output::Event;
use super::super::{Caps, Config};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{self as signaling, Code, Connection, Outcome, Text};

fn asks(rig: &mut Rig) {
    let why = Outcome { code: Code::BAD_TOKEN, ..Outcome::default() };
    rig.handle(Input::Connection(Connection::TokenNeeded(why)));
}

fn loses(rig: &mut Rig) {
    rig.handle(Input::Connection(Connection::Lost(Outcome::default())));
}

fn gives(rig: &mut Rig, token: &str) {
    rig.command(Command::SetToken { token: token.into() });
}

fn logging_in() -> Rig {
    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    rig.login("al");
    rig.forget();
    rig
}

/// Lost, and asked for a token.
fn asked(mut rig: Rig) -> Rig {
    loses(&mut rig);
    asks(&mut rig);
    rig.forget();
    rig
}

/// Scenario (session): The token has expired when the connection comes back: the app is asked, answers, and
/// the session goes on.
#[test]
fn a_token_that_is_asked_for_and_given_keeps_the_session() {
    let mut rig = Rig::new();
    loses(&mut rig);
    asks(&mut rig);
    asks(&mut rig);
    rig.told("on_reconnecting 1 · on_token_needed 302");
    rig.pass(59_999);
    gives(&mut rig, "fresh");
    rig.asked("set token 'fresh'");
    rig.told("done none 0");
    rig.handle(Input::Connection(Connection::Restored));
    rig.told("on_reconnected 1");
    rig.pass(600_000);
    rig.told("");
    // A connection that came back wants none any more.
    loses(&mut rig);
    asks(&mut rig);
    rig.handle(Input::Connection(Connection::Restored));
    rig.forget();
    rig.pass(600_000);
    rig.told("");
    // Asked again, told again.
    asks(&mut rig);
    rig.told("on_token_needed 302");
}

/// Scenario (session): The app does not answer within a minute, or says that there is none: the session ends
/// with BAD_TOKEN, and the backend is told to stop.
#[test]
fn a_session_without_a_token_ends() {
    let mut late = asked(Rig::new());
    late.pass(59_999);
    late.told("");
    late.pass(1);
    let mut none = asked(Rig::new());
    gives(&mut none, "");
    let mut lost = Rig::new();
    loses(&mut lost);
    lost.forget();
    gives(&mut lost, "");
    for (mut rig, told) in
        [(late, "on_kicked"), (none, "done none 0 · on_kicked"), (lost, "done none 0 · on_kicked")]
    {
        rig.told(told);
        rig.asked("logout");
        rig.call("bob");
        assert_eq!(rig.last_code(), Code::NOT_LOGGED_IN);
        rig.login("al");
        rig.forget();
        rig.ok("logout");
        rig.told("");
        rig.asked("login al");
    }
    let mut rig = asked(Rig::new());
    rig.pass(60_000);
    let code = |event: &Event| if let Event::Kicked(event) = event { Some(event.code) } else { None };
    let kicked = rig.events.iter().find_map(code);
    assert_eq!(kicked, Some(Code::BAD_TOKEN));
}

/// Scenario (session): A refused token does not end a call that has media: BAD_TOKEN comes after the call.
#[test]
fn a_call_with_media_outlives_its_token() {
    let mut rig = asked(Rig::in_call());
    rig.pass(3_600_000);
    rig.told("");
    rig.hangup();
    rig.told("done hangup 0 · on_message_sent 1 · on_call_end 15 · on_kicked");
    rig.asked("close ch1 · rtc leave · record 1 to bob · logout");

    let mut rig = asked(Rig::in_call());
    gives(&mut rig, "");
    rig.told("done none 0");
    // A token after all.
    gives(&mut rig, "found");
    rig.asked("set token 'found'");
    rig.hangup();
    rig.told("done none 0 · done hangup 0 · on_message_sent 1 · on_call_end 15");
}

#[test]
fn a_call_without_media_ends_with_its_token() {
    let mut rig = Rig::with(Config { caps: Caps { no_media: true, ..caps() }, ..Config::default() });
    rig.place_call();
    rig.peer_accepts();
    rig.ok("rtc join");
    let mut rig = asked(rig);
    rig.pass(60_000);
    rig.told_last("on_call_end 8");
    // Ringing needs signaling, too.
    let mut rig = asked(Rig::called());
    gives(&mut rig, "");
    rig.told("done none 0 · on_kicked · on_call_end 8");
}

/// Scenario (session): A login gives no token, the app is asked and answers.
#[test]
fn a_login_asks_for_a_token_within_its_own_limit() {
    let mut rig = logging_in();
    asks(&mut rig);
    rig.told("on_token_needed 302");
    rig.pass(5_000);
    gives(&mut rig, "fresh");
    rig.asked("set token 'fresh'");
    rig.ok("login");
    rig.told("done none 0 · done login 0");

    // Answered, and no connection all the same: a timeout.
    let mut rig = logging_in();
    asks(&mut rig);
    gives(&mut rig, "fresh");
    rig.forget();
    rig.pass(10_000);
    rig.told("done login 408");

    // Not answered.
    let mut rig = logging_in();
    asks(&mut rig);
    rig.forget();
    rig.pass(9_999);
    rig.told("");
    rig.pass(1);
    rig.told("done login 302");
    rig.asked("abort login");

    // There is none, asked or not.
    for is_asked in [false, true] {
        let mut rig = logging_in();
        if is_asked {
            asks(&mut rig);
        }
        rig.forget();
        gives(&mut rig, "");
        rig.told("done none 0 · done login 302");
        rig.asked("abort login");
    }
}

#[test]
fn a_token_is_kept_while_connected_and_without_effect_while_logged_out() {
    let mut rig = Rig::new();
    gives(&mut rig, "next");
    rig.asked("set token 'next'");
    gives(&mut rig, "");
    rig.asked("set token ''");
    rig.pass(120_000);
    rig.told("done none 0 · done none 0");

    let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
    gives(&mut rig, "early");
    rig.told("done none 0");
    rig.asked("");
}

#[test]
fn a_login_that_waits_takes_a_newer_token() {
    let mut rig = Rig::new();
    rig.logout();
    rig.login("al");
    gives(&mut rig, "newer");
    rig.ok("logout");
    let token = |op: &signaling::Operation| {
        if let signaling::Operation::Login { token, .. } = op { Some(token.clone()) } else { None }
    };
    let token = rig.ops.iter().rev().find_map(token);
    assert_eq!(token.as_deref(), Some("newer"));
}

/// Scenario (session): The connection is lost and the app logs in again with a fresh token: it is used, and
/// the login completes when the connection is back, or with 408.
#[test]
fn a_login_on_a_lost_connection_hands_its_token_on_and_waits() {
    let mut rig = asked(Rig::new());
    rig.login("al");
    rig.asked("set token 'token'");
    rig.told("");
    rig.command(Command::Login { account: "al".into(), token: Text::default() });
    rig.asked("");
    rig.pass(9_999);
    rig.told("");
    rig.handle(Input::Connection(Connection::Restored));
    rig.told("done login 0 · done login 0 · on_reconnected 1");
    rig.pass(120_000);
    rig.told("");

    let mut rig = asked(Rig::new());
    rig.login("al");
    rig.forget();
    rig.pass(10_000);
    rig.told("done login 408");
    rig.handle(Input::Connection(Connection::Restored));
    rig.told("on_reconnected 1");
}

#[test]
fn a_login_that_waits_for_the_connection_ends_with_the_session() {
    let waiting = || {
        let mut rig = asked(Rig::new());
        rig.login("al");
        rig.forget();
        rig
    };
    let mut rig = waiting();
    rig.logout();
    rig.told("done login 90004");
    let mut rig = waiting();
    rig.close();
    rig.told("done login 90003");
    let mut rig = waiting();
    rig.kick();
    rig.told("done login 1 · on_kicked");
    let mut rig = waiting();
    gives(&mut rig, "");
    rig.told("done none 0 · done login 302 · on_kicked");
}

#[test]
fn a_login_while_connected_hands_a_token_on_and_completes_at_once() {
    let mut rig = Rig::new();
    rig.login("al");
    rig.told("done login 0");
    rig.asked("set token 'token'");
}

/// Scenario (session): An app without on_token_needed hears at once that its token is not taken.
#[test]
fn who_cannot_be_asked_for_a_token_hears_at_once() {
    let config = Config { caps: caps(), no_token_listener: true, ..Config::default() };
    let mut rig = Rig::logged_out(config.clone());
    rig.login("al");
    rig.forget();
    asks(&mut rig);
    rig.told("done login 302");
    let mut rig = Rig::with(config);
    loses(&mut rig);
    asks(&mut rig);
    rig.told("on_reconnecting 1 · on_kicked");
}
