//! The recording end: steps in, lines out.

use serde::Serialize;

use super::json;
use super::quote::write_quoted;
use super::redact::{Redaction, Redactor};
use nertc_callkit_engine::Engine;
use nertc_callkit_engine::input::Input;
use nertc_callkit_engine::output::Output;
use nertc_callkit_engine::time::Time;

/// The format's version; a reader refuses any other.
pub const VERSION: u64 = 4;

/// Records engines. Lines collect in it until they are taken.
#[derive(Clone, Debug)]
pub struct TraceWriter {
    redaction: Redaction,
    redactor: Redactor,
    lines: Vec<u8>,
    /// A step's outputs are being written.
    is_open: bool,
    is_first: bool,
}

impl TraceWriter {
    /// An empty one. All its kits share their pseudonyms.
    pub fn new(redaction: Redaction) -> TraceWriter {
        let redactor = Redactor::new(redaction);
        TraceWriter { redaction, redactor, lines: Vec::new(), is_open: false, is_first: true }
    }

    /// Begins a kit, between two steps of its engine. `unix_ms` is the time of day, 0 = unknown. The header
    /// shows the state of the engine's ids: `Engine::begin_trace` first, unless they are no secret.
    pub fn begin(&mut self, kit: u64, now: Time, unix_ms: u64, engine: &Engine) {
        self.end_step();
        self.put("{\"trace\":");
        self.json(&VERSION);
        self.number("kit", kit);
        self.number("t", now.0);
        self.number("unix_ms", unix_ms);
        self.put(",\"library\":");
        write_quoted(&mut self.lines, env!("CARGO_PKG_VERSION"));
        self.put(",\"redacted\":");
        self.json(&(self.redaction == Redaction::Personal));
        self.put(",\"engine\":");
        self.json(engine);
        self.put("}\n");
    }

    /// A step: the engine is about to take `input`.
    pub fn input(&mut self, kit: u64, now: Time, input: &Input) {
        self.begin_step(kit, now);
        self.put(",\"in\":");
        self.json(input);
        self.put(",\"out\":[");
    }

    /// A step: the engine is about to fire what is due, for this reason.
    pub fn timeout(&mut self, kit: u64, now: Time, why: &str) {
        self.begin_step(kit, now);
        self.put(",\"due\":");
        write_quoted(&mut self.lines, why);
        self.put(",\"out\":[");
    }

    /// An output of the step.
    pub fn output(&mut self, output: &Output) {
        if self.is_open {
            if !std::mem::take(&mut self.is_first) {
                self.put(",");
            }
            self.json(output);
        }
    }

    /// The engine has no more outputs.
    pub fn end_step(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.put("]}\n");
        }
    }

    /// The lines so far.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Forgets the lines: they are written.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// More names or texts than can be distinguished: continue with a new writer.
    pub fn is_full(&self) -> bool {
        self.redactor.is_full()
    }

    fn begin_step(&mut self, kit: u64, now: Time) {
        self.end_step();
        (self.is_open, self.is_first) = (true, true);
        self.put("{\"kit\":");
        self.json(&kit);
        self.number("t", now.0);
    }

    fn number(&mut self, name: &str, number: u64) {
        self.put(",\"");
        self.put(name);
        self.put("\":");
        self.json(&number);
    }

    fn json(&mut self, value: &impl Serialize) {
        json::write(&mut self.lines, &mut self.redactor, value);
    }

    fn put(&mut self, text: &str) {
        self.lines.extend_from_slice(text.as_bytes());
    }
}
