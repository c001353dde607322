//! PUBLISH and PUBACK, which are nearly all that a connection carries, straight from and into bytes.

use mqtt_protocol_core::mqtt::Version;

use super::framing::{Fault, Fields, variable};

/// A packet of the broker's.
pub(super) enum Frequent<'a> {
    /// QoS 0 or 1.
    Publish(Incoming<'a>),
    /// QoS 2, with this packet id.
    PublishTwice(u16),
    Puback {
        id: u16,
        reason: u8,
    },
}

/// A PUBLISH of the broker's.
pub(super) struct Incoming<'a> {
    /// To be acknowledged; None: QoS 0.
    pub(super) id: Option<u16>,
    pub(super) is_retained: bool,
    pub(super) topic: &'a str,
    /// Remaining expiry, in seconds.
    pub(super) expires_s: Option<u32>,
    pub(super) payload: &'a [u8],
}

/// Reads and checks a whole packet that [`super::framing`] let pass. None: it is another one.
pub(super) fn read(version: Version, packet: &[u8]) -> Result<Option<Frequent<'_>>, Fault> {
    let Some((&first, rest)) = packet.split_first() else { return Ok(None) };
    let Some((_, size)) = variable(rest)? else { return Ok(None) };
    let mut fields = Fields(&rest[size..]);
    let is_five = version != Version::V3_1_1;
    match (first >> 4, first & 6) {
        (3, qos) => {
            let topic = fields.text()?;
            if topic.contains('\0') {
                return Err(Fault::Broken("a topic with a NUL"));
            }
            let id = if qos == 0 { None } else { Some(fields.packet_id()?) };
            let expires_s = if is_five { expiry(fields.block()?)? } else { None };
            if let (4, Some(id)) = (qos, id) {
                return Ok(Some(Frequent::PublishTwice(id)));
            }
            let is_retained = first & 1 == 1;
            Ok(Some(Frequent::Publish(Incoming { id, is_retained, topic, expires_s, payload: fields.0 })))
        }
        (4, _) => {
            let id = fields.packet_id()?;
            // Properties, if any, are explanations for developers.
            let reason = match (is_five, fields.0.is_empty()) {
                (true, false) => fields.take(1)?[0],
                (true, true) | (false, true) => 0,
                (false, false) => return Err(Fault::Broken("a PUBACK that says something")),
            };
            Ok(Some(Frequent::Puback { id, reason }))
        }
        _ => Ok(None),
    }
}

/// The message expiry interval among the properties of a PUBLISH.
fn expiry(properties: &[u8]) -> Result<Option<u32>, Fault> {
    let mut fields = Fields(properties);
    let mut expires_s = None;
    while !fields.0.is_empty() {
        match fields.take(1)?[0] {
            // Payload format.
            0x01 => drop(fields.take(1)?),
            0x02 => {
                let bytes = fields.take(4)?;
                expires_s = Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
            }
            // Content type, response topic, correlation data.
            0x03 | 0x08 | 0x09 => drop(fields.bytes()?),
            // Subscription identifier.
            0x0B => drop(fields.number()?),
            // User property.
            0x26 => {
                fields.bytes()?;
                fields.bytes()?;
            }
            // A topic alias among them: none was offered.
            _ => return Err(Fault::Broken("a property that a PUBLISH has not")),
        }
    }
    Ok(expires_s)
}

/// A PUBLISH of ours; with a packet id QoS 1, else QoS 0. `expires_s` 0: never; 3.1.1 knows no expiry.
pub(super) struct Outgoing<'a> {
    pub(super) id: Option<u16>,
    pub(super) topic: &'a str,
    pub(super) payload: &'a str,
    pub(super) expires_s: u32,
}

