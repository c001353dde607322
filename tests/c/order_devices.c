/* order_devices.c: rows with several devices of an account, kicks, glare, redial and the offline batch. */
#include "order.h"

static void other_device_accepts(void)
{
  struct pair pair = order_pair();
  struct client *tablet = order_third(&pair, "bob", "tablet");
  pair_ring(&pair);
  client_expect(tablet, "on_invited");
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(tablet, "on_other_client_accept on_call_end(18)");
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  order_end_third(tablet);
  pair_end(&pair);
}

static void other_device_rejects(void)
{
  struct pair pair = order_pair();
  struct client *tablet = order_third(&pair, "bob", "tablet");
  pair_ring(&pair);
  client_expect(tablet, "on_invited");
  CHECK_OK(nertc_callkit_reject(tablet->kit, NULL, NULL, client_done, tablet));
  client_expect(tablet, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  client_expect(pair.bob, "on_other_client_reject on_call_end(17)");
  order_end_third(tablet);
  pair_end(&pair);
}

/* Scenario (devices): Another device's answer does not reach us and we accept too: the service decides. */
static void first_accept_wins(void)
{
  struct pair pair = order_pair();
  struct client *tablet = order_third(&pair, "bob", "tablet");
  fault(pair.hub, DROP, EVENT_ACCEPT, "bob", .hit_count = UINT32_MAX);
  pair_ring(&pair);
  client_expect(tablet, "on_invited");
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_accept(tablet->kit, NULL, client_done, tablet));
  client_expect(tablet, "done(accept,10410) on_other_client_accept on_call_end(18)");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_expect(pair.alice, "on_call_end(16)");
  order_end_third(tablet);
  pair_end(&pair);
}

static struct pair single_device_pair(void)
{
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD | NERTC_CALLKIT_HUB_SINGLE_DEVICE, &mode);
}

static void kicked_when_idle(void)
{
  struct pair pair = single_device_pair();
  struct client *tablet = order_third(&pair, "bob", "tablet");
  client_expect(pair.bob, "on_kicked");
  /* Logged out: requests complete with that code. */
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,20001)");
  order_end_third(tablet);
  pair_end(&pair);
}

static void kicked_in_a_call(void)
{
  struct pair pair = single_device_pair();
  struct client *tablet;
  pair_connect(&pair);
  tablet = order_third(&pair, "bob", "tablet");
  client_expect(pair.bob, "on_kicked on_disconnect on_call_end(8)");
  client_expect(pair.alice, "on_user_leave on_call_end(20)");
  order_end_third(tablet);
  pair_end(&pair);
}

/* Scenario (session): We are kicked while it rings or while we call: the call ends as kicked. */
static void kicked_while_ringing_and_while_calling(void)
{
  struct pair pair = single_device_pair();
  struct client *tablet;
  pair_ring(&pair);
  fault(pair.hub, KICK, NOW, "bob", 0);
  client_expect(pair.bob, "on_kicked on_call_end(8)");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  tablet = order_third(&pair, "carol", NULL);
  client_call(pair.alice, "carol");
  client_expect(tablet, "on_invited");
  fault(pair.hub, KICK, NOW, "alice", 0);
  client_expect(pair.alice, "on_kicked on_call_end(8)");
  client_until(tablet, "on_call_end(12)");
  order_end_third(tablet);
  pair_end(&pair);
}

/* Scenario (glare): Two accounts call each other at the same moment: both calls are accepted, and they are connected
 * to each other. */
static void glare(void)
{
  struct pair pair = order_pair();
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  fault(pair.hub, DELAY, EVENT_INVITE, NULL, .hit_count = 2, .delay_ms = 400);
  options.user_id = "bob";
  CHECK_OK(nertc_callkit_call(pair.alice->kit, &options, client_done, pair.alice));
  options.user_id = "alice";
  CHECK_OK(nertc_callkit_call(pair.bob->kit, &options, client_done, pair.bob));
  client_expect(pair.alice, "done(call,0) on_user_accept on_user_enter on_call_connected");
  client_expect(pair.bob, "done(call,0) on_user_accept on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

/* The caller's app died and calls anew: the first call ends, then the second rings. */
static void redial(void)
{
  struct pair pair = order_pair();
  struct client *again;
  pair_ring(&pair);
  fault(pair.hub, CRASH, NOW, "alice", 0);
  again = order_third(&pair, "alice", "second");
  client_call(again, "bob");
  client_silent(pair.bob);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13) on_invited");
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_until(again, "on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_until(again, "on_call_end(16)");
  CHECK_OK(nertc_callkit_destroy(again->kit));
  CHECK_OK(nertc_callkit_destroy(pair.alice->kit));
  client_destroy(pair.bob, "");
  client_free(again);
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

static void an_invite_waits_for_the_login(void)
{
  struct pair pair = order_pair();
  CHECK_OK(nertc_callkit_logout(pair.bob->kit, client_done, pair.bob));
  client_expect(pair.bob, "done(logout,0)");
  client_call(pair.alice, "bob");
  CHECK_OK(nertc_callkit_login(pair.bob->kit, "bob", "token", client_done, pair.bob));
  client_expect(pair.bob, "done(login,0) on_invited");
  CHECK_INT(pair.bob->flags, NERTC_CALLKIT_INVITED_OFFLINE);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

static void an_invite_that_was_cancelled_is_a_missed_call(void)
{
  struct pair pair = order_pair();
  CHECK_OK(nertc_callkit_logout(pair.bob->kit, client_done, pair.bob));
  client_expect(pair.bob, "done(logout,0)");
  client_call(pair.alice, "bob");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  CHECK_OK(nertc_callkit_login(pair.bob->kit, "bob", "token", client_done, pair.bob));
  client_expect(pair.bob, "done(login,0) on_missed_call(1)");
  CHECK_TEXT(pair.bob->user, "alice");
  pair_end(&pair);
}

/* Scenario (expiry): A call for online devices only leaves nothing for an offline callee. */
static void no_offline_means_no_missed_call(void)
{
  struct pair pair = order_pair();
  CHECK_OK(nertc_callkit_logout(pair.bob->kit, client_done, pair.bob));
  client_expect(pair.bob, "done(logout,0)");
  client_call_at(__FILE__, __LINE__, pair.alice, "bob", NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE);
  CHECK_OK(nertc_callkit_login(pair.bob->kit, "bob", "token", client_done, pair.bob));
  client_expect(pair.bob, "done(login,0)");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_destroy(pair.alice, "");
  CHECK_OK(nertc_callkit_destroy(pair.bob->kit));
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

void device_rows(void)
{
  RUN(other_device_accepts);
  RUN(other_device_rejects);
  RUN(first_accept_wins);
  RUN(kicked_when_idle);
  RUN(kicked_in_a_call);
  RUN(kicked_while_ringing_and_while_calling);
  RUN(glare);
  RUN(redial);
  RUN(an_invite_waits_for_the_login);
  RUN(an_invite_that_was_cancelled_is_a_missed_call);
  RUN(no_offline_means_no_missed_call);
}
