//! A connection at the reactor against real brokers, started here on free ports of the loopback interface and
//! ended with their test.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one event of many")]

mod brokers;
mod certificates;
mod client;
mod legacy;
mod relay;
