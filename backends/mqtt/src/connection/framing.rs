//! What of a broker's bytes reaches the packet parser: whole packets, no larger than was agreed, that keep
//! the rules which the parser takes for granted. It panics on a packet id of 0, for one.

use mqtt_protocol_core::mqtt::Version;

/// Longest fixed header: type, and four bytes of length.
const HEADER_BYTES: usize = 5;

/// Why nothing that follows makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The first byte is not that of a CONNACK: this is no broker.
    NotMqtt(u8),
    /// A broker that breaks the protocol, and how.
    Broken(&'static str),
}

use Fault::Broken;

/// The packets in a stream of bytes.
pub(super) struct Framing {
    version: Version,
    most: usize,
    /// A partially received packet.
    packet: Vec<u8>,
    /// Its length and that of its header, once the header is there.
    length: Option<(usize, usize)>,
    /// It is all there and was handed out.
    is_whole: bool,
    /// The CONNACK was received.
    began: bool,
}

/// Reads fields of a packet, never past its end.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(Broken("a length that its packet has not"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Bytes with their length before them.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Broken("a text that is not UTF-8"))
    }

    pub(super) fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(Broken("packet id 0")),
            id => Ok(id),
        }
    }

    /// A number of one to four bytes.
    pub(super) fn number(&mut self) -> Result<usize, Fault> {
        let (number, size) = variable(self.0)?.ok_or(Broken("properties without an end"))?;
        self.take(size)?;
        Ok(number)
    }

    /// Properties, as far as their length goes.
    pub(super) fn block(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.number()?;
        self.take(length)
    }
}

/// A number of one to four bytes and how many they are; None: the end is missing.
pub(super) fn variable(bytes: &[u8]) -> Result<Option<(usize, usize)>, Fault> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    if bytes.len() < 4 { Ok(None) } else { Err(Broken("a length of more than four bytes")) }
}

impl Framing {
    /// `most`: bytes of the largest packet that is taken.
    pub(super) fn new(version: Version, most: usize) -> Framing {
        Framing { version, most, packet: Vec::new(), length: None, is_whole: false, began: false }
    }

    /// Takes bytes out of `bytes` up to the end of a packet. True: [`Framing::packet`] is there and sound.
    pub(super) fn feed(&mut self, bytes: &mut &[u8]) -> Result<bool, Fault> {
        if std::mem::take(&mut self.is_whole) {
            self.packet.clear();
            self.length = None;
        }
        while self.length.is_none() {
            let Some((byte, rest)) = bytes.split_first() else { return Ok(false) };
            *bytes = rest;
            self.packet.push(*byte);
            if self.packet.len() == 1 {
                self.check_first(*byte)?;
            } else if let Some((length, size)) = variable(&self.packet[1..])? {
                if 1 + size + length > self.most {
                    return Err(Broken("a packet larger than was agreed"));
                }
                self.length = Some((1 + size + length, 1 + size));
            }
            debug_assert!(self.packet.len() <= HEADER_BYTES, "a header ends");
        }
        let Some((length, header)) = self.length else { return Ok(false) };
        let missing = (length - self.packet.len()).min(bytes.len());
        self.packet.extend_from_slice(&bytes[..missing]);
        *bytes = &bytes[missing..];
        if self.packet.len() < length {
            return Ok(false);
        }
        self.is_whole = true;
        self.check_body(&self.packet[header..])?;
        self.began = true;
        Ok(true)
    }

    /// The packet that is whole.
    pub(super) fn packet(&self) -> &[u8] {
        &self.packet
    }

    /// Type and flags.
    fn check_first(&self, byte: u8) -> Result<(), Fault> {
        let is_five = self.version != Version::V3_1_1;
        match (byte >> 4, byte & 0xF) {
            _ if !self.began && byte != 0x20 => Err(Fault::NotMqtt(byte)),
            (2, _) if self.began => Err(Broken("a second CONNACK")),
            (3, flags) if flags & 6 == 6 => Err(Broken("QoS 3")),
            (3, flags) if flags & 0xE == 8 => Err(Broken("a repeat with QoS 0")),
            (3, _) | (2 | 4 | 5 | 7 | 9 | 11 | 13, 0) | (6, 2) => Ok(()),
            (14 | 15, 0) if is_five => Ok(()),
            _ => Err(Broken("a packet that no broker sends")),
        }
    }

    /// PUBLISH and PUBACK are checked where they are read, in [`super::publish`].
    fn check_body(&self, body: &[u8]) -> Result<(), Fault> {
        match self.packet[0] >> 4 {
            5..=7 | 9 | 11 => Fields(body).packet_id().map(drop),
            13 if !body.is_empty() => Err(Broken("a PINGRESP that says something")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `bytes` in pieces of `step` bytes: the packets, and the error.
    fn packets(version: Version, bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, Option<Fault>) {
        let mut framing = Framing::new(version, 64);
        let mut found = Vec::new();
        for mut piece in bytes.chunks(step) {
            loop {
                match framing.feed(&mut piece) {
                    Ok(true) => found.push(framing.packet().to_vec()),
                    Ok(false) => break,
                    Err(fault) => return (found, Some(fault)),
                }
            }
        }
        (found, None)
    }

    const CONNACK: [u8; 5] = [0x20, 3, 0, 0, 0];
    const PUBLISH: [u8; 8] = [0x32, 6, 0, 1, b'x', 0, 7, 0];

    #[test]
    fn packets_are_found_whatever_the_pieces() {
        let bytes = [&CONNACK[..], &[0xD0, 0], &PUBLISH, &[0x40, 2, 0, 1], &[0xE0, 0]].concat();
        for step in 1..=bytes.len() {
            let (found, fault) = packets(Version::V5_0, &bytes, step);
            assert_eq!((found.len(), fault), (5, None), "{step}");
            assert_eq!(found.concat(), bytes);
        }
    }

    #[test]
    fn a_peer_without_a_connack_is_no_broker() {
        for text in [&b"HTTP/1.1 400"[..], b"SSH-2.0", b"\x15\x03\x01", b"\x32"] {
            assert_eq!(packets(Version::V5_0, text, 1).1, Some(Fault::NotMqtt(text[0])));
        }
    }

    #[test]
    fn what_the_parser_would_not_bear_does_not_reach_it() {
        let long = [0x30, 63, 0, 1, b'x'];
        let cases: [(&[u8], &str); 10] = [
            (&[0x62, 2, 0, 0], "packet id 0"),
            (&[0x90, 4, 0, 0, 0, 1], "packet id 0"),
            (&[0xB0, 3, 0, 0, 0], "packet id 0"),
            (&[0x36, 0], "QoS 3"),
            (&[0x38, 0], "repeat"),
            (&[0xB0, 1, 0], "a length"),
            (&long, "larger"),
            (&[0x30, 0xFF, 0xFF, 0xFF, 0xFF], "four bytes"),
            (&[0xD0, 1, 0], "PINGRESP"),
            (&[0x82, 2, 0, 1], "no broker"),
        ];
        for (bytes, word) in cases {
            let (found, fault) = packets(Version::V5_0, &[&CONNACK[..], bytes].concat(), 3);
            let Some(Broken(why)) = fault else { panic!("{bytes:?}: {fault:?}") };
            assert!(found.len() == 1 && why.contains(word), "{bytes:?}: {why}");
        }
        assert!(matches!(packets(Version::V3_1_1, &[0x20, 2, 0, 0, 0xE0, 0], 9).1, Some(Broken(_))));
        assert!(matches!(packets(Version::V5_0, &[CONNACK, CONNACK].concat(), 9).1, Some(Broken(_))));
    }
}
