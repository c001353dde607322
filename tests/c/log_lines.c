/* log_lines.c: a refusal names the argument and the reason; nobody can forge a line, or flood the log. */
#include "log.h"
#include "intercept.h"

static void listen_at(int32_t level, uint32_t flags)
{
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
  forget_lines();
  CHECK_OK(nertc_callkit_set_log_callback(level, flags, on_log, NULL));
}

static void stop_listening(void)
{
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
}

/* One WARN line, and it is this one. */
static void check_logged_at(int line, const char *text)
{
  char whole[300];
  snprintf(whole, sizeof whole, "%d %s", NERTC_CALLKIT_LOG_WARN, text);
  if (lines_with("") != 1 || lines_with(whole) != 1) {
    fail_at(__FILE__, line, "not the one line found: %s", whole);
  }
  forget_lines();
}
#define REFUSED(call, why) \
  do { \
    CHECK_REFUSED(call, INVALID_ARGUMENT); \
    check_logged_at(__LINE__, why); \
  } while (0)

static void each_refusal_names_function_field_and_limit(void)
{
  static char text[8192];
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  nertc_callkit_push push = NERTC_CALLKIT_PUSH_INIT;
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  const char *accounts[] = {"alice", ""};
  struct client *client = client_new("alice", NULL);
  nertc_callkit *kit = client->kit;
  listen_at(NERTC_CALLKIT_LOG_WARN, 0);
  memset(text, '"', 2405);
  options.user_id = "bob";
  options.attachment = text;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: attachment: 5153 of 4096 bytes after encoding");
  memset(text, 'x', 5000);
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: attachment: more than 4096 bytes");
  options.attachment = NULL;
  options.user_id = NULL;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: user_id: missing");
  options.user_id = "\xff";
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: user_id: not UTF-8");
  options.user_id = "bob";
  options.call_type = 7;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: call_type: 7 is not in 1 to 2");
  options.call_type = 0;
  options.flags = 0x84;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: flags: flags 0x84 are not known here");
  options.flags = 0;
  push.title = text;
  options.push = &push;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL), "call: push.title: more than 512 bytes");
  options.struct_size = 12;
  REFUSED(nertc_callkit_call(kit, &options, NULL, NULL),
          "call: options: a struct_size of 12, which must be 48 to 4096");
  ref.request_id = text;
  REFUSED(nertc_callkit_accept(kit, &ref, NULL, NULL), "accept: call.request_id: more than 64 bytes");
  ref.struct_size = 1;
  REFUSED(nertc_callkit_hangup(kit, &ref, NULL, NULL, NULL),
          "hangup: call: a struct_size of 1, which must be 40 to 4096");
  policy.rule = NERTC_CALLKIT_POLICY_ONLY_LISTED;
  policy.accounts = accounts;
  policy.account_count = 2;
  REFUSED(nertc_callkit_set_call_policy(kit, &policy), "set_call_policy: accounts[1]: missing");
  policy.account_count = 4097;
  REFUSED(nertc_callkit_set_call_policy(kit, &policy), "set_call_policy: account_count: 4097 is not in 0 to 4096");
  REFUSED(nertc_callkit_set_call_timeout(kit, 0), "set_call_timeout: timeout_ms: 0 is not in 1 to 120000");
  REFUSED(nertc_callkit_dispatch(kit, -2), "dispatch: timeout_ms: -2 is not in -1 to 2147483647");
  REFUSED(nertc_callkit_get_state(NULL), "get_state: kit: missing");
  REFUSED(nertc_callkit_get_call_info(kit, NULL), "get_call_info: out: missing");
  info.struct_size = 9;
  REFUSED(nertc_callkit_get_call_info(kit, &info), "get_call_info: out: a struct_size of 9, which must be");
  REFUSED(nertc_callkit_set_log_callback(5, 0, on_log, NULL), "set_log_callback: level: 5 is not in 0 to 4");
  REFUSED(nertc_callkit_push_decode("{}", NULL), "push_decode: text: nothing that push_encode writes");
  REFUSED(nertc_callkit_trace_start(kit, "/nowhere/at/all", 0), "trace_start: path: No such file or directory");
  timers.ring_ms = 120001;
  config.timers = &timers;
  REFUSED(nertc_callkit_create(&config, &kit), "create: config.timers.ring_ms: 120001 is not in 1 to 120000");
  stop_listening();
  client_destroy(client, "");
  client_free(client);
}

