//! Texts between peers: who may send when, in which order they are delivered, and what they never affect.

use super::super::input::*;
use super::super::time::Time;
use super::super::wire::{self, Capabilities, TextKind};
use super::super::{Caps, Config, limits};
use super::harness::{Harness, caps, new_style};
use nertc_callkit_signaling::{Code, EventKind, Req};

const MEDIA: &str = "webrtc/1";

/// An app that takes data and a media backend that signals.
fn config() -> Config {
    Config { caps: caps(), takes_data: true, media_protocol: MEDIA.into(), ..Config::default() }
}

/// A current client's invite or answer, and what it can.
fn attachment_of(channel: &str, data: bool, rtc: &str) -> String {
    let own = Capabilities { data, rtc };
    wire::accept(&new_style(channel, "k1"), &own).to_string()
}

fn data(number: u64, json: &str) -> String {
    wire::peer_text(TextKind::App, number, json).to_string()
}

fn media(number: u64, json: &str) -> String {
    wire::peer_text(TextKind::Media, number, json).to_string()
}

fn called() -> Harness {
    let mut harness = Harness::with(config());
    harness.signal(EventKind::Invite, "bob", "p1", "q1", &attachment_of("p1", true, MEDIA));
    harness.forget();
    harness
}

fn accepting() -> Harness {
    let mut harness = called();
    harness.accept();
    harness.forget();
    harness
}

fn calling(config: Config) -> Harness {
    let mut harness = Harness::with(config);
    harness.place_call();
    harness
}

fn accepts(harness: &mut Harness, data: bool, rtc: &str) {
    harness.signal(EventKind::Accept, "bob", "ch1", "r1", &attachment_of("ch1", data, rtc));
}

/// Bob accepted our call, both are in the media room.
fn in_call() -> Harness {
    let mut harness = calling(config());
    accepts(&mut harness, true, MEDIA);
    harness.ok("rtc join");
    harness.rtc(RtcEvent::PeerJoin { uid: 22 });
    harness.forget();
    harness
}

fn send(harness: &mut Harness, json: &str) {
    let call = harness.implied();
    harness.command(Command::SendData { call, json: json.into() });
}

fn rtc_send(harness: &mut Harness, join: Req, json: &str) {
    harness.handle(Input::RtcSend { join, json: json.into() });
}

#[test]
fn an_invite_and_an_accept_carry_our_capabilities() {
    let capabilities = |text: &str| {
        let read = wire::read(text);
        (read.data, read.rtc.as_deref().unwrap_or("").to_owned())
    };
    let harness = calling(config());
    assert_eq!(capabilities(&harness.text_of("invite")), (true, MEDIA.to_owned()));
    assert_eq!(capabilities(&accepting().text_of("accept")), (true, MEDIA.to_owned()));
    assert_eq!(capabilities(&Harness::calling().text_of("invite")), (false, String::new()));
    assert_eq!(capabilities(&Harness::accepting().text_of("accept")), (false, String::new()));
    // Others repeat our invite in their answers: that does not announce anything.
    assert_eq!(capabilities(&wire::reply(&harness.text_of("invite"), 0)), (false, String::new()));
}

#[test]
fn a_long_invite_leaves_room_for_what_we_can_in_the_accept() {
    let long = format!("{{\"callId\":\"k\",\"_attachment\":\"{}\"}}", "x".repeat(4_040));
    let text = wire::accept(&long, &Capabilities { data: true, rtc: MEDIA });
    let read = wire::read(&text);
    assert!(text.len() <= limits::CUSTOM && read.data && read.rtc.as_deref() == Some(MEDIA), "{text}");
    let most = "x".repeat(limits::MEDIA_PROTOCOL);
    let fits = |length: usize| wire::invite_fits(Some(&"x".repeat(length)), None);
    let longest = (0..limits::CUSTOM).rev().find(|length| fits(*length)).expect("some length");
    let outgoing = wire::outgoing(&wire::Outgoing {
        channel_name: &"x".repeat(limits::RTC_CHANNEL),
        call_id: &"x".repeat(limits::ID),
        attachment: Some(&"x".repeat(longest)),
        capabilities: Capabilities { data: true, rtc: &most },
        ..wire::Outgoing::default()
    });
    assert!(outgoing.contains("_attachment") && outgoing.contains(&most), "{}", outgoing.len());
}

