/* lifetime_end.c: the end of one client: pending requests, callbacks, peers, other clients. */
#include "lifetime.h"

static struct setup with_hub(nertc_callkit_hub *hub)
{
  struct setup setup = {0};
  setup.hub = hub;
  setup.delivery = delivery;
  return setup;
}

/* ---- release ------------------------------------------------------------------------------------------ */

/* After this the recorder fails at every callback of that client. */
static void on_released(void *user_data)
{
  struct client *client = user_data;
  CHECK(!client->inside && !client->destroyed);
  CHECK_REFUSED(nertc_callkit_get_state(client->kit), CLOSED);
  change(&client->destroyed, 1);
}

static int is_gone(void *client)
{
  return ((struct client *)client)->destroyed;
}

static void await_released(struct client *client)
{
  while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(client->kit, -1) >= 0) {
  }
  WAIT_UNTIL(is_gone, client);
  CHECK_REFUSED(nertc_callkit_dispatch(client->kit, 0), CLOSED);
}

/* Ends a client in one of the two ways, with these labels before. */
static void end_client(struct client *client, int by_release, const char *words)
{
  if (by_release) {
    CHECK_OK(nertc_callkit_release(client->kit, on_released, client));
    CHECK_REFUSED(nertc_callkit_get_state(client->kit), CLOSED);
    await_released(client);
    client_expect(client, words);
    client_silent(client);
  } else {
    client_destroy(client, words);
  }
  client_free(client);
}

static const char *released_in;

static void release_in_callback(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(client->account, "alice") == 0 && strcmp(word, released_in) == 0) {
    CHECK_OK(nertc_callkit_release(client->kit, on_released, client));
    CHECK_REFUSED(nertc_callkit_release(client->kit, on_released, client), CLOSED);
    CHECK_REFUSED(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client), CLOSED);
  }
}

/* The callback, alice's remaining labels, and bob's. */
static const struct {
  const char *in, *alice, *bob;
} releases[] = {
  {"done(call,0)", "done(call,0) on_message_sent(2) on_call_end(0)",
   "on_invited on_user_cancel on_call_end(12)"},
  {"on_user_accept", NULL, NULL}, /* what was on its way already still comes before the end */
  {"on_call_connected", "done(call,0) on_user_accept on_user_enter on_call_connected on_call_end(0)", NULL},
  {"on_call_end(16)", "done(call,0) on_user_accept on_user_enter on_call_connected on_call_end(16)", NULL},
};

static void hang_up_when_connected(struct client *client, const char *word, const void *event)
{
  accept_at_once(client, word, event);
  if (strcmp(word, "on_call_connected") == 0) {
    CHECK_OK(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client));
  }
}

static int has_ended(void *client)
{
  const struct client *it = client;
  return it->ended && it->ended == it->call_no;
}

static void release_inside_a_callback(void)
{
  size_t i;
  for (i = 0; i < sizeof releases / sizeof releases[0]; i++) {
    nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
    struct client *alice, *bob;
    nertc_callkit_hub *hub;
    struct setup setup;
    CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &hub));
    setup = with_hub(hub);
    released_in = releases[i].in;
    setup.on_callback = release_in_callback;
    alice = client_new("alice", &setup);
    setup.on_callback = i == 0 ? NULL : strcmp(released_in, "on_call_end(16)") == 0 ? hang_up_when_connected
                                                                                      : accept_at_once;
    bob = client_new("bob", &setup);
    client_login(alice);
    client_login(bob);
    options.user_id = "bob";
    CHECK_OK(nertc_callkit_call(alice->kit, &options, client_done, alice));
    /* The pump leaves a closed client to its owner. */
    while (delivery == NERTC_CALLKIT_DELIVERY_APP && !is_gone(alice)) {
      nertc_callkit_dispatch(alice->kit, 10);
      nertc_callkit_dispatch(bob->kit, 0);
    }
    WAIT_UNTIL(is_gone, alice);
    if (releases[i].alice) {
      client_expect(alice, releases[i].alice);
    } else {
      client_until(alice, "on_call_end(0)");
    }
    client_silent(alice);
    WAIT_UNTIL(has_ended, bob);
    if (releases[i].bob) {
      client_expect(bob, releases[i].bob);
    }
    client_free(alice);
    CHECK_OK(nertc_callkit_destroy(bob->kit));
    client_free(bob);
    CHECK_OK(nertc_callkit_hub_release(hub));
  }
}