static void what_is_unsupported_is_logged_too(void)
{
  union { nertc_callkit_call_options it; unsigned char bytes[200]; } newer;
  struct client *client = client_new("alice", NULL);
  listen_at(NERTC_CALLKIT_LOG_WARN, 0);
  memset(&newer, 0, sizeof newer);
  newer.it.struct_size = sizeof newer;
  newer.bytes[199] = 1;
  CHECK_REFUSED(nertc_callkit_call(client->kit, &newer.it, NULL, NULL), UNSUPPORTED);
  check_logged_at(__LINE__, "call: options: a field that this library does not know is not zero");
  CHECK_REFUSED(nertc_callkit_push_decode("nck2:AA", NULL), UNSUPPORTED);
  check_logged_at(__LINE__, "push_decode: text: format 2, which is newer than this library");
  stop_listening();
  client_destroy(client, "");
  client_free(client);
}

static void a_missing_function_is_named(void)
{
  nertc_callkit_backends backends;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  struct intercept intercept;
  intercept_init(&intercept, NULL, &backends);
  config.backends = &backends;
  listen_at(NERTC_CALLKIT_LOG_WARN, 0);
  intercept.signaling.invite = NULL;
  REFUSED(nertc_callkit_create(&config, &kit), "create: config.backends.signaling.invite: mandatory, and missing");
  /* In a shorter table the functions beyond its end are missing. */
  intercept.signaling.invite = intercept.signaling.cancel_invite;
  intercept.signaling.struct_size = offsetof(nertc_callkit_signaling, close);
  REFUSED(nertc_callkit_create(&config, &kit), "create: config.backends.signaling.close: mandatory, and missing");
  intercept.signaling.struct_size = 8;
  REFUSED(nertc_callkit_create(&config, &kit), "create: config.backends.signaling.open: mandatory, and missing");
  intercept.signaling.struct_size = 7;
  REFUSED(nertc_callkit_create(&config, &kit),
          "create: config.backends.signaling: a struct_size of 7, which must be 8 to 4096");
  stop_listening();
  backends.signaling->release(backends.signaling_ctx);
  backends.rtc->release(backends.rtc_ctx);
}

/* As one tries to forge a line, to colour it, and to turn it around. */
static const char evil[] = "x\n2 create: all is well\r\x1b[31m\x7f\xc2\x85\xe2\x80\xae\xe2\x80\xa8y";

