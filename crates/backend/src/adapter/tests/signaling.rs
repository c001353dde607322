//! Signaling: what arrives at the backend, and what is refused.

use std::ptr;

use nertc_callkit_signaling::{Code, Notification, Operation, Req, Text};

use super::*;
use crate::adapter::{SignalingVtable, signaling};
use crate::{Login, SignalingBackend, SignalingSink};

/// Records its operations, and panics or refuses depending on the account.
struct Recorder(Notes);

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.add("dropped");
    }
}

impl SignalingBackend for Recorder {
    fn close(&self) {
        self.0.add("close");
        panic!("planted");
    }

    fn login(&self, req: Req, login: Login) -> Result<(), Code> {
        self.0.add(format!("{req:?} {login:?}"));
        match &*login.account {
            "panics" => panic!("planted"),
            "refused" => Err(Code::LIMIT),
            "liar" => Err(Code::OK),
            _ => Ok(()),
        }
    }

    fn run(&self, req: Req, operation: Operation) -> Result<(), Code> {
        self.0.add(format!("{req:?} {operation:?}"));
        Ok(())
    }

    fn notify(&self, notification: Notification) {
        let panics = notification == Notification::SetToken("panics".into());
        self.0.add(format!("{notification:?}"));
        assert!(!panics, "planted");
    }

    fn network_changed(&self) {
        self.0.add("network_changed");
    }
}

static VTABLE: SignalingVtable = SignalingVtable::new(c"recorder", 3);

fn recorder() -> (Notes, SignalingSink, &'static abi::nertc_callkit_signaling, *mut c_void) {
    let (notes, sink) = (Notes::default(), SignalingSink::default());
    let (vtable, ctx) = signaling(&VTABLE, sink.clone(), Recorder(notes.clone()));
    (notes, sink, vtable, ctx)
}

fn args() -> abi::nertc_callkit_signaling_args {
    abi::nertc_callkit_signaling_args {
        flags: 1,
        call_type: 2,
        expires_ms: 7,
        channel_id: c"ch".as_ptr(),
        account: c"bob".as_ptr(),
        request_id: c"rid".as_ptr(),
        custom_info: c"text".as_ptr(),
        ..sized()
    }
}

