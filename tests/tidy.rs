//! House rules that a compiler cannot check. Each test names all offenders at once.

mod source;

use source::{files, read};

/// What a place must not name in its code: the import table, from the top layer's point of view down.
const BANNED: &[(&str, &[&str])] = &[
    ("src/ffi/", &["engine::state"]),
    (
        "src/worker/",
        &[
            "crate::ffi",
            "nertc_callkit_abi",
            "nertc_callkit_plug",
            "nertc_callkit_loopback",
            "nertc_callkit_mqtt",
            "no_mangle",
        ],
    ),
    (
        "src/trace/",
        &[
            "crate::ffi",
            "crate::worker",
            "nertc_callkit_abi",
            "nertc_callkit_loopback",
            "nertc_callkit_mqtt",
            "libc::",
        ],
    ),
    ("src/trace/", &["std::fs", "std::thread", "Mutex", "Instant", "SystemTime", "unsafe ", "log::"]),
    (
        "src/engine/",
        &[
            "crate::ffi",
            "crate::worker",
            "crate::trace",
            "nertc_callkit_abi",
            "nertc_callkit_loopback",
            "nertc_callkit_mqtt",
            "libc::",
        ],
    ),
    ("src/engine/", &["std::thread", "Mutex", "RwLock", "Condvar", "Atomic", "OnceLock", "mpsc", "log::"]),
    ("src/engine/", &["Instant", "SystemTime", "sleep(", "HashMap", "HashSet", "unsafe ", "extern \"C\""]),
    ("crates/abi/", &["std::", "alloc::", "no_mangle", "libc::"]),
    (
        "crates/plug/",
        &["nertc_callkit::", "nertc_callkit_loopback", "nertc_callkit_mqtt", "no_mangle", "libc::"],
    ),
    ("backends/", &["nertc_callkit::", "no_mangle"]),
    // Who waits has a limit: `process::answer`.
    ("tests/brokers/", &[".output()", "Command::status"]),
    ("", &["todo!(", "unimplemented!(", "dbg!("]),
];

/// What one place alone may name.
const ONLY: &[(&str, &str, &str)] = &[
    ("src/engine/", "serde_json", "src/engine/wire.rs"),
    ("src/worker/", "unsafe ", "src/worker/clock.rs"),
    ("src/", "SystemTime", "src/worker/clock.rs"),
    ("src/", "no_mangle", "src/ffi/"),
];

/// Every file that ends like this, with its text.
fn texts(ends: &[&str]) -> Vec<(String, String)> {
    let wanted = files().into_iter().filter(|file| ends.iter().any(|end| file.ends_with(end)));
    wanted.map(|file| (file.clone(), read(&file))).collect()
}

/// Rust files, but for this one, which names what it bans.
fn rust() -> Vec<(String, String)> {
    texts(&[".rs"]).into_iter().filter(|(file, _)| file != "tests/tidy.rs").collect()
}

fn is_test(file: &str) -> bool {
    file.starts_with("tests/") || file.contains("/tests/") || file.ends_with("/tests.rs")
}

