//! Two peers, and a broker that delivers, drops, repeats, alters, reflects and invents their texts.

use nertc_callkit_media::Media;
use nertc_callkit_webrtc::peer::{Input, read_message, write_message};
use serde_json::{Value, json};

use super::super::bytes::Bytes;
use super::pair::{Pair, host};

/// More steps than this add nothing new and cost time.
const STEPS: usize = 200;
const KEYS: [&str; 18] = [
    "v", "t", "sid", "seq", "acc", "dev", "to", "re", "sdp", "z", "uid", "on", "muted", "c", "n", "sig",
    "ufrag", "cand",
];
const TYPES: [&str; 8] = ["offer", "answer", "cand", "restart", "media", "reveal", "bye", "other"];

/// One input.
pub fn run(data: &[u8]) {
    has_connected(data);
}

/// One input: whether both were connected at some moment.
pub fn has_connected(data: &[u8]) -> bool {
    let mut bytes = Bytes::new(data);
    let mode = bytes.byte();
    let mut pair = Pair::new(u64::from(mode & 3));
    let first = usize::from(mode >> 7);
    pair.input(first, Input::Join);
    if mode & 64 == 0 {
        pair.input(1 - first, Input::Join);
    }
    // What follows matters most to peers that know of each other.
    if mode & 32 == 0 {
        pair.pass(200, true);
    }
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        step(&mut pair, &mut bytes);
    }
    let has_connected = pair.sides.iter().all(|side| side.connected > 0);
    pair.close();
    has_connected
}

fn step(pair: &mut Pair, bytes: &mut Bytes<'_>) {
    match bytes.below(16) {
        0..=3 => {
            if let Some((to, text)) = pair.texts.pop_front() {
                pair.deliver(to, &text);
            }
        }
        4 => _ = pair.texts.pop_front(),
        5 => {
            // Again, to whoever it was for or to its sender.
            if let Some((from, text)) = sent(pair, bytes) {
                pair.deliver(if bytes.chance(64) { from } else { 1 - from }, &text);
            }
        }
        6..=9 => {
            if let Some((from, text)) = sent(pair, bytes) {
                let text = altered(&text, pair, bytes);
                read_and_write(&text);
                pair.deliver(1 - from, &text);
            }
        }
        10 => {
            let text = invented(pair, bytes);
            read_and_write(&text);
            pair.deliver(bytes.below(2), &text);
        }
        11 => {
            let text = String::from_utf8_lossy(bytes.take(200)).into_owned();
            read_and_write(&text);
            pair.deliver(bytes.below(2), &text);
        }
        12 | 13 => {
            let ms = [1, 60, 600, 2_100, 5_100, 31_000][bytes.below(6)];
            pair.pass(ms, bytes.flag());
        }
        14 => pair.send_sound(1 + bytes.below(4) as u64),
        _ => act(pair, bytes),
    }
}

/// What is read and written says the same.
fn read_and_write(text: &str) {
    if let Ok(message) = read_message(text)
        && let Some(written) = write_message(&message)
    {
        assert_eq!(read_message(&written), Ok(message), "{written}");
    }
}

fn sent(pair: &Pair, bytes: &mut Bytes<'_>) -> Option<(usize, String)> {
    // Mostly a late one.
    let back = bytes.seldom(32) + bytes.below(4);
    pair.sent.iter().rev().nth(back).or(pair.sent.last()).cloned()
}

