//! A child process whose output is awaited line by line, and which never outlives its test.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::environment::patience;
use crate::recorder::Recorder;

/// A running program; killed when dropped, and by the system when this process or test thread dies.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    /// Lines of standard output and standard error; ended when both are closed.
    lines: Arc<Recorder<String>>,
}

impl Process {
    /// Starts `command`; `name` is for messages.
    pub fn start(name: &str, mut command: Command) -> Process {
        let (output, input) = std::io::pipe().expect("a pipe");
        let errors = input.try_clone().expect("a pipe");
        command.stdin(Stdio::piped()).stdout(input).stderr(errors);
        // SAFETY: between fork and exec: one system call that is safe there.
        unsafe {
            command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{name}: {e}: make setup installs it"));
        // The pipe ends with the child: this process has it no more.
        drop(command);
        let lines = Arc::default();
        read_lines(output, Arc::clone(&lines));
        let input = child.stdin.take();
        Process { name: name.to_owned(), child, input, lines }
    }

    /// Types a line.
    pub fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("still open");
        // A process that has ended is noticed by the end of its output.
        let _ = input.write_all(format!("{line}\n").as_bytes());
    }

    /// Waits until `find` finds something in all lines so far.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        self.wait_for(patience(), what, find)
    }

    /// As `wait`, for what takes longer.
    #[track_caller]
    pub fn wait_for<T>(&self, limit: Duration, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        self.within(limit, find).unwrap_or_else(|| {
            let why = if self.lines.has_ended() { "ended without" } else { "did not print in time" };
            panic!("{} {why}: {what}. It printed:\n{}", self.name, self.lines().join("\n"))
        })
    }

    /// What `find` finds in the lines, if it does so in time.
    pub fn within<T>(&self, limit: Duration, find: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        self.lines.within(limit, find)
    }

    /// Waits for a line with `text` in it.
    #[track_caller]
    pub fn wait_text(&self, text: &str) -> String {
        self.wait(text, |lines| lines.iter().find(|line| line.contains(text)).cloned())
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.all()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        self.end_for(patience())
    }

    /// As `end`, for what takes longer.
    #[track_caller]
    pub fn end_for(&mut self, limit: Duration) -> ExitStatus {
        drop(self.input.take());
        assert!(self.lines.ends_within(limit), "{}", self.did_not_end());
        self.child.wait().expect("a child")
    }

    fn did_not_end(&self) -> String {
        format!("{} did not end. It printed:\n{}", self.name, self.lines().join("\n"))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, repeatedly: a program may not have installed its handler yet.
    #[track_caller]
    pub fn terminate(&mut self) {
        let deadline = Instant::now() + patience();
        loop {
            self.signal(libc::SIGTERM);
            if self.lines.ends_within(Duration::from_millis(50)) {
                return self.kill();
            }
            assert!(Instant::now() < deadline, "{}", self.did_not_end());
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: the child was not waited for, so the id is still its own.
        unsafe { libc::kill(id, signal) };
    }

    /// kill -9, and gone when this returns; with its children, which may have left its process group.
    pub fn kill(&mut self) {
        let Ok(None) = self.child.try_wait() else { return };
        let children = descendants(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        for id in children {
            // SAFETY: a system call without memory. An id that ended by itself meanwhile is not reused: the
            // system reuses ids only after all others.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- {} printed:\n{}", self.name, self.lines().join("\n"));
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

fn read_lines(from: impl Read + Send + 'static, lines: Arc<Recorder<String>>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
        lines.end();
    });
}

/// A program that Debian may have where users do not look.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}

/// Runs a program to its end; panics with its output if it fails, or does not end in time.
#[track_caller]
pub fn run<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: &[S]) {
    let mut command = Command::new(program);
    command.args(arguments);
    let words = format!("{command:?}");
    let (status, lines) = answer(command);
    assert!(status.success(), "{words}: {lines}");
}

/// Runs a program to its end: its status and output.
#[track_caller]
pub fn answer(command: Command) -> (ExitStatus, String) {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut process = Process::start(&name, command);
    let status = process.end();
    (status, process.lines().join("\n"))
}
