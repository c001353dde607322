//! JSON as far as attachments need it: checks a text once, passes on the members of its outermost object as
//! their JSON text, reads and writes strings. Pure, total, never panics; agrees with `serde_json`, whose
//! parser into values would cost more bytes and instructions than all that remains here.

pub mod object;

use std::borrow::Cow;

/// No text is nested deeper, whatever the caller allows.
const DEEPEST: usize = 64;

/// Reads one JSON value that is nested at most `deepest` levels, and nothing after it. `member` gets the
/// members of an outermost object in the order of the text, each key and the JSON text of its value; a key
/// that is not text, because a surrogate is missing, is empty. Elements of an outermost list have no
/// key. False: the text is not such a value, and what `member` got is void.
pub fn read<'a>(text: &'a str, deepest: usize, mut member: impl FnMut(Cow<'a, str>, &'a str)) -> bool {
    document(text, deepest.min(DEEPEST), &mut member).is_some()
}

/// Whether this is one JSON value, nested at most `deepest` levels, and nothing else.
pub fn is_value(text: &str, deepest: usize) -> bool {
    read(text, deepest, |_, _| {})
}

/// The members of an object, or the elements of a list, in the order of the text; see [`read`].
pub fn members(text: &str, deepest: usize) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut found = Vec::new();
    read(text, deepest, |key, value| found.push((key, value))).then_some(found)
}

/// The contents of a JSON text, if it is a string; None as well if a surrogate is missing.
pub fn string(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if plain_length(inside.as_bytes()) < inside.len() {
        unescape(inside).map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// Writes `text` as a JSON string, in parts.
pub fn quote(text: &str, mut put: impl FnMut(&str)) {
    const DIGITS: &str = "0123456789abcdef";
    put("\"");
    let mut rest = text;
    loop {
        let (plain, behind) = rest.split_at(plain_length(rest.as_bytes()));
        put(plain);
        let Some(&special) = behind.as_bytes().first() else { break };
        match special {
            b'"' => put("\\\""),
            b'\\' => put("\\\\"),
            b'\n' => put("\\n"),
            b'\r' => put("\\r"),
            b'\t' => put("\\t"),
            0x08 => put("\\b"),
            0x0c => put("\\f"),
            control => {
                let [high, low] = [control >> 4, control & 15].map(usize::from);
                ["\\u00", &DIGITS[high..=high], &DIGITS[low..=low]].into_iter().for_each(&mut put);
            }
        }
        rest = &behind[1..];
    }
    put("\"");
}

/// Number of leading bytes that represent themselves in a string.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    // The highest bit of each byte less than `limit`, or of a byte above the lowest such.
    let below = |limit: u64, word: u64| word.wrapping_sub(ONES * limit) & !word;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // A quote, which this makes a blank, stands directly above the control characters.
        let special = below(0x21, word ^ (ONES * 0x02)) | below(1, word ^ (ONES * 0x5c));
        match special & (ONES << 7) {
            0 => at += 8,
            found => return at + found.trailing_zeros() as usize / 8,
        }
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    bytes[at..].iter().position(is_special).map_or(bytes.len(), |more| at + more)
}

/// The inside of a valid string without its escapes.
fn unescape(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((plain, escape)) = rest.find('\\').map(|at| rest.split_at(at)) {
        text.push_str(plain);
        let (char, length) = escaped(escape)?;
        text.push(char);
        rest = escape.get(length..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// The character of the escape at the start of `text`, and how long the escape is.
fn escaped(text: &str) -> Option<(char, usize)> {
    let char = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let unit = hex(text.as_bytes(), 2)?;
            if (0xd800..0xdc00).contains(&unit) {
                let second = hex(text.as_bytes(), 8).filter(|_| text.get(6..8) == Some("\\u"))?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return Some((char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low)?, 12));
            }
            return Some((char::from_u32(unit)?, 6));
        }
        same @ (b'"' | b'\\' | b'/') => char::from(*same),
        _ => return None,
    };
    Some((char, 2))
}

/// Four hexadecimal digits.
fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// What is notified of each member.
type OnMember<'f, 'a> = &'f mut dyn FnMut(Cow<'a, str>, &'a str);

/// The functions below walk through a text: each gets the place of what it reads and returns the place behind
/// it. `None` anywhere: it is no JSON, or nested too deep. `deepest` = levels that are left.
fn document<'a>(text: &'a str, deepest: usize, member: OnMember<'_, 'a>) -> Option<()> {
    let bytes = text.as_bytes();
    let at = skip_blanks(bytes, 0);
    let end = match bytes.get(at)? {
        b'{' | b'[' => list(text, at, deepest, Some(member))?,
        _ => value(text, at, deepest)?,
    };
    (skip_blanks(bytes, end) == bytes.len()).then_some(())
}

#[inline]
fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

fn value(text: &str, at: usize, deepest: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(at)? {
        b'"' => string_end(bytes, at).map(|(end, _)| end),
        b'{' | b'[' => list(text, at, deepest, None),
        b't' => word(bytes, at, "true"),
        b'f' => word(bytes, at, "false"),
        b'n' => word(bytes, at, "null"),
        b'-' | b'0'..=b'9' => number(bytes, at),
        _ => None,
    }
}

/// An object or a list.
fn list<'a>(
    text: &'a str,
    start: usize,
    deepest: usize,
    mut member: Option<OnMember<'_, 'a>>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let deepest = deepest.checked_sub(1)?;
    let is_object = bytes.get(start) == Some(&b'{');
    let close = if is_object { b'}' } else { b']' };
    let mut at = skip_blanks(bytes, start + 1);
    if bytes.get(at) == Some(&close) {
        return Some(at + 1);
    }
    loop {
        let mut key = Cow::Borrowed("");
        if is_object {
            let (end, is_plain) = string_end(bytes, at)?;
            let inside = &text[at + 1..end - 1];
            key = match is_plain {
                true => Cow::Borrowed(inside),
                false => unescape(inside).map(Cow::Owned).unwrap_or_default(),
            };
            let colon = skip_blanks(bytes, end);
            if bytes.get(colon) != Some(&b':') {
                return None;
            }
            at = skip_blanks(bytes, colon + 1);
        }
        let end = value(text, at, deepest)?;
        if let Some(member) = &mut member {
            member(key, &text[at..end]);
        }
        at = skip_blanks(bytes, end);
        match bytes.get(at)? {
            b',' => at = skip_blanks(bytes, at + 1),
            byte if *byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

/// A string, and whether it is written without escapes.
#[inline]
fn string_end(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    let mut is_plain = true;
    loop {
        at += plain_length(&bytes[at..]);
        match bytes.get(at)? {
            b'"' => return Some((at + 1, is_plain)),
            b'\\' => at = escape_end(bytes, at)?,
            _ => return None,
        }
        is_plain = false;
    }
}

fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'u' => hex(bytes, at + 2).map(|_| at + 6),
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize, word: &str) -> Option<usize> {
    bytes[at..].starts_with(word.as_bytes()).then_some(at + word.len())
}

fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    let is = |at: usize, byte: u8| usize::from(bytes.get(at) == Some(&byte));
    at += is(at, b'-');
    at = if is(at, b'0') == 1 { at + 1 } else { digits(bytes, at)? };
    if is(at, b'.') == 1 {
        at = digits(bytes, at + 1)?;
    }
    if is(at, b'e') + is(at, b'E') == 1 {
        at += 1;
        at = digits(bytes, at + is(at, b'+') + is(at, b'-'))?;
    }
    Some(at)
}

/// One digit at least.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let count = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(start + count)
}

#[cfg(test)]
mod tests;
