/*
 * own_rtc.c: the media vtable, and the service's media rooms. Frames are passed on unchanged.
 */
#include "own_service.h"

enum { MEDIA = NERTC_CALLKIT_MEDIA_AUDIO | NERTC_CALLKIT_MEDIA_VIDEO };

/* ---- on the service's thread ------------------------------------------------------------------------- */

static void complete(const struct task *task, int32_t code)
{
  if (task->device->rtc) {
    task->device->rtc->complete(task->device->rtc->ctx, task->req, code, 0, NULL);
  }
}

static void notify(const struct device *to, const struct device *about, int32_t type, uint32_t media,
                   uint32_t flags)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  event.type = type;
  event.uid = about->uid;
  event.media = media;
  event.flags = flags;
  event.join = to->join; /* an older core reads no further than it knows */
  to->rtc->event(to->rtc->ctx, &event);
}

/* The next device in the same media room, after `last`. */
static struct device *next_peer(const struct device *device, struct device *last)
{
  struct device *it = last ? last + 1 : device->service->devices;
  for (; it < device->service->devices + DEVICES; it++) {
    if (it != device && it->rtc && device->room[0] && strcmp(it->room, device->room) == 0) {
      return it;
    }
  }
  return NULL;
}

static void run_open(struct task *task)
{
  task->device->rtc = task->sink;
}

static void leave_room(struct device *device)
{
  struct device *peer = NULL;
  while ((peer = next_peer(device, peer))) {
    notify(peer, device, NERTC_CALLKIT_RTC_PEER_LEAVE, 0, 0);
  }
  device->room[0] = 0;
  device->join = 0;
  device->enabled = device->muted = device->unwanted = 0;
}

static void run_close_backend(struct task *task)
{
  leave_room(task->device);
  task->device->prepared = 0;
  task->device->rtc = NULL;
}

/* `me` notifies `peer` of its presence and of what it sends. */
static void introduce(const struct device *peer, const struct device *me)
{
  notify(peer, me, NERTC_CALLKIT_RTC_PEER_JOIN, 0, 0);
  if (me->enabled) {
    notify(peer, me, NERTC_CALLKIT_RTC_PEER_MEDIA, me->enabled, 1);
  }
  if (me->muted) {
    notify(peer, me, NERTC_CALLKIT_RTC_PEER_MUTE, me->muted, 1);
  }
}

/* To the peer's backend, through signaling. A real one would send SDP and candidates. */
static void negotiate(const struct device *device, const char *json)
{
  if (NERTC_CALLKIT_HAS(device->rtc, nertc_callkit_rtc_sink, send)) { /* an older core has none */
    device->rtc->send(device->rtc->ctx, device->join, json);
  }
}

static void run_receive(struct task *task)
{
  if (task->device->rtc && task->req == task->device->join && strstr(task->custom_info, "\"offer\"")) {
    negotiate(task->device, "{\"type\":\"answer\"}");
  }
}

/* A call is made or rings. A real backend makes a certificate, opens sockets and asks its servers which addresses it
 * has, so that the join need not wait for them. Nothing may reach the peer before the join. */
static void run_prepare(struct task *task)
{
  task->device->prepared = task->call_no;
}

static void run_discard(struct task *task)
{
  if (task->device->prepared == task->call_no) {
    task->device->prepared = 0;
  }
}

static void run_join(struct task *task)
{
  struct device *me = task->device, *peer = NULL;
  if (me->room[0]) {
    complete(task, NERTC_CALLKIT_CODE_ALREADY_MEMBER);
    return;
  }
  copy_text(me->room, ROOM, task->channel);
  me->uid = task->uid;
  me->join = task->req;
  if (me->prepared != task->call_no) {
    run_prepare(task); /* an older core does not prepare */
  }
  me->prepared = 0; /* the room has it now */
  complete(task, NERTC_CALLKIT_CODE_OK);
  if (task->number) {
    negotiate(me, "{\"type\":\"offer\"}");
  }
  while ((peer = next_peer(me, peer))) {
    introduce(me, peer);
    introduce(peer, me);
  }
}

static void run_leave(struct task *task)
{
  leave_room(task->device);
  complete(task, NERTC_CALLKIT_CODE_OK);
}

/* enable_local, mute_local and subscribe: bits that are set or cleared; the room is notified of changes. */
static void switch_bits(struct task *task, uint32_t *bits, int32_t event_type)
{
  const uint32_t before = *bits;
  uint32_t changed;
  struct device *peer = NULL;
  *bits = task->number ? before | task->media : before & ~task->media;
  changed = before ^ *bits;
  complete(task, NERTC_CALLKIT_CODE_OK);
  while (event_type && changed && (peer = next_peer(task->device, peer))) {
    notify(peer, task->device, event_type, changed, task->number ? 1 : 0);
  }
}

static void run_enable(struct task *task)
{
  switch_bits(task, &task->device->enabled, NERTC_CALLKIT_RTC_PEER_MEDIA);
}

static void run_mute(struct task *task)
{
  switch_bits(task, &task->device->muted, NERTC_CALLKIT_RTC_PEER_MUTE);
}

static void run_subscribe(struct task *task)
{
  switch_bits(task, &task->device->unwanted, 0);
}

static void run_set_view(struct task *task)
{
  complete(task, NERTC_CALLKIT_CODE_OK); /* nothing is drawn: frames go to the app */
}

