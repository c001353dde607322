//! Random worlds: real engines, the loopback's service, a bad network, restless users, virtual time.
//!
//! A failure names its seed; `SIM_SEED0=n SIM_SEEDS=1 cargo test --test sim` repeats it with its trace.

mod broker;
mod cross_device_monitor;
mod delivery;
mod device;
mod exchange;
mod faults;
mod feedback;
mod legacy;
mod mismatch;
mod monitor;
mod mqtt_peers;
mod mqtt_traffic;
mod network;
mod network_conditions;
mod paired;
mod peer_texts;
mod preparations;
mod side_events;
mod trace;
mod users;
mod world;

use std::path::Path;

use nertc_callkit::trace::replay;
use nertc_callkit_testkit::scratch_dir::keep;
use nertc_callkit_testkit::{Random, number};
use network_conditions::NetworkConditions;
use trace::Redaction;
use world::World;

/// The kind of signaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A service that decides.
    Service,
    /// MQTT peers over a broker.
    Mqtt,
}

fn world(kind: Kind, seed: u64) -> World {
    let mut random = Random::new(seed ^ 0x5eed);
    let shapes: [&[usize]; 6] = [&[1, 1], &[1, 2], &[2, 2], &[1, 1, 1], &[2, 1, 1], &[3, 2]];
    let conditions = NetworkConditions::random(&mut random);
    let shape = shapes[random.below(6) as usize];
    match kind {
        Kind::Service => World::new(seed, shape, conditions),
        Kind::Mqtt => World::with_mqtt(seed, shape, conditions),
    }
}

/// Runs one seed; the world at its end, or the reason and the trace of its failure.
fn run(kind: Kind, seed: u64) -> Result<World, String> {
    run_until(kind, seed, None)
}

fn run_until(kind: Kind, seed: u64, fails_at: Option<u64>) -> Result<World, String> {
    let mut first = world(kind, seed);
    first.fails_at = fails_at;
    let Err(why) = first.run(120_000) else { return Ok(first) };
    // The same again, with a full log.
    let mut again = world(kind, seed);
    again.fails_at = fails_at;
    again.show(Redaction::Secrets);
    let repeated = again.run(120_000);
    assert_eq!(repeated, Err(why.clone()), "seed {seed} does not repeat");
    let (lines, trace) = again.shown();
    let from = lines.len().saturating_sub(number("SIM_TRACE", 60) as usize);
    let (tail, file) = (lines[from..].join("\n"), keep(&format!("sim {seed}"), ".trace", &trace));
    Err(format!("seed {seed}, step {}: {why}\n{tail}\ntrace: {file}", again.steps))
}

/// Runs many seeds; the closing lines, and what failed.
fn run_all(kind: Kind, count: u64) -> (String, Vec<String>) {
    let first = number("SIM_SEED0", 1);
    let (mut steps, mut glares, mut mismatches) = (0, 0, 0);
    let mut texts = [0, 0];
    let mut failures = Vec::new();
    for seed in first..first + count {
        match run(kind, seed) {
            Ok(world) => {
                steps += world.steps;
                glares += world.watch.glares_met;
                mismatches += world.mismatches;
                texts = [texts[0] + world.texts, texts[1] + world.arrived];
            }
            Err(why) => failures.push(why),
        }
        if failures.len() >= number("SIM_FAILURES", 1) as usize {
            break;
        }
    }
    let name = if kind == Kind::Mqtt { "sim: mqtt:" } else { "sim:" };
    let [sent, arrived] = texts;
    let seen =
        format!("{name} texts sent {sent}, arrived {arrived}; calls that media could not serve {mismatches}");
    if failures.is_empty() && count >= 100 {
        assert!(mismatches > count / 10, "hardly any call met other media: {mismatches}");
        assert!(arrived > sent / 8, "hardly any text arrives: {arrived} of {sent}");
    }
    let met = format!("{name} {glares} times both called each other, undisturbed, and got one call");
    (format!("{seen}\n{met}\n{name} seeds {count}, steps {steps}, violations {}", failures.len()), failures)
}

#[test]
fn random_worlds_keep_every_invariant() {
    let (closing, failures) = run_all(Kind::Service, number("SIM_SEEDS", 2_000));
    println!("{closing}");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn mqtt_peers_keep_every_invariant() {
    let (closing, failures) = run_all(Kind::Mqtt, number("SIM_SEEDS", 500));
    println!("{closing}");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn a_failure_leaves_a_trace_that_replays() {
    for seed in [3, 14] {
        let why = run_until(Kind::Service, seed, Some(100)).err().expect("a failure on purpose");
        assert!(why.starts_with(&format!("seed {seed}, step 100: on purpose\n")), "{why}");
        let (_, file) = why.split_once("\ntrace: ").expect("a file");
        let report = replay(std::fs::read(file).expect("a trace").as_slice()).expect("a trace");
        assert!(report.kits >= 2 && report.steps > 20 && report.difference.is_none(), "{report:?}");
    }
}

/// `SIM_TRACES=FOLDER` keeps the traces there, for scripts/wasm.
#[test]
fn every_device_replays_the_same_when_redacted() {
    let (first, count) = (number("SIM_SEED0", 1), number("SIM_SEEDS", 2_000) / 10);
    for seed in first..first + count {
        let mut world = world(Kind::Service, seed);
        world.negotiates_media = true;
        world.show(Redaction::Personal);
        world.run(60_000).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let (_, trace) = world.shown();
        let report = replay(&*trace).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        if let Some(difference) = report.difference {
            panic!("seed {seed}: {difference:#?}\n{}", keep(&format!("redacted {seed}"), ".trace", &trace));
        }
        if let Some(folder) = std::env::var_os("SIM_TRACES") {
            std::fs::write(Path::new(&folder).join(format!("{seed}.trace")), &trace).expect("a file");
        }
        let text = String::from_utf8_lossy(&trace);
        let personal = ["user0", "user1", "petunias", "\u{9f8d}", "sesame"];
        assert!(!personal.iter().any(|word| text.contains(word)), "seed {seed}: something personal");
    }
}
