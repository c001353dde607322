/*
 * demo.c: two accounts in one process call each other. No server, no device, no vendor's SDK.
 *
 *   demo [OUT.wav [IN.wav|- [TRACE]]]
 *
 * alice calls bob, bob accepts as soon as it rings, alice sends audio (IN.wav, or a tone of a second), bob
 * writes what he receives to OUT.wav (demo.wav), alice hangs up. Every completion and every event is
 * printed in order. With TRACE, alice's client records its inputs and outputs to that file: see
 * docs/TRACE.md. Ends with 0 if bob received exactly what alice sent, else with 1.
 *
 * The same file is C99 and C++11.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <pthread.h>
#include <time.h>

#include "print_events.h"
#include "wav.h"

enum { LOGGED_IN = 1, CONNECTED = 2, ENDED = 4, LOGGED_OUT = 8 };

/* Set by the callbacks for main(). */
struct person {
  const char *name; /* first: print_events.h wants it so */
  nertc_callkit *kit;
  const char *trace; /* or NULL */
  unsigned seen;
  struct sound received;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* ---- callbacks: on the library's own thread, one at a time, so they only note things --------------- */

static void note(struct person *me, unsigned what)
{
  pthread_mutex_lock(&lock);
  me->seen |= what;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  print_done(kit, result, me);
  if (result->code == NERTC_CALLKIT_CODE_OK) {
    note((struct person *)me, LOGGED_IN);
  }
}

static void on_logout(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  print_done(kit, result, me);
  note((struct person *)me, LOGGED_OUT);
}

/* Any function may be called from inside a callback. Naming the call makes sure that we answer this one. */
static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  print_invited(kit, event, me);
  nertc_callkit_accept(kit, event->call, print_done, me);
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  print_on_call_connected(kit, event, me);
  note((struct person *)me, CONNECTED);
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  print_call_end(kit, event, me);
  note((struct person *)me, ENDED);
}

/* A frame of the other side, on a thread of the media backend: copy what you need. */
static void on_frame(nertc_callkit *kit, const char *user_id, const nertc_callkit_frame *frame,
                     void *user_data)
{
  struct person *me = (struct person *)user_data;
  (void)kit;
  (void)user_id;
  if (frame->media == NERTC_CALLKIT_MEDIA_AUDIO) {
    pthread_mutex_lock(&lock);
    me->received.rate = frame->sample_rate;
    me->received.channels = frame->channels;
    sound_append(&me->received, (const int16_t *)frame->planes[0], (size_t)frame->samples * frame->channels);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
  }
}

/* ---- steps of main() --------------------------------------------------------------------------------- */

/* Waits until `what` was seen and `samples` were received; 0 = not within ten seconds. */
static int wait_for(struct person *person, unsigned what, size_t samples)
{
  struct timespec until;
  int late = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&lock);
  while (!late && ((person->seen & what) != what || person->received.count < samples)) {
    late = pthread_cond_timedwait(&changed, &lock, &until) != 0;
  }
  pthread_mutex_unlock(&lock);
  if (late) {
    fprintf(stderr, "demo: %s: something is missing (waited for %u, saw %u)\n", person->name, what,
            person->seen);
  }
  return !late;
}

static int start(struct person *person)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_status status;

  print_every_event(&listener);
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  config.listener = &listener;
  config.on_frame = on_frame;
  config.user_data = person;
  /* config.backends stays NULL: the embedded loopback connects all clients of this process. */

  status = nertc_callkit_create(&config, &person->kit);
  if (status == NERTC_CALLKIT_STATUS_OK && person->trace) {
    /* alice and bob are fictitious, so their names need not be redacted. */
    status = nertc_callkit_trace_start(person->kit, person->trace, NERTC_CALLKIT_TRACE_PERSONAL);
  }
  if (status == NERTC_CALLKIT_STATUS_OK) {
    status = nertc_callkit_login(person->kit, person->name, "any token", on_login, person);
  }
  if (status != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "demo: %s: %s\n", person->name, nertc_callkit_status_text(status));
    return 0;
  }
  return wait_for(person, LOGGED_IN, 0);
}

