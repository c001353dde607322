//! Media without media, for hosts that bring their own: the smallest backend that keeps the contract. Every
//! operation is accepted and completes at once, from inside itself; the peer comes and goes as signaling says
//! (NO_MEDIA).

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use nertc_callkit_abi::{
    NERTC_CALLKIT_ABI, nertc_callkit_req, nertc_callkit_rtc, nertc_callkit_rtc_cap, nertc_callkit_rtc_join,
    nertc_callkit_rtc_sink, nertc_callkit_view,
};
use nertc_callkit_backend::input::{borrow_struct, size};

use crate::{BACKEND_FAILED, OK};

/// What `ctx` points to.
struct NoneRtc {
    /// Lent by the core from open to close_backend.
    sink: AtomicPtr<nertc_callkit_rtc_sink>,
}

/// A vtable in a static. Its only pointer is the name, a static text.
struct Vtable(nertc_callkit_rtc);

// SAFETY: never written, and what it points to is static.
unsafe impl Sync for Vtable {}

static VTABLE: Vtable = Vtable(nertc_callkit_rtc {
    struct_size: size::<nertc_callkit_rtc>(),
    abi: NERTC_CALLKIT_ABI,
    caps: nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32,
    reserved: 0,
    name: c"none".as_ptr(),
    open: Some(open),
    close_backend: Some(close_backend),
    release: Some(release),
    join: Some(join),
    leave: Some(leave),
    enable_local: Some(switch),
    mute_local: Some(switch),
    subscribe: Some(subscribe),
    set_view: Some(set_view),
    push_frame: None,
    network_changed: None,
});

/// A new backend. Whoever gets the ctx calls the vtable's release once.
pub fn new() -> (&'static nertc_callkit_rtc, *mut c_void) {
    let backend = Box::new(NoneRtc { sink: AtomicPtr::new(ptr::null_mut()) });
    (&VTABLE.0, Box::into_raw(backend).cast())
}

/// Completes `req` with success.
///
/// # Safety
/// `ctx` is ours and not released.
unsafe fn done(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx; the sink is lent until close_backend.
    let sink = unsafe { (*ctx.cast::<NoneRtc>()).sink.load(Ordering::Acquire).as_ref() };
    match sink.and_then(|sink| Some((sink.ctx, sink.complete?))) {
        None => BACKEND_FAILED,
        Some((sink, complete)) => {
            // SAFETY: the sink is open.
            unsafe { complete(sink, req, OK, 0, ptr::null()) };
            OK
        }
    }
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const nertc_callkit_rtc_sink) -> i32 {
    // SAFETY: the contract of open.
    match unsafe { borrow_struct(sink) } {
        Some(it) if it.abi == NERTC_CALLKIT_ABI => {
            // SAFETY: our ctx.
            unsafe { (*ctx.cast::<NoneRtc>()).sink.store(sink.cast_mut(), Ordering::Release) };
            OK
        }
        _ => BACKEND_FAILED,
    }
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx. Only operations call the sink, and none runs beside this one: nothing to wait for.
    unsafe { (*ctx.cast::<NoneRtc>()).sink.store(ptr::null_mut(), Ordering::Release) };
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it after this.
    drop(unsafe { Box::from_raw(ctx.cast::<NoneRtc>()) });
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    _args: *const nertc_callkit_rtc_join,
) -> i32 {
    // SAFETY: our ctx.
    unsafe { done(ctx, req) }
}

unsafe extern "C" fn leave(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx.
    unsafe { done(ctx, req) }
}

unsafe extern "C" fn switch(ctx: *mut c_void, req: nertc_callkit_req, _media: u32, _on: i32) -> i32 {
    // SAFETY: our ctx.
    unsafe { done(ctx, req) }
}

unsafe extern "C" fn subscribe(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    _uid: u64,
    _media: u32,
    _on: i32,
) -> i32 {
    // SAFETY: our ctx.
    unsafe { done(ctx, req) }
}

unsafe extern "C" fn set_view(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    _uid: u64,
    _view: *const nertc_callkit_view,
) -> i32 {
    // SAFETY: our ctx.
    unsafe { done(ctx, req) }
}
