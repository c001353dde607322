//! Runs one vector against the engine.

use super::fields::Fields;
use super::input;
use super::output::{operation_name, plain, rtc_name, show};
use std::collections::BTreeMap;

use nertc_callkit::engine::input::{CallRef, Input, Ticket};
use nertc_callkit::engine::output::{Event, Output, RtcOp};
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Engine, IdGenerator};
use nertc_callkit_signaling::{self as signaling, Origin, Req, Text};
use serde_json::{Value, json};

/// Steps with a name, which vectors share.
pub(crate) type Sequences = BTreeMap<String, Vec<Value>>;

/// How deep sequences may call sequences.
const DEPTH: usize = 8;
/// Timers that may fire within one wait.
const ROUNDS: usize = 1000;

/// An operation that waits for its answer.
struct Pending {
    req: Req,
    kind: &'static str,
    name: &'static str,
}

/// The engine and everything around it.
struct Player<'a> {
    engine: Engine,
    sequences: &'a Sequences,
    account: String,
    now: Time,
    pending: Vec<Pending>,
    /// The newest join of a media room.
    join: Req,
    /// Requests of the app that are not completed: their tickets and functions.
    open: Vec<(Ticket, &'static str)>,
    last_ticket: u64,
    /// What the app was shown last, for functions that name no call.
    shown: u64,
    issued: Option<Ticket>,
    /// Own ids and their placeholders, by first appearance.
    names: Vec<(Text, String)>,
    /// What came out since the last look.
    seen: Vec<Value>,
}

/// Runs a vector; the error names the step and the difference.
pub(crate) fn play(vector: &Value, sequences: &Sequences) -> Result<(), String> {
    let mut vector = Fields::of(vector.clone())?;
    let texts = ["name", "description"].map(|key| vector.text(key));
    if texts.iter().any(|text| text.as_ref().is_ok_and(String::is_empty)) {
        return Err("a vector has a name and a description".to_owned());
    }
    if !["caller", "callee", "both"].contains(&vector.text("role")?.as_str()) {
        return Err("role: caller, callee or both (ours)".to_owned());
    }
    vector.list("source")?;
    let mut given = Fields::of(Value::Object(vector.object("given")?))?;
    let mut player = Player {
        engine: Engine::new(input::config(&mut given)?, IdGenerator::test_seed(7)),
        sequences,
        account: given.maybe_text("account")?.unwrap_or_else(|| "al".to_owned()),
        now: Time(0),
        pending: Vec::new(),
        join: Req(0),
        open: Vec::new(),
        last_ticket: 0,
        shown: 0,
        issued: None,
        names: Vec::new(),
        seen: Vec::new(),
    };
    given.end()?;
    let ends = vector.take("ends").ok_or("no ends")?;
    let steps = vector.list("steps")?;
    vector.end()?;
    player.steps("", &steps, 0)?;
    player.end(&ends)
}

