/* struct_sizes.c: every struct that an app or a backend fills, of an older header's size, a later one's, and none. */
#include "check.h"
#include "intercept.h"

#include <stddef.h>

enum { LARGEST = 4096 };

/* What the functions below need beside the struct. */
static nertc_callkit *kit;
static nertc_callkit_hub *hub;
static int16_t samples[480];

static int32_t create(const nertc_callkit_config *config)
{
  nertc_callkit *made = NULL;
  const int32_t status = nertc_callkit_create(config, &made);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    CHECK_OK(nertc_callkit_destroy(made));
  }
  return status;
}

static int32_t take_config(const void *it)
{
  return create(it);
}

static int32_t take_listener(const void *it)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  config.listener = it;
  return create(&config);
}

static int32_t take_timers(const void *it)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  config.timers = it;
  return create(&config);
}

static int32_t take_backends(const void *it)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  config.backends = it;
  return create(&config);
}

static int32_t take_signaling(const void *it)
{
  nertc_callkit_backends own = NERTC_CALLKIT_BACKENDS_INIT;
  own.signaling = it;
  return take_backends(&own);
}

static int32_t take_rtc(const void *it)
{
  nertc_callkit_backends own = NERTC_CALLKIT_BACKENDS_INIT;
  own.rtc = it;
  return take_backends(&own);
}

static int32_t take_call_options(const void *it)
{
  return nertc_callkit_call(kit, it, NULL, NULL);
}

static int32_t take_push(const void *it)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  options.push = it;
  return nertc_callkit_call(kit, &options, NULL, NULL);
}

static int32_t take_call_ref(const void *it)
{
  return nertc_callkit_accept(kit, it, NULL, NULL);
}

/* The four functions that take them read them alike. */
static int32_t take_end_options(const void *it)
{
  const int32_t status = nertc_callkit_hangup(kit, NULL, it, NULL, NULL);
  CHECK_INT(nertc_callkit_leave(kit, NULL, it, NULL, NULL), status);
  CHECK_INT(nertc_callkit_cancel(kit, NULL, it, NULL, NULL), status);
  CHECK_INT(nertc_callkit_reject(kit, NULL, it, NULL, NULL), status);
  return status;
}

static int32_t take_call_policy(const void *it)
{
  return nertc_callkit_set_call_policy(kit, it);
}

static int32_t take_view(const void *it)
{
  const int32_t status = nertc_callkit_set_local_view(kit, it, NULL, NULL);
  CHECK_INT(nertc_callkit_set_remote_view(kit, it, NULL, NULL), status);
  return status;
}

static int32_t take_frame(const void *it)
{
  return nertc_callkit_push_frame(kit, it);
}

static int32_t take_push_call(const void *it)
{
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  return nertc_callkit_push_encode(it, text, &size);
}

static int32_t take_fault(const void *it)
{
  return nertc_callkit_hub_add_fault(hub, it);
}

static int32_t take_mqtt_options(const void *it)
{
  nertc_callkit_backends made = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_mqtt_signaling(it, &made);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    made.signaling->release(made.signaling_ctx);
  }
  return status;
}

static int32_t take_webrtc_options(const void *it)
{
  nertc_callkit_backends made = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_webrtc_media(it, &made);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    made.rtc->release(made.rtc_ctx);
  }
  return status;
}

static int32_t take_ice_server(const void *it)
{
  const nertc_callkit_ice_server *const servers[] = {it};
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  options.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  options.ice_servers = servers;
  options.ice_server_count = 1;
  return take_webrtc_options(&options);
}

/* A struct, what it is filled with, and the function that reads it. */
struct input {
  const char *name;
  const void *filled;
  uint32_t size, first; /* of this header; of the first one */
  int32_t (*take)(const void *);
  int ignores_tail; /* functions that a newer header added: what is not known is not called */
  int is_optional;  /* of a feature that a build may be without */
};

