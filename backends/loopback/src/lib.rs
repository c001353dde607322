//! The embedded plugs.
