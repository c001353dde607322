/*
 * reentrancy.c: the matrix. Every exported function inside every callback, with both deliveries, and on a
 * second thread while that callback runs: nothing hangs, the result is as documented, each request completes
 * once, and another call can be made afterwards.
 */
#include "functions.h"
#include "client.h"
#include "intercept.h"

/* What causes the callback. alice and bob are logged in, unless the row differs. */
struct stage {
  struct client *alice, *bob, *tablet;
  nertc_callkit_hub *hub;
};

struct row {
  const char *word;  /* the callback, as the recorder writes it */
  const char *who;   /* whose */
  void (*play)(struct stage *stage);
  int32_t confirm_to_video;
  uint32_t ring_ms;
  int app_only, logged_out, has_tablet, has_tap;
};

static const struct row *row;
static const struct function *function;
static struct tally tally;
static struct stage stage;
/* alice's backends, where the loopback has no fault for what a row needs. */
static struct intercept intercept;
static nertc_callkit_backends tapped;
static int32_t delivery;
/* 1: the callback began; 2: it is about to return. */
static int hit;
static int released, rows_played;
static pthread_t second;

/* ---- inside the callback ------------------------------------------------------------------------------ */

static int is_closed(void)
{
  return strcmp(row->word, "released") == 0;
}

/* What a function may answer, apart from REENTRANT. */
static int is_documented(int32_t answer)
{
  if (function->kind != NO_KIT && is_closed()) {
    /* Until `released` has run the client still accepts dispatch, and so refuses it as any other. */
    return answer == NERTC_CALLKIT_STATUS_CLOSED ||
           (strcmp(function->name, "dispatch") == 0 && answer == NERTC_CALLKIT_STATUS_REENTRANT);
  }
  if (strcmp(function->name, "get_event_handle") == 0) {
    return answer == (delivery == NERTC_CALLKIT_DELIVERY_APP ? 0 : NERTC_CALLKIT_STATUS_UNSUPPORTED);
  }
  if (strcmp(function->name, "push_frame") == 0) {
    return answer == 0 || answer == NERTC_CALLKIT_STATUS_CLOSED || answer == NERTC_CALLKIT_STATUS_UNSUPPORTED;
  }
  return strcmp(function->name, "get_state") == 0 ? answer >= 0 : answer == 0;
}

static void call_here(nertc_callkit *kit)
{
  const int32_t answer = function->run(kit, &tally);
  const int fits = function->kind == WAITS && !is_closed() ? answer == NERTC_CALLKIT_STATUS_REENTRANT
                                                           : is_documented(answer);
  if (!fits) {
    FAIL("%s inside %s of %s answers %d", function->name, row->word, row->who, (int)answer);
  }
}

/* Another thread meanwhile: what it may answer depends on what the first has done. */
static void *call_there(void *kit)
{
  const int32_t answer = function->run(kit, &tally);
  const int is_dispatch = strcmp(function->name, "dispatch") == 0;
  const int is_closed_now = answer == NERTC_CALLKIT_STATUS_CLOSED && function->kind != NO_KIT;
  const int fits = is_documented(answer) || is_closed_now ||
                   (is_dispatch && (answer >= 0 || answer == NERTC_CALLKIT_STATUS_REENTRANT ||
                                    answer == NERTC_CALLKIT_STATUS_UNSUPPORTED));
  if (!fits) {
    FAIL("%s on another thread during %s answers %d", function->name, row->word, (int)answer);
  }
  return NULL;
}

/* The callback under test: calls the function, has it called, and continues. */
static void call_from_callback(struct client *own, struct client *other)
{
  pthread_mutex_lock(&check_lock);
  if (hit) {
    pthread_mutex_unlock(&check_lock);
    return;
  }
  hit = 1;
  pthread_mutex_unlock(&check_lock);
  call_here(own->kit);
  if (function->kind == WAITS && other) {
    CHECK_INT(function->run(other->kit, &tally), NERTC_CALLKIT_STATUS_REENTRANT);
  }
  CHECK_INT(pthread_create(&second, NULL, call_there, own->kit), 0);
  if (strcmp(function->name, "destroy") != 0) {
    CHECK_INT(pthread_join(second, NULL), 0);
  }
  change(&hit, 1);
}

static void on_callback(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(client->account, row->who) == 0 && strcmp(word, row->word) == 0 &&
      (!row->has_tablet || client->setup.device)) {
    call_from_callback(client, client == stage.alice ? stage.bob : stage.alice);
  }
}

