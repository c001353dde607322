//! ICE servers as an app, or a join's token, names them.

use nertc_callkit_webrtc::ice_server::{IceServer, SERVERS, ServerKind, of_token};
use serde_json::{Value, json};

use super::super::bytes::Bytes;

const SCHEMES: [&str; 8] = ["stun:", "turn:", "turns:", "STUN:", "stuns:", "http://", "", ":"];
const HOSTS: [&str; 10] =
    ["h", "192.0.2.1", "[2001:db8::1]", "[::", "[]", "a.b-c_d", "h h", "\u{e9}", "", "h@h"];
const PORTS: [&str; 9] = ["", ":1", ":65535", ":65536", ":0", ":", ":+1", ":1:1", ":00080"];
const QUERIES: [&str; 7] =
    ["", "?transport=udp", "?transport=tcp", "?transport=", "?", "?x", "??transport=udp"];

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    for _ in 0..16 {
        if bytes.is_empty() {
            break;
        }
        let (url, [user, secret]) = (url(&mut bytes), [0, 1].map(|_| word(&mut bytes)));
        if let Ok(server) = IceServer::parse(&url, &user, &secret) {
            check(&server);
        }
    }
    let token = token(&mut bytes);
    for server in of_token(&token).iter().flatten() {
        check(server);
    }
    assert!(of_token(&token).is_none_or(|servers| servers.len() <= SERVERS), "{token}");
    // Whatever is left, as it is.
    let rest = String::from_utf8_lossy(bytes.rest()).into_owned();
    let _ = (of_token(&rest), IceServer::parse(&rest, "u", "c").map(|server| check(&server)));
}

fn check(server: &IceServer) {
    assert!(server.port != 0 && (1..=253).contains(&server.host.len()), "{server:?}");
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_address = server.host.parse::<std::net::Ipv6Addr>().is_ok();
    assert!(is_address || server.host.bytes().all(is_name), "{server:?}");
    let has_secret = !server.username.is_empty() && !server.credential.is_empty();
    assert!(has_secret || server.kind == ServerKind::Stun, "{server:?}");
    assert!(!format!("{server:?}").contains("s3cret"), "a log would show it");
}

fn word(bytes: &mut Bytes<'_>) -> String {
    match bytes.below(4) {
        0 => String::new(),
        1 => "s3cret".to_owned(),
        2 => "x".repeat(500 + bytes.below(20)),
        _ => String::from_utf8_lossy(bytes.take(20)).into_owned(),
    }
}

fn url(bytes: &mut Bytes<'_>) -> String {
    if bytes.chance(32) {
        return word(bytes);
    }
    let parts = [*bytes.pick(&SCHEMES), *bytes.pick(&HOSTS), *bytes.pick(&PORTS), *bytes.pick(&QUERIES)];
    parts.concat()
}

fn token(bytes: &mut Bytes<'_>) -> String {
    let servers: Vec<Value> = (0..bytes.below(12))
        .map(|_| match bytes.below(5) {
            0 => json!({"urls": url(bytes), "username": word(bytes), "credential": word(bytes)}),
            1 => json!({"urls": [url(bytes), url(bytes), 7], "username": "u", "credential": "s3cret"}),
            2 => json!({"url": url(bytes), "username": 7, "credential": ["s3cret"]}),
            3 => json!({"urls": {"x": url(bytes)}}),
            _ => json!(url(bytes)),
        })
        .collect();
    let servers = if bytes.chance(16) { json!({"0": servers}) } else { json!(servers) };
    let mut text = json!({"ice_servers": servers, "ttl": bytes.number()}).to_string();
    if bytes.chance(16) {
        super::super::bytes::cut(&mut text, bytes.below(256));
    }
    text
}
