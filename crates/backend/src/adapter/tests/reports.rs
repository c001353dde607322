//! What a backend reports, as the core's sink reads it.

use std::slice;

use nertc_callkit_signaling::{
    CallType, Channel, ChannelState, Code, Connection, Event, EventKind, Member, OperationResult, Outcome,
    Record, RecordStatus, Req,
};

use super::*;
use crate::adapter::lend;
use crate::{LogLevel, SignalingMessage, SignalingSink};

/// A sink of C that writes down what it gets. It is full while the notes end with "full".
pub(super) fn signaling_sink(notes: &Notes) -> abi::nertc_callkit_signaling_sink {
    abi::nertc_callkit_signaling_sink {
        abi: abi::NERTC_CALLKIT_ABI,
        ctx: notes.ctx(),
        complete: Some(complete),
        events: Some(events),
        channel_states: Some(states),
        connection: Some(connection),
        log: Some(log),
        record: Some(record),
        ..sized()
    }
}

unsafe extern "C" fn complete(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    result: *const abi::nertc_callkit_signaling_result,
) {
    // SAFETY: the test's notes; the result is lent for the call.
    unsafe {
        let it = &*result;
        let (message, token) = (shown(it.message), shown(it.rtc_token));
        let room = it.channel_state.as_ref().map_or("-".into(), |room| state(room));
        let how =
            format!("{} {} {message} room {room} token {token} at {}", it.code, it.raw_code, it.server_ms);
        Notes::of(ctx).add(format!("completed {req}: {how}"));
    }
}

unsafe extern "C" fn events(
    ctx: *mut c_void,
    source: i32,
    events: *const *const abi::nertc_callkit_signaling_event,
    count: u32,
) -> i32 {
    // SAFETY: the test's notes; the events are lent for the call.
    unsafe {
        let notes = Notes::of(ctx);
        if notes.0.lock().last().is_some_and(|last| last == "full") {
            return abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32;
        }
        let event = |it: &*const abi::nertc_callkit_signaling_event| {
            let it = &**it;
            let channel = channel(&*it.channel);
            let (from, device, to) = (shown(it.from_account), shown(it.from_device), shown(it.to_account));
            let (request, custom) = (shown(it.request_id), shown(it.custom_info));
            format!(
                "{} in {channel} {from} {device} {to} {request} {custom} {} {}",
                it.signal, it.time_ms, it.uid
            )
        };
        let list: Vec<String> = slice::from_raw_parts(events, count as usize).iter().map(event).collect();
        notes.add(format!("from {source}: {}", list.join(" | ")));
    }
    0
}

unsafe extern "C" fn states(
    ctx: *mut c_void,
    states: *const *const abi::nertc_callkit_channel_state,
    count: u32,
) -> i32 {
    // SAFETY: the test's notes; the channel states are lent for the call.
    unsafe {
        let list = slice::from_raw_parts(states, count as usize);
        let list: Vec<String> = list.iter().map(|room| state(&**room)).collect();
        Notes::of(ctx).add(format!("still in {}", list.join(" | ")));
    }
    0
}

