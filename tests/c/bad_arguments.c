/* bad_arguments.c: bad arguments are refused at once, with a clear status, and nothing follows. */
#include "functions.h"

static char too_long[70000];

static const char *text_of(size_t bytes)
{
  memset(too_long, 'x', bytes);
  too_long[bytes] = 0;
  return too_long;
}

static const char bad_utf8[] = "al\xC3(ice";

static void null_handles(void)
{
  static struct tally tally;
  int i;
  CHECK_OK(nertc_callkit_destroy(NULL));
  CHECK_OK(nertc_callkit_hub_release(NULL));
  for (i = 0; i < function_count; i++) {
    if (functions[i].kind != NO_KIT && strcmp(functions[i].name, "destroy") != 0) {
      check_int_at(__FILE__, __LINE__, functions[i].name, functions[i].run(NULL, &tally),
                   NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
    }
  }
  check_tally(&tally);
}

static void null_pointers(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  CHECK_REFUSED(nertc_callkit_create(NULL, &kit), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_create(&config, NULL), INVALID_ARGUMENT);
  CHECK(kit == NULL);
  CHECK_REFUSED(nertc_callkit_login(client->kit, NULL, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_call(client->kit, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_get_call_info(client->kit, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_hub_create(0, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_hub_add_fault(NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_loopback_signaling(NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_loopback_rtc(NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_null_rtc(NULL), INVALID_ARGUMENT);
  nertc_callkit_struct_init(NULL, sizeof(nertc_callkit_config));
  client_destroy(client, "");
  client_free(client);
}

static void foreign_and_stale_handles(void)
{
  nertc_callkit_hub *hub = NULL;
  struct client *client = client_new("alice", NULL);
  nertc_callkit *kit = client->kit;
  int local = 0, i;
  nertc_callkit *foreign[4];
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  client_destroy(client, "");
  client_free(client);
  foreign[0] = kit;
  foreign[1] = (nertc_callkit *)(void *)&local;
  foreign[2] = (nertc_callkit *)(void *)hub;
  foreign[3] = (nertc_callkit *)UINTPTR_MAX;
  for (i = 0; i < 4; i++) {
    CHECK_REFUSED(nertc_callkit_get_state(foreign[i]), CLOSED);
    CHECK_REFUSED(nertc_callkit_login(foreign[i], "a", NULL, NULL, NULL), CLOSED);
    CHECK_REFUSED(nertc_callkit_hangup(foreign[i], NULL, NULL, NULL, NULL), CLOSED);
    CHECK_REFUSED(nertc_callkit_dispatch(foreign[i], 0), CLOSED);
    CHECK_REFUSED(nertc_callkit_release(foreign[i], NULL, NULL), CLOSED);
    CHECK_REFUSED(nertc_callkit_destroy(foreign[i]), CLOSED);
  }
  CHECK_REFUSED(nertc_callkit_hub_release((nertc_callkit_hub *)(void *)kit), CLOSED);
  CHECK_OK(nertc_callkit_hub_release(hub));
  CHECK_REFUSED(nertc_callkit_hub_release(hub), CLOSED);
  CHECK_REFUSED(nertc_callkit_loopback_signaling(hub, &backends), CLOSED);
}

static nertc_callkit_status call_with(struct client *client, const char *user, const char *attachment,
    const char *extra)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = user;
  options.attachment = attachment;
  options.extra = extra;
  return nertc_callkit_call(client->kit, &options, client_done, client);
}

static void bad_texts(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_push push = NERTC_CALLKIT_PUSH_INIT;
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_end_options cancel = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *cancel_call = NULL;
  CHECK_REFUSED(nertc_callkit_login(client->kit, "", NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_login(client->kit, bad_utf8, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_login(client->kit, text_of(65), NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_login(client->kit, "alice", bad_utf8, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_login(client->kit, "alice", text_of(4097), NULL, NULL), INVALID_ARGUMENT);
  client_login(client);
  CHECK_REFUSED(call_with(client, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "", NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, bad_utf8, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, text_of(65), NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "bob", bad_utf8, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "bob", text_of(4097), NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "bob", NULL, bad_utf8), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "bob", NULL, text_of(60000)), INVALID_ARGUMENT);
  CHECK_REFUSED(call_with(client, "bob", text_of(3000), too_long), INVALID_ARGUMENT);
  options.user_id = "bob";
  options.push = &push;
  push.title = text_of(513);
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  push.title = NULL;
  push.payload = text_of(2049);
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  push.payload = NULL;
  push.content = bad_utf8;
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  ref.channel_id = text_of(65);
  CHECK_REFUSED(nertc_callkit_accept(client->kit, &ref, NULL, NULL), INVALID_ARGUMENT);
  ref.channel_id = bad_utf8;
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
  cancel.text = text_of(5000);
  CHECK_REFUSED(nertc_callkit_cancel(client->kit, cancel_call, &cancel, NULL, NULL), INVALID_ARGUMENT);
  cancel.text = bad_utf8;
  CHECK_REFUSED(nertc_callkit_cancel(client->kit, cancel_call, &cancel, NULL, NULL), INVALID_ARGUMENT);
  client_destroy(client, "");
  client_free(client);
}

/* Every other text of a request, too long and of bad UTF-8. */
static void bad_texts_in_every_field(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_push push = NERTC_CALLKIT_PUSH_INIT;
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_end_options cancel = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *cancel_call = NULL;
  nertc_callkit_fault fault = NERTC_CALLKIT_FAULT_INIT;
  const char **const in_push[] = {&push.title, &push.content, &push.payload};
  const char **const in_ref[] = {&ref.channel_id, &ref.account, &ref.request_id};
  const char **const in_fault[] = {&fault.account, &fault.device_id};
  size_t i, bad;
  options.user_id = "bob";
  options.push = &push;
  cancel_call = &ref;
  fault.action = NERTC_CALLKIT_FAULT_KICK;
  for (bad = 0; bad < 2; bad++) {
    for (i = 0; i < 3; i++) {
      *in_push[i] = bad ? bad_utf8 : text_of(2049);
      CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
      *in_push[i] = NULL;
      *in_ref[i] = bad ? bad_utf8 : text_of(65);
      CHECK_REFUSED(nertc_callkit_cancel(client->kit, cancel_call, &cancel, NULL, NULL), INVALID_ARGUMENT);
      CHECK_REFUSED(nertc_callkit_accept(client->kit, &ref, NULL, NULL), INVALID_ARGUMENT);
      CHECK_REFUSED(nertc_callkit_reject(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
      CHECK_REFUSED(nertc_callkit_hangup(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
      CHECK_REFUSED(nertc_callkit_leave(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
      *in_ref[i] = NULL;
    }
    for (i = 0; i < 2; i++) {
      *in_fault[i] = bad ? bad_utf8 : text_of(65);
      CHECK_REFUSED(nertc_callkit_hub_add_fault(NULL, &fault), INVALID_ARGUMENT);
      *in_fault[i] = NULL;
    }
  }
  client_destroy(client, "");
  client_free(client);
}

static void bad_texts_in_config(void)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  config.app_key = text_of(129);
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.app_key = bad_utf8;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.app_key = NULL;
  config.device_id = text_of(65);
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.device_id = bad_utf8;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.device_id = NULL;
  config.data_dir = bad_utf8;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.data_dir = text_of(4097);
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  CHECK(kit == NULL);
}

/* Completes with a code: which account is one's own is known to the worker alone. */
static void calling_oneself(void)
{
  struct client *client = client_new("alice", NULL);
  client_login(client);
  CHECK_OK(call_with(client, "alice", NULL, NULL));
  client_expect(client, "done(call,90009)");
  CHECK_INT(nertc_callkit_get_state(client->kit), NERTC_CALLKIT_STATE_IDLE);
  client_destroy(client, "");
  client_free(client);
}

static void unknown_numbers(void)
{
  nertc_callkit_end_options ending = NERTC_CALLKIT_END_OPTIONS_INIT;
  struct client *client = client_new("alice", NULL);
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_fault fault = NERTC_CALLKIT_FAULT_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_hub *hub = NULL;
  nertc_callkit *kit = NULL;
  config.delivery = 2;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.delivery = 0;
  config.worker = -1;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.worker = 0;
  config.flags = 1;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  config.flags = 0;
  timers.ring_ms = 120001;
  config.timers = &timers;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  options.user_id = "bob";
  options.call_type = 3;
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  options.call_type = 1;
  options.flags = 4;
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_call_timeout(client->kit, 0), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_call_timeout(client->kit, 120001), INVALID_ARGUMENT);
  CHECK_OK(nertc_callkit_set_call_timeout(client->kit, 120000));
  CHECK_OK(nertc_callkit_set_call_timeout(client->kit, 1));
  ending.flags = 4;
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, NULL, &ending, NULL, NULL), INVALID_ARGUMENT);
  ending.flags = NERTC_CALLKIT_CALL_FLAG_NO_RECORD;
  CHECK_REFUSED(nertc_callkit_leave(client->kit, NULL, &ending, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_switch_call_type(client->kit, 0, 1, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_switch_call_type(client->kit, 1, 4, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_enable_local(client->kit, 0, 1, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_enable_local(client->kit, 4, 1, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_enable_local(client->kit, 1, 2, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_mute_local(client->kit, 1, -1, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_mute_remote(client->kit, 8, 0, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_dispatch(client->kit, -2), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_hub_create(4, &hub), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_log_callback(5, 0, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_log_callback(1, 2, NULL, NULL), INVALID_ARGUMENT);
  fault.action = 99;
  CHECK_REFUSED(nertc_callkit_hub_add_fault(NULL, &fault), INVALID_ARGUMENT);
  fault.action = NERTC_CALLKIT_FAULT_DROP;
  fault.on = 50;
  CHECK_REFUSED(nertc_callkit_hub_add_fault(NULL, &fault), INVALID_ARGUMENT);
  client_destroy(client, "");
  client_free(client);
}

/* A struct of a newer header: `size` bytes, the last of them `tail`. */
#define BIGGER(type, name, size, last) \
  union { type it; unsigned char bytes[size]; } name; \
  memset(&name, 0, sizeof name); \
  name.it.struct_size = (uint32_t)(size); \
  name.bytes[(size) - 1] = (last)

static void sizes_of_options(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit *kit = NULL;
  BIGGER(nertc_callkit_call_ref, newer, 200, 0);
  BIGGER(nertc_callkit_call_ref, unknown, 200, 1);
  BIGGER(nertc_callkit_call_ref, absurd, 4100, 0);
  BIGGER(nertc_callkit_config, config, 400, 1);
  BIGGER(nertc_callkit_listener, listener, 1000, 0xff);
  client_login(client);
  ref.struct_size = 0;
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
  ref.struct_size = 8;
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, &ref, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_OK(nertc_callkit_hangup(client->kit, &newer.it, NULL, client_done, client));
  client_expect(client, "done(hangup,20005)");
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, &unknown.it, NULL, NULL, NULL), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_hangup(client->kit, &absurd.it, NULL, NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_create(&config.it, &kit), UNSUPPORTED);
  config.bytes[399] = 0;
  config.it.listener = &listener.it;
  CHECK_OK(nertc_callkit_create(&config.it, &kit));
  CHECK_OK(nertc_callkit_destroy(kit));
  client_destroy(client, "");
  client_free(client);
}

static void sizes_of_out_structs(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  BIGGER(nertc_callkit_call_info, newer, sizeof(nertc_callkit_call_info) + 40, 0x5a);
  CHECK_OK(nertc_callkit_get_call_info(client->kit, &newer.it));
  CHECK_INT(newer.it.struct_size, sizeof info);
  CHECK_INT(newer.bytes[sizeof newer.bytes - 1], 0x5a);
  info.struct_size = 0;
  CHECK_REFUSED(nertc_callkit_get_call_info(client->kit, &info), INVALID_ARGUMENT);
  info.struct_size = 12;
  CHECK_REFUSED(nertc_callkit_get_call_info(client->kit, &info), INVALID_ARGUMENT);
  client_destroy(client, "");
  client_free(client);
}

static void bad_frames(void)
{
  int16_t samples[480] = {0};
  struct client *client = client_new("alice", NULL);
  nertc_callkit_frame good = NERTC_CALLKIT_FRAME_INIT, frame;
  good.media = NERTC_CALLKIT_MEDIA_AUDIO;
  good.planes[0] = samples;
  good.strides[0] = sizeof samples;
  good.sample_rate = 48000;
  good.channels = 1;
  good.samples = 480;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &good), CLOSED);
  client_login(client);
  CHECK_OK(nertc_callkit_push_frame(client->kit, &good));
  frame = good;
  frame.media = 3;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame = good;
  frame.planes[0] = NULL;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame = good;
  frame.samples = 0;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame = good;
  frame.samples = 481;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame = good;
  frame.samples = UINT32_MAX;
  frame.channels = UINT32_MAX;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame = good;
  frame.media = NERTC_CALLKIT_MEDIA_VIDEO;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  frame.struct_size = 4;
  CHECK_REFUSED(nertc_callkit_push_frame(client->kit, &frame), INVALID_ARGUMENT);
  client_destroy(client, "");
  client_free(client);
}

static void every_number_has_a_text(void)
{
  int32_t number;
  for (number = -10; number < 3; number++) {
    CHECK(nertc_callkit_status_text(number)[0]);
  }
  CHECK(nertc_callkit_code_text(20001)[0] && nertc_callkit_code_text(INT32_MIN)[0]);
  CHECK_INT(nertc_callkit_version(), NERTC_CALLKIT_VERSION_NUMBER);
  CHECK(nertc_callkit_version_text()[0]);
}

int main(void)
{
  RUN(null_handles);
  RUN(null_pointers);
  RUN(foreign_and_stale_handles);
  RUN(bad_texts);
  RUN(bad_texts_in_every_field);
  RUN(bad_texts_in_config);
  RUN(calling_oneself);
  RUN(unknown_numbers);
  RUN(sizes_of_options);
  RUN(sizes_of_out_structs);
  RUN(bad_frames);
  RUN(every_number_has_a_text);
  return 0;
}
