/* order_end.c: rows after the answer: media, hang-up, leave, loss, logout. */
#include "order.h"

static const nertc_callkit_timers defaults = NERTC_CALLKIT_TIMERS_INIT;

static void accept_call(struct pair *pair)
{
  pair_ring(pair);
  CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob));
}

/* A pair one of which cannot join over WebRTC. */
static struct pair without_relay(const char *account)
{
  struct pair pair = order_pair();
  struct client **client = strcmp(account, "bob") == 0 ? &pair.bob : &pair.alice;
  struct setup setup = mode;
  setup.hub = pair.hub;
  setup.no_relay = 1;
  order_end_third(*client);
  *client = client_new(account, &setup);
  client_login(*client);
  return pair;
}

static void joining_over_webrtc_fails(void)
{
  struct pair pair = without_relay("bob");
  accept_call(&pair);
  client_expect(pair.bob, "done(accept,0) on_error(joining_the_media_room,90008) on_call_end(5)");
  client_expect(pair.alice, "on_user_accept on_call_end(16)");
  pair_end(&pair);
  pair = without_relay("alice");
  accept_call(&pair);
  client_expect(pair.alice, "on_user_accept on_error(joining_the_media_room,90008) on_call_end(5)");
  client_expect(pair.bob, "done(accept,0) on_call_end(16)");
  pair_end(&pair);
}

static void joining_media_fails(void)
{
  struct pair pair = order_pair();
  fault(pair.hub, REFUSE, RTC_JOIN, "bob", .code = 30005);
  accept_call(&pair);
  client_expect(pair.bob, "done(accept,0) on_error(joining_the_media_room,30005) on_call_end(5)");
  client_expect(pair.alice, "on_user_accept on_call_end(16)");
  pair_end(&pair);
  pair = order_pair();
  fault(pair.hub, REFUSE, RTC_JOIN, "alice", .code = 30005);
  accept_call(&pair);
  client_expect(pair.alice, "on_user_accept on_error(joining_the_media_room,30005) on_call_end(5)");
  client_expect(pair.bob, "done(accept,0) on_call_end(16)");
  pair_end(&pair);
}

static int has_ended(void *client)
{
  const struct client *it = client;
  return it->ended == it->call_no;
}

/* Ends by its own timer or by the other's close. */
static void client_until_end(struct client *client)
{
  WAIT_UNTIL(has_ended, client);
  CHECK(strcmp(client->words[client->count - 1], "on_call_end(5)") == 0 ||
        strcmp(client->words[client->count - 1], "on_call_end(16)") == 0);
  client->read = client->count;
}

static void keep_media_down(nertc_callkit_hub *hub)
{
  if (mode.webrtc) {
    fault(hub, DROP, EVENT_CONTROL, NULL, .hit_count = UINT32_MAX);
  } else {
    fault(hub, NO_ANSWER, RTC_JOIN, "bob", 0);
    fault(hub, DROP, EVENT_RTC, NULL, .hit_count = UINT32_MAX);
  }
}

static void media_is_never_up(void)
{
  struct pair pair;
  timers.rtc_connect_ms = 60;
  timers.rtc_leave_ms = 60;
  pair = order_pair();
  keep_media_down(pair.hub);
  accept_call(&pair);
  client_expect(pair.bob, "done(accept,0)");
  client_expect(pair.alice, "on_user_accept");
  /* Both count from the accept: the first one closes the channel for the other. */
  client_until_end(pair.bob);
  client_until_end(pair.alice);
  pair_end(&pair);
  timers = defaults;
}

/* Scenario (timeout): Media connects on one side only: the call ends on both. */
static void media_is_never_up_on_one_side(void)
{
  struct pair pair;
  struct setup slow = mode;
  nertc_callkit_timers quick = NERTC_CALLKIT_TIMERS_INIT;
  quick.rtc_connect_ms = 60;
  quick.rtc_leave_ms = 60;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  slow.hub = pair.hub;
  slow.timers = NULL;
  pair.alice = client_new("alice", &slow);
  slow.timers = &quick;
  pair.bob = client_new("bob", &slow);
  client_login(pair.alice);
  client_login(pair.bob);
  keep_media_down(pair.hub);
  accept_call(&pair);
  client_expect(pair.bob, "done(accept,0) on_error(joining_the_media_room,90006) on_call_end(5)");
  client_expect(pair.alice, "on_user_accept on_call_end(16)");
  pair_end(&pair);
}

static void both_hang_up_at_once(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  fault(pair.hub, DELAY, EVENT_CLOSE, NULL, .hit_count = UINT32_MAX, .delay_ms = 400);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  pair_end(&pair);
}

