/* tap.c: see tap.h. */
#include "tap.h"

static char *huge(void)
{
  static char text[1024 * 1024 + 1];
  if (!text[0]) {
    memset(text, 'h', sizeof text - 1);
  }
  return text;
}

/* ---- completions: from the loopback to the component ---------------------------------------------------- */

static enum tap_op op_of(const struct tap *tap, nertc_callkit_req req)
{
  int op;
  for (op = 0; op < TAP_OPS && tap->newest[op] != req; op++) {
  }
  return (enum tap_op)op;
}

static enum tap_act take_act(struct tap *tap, enum tap_op op)
{
  enum tap_act act;
  if (op == TAP_OPS) {
    return TAP_PASS;
  }
  act = tap->act[op];
  tap->act[op] = TAP_PASS;
  return act;
}

static void complete_bad(struct tap *tap, nertc_callkit_req req, const char *text)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  nertc_callkit_channel channel = NERTC_CALLKIT_CHANNEL_INIT;
  nertc_callkit_channel_state room = NERTC_CALLKIT_CHANNEL_STATE_INIT;
  channel.channel_id = channel.creator = text;
  room.channel = &channel;
  result.channel_state = &room;
  result.message = text;
  tap->core.complete(tap->core.ctx, req, &result);
}

static void on_complete(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_result *result)
{
  struct tap *tap = ctx;
  const enum tap_op op = op_of(tap, req);
  nertc_callkit_signaling_result bare = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  switch (take_act(tap, op)) {
  case TAP_NEVER:
    return;
  case TAP_LATE:
    tap->late = req;
    tap->late_op = op;
    return;
  case TAP_TWICE:
    tap->core.complete(tap->core.ctx, req, result);
    bare.code = tap->code;
    tap->core.complete(tap->core.ctx, req, &bare);
    return;
  case TAP_WRONG_REQ:
    bare.code = 500;
    tap->core.complete(tap->core.ctx, req + 1000, &bare);
    tap->core.complete(tap->core.ctx, 0, &bare);
    tap->core.complete(tap->core.ctx, UINTPTR_MAX, NULL);
    tap->core.complete(tap->core.ctx, req, result);
    return;
  case TAP_BAD_UTF8:
    complete_bad(tap, req, "\xff\xfe");
    return;
  case TAP_HUGE:
    complete_bad(tap, req, huge());
    return;
  case TAP_NULL_ROOM:
    tap->core.complete(tap->core.ctx, req, &bare);
    return;
  case TAP_PASS:
  case TAP_REFUSE:
  case TAP_INSIDE:
    tap->core.complete(tap->core.ctx, req, result);
  }
}

void tap_complete_late(struct tap *tap)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  if (tap->late_op == TAP_RTC_JOIN || tap->late_op == TAP_RTC_LEAVE) {
    tap->core_rtc.complete(tap->core_rtc.ctx, tap->late, 0, 0, NULL);
  } else {
    tap->core.complete(tap->core.ctx, tap->late, &result);
  }
}

static int32_t on_events(void *ctx, int32_t source, const nertc_callkit_signaling_event *const *events, uint32_t count)
{
  struct tap *tap = ctx;
  return tap->core.events(tap->core.ctx, source, events, count);
}

static int32_t on_rooms(void *ctx, const nertc_callkit_channel_state *const *rooms, uint32_t count)
{
  struct tap *tap = ctx;
  return tap->core.channel_states(tap->core.ctx, rooms, count);
}

static int32_t on_connection(void *ctx, const nertc_callkit_signaling_connection *event)
{
  struct tap *tap = ctx;
  return tap->core.connection(tap->core.ctx, event);
}

static void on_log(void *ctx, int32_t level, const char *text)
{
  struct tap *tap = ctx;
  tap->core.log(tap->core.ctx, level, text);
}

static void on_rtc_complete(void *ctx, nertc_callkit_req req, int32_t code, int32_t raw_code, const char *text)
{
  struct tap *tap = ctx;
  const enum tap_op op = op_of(tap, req);
  const enum tap_act act = take_act(tap, op);
  if (act == TAP_LATE) {
    tap->late = req;
    tap->late_op = op;
  } else if (act != TAP_NEVER) {
    const char *message = act == TAP_BAD_UTF8 ? "\xff" : act == TAP_HUGE ? huge() : text;
    tap->core_rtc.complete(tap->core_rtc.ctx, req, code, raw_code, message);
    if (act == TAP_TWICE) {
      tap->core_rtc.complete(tap->core_rtc.ctx, req, tap->code, 0, NULL);
    }
  }
}

static int32_t on_rtc_event(void *ctx, const nertc_callkit_rtc_event *event)
{
  struct tap *tap = ctx;
  return tap->core_rtc.event(tap->core_rtc.ctx, event);
}

static void on_frame(void *ctx, const nertc_callkit_frame *frame)
{
  struct tap *tap = ctx;
  tap->core_rtc.frame(tap->core_rtc.ctx, frame);
}

