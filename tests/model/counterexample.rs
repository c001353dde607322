//! The path to a state: every engine's inputs and outputs, with times. As text, and as a trace that
//! `nertc-callkit` replays, draws and explains: each device is a kit of it.

use std::fmt;

use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::output::Output;
use nertc_callkit::engine::time::Time;
use nertc_callkit_signaling as signaling;

/// What makes an engine move.
#[derive(Clone, Debug)]
pub(crate) enum Fed {
    Input(Input),
    /// A deadline, and its reason.
    Timeout(&'static str),
}

/// One line of a counterexample.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    /// An engine moved.
    Step { device: usize, at: Time, fed: Fed, outputs: Vec<Output> },
    /// An action of the service, the network or the media room.
    Note { at: Time, text: String },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Note { at, text } => write!(f, "{:>7} {text}", at.0),
            Line::Step { device, at, fed, outputs } => {
                write!(f, "{:>7} device {device} <- {}", at.0, shown(fed))?;
                for output in outputs {
                    write!(f, "\n        device {device} -> {}", label(output))?;
                }
                Ok(())
            }
        }
    }
}

fn shown(fed: &Fed) -> String {
    match fed {
        Fed::Timeout(why) => format!("deadline: {why}"),
        Fed::Input(Input::Command { command, .. }) => format!("user: {:?}", command.operation()),
        Fed::Input(Input::SignalDone { req, result }) => {
            format!("done {} = {}", req.0, result.outcome.code)
        }
        Fed::Input(Input::RtcDone { req, outcome }) => format!("media done {} = {}", req.0, outcome.code),
        Fed::Input(Input::Signals { origin, events }) => {
            let events: Vec<String> = events.iter().map(brief).collect();
            format!("{origin:?}: {}", events.join(", "))
        }
        Fed::Input(other) => format!("{other:?}"),
    }
}

/// A message in a few words.
pub(crate) fn brief(event: &signaling::Event) -> String {
    format!("{:?} {} from {}/{}", event.kind, event.channel.id, event.from, event.from_device)
}

fn label(output: &Output) -> String {
    match output {
        Output::Signal { req, op } => format!("signaling {}: {}", req.0, named(op)),
        Output::Rtc { req, op } => format!("media {}: {op:?}", req.0),
        Output::RtcReceive { json, .. } => format!("media gets {json}"),
        Output::RtcPrepare(preparation) => format!("media: {preparation:?}"),
        Output::RtcDiscard { call_no } => format!("media discards call {call_no}"),
        Output::Done { result, .. } => format!("done({:?}) {}", result.operation, result.code),
        Output::Event(event) => format!("{event:?}"),
        Output::Notify(notice) => format!("backend: {notice:?}"),
        Output::Ignored(why) => format!("ignored: {why}"),
        Output::Closed => "closed".into(),
    }
}

/// An operation in a few words.
pub(crate) fn named(op: &signaling::Operation) -> String {
    let channel = op.channel_id().map(|id| format!(" {id}")).unwrap_or_default();
    let message = op.message().map(|message| format!(" {} {}", message.account, message.custom_info));
    format!("{}{channel}{}", op.name(), message.unwrap_or_default())
}