impl Player<'_> {
    fn steps(&mut self, place: &str, steps: &[Value], depth: usize) -> Result<(), String> {
        for (index, step) in steps.iter().enumerate() {
            let place = format!("{place}step {}", index + 1);
            let mut fields = Fields::of(step.clone()).map_err(|e| format!("{place}: {e}"))?;
            if let Some(name) = fields.maybe_text("run")? {
                let sequence = self.sequences.get(&name).ok_or(format!("{place}: no sequence {name:?}"))?;
                fields.end().map_err(|e| format!("{place}: {e}"))?;
                if depth == DEPTH {
                    return Err(format!("{place}: sequences run too deep"));
                }
                self.steps(&format!("{place} ({name}), "), sequence, depth + 1)?;
                continue;
            }
            self.step(fields).map_err(|e| format!("{place}, {step}:\n{e}"))?;
        }
        Ok(())
    }

    fn step(&mut self, mut fields: Fields) -> Result<(), String> {
        let expected = fields.list("expect")?;
        let state = fields.take("in_state");
        let _ = fields.text("note")?;
        let mut fields = Fields::of(self.with_ids(fields.rest()))?;
        self.feed(&mut fields)?;
        fields.end()?;
        let expected: Vec<Value> =
            expected.into_iter().map(|value| plain(self.with_account(value))).collect();
        let seen: Vec<Value> = std::mem::take(&mut self.seen);
        if seen != expected {
            return Err(format!("expected{}\nbut got{}", lines(&expected), lines(&seen)));
        }
        match state {
            Some(state) if state != json!(self.engine.snapshot().state) => {
                Err(format!("expected state {state} but it is {}", self.engine.snapshot().state))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Executes the step.
    fn feed(&mut self, of: &mut Fields) -> Result<(), String> {
        if let Some(name) = of.maybe_text("app")? {
            return self.ask(&name, of);
        }
        if of.has("message") {
            let origin = input::source(of)?;
            let events = vec![input::message(of, &self.account)?];
            self.handle(Input::Signals { origin, events });
        } else if of.has("backlog") {
            let event = |message| -> Result<signaling::Event, String> {
                let mut message = Fields::of(message)?;
                let event = input::message(&mut message, &self.account)?;
                message.end().map(|()| event)
            };
            let events = of.list("backlog")?.into_iter().map(event).collect::<Result<_, _>>()?;
            self.handle(Input::Signals { origin: Origin::Offline, events });
        } else if let Some(name) = of.maybe_text("answer")? {
            let req = self.answered("signal", &name)?;
            let result = input::result(of, &self.account)?;
            self.handle(Input::SignalDone { req, result: result.into() });
        } else if let Some(name) = of.maybe_text("rtc_answer")? {
            let req = self.answered("rtc", &name)?;
            let outcome = input::outcome(of)?;
            self.handle(Input::RtcDone { req, outcome });
        } else if of.has("media_event") {
            let event = input::media(of)?;
            self.handle(Input::Rtc(event.into()));
        } else if of.has("media_sends") {
            let json = of.wire("media_sends")?.into();
            self.handle(Input::RtcSend { join: self.join, json });
        } else if of.has("connection") {
            let connection = input::connection(of)?;
            self.handle(Input::Connection(connection));
        } else if of.has("channel_states") {
            let states = input::states(of.list("channel_states")?)?;
            self.handle(Input::ChannelStates(states));
        } else if of.has("takes_events") {
            let takes = of.flag("takes_events", true)?;
            self.handle(Input::Backlog(!takes));
        } else if of.has("wait") {
            let ms: u64 = of.number("wait")?;
            self.wait(ms)?;
        } else {
            return Err("a step does something".to_owned());
        }
        Ok(())
    }

    fn ask(&mut self, name: &str, of: &mut Fields) -> Result<(), String> {
        if name == "release" {
            self.handle(Input::Close);
            return Ok(());
        }
        let implied = CallRef {
            implied: true,
            shown: self.shown,
            issued: self.issued.into_iter().collect(),
            ..CallRef::default()
        };
        let command = input::command(name, of, &implied)?;
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        if name == "call" {
            self.issued = Some(ticket);
        }
        self.open.push((ticket, operation_name(command.operation())));
        self.handle(Input::Command { ticket, command: command.into() });
        Ok(())
    }

    /// Takes the oldest operation of this name.
    fn answered(&mut self, kind: &str, name: &str) -> Result<Req, String> {
        let is_it = |pending: &Pending| pending.kind == kind && pending.name == name;
        let index = self.pending.iter().position(is_it);
        let index = index.ok_or_else(|| format!("no {kind} operation {name:?} waits for an answer"))?;
        Ok(self.pending.remove(index).req)
    }

    /// Lets time pass and fires what is due on the way.
    fn wait(&mut self, ms: u64) -> Result<(), String> {
        let until = Time(self.now.0 + ms);
        for _ in 0..ROUNDS {
            let Some((at, _)) = self.engine.poll_timeout().filter(|(at, _)| *at <= until) else {
                self.now = until;
                return Ok(());
            };
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
        Err("a timer does not end".to_owned())
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let snapshot = self.engine.snapshot();
        if snapshot.state == 1 && !self.names.iter().any(|(id, _)| *id == snapshot.request_id) {
            let number = self.names.len() / 2 + 1;
            self.names.push((snapshot.request_id, format!("$request{number}")));
            self.names.push((snapshot.call_id, format!("$call{number}")));
        }
        while let Some(output) = self.engine.poll_output() {
            match &output {
                Output::Signal { req, op } => {
                    self.pending.push(Pending { req: *req, kind: "signal", name: op.name() });
                }
                Output::Rtc { req, op } => {
                    if matches!(op, RtcOp::Join(_)) {
                        self.join = *req;
                    }
                    self.pending.push(Pending { req: *req, kind: "rtc", name: rtc_name(op) });
                }
                Output::Done { ticket, result } => {
                    let request = (*ticket, operation_name(result.operation));
                    match self.open.iter().position(|open| *open == request) {
                        Some(index) => drop(self.open.remove(index)),
                        None => self.seen.push(json!({"completed twice, or never asked": request.1})),
                    }
                    if self.issued == Some(*ticket) {
                        self.issued = None;
                        self.shown = result.call_no;
                    }
                }
                Output::Event(Event::Invited(invited)) => self.shown = invited.call_no,
                Output::Event(Event::CallEnd(end)) if end.call_no == self.shown => self.shown = 0,
                Output::Notify(_) | Output::Event(_) | Output::Ignored(_) => {}
                Output::RtcReceive { .. } | Output::Closed => {}
                Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {}
            }
            let value = show(&output).map(|value| self.with_names(value));
            self.seen.extend(value);
        }
    }

    /// Own ids by their placeholders.
    fn with_names(&self, value: Value) -> Value {
        replace(value, &|text| self.names.iter().fold(text, |text, (id, name)| text.replace(&**id, name)))
    }

    /// Placeholders by their values.
    fn with_ids(&self, value: Value) -> Value {
        let value = self.with_account(value);
        replace(value, &|text| self.names.iter().fold(text, |text, (id, name)| text.replace(name, id)))
    }

    fn with_account(&self, value: Value) -> Value {
        replace(value, &|text| text.replace("$account", &self.account))
    }

    /// Where the vector must have led.
    fn end(self, ends: &Value) -> Result<(), String> {
        let state = self.engine.snapshot().state;
        if *ends != json!(state) {
            return Err(format!("it ends in state {state}, not {ends}"));
        }
        match self.open.first() {
            Some((_, name)) => Err(format!("{name} was never completed")),
            None => Ok(()),
        }
    }
}

/// Every text of a value, keys apart.
fn replace(value: Value, with: &dyn Fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(with(text)),
        Value::Array(list) => list.into_iter().map(|value| replace(value, with)).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, replace(value, with))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// One output a line, as a vector has them.
fn lines(values: &[Value]) -> String {
    if values.is_empty() {
        return " nothing".to_owned();
    }
    values.iter().map(|value| format!("\n  {value}")).collect::<Vec<_>>().join(",")
}