/* ---- operations: from the component to the loopback ----------------------------------------------------- */

/* 1: go on; else `answer` is the operation's. */
static int before(struct tap *tap, enum tap_op op, nertc_callkit_req req, int32_t *answer)
{
  nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
  tap->newest[op] = req;
  change(&tap->asked[op], 1);
  if (tap->act[op] == TAP_REFUSE) {
    take_act(tap, op);
    *answer = tap->code;
    return 0;
  }
  if (tap->act[op] == TAP_INSIDE) {
    take_act(tap, op);
    result.code = tap->code;
    *answer = 0;
    if (op == TAP_RTC_JOIN || op == TAP_RTC_LEAVE) {
      tap->core_rtc.complete(tap->core_rtc.ctx, req, tap->code, 0, NULL);
    } else {
      tap->core.complete(tap->core.ctx, req, &result);
    }
    return 0;
  }
  return 1;
}

#define OPERATION(name, op, type, arguments) \
  static int32_t do_##name(void *ctx, nertc_callkit_req req, const type *arguments) \
  { \
    struct tap *tap = ctx; \
    int32_t answer = 0; \
    return before(tap, op, req, &answer) ? tap->inner.signaling->name(tap->inner.signaling_ctx, req, arguments) \
                                         : answer; \
  }
OPERATION(login, TAP_LOGIN, nertc_callkit_login_args, args)
OPERATION(create, TAP_CREATE, nertc_callkit_signaling_args, args)
OPERATION(join, TAP_JOIN, nertc_callkit_signaling_args, args)
OPERATION(cancel_invite, TAP_CANCEL, nertc_callkit_signaling_args, args)
OPERATION(accept, TAP_ACCEPT, nertc_callkit_signaling_args, args)
OPERATION(reject, TAP_REJECT, nertc_callkit_signaling_args, args)
OPERATION(leave, TAP_LEAVE, nertc_callkit_signaling_args, args)
OPERATION(close, TAP_CLOSE, nertc_callkit_signaling_args, args)
OPERATION(control, TAP_CONTROL, nertc_callkit_signaling_args, args)
OPERATION(send_record, TAP_RECORD, nertc_callkit_record, record)

static int32_t do_invite(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_args *args)
{
  struct tap *tap = ctx;
  int32_t answer = 0;
  snprintf(tap->last_custom, sizeof tap->last_custom, "%s", args->custom_info);
  return before(tap, TAP_INVITE, req, &answer) ? tap->inner.signaling->invite(tap->inner.signaling_ctx, req, args)
                                               : answer;
}

static int32_t do_logout(void *ctx, nertc_callkit_req req)
{
  struct tap *tap = ctx;
  int32_t answer = 0;
  return before(tap, TAP_LOGOUT, req, &answer) ? tap->inner.signaling->logout(tap->inner.signaling_ctx, req) : answer;
}

static void do_invite_state(void *ctx, const nertc_callkit_signaling_args *args, int32_t state)
{
  struct tap *tap = ctx;
  change(&tap->states[state], 1);
  tap->inner.signaling->invite_state(tap->inner.signaling_ctx, args, state);
}

static void do_abort_login(void *ctx, nertc_callkit_req req)
{
  struct tap *tap = ctx;
  change(&tap->aborted, 1);
  tap->inner.signaling->abort_login(tap->inner.signaling_ctx, req);
}

static int32_t do_set_token(void *ctx, const char *token)
{
  struct tap *tap = ctx;
  return tap->inner.signaling->set_token(tap->inner.signaling_ctx, token);
}

static int32_t on_record(void *ctx, const char *from, const nertc_callkit_record *record)
{
  struct tap *tap = ctx;
  return tap->core.record(tap->core.ctx, from, record);
}

static int32_t do_open(void *ctx, const nertc_callkit_signaling_sink *sink)
{
  struct tap *tap = ctx;
  if (tap->refuse_open) {
    return tap->refuse_open;
  }
  change(&tap->opened, 1);
  tap->core = *sink;
  return tap->inner.signaling->open(tap->inner.signaling_ctx, &tap->own_signaling);
}

static void do_close_backend(void *ctx)
{
  struct tap *tap = ctx;
  tap->inner.signaling->close_backend(tap->inner.signaling_ctx);
  change(&tap->closed, 1);
}

static void do_release(void *ctx)
{
  struct tap *tap = ctx;
  tap->inner.signaling->release(tap->inner.signaling_ctx);
  change(&tap->released, 1);
}

static int32_t do_open_rtc(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  struct tap *tap = ctx;
  if (tap->refuse_open_rtc) {
    return tap->refuse_open_rtc;
  }
  change(&tap->opened, 1);
  tap->core_rtc = *sink;
  return tap->inner.rtc->open(tap->inner.rtc_ctx, &tap->own_rtc);
}

