//! Where engine and MQTT peer meet.

use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::{Engine, IdGenerator};
use nertc_callkit_mqtt::protocol::{self, Peer};
use nertc_callkit_signaling::{CallType, InviteState, Record, RecordStatus, Text};

use super::super::device;
use super::plan::Plan;

/// An engine whose ids follow from `seed`.
pub(super) fn engine(seed: u64) -> Engine {
    let config = device::config(false, "sim/1".into());
    Engine::new(config, IdGenerator::test_seed(seed))
}

/// An MQTT peer of this device.
pub(super) fn protocol(plan: &Plan, account: &str, device: &str, seed: u64) -> Peer {
    let instance = format!("inst-{device}-{:08x}", seed as u32).into();
    let config = protocol::Config {
        busy_is_local: plan.busy_is_local,
        peer_lost_ms: plan.peer_lost_ms,
        watch_presence: plan.watch_presence,
        ..protocol::Config::new(account.into(), device.into(), instance)
    };
    Peer::new(config, Peer::test_seed(seed))
}

/// The core takes no notice of this invite.
pub(super) fn dropped(channel: &Text, request: &Text) -> protocol::Input {
    let (channel, request) = (channel.clone(), request.clone());
    protocol::Input::InviteState { channel, request, state: InviteState::Dropped }
}

/// A call record as reported to the engine.
pub(super) fn record(from: &Text, id: &Text, text: &Text) -> Input {
    let record = Record {
        client_msg_id: id.clone(),
        to: "".into(),
        channel_id: "".into(),
        call_type: CallType::Audio,
        status: RecordStatus::Complete,
        text: text.clone(),
        durations: Vec::new(),
    };
    Input::Record { from: from.clone(), record }
}
