/* webrtc_client.c: see webrtc_client.h. */
#include "webrtc_client.h"

#include <time.h>

#include "tone.h"

enum { RATE = 48000, STEP = RATE / 100, LOUD = 10000 };

/* ---- what comes ----------------------------------------------------------------------------------------- */

static void lock(void)
{
  pthread_mutex_lock(&check_lock);
}

static void unlock(void)
{
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

/* A window is a tone if the rest has less than a tenth of its energy, and silence if it has no peak. */
static void classify(struct webrtc_client *client)
{
  const double pi = 3.14159265358979;
  const double least = (double)TONE_LEAST * TONE_LEAST / 2 * WINDOW;
  const struct tone_window it = tone_split(client->window, WINDOW, 2 * pi * client->expected_hertz / RATE);
  int peak = 0, i;
  for (i = 0; i < WINDOW; i++) {
    peak = abs(client->window[i]) > peak ? abs(client->window[i]) : peak;
  }
  if (peak < 100) {
    client->silences++;
    client->tones = 0;
  } else if (it.tone > least && it.tone > 10 * it.rest) {
    client->tones++;
    client->silences = 0;
  } else {
    client->tones = client->silences = 0;
    client->others++;
  }
}

static void receive_sound(struct webrtc_client *client, const int16_t *samples, uint32_t frames, uint32_t channels)
{
  uint32_t i;
  for (i = 0; i < frames; i++) {
    client->window[client->filled++] = samples[i * channels];
    if (client->filled == WINDOW) {
      client->filled = 0;
      classify(client);
    }
  }
}

static void finish(struct webrtc_client *client, const char *event)
{
  unlock();
  if (client->hook) {
    client->hook(client, event);
  }
}

static void on_frame(nertc_callkit *kit, const char *user_id, const nertc_callkit_frame *frame, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  CHECK_INT(frame->media, NERTC_CALLKIT_MEDIA_AUDIO);
  CHECK(frame->sample_rate == RATE && frame->channels == 1 && frame->samples == STEP && frame->time_us > 0);
  lock();
  snprintf(client->sender, sizeof client->sender, "%s", user_id);
  client->frames++;
  receive_sound(client, frame->planes[0], frame->samples, 1);
  finish(client, "on_frame");
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  CHECK_OK(nertc_callkit_accept(kit, event->call, webrtc_done, user_data));
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  lock();
  client->connected++;
  client->call_no = event->call_no;
  finish(client, "on_call_connected");
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  lock();
  client->ended++;
  client->end_reason = event->reason;
  finish(client, "on_call_end");
}

static void on_media_secured(nertc_callkit *kit, const nertc_callkit_security_event *event, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  CHECK(event->struct_size >= sizeof *event && event->call_no > 0);
  lock();
  CHECK(client->secured < SEEN);
  client->securities[client->secured++] = event->security;
  client->secured_after_end += client->ended > 0;
  client->call_no = event->call_no;
  snprintf(client->code, sizeof client->code, "%s", event->code);
  snprintf(client->secured_user, sizeof client->secured_user, "%s", event->user_id);
  snprintf(client->local_fingerprint, sizeof client->local_fingerprint, "%s", event->local_fingerprint);
  snprintf(client->remote_fingerprint, sizeof client->remote_fingerprint, "%s", event->remote_fingerprint);
  finish(client, "on_media_secured");
}

static void on_error(nertc_callkit *kit, const nertc_callkit_error_event *event, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  lock();
  CHECK(client->errors < SEEN);
  client->error_codes[client->errors++] = event->code;
  client->errors_after_end += client->ended > 0;
  snprintf(client->error, sizeof client->error, "%s", event->message);
  finish(client, "on_error");
}

static void on_audio_available(nertc_callkit *kit, const nertc_callkit_media_event *event, void *user_data)
{
  (void)kit;
  lock();
  ((struct webrtc_client *)user_data)->available = event->on;
  unlock();
}

static void on_audio_muted(nertc_callkit *kit, const nertc_callkit_media_event *event, void *user_data)
{
  (void)kit;
  lock();
  ((struct webrtc_client *)user_data)->muted = event->on;
  unlock();
}

void webrtc_done(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  struct webrtc_client *client = user_data;
  (void)kit;
  lock();
  client->last_code = result->code;
  client->completions++;
  client->logged_in |= result->operation == NERTC_CALLKIT_OPERATION_LOGIN && result->code == 0;
  unlock();
}

/* ---- clients -------------------------------------------------------------------------------------------- */

void webrtc_create_with(struct webrtc_client *client, const char *account, const nertc_callkit_backends *backends,
                        enum playout playout)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  listener.on_media_secured = on_media_secured;
  listener.on_error = on_error;
  listener.on_audio_available = on_audio_available;
  listener.on_audio_muted = on_audio_muted;
  timers.rtc_connect_ms = 60000; /* cryptography in a debug build on a busy machine */
  client->account = account;
  client->backends = *backends;
  config.listener = &listener;
  config.timers = &timers;
  config.backends = backends;
  config.user_data = client;
  config.on_frame = playout == FRAMES ? on_frame : NULL;
  CHECK_OK(nertc_callkit_create(&config, &client->kit));
}

