//! The file behind a trace: private, bounded, and never delaying a call.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::clock;
use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::limits::TRACE_FILE;
use crate::engine::output::Output;
use crate::engine::time::Time;
use nertc_callkit_trace::{Redaction, TraceWriter};

/// Bytes that may wait for the worker to go to sleep.
const BUFFER: usize = 64 << 10;

/// Records one client into a file.
pub(super) struct Recorder {
    client: u64,
    path: PathBuf,
    redaction: Redaction,
    tape: TraceWriter,
    file: File,
    /// Bytes in the file.
    written: u64,
    /// Bytes of the header that the file has already.
    ahead: usize,
    is_broken: bool,
}

impl Recorder {
    /// Creates the file. An existing trace is renamed to `<path>.1`; any other file is left alone, and an
    /// error.
    pub(super) fn create(client: u64, path: &Path, redaction: Redaction) -> io::Result<Box<Recorder>> {
        let (path, file) = (path.to_owned(), create(path)?);
        let tape = TraceWriter::new(redaction);
        let ahead = START.len();
        Ok(Box::new(Recorder { client, path, redaction, tape, file, written: 0, ahead, is_broken: false }))
    }

    /// Records the engine's state, between two of its steps.
    pub(super) fn begin(&mut self, now: Time, engine: &mut Engine) {
        engine.begin_trace();
        self.tape.begin(self.client, now, clock::unix_ms(), engine);
    }

    pub(super) fn input(&mut self, now: Time, input: &Input) {
        self.tape.input(self.client, now, input);
    }

    /// The engine is about to fire what is due.
    pub(super) fn timeout(&mut self, now: Time, why: &str) {
        self.tape.timeout(self.client, now, why);
    }

    pub(super) fn output(&mut self, output: &Output) {
        self.tape.output(output);
    }

    /// The engine has no more outputs.
    pub(super) fn end_step(&mut self, now: Time, engine: &mut Engine) {
        self.tape.end_step();
        let waiting = self.tape.lines().len();
        if waiting > BUFFER {
            self.flush();
        }
        let size = self.written + waiting as u64;
        if size > TRACE_FILE || self.tape.is_full() && size > TRACE_FILE / 8 {
            self.attempt(|it| it.rotate(now, engine));
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) {
        self.attempt(Recorder::write);
    }

    /// The disk is full or the like; reported once.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn attempt(&mut self, action: impl FnOnce(&mut Recorder) -> io::Result<()>) {
        if self.is_broken {
            self.tape.clear();
        } else if let Err(error) = action(self) {
            log::warn!("the trace ends, its file cannot be written: {error}");
            self.is_broken = true;
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let lines = self.tape.lines();
        if lines.is_empty() {
            return Ok(());
        }
        debug_assert!(self.ahead == 0 || lines.starts_with(START), "a trace begins with its header");
        self.file.write_all(&lines[self.ahead..])?;
        self.written += lines.len() as u64;
        self.ahead = 0;
        self.tape.clear();
        Ok(())
    }

    /// Continues in a new file with a new header; the full one is renamed to `<path>.1`.
    fn rotate(&mut self, now: Time, engine: &mut Engine) -> io::Result<()> {
        self.write()?;
        let (ours, there) = (self.file.metadata()?, fs::symlink_metadata(&self.path)?);
        if (ours.dev(), ours.ino()) != (there.dev(), there.ino()) {
            return Err(io::Error::other("somebody put another file in its place"));
        }
        self.file = create(&self.path)?;
        (self.tape, self.written, self.ahead) = (TraceWriter::new(self.redaction), 0, START.len());
        self.begin(now, engine);
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.tape.end_step();
        self.flush();
    }
}

/// A new file that only its owner can read, at a place that nothing but a trace may have had before.
fn create(path: &Path) -> io::Result<File> {
    match existing_file(path)? {
        ExistingFile::Nothing => {}
        ExistingFile::Empty => fs::remove_file(path)?,
        ExistingFile::Trace => {
            let mut older = path.as_os_str().to_owned();
            older.push(".1");
            existing_file(Path::new(&older))?;
            fs::rename(path, older)?;
        }
    }
    // O_EXCL with it: a link that appears meanwhile is not followed either.
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).custom_flags(flags).open(path)?;
    // From its first moment on it is distinguishable from an empty file, which the next trace here would
    // replace.
    file.write_all(START)?;
    Ok(file)
}

enum ExistingFile {
    Nothing,
    Empty,
    Trace,
}

/// Looks without following a link and without opening what could wait or react.
fn existing_file(path: &Path) -> io::Result<ExistingFile> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => {}
        Ok(_) => return Err(not_a_trace()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ExistingFile::Nothing),
        Err(error) => return Err(error),
    }
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut start = Vec::new();
    file.take(START.len() as u64).read_to_end(&mut start)?;
    match &*start {
        b"" => Ok(ExistingFile::Empty),
        START => Ok(ExistingFile::Trace),
        _ => Err(not_a_trace()),
    }
}

/// How every header begins.
const START: &[u8] = b"{\"trace\":";

fn not_a_trace() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "something that is not a trace is there, and stays")
}
