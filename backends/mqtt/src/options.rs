//! The app's options, checked before the backend is created. A refusal has the remedy.

use std::fmt;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_mqtt_flag as flag;

use crate::connection::Tls;
pub use crate::connection::{ClientCert, Endpoint, Roots};
pub use crate::topics::PREFIX_BYTES;
use crate::topics::is_prefix;

/// Addresses of a broker.
pub const ENDPOINTS: usize = 8;
/// Bytes of one address.
pub const ENDPOINT_BYTES: usize = 300;
/// Bytes of the authorities' certificates.
pub const PEM_BYTES: usize = 1 << 20;

/// Functions of the app. Called with no lock held.
pub trait Hooks: fmt::Debug + Send + Sync {
    /// It has the next two.
    fn keeps_client_ids(&self) -> bool;
    /// What `save_client_id` got for this account and device.
    fn load_client_id(&self, account: &str, device: &str) -> Option<String>;
    /// Keeps it.
    fn save_client_id(&self, account: &str, device: &str, client_id: &str);
}

/// An app without hooks.
#[derive(Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn keeps_client_ids(&self) -> bool {
        false
    }

    fn load_client_id(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn save_client_id(&self, _: &str, _: &str, _: &str) {}
}

/// The options as given; 0 and None are the defaults.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// nertc_callkit_mqtt_flag bits.
    pub flags: u32,
    /// Addresses of the broker.
    pub endpoints: Vec<&'a str>,
    /// Certificates.
    pub ca_pem: Option<&'a str>,
    /// Client certificate.
    pub client_cert: Option<&'a str>,
    /// Its private key.
    pub client_key: Option<&'a str>,
    /// What topics begin with.
    pub prefix: Option<&'a str>,
    /// See the header.
    pub session_expiry_s: u32,
    /// See the header.
    pub keep_alive_s: u32,
    /// See the header.
    pub peer_lost_ms: u32,
    /// Functions of the app.
    pub hooks: Arc<dyn Hooks>,
}

/// The options, with defaults applied.
#[derive(Clone, Debug)]
pub struct Options {
    /// Addresses of the broker, one at least.
    pub endpoints: Vec<Endpoint>,
    /// Trust anchors for TLS.
    pub roots: Roots,
    /// What this device shows of itself for TLS.
    pub client_cert: Option<ClientCert>,
    /// mqtt:// to other machines is meant.
    pub allow_plaintext: bool,
    /// What topics begin with.
    pub prefix: String,
    /// How long the broker keeps the session.
    pub session_expiry_s: u32,
    /// Silence after which the broker is pinged.
    pub keep_alive_s: u16,
    /// Silence of a peer's device after which it counts as gone; 0 = never.
    pub peer_lost_ms: u32,
    /// One device an account.
    pub single_device: bool,
    /// Busy does not end the ringing elsewhere.
    pub busy_is_local: bool,
    /// Wills are published and watched.
    pub presence: bool,
    /// Functions of the app.
    pub hooks: Arc<dyn Hooks>,
}

/// Why options are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// They are wrong.
    Invalid(String),
    /// This library was built without it.
    Unsupported(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Invalid(why) | Refused::Unsupported(why) => out.write_str(why),
        }
    }
}

fn invalid<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Invalid(why.into()))
}

