//! One client on the worker's thread: feeds its engine and executes the outputs.

use std::sync::Arc;

use smallvec::SmallVec;

use super::clock::Now;
use super::failed::{self, Owed};
use super::guard::guarded;
use super::message::{Message, Start};
use super::ports::Ports;
use super::shared::Shared;
use super::thread::Worker;
use super::trace::Recorder;
use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::output::Output;
use crate::engine::time::Time;

/// How a step ended.
pub(super) enum StepResult {
    /// Nothing is due before this, unless a message arrives.
    Until(Option<Time>),
    /// Another message for this client follows soon.
    MoreToCome,
    /// The engine is closed.
    Over,
}

/// What backends answer while their operations start: few at a time.
type Answers = SmallVec<[Input; 4]>;

/// A client as the worker's thread knows it.
pub(super) struct Slot {
    pub(super) shared: Arc<Shared>,
    worker: Arc<Worker>,
    engine: Engine,
    ports: Ports,
    /// Its entry in the worker's deadlines.
    pub(super) due: Option<Time>,
    /// The backlog that the engine was last notified of.
    backlog: bool,
    trace: Option<Box<Recorder>>,
    owed: Owed,
    /// It panicked: its engine is not used any more.
    pub(super) has_failed: bool,
}

impl Slot {
    pub(super) fn new(worker: Arc<Worker>, start: Start) -> Slot {
        let Start { shared, engine, ports } = start;
        let (owed, has_failed) = (Owed::default(), false);
        Slot { shared, worker, engine, ports, due: None, backlog: false, trace: None, owed, has_failed }
    }

    /// Feeds the engine a message, or lets it fire what is due.
    pub(super) fn step(&mut self, now: &mut Now, message: &mut Option<Message>, is_last: bool) -> StepResult {
        match self.trace {
            None => self.on::<false>(now, message, is_last),
            Some(_) => self.on::<true>(now, message, is_last),
        }
    }

    /// Closes the backends and ends the client; with WORKER delivery `released` runs here.
    pub(super) fn end(self) -> Arc<Shared> {
        let Slot { shared, engine, mut ports, trace, .. } = self;
        drop(trace);
        guarded("closing the signaling backend", || ports.signaling.close());
        guarded("closing the media backend", || ports.rtc.close());
        shared.quota.shut();
        let listener = ports.listener.clone();
        guarded("dropping a client", || drop((engine, ports)));
        if !shared.manual_dispatch {
            guarded("released", || listener.released());
        }
        shared
    }

    /// After a panic: closes the inbox to this client, notifies the peer and completes what is open.
    pub(super) fn fail(&mut self) {
        self.has_failed = true;
        self.shared.quota.shut();
        drop(self.worker.starting.end());
        guarded("ending a trace", || drop(self.trace.take()));
        let last = std::mem::take(&mut *self.shared.snapshot.lock());
        failed::notify_peer(&mut self.ports, &last);
        for output in self.owed.settle() {
            self.deliver(output);
        }
    }

    /// Answers a message that was queued before the panic.
    pub(super) fn refuse(&mut self, message: &Message) {
        if let Some(output) = failed::answer(message) {
            self.deliver(output);
        }
    }

    fn deliver(&mut self, output: Output) {
        guarded("a callback", || self.carry_out_rarely(Some(output), &mut Answers::new()));
    }

    /// The trace; steps without one are compiled without this branch.
    fn recorder<const TRACED: bool>(&mut self) -> Option<&mut Recorder> {
        if TRACED { self.trace.as_deref_mut() } else { None }
    }

    /// There is a trace that may have something to write.
    pub(super) fn is_traced(&self) -> bool {
        self.trace.as_ref().is_some_and(|trace| !trace.is_broken())
    }

    /// Before the thread sleeps.
    pub(super) fn write_trace(&mut self) {
        if let Some(trace) = &mut self.trace {
            trace.flush();
        }
        self.leave_broken_trace();
    }

    /// A trace that cannot be written has ended: its header must reveal nothing about the ids that follow.
    fn leave_broken_trace(&mut self) {
        if self.trace.as_ref().is_some_and(|trace| trace.is_broken()) {
            self.engine.end_trace();
        }
    }

