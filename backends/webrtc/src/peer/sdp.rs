//! Session descriptions: the lines that we need of a peer's, and the size of ours.
//!
//! str0m never sees a peer's text. What is needed is read here, under limits and ranges, and handed to it as
//! values (`stand_in`); what else a peer offers (video, data, other codecs) is refused line by line.

use str0m::Candidate;
use str0m::media::Direction;
use str0m::rtp::Extension;

use super::candidates;
use super::message::SDP_LIMIT;
use super::security_code::Fingerprint;

/// Bytes of our own description without its candidates.
const OWN_LIMIT: usize = 3000;
/// Lines of a description.
const LINES: usize = 1000;
/// Bytes of a line.
const LINE_LIMIT: usize = 1024;
/// Media lines.
const MEDIA_LINES: usize = 8;
/// Candidates that are used of one description, trickled ones included.
pub(super) const CANDIDATES: usize = 32;
/// Header extensions that we use: which m-line a packet belongs to, and its number for the transport.
const EXTENSIONS: [(&str, Extension); 2] = [
    ("urn:ietf:params:rtp-hdrext:sdes:mid", Extension::RtpMid),
    (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        Extension::TransportSequenceNumber,
    ),
];
const DIRECTIONS: [(&str, Direction); 4] = [
    ("sendrecv", Direction::SendRecv),
    ("sendonly", Direction::SendOnly),
    ("recvonly", Direction::RecvOnly),
    ("inactive", Direction::Inactive),
];

/// Why a description cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// Longer than a limit.
    TooLong,
    /// Does not end with a line's end.
    Cut,
    /// Not in the form of SDP.
    Malformed,
    /// No audio, or a rejected one.
    NoAudio,
    /// No name fragment or password.
    NoIce,
    /// ICE lite: such a peer cannot restart.
    IceLite,
    /// No fingerprint by SHA-256.
    NoFingerprint,
    /// No DTLS role.
    NoSetup,
    /// RTCP apart from RTP.
    NoRtcpMux,
    /// Audio is not in the group.
    NoBundle,
    /// No Opus.
    NoCodec,
}

/// A media line that is not audio: its kind, transport and name, for the answer that refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OtherLine {
    kind: String,
    transport: String,
    mid: String,
}

/// What is used of the media line of the audio: Opus alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Audio {
    pub(super) mid: String,
    pub(super) payload_type: u8,
    pub(super) direction: Direction,
    /// The peer reports what arrives, packet by packet.
    pub(super) reports_transport: bool,
    pub(super) extensions: Vec<(u8, Extension)>,
}

/// What is used of a peer's description.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// Name fragment of its ICE credentials: tells one restart from the next.
    pub ufrag: String,
    /// SHA-256 of its certificate.
    pub fingerprint: Fingerprint,
    /// SSRC of its sound, if it states one.
    pub ssrc: Option<u32>,
    /// Candidates that can be used.
    pub candidates: Vec<Candidate>,
    pub(super) password: String,
    /// The peer is the server of DTLS: our side begins.
    pub(super) is_dtls_server: bool,
    pub(super) audio: Audio,
    /// Media lines before and behind the audio.
    before: Vec<OtherLine>,
    behind: Vec<OtherLine>,
}

/// Attributes of the session or of one m-line.
#[derive(Clone, Default)]
struct Section<'a> {
    /// What follows `m=`; empty for the session.
    head: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Section<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.attributes.iter().filter(move |(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn kind(&self) -> &'a str {
        self.head.split(' ').next().unwrap_or_default()
    }

    fn word(&self, at: usize) -> &'a str {
        self.head.split(' ').nth(at).unwrap_or_default()
    }

    fn mid(&self) -> Result<&'a str, Refused> {
        self.get("mid").filter(|mid| is_token(mid, 16)).ok_or(Refused::Malformed)
    }
}

