/*
 * lifetime.c: handles and the end of clients: stale and foreign handles, destroy and release from
 * everywhere and concurrently, without leaks. lifetime_end.c: pending requests, notifications, and
 * waiting.
 */
#include "lifetime.h"

#include <unistd.h>

int32_t delivery;

/* ---- handles ------------------------------------------------------------------------------------------ */

/* Every function that takes a client answers CLOSED to what is none, and does nothing. */
static void check_closed(nertc_callkit *kit)
{
  struct tally tally = {0};
  int i;
  for (i = 0; i < function_count; i++) {
    if (functions[i].kind != NO_KIT) {
      const int32_t answer = functions[i].run(kit, &tally);
      if (answer != NERTC_CALLKIT_STATUS_CLOSED) {
        FAIL("%s answers %d", functions[i].name, (int)answer);
      }
    }
  }
  check_tally(&tally);
}

static nertc_callkit *new_kit(void)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  config.delivery = delivery;
  CHECK_OK(nertc_callkit_create(&config, &kit));
  return kit;
}

static void stale_handles(void)
{
  nertc_callkit *kit = new_kit(), *newer;
  CHECK_OK(nertc_callkit_destroy(kit));
  check_closed(kit);
  newer = new_kit();
  CHECK(newer != kit);
  check_closed(kit);
  CHECK_OK(nertc_callkit_destroy(newer));
  check_closed(newer);
  check_closed(kit);
}

/* What never was a handle: small and large numbers, addresses of other things, a hub. */
static void foreign_handles(void)
{
  nertc_callkit *kit = new_kit();
  nertc_callkit_hub *hub = NULL;
  void *heap = malloc(1);
  const uintptr_t freed = (uintptr_t)heap;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  check_closed((nertc_callkit *)(uintptr_t)UINTPTR_MAX);
  check_closed((nertc_callkit *)((uintptr_t)kit + 1000000));
  check_closed((nertc_callkit *)(void *)&kit);
  check_closed((nertc_callkit *)heap);
  check_closed((nertc_callkit *)(void *)hub);
  free(heap);
  check_closed((nertc_callkit *)freed);
  CHECK_REFUSED(nertc_callkit_hub_release((nertc_callkit_hub *)(void *)kit), CLOSED);
  CHECK_OK(nertc_callkit_hub_release(hub));
  CHECK_REFUSED(nertc_callkit_hub_release(hub), CLOSED);
  CHECK_OK(nertc_callkit_hub_release(NULL));
  CHECK_OK(nertc_callkit_destroy(kit));
}

static void no_handle(void)
{
  struct tally tally = {0};
  int i;
  for (i = 0; i < function_count; i++) {
    if (functions[i].kind != NO_KIT && strcmp(functions[i].name, "destroy") != 0) {
      CHECK_INT(functions[i].run(NULL, &tally), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
    }
  }
  CHECK_OK(nertc_callkit_destroy(NULL));
  check_tally(&tally);
}

/* ---- threads ------------------------------------------------------------------------------------------ */

enum { USERS = 2, ROUNDS = 60 };

struct round {
  nertc_callkit *kit;
  struct tally tally;
  pthread_barrier_t start;
  int by_release, released, winners;
};

static void on_round_released(void *user_data)
{
  struct round *round = user_data;
  change(&round->released, 1);
}

/* Calls this and that until the client is closed. */
static void *use(void *user_data)
{
  struct round *round = user_data;
  int i, is_open = 1;
  pthread_barrier_wait(&round->start);
  for (i = 0; is_open && i < 900; i++) {
    const struct function *function = &functions[i % function_count];
    if (function->kind == KIT && strcmp(function->name, "release") != 0) {
      const int32_t answer = function->run(round->kit, &round->tally);
      CHECK(answer >= 0 || answer == NERTC_CALLKIT_STATUS_CLOSED ||
            answer == NERTC_CALLKIT_STATUS_UNSUPPORTED || answer == NERTC_CALLKIT_STATUS_QUEUE_FULL);
      is_open = answer != NERTC_CALLKIT_STATUS_CLOSED || strcmp(function->name, "push_frame") == 0;
    }
  }
  return NULL;
}

static int is_released(void *round)
{
  return ((struct round *)round)->released;
}

static void end_round(struct round *round)
{
  if (round->by_release) {
    CHECK_OK(nertc_callkit_release(round->kit, on_round_released, round));
    while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(round->kit, -1) >= 0) {
    }
    WAIT_UNTIL(is_released, round);
  } else {
    CHECK_OK(nertc_callkit_destroy(round->kit));
  }
}

static void use_during_the_end(void)
{
  static struct round round;
  int i, user;
  for (i = 0; i < ROUNDS; i++) {
    pthread_t users[USERS];
    memset(&round, 0, sizeof round);
    round.by_release = i % 2;
    round.kit = new_kit();
    pthread_barrier_init(&round.start, NULL, USERS + 1);
    for (user = 0; user < USERS; user++) {
      CHECK_INT(pthread_create(&users[user], NULL, use, &round), 0);
    }
    pthread_barrier_wait(&round.start);
    if (i % 3 != 0) {
      nertc_callkit_login(round.kit, "alice", NULL, NULL, NULL);
    }
    end_round(&round);
    for (user = 0; user < USERS; user++) {
      CHECK_INT(pthread_join(users[user], NULL), 0);
    }
    check_tally(&round.tally); /* When the end is over, so is every request. */
    pthread_barrier_destroy(&round.start);
    check_closed(round.kit);
  }
}

