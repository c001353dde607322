//! Who is known, who is online, and how a message finds its devices.

use std::collections::VecDeque;
use std::ffi::CStr;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_signal as signal;
use nertc_callkit_backend::messages::{DeviceAddr, Event, Record, SignalingMessage, Text};

use crate::delivery::Wire;
use crate::faults::{self, Hit};
use crate::limits;
use crate::quick::Map;
use crate::signaling::LoopbackSignaling;

/// Every account that the hub has heard of, and the wire to their devices.
pub(crate) struct People {
    /// Accounts that have logged in once, with their devices.
    accounts: Map<Text, Vec<Device>>,
    /// What waits for accounts that have never logged in.
    unknown: Map<Text, VecDeque<Arc<Event>>>,
    pub(crate) wire: Wire,
}

/// A device that has logged in once.
pub(crate) struct Device {
    pub(crate) who: Arc<DeviceAddr>,
    /// None = offline.
    pub(crate) backend: Option<Arc<LoopbackSignaling>>,
    /// Channels that it is a member of, online or not.
    pub(crate) channels: Vec<Text>,
    /// What it missed while it was offline.
    pub(crate) backlog: VecDeque<Arc<Event>>,
    /// Call records that came meanwhile.
    pub(crate) records: VecDeque<Arc<Record>>,
}

impl People {
    /// Nobody yet.
    pub(crate) fn new(wire: Wire) -> People {
        People { accounts: Map::default(), unknown: Map::default(), wire }
    }

    /// Brings a device online.
    pub(crate) fn arrive(&mut self, backend: &Arc<LoopbackSignaling>, who: Arc<DeviceAddr>) -> &mut Device {
        let devices = self.accounts.entry(who.account.clone()).or_insert_with(|| Vec::with_capacity(1));
        let index = devices.iter().position(|it| it.who == who).unwrap_or_else(|| {
            forget_one(devices);
            let backlog = self.unknown.remove(&who.account).unwrap_or_default();
            devices.push(Device {
                who,
                backend: None,
                channels: Vec::new(),
                backlog,
                records: VecDeque::new(),
            });
            devices.len() - 1
        });
        let device = &mut devices[index];
        device.backend = Some(backend.clone());
        device
    }

    /// Takes a device offline. It stays known and gets what it misses later.
    pub(crate) fn depart(&mut self, who: &DeviceAddr) -> Option<Arc<LoopbackSignaling>> {
        self.device(who)?.backend.take()
    }

    /// The device, if it has ever logged in.
    pub(crate) fn device(&mut self, who: &DeviceAddr) -> Option<&mut Device> {
        self.accounts.get_mut(&who.account)?.iter_mut().find(|it| *it.who == *who)
    }

    /// Some device of the account is online.
    pub(crate) fn is_online(&self, account: &CStr) -> bool {
        self.accounts.get(account).is_some_and(|it| it.iter().any(|device| device.backend.is_some()))
    }

    /// Who is online and `is` meant.
    pub(crate) fn online(&self, is: impl Fn(&DeviceAddr) -> bool) -> Vec<Arc<DeviceAddr>> {
        let online = self.accounts.values().flatten().filter(|it| it.backend.is_some());
        online.filter(|it| is(&it.who)).map(|it| it.who.clone()).collect()
    }

    /// Who has to go when `backend` logs in as `who`: a second instance of a device takes the first one's
    /// place, and with the single-device policy there is one device.
    pub(crate) fn rivals(
        &self,
        backend: &Arc<LoopbackSignaling>,
        who: &DeviceAddr,
        single: bool,
    ) -> Vec<Arc<DeviceAddr>> {
        let devices = self.accounts.get(&who.account).into_iter().flatten();
        let is_other = |it: &&Device| it.backend.as_ref().is_some_and(|other| !Arc::ptr_eq(other, backend));
        devices.filter(is_other).map(|it| it.who.clone()).filter(|it| single || **it == *who).collect()
    }

