//! Every code has a sentence of its own that says what it means.

use super::super::codes;

/// The constants of codes.rs, as its text has them.
fn listed() -> Vec<(&'static str, i32)> {
    let lines = include_str!("../codes.rs").lines().filter_map(|line| line.strip_prefix("pub const "));
    let all: Vec<_> = lines
        .filter_map(|line| line.split_once(": i32 = "))
        .map(|(name, rest)| (name, rest.trim_end_matches(';').parse().expect("a code is a number")))
        .collect();
    assert!(all.len() > 40, "only {} codes were found", all.len());
    all
}

#[test]
fn every_code_has_a_sentence_of_its_own() {
    let unknown = codes::text(-12_345);
    assert!(unknown.contains("raw_code"), "{unknown}");
    let mut seen = vec![unknown];
    for (name, code) in listed() {
        let text = codes::text(code);
        assert!(!seen.contains(&text), "{name} says what another code says: {text}");
        assert!(text.len() > 5, "{name} says nothing: {text}");
        seen.push(text);
    }
}

#[test]
fn a_function_in_the_wrong_state_is_named_by_its_code() {
    for (name, code) in listed().into_iter().filter(|(name, _)| name.contains("_IN_")) {
        let function = name.split("_IN_").next().expect("a name has a beginning").to_lowercase();
        assert!(codes::text(code).starts_with(&function), "{name}: {}", codes::text(code));
    }
}

#[test]
fn a_peer_that_is_offline_is_no_failure() {
    let successes: Vec<i32> =
        listed().into_iter().map(|(_, code)| code).filter(|code| codes::is_success(*code)).collect();
    assert_eq!(successes, [0, 10201, 10202]);
}
