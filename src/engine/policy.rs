//! The call policy: whose invites ring. Checked first: a refused caller changes nothing of any call.

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

    /// The backend must know which callers it must not query.
    pub(super) fn hand_policy_on(&mut self) {
        self.wire.push_back(Output::Notify(Notification::CallPolicy(self.policy.clone())));
    }

    /// The policy refuses this caller now. The peer of the live call is admitted (a
    /// glare, a redial, a new call after a restart), and so is a call that the app has already answered.
    pub(super) fn is_blocked(&self, invite: &Invite) -> bool {
        !self.policy.admits(&invite.from) && self.state.peer() != invite.from && !self.is_awaited(invite)
    }

    /// Refuses an invite according to the policy: silently, as if this device were offline, or busy for this
    /// device only.
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
