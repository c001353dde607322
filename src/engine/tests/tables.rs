//! Both tables of sub-states, cell by cell.

use super::super::input::*;
use super::super::state::Phase;
use super::harness::Harness;
use nertc_callkit_signaling::{CallType, Code, EventKind, Origin};

/// The sub-states in the order of the columns.
fn sub_states() -> [(Phase, Harness); 7] {
    let mut creating = Harness::new();
    creating.call("bob");
    creating.forget();
    [
        (Phase::Idle, Harness::new()),
        (Phase::Calling, creating),
        (Phase::Calling, Harness::calling()),
        (Phase::GlareAccepting, Harness::glare_loser()),
        (Phase::Called, Harness::called()),
        (Phase::Accepting, Harness::accepting()),
        (Phase::InCall, Harness::in_call()),
    ]
}

/// Runs one row: the code with which the function completes in each sub-state; None = pending.
fn row(ask: impl Fn(&mut Harness), expected: [Option<i32>; 7]) {
    for ((phase, mut harness), code) in sub_states().into_iter().zip(expected) {
        assert_eq!(harness.engine.phase(), phase);
        let before = harness.results.len();
        ask(&mut harness);
        let result = harness.results[before..].last().map(|result| result.code.number());
        assert_eq!(result, code, "in {phase:?}");
    }
}

/// Scenario (wrong): call() in any state but idle completes with the code of the state.
#[test]
fn call_is_legal_when_idle_only() {
    let (calling, called, in_call) = (Some(20002), Some(20003), Some(20004));
    row(|harness| harness.call("carol"), [None, calling, calling, calling, called, called, in_call]);
}

/// Scenario (wrong): accept() when nothing rings completes with the code of the state.
#[test]
fn accept_is_legal_when_called_only() {
    let calling = Some(20018);
    row(|harness| harness.accept(), [Some(20017), calling, calling, calling, None, None, Some(20020)]);
}

/// Scenario (wrong): reject() when nothing rings completes with the code of the state.
#[test]
fn reject_is_legal_when_called_only() {
    let calling = Some(20022);
    row(|harness| harness.reject(), [Some(20021), calling, calling, calling, Some(0), Some(0), Some(20024)]);
}

/// Scenario (wrong): cancel() when we are not calling completes with the code of the state.
#[test]
fn cancel_is_legal_when_calling_only() {
    let (ok, called) = (Some(0), Some(20015));
    row(|harness| harness.cancel(), [Some(20013), ok, ok, ok, called, called, Some(20016)]);
}

#[test]
fn hangup_is_legal_in_every_call() {
    let ok = Some(0);
    row(|harness| harness.hangup(), [Some(20005), ok, ok, ok, ok, ok, ok]);
}

/// Scenario (wrong): leave() outside of a call completes with the code of the state.
#[test]
fn leave_is_legal_in_a_call_only() {
    let (calling, called) = (Some(20010), Some(20011));
    row(|harness| harness.leave(), [Some(20009), calling, calling, calling, called, called, Some(0)]);
}

/// Scenario (switch): Switching is possible from the accept on, also before the call is connected.
#[test]
fn a_type_switch_is_legal_only_in_a_call() {
    let (calling, called) = (Some(20026), Some(20027));
    let ask = |harness: &mut Harness| harness.switch(CallType::Video, SwitchStep::Invite);
    row(ask, [Some(20025), calling, calling, calling, called, called, Some(0)]);
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.switch(CallType::Video, SwitchStep::Invite);
    assert_eq!(harness.last_code(), Code::OK);
}

/// Scenario (wrong): Call functions before the login are refused.
#[test]
fn before_login_call_functions_complete_with_20001() {
    use super::super::Config;
    use super::harness::caps;
    let none = CallRef::default;
    let commands = [
        Command::Call(Harness::options("bob")),
        Command::Cancel { call: none(), attach_ext: None, no_offline: false, no_record: false },
        Command::Accept { call: none() },
        Command::Reject { call: none(), busy: false, text: None },
        Command::Hangup { call: none(), no_offline: false, no_record: false, text: None },
        Command::Leave { call: none(), no_offline: false, text: None },
        Command::SwitchCallType { call_type: CallType::Video, step: SwitchStep::Invite },
        Command::EnableLocal { media: Media::AUDIO, on: true },
        Command::MuteLocal { media: Media::AUDIO, muted: true },
        Command::MuteRemote { media: Media::AUDIO, muted: true },
        Command::SetLocalView(None),
        Command::SetRemoteView(None),
        Command::Logout,
    ];
    for is_logging_in in [false, true] {
        for command in &commands {
            let mut harness = Harness::logged_out(Config { caps: caps(), ..Config::default() });
            if is_logging_in {
                harness.login("al");
                if *command == Command::Logout {
                    continue;
                }
            }
            harness.command(command.clone());
            assert_eq!(harness.last_code().number(), 20001, "{command:?}");
        }
    }
}

