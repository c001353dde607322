//! Text as a string of JSON.

use nertc_callkit_signaling::json;

/// Appends `text` as a JSON string.
#[inline(never)]
pub(super) fn write_quoted(out: &mut Vec<u8>, text: &str) {
    json::quote(text, |part| out.extend_from_slice(part.as_bytes()));
}

/// `text` as a JSON string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    json::quote(text, |part| quoted.push_str(part));
    quoted
}
