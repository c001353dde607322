//! A media backend reports of a room that was left.

use super::super::input::*;
use super::super::output::EndReason;
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{Code, EventKind, Outcome, Req};

/// Scenario (media): A media backend that reports of a room after it was left ends nothing in the next call.
#[test]
fn a_report_of_another_join_is_ignored() {
    let mut harness = Harness::calling();
    harness.peer_accepts();
    let first = harness.req("rtc join");
    harness.ok("rtc join");
    harness.hangup();
    harness.settle();
    harness.call("bob");
    for kind in ["create", "join", "invite"] {
        harness.ok(kind);
    }
    let request = harness.snapshot().request_id;
    harness.signal(EventKind::Accept, "bob", "ch2", &request, &new_style("ch2", "k1"));
    let second = harness.req("rtc join");
    let of = |join: Req, event: RtcEvent| Input::Rtc(RtcReport { join: Some(join), event });
    let joined = RtcEvent::PeerJoin { uid: 22 };
    let lost = RtcEvent::Disconnected(Outcome::failed(9.into(), "gone"));
    for joins in [false, true] {
        if joins {
            harness.ok("rtc join");
        }
        harness.forget();
        for join in [first, Req(second.0 - 1), Req(second.0 + 1), Req(0)] {
            for event in
                [&joined, &lost, &RtcEvent::Reconnecting, &RtcEvent::PeerLeave { uid: 22, code: Code::OK }]
            {
                harness.handle(of(join, event.clone()));
            }
        }
        harness.pass(5_000);
        harness.emits("");
        harness.asked("");
    }
    harness.handle(of(second, joined));
    harness.emits("on_user_enter bob · on_call_connected bob");
    harness.handle(of(first, lost.clone()));
    harness.emits("");
    harness.handle(of(second, lost));
    assert_eq!(harness.last_end().reason, EndReason::RtcDisconnected);
}
