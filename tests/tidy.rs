//! House rules that a compiler cannot check. Each test names all offenders at once.

mod imports;
mod source;

use std::collections::BTreeSet;
use std::process::Command;

use imports::Graph;
use proc_macro2::{TokenStream, TokenTree};
use source::{files, read};

/// What a place must not name in its code: the import table, from the top layer's point of view down.
const BANNED: &[(&str, &[&str])] = &[
    ("src/ffi/", &["engine::state"]),
    (
        "src/worker/",
        &[
            "crate::ffi",
            "nertc_callkit_abi",
            "nertc_callkit_backend",
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
        "crates/backend/",
        &["nertc_callkit::", "nertc_callkit_loopback", "nertc_callkit_mqtt", "no_mangle", "libc::"],
    ),
    ("backends/", &["nertc_callkit::", "no_mangle"]),
    // Every wait has a limit: `process::answer`.
    ("tests/brokers/", &[".output()", "Command::status"]),
    ("", &["todo!(", "unimplemented!(", "dbg!("]),
];

/// What one place alone may name.
const ONLY: &[(&str, &str, &str)] = &[
    // Attachments are read by nertc_callkit_signaling::json.
    ("src/engine/", "serde_json", "src/engine/tests/"),
    ("src/worker/", "unsafe ", "src/worker/clock.rs"),
    // Backends are safe code over crates/backend and crates/reactor.
    ("backends/", "unsafe ", "crates/"),
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
        let known = [
            "abi",
            "audio_devices",
            "audio_processing",
            "backend",
            "ids",
            "media",
            "reactor",
            "signaling",
            "testkit",
        ];
        let other = |line: &str| {
            let name = line.strip_prefix("nertc_callkit_").and_then(|it| it.split(' ').next());
            name.is_some_and(|name| !known.contains(&name))
        };
        found.extend(offences(&file, &text, |line| {
            other(line).then(|| "a backend knows only the abi and what backends share".to_owned())
        }));
    }
    none(found);
}

/// Scripts ask scripts/target for cargo's target directory.
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

/// The files that cargo compiles a target from, in all workspaces.
fn crate_roots() -> BTreeSet<String> {
    let root = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let mut command = Command::new(env!("CARGO"));
        let command = command.args(["metadata", "--offline", "--no-deps", "--format-version=1"]);
        let output = command.arg("--manifest-path").arg(root.clone() + manifest).output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let packages = metadata["packages"].as_array().expect("packages").iter();
        let targets = packages.flat_map(|package| package["targets"].as_array().expect("targets"));
        let files = targets.map(|target| target["src_path"].as_str().expect("a path"));
        // Without the detour of `crates/engine/../../src`.
        let files = files.map(|file| std::fs::canonicalize(file).expect("a file"));
        let files = files.map(|file| file.to_str().expect("UTF-8").to_owned());
        found.extend(files.filter_map(|file| file.strip_prefix(&root).map(str::to_owned)));
    }
    found
}

/// What each file of the repository imports.
fn imports() -> Graph {
    let files = files();
    let known: BTreeSet<&str> = files.iter().map(|file| &**file).collect();
    let mut graph = Graph::new();
    let read_known = |file: &str| known.contains(file).then(|| read(file));
    for root in crate_roots() {
        imports::add_crate(&mut graph, &root, &read_known);
    }
    for (file, text) in texts(&[".c", ".cpp", ".h"]) {
        imports::add_c(&mut graph, &file, &text, &["include"], &|file| known.contains(file));
    }
    graph
}

#[test]
fn there_are_no_import_circles() {
    let graph = imports();
    let circles = imports::circles(&graph);
    let mut found = Vec::new();
    for circle in &circles {
        found.push("files that import each other:".to_owned());
        found.extend(circle.iter().map(|file| {
            let imports: Vec<&str> = graph[file].intersection(circle).map(|file| &**file).collect();
            format!("    {file} imports {}", imports.join(", "))
        }));
    }
    none(found);
}

