//! Exhaustive search of small scenarios over the real engine: every order in which what is in flight can
//! arrive, every user action at every moment, and a bounded number of losses, duplicates, failures and early
//! deadlines.
//!
//! In every state the invariants of `monitor` and `invariants` hold. From every state, once nothing is lost
//! any more, every order of events comes to an end with everybody idle or in one call with one other, and
//! idle after hanging up.

mod budget;
mod counterexample;
#[path = "../sim/exchange.rs"]
mod exchange;
#[path = "../sim/feedback.rs"]
mod feedback;
mod fingerprint;
mod in_flight;
mod invariants;
#[path = "../sim/legacy.rs"]
mod legacy;
#[path = "../sim/monitor.rs"]
mod monitor;
#[path = "../sim/peer_texts.rs"]
mod peer_texts;
#[path = "../sim/preparations.rs"]
mod preparations;
mod scenarios;
mod search;
mod trace_file;
mod transition_cache;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use scenarios::{Scenario, scenarios};
use search::search;
use trace_file::write_trace;

/// The most memory that this process ever had, in MB; 0 = not known here.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn every_small_world_keeps_every_invariant() {
    let wanted = std::env::var("MODEL_WORLD").unwrap_or_default();
    let scenarios: Vec<Scenario> =
        scenarios().into_iter().filter(|scenario| scenario.name.contains(&wanted)).collect();
    assert!(!scenarios.is_empty(), "no world is called {wanted:?}");
    let (next, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let violations = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begin = Instant::now();
                    let found = search(scenario);
                    total.fetch_add(found.states, Ordering::Relaxed);
                    let (name, bounds) = (scenario.name, scenario.budget.network());
                    let (states, depth, took) = (found.states, found.depth, begin.elapsed().as_secs_f32());
                    println!("{name:<70} {bounds:<28} {states:>9} states, depth {depth:>3}, {took:>5.1} s");
                    if let Some(violation) = found.violation {
                        let counterexample: Vec<String> =
                            violation.counterexample.iter().map(ToString::to_string).collect();
                        let file = write_trace(name, &scenario.world(), &violation.counterexample);
                        let text = format!(
                            "{name}: {}\n{}\ntrace: {file}",
                            violation.why,
                            counterexample.join("\n")
                        );
                        violations.lock().expect("no panic").push(text);
                    }
                }
            });
        }
    });
    let violations = violations.into_inner().expect("no panic");
    let (worlds, states) = (scenarios.len(), total.into_inner());
    println!("model: peak memory {} MB, {:.0} s", peak_memory(), start.elapsed().as_secs_f32());
    println!("model: worlds {worlds}, states {states}, violations {}", violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
}

#[test]
fn a_violation_leaves_a_trace_that_replays() {
    // Every way of three moves, taken for a violation.
    let scenario =
        scenarios().into_iter().find(|scenario| scenario.name == "glare, hang-ups, a loss").expect("a world");
    let mut root = scenario.world();
    root.history = Some(Vec::new());
    let mut worlds = vec![root];
    for _ in 0..3 {
        let after = |world: &world::World| -> Vec<world::World> {
            let make = |step: &world::Move| {
                let mut after = world.clone();
                after.make(step).map(|()| after)
            };
            world.moves().iter().filter_map(|step| make(step).ok()).collect()
        };
        worlds = worlds.iter().flat_map(after).collect();
    }
    for world in &worlds {
        let file =
            write_trace("three moves", &scenario.world(), world.history.as_deref().unwrap_or_default());
        let trace = std::fs::read(file).expect("a trace");
        let report = nertc_callkit::trace::replay(&*trace).expect("a trace");
        assert!(report.kits == 2 && report.steps > 0 && report.difference.is_none(), "{report:?}");
    }
}
