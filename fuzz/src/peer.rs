//! What backends and peers can know, and what they send: honest, faulty and hostile.

use nertc_callkit::engine::Snapshot;
use nertc_callkit::engine::input::{Input, Media, RtcEvent, Security};
use nertc_callkit::engine::wire::{self, Capabilities, Outgoing};
use nertc_callkit_signaling::{
    self as signaling, Channel, ChannelState, Code, EventKind, Member, OperationResult, Origin, Outcome, Text,
};

use super::bytes::Bytes;
use super::wire::attachment;

/// Our own account, two peers, a third party, nobody.
pub(crate) const ACCOUNTS: [&str; 5] = ["alice", "bob", "carol", "mallory", ""];

/// An invite.
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
    /// The service receives an operation.
    pub(crate) fn observe(&mut self, op: &signaling::Operation) {
        if let signaling::Operation::Invite { message, .. } = op {
            self.ours.push(Invite {
                from: message.account.clone(),
                channel: message.channel_id.clone(),
                request: message.request_id.clone(),
            });
            self.requests.push(message.request_id.clone());
        }
        self.customs.extend(op.message().map(|message| message.custom_info.clone()));
    }

    fn id(&mut self, kind: char) -> Text {
        self.made += 1;
        format!("{kind}{}", self.made).into()
    }

    /// What an honest service answers.
    pub(crate) fn granted(&mut self, op: &signaling::Operation) -> OperationResult {
        let id = if let signaling::Operation::Create { .. } = op {
            let id = self.id('c');
            self.channels.push(id.clone());
            id
        } else if let signaling::Operation::Join { channel_id, .. } = op {
            channel_id.clone()
        } else {
            return OperationResult::default();
        };
        let channel = Channel { id, call_type: 1, ..Channel::default() };
        let me = Member { account: ACCOUNTS[0].into(), device: Text::default(), uid: 7 };
        OperationResult {
            channel: Some(ChannelState { channel, members: vec![me] }),
            ..OperationResult::default()
        }
    }

    pub(crate) fn account(&self, bytes: &mut Bytes<'_>) -> Text {
        (*bytes.pick(&ACCOUNTS)).into()
    }

    /// One of the newest, or a fabricated one.
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
                capabilities: Capabilities { data: true, rtc: "webrtc/1" },
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

    fn event(signal: EventKind, invite: &Invite, custom: Text, bytes: &mut Bytes<'_>) -> signaling::Event {
        let channel = Channel {
            id: invite.channel.clone(),
            call_type: 1 + (bytes.byte() & 1) as i32,
            invalid: bytes.chance(8),
            creator: invite.from.clone(),
            create_ms: EPOCH + u64::from(bytes.byte()),
            expire_ms: 0,
        };
        signaling::Event {
            kind: signal,
            channel,
            from: invite.from.clone(),
            from_device: Text::default(),
            to: ACCOUNTS[0].into(),
            request_id: invite.request.clone(),
            custom_info: custom,
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
        let events = vec![Known::event(EventKind::Invite, &invite, custom, bytes)];
        Input::Signals { origin: if bytes.chance(16) { Origin::Offline } else { Origin::Online }, events }
    }

    /// The peer of the newest invite continues: ours is answered, theirs is cancelled; or another device
    /// answers.
    pub(crate) fn answers(&mut self, bytes: &mut Bytes<'_>) -> Input {
        let (kind, custom) = (bytes.below(12), self.custom(bytes));
        let of_theirs = [EventKind::Cancel, EventKind::Close, EventKind::Leave, EventKind::Control];
        let (list, signal, origin) = match kind {
            0..3 => (&self.ours, EventKind::Accept, Origin::Online),
            3 => (&self.ours, EventKind::Reject, Origin::Online),
            4 => (&self.ours, EventKind::Control, Origin::Online),
            5 => (&self.ours, EventKind::Leave, Origin::Online),
            6 => (&self.theirs, EventKind::Accept, Origin::OtherDevice),
            7 => (&self.theirs, EventKind::Reject, Origin::OtherDevice),
            _ => (&self.theirs, of_theirs[kind - 8], Origin::Online),
        };
        let back = if bytes.chance(48) { 1 } else { 0 };
        let Some(invite) = list.len().checked_sub(1 + back).map(|at| list[at].clone()) else {
            return self.invites(bytes);
        };
        let is_control = signal == EventKind::Control && !bytes.chance(48);
        let custom = if is_control { Known::control(bytes) } else { custom };
        let mut event = Known::event(signal, &invite, custom, bytes);
        if origin == Origin::OtherDevice {
            event.from = ACCOUNTS[0].into();
        }
        Input::Signals { origin, events: vec![event] }
    }

    /// The peer of the live call continues it.
    pub(crate) fn goes_on(&self, live: &Snapshot, bytes: &mut Bytes<'_>) -> Input {
        const SIGNALS: [EventKind; 6] = [
            EventKind::Control,
            EventKind::Close,
            EventKind::Leave,
            EventKind::Accept,
            EventKind::Reject,
            EventKind::Cancel,
        ];
        let signal = SIGNALS[bytes.seldom(6)];
        let (channel, request) = (live.channel_id.clone(), live.request_id.clone());
        let invite = Invite { from: live.peer.clone(), channel, request };
        let is_control = signal == EventKind::Control && !bytes.chance(48);
        let custom = if is_control { Known::control(bytes) } else { self.custom(bytes) };
        let events = vec![Known::event(signal, &invite, custom, bytes)];
        Input::Signals { origin: Origin::Online, events }
    }

    /// Anybody sends anything about anything.
    pub(crate) fn any_message(&self, bytes: &mut Bytes<'_>) -> Input {
        const SIGNALS: [EventKind; 10] = [
            EventKind::Invite,
            EventKind::Cancel,
            EventKind::Accept,
            EventKind::Reject,
            EventKind::Close,
            EventKind::Leave,
            EventKind::Control,
            EventKind::Join,
            EventKind::Ringing,
            EventKind::PeerLost,
        ];
        let origin = [Origin::Online, Origin::OtherDevice, Origin::Offline][bytes.below(3)];
        let events = (0..1 + bytes.below(4)).map(|_| {
            let signal = *bytes.pick(&SIGNALS);
            let (from, channel, request) = (self.account(bytes), self.channel(bytes), self.request(bytes));
            let custom = self.custom(bytes);
            let mut event = Known::event(signal, &Invite { from, channel, request }, custom, bytes);
            event.channel.create_ms = bytes.number();
            event
        });
        Input::Signals { origin, events: events.collect() }
    }
}

