//! Measures over a broker: each starts its own Mosquitto, and ends it.

mod child;
mod load;
mod pairs;
mod raw;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nertc_callkit_testkit::mosquitto::Mosquitto;

use child::Child;
use pairs::Callers;
use raw::Raw;

use crate::samples::{SECOND, compare, median, print_figure, round_count, sample_count};
use crate::{api, system};

pub(crate) use load::run as load;
pub(crate) use nertc_callkit_testkit::mosquitto::is_installed as has_broker;

/// Long enough for three processes to send the last message of a call.
const PAUSE: Duration = Duration::from_micros(300);

/// Calls of sofia-sip between two processes: the program, or None where it is not.
struct Sofia {
    callee: Child,
    caller: Child,
}

impl Sofia {
    fn start(program: &str, callee_cpu: usize, cpu: usize) -> Option<Sofia> {
        if !Path::new(program).exists() {
            return None;
        }
        let port = system::free_port().to_string();
        let start = |role: &str| Child::start(Command::new(program).args([role, &port]));
        system::pin(0, callee_cpu);
        let callee = start("callee");
        system::pin(0, cpu);
        Some(Sofia { callee, caller: start("caller") })
    }

    /// Nanoseconds to the answer, the median of so many calls.
    fn calls(&mut self, count: u32) -> f64 {
        self.caller.send_line(&count.to_string());
        self.caller.line().parse().expect("a number")
    }

    fn cpu(&self) -> f64 {
        [self.callee.id(), self.caller.id()].map(system::cpu_of).iter().sum()
    }
}

/// Set-up, compared with a round trip over the same broker and with `sofia`. The caller is on the first CPU,
/// the broker and the called side on `other_cpu`.
pub(crate) fn set_up(library: &str, sofia: &str, other_cpu: usize) {
    let cpu = system::cpus()[0];
    system::pin(0, other_cpu);
    let broker = Mosquitto::anonymous("broker");
    system::pin(0, cpu);
    let mut sofia = Sofia::start(sofia, other_cpu, cpu);
    api::load(library);
    let mut raw = Raw::connect(broker.plain);
    let mut callers = Callers::start(library, broker.plain, &other_cpu.to_string(), &[]);
    // Calls whose CPU time is counted.
    let counted = system::either(1_000, 50);
    let (mut accepts, mut connects, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=round_count() {
        let samples: Vec<[f64; 3]> = (0..sample_count())
            .map(|_| {
                system::settle(PAUSE);
                let floor = raw.round_trip();
                system::settle(PAUSE);
                let (accepted, connected) = callers.cycle();
                [floor, accepted, connected]
            })
            .collect();
        let [floor, accepted, connected] =
            [0, 1, 2].map(|kind| median(samples.iter().map(|sample| sample[kind]).collect()));
        let peer = sofia.as_mut().map(|sofia| sofia.calls(sample_count() as u32));
        if round > 0 {
            accepts.push((accepted, floor));
            connects.push((connected, 4.0 * floor));
            peers.extend(peer.map(|peer| (accepted, peer)));
        }
    }
    compare("accept", &accepts);
    compare("connected", &connects);
    if let Some(sofia) = &mut sofia {
        compare("peer", &peers);
        let before = sofia.cpu();
        sofia.calls(counted);
        print_figure("peer_cpu", (sofia.cpu() - before) / f64::from(counted));
    }
    let processes = [std::process::id(), callers.other()];
    let cpu = || processes.map(system::cpu_of).iter().sum::<f64>();
    let (before, broker_before) = (cpu(), system::cpu_of(broker.id()));
    (0..counted).for_each(|_| _ = callers.cycle());
    print_figure("cpu", (cpu() - before) / f64::from(counted));
    print_figure("broker_cpu", (system::cpu_of(broker.id()) - broker_before) / f64::from(counted));
}

/// The called side of `set_up`.
pub(crate) fn answer(library: &str, port: &str, cpu: &str) {
    system::pin(0, cpu.parse().expect("a CPU"));
    api::load(library);
    pairs::answer(port.parse().expect("a port"));
}

/// So many calls, for valgrind to count what they take on one side: on the called one with `tool` before it,
/// else in this process.
pub(crate) fn calls(library: &str, count: u32, tool: &[&str]) {
    let broker = Mosquitto::anonymous("broker");
    api::load(library);
    let mut callers = Callers::start(library, broker.plain, "0", tool);
    (0..count).for_each(|_| _ = callers.cycle());
    callers.end();
}

/// Publishes of a call that the broker has to acknowledge, from both sides: the median, as whoever is slow
/// says more.
pub(crate) fn publishes(library: &str) {
    let broker = Mosquitto::anonymous_logging("broker");
    api::load(library);
    let mut callers = Callers::start(library, broker.plain, "0", &[]);
    let acknowledged = || {
        system::settle(SECOND / 20);
        broker.log().iter().filter(|line| line.contains("Sending PUB") && !line.contains("PUBLISH")).count()
    };
    let counts = (0..system::either(20, 3)).map(|_| {
        let before = acknowledged();
        callers.cycle();
        (acknowledged() - before) as f64
    });
    let counts = counts.collect();
    print_figure("publishes", median(counts));
}

/// A device that has called, and then does nothing for a minute.
pub(crate) fn idle(library: &str) {
    let broker = Mosquitto::anonymous("broker");
    api::load(library);
    let mut callers = Callers::start(library, broker.plain, "0", &[]);
    callers.cycle();
    callers.leave_one();
    system::settle(system::either(5, 1) * SECOND);
    let before = system::sleeps_of_others();
    system::settle(system::either(60, 2) * SECOND);
    print_figure("wakeups", (system::sleeps_of_others() - before) as f64);
}

/// The first device, then a thousand more, all online and idle.
pub(crate) fn crowd(library: &str) {
    let many = system::either(1_000, 100);
    system::raise_files();
    let broker = Mosquitto::anonymous("broker");
    let _ = system::private_dirty();
    let empty = system::private_dirty();
    api::load(library);
    let listener = api::init();
    let _first = pairs::online(&listener, broker.plain, "first");
    system::settle(SECOND);
    let (first, heap) = (system::private_dirty(), system::heap());
    let mut kits = Vec::with_capacity(many);
    kits.extend((0..many).map(|number| pairs::online(&listener, broker.plain, &format!("device-{number}"))));
    system::settle(SECOND);
    print_figure("first_device", first - empty);
    print_figure("more_devices", (system::private_dirty() - first) / many as f64);
    print_figure("more_devices_heap", (system::heap() - heap) / many as f64);
    print_figure("threads", 1.0 + system::other_threads().len() as f64);
    kits.into_iter().for_each(api::destroy);
}
