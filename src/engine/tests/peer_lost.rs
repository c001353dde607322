//! Signaling is lost, or its token refused, while media lives: media decides how long the call lasts.

use super::super::input::*;
use super::super::output::EndReason;
use super::super::{Caps, Config};
use super::rig::{Rig, caps};
use nertc_callkit_signaling::{Code, Connection, EventKind, Outcome};

fn lost(rig: &mut Rig, from: &str, channel: &str) {
    rig.signal(EventKind::PeerLost, from, channel, "", "");
}

/// Scenario (reconnect): Signaling hears nothing of the peer's device: with media the call goes on.
#[test]
fn a_peer_that_signaling_lost_stays_while_media_lives() {
    let mut rig = Rig::in_call();
    lost(&mut rig, "bob", "ch1");
    rig.pass(600_000);
    rig.told("");
    assert_eq!(rig.state(), 3);
}

/// Scenario (reconnect): It is lost and its media is silent for four seconds: it is gone.
#[test]
fn a_peer_that_signaling_lost_is_gone_when_media_is_silent_for_four_seconds() {
    for silent_first in [false, true] {
        let mut rig = Rig::in_call();
        if !silent_first {
            lost(&mut rig, "bob", "ch1");
        }
        rig.rtc(RtcEvent::PeerSilent { uid: 22 });
        rig.pass(1_000);
        if silent_first {
            lost(&mut rig, "bob", "ch1");
        }
        rig.pass(999);
        assert_eq!(rig.state(), 3);
        rig.pass(1);
        assert_eq!(rig.last_end().reason, EndReason::PeerDisconnected);
    }
    let mut rig = Rig::in_call();
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.pass(5_000);
    assert_eq!(rig.state(), 3);
    lost(&mut rig, "bob", "ch1");
    assert_eq!(rig.last_end().reason, EndReason::PeerDisconnected);
}

/// Scenario (reconnect): What comes from the peer later takes it back.
#[test]
fn a_peer_that_signaling_hears_again_is_not_lost() {
    let mut rig = Rig::in_call();
    lost(&mut rig, "bob", "ch1");
    rig.control("ch1", "{}");
    rig.rtc(RtcEvent::PeerSilent { uid: 22 });
    rig.pass(2_500);
    assert_eq!(rig.state(), 3);
    rig.rtc(RtcEvent::PeerHeard { uid: 22 });
    lost(&mut rig, "bob", "ch1");
    rig.pass(60_000);
    assert_eq!(rig.state(), 3);
}

/// Scenario (reconnect): Without media of its own signaling is all there is.
#[test]
fn without_media_a_lost_peer_ends_the_call() {
    let mut rig = Rig::with(Config { caps: Caps { no_media: true, ..caps() }, ..Config::default() });
    rig.place_call();
    rig.peer_accepts();
    rig.ok("rtc join");
    rig.forget();
    lost(&mut rig, "eve", "ch1");
    lost(&mut rig, "bob", "other");
    rig.told("");
    lost(&mut rig, "bob", "ch1");
    rig.told_last("on_call_end 19");
}

/// Scenario (session): The service refuses the token in a call that has media: the kick comes after the call.
#[test]
fn a_refused_token_kicks_after_the_call() {
    let refuse = || Input::Connection(Connection::Kicked(Outcome::failed(Code::BAD_TOKEN, "expired")));
    let mut rig = Rig::in_call();
    rig.handle(refuse());
    rig.told("on_reconnecting 1");
    rig.handle(refuse());
    rig.pass(60_000);
    rig.told("");
    assert_eq!(rig.state(), 3);
    rig.hangup();
    let (told, _) = rig.logs();
    let ends = ["done hangup 0", "on_call_end 15", "on_kicked"].map(|word| told.find(word));
    assert!(ends.is_sorted() && ends[0].is_some(), "{told}");
    let mut rig = Rig::calling();
    rig.handle(refuse());
    rig.told_last("on_call_end 8");
}
