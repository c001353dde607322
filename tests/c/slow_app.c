/* slow_app.c: an app that is too slow: full queues, blocked workers, long callbacks. Ending a call always works. */
#include "check.h"
#include "client.h"
#include "intercept.h"

#include <sched.h>
#include <time.h>

static int blocked, open_gate;


/* Holds the worker until the test opens the gate. */
static void block(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(client->account, "alice") == 0 && strcmp(word, "on_call_connected") == 0) {
    change(&blocked, 1);
    pthread_mutex_lock(&check_lock);
    while (!open_gate) {
      pthread_cond_wait(&check_changed, &check_lock);
    }
    pthread_mutex_unlock(&check_lock);
  }
}

static int completed;

static void count(nertc_callkit *kit, const nertc_callkit_result *result, void *unused)
{
  (void)kit;
  (void)unused;
  CHECK(result->operation == NERTC_CALLKIT_OPERATION_MUTE_LOCAL);
  change(&completed, 1);
}

static int has_all(void *accepted)
{
  return completed == *(int *)accepted;
}

static void start_blocked_call(struct pair *pair, int32_t worker)
{
  struct setup setup = {.worker = worker, .on_callback = block};
  blocked = open_gate = completed = 0;
  *pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
  pair_ring(pair);
  CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob));
  WAIT_UNTIL(at_least_one, &blocked);
}

static void a_full_inbox(void)
{
  struct pair pair;
  nertc_callkit_status status;
  int accepted = 0;
  start_blocked_call(&pair, NERTC_CALLKIT_WORKER_OWN);
  while ((status = nertc_callkit_mute_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, accepted % 2, count, NULL)) ==
         NERTC_CALLKIT_STATUS_OK) {
    accepted++;
    CHECK(accepted < 5000);
  }
  CHECK_INT(status, NERTC_CALLKIT_STATUS_QUEUE_FULL);
  CHECK(accepted >= 1000);
  /* These have slots of their own. */
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  CHECK_OK(nertc_callkit_reject(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  CHECK_OK(nertc_callkit_leave(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  CHECK_OK(nertc_callkit_logout(pair.alice->kit, client_done, pair.alice));
  change(&open_gate, 1);
  client_until(pair.alice, "on_call_connected");
  client_until(pair.alice, "done(hangup,0)");
  client_until(pair.alice, "on_call_end(15)");
  client_until(pair.alice, "done(logout,0)");
  client_until(pair.bob, "on_call_end(16)");
  WAIT_UNTIL(has_all, &accepted);
  pair_end(&pair);
}

/* A callback that blocks the shared worker delays all clients; an own worker delays nobody. */
/* Scenario (session): Several clients in one process: one whose app blocks delays no other that has its own
 * thread. */
static void an_own_worker_stalls_nobody(void)
{
  struct pair slow, quick;
  start_blocked_call(&slow, NERTC_CALLKIT_WORKER_OWN);
  quick = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  pair_connect(&quick);
  CHECK_OK(nertc_callkit_hangup(quick.alice->kit, NULL, NULL, client_done, quick.alice));
  client_expect(quick.alice, "done(hangup,0) on_call_end(15)");
  client_expect(quick.bob, "on_call_end(16)");
  pair_end(&quick);
  change(&open_gate, 1);
  client_until(slow.alice, "on_call_connected");
  client_until(slow.bob, "on_call_connected");
  CHECK_OK(nertc_callkit_hangup(slow.bob->kit, NULL, NULL, client_done, slow.bob));
  client_expect(slow.bob, "done(hangup,0) on_call_end(15)");
  client_expect(slow.alice, "on_call_end(16)");
  pair_end(&slow);
}

/* A callback of 500 ms: it is logged, nothing is lost, and timers that were due meanwhile still do right. */
static int slow_lines;

static void on_log(int32_t level, const char *text, void *unused)
{
  (void)unused;
  (void)text;
  if (level == NERTC_CALLKIT_LOG_WARN) {
    change(&slow_lines, 1);
  }
}

static void take_500_ms(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(client->account, "alice") == 0 && strcmp(word, "on_user_accept") == 0) {
    const struct timespec half_a_second = {0, 500000000};
    nanosleep(&half_a_second, NULL);
  }
}

static void a_callback_of_500_ms(void)
{
  struct setup setup = {.on_callback = take_500_ms};
  struct pair pair;
  slow_lines = 0;
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_WARN, 0, on_log, NULL));
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
  pair_connect(&pair);
  WAIT_UNTIL(at_least_one, &slow_lines);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
}