/// The effect of a message: the events, the operations, the state afterwards.
#[track_caller]
fn cell(mut harness: Harness, act: impl Fn(&mut Harness), emitted: &str, asked: &str, after: Phase) {
    act(&mut harness);
    harness.emits(emitted);
    harness.asked(asked);
    assert_eq!(harness.engine.phase(), after);
}

/// Scenario (order): The answer to our invite arrives after the call, or twice: it changes nothing.
#[test]
fn accept_of_own_by_state() {
    let accept = |harness: &mut Harness| harness.peer_accepts();
    cell(Harness::new(), accept, "", "", Phase::Idle);
    cell(Harness::calling(), accept, "on_user_accept bob", "rtc join ch1|0|11 as 11", Phase::InCall);
    cell(Harness::glare_loser(), accept, "", "", Phase::GlareAccepting);
    cell(Harness::called(), accept, "", "", Phase::Called);
    cell(Harness::accepting(), accept, "", "", Phase::Accepting);
    cell(Harness::in_call(), accept, "", "", Phase::InCall);
}

/// Scenario (order): A rejection arrives in the call, or after it: it changes nothing.
#[test]
fn reject_of_own_by_state() {
    let reject = |harness: &mut Harness| harness.peer_rejects("");
    let end = "on_user_reject bob · on_message_sent 3 · on_call_end 14";
    cell(Harness::new(), reject, "", "", Phase::Idle);
    cell(Harness::calling(), reject, end, "close ch1 · record 3 to bob", Phase::Idle);
    cell(Harness::glare_loser(), reject, "", "close ch1", Phase::GlareAccepting);
    cell(Harness::glare_winner(), reject, "", "close ch1 · accept bob p1 !", Phase::GlareAccepting);
    cell(Harness::in_call(), reject, "", "", Phase::InCall);
}

/// Scenario (ordinary): The peer hangs up: the call ends with that reason, in every
/// state.
#[test]
fn close_by_state() {
    cell(Harness::new(), |harness| harness.peer_closes("p1"), "", "", Phase::Idle);
    let asked = "record 3 to bob";
    cell(
        Harness::calling(),
        |harness| harness.peer_closes("ch1"),
        "on_message_sent 3 · on_call_end 16",
        asked,
        Phase::Idle,
    );
    cell(Harness::glare_loser(), |harness| harness.peer_closes("ch1"), "", "", Phase::GlareAccepting);
    cell(Harness::glare_loser(), |harness| harness.peer_closes("p1"), "", "", Phase::GlareAccepting);
    cell(
        Harness::glare_winner(),
        |harness| harness.peer_closes("ch1"),
        "",
        "accept bob p1 !",
        Phase::GlareAccepting,
    );
    cell(
        Harness::called(),
        |harness| harness.peer_closes("p1"),
        "on_user_cancel bob · on_call_end 12",
        "",
        Phase::Idle,
    );
    cell(Harness::accepting(), |harness| harness.peer_closes("p1"), "", "", Phase::Accepting);
    let asked = "rtc leave · record 1 to bob";
    cell(
        Harness::in_call(),
        |harness| harness.peer_closes("ch1"),
        "on_message_sent 1 · on_call_end 16",
        asked,
        Phase::Idle,
    );
}

/// Scenario (ordinary): The peer leaves: a call of two has ended, and the one who stays closes the channel.
#[test]
fn leave_by_state() {
    let leave = |channel: &'static str| {
        move |harness: &mut Harness| harness.signal(EventKind::Leave, "bob", channel, "", "")
    };
    cell(Harness::new(), leave("p1"), "", "", Phase::Idle);
    cell(Harness::calling(), leave("ch1"), "", "", Phase::Calling);
    cell(Harness::glare_loser(), leave("p1"), "", "", Phase::GlareAccepting);
    cell(Harness::called(), leave("p1"), "", "", Phase::Called);
    cell(Harness::accepting(), leave("p1"), "", "", Phase::Accepting);
    let emitted = "on_user_leave bob · on_message_sent 1 · on_call_end 20";
    cell(Harness::in_call(), leave("ch1"), emitted, "close ch1 · rtc leave · record 1 to bob", Phase::Idle);
}

