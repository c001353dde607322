//! What the core says to its backend and what a station says, each in the other's words.

use nertc_callkit::engine::input::{
    Channel, Connection, Member, Outcome, Policy, PolicyRule, Room, Signal, SignalEvent, SignalResult,
    Source, Text,
};
use nertc_callkit::engine::output::{InviteState, Message, Notice, SignalOp};
use nertc_callkit_mqtt::station;

fn message(message: &Message) -> station::Message {
    station::Message {
        channel: message.channel_id.clone(),
        account: message.account.clone(),
        request: message.request_id.clone(),
        custom: message.custom.clone(),
        keep: !message.no_offline,
    }
}

fn channel_only(channel: &Text, custom: &Text, no_offline: bool) -> station::Message {
    let none = || Text::from("");
    let (account, request, custom) = (none(), none(), custom.clone());
    station::Message { channel: channel.clone(), account, request, custom, keep: !no_offline }
}

/// An operation for the station.
pub(crate) fn op(op: &SignalOp) -> station::Op {
    use station::Op;
    match op {
        SignalOp::Login { .. } => Op::Login,
        SignalOp::Logout => Op::Logout,
        SignalOp::Create { call_type } => Op::Create { call_type: *call_type as i32 + 1 },
        SignalOp::Join { channel_id, .. } => Op::Join { channel: channel_id.clone() },
        SignalOp::Invite { message: it, expires_ms, .. } => {
            Op::Invite(message(it), station::InviteExtra { expires_ms: *expires_ms, push: None })
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
        SignalOp::SendRecord(it) => Op::Record(station::RecordOp {
            to: it.to.clone(),
            id: it.client_msg_id.clone(),
            text: it.text.clone(),
        }),
    }
}

fn channel(channel: &station::Channel) -> Channel {
    Channel {
        id: channel.id.clone(),
        call_type: channel.call_type,
        invalid: !channel.valid,
        creator: channel.creator.clone(),
        create_ms: 0,
    }
}

fn room(room: &station::Room) -> Room {
    let member =
        |it: &station::Member| Member { account: it.account.clone(), device: it.device.clone(), uid: it.uid };
    Room { channel: channel(&room.channel), members: room.members.iter().map(member).collect() }
}

/// An answer for the core.
pub(crate) fn result(answer: &station::Answer) -> SignalResult {
    let outcome = Outcome { code: answer.code, raw_code: answer.raw_code, message: answer.message.clone() };
    SignalResult { outcome, room: answer.room.as_ref().map(room), ..SignalResult::default() }
}

/// A message for the core.
pub(crate) fn event(event: &station::Event) -> SignalEvent {
    let signal = match event.signal {
        station::Signal::Close => Signal::Close,
        station::Signal::Join => Signal::Join,
        station::Signal::Invite => Signal::Invite,
        station::Signal::Cancel => Signal::Cancel,
        station::Signal::Reject => Signal::Reject,
        station::Signal::Accept => Signal::Accept,
        station::Signal::Leave => Signal::Leave,
        station::Signal::Control => Signal::Control,
        station::Signal::Ringing => Signal::Ringing,
        station::Signal::PeerLost => Signal::PeerLost,
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
fn admission(policy: Policy) -> station::Admission {
    match policy.rule {
        PolicyRule::Everybody => station::Admission::Everybody,
        PolicyRule::OnlyListed => station::Admission::Only(policy.accounts),
        PolicyRule::AllButListed => station::Admission::AllBut(policy.accounts),
        PolicyRule::Nobody => station::Admission::Nobody,
    }
}

/// What a core says about its backend's doings. None: nothing that a station hears.
pub(crate) fn notice(notice: Notice) -> Option<station::Input> {
    match notice {
        Notice::InviteState { channel_id: channel, account: _, request_id: request, state } => {
            let state = match state {
                InviteState::Ringing => station::InviteState::Ringing,
                InviteState::Held => station::InviteState::Held,
                InviteState::Dropped => station::InviteState::Dropped,
            };
            Some(station::Input::InviteState { channel, request, state })
        }
        Notice::AbortLogin(req) => Some(station::Input::AbortLogin { req: req.0 }),
        Notice::SetToken(_) => None,
        Notice::CallPolicy(policy) => Some(station::Input::Policy(admission(policy))),
    }
}

pub(crate) fn source(source: station::Source) -> Source {
    match source {
        station::Source::Online => Source::Online,
        station::Source::OtherDevice => Source::OtherDevice,
        station::Source::Offline => Source::Offline,
    }
}

pub(crate) fn connection(what: station::What, code: i32, message: &Text) -> Connection {
    let outcome = Outcome { code, raw_code: 0, message: message.clone() };
    match what {
        station::What::Lost => Connection::Lost(outcome),
        station::What::Restored => Connection::Restored,
        station::What::Kicked => Connection::Kicked(outcome),
    }
}
