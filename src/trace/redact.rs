//! Redaction. Personal text is replaced so that everything the engine does with text has the same
//! result: equal stays equal, accounts keep their order, lengths in JSON and JSON itself stay.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::pseudonyms::Pseudonyms;
use super::quote::quote;
use nertc_callkit_engine::{limits, messages, wire};
use nertc_callkit_signaling as signaling;

/// What a text is, by the name of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Ids and the engine's own texts: shown.
    Open,
    /// An account.
    Name,
    /// Texts of users and apps.
    Personal,
    /// Tokens: hidden even if all else is shown.
    Secret,
    /// An attachment of the wire, or a record.
    Wire,
    /// A JSON value from peer to peer, with addresses and passwords: hidden like a token, as JSON.
    Json,
    /// Not text. If it is text nevertheless, it is taken for a secret.
    Unknown,
}

impl Class {
    /// Every field of the engine that holds text has a line here.
    pub(super) fn of(field: &str) -> Class {
        match field {
            "account" | "accounts" | "user" | "peer" | "from" | "to" | "creator" | "invitor" | "writer"
            | "owner" | "durations" => Class::Name,
            "attachment" | "attach_ext" | "extra" | "closed" | "Closed" | "title" | "content" | "payload"
            | "message" => Class::Personal,
            "custom" | "text" | "Accepted" => Class::Wire,
            "id" | "channel_id" | "request_id" | "call_id" | "alias" | "channel_name" | "rtc_channel"
            | "client_msg_id" | "msg_id" | "device" | "from_device" | "Ignored" | "Join" | "Accept"
            | "GlareAccept" | "Enter" | "media_protocol" | "rtc" | "code" | "local_fingerprint"
            | "remote_fingerprint" => Class::Open,
            "token" | "rtc_token" | "SetToken" => Class::Secret,
            "json" => Class::Json,
            _ => Class::Unknown,
        }
    }
}

/// The field that holds a pointer of the app.
pub(super) const WINDOW: &str = "window";

/// How much a trace shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redaction {
    /// No accounts, texts or tokens.
    Personal,
    /// No tokens.
    Secrets,
}

/// Which digits a hidden text is counted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `xxxx`, `xxx1`, …
    Text,
    /// A number of JSON.
    Number,
}

/// Remembers its replacements, so that equal texts get equal ones.
#[derive(Clone, Debug)]
pub(super) struct Redactor {
    redaction: Redaction,
    names: Pseudonyms,
    /// Kind, shown length and hidden text, and the how manieth of that kind and length it is.
    hidden: BTreeMap<(Kind, usize, Box<str>), usize>,
    counts: BTreeMap<(Kind, usize), usize>,
    windows: Vec<u64>,
    is_full: bool,
}

impl Redactor {
    pub(super) fn new(redaction: Redaction) -> Redactor {
        Redactor {
            redaction,
            names: Pseudonyms::default(),
            hidden: BTreeMap::new(),
            counts: BTreeMap::new(),
            windows: Vec::new(),
            is_full: false,
        }
    }

    /// More distinct texts than can be distinguished: time for a new one, with a new header.
    pub(super) fn is_full(&self) -> bool {
        self.is_full || self.names.is_full
    }

