//! From the words of a core about its backend to those of a station, and back.

use nertc_callkit_mqtt::protocol;
use nertc_callkit_signaling::{Code, Connection, Notification, Outcome, Text};

/// What a core says about its backend's doings. None: nothing that a station hears.
pub(crate) fn notice(notice: Notification) -> Option<protocol::Input> {
    match notice {
        Notification::InviteState { channel_id: channel, account: _, request_id: request, state } => {
            Some(protocol::Input::InviteState { channel, request, state })
        }
        Notification::AbortLogin(req) => Some(protocol::Input::AbortLogin { req: req.0 }),
        Notification::SetToken(_) => None,
        Notification::CallPolicy(policy) => Some(protocol::Input::Policy(policy)),
    }
}

pub(crate) fn connection(what: protocol::ConnectionChange, code: Code, message: &Text) -> Connection {
    let outcome = Outcome { code, raw_code: 0, message: message.clone() };
    match what {
        protocol::ConnectionChange::Lost => Connection::Lost(outcome),
        protocol::ConnectionChange::Restored => Connection::Restored,
        protocol::ConnectionChange::Kicked => Connection::Kicked(outcome),
    }
}
