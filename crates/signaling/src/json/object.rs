//! An object that is written as it goes; nothing is built first.

use std::fmt::Write as _;

use super::quote;

/// Room for most objects that are written.
const CAPACITY: usize = 512;

/// The text of an object, so far. Keys are written as they are: without anything that JSON escapes.
pub struct ObjectWriter(String);

impl Default for ObjectWriter {
    fn default() -> ObjectWriter {
        ObjectWriter::starting("{")
    }
}

impl ObjectWriter {
    /// `start` is an object without its closing brace.
    pub fn starting(start: &str) -> ObjectWriter {
        let mut text = String::with_capacity(CAPACITY);
        text.push_str(start);
        ObjectWriter(text)
    }

    /// How long the text is with its closing brace.
    pub fn finished_len(&self) -> usize {
        self.0.len() + 1
    }

    fn key(&mut self, key: &str) {
        self.0.push_str(if self.0.ends_with('{') { "\"" } else { ",\"" });
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    /// Adds a string.
    pub fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        // The parts of an attachment are short, and its escapes many.
        self.0.reserve(text.len() + text.len() / 4);
        quote(text, |part| self.0.push_str(part));
    }

    /// Adds a number.
    pub fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        // Nearly all are one digit; writing to a String cannot fail.
        match u8::try_from(number) {
            Ok(digit @ 0..=9) => self.0.push(char::from(b'0' + digit)),
            Ok(_) | Err(_) => _ = write!(self.0, "{number}"),
        }
    }

    /// Adds a number that may be negative.
    pub fn signed(&mut self, key: &str, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.number(key, number),
            Err(_) => self.raw(key, &number.to_string()),
        }
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.0.push_str(json);
    }

    /// Adds true or false.
    pub fn flag(&mut self, key: &str, flag: bool) {
        self.raw(key, if flag { "true" } else { "false" });
    }

    /// What follows, up to [`ObjectWriter::end`], is in an object of its own.
    pub fn begin(&mut self, key: &str) {
        self.key(key);
        self.0.push('{');
    }

    /// What follows, up to [`ObjectWriter::end_list`], are the objects of a list.
    pub fn begin_list(&mut self, key: &str) {
        self.key(key);
        self.0.push('[');
    }

    /// What follows, up to [`ObjectWriter::end`], is an object of the list.
    pub fn begin_item(&mut self) {
        self.0.push_str(if self.0.ends_with('[') { "{" } else { ",{" });
    }

    /// Ends the list.
    pub fn end_list(&mut self) {
        self.0.push(']');
    }

    /// Ends the object that was begun last.
    pub fn end(&mut self) {
        self.0.push('}');
    }

    /// The text of the whole.
    pub fn finish(mut self) -> String {
        self.end();
        self.0
    }
}
