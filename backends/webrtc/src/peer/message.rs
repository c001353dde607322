//! The texts that two peers exchange over signaling: JSON objects with limits, checked before anything else
//! looks at them.
//!
//! Each has `v` (1), `t`, `sid` (32 hexadecimal digits, drawn by the inviter) and `seq` (the sender's count,
//! from 1). An unknown `v` or `t` is dropped, unknown keys are ignored.
//!
//! | `t` | from | further keys |
//! | --- | --- | --- |
//! | `offer` | inviter | `c` (commitment), and a description as below |
//! | `answer` | callee | `re` (`seq` of the offer), `n` (nonce), and a description |
//! | `cand` | both | `ufrag` (of the description), `cand` (array of candidates as in SDP) |
//! | `restart` | callee | |
//! | `media` | both | `on`, `muted` (bits: 1 audio, 2 video) |
//! | `reveal` | both | `n` (the inviter's nonce), `sig` (signature of the sender's app) |
//! | `bye` | both | |
//!
//! A description is `sdp`, or `z` (deflated, base64url); `uid`, `on`, `muted`; and, where they are known,
//! `acc` and `dev` (own account and device) and `to` (account of the other side).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use nertc_callkit_media::Media;
use serde_json::{Map, Value, json};

/// Version of these texts; another one is not read.
const VERSION: u64 = 1;
/// Bytes of a text: what the core's CONTROL carries, 4096, less its envelope.
pub const TEXT_LIMIT: usize = 4000;
/// Bytes of a session description, inflated.
pub(super) const SDP_LIMIT: usize = 16 * 1024;
/// Candidates in one text.
pub(super) const CANDIDATES_LIMIT: usize = 32;
/// Bytes of one candidate.
const CANDIDATE_LIMIT: usize = 256;
/// Bytes of an account or device.
const NAME_LIMIT: usize = 64;
/// Bytes of the app's signature.
pub const SIGNATURE_LIMIT: usize = 512;
/// Effort of deflate: the best that miniz_oxide has.
const DEFLATE_LEVEL: u8 = 9;

/// Names the negotiation of one media connection. Drawn by the side that offers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid(pub [u8; 16]);

/// 32 lower-case hexadecimal digits.
impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Sid {
    fn read(text: &str) -> Option<Sid> {
        let mut sid = Sid([0; 16]);
        let digits = text.as_bytes();
        let is_digit = |digit: &u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(digit);
        if digits.len() != 32 || !digits.iter().all(is_digit) {
            return None;
        }
        for (byte, pair) in sid.0.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(sid)
    }
}

/// What a side sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MediaState {
    /// Devices that are open.
    pub on: Media,
    /// Devices that are muted: they stay open and send silence, which RTP does not show.
    pub muted: Media,
}

/// One of the two devices. Empty names are not known.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// Account.
    pub account: String,
    /// Device.
    pub device: String,
}

/// Without its names.
impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").finish_non_exhaustive()
    }
}

/// Session description of one side.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// Who describes itself.
    pub from: Party,
    /// Account that it believes to talk to.
    pub to: String,
    /// As SDP.
    pub sdp: String,
    /// The sender's uid in the media room.
    pub uid: u64,
    /// What it sends.
    pub media: MediaState,
}

/// Without its names, and without its SDP, which has addresses and passwords.
impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Description");
        shown.field("sdp", &self.sdp.len()).field("uid", &self.uid).field("media", &self.media);
        shown.finish_non_exhaustive()
    }
}

/// One text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which connection it is about.
    pub sid: Sid,
    /// Number of the text among its sender's; a repeated text has the number that it had.
    pub seq: u32,
    /// What it says.
    pub body: Body,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The inviter's description.
    Offer {
        /// Its description.
        description: Description,
        /// Commitment to its nonce and fingerprint; `None` from a peer without security code.
        commitment: Option<[u8; 32]>,
    },
    /// The callee's description.
    Answer {
        /// `seq` of the offer.
        to: u32,
        /// Its description.
        description: Description,
        /// Its nonce; `None` from a peer without security code.
        nonce: Option<[u8; 16]>,
    },
    /// More candidates of a description.
    Candidates {
        /// Of the description with this name fragment; empty = the latest.
        ufrag: String,
        /// As in SDP, without `a=`.
        candidates: Vec<String>,
    },
    /// The callee asks for an offer with an ICE restart.
    Restart,
    /// What the sender sends has changed.
    Media(MediaState),
    /// What the commitment was made with, and the app's signature over both fingerprints.
    Reveal {
        /// The inviter's nonce.
        nonce: Option<[u8; 16]>,
        /// Signature of the sender's app.
        signature: Option<Vec<u8>>,
    },
    /// The sender leaves.
    Bye,
}

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// Longer than the limit.
    TooLong,
    /// No JSON object.
    NotAnObject,
    /// Of another version of the protocol.
    Version,
    /// Says something that this version does not know.
    Type,
    /// This key is missing, of another type or out of its range.
    Key(&'static str),
}

