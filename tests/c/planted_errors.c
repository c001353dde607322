/*
 * planted_errors.c: mistakes on purpose, one per argument, most of them inside the library on memory of ours. A tool
 * that does not see them could not see ours either: scripts/sanitize runs each under the tool that must.
 */
#include "check.h"

static nertc_callkit *kit;

/* ---- races -------------------------------------------------------------------------------------------- */

static int shared, has_come;
static nertc_callkit_call_info shared_info = NERTC_CALLKIT_CALL_INFO_INIT;

static void *write_shared(void *unused)
{
  shared++;
  return unused;
}

/* The library writes the struct, on whichever thread calls it. */
static void *write_shared_info(void *unused)
{
  CHECK_OK(nertc_callkit_get_call_info(kit, &shared_info));
  return unused;
}

static void on_two_threads(void *(*body)(void *))
{
  pthread_t first, second;
  CHECK_INT(pthread_create(&first, NULL, body, NULL), 0);
  CHECK_INT(pthread_create(&second, NULL, body, NULL), 0);
  CHECK_INT(pthread_join(first, NULL), 0);
  CHECK_INT(pthread_join(second, NULL), 0);
}

static void race_in_c(void)
{
  on_two_threads(write_shared);
}

static void race_in_the_library(void)
{
  on_two_threads(write_shared_info);
}

static void write_shared_in_callback(nertc_callkit *own, const nertc_callkit_result *result, void *unused)
{
  (void)own;
  (void)result;
  write_shared(unused);
  __atomic_store_n(&has_come, 1, __ATOMIC_RELAXED);
}

static void race_with_a_callback(void)
{
  CHECK_OK(nertc_callkit_login(kit, "alice", NULL, write_shared_in_callback, NULL));
  while (!__atomic_load_n(&has_come, __ATOMIC_RELAXED)) {
    shared++;
  }
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static void freed_text(void)
{
  char *volatile account = malloc(6); /* or the compiler sees it */
  memcpy(account, "alice", 6);
  free(account);
  (void)!nertc_callkit_login(kit, account, NULL, NULL, NULL);
}

/* A struct that claims to be larger than it is. */
static void too_small_struct(void)
{
  const size_t half = sizeof(nertc_callkit_call_info) / 2;
  void *room = malloc(half);
  const uint32_t claim = sizeof(nertc_callkit_call_info);
  memcpy(room, &claim, sizeof claim);
  (void)!nertc_callkit_get_call_info(kit, room);
  free(room);
}

static void unset_number(void)
{
  nertc_callkit_call_options *options = malloc(sizeof *options);
  options->struct_size = sizeof *options;
  (void)!nertc_callkit_call(kit, options, NULL, NULL);
  free(options);
}

static void leak(void)
{
  static void *volatile kept;
  kept = malloc(1234);
  CHECK(kept);
  kept = NULL;
}

static void overflow(void)
{
  volatile int large = INT32_MAX;
  shared = large + 1;
}

static const struct {
  const char *name;
  void (*run)(void);
} mistakes[] = {
  {"race_in_c", race_in_c}, {"race_in_the_library", race_in_the_library},
  {"race_with_a_callback", race_with_a_callback}, {"freed_text", freed_text},
  {"too_small_struct", too_small_struct}, {"unset_number", unset_number}, {"leak", leak},
  {"overflow", overflow},
};

int main(int count, char **arguments)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  size_t i;
  CHECK_OK(nertc_callkit_create(&config, &kit));
  for (i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    if (count > 1 && strcmp(arguments[1], mistakes[i].name) == 0) {
      mistakes[i].run();
    }
  }
  CHECK_OK(nertc_callkit_destroy(kit));
  return 0;
}
