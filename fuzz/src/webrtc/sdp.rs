//! Descriptions: ours and a browser's, with lines changed, cut and multiplied.

use nertc_callkit_webrtc::peer::{Body, Input, Output, Role, read_message, read_sdp};
use serde_json::json;

use super::super::bytes::{Bytes, cut};
use super::pair::{START, peer};

/// What a browser offers, shortened.
const BROWSER: &str = "\
    v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\n\
    c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=ice-options:trickle\r\na=fingerprint:sha-256 \
    01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF\r\n\
    a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
    a=rtpmap:63 red/48000/2\r\na=ssrc:1001 cname:x\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
    c=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";

/// Values and lines that mean something.
const LINES: [&str; 24] = [
    "a=ice-lite",
    "a=setup:passive",
    "a=setup:holdconn",
    "a=ice-ufrag:",
    "a=ice-ufrag:abc",
    "a=ice-pwd:short",
    "a=fingerprint:sha-1 00:11",
    "a=mid:",
    "a=mid:audio",
    "a=mid:0",
    "a=group:BUNDLE",
    "a=group:BUNDLE audio 0 1",
    "m=audio 0 UDP/TLS/RTP/SAVPF 111",
    "m=audio 9 RTP/AVP 0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=inactive",
    "a=sendonly",
    "a=rtpmap:111 OPUS/48000/2",
    "a=rtpmap:300 opus/48000/2",
    "a=ssrc:0 cname:x",
    "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=candidate:",
    "a=candidate:1 1 udp 1 x.local 1 typ host",
    "a=end-of-candidates",
];

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let address = "10.0.0.2:5000".parse().expect("an address");
    let mut callee = peer(Role::Callee, 7, address);
    callee.handle(START, Input::Join);
    let mut text = BROWSER.to_owned();
    for seq in 1..=1 + bytes.seldom(4) {
        text = edited(&text, &mut bytes);
        let read = read_sdp(&text, bytes.flag());
        if let Ok(remote) = &read {
            assert!(remote.candidates.len() <= 32 && (4..=256).contains(&remote.ufrag.len()), "{remote:?}");
        }
        let offer = json!({"v": 1, "t": "offer", "sid": "ab".repeat(16), "seq": seq, "sdp": text});
        callee.handle(START, Input::Text(&offer.to_string()));
        let outputs: Vec<Output> = std::iter::from_fn(|| callee.poll_output()).collect();
        for output in &outputs {
            let Output::Text(answer) = output else { continue };
            let Ok(message) = read_message(answer) else { panic!("{answer}") };
            let Body::Answer { description, .. } = message.body else { continue };
            assert!(read.is_ok() || seq > 1, "an answer to what cannot be read: {text}");
            read_sdp(&description.sdp, true).unwrap_or_else(|why| panic!("{why:?}: {}", description.sdp));
        }
    }
}

/// The text with some of its lines changed.
pub(super) fn edited(text: &str, bytes: &mut Bytes<'_>) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..=bytes.below(4) {
        if lines.is_empty() {
            break;
        }
        let (at, other) = (bytes.below(lines.len()), bytes.below(lines.len()));
        match bytes.below(10) {
            0 => _ = lines.remove(at),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines.insert(at, format!("{}\r\n", bytes.pick(&LINES))),
            4 => lines[at] = format!("{}\r\n", bytes.pick(&LINES)),
            5 => {
                let many = vec![lines[at].clone(); [2, 33, 256, 1_001][bytes.below(4)]];
                lines.splice(at..at, many);
            }
            6 => cut(&mut lines[at], other),
            7 => {
                let tail = String::from_utf8_lossy(bytes.take(24)).into_owned();
                let keep = lines[at].find([':', ' ', '=']).map_or(0, |place| place + 1);
                lines[at].truncate(keep);
                lines[at] += &format!("{tail}\r\n");
            }
            8 => lines[at] = lines[at].replace("\r\n", "\n"),
            _ => {
                lines.truncate(at);
            }
        }
    }
    lines.concat()
}