impl Options {
    /// Checks everything and applies the defaults.
    pub fn read(given: &Given<'_>) -> Result<Options, Refused> {
        let has = |flag: flag| given.flags & flag as u32 != 0;
        let or = |given, default| if given == 0 { default } else { given };
        if given.flags & !known_flags() != 0 {
            return invalid("unknown flag: use those of nertc_callkit_mqtt_flag");
        }
        let media_decides = has(flag::NERTC_CALLKIT_MQTT_MEDIA_DECIDES);
        if media_decides && given.peer_lost_ms != 0 {
            return invalid("peer_lost_ms and MEDIA_DECIDES exclude each other: leave one out");
        }
        let Ok(keep_alive_s) = u16::try_from(or(given.keep_alive_s, 60)) else {
            return invalid("keep_alive_s is at most 65535");
        };
        let allow_plaintext = has(flag::NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT);
        let endpoints = endpoints(&given.endpoints, allow_plaintext)?;
        let roots = roots(given.ca_pem, &endpoints)?;
        Ok(Options {
            client_cert: client_cert(given, &endpoints, &roots)?,
            roots,
            endpoints,
            allow_plaintext,
            prefix: prefix(given.prefix)?,
            session_expiry_s: or(given.session_expiry_s, 86_400),
            keep_alive_s,
            peer_lost_ms: if media_decides { 0 } else { or(given.peer_lost_ms, 60_000) },
            single_device: has(flag::NERTC_CALLKIT_MQTT_SINGLE_DEVICE),
            busy_is_local: has(flag::NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL),
            presence: has(flag::NERTC_CALLKIT_MQTT_PRESENCE),
            hooks: given.hooks.clone(),
        })
    }
}

const fn known_flags() -> u32 {
    flag::NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT as u32
        | flag::NERTC_CALLKIT_MQTT_SINGLE_DEVICE as u32
        | flag::NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL as u32
        | flag::NERTC_CALLKIT_MQTT_PRESENCE as u32
        | flag::NERTC_CALLKIT_MQTT_MEDIA_DECIDES as u32
}

fn prefix(given: Option<&str>) -> Result<String, Refused> {
    let prefix = given.unwrap_or("nck1");
    if is_prefix(prefix) {
        return Ok(prefix.to_owned());
    }
    invalid("topic_prefix: levels of A-Z a-z 0-9 _ - with one / between them, up to 32 bytes")
}

fn endpoints(given: &[&str], allow_plaintext: bool) -> Result<Vec<Endpoint>, Refused> {
    if given.is_empty() || given.len() > ENDPOINTS {
        return invalid("endpoints: name 1 to 8 addresses of the broker, like \"mqtts://broker.example\"");
    }
    let mut endpoints = Vec::with_capacity(given.len());
    for (at, text) in given.iter().enumerate() {
        // The text itself stays out of the log: it may hold a password that does not belong there.
        let wrong = |why: &str| Refused::Invalid(format!("endpoint {}: {why}", at + 1));
        let endpoint = endpoint(text).map_err(wrong)?;
        if endpoint.tls && !cfg!(feature = "tls") {
            let why = "mqtts:// needs a library built with the feature `tls`";
            return Err(Refused::Unsupported(format!("endpoint {}: {why}", at + 1)));
        }
        if !endpoint.tls && !allow_plaintext && !is_here(&endpoint.host) {
            return Err(wrong(
                "without TLS anybody on the way reads the tokens: use mqtts://, or set \
                 NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT",
            ));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}

/// Reads `mqtt://host:port` and `mqtts://host`.
fn endpoint(text: &str) -> Result<Endpoint, &'static str> {
    const FORM: &str = "write \"mqtts://host\", \"mqtts://host:port\" or mqtt:// instead of mqtts://";
    if text.len() > ENDPOINT_BYTES {
        return Err("longer than 300 bytes");
    }
    let (tls, rest) = match text.split_once("://") {
        Some(("mqtt", rest)) => (false, rest),
        Some(("mqtts", rest)) => (true, rest),
        _ => return Err(FORM),
    };
    if rest.contains('@') {
        return Err("no user name or password here: account and token are those of login");
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or(FORM)?,
        None => rest.find(':').map_or((rest, ""), |at| rest.split_at(at)),
    };
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let is_name = |host: &str| {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
        !host.is_empty() && host.len() <= 253 && host.bytes().all(plain)
    };
    // Brackets are for what has colons in it.
    let fits = if rest.starts_with('[') { is_address && host.contains(':') } else { is_name(host) };
    if !fits {
        return Err(FORM);
    }
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|it| it.is_ascii_digit()) => digits.parse().map_err(|_| FORM)?,
        None if port.is_empty() => {
            if tls {
                8883
            } else {
                1883
            }
        }
        _ => return Err(FORM),
    };
    if port == 0 {
        return Err(FORM);
    }
    Ok(Endpoint { host: host.to_ascii_lowercase(), port, tls })
}

