//! What a push notification about a call carries, as a short text: `nck1:` and base64url of a
//! few numbers and five texts. docs/PUSH.md has the format.

use std::ffi::c_char;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nertc_callkit_abi::{NERTC_CALLKIT_PUSH_SIZE, nertc_callkit_push_call, nertc_callkit_status};

use crate::engine::limits;
use crate::ffi::support::convert::{
    bytes, call_type, fill, flags, out as place_of, range, read_strict, write_prefix,
};
use crate::ffi::support::error::{Error, Problem};
use crate::ffi::support::guard::guard;
use nertc_callkit_signaling::CallType;

/// Writes the payload of a push notification about a call.
///
/// The text is ASCII without spaces, quotes or backslashes, so that it fits into any JSON
/// unchanged. It is neither secret nor signed: whoever can send the phone a push can forge one;
/// its only effect is that an answer waits for that call. Copies nothing; writes only
/// `buffer` and `*size`.
///
/// @param call    The call: accounts, channel_id and request_id are mandatory, 1 to 64 bytes.
///                Not NULL.
/// @param buffer  Receives the text and its NUL. Not NULL.
/// @param size    In: bytes of `buffer`. Out: bytes needed, with the NUL; at most
///                NERTC_CALLKIT_PUSH_SIZE. Not NULL.
/// @return        OK. INVALID_ARGUMENT: NULL, a text that is missing or not UTF-8, an unknown
///                call type or flag, a ring_left_ms above 120000, or the buffer is too small:
///                then `*size` is the size needed, and `buffer` is unchanged. UNSUPPORTED: a
///                field that this library does not know is not zero.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_push_encode(
    call: *const nertc_callkit_push_call,
    buffer: *mut c_char,
    size: *mut u32,
) -> nertc_callkit_status {
    guard("push_encode", || {
        // SAFETY: the header's contract.
        let (call, size) = unsafe { (read_strict("call", call)?, place_of("size", size)?) };
        let text = encode(&read(&call).map_err(|error| error.within("call"))?);
        let needed = text.len() as u32 + 1;
        // SAFETY: not NULL; the header's contract.
        let room = unsafe { size.replace(needed) };
        let buffer = place_of("buffer", buffer)?;
        range("size", room, needed..=u32::MAX)?;
        // SAFETY: there is room for the text and its NUL.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
            buffer.add(text.len()).write(0);
        }
        Ok(())
    })
}

/// Reads the payload of a push notification about a call.
///
/// With it a call can be answered before login: put account, channel_id and request_id into a
/// nertc_callkit_call_ref with NERTC_CALLKIT_CALL_REF_WAIT, and pass it to accept or reject.
/// Reads at most 4096 bytes of `text`.
///
/// @param text  The payload; untrusted. Not NULL.
/// @param out   Initialised with NERTC_CALLKIT_PUSH_CALL_INIT; unchanged if the result is not
///              OK. Not NULL.
/// @return      OK. INVALID_ARGUMENT: NULL, or not a payload of push_encode: foreign, truncated,
///              too long. UNSUPPORTED: a later version of the format.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_push_decode(
    text: *const c_char,
    out: *mut nertc_callkit_push_call,
) -> nertc_callkit_status {
    guard("push_decode", || {
        // SAFETY: the header's contract.
        let text = unsafe { bytes(text, READ) }.ok_or(Error::invalid("text", Problem::Missing))?;
        if text.len() == READ {
            return Err(Error::invalid("text", Problem::TooLong { limit: READ - 1 }));
        }
        let call = decode(text)?;
        // SAFETY: the header's contract.
        unsafe { write_prefix("out", out, &shown(&call)) }
    })
}

/// How far a text is looked at.
const READ: usize = 4096;
/// What every version of the format begins with; a number and a colon follow.
const NAME: &[u8] = b"nck";
const VERSION: u32 = 1;
/// Call type, sent_ms and ring_left_ms.
const NUMBERS: usize = 1 + 8 + 4;

