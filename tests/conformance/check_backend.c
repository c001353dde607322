/* check_backend.c: see check_backend.h. The steps; a device under test is in check_device.c. */
#define _POSIX_C_SOURCE 200809L

#include "check_device.h"

static const char account_a[] = "check-a", account_b[] = "check-b";
enum { no_channel = NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS, CALL = 9 };

/* ---- the steps --------------------------------------------------------------------------------------- */

#define OP(device, name) (&devices[device]), devices[device].backends.signaling->name

/* A channel with A in it. */
static const char *new_channel(void)
{
  const struct operation *it = ask("create", OP(A, create), NULL, NULL, NULL, 0);
  const char *channel = it->channel;
  expect("create", channel[0] && strlen(channel) <= 64, "no channel id of 1 to 64 bytes");
  pthread_mutex_lock(&lock);
  copy(current, NAME, channel);
  pthread_mutex_unlock(&lock);
  it = ask("join", OP(A, join), channel, NULL, NULL, 0);
  expect("join", it->member_count == 1 && strcmp(it->accounts[0], account_a) == 0 && it->uids[0] != 0,
         "the members must be this device with its uid");
  return channel;
}

/* A invites B, whose devices are notified. */
static const char *invite(const char *request)
{
  const char *channel = new_channel();
  const struct event *it;
  int device;
  ask("invite", OP(A, invite), channel, account_b, request, 0);
  for (device = B; device <= B2; device++) {
    it = wait_event("invite", &devices[device], 0, NERTC_CALLKIT_SIGNAL_INVITE);
    expect("invite", strcmp(it->from, account_a) == 0, "from");
    expect("invite", strcmp(it->request, request) == 0, "request id");
    expect("invite", strcmp(it->custom_info, "{\"n\":1}") == 0, "attachment");
    expect("invite", it->source == NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, "source");
  }
  return channel;
}

static void wait_answer(const char *step, int32_t signal, const char *request)
{
  const struct event *it = wait_event(step, &devices[A], 0, signal);
  expect(step, strcmp(it->request, request) == 0 && strcmp(it->from, account_b) == 0, "request id or from");
  expect(step, strcmp(it->custom_info, "{\"n\":1}") == 0, "attachment");
  if (devices[B].backends.signaling->caps & NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE) {
    it = wait_event(step, &devices[B2], 0, signal);
    expect(step, it->source == NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE, "source of what the other device receives");
  }
}

static void step_wrong_channel(void)
{
  const char *channel = new_channel();
  ask("join twice", OP(A, join), channel, NULL, NULL, NERTC_CALLKIT_CODE_ALREADY_MEMBER);
  ask("join nowhere", OP(A, join), "no-such-channel", NULL, NULL, NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS);
  ask("invite nowhere", OP(A, invite), "no-such-channel", account_b, "w", NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS);
  ask_either("invite as a stranger", OP(B, invite), channel, account_a, "w", NERTC_CALLKIT_CODE_NOT_MEMBER,
      no_channel);
  ask_either("leave as a stranger", OP(B, leave), channel, NULL, NULL, NERTC_CALLKIT_CODE_NOT_MEMBER, no_channel);
  ask_either("close as a stranger", OP(B, close), channel, NULL, NULL, NERTC_CALLKIT_CODE_NOT_MEMBER, no_channel);
  ask_either("accept of nothing", OP(B, accept), channel, account_a, "w", NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS,
             no_channel);
  ask("cancel of nothing", OP(A, cancel_invite), channel, account_b, "w", NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS);
  ask("close", OP(A, close), channel, NULL, NULL, 0);
  ask("join after close", OP(A, join), channel, NULL, NULL, NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS);
  ask("accept after close", OP(B, accept), channel, account_a, "w", NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS);
}

