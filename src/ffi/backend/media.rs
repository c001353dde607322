//! The media backend as the worker's port.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use nertc_callkit_abi as abi;

use nertc_callkit_backend::adapter::DirectMedia;

use super::{Vtable, accepted, direct, number, size, unsupported};
use crate::engine::input::View;
use crate::engine::output::{Join, Preparation, RtcOp};
use crate::ffi::support::convert::AppPtr;
use crate::ffi::support::error::Error;
use crate::ffi::support::in_flight::InFlight;
use crate::worker::ports::Rtc;
use crate::worker::{self, CallbackGuard};
use nertc_callkit_signaling::{Outcome, Req, Text};

/// The media backend: operations from the worker, frames from any thread.
pub(crate) struct CRtc {
    vtable: Vtable<abi::nertc_callkit_rtc>,
    ctx: AppPtr,
    sink: abi::nertc_callkit_rtc_sink,
    /// How open ended; empty = not tried.
    opened: OnceLock<Result<(), Outcome>>,
    closed: AtomicBool,
    /// Frames on their way into the backend.
    frames: InFlight,
    /// The backend is ours: it is called without C structs, and its reports go to this client.
    direct: Option<(DirectMedia, Arc<worker::Client>)>,
}

// SAFETY: the sink's ctx is a number and its functions are ours; the vtable's functions may be
// called by any thread.
unsafe impl Send for CRtc {}
// SAFETY: as above; what must not overlap is called by the worker only.
unsafe impl Sync for CRtc {}

impl CRtc {
    /// `sink` stays where the backend finds it until close_backend has returned.
    pub(crate) fn new(
        vtable: Vtable<abi::nertc_callkit_rtc>,
        ctx: AppPtr,
        sink: abi::nertc_callkit_rtc_sink,
        direct: Option<(DirectMedia, Arc<worker::Client>)>,
    ) -> CRtc {
        CRtc {
            vtable,
            ctx,
            sink,
            opened: OnceLock::new(),
            closed: AtomicBool::new(false),
            frames: InFlight::default(),
            direct,
        }
    }

    pub(super) fn open(&self) -> Result<(), Outcome> {
        let open = || {
            if let Some((backend, client)) = &self.direct {
                let deliver = direct::media_sink(client.clone());
                // SAFETY: the sink lives until close_backend has returned.
                return direct::answer(unsafe { backend.open(&self.sink, deliver) });
            }
            let open = self.vtable.open.ok_or_else(unsupported)?;
            // SAFETY: the backend's function; the sink lives until close_backend has returned.
            accepted(unsafe { open(self.ctx.0, &self.sink) })
        };
        // Not get_or_init: a backend may push a frame from inside open.
        let result = match self.opened.get() {
            Some(result) => result.clone(),
            None => open(),
        };
        let _ = self.opened.set(result.clone());
        result
    }

    fn is_open(&self) -> bool {
        matches!(self.opened.get(), Some(Ok(())))
    }

    /// Sends a frame of the app on the app's own thread.
    pub(crate) fn push_frame(&self, frame: &abi::nertc_callkit_frame) -> Result<(), Error> {
        let _in_flight = self.frames.enter(1).filter(|_| self.is_open()).ok_or(Error::Closed)?;
        let push_frame = self.vtable.push_frame.ok_or(Error::Unsupported)?;
        // Who destroyed the client from in here would wait for this very frame.
        let _inside = CallbackGuard::enter();
        // SAFETY: the backend's function, while it is open; the frame is valid until it
        // returns.
        frame_status(unsafe { push_frame(self.ctx.0, frame) })
    }

    fn run<F>(&self, slot: Option<F>, call: impl FnOnce(F, *mut c_void) -> i32) -> Result<(), Outcome> {
        let slot = slot.ok_or_else(unsupported)?;
        if self.is_open() { accepted(call(slot, self.ctx.0)) } else { Err(unsupported()) }
    }

    fn join(&self, req: Req, join: &Join) -> Result<(), Outcome> {
        let args = abi::nertc_callkit_rtc_join {
            struct_size: size::<abi::nertc_callkit_rtc_join>(),
            flags: join_flags(join.is_inviter),
            call_type: join.call_type.number(),
            reserved: 0,
            uid: join.uid,
            channel_name: join.channel_name.as_ptr(),
            token: join.token.as_ptr(),
            peer: join.peer.as_ptr(),
            call_id: join.call_id.as_ptr(),
            call_no: join.call_no,
            account: join.account.as_ptr(),
            device_id: join.device.as_ptr(),
        };
        // SAFETY: the backend's function; args are valid until it returns.
        self.run(self.vtable.join, |join, ctx| unsafe { join(ctx, number(req), &raw const args) })
    }

    fn set_view(&self, req: Req, uid: u64, view: Option<View>) -> Result<(), Outcome> {
        let view = view.map(|view| abi::nertc_callkit_view {
            struct_size: size::<abi::nertc_callkit_view>(),
            scaling: view.scaling,
            mirror: i32::from(view.mirror),
            flags: 0,
            window: ptr::with_exposed_provenance_mut(view.window),
        });
        let place = view.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the backend's function; the view is valid until it returns.
        self.run(self.vtable.set_view, |set_view, ctx| unsafe { set_view(ctx, number(req), uid, place) })
    }

