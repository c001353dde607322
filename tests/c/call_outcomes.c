/* call_outcomes.c: texts of an ending, calls that are missed while busy, records, and the longest texts. */
#include "check.h"

static nertc_callkit_status reject_with(struct client *client, int32_t reason, const char *text)
{
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  options.reason = reason;
  options.text = text;
  return nertc_callkit_reject(client->kit, options_call, &options, client_done, client);
}

/* Scenario (busy): The callee rejects as busy with a text: the caller gets busy and the text. */
static void a_reject_as_busy_with_a_text(void)
{
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  pair_ring(&pair);
  CHECK_OK(reject_with(pair.bob, NERTC_CALLKIT_END_BUSY, "in a meeting"));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_busy on_message_sent(5) on_call_end(3)");
  CHECK_TEXT(pair.alice->extra, "in a meeting");
  pair_end(&pair);
}

static void a_reject_that_declines_with_a_text(void)
{
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  pair_ring(&pair);
  CHECK_OK(reject_with(pair.bob, 0, "{\"later\":\"10:30\"}"));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  CHECK_TEXT(pair.alice->extra, "{\"later\":\"10:30\"}");
  /* Without a text it is a plain reject. */
  pair_ring(&pair);
  CHECK_OK(reject_with(pair.bob, 0, NULL));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  CHECK_TEXT(pair.alice->extra, "");
  pair_end(&pair);
}

/* Scenario (ordinary): A call may be ended with a text: the other app gets it with on_call_end. */
static void every_way_to_end_a_call_carries_a_text(void)
{
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  struct client *alice = pair.alice, *bob = pair.bob;
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  options.text = "the \"battery\" is low";
  pair_connect(&pair);
  /* A reason is for reject alone. */
  options.reason = NERTC_CALLKIT_END_BUSY;
  CHECK_REFUSED(nertc_callkit_hangup(alice->kit, NULL, &options, client_done, alice), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_leave(alice->kit, NULL, &options, client_done, alice), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_cancel(alice->kit, NULL, &options, client_done, alice), INVALID_ARGUMENT);
  options.reason = 0;
  CHECK_OK(nertc_callkit_hangup(alice->kit, NULL, &options, client_done, alice));
  client_expect(alice, "done(hangup,0) on_call_end(15)");
  client_expect(bob, "on_call_end(16)");
  CHECK_TEXT(bob->extra, options.text);
  CHECK_TEXT(alice->extra, "");
  pair_connect(&pair);
  options.text = "{\"next\":\"10:30\"}";
  CHECK_OK(nertc_callkit_leave(bob->kit, NULL, &options, client_done, bob));
  client_expect(bob, "done(leave,0) on_call_end(0)");
  client_expect(alice, "on_user_leave on_call_end(20)");
  CHECK_TEXT(alice->extra, options.text);
  pair_ring(&pair);
  options.text = "wrong number";
  CHECK_OK(nertc_callkit_cancel(alice->kit, NULL, &options, client_done, alice));
  client_until(alice, "on_call_end(11)");
  client_expect(bob, "on_user_cancel on_call_end(12)");
  CHECK_TEXT(bob->extra, options.text);
  /* Without one the peer gets none, not the last one. */
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_hangup(bob->kit, NULL, NULL, client_done, bob));
  client_expect(bob, "done(hangup,0) on_call_end(15)");
  client_expect(alice, "on_call_end(16)");
  CHECK_TEXT(alice->extra, "");
  pair_end(&pair);
}

static void what_cannot_be_sent_is_refused_and_the_call_rings_on(void)
{
  static char too_long[4098];
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  nertc_callkit_call_ref other = NERTC_CALLKIT_CALL_REF_INIT;
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  struct client *bob = pair.bob;
  CHECK_OK(reject_with(bob, NERTC_CALLKIT_END_BUSY, NULL));
  client_expect(bob, "done(reject,20021)");
  pair_ring(&pair);
  CHECK_REFUSED(reject_with(bob, NERTC_CALLKIT_END_TIMEOUT, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(reject_with(bob, -1, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(reject_with(bob, 0, "\xff"), INVALID_ARGUMENT);
  memset(too_long, 'x', 4097);
  CHECK_REFUSED(reject_with(bob, 0, too_long), INVALID_ARGUMENT);
  too_long[4096] = 0;
  CHECK_REFUSED(reject_with(bob, 0, too_long), INVALID_ARGUMENT);
  memset(too_long, '\n', 2000);
  too_long[2000] = 0;
  CHECK_REFUSED(reject_with(bob, 0, too_long), INVALID_ARGUMENT);
  options.flags = NERTC_CALLKIT_CALL_FLAG_NO_RECORD;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, options_call, &options, client_done, bob), INVALID_ARGUMENT);
  options.flags = 0;
  options.reserved = 1;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, options_call, &options, client_done, bob), INVALID_ARGUMENT);
  options.reserved = 0;
  options.struct_size = 8;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, options_call, &options, client_done, bob), INVALID_ARGUMENT);
  options.struct_size = sizeof options;
  other.call_no = 77;
  options_call = &other;
  CHECK_OK(nertc_callkit_reject(bob->kit, options_call, &options, client_done, bob));
  client_expect(bob, "done(reject,90001)");
  CHECK_INT(nertc_callkit_get_state(bob->kit), NERTC_CALLKIT_STATE_CALLED);
  /* The longest text that fits arrives whole. */
  memset(too_long, 'x', 3000);
  too_long[3000] = 0;
  CHECK_OK(reject_with(bob, 0, too_long));
  client_expect(bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  CHECK_TEXT(pair.alice->extra, too_long);
  pair_end(&pair);
}

