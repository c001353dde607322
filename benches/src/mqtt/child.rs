//! A program that is talked to line by line, and that does not outlive the one that started it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};

/// A running program.
pub(crate) struct Child {
    process: Process,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Starts `command` so that it ends with this thread at the latest.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Process> {
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
    /// Starts it and waits until it says that it is ready.
    pub(crate) fn start(command: &mut Command) -> Child {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = spawn(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        let mut child = Child { process, input, output: BufReader::new(output) };
        assert_eq!(child.line(), "ready", "{command:?}");
        child
    }

    /// Says a line.
    pub(crate) fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).expect("it reads");
    }

    /// Its next line.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let count = self.output.read_line(&mut line).expect("it writes text");
        assert!(count > 0, "a program that is measured ended");
        line.truncate(line.trim_end().len());
        line
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
