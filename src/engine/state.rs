//! The states of a client. The other files are the transitions.
//!
//! ```text
//!                    call                     ACCEPT
//!        ┌───────┐ ───────▶ ┌─────────┐ ──────────────▶ ┌─────────┐
//!        │       │          │ Calling │                 │         │
//!        │       │ ◀─────── └─────────┘                 │         │
//!        │ Idle  │   cancel, REJECT, ring limit         │ In call │
//!        │       │ ───────▶ ┌─────────┐ ──────────────▶ │         │
//!        │       │  INVITE  │ Called  │  accept granted │         │
//!        │       │ ◀─────── └─────────┘                 │         │
//!        └───────┘   reject, CANCEL, ring limit         └─────────┘
//!            ▲        hangup, leave, CLOSE, peer gone        │
//!            └───────────────────────────────────────────────┘
//! ```
//!
//! Two states have an inner one in which our accept is pending at the service, which decides which device
//! was first: *glare-accepting* in Calling (both sides called each other) and *accepting* in Called.

use serde::{Deserialize, Serialize};

use super::input::{CallOptions, Media, Ticket, View};
use super::output::{EndReason, MediaSecured};
use super::text_queue::PeerTexts;
use super::time::Time;
use super::wire::Reason;
use nertc_callkit_signaling::{self as signaling, CallType, ChannelState, Code, Outcome, Record, Req, Text};

/// Every move between the phases: from, on what, to. The picture in the documents is drawn from this table,
/// and the engine refuses (in debug builds) to make a move that is not in it.
pub const MOVES: &[(Phase, &str, Phase)] = &[
    (Phase::Idle, "call", Phase::Calling),
    (Phase::Idle, "INVITE", Phase::Called),
    (Phase::Calling, "ACCEPT", Phase::InCall),
    (Phase::Calling, "cancel · REJECT · CLOSE · ring limit · failure", Phase::Idle),
    (Phase::Calling, "INVITE (glare)", Phase::GlareAccepting),
    (Phase::GlareAccepting, "accept granted · own accepted", Phase::InCall),
    (Phase::GlareAccepting, "accept refused", Phase::Calling),
    (Phase::GlareAccepting, "cancel · both invites over", Phase::Idle),
    (Phase::Idle, "INVITE (accepted before)", Phase::Accepting),
    (Phase::Called, "accept", Phase::Accepting),
    (Phase::Called, "reject · CANCEL · other device · ring limit", Phase::Idle),
    (Phase::Accepting, "accept granted", Phase::InCall),
    (Phase::Accepting, "reject · accept refused", Phase::Idle),
    (Phase::InCall, "hangup · leave · CLOSE · LEAVE · peer gone", Phase::Idle),
];

/// The states with their inner states, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "State, Glare and Accepting explain each")]
pub enum Phase {
    Idle,
    Calling,
    GlareAccepting,
    Called,
    Accepting,
    InCall,
}

/// State of a logged-in client. Data lives in the state that needs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum State {
    /// Free to call or to be called.
    Idle,
    /// We called `own.options.user`, who has not answered.
    Calling(Box<Calling>),
    /// We were invited and the app has not answered.
    Called(Box<Called>),
    /// Both sides accepted; media is being set up or connected.
    InCall(Box<InCall>),
}

/// We invited an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Calling {
    pub(super) own: OutgoingInvite,
    pub(super) glare: Glare,
}

/// Our own invite.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct OutgoingInvite {
    /// Local number of the call.
    pub(super) no: u64,
    /// The call() that made it.
    pub(super) issued_by: Ticket,
    /// Its completion was emitted.
    pub(super) confirmed: bool,
    pub(super) options: CallOptions,
    pub(super) request_id: Text,
    pub(super) call_id: Text,
    /// Empty until the channel is created.
    pub(super) channel_id: Text,
    /// 0 until the channel is joined.
    pub(super) uid: u64,
    pub(super) rtc_token: Text,
    pub(super) step: InviteStage,
    /// The peer may have received it.
    pub(super) issued: bool,
    /// The app was notified that a device of the peer rings.
    #[serde(default)]
    pub(super) is_ringing: bool,
    /// When call() came; for ring_ms.
    pub(super) since: Time,
    /// Ring limit, from the issue of the invite on.
    pub(super) ring_until: Time,
    /// The peer, whose accept is in flight, has switched to this type.
    pub(super) switched: Option<CallType>,
    /// Texts of the peer, whose accept is in flight.
    #[serde(default)]
    pub(super) texts: PeerTexts,
}

