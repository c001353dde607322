//! Environment variables that affect a test run.

use std::time::Duration;

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How long anything may take that does not wait for a timer of the protocol.
pub fn patience() -> Duration {
    Duration::from_secs(20 * number("CHECK_PATIENCE", 1))
}
