//! STUN and TURN servers as an app, or the token of a join, names them.

use std::fmt;

use serde_json::Value;

/// Servers that are used.
pub const SERVERS: usize = 8;
/// Bytes of one URL, user name or credential.
pub const TEXT_BYTES: usize = 512;
/// Bytes of a join's token with servers.
const TOKEN_BYTES: usize = 16 * 1024;

/// What a server does, and over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// Tells our address.
    Stun,
    /// Relays, over UDP.
    Turn,
    /// Relays, over TCP.
    TurnTcp,
    /// Relays, over TLS.
    Turns,
}

/// A STUN or TURN server.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// What it does.
    pub kind: ServerKind,
    /// Its name or address; IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Of TURN.
    pub username: String,
    /// Secret of TURN.
    pub credential: String,
}

/// Without user name and credential.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} port {}", self.kind, self.host, self.port)
    }
}

impl IceServer {
    /// `stun:h[:p]`, `turn:h[:p][?transport=udp|tcp]` or `turns:h[:p][?transport=tcp]`; IPv6 in `[]`.
    ///
    /// # Errors
    /// A sentence: what is wrong.
    pub fn parse(url: &str, username: &str, credential: &str) -> Result<IceServer, String> {
        if [url, username, credential].iter().any(|text| text.len() > TEXT_BYTES) {
            return Err(format!("an ICE server's texts have at most {TEXT_BYTES} bytes"));
        }
        let wrong = |what: &str| Err(format!("ICE server: {what}; use stun:host, turn:host or turns:host"));
        let Some((scheme, rest)) = url.split_once(':') else { return wrong("no scheme") };
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let kind = match (&*scheme.to_ascii_lowercase(), query) {
            ("stun", None) => ServerKind::Stun,
            ("turn", None | Some("transport=udp")) => ServerKind::Turn,
            ("turn", Some("transport=tcp")) => ServerKind::TurnTcp,
            ("turns", None | Some("transport=tcp")) => ServerKind::Turns,
            ("stun" | "turn" | "turns", Some(_)) => return wrong("another transport than udp or tcp"),
            _ => return wrong("another scheme"),
        };
        let Some((host, port)) = split_port(place) else { return wrong("no host, or no port of 1 to 65535") };
        if kind != ServerKind::Stun && (username.is_empty() || credential.is_empty()) {
            return Err("ICE server: turn and turns need a username and a credential".to_owned());
        }
        let port = port.unwrap_or(if kind == ServerKind::Turns { 5349 } else { 3478 });
        let (username, credential) = (username.to_owned(), credential.to_owned());
        Ok(IceServer { kind, host: host.to_owned(), port, username, credential })
    }
}

/// Host and port; the host is a name of letters, digits, dots and hyphens, or an address.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        (host, port).0.bytes().all(is_name).then_some((host, port))?
    };
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
    };
    (!host.is_empty() && host.len() <= 253).then_some((host, port))
}

/// The servers of a join's token, `{"ice_servers":[{"urls":…,"username":…,"credential":…}]}` as WebRTC has
/// them; `None` = the token is for something else.
pub fn of_token(token: &str) -> Option<Vec<IceServer>> {
    if token.len() > TOKEN_BYTES || !token.trim_start().starts_with('{') {
        return None;
    }
    let token: Value = serde_json::from_str(token).ok()?;
    let mut servers = Vec::new();
    for server in token.get("ice_servers")?.as_array()? {
        let text = |key: &str| server.get(key).and_then(Value::as_str).unwrap_or_default();
        let urls = server.get("urls").or_else(|| server.get("url"));
        let urls = urls.map(|urls| urls.as_array().map_or(std::slice::from_ref(urls), Vec::as_slice));
        for url in urls.unwrap_or_default().iter().filter_map(Value::as_str) {
            match IceServer::parse(url, text("username"), text("credential")) {
                Ok(server) if servers.len() < SERVERS => servers.push(server),
                Ok(_) => log::warn!("webrtc: the token names more than {SERVERS} ICE servers"),
                Err(why) => log::warn!("webrtc: in the token: {why}"),
            }
        }
    }
    Some(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_servers_are_read() {
        let rows = [
            ("stun:stun.example.org", ServerKind::Stun, "stun.example.org", 3478),
            ("STUN:192.0.2.1:19302", ServerKind::Stun, "192.0.2.1", 19302),
            ("turn:[2001:db8::1]", ServerKind::Turn, "2001:db8::1", 3478),
            ("turn:h:80?transport=udp", ServerKind::Turn, "h", 80),
            ("turn:h?transport=tcp", ServerKind::TurnTcp, "h", 3478),
            ("turns:h", ServerKind::Turns, "h", 5349),
            ("turns:[2001:db8::1]:443?transport=tcp", ServerKind::Turns, "2001:db8::1", 443),
        ];
        for (url, kind, host, port) in rows {
            let read = IceServer::parse(url, "user", "secret").expect(url);
            assert_eq!((read.kind, &*read.host, read.port), (kind, host, port), "{url}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        let long = format!("stun:{}", "a".repeat(TEXT_BYTES));
        let urls = [
            "",
            "stun",
            "stun:",
            "http://example.org",
            "stun:h:0",
            "stun:h:65536",
            "stun:h:+1",
            "stun:h:",
            "turn:h?x=y",
            "stun:h?transport=udp",
            "turns:h?transport=udp",
            "turn:2001:db8::1",
            "turn:[2001:db8::1",
            "turn:[h]",
            "turn:[::1]80",
            "stun:a b",
            "stun:h/path",
            "stun:user@h",
            &long,
        ];
        for url in urls {
            assert!(IceServer::parse(url, "user", "secret").is_err(), "{url}");
        }
        assert!(IceServer::parse("turn:h", "", "secret").is_err());
        assert!(IceServer::parse("turns:h", "user", "").is_err());
        assert!(IceServer::parse("stun:h", "", "").is_ok());
    }

    #[test]
    fn secrets_are_not_shown() {
        let server = IceServer::parse("turn:h", "alice-name", "the-secret").expect("a server");
        let shown = format!("{server:?}");
        assert!(!shown.contains("secret") && !shown.contains("alice"), "{shown}");
    }

    #[test]
    fn servers_of_a_token_are_taken() {
        assert_eq!(of_token("007eJx"), None);
        assert_eq!(of_token(r#"{"room":"a"}"#), None);
        assert_eq!(of_token(r#"{"ice_servers":"#), None);
        let token = r#"{"ice_servers":[{"urls":["stun:a","turn:b?transport=tcp","nothing"],
            "username":"u","credential":"c"},{"urls":"stun:c:1"},{}]}"#;
        let hosts: Vec<String> =
            of_token(token).expect("servers").into_iter().map(|server| server.host).collect();
        assert_eq!(hosts, ["a", "b", "c"]);
        let many: Vec<String> = (0..20).map(|at| format!(r#"{{"urls":"stun:h{at}"}}"#)).collect();
        let token = format!(r#"{{"ice_servers":[{}]}}"#, many.join(","));
        assert_eq!(of_token(&token).expect("servers").len(), SERVERS);
    }
}
