//! Feeds a trace to the engine again and compares what it answers.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::read::{Error, Header, Line, Reader, Step};
use crate::engine::Engine;
use crate::engine::output::Output;
use crate::engine::time::Time;

/// Kits of one file.
const KITS: usize = 4096;

/// What a replay found.
#[derive(Debug, Default)]
pub struct Report {
    /// Kits in the file.
    pub kits: usize,
    /// Steps that were fed.
    pub steps: u64,
    /// The first place where the engine answers otherwise.
    pub difference: Option<Difference>,
}

/// Where a replay and its trace part.
#[derive(Debug)]
pub struct Difference {
    /// Line of the file.
    pub line: usize,
    /// Which kit.
    pub kit: u64,
    /// What the file says.
    pub recorded: String,
    /// What the engine says.
    pub replayed: String,
}

/// A kit that is being replayed.
struct Player {
    engine: Engine,
    now: Time,
}

/// Replays a trace. Stops at the first difference; what follows would only be its consequence.
pub fn replay(input: impl BufRead) -> Result<Report, Error> {
    let mut reader = Reader::new(input);
    let mut players = BTreeMap::new();
    let mut report = Report::default();
    while let Some(line) = reader.next()? {
        let malformed = |why: &str| Error::Malformed { line: reader.line(), why: why.into() };
        match line {
            Line::Header(header) => {
                if players.len() >= KITS {
                    return Err(malformed("more kits than a trace may hold"));
                }
                let Header { kit, t, engine, .. } = *header;
                if !engine.is_plausible() {
                    return Err(malformed("an engine never gets into this state: the file was edited"));
                }
                if players.insert(kit, Player { engine, now: t }).is_some() {
                    return Err(malformed("the kit begins a second time"));
                }
                report.kits += 1;
            }
            Line::Step(step) => {
                let player =
                    players.get_mut(&step.kit).ok_or_else(|| malformed("a step before its kit's header"))?;
                if step.t < player.now {
                    return Err(malformed("time goes backwards: the file was edited"));
                }
                report.steps += 1;
                report.difference = player.play(reader.line(), step);
                if report.difference.is_some() {
                    break;
                }
            }
        }
    }
    Ok(report)
}

impl Player {
    fn play(&mut self, line: usize, step: Step) -> Option<Difference> {
        let Step { kit, t, input, due, out } = step;
        let differs = |recorded: String, replayed: String| Difference { line, kit, recorded, replayed };
        self.now = t;
        match input {
            Some(input) => self.engine.handle(t, input),
            None => {
                let next = self.engine.poll_timeout().filter(|(at, _)| *at <= t).map(|(_, why)| why);
                if next != due.as_deref() {
                    let say = |why: Option<&str>| format!("due: {}", why.unwrap_or("nothing"));
                    return Some(differs(say(due.as_deref()), say(next)));
                }
                self.engine.handle_timeout(t);
            }
        }
        let replayed = std::iter::from_fn(|| self.engine.poll_output()).collect::<Vec<_>>();
        let at = (0..out.len().max(replayed.len())).find(|at| out.get(*at) != replayed.get(*at))?;
        let say = |outputs: &[Output]| outputs.get(at).map_or("nothing more".into(), |it| format!("{it:?}"));
        Some(differs(say(&out), say(&replayed)))
    }
}
