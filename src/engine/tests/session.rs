//! Login to logout, kick, connection, channel states, and every end.

use super::super::Config;
use super::super::input::*;
use super::super::output::Event;
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{
    self as signaling, Channel, ChannelState, Code, Connection, EventKind, Origin, Outcome,
};

fn logged_out() -> Harness {
    Harness::logged_out(Config { caps: caps(), ..Config::default() })
}

/// Scenario (session): A login completes with the service's result.
#[test]
fn login_completes_with_the_services_answer() {
    let mut harness = logged_out();
    harness.login("al");
    harness.asked("login al");
    harness.emits("");
    harness.ok("login");
    harness.emits("done login 0");
    assert_eq!(&*harness.snapshot().account, "al");
    harness.login("al");
    harness.login("bob");
    harness.emits("done login 0 · done login 90002");
}

/// Scenario (session): Logging in twice shares the login; another account is refused.
#[test]
fn logins_during_a_login_share_it_or_are_refused() {
    let mut harness = logged_out();
    harness.login("al");
    harness.login("al");
    harness.emits("");
    harness.login("bob");
    harness.emits("done login 90002");
    harness.ok("login");
    harness.emits("done login 0 · done login 0");
}

/// Scenario (session): A login fails, or does not complete for ten seconds: logged out, and it can
/// be retried.
#[test]
fn a_login_that_fails_or_takes_10_s_is_no_login() {
    let mut harness = logged_out();
    harness.login("al");
    harness.answer("login", Code::BAD_TOKEN);
    harness.emits("done login 302");
    harness.login("al");
    harness.pass(9_999);
    harness.emits("");
    harness.pass(1);
    harness.emits("done login 408");
    harness.call("bob");
    assert_eq!(harness.last_code(), Code::NOT_LOGGED_IN);
}

#[test]
fn logout_is_completed_last() {
    let mut harness = Harness::new();
    harness.logout();
    harness.asked("logout");
    harness.emits("");
    harness.ok("logout");
    harness.emits("done logout 0");
    harness.call("bob");
    harness.emits("done call 20001");
}

/// A busy answer belongs to no call of ours: it does not delay the logout.
#[test]
fn a_logout_does_not_wait_for_a_busy_answer() {
    let mut harness = Harness::new();
    harness.handle(super::super::input::Input::Backlog(true));
    harness.invite("carol", "c1", "s1");
    harness.asked("reject carol c1 s1 reason 3");
    harness.logout();
    harness.asked("logout");
}

/// Scenario (session): We log out in a call: it is hung up first.
#[test]
fn logout_in_a_call_hangs_up_first() {
    let mut harness = Harness::in_call();
    harness.logout();
    harness.emits("on_message_sent 1 · on_call_end 0");
    harness.asked("close ch1 · rtc leave · record 1 to bob");
    harness.ok("close");
    harness.asked("");
    harness.ok("record");
    harness.asked("logout");
    harness.ok("logout");
    harness.emits("done logout 0");
}

/// Scenario (session): We log out while calling: the invite is cancelled first.
#[test]
fn logout_while_calling_cancels_the_invite_first() {
    let mut harness = Harness::calling();
    harness.logout();
    harness.emits("on_message_sent 2 · on_call_end 0");
    harness.asked("cancel bob ch1 r1 · record 2 to bob");
    harness.ok("record");
    harness.ok("cancel");
    harness.asked("close ch1");
    harness.ok("close");
    harness.asked("logout");
    harness.ok("logout");
    harness.emits("done logout 0");
}

/// Scenario (session): We log out while it rings: the call is rejected, and everything pending completes.
#[test]
fn logout_completes_what_is_pending_and_rejects_what_rings() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.forget();
    harness.logout();
    harness.emits("done call 90003 · on_call_end 0");
    let mut harness = Harness::called();
    harness.logout();
    harness.emits("on_call_end 0");
    harness.asked("reject bob p1 q1");
    let mut harness = Harness::accepting();
    harness.logout();
    harness.emits("done accept 90003 · on_call_end 0");
    harness.asked("");
}

