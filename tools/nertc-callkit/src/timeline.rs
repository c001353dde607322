//! A trace as a timeline: clients and their steps, the last part of it if it is long.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit::engine::Snapshot;
use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::output::Output;
use nertc_callkit::trace::{Difference, Header, Replay, ReplayEvent, Step};

use crate::file::{Failure, open};
use crate::labels;

/// Steps that are shown; a call takes some thirty.
const MOMENTS: usize = 20_000;

/// A whole file.
pub(crate) struct Timeline {
    pub(crate) file: String,
    pub(crate) kits: Vec<Kit>,
    pub(crate) moments: VecDeque<Moment>,
    /// Moments before those.
    pub(crate) earlier: u64,
    /// Where this engine would have answered otherwise.
    pub(crate) difference: Option<Difference>,
}

/// A client.
pub(crate) struct Kit {
    pub(crate) number: u64,
    /// Its account, as soon as it has one.
    pub(crate) account: String,
    pub(crate) began: u64,
    pub(crate) redacted: bool,
    pub(crate) library: String,
    /// Where it stood.
    pub(crate) start: Snapshot,
    /// Pending operations, as labels.
    asked: BTreeMap<u64, String>,
}

/// A step of a kit.
pub(crate) struct Moment {
    pub(crate) kit: usize,
    pub(crate) t: u64,
    pub(crate) input: Option<Input>,
    /// Why a deadline passed.
    pub(crate) due: Option<String>,
    /// The input as a label.
    pub(crate) labels: Vec<labels::Label>,
    pub(crate) out: Vec<Output>,
    /// The client's state afterwards.
    pub(crate) after: Snapshot,
}

/// Reads a file.
pub(crate) fn read(file: &str) -> Result<Timeline, Failure> {
    let mut replay = Replay::new(open(file)?);
    let (kits, moments) = (Vec::new(), VecDeque::new());
    let mut timeline = Timeline { file: file.into(), kits, moments, earlier: 0, difference: None };
    while let Some(played) = replay.next().map_err(|error| format!("{file}: {error}"))? {
        match played {
            ReplayEvent::Begin(header) => timeline.begin(*header),
            ReplayEvent::Step { step, after, difference, .. } => {
                timeline.step(*step, *after);
                timeline.difference = timeline.difference.or(difference);
            }
        }
    }
    Ok(timeline)
}

impl Timeline {
    fn begin(&mut self, header: Header) {
        let Header { kit, t, library, redacted, engine, .. } = header;
        let start = engine.snapshot();
        self.kits.push(Kit {
            number: kit,
            account: start.account.to_string(),
            began: t.0,
            redacted,
            library,
            start,
            asked: BTreeMap::new(),
        });
    }

    fn step(&mut self, step: Step, after: Snapshot) {
        let Some(index) = self.kits.iter().position(|kit| kit.number == step.kit) else { return };
        let kit = &mut self.kits[index];
        if kit.account.is_empty() {
            kit.account = after.account.to_string();
        }
        let asked = |req| kit.asked.get(&req).cloned().unwrap_or_else(|| "an earlier operation".into());
        let labels = step.input.as_ref().map(|input| labels::input(input, asked)).unwrap_or_default();
        if let Some(Input::SignalDone { req, .. } | Input::RtcDone { req, .. }) = &step.input {
            kit.asked.remove(&req.0);
        }
        for output in &step.out {
            if let Output::Signal { req, .. } | Output::Rtc { req, .. } = output {
                kit.asked.insert(req.0, labels::output(output).map_or_else(|text| text, |label| label.text));
            }
        }
        let Step { t, input, due, out, .. } = step;
        self.moments.push_back(Moment { kit: index, t: t.0, input, due, labels, out, after });
        if self.moments.len() > MOMENTS {
            self.moments.pop_front();
            self.earlier += 1;
        }
    }

    /// The name of a client, if there are several.
    pub(crate) fn name(&self, kit: usize) -> String {
        let kit = &self.kits[kit];
        match &*kit.account {
            "" => format!("kit {}", kit.number),
            account if self.kits.iter().filter(|other| other.account == account).count() > 1 => {
                format!("{account} (kit {})", kit.number)
            }
            account => account.to_owned(),
        }
    }

    /// Milliseconds since the file's first moment.
    pub(crate) fn since_begin(&self, t: u64) -> u64 {
        t - self.kits.iter().map(|kit| kit.began).min().unwrap_or(t).min(t)
    }
}
