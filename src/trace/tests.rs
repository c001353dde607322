use std::io::Read;

use super::redact::{Class, Redactor};
use super::*;
use nertc_callkit_engine::input::{CallOptions, CallRef, Command, Input, RtcEvent, RtcReport, Ticket, View};
use nertc_callkit_engine::time::Time;
use nertc_callkit_engine::wire::{self, Outgoing, TextKind};
use nertc_callkit_engine::{Caps, Config, Engine, IdGenerator};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, Connection, EventKind, Member, OperationResult,
    Origin, Outcome, PushText, Req, Text,
};

/// An engine whose steps are recorded.
struct Recorded {
    engine: Engine,
    tape: TraceWriter,
    now: Time,
    tickets: u64,
}

impl Recorded {
    fn new(redaction: Redaction) -> Recorded {
        Recorded::with(Config::default(), redaction)
    }

    fn with(config: Config, redaction: Redaction) -> Recorded {
        let (engine, mut tape) =
            (Engine::new(config, IdGenerator::test_seed(7)), TraceWriter::new(redaction));
        tape.begin(1, Time(0), 0, &engine);
        Recorded { engine, tape, now: Time(0), tickets: 0 }
    }

    fn feed(&mut self, input: Input) -> &mut Recorded {
        self.tape.input(1, self.now, &input);
        self.engine.handle(self.now, input);
        self.drain()
    }

    fn command(&mut self, command: Command) -> &mut Recorded {
        self.tickets += 1;
        self.feed(Input::Command { ticket: Ticket(self.tickets), command: command.into() })
    }

    fn due(&mut self) -> &mut Recorded {
        let (at, why) = self.engine.poll_timeout().expect("something is due");
        self.now = at;
        self.tape.timeout(1, at, why);
        self.engine.handle_timeout(at);
        self.drain()
    }

    fn drain(&mut self) -> &mut Recorded {
        while let Some(output) = self.engine.poll_output() {
            self.tape.output(&output);
        }
        self.tape.end_step();
        self
    }

    /// Alice logs in with a secret and calls Bob with texts; the backend does not answer.
    fn call() -> Recorded {
        let mut recorded = Recorded::new(Redaction::Personal);
        recorded.login().command(Command::Call(options())).due();
        recorded
    }

    fn login(&mut self) -> &mut Recorded {
        self.command(Command::Login { account: "alice@example".into(), token: "sesame".into() });
        let req = Req(1);
        self.feed(Input::SignalDone { req, result: Box::default() })
    }

    fn text(&self) -> String {
        String::from_utf8(self.tape.lines().to_vec()).expect("UTF-8")
    }
}

fn options() -> CallOptions {
    CallOptions {
        user: "bob@example".into(),
        call_type: CallType::Audio,
        attachment: Some("{\"dish\":\"petunias\"}".into()),
        extra: Some("whale".into()),
        push: Some(PushText { title: Some("Mr Prosser".into()), content: None, payload: None }.into()),
        no_offline: false,
        no_record: false,
    }
}

