//! Aborted logins: the backend is asked to abort, and a later login waits for that.

use super::super::input::*;
use super::super::{Caps, Config};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{ChannelState, Code, Connection, Outcome};

fn logging_in(abort_login: bool) -> Harness {
    let mut harness =
        Harness::logged_out(Config { caps: Caps { abort_login, ..caps() }, ..Config::default() });
    harness.login("al");
    harness.forget();
    harness
}

/// Scenario (session): The service does not complete a login in time: it is aborted, and a later one
/// waits until that is confirmed.
#[test]
fn an_overdue_login_is_aborted_before_the_next() {
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.emits("done login 408");
    harness.asked("abort login");
    assert_eq!(&*harness.snapshot().account, "");
    harness.login("al");
    harness.asked("");
    // The old login's completion is not the new one's.
    harness.ok("login");
    harness.emits("");
    harness.asked("login al");
    harness.ok("login");
    harness.emits("done login 0");
}

#[test]
fn a_backend_that_never_confirms_delays_a_login_5_s() {
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.login("al");
    harness.forget();
    harness.pass(4_999);
    harness.asked("");
    harness.pass(1);
    harness.asked("login al");
    // Messages of the old one are ignored.
    harness.ok("login");
    harness.emits("");
    harness.ok("login");
    harness.emits("done login 0");
}

/// Scenario (session): We log out, or the client is destroyed, during a login: the login is aborted.
#[test]
fn a_logout_or_close_during_a_login_takes_it_back() {
    let mut harness = logging_in(true);
    harness.logout();
    harness.emits("done login 90004");
    harness.asked("abort login");
    harness.login("al");
    harness.answer("login", 408);
    harness.emits("done logout 0");
    harness.asked("login al");

    let mut harness = logging_in(true);
    harness.close();
    harness.emits("done login 90003");
    harness.asked("abort login");
    harness.ok("login");
    harness.emits("closed");

    let mut harness = logging_in(true);
    harness.close();
    harness.forget();
    harness.pass(500);
    harness.emits("closed");
}

#[test]
fn a_backend_without_abort_is_logged_out_instead() {
    let mut harness = logging_in(false);
    harness.pass(10_000);
    harness.emits("done login 408");
    harness.asked("logout");
    harness.login("al");
    harness.asked("");
    harness.ok("logout");
    harness.asked("login al");

    let mut harness = logging_in(false);
    harness.logout();
    harness.emits("done login 90004");
    harness.asked("logout");
    harness.answer("logout", 408);
    harness.emits("done logout 408");
}

/// Scenario (session): Results of an aborted login change nothing.
#[test]
fn an_aborted_login_reports_nothing() {
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.kick();
    harness.handle(Input::Connection(Connection::TokenNeeded(Outcome::default())));
    harness.handle(Input::Connection(Connection::Lost(Outcome::default())));
    harness.handle(Input::ChannelStates(vec![ChannelState::default()]));
    harness.ok("login");
    harness.emits("");
    harness.asked("");
    harness.call("bob");
    assert_eq!(harness.last_code(), Code::NOT_LOGGED_IN);
}

/// Scenario (session): The last request counts: a waiting login is superseded by a logout.
#[test]
fn a_logout_makes_a_waiting_login_void() {
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.login("al");
    harness.forget();
    harness.logout();
    harness.emits("done login 90004");
    harness.ok("login");
    harness.emits("done logout 0");
    harness.asked("");

    let mut harness = Harness::new();
    harness.logout();
    harness.login("al");
    harness.logout();
    harness.forget();
    harness.ok("logout");
    harness.emits("done logout 0 · done logout 0");
    harness.asked("");

    // Logged out, and nothing is pending.
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.logout();
    assert_eq!(harness.last_code(), Code::NOT_LOGGED_IN);
}

#[test]
fn closing_completes_a_login_that_waits_for_an_earlier_one() {
    let mut harness = logging_in(true);
    harness.pass(10_000);
    harness.login("al");
    harness.forget();
    harness.close();
    harness.emits("done login 90003");
    harness.ok("login");
    harness.emits("closed");
    harness.asked("");
}
