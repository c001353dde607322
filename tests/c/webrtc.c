/* webrtc.c: sound between two clients over WebRTC, and what the functions of webrtc.h say about it. */
#include "webrtc_client.h"

static struct webrtc_client alice, bob;
static nertc_callkit_hub *hub;

/* Two clients, logged in. */
static void begin(enum playout playout)
{
  webrtc_begin(&alice, &bob, &hub, NULL, playout);
}

static void finish(void)
{
  webrtc_finish(&alice, &bob, hub);
}

static int is_muted(void *client)
{
  return ((struct webrtc_client *)client)->muted;
}

static int is_unmuted(void *client)
{
  return !is_muted(client);
}

static int is_available(void *client)
{
  return ((struct webrtc_client *)client)->available;
}

static int is_unavailable(void *client)
{
  return !is_available(client);
}

static void tones_arrive_on_both_sides(void)
{
  begin(FRAMES);
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_send(&bob);
  webrtc_expect_tone(&bob, 10);
  webrtc_expect_tone(&alice, 10);
  CHECK_TEXT(bob.sender, "alice");
  CHECK_TEXT(alice.sender, "bob");
  webrtc_hang_up(&alice, &bob);
  finish();
}

static void muted_and_closed_microphones_send_silence(void)
{
  begin(FRAMES);
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_expect_tone(&bob, 4);
  webrtc_mute(&alice, 1);
  WAIT_LONG(is_muted, &bob);
  webrtc_expect_silence(&bob, 4);
  webrtc_mute(&alice, 0);
  WAIT_LONG(is_unmuted, &bob);
  webrtc_expect_tone(&bob, 4);
  WAIT_LONG(is_available, &bob);
  webrtc_enable(&alice, 0);
  WAIT_LONG(is_unavailable, &bob);
  webrtc_expect_silence(&bob, 4);
  webrtc_enable(&alice, 1);
  WAIT_LONG(is_available, &bob);
  webrtc_expect_tone(&bob, 4);
  webrtc_hang_up(&alice, &bob);
  finish();
}

/* Each side by its own device: another rate, and two channels. */
static void sound_is_pulled(void)
{
  begin(PULLED);
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_send(&bob);
  webrtc_pull(&alice, 48000, 2);
  webrtc_pull(&bob, 16000, 1);
  webrtc_expect_tone(&alice, 10);
  webrtc_expect_tone(&bob, 10);
  webrtc_hang_up(&alice, &bob);
  finish();
}

static void pulls_that_cannot_be_are_refused(void)
{
  static int16_t out[2 * 19200];
  nertc_callkit *kit;
  begin(PULLED);
  kit = alice.kit;
  memset(out, 1, sizeof out);
  CHECK_INT(nertc_callkit_webrtc_pull_audio(kit, out, 480, 48000, 1), 0); /* outside of a call */
  CHECK(out[0] == 0 && out[479] == 0 && out[480] == 0x0101);
  CHECK_INT(nertc_callkit_webrtc_pull_audio(kit, out, 0, 48000, 1), 0);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(NULL, out, 480, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, NULL, 480, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, (int16_t *)((char *)out + 1), 480, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 480, 7999, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 480, 192001, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 480, 48000, 0), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 480, 48000, 3), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 4801, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, UINT32_MAX, 48000, 2), INVALID_ARGUMENT);
  CHECK_INT(nertc_callkit_webrtc_pull_audio(kit, out, 19200, 192000, 2), 0);
  finish();
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(kit, out, 480, 48000, 1), CLOSED);
}

/* ---- push_frame ------------------------------------------------------------------------------------------- */

static int32_t push(const int16_t *samples, uint32_t count, uint32_t sample_rate, uint32_t channels)
{
  const nertc_callkit_frame frame = webrtc_frame(samples, count, sample_rate, channels);
  return nertc_callkit_push_frame(alice.kit, &frame);
}

static char lines[4096];

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  pthread_mutex_lock(&check_lock);
  if (level <= NERTC_CALLKIT_LOG_WARN && strlen(lines) + strlen(text) < sizeof lines - 2) {
    strcat(strcat(lines, text), "\n");
  }
  pthread_mutex_unlock(&check_lock);
}

