/*
 * webrtc_devices.c: microphone and speaker on a machine that has none: clear codes, and calls all the same.
 * backends/webrtc/tests/devices.rs has devices that are there.
 */
#include "webrtc_client.h"

static struct webrtc_client alice, bob;
static nertc_callkit_hub *hub;

static nertc_callkit_webrtc_options with_devices(nertc_callkit_webrtc_flag flags)
{
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  options.flags = NERTC_CALLKIT_WEBRTC_LOOPBACK | flags;
  return options;
}

static void begin(nertc_callkit_webrtc_flag flags)
{
  const nertc_callkit_webrtc_options options = with_devices(flags);
  webrtc_begin(&alice, &bob, &hub, &options, FRAMES);
}

static void finish(void)
{
  webrtc_finish(&alice, &bob, hub);
}

/* Microphone and speaker. */
static int has_both_codes(void *client)
{
  return ((struct webrtc_client *)client)->errors >= 2;
}

static int has_played(void *client)
{
  return ((struct webrtc_client *)client)->frames >= 20;
}

static void expect_no_devices(struct webrtc_client *client)
{
  WAIT_LONG(has_both_codes, client);
  CHECK_INT(client->error_codes[0], NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND);
  CHECK_INT(client->error_codes[1], NERTC_CALLKIT_CODE_DEVICE_NOT_FOUND);
  CHECK(strstr(client->error, "microphone") || strstr(client->error, "speaker"));
  CHECK(strstr(client->error, "the call goes on"));
}

static void a_call_without_devices_is_silent(void)
{
  begin(0);
  webrtc_connect(&alice, &bob);
  expect_no_devices(&alice);
  expect_no_devices(&bob);
  WAIT_LONG(has_played, &alice); /* on_frame keeps its pace */
  webrtc_hang_up(&alice, &bob);
  finish();
  CHECK(alice.errors == 2 && bob.errors == 2 && !alice.errors_after_end && !bob.errors_after_end);
}

static void devices_are_opened_once_the_app_allows_it(void)
{
  begin(NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO);
  CHECK_OK(nertc_callkit_webrtc_set_audio_active(bob.kit, 1));
  CHECK_OK(nertc_callkit_webrtc_set_audio_active(bob.kit, 0));
  webrtc_connect(&alice, &bob);
  WAIT_LONG(has_played, &alice);
  CHECK(alice.errors == 0 && bob.errors == 0); /* nothing was tried */
  CHECK_OK(nertc_callkit_webrtc_set_audio_active(alice.kit, 1));
  expect_no_devices(&alice);
  CHECK_INT(bob.errors, 0);
  CHECK_OK(nertc_callkit_webrtc_set_audio_active(alice.kit, 0));
  CHECK_REFUSED(nertc_callkit_webrtc_set_audio_active(alice.kit, 2), INVALID_ARGUMENT);
  webrtc_hang_up(&alice, &bob);
  finish();
}

static void set_both(struct webrtc_client *client, const char *event)
{
  (void)event;
  CHECK_OK(nertc_callkit_webrtc_set_device(client->kit, NERTC_CALLKIT_DEVICE_MICROPHONE, "gone"));
  CHECK_OK(nertc_callkit_webrtc_set_device(client->kit, NERTC_CALLKIT_DEVICE_SPEAKER, NULL));
}

/* In every state, and from inside callbacks of the worker and of the media thread. */
static void devices_are_chosen_at_any_time(void)
{
  begin(0);
  set_both(&alice, "idle");
  alice.hook = bob.hook = set_both;
  webrtc_call(&alice, &bob);
  set_both(&alice, "calling");
  WAIT_LONG(has_played, &alice);
  set_both(&bob, "in a call");
  webrtc_hang_up(&alice, &bob);
  set_both(&bob, "after it");
  finish();
}

static void ids_that_are_none_are_refused(void)
{
  static char long_id[300];
  memset(long_id, 'a', sizeof long_id - 1);
  begin(0);
  CHECK_REFUSED(nertc_callkit_webrtc_set_device(alice.kit, 0, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_set_device(alice.kit, 3, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_set_device(alice.kit, 1, long_id), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_set_device(alice.kit, 1, "\xC3("), INVALID_ARGUMENT);
  CHECK_OK(nertc_callkit_webrtc_set_device(alice.kit, 1, "")); /* as NULL */
  long_id[256] = '\0';
  CHECK_OK(nertc_callkit_webrtc_set_device(alice.kit, 1, long_id));
  finish();
}

static void count(const nertc_callkit_device *device, void *user_data)
{
  CHECK(device->struct_size >= sizeof *device && device->id && device->name);
  ++*(int *)user_data;
}

static void no_devices_are_listed(void)
{
  int devices = 0;
  begin(0);
  CHECK_OK(nertc_callkit_webrtc_list_devices(alice.kit, NERTC_CALLKIT_DEVICE_MICROPHONE, count, &devices));
  CHECK_OK(nertc_callkit_webrtc_list_devices(NULL, NERTC_CALLKIT_DEVICE_SPEAKER, count, &devices));
  CHECK_INT(devices, 0);
  CHECK_REFUSED(nertc_callkit_webrtc_list_devices(NULL, 0, count, &devices), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_list_devices(NULL, 1, NULL, NULL), INVALID_ARGUMENT);
  finish();
}

/* Who brings the sound is settled by the options. */
static void app_and_devices_do_not_mix(void)
{
  const int16_t samples[480] = {0};
  int16_t out[480];
  const nertc_callkit_frame frame = webrtc_frame(samples, 480, 48000, 1);
  begin(0);
  webrtc_connect(&alice, &bob);
  CHECK_REFUSED(nertc_callkit_push_frame(alice.kit, &frame), UNSUPPORTED);
  CHECK_INT(nertc_callkit_webrtc_pull_audio(alice.kit, out, 480, 48000, 1), NERTC_CALLKIT_STATUS_UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_webrtc_set_audio_active(alice.kit, 1), UNSUPPORTED);
  webrtc_hang_up(&alice, &bob);
  finish();
  begin(NERTC_CALLKIT_WEBRTC_APP_AUDIO);
  CHECK_REFUSED(nertc_callkit_webrtc_set_device(alice.kit, 1, "a"), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_webrtc_set_audio_active(alice.kit, 1), UNSUPPORTED);
  finish();
}

/* miniaudio forgets what libpulse has made for a connection that failed; the library seldom tries one again. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libpulse";
}

/* A library may be built without them. */
static int has_devices(void)
{
  const nertc_callkit_webrtc_options options = with_devices(0);
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_webrtc_media(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    return 0;
  }
  CHECK_OK(status);
  backends.rtc->release(backends.rtc_ctx);
  return 1;
}

int main(void)
{
  /* Whatever this machine has. */
  CHECK(setenv("PULSE_SERVER", "unix:/nowhere", 1) == 0 && setenv("ALSA_CONFIG_PATH", "/nowhere", 1) == 0);
  if (has_devices()) {
    RUN(a_call_without_devices_is_silent);
    RUN(devices_are_opened_once_the_app_allows_it);
    RUN(devices_are_chosen_at_any_time);
    RUN(ids_that_are_none_are_refused);
    RUN(no_devices_are_listed);
    RUN(app_and_devices_do_not_mix);
  }
  return 0;
}
