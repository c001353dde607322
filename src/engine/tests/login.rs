//! Logins that are given up: the backend is told, and a later login waits for that.

use super::super::input::*;
use super::super::{Caps, Config};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{ChannelState, Code, Connection, Outcome};

fn logging_in(abort_login: bool) -> Rig {
    let mut rig = Rig::logged_out(Config { caps: Caps { abort_login, ..caps() }, ..Config::default() });
    rig.login("al");
    rig.forget();
    rig
}

/// Scenario (session): The service does not answer a login in time: the login is taken back, and a later one
/// waits until that is confirmed.
#[test]
fn a_login_that_is_overdue_is_taken_back_and_the_next_waits() {
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.told("done login 408");
    rig.asked("abort login");
    assert_eq!(&*rig.snapshot().account, "");
    rig.login("al");
    rig.asked("");
    // The old login's completion is no answer to the new one.
    rig.ok("login");
    rig.told("");
    rig.asked("login al");
    rig.ok("login");
    rig.told("done login 0");
}

#[test]
fn a_backend_that_never_confirms_holds_the_next_login_up_for_five_seconds() {
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.login("al");
    rig.forget();
    rig.pass(4_999);
    rig.asked("");
    rig.pass(1);
    rig.asked("login al");
    // What the old one says now is nothing.
    rig.ok("login");
    rig.told("");
    rig.ok("login");
    rig.told("done login 0");
}

/// Scenario (session): We log out, or the component goes, during a login: the login is taken back.
#[test]
fn a_logout_or_close_during_a_login_takes_it_back() {
    let mut rig = logging_in(true);
    rig.logout();
    rig.told("done login 90004");
    rig.asked("abort login");
    rig.login("al");
    rig.answer("login", 408);
    rig.told("done logout 0");
    rig.asked("login al");

    let mut rig = logging_in(true);
    rig.close();
    rig.told("done login 90003");
    rig.asked("abort login");
    rig.ok("login");
    rig.told("closed");

    let mut rig = logging_in(true);
    rig.close();
    rig.forget();
    rig.pass(500);
    rig.told("closed");
}

#[test]
fn a_backend_without_abort_is_logged_out_instead() {
    let mut rig = logging_in(false);
    rig.pass(10_000);
    rig.told("done login 408");
    rig.asked("logout");
    rig.login("al");
    rig.asked("");
    rig.ok("logout");
    rig.asked("login al");

    let mut rig = logging_in(false);
    rig.logout();
    rig.told("done login 90004");
    rig.asked("logout");
    rig.answer("logout", 408);
    rig.told("done logout 408");
}

/// Scenario (session): What a login that was given up still brings changes nothing.
#[test]
fn nothing_of_a_login_that_was_given_up_is_told() {
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.kick();
    rig.handle(Input::Connection(Connection::TokenNeeded(Outcome::default())));
    rig.handle(Input::Connection(Connection::Lost(Outcome::default())));
    rig.handle(Input::Rooms(vec![ChannelState::default()]));
    rig.ok("login");
    rig.told("");
    rig.asked("");
    rig.call("bob");
    assert_eq!(rig.last_code(), Code::NOT_LOGGED_IN);
}

/// Scenario (session): The app's last word counts: a login that waits is void after a logout.
#[test]
fn a_logout_makes_a_waiting_login_void() {
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.login("al");
    rig.forget();
    rig.logout();
    rig.told("done login 90004");
    rig.ok("login");
    rig.told("done logout 0");
    rig.asked("");

    let mut rig = Rig::new();
    rig.logout();
    rig.login("al");
    rig.logout();
    rig.forget();
    rig.ok("logout");
    rig.told("done logout 0 · done logout 0");
    rig.asked("");

    // Nobody is logged in, and nothing waits.
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.logout();
    assert_eq!(rig.last_code(), Code::NOT_LOGGED_IN);
}

#[test]
fn closing_completes_a_login_that_waits_for_an_earlier_one() {
    let mut rig = logging_in(true);
    rig.pass(10_000);
    rig.login("al");
    rig.forget();
    rig.close();
    rig.told("done login 90003");
    rig.ok("login");
    rig.told("closed");
    rig.asked("");
}
