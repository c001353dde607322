//! The signaling vtable.

use std::ffi::{CStr, c_char, c_void};
use std::mem::size_of;
use std::sync::Arc;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::NERTC_CALLKIT_ABI;
use nertc_callkit_signaling::{CallType, Code, Message, Notification, Operation, Req};

use super::instance::{Instance, answer, contain};
use super::lend;
use super::read::{self, borrow_struct, text};
use crate::signaling::{SignalingBackend, SignalingSink};

pub(super) type SignalingInstance = Instance<dyn SignalingBackend, SignalingSink>;

/// A signaling vtable in a static: what kind of backend it is.
pub struct SignalingVtable(abi::nertc_callkit_signaling);

// SAFETY: never written, and its only pointer is the name, a static text.
unsafe impl Sync for SignalingVtable {}

impl SignalingVtable {
    /// The vtable of a backend with this name for the log and these nertc_callkit_signaling_cap bits.
    pub const fn new(name: &'static CStr, caps: u32) -> SignalingVtable {
        SignalingVtable(abi::nertc_callkit_signaling {
            struct_size: size_of::<abi::nertc_callkit_signaling>() as u32,
            abi: NERTC_CALLKIT_ABI,
            caps,
            reserved: 0,
            name: name.as_ptr(),
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
            network_changed: Some(network_changed),
            invite_state: Some(invite_state),
            abort_login: Some(abort_login),
            set_token: Some(set_token),
            call_policy: Some(call_policy),
        })
    }

    pub(super) fn c(&self) -> &abi::nertc_callkit_signaling {
        &self.0
    }
}

/// A backend for C, and the sink that it was created with. The owner of the ctx calls the vtable's `release`
/// once.
pub fn signaling(
    vtable: &'static SignalingVtable,
    sink: SignalingSink,
    backend: impl SignalingBackend,
) -> (&'static abi::nertc_callkit_signaling, *mut c_void) {
    let instance: SignalingInstance = Instance { sink, backend: Arc::new(backend) };
    (&vtable.0, instance.into_ctx())
}

/// Reads the arguments of an operation and starts it.
///
/// # Safety
/// As for every slot of the vtable: `ctx` is ours and not released, `args` and what it points to is lent for
/// the call.
unsafe fn operation(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
    operation: impl FnOnce(&abi::nertc_callkit_signaling_args, Message) -> Result<Operation, Code>,
) -> i32 {
    // SAFETY: the caller's promise.
    let instance = unsafe { SignalingInstance::of(ctx) };
    answer(|| {
        // SAFETY: the caller's promise.
        let (args, message) = unsafe {
            let args = borrow_struct(args)?;
            (args, read::message(args)?)
        };
        instance.backend.run(Req(req as u64), operation(args, message)?)
    })
}

/// Reads a notification and passes it on; what cannot be read is dropped.
///
/// # Safety
/// `ctx` is ours and not released.
unsafe fn notify(ctx: *mut c_void, notification: impl FnOnce() -> Result<Notification, Code>) -> i32 {
    // SAFETY: the caller's promise.
    let instance = unsafe { SignalingInstance::of(ctx) };
    answer(|| {
        instance.backend.notify(notification()?);
        Ok(())
    })
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const abi::nertc_callkit_signaling_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (instance, sink) = unsafe { (SignalingInstance::of(ctx), borrow_struct(sink)) };
    answer(|| {
        let sink = sink.ok().filter(|sink| sink.abi == NERTC_CALLKIT_ABI).ok_or(Code::BACKEND_FAILED)?;
        // SAFETY: as above; close_backend closes the queue before the core lets the sink go.
        let deliver = unsafe { lend::signaling(sink) };
        instance.sink.open(deliver);
        instance.backend.open().inspect_err(|_| instance.sink.close())
    })
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let instance = unsafe { SignalingInstance::of(ctx) };
    contain(|| instance.backend.close());
    contain(|| instance.sink.close());
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it afterwards.
    unsafe { SignalingInstance::release(ctx) };
}

