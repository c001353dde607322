/* data.c: texts from peer to peer, of apps (send_data, on_data) and of media backends (send, receive). */
#include "check.h"
#include "intercept.h"
#include "media_backend.h"

#include <stddef.h>

enum { FLOOD = 1000 };

/* Nested so deep. */
static const char *nested(char *text, size_t deep)
{
  memset(text, '[', deep);
  memset(text + deep, ']', deep);
  text[2 * deep] = 0;
  return text;
}

/* A JSON string of this length. */
static const char *json_of(char *text, size_t length)
{
  memset(text, 'x', length);
  text[0] = text[length - 1] = '"';
  text[length] = 0;
  return text;
}

static nertc_callkit_status send_text(struct client *client, const char *json)
{
  return nertc_callkit_send_data(client->kit, NULL, json, client_done, client);
}

static struct pair app_pair(void)
{
  struct setup setup = {0};
  setup.null_rtc = 1;
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
}

static void hang_up(struct pair *pair)
{
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_expect(pair->alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair->bob, "on_call_end(16)");
}

static uint32_t info_flags(struct client *client)
{
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  CHECK_OK(nertc_callkit_get_call_info(client->kit, &info));
  return info.flags;
}

static void data_goes_both_ways_in_order(void)
{
  struct pair pair = app_pair();
  char longest[3801], json[8192];
  pair_connect(&pair);
  CHECK_INT(info_flags(pair.alice), NERTC_CALLKIT_CALL_INFO_CONNECTED | NERTC_CALLKIT_CALL_INFO_INVITER);
  CHECK_INT(info_flags(pair.bob), NERTC_CALLKIT_CALL_INFO_CONNECTED);
  CHECK_OK(send_text(pair.alice, " {\"sdp\":\"v=0\"} "));
  CHECK_OK(send_text(pair.alice, "\"\\u0000\xc3\xa9\""));
  CHECK_OK(send_text(pair.alice, "null"));
  client_expect(pair.alice, "done(send_data,0) done(send_data,0) done(send_data,0)");
  client_expect(pair.bob, "on_data({\"sdp\":\"v=0\"}) on_data(\"\\u0000\xc3\xa9\") on_data(null)");
  CHECK_TEXT(pair.bob->user, "alice");
  CHECK_OK(send_text(pair.bob, nested(json, 8)));
  CHECK_OK(send_text(pair.bob, json_of(longest, 3800)));
  client_until(pair.bob, "done(send_data,0)");
  client_expect(pair.bob, "done(send_data,0)");
  client_expect(pair.alice, "on_data([[[[[[[[]]]]]]]])");
  client_expect(pair.alice, "on_data(\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx)");
  CHECK_TEXT(pair.alice->extra, longest);
  hang_up(&pair);
  pair_end(&pair);
}

static int total, taken, last_seen;

static void count_sent(nertc_callkit *kit, const nertc_callkit_result *result, void *unused)
{
  (void)kit, (void)unused;
  CHECK(result->code == 0 || result->code == NERTC_CALLKIT_CODE_LIMIT);
  change(&taken, result->code == 0);
  change(&total, 1);
}

static void count_received(struct client *client, const char *word, const void *event)
{
  if (strncmp(word, "on_data", 7) == 0) {
    const nertc_callkit_data_event *data = event;
    const int number = atoi(data->json);
    (void)client;
    CHECK(number > last_seen);
    last_seen = number;
  }
}

static int all_completed(void *unused)
{
  (void)unused;
  return total == FLOOD;
}

