/**
 * @file nertc_callkit.h
 * 1-to-1 audio and video calls for any native app. This header is the specification, for every
 * backend and platform. nertc_callkit/backend.h is for authors of backends; loopback.h, mqtt.h and
 * webrtc.h beside it are the built-in ones.
 *
 * Lifecycle of a client (without error handling; examples-c/hello.c is a complete program):
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
 *     nertc_callkit_destroy(kit);                    // waits; no callback follows
 *
 * Ownership. Arguments are copied before the function returns. What a callback receives is lent
 *   until it returns. The client is the only object to free (destroy or release). Text is
 *   NUL-terminated UTF-8. A handle is an id: a stale one returns CLOSED.
 * Threads. Every function is thread-safe. Callbacks run one at a time and in order, on the
 *   library's worker thread; or, with config.delivery APP, inside nertc_callkit_dispatch and, at
 *   the end, nertc_callkit_destroy.
 * Callbacks. Every function is callable from a callback, except destroy and dispatch, which return
 *   REENTRANT. A function returns a negative status and nothing follows, or it returns OK and
 *   `done` is called exactly once. With `done` NULL a failure is one on_error.
 *   A callback must return: no exception, longjmp or pthread_exit may leave it, and no thread may
 *   be cancelled (pthread_cancel) inside a function of this library, or the process aborts.
 * Versions. Initialize every struct with its ..._INIT macro or nertc_callkit_struct_init:
 *   all-zero means the defaults. Structs grow only at the end, numbers are never reused, unknown
 *   values are refused. Check NERTC_CALLKIT_HAS before reading a field of an event that was added
 *   later.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_H
#define NERTC_CALLKIT_H

#include <stddef.h>
#include <stdint.h>

/** True if the library that filled `*p`, a `type`, knows `field`. */
#define NERTC_CALLKIT_HAS(p, type, field) \
  (offsetof(type, field) + sizeof((p)->field) <= (p)->struct_size)

/** Precedes every function. */
#ifndef NERTC_CALLKIT_API
#if defined(_WIN32) && !defined(NERTC_CALLKIT_STATIC)
#define NERTC_CALLKIT_API __declspec(dllimport)
#elif defined(__GNUC__)
#define NERTC_CALLKIT_API __attribute__((visibility("default")))
#else
#define NERTC_CALLKIT_API
#endif
#endif

/** Functions whose result must be checked, and functions that have a successor. */
#ifndef NERTC_CALLKIT_MUST_USE
#ifdef __GNUC__
#define NERTC_CALLKIT_MUST_USE __attribute__((warn_unused_result))
#else
#define NERTC_CALLKIT_MUST_USE
#endif
#endif
#ifndef NERTC_CALLKIT_DEPRECATED
#ifdef __GNUC__
#define NERTC_CALLKIT_DEPRECATED __attribute__((deprecated))
#else
#define NERTC_CALLKIT_DEPRECATED
#endif
#endif

/** For Clang and Swift: pointers may be NULL only if marked so. */
#if defined(__clang__) && !defined(NERTC_CALLKIT_NO_NULLABILITY)
#define NERTC_CALLKIT_NULLABLE _Nullable
#define NERTC_CALLKIT_NONNULL _Nonnull
#define NERTC_CALLKIT_BEGIN                                                   \
  _Pragma("clang diagnostic push")                                            \
  _Pragma("clang diagnostic ignored \"-Wnullability-extension\"")             \
  _Pragma("clang assume_nonnull begin")
#define NERTC_CALLKIT_END _Pragma("clang assume_nonnull end") _Pragma("clang diagnostic pop")
#else
#define NERTC_CALLKIT_NULLABLE
#define NERTC_CALLKIT_NONNULL
#define NERTC_CALLKIT_BEGIN
#define NERTC_CALLKIT_END
#endif

/** Named numbers, plain integers in C and C++. For Swift an enum that may grow; flags never are. */
#ifdef __swift__
#define NERTC_CALLKIT_ENUM(integer, name)                                \
  enum __attribute__((enum_extensibility(open))) name : integer;         \
  typedef enum name name;                                                \
  enum name : integer
#else
#define NERTC_CALLKIT_ENUM(integer, name) NERTC_CALLKIT_FLAGS(integer, name)
#endif
#define NERTC_CALLKIT_FLAGS(integer, name) \
  typedef integer name;                    \
  enum

#ifdef __cplusplus
extern "C" {
#endif
NERTC_CALLKIT_BEGIN

/** Major version of this header. */
#define NERTC_CALLKIT_VERSION_MAJOR 0

/** Minor version of this header. */
#define NERTC_CALLKIT_VERSION_MINOR 1

/** Patch level of this header. */
#define NERTC_CALLKIT_VERSION_PATCH 0

/**
 * NERTC_CALLKIT_VERSION_MAJOR, NERTC_CALLKIT_VERSION_MINOR and NERTC_CALLKIT_VERSION_PATCH in
 * one number: 0xMMmmpp. nertc_callkit_version returns that of the loaded library.
 */
#define NERTC_CALLKIT_VERSION_NUMBER 0x000100

/**
 * Returns the version of the loaded library.
 *
 * @return  0xMMmmpp: major, minor, patch. The header's is NERTC_CALLKIT_VERSION_NUMBER.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API uint32_t nertc_callkit_version(void);

/**
 * Returns the version of the loaded library, as text.
 *
 * @return  For example "0.1.0". Static.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_version_text(void);

/** What a function returns: 0 = accepted, negative = refused and nothing follows. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_status) {
  /** Accepted. */
  NERTC_CALLKIT_STATUS_OK = 0,
  /** A NULL, invalid UTF-8, a text that is too long, an unknown value: fix the call. */
  NERTC_CALLKIT_STATUS_INVALID_ARGUMENT = -1,
  /**
   * The handle was released, destroyed, never existed, or belongs to the process before a fork.
   */
  NERTC_CALLKIT_STATUS_CLOSED = -2,
  /** Too much is queued: dispatch, or try again later. */
  NERTC_CALLKIT_STATUS_QUEUE_FULL = -3,
  /** Not from inside a callback: return first, or use release. */
  NERTC_CALLKIT_STATUS_REENTRANT = -4,
  /** This library or backend cannot do it. */
  NERTC_CALLKIT_STATUS_UNSUPPORTED = -5,
  /** A system resource is exhausted or an internal error occurred; see the log. */
  NERTC_CALLKIT_STATUS_INTERNAL = -6,
};

/**
 * Returns a text for a status.
 *
 * @param status  A nertc_callkit_status, or any other number.
 * @return        What it means and what to do. Static, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_status_text(nertc_callkit_status status);

/**
 * What a completion, an event or a backend reports: 0 = success. Signaling codes keep NIM's V1
 * numbers.
 */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_code) {
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
  /** call: an incoming call is ringing. */
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
  /** accept: no incoming call. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE = 20017,
  /** accept: we are the calling side. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING = 20018,
  /** accept: already in the call. */
  NERTC_CALLKIT_CODE_ACCEPT_IN_CALL = 20020,
  /** reject: no incoming call. */
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
  /** The client was released or destroyed, or logged out, before this was done. */
  NERTC_CALLKIT_CODE_SHUTTING_DOWN = 90003,
  /** A later request of the app superseded this one. */
  NERTC_CALLKIT_CODE_SUPERSEDED = 90004,
  /** Something exceeds a documented limit. */
  NERTC_CALLKIT_CODE_LIMIT = 90005,
  /** Media did not connect in time after the call was accepted. */
  NERTC_CALLKIT_CODE_RTC_TIMEOUT = 90006,
  /** The backend does not offer this operation. */
  NERTC_CALLKIT_CODE_UNSUPPORTED = 90007,
  /** The backend could not be opened or violated its contract. */
  NERTC_CALLKIT_CODE_BACKEND_FAILED = 90008,
  /** The request is invalid, for example calling oneself. */
  NERTC_CALLKIT_CODE_INVALID_ARGUMENT = 90009,
  /** send_data: not in a call. */
  NERTC_CALLKIT_CODE_NOT_IN_CALL = 90010,
  /** The media backends of the two sides are incompatible. */
  NERTC_CALLKIT_CODE_MEDIA_MISMATCH = 90011,
  /**
   * Media does not provably reach the right peer: somebody on the way may listen, or the security
   * code that is required is missing.
   */
  NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE = 90012,
  /**
   * on_error: no such microphone or speaker, or none at all. The call goes on without; the system's
   * default is used where there is one.
   */
  NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND = 90013,
  /** on_error: the system does not let this program use the microphone or the speaker. */
  NERTC_CALLKIT_CODE_DEVICE_DENIED = 90014,
  /**
   * on_error: another program has the microphone or the speaker, or it does not answer. It is tried
   * again.
   */
  NERTC_CALLKIT_CODE_DEVICE_BUSY = 90015,
};

