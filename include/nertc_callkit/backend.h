/**
 * @file nertc_callkit/backend.h
 * Vtables and sinks, for authors of signaling and media backends.
 *
 * Lifecycle of a backend: nertc_callkit_create copies the vtable and takes ownership of {vtable,
 * ctx} if it returns OK; then `open` at most once, operations, `close_backend` once if open
 * succeeded, and `release` exactly once and last. examples-c/own_backend.c is a complete pair.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_BACKEND_H
#define NERTC_CALLKIT_BACKEND_H

#include "../nertc_callkit.h"

#ifdef __cplusplus
extern "C" {
#endif
NERTC_CALLKIT_BEGIN

/** Signaling event types; NIM's numbers, own ones from 101. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_signal) {
  /** The channel was closed for everybody. */
  NERTC_CALLKIT_SIGNAL_CLOSE = 1,
  /** Somebody joined the channel. */
  NERTC_CALLKIT_SIGNAL_JOIN = 2,
  /** Somebody invites this account. */
  NERTC_CALLKIT_SIGNAL_INVITE = 3,
  /** The inviter cancelled. */
  NERTC_CALLKIT_SIGNAL_CANCEL = 4,
  /** The invited side rejected. */
  NERTC_CALLKIT_SIGNAL_REJECT = 5,
  /** The invited side accepted. */
  NERTC_CALLKIT_SIGNAL_ACCEPT = 6,
  /** Somebody left the channel. */
  NERTC_CALLKIT_SIGNAL_LEAVE = 7,
  /** A text between members. */
  NERTC_CALLKIT_SIGNAL_CONTROL = 8,
  /** A device of the invited account rings: `from` is that account, `request_id` the invite. */
  NERTC_CALLKIT_SIGNAL_RINGING = 101,
  /** The backend receives nothing from the peer's device; the core decides. */
  NERTC_CALLKIT_SIGNAL_PEER_LOST = 102,
};

/** Where a batch of signaling events comes from. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_message_origin) {
  /** Live. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE = 0,
  /** What another device of this account answered. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE = 1,
  /** Messages stored while this device was offline: the whole backlog as one batch. */
  NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE = 2,
};

/** What happened to the signaling connection. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_connection) {
  /** Lost; the backend reconnects by itself. */
  NERTC_CALLKIT_CONNECTION_LOST = 1,
  /** Back, with the same login. */
  NERTC_CALLKIT_CONNECTION_RESTORED = 2,
  /** This device was logged out by the service (another device, the server). */
  NERTC_CALLKIT_CONNECTION_KICKED = 3,
  /**
   * A token is needed for the next connection: answered by the vtable's set_token. `code` 0 = the
   * login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = it was refused or has expired.
   */
  NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED = 4,
};

/** The core's decision about an INVITE that the backend delivered. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_invite_state) {
  /** It rings: on_invited was delivered. */
  NERTC_CALLKIT_INVITE_RINGING = 1,
  /** Parked (glare, redial): register for the outcome, do not report ringing. */
  NERTC_CALLKIT_INVITE_HELD = 2,
  /** Ignored: forget channel and invite, notify nobody. */
  NERTC_CALLKIT_INVITE_DROPPED = 3,
};

/** Media backend event types. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_rtc_event_type) {
  /** `uid` is in the room. */
  NERTC_CALLKIT_RTC_PEER_JOIN = 1,
  /** `uid` left the room; `code` 0 = intentional, anything else = lost. */
  NERTC_CALLKIT_RTC_PEER_LEAVE = 2,
  /** `uid` started (`flags` 1) or stopped (`flags` 0) sending `media`. */
  NERTC_CALLKIT_RTC_PEER_MEDIA = 3,
  /** `uid` muted (`flags` 1) or unmuted (`flags` 0) `media`. */
  NERTC_CALLKIT_RTC_PEER_MUTE = 4,
  /** Nothing has arrived from `uid` for about 2 s. */
  NERTC_CALLKIT_RTC_PEER_SILENT = 5,
  /** Something arrives from `uid` again. */
  NERTC_CALLKIT_RTC_PEER_ACTIVE = 6,
  /** The own connection is interrupted; the backend reconnects. */
  NERTC_CALLKIT_RTC_RECONNECTING = 7,
  /** The own connection is back. */
  NERTC_CALLKIT_RTC_RECONNECTED = 8,
  /** The own connection is lost permanently. */
  NERTC_CALLKIT_RTC_DISCONNECTED = 9,
  /** `code` is the nertc_callkit_quality of `uid` (0 = own uplink). */
  NERTC_CALLKIT_RTC_QUALITY = 10,
  /** An error that does not end the call: `code`, `text`. */
  NERTC_CALLKIT_RTC_ERROR = 11,
  /**
   * How far media provably reaches the peer, at each change: `code` is a nertc_callkit_security,
   * `text` what both users compare, or NULL; `local_fingerprint` and `remote_fingerprint`. MISMATCH
   * ends the call; DISCONNECTED with NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE does, too.
   */
  NERTC_CALLKIT_RTC_SECURED = 12,
};

