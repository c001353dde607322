//! Where engine and peer meet, beyond what `convert` does.

use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::{Caps, Config, Engine, IdGenerator, Timers};
use nertc_callkit_mqtt::protocol::{self, Peer};
use nertc_callkit_signaling::{CallType, InviteState, Record, RecordStatus, Text};

use super::plan::Plan;

/// An engine whose ids follow from `seed`.
pub(super) fn engine(seed: u64) -> Engine {
    let caps = Caps {
        server_record: false,
        send_record: true,
        control: true,
        abort_login: true,
        no_media: false,
        enable_local: true,
        mute_local: true,
        subscribe: true,
        set_view: true,
    };
    let config = Config {
        timers: Timers::default(),
        caps,
        confirm_audio_to_video: false,
        confirm_video_to_audio: false,
        no_token_listener: false,
        takes_data: true,
        media_protocol: "sim/1".into(),
    };
    Engine::new(config, IdGenerator::test_seed(seed))
}

/// A peer of this device.
pub(super) fn station(plan: &Plan, account: &str, device: &str, seed: u64) -> Peer {
    let instance: Text = format!("inst-{device}-{:08x}", seed as u32).into();
    let config = protocol::Config {
        account: account.into(),
        device: device.into(),
        instance: instance.clone(),
        instances: vec![instance],
        single_device: false,
        busy_is_local: plan.busy_is_local,
        peer_lost_ms: plan.peer_lost_ms,
        watch_presence: plan.watch_presence,
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
