//! The hub: who is known, who is online, and how a message finds its devices.

use std::collections::{HashMap, VecDeque};
use std::ffi::CStr;
use std::sync::Arc;

use nertc_callkit_abi::{nertc_callkit_hub_flag as flag, nertc_callkit_signal as signal};
use parking_lot::{Mutex, MutexGuard};

use crate::channels::Channel;
use crate::delivery::{Plug, Post, Wire};
use crate::faults::{self, Fault, Hit, Refused, Rule};
use crate::limits;
use crate::mail::{Event, RoomView, SignalMail, Text, Who};
use crate::media::Rooms;
use crate::signaling::SignalingPlug;
use crate::timer::Timer;

const SERVER_RECORD: u32 = flag::NERTC_CALLKIT_HUB_SERVER_RECORD as u32;

/// An in-process exchange. It lives as long as somebody holds it: its creator, or a plug on it.
pub struct Hub {
    flags: u32,
    state: Mutex<State>,
    timer: Timer,
}

/// A call record that passed through a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who sent it; the hub's own records carry the channel's creator.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// Signaling channel.
    pub channel_id: String,
    /// Message id the client chose; empty in the hub's own records.
    pub client_msg_id: String,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// A nertc_callkit_record_status.
    pub status: i32,
    /// The record as JSON; empty in the hub's own records.
    pub text: String,
}

/// Everything that the hub's lock guards.
pub(crate) struct State {
    /// Every account that has logged in once, with its devices.
    accounts: HashMap<Text, Vec<Device>>,
    /// What waits for accounts that have never logged in.
    unknown: HashMap<Text, VecDeque<Arc<Event>>>,
    pub(crate) channels: HashMap<Text, Channel>,
    /// Look for expired channels when there are this many.
    pub(crate) sweep_at: usize,
    /// Whose media uid is whose, while the membership lasts.
    pub(crate) uids: HashMap<u64, Arc<Who>>,
    pub(crate) last_uid: u64,
    pub(crate) rooms: Rooms,
    pub(crate) wire: Wire,
    pub(crate) records: VecDeque<Record>,
    pub(crate) server_records: bool,
    /// Devices that a DIE fault hit and that have not logged in since.
    dead: Vec<Arc<Who>>,
    /// Devices that a fault struck in the course of the operation that runs.
    strikes: Vec<(Arc<Who>, Hit)>,
}

/// A device that has logged in once.
struct Device {
    who: Arc<Who>,
    /// None = offline.
    plug: Option<Arc<SignalingPlug>>,
    /// Channels that it is a member of, online or not.
    channels: Vec<Text>,
    /// What it missed while it was offline.
    backlog: VecDeque<Arc<Event>>,
}

/// Milliseconds since 1970.
#[allow(clippy::disallowed_methods, reason = "the hub is a service of its own: this is the service's clock")]
pub(crate) fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| it.as_millis() as u64)
}

impl Hub {
    /// A new hub without flags.
    pub fn new() -> Arc<Hub> {
        Hub::with(0)
    }

    /// A new hub; None if `flags` has a bit that is no nertc_callkit_hub_flag.
    pub fn with_flags(flags: u32) -> Option<Arc<Hub>> {
        let known = flag::NERTC_CALLKIT_HUB_SINGLE_DEVICE as u32 | SERVER_RECORD;
        (flags & !known == 0).then(|| Hub::with(flags))
    }

    fn with(flags: u32) -> Arc<Hub> {
        let timer = Timer::default();
        let state = State {
            accounts: HashMap::new(),
            unknown: HashMap::new(),
            channels: HashMap::new(),
            sweep_at: limits::SWEEP,
            uids: HashMap::new(),
            last_uid: 0,
            rooms: Rooms::default(),
            wire: Wire::new(timer.clone()),
            records: VecDeque::new(),
            server_records: flags & SERVER_RECORD != 0,
            dead: Vec::new(),
            strikes: Vec::new(),
        };
        Arc::new(Hub { flags, state: Mutex::new(state), timer })
    }

    /// Adds a line to the fault script; ON_NOW strikes before this returns.
    pub fn add_fault(&self, fault: &Fault) -> Result<(), Refused> {
        let rule = Rule::new(fault)?;
        let mut state = self.lock();
        if rule.is_now() {
            state.strike_matching(&rule);
        } else {
            state.wire.script.add(rule)?;
        }
        finish(state);
        Ok(())
    }

