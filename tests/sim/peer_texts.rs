//! What must hold of the texts that reach a device from its peer: of this call, in order, each once, and for
//! a media backend only between its join and its leave.

use std::collections::BTreeMap;

use nertc_callkit::engine::Engine;
use nertc_callkit::engine::input::RtcReport;
use nertc_callkit::engine::output::{Event, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit_signaling::{Req, Text};

/// Sender and receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Media,
    App,
}

/// A text as tests send it: which call it is of, and a number that only grows.
pub(crate) fn text(channel: &str, number: u64) -> Text {
    format!("{{\"channel\":\"{channel}\",\"number\":{number},\"said\":\"petunias\"}}").into()
}

/// Watches what one device gets.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerTexts {
    /// The join that the media backend is in.
    join: Option<Req>,
    /// The number of the last text, by kind and channel.
    last: BTreeMap<(Kind, Text), u64>,
}

impl PeerTexts {
    /// Of a media room that the engine is not in.
    pub(crate) fn is_of_other_room(&self, report: &RtcReport) -> bool {
        report.join.is_some() && report.join != self.join
    }

    /// One output of the engine, in order.
    pub(crate) fn output(&mut self, output: &Output, engine: &Engine) -> Result<(), String> {
        match output {
            Output::Rtc { req, op: RtcOp::Join(_) } => self.join = Some(*req),
            Output::Rtc { op: RtcOp::Leave, .. } => self.join = None,
            Output::RtcReceive { join, .. } if self.join != Some(*join) => {
                return Err(format!(
                    "invariant 6: a text for {join:?}, the media backend is in {:?}",
                    self.join
                ));
            }
            Output::RtcReceive { json, .. } => return self.received(Kind::Media, json, engine),
            Output::Event(Event::Data(data)) => return self.received(Kind::App, &data.json, engine),
            Output::Rtc { .. } | Output::Event(_) | Output::Signal { .. } | Output::Notify(_) => {}
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {}
            Output::Done { .. } | Output::Ignored(_) | Output::Closed => {}
        }
        Ok(())
    }

    fn received(&mut self, kind: Kind, json: &str, engine: &Engine) -> Result<(), String> {
        let live = engine.snapshot();
        let value: serde_json::Value = serde_json::from_str(json).map_err(|why| format!("{json}: {why}"))?;
        let channel: Text = value["channel"].as_str().unwrap_or_default().into();
        let number = value["number"].as_u64().unwrap_or(0);
        if engine.phase() == Phase::InCall && live.channel_id != channel {
            return Err(format!("invariant 6: in {} a text of another call: {json}", live.channel_id));
        }
        if let Some(last) = self.last.insert((kind, channel), number).filter(|last| *last >= number) {
            return Err(format!("invariant 6: {kind:?} text {number} after {last}: {json}"));
        }
        Ok(())
    }
}
