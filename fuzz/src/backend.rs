//! A backend that keeps, breaks and forgets its contract, according to its plan. Its functions run on the
//! worker.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::{Mutex, MutexGuard};

use nertc_callkit_abi as abi;

/// What an operation was about, for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Login,
    Create,
    Join(CString),
    Other,
    Media,
}

/// State of the backends and the app. Shared by the app's thread and the worker.
#[derive(Default)]
pub(crate) struct Known {
    plan: Vec<u8>,
    planned: usize,
    pub(crate) signaling: Option<abi::nertc_callkit_signaling_sink>,
    pub(crate) rtc: Option<abi::nertc_callkit_rtc_sink>,
    pub(crate) running: Vec<(usize, Kind)>,
    pub(crate) ended: Vec<usize>,
    pub(crate) channels: Vec<CString>,
    pub(crate) requests: Vec<CString>,
    /// Opened, closed, released: signaling and media.
    pub(crate) lives: [[u32; 3]; 2],
    /// How often each call that was shown has ended.
    pub(crate) calls: BTreeMap<u64, u32>,
    /// Nothing may be called any more.
    pub(crate) is_over: bool,
}

impl Known {
    /// The plan's next step; without a plan all succeeds.
    pub(crate) fn next(&mut self) -> u8 {
        let next = self.plan.get(self.planned % self.plan.len().max(1)).copied();
        self.planned += 1;
        next.unwrap_or(0)
    }
}

// SAFETY: sinks may be used on any thread, as the header documents.
unsafe impl Send for Known {}

/// The ctx of both backends and the user_data of all callbacks.
pub(crate) struct Surroundings(Mutex<Known>);

