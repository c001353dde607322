/**
 * @file nertc_callkit.h
 * 1-to-1 audio and video calls for any native app. This header is the authority: what it says holds
 * for every plug and on every platform; where another page disagrees, the header is right.
 *
 * Life of a component (without error handling; examples-c/hello.c is a whole program):
 *
 *     nertc_callkit *kit = NULL;
 *     nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
 *     nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
 *     nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
 *     listener.on_invited = on_invited;              // one function per event, all optional
 *     listener.on_call_end = on_call_end;
 *     config.listener = &listener;                   // copied
 *     status = nertc_callkit_create(&config, &kit);
 *     nertc_callkit_login(kit, "alice", "token", on_done, NULL);
 *     options.user_id = "bob";
 *     nertc_callkit_call(kit, &options, on_done, NULL);
 *     nertc_callkit_destroy(kit);                    // waits; no callback comes after it
 *
 * Ownership. What you hand in is copied before the function returns. What a callback gets is lent
 *   until it returns. Nothing is allocated for you: the component is all there is to free (destroy
 *   or release). Text is UTF-8 and ends with NUL. A handle is an id: a stale one answers CLOSED.
 * Threads. Any function may be called on any thread. Callbacks come one at a time and in order, on
 *   the library's worker thread; or, if config.delivery says HOST, inside nertc_callkit_dispatch,
 *   and at the end inside nertc_callkit_destroy.
 * Callbacks. Inside one, every function may be called but destroy and dispatch, which answer
 *   REENTRANT. A function refuses at once with a negative status, and nothing follows; or it
 *   answers OK, and `done` is called exactly once. With `done` NULL a failure is one on_error.
 *   A callback must return: no exception, longjmp or pthread_exit may leave it, and no thread may
 *   be cancelled (pthread_cancel) inside a function of this library: the process would be aborted.
 * Versions. Start every struct with its ..._INIT macro (or ..._init function): all-zero is every
 *   default. Structs grow only at the end, numbers are never reused, unknown values are refused.
 *   Ask NERTC_CALLKIT_HAS before you read a field of an event that a newer header brought.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_H
#define NERTC_CALLKIT_H

#include <stddef.h>
#include <stdint.h>

/** True if the library that filled `*p`, a `type`, knows `field`. */
#define NERTC_CALLKIT_HAS(p, type, field) \
  (offsetof(type, field) + sizeof((p)->field) <= (p)->struct_size)

/** Marks the functions whose answer must be looked at. */
#ifndef NERTC_CALLKIT_MUST_USE
#if defined(__GNUC__) || defined(__clang__)
#define NERTC_CALLKIT_MUST_USE __attribute__((warn_unused_result))
#else
#define NERTC_CALLKIT_MUST_USE
#endif
#endif

/** Version of this header: 0xMMmmpp. nertc_callkit_version has that of the library that runs. */
#define NERTC_CALLKIT_VERSION_NUMBER 256

/** Version of the vtables and sinks, for their `abi` fields. */
#define NERTC_CALLKIT_ABI 1

/** Longest text of nertc_callkit_push_encode, with its NUL. */
#define NERTC_CALLKIT_PUSH_SIZE 768

/** What a function answers at once: 0 = accepted, negative = refused and nothing follows. */
typedef int32_t nertc_callkit_status;
enum {
  /** Accepted. */
  NERTC_CALLKIT_STATUS_OK = 0,
  /** A NULL, a bad UTF-8 text, an over-long text, an unknown value: fix the call. */
  NERTC_CALLKIT_STATUS_INVALID_ARGUMENT = -1,
  /**
   * The handle was released, destroyed, never existed, or belongs to the process before a fork.
   */
  NERTC_CALLKIT_STATUS_CLOSED = -2,
  /** Too much is waiting: dispatch, or try again later. */
  NERTC_CALLKIT_STATUS_QUEUE_FULL = -3,
  /** Not from inside a callback: return first, or use release. */
  NERTC_CALLKIT_STATUS_REENTRANT = -4,
  /** This library or plug cannot do it. */
  NERTC_CALLKIT_STATUS_UNSUPPORTED = -5,
  /** The system is out of something, or a bug in this library; the log has it. */
  NERTC_CALLKIT_STATUS_INTERNAL = -6,
};

/**
 * What a completion, an event or a plug reports: 0 = success. Signaling codes keep NIM's V1
 * numbers.
 */
typedef int32_t nertc_callkit_code;
enum {
  /** Success. */
  NERTC_CALLKIT_CODE_OK = 0,
  /** Wrong token or password. */
  NERTC_CALLKIT_CODE_BAD_TOKEN = 302,
  /** No answer in time. */
  NERTC_CALLKIT_CODE_TIMEOUT = 408,
  /** The peer is offline, a push can reach it (counts as success). */
  NERTC_CALLKIT_CODE_PEER_OFFLINE = 10201,
  /** The peer is offline and no push reaches it (counts as success). */
  NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE = 10202,
  /** The channel does not exist any more. */
  NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS = 10404,
  /** A channel of this name exists. */
  NERTC_CALLKIT_CODE_CHANNEL_EXISTS = 10405,
  /** Not a member of the channel. */
  NERTC_CALLKIT_CODE_NOT_MEMBER = 10406,
  /** Already a member of the channel. */
  NERTC_CALLKIT_CODE_ALREADY_MEMBER = 10407,
  /** The invite does not exist, was cancelled or has expired. */
  NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS = 10408,
  /** The invite was rejected. */
  NERTC_CALLKIT_CODE_INVITE_REJECTED = 10409,
  /** The invite was accepted. */
  NERTC_CALLKIT_CODE_INVITE_ACCEPTED = 10410,
  /** The media uid is taken. */
  NERTC_CALLKIT_CODE_UID_CONFLICT = 10417,
  /** The channel is full. */
  NERTC_CALLKIT_CODE_MEMBER_LIMIT = 10419,
  /** This account is in the channel with another device. */
  NERTC_CALLKIT_CODE_OTHER_DEVICE = 10420,
  /** Log in first. */
  NERTC_CALLKIT_CODE_NOT_LOGGED_IN = 20001,
  /** call: already calling. */
  NERTC_CALLKIT_CODE_CALL_IN_CALLING = 20002,
  /** call: somebody is ringing us. */
  NERTC_CALLKIT_CODE_CALL_IN_CALLED = 20003,
  /** call: already in a call. */
  NERTC_CALLKIT_CODE_CALL_IN_CALL = 20004,
  /** hangup: no call. */
  NERTC_CALLKIT_CODE_HANGUP_IN_IDLE = 20005,
  /** leave: no call. */
  NERTC_CALLKIT_CODE_LEAVE_IN_IDLE = 20009,
  /** leave: still calling; use cancel. */
  NERTC_CALLKIT_CODE_LEAVE_IN_CALLING = 20010,
  /** leave: still ringing; use reject. */
  NERTC_CALLKIT_CODE_LEAVE_IN_CALLED = 20011,
  /** cancel: no call. */
  NERTC_CALLKIT_CODE_CANCEL_IN_IDLE = 20013,
  /** cancel: we are the called side; use reject. */
  NERTC_CALLKIT_CODE_CANCEL_IN_CALLED = 20015,
  /** cancel: already in the call; use hangup. */
  NERTC_CALLKIT_CODE_CANCEL_IN_CALL = 20016,
  /** accept: nobody is calling. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE = 20017,
  /** accept: we are the calling side. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING = 20018,
  /** accept: already in the call. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALL = 20020,
  /** reject: nobody is calling. */
  NERTC_CALLKIT_CODE_REJECT_IN_IDLE = 20021,
  /** reject: we are the calling side; use cancel. */
  NERTC_CALLKIT_CODE_REJECT_IN_CALLING = 20022,
  /** reject: already in the call; use hangup. */
  NERTC_CALLKIT_CODE_REJECT_IN_CALL = 20024,
  /** switch_call_type: no call. */
  NERTC_CALLKIT_CODE_SWITCH_IN_IDLE = 20025,
  /** switch_call_type: nobody has answered yet. */
  NERTC_CALLKIT_CODE_SWITCH_IN_CALLING = 20026,
  /** switch_call_type: not answered yet. */
  NERTC_CALLKIT_CODE_SWITCH_IN_CALLED = 20027,
  /** The reference names another call than the running one. */
  NERTC_CALLKIT_CODE_CALL_MISMATCH = 90001,
  /** Logged in with another account: log out first. */
  NERTC_CALLKIT_CODE_ALREADY_LOGGED_IN = 90002,
  /** The component was released or destroyed, or logged out, before this was done. */
  NERTC_CALLKIT_CODE_SHUTTING_DOWN = 90003,
  /** A later request of the app made this one void. */
  NERTC_CALLKIT_CODE_SUPERSEDED = 90004,
  /** Something exceeds a documented limit. */
  NERTC_CALLKIT_CODE_LIMIT = 90005,
  /** Media was not up in time after the call was accepted. */
  NERTC_CALLKIT_CODE_RTC_TIMEOUT = 90006,
  /** The plug does not offer this operation. */
  NERTC_CALLKIT_CODE_UNSUPPORTED = 90007,
  /** The plug could not be opened or answered against its contract. */
  NERTC_CALLKIT_CODE_BACKEND_FAILED = 90008,
  /** The request makes no sense, for example calling oneself. */
  NERTC_CALLKIT_CODE_INVALID_ARGUMENT = 90009,
  /** send_data: not in a call. */
  NERTC_CALLKIT_CODE_NOT_IN_CALL = 90010,
  /** The media backends of the two sides cannot talk to each other. */
  NERTC_CALLKIT_CODE_MEDIA_MISMATCH = 90011,
};

/** Audio or video. */
typedef int32_t nertc_callkit_call_type;
enum {
  /** Audio only. */
  NERTC_CALLKIT_CALL_TYPE_AUDIO = 1,
  /** Audio and video. */
  NERTC_CALLKIT_CALL_TYPE_VIDEO = 2,
  /** Something else; only ever reported, never asked for. */
  NERTC_CALLKIT_CALL_TYPE_OTHER = 3,
};

/** Where the component stands. */
typedef int32_t nertc_callkit_state;
enum {
  /** Free to call or to be called. */
  NERTC_CALLKIT_STATE_IDLE = 0,
  /** We invited somebody who has not answered. */
  NERTC_CALLKIT_STATE_CALLING = 1,
  /** Somebody invited us and we have not answered. */
  NERTC_CALLKIT_STATE_CALLED = 2,
  /** Both sides agreed. */
  NERTC_CALLKIT_STATE_IN_CALL = 3,
};

/** Why a call ended: NetEase's terminal codes. */
typedef int32_t nertc_callkit_end_reason;
enum {
  /** Ended by leave, logout or release. */
  NERTC_CALLKIT_END_NORMAL = 0,
  /** Nobody answered. */
  NERTC_CALLKIT_END_TIMEOUT = 2,
  /** The called side was busy. */
  NERTC_CALLKIT_END_BUSY = 3,
  /** Media was not up in time, or joining the media room failed. */
  NERTC_CALLKIT_END_RTC_JOIN_FAILED = 5,
  /** The call could not be placed. */
  NERTC_CALLKIT_END_CALL_FAILED = 7,
  /** This device was kicked. */
  NERTC_CALLKIT_END_KICKED = 8,
  /** The own media connection was lost for good. */
  NERTC_CALLKIT_END_RTC_DISCONNECTED = 10,
  /** We cancelled. */
  NERTC_CALLKIT_END_CANCELLED = 11,
  /** The caller cancelled. */
  NERTC_CALLKIT_END_PEER_CANCELLED = 12,
  /** We rejected. */
  NERTC_CALLKIT_END_REJECTED = 13,
  /** The called side rejected. */
  NERTC_CALLKIT_END_PEER_REJECTED = 14,
  /** We hung up. */
  NERTC_CALLKIT_END_HUNG_UP = 15,
  /** The peer hung up. */
  NERTC_CALLKIT_END_PEER_HUNG_UP = 16,
  /** Another device of this account rejected. */
  NERTC_CALLKIT_END_OTHER_REJECTED = 17,
  /** Another device of this account accepted. */
  NERTC_CALLKIT_END_OTHER_ACCEPTED = 18,
  /** The peer's connection was lost. */
  NERTC_CALLKIT_END_PEER_DISCONNECTED = 19,
  /** The peer left. */
  NERTC_CALLKIT_END_PEER_LEFT = 20,
  /** Our accept failed. */
  NERTC_CALLKIT_END_ACCEPT_FAILED = 21,
  /** The media backends of the two sides cannot talk to each other. */
  NERTC_CALLKIT_END_MEDIA_MISMATCH = 101,
};