unsafe extern "C" fn login(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_login_args,
) -> i32 {
    // SAFETY: our ctx, not released.
    let instance = unsafe { SignalingInstance::of(ctx) };
    answer(|| {
        // SAFETY: the arguments are lent for the call.
        let login = unsafe { read::login(borrow_struct(args)?)? };
        instance.backend.login(Req(req as u64), login)
    })
}

unsafe extern "C" fn logout(ctx: *mut c_void, req: abi::nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    let instance = unsafe { SignalingInstance::of(ctx) };
    answer(|| instance.backend.run(Req(req as u64), Operation::Logout))
}

unsafe extern "C" fn create(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe {
        operation(ctx, req, args, |args, _| Ok(Operation::Create { call_type: CallType::of(args.call_type) }))
    }
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe {
        operation(ctx, req, args, |_, Message { channel_id, no_offline, .. }| {
            Ok(Operation::Join { channel_id, no_offline })
        })
    }
}

unsafe extern "C" fn invite(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot; the push text is lent for the call, too.
    unsafe {
        operation(ctx, req, args, |args, message| {
            Ok(Operation::Invite { message, expires_ms: args.expires_ms, push: read::push(args.push)? })
        })
    }
}

unsafe extern "C" fn cancel_invite(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, message| Ok(Operation::Cancel(message))) }
}

unsafe extern "C" fn accept(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, message| Ok(Operation::Accept(message))) }
}

unsafe extern "C" fn reject(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, message| Ok(Operation::Reject(message))) }
}

unsafe extern "C" fn leave(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe {
        operation(ctx, req, args, |_, Message { channel_id, custom_info, no_offline, .. }| {
            Ok(Operation::Leave { channel_id, custom_info, no_offline })
        })
    }
}

unsafe extern "C" fn close(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe {
        operation(ctx, req, args, |_, Message { channel_id, custom_info, no_offline, .. }| {
            Ok(Operation::Close { channel_id, custom_info, no_offline })
        })
    }
}

unsafe extern "C" fn control(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, message| Ok(Operation::Control(message))) }
}

unsafe extern "C" fn send_record(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    record: *const abi::nertc_callkit_record,
) -> i32 {
    // SAFETY: our ctx, not released.
    let instance = unsafe { SignalingInstance::of(ctx) };
    answer(|| {
        // SAFETY: the record is lent for the call.
        let record = unsafe { read::record(borrow_struct(record)?)? };
        instance.backend.run(Req(req as u64), Operation::Record(record))
    })
}

unsafe extern "C" fn network_changed(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let instance = unsafe { SignalingInstance::of(ctx) };
    contain(|| instance.backend.network_changed());
}

unsafe extern "C" fn invite_state(
    ctx: *mut c_void,
    args: *const abi::nertc_callkit_signaling_args,
    state: i32,
) {
    // SAFETY: our ctx, not released; the arguments are lent for the call.
    unsafe { notify(ctx, || read::invite_state(borrow_struct(args)?, state)) };
}

unsafe extern "C" fn abort_login(ctx: *mut c_void, req: abi::nertc_callkit_req) {
    // SAFETY: our ctx, not released.
    unsafe { notify(ctx, || Ok(Notification::AbortLogin(Req(req as u64)))) };
}

unsafe extern "C" fn set_token(ctx: *mut c_void, token: *const c_char) -> i32 {
    // SAFETY: our ctx, not released; the token is lent for the call.
    unsafe { notify(ctx, || Ok(Notification::SetToken(text(token)?))) }
}

unsafe extern "C" fn call_policy(ctx: *mut c_void, policy: *const abi::nertc_callkit_call_policy) {
    // SAFETY: our ctx, not released; the policy and its accounts are lent for the call.
    unsafe { notify(ctx, || Ok(Notification::CallPolicy(read::policy(borrow_struct(policy)?)?))) };
}
