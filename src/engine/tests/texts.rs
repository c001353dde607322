//! Texts from peer to peer: who may send when, what order they come in, and what they never touch.

use super::super::input::*;
use super::super::time::Time;
use super::super::wire::{self, Capabilities, TextKind};
use super::super::{Caps, Config, limits};
use super::rig::{Rig, caps, new_style};
use nertc_callkit_signaling::{Code, EventKind, Req};

const MEDIA: &str = "webrtc/1";

/// An app that takes data and a media backend that signals.
fn config() -> Config {
    Config { caps: caps(), takes_data: true, media_protocol: MEDIA.into(), ..Config::default() }
}

/// A current client's invite or answer, and what it can.
fn said(channel: &str, data: bool, rtc: &str) -> String {
    let own = Capabilities { data, rtc };
    wire::accept(&new_style(channel, "k1"), &own).to_string()
}

fn data(number: u64, json: &str) -> String {
    wire::peer_text(TextKind::App, number, json).to_string()
}

fn media(number: u64, json: &str) -> String {
    wire::peer_text(TextKind::Media, number, json).to_string()
}

fn called() -> Rig {
    let mut rig = Rig::with(config());
    rig.signal(EventKind::Invite, "bob", "p1", "q1", &said("p1", true, MEDIA));
    rig.forget();
    rig
}

fn accepting() -> Rig {
    let mut rig = called();
    rig.accept();
    rig.forget();
    rig
}

fn calling(config: Config) -> Rig {
    let mut rig = Rig::with(config);
    rig.place_call();
    rig
}

fn accepts(rig: &mut Rig, data: bool, rtc: &str) {
    rig.signal(EventKind::Accept, "bob", "ch1", "r1", &said("ch1", data, rtc));
}

/// Bob accepted our call, both are in the media room.
fn in_call() -> Rig {
    let mut rig = calling(config());
    accepts(&mut rig, true, MEDIA);
    rig.ok("rtc join");
    rig.rtc(RtcEvent::PeerJoin { uid: 22 });
    rig.forget();
    rig
}

fn send(rig: &mut Rig, json: &str) {
    let call = rig.implied();
    rig.command(Command::SendData { call, json: json.into() });
}

fn rtc_send(rig: &mut Rig, join: Req, json: &str) {
    rig.handle(Input::RtcSend { join, json: json.into() });
}

#[test]
fn an_invite_and_an_accept_say_what_we_can() {
    let says = |text: &str| {
        let read = wire::read(text);
        (read.data, read.rtc.as_deref().unwrap_or("").to_owned())
    };
    let rig = calling(config());
    assert_eq!(says(&rig.text_of("invite")), (true, MEDIA.to_owned()));
    assert_eq!(says(&accepting().text_of("accept")), (true, MEDIA.to_owned()));
    assert_eq!(says(&Rig::calling().text_of("invite")), (false, String::new()));
    assert_eq!(says(&Rig::accepting().text_of("accept")), (false, String::new()));
    // Others repeat our invite in their answers: that says nothing of them.
    assert_eq!(says(&wire::reply(&rig.text_of("invite"), 0)), (false, String::new()));
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
    let mut rig = accepting();
    for number in [3, 2, 2, 1] {
        rig.control("p1", &data(number, &number.to_string()));
    }
    rig.told("");
    rig.ok("accept");
    rig.told("done accept 0 · on_data bob 1 · on_data bob 2 · on_data bob 3");
    rig.control("p1", &data(2, "2"));
    rig.control("p1", &data(4, "\"\u{e9}\""));
    rig.told("on_data bob \"\u{e9}\"");
}

#[test]
fn a_text_that_overtakes_the_answer_is_not_lost() {
    let mut rig = calling(config());
    rig.control("ch1", &data(1, "{\"a\":1}"));
    rig.control("ch1", &media(1, "{\"sdp\":1}"));
    accepts(&mut rig, true, MEDIA);
    rig.told("on_user_accept bob · on_data bob {\"a\":1}");
    let join = rig.req("rtc join").0;
    rig.asked(&format!("rtc join ch1|0|11 as 11 · rtc receive {join} {{\"sdp\":1}}"));
}

