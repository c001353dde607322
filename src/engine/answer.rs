//! Answers to invites: what they say, and answers that wait for their invite.

use super::input::Ticket;
use super::output::Operation;
use super::state::Invite;
use super::time::Time;
use super::wire;
use nertc_callkit_signaling::{Message, Text};
use serde::{Deserialize, Serialize};

/// How the app rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Words {
    /// Busy; else declined.
    pub(super) busy: bool,
    /// For the caller's app, if its invite had a call id.
    #[serde(rename = "extra")]
    pub(super) text: Option<Text>,
}

impl Words {
    pub(super) fn reply_to(&self, invite: &Invite) -> Message {
        reply_with(invite, if self.busy { 3 } else { 0 }, self.text.as_deref())
    }
}

/// An answer that waits for its call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) answer: Answer,
    /// The inviter.
    pub(super) from: Text,
    pub(super) channel_id: Text,
    pub(super) request_id: Text,
    /// Own account; None while nobody has been logged in since the request.
    pub(super) account: Option<Text>,
    /// It expires then.
    pub(super) latest: Time,
    /// The same once this device is online.
    pub(super) until: Option<Time>,
}

/// The user's answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Answer {
    Accept,
    Reject(Words),
}

impl Answer {
    pub(super) fn operation(&self) -> Operation {
        match self {
            Answer::Accept => Operation::Accept,
            Answer::Reject(_) => Operation::Reject,
        }
    }
}

impl Waiting {
    pub(super) fn is_for(&self, invite: &Invite) -> bool {
        self.from == invite.from && invite.has_ids(&self.channel_id, &self.request_id)
    }
}

/// The answer to an invite, addressed.
pub(super) fn reply_to(invite: &Invite, reason: i64) -> Message {
    reply_with(invite, reason, None)
}

/// The same with a text of the app, which clients without call ids cannot read.
pub(super) fn reply_with(invite: &Invite, reason: i64, text: Option<&str>) -> Message {
    let custom_info = match (invite.call_id.is_empty(), reason) {
        (false, _) => wire::reply_with(&invite.custom_info, reason, text),
        (true, 0) => Text::default(),
        (true, _) => wire::BUSY.into(),
    };
    answer(invite, custom_info)
}

/// Busy in the name of this device alone: other devices of the account may ring on.
pub(super) fn reply_local(invite: &Invite) -> Message {
    let custom_info = match invite.call_id.is_empty() {
        false => wire::reply_local(&invite.custom_info),
        true => wire::BUSY.into(),
    };
    answer(invite, custom_info)
}

/// Rejects for this device only, because our media is incompatible with the inviter's.
pub(super) fn reply_other_media(invite: &Invite, own: &str) -> Message {
    let custom = match invite.call_id.is_empty() {
        false => wire::reply_other_media(&invite.custom_info, own),
        true => wire::BUSY.into(),
    };
    answer(invite, custom)
}

/// An accept has our version even to callers that sent none: they look for it.
pub(super) fn accept_of(invite: &Invite, own: &wire::Capabilities<'_>) -> Message {
    answer(invite, wire::accept(&invite.custom_info, own))
}

fn answer(invite: &Invite, custom_info: Text) -> Message {
    Message {
        channel_id: invite.channel_id.clone(),
        account: invite.from.clone(),
        request_id: invite.request_id.clone(),
        custom_info,
        no_offline: false,
    }
}