/// Reads a text.
///
/// # Errors
/// It is not one of ours, or a value is out of its range.
pub fn read(text: &str) -> Result<Message, Unreadable> {
    if text.len() > TEXT_LIMIT {
        return Err(Unreadable::TooLong);
    }
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Err(Unreadable::NotAnObject) };
    if object.get("v").and_then(Value::as_u64) != Some(VERSION) {
        return Err(Unreadable::Version);
    }
    let read_body = match object.get("t").and_then(Value::as_str) {
        Some("offer") => read_offer,
        Some("answer") => read_answer,
        Some("cand") => read_candidates,
        Some("restart") => |_: &Map<String, Value>| Ok(Body::Restart),
        Some("media") => |object: &Map<String, Value>| read_media(object).map(Body::Media),
        Some("reveal") => read_reveal,
        Some("bye") => |_: &Map<String, Value>| Ok(Body::Bye),
        _ => return Err(Unreadable::Type),
    };
    let sid = object.get("sid").and_then(Value::as_str).and_then(Sid::read).ok_or(Unreadable::Key("sid"))?;
    Ok(Message { sid, seq: read_seq(&object, "seq")?, body: read_body(&object)? })
}

type Object = Map<String, Value>;

fn read_seq(object: &Object, key: &'static str) -> Result<u32, Unreadable> {
    let number = object.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    number.filter(|number| (1..=i32::MAX as u32).contains(number)).ok_or(Unreadable::Key(key))
}

fn read_offer(object: &Object) -> Result<Body, Unreadable> {
    Ok(Body::Offer { description: read_description(object)?, commitment: read_array(object, "c")? })
}

fn read_answer(object: &Object) -> Result<Body, Unreadable> {
    let (to, nonce) = (read_seq(object, "re")?, read_array(object, "n")?);
    Ok(Body::Answer { to, description: read_description(object)?, nonce })
}

fn read_description(object: &Object) -> Result<Description, Unreadable> {
    let uid = match object.get("uid") {
        None => 0,
        Some(uid) => uid.as_i64().and_then(|uid| u64::try_from(uid).ok()).ok_or(Unreadable::Key("uid"))?,
    };
    let sdp = match (object.get("sdp"), object.get("z")) {
        (Some(sdp), _) => sdp.as_str().map(str::to_owned).ok_or(Unreadable::Key("sdp"))?,
        (None, Some(deflated)) => inflate(deflated).ok_or(Unreadable::Key("z"))?,
        (None, None) => return Err(Unreadable::Key("sdp")),
    };
    let from = Party { account: read_name(object, "acc")?, device: read_name(object, "dev")? };
    Ok(Description { from, to: read_name(object, "to")?, sdp, uid, media: read_media(object)? })
}

fn read_name(object: &Object, key: &'static str) -> Result<String, Unreadable> {
    let Some(name) = object.get(key) else { return Ok(String::new()) };
    let name = name.as_str().filter(|name| name.len() <= NAME_LIMIT).ok_or(Unreadable::Key(key))?;
    Ok(name.to_owned())
}

/// At most `SDP_LIMIT` bytes come out, however small the text is.
fn inflate(deflated: &Value) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(deflated.as_str()?).ok()?;
    String::from_utf8(decompress_to_vec_with_limit(&bytes, SDP_LIMIT).ok()?).ok()
}

fn read_media(object: &Object) -> Result<MediaState, Unreadable> {
    let bits = |key| match object.get(key) {
        None => Ok(Media::NONE),
        // Unknown bits are of later versions.
        Some(bits) => bits.as_u64().map(|bits| Media::of(bits as u32)).ok_or(Unreadable::Key(key)),
    };
    Ok(MediaState { on: bits("on")?, muted: bits("muted")? })
}