#[test]
fn data_waits_for_the_accept_and_comes_after_it_in_order() {
    let mut harness = accepting();
    for number in [3, 2, 2, 1] {
        harness.control("p1", &data(number, &number.to_string()));
    }
    harness.emits("");
    harness.ok("accept");
    harness.emits("done accept 0 · on_data bob 1 · on_data bob 2 · on_data bob 3");
    harness.control("p1", &data(2, "2"));
    harness.control("p1", &data(4, "\"\u{e9}\""));
    harness.emits("on_data bob \"\u{e9}\"");
}

#[test]
fn a_text_that_overtakes_the_answer_is_not_lost() {
    let mut harness = calling(config());
    harness.control("ch1", &data(1, "{\"a\":1}"));
    harness.control("ch1", &media(1, "{\"sdp\":1}"));
    accepts(&mut harness, true, MEDIA);
    harness.emits("on_user_accept bob · on_data bob {\"a\":1}");
    let join = harness.req("rtc join").0;
    harness.asked(&format!("rtc join ch1|0|11 as 11 · rtc receive {join} {{\"sdp\":1}}"));
}

#[test]
fn media_texts_wait_for_the_own_join() {
    let mut harness = accepting();
    harness.control("p1", &media(1, "{\"a\":1}"));
    harness.ok("accept");
    harness.control("p1", &media(2, "{\"a\":2}"));
    harness.asked("join p1");
    harness.ok("join");
    let join = harness.req("rtc join").0;
    let received = format!("rtc receive {join} {{\"a\":1}} · rtc receive {join} {{\"a\":2}}");
    harness.asked(&format!("rtc join p1|0|7 as 11 · {received}"));
    harness.control("p1", &media(3, "{\"a\":3}"));
    harness.asked(&format!("rtc receive {join} {{\"a\":3}}"));
    harness.emits("done accept 0");
}

#[test]
fn in_a_glare_the_surviving_calls_texts_count() {
    let mut harness = Harness::with(config());
    harness.place_call();
    harness.signal(EventKind::Invite, "bob", "p1", "zz", &attachment_of("p1", true, MEDIA));
    harness.forget();
    harness.control("ch1", &data(1, "\"lost with our invite\""));
    harness.control("p1", &data(1, "1"));
    assert!(!harness.snapshot().is_inviter);
    harness.ok("accept");
    harness.emits("on_user_accept bob · on_data bob 1");
    harness.control("ch1", &data(2, "2"));
    harness.emits("");
    // Theirs cannot be had, and ours was accepted.
    let mut harness = Harness::with(config());
    harness.place_call();
    harness.signal(EventKind::Invite, "bob", "p1", "zz", &attachment_of("p1", true, MEDIA));
    harness.control("p1", &data(1, "\"lost with their invite\""));
    accepts(&mut harness, true, MEDIA);
    harness.control("ch1", &data(1, "1"));
    harness.forget();
    harness.answer("accept", 500);
    harness.emits("on_user_accept bob · on_data bob 1");
    assert!(harness.snapshot().is_inviter);
}

#[test]
fn a_missing_text_holds_up_the_others_for_two_seconds() {
    let mut harness = in_call();
    harness.control("ch1", &data(2, "2"));
    harness.pass(u64::from(limits::TEXT_GAP_MS) - 1);
    harness.emits("");
    harness.pass(1);
    harness.emits("on_data bob 2");
    harness.control("ch1", &data(1, "1"));
    harness.emits("");
    assert_eq!(harness.engine.poll_timeout(), None);
}

