/* intercept.c: see intercept.h. */
#include "intercept.h"

static char *huge(void)
{
  static char text[1024 * 1024 + 1];
  if (!text[0]) {
    memset(text, 'h', sizeof text - 1);
  }
  return text;
}

/* ---- completions: from the loopback to the client ---------------------------------------------------- */

static enum intercept_op op_of(const struct intercept *intercept, nertc_callkit_req req)
{
  int op;
  for (op = 0; op < INTERCEPT_OPS && intercept->newest[op] != req; op++) {
  }
  return (enum intercept_op)op;
}

static enum intercept_act take_act(struct intercept *intercept, enum intercept_op op)
{
  enum intercept_act act;
  if (op == INTERCEPT_OPS) {
    return INTERCEPT_PASS;
  }
  act = intercept->act[op];
  intercept->act[op] = INTERCEPT_PASS;
  return act;
}

static void complete_bad(struct intercept *intercept, nertc_callkit_req req, const char *text)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  nertc_callkit_channel channel = NERTC_CALLKIT_CHANNEL_INIT;
  nertc_callkit_channel_state room = NERTC_CALLKIT_CHANNEL_STATE_INIT;
  channel.channel_id = channel.creator = text;
  room.channel = &channel;
  result.channel_state = &room;
  result.message = text;
  intercept->core.complete(intercept->core.ctx, req, &result);
}

static void on_complete(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_result *result)
{
  struct intercept *intercept = ctx;
  const enum intercept_op op = op_of(intercept, req);
  nertc_callkit_signaling_result bare = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  switch (take_act(intercept, op)) {
  case INTERCEPT_NEVER:
    return;
  case INTERCEPT_LATE:
    intercept->late = req;
    intercept->late_op = op;
    return;
  case INTERCEPT_TWICE:
    intercept->core.complete(intercept->core.ctx, req, result);
    bare.code = intercept->code;
    intercept->core.complete(intercept->core.ctx, req, &bare);
    return;
  case INTERCEPT_WRONG_REQ:
    bare.code = 500;
    intercept->core.complete(intercept->core.ctx, req + 1000, &bare);
    intercept->core.complete(intercept->core.ctx, 0, &bare);
    intercept->core.complete(intercept->core.ctx, UINTPTR_MAX, NULL);
    intercept->core.complete(intercept->core.ctx, req, result);
    return;
  case INTERCEPT_BAD_UTF8:
    complete_bad(intercept, req, "\xff\xfe");
    return;
  case INTERCEPT_HUGE:
    complete_bad(intercept, req, huge());
    return;
  case INTERCEPT_NULL_ROOM:
    intercept->core.complete(intercept->core.ctx, req, &bare);
    return;
  case INTERCEPT_PASS:
  case INTERCEPT_REFUSE:
  case INTERCEPT_INSIDE:
    intercept->core.complete(intercept->core.ctx, req, result);
  }
}

void intercept_complete_late(struct intercept *intercept)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  if (intercept->late_op == INTERCEPT_RTC_JOIN || intercept->late_op == INTERCEPT_RTC_LEAVE) {
    intercept->core_rtc.complete(intercept->core_rtc.ctx, intercept->late, 0, 0, NULL);
  } else {
    intercept->core.complete(intercept->core.ctx, intercept->late, &result);
  }
}

static int32_t on_events(void *ctx, int32_t source, const nertc_callkit_signaling_event *const *events,
    uint32_t count)
{
  struct intercept *intercept = ctx;
  return intercept->core.events(intercept->core.ctx, source, events, count);
}

static int32_t on_rooms(void *ctx, const nertc_callkit_channel_state *const *rooms, uint32_t count)
{
  struct intercept *intercept = ctx;
  return intercept->core.channel_states(intercept->core.ctx, rooms, count);
}

static int32_t on_connection(void *ctx, const nertc_callkit_signaling_connection *event)
{
  struct intercept *intercept = ctx;
  return intercept->core.connection(intercept->core.ctx, event);
}

static void on_log(void *ctx, int32_t level, const char *text)
{
  struct intercept *intercept = ctx;
  intercept->core.log(intercept->core.ctx, level, text);
}

