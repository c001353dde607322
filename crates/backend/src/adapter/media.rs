//! The media vtable.

use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::{NERTC_CALLKIT_ABI, nertc_callkit_status as status};
use nertc_callkit_media::{Media, MediaOperation, View};
use nertc_callkit_signaling::{Code, Req};

use super::instance::{Instance, answer, contain};
use super::lend;
use super::read::{self, borrow_struct};
use crate::media::{Frame, MediaBackend, MediaSink};

pub(super) type MediaInstance = Instance<dyn MediaBackend, Arc<MediaSink>>;

/// A media vtable in a static: what kind of backend it is.
pub struct MediaVtable(abi::nertc_callkit_rtc);

// SAFETY: never written, and its only pointers are name and protocol, static texts.
unsafe impl Sync for MediaVtable {}

impl MediaVtable {
    /// The vtable of a backend with this name for the log and these nertc_callkit_rtc_cap bits.
    pub const fn new(name: &'static CStr, caps: u32) -> MediaVtable {
        MediaVtable(abi::nertc_callkit_rtc {
            struct_size: size_of::<abi::nertc_callkit_rtc>() as u32,
            abi: NERTC_CALLKIT_ABI,
            caps,
            reserved: 0,
            name: name.as_ptr(),
            open: Some(open),
            close_backend: Some(close_backend),
            release: Some(release),
            join: Some(join),
            leave: Some(leave),
            enable_local: Some(enable_local),
            mute_local: Some(mute_local),
            subscribe: Some(subscribe),
            set_view: Some(set_view),
            push_frame: Some(push_frame),
            network_changed: Some(network_changed),
            receive: None,
            protocol: ptr::null(),
            prepare: None,
            discard: None,
        })
    }

    /// The same for a backend that negotiates with its peer: its protocol, `<name>/<version>`.
    pub const fn with_protocol(mut self, protocol: &'static CStr) -> MediaVtable {
        self.0.caps |= abi::nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_SIGNALS as u32;
        self.0.receive = Some(receive);
        self.0.protocol = protocol.as_ptr();
        self
    }

    /// The same for a backend that makes ready for a join before the call is accepted.
    pub const fn with_preparation(mut self) -> MediaVtable {
        self.0.prepare = Some(prepare);
        self.0.discard = Some(discard);
        self
    }

    pub(super) fn c(&self) -> &abi::nertc_callkit_rtc {
        &self.0
    }

    /// The same without `push_frame`: it is answered UNSUPPORTED.
    pub const fn without_frames(mut self) -> MediaVtable {
        self.0.push_frame = None;
        self
    }
}

/// A backend for C, and the sink that it was created with. The owner of the ctx calls the vtable's `release`
/// once.
pub fn media(
    vtable: &'static MediaVtable,
    sink: Arc<MediaSink>,
    backend: impl MediaBackend,
) -> (&'static abi::nertc_callkit_rtc, *mut c_void) {
    let instance: MediaInstance = Instance { sink, backend: Arc::new(backend) };
    (&vtable.0, instance.into_ctx())
}

/// The backend behind `ctx`, if its vtable is `own` and not a copy of it. Who holds it after the vtable's
/// `release` has a backend that was closed.
///
/// # Safety
/// `vtable` and `ctx` belong together, and `ctx` is not released.
pub unsafe fn backend_of<T: MediaBackend>(
    own: &'static MediaVtable,
    vtable: *const abi::nertc_callkit_rtc,
    ctx: *mut c_void,
) -> Option<Arc<T>> {
    if !ptr::eq(own.c(), vtable) {
        return None;
    }
    // SAFETY: this vtable's ctx, not released: the caller's promise.
    let backend: Arc<dyn Any + Send + Sync> = unsafe { MediaInstance::of(ctx) }.backend.clone();
    backend.downcast().ok()
}

