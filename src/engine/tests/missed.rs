//! Calls that did not ring, told at once and in moderation.

use super::super::limits;
use super::super::output::{Event, MissedCall};
use super::rig::Rig;

fn missed(rig: &Rig) -> Vec<&MissedCall> {
    let events = rig.events.iter();
    events
        .filter_map(|event| if let Event::MissedCall(missed) = event { Some(missed) } else { None })
        .collect()
}

/// Scenario (busy): Somebody calls while we are in a call, calling or ringing: the app is told at once who.
#[test]
fn who_hears_busy_is_a_missed_call_at_once_with_its_ids() {
    for mut rig in [Rig::calling(), Rig::called(), Rig::accepting(), Rig::glare_loser(), Rig::in_call()] {
        rig.invite("carol", "c1", "s1");
        rig.told("on_missed_call carol busy");
        let missed = missed(&rig);
        let [MissedCall { channel_id, request_id, count, .. }] = &*missed else { panic!("{missed:?}") };
        assert_eq!((&**channel_id, &**request_id, *count), ("c1", "s1", 1));
    }
}

/// Both called each other, and the other invite comes when the call is on already.
#[test]
fn whom_we_talk_to_is_not_missed() {
    let mut rig = Rig::in_call();
    rig.invite("bob", "c9", "s9");
    rig.asked("reject bob c9 s9 reason 3");
    rig.told("");
    rig.pass(60_000);
    rig.told("");
}

/// Scenario (busy): The same person calls again and again while we are in a call: counted, and told once a
/// window.
#[test]
fn who_calls_on_and_on_while_we_are_busy_is_counted() {
    let mut rig = Rig::in_call();
    for n in 0..30 {
        rig.invite("carol", &format!("c{n}"), "s");
        rig.pass(10);
    }
    rig.told("on_missed_call carol busy");
    rig.invite("dave", "d", "s");
    rig.told("on_missed_call dave busy");
    rig.pass(u64::from(limits::COALESCE_MS) - 301);
    rig.told("");
    rig.pass(1);
    rig.told("on_missed_call carol busy");
    let missed = missed(&rig);
    let last = missed.last().expect("it was told");
    assert_eq!((&*last.channel_id, last.count), ("c29", 29));
    rig.pass(60_000);
    rig.told("");
}

/// Scenario (session): What was counted is told before a logout, and nothing after it.
#[test]
fn what_was_counted_is_told_before_the_session_ends() {
    let mut rig = Rig::in_call();
    rig.invite("carol", "c1", "s");
    rig.invite("carol", "c2", "s");
    rig.forget();
    rig.logout();
    rig.told("on_message_sent 1 · on_call_end 0 · on_missed_call carol busy");
    rig.settle();
    rig.told("done logout 0");
    rig.pass(60_000);
    rig.told("");

    let mut rig = Rig::in_call();
    rig.invite("carol", "c1", "s");
    rig.invite("carol", "c2", "s");
    rig.forget();
    rig.kick();
    rig.told("on_missed_call carol busy · on_kicked · on_disconnect · on_call_end 8");
}

/// A host that takes no events is told no missed calls either.
#[test]
fn nothing_is_told_to_an_app_that_takes_no_events() {
    let mut rig = Rig::in_call();
    rig.handle(super::super::input::Input::Backlog(true));
    rig.invite("carol", "c1", "s1");
    rig.asked("reject carol c1 s1 reason 3");
    rig.told("");
}