static void on_rtc_complete(void *ctx, nertc_callkit_req req, int32_t code, int32_t raw_code, const char *text)
{
  struct intercept *intercept = ctx;
  const enum intercept_op op = op_of(intercept, req);
  const enum intercept_act act = take_act(intercept, op);
  if (act == INTERCEPT_LATE) {
    intercept->late = req;
    intercept->late_op = op;
  } else if (act != INTERCEPT_NEVER) {
    const char *message = act == INTERCEPT_BAD_UTF8 ? "\xff" : act == INTERCEPT_HUGE ? huge() : text;
    intercept->core_rtc.complete(intercept->core_rtc.ctx, req, code, raw_code, message);
    if (act == INTERCEPT_TWICE) {
      intercept->core_rtc.complete(intercept->core_rtc.ctx, req, intercept->code, 0, NULL);
    }
  }
}

static int32_t on_rtc_event(void *ctx, const nertc_callkit_rtc_event *event)
{
  struct intercept *intercept = ctx;
  return intercept->core_rtc.event(intercept->core_rtc.ctx, event);
}

static void on_frame(void *ctx, const nertc_callkit_frame *frame)
{
  struct intercept *intercept = ctx;
  intercept->core_rtc.frame(intercept->core_rtc.ctx, frame);
}

/* ---- operations: from the client to the loopback ----------------------------------------------------- */

/* 1: go on; else `answer` is the operation's. */
static int before(struct intercept *intercept, enum intercept_op op, nertc_callkit_req req, int32_t *answer)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  intercept->newest[op] = req;
  change(&intercept->asked[op], 1);
  if (intercept->act[op] == INTERCEPT_REFUSE) {
    take_act(intercept, op);
    *answer = intercept->code;
    return 0;
  }
  if (intercept->act[op] == INTERCEPT_INSIDE) {
    take_act(intercept, op);
    result.code = intercept->code;
    *answer = 0;
    if (op == INTERCEPT_RTC_JOIN || op == INTERCEPT_RTC_LEAVE) {
      intercept->core_rtc.complete(intercept->core_rtc.ctx, req, intercept->code, 0, NULL);
    } else {
      intercept->core.complete(intercept->core.ctx, req, &result);
    }
    return 0;
  }
  return 1;
}

#define OPERATION(name, op, type, arguments) \
  static int32_t do_##name(void *ctx, nertc_callkit_req req, const type *arguments) \
  { \
    struct intercept *intercept = ctx; \
    int32_t answer = 0; \
    return before(intercept, op, req, &answer) \
        ? intercept->inner.signaling->name(intercept->inner.signaling_ctx, req, arguments) \
                                         : answer; \
  }
OPERATION(login, INTERCEPT_LOGIN, nertc_callkit_login_args, args)
OPERATION(create, INTERCEPT_CREATE, nertc_callkit_signaling_args, args)
OPERATION(join, INTERCEPT_JOIN, nertc_callkit_signaling_args, args)
OPERATION(cancel_invite, INTERCEPT_CANCEL, nertc_callkit_signaling_args, args)
OPERATION(accept, INTERCEPT_ACCEPT, nertc_callkit_signaling_args, args)
OPERATION(reject, INTERCEPT_REJECT, nertc_callkit_signaling_args, args)
OPERATION(leave, INTERCEPT_LEAVE, nertc_callkit_signaling_args, args)
OPERATION(close, INTERCEPT_CLOSE, nertc_callkit_signaling_args, args)
OPERATION(control, INTERCEPT_CONTROL, nertc_callkit_signaling_args, args)
OPERATION(send_record, INTERCEPT_RECORD, nertc_callkit_record, record)

static int32_t do_invite(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_args *args)
{
  struct intercept *intercept = ctx;
  int32_t answer = 0;
  snprintf(intercept->last_custom, sizeof intercept->last_custom, "%s", args->custom_info);
  return before(intercept, INTERCEPT_INVITE, req, &answer)
      ? intercept->inner.signaling->invite(intercept->inner.signaling_ctx, req, args)
                                               : answer;
}

