/* late_reports.c: a media backend reports of a room that the client has left: nothing of it is of the next call. */
#include "media_backend.h"

#include <stddef.h>

static struct media alice_media, bob_media;

/* The leave is never completed: its thread hangs. */
static int32_t leave_in_vain(void *ctx, nertc_callkit_req req)
{
  struct media *media = ctx;
  (void)req;
  media->left = media->join;
  media->join = 0;
  return 0;
}

static struct pair made_pair(int leaves_in_vain)
{
  struct pair pair;
  media_make(&alice_media);
  media_make(&bob_media);
  if (leaves_in_vain) {
    alice_media.vtable.leave = leave_in_vain;
  }
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  pair.alice = media_client(pair.hub, "alice", &alice_media);
  pair.bob = media_client(pair.hub, "bob", &bob_media);
  return pair;
}

static void report(nertc_callkit_rtc_event *event, int32_t type, uint64_t join)
{
  event->type = type;
  event->join = join;
  CHECK_INT(alice_media.sink->event(alice_media.sink->ctx, event), 0);
}

/* All that would end a call, or show it another peer. */
static void report_everything(uint64_t join)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  CHECK_OK(nertc_callkit_get_call_info(alice_media.client->kit, &info));
  event.uid = info.peer_uid;
  event.media = NERTC_CALLKIT_MEDIA_AUDIO;
  event.flags = 1;
  report(&event, NERTC_CALLKIT_RTC_PEER_MEDIA, join);
  report(&event, NERTC_CALLKIT_RTC_PEER_MUTE, join);
  report(&event, NERTC_CALLKIT_RTC_RECONNECTING, join);
  report(&event, NERTC_CALLKIT_RTC_RECONNECTED, join);
  event.code = NERTC_CALLKIT_CODE_TIMEOUT;
  report(&event, NERTC_CALLKIT_RTC_ERROR, join);
  report(&event, NERTC_CALLKIT_RTC_PEER_LEAVE, join);
  report(&event, NERTC_CALLKIT_RTC_DISCONNECTED, join);
  event.code = NERTC_CALLKIT_SECURITY_MISMATCH;
  report(&event, NERTC_CALLKIT_RTC_SECURED, join);
}

/* What comes behind it on the same way: all before it was handled. */
static void nothing_came_of_it(const struct pair *pair, uint64_t join)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  report(&event, NERTC_CALLKIT_RTC_RECONNECTING, join);
  client_expect(pair->alice, "on_reconnecting(2)");
  CHECK_INT(nertc_callkit_get_state(pair->alice->kit), NERTC_CALLKIT_STATE_IN_CALL);
  client_silent(pair->bob);
}

/* Scenario (media): A media backend that reports of a room after it was left changes nothing in the next call. */
static void a_report_of_the_call_before_is_dropped(void)
{
  struct pair pair = made_pair(0);
  media_connect(&pair);
  media_hang_up(&pair);
  report_everything(alice_media.left);
  media_connect(&pair);
  CHECK(alice_media.left && alice_media.join && alice_media.left != alice_media.join);
  report_everything(alice_media.left);
  report_everything(alice_media.join + 1000);
  nothing_came_of_it(&pair, alice_media.join);
  media_hang_up(&pair);
  pair_end(&pair);
}

/* Scenario (media): A leave that times out delays the next call; its room reports nothing to that. */
static void a_leave_that_timed_out_reports_nothing_to_the_next_call(void)
{
  struct pair pair = made_pair(1);
  media_connect(&pair);
  media_hang_up(&pair);
  /* The backend is still in that room: the next call waits for its own until the leave has timed out. */
  media_connect(&pair);
  report_everything(alice_media.left);
  nothing_came_of_it(&pair, alice_media.join);
  media_hang_up(&pair);
  pair_end(&pair);
}

/* A backend of before has a shorter struct, or leaves the number out: its events are of the room that is joined. */
static void an_event_without_a_join_counts(void)
{
  struct pair pair = made_pair(0);
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  media_connect(&pair);
  media_hang_up(&pair);
  media_connect(&pair);
  report(&event, NERTC_CALLKIT_RTC_RECONNECTING, 0);
  client_expect(pair.alice, "on_reconnecting(2)");
  event.struct_size = offsetof(nertc_callkit_rtc_event, join);
  report(&event, NERTC_CALLKIT_RTC_RECONNECTED, alice_media.left);
  client_expect(pair.alice, "on_reconnected(2)");
  event.struct_size = offsetof(nertc_callkit_rtc_event, local_fingerprint);
  report(&event, NERTC_CALLKIT_RTC_RECONNECTING, alice_media.left);
  client_expect(pair.alice, "on_reconnecting(2)");
  /* Smaller than any that there was: dropped. */
  event.struct_size = offsetof(nertc_callkit_rtc_event, local_fingerprint) - 1;
  report(&event, NERTC_CALLKIT_RTC_DISCONNECTED, 0);
  /* A later header's, of which this library knows the beginning. */
  event.struct_size = sizeof event;
  report(&event, NERTC_CALLKIT_RTC_RECONNECTED, alice_media.join);
  client_expect(pair.alice, "on_reconnected(2)");
  media_hang_up(&pair);
  pair_end(&pair);
}

int main(void)
{
  RUN(a_report_of_the_call_before_is_dropped);
  RUN(a_leave_that_timed_out_reports_nothing_to_the_next_call);
  RUN(an_event_without_a_join_counts);
  return 0;
}
