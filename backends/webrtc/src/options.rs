//! The app's options, checked before the backend is created. A refusal has the remedy.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::ice_server::{IceServer, SERVERS, ServerKind};

/// Only relay candidates are gathered, told and used; a join fails without one.
pub const RELAY_ONLY: u32 = 1;
/// Loopback addresses are candidates, too: for tests.
pub const LOOPBACK: u32 = 2;
/// No IPv6 candidates.
pub const NO_IPV6: u32 = 4;
/// No device is opened: the app brings and takes sound. Mandatory without the feature `devices`: an app that
/// expects a device must not be silent without knowing.
pub const APP_AUDIO: u32 = 8;
/// Devices are open only while the app allows it.
pub const MANUAL_AUDIO: u32 = 16;
/// The microphone's sound is sent as it is.
pub const NO_PROCESSING: u32 = 32;
/// A peer without security code ends the call.
pub const REQUIRE_CODE: u32 = 128;
/// Flags that are not refused: each has an effect.
const KNOWN: u32 = RELAY_ONLY | LOOPBACK | NO_IPV6 | APP_AUDIO | MANUAL_AUDIO | NO_PROCESSING | REQUIRE_CODE;
/// Bytes of a device's id: PulseAudio's names are the longest.
pub const DEVICE_ID_BYTES: usize = 256;
/// Bytes of certificates.
pub const PEM_BYTES: usize = 1 << 20;
const BITRATE_BPS: RangeInclusive<u32> = 6_000..=128_000;
const JITTER_MS: RangeInclusive<u32> = 20..=200;
/// Without those that systems keep for themselves.
const PORTS: RangeInclusive<u32> = 1_024..=65_535;

/// Functions of the app. `sign` and `verify` are called on the client's worker while it hands in a text of
/// the peer's, with no lock held: they delay nobody's sound.
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
    /// Id of the microphone; `None` = the system's default.
    pub microphone: Option<&'a str>,
    /// Likewise, of the speaker.
    pub speaker: Option<&'a str>,
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
            microphone: None,
            speaker: None,
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
    /// The devices that the app has chosen.
    pub devices: ChosenDevices,
}

/// Ids of the chosen devices; `None` = the system's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenDevices {
    /// From the user.
    pub microphone: Option<String>,
    /// To the user.
    pub speaker: Option<String>,
}

/// Why options are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Out of its range, or nothing that is known.
    Invalid {
        /// Which field.
        field: Cow<'static, str>,
        /// A sentence: what it must be.
        why: String,
    },
    /// What another version or build of the library may take.
    Unsupported {
        /// Which field.
        field: Cow<'static, str>,
        /// A sentence: what is missing.
        why: String,
    },
}

