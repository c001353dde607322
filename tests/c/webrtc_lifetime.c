/* webrtc_lifetime.c: what WebRTC media costs when there is no call, and what is left after one. */
#include "webrtc_client.h"

#include <dirent.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 20 };

static struct webrtc_client alice, bob;
static nertc_callkit_hub *hub;
static int threads, descriptors;

static void begin(void)
{
  webrtc_begin(&alice, &bob, &hub, NULL, FRAMES);
}

static void finish(void)
{
  webrtc_finish(&alice, &bob, hub);
}

/* Sockets say good-bye for a second; looked at again and again, because nothing tells of their end. */
static void expect_left(const char *when)
{
  const struct timespec little = {0, 20 * 1000 * 1000};
  int now[2] = {-1, -1}, i;
  for (i = 0; i < 3000; i++) {
    now[0] = check_threads();
    now[1] = check_entries("/proc/self/fd");
    if (now[0] <= threads && now[1] <= descriptors) {
      return;
    }
    nanosleep(&little, NULL);
  }
  FAIL("%s: %d threads and %d descriptors, %d and %d before", when, now[0], now[1], threads, descriptors);
}

static void count_now(void)
{
  threads = check_threads();
  descriptors = check_entries("/proc/self/fd");
}

/* How often the threads, but for this one, have gone to sleep. */
static long sleeps(void)
{
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *task;
  long sum = 0;
  CHECK(tasks);
  while ((task = readdir(tasks)) != NULL) {
    char path[300], line[128];
    FILE *status;
    if (task->d_name[0] == '.' || atoi(task->d_name) == (int)getpid()) {
      continue;
    }
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
    status = fopen(path, "r");
    CHECK(status);
    while (fgets(line, sizeof line, status)) {
      if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0) {
        sum += atol(line + 24);
      }
    }
    fclose(status);
  }
  closedir(tasks);
  return sum;
}

/* Two clients that are logged in, before their first call and after one. */
static void idle_clients_do_not_wake_up(void)
{
  const struct timespec quiet = {3, 0};
  int call;
  begin();
  count_now();
  for (call = 0; call < 2; call++) {
    long before, after;
    nanosleep(&quiet, NULL); /* the login's own threads come to rest */
    before = sleeps();
    nanosleep(&quiet, NULL);
    after = sleeps();
    CHECK_INT(after - before, 0);
    webrtc_connect(&alice, &bob);
    webrtc_hang_up(&alice, &bob);
    expect_left("after a call");
  }
  finish();
}

/* A client with WebRTC has the threads and descriptors that one with the loopback's media has. */
static void a_client_without_a_call_has_no_thread_or_socket(void)
{
  struct setup setup = {0};
  struct client *other;
  struct webrtc_client carol;
  nertc_callkit_hub *own;
  int with_loopback[2];
  memset(&carol, 0, sizeof carol);
  begin(); /* what all clients share is there */
  CHECK_OK(nertc_callkit_hub_create(0, &own));
  setup.hub = own;
  other = client_new("carol", &setup);
  client_login(other);
  with_loopback[0] = check_threads();
  with_loopback[1] = check_entries("/proc/self/fd");
  client_destroy(other, "");
  client_free(other);
  webrtc_create(&carol, "carol", own, NULL, FRAMES);
  webrtc_login(&carol);
  CHECK_INT(check_threads(), with_loopback[0]);
  CHECK_INT(check_entries("/proc/self/fd"), with_loopback[1]);
  webrtc_destroy(&carol);
  CHECK_OK(nertc_callkit_hub_release(own));
  finish();
}

static void many_calls_leave_nothing(void)
{
  int call;
  begin();
  count_now();
  webrtc_send(&alice);
  threads++; /* that of the tone */
  for (call = 0; call < CALLS; call++) {
    struct webrtc_client *caller = call % 2 ? &bob : &alice, *callee = call % 2 ? &alice : &bob;
    webrtc_connect(caller, callee);
    webrtc_expect_tone(&bob, 2);
    CHECK(check_threads() > threads && check_entries("/proc/self/fd") > descriptors);
    webrtc_hang_up(caller, callee);
  }
  expect_left("after many calls");
  webrtc_stop(&alice);
  threads--;
  expect_left("after the tone");
  finish();
}

/* Rings, and so is prepared: cancelled, rejected, or left by destroy. */
static void calls_that_are_not_answered_leave_nothing(void)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  int i;
  begin();
  count_now();
  options.user_id = "nobody";
  for (i = 0; i < 3; i++) {
    alice.ended = 0;
    CHECK_OK(nertc_callkit_call(alice.kit, &options, webrtc_done, &alice));
    CHECK_OK(nertc_callkit_cancel(alice.kit, NULL, NULL, webrtc_done, &alice));
    WAIT_LONG(at_least_one, &alice.ended);
  }
  expect_left("after cancelled calls");
  CHECK_OK(nertc_callkit_call(alice.kit, &options, webrtc_done, &alice));
  finish();
}

static void destroy_ends_a_call_with_its_sockets(void)
{
  count_now();
  begin();
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_send(&bob);
  webrtc_expect_tone(&bob, 2);
  webrtc_destroy(&bob);
  WAIT_LONG(at_least_one, &alice.ended);
  webrtc_destroy(&alice);
  CHECK_OK(nertc_callkit_hub_release(hub));
  expect_left("after destroy");
}

/* The child has none of it; the parent's call does not notice. */
static void a_fork_does_not_disturb_a_call(void)
{
  nertc_callkit_call_stats stats = NERTC_CALLKIT_CALL_STATS_INIT;
  int status;
  pid_t child;
  begin();
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_expect_tone(&bob, 2);
  fflush(NULL);
  child = fork();
  if (child == 0) {
    _exit(nertc_callkit_get_call_stats(alice.kit, &stats) == NERTC_CALLKIT_STATUS_CLOSED ? 0 : 1);
  }
  CHECK(child > 0);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  webrtc_expect_tone(&bob, 4);
  webrtc_hang_up(&alice, &bob);
  finish();
}

#ifndef __has_feature /* clang's */
#define __has_feature(unused) 0
#endif

int main(void)
{
  if (webrtc_is_built_in()) {
#if !__has_feature(thread_sanitizer) /* its own thread wakes up */
    RUN(idle_clients_do_not_wake_up);
#endif
    RUN(a_client_without_a_call_has_no_thread_or_socket);
    RUN(many_calls_leave_nothing);
    RUN(calls_that_are_not_answered_leave_nothing);
    RUN(destroy_ends_a_call_with_its_sockets);
    RUN(a_fork_does_not_disturb_a_call);
  }
  return 0;
}