/* ---- what is pending ---------------------------------------------------------------------------------- */

static void pending_requests_come_with_shutting_down(void)
{
  static struct tally tally;
  int by_release, i;
  for (by_release = 0; by_release < 2; by_release++) {
    nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
    struct client *alice;
    nertc_callkit_hub *hub;
    struct setup setup;
    timers.destroy_wait_ms = 100;
    CHECK_OK(nertc_callkit_hub_create(0, &hub));
    setup = with_hub(hub);
    setup.timers = &timers;
    alice = client_new("alice", &setup);
    memset(&tally, 0, sizeof tally);
    fault(hub, NO_ANSWER, LOGIN, NULL, .hit_count = UINT32_MAX);
    for (i = 0; i < 5; i++) {
      struct request *request = tally_expect(&tally);
      tally_offered(request, nertc_callkit_login(alice->kit, "alice", NULL, tally_done, request));
      CHECK_INT(request->accepted, 1);
    }
    end_client(alice, by_release, "");
    check_tally(&tally);
    for (i = 0; i < 5; i++) {
      CHECK_INT(tally.requests[i].code, NERTC_CALLKIT_CODE_SHUTTING_DOWN);
    }
    CHECK_OK(nertc_callkit_hub_release(hub));
  }
}

/* Which operation is never answered, and with what the request completes. */
static const struct {
  int32_t on;
  const char *words;
} unanswered[] = {
  {NERTC_CALLKIT_FAULT_ON_CREATE, "done(call,90003) on_call_end(0)"},
  {NERTC_CALLKIT_FAULT_ON_JOIN, "done(call,90003) on_call_end(0)"},
  {NERTC_CALLKIT_FAULT_ON_INVITE, "done(call,90003) on_message_sent(2) on_call_end(0)"},
};

static void a_pending_call_comes_with_shutting_down(void)
{
  size_t i;
  for (i = 0; i < 2 * sizeof unanswered / sizeof unanswered[0]; i++) {
    const int32_t on = unanswered[i / 2].on;
    const int has_left = on == NERTC_CALLKIT_FAULT_ON_INVITE; /* it takes effect, and is not answered */
    nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
    nertc_callkit_fault line = NERTC_CALLKIT_FAULT_INIT;
    nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
    struct setup both = {0};
    struct pair pair;
    timers.destroy_wait_ms = 100;
    both.delivery = delivery;
    both.timers = &timers;
    pair = pair_new(0, &both);
    line.action = NERTC_CALLKIT_FAULT_NO_ANSWER;
    line.on = on;
    CHECK_OK(nertc_callkit_hub_add_fault(pair.hub, &line));
    /* That it rings would be an answer, too. */
    fault(pair.hub, DROP, EVENT_RINGING, "alice", 0);
    options.user_id = "bob";
    CHECK_OK(nertc_callkit_call(pair.alice->kit, &options, client_done, pair.alice));
    if (has_left) {
      client_expect(pair.bob, "on_invited");
    }
    end_client(pair.alice, i % 2, unanswered[i / 2].words);
    if (has_left) {
      client_expect(pair.bob, "on_user_cancel on_call_end(12)");
    }
    end_client(pair.bob, i % 2, "");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));
  }
}

