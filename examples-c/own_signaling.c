/*
 * own_signaling.c: the signaling vtable, and the service's rules about channels and invites.
 *
 * How a backend is built: the core calls a function of the vtable on its worker thread. It must not block, so
 * it copies its arguments into a task and returns 0 = accepted. The service's own thread runs the tasks
 * one after the other and reports through the sinks: `complete` exactly once for each task, events to
 * the devices concerned. Only that thread touches the service's state, and no lock is held while a sink is
 * called.
 */
#define _POSIX_C_SOURCE 200809L

#include <time.h>

#include "own_service.h"

static uint64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- events of the service -------------------------------------------------------------------------- */

static void describe(const struct channel *channel, nertc_callkit_channel *out)
{
  out->call_type = channel->call_type;
  out->channel_id = channel->id;
  out->creator = channel->creator;
  out->create_ms = channel->create_ms;
}

/* Every accepted operation is completed, exactly once; `channel` for create and join. */
static void complete(const struct task *task, int32_t code, const struct channel *channel)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  nertc_callkit_channel about = NERTC_CALLKIT_CHANNEL_INIT;
  nertc_callkit_channel_state room = NERTC_CALLKIT_CHANNEL_STATE_INIT;
  nertc_callkit_member members[MEMBERS];
  const nertc_callkit_member *list[MEMBERS];
  int i;
  if (!task->device->signaling) {
    return;
  }
  result.code = code;
  result.server_ms = now_ms();
  if (channel) {
    describe(channel, &about);
    for (i = 0; i < MEMBERS; i++) {
      const nertc_callkit_member member = NERTC_CALLKIT_MEMBER_INIT;
      if (channel->members[i]) {
        members[room.member_count] = member;
        members[room.member_count].account = channel->members[i]->account;
        members[room.member_count].device_id = channel->members[i]->id;
        members[room.member_count].uid = channel->uids[i];
        list[room.member_count] = &members[room.member_count];
        room.member_count++;
      }
    }
    room.channel = &about;
    room.members = list;
    result.channel_state = &room;
  }
  task->device->signaling->complete(task->device->signaling->ctx, task->req, &result);
}

/* Notifies one device. If a sink returns QUEUE_FULL, a real backend keeps the event and retries; here the
 * queues are larger than anything that the examples need. */
static void notify(struct device *to, const struct task *task, const struct channel *channel, int32_t signal,
                   int32_t source, uint64_t uid)
{
  nertc_callkit_channel about = NERTC_CALLKIT_CHANNEL_INIT;
  nertc_callkit_signaling_event event = NERTC_CALLKIT_SIGNALING_EVENT_INIT;
  const nertc_callkit_signaling_event *list[1];
  if (!to->signaling || !to->account[0]) {
    return;
  }
  describe(channel, &about);
  event.signal = signal;
  event.channel = &about;
  event.from_account = task->device->account;
  event.from_device = task->device->id;
  event.to_account = task->account[0] ? task->account : to->account;
  event.request_id = task->request;
  event.custom_info = task->custom_info;
  event.time_ms = now_ms();
  event.uid = uid;
  list[0] = &event;
  to->signaling->events(to->signaling->ctx, source, list, 1);
}

/* Notifies all devices of an account except the requester. Returns their number. */
static int notify_account(const char *account, const struct task *task, const struct channel *channel,
                          int32_t signal, int32_t source)
{
  own_service *service = task->device->service;
  int i, count = 0;
  for (i = 0; i < DEVICES; i++) {
    struct device *device = &service->devices[i];
    if (device != task->device && strcmp(device->account, account) == 0) {
      notify(device, task, channel, signal, source, 0);
      count++;
    }
  }
  return count;
}

static void notify_members(const struct task *task, const struct channel *channel, int32_t signal, uint64_t uid)
{
  int i;
  for (i = 0; i < MEMBERS; i++) {
    if (channel->members[i] && channel->members[i] != task->device) {
      notify(channel->members[i], task, channel, signal, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, uid);
    }
  }
}

/* ---- the service's rules ----------------------------------------------------------------------------- */

static struct channel *find_channel(own_service *service, const char *id)
{
  int i;
  for (i = 0; i < CHANNELS; i++) {
    if (id[0] && strcmp(service->channels[i].id, id) == 0) {
      return &service->channels[i];
    }
  }
  return NULL;
}

static int find_member(const struct channel *channel, const struct device *device)
{
  int i;
  for (i = 0; i < MEMBERS && channel->members[i] != device; i++) {
  }
  return i < MEMBERS ? i : -1;
}

static int has_account(const struct channel *channel, const char *account)
{
  int i;
  for (i = 0; i < MEMBERS; i++) {
    if (channel->members[i] && strcmp(channel->members[i]->account, account) == 0) {
      return 1;
    }
  }
  return 0;
}

