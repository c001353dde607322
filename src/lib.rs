//! libnertc_callkit: 1-to-1 audio/video calls behind a C ABI.

pub mod engine;
pub mod ffi;
pub mod worker;
