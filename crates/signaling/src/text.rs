//! Text that is shared and that C reads without a copy.

use std::borrow::{Borrow, Cow};
use std::ffi::{CStr, c_char};
use std::fmt;
use std::ops::Deref;
use std::str::Utf8Error;
use std::sync::Arc;

/// Immutable UTF-8 that is shared, not copied, and carries its terminating NUL: handing it to C is free.
///
/// It holds no other NUL. Whatever is made from a Rust string ends before its first NUL, which is where C
/// would stop reading. An empty text allocates nothing. Compares, hashes and serializes like its `str`.
#[derive(Clone, Default)]
pub struct Text {
    /// Ends with the only NUL; None if empty.
    terminated: Option<Arc<str>>,
}

impl Text {
    /// An empty text.
    pub const EMPTY: Text = Text { terminated: None };

    /// Copies a text of C.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn from_c_str(text: &CStr) -> Result<Text, Utf8Error> {
        if text.is_empty() {
            return Ok(Text::EMPTY);
        }
        std::str::from_utf8(text.to_bytes_with_nul()).map(|text| Text { terminated: Some(text.into()) })
    }

    /// The text without its NUL.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.terminated.as_deref().map_or("", |text| &text[..text.len() - 1])
    }

    /// The text as C reads it.
    #[inline]
    #[expect(unsafe_code, reason = "to look for the NUL each time would cost more than all else here")]
    pub fn as_c_str(&self) -> &CStr {
        let Some(terminated) = &self.terminated else { return c"" };
        // SAFETY: it ends with its only NUL; whatever makes a text sees to that.
        unsafe { CStr::from_bytes_with_nul_unchecked(terminated.as_bytes()) }
    }

    /// The text as C reads it, without a look at it: good as long as this text or a clone of it lives.
    pub fn as_ptr(&self) -> *const c_char {
        self.terminated.as_deref().unwrap_or("\0").as_ptr().cast()
    }

    /// Both are one allocation, or both are empty: equal without a comparison.
    #[inline]
    pub fn is_same(&self, other: &Text) -> bool {
        match (&self.terminated, &other.terminated) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Copies these texts, one behind the other, into one allocation.
    #[expect(unsafe_code, reason = "what was a text a moment ago need not be validated again")]
    pub fn concat(parts: &[&str]) -> Text {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut short = [0; SHORT];
        if length < SHORT {
            let mut end = 0;
            for part in parts {
                short[end..end + part.len()].copy_from_slice(part.as_bytes());
                end += part.len();
            }
            let end = until_nul(&short[..end]);
            if end == 0 {
                return Text::EMPTY;
            }
            // SAFETY: texts in a row, up to a NUL, which is no part of any other character.
            let terminated = unsafe { std::str::from_utf8_unchecked(&short[..=end]) };
            return Text { terminated: Some(terminated.into()) };
        }
        let mut copy = String::with_capacity(length + 1);
        parts.iter().for_each(|part| copy.push_str(part));
        copy.into()
    }
}

/// Texts below this are terminated on the stack: one allocation less.
const SHORT: usize = 256;

/// Compares bytes of one length. Names are short and ids mostly differ in their last characters: both are
/// told apart by whole words, without a call.
#[inline]
fn is_equal(one: &[u8], two: &[u8]) -> bool {
    if let (Some(end), Some(other)) = (one.last_chunk::<8>(), two.last_chunk::<8>()) {
        end == other && (one.first_chunk::<8>() == two.first_chunk::<8>()) && (one.len() <= 16 || one == two)
    } else if let (Some(end), Some(other)) = (one.last_chunk::<4>(), two.last_chunk::<4>()) {
        end == other && one.first_chunk::<4>() == two.first_chunk::<4>()
    } else {
        one == two
    }
}

/// How many bytes come before the first NUL.
fn until_nul(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    // There is hardly ever one: to look at all of them is cheaper than to stop at the first.
    let (words, rest) = bytes.as_chunks::<8>();
    let zeros = words.iter().map(|word| u64::from_le_bytes(*word));
    let zeros = zeros.fold(0, |found, word| found | word.wrapping_sub(ONES) & !word);
    if zeros & (ONES << 7) == 0 && !rest.contains(&0) {
        return bytes.len();
    }
    bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::concat(&[text])
    }
}

