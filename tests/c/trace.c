/* trace.c: traces through the C interface: what may be started where, what the file is, and that it replays. */
#include "check.h"
#include "client.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 8 << 20 };

static char folder[] = "trace.XX" "XX" "XX";
static int warnings;

/* A path in the test's folder; four may be in use at once. */
static const char *in(const char *name)
{
  static char paths[4][80];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static char *content(const char *path)
{
  static char *text;
  long size;
  FILE *file = fopen(path, "r");
  CHECK(file);
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  text = realloc(text, (size_t)size + 1);
  text[fread(text, 1, (size_t)size, file)] = '\0';
  fclose(file);
  return text;
}

static void put(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0);
  fclose(file);
}

/* The file is a trace that only its owner can read, and the tool replays it with the same outcome. */
static void check_replays(const char *path)
{
  char command[4200];
  struct stat it;
  CHECK_INT(lstat(path, &it), 0);
  CHECK_INT(it.st_mode, S_IFREG | 0600);
  CHECK(it.st_size > 0 && it.st_size < LIMIT + (1 << 20));
  snprintf(command, sizeof command, "'" NERTC_CALLKIT_TOOL "' replay '%s' >'%s/replayed'", path, folder);
  if (system(command) != 0) {
    FAIL("%s: %s", command, content(in("replayed")));
  }
  CHECK(strstr(content(in("replayed")), "the same\n"));
}

static int start(struct client *client, const char *path)
{
  return nertc_callkit_trace_start(client->kit, path, 0);
}

static void a_life_is_recorded_and_replays_without_personal_words(void)
{
  struct pair pair = pair_new(0, NULL);
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  CHECK_OK(start(pair.alice, in("alice")));
  CHECK_OK(nertc_callkit_trace_start(pair.bob->kit, in("bob"), NERTC_CALLKIT_TRACE_PERSONAL));
  options.user_id = "bob";
  options.attachment = "{\"dish\":\"petunias\"}";
  CHECK_OK(nertc_callkit_call(pair.alice->kit, &options, client_done, pair.alice));
  client_expect(pair.alice, "done(call,0)");
  client_expect(pair.bob, "on_invited");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_end(&pair);
  check_replays(in("alice"));
  check_replays(in("bob"));
  CHECK(strncmp(content(in("alice")), "{\"trace\":4,", 11) == 0);
  CHECK(!strstr(content(in("alice")), "petunias") && !strstr(content(in("alice")), "bob"));
  CHECK(strstr(content(in("bob")), "petunias") && strstr(content(in("bob")), "alice"));
}

static void start_when_it_rings(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(word, "on_invited") == 0) {
    CHECK_OK(start(client, in("inside")));
    CHECK_OK(nertc_callkit_accept(client->kit, NULL, client_done, client));
  } else if (strncmp(word, "on_call_end", 11) == 0) {
    CHECK_OK(nertc_callkit_trace_stop(client->kit));
  }
}

static void a_trace_may_start_and_stop_inside_callbacks_in_the_middle_of_a_call(void)
{
  struct setup setup = {.on_callback = start_when_it_rings};
  struct pair pair = pair_new(0, &setup);
  client_call(pair.alice, "bob");
  client_until(pair.alice, "on_call_connected");
  client_until(pair.bob, "on_call_connected");
  CHECK_OK(start(pair.alice, in("connected")));
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_until(pair.alice, "on_call_end(15)");
  client_until(pair.bob, "on_call_end(16)");
  pair_end(&pair);
  check_replays(in("inside"));
  CHECK(strstr(content(in("inside")), "\"Called\":{") && strstr(content(in("inside")), "\"CallEnd\""));
  check_replays(in("connected"));
  CHECK(strstr(content(in("connected")), "\"InCall\":{"));
}

