//! What the core says to its backend and what a station says, each in the other's words.

use nertc_callkit::engine::input::{
    Channel, Connection, Member, Outcome, Policy, PolicyRule, Room, Signal, SignalEvent, SignalResult,
    Source, Text,
};
use nertc_callkit::engine::output::{InviteState, Message, Notice, SignalOp};
use nertc_callkit_mqtt::protocol;

fn message(message: &Message) -> protocol::OpArgs {
    protocol::OpArgs {
        channel: message.channel_id.clone(),
        account: message.account.clone(),
        request: message.request_id.clone(),
        custom: message.custom.clone(),
        keep: !message.no_offline,
    }
}

fn channel_only(channel: &Text, custom: &Text, no_offline: bool) -> protocol::OpArgs {
    let none = || Text::from("");
    let (account, request, custom) = (none(), none(), custom.clone());
    protocol::OpArgs { channel: channel.clone(), account, request, custom, keep: !no_offline }
}

/// An operation for the station.
pub(crate) fn op(op: &SignalOp) -> protocol::Op {
    use protocol::Op;
    match op {
        SignalOp::Login { .. } => Op::Login,
        SignalOp::Logout => Op::Logout,
        SignalOp::Create { call_type } => Op::Create { call_type: *call_type as i32 + 1 },
        SignalOp::Join { channel_id, .. } => Op::Join { channel: channel_id.clone() },
        SignalOp::Invite { message: it, expires_ms, .. } => {
            Op::Invite(message(it), protocol::InviteExtra { expires_ms: *expires_ms, push: None })
        }
        SignalOp::CancelInvite(it) => Op::Cancel(message(it)),
        SignalOp::Accept(it) => Op::Accept(message(it)),
        SignalOp::Reject(it) => Op::Reject(message(it)),
        SignalOp::Leave { channel_id, custom, no_offline } => {
            Op::Leave(channel_only(channel_id, custom, *no_offline))
        }
        SignalOp::Close { channel_id, custom, no_offline } => {
            Op::Close(channel_only(channel_id, custom, *no_offline))
        }
        SignalOp::Control(it) => Op::Control(message(it)),
        SignalOp::SendRecord(it) => Op::Record(protocol::RecordOp {
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
    }
}

fn room(room: &protocol::ChannelState) -> Room {
    let member = |it: &protocol::Member| Member {
        account: it.account.clone(),
        device: it.device.clone(),
        uid: it.uid,
    };
    Room { channel: channel(&room.channel), members: room.members.iter().map(member).collect() }
}

/// An answer for the core.
pub(crate) fn result(answer: &protocol::Answer) -> SignalResult {
    let outcome = Outcome { code: answer.code, raw_code: answer.raw_code, message: answer.message.clone() };
    SignalResult { outcome, room: answer.channel.as_ref().map(room), ..SignalResult::default() }
}

/// A message for the core.
pub(crate) fn event(event: &protocol::Event) -> SignalEvent {
    let signal = match event.signal {
        protocol::Signal::Close => Signal::Close,
        protocol::Signal::Join => Signal::Join,
        protocol::Signal::Invite => Signal::Invite,
        protocol::Signal::Cancel => Signal::Cancel,
        protocol::Signal::Reject => Signal::Reject,
        protocol::Signal::Accept => Signal::Accept,
        protocol::Signal::Leave => Signal::Leave,
        protocol::Signal::Control => Signal::Control,
        protocol::Signal::Ringing => Signal::Ringing,
        protocol::Signal::PeerLost => Signal::PeerLost,
    };
    SignalEvent {
        signal,
        channel: channel(&event.channel),
        from: event.from.clone(),
        from_device: event.from_device.clone(),
        to: event.to.clone(),
        request_id: event.request.clone(),
        custom: event.custom.clone(),
        time_ms: 0,
        uid: event.uid,
    }
}

/// As the signaling slot does it.
fn admission(policy: Policy) -> protocol::Admission {
    match policy.rule {
        PolicyRule::Everybody => protocol::Admission::Everybody,
        PolicyRule::OnlyListed => protocol::Admission::Only(policy.accounts),
        PolicyRule::AllButListed => protocol::Admission::AllBut(policy.accounts),
        PolicyRule::Nobody => protocol::Admission::Nobody,
    }
}

/// What a core says about its backend's doings. None: nothing that a station hears.
pub(crate) fn notice(notice: Notice) -> Option<protocol::Input> {
    match notice {
        Notice::InviteState { channel_id: channel, account: _, request_id: request, state } => {
            let state = match state {
                InviteState::Ringing => protocol::InviteState::Ringing,
                InviteState::Held => protocol::InviteState::Held,
                InviteState::Dropped => protocol::InviteState::Dropped,
            };
            Some(protocol::Input::InviteState { channel, request, state })
        }
        Notice::AbortLogin(req) => Some(protocol::Input::AbortLogin { req: req.0 }),
        Notice::SetToken(_) => None,
        Notice::CallPolicy(policy) => Some(protocol::Input::Policy(admission(policy))),
    }
}

pub(crate) fn source(source: protocol::Source) -> Source {
    match source {
        protocol::Source::Online => Source::Online,
        protocol::Source::OtherDevice => Source::OtherDevice,
        protocol::Source::Offline => Source::Offline,
    }
}

pub(crate) fn connection(what: protocol::ConnectionChange, code: i32, message: &Text) -> Connection {
    let outcome = Outcome { code, raw_code: 0, message: message.clone() };
    match what {
        protocol::ConnectionChange::Lost => Connection::Lost(outcome),
        protocol::ConnectionChange::Restored => Connection::Restored,
        protocol::ConnectionChange::Kicked => Connection::Kicked(outcome),
    }
}
