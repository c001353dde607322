//! Paired runs: two worlds from one seed, with and without hostile accounts. Two accounts call each other;
//! their apps' events must be the same in both (invariant 13), and a device that is logged out, or whose
//! login failed, sends nothing (invariant 14).

mod broker;
mod engine_adapter;
mod events;
mod expected_events;
mod hostile;
mod id_prediction;
mod liveness;
mod plan;
mod users;
mod world;

use std::collections::BTreeMap;

use nertc_callkit_testkit::number;
use nertc_callkit_testkit::scratch_dir::keep;

use hostile::KINDS;
use plan::{Guard, Plan};
use world::World;

/// What a run of pairs has seen.
#[derive(Default)]
struct Summary {
    steps: u64,
    rings: u64,
    connected: u64,
    predicted: u64,
    accepted: BTreeMap<&'static str, u64>,
}

impl Summary {
    fn add(&mut self, world: &World) {
        self.steps += world.steps;
        self.rings += world.watch.rings;
        self.connected += world.watch.connected;
        self.predicted += world.hostile.predicted_streams;
        for (kind, count) in &world.hostile.accepted {
            *self.accepted.entry(kind).or_default() += count;
        }
    }
}

fn world(plan: &Plan, is_hostile: bool, is_shown: bool) -> World {
    let mut world = World::new(plan, is_hostile);
    world.plan_policy();
    world.lines = is_shown.then(Vec::new);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
    if let Err(panic) = ended {
        let why = panic.downcast_ref::<String>().cloned();
        let why = why.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default();
        world.blame(format!("invariant 13: a message ends a device: {why}"));
    }
    world
}

/// Runs both worlds of a seed.
fn pair(seed: u64, summary: &mut Summary) -> Result<(), String> {
    let plan = Plan::of(seed);
    let hostile = world(&plan, true, false);
    summary.add(&hostile);
    let failed = match &hostile.violation {
        Some(why) => Some((hostile.now, why.clone())),
        None if plan.guard == Guard::Open => None,
        None => {
            let calm = world(&plan, false, false);
            let why =
                calm.violation.as_ref().map(|why| (calm.now, format!("without hostile accounts: {why}")));
            why.or_else(|| events::difference(&hostile, &calm))
        }
    };
    let Some((at, why)) = failed else { return Ok(()) };
    // The same again, and this time it is shown.
    let lines = world(&plan, true, true).lines.unwrap_or_default();
    let without = world(&plan, false, true).lines.unwrap_or_default();
    let until = lines.partition_point(|line| time_of(line) <= at);
    let from = until.saturating_sub(number("SIM_TRACE", 60) as usize);
    Err(format!(
        "seed {seed}, at {at} ms: {why}\n{}\n{:?}, {:?}, informed {}, {:?} devices\n{}, {}",
        lines[from..until].join("\n"),
        plan.guard,
        plan.style,
        plan.is_informed,
        plan.devices,
        keep(&format!("paired {seed} with"), ".txt", lines.join("\n").as_bytes()),
        keep(&format!("paired {seed} without"), ".txt", without.join("\n").as_bytes()),
    ))
}

fn time_of(line: &str) -> u64 {
    line.trim_start().split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(u64::MAX)
}

#[test]
fn a_third_account_changes_nothing() {
    let (first, count) = (number("SIM_SEED0", 1), number("SIM_SEEDS", 20));
    let mut summary = Summary::default();
    let mut failures = Vec::new();
    for seed in first..first + count {
        failures.extend(pair(seed, &mut summary).err());
        if failures.len() as u64 >= number("SIM_FAILURES", 1) {
            break;
        }
    }
    let counts: Vec<String> =
        summary.accepted.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    println!("sim: paired: hostile messages taken: {}", counts.join(", "));
    println!(
        "sim: paired: rings {}, connected {}, generators found out {}",
        summary.rings, summary.connected, summary.predicted
    );
    println!("sim: paired: seeds {count}, steps {}, violations {}", summary.steps, failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    if count >= 60 {
        let missing: Vec<_> =
            KINDS.iter().chain(&["will"]).filter(|it| !summary.accepted.contains_key(*it)).collect();
        assert!(missing.is_empty(), "no peer took a message of the kinds {missing:?}");
        assert!(summary.connected > count, "hardly any call was connected: {}", summary.connected);
    }
}