static int network_changes;

static void count_network_change(void *ctx)
{
  (void)ctx;
  change(&network_changes, 1);
}

/* Queues `number` callbacks for an app that does not dispatch, and leaves no request for the worker. */
static void pile_up(struct client *client, int number)
{
  int i;
  completed = network_changes = 0;
  for (i = 0; i < number; i++) {
    while (nertc_callkit_mute_local(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, i % 2, count, NULL) ==
           NERTC_CALLKIT_STATUS_QUEUE_FULL) {
      sched_yield();
    }
  }
  CHECK_OK(nertc_callkit_network_changed(client->kit));
  WAIT_UNTIL(at_least_one, &network_changes);
}

/* APP delivery: with 1024 undelivered callbacks a new call is refused, an invite is answered busy, and ending
 * something still works. */
static void an_app_that_does_not_dispatch(void)
{
  struct setup worker = {0}, app = {.delivery = NERTC_CALLKIT_DELIVERY_APP};
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_backends backends;
  struct pair pair;
  struct intercept intercept;
  int number = 1100;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  worker.hub = pair.hub;
  intercept_init(&intercept, pair.hub, &backends);
  intercept.rtc.mute_local = intercept.rtc.enable_local; /* never reached: there is no call */
  intercept.signaling.network_changed = count_network_change;
  app.backends = &backends;
  pair.alice = client_new("alice", &worker);
  pair.bob = client_new("bob", &app);
  client_login(pair.alice);
  client_login(pair.bob);
  pair.bob->held = 1;
  pile_up(pair.bob, number);
  options.user_id = "alice";
  CHECK_REFUSED(nertc_callkit_call(pair.bob->kit, &options, client_done, pair.bob), QUEUE_FULL);
  client_call(pair.alice, "bob");
  client_expect(pair.alice, "on_user_busy on_message_sent(5) on_call_end(3)");
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  CHECK_INT(completed, 0);
  pair.bob->held = 0;
  client_until(pair.bob, "done(hangup,20005)");
  WAIT_UNTIL(has_all, &number);
  /* Everything was delivered: it can be called again. */
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

/* Without an end: requests are refused eventually, and nothing grows. */
/* Scenario (failure): An app never takes its completions: requests are refused at a limit, and each accepted one
 * completes inside destroy. */
static void an_app_that_never_dispatches(void)
{
  struct setup app = {.delivery = NERTC_CALLKIT_DELIVERY_APP};
  struct client *client = client_new("bob", &app);
  nertc_callkit_status status = NERTC_CALLKIT_STATUS_OK;
  int accepted = 0, i;
  client_login(client);
  client->held = 1;
  completed = 0;
  for (i = 0; i < 100000 && status == NERTC_CALLKIT_STATUS_OK; i++) {
    status = nertc_callkit_mute_local(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, i % 2, count, NULL);
    accepted += status == NERTC_CALLKIT_STATUS_OK;
  }
  CHECK_INT(status, NERTC_CALLKIT_STATUS_QUEUE_FULL);
  CHECK(accepted >= 1024);
  client_destroy(client, "");
  CHECK_INT(completed, accepted); /* SHUTTING_DOWN at the latest, and inside destroy */
  client_free(client);
}

int main(void)
{
  RUN(a_full_inbox);
  RUN(an_own_worker_stalls_nobody);
  RUN(a_callback_of_500_ms);
  RUN(an_app_that_does_not_dispatch);
  RUN(an_app_that_never_dispatches);
  return 0;
}
