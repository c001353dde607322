//! Exhaustive search of small worlds of MQTT peers: every order in which what
//! is under way can arrive, every answer and cancel at every moment, the next deadline when nothing is under
//! way, and a bounded number of losses, copies, early deadlines, reconnects and restarts.
//!
//! In every state: one verdict on an invite, and everybody who hears one hears that; at most one accept is
//! granted; operations are answered once. From every state everything ends: all operations answered, no
//! channel left.

mod core;
mod message;
mod third_party;
mod world;

use std::collections::HashSet;
use std::time::Instant;

use world::{Budget, Move, World};

/// A small world.
struct Scenario {
    name: &'static str,
    /// Devices of the called account.
    called: usize,
    budget: Budget,
}

/// Bits of the called devices.
const ONE: u8 = 0b010;
const TWO: u8 = 0b100;
const BOTH: u8 = 0b110;

fn scenarios() -> Vec<Scenario> {
    let none = Budget::default();
    let scenario = |name, called, budget| Scenario { name, called, budget };
    let pair = Budget { accepts: ONE, rejects: ONE, cancels: 1, ..none };
    let trio = Budget { accepts: BOTH, ..none };
    vec![
        scenario("a callee", 1, Budget { hangups: 1, ..pair }),
        scenario("a callee, two losses", 1, Budget { lost: 2, ..pair }),
        scenario("a callee, a loss, a copy", 1, Budget { lost: 1, twice: 1, ..pair }),
        scenario("a callee, a loss, an early deadline", 1, Budget { lost: 1, early: 1, ..pair }),
        scenario("a callee, a copy, an early deadline", 1, Budget { twice: 1, early: 1, ..pair }),
        scenario("a callee, a restart, a loss", 1, Budget { restarts: 1, lost: 1, ..pair }),
        scenario("a callee, a restart", 1, Budget { restarts: 1, hangups: 1, ..pair }),
        scenario("a callee, a reconnect, a loss", 1, Budget { reconnects: 1, lost: 1, ..pair }),
        scenario("two callees reject", 2, Budget { rejects: BOTH, ..none }),
        scenario("two callees, one accepts, one rejects", 2, Budget { accepts: ONE, rejects: TWO, ..none }),
        scenario(
            "two callees, one accepts, one rejects, cancel",
            2,
            Budget { accepts: ONE, rejects: TWO, cancels: 1, ..none },
        ),
        scenario("two callees, one is busy itself", 2, Budget { accepts: TWO, busies: ONE, ..none }),
        scenario("two callees are busy themselves", 2, Budget { busies: BOTH, ..none }),
        scenario("a callee logged in elsewhere", 2, Budget { has_moved: true, accepts: TWO, ..none }),
        scenario("two callees accept, cancel", 2, Budget { cancels: 1, ..trio }),
        scenario("two callees accept, a loss", 2, Budget { lost: 1, ..trio }),
        scenario("two callees accept, a copy", 2, Budget { twice: 1, ..trio }),
        scenario("a forger, a callee", 1, Budget { forged: 1, hangups: 1, ..pair }),
        scenario("a forger twice, a callee", 1, Budget { forged: 2, accepts: ONE, ..none }),
        scenario("a forger, a callee, a loss", 1, Budget { forged: 1, lost: 1, ..pair }),
        scenario(
            "a forger, a callee, a reconnect",
            1,
            Budget { forged: 1, reconnects: 1, accepts: ONE, ..none },
        ),
        scenario("a forger, a callee, a restart", 1, Budget { forged: 1, restarts: 1, accepts: ONE, ..none }),
        scenario("a forger, a callee, a copy", 1, Budget { forged: 1, twice: 1, accepts: ONE, ..none }),
        scenario("a forger, two callees accept", 2, Budget { forged: 1, ..trio }),
        scenario("a third party, a callee", 1, Budget { claims: 2, accepts: ONE, ..none }),
        scenario("a third party, a callee, a copy", 1, Budget { claims: 1, twice: 1, accepts: ONE, ..none }),
        scenario(
            "a third party, a callee rejects, a copy",
            1,
            Budget { claims: 1, twice: 1, rejects: ONE, ..none },
        ),
        scenario("a third party, a callee, a loss", 1, Budget { claims: 1, lost: 1, accepts: ONE, ..none }),
        scenario(
            "a third party, a callee, an early deadline",
            1,
            Budget { claims: 1, early: 1, accepts: ONE, ..none },
        ),
        scenario(
            "a third party, a callee, a reconnect",
            1,
            Budget { claims: 1, reconnects: 1, accepts: ONE, ..none },
        ),
        scenario("a third party, two callees accept", 2, Budget { claims: 1, ..trio }),
        scenario("two callees, one accepts, a restart", 2, Budget { restarts: 1, accepts: ONE, ..none }),
        scenario("two callees, one accepts, a reconnect", 2, Budget { reconnects: 1, accepts: ONE, ..none }),
        scenario("two callees, one accepts, an early deadline", 2, Budget { early: 1, accepts: ONE, ..none }),
    ]
}

