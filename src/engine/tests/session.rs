//! Login to logout, kick, connection, rooms, and the way out of everything.

use super::super::Config;
use super::super::input::*;
use super::super::output::Event;
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{
    self as signaling, Channel, ChannelState, Code, Connection, EventKind, Origin, Outcome,
};

fn logged_out() -> Rig {
    Rig::logged_out(Config { caps: caps(), ..Config::default() })
}

/// Scenario (session): A login completes with the service's answer.
#[test]
fn login_completes_with_the_services_answer() {
    let mut rig = logged_out();
    rig.login("al");
    rig.asked("login al");
    rig.told("");
    rig.ok("login");
    rig.told("done login 0");
    assert_eq!(&*rig.snapshot().account, "al");
    rig.login("al");
    rig.login("bob");
    rig.told("done login 0 · done login 90002");
}

/// Scenario (session): Logging in twice shares the login; another account is refused.
#[test]
fn logins_during_a_login_share_it_or_are_refused() {
    let mut rig = logged_out();
    rig.login("al");
    rig.login("al");
    rig.told("");
    rig.login("bob");
    rig.told("done login 90002");
    rig.ok("login");
    rig.told("done login 0 · done login 0");
}

/// Scenario (session): A login fails, or is not answered for ten seconds: nobody is logged in, and it can
/// be tried again.
#[test]
fn a_login_that_fails_or_takes_ten_seconds_leaves_nobody_logged_in() {
    let mut rig = logged_out();
    rig.login("al");
    rig.answer("login", Code::BAD_TOKEN);
    rig.told("done login 302");
    rig.login("al");
    rig.pass(9_999);
    rig.told("");
    rig.pass(1);
    rig.told("done login 408");
    rig.call("bob");
    assert_eq!(rig.last_code(), Code::NOT_LOGGED_IN);
}

#[test]
fn logout_is_completed_last() {
    let mut rig = Rig::new();
    rig.logout();
    rig.asked("logout");
    rig.told("");
    rig.ok("logout");
    rig.told("done logout 0");
    rig.call("bob");
    rig.told("done call 20001");
}

/// A busy answer is of no call of ours: whoever called meanwhile does not hold the logout up.
#[test]
fn a_logout_does_not_wait_for_a_busy_answer() {
    let mut rig = Rig::new();
    rig.handle(super::super::input::Input::Backlog(true));
    rig.invite("carol", "c1", "s1");
    rig.asked("reject carol c1 s1 reason 3");
    rig.logout();
    rig.asked("logout");
}

/// Scenario (session): We log out in a call: it is hung up first.
#[test]
fn logout_in_a_call_hangs_up_first() {
    let mut rig = Rig::in_call();
    rig.logout();
    rig.told("on_message_sent 1 · on_call_end 0");
    rig.asked("close ch1 · rtc leave · record 1 to bob");
    rig.ok("close");
    rig.asked("");
    rig.ok("record");
    rig.asked("logout");
    rig.ok("logout");
    rig.told("done logout 0");
}

/// Scenario (session): We log out while calling: the invite is taken back first.
#[test]
fn logout_while_calling_takes_the_invite_back_first() {
    let mut rig = Rig::calling();
    rig.logout();
    rig.told("on_message_sent 2 · on_call_end 0");
    rig.asked("cancel bob ch1 r1 · record 2 to bob");
    rig.ok("record");
    rig.ok("cancel");
    rig.asked("close ch1");
    rig.ok("close");
    rig.asked("logout");
    rig.ok("logout");
    rig.told("done logout 0");
}

/// Scenario (session): We log out while it rings: the call is rejected, and everything pending completes.
#[test]
fn logout_completes_what_is_pending_and_rejects_what_rings() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.forget();
    rig.logout();
    rig.told("done call 90003 · on_call_end 0");
    let mut rig = Rig::called();
    rig.logout();
    rig.told("on_call_end 0");
    rig.asked("reject bob p1 q1");
    let mut rig = Rig::accepting();
    rig.logout();
    rig.told("done accept 90003 · on_call_end 0");
    rig.asked("");
}

