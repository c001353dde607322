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
   * No microphone and no speaker is opened: the app brings sound with nertc_callkit_push_frame and
   * takes it with on_frame or nertc_callkit_webrtc_pull_audio.
   */
  NERTC_CALLKIT_WEBRTC_APP_AUDIO = 8,
  /**
   * Microphone and speaker are open only while the app allows it with
   * nertc_callkit_webrtc_set_audio_active: CallKit's audio session, Android's audio focus.
   */
  NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO = 16,
  /** No echo cancellation, noise suppression and gain control, because the system has its own. */
  NERTC_CALLKIT_WEBRTC_NO_PROCESSING = 32,
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
   * `*signature_size`, writes its size there and returns 0; anything else = no signature. On the
   * worker, where the events of this client wait for it: 10 ms at most. With RELAY_ONLY perhaps on
   * the media thread, where the sound of all waits: what comes before our relay is read there.
   * Both hooks or none.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE sign)(const void *transcript, uint32_t size, void *signature,
      uint32_t *signature_size, void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Verifies the signature of an account, the peer: 0 = it is right, anything else ends the call.
   * Where `sign` is called, likewise.
   */
  int32_t (*NERTC_CALLKIT_NULLABLE verify)(const char *account, const void *transcript,
      uint32_t size, const void *signature, uint32_t signature_size,
      void *NERTC_CALLKIT_NULLABLE user_data);
  /**
   * Passed to the hooks, which count as callbacks and may be called until the client has ended.
   */
  void *NERTC_CALLKIT_NULLABLE user_data;
  /**
   * Id of the microphone, as nertc_callkit_webrtc_list_devices lends it, up to 256 bytes; NULL =
   * the system's default. Not with APP_AUDIO.
   */
  const char *NERTC_CALLKIT_NULLABLE microphone;
  /** Likewise, of the speaker. */
  const char *NERTC_CALLKIT_NULLABLE speaker;
} nertc_callkit_webrtc_options;
/** Every default of nertc_callkit_webrtc_options. */
#define NERTC_CALLKIT_WEBRTC_OPTIONS_INIT \
  { (uint32_t)sizeof(nertc_callkit_webrtc_options), 0, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, \
    NULL, NULL, NULL, NULL }

