//! Calls between devices of this process and devices of another one, over the broker.

use std::ffi::{CString, c_void};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use nertc_callkit_abi as abi;

use super::child::Child;
use crate::api::{self, Handle};
use crate::system::{Counter, give_up, now};

/// Devices on each side. A called device limits each account's invites; among
/// this many pairs no account calls another that often.
const DEVICES: usize = 32;
const DEVICES_U64: u64 = DEVICES as u64;

static LOGGED_IN: Counter = Counter::new("logged in at the broker");
static CONNECTED: Counter = Counter::new("connected over the broker");
static ENDED: Counter = Counter::new("ended over the broker");
static IS_CONNECTED: AtomicBool = AtomicBool::new(false);
/// When the caller was notified of the accept, and of the connection.
static ACCEPTED_AT: AtomicU64 = AtomicU64::new(0);
static CONNECTED_AT: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_login(_: Handle, result: *const abi::nertc_callkit_result, _: *mut c_void) {
    // SAFETY: lent for the call.
    let code = unsafe { (*result).code };
    if code != 0 {
        give_up(&format!("login: {code}"));
    }
    LOGGED_IN.add(1);
}

extern "C" fn on_invited(kit: Handle, _: *const abi::nertc_callkit_invited_event, _: *mut c_void) {
    api::accept(kit);
}

extern "C" fn on_user_accept(_: Handle, _: *const abi::nertc_callkit_user_event, _: *mut c_void) {
    ACCEPTED_AT.store(now(), Relaxed);
}

extern "C" fn on_call_connected(_: Handle, _: *const abi::nertc_callkit_call_event, _: *mut c_void) {
    CONNECTED_AT.store(now(), Relaxed);
    IS_CONNECTED.store(true, Relaxed);
    CONNECTED.add(1);
}

extern "C" fn on_call_end(_: Handle, event: *const abi::nertc_callkit_end_event, _: *mut c_void) {
    if !IS_CONNECTED.swap(false, Relaxed) {
        // SAFETY: lent for the call.
        give_up(&format!("a call ended unconnected: reason {}", unsafe { (*event).reason }));
    }
    ENDED.add(1);
}

/// On the called side: says that it is connected.
extern "C" fn on_answered_call_connected(_: Handle, _: *const abi::nertc_callkit_call_event, _: *mut c_void) {
    // SAFETY: ten bytes of ours, to the output that the caller reads.
    unsafe { libc::write(1, c"connected\n".as_ptr().cast(), 10) };
}

/// On the called side: reports that a call has ended.
extern "C" fn on_answered_call_end(_: Handle, _: *const abi::nertc_callkit_end_event, _: *mut c_void) {
    // SAFETY: six bytes of ours, to the output that the caller reads.
    unsafe { libc::write(1, c"ended\n".as_ptr().cast(), 6) };
}

/// A device that is logged in.
pub(crate) fn online(listener: &abi::nertc_callkit_listener, port: u16, account: &str) -> Handle {
    let kit = api::create_with(listener, Some(&api::mqtt(port)), 0);
    api::login(kit, account, Some(on_login), 0);
    LOGGED_IN.wait(1);
    kit
}

/// The called side: answers every call until its input or the measuring process ends.
pub(crate) fn answer(port: u16) {
    let mut listener: abi::nertc_callkit_listener = api::init();
    listener.on_invited = Some(on_invited);
    listener.on_call_connected = Some(on_answered_call_connected);
    listener.on_call_end = Some(on_answered_call_end);
    let kits: Vec<Handle> =
        (0..DEVICES).map(|number| online(&listener, port, &format!("callee-{number}"))).collect();
    // SAFETY: six bytes of ours.
    unsafe { libc::write(1, c"ready\n".as_ptr().cast(), 6) };
    let _ = std::io::read_to_string(std::io::stdin());
    kits.into_iter().for_each(api::destroy);
}

/// The calling side, and the process that answers.
pub(crate) struct Callers {
    kits: Vec<Handle>,
    callees: Vec<abi::nertc_callkit_call_options>,
    other: Child,
    calls: u64,
}

impl Callers {
    /// All online. `tool` runs the process that answers, if it is not empty.
    pub(crate) fn start(library: &str, port: u16, cpu: &str, tool: &[&str]) -> Callers {
        let this = std::env::current_exe().expect("the own name");
        let this = this.to_str().expect("a name of text");
        let port_text = port.to_string();
        let words = [tool, &[this, "mqtt_answer", library, &port_text, cpu]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        let other = Child::start(&mut command);
        let mut listener: abi::nertc_callkit_listener = api::init();
        listener.on_user_accept = Some(on_user_accept);
        listener.on_call_connected = Some(on_call_connected);
        listener.on_call_end = Some(on_call_end);
        let callee = |number| {
            let name = CString::new(format!("callee-{number}")).expect("a name");
            api::call_options(Box::leak(name.into_boxed_c_str()))
        };
        let kits = (0..DEVICES).map(|number| online(&listener, port, &format!("caller-{number}"))).collect();
        Callers { kits, callees: (0..DEVICES).map(callee).collect(), other, calls: 0 }
    }

    /// One call from its start to its end on both sides. Returns when the caller was notified of the accept
    /// and of the connection, in nanoseconds from the start.
    pub(crate) fn cycle(&mut self) -> (f64, f64) {
        let (caller, callee) = (self.calls % DEVICES_U64, self.calls / DEVICES_U64 % DEVICES_U64);
        let (kit, options) = (self.kits[caller as usize], &self.callees[callee as usize]);
        self.calls += 1;
        let start = now();
        assert_eq!(api::call(kit, options), 0, "call");
        CONNECTED.wait(1);
        // Whoever hangs up sooner ends a call that the other has not joined yet.
        assert_eq!(self.other.line(), "connected");
        api::hangup(kit);
        ENDED.wait(1);
        assert_eq!(self.other.line(), "ended");
        let since = |at: &AtomicU64| (at.load(Relaxed) - start) as f64;
        (since(&ACCEPTED_AT), since(&CONNECTED_AT))
    }

    /// All but the one that called first are gone.
    pub(crate) fn leave_one(&mut self) {
        self.kits.split_off(1).into_iter().for_each(api::destroy);
    }

    /// Lets the process that answers end by itself.
    pub(crate) fn end(mut self) {
        std::mem::take(&mut self.kits).into_iter().for_each(api::destroy);
        self.other.end();
    }

    /// The process that answers.
    pub(crate) fn other(&self) -> u32 {
        self.other.id()
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        std::mem::take(&mut self.kits).into_iter().for_each(api::destroy);
    }
}
