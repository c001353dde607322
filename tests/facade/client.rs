//! A client as an app has it, and its events.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use ::nertc_callkit::ffi::api::call::{
    nertc_callkit_accept, nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup,
    nertc_callkit_leave, nertc_callkit_reject, nertc_callkit_set_call_policy, nertc_callkit_switch_call_type,
};
use ::nertc_callkit::ffi::api::loopback::{nertc_callkit_loopback_rtc, nertc_callkit_loopback_signaling};
use ::nertc_callkit::ffi::api::media::nertc_callkit_mute_local;
use ::nertc_callkit::ffi::api::session::{
    nertc_callkit_create, nertc_callkit_destroy, nertc_callkit_dispatch, nertc_callkit_get_state,
    nertc_callkit_login, nertc_callkit_logout, nertc_callkit_release, nertc_callkit_set_token,
};
use nertc_callkit_abi::*;

use nertc_callkit_status::NERTC_CALLKIT_STATUS_OK as OK;

/// Requests of a user.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    Login,
    Logout,
    Call(&'a str),
    Cancel,
    Accept,
    Reject,
    Hangup,
    Leave,
    Switch,
    Mute,
}

/// Events of one call.
#[derive(Default)]
struct CallEvents {
    once: BTreeSet<&'static str>,
    has_ended: bool,
}

/// All events.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
    calls: BTreeMap<u64, CallEvents>,
    /// Accepted requests that have not completed, by their ticket.
    open: BTreeMap<usize, String>,
    last_ticket: usize,
    callbacks: u64,
    wrong: Vec<String>,
    is_gone: bool,
    refusal: Option<Refusal>,
    /// Calls that the policy refused, and token requests.
    refused: u64,
    tokens: u64,
}

/// Calls of this account do not ring.
struct Refusal {
    account: String,
    /// A request that was made after the policy was set: once it has completed, the policy counts.
    ticket: Option<usize>,
    /// There was a call meanwhile, or there may be: the peer of a call may call again.
    has_called: bool,
}

/// A client and its app.
pub(crate) struct Client {
    kit: AtomicPtr<nertc_callkit>,
    account: String,
    is_app: bool,
    /// Answers inside on_invited.
    is_eager: bool,
    is_closed: AtomicBool,
    log: Mutex<Log>,
    changed: Condvar,
}

/// The user_data of a request: its owner and number.
struct Request {
    client: *const Client,
    ticket: usize,
}

fn size<T>() -> u32 {
    size_of::<T>() as u32
}

impl Client {
    pub(crate) fn new(
        hub: *mut nertc_callkit_hub,
        account: &str,
        device: usize,
        is_app: bool,
        is_eager: bool,
    ) -> Box<Client> {
        let client = Box::new(Client {
            kit: AtomicPtr::new(ptr::null_mut()),
            account: account.to_owned(),
            is_app,
            is_eager,
            is_closed: AtomicBool::new(false),
            log: Mutex::new(Log::default()),
            changed: Condvar::new(),
        });
        let device = CString::new(format!("device{device}")).expect("no zero inside");
        // SAFETY: all zero is each struct's documented default; what they point to outlives create, which
        // copies it, and this is boxed and outlives the handle.
        unsafe {
            let mut backends: nertc_callkit_backends = std::mem::zeroed();
            backends.struct_size = size::<nertc_callkit_backends>();
            assert_eq!(nertc_callkit_loopback_signaling(hub, &mut backends), OK);
            assert_eq!(nertc_callkit_loopback_rtc(hub, &mut backends), OK);
            let (listener, timers) = (listener(), timers());
            let mut config: nertc_callkit_config = std::mem::zeroed();
            config.struct_size = size::<nertc_callkit_config>();
            config.delivery = i32::from(is_app);
            config.listener = &listener;
            config.timers = &timers;
            config.backends = &backends;
            config.device_id = device.as_ptr();
            config.user_data = ptr::from_ref(&*client).cast_mut().cast();
            let mut kit = ptr::null_mut();
            assert_eq!(nertc_callkit_create(&config, &mut kit), OK);
            client.kit.store(kit, Ordering::Release);
        }
        client
    }