    /// Hands a message to one device.
    pub(crate) fn tell_device(&mut self, who: &DeviceAddr, event: Event, keep: bool) {
        let devices = self.accounts.get_mut(&who.account).map(Vec::as_mut_slice).unwrap_or_default();
        if let Some(device) = devices.iter_mut().find(|it| *it.who == *who) {
            device.take(SignalingMessage::Online, &Arc::new(event), keep, &mut self.wire);
        }
    }

    /// Hands a message to all devices of an account, or keeps it for one that has never logged in.
    pub(crate) fn tell_account(&mut self, account: &Text, event: &Arc<Event>, keep: bool) {
        self.tell_account_but(&[], account, event, keep);
    }

    /// As tell_account, without the devices that have forgotten what it is about.
    pub(crate) fn tell_account_but(
        &mut self,
        without: &[Arc<DeviceAddr>],
        account: &Text,
        event: &Arc<Event>,
        keep: bool,
    ) {
        let People { accounts, unknown, wire } = self;
        if let Some(devices) = accounts.get_mut(account) {
            let devices = devices.iter_mut().filter(|it| !without.contains(&it.who));
            devices.for_each(|it| it.take(SignalingMessage::Online, event, keep, wire));
        } else if keep && (unknown.len() < limits::UNKNOWN_ACCOUNTS || unknown.contains_key(account)) {
            wait(unknown.entry(account.clone()).or_default(), event);
        }
    }

    /// Hands a call record to the devices of its receiver and to the other devices of its sender.
    pub(crate) fn tell_record(&mut self, from: &DeviceAddr, record: &Arc<Record>) {
        let People { accounts, wire, .. } = self;
        for account in [&record.to, &record.from] {
            let devices = accounts.get_mut(account).map(Vec::as_mut_slice).unwrap_or_default();
            for device in devices.iter_mut().filter(|it| *it.who != *from) {
                match &device.backend {
                    Some(backend) => wire.send(backend, SignalingMessage::Record(record.clone()), None),
                    None if device.records.len() < limits::RECORDS => {
                        device.records.push_back(record.clone())
                    }
                    None => {}
                }
            }
            if record.to == record.from {
                break;
            }
        }
    }

    /// Tells the other devices of the account what `who` answered.
    pub(crate) fn tell_siblings(&mut self, who: &DeviceAddr, event: &Arc<Event>, keep: bool) {
        let devices = self.accounts.get_mut(&who.account).map(Vec::as_mut_slice).unwrap_or_default();
        for device in devices.iter_mut().filter(|it| *it.who != *who) {
            device.take(SignalingMessage::Sync, event, keep, &mut self.wire);
        }
    }
}

impl Device {
    /// Takes a message: now if it is online, into its backlog if not. CONTROL is for those who are there.
    fn take(
        &mut self,
        message: fn(Arc<Event>) -> SignalingMessage,
        event: &Arc<Event>,
        keep: bool,
        wire: &mut Wire,
    ) {
        let keep = keep && event.signal != signal::NERTC_CALLKIT_SIGNAL_CONTROL;
        match &self.backend {
            None if keep => wait(&mut self.backlog, event),
            None => {}
            Some(backend) => {
                match wire.script.hit(faults::on_message(event.signal), Some(self.who.names())) {
                    Some(hit @ (Hit::Die | Hit::Kick | Hit::Expire)) => wire.strike(&self.who, hit),
                    fault => wire.send(backend, message(event.clone()), fault),
                }
            }
        }
    }
}

/// Appends to a backlog; the oldest message makes room.
fn wait(backlog: &mut VecDeque<Arc<Event>>, event: &Arc<Event>) {
    if backlog.len() >= limits::BACKLOG {
        backlog.pop_front();
    }
    backlog.push_back(event.clone());
}

/// Makes room for one more device: the oldest of too many offline ones is forgotten.
fn forget_one(devices: &mut Vec<Device>) {
    let is_offline = |it: &Device| it.backend.is_none();
    if devices.iter().filter(|it| is_offline(it)).count() >= limits::OFFLINE_DEVICES {
        devices.iter().position(is_offline).map(|oldest| devices.remove(oldest));
    }
}
