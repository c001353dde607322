//! A counterexample as a file.

use nertc_callkit::engine::time::Time;
use nertc_callkit::trace::{Redaction, TraceWriter};
use nertc_callkit_testkit::scratch_dir::keep;

use crate::counterexample::{Fed, Line};
use crate::world::World;

/// Writes what happened after `start` to a file of this name; answers where.
pub(crate) fn write_trace(name: &str, start: &World, counterexample: &[Line]) -> String {
    let mut trace = TraceWriter::new(Redaction::Secrets);
    for device in 0..start.devices() {
        trace.begin(device as u64, Time(start.now()), 0, start.engine(device));
    }
    for line in counterexample {
        let Line::Step { device, at, fed, outputs } = line else { continue };
        match fed {
            Fed::Input(input) => trace.input(*device as u64, *at, input),
            Fed::Timeout(why) => trace.timeout(*device as u64, *at, why),
        }
        outputs.iter().for_each(|output| trace.output(output));
        trace.end_step();
    }
    keep(name, ".trace", trace.lines())
}
