//! The peer, from the outside: what goes in, what comes out.

mod backlog;
mod end_to_end;
mod found;
mod harness;
mod lives;
mod local;
mod network_conditions;
mod numbers;
mod records;
mod tables;
mod unauthenticated;