/// What the app and its network do.
fn act(pair: &mut Pair, bytes: &mut Bytes<'_>) {
    let at = bytes.below(2);
    let side = &pair.sides[at];
    // Of now, or of something else.
    let (code, to_sign, to_verify) = (side.code.clone(), side.to_sign.clone(), side.to_verify.clone());
    let other = bytes.chance(32).then(|| bytes.take(8));
    let right = !bytes.chance(64);
    let input = match bytes.below(12) {
        0 => Input::Join,
        1 => Input::Enable { media: Media::AUDIO, on: right },
        2 => Input::Mute { media: Media::AUDIO, muted: right },
        3 | 4 => Input::Restart,
        5 => Input::Verdict { code: &code, right },
        6 => Input::PeerSignature { transcript: other.unwrap_or(&to_verify), right },
        7 => Input::Signature { transcript: other.unwrap_or(&to_sign), signature: bytes.take(64) },
        8 => Input::LocalAddressGone(side.address),
        9 => host(side.address),
        10 if bytes.chance(64) => Input::Leave,
        _ => Input::Timeout,
    };
    // Who signs has a signature: the driver never hands in an empty one.
    if !matches!(input, Input::Signature { signature: [], .. }) {
        pair.input(at, input);
    }
}

fn value(pair: &Pair, bytes: &mut Bytes<'_>) -> Value {
    match bytes.below(10) {
        0 => json!(bytes.number()),
        1 => json!(bytes.below(4)),
        2 => json!("A".repeat([1, 22, 43, 300, 3_000][bytes.below(5)])),
        3 => json!([]),
        4 => Value::Null,
        5 => json!(*bytes.pick(&TYPES)),
        6 => json!([candidate(bytes), candidate(bytes), 7]),
        7 => json!(vec![candidate(bytes); 40]),
        8 => json!(String::from_utf8_lossy(bytes.take(40))),
        // Of another text.
        _ => {
            let other = sent(pair, bytes).and_then(|(_, text)| serde_json::from_str::<Value>(&text).ok());
            other.map_or(Value::Null, |other| other[*bytes.pick(&KEYS)].clone())
        }
    }
}

fn candidate(bytes: &mut Bytes<'_>) -> String {
    let address = *bytes.pick(&[
        "10.0.0.1",
        "10.0.0.9",
        "192.0.2.7",
        "::1",
        "fe80::1",
        "x.local",
        "0.0.0.0",
        "224.0.0.1",
    ]);
    let (protocol, kind) =
        (*bytes.pick(&["udp", "UDP", "tcp", ""]), *bytes.pick(&["host", "srflx", "relay", "prflx", "x"]));
    let tail =
        *bytes.pick(&["", " raddr 10.0.0.3 rport 1", " raddr x rport 0", " ufrag abcd", " generation 0"]);
    format!(
        "candidate:{} 1 {protocol} {} {address} {} typ {kind}{tail}",
        bytes.below(9),
        bytes.number(),
        bytes.below(256) * 255
    )
}

/// A text with another value, without one, or with its SDP changed.
fn altered(text: &str, pair: &Pair, bytes: &mut Bytes<'_>) -> String {
    let Ok(mut object) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    for _ in 0..=bytes.seldom(4) {
        let key = *bytes.pick(&KEYS);
        match bytes.below(4) {
            0 => object[key] = value(pair, bytes),
            1 => _ = object.as_object_mut().and_then(|object| object.remove(key)),
            2 => {
                // The next one of the same kind, as a restart would be.
                let seq = object["seq"].as_u64().unwrap_or_default();
                object["seq"] = json!(seq.wrapping_add(1 + bytes.below(3) as u64));
            }
            _ => {
                let sdp = object["sdp"].as_str().map(str::to_owned);
                if let Some(sdp) = sdp {
                    object["sdp"] = json!(super::sdp::edited(&sdp, bytes));
                }
            }
        }
    }
    object.to_string()
}

/// A text that nobody has sent.
fn invented(pair: &Pair, bytes: &mut Bytes<'_>) -> String {
    let (_, known) = sent(pair, bytes).unwrap_or((0, String::from("{}")));
    let known: Value = serde_json::from_str(&known).unwrap_or_default();
    let sid = if bytes.chance(64) { json!("ab".repeat(16)) } else { known["sid"].clone() };
    let mut object = json!({"v": 1, "t": *bytes.pick(&TYPES), "sid": sid, "seq": 1 + bytes.below(40)});
    for key in &KEYS[4..] {
        if bytes.chance(100) {
            object[*key] = value(pair, bytes);
        }
    }
    object.to_string()
}