/**
 * Returns a text for a code of a completion or an event.
 *
 * @param code  A nertc_callkit_code, or any other number.
 * @return      What it means and what to do. Static, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_code_text(nertc_callkit_code code);

/** Why a call ended: NetEase's terminal codes. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_end_reason) {
  /** Ended by leave, logout or release. */
  NERTC_CALLKIT_END_NORMAL = 0,
  /** No answer. */
  NERTC_CALLKIT_END_TIMEOUT = 2,
  /** The called side was busy. */
  NERTC_CALLKIT_END_BUSY = 3,
  /** Media did not connect in time, or joining the media room failed. */
  NERTC_CALLKIT_END_RTC_JOIN_FAILED = 5,
  /** The call could not be placed. */
  NERTC_CALLKIT_END_CALL_FAILED = 7,
  /** This device was kicked. */
  NERTC_CALLKIT_END_KICKED = 8,
  /** The own media connection was lost permanently. */
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
  /** The media backends of the two sides are incompatible. */
  NERTC_CALLKIT_END_MEDIA_MISMATCH = 101,
  /** Media does not provably reach the right peer (NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE). */
  NERTC_CALLKIT_END_MEDIA_NOT_SECURE = 102,
};

/**
 * Returns a text for the reason of on_call_end.
 *
 * @param reason  A nertc_callkit_end_reason, or any other number.
 * @return        For example "the called side was busy". Static, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_end_reason_text(nertc_callkit_end_reason reason);

/** State of a client. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_state) {
  /** Free to call or to be called. */
  NERTC_CALLKIT_STATE_IDLE = 0,
  /** We invited an account that has not answered. */
  NERTC_CALLKIT_STATE_CALLING = 1,
  /** We were invited and have not answered. */
  NERTC_CALLKIT_STATE_CALLED = 2,
  /** Both sides have accepted. */
  NERTC_CALLKIT_STATE_IN_CALL = 3,
};

/**
 * Returns the name of a state.
 *
 * @param state  A nertc_callkit_state, or any other number.
 * @return       For example "calling". Static, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_state_text(nertc_callkit_state state);

/** What a completion or an error belongs to. */
NERTC_CALLKIT_ENUM(uint32_t, nertc_callkit_operation) {
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
  /** Something that a backend reported unasked. */
  NERTC_CALLKIT_OPERATION_BACKEND = 18,
  /** nertc_callkit_send_data. */
  NERTC_CALLKIT_OPERATION_SEND_DATA = 19,
  /** A text of the media backend to its peer. */
  NERTC_CALLKIT_OPERATION_NEGOTIATION = 20,
};

/**
 * Returns the name of the operation of a completion or an error.
 *
 * @param operation  A nertc_callkit_operation, or any other number.
 * @return           For example "switch_call_type". Static, never NULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API const char *nertc_callkit_operation_text(nertc_callkit_operation operation);

/**
 * Fills a struct with its defaults: zeroes it and sets its struct_size.
 *
 * The same as the struct's _INIT macro, for every struct that the app fills.
 *
 * @param object       The struct. NULL: nothing happens.
 * @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API void nertc_callkit_struct_init(void *NERTC_CALLKIT_NULLABLE object,
    uint32_t struct_size);

/** Version of the vtables and sinks, for their `abi` fields. */
#define NERTC_CALLKIT_ABI 1

/**
 * A client. The pointer's value is a never-reused id, not an address: a stale handle is
 * refused with CLOSED and touches no memory. Any thread.
 */
typedef struct nertc_callkit nertc_callkit;

/** Who runs the callbacks. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_delivery) {
  /** The library's worker thread. */
  NERTC_CALLKIT_DELIVERY_WORKER = 0,
  /** The app, inside nertc_callkit_dispatch. */
  NERTC_CALLKIT_DELIVERY_APP = 1,
};

/** Which worker thread serves the client. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_worker) {
  /** The one that all clients of the process share. */
  NERTC_CALLKIT_WORKER_SHARED = 0,
  /** One of its own: a callback that blocks delays no other client. */
  NERTC_CALLKIT_WORKER_OWN = 1,
};

/** Audio or video. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_call_type) {
  /** Audio only. */
  NERTC_CALLKIT_CALL_TYPE_AUDIO = 1,
  /** Audio and video. */
  NERTC_CALLKIT_CALL_TYPE_VIDEO = 2,
  /** Something else; only reported, never requested. */
  NERTC_CALLKIT_CALL_TYPE_OTHER = 3,
};

/** Flags of nertc_callkit_invited_event. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_invited_flag) {
  /** The invite waited while this device was offline. */
  NERTC_CALLKIT_INVITED_OFFLINE = 1,
  /** The app has answered already (NERTC_CALLKIT_CALL_REF_WAIT): do not ring. */
  NERTC_CALLKIT_INVITED_ANSWERED = 2,
};

/** Local number of a call: never reused by a client, 0 = no call. */
typedef uint64_t nertc_callkit_call_no;

/** Flags of nertc_callkit_call_ref. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_call_ref_flag) {
  /**
   * accept, reject: if that call is not here yet, wait for it, also before login. account,
   * channel_id and request_id are mandatory, call_no is 0; else INVALID_ARGUMENT.
   */
  NERTC_CALLKIT_CALL_REF_WAIT = 1,
};

/** Names a call. Fields left 0 or NULL are not compared. Any thread. */
typedef struct nertc_callkit_call_ref {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_call_ref_flag bits. */
  nertc_callkit_call_ref_flag flags;
  /** Local number: all that an app must keep. */
  nertc_callkit_call_no call_no;
  /** Signaling channel, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE channel_id;
  /** The peer, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** Request id of the invite, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE request_id;
} nertc_callkit_call_ref;
/** Every default of nertc_callkit_call_ref. */
#define NERTC_CALLKIT_CALL_REF_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_ref), 0, 0, NULL, NULL, NULL }

/** An incoming call. Lent until the callback returns. */
typedef struct nertc_callkit_invited_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The call as accept and reject take it. `call` in C++ and C alike. */
  const nertc_callkit_call_ref *call;
  /** The caller's account. */
  const char *invitor;
  /** The other invited accounts; always empty in a 1-to-1 call. */
  const char *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NONNULL user_ids;
  /** How many user_ids. */
  uint32_t user_id_count;
  /** 0: group calls do not ring. */
  int32_t is_from_group;
  /** Reserved; empty. */
  const char *group_id;
  /** The caller's attachment: its text, or JSON text if it attached JSON. Empty = none. */
  const char *attachment;
  /** Signaling channel. */
  const char *channel_id;
  /** Request id of the invite. */
  const char *request_id;
  /** The caller's call id, empty for legacy callers. */
  const char *call_id;
  /** When the caller invited, by the service's clock (ms since 1970); 0 = unknown. */
  uint64_t invited_at_ms;
  /** How long it will ring. */
  uint32_t ring_left_ms;
  /** nertc_callkit_invited_flag bits. */
  nertc_callkit_invited_flag flags;
} nertc_callkit_invited_event;

/** An action of the peer. Lent until the callback returns. */
typedef struct nertc_callkit_user_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** Reserved; 0. */
  uint32_t flags;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer; in on_user_busy the account that was busy or did not answer. */
  const char *user_id;
  /** Its media uid, or 0. */
  uint64_t uid;
  /** A nertc_callkit_code, 0 = none. */
  nertc_callkit_code code;
  /** The backend's own number, or 0. */
  int32_t raw_code;
  /** Never NULL. */
  const char *message;
} nertc_callkit_user_event;

