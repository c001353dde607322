//! docs/SCENARIOS.md: behaviour in each situation, each sentence with the test that proves it.
//!
//! A test states what it proves in a doc comment: `/// Scenario (busy): While in a call, …`. In C it is a
//! comment above the test's function. `make scenarios` runs this test with NERTC_CALLKIT_WRITE_SCENARIOS set,
//! which writes the file instead of comparing it.

mod found;
#[path = "../source/mod.rs"]
mod source;

use found::{Scenario, has_test, scenarios};
use serde_json::Value;
use source::read;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::{env, fs};

const FILE: &str = "docs/SCENARIOS.md";
const REFERENCE: &str = "tests/scenarios/ringrtc.json";
/// Tests in src/rust/tests/{incoming,outgoing}.rs of RingRTC 2.70.0.
const REFERENCE_TESTS: usize = 115;

/// What a marker may name, in the order of the document.
const GROUPS: [(&str, &str); 20] = [
    ("ordinary", "An ordinary call"),
    ("busy", "Busy"),
    ("cancel", "Cancel and its races"),
    ("order", "Early, late and duplicate messages"),
    ("glare", "Glare: both call each other"),
    ("devices", "Several devices of an account"),
    ("policy", "Call policy: who may ring"),
    ("strangers", "Floods by third parties, and reports to the backend"),
    ("expiry", "Expired invites and the backlog"),
    ("early", "Cold start: answered before the call arrives"),
    ("reconnect", "Interrupted connections"),
    ("failure", "Failures and operations that never complete"),
    ("recall", "Redial"),
    ("timeout", "Time limits"),
    ("wrong", "Wrong account, wrong ids, wrong moment"),
    ("media", "Microphone, camera, views"),
    ("switch", "Call-type switch"),
    ("record", "Call records"),
    ("session", "Login, logout, kick, destruction"),
    ("old", "Legacy clients"),
];

/// A scenario of the reference list.
struct Known {
    name: String,
    about: String,
    /// `file::test`
    tests: Vec<String>,
    /// Why it makes no sense here; empty if tests cover it.
    why_not: String,
}

fn reference() -> Vec<Known> {
    let all: Vec<BTreeMap<String, Value>> = serde_json::from_str(&read(REFERENCE)).expect(REFERENCE);
    let known = |mut entry: BTreeMap<String, Value>| {
        let mut text = |key: &str| match entry.remove(key) {
            None => String::new(),
            Some(value) => serde_json::from_value(value).expect("a text"),
        };
        let (name, about, why_not) = (text("name"), text("about"), text("why_not"));
        let tests =
            entry.remove("tests").map(|tests| serde_json::from_value(tests).expect("a list of texts"));
        assert!(entry.is_empty(), "{name}: unknown keys {:?}", entry.keys());
        Known { name, about, tests: tests.unwrap_or_default(), why_not }
    };
    all.into_iter().map(known).collect()
}

/// `[test](../file)`
fn link(file: &str, test: &str) -> String {
    format!("[`{test}`](../{file})")
}

fn document(scenarios: &[Scenario], reference: &[Known]) -> String {
    let covered = reference.iter().filter(|known| known.why_not.is_empty()).count();
    let mut out = format!(
        "# Scenarios\n\n\
         What happens in which situation: {} sentences, each with the test that proves it. Written by \
         `make scenarios`\nfrom the tests themselves; a test keeps it fresh.\n",
        scenarios.len()
    );
    for (group, title) in GROUPS {
        write!(out, "\n## {title}\n\n").expect("a String");
        for of in scenarios.iter().filter(|scenario| scenario.group == group) {
            writeln!(out, "- {} {}", of.text, link(&of.file, &of.test)).expect("a String");
        }
    }
    let (all, foreign) = (reference.len(), reference.len() - covered);
    write!(
        out,
        "\n## Measured against RingRTC\n\n\
         [RingRTC](https://github.com/signalapp/ringrtc) 2.70.0 tests its call state machine with {all} \
         scenarios (`src/rust/tests`).\n{covered} have their counterpart here; {foreign} make no sense for \
         this client. `{REFERENCE}` has each, with our tests\nor the reason.\n"
    )
    .expect("a String");
    out
}

#[test]
fn the_catalogue_is_generated_from_the_tests() {
    let (scenarios, reference) = (scenarios(), reference());
    let fresh = document(&scenarios, &reference);
    if env::var_os("NERTC_CALLKIT_WRITE_SCENARIOS").is_some() {
        fs::write(FILE, &fresh).expect(FILE);
    }
    let covered = reference.iter().filter(|known| known.why_not.is_empty()).count();
    println!(
        "scenarios: {}, reference {}, covered {covered}, not for us {}",
        scenarios.len(),
        reference.len(),
        reference.len() - covered
    );
    let is_fresh = fs::read_to_string(FILE).unwrap_or_default() == fresh;
    assert!(is_fresh, "{FILE} is stale; run make scenarios and look at it");
}

#[test]
fn markers_are_in_order() {
    let scenarios = scenarios();
    let mut texts = BTreeSet::new();
    for Scenario { group, text, file, test } in &scenarios {
        assert!(GROUPS.iter().any(|(known, _)| known == group), "{file}: {test}: no group {group:?}");
        assert!(texts.insert(text), "{file}: {test}: this sentence stands somewhere else too: {text}");
        // Functions keep their names at the start of a sentence.
        let first = text.split(' ').next().unwrap_or_default();
        let is_begun = text.starts_with(|c: char| c.is_uppercase() || c == '"') || first.contains("()");
        let is_sentence = text.ends_with('.') && is_begun;
        assert!(is_sentence, "{file}: {test}: a scenario is a sentence: {text}");
    }
    for (group, _) in GROUPS {
        assert!(scenarios.iter().any(|scenario| scenario.group == group), "nothing about {group}");
    }
}

#[test]
fn every_ringrtc_scenario_is_answered() {
    let reference = reference();
    let names: BTreeSet<&str> = reference.iter().map(|known| &*known.name).collect();
    assert_eq!((names.len(), reference.len()), (REFERENCE_TESTS, REFERENCE_TESTS));
    for Known { name, about, tests, why_not } in &reference {
        assert!(!about.is_empty(), "{name}: about what?");
        assert!(tests.is_empty() != why_not.is_empty(), "{name}: a test or a reason, not both");
        for test in tests {
            assert!(has_test(test), "{name}: there is no test {test}");
        }
    }
}

#[test]
fn a_marker_without_a_test_is_seen() {
    assert!(!has_test("src/engine/tests/harness.rs::options"), "a function that is no test");
    assert!(!has_test("tests/c/order_end.c::accept_call"), "a function that no program runs");
    assert!(!has_test("tests/vectors/glare.json::nothing"));
    assert!(has_test("tests/vectors/glare.json::loser"));
    assert!(has_test("tests/c/order_end.c::both_hang_up_at_once"));
    let stray = "/// Scenario (busy): A sentence.\nfn helper() {}\n";
    assert!(found::in_rust("x.rs", stray).is_err());
    let good = "/// Scenario (busy): A sentence\n/// of two lines.\n#[test]\nfn one() {}\n";
    assert_eq!(
        found::in_rust("x.rs", good).map(|all| all[0].text.clone()),
        Ok("A sentence of two lines.".into())
    );
}
