//! Channels and invites: what NIM's signaling service does, with NIM's answers.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nertc_callkit_abi::{nertc_callkit_record_status as status, nertc_callkit_signal as signal};

use crate::hub::{Record, State, now_ms};
use crate::mail::{Answer, ChannelInfo, Event, Member, RoomView, Text, Who};
use crate::{
    ALREADY_MEMBER, CHANNEL_NOT_EXISTS, INVITE_ACCEPTED, INVITE_NOT_EXISTS, INVITE_REJECTED, MEMBER_LIMIT,
    NOT_MEMBER, OK, OTHER_DEVICE, PEER_OFFLINE, limits,
};

/// A channel. It goes when it is closed, when its last member leaves, or after two hours.
pub(crate) struct Channel {
    info: Arc<ChannelInfo>,
    members: Vec<Member>,
    invites: Vec<Invite>,
}

struct Invite {
    request_id: Text,
    from: Arc<Who>,
    to: Text,
    state: InviteState,
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

    fn has(&self, who: &Who) -> bool {
        self.members.iter().any(|it| *it.who == *who)
    }

    fn has_account(&self, account: &CStr) -> bool {
        self.members.iter().any(|it| *it.who.account == *account)
    }

    /// The newest invite of this id and receiver.
    fn invite(&mut self, request: &CStr, to: &CStr) -> Option<&mut Invite> {
        self.invites.iter_mut().rev().find(|it| *it.request_id == *request && *it.to == *to)
    }

    /// A message of this channel.
    fn event(&self, signal: signal, from: &Arc<Who>, to: &Text) -> Event {
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
    pub(crate) fn create(&mut self, me: &Arc<Who>, call_type: i32) -> Answer {
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
        let channel = Channel { info, members: Vec::new(), invites: Vec::new() };
        let view = channel.view();
        self.channels.insert(id, channel);
        view.into()
    }

    /// Makes `me` a member; the answer lists everybody.
    pub(crate) fn join(&mut self, me: &Arc<Who>, args: &Args) -> Answer {
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
        let (view, id) = (channel.view(), channel.info.id.clone());
        self.uids.insert(uid, me.clone());
        self.enters(me, &id);
        self.tell_members(
            &view,
            me,
            |event| Event { uid, ..event },
            signal::NERTC_CALLKIT_SIGNAL_JOIN,
            args.keep,
        );
        view.into()
    }

    /// Rings all devices of an account.
    pub(crate) fn invite(&mut self, me: &Arc<Who>, args: &Args) -> i32 {
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
        let invite = Invite { request_id, from: me.clone(), to: to.clone(), state: InviteState::Pending };
        channel.invites.push(invite);
        self.tell_account(&to, &Arc::new(event), args.keep);
        self.reached(&to)
    }

    /// Takes an invite back, if nobody has answered it.
    pub(crate) fn cancel_invite(&mut self, me: &Arc<Who>, args: &Args) -> i32 {
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
        let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_CANCEL, me, &to);
        self.tell_account(&to, &Arc::new(Event { request_id, custom: args.custom(), ..event }), args.keep);
        OK
    }

    /// Accepts or rejects an invite: the first answer of any device of the account decides. Does not join.
    pub(crate) fn answer_invite(&mut self, me: &Arc<Who>, args: &Args, accept: bool) -> i32 {
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
        self.tell_account(&to, &event, args.keep);
        self.tell_siblings(me, &event, args.keep);
        self.reached(&to)
    }

    /// Ends the membership of `me`; the last one takes the channel along.
    pub(crate) fn leave(&mut self, me: &Who, channel: &CStr, custom: Option<Text>, keep: bool) -> i32 {
        let Some(channel) = self.channels.get_mut(channel) else { return CHANNEL_NOT_EXISTS };
        let Some(index) = channel.members.iter().position(|it| *it.who == *me) else { return NOT_MEMBER };
        let view = channel.view();
        let member = channel.members.remove(index);
        let is_empty = channel.members.is_empty();
        self.uids.remove(&member.uid);
        self.exits(me, &view.channel.id);
        let custom = |event| Event { custom: custom.clone(), ..event };
        self.tell_members(&view, &member.who, custom, signal::NERTC_CALLKIT_SIGNAL_LEAVE, keep);
        if is_empty {
            self.remove_channel(&view, &member.who, None, keep);
        }
        OK
    }

