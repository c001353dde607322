/* check_device.h: a device under test for check_backend.c: its backends, and sinks that record. */
#ifndef CHECK_DEVICE_H
#define CHECK_DEVICE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_backend.h"

enum { OPERATIONS = 256, EVENTS = 512, MEMBERS = 8, NAME = 72, TEXTS = 64, TEXT_BYTES = 4001 };
enum { A, B, B2, DEVICES }; /* B and B2 are two devices of one account */

struct operation {
  int completions;
  int32_t code;
  /* create, join */
  char channel[NAME];
  uint32_t member_count;
  char accounts[MEMBERS][NAME];
  uint64_t uids[MEMBERS];
};

struct event {
  int taken;
  int kind; /* 0: what = a nertc_callkit_signal, 1: a nertc_callkit_rtc_event_type, 2: a record, what = its status */
  int32_t what, source, code;
  uint64_t uid;
  uint32_t media, flags;
  char channel[NAME], from[NAME], request[NAME], custom_info[256];
};

struct device {
  const char *account;
  nertc_callkit_backends backends;
  nertc_callkit_signaling_sink signaling;
  nertc_callkit_rtc_sink rtc;
  struct operation operations[OPERATIONS]; /* by req */
  nertc_callkit_req last;
  struct event events[EVENTS];
  int event_count;
  int frames;
  uint64_t frame_uid;
  int16_t frame_first, frame_last;
  /* What the media backend sends to its peer's. */
  char texts[TEXTS][TEXT_BYTES];
  int text_count, texts_taken;
  nertc_callkit_req join; /* the media room it is in; 0 = none */
  int signaling_closed, rtc_closed;
};

/* `lock` guards all of this; `changed` signals that a sink was called. */
extern struct device devices[DEVICES];
extern pthread_mutex_t lock;
extern pthread_cond_t changed;
extern const struct check_backend_maker *maker;
extern int broken;
/* The channel of the step: a service may remember older ones. */
extern char current[NAME];

void complain(const char *step, const char *what);
void copy(char *to, size_t size, const char *text);
struct timespec deadline(unsigned ms);
/* Waits until `req` is completed, and answers with what. */
const struct operation *wait_done(const char *step, struct device *device, nertc_callkit_req req);
/* Notes what the backend answered at once to its newest operation; the number of it. */
nertc_callkit_req accepted(const char *step, struct device *device, int32_t answer);
/* Lets the media backend make ready for this call. */
void prepare(struct device *device, const char *peer, nertc_callkit_call_no call_no, int is_inviter);
/* The number of the next operation. */
nertc_callkit_req next(struct device *device);
/* Starts an operation; the number of it. */
nertc_callkit_req start(struct device *device, nertc_callkit_signaling_operation_cb op, const char *channel,
                        const char *account, const char *request, const char *custom_info);
/* Issues an operation, waits, and compares the code. */
const struct operation *ask(const char *step, struct device *device, nertc_callkit_signaling_operation_cb op,
                            const char *channel, const char *account, const char *request, int32_t code);
/* As ask; `other` is as good: a service that keeps no records cannot distinguish a third party from an end. */
const struct operation *ask_either(const char *step, struct device *device, nertc_callkit_signaling_operation_cb op,
                                   const char *channel, const char *account, const char *request, int32_t code,
                                   int32_t other);
/* Waits for an event that was not taken yet. NULL: none within the time. */
const struct event *wait_event(const char *step, struct device *device, int kind, int32_t what);
/* How many events of this kind and this channel came. */
int count_events(struct device *device, int kind, int32_t what);
/* A function that newer vtables have; 0: this one is older, or leaves it out. */
#define HAS_SLOT(backends, slot) \
  (NERTC_CALLKIT_HAS((backends).signaling, nertc_callkit_signaling, slot) && (backends).signaling->slot)
void expect(const char *step, int holds, const char *what);
void release(const nertc_callkit_backends *backends);
void login(struct device *device);
/* Starts a login; the number of it. */
nertc_callkit_req start_login(struct device *device);
/* Makes its backends, opens them and logs in; 0 = something is broken. */
int open_device(struct device *device, const char *account);
/* Closes and releases the backends; looks whether every operation was completed once. */
void close_device(struct device *device);

#endif
