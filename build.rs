//! Sets the soname.

fn main() {}