static void on_frame(nertc_callkit *kit, const char *user, const nertc_callkit_frame *frame, void *user_data)
{
  (void)user;
  CHECK(((struct client *)user_data)->kit == kit && frame->media == NERTC_CALLKIT_MEDIA_AUDIO);
  if (strcmp(row->word, "on_frame") == 0) {
    call_from_callback(user_data, stage.bob);
  }
}

static void on_wakeup(void *user_data)
{
  if (strcmp(row->word, "on_wakeup") == 0 && strcmp(((struct client *)user_data)->account, row->who) == 0) {
    call_from_callback(user_data, stage.bob);
  }
}

static void on_released(void *user_data)
{
  call_from_callback(user_data, stage.bob);
  change(&released, 1);
}

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  CHECK(level > 0 && text[0]);
  if (strcmp(row->word, "log") == 0 && stage.alice) {
    call_from_callback(stage.alice, stage.bob);
  }
}

/* ---- what brings it about ----------------------------------------------------------------------------- */

#define ASK(client, name, ...) CHECK_OK(nertc_callkit_##name((client)->kit, __VA_ARGS__, client_done, client))

static void call(struct stage *it)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  ASK(it->alice, call, &options);
}

static void ring(struct stage *it)
{
  call(it);
  client_until(it->alice, "done(call,0)");
  client_until(it->bob, "on_invited");
  if (it->tablet) {
    client_until(it->tablet, "on_invited");
  }
}

static void connect(struct stage *it)
{
  ring(it);
  ASK(it->bob, accept, NULL);
  client_until(it->alice, "on_call_connected");
  client_until(it->bob, "on_call_connected");
}

static void play_login(struct stage *it)
{
  ASK(it->alice, login, "alice", "token");
}

static void play_failing_login(struct stage *it)
{
  CHECK_OK(nertc_callkit_accept(it->alice->kit, NULL, NULL, NULL));
}

static void play_accept(struct stage *it)
{
  ring(it);
  ASK(it->bob, accept, NULL);
}

static void play_reject(struct stage *it)
{
  ring(it);
  ASK(it->bob, reject, NULL, NULL);
}

static void play_cancel(struct stage *it)
{
  ring(it);
  ASK(it->alice, cancel, NULL, NULL);
}

static void play_hangup(struct stage *it)
{
  connect(it);
  ASK(it->alice, hangup, NULL, NULL);
}

static void play_leave(struct stage *it)
{
  connect(it);
  ASK(it->alice, leave, NULL, NULL);
}

static void play_logout(struct stage *it)
{
  connect(it);
  CHECK_OK(nertc_callkit_logout(it->alice->kit, client_done, it->alice));
}

static void play_vanish(struct stage *it)
{
  connect(it);
  fault(it->hub, CRASH, NOW, "bob", 0);
}

static void play_kick(struct stage *it)
{
  connect(it);
  fault(it->hub, KICK, NOW, "alice", 0);
}

static void play_sound(struct stage *it)
{
  connect(it);
  ASK(it->bob, enable_local, NERTC_CALLKIT_MEDIA_AUDIO, 1);
}

static void play_picture(struct stage *it)
{
  connect(it);
  ASK(it->bob, enable_local, NERTC_CALLKIT_MEDIA_VIDEO, 1);
}

static void play_mute(struct stage *it)
{
  connect(it);
  ASK(it->bob, enable_local, NERTC_CALLKIT_MEDIA_AUDIO | NERTC_CALLKIT_MEDIA_VIDEO, 1);
  client_until(it->bob, "done(enable_local,0)");
  ASK(it->bob, mute_local, NERTC_CALLKIT_MEDIA_AUDIO | NERTC_CALLKIT_MEDIA_VIDEO, 1);
}

static void play_mute_remote(struct stage *it)
{
  connect(it);
  ASK(it->bob, mute_remote, NERTC_CALLKIT_MEDIA_AUDIO, 1);
}

static void play_switch(struct stage *it)
{
  connect(it);
  ASK(it->alice, switch_call_type, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
}

static void play_data(struct stage *it)
{
  connect(it);
  ASK(it->alice, send_data, NULL, "{}");
}

/* bob misses a call while he is logged out. */
static void play_missed(struct stage *it)
{
  client_login(it->alice);
  client_login(it->bob);
  CHECK_OK(nertc_callkit_logout(it->bob->kit, client_done, it->bob));
  client_until(it->bob, "done(logout,0)");
  call(it);
  client_until(it->alice, "done(call,0)");
  ASK(it->alice, cancel, NULL, NULL);
  client_until(it->alice, "on_call_end(11)");
  ASK(it->bob, login, "bob", "token");
}

static void play_frame(struct stage *it)
{
  nertc_callkit_frame frame;
  connect(it);
  ASK(it->bob, enable_local, NERTC_CALLKIT_MEDIA_AUDIO, 1);
  client_until(it->alice, "on_audio_available(1)");
  sound(&frame);
  CHECK_OK(nertc_callkit_push_frame(it->bob->kit, &frame));
}

static void play_release(struct stage *it)
{
  connect(it);
  CHECK_OK(nertc_callkit_release(it->alice->kit, on_released, it->alice));
  while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(it->alice->kit, -1) >= 0) {
  }
}

