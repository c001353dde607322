//! Calls with sound over WebRTC, between clients of this process.

mod pulse;
mod speech;

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use nertc_callkit_abi as abi;
use nertc_callkit_testkit::mosquitto::Mosquitto;

use crate::api::{self, Handle};
use crate::samples::{SECOND, median, print_figure};
use crate::system::{self, Counter, Limit, give_up, now};
use pulse::Pulse;
pub(crate) use pulse::is_there as has_pulse;
use speech::Speech;

/// Clients of a measure at most.
const CLIENTS: usize = 64;
/// Calls at a time in `crowd`.
const CALLS: usize = 10;
/// Clients on each side of `set_up`: a device limits how often one account may invite it.
const DEVICES: usize = 4;
/// Samples of a push: 20 ms.
const PUSH: usize = 960;
/// A sample of the peer's that is no silence.
const LOUD: i16 = 1_000;

static LOGGED_IN: Counter = Counter::new("logged in");
static CONNECTED: Counter = Counter::new("sides connected");
static ENDED: Counter = Counter::new("sides ended");
static ACCEPTED_AT: AtomicU64 = AtomicU64::new(0);
/// When each client first received its peer; 0 = not yet.
static RECEIVED_AT: [AtomicU64; CLIENTS] = [const { AtomicU64::new(0) }; CLIENTS];

extern "C" fn on_login(_: Handle, result: *const abi::nertc_callkit_result, _: *mut c_void) {
    // SAFETY: lent for the call.
    let code = unsafe { (*result).code };
    if code != 0 {
        give_up(&format!("login: {code}"));
    }
    LOGGED_IN.add(1);
}

extern "C" fn on_invited(kit: Handle, _: *const abi::nertc_callkit_invited_event, _: *mut c_void) {
    ACCEPTED_AT.store(now(), Relaxed);
    api::accept(kit);
}

extern "C" fn on_call_connected(_: Handle, _: *const abi::nertc_callkit_call_event, _: *mut c_void) {
    CONNECTED.add(2);
}

extern "C" fn on_call_end(_: Handle, _: *const abi::nertc_callkit_end_event, _: *mut c_void) {
    ENDED.add(2);
}

extern "C" fn on_frame(
    _: Handle,
    _: *const c_char,
    frame: *const abi::nertc_callkit_frame,
    number: *mut c_void,
) {
    let received = &RECEIVED_AT[number.addr()];
    if received.load(Relaxed) != 0 {
        return;
    }
    // SAFETY: lent for the call; sound of that many samples.
    let samples = unsafe {
        let frame = &*frame;
        std::slice::from_raw_parts(frame.planes[0].cast::<i16>(), frame.samples as usize)
    };
    if samples.iter().any(|sample| sample.unsigned_abs() > LOUD.unsigned_abs()) {
        received.store(now(), Relaxed);
    }
}

/// Clients that are logged in and send sound, whether in a call or not.
struct Clients {
    kits: Vec<Handle>,
    is_over: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

/// For the thread that sends sound.
struct Kits(Vec<Handle>);

// SAFETY: a handle is an id, which any thread may use.
unsafe impl Send for Kits {}

impl Clients {
    /// `client-0` and so on.
    fn start(count: usize, port: Option<u16>) -> Clients {
        Clients::with(count, || api::webrtc(port, true))
    }

    fn with(count: usize, backends: impl Fn() -> abi::nertc_callkit_backends) -> Clients {
        let mut listener: abi::nertc_callkit_listener = api::init();
        listener.on_invited = Some(on_invited);
        listener.on_call_connected = Some(on_call_connected);
        listener.on_call_end = Some(on_call_end);
        let kits: Vec<Handle> = (0..count)
            .map(|number| {
                let backends = backends();
                let mut config: abi::nertc_callkit_config = api::init();
                config.backends = &backends;
                config.on_frame = Some(on_frame);
                let kit = api::create_from(config, &listener, number);
                api::login(kit, &format!("client-{number}"), Some(on_login), number);
                LOGGED_IN.wait(1);
                kit
            })
            .collect();
        Clients { kits, is_over: Arc::default(), sender: None }
    }

    /// Everybody sends sound from now on.
    fn send_sound(&mut self, speech: Speech) {
        let (kits, is_over) = (Kits(self.kits.clone()), self.is_over.clone());
        self.sender = Some(std::thread::spawn(move || {
            let kits = kits;
            let start = now();
            for frame in 0_u64.. {
                if is_over.load(Relaxed) {
                    return;
                }
                for (number, kit) in kits.0.iter().enumerate() {
                    // Outside of a call nobody receives it.
                    api::push(*kit, speech.part(frame as usize * PUSH + number * 7_919, PUSH));
                }
                let due = start + (frame + 1) * 20_000_000;
                system::settle(Duration::from_nanos(due.saturating_sub(now())));
            }
        }));
    }

