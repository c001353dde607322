//! The app's options, checked before the backend is created. A refusal has the remedy.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::ice_server::{IceServer, SERVERS};

/// Only relay candidates are gathered, told and used; a join fails without one.
pub const RELAY_ONLY: u32 = 1;
/// Loopback addresses are candidates, too: for tests.
pub const LOOPBACK: u32 = 2;
/// No IPv6 candidates.
pub const NO_IPV6: u32 = 4;
/// No device is opened: the app brings and takes sound. Without effect yet: no version opens one.
pub const APP_AUDIO: u32 = 8;
/// Devices open only while the app says so. Without effect yet: there are no devices.
pub const MANUAL_AUDIO: u32 = 16;
/// No echo cancellation, noise suppression or gain control. Without effect yet: there is none.
pub const NO_PROCESSING: u32 = 32;
/// The app encodes and decodes pictures. Without effect yet: there are no pictures.
pub const ENCODED_VIDEO: u32 = 64;
/// A peer without security code ends the call.
pub const REQUIRE_CODE: u32 = 128;
/// Flags that are not refused; not each has an effect yet.
const KNOWN: u32 =
    RELAY_ONLY | LOOPBACK | NO_IPV6 | APP_AUDIO | MANUAL_AUDIO | NO_PROCESSING | ENCODED_VIDEO | REQUIRE_CODE;

/// Functions of the app. `sign` and `verify` are called on the client's worker while it hands in a text of the
/// peer's, with no lock held: they delay nobody's sound.
pub trait Hooks: std::fmt::Debug + Send + Sync {
    /// It has the other two.
    fn signs(&self) -> bool;
    /// Signs a transcript with the app's key; `None` = it cannot.
    fn sign(&self, transcript: &[u8]) -> Option<Vec<u8>>;
    /// Whether this is the signature of the account.
    fn verify(&self, account: &str, transcript: &[u8], signature: &[u8]) -> bool;
}

/// An app without hooks.
#[derive(Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn signs(&self) -> bool {
        false
    }

    fn sign(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn verify(&self, _: &str, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

/// A server as given.
#[derive(Clone, Copy)]
pub struct GivenServer<'a> {
    /// Its address.
    pub url: &'a str,
    /// Of TURN, else empty.
    pub username: &'a str,
    /// Likewise.
    pub credential: &'a str,
}

/// The options as given; 0 is the default.
#[derive(Clone)]
pub struct Given<'a> {
    /// The flags of this module.
    pub flags: u32,
    /// Up to 8.
    pub ice_servers: Vec<GivenServer<'a>>,
    /// 6000 to 128000; 32000.
    pub audio_bitrate_bps: u32,
    /// 20 to 200; 20.
    pub jitter_min_ms: u32,
    /// 20 to 200; 200.
    pub jitter_max_ms: u32,
    /// Local UDP ports; 0 and 0 = any.
    pub port_min: u32,
    /// Likewise.
    pub port_max: u32,
    /// Certificates, as PEM, that TURN servers over TLS are checked against; `None` = the system's.
    pub ca_pem: Option<&'a str>,
    /// Functions of the app.
    pub hooks: Arc<dyn Hooks>,
}

impl Default for Given<'_> {
    fn default() -> Self {
        Given {
            flags: 0,
            ice_servers: Vec::new(),
            audio_bitrate_bps: 0,
            jitter_min_ms: 0,
            jitter_max_ms: 0,
            port_min: 0,
            port_max: 0,
            ca_pem: None,
            hooks: Arc::new(NoHooks),
        }
    }
}

/// The options, with defaults applied.
#[derive(Clone, Debug)]
pub struct Options {
    /// The flags of this module.
    pub flags: u32,
    /// STUN and TURN servers, where the join's token names none.
    pub ice_servers: Vec<IceServer>,
    /// What sound is encoded with.
    pub audio_bitrate_bps: u32,
    /// Least and most delay of the jitter buffer.
    pub jitter_ms: RangeInclusive<u32>,
    /// Local UDP ports; `None` = any.
    pub ports: Option<RangeInclusive<u16>>,
    /// Certificates that TURN servers over TLS are checked against.
    pub ca_pem: Option<String>,
    /// Functions of the app.
    pub hooks: Arc<dyn Hooks>,
}