void webrtc_create(struct webrtc_client *client, const char *account, nertc_callkit_hub *hub,
                   const nertc_callkit_webrtc_options *options, enum playout playout)
{
  const nertc_callkit_webrtc_options defaults = webrtc_options();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  CHECK_OK(nertc_callkit_loopback_signaling(hub, &backends));
  CHECK_OK(nertc_callkit_webrtc_media(options ? options : &defaults, &backends));
  webrtc_create_with(client, account, &backends, playout);
}

static int is_logged_in(void *client)
{
  return ((struct webrtc_client *)client)->logged_in;
}

void webrtc_login(struct webrtc_client *client)
{
  CHECK_OK(nertc_callkit_login(client->kit, client->account, "token", webrtc_done, client));
  WAIT_LONG(is_logged_in, client);
}

void webrtc_destroy(struct webrtc_client *client)
{
  webrtc_stop(client);
  CHECK_OK(nertc_callkit_destroy(client->kit));
}

void webrtc_begin(struct webrtc_client *alice, struct webrtc_client *bob, nertc_callkit_hub **hub,
                  const nertc_callkit_webrtc_options *options, enum playout playout)
{
  memset(alice, 0, sizeof *alice);
  memset(bob, 0, sizeof *bob);
  alice->hertz = bob->expected_hertz = 440;
  bob->hertz = alice->expected_hertz = 1000;
  CHECK_OK(nertc_callkit_hub_create(0, hub));
  webrtc_create(alice, "alice", *hub, options, playout);
  webrtc_create(bob, "bob", *hub, options, playout);
  webrtc_login(alice);
  webrtc_login(bob);
}