#[test]
fn every_operation_arrives_as_its_value() {
    let (notes, _, vtable, ctx) = recorder();
    let push = abi::nertc_callkit_push { title: c"hello".as_ptr(), ..sized() };
    let invite = abi::nertc_callkit_signaling_args { push: &push, ..args() };
    let (account, seconds) = (c"bob".as_ptr(), 5);
    let record = abi::nertc_callkit_record {
        call_type: 1,
        record_status: 4,
        account_count: 1,
        accounts: &account,
        durations_s: &seconds,
        text: c"{}".as_ptr(),
        ..sized()
    };
    let operations = [
        (vtable.create, "Create { call_type: Video }"),
        (vtable.join, r#"Join { channel_id: "ch", no_offline: true }"#),
        (vtable.leave, r#"Leave { channel_id: "ch", custom_info: "text", no_offline: true }"#),
        (vtable.close, r#"Close { channel_id: "ch", custom_info: "text", no_offline: true }"#),
        (vtable.cancel_invite, "Cancel(MESSAGE)"),
        (vtable.accept, "Accept(MESSAGE)"),
        (vtable.reject, "Reject(MESSAGE)"),
        (vtable.control, "Control(MESSAGE)"),
    ];
    let texts = r#"channel_id: "ch", account: "bob", request_id: "rid", custom_info: "text""#;
    let message = &format!("Message {{ {texts}, no_offline: true }}");
    // SAFETY: our own backend; all arguments outlive the calls.
    unsafe {
        for (slot, wanted) in operations {
            assert_eq!(slot.expect("a slot")(ctx, 9, &args()), 0);
            assert_eq!(notes.take(), [format!("Req(9) {}", wanted.replace("MESSAGE", message))]);
        }
        assert_eq!(vtable.invite.expect("a slot")(ctx, 1, &invite), 0);
        let push = r#"Some(PushText { title: Some("hello"), content: None, payload: None })"#;
        let wanted = format!("Req(1) Invite {{ message: {message}, expires_ms: 7, push: {push} }}");
        assert_eq!(notes.take(), [wanted]);
        assert_eq!(vtable.logout.expect("a slot")(ctx, 2), 0);
        assert_eq!(vtable.send_record.expect("a slot")(ctx, 3, &record), 0);
        let [logout, record] = &notes.take()[..] else { panic!("two operations") };
        assert_eq!(logout, "Req(2) Logout");
        assert!(record.contains("call_type: Audio, status: Timeout"), "{record}");
        assert!(record.ends_with(r#"text: "{}", durations: [("bob", 5)] })"#), "{record}");
        vtable.release.expect("a slot")(ctx);
    }
    assert_eq!(notes.take(), ["dropped"]);
}

#[test]
fn notifications_arrive_and_bad_ones_are_dropped() {
    let (notes, _, vtable, ctx) = recorder();
    let accounts = [c"bob".as_ptr()];
    let policy = abi::nertc_callkit_call_policy {
        flags: 1,
        rule: 1,
        answer: 1,
        accounts: accounts.as_ptr(),
        account_count: 1,
        ..sized()
    };
    // SAFETY: our own backend; all arguments outlive the calls.
    unsafe {
        vtable.network_changed.expect("a slot")(ctx);
        vtable.abort_login.expect("a slot")(ctx, 4);
        let set_token = vtable.set_token.expect("a slot");
        assert_eq!([set_token(ctx, c"t".as_ptr()), set_token(ctx, ptr::null())], [0, 0]);
        assert_eq!(set_token(ctx, c"caf\xe9".as_ptr()), Code::INVALID_ARGUMENT.number());
        assert_eq!(set_token(ctx, c"panics".as_ptr()), Code::BACKEND_FAILED.number());
        let invite_state = vtable.invite_state.expect("a slot");
        invite_state(ctx, &args(), 2);
        invite_state(ctx, &args(), 4);
        invite_state(ctx, ptr::null(), 1);
        let call_policy = vtable.call_policy.expect("a slot");
        call_policy(ctx, &policy);
        call_policy(ctx, &abi::nertc_callkit_call_policy { rule: 9, accounts: ptr::null(), ..policy });
        vtable.release.expect("a slot")(ctx);
    }
    let policy_is =
        |what| format!("CallPolicy(CallPolicy {{ {what}, answers_busy: true, no_missed: true }})");
    let state = r#"channel_id: "ch", account: "bob", request_id: "rid", state: Held"#;
    let wanted = [
        "network_changed",
        "AbortLogin(Req(4))",
        r#"SetToken("t")"#,
        r#"SetToken("")"#,
        r#"SetToken("panics")"#,
        &format!("InviteState {{ {state} }}"),
        &policy_is(r#"rule: OnlyListed, accounts: {"bob"}"#),
        &policy_is("rule: Nobody, accounts: {}"),
        "dropped",
    ];
    assert_eq!(notes.take(), wanted);
}

#[test]
fn a_refusal_a_false_result_and_a_panic_become_codes() {
    let (notes, _, vtable, ctx) = recorder();
    let login = |account: &str| {
        let account = Text::from(account);
        let args = abi::nertc_callkit_login_args { account: account.as_c_str().as_ptr(), ..sized() };
        // SAFETY: our own backend; the arguments outlive the call.
        Code::new(unsafe { vtable.login.expect("a slot")(ctx, 1, &args) })
    };
    assert_eq!(login("bob"), Code::OK);
    assert_eq!(login("refused"), Code::LIMIT);
    assert_eq!(login("liar"), Code::BACKEND_FAILED);
    assert_eq!(login("panics"), Code::BACKEND_FAILED);
    assert_eq!(notes.take().len(), 4);
    let short = abi::nertc_callkit_signaling_args { struct_size: 8, ..args() };
    let bad = abi::nertc_callkit_signaling_args { custom_info: c"caf\xe9".as_ptr(), ..args() };
    let unknown = abi::nertc_callkit_record { record_status: 6, ..sized() };
    // SAFETY: our own backend; all arguments outlive the calls.
    unsafe {
        let accept = vtable.accept.expect("a slot");
        assert_eq!(accept(ctx, 1, ptr::null()), Code::BACKEND_FAILED.number());
        assert_eq!(accept(ctx, 1, &short), Code::BACKEND_FAILED.number());
        assert_eq!(accept(ctx, 1, &bad), Code::INVALID_ARGUMENT.number());
        assert_eq!(vtable.send_record.expect("a slot")(ctx, 1, &unknown), Code::INVALID_ARGUMENT.number());
        assert_eq!(vtable.login.expect("a slot")(ctx, 1, ptr::null()), Code::BACKEND_FAILED.number());
        assert_eq!(notes.take(), [""; 0]);
        vtable.release.expect("a slot")(ctx);
    }
}

#[test]
fn a_backend_that_refuses_to_open_has_no_sink() {
    struct Unwilling;
    impl SignalingBackend for Unwilling {
        fn open(&self) -> Result<(), Code> {
            Err(Code::NOT_PERMITTED)
        }
        fn close(&self) {}
        fn login(&self, _: Req, _: Login) -> Result<(), Code> {
            Ok(())
        }
        fn run(&self, _: Req, _: Operation) -> Result<(), Code> {
            Ok(())
        }
        fn notify(&self, _: Notification) {}
    }
    let (notes, sink) = (Notes::default(), SignalingSink::default());
    let (vtable, ctx) = signaling(&VTABLE, sink.clone(), Unwilling);
    let c = reports::signaling_sink(&notes);
    // SAFETY: our own backend; the sink outlives it.
    unsafe {
        assert_eq!(vtable.open.expect("a slot")(ctx, &c), Code::NOT_PERMITTED.number());
        sink.complete(Req(1), Code::OK);
        assert!(!sink.flush());
        vtable.release.expect("a slot")(ctx);
    }
    assert_eq!(notes.take(), [""; 0]);
}

#[test]
fn close_ends_the_sink_even_if_the_backend_panics() {
    let (notes, sink, vtable, ctx) = recorder();
    let received = Notes::default();
    let c = reports::signaling_sink(&received);
    let older = abi::nertc_callkit_signaling_sink { abi: 77, ..c };
    // SAFETY: our own backend; the sinks outlive it.
    unsafe {
        let open = vtable.open.expect("a slot");
        assert_eq!(open(ctx, ptr::null()), Code::BACKEND_FAILED.number());
        assert_eq!(open(ctx, &older), Code::BACKEND_FAILED.number());
        assert_eq!(open(ctx, &c), 0);
        sink.complete(Req(1), Code::TIMEOUT);
        assert!(!sink.flush());
        vtable.close_backend.expect("a slot")(ctx);
        sink.complete(Req(2), Code::OK);
        assert!(!sink.flush());
        vtable.release.expect("a slot")(ctx);
    }
    assert_eq!(received.take(), ["completed 1: 408 0 - room - token - at 0"]);
    assert_eq!(notes.take(), ["close", "dropped"]);
}