/// Scenario (session): The service does not respond while we log out: half a second, and we are logged out.
#[test]
fn a_silent_service_delays_a_logout_by_half_a_second() {
    let mut harness = Harness::calling();
    harness.logout();
    harness.forget();
    harness.pass(499);
    harness.asked("");
    harness.pass(1);
    harness.asked("logout");
    harness.pass(5_000);
    harness.emits("done logout 408");
    assert_eq!(&*harness.snapshot().account, "");
}

/// Scenario (session): A login during a logout waits for it.
#[test]
fn a_login_during_a_logout_is_queued() {
    let mut harness = Harness::new();
    harness.logout();
    harness.login("bob");
    harness.asked("logout");
    harness.ok("logout");
    harness.emits("done logout 0");
    harness.asked("login bob");
    harness.ok("login");
    harness.emits("done login 0");
}

#[test]
fn a_second_logout_shares_the_first() {
    let mut harness = Harness::new();
    harness.logout();
    harness.logout();
    harness.ok("logout");
    harness.emits("done logout 0 · done logout 0");
}

/// Scenario (session): Between logout and login no event is emitted.
#[test]
fn nothing_is_reported_between_logout_and_login() {
    let mut harness = Harness::in_call();
    harness.logout();
    harness.settle();
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.peer_closes("ch1");
    harness.rtc(RtcEvent::PeerLeave { uid: 22, code: Code::OK });
    harness.handle(Input::Connection(Connection::Lost(Outcome::default())));
    harness.kick();
    harness.handle(Input::ChannelStates(vec![ChannelState::default()]));
    harness.pass(60_000);
    harness.emits("");
    harness.asked("");
}

/// Scenario (expiry): An invite arrives before the login has completed: it rings afterwards.
#[test]
fn messages_that_overtake_the_logins_completion_wait_for_it() {
    let mut harness = logged_out();
    harness.login("al");
    harness.invite("bob", "p1", "q1");
    harness.emits("");
    harness.ok("login");
    harness.emits("done login 0 · on_invited bob");
}

#[test]
fn closing_an_idle_client_logs_out() {
    let mut harness = logged_out();
    harness.close();
    harness.emits("closed");
    let mut harness = Harness::new();
    harness.close();
    harness.asked("logout");
    harness.emits("");
    harness.ok("logout");
    harness.emits("closed");
}

/// Scenario (session): The client is released in a call: the peer is still notified, within half a second.
#[test]
fn closing_a_live_call_waits_half_a_second() {
    let mut harness = Harness::in_call();
    harness.close();
    harness.emits("on_message_sent 1 · on_call_end 0");
    harness.asked("close ch1 · rtc leave · record 1 to bob");
    harness.hangup();
    harness.emits("done hangup 90003");
    harness.pass(499);
    harness.emits("");
    harness.pass(1);
    harness.emits("closed");
}

/// Scenario (session): The client is released: every open request completes.
#[test]
fn closing_completes_everything_with_shutting_down() {
    let mut harness = logged_out();
    harness.login("al");
    harness.close();
    harness.emits("done login 90003");
    harness.settle();
    harness.emits("closed");
    let mut harness = Harness::accepting();
    harness.close();
    harness.emits("done accept 90003 · on_call_end 0");
    let mut harness = Harness::in_call();
    harness.command(Command::MuteLocal { media: Media::AUDIO, muted: true });
    harness.close();
    assert!(harness.results.iter().any(|result| result.code == Code::SHUTTING_DOWN));
    let mut harness = Harness::new();
    harness.logout();
    harness.login("al");
    harness.close();
    harness.emits("done login 90003");
    harness.pass(500);
    harness.emits("done logout 90003 · closed");
}

/// Scenario (session): Another login kicks us: call and media end at once, with the reason.
#[test]
fn a_kick_ends_everything_at_once() {
    let cases = [
        (Harness::new(), "on_kicked"),
        (Harness::calling(), "on_kicked · on_call_end 8"),
        (Harness::glare_loser(), "on_kicked · on_call_end 8"),
        (Harness::called(), "on_kicked · on_call_end 8"),
        (Harness::in_call(), "on_kicked · on_disconnect · on_call_end 8"),
    ];
    for (mut harness, emitted) in cases {
        harness.kick();
        harness.emits(emitted);
        assert!(harness.ops.iter().all(|op| !matches!(op, signaling::Operation::Logout)));
        harness.call("bob");
        harness.emits("done call 20001");
    }
    let mut harness = Harness::in_call();
    harness.kick();
    harness.asked("rtc leave");
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.kick();
    harness.emits("on_kicked · on_call_end 8");
    harness.asked("rtc leave");
}