/** Called as config.delivery specifies. */
typedef void (*nertc_callkit_user_cb)(nertc_callkit *kit, const nertc_callkit_user_event *event,
    void *NERTC_CALLKIT_NULLABLE user_data);

/** Which connection an event is about. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_transport) {
  /** Signaling. */
  NERTC_CALLKIT_TRANSPORT_SIGNALING = 1,
  /** Media. */
  NERTC_CALLKIT_TRANSPORT_MEDIA = 2,
};

/** Media quality. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_quality) {
  /** Unknown. */
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

/** A connection changed, or its quality. Lent until the callback returns. */
typedef struct nertc_callkit_connection_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code, 0 = none. */
  nertc_callkit_code code;
  /** The backend's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_transport. */
  nertc_callkit_transport transport;
  /** The call, 0 = none. */
  nertc_callkit_call_no call_no;
  /** Whose connection: this account, or the peer (on_network_quality, on_reconnecting). */
  const char *user_id;
  /** Never NULL. */
  const char *message;
  /** on_network_quality: a nertc_callkit_quality. */
  nertc_callkit_quality quality;
  /** Reserved; 0. */
  uint32_t flags;
} nertc_callkit_connection_event;

/** Called as config.delivery specifies. */
typedef void (*nertc_callkit_connection_cb)(nertc_callkit *kit,
    const nertc_callkit_connection_event *event, void *NERTC_CALLKIT_NULLABLE user_data);

/** The peer's microphone or camera changed. Lent until the callback returns. */
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
  /** The peer. */
  const char *user_id;
  /** Its media uid. */
  uint64_t uid;
} nertc_callkit_media_event;

/** Called as config.delivery specifies. */
typedef void (*nertc_callkit_media_cb)(nertc_callkit *kit,
    const nertc_callkit_media_event *event, void *NERTC_CALLKIT_NULLABLE user_data);

/** The call has ended: its last event. Lent until the callback returns. */
typedef struct nertc_callkit_end_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_end_reason. */
  nertc_callkit_end_reason reason;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer. */
  const char *user_id;
  /** Text that the peer gave when it ended the call, or empty. */
  const char *extra;
  /** From invite to answer or end. */
  uint64_t ring_ms;
  /** From connected to end; 0 = never connected. */
  uint64_t talk_ms;
  /** Accounts that took part; empty if never connected. */
  const char *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NONNULL accounts;
  /** Seconds per account. */
  const uint32_t *durations_s;
  /** How many accounts. */
  uint32_t account_count;
  /** Reserved; 0. */
  uint32_t flags;
} nertc_callkit_end_event;

/** Steps of a call-type switch. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_call_type_action) {
  /** Request the other type. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST = 1,
  /** Accept the peer's request. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT = 2,
  /** Reject the peer's request. */
  NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT = 3,
};

/** Something about the call itself. Lent until the callback returns. */
typedef struct nertc_callkit_call_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer. */
  const char *user_id;
  /** on_other_client_accept, on_other_client_reject: the device that answered, or empty. */
  const char *device_id;
  /** on_call_type_request, on_call_type_change: a nertc_callkit_call_type_action, else 0. */
  nertc_callkit_call_type_action state;
  /** Reserved; 0. */
  uint32_t flags;
} nertc_callkit_call_event;

/** Called as config.delivery specifies. */
typedef void (*nertc_callkit_call_cb)(nertc_callkit *kit, const nertc_callkit_call_event *event,
    void *NERTC_CALLKIT_NULLABLE user_data);

/** Outcome written into a call record. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_record_status) {
  /** The call took place. */
  NERTC_CALLKIT_RECORD_COMPLETE = 1,
  /** The caller cancelled. */
  NERTC_CALLKIT_RECORD_CANCELLED = 2,
  /** The called side rejected. */
  NERTC_CALLKIT_RECORD_REJECTED = 3,
  /** No answer. */
  NERTC_CALLKIT_RECORD_TIMEOUT = 4,
  /** The called side was busy. */
  NERTC_CALLKIT_RECORD_BUSY = 5,
};

/** A call record was passed to the signaling backend. Lent until the callback returns. */
typedef struct nertc_callkit_record_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_record_status. */
  nertc_callkit_record_status record_status;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The sender: this account. */
  const char *user_id;
  /** The receiver. */
  const char *peer;
  /** Message id. */
  const char *msg_id;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** Reserved; 0. */
  uint32_t flags;
} nertc_callkit_record_event;

/** Something failed that no completion reports. Lent until the callback returns. */
typedef struct nertc_callkit_error_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code. */
  nertc_callkit_code code;
  /** The backend's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_operation. */
  nertc_callkit_operation operation;
  /** The call, 0 = none; it may have ended already. */
  nertc_callkit_call_no call_no;
  /** What to do about it, for a developer. */
  const char *message;
} nertc_callkit_error_event;

/** Why an invite never rang. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_missed_reason) {
  /** The caller cancelled first. */
  NERTC_CALLKIT_MISSED_CANCELLED = 1,
  /** It was too old. */
  NERTC_CALLKIT_MISSED_EXPIRED = 2,
  /** We were busy when we came back online. */
  NERTC_CALLKIT_MISSED_BUSY = 3,
  /** Another device answered it. */
  NERTC_CALLKIT_MISSED_ANSWERED_ELSEWHERE = 4,
  /** A newer invite of the same account replaced it. */
  NERTC_CALLKIT_MISSED_REPLACED = 5,
  /** A group call, which this library does not support. */
  NERTC_CALLKIT_MISSED_GROUP = 6,
  /** The call policy refused it. */
  NERTC_CALLKIT_MISSED_BLOCKED = 7,
  /** The caller called too often. */
  NERTC_CALLKIT_MISSED_RATE_LIMITED = 8,
  /**
   * The caller's media backend is incompatible with ours; other devices of the account may ring.
   */
  NERTC_CALLKIT_MISSED_MEDIA_MISMATCH = 9,
};

/** An invite that ended before it could ring. Lent until the callback returns. */
typedef struct nertc_callkit_missed_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_missed_reason. */
  nertc_callkit_missed_reason reason;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** Reserved; 0. */
  uint32_t flags;
  /** The caller's account. */
  const char *user_id;
  /** The caller's attachment, or empty. */
  const char *attachment;
  /** By the service's clock (ms since 1970); 0 = unknown. */
  uint64_t invited_at_ms;
  /** Signaling channel, or empty. */
  const char *channel_id;
  /** Request id of the invite, or empty. */
  const char *request_id;
  /** Number of calls of this user and reason that this event reports: at least 1. */
  uint32_t count;
  /** Reserved; 0. */
  uint32_t reserved;
} nertc_callkit_missed_event;

/** The peer's app sent data. Lent until the callback returns. */
typedef struct nertc_callkit_data_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** Reserved; 0. */
  uint32_t flags;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer. */
  const char *user_id;
  /** A JSON value, up to 3800 bytes. */
  const char *json;
} nertc_callkit_data_event;

/** How far media provably reaches the right peer. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_security) {
  /** No media yet. */
  NERTC_CALLKIT_SECURITY_NONE = 0,
  /** Encrypted, but the peer gives no code: whoever runs the signaling service could listen. */
  NERTC_CALLKIT_SECURITY_NO_CODE = 1,
  /** Encrypted; the code waits to be compared by the two users. */
  NERTC_CALLKIT_SECURITY_UNVERIFIED = 2,
  /** The users compared the code, or the app's keys signed both fingerprints. */
  NERTC_CALLKIT_SECURITY_VERIFIED = 3,
  /**
   * Commitment, fingerprint or signature is wrong, or the users' codes differ: media is stopped and
   * the call ends.
   */
  NERTC_CALLKIT_SECURITY_MISMATCH = 4,
};

/** How far media provably reaches the peer. Lent until the callback returns. */
typedef struct nertc_callkit_security_event {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_security. */
  nertc_callkit_security security;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** The peer. */
  const char *user_id;
  /** What both users read out and compare, or empty. */
  const char *code;
  /** Own certificate: "sha-256 AB:CD:…", or empty. */
  const char *local_fingerprint;
  /** The peer's, likewise. */
  const char *remote_fingerprint;
} nertc_callkit_security_event;

