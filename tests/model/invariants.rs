//! What must hold of a whole world, besides what `monitor` watches in each device. Numbers are those of the
//! list in docs/PROOF.md.

use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::{self as signaling, EventKind};

use crate::fingerprint::channel_bit;
use crate::transition_cache::CheckResult;
use crate::world::{Ask, World};

impl World {
    /// In every state.
    pub(crate) fn check(&self) -> CheckResult {
        self.check_siblings()?;
        if self.setting().must_meet {
            self.check_meeting()?;
        }
        let is_modern = self.setting().legacy.is_empty() && !self.setting().before_1_1;
        if is_modern && self.setting().is_fine && self.is_quiet() {
            self.check_ghosts()?;
        }
        Ok(())
    }

    /// At most one device of an account is in a given call.
    fn check_siblings(&self) -> CheckResult {
        let accounts = self.setting().accounts;
        for (device, account) in accounts.iter().enumerate() {
            for (other, same) in accounts.iter().enumerate().skip(device + 1) {
                let are_in_calls = self.phase(device) == Phase::InCall && self.phase(other) == Phase::InCall;
                if same != account || !are_in_calls {
                    continue;
                }
                let channel = self.engine(device).snapshot().channel_id;
                if self.engine(other).snapshot().channel_id == channel {
                    return Err(format!(
                        "invariant 4: devices {device} and {other} of {account} are in one call"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Nothing was lost or failed, and all messages have arrived: whoever rings or calls does so for an
    /// undecided invite.
    fn check_ghosts(&self) -> CheckResult {
        for device in 0..self.devices() {
            let phase = self.phase(device);
            if phase != Phase::Called && phase != Phase::Calling {
                continue;
            }
            let shown = self.engine(device).snapshot();
            if !self.is_undecided(&shown.channel_id, &shown.request_id) {
                let channel = shown.channel_id;
                return Err(format!(
                    "invariant 12: device {device} is {phase:?} for {channel}, which is over"
                ));
            }
        }
        Ok(())
    }

    fn is_undecided(&self, channel: &str, request: &str) -> bool {
        let mut pending = self.service().pending_invites();
        pending.any(|invite| *invite.channel_id == *channel && *invite.request_id == *request)
    }

    /// Both have called each other, all messages have arrived, no deadline has passed: they are in one call.
    fn check_meeting(&self) -> CheckResult {
        let has_calls = self.budget.users.iter().any(|may| may.calls > 0);
        if has_calls || !self.is_quiet() || self.now() > 0 {
            return Ok(());
        }
        let in_call = (0..self.devices()).filter(|device| self.phase(*device) == Phase::InCall);
        let channels: Vec<_> = in_call.map(|device| self.engine(device).snapshot().channel_id).collect();
        match channels.as_slice() {
            [a, b] if a == b => Ok(()),
            other => Err(format!("invariant 8: both called and nobody refused, but the calls are {other:?}")),
        }
    }

    /// A legacy client takes any CANCEL for the end of its call, so none may reach it while that is
    /// live, except for one sent before its own invite was seen.
    pub(crate) fn check_legacy(&self, to: usize, event: &signaling::Event) -> CheckResult {
        let is_unaware = self.cancelled_unaware & channel_bit(&event.channel.id) != 0;
        let is_harmful = self.is_legacy(to) && event.kind == EventKind::Cancel && !is_unaware;
        if !is_harmful || self.phase(to) != Phase::InCall {
            return Ok(());
        }
        let lives = |device: usize| {
            self.phase(device) == Phase::InCall && self.engine(device).snapshot().account == event.from
        };
        match (0..self.devices()).any(lives) {
            true => {
                Err(format!("invariant 8: a CANCEL ends the living call of device {to}, a legacy client"))
            }
            false => Ok(()),
        }
    }

    /// Nothing is in flight and no deadline is pending: everybody is idle, or in one call with one other; and
    /// idle after hanging up.
    pub(crate) fn rest(&mut self) -> CheckResult {
        for device in 0..self.devices() {
            match self.phase(device) {
                Phase::Idle => {}
                Phase::InCall => self.check_partner(device)?,
                phase @ (Phase::Calling | Phase::GlareAccepting | Phase::Called | Phase::Accepting) => {
                    return Err(format!("invariant 3: device {device} stays {phase:?}"));
                }
            }
        }
        for device in 0..self.devices() {
            self.ask(device, Ask::Hangup)?;
        }
        self.settle()?;
        for device in 0..self.devices() {
            let check_result = self.monitor(device).at_rest(self.engine(device));
            check_result.map_err(|why| format!("device {device}: {why}"))?;
        }
        Ok(())
    }

    fn check_partner(&self, device: usize) -> CheckResult {
        let own = self.engine(device).snapshot();
        let partners = (0..self.devices()).filter(|other| {
            let snapshot = self.engine(*other).snapshot();
            *other != device
                && self.phase(*other) == Phase::InCall
                && snapshot.channel_id == own.channel_id
                && snapshot.account == own.peer
        });
        match partners.count() {
            1 if own.connected => Ok(()),
            1 => Err(format!("invariant 10: device {device} is in a call that is never connected")),
            count => Err(format!("invariant 10: device {device} is in a call with {count} others")),
        }
    }
}
