//! The reading end: lines in, steps out. Whatever the file holds, the answer is a line or a clear error.

use std::io::{self, BufRead, Read};
use std::{error, fmt};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::writer::VERSION;
use nertc_callkit_engine::Engine;
use nertc_callkit_engine::input::Input;
use nertc_callkit_engine::output::Output;
use nertc_callkit_engine::time::Time;

/// Bytes of a line: a step can hold a backlog of invites with attachments.
const LINE: u64 = 16 << 20;
/// Bytes of a file: the library stops at a fraction of it.
const FILE: u64 = 256 << 20;

/// The first line of a kit.
#[derive(Clone, Debug, Deserialize)]
pub struct Header {
    /// Which kit of the file.
    pub kit: u64,
    /// When it began, in the time of its steps.
    pub t: Time,
    /// The same as time of day, 0 = not known.
    #[serde(default)]
    pub unix_ms: u64,
    /// The library that wrote it.
    pub library: String,
    /// Pseudonyms instead of accounts, placeholders instead of texts.
    pub redacted: bool,
    /// The engine at that moment.
    pub engine: Engine,
}

/// One step of a kit's engine: an input, or a deadline.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// Which kit of the file.
    pub kit: u64,
    /// When.
    pub t: Time,
    /// What the engine was fed.
    #[serde(rename = "in")]
    pub input: Option<Input>,
    /// Or why a deadline passed.
    pub due: Option<String>,
    /// What it answered.
    pub out: Vec<Output>,
}

/// The content of a line.
#[derive(Clone, Debug)]
pub enum Line {
    /// A kit begins.
    Header(Box<Header>),
    /// A kit continues.
    Step(Step),
}

/// Why a file cannot be read; `line` counts from 1.
#[derive(Debug)]
#[expect(missing_docs, reason = "Display explains each")]
pub enum Error {
    Io(io::Error),
    Empty,
    NotATrace,
    OtherVersion { line: usize, version: u64 },
    CutOff { line: usize },
    LongLine { line: usize },
    Enormous,
    Malformed { line: usize, why: String },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "cannot be read: {error}"),
            Error::Empty => f.write_str("is empty"),
            Error::NotATrace => f.write_str("is not a trace: its first line is no header"),
            Error::OtherVersion { line, version } => write!(
                f,
                "line {line}: format {version}, and this tool knows {VERSION}: take the tool of the library \
                 that wrote it"
            ),
            Error::CutOff { line } => write!(f, "line {line} is cut off: the file is truncated"),
            Error::LongLine { line } => write!(f, "line {line} is longer than {} MiB", LINE >> 20),
            Error::Enormous => write!(f, "is larger than {} MiB; a trace never is", FILE >> 20),
            Error::Malformed { line, why } => write!(f, "line {line}: {why}"),
        }
    }
}

impl error::Error for Error {}

/// Reads a trace line by line.
#[derive(Debug)]
pub struct Reader<R> {
    input: io::Take<R>,
    line: usize,
    text: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Of anything.
    pub fn new(input: R) -> Reader<R> {
        Reader::limited(input, FILE)
    }

    pub(super) fn limited(input: R, bytes: u64) -> Reader<R> {
        Reader { input: input.take(bytes + 1), line: 0, text: Vec::new() }
    }

    /// The number of the line that was read last.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The next line; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator would not show that an error is the last")]
    pub fn next(&mut self) -> Result<Option<Line>, Error> {
        self.text.clear();
        let read = (&mut self.input).take(LINE + 1).read_until(b'\n', &mut self.text).map_err(Error::Io)?;
        if read == 0 {
            return if self.line == 0 { Err(Error::Empty) } else { Ok(None) };
        }
        self.line += 1;
        if !self.text.ends_with(b"\n") {
            return Err(self.unfinished(read));
        }
        self.decode().map(Some)
    }

    fn unfinished(&self, read: usize) -> Error {
        match (self.line, read) {
            _ if self.input.limit() == 0 => Error::Enormous,
            (line, read) if read as u64 > LINE => Error::LongLine { line },
            (1, _) if !self.text.starts_with(b"{\"trace\":") => Error::NotATrace,
            (line, _) => Error::CutOff { line },
        }
    }

    fn decode(&self) -> Result<Line, Error> {
        #[derive(Deserialize)]
        struct Probe {
            trace: Option<u64>,
        }
        let line = self.line;
        let probe = match serde_json::from_slice::<Probe>(&self.text) {
            Err(_) if line == 1 => return Err(Error::NotATrace),
            probe => probe.map_err(|error| self.malformed(&error))?,
        };
        match probe.trace {
            Some(version) if version != VERSION => Err(Error::OtherVersion { line, version }),
            Some(_) => Ok(Line::Header(Box::new(self.read()?))),
            None if line == 1 => Err(Error::NotATrace),
            None => {
                let step: Step = self.read()?;
                if step.input.is_some() == step.due.is_some() {
                    let why = "a step has an input or a deadline".into();
                    return Err(Error::Malformed { line, why });
                }
                Ok(Line::Step(step))
            }
        }
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.text).map_err(|error| self.malformed(&error))
    }

    fn malformed(&self, error: &serde_json::Error) -> Error {
        // The error's own line number is always 1.
        let why = error.to_string().replace(" at line 1 column ", ", at column ");
        Error::Malformed { line: self.line, why }
    }
}