/** Steps of a call-type switch. */
typedef int32_t nertc_callkit_call_type_action;
enum {
  /** Ask for the other type. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST = 1,
  /** Agree to what the peer asked. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT = 2,
  /** Refuse what the peer asked. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT = 3,
};

/** Who runs the callbacks. */
typedef int32_t nertc_callkit_delivery;
enum {
  /** The library's worker thread. */
  NERTC_CALLKIT_DELIVERY_WORKER = 0,
  /** The host, inside nertc_callkit_dispatch. */
  NERTC_CALLKIT_DELIVERY_APP = 1,
};

/** Which worker thread serves the component. */
typedef int32_t nertc_callkit_worker;
enum {
  /** The one that all components of the process share. */
  NERTC_CALLKIT_WORKER_SHARED = 0,
  /** One of its own: a callback that blocks stalls nobody else. */
  NERTC_CALLKIT_WORKER_OWN = 1,
};

/** Media bits. */
typedef uint32_t nertc_callkit_media;
enum {
  /** Microphone or sound. */
  NERTC_CALLKIT_MEDIA_AUDIO = 1,
  /** Camera or picture. */
  NERTC_CALLKIT_MEDIA_VIDEO = 2,
};

/**
 * Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and nertc_callkit_leave.
 */
typedef uint32_t nertc_callkit_call_flag;
enum {
  /** Do not keep the message for devices that are offline (offlineEnabled = false). */
  NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE = 1,
  /** Send no call record (sendMsg = false). cancel and hangup while calling. */
  NERTC_CALLKIT_CALL_FLAG_NO_RECORD = 2,
};

/** What a completion or an error belongs to. */
typedef uint32_t nertc_callkit_operation;
enum {
  /** Nothing in particular. */
  NERTC_CALLKIT_OPERATION_NONE = 0,
  /** nertc_callkit_login. */
  NERTC_CALLKIT_OPERATION_LOGIN = 1,
  /** nertc_callkit_logout. */
  NERTC_CALLKIT_OPERATION_LOGOUT = 2,
  /** nertc_callkit_call. */
  NERTC_CALLKIT_OPERATION_CALL = 3,
  /** nertc_callkit_cancel. */
  NERTC_CALLKIT_OPERATION_CANCEL = 4,
  /** nertc_callkit_accept. */
  NERTC_CALLKIT_OPERATION_ACCEPT = 5,
  /** nertc_callkit_reject. */
  NERTC_CALLKIT_OPERATION_REJECT = 6,
  /** nertc_callkit_hangup. */
  NERTC_CALLKIT_OPERATION_HANGUP = 7,
  /** nertc_callkit_leave. */
  NERTC_CALLKIT_OPERATION_LEAVE = 8,
  /** nertc_callkit_switch_call_type. */
  NERTC_CALLKIT_OPERATION_SWITCH = 9,
  /** nertc_callkit_enable_local. */
  NERTC_CALLKIT_OPERATION_ENABLE_LOCAL = 10,
  /** nertc_callkit_mute_local. */
  NERTC_CALLKIT_OPERATION_MUTE_LOCAL = 11,
  /** nertc_callkit_mute_remote. */
  NERTC_CALLKIT_OPERATION_MUTE_REMOTE = 12,
  /** nertc_callkit_set_local_view. */
  NERTC_CALLKIT_OPERATION_LOCAL_VIEW = 13,
  /** nertc_callkit_set_remote_view. */
  NERTC_CALLKIT_OPERATION_REMOTE_VIEW = 14,
  /** Joining the media room. */
  NERTC_CALLKIT_OPERATION_RTC = 15,
  /** Sending the call record. */
  NERTC_CALLKIT_OPERATION_RECORD = 16,
  /** Closing or leaving the channel of an ended call. */
  NERTC_CALLKIT_OPERATION_CLOSE = 17,
  /** Something that a plug reported by itself. */
  NERTC_CALLKIT_OPERATION_BACKEND = 18,
  /** nertc_callkit_send_data. */
  NERTC_CALLKIT_OPERATION_SEND_DATA = 19,
  /** A text of the media backend to its peer. */
  NERTC_CALLKIT_OPERATION_NEGOTIATION = 20,
};

/** Outcome written into a call record. */
typedef int32_t nertc_callkit_record_status;
enum {
  /** The call took place. */
  NERTC_CALLKIT_RECORD_COMPLETE = 1,
  /** The caller cancelled. */
  NERTC_CALLKIT_RECORD_CANCELLED = 2,
  /** The called side rejected. */
  NERTC_CALLKIT_RECORD_REJECTED = 3,
  /** Nobody answered. */
  NERTC_CALLKIT_RECORD_TIMEOUT = 4,
  /** The called side was busy. */
  NERTC_CALLKIT_RECORD_BUSY = 5,
};

/** Which connection an event speaks of. */
typedef int32_t nertc_callkit_transport;
enum {
  /** Signaling. */
  NERTC_CALLKIT_TRANSPORT_SIGNALING = 1,
  /** Media. */
  NERTC_CALLKIT_TRANSPORT_MEDIA = 2,
};

/** Media quality. */
typedef int32_t nertc_callkit_quality;
enum {
  /** Not known. */
  NERTC_CALLKIT_QUALITY_UNKNOWN = 0,
  /** Good. */
  NERTC_CALLKIT_QUALITY_GOOD = 1,
  /** Usable. */
  NERTC_CALLKIT_QUALITY_POOR = 2,
  /** Hardly usable. */
  NERTC_CALLKIT_QUALITY_BAD = 3,
  /** Nothing arrives. */
  NERTC_CALLKIT_QUALITY_DOWN = 4,
};

/** Why an invite never rang. */
typedef int32_t nertc_callkit_missed_reason;
enum {
  /** The caller cancelled first. */
  NERTC_CALLKIT_MISSED_CANCELLED = 1,
  /** It was too old. */
  NERTC_CALLKIT_MISSED_EXPIRED = 2,
  /** We were busy when we came back online. */
  NERTC_CALLKIT_MISSED_BUSY = 3,
  /** Another device answered it. */
  NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE = 4,
  /** A newer invite of the same person took its place. */
  NERTC_CALLKIT_MISSED_REPLACED = 5,
  /** A group call, which this component does not do. */
  NERTC_CALLKIT_MISSED_GROUP = 6,
  /** The call policy refused it. */
  NERTC_CALLKIT_MISSED_BLOCKED = 7,
  /** The caller called too often. */
  NERTC_CALLKIT_MISSED_RATE_LIMITED = 8,
  /** The caller's media backend cannot talk to ours; other devices of the account may ring. */
  NERTC_CALLKIT_MISSED_MEDIA_MISMATCH = 9,
};

/** Flags of nertc_callkit_call_info. */
typedef uint32_t nertc_callkit_call_info_flag;
enum {
  /** Both sides are in the media room. */
  NERTC_CALLKIT_CALL_INFO_CONNECTED = 1,
  /**
   * Our invite is the one that lives: this side offers. The peer has the flag not set. Final once
   * in the call.
   */
  NERTC_CALLKIT_CALL_INFO_INVITER = 2,
};

/** Whose invites ring. */
typedef int32_t nertc_callkit_policy_rule;
enum {
  /** Everybody's. */
  NERTC_CALLKIT_POLICY_EVERYBODY = 0,
  /** Those of `accounts`. */
  NERTC_CALLKIT_POLICY_ONLY_LISTED = 1,
  /** All but those of `accounts`. */
  NERTC_CALLKIT_POLICY_ALL_BUT_LISTED = 2,
  /** Nobody's: do not disturb. */
  NERTC_CALLKIT_POLICY_NOBODY = 3,
};

/** What a caller who may not ring is answered. */
typedef int32_t nertc_callkit_policy_answer;
enum {
  /** Nothing, as if this device were off: other devices of the account ring on. */
  NERTC_CALLKIT_POLICY_SILENT = 0,
  /** Busy from this device: counts when no other device of the account rings within 2 s. */
  NERTC_CALLKIT_POLICY_BUSY = 1,
};

/** Flags of nertc_callkit_call_policy. */
typedef uint32_t nertc_callkit_policy_flag;
enum {
  /** Refused invites are not reported as on_missed_call. */
  NERTC_CALLKIT_POLICY_NO_MISSED = 1,
};

/** Flags of nertc_callkit_call_ref. */
typedef uint32_t nertc_callkit_call_ref_flag;
enum {
  /**
   * accept, reject: if that call is not here yet, wait for it, also before login. account,
   * channel_id and request_id are mandatory, call_no is 0; else INVALID_ARGUMENT.
   */
  NERTC_CALLKIT_CALL_REF_WAIT = 1,
};

/** How important a log line is. A callback gets its level and everything more important. */
typedef int32_t nertc_callkit_log_level;
enum {
  /** Nothing. */
  NERTC_CALLKIT_LOG_OFF = 0,
  /** A bug in this library. */
  NERTC_CALLKIT_LOG_ERROR = 1,
  /** Unusual but handled. */
  NERTC_CALLKIT_LOG_WARN = 2,
  /** State changes. */
  NERTC_CALLKIT_LOG_INFO = 3,
  /** What was ignored or tried again, and why. */
  NERTC_CALLKIT_LOG_DEBUG = 4,
};

/** Flags of nertc_callkit_set_log_callback. */
typedef uint32_t nertc_callkit_log_flag;
enum {
  /**
   * Write accounts, ids and attachments as they are instead of redacted. Tokens stay redacted.
   */
  NERTC_CALLKIT_LOG_PERSONAL = 1,
};

/** Flags of nertc_callkit_trace_start. */
typedef uint32_t nertc_callkit_trace_flag;
enum {
  /** Write accounts, texts and attachments as they are. Tokens stay hidden. */
  NERTC_CALLKIT_TRACE_PERSONAL = 1,
};

/** Flags of nertc_callkit_invited_event. */
typedef uint32_t nertc_callkit_invited_flag;
enum {
  /** The invite waited while this device was offline. */
  NERTC_CALLKIT_INVITED_OFFLINE = 1,
  /** The app has answered already (NERTC_CALLKIT_CALL_REF_WAIT): do not ring. */
  NERTC_CALLKIT_INVITED_ANSWERED = 2,
};

/** Signaling event types; NIM's numbers, own ones from 101. */
typedef int32_t nertc_callkit_signal;
enum {
  /** The channel was closed for everybody. */
  NERTC_CALLKIT_SIGNAL_CLOSE = 1,
  /** Somebody joined the channel. */
  NERTC_CALLKIT_SIGNAL_JOIN = 2,
  /** Somebody invites this account. */
  NERTC_CALLKIT_SIGNAL_INVITE = 3,
  /** The inviter took the invite back. */
  NERTC_CALLKIT_SIGNAL_CANCEL = 4,
  /** The invited side said no. */
  NERTC_CALLKIT_SIGNAL_REJECT = 5,
  /** The invited side said yes. */
  NERTC_CALLKIT_SIGNAL_ACCEPT = 6,
  /** Somebody left the channel. */
  NERTC_CALLKIT_SIGNAL_LEAVE = 7,
  /** A text between members. */
  NERTC_CALLKIT_SIGNAL_CONTROL = 8,
  /** A device of the invited account rings: `from` is that account, `request_id` the invite. */
  NERTC_CALLKIT_SIGNAL_RINGING = 101,
  /** The backend heard nothing of the peer's device; the core decides, because media may live. */
  NERTC_CALLKIT_SIGNAL_PEER_LOST = 102,
};

/** Where a batch of signaling events comes from. */
typedef int32_t nertc_callkit_message_origin;
enum {
  /** Just now. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE = 0,
  /** What another device of this account answered. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE = 1,
  /** What waited while this device was offline: the whole backlog as one batch. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE = 2,
};

/** What happened to the signaling connection. */
typedef int32_t nertc_callkit_connection;
enum {
  /** Lost; the plug is trying again by itself. */
  NERTC_CALLKIT_CONNECTION_LOST = 1,
  /** Back, with the same login. */
  NERTC_CALLKIT_CONNECTION_RESTORED = 2,
  /** This device was logged out by the service (another device, the server). */
  NERTC_CALLKIT_CONNECTION_KICKED = 3,
  /**
   * A token is wanted for the next connection: answered by the vtable's set_token. `code` 0 = the
   * login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = it was refused or has expired.
   */
  NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED = 4,
};

/** What became of an INVITE that the backend handed over. */
typedef int32_t nertc_callkit_invite_state;
enum {
  /** It rings: the app was told on_invited. */
  NERTC_CALLKIT_INVITE_RINGING = 1,
  /** Kept aside (glare, redial): register for the outcome, do not report ringing. */
  NERTC_CALLKIT_INVITE_HELD = 2,
  /** Ignored: forget channel and invite, say nothing to anybody. */
  NERTC_CALLKIT_INVITE_DROPPED = 3,
};

/** Media plug event types. */
typedef int32_t nertc_callkit_rtc_event_type;
enum {
  /** `uid` is in the room. */
  NERTC_CALLKIT_RTC_PEER_JOIN = 1,
  /** `uid` left the room; `code` 0 = on purpose, anything else = lost. */
  NERTC_CALLKIT_RTC_PEER_LEAVE = 2,
  /** `uid` started (`flags` 1) or stopped (`flags` 0) sending `media`. */
  NERTC_CALLKIT_RTC_PEER_MEDIA = 3,
  /** `uid` muted (`flags` 1) or unmuted (`flags` 0) `media`. */
  NERTC_CALLKIT_RTC_PEER_MUTE = 4,
  /** Nothing has arrived from `uid` for about 2 s. */
  NERTC_CALLKIT_RTC_PEER_SILENT = 5,
  /** Something arrives from `uid` again. */
  NERTC_CALLKIT_RTC_PEER_ACTIVE = 6,
  /** The own connection is interrupted; the plug is trying again. */
  NERTC_CALLKIT_RTC_RECONNECTING = 7,
  /** The own connection is back. */
  NERTC_CALLKIT_RTC_RECONNECTED = 8,
  /** The own connection is lost for good. */
  NERTC_CALLKIT_RTC_DISCONNECTED = 9,
  /** `code` is the nertc_callkit_quality of `uid` (0 = own uplink). */
  NERTC_CALLKIT_RTC_QUALITY = 10,
  /** Something went wrong that does not end the call: `code`, `text`. */
  NERTC_CALLKIT_RTC_ERROR = 11,
};

/**
 * What a signaling plug can do (`caps`). The core itself acts on SERVER_RECORD alone; the others
 * tell whoever picks or checks the plug what to expect.
 */
typedef uint32_t nertc_callkit_signaling_cap;
enum {
  /** Keeps messages for devices that are offline. */
  NERTC_CALLKIT_SIGNALING_CAP_OFFLINE = 1,
  /** Tells the other devices of the account who answered. */
  NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE = 2,
  /** The service writes the record of a completed call by itself. */
  NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD = 4,
  /** At most one instance per process. */
  NERTC_CALLKIT_SIGNALING_CAP_SINGLETON = 8,
  /** Takes over a login that the host made with the vendor's SDK. */
  NERTC_CALLKIT_SIGNALING_CAP_ADOPTS_LOGIN = 16,
};

/** What a media plug can do (`caps`). The core itself acts on NO_MEDIA alone. */
typedef uint32_t nertc_callkit_rtc_cap;
enum {
  /** Brings no media of its own: the peer counts as present once both sides agreed. */
  NERTC_CALLKIT_RTC_CAP_NO_MEDIA = 1,
  /** At most one instance per process. */
  NERTC_CALLKIT_RTC_CAP_SINGLETON = 2,
  /**
   * Talks to its peer: `protocol`, `receive` and the sink's `send`. Signaling must have `control`.
   */
  NERTC_CALLKIT_RTC_CAP_SIGNALS = 4,
};

/** Flags of nertc_callkit_rtc_join. */
typedef uint32_t nertc_callkit_rtc_join_flag;
enum {
  /** Our invite is the one that lives. Exactly one side has it, and that side offers. */
  NERTC_CALLKIT_RTC_JOIN_INVITER = 1,
};

/** What a loopback fault does. */
typedef int32_t nertc_callkit_fault_action;
enum {
  /** The message is lost. */
  NERTC_CALLKIT_FAULT_DROP = 1,
  /** The message arrives twice. */
  NERTC_CALLKIT_FAULT_DUPLICATE = 2,
  /**
   * The message or the answer comes `delay_ms` later; ON_LOGIN: the device is not logged in before.
   */
  NERTC_CALLKIT_FAULT_DELAY = 3,
  /** The message arrives after the next one to the same device. */
  NERTC_CALLKIT_FAULT_REORDER = 4,
  /** The operation completes with `code` and has no effect. */
  NERTC_CALLKIT_FAULT_REFUSE = 5,
  /** The operation takes effect and never completes. */
  NERTC_CALLKIT_FAULT_NO_ANSWER = 6,
  /** The device vanishes: nothing of it goes out or comes in until it logs in again. */
  NERTC_CALLKIT_FAULT_CRASH = 7,
  /** The device is kicked. */
  NERTC_CALLKIT_FAULT_KICK = 8,
  /**
   * The device's token has expired (ON_NOW, ON_LOGIN): on_token_needed, and there is no connection
   * until nertc_callkit_set_token.
   */
  NERTC_CALLKIT_FAULT_EXPIRE_TOKEN = 9,
};

/**
 * What a loopback fault applies to: an operation of the device, or a message on its way to the
 * device.
 */
typedef int32_t nertc_callkit_fault_on;
enum {
  /** At once, when the fault is added (DIE, KICK, EXPIRE_TOKEN). */
  NERTC_CALLKIT_FAULT_ON_NOW = 0,
  /** Operation login. */
  NERTC_CALLKIT_FAULT_ON_LOGIN = 1,
  /** Operation logout. */
  NERTC_CALLKIT_FAULT_ON_LOGOUT = 2,
  /** Operation create. */
  NERTC_CALLKIT_FAULT_ON_CREATE = 3,
  /** Operation join. */
  NERTC_CALLKIT_FAULT_ON_JOIN = 4,
  /** Operation invite. */
  NERTC_CALLKIT_FAULT_ON_INVITE = 5,
  /** Operation cancel_invite. */
  NERTC_CALLKIT_FAULT_ON_CANCEL = 6,
  /** Operation accept. */
  NERTC_CALLKIT_FAULT_ON_ACCEPT = 7,
  /** Operation reject. */
  NERTC_CALLKIT_FAULT_ON_REJECT = 8,
  /** Operation leave. */
  NERTC_CALLKIT_FAULT_ON_LEAVE = 9,
  /** Operation close. */
  NERTC_CALLKIT_FAULT_ON_CLOSE = 10,
  /** Operation control. */
  NERTC_CALLKIT_FAULT_ON_CONTROL = 11,
  /** Operation send_record. */
  NERTC_CALLKIT_FAULT_ON_RECORD = 12,
  /** Media operation join. */
  NERTC_CALLKIT_FAULT_ON_RTC_JOIN = 13,
  /** Media operation leave. */
  NERTC_CALLKIT_FAULT_ON_RTC_LEAVE = 14,
  /** Message CLOSE. */
  NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE = 101,
  /** Message JOIN. */
  NERTC_CALLKIT_FAULT_ON_EVENT_JOIN = 102,
  /** Message INVITE. */
  NERTC_CALLKIT_FAULT_ON_EVENT_INVITE = 103,
  /** Message CANCEL. */
  NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL = 104,
  /** Message REJECT. */
  NERTC_CALLKIT_FAULT_ON_EVENT_REJECT = 105,
  /** Message ACCEPT. */
  NERTC_CALLKIT_FAULT_ON_EVENT_ACCEPT = 106,
  /** Message LEAVE. */
  NERTC_CALLKIT_FAULT_ON_EVENT_LEAVE = 107,
  /** Message CONTROL. */
  NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL = 108,
  /** Every media event. */
  NERTC_CALLKIT_FAULT_ON_EVENT_RTC = 109,
  /** Message RINGING. */
  NERTC_CALLKIT_FAULT_ON_EVENT_RINGING = 110,
};

/** Flags of nertc_callkit_hub_create. */
typedef uint32_t nertc_callkit_hub_flag;
enum {
  /** One device an account: a second login kicks the first. */
  NERTC_CALLKIT_HUB_SINGLE_DEVICE = 1,
  /** The hub writes the record of a completed call, as NetEase's server does. */
  NERTC_CALLKIT_HUB_SERVER_RECORD = 2,
};

/** Flags of nertc_callkit_mqtt_options. */
typedef uint32_t nertc_callkit_mqtt_flag;
enum {
  /** Allows mqtt:// to other machines: anybody on the way can read tokens and calls. */
  NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT = 1,
  /** One device an account: a second login kicks the first. */
  NERTC_CALLKIT_MQTT_SINGLE_DEVICE = 2,
  /** A device that is busy does not end the ringing of the account's other devices. */
  NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL = 4,
  /**
   * The broker tells who was lost, so that a call with a lost device ends sooner. Its access
   * rules must allow it: docs/BACKENDS.md.
   */
  NERTC_CALLKIT_MQTT_PRESENCE = 8,
  /** A call does not end because signaling hears nothing of the peer: media decides. */
  NERTC_CALLKIT_MQTT_MEDIA_DECIDES = 16,
};

/**
 * A call component. The pointer's value is a never-reused id, not an address: a stale handle is
 * refused with CLOSED and touches no memory. Any thread.
 */
typedef struct nertc_callkit nertc_callkit;

/** An in-process exchange that connects components through the loopback plugs. Any thread. */
typedef struct nertc_callkit_hub nertc_callkit_hub;

/** Local number of a call: never reused by a component, 0 = no call. */
typedef uint64_t nertc_callkit_call_no;

/** Names a call. Fields left 0 or NULL are not compared. Any thread. */
typedef struct nertc_callkit_call_ref {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_call_ref_flag bits. */
  uint32_t flags;
  /** Local number: all that a host must keep. */
  nertc_callkit_call_no call_no;
  /** Signaling channel, or NULL. */
  const char *channel_id;
  /** The other party, or NULL. */
  const char *account;
  /** Request id of the invite, or NULL. */
  const char *request_id;
} nertc_callkit_call_ref;
/** Every default of nertc_callkit_call_ref. */
#define NERTC_CALLKIT_CALL_REF_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_ref), 0, 0, NULL, NULL, NULL }

/** Somebody calls. Lent until the callback returns. */
typedef struct nertc_callkit_invited_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The call as accept and reject take it. `call` in C++ and C alike. */
  const nertc_callkit_call_ref *call;
  /** The caller's account. */
  const char *invitor;
  /** The other invited accounts; always empty in a 1-to-1 call. */
  const char *const *user_ids;
  /** How many user_ids. */
  uint32_t user_id_count;
  /** 0: group calls do not ring. */
  int32_t is_from_group;
  /** Empty. */
  const char *group_id;
  /** What the caller attached: its text, or JSON text if it attached JSON. Empty = nothing. */
  const char *attachment;
  /** Signaling channel. */
  const char *channel_id;
  /** Request id of the invite. */
  const char *request_id;
  /** The caller's call id, empty for old callers. */
  const char *call_id;
  /** When the caller invited, by the service's clock (ms since 1970); 0 = not known. */
  uint64_t invited_at_ms;
  /** How long it will ring. */
  uint32_t ring_left_ms;
  /** nertc_callkit_invited_flag bits. */
  uint32_t flags;
} nertc_callkit_invited_event;

/** Something the other party did. Lent until the callback returns. */
typedef struct nertc_callkit_user_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The other party; in on_user_busy who was busy or let it ring out. */
  const char *user_id;
  /** Its media uid, or 0. */
  uint64_t uid;
  /** A nertc_callkit_code, 0 = none. */
  int32_t code;
  /** The plug's own number, or 0. */
  int32_t raw_code;
  /** Never NULL. */
  const char *message;
} nertc_callkit_user_event;

