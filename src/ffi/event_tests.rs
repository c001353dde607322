//! Completions and events on their way to the app.

use super::*;
use crate::engine::output::EndReason;
use nertc_callkit_signaling::CallType;

/// What the app heard, and what it could have meant inside each callback.
#[derive(Default)]
struct Heard {
    host: Option<*const Host>,
    lines: Vec<(String, CallRef)>,
}

fn heard(user_data: *mut c_void, line: String) {
    // SAFETY: the test's own; callbacks come one at a time.
    let heard = unsafe { &mut *user_data.cast::<Heard>() };
    // SAFETY: lives as long as the test.
    let implied = unsafe { &*heard.host.unwrap() }.implied_call();
    heard.lines.push((line, implied));
}

unsafe extern "C" fn on_done(
    _: *mut nertc_callkit,
    result: *const abi::nertc_callkit_result,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    let result = unsafe { *result };
    // SAFETY: never NULL.
    let message = unsafe { std::ffi::CStr::from_ptr(result.message) };
    assert!(!message.is_empty());
    heard(user, format!("done {} {}", result.operation, result.code));
}

unsafe extern "C" fn on_error(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_error_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    let event = unsafe { *event };
    heard(user, format!("error {} {} {}", event.operation, event.code, event.call_no));
}

unsafe extern "C" fn on_invited(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_invited_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    let call_no = unsafe { (*(*event).call).call_no };
    heard(user, format!("invited {call_no}"));
}

unsafe extern "C" fn on_call_end(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_end_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    heard(user, format!("end {}", unsafe { (*event).reason }));
}

fn with_host(test: impl FnOnce(&Host, Completion)) -> Vec<(String, CallRef)> {
    let mut heard = Heard::default();
    let user_data = ptr::from_mut(&mut heard).cast();
    // SAFETY: all-zero is a value of both.
    let (mut config, mut listener): (abi::nertc_callkit_config, abi::nertc_callkit_listener) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    config.user_data = user_data;
    listener.on_error = Some(on_error);
    listener.on_invited = Some(on_invited);
    listener.on_call_end = Some(on_call_end);
    let host = Host::new(usize::MAX, &config, listener);
    // SAFETY: the test's own.
    unsafe { (*user_data.cast::<Heard>()).host = Some(&host) };
    test(&host, Completion { done: Some(on_done), user_data: HostPtr(user_data) });
    heard.lines
}

fn result(operation: Operation, code: i32, call_no: u64) -> OpResult {
    let [message, channel_id, request_id, call_id] = [const { "" }; 4].map(Text::from);
    OpResult {
        operation,
        code: code.into(),
        raw_code: 0,
        message,
        call_no,
        uid: 0,
        channel_id,
        request_id,
        call_id,
    }
}

fn end(call_no: u64) -> Event {
    let (user, extra, reason) = ("bob".into(), "".into(), EndReason::HungUp);
    Event::CallEnd(CallEnd { call_no, user, reason, extra, ring_ms: 0, talk_ms: 0, durations: Vec::new() })
}

fn invite(call_no: u64) -> Event {
    let [invitor, attachment, channel_id, request_id, call_id] = ["bob", "", "", "", ""].map(Text::from);
    Event::Invited(Invited {
        call_no,
        invitor,
        call_type: CallType::Audio,
        attachment,
        channel_id,
        request_id,
        call_id,
        invited_at_ms: 0,
        ring_left_ms: 0,
        offline: false,
        answered: false,
    })
}

fn implied(shown: u64, issued: Option<Ticket>) -> CallRef {
    CallRef { implied: true, shown, issued: issued.into_iter().collect(), ..CallRef::default() }
}

#[test]
fn an_own_call_can_be_meant_from_its_acceptance_on_and_not_in_its_end() {
    let lines = with_host(|host, done| {
        assert_eq!(host.implied_call(), implied(0, None));
        let ticket = host.expect(done, Operation::Call);
        host.offered(ticket, true);
        assert_eq!(host.implied_call(), implied(0, Some(ticket)));
        host.done(ticket, result(Operation::Call, 0, 7));
        assert_eq!(host.implied_call(), implied(7, None));
        host.event(end(7));
        assert_eq!(host.implied_call(), implied(0, None));
    });
    let expected = [("done 3 0".to_owned(), implied(7, None)), ("end 15".to_owned(), implied(0, None))];
    assert_eq!(lines, expected);
}

#[test]
fn an_invite_can_be_meant_inside_on_invited_and_the_end_of_another_call_changes_nothing() {
    let lines = with_host(|host, _| {
        host.event(invite(4));
        host.event(end(3));
    });
    let expected = [("invited 4".to_owned(), implied(4, None)), ("end 15".to_owned(), implied(4, None))];
    assert_eq!(lines, expected);
}

#[test]
fn a_call_that_was_refused_or_failed_cannot_be_meant() {
    with_host(|host, done| {
        let refused = host.expect(done, Operation::Call);
        host.offered(refused, false);
        assert_eq!(host.implied_call(), implied(0, None));
        let failed = host.expect(done, Operation::Call);
        host.done(failed, result(Operation::Call, 408, 9));
        host.offered(failed, true);
        assert_eq!(host.implied_call(), implied(0, None));
    });
}

#[test]
fn a_failure_is_told_once_to_done_or_else_to_on_error() {
    let lines = with_host(|host, done| {
        let ticket = host.expect(done, Operation::Accept);
        host.done(ticket, result(Operation::Accept, 10410, 2));
        host.done(ticket, result(Operation::Accept, 10410, 2));
        host.done(host.expect(Completion::nobody(), Operation::Accept), result(Operation::Accept, 10410, 2));
        host.done(host.expect(Completion::nobody(), Operation::Accept), result(Operation::Accept, 0, 2));
        host.done(host.expect(Completion::nobody(), Operation::Accept), result(Operation::None, 90003, 0));
    });
    let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, ["done 5 10410", "error 5 10410 2"]);
}
#[test]
fn what_the_engine_did_not_live_to_complete_is_completed_before_released() {
    let lines = with_host(|host, done| {
        host.offered(host.expect(done, Operation::Login), true);
        host.offered(host.expect(Completion::nobody(), Operation::Hangup), true);
        let (refused, accepted) = (host.expect(done, Operation::Call), host.expect(done, Operation::Call));
        std::thread::scope(|scope| {
            // Their threads have not been told yet when the end comes: it waits for them.
            scope.spawn(|| {
                host.offered(refused, false);
                host.offered(accepted, true);
            });
            host.released();
        });
    });
    let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, ["done 1 90003", "error 7 90003 0", "done 3 90003"]);
}