    fn on<const TRACED: bool>(
        &mut self,
        now: &mut Now,
        message: &mut Option<Message>,
        is_last: bool,
    ) -> StepResult {
        let time = now.time;
        match message {
            None => {
                let why = self.engine.poll_timeout().map_or("", |(_, why)| why);
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.timeout(time, why));
                self.engine.handle_timeout(time);
            }
            // Inputs are large: this moves them once, `take` and a pattern would twice.
            Some(Message::Input(input)) => {
                let input = std::mem::replace(input, Input::Backlog(self.backlog));
                self.feed::<TRACED>(time, input);
            }
            Some(Message::NetworkChanged) => {
                self.ports.signaling.network_changed();
                self.ports.rtc.network_changed();
            }
            Some(Message::Trace(recorder)) => {
                self.trace = recorder.take();
                match &mut self.trace {
                    Some(trace) => trace.begin(time, &mut self.engine),
                    None => self.engine.end_trace(),
                }
            }
            Some(Message::Start(_) | Message::Backlog | Message::End) => {}
        }
        self.drain::<TRACED>(now, is_last)
    }

    #[inline]
    fn feed<const TRACED: bool>(&mut self, now: Time, input: Input) {
        self.recorder::<TRACED>().into_iter().for_each(|trace| trace.input(now, &input));
        self.owed.input(&input);
        self.engine.handle(now, input);
    }

    /// Executes the engine's outputs. What a backend answers while it starts an operation is fed back after
    /// the rest, never in between.
    fn drain<const TRACED: bool>(&mut self, now: &mut Now, is_last: bool) -> StepResult {
        let mut answers = Answers::new();
        loop {
            self.publish_snapshot();
            let mut has_called_back = false;
            loop {
                // Large, as inputs: handed on as a whole, and looked at where it lies.
                let next = self.engine.poll_output();
                let Some(output) = &next else { break };
                self.recorder::<TRACED>().into_iter().for_each(|trace| trace.output(output));
                if matches!(output, Output::Closed) {
                    return StepResult::Over;
                }
                has_called_back |= matches!(output, Output::Done { .. } | Output::Event(_));
                match TRACED {
                    false => self.carry_out(next, &mut answers),
                    true => self.carry_out_rarely(next, &mut answers),
                }
                if !self.worker.is_ours() {
                    return StepResult::Until(None);
                }
            }
            if let (true, Some(trace)) = (TRACED, &mut self.trace) {
                trace.end_step(now.time, &mut self.engine);
                self.leave_broken_trace();
            }
            let answer = if answers.is_empty() { self.backlog_changed() } else { Some(answers.remove(0)) };
            let Some(input) = answer else {
                if !is_last {
                    return StepResult::MoreToCome;
                }
                return StepResult::Until(self.engine.poll_timeout().map(|(at, _)| at));
            };
            if has_called_back {
                now.refresh(self.worker.clock, false);
            }
            self.feed::<TRACED>(now.time, input);
        }
    }

    /// For steps that few see, which need no code of their own.
    #[inline(never)]
    fn carry_out_rarely(&mut self, output: Option<Output>, answers: &mut Answers) {
        self.carry_out(output, answers);
    }

    /// `answers` gets what a backend answers meanwhile: its refusal, or the completion.
    #[inline(always)]
    fn carry_out(&mut self, output: Option<Output>, answers: &mut Answers) {
        let Some(output) = output else { return };
        match output {
            Output::Signal { req, op } => {
                self.worker.starting.begin(self.shared.id);
                if let Err(outcome) = self.ports.signaling.start(req, op) {
                    answers.push(Input::SignalDone { req, result: Box::new(outcome.into()) });
                }
                self.end_start(answers);
            }
            Output::Notify(notice) => self.ports.signaling.notify(notice),
            Output::Rtc { req, op } => {
                self.worker.starting.begin(self.shared.id);
                if let Err(outcome) = self.ports.rtc.start(req, op) {
                    answers.push(Input::RtcDone { req, outcome });
                }
                self.end_start(answers);
            }
            Output::RtcReceive { join, json } => self.ports.rtc.receive(join, &json),
            Output::RtcPrepare(preparation) => self.ports.rtc.prepare(&preparation),
            Output::RtcDiscard { call_no } => self.ports.rtc.discard(call_no),
            Output::Done { ticket, result } => {
                self.owed.done(ticket);
                match self.shared.manual_dispatch {
                    true => self.shared.callbacks.done(ticket, result),
                    false => self.ports.listener.done(ticket, &result),
                }
            }
            Output::Event(event) => {
                self.owed.event(&event);
                match self.shared.manual_dispatch {
                    true => self.shared.callbacks.event(event),
                    false => self.ports.listener.event(&event),
                }
            }
            Output::Ignored(why) => log::debug!("ignored: {why}"),
            Output::Closed => {}
        }
    }

    /// An operation was started or refused: passes on the completion that was given meanwhile. In a forked
    /// child its lock may be the parent's.
    #[inline]
    fn end_start(&self, answers: &mut Answers) {
        if self.worker.is_ours() {
            answers.extend(self.worker.starting.end());
        }
    }

    /// Only with APP delivery is there a backlog.
    #[inline]
    fn backlog_changed(&mut self) -> Option<Input> {
        if !self.shared.manual_dispatch {
            return None;
        }
        let backlog = self.shared.callbacks.is_backlogged();
        (std::mem::replace(&mut self.backlog, backlog) != backlog).then_some(Input::Backlog(backlog))
    }

    /// Before the callbacks run, so that the state they query includes what they are notified of.
    fn publish_snapshot(&mut self) {
        let mut shown = self.shared.snapshot.lock();
        if self.engine.update(&mut shown) {
            self.owed.shown(&shown);
        }
    }
}
