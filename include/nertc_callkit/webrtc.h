/**
 * @file nertc_callkit/webrtc.h
 * Sound between machines, over WebRTC.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#ifndef NERTC_CALLKIT_WEBRTC_H
#define NERTC_CALLKIT_WEBRTC_H

#include "../nertc_callkit.h"

#ifdef __cplusplus
extern "C" {
#endif
NERTC_CALLKIT_BEGIN

/** Flags of nertc_callkit_webrtc_options. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_webrtc_flag) {
  /**
   * Only addresses of TURN servers are used, and the peer learns no other. A join fails if there
   * is none.
   */
  NERTC_CALLKIT_WEBRTC_RELAY_ONLY = 1,
  /** Loopback addresses are used, too: for tests on one machine. */
  NERTC_CALLKIT_WEBRTC_LOOPBACK = 2,
  /** IPv6 is not used. */
  NERTC_CALLKIT_WEBRTC_NO_IPV6 = 4,
  /**
   * The app brings sound with nertc_callkit_push_frame and takes it with on_frame. Mandatory so
   * far: this version opens no microphone and no speaker.
   */
  NERTC_CALLKIT_WEBRTC_APP_AUDIO = 8,
  /** A peer whose client has no security code ends the call. */
  NERTC_CALLKIT_WEBRTC_REQUIRE_CODE = 128,
};

/** A STUN or TURN server. Any thread. */
typedef struct nertc_callkit_ice_server {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** Reserved; must be 0. */
  uint32_t flags;
  /**
   * `stun:host`, `stun:host:port`, `turn:host`, `turn:host:port?transport=tcp` (or udp, the
   * default), `turns:host`; an IPv6 address in []. Up to 512 bytes. Not NULL.
   */
  const char *NERTC_CALLKIT_NULLABLE url;
  /** Of turn: and turns:, up to 512 bytes; NULL = none. */
  const char *NERTC_CALLKIT_NULLABLE username;
  /**
   * Of turn: and turns:, a secret that is neither logged nor traced, up to 512 bytes; NULL = none.
   */
  const char *NERTC_CALLKIT_NULLABLE credential;
} nertc_callkit_ice_server;
/** Every default of nertc_callkit_ice_server. */
#define NERTC_CALLKIT_ICE_SERVER_INIT \
  { (uint32_t)sizeof(nertc_callkit_ice_server), 0, NULL, NULL, NULL }

/** How the WebRTC backend sends and receives. Any thread. */
typedef struct nertc_callkit_webrtc_options {
  /** sizeof this struct. */
  uint32_t struct_size;
  /** nertc_callkit_webrtc_flag bits. */
  nertc_callkit_webrtc_flag flags;
  /**
   * STUN and TURN servers. NULL = none. Where the token of a media room is a JSON object with a
   * list `ice_servers`, that list is used instead.
   */
  const nertc_callkit_ice_server *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE ice_servers;
  /** How many: 0 to 8. */
  uint32_t ice_server_count;
  /** Bit rate of the sound that is sent (32000): 6000 to 128000. */
  uint32_t audio_bitrate_bps;
  /** Least delay of the jitter buffer in milliseconds (20): 20 to 200. */
  uint32_t jitter_min_ms;
  /** Greatest delay of the jitter buffer in milliseconds (200): jitter_min_ms to 200. */
  uint32_t jitter_max_ms;
  /** First local UDP port, 1024 to 65535; 0 in both = any. */
  uint32_t port_min;
  /** Last local UDP port, port_min to 65535; 0 in both = any. */
  uint32_t port_max;
  /**
   * Certificates of the authorities to trust for turns:, as PEM text, up to 1 MiB. NULL = those
   * of the system.
   */
  const char *NERTC_CALLKIT_NULLABLE ca_pem;
  /**
   * Signs a transcript of `size` bytes, in which both fingerprints and both accounts are, with the
   * app's key for this account: writes the signature into `signature`, whose room is
   * `*signature_size`, writes its size there and returns 0; anything else = no signature. On a
   * thread of the library; must not block. Both hooks or none.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE sign)(const void *transcript, uint32_t size, void *signature,
      uint32_t *signature_size, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Verifies the signature of an account, the peer: 0 = it is right, anything else ends the call.
   * On a thread of the library; must not block.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE verify)(const char *account, const void *transcript,
      uint32_t size, const void *signature, uint32_t signature_size,
      void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Passed to the hooks, which count as callbacks and may be called until the client has ended.
   */
  void *NERTC_CALLKIT_NULLABLE user_data;
} nertc_callkit_webrtc_options;
/** Every default of nertc_callkit_webrtc_options. */
#define NERTC_CALLKIT_WEBRTC_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_webrtc_options), 0, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, \
    NULL, NULL }

/**
 * Creates a media backend that carries sound to the peer over WebRTC in `out`.
 *
 * Each of the two clients needs one. Copies `options`. Fills `rtc` and `rtc_ctx` and leaves the
 * rest, as nertc_callkit_loopback_rtc does. Outside of a call it has no thread, socket or timer.
 *
 * @param options  How; APP_AUDIO is mandatory so far. Not NULL.
 * @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return         OK. INVALID_ARGUMENT: NULL, an unknown flag, a number outside its range, an
 *                 invalid server; the log has the reason. UNSUPPORTED: a field that this library
 *                 does not know is not zero, APP_AUDIO is missing, turns: in a library that was
 *                 built without TLS, or it was built without WebRTC.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_webrtc_media(
    const nertc_callkit_webrtc_options *options, nertc_callkit_backends *out);

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_WEBRTC_H */
