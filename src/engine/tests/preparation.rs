//! What the media backend is asked to make ready: when, for which call and role, and when no more.

use super::super::input::*;
use super::super::output::{Output, RtcOp};
use super::super::{Caps, Config};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{CallPolicy, Code, EventKind, PolicyRule};

fn config() -> Config {
    Config { caps: Caps { prepare: true, ..caps() }, ..Config::default() }
}

/// A media backend that prepares.
fn prepares() -> Harness {
    Harness::with(config())
}

/// What the media backend was asked since the last look.
fn media(harness: &mut Harness) -> String {
    let (_, asked) = harness.logs();
    let of_media = asked.split(" · ").filter(|line| line.starts_with("rtc "));
    of_media.collect::<Vec<_>>().join(" · ")
}

fn calling() -> Harness {
    let mut harness = prepares();
    harness.call("bob");
    assert_eq!(media(&mut harness), "rtc prepare 1 inviter audio bob");
    for kind in ["create", "join", "invite"] {
        harness.ok(kind);
    }
    harness
}

fn called() -> Harness {
    let mut harness = prepares();
    harness.invite("bob", "p1", "q1");
    assert_eq!(media(&mut harness), "rtc prepare 1 callee audio bob k1");
    harness
}

/// Bob and we called each other, and his invite is the greater one: it is being accepted.
fn glare() -> Harness {
    let mut harness = calling();
    harness.invite("bob", "p1", "zz");
    assert_eq!(media(&mut harness), "rtc prepare 1 callee audio bob k1");
    harness
}

/// Scenario (ordinary): The media backend prepares as soon as somebody is called, and joins with that.
#[test]
fn a_call_is_prepared_at_once_and_joined() {
    let mut harness = calling();
    harness.peer_accepts();
    let channel = harness.snapshot().rtc_channel;
    assert_eq!(media(&mut harness), format!("rtc join {channel} as 11"));
    harness.ok("rtc join");
    harness.hangup();
    assert_eq!(media(&mut harness), "rtc leave");
}

/// Scenario (ordinary): The media backend prepares when an invite rings, and joins once it was accepted.
#[test]
fn a_ringing_call_is_prepared_and_joined() {
    let mut harness = called();
    harness.accept();
    harness.ok("accept");
    assert_eq!(media(&mut harness), "", "the channel is joined first");
    harness.ok("join");
    assert_eq!(media(&mut harness), "rtc join p1|0|7 as 11");
}

#[test]
fn a_join_names_the_call_and_whose_it_is() {
    let mut harness = Harness::with(Config { device: "phone".into(), ..config() });
    harness.invite("bob", "p1", "q1");
    harness.accept();
    harness.ok("accept");
    let (now, req) = (harness.now, harness.req("join"));
    let me = nertc_callkit_signaling::Member { account: "al".into(), uid: 11, ..Default::default() };
    let room = nertc_callkit_signaling::ChannelState { members: vec![me], ..Default::default() };
    harness.engine.handle(now, Input::SignalDone { req, result: Box::new(room.into()) });
    let outputs = std::iter::from_fn(|| harness.engine.poll_output());
    let join =
        |output| if let Output::Rtc { op: RtcOp::Join(join), .. } = output { Some(join) } else { None };
    let join = outputs.filter_map(join).last().expect("it joins");
    assert_eq!((join.call_no, &*join.account, &*join.device, &*join.peer), (1, "al", "phone", "bob"));
    assert!(!join.is_inviter && &*join.call_id == "k1");
}

#[test]
fn a_backend_that_does_not_prepare_is_never_asked() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.invite("bob", "p1", "q1");
    harness.reject();
    assert_eq!(media(&mut harness), "");
}