/// A push as a value.
#[derive(Debug, PartialEq, Eq)]
struct PushCall {
    call_type: CallType,
    sent_ms: u64,
    ring_left_ms: u32,
    /// In the order of `FIELDS`.
    texts: [String; 5],
}

/// The texts, and whether one may be empty.
const FIELDS: [(&str, bool); 5] = [
    ("to_account", false),
    ("from_account", false),
    ("from_device", true),
    ("channel_id", false),
    ("request_id", false),
];

fn read(c: &nertc_callkit_push_call) -> Result<PushCall, Error> {
    flags("flags", c.flags, 0)?;
    if c.reserved != [0; 3] {
        return Err(Error::because("reserved", "must be 0"));
    }
    let given = [&c.to_account, &c.from_account, &c.from_device, &c.channel_id, &c.request_id];
    let mut texts: [String; 5] = Default::default();
    for ((text, (field, optional)), array) in texts.iter_mut().zip(FIELDS).zip(given) {
        *text = text_of(field, optional, array)?;
    }
    Ok(PushCall {
        call_type: call_type("call_type", c.call_type)?,
        sent_ms: c.sent_ms,
        ring_left_ms: range("ring_left_ms", c.ring_left_ms, 0..=*limits::RING_MS.end())?,
        texts,
    })
}

/// A text in an array of a struct.
fn text_of(field: &'static str, optional: bool, array: &[c_char; 65]) -> Result<String, Error> {
    let bytes: Vec<u8> = array.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect();
    if bytes.len() == array.len() {
        return Err(Error::invalid(field, Problem::TooLong { limit: limits::ID }));
    }
    if bytes.is_empty() && !optional {
        return Err(Error::invalid(field, Problem::Missing));
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid(field, Problem::NotUtf8))
}

fn shown(call: &PushCall) -> nertc_callkit_push_call {
    // SAFETY: numbers and bytes; all-zero is a value of it.
    let mut c: nertc_callkit_push_call = unsafe { std::mem::zeroed() };
    c.struct_size = size_of::<nertc_callkit_push_call>() as u32;
    c.call_type = call.call_type.number();
    c.sent_ms = call.sent_ms;
    c.ring_left_ms = call.ring_left_ms;
    let places =
        [&mut c.to_account, &mut c.from_account, &mut c.from_device, &mut c.channel_id, &mut c.request_id];
    for (place, text) in places.into_iter().zip(&call.texts) {
        fill(place, text);
    }
    c
}

fn encode(call: &PushCall) -> String {
    let mut body = vec![call.call_type.number() as u8];
    body.extend(call.sent_ms.to_be_bytes());
    body.extend(call.ring_left_ms.to_be_bytes());
    for text in &call.texts {
        body.push(text.len() as u8);
        body.extend(text.as_bytes());
    }
    let text = format!("nck{VERSION}:{}", URL_SAFE_NO_PAD.encode(body));
    debug_assert!(text.len() < NERTC_CALLKIT_PUSH_SIZE as usize, "the header says how long it gets");
    text
}

fn decode(text: &[u8]) -> Result<PushCall, Error> {
    let foreign = || Error::because("text", "nothing that push_encode writes");
    let rest = text.strip_prefix(NAME).ok_or_else(foreign)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (version, rest) = rest.split_at(digits);
    let encoded = rest.strip_prefix(b":").ok_or_else(foreign)?;
    match version {
        b"1" => {}
        [b'1'..=b'9', ..] if digits <= 9 => {
            let version = String::from_utf8_lossy(version);
            return Err(Error::not_here(
                "text",
                format!("format {version}, which is newer than this library"),
            ));
        }
        _ => return Err(foreign()),
    }
    let body = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| foreign())?;
    parse(&body).ok_or_else(foreign)
}

