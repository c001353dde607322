//! Both tables of sub-states, cell by cell.

use super::super::input::*;
use super::super::state::Phase;
use super::rig::Rig;
use nertc_callkit_signaling::{CallType, Code, EventKind, Origin};

/// The sub-states in the order of the columns.
fn sub_states() -> [(Phase, Rig); 7] {
    let mut creating = Rig::new();
    creating.call("bob");
    creating.forget();
    [
        (Phase::Idle, Rig::new()),
        (Phase::Calling, creating),
        (Phase::Calling, Rig::calling()),
        (Phase::GlareAccepting, Rig::glare_loser()),
        (Phase::Called, Rig::called()),
        (Phase::Accepting, Rig::accepting()),
        (Phase::InCall, Rig::in_call()),
    ]
}

/// Runs one row: the code with which the function completes in each sub-state; None = nothing is said yet.
fn row(ask: impl Fn(&mut Rig), expected: [Option<i32>; 7]) {
    for ((phase, mut rig), code) in sub_states().into_iter().zip(expected) {
        assert_eq!(rig.engine.phase(), phase);
        let before = rig.results.len();
        ask(&mut rig);
        let said = rig.results[before..].last().map(|result| result.code.number());
        assert_eq!(said, code, "in {phase:?}");
    }
}

/// Scenario (wrong): call() in any state but idle is refused with a code that says the state.
#[test]
fn call_is_legal_when_idle_only() {
    let (calling, called, in_call) = (Some(20002), Some(20003), Some(20004));
    row(|rig| rig.call("carol"), [None, calling, calling, calling, called, called, in_call]);
}

/// Scenario (wrong): accept() when nothing rings is refused with a code that says the state.
#[test]
fn accept_is_legal_when_called_only() {
    let calling = Some(20018);
    row(|rig| rig.accept(), [Some(20017), calling, calling, calling, None, None, Some(20020)]);
}

/// Scenario (wrong): reject() when nothing rings is refused with a code that says the state.
#[test]
fn reject_is_legal_when_called_only() {
    let calling = Some(20022);
    row(|rig| rig.reject(), [Some(20021), calling, calling, calling, Some(0), Some(0), Some(20024)]);
}

/// Scenario (wrong): cancel() when we are not calling is refused with a code that says the state.
#[test]
fn cancel_is_legal_when_calling_only() {
    let (ok, called) = (Some(0), Some(20015));
    row(|rig| rig.cancel(), [Some(20013), ok, ok, ok, called, called, Some(20016)]);
}

#[test]
fn hangup_is_legal_in_every_call() {
    let ok = Some(0);
    row(|rig| rig.hangup(), [Some(20005), ok, ok, ok, ok, ok, ok]);
}

/// Scenario (wrong): leave() outside of a call is refused with a code that says the state.
#[test]
fn leave_is_legal_in_a_call_only() {
    let (calling, called) = (Some(20010), Some(20011));
    row(|rig| rig.leave(), [Some(20009), calling, calling, calling, called, called, Some(0)]);
}

/// Scenario (switch): Switching is possible from the accept on, also before the call is connected.
#[test]
fn a_type_switch_is_legal_in_a_call_only_also_before_it_is_connected() {
    let (calling, called) = (Some(20026), Some(20027));
    let ask = |rig: &mut Rig| rig.switch(CallType::Video, SwitchStep::Invite);
    row(ask, [Some(20025), calling, calling, calling, called, called, Some(0)]);
    let mut rig = Rig::calling();
    rig.peer_accepts();
    rig.switch(CallType::Video, SwitchStep::Invite);
    assert_eq!(rig.last_code(), Code::OK);
}

/// Scenario (wrong): Everything about calls before the login is refused.
#[test]
fn before_login_everything_about_calls_says_so() {
    use super::super::Config;
    use super::rig::caps;
    let none = CallRef::default;
    let commands = [
        Command::Call(Rig::options("bob")),
        Command::Cancel { call: none(), attach_ext: None, no_offline: false, no_record: false },
        Command::Accept { call: none() },
        Command::Reject { call: none(), busy: false, text: None },
        Command::Hangup { call: none(), no_offline: false, no_record: false, text: None },
        Command::Leave { call: none(), no_offline: false, text: None },
        Command::SwitchCallType { call_type: CallType::Video, step: SwitchStep::Invite },
        Command::EnableLocal { media: AUDIO, on: true },
        Command::MuteLocal { media: AUDIO, muted: true },
        Command::MuteRemote { media: AUDIO, muted: true },
        Command::SetLocalView(None),
        Command::SetRemoteView(None),
        Command::Logout,
    ];
    for is_logging_in in [false, true] {
        for command in &commands {
            let mut rig = Rig::logged_out(Config { caps: caps(), ..Config::default() });
            if is_logging_in {
                rig.login("al");
                if *command == Command::Logout {
                    continue;
                }
            }
            rig.command(command.clone());
            assert_eq!(rig.last_code().number(), 20001, "{command:?}");
        }
    }
}