/// Scenario (cancel): A cancel that arrives when nothing rings changes nothing, but is remembered.
#[test]
fn cancel_of_theirs_by_state() {
    let cancel = |harness: &mut Harness| harness.peer_cancels();
    let glare = |harness: &mut Harness| harness.signal(EventKind::Cancel, "bob", "p1", "!", "");
    let held = |harness: &mut Harness| harness.signal(EventKind::Cancel, "bob", "p1", "zz", "");
    cell(Harness::new(), cancel, "", "", Phase::Idle);
    cell(Harness::glare_winner(), glare, "", "", Phase::Calling);
    cell(Harness::glare_loser(), held, "", "", Phase::GlareAccepting);
    cell(Harness::called(), cancel, "on_user_cancel bob · on_call_end 12", "", Phase::Idle);
    cell(Harness::accepting(), cancel, "", "", Phase::Accepting);
    cell(Harness::in_call_as_callee(), cancel, "", "", Phase::InCall);
}

#[test]
fn a_cancelled_parked_invite_is_not_accepted() {
    let mut harness = Harness::glare_winner();
    harness.signal(EventKind::Cancel, "bob", "p1", "!", "");
    harness.peer_rejects("");
    harness.emits("on_user_reject bob · on_message_sent 3 · on_call_end 14");
    harness.invite("bob", "p1", "!");
    harness.emits("");
}

/// Scenario (devices): Another device's answer arrives in any state: only the ringing that it is about
/// ends.
#[test]
fn answers_of_other_devices_by_state() {
    for signal in [EventKind::Accept, EventKind::Reject] {
        let sync = move |channel: &'static str, request: &'static str| {
            move |harness: &mut Harness| {
                harness.signal_from(Origin::OtherDevice, signal, "al", channel, request, "");
            }
        };
        let emitted = match signal == EventKind::Accept {
            true => "on_other_client_accept bob · on_call_end 18",
            false => "on_other_client_reject bob · on_call_end 17",
        };
        cell(Harness::new(), sync("p1", "q1"), "", "", Phase::Idle);
        cell(Harness::glare_winner(), sync("p1", "!"), "", "", Phase::Calling);
        cell(Harness::glare_loser(), sync("p1", "zz"), "", "", Phase::GlareAccepting);
        cell(Harness::called(), sync("p1", "q1"), emitted, "", Phase::Idle);
        cell(Harness::accepting(), sync("p1", "q1"), "", "", Phase::Accepting);
        cell(Harness::in_call_as_callee(), sync("p1", "q1"), "", "", Phase::InCall);
    }
}

/// Scenario (old): "Join now" (cid 1) of a client older than 1.1.0 counts once, and only while awaited.
#[test]
fn control_1_by_state() {
    let control =
        |channel: &'static str| move |harness: &mut Harness| harness.control(channel, "{\"cid\":1}");
    cell(Harness::new(), control("p1"), "", "", Phase::Idle);
    cell(Harness::calling(), control("ch1"), "", "", Phase::Calling);
    cell(Harness::glare_loser(), control("p1"), "", "", Phase::GlareAccepting);
    cell(Harness::called(), control("p1"), "", "", Phase::Called);
    cell(Harness::accepting(), control("p1"), "", "", Phase::Accepting);
    cell(Harness::in_call_as_callee(), control("p1"), "", "", Phase::InCall);
}

#[test]
fn control_2_and_3_by_state() {
    for custom_info in ["{\"cid\":2,\"type\":2}", "{\"cid\":3,\"type\":2,\"state\":1}"] {
        let control =
            |channel: &'static str| move |harness: &mut Harness| harness.control(channel, custom_info);
        cell(Harness::new(), control("p1"), "", "", Phase::Idle);
        cell(Harness::calling(), control("ch1"), "", "", Phase::Calling);
        cell(Harness::glare_loser(), control("p1"), "", "", Phase::GlareAccepting);
        cell(Harness::called(), control("p1"), "", "", Phase::Called);
        cell(Harness::accepting(), control("p1"), "", "", Phase::Accepting);
    }
}

/// Scenario (recall): The peer calls again, in each state: a glare, a parked redial, or busy.
#[test]
fn an_invite_from_the_peer_by_state() {
    let invite = |harness: &mut Harness| harness.invite("bob", "p9", "q9");
    cell(Harness::new(), invite, "on_invited bob", "", Phase::Called);
    cell(Harness::glare_loser(), invite, "", "reject bob p9 q9 reason 3", Phase::GlareAccepting);
    cell(Harness::called(), invite, "", "", Phase::Called);
    cell(Harness::accepting(), invite, "", "", Phase::Accepting);
    cell(Harness::in_call(), invite, "", "reject bob p9 q9 reason 3", Phase::InCall);
}