static int32_t do_logout(void *ctx, nertc_callkit_req req)
{
  struct intercept *intercept = ctx;
  int32_t answer = 0;
  return before(intercept, INTERCEPT_LOGOUT, req, &answer)
      ? intercept->inner.signaling->logout(intercept->inner.signaling_ctx, req) : answer;
}

static void do_invite_state(void *ctx, const nertc_callkit_signaling_args *args, int32_t state)
{
  struct intercept *intercept = ctx;
  change(&intercept->states[state], 1);
  intercept->inner.signaling->invite_state(intercept->inner.signaling_ctx, args, state);
}

static void do_abort_login(void *ctx, nertc_callkit_req req)
{
  struct intercept *intercept = ctx;
  change(&intercept->aborted, 1);
  intercept->inner.signaling->abort_login(intercept->inner.signaling_ctx, req);
}

static int32_t do_set_token(void *ctx, const char *token)
{
  struct intercept *intercept = ctx;
  return intercept->inner.signaling->set_token(intercept->inner.signaling_ctx, token);
}

static int32_t on_record(void *ctx, const char *from, const nertc_callkit_record *record)
{
  struct intercept *intercept = ctx;
  return intercept->core.record(intercept->core.ctx, from, record);
}

static int32_t do_open(void *ctx, const nertc_callkit_signaling_sink *sink)
{
  struct intercept *intercept = ctx;
  if (intercept->refuse_open) {
    return intercept->refuse_open;
  }
  change(&intercept->opened, 1);
  intercept->core = *sink;
  return intercept->inner.signaling->open(intercept->inner.signaling_ctx, &intercept->own_signaling);
}

static void do_close_backend(void *ctx)
{
  struct intercept *intercept = ctx;
  intercept->inner.signaling->close_backend(intercept->inner.signaling_ctx);
  change(&intercept->closed, 1);
}

static void do_release(void *ctx)
{
  struct intercept *intercept = ctx;
  intercept->inner.signaling->release(intercept->inner.signaling_ctx);
  change(&intercept->released, 1);
}

static int32_t do_open_rtc(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  struct intercept *intercept = ctx;
  if (intercept->refuse_open_rtc) {
    return intercept->refuse_open_rtc;
  }
  change(&intercept->opened, 1);
  intercept->core_rtc = *sink;
  return intercept->inner.rtc->open(intercept->inner.rtc_ctx, &intercept->own_rtc);
}

static void do_close_rtc(void *ctx)
{
  struct intercept *intercept = ctx;
  intercept->inner.rtc->close_backend(intercept->inner.rtc_ctx);
  change(&intercept->closed, 1);
}

static void do_release_rtc(void *ctx)
{
  struct intercept *intercept = ctx;
  intercept->inner.rtc->release(intercept->inner.rtc_ctx);
  change(&intercept->released, 1);
}

static int32_t do_rtc_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  struct intercept *intercept = ctx;
  int32_t answer = 0;
  return before(intercept, INTERCEPT_RTC_JOIN, req, &answer)
      ? intercept->inner.rtc->join(intercept->inner.rtc_ctx, req, args) : answer;
}

static int32_t do_rtc_leave(void *ctx, nertc_callkit_req req)
{
  struct intercept *intercept = ctx;
  int32_t answer = 0;
  return before(intercept, INTERCEPT_RTC_LEAVE, req, &answer)
      ? intercept->inner.rtc->leave(intercept->inner.rtc_ctx, req) : answer;
}

static int32_t do_enable_local(void *ctx, nertc_callkit_req req, uint32_t media, int32_t on)
{
  struct intercept *intercept = ctx;
  return intercept->inner.rtc->enable_local(intercept->inner.rtc_ctx, req, media, on);
}

static int32_t do_push_frame(void *ctx, const nertc_callkit_frame *frame)
{
  struct intercept *intercept = ctx;
  return intercept->inner.rtc->push_frame(intercept->inner.rtc_ctx, frame);
}