/// Why options are not taken: a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl Options {
    /// Checks everything and applies the defaults.
    ///
    /// # Errors
    /// Something is out of its range.
    pub fn read(given: &Given<'_>) -> Result<Options, Refused> {
        let refused = |why: String| Err(Refused(why));
        if given.flags & !KNOWN != 0 {
            return refused("unknown flag: use those of nertc_callkit_webrtc_flag".to_owned());
        }
        let audio_bitrate_bps = or(given.audio_bitrate_bps, 32_000);
        if !(6_000..=128_000).contains(&audio_bitrate_bps) {
            return refused("audio_bitrate_bps is 6000 to 128000".to_owned());
        }
        let jitter_ms = or(given.jitter_min_ms, 20)..=or(given.jitter_max_ms, 200);
        if *jitter_ms.start() < 20 || *jitter_ms.end() > 200 || jitter_ms.is_empty() {
            return refused("jitter_min_ms and jitter_max_ms are 20 to 200, in this order".to_owned());
        }
        let servers = given.ice_servers.iter().map(|it| (it.url, it.username, it.credential));
        Ok(Options {
            flags: given.flags,
            ice_servers: ice_servers(servers)?,
            audio_bitrate_bps,
            jitter_ms,
            ports: ports(given.port_min, given.port_max)?,
            ca_pem: given.ca_pem.map(str::to_owned),
            hooks: given.hooks.clone(),
        })
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

fn or(given: u32, default: u32) -> u32 {
    if given == 0 { default } else { given }
}

fn ports(min: u32, max: u32) -> Result<Option<RangeInclusive<u16>>, Refused> {
    if (min, max) == (0, 0) {
        return Ok(None);
    }
    let (min, max) = (u16::try_from(min).unwrap_or(0), u16::try_from(max).unwrap_or(0));
    if min < 1024 || max < min {
        return Err(Refused("port_min and port_max are 1024 to 65535, in this order, or both 0".to_owned()));
    }
    Ok(Some(min..=max))
}

/// Reads servers: URL, user name and credential.
///
/// # Errors
/// One of them is none, or there are too many.
pub fn ice_servers<'a>(
    given: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Result<Vec<IceServer>, Refused> {
    let read =
        given.into_iter().map(|(url, username, credential)| IceServer::parse(url, username, credential));
    let servers: Vec<IceServer> = read.collect::<Result<_, _>>().map_err(Refused)?;
    if servers.len() > SERVERS {
        return Err(Refused(format!("at most {SERVERS} ICE servers")));
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut Given<'_>)) -> Result<Options, Refused> {
        let mut given = Given::default();
        change(&mut given);
        Options::read(&given)
    }

    #[test]
    fn zeros_are_the_defaults() {
        let options = read(|_| ()).expect("good options");
        assert_eq!((options.flags, options.audio_bitrate_bps), (0, 32_000));
        assert_eq!((options.jitter_ms, options.ports), (20..=200, None));
        assert!(options.ice_servers.is_empty() && options.ca_pem.is_none() && !options.hooks.signs());
    }

    #[test]
    fn values_out_of_their_range_are_refused() {
        let bad: [fn(&mut Given<'_>); 13] = [
            |it| it.flags = 256,
            |it| it.audio_bitrate_bps = 5_999,
            |it| it.audio_bitrate_bps = 128_001,
            |it| it.jitter_min_ms = 19,
            |it| it.jitter_max_ms = 201,
            |it| (it.jitter_min_ms, it.jitter_max_ms) = (100, 99),
            |it| it.port_min = 5000,
            |it| it.port_max = 5000,
            |it| (it.port_min, it.port_max) = (80, 5000),
            |it| (it.port_min, it.port_max) = (6000, 5999),
            |it| (it.port_min, it.port_max) = (6000, 65_536),
            |it| it.ice_servers = vec![GivenServer { url: "turn:h", username: "", credential: "" }],
            |it| {
                it.ice_servers =
                    vec![GivenServer { url: "stun:h", username: "", credential: "" }; SERVERS + 1]
            },
        ];
        for (at, change) in bad.into_iter().enumerate() {
            let refused = read(change).expect_err("refused");
            assert!(!refused.0.is_empty(), "row {at}");
        }
        let most = read(|it| {
            (it.port_min, it.port_max) = (1024, 65_535);
            it.ice_servers = vec![GivenServer { url: "stun:h", username: "", credential: "" }; SERVERS];
        });
        assert_eq!(most.expect("good options").ports, Some(1024..=65_535));
    }
}
