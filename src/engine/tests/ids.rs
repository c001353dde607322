use serde_json::Value;

use super::super::{Engine, IdGenerator};
use super::harness::Harness;

/// The id of the next call that is placed.
fn next_id(harness: &mut Harness) -> String {
    harness.call("bob");
    let id = harness.engine.snapshot().request_id.to_string();
    harness.cancel();
    harness.ok("create");
    harness.forget();
    id
}

/// Every id that a reader of this engine's serialized state can compute.
fn ids_from_file(engine: &Engine) -> Vec<String> {
    let state = serde_json::to_value(engine).expect("JSON");
    let mut found = Vec::new();
    seeds(&state["ids"], &mut found);
    assert!(!found.is_empty(), "{}", state["ids"]);
    let ids = found.iter().flat_map(|seed| {
        let mut stream = IdGenerator::new(*seed);
        (0..500).flat_map(move |_| stream.uuids()).map(|uuid| uuid.as_str().to_owned())
    });
    ids.collect()
}

/// Whatever looks like a seed.
fn seeds(value: &Value, found: &mut Vec<[u8; 32]>) {
    let bytes = |list: &Vec<Value>| -> Option<[u8; 32]> {
        let bytes: Option<Vec<u8>> = list.iter().map(|byte| byte.as_u64()?.try_into().ok()).collect();
        bytes?.try_into().ok()
    };
    match value {
        Value::Array(list) => {
            found.extend(bytes(list));
            list.iter().for_each(|value| seeds(value, found));
        }
        Value::Object(members) => members.values().for_each(|value| seeds(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_trace_reveals_no_id_outside_it() {
    let mut harness = Harness::new();
    let before = next_id(&mut harness);
    harness.engine.begin_trace();
    let header = ids_from_file(&harness.engine);
    let during = next_id(&mut harness);
    let later_header = ids_from_file(&harness.engine);
    harness.engine.begin_trace();
    let rotated = next_id(&mut harness);
    harness.engine.end_trace();
    let after = next_id(&mut harness);
    for ids in [header, later_header] {
        assert!(ids.contains(&during), "the trace plays itself again");
        assert!(!ids.contains(&before) && !ids.contains(&rotated) && !ids.contains(&after));
    }
}

#[test]
fn a_trace_costs_the_secret_stream_no_secrecy_and_repeats_no_id() {
    let mut harness = Harness::new();
    let mut ids: Vec<String> = (0..20)
        .map(|n| {
            if n % 3 == 0 {
                harness.engine.begin_trace()
            } else if n % 3 == 2 {
                harness.engine.end_trace()
            }
            next_id(&mut harness)
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}
