//! How clients of earlier generations differ from ours on the wire.
//!
//! *Old* clients have no call ids: their invites carry none, they are busy by themselves in every state but
//! idle, and any CANCEL ends whatever they are in. *Ancient* ones (before 1.1.0) also name no media room.

use nertc_callkit::engine::input::{SignalEvent, Text};
use nertc_callkit::engine::output::{Message, SignalOp};

/// What an old client answers while it is busy.
pub(crate) fn busy(invite: &SignalEvent) -> SignalOp {
    SignalOp::Reject(Message {
        channel_id: invite.channel.id.clone(),
        account: invite.from.clone(),
        request_id: invite.request_id.clone(),
        custom: "601".into(),
        no_offline: false,
    })
}

/// Invite and accept as clients before 1.1.0 send them.
pub(crate) fn ancient(op: SignalOp) -> SignalOp {
    match op {
        SignalOp::Invite { message, expires_ms, push } => {
            let message = Message { custom: "{\"callType\":0}".into(), ..message };
            SignalOp::Invite { message, expires_ms, push }
        }
        SignalOp::Accept(message) => SignalOp::Accept(Message { custom: Text::default(), ..message }),
        other => other,
    }
}

/// The invite as a client without call ids sends it.
pub(crate) fn aged(op: SignalOp) -> SignalOp {
    match op {
        SignalOp::Invite { message, expires_ms, push } => {
            let channel = format!("{}|0|1", message.channel_id);
            let custom = format!("{{\"callType\":0,\"version\":\"1.4.0\",\"channelName\":\"{channel}\"}}");
            SignalOp::Invite { message: Message { custom: custom.into(), ..message }, expires_ms, push }
        }
        other => other,
    }
}