/**
 * Creates a media backend that carries sound to the peer over WebRTC in `out`.
 *
 * Each of the two clients needs one. Copies `options`. Fills `rtc` and `rtc_ctx` and leaves the
 * rest, as nertc_callkit_loopback_rtc does. Outside of a call it has no thread, socket or timer.
 *
 * In a call it opens the speaker, and the microphone while the app has not disabled it
 * (nertc_callkit_enable_local): from the join of the media room to its leave. Without one of them
 * the call goes on; on_error says why (DEVICE_NOT_FOUND, DEVICE_DENIED, DEVICE_BUSY). A device that
 * is unplugged is replaced by the system's default until it is back. on_frame gets what the speaker
 * plays.
 *
 * @param options  How. Not NULL.
 * @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
 * @return         OK. INVALID_ARGUMENT: NULL, an unknown flag, a number outside its range, an
 *                 invalid server; the log has the reason. UNSUPPORTED: a field that this library
 *                 does not know is not zero, APP_AUDIO is missing in a library that was built
 *                 without devices, turns: in one without TLS, or it was built without WebRTC.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API NERTC_CALLKIT_MUST_USE nertc_callkit_status nertc_callkit_webrtc_media(
    const nertc_callkit_webrtc_options *options, nertc_callkit_backends *out);

/**
 * Replaces the ICE servers of a client, as time-limited credentials make necessary.
 *
 * For the next media room, and for the next restart of ICE in the one that is joined. A list in
 * the token of a media room still goes first.
 *
 * @param kit      Client. Not NULL.
 * @param servers  As in nertc_callkit_webrtc_options, or NULL: none.
 * @param count    How many: 0 to 8.
 * @return         OK. INVALID_ARGUMENT: an invalid server; the log has the reason, and the servers
 *                 remain as they were. CLOSED. UNSUPPORTED: the client's media backend is not this
 *                 one, an unknown field is not zero, or turns: without TLS.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_webrtc_set_ice_servers(nertc_callkit *kit,
    const nertc_callkit_ice_server *NERTC_CALLKIT_NONNULL const *NERTC_CALLKIT_NULLABLE servers,
    uint32_t count);

/**
 * Takes the peer's sound, from the playout callback of the app's audio device.
 *
 * Its clock is then the one that the jitter buffer follows, and on_frame gets no more sound of
 * this call. Allocates nothing and waits neither for the network nor for another call of this
 * function.
 *
 * @param kit          Client. Not NULL.
 * @param out          Filled with `frames` frames of signed 16-bit samples, those of both channels
 *                     by turns. Not NULL.
 * @param frames       How many: up to 100 ms.
 * @param sample_rate  8000 to 192000.
 * @param channels     1 or 2.
 * @return             How many frames are sound; the rest of `out` is silence. 0 outside of a call.
 *                     Negative: INVALID_ARGUMENT, CLOSED, UNSUPPORTED: the client's media backend
 *                     is not this one, or has no APP_AUDIO. QUEUE_FULL: another thread is in this
 *                     function.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API int32_t nertc_callkit_webrtc_pull_audio(nertc_callkit *kit, int16_t *out,
    uint32_t frames, uint32_t sample_rate, uint32_t channels);

/** What an address is that media goes through. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_candidate) {
  /** Not connected. */
  NERTC_CALLKIT_CANDIDATE_UNKNOWN = 0,
  /** Of an interface. */
  NERTC_CALLKIT_CANDIDATE_HOST = 1,
  /** What a STUN server saw: that of a NAT. */
  NERTC_CALLKIT_CANDIDATE_SERVER_REFLEXIVE = 2,
  /** What the other side saw, and no server before it. */
  NERTC_CALLKIT_CANDIDATE_PEER_REFLEXIVE = 3,
  /** Of a TURN server. */
  NERTC_CALLKIT_CANDIDATE_RELAY = 4,
};

/** How an own TURN server is reached. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_relay_transport) {
  /** No own relay is in use. */
  NERTC_CALLKIT_RELAY_TRANSPORT_NONE = 0,
  /** Over UDP. */
  NERTC_CALLKIT_RELAY_TRANSPORT_UDP = 1,
  /** Over TCP. */
  NERTC_CALLKIT_RELAY_TRANSPORT_TCP = 2,
  /** Over TLS. */
  NERTC_CALLKIT_RELAY_TRANSPORT_TLS = 3,
};

/**
 * The transport of a call, as nertc_callkit_get_call_stats returns it; counters since the media
 * room was joined, at most a second old. Any thread.
 */