/// What a message does: the words told, the operations asked, the state afterwards.
#[track_caller]
fn cell(mut rig: Rig, act: impl Fn(&mut Rig), told: &str, asked: &str, after: Phase) {
    act(&mut rig);
    rig.told(told);
    rig.asked(asked);
    assert_eq!(rig.engine.phase(), after);
}

/// Scenario (order): The answer to our invite arrives when the call is over, or twice: it changes nothing.
#[test]
fn accept_of_own_by_state() {
    let accept = |rig: &mut Rig| rig.peer_accepts();
    cell(Rig::new(), accept, "", "", Phase::Idle);
    cell(Rig::calling(), accept, "on_user_accept bob", "rtc join ch1|0|11 as 11", Phase::InCall);
    cell(Rig::glare_loser(), accept, "", "", Phase::GlareAccepting);
    cell(Rig::called(), accept, "", "", Phase::Called);
    cell(Rig::accepting(), accept, "", "", Phase::Accepting);
    cell(Rig::in_call(), accept, "", "", Phase::InCall);
}

/// Scenario (order): A rejection arrives when we are in the call, or when it is over: it changes nothing.
#[test]
fn reject_of_own_by_state() {
    let reject = |rig: &mut Rig| rig.peer_rejects("");
    let end = "on_user_reject bob · on_message_sent 3 · on_call_end 14";
    cell(Rig::new(), reject, "", "", Phase::Idle);
    cell(Rig::calling(), reject, end, "close ch1 · record 3 to bob", Phase::Idle);
    cell(Rig::glare_loser(), reject, "", "close ch1", Phase::GlareAccepting);
    cell(Rig::glare_winner(), reject, "", "close ch1 · accept bob p1 !", Phase::GlareAccepting);
    cell(Rig::in_call(), reject, "", "", Phase::InCall);
}

/// Scenario (ordinary): The peer hangs up: the call ends with "hung up by the other side", in whatever
/// state it is.
#[test]
fn close_by_state() {
    cell(Rig::new(), |rig| rig.peer_closes("p1"), "", "", Phase::Idle);
    let asked = "record 3 to bob";
    cell(
        Rig::calling(),
        |rig| rig.peer_closes("ch1"),
        "on_message_sent 3 · on_call_end 16",
        asked,
        Phase::Idle,
    );
    cell(Rig::glare_loser(), |rig| rig.peer_closes("ch1"), "", "", Phase::GlareAccepting);
    cell(Rig::glare_loser(), |rig| rig.peer_closes("p1"), "", "", Phase::GlareAccepting);
    cell(Rig::glare_winner(), |rig| rig.peer_closes("ch1"), "", "accept bob p1 !", Phase::GlareAccepting);
    cell(Rig::called(), |rig| rig.peer_closes("p1"), "on_user_cancel bob · on_call_end 12", "", Phase::Idle);
    cell(Rig::accepting(), |rig| rig.peer_closes("p1"), "", "", Phase::Accepting);
    let asked = "rtc leave · record 1 to bob";
    cell(
        Rig::in_call(),
        |rig| rig.peer_closes("ch1"),
        "on_message_sent 1 · on_call_end 16",
        asked,
        Phase::Idle,
    );
}

/// Scenario (ordinary): The peer leaves: a call of two is over, and the one who stays closes the channel.
#[test]
fn leave_by_state() {
    let leave =
        |channel: &'static str| move |rig: &mut Rig| rig.signal(EventKind::Leave, "bob", channel, "", "");
    cell(Rig::new(), leave("p1"), "", "", Phase::Idle);
    cell(Rig::calling(), leave("ch1"), "", "", Phase::Calling);
    cell(Rig::glare_loser(), leave("p1"), "", "", Phase::GlareAccepting);
    cell(Rig::called(), leave("p1"), "", "", Phase::Called);
    cell(Rig::accepting(), leave("p1"), "", "", Phase::Accepting);
    let told = "on_user_leave bob · on_message_sent 1 · on_call_end 20";
    cell(Rig::in_call(), leave("ch1"), told, "close ch1 · rtc leave · record 1 to bob", Phase::Idle);
}

