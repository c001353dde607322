//! The service's state, and what is common to all of its calls.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_signaling::{ChannelState, DeviceAddr, OperationResult, Req, Text};

use super::channel::{Channel, PendingInvite};
use super::faults::{Effect, Fault, FaultRule, Refused};
use super::ids::{DeviceId, Port};
use super::media_room::MediaRooms;
use super::outbound::{Due, Outbound, Output};
use super::registry::{Device, DeviceRegistry, SentRecord};
use crate::by_number::ByNumber;
use crate::limits;

/// How a service behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// A login kicks the account's other devices.
    pub single_device: bool,
    /// It writes records of its own, see [`Service::records`].
    pub server_records: bool,
    /// What the ids of its channels begin with.
    pub channel_prefix: Text,
}

/// The service.
///
/// Services with the same hash behave alike but for the numbers of requests and for clock times: when
/// channels were created, and the times of [`Service::times`], which a search has to hash relative to its own
/// clock.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) options: Options,
    pub(super) registry: DeviceRegistry,
    pub(super) channels: BTreeMap<Text, Channel>,
    /// How many channels each port has created.
    pub(super) created: ByNumber<Port, u64>,
    /// Look for expired channels when there are this many.
    pub(super) sweep_at: usize,
    pub(super) media: MediaRooms,
    pub(super) sessions: ByNumber<Port, Box<Session>>,
    pub(super) records: VecDeque<SentRecord>,
    /// Devices that a CRASH fault hit and that have not logged in since.
    pub(super) dead: Vec<DeviceId>,
    pub(super) outbound: Outbound,
    /// The time of the call that runs.
    pub(super) now: u64,
}

/// The device whose operation runs.
pub(super) struct Actor {
    pub(super) id: DeviceId,
    pub(super) addr: DeviceAddr,
}

/// The login of a port, and its pending operations.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    /// The device logged in.
    pub(super) device: Option<DeviceId>,
    /// A login that has not taken effect yet.
    pub(super) pending: Option<Box<PendingLogin>>,
    /// The login that took effect last, and whether its answer gets lost.
    pub(super) last: Option<(Req, bool)>,
    /// There is no connection until there is a token.
    pub(super) needs_token: bool,
}

#[derive(Clone, Debug)]
pub(super) struct PendingLogin {
    pub(super) req: Req,
    pub(super) addr: DeviceAddr,
    pub(super) needs_token: bool,
}

impl Service {
    /// No device is known yet.
    pub fn new(options: Options) -> Service {
        Service {
            options,
            registry: DeviceRegistry::default(),
            channels: BTreeMap::new(),
            created: ByNumber::default(),
            sweep_at: limits::SWEEP,
            media: MediaRooms::default(),
            sessions: ByNumber::default(),
            records: VecDeque::new(),
            dead: Vec::new(),
            outbound: Outbound::default(),
            now: 0,
        }
    }

    /// A new instance of a signaling backend.
    pub fn attach(&mut self) -> Port {
        let port = self.outbound.open();
        self.sessions.insert(port, Box::default());
        port
    }

    /// The instance ends: without a logout nobody is notified.
    pub fn detach(&mut self, now: u64, port: Port) {
        self.now = now;
        let session = self.sessions.remove(port).unwrap_or_default();
        session.device.into_iter().for_each(|device| self.vanish(port, device));
        self.created.remove(port);
        self.outbound.close(port);
        self.settle();
    }

    pub(super) fn session(&self, port: Port) -> Option<&Session> {
        self.sessions.get(port).map(Box::as_ref)
    }

