use super::*;

const FINGERPRINT: &str =
    "45:AD:5C:82:F8:BE:B5:2A:D1:74:A6:16:D0:50:CD:86:9C:97:9D:BD:06:8C:C9:85:C9:CD:AB:2B:A8:56:03:CD";

/// As Chromium offers sound and pictures, shortened.
fn chromium() -> String {
    let lines = [
        "v=0",
        "o=- 6564425948916445306 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS 9ce81ef6-c7cb-4da5-8f5f-3e7cc9b5f9b0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0",
        "a=candidate:2 1 udp 2130706431 4d6e5f7a.local 5000 typ host",
        "a=ice-ufrag:EEtu",
        "a=ice-pwd:4d64pT3T1xfwbZvi9fQKjoPb",
        "a=ice-options:trickle",
        &format!("a=fingerprint:sha-256 {FINGERPRINT}"),
        "a=setup:actpass",
        "a=mid:0",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=sendrecv",
        "a=msid:9ce81ef6-c7cb-4da5-8f5f-3e7cc9b5f9b0 a6a1",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtpmap:111 opus/48000/2",
        "a=rtcp-fb:111 transport-cc",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:63 red/48000/2",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:126 telephone-event/8000",
        "a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=sendrecv",
        "a=rtpmap:96 VP8/90000",
    ];
    lines.map(|line| format!("{line}\r\n")).concat()
}

#[test]
fn a_browsers_offer_is_read() {
    let remote = read(&chromium(), false).expect("usable");
    assert_eq!((&*remote.ufrag, remote.fingerprint[0], remote.candidates.len()), ("EEtu", 0x45, 1));
    assert_eq!(format_fingerprint(&remote.fingerprint), FINGERPRINT);
    assert_eq!(remote.password, "4d64pT3T1xfwbZvi9fQKjoPb");
    assert_eq!((remote.ssrc, remote.is_dtls_server), (Some(3_570_614_608), false));
    let audio = Audio {
        mid: "0".to_owned(),
        payload_type: 111,
        direction: Direction::SendRecv,
        reports_transport: true,
        extensions: vec![(3, Extension::TransportSequenceNumber), (4, Extension::RtpMid)],
    };
    assert_eq!(remote.audio, audio);
}

#[test]
fn who_begins_dtls_is_what_the_peer_says() {
    for (setup, is_server) in [("actpass", false), ("active", false), ("passive", true)] {
        let remote = read(&chromium().replacen("actpass", setup, 1), false).expect("usable");
        assert_eq!(remote.is_dtls_server, is_server, "{setup}");
    }
}

#[test]
fn lines_may_end_without_carriage_return() {
    let unix = read(&chromium().replace("\r\n", "\n"), false);
    assert_eq!(unix, read(&chromium(), false));
}

#[test]
fn other_lines_are_refused_where_they_stand() {
    let audio_last = chromium().replacen(
        "m=audio",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\nm=audio",
        1,
    );
    let remote = read(&audio_last, false).expect("usable");
    let answer = complete_answer("v=0\r\nm=audio 9 X\r\na=mid:0\r\n", &remote);
    let heads: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(heads, ["m=application 0 UDP/DTLS/SCTP 0", "m=audio 9 X", "m=video 0 UDP/TLS/RTP/SAVPF 0"]);
    let mids: Vec<&str> = answer.lines().filter(|line| line.starts_with("a=mid")).collect();
    assert_eq!(mids, ["a=mid:d", "a=mid:0", "a=mid:1"]);
}

/// Every cut: refused, or complete enough to be used; never a panic.
#[test]
fn cut_descriptions_are_refused() {
    let whole = chromium();
    for end in 0..whole.len() {
        let result = read(&whole[..end], false);
        if !whole[..end].ends_with('\n') {
            assert_eq!(result, Err(Refused::Cut), "{end}");
        }
        if end < whole.find("a=rtpmap:111").expect("a line") {
            assert!(result.is_err(), "{}", &whole[..end]);
        }
    }
}

#[test]
fn a_missing_line_is_refused_with_a_reason() {
    let rows = [
        ("a=ice-ufrag", Refused::NoIce),
        ("a=ice-pwd", Refused::NoIce),
        ("a=fingerprint", Refused::NoFingerprint),
        ("a=setup", Refused::NoSetup),
        ("a=rtcp-mux", Refused::NoRtcpMux),
        ("a=group", Refused::NoBundle),
        ("a=rtpmap:111", Refused::NoCodec),
        ("a=mid:0", Refused::Malformed),
        ("m=audio", Refused::NoAudio),
        ("v=0", Refused::Malformed),
    ];
    for (missing, reason) in rows {
        let lines = chromium();
        let kept = lines.split_inclusive('\n').filter(|line| !line.starts_with(missing));
        assert_eq!(read(&kept.collect::<String>(), false), Err(reason), "{missing}");
    }
}