void webrtc_finish(struct webrtc_client *alice, struct webrtc_client *bob, nertc_callkit_hub *hub)
{
  webrtc_destroy(alice);
  webrtc_destroy(bob);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

struct completion {
  struct webrtc_client *client;
  int number;
};

static int is_completed(void *argument)
{
  const struct completion *it = argument;
  return it->client->completions >= it->number;
}

static struct completion next_completion(struct webrtc_client *client)
{
  struct completion next;
  lock();
  next.client = client;
  next.number = client->completions + 1;
  unlock();
  return next;
}

void webrtc_mute(struct webrtc_client *client, int32_t muted)
{
  struct completion next = next_completion(client);
  CHECK_OK(nertc_callkit_mute_local(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, muted, webrtc_done, client));
  WAIT_LONG(is_completed, &next);
  CHECK_INT(client->last_code, NERTC_CALLKIT_CODE_OK);
}

void webrtc_enable(struct webrtc_client *client, int32_t on)
{
  struct completion next = next_completion(client);
  CHECK_OK(nertc_callkit_enable_local(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, on, webrtc_done, client));
  WAIT_LONG(is_completed, &next);
  CHECK_INT(client->last_code, NERTC_CALLKIT_CODE_OK);
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

static int is_connected(void *client)
{
  return ((struct webrtc_client *)client)->connected || ((struct webrtc_client *)client)->ended;
}

static int has_ended(void *client)
{
  return ((struct webrtc_client *)client)->ended;
}

static void forget(struct webrtc_client *client)
{
  lock();
  client->connected = client->ended = client->end_reason = client->available = client->muted = 0;
  client->secured = client->secured_after_end = 0;
  client->errors = client->errors_after_end = 0;
  client->frames = client->tones = client->silences = client->others = client->filled = 0;
  client->code[0] = '\0';
  unlock();
}

void webrtc_call(struct webrtc_client *alice, struct webrtc_client *bob)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  forget(alice);
  forget(bob);
  options.user_id = bob->account;
  CHECK_OK(nertc_callkit_call(alice->kit, &options, webrtc_done, alice));
}

void webrtc_connect(struct webrtc_client *alice, struct webrtc_client *bob)
{
  webrtc_call(alice, bob);
  WAIT_LONG(is_connected, alice);
  WAIT_LONG(is_connected, bob);
  CHECK(!alice->ended && !bob->ended);
}

void webrtc_hang_up(struct webrtc_client *alice, struct webrtc_client *bob)
{
  CHECK_OK(nertc_callkit_hangup(alice->kit, NULL, NULL, webrtc_done, alice));
  webrtc_expect_end(alice, HUNG_UP);
  webrtc_expect_end(bob, PEER_HUNG_UP);
}

/* ---- sound ---------------------------------------------------------------------------------------------- */

nertc_callkit_frame webrtc_frame(const int16_t *samples, uint32_t count, uint32_t sample_rate, uint32_t channels)
{
  nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
  frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame.planes[0] = samples;
  frame.strides[0] = count * channels * 2;
  frame.sample_rate = sample_rate;
  frame.channels = channels;
  frame.samples = count;
  return frame;
}

static double now(void)
{
  struct timespec it;
  clock_gettime(CLOCK_MONOTONIC, &it);
  return (double)it.tv_sec + 1e-9 * (double)it.tv_nsec;
}

static int is_stopped(struct webrtc_client *client)
{
  int stop;
  lock();
  stop = client->stop;
  unlock();
  return stop;
}

/* A device's clock: `body` for each 10 ms that have passed. */
static void run_device(struct webrtc_client *client, void (*body)(struct webrtc_client *client))
{
  const struct timespec little = {0, 5 * 1000 * 1000};
  const double began = now();
  long done = 0;
  while (!is_stopped(client)) {
    const long due = (long)((now() - began) * 100);
    if (due - done > 10) {
      done = due - 1; /* a device of a machine that was busy loses sound, too */
    }
    for (; done < due; done++) {
      body(client);
    }
    nanosleep(&little, NULL);
  }
}

static void send_step(struct webrtc_client *client)
{
  const double step = 2 * 3.14159265358979 * client->hertz / RATE;
  int16_t samples[STEP];
  nertc_callkit_frame frame;
  int32_t status;
  int i;
  for (i = 0; i < STEP; i++) {
    samples[i] = (int16_t)(LOUD * sin(step * (double)client->sent++));
  }
  frame = webrtc_frame(samples, STEP, RATE, 1);
  status = nertc_callkit_push_frame(client->kit, &frame);
  if (status == NERTC_CALLKIT_STATUS_QUEUE_FULL) {
    change(&client->refused, 1);
  } else if (status != NERTC_CALLKIT_STATUS_OK) {
    FAIL("push_frame of %s answers %d", client->account, (int)status);
  }
}

static void *send_tone(void *client)
{
  run_device(client, send_step);
  return NULL;
}

static void pull_step(struct webrtc_client *client)
{
  int16_t samples[2 * 19200 / 10], mono[STEP];
  const uint32_t frames = client->pull_rate / 100;
  const int32_t sound =
      nertc_callkit_webrtc_pull_audio(client->kit, samples, frames, client->pull_rate, client->pull_channels);
  uint32_t i;
  CHECK(sound >= 0 && sound <= (int32_t)frames);
  for (i = 0; i < (uint32_t)sound * client->pull_channels; i += client->pull_channels) {
    CHECK(client->pull_channels == 1 || samples[i] == samples[i + 1]);
  }
  for (; i < frames * client->pull_channels; i++) {
    CHECK_INT(samples[i], 0);
  }
  /* Held until the next sample, where the rate is lower: good enough for a tone. */
  for (i = 0; i < STEP; i++) {
    mono[i] = samples[(size_t)i * frames / STEP * client->pull_channels];
  }
  lock();
  client->frames += sound > 0;
  receive_sound(client, mono, sound > 0 ? STEP : 0, 1);
  unlock();
}

static void *pull_tone(void *client)
{
  run_device(client, pull_step);
  return NULL;
}

void webrtc_send(struct webrtc_client *client)
{
  client->stop = 0;
  client->is_sending = 1;
  CHECK_INT(pthread_create(&client->sending, NULL, send_tone, client), 0);
}

void webrtc_pull(struct webrtc_client *client, uint32_t sample_rate, uint32_t channels)
{
  client->stop = 0;
  client->pull_rate = sample_rate;
  client->pull_channels = channels;
  client->is_pulling = 1;
  CHECK_INT(pthread_create(&client->pulling, NULL, pull_tone, client), 0);
}

void webrtc_stop(struct webrtc_client *client)
{
  change(&client->stop, 1);
  if (client->is_sending) {
    CHECK_INT(pthread_join(client->sending, NULL), 0);
  }
  if (client->is_pulling) {
    CHECK_INT(pthread_join(client->pulling, NULL), 0);
  }
  client->is_sending = client->is_pulling = client->stop = 0;
}

/* ---- waiting -------------------------------------------------------------------------------------------- */

void wait_long_at(const char *file, int line, const char *what, int (*is_true)(void *), void *argument)
{
  if (!check_wait(is_true, argument) && !check_wait(is_true, argument)) {
    wait_until_at(file, line, what, is_true, argument);
  }
}

struct windows {
  struct webrtc_client *client;
  int number;
};

static int has_tone(void *argument)
{
  const struct windows *it = argument;
  return it->client->tones >= it->number;
}

static int has_silence(void *argument)
{
  const struct windows *it = argument;
  return it->client->silences >= it->number;
}

static void expect_windows(const char *file, int line, struct webrtc_client *client, int number, const char *what,
    int (*is_true)(void *))
{
  struct windows it;
  lock();
  it.client = client;
  it.number = number;
  client->tones = client->silences = client->others = client->filled = 0;
  unlock();
  if (!check_wait(is_true, &it) && !check_wait(is_true, &it)) {
    fail_at(file, line, "%s waits in vain for %d windows of %s: %d frames, in a row %d tone or %d silence, %d others",
        client->account, number, what, client->frames, client->tones, client->silences, client->others);
  }
}

void webrtc_expect_tone_at(const char *file, int line, struct webrtc_client *client, int windows)
{
  expect_windows(file, line, client, windows, "a tone", has_tone);
}

void webrtc_expect_silence_at(const char *file, int line, struct webrtc_client *client, int windows)
{
  expect_windows(file, line, client, windows, "silence", has_silence);
}

static int is_secured(void *argument)
{
  const struct windows *it = argument;
  return it->client->secured && it->client->securities[it->client->secured - 1] == it->number;
}

void webrtc_expect_security_at(const char *file, int line, struct webrtc_client *client, int security)
{
  struct windows it;
  it.client = client;
  it.number = security;
  if (!check_wait(is_secured, &it) && !check_wait(is_secured, &it)) {
    fail_at(file, line, "%s waits in vain for security %d: %d reports, the last %d; ended %d (%d)", client->account,
        security, client->secured, client->secured ? client->securities[client->secured - 1] : -1, client->ended,
        client->end_reason);
  }
}

void webrtc_expect_end_at(const char *file, int line, struct webrtc_client *client, int reason)
{
  wait_long_at(file, line, "the end of a call", has_ended, client);
  check_int_at(file, line, client->account, client->end_reason, reason);
}