    /// One calls another, and both are connected.
    fn call(&self, from: usize, to: usize) {
        let name = std::ffi::CString::new(format!("client-{to}")).expect("a name");
        let options = api::call_options(Box::leak(name.into_boxed_c_str()));
        assert_eq!(api::call(self.kits[from], &options), 0, "call");
        CONNECTED.wait(2);
    }

    /// Until both have received each other; when the later one did.
    fn wait_for_sound(&self, from: usize, to: usize) -> u64 {
        let limit = Limit::new();
        loop {
            let received = [from, to].map(|number| RECEIVED_AT[number].load(Relaxed));
            if received.iter().all(|at| *at != 0) {
                return received[0].max(received[1]);
            }
            limit.check(|| format!("received at {received:?}"));
            system::settle(Duration::from_millis(1));
        }
    }

    fn hang_up(&self, from: usize) {
        api::hangup(self.kits[from]);
        ENDED.wait(2);
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join();
        }
        self.kits.drain(..).for_each(api::destroy);
    }
}

/// Parts of a CPU that this process uses, while nobody calls.
fn cpu_share(seconds: u32) -> f64 {
    let (start, before) = (now(), system::cpu_of(std::process::id()));
    system::settle(seconds * SECOND);
    (system::cpu_of(std::process::id()) - before) / (now() - start) as f64
}

/// One call: CPU of one side, in percent.
pub(crate) fn cpu(library: &str) {
    api::load(library);
    let mut clients = Clients::start(2, None);
    clients.send_sound(Speech::new());
    clients.call(0, 1);
    clients.wait_for_sound(0, 1);
    system::settle(system::either(2, 1) * SECOND);
    print_figure("percent", 100.0 * cpu_share(system::either(20, 2)) / 2.0);
}

/// The same through devices, with processing: two clients whose microphones hear speech.
pub(crate) fn devices_cpu(library: &str) {
    let _pulse = Pulse::start(Speech::new().part(0, 4 * 48_000));
    api::load(library);
    let clients = Clients::with(2, || api::webrtc(None, false));
    clients.call(0, 1);
    clients.wait_for_sound(0, 1);
    system::settle(system::either(2, 1) * SECOND);
    print_figure("percent", 100.0 * cpu_share(system::either(20, 2)) / 2.0);
}

/// Many calls: memory of each side, and calls that a CPU would carry.
pub(crate) fn crowd(library: &str) {
    let calls = system::either(CALLS, 2);
    let _ = system::private_dirty();
    api::load(library);
    let mut clients = Clients::start(2 * calls + 2, None);
    clients.send_sound(Speech::new());
    // What is made once.
    clients.call(2 * calls, 2 * calls + 1);
    clients.wait_for_sound(2 * calls, 2 * calls + 1);
    system::settle(2 * SECOND);
    let (memory, heap, share) = (system::private_dirty(), system::heap(), cpu_share(system::either(5, 1)));
    for call in 0..calls {
        clients.call(2 * call, 2 * call + 1);
    }
    (0..calls).for_each(|call| _ = clients.wait_for_sound(2 * call, 2 * call + 1));
    system::settle(system::either(5, 1) * SECOND);
    let sides = 2.0 * calls as f64;
    print_figure("bytes", (system::private_dirty() - memory) / sides);
    print_figure("heap", (system::heap() - heap) / sides);
    print_figure("calls_a_core", calls as f64 / (cpu_share(system::either(10, 1)) - share));
}

/// Calls over a broker: from the accept until both hear each other.
pub(crate) fn set_up(library: &str) {
    let broker = Mosquitto::anonymous("broker");
    api::load(library);
    let mut clients = Clients::start(2 * DEVICES, Some(broker.plain));
    clients.send_sound(Speech::tone());
    let times = (0..system::either(15, 2)).map(|call| {
        let (from, to) = (call % DEVICES, DEVICES + call / DEVICES % DEVICES);
        [from, to].iter().for_each(|number| RECEIVED_AT[*number].store(0, Relaxed));
        clients.call(from, to);
        let received = clients.wait_for_sound(from, to);
        clients.hang_up(from);
        (received - ACCEPTED_AT.load(Relaxed)) as f64
    });
    print_figure("setup", median(times.collect()));
}

/// Clients that have called, and then do nothing.
pub(crate) fn idle(library: &str) {
    api::load(library);
    let clients = Clients::start(2, None);
    clients.call(0, 1);
    clients.hang_up(0);
    // Sockets say good-bye for a second.
    system::settle(3 * SECOND);
    let before = system::sleeps_of_others();
    system::settle(system::either(20, 1) * SECOND);
    print_figure("wakeups", (system::sleeps_of_others() - before) as f64);
    print_figure("threads", 1.0 + system::other_threads().len() as f64);
}