#[test]
fn a_changed_line_is_refused_with_a_reason() {
    let rows = [
        ("a=ice-ufrag:EEtu", "a=ice-ufrag:EEt", Refused::NoIce),
        ("a=ice-ufrag:EEtu", "a=ice-ufrag:EE tu", Refused::NoIce),
        ("a=ice-pwd:4d64", "a=ice-pwd:4", Refused::NoIce),
        ("sha-256", "sha-1", Refused::NoFingerprint),
        (":03:CD", ":03", Refused::NoFingerprint),
        (":03:CD", ":03:CG", Refused::NoFingerprint),
        (":03:CD", ":03:+D", Refused::NoFingerprint),
        ("actpass", "holdconn", Refused::NoSetup),
        ("BUNDLE 0 1", "BUNDLE 1", Refused::NoBundle),
        ("opus/48000/2", "opus/48000", Refused::NoCodec),
        ("rtpmap:111", "rtpmap:112", Refused::NoCodec),
        ("m=audio 9 UDP/TLS", "m=audio 9 TCP/TLS", Refused::Malformed),
        ("m=audio 9", "m=audio 0", Refused::NoAudio),
        ("a=mid:0", "a=mid:seventeen-letters", Refused::Malformed),
        ("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n", Refused::IceLite),
        ("t=0 0\r\n", "t=0 0\r\nwhatever\r\n", Refused::Malformed),
        ("t=0 0\r\n", "t=0 0\r\n\r\n", Refused::Malformed),
    ];
    for (from, to, reason) in rows {
        let changed = chromium().replacen(from, to, 1);
        assert_ne!(changed, chromium(), "{from}");
        assert_eq!(read(&changed, false), Err(reason), "{from} → {to}");
    }
}

#[test]
fn huge_descriptions_are_refused() {
    let with = |line: String, times: usize| chromium() + &format!("{line}\r\n").repeat(times);
    assert_eq!(read(&with("a=x".to_owned(), SDP_LIMIT / 5), false), Err(Refused::TooLong));
    assert_eq!(read(&with("a=".to_owned() + &"x".repeat(LINE_LIMIT), 1), false), Err(Refused::TooLong));
    assert_eq!(read(&with("a=".to_owned(), LINES), false), Err(Refused::TooLong));
    assert_eq!(
        read(&with("m=video 9 X 96\r\na=mid:v".to_owned(), MEDIA_LINES), false),
        Err(Refused::TooLong)
    );
}

#[test]
fn a_thousand_candidates_are_counted() {
    let line = |at: usize| format!("a=candidate:{at} 1 udp 1 192.0.2.{} 5000 typ host\r\n", at % 250 + 1);
    let many: String = (0..200).map(line).collect();
    let text = chromium().replacen("a=candidate:1 ", &format!("{many}a=candidate:1 "), 1);
    assert_eq!(read(&text, false).expect("usable").candidates.len(), CANDIDATES);
    let many: String = (0..1000).map(line).collect();
    let text = chromium().replacen("a=candidate:1 ", &format!("{many}a=candidate:1 "), 1);
    assert_eq!(read(&text, false), Err(Refused::TooLong));
}

#[test]
fn bytes_that_are_no_letters_get_nowhere() {
    for bad in ["\0", "\u{7f}", "é", "\u{202e}", " "] {
        for at in ["a=ice-ufrag:EEtu", "a=ice-pwd:4d64pT3T", "a=mid:0", "a=setup:actpass"] {
            let changed = chromium().replacen(at, &format!("{at}{bad}"), 1);
            assert!(read(&changed, false).is_err(), "{at}{bad:?}");
        }
        // Elsewhere it is not read at all.
        let changed = chromium().replacen("s=-", &format!("s=-{bad}"), 1);
        assert_eq!(read(&changed, false), read(&chromium(), false));
    }
}

#[test]
fn our_own_description_has_a_limit() {
    let own = |length: usize| format!("v=0\r\na=ice-ufrag:abcd\r\na=x:{}\r\n", "x".repeat(length));
    assert_eq!(own_ufrag(&own(100)), Some("abcd"));
    assert_eq!(own_ufrag(&own(OWN_LIMIT)), None);
    let candidate = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n".repeat(100);
    assert_eq!(own_ufrag(&(own(100) + &candidate)), Some("abcd"));
    assert_eq!(own_ufrag("v=0\r\n"), None);
}