/** Called as config.delivery says. */
typedef void (*nertc_callkit_user_cb)(nertc_callkit *kit,
                                      const nertc_callkit_user_event *event,
                                      void *user_data);

/** A connection changed, or its quality. Lent until the callback returns. */
typedef struct nertc_callkit_connection_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code, 0 = none. */
  int32_t code;
  /** The plug's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_transport. */
  int32_t transport;
  /** The call, 0 = none. */
  nertc_callkit_call_no call_no;
  /** Whose connection: this account, or the peer (on_network_quality, on_reconnecting). */
  const char *user_id;
  /** Never NULL. */
  const char *message;
  /** on_network_quality: a nertc_callkit_quality. */
  int32_t quality;
  /** 0. */
  uint32_t flags;
} nertc_callkit_connection_event;

/** Called as config.delivery says. */
typedef void (*nertc_callkit_connection_cb)(nertc_callkit *kit,
                                            const nertc_callkit_connection_event *event,
                                            void *user_data);

/** The other party's microphone or camera changed. Lent until the callback returns. */
typedef struct nertc_callkit_media_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /**
   * on_audio_available, on_camera_available: 1 = sending. on_audio_muted, on_video_muted: 1 =
   * muted.
   */
  int32_t on;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The other party. */
  const char *user_id;
  /** Its media uid. */
  uint64_t uid;
} nertc_callkit_media_event;

/** Called as config.delivery says. */
typedef void (*nertc_callkit_media_cb)(nertc_callkit *kit,
                                       const nertc_callkit_media_event *event,
                                       void *user_data);

/** The call is over: its last event. Lent until the callback returns. */
typedef struct nertc_callkit_end_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_end_reason. */
  int32_t reason;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The other party. */
  const char *user_id;
  /** Text that the other side gave when it ended the call, or empty. */
  const char *extra;
  /** From invite to answer or end. */
  uint64_t ring_ms;
  /** From connected to end; 0 = never connected. */
  uint64_t talk_ms;
  /** Accounts that talked; empty if never connected. */
  const char *const *accounts;
  /** Seconds per account. */
  const uint32_t *durations_s;
  /** How many accounts. */
  uint32_t account_count;
  /** 0. */
  uint32_t flags;
} nertc_callkit_end_event;

/** Something about the call itself. Lent until the callback returns. */
typedef struct nertc_callkit_call_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The other party. */
  const char *user_id;
  /** on_other_client_accept, on_other_client_reject: the device that answered, or empty. */
  const char *device_id;
  /** on_call_type_request, on_call_type_change: a nertc_callkit_call_type_action, else 0. */
  int32_t state;
  /** 0. */
  uint32_t flags;
} nertc_callkit_call_event;

/** Called as config.delivery says. */
typedef void (*nertc_callkit_call_cb)(nertc_callkit *kit,
                                      const nertc_callkit_call_event *event,
                                      void *user_data);

/** A call record was handed to the signaling plug. Lent until the callback returns. */
typedef struct nertc_callkit_record_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_record_status. */
  int32_t record_status;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The sender: this account. */
  const char *user_id;
  /** The receiver. */
  const char *peer;
  /** Message id. */
  const char *msg_id;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** 0. */
  uint32_t flags;
} nertc_callkit_record_event;

/** Something failed that no completion reports. Lent until the callback returns. */
typedef struct nertc_callkit_error_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code. */
  int32_t code;
  /** The plug's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_operation. */
  uint32_t operation;
  /** The call, 0 = none; it may have ended already. */
  nertc_callkit_call_no call_no;
  /** What to do about it, for a developer. */
  const char *message;
} nertc_callkit_error_event;

