//! The events that the other account must get, once an operation has left a device.

use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::{self as signaling, Text};

use super::liveness::Awaited;
use super::world::{Device, Link, World};

impl World {
    /// An operation that concerns the other account leaves a device.
    pub(super) fn watch_op(&mut self, device: usize, op: &signaling::Operation) {
        if !self.plan.is_healthy() {
            return;
        }
        let by = self.now + 3_500 + 8 * self.plan.max_delay_ms;
        if let signaling::Operation::Invite { message, .. } = op {
            self.await_ring(by, device, &message.account, &message.channel_id);
        } else if let signaling::Operation::Close { channel_id, .. }
        | signaling::Operation::Leave { channel_id, .. } = op
        {
            self.await_end(by, device, channel_id);
        }
    }

    fn await_ring(&mut self, by: u64, device: usize, to: &Text, channel: &Text) {
        let may_ring = |it: &Device| it.account == *to && it.is_in && !it.is_leaving && it.link == Link::Up;
        let own = self.devices[device].account.clone();
        // A second call of the same account is parked beside the first, as a redial: whichever comes first
        // rings.
        let is_calling = |(other, it): (usize, &Device)| {
            let peer = it.engine.snapshot().peer;
            it.account == *to && peer == own || it.account == own && other != device && peer == *to
        };
        if self.devices.iter().enumerate().any(is_calling) {
            self.watch.is_left(to);
        } else if self.devices.iter().any(may_ring) {
            let (channel, to) = (channel.clone(), to.clone());
            self.watch.awaited.push((by, Awaited::Ring { caller: device, to, channel }));
        }
    }

    fn await_end(&mut self, by: u64, device: usize, channel: &Text) {
        let account = self.devices[device].account.clone();
        for (other, it) in self.devices.iter().enumerate() {
            let snapshot = it.engine.snapshot();
            let is_in_it = it.engine.phase() == Phase::InCall && snapshot.channel_id == *channel;
            if is_in_it && snapshot.connected && it.account != account && it.link == Link::Up {
                let awaited = Awaited::End { device: other, call_no: snapshot.call_no };
                self.watch.awaited.push((by, awaited));
            }
        }
    }
}