static void play_lost_signaling(struct stage *it)
{
  connect(it);
  intercept_connection(&intercept, NERTC_CALLKIT_CONNECTION_LOST);
  intercept_connection(&intercept, NERTC_CALLKIT_CONNECTION_RESTORED);
}

static void play_quality(struct stage *it)
{
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  connect(it);
  CHECK_OK(nertc_callkit_get_call_info(it->alice->kit, &info));
  intercept_rtc_event(&intercept, NERTC_CALLKIT_RTC_QUALITY, info.peer_uid, NERTC_CALLKIT_QUALITY_POOR);
}

static void play_log(struct stage *it)
{
  int32_t answer;
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_DEBUG, 0, on_log, NULL));
  /* The first line comes while this runs, on this thread, and the function may close the client. */
  answer = nertc_callkit_login(it->alice->kit, "alice", "token", client_done, it->alice);
  CHECK(answer == NERTC_CALLKIT_STATUS_OK || answer == NERTC_CALLKIT_STATUS_CLOSED);
}

static const struct row rows[] = {
  {"done(login,0)", "alice", play_login, .logged_out = 1},
  {"done(call,0)", "alice", call},
  {"on_invited", "bob", call},
  {"done(accept,0)", "bob", play_accept},
  {"on_user_accept", "alice", play_accept},
  {"on_user_enter", "alice", play_accept},
  {"on_user_enter", "bob", play_accept},
  {"on_call_connected", "alice", play_accept},
  {"on_user_reject", "alice", play_reject},
  {"on_message_sent(3)", "alice", play_reject},
  {"done(reject,0)", "bob", play_reject},
  {"on_call_end(13)", "bob", play_reject},
  {"on_call_end(14)", "alice", play_reject},
  {"done(cancel,0)", "alice", play_cancel},
  {"on_user_cancel", "bob", play_cancel},
  {"on_call_end(12)", "bob", play_cancel},
  {"on_call_end(11)", "alice", play_cancel},
  {"on_calling_timeout", "alice", call, .ring_ms = 100},
  {"on_user_busy", "bob", call, .ring_ms = 100},
  {"on_call_end(2)", "alice", call, .ring_ms = 100},
  {"done(hangup,0)", "alice", play_hangup},
  {"on_call_end(15)", "alice", play_hangup},
  {"on_call_end(16)", "bob", play_hangup},
  {"done(leave,0)", "alice", play_leave},
  {"on_user_leave", "bob", play_leave},
  {"done(logout,0)", "alice", play_logout},
  {"on_call_end(0)", "alice", play_logout},
  {"on_user_disconnect", "alice", play_vanish},
  {"on_kicked", "alice", play_kick},
  {"on_disconnect", "alice", play_kick},
  {"on_call_end(8)", "alice", play_kick},
  {"on_audio_available(1)", "alice", play_sound},
  {"done(enable_local,0)", "bob", play_sound},
  {"on_camera_available(1)", "alice", play_picture},
  {"on_audio_muted(1)", "alice", play_mute},
  {"on_video_muted(1)", "alice", play_mute},
  {"done(mute_local,0)", "bob", play_mute},
  {"done(mute_remote,0)", "bob", play_mute_remote},
  {"done(switch_call_type,0)", "alice", play_switch},
  {"done(send_data,0)", "alice", play_data},
  {"on_data({})", "bob", play_data},
  {"on_call_type_change(2)", "bob", play_switch},
  {"on_call_type_request(1)", "bob", play_switch, .confirm_to_video = 1},
  {"on_other_client_accept", "bob", play_accept, .has_tablet = 1},
  {"on_other_client_reject", "bob", play_reject, .has_tablet = 1},
  {"on_missed_call(1)", "bob", play_missed, .logged_out = 1},
  {"on_error(accept,20017)", "alice", play_failing_login},
  {"on_reconnecting(1)", "alice", play_lost_signaling, .has_tap = 1},
  {"on_reconnected(1)", "alice", play_lost_signaling, .has_tap = 1},
  {"on_network_quality(2)", "alice", play_quality, .has_tap = 1},
  {"on_frame", "alice", play_frame},
  {"on_wakeup", "alice", play_login, .app_only = 1, .logged_out = 1},
  {"released", "alice", play_release},
  {"log", "alice", play_log, .logged_out = 1},
};