pub(crate) fn rtc_event(bytes: &mut Bytes<'_>, uid: u64) -> RtcEvent {
    let media = Media::of(u32::from(bytes.byte() & 3));
    match bytes.below(16) {
        0..3 => RtcEvent::PeerJoin { uid },
        3 => RtcEvent::PeerLeave { uid, code: Code::OK },
        4 => RtcEvent::PeerLeave { uid, code: Code::new(bytes.number() as i32) },
        5 => RtcEvent::PeerMedia { uid, media, on: bytes.flag() },
        6 => RtcEvent::PeerMute { uid, media, muted: bytes.flag() },
        7 => RtcEvent::PeerSilent { uid },
        8 => RtcEvent::PeerActive { uid },
        9 => RtcEvent::Reconnecting,
        10 => RtcEvent::Reconnected,
        11 => RtcEvent::Disconnected(Outcome { code: 9.into(), ..Outcome::default() }),
        12 => RtcEvent::Quality { uid, quality: bytes.below(5) as i32 },
        13 => RtcEvent::Error(any_outcome(bytes)),
        _ => RtcEvent::Secured {
            security: *bytes.pick(&Security::ALL),
            code: ["", "ab12"][bytes.below(2)].into(),
            local_fingerprint: "sha-256 AB".into(),
            remote_fingerprint: ["sha-256 CD", "sha-256 EF"][bytes.below(2)].into(),
        },
    }
}

pub(crate) fn any_outcome(bytes: &mut Bytes<'_>) -> Outcome {
    const CODES: [i32; 14] =
        [0, 408, 302, 10201, 10202, 10404, 10406, 10407, 10408, 10409, 10410, 10417, 10419, 90007];
    let code = if bytes.chance(24) { bytes.number() as i32 } else { *bytes.pick(&CODES) };
    Outcome { code: code.into(), raw_code: i32::from(bytes.byte()), message: Text::default() }
}
