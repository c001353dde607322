//! The loop, and what it does for one client.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::failed::{self, Owed};
use super::inbox::Message;
use super::thread::Worker;
use super::trace::Recorder;
use super::{CallbackGuard, Client, Ports};
use crate::engine::Engine;
use crate::engine::input::{Input, SignalResult};
use crate::engine::output::Output;
use crate::engine::time::Time;

/// Milliseconds that one step may take before it is logged: every client of this worker waits meanwhile.
const SLOW_MS: u64 = 100;

/// Steps of recorded clients after which their traces are written though the thread finds no sleep.
const MANY: usize = 1024;

/// What belongs to the thread.
pub(super) struct EventLoop {
    worker: Arc<Worker>,
    slots: BTreeMap<u64, Box<Slot>>,
    deadlines: BTreeSet<(Time, u64)>,
    now: Time,
    /// Clients whose traces may have something to write.
    traced: Vec<u64>,
}

/// Why a client is stepped.
enum Stimulus {
    Message(Message),
    Timeout,
}

impl EventLoop {
    pub(super) fn new(worker: Arc<Worker>) -> EventLoop {
        EventLoop {
            worker,
            slots: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            now: Time(0),
            traced: Vec::new(),
        }
    }

    pub(super) fn run(mut self) {
        let _nothing_here_may_wait_for_this_thread = CallbackGuard::enter();
        let mut batch = Vec::new();
        while self.is_ready() && self.worker.inbox.take(&mut batch, self.next_deadline()) {
            self.now = self.worker.clock.now();
            for (client, message) in batch.drain(..) {
                self.on_message(client, message);
            }
            self.fire_due();
        }
        if !self.worker.is_ours() {
            std::mem::forget(self); // Forked inside a callback: backends and descriptors are the parent's.
        }
    }

    /// Before it sleeps: what a crash may lose ends here. False: forked, nothing here is ours.
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

    /// When something is due, whoever's it is.
    fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn on_message(&mut self, client: u64, message: Message) {
        if !self.worker.is_ours() {
            std::mem::forget(message);
        } else if let Message::Start(slot) = message {
            self.slots.insert(client, slot);
        } else {
            self.step(client, Stimulus::Message(message));
        }
    }

    /// Once each, so that an engine that never gets done cannot keep the others from their turn.
    fn fire_due(&mut self) {
        let due =
            self.deadlines.range(..=(self.now, u64::MAX)).map(|(_, client)| *client).collect::<Vec<_>>();
        for client in due {
            self.step(client, Stimulus::Timeout);
        }
    }

    fn step(&mut self, client: u64, stimulus: Stimulus) {
        let Some(slot) = self.slots.get_mut(&client) else { return };
        if slot.has_failed {
            return match stimulus {
                Stimulus::Message(Message::End) => self.end(client),
                Stimulus::Message(message) => slot.refuse(&message),
                Stimulus::Timeout => {}
            };
        }
        let now = self.now;
        let stepped = catch_unwind(AssertUnwindSafe(|| match slot.trace {
            None => slot.on::<false>(now, stimulus),
            Some(_) => slot.on::<true>(now, stimulus),
        }));
        if !self.worker.is_ours() {
            return;
        }
        self.now = self.worker.clock.now();
        if self.now.since(now) > SLOW_MS {
            log::warn!("callbacks took {} ms; all clients of this worker waited", self.now.since(now));
        }
        let due = match stepped {
            Ok(StepResult::Until(due)) => due,
            Ok(StepResult::Over) => return self.end(client),
            Err(_) => {
                log::error!("a panic inside a client; it is closed, the others go on");
                return self.fail(client);
            }
        };
        if slot.trace.as_ref().is_some_and(|trace| !trace.is_broken()) {
            self.traced.push(client);
        }
        let before = std::mem::replace(&mut slot.due, due);
        self.rearm(client, before, due);
    }

    fn rearm(&mut self, client: u64, before: Option<Time>, due: Option<Time>) {
        if before != due {
            before.map(|at| self.deadlines.remove(&(at, client)));
            due.map(|at| self.deadlines.insert((at, client)));
        }
    }

    /// Says what a client that panicked owes its app and the peer. It ends behind what is queued for it.
    fn fail(&mut self, client: u64) {
        let Some(slot) = self.slots.get_mut(&client) else { return };
        let before = slot.due.take();
        slot.fail();
        let _ = self.worker.inbox.push(client, &slot.client.quota, Message::End);
        self.rearm(client, before, None);
    }

    /// Closes the backends, makes room, says `released`.
    fn end(&mut self, client: u64) {
        let Some(slot) = self.slots.remove(&client) else { return };
        self.rearm(client, slot.due, None);
        let Slot { client, engine, mut ports, trace, .. } = *slot;
        drop(trace);
        guarded("closing the signaling backend", || ports.signaling.close());
        guarded("closing the media backend", || ports.rtc.close());
        client.quota.shut();
        let listener = ports.listener.clone();
        guarded("dropping a client", || drop((engine, ports)));
        if !client.manual_dispatch {
            guarded("released", || listener.released());
        }
        drop(listener);
        // Before the end is announced, so that whoever waits for the last client can join the thread.
        self.worker.leave();
        client.callbacks.release(client.manual_dispatch);
    }
}

/// Runs what may panic where nothing may be left out after it.
pub(super) fn guarded(what: &str, body: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(body)).is_err() {
        log::error!("panic while {what}");
    }
}

/// What comes of a step.
enum StepResult {
    /// Nothing to do before this, unless a message comes.
    Until(Option<Time>),
    /// The engine is closed.
    Over,
}

