//! What tests share: random numbers from a seed, recorders, child processes, a Mosquitto, scratch
//! directories. Depends on nothing of the library, so that the tests of every crate can use it.

mod environment;
pub mod heap;
pub mod mosquitto;
pub mod process;
mod random;
mod recorder;
pub mod scratch_dir;

pub use environment::{number, patience};
pub use random::Random;
pub use recorder::Recorder;
