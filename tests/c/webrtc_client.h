/*
 * webrtc_client.h: two clients in one process. Signaling is the loopback's, media goes over WebRTC on loopback
 * addresses. Each sends a tone of its own, and counts what it receives in windows of 50 ms.
 */
#ifndef WEBRTC_CLIENT_H
#define WEBRTC_CLIENT_H

#include "check.h"
#include "client.h"

enum { WINDOW = 2400, SEEN = 16 }; /* samples at 48 kHz: 50 ms */

/* Where sound of the peer comes out. */
enum playout {
  FRAMES, /* on_frame */
  PULLED  /* pull_audio */
};

struct webrtc_client {
  nertc_callkit *kit;
  const char *account;
  double hertz, expected_hertz; /* sent, and awaited from the peer */
  nertc_callkit_backends backends;
  /* Called at the end of a callback, without a lock. */
  void (*hook)(struct webrtc_client *client, const char *event);

  /* The rest is guarded by check_lock. */
  int logged_in, connected, ended, end_reason, last_code, completions;
  nertc_callkit_call_no call_no;
  int available, muted;                   /* the peer's microphone */
  int secured, securities[SEEN];          /* what on_media_secured said, in order */
  int secured_after_end;
  int errors, errors_after_end, error_codes[SEEN]; /* of on_error */
  char error[256];                                 /* the last one's message */
  char code[16], local_fingerprint[128], remote_fingerprint[128], secured_user[72];
  int frames, tones, silences, others;    /* received: 10 ms each; windows */
  char sender[72];
  int16_t window[WINDOW];
  int filled;
  int refused;                            /* frames of the tone that were not taken: QUEUE_FULL */

  pthread_t sending, pulling;
  int is_sending, is_pulling, stop;
  uint32_t pull_rate, pull_channels;
  unsigned long long sent;                /* samples of the tone */
};

/* A new client, not logged in; `options` NULL = webrtc_options. */
void webrtc_create(struct webrtc_client *client, const char *account, nertc_callkit_hub *hub,
                   const nertc_callkit_webrtc_options *options, enum playout playout);
/* The same with backends that the caller has made. */
void webrtc_create_with(struct webrtc_client *client, const char *account, const nertc_callkit_backends *backends,
                        enum playout playout);
void webrtc_login(struct webrtc_client *client);
void webrtc_destroy(struct webrtc_client *client);
/* Requests, waited for: they complete with 0. */
void webrtc_mute(struct webrtc_client *client, int32_t muted);
void webrtc_enable(struct webrtc_client *client, int32_t on);
/* A completion that only counts. */
void webrtc_done(nertc_callkit *kit, const nertc_callkit_result *result, void *client);

/* alice and bob at a hub of their own, logged in: a tone of 440 and one of 1000 Hz. `options` NULL: as above. */
void webrtc_begin(struct webrtc_client *alice, struct webrtc_client *bob, nertc_callkit_hub **hub,
                  const nertc_callkit_webrtc_options *options, enum playout playout);
void webrtc_finish(struct webrtc_client *alice, struct webrtc_client *bob, nertc_callkit_hub *hub);

/* alice calls bob, who accepts. */
void webrtc_call(struct webrtc_client *alice, struct webrtc_client *bob);
/* The same, until both are connected. */
void webrtc_connect(struct webrtc_client *alice, struct webrtc_client *bob);
/* alice hangs up; both calls are over. */
void webrtc_hang_up(struct webrtc_client *alice, struct webrtc_client *bob);

/* A thread that sends the client's tone in frames of 10 ms, until webrtc_stop. */
void webrtc_send(struct webrtc_client *client);
/* A thread that pulls as an audio device would. */
void webrtc_pull(struct webrtc_client *client, uint32_t sample_rate, uint32_t channels);
void webrtc_stop(struct webrtc_client *client);
/* Waits until the client receives its peer's tone throughout `windows` windows; or silence. */
void webrtc_expect_tone_at(const char *file, int line, struct webrtc_client *client, int windows);
void webrtc_expect_silence_at(const char *file, int line, struct webrtc_client *client, int windows);
#define webrtc_expect_tone(client, windows) webrtc_expect_tone_at(__FILE__, __LINE__, client, windows)
#define webrtc_expect_silence(client, windows) webrtc_expect_silence_at(__FILE__, __LINE__, client, windows)
/* Waits until on_media_secured has said this. */
void webrtc_expect_security_at(const char *file, int line, struct webrtc_client *client, int security);
#define webrtc_expect_security(client, name) \
  webrtc_expect_security_at(__FILE__, __LINE__, client, NERTC_CALLKIT_SECURITY_##name)
/* Waits for the end of the call, which must have this reason. */
void webrtc_expect_end_at(const char *file, int line, struct webrtc_client *client, int reason);
#define webrtc_expect_end(client, name) webrtc_expect_end_at(__FILE__, __LINE__, client, NERTC_CALLKIT_END_##name)
/* The same wait as WAIT_UNTIL, three times as long: cryptography in a debug build on a busy machine. */
void wait_long_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument);
#define WAIT_LONG(function, argument) wait_long_at(__FILE__, __LINE__, #function, function, argument)

/* A frame of a tone: `count` frames at this rate. */
nertc_callkit_frame webrtc_frame(const int16_t *samples, uint32_t count, uint32_t sample_rate, uint32_t channels);

#endif
