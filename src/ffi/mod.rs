//! The facade: convert, delegate, done.
