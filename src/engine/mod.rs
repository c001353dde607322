//! The call state machine: a value without thread, lock, clock, I/O or randomness of its own.
//!
//! Contract: feed one input, drain `poll_output` to `None`, feed the next.
#![forbid(unsafe_code)]

pub mod codes;
mod ids;
pub mod input;
pub mod limits;
pub mod output;
pub mod time;
pub mod wire;

use input::{CallType, Input, Text};
use output::Output;
use time::Time;

/// Every timer, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "nertc_callkit_timers explains each")]
pub struct Timers {
    pub ring_ms: u32,
    pub ring_grace_ms: u32,
    pub login_ms: u32,
    pub request_ms: u32,
    pub operation_ms: u32,
    pub rtc_leave_ms: u32,
    pub rtc_connect_ms: u32,
    pub handshake_ms: u32,
    pub switch_ms: u32,
    pub glare_ms: u32,
    pub peer_leave_ms: u32,
    pub peer_reconnecting_ms: u32,
    pub peer_lost_ms: u32,
    pub closer_ms: u32,
    pub destroy_wait_ms: u32,
    pub tombstone_ms: u32,
    pub invite_age_ms: u32,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            ring_ms: 30_000,
            ring_grace_ms: 500,
            login_ms: 10_000,
            request_ms: 8_000,
            operation_ms: 5_000,
            rtc_leave_ms: 3_000,
            rtc_connect_ms: 15_000,
            handshake_ms: 3_000,
            switch_ms: 10_000,
            glare_ms: 3_000,
            peer_leave_ms: 500,
            peer_reconnecting_ms: 4_000,
            peer_lost_ms: 20_000,
            closer_ms: 10_000,
            destroy_wait_ms: 500,
            tombstone_ms: 600_000,
            invite_age_ms: 120_000,
        }
    }
}

/// What the plugs can do, as far as the call logic must know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caps {
    /// The service writes the record of a completed call.
    pub server_record: bool,
    /// The signaling plug can send records.
    pub send_record: bool,
    /// The signaling plug can send control messages.
    pub control: bool,
    /// The media plug brings no media: the peer counts as present.
    pub no_media: bool,
    /// The media plug can open and close microphone and camera.
    pub enable_local: bool,
    /// The media plug can mute.
    pub mute_local: bool,
    /// The media plug can subscribe.
    pub subscribe: bool,
    /// The media plug can draw.
    pub set_view: bool,
}

/// What the engine is told once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Config {
    /// Timers.
    pub timers: Timers,
    /// What the plugs can do.
    pub caps: Caps,
    /// The peer's switch from audio to video asks the app.
    pub confirm_audio_to_video: bool,
    /// The peer's switch from video to audio asks the app.
    pub confirm_video_to_audio: bool,
}

/// What is going on, for get_state and get_call_info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// 0 idle, 1 calling, 2 called, 3 in call.
    pub state: i32,
    /// Type of the call.
    pub call_type: Option<CallType>,
    /// Both sides are in the media room.
    pub connected: bool,
    /// The call, 0 = none.
    pub call_no: u64,
    /// Own media uid.
    pub own_uid: u64,
    /// The peer's media uid, 0 until it entered.
    pub peer_uid: u64,
    /// Own account, empty when logged out.
    pub account: Text,
    /// The other party.
    pub peer: Text,
    /// Channel.
    pub channel_id: Text,
    /// Request id.
    pub request_id: Text,
    /// Call id.
    pub call_id: Text,
    /// Media room.
    pub rtc_channel: Text,
}

/// The call engine of one component.
#[derive(Clone, Debug)]
pub struct Engine {
    config: Config,
}

impl Engine {
    /// A logged-out engine. `seed` makes its ids (request id, call id): random in production, fixed in a test.
    pub fn new(config: Config, seed: u64) -> Engine {
        let _ = seed;
        Engine { config }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Time, input: Input) {
        let _ = (now, input, self.config);
    }

    /// What to do next; drain to `None` before the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Time, &'static str)> {
        None
    }

    /// Fires what is due.
    pub fn handle_timeout(&mut self, now: Time) {
        let _ = now;
    }

    /// What is going on.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }

    /// Changes whenever `snapshot` may have changed.
    pub fn revision(&self) -> u64 {
        0
    }
}
