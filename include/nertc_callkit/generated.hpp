// Written by bindings/generate.py from the C headers. Do not edit.
// Part of nertc_callkit.hpp: include that.
#ifndef NERTC_CALLKIT_GENERATED_HPP
#define NERTC_CALLKIT_GENERATED_HPP

#include "support.hpp"
#include "loopback.h"
#include "mqtt.h"
#include "webrtc.h"

namespace callkit {

/// What a function returns: 0 = accepted, negative = refused and nothing follows.
enum class Status : int32_t {
  /// Accepted.
  ok = NERTC_CALLKIT_STATUS_OK,
  /// A NULL, invalid UTF-8, a text that is too long, an unknown value: fix the call.
  invalid_argument = NERTC_CALLKIT_STATUS_INVALID_ARGUMENT,
  /// The handle was released, destroyed, never existed, or belongs to the process before a fork.
  closed = NERTC_CALLKIT_STATUS_CLOSED,
  /// Too much is queued: dispatch, or try again later.
  queue_full = NERTC_CALLKIT_STATUS_QUEUE_FULL,
  /// Not from inside a callback: return first, or use release.
  reentrant = NERTC_CALLKIT_STATUS_REENTRANT,
  /// This library or backend cannot do it.
  unsupported = NERTC_CALLKIT_STATUS_UNSUPPORTED,
  /// A system resource is exhausted or an internal error occurred; see the log.
  internal = NERTC_CALLKIT_STATUS_INTERNAL,
};

/// What a completion, an event or a backend reports: 0 = success. Signaling codes keep NIM's V1
/// numbers.
enum class Code : int32_t {
  /// Success.
  ok = NERTC_CALLKIT_CODE_OK,
  /// Wrong token or password.
  bad_token = NERTC_CALLKIT_CODE_BAD_TOKEN,
  /// No answer in time.
  timeout = NERTC_CALLKIT_CODE_TIMEOUT,
  /// The peer is offline, a push can reach it (counts as success).
  peer_offline = NERTC_CALLKIT_CODE_PEER_OFFLINE,
  /// The peer is offline and no push reaches it (counts as success).
  peer_push_offline = NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE,
  /// The channel does not exist any more.
  channel_not_exists = NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS,
  /// A channel of this name exists.
  channel_exists = NERTC_CALLKIT_CODE_CHANNEL_EXISTS,
  /// Not a member of the channel.
  not_member = NERTC_CALLKIT_CODE_NOT_MEMBER,
  /// Already a member of the channel.
  already_member = NERTC_CALLKIT_CODE_ALREADY_MEMBER,
  /// The invite does not exist, was cancelled or has expired.
  invite_not_exists = NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS,
  /// The invite was rejected.
  invite_rejected = NERTC_CALLKIT_CODE_INVITE_REJECTED,
  /// The invite was accepted.
  invite_accepted = NERTC_CALLKIT_CODE_INVITE_ACCEPTED,
  /// The media uid is taken.
  uid_conflict = NERTC_CALLKIT_CODE_UID_CONFLICT,
  /// The channel is full.
  member_limit = NERTC_CALLKIT_CODE_MEMBER_LIMIT,
  /// This account is in the channel with another device.
  other_device = NERTC_CALLKIT_CODE_OTHER_DEVICE,
  /// Log in first.
  not_logged_in = NERTC_CALLKIT_CODE_NOT_LOGGED_IN,
  /// call: already calling.
  call_in_calling = NERTC_CALLKIT_CODE_CALL_IN_CALLING,
  /// call: an incoming call is ringing.
  call_in_called = NERTC_CALLKIT_CODE_CALL_IN_CALLED,
  /// call: already in a call.
  call_in_call = NERTC_CALLKIT_CODE_CALL_IN_CALL,
  /// hangup: no call.
  hangup_in_idle = NERTC_CALLKIT_CODE_HANGUP_IN_IDLE,
  /// leave: no call.
  leave_in_idle = NERTC_CALLKIT_CODE_LEAVE_IN_IDLE,
  /// leave: still calling; use cancel.
  leave_in_calling = NERTC_CALLKIT_CODE_LEAVE_IN_CALLING,
  /// leave: still ringing; use reject.
  leave_in_called = NERTC_CALLKIT_CODE_LEAVE_IN_CALLED,
  /// cancel: no call.
  cancel_in_idle = NERTC_CALLKIT_CODE_CANCEL_IN_IDLE,
  /// cancel: we are the called side; use reject.
  cancel_in_called = NERTC_CALLKIT_CODE_CANCEL_IN_CALLED,
  /// cancel: already in the call; use hangup.
  cancel_in_call = NERTC_CALLKIT_CODE_CANCEL_IN_CALL,
  /// accept: no incoming call.
  accept_in_idle = NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE,
  /// accept: we are the calling side.
  accept_in_calling = NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING,
  /// accept: already in the call.
  accept_in_call = NERTC_CALLKIT_CODE_ACCEPT_IN_CALL,
  /// reject: no incoming call.
  reject_in_idle = NERTC_CALLKIT_CODE_REJECT_IN_IDLE,
  /// reject: we are the calling side; use cancel.
  reject_in_calling = NERTC_CALLKIT_CODE_REJECT_IN_CALLING,
  /// reject: already in the call; use hangup.
  reject_in_call = NERTC_CALLKIT_CODE_REJECT_IN_CALL,
  /// switch_call_type: no call.
  switch_in_idle = NERTC_CALLKIT_CODE_SWITCH_IN_IDLE,
  /// switch_call_type: nobody has answered yet.
  switch_in_calling = NERTC_CALLKIT_CODE_SWITCH_IN_CALLING,
  /// switch_call_type: not answered yet.
  switch_in_called = NERTC_CALLKIT_CODE_SWITCH_IN_CALLED,
  /// The reference names another call than the running one.
  call_mismatch = NERTC_CALLKIT_CODE_CALL_MISMATCH,
  /// Logged in with another account: log out first.
  already_logged_in = NERTC_CALLKIT_CODE_ALREADY_LOGGED_IN,
  /// The client was released or destroyed, or logged out, before this was done.
  shutting_down = NERTC_CALLKIT_CODE_SHUTTING_DOWN,
  /// A later request of the app superseded this one.
  superseded = NERTC_CALLKIT_CODE_SUPERSEDED,
  /// Something exceeds a documented limit.
  limit = NERTC_CALLKIT_CODE_LIMIT,
  /// Media did not connect in time after the call was accepted.
  rtc_timeout = NERTC_CALLKIT_CODE_RTC_TIMEOUT,
  /// The backend does not offer this operation.
  unsupported = NERTC_CALLKIT_CODE_UNSUPPORTED,
  /// The backend could not be opened or violated its contract.
  backend_failed = NERTC_CALLKIT_CODE_BACKEND_FAILED,
  /// The request is invalid, for example calling oneself.
  invalid_argument = NERTC_CALLKIT_CODE_INVALID_ARGUMENT,
  /// send_data: not in a call.
  not_in_call = NERTC_CALLKIT_CODE_NOT_IN_CALL,
  /// The media backends of the two sides are incompatible.
  media_mismatch = NERTC_CALLKIT_CODE_MEDIA_MISMATCH,
  /// Media does not provably reach the right peer: somebody on the way may listen, or the security
  /// code that is required is missing.
  media_not_secure = NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE,
  /// on_error: no such microphone or speaker, or none at all. The call goes on without; the
  /// system's default is used where there is one.
  device_not_found = NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND,
  /// on_error: the system does not let this program use the microphone or the speaker.
  device_denied = NERTC_CALLKIT_CODE_DEVICE_DENIED,
  /// on_error: another program has the microphone or the speaker, or it does not answer. It is
  /// tried again.
  device_busy = NERTC_CALLKIT_CODE_DEVICE_BUSY,
};

/// Why a call ended: NetEase's terminal codes.
enum class EndReason : int32_t {
  /// Ended by leave, logout or release.
  normal = NERTC_CALLKIT_END_NORMAL,
  /// No answer.
  timeout = NERTC_CALLKIT_END_TIMEOUT,
  /// The called side was busy.
  busy = NERTC_CALLKIT_END_BUSY,
  /// Media did not connect in time, or joining the media room failed.
  rtc_join_failed = NERTC_CALLKIT_END_RTC_JOIN_FAILED,
  /// The call could not be placed.
  call_failed = NERTC_CALLKIT_END_CALL_FAILED,
  /// This device was kicked.
  kicked = NERTC_CALLKIT_END_KICKED,
  /// The own media connection was lost permanently.
  rtc_disconnected = NERTC_CALLKIT_END_RTC_DISCONNECTED,
  /// We cancelled.
  cancelled = NERTC_CALLKIT_END_CANCELLED,
  /// The caller cancelled.
  peer_cancelled = NERTC_CALLKIT_END_PEER_CANCELLED,
  /// We rejected.
  rejected = NERTC_CALLKIT_END_REJECTED,
  /// The called side rejected.
  peer_rejected = NERTC_CALLKIT_END_PEER_REJECTED,
  /// We hung up.
  hung_up = NERTC_CALLKIT_END_HUNG_UP,
  /// The peer hung up.
  peer_hung_up = NERTC_CALLKIT_END_PEER_HUNG_UP,
  /// Another device of this account rejected.
  other_rejected = NERTC_CALLKIT_END_OTHER_REJECTED,
  /// Another device of this account accepted.
  other_accepted = NERTC_CALLKIT_END_OTHER_ACCEPTED,
  /// The peer's connection was lost.
  peer_disconnected = NERTC_CALLKIT_END_PEER_DISCONNECTED,
  /// The peer left.
  peer_left = NERTC_CALLKIT_END_PEER_LEFT,
  /// Our accept failed.
  accept_failed = NERTC_CALLKIT_END_ACCEPT_FAILED,
  /// The media backends of the two sides are incompatible.
  media_mismatch = NERTC_CALLKIT_END_MEDIA_MISMATCH,
  /// Media does not provably reach the right peer (NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE).
  media_not_secure = NERTC_CALLKIT_END_MEDIA_NOT_SECURE,
};

/// State of a client.
enum class State : int32_t {
  /// Free to call or to be called.
  idle = NERTC_CALLKIT_STATE_IDLE,
  /// We invited an account that has not answered.
  calling = NERTC_CALLKIT_STATE_CALLING,
  /// We were invited and have not answered.
  called = NERTC_CALLKIT_STATE_CALLED,
  /// Both sides have accepted.
  in_call = NERTC_CALLKIT_STATE_IN_CALL,
};

/// What a completion or an error belongs to.
enum class Operation : uint32_t {
  /// Nothing in particular.
  none = NERTC_CALLKIT_OPERATION_NONE,
  /// nertc_callkit_login.
  login = NERTC_CALLKIT_OPERATION_LOGIN,
  /// nertc_callkit_logout.
  logout = NERTC_CALLKIT_OPERATION_LOGOUT,
  /// nertc_callkit_call.
  call = NERTC_CALLKIT_OPERATION_CALL,
  /// nertc_callkit_cancel.
  cancel = NERTC_CALLKIT_OPERATION_CANCEL,
  /// nertc_callkit_accept.
  accept = NERTC_CALLKIT_OPERATION_ACCEPT,
  /// nertc_callkit_reject.
  reject = NERTC_CALLKIT_OPERATION_REJECT,
  /// nertc_callkit_hangup.
  hangup = NERTC_CALLKIT_OPERATION_HANGUP,
  /// nertc_callkit_leave.
  leave = NERTC_CALLKIT_OPERATION_LEAVE,
  /// nertc_callkit_switch_call_type.
  switch_ = NERTC_CALLKIT_OPERATION_SWITCH,
  /// nertc_callkit_enable_local.
  enable_local = NERTC_CALLKIT_OPERATION_ENABLE_LOCAL,
  /// nertc_callkit_mute_local.
  mute_local = NERTC_CALLKIT_OPERATION_MUTE_LOCAL,
  /// nertc_callkit_mute_remote.
  mute_remote = NERTC_CALLKIT_OPERATION_MUTE_REMOTE,
  /// nertc_callkit_set_local_view.
  local_view = NERTC_CALLKIT_OPERATION_LOCAL_VIEW,
  /// nertc_callkit_set_remote_view.
  remote_view = NERTC_CALLKIT_OPERATION_REMOTE_VIEW,
  /// Joining the media room.
  rtc = NERTC_CALLKIT_OPERATION_RTC,
  /// Sending the call record.
  record = NERTC_CALLKIT_OPERATION_RECORD,
  /// Closing or leaving the channel of an ended call.
  close = NERTC_CALLKIT_OPERATION_CLOSE,
  /// Something that a backend reported unasked.
  backend = NERTC_CALLKIT_OPERATION_BACKEND,
  /// nertc_callkit_send_data.
  send_data = NERTC_CALLKIT_OPERATION_SEND_DATA,
  /// A text of the media backend to its peer.
  negotiation = NERTC_CALLKIT_OPERATION_NEGOTIATION,
};

/// Who runs the callbacks.
enum class Delivery : int32_t {
  /// The library's worker thread.
  worker = NERTC_CALLKIT_DELIVERY_WORKER,
  /// The app, inside nertc_callkit_dispatch.
  app = NERTC_CALLKIT_DELIVERY_APP,
};

/// Which worker thread serves the client.
enum class Worker : int32_t {
  /// The one that all clients of the process share.
  shared = NERTC_CALLKIT_WORKER_SHARED,
  /// One of its own: a callback that blocks delays no other client.
  own = NERTC_CALLKIT_WORKER_OWN,
};

/// Audio or video.
enum class CallType : int32_t {
  /// Audio only.
  audio = NERTC_CALLKIT_CALL_TYPE_AUDIO,
  /// Audio and video.
  video = NERTC_CALLKIT_CALL_TYPE_VIDEO,
  /// Something else; only reported, never requested.
  other = NERTC_CALLKIT_CALL_TYPE_OTHER,
};

/// Flags of nertc_callkit_invited_event.
enum class InvitedFlag : uint32_t {
  /// No flag.
  none = 0,
  /// The invite waited while this device was offline.
  offline = NERTC_CALLKIT_INVITED_OFFLINE,
  /// The app has answered already (NERTC_CALLKIT_CALL_REF_WAIT): do not ring.
  answered = NERTC_CALLKIT_INVITED_ANSWERED,
};
CALLKIT_FLAGS(InvitedFlag)

/// Flags of nertc_callkit_call_ref.
enum class CallRefFlag : uint32_t {
  /// No flag.
  none = 0,
  /// accept, reject: if that call is not here yet, wait for it, also before login. account,
  /// channel_id and request_id are mandatory, call_no is 0; else INVALID_ARGUMENT.
  wait = NERTC_CALLKIT_CALL_REF_WAIT,
};
CALLKIT_FLAGS(CallRefFlag)

/// Which connection an event is about.
enum class Transport : int32_t {
  /// Signaling.
  signaling = NERTC_CALLKIT_TRANSPORT_SIGNALING,
  /// Media.
  media = NERTC_CALLKIT_TRANSPORT_MEDIA,
};

/// Media quality.
enum class Quality : int32_t {
  /// Unknown.
  unknown = NERTC_CALLKIT_QUALITY_UNKNOWN,
  /// Good.
  good = NERTC_CALLKIT_QUALITY_GOOD,
  /// Usable.
  poor = NERTC_CALLKIT_QUALITY_POOR,
  /// Hardly usable.
  bad = NERTC_CALLKIT_QUALITY_BAD,
  /// Nothing arrives.
  down = NERTC_CALLKIT_QUALITY_DOWN,
};

/// Steps of a call-type switch.
enum class CallTypeAction : int32_t {
  /// Request the other type.
  request = NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST,
  /// Accept the peer's request.
  accept = NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT,
  /// Reject the peer's request.
  reject = NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT,
};

/// Outcome written into a call record.
enum class RecordStatus : int32_t {
  /// The call took place.
  complete = NERTC_CALLKIT_RECORD_COMPLETE,
  /// The caller cancelled.
  cancelled = NERTC_CALLKIT_RECORD_CANCELLED,
  /// The called side rejected.
  rejected = NERTC_CALLKIT_RECORD_REJECTED,
  /// No answer.
  timeout = NERTC_CALLKIT_RECORD_TIMEOUT,
  /// The called side was busy.
  busy = NERTC_CALLKIT_RECORD_BUSY,
};

/// Why an invite never rang.
enum class MissedReason : int32_t {
  /// The caller cancelled first.
  cancelled = NERTC_CALLKIT_MISSED_CANCELLED,
  /// It was too old.
  expired = NERTC_CALLKIT_MISSED_EXPIRED,
  /// We were busy when we came back online.
  busy = NERTC_CALLKIT_MISSED_BUSY,
  /// Another device answered it.
  answered_elsewhere = NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE,
  /// A newer invite of the same account replaced it.
  replaced = NERTC_CALLKIT_MISSED_REPLACED,
  /// A group call, which this library does not support.
  group = NERTC_CALLKIT_MISSED_GROUP,
  /// The call policy refused it.
  blocked = NERTC_CALLKIT_MISSED_BLOCKED,
  /// The caller called too often.
  rate_limited = NERTC_CALLKIT_MISSED_RATE_LIMITED,
  /// The caller's media backend is incompatible with ours; other devices of the account may ring.
  media_mismatch = NERTC_CALLKIT_MISSED_MEDIA_MISMATCH,
};

/// How far media provably reaches the right peer.
enum class Security : int32_t {
  /// No media yet.
  none = NERTC_CALLKIT_SECURITY_NONE,
  /// Encrypted, but the peer gives no code: whoever runs the signaling service could listen.
  no_code = NERTC_CALLKIT_SECURITY_NO_CODE,
  /// Encrypted; the code waits to be compared by the two users.
  unverified = NERTC_CALLKIT_SECURITY_UNVERIFIED,
  /// The users compared the code, or the app's keys signed both fingerprints.
  verified = NERTC_CALLKIT_SECURITY_VERIFIED,
  /// Commitment, fingerprint or signature is wrong, or the users' codes differ: media is stopped
  /// and the call ends.
  mismatch = NERTC_CALLKIT_SECURITY_MISMATCH,
};

/// Media bits.
enum class Media : uint32_t {
  /// No flag.
  none = 0,
  /// Microphone, audio.
  audio = NERTC_CALLKIT_MEDIA_AUDIO,
  /// Camera, video.
  video = NERTC_CALLKIT_MEDIA_VIDEO,
};
CALLKIT_FLAGS(Media)

/// Flags of nertc_callkit_call_info.
enum class CallInfoFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Both sides are in the media room.
  connected = NERTC_CALLKIT_CALL_INFO_CONNECTED,
  /// Our invite is the one that counts: this side offers. Never set on both sides. Final once in
  /// the call.
  inviter = NERTC_CALLKIT_CALL_INFO_INVITER,
};
CALLKIT_FLAGS(CallInfoFlag)