/// Scenario (ordinary): A call that comes to nothing leaves nothing prepared, whoever ended it and how.
#[test]
fn every_end_before_the_join_discards() {
    type End = (&'static str, fn(&mut Harness));
    let of_caller: [End; 7] = [
        ("cancel", |it| it.cancel()),
        ("hangup", |it| it.hangup()),
        ("reject", |it| it.peer_rejects("{}")),
        ("busy", |it| it.peer_rejects("601")),
        ("close", |it| it.peer_closes("ch1")),
        ("logout", |it| it.logout()),
        ("kicked", |it| it.kick()),
    ];
    let of_callee: [End; 6] = [
        ("reject", |it| it.reject()),
        ("hangup", |it| it.hangup()),
        ("cancel", |it| it.peer_cancels()),
        ("close", |it| it.peer_closes("p1")),
        ("ring limit", |it| it.pass(60_000)),
        ("closed", |it| it.close()),
    ];
    for (begin, ends) in [(calling as fn() -> Harness, &of_caller[..]), (called, &of_callee[..])] {
        for (name, end) in ends {
            let mut harness = begin();
            end(&mut harness);
            assert_eq!(media(&mut harness), "rtc discard 1", "{name}");
            harness.settle();
            harness.pass(100_000);
            assert_eq!(media(&mut harness), "", "{name}");
        }
    }
}

#[test]
fn a_call_that_fails_or_times_out_is_discarded() {
    let mut harness = prepares();
    harness.call("bob");
    harness.answer("create", Code::TIMEOUT);
    assert_eq!(media(&mut harness), "rtc prepare 1 inviter audio bob · rtc discard 1");
    let mut harness = calling();
    harness.pass(30_000);
    assert_eq!(media(&mut harness), "", "the service decides");
    harness.ok("cancel");
    assert_eq!(media(&mut harness), "rtc discard 1");
    for code in [Code::INVITE_ACCEPTED, Code::INVITE_NOT_EXISTS, Code::TIMEOUT] {
        let mut harness = called();
        harness.accept();
        harness.answer("accept", code);
        assert_eq!(media(&mut harness), "rtc discard 1", "{code}");
    }
}

/// Scenario (ordinary): The call ends between its accept and the join of its media room.
#[test]
fn an_accepted_call_that_ends_before_its_join_is_discarded() {
    for end in [Harness::hangup as fn(&mut Harness), |it| it.peer_closes("p1"), Harness::logout] {
        let mut harness = called();
        harness.accept();
        harness.ok("accept");
        end(&mut harness);
        assert_eq!(media(&mut harness), "rtc discard 1");
    }
}

/// Scenario (early): A call that the user refused before it came is not prepared.
#[test]
fn nothing_is_prepared_for_a_call_that_does_not_ring() {
    let mut harness = prepares();
    let call = CallRef {
        account: Some("bob".into()),
        channel_id: Some("p1".into()),
        request_id: Some("q1".into()),
        wait: true,
        ..CallRef::default()
    };
    harness.command(Command::Reject { call, busy: false, text: None });
    harness.invite("bob", "p1", "q1");
    harness.emits_last("on_call_end 13");
    assert_eq!(media(&mut harness), "", "refused before it came");
    let rule = PolicyRule::Nobody;
    harness.command(Command::SetCallPolicy(CallPolicy { rule, ..CallPolicy::default() }));
    harness.invite("bob", "p2", "q2");
    assert_eq!(media(&mut harness), "", "refused by the policy");
}

/// Scenario (busy): Who calls a busy device makes its media backend prepare nothing.
#[test]
fn a_busy_device_keeps_what_it_has_prepared() {
    for begin in [calling as fn() -> Harness, called] {
        let mut harness = begin();
        harness.invite("carol", "c1", "s1");
        assert_eq!(media(&mut harness), "");
        harness.hangup();
        assert_eq!(media(&mut harness), "rtc discard 1");
    }
}

/// Scenario (glare): The loser of a glare will answer and not offer: it prepares again.
#[test]
fn the_loser_of_a_glare_prepares_its_new_role() {
    let mut harness = glare();
    harness.ok("accept");
    harness.ok("join");
    assert_eq!(media(&mut harness), "rtc join p1|0|7 as 11");
    // The winner's role stays.
    let mut harness = calling();
    harness.invite("bob", "p1", "!");
    harness.peer_accepts();
    let channel = harness.snapshot().rtc_channel;
    assert_eq!(media(&mut harness), format!("rtc join {channel} as 11"));
}

/// Scenario (glare): Their invite is gone, so ours counts again, and with it our first role.
#[test]
fn a_failed_accept_in_a_glare_prepares_the_first_role_again() {
    let mut harness = glare();
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    assert_eq!(media(&mut harness), "rtc prepare 1 inviter audio bob");
    // Ours was accepted meanwhile: the role changes and is used within one step.
    let mut harness = glare();
    harness.peer_accepts();
    harness.answer("accept", Code::INVITE_NOT_EXISTS);
    let channel = harness.snapshot().rtc_channel;
    let asked = format!("rtc prepare 1 inviter audio bob · rtc join {channel} as 11");
    assert_eq!(media(&mut harness), asked);
    harness.hangup();
    assert_eq!(media(&mut harness), "rtc leave");
    let mut harness = glare();
    harness.cancel();
    assert_eq!(media(&mut harness), "rtc discard 1");
}

/// Scenario (recall): The first of two calls of one person is discarded before the second is prepared.
#[test]
fn a_redial_is_prepared_after_the_first_is_discarded() {
    let mut harness = called();
    harness.invite("bob", "p2", "q2");
    assert_eq!(media(&mut harness), "", "it waits");
    harness.peer_cancels();
    assert_eq!(media(&mut harness), "rtc discard 1 · rtc prepare 2 callee audio bob k1");
}

/// Scenario (recall): The next call is prepared while the room of the last one is still being left.
#[test]
fn the_next_call_is_prepared_while_the_last_room_is_left() {
    let mut harness = calling();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.hangup();
    harness.invite("bob", "p1", "q1");
    assert_eq!(media(&mut harness).split(" · ").last(), Some("rtc prepare 2 callee audio bob k1"));
    harness.accept();
    harness.ok("accept");
    harness.ok("join");
    assert_eq!(media(&mut harness), "", "the room is not left yet");
    harness.ok("rtc leave");
    assert_eq!(media(&mut harness), "rtc join p1|0|7 as 11");
    // The same, and it ends first.
    harness.ok("rtc join");
    harness.hangup();
    harness.invite("bob", "p2", "q2");
    harness.accept();
    harness.ok("accept");
    harness.ok("join");
    harness.forget();
    harness.peer_closes("p2");
    assert_eq!(media(&mut harness), "rtc discard 3");
    harness.ok("rtc leave");
    assert_eq!(media(&mut harness), "");
}

#[test]
fn a_switch_of_the_type_prepares_nothing_again() {
    let mut harness = called();
    harness.accept();
    harness.control("p1", "{\"cid\":2,\"type\":2}");
    harness.ok("accept");
    harness.emits("done accept 0 · on_call_type_change video 0");
    assert_eq!(media(&mut harness), "");
}

/// A batch of messages may begin and end a call: nothing of it reaches the media backend.
#[test]
fn a_call_of_one_batch_is_not_prepared() {
    let mut harness = prepares();
    let events = vec![
        harness.event(EventKind::Invite, "bob", "p1", "q1", &new_style("p1", "k1")),
        harness.event(EventKind::Cancel, "bob", "p1", "q1", &new_style("p1", "k1")),
    ];
    harness.handle(Input::Signals { origin: nertc_callkit_signaling::Origin::Online, events });
    harness.emits_last("on_call_end 12");
    assert_eq!(media(&mut harness), "");
    // It was accepted and closed at once: a join that was not sent is none.
    let mut harness = calling();
    let events = vec![
        harness.event(EventKind::Accept, "bob", "ch1", "r1", &new_style("ch1", "k1")),
        harness.event(EventKind::Close, "bob", "ch1", "", ""),
    ];
    harness.handle(Input::Signals { origin: nertc_callkit_signaling::Origin::Online, events });
    assert_eq!(media(&mut harness), "rtc discard 1");
}