    pub(super) fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.frames.shut(u64::MAX);
        if let (true, Some(close_backend)) = (self.is_open(), self.vtable.close_backend) {
            // SAFETY: the backend's function, once, after a successful open.
            unsafe { close_backend(self.ctx.0) }
        }
        if let Some(release) = self.vtable.release {
            // SAFETY: the backend's function, once, last.
            unsafe { release(self.ctx.0) }
        }
    }
}

/// The worker's end of the media backend.
pub(crate) struct CRtcPort(pub(crate) Arc<CRtc>);

impl Rtc for CRtcPort {
    fn start(&mut self, req: Req, op: RtcOp) -> Result<(), Outcome> {
        let (backend, slots, req_c) = (&self.0, &self.0.vtable, number(req));
        if let Some((backend, _)) = backend.direct.as_ref().filter(|_| backend.is_open()) {
            return direct::answer(backend.run(req, op));
        }
        match op {
            RtcOp::Join(join) => backend.join(req, &join),
            // SAFETY: the backend's functions, here and below.
            RtcOp::Leave => backend.run(slots.leave, |leave, ctx| unsafe { leave(ctx, req_c) }),
            RtcOp::EnableLocal { media, on } => {
                // SAFETY: see above.
                backend.run(slots.enable_local, |enable, ctx| unsafe {
                    enable(ctx, req_c, media.bits(), i32::from(on))
                })
            }
            RtcOp::MuteLocal { media, muted } => {
                // SAFETY: see above.
                backend.run(slots.mute_local, |mute, ctx| unsafe {
                    mute(ctx, req_c, media.bits(), i32::from(muted))
                })
            }
            RtcOp::Subscribe { uid, media, on } => backend.run(slots.subscribe, |subscribe, ctx| {
                // SAFETY: see above.
                unsafe { subscribe(ctx, req_c, uid, media.bits(), i32::from(on)) }
            }),
            RtcOp::SetView { uid, view } => backend.set_view(req, uid, view),
        }
    }

    fn receive(&mut self, join: Req, json: &Text) {
        if let (true, Some(receive)) = (self.0.is_open(), self.0.vtable.receive) {
            // SAFETY: the backend's function; the text is valid until it returns.
            unsafe { receive(self.0.ctx.0, number(join), json.as_ptr()) }
        }
    }

    fn prepare(&mut self, preparation: &Preparation) {
        let backend = &self.0;
        if let Some((direct, _)) = backend.direct.as_ref().filter(|_| backend.is_open()) {
            return direct.prepare(preparation);
        }
        if let (true, Some(prepare)) = (backend.is_open(), backend.vtable.prepare) {
            let args = abi::nertc_callkit_rtc_prepare {
                struct_size: size::<abi::nertc_callkit_rtc_prepare>(),
                flags: join_flags(preparation.is_inviter),
                call_type: preparation.call_type.number(),
                reserved: 0,
                call_no: preparation.call_no,
                peer: preparation.peer.as_ptr(),
                call_id: preparation.call_id.as_ptr(),
            };
            // SAFETY: the backend's function; args are valid until it returns.
            unsafe { prepare(backend.ctx.0, &args) }
        }
    }

    fn discard(&mut self, call_no: u64) {
        let backend = &self.0;
        if let Some((direct, _)) = backend.direct.as_ref().filter(|_| backend.is_open()) {
            return direct.discard(call_no);
        }
        if let (true, Some(discard)) = (backend.is_open(), backend.vtable.discard) {
            // SAFETY: the backend's function.
            unsafe { discard(backend.ctx.0, call_no) }
        }
    }

    fn network_changed(&mut self) {
        if let (true, Some(network_changed)) = (self.0.is_open(), self.0.vtable.network_changed) {
            // SAFETY: the backend's function.
            unsafe { network_changed(self.0.ctx.0) }
        }
    }

    fn close(&mut self) {
        self.0.close();
    }
}

fn join_flags(is_inviter: bool) -> u32 {
    let inviter = abi::nertc_callkit_rtc_join_flag::NERTC_CALLKIT_RTC_JOIN_INVITER as u32;
    if is_inviter { inviter } else { 0 }
}

/// The media backend talks to its peer.
pub(crate) fn signals(backend: &abi::nertc_callkit_rtc) -> bool {
    backend.caps & abi::nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_SIGNALS as u32 != 0
}

/// What a mandatory slot is called, if one is missing.
pub(crate) fn missing_rtc_slot(backend: &abi::nertc_callkit_rtc) -> Option<&'static str> {
    let slots = [
        ("open", backend.open.is_none()),
        ("join", backend.join.is_none()),
        ("leave", backend.leave.is_none()),
        ("receive", signals(backend) && backend.receive.is_none()),
        ("discard", backend.prepare.is_some() && backend.discard.is_none()),
    ];
    slots.iter().find(|(_, missing)| *missing).map(|(name, _)| *name)
}

/// A backend's answer to push_frame.
fn frame_status(answer: i32) -> Result<(), Error> {
    match answer {
        0 => Ok(()),
        -1 => Err(Error::because("frame", "the media backend refused it")),
        -2 => Err(Error::Closed),
        -3 => Err(Error::QueueFull),
        -4 => Err(Error::Reentrant),
        -5 => Err(Error::Unsupported),
        _ => Err(Error::Internal),
    }
}
