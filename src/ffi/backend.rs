//! Plugs: vtables of C as the worker's ports.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_status;

use super::convert::{CText, HostPtr, c_text, call_type_number};
use super::event::{pointers, split};
use super::gate::Gate;
use super::guard::Error;
use super::sink;
use crate::engine::Caps;
use crate::engine::codes;
use crate::engine::input::{Outcome, Push, Req, Text, View};
use crate::engine::output::{Message, Notice, Record, RtcOp, SignalOp};
use crate::worker::CallbackGuard;
use crate::worker::ports::{Rtc, Signaling};

/// Both plugs of a component before anything is opened.
pub(crate) struct Pair {
    pub(crate) signaling: abi::nertc_callkit_signaling,
    pub(crate) signaling_ctx: HostPtr,
    pub(crate) rtc: abi::nertc_callkit_rtc,
    pub(crate) rtc_ctx: HostPtr,
}

impl Pair {
    /// What the call logic must know of them.
    pub(crate) fn caps(&self) -> Caps {
        use abi::{nertc_callkit_rtc_cap as rtc, nertc_callkit_signaling_cap as signaling};
        let server_record = signaling::NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD as u32;
        let no_media = rtc::NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32;
        Caps {
            server_record: self.signaling.caps & server_record != 0,
            send_record: self.signaling.send_record.is_some(),
            control: self.signaling.control.is_some(),
            abort_login: self.signaling.abort_login.is_some(),
            no_media: self.rtc.caps & no_media != 0,
            enable_local: self.rtc.enable_local.is_some(),
            mute_local: self.rtc.mute_local.is_some(),
            subscribe: self.rtc.subscribe.is_some(),
            set_view: self.rtc.set_view.is_some(),
        }
    }
}

/// Who logs in and where; the same for every login.
pub(crate) struct Identity {
    pub(crate) app_key: Text,
    pub(crate) device_id: Text,
    pub(crate) data_dir: Text,
}

/// The signaling plug; opens both plugs before the first login.
pub(crate) struct SignalingPlug {
    vtable: abi::nertc_callkit_signaling,
    ctx: HostPtr,
    sink: Box<abi::nertc_callkit_signaling_sink>,
    /// How open ended; None = not tried.
    opened: Option<Result<(), Outcome>>,
    identity: Identity,
    rtc: Arc<RtcPlug>,
}

// SAFETY: the sink's ctx is a number and its functions are ours; the vtable's functions may be called by any
// thread.
unsafe impl Send for SignalingPlug {}

impl SignalingPlug {
    pub(crate) fn new(
        id: usize,
        vtable: abi::nertc_callkit_signaling,
        ctx: HostPtr,
        identity: Identity,
        rtc: Arc<RtcPlug>,
    ) -> SignalingPlug {
        SignalingPlug { vtable, ctx, sink: Box::new(sink::signaling(id)), opened: None, identity, rtc }
    }

    fn open(&mut self) -> Result<(), Outcome> {
        let open = || {
            let open = self.vtable.open.ok_or_else(unsupported)?;
            // SAFETY: the plug's function; the sink lives until close_backend has returned.
            accepted(unsafe { open(self.ctx.0, &*self.sink) })
        };
        if self.opened.is_none() {
            self.opened = Some(open());
        }
        self.opened.clone().unwrap_or(Ok(()))?;
        self.rtc.open()
    }

    fn login(&mut self, req: Req, account: &str, token: &str) -> Result<(), Outcome> {
        self.open()?;
        let [app_key, device_id, data_dir] =
            [&self.identity.app_key, &self.identity.device_id, &self.identity.data_dir]
                .map(|text| c_text(text));
        let (account, token) = (c_text(account), c_text(token));
        let args = abi::nertc_callkit_login_args {
            struct_size: size::<abi::nertc_callkit_login_args>(),
            flags: 0,
            app_key: app_key.as_ptr(),
            account: account.as_ptr(),
            token: token.as_ptr(),
            device_id: device_id.as_ptr(),
            data_dir: data_dir.as_ptr(),
        };
        let login = self.vtable.login.ok_or_else(unsupported)?;
        // SAFETY: the plug's function; args and texts are valid until it returns.
        accepted(unsafe { login(self.ctx.0, number(req), &args) })
    }

