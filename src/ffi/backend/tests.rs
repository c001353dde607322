//! Calls to a backend, in order and number.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::{Arc, Mutex};

use super::media::{CRtc, CRtcPort, missing_rtc_slot};
use super::signaling::{CSignaling, Identity, Route, missing_signaling_slot};
use super::*;
use crate::engine::output::{Join, Preparation, RtcOp};
use crate::ffi::support::error::Error;
use crate::ffi::support::handle_table::lock;
use crate::worker::ports::{Rtc, Signaling};
use nertc_callkit_signaling::{self as signaling, CallType, Code, Text};

/// What was called, and what open answers.
#[derive(Default)]
struct Recorder {
    calls: Mutex<Vec<String>>,
    open: i32,
}

fn noted(ctx: *mut c_void, what: impl Into<String>) -> &'static Recorder {
    // SAFETY: leaked by the test.
    let backend = unsafe { &*ctx.cast::<Recorder>() };
    lock(&backend.calls).push(what.into());
    backend
}

unsafe extern "C" fn open(ctx: *mut c_void, _: *const abi::nertc_callkit_signaling_sink) -> i32 {
    noted(ctx, "open").open
}
unsafe extern "C" fn rtc_open(ctx: *mut c_void, _: *const abi::nertc_callkit_rtc_sink) -> i32 {
    noted(ctx, "rtc open").open
}
unsafe extern "C" fn login(ctx: *mut c_void, req: usize, _: *const abi::nertc_callkit_login_args) -> i32 {
    noted(ctx, format!("login {req}"));
    0
}
unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    noted(ctx, "close");
}
unsafe extern "C" fn release(ctx: *mut c_void) {
    noted(ctx, "release");
}
unsafe extern "C" fn push_frame(ctx: *mut c_void, _: *const abi::nertc_callkit_frame) -> i32 {
    noted(ctx, "frame");
    -3
}

unsafe extern "C" fn join(ctx: *mut c_void, req: usize, args: *const abi::nertc_callkit_rtc_join) -> i32 {
    // SAFETY: lent for the call.
    let (args, text) = unsafe { (&*args, |text| CStr::from_ptr(text).to_str().expect("UTF-8")) };
    let whose = [args.account, args.device_id, args.peer, args.call_id].map(text).join(" ");
    noted(ctx, format!("join {req} as {} of call {}: {whose}", args.flags, args.call_no));
    0
}
unsafe extern "C" fn prepare(ctx: *mut c_void, args: *const abi::nertc_callkit_rtc_prepare) {
    // SAFETY: lent for the call.
    let (args, text) = unsafe { (&*args, |text| CStr::from_ptr(text).to_str().expect("UTF-8")) };
    let whose = [args.peer, args.call_id].map(text).join(" ");
    let size = args.struct_size as usize - size_of::<abi::nertc_callkit_rtc_prepare>();
    noted(
        ctx,
        format!("prepare {} as {} {}: {whose}{}", args.call_no, args.flags, args.call_type, "!".repeat(size)),
    );
}
unsafe extern "C" fn discard(ctx: *mut c_void, call_no: u64) {
    noted(ctx, format!("discard {call_no}"));
}

fn backend(open: i32) -> (AppPtr, impl Fn() -> String) {
    let backend: &'static Recorder = Box::leak(Box::new(Recorder { open, ..Recorder::default() }));
    (AppPtr(ptr::from_ref(backend).cast_mut().cast()), || lock(&backend.calls).join(", "))
}

fn backends(signaling: AppPtr, rtc: AppPtr) -> (CSignaling, Arc<CRtc>) {
    // SAFETY: all-zero is a value of both.
    let (mut slots, mut rtc_slots): (abi::nertc_callkit_signaling, abi::nertc_callkit_rtc) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    slots.open = Some(open);
    slots.login = Some(login);
    slots.close_backend = Some(close_backend);
    slots.release = Some(release);
    rtc_slots.open = Some(rtc_open);
    rtc_slots.push_frame = Some(push_frame);
    rtc_slots.join = Some(join);
    rtc_slots.prepare = Some(prepare);
    rtc_slots.discard = Some(discard);
    rtc_slots.close_backend = Some(close_backend);
    rtc_slots.release = Some(release);
    let rtc = Arc::new(CRtc::new(Vtable::Copied(Box::new(rtc_slots)), rtc, sink::rtc(1), None));
    let [app_key, device_id, data_dir] = ["", "d", ""].map(Text::from);
    let identity = Identity { app_key, device_id, data_dir, login_ms: 0 };
    let (slots, route) = (Vtable::Copied(Box::new(slots)), Route::Vtable(Box::new(sink::signaling(1))));
    (CSignaling::new(slots, signaling, route, identity, rtc.clone()), rtc)
}

fn log_in() -> signaling::Operation {
    signaling::Operation::Login { account: "alice".into(), token: "".into() }
}