#[test]
fn what_is_not_a_text_of_this_call_is_dropped() {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let long = format!("\"{}\"", "x".repeat(limits::DATA));
    let mut harness = in_call();
    harness.control("other", &data(1, "1"));
    harness.signal(EventKind::Control, "carol", "ch1", "", &data(1, "1"));
    for json in ["", "{", &deep, &long] {
        harness.control("ch1", &format!("{{\"cid\":1001,\"n\":1,\"d\":{json}}}"));
    }
    harness.control("ch1", "{\"cid\":1001}");
    harness.control("ch1", "{\"cid\":1001.0,\"d\":1}");
    for json in ["1", "[]", &format!("{{\"a\":{long}}}x")] {
        harness.control("ch1", &media(1, json));
    }
    harness.emits("");
    harness.asked("");
    harness.control("ch1", "{\"cid\":1001,\"d\":null}");
    harness.emits("on_data bob null");
    let mut harness = called();
    harness.control("p1", &data(1, "\"before the accept\""));
    harness.accept();
    harness.ok("accept");
    harness.emits("done accept 0");
}

#[test]
fn a_json_value_may_nest_as_deep_as_its_limit() {
    let nested = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    assert!(wire::is_value(&nested(limits::JSON_DEPTH)) && !wire::is_value(&nested(limits::JSON_DEPTH + 1)));
    assert!(!wire::is_value(&nested(1_000)));
    for json in ["1", "-1.5e3", " null ", "\"a\\\"[[[[[[[[[[\"", "{\"a\":[{}]}"] {
        assert!(wire::is_value(json), "{json}");
    }
    for json in ["", " ", "{", "nul", "1 2", "'a'", "{a:1}", "\"", "NaN"] {
        assert!(!wire::is_value(json), "{json}");
    }
    let mut harness = in_call();
    harness.control("ch1", &data(1, &nested(limits::JSON_DEPTH)));
    harness.emits(&format!("on_data bob {}", nested(limits::JSON_DEPTH)));
}

#[test]
fn a_flood_of_texts_is_cut_and_the_call_goes_on() {
    let mut harness = in_call();
    for number in 1..=1_000 {
        harness.control("ch1", &data(number, "1"));
        harness.control("ch1", &media(number, "{}"));
    }
    let (emitted, asked) = harness.logs();
    let most = limits::TEXT_BURST as usize;
    assert_eq!((emitted.matches("on_data").count(), asked.matches("receive").count()), (most, most));
    assert_eq!(harness.state(), 3);
    harness.pass(u64::from(limits::COALESCE_MS));
    harness.control("ch1", &data(1_001, "2"));
    harness.pass(u64::from(limits::TEXT_GAP_MS));
    harness.emits("on_data bob 2");
    // This many early texts are queued.
    let mut harness = accepting();
    for number in 1..=1_000 {
        harness.control("p1", &data(number, "1"));
    }
    harness.ok("accept");
    assert_eq!(harness.logs().0.matches("on_data").count(), limits::TEXTS_WAITING);
}

#[test]
fn send_data_completes_when_signaling_accepted_it() {
    let mut harness = in_call();
    send(&mut harness, " {\"a\":1} ");
    harness.asked("control bob ch1 cid 1001");
    assert_eq!(&*harness.text_of("control"), "{\"cid\":1001,\"n\":1,\"d\":{\"a\":1}}");
    harness.emits("");
    harness.answer("control", Code::PEER_OFFLINE);
    harness.emits("done senddata 0");
    send(&mut harness, "2");
    assert_eq!(&*harness.text_of("control"), "{\"cid\":1001,\"n\":2,\"d\":2}");
    harness.answer("control", Code::NOT_MEMBER);
    harness.emits("done senddata 10406");
    send(&mut harness, "3");
    harness.pass(5_000);
    harness.emits("done senddata 408");
    assert_eq!(harness.state(), 3, "the call goes on");
}

