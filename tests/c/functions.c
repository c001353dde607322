/* functions.c: see functions.h. */
#include "functions.h"

#include "client.h"

#include <unistd.h>

/* ---- requests and their completions ------------------------------------------------------------------- */

struct request *tally_expect(struct tally *tally)
{
  struct request *request;
  pthread_mutex_lock(&check_lock);
  CHECK(tally->count < REQUESTS);
  request = &tally->requests[tally->count++];
  pthread_mutex_unlock(&check_lock);
  return request;
}

void tally_done(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  struct request *request = user_data;
  (void)kit;
  pthread_mutex_lock(&check_lock);
  request->code = result->code;
  request->call_no = result->call_no;
  request->done++;
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

int32_t tally_offered(struct request *request, int32_t answer)
{
  change(&request->accepted, answer == NERTC_CALLKIT_STATUS_OK);
  return answer;
}

void check_tally_at(const char *file, int line, const struct tally *tally)
{
  int i;
  pthread_mutex_lock(&check_lock);
  for (i = 0; i < tally->count; i++) {
    const struct request *it = &tally->requests[i];
    check_int_at(file, line, "completions of a request", it->done, it->accepted);
  }
  pthread_mutex_unlock(&check_lock);
}

void sound(nertc_callkit_frame *frame)
{
  static const int16_t samples[160] = {1, 2, 3};
  const nertc_callkit_frame init = NERTC_CALLKIT_FRAME_INIT;
  *frame = init;
  frame->media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame->planes[0] = samples;
  frame->strides[0] = sizeof samples;
  frame->sample_rate = 16000;
  frame->channels = 1;
  frame->samples = 160;
}

/* ---- the functions ------------------------------------------------------------------------------------ */

#define RUN_OF(name) static int32_t run_##name(nertc_callkit *kit, struct tally *tally)
#define REQUEST(name, ...) \
  RUN_OF(name) \
  { \
    struct request *request = tally_expect(tally); \
    return tally_offered(request, nertc_callkit_##name(kit, __VA_ARGS__, tally_done, request)); \
  }
#define PLAIN(name, ...) \
  RUN_OF(name) \
  { \
    (void)tally; \
    return nertc_callkit_##name(__VA_ARGS__); \
  }
#define BACKEND(name, half, ...) \
  RUN_OF(name) \
  { \
    nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT; \
    const int32_t status = nertc_callkit_##name(__VA_ARGS__ & backends); \
    (void)kit; \
    (void)tally; \
    if (status == NERTC_CALLKIT_STATUS_OK) { \
      backends.half->release(backends.half##_ctx); \
    } \
    return status; \
  }

static const nertc_callkit_call_options to_bob = {sizeof to_bob, 0, 0, 0, "bob", NULL, NULL, NULL};
static const nertc_callkit_end_options busy = {sizeof busy, 0, NERTC_CALLKIT_END_BUSY, 0, "later"};
static const nertc_callkit_view view = NERTC_CALLKIT_VIEW_INIT;

PLAIN(destroy, kit)
PLAIN(trace_stop, kit)
REQUEST(login, "alice", "token")
PLAIN(get_state, kit)
PLAIN(dispatch, kit, 0)
PLAIN(network_changed, kit)
PLAIN(set_call_timeout, kit, 30000)
PLAIN(set_call_policy, kit, NULL)
PLAIN(set_token, kit, "token")
REQUEST(call, &to_bob)
REQUEST(cancel, NULL, NULL)
REQUEST(accept, NULL)
REQUEST(reject, NULL, &busy)
REQUEST(hangup, NULL, NULL)
REQUEST(leave, NULL, NULL)
REQUEST(send_data, NULL, "{}")
REQUEST(switch_call_type, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST)
REQUEST(enable_local, NERTC_CALLKIT_MEDIA_AUDIO, 1)
REQUEST(mute_local, NERTC_CALLKIT_MEDIA_AUDIO, 1)
REQUEST(mute_remote, NERTC_CALLKIT_MEDIA_AUDIO, 1)
REQUEST(set_local_view, &view)
REQUEST(set_remote_view, &view)
BACKEND(loopback_signaling, signaling, NULL, )
BACKEND(loopback_rtc, rtc, NULL, )
BACKEND(null_rtc, rtc, )

/* A library may be built without MQTT. */
RUN_OF(mqtt_signaling)
{
  const char *const endpoint = "mqtt://localhost";
  nertc_callkit_mqtt_options options = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  int32_t status;
  (void)kit;
  (void)tally;
  options.endpoints = &endpoint;
  options.endpoint_count = 1;
  status = nertc_callkit_mqtt_signaling(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    backends.signaling->release(backends.signaling_ctx);
  }
  return status == NERTC_CALLKIT_STATUS_UNSUPPORTED ? 0 : status;
}

/* Nor need it have WebRTC. */
RUN_OF(webrtc_media)
{
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  int32_t status;
  (void)kit;
  (void)tally;
  options.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  status = nertc_callkit_webrtc_media(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    backends.rtc->release(backends.rtc_ctx);
  }
  return status == NERTC_CALLKIT_STATUS_UNSUPPORTED ? 0 : status;
}

/* The clients here have other media: webrtc.c has the rest. */
#define WEBRTC(name, declaration, ...) \
  RUN_OF(name) \
  { \
    declaration; \
    int32_t status; \
    (void)tally; \
    status = nertc_callkit_##name(kit, __VA_ARGS__); \
    return status == NERTC_CALLKIT_STATUS_UNSUPPORTED ? 0 : status; \
  }
WEBRTC(webrtc_set_ice_servers, enum { NONE = 0 }, NULL, NONE)
WEBRTC(webrtc_pull_audio, int16_t out[480], out, 480, 48000, 1)
WEBRTC(webrtc_set_device, enum { SPEAKER = NERTC_CALLKIT_DEVICE_SPEAKER }, SPEAKER, NULL)
WEBRTC(webrtc_set_audio_active, enum { ACTIVE = 1 }, ACTIVE)
WEBRTC(get_call_stats, nertc_callkit_call_stats out = NERTC_CALLKIT_CALL_STATS_INIT, &out)
WEBRTC(get_stream_stats, nertc_callkit_stream_stats out = NERTC_CALLKIT_STREAM_STATS_INIT, NERTC_CALLKIT_MEDIA_AUDIO, 1,
       &out)
WEBRTC(confirm_security_code, enum { AGREE = 1 }, NULL, "ABCD", AGREE)

static void ignore_device(const nertc_callkit_device *device, void *user_data)
{
  (void)device, (void)user_data;
}

/* It waits for the system, so that the thousands of calls here ask what is refused before that. */
RUN_OF(webrtc_list_devices)
{
  (void)kit, (void)tally;
  return nertc_callkit_webrtc_list_devices(NULL, 0, ignore_device, NULL) ==
                 NERTC_CALLKIT_STATUS_INVALID_ARGUMENT ? 0 : -1;
}

RUN_OF(logout)
{
  struct request *request = tally_expect(tally);
  return tally_offered(request, nertc_callkit_logout(kit, tally_done, request));
}

static void on_released(void *request)
{
  change(&((struct request *)request)->done, 1);
}

/* Counted like a request, so that a tally is complete only when nothing of the client runs any more. */
RUN_OF(release)
{
  struct request *request = tally_expect(tally);
  return tally_offered(request, nertc_callkit_release(kit, on_released, request));
}

RUN_OF(create)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  const int32_t status = nertc_callkit_create(&config, &kit);
  (void)tally;
  if (status == NERTC_CALLKIT_STATUS_OK) {
    CHECK_OK(nertc_callkit_release(kit, NULL, NULL));
  }
  return status;
}

RUN_OF(get_call_info)
{
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  (void)tally;
  return nertc_callkit_get_call_info(kit, &info);
}

RUN_OF(struct_init)
{
  nertc_callkit_config config;
  (void)kit;
  (void)tally;
  nertc_callkit_struct_init(&config, sizeof config);
  return config.struct_size == sizeof config && !config.listener ? 0 : -1;
}

RUN_OF(get_event_handle)
{
  intptr_t fd = -1;
  (void)tally;
  return nertc_callkit_get_event_handle(kit, &fd);
}

RUN_OF(push_frame)
{
  nertc_callkit_frame frame;
  (void)tally;
  sound(&frame);
  return nertc_callkit_push_frame(kit, &frame);
}

RUN_OF(version)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_version() == NERTC_CALLKIT_VERSION_NUMBER ? 0 : -1;
}

RUN_OF(version_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_version_text()[0] ? 0 : -1;
}

RUN_OF(status_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_status_text(NERTC_CALLKIT_STATUS_REENTRANT)[0] ? 0 : -1;
}

RUN_OF(code_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_code_text(NERTC_CALLKIT_CODE_TIMEOUT)[0] ? 0 : -1;
}

RUN_OF(end_reason_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_end_reason_text(NERTC_CALLKIT_END_BUSY)[0] ? 0 : -1;
}

RUN_OF(state_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_state_text(NERTC_CALLKIT_STATE_IDLE)[0] ? 0 : -1;
}

RUN_OF(operation_text)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_operation_text(NERTC_CALLKIT_OPERATION_LOGIN)[0] ? 0 : -1;
}

