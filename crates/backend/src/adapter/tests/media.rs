//! Media: operations, frames, and what a media backend reports.

use std::ptr;

use nertc_callkit_signaling::{Code, Outcome, Req, Text};

use super::*;
use crate::adapter::{MediaVtable, media};
use crate::{Frame, LogLevel, MediaBackend, MediaMessage, MediaSink, SendError};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation};

/// Records its operations, and sends frames back to its own sink.
struct Recorder(Notes, Arc<MediaSink>);

impl MediaBackend for Recorder {
    fn close(&self) {
        self.0.add("close");
    }

    fn run(&self, req: Req, operation: MediaOperation) -> Result<(), Code> {
        self.0.add(format!("{req:?} {operation:?}"));
        if operation == MediaOperation::Leave { panic!("planted") } else { Ok(()) }
    }

    fn push_frame(&self, frame: Frame<'_>) {
        self.0.add(format!("frame {:?}", frame.media()));
        if let Some(delivery) = self.1.begin_frame() {
            delivery.deliver(&frame.with_uid(5));
        }
    }

    fn network_changed(&self) {
        self.0.add("network_changed");
    }

    fn receive(&self, join: Req, json: &Text) {
        self.0.add(format!("{join:?} receives {json}"));
        assert!(json.len() > 2, "planted");
    }
}

static VTABLE: MediaVtable = MediaVtable::new(c"recorder", 0);
static SIGNALS: MediaVtable = MediaVtable::new(c"recorder", 2).with_protocol(c"recorder/1");
static WITHOUT_FRAMES: MediaVtable = MediaVtable::new(c"recorder", 1).without_frames();

fn media_sink(notes: &Notes) -> abi::nertc_callkit_rtc_sink {
    abi::nertc_callkit_rtc_sink {
        abi: abi::NERTC_CALLKIT_ABI,
        ctx: notes.ctx(),
        complete: Some(complete),
        event: Some(event),
        frame: Some(frame),
        log: Some(log),
        ..sized()
    }
}

unsafe extern "C" fn complete(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    code: i32,
    raw_code: i32,
    message: *const c_char,
) {
    // SAFETY: the test's notes; the text is lent for the call.
    unsafe { Notes::of(ctx).add(format!("completed {req}: {code} {raw_code} {}", shown(message))) };
}

