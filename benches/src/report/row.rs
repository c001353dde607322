//! A figure of the table, and the processes that measure.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::process::Command;

use serde::Serialize;

use crate::system;

pub(super) type Values = BTreeMap<String, f64>;

/// A figure.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    /// What it is compared with, measured in the same run.
    pub(super) reference: Option<f64>,
    pub(super) ratio: Option<f64>,
    /// At most this: the ratio if there is one, else the value.
    pub(super) must: Option<f64>,
    /// What would be better still.
    pub(super) stretch: Option<f64>,
    pub(super) holds: Option<bool>,
    pub(super) note: String,
}

impl Row {
    pub(super) fn new(name: &'static str, value: f64, unit: &'static str, note: &str) -> Row {
        let note = note.to_owned();
        Row { name, value, unit, reference: None, ratio: None, must: None, stretch: None, holds: None, note }
    }

    /// From `value`, `value_floor` and `value_ratio`, in `scale` nanoseconds.
    pub(super) fn compared(name: &'static str, values: &Values, value: &str, scale: f64, note: &str) -> Row {
        let get = |end: &str| values[&format!("{value}{end}")];
        let unit = if scale == 1.0 { "ns" } else { "us" };
        let mut row = Row::new(name, get("") / scale, unit, note);
        row.reference = Some(get("_floor") / scale);
        row.ratio = Some(get("_ratio"));
        row
    }

    /// Not measured here, and why.
    pub(super) fn missing(name: &'static str, why: &str) -> Row {
        Row::new(name, f64::NAN, "", &format!("not measured: {why}"))
    }

    /// What `make bench` fails without, and what would be better still.
    pub(super) fn within(mut self, must: f64, stretch: f64) -> Row {
        self.stretch = Some(stretch);
        self.at_most(must)
    }

    /// What `make bench` fails without.
    pub(super) fn at_most(mut self, must: f64) -> Row {
        self.must = Some(must);
        self.holds = (!system::is_quick()).then_some(self.ratio.unwrap_or(self.value) <= must);
        self
    }
}

/// The size of a library.
pub(super) fn size_row(name: &'static str, library: &str, note: &str) -> Row {
    match fs::metadata(library) {
        Ok(file) => Row::new(name, file.len() as f64 / 1e6, "MB", note),
        Err(error) => Row::missing(name, &format!("{library}: {error}")),
    }
}

/// The values a measure prints.
pub(super) fn measure(name: &str, library: &str, numbers: &[&str]) -> Values {
    let (out, _) = output(Command::new(this()).args([name, library]).args(numbers));
    let pairs = out.lines().filter_map(|line| line.split_once(' '));
    pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

/// Counts the instructions of a program.
pub(super) const CALLGRIND: [&str; 3] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
/// Before the count.
pub(super) const COLLECTED: &str = "Collected : ";

/// The numbers in the line with `label` that a program prints to its standard error.
pub(super) fn numbers_after(command: &mut Command, label: &str) -> Vec<f64> {
    let (_, err) = output(command);
    let (_, line) = err.lines().find_map(|line| line.split_once(label)).expect("valgrind's count");
    line.replace(',', "").split(' ').filter_map(|word| word.parse().ok()).collect()
}

/// Runs a program, answers what it printed.
pub(super) fn output(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{command:?} failed:\n{err}");
    (out, err)
}

/// This program, by the name that it was started with.
pub(super) fn this() -> std::path::PathBuf {
    env::current_exe().expect("the own name")
}

/// A figure with as many digits as say something.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        nothing if nothing.is_nan() => "-".to_owned(),
        size if size >= 1000.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
