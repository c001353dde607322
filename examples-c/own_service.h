/* own_service.h: the inside of own_backends: the service, its devices and the tasks it gets. */
#ifndef OWN_SERVICE_H
#define OWN_SERVICE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_backends.h"

enum { DEVICES = 8, CHANNELS = 32, MEMBERS = 4, INVITES = 8, ID = 65, ROOM = 128 };

/* One client's backends. */
struct device {
  own_service *service;
  int users; /* its two backends, as long as they are not released */
  /* From here on only the service's thread. */
  const nertc_callkit_signaling_sink *signaling; /* lent from open to close_backend */
  const nertc_callkit_rtc_sink *rtc;
  char account[ID]; /* empty = logged out */
  char id[ID];
  nertc_callkit_req login; /* the newest */
  char room[ROOM]; /* media room, empty = in none */
  uint64_t uid;
  uint32_t enabled, muted, unwanted; /* media bits */
  nertc_callkit_req join; /* of the room it is in, 0 = none: texts of another are not of this call */
  nertc_callkit_call_no prepared; /* the call whose join is expected, 0 = none */
};

enum answer { PENDING, ACCEPTED, REJECTED, CANCELLED };

struct invite {
  char request[ID], from[ID], to[ID];
  enum answer answer;
  int rings; /* on how many devices */
};

struct channel {
  char id[ID]; /* empty = free */
  char creator[ID];
  int32_t call_type;
  uint64_t create_ms;
  struct device *members[MEMBERS];
  uint64_t uids[MEMBERS];
  struct invite invites[INVITES];
  int invite_count;
};

/* The arguments of a vtable function. */
struct task {
  struct task *next;
  void (*run)(struct task *task);
  struct device *device;
  nertc_callkit_req req;
  const void *sink; /* open */
  int32_t number;   /* call type; on; SIGNAL_ACCEPT or SIGNAL_REJECT; invite_state */
  uint32_t media;
  uint64_t uid;
  nertc_callkit_call_no call_no;
  char channel[ROOM], account[ID], request[ID];
  char *custom_info; /* attachment, or the samples of `frame` */
  nertc_callkit_frame frame;
};

struct own_service {
  pthread_t thread;
  pthread_mutex_t lock; /* guards the queue and `users`, nothing else */
  pthread_cond_t changed;
  struct task *first, *last;
  uint64_t posted, finished; /* how many tasks */
  int stop;
  struct device devices[DEVICES];
  struct channel channels[CHANNELS];
  uint64_t last_uid, last_channel;
};

/* A task for `device` to be filled in; NULL = out of memory. */
struct task *new_task(struct device *device, void (*run)(struct task *), nertc_callkit_req req);

/* Queues a task; the service frees it. Returns its number. */
uint64_t post(struct task *task);

/* Waits until the service has done the task with this number, and so all before it. */
void wait_for_task(own_service *service, uint64_t number);

/* One backend of the device is gone. */
void leave_device(struct device *device);

/* Copies a text that may be NULL, cut if need be. */
void copy_text(char *to, size_t size, const char *text);

/* Fill in their half. */
void own_signaling_make(struct device *device, nertc_callkit_backends *out);
void own_rtc_make(struct device *device, nertc_callkit_backends *out);

#endif
