//! How far media provably reaches the peer: reported at each change, of this call alone; a mismatch ends it.

use super::super::input::*;
use super::super::output::*;
use super::harness::Harness;
use nertc_callkit_signaling::{Code, Outcome};

fn secured(security: Security, code: &str) -> RtcEvent {
    RtcEvent::Secured {
        security,
        code: code.into(),
        local_fingerprint: "sha-256 AB".into(),
        remote_fingerprint: "sha-256 CD".into(),
    }
}

/// Scenario (media): Each change of the security of media is reported, and none twice.
#[test]
fn each_change_of_security_is_reported_once() {
    let mut harness = Harness::in_call();
    for _ in 0..2 {
        harness.rtc(secured(Security::NoCode, ""));
    }
    harness.emits("on_media_secured nocode");
    harness.rtc(secured(Security::Unverified, "ab12"));
    harness.rtc(secured(Security::Verified, "ab12"));
    harness.rtc(secured(Security::Verified, "ab12"));
    // A peer that restarted has another certificate, and another code.
    harness.rtc(secured(Security::Unverified, "cd34"));
    harness.rtc(secured(Security::Unverified, "ab12"));
    harness.emits(
        "on_media_secured unverified ab12 · on_media_secured verified ab12 · \
         on_media_secured unverified cd34 · on_media_secured unverified ab12",
    );
    let Some(Event::MediaSecured(last)) = harness.events.last() else { panic!("{:?}", harness.events) };
    assert_eq!((last.call_no, &*last.user, &*last.local_fingerprint), (1, "bob", "sha-256 AB"));
    assert_eq!((&*last.remote_fingerprint, last.security), ("sha-256 CD", Security::Unverified));
}

#[test]
fn many_changes_are_all_reported() {
    let mut harness = Harness::in_call();
    for round in 0..300 {
        harness.rtc(secured(Security::Unverified, &round.to_string()));
    }
    assert_eq!(harness.logs().0.split(" · ").count(), 300);
}

#[test]
fn nothing_known_yet_is_no_news() {
    let mut harness = Harness::in_call();
    let of = |security| RtcEvent::Secured {
        security,
        code: "".into(),
        local_fingerprint: "".into(),
        remote_fingerprint: "".into(),
    };
    harness.rtc(of(Security::None));
    harness.emits("");
    harness.rtc(of(Security::NoCode));
    harness.rtc(of(Security::None));
    harness.emits("on_media_secured nocode · on_media_secured none");
}

/// Scenario (media): What is reported outside of the media room, or of the one before, changes nothing.
#[test]
fn security_of_another_room_is_ignored() {
    let mismatch = || secured(Security::Mismatch, "ab12");
    for begin in [Harness::new as fn() -> Harness, Harness::calling, Harness::called, Harness::accepting] {
        let mut harness = begin();
        harness.rtc(mismatch());
        harness.emits("");
    }
    // The next call is accepted while the last room is still being left.
    let mut harness = Harness::in_call();
    harness.hangup();
    harness.invite("bob", "p1", "q1");
    harness.accept();
    harness.ok("accept");
    harness.forget();
    for step in ["join", "rtc leave"] {
        harness.rtc(mismatch());
        harness.ok(step);
    }
    harness.emits("");
    assert_eq!(harness.waiting().split(" · ").last(), Some("rtc join"));
    // From the issue of the join on it is of this call.
    harness.rtc(secured(Security::Unverified, "cd34"));
    harness.emits("on_media_secured unverified cd34");
}

#[test]
fn the_next_call_reports_the_same_values_anew() {
    let mut harness = Harness::in_call();
    harness.rtc(secured(Security::Unverified, "ab12"));
    harness.hangup();
    harness.settle();
    harness.start_over();
    harness.place_call();
    harness.become_connected();
    harness.rtc(secured(Security::Unverified, "ab12"));
    harness.emits("on_media_secured unverified ab12");
}

/// Scenario (media): Something on the way was replaced: the call ends at once, and the peer is told.
#[test]
fn a_mismatch_ends_the_call() {
    for (mut harness, sent, record) in [
        (Harness::in_call(), "on_message_sent 1 · ", " · record 1 to bob"),
        (Harness::in_call_as_callee(), "", ""),
    ] {
        let channel = harness.snapshot().channel_id;
        harness.rtc(secured(Security::Mismatch, ""));
        harness.emits(&format!("on_media_secured mismatch · on_disconnect · {sent}on_call_end 102"));
        harness.asked(&format!("leave {channel} · rtc leave{record}"));
        // The backend says the same once more.
        harness.rtc(RtcEvent::Disconnected(Outcome::failed(Code::MEDIA_NOT_SECURE, "wrong")));
        harness.emits("");
        assert_eq!(harness.state(), 0);
    }
}

/// Scenario (media): The peer gives no security code although one is required: the call ends.
#[test]
fn a_disconnect_as_not_secure_ends_with_its_reason() {
    let mut harness = Harness::in_call();
    harness.rtc(secured(Security::NoCode, ""));
    harness.rtc(RtcEvent::Disconnected(Outcome::failed(Code::MEDIA_NOT_SECURE, "no code")));
    harness.emits("on_media_secured nocode · on_disconnect · on_message_sent 1 · on_call_end 102");
    let why = |event: &Event| {
        if let Event::Disconnect(event) = event {
            Some((event.code, event.message.to_string()))
        } else {
            None
        }
    };
    let why = harness.events.iter().filter_map(why).next_back();
    assert_eq!(why, Some((Code::MEDIA_NOT_SECURE, "no code".to_owned())));
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::Disconnected(Outcome::failed(Code::BACKEND_FAILED, "")));
    harness.emits("on_disconnect · on_message_sent 1 · on_call_end 10");
}

#[test]
fn a_join_that_fails_as_not_secure_ends_with_its_reason() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    harness.forget();
    harness.answer("rtc join", Code::MEDIA_NOT_SECURE);
    harness.emits("on_error rtc 90012 · on_call_end 102");
}
