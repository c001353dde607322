//! An idealised signaling and media service: what it decides is decided once, in the order in which
//! operations reach it. How long they take, and what is lost, is the world's business.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use nertc_callkit::engine::input::RtcEvent;
use nertc_callkit::engine::output::RtcOp;
use nertc_callkit_signaling::{
    self as signaling, Channel, ChannelState, Code, EventKind, Member, Message, OperationResult, Origin,
    Outcome, Text,
};

/// A message on its way to a device.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) to: usize,
    pub(crate) source: Origin,
    pub(crate) event: signaling::Event,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum InviteState {
    Pending,
    Accepted,
    Rejected,
    Cancelled,
}

#[derive(Clone, Debug, Hash)]
struct Invite {
    request_id: Text,
    from: Text,
    to: Text,
    state: InviteState,
}

#[derive(Clone, Debug, Hash)]
struct Line {
    creator: Text,
    call_type: i32,
    create_ms: u64,
    members: Vec<(usize, u64)>,
    invites: Vec<Invite>,
}

/// The service and who is known to it.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Service {
    /// Account of every device, by index.
    pub(crate) accounts: Vec<Text>,
    /// Device is logged in.
    pub(crate) logged_in: Vec<bool>,
    lines: BTreeMap<Text, Line>,
    next_channel: u64,
    rooms: BTreeMap<Text, Vec<(usize, u64)>>,
}

/// What a device asked for, done.
pub(crate) type Done = (OperationResult, Vec<Delivery>);

/// Media uid of a device, unique in every room.
pub(crate) fn uid_of(device: usize) -> u64 {
    device as u64 + 1
}

fn code(code: Code) -> OperationResult {
    OperationResult { outcome: Outcome::failed(code, ""), ..OperationResult::default() }
}

impl Service {
    /// For devices of these accounts.
    pub(crate) fn new(accounts: Vec<Text>) -> Service {
        Service { logged_in: vec![false; accounts.len()], accounts, ..Service::default() }
    }

    /// Runs one operation of `device` at service time `now`.
    pub(crate) fn run(&mut self, device: usize, now: u64, op: &signaling::Operation) -> Done {
        match op {
            signaling::Operation::Login { .. } => {
                self.logged_in[device] = true;
                (OperationResult { server_ms: now, ..OperationResult::default() }, Vec::new())
            }
            signaling::Operation::Logout => (code(Code::OK), self.forget(device, now)),
            signaling::Operation::Create { call_type } => self.create(device, call_type.number()),
            signaling::Operation::Join { channel_id, .. } => self.join(device, now, channel_id),
            signaling::Operation::Invite { message, .. } => self.invite(device, now, message),
            signaling::Operation::Cancel(message) => self.cancel(device, now, message),
            signaling::Operation::Accept(message) => self.answer(device, now, message, true),
            signaling::Operation::Reject(message) => self.answer(device, now, message, false),
            signaling::Operation::Leave { channel_id, custom_info: custom, .. } => {
                self.leave(device, now, channel_id, custom)
            }
            signaling::Operation::Close { channel_id, custom_info: custom, .. } => {
                self.close(device, now, channel_id, custom)
            }
            signaling::Operation::Control(message) => self.control(device, now, message),
            signaling::Operation::Record(_) => (code(Code::OK), Vec::new()),
        }
    }

    /// Where the device is a member, for the rooms message after a login.
    pub(crate) fn rooms_of(&self, device: usize) -> Vec<ChannelState> {
        let inside = self.lines.iter().filter(|(_, line)| line.members.iter().any(|m| m.0 == device));
        inside.map(|(id, line)| self.room(id, line)).collect()
    }

    /// The device is out: kicked, logged out.
    pub(crate) fn forget(&mut self, device: usize, now: u64) -> Vec<Delivery> {
        self.logged_in[device] = false;
        let inside: Vec<Text> = self.rooms_of(device).into_iter().map(|room| room.channel.id).collect();
        inside.iter().flat_map(|id| self.leave(device, now, id, &Text::default()).1).collect()
    }