    /// What is shown of a text.
    pub(super) fn text<'t>(&mut self, class: Class, text: &'t str) -> Cow<'t, str> {
        debug_assert!(class != Class::Unknown, "say in Class::of what {text:?} is");
        let all = self.redaction == Redaction::Personal;
        match class {
            _ if text.is_empty() => Cow::Borrowed(text),
            Class::Secret | Class::Unknown => Cow::Owned(self.hide(text)),
            Class::Json => Cow::Owned(self.hide_json(text)),
            Class::Name if all => Cow::Owned(self.names.of(text)),
            Class::Personal if all && !is_own_word(text) => Cow::Owned(self.hide(text)),
            Class::Wire if all || wire::read_peer_text(text).is_some() => Cow::Owned(self.wire(text)),
            Class::Open | Class::Name | Class::Personal | Class::Wire => Cow::Borrowed(text),
        }
    }

    /// What is shown of a window.
    pub(super) fn window(&mut self, number: u64) -> u64 {
        if number == 0 {
            return 0;
        }
        let known = self.windows.iter().position(|window| *window == number);
        known.unwrap_or_else(|| {
            self.windows.push(number);
            self.windows.len() - 1
        }) as u64
            + 1
    }

    /// Something as long in JSON. What travels as JSON stays JSON.
    fn hide(&mut self, text: &str) -> String {
        let is_list = text.trim_start().starts_with(['{', '[']) && wire::is_value(text);
        if is_list || is_scalar(text) {
            return self.hide_json(text);
        }
        self.stand_in(Kind::Text, text, quote(text).len() - 2)
    }

    /// Valid JSON of the same shape: punctuation, spaces and literals stay.
    fn hide_json(&mut self, json: &str) -> String {
        let mut shown = String::with_capacity(json.len());
        let mut rest = json;
        while let Some(byte) = rest.bytes().next() {
            let (kind, length) = match byte {
                b'"' => (Some(Kind::Text), string_length(&rest.as_bytes()[1..]) + 1),
                b'-' | b'0'..=b'9' => {
                    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
                    (Some(Kind::Number), rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len()))
                }
                _ => (None, rest.chars().next().map_or(1, char::len_utf8)),
            };
            let (token, after) = rest.split_at(length);
            match kind {
                Some(Kind::Text) if length > 2 => {
                    shown.push('"');
                    shown += &self.inside_string(&token[1..length - 1]);
                    shown.push('"');
                }
                Some(Kind::Number) => shown += &self.stand_in(Kind::Number, token, length),
                Some(Kind::Text) | None => shown += token,
            }
            rest = after;
        }
        shown
    }

    /// The replacement for the inside of a JSON string. Escapes stay escapes: the text occurs as JSON and
    /// inside a string too, with the same length in both.
    fn inside_string(&mut self, inside: &str) -> String {
        let is_escape = |at: usize| inside.as_bytes().get(at) == Some(&b'\\');
        let mut escapes = Vec::new();
        let mut at = 0;
        while at < inside.len() {
            if is_escape(at) {
                escapes.push(at);
                at += 1;
            }
            at += 1;
        }
        let letters = self.stand_in(Kind::Text, inside, inside.len() - 2 * escapes.len());
        let mut letters = letters.chars();
        let (mut shown, mut at) = (String::with_capacity(inside.len()), 0);
        for escape in escapes {
            shown.extend(letters.by_ref().take(escape - at));
            let is_long = matches!(inside.as_bytes().get(escape + 1), Some(b'"' | b'\\'));
            shown += if is_long { "\\\"" } else { "\\n" };
            at = escape + 2;
        }
        shown.extend(letters);
        shown
    }

    /// `length` letters or digits that replace `text` and no other.
    fn stand_in(&mut self, kind: Kind, text: &str, length: usize) -> String {
        let count = self.counts.entry((kind, length)).or_default();
        let mut n = *self.hidden.entry((kind, length, text.into())).or_insert_with(|| {
            *count += 1;
            *count - 1
        });
        let digits: &[u8] = match kind {
            Kind::Text => b"xabcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
            Kind::Number => b"0123456789",
        };
        let mut shown = vec![digits[0]; length];
        for place in shown.iter_mut().rev() {
            *place = digits[n % digits.len()];
            n /= digits.len();
        }
        if kind == Kind::Number && length > 1 {
            // No zero may lead.
            let first = shown[0] - b'0';
            self.is_full |= first >= 9;
            shown[0] = b'1' + first.min(8);
        }
        self.is_full |= n > 0;
        String::from_utf8(shown).unwrap_or_default()
    }

    /// An attachment of the wire: the protocol's own parts stay.
    fn wire(&mut self, custom: &str) -> String {
        let members = match custom.trim() {
            wire::BUSY | "i_am_busy" => return custom.to_owned(),
            _ => wire::members(custom),
        };
        let Some(members) = members else { return self.hide_opaque(custom) };
        self.object(&members, wire_class)
    }

    /// A text that is no attachment must not become one.
    fn hide_opaque(&mut self, text: &str) -> String {
        self.stand_in(Kind::Text, text, text.len())
    }

    fn object(&mut self, members: &[(Cow<'_, str>, &str)], class: fn(&str) -> Member) -> String {
        let mut shown = String::from("{");
        for (key, json) in members {
            if shown.len() > 1 {
                shown.push(',');
            }
            let member = class(key);
            shown +=
                &if matches!(member, Member::Unknown) { quote(&self.hide_opaque(key)) } else { quote(key) };
            shown.push(':');
            shown += &self.member(member, json);
        }
        shown + "}"
    }

    fn member(&mut self, member: Member, json: &str) -> String {
        let is_broken = |text: &Option<_>| text.is_none() && json.starts_with('"');
        match (member, signaling::json::string(json)) {
            // A string with half a character: no text for the engine, but as an attachment its JSON is.
            (Member::Json, _) => self.hide_json(json),
            (Member::App, text) if is_broken(&text) => quote(&self.hide(json)),
            (_, text) if is_broken(&text) => "null".into(),
            (Member::Id(limit), Some(text)) if text.len() <= limit => json.to_owned(),
            (Member::Number, None) if is_scalar(json) => json.to_owned(),
            (Member::Account, Some(text)) => quote(&self.names.of(&text)),
            (Member::Durations, None) => self.durations(json),
            (_, Some(text)) if text.is_empty() => json.to_owned(),
            (_, Some(text)) => quote(&self.hide(&text)),
            (_, None) => self.hide_json(json),
        }
    }

    /// The list of accounts and seconds in a record.
    fn durations(&mut self, json: &str) -> String {
        let Some(list) = signaling::json::members(json, limits::JSON_DEPTH) else {
            return self.hide_json(json);
        };
        let entries =
            list.iter().map(|(_, entry)| match signaling::json::members(entry, limits::JSON_DEPTH) {
                Some(members) if entry.starts_with('{') => self.object(&members, duration_class),
                _ => self.hide_json(entry),
            });
        let entries: Vec<String> = entries.collect();
        ["[", &entries.join(","), "]"].concat()
    }
}

/// What a member of an attachment holds.
#[derive(Clone, Copy)]
enum Member {
    Id(usize),
    Number,
    Account,
    Durations,
    App,
    Json,
    Unknown,
}

fn wire_class(key: &str) -> Member {
    match key {
        "version" | "callId" | "channelId" => Member::Id(limits::ID),
        "rtc" => Member::Id(limits::MEDIA_PROTOCOL),
        "d" => Member::Json,
        "channelName" => Member::Id(limits::RTC_CHANNEL),
        "callType" | "reason" | "cid" | "type" | "state" | "status" | "glare" | "local" | "data" | "n" => {
            Member::Number
        }
        "durations" => Member::Durations,
        "_attachment" | "extraInfo" | "global_extra" => Member::App,
        _ => Member::Unknown,
    }
}

fn duration_class(key: &str) -> Member {
    match key {
        "accid" => Member::Account,
        "duration" => Member::Number,
        _ => Member::Unknown,
    }
}

/// How many bytes a string takes after its opening quote, the closing one included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\')))
    {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The engine's own messages.
fn is_own_word(text: &str) -> bool {
    messages::OWN_MESSAGES.contains(&text)
}

/// A number, true, false or null of JSON.
fn is_scalar(text: &str) -> bool {
    text.starts_with(|first: char| matches!(first, '-' | '0'..='9' | 't' | 'f' | 'n'))
        && !text.ends_with(char::is_whitespace)
        && signaling::json::is_value(text, 0)
}
