/* process.c: the library and its process: fork, dlopen and dlclose, signals, threads. */
#include "check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

/* A whole call on a hub of its own. */
static void whole_call(int32_t delivery, int32_t worker)
{
  struct setup both = {0};
  struct pair pair;
  both.delivery = delivery;
  both.worker = worker;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

/* ---- fork --------------------------------------------------------------------------------------------- */

/* Forks with the harness's lock held, since the child has no other thread that could release it; its
 * condition variable must not wait for threads that the child does not have. */
static pid_t fork_safely(void)
{
  pid_t child;
  fflush(stdout);
  pthread_mutex_lock(&check_lock);
  child = fork();
  if (child == 0) {
    const pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
    check_changed = fresh;
  }
  pthread_mutex_unlock(&check_lock);
  return child;
}

static void await_child(pid_t child)
{
  int status = -1;
  CHECK(child > 0);
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* In the child: what the parent had is closed, and everything can be had anew. */
static void be_a_child(nertc_callkit *kit, nertc_callkit_hub *hub)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  intptr_t fd;
  alarm(60);
  check_clients = NULL; /* the parent's */
  CHECK_REFUSED(nertc_callkit_get_state(kit), CLOSED);
  CHECK_REFUSED(nertc_callkit_get_call_info(kit, &info), CLOSED);
  CHECK_REFUSED(nertc_callkit_hangup(kit, NULL, NULL, NULL, NULL), CLOSED);
  CHECK_REFUSED(nertc_callkit_login(kit, "alice", NULL, NULL, NULL), CLOSED);
  CHECK_REFUSED(nertc_callkit_dispatch(kit, 0), CLOSED);
  CHECK_REFUSED(nertc_callkit_get_event_handle(kit, &fd), CLOSED);
  CHECK_REFUSED(nertc_callkit_release(kit, NULL, NULL), CLOSED);
  CHECK_REFUSED(nertc_callkit_destroy(kit), CLOSED);
  CHECK_REFUSED(nertc_callkit_loopback_signaling(hub, &backends), CLOSED);
  CHECK_REFUSED(nertc_callkit_hub_release(hub), CLOSED);
  whole_call(NERTC_CALLKIT_DELIVERY_WORKER, NERTC_CALLKIT_WORKER_SHARED);
  whole_call(NERTC_CALLKIT_DELIVERY_WORKER, NERTC_CALLKIT_WORKER_OWN);
  whole_call(NERTC_CALLKIT_DELIVERY_APP, NERTC_CALLKIT_WORKER_SHARED);
}

/* The parent continues with its call undisturbed. */
static void fork_in_a_call(void)
{
  int32_t delivery;
  for (delivery = 0; delivery < 2; delivery++) {
    struct setup both = {0};
    struct pair pair;
    pid_t child;
    both.delivery = delivery;
    pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
    pair_connect(&pair);
    child = fork_safely();
    if (child == 0) {
      be_a_child(pair.alice->kit, pair.hub);
      _exit(0);
    }
    CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
    client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
    client_expect(pair.alice, "on_call_end(16)");
    await_child(child);
    pair_end(&pair);
  }
}

/* Logs in over MQTT without a broker; NULL: a library without MQTT. */
static nertc_callkit *log_in_over_mqtt(void)
{
  static const char *const nobody = "mqtt://127.0.0.1:1";
  nertc_callkit_mqtt_options options = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit *kit = NULL;
  options.endpoints = &nobody;
  options.endpoint_count = 1;
  config.backends = &backends;
  if (nertc_callkit_mqtt_signaling(&options, &backends) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    return NULL;
  }
  CHECK_OK(nertc_callkit_create(&config, &kit));
  CHECK_OK(nertc_callkit_login(kit, "alice", "token", NULL, NULL));
  return kit;
}

/* In the child nothing of the parent continues, and it has its own I/O thread. */
static void fork_while_it_connects(void)
{
  nertc_callkit *kit = log_in_over_mqtt();
  pid_t child;
  if (!kit) {
    return;
  }
  child = fork_safely();
  if (child == 0) {
    alarm(60);
    CHECK_REFUSED(nertc_callkit_get_state(kit), CLOSED);
    kit = log_in_over_mqtt();
    CHECK_OK(nertc_callkit_destroy(kit));
    CHECK_INT(check_threads(), 1);
    _exit(0);
  }
  await_child(child);
  CHECK_OK(nertc_callkit_destroy(kit));
  CHECK_INT(check_threads(), 1);
}

static int inside, forked;

static void hold(struct client *client, const char *word, const void *event)
{
  (void)client;
  (void)event;
  if (strcmp(word, "done(login,0)") == 0) {
    change(&inside, 1);
    WAIT_UNTIL(at_least_one, &forked);
  }
}

/* Another thread forks while the worker is inside a callback and holds what a callback holds. */
static void fork_while_a_callback_runs(void)
{
  struct setup setup = {0};
  struct client *client;
  pid_t child;
  inside = forked = 0;
  setup.on_callback = hold;
  client = client_new("alice", &setup);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  WAIT_UNTIL(at_least_one, &inside);
  child = fork_safely();
  if (child == 0) {
    be_a_child(client->kit, (nertc_callkit_hub *)(uintptr_t)1);
    _exit(0);
  }
  await_child(child);
  change(&forked, 1);
  client_destroy(client, "done(login,0)");
  client_free(client);
}

static pid_t forked_inside;

static void fork_here(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(word, "done(login,0)") == 0) {
    forked_inside = fork_safely();
    if (forked_inside == 0) {
      CHECK_REFUSED(nertc_callkit_get_state(client->kit), CLOSED);
      CHECK_REFUSED(nertc_callkit_hangup(client->kit, NULL, NULL, NULL, NULL), CLOSED);
      alarm(60);
      if (client->setup.delivery == NERTC_CALLKIT_DELIVERY_WORKER) {
        _exit(0); /* the only thread of this child is the worker of its parent */
      }
    }
  }
}