static struct invite *find_invite(struct channel *channel, const struct task *task, const char *from,
                                  const char *to)
{
  int i;
  for (i = channel->invite_count - 1; i >= 0; i--) {
    struct invite *invite = &channel->invites[i];
    if (strcmp(invite->request, task->request) == 0 && strcmp(invite->from, from) == 0 &&
        strcmp(invite->to, to) == 0) {
      return invite;
    }
  }
  return NULL;
}

static int32_t code_of(enum answer answer)
{
  static const int32_t codes[] = {NERTC_CALLKIT_CODE_OK, NERTC_CALLKIT_CODE_INVITE_ACCEPTED,
                                  NERTC_CALLKIT_CODE_INVITE_REJECTED, NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS};
  return codes[answer];
}

/* The channel of a task. NULL: the task was completed with what is wrong. */
static struct channel *channel_of(struct task *task, int as_member)
{
  struct channel *channel = find_channel(task->device->service, task->channel);
  if (!task->device->account[0]) {
    complete(task, NERTC_CALLKIT_CODE_NOT_LOGGED_IN, NULL);
    return NULL;
  }
  if (!channel || (as_member && find_member(channel, task->device) < 0)) {
    complete(task, channel ? NERTC_CALLKIT_CODE_NOT_MEMBER : NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS, NULL);
    return NULL;
  }
  return channel;
}

/* The library writes its own members without blanks, and escapes quotes in those of others. */
static int is_local(const char *custom_info)
{
  return custom_info && strstr(custom_info, "\"local\":true") != NULL;
}

static void leave_channel(const struct task *task, struct channel *channel)
{
  int i, left = 0;
  channel->members[find_member(channel, task->device)] = NULL;
  notify_members(task, channel, NERTC_CALLKIT_SIGNAL_LEAVE, 0);
  for (i = 0; i < MEMBERS; i++) {
    left += channel->members[i] != NULL;
  }
  if (left == 0) {
    for (i = 0; i < channel->invite_count; i++) {
      if (channel->invites[i].answer == PENDING) {
        notify_account(channel->invites[i].to, task, channel, NERTC_CALLKIT_SIGNAL_CLOSE,
                       NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE);
      }
    }
    channel->id[0] = 0;
  }
}

static void leave_all(const struct task *task)
{
  int i;
  for (i = 0; i < CHANNELS; i++) {
    struct channel *channel = &task->device->service->channels[i];
    if (channel->id[0] && find_member(channel, task->device) >= 0) {
      leave_channel(task, channel);
    }
  }
}

static void run_open(struct task *task)
{
  task->device->signaling = task->sink;
}

static void run_close_backend(struct task *task)
{
  leave_all(task);
  task->device->account[0] = 0;
  task->device->signaling = NULL;
}

static void run_login(struct task *task)
{
  copy_text(task->device->account, ID, task->account);
  copy_text(task->device->id, ID, task->request);
  task->device->login = task->req;
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
}

static void run_logout(struct task *task)
{
  leave_all(task);
  task->device->account[0] = 0;
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
}

static void run_create(struct task *task)
{
  own_service *service = task->device->service;
  struct channel *channel = NULL;
  int i;
  if (!task->device->account[0]) {
    complete(task, NERTC_CALLKIT_CODE_NOT_LOGGED_IN, NULL);
    return;
  }
  for (i = 0; i < CHANNELS && !channel; i++) {
    channel = service->channels[i].id[0] ? NULL : &service->channels[i];
  }
  if (!channel) {
    complete(task, NERTC_CALLKIT_CODE_LIMIT, NULL);
    return;
  }
  memset(channel, 0, sizeof *channel);
  snprintf(channel->id, ID, "own-%u", (unsigned)++service->last_channel);
  copy_text(channel->creator, ID, task->device->account);
  channel->call_type = task->number;
  channel->create_ms = now_ms();
  complete(task, NERTC_CALLKIT_CODE_OK, channel);
}

static void run_join(struct task *task)
{
  struct channel *channel = channel_of(task, 0);
  int at;
  if (!channel) {
    return;
  }
  at = find_member(channel, NULL);
  if (find_member(channel, task->device) >= 0) {
    complete(task, NERTC_CALLKIT_CODE_ALREADY_MEMBER, NULL);
  } else if (has_account(channel, task->device->account)) {
    complete(task, NERTC_CALLKIT_CODE_OTHER_DEVICE, NULL);
  } else if (at < 0) {
    complete(task, NERTC_CALLKIT_CODE_MEMBER_LIMIT, NULL);
  } else {
    channel->members[at] = task->device;
    channel->uids[at] = ++task->device->service->last_uid;
    complete(task, NERTC_CALLKIT_CODE_OK, channel);
    notify_members(task, channel, NERTC_CALLKIT_SIGNAL_JOIN, channel->uids[at]);
  }
}

