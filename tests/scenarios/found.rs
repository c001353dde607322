//! The markers in the tests.

use super::source::{files, read};
use serde_json::Value;

/// What a test proves.
pub(crate) struct Scenario {
    pub(crate) group: String,
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) test: String,
}

/// `busy` and the sentence of `Scenario (busy): the sentence`.
fn marker(comment: &str) -> Option<(&str, &str)> {
    comment.strip_prefix("Scenario (")?.split_once("): ")
}

/// Every scenario, in the order of files and lines.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    // This folder contains examples of markers.
    for file in files().into_iter().filter(|file| !file.starts_with("tests/scenarios/")) {
        let found = match file.rsplit_once('.') {
            Some((_, "rs")) => in_rust(&file, &read(&file)),
            Some((_, "c")) => in_c(&file, &read(&file)),
            Some(_) | None => Ok(Vec::new()),
        };
        all.extend(found.unwrap_or_else(|why| panic!("{why}")));
    }
    all
}

/// Markers are doc comments; they are followed by attributes, `#[test]` among them, and the function.
pub(crate) fn in_rust(file: &str, text: &str) -> Result<Vec<Scenario>, String> {
    let mut all: Vec<Scenario> = Vec::new();
    let mut open = 0;
    let mut is_test = false;
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if let Some(comment) = line.strip_prefix("/// ") {
            if let Some((group, text)) = marker(comment) {
                let (group, text) = (group.to_owned(), text.to_owned());
                all.push(Scenario { group, text, file: file.to_owned(), test: String::new() });
                open += 1;
            } else if let Some(last) = all.last_mut().filter(|_| open > 0) {
                last.text = format!("{} {comment}", last.text);
            }
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]";
        } else {
            let name = line.strip_prefix("fn ").and_then(|rest| rest.split_once('(')).map(|(name, _)| name);
            if let (Some(name), true) = (name, is_test) {
                let first = all.len() - open;
                all[first..].iter_mut().for_each(|scenario| scenario.test = name.to_owned());
            } else if open > 0 {
                return Err(format!("{file}:{}: a marker stands above a test", at + 1));
            }
            (open, is_test) = (0, false);
        }
    }
    Ok(all)
}

/// Markers are comments right above the function that is run.
fn in_c(file: &str, text: &str) -> Result<Vec<Scenario>, String> {
    let mut all = Vec::new();
    for part in text.split("/* Scenario (").skip(1) {
        let (comment, rest) = part.split_once("*/").ok_or_else(|| format!("{file}: an open comment"))?;
        let words: Vec<&str> = comment.split_whitespace().filter(|word| *word != "*").collect();
        let (group, text) = comment.split_once("):").map_or(("", String::new()), |(group, _)| {
            let words = words.join(" ");
            (group, words.split_once("): ").map(|(_, text)| text.to_owned()).unwrap_or_default())
        });
        let name = rest.trim_start().strip_prefix("static void ").and_then(|rest| rest.split_once("(void)"));
        let name = name.map(|(name, _)| name).filter(|name| is_run(file, name));
        let name = name.ok_or_else(|| format!("{file}: a marker stands above a test: {text}"))?;
        all.push(Scenario { group: group.to_owned(), text, file: file.to_owned(), test: name.to_owned() });
    }
    Ok(all)
}

/// The function is run by its file, and ctest runs a program of that file.
fn is_run(file: &str, name: &str) -> bool {
    let base = file.rsplit('/').next().unwrap_or_default();
    let programs = read("tests/c/CMakeLists.txt");
    let is_built =
        |line: &str| line.starts_with("c_test(") && line.split([' ', ')']).any(|word| word == base);
    read(file).contains(&format!("RUN({name})")) && programs.lines().any(is_built)
}

/// Whether there is a test `file::name`: of Rust, of C, or a wire vector.
pub(crate) fn has_test(test: &str) -> bool {
    let Some((file, name)) =
        test.split_once("::").filter(|(file, _)| files().iter().any(|known| known == file))
    else {
        return false;
    };
    match file.rsplit_once('.') {
        Some((_, "rs")) => {
            let text = read(file);
            let mut parts = text.split("#[test]").skip(1);
            parts.any(|part| {
                let mut lines = part.lines().map(str::trim).filter(|line| !line.is_empty());
                let first = lines.find(|line| !line.starts_with("#[") && !line.starts_with("///"));
                first.is_some_and(|line| line.starts_with(&format!("fn {name}(")))
            })
        }
        Some((_, "c")) => is_run(file, name),
        Some((_, "json")) => {
            let vectors: Value = serde_json::from_str(&read(file)).expect("JSON");
            let vectors = vectors["vectors"].as_array();
            vectors.is_some_and(|all| all.iter().any(|vector| vector["name"] == name))
        }
        Some(_) | None => false,
    }
}