/** An invite that was over before it could ring. Lent until the callback returns. */
typedef struct nertc_callkit_missed_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_missed_reason. */
  int32_t reason;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** 0. */
  uint32_t flags;
  /** Who called. */
  const char *user_id;
  /** What the caller attached, or empty. */
  const char *attachment;
  /** By the service's clock (ms since 1970); 0 = not known. */
  uint64_t invited_at_ms;
  /** Signaling channel, or empty. */
  const char *channel_id;
  /** Request id of the invite, or empty. */
  const char *request_id;
  /** How many calls of this user and reason this event stands for: at least 1. */
  uint32_t count;
  /** Reserved; 0. */
  uint32_t reserved;
} nertc_callkit_missed_event;

/** The peer's app sent something. Lent until the callback returns. */
typedef struct nertc_callkit_data_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer. */
  const char *user_id;
  /** A JSON value, up to 3800 bytes. */
  const char *json;
} nertc_callkit_data_event;

/**
 * One function per event, all optional. Called one at a time and in order, as config.delivery says;
 * inside, every function but destroy and dispatch may be called.
 */
typedef struct nertc_callkit_listener {
  /** sizeof this struct; a larger one from a newer header is accepted. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** Somebody calls. */
  void (*on_invited)(nertc_callkit *kit,
                     const nertc_callkit_invited_event *event,
                     void *user_data);
  /** Caller: the called side is busy. Callee: it rang out (user_id = own account). */
  nertc_callkit_user_cb on_user_busy;
  /** Callee: the caller cancelled. */
  nertc_callkit_user_cb on_user_cancel;
  /** Caller: the called side accepted. */
  nertc_callkit_user_cb on_user_accept;
  /** The other party is in the media room. */
  nertc_callkit_user_cb on_user_enter;
  /** Caller: the called side rejected. */
  nertc_callkit_user_cb on_user_reject;
  /** The other party left without closing the call. */
  nertc_callkit_user_cb on_user_leave;
  /** The other party's connection was lost for good. */
  nertc_callkit_user_cb on_user_disconnect;
  /** The own media connection was lost for good. */
  nertc_callkit_connection_cb on_disconnect;
  /** The other party's microphone started or stopped. */
  nertc_callkit_media_cb on_audio_available;
  /** The other party's camera started or stopped. */
  nertc_callkit_media_cb on_camera_available;
  /** The call is over: last event of each call, exactly once. */
  void (*on_call_end)(nertc_callkit *kit,
                      const nertc_callkit_end_event *event,
                      void *user_data);
  /** Caller: nobody answered in time. */
  nertc_callkit_call_cb on_calling_timeout;
  /** The call changed to audio or video. */
  nertc_callkit_call_cb on_call_type_change;
  /** Callee: another device of this account accepted. */
  nertc_callkit_call_cb on_other_client_accept;
  /** Callee: another device of this account rejected. */
  nertc_callkit_call_cb on_other_client_reject;
  /** The other party muted or unmuted its camera. */
  nertc_callkit_media_cb on_video_muted;
  /** The other party muted or unmuted its microphone. */
  nertc_callkit_media_cb on_audio_muted;
  /** A call record was handed to the signaling plug. */
  void (*on_message_sent)(nertc_callkit *kit,
                          const nertc_callkit_record_event *event,
                          void *user_data);
  /** Something failed that no completion reports. */
  void (*on_error)(nertc_callkit *kit,
                   const nertc_callkit_error_event *event,
                   void *user_data);
  /** Both sides are in the media room. */
  nertc_callkit_call_cb on_call_connected;
  /** This device was logged out by the service. */
  nertc_callkit_connection_cb on_kicked;
  /** A connection was interrupted and is being restored. */
  nertc_callkit_connection_cb on_reconnecting;
  /** The connection is back. */
  nertc_callkit_connection_cb on_reconnected;
  /** Media quality changed. */
  nertc_callkit_connection_cb on_network_quality;
  /** The other party asks to change the call type, or answered our question (state 3). */
  nertc_callkit_call_cb on_call_type_request;
  /** An invite was over before it could ring. */
  void (*on_missed_call)(nertc_callkit *kit,
                         const nertc_callkit_missed_event *event,
                         void *user_data);
  /**
   * Caller: a device of the called account rings. At most once a call, after the completion of
   * call, never after on_user_accept.
   */
  nertc_callkit_user_cb on_user_ringing;
  /**
   * A token is wanted: `code` 0 = login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = the one given was
   * refused or has expired. Answer with nertc_callkit_set_token within timers.token_ms, in here or
   * later; else the login or the session ends with NERTC_CALLKIT_CODE_BAD_TOKEN. NULL: at once.
   */
  nertc_callkit_connection_cb on_token_needed;
  /**
   * A call record of the peer or of another own device arrived: what it claims, once for each
   * sender and msg_id. call_no is 0.
   */
  void (*on_record_received)(nertc_callkit *kit,
                             const nertc_callkit_record_event *event,
                             void *user_data);
  /**
   * The peer's app sent a JSON value (nertc_callkit_send_data): in order, each once, from the
   * completion of accept or on_user_accept on, never after on_call_end. NULL: our invites and
   * accepts do not offer it, and the peer's send_data completes with UNSUPPORTED.
   */
  void (*on_data)(nertc_callkit *kit,
                  const nertc_callkit_data_event *event,
                  void *user_data);
} nertc_callkit_listener;
/** Every default of nertc_callkit_listener. */
#define NERTC_CALLKIT_LISTENER_INIT \
  { (uint32_t)sizeof(nertc_callkit_listener), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * Sound (s16 PCM, interleaved, one plane) or a picture (I420, three planes). Planes are lent for
 * the call.
 */
typedef struct nertc_callkit_frame {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_media. */
  uint32_t media;
  /** Sender; ignored by push_frame. */
  uint64_t uid;
  /** Sender's clock in microseconds. */
  uint64_t time_us;
  /** Sound: `planes[0]`. Picture: Y, U, V. */
  const void *planes[4];
  /** Bytes from row to row; sound: bytes in `planes[0]`. */
  uint32_t strides[4];
  /** Picture. */
  uint32_t width;
  /** Picture. */
  uint32_t height;
  /** Picture: 0, 90, 180 or 270 degrees clockwise. */
  uint32_t rotation;
  /** Sound: samples per second and channel. */
  uint32_t sample_rate;
  /** Sound. */
  uint32_t channels;
  /** Sound: samples per channel. */
  uint32_t samples;
} nertc_callkit_frame;
/** Every default of nertc_callkit_frame. */
#define NERTC_CALLKIT_FRAME_INIT \
  { (uint32_t)sizeof(nertc_callkit_frame), 0, 0, 0, { NULL }, { 0 }, 0, 0, 0, 0, 0, 0 }

/** Names one operation of the core: never reused. Passes through an SDK's user_data unboxed. */
typedef uintptr_t nertc_callkit_req;

/** A signaling channel. Lent for the call. */
typedef struct nertc_callkit_channel {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** 1 = no longer valid. */
  uint32_t flags;
  /** 0. */
  uint32_t reserved;
  /** Id, up to 64 bytes. */
  const char *channel_id;
  /** Account that created it. */
  const char *creator;
  /** Service clock, ms since 1970, or 0. */
  uint64_t create_ms;
  /** Service clock, ms since 1970, or 0. */
  uint64_t expire_ms;
} nertc_callkit_channel;
/** Every default of nertc_callkit_channel. */
#define NERTC_CALLKIT_CHANNEL_INIT \
  { (uint32_t)sizeof(nertc_callkit_channel), 0, 0, 0, NULL, NULL, 0, 0 }

/** A member of a channel. Lent for the call. */
typedef struct nertc_callkit_member {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** Its account. */
  const char *account;
  /** Its device, or NULL. */
  const char *device_id;
  /** Its media uid. */
  uint64_t uid;
} nertc_callkit_member;
/** Every default of nertc_callkit_member. */
#define NERTC_CALLKIT_MEMBER_INIT \
  { (uint32_t)sizeof(nertc_callkit_member), 0, NULL, NULL, 0 }

/** A channel and who is in it. Lent for the call. */
typedef struct nertc_callkit_channel_state {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** How many members. */
  uint32_t member_count;
  /** The channel. Not NULL. */
  const nertc_callkit_channel *channel;
  /** The members. */
  const nertc_callkit_member *const *members;
} nertc_callkit_channel_state;
/** Every default of nertc_callkit_channel_state. */
#define NERTC_CALLKIT_CHANNEL_STATE_INIT \
  { (uint32_t)sizeof(nertc_callkit_channel_state), 0, NULL, NULL }

/** How an operation ended. Lent for the call. */
typedef struct nertc_callkit_signaling_result {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_code; 0 = success. */
  int32_t code;
  /** The service's own number, or 0. */
  int32_t raw_code;
  /** 0. */
  uint32_t flags;
  /** What went wrong, or NULL. */
  const char *message;
  /** create: the channel. join: the channel with all members. Else NULL. */
  const nertc_callkit_channel_state *channel_state;
  /** join: token for the media room, or NULL. */
  const char *rtc_token;
  /** login: the service's clock, ms since 1970, or 0. */
  uint64_t server_ms;
} nertc_callkit_signaling_result;
/** Every default of nertc_callkit_signaling_result. */
#define NERTC_CALLKIT_SIGNALING_RESULT_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_result), 0, 0, 0, NULL, NULL, NULL, 0 }

/** A message of the signaling service. Lent for the call. */
typedef struct nertc_callkit_signaling_event {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_signal. */
  int32_t signal;
  /** 0. */
  uint32_t flags;
  /** 0. */
  uint32_t reserved;
  /** The channel. Not NULL. */
  const nertc_callkit_channel *channel;
  /** Who did it. */
  const char *from_account;
  /** With which device, or NULL. */
  const char *from_device;
  /** ACCEPT and REJECT: the inviter. Else the receiver. */
  const char *to_account;
  /** INVITE, CANCEL, ACCEPT, REJECT. */
  const char *request_id;
  /** The attachment, or NULL. */
  const char *custom_info;
  /** Service clock, ms since 1970, or 0. */
  uint64_t time_ms;
  /** JOIN: the member's media uid, or 0. */
  uint64_t uid;
} nertc_callkit_signaling_event;
/** Every default of nertc_callkit_signaling_event. */
#define NERTC_CALLKIT_SIGNALING_EVENT_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_event), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, \
    NULL, 0, 0 }

/** A change of the signaling connection. Lent for the call. */
typedef struct nertc_callkit_signaling_connection {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_connection. */
  int32_t type;
  /** A nertc_callkit_code, or 0. */
  int32_t code;
  /** The service's own number, or 0. */
  int32_t raw_code;
  /** Or NULL. */
  const char *message;
} nertc_callkit_signaling_connection;
/** Every default of nertc_callkit_signaling_connection. */
#define NERTC_CALLKIT_SIGNALING_CONNECTION_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_connection), 0, 0, 0, NULL }

