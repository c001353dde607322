//! Whole peers in virtual time: they connect, talk, move, vanish and part over links of all kinds.

mod calls;
mod excess;
mod harness;
mod hostile;
mod nat;
mod relay_path;
mod setup;
mod signatures;
mod strangers;
