//! Invariants between devices: who is in which call with whom, and how soon.

use std::collections::BTreeMap;

use nertc_callkit::engine::Timers;
use nertc_callkit::engine::input::{Command, Input};
use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::{self as signaling, Code, EventKind, Req, Text};

use super::device::Device;
use super::exchange::Exchange;
use super::network_conditions::NetworkConditions;

/// How long a decided ring may go on while nothing is lost.
const RING_ON_MS: u64 = 1_000;

/// Two devices that call each other.
#[derive(Debug)]
struct Glare {
    devices: [usize; 2],
    calls: [u64; 2],
    /// Has seen the other's INVITE while its own was open.
    seen: [bool; 2],
    /// A refusal, an answer on another device, or a loss: anything may follow.
    is_spoiled: bool,
}

/// A ring whose end the service knows.
#[derive(Debug, PartialEq)]
struct GhostRing {
    call_no: u64,
    /// When it was decided, and when it was seen to ring on.
    decided: u64,
    since: u64,
}

/// Watches all devices.
pub(crate) struct CrossDeviceMonitor {
    conditions: NetworkConditions,
    /// When something last went wrong for a device.
    troubles: Vec<Option<u64>>,
    /// Since when a device is in a call without its peer.
    alone: Vec<Option<(u64, u64)>>,
    ghosts: Vec<Option<GhostRing>>,
    /// When the service decided about an invite, or about all of a channel.
    decided: BTreeMap<(Text, Option<Text>), u64>,
    glares: Vec<Glare>,
    /// Invites of each device that its backend has not answered: operation, channel, when it was issued.
    unanswered: Vec<Vec<(Req, Text, u64)>>,
    /// How long a decided ring may go on while nothing is lost, and how long trouble lasts.
    ring_on_ms: u64,
    trouble_ms: u64,
    /// A glare takes that much at most on its way.
    fair_ms: u64,
    /// Glares that came to one call, for the summary.
    pub(crate) glares_met: u64,
}

impl CrossDeviceMonitor {
    pub(crate) fn new(devices: usize, conditions: &NetworkConditions) -> CrossDeviceMonitor {
        CrossDeviceMonitor {
            conditions: *conditions,
            troubles: vec![None; devices],
            alone: vec![None; devices],
            ghosts: (0..devices).map(|_| None).collect(),
            decided: BTreeMap::new(),
            glares: Vec::new(),
            unanswered: vec![Vec::new(); devices],
            ring_on_ms: RING_ON_MS,
            trouble_ms: 0,
            fair_ms: 2_000,
            glares_met: 0,
        }
    }

    /// No service decides, but the caller's device: its decision has several hops, and what one device
    /// lost another may have to retransmit.
    pub(crate) fn is_decided_by_peers(&mut self) {
        self.ring_on_ms += 1_000 + 4 * self.conditions.max_delay_ms;
        self.trouble_ms = 10_000;
        self.fair_ms = 500;
    }

    /// Something went wrong for a device: lost, late, refused, restarted.
    pub(crate) fn trouble(&mut self, now: u64, device: usize) {
        self.troubles[device] = Some(now);
        self.spoil(device);
    }

    fn spoil(&mut self, device: usize) {
        let of_device = self.glares.iter_mut().filter(|glare| glare.devices.contains(&device));
        of_device.for_each(|glare| glare.is_spoiled = true);
    }

    /// A user who ends something does not stay.
    pub(crate) fn on_command(&mut self, device: usize, command: &Command) {
        let is_end =
            matches!(command, Command::Cancel { .. } | Command::Hangup { .. } | Command::Leave { .. });
        if is_end || *command == Command::Logout {
            self.spoil(device);
        }
    }

    /// A device issues an operation. A CANCEL must not overtake its INVITE, or that would ring for ever.
    pub(crate) fn on_issue(
        &mut self,
        now: u64,
        device: usize,
        req: Req,
        op: &signaling::Operation,
    ) -> Result<(), String> {
        let request_ms = u64::from(Timers::default().request_ms);
        if let signaling::Operation::Invite { message, .. } = op {
            self.unanswered[device].push((req, message.channel_id.clone(), now));
        } else if let signaling::Operation::Cancel(message) = op {
            let is_of = |invite: &&(Req, Text, u64)| invite.1 == message.channel_id;
            let running = self.unanswered[device].iter().find(is_of);
            if running.is_some_and(|(_, _, since)| now - since < request_ms) {
                let channel = &message.channel_id;
                return Err(format!("invariant 11: the invite in {channel} is cancelled before it returned"));
            }
        }
        Ok(())
    }

    /// A new process knows nothing of operations.
    pub(crate) fn forget(&mut self, device: usize) {
        self.unanswered[device].clear();
    }

    /// A device gets an input.
    pub(crate) fn on_input(&mut self, device: usize, input: &Input) {
        if let Input::SignalDone { req, .. } = input {
            self.unanswered[device].retain(|(invite, _, _)| invite != req);
        } else if let Input::Signals { events, .. } = input {
            // The peer's answer proves the invite.
            let is_proven = |id: &Text| events.iter().any(|event| event.channel.id == *id);
            self.unanswered[device].retain(|(_, channel, _)| !is_proven(channel));
        }
    }