static void leave(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_leave(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(leave,0) on_call_end(0)");
  client_expect(pair.bob, "on_user_leave on_call_end(20)");
  pair_end(&pair);
}

/* Media reports that the peer left; signaling's message is lost. */
/* Scenario (reconnect): The peer's leave is seen by media alone: the call ends as left. */
static void leave_seen_by_media_alone(void)
{
  struct pair pair;
  timers.peer_leave_ms = 40;
  pair = order_pair();
  pair_connect(&pair);
  fault(pair.hub, DROP, EVENT_LEAVE, "bob", 0);
  CHECK_OK(nertc_callkit_leave(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(leave,0) on_call_end(0)");
  client_expect(pair.bob, "on_user_leave on_call_end(20)");
  pair_end(&pair);
  timers = defaults;
}

static void the_peer_vanishes(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  fault(pair.hub, CRASH, NOW, "bob", 0);
  client_expect(pair.alice, "on_user_disconnect on_call_end(19)");
  client_destroy(pair.alice, "");
  CHECK_OK(nertc_callkit_destroy(pair.bob->kit));
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

static void logout_in_a_call(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_logout(pair.alice->kit, client_done, pair.alice));
  client_expect(pair.alice, "on_call_end(0) done(logout,0)");
  client_expect(pair.bob, "on_call_end(16)");
  client_login(pair.alice);
  pair_end(&pair);
}

static void logout_while_ringing(void)
{
  struct pair pair = order_pair();
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_logout(pair.bob->kit, client_done, pair.bob));
  client_expect(pair.bob, "on_call_end(0) done(logout,0)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

static void logout_while_calling(void)
{
  struct pair pair = order_pair();
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_logout(pair.alice->kit, client_done, pair.alice));
  client_expect(pair.alice, "on_message_sent(2) on_call_end(0) done(logout,0)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_end(&pair);
}

static void destroy_in_a_call(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  client_destroy(pair.alice, "on_call_end(0)");
  client_expect(pair.bob, "on_call_end(16)");
  client_destroy(pair.bob, "");
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

/* Scenario (session): The client is destroyed while calling: the callee stops ringing. */
static void destroy_while_calling(void)
{
  struct pair pair = order_pair();
  pair_ring(&pair);
  client_destroy(pair.alice, "on_message_sent(2) on_call_end(0)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  client_destroy(pair.bob, "");
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

static void call_again_inside_on_call_end(struct client *client, const char *word, const void *event)
{
  (void)event;
  if (strcmp(client->account, "alice") == 0 && strcmp(word, "on_call_end(14)") == 0) {
    nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
    options.user_id = "bob";
    CHECK_OK(nertc_callkit_call(client->kit, &options, client_done, client));
  }
}

/* Scenario (recall): The app calls again from inside on_call_end: the next call begins. */
static void call_from_inside_on_call_end(void)
{
  struct pair pair;
  mode.on_callback = call_again_inside_on_call_end;
  pair = order_pair();
  mode.on_callback = NULL;
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13) on_invited");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14) done(call,0)");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_end(&pair);
}

/* The hub leaves the record of a completed call to the caller. */
static void a_completed_call_without_the_servers_record(void)
{
  struct pair pair = pair_new(0, &mode);
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_expect(pair.alice, "on_message_sent(1) on_call_end(16)");
  pair_end(&pair);
}

static void signaling_only(void)
{
  struct pair pair;
  mode.null_rtc = 1;
  pair = order_pair();
  mode.null_rtc = 0;
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_expect(pair.alice, "on_call_end(16)");
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_leave(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(leave,0) on_call_end(0)");
  client_expect(pair.alice, "on_user_leave on_call_end(20)");
  pair_end(&pair);
}

void end_rows(void)
{
  if (mode.webrtc) {
    RUN(joining_over_webrtc_fails);
  } else {
    /* Over WebRTC media goes on when the service has lost a client: tests/whole_client. */
    RUN(the_peer_vanishes);
    RUN(joining_media_fails);
  }
  RUN(media_is_never_up);
  RUN(media_is_never_up_on_one_side);
  RUN(both_hang_up_at_once);
  RUN(leave);
  RUN(leave_seen_by_media_alone);
  RUN(logout_in_a_call);
  RUN(logout_while_ringing);
  RUN(logout_while_calling);
  RUN(destroy_in_a_call);
  RUN(destroy_while_calling);
  RUN(call_from_inside_on_call_end);
  RUN(a_completed_call_without_the_servers_record);
  RUN(signaling_only);
}