#[test]
fn a_kick_is_reported_after_the_open_completions() {
    let mut harness = Harness::accepting();
    harness.kick();
    harness.emits("done accept 90003 · on_kicked · on_call_end 8");
}

#[test]
fn a_kick_without_a_code_during_the_login_is_no_success() {
    let mut harness = logged_out();
    harness.login("al");
    harness.handle(Input::Connection(Connection::Kicked(Outcome::default())));
    assert_ne!(harness.last_code(), Code::OK);
}

/// Scenario (session): We are kicked during a logout: that completes it.
#[test]
fn a_kick_during_a_logout_completes_it() {
    let mut harness = Harness::new();
    harness.logout();
    harness.kick();
    harness.emits("done logout 0");
}

#[test]
fn a_kick_during_a_logout_leaves_nothing_to_clean_up() {
    let mut harness = Harness::calling();
    harness.logout();
    harness.forget();
    harness.kick();
    harness.emits("done logout 0");
    harness.ok("cancel");
    harness.pass(60_000);
    harness.asked("");
}

/// Scenario (session): After a kick a new login works.
#[test]
fn after_a_kick_one_can_log_in_again() {
    let mut harness = Harness::in_call();
    harness.kick();
    harness.login("al");
    harness.ok("login");
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.emits("on_invited bob");
}

/// Scenario (reconnect): The signaling connection is lost and restored: each is reported once, and
/// the call continues.
#[test]
fn a_lost_connection_is_reported_once_while_ringing() {
    let mut harness = Harness::calling();
    let lost = || Input::Connection(Connection::Lost(Outcome::default()));
    harness.handle(Input::Connection(Connection::Restored));
    harness.handle(lost());
    harness.handle(lost());
    harness.emits("on_reconnecting 1");
    harness.handle(Input::Connection(Connection::Restored));
    harness.emits("on_reconnected 1");
    harness.peer_accepts();
    harness.emits("on_user_accept bob");
}

/// Scenario (session): The app crashed in a call: after the next login its channel is closed or left.
#[test]
fn channels_of_the_last_session_are_left_or_closed() {
    let mut harness = Harness::calling();
    let room = |id: &str, creator: &str| ChannelState {
        channel: Channel { id: id.into(), creator: creator.into(), ..Channel::default() },
        members: Vec::new(),
    };
    harness.handle(Input::ChannelStates(vec![
        room("ch1", "al"),
        room("x1", "al"),
        room("x2", "bob"),
        room("", "al"),
    ]));
    harness.asked("close x1 · leave x2");
    harness.answer("close", 500);
    harness.answer("leave", 500);
    harness.emits("");
}

/// Scenario (devices): Another device answers while we log in: the invite of the backlog does not ring.
#[test]
fn an_end_before_the_logins_completion_blocks_its_invite() {
    let mut harness = logged_out();
    harness.login("al");
    let ring = harness.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1"));
    harness.handle(Input::Signals { origin: Origin::Offline, events: vec![ring] });
    harness.signal_from(Origin::OtherDevice, EventKind::Reject, "al", "p1", "q1", "");
    harness.ok("login");
    harness.emits("done login 0 · on_missed_call bob answeredelsewhere");
}

/// Scenario (devices): Another device answered while we were logged out: the invite does not ring after the
/// login.
#[test]
fn an_answer_in_a_backlog_while_logged_out_is_kept() {
    let mut harness = logged_out();
    let answer = harness.event(EventKind::Accept, "al", "p1", "q1", "");
    harness.handle(Input::Signals { origin: Origin::Offline, events: vec![answer] });
    harness.login("al");
    harness.ok("login");
    harness.forget();
    harness.invite("bob", "p1", "q1");
    harness.emits("");
}

#[test]
fn channel_states_before_the_login_completes_wait() {
    let mut harness = logged_out();
    harness.login("al");
    harness.forget();
    let channel = Channel { id: "x2".into(), creator: "bob".into(), ..Channel::default() };
    harness.handle(Input::ChannelStates(vec![ChannelState { channel, members: Vec::new() }]));
    harness.asked("");
    harness.ok("login");
    harness.emits("done login 0");
    harness.asked("leave x2");
}

