//! The station, from the outside: what goes in, what comes out.

mod backlog;
mod found;
mod lives;
mod local;
mod numbers;
mod records;
mod rig;
mod strangers;
mod tables;
mod weather;
mod whole;