/**
 * What a signaling backend can do (`caps`). The core acts on SERVER_RECORD only; the others
 * describe the backend to apps and to tests/conformance.
 */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_signaling_cap) {
  /** Stores messages for offline devices. */
  NERTC_CALLKIT_SIGNALING_CAP_OFFLINE = 1,
  /** Notifies the other devices of the account who answered. */
  NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE = 2,
  /** The service writes the record of a completed call by itself. */
  NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD = 4,
  /** At most one instance per process. */
  NERTC_CALLKIT_SIGNALING_CAP_SINGLETON = 8,
  /** Takes over a login that the app made with the vendor's SDK. */
  NERTC_CALLKIT_SIGNALING_CAP_ADOPTS_LOGIN = 16,
};

/** What a media backend can do (`caps`). The core acts on NO_MEDIA and SIGNALS only. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_rtc_cap) {
  /** Has no media of its own: the peer counts as present once both sides agreed. */
  NERTC_CALLKIT_RTC_CAP_NO_MEDIA = 1,
  /** At most one instance per process. */
  NERTC_CALLKIT_RTC_CAP_SINGLETON = 2,
  /** Negotiates with its peer: has `protocol` and `receive`; signaling must have `control`. */
  NERTC_CALLKIT_RTC_CAP_SIGNALS = 4,
};

/** Flags of nertc_callkit_rtc_join and nertc_callkit_rtc_prepare. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_rtc_join_flag) {
  /** Our invite is the call's. Exactly one side has this flag, and that side offers. */
  NERTC_CALLKIT_RTC_JOIN_INVITER = 1,
};

/**
 * Identifies one operation of the core: never reused. Passes through an SDK's user_data unboxed.
 */
typedef uintptr_t nertc_callkit_req;

/** A signaling channel. Lent for the call. */
typedef struct nertc_callkit_channel {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** 1 = no longer valid. */
  uint32_t flags;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /** Id, up to 64 bytes. */
  const char *NERTC_CALLKIT_NULLABLE channel_id;
  /** Account that created it. */
  const char *NERTC_CALLKIT_NULLABLE creator;
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
  /** Reserved; must be 0. */
  uint32_t flags;
  /** Its account. */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** Its device, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE device_id;
  /** Its media uid. */
  uint64_t uid;
} nertc_callkit_member;
/** Every default of nertc_callkit_member. */
#define NERTC_CALLKIT_MEMBER_INIT \
  { (uint32_t)sizeof(nertc_callkit_member), 0, NULL, NULL, 0 }

/** A channel and its members. Lent for the call. */
typedef struct nertc_callkit_channel_state {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** How many members. */
  uint32_t member_count;
  /** The channel. Not NULL. */
  const nertc_callkit_channel *NERTC_CALLKIT_NULLABLE channel;
  /** The members. */
  const nertc_callkit_member *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE members;
} nertc_callkit_channel_state;
/** Every default of nertc_callkit_channel_state. */
#define NERTC_CALLKIT_CHANNEL_STATE_INIT \
  { (uint32_t)sizeof(nertc_callkit_channel_state), 0, NULL, NULL }

