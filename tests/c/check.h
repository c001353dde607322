/*
 * check.h: the harness of the C tests.
 *
 * A `struct client` is a client with a listener that records every completion and event as a label, in order:
 * `done(call,0)`, `on_invited`, `on_call_end(15)`. A test states the labels it expects next; waiting is by
 * condition variable (or dispatch) with a deadline, and a failure prints file, line, the expected
 * and the actual labels, and ends the program.
 *
 * The recorder also checks invariants: callbacks of a client run one at a time, with their own
 * handle, none after destroy, no event of a call after its on_call_end, and that only once.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nertc_callkit/backend.h>
#include <nertc_callkit/loopback.h>
#include <nertc_callkit/mqtt.h>
#include <nertc_callkit/webrtc.h>

enum { WORDS = 4096, WORD = 64, TEXT = 8192 };

struct client;

/* Called inside each callback, after it was noted; `event` is the event struct of that callback. */
typedef void (*hook)(struct client *client, const char *word, const void *event);

/* How a client is made; all zero: WORKER delivery, the loopback's default hub, default timers. */
struct setup {
  nertc_callkit_hub *hub;
  const char *device;
  const nertc_callkit_timers *timers;
  const nertc_callkit_backends *backends;
  int32_t delivery, worker;
  int32_t confirm_to_video, confirm_to_audio;
  hook on_callback;
  void (*on_frame)(nertc_callkit *, const char *, const nertc_callkit_frame *, void *);
  void (*on_wakeup)(void *);
  void *mine;
  int no_data;  /* no on_data */
  int null_rtc; /* signaling of the hub, media by the app */
  int webrtc;   /* signaling of the hub, media over WebRTC; on_media_secured is not noted */
  int no_relay; /* then, media by a relay alone, and there is none */
  int media;    /* note the other side's media events, too */
  int news;     /* note on_user_ringing and on_record_received, too */
};

struct client {
  nertc_callkit *kit;
  char account[72];
  struct setup setup;
  char words[WORDS][WORD];
  unsigned count, read; /* noted, expected */
  int inside;
  int held; /* APP delivery: the harness does not dispatch it */
  int destroyed;
  /* Of the newest event or completion that had them. */
  nertc_callkit_call_no call_no, ended;
  nertc_callkit_call_ref ref;
  char channel_id[72], request_id[72], call_id[72], user[72], attachment[TEXT], extra[TEXT], message[512];
  uint64_t uid, peer_uid;
  int32_t call_type, code;
  uint32_t flags;
  /* Of the newest on_missed_call. */
  char missed_channel[72], missed_request[72];
  uint32_t missed_count;
  struct client *next;
};

/* A new client, not logged in. NULL setup: all defaults. */
struct client *client_new_at(const char *file, int line, const char *account, const struct setup *setup);
/* Logs in and discards its labels. */
void client_login_at(const char *file, int line, struct client *client);
/* Waits for these labels, separated by spaces: exactly these come next. */
void client_expect_at(const char *file, int line, struct client *client, const char *words);
/* Waits until this label is among the unread ones, and discards all up to it. */
void client_until_at(const char *file, int line, struct client *client, const char *word);
/* Nothing is left that was not expected. */
void client_silent_at(const char *file, int line, struct client *client);
/* Destroys it; the remaining labels must be these. */
void client_destroy_at(const char *file, int line, struct client *client, const char *words);
/* Frees what is left of it. */
void client_free(struct client *client);
/* Calls `to`; expects the completion with 0. */
void client_call_at(const char *file, int line, struct client *client, const char *to, uint32_t flags);

#define client_new(account, setup) client_new_at(__FILE__, __LINE__, account, setup)
#define client_login(client) client_login_at(__FILE__, __LINE__, client)
#define client_expect(client, words) client_expect_at(__FILE__, __LINE__, client, words)
#define client_until(client, word) client_until_at(__FILE__, __LINE__, client, word)
#define client_silent(client) client_silent_at(__FILE__, __LINE__, client)
#define client_destroy(client, words) client_destroy_at(__FILE__, __LINE__, client, words)
#define client_call(client, to) client_call_at(__FILE__, __LINE__, client, to, 0)

