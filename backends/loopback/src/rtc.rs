//! The media vtable: frames go from one host's thread straight into the other's sink.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::{
    NERTC_CALLKIT_ABI, nertc_callkit_fault_on as on, nertc_callkit_frame, nertc_callkit_media as media_bit,
    nertc_callkit_req, nertc_callkit_rtc, nertc_callkit_rtc_join, nertc_callkit_rtc_sink,
    nertc_callkit_status as status, nertc_callkit_view,
};
use nertc_callkit_backend::input::{backend, borrow_struct, catch_panic, size, text};
use nertc_callkit_backend::messages::DeviceAddr;
use nertc_callkit_backend::sink_queue::SinkQueue;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::delivery::{Backend, Flush};
use crate::faults::Hit;
use crate::hub::{Hub, State, finish};
use crate::media::{MediaMessage, Seat};
use crate::timer::Timer;
use crate::{BACKEND_FAILED, NOT_LOGGED_IN, OK};

const MEDIA: u32 = media_bit::NERTC_CALLKIT_MEDIA_AUDIO as u32 | media_bit::NERTC_CALLKIT_MEDIA_VIDEO as u32;

/// One media backend: what `ctx` points to, counted.
pub(crate) struct LoopbackMedia {
    hub: Arc<Hub>,
    seat: Mutex<Seat>,
    frames: Mutex<Frames>,
    /// Signalled when the last frame has left the sink.
    still: Condvar,
    sink_queue: SinkQueue<MediaMessage>,
}

/// Frames on their way into the sink of one backend.
#[derive(Default)]
struct Frames {
    inside: u32,
    /// Leave operations that complete when no frame is inside any more: none comes after their completion.
    leaving: Vec<nertc_callkit_req>,
}

impl Backend for LoopbackMedia {
    type SinkMessage = MediaMessage;

    fn sink_queue(&self) -> &SinkQueue<MediaMessage> {
        &self.sink_queue
    }

    fn timer(&self) -> &Timer {
        self.hub.timer()
    }
}

/// A vtable in a static. Its only pointer is the name, a static text.
struct Vtable(nertc_callkit_rtc);

// SAFETY: never written, and what it points to is static.
unsafe impl Sync for Vtable {}

static VTABLE: Vtable = Vtable(nertc_callkit_rtc {
    struct_size: size::<nertc_callkit_rtc>(),
    abi: NERTC_CALLKIT_ABI,
    caps: 0,
    reserved: 0,
    name: c"loopback".as_ptr(),
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
    network_changed: None,
});

/// A new media backend on `hub`. Whoever gets the ctx calls the vtable's release once.
pub fn new(hub: &Arc<Hub>) -> (&'static nertc_callkit_rtc, *mut c_void) {
    let backend = LoopbackMedia {
        hub: hub.clone(),
        seat: Mutex::default(),
        frames: Mutex::default(),
        still: Condvar::new(),
        sink_queue: SinkQueue::new(),
    };
    (&VTABLE.0, Arc::into_raw(Arc::new(backend)).cast_mut().cast())
}

impl LoopbackMedia {
    pub(crate) fn seat(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock()
    }

    /// A frame comes in; false: the sink is closed.
    pub(crate) fn hear(&self) -> bool {
        let is_open = !self.sink_queue.sink().is_null();
        self.frames.lock().inside += u32::from(is_open);
        is_open
    }

    /// The frame is through.
    fn heard(self: &Arc<Self>) {
        let left = {
            let mut frames = self.frames.lock();
            frames.inside -= 1;
            if frames.inside > 0 {
                return;
            }
            self.still.notify_all();
            std::mem::take(&mut frames.leaving)
        };
        if !left.is_empty() {
            left.into_iter().for_each(|req| self.sink_queue.push(MediaMessage::Done(req, OK)));
            self.clone().flush();
        }
    }

    /// Runs an operation; `body` changes the hub.
    fn run(self: &Arc<Self>, req: nertc_callkit_req, body: impl FnOnce(&mut State)) -> i32 {
        let Some(mut state) = self.begin() else { return OK };
        state.people.wire.send(self, MediaMessage::Done(req, OK), None);
        body(&mut state);
        finish(state);
        OK
    }