static void frames_that_cannot_be_are_refused(void)
{
  static int16_t samples[2 * 38400];
  static const unsigned char plane[16];
  nertc_callkit_frame picture = NERTC_CALLKIT_FRAME_INIT;
  begin(FRAMES);
  picture.media = NERTC_CALLKIT_MEDIA_VIDEO;
  picture.width = picture.height = 4;
  picture.planes[0] = picture.planes[1] = picture.planes[2] = plane;
  picture.strides[0] = 4;
  picture.strides[1] = picture.strides[2] = 2;
  CHECK_OK(push(samples, 480, 48000, 1)); /* nobody receives it: no error, a microphone continues */
  webrtc_connect(&alice, &bob);
  CHECK_OK(push(samples, 480, 48000, 1));
  CHECK_OK(push(samples, 160, 16000, 1));
  CHECK_OK(push(samples, 441, 44100, 2));
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_WARN, 0, on_log, NULL));
  CHECK_REFUSED(push(samples, 80, 7999, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(push(samples, 1920, 192001, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(push(samples, 480, 48000, 3), INVALID_ARGUMENT);
  CHECK_REFUSED(push(samples, 0, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(push(samples, 9601, 48000, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_push_frame(alice.kit, &picture), UNSUPPORTED);
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
  CHECK(strstr(lines, "frame.sample_rate is 8000 to 192000") && strstr(lines, "frame.channels is 1 or 2") &&
        strstr(lines, "frame.samples is at most 200 ms"));
  webrtc_hang_up(&alice, &bob);
  CHECK_OK(push(samples, 480, 48000, 1));
  finish();
  CHECK_REFUSED(push(samples, 480, 48000, 1), CLOSED);
}

/* Two threads bring twice as much as time passes: what is too much is refused, and nothing else happens. */
static void two_threads_may_push(void)
{
  struct webrtc_client second;
  begin(FRAMES);
  webrtc_connect(&alice, &bob);
  second = alice; /* the same handle */
  webrtc_send(&alice);
  webrtc_send(&second);
  WAIT_LONG(at_least_one, &second.refused);
  webrtc_stop(&second);
  webrtc_expect_tone(&bob, 10);
  webrtc_hang_up(&alice, &bob);
  finish();
}

/* ---- statistics ------------------------------------------------------------------------------------------- */

static nertc_callkit_call_stats call_stats(struct webrtc_client *client)
{
  nertc_callkit_call_stats stats = NERTC_CALLKIT_CALL_STATS_INIT;
  CHECK_OK(nertc_callkit_get_call_stats(client->kit, &stats));
  CHECK_INT(stats.struct_size, sizeof stats);
  return stats;
}

static nertc_callkit_stream_stats stream_stats(struct webrtc_client *client, nertc_callkit_media media, int32_t sending)
{
  nertc_callkit_stream_stats stats = NERTC_CALLKIT_STREAM_STATS_INIT;
  CHECK_OK(nertc_callkit_get_stream_stats(client->kit, media, sending, &stats));
  CHECK_INT(stats.struct_size, sizeof stats);
  return stats;
}

/* Nothing but the size, and the time. */
static void check_no_stats(struct webrtc_client *client)
{
  static const nertc_callkit_call_stats no_call = NERTC_CALLKIT_CALL_STATS_INIT;
  static const nertc_callkit_stream_stats no_stream = NERTC_CALLKIT_STREAM_STATS_INIT;
  nertc_callkit_call_stats call = call_stats(client);
  int sending;
  call.time_us = 0;
  CHECK(memcmp(&call, &no_call, sizeof call) == 0);
  for (sending = 0; sending < 2; sending++) {
    const nertc_callkit_stream_stats sound = stream_stats(client, NERTC_CALLKIT_MEDIA_AUDIO, sending);
    const nertc_callkit_stream_stats picture = stream_stats(client, NERTC_CALLKIT_MEDIA_VIDEO, sending);
    CHECK(memcmp(&sound, &no_stream, sizeof sound) == 0 && memcmp(&picture, &no_stream, sizeof picture) == 0);
  }
}

/* Counters come once a second. */
static int has_stats(void *argument)
{
  struct webrtc_client *client = argument;
  const nertc_callkit_call_stats call = call_stats(client);
  const nertc_callkit_stream_stats sent = stream_stats(client, NERTC_CALLKIT_MEDIA_AUDIO, 1);
  const nertc_callkit_stream_stats received = stream_stats(client, NERTC_CALLKIT_MEDIA_AUDIO, 0);
  return call.rtt_us > 0 && sent.packets > 50 && sent.bitrate_bps > 0 && received.packets > 50 &&
         received.bitrate_bps > 0;
}

static void statistics_are_plausible(void)
{
  nertc_callkit_call_stats call, later;
  nertc_callkit_stream_stats sent, received;
  begin(FRAMES);
  check_no_stats(&alice);
  webrtc_connect(&alice, &bob);
  webrtc_send(&alice);
  webrtc_send(&bob);
  webrtc_expect_tone(&bob, 20);
  WAIT_LONG(has_stats, &alice); /* woken by each frame */
  call = call_stats(&alice);
  sent = stream_stats(&alice, NERTC_CALLKIT_MEDIA_AUDIO, 1);
  received = stream_stats(&alice, NERTC_CALLKIT_MEDIA_AUDIO, 0);
  CHECK(call.call_no == alice.call_no && call.time_us > 0 && call.bytes_sent > 1000 && call.bytes_received > 1000);
  CHECK(call.rtt_us < 20000000 && call.setup_ms > 0 && call.setup_ms < 120000);
  CHECK_INT(call.local_candidate, NERTC_CALLKIT_CANDIDATE_HOST);
  CHECK(call.remote_candidate == NERTC_CALLKIT_CANDIDATE_HOST ||
        call.remote_candidate == NERTC_CALLKIT_CANDIDATE_PEER_REFLEXIVE);
  CHECK(call.relay_transport == NERTC_CALLKIT_RELAY_TRANSPORT_NONE);
  CHECK(call.dtls_version == 12 || call.dtls_version == 13);
  CHECK_INT(call.security, NERTC_CALLKIT_SECURITY_UNVERIFIED);
  CHECK(call.flags == 0 && call.reserved == 0 && sent.flags == 0 && sent.reserved == 0);
  CHECK(sent.bytes > sent.packets * 12 && sent.bytes < call.bytes_sent && sent.loss_permille <= 1000);
  CHECK(sent.bitrate_bps > 5000 && sent.bitrate_bps < 300000 && received.bitrate_bps < 300000);
  CHECK(sent.level > 9000 && sent.level < 11000 && sent.samples == 0 && sent.jitter_buffer_ms == 0);
  CHECK(received.level > 5000 && received.samples > 20 * WINDOW && received.concealed_samples < received.samples);
  CHECK(received.jitter_buffer_ms >= 20 && received.jitter_buffer_ms <= 200 && received.jitter_us < 10000000);
  webrtc_expect_tone(&bob, 4);
  later = call_stats(&alice);
  CHECK(later.time_us > call.time_us && later.bytes_sent >= call.bytes_sent && later.setup_ms == call.setup_ms);
  sent = stream_stats(&alice, NERTC_CALLKIT_MEDIA_VIDEO, 1);
  CHECK_INT(sent.packets, 0);
  webrtc_hang_up(&alice, &bob);
  check_no_stats(&alice);
  finish();
}

static void statistics_that_cannot_be_are_refused(void)
{
  union {
    nertc_callkit_call_stats call;
    nertc_callkit_stream_stats stream;
    unsigned char bytes[400];
  } newer;
  nertc_callkit *kit;
  size_t i;
  begin(FRAMES);
  kit = alice.kit;
  memset(&newer, 0xaa, sizeof newer);
  newer.call.struct_size = sizeof newer;
  CHECK_OK(nertc_callkit_get_call_stats(kit, &newer.call));
  CHECK_INT(newer.call.struct_size, sizeof newer.call);
  newer.stream.struct_size = sizeof newer;
  CHECK_OK(nertc_callkit_get_stream_stats(kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, &newer.stream));
  CHECK_INT(newer.stream.struct_size, sizeof newer.stream);
  for (i = sizeof newer.stream > sizeof newer.call ? sizeof newer.stream : sizeof newer.call; i < sizeof newer; i++) {
    CHECK_INT(newer.bytes[i], 0xaa);
  }
  CHECK_REFUSED(nertc_callkit_get_call_stats(kit, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_get_stream_stats(kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, NULL), INVALID_ARGUMENT);
  newer.call.struct_size = sizeof newer.call - 1;
  CHECK_REFUSED(nertc_callkit_get_call_stats(kit, &newer.call), INVALID_ARGUMENT);
  newer.stream.struct_size = sizeof newer.stream;
  CHECK_REFUSED(nertc_callkit_get_stream_stats(kit, 0, 1, &newer.stream), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_get_stream_stats(kit, 3, 1, &newer.stream), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_get_stream_stats(kit, NERTC_CALLKIT_MEDIA_AUDIO, 2, &newer.stream), INVALID_ARGUMENT);
  finish();
  newer.call.struct_size = sizeof newer.call;
  CHECK_REFUSED(nertc_callkit_get_call_stats(kit, &newer.call), CLOSED);
}

static void ice_servers_are_replaced(void)
{
  nertc_callkit_ice_server server = NERTC_CALLKIT_ICE_SERVER_INIT;
  const nertc_callkit_ice_server *list[9] = {&server, &server, &server, &server, &server, &server, &server, &server,
                                             &server};
  server.url = "stun:127.0.0.1:9";
  begin(FRAMES);
  CHECK_OK(nertc_callkit_webrtc_set_ice_servers(alice.kit, list, 8));
  CHECK_REFUSED(nertc_callkit_webrtc_set_ice_servers(alice.kit, list, 9), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_set_ice_servers(alice.kit, NULL, 1), INVALID_ARGUMENT);
  server.url = "http://127.0.0.1";
  CHECK_REFUSED(nertc_callkit_webrtc_set_ice_servers(alice.kit, list, 1), INVALID_ARGUMENT);
  server.url = "stun:127.0.0.1:9";
  CHECK_OK(nertc_callkit_webrtc_set_ice_servers(alice.kit, NULL, 0));
  webrtc_connect(&alice, &bob);
  CHECK_OK(nertc_callkit_webrtc_set_ice_servers(alice.kit, list, 1)); /* for the next restart */
  webrtc_send(&alice);
  webrtc_expect_tone(&bob, 4);
  webrtc_hang_up(&alice, &bob);
  finish();
}

/* Other media backends have none of these functions. */
static void other_media_backends_are_unsupported(void)
{
  struct client *other = client_new("carol", NULL);
  nertc_callkit_call_stats call = NERTC_CALLKIT_CALL_STATS_INIT;
  nertc_callkit_stream_stats stream = NERTC_CALLKIT_STREAM_STATS_INIT;
  int16_t out[480];
  CHECK_REFUSED(nertc_callkit_webrtc_set_ice_servers(other->kit, NULL, 0), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_webrtc_pull_audio(other->kit, out, 480, 48000, 1), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_get_call_stats(other->kit, &call), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_get_stream_stats(other->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, &stream), UNSUPPORTED);
  CHECK_REFUSED(nertc_callkit_confirm_security_code(other->kit, NULL, "ABCD", 1), UNSUPPORTED);
  client_destroy(other, "");
  client_free(other);
}

int main(void)
{
  if (webrtc_is_built_in()) {
    RUN(tones_arrive_on_both_sides);
    RUN(muted_and_closed_microphones_send_silence);
    RUN(sound_is_pulled);
    RUN(pulls_that_cannot_be_are_refused);
    RUN(frames_that_cannot_be_are_refused);
    RUN(two_threads_may_push);
    RUN(statistics_are_plausible);
    RUN(statistics_that_cannot_be_are_refused);
    RUN(ice_servers_are_replaced);
    RUN(other_media_backends_are_unsupported);
  }
  return 0;
}
