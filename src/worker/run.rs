//! The loop, and what it does for one kit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::failed::{self, Owed};
use super::inbox::Message;
use super::thread::Worker;
use super::trace::Recorder;
use super::{CallbackGuard, Kit, Ports};
use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::output::Output;
use crate::engine::time::Time;
use nertc_callkit_signaling::OperationResult;

/// Milliseconds that one step may take before it is logged: every kit of this worker waits meanwhile.
const SLOW_MS: u64 = 100;

/// Steps of recorded kits after which their traces are written though the thread finds no sleep.
const MANY: usize = 1024;

/// What belongs to the thread.
pub(super) struct Runner {
    worker: Arc<Worker>,
    seats: BTreeMap<u64, Box<Seat>>,
    deadlines: BTreeSet<(Time, u64)>,
    now: Time,
    /// Kits whose traces may have something to write.
    traced: Vec<u64>,
}

/// Why a kit is stepped.
enum Stimulus {
    Message(Message),
    Timeout,
}

impl Runner {
    pub(super) fn new(worker: Arc<Worker>) -> Runner {
        Runner {
            worker,
            seats: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            now: Time(0),
            traced: Vec::new(),
        }
    }

    pub(super) fn run(mut self) {
        let _nothing_here_may_wait_for_this_thread = CallbackGuard::enter();
        let mut batch = Vec::new();
        while self.is_ready() && self.worker.inbox.take(&mut batch, self.patience()) {
            self.now = self.worker.clock.now();
            for (kit, message) in batch.drain(..) {
                self.on_message(kit, message);
            }
            self.fire_what_is_due();
        }
        if !self.worker.is_ours() {
            std::mem::forget(self); // Forked inside a callback: plugs and descriptors are the parent's.
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
        for kit in self.traced.drain(..) {
            if let Some(seat) = self.seats.get_mut(&kit) {
                seat.write_trace();
            }
        }
        true
    }

    /// When something is due, whoever's it is.
    fn patience(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn on_message(&mut self, kit: u64, message: Message) {
        if !self.worker.is_ours() {
            std::mem::forget(message);
        } else if let Message::Start(seat) = message {
            self.seats.insert(kit, seat);
        } else {
            self.step(kit, Stimulus::Message(message));
        }
    }

    /// Once each, so that an engine that never gets done cannot keep the others from their turn.
    fn fire_what_is_due(&mut self) {
        let due = self.deadlines.range(..=(self.now, u64::MAX)).map(|(_, kit)| *kit).collect::<Vec<_>>();
        for kit in due {
            self.step(kit, Stimulus::Timeout);
        }
    }

    fn step(&mut self, kit: u64, stimulus: Stimulus) {
        let Some(seat) = self.seats.get_mut(&kit) else { return };
        if seat.has_failed {
            return match stimulus {
                Stimulus::Message(Message::End) => self.end(kit),
                Stimulus::Message(message) => seat.refuse(&message),
                Stimulus::Timeout => {}
            };
        }
        let now = self.now;
        let stepped = catch_unwind(AssertUnwindSafe(|| match seat.trace {
            None => seat.on::<false>(now, stimulus),
            Some(_) => seat.on::<true>(now, stimulus),
        }));
        if !self.worker.is_ours() {
            return;
        }
        self.now = self.worker.clock.now();
        if self.now.since(now) > SLOW_MS {
            log::warn!("callbacks took {} ms; all components of this worker waited", self.now.since(now));
        }
        let due = match stepped {
            Ok(Life::Until(due)) => due,
            Ok(Life::Over) => return self.end(kit),
            Err(_) => {
                log::error!("a panic inside a component; it is closed, the others go on");
                return self.fail(kit);
            }
        };
        if seat.trace.as_ref().is_some_and(|trace| !trace.is_broken()) {
            self.traced.push(kit);
        }
        let before = std::mem::replace(&mut seat.due, due);
        self.rearm(kit, before, due);
    }

    fn rearm(&mut self, kit: u64, before: Option<Time>, due: Option<Time>) {
        if before != due {
            before.map(|at| self.deadlines.remove(&(at, kit)));
            due.map(|at| self.deadlines.insert((at, kit)));
        }
    }

    /// Says what a kit that panicked owes its app and the peer. It ends behind what is queued for it.
    fn fail(&mut self, kit: u64) {
        let Some(seat) = self.seats.get_mut(&kit) else { return };
        let before = seat.due.take();
        seat.fail();
        let _ = self.worker.inbox.push(kit, &seat.kit.gate, Message::End);
        self.rearm(kit, before, None);
    }

    /// Closes the plugs, makes room, says `released`.
    fn end(&mut self, kit: u64) {
        let Some(seat) = self.seats.remove(&kit) else { return };
        self.rearm(kit, seat.due, None);
        let Seat { kit, engine, mut ports, trace, .. } = *seat;
        drop(trace);
        guarded("closing the signaling plug", || ports.signaling.close());
        guarded("closing the media plug", || ports.rtc.close());
        kit.gate.shut();
        let listener = ports.listener.clone();
        guarded("letting go of a component", || drop((engine, ports)));
        if !kit.host_delivery {
            guarded("released", || listener.released());
        }
        drop(listener);
        // Before anybody learns of the end, so that the one who waits for the last kit can join the thread.
        self.worker.leave();
        kit.outbox.release(kit.host_delivery);
    }
}

/// Runs what may panic where nothing may be left out after it.
pub(super) fn guarded(what: &str, body: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(body)).is_err() {
        log::error!("a panic while {what}");
    }
}

/// What comes of a step.
enum Life {
    /// Nothing to do before this, unless a message comes.
    Until(Option<Time>),
    /// The engine is closed.
    Over,
}

/// A kit as the worker's thread knows it.
pub(super) struct Seat {
    kit: Arc<Kit>,
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

impl Seat {
    pub(super) fn new(kit: Arc<Kit>, engine: Engine, ports: Ports) -> Seat {
        let (owed, has_failed) = (Owed::default(), false);
        Seat { kit, engine, ports, due: None, backlog: false, trace: None, owed, has_failed }
    }