    fn devices_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.accounts.iter().enumerate().filter(move |(_, a)| &***a == account).map(|(index, _)| index)
    }

    fn channel(&self, id: &Text, line: &Line) -> Channel {
        Channel {
            id: id.clone(),
            call_type: line.call_type,
            invalid: false,
            creator: line.creator.clone(),
            create_ms: line.create_ms,
            expire_ms: 0,
        }
    }

    fn room(&self, id: &Text, line: &Line) -> ChannelState {
        let member = |&(device, uid): &(usize, u64)| Member {
            account: self.accounts[device].clone(),
            device: device.to_string().into(),
            uid,
        };
        ChannelState { channel: self.channel(id, line), members: line.members.iter().map(member).collect() }
    }

    fn event(&self, signal: EventKind, id: &Text, device: usize, now: u64) -> signaling::Event {
        let channel = match self.lines.get(id) {
            Some(line) => self.channel(id, line),
            None => Channel { id: id.clone(), ..Channel::default() },
        };
        signaling::Event {
            kind: signal,
            channel,
            from: self.accounts[device].clone(),
            from_device: device.to_string().into(),
            to: Text::default(),
            request_id: Text::default(),
            custom_info: Text::default(),
            time_ms: now,
            uid: 0,
        }
    }

    fn create(&mut self, device: usize, call_type: i32) -> Done {
        self.next_channel += 1;
        let id: Text = format!("c{}", self.next_channel).into();
        let creator = self.accounts[device].clone();
        let line = Line {
            creator,
            call_type,
            create_ms: self.next_channel,
            members: Vec::new(),
            invites: Vec::new(),
        };
        let room = self.room(&id, &line);
        self.lines.insert(id, line);
        (OperationResult { channel: Some(room), ..OperationResult::default() }, Vec::new())
    }

    fn join(&mut self, device: usize, now: u64, id: &Text) -> Done {
        let account = self.accounts[device].clone();
        let Some(line) = self.lines.get(id) else { return (code(Code::CHANNEL_NOT_EXISTS), Vec::new()) };
        if line.members.iter().any(|m| m.0 == device) {
            return (code(Code::ALREADY_MEMBER), Vec::new());
        }
        if line.members.iter().any(|m| self.accounts[m.0] == account) {
            return (code(Code::OTHER_DEVICE), Vec::new());
        }
        let event = self.event(EventKind::Join, id, device, now);
        let others: Vec<usize> = line.members.iter().map(|m| m.0).collect();
        let uid = uid_of(device);
        let line = self.lines.get_mut(id).expect("looked up above");
        line.members.push((device, uid));
        let room = self.room(id, &self.lines[id]);
        let tell = |to| Delivery { to, source: Origin::Online, event: event.clone() };
        (
            OperationResult { channel: Some(room), ..OperationResult::default() },
            others.into_iter().map(tell).collect(),
        )
    }

    fn is_member(&self, device: usize, id: &Text) -> Result<(), Code> {
        let line = self.lines.get(id).ok_or(Code::CHANNEL_NOT_EXISTS)?;
        if line.members.iter().any(|m| m.0 == device) { Ok(()) } else { Err(Code::NOT_MEMBER) }
    }

    fn invite(&mut self, device: usize, now: u64, message: &Message) -> Done {
        if let Err(why) = self.is_member(device, &message.channel_id) {
            return (code(why), Vec::new());
        }
        let mut event = self.event(EventKind::Invite, &message.channel_id, device, now);
        event.to = message.account.clone();
        event.request_id = message.request_id.clone();
        event.custom_info = message.custom_info.clone();
        let invite = Invite {
            request_id: message.request_id.clone(),
            from: event.from.clone(),
            to: message.account.clone(),
            state: InviteState::Pending,
        };
        self.lines.get_mut(&message.channel_id).expect("is a member").invites.push(invite);
        let deliveries = self.tell_account(&message.account, &event, Origin::Online, None);
        let online = self.devices_of(&message.account).any(|d| self.logged_in[d]);
        (code(if online { Code::OK } else { Code::PEER_OFFLINE }), deliveries)
    }

    fn tell_account(
        &self,
        account: &str,
        event: &signaling::Event,
        source: Origin,
        except: Option<usize>,
    ) -> Vec<Delivery> {
        let others = self.devices_of(account).filter(|device| Some(*device) != except);
        others.map(|to| Delivery { to, source, event: event.clone() }).collect()
    }

    fn open_invite(&mut self, message: &Message) -> Result<&mut Invite, Code> {
        let line = self.lines.get_mut(&message.channel_id).ok_or(Code::CHANNEL_NOT_EXISTS)?;
        let invite = line.invites.iter_mut().find(|invite| invite.request_id == message.request_id);
        let invite = invite.ok_or(Code::INVITE_NOT_EXISTS)?;
        match invite.state {
            InviteState::Pending => Ok(invite),
            InviteState::Accepted => Err(Code::INVITE_ACCEPTED),
            InviteState::Rejected => Err(Code::INVITE_REJECTED),
            InviteState::Cancelled => Err(Code::INVITE_NOT_EXISTS),
        }
    }

    /// An open invite to this account: its inviter, channel and request.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn invite_to(&self, account: &str) -> Option<(Text, Text, Text)> {
        self.lines.iter().find_map(|(id, line)| {
            let is_its = |it: &&Invite| it.state == InviteState::Pending && &*it.to == account;
            let invite = line.invites.iter().find(is_its)?;
            Some((invite.from.clone(), id.clone(), invite.request_id.clone()))
        })
    }

    /// A device rings for an invite that is open: its inviter is told.
    #[allow(dead_code, reason = "the simulation uses it, the model check does not")]
    pub(crate) fn ringing(&self, device: usize, now: u64, id: &Text, request: &Text) -> Vec<Delivery> {
        let open = self.lines.get(id).into_iter().flat_map(|line| line.invites.iter());
        let mut open = open.filter(|it| it.request_id == *request && it.state == InviteState::Pending);
        let Some(inviter) = open.next().map(|invite| invite.from.clone()) else { return Vec::new() };
        let mut event = self.event(EventKind::Ringing, id, device, now);
        event.request_id = request.clone();
        self.tell_account(&inviter, &event, Origin::Online, None)
    }

    fn cancel(&mut self, device: usize, now: u64, message: &Message) -> Done {
        let to = match self.open_invite(message) {
            Err(why) => return (code(why), Vec::new()),
            Ok(invite) => {
                invite.state = InviteState::Cancelled;
                invite.to.clone()
            }
        };
        let mut event = self.event(EventKind::Cancel, &message.channel_id, device, now);
        event.request_id = message.request_id.clone();
        event.custom_info = message.custom_info.clone();
        (code(Code::OK), self.tell_account(&to, &event, Origin::Online, None))
    }

    fn answer(&mut self, device: usize, now: u64, message: &Message, accepts: bool) -> Done {
        let inviter = match self.open_invite(message) {
            Err(why) => return (code(why), Vec::new()),
            Ok(invite) => {
                invite.state = if accepts { InviteState::Accepted } else { InviteState::Rejected };
                invite.from.clone()
            }
        };
        let signal = if accepts { EventKind::Accept } else { EventKind::Reject };
        let mut event = self.event(signal, &message.channel_id, device, now);
        event.to = inviter.clone();
        event.request_id = message.request_id.clone();
        event.custom_info = message.custom_info.clone();
        let mut deliveries = self.tell_account(&inviter, &event, Origin::Online, None);
        let account = self.accounts[device].clone();
        deliveries.extend(self.tell_account(&account, &event, Origin::OtherDevice, Some(device)));
        (code(Code::OK), deliveries)
    }

    fn leave(&mut self, device: usize, now: u64, id: &Text, custom: &Text) -> Done {
        if let Err(why) = self.is_member(device, id) {
            return (code(why), Vec::new());
        }
        let mut event = self.event(EventKind::Leave, id, device, now);
        event.custom_info = custom.clone();
        let line = self.lines.get_mut(id).expect("is a member");
        line.members.retain(|m| m.0 != device);
        let tell = |m: &(usize, u64)| Delivery { to: m.0, source: Origin::Online, event: event.clone() };
        let deliveries = line.members.iter().map(tell).collect();
        if line.members.is_empty() {
            self.lines.remove(id);
        }
        (code(Code::OK), deliveries)
    }

    fn close(&mut self, device: usize, now: u64, id: &Text, custom: &Text) -> Done {
        if let Err(why) = self.is_member(device, id) {
            return (code(why), Vec::new());
        }
        let mut event = self.event(EventKind::Close, id, device, now);
        event.custom_info = custom.clone();
        let line = self.lines.remove(id).expect("is a member");
        let tell = |to| Delivery { to, source: Origin::Online, event: event.clone() };
        let members = line.members.iter().map(|m| m.0).filter(|to| *to != device);
        let mut deliveries: Vec<Delivery> = members.map(tell).collect();
        for invite in line.invites.iter().filter(|invite| invite.state == InviteState::Pending) {
            deliveries.extend(self.tell_account(&invite.to, &event, Origin::Online, Some(device)));
        }
        (code(Code::OK), deliveries)
    }

    fn control(&mut self, device: usize, now: u64, message: &Message) -> Done {
        if let Err(why) = self.is_member(device, &message.channel_id) {
            return (code(why), Vec::new());
        }
        let mut event = self.event(EventKind::Control, &message.channel_id, device, now);
        event.custom_info = message.custom_info.clone();
        let members = &self.lines[&message.channel_id].members;
        let to = members.iter().filter(|m| m.0 != device && self.accounts[m.0] == message.account);
        let tell = |m: &(usize, u64)| Delivery { to: m.0, source: Origin::Online, event: event.clone() };
        (code(Code::OK), to.map(tell).collect())
    }

    /// Runs a media operation; answers the code and what others hear.
    pub(crate) fn run_rtc(&mut self, device: usize, op: &RtcOp) -> (Code, Vec<(usize, RtcEvent)>) {
        match op {
            RtcOp::Join { channel_name, uid, .. } => {
                let room = self.rooms.entry(channel_name.clone()).or_default();
                let mut heard = Vec::new();
                for &(other, other_uid) in room.iter() {
                    heard.push((other, RtcEvent::PeerJoin { uid: *uid }));
                    heard.push((device, RtcEvent::PeerJoin { uid: other_uid }));
                }
                room.push((device, *uid));
                (Code::OK, heard)
            }
            RtcOp::Leave => (Code::OK, self.leave_rtc(device, 0)),
            RtcOp::EnableLocal { .. }
            | RtcOp::MuteLocal { .. }
            | RtcOp::Subscribe { .. }
            | RtcOp::SetView { .. } => (Code::OK, Vec::new()),
        }
    }

    /// The device is out of its media room; `code` 0 = on purpose.
    pub(crate) fn leave_rtc(&mut self, device: usize, code: i32) -> Vec<(usize, RtcEvent)> {
        let mut heard = Vec::new();
        for room in self.rooms.values_mut() {
            while let Some(index) = room.iter().position(|m| m.0 == device) {
                let (_, uid) = room.remove(index);
                heard.extend(room.iter().map(|m| (m.0, RtcEvent::PeerLeave { uid, code })));
            }
        }
        self.rooms.retain(|_, room| !room.is_empty());
        heard
    }

    /// The device is in a media room.
    #[allow(dead_code, reason = "the simulation uses it, the model check does not")]
    pub(crate) fn is_in_room(&self, device: usize) -> bool {
        self.rooms.values().any(|room| room.iter().any(|m| m.0 == device))
    }

    /// Who else is in the media room of a device.
    #[allow(dead_code, reason = "the simulation uses it, the model check does not")]
    pub(crate) fn room_mates(&self, device: usize) -> Vec<usize> {
        let own = self.rooms.values().filter(|room| room.iter().any(|m| m.0 == device));
        own.flatten().map(|m| m.0).filter(|other| *other != device).collect()
    }

    /// The next channel gets this number.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn number_next(&mut self, number: u64) {
        self.next_channel = number - 1;
    }

    /// Channels that are open.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn channels(&self) -> impl Iterator<Item = &Text> {
        self.lines.keys()
    }

    /// Nobody has decided about this invite.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn is_open(&self, channel: &Text, request: &Text) -> bool {
        self.lines.get(channel).is_some_and(|line| {
            line.invites.iter().any(|i| i.request_id == *request && i.state == InviteState::Pending)
        })
    }

    /// What it will answer from now on depends on this alone.
    #[allow(dead_code, reason = "the model check uses it, the simulation does not")]
    pub(crate) fn digest(&self, hasher: &mut impl Hasher) {
        (&self.logged_in, &self.lines).hash(hasher);
        for (name, members) in &self.rooms {
            let mut members = members.clone();
            members.sort_unstable();
            (name, members).hash(hasher);
        }
    }
}
