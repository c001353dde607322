//! The station, from the outside: what goes in, what comes out.

mod found;
mod rig;
mod weather;
mod whole;
