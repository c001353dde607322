//! What backends and peers can know, and what they say: honest, clumsy and hostile.

use nertc_callkit::engine::Snapshot;
use nertc_callkit::engine::input::{
    Channel, Input, Member, Outcome, Room, RtcEvent, Signal, SignalEvent, SignalResult, Source, Text,
};
use nertc_callkit::engine::output::SignalOp;
use nertc_callkit::engine::wire::{self, Outgoing};

use super::bytes::Bytes;
use super::engine::any_outcome;
use super::wire::attachment;

/// Our own account, two peers, a stranger, nobody.
pub(crate) const ACCOUNTS: [&str; 5] = ["alice", "bob", "carol", "mallory", ""];

/// Somebody's invite.
#[derive(Clone, Debug)]
struct Invite {
    from: Text,
    channel: Text,
    request: Text,
}

/// Ids in use.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Ours, to the account in `from`.
    ours: Vec<Invite>,
    theirs: Vec<Invite>,
    channels: Vec<Text>,
    requests: Vec<Text>,
    customs: Vec<Text>,
    made: u64,
}

/// The service's clock when the kit started.
pub(crate) const EPOCH: u64 = 1_000_000;

impl Known {
    /// The service hears an operation.
    pub(crate) fn hear(&mut self, op: &SignalOp) {
        match op {
            SignalOp::Invite { message, .. } => {
                self.ours.push(Invite {
                    from: message.account.clone(),
                    channel: message.channel_id.clone(),
                    request: message.request_id.clone(),
                });
                self.requests.push(message.request_id.clone());
                self.customs.push(message.custom.clone());
            }
            SignalOp::CancelInvite(message)
            | SignalOp::Accept(message)
            | SignalOp::Reject(message)
            | SignalOp::Control(message) => self.customs.push(message.custom.clone()),
            SignalOp::Login { .. }
            | SignalOp::Logout
            | SignalOp::Create { .. }
            | SignalOp::Join { .. }
            | SignalOp::Leave { .. }
            | SignalOp::Close { .. }
            | SignalOp::SendRecord(_) => {}
        }
    }

    fn id(&mut self, kind: char) -> Text {
        self.made += 1;
        format!("{kind}{}", self.made).into()
    }

    /// What an honest service answers.
    pub(crate) fn granted(&mut self, op: &SignalOp) -> SignalResult {
        let id = match op {
            SignalOp::Create { .. } => {
                let id = self.id('c');
                self.channels.push(id.clone());
                id
            }
            SignalOp::Join { channel_id, .. } => channel_id.clone(),
            SignalOp::Login { .. }
            | SignalOp::Logout
            | SignalOp::Invite { .. }
            | SignalOp::CancelInvite(_)
            | SignalOp::Accept(_)
            | SignalOp::Reject(_)
            | SignalOp::Leave { .. }
            | SignalOp::Close { .. }
            | SignalOp::Control(_)
            | SignalOp::SendRecord(_) => return SignalResult::default(),
        };
        let channel = Channel { id, call_type: 1, ..Channel::default() };
        let me = Member { account: ACCOUNTS[0].into(), device: Text::default(), uid: 7 };
        SignalResult { room: Some(Room { channel, members: vec![me] }), ..SignalResult::default() }
    }

    pub(crate) fn account(&self, bytes: &mut Bytes<'_>) -> Text {
        (*bytes.pick(&ACCOUNTS)).into()
    }

    /// One of the newest, or one that nobody made.
    fn recent(known: &[Text], bytes: &mut Bytes<'_>) -> Text {
        let back = bytes.seldom(8);
        known.len().checked_sub(back + 1).map_or_else(|| "none".into(), |at| known[at].clone())
    }

    pub(crate) fn channel(&self, bytes: &mut Bytes<'_>) -> Text {
        if bytes.chance(16) { Text::default() } else { Known::recent(&self.channels, bytes) }
    }

    pub(crate) fn request(&self, bytes: &mut Bytes<'_>) -> Text {
        if bytes.chance(16) { Text::default() } else { Known::recent(&self.requests, bytes) }
    }

    pub(crate) fn peer_uid(&self, bytes: &mut Bytes<'_>) -> u64 {
        if bytes.chance(48) { bytes.number() } else { 8 }
    }

    /// A text: of a client of today or of yesterday, an echo of ours, near the protocol, or a control.
    fn custom(&self, bytes: &mut Bytes<'_>) -> Text {
        let outgoing = |reason, glare| {
            wire::outgoing(&Outgoing {
                channel_name: "room|0|8",
                call_id: "theirs",
                attachment: Some("hi"),
                extra: None,
                reason,
                glare,
            })
        };
        match bytes.below(12) {
            0..3 => outgoing(0, false),
            3 => outgoing(2, false),
            4 => outgoing(3, false),
            5 => outgoing(0, true),
            6 => "".into(),
            7 => "{\"version\":\"1.0.0\",\"callType\":0}".into(),
            8 => Known::recent(&self.customs, bytes),
            9 => Known::control(bytes),
            10 => "{\"callType\":1,\"callId\":\"group\"}".into(),
            _ => attachment(bytes).into(),
        }
    }

    fn control(bytes: &mut Bytes<'_>) -> Text {
        let (cid, of, state) = (bytes.below(4), bytes.below(4), bytes.below(5));
        format!("{{\"cid\":{cid},\"type\":{of},\"state\":{state}}}").into()
    }