/* A second of 440 Hz, unless a file is given. */
static int take_sound(const char *path, struct sound *sound)
{
  int i;
  if (path && strcmp(path, "-") != 0) {
    const char *wrong = wav_read(path, sound);
    if (wrong) {
      fprintf(stderr, "demo: %s: %s\n", path, wrong);
    }
    return !wrong;
  }
  sound->rate = 48000;
  sound->channels = 1;
  for (i = 0; i < 48000; i++) {
    const int16_t sample = (int16_t)(12000 * sin(2 * 3.14159265358979 * 440 * i / 48000));
    if (!sound_append(sound, &sample, 1)) {
      return 0;
    }
  }
  return 1;
}

/* Sends frames of 20 ms, as a microphone would; it need not be in real time. */
static int push_sound(struct person *person, const struct sound *sound)
{
  const size_t step = sound->rate / 50;
  const size_t all = sound->count / sound->channels;
  size_t at;
  for (at = 0; at < all; at += step) {
    nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
    nertc_callkit_status status;
    frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
    frame.sample_rate = sound->rate;
    frame.channels = sound->channels;
    frame.samples = (uint32_t)(all - at < step ? all - at : step);
    frame.planes[0] = sound->samples + at * sound->channels;
    frame.strides[0] = frame.samples * frame.channels * 2;
    frame.time_us = (uint64_t)at * 1000000 / sound->rate;
    status = nertc_callkit_push_frame(person->kit, &frame);
    if (status != NERTC_CALLKIT_STATUS_OK) {
      fprintf(stderr, "demo: a frame was refused: %s\n", nertc_callkit_status_text(status));
      return 0;
    }
  }
  return 1;
}

static int call(struct person *alice, struct person *bob, const struct sound *sent)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = bob->name;
  options.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  options.attachment = "{\"topic\":\"lunch\"}";
  return nertc_callkit_call(alice->kit, &options, print_done, alice) == NERTC_CALLKIT_STATUS_OK &&
         wait_for(alice, CONNECTED, 0) && wait_for(bob, CONNECTED, 0) && push_sound(alice, sent) &&
         wait_for(bob, CONNECTED, sent->count) &&
         /* NULL: the call that alice was shown last. */
         nertc_callkit_hangup(alice->kit, NULL, NULL, print_done, alice) == NERTC_CALLKIT_STATUS_OK &&
         wait_for(alice, ENDED, 0) && wait_for(bob, ENDED, 0);
}

static int stop(struct person *person)
{
  return nertc_callkit_logout(person->kit, on_logout, person) == NERTC_CALLKIT_STATUS_OK &&
         wait_for(person, LOGGED_OUT, 0);
}

/* The samples sent, received and stored must be equal. */
static int write_and_compare(const char *path, const struct sound *sent, const struct sound *received)
{
  struct sound written;
  int same;
  memset(&written, 0, sizeof written);
  same = wav_write(path, received) && !wav_read(path, &written) && sound_equal(&written, sent);
  sound_free(&written);
  if (same) {
    printf("demo: bob received every sample; %u of them are in %s\n", (unsigned)sent->count, path);
  } else {
    fprintf(stderr, "demo: %s is not what alice sent\n", path);
  }
  return same;
}

int main(int argc, char **argv)
{
  const char *out = argc > 1 ? argv[1] : "demo.wav";
  struct person alice, bob;
  struct sound sent;
  int ok;
  memset(&alice, 0, sizeof alice);
  memset(&bob, 0, sizeof bob);
  memset(&sent, 0, sizeof sent);
  alice.name = "alice";
  bob.name = "bob";
  alice.trace = argc > 3 ? argv[3] : NULL;

  if (!take_sound(argc > 2 ? argv[2] : NULL, &sent)) {
    return 1;
  }
  ok = start(&bob) && start(&alice) && call(&alice, &bob, &sent) && stop(&alice) && stop(&bob);
  /* Waits until the last callback has returned; NULL, if it was never created, is fine. */
  nertc_callkit_destroy(alice.kit);
  nertc_callkit_destroy(bob.kit);
  ok = ok && write_and_compare(out, &sent, &bob.received);
  sound_free(&sent);
  sound_free(&bob.received);
  return ok ? 0 : 1;
}
