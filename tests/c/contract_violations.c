/*
 * contract_violations.c: a session with every operation in it, one of which goes wrong in each possible
 * way. In every case: each accepted request completes once, each call ends once (checked by the
 * recorder), the client is idle again and makes a successful call with the same backend, and the backend is
 * opened, closed and released as often as promised.
 */
#include "functions.h"
#include "client.h"
#include "intercept.h"

static nertc_callkit_hub *hub;
static nertc_callkit_backends backends;
static nertc_callkit_timers timers;
static struct intercept intercept;
static struct tally tally;
static struct client *alice, *bob;

#define ASK(name, ...) \
  do { \
    struct request *request = tally_expect(&tally); \
    tally_offered(request, nertc_callkit_##name(alice->kit, __VA_ARGS__, tally_done, request)); \
  } while (0)

static const char *cell_name(int op, int act)
{
  static const char *const ops[] = {"login", "logout", "create", "join", "invite", "cancel", "accept",
    "reject", "leave", "close", "control", "record", "rtc join", "rtc leave"};
  static const char *const acts[] = {"passes", "is refused", "never completes", "completes twice",
    "fails inside", "completes late", "completes another", "is not UTF-8", "is huge", "has no room"};
  static char name[64];
  snprintf(name, sizeof name, "%s %s", ops[op], acts[act]);
  return name;
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

static int all_done(void *unused)
{
  int i;
  (void)unused;
  for (i = 0; i < tally.count; i++) {
    if (tally.requests[i].done < tally.requests[i].accepted) {
      return 0;
    }
  }
  return 1;
}

/* Idle, and the callbacks delivered: the state may be ahead of them. */
static int both_idle(void *unused)
{
  int i;
  (void)unused;
  for (i = 0; i < tally.count; i++) {
    if (tally.requests[i].call_no > alice->ended) {
      return 0;
    }
  }
  return all_done(NULL) && alice->call_no <= alice->ended && bob->call_no <= bob->ended &&
         nertc_callkit_get_state(alice->kit) == NERTC_CALLKIT_STATE_IDLE &&
         nertc_callkit_get_state(bob->kit) == NERTC_CALLKIT_STATE_IDLE;
}

/* Ends the live call and waits until there is none. */
static void settle(void)
{
  if (nertc_callkit_get_state(alice->kit) != NERTC_CALLKIT_STATE_IDLE) {
    ASK(hangup, NULL, NULL);
  }
  if (nertc_callkit_get_state(bob->kit) != NERTC_CALLKIT_STATE_IDLE) {
    CHECK_OK(nertc_callkit_hangup(bob->kit, NULL, NULL, NULL, NULL));
  }
  WAIT_UNTIL(both_idle, NULL);
}

/* Whether a client has recorded `label`, or a longer one, since its label number `from`. */
static int was_recorded(const struct client *client, unsigned from, const char *word)
{
  unsigned i;
  for (i = from; i < client->count; i++) {
    if (strncmp(client->words[i], word, strlen(word)) == 0) {
      return 1;
    }
  }
  return 0;
}

struct attempt {
  struct client *caller, *called;
  unsigned caller_from, called_from;
};

static struct attempt attempt_from(struct client *caller, struct client *called)
{
  struct attempt attempt;
  attempt.caller = caller;
  attempt.called = called;
  pthread_mutex_lock(&check_lock);
  attempt.caller_from = caller->count;
  attempt.called_from = called->count;
  pthread_mutex_unlock(&check_lock);
  return attempt;
}

static int is_answered(void *argument)
{
  const struct attempt *it = argument;
  return was_recorded(it->caller, it->caller_from, "done(call,");
}

static int rings_or_ended(void *argument)
{
  const struct attempt *it = argument;
  return was_recorded(it->called, it->called_from, "on_invited") ||
         was_recorded(it->caller, it->caller_from, "on_call_end");
}

static int is_connected_or_ended(void *argument)
{
  const struct attempt *it = argument;
  return was_recorded(alice, it->caller_from, "on_call_connected") ||
         was_recorded(alice, it->caller_from, "on_call_end");
}

/* alice calls, or is called; true if it got so far that the called side rings. */
static int rings(int outgoing)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  struct attempt attempt;
  int has_rung;
  settle();
  options.user_id = outgoing ? "bob" : "alice";
  attempt = outgoing ? attempt_from(alice, bob) : attempt_from(bob, alice);
  if (outgoing) {
    ASK(call, &options);
    WAIT_UNTIL(all_done, NULL);
    if (tally.requests[tally.count - 1].code != NERTC_CALLKIT_CODE_OK) {
      return 0;
    }
  } else {
    CHECK_OK(nertc_callkit_call(bob->kit, &options, client_done, bob));
    WAIT_UNTIL(is_answered, &attempt);
  }
  WAIT_UNTIL(rings_or_ended, &attempt);
  pthread_mutex_lock(&check_lock);
  has_rung = was_recorded(attempt.called, attempt.called_from, "on_invited");
  pthread_mutex_unlock(&check_lock);
  return has_rung;
}

/* ---- a session ----------------------------------------------------------------------------------------- */

/* Every operation of both backends is issued at least once. */
static void live(void)
{
  struct attempt attempt;
  if (rings(1)) {
    attempt = attempt_from(alice, bob);
    CHECK_OK(nertc_callkit_accept(bob->kit, NULL, NULL, NULL));
    WAIT_UNTIL(is_connected_or_ended, &attempt);
    ASK(switch_call_type, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
    ASK(hangup, NULL, NULL);
  }
  if (rings(1)) {
    ASK(cancel, NULL, NULL);
  }
  if (rings(0)) {
    ASK(reject, NULL, NULL);
  }
  if (rings(0)) {
    attempt = attempt_from(alice, bob);
    ASK(accept, NULL);
    WAIT_UNTIL(is_connected_or_ended, &attempt);
    ASK(leave, NULL, NULL);
  }
  settle();
  {
    struct request *request = tally_expect(&tally);
    tally_offered(request, nertc_callkit_logout(alice->kit, tally_done, request));
  }
  WAIT_UNTIL(all_done, NULL);
}

static void set_stage(void)
{
  const nertc_callkit_timers defaults = NERTC_CALLKIT_TIMERS_INIT;
  struct setup setup = {0};
  timers = defaults;
  /* A faulty answer runs into them; a correct one must keep them, on a busy machine too. */
  timers.request_ms = timers.operation_ms = timers.rtc_leave_ms = 150;
  timers.rtc_connect_ms = timers.switch_ms = timers.glare_ms = 300;
  timers.teardown_ms = timers.destroy_wait_ms = timers.peer_leave_ms = 150;
  timers.ring_ms = 1000;
  memset(&tally, 0, sizeof tally);
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  intercept_init(&intercept, hub, &backends);
  intercept.code = 500;
  setup.timers = &timers;
  setup.hub = hub;
  bob = client_new("bob", &setup);
  setup.backends = &backends;
  timers.login_ms = 150; /* bob's backends are correct */
  alice = client_new("alice", &setup);
  client_login(bob);
}

static void clear_stage(int is_open)
{
  CHECK_OK(nertc_callkit_destroy(alice->kit));
  CHECK_OK(nertc_callkit_destroy(bob->kit));
  check_tally(&tally);
  CHECK_INT(intercept.opened, is_open ? 2 : 0);
  CHECK_INT(intercept.closed, intercept.opened);
  CHECK_INT(intercept.released, 2);
  client_free(alice);
  client_free(bob);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

static void log_in(void)
{
  ASK(login, "alice", NULL);
  WAIT_UNTIL(all_done, NULL);
}

static int op, act;

static void violation(void)
{
  set_stage();
  if (op != INTERCEPT_LOGIN) {
    log_in();
  }
  intercept.act[op] = (enum intercept_act)act;
  log_in();
  live();
  CHECK(intercept.asked[op] > 0 && intercept.act[op] == INTERCEPT_PASS); /* the fault was injected */
  if (intercept.late) {
    intercept_complete_late(&intercept);
  }
  intercept.act[op] = INTERCEPT_PASS;
  log_in();
  CHECK_INT(tally.requests[tally.count - 1].code, NERTC_CALLKIT_CODE_OK);
  CHECK(rings(1));
  settle();
  clear_stage(1);
}

static void every_violation(void)
{
  for (op = 0; op < INTERCEPT_OPS; op++) {
    for (act = INTERCEPT_REFUSE; act <= INTERCEPT_NULL_ROOM; act++) {
      run_test(cell_name(op, act), violation);
    }
  }
}

/* The backend has died: it takes every operation, and never answers again. */
static void the_backend_dies(void)
{
  int i;
  set_stage();
  log_in();
  for (i = 0; i < 8; i++) {
    int it;
    for (it = 0; it < INTERCEPT_OPS; it++) {
      intercept.act[it] = INTERCEPT_NEVER;
    }
    if (i == 0) {
      live();
    } else {
      log_in();
    }
  }
  clear_stage(1);
}

/* ---- backends that create refuses ------------------------------------------------------------------------ */

#define SIGNALING(slot) offsetof(nertc_callkit_signaling, slot)
#define RTC(slot) offsetof(nertc_callkit_rtc, slot)

static void refused(nertc_callkit_status why)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  config.backends = &backends;
  CHECK_INT(nertc_callkit_create(&config, &kit), why);
  CHECK(!kit);
}

static void a_bad_vtable_is_refused_and_stays_the_callers(void)
{
  static const size_t signaling[] = {SIGNALING(open), SIGNALING(login), SIGNALING(logout), SIGNALING(create),
    SIGNALING(join), SIGNALING(invite), SIGNALING(cancel_invite), SIGNALING(accept), SIGNALING(reject),
    SIGNALING(leave), SIGNALING(close)};
  static const size_t rtc[] = {RTC(open), RTC(join), RTC(leave)};
  struct intercept good;
  size_t i;
  intercept_init(&intercept, NULL, &backends);
  good = intercept;
  for (i = 0; i < sizeof signaling / sizeof signaling[0]; i++) {
    memset((char *)&intercept.signaling + signaling[i], 0, sizeof(void *));
    refused(NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
    intercept.signaling = good.signaling;
  }
  for (i = 0; i < sizeof rtc / sizeof rtc[0]; i++) {
    memset((char *)&intercept.rtc + rtc[i], 0, sizeof(void *));
    refused(NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
    intercept.rtc = good.rtc;
  }
  intercept.signaling.abi = NERTC_CALLKIT_ABI + 1;
  refused(NERTC_CALLKIT_STATUS_UNSUPPORTED);
  intercept.signaling = good.signaling;
  intercept.rtc.abi = NERTC_CALLKIT_ABI + 1;
  refused(NERTC_CALLKIT_STATUS_UNSUPPORTED);
  intercept.rtc = good.rtc;
  intercept.rtc.struct_size = 4;
  refused(NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  intercept.rtc = good.rtc;
  CHECK_INT(intercept.opened + intercept.closed + intercept.released, 0);
  backends.signaling->release(backends.signaling_ctx);
  backends.rtc->release(backends.rtc_ctx);
}

/* Refused by open: never closed, still released. Never logged in: never opened. */
static void what_was_not_opened_is_not_closed(void)
{
  set_stage();
  clear_stage(0);
  set_stage();
  intercept.refuse_open = 77;
  log_in();
  CHECK_INT(tally.requests[0].code, 77);
  clear_stage(0);
  set_stage();
  intercept.refuse_open_rtc = 78;
  log_in();
  CHECK_INT(tally.requests[0].code, 78);
  CHECK_OK(nertc_callkit_destroy(alice->kit));
  CHECK_OK(nertc_callkit_destroy(bob->kit));
  CHECK_INT(intercept.opened, 1);
  CHECK_INT(intercept.closed, 1);
  CHECK_INT(intercept.released, 2);
  client_free(alice);
  client_free(bob);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

/* ---- calls to sinks ------------------------------------------------------------------------------------ */

static void structs_of_every_size(void)
{
  static const uint32_t sizes[] = {0, 1, 4, 7, 4097, UINT32_MAX};
  size_t i;
  set_stage();
  log_in();
  CHECK(rings(1));
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    nertc_callkit_signaling_event event = NERTC_CALLKIT_SIGNALING_EVENT_INIT;
    nertc_callkit_channel channel = NERTC_CALLKIT_CHANNEL_INIT;
    nertc_callkit_signaling_connection connection = NERTC_CALLKIT_SIGNALING_CONNECTION_INIT;
    nertc_callkit_rtc_event rtc = NERTC_CALLKIT_RTC_EVENT_INIT;
    nertc_callkit_channel_state room = NERTC_CALLKIT_CHANNEL_STATE_INIT;
    const nertc_callkit_signaling_event *events[2];
    const nertc_callkit_channel_state *rooms[1];
    event.signal = NERTC_CALLKIT_SIGNAL_CLOSE;
    event.channel = &channel;
    event.from_account = "bob";
    channel.channel_id = alice->channel_id;
    events[0] = &event;
    events[1] = NULL;
    rooms[0] = &room;
    room.channel = &channel;
    channel.struct_size = sizes[i];
    CHECK_INT(intercept.core.events(intercept.core.ctx, 0, events, 2), 0);
    CHECK_INT(intercept.core.channel_states(intercept.core.ctx, rooms, 1), 0);
    channel.struct_size = sizeof channel;
    event.struct_size = sizes[i];
    room.struct_size = sizes[i];
    connection.struct_size = sizes[i];
    connection.type = NERTC_CALLKIT_CONNECTION_KICKED;
    rtc.struct_size = sizes[i];
    rtc.type = NERTC_CALLKIT_RTC_DISCONNECTED;
    CHECK_INT(intercept.core.events(intercept.core.ctx, 0, events, 2), 0);
    CHECK_INT(intercept.core.channel_states(intercept.core.ctx, rooms, 1), 0);
    CHECK_INT(intercept.core.connection(intercept.core.ctx, &connection), 0);
    CHECK_INT(intercept.core_rtc.event(intercept.core_rtc.ctx, &rtc), 0);
  }
  /* The call rings as before. */
  CHECK_INT(nertc_callkit_get_state(alice->kit), NERTC_CALLKIT_STATE_CALLING);
  settle();
  clear_stage(1);
}

static int is_blocking, go_on;

static void block(struct client *client, const char *word, const void *event)
{
  (void)client;
  (void)event;
  if (strncmp(word, "done(hangup", 11) != 0 && !go_on) {
    change(&is_blocking, 1);
    WAIT_UNTIL(at_least_one, &go_on);
  }
}

/* While the app blocks, a backend floods: it gets QUEUE_FULL, and the app can still hang up. */
static void a_flood_ends_with_queue_full(void)
{
  int32_t answer = 0;
  int sent = 0;
  set_stage();
  log_in();
  CHECK(rings(1));
  is_blocking = go_on = 0;
  alice->setup.on_callback = block;
  CHECK_OK(nertc_callkit_hangup(alice->kit, NULL, NULL, NULL, NULL));
  WAIT_UNTIL(at_least_one, &is_blocking);
  while (answer == 0 && sent < 100000) {
    answer = intercept_rtc_event(&intercept, NERTC_CALLKIT_RTC_RECONNECTING, 0, 0);
    sent += answer == 0;
  }
  CHECK_INT(answer, NERTC_CALLKIT_STATUS_QUEUE_FULL);
  CHECK(sent >= 1000 && sent < 100000);
  CHECK_INT(intercept_connection(&intercept, NERTC_CALLKIT_CONNECTION_LOST), NERTC_CALLKIT_STATUS_QUEUE_FULL);
  ASK(hangup, NULL, NULL);
  CHECK_INT(tally.requests[tally.count - 1].accepted, 1);
  change(&go_on, 1);
  WAIT_UNTIL(both_idle, NULL);
  CHECK_INT(intercept_rtc_event(&intercept, NERTC_CALLKIT_RTC_RECONNECTED, 0, 0), 0);
  CHECK(rings(1));
  settle();
  clear_stage(1);
}

/* ---- a backend that continues after its end ------------------------------------------------------------ */

static int stop_reports;

static void *report_until_stopped(void *unused)
{
  (void)unused;
  while (!__atomic_load_n(&stop_reports, __ATOMIC_ACQUIRE)) {
    const nertc_callkit_signaling_result result = NERTC_CALLKIT_SIGNALING_RESULT_INIT;
    intercept_rtc_event(&intercept, NERTC_CALLKIT_RTC_PEER_MUTE, 7, 0);
    intercept.core.complete(intercept.core.ctx, 1, &result);
    intercept_connection(&intercept, NERTC_CALLKIT_CONNECTION_RESTORED);
    intercept.core.log(intercept.core.ctx, NERTC_CALLKIT_LOG_DEBUG, "still here");
  }
  return NULL;
}

/* Its sinks are copies that outlive the client: using them touches nothing of it. */
static void a_backend_that_reports_after_its_end(void)
{
  int round;
  for (round = 0; round < 20; round++) {
    pthread_t thread;
    set_stage();
    log_in();
    stop_reports = 0;
    CHECK_INT(pthread_create(&thread, NULL, report_until_stopped, NULL), 0);
    if (round % 2) {
      rings(1);
    }
    clear_stage(1);
    __atomic_store_n(&stop_reports, 1, __ATOMIC_RELEASE);
    CHECK_INT(pthread_join(thread, NULL), 0);
  }
}

int main(void)
{
  RUN(a_bad_vtable_is_refused_and_stays_the_callers);
  RUN(what_was_not_opened_is_not_closed);
  RUN(structs_of_every_size);
  RUN(a_flood_ends_with_queue_full);
  RUN(a_backend_that_reports_after_its_end);
  RUN(the_backend_dies);
  every_violation();
  return 0;
}
