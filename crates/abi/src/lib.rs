//! The C types of libnertc_callkit: values, options, events and backend vtables. No functions.
//!
//! Names are the C names, verbatim, because this crate *is* the header: `include/nertc_callkit.h` is
//! generated from it and from the exported functions of the facade. The facade and every backend depend on
//! this crate and on nothing else of each other.
//!
//! Rules that hold for every struct here: `struct_size` comes first, fields are only ever appended, all-zero
//! is the documented default, enums travel as `i32` and flags as `u32`.
#![no_std]
#![allow(non_camel_case_types, reason = "the names are the C names")]

mod backend_values;
mod config;
mod events;
mod options;
mod values;
mod vtables;
mod webrtc;

pub use backend_values::*;
pub use config::*;
pub use events::*;
pub use options::*;
pub use values::*;
pub use vtables::*;
pub use webrtc::*;