/// Letters, digits and what ICE allows beside them.
fn is_token(text: &str, longest: usize) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    (1..=longest).contains(&text.len()) && text.bytes().all(is_char)
}

/// Splits a description into the session and its m-lines.
fn sections(text: &str) -> Result<Vec<Section<'_>>, Refused> {
    if text.len() > SDP_LIMIT {
        return Err(Refused::TooLong);
    }
    if !text.ends_with('\n') {
        return Err(Refused::Cut);
    }
    let mut found = vec![Section::default()];
    for (at, line) in text.lines().enumerate() {
        if at >= LINES || line.len() > LINE_LIMIT {
            return Err(Refused::TooLong);
        }
        if at == 0 && line != "v=0" {
            return Err(Refused::Malformed);
        }
        let Some((key, value)) = line.split_once('=') else { return Err(Refused::Malformed) };
        match key {
            "m" => found.push(Section { head: value, attributes: Vec::new() }),
            "a" => {
                let pair = value.split_once(':').unwrap_or((value, ""));
                found.last_mut().into_iter().for_each(|section| section.attributes.push(pair));
            }
            other if other.len() == 1 && other.bytes().all(|byte| byte.is_ascii_lowercase()) => {}
            _ => return Err(Refused::Malformed),
        }
    }
    if found.len() > 1 + MEDIA_LINES { Err(Refused::TooLong) } else { Ok(found) }
}

/// Reads a peer's description.
///
/// # Errors
/// It cannot be used.
pub fn read(text: &str, allows_loopback: bool) -> Result<Remote, Refused> {
    let all = sections(text)?;
    let (session, lines) = all.split_first().ok_or(Refused::Malformed)?;
    let is_audio = |line: &Section<'_>| line.kind() == "audio" && line.word(1) != "0";
    let at = lines.iter().position(is_audio).ok_or(Refused::NoAudio)?;
    let audio = &lines[at];
    let mid = audio.mid()?;
    let of_either = |name: &str| audio.get(name).or_else(|| session.get(name));

    if session.get("ice-lite").is_some() {
        return Err(Refused::IceLite);
    }
    let ufrag =
        of_either("ice-ufrag").filter(|it| it.len() >= 4 && is_token(it, 256)).ok_or(Refused::NoIce)?;
    let password =
        of_either("ice-pwd").filter(|it| it.len() >= 22 && is_token(it, 256)).ok_or(Refused::NoIce)?;
    let fingerprint = of_either("fingerprint").and_then(read_fingerprint).ok_or(Refused::NoFingerprint)?;
    let setup = of_either("setup").filter(|it| ["actpass", "active", "passive"].contains(it));
    // A peer that leaves it to us is the client.
    let is_dtls_server = setup.ok_or(Refused::NoSetup)? == "passive";
    audio.get("rtcp-mux").ok_or(Refused::NoRtcpMux)?;
    let bundled = session.all("group").filter_map(|group| group.strip_prefix("BUNDLE "));
    if !bundled.flat_map(|group| group.split(' ')).any(|it| it == mid) {
        return Err(Refused::NoBundle);
    }

    let given = session.all("candidate").chain(audio.all("candidate"));
    let usable = |it: &str| candidates::read(&format!("candidate:{it}"), allows_loopback).ok();
    let candidates = given.take(LINES).filter_map(usable).take(CANDIDATES).map(|it| it.candidate).collect();
    let others = |lines: &[Section<'_>]| lines.iter().map(read_other).collect::<Result<Vec<_>, _>>();
    Ok(Remote {
        ufrag: ufrag.to_owned(),
        password: password.to_owned(),
        fingerprint,
        is_dtls_server,
        ssrc: read_ssrc(audio),
        candidates,
        audio: read_audio(audio, mid)?,
        before: others(&lines[..at])?,
        behind: others(&lines[at + 1..])?,
    })
}

fn read_other(line: &Section<'_>) -> Result<OtherLine, Refused> {
    let word = |text: &str| is_token(text, 24).then(|| text.to_owned()).ok_or(Refused::Malformed);
    Ok(OtherLine { kind: word(line.kind())?, transport: word(line.word(2))?, mid: line.mid()?.to_owned() })
}

fn read_audio(audio: &Section<'_>, mid: &str) -> Result<Audio, Refused> {
    if audio.word(2) != "UDP/TLS/RTP/SAVPF" {
        return Err(Refused::Malformed);
    }
    let listed: Vec<&str> = audio.head.split(' ').skip(3).collect();
    let is_opus =
        |(pt, codec): &(&str, &str)| codec.eq_ignore_ascii_case("opus/48000/2") && listed.contains(pt);
    let opus = audio.all("rtpmap").filter_map(|map| map.split_once(' ')).find(is_opus);
    let pt = opus.and_then(|(pt, _)| pt.parse::<u8>().ok()).filter(|pt| *pt < 128).ok_or(Refused::NoCodec)?;
    let feedback = (&*pt.to_string(), "transport-cc");
    let extension = |map: &str| {
        let (id, uri) = map.split_once(' ')?;
        let id = id.parse::<u8>().ok().filter(|id| (1..=14).contains(id))?;
        EXTENSIONS.into_iter().find(|(known, _)| *known == uri).map(|(_, extension)| (id, extension))
    };
    Ok(Audio {
        mid: mid.to_owned(),
        payload_type: pt,
        direction: DIRECTIONS
            .into_iter()
            .find(|(name, _)| audio.get(name).is_some())
            .map_or(Direction::SendRecv, |(_, direction)| direction),
        reports_transport: audio.all("rtcp-fb").any(|it| it.split_once(' ') == Some(feedback)),
        extensions: audio.all("extmap").filter_map(extension).collect(),
    })
}

fn read_ssrc(audio: &Section<'_>) -> Option<u32> {
    let ssrc = audio.all("ssrc").find_map(|it| it.split(' ').next()?.parse::<u32>().ok());
    ssrc.filter(|ssrc| *ssrc != 0)
}

fn read_fingerprint(value: &str) -> Option<Fingerprint> {
    let (hash, digits) = value.split_once(' ')?;
    let mut fingerprint = [0; 32];
    if !hash.eq_ignore_ascii_case("sha-256") || digits.len() != 32 * 3 - 1 {
        return None;
    }
    for (byte, pair) in fingerprint.iter_mut().zip(digits.split(':')) {
        let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_pair)?;
    }
    Some(fingerprint)
}

