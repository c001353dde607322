//! The packets of a broker that are not frequent, for both versions of the protocol, parsed by
//! `mqtt-protocol-core`: only those that a broker sends to a client, so that the rest of the crate is no part
//! of the library.

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::packet::{Property, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use super::framing::{Fields, variable};

/// What a broker says, besides publishing and acknowledging.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Connack(Connack),
    Suback {
        id: u16,
        /// All filters.
        granted: bool,
    },
    Unsuback {
        id: u16,
    },
    Pong,
    /// DISCONNECT, for this reason.
    Bye(u8),
    Pubrel(u16),
    Auth,
    /// An answer to what we never send.
    Other,
}

/// The answer to CONNECT.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Connack {
    /// Reason code of MQTT 5, or return code of 3.1.1.
    pub(super) code: u8,
    pub(super) resumed: bool,
    /// Publishes that the broker takes without its answer.
    pub(super) receive_maximum: Option<u16>,
    /// Bytes of the largest packet that it takes.
    pub(super) largest: Option<u32>,
    pub(super) keep_alive_s: Option<u16>,
}

/// A packet that is not what the protocol describes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsound;

impl From<MqttError> for Unsound {
    fn from(_: MqttError) -> Unsound {
        Unsound
    }
}

/// Reads a whole packet that [`super::framing`] let pass.
pub(super) fn read(version: Version, packet: &[u8]) -> Result<Answer, Unsound> {
    let (&first, rest) = packet.split_first().ok_or(Unsound)?;
    let (_, size) = variable(rest).map_err(|_| Unsound)?.ok_or(Unsound)?;
    let body = &rest[size..];
    let is_five = version != Version::V3_1_1;
    match first >> 4 {
        2 if is_five => connack(&exact(body, v5_0::Connack::parse(body))?),
        2 => {
            let connack = exact(body, v3_1_1::Connack::parse(body))?;
            let (code, resumed) = (connack.return_code() as u8, connack.session_present());
            Ok(Answer::Connack(Connack { code, resumed, ..Connack::default() }))
        }
        6 => Fields(body).packet_id().map(Answer::Pubrel).map_err(|_| Unsound),
        9 if is_five => {
            let suback = exact(body, v5_0::Suback::parse(body))?;
            let granted = suback.reason_codes().iter().all(|code| code.is_success());
            Ok(Answer::Suback { id: suback.packet_id(), granted })
        }
        9 => {
            let suback = exact(body, v3_1_1::Suback::parse(body))?;
            let granted = suback.return_codes().iter().all(|code| code.is_success());
            Ok(Answer::Suback { id: suback.packet_id(), granted })
        }
        11 if is_five => Ok(Answer::Unsuback { id: exact(body, v5_0::Unsuback::parse(body))?.packet_id() }),
        11 => Ok(Answer::Unsuback { id: exact(body, v3_1_1::Unsuback::parse(body))?.packet_id() }),
        13 => Ok(Answer::Pong),
        14 if is_five => {
            let bye = exact(body, v5_0::Disconnect::parse(body))?;
            Ok(Answer::Bye(bye.reason_code().map_or(0, |code| code as u8)))
        }
        15 => Ok(Answer::Auth),
        _ => Ok(Answer::Other),
    }
}

/// A packet that takes all of its bytes.
fn exact<T>(body: &[u8], parsed: Result<(T, usize), MqttError>) -> Result<T, Unsound> {
    let (packet, taken) = parsed?;
    if taken == body.len() { Ok(packet) } else { Err(Unsound) }
}

fn connack(packet: &v5_0::Connack) -> Result<Answer, Unsound> {
    let (code, resumed) = (packet.reason_code() as u8, packet.session_present());
    let mut connack = Connack { code, resumed, ..Connack::default() };
    for property in packet.props() {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; these three concern us")]
        match property {
            Property::ReceiveMaximum(most) => connack.receive_maximum = Some(most.val()),
            Property::MaximumPacketSize(bytes) => connack.largest = Some(bytes.val()),
            Property::ServerKeepAlive(seconds) => connack.keep_alive_s = Some(seconds.val()),
            _ => {}
        }
    }
    Ok(Answer::Connack(connack))
}

#[cfg(test)]
mod tests {
    use mqtt_protocol_core::mqtt::packet::{
        AssignedClientIdentifier, MaximumPacketSize, ReasonString, ReceiveMaximum, ServerKeepAlive,
    };
    use mqtt_protocol_core::mqtt::result_code::{
        ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, SubackReasonCode, SubackReturnCode,
        UnsubackReasonCode,
    };

    use super::*;

    /// As the crate writes it, read again.
    macro_rules! again {
        ($version:expr, $builder:expr) => {
            read($version, &$builder.build().expect("a packet").to_continuous_buffer())
        };
    }

    const FIVE: Version = Version::V5_0;
    const THREE: Version = Version::V3_1_1;

