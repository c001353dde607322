/**
 * @file nertc_callkit/loopback.h
 * The loopback backends: a service in this process, with a fault script. For first steps, and to
 * exercise an app's error paths with loss, delay and refusals.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_LOOPBACK_H
#define NERTC_CALLKIT_LOOPBACK_H

#include "../nertc_callkit.h"

#ifdef __cplusplus
extern "C" {
#endif
NERTC_CALLKIT_BEGIN

/** Flags of nertc_callkit_hub_create. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_hub_flag) {
  /** One device an account: a second login kicks the first. */
  NERTC_CALLKIT_HUB_SINGLE_DEVICE = 1,
  /** The hub writes the record of a completed call, as NetEase's server does. */
  NERTC_CALLKIT_HUB_SERVER_RECORD = 2,
};

/** An in-process exchange that connects clients through the loopback backends. Any thread. */
typedef struct nertc_callkit_hub nertc_callkit_hub;

/**
 * Creates a hub: an in-process exchange that connects clients through the loopback
 * backends.
 *
 * @param flags  nertc_callkit_hub_flag bits.
 * @param out    Receives the hub, on success only. Not NULL. Owned: release it.
 * @return       OK. INVALID_ARGUMENT: NULL or an unknown flag.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_hub_create(
    nertc_callkit_hub_flag flags,
    nertc_callkit_hub *NERTC_CALLKIT_NULLABLE *NERTC_CALLKIT_NONNULL out);

/**
 * Releases a hub.
 *
 * It continues to exist inside the backends created from it, until the last one is released.
 *
 * @param hub  Hub, or NULL: OK, nothing happens.
 * @return     OK. CLOSED: released before.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_hub_release(
    nertc_callkit_hub *NERTC_CALLKIT_NULLABLE hub);

/** What a loopback fault does. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_fault_action) {
  /** The message is lost. */
  NERTC_CALLKIT_FAULT_DROP = 1,
  /** The message arrives twice. */
  NERTC_CALLKIT_FAULT_DUPLICATE = 2,
  /**
   * The message or the completion comes `delay_ms` later; ON_LOGIN: until then the device is not
   * logged in.
   */
  NERTC_CALLKIT_FAULT_DELAY = 3,
  /** The message arrives after the next one to the same device. */
  NERTC_CALLKIT_FAULT_REORDER = 4,
  /** The operation completes with `code` and has no effect. */
  NERTC_CALLKIT_FAULT_REFUSE = 5,
  /** The operation takes effect and never completes. */
  NERTC_CALLKIT_FAULT_NO_ANSWER = 6,
  /** The device disconnects: it neither sends nor receives until it logs in again. */
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
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_fault_on) {
  /** At once, when the fault is added (CRASH, KICK, EXPIRE_TOKEN). */
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

/** One line of a hub's fault script. Any thread. */
typedef struct nertc_callkit_fault {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; must be 0. */
  uint32_t flags;
  /** A nertc_callkit_fault_action. */
  nertc_callkit_fault_action action;
  /** A nertc_callkit_fault_on. */
  nertc_callkit_fault_on on;
  /** Number of matches to skip before the fault fires. */
  uint32_t skip_count;
  /** Number of matches that the fault then fires on; 0 = one, UINT32_MAX = all. */
  uint32_t hit_count;
  /** For DELAY. */
  uint32_t delay_ms;
  /** For REFUSE: a nertc_callkit_code. */
  nertc_callkit_code code;
  /** Account it applies to (for messages the receiver); NULL = any. */
  const char *NERTC_CALLKIT_NULLABLE account;
  /** Device it applies to; NULL = any. */
  const char *NERTC_CALLKIT_NULLABLE device_id;
} nertc_callkit_fault;
/** Every default of nertc_callkit_fault. */
#define NERTC_CALLKIT_FAULT_INIT \
  { (uint32_t)sizeof(nertc_callkit_fault), 0, 0, 0, 0, 0, 0, 0, NULL, NULL }

/**
 * Adds a line to a hub's fault script.
 *
 * Copies `fault` and its texts. Lines are tested in the order in which they were added; the
 * first match counts and decides, and a line whose hit count is used up is removed: lines for
 * the same point take effect one after the other. DROP and REORDER apply to messages, REFUSE and
 * NO_ANSWER to operations, DELAY and DUPLICATE to both, CRASH and KICK also to
 * NERTC_CALLKIT_FAULT_ON_NOW.
 *
 * @param hub    Hub, or NULL: the process's default hub.
 * @param fault  What to inject, and when. Not NULL.
 * @return       OK. INVALID_ARGUMENT: NULL, an unknown number, an action that does not apply to
 *               its point, a DELAY without delay_ms, a REFUSE without code. UNSUPPORTED: a
 *               field that this library does not know is not zero. QUEUE_FULL: 1024 lines.
 *               CLOSED: released, or NULL while no client uses the default hub.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_hub_add_fault(
    nertc_callkit_hub *NERTC_CALLKIT_NULLABLE hub, const nertc_callkit_fault *fault);

/**
 * Creates a loopback signaling backend in `out`.
 *
 * Fills `signaling` and `signaling_ctx` and leaves the rest. The vtable is static; the ctx is
 * owned by the client created with it, or by you: then call the vtable's release.
 *
 * @param hub  Hub, or NULL: the process's default hub.
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_loopback_signaling(
    nertc_callkit_hub *NERTC_CALLKIT_NULLABLE hub, nertc_callkit_backends *out);

/**
 * Creates a loopback media backend in `out`.
 *
 * Fills `rtc` and `rtc_ctx` and leaves the rest. The vtable is static; the ctx is owned by the
 * client created with it, or by you: then call the vtable's release.
 *
 * @param hub  Hub, or NULL: the process's default hub.
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT, CLOSED.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_loopback_rtc(
    nertc_callkit_hub *NERTC_CALLKIT_NULLABLE hub, nertc_callkit_backends *out);

/**
 * Creates a media backend without media in `out`, for apps that bring their own.
 *
 * Joining completes at once; the peer is present as signaling reports. Fills `rtc` and
 * `rtc_ctx` and leaves the rest, as nertc_callkit_loopback_rtc does.
 *
 * @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return     OK. INVALID_ARGUMENT.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_null_rtc(
    nertc_callkit_backends *out);

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_LOOPBACK_H */
