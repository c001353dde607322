//! Signaling is lost, or its token refused, while media is alive: media decides how long the call lasts.

use super::super::input::*;
use super::super::output::EndReason;
use super::super::{Caps, Config};
use super::harness::{Harness, caps};
use nertc_callkit_signaling::{Code, Connection, EventKind, Outcome};

fn lost(harness: &mut Harness, from: &str, channel: &str) {
    harness.signal(EventKind::PeerLost, from, channel, "", "");
}

/// Scenario (reconnect): Signaling receives nothing from the peer's device: with media the call continues.
#[test]
fn a_peer_lost_to_signaling_stays_while_media_is_alive() {
    let mut harness = Harness::in_call();
    lost(&mut harness, "bob", "ch1");
    harness.pass(600_000);
    harness.emits("");
    assert_eq!(harness.state(), 3);
}

/// Scenario (reconnect): It is lost and its media is silent for four seconds: the call ends.
#[test]
fn a_peer_lost_to_signaling_is_gone_after_4_s_of_silence() {
    for silent_first in [false, true] {
        let mut harness = Harness::in_call();
        if !silent_first {
            lost(&mut harness, "bob", "ch1");
        }
        harness.rtc(RtcEvent::PeerSilent { uid: 22 });
        harness.pass(1_000);
        if silent_first {
            lost(&mut harness, "bob", "ch1");
        }
        harness.pass(999);
        assert_eq!(harness.state(), 3);
        harness.pass(1);
        assert_eq!(harness.last_end().reason, EndReason::PeerDisconnected);
    }
    let mut harness = Harness::in_call();
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(5_000);
    assert_eq!(harness.state(), 3);
    lost(&mut harness, "bob", "ch1");
    assert_eq!(harness.last_end().reason, EndReason::PeerDisconnected);
}

/// Scenario (reconnect): A later message of the peer ends the loss.
#[test]
fn a_peer_back_in_signaling_is_not_lost() {
    let mut harness = Harness::in_call();
    lost(&mut harness, "bob", "ch1");
    harness.control("ch1", "{}");
    harness.rtc(RtcEvent::PeerSilent { uid: 22 });
    harness.pass(2_500);
    assert_eq!(harness.state(), 3);
    harness.rtc(RtcEvent::PeerActive { uid: 22 });
    lost(&mut harness, "bob", "ch1");
    harness.pass(60_000);
    assert_eq!(harness.state(), 3);
}

/// Scenario (reconnect): Without media of its own signaling is all there is.
#[test]
fn without_media_a_lost_peer_ends_the_call() {
    let mut harness = Harness::with(Config { caps: Caps { no_media: true, ..caps() }, ..Config::default() });
    harness.place_call();
    harness.peer_accepts();
    harness.ok("rtc join");
    harness.forget();
    lost(&mut harness, "eve", "ch1");
    lost(&mut harness, "bob", "other");
    harness.emits("");
    lost(&mut harness, "bob", "ch1");
    harness.emits_last("on_call_end 19");
}

/// Scenario (session): The service refuses the token during a call with media: the kick follows the call.
#[test]
fn a_refused_token_kicks_after_the_call() {
    let refuse = || Input::Connection(Connection::Kicked(Outcome::failed(Code::BAD_TOKEN, "expired")));
    let mut harness = Harness::in_call();
    harness.handle(refuse());
    harness.emits("on_reconnecting 1");
    harness.handle(refuse());
    harness.pass(60_000);
    harness.emits("");
    assert_eq!(harness.state(), 3);
    harness.hangup();
    let (emitted, _) = harness.logs();
    let ends = ["done hangup 0", "on_call_end 15", "on_kicked"].map(|word| emitted.find(word));
    assert!(ends.is_sorted() && ends[0].is_some(), "{emitted}");
    let mut harness = Harness::calling();
    harness.handle(refuse());
    harness.emits_last("on_call_end 8");
}