    /// Adds a line to the fault script; ON_NOW takes effect at once.
    ///
    /// # Errors
    /// The line makes no sense, or the script is full.
    pub fn add_fault(&mut self, now: u64, fault: Fault) -> Result<(), Refused> {
        self.now = now;
        let rule = FaultRule::new(fault)?;
        if !rule.is_now() {
            return self.outbound.script.add(rule);
        }
        let is_meant = |device: &Device| device.port.is_some() && rule.applies_to(Some(&device.addr));
        let meant = self.registry.devices().filter(|(_, device)| is_meant(device)).map(|(id, _)| id);
        for id in meant.collect::<Vec<DeviceId>>() {
            self.outbound.trigger(id, rule.effect());
        }
        self.settle();
        Ok(())
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.outbound.next_deadline()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: u64) {
        self.now = now;
        while let Some(due) = self.outbound.next_due(now) {
            match due {
                Due::Emit(output) => self.outbound.emit(output),
                Due::Login(port, req) => self.enter_late(port, req),
                Due::LocalReject(device, message) => self.count_local_reject(device, &message),
            }
            self.settle();
        }
    }

    /// What it has to do for its ports, until there is nothing more.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbound.poll()
    }

    /// Clock times that it acts upon or will hand out, in a fixed order.
    pub fn times(&self) -> impl Iterator<Item = u64> {
        self.outbound.deadlines().chain(self.registry.backlog_times())
    }

    /// The records that passed through, oldest first; only the last few are kept.
    pub fn records(&self) -> impl Iterator<Item = &SentRecord> {
        self.records.iter()
    }

    /// The reachable device logged in at this port.
    pub fn device(&self, port: Port) -> Option<&DeviceAddr> {
        let device = self.registry.device(self.session(port)?.device?)?;
        (device.port == Some(port)).then_some(&device.addr)
    }

    /// Channels that the device of this port is a member of.
    pub fn channels_at(&self, port: Port) -> impl Iterator<Item = ChannelState> {
        let device = self.session(port).and_then(|session| session.device);
        device.into_iter().flat_map(|device| self.channels_of(device))
    }

    /// Channels that a device is a member of.
    pub(super) fn channels_of(&self, id: DeviceId) -> impl Iterator<Item = ChannelState> {
        let ids = self.registry.device(id).into_iter().flat_map(|device| &device.channels);
        ids.filter_map(|id| self.channels.get(id)).map(|channel| channel.state(&self.registry))
    }

    /// Channels that are open.
    pub fn channel_ids(&self) -> impl Iterator<Item = &Text> {
        self.channels.keys()
    }

    /// Undecided invites.
    pub fn pending_invites(&self) -> impl Iterator<Item = PendingInvite<'_>> {
        self.channels.values().flat_map(|channel| {
            channel.pending().map(|invite| PendingInvite {
                channel_id: &channel.info.id,
                from: &invite.from_account,
                to: &invite.to,
                request_id: &invite.request_id,
            })
        })
    }

    pub(super) fn keep_record(&mut self, record: SentRecord) {
        if self.records.len() >= limits::RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(super) fn complete(
        &mut self,
        port: Port,
        req: Req,
        result: impl Into<OperationResult>,
        effect: Option<Effect>,
    ) {
        let completion = Output::Signaling(port, SignalingMessage::completed(req, result));
        self.outbound.send(self.now, completion, effect);
    }

    /// Lets what was triggered happen, which may trigger more: each takes a device offline, so this ends.
    pub(super) fn settle(&mut self) {
        while let Some((device, effect)) = self.outbound.next_triggered() {
            match effect {
                Effect::Crash => self.crash(device),
                Effect::Expire => self.cut_off(device),
                Effect::Kick => self.kick(device),
                Effect::Drop | Effect::Duplicate | Effect::Delay(_) | Effect::Reorder | Effect::Refuse(_) => {
                }
            }
        }
    }
}

/// Without request numbers, which mean something to their port alone.
impl Hash for Session {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Session { device, pending, last, needs_token } = self;
        let pending =
            pending.as_deref().map(|PendingLogin { req: _, addr, needs_token }| (addr, needs_token));
        (device, pending, last.map(|(_, is_lost)| is_lost), needs_token).hash(state);
    }
}

impl Hash for Service {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Service {
            options,
            registry,
            channels,
            created,
            sweep_at,
            media,
            sessions,
            records,
            dead,
            outbound,
            now: _,
        } = self;
        (options, registry, channels, created, sweep_at, media, sessions, records).hash(state);
        (dead, outbound).hash(state);
    }
}