/// Whose invites ring.
enum class PolicyRule : int32_t {
  /// Everybody's.
  everybody = NERTC_CALLKIT_POLICY_EVERYBODY,
  /// Those of `accounts`.
  only_listed = NERTC_CALLKIT_POLICY_ONLY_LISTED,
  /// All but those of `accounts`.
  all_but_listed = NERTC_CALLKIT_POLICY_ALL_BUT_LISTED,
  /// Nobody's: do not disturb.
  nobody = NERTC_CALLKIT_POLICY_NOBODY,
};

/// How a caller who may not ring is answered.
enum class PolicyAnswer : int32_t {
  /// Nothing, as if this device were off: other devices of the account ring on.
  silent = NERTC_CALLKIT_POLICY_SILENT,
  /// Busy from this device: counts when no other device of the account rings within 2 s.
  busy = NERTC_CALLKIT_POLICY_BUSY,
};

/// Flags of nertc_callkit_call_policy.
enum class PolicyFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Refused invites are not reported as on_missed_call.
  no_missed = NERTC_CALLKIT_POLICY_NO_MISSED,
};
CALLKIT_FLAGS(PolicyFlag)

/// Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and nertc_callkit_leave.
enum class CallFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Do not keep the message for devices that are offline (offlineEnabled = false).
  offline = NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE,
  /// Send no call record (sendMsg = false). cancel and hangup while calling.
  record = NERTC_CALLKIT_CALL_FLAG_NO_RECORD,
};
CALLKIT_FLAGS(CallFlag)

