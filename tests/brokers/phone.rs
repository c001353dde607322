//! examples-c/phone.c as a process: types commands, awaits events.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use nertc_callkit_testkit::mosquitto::Exchange;
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::{Process, run};
use nertc_callkit_testkit::scratch_dir::repository;

/// A running phone. Its labels are the events in order, each with the number that distinguishes them:
/// `done(call,0)`, `on_invited`, `on_call_end(15)`.
pub(crate) struct Phone {
    /// `account/device`.
    name: String,
    process: Process,
    /// How many labels were read already.
    read: usize,
}

impl Phone {
    /// Starts one that logs in; `name` is `account/device`, its token `secret`.
    pub(crate) fn new(exchange: &Exchange, name: &str, options: &[&str]) -> Phone {
        Phone::with_token(exchange, name, "secret", options)
    }

    /// As `new`, and waits until it is logged in.
    #[track_caller]
    pub(crate) fn ready(exchange: &Exchange, name: &str, options: &[&str]) -> Phone {
        let mut phone = Phone::new(exchange, name, options);
        phone.expect("done(login,0)");
        phone
    }

    /// Starts one with another token.
    pub(crate) fn with_token(exchange: &Exchange, name: &str, token: &str, options: &[&str]) -> Phone {
        Phone::start(Command::new(program()), exchange, name, token, options)
    }

    /// As `new`, as argument of another program.
    pub(crate) fn under(wrapper: &[&str], exchange: &Exchange, name: &str, options: &[&str]) -> Phone {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(program());
        Phone::start(command, exchange, name, "secret", options)
    }

    fn start(mut command: Command, exchange: &Exchange, name: &str, token: &str, options: &[&str]) -> Phone {
        let (account, device) = name.split_once('/').expect("account/device");
        for url in &exchange.urls {
            command.args(["--broker", url]);
        }
        if let Some(ca) = &exchange.ca {
            command.arg("--ca").arg(ca);
        }
        command.arg("--data").arg(&exchange.data);
        command.args(["--account", account, "--token", token, "--device", device]).args(options);
        Phone { name: name.to_owned(), process: Process::start(name, command), read: 0 }
    }

    /// Types a command.
    pub(crate) fn send_line(&mut self, command: &str) {
        self.process.send_line(command);
    }

    /// Waits for these labels, separated by spaces: exactly these come next.
    #[track_caller]
    pub(crate) fn expect(&mut self, words: &str) {
        self.expect_for(patience(), words);
    }

    /// As `expect`, for what takes longer.
    #[track_caller]
    pub(crate) fn expect_for(&mut self, limit: Duration, words: &str) {
        let expected: Vec<&str> = words.split_whitespace().collect();
        let (name, read) = (&self.name, self.read);
        let got = self.process.wait_for(limit, &format!("`{words}` after {read} words"), |lines| {
            let got: Vec<String> = words_of(name, lines).skip(read).take(expected.len()).collect();
            let wrong = got.iter().zip(&expected).any(|(got, expected)| got != expected);
            (wrong || got.len() == expected.len()).then_some(got)
        });
        assert_eq!(got, expected, "{}, after {} words", self.name, self.read);
        self.read += expected.len();
    }

    /// Waits for the next labels, this many, and takes them.
    #[track_caller]
    pub(crate) fn next(&mut self, count: usize) -> Vec<String> {
        let (name, read) = (&self.name, self.read);
        let words = self.process.wait(&format!("{count} words after {read}"), |lines| {
            let words: Vec<String> = words_of(name, lines).skip(read).take(count).collect();
            (words.len() == count).then_some(words)
        });
        self.read += count;
        words
    }

    /// Waits for these two labels, in any order.
    #[track_caller]
    pub(crate) fn expect_both(&mut self, one: &str, other: &str) {
        let words = format!("{one} {other}");
        let first = self.until(&words);
        self.expect(if first == one { other } else { one });
    }

