//! Incompatible media backends: in some simulations devices differ in their media protocol. No
//! call of two such devices rings or continues, and a call that ends for it has met such a device.

use nertc_callkit::engine::output::{EndReason, Event, Missed};
use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::Text;

use super::device::Device;
use super::world::World;

impl World {
    /// Devices of an account whose media protocol differs from this device's.
    fn differs(&self, device: usize, account: &Text) -> bool {
        let own = &self.devices[device].media_protocol;
        self.devices.iter().any(|it| it.account == *account && it.media_protocol != *own)
    }

    /// An app's events about calls with incompatible media.
    pub(super) fn media_is_compatible(&mut self, device: usize, event: &Event) -> Result<(), String> {
        if let Event::Invited(invited) = event {
            let own = &self.devices[device].media_protocol;
            let is_caller = |it: &&Device| {
                let theirs = it.engine.snapshot();
                it.account == invited.invitor && theirs.channel_id == invited.channel_id
            };
            if self.devices.iter().find(is_caller).is_some_and(|it| it.media_protocol != *own) {
                let who = &invited.invitor;
                return Err(format!("invariant 16: {who} rings, whose media talks something else"));
            }
        }
        if let Event::MediaSecured(secured) = event {
            let room = self.devices[device].engine.snapshot().rtc_channel;
            if secured.code != room {
                return Err(format!("invariant 6: the security of {}, the call is in {room}", secured.code));
            }
        }
        let mut blamed = None;
        if let Event::CallEnd(end) = event
            && end.reason == EndReason::MediaMismatch
        {
            blamed = Some(&end.user);
        } else if let Event::MissedCall(missed) = event
            && missed.reason == Missed::MediaMismatch
        {
            blamed = Some(&missed.user);
        }
        let Some(user) = blamed else { return Ok(()) };
        self.mismatches += 1;
        let differs = self.differs(device, user);
        if differs { Ok(()) } else { Err(format!("invariant 16: the media of {user} can talk to ours")) }
    }

    /// Two devices in one call are compatible.
    pub(super) fn no_call_of_different_media(&self) -> Result<(), String> {
        let first = &self.devices[0].media_protocol;
        if self.devices.iter().all(|it| it.media_protocol == *first) {
            return Ok(());
        }
        let in_call = |it: &&Device| it.engine.phase() == Phase::InCall;
        for one in self.devices.iter().filter(in_call) {
            for other in self.devices.iter().filter(in_call) {
                let [a, b] = [one, other].map(|it| it.engine.snapshot());
                if a.channel_id == b.channel_id && one.media_protocol != other.media_protocol {
                    let (own, theirs) = (&one.media_protocol, &other.media_protocol);
                    return Err(format!("invariant 16: a call of {own:?} and {theirs:?} goes on"));
                }
            }
        }
        Ok(())
    }
}