/// Starts an operation.
///
/// # Safety
/// `ctx` is ours and not released.
unsafe fn run(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    operation: impl FnOnce() -> Result<MediaOperation, Code>,
) -> i32 {
    // SAFETY: the caller's promise.
    let instance = unsafe { MediaInstance::of(ctx) };
    answer(|| instance.backend.run(Req(req as u64), operation()?))
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const abi::nertc_callkit_rtc_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (instance, sink) = unsafe { (MediaInstance::of(ctx), read::media_sink(sink)) };
    answer(|| {
        let sink = sink.ok().filter(|sink| sink.abi == NERTC_CALLKIT_ABI).ok_or(Code::BACKEND_FAILED)?;
        // SAFETY: as above; close_backend closes the queue before the core lets the sink go.
        let (deliver, frame, send) = unsafe { (lend::media(&sink), lend::frames(&sink), lend::texts(&sink)) };
        instance.sink.open(deliver, frame, send);
        instance.backend.open().inspect_err(|_| instance.sink.close())
    })
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let instance = unsafe { MediaInstance::of(ctx) };
    contain(|| instance.backend.close());
    contain(|| instance.sink.close());
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it afterwards.
    unsafe { MediaInstance::release(ctx) };
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_rtc_join,
) -> i32 {
    // SAFETY: our ctx, not released; the arguments are lent for the call.
    unsafe { run(ctx, req, || read::media_join(args)) }
}

unsafe extern "C" fn leave(ctx: *mut c_void, req: abi::nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    unsafe { run(ctx, req, || Ok(MediaOperation::Leave)) }
}

unsafe extern "C" fn enable_local(ctx: *mut c_void, req: abi::nertc_callkit_req, media: u32, on: i32) -> i32 {
    // SAFETY: our ctx, not released.
    unsafe { run(ctx, req, || Ok(MediaOperation::EnableLocal { media: Media::of(media), on: on != 0 })) }
}

unsafe extern "C" fn mute_local(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    media: u32,
    muted: i32,
) -> i32 {
    // SAFETY: our ctx, not released.
    unsafe { run(ctx, req, || Ok(MediaOperation::MuteLocal { media: Media::of(media), muted: muted != 0 })) }
}

unsafe extern "C" fn subscribe(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    uid: u64,
    media: u32,
    on: i32,
) -> i32 {
    // SAFETY: our ctx, not released.
    unsafe { run(ctx, req, || Ok(MediaOperation::Subscribe { uid, media: Media::of(media), on: on != 0 })) }
}

unsafe extern "C" fn set_view(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    uid: u64,
    view: *const abi::nertc_callkit_view,
) -> i32 {
    // SAFETY: our ctx, not released; the view is lent for the call.
    unsafe {
        run(ctx, req, || {
            let view = if view.is_null() { None } else { Some(read_view(borrow_struct(view)?)) };
            Ok(MediaOperation::SetView { uid, view })
        })
    }
}

fn read_view(c: &abi::nertc_callkit_view) -> View {
    View { scaling: c.scaling, mirror: c.mirror != 0, window: c.window.expose_provenance() }
}

unsafe extern "C" fn push_frame(ctx: *mut c_void, frame: *const abi::nertc_callkit_frame) -> i32 {
    // SAFETY: our ctx, not released; the frame is lent for the call with its planes.
    let (instance, frame) = unsafe { (MediaInstance::of(ctx), borrow_struct(frame)) };
    match frame {
        Ok(frame) if Media::of(frame.media).bits() == frame.media && frame.media.is_power_of_two() => {
            match contain(|| instance.backend.push_frame(Frame::lent(frame))) {
                Some(Ok(())) => status::NERTC_CALLKIT_STATUS_OK as i32,
                Some(Err(error)) => error.status(),
                None => Code::BACKEND_FAILED.number(),
            }
        }
        Ok(_) | Err(_) => status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT as i32,
    }
}

unsafe extern "C" fn receive(ctx: *mut c_void, join: abi::nertc_callkit_req, json: *const c_char) {
    // SAFETY: our ctx, not released; the text is lent for the call.
    let (instance, json) = unsafe { (MediaInstance::of(ctx), read::text(json)) };
    if let Ok(json) = json {
        contain(|| instance.backend.receive(Req(join as u64), &json));
    }
}

unsafe extern "C" fn prepare(ctx: *mut c_void, args: *const abi::nertc_callkit_rtc_prepare) {
    // SAFETY: our ctx, not released; the arguments are lent for the call.
    let (instance, preparation) = unsafe { (MediaInstance::of(ctx), read::preparation(args)) };
    if let Ok(preparation) = preparation {
        contain(|| instance.backend.prepare(&preparation));
    }
}

unsafe extern "C" fn discard(ctx: *mut c_void, call_no: abi::nertc_callkit_call_no) {
    // SAFETY: our ctx, not released.
    let instance = unsafe { MediaInstance::of(ctx) };
    contain(|| instance.backend.discard(call_no));
}

unsafe extern "C" fn network_changed(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let instance = unsafe { MediaInstance::of(ctx) };
    contain(|| instance.backend.network_changed());
}