/* Options for one process: no device, loopback addresses. */
nertc_callkit_webrtc_options webrtc_options(void);
/* 0: a library without WebRTC. */
int webrtc_is_built_in(void);

/* The `done` of all requests; user_data is the client. */
void client_done(nertc_callkit *kit, const nertc_callkit_result *result, void *client);
/* A hook that accepts every call as it rings. */
void accept_at_once(struct client *client, const char *word, const void *event);
/* Fills a listener with the recorder. */
void client_listener(nertc_callkit_listener *listener);
/* A callback that is no event: records a label, and calls the hook. */
void client_note(struct client *client, const char *word, const void *event);

/* Two clients `alice` and `bob`, logged in, on a hub of their own. */
struct pair {
  nertc_callkit_hub *hub;
  struct client *alice, *bob;
};
struct pair pair_new_at(const char *file, int line, uint32_t hub_flags, const struct setup *both);
/* alice calls, bob accepts, both are connected; the labels are discarded. */
void pair_connect_at(const char *file, int line, struct pair *pair);
/* alice calls and bob rings. */
void pair_ring_at(const char *file, int line, struct pair *pair);
/* Destroys both, which must be idle and silent. */
void pair_end_at(const char *file, int line, struct pair *pair);
#define pair_new(flags, both) pair_new_at(__FILE__, __LINE__, flags, both)
#define pair_connect(pair) pair_connect_at(__FILE__, __LINE__, pair)
#define pair_ring(pair) pair_ring_at(__FILE__, __LINE__, pair)
#define pair_end(pair) pair_end_at(__FILE__, __LINE__, pair)

/* Adds a line to the fault script. */
void fault_at(const char *file, int line, nertc_callkit_hub *hub, int32_t action, int32_t on,
              const char *account,
              nertc_callkit_fault more);
#define fault(hub, action, on, account, ...) \
  fault_at(__FILE__, __LINE__, hub, NERTC_CALLKIT_FAULT_##action, NERTC_CALLKIT_FAULT_ON_##on, account, \
           (nertc_callkit_fault){sizeof(nertc_callkit_fault), __VA_ARGS__})

/* Prints where and what, and ends the program. */
void fail_at(const char *file, int line, const char *format, ...)
  __attribute__((format(printf, 3, 4), noreturn));
#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition) ((condition) ? (void)0 : FAIL("not true: %s", #condition))
#define CHECK_INT(value, expected) \
  check_int_at(__FILE__, __LINE__, #value, (long long)(value), (long long)(expected))
#define CHECK_TEXT(value, expected) check_text_at(__FILE__, __LINE__, #value, value, expected)
#define CHECK_OK(call) CHECK_INT(call, NERTC_CALLKIT_STATUS_OK)
#define CHECK_REFUSED(call, why) CHECK_INT(call, NERTC_CALLKIT_STATUS_##why)
void check_int_at(const char *file, int line, const char *what, long long value, long long expected);
void check_text_at(const char *file, int line, const char *what, const char *value, const char *expected);

/* Waits, dispatching where needed, until `is_true(argument)`; called with the harness's lock held. */
void wait_until_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument);
#define WAIT_UNTIL(function, argument) wait_until_at(__FILE__, __LINE__, #function, function, argument)
/* Changes something that a WAIT_UNTIL may wait for. */
void change(int *number, int by);
int at_least_one(void *number);

/* How many times longer everything may take, timers included, where a tool slows it down. */
unsigned check_patience(void);
/* How many entries a folder has. */
int check_entries(const char *path);
/* How many threads run, but for those of a sanitizer. */
int check_threads(void);

/* Runs a test; a failure prints its name. */
#define RUN(test) run_test(#test, test)
void run_test(const char *name, void (*test)(void));

#endif
