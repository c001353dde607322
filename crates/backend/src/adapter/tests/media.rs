//! Media: operations, frames, and what a media backend reports.

use std::ptr;

use nertc_callkit_signaling::{CallType, Code, Outcome, Req, Text};

use super::*;
use crate::adapter::{MediaVtable, backend_of, media};
use crate::{Frame, LogLevel, MediaBackend, MediaMessage, MediaSink, PushError, SendError};
use nertc_callkit_media::{Media, MediaEvent, MediaOperation, MediaReport, Preparation, Security};

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

    fn push_frame(&self, frame: Frame<'_>) -> Result<(), PushError> {
        self.0.add(format!("frame {:?}", frame.media()));
        if frame.media() == Media::VIDEO {
            return Err(PushError::Unsupported);
        }
        if let Some(delivery) = self.1.begin_frame() {
            delivery.deliver(&frame.with_uid(5));
        }
        Ok(())
    }

    fn network_changed(&self) {
        self.0.add("network_changed");
    }

    fn prepare(&self, preparation: &Preparation) {
        self.0.add(format!("{preparation:?}"));
        assert!(preparation.call_no != 13, "planted");
    }

    fn discard(&self, call_no: u64) {
        self.0.add(format!("discard {call_no}"));
        assert!(call_no != 13, "planted");
    }

    fn receive(&self, join: Req, json: &Text) {
        self.0.add(format!("{join:?} receives {json}"));
        assert!(json.len() > 2, "planted");
    }
}

static VTABLE: MediaVtable = MediaVtable::new(c"recorder", 0);
static SIGNALS: MediaVtable = MediaVtable::new(c"recorder", 2).with_protocol(c"recorder/1");
static PREPARES: MediaVtable = MediaVtable::new(c"recorder", 0).with_preparation();
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
        let number = if it.join == 0 { "event".into() } else { format!("join {} event", it.join) };
        let mut line =
            format!("{number} {} {} {} {about} {}", it.r#type, it.code, it.raw_code, shown(it.text));
        if !it.local_fingerprint.is_null() {
            line += &format!(" {} {}", shown(it.local_fingerprint), shown(it.remote_fingerprint));
        }
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
        call_no: 4,
        account: c"alice".as_ptr(),
        device_id: c"phone".as_ptr(),
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
    let joined = r#"Req(1) Join(Join { channel_name: "room", uid: 7, token: "", call_type: Audio, "#;
    let whose =
        r#"is_inviter: true, peer: "bob", call_id: "k", call_no: 4, account: "alice", device: "phone" })"#;
    let joined = [joined, whose].concat();
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
        let picture = abi::nertc_callkit_frame { media: 2, ..sized() };
        let unsupported = abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_UNSUPPORTED as i32;
        assert_eq!(push(ctx, &picture), unsupported, "as the backend answers it");
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
    let pushed = ["frame Media(1)", "frame Media(2)", "frame Media(1)", "close", "frame Media(1)"];
    assert_eq!(notes.take(), pushed);
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
    assert!(notes[0].contains("call_no: 0, account: \"\", device: \"\""), "{notes:?}");
}

#[test]
fn a_call_is_prepared_and_discarded() {
    let (notes, sink) = (Notes::default(), Arc::new(MediaSink::default()));
    let (vtable, ctx) = media(&PREPARES, sink.clone(), Recorder(notes.clone(), sink));
    let args = abi::nertc_callkit_rtc_prepare {
        flags: 1,
        call_type: 2,
        call_no: 4,
        peer: c"bob".as_ptr(),
        call_id: c"k".as_ptr(),
        ..sized()
    };
    let (prepare, discard) = (vtable.prepare.expect("a slot"), vtable.discard.expect("a slot"));
    // SAFETY: our own backend; all arguments outlive the calls.
    unsafe {
        prepare(ctx, &args);
        prepare(ctx, ptr::null());
        prepare(ctx, &abi::nertc_callkit_rtc_prepare { struct_size: 8, ..args });
        prepare(ctx, &abi::nertc_callkit_rtc_prepare { peer: c"\xff".as_ptr(), ..args });
        discard(ctx, 4);
        // A panic, which is a bug, does not leave the backend.
        prepare(ctx, &abi::nertc_callkit_rtc_prepare { call_no: 13, flags: 0, ..args });
        discard(ctx, 13);
        vtable.release.expect("a slot")(ctx);
    }
    let of = |call_no: u64, is_inviter: bool| Preparation {
        call_no,
        is_inviter,
        call_type: CallType::Video,
        peer: "bob".into(),
        call_id: "k".into(),
    };
    let (first, second) = (format!("{:?}", of(4, true)), format!("{:?}", of(13, false)));
    assert_eq!(notes.take(), [&*first, "discard 4", &*second, "discard 13"]);
    assert!(VTABLE.c().prepare.is_none() && VTABLE.c().discard.is_none(), "only who says so prepares");
}

#[test]
fn only_the_owner_of_a_vtable_finds_its_backend() {
    struct Other;
    impl MediaBackend for Other {
        fn close(&self) {}

        fn run(&self, _: Req, _: MediaOperation) -> Result<(), Code> {
            Ok(())
        }

        fn push_frame(&self, _: Frame<'_>) -> Result<(), PushError> {
            Ok(())
        }
    }
    let (notes, sink) = (Notes::default(), Arc::new(MediaSink::default()));
    let (vtable, ctx) = media(&VTABLE, sink.clone(), Recorder(notes.clone(), sink));
    let copy = *vtable;
    // SAFETY: our own backend, until its release.
    let found = unsafe {
        assert!(backend_of::<Recorder>(&SIGNALS, vtable, ctx).is_none(), "another vtable");
        assert!(backend_of::<Recorder>(&VTABLE, &copy, ctx).is_none(), "a copy of it");
        assert!(backend_of::<Other>(&VTABLE, vtable, ctx).is_none(), "another backend");
        let found = backend_of::<Recorder>(&VTABLE, vtable, ctx).expect("ours");
        vtable.release.expect("a slot")(ctx);
        found
    };
    found.network_changed();
    assert_eq!(notes.take(), ["network_changed"]);
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
        MediaEvent::PeerActive { uid: 1 },
        MediaEvent::Reconnecting,
        MediaEvent::Reconnected,
        MediaEvent::Disconnected(why.clone()),
        MediaEvent::Quality { uid: 1, quality: 4 },
        MediaEvent::Error(why.clone()),
        MediaEvent::Secured {
            security: Security::Unverified,
            code: "ab12".into(),
            local_fingerprint: "sha-256 AB".into(),
            remote_fingerprint: "sha-256 CD".into(),
        },
    ];
    let c = media_sink(&received);
    // SAFETY: our own backend; the sink outlives it.
    unsafe {
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), 0);
        events.into_iter().for_each(|event| sink.messages().push(MediaMessage::Event(event.into())));
        let of_join = MediaReport { join: Some(Req(9)), event: MediaEvent::PeerSilent { uid: 1 } };
        sink.messages().push(MediaMessage::Event(of_join));
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
        "event 12 2 0 0 media 0 flags 0 ab12 sha-256 AB sha-256 CD",
        "join 9 event 5 0 0 1 media 0 flags 0 -",
        "completed 8: 408 7 why",
        "log 2 line",
    ];
    assert_eq!(received.take(), wanted);
}
