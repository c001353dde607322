//! Text of others, for a log or a message.

use std::fmt::Write;

/// Writes remote text so that it cannot be taken for ours: control characters and bidirectional
/// formatting characters become `\u{..}`, and what exceeds `limit` bytes becomes an ellipsis.
pub fn escape(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for it in text.chars() {
        let before = out.len();
        if it.is_control() || is_invisible(it) {
            // A String takes everything.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(it));
        } else {
            out.push(it);
        }
        if out.len() > limit {
            out.truncate(before);
            out.push('\u{2026}');
            break;
        }
    }
    out
}

/// Directions of writing, line ends that are no control characters, and what has no width.
fn is_invisible(it: char) -> bool {
    matches!(it, '\u{61c}' | '\u{feff}' | '\u{2028}'..='\u{202e}')
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_forge_a_line_or_its_direction_is_visible() {
        assert_eq!(
            escape("a\nb\t\0\u{202e}c\u{2028}\u{85}", 99),
            r"a\u{a}b\u{9}\u{0}\u{202e}c\u{2028}\u{85}"
        );
        assert_eq!(escape("na\u{ef}ve \u{5c0f}\u{660e} \\", 99), "na\u{ef}ve \u{5c0f}\u{660e} \\");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(escape("abc", 3), "abc");
        assert_eq!(escape("abcd", 3), "abc\u{2026}");
        assert_eq!(escape("ab\n", 3), "ab\u{2026}");
        assert_eq!(escape("\u{5c0f}\u{660e}", 4), "\u{5c0f}\u{2026}");
    }
}
