//! Devices that drive the vtables as the core does, with sinks that record their calls.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "shared by test crates")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use nertc_callkit_abi::*;
use nertc_callkit_loopback::{Fault, Hub, media, null, signaling};
use nertc_callkit_testkit::Recorder;
use parking_lot::Mutex;

pub const ALL: u32 = u32::MAX;
const QUEUE_FULL: i32 = nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32;

type Hook = Arc<dyn Fn(&str) + Send + Sync>;

/// Calls to a sink, one line each.
#[derive(Default)]
pub struct Log {
    lines: Recorder<String>,
    /// Answer QUEUE_FULL to everything but completions.
    pub full: AtomicBool,
    /// The sink is closed: a call now is a bug.
    closed: AtomicBool,
    /// Calls that came although it was closed.
    pub late: AtomicI32,
    /// The join that events have to be of.
    join: AtomicU64,
    /// Runs inside the sink, for tests of reentrancy and barriers.
    hook: Mutex<Option<Hook>>,
}

impl Log {
    fn write(&self, line: String) {
        if self.closed.load(Ordering::SeqCst) {
            self.late.fetch_add(1, Ordering::SeqCst);
        }
        let hook = self.hook.lock().clone();
        if let Some(hook) = hook {
            hook(&line);
        }
        self.lines.push(line);
    }

    fn offer(&self, line: String) -> i32 {
        if self.full.load(Ordering::SeqCst) {
            return QUEUE_FULL;
        }
        self.write(line);
        0
    }

