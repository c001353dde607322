//! What is sent to a client's slot.

use std::sync::Arc;

use super::inbox::Classified;
use super::ports::Ports;
use super::quota::{Class, ends_something};
use super::shared::Shared;
use super::trace::Recorder;
use crate::engine::Engine;
use crate::engine::input::Input;

/// Something for one client.
pub(super) enum Message {
    /// The first message of a client.
    Start(Box<Start>),
    /// For the engine.
    Input(Input),
    /// For the backends.
    NetworkChanged,
    /// A trace begins, or ends.
    Trace(Option<Box<Recorder>>),
    /// The number of undelivered callbacks crossed a threshold.
    Backlog,
    /// After everything that was queued for a client that failed.
    End,
}

/// What a slot is made of.
pub(super) struct Start {
    pub(super) shared: Arc<Shared>,
    pub(super) engine: Engine,
    pub(super) ports: Ports,
}

impl Classified for Message {
    fn class(&self) -> Class {
        match self {
            Message::Start(_) | Message::Backlog | Message::End => Class::Control,
            Message::NetworkChanged | Message::Trace(_) => Class::Command { reserved: false },
            Message::Input(input) => match input {
                Input::Command { command, .. } => Class::Command { reserved: ends_something(command) },
                Input::SignalDone { .. } | Input::RtcDone { .. } => Class::Completion,
                Input::Signals { .. }
                | Input::ChannelStates(_)
                | Input::Connection(_)
                | Input::Rtc(_)
                | Input::RtcSend { .. }
                | Input::Record { .. } => Class::Report,
                Input::Backlog(_) => Class::Control,
                Input::Close => Class::Close,
            },
        }
    }
}