static void what_happened_is_in_the_file_once_the_worker_sleeps(void)
{
  struct pair pair = pair_new(0, NULL);
  char path[80], changes[1024];
  struct pollfd written = {.fd = inotify_init1(IN_NONBLOCK), .events = POLLIN};
  snprintf(path, sizeof path, "%s", in("sleeping"));
  CHECK(inotify_add_watch(written.fd, folder, IN_MODIFY) >= 0);
  CHECK_OK(start(pair.alice, path));
  pair_connect(&pair);
  while (!strstr(content(path), "\"CallConnected\"")) {
    CHECK_INT(poll(&written, 1, 20000 * (int)check_patience()), 1);
    CHECK(read(written.fd, changes, sizeof changes) > 0);
  }
  close(written.fd);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_message_sent(1) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

static void on_released(void *number)
{
  change(number, 1);
}

static void a_second_start_ends_the_first_trace_and_an_older_trace_is_kept(void)
{
  struct client *client = client_new("alice", NULL);
  int released = 0;
  CHECK_OK(start(client, in("first")));
  client_login(client);
  CHECK_OK(start(client, in("second")));
  CHECK_OK(nertc_callkit_logout(client->kit, client_done, client));
  client_expect(client, "done(logout,0)");
  CHECK_OK(start(client, in("second"))); /* its own file */
  CHECK_OK(nertc_callkit_trace_stop(client->kit));
  CHECK_OK(nertc_callkit_trace_stop(client->kit));
  client_login(client); /* after the stop: in no file */
  CHECK_OK(nertc_callkit_release(client->kit, on_released, &released));
  CHECK_REFUSED(start(client, in("late")), CLOSED);
  CHECK_REFUSED(nertc_callkit_trace_stop(client->kit), CLOSED);
  CHECK(access(in("late"), F_OK) != 0);
  WAIT_UNTIL(at_least_one, &released);
  client_free(client);
}

static void they_are_complete(void)
{
  check_replays(in("first"));
  check_replays(in("second.1"));
  check_replays(in("second"));
  CHECK(strstr(content(in("first")), "\"Login\"") && !strstr(content(in("first")), "\"Logout\""));
  CHECK(strstr(content(in("second.1")), "\"Logout\""));
  CHECK(!strchr(strchr(content(in("second")), '\n'), '{'));
}

static void what_cannot_be_a_trace_is_refused_and_stays_as_it_is(void)
{
  struct client *client = client_new("alice", NULL);
  char longer[4200];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  CHECK_REFUSED(nertc_callkit_trace_start(NULL, in("x"), 0), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_trace_stop(NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, ""), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, longer), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, "\xff"), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_trace_start(client->kit, in("x"), 2), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, in("no/such/folder")), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, folder), INVALID_ARGUMENT);
  CHECK_REFUSED(start(client, "/dev/full"), INVALID_ARGUMENT);
  CHECK_INT(mkfifo(in("fifo"), 0600), 0);
  CHECK_REFUSED(start(client, in("fifo")), INVALID_ARGUMENT);
  CHECK_INT(symlink("nowhere", in("link")), 0);
  CHECK_REFUSED(start(client, in("link")), INVALID_ARGUMENT);
  CHECK(access(in("nowhere"), F_OK) != 0);
  put(in("thesis"), "years of work");
  CHECK_REFUSED(start(client, in("thesis")), INVALID_ARGUMENT);
  CHECK_TEXT(content(in("thesis")), "years of work");
  put(in("kept"), "{\"trace\":1}\n");
  put(in("kept.1"), "years of work");
  CHECK_REFUSED(start(client, in("kept")), INVALID_ARGUMENT);
  CHECK_TEXT(content(in("kept")), "{\"trace\":1}\n");
  CHECK_TEXT(content(in("kept.1")), "years of work");
  CHECK(access(in("x"), F_OK) != 0);
  put(in("empty"), "");
  CHECK_INT(chmod(in("empty"), 0666), 0);
  CHECK_OK(start(client, in("empty")));
  client_destroy(client, "");
  client_free(client);
  check_replays(in("empty"));
}

/* `count` cancels of no call, each with a text of nearly 2 KB. */
static void cancel_many(struct client *client, int count)
{
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  static char text[1901];
  memset(text, 'y', sizeof text - 1);
  options.text = text;
  for (; count > 0; count--) {
    CHECK_OK(nertc_callkit_cancel(client->kit, options_call, &options, client_done, client));
    client_expect(client, "done(cancel,20013)");
    client->count = client->read = 0;
  }
}

static void a_long_life_takes_two_files_at_most(void)
{
  struct client *client = client_new("alice", NULL);
  CHECK_OK(start(client, in("long")));
  client_login(client);
  cancel_many(client, 5 * LIMIT / 4096);
  client_destroy(client, "");
  client_free(client);
  check_replays(in("long"));
  check_replays(in("long.1"));
  CHECK(access(in("long.1.1"), F_OK) != 0 && access(in("long.2"), F_OK) != 0);
}

static void on_log(int32_t level, const char *text, void *unused)
{
  (void)unused;
  if (level <= NERTC_CALLKIT_LOG_WARN && strstr(text, "the trace ends")) {
    change(&warnings, 1);
  }
}

static void a_full_disk_ends_the_trace_and_not_the_call(void)
{
  struct rlimit before, small;
  struct client *client = client_new("alice", NULL);
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_WARN, 0, on_log, NULL));
  CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 20000;
  CHECK_OK(start(client, in("full")));
  CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
  client_login(client);
  cancel_many(client, 40);
  CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
  CHECK_INT(warnings, 1);
  CHECK_OK(start(client, in("after")));
  cancel_many(client, 3);
  client_destroy(client, "");
  client_free(client);
  CHECK_INT(warnings, 1);
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
  check_replays(in("after"));
}

int main(void)
{
  char remove[64];
  CHECK(mkdtemp(folder));
  RUN(a_life_is_recorded_and_replays_without_personal_words);
  RUN(a_trace_may_start_and_stop_inside_callbacks_in_the_middle_of_a_call);
  RUN(what_happened_is_in_the_file_once_the_worker_sleeps);
  RUN(a_second_start_ends_the_first_trace_and_an_older_trace_is_kept);
  RUN(they_are_complete);
  RUN(what_cannot_be_a_trace_is_refused_and_stays_as_it_is);
  RUN(a_long_life_takes_two_files_at_most);
  RUN(a_full_disk_ends_the_trace_and_not_the_call);
  snprintf(remove, sizeof remove, "rm -rf %s", folder);
  CHECK_INT(system(remove), 0);
  return 0;
}