    fn logout(&self, req: Req) -> Result<(), Outcome> {
        let logout = self.vtable.logout.ok_or_else(unsupported)?;
        // SAFETY: the plug's function.
        accepted(unsafe { logout(self.ctx.0, number(req)) })
    }

    fn run(&self, slot: abi::nertc_callkit_signaling_op, req: Req, args: &Args<'_>) -> Result<(), Outcome> {
        let slot = slot.ok_or_else(unsupported)?;
        args.lend(|args| {
            // SAFETY: the plug's function; args and texts are valid until it returns.
            accepted(unsafe { slot(self.ctx.0, number(req), args) })
        })
    }

    fn send_record(&self, req: Req, record: &Record) -> Result<(), Outcome> {
        let send_record = self.vtable.send_record.ok_or_else(unsupported)?;
        let [id, to, channel, text] =
            [&record.client_msg_id, &record.to, &record.channel_id, &record.text].map(|text| c_text(text));
        let (accounts, durations_s) = split(&record.durations);
        let accounts_c = pointers(&accounts);
        let c = abi::nertc_callkit_record {
            struct_size: size::<abi::nertc_callkit_record>(),
            call_type: call_type_number(record.call_type),
            record_status: record.status as i32,
            account_count: durations_s.len() as u32,
            client_msg_id: id.as_ptr(),
            to: to.as_ptr(),
            channel_id: channel.as_ptr(),
            text: text.as_ptr(),
            accounts: accounts_c.as_ptr(),
            durations_s: durations_s.as_ptr(),
        };
        // SAFETY: the plug's function; the record is valid until it returns.
        accepted(unsafe { send_record(self.ctx.0, number(req), &c) })
    }
}

impl Signaling for SignalingPlug {
    fn start(&mut self, req: Req, op: SignalOp) -> Result<(), Outcome> {
        let slots = self.vtable;
        match &op {
            SignalOp::Login { account, token } => self.login(req, account, token),
            SignalOp::Logout => self.logout(req),
            SignalOp::Create { call_type } => self.run(
                slots.create,
                req,
                &Args { call_type: call_type_number(*call_type), ..Args::default() },
            ),
            SignalOp::Join { channel_id, no_offline } => {
                self.run(slots.join, req, &Args::channel(channel_id, *no_offline))
            }
            SignalOp::Invite { message, expires_ms, push } => {
                let args = Args { expires_ms: *expires_ms, push: push.as_ref(), ..Args::message(message) };
                self.run(slots.invite, req, &args)
            }
            SignalOp::CancelInvite(message) => self.run(slots.cancel_invite, req, &Args::message(message)),
            SignalOp::Accept(message) => self.run(slots.accept, req, &Args::message(message)),
            SignalOp::Reject(message) => self.run(slots.reject, req, &Args::message(message)),
            SignalOp::Leave { channel_id, custom, no_offline } => {
                self.run(slots.leave, req, &Args { custom, ..Args::channel(channel_id, *no_offline) })
            }
            SignalOp::Close { channel_id, custom, no_offline } => {
                self.run(slots.close, req, &Args { custom, ..Args::channel(channel_id, *no_offline) })
            }
            SignalOp::Control(message) => self.run(slots.control, req, &Args::message(message)),
            SignalOp::SendRecord(record) => self.send_record(req, record),
        }
    }

    fn notify(&mut self, notice: Notice) {
        let Some(Ok(())) = &self.opened else { return };
        match notice {
            Notice::InviteState { channel_id, account, request_id, state } => {
                let Some(invite_state) = self.vtable.invite_state else { return };
                let args = Args {
                    channel_id: &channel_id,
                    account: &account,
                    request_id: &request_id,
                    ..Args::default()
                };
                args.lend(|args| {
                    // SAFETY: the plug's function; args and texts are valid until it returns.
                    unsafe { invite_state(self.ctx.0, args, state as i32) }
                });
            }
            Notice::AbortLogin(req) => {
                if let Some(abort_login) = self.vtable.abort_login {
                    // SAFETY: the plug's function.
                    unsafe { abort_login(self.ctx.0, number(req)) }
                }
            }
            Notice::SetToken(token) => {
                let Some(set_token) = self.vtable.set_token else { return };
                let token = c_text(&token);
                // SAFETY: the plug's function; the text is valid until it returns.
                let code = unsafe { set_token(self.ctx.0, token.as_ptr()) };
                if code != 0 {
                    log::warn!("the signaling backend refused a token: {code}");
                }
            }
        }
    }

