/* media.c: frames, microphone and camera, mute, and the call type. */
#include "check.h"
#include "client.h"

static int sounds, pictures;
static int16_t received[882 * 2];
static unsigned char seen[64];
static nertc_callkit_frame newest;
static char sender[72];

static void on_frame(nertc_callkit *kit, const char *user_id, const nertc_callkit_frame *frame, void *user_data)
{
  struct client *client = user_data;
  pthread_mutex_lock(&check_lock);
  CHECK(kit == client->kit && !client->destroyed);
  newest = *frame;
  snprintf(sender, sizeof sender, "%s", user_id);
  if (frame->media == NERTC_CALLKIT_MEDIA_AUDIO) {
    memcpy(received, frame->planes[0], (size_t)frame->samples * frame->channels * 2);
    sounds++;
  } else {
    memcpy(seen, frame->planes[0], 16);
    memcpy(seen + 16, frame->planes[1], 4);
    memcpy(seen + 20, frame->planes[2], 4);
    pictures++;
  }
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

static int32_t push_sound(struct client *client)
{
  int16_t samples[882 * 2];
  nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
  int i;
  for (i = 0; i < 882 * 2; i++) {
    samples[i] = (int16_t)(i - 800);
  }
  frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
  frame.uid = 999; /* ignored */
  frame.time_us = 123456;
  frame.planes[0] = samples;
  frame.strides[0] = sizeof samples;
  frame.sample_rate = 44100;
  frame.channels = 2;
  frame.samples = 882;
  return nertc_callkit_push_frame(client->kit, &frame);
}

static int32_t push_picture(struct client *client)
{
  static const unsigned char planes[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
  nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
  frame.media = NERTC_CALLKIT_MEDIA_VIDEO;
  frame.width = frame.height = 4;
  frame.rotation = 90;
  frame.planes[0] = planes;
  frame.planes[1] = planes + 16;
  frame.planes[2] = planes + 20;
  frame.strides[0] = 4;
  frame.strides[1] = frame.strides[2] = 2;
  return nertc_callkit_push_frame(client->kit, &frame);
}

static struct pair media_pair(int confirm)
{
  struct setup setup = {.media = 1, .on_frame = on_frame, .confirm_to_video = confirm, .confirm_to_audio = confirm};
  sounds = pictures = 0;
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
}

/* Both are connected, and both microphones are on. */
static void connect_with_audio(struct pair *pair, int32_t call_type)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  options.call_type = call_type;
  CHECK_OK(nertc_callkit_call(pair->alice->kit, &options, client_done, pair->alice));
  client_expect(pair->bob, "on_invited");
  CHECK_INT(pair->bob->call_type, call_type);
  CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob));
  client_until(pair->alice, "on_audio_available(1)");
  client_until(pair->bob, "on_audio_available(1)");
}

static void hang_up(struct pair *pair)
{
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_until(pair->alice, "on_call_end(15)");
  client_until(pair->bob, "on_call_end(16)");
}

static void sound_and_pictures_arrive_as_they_are(void)
{
  struct pair pair = media_pair(0);
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  CHECK_OK(push_sound(pair.alice)); /* nobody receives it */
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_VIDEO);
  client_until(pair.bob, "on_camera_available(1)");
  CHECK_OK(push_sound(pair.alice));
  WAIT_UNTIL(at_least_one, &sounds);
  CHECK_INT(sounds, 1);
  CHECK_TEXT(sender, "alice");
  CHECK_OK(nertc_callkit_get_call_info(pair.alice->kit, &info));
  CHECK_INT(newest.uid, info.own_uid);
  CHECK(newest.sample_rate == 44100 && newest.channels == 2 && newest.samples == 882 && newest.time_us == 123456);
  CHECK(received[0] == -800 && received[882 * 2 - 1] == 882 * 2 - 1 - 800);
  CHECK_OK(push_picture(pair.alice));
  WAIT_UNTIL(at_least_one, &pictures);
  CHECK(newest.width == 4 && newest.rotation == 90 && seen[0] == 1 && seen[16] == 17 && seen[20] == 21);
  hang_up(&pair);
  CHECK_OK(push_sound(pair.alice));
  CHECK_INT(sounds, 1);
  pair_end(&pair);
}