/* One of these writes a push and reads it back; so does the other, since it needs one. */
RUN_OF(push_encode)
{
  nertc_callkit_push_call call = NERTC_CALLKIT_PUSH_CALL_INIT, read = NERTC_CALLKIT_PUSH_CALL_INIT;
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  int32_t status;
  (void)kit;
  (void)tally;
  call.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  strcpy(call.to_account, "bob");
  strcpy(call.from_account, "alice");
  strcpy(call.channel_id, "channel");
  strcpy(call.request_id, "request");
  status = nertc_callkit_push_encode(&call, text, &size);
  status = status ? status : nertc_callkit_push_decode(text, &read);
  return status ? status : memcmp(&call, &read, sizeof call);
}

RUN_OF(set_log_callback)
{
  (void)kit;
  (void)tally;
  return nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL);
}

/* Each into its own file, which nobody reads again. */
RUN_OF(trace_start)
{
  static int last;
  char path[64];
  int32_t status;
  (void)tally;
  pthread_mutex_lock(&check_lock);
  snprintf(path, sizeof path, "functions.%d.%d.trace", (int)getpid(), ++last);
  pthread_mutex_unlock(&check_lock);
  status = nertc_callkit_trace_start(kit, path, 0);
  CHECK_INT(unlink(path), status == NERTC_CALLKIT_STATUS_OK ? 0 : -1);
  return status;
}