static void *end_it(void *user_data)
{
  struct round *round = user_data;
  int32_t status;
  int by_release;
  pthread_mutex_lock(&check_lock);
  by_release = round->by_release++ % 2;
  pthread_mutex_unlock(&check_lock);
  pthread_barrier_wait(&round->start);
  status = by_release ? nertc_callkit_release(round->kit, on_round_released, round)
                      : nertc_callkit_destroy(round->kit);
  CHECK(status == NERTC_CALLKIT_STATUS_OK || status == NERTC_CALLKIT_STATUS_CLOSED);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    change(&round->winners, 1);
    if (!by_release) {
      change(&round->released, 1);
    }
    while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(round->kit, -1) >= 0) {
    }
  }
  return NULL;
}

/* Many threads destroy and release at once: one of them does it. */
static void many_end_it_at_once(void)
{
  enum { ENDERS = 6 };
  static struct round round;
  int i, ender;
  for (i = 0; i < ROUNDS; i++) {
    pthread_t enders[ENDERS];
    memset(&round, 0, sizeof round);
    round.kit = new_kit();
    CHECK_OK(nertc_callkit_login(round.kit, "alice", NULL, NULL, NULL));
    pthread_barrier_init(&round.start, NULL, ENDERS);
    for (ender = 0; ender < ENDERS; ender++) {
      CHECK_INT(pthread_create(&enders[ender], NULL, end_it, &round), 0);
    }
    for (ender = 0; ender < ENDERS; ender++) {
      CHECK_INT(pthread_join(enders[ender], NULL), 0);
    }
    WAIT_UNTIL(is_released, &round);
    CHECK_INT(round.winners, 1);
    CHECK_INT(round.released, 1);
    pthread_barrier_destroy(&round.start);
    check_closed(round.kit);
  }
}

/* ---- nothing is left ---------------------------------------------------------------------------------- */

/* The last client was released, not destroyed: its thread ends by itself. The harness's alarm is the
 * deadline. */
static void await_single_thread(void)
{
  while (check_threads() > 1) {
    sched_yield();
  }
}

static void a_thousand_times(void)
{
  int fds, i;
  await_single_thread();
  fds = check_entries("/proc/self/fd");
  for (i = 0; i < 1000; i++) {
    nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
    nertc_callkit *kit;
    intptr_t fd;
    config.delivery = i % 2;
    config.worker = i / 2 % 2;
    CHECK_OK(nertc_callkit_create(&config, &kit));
    if (config.delivery == NERTC_CALLKIT_DELIVERY_APP) {
      CHECK_OK(nertc_callkit_get_event_handle(kit, &fd));
    }
    if (i % 3 == 0) {
      CHECK_OK(nertc_callkit_login(kit, "alice", NULL, NULL, NULL));
    }
    CHECK_OK(nertc_callkit_destroy(kit));
  }
  CHECK_INT(check_entries("/proc/self/fd"), fds);
  CHECK_INT(check_threads(), 1);
}

static void a_thousand_at_once(void)
{
  static nertc_callkit *kits[1000];
  int fds, i;
  await_single_thread();
  fds = check_entries("/proc/self/fd");
  for (i = 0; i < 1000; i++) {
    kits[i] = new_kit();
    CHECK_OK(nertc_callkit_login(kits[i], i % 2 ? "alice" : "bob", NULL, NULL, NULL));
  }
  CHECK_INT(check_threads(), 2);
  CHECK(check_entries("/proc/self/fd") <= fds + 3);
  for (i = 0; i < 1000; i++) {
    CHECK_OK(nertc_callkit_destroy(kits[i]));
  }
  CHECK_INT(check_threads(), 1);
  CHECK_INT(check_entries("/proc/self/fd"), fds);
}

static void the_thread_ends_with_the_last_release(void)
{
  nertc_callkit *kit = new_kit();
  CHECK_OK(nertc_callkit_release(kit, NULL, NULL));
  while (delivery == NERTC_CALLKIT_DELIVERY_APP && nertc_callkit_dispatch(kit, -1) >= 0) {
  }
  await_single_thread();
}

int main(void)
{
  check_functions_are_complete();
  for (delivery = NERTC_CALLKIT_DELIVERY_WORKER; delivery <= NERTC_CALLKIT_DELIVERY_APP; delivery++) {
    printf("-- %s\n", delivery ? "app" : "worker");
    RUN(stale_handles);
    RUN(foreign_handles);
    RUN(no_handle);
    RUN(use_during_the_end);
    RUN(many_end_it_at_once);
    RUN(a_thousand_times);
    RUN(a_thousand_at_once);
    RUN(the_thread_ends_with_the_last_release);
    end_tests();
  }
  return 0;
}