fn replayed(text: &str) -> Report {
    replay(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refused(text: &str) -> String {
    replay(text.as_bytes()).expect_err("refused").to_string()
}

#[test]
fn a_redacted_trace_replays_the_same_and_holds_nothing_personal() {
    let text = Recorded::call().text();
    let report = replayed(&text);
    assert!(report.difference.is_none(), "{:?}", report.difference);
    assert_eq!((report.kits, report.steps), (1, 4));
    for word in ["alice", "bob", "example", "sesame", "petunias", "dish", "whale", "Prosser"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    assert!(text.contains(nertc_callkit_engine::messages::NO_ANSWER), "the engine's own words stay");
}

#[test]
fn an_unredacted_trace_shows_everything_but_tokens() {
    let mut recorded = Recorded::new(Redaction::Secrets);
    recorded.login().command(Command::Call(options()));
    let text = recorded.text();
    assert!(text.contains("alice@example") && text.contains("petunias") && !text.contains("sesame"));
    assert!(replayed(&text).difference.is_none());
}

#[test]
fn texts_from_peer_to_peer_are_secret_in_every_trace_and_replay() {
    for redaction in [Redaction::Personal, Redaction::Secrets] {
        let caps = Caps { control: true, ..Caps::default() };
        let config =
            Config { caps, takes_data: true, media_protocol: "webrtc/1".into(), ..Config::default() };
        let mut recorded = Recorded::with(config, redaction);
        let message = |kind, custom_info: Text| Input::Signals {
            origin: Origin::Online,
            events: vec![signaling::Event {
                kind,
                channel: Channel { id: "c".into(), ..Channel::default() },
                from: "bob".into(),
                from_device: Text::default(),
                to: "alice@example".into(),
                request_id: "r".into(),
                custom_info,
                time_ms: 0,
                uid: 0,
            }],
        };
        let own = wire::Capabilities { data: true, rtc: "webrtc/1" };
        let invite = wire::accept("{\"channelName\":\"c|0|1\",\"callId\":\"k\"}", &own);
        recorded.login().feed(message(EventKind::Invite, invite));
        recorded.command(Command::Accept { call: CallRef::default() });
        // What waits is in the header of a trace that begins now.
        for json in ["\"hunter2 \\n\"", "{\"ufrag\":[\"hunter2\",-1.5e3,null]}"] {
            for kind in [TextKind::Media, TextKind::App] {
                recorded.feed(message(EventKind::Control, wire::peer_text(kind, 0, json)));
            }
        }
        recorded.tape = TraceWriter::new(redaction);
        recorded.tape.begin(1, recorded.now, 0, &recorded.engine);
        let me = Member { account: "alice@example".into(), device: Text::default(), uid: 7 };
        let room = Some(ChannelState { channel: Channel::default(), members: vec![me] });
        recorded.feed(Input::SignalDone { req: Req(2), result: Box::default() });
        recorded.feed(Input::SignalDone {
            req: Req(3),
            result: OperationResult { channel: room, ..OperationResult::default() }.into(),
        });
        let json: Text = " {\"pwd\":\"hunter2\"}".into();
        recorded.feed(Input::RtcSend { join: Req(4), json: json.clone() });
        recorded.command(Command::SendData { call: CallRef::default(), json });
        let event = RtcEvent::PeerJoin { uid: 7 };
        recorded.feed(Input::Rtc(RtcReport { join: Some(Req(4)), event }));
        recorded.feed(Input::Rtc(RtcEvent::Reconnecting.into()));
        let text = recorded.text();
        let report = replayed(&text);
        assert!(report.difference.is_none(), "{:?}", report.difference);
        assert!(
            text.contains("RtcReceive") && text.contains("\"Data\"") && text.contains("webrtc/1"),
            "{text}"
        );
        assert!(text.contains(r#""Rtc":{"join":4,"event":{"PeerJoin":{"uid":7}}}"#), "{text}");
        assert!(text.contains(r#""Rtc":"Reconnecting""#), "{text}");
        assert!(text.matches("cid").count() >= 2, "{text}");
        assert!(!text.contains("hunter2") && !text.contains("ufrag"), "{text}");
    }
}

#[test]
fn a_trace_may_begin_in_the_middle_of_a_call() {
    let mut recorded = Recorded::call();
    recorded.tape = TraceWriter::new(Redaction::Personal);
    recorded.tape.begin(1, recorded.now, 0, &recorded.engine);
    recorded.command(Command::SetLocalView(Some(View { scaling: 0, mirror: true, window: 0x7fff_1234 })));
    recorded.command(Command::Logout).due();
    assert!(replayed(&recorded.text()).difference.is_none());
    assert!(!recorded.text().contains(&0x7fff_1234_u64.to_string()), "no pointers");
}

#[test]
fn an_edited_answer_is_found_with_its_line() {
    let text = Recorded::call().text();
    let edited =
        text.replace("\"message\":\"the backend did not answer in time\"", "\"message\":\"all is well\"");
    let difference = replayed(&edited).difference.expect("a difference");
    assert_eq!((difference.line, difference.kit), (5, 1));
    assert!(difference.recorded.contains("all is well"), "{difference:?}");
    let late = text.replacen("an operation of a backend", "ring limit of the called", 1);
    assert_eq!(replayed(&late).difference.expect("a difference").replayed, "due: an operation of a backend");
    let longer = text.replacen("\"out\":[", "\"out\":[\"Closed\",", 1);
    assert!(replayed(&longer).difference.is_some());
}

#[test]
fn what_is_no_trace_is_refused_with_a_reason() {
    let text = Recorded::call().text();
    let lines: Vec<&str> = text.lines().collect();
    let join = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let newer = text.replacen("{\"trace\":4", "{\"trace\":5,\"new\":[]", 1);
    let older = text.replacen("{\"trace\":4", "{\"trace\":1", 1);
    let other = lines[1].replace("\"kit\":1", "\"kit\":2");
    let edited = text.replacen("\"last_req\":0", "\"last_req\":18446744073709551615", 1);
    let cases = [
        (String::new(), "is empty"),
        ("\u{7f}ELF\u{0}\u{1}".into(), "is not a trace"),
        ("{\"hello\":1}\n".into(), "is not a trace"),
        ("[]\n[]\n".into(), "is not a trace"),
        (text[..text.len() - 9].into(), "line 5 is cut off"),
        (text[..50].into(), "line 1 is cut off"),
        (newer, "line 1: format 5, and this tool knows 4"),
        (older, "line 1: format 1, and this tool knows 4: take the tool of the library that wrote it"),
        (join(&[lines[1], lines[0]]), "is not a trace"),
        (join(&[lines[0], &other]), "line 2: a step before its kit's header"),
        (join(&[lines[0], lines[0]]), "line 2: the kit begins a second time"),
        (
            join(&[lines[0], &lines[1].replacen("\"t\":0", "\"t\":5", 1), lines[2]]),
            "line 3: time goes backwards",
        ),
        (join(&[lines[0], &lines[1].replacen("\"in\":", "\"was\":", 1)]), "line 2: a step has an input or a"),
        (
            join(&[lines[0], &lines[1].replacen("\"Login\"", "\"Lunch\"", 1)]),
            "line 2: unknown variant `Lunch`",
        ),
        (join(&[lines[0], &lines[1].replacen("\"t\":0", "\"t\":\"noon\"", 1)]), "line 2: invalid type"),
        (edited, "line 1: an engine never gets into this state"),
        (join(&[lines[0], &"[".repeat(9_000)]), "line 2: "),
        (format!("{}{}", join(&lines[..1]), "x".repeat(17 << 20)), "line 2 is longer than 16 MiB"),
    ];
    for (text, expected) in cases {
        let error = refused(&text);
        assert!(error.starts_with(expected), "{error} | {expected}");
    }
}

#[test]
fn an_enormous_file_is_refused_without_being_kept_in_memory() {
    let text = Recorded::call().text();
    let steps = std::io::repeat(b' ');
    let mut reader =
        Reader::limited(std::io::BufReader::new(text.as_bytes().chain(steps)), text.len() as u64 + 5);
    let error = std::iter::repeat_with(|| reader.next()).find_map(Result::err).expect("an end");
    assert!(matches!(error, Error::Enormous), "{error}");
}

/// Attachments as peers send them, and then some.
const CUSTOMS: &[&str] = &[
    "",
    " ",
    "601",
    " i_am_busy\n",
    "hello",
    "[1,2]",
    "{\"version\":\"1.8.1\",\"channelName\":\"7|0|3\",\"callId\":\"c1\",\"_attachment\":\"hi \\\"you\\\"\"}",
    "{\"version\":7,\"reason\":\"3\",\"callType\":1.0,\"cid\":3,\"type\":2,\"state\":1,\"glare\":true}",
    "{ \"callType\" : 1 , \"_attachment\" : { \"a\" : [ -2.5e7 , \"b\" , null , true ] } , \"who\":\"me\"}",
    "{\"_attachment\":null,\"extraInfo\":5,\"global_extra\":false,\"callId\":\"\\u0041\"}",
    "{\"_attachment\":\"\\ud800\",\"callId\":\"\\ud800\",\"reason\":2}",
    "{\"_attachment\":\"{\\\"a\\\":1}\",\"\\u0063allId\":\"x\"}",
    "{\"_attachment\":\"\",\"extraInfo\":\"601\",\"callId\":\"y\",\"callId\":\"z\"}",
    "{\"version\":\"1.0.9\",\"callId\":\"0123456789012345678901234567890123456789012345678901234567890123\"}",
    "{\"_attachment\":[[[[[[[[1]]]]]]]],\"callId\":\"deeper than ours\"}",
    "{\"_attachment\":[[[[[[[1]]]]]]],\"callId\":\"just so\"}",
    "{\"_attachment\":[[[[[[[[[1]]]]]]]]],\"callId\":\"too deep\"}",
    "{\"broken\":",
    "{\"a\":01}",
    "\u{4f60}\u{597d}",
    "{\"_attachment\":\"\u{4f60}\u{597d}\",\"durations\":[{\"accid\":\"me\",\"duration\":3},7]}",
];

fn shown(redactor: &mut Redactor, class: Class, text: &str) -> Text {
    redactor.text(class, text).into()
}

fn invite(attachment: &str, extra: &str) -> Text {
    let texts = Outgoing { attachment: Some(attachment), extra: Some(extra), ..Outgoing::default() };
    wire::outgoing(&texts)
}

#[test]
fn redaction_commutes_with_the_engines_json() {
    let mut redactor = Redactor::new(Redaction::Personal);
    for custom in CUSTOMS {
        let hidden = shown(&mut redactor, Class::Wire, custom);
        let (plain, read) = (wire::read(custom), wire::read(&hidden));
        let mut expected = plain.clone();
        expected.attachment = shown(&mut redactor, Class::Personal, &plain.attachment).to_string().into();
        assert_eq!(read, expected, "{custom} | {hidden}");
        assert_eq!(wire::reason(&hidden, &read), wire::reason(custom, &plain), "{custom} | {hidden}");
        for reason in [0, 3] {
            let reply = shown(&mut redactor, Class::Wire, &wire::reply(custom, reason));
            assert_eq!(wire::reply(&hidden, reason), reply, "{custom} | {hidden}");
        }
        // The same texts as an app's own.
        let hidden = shown(&mut redactor, Class::Personal, custom);
        let long = "y".repeat(1_880);
        for extra in ["", "biz", &long] {
            let plain = invite(custom, extra);
            let extra = shown(&mut redactor, Class::Personal, extra);
            let replayed = invite(&hidden, &extra);
            assert_eq!(replayed, shown(&mut redactor, Class::Wire, &plain), "{custom}");
            assert_eq!(replayed.len(), plain.len(), "{custom}");
        }
    }
}

#[test]
fn different_texts_stay_different_and_as_long_as_they_were() {
    let mut redactor = Redactor::new(Redaction::Personal);
    let texts =
        ["a", "b", "7", "8", "42", "43", "-1", "ab", "\"", "{}", "[]", "{\"a\":1}", "{\"b\":1}", "{\"a\":2}"];
    let hidden: std::collections::BTreeSet<Text> =
        texts.iter().map(|text| shown(&mut redactor, Class::Personal, text)).collect();
    assert_eq!(hidden.len(), texts.len(), "{hidden:?}");
    let json_len = |text: &str| serde_json::to_string(text).expect("text").len();
    for text in CUSTOMS.iter().chain(&texts) {
        let hidden = shown(&mut redactor, Class::Personal, text);
        if wire::embeds(text) {
            assert_eq!(hidden.len(), text.len(), "{text} | {hidden}");
        } else {
            assert_eq!(json_len(&hidden), json_len(text), "{text} | {hidden}");
        }
        assert_eq!(shown(&mut redactor, Class::Personal, text), hidden);
    }
    assert!(!redactor.is_full());
    (0..400).for_each(|n: u32| _ = redactor.text(Class::Personal, &n.to_string()[..1.max(n as usize % 2)]));
    (b'!'..=b'~').for_each(|byte| _ = redactor.text(Class::Personal, &char::from(byte).to_string()));
    assert!(redactor.is_full(), "more texts of one letter than there are letters");
}

#[test]
fn messages_of_backends_are_hidden() {
    let mut recorded = Recorded::new(Redaction::Personal);
    recorded.login();
    recorded
        .feed(Input::Connection(Connection::Lost(Outcome::failed(7.into(), "no route to dentarthurdent"))));
    recorded.feed(Input::Signals {
        origin: Origin::Online,
        events: vec![signaling::Event {
            kind: EventKind::Invite,
            channel: Channel { id: "c".into(), creator: "slartibartfast".into(), ..Channel::default() },
            from: "slartibartfast".into(),
            from_device: Text::default(),
            to: "alice@example".into(),
            request_id: "r".into(),
            custom_info: "{\"version\":\"1.8.1\",\"channelName\":\"c\",\"_attachment\":\"fjords\"}".into(),
            time_ms: 0,
            uid: 0,
        }],
    });
    let text = recorded.text();
    assert!(replayed(&text).difference.is_none());
    assert!(!["dentarthurdent", "slartibartfast", "fjords"].iter().any(|word| text.contains(word)), "{text}");
    assert!(text.contains("\"Invited\""));
}
