//! The keys of messages, as the text has them: nothing is built of what is not known.

use std::borrow::Cow;

use nertc_callkit_signaling::json;

use super::limits;

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

impl<'a> Field<'a> {
    /// From the JSON text of a value.
    fn of(value: &'a str) -> Field<'a> {
        match value.as_bytes().first() {
            Some(b'"') => json::string(value).map_or(Field::Other, Field::Text),
            Some(b'0'..=b'9') => value.parse().map_or(Field::Other, Field::Number),
            Some(b't') => Field::Flag(true),
            Some(b'f') => Field::Flag(false),
            Some(b'n') => Field::Absent,
            _ => Field::Other,
        }
    }
}

/// Reads a message. None: it is no object of JSON, or nested too deep. Of two keys that are the same the
/// last one counts.
pub(super) fn read(text: &str) -> Option<Envelope<'_>> {
    let mut it = Envelope { body: Some(Fields::default()), ..Envelope::default() };
    let is_sound = json::read(text, limits::DEPTH, |key, value| {
        let field = match &*key {
            "v" => &mut it.version,
            "k" => &mut it.kind,
            "id" => &mut it.id,
            "inst" => &mut it.instance,
            "to" => &mut it.to,
            "cid" => &mut it.channel,
            "n" => &mut it.number,
            "re" => &mut it.acked,
            "b" => return it.body = body(value),
            _ => return,
        };
        *field = Field::of(value);
    });
    // A list has no keys, so nothing of it is known.
    is_sound.then_some(it)
}

fn body(value: &str) -> Option<Fields<'_>> {
    let mut it = Fields::default();
    if value == "null" {
        return Some(it);
    }
    let is_object = value.starts_with('{');
    let is_sound = json::read(value, limits::DEPTH, |key, value| {
        let field = match &*key {
            "rid" => &mut it.request,
            "type" => &mut it.call_type,
            "custom" => &mut it.custom,
            "uid" => &mut it.uid,
            "keep" => &mut it.keep,
            "ring" => &mut it.ring,
            "asks" => &mut it.asks,
            "rings" => &mut it.rings,
            "local" => &mut it.local,
            "how" => &mut it.how,
            "by" => &mut it.by,
            "epoch" => &mut it.epoch,
            "text" => &mut it.text,
            _ => return,
        };
        *field = Field::of(value);
    });
    (is_object && is_sound).then_some(it)
}
