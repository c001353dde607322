//! The program as a user runs it, over traces of an engine that is driven here.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output as ProcessOutput};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use nertc_callkit::engine::input::{CallOptions, Command, Input, Ticket};
use nertc_callkit::engine::output::Output;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Config, Engine, IdGenerator};
use nertc_callkit::trace::{Redaction, TraceWriter};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, EventKind, Member, OperationResult, Origin, Req, Text,
};

struct Life {
    engine: Engine,
    tape: TraceWriter,
    now: u64,
    open: Vec<Req>,
}

impl Life {
    fn new(redaction: Redaction) -> Life {
        let (engine, mut tape) =
            (Engine::new(Config::default(), IdGenerator::test_seed(7)), TraceWriter::new(redaction));
        tape.begin(1, Time(0), 0, &engine);
        let mut life = Life { engine, tape, now: 0, open: Vec::new() };
        life.command(Command::Login { account: "<alice & co>".into(), token: "t".into() });
        life.answer();
        life
    }

    fn feed(&mut self, input: Input) {
        self.now += 20;
        self.tape.input(1, Time(self.now), &input);
        self.engine.handle(Time(self.now), input);
        self.drain();
    }

    fn command(&mut self, command: Command) {
        self.feed(Input::Command { ticket: Ticket(self.now), command: command.into() });
    }

    fn due(&mut self) {
        let (at, why) = self.engine.poll_timeout().expect("something is due");
        self.now = at.0;
        self.tape.timeout(1, at, why);
        self.engine.handle_timeout(at);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            self.tape.output(&output);
            if let Output::Signal { req, .. } = output {
                self.open.push(req);
            }
        }
        self.tape.end_step();
    }

    /// The service completes the oldest operation.
    fn answer(&mut self) {
        let member = Member { account: "<alice & co>".into(), uid: 1, ..Member::default() };
        let call = Channel { id: "77".into(), ..Channel::default() };
        let channel = Some(ChannelState { channel: call, members: vec![member] });
        let req = self.open.remove(0);
        self.feed(Input::SignalDone {
            req,
            result: OperationResult { channel, ..OperationResult::default() }.into(),
        });
    }

    fn message(&mut self, kind: EventKind, custom: &str) {
        let event = signaling::Event {
            kind,
            channel: Channel { id: "78".into(), call_type: 2, ..Channel::default() },
            from: "bob".into(),
            from_device: Text::default(),
            to: "<alice & co>".into(),
            request_id: "r1".into(),
            custom_info: custom.into(),
            time_ms: 0,
            uid: 0,
        };
        self.feed(Input::Signals { origin: Origin::Online, events: vec![event] });
    }

    fn write(&self) -> PathBuf {
        file(self.tape.lines())
    }
}

/// We call, it rings, no answer.
fn unanswered(redaction: Redaction) -> Life {
    let mut life = Life::new(redaction);
    life.command(Command::Call(CallOptions::to("bob".into(), CallType::Audio)));
    for _ in 0..3 {
        life.answer();
    }
    life.due();
    life.answer();
    life
}

