//! A message that does not name a call of ours exactly, or of another sender, changes nothing: with it
//! and without it the rest of every scenario is the same.

use super::super::input::*;
use super::super::output::EndReason;
use super::super::wire;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{self as signaling, EventKind, Origin};

/// How a scenario begins, which ids it knows, and how it ends.
struct Scenario {
    name: &'static str,
    begin: fn() -> Harness,
    known: &'static [(&'static str, &'static str)],
    end: fn(&mut Harness),
}

fn with_redial(mut harness: Harness) -> Harness {
    harness.invite("bob", "p2", "q2");
    harness
}

fn old_accepting() -> Harness {
    let mut harness = Harness::new();
    harness.invite_old("bob", "p1", "q1");
    harness.accept();
    harness
}

fn old_glare() -> Harness {
    let mut harness = Harness::calling();
    harness.invite_old("bob", "p1", "zz");
    harness
}

/// In bob's call while our own invite to his legacy client is still out.
fn with_legacy_invite() -> Harness {
    let mut harness = Harness::calling();
    harness.invite_old("bob", "p1", "zz");
    harness.ok("accept");
    harness.ok("join");
    harness
}

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "ringing, and a redial waits",
        begin: || with_redial(Harness::called()),
        known: &[("p1", "q1"), ("p2", "q2")],
        end: |harness| {
            harness.peer_cancels();
            harness.signal(EventKind::Cancel, "bob", "p2", "q2", "");
        },
    },
    Scenario {
        name: "accepting, and a redial waits",
        begin: || with_redial(Harness::accepting()),
        known: &[("p1", "q1"), ("p2", "q2")],
        end: |harness| harness.ok("accept"),
    },
    Scenario {
        name: "accepting a legacy caller",
        begin: old_accepting,
        known: &[("p1", "q1")],
        end: |harness| {
            harness.ok("accept");
            harness.ok("join");
            harness.pass(2_999);
        },
    },
    Scenario {
        name: "losing a glare",
        begin: Harness::glare_loser,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: |harness| harness.ok("accept"),
    },
    Scenario {
        name: "winning a glare",
        begin: Harness::glare_winner,
        known: &[("ch1", "r1"), ("p1", "!")],
        end: |harness| {
            harness.peer_rejects("");
            harness.ok("accept");
        },
    },
    Scenario {
        name: "accepting a legacy caller whom we call",
        begin: old_glare,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: |harness| {
            harness.ok("accept");
            harness.ok("join");
            harness.pass(2_999);
        },
    },
    Scenario {
        name: "in a call",
        begin: Harness::in_call,
        known: &[("ch1", "r1")],
        end: |harness| {
            harness.pass(1_000);
            harness.hangup();
        },
    },
    Scenario {
        name: "in a call, and an own invite is left over",
        begin: with_legacy_invite,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: Harness::hangup,
    },
];

/// The end of the scenario, after this message if there is one.
fn end_of(scenario: &Scenario, message: Option<(Origin, signaling::Event)>) -> (String, String) {
    let mut harness = (scenario.begin)();
    harness.forget();
    if let Some((origin, event)) = message {
        harness.handle(Input::Signals { origin, events: vec![event] });
    }
    (scenario.end)(&mut harness);
    harness.logs()
}

/// Every message that could be taken for one about a call of this scenario, and is not.
fn strangers(scenario: &Scenario) -> Vec<(Origin, signaling::Event)> {
    let harness = (scenario.begin)();
    let control = wire::control_joined();
    let mut all = Vec::new();
    for (origin, signal, sender, custom_info) in [
        (Origin::Online, EventKind::Cancel, "bob", ""),
        (Origin::Online, EventKind::Accept, "bob", "{}"),
        (Origin::Online, EventKind::Reject, "bob", ""),
        (Origin::Online, EventKind::Close, "bob", ""),
        (Origin::Online, EventKind::Leave, "bob", ""),
        (Origin::Online, EventKind::Control, "bob", &*control),
        (Origin::OtherDevice, EventKind::Accept, "al", ""),
        (Origin::OtherDevice, EventKind::Reject, "al", ""),
    ] {
        // These are about a channel, whatever the request.
        let is_of_channel = matches!(signal, EventKind::Close | EventKind::Leave | EventKind::Control);
        for channel in ["ch1", "p1", "p2", "x"] {
            for request in ["r1", "q1", "q2", "zz", "!", "y"] {
                for from in [sender, "eve"] {
                    let names_channel = scenario.known.iter().any(|(known, _)| *known == channel);
                    let names_call = scenario.known.contains(&(channel, request));
                    let is_ours = if is_of_channel { names_channel } else { names_call };
                    if from == "eve" || !is_ours {
                        all.push((origin, harness.event(signal, from, channel, request, custom_info)));
                    }
                }
            }
        }
    }
    all
}