static void a_pending_accept_and_logout_complete(void)
{
  struct pair pair;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  struct setup both = {0};
  int by_release;
  timers.destroy_wait_ms = 100;
  both.delivery = delivery;
  both.timers = &timers;
  for (by_release = 0; by_release < 2; by_release++) {
    pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
    fault(pair.hub, NO_ANSWER, ACCEPT, "bob", 0);
    fault(pair.hub, NO_ANSWER, LOGOUT, "alice", 0);
    pair_ring(&pair);
    CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
    end_client(pair.bob, by_release, "done(accept,90003) on_call_end(0)");
    client_until(pair.alice, "on_user_accept");
    CHECK_OK(nertc_callkit_logout(pair.alice->kit, client_done, pair.alice));
    client_until(pair.alice, "on_call_end(0)");
    end_client(pair.alice, by_release, "done(logout,90003)");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));
  }
}

/* ---- notifications ------------------------------------------------------------------------------------- */

static void the_peer_learns(void)
{
  struct setup both = {0};
  int by_release;
  both.delivery = delivery;
  for (by_release = 0; by_release < 2; by_release++) {
    struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
    pair_ring(&pair);
    end_client(pair.alice, by_release, "on_message_sent(2) on_call_end(0)");
    client_expect(pair.bob, "on_user_cancel on_call_end(12)");
    end_client(pair.bob, by_release, "");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));

    pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
    pair_ring(&pair);
    end_client(pair.bob, by_release, "on_call_end(0)");
    client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
    end_client(pair.alice, by_release, "");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));

    pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
    pair_connect(&pair);
    end_client(pair.alice, by_release, "on_call_end(0)");
    client_expect(pair.bob, "on_call_end(16)");
    end_client(pair.bob, by_release, "");
    CHECK_OK(nertc_callkit_hub_release(pair.hub));
  }
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

struct waiter {
  nertc_callkit *kit;
  int started, answer, ended, by_destroy;
};

static void *wait_in_dispatch(void *user_data)
{
  struct waiter *waiter = user_data;
  change(&waiter->started, 1);
  waiter->answer = nertc_callkit_dispatch(waiter->kit, -1);
  change(&waiter->ended, 1);
  return NULL;
}

/* APP delivery: a thread that waits in dispatch wakes and returns. */
static void a_waiting_dispatch_wakes(void)
{
  int round;
  for (round = 0; round < 40; round++) {
    nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
    struct waiter waiter = {0};
    pthread_t thread;
    config.delivery = NERTC_CALLKIT_DELIVERY_APP;
    CHECK_OK(nertc_callkit_create(&config, &waiter.kit));
    CHECK_INT(pthread_create(&thread, NULL, wait_in_dispatch, &waiter), 0);
    WAIT_UNTIL(at_least_one, &waiter.started);
    if (round % 2) {
      CHECK_OK(nertc_callkit_destroy(waiter.kit));
    } else {
      CHECK_OK(nertc_callkit_release(waiter.kit, NULL, NULL));
    }
    CHECK_INT(pthread_join(thread, NULL), 0);
    /* It may also have been too late to wait. */
    CHECK(waiter.answer >= 0 || waiter.answer == NERTC_CALLKIT_STATUS_CLOSED ||
          waiter.answer == NERTC_CALLKIT_STATUS_REENTRANT);
    while (nertc_callkit_dispatch(waiter.kit, -1) >= 0) {
    }
  }
}

static pthread_t ran_on;

static void note_thread(struct client *client, const char *word, const void *event)
{
  (void)client;
  (void)word;
  (void)event;
  ran_on = pthread_self();
}

/* APP delivery: callbacks that were not dispatched run inside destroy, on its thread. */
static void destroy_runs_what_waits(void)
{
  struct setup setup = with_hub(NULL);
  struct client *alice;
  setup.delivery = NERTC_CALLKIT_DELIVERY_APP;
  setup.on_callback = note_thread;
  alice = client_new("alice", &setup);
  CHECK_OK(nertc_callkit_accept(alice->kit, NULL, client_done, alice));
  CHECK_OK(nertc_callkit_hangup(alice->kit, NULL, NULL, NULL, NULL));
  client_destroy(alice, "done(accept,20001) on_error(hangup,20001)");
  CHECK(pthread_equal(ran_on, pthread_self()));
  client_free(alice);
}

static int blocked, unblocked;