static void muted_and_closed_microphones_send_nothing(void)
{
  struct pair pair = media_pair(0);
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  CHECK_OK(nertc_callkit_mute_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, client_done, pair.alice));
  client_expect(pair.alice, "done(mute_local,0)");
  client_expect(pair.bob, "on_audio_muted(1)");
  CHECK_OK(push_sound(pair.alice));
  CHECK_OK(nertc_callkit_mute_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, 0, client_done, pair.alice));
  client_expect(pair.alice, "done(mute_local,0)");
  client_expect(pair.bob, "on_audio_muted(0)");
  CHECK_OK(nertc_callkit_enable_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, 0, client_done, pair.alice));
  client_expect(pair.alice, "done(enable_local,0)");
  client_expect(pair.bob, "on_audio_available(0)");
  CHECK_OK(push_sound(pair.alice));
  CHECK_OK(nertc_callkit_enable_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, client_done, pair.alice));
  client_expect(pair.alice, "done(enable_local,0)");
  client_expect(pair.bob, "on_audio_available(1)");
  CHECK_OK(nertc_callkit_mute_remote(pair.bob->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, client_done, pair.bob));
  client_expect(pair.bob, "done(mute_remote,0)");
  CHECK_OK(push_sound(pair.alice));
  CHECK_INT(sounds, 0);
  CHECK_OK(nertc_callkit_mute_remote(pair.bob->kit, NERTC_CALLKIT_MEDIA_AUDIO, 0, client_done, pair.bob));
  client_expect(pair.bob, "done(mute_remote,0)");
  CHECK_OK(push_sound(pair.alice));
  WAIT_UNTIL(at_least_one, &sounds);
  hang_up(&pair);
  pair_end(&pair);
}

/* Set while idle: used by the next call. enable survives the call, mute ends with it. */
static void what_is_set_while_idle(void)
{
  struct pair pair = media_pair(0);
  CHECK_OK(nertc_callkit_mute_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, client_done, pair.alice));
  CHECK_OK(nertc_callkit_enable_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_VIDEO, 1, client_done, pair.alice));
  client_expect(pair.alice, "done(mute_local,0) done(enable_local,0)");
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  /* connect_with_audio() waited for the microphone; the mute and the camera come around it, in no fixed order. */
  CHECK_OK(push_sound(pair.alice));
  CHECK_INT(sounds, 0);
  CHECK_OK(push_picture(pair.alice));
  WAIT_UNTIL(at_least_one, &pictures);
  hang_up(&pair);
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  CHECK_OK(push_sound(pair.alice));
  WAIT_UNTIL(at_least_one, &sounds);
  CHECK_OK(push_picture(pair.alice));
  hang_up(&pair);
  CHECK_INT(pictures, 2);
  CHECK_OK(nertc_callkit_enable_local(pair.alice->kit, NERTC_CALLKIT_MEDIA_VIDEO, 0, client_done, pair.alice));
  client_expect(pair.alice, "done(enable_local,0)");
  pair_end(&pair);
}

