//! A browser, controlled by lines of JSON: bridge.mjs.

use std::process::Command;
use std::time::Duration;

use nertc_callkit_testkit::process::Process;
use nertc_callkit_testkit::scratch_dir::repository;
use serde_json::{Value, json};

/// Longer than any machine is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Debian's.
const PROGRAM: &str = "/usr/bin/chromium";

/// A running browser.
pub(crate) struct Browser {
    process: Process,
    /// Lines that were read.
    read: usize,
    pages: u64,
    pub(crate) version: String,
}

impl Browser {
    /// Starts it, which takes seconds.
    pub(crate) fn start() -> Browser {
        let mut command = Command::new("node");
        command.arg(repository("backends/webrtc/tests/chromium/bridge.mjs")).arg(PROGRAM);
        let process = Process::start("browser", command);
        let version = process.wait_for(PATIENCE, "ready", |lines| {
            lines.iter().find_map(|line| Some(read(line)?["ready"].as_str()?.to_owned()))
        });
        Browser { process, read: 0, pages: 0, version }
    }

    /// A new page, with a peer that is made so.
    pub(crate) fn open(&mut self, peer: &Value) -> Page {
        self.pages += 1;
        let page = Page { number: self.pages };
        self.command(&json!({"page": page.number, "open": peer}));
        page
    }

    /// Has the page's peer do something.
    pub(crate) fn call(&mut self, page: &Page, method: &str, with: &Value) {
        self.command(&json!({"page": page.number, "call": method, "with": with}));
    }

    /// Closes the page.
    pub(crate) fn close(&mut self, page: &Page) {
        self.command(&json!({"page": page.number, "close": true}));
    }

    fn command(&mut self, command: &Value) {
        self.process.send_line(&command.to_string());
    }

    /// What the page has said since the last time; waits a moment for more.
    pub(crate) fn said(&mut self, page: &Page) -> Vec<Value> {
        let read_so_far = self.read;
        let fresh = self.process.within(Duration::from_millis(5), |lines| {
            (lines.len() > read_so_far).then(|| lines[read_so_far..].to_vec())
        });
        let fresh = fresh.unwrap_or_default();
        self.read += fresh.len();
        let messages = fresh.iter().filter_map(|line| read(line));
        messages.filter(|message| message["page"] == page.number).map(checked).collect()
    }

    /// Ends it, as its user would.
    pub(crate) fn end(mut self) {
        assert!(self.process.end_for(PATIENCE).success(), "the browser failed");
    }
}

/// One page of the browser.
pub(crate) struct Page {
    number: u64,
}

/// Other lines are words of Node and of the browser.
fn read(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok().filter(Value::is_object)
}

fn checked(message: Value) -> Value {
    assert!(message.get("error").is_none(), "the page failed: {}", message["error"]);
    message
}