/// Scenario (session): The service does not answer while we log out: half a second, and we are out.
#[test]
fn a_wire_that_does_not_answer_holds_a_logout_up_for_half_a_second() {
    let mut rig = Rig::calling();
    rig.logout();
    rig.forget();
    rig.pass(499);
    rig.asked("");
    rig.pass(1);
    rig.asked("logout");
    rig.pass(5_000);
    rig.told("done logout 408");
    assert_eq!(&*rig.snapshot().account, "");
}

/// Scenario (session): A login during a logout waits for it.
#[test]
fn a_login_during_a_logout_is_queued() {
    let mut rig = Rig::new();
    rig.logout();
    rig.login("bob");
    rig.asked("logout");
    rig.ok("logout");
    rig.told("done logout 0");
    rig.asked("login bob");
    rig.ok("login");
    rig.told("done login 0");
}

#[test]
fn a_second_logout_shares_the_first() {
    let mut rig = Rig::new();
    rig.logout();
    rig.logout();
    rig.ok("logout");
    rig.told("done logout 0 · done logout 0");
}

/// Scenario (session): Between logout and login the app is told nothing.
#[test]
fn nothing_is_told_between_logout_and_login() {
    let mut rig = Rig::in_call();
    rig.logout();
    rig.settle();
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.peer_closes("ch1");
    rig.rtc(RtcEvent::PeerLeave { uid: 22, code: 0 });
    rig.handle(Input::Connection(Connection::Lost(Outcome::default())));
    rig.kick();
    rig.handle(Input::Rooms(vec![ChannelState::default()]));
    rig.pass(60_000);
    rig.told("");
    rig.asked("");
}

/// Scenario (expiry): An invite arrives before the login has completed: it rings afterwards.
#[test]
fn messages_that_overtake_the_logins_completion_wait_for_it() {
    let mut rig = logged_out();
    rig.login("al");
    rig.invite("bob", "p1", "q1");
    rig.told("");
    rig.ok("login");
    rig.told("done login 0 · on_invited bob");
}

#[test]
fn closing_an_idle_component_logs_out() {
    let mut rig = logged_out();
    rig.close();
    rig.told("closed");
    let mut rig = Rig::new();
    rig.close();
    rig.asked("logout");
    rig.told("");
    rig.ok("logout");
    rig.told("closed");
}

/// Scenario (session): The component is released in a call: the peer still learns, within half a second.
#[test]
fn closing_gives_a_live_calls_wire_half_a_second() {
    let mut rig = Rig::in_call();
    rig.close();
    rig.told("on_message_sent 1 · on_call_end 0");
    rig.asked("close ch1 · rtc leave · record 1 to bob");
    rig.hangup();
    rig.told("done hangup 90003");
    rig.pass(499);
    rig.told("");
    rig.pass(1);
    rig.told("closed");
}

/// Scenario (session): The component is released: every open request completes.
#[test]
fn closing_completes_everything_with_shutting_down() {
    let mut rig = logged_out();
    rig.login("al");
    rig.close();
    rig.told("done login 90003");
    rig.settle();
    rig.told("closed");
    let mut rig = Rig::accepting();
    rig.close();
    rig.told("done accept 90003 · on_call_end 0");
    let mut rig = Rig::in_call();
    rig.command(Command::MuteLocal { media: AUDIO, muted: true });
    rig.close();
    assert!(rig.results.iter().any(|result| result.code == Code::SHUTTING_DOWN));
    let mut rig = Rig::new();
    rig.logout();
    rig.login("al");
    rig.close();
    rig.told("done login 90003");
    rig.pass(500);
    rig.told("done logout 90003 · closed");
}

/// Scenario (session): Another login kicks us out: call and media end at once, and the app is told why.
#[test]
fn a_kick_ends_everything_at_once() {
    let cases = [
        (Rig::new(), "on_kicked"),
        (Rig::calling(), "on_kicked · on_call_end 8"),
        (Rig::glare_loser(), "on_kicked · on_call_end 8"),
        (Rig::called(), "on_kicked · on_call_end 8"),
        (Rig::in_call(), "on_kicked · on_disconnect · on_call_end 8"),
    ];
    for (mut rig, told) in cases {
        rig.kick();
        rig.told(told);
        assert!(rig.ops.iter().all(|op| !matches!(op, signaling::Operation::Logout)));
        rig.call("bob");
        rig.told("done call 20001");
    }
    let mut rig = Rig::in_call();
    rig.kick();
    rig.asked("rtc leave");
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.forget();
    rig.kick();
    rig.told("on_kicked · on_call_end 8");
    rig.asked("rtc leave");
}