    /// The service ran an operation.
    pub(crate) fn on_operation(
        &mut self,
        now: u64,
        devices: &[Device],
        device: usize,
        op: &signaling::Operation,
        code: Code,
    ) {
        let is_ok = code.is_success();
        match op {
            signaling::Operation::Invite { message, .. } if is_ok => {
                self.on_sibling(devices, device);
                self.on_invite(now, devices, device, &message.account);
            }
            signaling::Operation::Cancel(message)
            | signaling::Operation::Accept(message)
            | signaling::Operation::Reject(message) => {
                if is_ok {
                    self.on_decision(now, &message.channel_id, &message.request_id);
                }
                if message.custom_info.contains("\"reason\":2") {
                    self.spoil(device);
                }
                if !matches!(op, signaling::Operation::Cancel(_)) {
                    self.on_sibling(devices, device);
                }
            }
            signaling::Operation::Close { channel_id, .. } if is_ok => {
                self.decided.insert((channel_id.clone(), None), now);
            }
            signaling::Operation::Login { .. }
            | signaling::Operation::Logout
            | signaling::Operation::Create { .. }
            | signaling::Operation::Join { .. } => {}
            signaling::Operation::Invite { .. }
            | signaling::Operation::Leave { .. }
            | signaling::Operation::Close { .. } => {}
            signaling::Operation::Control(_) | signaling::Operation::Record(_) => {}
        }
    }

    /// The service decided about an invite.
    pub(crate) fn on_decision(&mut self, now: u64, channel: &Text, request: &Text) {
        self.decided.insert((channel.clone(), Some(request.clone())), now);
    }

    /// A device whose user is being called by the account it calls: they will connect, if nothing interferes.
    fn on_invite(&mut self, now: u64, devices: &[Device], inviter: usize, account: &Text) {
        let own = &devices[inviter].account;
        let is_party = |device: &Device| device.account == *own || device.account == *account;
        let busy = devices.iter().filter(|d| is_party(d) && d.engine.phase() != Phase::Idle).count();
        for (other, device) in devices.iter().enumerate().filter(|(_, d)| d.account == *account) {
            let (a, b) = (devices[inviter].engine.snapshot(), device.engine.snapshot());
            if device.engine.phase() != Phase::Calling || b.peer != *own || a.peer != *account {
                continue;
            }
            // An earlier failure may only be reported now.
            let is_well = |at: usize| self.troubles[at].is_none_or(|trouble| trouble + 8_000 < now);
            let can_meet = |at: usize| is_well(at) && !devices[at].is_legacy && !devices[at].is_backlogged;
            let is_compatible = devices[other].media_protocol == devices[inviter].media_protocol;
            let is_fair =
                self.conditions.max_delay_ms <= self.fair_ms && can_meet(other) && can_meet(inviter);
            self.glares.push(Glare {
                devices: [inviter, other],
                calls: [a.call_no, b.call_no],
                seen: [false, false],
                is_spoiled: !is_fair || !is_compatible || busy > 2 || self.conditions.is_before_1_1,
            });
        }
    }

    /// A device answered or called: if another device of its account is in a glare, the call may be with that
    /// one.
    pub(crate) fn on_sibling(&mut self, devices: &[Device], device: usize) {
        for glare in &mut self.glares {
            let is_party = glare.devices.contains(&device);
            let is_kin = glare.devices.iter().any(|party| devices[*party].account == devices[device].account);
            glare.is_spoiled |= is_kin && !is_party;
        }
    }

    /// A device is about to see a message.
    pub(crate) fn on_message(&mut self, devices: &[Device], to: usize, event: &signaling::Event) {
        if event.kind != EventKind::Invite || devices[to].engine.phase() != Phase::Calling {
            return;
        }
        for glare in &mut self.glares {
            for side in 0..2 {
                let from = glare.devices[1 - side];
                let is_from = event.from_device.parse() == Ok(from);
                // Not the INVITE of an earlier call.
                let is_open = devices[from].engine.snapshot().request_id == event.request_id;
                let is_call = is_open && devices[to].engine.snapshot().call_no == glare.calls[side];
                glare.seen[side] |= glare.devices[side] == to && is_from && is_call;
            }
        }
    }

    /// After every step.
    pub(crate) fn check(&mut self, now: u64, devices: &[Device]) -> Result<(), String> {
        self.check_glares(devices)?;
        for (index, device) in devices.iter().enumerate() {
            match device.engine.phase() {
                Phase::InCall => self.check_partner(now, devices, index)?,
                Phase::Idle | Phase::Calling | Phase::GlareAccepting => self.alone[index] = None,
                Phase::Called | Phase::Accepting => self.alone[index] = None,
            }
            self.check_ring(now, device, index)?;
        }
        Ok(())
    }

