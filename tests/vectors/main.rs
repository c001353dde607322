//! The wire vectors: what other clients send, and what we must answer, as files that any language can run.
//! README.md in this folder describes the format; this is the runner for our core.

mod fields;
mod input;
mod output;
mod player;

use fields::Fields;
use player::Sequences;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::{env, fs, path::Path};

/// The format that this runner knows.
const FORMAT: u64 = 1;

/// One file.
struct File {
    name: String,
    sequences: Sequences,
    vectors: Vec<Value>,
}

/// Every JSON file of this folder, in the order of their names.
fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let paths = fs::read_dir(&folder).expect("tests/vectors").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    paths.iter().map(|path| file(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).collect()
}

fn file(path: &Path) -> Result<File, String> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let mut all = Fields::of(serde_json::from_str(&text).map_err(|e| e.to_string())?)?;
    if all.number::<u64>("format")? != FORMAT {
        return Err(format!("this runner knows format {FORMAT}"));
    }
    all.text("title")?;
    let sources = all.object("sources")?;
    let mut named = Fields::of(Value::Object(all.object("sequences")?))?;
    let names = named.keys();
    let sequences = names.into_iter().map(|name| named.list(&name).map(|steps| (name, steps)));
    let sequences = sequences.collect::<Result<_, _>>()?;
    let vectors = all.list("vectors")?;
    all.end()?;
    for known in sources.keys() {
        let uses = |vector: &Value| {
            vector["source"].as_array().is_some_and(|named| named.iter().any(|source| source == known))
        };
        if !vectors.iter().any(uses) {
            return Err(format!("nothing comes from the source {known:?}"));
        }
    }
    for vector in &vectors {
        let named = vector["source"].as_array().ok_or_else(|| format!("{}: no source", vector["name"]))?;
        let is_known = |source: &Value| source.as_str().is_some_and(|source| sources.contains_key(source));
        if named.is_empty() || !named.iter().all(is_known) {
            return Err(format!("{}: unknown source", vector["name"]));
        }
    }
    Ok(File { name, sequences, vectors })
}

#[test]
fn every_vector_holds() {
    let files = files();
    let mut shared = Sequences::new();
    for file in files.iter().filter(|file| file.vectors.is_empty()) {
        shared.extend(file.sequences.clone());
    }
    let only = env::var("VECTOR").unwrap_or_default();
    let mut count = 0;
    let mut names = BTreeMap::new();
    let mut failures = Vec::new();
    for file in &files {
        let mut sequences = shared.clone();
        sequences.extend(file.sequences.clone());
        for vector in &file.vectors {
            let name = format!("{}/{}", file.name, vector["name"].as_str().unwrap_or("(no name)"));
            if !name.contains(&only) {
                continue;
            }
            count += 1;
            if names.insert(name.clone(), ()).is_some() {
                failures.push(format!("{name}: there are two of this name"));
            }
            let failed = player::play(vector, &sequences).err();
            failures.extend(failed.map(|why| format!("{name}: {why}")));
        }
    }
    println!("vectors: files {}, vectors {count}, failed {}", files.len(), failures.len());
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n\n"));
}

#[test]
fn the_readme_names_every_file() {
    let readme = include_str!("README.md");
    for file in files() {
        assert!(readme.contains(&format!("`{}.json`", file.name)), "{} is not in the README", file.name);
    }
}

/// A vector of these steps, played.
fn played(steps: Value) -> Result<(), String> {
    let vector =
        json!({"name": "n", "description": "s", "role": "both", "source": ["x"], "ends": 0, "steps": steps});
    player::play(&vector, &Sequences::new())
}

#[test]
fn the_runner_lets_nothing_pass() {
    let login = |expect: Value| {
        let mut step = json!({"app": "login", "account": "al", "token": "t"});
        step["expect"] = expect;
        step
    };
    let signal = json!({"signal": "login", "account": "al", "token": "t"});
    let done = json!({"answer": "login", "expect": [{"done": "login"}]});
    let good = json!([login(json!([signal])), done]);
    assert_eq!(played(good), Ok(()));
    let wrong = [
        (json!([login(json!([]))]), "but got"),
        (json!([login(json!([{"signal": "login", "account": "al"}]))]), "but got"),
        (json!([login(json!([signal]))]), "login was never completed"),
        (json!([{"wait": 1, "why": "x"}]), "unknown key"),
        (json!([{"message": "invite", "form": "bob"}]), "unknown key"),
        (json!([{"wait": 1, "in_state": 1}]), "expected state 1"),
        (json!([{"wait": "1"}]), "wait"),
        (json!([{"answer": "login"}]), "waits for an answer"),
        (json!([{"run": "nothing"}]), "no sequence"),
        (json!([{"note": "nothing"}]), "does something"),
    ];
    for (steps, why) in wrong {
        let error = played(steps.clone()).expect_err("this is wrong");
        assert!(error.contains(why), "{steps}: {error}");
    }
}