static void block(struct client *client, const char *word, const void *event)
{
  (void)client;
  (void)word;
  (void)event;
  change(&blocked, 1);
  WAIT_UNTIL(at_least_one, &unblocked);
}

static void *destroy_it(void *user_data)
{
  struct waiter *waiter = user_data;
  CHECK_OK(nertc_callkit_destroy(waiter->kit));
  change(&waiter->ended, 1);
  return NULL;
}

/* A callback of bob blocks the shared worker: alice's destroy waits for it and no longer. */
static void destroy_waits_for_anothers_callback(void)
{
  struct waiter waiter = {0};
  struct setup setup = with_hub(NULL);
  struct client *alice, *bob;
  pthread_t thread;
  setup.delivery = NERTC_CALLKIT_DELIVERY_WORKER;
  blocked = unblocked = 0;
  alice = client_new("alice", &setup);
  client_login(alice);
  setup.on_callback = block;
  bob = client_new("bob", &setup);
  CHECK_OK(nertc_callkit_login(bob->kit, "bob", NULL, client_done, bob));
  WAIT_UNTIL(at_least_one, &blocked);
  waiter.kit = alice->kit;
  CHECK_INT(pthread_create(&thread, NULL, destroy_it, &waiter), 0);
  while (nertc_callkit_get_state(alice->kit) != NERTC_CALLKIT_STATUS_CLOSED) {
    sched_yield();
  }
  CHECK_INT(waiter.ended, 0);
  change(&unblocked, 1);
  CHECK_INT(pthread_join(thread, NULL), 0);
  change(&alice->destroyed, 1);
  client_silent(alice);
  client_destroy(bob, "done(login,0)");
  client_free(alice);
  client_free(bob);
}

static int slow_logged;

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  if (level == NERTC_CALLKIT_LOG_WARN && strstr(text, "callbacks took")) {
    change(&slow_logged, 1);
  }
}

/* Takes its time: this is the callback that takes 500 ms. */
static void take_500_ms(struct client *client, const char *word, const void *event)
{
  struct timespec until;
  (void)client;
  (void)event;
  if (strcmp(word, "done(login,0)") == 0) {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    change(&blocked, 1);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 500000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&never, &lock, &until) == 0) {
    }
    pthread_mutex_unlock(&lock);
    change(&unblocked, 1);
  }
}

/* A client with its own worker makes a whole call while another's callback blocks; the log reports that. */
static void an_own_worker_is_not_stalled(void)
{
  struct setup setup = with_hub(NULL), own = with_hub(NULL);
  struct client *carol;
  struct pair pair;
  setup.delivery = NERTC_CALLKIT_DELIVERY_WORKER;
  setup.on_callback = take_500_ms;
  own.worker = NERTC_CALLKIT_WORKER_OWN;
  blocked = unblocked = slow_logged = 0;
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_WARN, 0, on_log, NULL));
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &own);
  carol = client_new("carol", &setup);
  CHECK_OK(nertc_callkit_login(carol->kit, "carol", NULL, client_done, carol));
  WAIT_UNTIL(at_least_one, &blocked);
  pair_connect(&pair);
  client_destroy(pair.alice, "on_call_end(0)");
  client_expect(pair.bob, "on_call_end(16)");
  client_destroy(pair.bob, "");
  CHECK_INT(unblocked, 0);
  WAIT_UNTIL(at_least_one, &slow_logged);
  client_destroy(carol, "done(login,0)");
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
  client_free(carol);
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

void end_tests(void)
{
  RUN(release_inside_a_callback);
  RUN(pending_requests_come_with_shutting_down);
  RUN(a_pending_call_comes_with_shutting_down);
  RUN(a_pending_accept_and_logout_complete);
  RUN(the_peer_learns);
  if (delivery == NERTC_CALLKIT_DELIVERY_APP) {
    RUN(a_waiting_dispatch_wakes);
    RUN(destroy_runs_what_waits);
  } else {
    RUN(destroy_waits_for_anothers_callback);
    RUN(an_own_worker_is_not_stalled);
  }
}