void intercept_init(struct intercept *intercept, nertc_callkit_hub *hub, nertc_callkit_backends *out)
{
  const nertc_callkit_backends none = NERTC_CALLKIT_BACKENDS_INIT;
  const nertc_callkit_signaling signaling = NERTC_CALLKIT_SIGNALING_INIT;
  const nertc_callkit_rtc rtc = NERTC_CALLKIT_RTC_INIT;
  const nertc_callkit_signaling_sink own = {sizeof own, NERTC_CALLKIT_ABI, intercept, on_complete, on_events,
      on_rooms,
                                            on_connection, on_log, on_record};
  const nertc_callkit_rtc_sink own_rtc = {sizeof own_rtc, NERTC_CALLKIT_ABI, intercept, on_rtc_complete, on_rtc_event,
                                          on_frame, on_log};
  memset(intercept, 0, sizeof *intercept);
  intercept->inner = *out = none;
  CHECK_OK(nertc_callkit_loopback_signaling(hub, &intercept->inner));
  CHECK_OK(nertc_callkit_loopback_rtc(hub, &intercept->inner));
  intercept->own_signaling = own;
  intercept->own_rtc = own_rtc;
  intercept->signaling = signaling;
  intercept->signaling.caps = intercept->inner.signaling->caps;
  intercept->signaling.name = "intercept";
  intercept->signaling.open = do_open;
  intercept->signaling.close_backend = do_close_backend;
  intercept->signaling.release = do_release;
  intercept->signaling.login = do_login;
  intercept->signaling.logout = do_logout;
  intercept->signaling.create = do_create;
  intercept->signaling.join = do_join;
  intercept->signaling.invite = do_invite;
  intercept->signaling.cancel_invite = do_cancel_invite;
  intercept->signaling.accept = do_accept;
  intercept->signaling.reject = do_reject;
  intercept->signaling.leave = do_leave;
  intercept->signaling.close = do_close;
  intercept->signaling.control = do_control;
  intercept->signaling.send_record = do_send_record;
  intercept->signaling.invite_state = do_invite_state;
  intercept->signaling.abort_login = do_abort_login;
  intercept->signaling.set_token = do_set_token;
  intercept->rtc = rtc;
  intercept->rtc.name = "intercept";
  intercept->rtc.open = do_open_rtc;
  intercept->rtc.close_backend = do_close_rtc;
  intercept->rtc.release = do_release_rtc;
  intercept->rtc.join = do_rtc_join;
  intercept->rtc.leave = do_rtc_leave;
  intercept->rtc.enable_local = do_enable_local;
  intercept->rtc.push_frame = do_push_frame;
  out->signaling = &intercept->signaling;
  out->signaling_ctx = intercept;
  out->rtc = &intercept->rtc;
  out->rtc_ctx = intercept;
}

/* ---- sinks --------------------------------------------------------------------------------------------- */

void intercept_event(struct intercept *intercept, int32_t signal, int32_t source, const char *channel,
    const char *from,
               const char *request, const char *custom_info)
{
  nertc_callkit_channel about = NERTC_CALLKIT_CHANNEL_INIT;
  nertc_callkit_signaling_event event = NERTC_CALLKIT_SIGNALING_EVENT_INIT;
  const nertc_callkit_signaling_event *list[1];
  about.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  about.channel_id = channel;
  about.creator = from;
  event.signal = signal;
  event.channel = &about;
  event.from_account = from;
  event.request_id = request;
  event.custom_info = custom_info;
  list[0] = &event;
  CHECK_INT(intercept->core.events(intercept->core.ctx, source, list, 1), 0);
}

int32_t intercept_connection(struct intercept *intercept, int32_t what)
{
  nertc_callkit_signaling_connection event = NERTC_CALLKIT_SIGNALING_CONNECTION_INIT;
  event.type = what;
  return intercept->core.connection(intercept->core.ctx, &event);
}

int32_t intercept_rtc_event(struct intercept *intercept, int32_t what, uint64_t uid, int32_t code)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  event.type = what;
  event.uid = uid;
  event.code = code;
  event.media = NERTC_CALLKIT_MEDIA_AUDIO;
  return intercept->core_rtc.event(intercept->core_rtc.ctx, &event);
}
