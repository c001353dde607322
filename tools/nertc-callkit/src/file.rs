//! Opens what the user names.

use std::fs::File;
use std::io::BufReader;

/// An error message; the exit status is 2.
pub(crate) type Failure = String;

pub(crate) fn open(path: &str) -> Result<BufReader<File>, Failure> {
    File::open(path).map(BufReader::new).map_err(|error| format!("{path}: {error}"))
}