/// This machine, whatever the resolver returns.
fn is_here(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

fn roots(pem: Option<&str>, endpoints: &[Endpoint]) -> Result<Roots, Refused> {
    let Some(pem) = pem else { return Ok(Roots::Platform) };
    if !endpoints.iter().any(|it| it.tls) {
        return invalid("ca_pem is for mqtts://, and no endpoint is: leave it out or use mqtts://");
    }
    if !is_pem(pem) {
        return invalid("ca_pem: give the certificates as text, from -----BEGIN CERTIFICATE----- on");
    }
    let roots = Roots::Pem(pem.as_bytes().to_vec());
    match Tls::new(&roots, None) {
        Ok(_) => Ok(roots),
        Err(why) => invalid(format!("ca_pem: {why}")),
    }
}

fn client_cert(
    given: &Given<'_>,
    endpoints: &[Endpoint],
    roots: &Roots,
) -> Result<Option<ClientCert>, Refused> {
    let (chain, key) = match (given.client_cert, given.client_key) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => (chain, key),
        _ => return invalid("client_cert_pem and client_key_pem: give both or none"),
    };
    if !endpoints.iter().any(|it| it.tls) {
        return invalid("client_cert_pem is for mqtts://, and no endpoint is: leave it out or use mqtts://");
    }
    if !is_pem(chain) {
        return invalid("client_cert_pem: give it as text, from -----BEGIN CERTIFICATE----- on");
    }
    let cert = ClientCert { chain: chain.as_bytes().to_vec(), key: key.as_bytes().to_vec() };
    match Tls::new(roots, Some(&cert)) {
        Ok(_) => Ok(Some(cert)),
        // Nothing of the key is in it.
        Err(why) => invalid(format!("client_cert_pem, client_key_pem: {why}")),
    }
}