    /// 4 and 10.
    fn check_partner(&mut self, now: u64, devices: &[Device], index: usize) -> Result<(), String> {
        let own = devices[index].engine.snapshot();
        let mut is_alone = true;
        for (other, device) in devices.iter().enumerate() {
            if other == index || device.engine.phase() != Phase::InCall {
                continue;
            }
            let theirs = device.engine.snapshot();
            if theirs.channel_id != own.channel_id {
                continue;
            }
            if theirs.account == own.account {
                let channel = own.channel_id;
                return Err(format!(
                    "invariant 4: devices {index} and {other} of one account are in call {channel}"
                ));
            }
            is_alone = false;
        }
        let since = match self.alone[index].filter(|(call, _)| *call == own.call_no) {
            Some((_, since)) => since,
            None => now,
        };
        self.alone[index] = is_alone.then_some((own.call_no, since));
        let timers = Timers::default();
        let limit = u64::from(timers.rtc_connect_ms.max(timers.peer_lost_ms));
        // Silence is noticed after two seconds, and each end may be cut off in turn.
        let limit = limit + 4 * self.conditions.max_delay_ms + 4_000;
        let has_old = devices.iter().any(|device| device.is_legacy);
        if is_alone && !has_old && now - since > limit {
            let alone = now - since;
            return Err(format!("invariant 10: device {index} is alone in a call for {alone} ms"));
        }
        Ok(())
    }

    /// 12.
    fn check_ring(&mut self, now: u64, device: &Device, index: usize) -> Result<(), String> {
        let call = device.engine.snapshot();
        let is_ringing = device.engine.phase() == Phase::Called;
        if let Some(ghost) = self.ghosts[index].take() {
            let is_healthy = self.conditions.is_quick()
                && !device.is_legacy
                && !device.is_offline
                && device.cut_until < now
                && self.troubles[index].is_none_or(|at| at + self.trouble_ms < ghost.decided);
            if is_healthy && now - ghost.since > self.ring_on_ms {
                let ms = now - ghost.since;
                return Err(format!("invariant 12: device {index} rings {ms} ms after the service decided"));
            }
            if is_ringing && ghost.call_no == call.call_no {
                self.ghosts[index] = Some(ghost);
                return Ok(());
            }
        }
        let ids = (call.channel_id, Some(call.request_id));
        let decided = self.decided.get(&ids).or_else(|| self.decided.get(&(ids.0, None)));
        if let (true, Some(decided)) = (is_ringing, decided) {
            self.ghosts[index] = Some(GhostRing { call_no: call.call_no, decided: *decided, since: now });
        }
        Ok(())
    }

    /// 8.
    fn check_glares(&mut self, devices: &[Device]) -> Result<(), String> {
        let mut open = Vec::new();
        for glare in std::mem::take(&mut self.glares) {
            let [a, b] = glare.devices.map(|device| devices[device].engine.snapshot());
            let lives = [a.call_no, b.call_no] == glare.calls;
            let has_met = lives && a.connected && b.connected && a.channel_id == b.channel_id;
            if has_met {
                self.glares_met += 1;
            } else if lives {
                open.push(glare);
            } else if glare.seen == [true, true] && !glare.is_spoiled {
                return Err(format!("invariant 8: both called and nobody refused: {glare:?}"));
            }
        }
        self.glares = open;
        Ok(())
    }

    /// Nothing is in flight and no timer runs: everybody is idle, or in a call with one other.
    pub(crate) fn is_quiet(&self, devices: &[Device]) -> Result<(), String> {
        for (index, device) in devices.iter().enumerate() {
            let (phase, own) = (device.engine.phase(), device.engine.snapshot());
            let is_partner = |other: &&Device| {
                let theirs = other.engine.snapshot();
                other.engine.phase() == Phase::InCall
                    && theirs.channel_id == own.channel_id
                    && theirs.account == own.peer
            };
            let partners = devices.iter().filter(is_partner).count();
            let is_in_order =
                phase == Phase::Idle || phase == Phase::InCall && own.connected && partners == 1;
            if !is_in_order {
                return Err(format!("invariant 3: device {index} stays {phase:?}, with {partners} partners"));
            }
        }
        Ok(())
    }

    /// At the end, on a healed network: without failures, nobody is left in a channel.
    pub(crate) fn at_rest(&self, devices: &[Device], service: &Exchange) -> Result<(), String> {
        let is_spotless = self.conditions.max_delay_ms <= 2_000 && self.conditions.refused_permille == 0;
        for (index, device) in devices.iter().enumerate() {
            let rooms = service.channels_of(index);
            let is_in_order = is_spotless && self.troubles[index].is_none() && service.is_online(index);
            if is_in_order && !device.is_offline && !rooms.is_empty() {
                return Err(format!("invariant 11: device {index} is left in {rooms:?}"));
            }
        }
        Ok(())
    }
}

/// The device alone is busy, or its media is another one.
pub(crate) fn is_local(op: &signaling::Operation) -> bool {
    matches!(op, signaling::Operation::Reject(message) if message.custom_info.contains("\"local\":true"))
}
