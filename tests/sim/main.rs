//! Random worlds: real engines, an idealised service, a bad network, restless users, virtual time.
//!
//! A failure names its seed; `SIM_SEED0=n SIM_SEEDS=1 cargo test --test sim` repeats it with its trace.

mod monitor;
mod random;
mod service;
mod world;

use random::Random;
use world::{Weather, World};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs one seed; its steps, or the reason and the trace of its failure.
fn run(seed: u64) -> Result<u64, String> {
    let mut random = Random::new(seed ^ 0x5eed);
    let shapes: [&[usize]; 6] = [&[1, 1], &[1, 2], &[2, 2], &[1, 1, 1], &[2, 1, 1], &[3, 2]];
    let weather = match random.below(4) {
        0 => Weather::fine(),
        1 => Weather { max_delay_ms: 2_000, ..Weather::fine() },
        2 => Weather { max_delay_ms: 500, lost_permille: 30, twice_permille: 50, unanswered_permille: 30 },
        _ => Weather { max_delay_ms: 9_000, lost_permille: 80, twice_permille: 100, unanswered_permille: 80 },
    };
    let mut world = World::new(seed, shapes[random.below(6) as usize], weather);
    match world.run(120_000) {
        Ok(()) => Ok(world.steps),
        Err(why) => {
            let from = world.trace.len().saturating_sub(number("SIM_TRACE", 60) as usize);
            Err(format!("seed {seed}, step {}: {why}\n{}", world.steps, world.trace[from..].join("\n")))
        }
    }
}

#[test]
fn random_worlds_keep_every_invariant() {
    let (first, count) = (number("SIM_SEED0", 1), number("SIM_SEEDS", 2_000));
    let mut steps = 0;
    let mut failures = Vec::new();
    for seed in first..first + count {
        match run(seed) {
            Ok(done) => steps += done,
            Err(why) => failures.push(why),
        }
        if failures.len() >= number("SIM_FAILURES", 1) as usize {
            break;
        }
    }
    println!("sim: seeds {count}, steps {steps}, violations {}", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
