//! The packets that a connection sends, for both versions of the protocol.

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::packet::{
    MaximumPacketSize, Property, Qos, ReceiveMaximum, RetainHandling, SessionExpiryInterval, SubEntry,
    SubOpts, WillDelayInterval, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};

use super::settings::Settings;

/// How long a broker delays the will in case the device returns, in seconds.
const WILL_DELAY_S: u32 = 5;

/// The payload of a will.
const WILL: &str = r#"{"v":1}"#;

/// Largest packet that we read, fixed header included.
pub(super) const PACKET_BYTES: u32 = 32 * 1024;

/// Publishes that the broker may send without our answer.
const RECEIVE_MAXIMUM: u16 = 64;

/// A packet as bytes. The crate's enum of all packets would keep the code of each in the library.
type Bytes = Result<Vec<u8>, MqttError>;

/// `forgets`: the broker drops what it has stored for this device.
pub(super) fn connect(version: Version, settings: &Settings, token: &str, forgets: bool) -> Bytes {
    let user = settings.topics.user();
    let will = settings.presence.then(|| settings.topics.own_presence());
    // The two builders have no common trait.
    macro_rules! common {
        ($builder:expr) => {{
            let mut builder = $builder
                .client_id(&*settings.client_id)?
                .clean_start(forgets)
                .keep_alive(settings.keep_alive_s)
                .user_name(user)?
                .password(token)?;
            if let Some(topic) = &will {
                builder = builder.will_message(&**topic, WILL, Qos::AtLeastOnce, false)?;
            }
            builder
        }};
    }
    if version == Version::V3_1_1 {
        return Ok(common!(v3_1_1::Connect::builder()).build()?.to_continuous_buffer());
    }
    let properties = vec![
        Property::SessionExpiryInterval(SessionExpiryInterval::new(settings.session_expiry_s)?),
        Property::ReceiveMaximum(ReceiveMaximum::new(RECEIVE_MAXIMUM)?),
        Property::MaximumPacketSize(MaximumPacketSize::new(PACKET_BYTES)?),
    ];
    let mut builder = common!(v5_0::Connect::builder()).props(properties);
    if will.is_some() {
        let delay = WILL_DELAY_S.min(settings.session_expiry_s);
        builder = builder.will_props(vec![Property::WillDelayInterval(WillDelayInterval::new(delay)?)]);
    }
    Ok(builder.build()?.to_continuous_buffer())
}

pub(super) fn subscribe(version: Version, id: u16, filters: &[String]) -> Bytes {
    let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
    // Nothing that matters to a connection is retained; 3.1.1 has no such option.
    let options = match version {
        Version::V3_1_1 => options,
        Version::V5_0 | Version::Undetermined => options.set_rh(RetainHandling::DoNotSendRetained),
    };
    let entries = filters.iter().map(|filter| SubEntry::new(&**filter, options));
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(match version {
        Version::V3_1_1 => {
            v3_1_1::Subscribe::builder().packet_id(id).entries(entries).build()?.to_continuous_buffer()
        }
        Version::V5_0 | Version::Undetermined => {
            v5_0::Subscribe::builder().packet_id(id).entries(entries).build()?.to_continuous_buffer()
        }
    })
}

pub(super) fn unsubscribe(version: Version, id: u16, filter: &str) -> Bytes {
    Ok(match version {
        Version::V3_1_1 => {
            v3_1_1::Unsubscribe::builder().packet_id(id).entries([filter])?.build()?.to_continuous_buffer()
        }
        Version::V5_0 | Version::Undetermined => {
            v5_0::Unsubscribe::builder().packet_id(id).entries([filter])?.build()?.to_continuous_buffer()
        }
    })
}

pub(super) fn ping(version: Version) -> Bytes {
    Ok(match version {
        Version::V3_1_1 => v3_1_1::Pingreq::builder().build()?.to_continuous_buffer(),
        Version::V5_0 | Version::Undetermined => v5_0::Pingreq::builder().build()?.to_continuous_buffer(),
    })
}

/// `forget`: the broker drops the session at once; 3.1.1 cannot express that.
pub(super) fn disconnect(version: Version, forget: bool) -> Bytes {
    if version == Version::V3_1_1 {
        return Ok(v3_1_1::Disconnect::builder().build()?.to_continuous_buffer());
    }
    let mut builder = v5_0::Disconnect::builder().reason_code(DisconnectReasonCode::NormalDisconnection);
    if forget {
        builder = builder.props(vec![Property::SessionExpiryInterval(SessionExpiryInterval::new(0)?)]);
    }
    Ok(builder.build()?.to_continuous_buffer())
}