/// The circles of a crate whose files are `files`, which begin with `lib.rs`.
fn circles_of(files: &[(&str, &str)]) -> Vec<BTreeSet<String>> {
    let text = |file: &str| files.iter().find(|(name, _)| *name == file).map(|(_, text)| (*text).to_owned());
    let mut graph = Graph::new();
    imports::add_crate(&mut graph, "lib.rs", &text);
    imports::circles(&graph)
}

#[test]
fn a_planted_import_circle_is_found() {
    let planted = [
        "use crate::b;",
        "use crate::{x::{self, Y}, b::*};",
        "pub use super::b::B as C;",
        "fn f() { let it = S { field: super::b::f(), ..s }; }",
        "fn f() { assert_eq!(1, crate::b::f()); }",
        "fn f() -> crate::b::B { todo() }",
        "mod tests { use super::super::b; }",
        "use super::*; fn f() { b::f() }",
        "use super::b_again; fn f() { b_again::f() }",
        "mod c; use c::C;",
        "mod os { pub(super) struct F(super::super::b::B); }",
    ];
    for text in planted {
        let lib = ("lib.rs", "mod a; mod b; mod x; use b as b_again;");
        let circles = circles_of(&[
            lib,
            ("a.rs", text),
            ("b.rs", "use super::a::A;"),
            ("a/c.rs", "use super::X;"),
            ("x.rs", ""),
        ]);
        assert_eq!(circles.len(), 1, "{text}: {circles:?}");
    }
}

#[test]
fn declarations_and_comments_are_no_imports() {
    let innocent = [
        "//! See [`super::b`] and crate::b::f.\nfn f() {}",
        "pub(super) fn f(it: String) -> String { \"crate::b::f\".into() }",
        "mod c; fn f() { self::g() }",
        "fn f() { b::<u8>::g(); x.b::<u8>(); ::b::f() }",
        "use super::x; use std::b;",
    ];
    for text in innocent {
        let files = [
            ("lib.rs", "mod a; mod b; mod x;"),
            ("a.rs", text),
            ("b.rs", "use super::a::A;"),
            ("a/c.rs", "use super::X;"),
            ("x.rs", ""),
        ];
        assert_eq!(circles_of(&files), [], "{text}");
    }
}

#[test]
fn a_planted_include_circle_is_found() {
    let files = [
        ("include/a.h", "#include <stdio.h>\n#  include \"dir/b.h\""),
        ("include/dir/b.h", "#include <a.h>"),
    ];
    let mut graph = Graph::new();
    for (file, text) in files {
        imports::add_c(&mut graph, file, text, &["include"], &|file| {
            files.iter().any(|(name, _)| *name == file)
        });
    }
    assert_eq!(imports::circles(&graph), [files.iter().map(|(file, _)| (*file).to_owned()).collect()]);
}

#[test]
fn every_rust_file_is_compiled_somewhere() {
    let graph = imports();
    let unused = texts(&[".rs"]).into_iter().filter(|(file, _)| !graph.contains_key(file));
    none(unused.map(|(file, _)| format!("{file}: no target has it")).collect());
}

/// Packages of a Cargo.lock that must not be there: each would bring a second cryptographic library, in C.
fn refused_packages(lock: &str) -> Vec<String> {
    let refused = ["aws-lc", "openssl-sys", "rcgen"];
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| refused.iter().any(|it| name.starts_with(it))).map(str::to_owned).collect()
}

/// WebRTC's crates offer to: their features for cryptography stay off.
#[test]
fn no_second_cryptographic_library_is_linked() {
    let planted = "[[package]]\nname = \"aws-lc-rs\"\nversion = \"1\"\n\n[[package]]\nname = \"rcgen\"\n";
    assert_eq!(refused_packages(planted), ["aws-lc-rs", "rcgen"]);
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let text = read(lock);
        assert!(text.contains("name = \"ring\"") || lock.starts_with("fuzz/"), "{lock} is read");
        none(refused_packages(&text).into_iter().map(|name| format!("{lock}: {name}")).collect());
    }
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
            // For programs alone.
            copy if copy.ends_with(".cffi.h") => usize::MAX,
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