/* The callback itself forks. With APP delivery the child returns from dispatch, to a closed client. */
static void fork_inside_a_callback(void)
{
  int32_t delivery;
  for (delivery = 0; delivery < 2; delivery++) {
    struct setup setup = {0};
    struct client *client;
    setup.delivery = delivery;
    setup.on_callback = fork_here;
    forked_inside = -1;
    client = client_new("alice", &setup);
    CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
    while (delivery == NERTC_CALLKIT_DELIVERY_APP && forked_inside < 0) {
      const int32_t answer = nertc_callkit_dispatch(client->kit, -1);
      if (forked_inside == 0) {
        CHECK_INT(answer, NERTC_CALLKIT_STATUS_CLOSED);
        check_clients = NULL;
        CHECK_REFUSED(nertc_callkit_destroy(client->kit), CLOSED);
        whole_call(NERTC_CALLKIT_DELIVERY_APP, NERTC_CALLKIT_WORKER_SHARED);
        _exit(0);
      }
      CHECK_INT(answer, 1);
    }
    client_expect(client, "done(login,0)");
    client_destroy(client, "");
    await_child(forked_inside);
    client_free(client);
  }
}

/* A child of a child. */
static void fork_twice(void)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit, *younger;
  pid_t child;
  CHECK_OK(nertc_callkit_create(&config, &kit));
  child = fork_safely();
  if (child == 0) {
    CHECK_OK(nertc_callkit_create(&config, &younger));
    child = fork_safely();
    if (child == 0) {
      be_a_child(kit, (nertc_callkit_hub *)(uintptr_t)1);
      be_a_child(younger, (nertc_callkit_hub *)(uintptr_t)1);
      _exit(0);
    }
    await_child(child);
    CHECK_INT(nertc_callkit_get_state(younger), NERTC_CALLKIT_STATE_IDLE);
    CHECK_OK(nertc_callkit_destroy(younger));
    _exit(0);
  }
  await_child(child);
  CHECK_OK(nertc_callkit_destroy(kit));
}

/* ---- threads and signals ------------------------------------------------------------------------------ */

static int is_right_name, sees_signals;

/* The signal of a thread's own fault: blocked, it would end the process silently. */
static int is_of_a_fault(int number)
{
  return number == SIGABRT || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGSEGV ||
         number == SIGSYS || number == SIGTRAP;
}

static void look_at_the_thread(struct client *client, const char *word, const void *event)
{
  sigset_t blocked;
  char name[16];
  int number;
  (void)client;
  (void)word;
  (void)event;
  CHECK_INT(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  is_right_name = strcmp(name, "nertc_callkit") == 0;
  CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  for (number = 1; number < 32; number++) { /* the next ones are libc's own */
    const int is_blocked = sigismember(&blocked, number) == 1;
    if (!is_blocked && !is_of_a_fault(number) && number != SIGKILL && number != SIGSTOP) {
      sees_signals = number;
    }
  }
}

static void the_worker_has_a_name_and_no_signals(void)
{
  int32_t worker;
  for (worker = 0; worker < 2; worker++) {
    struct setup setup = {0};
    struct client *client;
    is_right_name = sees_signals = 0;
    setup.worker = worker;
    setup.on_callback = look_at_the_thread;
    client = client_new("alice", &setup);
    client_login(client);
    client_destroy(client, "");
    CHECK_INT(is_right_name, 1);
    CHECK_INT(sees_signals, 0);
    client_free(client);
  }
}

static volatile sig_atomic_t handled;
static pthread_t handled_on;

static void on_signal(int number)
{
  (void)number;
  handled_on = pthread_self();
  handled = 1;
}

/* A signal for the process arrives on the app's thread, whatever the library is doing. */
static void signals_are_the_hosts(void)
{
  struct pair pair = pair_new(0, NULL);
  struct sigaction action;
  int i;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
  for (i = 0; i < 20; i++) {
    handled = 0;
    CHECK_INT(kill(getpid(), SIGUSR1), 0);
    CHECK(handled && pthread_equal(handled_on, pthread_self()));
  }
  pair_end(&pair);
}

static void one_thread_for_all(void)
{
  enum { KITS = 50 };
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kits[KITS], *own;
  int i;
  CHECK_INT(check_threads(), 1);
  for (i = 0; i < KITS; i++) {
    config.delivery = i % 2;
    CHECK_OK(nertc_callkit_create(&config, &kits[i]));
    CHECK_INT(check_threads(), 2);
  }
  config.worker = NERTC_CALLKIT_WORKER_OWN;
  CHECK_OK(nertc_callkit_create(&config, &own));
  CHECK_INT(check_threads(), 3);
  CHECK_OK(nertc_callkit_destroy(own));
  for (i = 0; i < KITS; i++) {
    CHECK_INT(check_threads(), 2);
    CHECK_OK(nertc_callkit_destroy(kits[i]));
  }
  CHECK_INT(check_threads(), 1);
}

int main(void)
{
  RUN(one_thread_for_all);
  RUN(the_worker_has_a_name_and_no_signals);
  RUN(signals_are_the_hosts);
  RUN(fork_in_a_call);
  RUN(fork_while_it_connects);
  RUN(fork_while_a_callback_runs);
  RUN(fork_inside_a_callback);
  RUN(fork_twice);
  RUN(one_thread_for_all);
  return 0;
}