/// Scenario (cancel): A cancel that comes when nothing rings changes nothing, but is remembered.
#[test]
fn cancel_of_theirs_by_state() {
    let cancel = |rig: &mut Rig| rig.peer_cancels();
    let glare = |rig: &mut Rig| rig.signal(EventKind::Cancel, "bob", "p1", "!", "");
    let held = |rig: &mut Rig| rig.signal(EventKind::Cancel, "bob", "p1", "zz", "");
    cell(Rig::new(), cancel, "", "", Phase::Idle);
    cell(Rig::glare_winner(), glare, "", "", Phase::Calling);
    cell(Rig::glare_loser(), held, "", "", Phase::GlareAccepting);
    cell(Rig::called(), cancel, "on_user_cancel bob · on_call_end 12", "", Phase::Idle);
    cell(Rig::accepting(), cancel, "", "", Phase::Accepting);
    cell(Rig::in_call_as_callee(), cancel, "", "", Phase::InCall);
}

#[test]
fn an_aside_that_was_cancelled_is_not_accepted_later() {
    let mut rig = Rig::glare_winner();
    rig.signal(EventKind::Cancel, "bob", "p1", "!", "");
    rig.peer_rejects("");
    rig.told("on_user_reject bob · on_message_sent 3 · on_call_end 14");
    rig.invite("bob", "p1", "!");
    rig.told("");
}

/// Scenario (devices): Another device's answer arrives in any state: only the ringing that it is about
/// ends.
#[test]
fn siblings_by_state() {
    for signal in [EventKind::Accept, EventKind::Reject] {
        let sync = move |channel: &'static str, request: &'static str| {
            move |rig: &mut Rig| {
                rig.signal_from(Origin::OtherDevice, signal, "al", channel, request, "");
            }
        };
        let told = match signal == EventKind::Accept {
            true => "on_other_client_accept bob · on_call_end 18",
            false => "on_other_client_reject bob · on_call_end 17",
        };
        cell(Rig::new(), sync("p1", "q1"), "", "", Phase::Idle);
        cell(Rig::glare_winner(), sync("p1", "!"), "", "", Phase::Calling);
        cell(Rig::glare_loser(), sync("p1", "zz"), "", "", Phase::GlareAccepting);
        cell(Rig::called(), sync("p1", "q1"), told, "", Phase::Idle);
        cell(Rig::accepting(), sync("p1", "q1"), "", "", Phase::Accepting);
        cell(Rig::in_call_as_callee(), sync("p1", "q1"), "", "", Phase::InCall);
    }
}

/// Scenario (old): "Join now" from a client before 1.1.0 counts once, and only while it is waited for.
#[test]
fn control_1_by_state() {
    let control = |channel: &'static str| move |rig: &mut Rig| rig.control(channel, "{\"cid\":1}");
    cell(Rig::new(), control("p1"), "", "", Phase::Idle);
    cell(Rig::calling(), control("ch1"), "", "", Phase::Calling);
    cell(Rig::glare_loser(), control("p1"), "", "", Phase::GlareAccepting);
    cell(Rig::called(), control("p1"), "", "", Phase::Called);
    cell(Rig::accepting(), control("p1"), "", "", Phase::Accepting);
    cell(Rig::in_call_as_callee(), control("p1"), "", "", Phase::InCall);
}

#[test]
fn control_2_and_3_by_state() {
    for custom_info in ["{\"cid\":2,\"type\":2}", "{\"cid\":3,\"type\":2,\"state\":1}"] {
        let control = |channel: &'static str| move |rig: &mut Rig| rig.control(channel, custom_info);
        cell(Rig::new(), control("p1"), "", "", Phase::Idle);
        cell(Rig::calling(), control("ch1"), "", "", Phase::Calling);
        cell(Rig::glare_loser(), control("p1"), "", "", Phase::GlareAccepting);
        cell(Rig::called(), control("p1"), "", "", Phase::Called);
        cell(Rig::accepting(), control("p1"), "", "", Phase::Accepting);
    }
}

/// Scenario (recall): The other person calls again, in each state: a glare, a waiting redial, or busy.
#[test]
fn an_invite_from_the_peer_by_state() {
    let invite = |rig: &mut Rig| rig.invite("bob", "p9", "q9");
    cell(Rig::new(), invite, "on_invited bob", "", Phase::Called);
    cell(Rig::glare_loser(), invite, "", "reject bob p9 q9 reason 3", Phase::GlareAccepting);
    cell(Rig::called(), invite, "", "", Phase::Called);
    cell(Rig::accepting(), invite, "", "", Phase::Accepting);
    cell(Rig::in_call(), invite, "", "reject bob p9 q9 reason 3", Phase::InCall);
}
