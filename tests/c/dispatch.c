/* dispatch.c: APP delivery: callbacks run in dispatch and nowhere else; two ways to learn when. */
#include "check.h"
#include "client.h"

#include <fcntl.h>
#include <poll.h>

/* A client with APP delivery that nobody dispatches but the test. */
static struct client *held_client(nertc_callkit_hub *hub, const char *account)
{
  struct setup setup = {.delivery = NERTC_CALLKIT_DELIVERY_APP, .hub = hub};
  struct client *client = client_new(account, &setup);
  client->held = 1;
  return client;
}

static int is_readable(int fd, int timeout_ms)
{
  struct pollfd it = {.fd = fd, .events = POLLIN};
  return poll(&it, 1, timeout_ms) == 1;
}

static int event_handle(struct client *client)
{
  intptr_t fd = -1;
  CHECK_OK(nertc_callkit_get_event_handle(client->kit, &fd));
  CHECK(fd >= 0);
  return (int)fd;
}


static void nothing_runs_outside_dispatch(void)
{
  struct client *client = held_client(NULL, "alice");
  const int fd = event_handle(client);
  CHECK(!is_readable(fd, 0));
  CHECK_INT(nertc_callkit_dispatch(client->kit, 0), 0);
  CHECK_INT(nertc_callkit_dispatch(client->kit, 5), 0);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  CHECK(is_readable(fd, 10000));
  CHECK(is_readable(fd, 0)); /* by level: looking does not use it up */
  CHECK_INT(client->count, 0);
  CHECK_INT(nertc_callkit_dispatch(client->kit, -1), 1);
  client_expect(client, "done(login,0)");
  CHECK(!is_readable(fd, 0));
  CHECK_INT(event_handle(client), fd);
  CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  client_destroy(client, "");
  client_free(client);
}

static void hangup_inside(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(word, "done(login,0)") == 0) {
    CHECK_OK(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client));
    /* The worker answers while we are still in here. */
    while (nertc_callkit_network_changed(client->kit) == NERTC_CALLKIT_STATUS_OK && !client->uid) {
      client->uid = 1;
    }
  }
}

/* What a callback causes waits for the next dispatch, so that a loop gets its turn. */
static void one_dispatch_runs_what_waited_at_entry(void)
{
  struct setup setup = {.delivery = NERTC_CALLKIT_DELIVERY_APP, .on_callback = hangup_inside};
  struct client *client = client_new("alice", &setup);
  client->held = 1;
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  CHECK_INT(nertc_callkit_dispatch(client->kit, -1), 1);
  client_expect(client, "done(login,0)");
  CHECK_INT(nertc_callkit_dispatch(client->kit, -1), 1);
  client_expect(client, "done(hangup,20005)");
  client_destroy(client, "");
  client_free(client);
}

static int answer_of_dispatch;

static void *dispatch_for_ever(void *argument)
{
  struct client *client = argument;
  answer_of_dispatch = nertc_callkit_dispatch(client->kit, -1);
  return NULL;
}

static void a_waiting_dispatch_wakes(void)
{
  struct client *client = held_client(NULL, "alice");
  pthread_t thread;
  CHECK_INT(pthread_create(&thread, NULL, dispatch_for_ever, client), 0);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  pthread_join(thread, NULL);
  CHECK_INT(answer_of_dispatch, 1);
  client_expect(client, "done(login,0)");
  /* destroy wakes it, too; a thread that comes later finds destroy running, or an invalid handle. */
  CHECK_INT(pthread_create(&thread, NULL, dispatch_for_ever, client), 0);
  client_destroy(client, "");
  pthread_join(thread, NULL);
  CHECK(answer_of_dispatch == NERTC_CALLKIT_STATUS_CLOSED || answer_of_dispatch == NERTC_CALLKIT_STATUS_REENTRANT ||
        answer_of_dispatch == 0 || answer_of_dispatch == 1); /* 1: the end itself */
  client_free(client);
}

static void dispatch_from_another_thread(struct client *client, const char *word, const void *event)
{
  pthread_t thread;
  (void)event;
  if (strcmp(word, "done(login,0)") == 0) {
    CHECK_INT(nertc_callkit_dispatch(client->kit, 0), NERTC_CALLKIT_STATUS_REENTRANT);
    CHECK_INT(pthread_create(&thread, NULL, dispatch_for_ever, client), 0);
    pthread_join(thread, NULL);
    CHECK_INT(answer_of_dispatch, NERTC_CALLKIT_STATUS_REENTRANT);
  }
}

static void nested_and_parallel_dispatch_are_refused(void)
{
  struct setup setup = {.delivery = NERTC_CALLKIT_DELIVERY_APP, .on_callback = dispatch_from_another_thread};
  struct client *client = client_new("alice", &setup);
  client_login(client);
  client_destroy(client, "");
  client_free(client);
}