#[test]
fn backends_open_before_the_first_login_and_are_released_last() {
    let ((ctx, calls), (rtc_ctx, rtc_calls)) = (backend(0), backend(0));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    assert_eq!(calls(), "");
    assert_eq!(signaling.start(Req(1), log_in()), Ok(()));
    assert_eq!(signaling.start(Req(2), log_in()), Ok(()));
    signaling.close();
    signaling.close();
    CRtcPort(rtc.clone()).close();
    rtc.close();
    assert_eq!(calls(), "open, login 1, login 2, close, release");
    assert_eq!(rtc_calls(), "rtc open, close, release");
}

#[test]
fn a_refused_open_fails_every_login_with_the_backends_code() {
    let ((ctx, calls), (rtc_ctx, rtc_calls)) = (backend(302), backend(0));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    assert_eq!(signaling.start(Req(1), log_in()).unwrap_err().code, Code::BAD_TOKEN);
    assert_eq!(signaling.start(Req(2), log_in()).unwrap_err().code, Code::BAD_TOKEN);
    signaling.close();
    rtc.close();
    assert_eq!((calls(), rtc_calls()), ("open, release".into(), "release".into()));
}

#[test]
fn a_media_backend_that_refuses_open_fails_the_login_too() {
    let ((ctx, calls), (rtc_ctx, rtc_calls)) = (backend(0), backend(-6));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    let why = signaling.start(Req(1), log_in()).unwrap_err();
    assert_eq!((why.code, why.raw_code), (Code::BACKEND_FAILED, -6));
    signaling.close();
    rtc.close();
    assert_eq!((calls(), rtc_calls()), ("open, close, release".into(), "rtc open, release".into()));
}

#[test]
fn a_missing_slot_is_unsupported() {
    let ((ctx, _), (rtc_ctx, _)) = (backend(0), backend(0));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    assert_eq!(signaling.start(Req(1), signaling::Operation::Logout).unwrap_err().code, Code::UNSUPPORTED);
    assert_eq!(CRtcPort(rtc).start(Req(2), RtcOp::Leave).unwrap_err().code, Code::UNSUPPORTED);
    assert_eq!(missing_signaling_slot(&signaling.vtable), Some("logout"));
}

#[test]
fn frames_go_into_an_open_backend_only() {
    let ((ctx, _), (rtc_ctx, rtc_calls)) = (backend(0), backend(0));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    // SAFETY: all-zero is a value of it.
    let frame = unsafe { std::mem::zeroed() };
    assert_eq!(rtc.push_frame(&frame), Err(Error::Closed));
    assert_eq!(signaling.start(Req(1), log_in()), Ok(()));
    assert_eq!(rtc.push_frame(&frame), Err(Error::QueueFull));
    rtc.close();
    assert_eq!(rtc.push_frame(&frame), Err(Error::Closed));
    assert_eq!(rtc_calls(), "rtc open, frame, close, release");
}

#[test]
fn a_join_and_its_preparation_reach_an_open_backend_only() {
    let ((ctx, _), (rtc_ctx, rtc_calls)) = (backend(0), backend(0));
    let (mut signaling, rtc) = backends(ctx, rtc_ctx);
    let mut port = CRtcPort(rtc);
    let preparation = Preparation {
        call_no: 4,
        is_inviter: true,
        call_type: CallType::Video,
        peer: "bob".into(),
        call_id: "k".into(),
    };
    let join = Join {
        channel_name: "room".into(),
        uid: 7,
        token: Text::EMPTY,
        call_type: CallType::Video,
        is_inviter: true,
        peer: "bob".into(),
        call_id: "k".into(),
        call_no: 4,
        account: "alice".into(),
        device: "phone".into(),
    };
    port.prepare(&preparation);
    port.discard(4);
    assert_eq!(signaling.start(Req(1), log_in()), Ok(()));
    port.prepare(&preparation);
    port.prepare(&Preparation { is_inviter: false, ..preparation.clone() });
    port.discard(4);
    assert_eq!(port.start(Req(2), RtcOp::Join(Box::new(join))), Ok(()));
    let prepared = "prepare 4 as 1 2: bob k, prepare 4 as 0 2: bob k, discard 4";
    assert_eq!(rtc_calls(), format!("rtc open, {prepared}, join 2 as 1 of call 4: alice phone bob k"));
}

#[test]
fn who_prepares_must_discard() {
    // SAFETY: all-zero is a value of it.
    let mut slots: abi::nertc_callkit_rtc = unsafe { std::mem::zeroed() };
    unsafe extern "C" fn leave(_: *mut c_void, _: usize) -> i32 {
        0
    }
    slots.open = Some(rtc_open);
    slots.join = Some(join);
    slots.leave = Some(leave);
    assert_eq!(missing_rtc_slot(&slots), None);
    slots.prepare = Some(prepare);
    assert_eq!(missing_rtc_slot(&slots), Some("discard"));
    slots.discard = Some(discard);
    assert_eq!(missing_rtc_slot(&slots), None);
}