static void run_invite(struct task *task)
{
  struct channel *channel = channel_of(task, 1);
  struct invite *invite;
  if (!channel) {
    return;
  }
  if (has_account(channel, task->account) || channel->invite_count == INVITES) {
    complete(task, has_account(channel, task->account) ? NERTC_CALLKIT_CODE_ALREADY_MEMBER
                                                       : NERTC_CALLKIT_CODE_MEMBER_LIMIT, NULL);
    return;
  }
  invite = &channel->invites[channel->invite_count++];
  copy_text(invite->request, ID, task->request);
  copy_text(invite->from, ID, task->device->account);
  copy_text(invite->to, ID, task->account);
  if (notify_account(task->account, task, channel, NERTC_CALLKIT_SIGNAL_INVITE, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE)) {
    complete(task, NERTC_CALLKIT_CODE_OK, NULL);
  } else {
    complete(task, NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE, NULL);
  }
}

static void run_cancel(struct task *task)
{
  struct channel *channel = channel_of(task, 0);
  struct invite *invite = channel ? find_invite(channel, task, task->device->account, task->account) : NULL;
  if (!channel) {
    return;
  }
  if (!invite || invite->answer != PENDING) {
    complete(task, invite ? code_of(invite->answer) : NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS, NULL);
    return;
  }
  invite->answer = CANCELLED;
  notify_account(task->account, task, channel, NERTC_CALLKIT_SIGNAL_CANCEL, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE);
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
}

/* The core's decision about an INVITE on a device. The inviter is notified of the ring; a device that dropped it
 * needs no more of it, and a service with per-device state would forget it there. */
static void run_invite_state(struct task *task)
{
  struct channel *channel = find_channel(task->device->service, task->channel);
  struct invite *invite = channel ? find_invite(channel, task, task->account, task->device->account) : NULL;
  if (invite && invite->answer == PENDING && task->number == NERTC_CALLKIT_INVITE_RINGING) {
    invite->rings++;
    notify_account(task->account, task, channel, NERTC_CALLKIT_SIGNAL_RINGING, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE);
  }
}

/* An aborted login. Here it took effect when it was requested, and was completed; the
 * device's memberships stay, as they do when it vanishes. */
static void run_abort_login(struct task *task)
{
  if (task->device->login == task->req) {
    task->device->account[0] = 0;
  }
}

/* accept and reject: the first answer of any device of the account decides. A "local" reject is for one
 * device only: it does not count while another rings. (A real service waits 2 s for one that is about to.) */
static void run_answer(struct task *task)
{
  struct channel *channel = channel_of(task, 0);
  struct invite *invite = channel ? find_invite(channel, task, task->account, task->device->account) : NULL;
  if (!channel) {
    return;
  }
  if (!invite || invite->answer != PENDING) {
    complete(task, invite ? code_of(invite->answer) : NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS, NULL);
    return;
  }
  if (invite->rings > 0 && task->number == NERTC_CALLKIT_SIGNAL_REJECT && is_local(task->custom_info)) {
    complete(task, NERTC_CALLKIT_CODE_OK, NULL);
    return;
  }
  invite->answer = task->number == NERTC_CALLKIT_SIGNAL_ACCEPT ? ACCEPTED : REJECTED;
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
  notify_account(task->account, task, channel, task->number, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE);
  notify_account(task->device->account, task, channel, task->number, NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE);
}

static void run_leave(struct task *task)
{
  struct channel *channel = channel_of(task, 1);
  if (channel) {
    leave_channel(task, channel);
    complete(task, NERTC_CALLKIT_CODE_OK, NULL);
  }
}

static void run_close(struct task *task)
{
  struct channel *channel = channel_of(task, 0);
  int i;
  if (!channel) {
    return;
  }
  /* A channel without members belongs to its creator. */
  if (find_member(channel, task->device) < 0 && strcmp(channel->creator, task->device->account) != 0) {
    complete(task, NERTC_CALLKIT_CODE_NOT_MEMBER, NULL);
    return;
  }
  notify_members(task, channel, NERTC_CALLKIT_SIGNAL_CLOSE, 0);
  for (i = 0; i < channel->invite_count; i++) {
    if (channel->invites[i].answer == PENDING) {
      notify_account(channel->invites[i].to, task, channel, NERTC_CALLKIT_SIGNAL_CLOSE,
                     NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE);
    }
  }
  channel->id[0] = 0;
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
}