unsafe extern "C" fn event(ctx: *mut c_void, event: *const abi::nertc_callkit_rtc_event) -> i32 {
    // SAFETY: the test's notes; the event is lent for the call.
    unsafe {
        let it = &*event;
        let about = format!("{} media {} flags {}", it.uid, it.media, it.flags);
        let line = format!("event {} {} {} {about} {}", it.r#type, it.code, it.raw_code, shown(it.text));
        Notes::of(ctx).add(line);
    }
    0
}

unsafe extern "C" fn frame(ctx: *mut c_void, frame: *const abi::nertc_callkit_frame) {
    // SAFETY: the test's notes; the frame is lent for the call.
    unsafe { Notes::of(ctx).add(format!("frame of {} {}", (*frame).uid, (*frame).struct_size)) };
}

unsafe extern "C" fn log(ctx: *mut c_void, level: i32, text: *const c_char) {
    // SAFETY: the test's notes; the text is lent for the call.
    unsafe { Notes::of(ctx).add(format!("log {level} {}", shown(text))) };
}

#[test]
fn every_media_operation_arrives_as_its_value() {
    let (notes, sink) = (Notes::default(), Arc::new(MediaSink::default()));
    let (vtable, ctx) = media(&VTABLE, sink.clone(), Recorder(notes.clone(), sink));
    let join = abi::nertc_callkit_rtc_join {
        uid: 7,
        flags: 1,
        call_type: 1,
        channel_name: c"room".as_ptr(),
        peer: c"bob".as_ptr(),
        call_id: c"k".as_ptr(),
        ..sized()
    };
    let view =
        abi::nertc_callkit_view { scaling: 2, mirror: 1, window: ptr::without_provenance_mut(16), ..sized() };
    // SAFETY: our own backend; all arguments outlive the calls.
    unsafe {
        assert_eq!(vtable.join.expect("a slot")(ctx, 1, &join), 0);
        assert_eq!(vtable.join.expect("a slot")(ctx, 1, ptr::null()), Code::BACKEND_FAILED.number());
        assert_eq!(vtable.leave.expect("a slot")(ctx, 2), Code::BACKEND_FAILED.number());
        assert_eq!(vtable.enable_local.expect("a slot")(ctx, 3, 7, 1), 0);
        assert_eq!(vtable.mute_local.expect("a slot")(ctx, 4, 2, 0), 0);
        assert_eq!(vtable.subscribe.expect("a slot")(ctx, 5, 9, 1, 1), 0);
        assert_eq!(vtable.set_view.expect("a slot")(ctx, 6, 9, &view), 0);
        assert_eq!(vtable.set_view.expect("a slot")(ctx, 7, 0, ptr::null()), 0);
        vtable.network_changed.expect("a slot")(ctx);
        vtable.release.expect("a slot")(ctx);
    }
    let joined = r#"Req(1) Join { channel_name: "room", uid: 7, token: "", call_type: Audio, "#;
    let joined = [joined, r#"is_inviter: true, peer: "bob", call_id: "k" }"#].concat();
    let wanted = [
        &*joined,
        "Req(2) Leave",
        "Req(3) EnableLocal { media: Media(3), on: true }",
        "Req(4) MuteLocal { media: Media(2), muted: false }",
        "Req(5) Subscribe { uid: 9, media: Media(1), on: true }",
        "Req(6) SetView { uid: 9, view: Some(View { scaling: 2, mirror: true, window: 16 }) }",
        "Req(7) SetView { uid: 0, view: None }",
        "network_changed",
    ];
    assert_eq!(notes.take(), wanted);
}

#[test]
fn a_frame_is_of_one_known_kind_and_reaches_an_open_sink() {
    let (notes, received) = (Notes::default(), Notes::default());
    let sink = Arc::new(MediaSink::default());
    let (vtable, ctx) = media(&VTABLE, sink.clone(), Recorder(notes.clone(), sink));
    let (c, push) = (media_sink(&received), vtable.push_frame.expect("a slot"));
    let invalid = abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT as i32;
    // SAFETY: our own backend; the sink and all arguments outlive the calls.
    unsafe {
        let sound = abi::nertc_callkit_frame { media: 1, ..sized() };
        assert_eq!(push(ctx, &sound), 0, "it is not open");
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), 0);
        for media in [0, 3, 4, 5] {
            assert_eq!(push(ctx, &abi::nertc_callkit_frame { media, ..sound }), invalid, "{media}");
        }
        assert_eq!(push(ctx, ptr::null()), invalid);
        assert_eq!(push(ctx, &sound), 0);
        vtable.close_backend.expect("a slot")(ctx);
        assert_eq!(push(ctx, &sound), 0);
        vtable.release.expect("a slot")(ctx);
    }
    let size = size_of::<abi::nertc_callkit_frame>();
    assert_eq!(received.take(), [format!("frame of 5 {size}")]);
    assert_eq!(notes.take(), ["frame Media(1)", "frame Media(1)", "close", "frame Media(1)"]);
}

unsafe extern "C" fn send(ctx: *mut c_void, join: abi::nertc_callkit_req, json: *const c_char) -> i32 {
    // SAFETY: the test's notes; the text is lent for the call.
    unsafe { Notes::of(ctx).add(format!("{join} sends {}", shown(json))) };
    [0, -1, -3][join % 3]
}

#[test]
fn texts_go_to_the_peer_and_come_from_it() {
    let (notes, received) = (Notes::default(), Notes::default());
    let sink = Arc::new(MediaSink::default());
    let (vtable, ctx) = media(&SIGNALS, sink.clone(), Recorder(notes.clone(), sink.clone()));
    let c = abi::nertc_callkit_rtc_sink { send: Some(send), ..media_sink(&received) };
    let text = Text::from("{\"a\":1}");
    assert_eq!(vtable.caps, 2 | abi::nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_SIGNALS as u32);
    // SAFETY: our own backend; the sink and all arguments outlive the calls.
    unsafe {
        assert_eq!(shown(vtable.protocol), "recorder/1");
        assert_eq!(sink.send(Req(3), &text), Err(SendError::Closed));
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), 0);
        let answers = [3, 4, 5].map(|join| sink.send(Req(join), &text));
        assert_eq!(answers, [Ok(()), Err(SendError::Invalid), Err(SendError::Full)]);
        let receive = vtable.receive.expect("a slot");
        receive(ctx, 3, text.as_c_str().as_ptr());
        receive(ctx, 3, c"{}".as_ptr());
        receive(ctx, 3, c"\xff".as_ptr());
        vtable.close_backend.expect("a slot")(ctx);
        assert_eq!(sink.send(Req(3), &text), Err(SendError::Closed));
        vtable.release.expect("a slot")(ctx);
    }
    assert_eq!(received.take(), ["3", "4", "5"].map(|join| format!("{join} sends {{\"a\":1}}")));
    assert_eq!(notes.take(), ["Req(3) receives {\"a\":1}", "Req(3) receives {}", "close"]);
}