typedef struct nertc_callkit_call_stats {
  /** In: sizeof this struct. Out: how much was written. */
  uint32_t struct_size;
  /** Reserved; is 0. */
  uint32_t flags;
  /** The call. */
  nertc_callkit_call_no call_no;
  /** When this was answered, on the monotonic clock, in microseconds. */
  uint64_t time_us;
  /** Bytes of UDP payload, of all kinds, to the peer. */
  uint64_t bytes_sent;
  /** Likewise, from the peer. */
  uint64_t bytes_received;
  /** Round trip of the pair of addresses in use; 0 = not known. */
  uint32_t rtt_us;
  /**
   * What the path to the peer has room for; 0 = not known, as always with this version: sound
   * alone is too little to estimate it from.
   */
  uint32_t available_send_bps;
  /** A nertc_callkit_candidate: the own address in use. */
  nertc_callkit_candidate local_candidate;
  /** A nertc_callkit_candidate: the peer's. */
  nertc_callkit_candidate remote_candidate;
  /** A nertc_callkit_relay_transport. */
  nertc_callkit_relay_transport relay_transport;
  /** From the join to connected; 0 = not connected. */
  uint32_t setup_ms;
  /** Restarts of ICE. */
  uint32_t restarts;
  /** A nertc_callkit_security. */
  nertc_callkit_security security;
  /** 12 or 13 for DTLS 1.2 or 1.3; 0 = not connected. */
  int32_t dtls_version;
  /** Reserved; is 0. */
  uint32_t reserved;
} nertc_callkit_call_stats;
/** Every default of nertc_callkit_call_stats. */
#define NERTC_CALLKIT_CALL_STATS_INIT \
  { (uint32_t)sizeof(nertc_callkit_call_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Returns how the transport of the call is doing.
 *
 * @param kit  Client. Not NULL.
 * @param out  Its struct_size is the size that may be written, afterwards the size written; all 0
 *             outside of a media room. Not NULL.
 * @return     OK. INVALID_ARGUMENT: NULL, or struct_size is too small. CLOSED. UNSUPPORTED: the
 *             client's media backend has no statistics.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_get_call_stats(nertc_callkit *kit,
    nertc_callkit_call_stats *out);

/**
 * One medium in one direction, as nertc_callkit_get_stream_stats returns it; counters since the
 * media room was joined, at most a second old. Any thread.
 */
typedef struct nertc_callkit_stream_stats {
  /** In: sizeof this struct. Out: how much was written. */
  uint32_t struct_size;
  /** Reserved; is 0. */
  uint32_t flags;
  /** RTP packets. */
  uint64_t packets;
  /** Their bytes, with headers. */
  uint64_t bytes;
  /** Packets that did not arrive; of what is sent, as the peer reports. */
  uint64_t packets_lost;
  /** Their share in the last 2 s. */
  uint32_t loss_permille;
  /** Variation of the packets' delay. */
  uint32_t jitter_us;
  /** Of the last 2 s, with headers. */
  uint32_t bitrate_bps;
  /** Received sound: how long the jitter buffer delays it. */
  uint32_t jitter_buffer_ms;
  /** Received sound: samples at 48 kHz that were played. */
  uint64_t samples;
  /** Received sound: how many of these were made up for what was missing. */
  uint64_t concealed_samples;
  /** Peak of the last 100 ms: 0 to 32767. */
  uint32_t level;
  /** Reserved; is 0. */
  uint32_t reserved;
} nertc_callkit_stream_stats;
/** Every default of nertc_callkit_stream_stats. */
#define NERTC_CALLKIT_STREAM_STATS_INIT \
  { (uint32_t)sizeof(nertc_callkit_stream_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Returns how one medium is doing in one direction.
 *
 * @param kit      Client. Not NULL.
 * @param media    One nertc_callkit_media bit.
 * @param sending  1 = to the peer, 0 = from the peer.
 * @param out      Its struct_size is the size that may be written, afterwards the size written; all
 *                 0 outside of a media room, and for a medium that does not flow. Not NULL.
 * @return         OK. INVALID_ARGUMENT: NULL, an unknown value, or struct_size is too small.
 *                 CLOSED. UNSUPPORTED: the client's media backend has no statistics.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_get_stream_stats(nertc_callkit *kit,
    uint32_t media, int32_t sending, nertc_callkit_stream_stats *out);

/**
 * Says what the two users found when they compared the security code of on_media_secured.
 *
 * on_media_secured follows: VERIFIED if the codes agree. If they differ it is MISMATCH, and the
 * call ends (NERTC_CALLKIT_END_MEDIA_NOT_SECURE). A call that is not the running one any more is
 * not touched, and a code that was replaced since the users saw it is not confirmed.
 *
 * @param kit    Client. Not NULL.
 * @param call   Which call, or NULL: the one that the app was told of last.
 * @param code   The code that the users compared, as on_media_secured lent it. Not NULL; copied.
 * @param agree  1 = the codes agree, 0 = they differ.
 * @return       OK. INVALID_ARGUMENT: not 0 or 1, or this is not the running call, or it has no
 *               code to compare, or `agree` is 1 and its code is not `code` any more: the users
 *               have to compare the new one. CLOSED. UNSUPPORTED: the client's media backend has
 *               no codes, or an unknown field is not zero.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_confirm_security_code(nertc_callkit *kit,
    const nertc_callkit_call_ref *NERTC_CALLKIT_NULLABLE call, const char *code, int32_t agree);

/** What a device is for. */
NERTC_CALLKIT_ENUM(int32_t, nertc_callkit_device_kind) {
  /** From the user. */
  NERTC_CALLKIT_DEVICE_MICROPHONE = 1,
  /** To the user. */
  NERTC_CALLKIT_DEVICE_SPEAKER = 2,
};

/** Flags of nertc_callkit_device. */
NERTC_CALLKIT_FLAGS(uint32_t, nertc_callkit_device_flag) {
  /** The system uses it for programs that choose none. */
  NERTC_CALLKIT_DEVICE_DEFAULT = 1,
  /** The client has it open. */
  NERTC_CALLKIT_DEVICE_IN_USE = 2,
};

/** A microphone or a speaker. Lent until the callback returns. */
typedef struct nertc_callkit_device {
  /** How much of this struct the library filled. */
  uint32_t struct_size;
  /** nertc_callkit_device_flag bits. */
  nertc_callkit_device_flag flags;
  /** A nertc_callkit_device_kind. */
  nertc_callkit_device_kind kind;
  /** Reserved; is 0. */
  uint32_t reserved;
  /** The system's name of it, which it keeps while it is unplugged. Not NULL. */
  const char *NERTC_CALLKIT_NULLABLE id;
  /** For the user. Not NULL. */
  const char *NERTC_CALLKIT_NULLABLE name;
} nertc_callkit_device;
/** Every default of nertc_callkit_device. */
#define NERTC_CALLKIT_DEVICE_INIT \
  { (uint32_t)sizeof(nertc_callkit_device), 0, 0, 0, NULL, NULL }

/** Lends one device to nertc_callkit_webrtc_list_devices' caller. */
typedef void (*nertc_callkit_device_cb)(const nertc_callkit_device *device,
    void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Lends the microphones or the speakers of the machine to `each`, one after the other.
 *
 * Asks the system, which takes some milliseconds, or as long as its audio server does not answer.
 * Monitors of speakers are microphones, too, with PulseAudio.
 *
 * @param kit        Client, whose open device has NERTC_CALLKIT_DEVICE_IN_USE, or NULL.
 * @param kind       A nertc_callkit_device_kind.
 * @param each       Called for each device before this function returns, on its thread. Not NULL.
 * @param user_data  Passed to `each`.
 * @return           OK, also if there is no device or no audio system. INVALID_ARGUMENT. CLOSED.
 *                   INTERNAL: the system refuses, or does not answer; the log has the reason.
 *                   UNSUPPORTED: the client's media backend is not this one, or the library was
 *                   built without devices.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_webrtc_list_devices(
    nertc_callkit *NERTC_CALLKIT_NULLABLE kit, nertc_callkit_device_kind kind,
    nertc_callkit_device_cb each, void *NERTC_CALLKIT_NULLABLE user_data);

/**
 * Uses this device from now on, in the running call and in those that follow.
 *
 * If it is not there, on_error says so (DEVICE_NOT_FOUND) in the call that needs it; the system's
 * default takes its place until it is plugged in.
 *
 * @param kit   Client. Not NULL.
 * @param kind  A nertc_callkit_device_kind.
 * @param id    As nertc_callkit_webrtc_list_devices lends it, up to 256 bytes; copied. NULL =
 *              follow the system's default.
 * @return      OK. INVALID_ARGUMENT. CLOSED. UNSUPPORTED: the client's media backend is not this
 *              one, or opens no devices.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_webrtc_set_device(nertc_callkit *kit,
    nertc_callkit_device_kind kind, const char *NERTC_CALLKIT_NULLABLE id);

/**
 * Allows microphone and speaker to be open, or closes them, while the call goes on.
 *
 * With MANUAL_AUDIO they are closed at first. 1 in CallKit's didActivate and with Android's audio
 * focus, 0 when it is lost.
 *
 * @param kit     Client. Not NULL.
 * @param active  1 or 0.
 * @return        OK. INVALID_ARGUMENT. CLOSED. UNSUPPORTED: the client's media backend is not this
 *                one, or has no MANUAL_AUDIO.
 *
 * Thread: any. In a callback: yes. Since: 0.1.0.
 */
NERTC_CALLKIT_API nertc_callkit_status nertc_callkit_webrtc_set_audio_active(nertc_callkit *kit,
    int32_t active);

NERTC_CALLKIT_END
#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NERTC_CALLKIT_WEBRTC_H */
