/* mqtt_login.c: logging in over MQTT where no broker responds: hooks, refusals, and no leaks.
 * process.c forks while it connects. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

static const char *const nobody = "mqtt://127.0.0.1:1";

/* The hooks' arguments and results. */
static struct {
  int loaded, saved;
  char account[72], device[72], client_id[72];
} app;

static int32_t load_client_id(const char *account, const char *device, char *buffer, uint32_t size, void *user_data)
{
  CHECK(user_data == &app && size >= 24);
  snprintf(app.account, sizeof app.account, "%s", account);
  snprintf(app.device, sizeof app.device, "%s", device);
  snprintf(buffer, size, "%s", app.client_id);
  app.loaded++;
  return app.client_id[0] ? 0 : 1;
}

static void save_client_id(const char *account, const char *device, const char *client_id, void *user_data)
{
  CHECK(user_data == &app);
  CHECK_TEXT(account, app.account);
  CHECK_TEXT(device, app.device);
  snprintf(app.client_id, sizeof app.client_id, "%s", client_id);
  app.saved++;
}

static nertc_callkit_mqtt_options options_to_nobody(void)
{
  const nertc_callkit_mqtt_options init = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  nertc_callkit_mqtt_options options = init;
  memset(&app, 0, sizeof app);
  options.endpoints = &nobody;
  options.endpoint_count = 1;
  options.user_data = &app;
  return options;
}

/* A client with the backend; logging in may take `login_ms`. */
static struct client *new_client(const char *account, const nertc_callkit_mqtt_options *options, uint32_t login_ms)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  struct setup setup = {.backends = &backends, .timers = &timers, .device = "phone"};
  timers.login_ms = login_ms;
  CHECK_OK(nertc_callkit_mqtt_signaling(options, &backends));
  CHECK_OK(nertc_callkit_null_rtc(&backends));
  return client_new(account, &setup);
}

static void log_in(struct client *client, const char *token)
{
  CHECK_OK(nertc_callkit_login(client->kit, client->account, token, client_done, client));
}

static void end(struct client *client, const char *words)
{
  client_destroy(client, words);
  client_free(client);
  CHECK_INT(check_threads(), 1);
}

static void nobody_answers(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("alice", &options, 300);
  log_in(client, "token");
  client_expect(client, "done(login,408)");
  log_in(client, "token");
  client_expect(client, "done(login,408)");
  CHECK_OK(nertc_callkit_network_changed(client->kit));
  end(client, "");
}

static void destroy_while_it_connects(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("alice", &options, 60000);
  log_in(client, "token");
  end(client, "done(login,90003)");
}

static void an_account_that_does_not_fit(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("a name with more blanks than its forty letters and this", &options, 0);
  log_in(client, "token");
  client_expect(client, "done(login,90009)");
  end(client, "");
}

static void no_token(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("alice", &options, 60000);
  log_in(client, NULL);
  client_expect(client, "on_token_needed(0)");
  CHECK_OK(nertc_callkit_set_token(client->kit, NULL));
  client_expect(client, "done(login,302)");
  end(client, "");
}

static void a_token_later(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("alice", &options, 300);
  log_in(client, "");
  client_expect(client, "on_token_needed(0)");
  client_expect(client, "done(login,302)"); /* none came within the login's limit */
  log_in(client, NULL);
  client_expect(client, "on_token_needed(0)");
  CHECK_OK(nertc_callkit_set_token(client->kit, "late"));
  client_expect(client, "done(login,408)"); /* with it the backend goes on to the broker that is not there */
  end(client, "");
}

static void destroy_while_a_token_is_awaited(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  struct client *client = new_client("alice", &options, 60000);
  log_in(client, NULL);
  client_expect(client, "on_token_needed(0)");
  end(client, "done(login,90003)");
}

static void the_app_keeps_the_client_id(void)
{
  nertc_callkit_mqtt_options options = options_to_nobody();
  char first[sizeof app.client_id];
  int round;
  options.load_client_id = load_client_id;
  options.save_client_id = save_client_id;
  for (round = 0; round < 2; round++) {
    struct client *client = new_client("al ice", &options, 60000);
    log_in(client, "token");
    end(client, "done(login,90003)");
    CHECK_INT(app.loaded, round + 1);
    CHECK_INT(app.saved, 1);
    CHECK_TEXT(app.account, "al ice");
    CHECK_TEXT(app.device, "phone");
    CHECK_INT(strlen(app.client_id), 22);
    if (round == 0) {
      memcpy(first, app.client_id, sizeof first);
    }
    CHECK_TEXT(app.client_id, first);
  }
}

static void a_file_keeps_the_client_id(void)
{
  const nertc_callkit_mqtt_options options = options_to_nobody();
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit *kit = NULL;
  char folder[64], path[128], ids[2][64];
  struct stat file;
  int round;
  snprintf(folder, sizeof folder, "mqtt_login.%d", (int)getpid());
  CHECK_INT(mkdir(folder, 0700), 0);
  snprintf(path, sizeof path, "%s/mqtt-al=20ice-phone", folder);
  config.backends = &backends;
  config.data_dir = folder;
  config.device_id = "phone";
  for (round = 0; round < 2; round++) {
    FILE *kept;
    CHECK_OK(nertc_callkit_mqtt_signaling(&options, &backends));
    CHECK_OK(nertc_callkit_null_rtc(&backends));
    CHECK_OK(nertc_callkit_create(&config, &kit));
    CHECK_OK(nertc_callkit_login(kit, "al ice", "token", NULL, NULL));
    CHECK_OK(nertc_callkit_destroy(kit));
    CHECK_INT(check_entries(folder), 2);
    CHECK_INT(stat(path, &file), 0);
    CHECK_INT(file.st_mode & 0777, 0600);
    kept = fopen(path, "r");
    CHECK(kept && fgets(ids[round], sizeof ids[round], kept));
    fclose(kept);
  }
  CHECK_TEXT(ids[1], ids[0]);
  CHECK_INT(strlen(ids[0]), 23);
  CHECK_INT(unlink(path), 0);
  snprintf(path, sizeof path, "%s/mqtt_lives-al=20ice-phone", folder);
  CHECK_INT(unlink(path), 0);
  CHECK_INT(rmdir(folder), 0);
}

int main(void)
{
  nertc_callkit_mqtt_options options = options_to_nobody();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  if (nertc_callkit_mqtt_signaling(&options, &backends) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    printf("this library was built without MQTT\n");
    return 0;
  }
  backends.signaling->release(backends.signaling_ctx);
  RUN(nobody_answers);
  RUN(destroy_while_it_connects);
  RUN(an_account_that_does_not_fit);
  RUN(no_token);
  RUN(a_token_later);
  RUN(destroy_while_a_token_is_awaited);
  RUN(the_app_keeps_the_client_id);
  RUN(a_file_keeps_the_client_id);
  return 0;
}
