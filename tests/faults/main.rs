//! Planted faults: evidence that simulation and search find what they are meant to find.
//!
//! A copy of the source gets every fault of `table.rs`, each behind a switch, so that one build serves all.
//! Then each fault is enabled alone and has to be found by its invariant; with all of them off, nothing is.

mod table;
mod third_party;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use table::{FAULTS, Fault, Finder};
use third_party::THIRD_PARTY;

/// The copy: what the engine and the two searches need, and nothing else of the repository.
const COPIED: &[&str] = &["build.rs", "Cargo.lock", "src", "crates", "backends", "tests/sim", "tests/model"];

/// The switch, appended to the engine, the protocol and the service of the copy.
const SWITCH: &str = r#"
/// The fault of this name is on.
pub fn planted(name: &str) -> bool {
    static ON: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("PLANTED").unwrap_or_default()) == name
}
"#;

fn faults() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter().chain(THIRD_PARTY)
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(repository().join(path));
    text.unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// The source of a file with every fault of it.
fn planted(path: &str, mut text: String) -> String {
    let holder = match path {
        _ if path.starts_with("src/engine/") => "crate",
        _ if path.starts_with("backends/mqtt/") => "crate::protocol",
        _ if path.starts_with("backends/loopback/") => "crate::service",
        _ => "nertc_callkit::engine",
    };
    for fault in faults().filter(|fault| fault.file == path) {
        let switch = format!("{holder}::planted({:?})", fault.name);
        text = text.replacen(fault.find, &fault.put.replace("PLANTED", &switch), 1);
    }
    let holders =
        ["src/engine/mod.rs", "backends/mqtt/src/protocol/mod.rs", "backends/loopback/src/service/mod.rs"];
    if holders.contains(&path) { text + SWITCH } else { text }
}

/// The manifest of the copy: the core, as a Rust library, and the two searches.
fn manifest() -> String {
    let kept = ["[workspace.", "[package]", "[features]", "[dependencies]"];
    let whole = read("Cargo.toml");
    let sections = whole.split("\n[").map(|section| format!("[{}", section.trim_start_matches('[')));
    let mut text: String = sections
        .filter(|section| kept.iter().any(|name| section.starts_with(name)))
        .map(|section| section + "\n")
        .collect();
    text = text.replace("[package]", "[package]\nautotests = false\nautobins = false\nautoexamples = false");
    text += "[dev-dependencies]\nserde_json = \"1\"\nnertc_callkit_testkit = { path = \"crates/testkit\" }\n";
    text += "[workspace]\nmembers = [\"crates/abi\", \"crates/backend\", \"backends/loopback\"]\n";
    text += "[profile.faults]\ninherits = \"dev\"\nopt-level = 2\ndebug = false\nincremental = false\n";
    for (name, folder) in [("sim", "sim"), ("model", "model"), ("protocol", "model/protocol")] {
        text += &format!("[[test]]\nname = \"{name}\"\npath = \"tests/{folder}/main.rs\"\n");
    }
    text
}

/// Writes what has changed, so that cargo builds what has changed.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("in the copy")).expect("a folder of the copy");
    fs::write(path, text).expect("a file of the copy");
}

fn copy(from: &str, to: &Path) {
    let path = repository().join(from);
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder of the source") {
            let name = entry.expect("an entry").file_name();
            copy(&format!("{from}/{}", name.to_string_lossy()), to);
        }
    } else if from.ends_with(".rs") || from.contains("Cargo") {
        write(&to.join(from), &planted(from, read(from)));
    }
}

/// The programs of the random worlds and of the two searches.
struct Programs {
    sim: PathBuf,
    model: PathBuf,
    protocol: PathBuf,
}