static void do_close_rtc(void *ctx)
{
  struct tap *tap = ctx;
  tap->inner.rtc->close_backend(tap->inner.rtc_ctx);
  change(&tap->closed, 1);
}

static void do_release_rtc(void *ctx)
{
  struct tap *tap = ctx;
  tap->inner.rtc->release(tap->inner.rtc_ctx);
  change(&tap->released, 1);
}

static int32_t do_rtc_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  struct tap *tap = ctx;
  int32_t answer = 0;
  return before(tap, TAP_RTC_JOIN, req, &answer) ? tap->inner.rtc->join(tap->inner.rtc_ctx, req, args) : answer;
}

static int32_t do_rtc_leave(void *ctx, nertc_callkit_req req)
{
  struct tap *tap = ctx;
  int32_t answer = 0;
  return before(tap, TAP_RTC_LEAVE, req, &answer) ? tap->inner.rtc->leave(tap->inner.rtc_ctx, req) : answer;
}

static int32_t do_enable_local(void *ctx, nertc_callkit_req req, uint32_t media, int32_t on)
{
  struct tap *tap = ctx;
  return tap->inner.rtc->enable_local(tap->inner.rtc_ctx, req, media, on);
}

static int32_t do_push_frame(void *ctx, const nertc_callkit_frame *frame)
{
  struct tap *tap = ctx;
  return tap->inner.rtc->push_frame(tap->inner.rtc_ctx, frame);
}

void tap_init(struct tap *tap, nertc_callkit_hub *hub, nertc_callkit_backends *out)
{
  const nertc_callkit_backends none = NERTC_CALLKIT_BACKENDS_INIT;
  const nertc_callkit_signaling signaling = NERTC_CALLKIT_SIGNALING_INIT;
  const nertc_callkit_rtc rtc = NERTC_CALLKIT_RTC_INIT;
  const nertc_callkit_signaling_sink own = {sizeof own, NERTC_CALLKIT_ABI, tap, on_complete, on_events, on_rooms,
                                            on_connection, on_log, on_record};
  const nertc_callkit_rtc_sink own_rtc = {sizeof own_rtc, NERTC_CALLKIT_ABI, tap, on_rtc_complete, on_rtc_event,
                                          on_frame, on_log};
  memset(tap, 0, sizeof *tap);
  tap->inner = *out = none;
  CHECK_OK(nertc_callkit_loopback_signaling(hub, &tap->inner));
  CHECK_OK(nertc_callkit_loopback_rtc(hub, &tap->inner));
  tap->own_signaling = own;
  tap->own_rtc = own_rtc;
  tap->signaling = signaling;
  tap->signaling.caps = tap->inner.signaling->caps;
  tap->signaling.name = "tap";
  tap->signaling.open = do_open;
  tap->signaling.close_backend = do_close_backend;
  tap->signaling.release = do_release;
  tap->signaling.login = do_login;
  tap->signaling.logout = do_logout;
  tap->signaling.create = do_create;
  tap->signaling.join = do_join;
  tap->signaling.invite = do_invite;
  tap->signaling.cancel_invite = do_cancel_invite;
  tap->signaling.accept = do_accept;
  tap->signaling.reject = do_reject;
  tap->signaling.leave = do_leave;
  tap->signaling.close = do_close;
  tap->signaling.control = do_control;
  tap->signaling.send_record = do_send_record;
  tap->signaling.invite_state = do_invite_state;
  tap->signaling.abort_login = do_abort_login;
  tap->signaling.set_token = do_set_token;
  tap->rtc = rtc;
  tap->rtc.name = "tap";
  tap->rtc.open = do_open_rtc;
  tap->rtc.close_backend = do_close_rtc;
  tap->rtc.release = do_release_rtc;
  tap->rtc.join = do_rtc_join;
  tap->rtc.leave = do_rtc_leave;
  tap->rtc.enable_local = do_enable_local;
  tap->rtc.push_frame = do_push_frame;
  out->signaling = &tap->signaling;
  out->signaling_ctx = tap;
  out->rtc = &tap->rtc;
  out->rtc_ctx = tap;
}

/* ---- speaking ------------------------------------------------------------------------------------------- */

void tap_event(struct tap *tap, int32_t signal, int32_t source, const char *channel, const char *from,
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
  CHECK_INT(tap->core.events(tap->core.ctx, source, list, 1), 0);
}

int32_t tap_connection(struct tap *tap, int32_t what)
{
  nertc_callkit_signaling_connection event = NERTC_CALLKIT_SIGNALING_CONNECTION_INIT;
  event.type = what;
  return tap->core.connection(tap->core.ctx, &event);
}

int32_t tap_rtc_event(struct tap *tap, int32_t what, uint64_t uid, int32_t code)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  event.type = what;
  event.uid = uid;
  event.code = code;
  event.media = NERTC_CALLKIT_MEDIA_AUDIO;
  return tap->core_rtc.event(tap->core_rtc.ctx, &event);
}
