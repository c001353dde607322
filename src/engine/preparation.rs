//! What the media backend makes ready before a call is accepted, so that its join is fast.
//!
//! One preparation stands at a time. It is derived from the state once an input is handled, so that no way
//! out of a call can forget it: what a call needs is prepared, what none needs is discarded.

use super::core::Engine;
use super::output::{Output, Preparation};
use super::state::{Calling, Glare, MediaRoom, State};

impl Engine {
    /// After each input: prepares what the live call will need, and discards what none will.
    pub(super) fn settle_preparation(&mut self) {
        let wanted = self.needed_preparation();
        let standing = self.prepared.as_deref().map(|standing| standing.call_no);
        match (standing, wanted) {
            (Some(no), Some(wanted)) if wanted.call_no == no => self.prepare(wanted),
            (Some(no), wanted) => {
                self.prepared = None;
                if !self.is_media_of(no) {
                    self.wire.push_back(Output::RtcDiscard { call_no: no });
                }
                wanted.into_iter().for_each(|wanted| self.prepare(wanted));
            }
            (None, Some(wanted)) => self.prepare(wanted),
            (None, None) => {}
        }
    }

    /// Before a join: what was prepared must be what the join says. A glare may have changed it within this
    /// very input.
    pub(super) fn adjust_preparation(&mut self) {
        if self.prepared.is_some()
            && let Some(needed) = self.needed_preparation()
        {
            self.prepare(needed);
        }
    }

    /// Prepares, unless the same stands. The call type may change until the end of the call: what was
    /// prepared serves for both.
    fn prepare(&mut self, wanted: Preparation) {
        let is_same = |standing: &Preparation| {
            standing.call_no == wanted.call_no
                && standing.is_inviter == wanted.is_inviter
                && standing.call_id == wanted.call_id
        };
        if !self.prepared.as_deref().is_some_and(is_same) {
            self.wire.push_back(Output::RtcPrepare(wanted.clone()));
            self.prepared = Some(Box::new(wanted));
        }
    }

    /// What the join of the live call will need; None if there is no such join, or if it was issued.
    fn needed_preparation(&self) -> Option<Preparation> {
        match &self.state {
            State::Idle => None,
            State::Calling(calling) => Some(calling.preparation()),
            State::Called(called) => Some(Preparation {
                call_no: called.no,
                is_inviter: false,
                call_type: called.invite.call_type,
                peer: called.invite.from.clone(),
                call_id: called.invite.call_id.clone(),
            }),
            State::InCall(call) if self.is_media_of(call.no) => None,
            State::InCall(call) => Some(Preparation {
                call_no: call.no,
                is_inviter: call.is_inviter,
                call_type: call.call_type,
                peer: call.peer.clone(),
                call_id: call.call_id.clone(),
            }),
        }
    }

    /// The media room is that of this call: its join was issued.
    fn is_media_of(&self, no: u64) -> bool {
        match self.media_room {
            MediaRoom::Joining { call, .. } | MediaRoom::In { call, .. } => call == no,
            MediaRoom::Out | MediaRoom::Leaving { .. } => false,
        }
    }
}

impl Calling {
    /// Whose invite will be the call's, as things stand.
    fn preparation(&self) -> Preparation {
        let own = &self.own;
        let (is_inviter, call_type, call_id) = match &self.glare {
            Glare::None | Glare::Parked { .. } => (true, own.options.call_type, &own.call_id),
            Glare::Accepting { invite, .. } => (false, invite.call_type, &invite.call_id),
        };
        Preparation {
            call_no: own.no,
            is_inviter,
            call_type,
            peer: own.options.user.clone(),
            call_id: call_id.clone(),
        }
    }
}
