/* check.c: see check.h. Waiting and failing; the recorder is in client.c. */
#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum { DEADLINE_S = 20 };

pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t check_changed = PTHREAD_COND_INITIALIZER;
struct client *check_clients;
static const char *running = "";

void fail_at(const char *file, int line, const char *format, ...)
{
  va_list list;
  fflush(stdout);
  fprintf(stderr, "%s:%d: in %s: ", file, line, running);
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fprintf(stderr, "\n");
  _exit(1);
}

void check_int_at(const char *file, int line, const char *what, long long value, long long expected)
{
  if (value != expected) {
    fail_at(file, line, "%s is %lld instead of %lld", what, value, expected);
  }
}

void check_text_at(const char *file, int line, const char *what, const char *value, const char *expected)
{
  if (!value || strcmp(value, expected) != 0) {
    fail_at(file, line, "%s is \"%.200s\" instead of \"%.200s\"", what, value ? value : "(NULL)", expected);
  }
}

static void on_alarm(int number)
{
  static const char text[] = ": hangs\n";
  ssize_t written = write(2, running, strlen(running));
  written += write(2, text, sizeof text - 1);
  _exit(written > 0 ? 1 : number);
}

unsigned check_patience(void)
{
  const char *text = getenv("CHECK_PATIENCE");
  return text ? (unsigned)atoi(text) : 1;
}

void run_test(const char *name, void (*test)(void))
{
  running = name;
  signal(SIGALRM, on_alarm);
  alarm(120 * check_patience());
  test();
  alarm(0);
  printf("ok %s\n", name);
  fflush(stdout);
}

static struct timespec deadline(void)
{
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += (time_t)(DEADLINE_S * check_patience());
  return until;
}

static int is_past(const struct timespec *until)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec > until->tv_nsec);
}

/* Lets the clients with APP delivery run what waits; or waits a little until something does. */
static int pump(void)
{
  struct pollfd fds[16];
  nertc_callkit *kits[16], *closing[16];
  struct client *it;
  int count = 0, closing_count = 0, i;
  pthread_mutex_lock(&check_lock);
  for (it = check_clients; it && count + closing_count < 16; it = it->next) {
    if (it->setup.delivery == NERTC_CALLKIT_DELIVERY_APP && !it->destroyed && !it->held) {
      kits[count] = it->kit;
      intptr_t descriptor;
      if (nertc_callkit_get_event_handle(it->kit, &descriptor) == NERTC_CALLKIT_STATUS_OK) {
        fds[count].fd = (int)descriptor;
        fds[count++].events = POLLIN;
      } else {
        closing[closing_count++] = it->kit; /* released: dispatch works until `released` has run */
      }
    }
  }
  pthread_mutex_unlock(&check_lock);
  for (i = 0; i < closing_count; i++) {
    nertc_callkit_dispatch(closing[i], 5);
  }
  if (count > 0 && poll(fds, (nfds_t)count, 5) > 0) {
    for (i = 0; i < count; i++) {
      if (fds[i].revents) {
        nertc_callkit_dispatch(kits[i], 0);
      }
    }
  }
  return count + closing_count;
}

int check_wait(int (*is_true)(void *), void *argument)
{
  const struct timespec until = deadline();
  int late = 0, holds;
  pthread_mutex_lock(&check_lock);
  while (!(holds = is_true(argument)) && !late) {
    int pumped;
    pthread_mutex_unlock(&check_lock);
    pumped = pump();
    pthread_mutex_lock(&check_lock);
    if (pumped) {
      late = is_past(&until);
    } else if (!is_true(argument)) {
      late = pthread_cond_timedwait(&check_changed, &check_lock, &until) != 0;
    }
  }
  pthread_mutex_unlock(&check_lock);
  return holds;
}

void wait_until_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument)
{
  if (!check_wait(is_true, argument)) {
    fail_at(file, line, "waited in vain for %s", what);
  }
}

void change(int *number, int by)
{
  pthread_mutex_lock(&check_lock);
  *number += by;
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

int at_least_one(void *number)
{
  return *(int *)number >= 1;
}

int check_entries(const char *path)
{
  DIR *folder = opendir(path);
  int count = 0;
  CHECK(folder);
  while (readdir(folder)) {
    count++;
  }
  closedir(folder);
  return count - 2; /* `.` and `..` */
}

#ifndef __has_feature /* clang's */
#define __has_feature(unused) 0
#endif

#if __has_feature(thread_sanitizer)
static void *do_nothing(void *unused)
{
  return unused;
}

int check_threads(void)
{
  /* The sanitizer's own thread starts with our first one, and stays. */
  static int is_there;
  pthread_t first;
  if (!is_there) {
    is_there = 1;
    CHECK_INT(pthread_create(&first, NULL, do_nothing, NULL), 0);
    CHECK_INT(pthread_join(first, NULL), 0);
  }
  return check_entries("/proc/self/task") - 1;
}
#else
int check_threads(void)
{
  return check_entries("/proc/self/task");
}
#endif

void fault_at(const char *file, int line, nertc_callkit_hub *hub, int32_t action, int32_t on,
              const char *account,
              nertc_callkit_fault more)
{
  more.action = action;
  more.delay_ms *= check_patience();
  more.on = on;
  more.account = account;
  check_int_at(file, line, "hub_add_fault", nertc_callkit_hub_add_fault(hub, &more), NERTC_CALLKIT_STATUS_OK);
}

struct pair pair_new_at(const char *file, int line, uint32_t hub_flags, const struct setup *both)
{
  struct pair pair;
  struct setup setup;
  memset(&setup, 0, sizeof setup);
  if (both) {
    setup = *both;
  }
  check_int_at(file, line, "hub_create", nertc_callkit_hub_create(hub_flags, &pair.hub),
               NERTC_CALLKIT_STATUS_OK);
  setup.hub = pair.hub;
  pair.bob = client_new_at(file, line, "bob", &setup);
  pair.alice = client_new_at(file, line, "alice", &setup);
  client_login_at(file, line, pair.bob);
  client_login_at(file, line, pair.alice);
  return pair;
}

void pair_ring_at(const char *file, int line, struct pair *pair)
{
  client_call_at(file, line, pair->alice, "bob", 0);
  client_expect_at(file, line, pair->bob, "on_invited");
}

void pair_connect_at(const char *file, int line, struct pair *pair)
{
  pair_ring_at(file, line, pair);
  check_int_at(file, line, "accept", nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob), 0);
  client_expect_at(file, line, pair->alice, "on_user_accept on_user_enter on_call_connected");
  client_expect_at(file, line, pair->bob, "done(accept,0) on_user_enter on_call_connected");
}

void pair_end_at(const char *file, int line, struct pair *pair)
{
  check_int_at(file, line, "state of alice", nertc_callkit_get_state(pair->alice->kit),
               NERTC_CALLKIT_STATE_IDLE);
  check_int_at(file, line, "state of bob", nertc_callkit_get_state(pair->bob->kit), NERTC_CALLKIT_STATE_IDLE);
  client_destroy_at(file, line, pair->alice, "");
  client_destroy_at(file, line, pair->bob, "");
  client_free(pair->alice);
  client_free(pair->bob);
  check_int_at(file, line, "hub_release", nertc_callkit_hub_release(pair->hub), NERTC_CALLKIT_STATUS_OK);
}