/// How far our own invite is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum InviteStage {
    /// The channel is being created.
    Creating(Req),
    /// The channel is being joined.
    Joining(Req),
    /// Nothing was sent to the peer, because we are accepting its own invite.
    Held,
    /// The invite was issued; the service has not confirmed it.
    Inviting(Req),
    /// The peer rings.
    Invited,
    /// The ring limit expired: our cancel is pending, and the service may still report "accepted".
    TimingOut(Req),
    /// Winner of a glare, no answer in time: our cancel is under way so that we can take the peer's invite.
    Yielding(Req),
    /// Final, and its teardown is running; only the call continues, with the peer's invite.
    Over,
}

impl OutgoingInvite {
    /// The peer may know of this invite, and it is not final.
    pub(super) fn is_out(&self) -> bool {
        match self.step {
            InviteStage::Creating(_) | InviteStage::Joining(_) | InviteStage::Held | InviteStage::Over => {
                false
            }
            InviteStage::Inviting(_)
            | InviteStage::Invited
            | InviteStage::TimingOut(_)
            | InviteStage::Yielding(_) => true,
        }
    }

    /// The media room that our invite names.
    pub(super) fn rtc_channel(&self) -> Text {
        Text::concat(&[&self.channel_id, "|0|", itoa::Buffer::new().format(self.uid)])
    }
}

/// An invite to us.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Invite {
    pub(super) from: Text,
    pub(super) channel_id: Text,
    pub(super) request_id: Text,
    pub(super) call_type: CallType,
    /// The whole attachment, for the answer's echo.
    #[serde(rename = "custom")]
    pub(super) custom_info: Text,
    pub(super) call_id: Text,
    pub(super) channel_name: Text,
    pub(super) attachment: Text,
    /// From a client before 1.1.0.
    pub(super) old: bool,
    /// It has no version.
    pub(super) is_versionless: bool,
    /// The inviter's app takes data.
    #[serde(default)]
    pub(super) takes_data: bool,
    /// The inviter, which has our accept already, has switched to this type.
    pub(super) switched: Option<CallType>,
    /// Texts of the inviter, which has our accept already.
    #[serde(default)]
    pub(super) texts: PeerTexts,
    pub(super) offline: bool,
    /// Service clock: of two invites of one person the newer counts.
    pub(super) create_ms: u64,
    /// Service clock.
    pub(super) time_ms: u64,
    /// When it must have stopped ringing at the latest (age limit).
    pub(super) expires: Time,
}

impl Invite {
    pub(super) fn is_same(&self, other: &Invite) -> bool {
        self.has_ids(&other.channel_id, &other.request_id)
    }

    pub(super) fn has_ids(&self, channel: &str, request: &str) -> bool {
        &*self.channel_id == channel && &*self.request_id == request
    }
}

/// The relation between our own invite and the peer's (protocol: make before break).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Glare {
    /// The peer has not called us.
    None,
    /// Our invite wins; the peer's is parked until ours resolves. `until` = when we yield; None = the service
    /// reported that ours is accepted, so the answer is in flight.
    #[serde(rename = "Parked")]
    Parked { invite: Invite, until: Option<Time> },
    /// Theirs wins, or ours has ended: we are accepting theirs.
    Accepting { invite: Invite, req: Req, closed: Option<Text>, control: bool, own_outcome: OwnOutcome },
}

/// What became of our own invite while we are accepting the peer's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum OwnOutcome {
    /// Nothing yet.
    Open,
    /// The peer accepted it; the text of its answer, None if only the service reported it.
    Accepted(Option<Text>),
    /// It has ended, and this is how the call ends if theirs fails.
    Over(InviteFailure),
}

/// How an own invite came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum InviteFailure {
    /// The peer rejected it.
    Rejected { reason: Reason, extra: Text },
    /// The peer closed the channel; its app's text.
    Closed(Text),
    /// An operation failed.
    Failed { code: Code, raw_code: i32, message: Text },
    /// No answer.
    TimedOut,
    /// The peer's device has media incompatible with ours.
    OtherMedia,
}

/// An incoming call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Called {
    pub(super) no: u64,
    pub(super) invite: Invite,
    pub(super) since: Time,
    pub(super) ring_until: Time,
    /// The app accepted and the service has not decided.
    pub(super) accepting: Option<Accepting>,
    /// A newer invite of the same person: rings when this one ends.
    pub(super) parked: Option<Invite>,
}

/// Our accept is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Accepting {
    pub(super) req: Req,
    /// accept() may be called more than once; all share the outcome.
    pub(super) tickets: Vec<Ticket>,
    /// The channel was closed meanwhile; its teardown's text.
    pub(super) closed: Option<Text>,
    /// A legacy caller sent "join now" meanwhile.
    pub(super) control: bool,
}