    fn network_changed(&mut self) {
        if let (Some(Ok(())), Some(network_changed)) = (&self.opened, self.vtable.network_changed) {
            // SAFETY: the plug's function.
            unsafe { network_changed(self.ctx.0) }
        }
    }

    fn close(&mut self) {
        if let (Some(Ok(())), Some(close_backend)) = (&self.opened, self.vtable.close_backend) {
            // SAFETY: the plug's function, once, after a successful open.
            unsafe { close_backend(self.ctx.0) }
        }
        self.opened = Some(Err(unsupported()));
        if let Some(release) = self.vtable.release.take() {
            // SAFETY: the plug's function, once, last.
            unsafe { release(self.ctx.0) }
        }
    }
}

/// The media plug: operations from the worker, frames from any thread.
pub(crate) struct RtcPlug {
    vtable: abi::nertc_callkit_rtc,
    ctx: HostPtr,
    sink: abi::nertc_callkit_rtc_sink,
    /// How open ended; empty = not tried.
    opened: OnceLock<Result<(), Outcome>>,
    closed: AtomicBool,
    /// Frames on their way into the plug.
    frames: Gate,
}

// SAFETY: the sink's ctx is a number and its functions are ours; the vtable's functions may be called by any
// thread.
unsafe impl Send for RtcPlug {}
// SAFETY: as above; what must not overlap is called by the worker only.
unsafe impl Sync for RtcPlug {}

impl RtcPlug {
    pub(crate) fn new(id: usize, vtable: abi::nertc_callkit_rtc, ctx: HostPtr) -> RtcPlug {
        RtcPlug {
            vtable,
            ctx,
            sink: sink::rtc(id),
            opened: OnceLock::new(),
            closed: AtomicBool::new(false),
            frames: Gate::default(),
        }
    }

    fn open(&self) -> Result<(), Outcome> {
        let open = || {
            let open = self.vtable.open.ok_or_else(unsupported)?;
            // SAFETY: the plug's function; the sink lives until close_backend has returned.
            accepted(unsafe { open(self.ctx.0, &self.sink) })
        };
        // Not get_or_init: a plug may push a frame from inside open.
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

    /// Sends a frame of the host on the host's own thread.
    pub(crate) fn push_frame(&self, frame: &abi::nertc_callkit_frame) -> Result<(), Error> {
        let _pass = self.frames.enter(1).filter(|_| self.is_open()).ok_or(Error::Closed)?;
        let push_frame = self.vtable.push_frame.ok_or(Error::Unsupported)?;
        // Who destroyed the component from in here would wait for this very frame.
        let _inside = CallbackGuard::enter();
        // SAFETY: the plug's function, while it is open; the frame is valid until it returns.
        plug_status(unsafe { push_frame(self.ctx.0, frame) })
    }

    fn run<F>(&self, slot: Option<F>, call: impl FnOnce(F, *mut c_void) -> i32) -> Result<(), Outcome> {
        let slot = slot.ok_or_else(unsupported)?;
        if self.is_open() { accepted(call(slot, self.ctx.0)) } else { Err(unsupported()) }
    }

    fn join(&self, req: Req, args: &abi::nertc_callkit_rtc_join) -> Result<(), Outcome> {
        // SAFETY: the plug's function; args are valid until it returns.
        self.run(self.vtable.join, |join, ctx| unsafe { join(ctx, number(req), args) })
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
        // SAFETY: the plug's function; the view is valid until it returns.
        self.run(self.vtable.set_view, |set_view, ctx| unsafe { set_view(ctx, number(req), uid, place) })
    }

    fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        self.frames.shut(u64::MAX);
        if let (true, Some(close_backend)) = (self.is_open(), self.vtable.close_backend) {
            // SAFETY: the plug's function, once, after a successful open.
            unsafe { close_backend(self.ctx.0) }
        }
        if let Some(release) = self.vtable.release {
            // SAFETY: the plug's function, once, last.
            unsafe { release(self.ctx.0) }
        }
    }
}

