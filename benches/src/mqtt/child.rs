//! A program controlled line by line, which does not outlive its parent.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};

use crate::system::{PATIENCE, give_up};

/// A running program.
pub(crate) struct Child {
    process: Process,
    /// Until it is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Starts `command` so that it ends with this thread at the latest.
fn spawn(command: &mut Command) -> std::io::Result<Process> {
    // SAFETY: between fork and exec: one system call that is safe there.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    command.spawn()
}

impl Child {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(command: &mut Command) -> Child {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = spawn(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (process.stdin.take(), process.stdout.take().expect("piped"));
        let mut child = Child { process, input, output: BufReader::new(output) };
        assert_eq!(child.line(), "ready", "{command:?}");
        child
    }

    /// Sends a line.
    pub(crate) fn send_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("piped");
        input.write_all(format!("{line}\n").as_bytes()).expect("it reads");
    }

    /// Its next line. Every program here writes whole lines.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        if self.output.buffer().is_empty() {
            self.wait();
        }
        let count = self.output.read_line(&mut line).expect("it writes text");
        assert!(count > 0, "a program that is measured ended");
        line.truncate(line.trim_end().len());
        line
    }

    /// Waits until there is something to read, or the end.
    fn wait(&self) {
        let fd = self.output.get_ref().as_raw_fd();
        let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, ours.
        let ready = unsafe { libc::poll(&mut poll, 1, PATIENCE.as_millis() as i32) };
        if ready == 0 {
            give_up(&format!("process {} says nothing for {} s", self.id(), PATIENCE.as_secs()));
        }
    }

    /// Ends its input and waits until it has ended.
    pub(crate) fn end(&mut self) {
        drop(self.input.take());
        let _ = std::io::copy(&mut self.output, &mut std::io::sink());
        let _ = self.process.wait();
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