/// Builds the copy.
fn build(copy: &Path) -> Programs {
    let output = Command::new(env!("CARGO"))
        .args(["test", "--no-default-features", "--features", "mqtt", "--profile", "faults", "--no-run"])
        .args(["--message-format", "json"])
        .args(["--test", "sim", "--test", "model", "--test", "protocol"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        // The copy is not there to be read.
        .env("RUSTFLAGS", "--cap-lints=allow")
        .env_remove("MAKEFLAGS")
        .output()
        .expect("cargo runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the copy does not build:\n{complaints}");
    let program = |name: &str| {
        let start = format!("\"executable\":\"{}", copy.display());
        let paths = stdout.lines().filter_map(|line| Some(line.split_once(&start)?.1.split_once('"')?.0));
        let mut paths = paths.filter(|path| path.contains(&format!("/deps/{name}-")));
        copy.join(paths.next().expect("cargo names its programs").trim_start_matches('/'))
    };
    Programs { sim: program("sim"), model: program("model"), protocol: program("protocol") }
}

/// Runs one test of a program with a fault on; what it printed.
fn search(program: &Path, test: &str, fault: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("timeout");
    command.arg("100").arg(program).args(["--nocapture", "--test-threads", "1"]);
    command.arg(test);
    command.env("PLANTED", fault).envs(variables.iter().copied()).env_remove("SIM_SEED0");
    let output = command.output().expect("coreutils' timeout runs");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The tests that search.
const WORLDS: &str = "random_worlds_keep_every_invariant";
const MQTT: &str = "mqtt_peers_keep_every_invariant";
const PAIRED: &str = "a_third_account_changes_nothing";
const SMALL: &str = "every_small_world";

/// The finder of a fault, and the place; or its output instead.
fn hunt(programs: &Programs, fault: &Fault) -> Result<String, String> {
    let wanted = format!("invariant {}:", fault.invariant);
    let seeds = [("SIM_SEEDS", "12000"), ("SIM_FAILURES", "12"), ("SIM_TRACE", "0")];
    let (who, stdout) = match fault.finder {
        Finder::Sim => ("sim", search(&programs.sim, WORLDS, fault.name, &seeds)),
        Finder::Mqtt => ("sim: mqtt", search(&programs.sim, MQTT, fault.name, &seeds)),
        Finder::Paired => {
            let seeds =
                [("SIM_SEEDS", "400"), ("SIM_FAILURES", "4"), ("SIM_TRACE", "0"), ("RUST_BACKTRACE", "0")];
            ("sim: paired", search(&programs.sim, PAIRED, fault.name, &seeds))
        }
        Finder::Model(world) => {
            ("model", search(&programs.model, SMALL, fault.name, &[("MODEL_WORLD", world)]))
        }
        Finder::ProtocolModel(world) => {
            ("model: protocol", search(&programs.protocol, SMALL, fault.name, &[("MODEL_WORLD", world)]))
        }
    };
    let found = stdout.lines().find(|line| line.contains(&wanted));
    found.map(|line| format!("{who:<5}  {}", shorten(line))).ok_or_else(|| {
        let end = stdout.lines().rev().take(20).collect::<Vec<_>>();
        format!(
            "{who} does not find {wanted} it ends with\n{}",
            end.into_iter().rev().collect::<Vec<_>>().join("\n")
        )
    })
}

fn shorten(line: &str) -> String {
    line.chars().take(120).collect()
}

#[test]
fn every_fault_still_fits_into_the_source() {
    for fault in faults() {
        let fits = read(fault.file).matches(fault.find).count();
        assert_eq!(fits, 1, "the text of the fault {:?} in {} must be there once", fault.name, fault.file);
    }
    // 15 is broken by none alone: what the backend learns too early shows as 13.
    for invariant in (1..=14).chain([16, 17]) {
        assert!(faults().any(|fault| fault.invariant == invariant), "no fault breaks {invariant}");
    }
}

#[test]
#[ignore = "builds the engine once more; `make faults`, which `make test-all` runs"]
fn every_planted_fault_is_found() {
    let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults");
    COPIED.iter().for_each(|from| copy(from, &copied));
    write(&copied.join("Cargo.toml"), &manifest());
    let programs = build(&copied);
    for (program, test, variable) in [
        (&programs.sim, WORLDS, ("SIM_SEEDS", "300")),
        (&programs.sim, MQTT, ("SIM_SEEDS", "300")),
        (&programs.sim, PAIRED, ("SIM_SEEDS", "100")),
        (&programs.model, SMALL, ("MODEL_WORLD", "glare with a legacy peer, we hang up")),
        (&programs.protocol, SMALL, ("MODEL_WORLD", "a callee, two losses")),
    ] {
        let calm = search(program, test, "", &[variable]);
        assert!(calm.contains("violations 0"), "without a fault:\n{calm}");
    }
    // `FAULT=glare make faults` plants those alone.
    let wanted = std::env::var("FAULT").unwrap_or_default();
    let faults: Vec<&Fault> = faults().filter(|fault| fault.name.contains(&wanted)).collect();
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match hunt(&programs, fault) {
                        Ok(found) => println!("{:<58} {:>2}  {found}", fault.name, fault.invariant),
                        Err(why) => missed.lock().expect("no panic").push(format!("{}: {why}", fault.name)),
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().expect("no panic");
    println!("faults: planted {}, found {}", faults.len(), faults.len() - missed.len());
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}