/** A call record. Lent for the call. */
typedef struct nertc_callkit_record {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** A nertc_callkit_record_status. */
  int32_t record_status;
  /** How many accounts. */
  uint32_t account_count;
  /** Message id the client chose: the call id. */
  const char *client_msg_id;
  /** Receiver. */
  const char *to_account;
  /** Signaling channel. */
  const char *channel_id;
  /** The record as JSON text (NIM message type 12). */
  const char *text;
  /** Accounts that talked. */
  const char *const *accounts;
  /** Seconds per account. */
  const uint32_t *durations_s;
} nertc_callkit_record;
/** Every default of nertc_callkit_record. */
#define NERTC_CALLKIT_RECORD_INIT \
  { (uint32_t)sizeof(nertc_callkit_record), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * How a signaling plug reports. Lent from open until close_backend returns; every function only
 * copies and enqueues, may be called on any thread, also from inside an operation, and not after
 * close_backend returned.
 */
typedef struct nertc_callkit_signaling_sink {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the core. */
  uint32_t abi;
  /** First argument of every function here. */
  void *ctx;
  /**
   * Ends the operation `req`: exactly once for each that was accepted. Has a reserved slot, never
   * fails.
   */
  void (*complete)(void *ctx,
                   nertc_callkit_req req,
                   const nertc_callkit_signaling_result *result);
  /**
   * Messages; `origin` is a nertc_callkit_message_origin. 0, or QUEUE_FULL = keep and offer them
   * again.
   */
  int32_t (*events)(void *ctx,
                    int32_t origin,
                    const nertc_callkit_signaling_event *const *events,
                    uint32_t count);
  /** Channels that this device is still in after a login. 0, or QUEUE_FULL. */
  int32_t (*channel_states)(void *ctx,
                            const nertc_callkit_channel_state *const *channel_states,
                            uint32_t count);
  /** The connection changed. 0, or QUEUE_FULL. */
  int32_t (*connection)(void *ctx, const nertc_callkit_signaling_connection *event);
  /**
   * A line for the log; `level` is a nertc_callkit_log_level. No accounts, tokens or
   * attachments, please: nobody redacts them here.
   */
  void (*log)(void *ctx, int32_t level, const char *text);
  /** A call record that `from` sent: what it claims. 0, or QUEUE_FULL. */
  int32_t (*record)(void *ctx, const char *from_account, const nertc_callkit_record *record);
} nertc_callkit_signaling_sink;
/** Every default of nertc_callkit_signaling_sink. */
#define NERTC_CALLKIT_SIGNALING_SINK_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_sink), NERTC_CALLKIT_ABI, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL }

/** Who logs in. Lent for the call. */
typedef struct nertc_callkit_login_args {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** Application key, or empty. */
  const char *app_key;
  /** Account. */
  const char *account;
  /** Token, or empty. */
  const char *token;
  /** This device. */
  const char *device_id;
  /** Folder the plug may write to, or empty. */
  const char *data_dir;
  /**
   * How long the core waits for complete(req), in ms; 0 = not said. A plug that completes just
   * before can say why there is no connection.
   */
  uint32_t timeout_ms;
  /** 0. */
  uint32_t reserved;
} nertc_callkit_login_args;
/** Every default of nertc_callkit_login_args. */
#define NERTC_CALLKIT_LOGIN_ARGS_INIT \
  { (uint32_t)sizeof(nertc_callkit_login_args), 0, NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** Text of the push notification that goes with an invite. Any thread. */
typedef struct nertc_callkit_push {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** Up to 512 bytes, or NULL. */
  const char *title;
  /** Up to 512 bytes, or NULL. */
  const char *content;
  /** Up to 2048 bytes, or NULL. */
  const char *payload;
} nertc_callkit_push;
/** Every default of nertc_callkit_push. */
#define NERTC_CALLKIT_PUSH_INIT \
  { (uint32_t)sizeof(nertc_callkit_push), 0, NULL, NULL, NULL }

/** What an operation needs; fields it does not need are 0 or empty. Lent for the call. */
typedef struct nertc_callkit_signaling_args {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE. */
  uint32_t flags;
  /** create: a nertc_callkit_call_type. */
  int32_t call_type;
  /** invite: what is left of the ring time, for the message's expiry; 0 = not known. */
  uint32_t expires_ms;
  /** All but create: the channel. */
  const char *channel_id;
  /**
   * invite, cancel_invite: the invited account. accept, reject: the inviter. control: the receiver,
   * empty = all.
   */
  const char *account;
  /** invite, cancel_invite, accept, reject. */
  const char *request_id;
  /** The attachment, up to 4096 bytes. */
  const char *custom_info;
  /** invite: push text, or NULL. */
  const nertc_callkit_push *push;
} nertc_callkit_signaling_args;
/** Every default of nertc_callkit_signaling_args. */
#define NERTC_CALLKIT_SIGNALING_ARGS_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_args), 0, 0, 0, NULL, NULL, NULL, NULL, NULL }

/**
 * One signaling operation. Returns 0 = accepted, exactly one complete(req) follows; else a refusal,
 * nothing follows. Called on the worker, never from inside a sink call; must not block.
 */
typedef int32_t (*nertc_callkit_signaling_operation_cb)(void *ctx,
                                                        nertc_callkit_req req,
                                                        const nertc_callkit_signaling_args *args);

/** Who may ring. Any thread. */
typedef struct nertc_callkit_call_policy {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_policy_flag bits. */
  uint32_t flags;
  /** A nertc_callkit_policy_rule. */
  int32_t rule;
  /** A nertc_callkit_policy_answer. */
  int32_t answer;
  /** 1 to 64 bytes each; copied, duplicates count once. NULL if the rule needs none. */
  const char *const *accounts;
  /** 0 to 4096. */
  uint32_t account_count;
  /** Reserved; must be 0. */
  uint32_t reserved;
} nertc_callkit_call_policy;
/** Every default of nertc_callkit_call_policy. */
#define NERTC_CALLKIT_CALL_POLICY_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_policy), 0, 0, 0, NULL, 0, 0 }

/**
 * A signaling plug. Functions are called on the worker, one at a time. Mandatory: open, login,
 * logout, create, join, invite, cancel_invite, accept, reject, leave, close.
 */
typedef struct nertc_callkit_signaling {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the plug. */
  uint32_t abi;
  /** nertc_callkit_signaling_cap bits. */
  uint32_t caps;
  /** 0. */
  uint32_t reserved;
  /** For the log; lives as long as the plug. NULL = unnamed. */
  const char *name;
  /**
   * Before the first login, at most once. 0 = open; a refusal completes that login with this code.
   */
  int32_t (*open)(void *ctx, const nertc_callkit_signaling_sink *sink);
  /**
   * Once, if open succeeded. The barrier: when it returns, no sink call runs or will run. Must not
   * wait for a thread that waits for the core. NULL = nothing to do.
   */
  void (*close_backend)(void *ctx);
  /** Exactly once, last, also when open was never called. NULL = nothing to free. */
  void (*release)(void *ctx);
  /** Logs in. The unread backlog follows as one OFFLINE batch after the completion. */
  int32_t (*login)(void *ctx, nertc_callkit_req req, const nertc_callkit_login_args *args);
  /** Logs out. */
  int32_t (*logout)(void *ctx, nertc_callkit_req req);
  /** Makes a channel; the result's room has its id. */
  nertc_callkit_signaling_operation_cb create;
  /**
   * Joins a channel; the result's room lists the members with their uids, this device among them.
   */
  nertc_callkit_signaling_operation_cb join;
  /** Invites an account. */
  nertc_callkit_signaling_operation_cb invite;
  /** Takes an invite back. */
  nertc_callkit_signaling_operation_cb cancel_invite;
  /** Accepts an invite: the service decides, first come, first served. Does not join. */
  nertc_callkit_signaling_operation_cb accept;
  /** Rejects an invite. */
  nertc_callkit_signaling_operation_cb reject;
  /** Leaves a channel. */
  nertc_callkit_signaling_operation_cb leave;
  /** Closes a channel for everybody. */
  nertc_callkit_signaling_operation_cb close;
  /** Sends a text to members of a channel, in the order of the calls. NULL = unsupported. */
  nertc_callkit_signaling_operation_cb control;
  /** Sends a call record as a message. NULL = unsupported. */
  int32_t (*send_record)(void *ctx, nertc_callkit_req req, const nertc_callkit_record *record);
  /** The device's network changed: reconnect now. NULL = nothing to do. */
  void (*network_changed)(void *ctx);
  /**
   * What became of an INVITE, a nertc_callkit_invite_state: exactly once for each INVITE handed to
   * the sink, unless reject or accept comes first. `args` has channel_id, account (the inviter) and
   * request_id. NULL = nobody is told.
   */
  void (*invite_state)(void *ctx, const nertc_callkit_signaling_args *args, int32_t state);
  /**
   * The login `req` is not wanted any more: nothing of it connects or speaks from now on; what the
   * service keeps for the device stays. complete(req) still follows. NULL = the core calls logout.
   */
  void (*abort_login)(void *ctx, nertc_callkit_req req);
  /**
   * The token for the next connection; tries with it now if there is no connection. Empty = there
   * is none. 0, or a nertc_callkit_code. NULL = unsupported.
   */
  int32_t (*set_token)(void *ctx, const char *token);
  /**
   * Whose invites ring: after each login, unless everybody's do, and whenever it changes. The core
   * decides; a backend that asks inviters whether an invite that waited still stands does not ask
   * those that this refuses. Lent for the call. NULL = not needed.
   */
  void (*call_policy)(void *ctx, const nertc_callkit_call_policy *policy);
} nertc_callkit_signaling;
/** Every default of nertc_callkit_signaling. */
#define NERTC_CALLKIT_SIGNALING_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling), NERTC_CALLKIT_ABI, 0, 0, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL }

/** What happened in the media room. Lent for the call. */
typedef struct nertc_callkit_rtc_event {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_rtc_event_type. */
  int32_t type;
  /** As `type` says. */
  int32_t code;
  /** The SDK's own number, or 0. */
  int32_t raw_code;
  /** nertc_callkit_media bits. */
  uint32_t media;
  /** As `type` says. */
  uint32_t flags;
  /** Whom it is about; 0 = ourselves. */
  uint64_t uid;
  /** Or NULL. */
  const char *text;
} nertc_callkit_rtc_event;
/** Every default of nertc_callkit_rtc_event. */
#define NERTC_CALLKIT_RTC_EVENT_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_event), 0, 0, 0, 0, 0, 0, NULL }

/** How a media plug reports. Same rules as nertc_callkit_signaling_sink. */
typedef struct nertc_callkit_rtc_sink {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the core. */
  uint32_t abi;
  /** First argument of every function here. */
  void *ctx;
  /**
   * Ends the operation `req` with a nertc_callkit_code; `raw_code` and `message` may be 0 and NULL.
   */
  void (*complete)(void *ctx,
                   nertc_callkit_req req,
                   int32_t code,
                   int32_t raw_code,
                   const char *message);
  /** Something happened. 0, or QUEUE_FULL = keep it and offer it again. */
  int32_t (*event)(void *ctx, const nertc_callkit_rtc_event *event);
  /** A frame of `frame->uid`; goes to config.on_frame on this very thread. */
  void (*frame)(void *ctx, const nertc_callkit_frame *frame);
  /**
   * A line for the log; `level` is a nertc_callkit_log_level. No accounts, tokens or
   * attachments, please: nobody redacts them here.
   */
  void (*log)(void *ctx, int32_t level, const char *text);
  /**
   * Sends a text to the peer's media backend: a JSON object of up to 4000 bytes, nested up to 8
   * deep. Any thread. `join` is the req of the join it belongs to: from the call of join on, until
   * leave is called; a text with another number is dropped, so that a late thread cannot speak
   * into the next call. 0: copied and queued. INVALID_ARGUMENT: no such text. QUEUE_FULL: offer it
   * again. What signaling refuses later is one on_error (NERTC_CALLKIT_OPERATION_NEGOTIATION).
   */
  int32_t (*send)(void *ctx, nertc_callkit_req join, const char *json);
} nertc_callkit_rtc_sink;
/** Every default of nertc_callkit_rtc_sink. */
#define NERTC_CALLKIT_RTC_SINK_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_sink), NERTC_CALLKIT_ABI, NULL, NULL, NULL, NULL, NULL, \
    NULL }

/** Which media room. Lent for the call. */
typedef struct nertc_callkit_rtc_join {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** 0. */
  uint32_t reserved;
  /** Own uid. */
  uint64_t uid;
  /** Name of the room, up to 127 bytes. */
  const char *channel_name;
  /** Token, or empty. */
  const char *token;
  /** Account of the other party. */
  const char *peer;
  /** Call id of the invite that lives, or empty: the same on both sides. */
  const char *call_id;
} nertc_callkit_rtc_join;
/** Every default of nertc_callkit_rtc_join. */
#define NERTC_CALLKIT_RTC_JOIN_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_join), 0, 0, 0, 0, NULL, NULL, NULL, NULL }

/** Where to draw. The window travels to the media plug untouched. Any thread. */
typedef struct nertc_callkit_view {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** The plug's scaling mode; 0 = its default. */
  int32_t scaling;
  /** 1 = mirrored. */
  int32_t mirror;
  /** 0. */
  uint32_t flags;
  /**
   * Native window or view handle; must stay valid until it was replaced or the component is gone.
   */
  void *window;
} nertc_callkit_view;
/** Every default of nertc_callkit_view. */
#define NERTC_CALLKIT_VIEW_INIT \
  { (uint32_t)sizeof(nertc_callkit_view), 0, 0, 0, NULL }

/**
 * A media plug. Functions are called on the worker, one at a time; push_frame on the host's thread,
 * concurrently. Mandatory: open, join, leave.
 */
typedef struct nertc_callkit_rtc {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the plug. */
  uint32_t abi;
  /** nertc_callkit_rtc_cap bits. */
  uint32_t caps;
  /** 0. */
  uint32_t reserved;
  /** For the log; lives as long as the plug. NULL = unnamed. */
  const char *name;
  /** As in nertc_callkit_signaling. */
  int32_t (*open)(void *ctx, const nertc_callkit_rtc_sink *sink);
  /** As in nertc_callkit_signaling. */
  void (*close_backend)(void *ctx);
  /** As in nertc_callkit_signaling. */
  void (*release)(void *ctx);
  /**
   * Joins a room; completes once in it. Microphone and camera are off then: enable_local follows.
   */
  int32_t (*join)(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args);
  /** Leaves the room. */
  int32_t (*leave)(void *ctx, nertc_callkit_req req);
  /** Opens or closes microphone or camera. NULL = unsupported. */
  int32_t (*enable_local)(void *ctx, nertc_callkit_req req, uint32_t media, int32_t on);
  /** Sends silence or nothing while the device stays open. NULL = unsupported. */
  int32_t (*mute_local)(void *ctx, nertc_callkit_req req, uint32_t media, int32_t muted);
  /** Receives `media` of `uid`, or not. NULL = unsupported. */
  int32_t (*subscribe)(void *ctx, nertc_callkit_req req, uint64_t uid, uint32_t media, int32_t on);
  /** Draws `uid` (0 = ourselves) in `view`; `view` NULL = no longer. NULL = unsupported. */
  int32_t (*set_view)(void *ctx,
                      nertc_callkit_req req,
                      uint64_t uid,
                      const nertc_callkit_view *view);
  /** Sends a frame that the host made. 0 or a nertc_callkit_status. NULL = unsupported. */
  int32_t (*push_frame)(void *ctx, const nertc_callkit_frame *frame);
  /** The device's network changed: restart what needs it. NULL = nothing to do. */
  void (*network_changed)(void *ctx);
  /**
   * A text of the peer's media backend, in order, each once: after `join` was called with the req
   * `join` and before leave is; what came earlier follows right after the call of join. Lent for
   * the call; must not block. Mandatory with NERTC_CALLKIT_RTC_CAP_SIGNALS.
   */
  void (*receive)(void *ctx, nertc_callkit_req join, const char *json);
  /**
   * What it talks to its peer, `<name>/<version>`, 1 to 32 bytes: invites and accepts say it, and a
   * peer that says another one, or none, is refused (NERTC_CALLKIT_CODE_MEDIA_MISMATCH). Mandatory
   * with NERTC_CALLKIT_RTC_CAP_SIGNALS, else ignored. Copied by create.
   */
  const char *protocol;
} nertc_callkit_rtc;
/** Every default of nertc_callkit_rtc. */
#define NERTC_CALLKIT_RTC_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc), NERTC_CALLKIT_ABI, 0, 0, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** A signaling plug and a media plug, for config.backends. One pair serves one component. */
typedef struct nertc_callkit_backends {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** Copied by create. NULL = the embedded loopback. */
  const nertc_callkit_signaling *signaling;
  /** First argument of every function of `signaling`. */
  void *signaling_ctx;
  /** Copied by create. NULL = the embedded loopback. */
  const nertc_callkit_rtc *rtc;
  /** First argument of every function of `rtc`. */
  void *rtc_ctx;
} nertc_callkit_backends;
/** Every default of nertc_callkit_backends. */
#define NERTC_CALLKIT_BACKENDS_INIT \
  { (uint32_t)sizeof(nertc_callkit_backends), 0, NULL, NULL, NULL, NULL }

/** Every timer, in milliseconds; 0 = the default given here. Any thread. */
typedef struct nertc_callkit_timers {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Ring limit of both roles until set_call_timeout says otherwise (30000, at most 120000). */
  uint32_t ring_ms;
  /** Added to the ring limit on the called side (500). */
  uint32_t ring_grace_ms;
  /** Limit of login (10000). */
  uint32_t login_ms;
  /** Limit of create, join, invite and accept (8000). */
  uint32_t request_ms;
  /** Limit of every other signaling operation (5000). */
  uint32_t operation_ms;
  /** Limit of leaving the media room (3000). */
  uint32_t rtc_leave_ms;
  /** From accept to connected media (15000). */
  uint32_t rtc_connect_ms;
  /** How long a callee waits for an old caller's go-ahead (3000). */
  uint32_t handshake_ms;
  /** How long a call-type question stays open (10000). */
  uint32_t switch_ms;
  /** How long the winner of a glare waits for the other's answer (3000). */
  uint32_t glare_ms;
  /** How long a peer's leaving may still turn out to be a hang-up (500). */
  uint32_t peer_leave_ms;
  /** Silence of the peer until on_reconnecting (4000). */
  uint32_t peer_reconnecting_ms;
  /** Silence of the peer until on_user_disconnect (20000). */
  uint32_t peer_lost_ms;
  /** How long the wire of an ended call may take to clean up (10000). */
  uint32_t teardown_ms;
  /** What destroy, release and logout grant a live call's ending operation (500). */
  uint32_t destroy_wait_ms;
  /** How long ended calls are remembered (600000). */
  uint32_t tombstone_ms;
  /** Age at which an invite is too old to ring (120000). */
  uint32_t invite_age_ms;
  /** How long the app may take to answer on_token_needed (60000; at a login login_ms). */
  uint32_t token_ms;
  /** Reserved; must be 0. */
  uint32_t reserved;
} nertc_callkit_timers;
/** Every default of nertc_callkit_timers. */
#define NERTC_CALLKIT_TIMERS_INIT \
  { (uint32_t)sizeof(nertc_callkit_timers), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
    0, 0 }

/** How to create a component. Any thread. */
typedef struct nertc_callkit_config {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** A nertc_callkit_delivery. */
  int32_t delivery;
  /** A nertc_callkit_worker. */
  int32_t worker;
  /** Copied by create; NULL = no events. */
  const nertc_callkit_listener *listener;
  /**
   * Called for every frame of the peer while connected, on a thread of the media plug, beside
   * other callbacks; user_id and frame are lent until it returns. None starts once on_call_end
   * or the completion of leave is delivered, which waits for one that runs. NULL = none.
   */
  void (*on_frame)(nertc_callkit *kit,
                   const char *user_id,
                   const nertc_callkit_frame *frame,
                   void *user_data);
  /**
   * HOST delivery: called once whenever the queue becomes non-empty, on any thread. It counts as a
   * callback (destroy and dispatch answer REENTRANT) and must not wait for the thread that
   * dispatches. NULL = none.
   */
  void (*on_wakeup)(void *user_data);
  /** Handed to the listener, on_frame and on_wakeup. */
  void *user_data;
  /** Plugs, taken over if create answers OK; NULL = the embedded loopback. */
  const nertc_callkit_backends *backends;
  /** The service's application key, up to 128 bytes, or NULL. */
  const char *app_key;
  /** Names this device among those of the account, up to 64 bytes; NULL = made up. */
  const char *device_id;
  /** Folder that a plug may write to, or NULL. */
  const char *data_dir;
  /** Timers; NULL = all defaults. */
  const nertc_callkit_timers *timers;
  /**
   * 1 = a switch from audio to video asks: the peer's asks the app (on_call_type_request), ours
   * the peer. 0 = it happens at once.
   */
  int32_t confirm_audio_to_video;
  /**
   * 1 = a switch from video to audio asks: the peer's asks the app (on_call_type_request), ours
   * the peer. 0 = it happens at once.
   */
  int32_t confirm_video_to_audio;
} nertc_callkit_config;
/** Every default of nertc_callkit_config. */
#define NERTC_CALLKIT_CONFIG_INIT \
  { (uint32_t)sizeof(nertc_callkit_config), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, 0, 0 }

/** How a request ended. Lent until the callback returns. */
typedef struct nertc_callkit_result {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code; 0 = success. */
  int32_t code;
  /** The plug's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_operation. */
  uint32_t operation;
  /** The call, 0 = none. */
  nertc_callkit_call_no call_no;
  /** Own media uid (call), or 0. */
  uint64_t uid;
  /** What to do about a failure, for a developer; never NULL. */
  const char *message;
  /** Signaling channel (call, accept), or empty. */
  const char *channel_id;
  /** Request id of the invite (call, accept), or empty. */
  const char *request_id;
  /** Call id (call, accept), or empty. */
  const char *call_id;
} nertc_callkit_result;

/**
 * Called exactly once for an accepted request, as config.delivery says. In a callback of its own
 * component every function but destroy and dispatch may be called.
 */
typedef void (*nertc_callkit_completion_cb)(nertc_callkit *kit,
                                            const nertc_callkit_result *result,
                                            void *user_data);

/** What is going on, copied out by nertc_callkit_get_call_info. Any thread. */
typedef struct nertc_callkit_call_info {
  /** In: sizeof this struct. Out: how much was written. */
  uint32_t struct_size;
  /** A nertc_callkit_state. */
  int32_t state;
  /** A nertc_callkit_call_type, 0 when idle. */
  int32_t call_type;
  /** nertc_callkit_call_info_flag bits. */
  uint32_t flags;
  /** The call, 0 when idle. */
  nertc_callkit_call_no call_no;
  /** Own media uid, 0 = not known yet. */
  uint64_t own_uid;
  /** The peer's media uid, 0 = not known yet. */
  uint64_t peer_uid;
  /** Own account, empty when logged out. */
  char account[65];
  /** The other party. */
  char peer[65];
  /** Signaling channel. */
  char channel_id[65];
  /** Request id of the invite. */
  char request_id[65];
  /** Call id, which is also the call record's message id. */
  char call_id[65];
  /** Media room. */
  char rtc_channel[128];
  /** 0. */
  char reserved[3];
} nertc_callkit_call_info;
/** Every default of nertc_callkit_call_info. */
#define NERTC_CALLKIT_CALL_INFO_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_info), 0, 0, 0, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 }, \
    { 0 }, { 0 }, { 0 } }