#[test]
fn media_texts_wait_for_the_own_join() {
    let mut rig = accepting();
    rig.control("p1", &media(1, "{\"a\":1}"));
    rig.ok("accept");
    rig.control("p1", &media(2, "{\"a\":2}"));
    rig.asked("join p1");
    rig.ok("join");
    let join = rig.req("rtc join").0;
    let received = format!("rtc receive {join} {{\"a\":1}} · rtc receive {join} {{\"a\":2}}");
    rig.asked(&format!("rtc join p1|0|7 as 11 · {received}"));
    rig.control("p1", &media(3, "{\"a\":3}"));
    rig.asked(&format!("rtc receive {join} {{\"a\":3}}"));
    rig.told("done accept 0");
}

#[test]
fn in_a_glare_the_texts_of_the_call_that_lives_count() {
    let mut rig = Rig::with(config());
    rig.place_call();
    rig.signal(EventKind::Invite, "bob", "p1", "zz", &said("p1", true, MEDIA));
    rig.forget();
    rig.control("ch1", &data(1, "\"lost with our invite\""));
    rig.control("p1", &data(1, "1"));
    assert!(!rig.snapshot().is_inviter);
    rig.ok("accept");
    rig.told("on_user_accept bob · on_data bob 1");
    rig.control("ch1", &data(2, "2"));
    rig.told("");
    // Theirs cannot be had, and ours was accepted.
    let mut rig = Rig::with(config());
    rig.place_call();
    rig.signal(EventKind::Invite, "bob", "p1", "zz", &said("p1", true, MEDIA));
    rig.control("p1", &data(1, "\"lost with their invite\""));
    accepts(&mut rig, true, MEDIA);
    rig.control("ch1", &data(1, "1"));
    rig.forget();
    rig.answer("accept", 500);
    rig.told("on_user_accept bob · on_data bob 1");
    assert!(rig.snapshot().is_inviter);
}

#[test]
fn a_missing_text_holds_up_the_others_for_two_seconds() {
    let mut rig = in_call();
    rig.control("ch1", &data(2, "2"));
    rig.pass(u64::from(limits::TEXT_GAP_MS) - 1);
    rig.told("");
    rig.pass(1);
    rig.told("on_data bob 2");
    rig.control("ch1", &data(1, "1"));
    rig.told("");
    assert_eq!(rig.engine.poll_timeout(), None);
}

#[test]
fn what_is_not_a_text_of_this_call_is_dropped() {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let long = format!("\"{}\"", "x".repeat(limits::DATA));
    let mut rig = in_call();
    rig.control("other", &data(1, "1"));
    rig.signal(EventKind::Control, "carol", "ch1", "", &data(1, "1"));
    for json in ["", "{", &deep, &long] {
        rig.control("ch1", &format!("{{\"cid\":1001,\"n\":1,\"d\":{json}}}"));
    }
    rig.control("ch1", "{\"cid\":1001}");
    rig.control("ch1", "{\"cid\":1001.0,\"d\":1}");
    for json in ["1", "[]", &format!("{{\"a\":{long}}}x")] {
        rig.control("ch1", &media(1, json));
    }
    rig.told("");
    rig.asked("");
    rig.control("ch1", "{\"cid\":1001,\"d\":null}");
    rig.told("on_data bob null");
    let mut rig = called();
    rig.control("p1", &data(1, "\"before the accept\""));
    rig.accept();
    rig.ok("accept");
    rig.told("done accept 0");
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
    let mut rig = in_call();
    rig.control("ch1", &data(1, &nested(limits::JSON_DEPTH)));
    rig.told(&format!("on_data bob {}", nested(limits::JSON_DEPTH)));
}

#[test]
fn a_flood_of_texts_is_cut_and_the_call_goes_on() {
    let mut rig = in_call();
    for number in 1..=1_000 {
        rig.control("ch1", &data(number, "1"));
        rig.control("ch1", &media(number, "{}"));
    }
    let (told, asked) = rig.logs();
    let most = limits::TEXT_BURST as usize;
    assert_eq!((told.matches("on_data").count(), asked.matches("receive").count()), (most, most));
    assert_eq!(rig.state(), 3);
    rig.pass(u64::from(limits::COALESCE_MS));
    rig.control("ch1", &data(1_001, "2"));
    rig.pass(u64::from(limits::TEXT_GAP_MS));
    rig.told("on_data bob 2");
    // Of what comes too early so many wait.
    let mut rig = accepting();
    for number in 1..=1_000 {
        rig.control("p1", &data(number, "1"));
    }
    rig.ok("accept");
    assert_eq!(rig.logs().0.matches("on_data").count(), limits::TEXTS_WAITING);
}