    fn kit(&self) -> *mut nertc_callkit {
        self.kit.load(Ordering::Acquire)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no callback panics")
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// 0 idle, 1 calling, 2 called, 3 in a call; negative: gone.
    pub(crate) fn state(&self) -> i32 {
        // SAFETY: a handle, or gone, which is an answer.
        unsafe { nertc_callkit_get_state(self.kit()) }
    }

    pub(crate) fn waits_for(&self) -> usize {
        self.log().open.len()
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.log().is_gone
    }

    pub(crate) fn callbacks(&self) -> u64 {
        self.log().callbacks
    }

    /// Calls that were connected.
    pub(crate) fn connected(&self) -> usize {
        self.log().calls.values().filter(|call| call.once.contains("on_call_connected")).count()
    }

    /// Lets callbacks run for a millisecond.
    pub(crate) fn take_some(&self) {
        if self.is_app {
            // SAFETY: a handle, or gone; never called inside a callback.
            if unsafe { nertc_callkit_dispatch(self.kit(), 1) } >= 0 {
                return;
            }
        }
        let log = self.log();
        let _ = self.changed.wait_timeout(log, Duration::from_millis(1)).expect("no callback panics");
    }

    /// Issues a request; an accepted one must complete once.
    pub(crate) fn ask(&self, ask: Ask<'_>) {
        self.try_ask(ask);
    }

    /// Its ticket. None: it was refused.
    fn try_ask(&self, ask: Ask<'_>) -> Option<usize> {
        let mut log = self.log();
        log.last_ticket += 1;
        let ticket = log.last_ticket;
        log.open.insert(ticket, format!("{ask:?}"));
        if let (Ask::Call(_), Some(refusal)) = (ask, &mut log.refusal) {
            refusal.has_called = true;
        }
        log.lines.push(format!("ask {ask:?}"));
        // The worker may complete it before the function returns.
        drop(log);
        let request = Box::into_raw(Box::new(Request { client: self, ticket }));
        let answer = self.submit(ask, request.cast());
        if answer != OK {
            self.log().open.remove(&ticket);
            self.log().lines.push(format!("refused {ask:?}: {answer:?}"));
            // SAFETY: created above, and a refused request has no completion.
            drop(unsafe { Box::from_raw(request) });
            return None;
        }
        Some(ticket)
    }

    fn submit(&self, ask: Ask<'_>, data: *mut c_void) -> nertc_callkit_status {
        let kit = self.kit();
        let done: nertc_callkit_completion_cb = Some(on_done);
        let account = CString::new(self.account.as_str()).expect("no zero inside");
        let user = CString::new(if let Ask::Call(user) = ask { user } else { "" }).expect("no zero inside");
        // SAFETY: the handle exists, or has ended; texts and structs are copied before the function returns;
        // `data` exists until its completion.
        unsafe {
            match ask {
                Ask::Login => nertc_callkit_login(kit, account.as_ptr(), ptr::null(), done, data),
                Ask::Logout => nertc_callkit_logout(kit, done, data),
                Ask::Call(_) => {
                    let mut options: nertc_callkit_call_options = std::mem::zeroed();
                    options.struct_size = size::<nertc_callkit_call_options>();
                    options.user_id = user.as_ptr();
                    nertc_callkit_call(kit, &options, done, data)
                }
                Ask::Cancel => nertc_callkit_cancel(kit, ptr::null(), ptr::null(), done, data),
                Ask::Accept => nertc_callkit_accept(kit, ptr::null(), done, data),
                Ask::Reject => nertc_callkit_reject(kit, ptr::null(), ptr::null(), done, data),
                Ask::Hangup => nertc_callkit_hangup(kit, ptr::null(), ptr::null(), done, data),
                Ask::Leave => nertc_callkit_leave(kit, ptr::null(), ptr::null(), done, data),
                Ask::Switch => nertc_callkit_switch_call_type(kit, 2, 1, done, data),
                Ask::Mute => nertc_callkit_mute_local(kit, 1, 1, done, data),
            }
        }
    }

    /// Refuses the calls of an account from now on, or of nobody.
    pub(crate) fn refuse(&self, account: Option<&str>, answers_busy: bool) {
        let name = CString::new(account.unwrap_or_default()).expect("no zero inside");
        let names = [name.as_ptr()];
        // SAFETY: all zero is the struct's documented default; it and its texts are copied before the
        // function returns; the handle is one, or gone.
        let answer = unsafe {
            let mut policy: nertc_callkit_call_policy = std::mem::zeroed();
            policy.struct_size = size::<nertc_callkit_call_policy>();
            if account.is_some() {
                policy.rule = nertc_callkit_policy_rule::NERTC_CALLKIT_POLICY_ALL_BUT_LISTED as i32;
                policy.answer = i32::from(answers_busy);
                (policy.accounts, policy.account_count) = (names.as_ptr(), 1);
            }
            nertc_callkit_set_call_policy(self.kit(), &policy)
        };
        let mut log = self.log();
        log.lines.push(format!("refuse {account:?}: {answer:?}"));
        if answer != OK {
            return;
        }
        let has_called = log.calls.values().any(|call| !call.has_ended)
            || log.open.values().any(|ask| ask.starts_with("Call"));
        let refusal = |account: &str| Refusal { account: account.to_owned(), ticket: None, has_called };
        log.refusal = account.map(refusal);
        drop(log);
        // Anything that completes.
        let ticket = self.try_ask(Ask::Login);
        self.log().refusal.iter_mut().for_each(|refusal| refusal.ticket = ticket);
    }

    /// Sets the token for the next connection.
    pub(crate) fn give_token(&self) {
        // SAFETY: a handle, or gone; the text is copied before the function returns.
        let answer = unsafe { nertc_callkit_set_token(self.kit(), c"new".as_ptr()) };
        self.log().lines.push(format!("give a token: {answer:?}"));
    }

    /// Calls that the policy refused, and token requests.
    pub(crate) fn refused_and_asked(&self) -> [u64; 2] {
        let log = self.log();
        [log.refused, log.tokens]
    }

    /// Ends the client and waits for it.
    pub(crate) fn destroy(&self) -> Result<(), String> {
        // SAFETY: a handle; not inside a callback.
        let answer = unsafe { nertc_callkit_destroy(self.kit()) };
        self.is_closed.store(true, Ordering::Release);
        self.log().is_gone = true;
        if answer == OK { Ok(()) } else { Err(format!("destroy answers {answer:?}")) }
    }

    /// Ends the client in the background.
    pub(crate) fn release(&self) -> Result<(), String> {
        // SAFETY: a handle; the client outlives the callback, which the test waits for.
        let answer = unsafe {
            nertc_callkit_release(self.kit(), Some(on_released), ptr::from_ref(self).cast_mut().cast())
        };
        if answer == OK { Ok(()) } else { Err(format!("release answers {answer:?}")) }
    }

    /// A callback came.
    fn on_event(&self, name: &'static str, call_no: u64) {
        let mut log = self.log();
        log.callbacks += 1;
        log.lines.push(format!("{name} of call {call_no}"));
        if self.is_closed.load(Ordering::Acquire) {
            log.wrong.push(format!("invariant 1: {name} after the end of the client"));
        }
        if call_no != 0 {
            log.event(name, call_no);
        }
        drop(log);
        self.changed.notify_all();
    }

    fn complete(&self, ticket: usize, code: i32, call_no: u64, operation: u32) {
        let mut log = self.log();
        log.callbacks += 1;
        log.lines.push(format!("done {ticket}: operation {operation}, code {code}, call {call_no}"));
        if log.open.remove(&ticket).is_none() {
            log.wrong.push(format!("invariant 1: request {ticket} completes twice"));
        }
        let is_call = operation == nertc_callkit_operation::NERTC_CALLKIT_OPERATION_CALL as u32;
        if is_call && call_no != 0 {
            log.calls.entry(call_no).or_default();
        }
        if call_no != 0 && log.calls.get(&call_no).is_none_or(|call| call.has_ended) {
            log.wrong.push(format!("invariant 2: request {ticket} names call {call_no}, which is not on"));
        }
        drop(log);
        self.changed.notify_all();
    }

    /// Guarantees that were violated, after the end.
    pub(crate) fn result(&self) -> Result<(), String> {
        let log = self.log();
        let mut wrong = log.wrong.clone();
        wrong.extend(log.open.values().map(|ask| format!("invariant 1: {ask} never completed")));
        let open = log.calls.iter().filter(|(_, call)| !call.has_ended);
        wrong.extend(open.map(|(call, _)| format!("invariant 2: call {call} never ended")));
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {}", self.account, wrong.join("; "))) }
    }

    /// Its events, for readers.
    pub(crate) fn history(&self) -> String {
        let log = self.log();
        let delivery = if self.is_app { "APP" } else { "WORKER" };
        let from = log.lines.len().saturating_sub(60);
        format!("{} ({delivery}), state {}:\n{}", self.account, self.state(), log.lines[from..].join("\n"))
    }
}

impl Log {
    /// A call of this account rings.
    fn invited(&mut self, account: &str) {
        let Some(refusal) = &mut self.refusal else { return };
        let has_completed = refusal.ticket.is_some_and(|ticket| !self.open.contains_key(&ticket));
        if has_completed && !refusal.has_called && refusal.account == account {
            self.wrong.push(format!("invariant 13: {account} rings, whom the policy refuses"));
        }
        refusal.has_called = true;
    }

