//! A message that does not name a call of ours exactly, or that somebody else sent, changes nothing: with it
//! and without it the rest of every story is the same.

use super::super::input::*;
use super::super::output::EndReason;
use super::super::wire;
use super::rig::{Rig, new_style};
use nertc_callkit_signaling::{self as signaling, EventKind, Origin};

/// How a story begins, which ids it knows, and how it ends.
struct Story {
    name: &'static str,
    begin: fn() -> Rig,
    known: &'static [(&'static str, &'static str)],
    end: fn(&mut Rig),
}

fn with_redial(mut rig: Rig) -> Rig {
    rig.invite("bob", "p2", "q2");
    rig
}

fn old_accepting() -> Rig {
    let mut rig = Rig::new();
    rig.invite_old("bob", "p1", "q1");
    rig.accept();
    rig
}

fn old_glare() -> Rig {
    let mut rig = Rig::calling();
    rig.invite_old("bob", "p1", "zz");
    rig
}

/// In bob's call while our own invite to his old client is still out.
fn with_leftover() -> Rig {
    let mut rig = Rig::calling();
    rig.invite_old("bob", "p1", "zz");
    rig.ok("accept");
    rig.ok("join");
    rig
}

const STORIES: [Story; 8] = [
    Story {
        name: "ringing, and a redial waits",
        begin: || with_redial(Rig::called()),
        known: &[("p1", "q1"), ("p2", "q2")],
        end: |rig| {
            rig.peer_cancels();
            rig.signal(EventKind::Cancel, "bob", "p2", "q2", "");
        },
    },
    Story {
        name: "accepting, and a redial waits",
        begin: || with_redial(Rig::accepting()),
        known: &[("p1", "q1"), ("p2", "q2")],
        end: |rig| rig.ok("accept"),
    },
    Story {
        name: "accepting an old caller",
        begin: old_accepting,
        known: &[("p1", "q1")],
        end: |rig| {
            rig.ok("accept");
            rig.ok("join");
            rig.pass(2_999);
        },
    },
    Story {
        name: "losing a glare",
        begin: Rig::glare_loser,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: |rig| rig.ok("accept"),
    },
    Story {
        name: "winning a glare",
        begin: Rig::glare_winner,
        known: &[("ch1", "r1"), ("p1", "!")],
        end: |rig| {
            rig.peer_rejects("");
            rig.ok("accept");
        },
    },
    Story {
        name: "accepting an old caller whom we call",
        begin: old_glare,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: |rig| {
            rig.ok("accept");
            rig.ok("join");
            rig.pass(2_999);
        },
    },
    Story {
        name: "in a call",
        begin: Rig::in_call,
        known: &[("ch1", "r1")],
        end: |rig| {
            rig.pass(1_000);
            rig.hangup();
        },
    },
    Story {
        name: "in a call, and an own invite is left over",
        begin: with_leftover,
        known: &[("ch1", "r1"), ("p1", "zz")],
        end: Rig::hangup,
    },
];

/// The end of the story, after this message if there is one.
fn end_of(story: &Story, message: Option<(Origin, signaling::Event)>) -> (String, String) {
    let mut rig = (story.begin)();
    rig.forget();
    if let Some((origin, event)) = message {
        rig.handle(Input::Signals { origin, events: vec![event] });
    }
    (story.end)(&mut rig);
    rig.logs()
}