/// Bob calls us and thinks better of it.
fn withdrawn() -> Life {
    let mut life = Life::new(Redaction::Secrets);
    life.message(EventKind::Invite, r#"{"version":"1.8.1","channelName":"r","callId":"c"}"#);
    life.now += 2_500;
    life.message(EventKind::Cancel, "{}");
    life
}

fn file(bytes: &[u8]) -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let name = format!("cli.{}.{}.trace", std::process::id(), LAST.fetch_add(1, Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

fn run(words: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_nertc-callkit");
    let ProcessOutput { status, stdout, stderr } =
        Process::new(program).args(words).output().expect("the program");
    let [out, err] = [stdout, stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    (status.code().expect("an exit"), out, err)
}

fn run_on(word: &str, path: &Path) -> (i32, String, String) {
    run(&[word, path.to_str().expect("a path")])
}

#[track_caller]
fn holds(text: &str, words: &[&str]) {
    words.iter().for_each(|word| assert!(text.contains(word), "no {word:?} in:\n{text}"));
}

#[test]
fn a_replay_reports_the_first_difference() {
    let life = unanswered(Redaction::Personal);
    assert_eq!(
        run_on("replay", &life.write()),
        (0, "replay: kits 1, steps 8: the same\n".into(), String::new())
    );
    let path = life.write();
    let (code, out, _) = run(&["replay", "--outputs", path.to_str().expect("a path")]);
    assert_eq!((code, out.lines().count()), (0, 9));
    holds(&out, &[r#"{"kit":1,"t":80,"out":[{"Signal":{"req":3,"op":{"Join":"#, "steps 8: the same"]);
    let edited = String::from_utf8(life.tape.lines().to_vec()).expect("UTF-8");
    let edited = edited.replacen("\"reason\":\"Timeout\"", "\"reason\":\"Busy\"", 1);
    let (code, out, _) = run_on("replay", &file(edited.as_bytes()));
    assert_eq!(code, 1);
    holds(&out, &["line 9, kit 1: differs", "recorded: Event(CallEnd", "reason: Busy", "reason: Timeout"]);
}

#[test]
fn it_is_explained_why_nobody_answered() {
    let (code, out, _) = run_on("explain", &unanswered(Redaction::Secrets).write());
    assert_eq!(code, 0);
    holds(
        &out,
        &[
            "<alice & co>: 8 steps in",
            "Call 1, at 0.060: audio call to bob",
            "invites bob, for 30 s",
            "a timer of this side expires: ring limit",
            "It ended with TIMEOUT (2)",
            "bob did not answer in time",
            "Cause: a timer of this side expired: ring limit; then the service's result: cancel",
        ],
    );
}

#[test]
fn it_is_explained_why_it_stopped_ringing() {
    let (code, out, _) = run_on("explain", &withdrawn().write());
    assert_eq!(code, 0);
    holds(
        &out,
        &[
            "video call of bob",
            "it rings, for at most 30 s",
            "It ended with PEER_CANCELLED (12): bob cancelled before we answered.",
            "Cause: a message of the other side: CANCEL from bob.",
            "So it stopped ringing here, after 2.5 s.",
        ],
    );
}

#[test]
fn a_call_that_continues_is_described_as_such() {
    let mut life = Life::new(Redaction::Secrets);
    life.message(EventKind::Invite, r#"{"version":"1.8.1","channelName":"r","callId":"c"}"#);
    holds(&run_on("explain", &life.write()).1, &["It is still live where the trace ends"]);
    life.tape = TraceWriter::new(Redaction::Secrets);
    life.tape.begin(1, Time(life.now), 0, &life.engine);
    life.message(EventKind::Cancel, "{}");
    holds(
        &run_on("explain", &life.write()).1,
        &["the trace begins while it is being called by bob", "PEER_CANCELLED (12)"],
    );
}

#[test]
fn the_picture_is_whole_and_its_texts_are_escaped() {
    let life = unanswered(Redaction::Secrets);
    let (code, out, _) = run_on("diagram", &life.write());
    assert_eq!(code, 0);
    holds(
        &out,
        &[
            "<svg xmlns=\"http://www.w3.org/2000/svg\"",
            ">app</text>",
            ">client</text>",
            ">signaling</text>",
            ">media</text>",
            "&lt;alice &amp; co&gt;",
            ">timer: ring limit</text>",
            "on_call_end: TIMEOUT 2",
            ">30.1",
            "prefers-color-scheme:dark",
            "class=\"calling\"",
        ],
    );
    assert!(!out.contains("<alice") && !out.contains("http://www.w3.org/1999") && !out.contains("href"));
    assert_eq!(out.matches("<g ").count(), out.matches("</g>").count());
    assert_eq!(out.matches("<text ").count(), out.matches("</text>").count());
    let path = life.write();
    let picture = path.with_extension("svg");
    let words = ["diagram", path.to_str().expect("a path"), "-o", picture.to_str().expect("a path")];
    assert_eq!(run(&words), (0, String::new(), String::new()));
    assert_eq!(std::fs::read_to_string(picture).expect("a picture"), out);
}

#[test]
fn several_kits_have_lanes_of_their_own() {
    let (a, b) = (unanswered(Redaction::Secrets), withdrawn());
    let other = String::from_utf8(b.tape.lines().to_vec()).expect("UTF-8").replace("\"kit\":1", "\"kit\":2");
    let path = file(&[a.tape.lines(), other.as_bytes()].concat());
    assert_eq!(run_on("replay", &path).1, "replay: kits 2, steps 12: the same\n");
    let (_, out, _) = run_on("diagram", &path);
    assert_eq!(out.matches(">media</text>").count(), 2);
    holds(&run_on("explain", &path).1, &["(kit 1): 8 steps", "(kit 2): 4 steps"]);
}

#[test]
fn a_long_trace_is_drawn_from_its_end() {
    let mut life = Life::new(Redaction::Secrets);
    (0..1_000).for_each(|_| life.command(Command::Logout));
    let (_, out, _) = run_on("diagram", &life.write());
    holds(&out, &["earlier lines are not drawn"]);
    assert!(out.len() < 400_000, "{}", out.len());
}

#[test]
fn unreadable_lines_are_reported_by_number() {
    let text = String::from_utf8(unanswered(Redaction::Personal).tape.lines().to_vec()).expect("UTF-8");
    let cases = [
        (String::new(), "is empty"),
        ("{}\n".into(), "is not a trace"),
        ("\u{0}\u{1}\u{2}".into(), "is not a trace"),
        (text[..text.len() - 5].into(), "line 9 is cut off"),
        (text.replacen("{\"trace\":4", "{\"trace\":9", 1), "line 1: format 9"),
        (text.replacen("\"in\":", "\"im\":", 3), "line 2: a step has an input or a deadline"),
    ];
    for (text, expected) in cases {
        for word in ["replay", "diagram", "explain"] {
            let (code, out, err) = run_on(word, &file(text.as_bytes()));
            assert_eq!((code, &*out), (2, ""), "{err}");
            holds(&err, &[expected]);
        }
    }
    let (code, _, err) = run(&["replay", "/no/such/file"]);
    assert_eq!(code, 2);
    holds(&err, &["/no/such/file: "]);
}

#[test]
fn usage_is_printed_and_wrong_usage_refused() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, 0);
    holds(&help, &["replay [--outputs] FILE", "diagram FILE", "explain FILE", "exit status"]);
    assert_eq!(run(&["--version"]).1, format!("nertc-callkit {}\n", env!("CARGO_PKG_VERSION")));
    for words in [&[][..], &["replay"], &["replay", "a", "b"], &["diagram", "a", "-o"], &["sing", "a"]] {
        let (code, out, err) = run(words);
        assert_eq!((code, &*out), (2, ""));
        holds(&err, &["usage: "]);
    }
}