impl Outgoing<'_> {
    /// Adds it to `out`.
    pub(super) fn write(&self, version: Version, out: &mut Vec<u8>) {
        let Outgoing { id, topic, payload, expires_s } = *self;
        let (is_five, expires) = (version != Version::V3_1_1, expires_s > 0);
        let properties = if !is_five {
            0
        } else if expires {
            6
        } else {
            1
        };
        let id_bytes = if id.is_some() { 2 } else { 0 };
        let length = 2 + topic.len() + id_bytes + properties + payload.len();
        out.reserve(1 + 4 + length);
        out.push(if id.is_some() { 0x32 } else { 0x30 });
        write_number(out, length);
        // Topics are shorter than 256 bytes.
        out.extend_from_slice(&(topic.len() as u16).to_be_bytes());
        out.extend_from_slice(topic.as_bytes());
        if let Some(id) = id {
            out.extend_from_slice(&id.to_be_bytes());
        }
        if is_five && expires {
            out.extend_from_slice(&[5, 0x02]);
            out.extend_from_slice(&expires_s.to_be_bytes());
        } else if is_five {
            out.push(0);
        }
        out.extend_from_slice(payload.as_bytes());
    }
}

/// Adds a PUBACK with success, which both versions write alike.
pub(super) fn write_puback(id: u16, out: &mut Vec<u8>) {
    let [high, low] = id.to_be_bytes();
    out.extend_from_slice(&[0x40, 2, high, low]);
}

/// Adds the answer to a PUBLISH with QoS 2.
pub(super) fn write_pubrec(id: u16, out: &mut Vec<u8>) {
    let [high, low] = id.to_be_bytes();
    out.extend_from_slice(&[0x50, 2, high, low]);
}

