//! The table of docs/PERFORMANCE.md, written from the results of several runs.

use std::fs;

use serde_json::Value;

use super::row::number;

const BEGIN: &str = "<!-- bench-table -->\n";
const END: &str = "<!-- /bench-table -->";

/// Replaces the table between the markers of `page` by one of the runs in `files`.
pub(crate) fn write(page: &str, files: &[&str]) {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let runs = files.iter().map(|file| {
        let run: Value = serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        run.as_array().unwrap_or_else(|| panic!("{file}: no list of rows")).clone()
    });
    let table = markdown(&runs.collect::<Vec<_>>());
    let text = replaced(&read(page), &table).unwrap_or_else(|| panic!("{page}: no bench-table markers"));
    fs::write(page, text).unwrap_or_else(|error| panic!("{page}: {error}"));
}

/// `page` with `table` between its markers.
fn replaced(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// A line for each row of the first run: median and range over all runs.
fn markdown(runs: &[Vec<Value>]) -> String {
    let mut table = "| row | value | floor | ratio | must | stretch | holds |\n\
                     | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for row in runs.first().into_iter().flatten() {
        let name = &row["name"];
        let rows: Vec<&Value> = runs.iter().flatten().filter(|row| row["name"] == *name).collect();
        let unit = row["unit"].as_str().unwrap_or_default();
        let of = |key: &str| rows.iter().filter_map(|row| row[key].as_f64()).collect::<Vec<f64>>();
        let limit = |key: &str| row[key].as_f64().map(number).unwrap_or_default();
        let value = match of("value") {
            none if none.is_empty() => row["note"].as_str().unwrap_or_default().to_owned(),
            values => format!("{} {unit}", spread(values, number)).trim_end().to_owned(),
        };
        let floor = match of("reference") {
            none if none.is_empty() => String::new(),
            values => format!("{} {unit}", number(median(values))),
        };
        let ratio = match of("ratio") {
            none if none.is_empty() => String::new(),
            values => spread(values, |ratio| format!("{ratio:.2}")),
        };
        let cells = [
            format!("`{}`", name.as_str().unwrap_or_default()),
            value,
            floor,
            ratio,
            limit("must"),
            limit("stretch"),
            holds(&rows),
        ];
        table += &format!("| {} |\n", cells.join(" | "));
    }
    table
}

/// In how many of the runs the must was met.
fn holds(rows: &[&Value]) -> String {
    let known: Vec<bool> = rows.iter().filter_map(|row| row["holds"].as_bool()).collect();
    match (known.iter().filter(|holds| **holds).count(), known.len()) {
        (_, 0) => String::new(),
        (0, _) => "**no**".to_owned(),
        (met, runs) if met == runs => "yes".to_owned(),
        (met, runs) => format!("in {met} of {runs}"),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median, followed by the range unless all runs print the same.
fn spread(values: Vec<f64>, print: impl Fn(f64) -> String) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = print(median(values));
    match (print(least), print(most)) {
        (least, most) if least == most => middle,
        (least, most) => format!("{middle} ({least}–{most})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(value: f64, ratio: f64, holds: bool) -> Vec<Value> {
        let timed = json!({"name": "setup", "value": value, "unit": "us", "reference": 20.0, "ratio": ratio,
                           "must": 2.0, "stretch": 1.7, "holds": holds, "note": "n"});
        let size = json!({"name": "bytes", "value": 0.92, "unit": "MB", "reference": null, "ratio": null,
                          "must": null, "stretch": null, "holds": null, "note": "n"});
        let absent = json!({"name": "peer", "value": null, "unit": "", "note": "not measured: no peer"});
        vec![timed, size, absent]
    }

    #[test]
    fn a_row_has_the_median_and_the_range_of_all_runs() {
        let table = markdown(&[run(41.0, 2.05, false), run(39.0, 1.9, true), run(44.0, 2.2, false)]);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        let expected = [
            "| `setup` | 41 (39–44) us | 20 us | 2.05 (1.90–2.20) | 2 | 1.700 | in 1 of 3 |",
            "| `bytes` | 0.920 MB |  |  |  |  |  |",
            "| `peer` | not measured: no peer |  |  |  |  |  |",
        ];
        assert_eq!(rows, expected);
        let [good, bad] = [true, false].map(|holds| markdown(&[run(1.0, 1.0, holds)]));
        assert!(good.contains("| yes |") && bad.contains("| **no** |"), "{good}{bad}");
    }

    #[test]
    fn the_table_replaces_the_one_between_the_markers() {
        let page = format!("# P\n{BEGIN}old\n{END}\nrest\n");
        assert_eq!(replaced(&page, "new\n"), Some(format!("# P\n{BEGIN}new\n{END}\nrest\n")));
        assert_eq!(replaced("# P\n", "new\n"), None);
    }

    #[test]
    fn the_page_has_the_markers() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PERFORMANCE.md");
        assert!(replaced(&fs::read_to_string(page).expect("the page"), "").is_some());
    }
}
