//! How clients of earlier generations differ from ours on the wire.
//!
//! *Legacy* clients have no call ids: their invites carry none, they answer busy by themselves in every state
//! but idle, and any CANCEL ends their call. Those before 1.1.0 also name no media room.

use nertc_callkit_signaling::{self as signaling, Message, Text};

/// What a legacy client answers while it is busy.
pub(crate) fn busy(invite: &signaling::Event) -> signaling::Operation {
    signaling::Operation::Reject(Message {
        channel_id: invite.channel.id.clone(),
        account: invite.from.clone(),
        request_id: invite.request_id.clone(),
        custom_info: "601".into(),
        no_offline: false,
    })
}

/// Invite and accept as clients before 1.1.0 send them.
pub(crate) fn before_1_1(mut op: signaling::Operation) -> signaling::Operation {
    if let signaling::Operation::Invite { message, .. } = &mut op {
        message.custom_info = "{\"callType\":0}".into();
    } else if let signaling::Operation::Accept(message) = &mut op {
        message.custom_info = Text::default();
    }
    op
}

/// The invite as a client without call ids sends it.
pub(crate) fn legacy_invite(mut op: signaling::Operation) -> signaling::Operation {
    if let signaling::Operation::Invite { message, .. } = &mut op {
        let channel = format!("{}|0|1", message.channel_id);
        let custom = format!("{{\"callType\":0,\"version\":\"1.4.0\",\"channelName\":\"{channel}\"}}");
        message.custom_info = custom.into();
    }
    op
}
