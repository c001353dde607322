//! Starts the measures, prints the table and writes it as JSON.

mod added;
mod mqtt;
mod row;
mod table;
mod webrtc;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::system;
use row::{CALLGRIND, COLLECTED, Row, measure, number, numbers_after, output, size_row, this};
pub(crate) use table::write as write_table;

/// The numbers in the line that valgrind prints with `label` about a process with as many cycles.
fn counted(tool: &[&str], library: &str, cycles: u32, label: &str) -> Vec<f64> {
    let mut valgrind = Command::new(tool[0]);
    let valgrind = valgrind.args(&tool[1..]).arg(this());
    numbers_after(valgrind.args(["cycles", library]).arg(cycles.to_string()), label)
}

/// Instructions of as many cycles, and of everything around them.
fn instructions(library: &str, cycles: u32) -> f64 {
    counted(&CALLGRIND, library, cycles, COLLECTED)[0]
}

/// What of the heap is in use after so many cycles. mallinfo2 would count what is only cached, and round.
fn heap_row(library: &str) -> Row {
    let [before, after] = system::either([1_000, 10_000], [100, 300])
        .map(|cycles| counted(&["valgrind", "--leak-check=no"], library, cycles, "in use at exit: "));
    let bytes = after[0] - before[0];
    let note =
        format!("blocks in use from cycle 1,000 to 10,000; {bytes:.0} bytes: numbers in ids get longer");
    Row::new("heap_growth_10000_cycles", after[1] - before[1], "blk", &note).at_most(0.0)
}

