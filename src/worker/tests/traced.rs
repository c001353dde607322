//! What a trace reveals about the ids of its client.

use super::running::{Behavior, SHARED, login, next, start};
use super::*;
use crate::engine::IdGenerator;
use crate::engine::input::CallOptions;
use nertc_callkit_signaling::CallType;
use nertc_callkit_trace::{Line, Reader, Redaction, replay};

/// Calls an account and cancels; the id of that call.
fn call(client: &Client, received: &mpsc::Receiver<String>, ticket: u64) -> String {
    let options = CallOptions::to("bob".into(), CallType::Audio);
    assert_eq!(client.command(Ticket(ticket), Command::Call(options)), Ok(()));
    let cancel = Command::Cancel {
        call: CallRef { call_no: ticket, ..CallRef::default() },
        attach_ext: None,
        no_offline: false,
        no_record: false,
    };
    let is_placed = || client.snapshot().call_no == ticket;
    let start = std::time::Instant::now();
    while !is_placed() {
        assert!(start.elapsed() < PATIENCE);
        thread::yield_now();
    }
    let id = client.snapshot().request_id.to_string();
    assert_eq!(client.command(Ticket(100 + ticket), cancel), Ok(()));
    assert!(next(received).starts_with(&format!("done {ticket} ")));
    assert_eq!(next(received), format!("done {} 0", 100 + ticket));
    assert_eq!(next(received), "CallEnd");
    id
}

#[test]
fn the_ids_after_a_trace_cannot_be_computed_from_its_file() {
    let (app, received) = App::new(|_| ());
    let (client, _) = start(SHARED, Behavior::LogsIn, app);
    let path = std::env::temp_dir().join(format!("nertc_callkit_ids_{}.trace", std::process::id()));
    assert_eq!(client.command(Ticket(50), login()), Ok(()));
    assert_eq!(next(&received), "done 50 0");
    let before = call(&client, &received, 1);
    assert_eq!(client.start_trace(&path, Redaction::Personal).expect("a file"), Ok(()));
    let during = call(&client, &received, 2);
    assert_eq!(client.stop_trace(), Ok(()));
    let after = call(&client, &received, 3);
    assert_eq!(client.destroy(), Ok(()));
    let file = std::fs::read(&path).expect("a trace");
    std::fs::remove_file(&path).expect("removed");
    let report = replay(&*file).expect("a trace");
    assert!(report.difference.is_none() && report.steps >= 2, "{report:?}");
    let mut reader = Reader::new(&*file);
    let Ok(Some(Line::Header(header))) = reader.next() else { panic!("no header") };
    let state = serde_json::to_value(&header.engine).expect("JSON");
    let seed = state["ids"]["stream"]["seed"].as_array().expect("a seed").iter();
    let seed: Vec<u8> = seed.map(|byte| byte.as_u64().expect("a byte") as u8).collect();
    let mut stream = IdGenerator::new(seed.try_into().expect("32 bytes"));
    let known = (0..500).flat_map(|_| stream.uuids()).map(|uuid| uuid.as_str().to_owned());
    let known: Vec<String> = known.collect();
    assert!(known.contains(&during), "a trace plays itself again");
    assert!(!known.contains(&before) && !known.contains(&after));
}