/* Each is taken or refused with LIMIT, and what was taken arrives in order. */
static void a_thousand_at_once_complete_each(void)
{
  struct setup setup = {0};
  struct pair pair;
  char json[16];
  int number;
  setup.null_rtc = 1;
  setup.on_callback = count_received;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
  pair_connect(&pair);
  total = taken = last_seen = 0;
  for (number = 1; number <= FLOOD; number++) {
    snprintf(json, sizeof json, "%d", number);
    CHECK_OK(nertc_callkit_send_data(pair.alice->kit, NULL, json, count_sent, NULL));
  }
  WAIT_UNTIL(all_completed, NULL);
  CHECK(taken >= 16);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_until(pair.alice, "on_call_end(15)");
  client_until(pair.bob, "on_call_end(16)");
  CHECK(last_seen > 0);
  pair_end(&pair);
}

static void what_is_no_json_is_refused_at_once(void)
{
  struct pair pair = app_pair();
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  char json[8192];
  const char *const broken[] = {NULL, "", " ", "{", "{a:1}", "'a'", "nul", "1 2", "\xff", "\"\xc3\"", "[1,]"};
  size_t at;
  pair_connect(&pair);
  for (at = 0; at < sizeof broken / sizeof *broken; at++) {
    CHECK_REFUSED(send_text(pair.alice, broken[at]), INVALID_ARGUMENT);
  }
  CHECK_REFUSED(send_text(pair.alice, json_of(json, 3801)), INVALID_ARGUMENT);
  CHECK_REFUSED(send_text(pair.alice, json_of(json, 4097)), INVALID_ARGUMENT);
  CHECK_REFUSED(send_text(pair.alice, nested(json, 9)), INVALID_ARGUMENT);
  CHECK_REFUSED(send_text(pair.alice, nested(json, 1000)), INVALID_ARGUMENT);
  ref.flags = NERTC_CALLKIT_CALL_REF_WAIT;
  CHECK_REFUSED(nertc_callkit_send_data(pair.alice->kit, &ref, "1", NULL, NULL), INVALID_ARGUMENT);
  hang_up(&pair);
  pair_end(&pair);
}

static void outside_of_a_call_it_completes_with_not_in_call(void)
{
  struct pair pair = app_pair();
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  CHECK_OK(send_text(pair.alice, "1"));
  client_expect(pair.alice, "done(send_data,90010)");
  pair_ring(&pair);
  CHECK_OK(send_text(pair.alice, "1"));
  CHECK_OK(send_text(pair.bob, "1"));
  client_expect(pair.alice, "done(send_data,90010)");
  client_expect(pair.bob, "done(send_data,90010)");
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  ref.call_no = 99;
  CHECK_OK(nertc_callkit_send_data(pair.bob->kit, &ref, "1", client_done, pair.bob));
  client_expect(pair.bob, "done(send_data,90001)");
  hang_up(&pair);
  CHECK_OK(send_text(pair.alice, "1"));
  client_expect(pair.alice, "done(send_data,90010)");
  /* Without a completion the failure is an error. */
  CHECK_OK(nertc_callkit_send_data(pair.alice->kit, NULL, "1", NULL, NULL));
  client_expect(pair.alice, "on_error(send_data,90010)");
  pair_end(&pair);
}

static void an_app_that_takes_no_data_is_sent_none(void)
{
  struct setup setup = {0};
  struct pair pair;
  setup.null_rtc = setup.no_data = 1;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
  pair_connect(&pair);
  CHECK_OK(send_text(pair.alice, "1"));
  CHECK_OK(send_text(pair.bob, "1"));
  client_expect(pair.alice, "done(send_data,90007)");
  client_expect(pair.bob, "done(send_data,90007)");
  hang_up(&pair);
  pair_end(&pair);
}

static void control(struct intercept *intercept, const char *channel, const char *from, const char *json)
{
  static char custom_info[16384];
  snprintf(custom_info, sizeof custom_info, "{\"cid\":1001,\"d\":%s}", json);
  intercept_event(intercept, NERTC_CALLKIT_SIGNAL_CONTROL, NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, channel, from, "",
      custom_info);
}

static int received;

static void count_data(struct client *client, const char *word, const void *event)
{
  (void)client, (void)event;
  change(&received, strncmp(word, "on_data", 7) == 0);
}