/// How important a log line is. A callback gets its level and everything more important.
enum class LogLevel : int32_t {
  /// Nothing.
  off = NERTC_CALLKIT_LOG_OFF,
  /// A bug in this library.
  error = NERTC_CALLKIT_LOG_ERROR,
  /// Unusual but handled.
  warn = NERTC_CALLKIT_LOG_WARN,
  /// State changes.
  info = NERTC_CALLKIT_LOG_INFO,
  /// What was ignored or retried, and why.
  debug = NERTC_CALLKIT_LOG_DEBUG,
};

/// Flags of nertc_callkit_set_log_callback.
enum class LogFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Write accounts, ids and attachments as they are instead of redacted. Tokens stay redacted.
  personal = NERTC_CALLKIT_LOG_PERSONAL,
};
CALLKIT_FLAGS(LogFlag)

/// Flags of nertc_callkit_trace_start.
enum class TraceFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Write accounts, texts and attachments as they are. Tokens stay hidden.
  personal = NERTC_CALLKIT_TRACE_PERSONAL,
};
CALLKIT_FLAGS(TraceFlag)

/// Flags of nertc_callkit_hub_create.
enum class HubFlag : uint32_t {
  /// No flag.
  none = 0,
  /// One device an account: a second login kicks the first.
  single_device = NERTC_CALLKIT_HUB_SINGLE_DEVICE,
  /// The hub writes the record of a completed call, as NetEase's server does.
  server_record = NERTC_CALLKIT_HUB_SERVER_RECORD,
};
CALLKIT_FLAGS(HubFlag)