/// The worker's end of the media plug.
pub(crate) struct RtcPort(pub(crate) Arc<RtcPlug>);

impl Rtc for RtcPort {
    fn start(&mut self, req: Req, op: RtcOp) -> Result<(), Outcome> {
        let (plug, slots, req_c) = (&self.0, &self.0.vtable, number(req));
        match op {
            RtcOp::Join { channel_name, uid, token, call_type } => {
                let (channel_name, token) = (c_text(&channel_name), c_text(&token));
                let args = abi::nertc_callkit_rtc_join {
                    struct_size: size::<abi::nertc_callkit_rtc_join>(),
                    flags: 0,
                    call_type: call_type_number(call_type),
                    reserved: 0,
                    uid,
                    channel_name: channel_name.as_ptr(),
                    token: token.as_ptr(),
                };
                plug.join(req, &args)
            }
            // SAFETY: the plug's functions, here and below.
            RtcOp::Leave => plug.run(slots.leave, |leave, ctx| unsafe { leave(ctx, req_c) }),
            RtcOp::EnableLocal { media, on } => {
                // SAFETY: see above.
                plug.run(slots.enable_local, |enable, ctx| unsafe {
                    enable(ctx, req_c, media, i32::from(on))
                })
            }
            RtcOp::MuteLocal { media, muted } => {
                // SAFETY: see above.
                plug.run(slots.mute_local, |mute, ctx| unsafe { mute(ctx, req_c, media, i32::from(muted)) })
            }
            RtcOp::Subscribe { uid, media, on } => plug.run(slots.subscribe, |subscribe, ctx| {
                // SAFETY: see above.
                unsafe { subscribe(ctx, req_c, uid, media, i32::from(on)) }
            }),
            RtcOp::SetView { uid, view } => plug.set_view(req, uid, view),
        }
    }