    /// None: the device is dead, nothing goes out and no answer comes.
    fn begin(&self) -> Option<MutexGuard<'_, State>> {
        let state = self.hub.lock();
        if state.is_dead(self.seat().owner.as_deref()) {
            return None;
        }
        self.sink_queue.enable();
        Some(state)
    }

    /// The fault of an operation, after DIE and KICK have struck.
    fn fault(self: &Arc<Self>, state: &mut State, place: on) -> Option<Hit> {
        let owner = self.seat().owner.clone();
        let hit = state.people.wire.script.hit(place as i32, owner.as_deref().map(DeviceAddr::names));
        if let (Some(strike @ (Hit::Die | Hit::Kick)), Some(owner)) = (hit, owner) {
            state.people.wire.strike(&owner, strike);
        }
        hit
    }

    fn join(
        self: &Arc<Self>,
        req: nertc_callkit_req,
        args: &nertc_callkit_rtc_join,
        name: &std::ffi::CStr,
    ) -> i32 {
        {
            let state = self.hub.lock();
            let owner = state.uids.get(&args.uid).cloned();
            self.seat().owner = owner;
        }
        let Some(mut state) = self.begin() else { return OK };
        let fault = self.fault(&mut state, on::NERTC_CALLKIT_FAULT_ON_RTC_JOIN);
        let code = match fault {
            Some(Hit::Refuse(code)) => code,
            Some(Hit::Kick | Hit::Die) => NOT_LOGGED_IN,
            _ => state.may_join(self, name, args.uid),
        };
        let fault = fault.filter(|it| *it != Hit::Kick);
        state.people.wire.send(self, MediaMessage::Done(req, code), fault);
        if code == OK {
            state.enter_room(self, name, args.uid);
        }
        finish(state);
        OK
    }

    fn leave(self: &Arc<Self>, req: nertc_callkit_req) -> i32 {
        let Some(mut state) = self.begin() else { return OK };
        let fault = self.fault(&mut state, on::NERTC_CALLKIT_FAULT_ON_RTC_LEAVE);
        let mut code = OK;
        match fault {
            Some(Hit::Refuse(refusal)) => code = refusal,
            Some(Hit::Die) => {}
            _ => state.end_media(self, false),
        }
        let fault = fault.filter(|it| *it != Hit::Kick);
        let mut frames = self.frames.lock();
        if frames.inside > 0 && fault.is_none() {
            frames.leaving.push(req);
        } else {
            state.people.wire.send(self, MediaMessage::Done(req, code), fault);
        }
        drop(frames);
        finish(state);
        OK
    }

    /// Without a leave the peers see a lost connection.
    fn close(self: &Arc<Self>) {
        let mut state = self.hub.lock();
        state.end_media(self, true);
        finish(state);
        self.sink_queue.close();
        let mut frames = self.frames.lock();
        while frames.inside > 0 {
            self.still.wait(&mut frames);
        }
    }

    fn push_frame(self: &Arc<Self>, frame: &nertc_callkit_frame) -> i32 {
        // Not in a room, off or muted: nobody hears it. That is no mistake of the host, whose camera runs on.
        let (uid, listeners) = self.hub.lock().listeners(self, frame.media);
        let frame = nertc_callkit_frame { struct_size: size::<nertc_callkit_frame>(), uid, ..*frame };
        for listener in listeners {
            // SAFETY: `close` lets the sink go only after `heard`; NULL if it is already on its way.
            let sink = unsafe { listener.sink_queue.sink().as_ref() };
            if let Some((ctx, take)) = sink.and_then(|sink| Some((sink.ctx, sink.frame?))) {
                // SAFETY: the sink is open; frame and planes are lent until it returns.
                unsafe { take(ctx, &frame) };
            }
            listener.heard();
        }
        OK
    }
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const nertc_callkit_rtc_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (backend, sink) = unsafe { (backend::<LoopbackMedia>(ctx), borrow_struct(sink)) };
    match sink {
        Some(sink) if sink.abi == NERTC_CALLKIT_ABI => backend.sink_queue.open(sink),
        _ => return BACKEND_FAILED,
    }
    OK
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| {
        backend.close();
        OK
    });
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it after this: the reference that `new` handed out.
    let backend = unsafe { Arc::from_raw(ctx.cast_const().cast::<LoopbackMedia>()) };
    catch_panic(|| {
        drop(backend);
        OK
    });
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_rtc_join,
) -> i32 {
    // SAFETY: our ctx; the arguments are lent for the call.
    let (backend, args) = unsafe { (backend::<LoopbackMedia>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return BACKEND_FAILED };
    // SAFETY: lent for the call.
    let name = unsafe { text(args.channel_name) };
    catch_panic(|| backend.join(req, args, name))
}

unsafe extern "C" fn leave(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| backend.leave(req))
}

unsafe extern "C" fn enable_local(ctx: *mut c_void, req: nertc_callkit_req, media: u32, on: i32) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| backend.run(req, |state| state.enable(&backend, media & MEDIA, on != 0)))
}

unsafe extern "C" fn mute_local(ctx: *mut c_void, req: nertc_callkit_req, media: u32, muted: i32) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| backend.run(req, |state| state.mute(&backend, media & MEDIA, muted != 0)))
}

unsafe extern "C" fn subscribe(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    uid: u64,
    media: u32,
    on: i32,
) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| backend.run(req, |_| backend.seat().want(uid, media & MEDIA, on != 0)))
}

unsafe extern "C" fn set_view(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    _uid: u64,
    _view: *const nertc_callkit_view,
) -> i32 {
    // SAFETY: our ctx, not released. Nothing is drawn: frames go to the host.
    let backend = unsafe { backend::<LoopbackMedia>(ctx) };
    catch_panic(|| backend.run(req, |_| {}))
}

unsafe extern "C" fn push_frame(ctx: *mut c_void, frame: *const nertc_callkit_frame) -> i32 {
    // SAFETY: our ctx; the frame is lent for the call.
    let (backend, frame) = unsafe { (backend::<LoopbackMedia>(ctx), borrow_struct(frame)) };
    match frame {
        Some(frame) if frame.media & MEDIA == frame.media && frame.media.is_power_of_two() => {
            catch_panic(|| backend.push_frame(frame))
        }
        _ => status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT as i32,
    }
}