/// What a loopback fault does.
enum class FaultAction : int32_t {
  /// The message is lost.
  drop = NERTC_CALLKIT_FAULT_DROP,
  /// The message arrives twice.
  duplicate = NERTC_CALLKIT_FAULT_DUPLICATE,
  /// The message or the completion comes `delay_ms` later; ON_LOGIN: until then the device is not
  /// logged in.
  delay = NERTC_CALLKIT_FAULT_DELAY,
  /// The message arrives after the next one to the same device.
  reorder = NERTC_CALLKIT_FAULT_REORDER,
  /// The operation completes with `code` and has no effect.
  refuse = NERTC_CALLKIT_FAULT_REFUSE,
  /// The operation takes effect and never completes.
  no_answer = NERTC_CALLKIT_FAULT_NO_ANSWER,
  /// The device disconnects: it neither sends nor receives until it logs in again.
  crash = NERTC_CALLKIT_FAULT_CRASH,
  /// The device is kicked.
  kick = NERTC_CALLKIT_FAULT_KICK,
  /// The device's token has expired (ON_NOW, ON_LOGIN): on_token_needed, and there is no connection
  /// until nertc_callkit_set_token.
  expire_token = NERTC_CALLKIT_FAULT_EXPIRE_TOKEN,
};

/// What a loopback fault applies to: an operation of the device, or a message on its way to the
/// device.
enum class FaultOn : int32_t {
  /// At once, when the fault is added (CRASH, KICK, EXPIRE_TOKEN).
  now = NERTC_CALLKIT_FAULT_ON_NOW,
  /// Operation login.
  login = NERTC_CALLKIT_FAULT_ON_LOGIN,
  /// Operation logout.
  logout = NERTC_CALLKIT_FAULT_ON_LOGOUT,
  /// Operation create.
  create = NERTC_CALLKIT_FAULT_ON_CREATE,
  /// Operation join.
  join = NERTC_CALLKIT_FAULT_ON_JOIN,
  /// Operation invite.
  invite = NERTC_CALLKIT_FAULT_ON_INVITE,
  /// Operation cancel_invite.
  cancel = NERTC_CALLKIT_FAULT_ON_CANCEL,
  /// Operation accept.
  accept = NERTC_CALLKIT_FAULT_ON_ACCEPT,
  /// Operation reject.
  reject = NERTC_CALLKIT_FAULT_ON_REJECT,
  /// Operation leave.
  leave = NERTC_CALLKIT_FAULT_ON_LEAVE,
  /// Operation close.
  close = NERTC_CALLKIT_FAULT_ON_CLOSE,
  /// Operation control.
  control = NERTC_CALLKIT_FAULT_ON_CONTROL,
  /// Operation send_record.
  record = NERTC_CALLKIT_FAULT_ON_RECORD,
  /// Media operation join.
  rtc_join = NERTC_CALLKIT_FAULT_ON_RTC_JOIN,
  /// Media operation leave.
  rtc_leave = NERTC_CALLKIT_FAULT_ON_RTC_LEAVE,
  /// Message CLOSE.
  event_close = NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE,
  /// Message JOIN.
  event_join = NERTC_CALLKIT_FAULT_ON_EVENT_JOIN,
  /// Message INVITE.
  event_invite = NERTC_CALLKIT_FAULT_ON_EVENT_INVITE,
  /// Message CANCEL.
  event_cancel = NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL,
  /// Message REJECT.
  event_reject = NERTC_CALLKIT_FAULT_ON_EVENT_REJECT,
  /// Message ACCEPT.
  event_accept = NERTC_CALLKIT_FAULT_ON_EVENT_ACCEPT,
  /// Message LEAVE.
  event_leave = NERTC_CALLKIT_FAULT_ON_EVENT_LEAVE,
  /// Message CONTROL.
  event_control = NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL,
  /// Every media event.
  event_rtc = NERTC_CALLKIT_FAULT_ON_EVENT_RTC,
  /// Message RINGING.
  event_ringing = NERTC_CALLKIT_FAULT_ON_EVENT_RINGING,
};

