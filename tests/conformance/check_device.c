/* check_device.c: see check_device.h. */
#define _POSIX_C_SOURCE 200809L

#include "check_device.h"

struct device devices[DEVICES];
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
const struct check_backend_maker *maker;
int broken;
char current[NAME]; /* the channel of the step: a service may remember older ones */

void complain(const char *step, const char *what)
{
  printf("check_backend: %s: %s\n", step, what);
  broken++;
}

void copy(char *to, size_t size, const char *text)
{
  snprintf(to, size, "%s", text ? text : "");
}

struct timespec deadline(unsigned ms)
{
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += ms / 1000;
  until.tv_nsec += (long)(ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  return until;
}

/* ---- sinks: copy and return, on whatever thread ------------------------------------------------------ */

static struct operation *ended(struct device *device, nertc_callkit_req req)
{
  if (req == 0 || req > device->last) {
    complain("complete", "an operation that nobody asked for");
    return &device->operations[0];
  }
  if (device->operations[req].completions++ > 0) {
    complain("complete", "an operation was completed twice");
  }
  return &device->operations[req];
}

static void sink_complete(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_result *result)
{
  struct device *device = ctx;
  struct operation *it;
  uint32_t i;
  pthread_mutex_lock(&lock);
  if (device->signaling_closed) {
    complain("close_backend", "complete was called after it returned");
  }
  it = ended(device, req);
  it->code = result->code;
  if (result->channel_state) {
    copy(it->channel, NAME, result->channel_state->channel->channel_id);
    for (i = 0; i < result->channel_state->member_count && i < MEMBERS; i++, it->member_count++) {
      copy(it->accounts[i], NAME, result->channel_state->members[i]->account);
      it->uids[i] = result->channel_state->members[i]->uid;
    }
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static struct event *new_event(struct device *device, int closed)
{
  if (closed) {
    complain("close_backend", "an event came after it returned");
  }
  return &device->events[device->event_count < EVENTS - 1 ? device->event_count++ : EVENTS - 1];
}

static int32_t sink_events(void *ctx, int32_t source, const nertc_callkit_signaling_event *const *events,
                           uint32_t count)
{
  struct device *device = ctx;
  uint32_t i;
  pthread_mutex_lock(&lock);
  for (i = 0; i < count; i++) {
    struct event *it = new_event(device, device->signaling_closed);
    memset(it, 0, sizeof *it);
    it->what = events[i]->signal;
    it->source = source;
    it->uid = events[i]->uid;
    copy(it->channel, NAME, events[i]->channel->channel_id);
    copy(it->from, NAME, events[i]->from_account);
    copy(it->request, NAME, events[i]->request_id);
    copy(it->custom_info, sizeof it->custom_info, events[i]->custom_info);
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return 0;
}

static int32_t sink_record(void *ctx, const char *from, const nertc_callkit_record *record)
{
  struct device *device = ctx;
  struct event *it;
  pthread_mutex_lock(&lock);
  it = new_event(device, device->signaling_closed);
  memset(it, 0, sizeof *it);
  it->kind = 2;
  it->what = record->record_status;
  copy(it->channel, NAME, record->channel_id);
  copy(it->from, NAME, from);
  copy(it->request, NAME, record->client_msg_id);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return 0;
}

static int32_t sink_rooms(void *ctx, const nertc_callkit_channel_state *const *rooms, uint32_t count)
{
  (void)ctx;
  (void)rooms;
  (void)count;
  return 0;
}

static int32_t sink_connection(void *ctx, const nertc_callkit_signaling_connection *event)
{
  (void)ctx;
  if (event->type == NERTC_CALLKIT_CONNECTION_KICKED) {
    pthread_mutex_lock(&lock);
    complain("connection", "the device was kicked");
    pthread_mutex_unlock(&lock);
  }
  return 0;
}

static void sink_log(void *ctx, int32_t level, const char *text)
{
  (void)ctx;
  (void)level;
  (void)text;
}

static void sink_rtc_complete(void *ctx, nertc_callkit_req req, int32_t code, int32_t raw_code, const char *text)
{
  struct device *device = ctx;
  (void)raw_code;
  (void)text;
  pthread_mutex_lock(&lock);
  if (device->rtc_closed) {
    complain("close_backend of rtc", "complete was called after it returned");
  }
  ended(device, req)->code = code;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static int32_t sink_rtc_event(void *ctx, const nertc_callkit_rtc_event *event)
{
  struct device *device = ctx;
  struct event *it;
  pthread_mutex_lock(&lock);
  it = new_event(device, device->rtc_closed);
  memset(it, 0, sizeof *it);
  it->kind = 1;
  it->what = event->type;
  it->code = event->code;
  it->uid = event->uid;
  it->media = event->media;
  it->flags = event->flags;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return 0;
}

static void sink_frame(void *ctx, const nertc_callkit_frame *frame)
{
  struct device *device = ctx;
  const int16_t *samples = frame->planes[0];
  pthread_mutex_lock(&lock);
  if (device->rtc_closed) {
    complain("close_backend of rtc", "a frame came after it returned");
  }
  device->frames++;
  device->frame_uid = frame->uid;
  device->frame_first = samples[0];
  device->frame_last = samples[(size_t)frame->samples * frame->channels - 1];
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

/* Keeps the text for `pass_texts`; the core would send it by `control`. */
static int32_t sink_send(void *ctx, nertc_callkit_req join, const char *json)
{
  struct device *device = ctx;
  const size_t bytes = json ? strlen(json) : 0;
  pthread_mutex_lock(&lock);
  if (device->rtc_closed) {
    complain("close_backend of rtc", "send was called after it returned");
  }
  if (bytes < 2 || bytes >= TEXT_BYTES || json[0] != '{') {
    complain("send", "not a JSON object of up to 4000 bytes");
  } else if (!join || join != device->join) {
    complain("send", "not the number of the join of this room");
  } else if (device->text_count < TEXTS) {
    copy(device->texts[device->text_count++], TEXT_BYTES, json);
  }
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return 0;
}

/* ---- operations -------------------------------------------------------------------------------------- */

/* Waits until `req` is completed, and answers with what. */
const struct operation *wait_done(const char *step, struct device *device, nertc_callkit_req req)
{
  const struct timespec until = deadline(maker->patience_ms ? maker->patience_ms : 10000);
  int late = 0;
  pthread_mutex_lock(&lock);
  while (!device->operations[req].completions && !late) {
    late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
  }
  if (late) {
    complain(step, "the operation was never completed");
  }
  pthread_mutex_unlock(&lock);
  return &device->operations[req];
}

nertc_callkit_req accepted(const char *step, struct device *device, int32_t answer)
{
  if (answer != 0) {
    /* A refusal at once is as good as a completion with that code. */
    pthread_mutex_lock(&lock);
    if (device->operations[device->last].completions) {
      complain(step, "refused and completed");
    }
    device->operations[device->last].completions = 1;
    device->operations[device->last].code = answer;
    pthread_mutex_unlock(&lock);
  }
  return device->last;
}

/* The number of the next operation. */
nertc_callkit_req next(struct device *device)
{
  nertc_callkit_req req;
  pthread_mutex_lock(&lock);
  req = ++device->last;
  if (req >= OPERATIONS) {
    printf("check_backend: too many operations\n");
    abort();
  }
  pthread_mutex_unlock(&lock);
  return req;
}

nertc_callkit_req start(struct device *device, nertc_callkit_signaling_operation_cb op, const char *channel,
                        const char *account, const char *request, const char *custom_info)
{
  nertc_callkit_signaling_args args = NERTC_CALLKIT_SIGNALING_ARGS_INIT;
  const nertc_callkit_req req = next(device);
  args.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  args.channel_id = channel;
  args.account = account;
  args.request_id = request;
  args.custom_info = custom_info;
  return accepted("operation", device, op(device->backends.signaling_ctx, req, &args));
}

/* Issues an operation, waits, and compares the code. */
const struct operation *ask(const char *step, struct device *device, nertc_callkit_signaling_operation_cb op,
                            const char *channel, const char *account, const char *request, int32_t code)
{
  return ask_either(step, device, op, channel, account, request, code, code);
}

const struct operation *ask_either(const char *step, struct device *device, nertc_callkit_signaling_operation_cb op,
                                   const char *channel, const char *account, const char *request, int32_t code,
                                   int32_t other)
{
  const struct operation *it = wait_done(step, device, start(device, op, channel, account, request, "{\"n\":1}"));
  if (it->completions && it->code != code && it->code != other) {
    char text[64];
    snprintf(text, sizeof text, "code %d instead of %d", (int)it->code, (int)code);
    complain(step, text);
  }
  return it;
}

/* Waits for an event that was not taken yet. NULL: none within the time. */
const struct event *wait_event(const char *step, struct device *device, int kind, int32_t what)
{
  static const char *const kinds[] = {"signaling event", "media event", "call record"};
  static const struct event none;
  const struct timespec until = deadline(maker->patience_ms ? maker->patience_ms : 10000);
  const struct event *found = NULL;
  int late = 0, i;
  pthread_mutex_lock(&lock);
  while (!found && !late) {
    for (i = 0; i < device->event_count && !found; i++) {
      struct event *it = &device->events[i];
      if (!it->taken && it->kind == kind && it->what == what && (kind || strcmp(it->channel, current) == 0)) {
        it->taken = 1;
        found = it;
      }
    }
    if (!found) {
      late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
    }
  }
  if (!found) {
    char text[64];
    snprintf(text, sizeof text, "%s %d never came", kinds[kind], (int)what);
    complain(step, text);
  }
  pthread_mutex_unlock(&lock);
  return found ? found : &none;
}

int count_events(struct device *device, int kind, int32_t what)
{
  int i, count = 0;
  pthread_mutex_lock(&lock);
  for (i = 0; i < device->event_count; i++) {
    const struct event *it = &device->events[i];
    count += it->kind == kind && it->what == what && (kind || strcmp(it->channel, current) == 0);
  }
  pthread_mutex_unlock(&lock);
  return count;
}

void expect(const char *step, int holds, const char *what)
{
  if (!holds) {
    complain(step, what);
  }
}

/* ---- lifecycle of a device --------------------------------------------------------------------------- */

static void check_vtables(const nertc_callkit_backends *backends)
{
  const nertc_callkit_signaling *s = backends->signaling;
  const nertc_callkit_rtc *r = backends->rtc;
  expect("vtable", s && r, "the maker left one out");
  /* Functions beyond the end of a shorter one count as NULL. */
  expect("vtable", s->struct_size >= offsetof(nertc_callkit_signaling, control), "struct_size of signaling");
  expect("vtable", r->struct_size >= offsetof(nertc_callkit_rtc, enable_local), "struct_size of rtc");
  expect("vtable", s->abi == NERTC_CALLKIT_ABI && r->abi == NERTC_CALLKIT_ABI, "abi");
  expect("vtable", s->open && s->login && s->logout && s->create && s->join && s->invite && s->cancel_invite &&
                   s->accept && s->reject && s->leave && s->close, "a mandatory function of signaling is missing");
  expect("vtable", r->open && r->join && r->leave, "a mandatory function of rtc is missing");
  if (r->caps & NERTC_CALLKIT_RTC_CAP_SIGNALS) {
    expect("vtable", NERTC_CALLKIT_HAS(r, nertc_callkit_rtc, protocol) && r->receive && r->protocol &&
                     r->protocol[0] && strlen(r->protocol) <= 32 && s->control,
           "a media backend that signals has receive and a protocol, and signaling has control");
  }
}

void release(const nertc_callkit_backends *backends)
{
  if (backends->signaling->release) {
    backends->signaling->release(backends->signaling_ctx);
  }
  if (backends->rtc->release) {
    backends->rtc->release(backends->rtc_ctx);
  }
}

nertc_callkit_req start_login(struct device *device)
{
  nertc_callkit_login_args args = NERTC_CALLKIT_LOGIN_ARGS_INIT;
  const nertc_callkit_req req = next(device);
  static const char *const ids[] = {"device-a", "device-b", "device-b2"};
  args.app_key = "";
  args.account = device->account;
  args.token = device == &devices[A] ? maker->token_a : maker->token_b;
  args.token = args.token ? args.token : "";
  args.device_id = ids[device - devices];
  args.data_dir = "";
  return accepted("login", device, device->backends.signaling->login(device->backends.signaling_ctx, req, &args));
}

void login(struct device *device)
{
  expect("login", wait_done("login", device, start_login(device))->code == 0, "failed");
}

int open_device(struct device *device, const char *account)
{
  const nertc_callkit_backends none = NERTC_CALLKIT_BACKENDS_INIT;
  const nertc_callkit_signaling_sink signaling = {sizeof signaling, NERTC_CALLKIT_ABI, device, sink_complete,
                                                  sink_events, sink_rooms, sink_connection, sink_log,
                                                  sink_record};
  const nertc_callkit_rtc_sink rtc = {sizeof rtc, NERTC_CALLKIT_ABI, device, sink_rtc_complete, sink_rtc_event,
                                      sink_frame, sink_log, sink_send};
  memset(device, 0, sizeof *device);
  device->account = account;
  device->backends = none;
  device->signaling = signaling;
  device->rtc = rtc;
  if (!maker->make(maker->context, &device->backends)) {
    complain("make", "no backends");
    return 0;
  }
  check_vtables(&device->backends);
  expect("open", device->backends.signaling->open(device->backends.signaling_ctx, &device->signaling) == 0,
      "refused");
  expect("open of rtc", device->backends.rtc->open(device->backends.rtc_ctx, &device->rtc) == 0, "refused");
  login(device);
  return broken == 0;
}

void close_device(struct device *device)
{
  nertc_callkit_req req;
  if (device->backends.rtc->close_backend) {
    device->backends.rtc->close_backend(device->backends.rtc_ctx);
  }
  pthread_mutex_lock(&lock);
  device->rtc_closed = 1;
  pthread_mutex_unlock(&lock);
  if (device->backends.signaling->close_backend) {
    device->backends.signaling->close_backend(device->backends.signaling_ctx);
  }
  pthread_mutex_lock(&lock);
  device->signaling_closed = 1;
  for (req = 1; req <= device->last; req++) {
    if (device->operations[req].completions != 1) {
      complain("complete", "not every operation was completed exactly once");
    }
  }
  pthread_mutex_unlock(&lock);
  release(&device->backends);
}

void prepare(struct device *device, const char *peer, nertc_callkit_call_no call_no, int is_inviter)
{
  nertc_callkit_rtc_prepare args = NERTC_CALLKIT_RTC_PREPARE_INIT;
  args.flags = is_inviter ? NERTC_CALLKIT_RTC_JOIN_INVITER : 0;
  args.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  args.call_no = call_no;
  args.peer = peer;
  args.call_id = "check-call";
  device->backends.rtc->prepare(device->backends.rtc_ctx, &args);
}