/// In a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct InCall {
    pub(super) no: u64,
    /// The call() that led here, if it was ours.
    pub(super) issued_by: Option<Ticket>,
    pub(super) peer: Text,
    pub(super) call_type: CallType,
    /// What the inviter attached.
    pub(super) attachment: Text,
    pub(super) channel_id: Text,
    pub(super) request_id: Text,
    pub(super) call_id: Text,
    pub(super) rtc_channel: Text,
    pub(super) own_uid: u64,
    pub(super) rtc_token: Text,
    /// We sent the surviving invite.
    pub(super) is_inviter: bool,
    pub(super) no_record: bool,
    /// The peer understands control 3.
    pub(super) peer_has_call_id: bool,
    /// The peer is a client that ignores a switch to video.
    pub(super) peer_is_versionless: bool,
    /// The peer's app takes data.
    #[serde(default)]
    pub(super) peer_takes_data: bool,
    /// From and to the peer.
    #[serde(default)]
    pub(super) texts: PeerTexts,
    pub(super) ring_ms: u64,
    pub(super) entry: JoinStage,
    /// Media must be up by then; None once it is.
    pub(super) connect_by: Option<Time>,
    /// None until the peer is in the media room.
    pub(super) peer_uid: Option<u64>,
    /// What the peer sends and mutes; reported to the app once the peer has entered.
    pub(super) peer_media: PeerMedia,
    /// What was reported last about the security of media.
    #[serde(default)]
    pub(super) secured: Option<Box<MediaSecured>>,
    pub(super) connected_at: Option<Time>,
    /// The peer left the media room intentionally; a CLOSE or LEAVE may still follow.
    pub(super) peer_left: Option<Time>,
    pub(super) silence: Option<Silence>,
    /// Signaling receives nothing from the peer's device: the call lasts as long as media does.
    pub(super) is_unheard: bool,
    /// The app's user agreed to this call being a video call, so the camera may start.
    pub(super) camera_allowed: bool,
    pub(super) switch: Option<Switch>,
    /// Ids of the own invite that a glare replaced: the app may still use them.
    pub(super) alias: Option<(Text, Text)>,
    /// Own invite to a legacy client that must not be cancelled while this call lives.
    #[serde(rename = "legacy_invite")]
    pub(super) legacy_invite: Option<OutgoingInvite>,
}

/// Progress of our join of the media room.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum JoinStage {
    /// Joining the signaling channel; `wait` = a legacy caller has to send "join now" by then.
    Signaling { req: Req, wait: Option<Time> },
    /// In the signaling channel; a legacy caller has to send "join now" by then.
    Waiting { until: Time },
    /// The join of the media room was issued.
    Joining {
        #[serde(rename = "notify_legacy_peer")]
        notify_legacy_peer: bool,
    },
    /// In the media room.
    Joined,
}

/// What the peer sends and mutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct PeerMedia {
    /// The peer's account, while it has not entered; a call has two.
    pub(super) uid: u64,
    pub(super) sending: Media,
    pub(super) muted: Media,
}

/// Nothing arrives from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Silence {
    /// on_reconnecting was emitted.
    pub(super) notified: bool,
    /// When it is emitted.
    #[serde(rename = "notify_at")]
    pub(super) notify_at: Time,
    /// When the peer counts as gone.
    pub(super) lost_at: Time,
}

/// An open question about the call type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Switch {
    pub(super) target: CallType,
    /// We asked.
    pub(super) ours: bool,
    pub(super) until: Time,
}

impl State {
    /// 0 idle, 1 calling, 2 called, 3 in call.
    pub(super) fn number(&self) -> i32 {
        match self {
            State::Idle => 0,
            State::Calling(_) => 1,
            State::Called(_) => 2,
            State::InCall(_) => 3,
        }
    }

    /// State and inner state.
    pub(super) fn phase(&self) -> Phase {
        match self {
            State::Idle => Phase::Idle,
            State::Calling(calling) => match calling.glare {
                Glare::None | Glare::Parked { .. } => Phase::Calling,
                Glare::Accepting { .. } => Phase::GlareAccepting,
            },
            State::Called(called) if called.accepting.is_none() => Phase::Called,
            State::Called(_) => Phase::Accepting,
            State::InCall(_) => Phase::InCall,
        }
    }

    /// The live call; 0 = none.
    pub(super) fn call_no(&self) -> u64 {
        match self {
            State::Idle => 0,
            State::Calling(calling) => calling.own.no,
            State::Called(called) => called.no,
            State::InCall(call) => call.no,
        }
    }