/// Flags of nertc_callkit_mqtt_options.
enum class MqttFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Allows mqtt:// to other machines: anybody on the path can read tokens and calls.
  allow_plaintext = NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT,
  /// One device an account: a second login kicks the first.
  single_device = NERTC_CALLKIT_MQTT_SINGLE_DEVICE,
  /// A device that is busy does not end the ringing of the account's other devices.
  busy_is_local = NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL,
  /// The broker reports who was lost, so that a call with a lost device ends sooner. Its access
  /// rules must allow it: docs/BACKENDS.md.
  presence = NERTC_CALLKIT_MQTT_PRESENCE,
  /// A call does not end because signaling receives nothing from the peer: media decides.
  media_decides = NERTC_CALLKIT_MQTT_MEDIA_DECIDES,
};
CALLKIT_FLAGS(MqttFlag)

/// Flags of nertc_callkit_webrtc_options.
enum class WebrtcFlag : uint32_t {
  /// No flag.
  none = 0,
  /// Only addresses of TURN servers are used, and the peer learns no other. A join fails if there
  /// is none.
  relay_only = NERTC_CALLKIT_WEBRTC_RELAY_ONLY,
  /// Loopback addresses are used, too: for tests on one machine.
  loopback = NERTC_CALLKIT_WEBRTC_LOOPBACK,
  /// IPv6 is not used.
  no_ipv6 = NERTC_CALLKIT_WEBRTC_NO_IPV6,
  /// No microphone and no speaker is opened: the app brings sound with nertc_callkit_push_frame and
  /// takes it with on_frame or nertc_callkit_webrtc_pull_audio.
  app_audio = NERTC_CALLKIT_WEBRTC_APP_AUDIO,
  /// Microphone and speaker are open only while the app allows it with
  /// nertc_callkit_webrtc_set_audio_active: CallKit's audio session, Android's audio focus.
  manual_audio = NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO,
  /// No echo cancellation, noise suppression and gain control, because the system has its own.
  no_processing = NERTC_CALLKIT_WEBRTC_NO_PROCESSING,
  /// A peer whose client has no security code ends the call.
  require_code = NERTC_CALLKIT_WEBRTC_REQUIRE_CODE,
};
CALLKIT_FLAGS(WebrtcFlag)

/// What an address is that media goes through.
enum class Candidate : int32_t {
  /// Not connected.
  unknown = NERTC_CALLKIT_CANDIDATE_UNKNOWN,
  /// Of an interface.
  host = NERTC_CALLKIT_CANDIDATE_HOST,
  /// What a STUN server saw: that of a NAT.
  server_reflexive = NERTC_CALLKIT_CANDIDATE_SERVER_REFLEXIVE,
  /// What the other side saw, and no server before it.
  peer_reflexive = NERTC_CALLKIT_CANDIDATE_PEER_REFLEXIVE,
  /// Of a TURN server.
  relay = NERTC_CALLKIT_CANDIDATE_RELAY,
};

/// How an own TURN server is reached.
enum class RelayTransport : int32_t {
  /// No own relay is in use.
  none = NERTC_CALLKIT_RELAY_TRANSPORT_NONE,
  /// Over UDP.
  udp = NERTC_CALLKIT_RELAY_TRANSPORT_UDP,
  /// Over TCP.
  tcp = NERTC_CALLKIT_RELAY_TRANSPORT_TCP,
  /// Over TLS.
  tls = NERTC_CALLKIT_RELAY_TRANSPORT_TLS,
};

/// What a device is for.
enum class DeviceKind : int32_t {
  /// From the user.
  microphone = NERTC_CALLKIT_DEVICE_MICROPHONE,
  /// To the user.
  speaker = NERTC_CALLKIT_DEVICE_SPEAKER,
};

/// Flags of nertc_callkit_device.
enum class DeviceFlag : uint32_t {
  /// No flag.
  none = 0,
  /// The system uses it for programs that choose none.
  default_ = NERTC_CALLKIT_DEVICE_DEFAULT,
  /// The client has it open.
  in_use = NERTC_CALLKIT_DEVICE_IN_USE,
};
CALLKIT_FLAGS(DeviceFlag)

/// Names a call; what is 0 or empty is not compared. A call_no is one, too.
struct CallRef {
  std::uint64_t call_no = 0;
  std::string channel_id{}, account{}, request_id{};
  /// accept, reject: if that call is not here yet, wait for it.
  CallRefFlag flags = CallRefFlag::none;

  CallRef() = default;
  CallRef(std::uint64_t number) : call_no(number) {}
  explicit CallRef(const nertc_callkit_call_ref &raw)
      : call_no(raw.call_no), channel_id(detail::view(raw.channel_id)), account(detail::view(raw.account)),
        request_id(detail::view(raw.request_id)), flags(CallRefFlag(raw.flags)) {}
};

/// An incoming call. Lent until the callback returns.
class InvitedEvent {
  using C = nertc_callkit_invited_event;

 public:
  explicit InvitedEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  CallType call_type() const {
    return detail::has(raw(), &C::call_type) ? CallType(raw().call_type) : CallType();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  CallRef call() const { return CallRef(*raw().call); }
  std::string_view invitor() const {
    return detail::has(raw(), &C::invitor) ? detail::view(raw().invitor) : std::string_view();
  }
  std::vector<std::string_view> user_ids() const {
    return {raw().user_ids, raw().user_ids + raw().user_id_count};
  }
  bool is_from_group() const {
    return detail::has(raw(), &C::is_from_group) && raw().is_from_group != 0;
  }
  std::string_view group_id() const {
    return detail::has(raw(), &C::group_id) ? detail::view(raw().group_id) : std::string_view();
  }
  std::string_view attachment() const {
    return detail::has(raw(), &C::attachment) ? detail::view(raw().attachment) : std::string_view();
  }
  std::string_view channel_id() const {
    return detail::has(raw(), &C::channel_id) ? detail::view(raw().channel_id) : std::string_view();
  }
  std::string_view request_id() const {
    return detail::has(raw(), &C::request_id) ? detail::view(raw().request_id) : std::string_view();
  }
  std::string_view call_id() const {
    return detail::has(raw(), &C::call_id) ? detail::view(raw().call_id) : std::string_view();
  }
  uint64_t invited_at_ms() const {
    return detail::has(raw(), &C::invited_at_ms) ? raw().invited_at_ms : 0;
  }
  uint32_t ring_left_ms() const {
    return detail::has(raw(), &C::ring_left_ms) ? raw().ring_left_ms : 0;
  }
  InvitedFlag flags() const {
    return detail::has(raw(), &C::flags) ? InvitedFlag(raw().flags) : InvitedFlag();
  }
 private:
  const C *raw_;
};

/// An action of the peer. Lent until the callback returns.
class UserEvent {
  using C = nertc_callkit_user_event;

