//! What is under way between devices, signaling and media: operations, their answers, messages.

use std::hash::{Hash, Hasher};

use nertc_callkit::engine::input::RtcEvent;
use nertc_callkit::engine::output::RtcOp;
use nertc_callkit_signaling::{
    self as signaling, ChannelState, EventKind, OperationResult, Origin, Outcome, Req,
};

use crate::fingerprint::{Mix, channel_bit};

/// Something under way.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// The operation, its result, and the receiver.
    pub(crate) device: usize,
    /// Req(0): none.
    pub(crate) req: Req,
    pub(crate) what: What,
    /// The same for things that do the same, but for their age and the operation's number.
    pub(crate) digest: u64,
    /// Channels that it names, see `channel_bit`.
    pub(crate) channels: u64,
    /// When it set out, if its age matters.
    pub(crate) since: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// An operation of the signaling backend.
    Operation(signaling::Operation),
    Completion(OperationResult),
    Message(Origin, signaling::Event),
    /// What a login delivers: channel states and unread messages.
    Backlog(Vec<ChannelState>, Vec<signaling::Event>),
    MediaOperation(RtcOp),
    MediaDone(Outcome),
    MediaEvent(RtcEvent),
}

/// Things that keep their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Operations of one media backend.
    ToMedia(usize),
    /// A text of one media backend.
    FromMedia(usize),
}

impl InFlight {
    pub(crate) fn new(now: u64, device: usize, req: Req, what: What) -> InFlight {
        let mut hasher = Mix::default();
        device.hash(&mut hasher);
        std::mem::discriminant(&what).hash(&mut hasher);
        let (mut channels, mut since) = (0, None);
        let mut undated = |event: &signaling::Event| {
            channels |= channel_bit(&event.channel.id);
            signaling::Event { time_ms: 0, ..event.clone() }
        };
        match &what {
            What::Operation(op) => {
                op.hash(&mut hasher);
                channels |= op.channel_id().map_or(0, channel_bit);
            }
            What::Completion(result) => {
                (&result.outcome, &result.channel).hash(&mut hasher);
                channels |= result.channel.as_ref().map_or(0, |it| channel_bit(&it.channel.id));
                since = (result.server_ms > 0).then_some(now);
            }
            What::Message(source, event) => {
                (source, undated(event)).hash(&mut hasher);
                since = (event.kind == EventKind::Invite).then_some(now);
            }
            What::Backlog(states, events) => {
                states.hash(&mut hasher);
                channels |= states.iter().fold(0, |all, room| all | channel_bit(&room.channel.id));
                for event in events {
                    let age = now.wrapping_sub(event.time_ms);
                    channels |= channel_bit(&event.channel.id);
                    (signaling::Event { time_ms: 0, ..event.clone() }, age).hash(&mut hasher);
                }
                since = (!events.is_empty()).then_some(now);
            }
            What::MediaOperation(op) => op.hash(&mut hasher),
            What::MediaDone(outcome) => outcome.hash(&mut hasher),
            What::MediaEvent(event) => event.hash(&mut hasher),
        }
        InFlight { device, req, what, digest: hasher.finish(), channels, since }
    }

    pub(crate) fn is_message(&self) -> bool {
        matches!(self.what, What::Message(..))
    }

    pub(crate) fn is_operation(&self) -> bool {
        matches!(self.what, What::Operation(..) | What::MediaOperation(RtcOp::Join(_)))
    }

    /// What must not overtake each other.
    pub(crate) fn stream(&self) -> Option<Stream> {
        match self.what {
            What::Operation(..) | What::Completion(_) | What::Message(..) | What::Backlog(..) => None,
            What::MediaOperation(_) => Some(Stream::ToMedia(self.device)),
            What::MediaDone(_) | What::MediaEvent(_) => Some(Stream::FromMedia(self.device)),
        }
    }

    /// The same thing twice.
    pub(crate) fn is_like(&self, other: &InFlight) -> bool {
        self.digest == other.digest && self.req == other.req && self.since == other.since
    }
}
