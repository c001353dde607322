//! Measures libnertc_callkit through its C functions and prints a table: `bench report LIBRARY RESULTS`.
//!
//! Each measure runs in a process of its own, bound to one CPU (`bench MEASURE LIBRARY`), and prints
//! `name value` lines; `report` starts them all. What a machine makes fast or slow is divided out: a floor
//! (the least that the work takes here) is measured in the same process by turns with the library, and the
//! ratio is the median over rounds of the ratios of medians.

mod api;
mod calls;
mod floor;
mod mqtt;
mod report;
mod samples;
mod storm;
mod system;
mod webrtc;

use std::time::Duration;

use calls::Pair;
use floor::Floor;
use samples::{SECOND, compare, median, print_figure, round_count, sample_count};
use storm::Storm;

/// What no measure takes, with its start and end; `system::PATIENCE` limits each of its waits.
const LIMIT_S: u32 = 240;
/// What logging in, an idle minute and the ends take together, beside the time for calls.
const LOAD_LIMIT_S: u32 = 900;
/// Long enough for all threads to fall asleep, and for caches to hold little of ours.
const COLD: Duration = Duration::from_micros(200);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["report", library, results] = arguments[..] {
        std::process::exit(i32::from(!report::run(library, results)));
    }
    if let ["table", page, files @ ..] = &arguments[..] {
        return report::write_table(page, files);
    }
    if let ["load", library, devices, seconds, at_once] = arguments[..] {
        let number = |text: &str| text.parse::<u32>().expect("a number");
        system::end_within(number(seconds) + LOAD_LIMIT_S);
        return mqtt::load(
            library,
            number(devices) as usize,
            number(seconds).into(),
            number(at_once) as usize,
        );
    }
    let [measure, library, numbers @ ..] = &arguments[..] else { panic!("bench MEASURE LIBRARY") };
    system::end_within(LIMIT_S);
    let cpus = system::cpus();
    system::pin(0, cpus[0]);
    match *measure {
        "one_cpu" => latency(library, cpus[0]),
        "two_cpus" => latency(library, cpus[cpus.len() - 1]),
        "init" => init(library),
        "traced" => traced(library),
        "storm" => storm(library, cpus[0]),
        "cycles" => cycles(library, numbers[0].parse().expect("a number of cycles")),
        "idle" => idle(library),
        "growth" => growth(library),
        "crowd" => crowd(library),
        "mqtt_one_cpu" => mqtt::set_up(library, numbers[0], cpus[0]),
        "mqtt_two_cpus" => mqtt::set_up(library, numbers[0], cpus[cpus.len() - 1]),
        "mqtt_answer" => mqtt::answer(library, numbers[0], numbers[1]),
        "mqtt_calls" => mqtt::calls(library, numbers[0].parse().expect("a number of calls"), &numbers[1..]),
        "mqtt_publishes" => mqtt::publishes(library),
        "mqtt_idle" => mqtt::idle(library),
        "mqtt_crowd" => mqtt::crowd(library),
        "webrtc_cpu" => webrtc::cpu(library),
        "webrtc_devices_cpu" => webrtc::devices_cpu(library),
        "webrtc_crowd" => webrtc::crowd(library),
        "webrtc_setup" => webrtc::set_up(library),
        "webrtc_idle" => webrtc::idle(library),
        _ => panic!("no such measure"),
    }
}

/// This thread on the first CPU, the library's and the floor's on `worker_cpu`.
fn latency(library: &str, worker_cpu: usize) {
    api::load(library);
    let pair = Pair::new(&calls::listener(), None);
    let floor = Floor::start(worker_cpu);
    for thread in system::other_threads() {
        system::pin(thread, worker_cpu);
        system::let_others_finish(thread);
    }
    let (mut returns, mut warm, mut cold) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=round_count() {
        let samples = (0..sample_count()).map(|_| {
            system::settle(COLD);
            let push = floor.push();
            system::settle(COLD);
            let cold_floor = floor.set_up();
            std::thread::yield_now();
            let warm_floor = floor.set_up();
            system::settle(COLD);
            let (returned, cold) = pair.cycle();
            std::thread::yield_now();
            let (_, warm) = pair.cycle();
            [push, returned, warm_floor, warm, cold_floor, cold]
        });
        let samples: Vec<[f64; 6]> = samples.collect();
        let [push, returned, warm_floor, warm_time, cold_floor, cold_time] =
            [0, 1, 2, 3, 4, 5].map(|kind| median(samples.iter().map(|sample| sample[kind]).collect()));
        if round > 0 {
            returns.push((returned, push));
            warm.push((warm_time, warm_floor));
            cold.push((cold_time, cold_floor));
        }
    }
    compare("return", &returns);
    compare("warm", &warm);
    compare("cold", &cold);
}