    /// Ends a channel for everybody: its members, and those whom it still rings. A channel that nobody has
    /// joined yet may be closed by its creator.
    pub(crate) fn close(&mut self, me: &Arc<Who>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get(args.channel) else { return CHANNEL_NOT_EXISTS };
        let is_own = channel.members.is_empty() && channel.info.creator == me.account;
        if !channel.has(me) && !is_own {
            return NOT_MEMBER;
        }
        let view = channel.view();
        let custom = args.custom();
        let with = |event| Event { custom: custom.clone(), ..event };
        self.tell_members(&view, me, with, signal::NERTC_CALLKIT_SIGNAL_CLOSE, args.keep);
        self.remove_channel(&view, me, custom.clone(), args.keep);
        OK
    }

    /// Sends a text to a member, to an account that this channel invited, or to all other members. Never
    /// kept.
    pub(crate) fn control(&mut self, me: &Arc<Who>, args: &Args) -> i32 {
        let Some(channel) = self.channels.get(args.channel) else { return CHANNEL_NOT_EXISTS };
        if !channel.has(me) {
            return NOT_MEMBER;
        }
        let view = channel.view();
        let custom = |event| Event { custom: args.custom(), ..event };
        if args.account.is_empty() {
            self.tell_members(&view, me, custom, signal::NERTC_CALLKIT_SIGNAL_CONTROL, false);
            return OK;
        }
        let is_invited = channel.invites.iter().any(|it| *it.to == *args.account);
        let to: Text = args.account.into();
        let event = Arc::new(custom(channel.event(signal::NERTC_CALLKIT_SIGNAL_CONTROL, me, &to)));
        match view.members.iter().find(|it| it.who.account == to) {
            Some(member) => self.tell_device(&member.who, &event, false),
            None if is_invited => self.tell_account(&to, &event, false),
            None => return NOT_MEMBER,
        }
        self.reached(&to)
    }

    /// Keeps a call record; nobody is sent one, since the core has no event for it.
    pub(crate) fn keep_record(&mut self, record: Record) {
        if self.records.len() >= limits::RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// OK, or NIM's soft "peer is offline".
    fn reached(&self, account: &CStr) -> i32 {
        if self.is_online(account) { OK } else { PEER_OFFLINE }
    }

    /// Tells all members but `me`.
    fn tell_members(
        &mut self,
        view: &RoomView,
        me: &Arc<Who>,
        with: impl Fn(Event) -> Event,
        signal: signal,
        keep: bool,
    ) {
        for member in view.members.iter().filter(|it| *it.who != **me) {
            let Some(channel) = self.channels.get(&view.channel.id) else { return };
            let event = with(channel.event(signal, me, &member.who.account));
            self.tell_device(&member.who, &Arc::new(event), keep);
        }
    }

    /// Forgets a channel. Accounts that it still rings learn that it is closed.
    fn remove_channel(&mut self, view: &RoomView, me: &Arc<Who>, custom: Option<Text>, keep: bool) {
        let Some(channel) = self.channels.remove(&view.channel.id) else { return };
        self.forget_members(&channel);
        self.record_of(&channel);
        let is_member = |account: &CStr| view.members.iter().any(|it| *it.who.account == *account);
        let pending = channel.invites.iter().filter(|it| it.state == InviteState::Pending);
        for invite in pending.filter(|it| !is_member(&it.to)) {
            let event = channel.event(signal::NERTC_CALLKIT_SIGNAL_CLOSE, me, &invite.to);
            self.tell_account(&invite.to, &Arc::new(Event { custom: custom.clone(), ..event }), keep);
        }
    }

    fn forget_members(&mut self, channel: &Channel) {
        for member in &channel.members {
            self.uids.remove(&member.uid);
            self.exits(&member.who, &channel.info.id);
        }
    }

    /// With SERVER_RECORD: the service's own record of a call that took place.
    fn record_of(&mut self, channel: &Channel) {
        let accepted = channel.invites.iter().find(|it| it.state == InviteState::Accepted);
        let Some(invite) = accepted.filter(|_| self.server_records) else { return };
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
        let all: HashMap<Text, Channel> = std::mem::take(&mut self.channels);
        for (id, channel) in all {
            if channel.info.expire_ms > now {
                self.channels.insert(id, channel);
            } else {
                self.forget_members(&channel);
            }
        }
        self.sweep_at = limits::SWEEP.max(2 * self.channels.len());
    }
}