#[test]
fn send_data_outside_of_a_call_is_refused() {
    let refused = |mut harness: Harness| {
        harness.forget();
        send(&mut harness, "1");
        harness.emits("done senddata 90010");
        harness.asked("");
    };
    refused(Harness::with(config()));
    refused(calling(config()));
    refused(called());
    refused(accepting());
    let mut creating = Harness::with(config());
    creating.call("bob");
    refused(creating);
    let mut over = in_call();
    over.hangup();
    refused(over);
    let mut harness = in_call();
    harness
        .command(Command::SendData { call: CallRef { call_no: 99, ..CallRef::default() }, json: "1".into() });
    harness.emits("done senddata 90001");
}

#[test]
fn send_data_needs_a_peer_that_takes_it_and_a_way() {
    for (caps, peer_takes_data) in [(caps(), false), (Caps { control: false, ..caps() }, true)] {
        let mut harness = calling(Config { caps, ..config() });
        accepts(&mut harness, peer_takes_data, MEDIA);
        harness.forget();
        send(&mut harness, "1");
        harness.emits("done senddata 90007");
    }
    let mut harness = Harness::with(config());
    harness.signal(EventKind::Invite, "bob", "p1", "q1", &attachment_of("p1", false, MEDIA));
    harness.accept();
    harness.ok("accept");
    harness.forget();
    send(&mut harness, "1");
    harness.emits("done senddata 90007");
}

#[test]
fn so_many_texts_wait_and_the_end_of_the_call_completes_them() {
    let mut harness = in_call();
    for _ in 0..1_000 {
        send(&mut harness, "1");
    }
    let (emitted, asked) = harness.logs();
    assert_eq!(asked.matches("control").count(), limits::DATA_WAITING);
    assert_eq!(emitted.matches("done senddata 90005").count(), 1_000 - limits::DATA_WAITING);
    harness.hangup();
    let mismatches = vec!["done senddata 90001"; limits::DATA_WAITING].join(" · ");
    harness.emits(&format!("done hangup 0 · {mismatches} · on_message_sent 1 · on_call_end 15"));
    while harness.waiting().contains("control") {
        harness.ok("control");
    }
    harness.emits("");
    harness.control("ch1", &data(1, "1"));
    harness.control("ch1", &media(1, "{}"));
    harness.emits("");
}

#[test]
fn a_kick_and_a_release_complete_data_that_waits() {
    let ends: [fn(&mut Harness); 3] = [Harness::kick, Harness::close, Harness::logout];
    for end in ends {
        let mut harness = in_call();
        send(&mut harness, "1");
        harness.forget();
        end(&mut harness);
        let emitted = harness.logs().0;
        let (done, over) = (emitted.find("done senddata 90001"), emitted.find("on_call_end"));
        assert!(done.is_some() && done < over, "{emitted}");
    }
}

#[test]
fn a_media_backend_sends_only_in_its_own_join() {
    let mut harness = calling(config());
    accepts(&mut harness, true, MEDIA);
    let first = harness.req("rtc join");
    harness.forget();
    rtc_send(&mut harness, first, "{\"a\":1}");
    harness.asked("control bob ch1 cid 1000");
    assert_eq!(&*harness.text_of("control"), "{\"cid\":1000,\"n\":1,\"d\":{\"a\":1}}");
    harness.ok("rtc join");
    harness.forget();
    rtc_send(&mut harness, first, "{\"a\":2}");
    rtc_send(&mut harness, Req(first.0 + 1), "{\"a\":3}");
    harness.asked("control bob ch1 cid 1000");
    // It has failed: the call continues, and the app is notified.
    harness.ok("control");
    harness.answer("control", Code::TIMEOUT);
    harness.emits("on_error negotiation 408");
    // A late thread in the next call.
    harness.hangup();
    harness.settle();
    harness.call("bob");
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.signal(
        EventKind::Accept,
        "bob",
        "ch2",
        &harness.snapshot().request_id,
        &attachment_of("ch2", true, MEDIA),
    );
    assert_eq!(harness.state(), 3);
    harness.forget();
    rtc_send(&mut harness, first, "{\"a\":4}");
    harness.asked("");
    let second = harness.req("rtc join");
    rtc_send(&mut harness, second, "{\"a\":5}");
    assert_eq!(&*harness.text_of("control"), "{\"cid\":1000,\"n\":1,\"d\":{\"a\":5}}");
}