static void run_control(struct task *task)
{
  struct channel *channel = channel_of(task, 1);
  if (!channel) {
    return;
  }
  if (!task->account[0]) {
    notify_members(task, channel, NERTC_CALLKIT_SIGNAL_CONTROL, 0);
  } else if (!notify_account(task->account, task, channel, NERTC_CALLKIT_SIGNAL_CONTROL,
                             NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE)) {
    complete(task, NERTC_CALLKIT_CODE_PEER_OFFLINE, NULL);
    return;
  }
  complete(task, NERTC_CALLKIT_CODE_OK, NULL);
}

/* ---- the vtable: copy the arguments, queue the task ---------------------------------------------------- */

static int32_t sig_open(void *ctx, const nertc_callkit_signaling_sink *sink)
{
  struct task *task = new_task(ctx, run_open, 0);
  if (!task || sink->abi != NERTC_CALLKIT_ABI) {
    free(task);
    return NERTC_CALLKIT_CODE_BACKEND_FAILED;
  }
  task->sink = sink;
  post(task);
  return 0;
}

/* The barrier: what the service does after this task it does without a sink. */
static void sig_close_backend(void *ctx)
{
  struct device *device = ctx;
  struct task *task = new_task(device, run_close_backend, 0);
  if (task) {
    wait_for_task(device->service, post(task));
  }
}

static void sig_release(void *ctx)
{
  leave_device(ctx);
}

static int32_t sig_login(void *ctx, nertc_callkit_req req, const nertc_callkit_login_args *args)
{
  struct task *task = new_task(ctx, run_login, req);
  if (!task) {
    return NERTC_CALLKIT_CODE_BACKEND_FAILED;
  }
  copy_text(task->account, ID, args->account);
  copy_text(task->request, ID, args->device_id);
  post(task);
  return 0;
}

static void sig_abort_login(void *ctx, nertc_callkit_req req)
{
  struct task *task = new_task(ctx, run_abort_login, req);
  if (task) {
    post(task);
  }
}

/* This service requires no token, so there is nothing to do with one. A service that does stores it for the next
 * connection, and connects with it now if it has none. */
static int32_t sig_set_token(void *ctx, const char *token)
{
  (void)ctx;
  (void)token;
  return 0;
}

static int32_t sig_logout(void *ctx, nertc_callkit_req req)
{
  struct task *task = new_task(ctx, run_logout, req);
  if (!task) {
    return NERTC_CALLKIT_CODE_BACKEND_FAILED;
  }
  post(task);
  return 0;
}

/* All the others take the same arguments. */
static int32_t submit(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_args *args,
                      void (*run)(struct task *), int32_t number)
{
  struct task *task = new_task(ctx, run, req);
  const size_t length = args->custom_info ? strlen(args->custom_info) : 0;
  if (!task || (length > 0 && !(task->custom_info = malloc(length + 1)))) {
    free(task);
    return NERTC_CALLKIT_CODE_BACKEND_FAILED;
  }
  if (length > 0) {
    memcpy(task->custom_info, args->custom_info, length + 1);
  }
  task->number = number;
  copy_text(task->channel, ID, args->channel_id);
  copy_text(task->account, ID, args->account);
  copy_text(task->request, ID, args->request_id);
  post(task);
  return 0;
}

#define OPERATION(name, run, number) \
  static int32_t sig_##name(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_args *args) \
  { \
    return submit(ctx, req, args, run, number); \
  }

OPERATION(create, run_create, args->call_type)
OPERATION(join, run_join, 0)
OPERATION(invite, run_invite, 0)
OPERATION(cancel_invite, run_cancel, 0)
OPERATION(accept, run_answer, NERTC_CALLKIT_SIGNAL_ACCEPT)
OPERATION(reject, run_answer, NERTC_CALLKIT_SIGNAL_REJECT)
OPERATION(leave, run_leave, 0)
OPERATION(close, run_close, 0)
OPERATION(control, run_control, 0)

static void sig_invite_state(void *ctx, const nertc_callkit_signaling_args *args, int32_t state)
{
  submit(ctx, 0, args, run_invite_state, state);
}

void own_signaling_make(struct device *device, nertc_callkit_backends *out)
{
  /* No function for call records: the core then reports none. */
  static const nertc_callkit_signaling vtable = {
    sizeof(nertc_callkit_signaling), NERTC_CALLKIT_ABI, NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE, 0, "own",
    sig_open, sig_close_backend, sig_release, sig_login, sig_logout, sig_create, sig_join, sig_invite,
    sig_cancel_invite, sig_accept, sig_reject, sig_leave, sig_close, sig_control, NULL, NULL,
    sig_invite_state, sig_abort_login, sig_set_token, NULL};
  out->signaling = &vtable;
  out->signaling_ctx = device;
}