#[test]
fn send_data_goes_to_the_peer_and_completes_when_signaling_has_it() {
    let mut rig = in_call();
    send(&mut rig, " {\"a\":1} ");
    rig.asked("control bob ch1 cid 1001");
    assert_eq!(&*rig.text_of("control"), "{\"cid\":1001,\"n\":1,\"d\":{\"a\":1}}");
    rig.told("");
    rig.answer("control", Code::PEER_OFFLINE);
    rig.told("done senddata 0");
    send(&mut rig, "2");
    assert_eq!(&*rig.text_of("control"), "{\"cid\":1001,\"n\":2,\"d\":2}");
    rig.answer("control", Code::NOT_MEMBER);
    rig.told("done senddata 10406");
    send(&mut rig, "3");
    rig.pass(5_000);
    rig.told("done senddata 408");
    assert_eq!(rig.state(), 3, "the call goes on");
}

#[test]
fn send_data_outside_of_a_call_is_refused() {
    let refused = |mut rig: Rig| {
        rig.forget();
        send(&mut rig, "1");
        rig.told("done senddata 90010");
        rig.asked("");
    };
    refused(Rig::with(config()));
    refused(calling(config()));
    refused(called());
    refused(accepting());
    let mut creating = Rig::with(config());
    creating.call("bob");
    refused(creating);
    let mut over = in_call();
    over.hangup();
    refused(over);
    let mut rig = in_call();
    rig.command(Command::SendData { call: CallRef { call_no: 99, ..CallRef::default() }, json: "1".into() });
    rig.told("done senddata 90001");
}

#[test]
fn send_data_needs_a_peer_that_takes_it_and_a_way() {
    for (caps, peer_takes_data) in [(caps(), false), (Caps { control: false, ..caps() }, true)] {
        let mut rig = calling(Config { caps, ..config() });
        accepts(&mut rig, peer_takes_data, MEDIA);
        rig.forget();
        send(&mut rig, "1");
        rig.told("done senddata 90007");
    }
    let mut rig = Rig::with(config());
    rig.signal(EventKind::Invite, "bob", "p1", "q1", &said("p1", false, MEDIA));
    rig.accept();
    rig.ok("accept");
    rig.forget();
    send(&mut rig, "1");
    rig.told("done senddata 90007");
}

#[test]
fn so_many_texts_wait_and_the_end_of_the_call_completes_them() {
    let mut rig = in_call();
    for _ in 0..1_000 {
        send(&mut rig, "1");
    }
    let (told, asked) = rig.logs();
    assert_eq!(asked.matches("control").count(), limits::DATA_WAITING);
    assert_eq!(told.matches("done senddata 90005").count(), 1_000 - limits::DATA_WAITING);
    rig.hangup();
    let mismatches = vec!["done senddata 90001"; limits::DATA_WAITING].join(" · ");
    rig.told(&format!("done hangup 0 · {mismatches} · on_message_sent 1 · on_call_end 15"));
    while rig.waiting().contains("control") {
        rig.ok("control");
    }
    rig.told("");
    rig.control("ch1", &data(1, "1"));
    rig.control("ch1", &media(1, "{}"));
    rig.told("");
}

#[test]
fn a_kick_and_a_release_complete_data_that_waits() {
    let ends: [fn(&mut Rig); 3] = [Rig::kick, Rig::close, Rig::logout];
    for end in ends {
        let mut rig = in_call();
        send(&mut rig, "1");
        rig.forget();
        end(&mut rig);
        let told = rig.logs().0;
        let (done, over) = (told.find("done senddata 90001"), told.find("on_call_end"));
        assert!(done.is_some() && done < over, "{told}");
    }
}

#[test]
fn a_media_backend_speaks_only_in_the_room_that_it_joined() {
    let mut rig = calling(config());
    accepts(&mut rig, true, MEDIA);
    let first = rig.req("rtc join");
    rig.forget();
    rtc_send(&mut rig, first, "{\"a\":1}");
    rig.asked("control bob ch1 cid 1000");
    assert_eq!(&*rig.text_of("control"), "{\"cid\":1000,\"n\":1,\"d\":{\"a\":1}}");
    rig.ok("rtc join");
    rig.forget();
    rtc_send(&mut rig, first, "{\"a\":2}");
    rtc_send(&mut rig, Req(first.0 + 1), "{\"a\":3}");
    rig.asked("control bob ch1 cid 1000");
    // It has failed: the call goes on, and the app learns.
    rig.ok("control");
    rig.answer("control", Code::TIMEOUT);
    rig.told("on_error negotiation 408");
    // A late thread in the next call.
    rig.hangup();
    rig.settle();
    rig.call("bob");
    rig.ok("create");
    rig.ok("join");
    rig.ok("invite");
    rig.signal(EventKind::Accept, "bob", "ch2", &rig.snapshot().request_id, &said("ch2", true, MEDIA));
    assert_eq!(rig.state(), 3);
    rig.forget();
    rtc_send(&mut rig, first, "{\"a\":4}");
    rig.asked("");
    let second = rig.req("rtc join");
    rtc_send(&mut rig, second, "{\"a\":5}");
    assert_eq!(&*rig.text_of("control"), "{\"cid\":1000,\"n\":1,\"d\":{\"a\":5}}");
}