static int has_last(void *unused)
{
  (void)unused;
  return received >= 256;
}

/* A peer that floods, sends before the answer, for another call, in another's name, or nests 1000 deep. */
static void a_hostile_peer_changes_nothing(void)
{
  static struct intercept intercept;
  nertc_callkit_backends backends;
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  struct setup setup = {0};
  struct pair pair;
  char json[8192];
  int number;
  memset(&intercept, 0, sizeof intercept);
  received = 0;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  intercept_init(&intercept, pair.hub, &backends);
  setup.hub = pair.hub;
  pair.alice = client_new("alice", &setup);
  setup.backends = &backends;
  setup.on_callback = count_data;
  pair.bob = client_new("bob", &setup);
  client_login(pair.alice);
  client_login(pair.bob);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_get_call_info(pair.bob->kit, &info));
  for (number = 0; number < FLOOD; number++) {
    control(&intercept, info.channel_id, "alice", "\"before the answer\"");
  }
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  control(&intercept, "another", "alice", "\"of another call\"");
  control(&intercept, info.channel_id, "carol", "\"in another's name\"");
  control(&intercept, info.channel_id, "alice", nested(json, 1000));
  control(&intercept, info.channel_id, "alice", json_of(json, 3801));
  control(&intercept, info.channel_id, "alice", "{");
  control(&intercept, info.channel_id, "alice", "");
  for (number = 0; number < 256; number++) {
    control(&intercept, info.channel_id, "alice", "1");
  }
  WAIT_UNTIL(has_last, NULL);
  for (number = 0; number < FLOOD; number++) {
    control(&intercept, info.channel_id, "alice", "\"too many\"");
  }
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_until(pair.bob, "on_call_end(15)");
  CHECK_INT(received, 256);
  control(&intercept, info.channel_id, "alice", "\"after the end\"");
  client_expect(pair.alice, "on_call_end(16)");
  pair_end(&pair);
}

/* ---- media backends ----------------------------------------------------------------------------------- */

/* The inviter makes an offer. */
static int32_t offering_join(void *ctx, nertc_callkit_req req, const nertc_callkit_rtc_join *args)
{
  struct media *media = ctx;
  const nertc_callkit_rtc_sink *sink = media->sink;
  if (args->flags & NERTC_CALLKIT_RTC_JOIN_INVITER) {
    CHECK_INT(sink->send(sink->ctx, req, "{\"t\":\"offer\"}"), 0);
  }
  /* A late text of an earlier call's thread does not belong to this one. */
  CHECK_INT(sink->send(sink->ctx, media->left, "{\"t\":\"late\"}"), 0);
  return media_join(ctx, req, args);
}

static void media_receive(void *ctx, nertc_callkit_req join, const char *json)
{
  struct media *media = ctx;
  CHECK_INT(join, media->join);
  client_note(media->client, json, NULL);
  if (strstr(json, "offer")) {
    CHECK_INT(media->sink->send(media->sink->ctx, join, "{\"t\":\"answer\"}"), 0);
  }
}

static void negotiating_media(struct media *media, const char *protocol)
{
  media_make(media);
  media->vtable.caps = NERTC_CALLKIT_RTC_CAP_SIGNALS;
  media->vtable.join = offering_join;
  media->vtable.receive = media_receive;
  media->vtable.protocol = protocol;
}

static void media_call(struct pair *pair, struct media *alice, struct media *bob)
{
  pair_ring(pair);
  CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, client_done, pair->bob));
  client_until(pair->bob, "{\"t\":\"offer\"}");
  client_until(pair->alice, "{\"t\":\"answer\"}");
  CHECK_INT(alice->flags, NERTC_CALLKIT_RTC_JOIN_INVITER);
  CHECK_INT(bob->flags, 0);
  CHECK_TEXT(alice->peer, "bob");
  CHECK_TEXT(bob->peer, "alice");
  CHECK(alice->call_id[0] && strcmp(alice->call_id, bob->call_id) == 0);
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_until(pair->alice, "on_call_end(15)");
  client_until(pair->bob, "on_call_end(16)");
}

