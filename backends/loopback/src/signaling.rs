//! The signaling vtable.
//!
//! A backend keeps the contract with three habits: every operation that answers 0 leads to exactly one
//! completion, the sink is only called with no lock held, and after close_backend it is not called at all.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use nertc_callkit_abi::{
    NERTC_CALLKIT_ABI, nertc_callkit_fault_on as on, nertc_callkit_flag, nertc_callkit_hub_flag as hub_flag,
    nertc_callkit_login_args, nertc_callkit_record, nertc_callkit_req, nertc_callkit_signaling,
    nertc_callkit_signaling_args, nertc_callkit_signaling_cap as cap, nertc_callkit_signaling_sink,
};
use nertc_callkit_backend::input::{backend, borrow_struct, catch_panic, size, text};
use nertc_callkit_backend::messages::{self, Answer, DeviceAddr, SignalingMessage};
use nertc_callkit_backend::sink_queue::SinkQueue;
use parking_lot::{Mutex, MutexGuard};

use crate::channels::Args;
use crate::delivery::Backend;
use crate::faults::Hit;
use crate::hub::{Hub, Record, State, finish};
use crate::login::Login;
use crate::timer::Timer;
use crate::{BACKEND_FAILED, NOT_LOGGED_IN, OK, TIMEOUT};

/// One signaling backend: what `ctx` points to, counted.
pub(crate) struct LoopbackSignaling {
    hub: Arc<Hub>,
    /// Changed under the hub's lock only.
    login: Mutex<Login>,
    sink_queue: SinkQueue<SignalingMessage>,
}

impl Backend for LoopbackSignaling {
    type SinkMessage = SignalingMessage;

    fn sink_queue(&self) -> &SinkQueue<SignalingMessage> {
        &self.sink_queue
    }

    fn timer(&self) -> &Timer {
        self.hub.timer()
    }
}

/// A vtable in a static. Its only pointer is the name, a static text.
struct Vtable(nertc_callkit_signaling);

// SAFETY: never written, and what it points to is static.
unsafe impl Sync for Vtable {}

static VTABLE: Vtable = vtable(0);
static VTABLE_WITH_RECORDS: Vtable = vtable(cap::NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD as u32);

const fn vtable(more_caps: u32) -> Vtable {
    Vtable(nertc_callkit_signaling {
        struct_size: size::<nertc_callkit_signaling>(),
        abi: NERTC_CALLKIT_ABI,
        caps: cap::NERTC_CALLKIT_SIGNALING_CAP_OFFLINE as u32
            | cap::NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE as u32
            | more_caps,
        reserved: 0,
        name: c"loopback".as_ptr(),
        open: Some(open),
        close_backend: Some(close_backend),
        release: Some(release),
        login: Some(login),
        logout: Some(logout),
        create: Some(create),
        join: Some(join),
        invite: Some(invite),
        cancel_invite: Some(cancel_invite),
        accept: Some(accept),
        reject: Some(reject),
        leave: Some(leave),
        close: Some(close),
        control: Some(control),
        send_record: Some(send_record),
        network_changed: None,
        invite_state: Some(invite_state),
        abort_login: Some(abort_login),
        set_token: Some(set_token),
        call_policy: None,
    })
}

/// A new signaling backend on `hub`. Whoever gets the ctx calls the vtable's release once.
pub fn new(hub: &Arc<Hub>) -> (&'static nertc_callkit_signaling, *mut c_void) {
    let backend =
        LoopbackSignaling { hub: hub.clone(), login: Mutex::default(), sink_queue: SinkQueue::new() };
    let with_records = hub.has(hub_flag::NERTC_CALLKIT_HUB_SERVER_RECORD);
    let vtable = if with_records { &VTABLE_WITH_RECORDS } else { &VTABLE };
    (&vtable.0, Arc::into_raw(Arc::new(backend)).cast_mut().cast())
}

