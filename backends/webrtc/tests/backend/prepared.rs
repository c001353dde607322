//! Calls that are made ready before anybody has accepted.

use nertc_callkit_backend::MediaBackend;
use nertc_callkit_media::Preparation;
use nertc_callkit_signaling::{CallType, Code, Text};
use nertc_callkit_webrtc::options::{APP_AUDIO, Given, GivenServer, LOOPBACK, RELAY_ONLY};

use crate::harness::{CALL_NO, JOIN, Side, alone, join, loopback, sound_crosses, threads, wait_for};
use crate::turn_server::TurnServer;

impl Side {
    fn prepare(&self, call_no: u64, is_inviter: bool) {
        self.backend.prepare(&Preparation {
            call_no,
            is_inviter,
            call_type: CallType::Audio,
            peer: "peer".into(),
            call_id: Text::EMPTY,
        });
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// How many descriptors there are with nobody, with one call or preparation, and with two.
fn costs() -> [usize; 3] {
    let none = descriptors();
    let side = Side::new(1, &loopback());
    side.join(true);
    assert_eq!(side.expect_completed(JOIN).code, Code::OK);
    let (one, sockets) = (descriptors(), side.backend.call_state().expect("a call").sockets);
    assert!(sockets > 0 && one > none + sockets, "sockets, and those of the thread");
    side.close();
    wait_for("nothing is left", || descriptors() == none && threads("nertc_media") == 0);
    [none, one, one + sockets]
}

#[test]
fn a_prepared_call_is_taken_over_by_its_join() {
    let _alone = alone();
    let [_, _, two] = costs();
    let sides = [Side::new(11, &loopback()), Side::new(22, &loopback())];
    // A glare changes the roles.
    sides.iter().for_each(|side| side.prepare(CALL_NO, true));
    sides[1].prepare(CALL_NO, false);
    wait_for("sockets", || descriptors() == two);
    for side in &sides {
        assert!(side.texts.try_recv().is_err() && side.messages.try_recv().is_err(), "not a word");
        assert!(side.backend.call_state().is_none());
    }
    join([&sides[0], &sides[1]]);
    assert_eq!(descriptors(), two, "its sockets are those of the preparation");
    let setup = sides.each_ref().map(|side| side.backend.call_stats().setup_ms);
    println!("prepared: join to connected {setup:?} ms");
    sound_crosses(&sides[0], &sides[1]);
    sides.iter().for_each(Side::close);
    wait_for("the thread ends", || threads("nertc_media") == 0);
}

#[test]
fn a_discarded_preparation_leaves_nothing() {
    let _alone = alone();
    let [none, one, _] = costs();
    let side = Side::new(11, &loopback());
    side.prepare(CALL_NO, true);
    wait_for("sockets", || descriptors() == one);
    side.backend.discard(CALL_NO + 1);
    assert_eq!((descriptors(), threads("nertc_media")), (one, 1), "that was another call");
    side.backend.discard(CALL_NO);
    wait_for("nothing is left", || descriptors() == none && threads("nertc_media") == 0);
    side.backend.discard(CALL_NO);
    // The join of a call that is not prepared begins anew.
    side.join(true);
    assert_eq!(side.expect_completed(JOIN).code, Code::OK);
    side.close();
}

#[test]
fn a_client_has_one_preparation() {
    let _alone = alone();
    let [none, one, two] = costs();
    let side = Side::new(11, &loopback());
    for call_no in 1..6 {
        side.prepare(call_no, call_no % 2 == 0);
    }
    wait_for("the others are closed", || descriptors() == one);
    // The join of another call closes it.
    side.join(true);
    assert_eq!(side.expect_completed(JOIN).code, Code::OK);
    assert_eq!(descriptors(), one, "one call's");
    // And one beside a call is given up with the backend.
    side.prepare(9, false);
    wait_for("two calls'", || descriptors() == two);
    side.close();
    wait_for("nothing is left", || descriptors() == none && threads("nertc_media") == 0);
}

/// Nothing reaches a peer through it before the join, and it is given back if no join follows.
#[test]
fn a_prepared_call_has_its_relay() {
    let _alone = alone();
    let server = TurnServer::start();
    let url = format!("turn:{}", server.address);
    let ice_servers = vec![GivenServer { url: &url, username: "alice", credential: "secret" }];
    for flags in [LOOPBACK | APP_AUDIO, LOOPBACK | APP_AUDIO | RELAY_ONLY] {
        let [before, ..] = server.counts();
        let side = Side::new(11, &Given { flags, ice_servers: ice_servers.clone(), ..Given::default() });
        side.prepare(CALL_NO, true);
        wait_for("a relay", || server.counts() == [before + 1, before, 0]);
        assert!(side.texts.try_recv().is_err() && side.messages.try_recv().is_err(), "not a word");
        side.backend.discard(CALL_NO);
        wait_for("it is given back", || server.counts() == [before + 1, before + 1, 0]);
        // The join takes it over.
        side.prepare(CALL_NO, true);
        wait_for("another relay", || server.counts() == [before + 2, before + 1, 0]);
        side.join(true);
        assert_eq!(side.expect_completed(JOIN).code, Code::OK);
        side.close();
        wait_for("it is given back", || server.counts() == [before + 2, before + 2, 0]);
    }
}