static void media_backends_negotiate(void)
{
  struct media alice, bob;
  struct pair pair;
  int call;
  negotiating_media(&alice, "test/1");
  negotiating_media(&bob, "test/1");
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  pair.alice = media_client(pair.hub, "alice", &alice);
  pair.bob = media_client(pair.hub, "bob", &bob);
  for (call = 0; call < 3; call++) {
    media_call(&pair, &alice, &bob);
  }
  pair_end(&pair);
}

static void media_that_is_incompatible_ends_the_call_at_once(void)
{
  static const char *const protocols[] = {"test/2", NULL};
  size_t at;
  for (at = 0; at < 2; at++) {
    struct media alice, bob;
    struct pair pair;
    negotiating_media(&alice, "test/1");
    negotiating_media(&bob, protocols[at]);
    bob.vtable.caps = protocols[at] ? NERTC_CALLKIT_RTC_CAP_SIGNALS : 0;
    CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
    pair.alice = media_client(pair.hub, "alice", &alice);
    pair.bob = media_client(pair.hub, "bob", &bob);
    client_call(pair.alice, "bob");
    client_expect(pair.alice, "on_error(joining_the_media_room,90011) on_message_sent(3) on_call_end(101)");
    client_expect(pair.bob, "on_missed_call(9)");
    client_call(pair.bob, "alice");
    client_expect(pair.bob, "on_error(joining_the_media_room,90011) on_message_sent(3) on_call_end(101)");
    client_expect(pair.alice, "on_missed_call(9)");
    pair_end(&pair);
  }
}

static nertc_callkit_status create_with(const nertc_callkit_backends *backends)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  nertc_callkit_status status;
  config.backends = backends;
  status = nertc_callkit_create(&config, &kit);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    CHECK_OK(nertc_callkit_destroy(kit));
  }
  return status;
}

/* What create refuses, and a vtable as the first release had it. */
static void what_a_media_backend_that_signals_must_bring(void)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_backends loopback = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_signaling deaf;
  struct media media;
  negotiating_media(&media, NULL);
  backends.rtc = &media.vtable;
  backends.rtc_ctx = &media;
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  media.vtable.protocol = "";
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  media.vtable.protocol = "this-name-is-longer-than-it-may-be/1";
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  media.vtable.protocol = "test/1";
  CHECK_OK(create_with(&backends));
  media.vtable.receive = NULL;
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  media.vtable.receive = media_receive;
  media.vtable.struct_size = offsetof(nertc_callkit_rtc, receive);
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  media.vtable.caps = 0;
  CHECK_OK(create_with(&backends));
  negotiating_media(&media, "test/1");
  CHECK_OK(nertc_callkit_loopback_signaling(NULL, &loopback));
  deaf = *loopback.signaling;
  deaf.control = NULL;
  backends.signaling = &deaf;
  backends.signaling_ctx = loopback.signaling_ctx;
  CHECK_REFUSED(create_with(&backends), INVALID_ARGUMENT);
  deaf.release(loopback.signaling_ctx);
}

int main(void)
{
  RUN(data_goes_both_ways_in_order);
  RUN(a_thousand_at_once_complete_each);
  RUN(what_is_no_json_is_refused_at_once);
  RUN(outside_of_a_call_it_completes_with_not_in_call);
  RUN(an_app_that_takes_no_data_is_sent_none);
  RUN(a_hostile_peer_changes_nothing);
  RUN(media_backends_negotiate);
  RUN(media_that_is_incompatible_ends_the_call_at_once);
  RUN(what_a_media_backend_that_signals_must_bring);
  return 0;
}
