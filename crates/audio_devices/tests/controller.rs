//! What a controller does, step by step.

use nertc_callkit_audio_devices::{Code, Controller, Device, DeviceId, Input, Output};

fn id(name: &str) -> DeviceId {
    DeviceId(name.to_owned())
}

/// Devices; the first is the default.
fn devices(names: &[&str]) -> Input {
    let device =
        |(at, name): (usize, &&str)| Device { id: id(name), name: name.to_string(), is_default: at == 0 };
    Input::Listed(Ok(names.iter().enumerate().map(device).collect()))
}

fn open(stream: u32, device: &str) -> Output {
    Output::Open { stream, device: id(device) }
}

fn done(command: u32) -> Output {
    Output::Complete { command, result: Ok(()) }
}

fn failed(command: u32, code: Code) -> Output {
    Output::Complete { command, result: Err(code) }
}

fn in_use(device: &str) -> Output {
    Output::Report(Ok(id(device)))
}

fn opened(stream: u32) -> Input {
    Input::Opened { stream, result: Ok(()) }
}

/// What follows from `input`.
fn after(controller: &mut Controller, now: u64, input: Input) -> Vec<Output> {
    controller.handle(now, input);
    std::iter::from_fn(|| controller.poll_output()).collect()
}

/// Runs its timers until `now`; what is to be done, with the time. Lists are answered with `names`.
fn until(controller: &mut Controller, now: u64, names: &[&str]) -> Vec<(u64, Output)> {
    let mut outputs = Vec::new();
    while let Some(at) = controller.poll_timeout().filter(|at| *at <= now) {
        controller.handle_timeout(at);
        while let Some(output) = controller.poll_output() {
            if output == Output::List {
                controller.handle(at, devices(names));
            } else {
                outputs.push((at, output));
            }
        }
    }
    outputs
}

/// One with the first of these open.
fn with(names: &[&str]) -> Controller {
    let mut controller = Controller::default();
    assert_eq!(after(&mut controller, 0, Input::Open { command: 1 }), [Output::List]);
    assert_eq!(after(&mut controller, 0, devices(names)), [open(1, names[0])]);
    assert_eq!(after(&mut controller, 0, opened(1)), [in_use(names[0]), done(1)]);
    controller
}

#[test]
fn the_wanted_device_gone_is_replaced_until_it_is_back() {
    let mut it = with(&["a", "b"]);
    let outputs = after(&mut it, 10, Input::Use { command: 2, device: Some(id("b")) });
    assert_eq!(outputs, [Output::List, Output::Close { stream: 1 }]);
    assert_eq!(after(&mut it, 20, devices(&["a", "b"])), []);
    assert_eq!(after(&mut it, 30, Input::Closed { stream: 1 }), [open(2, "b")]);
    assert_eq!(after(&mut it, 40, opened(2)), [in_use("b"), done(2)]);

    assert_eq!(until(&mut it, 2020, &["a"]), [(2020, Output::Close { stream: 2 })]);
    assert_eq!(after(&mut it, 2030, Input::Closed { stream: 2 }), [open(3, "a")]);
    assert_eq!(after(&mut it, 2040, opened(3)), [in_use("a")]);
    assert_eq!(until(&mut it, 4020, &["a", "b"]), [(4020, Output::Close { stream: 3 })]);
    assert_eq!(after(&mut it, 4030, Input::Closed { stream: 3 }), [open(4, "b")]);
}

#[test]
fn another_default_is_followed() {
    let mut it = with(&["a", "b"]);
    assert_eq!(until(&mut it, 2000, &["b", "a"]), [(2000, Output::Close { stream: 1 })]);
    assert_eq!(after(&mut it, 2010, Input::Closed { stream: 1 }), [open(2, "b")]);
}

#[test]
fn a_device_that_is_not_there_is_used_once_it_is() {
    let mut it = with(&["a"]);
    assert_eq!(after(&mut it, 10, Input::Use { command: 2, device: Some(id("x")) }), [Output::List]);
    assert_eq!(after(&mut it, 20, devices(&["a"])), [failed(2, Code::NotFound)]);
    assert_eq!(until(&mut it, 2020, &["a", "x"]), [(2020, Output::Close { stream: 1 })]);
    assert_eq!(after(&mut it, 2030, Input::Closed { stream: 1 }), [open(2, "x")]);
}

#[test]
fn a_busy_device_is_tried_again_later_each_time() {
    let mut it = Controller::default();
    let mut tried = Vec::new();
    let _ = after(&mut it, 0, Input::Open { command: 1 });
    let mut outputs: Vec<_> = after(&mut it, 0, devices(&["a"])).into_iter().map(|it| (0, it)).collect();
    let mut others = Vec::new();
    while tried.len() < 8 {
        for (at, output) in std::mem::take(&mut outputs) {
            let Output::Open { stream, .. } = output else {
                others.push(output);
                continue;
            };
            tried.push(at);
            others.extend(after(&mut it, at, Input::Opened { stream, result: Err(Code::Busy) }));
        }
        let next = it.poll_timeout().expect("it tries again");
        outputs = until(&mut it, next, &["a"]);
    }
    assert_eq!(tried, [0, 250, 750, 1750, 3750, 7750, 15_750, 23_750]);
    assert_eq!(others, [failed(1, Code::Busy), Output::Report(Err(Code::Busy))], "reported once");
}

