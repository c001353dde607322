/*
 * media_backend.h: a media backend of a test, ready at once. It notes what it was asked, before the callbacks that
 * follow from it. A test puts functions of its own into the vtable, which may call these.
 */
#ifndef MEDIA_BACKEND_H
#define MEDIA_BACKEND_H

#include "check.h"

struct media {
  nertc_callkit_rtc vtable;
  const nertc_callkit_rtc_sink *sink; /* NULL: not open */
  struct client *client;
  nertc_callkit_req join, left; /* the running join; the one before it */
  nertc_callkit_call_no prepared;
  uint32_t flags; /* of the newest join, as what follows */
  char peer[72], call_id[72];
  char asked[512];
};

/* A new backend, without what is optional. */
void media_make(struct media *media);
/* A client of the hub, logged in, whose media backend this is. */
struct client *media_client(nertc_callkit_hub *hub, const char *account, struct media *media);
/* Adds a word to what it was asked. */
void media_add(struct media *media, const char *what);
const char *media_role(uint32_t flags);
/* Completes, and the peer is there. */
int32_t media_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args);
/* They ring, bob accepts, both are connected; and alice hangs up. */
void media_connect(struct pair *pair);
void media_hang_up(struct pair *pair);

#endif
