//! The way from the service to the sinks of its ports, past the fault script.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use nertc_callkit_backend::{MediaMessage, SignalingMessage, SinkMessage};
use nertc_callkit_signaling::{Message, Req};

use super::faults::{Effect, FaultScript};
use super::ids::{DeviceId, Port};
use crate::by_number::ByNumber;

/// What the driver of the service has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// A message for the signaling sink of this port.
    Signaling(Port, SignalingMessage),
    /// A message for the media sink of this port.
    Media(Port, MediaMessage),
    /// The device vanished: what still waits for the sink of this port is lost.
    Discard(Port),
}

/// What happens at a deadline.
#[derive(Clone, Debug, Hash)]
pub(super) enum Due {
    /// A delayed message leaves.
    Emit(Output),
    /// A delayed login takes effect.
    Login(Port, Req),
    /// The reject of a device that alone is busy counts, unless another device rings by then.
    LocalReject(DeviceId, Message),
}

/// Ports and what is on its way to them. An operation adds to it; it is emptied when the operation is done.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbound {
    /// What shall go wrong.
    pub(super) script: FaultScript,
    lines: ByNumber<Port, Line>,
    last_port: u32,
    outputs: VecDeque<Output>,
    /// Devices that a fault hit in the course of the operation that runs.
    triggered: Vec<(DeviceId, Effect)>,
    /// By time, then by order of arrival.
    due: BTreeMap<(u64, u64), Due>,
    arrivals: u64,
}

/// What faults have done to a port.
#[derive(Clone, Debug, Default, Hash)]
struct Line {
    /// Takes nothing: its device vanished.
    is_disabled: bool,
    /// Held back until the next event.
    reorder_slot: Option<Box<Output>>,
}

impl Output {
    /// The owner of the sink.
    pub fn port(&self) -> Port {
        match self {
            Output::Signaling(port, _) | Output::Media(port, _) | Output::Discard(port) => *port,
        }
    }

    fn is_completion(&self) -> bool {
        match self {
            Output::Signaling(_, message) => message.is_completion(),
            Output::Media(_, message) => message.is_completion(),
            Output::Discard(_) => false,
        }
    }
}

impl Outbound {
    /// A new port.
    pub(super) fn open(&mut self) -> Port {
        self.last_port += 1;
        let port = Port(self.last_port);
        self.lines.insert(port, Line::default());
        port
    }

    /// Nothing reaches this port any more.
    pub(super) fn close(&mut self, port: Port) {
        self.lines.remove(port);
        self.outputs.retain(|output| output.port() != port);
    }

    /// The device of this port vanished: nothing reaches it until `enable`, and what was on its way is lost.
    pub(super) fn disable(&mut self, port: Port) {
        if let Some(line) = self.lines.get_mut(port) {
            *line = Line { is_disabled: true, reorder_slot: None };
            self.outputs.retain(|output| output.port() != port);
            self.outputs.push_back(Output::Discard(port));
        }
    }

    /// Undoes `disable`.
    pub(super) fn enable(&mut self, port: Port) {
        if let Some(line) = self.lines.get_mut(port) {
            line.is_disabled = false;
        }
    }

    /// It takes messages: it is open, and its device has not vanished.
    pub(super) fn is_enabled(&self, port: Port) -> bool {
        self.lines.get(port).is_some_and(|line| !line.is_disabled)
    }

    /// Sends a message, with what a fault makes of it.
    #[inline]
    pub(super) fn send(&mut self, now: u64, output: Output, effect: Option<Effect>) {
        match effect {
            None => self.emit(output),
            Some(effect) => self.send_with(now, output, effect),
        }
    }

    #[inline(never)]
    fn send_with(&mut self, now: u64, output: Output, effect: Effect) {
        match effect {
            Effect::Refuse(_) => self.emit(output),
            Effect::Duplicate => {
                self.emit(output.clone());
                self.emit(output);
            }
            Effect::Reorder => self.hold(output),
            Effect::Drop | Effect::Crash | Effect::Kick | Effect::Expire => {}
            Effect::Delay(delay_ms) => self.schedule(now + u64::from(delay_ms), Due::Emit(output)),
        }
    }

    /// Lets a message leave now.
    pub(super) fn emit(&mut self, output: Output) {
        let Some(line) = self.lines.get_mut(output.port()).filter(|line| !line.is_disabled) else { return };
        let held = line.reorder_slot.take_if(|_| !output.is_completion());
        self.outputs.push_back(output);
        if let Some(held) = held {
            self.outputs.push_back(*held);
        }
    }

    fn hold(&mut self, output: Output) {
        if let Some(line) = self.lines.get_mut(output.port()).filter(|line| !line.is_disabled) {
            let before = line.reorder_slot.replace(Box::new(output));
            self.outputs.extend(before.map(|before| *before));
        }
    }

    /// CRASH, KICK or EXPIRE_TOKEN hits this device; it happens when the running operation is through.
    pub(super) fn trigger(&mut self, device: DeviceId, effect: Effect) {
        self.triggered.push((device, effect));
    }

    /// What was triggered last.
    pub(super) fn next_triggered(&mut self) -> Option<(DeviceId, Effect)> {
        self.triggered.pop()
    }

    /// Something happens at this time; what has the same time happens in this order.
    pub(super) fn schedule(&mut self, at: u64, due: Due) {
        self.arrivals += 1;
        self.due.insert((at, self.arrivals), due);
    }

    /// The next deadline.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.deadlines().next()
    }

    /// All deadlines, in their order.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = u64> {
        self.due.keys().map(|(at, _)| *at)
    }

    /// The next output that is due.
    pub(super) fn next_due(&mut self, now: u64) -> Option<Due> {
        let first = self.due.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// The next message for a sink.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}

/// Without clock times, see `Service`.
impl Hash for Outbound {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Outbound { script, lines, last_port, outputs, triggered, due, arrivals: _ } = self;
        (script, lines, last_port, outputs, triggered, due.len()).hash(state);
        due.values().for_each(|due| due.hash(state));
    }
}