/** How to call. Any thread. */
typedef struct nertc_callkit_call_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE, NERTC_CALLKIT_CALL_FLAG_NO_RECORD. */
  uint32_t flags;
  /** A nertc_callkit_call_type; 0 = audio. */
  int32_t call_type;
  /** 0. */
  uint32_t reserved;
  /** Account to call. Not NULL, 1 to 64 bytes, not the own account. */
  const char *user_id;
  /**
   * Shown to the called side in on_invited. A JSON object or array travels as JSON, anything else
   * as a string. With `extra` at most 4096 bytes as JSON, our own members included:
   * nertc_callkit_call says how that is counted. NULL = none.
   */
  const char *attachment;
  /** Text for the service's own use (NetEase's global_extra). NULL = none. */
  const char *extra;
  /** Push text, or NULL. */
  const nertc_callkit_push *push;
} nertc_callkit_call_options;
/** Every default of nertc_callkit_call_options. */
#define NERTC_CALLKIT_CALL_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_options), 0, 0, 0, NULL, NULL, NULL, NULL }

/** How to end a call: for cancel, reject, hangup and leave. Any thread. */
typedef struct nertc_callkit_end_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_call_flag bits. cancel, hangup: both. leave: NO_OFFLINE. reject: none. */
  uint32_t flags;
  /** reject: 0 = declined, NERTC_CALLKIT_END_BUSY = busy. Else 0. */
  int32_t reason;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /**
   * Reported as `extra` of the peer's on_call_end, if its client understands call ids. NULL = none.
   */
  const char *text;
} nertc_callkit_end_options;
/** Every default of nertc_callkit_end_options. */
#define NERTC_CALLKIT_END_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_end_options), 0, 0, 0, NULL }

/**
 * What a push notification about a call says. No secret, and not authenticated: it can only make an
 * answer wait. Any thread.
 */
typedef struct nertc_callkit_push_call {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  int32_t call_type;
  /** By the sender's clock, ms since 1970; 0 = not known. */
  uint64_t sent_ms;
  /** What was left of the ring time then. */
  uint32_t ring_left_ms;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** Called account. */
  char to_account[65];
  /** Caller's account. */
  char from_account[65];
  /** Caller's device, or empty. */
  char from_device[65];
  /** Signaling channel. */
  char channel_id[65];
  /** Request id of the invite. */
  char request_id[65];
  /** Reserved; must be 0. */
  char reserved[3];
} nertc_callkit_push_call;
/** Every default of nertc_callkit_push_call. */
#define NERTC_CALLKIT_PUSH_CALL_INIT \
  { (uint32_t)sizeof(nertc_callkit_push_call), 0, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, \
    { 0 } }

/** One line of a hub's fault script. Any thread. */
typedef struct nertc_callkit_fault {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** 0. */
  uint32_t flags;
  /** A nertc_callkit_fault_action. */
  int32_t action;
  /** A nertc_callkit_fault_on. */
  int32_t on;
  /** Number of matches to skip before the fault fires. */
  uint32_t skip_count;
  /** Number of matches that the fault then fires on; 0 = one, UINT32_MAX = all. */
  uint32_t hit_count;
  /** For DELAY. */
  uint32_t delay_ms;
  /** For REFUSE. */
  int32_t code;
  /** Account it applies to (the receiver for messages); NULL = any. */
  const char *account;
  /** Device it applies to; NULL = any. */
  const char *device_id;
} nertc_callkit_fault;
/** Every default of nertc_callkit_fault. */
#define NERTC_CALLKIT_FAULT_INIT \
  { (uint32_t)sizeof(nertc_callkit_fault), 0, 0, 0, 0, 0, 0, 0, NULL, NULL }

/** How the MQTT plug signals. Any thread. */
typedef struct nertc_callkit_mqtt_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_mqtt_flag bits. */
  uint32_t flags;
  /**
   * The broker's addresses, tried in turn: `mqtts://host`, `mqtts://host:8883`, `mqtt://host`,
   * `mqtt://[::1]:1883`. Not NULL. All must lead to the same broker or cluster.
   */
  const char *const *endpoints;
  /** How many: 1 to 8. */
  uint32_t endpoint_count;
  /** For how many seconds the broker keeps what comes while a device is away (86400). */
  uint32_t session_expiry_s;
  /** Seconds of silence after which the broker is asked whether it is there (60), up to 65535. */
  uint32_t keep_alive_s;
  /** Silence of the peer's device after which it counts as gone (60000). */
  uint32_t peer_lost_ms;
  /**
   * Certificates of the authorities to trust for mqtts://, as PEM text, up to 1 MiB. NULL = those
   * of the system.
   */
  const char *ca_pem;
  /**
   * What every topic begins with: levels of A-Z a-z 0-9 _ - with / between them, up to 32 bytes.
   * NULL = "nck1".
   */
  const char *topic_prefix;
  /**
   * Brings back what save_client_id got for this account and device: writes it into `buffer` of
   * `size` bytes and answers 0; anything else = there is none. On the worker, at login; must not
   * block. NULL = a file in config.data_dir that its owner alone may read; if that is not set,
   * nothing comes from before this process, and nothing is kept longer than 10 minutes. Both
   * hooks or none.
   */
  int32_t (*load_client_id)(const char *account,
                            const char *device_id,
                            char *buffer,
                            uint32_t size,
                            void *user_data);
  /** Keeps the client id, which is a secret: who has it can take the session over. */
  void (*save_client_id)(const char *account,
                         const char *device_id,
                         const char *client_id,
                         void *user_data);
  /**
   * Handed to the hooks, which count as callbacks and may be called until the component is gone.
   */
  void *user_data;
  /**
   * For brokers that ask for a client certificate (mqtts://): the device's certificate and those
   * between it and the authority, as PEM text, up to 1 MiB. NULL = none. With one, a login without
   * a token connects without asking for a token.
   */
  const char *client_cert_pem;
  /**
   * The private key of that certificate, as PEM text without a password: PKCS #8, PKCS #1 or SEC1.
   * Both or none.
   */
  const char *client_key_pem;
} nertc_callkit_mqtt_options;
/** Every default of nertc_callkit_mqtt_options. */
#define NERTC_CALLKIT_MQTT_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_mqtt_options), 0, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL }

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Gives the version of the library that runs.
 *
 * @return  0xMMmmpp: major, minor, patch. The header's is NERTC_CALLKIT_VERSION_NUMBER.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