    /// After a panic: nothing more gets in, and nothing that was taken is left open.
    fn fail(&mut self) {
        self.has_failed = true;
        self.kit.gate.shut();
        guarded("ending a trace", || drop(self.trace.take()));
        let last = std::mem::take(&mut *self.kit.snapshot.lock());
        failed::tell_peer(&mut self.ports, &last);
        for output in self.owed.settle() {
            self.deliver(output);
        }
    }

    /// What was queued before the panic.
    fn refuse(&mut self, message: &Message) {
        self.kit.gate.took(message);
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

    fn on<const TRACED: bool>(&mut self, now: Time, stimulus: Stimulus) -> Life {
        match stimulus {
            Stimulus::Timeout => {
                let why = self.engine.poll_timeout().map_or("", |(_, why)| why);
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.timeout(now, why));
                self.engine.handle_timeout(now);
            }
            Stimulus::Message(message) => {
                self.kit.gate.took(&message);
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

    /// Carries out what the engine asks for. What a plug refuses is answered after the rest, never in
    /// between.
    fn drain<const TRACED: bool>(&mut self, now: Time) -> Life {
        let mut refusals = VecDeque::new();
        loop {
            self.show();
            while let Some(output) = self.engine.poll_output() {
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.output(&output));
                if matches!(output, Output::Closed) {
                    return Life::Over;
                }
                self.owed.output(&output);
                refusals.extend(self.carry_out(output));
                if !self.kit.worker.is_ours() {
                    return Life::Until(None);
                }
            }
            if let (true, Some(trace)) = (TRACED, &mut self.trace) {
                trace.end_step(now, &mut self.engine);
                self.leave_broken_trace();
            }
            let Some(input) = refusals.pop_front().or_else(|| self.backlog_changed()) else {
                return Life::Until(self.engine.poll_timeout().map(|(at, _)| at));
            };
            self.feed::<TRACED>(now, input);
        }
    }

    /// `Some`: the plug refused, and this is the answer.
    fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Signal { req, op } => {
                let outcome = self.ports.signaling.start(req, op).err()?;
                return Some(Input::SignalDone {
                    req,
                    result: OperationResult { outcome, ..Default::default() },
                });
            }
            Output::Notify(notice) => self.ports.signaling.notify(notice),
            Output::Rtc { req, op } => {
                let outcome = self.ports.rtc.start(req, op).err()?;
                return Some(Input::RtcDone { req, outcome });
            }
            Output::Done { ticket, result } if self.kit.host_delivery => self.kit.outbox.done(ticket, result),
            Output::Event(event) if self.kit.host_delivery => self.kit.outbox.event(event),
            Output::Done { ticket, result } => self.ports.listener.done(ticket, result),
            Output::Event(event) => self.ports.listener.event(event),
            Output::Ignored(why) => log::debug!("ignored: {why}"),
            Output::Closed => {}
        }
        None
    }

    fn backlog_changed(&mut self) -> Option<Input> {
        let backlog = self.kit.outbox.is_backlogged();
        (std::mem::replace(&mut self.backlog, backlog) != backlog).then_some(Input::Backlog(backlog))
    }

    /// Before the callbacks run, so that one that asks for the state sees what it is told.
    fn show(&mut self) {
        let mut shown = self.kit.snapshot.lock();
        if !self.engine.is_as_in(&shown) {
            let old = std::mem::replace(&mut *shown, self.engine.snapshot());
            self.owed.shown(&shown);
            drop(shown);
            drop(old);
        }
    }
}