/// A client as the worker's thread knows it.
pub(super) struct Slot {
    client: Arc<Client>,
    engine: Engine,
    ports: Ports,
    /// Its entry in the worker's deadlines.
    due: Option<Time>,
    /// What the engine was told last.
    backlog: bool,
    trace: Option<Box<Recorder>>,
    owed: Owed,
    /// A panic: the engine is not asked any more.
    has_failed: bool,
}

impl Slot {
    pub(super) fn new(client: Arc<Client>, engine: Engine, ports: Ports) -> Slot {
        let (owed, has_failed) = (Owed::default(), false);
        Slot { client, engine, ports, due: None, backlog: false, trace: None, owed, has_failed }
    }

    /// After a panic: nothing more gets in, and nothing that was taken is left open.
    fn fail(&mut self) {
        self.has_failed = true;
        self.client.quota.shut();
        guarded("ending a trace", || drop(self.trace.take()));
        let last = std::mem::take(&mut *self.client.snapshot.lock());
        failed::tell_peer(&mut self.ports, &last);
        for output in self.owed.settle() {
            self.deliver(output);
        }
    }

    /// What was queued before the panic.
    fn refuse(&mut self, message: &Message) {
        self.client.quota.took(message);
        if let Some(output) = failed::answer(message) {
            self.deliver(output);
        }
    }

    fn deliver(&mut self, output: Output) {
        guarded("a callback", || _ = self.carry_out(output));
    }

    /// The trace; without one nothing of it is even looked at.
    fn recorder<const TRACED: bool>(&mut self) -> Option<&mut Recorder> {
        if TRACED { self.trace.as_deref_mut() } else { None }
    }

    /// Before the thread sleeps.
    fn write_trace(&mut self) {
        if let Some(trace) = &mut self.trace {
            trace.flush();
        }
        self.leave_broken_trace();
    }

    /// A trace that cannot be written has ended: its header must tell nothing about the ids that follow.
    fn leave_broken_trace(&mut self) {
        if self.trace.as_ref().is_some_and(|trace| trace.is_broken()) {
            self.engine.end_trace();
        }
    }

    fn on<const TRACED: bool>(&mut self, now: Time, stimulus: Stimulus) -> StepResult {
        match stimulus {
            Stimulus::Timeout => {
                let why = self.engine.poll_timeout().map_or("", |(_, why)| why);
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.timeout(now, why));
                self.engine.handle_timeout(now);
            }
            Stimulus::Message(message) => {
                self.client.quota.took(&message);
                match message {
                    Message::Input(input) => self.feed::<TRACED>(now, input),
                    Message::NetworkChanged => {
                        self.ports.signaling.network_changed();
                        self.ports.rtc.network_changed();
                    }
                    Message::Trace(recorder) => {
                        self.trace = recorder;
                        match &mut self.trace {
                            Some(trace) => trace.begin(now, &mut self.engine),
                            None => self.engine.end_trace(),
                        }
                    }
                    Message::Start(_) | Message::Backlog | Message::End => {}
                }
            }
        }
        self.drain::<TRACED>(now)
    }

    fn feed<const TRACED: bool>(&mut self, now: Time, input: Input) {
        self.recorder::<TRACED>().into_iter().for_each(|trace| trace.input(now, &input));
        self.owed.input(&input);
        self.engine.handle(now, input);
    }

    /// Carries out what the engine asks for. What a backend refuses is answered after the rest, never in
    /// between.
    fn drain<const TRACED: bool>(&mut self, now: Time) -> StepResult {
        let mut refusals = VecDeque::new();
        loop {
            self.show();
            while let Some(output) = self.engine.poll_output() {
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.output(&output));
                if matches!(output, Output::Closed) {
                    return StepResult::Over;
                }
                self.owed.output(&output);
                refusals.extend(self.carry_out(output));
                if !self.client.worker.is_ours() {
                    return StepResult::Until(None);
                }
            }
            if let (true, Some(trace)) = (TRACED, &mut self.trace) {
                trace.end_step(now, &mut self.engine);
                self.leave_broken_trace();
            }
            let Some(input) = refusals.pop_front().or_else(|| self.backlog_changed()) else {
                return StepResult::Until(self.engine.poll_timeout().map(|(at, _)| at));
            };
            self.feed::<TRACED>(now, input);
        }
    }

    /// `Some`: the backend refused, and this is the answer.
    fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Signal { req, op } => {
                let outcome = self.ports.signaling.start(req, op).err()?;
                return Some(Input::SignalDone {
                    req,
                    result: SignalResult { outcome, ..Default::default() },
                });
            }
            Output::Notify(notice) => self.ports.signaling.notify(notice),
            Output::Rtc { req, op } => {
                let outcome = self.ports.rtc.start(req, op).err()?;
                return Some(Input::RtcDone { req, outcome });
            }
            Output::Done { ticket, result } if self.client.manual_dispatch => {
                self.client.callbacks.done(ticket, result)
            }
            Output::Event(event) if self.client.manual_dispatch => self.client.callbacks.event(event),
            Output::Done { ticket, result } => self.ports.listener.done(ticket, result),
            Output::Event(event) => self.ports.listener.event(event),
            Output::Ignored(why) => log::debug!("ignored: {why}"),
            Output::Closed => {}
        }
        None
    }

    fn backlog_changed(&mut self) -> Option<Input> {
        let backlog = self.client.callbacks.is_backlogged();
        (std::mem::replace(&mut self.backlog, backlog) != backlog).then_some(Input::Backlog(backlog))
    }

    /// Before the callbacks run, so that one that asks for the state sees what it is told.
    fn show(&mut self) {
        let mut shown = self.client.snapshot.lock();
        if !self.engine.is_as_in(&shown) {
            let old = std::mem::replace(&mut *shown, self.engine.snapshot());
            self.owed.shown(&shown);
            drop(shown);
            drop(old);
        }
    }
}
