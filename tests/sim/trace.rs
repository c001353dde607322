//! The record of a run: lines for readers, a trace for `nertc-callkit`.

use nertc_callkit::engine::Engine;
use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::output::Output;
use nertc_callkit::engine::time::Time;
use nertc_callkit::trace;
pub(crate) use nertc_callkit::trace::Redaction;

/// Keeps it.
#[derive(Clone)]
pub(crate) struct RunTrace {
    pub(crate) lines: Vec<String>,
    writer: trace::TraceWriter,
    kits: Vec<u64>,
}

impl RunTrace {
    /// Of engines that are between two steps.
    pub(crate) fn new<'a>(
        redaction: Redaction,
        now: u64,
        engines: impl Iterator<Item = &'a Engine>,
    ) -> RunTrace {
        let mut trace =
            RunTrace { lines: Vec::new(), writer: trace::TraceWriter::new(redaction), kits: Vec::new() };
        for (device, engine) in engines.enumerate() {
            trace.kits.push(device as u64);
            trace.begin(device, now, engine);
        }
        trace
    }

    /// Each incarnation of a device is a kit of its own: device 2 is kit 2, then 1002 and so on.
    pub(crate) fn reborn(&mut self, device: usize, now: u64, engine: &Engine) {
        self.kits[device] += 1_000;
        self.begin(device, now, engine);
    }

    fn begin(&mut self, device: usize, now: u64, engine: &Engine) {
        self.writer.begin(self.kits[device], Time(now), 0, engine);
    }

    pub(crate) fn input(&mut self, device: usize, now: u64, input: &Input) {
        self.writer.input(self.kits[device], Time(now), input);
    }

    pub(crate) fn timeout(&mut self, device: usize, now: u64, why: &str) {
        self.writer.timeout(self.kits[device], Time(now), why);
    }

    pub(crate) fn output(&mut self, output: &Output) {
        self.writer.output(output);
    }

    /// The whole trace. A violation may have left outputs in its engine.
    pub(crate) fn end<'a>(&mut self, engines: impl Iterator<Item = &'a mut Engine>) -> &[u8] {
        for engine in engines {
            while let Some(output) = engine.poll_output() {
                self.writer.output(&output);
            }
        }
        self.writer.end_step();
        self.writer.lines()
    }
}