/// The part of a Rust file that ships.
fn shipped(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default()
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// `file:line: what` for each line that `rule` objects to.
fn offences(file: &str, text: &str, rule: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let found = text.lines().enumerate().filter_map(|(at, line)| rule(line).map(|what| (at + 1, what)));
    found.map(|(at, what)| format!("{file}:{at}: {what}")).collect()
}

#[track_caller]
fn none(offences: Vec<String>) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn imports_point_down_only() {
    let mut found = Vec::new();
    for (file, text) in rust() {
        for (_, words) in BANNED.iter().filter(|(place, _)| file.starts_with(place)) {
            found.extend(offences(&file, &text, |line| {
                words.iter().find(|word| code(line).contains(**word)).map(|word| format!("no {word} here"))
            }));
        }
        let elsewhere =
            |place: &str, home: &str| file.starts_with(place) && !file.starts_with(home) && !is_test(&file);
        for (_, word, home) in ONLY.iter().filter(|(place, _, home)| elsewhere(place, home)) {
            let misplaced =
                |line: &str| code(line).contains(word).then(|| format!("{word} belongs into {home}"));
            found.extend(offences(&file, shipped(&text), misplaced));
        }
    }
    for (file, text) in texts(&["Cargo.toml"]).into_iter().filter(|(file, _)| file.starts_with("backends/")) {
        let known =
            ["nertc_callkit_abi ", "nertc_callkit_ids ", "nertc_callkit_plug ", "nertc_callkit_signaling "];
        let other = |line: &str| {
            line.starts_with("nertc_callkit") && !known.iter().any(|crate_| line.starts_with(crate_))
        };
        found.extend(offences(&file, &text, |line| {
            other(line).then(|| "a plug knows only the abi and what plugs share".to_owned())
        }));
    }
    none(found);
}

/// Cargo builds where it is told to, and scripts/target asks it.
#[test]
fn commands_ask_where_cargo_builds() {
    let is_command = |file: &String| {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let scripts =
            ["scripts", ".ci", "mosquitto", "brokers", "tests/abi", "tests/conformance", "tests/install"];
        name == "Makefile" || name == "CMakeLists.txt" || scripts.contains(&folder) && !name.contains('.')
    };
    let commands: Vec<String> = files().into_iter().filter(is_command).collect();
    assert!(commands.len() > 15, "{commands:?}");
    let asked = ["$target/", "scripts/target", "fuzz/target"];
    let offences = commands.iter().flat_map(|file| {
        offences(file, &read(file), |line| {
            let rest = asked.iter().fold(line.to_owned(), |line, asked| line.replace(asked, ""));
            rest.contains("target/").then(|| "cargo may build elsewhere: scripts/target".to_owned())
        })
    });
    none(offences.collect());
}

#[test]
fn the_engine_forbids_unsafe_code() {
    assert!(read("src/engine/mod.rs").contains("#![forbid(unsafe_code)]"));
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut found = Vec::new();
    for (file, text) in texts(&[".rs", ".c", ".cpp", ".h"]) {
        // Users read the header in narrow windows; tables in C tests have a row a line.
        let widest = match &*file {
            header if header.starts_with("include/") => 100,
            c if !c.ends_with(".rs") => 120,
            _ => 110,
        };
        found.extend(offences(&file, &text, |line| {
            let width = line.chars().count();
            (width > widest).then(|| format!("{width} columns, at most {widest}"))
        }));
        let length = shipped(&text).lines().filter(|line| !line.trim().is_empty()).count();
        if length > 600 && !is_test(&file) && !file.starts_with("include/") {
            found.push(format!("{file}: {length} lines, at most 600"));
        }
        let long = functions(&text).into_iter().filter(|(_, length)| *length > 70);
        found.extend(
            long.map(|(at, length)| format!("{file}:{at}: a function of {length} lines, at most 70")),
        );
    }
    none(found);
}

/// First line and length of each Rust or C function in a formatted file: it ends at the first `}` that stands
/// where it began.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let rust = line.split_once("fn ").is_some_and(|(before, _)| {
            let mut words = before.split_whitespace();
            words.all(|word| {
                ["pub", "const", "unsafe", "extern", "\"C\""].iter().any(|known| word.starts_with(known))
            })
        });
        let c = line.starts_with(char::is_alphabetic) && line.contains('(') && !line.contains("!(");
        let head = lines[at..].iter().find(|line| line.ends_with(['{', ';', '}']));
        if (rust || c) && head.is_some_and(|head| head.ends_with('{')) {
            let ends = |line: &&str| line.len() == indent + 1 && line.ends_with('}');
            found.extend(lines[at..].iter().position(ends).map(|length| (at + 1, length + 1)));
        }
    }
    found
}

#[test]
fn unsafe_blocks_say_why_they_are_sound() {
    let mut found = Vec::new();
    for (file, text) in rust() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| code(line).contains("unsafe {")) {
            if !lines[at.saturating_sub(8)..=at].iter().any(|line| line.contains("SAFETY:")) {
                found.push(format!("{file}:{}: no // SAFETY:", at + 1));
            }
        }
    }
    none(found);
}

#[test]
fn exceptions_have_a_reason() {
    let mut found = Vec::new();
    for (file, text) in rust() {
        for attribute in ["#[allow(", "#![allow(", "#[expect("] {
            for (before, after) in text.match_indices(attribute).map(|(at, _)| text.split_at(at)) {
                let (inside, _) = after.split_once(")]").unwrap_or((after, ""));
                if !inside.contains("reason = ") {
                    found
                        .push(format!("{file}:{}: {attribute} without a reason", before.lines().count() + 1));
                }
            }
        }
    }
    none(found);
}

#[test]
fn nothing_is_left_for_later() {
    let ends = [".rs", ".c", ".cpp", ".h", ".md", ".toml", ".txt", ".cmake", ".in", ".sh", ".py", "Makefile"];
    let later = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];
    let mut found = Vec::new();
    for (file, text) in texts(&ends) {
        found.extend(offences(&file, &text, |line| {
            let word = later.iter().find(|word| line.contains(**word));
            word.map(|word| format!("{word}: do it or drop it")).or_else(|| {
                let trailing = line.ends_with(' ') || line.ends_with('\t');
                trailing.then(|| "blanks at the end".to_owned())
            })
        }));
    }
    none(found);
}

#[test]
fn each_document_has_one_title() {
    let titles = |text: &str| {
        let prose = text.split("\n```").step_by(2);
        prose.flat_map(str::lines).filter(|line| line.starts_with("# ")).count()
    };
    let documents = texts(&[".md"]).into_iter().map(|(file, text)| (file, titles(&text)));
    none(documents.filter(|(_, n)| *n != 1).map(|(file, n)| format!("{file}: {n} titles")).collect());
}