impl LoopbackSignaling {
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// It was kicked, or logged out.
    pub(crate) fn forget_login(&self) {
        *self.state() = Login::default();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, Login> {
        self.login.lock()
    }

    pub(crate) fn who(&self) -> Option<Arc<DeviceAddr>> {
        self.state().who.clone()
    }

    /// Runs an operation of a device that is logged in: `body` changes the hub and says how it went.
    fn run(
        self: &Arc<Self>,
        req: nertc_callkit_req,
        place: on,
        body: impl FnOnce(&mut State, &Arc<DeviceAddr>) -> Answer,
    ) -> i32 {
        let mut state = self.hub.lock();
        if self.sink_queue.is_disabled() {
            return OK;
        }
        let who = self.who();
        let fault =
            who.as_ref().and_then(|who| state.people.wire.script.hit(place as i32, Some(who.names())));
        // First in line: whoever asked hears before those whom it concerns.
        state.people.wire.visit(self);
        let is_cut_off = self.state().needs_token && place != on::NERTC_CALLKIT_FAULT_ON_LOGOUT;
        let answer = match (&who, fault) {
            (None, _) => NOT_LOGGED_IN.into(),
            (Some(_), _) if is_cut_off => TIMEOUT.into(),
            (Some(_), Some(Hit::Refuse(code))) => code.into(),
            (Some(who), Some(hit @ (Hit::Die | Hit::Kick))) => {
                state.people.wire.strike(who, hit);
                NOT_LOGGED_IN.into()
            }
            (Some(who), _) => body(&mut state, who),
        };
        let fault = fault.filter(|it| *it != Hit::Kick);
        state.people.wire.send(self, SignalingMessage::Done(req, answer), fault);
        finish(state);
        OK
    }

    /// The backend goes: without a logout nobody is told.
    fn close(self: &Arc<Self>) {
        let mut state = self.hub.lock();
        let login = std::mem::take(&mut *self.state());
        login.who.inspect(|who| state.vanish(self, who));
        finish(state);
        self.sink_queue.close();
    }
}

/// Reads the arguments and runs an operation.
///
/// # Safety
/// As for every slot of the vtable: `ctx` is ours and not released, `args` is lent for the call.
unsafe fn operation(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
    place: on,
    body: impl FnOnce(&mut State, &Arc<DeviceAddr>, &Args) -> Answer,
) -> i32 {
    // SAFETY: the caller's promise.
    let (backend, args) = unsafe { (backend::<LoopbackSignaling>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return BACKEND_FAILED };
    // SAFETY: the texts are lent for the call.
    let args = unsafe {
        Args {
            keep: args.flags & nertc_callkit_flag::NERTC_CALLKIT_FLAG_NO_OFFLINE as u32 == 0,
            call_type: args.call_type,
            channel: text(args.channel_id),
            account: text(args.account),
            request: text(args.request_id),
            custom: text(args.custom),
        }
    };
    catch_panic(|| backend.run(req, place, |state, me| body(state, me, &args)))
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const nertc_callkit_signaling_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (backend, sink) = unsafe { (backend::<LoopbackSignaling>(ctx), borrow_struct(sink)) };
    match sink {
        Some(sink) if sink.abi == NERTC_CALLKIT_ABI => backend.sink_queue.open(sink),
        _ => return BACKEND_FAILED,
    }
    OK
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackSignaling>(ctx) };
    catch_panic(|| {
        backend.close();
        OK
    });
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it after this: the reference that `new` handed out.
    let backend = unsafe { Arc::from_raw(ctx.cast_const().cast::<LoopbackSignaling>()) };
    catch_panic(|| {
        drop(backend);
        OK
    });
}

unsafe extern "C" fn login(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_login_args,
) -> i32 {
    // SAFETY: our ctx; the arguments are lent for the call.
    let (backend, args) = unsafe { (backend::<LoopbackSignaling>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return BACKEND_FAILED };
    // SAFETY: the texts are lent for the call. Any account, any token.
    let who =
        unsafe { DeviceAddr { account: text(args.account).into(), device: text(args.device_id).into() } };
    catch_panic(|| backend.login(req, who))
}

unsafe extern "C" fn logout(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackSignaling>(ctx) };
    catch_panic(|| {
        backend.cancel_login(&mut backend.hub.lock());
        backend.run(req, on::NERTC_CALLKIT_FAULT_ON_LOGOUT, |state, me| {
            state.logout(me);
            backend.forget_login();
            OK.into()
        })
    })
}

unsafe extern "C" fn create(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.create(me, args.call_type);
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CREATE, body) }
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_JOIN, State::join) }
}

