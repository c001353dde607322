//! Random worlds: real engines, an idealised service, a bad network, restless users, virtual time.
//!
//! A failure names its seed; `SIM_SEED0=n SIM_SEEDS=1 cargo test --test sim` repeats it with its trace.

mod monitor;
mod old;
mod random;
mod service;
mod users;
mod watch;
mod weather;
mod world;

use random::Random;
use weather::Weather;
use world::{Fed, Step, Tape, World};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn world(seed: u64) -> World {
    let mut random = Random::new(seed ^ 0x5eed);
    let shapes: [&[usize]; 6] = [&[1, 1], &[1, 2], &[2, 2], &[1, 1, 1], &[2, 1, 1], &[3, 2]];
    let weather = Weather::random(&mut random);
    World::new(seed, shapes[random.below(6) as usize], weather)
}

/// Runs one seed; the world at its end, or the reason and the trace of its failure.
fn run(seed: u64) -> Result<World, String> {
    let mut first = world(seed);
    let Err(why) = first.run(120_000) else { return Ok(first) };
    // The same again, and this time every word of it is kept.
    let mut again = world(seed);
    again.tape = Some(Tape::default());
    let repeated = again.run(120_000);
    assert_eq!(repeated, Err(why.clone()), "seed {seed} does not repeat");
    let Tape { lines, steps } = again.tape.unwrap_or_default();
    let from = lines.len().saturating_sub(number("SIM_TRACE", 60) as usize);
    let (trace, last) = (lines[from..].join("\n"), steps.last().map(told).unwrap_or_default());
    Err(format!("seed {seed}, step {}: {why}\n{trace}\nlast: {last}", again.steps))
}

/// A step of an engine, in all its detail.
fn told(step: &Step) -> String {
    let fed = match &step.fed {
        Fed::Input(input) => format!("{input:?}"),
        Fed::Timeout(why) => format!("timer: {why}"),
    };
    format!("at {} device {} got {fed} and said {:?}", step.at, step.device, step.outputs)
}

#[test]
fn random_worlds_keep_every_invariant() {
    let (first, count) = (number("SIM_SEED0", 1), number("SIM_SEEDS", 2_000));
    let (mut steps, mut glares) = (0, 0);
    let mut failures = Vec::new();
    for seed in first..first + count {
        match run(seed) {
            Ok(world) => {
                steps += world.steps;
                glares += world.watch.glares_met;
            }
            Err(why) => failures.push(why),
        }
        if failures.len() >= number("SIM_FAILURES", 1) as usize {
            break;
        }
    }
    println!("sim: {glares} times both called each other, undisturbed, and got one call");
    println!("sim: seeds {count}, steps {steps}, violations {}", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
