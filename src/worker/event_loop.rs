//! The loop of a worker's thread: takes messages and deadlines, and steps the slots they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::clock::Now;
use super::guard::CallbackGuard;
use super::inbox::{Batch, Head};
use super::message::Message;
use super::quota::Class;
use super::slot::{Slot, StepResult};
use super::thread::Worker;
use crate::engine::time::Time;

/// Milliseconds that one step may take before it is logged: every client of this worker waits meanwhile.
const SLOW_MS: u64 = 100;

/// Steps of recorded clients after which their traces are written although the thread does not sleep.
const MANY: usize = 1024;

/// How far behind a message another one for its client is looked for: those who call each other alternate.
const NEAR: usize = 4;

/// Runs the loop until the worker is stopped.
pub(super) fn run(worker: Arc<Worker>) {
    EventLoop::new(worker).run();
}

/// What belongs to the thread.
struct EventLoop {
    worker: Arc<Worker>,
    slots: BTreeMap<u64, Box<Slot>>,
    deadlines: BTreeSet<(Time, u64)>,
    now: Now,
    /// Clients whose traces may have pending data.
    traced: Vec<u64>,
}

impl EventLoop {
    fn new(worker: Arc<Worker>) -> EventLoop {
        EventLoop {
            worker,
            slots: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            now: Now::default(),
            traced: Vec::new(),
        }
    }

    fn run(mut self) {
        let _nothing_here_may_wait_for_this_thread = CallbackGuard::enter();
        let mut batch = Batch::new();
        while self.is_ready() && self.worker.inbox.take(&mut batch, self.next_deadline()) {
            self.now.refresh(self.worker.clock, batch.is_empty());
            self.on_batch(&mut batch);
            self.fire_due();
        }
        if !self.worker.is_ours() {
            std::mem::forget(self); // Forked inside a callback: backends and descriptors are the parent's.
        }
    }

    /// Before the thread sleeps: writes the traces. False: in a forked child, where nothing here is ours.
    fn is_ready(&mut self) -> bool {
        if !self.worker.is_ours() {
            return false;
        }
        if self.traced.is_empty() || self.traced.len() < MANY && !self.worker.inbox.is_empty() {
            return true;
        }
        for client in self.traced.drain(..) {
            if let Some(slot) = self.slots.get_mut(&client) {
                slot.write_trace();
            }
        }
        true
    }

    /// The first deadline of any client.
    fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn on_batch(&mut self, batch: &mut Batch<Message>) {
        for (at, (head, message)) in batch.heads.iter().zip(&mut batch.messages).enumerate() {
            let next = batch.heads[at + 1..].iter().take(NEAR);
            let is_last = !next.into_iter().any(|next| next.client == head.client);
            self.on_message(*head, message, is_last);
        }
        batch.clear();
    }

    /// `is_last`: no other message for the same client is near.
    fn on_message(&mut self, head: Head, message: &mut Option<Message>, is_last: bool) {
        if !self.worker.is_ours() {
            std::mem::forget(message.take());
        } else if let Some(Message::Start(start)) = message.take_if(|it| matches!(it, Message::Start(_))) {
            self.slots.insert(head.client, Box::new(Slot::new(self.worker.clone(), *start)));
        } else {
            self.step(head, message, is_last);
        }
    }

    /// Fires each due deadline once, so that an engine that is always due does not starve the others.
    fn fire_due(&mut self) {
        if self.next_deadline().is_none_or(|at| at > self.now.time) {
            return;
        }
        let due =
            self.deadlines.range(..=(self.now.time, u64::MAX)).map(|(_, client)| *client).collect::<Vec<_>>();
        for client in due {
            self.step(Head { client, class: Class::Control }, &mut None, true);
        }
    }

    /// Steps a client by a message, or because it is due. Its next deadline is only asked for behind the last
    /// of its messages.
    fn step(&mut self, head: Head, message: &mut Option<Message>, is_last: bool) {
        let Head { client, class } = head;
        let Some(slot) = self.slots.get_mut(&client) else { return };
        slot.shared.quota.took(class);
        if slot.has_failed {
            return match message.take() {
                Some(Message::End) => self.end(client),
                Some(message) => slot.refuse(&message),
                None => {}
            };
        }
        let now = self.now.time;
        let stepped = catch_unwind(AssertUnwindSafe(|| slot.step(&mut self.now, message, is_last)));
        if !self.worker.is_ours() {
            return;
        }
        self.now.refresh(self.worker.clock, false);
        let took_ms = self.now.time.since(now);
        if took_ms > SLOW_MS {
            log::warn!("callbacks took {took_ms} ms; all clients of this worker waited");
        }
        if slot.is_traced() {
            self.traced.push(client);
        }
        let due = match stepped {
            Ok(StepResult::Until(due)) => due,
            Ok(StepResult::MoreToCome) => return,
            Ok(StepResult::Over) => return self.end(client),
            Err(_) => {
                log::error!("panic inside a client; it is closed, the others continue");
                return self.fail(client);
            }
        };
        if slot.due != due {
            let before = std::mem::replace(&mut slot.due, due);
            self.rearm(client, before, due);
        }
    }

    fn rearm(&mut self, client: u64, before: Option<Time>, due: Option<Time>) {
        before.map(|at| self.deadlines.remove(&(at, client)));
        due.map(|at| self.deadlines.insert((at, client)));
    }

    /// After a panic: notifies app and peer. The client ends after its queued messages.
    fn fail(&mut self, client: u64) {
        let Some(slot) = self.slots.get_mut(&client) else { return };
        let before = slot.due.take();
        slot.fail();
        let _ = self.worker.inbox.push(client, &slot.shared.quota, Message::End);
        self.rearm(client, before, None);
    }

    /// Ends a client and frees its slot.
    fn end(&mut self, client: u64) {
        let Some(slot) = self.slots.remove(&client) else { return };
        self.rearm(client, slot.due, None);
        let shared = slot.end();
        // Before the end is announced, so that a thread that waits for the last client can join this one.
        self.worker.leave();
        shared.callbacks.release(shared.manual_dispatch);
    }
}
