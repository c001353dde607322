//! The signaling vtable: each function reads its arguments and hands them to the device.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use nertc_callkit_abi::{
    NERTC_CALLKIT_ABI, nertc_callkit_call_policy, nertc_callkit_flag, nertc_callkit_invite_state as state,
    nertc_callkit_login_args, nertc_callkit_policy_rule as rule, nertc_callkit_record, nertc_callkit_req,
    nertc_callkit_signaling, nertc_callkit_signaling_args, nertc_callkit_signaling_cap as cap,
    nertc_callkit_signaling_sink,
};
use nertc_callkit_backend::codes::{BACKEND_FAILED, INVALID_ARGUMENT, OK};
use nertc_callkit_backend::input::{backend, borrow_struct, catch_panic, size, text};

use crate::device::{Device, Login};
use crate::options::Options;
use crate::protocol::{Admission, InviteExtra, InviteState, Op, OpArgs, Push, RecordOp, Text};

/// A vtable in a static. Its only pointer is the name, a static text.
struct Vtable(nertc_callkit_signaling);

// SAFETY: never written, and what it points to is static.
unsafe impl Sync for Vtable {}

static VTABLE: Vtable = Vtable(nertc_callkit_signaling {
    struct_size: size::<nertc_callkit_signaling>(),
    abi: NERTC_CALLKIT_ABI,
    caps: cap::NERTC_CALLKIT_SIGNALING_CAP_OFFLINE as u32
        | cap::NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE as u32,
    reserved: 0,
    name: c"mqtt".as_ptr(),
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
});

/// A new signaling backend. Whoever gets the ctx calls the vtable's release once. None: the system has no
/// random bytes.
pub fn new(options: Options) -> Option<(&'static nertc_callkit_signaling, *mut c_void)> {
    let device = Device::new(options)?;
    Some((&VTABLE.0, Arc::into_raw(device).cast_mut().cast()))
}

/// A text of the core; NULL counts as empty. None: it is not UTF-8.
///
/// # Safety
/// `it` is NULL or NUL-terminated and outlives `'a`.
unsafe fn utf8<'a>(it: *const c_char) -> Option<&'a str> {
    // SAFETY: the caller's promise.
    unsafe { text(it) }.to_str().ok()
}

/// As `utf8`, copied.
///
/// # Safety
/// As for `utf8`.
unsafe fn owned(it: *const c_char) -> Option<Text> {
    // SAFETY: the caller's promise.
    unsafe { utf8(it) }.map(Text::from)
}

/// # Safety
/// The texts of `args` are lent for the call.
unsafe fn op_args(args: &nertc_callkit_signaling_args) -> Option<OpArgs> {
    // SAFETY: the caller's promise.
    unsafe {
        Some(OpArgs {
            channel: owned(args.channel_id)?,
            account: owned(args.account)?,
            request: owned(args.request_id)?,
            custom: owned(args.custom)?,
            keep: args.flags & nertc_callkit_flag::NERTC_CALLKIT_FLAG_NO_OFFLINE as u32 == 0,
        })
    }
}

/// # Safety
/// What `args` points to is lent for the call.
unsafe fn invite_extra(args: &nertc_callkit_signaling_args) -> Option<InviteExtra> {
    // SAFETY: the caller's promise.
    let push = match unsafe { borrow_struct(args.push) } {
        None => None,
        // SAFETY: as above.
        Some(it) => unsafe {
            let (title, content) = (owned(it.title)?, owned(it.content)?);
            Some(Push { title, content, payload: owned(it.payload)? })
        },
    };
    Some(InviteExtra { expires_ms: args.expires_ms, push })
}

/// Reads the arguments and runs an operation; None of `op`: a text is not UTF-8.
///
/// # Safety
/// As for every slot of the vtable: `ctx` is ours and not released, `args` is lent for the call.
unsafe fn operation(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
    op: impl FnOnce(&nertc_callkit_signaling_args, OpArgs) -> Option<Op>,
) -> i32 {
    // SAFETY: the caller's promise.
    let (device, args) = unsafe { (backend::<Device>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return BACKEND_FAILED };
    // SAFETY: the texts are lent for the call.
    match unsafe { op_args(args) }.and_then(|op_args| op(args, op_args)) {
        Some(op) => catch_panic(|| device.run(req, op)),
        None => INVALID_ARGUMENT,
    }
}

unsafe extern "C" fn open(ctx: *mut c_void, sink: *const nertc_callkit_signaling_sink) -> i32 {
    // SAFETY: the contract of open: our ctx, a sink that stays valid until close_backend has returned.
    let (device, sink) = unsafe { (backend::<Device>(ctx), borrow_struct(sink)) };
    match sink {
        Some(sink) if sink.abi == NERTC_CALLKIT_ABI => catch_panic(|| device.open(sink)),
        _ => BACKEND_FAILED,
    }
}

unsafe extern "C" fn close_backend(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let device = unsafe { backend::<Device>(ctx) };
    catch_panic(|| {
        device.close();
        OK
    });
}

unsafe extern "C" fn release(ctx: *mut c_void) {
    // SAFETY: our ctx, and nobody uses it after this: the reference that `new` handed out.
    let device = unsafe { Arc::from_raw(ctx.cast_const().cast::<Device>()) };
    catch_panic(|| {
        drop(device);
        OK
    });
}

unsafe extern "C" fn login(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_login_args,
) -> i32 {
    // SAFETY: our ctx; the arguments are lent for the call.
    let (device, args) = unsafe { (backend::<Device>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return BACKEND_FAILED };
    // SAFETY: the texts are lent for the call.
    let texts = unsafe { (utf8(args.account), utf8(args.token), utf8(args.device_id), utf8(args.data_dir)) };
    match texts {
        (Some(account), Some(token), Some(name), Some(folder)) => {
            let within_ms = args.within_ms;
            catch_panic(|| device.login(req, &Login { account, token, device: name, folder, within_ms }))
        }
        _ => INVALID_ARGUMENT,
    }
}

unsafe extern "C" fn logout(ctx: *mut c_void, req: nertc_callkit_req) -> i32 {
    // SAFETY: our ctx, not released.
    let device = unsafe { backend::<Device>(ctx) };
    catch_panic(|| device.run(req, Op::Logout))
}

unsafe extern "C" fn create(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |args, _| Some(Op::Create { call_type: args.call_type })) }
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Join { channel: args.channel })) }
}