/// First line and length of each Rust or C function in a formatted file: it ends at the first `}` with the
/// indentation of its first line.
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
fn test_names_are_short() {
    let mut found = Vec::new();
    for (file, text) in rust() {
        let after = |(at, marker): (usize, &str)| text[at + marker.len()..].split_once("fn ");
        let names = text.match_indices("#[test]\n").filter_map(after);
        let names = names.map(|(_, rest)| rest.split('(').next().unwrap_or_default());
        let long = names.filter(|name| name.len() > 60);
        found.extend(long.map(|name| format!("{file}: {name}: {} characters, at most 60", name.len())));
    }
    none(found);
}

/// Words that a name does not contain: docs/GLOSSARY.md has the terms.
const BANNED_WORDS: &[&str] = &[
    "aside", "bury", "fate", "guest", "hear", "heard", "hears", "lie", "lies", "mail", "phone", "plug",
    "said", "say", "says", "speak", "speaks", "story", "talk", "talks", "tell", "tells", "told", "verdict",
];

/// The header's names that contain one.
const NAMES_WITH_THEM: &[&str] = &["talk_ms"];

/// Where a phone is the program `examples-c/phone.c`, or the id of a device; where sound is heard.
const WORDS_ELSEWHERE: &[&str] = &[
    "examples-c/",
    "tests/brokers/",
    "backends/loopback/tests/",
    "backends/webrtc/",
    "fuzz/src/webrtc/",
    "tests/readme.rs",
    "tests/whole_client/",
];

/// All names in the code of a Rust or C file, without comments and texts.
fn names(file: &str, text: &str) -> BTreeSet<String> {
    fn add(tokens: TokenStream, found: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => drop(found.insert(name.to_string())),
                TokenTree::Group(group) => add(group.stream(), found),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    if file.ends_with(".rs") {
        add(text.parse().expect("Rust"), &mut found);
        return found;
    }
    let comments = text.split("/*").enumerate();
    let code =
        comments.map(|(at, part)| if at == 0 { part } else { part.split_once("*/").map_or("", |it| it.1) });
    for line in code.flat_map(str::lines) {
        let outside = line.split('"').step_by(2);
        let words = outside.flat_map(|part| part.split(|it: char| !it.is_alphanumeric() && it != '_'));
        found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    found
}

/// The words of `a_name`, `A_NAME` and `AName`, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if letter == '_' || was_lower && letter.is_uppercase() {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
        words.last_mut().expect("one").extend(letter.to_lowercase().filter(|it| *it != '_'));
    }
    words
}

#[test]
fn names_use_the_terms_of_the_field() {
    assert_eq!(words_of("is_PeerActive_AT"), ["is", "peer", "active", "at"]);
    let mut found = Vec::new();
    for (file, text) in rust().into_iter().chain(texts(&[".c", ".h"])) {
        if WORDS_ELSEWHERE.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        for name in names(&file, &text) {
            let word = words_of(&name).into_iter().find(|word| BANNED_WORDS.contains(&&**word));
            let word = word.filter(|_| !NAMES_WITH_THEM.contains(&&*name));
            found
                .extend(word.map(|word| format!("{file}: {name}: {word} is not a term of docs/GLOSSARY.md")));
        }
    }
    none(found);
}

#[test]
fn unsafe_blocks_have_their_reason() {
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

/// The commit before the rule.
const SUBJECTS_SINCE: &str = "c68e243";

#[test]
fn commit_subjects_are_short() {
    let mut command = Command::new("git");
    command.args(["log", "--no-merges", "--format=%h %s", &format!("{SUBJECTS_SINCE}..HEAD")]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("git");
    if !output.status.success() {
        return println!("skipped: this clone does not reach back to {SUBJECTS_SINCE}");
    }
    let commits = String::from_utf8(output.stdout).expect("UTF-8");
    let commits = commits.lines().filter_map(|line| line.split_once(' '));
    let long = commits.filter(|(_, subject)| subject.chars().count() > 72);
    none(
        long.map(|(commit, subject)| format!("{commit}: {} characters: {subject}", subject.len())).collect(),
    );
}