/// `AB:CD:…`.
pub(super) fn format_fingerprint(fingerprint: &Fingerprint) -> String {
    let pairs: Vec<String> = fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The answer that str0m gave, with the lines that we refuse.
pub(super) fn complete_answer(answer: &str, remote: &Remote) -> String {
    let Some(at) = answer.find("m=audio") else { return answer.to_owned() };
    let refuse = |lines: &[OtherLine]| -> String {
        let line = |it: &OtherLine| {
            let (kind, transport, mid) = (&it.kind, &it.transport, &it.mid);
            format!("m={kind} 0 {transport} 0\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=inactive\r\n")
        };
        lines.iter().map(line).collect()
    };
    let (session, audio) = answer.split_at(at);
    [session, &refuse(&remote.before), audio, &refuse(&remote.behind)].concat()
}

/// The name fragment of our own description; `None` = it is larger than it may be.
pub(super) fn own_ufrag(text: &str) -> Option<&str> {
    let lines = text.split_inclusive('\n');
    let size: usize = lines.clone().filter(|line| !line.starts_with("a=candidate:")).map(str::len).sum();
    let ufrag = lines.filter_map(|line| line.strip_prefix("a=ice-ufrag:")).next()?;
    (size <= OWN_LIMIT).then_some(ufrag.trim_end())
}

#[cfg(test)]
mod tests;
