//! Calls to a backend, in order and number.

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex};

use super::media::{CRtc, CRtcPort};
use super::signaling::{CSignaling, Identity, Route, missing_signaling_slot};
use super::*;
use crate::engine::output::RtcOp;
use crate::ffi::support::error::Error;
use crate::ffi::support::handle_table::lock;
use crate::worker::ports::{Rtc, Signaling};
use nertc_callkit_signaling::{self as signaling, Code, Text};

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