    pub fn hook(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.hook.lock() = Some(Arc::new(hook));
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<String> {
        self.lines.take()
    }

    /// The code of the next completion; other lines stay. A timer that is at work completes it later.
    pub fn take_code(&self) -> i32 {
        let done = self.lines.take_one("completion", |line| line.starts_with("done "));
        done.split(' ').nth(2).unwrap().parse().unwrap()
    }

    /// What came, once there are `count` lines of it.
    pub fn wait(&self, count: usize) -> Vec<String> {
        self.lines.take_once(count)
    }
}

unsafe fn text<'a>(text: *const c_char) -> &'a str {
    // SAFETY: texts of sinks are lent for the call.
    if text.is_null() { "-" } else { unsafe { CStr::from_ptr(text) }.to_str().unwrap() }
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

unsafe fn log<'a>(ctx: *mut c_void) -> &'a Log {
    // SAFETY: the device keeps its log alive.
    unsafe { &*ctx.cast::<Log>() }
}

unsafe fn room_text(room: &nertc_callkit_channel_state) -> String {
    // SAFETY: lent for the call.
    unsafe {
        let members = (0..room.member_count as usize).map(|index| {
            let member = &**room.members.add(index);
            format!(" {}/{}={}", text(member.account), text(member.device_id), member.uid)
        });
        format!("{}:{}", text((*room.channel).channel_id), members.collect::<String>())
    }
}

unsafe extern "C" fn on_complete(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    result: *const nertc_callkit_signaling_result,
) {
    // SAFETY: lent for the call.
    unsafe {
        let result = &*result;
        let room = result.channel_state.as_ref().map(|room| format!(" {}", room_text(room)));
        log(ctx).write(format!("done {req} {}{}", result.code, room.unwrap_or_default()));
    }
}

unsafe fn event_text(event: &nertc_callkit_signaling_event) -> String {
    const NAMES: [&str; 9] =
        ["RINGING", "CLOSE", "JOIN", "INVITE", "CANCEL", "REJECT", "ACCEPT", "LEAVE", "CONTROL"];
    // SAFETY: lent for the call.
    unsafe {
        let channel = &*event.channel;
        let gone = if channel.flags & 1 != 0 { " gone" } else { "" };
        assert!(event.time_ms > 1_600_000_000_000 && channel.expire_ms > channel.create_ms);
        format!(
            "{} {} {}/{}>{} {} {}{gone}",
            NAMES[event.signal as usize % 101],
            text(channel.channel_id),
            text(event.from_account),
            text(event.from_device),
            text(event.to_account),
            text(event.request_id),
            text(event.custom_info)
        )
    }
}

unsafe extern "C" fn on_events(
    ctx: *mut c_void,
    source: i32,
    events: *const *const nertc_callkit_signaling_event,
    count: u32,
) -> i32 {
    let source = ["online", "sync", "offline"][source as usize];
    // SAFETY: lent for the call.
    unsafe {
        let lines = (0..count as usize).map(|index| event_text(&**events.add(index)));
        log(ctx).offer(format!("{source} {}", lines.collect::<Vec<_>>().join(" | ")))
    }
}

unsafe extern "C" fn on_rooms(
    ctx: *mut c_void,
    rooms: *const *const nertc_callkit_channel_state,
    count: u32,
) -> i32 {
    // SAFETY: lent for the call.
    unsafe {
        let lines = (0..count as usize).map(|index| room_text(&**rooms.add(index)));
        log(ctx).offer(format!("rooms {}", lines.collect::<Vec<_>>().join(" | ")))
    }
}

unsafe extern "C" fn on_connection(
    ctx: *mut c_void,
    event: *const nertc_callkit_signaling_connection,
) -> i32 {
    // SAFETY: lent for the call.
    unsafe { log(ctx).offer(format!("connection {} {}", (*event).r#type, (*event).code)) }
}

unsafe extern "C" fn on_record(
    ctx: *mut c_void,
    from: *const c_char,
    record: *const nertc_callkit_record,
) -> i32 {
    // SAFETY: lent for the call.
    unsafe {
        let record = &*record;
        let (id, to) = (text(record.client_msg_id), text(record.to_account));
        log(ctx).offer(format!("record {}>{to} {id} {}", text(from), record.record_status))
    }
}

/// A signaling backend with its sink.
pub struct Device {
    vtable: &'static nertc_callkit_signaling,
    ctx: *mut c_void,
    sink: Box<nertc_callkit_signaling_sink>,
    pub log: Arc<Log>,
    req: Mutex<usize>,
    pub account: String,
    device: String,
}

// SAFETY: the backend's functions are called one at a time by each test, the sink is thread-safe.
unsafe impl Send for Device {}
// SAFETY: as above.
unsafe impl Sync for Device {}

/// Where an operation goes.
#[derive(Clone, Copy, Default)]
pub struct To<'a> {
    pub channel: &'a str,
    pub account: &'a str,
    pub request: &'a str,
    pub custom: &'a str,
    pub flags: u32,
}

impl Device {
    /// An opened backend that has not logged in.
    pub fn new(hub: &Arc<Hub>, account: &str, device: &str) -> Device {
        let (vtable, ctx) = signaling::new(hub);
        let log = Arc::new(Log::default());
        let sink = Box::new(nertc_callkit_signaling_sink {
            struct_size: size_of::<nertc_callkit_signaling_sink>() as u32,
            abi: NERTC_CALLKIT_ABI,
            ctx: Arc::as_ptr(&log).cast_mut().cast(),
            complete: Some(on_complete),
            events: Some(on_events),
            channel_states: Some(on_rooms),
            connection: Some(on_connection),
            log: None,
            record: Some(on_record),
        });
        // SAFETY: the sink lives until close_backend has returned.
        assert_eq!(unsafe { vtable.open.unwrap()(ctx, &*sink) }, 0);
        Device { vtable, ctx, sink, log, req: Mutex::new(0), account: account.into(), device: device.into() }
    }

    /// A device that is online.
    pub fn online(hub: &Arc<Hub>, account: &str, device: &str) -> Device {
        let it = Device::new(hub, account, device);
        assert_eq!(it.login(), ["done 1 0"]);
        it
    }

    pub fn caps(&self) -> u32 {
        self.vtable.caps
    }

    pub fn take(&self) -> Vec<String> {
        self.log.take()
    }

    fn req(&self) -> usize {
        let mut req = self.req.lock();
        *req += 1;
        *req
    }

    pub fn login(&self) -> Vec<String> {
        let (account, token, device) = (c(&self.account), c("any"), c(&self.device));
        let args = nertc_callkit_login_args {
            struct_size: size_of::<nertc_callkit_login_args>() as u32,
            flags: 0,
            app_key: c"".as_ptr(),
            account: account.as_ptr(),
            token: token.as_ptr(),
            device_id: device.as_ptr(),
            data_dir: c"".as_ptr(),
            timeout_ms: 0,
            reserved: 0,
        };
        // SAFETY: our backend, lent arguments.
        assert_eq!(unsafe { self.vtable.login.unwrap()(self.ctx, self.req(), &args) }, 0);
        self.take()
    }

    /// The number of the newest operation.
    pub fn last(&self) -> usize {
        *self.req.lock()
    }

    pub fn abort_login(&self, req: usize) -> Vec<String> {
        // SAFETY: our backend.
        unsafe { self.vtable.abort_login.unwrap()(self.ctx, req) };
        self.take()
    }

    pub fn set_token(&self, token: &str) -> Vec<String> {
        // SAFETY: our backend, lent text.
        assert_eq!(unsafe { self.vtable.set_token.unwrap()(self.ctx, c(token).as_ptr()) }, 0);
        self.take()
    }

    pub fn invite_state(
        &self,
        channel: &str,
        inviter: &str,
        request: &str,
        state: nertc_callkit_invite_state,
    ) {
        let (channel, account, request) = (c(channel), c(inviter), c(request));
        // SAFETY: numbers and pointers; all-zero is a value of it.
        let mut args: nertc_callkit_signaling_args = unsafe { std::mem::zeroed() };
        args.struct_size = size_of_val(&args) as u32;
        args.channel_id = channel.as_ptr();
        args.account = account.as_ptr();
        args.request_id = request.as_ptr();
        // SAFETY: our backend, lent arguments.
        unsafe { self.vtable.invite_state.unwrap()(self.ctx, &args, state as i32) };
    }

    pub fn reject_with(&self, channel: &str, account: &str, custom: &str) -> i32 {
        self.code(self.vtable.reject, To { channel, account, request: "r1", custom, flags: 0 })
    }

    pub fn logout(&self) -> Vec<String> {
        // SAFETY: our backend.
        assert_eq!(unsafe { self.vtable.logout.unwrap()(self.ctx, self.req()) }, 0);
        self.take()
    }

    fn call(&self, slot: nertc_callkit_signaling_operation_cb, to: To) -> Vec<String> {
        self.start(slot, to);
        self.take()
    }

    fn start(&self, slot: nertc_callkit_signaling_operation_cb, to: To) {
        let (channel, account, request, custom) = (c(to.channel), c(to.account), c(to.request), c(to.custom));
        let args = nertc_callkit_signaling_args {
            struct_size: size_of::<nertc_callkit_signaling_args>() as u32,
            flags: to.flags,
            call_type: 1,
            expires_ms: 0,
            channel_id: channel.as_ptr(),
            account: account.as_ptr(),
            request_id: request.as_ptr(),
            custom_info: custom.as_ptr(),
            push: std::ptr::null(),
        };
        // SAFETY: our backend, lent arguments.
        assert_eq!(unsafe { slot.unwrap()(self.ctx, self.req(), &args) }, 0);
    }

    /// The code of the completion that came; other lines stay.
    fn code(&self, slot: nertc_callkit_signaling_operation_cb, to: To) -> i32 {
        self.start(slot, to);
        self.log.take_code()
    }

    pub fn create_raw(&self) -> Vec<String> {
        self.call(self.vtable.create, To::default())
    }

    /// A new channel's id.
    pub fn create(&self) -> String {
        let lines = self.create_raw();
        lines[0].split(' ').nth(3).unwrap().trim_end_matches(':').to_owned()
    }

    /// A channel that this device is in.
    pub fn channel(&self) -> String {
        let channel = self.create();
        assert_eq!(self.join(&channel), 0);
        channel
    }

    pub fn join_raw(&self, channel: &str) -> Vec<String> {
        self.call(self.vtable.join, To { channel, ..To::default() })
    }

    pub fn join(&self, channel: &str) -> i32 {
        self.code(self.vtable.join, To { channel, ..To::default() })
    }

    pub fn invite(&self, channel: &str, account: &str) -> i32 {
        self.invite_to(To { channel, account, request: "r1", custom: "hello", flags: 0 })
    }

    pub fn invite_to(&self, to: To) -> i32 {
        self.code(self.vtable.invite, to)
    }

    pub fn invite_raw(&self, channel: &str, account: &str) -> Vec<String> {
        self.call(self.vtable.invite, To { channel, account, request: "r1", custom: "hello", flags: 0 })
    }

    pub fn cancel_to(&self, to: To) -> i32 {
        self.code(self.vtable.cancel_invite, to)
    }

    pub fn cancel(&self, channel: &str, account: &str) -> i32 {
        self.code(self.vtable.cancel_invite, To { channel, account, request: "r1", ..To::default() })
    }

    pub fn accept_raw(&self, channel: &str, account: &str) -> Vec<String> {
        self.call(self.vtable.accept, To { channel, account, request: "r1", ..To::default() })
    }

    pub fn accept(&self, channel: &str, account: &str) -> i32 {
        self.code(self.vtable.accept, To { channel, account, request: "r1", ..To::default() })
    }

    pub fn reject(&self, channel: &str, account: &str) -> i32 {
        self.code(self.vtable.reject, To { channel, account, request: "r1", ..To::default() })
    }

    pub fn leave(&self, channel: &str) -> i32 {
        self.code(self.vtable.leave, To { channel, ..To::default() })
    }

    pub fn close(&self, channel: &str) -> i32 {
        self.code(self.vtable.close, To { channel, ..To::default() })
    }

    pub fn control(&self, channel: &str, account: &str, custom: &str) -> i32 {
        self.code(self.vtable.control, To { channel, account, custom, ..To::default() })
    }

    pub fn control_raw(&self, channel: &str) -> Vec<String> {
        self.call(self.vtable.control, To { channel, ..To::default() })
    }

    pub fn send_record(&self, to: &str, text: &str) -> i32 {
        let (to, text) = (c(to), c(text));
        let record = nertc_callkit_record {
            struct_size: size_of::<nertc_callkit_record>() as u32,
            call_type: 2,
            record_status: 4,
            account_count: 0,
            client_msg_id: c"call-1".as_ptr(),
            to_account: to.as_ptr(),
            channel_id: c"room".as_ptr(),
            text: text.as_ptr(),
            accounts: std::ptr::null(),
            durations_s: std::ptr::null(),
        };
        // SAFETY: our backend, lent record.
        assert_eq!(unsafe { self.vtable.send_record.unwrap()(self.ctx, self.req(), &record) }, 0);
        self.log.take_code()
    }

    /// close_backend: the barrier.
    pub fn close_backend(&self) {
        // SAFETY: our backend; open succeeded.
        unsafe { self.vtable.close_backend.unwrap()(self.ctx) };
        self.log.closed.store(true, Ordering::SeqCst);
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.close_backend();
        assert_eq!(self.log.late.load(Ordering::SeqCst), 0, "a sink call after close_backend");
        // SAFETY: last use of our backend.
        unsafe { self.vtable.release.unwrap()(self.ctx) };
    }
}

/// Adds a line to the fault script.
pub fn fault(hub: &Arc<Hub>, action: nertc_callkit_fault_action, on: nertc_callkit_fault_on, more: Fault) {
    hub.add_fault(Fault { action: action as i32, on: on as i32, ..more }).unwrap();
}

unsafe extern "C" fn on_rtc_complete(
    ctx: *mut c_void,
    req: nertc_callkit_req,
    code: i32,
    _raw_code: i32,
    _message: *const c_char,
) {
    // SAFETY: our log.
    unsafe { log(ctx) }.write(format!("done {req} {code}"));
}

unsafe extern "C" fn on_rtc_event(ctx: *mut c_void, event: *const nertc_callkit_rtc_event) -> i32 {
    const NAMES: [&str; 5] = ["", "JOIN", "LEAVE", "MEDIA", "MUTE"];
    // SAFETY: lent for the call.
    unsafe {
        let event = &*event;
        assert_eq!(event.join, log(ctx).join.load(Ordering::SeqCst), "of which join");
        let rest = match event.r#type {
            2 => format!(" {}", event.code),
            3 | 4 => format!(" {}{}", if event.flags == 1 { "+" } else { "-" }, event.media),
            _ => String::new(),
        };
        log(ctx).offer(format!("{} {}{rest}", NAMES[event.r#type as usize], event.uid))
    }
}

unsafe extern "C" fn on_frame(ctx: *mut c_void, frame: *const nertc_callkit_frame) {
    // SAFETY: lent for the call.
    unsafe {
        let frame = &*frame;
        let first = *frame.planes[0].cast::<u8>();
        log(ctx).write(format!("frame {} {} {first}", frame.uid, frame.media));
    }
}

/// A media backend with its sink.
pub struct Media {
    vtable: &'static nertc_callkit_rtc,
    ctx: *mut c_void,
    sink: Box<nertc_callkit_rtc_sink>,
    pub log: Arc<Log>,
    req: Mutex<usize>,
}

// SAFETY: as for Device; push_frame may run beside everything.
unsafe impl Send for Media {}
// SAFETY: as above.
unsafe impl Sync for Media {}

impl Media {
    pub fn new(hub: &Arc<Hub>) -> Media {
        Media::of(media::new(hub))
    }

    pub fn none() -> Media {
        Media::of(null::new())
    }

    fn of((vtable, ctx): (&'static nertc_callkit_rtc, *mut c_void)) -> Media {
        let log = Arc::new(Log::default());
        let sink = Box::new(nertc_callkit_rtc_sink {
            struct_size: size_of::<nertc_callkit_rtc_sink>() as u32,
            abi: NERTC_CALLKIT_ABI,
            ctx: Arc::as_ptr(&log).cast_mut().cast(),
            complete: Some(on_rtc_complete),
            event: Some(on_rtc_event),
            frame: Some(on_frame),
            log: None,
            send: None,
        });
        // SAFETY: the sink lives until close_backend has returned.
        assert_eq!(unsafe { vtable.open.unwrap()(ctx, &*sink) }, 0);
        Media { vtable, ctx, sink, log, req: Mutex::new(0) }
    }

    pub fn vtable(&self) -> &'static nertc_callkit_rtc {
        self.vtable
    }

    pub fn take(&self) -> Vec<String> {
        self.log.take()
    }

    fn req(&self) -> usize {
        let mut req = self.req.lock();
        *req += 1;
        *req
    }

    pub fn join(&self, name: &str, uid: u64) -> Vec<String> {
        let name = c(name);
        let args = nertc_callkit_rtc_join {
            struct_size: size_of::<nertc_callkit_rtc_join>() as u32,
            flags: 0,
            call_type: 1,
            reserved: 0,
            uid,
            channel_name: name.as_ptr(),
            token: c"".as_ptr(),
            peer: c"".as_ptr(),
            call_id: c"".as_ptr(),
            call_no: 1,
            account: c"".as_ptr(),
            device_id: c"".as_ptr(),
        };
        let req = self.req();
        self.log.join.store(req as u64, Ordering::SeqCst);
        // SAFETY: our backend, lent arguments.
        assert_eq!(unsafe { self.vtable.join.unwrap()(self.ctx, req, &args) }, 0);
        self.take()
    }

    pub fn leave(&self) -> Vec<String> {
        // SAFETY: our backend.
        assert_eq!(unsafe { self.vtable.leave.unwrap()(self.ctx, self.req()) }, 0);
        self.take()
    }

    pub fn enable(&self, media: u32, on: bool) -> Vec<String> {
        // SAFETY: our backend.
        let status = unsafe { self.vtable.enable_local.unwrap()(self.ctx, self.req(), media, on.into()) };
        assert_eq!(status, 0);
        self.take()
    }

    pub fn mute(&self, media: u32, on: bool) -> Vec<String> {
        // SAFETY: our backend.
        let status = unsafe { self.vtable.mute_local.unwrap()(self.ctx, self.req(), media, on.into()) };
        assert_eq!(status, 0);
        self.take()
    }

    pub fn subscribe(&self, uid: u64, media: u32, on: bool) -> Vec<String> {
        // SAFETY: our backend.
        let status = unsafe { self.vtable.subscribe.unwrap()(self.ctx, self.req(), uid, media, on.into()) };
        assert_eq!(status, 0);
        self.take()
    }

    pub fn set_view(&self) -> Vec<String> {
        // SAFETY: our backend; NULL = no view.
        let status = unsafe { self.vtable.set_view.unwrap()(self.ctx, self.req(), 0, std::ptr::null()) };
        assert_eq!(status, 0);
        self.take()
    }

    pub fn push(&self, media: u32, byte: u8) -> i32 {
        let plane = [byte; 4];
        let plane: *const c_void = plane.as_ptr().cast();
        let frame = nertc_callkit_frame {
            struct_size: size_of::<nertc_callkit_frame>() as u32,
            media,
            uid: 999,
            time_us: 0,
            planes: [plane; 4],
            strides: [4; 4],
            width: 0,
            height: 0,
            rotation: 0,
            sample_rate: 8000,
            channels: 1,
            samples: 2,
        };
        // SAFETY: our backend, lent frame.
        unsafe { self.vtable.push_frame.unwrap()(self.ctx, &frame) }
    }

    pub fn close_backend(&self) {
        // SAFETY: our backend; open succeeded.
        unsafe { self.vtable.close_backend.unwrap()(self.ctx) };
        self.log.closed.store(true, Ordering::SeqCst);
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.close_backend();
        assert_eq!(self.log.late.load(Ordering::SeqCst), 0, "a sink call after close_backend");
        // SAFETY: last use of our backend.
        unsafe { self.vtable.release.unwrap()(self.ctx) };
    }
}
