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

struct rtc_client {
  nertc_callkit *kit;
  const char *account;
  double hertz, expected_hertz; /* sent, and awaited from the peer */
  nertc_callkit_backends backends;
  /* Called at the end of a callback, without a lock. */
  void (*hook)(struct rtc_client *client, const char *event);

  /* The rest is guarded by check_lock. */
  int logged_in, connected, ended, end_reason, last_code, completions;
  nertc_callkit_call_no call_no;
  int available, muted;                   /* the peer's microphone */
  int secured, securities[SEEN];          /* of on_media_secured, in order */
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
nertc_callkit_webrtc_options rtc_client_options(void);
/* 0: a library without WebRTC. */
int rtc_client_is_built_in(void);
/* A new client, not logged in; `options` NULL = rtc_client_options. */
void rtc_client_create(struct rtc_client *client, const char *account, nertc_callkit_hub *hub,
                       const nertc_callkit_webrtc_options *options, enum playout playout);
/* The same with backends that the caller has made. */
void rtc_client_create_with(struct rtc_client *client, const char *account, const nertc_callkit_backends *backends,
                            enum playout playout);
void rtc_client_login(struct rtc_client *client);
void rtc_client_destroy(struct rtc_client *client);
/* Requests, waited for: they complete with 0. */
void rtc_client_mute(struct rtc_client *client, int32_t muted);
void rtc_client_enable(struct rtc_client *client, int32_t on);
/* A completion that only counts. */
void rtc_client_done(nertc_callkit *kit, const nertc_callkit_result *result, void *client);

/* alice calls bob, who accepts. */
void rtc_clients_call(struct rtc_client *alice, struct rtc_client *bob);
/* The same, until both are connected. */
void rtc_clients_connect(struct rtc_client *alice, struct rtc_client *bob);
/* alice hangs up; both calls are over. */
void rtc_clients_hang_up(struct rtc_client *alice, struct rtc_client *bob);

/* A thread that sends the client's tone in frames of 10 ms, until rtc_client_stop. */
void rtc_client_send(struct rtc_client *client);
/* A thread that pulls as an audio device would. */
void rtc_client_pull(struct rtc_client *client, uint32_t sample_rate, uint32_t channels);
void rtc_client_stop(struct rtc_client *client);
/* Waits until the client receives its peer's tone throughout `windows` windows; or silence. */
void rtc_client_expect_tone_at(const char *file, int line, struct rtc_client *client, int windows);
void rtc_client_expect_silence_at(const char *file, int line, struct rtc_client *client, int windows);
#define rtc_client_expect_tone(client, windows) rtc_client_expect_tone_at(__FILE__, __LINE__, client, windows)
#define rtc_client_expect_silence(client, windows) rtc_client_expect_silence_at(__FILE__, __LINE__, client, windows)
/* Waits until on_media_secured has reported this. */
void rtc_client_expect_security_at(const char *file, int line, struct rtc_client *client, int security);
#define rtc_client_expect_security(client, name) \
  rtc_client_expect_security_at(__FILE__, __LINE__, client, NERTC_CALLKIT_SECURITY_##name)
/* Waits for the end of the call, which must have this reason. */
void rtc_client_expect_end_at(const char *file, int line, struct rtc_client *client, int reason);
#define rtc_client_expect_end(client, name) \
  rtc_client_expect_end_at(__FILE__, __LINE__, client, NERTC_CALLKIT_END_##name)
/* The same wait as WAIT_UNTIL, three times as long: cryptography in a debug build on a busy machine. */
void wait_long_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument);
#define WAIT_LONG(function, argument) wait_long_at(__FILE__, __LINE__, #function, function, argument)

/* A frame of a tone: `count` frames at this rate. */
nertc_callkit_frame rtc_client_frame(const int16_t *samples, uint32_t count, uint32_t sample_rate, uint32_t channels);

#endif