#[test]
fn a_kick_completes_what_is_pending_before_it_is_told() {
    let mut rig = Rig::accepting();
    rig.kick();
    rig.told("done accept 90003 · on_kicked · on_call_end 8");
}

#[test]
fn a_kick_without_a_code_during_the_login_is_no_success() {
    let mut rig = logged_out();
    rig.login("al");
    rig.handle(Input::Connection(Connection::Kicked(Outcome::default())));
    assert_ne!(rig.last_code(), Code::OK);
}

/// Scenario (session): We are kicked during a logout: that completes it.
#[test]
fn a_kick_during_a_logout_completes_it() {
    let mut rig = Rig::new();
    rig.logout();
    rig.kick();
    rig.told("done logout 0");
}

#[test]
fn a_kick_during_a_logout_leaves_nothing_to_clean_up() {
    let mut rig = Rig::calling();
    rig.logout();
    rig.forget();
    rig.kick();
    rig.told("done logout 0");
    rig.ok("cancel");
    rig.pass(60_000);
    rig.asked("");
}

/// Scenario (session): After a kick one can log in again.
#[test]
fn after_a_kick_one_can_log_in_again() {
    let mut rig = Rig::in_call();
    rig.kick();
    rig.login("al");
    rig.ok("login");
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.told("on_invited bob");
}

/// Scenario (reconnect): The signaling connection is lost and comes back: the app is told once each, and
/// the call goes on.
#[test]
fn a_lost_connection_is_told_once_and_the_call_goes_on_ringing() {
    let mut rig = Rig::calling();
    let lost = || Input::Connection(Connection::Lost(Outcome::default()));
    rig.handle(Input::Connection(Connection::Restored));
    rig.handle(lost());
    rig.handle(lost());
    rig.told("on_reconnecting 1");
    rig.handle(Input::Connection(Connection::Restored));
    rig.told("on_reconnected 1");
    rig.peer_accepts();
    rig.told("on_user_accept bob");
}

/// Scenario (session): The app crashed in a call: after the next login its channel is closed or left.
#[test]
fn rooms_left_over_from_before_are_left_or_closed() {
    let mut rig = Rig::calling();
    let room = |id: &str, creator: &str| ChannelState {
        channel: Channel { id: id.into(), creator: creator.into(), ..Channel::default() },
        members: Vec::new(),
    };
    rig.handle(Input::Rooms(vec![room("ch1", "al"), room("x1", "al"), room("x2", "bob"), room("", "al")]));
    rig.asked("close x1 · leave x2");
    rig.answer("close", 500);
    rig.answer("leave", 500);
    rig.told("");
}

/// Scenario (devices): Another device answers while we log in: the invite of the backlog does not ring.
#[test]
fn an_end_that_overtakes_the_logins_completion_keeps_its_invite_from_ringing() {
    let mut rig = logged_out();
    rig.login("al");
    let ring = rig.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    rig.handle(Input::Signals { origin: Origin::Offline, events: vec![ring] });
    rig.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    rig.ok("login");
    rig.told("done login 0 · on_missed_call bob answeredelsewhere");
}

/// Scenario (devices): Another device answered while we were logged out: the invite does not ring after the
/// login.
#[test]
fn an_answer_in_a_backlog_that_comes_while_logged_out_is_remembered() {
    let mut rig = logged_out();
    let answer = rig.event(EventKind::Accept, "al", "p1", "q1", "");
    rig.handle(Input::Signals { origin: Origin::Offline, events: vec![answer] });
    rig.login("al");
    rig.ok("login");
    rig.forget();
    rig.invite("bob", "p1", "q1");
    rig.told("");
}

