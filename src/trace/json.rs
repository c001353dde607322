//! Values as one line of JSON, redacted on the way: the name of a field says what its text is.

use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize};

use super::redact::{Class, Redactor};

/// Appends `value` to `out`; `class` is what a text outside of every field is.
pub(super) fn write(out: &mut Vec<u8>, redactor: &mut Redactor, class: Class, value: &impl Serialize) {
    // The engine's types have neither maps nor bytes; all the rest can be written.
    let written = value.serialize(&mut Json { out, redactor, class });
    debug_assert!(written.is_ok(), "a type that a trace cannot hold");
}

/// Appends `text` as a JSON string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

struct Json<'a> {
    out: &'a mut Vec<u8>,
    redactor: &'a mut Redactor,
    class: Class,
}

impl Json<'_> {
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: impl Display) {
        use std::io::Write;
        // As above.
        let _ = write!(self.out, "{number}");
    }

    /// `{"name":`, and from here on texts are what the name says.
    fn open(&mut self, name: &str, bracket: &str) {
        self.put("{");
        string(self.out, name);
        self.put(":");
        self.put(bracket);
        self.class = Class::of(name);
    }
}

/// Elements or fields in the making; `end` closes what was opened.
struct List<'a, 'b> {
    json: &'a mut Json<'b>,
    is_empty: bool,
    class: Class,
    end: &'static str,
}

impl<'a, 'b> List<'a, 'b> {
    fn new(json: &'a mut Json<'b>, end: &'static str) -> List<'a, 'b> {
        let class = json.class;
        List { json, is_empty: true, class, end }
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.json.put(",");
        }
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unsupported> {
        self.comma();
        self.json.class = self.class;
        value.serialize(&mut *self.json)
    }

    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Unsupported> {
        let (before, was_empty) = (self.json.out.len(), self.is_empty);
        self.comma();
        string(self.json.out, name);
        self.json.put(":");
        self.json.class = Class::of(name);
        value.serialize(&mut *self.json)?;
        if self.json.out.ends_with(b":null") {
            // What is not there need not be said: the reader takes it for None.
            self.json.out.truncate(before);
            self.is_empty = was_empty;
        }
        Ok(())
    }

    fn close(self) -> Result<(), Unsupported> {
        self.json.put(self.end);
        Ok(())
    }
}

/// A type that no input, output or state has.
#[derive(Debug)]
pub(super) struct Unsupported;

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in a trace")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: Display>(_: T) -> Unsupported {
        Unsupported
    }
}

macro_rules! numbers {
    ($($function:ident $type:ty),*) => {
        $(fn $function(self, number: $type) -> Result<(), Unsupported> {
            self.number(number);
            Ok(())
        })*
    };
}

impl<'a, 'b> ser::Serializer for &'a mut Json<'b> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = List<'a, 'b>;
    type SerializeTuple = List<'a, 'b>;
    type SerializeTupleStruct = List<'a, 'b>;
    type SerializeTupleVariant = List<'a, 'b>;
    type SerializeMap = Impossible<(), Unsupported>;
    type SerializeStruct = List<'a, 'b>;
    type SerializeStructVariant = List<'a, 'b>;

    numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64);
    numbers!(serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_bool bool);

    fn serialize_u64(self, number: u64) -> Result<(), Unsupported> {
        let shown = self.redactor.number(self.class, number);
        self.number(shown);
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_char(self, _: char) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_str(self, text: &str) -> Result<(), Unsupported> {
        let shown = self.redactor.text(self.class, text);
        string(self.out, &shown);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unsupported> {
        self.put("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsupported> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &str) -> Result<(), Unsupported> {
        string(self.out, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &str,
        value: &T,
    ) -> Result<(), Unsupported> {
        self.open(variant, "");
        value.serialize(&mut *self)?;
        self.put("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a, 'b>, Unsupported> {
        self.put("[");
        Ok(List::new(self, "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a, 'b>, Unsupported> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a, 'b>, Unsupported> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a, 'b>, Unsupported> {
        self.open(variant, "[");
        Ok(List::new(self, "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'a, 'b>, Unsupported> {
        self.put("{");
        Ok(List::new(self, "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a, 'b>, Unsupported> {
        self.open(variant, "{");
        Ok(List::new(self, "}}"))
    }
}

macro_rules! list {
    ($($trait:ident $function:ident),*) => {
        $(impl ser::$trait for List<'_, '_> {
            type Ok = ();
            type Error = Unsupported;

            fn $function<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
                self.element(value)
            }

            fn end(self) -> Result<(), Unsupported> {
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
            type Error = Unsupported;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Unsupported> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Unsupported> {
                self.close()
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);