impl Surroundings {
    pub(crate) fn new(plan: &[u8]) -> Surroundings {
        Surroundings(Mutex::new(Known { plan: plan.to_vec(), ..Known::default() }))
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn ctx(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

/// # Safety
/// `ctx` comes from `Surroundings::ctx`, and its value still exists.
pub(crate) unsafe fn known<'a>(ctx: *mut c_void) -> MutexGuard<'a, Known> {
    // SAFETY: the caller's promise.
    let known = unsafe { &*ctx.cast::<Surroundings>() }.known();
    assert!(!known.is_over, "called back after the end");
    known
}

/// What is lent to the library while it is called.
#[derive(Default)]
pub(crate) struct Lent(Vec<Box<dyn Any>>);

impl Lent {
    pub(crate) fn keep<T: 'static>(&mut self, value: T) -> *const T {
        let place = Box::new(value);
        let pointer = std::ptr::from_ref(&*place);
        self.0.push(place);
        pointer
    }

    pub(crate) fn text(&mut self, text: impl Into<Vec<u8>>) -> *const c_char {
        let text = CString::new(text).unwrap_or_default();
        let pointer = text.as_ptr();
        self.keep(text);
        pointer
    }
}

pub(crate) fn size<T>() -> u32 {
    size_of::<T>() as u32
}

/// A C struct before its fields are set.
pub(crate) fn zeroed<T>() -> T {
    // SAFETY: used for the header's structs, of which all-zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Ends an operation of either backend.
pub(crate) fn complete(
    sinks: (&abi::nertc_callkit_signaling_sink, &abi::nertc_callkit_rtc_sink),
    req: usize,
    kind: &Kind,
    result: *const abi::nertc_callkit_signaling_result,
) {
    if *kind == Kind::Media {
        // SAFETY: the sink takes any code at any time; the result is NULL or lent.
        let code = unsafe { result.as_ref() }.map_or(0, |result| result.code);
        // SAFETY: as above.
        sinks.1.complete.iter().for_each(|done| unsafe { done(sinks.1.ctx, req, code, 0, std::ptr::null()) });
    } else {
        // SAFETY: as above.
        sinks.0.complete.iter().for_each(|done| unsafe { done(sinks.0.ctx, req, result) });
    }
}

/// What an honest service answers.
pub(crate) fn granted(
    known: &mut Known,
    lent: &mut Lent,
    kind: &Kind,
) -> abi::nertc_callkit_signaling_result {
    let struct_size = size::<abi::nertc_callkit_signaling_result>();
    let mut result = abi::nertc_callkit_signaling_result { struct_size, ..zeroed() };
    let id = match kind {
        Kind::Create => {
            let id = CString::new(format!("c{}", known.channels.len())).unwrap_or_default();
            known.channels.push(id.clone());
            id
        }
        Kind::Join(id) => id.clone(),
        Kind::Login | Kind::Other | Kind::Media => return result,
    };
    let channel = abi::nertc_callkit_channel {
        struct_size: size::<abi::nertc_callkit_channel>(),
        call_type: 1,
        channel_id: lent.text(id),
        ..zeroed()
    };
    let me = abi::nertc_callkit_member {
        struct_size: size::<abi::nertc_callkit_member>(),
        account: lent.text("alice"),
        uid: 7,
        ..zeroed()
    };
    let me = lent.keep(me);
    let members = lent.keep([me]);
    let room = abi::nertc_callkit_channel_state {
        struct_size: size::<abi::nertc_callkit_channel_state>(),
        member_count: 1,
        channel: lent.keep(channel),
        members: members.cast(),
    };
    result.channel_state = lent.keep(room);
    result
}

/// An operation arrives: it is kept, refused, or answered at once, once or more often.
unsafe fn asked(ctx: *mut c_void, req: usize, kind: Kind) -> i32 {
    // SAFETY: both backends have this ctx.
    let mut known = unsafe { known(ctx) };
    let (Some(signaling), Some(rtc)) = (known.signaling, known.rtc) else {
        panic!("an operation of a backend that was not opened")
    };
    assert!(known.lives.iter().all(|life| life[1] == 0 && life[2] == 0), "an operation after the close");
    let next = known.next();
    let mut lent = Lent::default();
    match next % 16 {
        8 | 9 => return [408, 10404, -7, 90007, 10410, i32::MIN][usize::from(next >> 4) % 6],
        12.. => {
            let result = granted(&mut known, &mut lent, &kind);
            known.ended.push(req);
            drop(known);
            for _ in 0..=u8::from(next % 16 == 15) {
                complete((&signaling, &rtc), req, &kind, &result);
            }
            // It also refuses what it has completed.
            return if next == 0xfe { 408 } else { 0 };
        }
        _ => known.running.push((req, kind)),
    }
    0
}

unsafe extern "C" fn open_signaling(ctx: *mut c_void, sink: *const abi::nertc_callkit_signaling_sink) -> i32 {
    // SAFETY: both backends have this ctx; the sink is lent.
    let (mut known, sink) = unsafe { (known(ctx), *sink) };
    known.lives[0][0] += 1;
    known.signaling = Some(sink);
    if known.next() == 0xff { 408 } else { 0 }
}

unsafe extern "C" fn open_rtc(ctx: *mut c_void, sink: *const abi::nertc_callkit_rtc_sink) -> i32 {
    // SAFETY: both backends have this ctx; the sink is lent.
    let (mut known, sink) = unsafe { (known(ctx), *sink) };
    known.lives[1][0] += 1;
    known.rtc = Some(sink);
    if known.next() == 0xff { -3 } else { 0 }
}

macro_rules! life {
    ($($name:ident $backend:literal $step:literal)*) => {
        $(
            unsafe extern "C" fn $name(ctx: *mut c_void) {
                // SAFETY: both backends have this ctx.
                unsafe { known(ctx) }.lives[$backend][$step] += 1;
            }
        )*
    };
}
life! { close_signaling 0 1  release_signaling 0 2  close_rtc 1 1  release_rtc 1 2 }

unsafe extern "C" fn login(ctx: *mut c_void, req: usize, args: *const abi::nertc_callkit_login_args) -> i32 {
    // SAFETY: lent by the core.
    let args = unsafe { &*args };
    let texts = [args.app_key, args.account, args.token, args.device_id, args.data_dir];
    assert!(texts.iter().all(|text| !text.is_null()), "a NULL text for login");
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Login) }
}

unsafe extern "C" fn logout(ctx: *mut c_void, req: usize) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Other) }
}

/// Arguments as the header promises them.
unsafe fn checked<'a>(args: *const abi::nertc_callkit_signaling_args) -> (&'a CStr, &'a CStr) {
    // SAFETY: lent by the core.
    let args = unsafe { &*args };
    let texts = [args.channel_id, args.account, args.request_id, args.custom_info];
    assert!(texts.iter().all(|text| !text.is_null()), "a NULL text for an operation");
    // SAFETY: texts end with NUL.
    let [channel, _, request, custom] = texts.map(|text| unsafe { CStr::from_ptr(text) });
    assert!(channel.count_bytes() <= 64 && custom.count_bytes() <= 4096);
    (channel, request)
}

unsafe extern "C" fn create(
    ctx: *mut c_void,
    req: usize,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: lent by the core; both backends have this ctx.
    unsafe {
        checked(args);
        asked(ctx, req, Kind::Create)
    }
}

unsafe extern "C" fn join(
    ctx: *mut c_void,
    req: usize,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: lent by the core; both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Join(checked(args).0.to_owned())) }
}