/* Texts in both directions arrive in the order in which they were sent, each once. */
static void step_control_order(const char *channel)
{
  enum { COUNT = 16 };
  int number;
  char text[32];
  for (number = 0; number < COUNT; number++) {
    snprintf(text, sizeof text, "{\"cid\":1001,\"n\":%d}", number);
    start(&devices[A], devices[A].backends.signaling->control, channel, account_b, NULL, text);
    start(&devices[B], devices[B].backends.signaling->control, channel, account_a, NULL, text);
  }
  for (number = 0; number < COUNT; number++) {
    snprintf(text, sizeof text, "{\"cid\":1001,\"n\":%d}", number);
    expect("order of controls", strcmp(wait_event("control", &devices[B], 0,
        NERTC_CALLKIT_SIGNAL_CONTROL)->custom_info,
                                       text) == 0, "not in order, or not once");
    expect("order of controls", strcmp(wait_event("control", &devices[A], 0,
        NERTC_CALLKIT_SIGNAL_CONTROL)->custom_info,
                                       text) == 0, "not in order, or not once");
  }
}

static void step_accept(void)
{
  const char *channel = invite("accepted");
  const struct operation *joined;
  const struct event *it;
  ask("accept", OP(B, accept), channel, account_a, "accepted", 0);
  wait_answer("accept", NERTC_CALLKIT_SIGNAL_ACCEPT, "accepted");
  ask("accept on the other device", OP(B2, accept), channel, account_a, "accepted",
      NERTC_CALLKIT_CODE_INVITE_ACCEPTED);
  ask("reject after accept", OP(B2, reject), channel, account_a, "accepted", NERTC_CALLKIT_CODE_INVITE_ACCEPTED);
  ask("cancel after accept", OP(A, cancel_invite), channel, account_b, "accepted",
      NERTC_CALLKIT_CODE_INVITE_ACCEPTED);
  joined = ask("join of the callee", OP(B, join), channel, NULL, NULL, 0);
  expect("join of the callee", joined->member_count == 2, "the members must be both");
  expect("join of the callee", joined->member_count != 2 || joined->uids[0] != joined->uids[1], "uids must differ");
  it = wait_event("join of the callee", &devices[A], 0, NERTC_CALLKIT_SIGNAL_JOIN);
  expect("join of the callee", strcmp(it->from, account_b) == 0, "from");
  ask_either("join of the other device", OP(B2, join), channel, NULL, NULL, NERTC_CALLKIT_CODE_OTHER_DEVICE,
             no_channel);
  if (devices[A].backends.signaling->control) {
    ask("control", OP(A, control), channel, account_b, NULL, 0);
    it = wait_event("control", &devices[B], 0, NERTC_CALLKIT_SIGNAL_CONTROL);
    expect("control", strcmp(it->custom_info, "{\"n\":1}") == 0, "text");
    step_control_order(channel);
  }
  ask("close", OP(A, close), channel, NULL, NULL, 0);
  wait_event("close", &devices[B], 0, NERTC_CALLKIT_SIGNAL_CLOSE);
}