/// Scenario (session): An invite arrives while the client closes: it does not ring.
#[test]
fn nobody_rings_while_the_client_closes() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.close();
    harness.emits("on_call_end 0");
    harness.signal(EventKind::Invite, "carol", "p3", "q3", &new_style("p3", "k3"));
    harness.emits("");
}

#[test]
fn at_most_256_messages_wait_for_a_login_shared_by_sender() {
    let mut harness = logged_out();
    harness.login("al");
    let junk = harness.event(EventKind::Join, "eve", "x", "", "");
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![junk; 1_000] });
    harness.invite("bob", "p1", "q1");
    harness.signal(EventKind::Cancel, "bob", "p1", "q1", "");
    harness.invite("carol", "p2", "q2");
    let junk = harness.event(EventKind::Join, "eve", "x", "", "");
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![junk; 1_000] });
    harness.ok("login");
    harness.emits("done login 0 · on_missed_call bob cancelled · on_invited carol");
}

#[test]
fn a_service_without_a_clock_makes_no_invite_old() {
    let mut harness = logged_out();
    harness.login("al");
    harness.ok("login");
    harness.pass(200_000);
    harness.forget();
    let mut event = harness.event(EventKind::Invite, "bob", "p1", "q1", "");
    event.time_ms = 1;
    harness.handle(Input::Signals { origin: Origin::Online, events: vec![event] });
    harness.emits("on_invited bob");
}

#[test]
fn an_aborted_logins_deadline_does_not_fail_the_next() {
    let mut harness = logged_out();
    harness.login("al");
    harness.pass(5_000);
    harness.logout();
    harness.ok("login");
    harness.login("al");
    harness.forget();
    harness.pass(5_000);
    harness.emits("");
    harness.pass(5_000);
    harness.emits("done login 408");
}

#[test]
fn a_kick_in_a_call_names_both_layers() {
    let mut harness = Harness::in_call();
    harness.kick();
    let transport = |event: &Event| {
        let (Event::Kicked(event) | Event::Disconnect(event)) = event else { return None };
        Some(event.transport as i32)
    };
    assert_eq!(harness.events.iter().filter_map(transport).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn channels_that_wait_or_are_left_over_are_in_use() {
    let channel_states = |ids: &[&str]| {
        let channel = |id: &str| Channel { id: id.into(), ..Channel::default() };
        Input::ChannelStates(
            ids.iter().map(|id| ChannelState { channel: channel(id), members: Vec::new() }).collect(),
        )
    };
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.forget();
    harness.handle(channel_states(&["p1", "p2", "p3"]));
    harness.asked("leave p3");
    // The own invite to a legacy client stays pending beside the call with it.
    let mut harness = Harness::calling();
    harness.invite_old("bob", "p1", "zz");
    harness.ok("accept");
    harness.forget();
    harness.handle(channel_states(&["p1", "ch1", "p3"]));
    harness.asked("leave p3");
}

/// Scenario (session): Kicked while a call rings and another is parked: no operation is issued.
#[test]
fn a_kick_asks_nothing_for_an_invite_that_waits() {
    for begin in [Harness::called, Harness::accepting, Harness::glare_loser, Harness::glare_winner] {
        let mut harness = begin();
        harness.invite("bob", "p2", "q2");
        harness.forget();
        harness.kick();
        harness.asked("");
        assert_eq!(harness.state(), 0);
    }
}

/// Scenario (session): Logged out during a login while the last call's media room is still being left: the
/// next call waits for that and joins.
#[test]
fn a_logout_during_a_login_does_not_forget_the_media_room() {
    let mut harness = Harness::in_call();
    harness.logout();
    harness.pass(500);
    harness.ok("logout");
    harness.login("al");
    harness.logout();
    harness.ok("rtc leave");
    harness.ok("login");
    harness.login("al");
    harness.ok("login");
    harness.invite("bob", "p2", "q2");
    harness.accept();
    harness.ok("accept");
    harness.forget();
    harness.ok("join");
    harness.asked("rtc join p2|0|7 as 11");
}