unsafe extern "C" fn other(
    ctx: *mut c_void,
    req: usize,
    args: *const abi::nertc_callkit_signaling_args,
) -> i32 {
    // SAFETY: lent by the core; both backends have this ctx.
    unsafe {
        let (_, request) = checked(args);
        if !request.is_empty() {
            known(ctx).requests.push(request.to_owned());
        }
        asked(ctx, req, Kind::Other)
    }
}

unsafe extern "C" fn record(ctx: *mut c_void, req: usize, _: *const abi::nertc_callkit_record) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Other) }
}

unsafe extern "C" fn rtc_join(ctx: *mut c_void, req: usize, _: *const abi::nertc_callkit_rtc_join) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Media) }
}

unsafe extern "C" fn rtc_leave(ctx: *mut c_void, req: usize) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Media) }
}

unsafe extern "C" fn local(ctx: *mut c_void, req: usize, _: u32, _: i32) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Media) }
}

unsafe extern "C" fn subscribe(ctx: *mut c_void, req: usize, _: u64, _: u32, _: i32) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Media) }
}

unsafe extern "C" fn view(ctx: *mut c_void, req: usize, _: u64, _: *const abi::nertc_callkit_view) -> i32 {
    // SAFETY: both backends have this ctx.
    unsafe { asked(ctx, req, Kind::Media) }
}

unsafe extern "C" fn push_frame(_: *mut c_void, _: *const abi::nertc_callkit_frame) -> i32 {
    0
}

unsafe extern "C" fn prepare(ctx: *mut c_void, args: *const abi::nertc_callkit_rtc_prepare) {
    // SAFETY: both backends have this ctx; the arguments are lent.
    let args = unsafe {
        drop(known(ctx));
        &*args
    };
    assert!(args.call_no != 0 && !args.peer.is_null() && !args.call_id.is_null());
}

unsafe extern "C" fn discard(ctx: *mut c_void, call_no: abi::nertc_callkit_call_no) {
    // SAFETY: both backends have this ctx.
    drop(unsafe { known(ctx) });
    assert!(call_no != 0);
}

unsafe extern "C" fn network_changed(ctx: *mut c_void) {
    // SAFETY: both backends have this ctx.
    drop(unsafe { known(ctx) });
}

unsafe extern "C" fn invite_state(
    ctx: *mut c_void,
    args: *const abi::nertc_callkit_signaling_args,
    state: i32,
) {
    // SAFETY: both backends have this ctx; the arguments are lent.
    let args = unsafe {
        drop(known(ctx));
        &*args
    };
    assert!((1..=3).contains(&state), "invite state {state}");
    assert!(!args.channel_id.is_null() && !args.account.is_null() && !args.request_id.is_null());
}

/// The login ends like every operation: by an answer, or never.
unsafe extern "C" fn abort_login(ctx: *mut c_void, _: usize) {
    // SAFETY: both backends have this ctx.
    drop(unsafe { known(ctx) });
}

unsafe extern "C" fn set_token(ctx: *mut c_void, token: *const c_char) -> i32 {
    assert!(!token.is_null());
    // SAFETY: both backends have this ctx.
    unsafe { known(ctx) }.next().into()
}

pub(crate) const SIGNALING: abi::nertc_callkit_signaling = abi::nertc_callkit_signaling {
    struct_size: size_of::<abi::nertc_callkit_signaling>() as u32,
    abi: abi::NERTC_CALLKIT_ABI,
    caps: 0,
    reserved: 0,
    name: c"fuzz".as_ptr(),
    open: Some(open_signaling),
    close_backend: Some(close_signaling),
    release: Some(release_signaling),
    login: Some(login),
    logout: Some(logout),
    create: Some(create),
    join: Some(join),
    invite: Some(other),
    cancel_invite: Some(other),
    accept: Some(other),
    reject: Some(other),
    leave: Some(other),
    close: Some(other),
    control: Some(other),
    send_record: Some(record),
    network_changed: Some(network_changed),
    invite_state: Some(invite_state),
    abort_login: Some(abort_login),
    set_token: Some(set_token),
    call_policy: None,
};

pub(crate) const RTC: abi::nertc_callkit_rtc = abi::nertc_callkit_rtc {
    struct_size: size_of::<abi::nertc_callkit_rtc>() as u32,
    abi: abi::NERTC_CALLKIT_ABI,
    caps: 0,
    reserved: 0,
    name: c"fuzz".as_ptr(),
    open: Some(open_rtc),
    close_backend: Some(close_rtc),
    release: Some(release_rtc),
    join: Some(rtc_join),
    leave: Some(rtc_leave),
    enable_local: Some(local),
    mute_local: Some(local),
    subscribe: Some(subscribe),
    set_view: Some(view),
    push_frame: Some(push_frame),
    network_changed: Some(network_changed),
    receive: None,
    protocol: std::ptr::null(),
    prepare: Some(prepare),
    discard: Some(discard),
};
