//! Whose invites ring. Decided before anything else is: a refused caller changes nothing of any call.

use super::answer::reply_local;
use super::core::Engine;
use super::output::{Missed, Output};
use super::state::{Invite, Session};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, CallPolicy, Message, Notification};

impl Engine {
    pub(super) fn set_policy(&mut self, policy: CallPolicy) {
        self.policy = policy;
        if self.session != Session::LoggedOut {
            self.hand_policy_on();
        }
    }

    /// The backend must know whom it must not ask anything.
    pub(super) fn hand_policy_on(&mut self) {
        self.wire.push_back(Output::Notify(Notification::CallPolicy(self.policy.clone())));
    }

    /// The app does not want to be called by this one now. The other party of the live call is let in (a
    /// glare, a redial, a new call after a restart), and so is a call that the app has answered already.
    pub(super) fn is_blocked(&self, invite: &Invite) -> bool {
        !self.policy.admits(&invite.from) && self.state.peer() != invite.from && !self.is_awaited(invite)
    }

    /// Refuses an invite as the policy says: nothing, as if this device were off, or busy in the name of this
    /// device alone.
    pub(super) fn refuse_blocked(&mut self, now: Time, event: &signaling::Event, invite: &Invite) {
        let is_over = event.channel.invalid || invite.expires <= now;
        if self.policy.answers_busy && !is_over {
            let reject: Message = reply_local(invite);
            self.refuse_invite(now, invite, signaling::Operation::Reject(reject));
        } else {
            self.drop_invite(now, invite);
        }
        if !self.policy.no_missed {
            self.notify_missed(now, invite, Missed::Blocked);
        }
    }
}