uint32_t nertc_callkit_version(void);

/**
 * Gives the version of the library that runs, as text.
 *
 * @return  For example "0.1.0". Static: never freed.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_version_text(void);

/**
 * Explains a status.
 *
 * @param status  A nertc_callkit_status, or any other number.
 * @return        What to do about it. Static: never freed, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_status_text(int32_t status);

/**
 * Explains a code of a completion or an event.
 *
 * @param code  A nertc_callkit_code, or any other number.
 * @return      What to do about it. Static: never freed, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_code_text(int32_t code);

/**
 * Explains why a call ended.
 *
 * @param reason  A nertc_callkit_end_reason, or any other number.
 * @return        For example "the called side was busy". Static: never freed, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_end_reason_text(int32_t reason);

/**
 * Names a state.
 *
 * @param state  A nertc_callkit_state, or any other number.
 * @return       For example "calling". Static: never freed, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_state_text(int32_t state);

/**
 * Names what a completion or an error belongs to.
 *
 * @param operation  A nertc_callkit_operation, or any other number.
 * @return           For example "switch_call_type". Static: never freed, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
const char *nertc_callkit_operation_text(uint32_t operation);

/**
 * Fills a struct with its defaults: zeroes it and sets its struct_size.
 *
 * The same as the struct's _INIT macro. For every struct of this library that the app fills.
 *
 * @param object       The struct. NULL: nothing happens.
 * @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
void nertc_callkit_struct_init(void *object, uint32_t struct_size);

/**
 * Creates a component: logged out, silent until login.
 *
 * Copies `config` and all it points to. The backends are taken over only if the answer is OK,
 * else they stay the caller's. Calls nothing back before it returns.
 *
 * @param config  How to create it. Not NULL.
 * @param out     Receives the handle, on success only. Not NULL. Owned: destroy or release it.
 * @return        OK. INVALID_ARGUMENT: NULL, a value outside its limits, a backend without a
 *                mandatory function (the log names it). UNSUPPORTED: a field that this library
 *                does not know is not zero, or a backend of another NERTC_CALLKIT_ABI.
 *                INTERNAL: out of descriptors or threads.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_create(const nertc_callkit_config *config,
                                          nertc_callkit **out);

/**
 * Ends a component and waits until the last callback has returned.
 *
 * The handle is CLOSED at once. A live call is ended so that the peer learns, for at most
 * timers.destroy_wait_ms. Pending completions come with SHUTTING_DOWN before this returns:
 * with HOST delivery on this thread. Then both backends are released, and nothing of this
 * component runs any more. Do not cancel the thread that waits here (pthread_cancel): that
 * aborts the process.
 *
 * @param kit  Component, or NULL: OK, nothing happens.
 * @return     OK. CLOSED: released or destroyed before. REENTRANT: inside any callback of any
 *             component; nothing happened, use release.
 *
 * Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_destroy(nertc_callkit *kit);

/**
 * Ends a component without waiting.
 *
 * Like destroy, but in the background: the handle is CLOSED at once, running callbacks finish,
 * pending completions come with SHUTTING_DOWN, and `released` is the last callback of all.
 * With HOST delivery they run in the next dispatch, which the closed handle accepts until
 * `released` has run.
 *
 * @param kit        Component. Not NULL.
 * @param released   Called once when everything is over, or NULL.
 * @param user_data  Handed to `released`.
 * @return           OK. INVALID_ARGUMENT: NULL. CLOSED: released or destroyed before;
 *                   `released` is not called.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_release(nertc_callkit *kit,
                                           void (*released)(void *user_data),
                                           void *user_data);

/**
 * Logs in to signaling; before that nothing can be called or received.
 *
 * Copies both texts. Opens the backends first if this is the first login. Logged in with the
 * same account: completes with 0; with another: ALREADY_LOGGED_IN. During a logout it waits
 * for its end. Before it every request but login and set_call_timeout completes with
 * NERTC_CALLKIT_CODE_NOT_LOGGED_IN.
 *
 * @param kit        Component. Not NULL.
 * @param account    Own account. Not NULL, 1 to 64 bytes.
 * @param token      What the service asks for, up to 4096 bytes, or NULL = empty.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_login(nertc_callkit *kit,
                                         const char *account,
                                         const char *token,
                                         nertc_callkit_completion_cb done,
                                         void *user_data);

/**
 * Gives the token for the next connection, asked for by on_token_needed or not.
 *
 * Copies `token`. While the connection is being made or is lost, it is tried at once; while
 * there is one, it is kept and the connection stays. NULL or empty = there is none: a login
 * completes with NERTC_CALLKIT_CODE_BAD_TOKEN, a session that needs one is kicked with it,
 * after its live call if that has media. Logged out: OK, without effect.
 *
 * @param kit    Component. Not NULL.
 * @param token  Up to 4096 bytes, or NULL = there is none.
 * @return       OK. INVALID_ARGUMENT: NULL component, no UTF-8, too long. CLOSED, QUEUE_FULL.
 *               UNSUPPORTED: the signaling backend has no set_token.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_token(nertc_callkit *kit, const char *token);

/**
 * Logs out, after ending a live call so that the peer learns.
 *
 * Its completion is the last callback until the next login. A login that is under way
 * completes with SUPERSEDED.
 *
 * @param kit        Component. Not NULL.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED. QUEUE_FULL: only if its reserved
 *                   slots are taken, too.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_logout(nertc_callkit *kit,
                                          nertc_callkit_completion_cb done,
                                          void *user_data);

/**
 * Tells where the component stands.
 *
 * Newest state, which may be ahead of the events that were delivered.
 *
 * @param kit  Component. Not NULL.
 * @return     A nertc_callkit_state; negative: INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
int32_t nertc_callkit_get_state(nertc_callkit *kit);

/**
 * Copies out what is going on.
 *
 * Newest state, which may be ahead of the events that were delivered.
 *
 * @param kit  Component. Not NULL.
 * @param out  Its struct_size says how much may be written, and afterwards how much was. Not
 *             NULL.
 * @return     OK. INVALID_ARGUMENT: NULL, or struct_size is too small. CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_get_call_info(nertc_callkit *kit,
                                                 nertc_callkit_call_info *out);

/**
 * Runs the callbacks that wait, with HOST delivery.
 *
 * Runs at most those that wait when it starts to run them, on this thread. A released
 * component is accepted until its `released` has run.
 *
 * @param kit         Component. Not NULL.
 * @param timeout_ms  How long to wait for the first callback: 0 = not at all, -1 = for ever.
 * @return            How many callbacks ran, also 0; negative: INVALID_ARGUMENT (timeout below
 *                    -1), CLOSED, UNSUPPORTED (WORKER delivery), REENTRANT: inside a callback,
 *                    or another thread is dispatching this component.
 *
 * Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
 */
int32_t nertc_callkit_dispatch(nertc_callkit *kit, int32_t timeout_ms);

