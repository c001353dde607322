//! The peer as a black box: inputs and outputs.

mod backlog;
mod end_to_end;
mod harness;
mod incarnations;
mod local_reject;
mod network_conditions;
mod records;
mod regressions;
mod sequence_numbers;
mod table_limits;
mod unauthenticated;
