//! Every limit of the wire, at it and one beyond; and what is forgotten first.

use super::super::limits;
use super::super::wire::{self, Outgoing};
use super::harness::Harness;
use nertc_callkit_signaling::EventKind;

fn nested(deep: usize) -> String {
    format!("{{\"callId\":\"c\",\"x\":{}{}}}", "[".repeat(deep - 1), "]".repeat(deep - 1))
}

/// An attachment of exactly this length.
fn of_length(length: usize) -> String {
    let frame = "{\"callId\":\"c\",\"x\":\"\"}";
    frame.replace("\"\"", &format!("\"{}\"", "y".repeat(length - frame.len())))
}

#[test]
fn an_attachment_beyond_its_limits_counts_as_empty() {
    let is_read = |text: &str| &*wire::read(text).call_id == "c";
    assert!(is_read(&nested(limits::JSON_DEPTH + 1)), "one level is the protocol's own");
    assert!(!is_read(&nested(limits::JSON_DEPTH + 2)));
    assert!(is_read(&of_length(limits::CUSTOM)));
    assert!(!is_read(&of_length(limits::CUSTOM + 1)));
    assert!(is_read(" \n{\"callId\":\"c\"} "));
    assert!(!is_read("[{\"callId\":\"c\"}]"));
}

#[test]
fn a_text_that_is_too_long_counts_as_empty() {
    for (key, limit) in [("callId", limits::ID), ("channelName", limits::RTC_CHANNEL)] {
        for (length, expected) in [(limit, limit), (limit + 1, 0)] {
            let json = format!("{{\"{key}\":\"{}\",\"cid\":3}}", "z".repeat(length));
            let read = wire::read(&json);
            assert_eq!(read.call_id.len() + read.channel_name.len(), expected, "{key} {length}");
            assert_eq!(read.cid, 3);
        }
    }
    let version = |length: usize| format!("{{\"version\":\"{}\"}}", "1".repeat(length));
    assert!(wire::read(&version(limits::ID)).version.is_some());
    assert!(wire::read(&version(limits::ID + 1)).version.is_none());
}

#[test]
fn empty_members_and_broken_json_are_nothing() {
    assert_eq!(&*wire::read("{ \"callId\" : \"c\" , \"a\" : { } , \"b\" : [ ] }").call_id, "c");
    for broken in
        ["{\"callId\":\"c\"", "{\"callId\":\"c\",}", "{\"callId\":\"c}", "{\"callId\":\"c\\\"}", "{,}"]
    {
        assert_eq!(wire::read(broken), wire::Attachment::default(), "{broken}");
    }
}