fn read_candidates(object: &Object) -> Result<Body, Unreadable> {
    let ufrag = match object.get("ufrag") {
        None => "",
        Some(ufrag) => ufrag.as_str().filter(|it| it.len() <= 256).ok_or(Unreadable::Key("ufrag"))?,
    };
    let array = object.get("cand").and_then(Value::as_array).ok_or(Unreadable::Key("cand"))?;
    // What is no candidate is ignored: others of the batch may be.
    let texts = array.iter().filter_map(Value::as_str).filter(|text| text.len() <= CANDIDATE_LIMIT);
    let candidates = texts.take(CANDIDATES_LIMIT).map(str::to_owned).collect();
    Ok(Body::Candidates { ufrag: ufrag.to_owned(), candidates })
}

fn read_reveal(object: &Object) -> Result<Body, Unreadable> {
    let bytes = read_bytes(object, "sig")?;
    let signature = match bytes {
        Some(bytes) if bytes.is_empty() || bytes.len() > SIGNATURE_LIMIT => {
            return Err(Unreadable::Key("sig"));
        }
        other => other,
    };
    Ok(Body::Reveal { nonce: read_array(object, "n")?, signature })
}

fn read_bytes(object: &Object, key: &'static str) -> Result<Option<Vec<u8>>, Unreadable> {
    let Some(text) = object.get(key) else { return Ok(None) };
    let bytes = text.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes.map(Some).ok_or(Unreadable::Key(key))
}

fn read_array<const N: usize>(object: &Object, key: &'static str) -> Result<Option<[u8; N]>, Unreadable> {
    let Some(bytes) = read_bytes(object, key)? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| Unreadable::Key(key))
}

/// The text of a message; `None` = its description is too long even when deflated.
pub fn write(message: &Message) -> Option<String> {
    let mut object = Map::new();
    let (name, description) = match &message.body {
        Body::Offer { description, commitment } => {
            put_bytes(&mut object, "c", commitment.as_ref().map(<[u8; 32]>::as_slice));
            ("offer", Some(description))
        }
        Body::Answer { to, description, nonce } => {
            object.insert("re".to_owned(), json!(to));
            put_bytes(&mut object, "n", nonce.as_ref().map(<[u8; 16]>::as_slice));
            ("answer", Some(description))
        }
        Body::Candidates { ufrag, candidates } => {
            object.insert("ufrag".to_owned(), json!(ufrag));
            object.insert("cand".to_owned(), json!(candidates));
            ("cand", None)
        }
        Body::Restart => ("restart", None),
        Body::Media(media) => {
            put_media(&mut object, *media);
            ("media", None)
        }
        Body::Reveal { nonce, signature } => {
            put_bytes(&mut object, "n", nonce.as_ref().map(<[u8; 16]>::as_slice));
            put_bytes(&mut object, "sig", signature.as_deref());
            ("reveal", None)
        }
        Body::Bye => ("bye", None),
    };
    object.insert("v".to_owned(), json!(VERSION));
    object.insert("t".to_owned(), json!(name));
    object.insert("sid".to_owned(), json!(message.sid.to_string()));
    object.insert("seq".to_owned(), json!(message.seq));
    if let Some(description) = description {
        object.insert("uid".to_owned(), json!(description.uid));
        put_media(&mut object, description.media);
        let Description { from: Party { account, device }, to, .. } = description;
        for (key, name) in [("acc", account), ("dev", device), ("to", to)] {
            if !name.is_empty() {
                object.insert(key.to_owned(), json!(name));
            }
        }
        object.insert("sdp".to_owned(), json!(description.sdp));
    }
    let fits = |text: &String| text.len() <= TEXT_LIMIT;
    let plain = Value::Object(object);
    let text = plain.to_string();
    if fits(&text) {
        return Some(text);
    }
    let Value::Object(mut object) = plain else { return None };
    let Some(Value::String(sdp)) = object.remove("sdp") else { return None };
    let deflated = URL_SAFE_NO_PAD.encode(compress_to_vec(sdp.as_bytes(), DEFLATE_LEVEL));
    object.insert("z".to_owned(), Value::String(deflated));
    Some(Value::Object(object).to_string()).filter(fits)
}

