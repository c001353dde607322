//! What the core says to its backend and what a station says, each in the other's words.

use nertc_callkit_mqtt::protocol;
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, Channel, ChannelState, Connection, EventKind, InviteState, Member,
    Message, Notification, OperationResult, Origin, Outcome, PolicyRule, Text,
};

fn message(message: &Message) -> protocol::OpArgs {
    protocol::OpArgs {
        channel: message.channel_id.clone(),
        account: message.account.clone(),
        request: message.request_id.clone(),
        custom: message.custom_info.clone(),
        keep: !message.no_offline,
    }
}

fn channel_only(channel: &Text, custom: &Text, no_offline: bool) -> protocol::OpArgs {
    let none = || Text::from("");
    let (account, request, custom) = (none(), none(), custom.clone());
    protocol::OpArgs { channel: channel.clone(), account, request, custom, keep: !no_offline }
}

/// An operation for the station.
pub(crate) fn op(op: &signaling::Operation) -> protocol::Op {
    use protocol::Op;
    match op {
        signaling::Operation::Login { .. } => Op::Login,
        signaling::Operation::Logout => Op::Logout,
        signaling::Operation::Create { call_type } => Op::Create { call_type: call_type.number() },
        signaling::Operation::Join { channel_id, .. } => Op::Join { channel: channel_id.clone() },
        signaling::Operation::Invite { message: it, expires_ms, .. } => {
            Op::Invite(message(it), protocol::InviteExtra { expires_ms: *expires_ms, push: None })
        }
        signaling::Operation::Cancel(it) => Op::Cancel(message(it)),
        signaling::Operation::Accept(it) => Op::Accept(message(it)),
        signaling::Operation::Reject(it) => Op::Reject(message(it)),
        signaling::Operation::Leave { channel_id, custom_info: custom, no_offline } => {
            Op::Leave(channel_only(channel_id, custom, *no_offline))
        }
        signaling::Operation::Close { channel_id, custom_info: custom, no_offline } => {
            Op::Close(channel_only(channel_id, custom, *no_offline))
        }
        signaling::Operation::Control(it) => Op::Control(message(it)),
        signaling::Operation::Record(it) => Op::Record(protocol::RecordOp {
            to: it.to.clone(),
            id: it.client_msg_id.clone(),
            text: it.text.clone(),
        }),
    }
}

fn channel(channel: &protocol::ChannelInfo) -> Channel {
    Channel {
        id: channel.id.clone(),
        call_type: channel.call_type,
        invalid: !channel.valid,
        creator: channel.creator.clone(),
        create_ms: 0,
        expire_ms: 0,
    }
}

fn room(room: &protocol::ChannelState) -> ChannelState {
    let member = |it: &protocol::Member| Member {
        account: it.account.clone(),
        device: it.device.clone(),
        uid: it.uid,
    };
    ChannelState { channel: channel(&room.channel), members: room.members.iter().map(member).collect() }
}

/// An answer for the core.
pub(crate) fn result(answer: &protocol::Answer) -> OperationResult {
    let outcome =
        Outcome { code: answer.code.into(), raw_code: answer.raw_code, message: answer.message.clone() };
    OperationResult { outcome, channel: answer.channel.as_ref().map(room), ..OperationResult::default() }
}

/// A message for the core.
pub(crate) fn event(event: &protocol::Event) -> signaling::Event {
    let signal = match event.signal {
        protocol::Signal::Close => EventKind::Close,
        protocol::Signal::Join => EventKind::Join,
        protocol::Signal::Invite => EventKind::Invite,
        protocol::Signal::Cancel => EventKind::Cancel,
        protocol::Signal::Reject => EventKind::Reject,
        protocol::Signal::Accept => EventKind::Accept,
        protocol::Signal::Leave => EventKind::Leave,
        protocol::Signal::Control => EventKind::Control,
        protocol::Signal::Ringing => EventKind::Ringing,
        protocol::Signal::PeerLost => EventKind::PeerLost,
    };
    signaling::Event {
        kind: signal,
        channel: channel(&event.channel),
        from: event.from.clone(),
        from_device: event.from_device.clone(),
        to: event.to.clone(),
        request_id: event.request.clone(),
        custom_info: event.custom.clone(),
        time_ms: 0,
        uid: event.uid,
    }
}

/// As the signaling slot does it.
fn admission(policy: CallPolicy) -> protocol::Admission {
    match policy.rule {
        PolicyRule::Everybody => protocol::Admission::Everybody,
        PolicyRule::OnlyListed => protocol::Admission::Only(policy.accounts),
        PolicyRule::AllButListed => protocol::Admission::AllBut(policy.accounts),
        PolicyRule::Nobody => protocol::Admission::Nobody,
    }
}

/// What a core says about its backend's doings. None: nothing that a station hears.
pub(crate) fn notice(notice: Notification) -> Option<protocol::Input> {
    match notice {
        Notification::InviteState { channel_id: channel, account: _, request_id: request, state } => {
            let state = match state {
                InviteState::Ringing => protocol::InviteState::Ringing,
                InviteState::Held => protocol::InviteState::Held,
                InviteState::Dropped => protocol::InviteState::Dropped,
            };
            Some(protocol::Input::InviteState { channel, request, state })
        }
        Notification::AbortLogin(req) => Some(protocol::Input::AbortLogin { req: req.0 }),
        Notification::SetToken(_) => None,
        Notification::CallPolicy(policy) => Some(protocol::Input::Policy(admission(policy))),
    }
}

pub(crate) fn source(source: protocol::Source) -> Origin {
    match source {
        protocol::Source::Online => Origin::Online,
        protocol::Source::OtherDevice => Origin::OtherDevice,
        protocol::Source::Offline => Origin::Offline,
    }
}

pub(crate) fn connection(what: protocol::ConnectionChange, code: i32, message: &Text) -> Connection {
    let outcome = Outcome { code: code.into(), raw_code: 0, message: message.clone() };
    match what {
        protocol::ConnectionChange::Lost => Connection::Lost(outcome),
        protocol::ConnectionChange::Restored => Connection::Restored,
        protocol::ConnectionChange::Kicked => Connection::Kicked(outcome),
    }
}
