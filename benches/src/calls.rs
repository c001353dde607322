//! Calls between two clients of this process.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::Relaxed};

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit;

use crate::api::{self, Handle};
use crate::system::{Counter, now};

static CALLER: AtomicPtr<nertc_callkit> = AtomicPtr::new(ptr::null_mut());
/// When the caller was notified that both sides are connected.
static CONNECTED_AT: AtomicU64 = AtomicU64::new(0);
/// The call ends by itself once both sides are connected.
static HANGS_UP: AtomicBool = AtomicBool::new(true);
static LOGGED_IN: Counter = Counter::new("logged in");
static CONNECTED: Counter = Counter::new("connected");
static ENDED: Counter = Counter::new("ended");

extern "C" fn on_done(_: Handle, _: *const abi::nertc_callkit_result, _: *mut c_void) {
    LOGGED_IN.add(1);
}

extern "C" fn on_invited(kit: Handle, _: *const abi::nertc_callkit_invited_event, _: *mut c_void) {
    api::accept(kit);
}

extern "C" fn on_call_connected(kit: Handle, _: *const abi::nertc_callkit_call_event, _: *mut c_void) {
    let caller = CALLER.load(Relaxed);
    if kit == caller {
        CONNECTED_AT.store(now(), Relaxed);
    }
    if CONNECTED.add(2) == 1 && HANGS_UP.load(Relaxed) {
        api::hangup(caller);
    }
}

extern "C" fn on_call_end(_: Handle, _: *const abi::nertc_callkit_end_event, _: *mut c_void) {
    ENDED.add(2);
}

/// The functions that every client here has.
pub(crate) fn listener() -> abi::nertc_callkit_listener {
    let mut listener: abi::nertc_callkit_listener = api::init();
    listener.on_invited = Some(on_invited);
    listener.on_call_connected = Some(on_call_connected);
    listener.on_call_end = Some(on_call_end);
    listener
}

/// A client that is logged in.
pub(crate) fn online(
    listener: &abi::nertc_callkit_listener,
    account: &str,
    rtc: Option<(&'static abi::nertc_callkit_rtc, usize)>,
) -> Handle {
    let kit = api::create(listener, rtc);
    api::login(kit, account, Some(on_done), 0);
    LOGGED_IN.wait(1);
    kit
}

/// Two clients that call each other.
pub(crate) struct Pair {
    caller: Handle,
    callee: Handle,
    options: abi::nertc_callkit_call_options,
}

impl Pair {
    /// Both online; each with the media backend `rtc`, if there is one.
    pub(crate) fn new(
        listener: &abi::nertc_callkit_listener,
        rtc: Option<&'static abi::nertc_callkit_rtc>,
    ) -> Pair {
        let caller = online(listener, "alice", rtc.map(|rtc| (rtc, 0)));
        let callee = online(listener, "bob", rtc.map(|rtc| (rtc, 1)));
        CALLER.store(caller, Relaxed);
        Pair { caller, callee, options: api::call_options(c"bob") }
    }

    /// One call from its start to its end on both sides. Answers when the function to call has returned and
    /// when the caller was connected, in nanoseconds from the start.
    pub(crate) fn cycle(&self) -> (f64, f64) {
        HANGS_UP.store(true, Relaxed);
        let start = now();
        let status = api::call(self.caller, &self.options);
        let returned = now();
        assert_eq!(status, 0, "call");
        ENDED.wait(2);
        CONNECTED.wait(2);
        ((returned - start) as f64, (CONNECTED_AT.load(Relaxed) - start) as f64)
    }

    /// Both record, into files of this process, or no longer.
    pub(crate) fn trace(&self, is_on: bool) {
        for (kit, name) in [(self.caller, "caller"), (self.callee, "callee")] {
            let name = format!("nertc_callkit_bench.{}.{name}.trace", std::process::id());
            let file = std::env::temp_dir().join(name);
            api::trace(kit, is_on.then_some(&file));
            if !is_on {
                let _ = std::fs::remove_file(file.with_extension("trace.1"));
                let _ = std::fs::remove_file(file);
            }
        }
    }

    /// One call that continues.
    pub(crate) fn connect(&self) {
        HANGS_UP.store(false, Relaxed);
        assert_eq!(api::call(self.caller, &self.options), 0, "call");
        CONNECTED.wait(2);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        api::destroy(self.caller);
        api::destroy(self.callee);
    }
}

/// Nanoseconds from create to the completion of login, when the library has no client yet.
pub(crate) fn init_login() -> f64 {
    let listener = listener();
    let start = now();
    let kit = online(&listener, "alice", None);
    let end = now();
    api::destroy(kit);
    (end - start) as f64
}