static void what_others_write_cannot_forge_a_line(void)
{
  static char long_line[5000];
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_signaling_connection lost = NERTC_CALLKIT_SIGNALING_CONNECTION_INIT;
  nertc_callkit_backends backends;
  struct setup setup = {0};
  struct client *client;
  struct intercept intercept;
  nertc_callkit_hub *hub = NULL;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  intercept_init(&intercept, hub, &backends);
  setup.backends = &backends;
  setup.device = evil;
  listen_at(NERTC_CALLKIT_LOG_DEBUG, NERTC_CALLKIT_LOG_PERSONAL);
  client = client_new(evil, &setup);
  client_login(client);
  CHECK(lines_with("x\\u{a}2 create: all is well\\u{d}\\u{1b}[31m\\u{7f}\\u{85}\\u{202e}\\u{2028}y") > 0);
  options.user_id = evil;
  options.attachment = evil;
  CHECK_OK(nertc_callkit_call(client->kit, &options, client_done, client));
  client_expect(client, "done(call,90009)");
  /* Peers and services: senders, ids, texts, reasons, and lines of a backend. */
  intercept_event(&intercept, NERTC_CALLKIT_SIGNAL_INVITE, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, evil, "ev\nil",
      evil, evil);
  client_expect(client, "on_invited");
  intercept_event(&intercept, NERTC_CALLKIT_SIGNAL_CANCEL, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, evil, "ev\nil",
      evil, evil);
  client_expect(client, "on_user_cancel on_call_end(12)");
  intercept_event(&intercept, NERTC_CALLKIT_SIGNAL_CONTROL, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, evil, "ev\nil",
      evil, evil);
  lost.type = NERTC_CALLKIT_CONNECTION_LOST;
  lost.message = evil;
  intercept.core.connection(intercept.core.ctx, &lost);
  client_expect(client, "on_reconnecting(1)");
  intercept.core.log(intercept.core.ctx, NERTC_CALLKIT_LOG_WARN, evil);
  CHECK(lines_with("2 backend: x\\u{a}2 create") == 1);
  memset(long_line, '\x01', sizeof long_line - 1);
  intercept.core.log(intercept.core.ctx, NERTC_CALLKIT_LOG_WARN, long_line);
  CHECK(lines_with("2 backend: \\u{1}\\u{1}") == 1);
  /* Nothing began a line of its own. */
  CHECK_INT(lines_with("2 create: all is well") - lines_with("x\\u{a}2 create: all is well"), 0);
  stop_listening();
  CHECK_OK(nertc_callkit_destroy(client->kit));
  client_free(client);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

static void a_flood_is_counted(void)
{
  nertc_callkit_backends backends;
  struct setup setup = {0};
  struct client *client;
  struct intercept intercept;
  nertc_callkit_hub *hub = NULL;
  char line[64];
  int i;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  intercept_init(&intercept, hub, &backends);
  setup.backends = &backends;
  client = client_new("alice", &setup);
  client_login(client);
  listen_at(NERTC_CALLKIT_LOG_DEBUG, 0);
  for (i = 0; i < 62000; i++) {
    snprintf(line, sizeof line, "message %d of s%d: dropped", i, i % 7);
    intercept.core.log(intercept.core.ctx, NERTC_CALLKIT_LOG_DEBUG, line);
  }
  /* Twenty, and perhaps as many again in a second window on a machine that is slow; with one line that counts. */
  CHECK(lines_with("") >= 20 && lines_with("") < 200);
  /* Other lines are not in their way. */
  intercept.core.log(intercept.core.ctx, NERTC_CALLKIT_LOG_WARN, "the disk is full");
  CHECK_INT(lines_with("2 backend: the disk is full"), 1);
  stop_listening();
  CHECK_OK(nertc_callkit_destroy(client->kit));
  client_free(client);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

/* A listener of an older, shorter header: its functions are called, and nothing beyond its end. */
static int invited, logged_in;

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  (void)user_data;
  CHECK_OK(nertc_callkit_reject(kit, event->call, NULL, NULL, NULL));
  change(&invited, 1);
}

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  (void)kit;
  (void)user_data;
  CHECK_INT(result->code, 0);
  change(&logged_in, 1);
}

static void a_shorter_listener_is_one(void)
{
  /* Beyond the stated size is a function that must not be called. */
  union { nertc_callkit_listener it; unsigned char bytes[sizeof(nertc_callkit_listener)]; } listener;
  static const uint32_t sizes[] = {8, 12, 16, 20, 24, offsetof(nertc_callkit_listener, on_user_ringing)};
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  struct setup setup = {0};
  struct client *alice;
  nertc_callkit_hub *hub = NULL;
  nertc_callkit *kit;
  size_t i;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  alice = client_new("alice", &setup);
  client_login(alice);
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const int has_invited = sizes[i] >= offsetof(nertc_callkit_listener, on_user_busy);
    memset(&listener, 0, sizeof listener);
    listener.it.on_invited = on_invited;
    memset(listener.bytes + sizes[i], 0x5a, sizeof listener - sizes[i]);
    listener.it.struct_size = sizes[i];
    config.listener = &listener.it;
    CHECK_OK(nertc_callkit_loopback_signaling(hub, &backends));
    CHECK_OK(nertc_callkit_loopback_rtc(hub, &backends));
    config.backends = &backends;
    config.device_id = "bob's";
    CHECK_OK(nertc_callkit_create(&config, &kit));
    invited = logged_in = 0;
    CHECK_OK(nertc_callkit_login(kit, "bob", NULL, on_login, NULL));
    WAIT_UNTIL(at_least_one, &logged_in);
    CHECK_OK(nertc_callkit_set_call_timeout(alice->kit, has_invited ? 30000 : 100));
    client_call(alice, "bob");
    client_until(alice, has_invited ? "on_call_end(14)" : "on_call_end(2)");
    CHECK_INT(invited, has_invited);
    CHECK_OK(nertc_callkit_destroy(kit));
  }
  listener.it.struct_size = 7;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  client_destroy(alice, "");
  client_free(alice);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

void run_log_lines(void)
{
  RUN(each_refusal_names_function_field_and_limit);
  RUN(what_is_unsupported_is_logged_too);
  RUN(a_missing_function_is_named);
  RUN(what_others_write_cannot_forge_a_line);
  RUN(a_flood_is_counted);
  RUN(a_shorter_listener_is_one);
}
