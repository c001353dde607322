//! What tests share: random numbers from a seed, recorders, child processes, a Mosquitto, scratch
//! directories. Depends on nothing of the library, so that the tests of every crate can use it.

pub mod mosquitto;
pub mod process;
mod random;
mod recorder;
pub mod scratch_dir;

use std::time::Duration;

pub use random::Random;
pub use recorder::Recorder;

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How long anything may take that does not wait for a timer of the protocol.
pub fn patience() -> Duration {
    Duration::from_secs(20 * number("CHECK_PATIENCE", 1))
}