/** How an operation ended. Lent for the call. */
typedef struct nertc_callkit_signaling_result {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_code; 0 = success. */
  nertc_callkit_code code;
  /** The service's own number, or 0. */
  int32_t raw_code;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** What went wrong, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE message;
  /** create: the channel. join: the channel with all members. Else NULL. */
  const nertc_callkit_channel_state *NERTC_CALLKIT_NULLABLE channel_state;
  /** join: token for the media room, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE rtc_token;
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
  nertc_callkit_signal signal;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /** The channel. Not NULL. */
  const nertc_callkit_channel *NERTC_CALLKIT_NULLABLE channel;
  /** Account that sent it. */
  const char *NERTC_CALLKIT_NULLABLE from_account;
  /** Its device, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE from_device;
  /** ACCEPT and REJECT: the inviter. Else the receiver. */
  const char *NERTC_CALLKIT_NULLABLE to_account;
  /** INVITE, CANCEL, ACCEPT, REJECT. */
  const char *NERTC_CALLKIT_NULLABLE request_id;
  /** The attachment, or NULL. */
  const char *NERTC_CALLKIT_NULLABLE custom_info;
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
  nertc_callkit_connection type;
  /** A nertc_callkit_code, or 0. */
  nertc_callkit_code code;
  /** The service's own number, or 0. */
  int32_t raw_code;
  /** Or NULL. */
  const char *NERTC_CALLKIT_NULLABLE message;
} nertc_callkit_signaling_connection;
/** Every default of nertc_callkit_signaling_connection. */
#define NERTC_CALLKIT_SIGNALING_CONNECTION_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_connection), 0, 0, 0, NULL }

/** A call record. Lent for the call. */
typedef struct nertc_callkit_record {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** A nertc_callkit_record_status. */
  nertc_callkit_record_status record_status;
  /** How many accounts. */
  uint32_t account_count;
  /** Message id the client chose: the call id. */
  const char *NERTC_CALLKIT_NULLABLE client_msg_id;
  /** Receiver. */
  const char *NERTC_CALLKIT_NULLABLE to_account;
  /** Signaling channel. */
  const char *NERTC_CALLKIT_NULLABLE channel_id;
  /** The record as JSON text (NIM message type 12). */
  const char *NERTC_CALLKIT_NULLABLE text;
  /** Accounts that took part. */
  const char *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE accounts;
  /** Seconds per account. */
  const uint32_t *NERTC_CALLKIT_NULLABLE durations_s;
} nertc_callkit_record;
/** Every default of nertc_callkit_record. */
#define NERTC_CALLKIT_RECORD_INIT \
  { (uint32_t)sizeof(nertc_callkit_record), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * How a signaling backend reports. Lent from open until close_backend returns; every function
 * only copies and enqueues, may be called on any thread, also from inside an operation, and not
 * after close_backend returned.
 */
typedef struct nertc_callkit_signaling_sink {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the core. */
  uint32_t abi;
  /** First argument of every function here. */
  void *NERTC_CALLKIT_NULLABLE ctx;
  /**
   * Ends the operation `req`: exactly once for each that was accepted. Its queue slot is
   * reserved, so it never fails.
   */
  void (*NERTC_CALLKIT_NULLABLE complete)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, const nertc_callkit_signaling_result *result);
  /**
   * Messages; `origin` is a nertc_callkit_message_origin. 0, or QUEUE_FULL = keep them and try
   * again.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE events)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_message_origin origin,
      const nertc_callkit_signaling_event *NERTC_CALLKIT_NONNULL
      const *NERTC_CALLKIT_NONNULL events,
      uint32_t count);
  /** Channels that this device is still in after a login. 0, or QUEUE_FULL. */
  int32_t (*NERTC_CALLKIT_NULLABLE channel_states)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_channel_state *NERTC_CALLKIT_NONNULL
      const *NERTC_CALLKIT_NONNULL channel_states,
      uint32_t count);
  /** The connection changed. 0, or QUEUE_FULL. */
  int32_t (*NERTC_CALLKIT_NULLABLE connection)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_signaling_connection *event);
  /**
   * A line for the log; `level` is a nertc_callkit_log_level. Must not contain
   * accounts, tokens or attachments: the library does not redact it.
   */
  void (*NERTC_CALLKIT_NULLABLE log)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_log_level level, const char *text);
  /** A call record that `from` sent: what it claims. 0, or QUEUE_FULL. */
  int32_t (*NERTC_CALLKIT_NULLABLE record)(void *NERTC_CALLKIT_NULLABLE ctx,
      const char *from_account, const nertc_callkit_record *record);
} nertc_callkit_signaling_sink;
/** Every default of nertc_callkit_signaling_sink. */
#define NERTC_CALLKIT_SIGNALING_SINK_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_sink), NERTC_CALLKIT_ABI, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL }

/** Credentials of a login. Lent for the call. */
typedef struct nertc_callkit_login_args {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; 0. */
  uint32_t flags;
  /** Application key, or empty. */
  const char *NERTC_CALLKIT_NULLABLE app_key;
  /** Account. */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** Token, or empty. */
  const char *NERTC_CALLKIT_NULLABLE token;
  /** This device. */
  const char *NERTC_CALLKIT_NULLABLE device_id;
  /** Folder the backend may write to, or empty. */
  const char *NERTC_CALLKIT_NULLABLE data_dir;
  /**
   * How long the core waits for complete(req), in ms; 0 = unknown. A backend that completes just
   * before can report why there is no connection.
   */
  uint32_t timeout_ms;
  /** Reserved; 0. */
  uint32_t reserved;
} nertc_callkit_login_args;
/** Every default of nertc_callkit_login_args. */
#define NERTC_CALLKIT_LOGIN_ARGS_INIT \
  { (uint32_t)sizeof(nertc_callkit_login_args), 0, NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** What an operation needs; fields it does not need are 0 or empty. Lent for the call. */
typedef struct nertc_callkit_signaling_args {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE. */
  nertc_callkit_call_flag flags;
  /** create: a nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** invite: what is left of the ring time, for the message's expiry; 0 = unknown. */
  uint32_t expires_ms;
  /** All but create: the channel. */
  const char *NERTC_CALLKIT_NULLABLE channel_id;
  /**
   * invite, cancel_invite: the invited account. accept, reject: the inviter. control: the
   * receiver, empty = all.
   */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** invite, cancel_invite, accept, reject. */
  const char *NERTC_CALLKIT_NULLABLE request_id;
  /** The attachment, up to 4096 bytes. */
  const char *NERTC_CALLKIT_NULLABLE custom_info;
  /** invite: push text, or NULL. */
  const nertc_callkit_push *NERTC_CALLKIT_NULLABLE push;
} nertc_callkit_signaling_args;
/** Every default of nertc_callkit_signaling_args. */
#define NERTC_CALLKIT_SIGNALING_ARGS_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling_args), 0, 0, 0, NULL, NULL, NULL, NULL, NULL }

/**
 * One signaling operation. Returns 0 = accepted, exactly one complete(req) follows; else a
 * refusal, nothing follows. Called on the worker, never from inside a sink call; must not block.
 */
typedef int32_t (*nertc_callkit_signaling_operation_cb)(void *NERTC_CALLKIT_NULLABLE ctx,
    nertc_callkit_req req, const nertc_callkit_signaling_args *args);

/**
 * A signaling backend. Functions are called on the worker, one at a time. Mandatory: open,
 * login, logout, create, join, invite, cancel_invite, accept, reject, leave, close.
 */
struct nertc_callkit_signaling {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the backend; 0 means 1. */
  uint32_t abi;
  /** nertc_callkit_signaling_cap bits. */
  nertc_callkit_signaling_cap caps;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /** For the log; lives as long as the backend. NULL = unnamed. */
  const char *NERTC_CALLKIT_NULLABLE name;
  /**
   * Before the first login, at most once. 0 = open; a refusal completes that login with this code.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE open)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_signaling_sink *sink);
  /**
   * Once, if open succeeded. The barrier: when it returns, no sink call runs or will run. Must not
   * wait for a thread that waits for the core. NULL = nothing to do.
   */
  void (*NERTC_CALLKIT_NULLABLE close_backend)(void *NERTC_CALLKIT_NULLABLE ctx);
  /** Exactly once, last, also when open was never called. NULL = nothing to free. */
  void (*NERTC_CALLKIT_NULLABLE release)(void *NERTC_CALLKIT_NULLABLE ctx);
  /** Logs in. The unread backlog follows as one OFFLINE batch after the completion. */
  int32_t (*NERTC_CALLKIT_NULLABLE login)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, const nertc_callkit_login_args *args);
  /** Logs out. */
  int32_t (*NERTC_CALLKIT_NULLABLE logout)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req);
  /** Makes a channel; the result's channel has its id. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE create;
  /** Joins a channel; the result lists the members with their uids, this device among them. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE join;
  /** Invites an account. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE invite;
  /** Cancels an invite. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE cancel_invite;
  /** Accepts an invite: the service decides, the first accept wins. Does not join. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE accept;
  /** Rejects an invite. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE reject;
  /** Leaves a channel. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE leave;
  /** Closes a channel for everybody. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE close;
  /** Sends a text to members of a channel, in the order of the calls. NULL = unsupported. */
  nertc_callkit_signaling_operation_cb NERTC_CALLKIT_NULLABLE control;
  /** Sends a call record as a message. NULL = unsupported. */
  int32_t (*NERTC_CALLKIT_NULLABLE send_record)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, const nertc_callkit_record *record);
  /** The device's network changed: reconnect now. NULL = nothing to do. */
  void (*NERTC_CALLKIT_NULLABLE network_changed)(void *NERTC_CALLKIT_NULLABLE ctx);
  /**
   * The core's decision about an INVITE: `state` is a nertc_callkit_invite_state. Exactly once for
   * each INVITE passed to the sink, unless reject or accept comes first. `args` has channel_id,
   * account (the inviter) and request_id. NULL = not needed.
   */
  void (*NERTC_CALLKIT_NULLABLE invite_state)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_signaling_args *args, nertc_callkit_invite_state state);
  /**
   * The login `req` is abandoned: from now on it must neither connect nor send; what the service
   * stores for the device stays. complete(req) still follows. NULL = the core calls logout.
   */
  void (*NERTC_CALLKIT_NULLABLE abort_login)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req);
  /**
   * The token for the next connection; tries with it now if there is no connection. Empty = there
   * is none. 0, or a nertc_callkit_code. NULL = unsupported.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE set_token)(void *NERTC_CALLKIT_NULLABLE ctx,
      const char *token);
  /**
   * Whose invites ring: after each login, unless everybody's do, and whenever it changes. The core
   * decides; a backend that asks inviters whether a stored invite still stands must not ask
   * those that this policy refuses. Lent for the call. NULL = not needed.
   */
  void (*NERTC_CALLKIT_NULLABLE call_policy)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_call_policy *policy);
};
/** Every default of nertc_callkit_signaling. */
#define NERTC_CALLKIT_SIGNALING_INIT \
  { (uint32_t)sizeof(nertc_callkit_signaling), NERTC_CALLKIT_ABI, 0, 0, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL }

/** An event of the media room. Lent for the call. */
typedef struct nertc_callkit_rtc_event {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** A nertc_callkit_rtc_event_type. */
  nertc_callkit_rtc_event_type type;
  /** Depends on `type`. */
  int32_t code;
  /** The SDK's own number, or 0. */
  int32_t raw_code;
  /** nertc_callkit_media bits. */
  nertc_callkit_media media;
  /** Depends on `type`. */
  uint32_t flags;
  /** The member concerned; 0 = this device. */
  uint64_t uid;
  /** Or NULL. */
  const char *NERTC_CALLKIT_NULLABLE text;
  /** SECURED: "sha-256 AB:CD:…", or NULL. */
  const char *NERTC_CALLKIT_NULLABLE local_fingerprint;
  /** SECURED: the peer's, likewise. */
  const char *NERTC_CALLKIT_NULLABLE remote_fingerprint;
  /**
   * The req of the join that it belongs to: an event of another join is dropped, so that a late
   * thread cannot report into the next call. 0 = of the room that the core is in.
   */
  uint64_t join;
} nertc_callkit_rtc_event;
/** Every default of nertc_callkit_rtc_event. */
#define NERTC_CALLKIT_RTC_EVENT_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_event), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0 }

/** How a media backend reports. Same rules as nertc_callkit_signaling_sink. */
typedef struct nertc_callkit_rtc_sink {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the core. */
  uint32_t abi;
  /** First argument of every function here. */
  void *NERTC_CALLKIT_NULLABLE ctx;
  /**
   * Ends the operation `req`; `code` is a nertc_callkit_code. `raw_code` and `message` may be 0
   * and NULL.
   */
  void (*NERTC_CALLKIT_NULLABLE complete)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, nertc_callkit_code code, int32_t raw_code,
      const char *NERTC_CALLKIT_NULLABLE message);
  /** Something happened. 0, or QUEUE_FULL = keep it and try again. */
  int32_t (*NERTC_CALLKIT_NULLABLE event)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_rtc_event *event);
  /** A frame of `frame->uid`; goes to config.on_frame on this very thread. */
  void (*NERTC_CALLKIT_NULLABLE frame)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_frame *frame);
  /**
   * A line for the log; `level` is a nertc_callkit_log_level. Must not contain
   * accounts, tokens or attachments: the library does not redact it.
   */
  void (*NERTC_CALLKIT_NULLABLE log)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_log_level level, const char *text);
  /**
   * Sends a text to the peer's media backend: a JSON object of up to 4000 bytes, nested up to 8
   * deep. Any thread. `join` is the req of the join it belongs to: from the call of join on, until
   * leave is called; a text with another number is dropped, so that a late thread cannot send
   * into the next call. 0: copied and queued. INVALID_ARGUMENT: no such text. QUEUE_FULL: try
   * again later. What signaling refuses is one on_error (NERTC_CALLKIT_OPERATION_NEGOTIATION).
   */
  int32_t (*NERTC_CALLKIT_NULLABLE send)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req join, const char *json);
} nertc_callkit_rtc_sink;
/** Every default of nertc_callkit_rtc_sink. */
#define NERTC_CALLKIT_RTC_SINK_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_sink), NERTC_CALLKIT_ABI, NULL, NULL, NULL, NULL, NULL, \
    NULL }