#[test]
fn a_media_backend_that_floods_gets_an_error() {
    let mut harness = calling(config());
    accepts(&mut harness, true, MEDIA);
    let join = harness.req("rtc join");
    harness.forget();
    for _ in 0..limits::NEGOTIATIONS + 1 {
        rtc_send(&mut harness, join, "{}");
    }
    harness.emits("on_error negotiation 90005");
    assert_eq!(harness.logs().1.matches("control").count(), limits::NEGOTIATIONS);
}

#[test]
fn an_app_without_on_data_gets_none() {
    let mut harness = Harness::in_call();
    harness.control("ch1", &data(1, "1"));
    harness.control("ch1", &media(1, "{}"));
    rtc_send(&mut harness, Req(5), "{}");
    harness.emits("");
    harness.asked("");
}

#[test]
fn an_invite_with_other_media_does_not_ring_here() {
    for (own, theirs) in [(MEDIA, ""), (MEDIA, "webrtc/2"), ("", MEDIA)] {
        let mut harness = Harness::with(Config { media_protocol: own.into(), ..config() });
        harness.signal(EventKind::Invite, "bob", "p1", "q1", &attachment_of("p1", true, theirs));
        harness.emits("on_missed_call bob mediamismatch");
        harness.asked("reject bob p1 q1 reason 3");
        let text = harness.text_of("reject");
        assert!(text.contains("\"local\":true") && wire::read(&text).rtc.as_deref() == Some(own), "{text}");
        assert_eq!(harness.state(), 0);
    }
    let mut harness = Harness::with(config());
    harness.invite_old("bob", "p1", "q1");
    harness.asked("reject bob p1 q1 601");
}

#[test]
fn incompatible_media_ends_the_call() {
    let reject = wire::reply_other_media(&new_style("ch1", "k1"), "webrtc/2");
    let mut harness = calling(config());
    harness.peer_rejects(&reject);
    harness.emits("on_error rtc 90011 · on_message_sent 3 · on_call_end 101");
    // A client that repeats what it received announces only that it is busy.
    let mut harness = calling(config());
    harness.peer_rejects(&wire::reply_local(&new_style("ch1", "k1")));
    harness.emits("on_user_busy bob · on_message_sent 5 · on_call_end 3");
    for theirs in ["", "webrtc/2"] {
        let mut harness = calling(config());
        accepts(&mut harness, true, theirs);
        harness.emits("on_user_accept bob · on_error rtc 90011 · on_call_end 101");
        harness.asked("close ch1");
    }
    // Only the service reported the accept: nothing is known of the peer.
    let mut harness = calling(config());
    harness.pass(30_000);
    harness.answer("cancel", Code::INVITE_ACCEPTED);
    assert_eq!(harness.state(), 3);
}

#[test]
fn a_close_with_other_media_is_a_mismatch() {
    let mut harness = Harness::with(config());
    harness.signal(EventKind::Invite, "bob", "p1", "q1", &attachment_of("p1", true, MEDIA));
    harness.accept();
    harness.ok("accept");
    harness.forget();
    harness.signal(EventKind::Close, "bob", "p1", "", &wire::ending(None, Some("webrtc/2")));
    harness.emits("on_error rtc 90011 · on_call_end 101");
    assert_eq!(harness.now, Time(0), "at once");
}

#[test]
fn the_snapshot_names_the_inviter() {
    assert!(Harness::calling().snapshot().is_inviter && Harness::in_call().snapshot().is_inviter);
    assert!(!Harness::called().snapshot().is_inviter && !Harness::in_call_as_callee().snapshot().is_inviter);
    assert!(!Harness::new().snapshot().is_inviter);
}
