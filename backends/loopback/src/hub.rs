//! The hub: its lock, its policies, and what happens to a device as a whole.

use std::collections::VecDeque;
use std::sync::Arc;

use nertc_callkit_abi::{nertc_callkit_connection, nertc_callkit_hub_flag as flag};
use nertc_callkit_backend::messages::{DeviceAddr, Event, SignalingMessage, Text};
use parking_lot::{Mutex, MutexGuard};

use crate::channels::Channel;
use crate::delivery::{Backend, Post, Wire};
use crate::faults::{Fault, Hit, Refused, Rule};
use crate::limits;
use crate::media::Rooms;
use crate::people::People;
use crate::quick::Map;
use crate::signaling::LoopbackSignaling;
use crate::timer::Timer;

const KICKED: nertc_callkit_connection = nertc_callkit_connection::NERTC_CALLKIT_CONNECTION_KICKED;
const SERVER_RECORD: u32 = flag::NERTC_CALLKIT_HUB_SERVER_RECORD as u32;

/// An in-process exchange. It lives as long as somebody holds it: its creator, or a backend on it.
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
    pub(crate) people: People,
    pub(crate) channels: Map<Text, Channel>,
    /// Look for expired channels when there are this many.
    pub(crate) sweep_at: usize,
    /// Whose media uid is whose, while the membership lasts.
    pub(crate) uids: Map<u64, Arc<DeviceAddr>>,
    pub(crate) last_uid: u64,
    pub(crate) rooms: Rooms,
    pub(crate) records: VecDeque<Record>,
    pub(crate) server_records: bool,
    /// Devices that a DIE fault hit and that have not logged in since.
    dead: Vec<Arc<DeviceAddr>>,
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
            people: People::new(Wire::new(timer.clone())),
            channels: Map::default(),
            sweep_at: limits::SWEEP,
            uids: Map::default(),
            last_uid: 0,
            rooms: Rooms::default(),
            records: VecDeque::new(),
            server_records: flags & SERVER_RECORD != 0,
            dead: Vec::new(),
        };
        Arc::new(Hub { flags, state: Mutex::new(state), timer })
    }

    /// Adds a line to the fault script; ON_NOW strikes before this returns.
    pub fn add_fault(&self, fault: &Fault) -> Result<(), Refused> {
        let rule = Rule::new(fault)?;
        let mut state = self.lock();
        if rule.is_now() {
            for who in state.people.online(|who| rule.means(Some(who.names()))) {
                state.people.wire.strike(&who, rule.hit());
            }
        } else {
            state.people.wire.script.add(rule)?;
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
    /// Brings a device online. Answers its names and, in order, what it is told after the completion; nothing
    /// of that unless `hand_out`, so that it stays for the next login.
    pub(crate) fn login(
        &mut self,
        backend: &Arc<LoopbackSignaling>,
        who: Arc<DeviceAddr>,
        hand_out: bool,
    ) -> (Arc<DeviceAddr>, Vec<SignalingMessage>) {
        self.dead.retain(|it| **it != *who);
        let single = backend.hub().has(flag::NERTC_CALLKIT_HUB_SINGLE_DEVICE);
        for old in self.people.rivals(backend, &who, single) {
            self.kick(&old);
        }
        let device = self.people.arrive(backend, who);
        let mut told = Vec::new();
        if hand_out && !device.channels.is_empty() {
            let views = device.channels.iter().filter_map(|id| self.channels.get(id)).map(Channel::view);
            told.push(SignalingMessage::Rooms(Arc::new(views.collect())));
        }
        if hand_out && !device.backlog.is_empty() {
            let valid = |event: &Event| self.channels.contains_key(&event.channel.id);
            let batch = std::mem::take(&mut device.backlog).into_iter().map(|it| (it.clone(), valid(&it)));
            told.push(SignalingMessage::Backlog(Arc::new(batch.collect())));
        }
        if hand_out {
            told.extend(std::mem::take(&mut device.records).into_iter().map(SignalingMessage::Record));
        }
        (device.who.clone(), told)
    }

    /// Takes a device offline for good: it leaves its channels.
    pub(crate) fn logout(&mut self, who: &DeviceAddr) {
        for id in self.people.device(who).map(|it| it.channels.clone()).unwrap_or_default() {
            self.leave(who, &id, None, true);
        }
        self.people.depart(who);
    }

    /// The backend is gone without a word: nobody is told, the memberships stay.
    pub(crate) fn vanish(&mut self, backend: &Arc<LoopbackSignaling>, who: &DeviceAddr) {
        if let Some(device) = self.people.device(who) {
            device.backend.take_if(|it| Arc::ptr_eq(it, backend));
        }
        self.dead.retain(|it| **it != *who);
    }

    /// A DIE fault hit the device and it has not logged in since.
    pub(crate) fn is_dead(&self, who: Option<&DeviceAddr>) -> bool {
        who.is_some_and(|who| self.dead.iter().any(|it| **it == *who))
    }

    /// The device is logged out by the service, leaves its channels and its media.
    fn kick(&mut self, who: &Arc<DeviceAddr>) {
        let Some(backend) = self.people.depart(who) else { return };
        backend.forget_login();
        self.people.wire.send(&backend, SignalingMessage::Connection(KICKED, None), None);
        self.logout(who);
        self.end_media_of(who, false);
    }

    /// The device vanishes; only media notices.
    fn die(&mut self, who: &Arc<DeviceAddr>) {
        let Some(backend) = self.people.depart(who) else { return };
        backend.sink_queue().disable();
        self.dead.push(who.clone());
        self.end_media_of(who, true);
    }

    /// The device has no token any more: signaling is cut off, media goes on.
    fn cut_off(&mut self, who: &Arc<DeviceAddr>) {
        let Some(backend) = self.people.depart(who) else { return };
        backend.expire(self);
    }

    /// Lets what was struck happen, which may strike again: each strike takes a device offline, so this ends.
    fn settle(&mut self) -> Post {
        while let Some((who, hit)) = self.people.wire.next_strike() {
            match hit {
                Hit::Die => self.die(&who),
                Hit::Expire => self.cut_off(&who),
                Hit::Drop | Hit::Duplicate | Hit::Delay(_) | Hit::Reorder | Hit::Refuse(_) | Hit::Kick => {
                    self.kick(&who)
                }
            }
        }
        self.people.wire.take_post()
    }
}