 public:
  explicit UserEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  uint64_t uid() const { return detail::has(raw(), &C::uid) ? raw().uid : 0; }
  Code code() const { return detail::has(raw(), &C::code) ? Code(raw().code) : Code(); }
  int32_t raw_code() const { return detail::has(raw(), &C::raw_code) ? raw().raw_code : 0; }
  std::string_view message() const {
    return detail::has(raw(), &C::message) ? detail::view(raw().message) : std::string_view();
  }
 private:
  const C *raw_;
};

/// A connection changed, or its quality. Lent until the callback returns.
class ConnectionEvent {
  using C = nertc_callkit_connection_event;

 public:
  explicit ConnectionEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  Code code() const { return detail::has(raw(), &C::code) ? Code(raw().code) : Code(); }
  int32_t raw_code() const { return detail::has(raw(), &C::raw_code) ? raw().raw_code : 0; }
  Transport transport() const {
    return detail::has(raw(), &C::transport) ? Transport(raw().transport) : Transport();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view message() const {
    return detail::has(raw(), &C::message) ? detail::view(raw().message) : std::string_view();
  }
  Quality quality() const {
    return detail::has(raw(), &C::quality) ? Quality(raw().quality) : Quality();
  }
 private:
  const C *raw_;
};

/// The peer's microphone or camera changed. Lent until the callback returns.
class MediaEvent {
  using C = nertc_callkit_media_event;

 public:
  explicit MediaEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  bool on() const { return detail::has(raw(), &C::on) && raw().on != 0; }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  uint64_t uid() const { return detail::has(raw(), &C::uid) ? raw().uid : 0; }
 private:
  const C *raw_;
};

/// The call has ended: its last event. Lent until the callback returns.
class EndEvent {
  using C = nertc_callkit_end_event;

 public:
  explicit EndEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  EndReason reason() const {
    return detail::has(raw(), &C::reason) ? EndReason(raw().reason) : EndReason();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view extra() const {
    return detail::has(raw(), &C::extra) ? detail::view(raw().extra) : std::string_view();
  }
  uint64_t ring_ms() const { return detail::has(raw(), &C::ring_ms) ? raw().ring_ms : 0; }
  uint64_t talk_ms() const { return detail::has(raw(), &C::talk_ms) ? raw().talk_ms : 0; }
  std::vector<std::string_view> accounts() const {
    return {raw().accounts, raw().accounts + raw().account_count};
  }
  std::vector<std::uint32_t> durations_s() const {
    return {raw().durations_s, raw().durations_s + raw().account_count};
  }
 private:
  const C *raw_;
};

/// Something about the call itself. Lent until the callback returns.
class CallEvent {
  using C = nertc_callkit_call_event;

 public:
  explicit CallEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  CallType call_type() const {
    return detail::has(raw(), &C::call_type) ? CallType(raw().call_type) : CallType();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view device_id() const {
    return detail::has(raw(), &C::device_id) ? detail::view(raw().device_id) : std::string_view();
  }
  CallTypeAction state() const {
    return detail::has(raw(), &C::state) ? CallTypeAction(raw().state) : CallTypeAction();
  }
 private:
  const C *raw_;
};

/// A call record was passed to the signaling backend. Lent until the callback returns.
class RecordEvent {
  using C = nertc_callkit_record_event;

 public:
  explicit RecordEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  RecordStatus record_status() const {
    return detail::has(raw(), &C::record_status) ? RecordStatus(raw().record_status) : RecordStatus();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view peer() const {
    return detail::has(raw(), &C::peer) ? detail::view(raw().peer) : std::string_view();
  }
  std::string_view msg_id() const {
    return detail::has(raw(), &C::msg_id) ? detail::view(raw().msg_id) : std::string_view();
  }
  CallType call_type() const {
    return detail::has(raw(), &C::call_type) ? CallType(raw().call_type) : CallType();
  }
 private:
  const C *raw_;
};

/// Something failed that no completion reports. Lent until the callback returns.
class ErrorEvent {
  using C = nertc_callkit_error_event;

 public:
  explicit ErrorEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  Code code() const { return detail::has(raw(), &C::code) ? Code(raw().code) : Code(); }
  int32_t raw_code() const { return detail::has(raw(), &C::raw_code) ? raw().raw_code : 0; }
  Operation operation() const {
    return detail::has(raw(), &C::operation) ? Operation(raw().operation) : Operation();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view message() const {
    return detail::has(raw(), &C::message) ? detail::view(raw().message) : std::string_view();
  }
 private:
  const C *raw_;
};

/// An invite that ended before it could ring. Lent until the callback returns.
class MissedEvent {
  using C = nertc_callkit_missed_event;

 public:
  explicit MissedEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  MissedReason reason() const {
    return detail::has(raw(), &C::reason) ? MissedReason(raw().reason) : MissedReason();
  }
  CallType call_type() const {
    return detail::has(raw(), &C::call_type) ? CallType(raw().call_type) : CallType();
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view attachment() const {
    return detail::has(raw(), &C::attachment) ? detail::view(raw().attachment) : std::string_view();
  }
  uint64_t invited_at_ms() const {
    return detail::has(raw(), &C::invited_at_ms) ? raw().invited_at_ms : 0;
  }
  std::string_view channel_id() const {
    return detail::has(raw(), &C::channel_id) ? detail::view(raw().channel_id) : std::string_view();
  }
  std::string_view request_id() const {
    return detail::has(raw(), &C::request_id) ? detail::view(raw().request_id) : std::string_view();
  }
  uint32_t count() const { return detail::has(raw(), &C::count) ? raw().count : 0; }
 private:
  const C *raw_;
};

/// The peer's app sent data. Lent until the callback returns.
class DataEvent {
  using C = nertc_callkit_data_event;

 public:
  explicit DataEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view json() const {
    return detail::has(raw(), &C::json) ? detail::view(raw().json) : std::string_view();
  }
 private:
  const C *raw_;
};

/// How far media provably reaches the peer. Lent until the callback returns.
class SecurityEvent {
  using C = nertc_callkit_security_event;