    #[test]
    fn a_connack_has_the_limits_of_the_broker() {
        let properties = vec![
            Property::ReceiveMaximum(ReceiveMaximum::new(7).expect("valid")),
            Property::AssignedClientIdentifier(AssignedClientIdentifier::new("x").expect("valid")),
            Property::MaximumPacketSize(MaximumPacketSize::new(1_000).expect("valid")),
            Property::ServerKeepAlive(ServerKeepAlive::new(30).expect("valid")),
        ];
        let connack = v5_0::Connack::builder().session_present(true);
        let full = connack.reason_code(ConnectReasonCode::Success).props(properties);
        let wanted = Connack {
            code: 0,
            resumed: true,
            receive_maximum: Some(7),
            largest: Some(1_000),
            keep_alive_s: Some(30),
        };
        assert_eq!(again!(FIVE, full), Ok(Answer::Connack(wanted)));
        let refused = v5_0::Connack::builder().session_present(false).reason_code(ConnectReasonCode::Banned);
        let wanted = |code, resumed| Ok(Answer::Connack(Connack { code, resumed, ..Connack::default() }));
        assert_eq!(again!(FIVE, refused), wanted(0x8A, false));
        let old = v3_1_1::Connack::builder().session_present(true).return_code(ConnectReturnCode::Accepted);
        assert_eq!(again!(THREE, old), wanted(0, true));
        // Of the other version, twice the same, a limit of 0, with something behind, with an unknown code.
        for (version, bad) in [
            (FIVE, &[0x20, 2, 0, 1][..]),
            (THREE, &[0x20, 3, 0, 0, 0]),
            (FIVE, &[0x20, 9, 0, 0, 6, 0x21, 0, 1, 0x21, 0, 1]),
            (FIVE, &[0x20, 6, 0, 0, 3, 0x21, 0, 0]),
            (FIVE, &[0x20, 4, 0, 0, 0, 0]),
            (FIVE, &[0x20, 3, 0, 0x42, 0]),
            (FIVE, &[0x20, 6, 0, 0, 3, 0x21, 0]),
        ] {
            assert_eq!(read(version, bad), Err(Unsound), "{bad:?}");
        }
    }

    #[test]
    fn subscriptions_are_granted_if_each_filter_is() {
        for (last, granted) in
            [(SubackReasonCode::GrantedQos0, true), (SubackReasonCode::NotAuthorized, false)]
        {
            let codes = vec![SubackReasonCode::GrantedQos1, last];
            let suback = v5_0::Suback::builder().packet_id(0x0102).reason_codes(codes);
            assert_eq!(again!(FIVE, suback), Ok(Answer::Suback { id: 0x0102, granted }));
        }
        for (last, granted) in
            [(SubackReturnCode::SuccessMaximumQos1, true), (SubackReturnCode::Failure, false)]
        {
            let codes = vec![SubackReturnCode::SuccessMaximumQos0, last];
            let suback = v3_1_1::Suback::builder().packet_id(3).return_codes(codes);
            assert_eq!(again!(THREE, suback), Ok(Answer::Suback { id: 3, granted }));
        }
        let unsuback = v5_0::Unsuback::builder().packet_id(4).reason_codes(vec![UnsubackReasonCode::Success]);
        assert_eq!(again!(FIVE, unsuback), Ok(Answer::Unsuback { id: 4 }));
        assert_eq!(again!(THREE, v3_1_1::Unsuback::builder().packet_id(5)), Ok(Answer::Unsuback { id: 5 }));
        // Without a code, or with one that there is not.
        assert_eq!(read(FIVE, &[0x90, 3, 0, 1, 0]), Err(Unsound));
        assert_eq!(read(THREE, &[0x90, 3, 0, 1, 3]), Err(Unsound));
    }

    #[test]
    fn the_rest_is_read_or_named() {
        assert_eq!(read(FIVE, &[0xD0, 0]), Ok(Answer::Pong));
        assert_eq!(read(FIVE, &[0xE0, 0]), Ok(Answer::Bye(0)));
        let why = vec![Property::ReasonString(ReasonString::new("full").expect("valid"))];
        let bye = v5_0::Disconnect::builder().reason_code(DisconnectReasonCode::SessionTakenOver).props(why);
        assert_eq!(again!(FIVE, bye), Ok(Answer::Bye(0x8E)));
        assert_eq!(read(FIVE, &[0xE0, 1, 0x42]), Err(Unsound));
        assert_eq!(read(THREE, &[0x62, 2, 1, 0]), Ok(Answer::Pubrel(0x0100)));
        assert_eq!(read(FIVE, &[0xF0, 2, 0x18, 0]), Ok(Answer::Auth));
        for other in [&[0x50, 2, 0, 1][..], &[0x70, 2, 0, 1]] {
            assert_eq!(read(FIVE, other), Ok(Answer::Other), "{other:?}");
        }
        for bad in [&[][..], &[0x20], &[0x62, 1, 1], &[0x62, 2, 0, 0]] {
            assert_eq!(read(FIVE, bad), Err(Unsound), "{bad:?}");
        }
    }
}
