//! What the core says to its plug and what a station says, each in the other's words.

use nertc_callkit_mqtt::station;
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, Channel, ChannelState, Connection, EventKind, InviteState, Member,
    Message, Notification, OperationResult, Origin, Outcome, PolicyRule, Text,
};

fn message(message: &Message) -> station::Message {
    station::Message {
        channel: message.channel_id.clone(),
        account: message.account.clone(),
        request: message.request_id.clone(),
        custom: message.custom_info.clone(),
        keep: !message.no_offline,
    }
}

fn channel_only(channel: &Text, custom: &Text, no_offline: bool) -> station::Message {
    let none = || Text::from("");
    let (account, request, custom) = (none(), none(), custom.clone());
    station::Message { channel: channel.clone(), account, request, custom, keep: !no_offline }
}

/// An operation for the station.
pub(crate) fn op(op: &signaling::Operation) -> station::Op {
    use station::Op;
    match op {
        signaling::Operation::Login { .. } => Op::Login,
        signaling::Operation::Logout => Op::Logout,
        signaling::Operation::Create { call_type } => Op::Create { call_type: call_type.number() },
        signaling::Operation::Join { channel_id, .. } => Op::Join { channel: channel_id.clone() },
        signaling::Operation::Invite { message: it, expires_ms, .. } => {
            Op::Invite(message(it), station::InviteExtra { expires_ms: *expires_ms, push: None })
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
        signaling::Operation::Record(it) => Op::Record(station::RecordOp {
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
        expire_ms: 0,
    }
}

fn room(room: &station::Room) -> ChannelState {
    let member =
        |it: &station::Member| Member { account: it.account.clone(), device: it.device.clone(), uid: it.uid };
    ChannelState { channel: channel(&room.channel), members: room.members.iter().map(member).collect() }
}

/// An answer for the core.
pub(crate) fn result(answer: &station::Answer) -> OperationResult {
    let outcome =
        Outcome { code: answer.code.into(), raw_code: answer.raw_code, message: answer.message.clone() };
    OperationResult { outcome, channel: answer.room.as_ref().map(room), ..OperationResult::default() }
}

/// A message for the core.
pub(crate) fn event(event: &station::Event) -> signaling::Event {
    let signal = match event.signal {
        station::Signal::Close => EventKind::Close,
        station::Signal::Join => EventKind::Join,
        station::Signal::Invite => EventKind::Invite,
        station::Signal::Cancel => EventKind::Cancel,
        station::Signal::Reject => EventKind::Reject,
        station::Signal::Accept => EventKind::Accept,
        station::Signal::Leave => EventKind::Leave,
        station::Signal::Control => EventKind::Control,
        station::Signal::Ringing => EventKind::Ringing,
        station::Signal::PeerLost => EventKind::PeerLost,
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
fn admission(policy: CallPolicy) -> station::Admission {
    match policy.rule {
        PolicyRule::Everybody => station::Admission::Everybody,
        PolicyRule::OnlyListed => station::Admission::Only(policy.accounts),
        PolicyRule::AllButListed => station::Admission::AllBut(policy.accounts),
        PolicyRule::Nobody => station::Admission::Nobody,
    }
}

/// What a core says about its plug's doings. None: nothing that a station hears.
pub(crate) fn notice(notice: Notification) -> Option<station::Input> {
    match notice {
        Notification::InviteState { channel_id: channel, account: _, request_id: request, state } => {
            let state = match state {
                InviteState::Ringing => station::InviteState::Ringing,
                InviteState::Held => station::InviteState::Held,
                InviteState::Dropped => station::InviteState::Dropped,
            };
            Some(station::Input::InviteState { channel, request, state })
        }
        Notification::AbortLogin(req) => Some(station::Input::AbortLogin { req: req.0 }),
        Notification::SetToken(_) => None,
        Notification::CallPolicy(policy) => Some(station::Input::Policy(admission(policy))),
    }
}

pub(crate) fn source(source: station::Source) -> Origin {
    match source {
        station::Source::Online => Origin::Online,
        station::Source::OtherDevice => Origin::OtherDevice,
        station::Source::Offline => Origin::Offline,
    }
}

pub(crate) fn connection(what: station::What, code: i32, message: &Text) -> Connection {
    let outcome = Outcome { code: code.into(), raw_code: 0, message: message.clone() };
    match what {
        station::What::Lost => Connection::Lost(outcome),
        station::What::Restored => Connection::Restored,
        station::What::Kicked => Connection::Kicked(outcome),
    }
}