/* One of these creates and releases a hub; the others do so, too, since they need one. */
RUN_OF(hub_create)
{
  nertc_callkit_hub *hub;
  int32_t status = nertc_callkit_hub_create(0, &hub);
  (void)kit;
  (void)tally;
  return status ? status : nertc_callkit_hub_release(hub);
}

RUN_OF(hub_add_fault)
{
  nertc_callkit_fault fault = NERTC_CALLKIT_FAULT_INIT;
  nertc_callkit_hub *hub;
  int32_t status = nertc_callkit_hub_create(0, &hub);
  (void)kit;
  (void)tally;
  fault.action = NERTC_CALLKIT_FAULT_CRASH;
  status = status ? status : nertc_callkit_hub_add_fault(hub, &fault);
  return status ? status : nertc_callkit_hub_release(hub);
}

#define ROW(name, kind) {#name, kind, run_##name}

const struct function functions[] = {
  ROW(create, NO_KIT), ROW(destroy, WAITS), ROW(release, KIT), ROW(login, KIT), ROW(logout, KIT),
  ROW(get_state, KIT), ROW(get_call_info, KIT), ROW(dispatch, WAITS), ROW(get_event_handle, KIT), ROW(set_token, KIT),
  ROW(network_changed, KIT), ROW(version, NO_KIT), ROW(version_text, NO_KIT), ROW(status_text, NO_KIT),
  ROW(code_text, NO_KIT), ROW(end_reason_text, NO_KIT), ROW(state_text, NO_KIT), ROW(operation_text, NO_KIT),
  ROW(push_encode, NO_KIT), {"push_decode", NO_KIT, run_push_encode}, ROW(set_call_timeout, KIT),
  ROW(set_call_policy, KIT), ROW(struct_init, NO_KIT), ROW(call, KIT), ROW(cancel, KIT), ROW(accept, KIT),
  ROW(reject, KIT), ROW(hangup, KIT), ROW(leave, KIT), ROW(send_data, KIT), ROW(switch_call_type, KIT),
  ROW(enable_local, KIT), ROW(mute_local, KIT), ROW(mute_remote, KIT), ROW(set_local_view, KIT),
  ROW(set_remote_view, KIT),
  ROW(push_frame, KIT), ROW(set_log_callback, NO_KIT), ROW(trace_start, KIT), ROW(trace_stop, KIT),
  ROW(hub_create, NO_KIT), ROW(hub_add_fault, NO_KIT), {"hub_release", NO_KIT, run_hub_create},
  ROW(loopback_signaling, NO_KIT), ROW(loopback_rtc, NO_KIT), ROW(null_rtc, NO_KIT),
  ROW(mqtt_signaling, NO_KIT), ROW(webrtc_media, NO_KIT), ROW(webrtc_set_ice_servers, KIT), ROW(webrtc_pull_audio, KIT),
  ROW(get_call_stats, KIT), ROW(get_stream_stats, KIT), ROW(confirm_security_code, KIT),
  ROW(webrtc_list_devices, NO_KIT), ROW(webrtc_set_device, KIT), ROW(webrtc_set_audio_active, KIT),
};
const int function_count = sizeof functions / sizeof functions[0];

/* ---- against the documents ---------------------------------------------------------------------------- */

static void read_all(const char *path, char *text, size_t size)
{
  FILE *file = fopen(path, "r");
  CHECK(file);
  text[fread(text, 1, size - 1, file)] = '\0';
  fclose(file);
}

void check_functions_are_complete(void)
{
  static char symbols[1 << 16];
  const char *at;
  int i, listed = 0;
  read_all(NERTC_CALLKIT_SYMBOLS, symbols, sizeof symbols);
  for (at = symbols; (at = strstr(at, "\nnertc_callkit_")) != NULL; at++) {
    listed++;
  }
  CHECK_INT(function_count, listed);
  for (i = 0; i < function_count; i++) {
    char name[128], deprecated[8], in_callback[16];
    snprintf(name, sizeof name, "\nnertc_callkit_%s ", functions[i].name);
    at = strstr(symbols, name);
    if (!at) {
      FAIL("%s is not exported", functions[i].name);
    }
    CHECK_INT(sscanf(at, "%127s %*s %7s %15s", name, deprecated, in_callback), 3);
    CHECK_TEXT(in_callback, functions[i].kind == WAITS ? "REENTRANT" : "yes");
  }
}