/// A cycle with a trace on both sides, and without.
fn traced(library: &str) {
    api::load(library);
    let pair = Pair::new(&calls::listener(), None);
    let cycle = || {
        let start = system::now();
        pair.cycle();
        (system::now() - start) as f64
    };
    let rounds = (0..=round_count()).map(|_| {
        let [on, off] = [true, false].map(|is_on| {
            pair.trace(is_on);
            median((0..3 * sample_count()).map(|_| cycle()).collect())
        });
        (on, off)
    });
    compare("traced", &rounds.collect::<Vec<_>>()[1..]);
}

fn init(library: &str) {
    api::load(library);
    let mut rounds = Vec::new();
    for round in 0..=round_count() {
        let samples: Vec<(f64, f64)> =
            (0..sample_count() / 5).map(|_| (calls::init_login(), floor::thread())).collect();
        if round > 0 {
            let (values, floors) = samples.into_iter().unzip();
            rounds.push((median(values), median(floors)));
        }
    }
    compare("init", &rounds);
}

fn storm(library: &str, cpu: usize) {
    let events = system::either(50_000, 5_000);
    api::load(library);
    let (storm, floor) = (Storm::new(), Floor::start(cpu));
    // Both with a full inbox. A worker that preempts whoever wakes it would find one event each time, and how
    // often it does is up to the scheduler: the switches would be measured, and more of them on one side.
    system::other_threads().into_iter().for_each(system::let_others_finish);
    let value = || with_full_queue(events, || storm.run(events));
    let floor = || with_full_queue(events, || floor.storm(events));
    let rounds: Vec<(f64, f64)> = (0..=round_count()).map(|_| (value(), floor())).collect();
    compare("storm", &rounds[1..]);
}

/// A storm of so many events whose reader slept for few of them: on a busy machine the scheduler may still
/// run it after every event. Such a storm does not count, unless there is no other.
fn with_full_queue(events: u64, storm: impl Fn() -> f64) -> f64 {
    const TRIES: usize = 50;
    for _ in 0..TRIES {
        let before = system::sleeps_of_others();
        let time = storm();
        if system::sleeps_of_others() - before <= events / 256 {
            return time;
        }
    }
    storm()
}

/// As many cycles as asked, and how many a second. The process ends with its clients, so that what they
/// hold can be counted.
fn cycles(library: &str, count: u32) {
    api::load(library);
    let pair = Pair::new(&calls::listener(), None);
    let start = system::now();
    (0..count).for_each(|_| _ = pair.cycle());
    print_figure("cycles_per_s", f64::from(count) * 1e9 / (system::now() - start) as f64);
    system::settle(SECOND / 10);
    std::mem::forget(pair);
}

/// A client that has called and been called, and then does nothing.
fn idle(library: &str) {
    api::load(library);
    let pair = Pair::new(&calls::listener(), None);
    pair.cycle();
    system::settle(SECOND);
    let before = system::sleeps_of_others();
    system::settle(system::either(20, 1) * SECOND);
    print_figure("wakeups", (system::sleeps_of_others() - before) as f64);
}

fn growth(library: &str) {
    api::load(library);
    let pair = Pair::new(&calls::listener(), None);
    let cycles = system::either(10_000, 1_000);
    (0..cycles / 10).for_each(|_| _ = pair.cycle());
    system::settle(SECOND);
    let memory = system::private_dirty();
    (cycles / 10..cycles).for_each(|_| _ = pair.cycle());
    system::settle(SECOND);
    print_figure("memory_growth", system::private_dirty() - memory);
}

/// The first client, then ten thousand more, all online and idle.
fn crowd(library: &str) {
    let many = system::either(10_000, 1_000);
    // Reading the figures takes memory too, so it is done once before it counts.
    let _ = system::private_dirty();
    let empty = system::private_dirty();
    api::load(library);
    let listener = calls::listener();
    let _first = calls::online(&listener, "first", None);
    system::settle(SECOND);
    let first = system::private_dirty();
    let heap = system::heap();
    let mut kits = Vec::with_capacity(many);
    kits.extend((0..many).map(|number| calls::online(&listener, &format!("account-{number}"), None)));
    system::settle(SECOND);
    print_figure("first_component", first - empty);
    print_figure("more_components", (system::private_dirty() - first) / many as f64);
    print_figure("more_components_heap", (system::heap() - heap) / many as f64);
    print_figure("threads", 1.0 + system::other_threads().len() as f64);
    // The process ends with its clients.
}
