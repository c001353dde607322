//! Known and online devices, and how a message finds its devices.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_signaling::{DeviceAddr, Event, EventKind, Record, Text};
use smallvec::SmallVec;

use super::faults::{self, Effect};
use super::ids::{DeviceId, Port};
use super::outbound::{Outbound, Output};
use crate::by_number::ByNumber;
use crate::limits;

/// A call record, and its sender; the service's own records carry the channel's creator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SentRecord {
    /// Its sender.
    pub from: Text,
    /// What it claims.
    pub record: Arc<Record>,
}

impl SentRecord {
    pub(super) fn message(&self) -> SignalingMessage {
        SignalingMessage::Record { from: self.from.clone(), record: self.record.clone() }
    }
}

/// Every known account.
#[derive(Clone, Debug, Default)]
pub(super) struct DeviceRegistry {
    /// Accounts that have logged in once.
    accounts: BTreeMap<Text, SmallVec<[DeviceId; 1]>>,
    /// Boxed, as much else by number: such a list grows by doubling.
    devices: ByNumber<DeviceId, Box<Device>>,
    /// What waits for accounts that have never logged in.
    unknown: BTreeMap<Text, VecDeque<Arc<Event>>>,
    last: u64,
}

/// A device that has logged in once.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) addr: DeviceAddr,
    /// None = offline.
    pub(super) port: Option<Port>,
    /// Channels that it is a member of, online or not.
    pub(super) channels: Vec<Text>,
    /// None: nothing.
    pub(super) missed: Option<Box<Missed>>,
}

/// What a device missed while it was offline.
#[derive(Clone, Debug, Default)]
pub(super) struct Missed {
    /// Events.
    pub(super) backlog: VecDeque<Arc<Event>>,
    /// Call records.
    pub(super) records: VecDeque<SentRecord>,
}

impl DeviceRegistry {
    /// Brings a device online.
    pub(super) fn register(&mut self, port: Port, addr: DeviceAddr) -> DeviceId {
        if let Some(known) = self.find(&addr) {
            if let Some(device) = self.devices.get_mut(known) {
                device.port = Some(port);
            }
            return known;
        }
        self.last += 1;
        let id = DeviceId(self.last);
        let missed = self.unknown.remove(&addr.account);
        let missed = missed.map(|backlog| Box::new(Missed { backlog, records: VecDeque::new() }));
        self.accounts.entry(addr.account.clone()).or_default().push(id);
        let device = Device { addr, port: Some(port), channels: vec![], missed };
        self.devices.insert(id, Box::new(device));
        id
    }

    /// Takes a device offline. It stays known and gets what it misses later.
    pub(super) fn unregister(&mut self, id: DeviceId) -> Option<Port> {
        self.devices.get_mut(id)?.port.take()
    }

    /// Forgets a device.
    pub(super) fn forget(&mut self, id: DeviceId) {
        let Some(device) = self.devices.remove(id) else { return };
        if let Some(devices) = self.accounts.get_mut(&device.addr.account) {
            devices.retain(|it| *it != id);
        }
    }

    /// The device to evict before this one is registered: the offline one that has
    /// been known longest, if there are too many.
    pub(super) fn outnumbered(&self, addr: &DeviceAddr) -> Option<DeviceId> {
        let is_offline = |id: &&DeviceId| self.devices.get(**id).is_some_and(|it| it.port.is_none());
        let offline = self.devices_of(&addr.account).iter().filter(is_offline);
        let is_too_many = self.find(addr).is_none() && offline.clone().count() >= limits::OFFLINE_DEVICES;
        offline.copied().next().filter(|_| is_too_many)
    }

    fn devices_of(&self, account: &str) -> &[DeviceId] {
        self.accounts.get(account).map(SmallVec::as_slice).unwrap_or_default()
    }

    fn find(&self, addr: &DeviceAddr) -> Option<DeviceId> {
        let is_it = |id: &&DeviceId| self.devices.get(**id).is_some_and(|device| device.addr == *addr);
        self.devices_of(&addr.account).iter().find(is_it).copied()
    }

