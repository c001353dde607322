//! Completions and events on their way to the app.

use super::*;
use crate::engine::output::EndReason;
use nertc_callkit_signaling::CallType;

/// What the app received, and what it could have meant inside each callback.
#[derive(Default)]
struct Received {
    app: Option<*const CallbackSink>,
    lines: Vec<(String, CallRef)>,
}

fn received(user_data: *mut c_void, line: String) {
    // SAFETY: the test's own; callbacks come one at a time.
    let received = unsafe { &mut *user_data.cast::<Received>() };
    // SAFETY: lives as long as the test.
    let implied = unsafe { &*received.app.unwrap() }.implied_call();
    received.lines.push((line, implied));
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
    received(user, format!("done {} {}", result.operation, result.code));
}

unsafe extern "C" fn on_error(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_error_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    let event = unsafe { *event };
    received(user, format!("error {} {} {}", event.operation, event.code, event.call_no));
}

unsafe extern "C" fn on_invited(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_invited_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    let call_no = unsafe { (*(*event).call).call_no };
    received(user, format!("invited {call_no}"));
}

unsafe extern "C" fn on_call_end(
    _: *mut nertc_callkit,
    event: *const abi::nertc_callkit_end_event,
    user: *mut c_void,
) {
    // SAFETY: lent for the call.
    received(user, format!("end {}", unsafe { (*event).reason }));
}

fn with_sink(test: impl FnOnce(&CallbackSink, Completion)) -> Vec<(String, CallRef)> {
    let mut received = Received::default();
    let user_data = ptr::from_mut(&mut received).cast();
    // SAFETY: all-zero is a value of both.
    let (mut config, mut listener): (abi::nertc_callkit_config, abi::nertc_callkit_listener) =
        unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    config.user_data = user_data;
    listener.on_error = Some(on_error);
    listener.on_invited = Some(on_invited);
    listener.on_call_end = Some(on_call_end);
    let app = CallbackSink::new(usize::MAX, |_| (), &config, listener);
    // SAFETY: the test's own.
    unsafe { (*user_data.cast::<Received>()).app = Some(&app) };
    test(&app, Completion { done: Some(on_done), user_data: AppPtr(user_data) });
    received.lines
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
fn an_own_call_is_implied_from_its_acceptance_to_its_end() {
    let lines = with_sink(|app, done| {
        assert_eq!(app.implied_call(), implied(0, None));
        let ticket = app.expect(done, Operation::Call);
        app.offered(ticket, true);
        assert_eq!(app.implied_call(), implied(0, Some(ticket)));
        app.done(ticket, &result(Operation::Call, 0, 7));
        assert_eq!(app.implied_call(), implied(7, None));
        app.event(&end(7));
        assert_eq!(app.implied_call(), implied(0, None));
    });
    let expected = [("done 3 0".to_owned(), implied(7, None)), ("end 15".to_owned(), implied(0, None))];
    assert_eq!(lines, expected);
}

#[test]
fn an_invite_is_implied_inside_on_invited() {
    let lines = with_sink(|app, _| {
        app.event(&invite(4));
        app.event(&end(3));
    });
    let expected = [("invited 4".to_owned(), implied(4, None)), ("end 15".to_owned(), implied(4, None))];
    assert_eq!(lines, expected);
}

#[test]
fn a_refused_or_failed_call_is_not_implied() {
    with_sink(|app, done| {
        let refused = app.expect(done, Operation::Call);
        app.offered(refused, false);
        assert_eq!(app.implied_call(), implied(0, None));
        let failed = app.expect(done, Operation::Call);
        app.done(failed, &result(Operation::Call, 408, 9));
        app.offered(failed, true);
        assert_eq!(app.implied_call(), implied(0, None));
    });
}

#[test]
fn a_failure_is_reported_once_to_done_or_else_to_on_error() {
    let lines = with_sink(|app, done| {
        let ticket = app.expect(done, Operation::Accept);
        app.done(ticket, &result(Operation::Accept, 10410, 2));
        app.done(ticket, &result(Operation::Accept, 10410, 2));
        app.done(app.expect(Completion::nobody(), Operation::Accept), &result(Operation::Accept, 10410, 2));
        app.done(app.expect(Completion::nobody(), Operation::Accept), &result(Operation::Accept, 0, 2));
        app.done(app.expect(Completion::nobody(), Operation::Accept), &result(Operation::None, 90003, 0));
    });
    let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, ["done 5 10410", "error 5 10410 2"]);
}
#[test]
fn pending_requests_are_completed_before_released() {
    let lines = with_sink(|app, done| {
        app.offered(app.expect(done, Operation::Login), true);
        app.offered(app.expect(Completion::nobody(), Operation::Hangup), true);
        let (refused, accepted) = (app.expect(done, Operation::Call), app.expect(done, Operation::Call));
        std::thread::scope(|scope| {
            // Their threads have not been notified yet when the end comes: it waits for them.
            scope.spawn(|| {
                app.offered(refused, false);
                app.offered(accepted, true);
            });
            app.released();
        });
    });
    let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, ["done 1 90003", "error 7 90003 0", "done 3 90003"]);
}
