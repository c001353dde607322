//! Samples of a measure, and their summary.

use std::time::Duration;

use crate::system;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Rounds of a measure that is compared with its floor. One more comes first and does not count.
pub(crate) fn round_count() -> usize {
    system::either(9, 1)
}

/// Samples of each kind in a round.
pub(crate) fn sample_count() -> usize {
    system::either(150, 10)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the medians of the rounds and their ratio.
pub(crate) fn compare(name: &str, rounds: &[(f64, f64)]) {
    print_figure(name, median(rounds.iter().map(|(value, _)| *value).collect()));
    print_figure(&format!("{name}_floor"), median(rounds.iter().map(|(_, floor)| *floor).collect()));
    print_figure(
        &format!("{name}_ratio"),
        median(rounds.iter().map(|(value, floor)| value / floor).collect()),
    );
}

/// A measure's answer to `report`.
#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn print_figure(name: &str, value: f64) {
    println!("{name} {value}");
}
