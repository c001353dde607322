//! Values as one line of JSON, redacted while writing: the field's name determines what its text is.
//!
//! Small on purpose: derived code is compiled once per type, so all that does not depend on the type is kept
//! out of line, and nothing can fail.

use std::fmt::{self, Display};

use serde::ser::{self, Serialize};

use super::quote::write_quoted;
use super::redact::{Class, Redactor, WINDOW};

/// Appends `value` to `out`.
pub(super) fn write(out: &mut Vec<u8>, redactor: &mut Redactor, value: &impl Serialize) {
    let Ok(()) = value.serialize(&mut Json { out, redactor, name: "" });
}

struct Json<'a> {
    out: &'a mut Vec<u8>,
    redactor: &'a mut Redactor,
    /// The field or variant that is being written. What it means is looked up only if it holds text.
    name: &'static str,
}

/// There is nothing that could go wrong.
#[derive(Debug)]
pub(super) enum Never {}

impl Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: Display>(text: T) -> Never {
        unreachable!("no derived code says this: {text}")
    }
}

type Done = Result<(), Never>;

impl Json<'_> {
    #[inline(never)]
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline(never)]
    fn number(&mut self, number: i64) {
        self.put(&number.to_string());
    }

    #[inline(never)]
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return self.put("\"\"");
        }
        let shown = self.redactor.text(Class::of(self.name), text);
        write_quoted(self.out, &shown);
    }

    /// `{"name":`, and from here on texts are of that field.
    #[inline(never)]
    fn open(&mut self, name: &'static str, bracket: &str) {
        self.put("{");
        self.key(name);
        self.put(bracket);
    }

    /// Pseudonyms of fields and variants hold nothing that would have to be escaped.
    #[inline(never)]
    fn key(&mut self, name: &'static str) {
        self.put("\"");
        self.put(name);
        self.put("\":");
        self.name = name;
    }
}

/// Elements or fields in the making; `end` closes what was opened.
struct List<'a, 'b> {
    json: &'a mut Json<'b>,
    is_empty: bool,
    name: &'static str,
    end: &'static str,
}

impl<'a, 'b> List<'a, 'b> {
    fn new(json: &'a mut Json<'b>, end: &'static str) -> List<'a, 'b> {
        let name = json.name;
        List { json, is_empty: true, name, end }
    }

    #[inline(never)]
    fn begin_element(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.json.put(",");
        }
        self.json.name = self.name;
    }

    /// Answers what `end_field` has to know.
    #[inline(never)]
    fn begin_field(&mut self, name: &'static str) -> (usize, bool) {
        let before = (self.json.out.len(), self.is_empty);
        self.begin_element();
        self.json.key(name);
        before
    }

    #[inline(never)]
    fn end_field(&mut self, (before, was_empty): (usize, bool)) {
        if self.json.out.ends_with(b":null") {
            // An absent value need not be written: the reader takes it for None.
            self.json.out.truncate(before);
            self.is_empty = was_empty;
        }
    }

    fn close(self) -> Done {
        self.json.put(self.end);
        Ok(())
    }
}

macro_rules! numbers {
    ($($function:ident $type:ty),*) => {
        $(fn $function(self, number: $type) -> Done {
            self.number(number.into());
            Ok(())
        })*
    };
}

impl<'a, 'b> ser::Serializer for &'a mut Json<'b> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = List<'a, 'b>;
    type SerializeTuple = List<'a, 'b>;
    type SerializeTupleStruct = List<'a, 'b>;
    type SerializeTupleVariant = List<'a, 'b>;
    type SerializeMap = List<'a, 'b>;
    type SerializeStruct = List<'a, 'b>;
    type SerializeStructVariant = List<'a, 'b>;

    numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64);
    numbers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32);

    fn serialize_bool(self, is_true: bool) -> Done {
        self.put(if is_true { "true" } else { "false" });
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Done {
        let shown = if self.name == WINDOW { self.redactor.window(number) } else { number };
        self.put(&shown.to_string());
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Done {
        self.serialize_unit()
    }

    fn serialize_f64(self, _: f64) -> Done {
        self.serialize_unit()
    }

    fn serialize_char(self, _: char) -> Done {
        self.serialize_unit()
    }

    fn serialize_str(self, text: &str) -> Done {
        self.text(text);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Done {
        self.serialize_unit()
    }

    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.put("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        write_quoted(self.out, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    #[inline(never)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.open(variant, "");
        let Ok(()) = value.serialize(&mut *self);
        self.put("}");
        Ok(())
    }

    #[inline(never)]
    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a, 'b>, Never> {
        self.put("[");
        Ok(List::new(self, "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a, 'b>, Never> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a, 'b>, Never> {
        self.serialize_seq(None)
    }

    #[inline(never)]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a, 'b>, Never> {
        self.open(variant, "[");
        Ok(List::new(self, "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<List<'a, 'b>, Never> {
        self.serialize_seq(None)
    }

    #[inline(never)]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'a, 'b>, Never> {
        self.put("{");
        Ok(List::new(self, "}"))
    }

    #[inline(never)]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a, 'b>, Never> {
        self.open(variant, "{");
        Ok(List::new(self, "}}"))
    }
}

macro_rules! list {
    ($($trait:ident $function:ident),*) => {
        $(impl ser::$trait for List<'_, '_> {
            type Ok = ();
            type Error = Never;

            #[inline(never)]
            fn $function<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.begin_element();
                value.serialize(&mut *self.json)
            }

            fn end(self) -> Done {
                self.close()
            }
        })*
    };
}

list!(SerializeSeq serialize_element, SerializeTuple serialize_element);
list!(SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for List<'_, '_> {
            type Ok = ();
            type Error = Never;

            #[inline(never)]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Done {
                let before = self.begin_field(name);
                let Ok(()) = value.serialize(&mut *self.json);
                self.end_field(before);
                Ok(())
            }

            fn end(self) -> Done {
                self.close()
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

/// The engine has no maps: a list of keys and values would do.
impl ser::SerializeMap for List<'_, '_> {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Done {
        self.close()
    }
}