/**
 * One function per event, all optional. Called one at a time and in order, as config.delivery
 * specifies; inside, every function but destroy and dispatch may be called.
 */
typedef struct nertc_callkit_listener {
  /** sizeof this struct; a larger one from a newer header is accepted. */
  uint32_t struct_size;
  /** Reserved; 0. */
  uint32_t flags;
  /** An incoming call. */
  void (*NERTC_CALLKIT_NULLABLE on_invited)(nertc_callkit *kit,
      const nertc_callkit_invited_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /** Caller: the called side is busy. Callee: no answer (user_id = own account). */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_busy;
  /** Callee: the caller cancelled. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_cancel;
  /** Caller: the called side accepted. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_accept;
  /** The peer is in the media room. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_enter;
  /** Caller: the called side rejected. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_reject;
  /** The peer left without closing the call. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_leave;
  /** The peer's connection was lost permanently. */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_disconnect;
  /** The own media connection was lost permanently. */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_disconnect;
  /** The peer's microphone started or stopped. */
  nertc_callkit_media_cb NERTC_CALLKIT_NULLABLE on_audio_available;
  /** The peer's camera started or stopped. */
  nertc_callkit_media_cb NERTC_CALLKIT_NULLABLE on_camera_available;
  /** The call has ended: last event of each call, exactly once. */
  void (*NERTC_CALLKIT_NULLABLE on_call_end)(nertc_callkit *kit,
      const nertc_callkit_end_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /** Caller: no answer in time. */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_calling_timeout;
  /** The call changed to audio or video. */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_call_type_change;
  /** Callee: another device of this account accepted. */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_other_client_accept;
  /** Callee: another device of this account rejected. */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_other_client_reject;
  /** The peer muted or unmuted its camera. */
  nertc_callkit_media_cb NERTC_CALLKIT_NULLABLE on_video_muted;
  /** The peer muted or unmuted its microphone. */
  nertc_callkit_media_cb NERTC_CALLKIT_NULLABLE on_audio_muted;
  /** A call record was passed to the signaling backend. */
  void (*NERTC_CALLKIT_NULLABLE on_message_sent)(nertc_callkit *kit,
      const nertc_callkit_record_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /** Something failed that no completion reports. */
  void (*NERTC_CALLKIT_NULLABLE on_error)(nertc_callkit *kit,
      const nertc_callkit_error_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /** Both sides are in the media room. */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_call_connected;
  /** This device was logged out by the service. */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_kicked;
  /** A connection was interrupted and is being restored. */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_reconnecting;
  /** The connection is back. */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_reconnected;
  /** Media quality changed. */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_network_quality;
  /** The peer asks to change the call type, or refused our request (state 3). */
  nertc_callkit_call_cb NERTC_CALLKIT_NULLABLE on_call_type_request;
  /** An invite ended before it could ring. */
  void (*NERTC_CALLKIT_NULLABLE on_missed_call)(nertc_callkit *kit,
      const nertc_callkit_missed_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Caller: a device of the called account rings. At most once a call, after the completion of
   * call, never after on_user_accept.
   */
  nertc_callkit_user_cb NERTC_CALLKIT_NULLABLE on_user_ringing;
  /**
   * A token is needed: `code` 0 = login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = the one given
   * was refused or has expired. Answer with nertc_callkit_set_token within timers.token_ms, here
   * or later; otherwise the login or the session ends with NERTC_CALLKIT_CODE_BAD_TOKEN. NULL: at
   * once.
   */
  nertc_callkit_connection_cb NERTC_CALLKIT_NULLABLE on_token_needed;
  /**
   * A call record of the peer or of another own device arrived: its claims, once for each
   * sender and msg_id. call_no is 0.
   */
  void (*NERTC_CALLKIT_NULLABLE on_record_received)(nertc_callkit *kit,
      const nertc_callkit_record_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * The peer's app sent a JSON value (nertc_callkit_send_data): in order, each once, from the
   * completion of accept or on_user_accept on, never after on_call_end. NULL: our invites and
   * accepts do not offer it, and the peer's send_data completes with UNSUPPORTED.
   */
  void (*NERTC_CALLKIT_NULLABLE on_data)(nertc_callkit *kit,
      const nertc_callkit_data_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * How far media provably reaches the peer: at each change. After MISMATCH the call ends with
   * NERTC_CALLKIT_END_MEDIA_NOT_SECURE.
   */
  void (*NERTC_CALLKIT_NULLABLE on_media_secured)(nertc_callkit *kit,
      const nertc_callkit_security_event *event, void *NERTC_CALLKIT_NULLABLE user_data);
} nertc_callkit_listener;
/** Every default of nertc_callkit_listener. */
#define NERTC_CALLKIT_LISTENER_INIT \
  { (uint32_t)sizeof(nertc_callkit_listener), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** Media bits. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_media) {
  /** Microphone, audio. */
  NERTC_CALLKIT_MEDIA_AUDIO = 1,
  /** Camera, video. */
  NERTC_CALLKIT_MEDIA_VIDEO = 2,
};

/**
 * Sound (s16 PCM, interleaved, one plane) or a picture (I420, three planes). Planes are lent for
 * the call.
 */
typedef struct nertc_callkit_frame {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_media. */
  nertc_callkit_media media;
  /** Sender; ignored by push_frame. */
  uint64_t uid;
  /** Sender's clock in microseconds. */
  uint64_t time_us;
  /** Sound: `planes[0]`. Picture: Y, U, V. */
  const void *NERTC_CALLKIT_NULLABLE planes[4];
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

/** See nertc_callkit/backend.h. */
typedef struct nertc_callkit_signaling nertc_callkit_signaling;

/** See nertc_callkit/backend.h. */
typedef struct nertc_callkit_rtc nertc_callkit_rtc;

/** A signaling backend and a media backend, for config.backends. One pair serves one client. */
typedef struct nertc_callkit_backends {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** Copied by create. NULL = the embedded loopback. */
  const nertc_callkit_signaling *NERTC_CALLKIT_NULLABLE signaling;
  /** First argument of every function of `signaling`. */
  void *NERTC_CALLKIT_NULLABLE signaling_ctx;
  /** Copied by create. NULL = the embedded loopback. */
  const nertc_callkit_rtc *NERTC_CALLKIT_NULLABLE rtc;
  /** First argument of every function of `rtc`. */
  void *NERTC_CALLKIT_NULLABLE rtc_ctx;
} nertc_callkit_backends;
/** Every default of nertc_callkit_backends. */
#define NERTC_CALLKIT_BACKENDS_INIT \
  { (uint32_t)sizeof(nertc_callkit_backends), 0, NULL, NULL, NULL, NULL }

/** Every timer, in milliseconds; 0 = the default given here. Any thread. */
typedef struct nertc_callkit_timers {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Ring limit of both roles until set_call_timeout changes it (30000, at most 120000). */
  uint32_t ring_ms;
  /** Added to the ring limit by the callee (500). */
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
  /** How long a callee waits for a legacy caller's go-ahead (3000). */
  uint32_t handshake_ms;
  /** How long a call-type request stays open (10000). */
  uint32_t switch_ms;
  /** How long the winner of a glare waits for the peer's answer (3000). */
  uint32_t glare_ms;
  /** How long a peer's leave may still turn out to be a hang-up (500). */
  uint32_t peer_leave_ms;
  /** Silence of the peer until on_reconnecting (4000). */
  uint32_t peer_reconnecting_ms;
  /** Silence of the peer until on_user_disconnect (20000). */
  uint32_t peer_lost_ms;
  /** How long the pending operations of an ended call may take (10000). */
  uint32_t teardown_ms;
  /** How long destroy, release and logout wait for a live call's ending operation (500). */
  uint32_t destroy_wait_ms;
  /** How long ended calls are remembered (600000). */
  uint32_t tombstone_ms;
  /** Age beyond which an invite does not ring (120000). */
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

/** How to create a client. Any thread. */
typedef struct nertc_callkit_config {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** A nertc_callkit_delivery. */
  nertc_callkit_delivery delivery;
  /** A nertc_callkit_worker. */
  nertc_callkit_worker worker;
  /** Copied by create; NULL = no events. */
  const nertc_callkit_listener *NERTC_CALLKIT_NULLABLE listener;
  /**
   * Called for every frame of the peer while connected, on a thread of the media backend, beside
   * other callbacks; user_id and frame are lent until it returns. None starts once on_call_end
   * or the completion of leave is delivered, which waits for one that runs. NULL = none.
   */
  void (*NERTC_CALLKIT_NULLABLE on_frame)(nertc_callkit *kit, const char *user_id,
      const nertc_callkit_frame *frame, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * APP delivery: called once whenever the queue becomes non-empty, on any thread. It counts as a
   * callback (destroy and dispatch return REENTRANT) and must not wait for the thread that
   * dispatches. NULL = none.
   */
  void (*NERTC_CALLKIT_NULLABLE on_wakeup)(void *NERTC_CALLKIT_NULLABLE user_data);
  /** Passed to the listener, on_frame and on_wakeup. */
  void *NERTC_CALLKIT_NULLABLE user_data;
  /** Backends, owned by the client if create returns OK; NULL = the embedded loopback. */
  const nertc_callkit_backends *NERTC_CALLKIT_NULLABLE backends;
  /** The service's application key, up to 128 bytes, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE app_key;
  /** Identifies this device among those of the account, up to 64 bytes; NULL = generated. */
  const char *NERTC_CALLKIT_NULLABLE device_id;
  /** Folder that a backend may write to, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE data_dir;
  /** Timers; NULL = all defaults. */
  const nertc_callkit_timers *NERTC_CALLKIT_NULLABLE timers;
  /**
   * 1 = a switch from audio to video needs consent: the peer's asks the app
   * (on_call_type_request), ours the peer. 0 = it applies at once.
   */
  int32_t confirm_audio_to_video;
  /**
   * 1 = a switch from video to audio needs consent: the peer's asks the app
   * (on_call_type_request), ours the peer. 0 = it applies at once.
   */
  int32_t confirm_video_to_audio;
} nertc_callkit_config;
/** Every default of nertc_callkit_config. */
#define NERTC_CALLKIT_CONFIG_INIT \
  { (uint32_t)sizeof(nertc_callkit_config), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, 0, 0 }

/**
 * Creates a client: logged out, inactive until login.
 *
 * Copies `config` and all it points to. Takes ownership of the backends only if it returns OK;
 * otherwise they stay the caller's. Runs no callback before it returns.
 *
 * @param config  The configuration. Not NULL.
 * @param out     Receives the handle, on success only. Not NULL. Owned: destroy or release it.
 * @return        OK. INVALID_ARGUMENT: NULL, a value outside its limits, a backend without a
 *                mandatory function (the log names it). UNSUPPORTED: a field that this library
 *                does not know is not zero, or a backend of another NERTC_CALLKIT_ABI.
 *                INTERNAL: out of descriptors or threads.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_create(
    const nertc_callkit_config *config,
    nertc_callkit *NERTC_CALLKIT_NULLABLE *NERTC_CALLKIT_NONNULL out);

/**
 * Ends a client and waits until the last callback has returned.
 *
 * The handle is CLOSED at once. A live call is ended so that the peer is notified, for at most
 * timers.destroy_wait_ms. Pending completions get SHUTTING_DOWN before this returns:
 * with APP delivery on this thread. Then both backends are released, and nothing of this
 * client runs any more. Do not cancel the thread that waits here (pthread_cancel): that
 * aborts the process.
 *
 * @param kit  Client, or NULL: OK, nothing happens.
 * @return     OK. CLOSED: released or destroyed before. REENTRANT: inside any callback of any
 *             client; nothing happened, use release.
 *
 * Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_destroy(
    nertc_callkit *NERTC_CALLKIT_NULLABLE kit);

/**
 * Ends a client without waiting.
 *
 * Like destroy, but in the background: the handle is CLOSED at once, running callbacks finish,
 * pending completions get SHUTTING_DOWN, and `released` is the last callback of all.
 * With APP delivery they run in the next dispatch, which the closed handle accepts until
 * `released` has run.
 *
 * @param kit        Client. Not NULL.
 * @param released   Called once at the very end, or NULL.
 * @param user_data  Passed to `released`.
 * @return           OK. INVALID_ARGUMENT: NULL. CLOSED: released or destroyed before;
 *                   `released` is not called.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_release(nertc_callkit *kit,
    void (*NERTC_CALLKIT_NULLABLE released)(
    void *NERTC_CALLKIT_NULLABLE user_data), void *NERTC_CALLKIT_NULLABLE user_data);

/** How a request ended. Lent until the callback returns. */
typedef struct nertc_callkit_result {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** A nertc_callkit_code; 0 = success. */
  nertc_callkit_code code;
  /** The backend's own number, or 0. */
  int32_t raw_code;
  /** A nertc_callkit_operation. */
  nertc_callkit_operation operation;
  /** The call; 0 = none, or one whose number done(call) or on_invited has not told yet. */
  nertc_callkit_call_no call_no;
  /** Own media uid (call), or 0. */
  uint64_t uid;
  /** What to do about a failure, for a developer; never NULL. */
  const char *NERTC_CALLKIT_NULLABLE message;
  /** Signaling channel (call, accept), or empty. */
  const char *channel_id;
  /** Request id of the invite (call, accept), or empty. */
  const char *request_id;
  /** Call id (call, accept), or empty. */
  const char *call_id;
} nertc_callkit_result;

/**
 * Called exactly once for an accepted request, as config.delivery specifies. Inside, every
 * function of its client but destroy and dispatch may be called.
 */
typedef void (*nertc_callkit_completion_cb)(nertc_callkit *kit,
    const nertc_callkit_result *result, void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Logs in to signaling; required before any call.
 *
 * Copies both texts. The first login opens the backends. Logged in with the
 * same account: completes with 0; with another: ALREADY_LOGGED_IN. During a logout it waits
 * for its end. Before it every request except login and set_call_timeout completes with
 * NERTC_CALLKIT_CODE_NOT_LOGGED_IN.
 *
 * @param kit        Client. Not NULL.
 * @param account    Own account. Not NULL, 1 to 64 bytes.
 * @param token      The service's credential, up to 4096 bytes, or NULL = empty.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_login(nertc_callkit *kit,
    const char *account, const char *NERTC_CALLKIT_NULLABLE token,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Sets the token for the next connection, whether on_token_needed asked for it or not.
 *
 * Copies `token`. While connecting or disconnected it is used at once; while
 * connected it is stored and the connection stays. NULL or empty = no token: a login
 * completes with NERTC_CALLKIT_CODE_BAD_TOKEN, a session that needs one is kicked with it,
 * after its live call if that has media. Logged out: OK, without effect.
 *
 * @param kit    Client. Not NULL.
 * @param token  Up to 4096 bytes, or NULL = no token.
 * @return       OK. INVALID_ARGUMENT: NULL client, not UTF-8, too long. CLOSED, QUEUE_FULL.
 *               UNSUPPORTED: the signaling backend has no set_token.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_token(nertc_callkit *kit,
    const char *NERTC_CALLKIT_NULLABLE token);

/**
 * Logs out, after ending a live call so that the peer is notified.
 *
 * Its completion is the last callback until the next login. A pending login
 * completes with SUPERSEDED.
 *
 * @param kit        Client. Not NULL.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED. QUEUE_FULL: only if its reserved
 *                   slots are used up.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_logout(nertc_callkit *kit,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Returns the current call state.
 *
 * The newest state, possibly ahead of the events delivered so far.
 *
 * @param kit  Client. Not NULL.
 * @return     A nertc_callkit_state; negative: INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API int32_t nertc_callkit_get_state(nertc_callkit *kit);

/** Flags of nertc_callkit_call_info. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_call_info_flag) {
  /** Both sides are in the media room. */
  NERTC_CALLKIT_CALL_INFO_CONNECTED = 1,
  /**
   * Our invite is the one that counts: this side offers. Never set on both sides. Final once in
   * the call.
   */
  NERTC_CALLKIT_CALL_INFO_INVITER = 2,
};

/** The current call, returned by nertc_callkit_get_call_info. Any thread. */
typedef struct nertc_callkit_call_info {
  /** In: sizeof this struct. Out: how much was written. */
  uint32_t struct_size;
  /** A nertc_callkit_state. */
  nertc_callkit_state state;
  /** A nertc_callkit_call_type, 0 when idle. */
  nertc_callkit_call_type call_type;
  /** nertc_callkit_call_info_flag bits. */
  nertc_callkit_call_info_flag flags;
  /** The call, 0 when idle. */
  nertc_callkit_call_no call_no;
  /** Own media uid, 0 = unknown so far. */
  uint64_t own_uid;
  /** The peer's media uid, 0 = unknown so far. */
  uint64_t peer_uid;
  /** Own account, empty when logged out. */
  char account[65];
  /** The peer. */
  char peer[65];
  /** Signaling channel. */
  char channel_id[65];
  /** Request id of the invite. */
  char request_id[65];
  /** Call id, which is also the call record's message id. */
  char call_id[65];
  /** Media room. */
  char rtc_channel[128];
  /** Reserved; must be 0. */
  char reserved[3];
} nertc_callkit_call_info;
/** Every default of nertc_callkit_call_info. */
#define NERTC_CALLKIT_CALL_INFO_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_info), 0, 0, 0, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 }, \
    { 0 }, { 0 }, { 0 } }

/**
 * Returns information about the current call.
 *
 * The newest state, possibly ahead of the events delivered so far.
 *
 * @param kit  Client. Not NULL.
 * @param out  Its struct_size is the size that may be written, afterwards the size written. Not
 *             NULL.
 * @return     OK. INVALID_ARGUMENT: NULL, or struct_size is too small. CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_get_call_info(nertc_callkit *kit,
    nertc_callkit_call_info *NERTC_CALLKIT_NULLABLE out);

/**
 * Runs the queued callbacks, with APP delivery.
 *
 * Runs at most those that are queued when it begins, on this thread. A released
 * client is accepted until its `released` has run.
 *
 * @param kit         Client. Not NULL.
 * @param timeout_ms  How long to wait for the first callback: 0 = not at all, -1 = forever.
 * @return            How many callbacks ran, also 0; negative: INVALID_ARGUMENT (timeout below
 *                    -1), CLOSED, UNSUPPORTED (WORKER delivery), REENTRANT: inside a callback,
 *                    or another thread is dispatching this client.
 *
 * Thread: any. In a callback: no (REENTRANT). Since: 0.1.0.
 */
NERTC_CALLKIT_API int32_t nertc_callkit_dispatch(nertc_callkit *kit, int32_t timeout_ms);

/**
 * Returns the handle for an event loop, with APP delivery.
 *
 * On POSIX a file descriptor to poll, readable exactly while callbacks are queued; on
 * Windows a manual-reset event, signaled likewise. It belongs to the client: never read, reset or
 * close it.
 *
 * @param kit  Client. Not NULL.
 * @param out  Receives the handle, on success only. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED. UNSUPPORTED: WORKER delivery. INTERNAL: out of
 *             descriptors.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_get_event_handle(nertc_callkit *kit,
    intptr_t *out);

/**
 * Reports that the device's network changed, or that it resumed from sleep.
 *
 * The backends reconnect at once instead of waiting for their own timers.
 *
 * @param kit  Client. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_network_changed(nertc_callkit *kit);

/**
 * Sets how long a call rings, as caller and as callee.
 *
 * Applies to the next call or invite; a live call keeps its limit. The default is
 * timers.ring_ms.
 *
 * @param kit         Client. Not NULL.
 * @param timeout_ms  1 to 120000.
 * @return            OK. INVALID_ARGUMENT: NULL, 0 or above 120000. CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_call_timeout(nertc_callkit *kit,
    uint32_t timeout_ms);

/** Whose invites ring. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_policy_rule) {
  /** Everybody's. */
  NERTC_CALLKIT_POLICY_EVERYBODY = 0,
  /** Those of `accounts`. */
  NERTC_CALLKIT_POLICY_ONLY_LISTED = 1,
  /** All but those of `accounts`. */
  NERTC_CALLKIT_POLICY_ALL_BUT_LISTED = 2,
  /** Nobody's: do not disturb. */
  NERTC_CALLKIT_POLICY_NOBODY = 3,
};

/** How a caller who may not ring is answered. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_policy_answer) {
  /** Nothing, as if this device were off: other devices of the account ring on. */
  NERTC_CALLKIT_POLICY_SILENT = 0,
  /** Busy from this device: counts when no other device of the account rings within 2 s. */
  NERTC_CALLKIT_POLICY_BUSY = 1,
};

/** Flags of nertc_callkit_call_policy. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_policy_flag) {
  /** Refused invites are not reported as on_missed_call. */
  NERTC_CALLKIT_POLICY_NO_MISSED = 1,
};

/** Who may ring. Any thread. */
typedef struct nertc_callkit_call_policy {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_policy_flag bits. */
  nertc_callkit_policy_flag flags;
  /** A nertc_callkit_policy_rule. */
  nertc_callkit_policy_rule rule;
  /** A nertc_callkit_policy_answer. */
  nertc_callkit_policy_answer answer;
  /** 1 to 64 bytes each; copied, duplicates count once. NULL if the rule needs none. */
  const char *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE accounts;
  /** 0 to 4096. */
  uint32_t account_count;
  /** Reserved; must be 0. */
  uint32_t reserved;
} nertc_callkit_call_policy;
/** Every default of nertc_callkit_call_policy. */
#define NERTC_CALLKIT_CALL_POLICY_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_policy), 0, 0, 0, NULL, 0, 0 }

/**
 * Sets whose invites ring.
 *
 * Applies to every invite that arrives after this; a ringing or connected call continues. In
 * any state, also logged out; kept until replaced, also across reconnect, logout and another
 * account. Two are never refused: the peer of the live own call (glare, redial, a restarted
 * peer), and the call that is answered with
 * NERTC_CALLKIT_CALL_REF_WAIT. A refused invite is one on_missed_call (BLOCKED), unless
 * NERTC_CALLKIT_POLICY_NO_MISSED is given. Copies `policy` and all it points to.
 *
 * @param kit     Client. Not NULL.
 * @param policy  Whose invites ring, and what the others get. NULL: everybody's invites ring.
 * @return        OK. INVALID_ARGUMENT: unknown rule, answer or flag, more than 4096 accounts,
 *                an account that is missing, not UTF-8 or longer than 64 bytes; UNSUPPORTED: a
 *                field that this library does not know is not zero; CLOSED, QUEUE_FULL. The
 *                previous policy stays then.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_call_policy(nertc_callkit *kit,
    const nertc_callkit_call_policy *NERTC_CALLKIT_NULLABLE policy);

/**
 * Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and
 * nertc_callkit_leave.
 */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_call_flag) {
  /** Do not keep the message for devices that are offline (offlineEnabled = false). */
  NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE = 1,
  /** Send no call record (sendMsg = false). cancel and hangup while calling. */
  NERTC_CALLKIT_CALL_FLAG_NO_RECORD = 2,
};

/** Text of the push notification that goes with an invite. Any thread. */
typedef struct nertc_callkit_push {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** Up to 512 bytes, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE title;
  /** Up to 512 bytes, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE content;
  /** Up to 2048 bytes, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE payload;
} nertc_callkit_push;
/** Every default of nertc_callkit_push. */
#define NERTC_CALLKIT_PUSH_INIT \
  { (uint32_t)sizeof(nertc_callkit_push), 0, NULL, NULL, NULL }

/** How to call. Any thread. */
typedef struct nertc_callkit_call_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE, NERTC_CALLKIT_CALL_FLAG_NO_RECORD. */
  nertc_callkit_call_flag flags;
  /** A nertc_callkit_call_type; 0 = audio. */
  nertc_callkit_call_type call_type;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /** Account to call. Not NULL, 1 to 64 bytes, not the client's own. */
  const char *NERTC_CALLKIT_NULLABLE user_id;
  /**
   * Delivered to the callee in on_invited. A JSON object or array travels as JSON, anything else
   * as a string. With `extra` at most 4096 bytes as JSON, our own members included:
   * nertc_callkit_call says how that is counted. NULL = none.
   */
  const char *NERTC_CALLKIT_NULLABLE attachment;
  /** Text for the service's own use (NetEase's global_extra). NULL = none. */
  const char *NERTC_CALLKIT_NULLABLE extra;
  /** Push text, or NULL. */
  const nertc_callkit_push *NERTC_CALLKIT_NULLABLE push;
} nertc_callkit_call_options;
/** Every default of nertc_callkit_call_options. */
#define NERTC_CALLKIT_CALL_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_options), 0, 0, 0, NULL, NULL, NULL, NULL }

/**
 * Invites one account to a call.
 *
 * Copies `options` and all it points to. The completion has call_no, channel_id,
 * request_id, call_id and the own uid, and precedes every event of that call. The answer
 * arrives as on_user_accept, on_user_reject, on_user_busy or on_calling_timeout; the last
 * event is on_call_end.
 *
 * The length of attachment and extra is counted on the wire, as JSON: in
 * plain text a quote, a backslash and a newline take 2 bytes, other control characters 6; a
 * JSON object or array counts as it is. The library's members take up to 361 of the 4096 bytes,
 * so 3735 plain letters always fit. The log has the length of a refused one.
 *
 * @param kit        Client. Not NULL.
 * @param options    Whom to call, and how. Not NULL.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: NULL, an invalid or too long text, unknown type
 *                   or flag, or attachment and extra take more than 4096 bytes together on the
 *                   wire. UNSUPPORTED: a field that this library does not know is not zero.
 *                   CLOSED. QUEUE_FULL: too many requests, or 1024 callbacks are queued for
 *                   dispatch.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_call(nertc_callkit *kit,
    const nertc_callkit_call_options *options,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/** How to end a call: for cancel, reject, hangup and leave. Any thread. */
typedef struct nertc_callkit_end_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_call_flag bits. cancel, hangup: both. leave: NO_OFFLINE. reject: none. */
  nertc_callkit_call_flag flags;
  /** reject: 0 = declined, NERTC_CALLKIT_END_BUSY = busy. Else 0. */
  nertc_callkit_end_reason reason;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /**
   * Reported as `extra` of the peer's on_call_end, if its client understands call ids. NULL =
   * none.
   */
  const char *NERTC_CALLKIT_NULLABLE text;
} nertc_callkit_end_options;
/** Every default of nertc_callkit_end_options. */
#define NERTC_CALLKIT_END_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_end_options), 0, 0, 0, NULL }

/**
 * Cancels an outgoing call.
 *
 * Final: no media opens and no on_user_accept is emitted after it. Completes with 0 if the call
 * has ended meanwhile.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are used up.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_cancel(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call,
    const nertc_callkit_end_options *NERTC_CALLKIT_NULLABLE options,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Accepts a call.
 *
 * Completes when signaling has decided: the first device of the account wins. Then
 * on_user_enter and on_call_connected follow, or on_call_end.
 *
 * With NERTC_CALLKIT_CALL_REF_WAIT the request waits for a call that has not arrived, also before
 * login: a push started the app, and the user has already answered (docs/PUSH.md). Then on_invited
 * is emitted with NERTC_CALLKIT_INVITED_ANSWERED, followed by the completion; or only the
 * completion, with NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS, if no such call arrives. A second answer
 * replaces the waiting one (SUPERSEDED).
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_accept(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Rejects an incoming call.
 *
 * Completes at once; on_call_end follows. Completes with 0 if the call has ended meanwhile. With
 * NERTC_CALLKIT_END_BUSY as reason the caller gets on_user_busy instead of on_user_reject. With
 * NERTC_CALLKIT_CALL_REF_WAIT it waits as accept does.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are used up.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_reject(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call,
    const nertc_callkit_end_options *NERTC_CALLKIT_NULLABLE options,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Ends a call for everybody, whatever its state.
 *
 * While calling it cancels, while ringing it rejects. Completes at once; on_call_end follows.
 * Completes with 0 if the call has ended meanwhile. NERTC_CALLKIT_CALL_FLAG_NO_RECORD has an effect
 * while calling only.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are used up.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_hangup(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call,
    const nertc_callkit_end_options *NERTC_CALLKIT_NULLABLE options,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Leaves a call without closing it.
 *
 * The peer gets on_user_leave. Completes at once; on_call_end follows. After the completion no
 * frame reaches on_frame.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param options    How, or NULL: all defaults. Copied, with its text.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
 *                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
 *                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
 *                   slots are used up.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_leave(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call,
    const nertc_callkit_end_options *NERTC_CALLKIT_NULLABLE options,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Sends a JSON value to the peer's app, which gets it as on_data.
 *
 * For apps that bring their own media (nertc_callkit_null_rtc) and negotiate it themselves, and for
 * any other data of one call. In order, each once, within this call. Completes when
 * signaling has accepted it: 0; NERTC_CALLKIT_CODE_NOT_IN_CALL before the completion of accept or
 * on_user_accept, and when idle; UNSUPPORTED: the peer's app has no on_data, or the signaling
 * backend no `control`; LIMIT: 16 texts are waiting already; CALL_MISMATCH: the call has ended, or
 * `call` names another one. A peer accepts up to 256 in 3 seconds, over MQTT 50 a second.
 *
 * @param kit        Client. Not NULL.
 * @param call       Which call, or NULL: the most recent call. Copied.
 * @param json       A JSON value, 1 to 3800 bytes, nested up to 8 deep. Not NULL. Copied.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT: NULL, not JSON, too long, too deep. CLOSED,
 *                   QUEUE_FULL, UNSUPPORTED (an unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_send_data(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call, const char *json,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Requests another call type, or answers the peer's request.
 *
 * Completes at once: with NERTC_CALLKIT_CODE_UNSUPPORTED if the signaling backend has no
 * `control`, with NERTC_CALLKIT_CODE_INVALID_ARGUMENT if there is no request to answer. The
 * peer's request arrives as on_call_type_request, if config requires confirmation; so does its
 * refusal of ours, with state 3. A change that the peer makes or accepts arrives as
 * on_call_type_change; one that this function makes itself is reported by its completion only.
 *
 * @param kit        Client. Not NULL.
 * @param call_type  NERTC_CALLKIT_CALL_TYPE_AUDIO or NERTC_CALLKIT_CALL_TYPE_VIDEO.
 * @param state      A nertc_callkit_call_type_action: request, accept or reject.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_switch_call_type(nertc_callkit *kit,
    nertc_callkit_call_type call_type, nertc_callkit_call_type_action state,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/** Longest text of nertc_callkit_push_encode, with its NUL. */
#define NERTC_CALLKIT_PUSH_SIZE 768

/**
 * Contents of a push notification about a call. Neither secret nor authenticated: all it can do
 * is make an answer wait. Any thread.
 */
typedef struct nertc_callkit_push_call {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** By the sender's clock, ms since 1970; 0 = unknown. */
  uint64_t sent_ms;
  /** Ring time left then. */
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

/**
 * Writes the payload of a push notification about a call.
 *
 * The text is ASCII without spaces, quotes or backslashes, so that it fits into any JSON
 * unchanged. It is neither secret nor signed: whoever can send the phone a push can forge one;
 * its only effect is that an answer waits for that call. Copies nothing; writes only
 * `buffer` and `*size`.
 *
 * @param call    The call: accounts, channel_id and request_id are mandatory, 1 to 64 bytes.
 *                Not NULL.
 * @param buffer  Receives the text and its NUL. Not NULL.
 * @param size    In: bytes of `buffer`. Out: bytes needed, with the NUL; at most
 *                NERTC_CALLKIT_PUSH_SIZE. Not NULL.
 * @return        OK. INVALID_ARGUMENT: NULL, a text that is missing or not UTF-8, an unknown
 *                call type or flag, a ring_left_ms above 120000, or the buffer is too small:
 *                then `*size` is the size needed, and `buffer` is unchanged. UNSUPPORTED: a
 *                field that this library does not know is not zero.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_push_encode(
    const nertc_callkit_push_call *call, char *buffer, uint32_t *size);

/**
 * Reads the payload of a push notification about a call.
 *
 * With it a call can be answered before login: put account, channel_id and request_id into a
 * nertc_callkit_call_ref with NERTC_CALLKIT_CALL_REF_WAIT, and pass it to accept or reject.
 * Reads at most 4096 bytes of `text`.
 *
 * @param text  The payload; untrusted. Not NULL.
 * @param out   Initialised with NERTC_CALLKIT_PUSH_CALL_INIT; unchanged if the result is not
 *              OK. Not NULL.
 * @return      OK. INVALID_ARGUMENT: NULL, or not a payload of push_encode: foreign, truncated,
 *              too long. UNSUPPORTED: a later version of the format.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_push_decode(const char *text,
    nertc_callkit_push_call *out);

/**
 * Opens or closes microphone or camera.
 *
 * Survives the call; outside a call it applies to the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Client. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param on         1 = open, 0 = close.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_enable_local(nertc_callkit *kit,
    nertc_callkit_media media, int32_t on,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Mutes the own microphone or camera, or unmutes it.
 *
 * Ends with the call; outside a call it applies to the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Client. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param muted      1 = muted, 0 = not muted.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_mute_local(nertc_callkit *kit,
    nertc_callkit_media media, int32_t muted,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Stops or resumes receiving the peer's audio or video.
 *
 * Ends with the call; outside a call it applies to the next one. Completes with
 * NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
 *
 * @param kit        Client. Not NULL.
 * @param media      nertc_callkit_media bits, at least one.
 * @param muted      1 = not received, 0 = received again.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_mute_remote(nertc_callkit *kit,
    nertc_callkit_media media, int32_t muted,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/** Where to draw. The window is passed to the media backend unchanged. Any thread. */
typedef struct nertc_callkit_view {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** The backend's scaling mode; 0 = its default. */
  int32_t scaling;
  /** 1 = mirrored. */
  int32_t mirror;
  /** Reserved; must be 0. */
  uint32_t flags;
  /**
   * Native window or view handle; must stay valid until it is replaced or the client has ended.
   */
  void *NERTC_CALLKIT_NULLABLE window;
} nertc_callkit_view;
/** Every default of nertc_callkit_view. */
#define NERTC_CALLKIT_VIEW_INIT \
  { (uint32_t)sizeof(nertc_callkit_view), 0, 0, 0, NULL }

/**
 * Shows the local video in a view.
 *
 * Copies `view`; its window remains the app's and must stay valid until this was called again
 * and completed, or the client has ended.
 *
 * @param kit        Client. Not NULL.
 * @param view       Where to draw, or NULL: nowhere.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_local_view(nertc_callkit *kit,
    const nertc_callkit_view *NERTC_CALLKIT_NULLABLE view,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Shows the peer's video in a view.
 *
 * Copies `view`; its window remains the app's and must stay valid until this was called again
 * and completed, or the client has ended. May be called before the peer is known.
 *
 * @param kit        Client. Not NULL.
 * @param view       Where to draw, or NULL: nowhere.
 * @param done       Called once with the result, or NULL: a failure is then one on_error.
 * @param user_data  Passed to `done`.
 * @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
 *                   unknown field is not zero).
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_remote_view(nertc_callkit *kit,
    const nertc_callkit_view *NERTC_CALLKIT_NULLABLE view,
    nertc_callkit_completion_cb NERTC_CALLKIT_NULLABLE done,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Sends a frame of the app's own media.
 *
 * Goes to the media backend on the calling thread, concurrently with everything else. The planes
 * are lent until it returns. Outside of a call nobody receives it; that is no error.
 *
 * @param kit    Client. Not NULL.
 * @param frame  Audio or video; its uid is ignored. Not NULL.
 * @return       OK. INVALID_ARGUMENT: NULL, unknown media, a missing plane, a size of 0, or in a
 *               call a format that the media backend does not send (the log says which it does).
 *               CLOSED: also before the first login opened the backend. UNSUPPORTED: the media
 *               backend takes no such frames, or an unknown field is not zero. QUEUE_FULL: dropped,
 *               because another thread pushes, or more than time has passed. Otherwise what the
 *               backend returned.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_push_frame(nertc_callkit *kit,
    const nertc_callkit_frame *frame);

/** How important a log line is. A callback gets its level and everything more important. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_log_level) {
  /** Nothing. */
  NERTC_CALLKIT_LOG_OFF = 0,
  /** A bug in this library. */
  NERTC_CALLKIT_LOG_ERROR = 1,
  /** Unusual but handled. */
  NERTC_CALLKIT_LOG_WARN = 2,
  /** State changes. */
  NERTC_CALLKIT_LOG_INFO = 3,
  /** What was ignored or retried, and why. */
  NERTC_CALLKIT_LOG_DEBUG = 4,
};

/** Flags of nertc_callkit_set_log_callback. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_log_flag) {
  /**
   * Write accounts, ids and attachments as they are instead of redacted. Tokens stay redacted.
   */
  NERTC_CALLKIT_LOG_PERSONAL = 1,
};

/**
 * Sets the log callback of the whole process.
 *
 * It is called on any thread, possibly on several at once, with no lock held; `text` is lent until
 * it returns. The previous callback may still be running on another thread after this
 * returns. Accounts, ids and attachments are redacted unless
 * NERTC_CALLKIT_LOG_PERSONAL is given; tokens always. A line is shorter than 1024 bytes and
 * printable: control and bidirectional formatting characters are escaped.
 * Repeated lines are counted: after a while one line has the count.
 * Lines caused by what the callback itself does are dropped.
 *
 * @param level      A nertc_callkit_log_level: lines of this level and more severe ones.
 * @param flags      0 or NERTC_CALLKIT_LOG_PERSONAL.
 * @param log        The function, or NULL: no log.
 * @param user_data  Passed to `log`.
 * @return           OK. INVALID_ARGUMENT: unknown level or flag. UNSUPPORTED: a Rust
 *                   program that already has a logger.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_set_log_callback(
    nertc_callkit_log_level level, nertc_callkit_log_flag flags, void (*NERTC_CALLKIT_NULLABLE log)(
    nertc_callkit_log_level level, const char *text, void *NERTC_CALLKIT_NULLABLE user_data),
    void *NERTC_CALLKIT_NULLABLE user_data);

/** Flags of nertc_callkit_trace_start. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_trace_flag) {
  /** Write accounts, texts and attachments as they are. Tokens stay hidden. */
  NERTC_CALLKIT_TRACE_PERSONAL = 1,
};

/**
 * Starts recording the client's inputs and outputs to a file.
 *
 * JSON lines for the program nertc-callkit, which replays them, draws them and explains in
 * words why a call ended. May start at any time, also in a call. Cheap enough to be left on:
 * at 8 MiB the file is renamed to `<path>.1` (replacing an older one) and a new one starts.
 * Without NERTC_CALLKIT_TRACE_PERSONAL accounts are pseudonyms and texts, attachments and
 * messages are redacted, so that the file can be passed on; ids stay. Tokens are always redacted.
 *
 * The file is created here, readable by its owner only; a symbolic link is not followed. An
 * existing trace is renamed to `<path>.1`; any other file is not touched. The worker writes
 * before it sleeps, so a crash of the process loses what happened since. If the disk
 * is full, the trace ends, the log reports it, and calls continue. Starting another trace
 * ends the current one. Give each client its own file. Needs memory for the
 * client's state as JSON, a few kilobytes, with a long call policy hundreds; if that fails the
 * process is aborted, as everywhere in this library.
 *
 * @param kit    Client. Not NULL.
 * @param path   The file. Not NULL, UTF-8, up to 4096 bytes.
 * @param flags  0 or NERTC_CALLKIT_TRACE_PERSONAL.
 * @return       OK. INVALID_ARGUMENT: NULL, an unknown flag, or a path where no file can be
 *               created; the log has the reason. CLOSED, QUEUE_FULL. INTERNAL: out of descriptors,
 *               memory or disk.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_trace_start(nertc_callkit *kit,
    const char *path, nertc_callkit_trace_flag flags);

/**
 * Stops recording.
 *
 * Inputs received before this are still written by the worker: the file is
 * complete soon, at the latest when `destroy` has returned or `released` has run. Without a
 * trace: OK, nothing happens. The end of the client also ends its trace.
 *
 * @param kit  Client. Not NULL.
 * @return     OK. INVALID_ARGUMENT: NULL. CLOSED, QUEUE_FULL.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_trace_stop(nertc_callkit *kit);

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_H */