    fn network_changed(&mut self) {
        if let (true, Some(network_changed)) = (self.0.is_open(), self.0.vtable.network_changed) {
            // SAFETY: the plug's function.
            unsafe { network_changed(self.0.ctx.0) }
        }
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// Arguments of a signaling operation before they are lent to C.
#[derive(Default)]
struct Args<'a> {
    no_offline: bool,
    call_type: i32,
    expires_ms: u32,
    channel_id: &'a str,
    account: &'a str,
    request_id: &'a str,
    custom: &'a str,
    push: Option<&'a Push>,
}

impl<'a> Args<'a> {
    fn channel(channel_id: &'a str, no_offline: bool) -> Args<'a> {
        Args { channel_id, no_offline, ..Args::default() }
    }

    fn message(message: &'a Message) -> Args<'a> {
        Args {
            no_offline: message.no_offline,
            channel_id: &message.channel_id,
            account: &message.account,
            request_id: &message.request_id,
            custom: &message.custom,
            ..Args::default()
        }
    }

    fn lend<R>(&self, to: impl FnOnce(&abi::nertc_callkit_signaling_args) -> R) -> R {
        let [channel, account, request, custom] =
            [self.channel_id, self.account, self.request_id, self.custom].map(c_text);
        let push_texts = self
            .push
            .map(|push| [&push.title, &push.content, &push.payload].map(|text| text.as_deref().map(c_text)));
        let pointer = |text: &Option<CText>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let push = push_texts.as_ref().map(|[title, content, payload]| abi::nertc_callkit_push {
            struct_size: size::<abi::nertc_callkit_push>(),
            flags: 0,
            title: pointer(title),
            content: pointer(content),
            payload: pointer(payload),
        });
        to(&abi::nertc_callkit_signaling_args {
            struct_size: size::<abi::nertc_callkit_signaling_args>(),
            flags: u32::from(self.no_offline),
            call_type: self.call_type,
            expires_ms: self.expires_ms,
            channel_id: channel.as_ptr(),
            account: account.as_ptr(),
            request_id: request.as_ptr(),
            custom: custom.as_ptr(),
            push: push.as_ref().map_or(ptr::null(), ptr::from_ref),
        })
    }
}

/// What a mandatory slot is called, if one is missing.
pub(crate) fn missing_signaling_slot(plug: &abi::nertc_callkit_signaling) -> Option<&'static str> {
    let slots = [
        ("open", plug.open.is_none()),
        ("login", plug.login.is_none()),
        ("logout", plug.logout.is_none()),
        ("create", plug.create.is_none()),
        ("join", plug.join.is_none()),
        ("invite", plug.invite.is_none()),
        ("cancel_invite", plug.cancel_invite.is_none()),
        ("accept", plug.accept.is_none()),
        ("reject", plug.reject.is_none()),
        ("leave", plug.leave.is_none()),
        ("close", plug.close.is_none()),
    ];
    slots.iter().find(|(_, missing)| *missing).map(|(name, _)| *name)
}

/// What a mandatory slot is called, if one is missing.
pub(crate) fn missing_rtc_slot(plug: &abi::nertc_callkit_rtc) -> Option<&'static str> {
    let slots =
        [("open", plug.open.is_none()), ("join", plug.join.is_none()), ("leave", plug.leave.is_none())];
    slots.iter().find(|(_, missing)| *missing).map(|(name, _)| *name)
}

/// A plug's answer to an operation: 0 = accepted, else why not, as a code or as a status.
fn accepted(answer: i32) -> Result<(), Outcome> {
    match answer {
        0 => Ok(()),
        code if code > 0 => Err(Outcome { code, ..Outcome::default() }),
        status if status == nertc_callkit_status::NERTC_CALLKIT_STATUS_UNSUPPORTED as i32 => {
            Err(unsupported())
        }
        status => Err(Outcome { code: codes::PLUG_FAILED, raw_code: status, ..Outcome::default() }),
    }
}

/// A plug's answer to push_frame.
fn plug_status(answer: i32) -> Result<(), Error> {
    match answer {
        0 => Ok(()),
        -1 => Err(Error::InvalidArgument),
        -2 => Err(Error::Closed),
        -3 => Err(Error::QueueFull),
        -4 => Err(Error::Reentrant),
        -5 => Err(Error::Unsupported),
        _ => Err(Error::Internal),
    }
}

fn unsupported() -> Outcome {
    Outcome { code: codes::UNSUPPORTED, ..Outcome::default() }
}

fn number(req: Req) -> abi::nertc_callkit_req {
    req.0 as abi::nertc_callkit_req
}

fn size<T>() -> u32 {
    size_of::<T>() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    use super::super::table::lock;

    /// What was called, and what open answers.
    #[derive(Default)]
    struct Plug {
        calls: Mutex<Vec<String>>,
        open: i32,
    }

    fn noted(ctx: *mut c_void, what: impl Into<String>) -> &'static Plug {
        // SAFETY: leaked by the test.
        let plug = unsafe { &*ctx.cast::<Plug>() };
        lock(&plug.calls).push(what.into());
        plug
    }

    unsafe extern "C" fn open(ctx: *mut c_void, _: *const abi::nertc_callkit_signaling_sink) -> i32 {
        noted(ctx, "open").open
    }
    unsafe extern "C" fn rtc_open(ctx: *mut c_void, _: *const abi::nertc_callkit_rtc_sink) -> i32 {
        noted(ctx, "rtc open").open
    }
    unsafe extern "C" fn login(ctx: *mut c_void, req: usize, _: *const abi::nertc_callkit_login_args) -> i32 {
        noted(ctx, format!("login {req}"));
        0
    }
    unsafe extern "C" fn close_backend(ctx: *mut c_void) {
        noted(ctx, "close");
    }
    unsafe extern "C" fn release(ctx: *mut c_void) {
        noted(ctx, "release");
    }
    unsafe extern "C" fn push_frame(ctx: *mut c_void, _: *const abi::nertc_callkit_frame) -> i32 {
        noted(ctx, "frame");
        -3
    }

    fn plug(open: i32) -> (HostPtr, impl Fn() -> String) {
        let plug: &'static Plug = Box::leak(Box::new(Plug { open, ..Plug::default() }));
        (HostPtr(ptr::from_ref(plug).cast_mut().cast()), || lock(&plug.calls).join(", "))
    }