    /// The records that passed through this hub, oldest first; only the last few are kept.
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.iter().cloned().collect()
    }

    /// It has this nertc_callkit_hub_flag.
    pub(crate) fn has(&self, flag: flag) -> bool {
        self.flags & flag as u32 != 0
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.timer
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.timer.stop();
    }
}

/// Ends every operation: lets the faults strike, gives the lock back, then tells everybody.
pub(crate) fn finish(mut state: MutexGuard<'_, State>) {
    let post: Post = state.settle();
    drop(state);
    post.send();
}

impl State {
    /// Brings a device online. Answers its names and, in order, what it is told after the completion.
    pub(crate) fn login(
        &mut self,
        plug: &Arc<SignalingPlug>,
        who: Arc<Who>,
        hand_out: bool,
    ) -> (Arc<Who>, Vec<SignalMail>) {
        self.dead.retain(|it| **it != *who);
        // A second instance of the same device takes the first one's place, whatever the policy.
        let single = plug.hub().has(flag::NERTC_CALLKIT_HUB_SINGLE_DEVICE);
        for old in self.rivals(plug, &who, single) {
            self.kick(&old);
        }
        let devices = self.accounts.entry(who.account.clone()).or_insert_with(|| Vec::with_capacity(1));
        let index = devices.iter().position(|it| it.who == who).unwrap_or_else(|| {
            forget_one(devices);
            let backlog = self.unknown.remove(&who.account).unwrap_or_default();
            devices.push(Device { who, plug: None, channels: Vec::new(), backlog });
            devices.len() - 1
        });
        let device = &mut devices[index];
        device.plug = Some(plug.clone());
        let mut told = Vec::new();
        if hand_out && !device.channels.is_empty() {
            let views = device.channels.iter().filter_map(|id| self.channels.get(id)).map(Channel::view);
            told.push(SignalMail::Rooms(Arc::new(views.collect::<Vec<RoomView>>())));
        }
        if hand_out && !device.backlog.is_empty() {
            let valid = |event: &Event| self.channels.contains_key(&event.channel.id);
            let batch = std::mem::take(&mut device.backlog).into_iter().map(|it| (it.clone(), valid(&it)));
            told.push(SignalMail::Backlog(Arc::new(batch.collect())));
        }
        (device.who.clone(), told)
    }

    /// Takes a device offline for good: it leaves its channels. It stays known and gets what it misses later.
    pub(crate) fn logout(&mut self, who: &Who) {
        for id in self.device(who).map(|it| it.channels.clone()).unwrap_or_default() {
            self.leave(who, &id, None, true);
        }
        if let Some(device) = self.device(who) {
            device.plug = None;
        }
    }

    /// The plug is gone without a word: nobody is told, the memberships stay.
    pub(crate) fn vanish(&mut self, plug: &Arc<SignalingPlug>, who: &Who) {
        if let Some(device) = self.device(who)
            && device.plug.as_ref().is_some_and(|it| Arc::ptr_eq(it, plug))
        {
            device.plug = None;
        }
    }

    /// A fault hits this device; it strikes when the running operation is through.
    pub(crate) fn strike(&mut self, who: &Arc<Who>, hit: Hit) {
        self.strikes.push((who.clone(), hit));
    }

    /// A DIE fault hit the device and it has not logged in since.
    pub(crate) fn is_dead(&self, who: Option<&Who>) -> bool {
        who.is_some_and(|who| self.dead.iter().any(|it| **it == *who))
    }

    /// Some device of the account is online.
    pub(crate) fn is_online(&self, account: &CStr) -> bool {
        self.accounts.get(account).is_some_and(|it| it.iter().any(|device| device.plug.is_some()))
    }

    /// Remembers that a device is a member of a channel.
    pub(crate) fn enters(&mut self, who: &Who, channel: &Text) {
        if let Some(device) = self.device(who) {
            device.channels.push(channel.clone());
        }
    }

    /// Undoes `enters`.
    pub(crate) fn exits(&mut self, who: &Who, channel: &CStr) {
        if let Some(device) = self.device(who) {
            device.channels.retain(|it| **it != *channel);
        }
    }

    /// Hands a message to one device.
    pub(crate) fn tell_device(&mut self, who: &Who, event: &Arc<Event>, keep: bool) {
        let State { accounts, wire, strikes, .. } = self;
        let devices = accounts.get_mut(&who.account).map(Vec::as_mut_slice).unwrap_or_default();
        if let Some(device) = devices.iter_mut().find(|it| *it.who == *who) {
            device.take(SignalMail::Online(event.clone()), event, keep, wire, strikes);
        }
    }

