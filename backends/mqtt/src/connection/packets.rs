//! The packets that a connection sends, for both versions of the protocol.

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::packet::{
    Packet, Property, Qos, RetainHandling, SessionExpiryInterval, SubEntry, SubOpts, WillDelayInterval,
    v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};

use super::settings::Settings;

/// How long a broker delays the will in case the device returns, in seconds.
const WILL_DELAY_S: u32 = 5;

/// The payload of a will.
const WILL: &str = r#"{"v":1}"#;

pub(super) fn connect(
    version: Version,
    settings: &Settings,
    token: &str,
    forgets: bool,
) -> Result<Packet, MqttError> {
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
        return Ok(common!(v3_1_1::Connect::builder()).build()?.into());
    }
    let expiry = Property::SessionExpiryInterval(SessionExpiryInterval::new(settings.session_expiry_s)?);
    let mut builder = common!(v5_0::Connect::builder()).props(vec![expiry]);
    if will.is_some() {
        let delay = WILL_DELAY_S.min(settings.session_expiry_s);
        builder = builder.will_props(vec![Property::WillDelayInterval(WillDelayInterval::new(delay)?)]);
    }
    Ok(builder.build()?.into())
}

pub(super) fn subscribe(version: Version, id: u16, filters: &[String]) -> Result<Packet, MqttError> {
    let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
    // Nothing that matters to a connection is retained; 3.1.1 has no such option.
    let options = match version {
        Version::V3_1_1 => options,
        Version::V5_0 | Version::Undetermined => options.set_rh(RetainHandling::DoNotSendRetained),
    };
    let entries = filters.iter().map(|filter| SubEntry::new(&**filter, options));
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(match version {
        Version::V3_1_1 => v3_1_1::Subscribe::builder().packet_id(id).entries(entries).build()?.into(),
        Version::V5_0 | Version::Undetermined => {
            v5_0::Subscribe::builder().packet_id(id).entries(entries).build()?.into()
        }
    })
}

pub(super) fn unsubscribe(version: Version, id: u16, filter: &str) -> Result<Packet, MqttError> {
    Ok(match version {
        Version::V3_1_1 => v3_1_1::Unsubscribe::builder().packet_id(id).entries([filter])?.build()?.into(),
        Version::V5_0 | Version::Undetermined => {
            v5_0::Unsubscribe::builder().packet_id(id).entries([filter])?.build()?.into()
        }
    })
}

pub(super) fn ping(version: Version) -> Result<Packet, MqttError> {
    Ok(match version {
        Version::V3_1_1 => v3_1_1::Pingreq::builder().build()?.into(),
        Version::V5_0 | Version::Undetermined => v5_0::Pingreq::builder().build()?.into(),
    })
}

/// `forget`: the broker drops the session at once; 3.1.1 cannot express that.
pub(super) fn disconnect(version: Version, forget: bool) -> Result<Packet, MqttError> {
    if version == Version::V3_1_1 {
        return Ok(v3_1_1::Disconnect::builder().build()?.into());
    }
    let mut builder = v5_0::Disconnect::builder().reason_code(DisconnectReasonCode::NormalDisconnection);
    if forget {
        builder = builder.props(vec![Property::SessionExpiryInterval(SessionExpiryInterval::new(0)?)]);
    }
    Ok(builder.build()?.into())
}
