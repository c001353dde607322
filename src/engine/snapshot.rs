//! What `get_state` and `get_call_info` show.

use super::core::Engine;
use super::state::{Glare, State};
use nertc_callkit_signaling::{CallType, Text};

/// What is going on, for get_state and get_call_info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// 0 idle, 1 calling, 2 called, 3 in call.
    pub state: i32,
    /// Type of the call.
    pub call_type: Option<CallType>,
    /// Both sides are in the media room.
    pub connected: bool,
    /// Our invite is the call's; final once in the call.
    pub is_inviter: bool,
    /// The call, 0 = none.
    pub call_no: u64,
    /// Own media uid.
    pub own_uid: u64,
    /// The peer's media uid, 0 until it entered.
    pub peer_uid: u64,
    /// Own account, empty when logged out.
    pub account: Text,
    /// The other party.
    pub peer: Text,
    /// Channel.
    pub channel_id: Text,
    /// Request id.
    pub request_id: Text,
    /// Call id.
    pub call_id: Text,
    /// Media room.
    pub rtc_channel: Text,
}

/// What a text that is not there is.
static NONE: Text = Text::EMPTY;

/// The same, borrowed.
struct View<'a> {
    state: i32,
    call_type: Option<CallType>,
    connected: bool,
    is_inviter: bool,
    call_no: u64,
    uids: [u64; 2],
    texts: [&'a Text; 6],
}

impl View<'_> {
    fn snapshot(self) -> Snapshot {
        let [account, peer, channel_id, request_id, call_id, rtc_channel] = self.texts.map(Text::clone);
        let View { state, call_type, connected, is_inviter, call_no, uids: [own_uid, peer_uid], .. } = self;
        Snapshot {
            state,
            call_type,
            connected,
            is_inviter,
            call_no,
            own_uid,
            peer_uid,
            account,
            peer,
            channel_id,
            request_id,
            call_id,
            rtc_channel,
        }
    }
}

impl Engine {
    /// What is going on.
    pub fn snapshot(&self) -> Snapshot {
        self.view().snapshot()
    }

    /// Makes `shown` what `snapshot` would return; false: it was. Most inputs change nothing, so this
    /// compares first, texts by their allocation: they come from here.
    pub fn update(&self, shown: &mut Snapshot) -> bool {
        let view = self.view();
        let [account, peer, channel_id, request_id, call_id, rtc_channel] = view.texts;
        let is_same = view.state == shown.state
            && view.call_type == shown.call_type
            && view.connected == shown.connected
            && view.is_inviter == shown.is_inviter
            && view.call_no == shown.call_no
            && view.uids == [shown.own_uid, shown.peer_uid]
            && account.is_same(&shown.account)
            && peer.is_same(&shown.peer)
            && channel_id.is_same(&shown.channel_id)
            && request_id.is_same(&shown.request_id)
            && call_id.is_same(&shown.call_id)
            && rtc_channel.is_same(&shown.rtc_channel);
        if !is_same {
            *shown = view.snapshot();
        }
        !is_same
    }

    #[inline(always)]
    fn view(&self) -> View<'_> {
        let account = self.session.account_ref().unwrap_or(&NONE);
        let view = View {
            state: self.state.number(),
            call_type: None,
            connected: false,
            is_inviter: false,
            call_no: self.state.call_no(),
            uids: [0, 0],
            texts: [account, &NONE, &NONE, &NONE, &NONE, &NONE],
        };
        match &self.state {
            State::Idle => view,
            State::Calling(calling) => {
                let own = &calling.own;
                let ids = [&own.channel_id, &own.request_id, &own.call_id];
                View {
                    call_type: Some(own.options.call_type),
                    is_inviter: !matches!(calling.glare, Glare::Accepting { .. }),
                    uids: [own.uid, 0],
                    texts: [account, &own.options.user, ids[0], ids[1], ids[2], &NONE],
                    ..view
                }
            }
            State::Called(called) => {
                let invite = &called.invite;
                let ids = [&invite.channel_id, &invite.request_id, &invite.call_id];
                View {
                    call_type: Some(invite.call_type),
                    texts: [account, &invite.from, ids[0], ids[1], ids[2], &NONE],
                    ..view
                }
            }
            State::InCall(call) => {
                let ids = [&call.channel_id, &call.request_id, &call.call_id, &call.rtc_channel];
                View {
                    call_type: Some(call.call_type),
                    connected: call.connected_at.is_some(),
                    is_inviter: call.is_inviter,
                    uids: [call.own_uid, call.peer_uid.unwrap_or(0)],
                    texts: [account, &call.peer, ids[0], ids[1], ids[2], ids[3]],
                    ..view
                }
            }
        }
    }
}
