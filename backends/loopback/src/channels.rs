//! Channels and invites: what NIM's signaling service does, with NIM's answers.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use nertc_callkit_abi::{
    nertc_callkit_invite_state as invite_state, nertc_callkit_record_status as status,
    nertc_callkit_signal as signal,
};
use nertc_callkit_backend::messages::{Answer, ChannelInfo, DeviceAddr, Event, Member, RoomView, Text};

use crate::hub::{Hub, Record, State, finish, now_ms};
use crate::people::People;
use crate::{
    ALREADY_MEMBER, CHANNEL_NOT_EXISTS, INVITE_ACCEPTED, INVITE_NOT_EXISTS, INVITE_REJECTED, MEMBER_LIMIT,
    NOT_MEMBER, OK, OTHER_DEVICE, PEER_OFFLINE, limits,
};

/// A channel. It goes when it is closed, when its last member leaves, or after two hours.
pub(crate) struct Channel {
    info: Arc<ChannelInfo>,
    members: Vec<Member>,
    invites: Vec<Invite>,
    /// Two were in it at the same time.
    talked: bool,
}

struct Invite {
    request_id: Text,
    from: Arc<DeviceAddr>,
    to: Text,
    state: InviteState,
    /// Devices that ring, or will when their own call with this peer is settled.
    taken: Vec<Arc<DeviceAddr>>,
    /// Devices that ignore it: they have forgotten the channel, too.
    dropped: Vec<Arc<DeviceAddr>>,
    /// Devices that alone are busy.
    busy: Vec<Arc<DeviceAddr>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum InviteState {
    /// Ringing: the first answer decides.
    Pending,
    Accepted,
    Rejected,
    Cancelled,
}

/// The arguments of an operation, lent for the call.
pub(crate) struct Args<'a> {
    /// Keep the message for devices that are offline.
    pub(crate) keep: bool,
    pub(crate) call_type: i32,
    pub(crate) channel: &'a CStr,
    pub(crate) account: &'a CStr,
    pub(crate) request: &'a CStr,
    pub(crate) custom: &'a CStr,
}

impl Args<'_> {
    pub(crate) fn custom(&self) -> Option<Text> {
        (!self.custom.is_empty()).then(|| self.custom.into())
    }
}

/// The reject of a device that alone is busy, until it counts or not.
struct LocalReject {
    me: Arc<DeviceAddr>,
    keep: bool,
    /// Channel, inviter, request and attachment.
    texts: [Text; 4],
}

impl LocalReject {
    /// Rejects for the account, unless another device rings.
    fn count(&self, hub: &Hub) {
        let mut state = hub.lock();
        let [channel, account, request, custom] = self.texts.each_ref().map(|text| &**text);
        let rings = state.channels.get_mut(channel).and_then(|it| it.invite(request, &self.me.account));
        if rings.is_some_and(|invite| invite.taken.is_empty()) {
            let args = Args { keep: self.keep, call_type: 0, channel, account, request, custom };
            state.answer_invite(&self.me, &args, false);
        }
        finish(state);
    }
}

/// Whether the text of a reject says that only its device is busy.
fn is_local(custom: &CStr) -> bool {
    let parsed = custom.to_str().ok().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    parsed.is_some_and(|object| object["local"] == true)
}

impl InviteState {
    /// What cancel, accept and reject are answered.
    fn code(self) -> i32 {
        match self {
            InviteState::Pending => OK,
            InviteState::Accepted => INVITE_ACCEPTED,
            InviteState::Rejected => INVITE_REJECTED,
            InviteState::Cancelled => INVITE_NOT_EXISTS,
        }
    }
}

impl Channel {
    /// The channel as it is now.
    pub(crate) fn view(&self) -> RoomView {
        RoomView { channel: self.info.clone(), members: self.members.clone() }
    }

    fn has(&self, who: &DeviceAddr) -> bool {
        self.members.iter().any(|it| *it.who == *who)
    }

    fn has_account(&self, account: &CStr) -> bool {
        self.members.iter().any(|it| *it.who.account == *account)
    }

    /// The newest invite of this id and receiver.
    fn invite(&mut self, request: &CStr, to: &CStr) -> Option<&mut Invite> {
        self.invites.iter_mut().rev().find(|it| *it.request_id == *request && *it.to == *to)
    }

    /// Tells all members but `me`.
    fn tell_others(
        &self,
        people: &mut People,
        me: &Arc<DeviceAddr>,
        signal: signal,
        extend: impl Fn(Event) -> Event,
        keep: bool,
    ) {
        for member in self.members.iter().filter(|it| *it.who != **me) {
            people.tell_device(&member.who, extend(self.event(signal, me, &member.who.account)), keep);
        }
    }