static void no_frame_after_leave(void)
{
  struct pair pair = media_pair(0);
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  CHECK_OK(nertc_callkit_leave(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(leave,0) on_call_end(0)");
  CHECK_OK(push_sound(pair.alice));
  CHECK_INT(sounds, 0);
  client_until(pair.alice, "on_call_end(20)");
  pair_end(&pair);
}

static int stop;

static void *push_for_ever(void *client)
{
  int32_t status = 0;
  int is_over = 0;
  while (!is_over && status != NERTC_CALLKIT_STATUS_CLOSED) {
    status = push_sound(client);
    pthread_mutex_lock(&check_lock);
    is_over = stop;
    pthread_mutex_unlock(&check_lock);
  }
  return NULL;
}

/* Frames on two threads while calls start and end, and while the clients are destroyed. */
static void frames_during_the_end(void)
{
  int round;
  for (round = 0; round < 10; round++) {
    struct pair pair = media_pair(0);
    pthread_t threads[2];
    stop = 0;
    pthread_create(&threads[0], NULL, push_for_ever, pair.alice);
    pthread_create(&threads[1], NULL, push_for_ever, pair.bob);
    connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
    WAIT_UNTIL(at_least_one, &sounds);
    if (round % 2) {
      hang_up(&pair);
    }
    CHECK_OK(nertc_callkit_destroy(round % 3 ? pair.alice->kit : pair.bob->kit));
    CHECK_OK(nertc_callkit_destroy(round % 3 ? pair.bob->kit : pair.alice->kit));
    pair.alice->destroyed = pair.bob->destroyed = 1;
    change(&stop, 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    client_free(pair.alice);
    client_free(pair.bob);
    CHECK_OK(nertc_callkit_hub_release(pair.hub));
  }
}

static void signaling_only_takes_no_frames(void)
{
  struct setup setup = {.null_rtc = 1};
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
  pair_connect(&pair);
  CHECK_REFUSED(push_sound(pair.alice), UNSUPPORTED);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

static void request_type(struct client *client, int32_t type, int32_t state)
{
  CHECK_OK(nertc_callkit_switch_call_type(client->kit, type, state, client_done, client));
}

static void the_call_type_changes_at_once(void)
{
  struct pair pair = media_pair(0);
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  /* The requester is notified by the completion, the peer by the event. */
  request_type(pair.alice, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
  client_expect(pair.alice, "done(switch_call_type,0)");
  client_expect(pair.bob, "on_call_type_change(2)");
  /* The peer's camera starts, the own one does not: that user did not request it. */
  client_until(pair.bob, "on_camera_available(1)");
  request_type(pair.bob, NERTC_CALLKIT_CALL_TYPE_AUDIO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
  client_expect(pair.bob, "done(switch_call_type,0)");
  client_until(pair.alice, "on_call_type_change(1)");
  hang_up(&pair);
  pair_end(&pair);
}

static void the_call_type_is_asked_for(void)
{
  struct pair pair = media_pair(1);
  connect_with_audio(&pair, NERTC_CALLKIT_CALL_TYPE_AUDIO);
  request_type(pair.alice, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
  client_until(pair.alice, "done(switch_call_type,0)");
  client_expect(pair.bob, "on_call_type_request(1)");
  request_type(pair.bob, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REJECT);
  client_expect(pair.bob, "done(switch_call_type,0)");
  client_expect(pair.alice, "on_call_type_request(3)");
  request_type(pair.alice, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST);
  client_expect(pair.alice, "done(switch_call_type,0)");
  client_expect(pair.bob, "on_call_type_request(1)");
  request_type(pair.bob, NERTC_CALLKIT_CALL_TYPE_VIDEO, NERTC_CALLKIT_CALL_TYPE_ACTION_ACCEPT);
  client_expect(pair.bob, "done(switch_call_type,0)");
  client_expect(pair.alice, "on_call_type_change(2)");
  hang_up(&pair);
  pair_end(&pair);
}

int main(void)
{
  RUN(sound_and_pictures_arrive_as_they_are);
  RUN(muted_and_closed_microphones_send_nothing);
  RUN(what_is_set_while_idle);
  RUN(no_frame_after_leave);
  RUN(frames_during_the_end);
  RUN(signaling_only_takes_no_frames);
  RUN(the_call_type_changes_at_once);
  RUN(the_call_type_is_asked_for);
  return 0;
}
