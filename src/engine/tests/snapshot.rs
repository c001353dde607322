//! What get_state and get_call_info show, in every state.

use super::super::Snapshot;
use super::harness::Harness;
use nertc_callkit_signaling::{CallType, Text};

fn states() -> [Harness; 6] {
    let logged_out = Harness::logged_out(super::super::Config::default());
    [
        logged_out,
        Harness::new(),
        Harness::calling(),
        Harness::called(),
        Harness::in_call(),
        Harness::in_call_as_callee(),
    ]
}

/// Copies of a snapshot that differ in one field each.
fn neighbours(shown: &Snapshot) -> Vec<Snapshot> {
    let other = |text: &Text| Text::from(format!("{text}x"));
    let copy = || shown.clone();
    vec![
        Snapshot { state: shown.state + 1, ..copy() },
        Snapshot { call_type: Some(CallType::Other), ..copy() },
        Snapshot { connected: !shown.connected, ..copy() },
        Snapshot { is_inviter: !shown.is_inviter, ..copy() },
        Snapshot { call_no: shown.call_no + 1, ..copy() },
        Snapshot { own_uid: shown.own_uid + 1, ..copy() },
        Snapshot { peer_uid: shown.peer_uid + 1, ..copy() },
        Snapshot { account: other(&shown.account), ..copy() },
        Snapshot { peer: other(&shown.peer), ..copy() },
        Snapshot { channel_id: other(&shown.channel_id), ..copy() },
        Snapshot { request_id: other(&shown.request_id), ..copy() },
        Snapshot { call_id: other(&shown.call_id), ..copy() },
        Snapshot { rtc_channel: other(&shown.rtc_channel), ..copy() },
    ]
}

#[test]
fn a_snapshot_is_recognised_and_so_is_every_difference() {
    for harness in states() {
        let shown = harness.snapshot();
        let mut again = shown.clone();
        assert!(!harness.engine.update(&mut again), "{again:?}");
        for mut neighbour in neighbours(&shown) {
            assert!(harness.engine.update(&mut neighbour), "{neighbour:?}");
            assert_eq!(neighbour, shown);
        }
    }
}

#[test]
fn each_state_shows_what_is_known_in_it() {
    let [logged_out, idle, calling, called, in_call, callee] = states().map(|harness| harness.snapshot());
    assert_eq!(logged_out, Snapshot::default());
    assert_eq!(idle, Snapshot { account: "al".into(), ..Snapshot::default() });
    let own = Snapshot {
        state: 1,
        call_type: Some(CallType::Audio),
        is_inviter: true,
        call_no: 1,
        own_uid: 11,
        account: "al".into(),
        peer: "bob".into(),
        channel_id: "ch1".into(),
        request_id: calling.request_id.clone(),
        call_id: calling.call_id.clone(),
        ..Snapshot::default()
    };
    assert_eq!((calling.request_id.len(), calling.call_id.len()), (36, 36));
    assert_eq!(calling, own);
    let theirs = Snapshot {
        state: 2,
        call_type: Some(CallType::Audio),
        call_no: 1,
        account: "al".into(),
        peer: "bob".into(),
        channel_id: "p1".into(),
        request_id: "q1".into(),
        call_id: "k1".into(),
        ..Snapshot::default()
    };
    assert_eq!(called, theirs);
    let (connected, peer_uid) = (true, 22);
    assert_eq!(in_call, Snapshot { state: 3, connected, peer_uid, rtc_channel: "ch1|0|11".into(), ..own });
    let rtc_channel = "p1|0|7".into();
    assert_eq!(callee, Snapshot { state: 3, connected, peer_uid, own_uid: 11, rtc_channel, ..theirs });
}
