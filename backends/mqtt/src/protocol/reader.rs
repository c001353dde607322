//! Reads the JSON of messages as it comes: no tree is built, and what is not known is skipped, though not
//! unread.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value that a key may have.
#[derive(Default)]
pub(super) enum Field<'a> {
    /// No such key, or null.
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(u64),
    Flag(bool),
    /// What no key here has.
    Other,
}

/// The keys of a message.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    pub(super) version: Field<'a>,
    pub(super) kind: Field<'a>,
    pub(super) id: Field<'a>,
    pub(super) instance: Field<'a>,
    pub(super) to: Field<'a>,
    pub(super) channel: Field<'a>,
    pub(super) number: Field<'a>,
    pub(super) acked: Field<'a>,
    /// None: it is something else than an object, or null.
    pub(super) body: Option<Fields<'a>>,
}

/// The keys of all bodies.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) request: Field<'a>,
    pub(super) call_type: Field<'a>,
    pub(super) custom: Field<'a>,
    pub(super) uid: Field<'a>,
    pub(super) keep: Field<'a>,
    pub(super) ring: Field<'a>,
    pub(super) asks: Field<'a>,
    pub(super) rings: Field<'a>,
    pub(super) local: Field<'a>,
    pub(super) how: Field<'a>,
    pub(super) by: Field<'a>,
    pub(super) epoch: Field<'a>,
    pub(super) text: Field<'a>,
}

/// Reads a message. None: it is no object of JSON.
pub(super) fn read(text: &str) -> Option<Envelope<'_>> {
    serde_json::from_str(text).ok()
}

impl<'a> Envelope<'a> {
    fn key(&mut self, key: &str) -> Option<&mut Field<'a>> {
        Some(match key {
            "v" => &mut self.version,
            "k" => &mut self.kind,
            "id" => &mut self.id,
            "inst" => &mut self.instance,
            "to" => &mut self.to,
            "cid" => &mut self.channel,
            "n" => &mut self.number,
            "re" => &mut self.acked,
            _ => return None,
        })
    }
}

impl<'a> Fields<'a> {
    fn key(&mut self, key: &str) -> Option<&mut Field<'a>> {
        Some(match key {
            "rid" => &mut self.request,
            "type" => &mut self.call_type,
            "custom" => &mut self.custom,
            "uid" => &mut self.uid,
            "keep" => &mut self.keep,
            "ring" => &mut self.ring,
            "asks" => &mut self.asks,
            "rings" => &mut self.rings,
            "local" => &mut self.local,
            "how" => &mut self.how,
            "by" => &mut self.by,
            "epoch" => &mut self.epoch,
            "text" => &mut self.text,
            _ => return None,
        })
    }
}

/// A text, borrowed where nothing in it is escaped.
struct Key<'a>(Cow<'a, str>);

/// The body: an object, or None.
struct Body<'a>(Option<Fields<'a>>);

/// Any value, read and dropped.
struct Skipped;

/// Reads a [`Field`], and what contains it.
struct FieldVisitor;
struct KeyVisitor;
struct EnvelopeVisitor;
struct BodyVisitor;

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<Skipped>()?.is_some() {}
    Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<Key<'de>, Skipped>()?.is_some() {}
    Ok(())
}

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Field<'de>, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Field<'de>, E> {
        Ok(Field::Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field<'de>, E> {
        Ok(Field::Number(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Field<'de>, A::Error> {
        skip_list(list).map(|()| Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<'de>, A::Error> {
        skip_map(map).map(|()| Field::Other)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FieldVisitor)
    }
}

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // As a field: a text that is none is found, though nobody reads it.
        from.deserialize_any(FieldVisitor).map(|_| Skipped)
    }
}

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(KeyVisitor)
    }
}

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope { body: Some(Fields::default()), ..Envelope::default() };
        while let Some(key) = map.next_key::<Key<'de>>()? {
            if key.0 == "b" {
                envelope.body = map.next_value::<Body<'de>>()?.0;
            } else if let Some(field) = envelope.key(&key.0) {
                *field = map.next_value()?;
            } else {
                map.next_value::<Skipped>()?;
            }
        }
        Ok(envelope)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EnvelopeVisitor)
    }
}

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a body")
    }

    fn visit_unit<E: Error>(self) -> Result<Body<'de>, E> {
        Ok(Body(Some(Fields::default())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Body<'de>, E> {
        Ok(Body(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Body<'de>, E> {
        Ok(Body(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Body<'de>, E> {
        Ok(Body(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Body<'de>, E> {
        Ok(Body(None))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Body<'de>, E> {
        Ok(Body(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Body<'de>, A::Error> {
        skip_list(list).map(|()| Body(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            match fields.key(&key.0) {
                Some(field) => *field = map.next_value()?,
                None => {
                    map.next_value::<Skipped>()?;
                }
            }
        }
        Ok(Body(Some(fields)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(BodyVisitor)
    }
}