    /// A message of this channel.
    fn event(&self, signal: signal, from: &Arc<DeviceAddr>, to: &Text) -> Event {
        Event {
            signal,
            channel: self.info.clone(),
            from: from.clone(),
            to: to.clone(),
            request_id: None,
            custom: None,
            time_ms: now_ms(),
            uid: 0,
        }
    }
}

/// An id that no other channel of this process has.
fn new_id() -> Text {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    CString::new(format!("loopback-{number}")).unwrap_or_default().into()
}

impl State {
    /// Makes a channel that nobody is in yet.
    pub(crate) fn create(&mut self, me: &Arc<DeviceAddr>, call_type: i32) -> Answer {
        let create_ms = now_ms();
        self.sweep(create_ms);
        let id = new_id();
        let info = Arc::new(ChannelInfo {
            id: id.clone(),
            creator: me.account.clone(),
            call_type,
            create_ms,
            expire_ms: create_ms + limits::CHANNEL_LIFE_MS,
        });
        let channel = Channel { info, members: Vec::new(), invites: Vec::new(), talked: false };
        let view = channel.view();
        self.channels.insert(id, channel);
        view.into()
    }

    /// Makes `me` a member; the answer lists everybody.
    pub(crate) fn join(&mut self, me: &Arc<DeviceAddr>, args: &Args) -> Answer {
        let Some(channel) = self.channels.get_mut(args.channel) else { return CHANNEL_NOT_EXISTS.into() };
        if channel.has(me) {
            return ALREADY_MEMBER.into();
        }
        if channel.has_account(&me.account) {
            return OTHER_DEVICE.into();
        }
        if channel.members.len() >= limits::MEMBERS {
            return MEMBER_LIMIT.into();
        }
        self.last_uid += 1;
        let uid = self.last_uid;
        channel.members.push(Member { who: me.clone(), uid });
        channel.talked |= channel.members.len() > 1;
        self.uids.insert(uid, me.clone());
        if let Some(device) = self.people.device(me) {
            device.channels.push(channel.info.id.clone());
        }
        let extend = |event| Event { uid, ..event };
        channel.tell_others(&mut self.people, me, signal::NERTC_CALLKIT_SIGNAL_JOIN, extend, args.keep);
        channel.view().into()
    }