#[test]
fn quotes_and_backslashes_end_a_text_as_in_json() {
    for (json, text) in [
        (r#"{"a":"\\","callId":"c"}"#, "c"),
        (r#"{"a":"\"","callId":"c"}"#, "c"),
        (r#"{"a":"\\\"}","callId":"c"}"#, "c"),
        (r#"{"a":"x:{[,","callId":"c"}"#, "c"),
        (r#"{"a":{"callId":"no"},"callId":"c\\"}"#, "c\\"),
    ] {
        assert_eq!(&*wire::read(json).call_id, text, "{json}");
    }
}

/// What an invite with this attachment and extra carries: (attachment, extraInfo, global_extra).
fn carried(attachment: &str, extra: &str) -> (bool, bool, bool) {
    let text = wire::outgoing(&Outgoing {
        channel_name: "ch|0|1",
        call_id: "k",
        attachment: Some(attachment),
        extra: Some(extra),
        ..Outgoing::default()
    });
    assert!(text.len() <= limits::CUSTOM, "{} bytes", text.len());
    (text.contains("\"_attachment\""), text.contains("\"extraInfo\""), text.contains("\"global_extra\""))
}

#[test]
fn what_does_not_fit_is_left_out_copy_first_then_the_rest() {
    let frame =
        wire::outgoing(&Outgoing { channel_name: "ch|0|1", call_id: "k", ..Outgoing::default() }).len();
    let once = ",\"_attachment\":\"\"".len();
    let twice = once + ",\"extraInfo\":\"\"".len();
    let extra = ",\"global_extra\":\"e\"".len();
    let room = limits::CUSTOM - frame - extra;
    assert_eq!(carried(&"a".repeat((room - twice) / 2), "e"), (true, true, true));
    assert_eq!(carried(&"a".repeat((room - twice) / 2 + 1), "e"), (true, false, true));
    assert_eq!(carried(&"a".repeat(room - once), "e"), (true, false, true));
    assert_eq!(carried(&"a".repeat(room - once + 1), "e"), (false, false, false));
}

#[test]
fn what_fits_is_decided_for_the_longest_ids() {
    let longest = |attachment: &str, glare: bool| {
        wire::outgoing(&Outgoing {
            channel_name: &"x".repeat(limits::RTC_CHANNEL),
            call_id: &"x".repeat(limits::ID),
            attachment: Some(attachment),
            glare,
            capabilities: wire::Capabilities { data: true, rtc: &"x".repeat(limits::MEDIA_PROTOCOL) },
            ..Outgoing::default()
        })
    };
    let fits = |length: usize| wire::invite_fits(Some(&"a".repeat(length)), None);
    let last = (3_000..limits::CUSTOM).take_while(|length| fits(*length)).last().expect("3,000 bytes fit");
    assert!(longest(&"a".repeat(last), true).contains("_attachment"));
    assert_eq!(longest(&"a".repeat(last), true).len(), limits::CUSTOM, "not a byte is wasted");
    assert!(!longest(&"a".repeat(last + 1), true).contains("_attachment"));
    // What JSON makes longer counts as long as it gets.
    assert!(wire::invite_fits(Some(&"\u{1}".repeat(500)), None));
    assert!(!wire::invite_fits(Some(&"\u{1}".repeat(700)), None));
    assert!(!wire::invite_fits(Some(&"\u{1}".repeat(350)), Some(&"\u{1}".repeat(350))));
    assert!(wire::invite_fits(None, None) && !wire::invite_fits(None, Some(&"e".repeat(limits::CUSTOM))));
}

#[test]
fn a_reply_that_would_be_too_long_is_shortened() {
    let invite = |length: usize| format!("{{\"_attachment\":\"{}\"}}", "y".repeat(length));
    let frame = wire::reply(&invite(0), 2).len();
    assert_eq!(wire::reply(&invite(limits::CUSTOM - frame), 2).len(), limits::CUSTOM);
    assert_eq!(&*wire::reply(&invite(limits::CUSTOM - frame + 1), 2), "{\"version\":\"1.8.1\",\"reason\":2}");
}

#[test]
fn a_legacy_version_is_a_number_below_1_1_0() {
    let is_old = |version: &str| {
        wire::read(&format!("{{\"version\":\"{version}\",\"channelName\":\"r\"}}")).is_old_version()
    };
    for old in ["0.0.0", "0.9.9", "1.0.0", "1.0.99"] {
        assert!(is_old(old), "{old}");
    }
    for new in ["1.1.0", "1.1.1", "2.0.0", "1.0", "1.0.0.0", "a.0.0", "0.b.0", "0.0.c", "1"] {
        assert!(!is_old(new), "{new}");
    }
}

/// A sender's thirty-third end evicts its own first, and none of the others rings.
#[test]
fn the_oldest_end_of_a_sender_is_forgotten_first() {
    let mut harness = Harness::new();
    let count = limits::TOMBSTONES_PER_SENDER + 1;
    for n in 0..count {
        harness.signal(EventKind::Cancel, "bob", &format!("p{n}"), &format!("q{n}"), "");
    }
    harness.forget();
    for n in (1..count).rev() {
        harness.invite("bob", &format!("p{n}"), &format!("q{n}"));
        harness.emits("");
    }
    harness.invite("bob", "p0", "q0");
    harness.emits("on_invited bob");
}

/// A repeated end is one: it takes no second entry.
#[test]
fn a_repeated_end_is_remembered_once() {
    let mut harness = Harness::new();
    harness.signal(EventKind::Cancel, "bob", "first", "q", "");
    for _ in 0..limits::TOMBSTONES_PER_SENDER {
        harness.signal(EventKind::Cancel, "bob", "second", "q", "");
    }
    harness.invite("bob", "first", "q");
    harness.invite("bob", "second", "q");
    harness.emits("");
    // The same channel of another account, and the same sender's other channel, are other ends.
    harness.signal(EventKind::Cancel, "bob", "third", "q", "");
    harness.signal(EventKind::Cancel, "eve", "fourth", "q", "");
    harness.signal(EventKind::Cancel, "bob", "fourth", "q", "");
    harness.invite("bob", "third", "q");
    harness.invite("bob", "fourth", "q");
    harness.invite("eve", "fourth", "q");
    harness.emits("");
}
