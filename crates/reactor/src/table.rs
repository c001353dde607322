//! The registered handlers and their deadlines.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::thread::ThreadId;

use super::handler::Handler;

/// The devices and their deadlines, in order.
#[derive(Default)]
pub(super) struct Table {
    devices: HashMap<usize, Device>,
    deadlines: BTreeSet<(u64, usize)>,
    last_id: usize,
    /// Until when the thread sleeps; none: it is awake and looks at the deadlines before it sleeps.
    asleep: Option<u64>,
    /// The device that is being called.
    pub(super) calling: Option<usize>,
    /// The reactor's thread.
    pub(super) thread: Option<ThreadId>,
    /// The last device has left.
    pub(super) stop: bool,
}

#[derive(Default)]
struct Device {
    driven: Option<Weak<dyn Handler>>,
    deadline: Option<u64>,
}

impl Table {
    /// A registration; its number is never reused.
    pub(super) fn add(&mut self) -> usize {
        self.last_id += 1;
        self.devices.insert(self.last_id, Device::default());
        self.last_id
    }

    pub(super) fn set_handler(&mut self, id: usize, driven: Weak<dyn Handler>) {
        if let Some(device) = self.devices.get_mut(&id) {
            device.driven = Some(driven);
        }
    }

    /// False: it was removed before.
    pub(super) fn remove(&mut self, id: usize) -> bool {
        let device = self.devices.remove(&id);
        if let Some(at) = device.as_ref().and_then(|device| device.deadline) {
            self.deadlines.remove(&(at, id));
        }
        device.is_some()
    }

    /// True: the thread sleeps longer than that and has to be woken.
    pub(super) fn set_deadline(&mut self, id: usize, at: Option<u64>) -> bool {
        let Some(device) = self.devices.get_mut(&id) else { return false };
        if device.deadline == at {
            return false;
        }
        if let Some(before) = device.deadline {
            self.deadlines.remove(&(before, id));
        }
        device.deadline = at;
        let Some(at) = at else { return false };
        self.deadlines.insert((at, id));
        // Woken once: until it sleeps again it is as good as awake.
        let wake = self.asleep.is_some_and(|until| at < until);
        if wake {
            self.asleep = None;
        }
        wake
    }

    /// The thread goes to sleep: until when. None: for ever.
    pub(super) fn sleep(&mut self) -> Option<u64> {
        let until = self.deadlines.first().map(|(at, _)| *at);
        self.asleep = Some(until.unwrap_or(u64::MAX));
        until
    }

    pub(super) fn awake(&mut self) {
        self.asleep = None;
    }

    /// Removes the deadlines that have passed, with their owners.
    pub(super) fn due(&mut self, now: u64) -> Vec<usize> {
        let mut due = Vec::new();
        while let Some((at, id)) = self.deadlines.first().copied()
            && at <= now
        {
            self.deadlines.pop_first();
            if let Some(device) = self.devices.get_mut(&id) {
                device.deadline = None;
            }
            due.push(id);
        }
        due
    }

    /// It is not called any more.
    pub(super) fn forget(&mut self, id: usize) {
        if let Some(device) = self.devices.get_mut(&id) {
            device.driven = None;
        }
    }

    /// Marks the device as called and hands it out, if it still sits there.
    pub(super) fn call(&mut self, id: usize) -> Option<Arc<dyn Handler>> {
        let driven = self.devices.get(&id)?.driven.as_ref()?.upgrade()?;
        self.calling = Some(id);
        Some(driven)
    }
}