#[test]
fn strangers_change_nothing() {
    let mut tried = 0;
    for scenario in &SCENARIOS {
        let expected = end_of(scenario, None);
        for (origin, event) in strangers(scenario) {
            let emitted = end_of(scenario, Some((origin, event.clone())));
            assert_eq!(emitted, expected, "{}: {origin:?} {event:?}", scenario.name);
            tried += 1;
        }
    }
    assert!(tried > 2_000, "only {tried} messages were tried");
}

#[test]
fn a_channel_closed_while_parked_is_not_accepted() {
    let mut harness = Harness::glare_winner();
    harness.peer_closes("p1");
    harness.peer_rejects("");
    harness.emits("on_user_reject bob · on_message_sent 3 · on_call_end 14");
    harness.asked("close ch1 · record 3 to bob");
}

#[test]
fn a_legacy_invite_whose_channel_closed_needs_no_cancel() {
    let mut harness = with_legacy_invite();
    harness.peer_closes("ch1");
    harness.forget();
    harness.hangup();
    harness.asked("close p1");
}

#[test]
fn only_cid_1_ends_the_wait_for_a_legacy_caller() {
    for (custom_info, is_joining) in
        [(wire::control_joined(), true), ("{\"cid\":2,\"type\":1}".into(), false)]
    {
        for begin in [old_accepting, old_glare] {
            let mut harness = begin();
            harness.control("p1", &custom_info);
            harness.ok("accept");
            harness.ok("join");
            assert_eq!(harness.waiting().contains("rtc join"), is_joining, "{custom_info}");
        }
    }
}

#[test]
fn a_rejects_text_is_reported_unless_an_echo() {
    for (answer, extra) in [("hello", ""), ("in a meeting", "in a meeting")] {
        let mut harness = Harness::new();
        harness.command(Command::Call(CallOptions {
            attachment: Some("hello".into()),
            ..Harness::options("bob")
        }));
        harness.ok("create");
        harness.ok("join");
        harness.ok("invite");
        let custom_info = new_style("ch1", "k1").replace('}', &format!(",\"_attachment\":\"{answer}\"}}"));
        harness.peer_rejects(&custom_info);
        assert_eq!((harness.last_end().reason, &*harness.last_end().extra), (EndReason::PeerRejected, extra));
    }
}

#[test]
fn an_invite_answered_elsewhere_while_parked_is_dropped() {
    for signal in [EventKind::Accept, EventKind::Reject] {
        let mut harness = Harness::glare_winner();
        harness.signal_from(Origin::OtherDevice, signal, "al", "p1", "!", "");
        harness.peer_rejects("");
        harness.emits("on_user_reject bob · on_message_sent 3 · on_call_end 14");
        harness.asked("close ch1 · record 3 to bob");
    }
}

/// Scenario (order): An end received in any state blocks its invite afterwards.
#[test]
fn an_end_in_any_state_blocks_its_invite() {
    let ends = [
        (Origin::Online, EventKind::Cancel, "bob"),
        (Origin::Online, EventKind::Close, "bob"),
        (Origin::OtherDevice, EventKind::Accept, "al"),
        (Origin::OtherDevice, EventKind::Reject, "al"),
    ];
    let begins: Vec<fn() -> Harness> =
        SCENARIOS.iter().map(|scenario| scenario.begin).chain([Harness::calling as _]).collect();
    let near = [("p9", "q9"), ("p1", "q9"), ("p9", "q1"), ("p9", "zz"), ("p9", "!")];
    let cases = ends.iter().flat_map(|end| near.iter().map(move |ids| (*end, *ids)));
    for ((origin, signal, from), (channel, request)) in cases {
        for (index, begin) in begins.iter().enumerate() {
            let mut harness = begin();
            harness.signal_from(origin, signal, from, channel, request, "");
            harness.hangup();
            harness.settle();
            // A redial that waited may ring now.
            harness.hangup();
            harness.settle();
            assert_eq!(harness.state(), 0, "scenario {index}");
            harness.forget();
            harness.invite("bob", channel, request);
            harness.emits("");
        }
    }
}