 public:
  explicit SecurityEvent(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  Security security() const {
    return detail::has(raw(), &C::security) ? Security(raw().security) : Security();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  std::string_view user_id() const {
    return detail::has(raw(), &C::user_id) ? detail::view(raw().user_id) : std::string_view();
  }
  std::string_view code() const {
    return detail::has(raw(), &C::code) ? detail::view(raw().code) : std::string_view();
  }
  std::string_view local_fingerprint() const {
    return detail::has(raw(), &C::local_fingerprint) ? detail::view(raw().local_fingerprint) : std::string_view();
  }
  std::string_view remote_fingerprint() const {
    return detail::has(raw(), &C::remote_fingerprint) ? detail::view(raw().remote_fingerprint) : std::string_view();
  }
 private:
  const C *raw_;
};

/// How a request ended. Lent until the callback returns.
class Result {
  using C = nertc_callkit_result;

 public:
  explicit Result(const C &raw) : raw_(&raw) {}
  const C &raw() const { return *raw_; }
  Code code() const { return detail::has(raw(), &C::code) ? Code(raw().code) : Code(); }
  int32_t raw_code() const { return detail::has(raw(), &C::raw_code) ? raw().raw_code : 0; }
  Operation operation() const {
    return detail::has(raw(), &C::operation) ? Operation(raw().operation) : Operation();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  uint64_t uid() const { return detail::has(raw(), &C::uid) ? raw().uid : 0; }
  std::string_view message() const {
    return detail::has(raw(), &C::message) ? detail::view(raw().message) : std::string_view();
  }
  std::string_view channel_id() const {
    return detail::has(raw(), &C::channel_id) ? detail::view(raw().channel_id) : std::string_view();
  }
  std::string_view request_id() const {
    return detail::has(raw(), &C::request_id) ? detail::view(raw().request_id) : std::string_view();
  }
  std::string_view call_id() const {
    return detail::has(raw(), &C::call_id) ? detail::view(raw().call_id) : std::string_view();
  }
 private:
  const C *raw_;
};

/// The current call, returned by nertc_callkit_get_call_info. Any thread.
class CallInfo {
  using C = nertc_callkit_call_info;

 public:
  CallInfo() { raw_.struct_size = sizeof raw_; }
  C &raw() { return raw_; }
  const C &raw() const { return raw_; }
  State state() const { return detail::has(raw(), &C::state) ? State(raw().state) : State(); }
  CallType call_type() const {
    return detail::has(raw(), &C::call_type) ? CallType(raw().call_type) : CallType();
  }
  CallInfoFlag flags() const {
    return detail::has(raw(), &C::flags) ? CallInfoFlag(raw().flags) : CallInfoFlag();
  }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  uint64_t own_uid() const { return detail::has(raw(), &C::own_uid) ? raw().own_uid : 0; }
  uint64_t peer_uid() const { return detail::has(raw(), &C::peer_uid) ? raw().peer_uid : 0; }
  std::string_view account() const {
    return detail::has(raw(), &C::account) ? raw().account : std::string_view();
  }
  std::string_view peer() const {
    return detail::has(raw(), &C::peer) ? raw().peer : std::string_view();
  }
  std::string_view channel_id() const {
    return detail::has(raw(), &C::channel_id) ? raw().channel_id : std::string_view();
  }
  std::string_view request_id() const {
    return detail::has(raw(), &C::request_id) ? raw().request_id : std::string_view();
  }
  std::string_view call_id() const {
    return detail::has(raw(), &C::call_id) ? raw().call_id : std::string_view();
  }
  std::string_view rtc_channel() const {
    return detail::has(raw(), &C::rtc_channel) ? raw().rtc_channel : std::string_view();
  }
 private:
  C raw_{};
};

/// The transport of a call, as nertc_callkit_get_call_stats returns it; counters since the media
/// room was joined, at most a second old. Any thread.
class CallStats {
  using C = nertc_callkit_call_stats;

 public:
  CallStats() { raw_.struct_size = sizeof raw_; }
  C &raw() { return raw_; }
  const C &raw() const { return raw_; }
  nertc_callkit_call_no call_no() const {
    return detail::has(raw(), &C::call_no) ? raw().call_no : 0;
  }
  uint64_t time_us() const { return detail::has(raw(), &C::time_us) ? raw().time_us : 0; }
  uint64_t bytes_sent() const { return detail::has(raw(), &C::bytes_sent) ? raw().bytes_sent : 0; }
  uint64_t bytes_received() const {
    return detail::has(raw(), &C::bytes_received) ? raw().bytes_received : 0;
  }
  uint32_t rtt_us() const { return detail::has(raw(), &C::rtt_us) ? raw().rtt_us : 0; }
  uint32_t available_send_bps() const {
    return detail::has(raw(), &C::available_send_bps) ? raw().available_send_bps : 0;
  }
  Candidate local_candidate() const {
    return detail::has(raw(), &C::local_candidate) ? Candidate(raw().local_candidate) : Candidate();
  }
  Candidate remote_candidate() const {
    return detail::has(raw(), &C::remote_candidate) ? Candidate(raw().remote_candidate) : Candidate();
  }
  RelayTransport relay_transport() const {
    return detail::has(raw(), &C::relay_transport) ? RelayTransport(raw().relay_transport) : RelayTransport();
  }
  uint32_t setup_ms() const { return detail::has(raw(), &C::setup_ms) ? raw().setup_ms : 0; }
  uint32_t restarts() const { return detail::has(raw(), &C::restarts) ? raw().restarts : 0; }
  Security security() const {
    return detail::has(raw(), &C::security) ? Security(raw().security) : Security();
  }
  int32_t dtls_version() const {
    return detail::has(raw(), &C::dtls_version) ? raw().dtls_version : 0;
  }
 private:
  C raw_{};
};

/// One medium in one direction, as nertc_callkit_get_stream_stats returns it; counters since the
/// media room was joined, at most a second old. Any thread.
class StreamStats {
  using C = nertc_callkit_stream_stats;

 public:
  StreamStats() { raw_.struct_size = sizeof raw_; }
  C &raw() { return raw_; }
  const C &raw() const { return raw_; }
  uint64_t packets() const { return detail::has(raw(), &C::packets) ? raw().packets : 0; }
  uint64_t bytes() const { return detail::has(raw(), &C::bytes) ? raw().bytes : 0; }
  uint64_t packets_lost() const {
    return detail::has(raw(), &C::packets_lost) ? raw().packets_lost : 0;
  }
  uint32_t loss_permille() const {
    return detail::has(raw(), &C::loss_permille) ? raw().loss_permille : 0;
  }
  uint32_t jitter_us() const { return detail::has(raw(), &C::jitter_us) ? raw().jitter_us : 0; }
  uint32_t bitrate_bps() const {
    return detail::has(raw(), &C::bitrate_bps) ? raw().bitrate_bps : 0;
  }
  uint32_t jitter_buffer_ms() const {
    return detail::has(raw(), &C::jitter_buffer_ms) ? raw().jitter_buffer_ms : 0;
  }
  uint64_t samples() const { return detail::has(raw(), &C::samples) ? raw().samples : 0; }
  uint64_t concealed_samples() const {
    return detail::has(raw(), &C::concealed_samples) ? raw().concealed_samples : 0;
  }
  uint32_t level() const { return detail::has(raw(), &C::level) ? raw().level : 0; }
 private:
  C raw_{};
};

/// Calls row(name, type) for every event.
#define CALLKIT_EVENTS(row) \
  row(on_invited, InvitedEvent) \
  row(on_user_busy, UserEvent) \
  row(on_user_cancel, UserEvent) \
  row(on_user_accept, UserEvent) \
  row(on_user_enter, UserEvent) \
  row(on_user_reject, UserEvent) \
  row(on_user_leave, UserEvent) \
  row(on_user_disconnect, UserEvent) \
  row(on_disconnect, ConnectionEvent) \
  row(on_audio_available, MediaEvent) \
  row(on_camera_available, MediaEvent) \
  row(on_call_end, EndEvent) \
  row(on_calling_timeout, CallEvent) \
  row(on_call_type_change, CallEvent) \
  row(on_other_client_accept, CallEvent) \
  row(on_other_client_reject, CallEvent) \
  row(on_video_muted, MediaEvent) \
  row(on_audio_muted, MediaEvent) \
  row(on_message_sent, RecordEvent) \
  row(on_error, ErrorEvent) \
  row(on_call_connected, CallEvent) \
  row(on_kicked, ConnectionEvent) \
  row(on_reconnecting, ConnectionEvent) \
  row(on_reconnected, ConnectionEvent) \
  row(on_network_quality, ConnectionEvent) \
  row(on_call_type_request, CallEvent) \
  row(on_missed_call, MissedEvent) \
  row(on_user_ringing, UserEvent) \
  row(on_token_needed, ConnectionEvent) \
  row(on_record_received, RecordEvent) \
  row(on_data, DataEvent) \
  row(on_media_secured, SecurityEvent)

class Handle;

/// One virtual function per event; override those of interest.
class Events {
 public:
  virtual ~Events() = default;
  /// An incoming call.
  virtual void on_invited(const Handle &kit, const InvitedEvent &event) {
    (void)kit, (void)event;
  }
  /// Caller: the called side is busy. Callee: no answer (user_id = own account).
  virtual void on_user_busy(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// Callee: the caller cancelled.
  virtual void on_user_cancel(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// Caller: the called side accepted.
  virtual void on_user_accept(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer is in the media room.
  virtual void on_user_enter(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// Caller: the called side rejected.
  virtual void on_user_reject(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer left without closing the call.
  virtual void on_user_leave(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer's connection was lost permanently.
  virtual void on_user_disconnect(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// The own media connection was lost permanently.
  virtual void on_disconnect(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer's microphone started or stopped.
  virtual void on_audio_available(const Handle &kit, const MediaEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer's camera started or stopped.
  virtual void on_camera_available(const Handle &kit, const MediaEvent &event) {
    (void)kit, (void)event;
  }
  /// The call has ended: last event of each call, exactly once.
  virtual void on_call_end(const Handle &kit, const EndEvent &event) {
    (void)kit, (void)event;
  }
  /// Caller: no answer in time.
  virtual void on_calling_timeout(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// The call changed to audio or video.
  virtual void on_call_type_change(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// Callee: another device of this account accepted.
  virtual void on_other_client_accept(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// Callee: another device of this account rejected.
  virtual void on_other_client_reject(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer muted or unmuted its camera.
  virtual void on_video_muted(const Handle &kit, const MediaEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer muted or unmuted its microphone.
  virtual void on_audio_muted(const Handle &kit, const MediaEvent &event) {
    (void)kit, (void)event;
  }
  /// A call record was passed to the signaling backend.
  virtual void on_message_sent(const Handle &kit, const RecordEvent &event) {
    (void)kit, (void)event;
  }
  /// Something failed that no completion reports.
  virtual void on_error(const Handle &kit, const ErrorEvent &event) {
    (void)kit, (void)event;
  }
  /// Both sides are in the media room.
  virtual void on_call_connected(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// This device was logged out by the service.
  virtual void on_kicked(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// A connection was interrupted and is being restored.
  virtual void on_reconnecting(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// The connection is back.
  virtual void on_reconnected(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// Media quality changed.
  virtual void on_network_quality(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer asks to change the call type, or refused our request (state 3).
  virtual void on_call_type_request(const Handle &kit, const CallEvent &event) {
    (void)kit, (void)event;
  }
  /// An invite ended before it could ring.
  virtual void on_missed_call(const Handle &kit, const MissedEvent &event) {
    (void)kit, (void)event;
  }
  /// Caller: a device of the called account rings. At most once a call, after the completion of
  /// call, never after on_user_accept.
  virtual void on_user_ringing(const Handle &kit, const UserEvent &event) {
    (void)kit, (void)event;
  }
  /// A token is needed: `code` 0 = login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = the one given
  /// was refused or has expired. Answer with nertc_callkit_set_token within timers.token_ms, here
  /// or later; otherwise the login or the session ends with NERTC_CALLKIT_CODE_BAD_TOKEN. NULL: at
  /// once.
  virtual void on_token_needed(const Handle &kit, const ConnectionEvent &event) {
    (void)kit, (void)event;
  }
  /// A call record of the peer or of another own device arrived: its claims, once for each sender
  /// and msg_id. call_no is 0.
  virtual void on_record_received(const Handle &kit, const RecordEvent &event) {
    (void)kit, (void)event;
  }
  /// The peer's app sent a JSON value (nertc_callkit_send_data): in order, each once, from the
  /// completion of accept or on_user_accept on, never after on_call_end. NULL: our invites and
  /// accepts do not offer it, and the peer's send_data completes with UNSUPPORTED.
  virtual void on_data(const Handle &kit, const DataEvent &event) {
    (void)kit, (void)event;
  }
  /// How far media provably reaches the peer: at each change. After MISMATCH the call ends with
  /// NERTC_CALLKIT_END_MEDIA_NOT_SECURE.
  virtual void on_media_secured(const Handle &kit, const SecurityEvent &event) {
    (void)kit, (void)event;
  }
};

}  // namespace callkit

#endif