    /// Rings all devices of an account.
    pub(crate) fn invite(&mut self, me: &Arc<DeviceAddr>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get_mut(args.channel) else { return CHANNEL_NOT_EXISTS };
        if !channel.has(me) {
            return NOT_MEMBER;
        }
        if channel.has_account(args.account) {
            return ALREADY_MEMBER;
        }
        if channel.invites.len() >= limits::INVITES {
            let over = channel.invites.iter().position(|it| it.state != InviteState::Pending);
            let Some(over) = over else { return MEMBER_LIMIT };
            channel.invites.remove(over);
        }
        let (to, request_id): (Text, Text) = (args.account.into(), args.request.into());
        let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_INVITE, me, &to);
        let event = Event { request_id: Some(request_id.clone()), custom: args.custom(), ..event };
        let invite = Invite {
            request_id,
            from: me.clone(),
            to: to.clone(),
            state: InviteState::Pending,
            taken: Vec::new(),
            dropped: Vec::new(),
            busy: Vec::new(),
        };
        channel.invites.push(invite);
        self.people.tell_account(&to, &Arc::new(event), args.keep);
        self.reached(&to)
    }

    /// Takes an invite back, if nobody has answered it.
    pub(crate) fn cancel_invite(&mut self, me: &Arc<DeviceAddr>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get_mut(args.channel) else { return CHANNEL_NOT_EXISTS };
        let Some(invite) =
            channel.invite(args.request, args.account).filter(|it| it.from.account == me.account)
        else {
            return INVITE_NOT_EXISTS;
        };
        if invite.state != InviteState::Pending {
            return invite.state.code();
        }
        invite.state = InviteState::Cancelled;
        let (to, request_id) = (invite.to.clone(), Some(invite.request_id.clone()));
        let without = invite.dropped.clone();
        let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_CANCEL, me, &to);
        let event = Arc::new(Event { request_id, custom: args.custom(), ..event });
        self.people.tell_account_but(&without, &to, &event, args.keep);
        OK
    }

    /// What became of an invite on a device. The inviter's device hears of the first ring of each.
    pub(crate) fn invite_state(
        &mut self,
        me: &Arc<DeviceAddr>,
        channel: &CStr,
        inviter: &CStr,
        request: &CStr,
        state: i32,
    ) {
        let Some(channel) = self.channels.get_mut(channel) else { return };
        let by = |it: &&mut Invite| *it.from.account == *inviter && it.state == InviteState::Pending;
        let Some(invite) = channel.invite(request, &me.account).filter(by) else { return };
        // The word about a repeat changes nothing.
        if invite.taken.contains(me) || invite.dropped.contains(me) {
            return;
        }
        if state == invite_state::NERTC_CALLKIT_INVITE_DROPPED as i32 {
            return invite.dropped.push(me.clone());
        }
        invite.taken.push(me.clone());
        if state == invite_state::NERTC_CALLKIT_INVITE_RINGING as i32 {
            let (inviter, request_id) = (invite.from.clone(), Some(invite.request_id.clone()));
            let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_RINGING, me, &inviter.account);
            self.people.tell_device(&inviter, Event { request_id, ..event }, false);
        }
    }

    /// Rejects an invite. A device that alone is busy speaks for its account only if no other rings within a
    /// while.
    pub(crate) fn reject_invite(&mut self, me: &Arc<DeviceAddr>, args: &Args, hub: &Weak<Hub>) -> i32 {
        if !is_local(args.custom) {
            return self.answer_invite(me, args, false);
        }
        let Some(channel) = self.channels.get_mut(args.channel) else { return CHANNEL_NOT_EXISTS };
        let by = |it: &&mut Invite| args.account.is_empty() || *it.from.account == *args.account;
        let Some(invite) = channel.invite(args.request, &me.account).filter(by) else {
            return INVITE_NOT_EXISTS;
        };
        if invite.state != InviteState::Pending {
            return invite.state.code();
        }
        let (is_first, inviter) = (invite.busy.is_empty(), invite.from.account.clone());
        invite.busy.push(me.clone());
        invite.taken.retain(|it| it != me);
        if is_first {
            let later = LocalReject {
                me: me.clone(),
                keep: args.keep,
                texts: [args.channel, args.account, args.request, args.custom].map(Text::from),
            };
            let hub = hub.clone();
            self.people.wire.after(Duration::from_millis(limits::LOCAL_REJECT_MS), move || {
                hub.upgrade().inspect(|hub| later.count(hub));
            });
        }
        self.reached(&inviter)
    }

    /// Accepts or rejects an invite: the first answer of any device of the account decides. Does not join.
    pub(crate) fn answer_invite(&mut self, me: &Arc<DeviceAddr>, args: &Args, accept: bool) -> i32 {
        let Some(channel) = self.channels.get_mut(args.channel) else { return CHANNEL_NOT_EXISTS };
        let by = |it: &&mut Invite| args.account.is_empty() || *it.from.account == *args.account;
        let Some(invite) = channel.invite(args.request, &me.account).filter(by) else {
            return INVITE_NOT_EXISTS;
        };
        if invite.state != InviteState::Pending {
            return invite.state.code();
        }
        let (state, signal) = match accept {
            true => (InviteState::Accepted, signal::NERTC_CALLKIT_SIGNAL_ACCEPT),
            false => (InviteState::Rejected, signal::NERTC_CALLKIT_SIGNAL_REJECT),
        };
        invite.state = state;
        let (to, request_id) = (invite.from.account.clone(), Some(invite.request_id.clone()));
        let event = channel.event(signal, me, &to);
        let event = Arc::new(Event { request_id, custom: args.custom(), ..event });
        self.people.tell_account(&to, &event, args.keep);
        self.people.tell_siblings(me, &event, args.keep);
        self.reached(&to)
    }

    /// Ends the membership of `me`; the last one takes the channel along.
    pub(crate) fn leave(&mut self, me: &DeviceAddr, id: &CStr, custom: Option<Text>, keep: bool) -> i32 {
        let Some(channel) = self.channels.get_mut(id) else { return CHANNEL_NOT_EXISTS };
        let Some(index) = channel.members.iter().position(|it| *it.who == *me) else { return NOT_MEMBER };
        let member = channel.members.remove(index);
        let extend = |event| Event { custom: custom.clone(), ..event };
        channel.tell_others(&mut self.people, &member.who, signal::NERTC_CALLKIT_SIGNAL_LEAVE, extend, keep);
        let is_empty = channel.members.is_empty();
        self.forget_member(&member, id);
        if let Some(channel) = is_empty.then(|| self.channels.remove(id)).flatten() {
            self.end_ringing(&channel, &member.who, None, keep);
        }
        OK
    }

    /// Ends a channel for everybody: its members, and those whom it still rings. A channel that nobody has
    /// joined yet may be closed by its creator.
    pub(crate) fn close(&mut self, me: &Arc<DeviceAddr>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get(args.channel) else { return CHANNEL_NOT_EXISTS };
        let is_own = channel.members.is_empty() && channel.info.creator == me.account;
        if !channel.has(me) && !is_own {
            return NOT_MEMBER;
        }
        let Some(channel) = self.channels.remove(args.channel) else { return CHANNEL_NOT_EXISTS };
        let custom = args.custom();
        let extend = |event| Event { custom: custom.clone(), ..event };
        channel.tell_others(&mut self.people, me, signal::NERTC_CALLKIT_SIGNAL_CLOSE, extend, args.keep);
        for member in &channel.members {
            self.forget_member(member, args.channel);
        }
        self.end_ringing(&channel, me, custom.clone(), args.keep);
        OK
    }

    /// Sends a text to a member, to an account that this channel invited, or to all other members. Never
    /// kept.
    pub(crate) fn control(&mut self, me: &Arc<DeviceAddr>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get(args.channel) else { return CHANNEL_NOT_EXISTS };
        if !channel.has(me) {
            return NOT_MEMBER;
        }
        let control = signal::NERTC_CALLKIT_SIGNAL_CONTROL;
        let extend = |event| Event { custom: args.custom(), ..event };
        if args.account.is_empty() {
            channel.tell_others(&mut self.people, me, control, extend, false);
            return OK;
        }
        let to: Text = args.account.into();
        let event = extend(channel.event(control, me, &to));
        if let Some(member) = channel.members.iter().find(|it| it.who.account == to) {
            self.people.tell_device(&member.who, event, false);
        } else if channel.invites.iter().any(|it| it.to == to) {
            self.people.tell_account(&to, &Arc::new(event), false);
        } else {
            return NOT_MEMBER;
        }
        self.reached(&to)
    }

    /// Keeps a call record for tests.
    pub(crate) fn keep_record(&mut self, record: Record) {
        if self.records.len() >= limits::RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// OK, or NIM's soft "peer is offline".
    fn reached(&self, account: &CStr) -> i32 {
        if self.people.is_online(account) { OK } else { PEER_OFFLINE }
    }

    fn forget_member(&mut self, member: &Member, channel: &CStr) {
        self.uids.remove(&member.uid);
        if let Some(device) = self.people.device(&member.who) {
            device.channels.retain(|it| **it != *channel);
        }
    }

    /// A channel is gone: accounts that it still rings learn that it is closed.
    fn end_ringing(&mut self, channel: &Channel, me: &Arc<DeviceAddr>, custom: Option<Text>, keep: bool) {
        self.record_of(channel);
        let pending = channel.invites.iter().filter(|it| it.state == InviteState::Pending);
        for invite in pending.filter(|it| !channel.has_account(&it.to)) {
            let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_CLOSE, me, &invite.to);
            let event = Arc::new(Event { custom: custom.clone(), ..event });
            self.people.tell_account_but(&invite.dropped, &invite.to, &event, keep);
        }
    }

    /// With SERVER_RECORD: the service's own record of a call that took place.
    fn record_of(&mut self, channel: &Channel) {
        let accepted = channel.invites.iter().find(|it| it.state == InviteState::Accepted);
        let Some(invite) = accepted.filter(|_| self.server_records && channel.talked) else { return };
        let string = |text: &CStr| text.to_string_lossy().into_owned();
        self.keep_record(Record {
            from: string(&channel.info.creator),
            to: string(&invite.to),
            channel_id: string(&channel.info.id),
            client_msg_id: String::new(),
            call_type: channel.info.call_type,
            status: status::NERTC_CALLKIT_RECORD_COMPLETE as i32,
            text: String::new(),
        });
    }

    /// Drops expired channels, now and then, so that forgotten ones do not pile up.
    fn sweep(&mut self, now: u64) {
        if self.channels.len() < self.sweep_at {
            return;
        }
        let over = self.channels.iter().filter(|(_, channel)| channel.info.expire_ms <= now);
        for id in over.map(|(id, _)| id.clone()).collect::<Vec<Text>>() {
            let members = self.channels.remove(&id).map(|it| it.members).unwrap_or_default();
            members.iter().for_each(|member| self.forget_member(member, &id));
        }
        self.sweep_at = limits::SWEEP.max(2 * self.channels.len());
    }
}