/// At least one certificate, and each one whole.
fn is_pem(text: &str) -> bool {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let whole = |part: &str| {
        let body = part.split_once(END).map(|(body, _)| body.split_whitespace().collect::<String>());
        body.is_some_and(|body| {
            let digits = body.trim_end_matches('=');
            // Base64 of something that begins as certificates do.
            digits.starts_with('M')
                && body.len() % 4 == 0
                && body.len() - digits.len() <= 2
                && digits.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'+' || it == b'/')
        })
    };
    let mut parts = text.split(BEGIN).skip(1).peekable();
    parts.peek().is_some() && parts.all(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "text before\n-----BEGIN CERTIFICATE-----\nMIIB\nAA==\n-----END CERTIFICATE-----\n";

    fn given<'a>(endpoints: &[&'a str]) -> Given<'a> {
        Given {
            flags: 0,
            endpoints: endpoints.to_vec(),
            ca_pem: None,
            client_cert: None,
            client_key: None,
            prefix: None,
            session_expiry_s: 0,
            keep_alive_s: 0,
            peer_lost_ms: 0,
            hooks: Arc::new(NoHooks),
        }
    }

    fn refused(given: &Given<'_>) -> String {
        Options::read(given).expect_err("a refusal").to_string()
    }

    #[test]
    fn zero_is_the_documented_default() {
        let options = Options::read(&given(&["mqtt://localhost"])).expect("defaults");
        assert_eq!(
            (options.session_expiry_s, options.keep_alive_s, options.peer_lost_ms),
            (86_400, 60, 60_000)
        );
        assert_eq!((options.prefix.as_str(), options.roots), ("nck1", Roots::Platform));
        assert!(!options.presence && !options.single_device && !options.busy_is_local);
    }

    #[test]
    fn addresses_are_read_with_their_default_ports() {
        for (text, host, port) in [
            ("mqtt://localhost", "localhost", 1883),
            ("mqtt://LOCALHOST:7/", "localhost", 7),
            ("mqtt://127.1.2.3:65535", "127.1.2.3", 65_535),
            ("mqtt://[::1]", "::1", 1883),
            ("mqtt://[::1]:1", "::1", 1),
        ] {
            let options = Options::read(&given(&[text])).expect(text);
            assert_eq!(options.endpoints, [Endpoint { host: host.into(), port, tls: false }]);
        }
        let tls = endpoint("mqtts://a.example-1.org");
        assert_eq!(tls, Ok(Endpoint { host: "a.example-1.org".into(), port: 8883, tls: true }));
    }

    #[test]
    fn a_bad_address_is_refused_and_not_repeated() {
        let long = format!("mqtt://{}", "a".repeat(300));
        for text in [
            "",
            "localhost",
            "http://localhost",
            "mqtt:/localhost",
            "mqtt://",
            "mqtt://a b",
            "mqtt://:1",
            "mqtt://localhost:",
            "mqtt://localhost:0",
            "mqtt://localhost:65536",
            "mqtt://localhost:1x",
            "mqtt://localhost:+1",
            "mqtt://::1",
            "mqtt://[::1",
            "mqtt://[::1]1",
            "mqtt://[localhost]",
            "mqtt://localhost/path",
            "mqtt://secret@localhost",
            "mqtt://\u{e9}.example",
            &long,
        ] {
            let why = refused(&given(&["mqtt://localhost", text]));
            assert!(why.starts_with("endpoint 2: ") && !why.contains("secret"), "{text}: {why}");
        }
        assert!(refused(&given(&[])).starts_with("endpoints: "));
        assert!(refused(&given(&["mqtt://localhost"; 9])).starts_with("endpoints: "));
    }

    #[test]
    fn plaintext_to_another_machine_needs_the_flag() {
        let mut it = given(&["mqtt://broker.example"]);
        assert!(refused(&it).contains("ALLOW_PLAINTEXT"));
        it.flags = flag::NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT as u32;
        assert!(Options::read(&it).is_ok_and(|it| it.allow_plaintext));
    }

    #[test]
    fn tls_needs_a_library_that_has_it() {
        let answer = Options::read(&given(&["mqtts://broker.example"]));
        assert_eq!(answer.is_ok(), cfg!(feature = "tls"));
        assert!(matches!(answer, Ok(_) | Err(Refused::Unsupported(_))));
    }

    #[test]
    fn certificates_are_text_and_for_tls() {
        assert!(is_pem(PEM) && is_pem(&PEM.repeat(2)));
        let cut = PEM.replace("END", "");
        for text in ["", "nonsense", &cut, &PEM.replace("MIIB", "M\u{e4}IB"), &PEM.replace("AA==", "AA=")] {
            assert!(!is_pem(text), "{text}");
        }
        let mut it = given(&["mqtt://localhost"]);
        it.ca_pem = Some(PEM);
        assert!(refused(&it).contains("mqtts://"));
        // Well-formed, and no certificate.
        it.endpoints = vec!["mqtts://localhost"];
        assert!(!cfg!(feature = "tls") || refused(&it).starts_with("ca_pem: "));
    }

    #[test]
    fn numbers_and_flags_are_checked() {
        let it = given(&["mqtt://localhost"]);
        assert!(refused(&Given { flags: 32, ..it.clone() }).contains("flag"));
        assert!(refused(&Given { keep_alive_s: 65_536, ..it.clone() }).contains("65535"));
        let media = flag::NERTC_CALLKIT_MQTT_MEDIA_DECIDES as u32;
        assert!(refused(&Given { flags: media, peer_lost_ms: 1, ..it.clone() }).contains("exclude"));
        assert!(Options::read(&Given { flags: media, ..it.clone() }).is_ok_and(|it| it.peer_lost_ms == 0));
        for prefix in ["", "/", "a/", "a//b", "a+", "#", "$SYS", "a b", &"a".repeat(33)] {
            assert!(refused(&Given { prefix: Some(prefix), ..it.clone() }).contains("topic_prefix"));
        }
        assert!(Options::read(&Given { prefix: Some("app/calls"), ..it }).is_ok());
    }
}
