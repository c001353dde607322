//! Breadth-first search, so that the first violation found has the shortest trace; and liveness.
//!
//! Of a state beyond the frontier only its fingerprint, its parent, and the numbers of the states that follow
//! when the network is healed are kept.

use crate::counterexample::Line;
use crate::fingerprint::{ByFingerprint, mixed};
use crate::scenarios::Scenario;
use crate::world::{Move, World};

/// More states than any world has: a world that grows beyond is reported, not cut off.
const MOST_STATES: usize = 12_000_000;

/// What a search found.
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) depth: usize,
    pub(crate) violation: Option<Violation>,
}

/// An invariant that is broken, and the shortest way there.
pub(crate) struct Violation {
    pub(crate) why: String,
    pub(crate) counterexample: Vec<Line>,
}

/// How a state was reached first: from which, by which of its moves.
#[derive(Clone, Copy)]
struct Parent {
    from: u32,
    step: u16,
}

/// Everything that was seen.
struct Graph<'a> {
    scenario: &'a Scenario,
    known: ByFingerprint<u32>,
    parents: Vec<Parent>,
    /// What follows from a state when the network is healed: of state n, from `starts[n]` on.
    next: Vec<u32>,
    starts: Vec<u32>,
    /// Of each state, a fingerprint of the states that its moves lead to.
    futures: Vec<u64>,
    /// Samples of states that were merged with one that had no future yet.
    merged: Vec<(u32, World)>,
}

/// One in this many states that are merged with an earlier one is checked: its moves must lead
/// to the same states. So it shows if fingerprints do not distinguish what they must.
const SAMPLE: u64 = 256;

pub(crate) fn search(scenario: &Scenario) -> Found {
    let mut root = scenario.world();
    let mut graph = Graph {
        scenario,
        known: ByFingerprint::default(),
        parents: vec![Parent { from: 0, step: 0 }],
        next: Vec::new(),
        starts: Vec::new(),
        futures: Vec::new(),
        merged: Vec::new(),
    };
    graph.known.insert(root.fingerprint(), 0);
    let mut layer = vec![root];
    let (mut depth, mut violation) = (0, None);
    while !layer.is_empty() && violation.is_none() {
        let first = (graph.parents.len() - layer.len()) as u32;
        let mut next = Vec::new();
        for (from, world) in (first..).zip(layer) {
            if let Err(found) = graph.expand(from, world, &mut next) {
                violation = Some(found);
                break;
            }
        }
        if violation.is_none() && graph.parents.len() > MOST_STATES {
            let why = format!("more than {MOST_STATES} states: give the world a smaller budget");
            violation = Some(Violation { why, counterexample: Vec::new() });
        }
        depth += 1;
        layer = next;
        violation = violation.or_else(|| graph.find_wrong_merge());
    }
    let violation = violation.or_else(|| graph.find_endless());
    Found { states: graph.parents.len(), depth, violation }
}