/** Which media room to join. Lent for the call. */
typedef struct nertc_callkit_rtc_join {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; 0. */
  uint32_t flags;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** Reserved; 0. */
  uint32_t reserved;
  /** Own uid. */
  uint64_t uid;
  /** Name of the room, up to 127 bytes. */
  const char *NERTC_CALLKIT_NULLABLE channel_name;
  /** Token, or empty. */
  const char *NERTC_CALLKIT_NULLABLE token;
  /** Account of the peer. */
  const char *NERTC_CALLKIT_NULLABLE peer;
  /** Call id of the invite that counts, or empty: the same on both sides. */
  const char *NERTC_CALLKIT_NULLABLE call_id;
  /** Number of the call, never 0; also that of the `prepare` which this join may take over. */
  nertc_callkit_call_no call_no;
  /** Own account. */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** Own device. */
  const char *NERTC_CALLKIT_NULLABLE device_id;
} nertc_callkit_rtc_join;
/** Every default of nertc_callkit_rtc_join. */
#define NERTC_CALLKIT_RTC_JOIN_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_join), 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, \
    NULL }

/** A call that may join the media room. Lent for the call. */
typedef struct nertc_callkit_rtc_prepare {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_rtc_join_flag bits, as the join will have them. */
  nertc_callkit_rtc_join_flag flags;
  /** A nertc_callkit_call_type. */
  nertc_callkit_call_type call_type;
  /** Reserved; 0. */
  uint32_t reserved;
  /** Number of the call, never 0. */
  nertc_callkit_call_no call_no;
  /** Account of the peer. */
  const char *NERTC_CALLKIT_NULLABLE peer;
  /** Call id, or empty: as the join will have it. */
  const char *NERTC_CALLKIT_NULLABLE call_id;
} nertc_callkit_rtc_prepare;
/** Every default of nertc_callkit_rtc_prepare. */
#define NERTC_CALLKIT_RTC_PREPARE_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc_prepare), 0, 0, 0, 0, NULL, NULL }

/**
 * A media backend. Functions are called on the worker, one at a time; push_frame on a thread of
 * the app, concurrently. Mandatory: open, join, leave.
 */
