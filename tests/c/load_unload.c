/*
 * load_unload.c: an app that does not link the library but loads it, makes a call, unloads it, and does so again.
 * Without the harness, which is linked.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nertc_callkit.h>
#include <nertc_callkit/loopback.h>

/* The functions that the app uses. */
#define FUNCTIONS(USE) USE(create) USE(destroy) USE(login) USE(call) USE(accept) USE(hangup) USE(version)
#define FIELD(name) __typeof__(nertc_callkit_##name) *name;
static struct library {
  void *handle;
  FUNCTIONS(FIELD)
} library;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int logins, connected, ends;

#define CHECK(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

static void fail(const char *what, int line)
{
  fprintf(stderr, "load_unload.c:%d: not true: %s %s\n", line, what, dlerror());
  _exit(1);
}

static void count(int *number)
{
  pthread_mutex_lock(&lock);
  ++*number;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

/* The alarm of main is the deadline. */
static void await(const int *number, int least)
{
  pthread_mutex_lock(&lock);
  while (*number < least) {
    pthread_cond_wait(&changed, &lock);
  }
  pthread_mutex_unlock(&lock);
}

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  (void)kit;
  (void)user_data;
  CHECK(result->code == NERTC_CALLKIT_CODE_OK);
  count(&logins);
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  (void)user_data;
  CHECK(library.accept(kit, event->call, NULL, NULL) == NERTC_CALLKIT_STATUS_OK);
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *user_data)
{
  (void)kit;
  (void)event;
  (void)user_data;
  count(&connected);
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  (void)kit;
  (void)event;
  (void)user_data;
  count(&ends);
}

static nertc_callkit *new_kit(const char *account)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  config.listener = &listener;
  CHECK(library.create(&config, &kit) == NERTC_CALLKIT_STATUS_OK);
  CHECK(library.login(kit, account, NULL, on_login, NULL) == NERTC_CALLKIT_STATUS_OK);
  return kit;
}

static void whole_call(void)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit *alice, *bob;
  logins = connected = ends = 0;
  alice = new_kit("alice");
  bob = new_kit("bob");
  await(&logins, 2);
  options.user_id = "bob";
  CHECK(library.call(alice, &options, NULL, NULL) == NERTC_CALLKIT_STATUS_OK);
  await(&connected, 2);
  CHECK(library.hangup(alice, NULL, NULL, NULL, NULL) == NERTC_CALLKIT_STATUS_OK);
  await(&ends, 2);
  CHECK(library.destroy(alice) == NERTC_CALLKIT_STATUS_OK);
  CHECK(library.destroy(bob) == NERTC_CALLKIT_STATUS_OK);
}

static void load(const char *path)
{
  library.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library.handle);
#define FIND(name) \
  *(void **)&library.name = dlsym(library.handle, "nertc_callkit_" #name); \
  CHECK(library.name);
  FUNCTIONS(FIND)
  CHECK(library.version() == NERTC_CALLKIT_VERSION_NUMBER);
}

int main(int count_of_words, char **words)
{
  int round;
  CHECK(count_of_words == 2);
  alarm(60);
  for (round = 0; round < 3; round++) {
    load(words[1]);
    whole_call();
    CHECK(dlclose(library.handle) == 0);
    printf("ok loaded, called, unloaded\n");
  }
  return 0;
}