impl From<String> for Text {
    fn from(mut text: String) -> Text {
        text.truncate(until_nul(text.as_bytes()));
        if text.is_empty() {
            return Text::EMPTY;
        }
        text.reserve_exact(1);
        text.push('\0');
        Text { terminated: Some(text.into()) }
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Text {
        text.as_str().into()
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Text {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Text {
        text.clone()
    }
}

impl PartialEq for Text {
    #[inline]
    fn eq(&self, other: &Text) -> bool {
        let (Some(one), Some(two)) = (&self.terminated, &other.terminated) else {
            return self.terminated.is_none() && other.terminated.is_none();
        };
        if Arc::ptr_eq(one, two) {
            return true;
        }
        one.len() == two.len() && is_equal(one.as_bytes(), two.as_bytes())
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        *self == **other
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> std::cmp::Ordering {
        // A key that is found is mostly the very text that was inserted.
        if self.is_same(other) { std::cmp::Ordering::Equal } else { self.as_str().cmp(other.as_str()) }
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(feature = "serde")]
mod serialized {
    use std::fmt;

    use serde::de::{Deserialize, Deserializer, Error, Visitor};
    use serde::ser::{Serialize, Serializer};

    use super::Text;

    impl Serialize for Text {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Text {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
            struct Texts;

            impl Visitor<'_> for Texts {
                type Value = Text;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a text")
                }

                fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                    Ok(text.into())
                }

                fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
                    Ok(text.into())
                }
            }
            deserializer.deserialize_string(Texts)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn a_text_is_read_by_rust_and_by_c() {
        let around_short = [SHORT - 2, SHORT - 1, SHORT, SHORT + 1].map(|length| "x".repeat(length));
        let around_short = around_short.iter().map(String::as_str);
        for given in ["", "a", "b\u{e4}r", "\u{1f4de} 123"].into_iter().chain(around_short) {
            let made: [Text; 3] = [given.into(), given.to_owned().into(), Cow::Borrowed(given).into()];
            for text in made {
                assert_eq!(text, given);
                assert_eq!(text.as_c_str().to_str(), Ok(given));
                assert_eq!(text.as_ptr(), text.as_c_str().as_ptr());
                let again = Text::from_c_str(text.as_c_str()).expect("UTF-8");
                assert_eq!((again.as_str(), again.len()), (given, given.len()));
                assert!(again == text && text.clone().is_same(&text));
            }
        }
    }

    #[test]
    fn parts_become_one_text() {
        let long = "\u{e4}".repeat(SHORT);
        for parts in [&[][..], &["", ""], &["a", "", "b\u{e4}r"], &[&long, "|", "1"], &["x\0y", "z"]] {
            let whole = parts.concat();
            assert_eq!(Text::concat(parts), whole.split('\0').next().expect("a part"));
        }
    }

    #[test]
    fn a_text_ends_before_its_first_nul() {
        for (given, kept) in [("\0", ""), ("\0a", ""), ("ab\0c\0", "ab"), ("ab\0", "ab")] {
            let made: [Text; 2] = [given.into(), given.to_owned().into()];
            for text in made {
                assert_eq!((text.as_str(), text.as_c_str().to_bytes()), (kept, kept.as_bytes()));
            }
        }
    }

    #[test]
    fn only_utf_8_is_a_text() {
        assert!(Text::from_c_str(c"caf\xe9").is_err());
    }

    #[test]
    fn a_text_orders_and_hashes_like_its_str() {
        let texts = ["", "a", "a b", "ab", "b"].map(Text::from);
        assert!(texts.is_sorted() && texts.windows(2).all(|pair| pair[0] != pair[1]));
        let hasher = RandomState::new();
        for text in &texts {
            assert_eq!(hasher.hash_one(text), hasher.hash_one(text.as_str()));
        }
        let map: BTreeMap<Text, usize> = texts.into_iter().zip(0..).collect();
        assert_eq!(map.get("ab"), Some(&3));
    }

    #[test]
    fn texts_are_equal_if_their_characters_are() {
        for length in 0..40 {
            let text = "x".repeat(length);
            assert_eq!(Text::from(&text), Text::from(&text));
            assert_ne!(Text::from(&text), Text::from(text.clone() + "x"));
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "y");
                assert_ne!(Text::from(&text), Text::from(other));
            }
        }
    }

    #[test]
    fn empty_texts_are_the_same_and_small() {
        assert!(Text::from("").is_same(&Text::default()) && Text::from("").is_empty());
        assert!(!Text::from("a").is_same(&Text::from("a")) && !Text::from("a").is_same(&Text::EMPTY));
        assert_eq!(size_of::<Text>(), 2 * size_of::<usize>());
        assert_eq!(size_of::<Option<Text>>(), size_of::<Text>() + size_of::<usize>());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_text_is_written_as_a_string() {
        let text = Text::from("a\"\u{e4}");
        assert_eq!(serde_json::to_string(&text).expect("written"), r#""a\"ä""#);
        assert_eq!(serde_json::from_str::<Text>(r#""a\"\u00e4\u0000b""#).expect("read"), text);
        assert!(serde_json::from_str::<Text>("1").is_err());
    }
}
