//! Load: many devices of one process, logged in at a broker of their own, that call each other:
//! `bench load LIBRARY DEVICES SECONDS AT_ONCE`.

use std::collections::VecDeque;
use std::ffi::{CString, c_void};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use nertc_callkit_abi as abi;
use nertc_callkit_testkit::mosquitto::{self, Mosquitto};

use crate::api::{self, Handle};
use crate::samples::SECOND;
use crate::system;

/// Logins under way at a time.
const LOGINS: usize = 200;
/// Long enough for every device to ping the broker once.
const IDLE: Duration = Duration::from_secs(60);
/// Descriptors for everything but the devices.
const SPARE: u64 = 200;

/// What the callbacks write down.
#[derive(Default)]
struct Book {
    logging_in: usize,
    refused: usize,
    /// Callers that have no call, the one that waits longest in front.
    free: VecDeque<usize>,
    calling: usize,
    /// When each caller began to call; 0: it is connected or has none.
    began: Vec<u64>,
    /// From call to connected, in nanoseconds.
    took: Vec<u64>,
    failed: usize,
}

static BOOK: Mutex<Book> = Mutex::new(Book {
    logging_in: 0,
    refused: 0,
    free: VecDeque::new(),
    calling: 0,
    began: Vec::new(),
    took: Vec::new(),
    failed: 0,
});
static BELL: Condvar = Condvar::new();
/// Devices with smaller numbers call, the others answer.
static CALLERS: OnceLock<usize> = OnceLock::new();

fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().expect("no panic")
}

/// Waits until it is so, or the deadline is there: then false.
fn wait(until: Instant, is_so: impl Fn(&Book) -> bool) -> bool {
    let mut book = book();
    while !is_so(&book) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        book = BELL.wait_timeout(book, left).expect("no panic").0;
    }
    true
}

/// The number of the caller whose callback this is.
fn caller(user_data: *mut c_void) -> Option<usize> {
    CALLERS.get().map(|_| user_data.addr()).filter(|number| CALLERS.get().is_some_and(|all| number < all))
}

extern "C" fn on_login(_: Handle, result: *const abi::nertc_callkit_result, _: *mut c_void) {
    let mut book = book();
    book.logging_in -= 1;
    // SAFETY: lent for the call.
    book.refused += usize::from(unsafe { (*result).code } != 0);
    BELL.notify_all();
}

extern "C" fn on_invited(kit: Handle, _: *const abi::nertc_callkit_invited_event, _: *mut c_void) {
    api::accept(kit);
}

extern "C" fn on_call_connected(kit: Handle, _: *const abi::nertc_callkit_call_event, number: *mut c_void) {
    if let Some(number) = caller(number) {
        let mut book = book();
        let took = system::now() - std::mem::take(&mut book.began[number]);
        book.took.push(took);
        drop(book);
        api::hangup(kit);
    }
}

extern "C" fn on_call_end(_: Handle, _: *const abi::nertc_callkit_end_event, number: *mut c_void) {
    if let Some(number) = caller(number) {
        let mut book = book();
        book.failed += usize::from(std::mem::take(&mut book.began[number]) != 0);
        book.calling -= 1;
        book.free.push_back(number);
        BELL.notify_all();
    }
}

/// All devices, logged in; how long that took.
fn log_in(port: u16, count: usize) -> (Vec<Handle>, Duration) {
    let mut listener: abi::nertc_callkit_listener = api::init();
    listener.on_invited = Some(on_invited);
    listener.on_call_connected = Some(on_call_connected);
    listener.on_call_end = Some(on_call_end);
    let mut kits = Vec::with_capacity(count);
    let start = Instant::now();
    for number in 0..count {
        assert!(
            wait(start + 600 * SECOND, |book| book.logging_in < LOGINS),
            "{number} of {count} logins began in 600 s"
        );
        book().logging_in += 1;
        let kit = api::create_with(&listener, Some(&api::mqtt(port)), number);
        api::login(kit, &format!("device-{number}"), Some(on_login), number);
        kits.push(kit);
    }
    assert!(wait(Instant::now() + 60 * SECOND, |book| book.logging_in == 0), "logins do not end");
    assert_eq!(book().refused, 0, "logins were refused");
    (kits, start.elapsed())
}