#[test]
fn a_device_that_calls_no_more_is_opened_anew() {
    let mut it = with(&["a"]);
    // A pause at the start is none.
    assert_eq!(after(&mut it, 10, Input::Called { stream: 1, callbacks: 1 }), []);
    assert_eq!(until(&mut it, 2990, &["a"]), []);
    assert_eq!(after(&mut it, 2990, Input::Called { stream: 1, callbacks: 2 }), []);
    // The same number is no sign of life.
    assert_eq!(after(&mut it, 2995, Input::Called { stream: 1, callbacks: 2 }), []);
    assert_eq!(until(&mut it, 3989, &["a"]), []);
    let outputs = until(&mut it, 3990, &["a"]);
    assert_eq!(outputs, [(3990, Output::Close { stream: 1 }), (3990, Output::Report(Err(Code::Busy)))]);
    assert_eq!(after(&mut it, 3995, Input::Closed { stream: 1 }), []);
    assert_eq!(until(&mut it, 4240, &["a"]), [(4240, open(2, "a"))]);
}

#[test]
fn an_open_that_never_returns_is_given_up() {
    let mut it = Controller::default();
    let _ = after(&mut it, 0, Input::Open { command: 1 });
    assert_eq!(after(&mut it, 0, devices(&["a"])), [open(1, "a")]);
    let outputs = until(&mut it, 5300, &["a"]);
    let expected = [
        (5000, Output::Close { stream: 1 }),
        (5000, failed(1, Code::Busy)),
        (5000, Output::Report(Err(Code::Busy))),
        (5250, open(2, "a")),
    ];
    assert_eq!(outputs, expected);
    assert_eq!(after(&mut it, 5300, opened(1)), [], "too late");
    assert_eq!(after(&mut it, 5300, opened(2)), [in_use("a")]);
}

#[test]
fn threads_that_hang_are_limited() {
    let mut it = Controller::default();
    let _ = after(&mut it, 0, Input::Open { command: 1 });
    let _ = after(&mut it, 0, devices(&["a"]));
    let outputs = until(&mut it, 200_000, &["a"]);
    let opens = outputs.iter().filter(|(_, it)| matches!(it, Output::Open { .. })).count();
    assert_eq!(1 + opens, nertc_callkit_audio_devices::limits::MAX_ABANDONED);
    let _ = after(&mut it, 200_000, Input::Closed { stream: 3 });
    let outputs = until(&mut it, 210_000, &["a"]);
    assert!(outputs.iter().any(|(_, it)| *it == open(5, "a")), "{outputs:?}");
}

#[test]
fn nothing_opens_after_close() {
    let mut it = Controller::default();
    let _ = after(&mut it, 0, Input::Open { command: 1 });
    assert_eq!(after(&mut it, 0, devices(&["a"])), [open(1, "a")]);
    let outputs = after(&mut it, 10, Input::Close { command: 2 });
    assert_eq!(outputs, [failed(1, Code::Cancelled), Output::Close { stream: 1 }]);
    assert_eq!(after(&mut it, 20, opened(1)), []);
    assert_eq!(after(&mut it, 20, devices(&["a", "b"])), []);
    assert_eq!(after(&mut it, 30, Input::Closed { stream: 1 }), [done(2)]);
    assert_eq!(it.poll_timeout(), None);
}

#[test]
fn without_any_device_there_is_a_code() {
    let mut it = Controller::default();
    let _ = after(&mut it, 0, Input::Open { command: 1 });
    let outputs = after(&mut it, 0, Input::Listed(Err(Code::NotFound)));
    assert_eq!(outputs, [failed(1, Code::NotFound), Output::Report(Err(Code::NotFound))]);
    assert_eq!(until(&mut it, 4000, &["a"]), [(4000, open(1, "a"))], "until there is one");
}

#[test]
fn a_later_wish_replaces_the_one_before() {
    let mut it = with(&["a", "b", "c"]);
    let _ = after(&mut it, 10, Input::Use { command: 2, device: Some(id("b")) });
    let cancelled = failed(2, Code::Cancelled);
    assert_eq!(after(&mut it, 10, Input::Use { command: 3, device: Some(id("c")) }), [cancelled]);
    assert_eq!(after(&mut it, 20, devices(&["a", "b", "c"])), []);
    assert_eq!(after(&mut it, 30, Input::Closed { stream: 1 }), [open(2, "c")]);
    assert_eq!(after(&mut it, 40, Input::Use { command: 4, device: None })[0], failed(3, Code::Cancelled));
}