/// Adds the answer to a PUBREL.
pub(super) fn write_pubcomp(id: u16, out: &mut Vec<u8>) {
    let [high, low] = id.to_be_bytes();
    out.extend_from_slice(&[0x70, 2, high, low]);
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 & 0x7F | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use mqtt_protocol_core::mqtt::packet::{
        ContentType, MessageExpiryInterval, Property, Qos, SubscriptionIdentifier, UserProperty, v3_1_1, v5_0,
    };

    use super::*;

    /// As the crate writes it.
    fn theirs(version: Version, it: &Outgoing<'_>) -> Vec<u8> {
        macro_rules! common {
            ($builder:expr) => {{
                let builder = $builder.topic_name(it.topic).expect("a topic").payload(it.payload.as_bytes());
                match it.id {
                    Some(id) => builder.qos(Qos::AtLeastOnce).packet_id(id),
                    None => builder.qos(Qos::AtMostOnce),
                }
            }};
        }
        if version == Version::V3_1_1 {
            return common!(v3_1_1::Publish::builder()).build().expect("it").to_continuous_buffer();
        }
        let expiry = MessageExpiryInterval::new(it.expires_s).map(Property::MessageExpiryInterval);
        let builder = common!(v5_0::Publish::builder());
        let builder = match it.expires_s {
            0 => builder,
            _ => builder.props(vec![expiry.expect("valid")]),
        };
        builder.build().expect("it").to_continuous_buffer()
    }

    #[test]
    fn a_publish_is_written_as_the_crate_writes_it_and_read_again() {
        for version in [Version::V5_0, Version::V3_1_1] {
            for id in [None, Some(1), Some(0xFFFF)] {
                for (size, expires_s) in
                    [(0, 0), (1, 1), (100, 30), (127, u32::MAX), (16_384, 0), (70_000, 7)]
                {
                    let payload = "x".repeat(size);
                    let it = Outgoing { id, topic: "nck1/u/bob/in/alice/pad", payload: &payload, expires_s };
                    let mut ours = Vec::new();
                    it.write(version, &mut ours);
                    assert_eq!(ours, theirs(version, &it), "{version:?} {id:?} {size} {expires_s}");
                    let Ok(Some(Frequent::Publish(read))) = read(version, &ours) else { panic!("{size}") };
                    assert_eq!((read.id, read.topic, read.payload), (id, it.topic, payload.as_bytes()));
                    let expires_s = (expires_s > 0 && version == Version::V5_0).then_some(expires_s);
                    assert_eq!((read.expires_s, read.is_retained), (expires_s, false));
                }
            }
        }
    }

    #[test]
    fn properties_are_read_past() {
        let properties = vec![
            Property::ContentType(ContentType::new("text").expect("valid")),
            Property::UserProperty(UserProperty::new("a", "b").expect("valid")),
            Property::SubscriptionIdentifier(SubscriptionIdentifier::new(200).expect("valid")),
            Property::MessageExpiryInterval(MessageExpiryInterval::new(9).expect("valid")),
        ];
        let publish =
            v5_0::Publish::builder().topic_name("t").expect("a topic").retain(true).props(properties);
        let bytes = publish.payload(b"hi".as_slice()).build().expect("it").to_continuous_buffer();
        let Ok(Some(Frequent::Publish(it))) = read(Version::V5_0, &bytes) else { panic!("{bytes:?}") };
        assert_eq!((it.expires_s, it.is_retained, it.payload), (Some(9), true, &b"hi"[..]));
        // Cut short, or with a topic alias.
        for bad in [&[0x30, 6, 0, 1, b't', 2, 2, 0][..], &[0x30, 7, 0, 1, b't', 3, 0x23, 0, 1]] {
            assert!(matches!(read(Version::V5_0, bad), Err(Fault::Broken(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_puback_is_read_with_and_without_a_reason() {
        for (bytes, wanted) in [
            (&[0x40, 2, 1, 2][..], Some(0)),
            (&[0x40, 3, 1, 2, 0x10], Some(0x10)),
            (&[0x40, 4, 1, 2, 0x87, 0], Some(0x87)),
        ] {
            let Ok(Some(Frequent::Puback { id, reason })) = read(Version::V5_0, bytes) else {
                panic!("{bytes:?}")
            };
            assert_eq!((id, Some(reason)), (0x0102, wanted));
        }
        assert!(read(Version::V3_1_1, &[0x40, 3, 1, 2, 0x10]).is_err());
        let mut ours = Vec::new();
        write_puback(0x0102, &mut ours);
        assert_eq!(
            ours,
            v5_0::Puback::builder().packet_id(0x0102).build().expect("it").to_continuous_buffer()
        );
        // Everything else is for the crate.
        for other in [&[0x62, 2, 0, 7][..], &[0xD0, 0], &[]] {
            assert!(matches!(read(Version::V5_0, other), Ok(None)), "{other:?}");
        }
    }

    #[test]
    fn a_publish_with_qos_2_is_read_as_far_as_its_answer_needs() {
        for (version, bytes) in [
            (Version::V5_0, &[0x34, 6, 0, 1, b'x', 0, 7, 0][..]),
            (Version::V3_1_1, &[0x34, 6, 0, 1, b'x', 0, 7, b'!']),
        ] {
            assert!(matches!(read(version, bytes), Ok(Some(Frequent::PublishTwice(7)))), "{bytes:?}");
        }
    }

    #[test]
    fn a_packet_that_breaks_the_rules_is_not_read() {
        let cases: [(&[u8], &str); 10] = [
            (&[0x32, 6, 0, 1, b'x', 0, 0, 0], "packet id 0"),
            (&[0x34, 6, 0, 1, b'x', 0, 0, 0], "packet id 0"),
            (&[0x40, 2, 0, 0], "packet id 0"),
            (&[0x32, 4, 0, 9, b'x', b'y'], "a length"),
            (&[0x32, 3, 0, 1, b'x'], "a length"),
            (&[0x32, 7, 0, 1, b'x', 0, 7, 9, 0], "a length"),
            (&[0x34, 7, 0, 1, b'x', 0, 7, 9, 0], "a length"),
            (&[0x30, 9, 0, 1, b'x', 0x80, 0x80, 0x80, 0x80, 1, 0], "four bytes"),
            (&[0x30, 4, 0, 1, 0xFF, 0], "UTF-8"),
            (&[0x30, 4, 0, 1, 0, 0], "NUL"),
        ];
        for (bytes, word) in cases {
            let Err(Fault::Broken(why)) = read(Version::V5_0, bytes) else { panic!("{bytes:?}") };
            assert!(why.contains(word), "{bytes:?}: {why}");
        }
    }
}
