//! Feeds a trace to the engine again and compares what it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use super::read::{Error, Header, Line, Reader, Step};
use nertc_callkit_engine::output::Output;
use nertc_callkit_engine::time::Time;
use nertc_callkit_engine::{Engine, Snapshot};

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
#[derive(Clone, Debug)]
pub struct Difference {
    /// Line of the file.
    pub line: usize,
    /// Which kit.
    pub kit: u64,
    /// The output in the file.
    pub recorded: String,
    /// The output of the engine.
    pub replayed: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.difference {
            None => writeln!(f, "replay: kits {}, steps {}: the same", self.kits, self.steps),
            Some(it) => writeln!(
                f,
                "replay: line {}, kit {}: differs\n  recorded: {}\n  replayed: {}",
                it.line, it.kit, it.recorded, it.replayed
            ),
        }
    }
}

/// Replays a trace. Stops at the first difference; what follows would only be its consequence.
///
/// # Errors
/// It cannot be read as a trace.
pub fn replay(input: impl BufRead) -> Result<Report, Error> {
    replay_with(input, |_, _| ())
}

/// As [`replay`], and hands over what the engine answered in each step.
///
/// # Errors
/// It cannot be read as a trace.
pub fn replay_with(input: impl BufRead, mut on_step: impl FnMut(&Step, &[Output])) -> Result<Report, Error> {
    let mut replay = Replay::new(input);
    let mut report = Report::default();
    while let Some(event) = replay.next()? {
        match event {
            ReplayEvent::Begin(_) => report.kits += 1,
            ReplayEvent::Step { step, replayed, difference, .. } => {
                report.steps += 1;
                on_step(&step, &replayed);
                report.difference = difference;
                if report.difference.is_some() {
                    break;
                }
            }
        }
    }
    Ok(report)
}

/// The outputs of a step as one line of JSON.
pub fn outputs_line(step: &Step, replayed: &[Output]) -> String {
    let outputs: Vec<String> = replayed
        .iter()
        .map(|it| serde_json::to_string(it).unwrap_or_else(|error| error.to_string()))
        .collect();
    format!("{{\"kit\":{},\"t\":{},\"out\":[{}]}}\n", step.kit, step.t.0, outputs.join(","))
}

/// A line that was played.
#[derive(Clone, Debug)]
pub enum ReplayEvent {
    /// A kit begins.
    Begin(Box<Header>),
    /// A step of a kit.
    Step {
        /// The output in the file.
        step: Box<Step>,
        /// The outputs of the engine.
        replayed: Vec<Output>,
        /// The kit's state afterwards.
        after: Box<Snapshot>,
        /// The engine answers otherwise.
        difference: Option<Difference>,
    },
}

/// Plays a trace line by line.
#[derive(Debug)]
pub struct Replay<R> {
    reader: Reader<R>,
    players: BTreeMap<u64, Player>,
}

/// A kit that is being replayed.
#[derive(Debug)]
struct Player {
    engine: Engine,
    now: Time,
}

impl<R: BufRead> Replay<R> {
    /// Of anything.
    pub fn new(input: R) -> Replay<R> {
        Replay { reader: Reader::new(input), players: BTreeMap::new() }
    }

    /// Plays the next line; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator would not show that an error is the last")]
    pub fn next(&mut self) -> Result<Option<ReplayEvent>, Error> {
        let Some(line) = self.reader.next()? else { return Ok(None) };
        let number = self.reader.line();
        let malformed = |why: &str| Error::Malformed { line: number, why: why.into() };
        match line {
            Line::Header(header) => {
                if self.players.len() >= KITS {
                    return Err(malformed("more kits than a trace may hold"));
                }
                if !header.engine.is_plausible() {
                    return Err(malformed("an engine never gets into this state: the file was edited"));
                }
                let player = Player { engine: header.engine.clone(), now: header.t };
                if self.players.insert(header.kit, player).is_some() {
                    return Err(malformed("the kit begins a second time"));
                }
                Ok(Some(ReplayEvent::Begin(header)))
            }
            Line::Step(step) => {
                let player = self.players.get_mut(&step.kit);
                let player = player.ok_or_else(|| malformed("a step before its kit's header"))?;
                if step.t < player.now {
                    return Err(malformed("time goes backwards: the file was edited"));
                }
                let (replayed, difference) = player.play(number, &step);
                Ok(Some(ReplayEvent::Step {
                    after: Box::new(player.engine.snapshot()),
                    step: Box::new(step),
                    replayed,
                    difference,
                }))
            }
        }
    }
}

impl Player {
    /// What the engine answers, and where the trace says otherwise.
    fn play(&mut self, line: usize, step: &Step) -> (Vec<Output>, Option<Difference>) {
        let Step { kit, t, input, due, out } = step;
        let differs = |recorded: String, replayed: String| Difference { line, kit: *kit, recorded, replayed };
        self.now = *t;
        match input {
            Some(input) => self.engine.handle(*t, input.clone()),
            None => {
                let next = self.engine.poll_timeout().filter(|(at, _)| at <= t).map(|(_, why)| why);
                if next != due.as_deref() {
                    let describe = |why: Option<&str>| format!("due: {}", why.unwrap_or("nothing"));
                    return (Vec::new(), Some(differs(describe(due.as_deref()), describe(next))));
                }
                self.engine.handle_timeout(*t);
            }
        }
        let replayed = std::iter::from_fn(|| self.engine.poll_output()).collect::<Vec<_>>();
        let at = (0..out.len().max(replayed.len())).find(|at| out.get(*at) != replayed.get(*at));
        let difference = at.map(|at| {
            let describe =
                |outputs: &[Output]| outputs.get(at).map_or("nothing more".into(), |it| format!("{it:?}"));
            differs(describe(out), describe(&replayed))
        });
        (replayed, difference)
    }
}
