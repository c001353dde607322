//! Which backends are called directly, and the limits that hold for what they report.

use nertc_callkit_signaling::{CallType, EventKind, RecordStatus};

use super::*;
use crate::engine::input::Security;

#[test]
fn only_our_own_statics_are_called_directly() {
    let hub = loopback::Hub::new();
    let ((signaling, signaling_ctx), (rtc, rtc_ctx)) =
        (loopback::signaling::new(&hub), loopback::media::new(&hub));
    let (signaling_copy, rtc_copy) = (*signaling, *rtc);
    // SAFETY: all-zero is a value of it.
    let nothing: abi::nertc_callkit_backends = unsafe { std::mem::zeroed() };
    let own = abi::nertc_callkit_backends { signaling, signaling_ctx, rtc, rtc_ctx, ..nothing };
    let copied = abi::nertc_callkit_backends { signaling: &signaling_copy, rtc: &rtc_copy, ..own };
    // SAFETY: each ctx belongs to its vtable, and is released once, last.
    unsafe {
        let (signaling, media) = own_backends(&own);
        assert!(signaling.is_some() && media.is_some());
        let (signaling, media) = own_backends(&copied);
        assert!(signaling.is_none() && media.is_none(), "an app may have put functions of its own there");
        signaling_copy.release.unwrap()(signaling_ctx);
        rtc_copy.release.unwrap()(rtc_ctx);
    }
}

fn event(custom_info: Text, id: Text) -> Event {
    Event {
        kind: EventKind::Invite,
        channel: Channel { id, ..Channel::default() },
        from: "bob".into(),
        from_device: Text::EMPTY,
        to: "alice".into(),
        request_id: "r".into(),
        custom_info,
        time_ms: 1,
        uid: 0,
    }
}

fn text(length: usize) -> Text {
    "x".repeat(length).into()
}

#[test]
fn events_are_whole_and_within_the_limits() {
    let (whole, long) =
        (event(text(limits::CUSTOM), text(limits::ID)), event(text(limits::CUSTOM + 1), text(1)));
    assert_eq!(checked_event(&whole), Ok(whole.clone()));
    assert_eq!(checked_event(&long), Err(DecodeError::TooLong));
    assert_eq!(checked_event(&event(text(1), text(limits::ID + 1))), Err(DecodeError::TooLong));
    let events = [Arc::new(long), Arc::new(whole)];
    assert_eq!(usable("message", events.iter().map(|event| checked_event(event))).len(), 1);
}

#[test]
fn a_result_beyond_the_limits_is_a_failure() {
    let member = |length| Member { account: text(length), ..Member::default() };
    let room =
        ChannelState { members: vec![member(limits::ACCOUNT + 1), member(3)], ..ChannelState::default() };
    let result =
        checked_result(Box::new(OperationResult { rtc_token: Some(Text::EMPTY), ..room.clone().into() }));
    assert_eq!(result.channel.expect("usable").members, [member(3)]);
    assert_eq!((result.outcome.code, result.rtc_token), (Code::OK, None));
    let long = OperationResult { rtc_token: Some(text(limits::TOKEN + 1)), ..room.into() };
    assert_eq!(checked_result(Box::new(long)).outcome.code, Code::LIMIT);
}

#[test]
fn codes_are_positive_and_messages_are_cut() {
    let outcome = bounded(Outcome { code: Code::new(-7), raw_code: 1, message: "\u{e9}".repeat(200).into() });
    assert_eq!((outcome.code, outcome.raw_code), (Code::BACKEND_FAILED, -7));
    assert_eq!(outcome.message.len(), limits::MESSAGE);
    let outcome = Outcome { code: Code::TIMEOUT, raw_code: 9, message: text(limits::MESSAGE) };
    assert_eq!(bounded(outcome.clone()), outcome);
}

#[test]
fn numbers_without_a_meaning_are_dropped() {
    let record = Record {
        client_msg_id: "id".into(),
        to: "alice".into(),
        channel_id: "c".into(),
        call_type: CallType::Audio,
        status: RecordStatus::Busy,
        text: "{}".into(),
        durations: vec![("bob".into(), 1)],
    };
    let read = checked_record(&"bob".into(), &record).expect("usable");
    assert_eq!((&*read.to, read.text.is_empty(), read.durations.len()), ("alice", true, 0));
    let other = Record { call_type: CallType::Other, ..record };
    assert_eq!(checked_record(&"bob".into(), &other), Err(DecodeError::Unknown));
    let quality = |quality| checked_media_event(&MediaEvent::Quality { uid: 1, quality });
    assert_eq!(quality(4), Ok(MediaEvent::Quality { uid: 1, quality: 4 }));
    assert_eq!(quality(5), Err(DecodeError::Unknown));
}

#[test]
fn security_is_reported_within_its_limits() {
    let secured = |code: usize, fingerprint: usize| MediaEvent::Secured {
        security: Security::Verified,
        code: text(code),
        local_fingerprint: text(fingerprint),
        remote_fingerprint: text(1),
    };
    let longest = secured(limits::SECURITY_CODE, limits::FINGERPRINT);
    assert_eq!(checked_media_event(&longest), Ok(longest.clone()));
    for too_long in [secured(limits::SECURITY_CODE + 1, 1), secured(1, limits::FINGERPRINT + 1)] {
        assert_eq!(checked_media_event(&too_long), Err(DecodeError::TooLong));
    }
}