/* Scenario (busy): A third party calls during a call: it is reported at once, and the call is not affected. */
static void who_calls_during_a_call_is_missed_at_once(void)
{
  struct pair pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
  struct setup setup = {0};
  struct client *carol;
  setup.hub = pair.hub;
  carol = client_new("carol", &setup);
  client_login(carol);
  pair_connect(&pair);
  client_call(carol, "bob");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.bob, "on_missed_call(3)");
  CHECK_TEXT(pair.bob->user, "carol");
  CHECK_TEXT(pair.bob->missed_channel, carol->channel_id);
  CHECK_TEXT(pair.bob->missed_request, carol->request_id);
  CHECK_INT(pair.bob->missed_count, 1);
  /* Twice more within 3 s: counted, and reported once. */
  client_call(carol, "bob");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_call(carol, "bob");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.bob, "on_missed_call(3)");
  CHECK_INT(pair.bob->missed_count, 2);
  CHECK_TEXT(pair.bob->missed_request, carol->request_id);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  client_destroy(carol, "");
  client_free(carol);
  pair_end(&pair);
}

/* Scenario (ordinary): The caller is notified once that the called account rings, on any number of devices. */
static void the_caller_is_notified_once_that_it_rings(void)
{
  struct setup news = {0}, tablet_setup = {0};
  struct pair pair;
  struct client *tablet;
  news.news = 1;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &news);
  tablet_setup.hub = pair.hub;
  tablet_setup.device = "tablet";
  tablet = client_new("bob", &tablet_setup);
  client_login(tablet);
  client_call(pair.alice, "bob");
  client_expect(pair.alice, "on_user_ringing");
  CHECK_TEXT(pair.alice->user, "bob");
  client_expect(pair.bob, "on_invited");
  client_expect(tablet, "on_invited");
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(tablet, "on_other_client_accept on_call_end(18)");
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  client_destroy(tablet, "");
  client_free(tablet);
  pair_end(&pair);
}

/* Scenario (record): The record of a call that did not take place reaches the callee. */
static void a_record_of_the_peer_is_received_once(void)
{
  struct setup news = {0};
  struct pair pair;
  news.news = 1;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &news);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_until(pair.alice, "on_call_end(11)");
  client_until(pair.bob, "on_call_end(12)");
  client_expect(pair.bob, "on_record_received(2)");
  CHECK_TEXT(pair.bob->user, "alice");
  pair_end(&pair);
}

/* The longest attachment that call() accepts, by content: the header documents how it is counted. */
static void the_longest_attachment(void)
{
  /* Bytes of one unit, and how many of them its JSON has. */
  static const struct { const char *unit; unsigned encoded; } units[] = {
    {"a", 1}, {"\"", 2}, {"\\", 2}, {"\n", 2}, {"\x01", 6}};
  enum { OURS = 343, BOTH = 361 };
  static char text[8192];
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  struct client *client = client_new("alice", NULL);
  size_t i, longest;
  options.user_id = "bob";
  options.attachment = text;
  for (i = 0; i < sizeof units / sizeof units[0]; i++) {
    longest = (4096 - OURS) / units[i].encoded;
    memset(text, units[i].unit[0], longest);
    text[longest] = 0;
    CHECK_OK(nertc_callkit_call(client->kit, &options, NULL, NULL));
    memset(text, units[i].unit[0], longest + 1);
    text[longest + 1] = 0;
    CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  }
  /* A JSON array travels as it is, without the quotes around it. */
  longest = 4096 - OURS + 2;
  memset(text, '1', longest);
  text[0] = '[';
  text[longest - 1] = ']';
  text[longest] = 0;
  CHECK_OK(nertc_callkit_call(client->kit, &options, NULL, NULL));
  text[longest - 1] = '1';
  text[longest] = ']';
  text[longest + 1] = 0;
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  /* Both texts together. */
  memset(text, 'a', 4096 - BOTH);
  text[4096 - BOTH - 1] = 0;
  options.extra = "e";
  CHECK_OK(nertc_callkit_call(client->kit, &options, NULL, NULL));
  options.extra = "ee";
  CHECK_REFUSED(nertc_callkit_call(client->kit, &options, NULL, NULL), INVALID_ARGUMENT);
  CHECK_OK(nertc_callkit_destroy(client->kit));
  client_free(client);
}

int main(void)
{
  RUN(a_reject_as_busy_with_a_text);
  RUN(a_reject_that_declines_with_a_text);
  RUN(every_way_to_end_a_call_carries_a_text);
  RUN(what_cannot_be_sent_is_refused_and_the_call_rings_on);
  RUN(who_calls_during_a_call_is_missed_at_once);
  RUN(the_caller_is_notified_once_that_it_rings);
  RUN(a_record_of_the_peer_is_received_once);
  RUN(the_longest_attachment);
  return 0;
}