/// Every message that could be taken for one about a call of this story, and is not.
fn strangers(story: &Story) -> Vec<(Origin, signaling::Event)> {
    let rig = (story.begin)();
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
                    let names_channel = story.known.iter().any(|(known, _)| *known == channel);
                    let names_call = story.known.contains(&(channel, request));
                    let is_ours = if is_of_channel { names_channel } else { names_call };
                    if from == "eve" || !is_ours {
                        all.push((origin, rig.event(signal, from, channel, request, custom_info)));
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
    for story in &STORIES {
        let expected = end_of(story, None);
        for (origin, event) in strangers(story) {
            let told = end_of(story, Some((origin, event.clone())));
            assert_eq!(told, expected, "{}: {origin:?} {event:?}", story.name);
            tried += 1;
        }
    }
    assert!(tried > 2_000, "only {tried} messages were tried");
}

#[test]
fn a_channel_that_is_closed_while_it_waits_in_a_glare_is_not_accepted() {
    let mut rig = Rig::glare_winner();
    rig.peer_closes("p1");
    rig.peer_rejects("");
    rig.told("on_user_reject bob · on_message_sent 3 · on_call_end 14");
    rig.asked("close ch1 · record 3 to bob");
}

#[test]
fn a_left_over_invite_whose_channel_the_peer_closed_needs_no_cancel() {
    let mut rig = with_leftover();
    rig.peer_closes("ch1");
    rig.forget();
    rig.hangup();
    rig.asked("close p1");
}

#[test]
fn only_the_word_that_it_joined_ends_the_wait_for_an_old_caller() {
    for (custom_info, is_joining) in
        [(wire::control_joined(), true), ("{\"cid\":2,\"type\":1}".into(), false)]
    {
        for begin in [old_accepting, old_glare] {
            let mut rig = begin();
            rig.control("p1", &custom_info);
            rig.ok("accept");
            rig.ok("join");
            assert_eq!(rig.waiting().contains("rtc join"), is_joining, "{custom_info}");
        }
    }
}

#[test]
fn what_a_refusal_adds_is_told_unless_it_echoes_our_own_text() {
    for (answer, extra) in [("hello", ""), ("in a meeting", "in a meeting")] {
        let mut rig = Rig::new();
        rig.command(Command::Call(CallOptions { attachment: Some("hello".into()), ..Rig::options("bob") }));
        rig.ok("create");
        rig.ok("join");
        rig.ok("invite");
        let custom_info = new_style("ch1", "k1").replace('}', &format!(",\"_attachment\":\"{answer}\"}}"));
        rig.peer_rejects(&custom_info);
        assert_eq!((rig.last_end().reason, &*rig.last_end().extra), (EndReason::PeerRejected, extra));
    }
}

#[test]
fn an_invite_that_another_device_answered_while_it_waited_is_not_accepted() {
    for signal in [EventKind::Accept, EventKind::Reject] {
        let mut rig = Rig::glare_winner();
        rig.signal_from(Origin::OtherDevice, signal, "al", "p1", "!", "");
        rig.peer_rejects("");
        rig.told("on_user_reject bob · on_message_sent 3 · on_call_end 14");
        rig.asked("close ch1 · record 3 to bob");
    }
}

/// Scenario (order): An end that is heard in whatever state keeps its invite from ringing afterwards.
#[test]
fn an_end_heard_in_any_state_keeps_its_invite_from_ringing() {
    let ends = [
        (Origin::Online, EventKind::Cancel, "bob"),
        (Origin::Online, EventKind::Close, "bob"),
        (Origin::OtherDevice, EventKind::Accept, "al"),
        (Origin::OtherDevice, EventKind::Reject, "al"),
    ];
    let begins: Vec<fn() -> Rig> =
        STORIES.iter().map(|story| story.begin).chain([Rig::calling as _]).collect();
    let near = [("p9", "q9"), ("p1", "q9"), ("p9", "q1"), ("p9", "zz"), ("p9", "!")];
    let cases = ends.iter().flat_map(|end| near.iter().map(move |ids| (*end, *ids)));
    for ((origin, signal, from), (channel, request)) in cases {
        for (index, begin) in begins.iter().enumerate() {
            let mut rig = begin();
            rig.signal_from(origin, signal, from, channel, request, "");
            rig.hangup();
            rig.settle();
            // A redial that waited may ring now.
            rig.hangup();
            rig.settle();
            assert_eq!(rig.state(), 0, "story {index}");
            rig.forget();
            rig.invite("bob", channel, request);
            rig.told("");
        }
    }
}