struct nertc_callkit_rtc {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** NERTC_CALLKIT_ABI of the backend; 0 means 1. */
  uint32_t abi;
  /** nertc_callkit_rtc_cap bits. */
  nertc_callkit_rtc_cap caps;
  /** Reserved; must be 0. */
  uint32_t reserved;
  /** For the log; lives as long as the backend. NULL = unnamed. */
  const char *NERTC_CALLKIT_NULLABLE name;
  /** As in nertc_callkit_signaling. */
  int32_t (*NERTC_CALLKIT_NULLABLE open)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_rtc_sink *sink);
  /** As in nertc_callkit_signaling. */
  void (*NERTC_CALLKIT_NULLABLE close_backend)(void *NERTC_CALLKIT_NULLABLE ctx);
  /** As in nertc_callkit_signaling. */
  void (*NERTC_CALLKIT_NULLABLE release)(void *NERTC_CALLKIT_NULLABLE ctx);
  /**
   * Joins a room; completes once joined, with microphone and camera off: enable_local follows.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE join)(void *NERTC_CALLKIT_NULLABLE ctx, nertc_callkit_req req,
      const nertc_callkit_rtc_join *args);
  /** Leaves the room. */
  int32_t (*NERTC_CALLKIT_NULLABLE leave)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req);
  /**
   * Opens or closes microphone or camera; `media` is one or more nertc_callkit_media bits. NULL =
   * unsupported.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE enable_local)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, nertc_callkit_media media, int32_t on);
  /**
   * Sends silence or nothing while the device stays open; `media` is one or more
   * nertc_callkit_media bits. NULL = unsupported.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE mute_local)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, nertc_callkit_media media, int32_t muted);
  /**
   * Receives what `uid` sends, or not; `media` is one or more nertc_callkit_media bits. NULL =
   * unsupported.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE subscribe)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, uint64_t uid, nertc_callkit_media media, int32_t on);
  /** Draws `uid` (0 = this device) in `view`; `view` NULL = no longer. NULL = unsupported. */
  int32_t (*NERTC_CALLKIT_NULLABLE set_view)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req req, uint64_t uid, const nertc_callkit_view *NERTC_CALLKIT_NULLABLE view);
  /** Sends a frame that the app made. 0 or a nertc_callkit_status. NULL = unsupported. */
  int32_t (*NERTC_CALLKIT_NULLABLE push_frame)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_frame *frame);
  /** The device's network changed: restart what needs it. NULL = nothing to do. */
  void (*NERTC_CALLKIT_NULLABLE network_changed)(void *NERTC_CALLKIT_NULLABLE ctx);
  /**
   * A text of the peer's media backend, in order, each once: after `join` was called with the req
   * `join` and before leave is; what came earlier follows right after the call of join. Lent for
   * the call; must not block. Mandatory with NERTC_CALLKIT_RTC_CAP_SIGNALS.
   */
  void (*NERTC_CALLKIT_NULLABLE receive)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_req join, const char *json);
  /**
   * The protocol that it negotiates with its peer, `<name>/<version>`, 1 to 32 bytes. Invites and
   * accepts carry it; a peer with another one, or none, is refused
   * (NERTC_CALLKIT_CODE_MEDIA_MISMATCH). Mandatory with NERTC_CALLKIT_RTC_CAP_SIGNALS, else
   * ignored. Copied by create.
   */
  const char *NERTC_CALLKIT_NULLABLE protocol;
  /**
   * A call is being made or rings: make ready what its join needs, so that the join is fast.
   * Nothing may reach the peer before the join. There is no completion, and no failure: the join
   * then starts from nothing. The join of this call_no follows, or `discard` of it, or another
   * `prepare`, which replaces this one (both sides called each other: role and call id change).
   * NULL = does not prepare.
   */
  void (*NERTC_CALLKIT_NULLABLE prepare)(void *NERTC_CALLKIT_NULLABLE ctx,
      const nertc_callkit_rtc_prepare *args);
  /**
   * The call that was prepared will not be joined: release what was made ready. Mandatory with
   * `prepare`.
   */
  void (*NERTC_CALLKIT_NULLABLE discard)(void *NERTC_CALLKIT_NULLABLE ctx,
      nertc_callkit_call_no call_no);
};
/** Every default of nertc_callkit_rtc. */
#define NERTC_CALLKIT_RTC_INIT \
  { (uint32_t)sizeof(nertc_callkit_rtc), NERTC_CALLKIT_ABI, 0, 0, NULL, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_BACKEND_H */