/* ---- a cell ------------------------------------------------------------------------------------------- */

static void set_stage(void)
{
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  struct setup setup = {0};
  timers.destroy_wait_ms = 20; /* who vanished does not log out */
  timers.ring_ms = row->ring_ms;
  timers.ring_grace_ms = row->ring_ms ? 1 : 0;
  CHECK_OK(nertc_callkit_hub_create(0, &stage.hub));
  setup.hub = stage.hub;
  setup.delivery = delivery;
  setup.timers = &timers;
  setup.media = 1;
  setup.confirm_to_video = row->confirm_to_video;
  setup.on_callback = on_callback;
  setup.on_frame = on_frame;
  setup.on_wakeup = on_wakeup;
  if (row->has_tap) {
    intercept_init(&intercept, stage.hub, &tapped);
    setup.backends = &tapped;
  }
  stage.alice = client_new("alice", &setup);
  setup.backends = NULL;
  stage.bob = client_new("bob", &setup);
  setup.device = "tablet";
  stage.tablet = row->has_tablet ? client_new("bob", &setup) : NULL;
  if (!row->logged_out) {
    client_login(stage.alice);
    client_login(stage.bob);
    if (stage.tablet) {
      client_login(stage.tablet);
    }
  }
}

static int has_struck(void *unused)
{
  (void)unused;
  return hit == 2;
}

/* Ends a client, whatever has happened to it: destroyed, released by the function, or alive. */
static void end_client(struct client *client)
{
  const int32_t status = nertc_callkit_destroy(client->kit);
  if (status != NERTC_CALLKIT_STATUS_OK) {
    CHECK_INT(status, NERTC_CALLKIT_STATUS_CLOSED);
    while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(client->kit, -1) >= 0) {
    }
  }
}

static int all_done(void *unused)
{
  int i;
  (void)unused;
  for (i = 0; i < tally.count; i++) {
    if (tally.requests[i].done < tally.requests[i].accepted) {
      return 0;
    }
  }
  return strcmp(row->word, "released") != 0 || released;
}

static void join_second(void)
{
  if (strcmp(function->name, "destroy") == 0) {
    CHECK_INT(pthread_join(second, NULL), 0);
  }
}

static void cell(void)
{
  memset(&tally, 0, sizeof tally);
  memset(&stage, 0, sizeof stage);
  hit = released = 0;
  set_stage();
  row->play(&stage);
  if (!check_wait(has_struck, NULL)) {
    FAIL("%s inside %s of %s: hangs, or the callback never came", function->name, row->word, row->who);
  }
  join_second();
  end_client(stage.alice);
  end_client(stage.bob);
  if (stage.tablet) {
    end_client(stage.tablet);
  }
  WAIT_UNTIL(all_done, NULL);
  check_tally(&tally);
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
  CHECK_OK(nertc_callkit_hub_release(stage.hub));
}

/* A client that was released, not destroyed, may still be in a callback: they are freed all at once, later. */
static void free_clients(void)
{
  while (check_clients) {
    client_free(check_clients);
  }
}

static void one_row(void)
{
  /* Where each cell takes long, REENTRANCY=diagonal plays one cell a row, and so each function. */
  const char *part = getenv("REENTRANCY");
  const int is_whole = !part || strcmp(part, "diagonal") != 0;
  int i, first = 0, last = function_count - 1;
  if (!is_whole) {
    first = last = rows_played++ % function_count;
  }
  for (i = first; i <= last; i++) {
    struct pair pair;
    function = &functions[i];
    cell();
    pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
    pair_connect(&pair);
    client_destroy(pair.alice, "on_call_end(0)");
    client_expect(pair.bob, "on_call_end(16)");
    client_destroy(pair.bob, "");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));
    free_clients();
  }
}

int main(void)
{
  size_t i;
  RUN(check_functions_are_complete);
  for (delivery = NERTC_CALLKIT_DELIVERY_WORKER; delivery <= NERTC_CALLKIT_DELIVERY_APP; delivery++) {
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      row = &rows[i];
      if (delivery == NERTC_CALLKIT_DELIVERY_APP || !row->app_only) {
        char name[96];
        snprintf(name, sizeof name, "%s of %s, %s", row->word, row->who, delivery ? "APP" : "WORKER");
        run_test(name, one_row);
      }
    }
  }
  return 0;
}