    /// Hands a message to all devices of an account, or keeps it for an account that has never logged in.
    pub(crate) fn tell_account(&mut self, account: &Text, event: &Arc<Event>, keep: bool) {
        let State { accounts, wire, strikes, unknown, .. } = self;
        if let Some(devices) = accounts.get_mut(account) {
            for device in devices {
                device.take(SignalMail::Online(event.clone()), event, keep, wire, strikes);
            }
        } else if keep && (unknown.len() < limits::UNKNOWN_ACCOUNTS || unknown.contains_key(account)) {
            wait(unknown.entry(account.clone()).or_default(), event);
        }
    }

    /// Tells the other devices of the account what `who` answered.
    pub(crate) fn tell_siblings(&mut self, who: &Who, event: &Arc<Event>, keep: bool) {
        let State { accounts, wire, strikes, .. } = self;
        let devices = accounts.get_mut(&who.account).map(Vec::as_mut_slice).unwrap_or_default();
        for device in devices.iter_mut().filter(|it| *it.who != *who) {
            device.take(SignalMail::Sync(event.clone()), event, keep, wire, strikes);
        }
    }

    fn device(&mut self, who: &Who) -> Option<&mut Device> {
        self.accounts.get_mut(&who.account)?.iter_mut().find(|it| *it.who == *who)
    }

    /// Who has to go when `plug` logs in as `who`.
    fn rivals(&self, plug: &Arc<SignalingPlug>, who: &Who, single: bool) -> Vec<Arc<Who>> {
        let devices = self.accounts.get(&who.account).into_iter().flatten();
        let is_other = |it: &&Device| it.plug.as_ref().is_some_and(|other| !Arc::ptr_eq(other, plug));
        devices.filter(is_other).map(|it| it.who.clone()).filter(|it| single || **it == *who).collect()
    }

    /// The device is logged out by the service, leaves its channels and its media.
    fn kick(&mut self, who: &Arc<Who>) {
        let Some(plug) = self.device(who).and_then(|it| it.plug.take()) else { return };
        plug.forget_login();
        self.wire.send(&plug, SignalMail::Kicked, None);
        self.logout(who);
        self.end_media_of(who, false);
    }

    /// The device vanishes; only media notices.
    fn die(&mut self, who: &Arc<Who>) {
        let Some(plug) = self.device(who).and_then(|it| it.plug.take()) else { return };
        plug.outlet().die();
        self.dead.push(who.clone());
        self.end_media_of(who, true);
    }

    fn strike_matching(&mut self, rule: &Rule) {
        let online = self.accounts.values().flatten().filter(|it| it.plug.is_some()).map(|it| &it.who);
        let hit = online.filter(|who| rule.means(Some(who.names()))).map(|who| (who.clone(), rule.hit()));
        self.strikes.extend(hit.collect::<Vec<_>>());
    }

    /// Lets what was struck happen, which may strike again: each strike takes a device offline, so this ends.
    fn settle(&mut self) -> Post {
        while let Some((who, hit)) = self.strikes.pop() {
            if hit == Hit::Die { self.die(&who) } else { self.kick(&who) }
        }
        self.wire.take_post()
    }
}

impl Device {
    /// Takes a message: now if it is online, into its backlog if not. CONTROL is for those who are there.
    fn take(
        &mut self,
        mail: SignalMail,
        event: &Arc<Event>,
        keep: bool,
        wire: &mut Wire,
        strikes: &mut Vec<(Arc<Who>, Hit)>,
    ) {
        match &self.plug {
            None if keep && event.signal != signal::NERTC_CALLKIT_SIGNAL_CONTROL => {
                wait(&mut self.backlog, event)
            }
            None => {}
            Some(plug) => match wire.script.hit(faults::on_message(event.signal), Some(self.who.names())) {
                Some(hit @ (Hit::Die | Hit::Kick)) => strikes.push((self.who.clone(), hit)),
                fault => wire.send(plug, mail, fault),
            },
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
    if devices.iter().filter(|it| it.plug.is_none()).count() >= limits::OFFLINE_DEVICES
        && let Some(oldest) = devices.iter().position(|it| it.plug.is_none())
    {
        devices.remove(oldest);
    }
}
