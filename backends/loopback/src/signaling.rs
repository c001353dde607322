//! The signaling vtable.
//!
//! A plug keeps the contract with three habits: every operation that answers 0 leads to exactly one
//! completion, the sink is only called with no lock held, and after close_backend it is not called at all.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::{
    NERTC_CALLKIT_ABI, nertc_callkit_fault_on as on, nertc_callkit_flag, nertc_callkit_hub_flag as hub_flag,
    nertc_callkit_login_args, nertc_callkit_record, nertc_callkit_req, nertc_callkit_signaling,
    nertc_callkit_signaling_args, nertc_callkit_signaling_cap as cap, nertc_callkit_signaling_sink,
};
use nertc_callkit_plug::input::{lent, plug, shield, size, text};
use nertc_callkit_plug::mail::{Answer, Extra, SignalMail, Who};
use nertc_callkit_plug::outlet::Outlet;
use parking_lot::Mutex;

use crate::channels::Args;
use crate::delivery::Plug;
use crate::faults::Hit;
use crate::hub::{Hub, Record, State, finish, now_ms};
use crate::timer::Timer;
use crate::{ALREADY_LOGGED_IN, NOT_LOGGED_IN, OK, PLUG_FAILED};

/// One signaling plug: what `ctx` points to, counted.
pub(crate) struct SignalingPlug {
    hub: Arc<Hub>,
    /// Who is logged in with it. Changed under the hub's lock only.
    who: Mutex<Option<Arc<Who>>>,
    outlet: Outlet<SignalMail>,
}

impl Plug for SignalingPlug {
    type Mail = SignalMail;

    fn outlet(&self) -> &Outlet<SignalMail> {
        &self.outlet
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
        invite_state: None,
        abort_login: None,
        set_token: None,
    })
}

/// A new signaling plug on `hub`. Whoever gets the ctx calls the vtable's release once.
pub fn new(hub: &Arc<Hub>) -> (&'static nertc_callkit_signaling, *mut c_void) {
    let plug = SignalingPlug { hub: hub.clone(), who: Mutex::new(None), outlet: Outlet::new() };
    let with_records = hub.has(hub_flag::NERTC_CALLKIT_HUB_SERVER_RECORD);
    let vtable = if with_records { &VTABLE_WITH_RECORDS } else { &VTABLE };
    (&vtable.0, Arc::into_raw(Arc::new(plug)).cast_mut().cast())
}

impl SignalingPlug {
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// It was kicked.
    pub(crate) fn forget_login(&self) {
        *self.who.lock() = None;
    }

    fn who(&self) -> Option<Arc<Who>> {
        self.who.lock().clone()
    }

    /// Runs an operation of a device that is logged in: `body` changes the hub and says how it went.
    fn run(
        self: &Arc<Self>,
        req: nertc_callkit_req,
        place: on,
        body: impl FnOnce(&mut State, &Arc<Who>) -> Answer,
    ) -> i32 {
        let mut state = self.hub.lock();
        if self.outlet.is_dead() {
            return OK;
        }
        let who = self.who();
        let fault =
            who.as_ref().and_then(|who| state.people.wire.script.hit(place as i32, Some(who.names())));
        // First in line: whoever asked hears before those whom it concerns.
        state.people.wire.visit(self);
        let answer = match (&who, fault) {
            (None, _) => NOT_LOGGED_IN.into(),
            (Some(_), Some(Hit::Refuse(code))) => code.into(),
            (Some(who), Some(hit @ (Hit::Die | Hit::Kick))) => {
                state.people.wire.strike(who, hit);
                NOT_LOGGED_IN.into()
            }
            (Some(who), _) => body(&mut state, who),
        };
        let fault = fault.filter(|it| *it != Hit::Kick);
        state.people.wire.send(self, SignalMail::Done(req, answer), fault);
        finish(state);
        OK
    }