unsafe extern "C" fn invite(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |args, op_args| Some(Op::Invite(op_args, invite_extra(args)?))) }
}

unsafe extern "C" fn cancel_invite(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Cancel(args))) }
}

unsafe extern "C" fn accept(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Accept(args))) }
}

unsafe extern "C" fn reject(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Reject(args))) }
}

unsafe extern "C" fn leave(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Leave(args))) }
}

unsafe extern "C" fn close(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Close(args))) }
}

unsafe extern "C" fn control(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    args: *const nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: the contract of the slot.
    unsafe { operation(ctx, req, args, |_, args| Some(Op::Control(args))) }
}

unsafe extern "C" fn send_record(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    record: *const nertc_callkit_record,
) -> i32 {
    // SAFETY: our ctx; the record is lent for the call.
    let (device, record) = unsafe { (backend::<Device>(ctx), borrow_struct(record)) };
    let Some(record) = record else { return BACKEND_FAILED };
    // SAFETY: the texts of the record are lent for the call.
    let texts = unsafe { (owned(record.to), owned(record.client_msg_id), owned(record.text)) };
    match texts {
        (Some(to), Some(id), Some(text)) => {
            catch_panic(|| device.run(req, Op::Record(RecordOp { to, id, text })))
        }
        _ => INVALID_ARGUMENT,
    }
}

unsafe extern "C" fn network_changed(ctx: *mut c_void) {
    // SAFETY: our ctx, not released.
    let device = unsafe { backend::<Device>(ctx) };
    catch_panic(|| {
        device.network_changed();
        OK
    });
}

unsafe extern "C" fn invite_state(ctx: *mut c_void, args: *const nertc_callkit_signaling_args, number: i32) {
    const RINGING: i32 = state::NERTC_CALLKIT_INVITE_RINGING as i32;
    const HELD: i32 = state::NERTC_CALLKIT_INVITE_HELD as i32;
    const DROPPED: i32 = state::NERTC_CALLKIT_INVITE_DROPPED as i32;
    // SAFETY: our ctx, not released; the arguments are lent for the call.
    let (device, args) = unsafe { (backend::<Device>(ctx), borrow_struct(args)) };
    let Some(args) = args else { return };
    let what = match number {
        RINGING => InviteState::Ringing,
        HELD => InviteState::Held,
        DROPPED => InviteState::Dropped,
        _ => return,
    };
    // SAFETY: the texts are lent for the call.
    let Some(it) = (unsafe { op_args(args) }) else { return };
    catch_panic(|| {
        device.invite_state(it.channel, it.request, what);
        OK
    });
}

unsafe extern "C" fn abort_login(ctx: *mut c_void, req: nertc_callkit_req) {
    // SAFETY: our ctx, not released.
    let device = unsafe { backend::<Device>(ctx) };
    catch_panic(|| {
        device.abort_login(req);
        OK
    });
}

unsafe extern "C" fn set_token(ctx: *mut c_void, token: *const c_char) -> i32 {
    // SAFETY: our ctx, not released; the token is lent for the call.
    let (device, token) = unsafe { (backend::<Device>(ctx), utf8(token)) };
    let Some(token) = token else { return INVALID_ARGUMENT };
    catch_panic(|| {
        device.set_token(token);
        OK
    })
}

unsafe extern "C" fn call_policy(ctx: *mut c_void, policy: *const nertc_callkit_call_policy) {
    const EVERYBODY: i32 = rule::NERTC_CALLKIT_POLICY_EVERYBODY as i32;
    const ONLY_LISTED: i32 = rule::NERTC_CALLKIT_POLICY_ONLY_LISTED as i32;
    const ALL_BUT_LISTED: i32 = rule::NERTC_CALLKIT_POLICY_ALL_BUT_LISTED as i32;
    // SAFETY: our ctx, not released; the policy and its accounts are lent for the call.
    let (device, policy) = unsafe { (backend::<Device>(ctx), borrow_struct(policy)) };
    let Some(policy) = policy else { return };
    let listed = || {
        let at = |at: usize| {
            // SAFETY: as many accounts are there.
            unsafe { owned(*policy.accounts.add(at)) }
        };
        (0..policy.account_count as usize).filter_map(at).collect()
    };
    let admission = match policy.rule {
        EVERYBODY => Admission::Everybody,
        ONLY_LISTED => Admission::Only(listed()),
        ALL_BUT_LISTED => Admission::AllBut(listed()),
        _ => Admission::Nobody,
    };
    catch_panic(|| {
        device.set_policy(admission);
        OK
    });
}