    fn pair(signaling: HostPtr, rtc: HostPtr) -> (SignalingPlug, Arc<RtcPlug>) {
        // SAFETY: all-zero is a value of both.
        let (mut slots, mut rtc_slots): (abi::nertc_callkit_signaling, abi::nertc_callkit_rtc) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        slots.open = Some(open);
        slots.login = Some(login);
        slots.close_backend = Some(close_backend);
        slots.release = Some(release);
        rtc_slots.open = Some(rtc_open);
        rtc_slots.push_frame = Some(push_frame);
        rtc_slots.close_backend = Some(close_backend);
        rtc_slots.release = Some(release);
        let rtc = Arc::new(RtcPlug::new(1, rtc_slots, rtc));
        let [app_key, device_id, data_dir] = ["", "d", ""].map(Text::from);
        let identity = Identity { app_key, device_id, data_dir };
        (SignalingPlug::new(1, slots, signaling, identity, rtc.clone()), rtc)
    }

    fn log_in() -> SignalOp {
        SignalOp::Login { account: "alice".into(), token: "".into() }
    }

    #[test]
    fn plugs_open_once_before_the_first_login_and_are_released_last() {
        let ((ctx, calls), (rtc_ctx, rtc_calls)) = (plug(0), plug(0));
        let (mut signaling, rtc) = pair(ctx, rtc_ctx);
        assert_eq!(calls(), "");
        assert_eq!(signaling.start(Req(1), log_in()), Ok(()));
        assert_eq!(signaling.start(Req(2), log_in()), Ok(()));
        signaling.close();
        signaling.close();
        RtcPort(rtc.clone()).close();
        rtc.close();
        assert_eq!(calls(), "open, login 1, login 2, close, release");
        assert_eq!(rtc_calls(), "rtc open, close, release");
    }

    #[test]
    fn a_refused_open_fails_every_login_with_the_plugs_code() {
        let ((ctx, calls), (rtc_ctx, rtc_calls)) = (plug(302), plug(0));
        let (mut signaling, rtc) = pair(ctx, rtc_ctx);
        assert_eq!(signaling.start(Req(1), log_in()).unwrap_err().code, 302);
        assert_eq!(signaling.start(Req(2), log_in()).unwrap_err().code, 302);
        signaling.close();
        rtc.close();
        assert_eq!((calls(), rtc_calls()), ("open, release".into(), "release".into()));
    }

    #[test]
    fn a_media_plug_that_refuses_open_fails_the_login_too() {
        let ((ctx, calls), (rtc_ctx, rtc_calls)) = (plug(0), plug(-6));
        let (mut signaling, rtc) = pair(ctx, rtc_ctx);
        let why = signaling.start(Req(1), log_in()).unwrap_err();
        assert_eq!((why.code, why.raw_code), (codes::PLUG_FAILED, -6));
        signaling.close();
        rtc.close();
        assert_eq!((calls(), rtc_calls()), ("open, close, release".into(), "rtc open, release".into()));
    }

    #[test]
    fn a_missing_slot_is_unsupported() {
        let ((ctx, _), (rtc_ctx, _)) = (plug(0), plug(0));
        let (mut signaling, rtc) = pair(ctx, rtc_ctx);
        assert_eq!(signaling.start(Req(1), SignalOp::Logout).unwrap_err().code, codes::UNSUPPORTED);
        assert_eq!(RtcPort(rtc).start(Req(2), RtcOp::Leave).unwrap_err().code, codes::UNSUPPORTED);
        assert_eq!(missing_signaling_slot(&signaling.vtable), Some("logout"));
    }

    #[test]
    fn frames_go_into_an_open_plug_only() {
        let ((ctx, _), (rtc_ctx, rtc_calls)) = (plug(0), plug(0));
        let (mut signaling, rtc) = pair(ctx, rtc_ctx);
        // SAFETY: all-zero is a value of it.
        let frame = unsafe { std::mem::zeroed() };
        assert_eq!(rtc.push_frame(&frame), Err(Error::Closed));
        assert_eq!(signaling.start(Req(1), log_in()), Ok(()));
        assert_eq!(rtc.push_frame(&frame), Err(Error::QueueFull));
        rtc.close();
        assert_eq!(rtc.push_frame(&frame), Err(Error::Closed));
        assert_eq!(rtc_calls(), "rtc open, frame, close, release");
    }
}