    /// In a call that joins its media room or is in it.
    pub(super) fn is_past_join(&self) -> bool {
        match self {
            State::InCall(call) => matches!(call.entry, JoinStage::Joining { .. } | JoinStage::Joined),
            State::Idle | State::Calling(_) | State::Called(_) => false,
        }
    }

    /// The other party; empty when idle.
    pub(super) fn peer(&self) -> Text {
        match self {
            State::Idle => Text::default(),
            State::Calling(calling) => calling.own.options.user.clone(),
            State::Called(called) => called.invite.from.clone(),
            State::InCall(call) => call.peer.clone(),
        }
    }
}

/// Traces from before texts went from peer to peer do not name it.
fn no_join() -> Req {
    Req(0)
}

/// Joining and leaving the media room. The next join waits for the last leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum MediaRoom {
    /// Out.
    Out,
    /// Issued, for this call.
    Joining { call: u64, req: Req },
    /// In, for this call, by this join.
    In {
        call: u64,
        #[serde(default = "no_join")]
        req: Req,
    },
    /// Leaving; the call that joins next.
    Leaving { req: Req, next: Option<u64> },
}

/// What the app set about its own media. `None` = the call's type decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Local {
    pub(super) microphone: Option<bool>,
    pub(super) camera: Option<bool>,
    pub(super) muted: Media,
    pub(super) remote_muted: Media,
    pub(super) local_view: Option<View>,
    pub(super) remote_view: Option<View>,
}

/// The call that ended last: a request that names it is not a mismatch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) no: u64,
    pub(super) issued_by: Option<Ticket>,
    pub(super) peer: Text,
    pub(super) channel_id: Text,
    pub(super) request_id: Text,
}

/// Facts of an ending call that its last event needs.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) reason: EndReason,
    pub(super) extra: Text,
}

impl From<EndReason> for Ending {
    fn from(reason: EndReason) -> Ending {
        Ending { reason, extra: Text::default() }
    }
}

/// Who is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Session {
    /// Nobody.
    LoggedOut,
    /// The login is pending. Messages and channel states before its completion wait; the messages then form
    /// one backlog.
    LoggingIn {
        account: Text,
        tickets: Vec<Ticket>,
        early: Vec<signaling::Event>,
        channel_states: Vec<ChannelState>,
        #[serde(default)]
        records: Vec<(Text, Record)>,
    },
    /// `clock` = the service's clock minus ours, if it reported it.
    LoggedIn { account: Text, clock: Option<u64> },
    /// The live call is being torn down, until `until`; then the service is asked (None).
    LoggingOut { account: Text, until: Option<Time>, tickets: Vec<Ticket>, next: Vec<NextLogin> },
    /// A login was aborted, and the backend has not confirmed that yet. `tickets` = logouts.
    Aborting { tickets: Vec<Ticket>, next: Vec<NextLogin> },
}

/// A login requested during a logout, or while an earlier one was being aborted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct NextLogin {
    pub(super) ticket: Ticket,
    pub(super) account: Text,
    pub(super) token: Text,
}

/// The way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Closing {
    No,
    /// Closing; what is not done by then is not waited for.
    Until(Time),
    Closed,
}

impl Session {
    pub(super) fn is_logged_in(&self) -> bool {
        matches!(self, Session::LoggedIn { .. })
    }

    /// The account, empty when logged out.
    pub(super) fn account(&self) -> Text {
        self.account_ref().cloned().unwrap_or_default()
    }

    /// None: logged out.
    pub(super) fn account_ref(&self) -> Option<&Text> {
        match self {
            Session::LoggedOut | Session::Aborting { .. } => None,
            Session::LoggingIn { account, .. }
            | Session::LoggedIn { account, .. }
            | Session::LoggingOut { account, .. } => Some(account),
        }
    }
}

/// What a session still needs of its app and of its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Tokens {
    /// The app was asked for a token and has not answered.
    pub(super) is_asked: bool,
    /// When the session ends without one; at a login, its own limit counts.
    pub(super) until: Option<Time>,
    /// There is none: the session ends with this once no media needs it any more.
    pub(super) refused: Option<Box<Outcome>>,
    /// Logins of the account that is logged in, while the connection is lost, and their limits.
    pub(super) logins: Vec<(Ticket, Time)>,
}

/// What a call reference turned out to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallMatch {
    /// The live call.
    Live,
    /// A call that has ended.
    Ended,
    /// None that we know.
    Other,
    /// The app named none and none was shown to it.
    Unnamed,
}