impl Refused {
    fn invalid(field: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Refused {
        Refused::Invalid { field: field.into(), why: why.into() }
    }

    fn unsupported(field: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Refused {
        Refused::Unsupported { field: field.into(), why: why.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Invalid { field, why } | Refused::Unsupported { field, why } => {
                write!(out, "{field}: {why}")
            }
        }
    }
}

impl Options {
    /// Checks everything and applies the defaults.
    ///
    /// # Errors
    /// Something is out of its range.
    pub fn read(given: &Given<'_>) -> Result<Options, Refused> {
        check_flags(given.flags)?;
        let jitter_min_ms = number("jitter_min_ms", given.jitter_min_ms, 20, &JITTER_MS)?;
        let jitter_max_ms =
            number("jitter_max_ms", given.jitter_max_ms, 200, &(jitter_min_ms..=*JITTER_MS.end()))?;
        let servers = given.ice_servers.iter().map(|it| (it.url, it.username, it.credential));
        Ok(Options {
            flags: given.flags,
            ice_servers: ice_servers(servers)?,
            audio_bitrate_bps: number("audio_bitrate_bps", given.audio_bitrate_bps, 32_000, &BITRATE_BPS)?,
            jitter_ms: jitter_min_ms..=jitter_max_ms,
            ports: ports(given.port_min, given.port_max)?,
            ca_pem: given.ca_pem.map(certificates).transpose()?,
            hooks: given.hooks.clone(),
            devices: ChosenDevices {
                microphone: device("microphone", given.microphone, given.flags)?,
                speaker: device("speaker", given.speaker, given.flags)?,
            },
        })
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

fn check_flags(flags: u32) -> Result<(), Refused> {
    let unknown = flags & !KNOWN;
    if unknown != 0 {
        return Err(Refused::invalid("flags", format!("flags {unknown:#x} have no effect in this version")));
    }
    let opens_devices = flags & APP_AUDIO == 0;
    if !opens_devices && flags & (MANUAL_AUDIO | NO_PROCESSING) != 0 {
        let why = "MANUAL_AUDIO and NO_PROCESSING are about devices, and APP_AUDIO opens none";
        return Err(Refused::invalid("flags", why));
    }
    if opens_devices && !cfg!(feature = "devices") {
        let why = "set APP_AUDIO, and bring and take the sound: \
                   this library was built without the feature `devices`, and opens no microphone or speaker";
        return Err(Refused::unsupported("flags", why));
    }
    Ok(())
}

/// A chosen device.
fn device(field: &'static str, id: Option<&str>, flags: u32) -> Result<Option<String>, Refused> {
    match id {
        Some(_) if flags & APP_AUDIO != 0 => Err(Refused::invalid(field, "APP_AUDIO opens no device")),
        id => device_id(field, id),
    }
}

/// A device's id; `None` = the system's default.
///
/// # Errors
/// No system has such an id.
pub fn device_id(field: &'static str, id: Option<&str>) -> Result<Option<String>, Refused> {
    match id {
        Some(id) if id.is_empty() || id.len() > DEVICE_ID_BYTES => {
            Err(Refused::invalid(field, format!("1 to {DEVICE_ID_BYTES} bytes, as list_devices lends it")))
        }
        id => Ok(id.map(str::to_owned)),
    }
}

/// A number within its range; 0 is the default.
fn number(
    field: &'static str,
    given: u32,
    default: u32,
    range: &RangeInclusive<u32>,
) -> Result<u32, Refused> {
    match given {
        0 => Ok(default),
        given if range.contains(&given) => Ok(given),
        given => {
            let (least, most) = (range.start(), range.end());
            Err(Refused::invalid(field, format!("{given} is not in {least} to {most}, and not 0")))
        }
    }
}

fn ports(min: u32, max: u32) -> Result<Option<RangeInclusive<u16>>, Refused> {
    let port = |field, given: u32, range: RangeInclusive<u32>| {
        let port = u16::try_from(given).ok().filter(|_| range.contains(&given));
        port.ok_or_else(|| {
            let (least, most) = range.into_inner();
            Refused::invalid(field, format!("{given} is not in {least} to {most}; 0 in both = any"))
        })
    };
    if (min, max) == (0, 0) {
        return Ok(None);
    }
    Ok(Some(port("port_min", min, PORTS)?..=port("port_max", max, min..=*PORTS.end())?))
}

#[cfg(feature = "tls")]
fn certificates(pem: &str) -> Result<String, Refused> {
    match crate::tls::config(Some(pem)) {
        Ok(_) => Ok(pem.to_owned()),
        Err(why) => Err(Refused::invalid("ca_pem", why)),
    }
}

#[cfg(not(feature = "tls"))]
fn certificates(_: &str) -> Result<String, Refused> {
    Err(Refused::unsupported("ca_pem", "this library was built without the feature `tls`"))
}

/// Reads servers: URL, user name and credential.
///
/// # Errors
/// One of them is none, or there are too many.
pub fn ice_servers<'a>(
    given: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Result<Vec<IceServer>, Refused> {
    let read = |(at, (url, username, credential)): (usize, (&str, &str, &str))| {
        let field = || format!("ice_servers[{at}]");
        let server =
            IceServer::parse(url, username, credential).map_err(|why| Refused::invalid(field(), why))?;
        if server.kind == ServerKind::Turns && !cfg!(feature = "tls") {
            return Err(Refused::unsupported(field(), "turns: in a library built without the feature `tls`"));
        }
        Ok(server)
    };
    let servers: Vec<IceServer> = given.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    if servers.len() > SERVERS {
        return Err(Refused::invalid("ice_servers", format!("{} servers, at most {SERVERS}", servers.len())));
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut Given<'_>)) -> Result<Options, Refused> {
        let mut given = Given { flags: APP_AUDIO, ..Given::default() };
        change(&mut given);
        Options::read(&given)
    }

    #[test]
    fn zeros_are_the_defaults() {
        let options = read(|_| ()).expect("good options");
        assert_eq!((options.flags, options.audio_bitrate_bps), (APP_AUDIO, 32_000));
        assert_eq!((options.jitter_ms, options.ports), (20..=200, None));
        assert!(options.ice_servers.is_empty() && options.ca_pem.is_none() && !options.hooks.signs());
        assert_eq!(read(|it| it.jitter_min_ms = 90).expect("good options").jitter_ms, 90..=200);
    }

    #[test]
    fn a_refusal_names_the_field_and_its_limit() {
        const STUN: GivenServer<'static> = GivenServer { url: "stun:h", username: "", credential: "" };
        type Change = fn(&mut Given<'_>);
        let bad: [(Change, &str); 19] = [
            (|it| it.flags |= 64, "flags: flags 0x40 have no effect in this version"),
            (|it| it.flags |= MANUAL_AUDIO, "flags: MANUAL_AUDIO and NO_PROCESSING are about devices"),
            (|it| it.flags |= NO_PROCESSING, "flags: MANUAL_AUDIO and NO_PROCESSING are about devices"),
            (|it| it.speaker = Some("a"), "speaker: APP_AUDIO opens no device"),
            (|it| it.flags |= 256, "flags: flags 0x100 have no effect in this version"),
            (|it| it.audio_bitrate_bps = 5_999, "audio_bitrate_bps: 5999 is not in 6000 to 128000"),
            (|it| it.audio_bitrate_bps = 128_001, "audio_bitrate_bps: 128001 is not in 6000 to 128000"),
            (|it| it.jitter_min_ms = 19, "jitter_min_ms: 19 is not in 20 to 200"),
            (|it| it.jitter_max_ms = 201, "jitter_max_ms: 201 is not in 20 to 200"),
            (|it| (it.jitter_min_ms, it.jitter_max_ms) = (100, 99), "jitter_max_ms: 99 is not in 100 to 200"),
            (|it| it.port_min = 5000, "port_max: 0 is not in 5000 to 65535; 0 in both = any"),
            (|it| it.port_max = 5000, "port_min: 0 is not in 1024 to 65535; 0 in both = any"),
            (|it| (it.port_min, it.port_max) = (80, 5000), "port_min: 80 is not in 1024 to 65535"),
            (|it| (it.port_min, it.port_max) = (6000, 5999), "port_max: 5999 is not in 6000 to 65535"),
            (|it| (it.port_min, it.port_max) = (6000, 65_536), "port_max: 65536 is not in 6000 to 65535"),
            (
                |it| it.ice_servers = vec![STUN, GivenServer { url: "turn:h", ..STUN }],
                "ice_servers[1]: ICE server: turn and turns need a username and a credential",
            ),
            (
                |it| it.ice_servers = vec![GivenServer { url: "http://h", ..STUN }],
                "ice_servers[0]: ICE server",
            ),
            (|it| it.ice_servers = vec![STUN; SERVERS + 1], "ice_servers: 9 servers, at most 8"),
            (|it| it.ca_pem = Some("no certificate"), "ca_pem: "),
        ];
        for (row, (change, words)) in bad.into_iter().enumerate() {
            let refused = read(change).expect_err("refused");
            assert!(refused.to_string().starts_with(words), "row {row}: {refused}");
        }
        let most = read(|it| {
            (it.port_min, it.port_max) = (1024, 65_535);
            it.ice_servers = vec![STUN; SERVERS];
        });
        assert_eq!(most.expect("good options").ports, Some(1024..=65_535));
    }

    #[cfg(feature = "devices")]
    #[test]
    fn devices_are_chosen_by_their_ids() {
        let read = |id: &str| {
            let flags = MANUAL_AUDIO | NO_PROCESSING;
            Options::read(&Given { flags, microphone: Some(id), ..Given::default() }).map(|it| it.devices)
        };
        let chosen = ChosenDevices { microphone: Some("a".to_owned()), speaker: None };
        assert_eq!(read("a"), Ok(chosen));
        assert!(read(&"a".repeat(DEVICE_ID_BYTES)).is_ok());
        for id in ["".to_owned(), "a".repeat(DEVICE_ID_BYTES + 1)] {
            let refused = read(&id).expect_err("refused");
            assert_eq!(refused.to_string(), "microphone: 1 to 256 bytes, as list_devices lends it");
        }
    }

    #[cfg(not(feature = "devices"))]
    #[test]
    fn an_app_that_expects_devices_is_told_that_there_are_none() {
        let refused = read(|it| it.flags = LOOPBACK).expect_err("refused");
        assert!(matches!(&refused, Refused::Unsupported { .. }) && refused.to_string().contains("APP_AUDIO"));
    }
}