/// The libraries that the library needs.
fn needed(library: &str) -> Vec<String> {
    let (out, _) = output(Command::new("readelf").args(["--dynamic", library]));
    let lines = out.lines().filter(|line| line.contains("(NEEDED)"));
    let names = lines.filter_map(|line| line.split_once('[')?.1.split_once(']'));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn latency_rows(library: &str) -> Vec<Row> {
    let one = measure("one_cpu", library, &[]);
    let mut rows = vec![
        Row::compared(
            "ffi_call_return_asleep",
            &one,
            "return",
            1.0,
            "nertc_callkit_call with the worker asleep / push + notify",
        )
        .at_most(2.0),
        Row::compared(
            "setup_in_process_warm",
            &one,
            "warm",
            1000.0,
            "call to on_call_connected, right after another / one hop, two texts, eight callbacks, so too",
        )
        .within(2.0, 1.7),
        Row::compared("setup_in_process_cold", &one, "cold", 1000.0, "both after 200 us of sleep"),
    ];
    if system::cpus().len() > 1 {
        let two = measure("two_cpus", library, &[]);
        let note = "the same, the worker on another CPU";
        rows.push(Row::compared("ffi_call_return_asleep_two_cpus", &two, "return", 1.0, note));
        rows.push(Row::compared("setup_in_process_two_cpus", &two, "cold", 1000.0, note));
    }
    let (init, storm) = (measure("init", library, &[]), measure("storm", library, &[]));
    let note = "first create until login completes / start of a thread that answers";
    rows.push(Row::compared("init_login_us", &init, "init", 1000.0, note));
    let note = "backend's report to callback in order, inbox of 1024 / queue swapped out, one C call";
    rows.push(Row::compared("event_storm", &storm, "storm", 1.0, note).within(8.0, 5.0));
    rows
}

fn work_rows(library: &str) -> Vec<Row> {
    let cycles = system::either("3000", "300");
    let mut speeds: Vec<f64> =
        (0..5).map(|_| measure("cycles", library, &[cycles])["cycles_per_s"]).collect();
    speeds.sort_by(f64::total_cmp);
    // The difference of two runs: what is around the cycles does not count.
    let (few, many) = system::either((50, 250), (5, 25));
    let per_cycle = (instructions(library, many) - instructions(library, few)) / f64::from(many - few);
    let idle = measure("idle", library, &[]);
    let traced = measure("traced", library, &[]);
    vec![
        Row::new(
            "cycles_per_s_in_process",
            speeds[2],
            "1/s",
            "call, accept, connected, hang-up, ended on both sides",
        ),
        Row::compared(
            "cycle_with_trace",
            &traced,
            "traced",
            1000.0,
            "both sides record into files / neither does",
        ),
        Row::new("instructions_per_cycle", per_cycle / 1e6, "M", "both ends, callgrind").within(0.105, 0.06),
        Row::new("idle_wakeups_20s", idle["wakeups"], "", "two clients, logged in, after a call")
            .at_most(0.0),
    ]
}

fn memory_rows(library: &str) -> Vec<Row> {
    const MB: f64 = 1e6;
    let (crowd, growth) = (measure("crowd", library, &[]), measure("growth", library, &[]));
    let note = format!("private dirty; {:.0} bytes of it heap", crowd["more_components_heap"]);
    vec![
        Row::new(
            "first_engine_private_dirty",
            crowd["first_component"] / MB,
            "MB",
            "before the library is loaded and after login",
        )
        .at_most(0.5),
        Row::new("engine_bytes", crowd["more_components"] / 1e3, "kB", &note).at_most(4.0),
        Row::new("threads_10000_engines", crowd["threads"], "", "with the program's own").at_most(3.0),
        Row::new("rss_growth_10000_cycles", growth["memory_growth"] / MB, "MB", "from cycle 1,000 to 10,000")
            .at_most(0.5),
        heap_row(library),
    ]
}

fn size_rows(library: &str) -> Vec<Row> {
    let everything = Path::new(library).with_file_name("libnertc_callkit_devices.so");
    let needed = needed(&everything.to_string_lossy());
    let known = ["libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"];
    let others = needed.iter().filter(|name| !known.iter().any(|known| name.starts_with(known))).count();
    let note = format!("needs {}", needed.join(", "));
    let beside = |name: &str| Path::new(library).with_file_name(name).to_string_lossy().into_owned();
    let [full, full_small] = ["libnertc_callkit_full.so", "libnertc_callkit_full_small.so"].map(beside);
    vec![
        size_row("so_bytes_core", library, "stripped").within(0.92 + added::CORE, 0.9 + added::CORE),
        size_row("so_bytes_core_small", &beside("libnertc_callkit_small.so"), "PROFILE=small")
            .within(0.69 + added::CORE_SMALL, 0.58 + added::CORE_SMALL),
        size_row("so_bytes_full", &full, "with MQTT, TLS and WebRTC, without devices").at_most(5.0),
        devices_row(&full, &beside("libnertc_callkit_devices.so")),
        size_row("so_bytes_full_small", &full_small, "PROFILE=small").at_most(4.0),
        Row::new("so_other_dependencies", others as f64, "", &note).at_most(0.0),
    ]
}

/// What microphone, speaker and processing add to the default: 0.4 and 0.8 MB at most.
fn devices_row(full: &str, devices: &str) -> Row {
    const NAME: &str = "so_bytes_devices";
    let size = |path: &str| fs::metadata(path).map(|it| it.len() as f64 / 1e6);
    match (size(full), size(devices)) {
        (Ok(full), Ok(devices)) => {
            let note = format!("devices and processing; the default has {devices:.3} MB");
            Row::new(NAME, devices - full, "MB", &note).at_most(1.2)
        }
        _ => Row::missing(NAME, "not built"),
    }
}

/// Measures everything; false if a row misses its must.
#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn run(library: &str, results: &str) -> bool {
    let load = system::load();
    let mut rows = size_rows(library);
    rows.extend(latency_rows(library));
    rows.extend(work_rows(library));
    rows.extend(memory_rows(library));
    rows.extend(mqtt::rows(library));
    rows.extend(webrtc::rows(library));
    let optional = |value: Option<f64>| value.map(number).unwrap_or_default();
    println!(
        "{:<32} {:>9} {:<4} {:>9} {:>7} {:>6} {:>7}  holds",
        "name", "value", "unit", "reference", "ratio", "must", "stretch"
    );
    for row in &rows {
        println!(
            "{:<32} {:>9} {:<4} {:>9} {:>7} {:>6} {:>7}  {:<5}  {}",
            row.name,
            number(row.value),
            row.unit,
            optional(row.reference),
            row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            optional(row.must),
            optional(row.stretch),
            row.holds.map_or("", |holds| if holds { "yes" } else { "NO" }),
            row.note
        );
    }
    if system::is_quick() {
        println!(
            "QUICK: every measure ran, with few samples, shorter than its name says: nothing here is a figure"
        );
    }
    println!("load at start {load}, at end {}; a load above 1.5 makes times doubtful", system::load());
    let json = serde_json::to_string_pretty(&rows).expect("plain");
    fs::write(results, json + "\n").unwrap_or_else(|error| panic!("{results}: {error}"));
    let missed: Vec<&str> = rows.iter().filter(|row| row.holds == Some(false)).map(|row| row.name).collect();
    if !missed.is_empty() {
        println!("missed: {}", missed.join(", "));
    }
    missed.is_empty()
}