fn put_bytes(object: &mut Object, key: &str, bytes: Option<&[u8]>) {
    if let Some(bytes) = bytes {
        object.insert(key.to_owned(), Value::String(URL_SAFE_NO_PAD.encode(bytes)));
    }
}

fn put_media(object: &mut Object, media: MediaState) {
    object.insert("on".to_owned(), json!(media.on.bits()));
    object.insert("muted".to_owned(), json!(media.muted.bits()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: Sid = Sid([0xab; 16]);

    fn message(body: Body) -> Message {
        Message { sid: SID, seq: 7, body }
    }

    fn description(sdp: &str) -> Description {
        Description {
            from: Party { account: "alice".to_owned(), device: "phone".to_owned() },
            to: "b".repeat(NAME_LIMIT),
            sdp: sdp.to_owned(),
            uid: i64::MAX as u64,
            media: MediaState { on: Media::AUDIO | Media::VIDEO, muted: Media::AUDIO },
        }
    }

    fn all_bodies() -> Vec<Body> {
        vec![
            Body::Offer { description: description("v=0\r\n"), commitment: Some([1; 32]) },
            Body::Offer { description: description("v=0\r\n"), commitment: None },
            Body::Answer { to: 1, description: description("v=0\r\n"), nonce: Some([2; 16]) },
            Body::Candidates { ufrag: "abcd".to_owned(), candidates: vec!["candidate:1".to_owned()] },
            Body::Restart,
            Body::Media(MediaState { on: Media::AUDIO, muted: Media::VIDEO }),
            Body::Reveal { nonce: Some([3; 16]), signature: Some(vec![4; SIGNATURE_LIMIT]) },
            Body::Bye,
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        for body in all_bodies() {
            let text = write(&message(body.clone())).expect("a text");
            assert_eq!(read(&text), Ok(message(body)), "{text}");
        }
    }

    #[test]
    fn no_cut_text_is_read() {
        for body in all_bodies() {
            let text = write(&message(body)).expect("a text");
            for end in 0..text.len() {
                assert!(read(&text[..end]).is_err(), "{}", &text[..end]);
            }
        }
    }

    #[test]
    fn long_descriptions_are_deflated() {
        let line = |at: u32| format!("a=candidate:{at} 1 udp 2130706431 192.0.2.{at} 5000 typ host\r\n");
        let sdp: String = (0..100).map(line).collect();
        let body = Body::Offer { description: description(&sdp), commitment: None };
        let text = write(&message(body.clone())).expect("a text");
        assert!(text.contains("\"z\":") && !text.contains("candidate") && text.len() <= TEXT_LIMIT);
        assert_eq!(read(&text), Ok(message(body)));
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let mut generator = crate::crypto::Generator::new(nertc_callkit_ids::IdGenerator::test_seed(1));
        let body = Body::Offer { description: description(&generator.letters(6000)), commitment: None };
        assert_eq!(write(&message(body)), None);
        let candidates = vec!["candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host".to_owned(); 200];
        assert_eq!(write(&message(Body::Candidates { ufrag: String::new(), candidates })), None);
    }

    #[test]
    fn a_zip_bomb_is_refused() {
        let bomb = |length: usize| URL_SAFE_NO_PAD.encode(compress_to_vec(&vec![b' '; length], 9));
        let offer = |z: &str| format!(r#"{{"v":1,"t":"offer","sid":"{SID}","seq":1,"z":"{z}"}}"#);
        let text = offer(&bomb(2_000_000));
        assert!(text.len() < TEXT_LIMIT, "{}", text.len());
        assert_eq!(read(&text), Err(Unreadable::Key("z")));
        assert_eq!(read(&offer(&bomb(SDP_LIMIT + 1))), Err(Unreadable::Key("z")));
        assert!(read(&offer(&bomb(SDP_LIMIT))).is_ok());
        assert_eq!(read(&offer("!")), Err(Unreadable::Key("z")));
        assert_eq!(read(&offer("AAAA")), Err(Unreadable::Key("z")));
        // Not UTF-8.
        assert_eq!(
            read(&offer(&URL_SAFE_NO_PAD.encode(compress_to_vec(&[0xff], 9)))),
            Err(Unreadable::Key("z"))
        );
    }

    #[test]
    fn other_texts_are_refused_with_a_reason() {
        let with = |rest: &str| format!(r#"{{"v":1,"sid":"{SID}","seq":1,{rest}}}"#);
        let rows = [
            (String::new(), Unreadable::NotAnObject),
            ("[]".to_owned(), Unreadable::NotAnObject),
            ("[".repeat(4000), Unreadable::NotAnObject),
            (" ".repeat(TEXT_LIMIT + 1), Unreadable::TooLong),
            (r#"{"v":2,"t":"bye"}"#.to_owned(), Unreadable::Version),
            (r#"{"v":"1","t":"bye"}"#.to_owned(), Unreadable::Version),
            (with(r#""t":"dance""#), Unreadable::Type),
            (with(r#""t":7"#), Unreadable::Type),
            (r#"{"v":1,"t":"bye","seq":1}"#.to_owned(), Unreadable::Key("sid")),
            (
                r#"{"v":1,"t":"bye","seq":1,"sid":"ABABABABABABABABABABABABABABABAB"}"#.to_owned(),
                Unreadable::Key("sid"),
            ),
            (
                r#"{"v":1,"t":"bye","seq":1,"sid":"+babababababababababababababababa"}"#.to_owned(),
                Unreadable::Key("sid"),
            ),
            (format!(r#"{{"v":1,"t":"bye","sid":"{SID}","seq":0}}"#), Unreadable::Key("seq")),
            (format!(r#"{{"v":1,"t":"bye","sid":"{SID}","seq":-1}}"#), Unreadable::Key("seq")),
            (format!(r#"{{"v":1,"t":"bye","sid":"{SID}","seq":2147483648}}"#), Unreadable::Key("seq")),
            (format!(r#"{{"v":1,"t":"bye","sid":"{SID}","seq":1.5}}"#), Unreadable::Key("seq")),
            (with(r#""t":"offer""#), Unreadable::Key("sdp")),
            (with(r#""t":"offer","sdp":1"#), Unreadable::Key("sdp")),
            (with(r#""t":"offer","sdp":"","c":"AA""#), Unreadable::Key("c")),
            (with(r#""t":"offer","sdp":"","uid":-1"#), Unreadable::Key("uid")),
            (with(r#""t":"offer","sdp":"","uid":9223372036854775808"#), Unreadable::Key("uid")),
            (with(r#""t":"answer","sdp":"""#), Unreadable::Key("re")),
            (with(r#""t":"answer","re":1,"sdp":"","n":7"#), Unreadable::Key("n")),
            (with(r#""t":"offer","sdp":"","acc":7"#), Unreadable::Key("acc")),
            (with(&format!(r#""t":"offer","sdp":"","to":"{}""#, "b".repeat(65))), Unreadable::Key("to")),
            (with(r#""t":"media","on":"1""#), Unreadable::Key("on")),
            (with(r#""t":"cand""#), Unreadable::Key("cand")),
            (with(r#""t":"reveal","sig":"""#), Unreadable::Key("sig")),
        ];
        for (text, reason) in rows {
            assert_eq!(read(&text), Err(reason), "{text}");
        }
    }

    #[test]
    fn unknown_keys_and_bits_are_ignored() {
        let text = format!(r#"{{"v":1,"t":"media","sid":"{SID}","seq":1,"on":13,"new":[{{}}]}}"#);
        let media = MediaState { on: Media::AUDIO, muted: Media::NONE };
        assert_eq!(read(&text), Ok(Message { sid: SID, seq: 1, body: Body::Media(media) }));
    }

    #[test]
    fn candidates_are_counted_and_measured() {
        let text =
            |list: &[&str]| format!(r#"{{"v":1,"t":"cand","sid":"{SID}","seq":1,"cand":{}}}"#, json!(list));
        let count = |list: &[&str]| {
            let Ok(Message { body: Body::Candidates { candidates, .. }, .. }) = read(&text(list)) else {
                panic!("no candidates");
            };
            candidates.len()
        };
        assert_eq!(count(&["candidate:1"; 100]), CANDIDATES_LIMIT);
        assert_eq!(count(&[&"c".repeat(CANDIDATE_LIMIT + 1), "candidate:1"]), 1);
        assert_eq!(count(&[]), 0);
    }
}