impl Graph<'_> {
    /// Makes every move from a state; new states go to `layer`.
    fn expand(&mut self, from: u32, world: World, layer: &mut Vec<World>) -> Result<(), Violation> {
        self.starts.push(self.next.len() as u32);
        let moves = world.moves();
        if world.is_at_rest() {
            world.clone().rest().map_err(|why| {
                let mut replayed = self.replay(from, None);
                let _ = replayed.rest();
                Violation { why, counterexample: replayed.history.unwrap_or_default() }
            })?;
        }
        let mut future = Vec::with_capacity(moves.len());
        for (index, step) in moves.iter().enumerate() {
            let mut after = world.clone();
            let check_result = after.make(step).and_then(|()| after.check());
            check_result.map_err(|why| self.violation(why, from, Some(index)))?;
            let fingerprint = after.fingerprint();
            future.push(fingerprint);
            let new = self.parents.len() as u32;
            let number = *self.known.entry(fingerprint).or_insert(new);
            if world.is_healing(step) {
                self.next.push(number);
            }
            if number == new {
                self.parents.push(Parent { from, step: index as u16 });
                layer.push(after);
            } else if (self.next.len() as u64).is_multiple_of(SAMPLE) {
                self.merged.push((number, after));
            }
        }
        self.futures.push(one_number(future));
        Ok(())
    }

    /// Of the samples, those that can be compared by now.
    fn find_wrong_merge(&mut self) -> Option<Violation> {
        let known = self.futures.len();
        let (ready, later) = self.merged.drain(..).partition(|(number, _)| (*number as usize) < known);
        self.merged = later;
        let is_wrong = |(number, world): &&(u32, World)| {
            let after = |step: &Move| {
                let mut after = world.clone();
                let _ = after.make(step);
                after.fingerprint()
            };
            one_number(world.moves().iter().map(after).collect()) != self.futures[*number as usize]
        };
        let ready: Vec<(u32, World)> = ready;
        let (number, _) = ready.iter().find(is_wrong)?;
        Some(self.violation("a state with another future has the same fingerprint".into(), *number, None))
    }

    /// Repeats the way to a state, and one move more.
    fn replay(&self, mut at: u32, last: Option<usize>) -> World {
        let mut way: Vec<usize> = last.into_iter().collect();
        while at != 0 {
            let Parent { from, step } = self.parents[at as usize];
            way.push(usize::from(step));
            at = from;
        }
        let mut world = self.scenario.world();
        world.history = Some(Vec::new());
        for index in way.into_iter().rev() {
            let step = world.moves()[index];
            let _ = world.make(&step);
        }
        world
    }

    fn violation(&self, why: String, at: u32, last: Option<usize>) -> Violation {
        Violation { why, counterexample: self.replay(at, last).history.unwrap_or_default() }
    }

    fn next_of(&self, state: usize) -> &[u32] {
        let end = self.starts.get(state + 1).map_or(self.next.len(), |end| *end as usize);
        &self.next[self.starts[state] as usize..end]
    }

    /// With the network healed and without user actions, every order of events must terminate; the terminal
    /// state was checked there. So no state may follow from itself: repeatedly remove what follows from
    /// nothing that remains, and nothing may remain.
    fn find_endless(&self) -> Option<Violation> {
        let mut before = vec![0u32; self.parents.len()];
        self.next.iter().for_each(|state| before[*state as usize] += 1);
        let mut free: Vec<usize> = (0..before.len()).filter(|state| before[*state] == 0).collect();
        let mut taken = 0;
        while let Some(state) = free.pop() {
            taken += 1;
            for next in self.next_of(state) {
                before[*next as usize] -= 1;
                if before[*next as usize] == 0 {
                    free.push(*next as usize);
                }
            }
        }
        if taken == before.len() {
            return None;
        }
        // What is left is circles and what follows from them; from a circle one can go on for ever.
        let left: Vec<usize> = (0..before.len()).filter(|state| before[*state] > 0).collect();
        let on_circle = left.into_iter().find(|state| self.follows_itself(*state, &before))?;
        let mut world = self.replay(on_circle as u32, None);
        let mut counterexample = world.history.take().unwrap_or_default();
        let home = world.fingerprint();
        world.history = Some(Vec::new());
        for _ in 0..50 {
            let step = world.moves().into_iter().find(|step: &Move| world.is_healing(step))?;
            let _ = world.make(&step);
            if world.fingerprint() == home {
                break;
            }
        }
        counterexample.extend(world.history.unwrap_or_default());
        Some(Violation {
            why: "invariant 3: never comes to rest, though nothing is lost any more".into(),
            counterexample,
        })
    }

    fn follows_itself(&self, state: usize, before: &[u32]) -> bool {
        let mut seen = std::collections::HashSet::new();
        let mut open = vec![state];
        while let Some(at) = open.pop() {
            for next in self.next_of(at).iter().map(|next| *next as usize) {
                if next == state {
                    return true;
                }
                if before[next] > 0 && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }
}

/// One number for a set.
fn one_number(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.dedup();
    mixed(&all)
}
