//! A device of the simulation, and how its engine is configured.

use nertc_callkit::engine::{Caps, Config, Engine, Timers};
use nertc_callkit_signaling::{self as signaling, Origin, Req, Text};
use nertc_callkit_testkit::Random;

use super::monitor::Monitor;

/// A message on its way to a device.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) to: usize,
    pub(crate) source: Origin,
    pub(crate) event: signaling::Event,
}

/// The contents of a push about a call.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) to: Text,
    pub(super) from: Text,
    pub(super) channel: Text,
    pub(super) request: Text,
}

/// One device and what it is.
pub(crate) struct Device {
    pub(crate) account: Text,
    pub(crate) engine: Engine,
    pub(crate) monitor: Monitor,
    /// What its media backend talks; empty: it does not signal.
    pub(crate) media_protocol: Text,
    /// Behaves like a client without call ids.
    pub(crate) is_legacy: bool,
    /// Counts restarts: what was meant for an earlier incarnation is lost.
    pub(super) life: u32,
    /// Messages wait, operations are lost.
    pub(crate) is_offline: bool,
    /// Cut off from every service until then.
    pub(crate) cut_until: u64,
    /// Its backend has noticed that it is cut off.
    pub(super) has_noticed_cut: bool,
    /// Its app does not take its events: it answers busy.
    pub(crate) is_backlogged: bool,
    pub(super) waiting: Vec<Delivery>,
    pub(super) last_ticket: u64,
    /// Media operations run in their order: nothing before this.
    pub(super) media_free: u64,
    /// Media events arrive in order: nothing before this.
    pub(super) next_received: u64,
    /// A logout that was issued before it is about a session that is gone.
    pub(super) last_login: u64,
    /// The join that ran last: events of an earlier room are lost.
    pub(super) media_join: Req,
    /// Its media backend says of which join it reports, and some of it long after it has left.
    pub(super) reports_late: bool,
    /// Of the media room that it joined last.
    pub(super) media_uid: u64,
}

/// What an app chooses, and what its media backend talks.
pub(super) fn config(confirm: bool, media_protocol: Text) -> Config {
    Config {
        timers: Timers::default(),
        caps: Caps {
            server_record: false,
            send_record: true,
            control: true,
            abort_login: true,
            no_media: false,
            enable_local: true,
            mute_local: true,
            subscribe: true,
            set_view: true,
            prepare: true,
        },
        confirm_audio_to_video: confirm,
        confirm_video_to_audio: confirm,
        no_token_listener: false,
        takes_data: true,
        media_protocol,
        device: "device".into(),
    }
}

/// What the media backends of a world talk.
pub(super) struct MediaProtocols {
    random: Random,
    is_modern: bool,
    is_mixed: bool,
}

impl MediaProtocols {
    pub(super) fn new(seed: u64, is_modern: bool) -> MediaProtocols {
        // Of its own, so that a world is the same but for this.
        let mut random = Random::new(seed ^ 0x3ed1a);
        let is_mixed = random.chance(250);
        MediaProtocols { random, is_modern, is_mixed }
    }

    /// That of the next device.
    pub(super) fn next(&mut self) -> Text {
        match (self.is_modern, self.is_mixed && self.random.chance(400)) {
            (false, _) => Text::default(),
            (true, false) => "sim/1".into(),
            (true, true) => if self.random.chance(300) { "" } else { "sim/2" }.into(),
        }
    }
}
