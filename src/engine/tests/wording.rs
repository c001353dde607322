//! How an app ends a call: busy or declined, and a text for the other app.

use super::super::input::*;
use super::super::limits;
use super::super::wire::{self, Reason};
use super::harness::{Harness, new_style};
use nertc_callkit_signaling::{EventKind, Text};

fn reject(harness: &mut Harness, busy: bool, text: Option<&str>) {
    let call = harness.implied();
    harness.command(Command::Reject { call, busy, text: text.map(Text::from) });
}

/// The caller's events for this answer to an invite with the attachment "ours".
fn outcome_of(custom_info: &str) -> (i32, String) {
    let mut harness = Harness::new();
    harness
        .command(Command::Call(CallOptions { attachment: Some("ours".into()), ..Harness::options("bob") }));
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness.peer_rejects(custom_info);
    let end = harness.last_end();
    (end.reason as i32, end.extra.to_string())
}

/// Scenario (busy): The user is busy, or gives a reason: the caller's app gets it.
#[test]
fn a_reject_is_busy_or_declined_and_carries_a_text() {
    for (busy, text, emitted) in [
        (false, None, (14, "")),
        (true, None, (3, "")),
        (false, Some("not now"), (14, "not now")),
        (true, Some("{\"back\":17}"), (3, "{\"back\":17}")),
    ] {
        let mut harness = Harness::new();
        let invite = new_style("p1", "k1").replace("\"callType\"", "\"_attachment\":\"ours\",\"callType\"");
        harness.signal(EventKind::Invite, "bob", "p1", "q1", &invite);
        harness.forget();
        reject(&mut harness, busy, text);
        harness.emits("done reject 0 · on_call_end 13");
        let custom_info = harness.text_of("reject");
        let read = wire::read(&custom_info);
        let reason = if busy { Reason::Busy } else { Reason::Plain };
        assert_eq!((wire::reason(&custom_info, &read), &*read.call_id), (reason, "k1"), "{custom_info}");
        let (end, extra) = outcome_of(&custom_info);
        assert_eq!((end, &*extra), emitted, "{custom_info}");
    }
}

/// Clients without call ids know only busy, and read no text.
#[test]
fn a_legacy_client_gets_601_or_nothing() {
    for (busy, custom_info) in [(true, "601"), (false, "")] {
        let mut harness = Harness::new();
        harness.invite_old("bob", "p1", "q1");
        reject(&mut harness, busy, Some("not now"));
        assert_eq!(&*harness.text_of("reject"), custom_info);
    }
}

#[test]
fn a_rejects_text_outlives_a_pending_accept() {
    let mut harness = Harness::accepting();
    reject(&mut harness, true, Some("not now"));
    harness.emits("done accept 90004 · done reject 0 · on_call_end 13");
    harness.answer("accept", 408);
    let custom_info = harness.text_of("reject");
    assert_eq!(wire::read(&custom_info).reason, 3);
    assert_eq!(&*wire::read(&custom_info).attachment, "not now");
}

/// Hanging up instead of rejecting or cancelling carries its text all the same.
#[test]
fn a_hangup_while_called_or_calling_carries_its_text() {
    let hang_up = |harness: &mut Harness| {
        let call = harness.implied();
        harness.command(Command::Hangup {
            call,
            no_offline: false,
            no_record: false,
            text: Some("later".into()),
        });
    };
    let mut harness = Harness::called();
    hang_up(&mut harness);
    assert_eq!(&*wire::read(&harness.text_of("reject")).attachment, "later");
    let mut harness = Harness::calling();
    hang_up(&mut harness);
    assert_eq!(&*wire::read(&harness.text_of("cancel")).attachment, "later");
}

/// Whatever the invite carries, a text that the facade lets through arrives.
#[test]
fn a_text_within_the_limit_always_fits() {
    let longest = (0..limits::CUSTOM).rev().find(|n| wire::invite_fits(Some(&"a".repeat(*n)), None));
    let text = "a".repeat(longest.expect("something fits"));
    for extra in [0, 100, 3_700] {
        let (name, id) = ("n".repeat(limits::RTC_CHANNEL), "i".repeat(limits::ID));
        let invite = format!(
            "{{\"version\":\"1.8.1\",\"callType\":0,\"channelName\":\"{name}\",\"callId\":\"{id}\",\
             \"x\":\"{}\"}}",
            "x".repeat(extra)
        );
        let custom_info = wire::reply_with(&invite, 3, Some(&text));
        assert!(custom_info.len() <= limits::CUSTOM);
        let read = wire::read(&custom_info);
        assert_eq!((&*read.attachment, &*read.call_id, read.reason), (&*text, &*id, 3));
    }
    // Short ones are sent twice, for clients that read the other key.
    let custom_info = wire::reply_with(&new_style("p1", "k1"), 0, Some("short"));
    assert!(custom_info.contains("\"extraInfo\":\"short\""), "{custom_info}");
}