    fn event(signal: Signal, invite: &Invite, custom: Text, bytes: &mut Bytes<'_>) -> SignalEvent {
        let channel = Channel {
            id: invite.channel.clone(),
            call_type: 1 + (bytes.byte() & 1) as i32,
            invalid: bytes.chance(8),
            creator: invite.from.clone(),
            create_ms: EPOCH + u64::from(bytes.byte()),
        };
        SignalEvent {
            signal,
            channel,
            from: invite.from.clone(),
            from_device: Text::default(),
            to: ACCOUNTS[0].into(),
            request_id: invite.request.clone(),
            custom,
            time_ms: if bytes.chance(32) { bytes.number() } else { EPOCH },
            uid: 0,
        }
    }

    /// A peer invites; request ids lie on both sides of ours.
    pub(crate) fn invites(&mut self, bytes: &mut Bytes<'_>) -> Input {
        let channel = self.id('c');
        let request: Text = format!("{}{}", ["0", "zz"][bytes.below(2)], self.made).into();
        let from: Text = ACCOUNTS[1 + bytes.below(2)].into();
        self.channels.push(channel.clone());
        self.requests.push(request.clone());
        let invite = Invite { from, channel, request };
        self.theirs.push(invite.clone());
        let custom = self.custom(bytes);
        let events = vec![Known::event(Signal::Invite, &invite, custom, bytes)];
        Input::Signals { source: if bytes.chance(16) { Source::Offline } else { Source::Online }, events }
    }

    /// The peer of the newest invite goes on: ours is answered, theirs is taken back; or another device
    /// answers.
    pub(crate) fn answers(&mut self, bytes: &mut Bytes<'_>) -> Input {
        let (kind, custom) = (bytes.below(12), self.custom(bytes));
        let of_theirs = [Signal::Cancel, Signal::Close, Signal::Leave, Signal::Control];
        let (list, signal, source) = match kind {
            0..3 => (&self.ours, Signal::Accept, Source::Online),
            3 => (&self.ours, Signal::Reject, Source::Online),
            4 => (&self.ours, Signal::Control, Source::Online),
            5 => (&self.ours, Signal::Leave, Source::Online),
            6 => (&self.theirs, Signal::Accept, Source::OtherDevice),
            7 => (&self.theirs, Signal::Reject, Source::OtherDevice),
            _ => (&self.theirs, of_theirs[kind - 8], Source::Online),
        };
        let back = if bytes.chance(48) { 1 } else { 0 };
        let Some(invite) = list.len().checked_sub(1 + back).map(|at| list[at].clone()) else {
            return self.invites(bytes);
        };
        let is_control = signal == Signal::Control && !bytes.chance(48);
        let custom = if is_control { Known::control(bytes) } else { custom };
        let mut event = Known::event(signal, &invite, custom, bytes);
        if source == Source::OtherDevice {
            event.from = ACCOUNTS[0].into();
        }
        Input::Signals { source, events: vec![event] }
    }

    /// The peer of the live call goes on with it.
    pub(crate) fn goes_on(&self, live: &Snapshot, bytes: &mut Bytes<'_>) -> Input {
        const SIGNALS: [Signal; 6] =
            [Signal::Control, Signal::Close, Signal::Leave, Signal::Accept, Signal::Reject, Signal::Cancel];
        let signal = SIGNALS[bytes.seldom(6)];
        let (channel, request) = (live.channel_id.clone(), live.request_id.clone());
        let invite = Invite { from: live.peer.clone(), channel, request };
        let is_control = signal == Signal::Control && !bytes.chance(48);
        let custom = if is_control { Known::control(bytes) } else { self.custom(bytes) };
        let events = vec![Known::event(signal, &invite, custom, bytes)];
        Input::Signals { source: Source::Online, events }
    }

    /// Anybody says anything about anything.
    pub(crate) fn says_anything(&self, bytes: &mut Bytes<'_>) -> Input {
        const SIGNALS: [Signal; 10] = [
            Signal::Invite,
            Signal::Cancel,
            Signal::Accept,
            Signal::Reject,
            Signal::Close,
            Signal::Leave,
            Signal::Control,
            Signal::Join,
            Signal::Ringing,
            Signal::PeerLost,
        ];
        let source = [Source::Online, Source::OtherDevice, Source::Offline][bytes.below(3)];
        let events = (0..1 + bytes.below(4)).map(|_| {
            let signal = *bytes.pick(&SIGNALS);
            let (from, channel, request) = (self.account(bytes), self.channel(bytes), self.request(bytes));
            let custom = self.custom(bytes);
            let mut event = Known::event(signal, &Invite { from, channel, request }, custom, bytes);
            event.channel.create_ms = bytes.number();
            event
        });
        Input::Signals { source, events: events.collect() }
    }
}

pub(crate) fn rtc_event(bytes: &mut Bytes<'_>, uid: u64) -> RtcEvent {
    let media = u32::from(bytes.byte() & 3);
    match bytes.below(14) {
        0..3 => RtcEvent::PeerJoin { uid },
        3 => RtcEvent::PeerLeave { uid, code: 0 },
        4 => RtcEvent::PeerLeave { uid, code: bytes.number() as i32 },
        5 => RtcEvent::PeerMedia { uid, media, on: bytes.flag() },
        6 => RtcEvent::PeerMute { uid, media, muted: bytes.flag() },
        7 => RtcEvent::PeerSilent { uid },
        8 => RtcEvent::PeerHeard { uid },
        9 => RtcEvent::Reconnecting,
        10 => RtcEvent::Reconnected,
        11 => RtcEvent::Disconnected(Outcome { code: 9, ..Outcome::default() }),
        12 => RtcEvent::Quality { uid, quality: bytes.below(5) as i32 },
        _ => RtcEvent::Error(any_outcome(bytes)),
    }
}