/// The core of the first release: its sink has no `send`, its join names no peer.
#[test]
fn an_older_core_has_no_texts_and_everything_else() {
    let (notes, received) = (Notes::default(), Notes::default());
    let sink = Arc::new(MediaSink::default());
    let (vtable, ctx) = media(&SIGNALS, sink.clone(), Recorder(notes.clone(), sink.clone()));
    let mut c = abi::nertc_callkit_rtc_sink { send: Some(send), ..media_sink(&received) };
    c.struct_size = std::mem::offset_of!(abi::nertc_callkit_rtc_sink, send) as u32;
    let mut join = abi::nertc_callkit_rtc_join { uid: 7, peer: c"not there".as_ptr(), ..sized() };
    join.struct_size = std::mem::offset_of!(abi::nertc_callkit_rtc_join, peer) as u32;
    // SAFETY: our own backend; the sink and all arguments outlive the calls.
    unsafe {
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), 0);
        assert_eq!(sink.send(Req(1), &Text::from("{}")), Err(SendError::Closed));
        assert_eq!(vtable.join.expect("a slot")(ctx, 1, &join), 0);
        join.struct_size -= 1;
        assert_eq!(vtable.join.expect("a slot")(ctx, 1, &join), Code::BACKEND_FAILED.number());
        vtable.close_backend.expect("a slot")(ctx);
        vtable.release.expect("a slot")(ctx);
    }
    assert!(received.take().is_empty());
    let notes = notes.take();
    assert!(notes[0].contains("uid: 7") && notes[0].contains("peer: \"\""), "{notes:?}");
}

#[test]
fn a_vtable_without_frames_has_no_slot_for_them() {
    let sink = Arc::new(MediaSink::default());
    let (vtable, ctx) = media(&WITHOUT_FRAMES, sink.clone(), Recorder(Notes::default(), sink));
    assert!(vtable.push_frame.is_none() && vtable.caps == 1);
    // SAFETY: our own backend.
    unsafe { vtable.release.expect("a slot")(ctx) };
}

#[test]
fn media_events_have_the_headers_numbers() {
    let (notes, received) = (Notes::default(), Notes::default());
    let sink = Arc::new(MediaSink::default());
    let (vtable, ctx) = media(&VTABLE, sink.clone(), Recorder(notes, sink.clone()));
    let why = Outcome { code: Code::TIMEOUT, raw_code: 7, message: "why".into() };
    let events = [
        MediaEvent::PeerJoin { uid: 1 },
        MediaEvent::PeerLeave { uid: 1, code: Code::TIMEOUT },
        MediaEvent::PeerMedia { uid: 1, media: Media::VIDEO, on: true },
        MediaEvent::PeerMute { uid: 1, media: Media::AUDIO, muted: false },
        MediaEvent::PeerSilent { uid: 1 },
        MediaEvent::PeerHeard { uid: 1 },
        MediaEvent::Reconnecting,
        MediaEvent::Reconnected,
        MediaEvent::Disconnected(why.clone()),
        MediaEvent::Quality { uid: 1, quality: 4 },
        MediaEvent::Error(why.clone()),
    ];
    let c = media_sink(&received);
    // SAFETY: our own backend; the sink outlives it.
    unsafe {
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), 0);
        events.into_iter().for_each(|event| sink.messages().push(MediaMessage::Event(event)));
        sink.messages().push(MediaMessage::Completed(Req(8), why));
        sink.messages().push(MediaMessage::Log(LogLevel::NERTC_CALLKIT_LOG_WARN, "line".into()));
        assert!(!sink.messages().flush());
        vtable.close_backend.expect("a slot")(ctx);
        vtable.release.expect("a slot")(ctx);
    }
    let wanted = [
        "event 1 0 0 1 media 0 flags 0 -",
        "event 2 408 0 1 media 0 flags 0 -",
        "event 3 0 0 1 media 2 flags 1 -",
        "event 4 0 0 1 media 1 flags 0 -",
        "event 5 0 0 1 media 0 flags 0 -",
        "event 6 0 0 1 media 0 flags 0 -",
        "event 7 0 0 0 media 0 flags 0 -",
        "event 8 0 0 0 media 0 flags 0 -",
        "event 9 408 7 0 media 0 flags 0 why",
        "event 10 4 0 1 media 0 flags 0 -",
        "event 11 408 7 0 media 0 flags 0 why",
        "completed 8: 408 7 why",
        "log 2 line",
    ];
    assert_eq!(received.take(), wanted);
}
