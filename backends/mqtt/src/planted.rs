//! A fault that is planted in tests only.

/// A message that says so makes this part panic.
pub(crate) fn panic(part: &str, payload: &[u8]) {
    assert!(payload != format!("panic in the {part}").as_bytes(), "planted");
}