/**
 * Returns what an event loop waits for, with APP delivery.
 *
 * On POSIX a file descriptor to poll, readable exactly while callbacks wait for dispatch; on
 * Windows a manual-reset event, signaled as long. It stays the client's: never read, reset or
 * close it.
 *
 * @param kit  Client. Not NULL.
 * @param out  Receives the handle, on success only. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED. UNSUPPORTED: WORKER delivery. INTERNAL: out of
 *             descriptors.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_get_event_handle(nertc_callkit *kit, intptr_t *out);

/**
 * Tells that the device's network changed, or that it woke up.
 *
 * The backends reconnect at once instead of waiting for their own timers.
 *
 * @param kit  Component. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_network_changed(nertc_callkit *kit);

/**
 * Sets how long a call rings, as caller and as callee.
 *
 * Used by the next call or invite; the running one keeps its limit. The default is
 * timers.ring_ms.
 *
 * @param kit         Component. Not NULL.
 * @param timeout_ms  1 to 120000.
 * @return            OK. INVALID_ARGUMENT: NULL, 0 or above 120000. CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_call_timeout(nertc_callkit *kit, uint32_t timeout_ms);

/**
 * Sets whose invites ring.
 *
 * For every invite that the component takes after this; a call that rings or runs stays. In
 * any state, also logged out; kept until replaced, also over reconnect, logout and another
 * account. Two are never refused: the peer of the live own call (both call each other, a
 * redial, a peer that restarted), and the call that is answered with
 * NERTC_CALLKIT_CALL_REF_WAIT. A refused invite is one on_missed_call (BLOCKED), unless
 * NERTC_CALLKIT_POLICY_NO_MISSED is given. Copies `policy` and all it points to.
 *
 * @param kit     Component. Not NULL.
 * @param policy  Whose invites ring, and what the others get, or NULL: everybody's.
 * @return        OK. INVALID_ARGUMENT: unknown rule, answer or flag, more than 4096 accounts,
 *                an account that is missing, not UTF-8 or longer than 64 bytes; UNSUPPORTED: a
 *                field that this library does not know is not zero; CLOSED, QUEUE_FULL. The
 *                policy before stays then.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_call_policy(nertc_callkit *kit,
                                                   const nertc_callkit_call_policy *policy);

/**
 * Invites one account to a call.
 *
 * Copies `options` and all it points to. The completion carries call_no, channel_id,
 * request_id, call_id and the own uid, and comes before every event of that call. The answer
 * arrives as on_user_accept, on_user_reject, on_user_busy or on_calling_timeout; the last
 * event is on_call_end.
 *
 * What counts of attachment and extra is their length on the wire, where they are JSON: in
 * plain text a quote, a backslash and a newline take 2 bytes, other control characters 6; a
 * JSON object or array goes as it is. Our own members take up to 361 of the 4096 bytes, so
 * 3735 plain letters always fit. The log says how long a refused one would be.
 *
 * @param kit        Component. Not NULL.
 * @param options    Whom to call, and how. Not NULL.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: NULL, bad or over-long text, unknown type
 *                   or flag, or attachment and extra take more than 4096 bytes together on the
 *                   wire. UNSUPPORTED: a field that this library does not know is not zero.
 *                   CLOSED. QUEUE_FULL: too many requests, or 1024 callbacks wait for
 *                   dispatch.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_call(nertc_callkit *kit,
                                        const nertc_callkit_call_options *options,
                                        nertc_callkit_completion_cb done,
                                        void *user_data);

/**
 * Cancels an outgoing call.
 *
 * Final: after it no media opens and no on_user_accept comes. Completes with 0 if the call ended
 * meanwhile.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are taken, too.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_cancel(nertc_callkit *kit,
                                          const nertc_callkit_call_ref *call,
                                          const nertc_callkit_end_options *options,
                                          nertc_callkit_completion_cb done,
                                          void *user_data);

/**
 * Answers a call.
 *
 * Completes when signaling has decided: first come, first served among the devices of the
 * account. Then come on_user_enter and on_call_connected, or on_call_end.
 *
 * With NERTC_CALLKIT_CALL_REF_WAIT a call that is not here yet is waited for, also before
 * login: what woke the phone is a push, and the user has answered it (docs/PUSH.md). Then
 * on_invited comes with NERTC_CALLKIT_INVITED_ANSWERED, and the completion after it; or the
 * completion alone, with NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS: no such call came. A second
 * answer replaces the one that waits (SUPERSEDED).
 *
 * @param kit        Component. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_accept(nertc_callkit *kit,
                                          const nertc_callkit_call_ref *call,
                                          nertc_callkit_completion_cb done,
                                          void *user_data);

/**
 * Rejects an incoming call.
 *
 * Completes at once; on_call_end follows. Completes with 0 if the call ended meanwhile. With
 * NERTC_CALLKIT_END_BUSY as reason the caller gets on_user_busy instead of on_user_reject. With
 * NERTC_CALLKIT_CALL_REF_WAIT as accept.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are taken, too.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_reject(nertc_callkit *kit,
                                          const nertc_callkit_call_ref *call,
                                          const nertc_callkit_end_options *options,
                                          nertc_callkit_completion_cb done,
                                          void *user_data);

/**
 * Ends a call for everybody, whatever its state.
 *
 * While calling it cancels, while ringing it rejects. Completes at once; on_call_end follows.
 * Completes with 0 if the call ended meanwhile. NERTC_CALLKIT_CALL_FLAG_NO_RECORD has a meaning
 * while calling.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are taken, too.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_hangup(nertc_callkit *kit,
                                          const nertc_callkit_call_ref *call,
                                          const nertc_callkit_end_options *options,
                                          nertc_callkit_completion_cb done,
                                          void *user_data);

/**
 * Leaves a call without closing it.
 *
 * The peer sees on_user_leave. Completes at once; on_call_end follows. After the completion no
 * frame reaches on_frame.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are taken, too.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_leave(nertc_callkit *kit,
                                         const nertc_callkit_call_ref *call,
                                         const nertc_callkit_end_options *options,
                                         nertc_callkit_completion_cb done,
                                         void *user_data);

/**
 * Sends a JSON value to the peer's app, which gets it as on_data.
 *
 * For apps that bring their own media (nertc_callkit_null_rtc) and negotiate it themselves, and for
 * whatever else belongs to one call. In order, each once, in this call only. Completes when
 * signaling has taken it: 0; NERTC_CALLKIT_CODE_NOT_IN_CALL before the completion of accept or
 * on_user_accept, and when idle; UNSUPPORTED: the peer's app has no on_data, or the signaling
 * backend no `control`; LIMIT: 16 texts wait already; CALL_MISMATCH: the call ended meanwhile, or
 * `call` names another one. A peer takes up to 256 in 3 seconds, over MQTT 50 a second.
 *
 * @param kit        Component. Not NULL.
 * @param call       Which call, or NULL: the call shown last. Copied.
 * @param json       A JSON value, 1 to 3800 bytes, nested up to 8 deep. Not NULL. Copied.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: NULL, no JSON, too long, too deep. CLOSED,
 *                   QUEUE_FULL, UNSUPPORTED (an unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_send_data(nertc_callkit *kit,
                                             const nertc_callkit_call_ref *call,
                                             const char *json,
                                             nertc_callkit_completion_cb done,
                                             void *user_data);

/**
 * Asks for another call type, or answers the peer's question.
 *
 * Completes at once: with NERTC_CALLKIT_CODE_UNSUPPORTED if the signaling backend has no
 * `control`, with NERTC_CALLKIT_CODE_INVALID_ARGUMENT if there is no question to answer. The
 * peer's question arrives as on_call_type_request, if config asks; so does its refusal of
 * ours, with state 3. What the peer changes or agrees to arrives as on_call_type_change; what
 * this function changes itself is told by its completion alone.
 *
 * @param kit        Component. Not NULL.
 * @param call_type  NERTC_CALLKIT_CALL_TYPE_AUDIO or NERTC_CALLKIT_CALL_TYPE_VIDEO.
 * @param state      A nertc_callkit_call_type_action: ask, agree or refuse.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_switch_call_type(nertc_callkit *kit,
                                                    int32_t call_type,
                                                    int32_t state,
                                                    nertc_callkit_completion_cb done,
                                                    void *user_data);

/**
 * Writes what a push notification about a call should carry, for whoever sends the push.
 *
 * The text is ASCII without blanks, quotes or backslashes, so that it fits into any JSON as it
 * is. It is neither secret nor signed: whoever can send the phone a push can write one, and
 * all it does is to make an answer wait for that call. Copies nothing; writes nothing but
 * `buffer` and `*size`.
 *
 * @param call    The call: accounts, channel_id and request_id are mandatory, 1 to 64 bytes.
 *                Not NULL.
 * @param buffer  Receives the text and its NUL. Not NULL.
 * @param size    In: bytes of `buffer`. Out: bytes needed, with the NUL; at most
 *                NERTC_CALLKIT_PUSH_SIZE. Not NULL.
 * @return        OK. INVALID_ARGUMENT: NULL, a text that is missing or not UTF-8, an unknown
 *                call type or flag, a ring_left_ms above 120000, or the buffer is too small:
 *                then `*size` says what is needed, and `buffer` is as it was. UNSUPPORTED: a
 *                field that this library does not know is not zero.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_push_encode(const nertc_callkit_push_call *call,
                                               char *buffer,
                                               uint32_t *size);

/**
 * Reads what a push notification about a call carries.
 *
 * With it an answer can be given before login: put account, channel_id and request_id into a
 * nertc_callkit_call_ref with NERTC_CALLKIT_CALL_REF_WAIT, and hand it to accept or reject.
 * Reads at most 4096 bytes of `text`.
 *
 * @param text  What push_encode wrote, perhaps; it may come from anybody. Not NULL.
 * @param out   Initialised with NERTC_CALLKIT_PUSH_CALL_INIT; untouched if the answer is not
 *              OK. Not NULL.
 * @return      OK. INVALID_ARGUMENT: NULL, or nothing that push_encode writes: foreign, cut,
 *              too long. UNSUPPORTED: of a later version of the format.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_push_decode(const char *text,
                                               nertc_callkit_push_call *out);

/**
 * Opens or closes microphone or camera.
 *
 * Survives the call; outside a call it is remembered for the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Component. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param on         1 = open, 0 = close.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_enable_local(nertc_callkit *kit,
                                                uint32_t media,
                                                int32_t on,
                                                nertc_callkit_completion_cb done,
                                                void *user_data);

/**
 * Mutes the own microphone or camera, or unmutes it.
 *
 * Ends with the call; outside a call it is remembered for the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Component. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param muted      1 = muted, 0 = heard or seen again.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_mute_local(nertc_callkit *kit,
                                              uint32_t media,
                                              int32_t muted,
                                              nertc_callkit_completion_cb done,
                                              void *user_data);

/**
 * Stops receiving the peer's sound or picture, or starts again.
 *
 * Ends with the call; outside a call it is remembered for the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Component. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param muted      1 = not received, 0 = received again.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_mute_remote(nertc_callkit *kit,
                                               uint32_t media,
                                               int32_t muted,
                                               nertc_callkit_completion_cb done,
                                               void *user_data);

/**
 * Draws the own picture in a view.
 *
 * Copies `view`; its window stays the host's and must stay valid until this was called again
 * and completed, or the component is gone.
 *
 * @param kit        Component. Not NULL.
 * @param view       Where to draw, or NULL: no longer.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_local_view(nertc_callkit *kit,
                                                  const nertc_callkit_view *view,
                                                  nertc_callkit_completion_cb done,
                                                  void *user_data);

/**
 * Draws the peer's picture in a view.
 *
 * Copies `view`; its window stays the host's and must stay valid until this was called again
 * and completed, or the component is gone. May be called before the peer is known.
 *
 * @param kit        Component. Not NULL.
 * @param view       Where to draw, or NULL: no longer.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Handed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_remote_view(nertc_callkit *kit,
                                                   const nertc_callkit_view *view,
                                                   nertc_callkit_completion_cb done,
                                                   void *user_data);

/**
 * Sends a frame that the host made.
 *
 * Goes to the media backend on this thread, beside everything else. The planes are lent until
 * it returns.
 *
 * @param kit    Component. Not NULL.
 * @param frame  Sound or picture; its uid is ignored. Not NULL.
 * @return       OK. INVALID_ARGUMENT: NULL, unknown media, a missing plane, a size of 0.
 *               CLOSED: also before the first login opened the backend. UNSUPPORTED: the media
 *               backend takes no frames, or an unknown field is not zero. QUEUE_FULL: dropped.
 *               Else what the backend answered.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_push_frame(nertc_callkit *kit,
                                              const nertc_callkit_frame *frame);

/**
 * Sets the function that gets the library's log, for the whole process.
 *
 * It runs on any thread, also several at once, with no lock held; `text` is lent until it
 * returns. After this returns a call to the function that was set before may still be running
 * on another thread. Accounts, ids and attachments are redacted unless
 * NERTC_CALLKIT_LOG_PERSONAL is given; tokens always. A line is less than 1024 bytes of text
 * that can be printed as it is: control characters and those that turn the direction of
 * writing are escaped. Lines that come too often are counted: after a while one line says how
 * often. What the library would log because of what the function does is dropped.
 *
 * @param level      A nertc_callkit_log_level: lines of this level and more important ones.
 * @param flags      0 or NERTC_CALLKIT_LOG_PERSONAL.
 * @param log        The function, or NULL: no log.
 * @param user_data  Handed to `log`.
 * @return           OK. INVALID_ARGUMENT: unknown level or flag. UNSUPPORTED: in a Rust
 *                   program that has a logger already.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_set_log_callback(int32_t level,
                                                    uint32_t flags,
                                                    void (*log)(int32_t level,
                                                                const char *text,
                                                                void *user_data),
                                                    void *user_data);

/**
 * Writes down what the component is told and does, from now on, into a file.
 *
 * Lines of JSON, for the program nertc-callkit: it plays them again, draws them and says in
 * words why a call ended. May start at any moment, also in a call. Cheap enough to be left on:
 * at 8 MiB the file becomes `<path>.1` (an older one is replaced) and a new one begins.
 * Without NERTC_CALLKIT_TRACE_PERSONAL accounts are pseudonyms and texts, attachments and
 * messages are hidden, so that it can be sent to somebody; ids stay. Tokens are hidden always.
 *
 * The file is made here, readable by its owner alone; a symbolic link is not followed. A trace
 * that is there becomes `<path>.1`; anything else is not touched. The worker writes it
 * whenever it goes to sleep, so a crash of the process loses what happened since. If the disk
 * is full, the trace ends, the log says so, and calls go on. A trace that is being written
 * ends when another begins. Give each component a file of its own. Needs memory for the
 * component's state as JSON, a few kilobytes, with a long call policy hundreds; without it the
 * process is aborted, as everywhere in this library.
 *
 * @param kit    Component. Not NULL.
 * @param path   File. Not NULL, UTF-8, up to 4096 bytes.
 * @param flags  0 or NERTC_CALLKIT_TRACE_PERSONAL.
 * @return       OK. INVALID_ARGUMENT: NULL, an unknown flag, or a path where no file can be
 *               made; the log says why. CLOSED, QUEUE_FULL. INTERNAL: out of descriptors,
 *               memory or disk.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_trace_start(nertc_callkit *kit,
                                               const char *path,
                                               uint32_t flags);

/**
 * Ends the trace.
 *
 * What the component was told before this is still written, by its worker: the file is
 * complete soon, at the latest when `destroy` has returned or `released` has run. Without a
 * trace: OK, nothing happens. The end of the component ends its trace, too.
 *
 * @param kit  Component. Not NULL.
 * @return     OK. INVALID_ARGUMENT: NULL. CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_trace_stop(nertc_callkit *kit);

/**
 * Creates a hub: an in-process exchange that connects components through the loopback
 * backends.
 *
 * @param flags  nertc_callkit_hub_flag bits.
 * @param out    Receives the hub, on success only. Not NULL. Owned: release it.
 * @return       OK. INVALID_ARGUMENT: NULL or an unknown flag.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_hub_create(uint32_t flags,
                                              nertc_callkit_hub **out);

/**
 * Gives a hub back.
 *
 * It lives on inside the backends that were made from it, until the last of them is gone.
 *
 * @param hub  Hub, or NULL: OK, nothing happens.
 * @return     OK. CLOSED: released before.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_hub_release(nertc_callkit_hub *hub);

/**
 * Adds a line to a hub's fault script.
 *
 * Copies `fault` and its texts. Lines are tried in the order in which they were added; the
 * first that matches counts and decides, and a line that has done its work is gone: lines for
 * the same place act one after the other. DROP and REORDER are for messages, REFUSE and
 * NO_ANSWER for operations, DELAY and DUPLICATE for both, DIE and KICK also for
 * NERTC_CALLKIT_FAULT_ON_NOW.
 *
 * @param hub    Hub, or NULL: the process's default hub.
 * @param fault  What shall go wrong, and when. Not NULL.
 * @return       OK. INVALID_ARGUMENT: NULL, an unknown number, an action that does not go with
 *               its place, a DELAY without delay_ms, a REFUSE without code. UNSUPPORTED: a
 *               field that this library does not know is not zero. QUEUE_FULL: 1024 lines.
 *               CLOSED: released, or NULL while no component uses the default hub.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
nertc_callkit_status nertc_callkit_hub_add_fault(nertc_callkit_hub *hub,
                                                 const nertc_callkit_fault *fault);

/**
 * Makes a loopback signaling backend and puts it into `out`.
 *
 * Fills `signaling` and `signaling_ctx` and leaves the rest. The vtable is static; the ctx is
 * owned by the component that took it over, or by you: then call the vtable's release.
 *
 * @param hub  Hub, or NULL: the process's default hub.
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_loopback_signaling(nertc_callkit_hub *hub,
                                                      nertc_callkit_backends *out);

/**
 * Makes a loopback media backend and puts it into `out`.
 *
 * Fills `rtc` and `rtc_ctx` and leaves the rest. The vtable is static; the ctx is owned by the
 * component that took it over, or by you: then call the vtable's release.
 *
 * @param hub  Hub, or NULL: the process's default hub.
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_loopback_rtc(nertc_callkit_hub *hub,
                                                nertc_callkit_backends *out);

/**
 * Makes a media backend without media, for hosts that bring their own, and puts it into `out`.
 *
 * Joining completes at once; the peer comes and goes as signaling says. Fills `rtc` and
 * `rtc_ctx` and leaves the rest, as nertc_callkit_loopback_rtc does.
 *
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_null_rtc(nertc_callkit_backends *out);

/**
 * Makes a signaling backend for an MQTT broker and puts it into `out`.
 *
 * It connects at login: the user name is the account, in which every byte but A-Z a-z 0-9 _ -
 * is written as = and two hex digits (at most 64 bytes then), the password is the token.
 * Copies `options`. Fills `signaling` and `signaling_ctx` and leaves the rest, as
 * nertc_callkit_loopback_signaling does. Over MQTT 5, or 3.1.1 if the broker has nothing
 * newer.
 *
 * @param options  What broker, and how. Not NULL.
 * @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return         OK. INVALID_ARGUMENT: NULL, a bad address, prefix or certificate, mqtt:// to
 *                 another machine without ALLOW_PLAINTEXT; the log says what to do.
 *                 UNSUPPORTED: a field that this library does not know is not zero, the
 *                 library was built without MQTT, or mqtts:// and it was built without TLS.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_MUST_USE
nertc_callkit_status nertc_callkit_mqtt_signaling(const nertc_callkit_mqtt_options *options,
                                                  nertc_callkit_backends *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* NERTC_CALLKIT_H */