/// What a search found.
struct Found {
    states: usize,
    depth: usize,
    violation: Option<(String, Vec<Move>)>,
}

/// Depth first, with fingerprints of what was seen.
fn search(scenario: &Scenario) -> Found {
    let root = World::new(scenario.called, scenario.budget);
    let mut seen = HashSet::from([root.fingerprint()]);
    let mut way: Vec<Move> = Vec::new();
    let mut stack = vec![(root.moves(), root)];
    let mut depth = 0;
    let fails =
        |states, depth, why, way: &[Move]| Found { states, depth, violation: Some((why, way.to_vec())) };
    while let Some((moves, world)) = stack.last_mut() {
        let Some(step) = moves.pop() else {
            stack.pop();
            way.pop();
            continue;
        };
        let mut after = world.clone();
        way.push(step);
        depth = depth.max(way.len());
        if let Err(why) = after.make(step) {
            return fails(seen.len(), depth, why, &way);
        }
        if !seen.insert(after.fingerprint()) {
            way.pop();
            continue;
        }
        let next = after.moves();
        if next.is_empty()
            && let Err(why) = after.at_rest()
        {
            return fails(seen.len(), depth, why, &way);
        }
        if seen.len() > 400_000 {
            return fails(seen.len(), depth, "too many states".into(), &way);
        }
        if way.len() > 400 {
            return fails(seen.len(), depth, "invariant 3: it does not come to an end".into(), &way);
        }
        stack.push((next, after));
    }
    Found { states: seen.len(), depth, violation: None }
}

fn counterexample(scenario: &Scenario, way: &[Move]) -> String {
    let mut world = World::new(scenario.called, scenario.budget);
    let mut lines = Vec::new();
    for step in way {
        lines.push(world.describe(*step));
        if world.make(*step).is_err() {
            break;
        }
    }
    lines.join("\n")
}

#[test]
fn every_small_world_keeps_every_invariant() {
    let wanted = std::env::var("MODEL_WORLD").unwrap_or_default();
    let scenarios: Vec<Scenario> =
        scenarios().into_iter().filter(|scenario| scenario.name.contains(&wanted)).collect();
    assert!(!scenarios.is_empty(), "no world is called {wanted:?}");
    let (mut total, mut violations) = (0, Vec::new());
    let start = Instant::now();
    for scenario in &scenarios {
        let begin = Instant::now();
        let found = search(scenario);
        total += found.states;
        let (name, states, depth) = (scenario.name, found.states, found.depth);
        println!("{name:<60} {states:>9} states, depth {depth:>3}, {:>5.1} s", begin.elapsed().as_secs_f32());
        if let Some((why, way)) = found.violation {
            violations.push(format!("{name}: {why}\n{}", counterexample(scenario, &way)));
        }
    }
    println!("model: protocol: {:.0} s", start.elapsed().as_secs_f32());
    println!("model: protocol: worlds {}, states {total}, violations {}", scenarios.len(), violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
}