    /// Waits for one of these labels, and takes it and all before it. Returns the label.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) -> String {
        self.until_for(patience(), words)
    }

    /// As `until`, for what takes longer.
    #[track_caller]
    pub(crate) fn until_for(&mut self, limit: Duration, words: &str) -> String {
        let (name, read) = (&self.name, self.read);
        let (word, taken) = self.process.wait_for(limit, &format!("one of `{words}`"), |lines| {
            let mut received = words_of(name, lines).enumerate().skip(read);
            let wanted = |word: &str| words.split_whitespace().any(|one| one == word);
            received.find(|(_, word)| wanted(word)).map(|(at, word)| (word, at + 1))
        });
        self.read = taken;
        word
    }

    /// Whether it rings within `limit` for a call whose line has this part; takes all up to it.
    pub(crate) fn rings_within(&mut self, limit: Duration, part: &str) -> bool {
        let taken = self.process.within(limit, |lines| self.words_to("on_invited", part, lines));
        self.read = taken.unwrap_or(self.read);
        taken.is_some()
    }

    /// The number of labels up to the first line of this event that has this part and was not taken.
    fn words_to(&self, event: &str, part: &str, lines: &[String]) -> Option<usize> {
        let start = format!("{} {event} ", self.name);
        let counts = lines.iter().enumerate().filter_map(|(at, line)| {
            let wanted = line.starts_with(&start) && line.contains(part);
            wanted.then(|| words_of(&self.name, &lines[..=at]).count())
        });
        counts.into_iter().find(|count| *count > self.read)
    }

    /// Waits for a label that begins like this, and takes it and all before it.
    #[track_caller]
    pub(crate) fn until_start(&mut self, start: &str) -> String {
        self.until_start_for(patience(), start)
    }

    /// As `until_start`, for what takes longer.
    #[track_caller]
    pub(crate) fn until_start_for(&mut self, limit: Duration, start: &str) -> String {
        let (name, read) = (&self.name, self.read);
        let (word, taken) = self.process.wait_for(limit, &format!("`{start}…`"), |lines| {
            let mut received = words_of(name, lines).enumerate().skip(read);
            received.find(|(_, word)| word.starts_with(start)).map(|(at, word)| (word, at + 1))
        });
        self.read = taken;
        word
    }

    /// Waits for a line of this event that has this part, and takes it and all before it away.
    #[track_caller]
    pub(crate) fn until_line(&mut self, event: &str, part: &str) {
        let what = format!("`{event}` with `{part}`");
        self.read = self.process.wait(&what, |lines| self.words_to(event, part, lines));
    }

    /// All unread labels.
    pub(crate) fn rest(&self) -> Vec<String> {
        words_of(&self.name, &self.process.lines()).skip(self.read).collect()
    }

    /// The newest line of this event.
    pub(crate) fn line(&self, event: &str) -> String {
        let start = format!("{} {event} ", self.name);
        self.process.lines().into_iter().rev().find(|line| line.starts_with(&start)).expect("the event")
    }

    /// All that it printed.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.process.lines()
    }

    /// Nothing more came, it is idle, and it quits with 0.
    #[track_caller]
    pub(crate) fn quit(mut self) {
        self.sync();
        let status = self.line("status");
        let idle = format!("{} status state=idle", self.name);
        assert!(status.starts_with(&idle), "{status}, after {:?}", self.rest());
        self.send_line("quit");
        let status = self.process.end();
        assert!(status.success(), "{} ended with {status}", self.name);
        assert_eq!(self.rest(), [""; 0], "{} said more than was expected", self.name);
    }

    /// It quits in whatever state it is, and is gone when this returns: another of its name does not meet it.
    #[track_caller]
    pub(crate) fn quit_now(&mut self) {
        self.send_line("quit");
        let status = self.process.end();
        assert!(status.success(), "{} ended with {status}", self.name);
    }

    /// Returns when everything typed so far was carried out.
    #[track_caller]
    pub(crate) fn sync(&mut self) {
        let status = format!("{} status ", self.name);
        let count = |lines: &[String]| lines.iter().filter(|line| line.starts_with(&status)).count();
        let before = count(&self.process.lines());
        self.send_line("status");
        self.process.wait("its status", |lines| (count(lines) > before).then_some(()));
    }

    /// Waits for a line with `text`, event or not.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) {
        self.process.wait_text(text);
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }
}

/// The labels in the lines of `name`.
fn words_of<'a>(name: &'a str, lines: &'a [String]) -> impl Iterator<Item = String> + 'a {
    lines.iter().filter_map(move |line| word(line.strip_prefix(name)?.strip_prefix(' ')?))
}

/// `on_call_end call=1 user=bob reason=15 …` is `on_call_end(15)`.
fn word(line: &str) -> Option<String> {
    let (event, fields) = line.split_once(' ')?;
    let field = |name: &str| {
        let value = fields.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("no {name} in {line}")).to_owned()
    };
    Some(match event {
        // News that the order of a call does not depend on.
        "status" | "on_user_ringing" | "on_record_received" => return None,
        "on_call_end" => format!("on_call_end({})", field("reason")),
        "on_message_sent" => format!("on_message_sent({})", field("status")),
        "on_missed_call" => format!("on_missed_call({})", field("why")),
        "on_data" => match field("bytes").parse::<usize>() {
            Ok(0..=40) => format!("on_data({})", field("json")),
            _ => format!("on_data({} bytes)", field("bytes")),
        },
        "on_error" => format!("on_error({},{})", field("operation"), field("code")),
        done if done.starts_with("done(") => format!("{},{})", done.trim_end_matches(')'), field("code")),
        other => other.to_owned(),
    })
}

/// The program, compiled once.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let library = std::env::current_exe().expect("this test");
        let library = library.parent().expect("a folder").display().to_string();
        let (include, search) = (format!("-I{}", repository("include").display()), format!("-L{library}"));
        let link = [&*search, "-lnertc_callkit", "-lm", "-Xlinker", "-rpath", "-Xlinker", &*library];
        compile("examples-c/phone.c", "phone", &[&[&*include, "-pthread"], &link[..]].concat())
    })
}

/// Compiles a C program of this repository; returns where it is.
pub(crate) fn compile(source: &str, name: &str, options: &[&str]) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (source, out) = (repository(source).display().to_string(), program.display().to_string());
    let warn = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-g"];
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiler: Vec<&str> = compiler.split_whitespace().collect();
    run(compiler[0], &[&compiler[1..], &warn[..], &[&*source, "-o", &*out], options].concat());
    program
}
