//! Invariant 17: what the media backend is asked to make ready. At most one preparation stands, and only for
//! the live call; each is followed by the join of its call, with the same role and call id, or by one
//! discard; none is left when the call is over.

use nertc_callkit::engine::Engine;
use nertc_callkit::engine::output::{Join, Output, Preparation, RtcOp};
use nertc_callkit::engine::state::Phase;

/// Watches one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preparations {
    standing: Option<Preparation>,
}

impl Preparations {
    /// One output of the engine, in order; the state is that after the input.
    pub(crate) fn output(&mut self, output: &Output, engine: &Engine) -> Result<(), String> {
        match output {
            Output::RtcPrepare(preparation) => self.prepared(preparation, engine),
            Output::RtcDiscard { call_no } => match self.standing.take() {
                Some(standing) if standing.call_no == *call_no => Ok(()),
                standing => Err(format!("invariant 17: discards call {call_no}, prepared is {standing:?}")),
            },
            Output::Rtc { op: RtcOp::Join(join), .. } => self.joined(join, engine),
            Output::Closed => self.is_empty("closed"),
            Output::Rtc { .. } | Output::RtcReceive { .. } | Output::Signal { .. } | Output::Notify(_) => {
                Ok(())
            }
            Output::Event(_) | Output::Done { .. } | Output::Ignored(_) => Ok(()),
        }
    }

    fn prepared(&mut self, preparation: &Preparation, engine: &Engine) -> Result<(), String> {
        let live = engine.snapshot();
        if preparation.call_no != live.call_no || preparation.peer != live.peer {
            return Err(format!("invariant 17: {preparation:?}, the live call is {}", live.call_no));
        }
        let before = self.standing.replace(preparation.clone());
        match before {
            Some(before) if before.call_no != preparation.call_no || before == *preparation => {
                Err(format!("invariant 17: {preparation:?} while {before:?} stands"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn joined(&mut self, join: &Join, engine: &Engine) -> Result<(), String> {
        if !engine.config().caps.prepare {
            return Ok(());
        }
        let standing = self.standing.take();
        let is_as_prepared = standing.as_ref().is_some_and(|it| {
            it.call_no == join.call_no
                && it.is_inviter == join.is_inviter
                && it.call_id == join.call_id
                && it.peer == join.peer
        });
        match is_as_prepared {
            true => Ok(()),
            false => Err(format!("invariant 17: {join:?}, prepared is {standing:?}")),
        }
    }

    /// After an input was handled and its outputs were seen.
    pub(crate) fn settled(&self, engine: &Engine) -> Result<(), String> {
        if !engine.config().caps.prepare {
            return self.is_empty("not to be asked");
        }
        let live = engine.snapshot().call_no;
        let standing = self.standing.as_ref().map(|standing| standing.call_no);
        match engine.phase() {
            Phase::Idle => self.is_empty("idle"),
            Phase::InCall if standing.is_none_or(|no| no == live) => Ok(()),
            Phase::Calling | Phase::GlareAccepting | Phase::Called | Phase::Accepting
                if standing == Some(live) =>
            {
                Ok(())
            }
            phase @ (Phase::Calling
            | Phase::GlareAccepting
            | Phase::Called
            | Phase::Accepting
            | Phase::InCall) => {
                Err(format!("invariant 17: call {live} is {phase:?}, prepared is {standing:?}"))
            }
        }
    }

    fn is_empty(&self, when: &str) -> Result<(), String> {
        match &self.standing {
            None => Ok(()),
            Some(standing) => Err(format!("invariant 17: {when}, and {standing:?} stands")),
        }
    }
}