static void run_frame(struct task *task)
{
  struct device *me = task->device, *peer = NULL;
  if (me->enabled & ~me->muted & task->frame.media) {
    task->frame.uid = me->uid;
    while ((peer = next_peer(me, peer))) {
      if (!(peer->unwanted & task->frame.media)) {
        peer->rtc->frame(peer->rtc->ctx, &task->frame);
      }
    }
  }
}

/* ---- the vtable: copy the arguments, queue the task ---------------------------------------------------- */

static int32_t submit(struct task *task)
{
  if (!task) {
    return NERTC_CALLKIT_CODE_BACKEND_FAILED;
  }
  post(task);
  return 0;
}

static int32_t rtc_open(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  struct task *task = new_task(ctx, run_open, 0);
  if (task) {
    task->sink = sink;
  }
  return submit(task);
}

/* The barrier, as in own_signaling.c. */
static void rtc_close_backend(void *ctx)
{
  struct device *device = ctx;
  struct task *task = new_task(device, run_close_backend, 0);
  if (task) {
    wait_for_task(device->service, post(task));
  }
}

static void rtc_release(void *ctx)
{
  leave_device(ctx);
}

static int32_t rtc_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  struct task *task = new_task(ctx, run_join, req);
  if (task) {
    copy_text(task->channel, ROOM, args->channel_name);
    task->uid = args->uid;
    task->number = (args->flags & NERTC_CALLKIT_RTC_JOIN_INVITER) != 0;
    if (NERTC_CALLKIT_HAS(args, nertc_callkit_rtc_join, call_no)) { /* an older core does not say it */
      task->call_no = args->call_no;
    }
  }
  return submit(task);
}

static void rtc_prepare(void *ctx, const nertc_callkit_rtc_prepare *args)
{
  struct task *task = new_task(ctx, run_prepare, 0);
  if (task) { /* else the join starts from nothing */
    task->call_no = args->call_no;
    post(task);
  }
}

static void rtc_discard(void *ctx, nertc_callkit_call_no call_no)
{
  struct task *task = new_task(ctx, run_discard, 0);
  if (task) {
    task->call_no = call_no;
    post(task);
  }
}

/* On the worker; `json` is lent for the call. */
static void rtc_receive(void *ctx, nertc_callkit_req join, const char *json)
{
  const size_t bytes = strlen(json) + 1;
  struct task *task = new_task(ctx, run_receive, join);
  if (task && (task->custom_info = malloc(bytes))) {
    memcpy(task->custom_info, json, bytes);
    post(task);
  } else {
    free(task);
  }
}

static int32_t rtc_leave(void *ctx, nertc_callkit_req req)
{
  return submit(new_task(ctx, run_leave, req));
}

static int32_t submit_bits(void *ctx, nertc_callkit_req req, void (*run)(struct task *), uint32_t media,
                           int32_t on)
{
  struct task *task = new_task(ctx, run, req);
  if (task) {
    task->media = media & MEDIA;
    task->number = on;
  }
  return submit(task);
}

static int32_t rtc_enable_local(void *ctx, nertc_callkit_req req, uint32_t media, int32_t on)
{
  return submit_bits(ctx, req, run_enable, media, on);
}

static int32_t rtc_mute_local(void *ctx, nertc_callkit_req req, uint32_t media, int32_t muted)
{
  return submit_bits(ctx, req, run_mute, media, muted);
}

static int32_t rtc_subscribe(void *ctx, nertc_callkit_req req, uint64_t uid, uint32_t media, int32_t on)
{
  (void)uid; /* there is only one peer */
  return submit_bits(ctx, req, run_subscribe, media, !on);
}

static int32_t rtc_set_view(void *ctx, nertc_callkit_req req, uint64_t uid, const nertc_callkit_view *view)
{
  (void)uid;
  (void)view;
  return submit(new_task(ctx, run_set_view, req));
}

/* On the app's thread. The planes are lent for the call: copy them. This example supports audio only. */
static int32_t rtc_push_frame(void *ctx, const nertc_callkit_frame *frame)
{
  const size_t bytes = (size_t)frame->samples * frame->channels * 2;
  struct task *task;
  if (frame->media != NERTC_CALLKIT_MEDIA_AUDIO) {
    return NERTC_CALLKIT_STATUS_UNSUPPORTED;
  }
  task = new_task(ctx, run_frame, 0);
  if (!task || !(task->custom_info = malloc(bytes))) {
    free(task);
    return NERTC_CALLKIT_STATUS_QUEUE_FULL;
  }
  memcpy(task->custom_info, frame->planes[0], bytes);
  task->frame = *frame;
  task->frame.planes[0] = task->custom_info;
  post(task);
  return NERTC_CALLKIT_STATUS_OK;
}

void own_rtc_make(struct device *device, nertc_callkit_backends *out)
{
  static const nertc_callkit_rtc vtable = {
    sizeof(nertc_callkit_rtc), NERTC_CALLKIT_ABI, NERTC_CALLKIT_RTC_CAP_SIGNALS, 0, "own", rtc_open,
    rtc_close_backend, rtc_release, rtc_join, rtc_leave, rtc_enable_local, rtc_mute_local, rtc_subscribe,
    rtc_set_view, rtc_push_frame, NULL, rtc_receive, "own/1", rtc_prepare,
    rtc_discard};
  out->rtc = &vtable;
  out->rtc_ctx = device;
}
