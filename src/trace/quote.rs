//! Text as a string of JSON.

/// Appends `text` as a JSON string.
#[inline(never)]
pub(super) fn write_quoted(out: &mut Vec<u8>, text: &str) {
    // Writing a string to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// `text` as a JSON string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    write_quoted(&mut quoted, text);
    String::from_utf8(quoted).unwrap_or_default()
}