unsafe extern "C" fn invite(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.invite(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_INVITE, body) }
}

unsafe extern "C" fn cancel_invite(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.cancel_invite(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CANCEL, body) }
}

unsafe extern "C" fn accept(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body =
        |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.answer_invite(me, args, true).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_ACCEPT, body) }
}

unsafe extern "C" fn reject(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackSignaling>(ctx) };
    let hub = Arc::downgrade(&backend.hub);
    let body =
        |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.reject_invite(me, args, &hub).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_REJECT, body) }
}

unsafe extern "C" fn leave(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| {
        state.leave(me, args.channel, args.custom(), args.keep).into()
    };
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_LEAVE, body) }
}

unsafe extern "C" fn close(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.close(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CLOSE, body) }
}

unsafe extern "C" fn control(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<DeviceAddr>, args: &Args| state.control(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CONTROL, body) }
}

unsafe extern "C" fn send_record(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    record: *const nertc_callkit_record,
) -> i32 {
    // SAFETY: our ctx; the record is lent for the call.
    let (backend, record) = unsafe { (backend::<LoopbackSignaling>(ctx), borrow_struct(record)) };
    let Some(record) = record else { return BACKEND_FAILED };
    // SAFETY: the texts of the record are lent for the call.
    let string = |it: *const _| unsafe { text(it) }.to_string_lossy().into_owned();
    catch_panic(|| {
        backend.run(req, on::NERTC_CALLKIT_FAULT_ON_RECORD, |state, me| {
            state.keep_record(Record {
                from: string(me.account.as_ptr()),
                to: string(record.to),
                channel_id: string(record.channel_id),
                client_msg_id: string(record.client_msg_id),
                call_type: record.call_type,
                status: record.record_status,
                text: string(record.text),
            });
            // SAFETY: the texts of the record are lent for the call.
            state.people.tell_record(me, &Arc::new(unsafe { sent(me, record) }));
            OK.into()
        })
    })
}

/// # Safety
/// The texts of the record end, and so do those that it points to.
unsafe fn sent(me: &DeviceAddr, record: &nertc_callkit_record) -> messages::Record {
    let count =
        if record.accounts.is_null() || record.durations_s.is_null() { 0 } else { record.account_count };
    // SAFETY: the caller's promise: `account_count` of each.
    let duration =
        |at: usize| unsafe { (text(*record.accounts.add(at)).into(), *record.durations_s.add(at)) };
    // SAFETY: the caller's promise.
    let shared = |it: *const _| unsafe { text(it) }.into();
    messages::Record {
        from: me.account.clone(),
        id: shared(record.client_msg_id),
        to: shared(record.to),
        channel: shared(record.channel_id),
        call_type: record.call_type,
        status: record.record_status,
        text: shared(record.text),
        durations: (0..count as usize).map(duration).collect(),
    }
}

unsafe extern "C" fn invite_state(ctx: *mut c_void, args: *const nertc_callkit_signaling_args, state: i32) {
    // SAFETY: our ctx; the arguments are lent for the call.
    let (backend, args) = unsafe { (backend::<LoopbackSignaling>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return };
    // SAFETY: the texts are lent for the call.
    let (channel, account, request) =
        unsafe { (text(args.channel_id), text(args.account), text(args.request_id)) };
    catch_panic(|| {
        let mut hub = backend.hub.lock();
        if let Some(me) = backend.who().filter(|_| !backend.sink_queue.is_disabled()) {
            hub.invite_state(&me, channel, account, request, state);
        }
        finish(hub);
        OK
    });
}

unsafe extern "C" fn abort_login(ctx: *mut c_void, req: nertc_callkit_req) {
    // SAFETY: our ctx, not released.
    let backend = unsafe { backend::<LoopbackSignaling>(ctx) };
    catch_panic(|| {
        backend.abort_login(req);
        OK
    });
}

unsafe extern "C" fn set_token(ctx: *mut c_void, token: *const c_char) -> i32 {
    // SAFETY: our ctx; the text is lent for the call.
    let (backend, token) = unsafe { (backend::<LoopbackSignaling>(ctx), text(token)) };
    catch_panic(|| {
        backend.set_token(!token.is_empty());
        OK
    })
}
