/**
 * @file nertc_callkit/mqtt.h
 * Signaling over any MQTT broker.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_MQTT_H
#define NERTC_CALLKIT_MQTT_H

#include "../nertc_callkit.h"

#ifdef __cplusplus
extern "C" {
#endif
NERTC_CALLKIT_BEGIN

/** Flags of nertc_callkit_mqtt_options. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_mqtt_flag) {
  /** Allows mqtt:// to other machines: anybody on the path can read tokens and calls. */
  NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT = 1,
  /** One device an account: a second login kicks the first. */
  NERTC_CALLKIT_MQTT_SINGLE_DEVICE = 2,
  /** A device that is busy does not end the ringing of the account's other devices. */
  NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL = 4,
  /**
   * The broker reports who was lost, so that a call with a lost device ends sooner. Its access
   * rules must allow it: docs/BACKENDS.md.
   */
  NERTC_CALLKIT_MQTT_PRESENCE = 8,
  /** A call does not end because signaling receives nothing from the peer: media decides. */
  NERTC_CALLKIT_MQTT_MEDIA_DECIDES = 16,
};

/** How the MQTT backend signals. Any thread. */
typedef struct nertc_callkit_mqtt_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_mqtt_flag bits. */
  nertc_callkit_mqtt_flag flags;
  /**
   * The broker's addresses, tried in turn: `mqtts://host`, `mqtts://host:8883`, `mqtt://host`,
   * `mqtt://[::1]:1883`. Not NULL. All must lead to the same broker or cluster.
   */
  const char *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE endpoints;
  /** How many: 1 to 8. */
  uint32_t endpoint_count;
  /** How many seconds the broker keeps messages for a device that is offline (86400). */
  uint32_t session_expiry_s;
  /** Keep-alive: seconds without traffic until a ping (60), up to 65535. */
  uint32_t keep_alive_s;
  /** Silence of the peer's device after which it counts as lost (60000). */
  uint32_t peer_lost_ms;
  /**
   * Certificates of the authorities to trust for mqtts://, as PEM text, up to 1 MiB. NULL = those
   * of the system.
   */
  const char *NERTC_CALLKIT_NULLABLE ca_pem;
  /**
   * Prefix of every topic: levels of A-Z a-z 0-9 _ - with / between them, up to 32 bytes.
   * NULL = "nck1".
   */
  const char *NERTC_CALLKIT_NULLABLE topic_prefix;
  /**
   * Loads what save_client_id was given for this account and device: writes it into `buffer` of
   * `size` bytes and returns 0; anything else = there is none. On the worker, at login; must not
   * block. NULL = a file in config.data_dir that its owner alone may read; if that is not set,
   * nothing outlives this process, and nothing is kept longer than 10 minutes. Both hooks
   * or none.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE load_client_id)(const char *account, const char *device_id,
      char *buffer, uint32_t size, void *NERTC_CALLKIT_NULLABLE user_data);
  /** Stores the client id, which is a secret: whoever has it can take over the session. */
  void (*NERTC_CALLKIT_NULLABLE save_client_id)(const char *account, const char *device_id,
      const char *client_id, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Passed to the hooks, which count as callbacks and may be called until the client has ended.
   */
  void *NERTC_CALLKIT_NULLABLE user_data;
  /**
   * For brokers that ask for a client certificate (mqtts://): the device's certificate and those
   * between it and the authority, as PEM text, up to 1 MiB. NULL = none. With one, a login without
   * a token connects without asking for a token.
   */
  const char *NERTC_CALLKIT_NULLABLE client_cert_pem;
  /**
   * The private key of that certificate, as PEM text without a password: PKCS #8, PKCS #1 or SEC1.
   * Both or none.
   */
  const char *NERTC_CALLKIT_NULLABLE client_key_pem;
} nertc_callkit_mqtt_options;
/** Every default of nertc_callkit_mqtt_options. */
#define NERTC_CALLKIT_MQTT_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_mqtt_options), 0, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, \
    NULL, NULL, NULL }

/**
 * Creates a signaling backend for an MQTT broker in `out`.
 *
 * It connects at login: the user name is the account, in which every byte except A-Z a-z 0-9 _ -
 * is written as = and two hex digits (at most 64 bytes then), the password is the token.
 * Copies `options`. Fills `signaling` and `signaling_ctx` and leaves the rest, as
 * nertc_callkit_loopback_signaling does. Uses MQTT 5, or 3.1.1 if the broker has nothing
 * newer.
 *
 * @param options  Which broker, and how. Not NULL.
 * @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return         OK. INVALID_ARGUMENT: NULL, an invalid address, prefix or certificate, mqtt:// to
 *                 another machine without ALLOW_PLAINTEXT; the log has the reason.
 *                 UNSUPPORTED: a field that this library does not know is not zero, the
 *                 library was built without MQTT, or mqtts:// and it was built without TLS.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_mqtt_signaling(
    const nertc_callkit_mqtt_options *options, nertc_callkit_backends *out);

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_MQTT_H */
