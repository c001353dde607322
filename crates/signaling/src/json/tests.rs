//! Reading and writing, compared with `serde_json`.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::ObjectWriter;
use super::*;

/// Texts of every kind: what peers send, all that JSON has, and what is none.
const TEXTS: [&str; 24] = [
    r#"{"callType":0,"version":"1.8.1","channelName":"7|0|3","callId":"5f6d0e3c-6a2b","reason":0}"#,
    r#" { "_attachment" : { "order" : [ 1 , { "a" : null } , "]}" ] } , "extraInfo":"\"{\\u00e9" } "#,
    r#"{"\u0063allId":"a\"}\u00e9,","callId":"x","callId":["y"],"":0,"\ud800":1}"#,
    r#"{"a":"\ud83d\udcde","b":"\ud83d","c":"\udcde","d":"\ud83d\ud83d","e":"\ud83dx","f":"\u12"}"#,
    r#"[1,-1,0,-0,01,1.5,1.,.5,1e9,1E+9,1e-9,1e,1e999,9223372036854775808,+1,--1]"#,
    r#"[true,false,null,True,nul,truefalse]"#,
    r#"{"a":1,}"#,
    r#"{"a" 1}"#,
    r#"{,}"#,
    r#"[1 2]"#,
    r#"{"a":1}}"#,
    r#"{1:2}"#,
    "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\\x\"",
    "\"a\u{1f}b\"",
    "\u{feff}{}",
    "\u{a0}{}",
    "[[[[[[[[[[[[]]]]]]]]]]]]",
    "{\"a\":{\"b\":{\"c\":[{},{}]}}}",
    "",
    "601",
    "i_am_busy",
    "\"b\u{e4}r \u{1f4de}\u{7f}\"",
    "\r\n\t [ ] ",
    "nullnull",
];

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// A text near the given ones: parts of two of them, with some characters changed, removed or repeated.
fn mutated(dice: &mut Dice) -> String {
    const CHARS: [char; 26] = [
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        ' ',
        '\n',
        '0',
        '1',
        '-',
        '.',
        'e',
        'u',
        'n',
        't',
        'd',
        '8',
        '\0',
        '\u{1f}',
        '\u{e9}',
        '\u{1f600}',
        '/',
        'x',
    ];
    let (one, two) = (TEXTS[dice.below(TEXTS.len())], TEXTS[dice.below(TEXTS.len())]);
    let mut chars: Vec<char> = match dice.below(3) {
        0 => one.chars().take(dice.below(40)).chain(two.chars().skip(dice.below(20))).collect(),
        _ => one.chars().collect(),
    };
    for _ in 0..dice.below(4) {
        let at = dice.below(chars.len() + 1);
        match dice.below(3) {
            0 => chars.insert(at, CHARS[dice.below(CHARS.len())]),
            1 if at < chars.len() => _ = chars.remove(at),
            _ if at < chars.len() => chars[at] = CHARS[dice.below(CHARS.len())],
            _ => {}
        }
    }
    chars.into_iter().collect()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The members as `serde_json` reads them, the last of each key; None if a key is no text.
fn plain_members(text: &str) -> Option<BTreeMap<String, &str>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    Some(members.into_iter().map(|(key, value)| (key, value.get())).collect())
}

fn check(text: &str) {
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    assert_eq!(is_value(text, DEEPEST), is_json, "{text:?}");
    let Some(found) = members(text, DEEPEST) else { return };
    if let Some(expected) = plain_members(text) {
        let found: BTreeMap<String, &str> =
            found.iter().map(|(key, value)| (key.to_string(), *value)).collect();
        assert_eq!(found, expected, "{text:?}");
    }
    for (_, value) in found {
        let expected = serde_json::from_str::<String>(value).ok();
        assert_eq!(string(value).as_deref(), expected.as_deref(), "{value:?}");
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let deep = depth(&value);
        assert!(is_value(text, deep) && (deep == 0 || !is_value(text, deep - 1)), "{text:?}");
    }
}

#[test]
fn json_is_read_as_serde_json_reads_it() {
    TEXTS.iter().for_each(|text| check(text));
    let mut dice = Dice(1);
    let mut valid = 0;
    for _ in 0..60_000 {
        let text = mutated(&mut dice);
        check(&text);
        valid += usize::from(is_value(&text, DEEPEST));
    }
    assert!((5_000..50_000).contains(&valid), "{valid} of the texts were JSON");
}

#[test]
fn strings_are_written_as_serde_json_writes_them() {
    let mut dice = Dice(2);
    let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
    for text in [all].into_iter().chain((0..20_000).map(|_| mutated(&mut dice))) {
        let mut written = String::new();
        quote(&text, |part| written.push_str(part));
        assert_eq!(written, serde_json::to_string(&text).expect("written"));
        assert_eq!(string(&written).as_deref(), Some(&*text), "{written}");
    }
}

#[test]
fn what_is_plain_ends_at_the_first_special_byte() {
    for special in (0..0x20).chain([b'"', b'\\']) {
        for length in 0..20 {
            // Bytes next to special ones, and such that a borrow could be taken for one.
            for fill in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa0, 0xff] {
                let mut bytes = vec![fill; length];
                assert_eq!(plain_length(&bytes), length);
                bytes.extend([special, special.wrapping_add(1), special, fill, fill, fill, fill, fill, fill]);
                assert_eq!(plain_length(&bytes), length, "{bytes:?}");
            }
        }
    }
}

#[test]
fn nesting_has_a_limit_whatever_the_caller_allows() {
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(is_value(&nested(DEEPEST), usize::MAX) && !is_value(&nested(DEEPEST + 1), usize::MAX));
    assert!(!is_value(&"[".repeat(1_000_000), usize::MAX));
}

#[test]
fn lists_and_signed_numbers_are_written_as_serde_json_does() {
    let mut object = ObjectWriter::starting("{\"version\":\"1\"");
    object.begin_list("none");
    object.end_list();
    object.begin_list("items");
    for number in [i64::MIN, -1, 0, 10, i64::MAX] {
        object.begin_item();
        object.signed("number", number);
        object.raw("raw", "[1,2]");
        object.end();
    }
    object.end_list();
    object.signed("last", -10);
    let length = object.finished_len();
    let written = object.finish();
    let items =
        [i64::MIN, -1, 0, 10, i64::MAX].map(|it| format!(r#"{{"number":{it},"raw":[1,2]}}"#)).join(",");
    assert_eq!(written, format!(r#"{{"version":"1","none":[],"items":[{items}],"last":-10}}"#));
    assert_eq!(length, written.len());
    assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
}

#[test]
fn an_object_is_written_as_serde_json_writes_it() {
    let texts = ["", "plain", "{\"a\":\"b\\\\c\"}", "\u{1}\n\u{7f}\u{e9}\u{1f600}", &"long ".repeat(200)];
    for text in texts {
        for number in [0, 9, 10, 255, 256, u64::MAX] {
            let mut object = ObjectWriter::default();
            object.begin("empty");
            object.end();
            object.text("text", text);
            object.begin("inner");
            object.number("number", number);
            object.flag("yes", true);
            object.flag("no", false);
            object.end();
            object.text("last", text);
            let inner = format!(r#"{{"number":{number},"yes":true,"no":false}}"#);
            let quoted = serde_json::to_string(text).expect("a text");
            let wanted = format!(r#"{{"empty":{{}},"text":{quoted},"inner":{inner},"last":{quoted}}}"#);
            assert_eq!(object.finish(), wanted);
        }
    }
}
