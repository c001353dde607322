//! JSON as far as attachments need it: checks a text once, passes on the members of its outermost object as
//! their JSON text, reads and writes strings. Pure, total, never panics; agrees with `serde_json`, whose
//! parser into values would cost more bytes and instructions than all that remains here.

use std::borrow::Cow;

/// No text is nested deeper, whatever the caller allows.
const DEEPEST: usize = 64;

/// Reads one JSON value that is nested at most `deepest` levels, and nothing after it. `member` gets the
/// members of an outermost object in the order of the text, each key and the JSON text of its value; a key
/// that is not text, because a surrogate is missing, is empty. Elements of an outermost list have no
/// key. False: the text is not such a value, and what `member` got is void.
pub fn read<'a>(text: &'a str, deepest: usize, mut member: impl FnMut(Cow<'a, str>, &'a str)) -> bool {
    let mut reader = Reader { text, at: 0 };
    reader.document(deepest.min(DEEPEST), &mut member).is_some()
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
            let unit = hex(text, 2)?;
            if (0xd800..0xdc00).contains(&unit) {
                let second = hex(text, 8).filter(|_| text.get(6..8) == Some("\\u"))?;
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
fn hex(text: &str, at: usize) -> Option<u32> {
    let digits = text.as_bytes().get(at..at + 4)?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// Walks through a text. `None` anywhere: it is no JSON, or nested too deep.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What is notified of each member.
type OnMember<'f, 'a> = &'f mut dyn FnMut(Cow<'a, str>, &'a str);

impl<'a> Reader<'a> {
    fn document(&mut self, deepest: usize, member: OnMember<'_, 'a>) -> Option<()> {
        self.skip_blanks();
        self.value(deepest, member)?;
        self.skip_blanks();
        (self.at == self.text.len()).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes this byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// `deepest` = levels that are left.
    fn value(&mut self, deepest: usize, member: OnMember<'_, 'a>) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'{' => self.list(b'}', deepest.checked_sub(1)?, member),
            b'[' => self.list(b']', deepest.checked_sub(1)?, member),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    /// An object or a list, from its opening bracket on.
    fn list(&mut self, close: u8, deepest: usize, member: OnMember<'_, 'a>) -> Option<()> {
        self.at += 1;
        self.skip_blanks();
        if self.take(close) {
            return Some(());
        }
        loop {
            let key = if close == b'}' { self.key()? } else { Cow::Borrowed("") };
            self.skip_blanks();
            let start = self.at;
            self.value(deepest, &mut |_, _| {})?;
            member(key, &self.text[start..self.at]);
            self.skip_blanks();
            if self.take(close) {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// A key with its colon.
    fn key(&mut self) -> Option<Cow<'a, str>> {
        self.skip_blanks();
        let start = self.at + 1;
        let is_plain = self.string()?;
        let inside = &self.text[start..self.at - 1];
        let key = match is_plain {
            true => Cow::Borrowed(inside),
            false => unescape(inside).map(Cow::Owned).unwrap_or_default(),
        };
        self.skip_blanks();
        self.take(b':').then_some(key)
    }

    /// Whether it is written without escapes.
    fn string(&mut self) -> Option<bool> {
        if !self.take(b'"') {
            return None;
        }
        let mut is_plain = true;
        loop {
            self.at += plain_length(&self.text.as_bytes()[self.at..]);
            if self.take(b'"') {
                return Some(is_plain);
            }
            if !self.take(b'\\') {
                return None;
            }
            is_plain = false;
            match self.peek()? {
                b'u' => {
                    hex(self.text, self.at + 1)?;
                    self.at += 5;
                }
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let is_next = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        is_next.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// One digit at least.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests;
