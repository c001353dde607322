/*
 * webrtc_client.h: two clients in one process. Signaling is the loopback's, media goes over WebRTC on loopback
 * addresses. Each sends a tone of its own, and counts what it receives in windows of 50 ms.
 */
#ifndef WEBRTC_CLIENT_H
#define WEBRTC_CLIENT_H

#include "check.h"
#include "phone.h"

enum { WINDOW = 2400, SEEN = 16 }; /* samples at 48 kHz: 50 ms */

/* Where sound of the peer comes out. */
enum playout {
  FRAMES, /* on_frame */
  PULLED  /* pull_audio */
};

struct client {
  nertc_callkit *kit;
  const char *account;
  double hertz, expected_hertz; /* sent, and awaited from the peer */
  nertc_callkit_backends backends;
  /* Called at the end of a callback, without a lock. */
  void (*hook)(struct client *client, const char *event);

  /* The rest is guarded by check_lock. */
  int logged_in, connected, ended, end_reason, last_code, completions;
  nertc_callkit_call_no call_no;
  int available, muted;                   /* the peer's microphone */
  int secured, securities[SEEN];          /* what on_media_secured said, in order */
  int secured_after_end;
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

/* Options for one process: no device, loopback addresses. */
nertc_callkit_webrtc_options client_options(void);
/* 0: a library without WebRTC. */
int client_is_built_in(void);
/* A new client, not logged in; `options` NULL = client_options. */
void client_create(struct client *client, const char *account, nertc_callkit_hub *hub,
                   const nertc_callkit_webrtc_options *options, enum playout playout);
/* The same with backends that the caller has made. */
void client_create_with(struct client *client, const char *account, const nertc_callkit_backends *backends,
                        enum playout playout);
void client_login(struct client *client);
void client_destroy(struct client *client);
/* Requests, waited for: they complete with 0. */
void client_mute(struct client *client, int32_t muted);
void client_enable(struct client *client, int32_t on);
/* A completion that only counts. */
void client_done(nertc_callkit *kit, const nertc_callkit_result *result, void *client);

/* alice calls bob, who accepts. */
void clients_call(struct client *alice, struct client *bob);
/* The same, until both are connected. */
void clients_connect(struct client *alice, struct client *bob);
/* alice hangs up; both calls are over. */
void clients_hang_up(struct client *alice, struct client *bob);

/* A thread that sends the client's tone in frames of 10 ms, until client_stop. */
void client_send(struct client *client);
/* A thread that pulls as an audio device would. */
void client_pull(struct client *client, uint32_t sample_rate, uint32_t channels);
void client_stop(struct client *client);
/* Waits until the client receives its peer's tone throughout `windows` windows; or silence. */
void client_expect_tone_at(const char *file, int line, struct client *client, int windows);
void client_expect_silence_at(const char *file, int line, struct client *client, int windows);
#define client_expect_tone(client, windows) client_expect_tone_at(__FILE__, __LINE__, client, windows)
#define client_expect_silence(client, windows) client_expect_silence_at(__FILE__, __LINE__, client, windows)
/* Waits until on_media_secured has said this. */
void client_expect_security_at(const char *file, int line, struct client *client, int security);
#define client_expect_security(client, name) \
  client_expect_security_at(__FILE__, __LINE__, client, NERTC_CALLKIT_SECURITY_##name)
/* Waits for the end of the call, which must have this reason. */
void client_expect_end_at(const char *file, int line, struct client *client, int reason);
#define client_expect_end(client, name) client_expect_end_at(__FILE__, __LINE__, client, NERTC_CALLKIT_END_##name)
/* The same wait as WAIT_UNTIL, three times as long: cryptography in a debug build on a busy machine. */
void wait_long_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument);
#define WAIT_LONG(function, argument) wait_long_at(__FILE__, __LINE__, #function, function, argument)

/* A frame of a tone: `count` frames at this rate. */
nertc_callkit_frame client_frame(const int16_t *samples, uint32_t count, uint32_t sample_rate, uint32_t channels);

#endif
