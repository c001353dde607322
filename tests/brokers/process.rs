//! A child process whose output is awaited line by line, and which never outlives its test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// How long anything may take that does not wait for a timer of the protocol.
pub(crate) fn patience() -> Duration {
    let factor = std::env::var("CHECK_PATIENCE").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(20) * factor.unwrap_or(1)
}

/// What the process has said, from the outside and by its reading threads.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    /// Standard output and standard error that are still open.
    open: u32,
}

/// What it said, and a bell.
type Shared = Arc<(Mutex<Said>, Condvar)>;

/// A running program; killed when dropped, and by the system when this process or test thread dies.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    said: Shared,
}

impl Process {
    /// Starts `command`; `name` is for messages.
    pub(crate) fn start(name: &str, mut command: Command) -> Process {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // SAFETY: between fork and exec: one system call that is safe there.
        unsafe {
            command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{name}: {e}: make setup installs it"));
        let said = Shared::default();
        said.0.lock().open = 2;
        read_lines(child.stdout.take().expect("piped"), &said);
        read_lines(child.stderr.take().expect("piped"), &said);
        let input = child.stdin.take();
        Process { name: name.to_owned(), child, input, said }
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("still open");
        // A process that is gone is noticed by what it does not say.
        let _ = input.write_all(format!("{line}\n").as_bytes());
    }

    /// Waits until `find` finds something in all lines said so far.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        self.wait_for(patience(), what, find)
    }

    /// As `wait`, for what takes longer.
    #[track_caller]
    pub(crate) fn wait_for<T>(
        &self,
        limit: Duration,
        what: &str,
        find: impl Fn(&[String]) -> Option<T>,
    ) -> T {
        self.within(limit, find).unwrap_or_else(|| {
            let said = self.said.0.lock();
            let why = if said.open == 0 { "ended without" } else { "did not say in time" };
            panic!("{} {why}: {what}. It said:\n{}", self.name, said.lines.join("\n"))
        })
    }

    /// What `find` finds in the lines, if it does so in time.
    pub(crate) fn within<T>(&self, limit: Duration, find: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let (lock, bell) = &*self.said;
        let mut said = lock.lock();
        loop {
            let found = find(&said.lines);
            let left = deadline.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() || said.open == 0 {
                return found;
            }
            bell.wait_for(&mut said, left);
        }
    }

    /// Waits for a line with `text` in it.
    #[track_caller]
    pub(crate) fn wait_text(&self, text: &str) -> String {
        self.wait(text, |lines| lines.iter().find(|line| line.contains(text)).cloned())
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.said.0.lock().lines.clone()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.end_for(patience())
    }

    /// As `end`, for what takes longer.
    #[track_caller]
    pub(crate) fn end_for(&mut self, limit: Duration) -> ExitStatus {
        drop(self.input.take());
        let deadline = Instant::now() + limit;
        let (lock, bell) = &*self.said;
        let mut said = lock.lock();
        while said.open > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} did not end. It said:\n{}", self.name, said.lines.join("\n"));
            bell.wait_for(&mut said, left);
        }
        drop(said);
        self.child.wait().expect("a child")
    }

    /// Asks it to end, again and again: a program may not have come to listening yet.
    #[track_caller]
    pub(crate) fn terminate(&mut self) {
        let deadline = Instant::now() + patience();
        let (lock, bell) = &*self.said;
        let mut said = lock.lock();
        while said.open > 0 {
            assert!(
                Instant::now() < deadline,
                "{} did not end. It said:\n{}",
                self.name,
                said.lines.join("\n")
            );
            self.signal(libc::SIGTERM);
            bell.wait_for(&mut said, Duration::from_millis(50));
        }
        drop(said);
        self.kill();
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: the child was not waited for, so the id is still its own.
        unsafe { libc::kill(id, signal) };
    }

    /// kill -9, and gone when this returns; with its children, which may have left its process group.
    pub(crate) fn kill(&mut self) {
        let Ok(None) = self.child.try_wait() else { return };
        let children = descendants(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        for id in children {
            // SAFETY: a system call without memory. An id that ended by itself meanwhile is nobody's: the
            // system gives ids anew only after all others.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- {} said:\n{}", self.name, self.lines().join("\n"));
        }
    }
}

/// All that this process started and what those started, as long as they run.
fn descendants(id: u32) -> Vec<i32> {
    let ids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    // `id (name) state parent …`, and a name may have brackets.
    let parent = |id: i32| {
        let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        line.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<i32>().ok()
    };
    let all: Vec<(i32, i32)> = ids.filter_map(|id| Some((id, parent(id)?))).collect();
    let mut found: Vec<i32> = i32::try_from(id).into_iter().collect();
    let mut at = 0;
    while let Some(&id) = found.get(at) {
        found.extend(all.iter().filter(|(_, parent)| *parent == id).map(|(child, _)| child));
        at += 1;
    }
    found.split_off(1)
}

fn read_lines(from: impl Read + Send + 'static, said: &Shared) {
    let said = Arc::clone(said);
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            said.0.lock().lines.push(text);
            said.1.notify_all();
        }
        said.0.lock().open -= 1;
        said.1.notify_all();
    });
}

/// Runs a program to its end; panics with what it said if it fails, or does not end in time.
#[track_caller]
pub(crate) fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S]) {
    let mut command = Command::new(program);
    command.args(arguments);
    let words = format!("{command:?}");
    let (status, said) = answer(command);
    assert!(status.success(), "{words}: {said}");
}

/// Runs a program to its end: how it ended, and what it said.
#[track_caller]
pub(crate) fn answer(command: Command) -> (ExitStatus, String) {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut process = Process::start(&name, command);
    let status = process.end();
    (status, process.lines().join("\n"))
}