/// This many calls at a time, for this long; the time until the last one ended.
fn call_each_other(kits: &[Handle], seconds: u64, at_once: usize) -> Duration {
    let half = kits.len() / 2;
    let names: Vec<abi::nertc_callkit_call_options> = (half..2 * half)
        .map(|number| {
            let name = CString::new(format!("device-{number}")).expect("a name");
            api::call_options(Box::leak(name.into_boxed_c_str()))
        })
        .collect();
    {
        let mut book = book();
        book.began = vec![0; half];
        book.free = (0..half).collect();
    }
    CALLERS.set(half).expect("once");
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    // The callee changes with every turn: a device limits the invites of an account.
    for number in 0_usize.. {
        if !wait(end, |book| book.calling < at_once && !book.free.is_empty()) || Instant::now() >= end {
            break;
        }
        let mut book = book();
        let caller = book.free.pop_front().expect("there is one");
        book.calling += 1;
        book.began[caller] = system::now();
        drop(book);
        let callee = (number + number / half) % half;
        assert_eq!(api::call(kits[caller], &names[callee]), 0, "call");
    }
    assert!(wait(Instant::now() + 60 * SECOND, |book| book.calling == 0), "calls do not end");
    start.elapsed()
}

/// CPU seconds of this process and of the broker, in all.
fn cpu(broker: &Mosquitto) -> [f64; 2] {
    [std::process::id(), broker.id()].map(|process| system::cpu_of(process) / 1e9)
}

/// Measures and prints it.
#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn run(library: &str, devices: usize, seconds: u64, at_once: usize) {
    if !mosquitto::is_installed() {
        println!("load: mosquitto is not installed: make setup installs it");
        return;
    }
    let files = system::raise_files();
    let most = files.saturating_sub(SPARE) as usize;
    if devices > most {
        println!("only {most} of {devices} devices: the limit of open files is {files}");
    }
    let devices = devices.min(most).max(4) / 2 * 2;
    let load = system::load();
    let broker = Mosquitto::anonymous("broker");
    api::load(library);
    let broker_id = broker.id().to_string();
    let memory = || [system::private_dirty(), system::private_dirty_of(&broker_id)];
    let (before, heap, used) = (memory(), system::heap(), cpu(&broker));
    let (kits, took) = log_in(broker.plain, devices);
    let after = cpu(&broker);
    let each = |total: f64| total / devices as f64;
    println!("{devices} devices in one process with {} threads", 1 + system::other_threads().len());
    println!(
        "login    {:.1} s, {:.0} a second, {:.0} us CPU each, the broker {:.0} us",
        took.as_secs_f64(),
        devices as f64 / took.as_secs_f64(),
        each(after[0] - used[0]) * 1e6,
        each(after[1] - used[1]) * 1e6
    );
    system::settle(SECOND);
    let (own, theirs) = (memory()[0] - before[0], memory()[1] - before[1]);
    println!(
        "memory   {:.1} kB a device, {:.1} of it heap; the broker {:.1} kB",
        each(own) / 1e3,
        each(system::heap() - heap) / 1e3,
        each(theirs) / 1e3
    );
    idle(&broker, devices);
    calls(&broker, &kits, seconds, at_once);
    println!(
        "after    {:.1} kB a device; the broker {:.1} kB",
        each(memory()[0] - before[0]) / 1e3,
        each(memory()[1] - before[1]) / 1e3
    );
    println!("load of the machine at start {load}, at end {}", system::load());
    kits.into_iter().for_each(api::destroy);
}

#[expect(clippy::print_stdout, reason = "as above")]
fn idle(broker: &Mosquitto, devices: usize) {
    let (before, sleeps) = (cpu(broker), system::sleeps_of_others());
    system::settle(IDLE);
    let after = cpu(broker);
    println!(
        "idle     in {} s {:.2} s CPU, {:.1} us a device, woken {} times; the broker {:.2} s",
        IDLE.as_secs(),
        after[0] - before[0],
        (after[0] - before[0]) / devices as f64 * 1e6,
        system::sleeps_of_others() - sleeps,
        after[1] - before[1]
    );
}

#[expect(clippy::print_stdout, reason = "as above")]
fn calls(broker: &Mosquitto, kits: &[Handle], seconds: u64, at_once: usize) {
    let before = cpu(broker);
    let took = call_each_other(kits, seconds, at_once).as_secs_f64();
    let after = cpu(broker);
    let mut book = book();
    book.took.sort_unstable();
    let count = book.took.len().max(1) as f64;
    let at = |part: f64| book.took.get((part * (count - 1.0)) as usize).map_or(0.0, |it| *it as f64 / 1e6);
    println!(
        "calls    {} in {took:.1} s, {:.0} a second with {at_once} at a time, {} failed",
        book.took.len(),
        count / took,
        book.failed
    );
    println!("set-up   p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms", at(0.5), at(0.99), at(1.0));
    println!(
        "CPU      {:.0} us a call here ({:.0} % of one CPU), {:.0} us at the broker ({:.0} %)",
        (after[0] - before[0]) / count * 1e6,
        (after[0] - before[0]) / took * 100.0,
        (after[1] - before[1]) / count * 1e6,
        (after[1] - before[1]) / took * 100.0
    );
}