unsafe extern "C" fn connection(
    ctx: *mut c_void,
    event: *const abi::nertc_callkit_signaling_connection,
) -> i32 {
    // SAFETY: the test's notes; the event is lent for the call.
    unsafe {
        let it = &*event;
        let line = format!("connection {} {} {} {}", it.r#type, it.code, it.raw_code, shown(it.message));
        Notes::of(ctx).add(line);
    }
    0
}

unsafe extern "C" fn log(ctx: *mut c_void, level: i32, text: *const c_char) {
    // SAFETY: the test's notes; the text is lent for the call.
    unsafe { Notes::of(ctx).add(format!("log {level} {}", shown(text))) };
}

unsafe extern "C" fn record(
    ctx: *mut c_void,
    from: *const c_char,
    record: *const abi::nertc_callkit_record,
) -> i32 {
    // SAFETY: the test's notes; sender and record are lent for the call.
    unsafe {
        let it = &*record;
        let accounts = slice::from_raw_parts(it.accounts, it.account_count as usize);
        let seconds = slice::from_raw_parts(it.durations_s, it.account_count as usize);
        let talked: Vec<String> = accounts
            .iter()
            .zip(seconds)
            .map(|(account, seconds)| format!("{} {seconds}", shown(*account)))
            .collect();
        let (id, to, channel) = (shown(it.client_msg_id), shown(it.to_account), shown(it.channel_id));
        let numbers = format!("{} {} {}", it.call_type, it.record_status, shown(it.text));
        Notes::of(ctx).add(format!(
            "record {} {id} {to} {channel} {numbers} {}",
            shown(from),
            talked.join(", ")
        ));
    }
    0
}

/// # Safety
/// As lent.
unsafe fn channel(it: &abi::nertc_callkit_channel) -> String {
    // SAFETY: the caller's promise.
    let (id, creator) = unsafe { (shown(it.channel_id), shown(it.creator)) };
    format!("{id} of {creator} {} {} {} {}", it.call_type, it.flags, it.create_ms, it.expire_ms)
}

/// # Safety
/// As lent.
unsafe fn state(it: &abi::nertc_callkit_channel_state) -> String {
    // SAFETY: the caller's promise.
    unsafe {
        let member = |it: &*const abi::nertc_callkit_member| {
            let it = &**it;
            format!("{} {} {}", shown(it.account), shown(it.device_id), it.uid)
        };
        let members = slice::from_raw_parts(it.members, it.member_count as usize);
        let members: Vec<String> = members.iter().map(member).collect();
        format!("{} with {}", channel(&*it.channel), members.join(", "))
    }
}

/// A sink of Rust before a sink of C, and what arrives there.
fn sink() -> (SignalingSink, Box<Notes>) {
    let (sink, notes) = (SignalingSink::default(), Box::<Notes>::default());
    // SAFETY: the notes outlive the test, the only one that flushes.
    sink.open(unsafe { lend::signaling(&signaling_sink(&notes)) });
    (sink, notes)
}

fn a_channel(id: &str) -> Channel {
    let times = Channel { create_ms: 5, expire_ms: 6, ..Channel::default() };
    Channel { id: id.into(), call_type: 2, creator: "alice".into(), ..times }
}

fn a_state(id: &str, members: &[(&str, u64)]) -> ChannelState {
    let member = |it: &(&str, u64)| Member { account: it.0.into(), device: "".into(), uid: it.1 };
    ChannelState { channel: a_channel(id), members: members.iter().map(member).collect() }
}

fn an_event(kind: EventKind, invalid: bool) -> Arc<Event> {
    Arc::new(Event {
        kind,
        channel: Channel { invalid, ..a_channel("ch") },
        from: "alice".into(),
        from_device: "phone".into(),
        to: "bob".into(),
        request_id: "rid".into(),
        custom_info: "".into(),
        time_ms: 8,
        uid: 9,
    })
}

#[test]
fn a_completion_brings_everything_that_it_has() {
    let (sink, notes) = sink();
    let outcome = Outcome { code: Code::NOT_MEMBER, raw_code: 7, message: "why".into() };
    sink.complete(Req(1), outcome.clone());
    let channel = Some(a_state("ch", &[("alice", 1), ("bob", 2)]));
    let whole = OperationResult { channel, rtc_token: Some("".into()), server_ms: 3, ..outcome.into() };
    sink.complete(Req(2), whole);
    assert!(!sink.flush());
    let wanted = [
        "completed 1: 10406 7 why room - token - at 0",
        "completed 2: 10406 7 why room ch of alice 2 0 5 6 with alice - 1, bob - 2 token  at 3",
    ];
    assert_eq!(notes.take(), wanted);
}

#[test]
fn events_arrive_one_by_one_and_the_backlog_as_a_batch() {
    let (sink, notes) = sink();
    let (invite, cancel) = (an_event(EventKind::Invite, false), an_event(EventKind::Cancel, true));
    sink.push(SignalingMessage::Online(invite.clone()));
    sink.push(SignalingMessage::OtherDevice(cancel.clone()));
    sink.push(SignalingMessage::Offline([(*invite).clone(), (*cancel).clone()].into()));
    assert!(!sink.flush());
    let (invite, cancel) = (
        "3 in ch of alice 2 0 5 6 alice phone bob rid - 8 9",
        "4 in ch of alice 2 1 5 6 alice phone bob rid - 8 9",
    );
    let wanted =
        [format!("from 0: {invite}"), format!("from 1: {cancel}"), format!("from 2: {invite} | {cancel}")];
    assert_eq!(notes.take(), wanted);
}

#[test]
fn a_full_sink_of_c_gets_the_event_again() {
    let (sink, notes) = sink();
    notes.add("full");
    sink.push(SignalingMessage::Online(an_event(EventKind::Join, false)));
    assert!(sink.flush());
    assert_eq!(notes.take(), ["full"]);
    sink.retry();
    assert!(!sink.flush());
    assert_eq!(notes.take().len(), 1);
}

#[test]
fn channels_connection_record_and_log_arrive() {
    let (sink, notes) = sink();
    let states = [a_state("one", &[("alice", 1)]), a_state("two", &[])];
    sink.push(SignalingMessage::Channels(states.into()));
    let outcome = Outcome { code: Code::BAD_TOKEN, raw_code: 7, message: "why".into() };
    let changes = [
        Connection::Lost(outcome.clone()),
        Connection::Restored,
        Connection::Kicked(outcome.clone()),
        Connection::TokenNeeded(outcome),
    ];
    changes.into_iter().for_each(|it| sink.push(SignalingMessage::Connection(Box::new(it))));
    let record = Record {
        client_msg_id: "id".into(),
        to: "bob".into(),
        channel_id: "ch".into(),
        call_type: CallType::Audio,
        status: RecordStatus::Busy,
        text: "{}".into(),
        durations: vec![("alice".into(), 5), ("bob".into(), 6)],
    };
    sink.push(SignalingMessage::Record { from: "alice".into(), record: Arc::new(record) });
    sink.push(SignalingMessage::Log(LogLevel::NERTC_CALLKIT_LOG_WARN, "line".into()));
    assert!(!sink.flush());
    let wanted = [
        "still in one of alice 2 0 5 6 with alice - 1 | two of alice 2 0 5 6 with ",
        "connection 1 302 7 why",
        "connection 2 0 0 -",
        "connection 3 302 7 why",
        "connection 4 302 7 why",
        "record alice id bob ch 1 5 {} alice 5, bob 6",
        "log 2 line",
    ];
    assert_eq!(notes.take(), wanted);
}