fn parse(body: &[u8]) -> Option<PushCall> {
    let (numbers, mut rest) = body.split_at_checked(NUMBERS)?;
    let call_type = match numbers[0] {
        1 => CallType::Audio,
        2 => CallType::Video,
        _ => return None,
    };
    let sent_ms = u64::from_be_bytes(numbers[1..9].try_into().ok()?);
    let ring_left_ms = u32::from_be_bytes(numbers[9..].try_into().ok()?);
    let mut texts: [String; 5] = Default::default();
    for (text, (_, optional)) in texts.iter_mut().zip(FIELDS) {
        let (length, after) = rest.split_first()?;
        let (bytes, after) = after.split_at_checked(usize::from(*length))?;
        let is_possible = bytes.len() <= limits::ID && !bytes.contains(&0) && (optional || !bytes.is_empty());
        *text = String::from_utf8(bytes.to_vec()).ok().filter(|_| is_possible)?;
        rest = after;
    }
    let is_whole = rest.is_empty() && ring_left_ms <= *limits::RING_MS.end();
    is_whole.then_some(PushCall { call_type, sent_ms, ring_left_ms, texts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(texts: [&str; 5]) -> PushCall {
        PushCall {
            call_type: CallType::Video,
            sent_ms: 1_800_000_000_000,
            ring_left_ms: 30_000,
            texts: texts.map(str::to_owned),
        }
    }

    fn is_foreign(text: &[u8]) -> bool {
        matches!(decode(text), Err(Error::InvalidArgument(_)))
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let call = call(["bob", "al\u{ef}ce\n", "", "channel", "request"]);
        let text = encode(&call);
        assert_eq!(text, "nck1:AgAAAaMYXFAAAAB1MANib2IHYWzDr2NlCgAHY2hhbm5lbAdyZXF1ZXN0");
        assert_eq!(decode(text.as_bytes()), Ok(call));
    }

    #[test]
    fn the_longest_push_fits_the_documented_size() {
        let long = "\u{4f60}".repeat(21) + "x";
        let text = encode(&call([&long; 5]));
        assert!(text.len() < NERTC_CALLKIT_PUSH_SIZE as usize, "{}", text.len());
        assert_eq!(decode(text.as_bytes()), Ok(call([&long; 5])));
    }

    #[test]
    fn a_push_that_is_cut_or_grew_is_none() {
        let text = encode(&call(["bob", "alice", "phone", "channel", "request"]));
        for length in 0..text.len() {
            assert!(is_foreign(&text.as_bytes()[..length]), "{length}");
        }
        for tail in ["A", "AA", "AAA", "AAAA", "=", " ", "\n"] {
            assert!(is_foreign((text.clone() + tail).as_bytes()), "{tail:?}");
        }
    }

    #[test]
    fn only_a_later_version_is_one() {
        for version in ["2", "10", "999999999"] {
            let later = decode(format!("nck{version}:whatever it is").as_bytes());
            assert!(matches!(later, Err(Error::NotHere(_))), "{version}");
        }
        for text in ["", "nck", "nck1", "nck:", "nck0:", "nck01:", "nck-1:", "nck1000000000:", "NCK1:", "{}"]
        {
            assert!(is_foreign(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_push_of_impossible_parts_is_none() {
        let good = ["bob", "alice", "", "channel", "request"];
        let with = |at: usize, text: &str| {
            let mut texts = good;
            texts[at] = text;
            encode(&call(texts))
        };
        let long = "x".repeat(65);
        for (at, text) in [(0, ""), (1, ""), (3, ""), (4, ""), (2, &*long), (0, "a\0b")] {
            assert!(is_foreign(with(at, text).as_bytes()), "{at} {text:?}");
        }
        let late = PushCall { ring_left_ms: 120_001, ..call(good) };
        assert!(is_foreign(encode(&late).as_bytes()));
        assert!(is_foreign(encode(&PushCall { call_type: CallType::Other, ..call(good) }).as_bytes()));
    }
}
