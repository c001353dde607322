/* media_backend.c: see media_backend.h. */
#include "media_backend.h"

void media_add(struct media *media, const char *what)
{
  size_t used = strlen(media->asked);
  CHECK(used + strlen(what) + 2 < sizeof media->asked);
  snprintf(media->asked + used, sizeof media->asked - used, "%s%s", used ? " " : "", what);
}

const char *media_role(uint32_t flags)
{
  return flags & NERTC_CALLKIT_RTC_JOIN_INVITER ? "inviter" : "callee";
}

static int32_t media_open(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  ((struct media *)ctx)->sink = sink;
  return 0;
}

static void media_close(void *ctx)
{
  media_add(ctx, "close");
  ((struct media *)ctx)->sink = NULL;
}

int32_t media_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  struct media *media = ctx;
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  char line[160];
  CHECK_INT(args->struct_size, sizeof *args);
  CHECK(args->call_no && (!media->prepared || args->call_no == media->prepared));
  snprintf(line, sizeof line, "join(%s,%s,%s)", media_role(args->flags), args->account, args->device_id);
  media_add(media, line);
  media->join = req;
  media->flags = args->flags;
  snprintf(media->peer, sizeof media->peer, "%s", args->peer);
  snprintf(media->call_id, sizeof media->call_id, "%s", args->call_id);
  media->prepared = 0;
  media->sink->complete(media->sink->ctx, req, 0, 0, NULL);
  event.type = NERTC_CALLKIT_RTC_PEER_JOIN;
  event.uid = args->uid + 1;
  media->sink->event(media->sink->ctx, &event);
  return 0;
}

static int32_t media_leave(void *ctx, nertc_callkit_req req)
{
  struct media *media = ctx;
  media_add(media, "leave");
  media->left = media->join;
  media->join = 0;
  media->sink->complete(media->sink->ctx, req, 0, 0, NULL);
  return 0;
}

void media_make(struct media *media)
{
  const nertc_callkit_rtc vtable = NERTC_CALLKIT_RTC_INIT;
  memset(media, 0, sizeof *media);
  media->vtable = vtable;
  media->vtable.name = "test";
  media->vtable.open = media_open;
  media->vtable.close_backend = media_close;
  media->vtable.join = media_join;
  media->vtable.leave = media_leave;
}

struct client *media_client(nertc_callkit_hub *hub, const char *account, struct media *media)
{
  struct setup setup = {0};
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  CHECK_OK(nertc_callkit_loopback_signaling(hub, &backends));
  backends.rtc = &media->vtable;
  backends.rtc_ctx = media;
  setup.hub = hub;
  setup.backends = &backends;
  setup.device = "handset";
  media->client = client_new(account, &setup);
  client_login(media->client);
  return media->client;
}

void media_connect(struct pair *pair)
{
  pair_ring(pair);
  CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob));
  client_until(pair->alice, "on_call_connected");
  client_until(pair->bob, "on_call_connected");
}

void media_hang_up(struct pair *pair)
{
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_until(pair->alice, "on_call_end(15)");
  client_until(pair->bob, "on_call_end(16)");
}