    fn login(self: &Arc<Self>, req: nertc_callkit_req, who: Who) -> i32 {
        let mut state = self.hub.lock();
        let fault = state.people.wire.script.hit(on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32, Some(who.names()));
        let other = self.who().is_some_and(|it| it.account != who.account);
        let refusal = match fault {
            Some(Hit::Die) => return OK,
            Some(Hit::Refuse(code)) => Some(code),
            _ if other => Some(ALREADY_LOGGED_IN),
            _ => None,
        };
        if let Some(code) = refusal {
            state.people.wire.send(self, SignalMail::Done(req, code.into()), None);
            finish(state);
            return OK;
        }
        self.outlet.revive();
        // What nobody will hear of stays for the next login.
        let (who, told) = state.login(self, Arc::new(who), fault != Some(Hit::Drop));
        *self.who.lock() = Some(who);
        let extra = Some(Arc::new(Extra { server_ms: now_ms(), ..Extra::default() }));
        state.people.wire.send(self, SignalMail::Done(req, Answer { extra, ..Answer::default() }), fault);
        for mail in told {
            state.people.wire.send(self, mail, fault.filter(|it| matches!(it, Hit::Delay(_))));
        }
        finish(state);
        OK
    }

    /// The plug goes: without a logout nobody is told.
    fn close(self: &Arc<Self>) {
        let mut state = self.hub.lock();
        if let Some(who) = self.who.lock().take() {
            state.vanish(self, &who);
        }
        finish(state);
        self.outlet.close();
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
    body: impl FnOnce(&mut State, &Arc<Who>, &Args) -> Answer,
) -> i32 {
    // SAFETY: the caller's promise.
    let (plug, args) = unsafe { (plug::<SignalingPlug>(ctx), lent(args)) };
    let Some(args) = args else { return PLUG_FAILED };
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
    shield(|| plug.run(req, place, |state, me| body(state, me, &args)))
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const nertc_callkit_signaling_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (plug, sink) = unsafe { (plug::<SignalingPlug>(ctx), lent(sink)) };
    match sink {
        Some(sink) if sink.abi == NERTC_CALLKIT_ABI => plug.outlet.open(sink),
        _ => return PLUG_FAILED,
    }
    OK
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let plug = unsafe { plug::<SignalingPlug>(ctx) };
    shield(|| {
        plug.close();
        OK
    });
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it after this: the reference that `new` handed out.
    let plug = unsafe { Arc::from_raw(ctx.cast_const().cast::<SignalingPlug>()) };
    shield(|| {
        drop(plug);
        OK
    });
}

unsafe extern "C" fn login(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_login_args,
) -> i32 {
    // SAFETY: our ctx; the arguments are lent for the call.
    let (plug, args) = unsafe { (plug::<SignalingPlug>(ctx), lent(args)) };
    let Some(args) = args else { return PLUG_FAILED };
    // SAFETY: the texts are lent for the call. Any account, any token.
    let who = unsafe { Who { account: text(args.account).into(), device: text(args.device_id).into() } };
    shield(|| plug.login(req, who))
}

unsafe extern "C" fn logout(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    let plug = unsafe { plug::<SignalingPlug>(ctx) };
    shield(|| {
        plug.run(req, on::NERTC_CALLKIT_FAULT_ON_LOGOUT, |state, me| {
            state.logout(me);
            plug.forget_login();
            OK.into()
        })
    })
}

unsafe extern "C" fn create(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.create(me, args.call_type);
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
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.invite(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_INVITE, body) }
}

unsafe extern "C" fn cancel_invite(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.cancel_invite(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CANCEL, body) }
}

unsafe extern "C" fn accept(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.answer_invite(me, args, true).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_ACCEPT, body) }
}

unsafe extern "C" fn reject(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.answer_invite(me, args, false).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_REJECT, body) }
}

unsafe extern "C" fn leave(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| {
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
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.close(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CLOSE, body) }
}

unsafe extern "C" fn control(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    let body = |state: &mut State, me: &Arc<Who>, args: &Args| state.control(me, args).into();
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, on::NERTC_CALLKIT_FAULT_ON_CONTROL, body) }
}

unsafe extern "C" fn send_record(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    record: *const nertc_callkit_record,
) -> i32 {
    // SAFETY: our ctx; the record is lent for the call.
    let (plug, record) = unsafe { (plug::<SignalingPlug>(ctx), lent(record)) };
    let Some(record) = record else { return PLUG_FAILED };
    // SAFETY: the texts of the record are lent for the call.
    let string = |it: *const _| unsafe { text(it) }.to_string_lossy().into_owned();
    shield(|| {
        plug.run(req, on::NERTC_CALLKIT_FAULT_ON_RECORD, |state, me| {
            state.keep_record(Record {
                from: string(me.account.as_ptr()),
                to: string(record.to),
                channel_id: string(record.channel_id),
                client_msg_id: string(record.client_msg_id),
                call_type: record.call_type,
                status: record.record_status,
                text: string(record.text),
            });
            OK.into()
        })
    })
}