static void check(const struct input *input, uint32_t size, unsigned char last, int32_t expected)
{
  /* Exactly as long as it says: AddressSanitizer sees a byte read behind it. */
  unsigned char *it = calloc(1, size < sizeof size ? sizeof size : size);
  int32_t status;
  memcpy(it, input->filled, size < input->size ? size : input->size);
  memcpy(it, &size, sizeof size);
  if (last) {
    it[size - 1] = last;
  }
  status = input->take(it);
  if (status != expected) {
    FAIL("%s of %u bytes, the last of them %d: %d instead of %d", input->name, (unsigned)size, last, (int)status,
        (int)expected);
  }
  free(it);
}

static void check_sizes(const struct input *input)
{
  const int32_t unknown = input->ignores_tail ? NERTC_CALLKIT_STATUS_OK : NERTC_CALLKIT_STATUS_UNSUPPORTED;
  check(input, 0, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  check(input, 7, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  check(input, input->first - 1, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  check(input, input->first, 0, NERTC_CALLKIT_STATUS_OK);
  check(input, input->size, 0, NERTC_CALLKIT_STATUS_OK);
  check(input, input->size + 1, 0, NERTC_CALLKIT_STATUS_OK);
  check(input, input->size + 1, 1, unknown);
  check(input, LARGEST, 0, NERTC_CALLKIT_STATUS_OK);
  check(input, LARGEST, 0x80, unknown);
  check(input, LARGEST + 1, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
}

#define INPUT(type, filled) {#type, &(filled), sizeof(filled), sizeof(filled), take_##type, 0, 0}
#define OPTIONAL(type, filled) {#type, &(filled), sizeof(filled), sizeof(filled), take_##type, 0, 1}

static void options_of_every_size(void)
{
  struct client *client = client_new("alice", NULL);
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_backends none = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_call_options call = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_push push = NERTC_CALLKIT_PUSH_INIT;
  nertc_callkit_call_ref call_ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_end_options end = NERTC_CALLKIT_END_OPTIONS_INIT;
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  nertc_callkit_view view = NERTC_CALLKIT_VIEW_INIT;
  nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
  nertc_callkit_push_call push_call = NERTC_CALLKIT_PUSH_CALL_INIT;
  nertc_callkit_fault drop = NERTC_CALLKIT_FAULT_INIT;
  nertc_callkit_mqtt_options mqtt = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  const char *const endpoint = "mqtts://127.0.0.1";
  nertc_callkit_webrtc_options webrtc = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  nertc_callkit_ice_server server = NERTC_CALLKIT_ICE_SERVER_INIT;
  const struct input inputs[] = {
    INPUT(config, config),
    {"timers", &timers, sizeof timers, offsetof(nertc_callkit_timers, token_ms), take_timers, 0, 0},
    INPUT(backends, none),
    INPUT(call_options, call),
    INPUT(push, push),
    INPUT(call_ref, call_ref),
    INPUT(end_options, end),
    INPUT(call_policy, policy),
    INPUT(view, view),
    INPUT(frame, frame),
    INPUT(push_call, push_call),
    INPUT(fault, drop),
    OPTIONAL(mqtt_options, mqtt),
    OPTIONAL(webrtc_options, webrtc),
    OPTIONAL(ice_server, server),
  };
  size_t at;
  call.user_id = "bob";
  end.text = "bye";
  frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame.planes[0] = samples;
  frame.strides[0] = sizeof samples;
  frame.sample_rate = 48000;
  frame.channels = 1;
  frame.samples = 480;
  push_call.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  strcpy(push_call.to_account, "bob");
  strcpy(push_call.from_account, "alice");
  strcpy(push_call.channel_id, "channel");
  strcpy(push_call.request_id, "request");
  drop.action = NERTC_CALLKIT_FAULT_DROP;
  drop.on = NERTC_CALLKIT_FAULT_ON_EVENT_INVITE;
  mqtt.endpoints = &endpoint;
  mqtt.endpoint_count = 1;
  webrtc.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  server.url = "stun:127.0.0.1";
  client_login(client);
  kit = client->kit;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  for (at = 0; at < sizeof inputs / sizeof inputs[0]; at++) {
    if (inputs[at].is_optional && inputs[at].take(inputs[at].filled) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
      printf("%s: this library was built without it\n", inputs[at].name);
    } else {
      check_sizes(&inputs[at]);
    }
  }
  CHECK_OK(nertc_callkit_hub_release(hub));
  CHECK_OK(nertc_callkit_destroy(kit));
  client_free(client);
}

/* Backends that nobody logs in to: none of their functions is called. */
static int32_t open_signaling(void *ctx, const nertc_callkit_signaling_sink *sink)
{
  (void)ctx, (void)sink;
  FAIL("opened without a login");
}

static int32_t login(void *ctx, nertc_callkit_req req, const nertc_callkit_login_args *args)
{
  (void)ctx, (void)req, (void)args;
  FAIL("not opened");
}

static int32_t operate(void *ctx, nertc_callkit_req req, const nertc_callkit_signaling_args *args)
{
  (void)ctx, (void)req, (void)args;
  FAIL("not opened");
}

static int32_t operate_alone(void *ctx, nertc_callkit_req req)
{
  (void)ctx, (void)req;
  FAIL("not opened");
}

static int32_t open_rtc(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  (void)ctx, (void)sink;
  FAIL("opened without a login");
}

static int32_t join_rtc(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  (void)ctx, (void)req, (void)args;
  FAIL("not opened");
}

/* Smaller ones lack functions, larger ones have more: both are fine, but for those that must be there. */
static void tables_of_functions_of_every_size(void)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_signaling signaling = NERTC_CALLKIT_SIGNALING_INIT;
  nertc_callkit_rtc rtc = NERTC_CALLKIT_RTC_INIT;
  const struct input inputs[] = {
    {"listener", &listener, sizeof listener, 8, take_listener, 1, 0},
    {"signaling", &signaling, sizeof signaling, offsetof(nertc_callkit_signaling, control), take_signaling, 1, 0},
    {"rtc", &rtc, sizeof rtc, offsetof(nertc_callkit_rtc, enable_local), take_rtc, 1, 0},
  };
  size_t at;
  client_listener(&listener);
  signaling.open = open_signaling;
  signaling.login = login;
  signaling.logout = operate_alone;
  signaling.create = signaling.join = signaling.invite = signaling.cancel_invite = signaling.accept = operate;
  signaling.reject = signaling.leave = signaling.close = operate;
  rtc.open = open_rtc;
  rtc.join = join_rtc;
  rtc.leave = operate_alone;
  for (at = 0; at < sizeof inputs / sizeof inputs[0]; at++) {
    check_sizes(&inputs[at]);
  }
  /* Nothing but the size and the version. */
  check(&inputs[1], 8, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  check(&inputs[2], 8, 0, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
}

/* As a zeroed struct has it, in languages that know no INIT macro. */
static void a_vtable_without_an_abi_number_is_of_the_first(void)
{
  static struct intercept intercept;
  nertc_callkit_backends backends;
  struct setup setup = {0};
  struct pair pair;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  intercept_init(&intercept, pair.hub, &backends);
  intercept.signaling.abi = intercept.rtc.abi = 0;
  setup.hub = pair.hub;
  pair.alice = client_new("alice", &setup);
  setup.backends = &backends;
  pair.bob = client_new("bob", &setup);
  client_login(pair.alice);
  client_login(pair.bob);
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_expect(pair.alice, "on_call_end(16)");
  pair_end(&pair);
  CHECK_INT(intercept.opened, 2);
  CHECK_INT(intercept.closed, 2);
}

int main(void)
{
  RUN(options_of_every_size);
  RUN(tables_of_functions_of_every_size);
  RUN(a_vtable_without_an_abi_number_is_of_the_first);
  return 0;
}