#[test]
fn a_media_backend_that_sends_too_much_at_once_is_told_so() {
    let mut rig = calling(config());
    accepts(&mut rig, true, MEDIA);
    let join = rig.req("rtc join");
    rig.forget();
    for _ in 0..limits::NEGOTIATIONS + 1 {
        rtc_send(&mut rig, join, "{}");
    }
    rig.told("on_error negotiation 90005");
    assert_eq!(rig.logs().1.matches("control").count(), limits::NEGOTIATIONS);
}

#[test]
fn who_takes_none_gets_none() {
    let mut rig = Rig::in_call();
    rig.control("ch1", &data(1, "1"));
    rig.control("ch1", &media(1, "{}"));
    rtc_send(&mut rig, Req(5), "{}");
    rig.told("");
    rig.asked("");
}

#[test]
fn an_invite_with_other_media_does_not_ring_here() {
    for (own, theirs) in [(MEDIA, ""), (MEDIA, "webrtc/2"), ("", MEDIA)] {
        let mut rig = Rig::with(Config { media_protocol: own.into(), ..config() });
        rig.signal(EventKind::Invite, "bob", "p1", "q1", &said("p1", true, theirs));
        rig.told("on_missed_call bob mediamismatch");
        rig.asked("reject bob p1 q1 reason 3");
        let text = rig.text_of("reject");
        assert!(text.contains("\"local\":true") && wire::read(&text).rtc.as_deref() == Some(own), "{text}");
        assert_eq!(rig.state(), 0);
    }
    let mut rig = Rig::with(config());
    rig.invite_old("bob", "p1", "q1");
    rig.asked("reject bob p1 q1 601");
}

#[test]
fn a_peer_whose_media_cannot_talk_to_ours_ends_the_call() {
    let reject = wire::reply_other_media(&new_style("ch1", "k1"), "webrtc/2");
    let mut rig = calling(config());
    rig.peer_rejects(&reject);
    rig.told("on_error rtc 90011 · on_message_sent 3 · on_call_end 101");
    // A client that repeats what it was sent says no more than that it is busy.
    let mut rig = calling(config());
    rig.peer_rejects(&wire::reply_local(&new_style("ch1", "k1")));
    rig.told("on_user_busy bob · on_message_sent 5 · on_call_end 3");
    for theirs in ["", "webrtc/2"] {
        let mut rig = calling(config());
        accepts(&mut rig, true, theirs);
        rig.told("on_user_accept bob · on_error rtc 90011 · on_call_end 101");
        rig.asked("close ch1");
    }
    // The service alone says that it was accepted: nothing is known of the peer.
    let mut rig = calling(config());
    rig.pass(30_000);
    rig.answer("cancel", Code::INVITE_ACCEPTED);
    assert_eq!(rig.state(), 3);
}

#[test]
fn a_close_that_names_other_media_says_why() {
    let mut rig = Rig::with(config());
    rig.signal(EventKind::Invite, "bob", "p1", "q1", &said("p1", true, MEDIA));
    rig.accept();
    rig.ok("accept");
    rig.forget();
    rig.signal(EventKind::Close, "bob", "p1", "", &wire::ending(None, Some("webrtc/2")));
    rig.told("on_error rtc 90011 · on_call_end 101");
    assert_eq!(rig.now, Time(0), "at once");
}

#[test]
fn the_snapshot_says_whose_invite_lives() {
    assert!(Rig::calling().snapshot().is_inviter && Rig::in_call().snapshot().is_inviter);
    assert!(!Rig::called().snapshot().is_inviter && !Rig::in_call_as_callee().snapshot().is_inviter);
    assert!(!Rig::new().snapshot().is_inviter);
}