    /// The device, if it is known.
    pub(super) fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.get(id).map(Box::as_ref)
    }

    /// The device, if it is known.
    pub(super) fn device_mut(&mut self, id: DeviceId) -> Option<&mut Device> {
        self.devices.get_mut(id).map(Box::as_mut)
    }

    /// All devices that are known.
    pub(super) fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().map(|(id, device)| (id, &**device))
    }

    /// Its account and device id.
    pub(super) fn addr(&self, id: DeviceId) -> Option<&DeviceAddr> {
        self.device(id).map(|device| &device.addr)
    }

    /// Some device of the account is online.
    pub(super) fn is_online(&self, account: &str) -> bool {
        let is_online = |id: &DeviceId| self.devices.get(*id).is_some_and(|it| it.port.is_some());
        self.devices_of(account).iter().any(is_online)
    }

    /// The logins that end when `port` logs in as `addr`: a second instance of a device replaces the
    /// first one, and with the single-device policy there is one device.
    pub(super) fn conflicting(&self, port: Port, addr: &DeviceAddr, single: bool) -> Vec<DeviceId> {
        let is_other = |id: &DeviceId| {
            let device = self.devices.get(*id).filter(|it| it.port.is_some_and(|other| other != port));
            device.is_some_and(|device| single || device.addr == *addr)
        };
        self.devices_of(&addr.account).iter().copied().filter(is_other).collect()
    }

    /// Sends an event to one device.
    pub(super) fn notify_device(&mut self, id: DeviceId, event: Event, keep: bool, outbound: &mut Outbound) {
        if let Some(device) = self.devices.get_mut(id) {
            device.receive(id, SignalingMessage::Online, &Arc::new(event), keep, outbound);
        }
    }

    /// Sends an event to all devices of an account but those that have forgotten what it is about, or keeps
    /// it for an account that has never logged in.
    pub(super) fn notify_account(
        &mut self,
        account: &Text,
        event: &Arc<Event>,
        keep: bool,
        without: &[DeviceId],
        outbound: &mut Outbound,
    ) {
        let Some(ids) = self.accounts.get(account) else {
            if keep && (self.unknown.len() < limits::UNKNOWN_ACCOUNTS || self.unknown.contains_key(account)) {
                keep_back(self.unknown.entry(account.clone()).or_default(), event);
            }
            return;
        };
        for id in ids.iter().filter(|id| !without.contains(id)) {
            if let Some(device) = self.devices.get_mut(*id) {
                device.receive(*id, SignalingMessage::Online, event, keep, outbound);
            }
        }
    }

    /// Notifies the other devices of its account of the answer of `id`.
    pub(super) fn notify_other_devices(
        &mut self,
        id: DeviceId,
        event: &Arc<Event>,
        keep: bool,
        outbound: &mut Outbound,
    ) {
        let Some(ids) = self.accounts.get(&event.from) else { return };
        for other in ids.iter().filter(|other| **other != id) {
            if let Some(device) = self.devices.get_mut(*other) {
                device.receive(*other, SignalingMessage::OtherDevice, event, keep, outbound);
            }
        }
    }

    /// Sends a call record to the devices of its receiver and to the other devices of its sender.
    pub(super) fn notify_record(&mut self, from: DeviceId, record: &SentRecord, outbound: &mut Outbound) {
        let accounts = [&record.record.to, &record.from];
        let accounts = if accounts[0] == accounts[1] { &accounts[..1] } else { &accounts[..] };
        let ids = accounts.iter().filter_map(|account| self.accounts.get(*account)).flatten();
        for id in ids.filter(|id| **id != from) {
            let Some(device) = self.devices.get_mut(*id) else { continue };
            match device.port {
                Some(port) => outbound.emit(Output::Signaling(port, record.message())),
                None => {
                    let records = &mut device.missed.get_or_insert_default().records;
                    if records.len() < limits::RECORDS {
                        records.push_back(record.clone());
                    }
                }
            }
        }
    }

    /// Clock times of what waits for devices, in a fixed order.
    pub(super) fn backlog_times(&self) -> impl Iterator<Item = u64> {
        let known = self.devices.iter().filter_map(|(_, device)| device.missed.as_ref());
        let known = known.flat_map(|missed| &missed.backlog);
        known.chain(self.unknown.values().flatten()).map(|event| event.time_ms)
    }
}

impl Device {
    /// Delivers an event: now if it is online, else into its backlog. CONTROL is for online devices only.
    fn receive(
        &mut self,
        id: DeviceId,
        message: fn(Arc<Event>) -> SignalingMessage,
        event: &Arc<Event>,
        keep: bool,
        outbound: &mut Outbound,
    ) {
        let keep = keep && event.kind != EventKind::Control;
        match self.port {
            None if keep => keep_back(&mut self.missed.get_or_insert_default().backlog, event),
            None => {}
            Some(port) => match outbound.script.fire(faults::on_event(event.kind), Some(&self.addr)) {
                Some(effect @ (Effect::Crash | Effect::Kick | Effect::Expire)) => {
                    outbound.trigger(id, effect)
                }
                effect => {
                    outbound.send(event.time_ms, Output::Signaling(port, message(event.clone())), effect);
                }
            },
        }
    }
}

/// Appends to a backlog; the oldest message is evicted.
fn keep_back(backlog: &mut VecDeque<Arc<Event>>, event: &Arc<Event>) {
    if backlog.len() >= limits::BACKLOG {
        backlog.pop_front();
    }
    backlog.push_back(event.clone());
}

/// Without clock times: see `Service`.
impl Hash for DeviceRegistry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let DeviceRegistry { accounts, devices, unknown, last } = self;
        (accounts, devices, last).hash(state);
        for (account, backlog) in unknown {
            account.hash(state);
            hash_backlog(backlog, state);
        }
    }
}

impl Hash for Device {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Device { addr, port, channels, missed } = self;
        (addr, port, channels, missed.is_some()).hash(state);
        if let Some(Missed { backlog, records }) = missed.as_deref() {
            records.hash(state);
            hash_backlog(backlog, state);
        }
    }
}

fn hash_backlog<H: Hasher>(backlog: &VecDeque<Arc<Event>>, state: &mut H) {
    backlog.len().hash(state);
    for event in backlog {
        let Event { kind, channel, from, from_device, to, request_id, custom_info, time_ms: _, uid } =
            &**event;
        (kind, &channel.id, from, from_device, to, request_id, custom_info, uid).hash(state);
    }
}