static int wakeups;

static void on_wakeup(void *client)
{
  (void)client;
  change(&wakeups, 1);
}

/* Logged out, so that only the worker responds, in the order of the requests: a backend's timing
 * is not under the test's control. */
static void one_wakeup_from_empty_to_waiting(void)
{
  struct setup setup = {.delivery = NERTC_CALLKIT_DELIVERY_APP, .on_wakeup = on_wakeup};
  struct client *client, *witness;
  int ran = 0;
  wakeups = 0;
  client = client_new("alice", &setup);
  client->held = 1;
  CHECK_OK(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client));
  WAIT_UNTIL(at_least_one, &wakeups);
  CHECK_OK(nertc_callkit_leave(client->kit, NULL, NULL, client_done, client));
  CHECK_OK(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client));
  /* The same worker executes these, and then a login of another client. */
  witness = client_new("bob", NULL);
  client_login(witness);
  CHECK_INT(wakeups, 1);
  while (ran < 3) {
    const int now = nertc_callkit_dispatch(client->kit, -1);
    CHECK(now > 0);
    ran += now;
  }
  CHECK(wakeups >= 1 && wakeups <= 3); /* as often as it was empty, which is up to the two threads */
  client_destroy(client, "done(hangup,20001) done(leave,20001) done(hangup,20001)");
  client_destroy(witness, "");
  client_free(client);
  client_free(witness);
}

static void what_waits_runs_inside_destroy(void)
{
  struct client *client = held_client(NULL, "alice");
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  CHECK(is_readable(event_handle(client), 10000));
  client_destroy(client, "done(login,0)");
  client_free(client);
  client = held_client(NULL, "alice");
  /* A request that cannot be answered any more. */
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  CHECK_OK(nertc_callkit_destroy(client->kit));
  CHECK_INT(client->count, 1);
  CHECK_INT(nertc_callkit_dispatch(client->kit, 0), NERTC_CALLKIT_STATUS_CLOSED);
  client->destroyed = 1;
  client_free(client);
}

static void on_released(void *count)
{
  change(count, 1);
}

static void what_waits_runs_in_dispatch_after_release(void)
{
  struct client *client = held_client(NULL, "alice");
  int released = 0, ran = 0;
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  CHECK_OK(nertc_callkit_release(client->kit, on_released, &released));
  CHECK_REFUSED(nertc_callkit_get_state(client->kit), CLOSED);
  CHECK_INT(client->count, 0);
  while (!released) {
    const int now = nertc_callkit_dispatch(client->kit, -1);
    CHECK(now >= 0);
    ran += now;
  }
  CHECK_INT(ran, 2);
  CHECK_INT(client->count, 1);
  CHECK_INT(nertc_callkit_dispatch(client->kit, -1), NERTC_CALLKIT_STATUS_CLOSED);
  client->destroyed = 1;
  client_free(client);
}

static void worker_delivery_has_neither(void)
{
  struct client *client = client_new("alice", NULL);
  intptr_t fd = -1;
  CHECK_REFUSED(nertc_callkit_get_event_handle(client->kit, &fd), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_dispatch(client->kit, 0), UNSUPPORTED);
  CHECK_INT(fd, -1);
  client_destroy(client, "");
  client_free(client);
}

/* Events of which only the newest counts are coalesced: a slow app does not fall behind. */
static void media_events_collapse(void)
{
  struct setup alice = {0}, bob = {.delivery = NERTC_CALLKIT_DELIVERY_APP, .media = 1};
  struct pair pair;
  unsigned before;
  int i;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  alice.hub = bob.hub = pair.hub;
  pair.alice = client_new("alice", &alice);
  pair.bob = client_new("bob", &bob);
  client_login(pair.bob);
  client_login(pair.alice);
  pair_connect(&pair);
  client_expect(pair.bob, "on_audio_available(1)");
  pair.bob->held = 1;
  before = pair.bob->count;
  for (i = 0; i < 101; i++) {
    CHECK_OK(nertc_callkit_mute_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, !(i % 2), client_done, pair.alice));
    client_expect(pair.alice, "done(mute_local,0)");
  }
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  pair.bob->held = 0;
  client_until(pair.bob, "on_call_end(16)");
  CHECK(pair.bob->count - before <= 3);
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  pair_end(&pair);
}

int main(void)
{
  RUN(nothing_runs_outside_dispatch);
  RUN(one_dispatch_runs_what_waited_at_entry);
  RUN(a_waiting_dispatch_wakes);
  RUN(nested_and_parallel_dispatch_are_refused);
  RUN(one_wakeup_from_empty_to_waiting);
  RUN(what_waits_runs_inside_destroy);
  RUN(what_waits_runs_in_dispatch_after_release);
  RUN(worker_delivery_has_neither);
  RUN(media_events_collapse);
  return 0;
}