    fn event(&mut self, name: &'static str, call_no: u64) {
        if name == "on_invited" {
            self.calls.entry(call_no).or_default();
        }
        let Some(call) = self.calls.get_mut(&call_no) else {
            return self.wrong.push(format!("invariant 2: {name} of call {call_no}, which is unknown"));
        };
        if call.has_ended {
            self.wrong.push(format!("invariant 2: {name} after the end of call {call_no}"));
        } else if ONCE.contains(&name) && !call.once.insert(name) {
            self.wrong.push(format!("invariant 2: {name} twice in call {call_no}"));
        }
        call.has_ended |= name == "on_call_end";
    }
}

/// Events that come at most once a call.
const ONCE: &[&str] = &[
    "on_invited",
    "on_user_busy",
    "on_user_cancel",
    "on_user_accept",
    "on_user_enter",
    "on_user_reject",
    "on_user_leave",
    "on_user_disconnect",
    "on_call_end",
    "on_calling_timeout",
    "on_call_connected",
    "on_other_client_accept",
    "on_other_client_reject",
    "on_message_sent",
];

/// Listener functions that only write down what they are.
macro_rules! listeners {
    ($($name:ident($event:ty)),* $(,)?) => {
        $(unsafe extern "C" fn $name(_: *mut nertc_callkit, event: *const $event, client: *mut c_void) {
            // SAFETY: the event is lent, and this outlives the handle.
            unsafe { (*client.cast::<Client>()).on_event(stringify!($name), (*event).call_no) }
        })*
    };
}

listeners!(
    on_user_busy(nertc_callkit_user_event),
    on_user_cancel(nertc_callkit_user_event),
    on_user_accept(nertc_callkit_user_event),
    on_user_enter(nertc_callkit_user_event),
    on_user_reject(nertc_callkit_user_event),
    on_user_leave(nertc_callkit_user_event),
    on_user_disconnect(nertc_callkit_user_event),
    on_disconnect(nertc_callkit_connection_event),
    on_audio_available(nertc_callkit_media_event),
    on_camera_available(nertc_callkit_media_event),
    on_call_end(nertc_callkit_end_event),
    on_calling_timeout(nertc_callkit_call_event),
    on_call_type_change(nertc_callkit_call_event),
    on_other_client_accept(nertc_callkit_call_event),
    on_other_client_reject(nertc_callkit_call_event),
    on_video_muted(nertc_callkit_media_event),
    on_audio_muted(nertc_callkit_media_event),
    on_message_sent(nertc_callkit_record_event),
    on_call_connected(nertc_callkit_call_event),
    on_kicked(nertc_callkit_connection_event),
    on_reconnecting(nertc_callkit_connection_event),
    on_reconnected(nertc_callkit_connection_event),
    on_network_quality(nertc_callkit_connection_event),
    on_call_type_request(nertc_callkit_call_event),
);

unsafe extern "C" fn on_invited(
    _: *mut nertc_callkit,
    event: *const nertc_callkit_invited_event,
    client: *mut c_void,
) {
    // SAFETY: the event is lent, and this outlives the handle.
    let (client, call_no, invitor) = unsafe {
        (&*client.cast::<Client>(), (*event).call_no, CStr::from_ptr((*event).invitor).to_string_lossy())
    };
    client.log().invited(&invitor);
    client.on_event("on_invited", call_no);
    if client.is_eager {
        client.ask(Ask::Accept);
    }
}

unsafe extern "C" fn on_missed_call(
    _: *mut nertc_callkit,
    event: *const nertc_callkit_missed_event,
    client: *mut c_void,
) {
    // SAFETY: the event is lent, and this outlives the handle.
    let (client, reason) = unsafe { (&*client.cast::<Client>(), (*event).reason) };
    client.log().refused +=
        u64::from(reason == nertc_callkit_missed_reason::NERTC_CALLKIT_MISSED_BLOCKED as i32);
    client.on_event("on_missed_call", 0);
}

unsafe extern "C" fn on_token_needed(
    _: *mut nertc_callkit,
    _: *const nertc_callkit_connection_event,
    client: *mut c_void,
) {
    // SAFETY: this outlives the handle.
    let client = unsafe { &*client.cast::<Client>() };
    client.log().tokens += 1;
    client.on_event("on_token_needed", 0);
    if client.is_eager {
        client.give_token();
    }
}

unsafe extern "C" fn on_done(_: *mut nertc_callkit, result: *const nertc_callkit_result, data: *mut c_void) {
    // SAFETY: the result is lent; the request was boxed for this one completion, and its client exists. The
    // ticket is kept, so that a second completion would be reported and not crash.
    let (request, result) = unsafe { (&*data.cast::<Request>(), &*result) };
    // SAFETY: as above.
    unsafe { (*request.client).complete(request.ticket, result.code, result.call_no, result.operation) }
}

unsafe extern "C" fn on_released(client: *mut c_void) {
    // SAFETY: the test waits for this before it lets go of the client.
    let client = unsafe { &*client.cast::<Client>() };
    client.is_closed.store(true, Ordering::Release);
    client.log().is_gone = true;
    client.changed.notify_all();
}

fn listener() -> nertc_callkit_listener {
    nertc_callkit_listener {
        struct_size: size::<nertc_callkit_listener>(),
        flags: 0,
        on_invited: Some(on_invited),
        on_user_busy: Some(on_user_busy),
        on_user_cancel: Some(on_user_cancel),
        on_user_accept: Some(on_user_accept),
        on_user_enter: Some(on_user_enter),
        on_user_reject: Some(on_user_reject),
        on_user_leave: Some(on_user_leave),
        on_user_disconnect: Some(on_user_disconnect),
        on_disconnect: Some(on_disconnect),
        on_audio_available: Some(on_audio_available),
        on_camera_available: Some(on_camera_available),
        on_call_end: Some(on_call_end),
        on_calling_timeout: Some(on_calling_timeout),
        on_call_type_change: Some(on_call_type_change),
        on_other_client_accept: Some(on_other_client_accept),
        on_other_client_reject: Some(on_other_client_reject),
        on_video_muted: Some(on_video_muted),
        on_audio_muted: Some(on_audio_muted),
        on_message_sent: Some(on_message_sent),
        on_error: None,
        on_call_connected: Some(on_call_connected),
        on_kicked: Some(on_kicked),
        on_reconnecting: Some(on_reconnecting),
        on_reconnected: Some(on_reconnected),
        on_network_quality: Some(on_network_quality),
        on_call_type_request: Some(on_call_type_request),
        on_missed_call: Some(on_missed_call),
        on_user_ringing: None,
        on_token_needed: Some(on_token_needed),
        on_record_received: None,
        on_data: None,
        on_media_secured: None,
    }
}

/// Short enough that every limit is met within a test.
fn timers() -> nertc_callkit_timers {
    nertc_callkit_timers {
        struct_size: size::<nertc_callkit_timers>(),
        ring_ms: 250,
        ring_grace_ms: 20,
        login_ms: 300,
        request_ms: 150,
        operation_ms: 100,
        rtc_leave_ms: 60,
        rtc_connect_ms: 300,
        handshake_ms: 50,
        switch_ms: 120,
        glare_ms: 60,
        peer_leave_ms: 20,
        peer_reconnecting_ms: 2_100,
        peer_lost_ms: 2_300,
        teardown_ms: 200,
        destroy_wait_ms: 40,
        tombstone_ms: 600_000,
        invite_age_ms: 120_000,
        token_ms: 150,
        reserved: 0,
    }
}