static void step_leave(void)
{
  const char *channel = invite("left");
  const struct event *it;
  ask("accept", OP(B, accept), channel, account_a, "left", 0);
  wait_answer("accept", NERTC_CALLKIT_SIGNAL_ACCEPT, "left");
  ask("join of the callee", OP(B, join), channel, NULL, NULL, 0);
  wait_event("join of the callee", &devices[A], 0, NERTC_CALLKIT_SIGNAL_JOIN);
  ask("leave", OP(B, leave), channel, NULL, NULL, 0);
  it = wait_event("leave", &devices[A], 0, NERTC_CALLKIT_SIGNAL_LEAVE);
  expect("leave", strcmp(it->from, account_b) == 0, "from");
  ask_either("join again", OP(B, join), channel, NULL, NULL, 0, no_channel);
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

static void step_reject(void)
{
  const char *channel = invite("rejected");
  ask("reject", OP(B, reject), channel, account_a, "rejected", 0);
  wait_answer("reject", NERTC_CALLKIT_SIGNAL_REJECT, "rejected");
  ask("accept after reject", OP(B2, accept), channel, account_a, "rejected", NERTC_CALLKIT_CODE_INVITE_REJECTED);
  ask("cancel after reject", OP(A, cancel_invite), channel, account_b, "rejected",
      NERTC_CALLKIT_CODE_INVITE_REJECTED);
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

static void step_cancel(void)
{
  const char *channel = invite("cancelled");
  const struct event *it;
  ask("cancel", OP(A, cancel_invite), channel, account_b, "cancelled", 0);
  it = wait_event("cancel", &devices[B], 0, NERTC_CALLKIT_SIGNAL_CANCEL);
  expect("cancel", strcmp(it->request, "cancelled") == 0, "request id");
  wait_event("cancel", &devices[B2], 0, NERTC_CALLKIT_SIGNAL_CANCEL);
  ask("accept after cancel", OP(B, accept), channel, account_a, "cancelled", NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS);
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

struct racer {
  struct device *device;
  const char *channel;
  nertc_callkit_req req;
};

static void *race(void *argument)
{
  struct racer *racer = argument;
  racer->req = start(racer->device, racer->device->backends.signaling->accept, racer->channel, account_a, "race", "");
  return NULL;
}

static void step_first_accept_wins(void)
{
  const char *channel = invite("race");
  struct racer racers[2];
  pthread_t threads[2];
  int i, won = 0, lost = 0;
  for (i = 0; i < 2; i++) {
    racers[i].device = &devices[B + i];
    racers[i].channel = channel;
    pthread_create(&threads[i], NULL, race, &racers[i]);
  }
  for (i = 0; i < 2; i++) {
    int32_t code;
    pthread_join(threads[i], NULL);
    code = wait_done("race", racers[i].device, racers[i].req)->code;
    won += code == 0;
    lost += code == NERTC_CALLKIT_CODE_INVITE_ACCEPTED;
  }
  expect("two accepts at once", won == 1 && lost == 1, "one must win, the other be answered 10410");
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

/* A device that logged out may get an invite that still rings: from the backlog, or once more. */
static void step_logged_out(void)
{
  const char *channel;
  const struct operation *it;
  const nertc_callkit_req one = next(&devices[B]);
  nertc_callkit_req two;
  accepted("logout", &devices[B], devices[B].backends.signaling->logout(devices[B].backends.signaling_ctx, one));
  expect("logout", wait_done("logout", &devices[B], one)->code == 0, "failed");
  two = next(&devices[B2]);
  accepted("logout", &devices[B2], devices[B2].backends.signaling->logout(devices[B2].backends.signaling_ctx, two));
  expect("logout", wait_done("logout", &devices[B2], two)->code == 0, "failed");
  channel = new_channel();
  it = wait_done("invite", &devices[A],
                 start(&devices[A], devices[A].backends.signaling->invite, channel, account_b, "offline",
                     "{\"n\":1}"));
  expect("invite of somebody offline",
         it->code == 0 || it->code == NERTC_CALLKIT_CODE_PEER_OFFLINE ||
           it->code == NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE,
         "must be 10201 or 10202, or 0 of a service that does not know");
  ask("an operation while logged out", OP(B, create), NULL, NULL, NULL, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  login(&devices[B]);
  if (devices[B].backends.signaling->caps & NERTC_CALLKIT_SIGNALING_CAP_OFFLINE) {
    const struct event *event = wait_event("after logout", &devices[B], 0, NERTC_CALLKIT_SIGNAL_INVITE);
    expect("after logout", event->source != NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE, "source");
    expect("after logout", strcmp(event->request, "offline") == 0, "request id");
  }
  login(&devices[B2]);
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

/* A device that lost its connection and is back, with the same account and id, gets the messages since as one batch. */
static void step_away(void)
{
  const char *channel;
  if (!(devices[B2].backends.signaling->caps & NERTC_CALLKIT_SIGNALING_CAP_OFFLINE)) {
    return;
  }
  close_device(&devices[B2]);
  channel = new_channel();
  ask("invite", OP(A, invite), channel, account_b, "away", 0);
  wait_event("invite", &devices[B], 0, NERTC_CALLKIT_SIGNAL_INVITE);
  if (open_device(&devices[B2], account_b)) {
    const struct event *event = wait_event("backlog", &devices[B2], 0, NERTC_CALLKIT_SIGNAL_INVITE);
    expect("backlog", event->source == NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE, "source");
    expect("backlog", strcmp(event->request, "away") == 0, "request id");
    expect("backlog", strcmp(event->custom_info, "{\"n\":1}") == 0, "attachment");
  }
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

static void report_state(struct device *device, const char *channel, const char *request, int32_t state)
{
  nertc_callkit_signaling_args args = NERTC_CALLKIT_SIGNALING_ARGS_INIT;
  args.channel_id = channel;
  args.account = account_a;
  args.request_id = request;
  device->backends.signaling->invite_state(device->backends.signaling_ctx, &args, state);
}

/* The inviter is notified of a device that rings; of one that drops or holds the invite, it is not. */
static void step_invite_state(void)
{
  const char *channel;
  const struct event *it;
  if (!HAS_SLOT(devices[B].backends, invite_state)) {
    return;
  }
  channel = invite("rings");
  report_state(&devices[B2], channel, "rings", NERTC_CALLKIT_INVITE_HELD);
  report_state(&devices[B], channel, "rings", NERTC_CALLKIT_INVITE_RINGING);
  it = wait_event("invite_state", &devices[A], 0, NERTC_CALLKIT_SIGNAL_RINGING);
  expect("invite_state", strcmp(it->from, account_b) == 0 && strcmp(it->request, "rings") == 0, "from or request id");
  expect("invite_state", it->source == NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, "source");
  ask("accept", OP(B, accept), channel, account_a, "rings", 0);
  wait_answer("accept", NERTC_CALLKIT_SIGNAL_ACCEPT, "rings");
  expect("invite_state", count_events(&devices[A], 0, NERTC_CALLKIT_SIGNAL_RINGING) == 1, "HELD is no ringing");
  ask("close", OP(A, close), channel, NULL, NULL, 0);
  channel = invite("dropped");
  report_state(&devices[B], channel, "dropped", NERTC_CALLKIT_INVITE_DROPPED);
  report_state(&devices[B2], channel, "dropped", NERTC_CALLKIT_INVITE_RINGING);
  wait_event("invite_state", &devices[A], 0, NERTC_CALLKIT_SIGNAL_RINGING);
  ask("cancel", OP(A, cancel_invite), channel, account_b, "dropped", 0);
  wait_event("cancel", &devices[B2], 0, NERTC_CALLKIT_SIGNAL_CANCEL);
  expect("invite_state", count_events(&devices[A], 0, NERTC_CALLKIT_SIGNAL_RINGING) == 1, "DROPPED is no ringing");
  expect("invite_state", count_events(&devices[A], 0, NERTC_CALLKIT_SIGNAL_REJECT) == 0, "DROPPED is no answer");
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

/* An aborted login: completed once, and the device is not online until it logs in again. Without
 * the function the core logs out instead. */
static void step_abort_login(void)
{
  struct device *device = &devices[B2];
  nertc_callkit_req login_req, logout_req = next(device);
  const nertc_callkit_signaling *signaling = device->backends.signaling;
  accepted("logout", device, signaling->logout(device->backends.signaling_ctx, logout_req));
  wait_done("logout", device, logout_req);
  login_req = start_login(device);
  if (HAS_SLOT(device->backends, abort_login)) {
    signaling->abort_login(device->backends.signaling_ctx, login_req);
  } else {
    logout_req = next(device);
    accepted("logout", device, signaling->logout(device->backends.signaling_ctx, logout_req));
    wait_done("logout", device, logout_req);
  }
  wait_done("abort_login", device, login_req);
  ask("an operation after abort_login", OP(B2, create), NULL, NULL, NULL, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  login(device);
}

/* A token that was not requested changes nothing. */
static void step_set_token(void)
{
  const char *channel;
  if (!HAS_SLOT(devices[A].backends, set_token)) {
    return;
  }
  expect("set_token", devices[A].backends.signaling->set_token(devices[A].backends.signaling_ctx,
                                                            maker->token_a ? maker->token_a : "") == 0, "refused");
  channel = invite("token");
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

/* A record reaches the devices of its receiver, once each. */
static void step_record(void)
{
  nertc_callkit_record record = NERTC_CALLKIT_RECORD_INIT;
  const nertc_callkit_req req = next(&devices[A]);
  const char *channel;
  int device;
  if (!HAS_SLOT(devices[A].backends, send_record)) {
    accepted("send_record", &devices[A], NERTC_CALLKIT_CODE_UNSUPPORTED);
    return;
  }
  channel = new_channel();
  record.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  record.record_status = NERTC_CALLKIT_RECORD_TIMEOUT;
  record.client_msg_id = "check-record";
  record.to_account = account_b;
  record.channel_id = channel;
  record.text = "{\"type\":1,\"status\":4}";
  accepted("send_record", &devices[A],
           devices[A].backends.signaling->send_record(devices[A].backends.signaling_ctx, req, &record));
  expect("send_record", wait_done("send_record", &devices[A], req)->code == 0, "failed");
  for (device = B; device <= B2; device++) {
    const struct event *it = wait_event("send_record", &devices[device], 2, NERTC_CALLKIT_RECORD_TIMEOUT);
    expect("send_record", strcmp(it->from, account_a) == 0, "from");
    expect("send_record", strcmp(it->request, "check-record") == 0, "client_msg_id");
  }
  ask("close", OP(A, close), channel, NULL, NULL, 0);
}

/* A is the inviter. */
static nertc_callkit_req join_room(struct device *device, uint64_t uid)
{
  nertc_callkit_rtc_join args = NERTC_CALLKIT_RTC_JOIN_INIT;
  const nertc_callkit_req req = next(device);
  args.flags = device == &devices[A] ? NERTC_CALLKIT_RTC_JOIN_INVITER : 0;
  args.peer = device == &devices[A] ? account_b : account_a;
  args.call_id = "check-call";
  args.call_no = CALL;
  args.account = device->account;
  args.device_id = "check-device";
  pthread_mutex_lock(&lock);
  device->join = req;
  pthread_mutex_unlock(&lock);
  args.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  args.uid = uid;
  args.channel_name = "check-room";
  args.token = "";
  accepted("rtc join", device, device->backends.rtc->join(device->backends.rtc_ctx, req, &args));
  return req;
}

static int32_t push(struct device *device, int16_t value)
{
  int16_t samples[480];
  nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
  int i;
  for (i = 0; i < 480; i++) {
    samples[i] = (int16_t)(value + i);
  }
  frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame.planes[0] = samples;
  frame.strides[0] = sizeof samples;
  frame.sample_rate = 48000;
  frame.channels = 1;
  frame.samples = 480;
  return device->backends.rtc->push_frame(device->backends.rtc_ctx, &frame);
}

static nertc_callkit_req bits(struct device *device,
                              int32_t (*op)(void *, nertc_callkit_req, uint32_t, int32_t), int32_t on)
{
  const nertc_callkit_req req = next(device);
  accepted("media bits", device, op(device->backends.rtc_ctx, req, NERTC_CALLKIT_MEDIA_AUDIO, on));
  return req;
}

static void leave_room(struct device *device)
{
  const nertc_callkit_req req = next(device);
  accepted("rtc leave", device, device->backends.rtc->leave(device->backends.rtc_ctx, req));
  expect("rtc leave", wait_done("rtc leave", device, req)->code == 0, "failed");
  pthread_mutex_lock(&lock);
  device->join = 0;
  pthread_mutex_unlock(&lock);
}

static void step_frames(struct device *a, struct device *b)
{
  const struct timespec until = deadline(maker->patience_ms ? maker->patience_ms : 10000);
  int late = 0;
  expect("push_frame", push(a, 100) == 0, "refused");
  pthread_mutex_lock(&lock);
  while (b->frames == 0 && !late) {
    late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
  }
  expect("push_frame", !late, "the frame never came");
  expect("push_frame", late || b->frame_uid == 1001, "the frame must carry the sender's uid");
  pthread_mutex_unlock(&lock);
}

/* Delivers the texts of media backends to each other, as the core does, until one that offers was answered. */
static void step_texts(void)
{
  struct device *ends[2] = {&devices[A], &devices[B]};
  const struct timespec until = deadline(maker->patience_ms ? maker->patience_ms : 10000);
  char text[TEXT_BYTES];
  int late = 0, from;
  pthread_mutex_lock(&lock);
  while (!late && !(ends[0]->texts_taken && ends[1]->texts_taken)) {
    for (from = 0; from < 2 && ends[from]->texts_taken == ends[from]->text_count; from++) {
    }
    if (from == 2) {
      late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
      continue;
    }
    copy(text, sizeof text, ends[from]->texts[ends[from]->texts_taken++]);
    pthread_mutex_unlock(&lock);
    ends[!from]->backends.rtc->receive(ends[!from]->backends.rtc_ctx, ends[!from]->join, text);
    pthread_mutex_lock(&lock);
  }
  pthread_mutex_unlock(&lock);
  expect("send", ends[0]->texts_taken > 0, "the inviter offers nothing");
  expect("receive", ends[1]->texts_taken > 0, "an offer is not answered");
}

/* A prepares, again in another role, and discards, while B is in the room and must not notice. Then both
 * prepare what they join. */
static void step_prepare(struct device *a, struct device *b)
{
  const nertc_callkit_rtc *rtc = a->backends.rtc;
  int sent;
  if (!NERTC_CALLKIT_HAS(rtc, nertc_callkit_rtc, discard) || !rtc->prepare) {
    return;
  }
  expect("prepare", rtc->discard != NULL, "who prepares must discard");
  expect("rtc join", wait_done("rtc join", b, join_room(b, 1002))->code == 0, "failed");
  prepare(a, account_b, CALL - 2, 1);
  prepare(a, account_b, CALL - 2, 0);
  rtc->discard(a->backends.rtc_ctx, CALL - 2);
  prepare(a, account_b, CALL - 1, 1);
  leave_room(b); /* what reached it would have come before the completion */
  expect("prepare", count_events(b, 1, NERTC_CALLKIT_RTC_PEER_JOIN) == 0, "the peer noticed it");
  pthread_mutex_lock(&lock);
  sent = a->text_count;
  pthread_mutex_unlock(&lock);
  expect("prepare", sent == 0, "a text was sent before the join");
  rtc->discard(a->backends.rtc_ctx, CALL - 1);
  prepare(a, account_b, CALL, 1);
  prepare(b, account_a, CALL, 0);
}

static void step_media(void)
{
  struct device *a = &devices[A], *b = &devices[B];
  const nertc_callkit_rtc *rtc = a->backends.rtc;
  const struct event *it;
  int frames;
  step_prepare(a, b);
  expect("rtc join", wait_done("rtc join", a, join_room(a, 1001))->code == 0, "failed");
  expect("rtc join", wait_done("rtc join", b, join_room(b, 1002))->code == 0, "failed");
  if (rtc->caps & NERTC_CALLKIT_RTC_CAP_SIGNALS) {
    step_texts();
  }
  if (rtc->caps & NERTC_CALLKIT_RTC_CAP_NO_MEDIA) {
    leave_room(a);
    leave_room(b);
    return;
  }
  expect("rtc join", wait_event("rtc join", a, 1, NERTC_CALLKIT_RTC_PEER_JOIN)->uid == 1002, "uid of the peer");
  expect("rtc join", wait_event("rtc join", b, 1, NERTC_CALLKIT_RTC_PEER_JOIN)->uid == 1001, "uid of the peer");
  if (rtc->enable_local) {
    expect("enable_local", wait_done("enable_local", a, bits(a, rtc->enable_local, 1))->code == 0, "failed");
    it = wait_event("enable_local", b, 1, NERTC_CALLKIT_RTC_PEER_MEDIA);
    expect("enable_local", it->uid == 1001 && it->flags == 1 && (it->media & NERTC_CALLKIT_MEDIA_AUDIO), "the event");
  }
  if (rtc->push_frame) {
    step_frames(a, b);
  }
  if (rtc->mute_local) {
    expect("mute_local", wait_done("mute_local", a, bits(a, rtc->mute_local, 1))->code == 0, "failed");
    it = wait_event("mute_local", b, 1, NERTC_CALLKIT_RTC_PEER_MUTE);
    expect("mute_local", it->uid == 1001 && it->flags == 1, "the event");
    wait_done("mute_local", a, bits(a, rtc->mute_local, 0));
  }
  leave_room(b);
  it = wait_event("rtc leave", a, 1, NERTC_CALLKIT_RTC_PEER_LEAVE);
  expect("rtc leave", it->uid == 1002 && it->code == 0, "leaving on purpose has code 0");
  pthread_mutex_lock(&lock);
  frames = b->frames;
  pthread_mutex_unlock(&lock);
  if (rtc->push_frame) {
    push(a, 200);
    leave_room(a); /* whatever the frame did, it is over now */
    pthread_mutex_lock(&lock);
    expect("rtc leave", b->frames == frames, "a frame came after the leave was completed");
    pthread_mutex_unlock(&lock);
  } else {
    leave_room(a);
  }
}

/* A sends to B while B closes: nothing may reach B's sinks when close_backend has returned. */
static void *send_and_push(void *argument)
{
  const char *channel = argument;
  int i;
  for (i = 0; i < 50; i++) {
    start(&devices[A], devices[A].backends.signaling->invite, channel, account_b, "barrier", "");
    if (devices[A].backends.rtc->push_frame) {
      push(&devices[A], 0);
    }
  }
  return NULL;
}

static void step_barrier(void)
{
  char channel[NAME];
  pthread_t thread;
  nertc_callkit_req req;
  copy(channel, NAME, new_channel());
  wait_done("rtc join", &devices[A], join_room(&devices[A], 1001));
  wait_done("rtc join", &devices[B], join_room(&devices[B], 1002));
  if (devices[A].backends.rtc->enable_local) {
    wait_done("enable_local", &devices[A], bits(&devices[A], devices[A].backends.rtc->enable_local, 1));
  }
  if (NERTC_CALLKIT_HAS(devices[B2].backends.rtc, nertc_callkit_rtc, prepare) && devices[B2].backends.rtc->prepare) {
    prepare(&devices[B2], account_a, CALL, 0); /* closed without a discard */
  }
  pthread_create(&thread, NULL, send_and_push, channel);
  close_device(&devices[B]);
  pthread_join(thread, NULL);
  for (req = 1; req <= devices[A].last; req++) {
    wait_done("barrier", &devices[A], req);
  }
}

int check_backend(const struct check_backend_maker *with)
{
  nertc_callkit_backends unopened = NERTC_CALLKIT_BACKENDS_INIT;
  int before;
  maker = with;
  broken = 0;
  /* Backends that no client owns are released without ever having been opened. */
  if (!maker->make(maker->context, &unopened)) {
    complain("make", "no backends");
    return broken;
  }
  release(&unopened);
  if (!open_device(&devices[A], account_a) || !open_device(&devices[B], account_b) ||
      !open_device(&devices[B2], account_b)) {
    return broken;
  }
  step_wrong_channel();
  step_accept();
  step_leave();
  step_reject();
  step_cancel();
  step_first_accept_wins();
  step_logged_out();
  step_away();
  step_invite_state();
  step_abort_login();
  step_set_token();
  step_record();
  step_media();
  before = broken;
  step_barrier();
  expect("barrier", broken == before, "see above");
  close_device(&devices[A]);
  close_device(&devices[B2]);
  return broken;
}