#[test]
fn rooms_that_overtake_the_logins_completion_wait_for_it() {
    let mut rig = logged_out();
    rig.login("al");
    rig.forget();
    let channel = Channel { id: "x2".into(), creator: "bob".into(), ..Channel::default() };
    rig.handle(Input::Rooms(vec![ChannelState { channel, members: Vec::new() }]));
    rig.asked("");
    rig.ok("login");
    rig.told("done login 0");
    rig.asked("leave x2");
}

/// Scenario (session): An invite arrives while the component closes: it does not ring.
#[test]
fn nobody_rings_while_the_component_closes() {
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.close();
    rig.told("on_call_end 0");
    rig.signal(EventKind::Invite, "carol", "p3", "q3", &new_style("p3", "k3"));
    rig.told("");
}

#[test]
fn two_hundred_and_fifty_six_messages_wait_for_a_login_and_each_sender_has_its_share() {
    let mut rig = logged_out();
    rig.login("al");
    let junk = rig.event(EventKind::Join, "eve", "x", "", "");
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![junk; 1_000] });
    rig.invite("bob", "p1", "q1");
    rig.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    rig.invite("carol", "p2", "q2");
    let junk = rig.event(EventKind::Join, "eve", "x", "", "");
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![junk; 1_000] });
    rig.ok("login");
    rig.told("done login 0 · on_missed_call bob cancelled · on_invited carol");
}

#[test]
fn a_service_without_a_clock_makes_no_invite_old() {
    let mut rig = logged_out();
    rig.login("al");
    rig.ok("login");
    rig.pass(200_000);
    rig.forget();
    let mut event = rig.event(EventKind::Invite, "bob", "p1", "q1", "");
    event.time_ms = 1;
    rig.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    rig.told("on_invited bob");
}

#[test]
fn the_limit_of_a_login_that_was_given_up_does_not_fail_the_next() {
    let mut rig = logged_out();
    rig.login("al");
    rig.pass(5_000);
    rig.logout();
    rig.ok("login");
    rig.login("al");
    rig.forget();
    rig.pass(5_000);
    rig.told("");
    rig.pass(5_000);
    rig.told("done login 408");
}

#[test]
fn a_kick_in_a_call_names_both_layers() {
    let mut rig = Rig::in_call();
    rig.kick();
    let layer = |event: &Event| {
        let (Event::Kicked(event) | Event::Disconnect(event)) = event else { return None };
        Some(event.layer as i32)
    };
    assert_eq!(rig.events.iter().filter_map(layer).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn channels_that_wait_or_are_left_over_are_in_use() {
    let rooms = |ids: &[&str]| {
        let channel = |id: &str| Channel { id: id.into(), ..Channel::default() };
        Input::Rooms(
            ids.iter().map(|id| ChannelState { channel: channel(id), members: Vec::new() }).collect(),
        )
    };
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.forget();
    rig.handle(rooms(&["p1", "p2", "p3"]));
    rig.asked("leave p3");
    // The own invite to an old client lives on beside the call with it.
    let mut rig = Rig::calling();
    rig.invite_old("bob", "p1", "zz");
    rig.ok("accept");
    rig.forget();
    rig.handle(rooms(&["p1", "ch1", "p3"]));
    rig.asked("leave p3");
}

/// Scenario (session): Kicked while a call rings and another waits: nothing is asked of the service.
#[test]
fn a_kick_asks_nothing_for_an_invite_that_waits() {
    for begin in [Rig::called, Rig::accepting, Rig::glare_loser, Rig::glare_winner] {
        let mut rig = begin();
        rig.invite("bob", "p2", "q2");
        rig.forget();
        rig.kick();
        rig.asked("");
        assert_eq!(rig.state(), 0);
    }
}

/// Scenario (session): Logged out during a login while the last call's media is still being left: the next
/// call waits for that and goes in.
#[test]
fn a_logout_during_a_login_does_not_forget_the_media_room() {
    let mut rig = Rig::in_call();
    rig.logout();
    rig.pass(500);
    rig.ok("logout");
    rig.login("al");
    rig.logout();
    rig.ok("rtc leave");
    rig.ok("login");
    rig.login("al");
    rig.ok("login");
    rig.invite("bob", "p2", "q2");
    rig.accept();
    rig.ok("accept");
    rig.forget();
    rig.ok("join");
    rig.asked("rtc join p2|0|7 as 11");
}
