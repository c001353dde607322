//! Exhaustive search of small worlds over the real engine: every order in which what is under way can arrive,
//! every user action at every moment, deadlines early and late, and a bounded number of losses and copies.
//!
//! In every state the invariants of `monitor` hold, and from every state the world comes to rest: everybody
//! idle or in one call with one other, and idle after hanging up.

#[path = "../sim/monitor.rs"]
mod monitor;
#[path = "../sim/old.rs"]
mod old;
#[path = "../sim/service.rs"]
mod service;
#[path = "../sim/tape.rs"]
#[allow(dead_code, reason = "the simulation uses the rest")]
mod tape;
mod world;
mod worlds;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use world::World;
use worlds::{Case, cases};

/// More states than any world has: a world that grows beyond is reported, not cut off.
const MOST_STATES: usize = 6_000_000;

/// What a search found.
struct Found {
    states: usize,
    depth: usize,
    violation: Option<String>,
}

/// Breadth first, so that the first violation found has the shortest trace.
fn search(case: &Case) -> Found {
    let root = case.world();
    let mut parents: HashMap<u64, (u64, u16)> = HashMap::from([(root.fingerprint(), (0, 0))]);
    let mut layer = vec![(root.fingerprint(), root)];
    let mut depth = 0;
    while !layer.is_empty() {
        let mut next = Vec::new();
        for (from, world) in layer {
            for (index, step) in world.moves().iter().enumerate() {
                let mut after = world.clone();
                let verdict = after.make(step);
                let fingerprint = after.fingerprint();
                let is_new = !parents.contains_key(&fingerprint);
                if is_new {
                    parents.insert(fingerprint, (from, index as u16));
                }
                let verdict = match verdict {
                    Ok(()) if is_new => after.come_to_rest().and_then(|()| case.holds(&after)),
                    other => other,
                };
                if let Err(why) = verdict {
                    let violation = Some(format!("{why}\n{}", trace(case, &parents, from, index)));
                    return Found { states: parents.len(), depth, violation };
                }
                if is_new {
                    next.push((fingerprint, after));
                }
            }
        }
        if parents.len() > MOST_STATES {
            let violation = Some(format!("more than {MOST_STATES} states: give the world a smaller budget"));
            return Found { states: parents.len(), depth, violation };
        }
        depth += 1;
        layer = next;
    }
    Found { states: parents.len(), depth, violation: None }
}

/// Repeats the way to a violation, in words.
fn trace(case: &Case, parents: &HashMap<u64, (u64, u16)>, mut at: u64, last: usize) -> String {
    let mut way = vec![last];
    while let Some(&(from, index)) = parents.get(&at).filter(|(from, _)| *from != 0) {
        way.push(index as usize);
        at = from;
    }
    let mut world: World = case.world();
    world.show();
    let mut verdict = Ok(());
    for index in way.into_iter().rev() {
        let step = world.moves()[index].clone();
        verdict = world.make(&step);
    }
    if verdict.is_ok() {
        // Then it is the way to rest that goes wrong.
        let _ = world.settle();
    }
    let (lines, trace) = world.shown();
    format!("{}\ntrace: {}", lines.join("\n"), tape::write(&format!("model {}", case.name), &trace))
}

#[test]
fn a_violation_leaves_a_trace_that_replays() {
    // Every way of two moves, taken for a violation.
    let case = cases().into_iter().find(|case| case.name.starts_with("glare, all")).expect("a world");
    let root = case.world();
    for first in 0..root.moves().len() {
        let mut after = root.clone();
        let _ = after.make(&root.moves()[first]);
        let (before, at) = (root.fingerprint(), after.fingerprint());
        let parents = HashMap::from([(before, (0, 0)), (at, (before, first as u16))]);
        for last in 0..after.moves().len() {
            let told = trace(&case, &parents, at, last);
            let (_, file) = told.split_once("\ntrace: ").expect("a file");
            let report =
                nertc_callkit::trace::replay(&*std::fs::read(file).expect("a trace")).expect("a trace");
            assert!(report.kits == 2 && report.steps > 0 && report.difference.is_none(), "{report:?}");
        }
    }
}

#[test]
fn every_small_world_keeps_every_invariant() {
    let wanted = std::env::var("MODEL_WORLD").unwrap_or_default();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.name.contains(&wanted)).collect();
    let (next, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let violations = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = search(case);
                    total.fetch_add(found.states, Ordering::Relaxed);
                    println!("{:<44} {:>9} states, depth {:>3}", case.name, found.states, found.depth);
                    if let Some(why) = found.violation {
                        violations.lock().expect("no panic").push(format!("{}: {why}", case.name));
                    }
                }
            });
        }
    });
    let violations = violations.into_inner().expect("no panic");
    let (worlds, states) = (cases.len(), total.into_inner());
    println!("model: worlds {worlds}, states {states}, violations {}", violations.len());
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
}
